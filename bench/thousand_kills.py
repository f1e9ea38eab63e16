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

from ledger.kill.killing import Killing, killing
from rows import Row

JOBS = ("work", "sweep", "sync", "board", "forks", "exits")


def killed(kills: int, seed: int) -> Killing:
    with tempfile.TemporaryDirectory() as folder, killing(Path(folder), seed=seed) as found:
        while found.kills < kills:
            for job in JOBS:
                found.round(job)
    return found


def measure(smoke: bool) -> list[Row]:
    found = killed(4 if smoke else 1000, seed=1)

    def all_of(name: str) -> int:
        return sum(getattr(tally, name) for tally in found.tallies.values())

    told = f"{all_of('billed'):,} billed of {all_of('wanted'):,} wanted, {all_of('on_disk'):,} on disk"
    said = f", {all_of('said')} said to be in doubt" if all_of("said") else ""
    return [
        Row(
            what=f"{found.kills:,} kills at random points",
            aim="no paid image lost, none paid twice",
            measured=f"{all_of('lost')} lost, {all_of('doubled')} paid twice ({told}{said})",
            held=not found.faults,
        )
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true")
    asked = parser.parse_args()
    began = time.monotonic()
    found = killed(4 if asked.smoke else asked.kills, asked.seed)
    print("wannb, killed by signal: images by kind of job")
    print(found.table())
    print(f"{found.kills} kills in {time.monotonic() - began:.0f} s, {len(found.faults)} faults")
    for fault in found.faults:
        print(fault)
    sys.exit(bool(found.faults))


if __name__ == "__main__":
    main()
