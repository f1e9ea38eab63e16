"""Measure everything the design promises in numbers, beside the official SDK, and write it into bench/RESULTS.md.

python bench/run.py                     about twenty minutes; leave the machine alone meanwhile
python bench/run.py --thousand          with the thousand kills, about seven minutes more
python bench/run.py waits sweep         some parts only; nothing is written
python bench/run.py --smoke             everything in short, to see that it runs; nothing is written

It needs the extra "test"; the SDK lives in a Python of its own, named by WANNB_SDK_PYTHON, or beside wannb.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import sides
from rows import Row, markdown

PARTS = (
    "imports",
    "calls",
    "waits",
    "sweep",
    "image_set",
    "inline",
    "many_runs",
    "kills",
    "grid",
    "studio",
    "classroom",
)
RESULTS = Path(__file__).with_name("RESULTS.md")
#: Everything from this line on is written by hand and kept.
NOTES = "## Notes\n"


def measured(part: ModuleType, smoke: bool) -> list[Row]:
    began = time.perf_counter()
    rows: list[Row] = part.measure(smoke)
    print(f"{part.__name__}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return rows


def machine() -> str:
    """Say in general words on what it was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0
    lines = [f"{os.cpu_count()} cores", f"{memory:.0f} GB" if memory else "", platform.system()]
    lines += [f"Python {platform.python_version()}", f"wannb {version('wannb')}"]
    lines += [f"httpx {version('httpx')}", f"Pillow {version('pillow')}"]
    sdk = sides.sdk_python()
    if sdk:
        look = "from importlib.metadata import version; print(version('dashscope'))"
        said = subprocess.run([sdk, "-c", look], stdout=subprocess.PIPE, text=True, check=True).stdout
        lines.append(f"dashscope {said.strip()}")
    return ", ".join(line for line in lines if line)


def write(table: str) -> None:
    """Write the table into RESULTS.md and keep the notes beneath it."""
    old = RESULTS.read_text() if RESULTS.exists() else ""
    notes = old[old.index(NOTES) :] if NOTES in old else NOTES
    head = (
        "# Numbers\n\n"
        "wannb beside the official SDK, in one run against the same mock server on the same machine. What counts are "
        "the ratios; the seconds are this machine's.\n\n"
        f"Measured {date.today():%Y-%m-%d}: {machine()}. To repeat it: `python bench/run.py` (what it needs is said at "
        "the top of that file).\n\n"
    )
    RESULTS.write_text(f"{head}{table}\n\n{notes}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--thousand", action="store_true")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}")
    given = parser.parse_args()
    parts = given.parts or [*PARTS, *(["thousand_kills"] if given.thousand else [])]
    wrong = set(parts) - {*PARTS, "thousand_kills"}
    if wrong:
        parser.error(f"there is no part {sorted(wrong)[0]!r}; there are {', '.join(PARTS)}, thousand_kills")
    # Here, since threads that import parts of one package can lock each other out.
    modules = [import_module(part) for part in parts]
    # What is only to be seen to run may run side by side; what is measured has the machine to itself.
    with ThreadPoolExecutor(4 if given.smoke else 1) as pool:
        found = list(pool.map(lambda part: measured(part, given.smoke), modules))
    table = markdown([row for rows in found for row in rows])
    print(table)
    if not given.smoke and not given.parts:
        write(table)


if __name__ == "__main__":
    main()
