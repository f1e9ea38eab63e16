"""A sweep killed at random and run again until it is whole: how many images are billed for one that was wanted.

python bench/kills.py            20 rounds of 12 pictures with 3 kills each; needs the extra: pip install -e ".[bench]"
python bench/kills.py --smoke    1 round with 1 kill, to see that it runs

The SDK's plain script leaves out what it has saved already. It runs with WANNB_SDK_PYTHON, if that is set.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import wannb

PLAIN = Path(__file__).with_name("plain_sdk.py")
COUNT = 12
WANNB = """
import sys, wannb
client = wannb.connect("mock", base_url=sys.argv[1], store=sys.argv[2])
wannb.sweep(client, prompt=[f"A boat, number {n}" for n in range(int(sys.argv[3]))], size="768*768").run()
"""


def command(name: str, base_url: str, folder: str) -> list[str]:
    if name == "wannb":
        return [sys.executable, "-c", WANNB, base_url, folder, str(COUNT)]
    return [os.environ.get("WANNB_SDK_PYTHON", sys.executable), str(PLAIN), base_url, folder, str(COUNT), "5"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    rounds, kills = (1, 1) if parser.parse_args().smoke else (20, 3)
    chance = random.Random(2029)
    print(f"{'':<8}{'wanted':>8}{'billed':>8}{'billed for one wanted':>24}")
    for name in ("wannb", "SDK"):
        billed = 0
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder, wannb.mock.serve(task_seconds=0.5) as server:
                order = command(name, server.base_url, folder)
                began = time.perf_counter()
                for _ in range(kills):
                    # From the first request on: what dies before that harms nobody.
                    seen = len(server.log)
                    with subprocess.Popen(order, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                        while len(server.log) == seen and process.poll() is None:
                            time.sleep(0.005)
                        time.sleep(chance.uniform(0, 1.5))
                        process.kill()
                subprocess.run(order, check=True, stdout=subprocess.DEVNULL)
                billed += server.billed
                assert time.perf_counter() - began < 300
        wanted = COUNT * rounds
        print(f"{name:<8}{wanted:>8}{billed:>8}{billed / wanted:>24.2f}", flush=True)


if __name__ == "__main__":
    main()
