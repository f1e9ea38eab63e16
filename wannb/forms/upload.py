"""Upload of files of any size from the browser to a folder on the kernel's machine, in pieces.

ipywidgets' own `FileUpload` puts all files into one message, and one of more than 10 MiB is lost silently. Here each
file comes in pieces, a few of them under way until the kernel has written them. A piece is text, since some front ends
lose the binary parts of messages, and at most 512 KiB.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import secrets
import threading
import unicodedata
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import traitlets

from wannb.display import ELEMENTS, esm
from wannb.files import make_folder, mode_in, rename
from wannb.masking import mask
from wannb.request import MAX_FILE
from wannb.translation import Said, Words, override

from .controls import STATIC, Listener

CHUNK = 384 * 1024  # bytes of a piece; as base64 they are 512 KiB
WINDOW = 8  # pieces under way at a time
PATIENCE = 60  # seconds without an answer after which the page gives a file up
_MB = 1024 * 1024
_NAME_LENGTH, _NAME_BYTES, _SUFFIX_LENGTH = 80, 230, 12
_LOST = Said("its pieces arrived incomplete, twice or out of order; upload it again, or write its path below")
#: What stands before the name of an uploaded file in its folder: the beginning of its hash.
_KEPT = re.compile(r"^[0-9a-f]{12}-(?=.)")
_FORBIDDEN = '/\\:*?"<>|'


class Upload(Listener):
    """A button and drop zone that brings files to a folder.

    Args:
        folder: made when the first file comes.
        arrived: called with the path of each complete file; what it raises is shown to the person. Front ends choose
            the thread: JupyterLab 4.6 with ipykernel 7.4 calls on one of its own, while cells run.
        accept: pictures, or the endings of files, with commas between them.
        texts: of the page, in the place of those of pictures.

    Attributes:
        problems: what went wrong, in sentences, until a person dismisses them.
    """

    _esm = esm(ELEMENTS, STATIC / "upload.js")
    _css = STATIC / "upload.css"

    limit = traitlets.Int(MAX_FILE).tag(sync=True)
    chunk = traitlets.Int(CHUNK).tag(sync=True)
    window = traitlets.Int(WINDOW).tag(sync=True)
    patience = traitlets.Int(PATIENCE).tag(sync=True)
    problems = traitlets.List(traitlets.Unicode()).tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    accept = traitlets.Unicode("image/*").tag(sync=True)

    def __init__(
        self,
        folder: Path,
        arrived: Callable[[Path], object],
        *,
        words: Words | None = None,
        accept: str = "image/*",
        texts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._words = words or Words()
        self._folder = folder
        self._arrived = arrived
        self._incoming: dict[str, _Incoming] = {}
        self._lock = threading.RLock()
        super().__init__(accept=accept, texts={**_texts(self._words), **texts})
        # Also when the kernel ends: no incomplete file is left.
        weakref.finalize(self, _discard_all, self._incoming)

    def close(self) -> None:
        """Close the widget and delete incomplete files."""
        with self._lock:
            _discard_all(self._incoming)
        super().close()

    def _take(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        kind, key = content.get("kind"), str(content.get("id"))
        whole: Path | None = None
        with self._lock:
            if kind == "dismiss":
                self.problems = []
                return
            name = self._incoming[key].name if key in self._incoming else str(content.get("name") or "")
            try:
                if kind == "begin":
                    self._begin(key, name, content.get("size"))
                elif kind == "chunk":
                    whole = self._chunk(key, content.get("index"), _piece(content.get("text"), buffers))
                elif kind == "cancel":
                    self._drop(key)
                    self._answer(key, "canceled")
            except Exception as error:
                self._drop(key)
                self._fail(key, name, error)
        # Without the lock: messages may come on another thread than the cells', and a callback may wait for that one.
        if whole is not None:
            self._tell(key, name, whole)

    def _begin(self, key: str, name: str, size: object) -> None:
        if key in self._incoming:
            raise _Broken(self._words(_LOST))
        if not isinstance(size, int) or isinstance(size, bool) or size <= 0:
            raise _Broken(self._words("the file is empty"))
        if size > self.limit:
            raise _Broken(self._words("the file is over {most} MB; save a smaller copy", most=self.limit // _MB))
        self._incoming[key] = _Incoming(self._folder, name, size)
        self._answer(key, "ready")

    def _chunk(self, key: str, index: object, piece: Any) -> Path | None:
        incoming = self._incoming.get(key)
        if incoming is None:
            return None  # refused or canceled in the meantime
        if not isinstance(index, int) or not incoming.add(index, piece):
            raise _Broken(self._words(_LOST))
        self._answer(key, "taken", pieces=incoming.pieces)
        return self._incoming.pop(key).finish() if incoming.whole else None

    def _tell(self, key: str, name: str, path: Path) -> None:
        try:
            with override(self._words.language):
                self._arrived(path)
        except Exception as error:
            self._fail(key, name, error)
        else:
            self._answer(key, "done")

    def _drop(self, key: str) -> None:
        incoming = self._incoming.pop(key, None)
        if incoming is not None:
            incoming.discard()

    def _fail(self, key: str, name: str, error: Exception) -> None:
        sentence = self._words("{file}: {why}", file=safe_name(name), why=self._plain(error))
        with self._lock:
            self.problems = [*self.problems, sentence]
        self._answer(key, "failed")

    def _plain(self, error: Exception) -> str:
        if isinstance(error, OSError) and error.strerror:
            return self._words("it could not be saved ({reason})", reason=error.strerror)
        return mask(str(error)).strip() or type(error).__name__

    def _answer(self, key: str, kind: str, **more: object) -> None:
        self.send({"kind": kind, "id": key, **more})


class _Broken(Exception):
    """Why a file cannot be accepted, in the person's language."""


