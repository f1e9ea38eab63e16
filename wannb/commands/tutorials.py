"""Copies of the tutorials in a person's folder, in which nothing that was changed is ever overwritten."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_COPIED = ".wannb-tutorials.json"


def copy(folder: Path | None) -> tuple[Path, list[str]]:
    """Return the folder to open and what to tell the person.

    In a checkout, if no folder is given, that is the checkout's own folder. Otherwise the tutorials are copied: one
    that was changed since stays as it is, any other is updated.
    """
    checkout = _PACKAGE.parent / "notebooks"
    is_checkout = (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir()
    if is_checkout and folder is None:
        return checkout, []
    folder = folder or Path("wannb-tutorials")
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / _COPIED
    copied: dict[str, str] = json.loads(record.read_text()) if record.is_file() else {}
    kept = []
    home = checkout if is_checkout else _PACKAGE / "notebooks"
    for tutorial in sorted(path for path in home.iterdir() if path.is_file() and path.suffix in (".ipynb", ".md")):
        content, place = tutorial.read_bytes(), folder / tutorial.name
        if place.exists() and _hash(place.read_bytes()) not in (copied.get(tutorial.name), _hash(content)):
            kept.append(tutorial.name)
            continue
        place.write_bytes(content)
        copied[tutorial.name] = _hash(content)
    record.write_text(json.dumps(copied, indent=1))
    notes = [f"The tutorials are in {folder}."]
    if kept:
        notes.append(f"Yours were kept as you changed them: {', '.join(kept)}. A new --folder gives fresh ones.")
    return folder, notes


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
