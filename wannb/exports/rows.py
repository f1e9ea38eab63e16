"""Rows as a file: a table for spreadsheets, lines of JSON, or parquet that may hold pictures."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from wannb.figures import put
from wannb.translation import say

ENDINGS = (".csv", ".json", ".jsonl", ".parquet")


def write_rows(
    path: str | os.PathLike[str], rows: Sequence[Mapping[str, Any]], *, pictures: Sequence[str] = ()
) -> Path:
    """Write rows with equal columns into a file of one of `ENDINGS`, and return its place.

    Args:
        path: the file; its folder is made.
        rows: plain values, times, lists, mappings and, for parquet, bytes. In `.csv` lists and mappings are JSON.
        pictures: columns of `{"bytes": ..., "path": ...}` that `datasets` shows as images; parquet alone.

    Raises:
        ImportError: parquet without pyarrow.
        OSError: the file cannot be written.
    """
    kind = Path(path).suffix.lower()
    if kind == ".csv":
        return put(path, csv_of(rows))
    if kind == ".parquet":
        return put(path, _parquet(rows, pictures))
    lines = [json.dumps(row, ensure_ascii=False, default=_plain) for row in rows]
    text = "[\n" + ",\n".join(lines) + "\n]\n" if kind == ".json" else "\n".join(lines) + "\n"
    return put(path, text.encode(errors="replace"))


def csv_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return rows as CSV in UTF-8."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8", errors="replace")


def _cell(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return _plain(value) if isinstance(value, datetime) else value


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _parquet(rows: Sequence[Mapping[str, Any]], pictures: Sequence[str]) -> bytes:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(say('parquet needs the library pyarrow: pip install "wannb[parquet]"')) from error
    table = pyarrow.Table.from_pylist([_sound(dict(row)) for row in rows])
    if pictures:
        # What `datasets` reads: without it a column of bytes and paths would be shown as numbers and text.
        told = {"info": {"features": {name: {"_type": "Image"} for name in pictures}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(told)})
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, row_group_size=100)
    return buffer.getvalue()


def _sound(value: Any) -> Any:
    """Return a value without halves of characters, which parquet cannot hold."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {name: _sound(each) for name, each in value.items()}
    return [_sound(each) for each in value] if isinstance(value, list) else value