def own_name(name: str) -> str:
    """Return the name that an uploaded file had where it came from.

    >>> own_name("0a1b2c3d4e5f-cat.png")
    'cat.png'
    """
    return _KEPT.sub("", name)


class _Incoming:
    """A file on its way: pieces are written in their order, those that arrive early wait."""

    def __init__(self, folder: Path, name: str, size: int) -> None:
        self.name, self.size, self.pieces = name, size, 0
        self._folder, self._written = folder, 0
        self._hash = hashlib.sha256()
        self._early: dict[int, bytes] = {}
        folder.parent.mkdir(0o700, parents=True, exist_ok=True)  # the runs folder
        make_folder(folder)
        self._part = folder / f".upload-{secrets.token_hex(8)}.part"
        self._part.touch(mode_in(folder), exist_ok=False)
        self._file = self._part.open("wb")

    @property
    def whole(self) -> bool:
        return self._written == self.size

    def add(self, index: int, piece: Any) -> bool:
        """Add a piece; return False for one that is not due or has the wrong length."""
        expected = min(CHUNK, self.size - index * CHUNK)
        at_hand = index in self._early or not self.pieces <= index < self.pieces + WINDOW
        if at_hand or memoryview(piece).nbytes != expected:
            return False
        self._early[index] = bytes(piece)
        while self.pieces in self._early:
            ready = self._early.pop(self.pieces)
            self._file.write(ready)
            self._hash.update(ready)
            self._written += len(ready)
            self.pieces += 1
        return True

    def finish(self) -> Path:
        """Move the complete file to its place and return its path."""
        try:
            self._file.close()
            if self._part.stat().st_size != self.size:
                raise OSError(0, "the file on disk is shorter than the upload")
            path = self._folder / f"{self._hash.hexdigest()[:12]}-{safe_name(self.name)}"
            rename(self._part, path)
        except OSError:
            self.discard()
            raise
        return path

    def discard(self) -> None:
        """Delete what has arrived so far."""
        with suppress(OSError):  # a full disk says so again at closing
            self._file.close()
        self._part.unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """Return a file name that every file system accepts, at most 80 characters, with its ending kept.

    >>> safe_name("../../etc/花 瓶?.png")
    '花 瓶_.png'
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join("_" if letter in _FORBIDDEN else letter for letter in last if unicodedata.category(letter)[0] != "C")
    stem, dot, suffix = kept.strip(" .").rpartition(".")
    if not stem or len(suffix) > _SUFFIX_LENGTH:
        stem, dot, suffix = kept.strip(" ."), "", ""
    stem = stem[: _NAME_LENGTH - len(dot + suffix)]
    while len((stem + dot + suffix).encode()) > _NAME_BYTES:
        stem = stem[:-1]
    return (stem.rstrip(" .") or "picture") + dot + suffix


def _piece(text: object, buffers: Sequence[Any]) -> Any:
    """Return the bytes of a piece, from text or from the binary part of a message; none that fit when they are lost."""
    if isinstance(text, str):
        with suppress(ValueError):
            return binascii.a2b_base64(text)
    return buffers[0] if len(buffers) == 1 else b""


def _discard_all(incoming: dict[str, _Incoming]) -> None:
    while incoming:
        incoming.popitem()[1].discard()


def _texts(words: Words) -> dict[str, str]:
    """Return the texts of the page; names in braces are filled in there."""
    return {
        "button": words("Upload pictures…"),
        "hint": words("or drop or paste them here"),
        "drop": words("Drop them here"),
        "label": words("Upload pictures"),
        "waiting": words("{file}: in the queue"),
        "progress": words("{file}: {done} of {total} MB"),
        "slow": words("{file}: waiting for Python, which may be busy with a cell"),
        "lost": words(
            "{file}: not uploaded, since Python did not answer for {seconds} s. It is busy with a cell, or its kernel "
            "is gone: upload the file again later, or write its path below."
        ),
        "opening": words("{file}: opening"),
        "done": words("{file}: uploaded"),
        "canceled": words("{file}: canceled"),
        "cancel": words("Cancel"),
        "cancelOf": words("Cancel {file}"),
        "dismiss": words("Dismiss"),
        "tooLarge": words("{file}: {size} MB; at most {most} MB. Save a smaller copy."),
        "empty": words("{file}: the file is empty"),
        "unreadable": words("{file}: the browser cannot read this file; a folder cannot be uploaded"),
        "wrongKind": words("{file}: this is not a picture"),
    }
