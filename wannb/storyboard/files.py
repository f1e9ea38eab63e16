"""Files of a board and the board that they hold, beside the runs, so that a copied runs folder takes it along.

wannb-runs/storyboards/<name>/
  board.jsonl                      the board after each change, a line each; the last whole line counts
  board-20261122-130157-7.jsonl    a board of this name before it was made from other scenes
  pictures/                        the person's own images and replaced frames, named by content hash
  archived                         there while the board is archived
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from typing import Any

from wannb.display import name_problem
from wannb.errors import StoreError
from wannb.files import append_line, read_lines, write
from wannb.request import InputImage
from wannb.runs import Store
from wannb.translation import Said, say

from .state import Frame, Pending, Record, from_json, to_json

FILE, PICTURES, ARCHIVED = "board.jsonl", "pictures", "archived"
#: Of the record; a higher one is not read. 2: camera, strokes, takes to choose from, cut frames.
FORMAT = 2
#: Bytes after which the file is written anew with its last line alone, and at which it is refused.
_LARGE, _MOST = 1_000_000, 64_000_000


class BoardFiles:
    """The file of one board and the pictures beside it.

    Attributes:
        record: the board, once it was read or written.
        lock: held from reading `record` to writing it, so that threads may share a board.
        at_work: the requests that are under way in this process.
        damaged: how many lines of the file could not be read.
    """

    record: Record

    def __init__(self, store: Store, file: Path) -> None:
        self.store = store
        self.file = file
        self.lock = threading.RLock()
        self.damaged = 0
        self.at_work: list[Pending] = []
        self._revision = 0

    @classmethod
    def named(cls, store: Store, name: str) -> BoardFiles:
        """Return the files of a board by its name; `ValueError` for one that cannot be the name of a folder."""
        if not isinstance(name, str):
            raise TypeError(say("name={value} is not text", value=repr(name)))
        if why := name_problem(name):
            raise ValueError(say("name={name} cannot be the name of a folder: {why}", name=repr(name), why=why))
        return cls(store, store.root / "storyboards" / name / FILE)

    @classmethod
    def found(cls, store: Store, place: str | os.PathLike[str]) -> BoardFiles:
        """Return the files of a board that is there, by its name, its folder or its file."""
        path = Path(place).expanduser()
        if path.is_dir():
            path /= FILE
        if path.suffix == ".jsonl" and path.is_file():
            path = path.absolute()
            root = path.parent.parent.parent
            if path.resolve().parent.parent.parent != store.root.resolve():
                why = Said(
                    "{path} is a board of the runs in {root}, which hold its frames; open it with "
                    "connect(store={root})",
                    path=repr(str(path)),
                    root=repr(str(root)),
                )
                raise ValueError(say(why))
            return cls(store, path)
        with suppress(ValueError):
            files = cls.named(store, str(place))
            if files.file.is_file():
                return files
        there = ", ".join(map(repr, cls.names(store))) or Said("no boards yet")
        values = {"name": repr(str(place)), "root": repr(str(store.root)), "there": there}
        raise ValueError(say("no storyboard {name} in {root}, which has: {there}", **values))

    @staticmethod
    def names(store: Store) -> list[str]:
        """Return the names of all boards of a store."""
        return sorted(file.parent.name for file in (store.root / "storyboards").glob(f"[!.]*/{FILE}"))

    @staticmethod
    def free_name(store: Store, name: str) -> str:
        """Return a name like another one that no board has: itself, or with a number after it."""
        stem = re.sub(r" \d{1,4}$", "", name)
        names = (name if number == 1 else f"{stem} {number}" for number in count(1))
        return next(each for each in names if not (store.root / "storyboards" / each).exists())

    @property
    def folder(self) -> Path:
        """The folder of the board."""
        return self.file.parent

    def read(self) -> Record | None:
        """Read the board; None if there is no file, `StoreError` if it cannot be read or was changed by hand."""
        line = self.last_line()
        if line is None:
            return None
        if (line.get("wannb_storyboard") or 0) > FORMAT:
            raise self._unreadable(Said("a newer wannb wrote it; update wannb to open it, nothing is wrong with it"))
        try:
            self.record, self._revision = from_json(line, self.find), int(line["revision"])
        except (StoreError, LookupError, TypeError, ValueError) as error:
            raise self._unreadable(error) from error
        return self.record

    def write(self, record: Record) -> None:
        """Save the board; `StoreError`, and the file as it was, if it was changed elsewhere or cannot be written."""
        if self._revision and record == self.record:
            return
        self.check_there()
        self.make(self.folder)
        with self.locked():
            self.check_there()
            there = self.last_line()
            if there is not None and there.get("revision") != self._revision:
                why = Said(
                    "another kernel, or another cell of this one, changed the storyboard {name} since it was read "
                    "here. Nothing was changed: wannb.Storyboard.open(client, {name}) reads it again, and every "
                    "image is in the runs folder",
                    name=repr(self.folder.name),
                )
                raise StoreError(why)
            data = {"wannb_storyboard": FORMAT, "revision": self._revision + 1, **to_json(record)}
            try:
                if self.file.is_file() and self.file.stat().st_size > _LARGE:
                    write(self.file, line_of(data))
                else:
                    append_line(self.file, data)
            except OSError as error:
                why = Said(
                    "{why}. The board stays as it was; every image is in the runs folder, and repeating the "
                    "call once the file can be written costs nothing",
                    why=error.strerror or error,
                )
                raise StoreError(why) from error
            self.record, self._revision = record, self._revision + 1

    def set_aside(self) -> Path:
        """Keep a copy of the board that is there, so that one of other scenes can take its name."""
        with self.locked():
            # A copy: were it renamed, a kill before the new board is written would leave none that knows its takes.
            copy = self.file.with_name(f"board-{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{self._revision}.jsonl")
            with store_errors():
                write(copy, line_of(self.last_line()))
        return copy

    @property
    def is_archived(self) -> bool:
        """Whether the board is archived."""
        return (self.folder / ARCHIVED).exists()

    def check_there(self, *, known: bool = False) -> None:
        """Raise `StoreError` if the board was read and is no longer at its place."""
        if (known or self._revision) and not self.file.is_file():
            why = Said(
                "the storyboard {name} was renamed or removed since it was read here; nothing was changed. "
                "wannb.storyboards(client) lists all boards, and every image is in the runs folder",
                name=repr(self.folder.name),
            )
            raise StoreError(why)

    def keep(self, image: InputImage) -> str | None:
        """Save a picture beside the board, named by its content, and return its file name; None for a link."""
        if image.content is None or image.sha256 is None:
            return None
        self.check_there()
        self.make(self.folder / PICTURES)
        with store_errors():
            return self.store.keep(image, self.folder / PICTURES).name

    def find(self, sha256: str) -> Path | None:
        """Return the file of an input image by its hash."""
        return next((self.folder / PICTURES).glob(f"{sha256}.*"), None)

    def path_of(self, frame: Frame) -> Path:
        """Return the path of a frame's picture."""
        return (self.store.root / frame.run if frame.run else self.folder / PICTURES) / frame.file

    def last_line(self) -> dict[str, Any] | None:
        """Return the last whole line of the file as data, None without a file; `StoreError` if there is none."""
        try:
            lines, self.damaged = read_lines(self.file, most=_MOST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from error
        whole = [line for line in lines if isinstance(line, dict)]
        if not whole:
            raise self._unreadable(Said("no line of it is whole"))
        return whole[-1]

    def _unreadable(self, error: Exception | Said) -> StoreError:
        why = error.said if isinstance(error, StoreError) else error
        return StoreError(Said("cannot read {path}: {why}", path=repr(str(self.file)), why=why))

    @contextmanager
    def locked(self, *others: BoardFiles) -> Iterator[None]:
        """Hold the board, and others with it, against all that write."""
        names = (each.file.name + each.folder.name for each in (self, *others))
        with ExitStack() as held:
            for mark in sorted({hashlib.sha256(name.encode()).hexdigest()[:12] for name in names}):
                held.enter_context(self.store.lock(f"storyboard-{mark}"))
            yield

    def make(self, folder: Path) -> None:
        """Make a folder."""
        try:
            self.store.make_folder(folder)
        except OSError as error:
            path, why = repr(str(folder)), error.strerror or error
            raise StoreError(Said("cannot make the folder {path}: {why}", path=path, why=why)) from error


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise what the file system refuses as a `StoreError`."""
    try:
        yield
    except OSError as error:
        raise StoreError(error.strerror or str(error)) from error


def line_of(data: object) -> bytes:
    """Return a record as a line of a board's file."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n"
