"""A folder of 10,000 runs: listed, searched, and shown in the history form; and what a call costs beside 100,000.

python bench/many_runs.py [--smoke]      50 runs in the short form

Each time in a fresh process: the first that ever opens the folder, and one that opens it on another day. The SDK keeps
nothing, so it does not stand beside it.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import sides
from rows import Row, alone, milliseconds
from server import photograph, serve

import wannb
from wannb.display.previews import make_preview, preview_path
from wannb.runs.run import Run
from wannb.runs.store import Store

WORDS = "a harbour at dawn, fishing boats, mist over still water, long exposure, muted colours, number {}"


def fill(store: Path, one: Run, count: int, images: bool = True) -> None:
    """Write `count` runs like one, each with its own id, prompt, task and hour, and the same image."""
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
    [image] = one.images
    make_preview(image)
    record = one.record.as_json()
    for number in range(count):
        moment = begin + timedelta(minutes=number)
        fingerprint = f"{number:064x}"[::-1]
        folder = store / f"{moment:%Y%m%d-%H%M%S}-{fingerprint[:8]}{number % 65536:04x}"
        folder.mkdir()
        changed = {
            "created": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "fingerprint": fingerprint,
            "task_id": f"{number:08x}-0000-4000-8000-000000000000",
            "request": {**record["request"], "prompt": WORDS.format(number), "seed": number},
        }
        (folder / "run.jsonl").write_text(json.dumps(record | changed, separators=(",", ":")) + "\n")
        if images:
            os.link(image, folder / image.name)
            os.link(preview_path(image), preview_path(folder / image.name))


def growth(count: int, base_url: str, folder: Path, calls: int, turns: int) -> tuple[float, float]:
    """Return what a call under a budget costs in a folder of `count` runs, and the first one, of those in an empty one.

    In turns, each in a new process; the median of the quotients.
    """
    quotients: dict[str, list[float]] = {"first": [], "call": []}
    for turn in range(turns):
        empty = sides.figures("wannb", "budget", base_url, folder / f"empty-{count}-{turn}", calls)
        many = sides.figures("wannb", "budget", base_url, folder / f"many-{count}", calls)
        assert empty
        assert many
        for name, found in quotients.items():
            found.append(many[name] / empty[name])
    return statistics.median(quotients["first"]), statistics.median(quotients["call"])


def measure(smoke: bool) -> list[Row]:
    count = 50 if smoke else 10_000
    with tempfile.TemporaryDirectory() as folder, serve(photograph(256 if smoke else 1024)) as server:
        store = Path(folder, "runs")
        with wannb.connect("mock", base_url=server.base_url, store=Path(folder, "one")) as client:
            client.generate("a harbour at dawn", size="1K", seed=7)
            store.mkdir()
            fill(store, client.runs()[0], count)
            grown = {}
            for size in (count, 10 * count):
                more = Path(folder, f"many-{size}")
                more.mkdir()
                fill(more, client.runs()[0], size, images=False)
                Store(more).spent("mock", "USD")  # the first process that opens the folder makes its index
                grown[size] = growth(size, server.base_url, Path(folder), *((3, 1) if smoke else (20, 3)))
        first = sides.figures("wannb", "runs", server.base_url, store)
        later = sides.figures("wannb", "runs", server.base_url, store)
    assert first["runs"] == later["runs"] == count

    def row(what: str, name: str, most: float | None) -> Row:
        return Row(
            what=what,
            aim=f"under {most:g} s" if most else "",
            measured=f"{milliseconds(later[name])} (the first process ever: {milliseconds(first[name])})",
            sdk="keeps nothing" if name == "list" else "",
            held=later[name] < most if most else None,
        )

    return [
        row(f"{count:,} runs listed by a new process", "list", 1),
        row("listed again", "list again", 1),
        row(f"searched ({later['found']:,} found)", "search", 0.2),
        row(f"shown as a table of {later['page MB']:.1f} MB", "page", None),
        row("`HistoryForm` made", "form", None),
        row("a search in it, from the key press to the new list", "key press", None),
        *(
            Row(
                what=f"a call under a budget beside {size:,} runs, of one in an empty folder",
                aim="under 1.2x",
                measured=f"{call:.2f}x (the first of a process: {begin:.2f}x)",
                sdk="keeps nothing",
                held=max(call, begin) < 1.2,
            )
            for size, (begin, call) in grown.items()
        ),
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
