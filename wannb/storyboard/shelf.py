"""Shelf: where a board lies, next to the runs, so that a copied folder of runs takes its boards along.

wannb-runs/storyboards/<name>/
  board.json                       the board; its frames by run and file name
  board-20261122-130157.json       what a board of this name was before it was made from other scenes
  pictures/                        the person's own images and replaced frames, named by content hash
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from wannb.errors import StoreError
from wannb.files import write
from wannb.ledger import Store, read
from wannb.request import InputImage

from .panels import Frame
from .record import Record, from_json, to_json

#: Names that some systems keep for themselves, and letters that cannot stand in a file name on one of them.
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')


class Shelf:
    """The file of one board and the pictures beside it."""

    def __init__(self, store: Store, file: Path) -> None:
        self.store = store
        self.file = file
        self._revision = 0

    @classmethod
    def named(cls, store: Store, name: str) -> Shelf:
        """Return the place of a board by its name; `ValueError` for what cannot be the name of a folder."""
        if not isinstance(name, str):
            raise TypeError(f"name={name!r} is no text")
        bad = _UNFIT.findall(name)
        if bad or not name.strip() or name != name.strip(" .") or _RESERVED.match(name) or len(name.encode()) > 120:
            why = f"it holds {bad[0]!r}" if bad else "give letters, digits, spaces and hyphens, 120 bytes at most"
            raise ValueError(f"name={name!r} cannot be the name of a folder: {why}")
        return cls(store, store.root / "storyboards" / name / "board.json")

    @classmethod
    def found(cls, store: Store, place: str | os.PathLike[str]) -> Shelf:
        """Return the place of a board that is there, by its name, its folder or its file."""
        path = Path(place).expanduser()
        if path.is_dir():
            path /= "board.json"
        if path.suffix == ".json" and path.is_file():
            path = path.absolute()
            if path.resolve().parent.parent.parent != store.root.resolve():
                root = path.parent.parent.parent
                raise ValueError(
                    f"{str(path)!r} is a board of the runs in {str(root)!r}, and its frames lie there; open it with "
                    f"connect(store={str(root)!r})"
                )
            return cls(store, path)
        with suppress(ValueError, TypeError):
            shelf = cls.named(store, os.fspath(place) if isinstance(place, os.PathLike) else place)
            if shelf.file.is_file():
                return shelf
        there = sorted(each.parent.name for each in (store.root / "storyboards").glob("*/board.json"))
        listed = f"there are {', '.join(map(repr, there))}" if there else "there is none yet"
        raise ValueError(f"no storyboard {str(place)!r} in {str(store.root)!r}; {listed}")

    @property
    def folder(self) -> Path:
        """The folder of the board."""
        return self.file.parent

    def read(self) -> Record | None:
        """Read the board and remember which revision it was; None if there is no file."""
        try:
            data = json.loads(self.file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StoreError(f"{str(self.file)!r} cannot be read: {error}") from error
        try:
            record = from_json(data, self.find)
            self._revision = int(data["revision"])
        except (StoreError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{str(self.file)!r}: {error}") from error
        return record

    def write(self, record: Record) -> None:
        """Write the board, unless the file was changed since it was read.

        Raises:
            StoreError: it was changed elsewhere, or cannot be written; the file stays as it was.
        """
        with self._locked():
            there = self._revision_there()
            if there not in (None, self._revision):
                raise StoreError(
                    f"the storyboard {self.folder.name!r} was changed in another kernel, or made anew in this one, "
                    "since it was read here. Nothing was changed; "
                    f"wannb.Storyboard.open(client, {self.folder.name!r}) reads it again, and what was drawn is in the "
                    "store"
                )
            data = {"wannb_storyboard": 1, "revision": self._revision + 1, **to_json(record)}
            # A line for each part: the history is long, and the encoder that indents is ten times slower.
            parts = (f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in data.items())
            try:
                write(self.file, ("{\n" + ",\n".join(parts) + "\n}\n").encode())
            except OSError as error:
                raise StoreError(
                    f"{error.strerror or error}. The board's file stays as it was; what was drawn is in the store, and "
                    "the same call takes it in for nothing when that is put right"
                ) from error
            self._revision += 1

    def put_aside(self) -> Path:
        """Keep a copy of the file that is there, so that a board of other scenes can be written over it."""
        with self._locked():
            now = datetime.now(timezone.utc)
            aside = self.file.with_name(f"board-{now:%Y%m%d-%H%M%S}.json")
            for number in range(2, 1000):
                if not aside.exists():
                    break
                aside = self.file.with_name(f"board-{now:%Y%m%d-%H%M%S}-{number}.json")
            try:
                # A copy: were it renamed, a kill before the new board is written would leave none that knows its takes.
                write(aside, self.file.read_bytes())
            except OSError as error:
                raise StoreError(f"cannot read {str(self.file)!r}: {error.strerror or error}") from error
        return aside

    def keep(self, image: InputImage) -> str | None:
        """Put a picture beside the board, named by its content, and return its file name; None for a link."""
        if image.content is None or image.sha256 is None:
            return None
        name = f"{image.sha256}{image.suffix}"
        place = self.folder / "pictures" / name
        if not place.is_file():
            self._make(place.parent)
            if not self._linked(image, place):
                write(place, image.content)
        return name

    def find(self, sha256: str) -> Path | None:
        """Return the file of an input image by its hash."""
        return next((self.folder / "pictures").glob(f"{sha256}.*"), None)

    def path_of(self, frame: Frame) -> Path:
        """Return where a frame's picture lies."""
        return (self.store.root / frame.run if frame.run else self.folder / "pictures") / frame.file

    def _revision_there(self) -> int | None:
        try:
            return int(json.loads(self.file.read_bytes())["revision"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{str(self.file)!r} was damaged since it was read: {error}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._make(self.folder)
        mark = hashlib.sha256(str(self.file.name + self.folder.name).encode()).hexdigest()[:12]
        with self.store.lock(f"storyboard-{mark}"):
            yield

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {str(folder)!r}: {error.strerror or error}") from error

    def _linked(self, image: InputImage, place: Path) -> bool:
        """Try to give a picture that lies in the store as it is a second name instead of a copy."""
        try:
            origin = Path(image.origin or "").resolve()
            # A file of the person's own may be written over, wherever it lies; those of the store are not.
            if not self._of_the_store(origin) or origin.read_bytes() != image.content:
                return False
            os.link(origin, place)
        except OSError:
            return False
        return True

    def _of_the_store(self, file: Path) -> bool:
        """Return whether a file is an image of a run or a kept input, and none that a person put there."""
        root = self.store.root.resolve()
        if file.parent == root / ".inputs":
            return True
        if file.parent.parent != root:
            return False
        try:
            images = read(file.parent).record.images
        except StoreError:
            return False
        return any(image.file == file.name for image in images)
