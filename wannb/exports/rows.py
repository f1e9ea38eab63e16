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

from wannb import files
from wannb.figures import put
from wannb.files import make_folder
from wannb.runs import GeneratedImage
from wannb.translation import say

ENDINGS = (".csv", ".json", ".jsonl", ".parquet")
#: Rows whose images are in memory together.
_GROUP = 16


def write_rows(
    path: str | os.PathLike[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    images: Mapping[str, Sequence[GeneratedImage]] | None = None,
    shown: bool = False,
) -> Path:
    """Write rows with equal columns into a file of one of `ENDINGS`, and return its place.

    Args:
        path: the file; its folder is made.
        rows: plain values, times, lists and mappings. In `.csv` lists and mappings are JSON.
        images: for parquet, columns of the bytes of images, one for each row; read a few at a time.
        shown: whether these are columns that Hugging Face's `datasets` shows as images, `{"bytes": ..., "path": ...}`.

    Raises:
        ImportError: parquet without pyarrow.
        OSError: the file cannot be written.
    """
    kind = Path(path).suffix.lower()
    if kind == ".csv":
        return put(path, csv_of(rows))
    if kind == ".parquet":
        return _parquet(Path(path).expanduser(), rows, images or {}, shown=shown)
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


def _parquet(
    place: Path, rows: Sequence[Mapping[str, Any]], images: Mapping[str, Sequence[GeneratedImage]], *, shown: bool
) -> Path:
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise ImportError(say('parquet needs the library pyarrow: pip install "wannb[parquet]"')) from error
    facts = pyarrow.Table.from_pylist([_sound(dict(row)) for row in rows])
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())]) if shown else pyarrow.binary()
    schema = pyarrow.schema([*((name, kind) for name in images), *facts.schema])
    if shown:
        # What `datasets` reads: without it the column would be bytes and a name.
        told = {"info": {"features": {name: {"_type": "Image"} for name in images}}}
        schema = schema.with_metadata({"huggingface": json.dumps(told)})
    make_folder(place.parent)
    part = place.with_name(f".{place.name}.part")
    try:
        with ParquetWriter(part, schema) as writer:
            for start in range(0, len(rows), _GROUP):
                group = facts.slice(start, _GROUP)
                for name in reversed(list(images)):
                    content = [_content(image, shown) for image in images[name][start : start + _GROUP]]
                    group = group.add_column(0, name, pyarrow.array(content, kind))
                writer.write_table(group.cast(schema))
        files.rename(part, place)
    finally:
        part.unlink(missing_ok=True)
    return place


def _content(image: GeneratedImage, shown: bool) -> Any:
    name = f"{image.path.parent.name}-{image.path.name}"
    return {"bytes": image.bytes(), "path": name} if shown else image.bytes()


def _sound(value: Any) -> Any:
    """Return a value without halves of characters, which parquet cannot hold."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {name: _sound(each) for name, each in value.items()}
    return [_sound(each) for each in value] if isinstance(value, list) else value
