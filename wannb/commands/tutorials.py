"""Lay the tutorials in a folder, without ever writing over what a person changed there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_LAID = ".wannb-tutorials.json"


def source() -> tuple[Path, bool]:
    """Return the folder that the tutorials come from, and whether it is a checkout that people work in."""
    checkout = _PACKAGE.parent / "notebooks"
    if (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout, True
    return _PACKAGE / "notebooks", False


def lay(folder: Path | None) -> tuple[Path, list[str]]:
    """Return the folder to open and what to tell the person.

    In a checkout without a wish of the person's that is the checkout's own folder. Otherwise tutorials are copied; one
    that was changed since it was laid stays as it is, one that was not is brought up to date.
    """
    home, is_checkout = source()
    if is_checkout and folder is None:
        return home, []
    folder = folder or Path("wannb-tutorials")
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / _LAID
    laid: dict[str, str] = json.loads(record.read_text()) if record.is_file() else {}
    kept = []
    for tutorial in sorted(path for path in home.iterdir() if path.is_file() and path.suffix in (".ipynb", ".md")):
        content, place = tutorial.read_bytes(), folder / tutorial.name
        if place.exists() and _hash(place.read_bytes()) not in (laid.get(tutorial.name), _hash(content)):
            kept.append(tutorial.name)
            continue
        place.write_bytes(content)
        laid[tutorial.name] = _hash(content)
    record.write_text(json.dumps(laid, indent=1))
    notes = [f"The tutorials are in {folder}."]
    if kept:
        notes.append(f"Yours were kept as you changed them: {', '.join(kept)}. A new --folder gives fresh ones.")
    return folder, notes


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
