"""A sweep killed at random and run again until it is whole: how many images are billed for one that was wanted.

python bench/kills.py            5 rounds of 12 pictures with 3 kills each
python bench/kills.py --smoke    1 round with 1 kill, to see that it runs

The SDK's plain script leaves out what it has saved already. `bench/thousand_kills.py` kills a thousand times.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import time

import sides
from rows import Row, alone

import wannb


def billed(side: str, count: int, kills: int, chance: random.Random) -> int:
    """Return how many images are billed until a sweep is whole that was killed so often."""
    more = (5,) if side == "sdk" else ()
    with tempfile.TemporaryDirectory() as folder, wannb.mock.serve(task_seconds=0.5) as server:
        order = sides.command(side, "sweep", server.base_url, folder, count, *more)
        quiet = {"env": sides.environment(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        for _ in range(kills):
            # From the first request on: what dies before that harms nobody.
            seen = len(server.log)
            with subprocess.Popen(order, **quiet) as process:
                while len(server.log) == seen and process.poll() is None:
                    time.sleep(0.005)
                time.sleep(chance.uniform(0, 1.5))
                process.kill()
        subprocess.run(order, **quiet, timeout=300, check=True)
        return server.billed


def measure(smoke: bool) -> list[Row]:
    rounds, count, kills = (1, 3, 1) if smoke else (5, 12, 3)
    present = ["wannb", "sdk"] if sides.sdk_python() else ["wannb"]
    wanted = count * rounds
    paid = dict.fromkeys(present, 0)
    for turn in range(rounds):
        for side in present:
            paid[side] += billed(side, count, kills, random.Random(2029 + turn))
    told = {
        side: f"{images / wanted:.2f} billed for one wanted ({images} of {wanted})" for side, images in paid.items()
    }
    return [
        Row(
            what=f"a sweep of {count}, killed {kills * rounds} times and run again",
            aim="none lost, none paid twice",
            measured=told["wannb"],
            sdk=told.get("sdk", "not there"),
            held=paid["wannb"] == wanted,
        )
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
