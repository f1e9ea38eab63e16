"""Storms of calls over a service that is not kind, and what came of every image that was billed.

python bench/storms.py                  all of them; about five minutes
python bench/storms.py people endings   some
python bench/storms.py --smoke          a few calls of each, to see that it runs

A third of all answers is spoilt (lost before or after, pages with 502, 503 and 429, cut, refused with 429), a task is
unknown for up to 6 s and not in the list for 3 s, and a tenth of the list's pages come empty. Pace, locks and look-ups
are those of every day, on clocks that are 10 to 40 times as fast. After each storm people do what they would: rescue,
choose by the pictures where something is in doubt, and make again the calls that had failed. The service knows what it
drew for whom; every image on disk is held against that.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from ledger.kill import storming
from ledger.kill.killing import kernel
from rows import Row, markdown

BAD, MORE = ("lost", "doubled", "swapped", "late"), ("billed", "on_disk", "said", "chosen", "guessed", "open")
AIM = "none lost, doubled or swapped, none over its timeout"


def told(what: str, tally: Counter[str]) -> Row:
    """Return the row of a storm of many calls."""
    bad = [f"{tally[name]} {name}" for name in BAD]
    kinds = ", ".join(f"{tally[name]} {name}" for name in sorted(tally) if name[0].isupper())
    more = [
        f"{tally[name]} {name.replace('_', ' ')}" for name in ("billed", "on_disk", "said", "chosen", "guessed", "open")
    ]
    return Row(
        what=what,
        aim=AIM,
        measured=f"{', '.join(bad)} ({tally['wanted']} wanted, {', '.join(more)}{': ' * bool(kinds)}{kinds})",
        held=not any(tally[name] for name in (*BAD, "guessed")),
    )


def one_folder(folder: Path, smoke: bool, **more: Any) -> list[Row]:
    count, threads = (20, 4) if smoke else (200, 16)
    alone = storming.one_folder(folder / "alone", count, threads, **more)
    others = storming.one_folder(folder / "others", count, threads, strangers=10, **more)
    what = f"{count} calls of {threads} threads in one folder"
    return [told(what, alone), told(f"{what}, and a stranger's task every 10 s", others)]


def processes(folder: Path, smoke: bool, **more: Any) -> list[Row]:
    count, shared = (4, 2) if smoke else (40, 10)
    tally = storming.processes(folder, count, shared, **more)
    what = f"3 processes on one folder, {count} calls each and {shared} that all make; one is killed twice"
    return [told(what, tally)]


def people(folder: Path, smoke: bool, **more: Any) -> list[Row]:
    count, heads = (3, 2) if smoke else (20, 6)
    what = f"{heads} people on one key, a folder and {count} calls each"
    known = storming.people(folder / "known", count, heads, **more)
    new = storming.people(folder / "new", count, heads, known=False, **more)
    return [told(f"{what}, who have all asked before", known), told(f"{what}, new on it at the same moment", new)]


def two_folders(folder: Path, smoke: bool, **more: Any) -> list[Row]:
    chance, rows = random.Random(5), []
    kinds = (
        ("while somebody who asked before asks within 20 s", {"known": True}),
        ("while somebody new on the key asks within 20 s", {"known": False}),
        ("while the loss shows only after 25 s, and somebody who asked before asks", {"known": True, "hangs": 25.0}),
        ("while the loss shows only after 25 s, and somebody new on the key asks", {"known": False, "hangs": 25.0}),
    )
    for what, kind in kinds:
        waits = [chance.uniform(0.3, 20) for _ in range(1 if smoke else 12)]

        def one(number: int, kind: Any = kind, waits: list[float] = waits) -> Counter[str]:
            place = folder / f"{len(rows)}-{number}"
            return storming.one_lost_one_asks(place, waits[number], **kind, **more)

        with ThreadPoolExecutor(3) as pool:
            tally = sum_of(pool.map(one, range(len(waits))))
        rows.append(told(f"{len(waits)} requests lost before they arrive, {what}", tally))
    return rows


def late_list(folder: Path, smoke: bool, **more: Any) -> list[Row]:
    count = 2 if smoke else 21
    tally = storming.late_list(folder / "alone", count, **more)
    several = storming.late_list(folder / "several", 2 * count, threads=4, **more)
    uneven = storming.late_list(folder / "uneven", 2 * count, threads=4, uneven=True, **more)
    what = f"{count} answers lost after they were accepted, with a list that is 40 s late"
    return [
        told(what, tally),
        told(f"{what}, among {2 * count} calls of 4 threads", several),
        told(f"{what} or less, each task by a time of its own, among {2 * count} calls of 4 threads", uneven),
    ]


def two_models(folder: Path, smoke: bool, **more: Any) -> list[Row]:
    rows = []
    for trouble, what in (("429", "429s"), ("lost", "lost answers")):
        found = {}
        for apart in (False, True):
            place = folder.with_name(f"{folder.name}-{trouble}-{apart}")
            found[apart] = storming.two_models(place, trouble, apart=apart, count=2 if smoke else 5, **more)
        rows.append(
            Row(
                what=f"a call of one model beside another's {what}, of its time in a calm",
                aim="under 2x",
                measured=f"{found[False]:.1f}x; of another process {found[True]:.1f}x",
                held=max(found.values()) < 2,
            )
        )
    return rows


def timeouts(folder: Path, smoke: bool, **more: Any) -> list[Row]:
    troubles = list(storming.TROUBLES)[:: 6 if smoke else 1]

    def one(number: int) -> tuple[int, int]:
        place = folder.with_name(f"{folder.name}-{number}")
        return storming.timeouts(place, troubles[number], **more)

    # The calls wait; two at once leave the machine to them.
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(troubles, pool.map(one, range(len(troubles))), strict=True))
    late, count = (sum(each[part] for each in found.values()) for part in (0, 1))
    which = "; ".join(f"{trouble}: {each[0]} of {each[1]}" for trouble, each in found.items() if each[0])
    return [
        Row(
            what=f"calls with `timeout=3` in {len(troubles)} kinds of trouble that end after 5 s",
            aim="none",
            measured=f"{late} of {count}" + (f" ({which})" if which else ""),
            held=not late,
        )
    ]


def pools(folder: Path, smoke: bool, **more: Any) -> list[Row]:
    count = 2 if smoke else 10
    some, pictures = storming.pools(folder, count, **more)
    return [
        Row(
            what=f"{count} forked pools of a client that was used before",
            aim="none swapped",
            measured=f"{pictures} pictures swapped in {some} pools",
            held=not some,
        )
    ]


def endings(folder: Path, smoke: bool, **more: Any) -> list[Row]:
    count = 4 if smoke else 24
    tally = storming.endings(folder, count, **more)
    return [
        Row(
            what=f"{count} scripts that end while a pool, threads or `atexit` work",
            aim="on disk, or said",
            measured=f"{tally['silent']} missing without a word, {tally['lost']} lost after a rescue "
            f"({tally['billed']} billed, {tally['on_disk']} on disk at the end)",
            held=not (tally["silent"] or tally["lost"]),
        )
    ]


def sum_of(tallies: Any) -> Counter[str]:
    total: Counter[str] = Counter()
    for tally in tallies:
        total.update(tally)
    return total


PARTS: dict[str, Callable[..., list[Row]]] = {
    part.__name__: part
    for part in (one_folder, processes, people, two_folders, late_list, two_models, timeouts, pools, endings)
}


def measure(smoke: bool, parts: Any = tuple(PARTS)) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder, kernel() as lives:
        for part in parts:
            began = time.monotonic()
            rows += PARTS[part](Path(folder, part), smoke, lives=lives)
            print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"of {', '.join(PARTS)}")
    given = parser.parse_args()
    print(markdown(measure(given.smoke, given.parts or PARTS)))


if __name__ == "__main__":
    main()
