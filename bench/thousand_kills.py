"""Kill wannb at random, over every mode, both endpoints, sweeps and storyboards, and count what is lost or paid twice.

python bench/thousand_kills.py                1,000 kills; about ten minutes
python bench/thousand_kills.py --kills 200    fewer
python bench/thousand_kills.py --smoke        a few, to see that it runs

After each few kills a rescue (which is killed too at times) and the same script once more. "said" are images of
synchronous calls whose answer died with the process: nobody can know of them, so the run says that it may have been
billed, and nothing is sent again unasked.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from ledger.kill.killing import killing

JOBS = ("work", "sweep", "sync", "board")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true")
    asked = parser.parse_args()
    kills, began = 4 if asked.smoke else asked.kills, time.monotonic()
    with tempfile.TemporaryDirectory() as folder, killing(Path(folder), seed=asked.seed) as killed:
        while killed.kills < kills:
            for job in JOBS:
                killed.round(job)
        print("wannb, killed by signal: images by kind of job")
        print(killed.table())
        print(f"{killed.kills} kills in {time.monotonic() - began:.0f} s, {len(killed.faults)} faults")
    for fault in killed.faults:
        print(fault)
    sys.exit(bool(killed.faults))


if __name__ == "__main__":
    main()
