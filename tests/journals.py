"""Journals of runs, read and written without the code that is tested."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "run.jsonl"


def last(folder: Path) -> dict[str, Any]:
    """Return the last record of a run's journal."""
    record: dict[str, Any] = json.loads((folder / NAME).read_bytes().splitlines()[-1])
    return record


def rewrite(folder: Path, record: Mapping[str, Any]) -> None:
    """Put one record in the place of a whole journal."""
    (folder / NAME).write_text(json.dumps(record) + "\n")


def change(folder: Path, **facts: Any) -> None:
    """Put the last record, with some facts changed, in the place of a whole journal."""
    rewrite(folder, {**last(folder), **facts})


def cut(folder: Path, lines: int = 1, keep: int = 0) -> None:
    """Cut the last lines off a journal, but for the first bytes of them, as a crash may leave it."""
    whole = (folder / NAME).read_bytes().splitlines(keepends=True)
    (folder / NAME).write_bytes(b"".join(whole[:-lines]) + b"".join(whole[-lines:])[:keep])
