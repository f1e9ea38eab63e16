"""A sweep at the service's limits (5 submits a second, 5 running tasks): wannb beside the official SDK with 8 threads.

python bench/sweep.py            60 requests of 4 s each; needs the extra: pip install -e ".[bench]"
python bench/sweep.py --smoke    6 requests of 0.4 s, to see that it runs

The limits' own time is that of 12 waves of 5 tasks. The SDK's script runs with WANNB_SDK_PYTHON, if that is set.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import wannb
from wannb.mock.limits import RUNNING

PLAIN = Path(__file__).with_name("plain_sdk.py")


def by_wannb(base_url: str, folder: Path, count: int) -> int:
    client = wannb.connect("mock", base_url=base_url, store=folder)
    plan = wannb.sweep(client, prompt=[f"A boat, number {number}" for number in range(count)], size="768*768")
    return sum(result is not None for result in plan.run().results())


def by_sdk(base_url: str, folder: Path, count: int, tries: int = 1) -> int:
    python = os.environ.get("WANNB_SDK_PYTHON", sys.executable)
    command = [python, str(PLAIN), base_url, str(folder), str(count), "8", str(tries)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return len(list(folder.glob("*.png")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    count, seconds = (6, 0.4) if parser.parse_args().smoke else (60, 4.0)
    limit = -(-count // RUNNING) * seconds
    print(f"{count} requests of {seconds:g} s; the limits' own time is {limit:g} s\n")
    print(f"{'':<28}{'arrived':>9}{'billed':>9}{'refused':>9}{'seconds':>9}{'of the limit':>14}")
    again = partial(by_sdk, tries=99)
    for name, work in (("wannb", by_wannb), ("SDK, 8 threads", by_sdk), ("SDK, again when refused", again)):
        with (
            tempfile.TemporaryDirectory() as folder,
            wannb.mock.serve(task_seconds=seconds, limits=True) as server,
        ):
            began = time.perf_counter()
            arrived = work(server.base_url, Path(folder), count)
            took = time.perf_counter() - began
            refused = sum(entry.status == 429 for entry in server.log)
            print(f"{name:<28}{arrived:>9}{server.billed:>9}{refused:>9}{took:>9.1f}{took / limit:>14.2f}")


if __name__ == "__main__":
    main()
