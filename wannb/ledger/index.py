"""The index of a folder of runs: what their records hold, in one file, so that ten thousand open in a moment.

It is a cache and nothing more: a line counts only while the run's `run.json` is the very file it was read from (its
inode, time and size). It can be deleted at any time, and a folder where it cannot be written works without it.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from wannb._version import __version__
from wannb.errors import StoreError

from .run import read

#: What tells one `run.json` from the one that is put in its place.
Mark = tuple[int, int, int]
#: So many are read from their own files in a moment.
_FEW = 100
# Another version may find fault with a record that this one takes.
_HEAD = json.dumps({"wannb index": __version__}).encode()


class Index:
    """The records of a folder's runs, each read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = root / ".index.jsonl"
        self._known: dict[str, tuple[Mark, dict[str, Any]]] = {}
        self._loaded = False
        self._new = 0

    def record(self, name: str) -> dict[str, Any] | None:
        """Return what `run.json` of a run holds now; None if it cannot be read."""
        try:
            status = os.stat(f"{self._root}/{name}/run.json")
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            known = self._known.get(name)
            if known is None and self._new >= _FEW and not self._loaded:
                self._load()
                known = self._known.get(name)
            if known is None or known[0] != mark:
                known = self._known[name] = (mark, read(self._root / name))
                self._new += 1
        except (OSError, StoreError):
            return None
        return known[1]

    def _load(self) -> None:
        """Take over what other kernels, on other days, have written."""
        self._loaded = True
        with suppress(OSError), self._file.open("rb") as lines:
            if next(lines, b"").rstrip() != _HEAD:
                return
            for line in lines:
                with suppress(ValueError, TypeError, RecursionError):
                    check, _, said = line.rstrip(b"\n").partition(b" ")
                    if int(check, 16) != zlib.crc32(said):
                        continue
                    name, mark, record = json.loads(said)
                    if isinstance(name, str) and isinstance(record, dict):
                        self._known.setdefault(name, (tuple(mark), record))

    def save(self, names: Collection[str]) -> None:
        """Write what is known of these runs, if enough is new that it is worth it and no other kernel is at it."""
        if self._new < _FEW:
            return
        self._new = 0
        part = self._file.with_suffix(".part")
        with suppress(OSError, Timeout), FileLock(self._root / ".locks" / "index.lock", timeout=0):
            with part.open("wb") as lines:
                lines.write(_HEAD + b"\n")
                for name in names:
                    if name in self._known:
                        line = json.dumps([name, *self._known[name]], separators=(",", ":")).encode()
                        lines.write(b"%08x %s\n" % (zlib.crc32(line), line))
            part.replace(self._file)
