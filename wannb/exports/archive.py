"""A board as a ZIP: its pictures under names that speak, and the list of its shots as a table for any spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from contextlib import suppress
from pathlib import Path

from wannb.files import read_file
from wannb.translation import say

from .reel import Reel, Shot, images

COLUMNS = (
    "number",
    "seconds",
    "scene",
    "shot",
    "dialogue",
    "note",
    "prompt",
    "seed",
    "model",
    "run",
    "file",
)
#: Letters of a scene's text in a file's name, bytes of it, and what cannot stand in one on some system.
_LETTERS, _BYTES = 40, 120
_UNFIT = re.compile(r'[<>:"/\\|?*.\x00-\x1f\x7f-\x9f\ud800-\udfff]+')
#: Where pictures without the strokes over them are.
_WITHOUT = "without strokes"
_MOST = 64_000_000
#: What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def archive(reel: Reel) -> bytes:
    """Return a board as a ZIP file: the frames as they are, or with the strokes over them, and `shots.csv`."""
    buffer = io.BytesIO()
    rows = list[list[object]]()
    with zipfile.ZipFile(buffer, "w") as packed:
        for shot in reel.shots:
            name, content = _name(shot), b""
            with suppress(OSError):
                content = read_file(shot.path, most=_MOST, links=False) if shot.path else b""
            if content and shot.strokes:
                _add(packed, f"{_WITHOUT}/{name}", content)
                name = f"{Path(name).stem}.png"
                content = _drawn(shot)
            if content:
                _add(packed, name, content)
            words = (shot.text, say(shot.camera), shot.dialogue, shot.notes, shot.prompt)
            origin = ("" if shot.seed is None else shot.seed, shot.model, shot.run, name if content else "")
            rows.append([shot.number, f"{shot.seconds:g}", *map(_plain, words), *origin])
        _add(packed, "shots.csv", _table(rows))
    return buffer.getvalue()


def _table(rows: list[list[object]]) -> bytes:
    """Return rows as CSV with a mark at the beginning, without which Excel takes the letters for others."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig", errors="replace")


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _name(shot: Shot) -> str:
    words = " ".join(_UNFIT.sub(" ", shot.text).split())
    short = words if len(words) <= _LETTERS else words[: _LETTERS + 1].rpartition(" ")[0] or words[:_LETTERS]
    short = short.encode()[:_BYTES].decode(errors="ignore").strip().rstrip(" ,;，；、")
    digits = max(2, len(str(shot.of)))
    return f"{shot.number:0{digits}} {short}".strip() + (shot.path.suffix.lower() if shot.path else "")


def _drawn(shot: Shot) -> bytes:
    [image] = images([shot], max(shot.size))
    buffer = io.BytesIO()
    if image:
        image.save(buffer, "PNG")
    return buffer.getvalue()


def _add(packed: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    # Pictures are as small as they get.
    entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(".csv") else zipfile.ZIP_STORED
    packed.writestr(entry, content)
