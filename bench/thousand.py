"""The thousand kills as a row of the table: runs thousand_kills.py and reads the line that sums it up.

python bench/thousand.py            about seven minutes
python bench/thousand.py --smoke    a few kills
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sides
from rows import Row, alone

KILLS = Path(__file__).with_name("thousand_kills.py")


def measure(smoke: bool) -> list[Row]:
    order = [sys.executable, str(KILLS), *(["--smoke"] if smoke else ["--kills", "1000"])]
    run = subprocess.run(order, env=sides.environment(), stdout=subprocess.PIPE, text=True, check=False)
    lines = [line.split() for line in run.stdout.splitlines()]
    names = next((line for line in lines if "kills" in line and "billed" in line), [])
    sums = next((line[1:] for line in lines if line[:1] == ["all"]), [])
    found = dict(zip(names, map(int, sums), strict=True))
    if not found:
        raise RuntimeError(f"{KILLS.name} printed no line of sums (it ended with {run.returncode})")
    told = f"{found['billed']:,} billed of {found['wanted']:,} wanted, {found['on_disk']:,} on disk"
    said = f", {found['said']} said to be in doubt" if found.get("said") else ""
    return [
        Row(
            what=f"{found['kills']:,} kills at random points",
            aim="no paid image lost, none paid twice",
            measured=f"{found['lost']} lost, {found['doubled']} paid twice ({told}{said})",
            held=run.returncode == 0 and not found["lost"] and not found["doubled"],
        )
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
