"""A store of 10,000 runs: listed, searched, and looked through in the history form.

python bench/many_runs.py [--smoke]      200 runs in the short form

Each time in a fresh process: the first that ever opens the folder, and one that opens it on another day. The SDK keeps
nothing, so it does not stand beside it.
"""

from __future__ import annotations

import json
import os
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import sides
from rows import Row, alone, milliseconds
from server import photograph, serve

import wannb
from wannb.display.previews import preview_path
from wannb.ledger.run import Run

WORDS = "a harbour at dawn, fishing boats, mist over still water, long exposure, muted colours, number {}"


def fill(store: Path, one: Run, count: int) -> None:
    """Write so many runs like one, each with its own id, prompt, task and hour, and the same image."""
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
    image = one.folder / one.record["images"][0]["file"]
    for number in range(count):
        moment = begin + timedelta(minutes=number)
        fingerprint = f"{number:064x}"[::-1]
        folder = store / f"{moment:%Y%m%d-%H%M%S}-{fingerprint[:8]}{number:04x}"
        folder.mkdir()
        record = {
            **one.record,
            "created": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "fingerprint": fingerprint,
            "task_id": f"{number:08x}-0000-4000-8000-000000000000",
            "request": {**one.record["request"], "prompt": WORDS.format(number), "seed": number},
        }
        (folder / "run.json").write_text(json.dumps(record, indent=1))
        os.link(image, folder / image.name)
        os.link(preview_path(image), preview_path(folder / image.name))


def measure(smoke: bool) -> list[Row]:
    count = 200 if smoke else 10_000
    with tempfile.TemporaryDirectory() as folder, serve(photograph(256 if smoke else 1024)) as server:
        store = Path(folder, "runs")
        with wannb.connect("mock", base_url=server.base_url, store=Path(folder, "one")) as client:
            client.generate("a harbour at dawn", size="1K", seed=7)
            store.mkdir()
            fill(store, client.runs()[0], count)
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
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
