"""Bytes for the browser in pieces of text that its page asks for: some front ends lose the binary parts of messages.

A widget hands each custom message to its `Pieces`; `static/pieces.js` asks, puts the pieces together and has a Blob.
Nothing of it is in a trait, so nothing of it is saved in a notebook.
"""

from __future__ import annotations

import binascii
import io
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from wannb.files import check_plain
from wannb.masking import mask
from wannb.threads import Threads
from wannb.translation import Said, override, say

#: Bytes of a piece; as base64 they are 512 KiB.
PIECE = 384 * 1024
#: Files under way at a time; a page that was closed in the middle leaves its own behind.
_MOST = 8
#: What is sent: bytes, a file's path, or an open file, which is closed at the end.
Source = bytes | Path | IO[bytes]


class Pieces:
    """Sends what a page asks for.

    Args:
        found: returns what is meant by a page's question, a name and its bytes. It is called on a thread of its own,
            so it may take its time; the page shows the text of what it raises.

    >>> pieces = Pieces(widget.send, lambda what: ("cat.png", path), "en")    # doctest: +SKIP
    >>> widget.on_msg(lambda _, content, buffers: pieces.take(content))    # doctest: +SKIP
    """

    def __init__(
        self, send: Callable[[dict[str, Any]], object], found: Callable[[Any], tuple[str, Source]], language: str
    ) -> None:
        self._send, self._found, self._language = send, found, language
        self._open: dict[str, _Sent] = {}
        self._lock = threading.Lock()
        self._threads = Threads(2, name="wannb-pieces")

    def take(self, content: Any) -> bool:
        """Answer a message, and return whether it was one about pieces."""
        kind = content.get("kind") if isinstance(content, Mapping) else None
        if kind not in ("ask", "next", "end"):
            return False
        key = str(content.get("id"))
        if kind == "ask":
            self._threads.submit(self._safely, key, self._begin, content.get("what"))
        elif kind == "next":
            self._safely(key, self._piece, content.get("index"))
        else:
            self._drop(key)
        return True

    def close(self) -> None:
        """Close all files, once those that are being looked for are found."""
        self._threads.shutdown()
        for key in list(self._open):
            self._drop(key)

    def _begin(self, key: str, what: Any) -> None:
        name, source = self._found(what)
        sent = _Sent(source)
        with self._lock:
            self._open[key] = sent
            old = [*self._open][:-_MOST]
        for each in old:
            self._drop(each)
        self._send({"kind": "found", "id": key, "name": name, "size": sent.size})

    def _piece(self, key: str, index: Any) -> None:
        sent = self._open.get(key)
        if sent is not None and isinstance(index, int) and 0 <= index * PIECE < sent.size:
            text = binascii.b2a_base64(sent.piece(index), newline=False).decode()
            self._send({"kind": "piece", "id": key, "index": index, "text": text})

    def _safely(self, key: str, act: Callable[[str, Any], None], value: Any) -> None:
        with override(self._language):
            try:
                act(key, value)
            except Exception as error:
                self._drop(key)
                self._send({"kind": "failed", "id": key, "why": _plain(error)})

    def _drop(self, key: str) -> None:
        with self._lock:
            sent = self._open.pop(key, None)
        if sent is not None:
            sent.close()


def _plain(error: Exception) -> str:
    """Return an error as a sentence, in the current language."""
    if isinstance(error, FileNotFoundError):
        return say("the file is gone: {path}", path=error.filename)
    said = getattr(error, "said", None) or (error.args[0] if error.args else "")
    if isinstance(said, Said):
        return say(said)
    return mask(error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__


class _Sent:
    """Bytes on their way. A file is opened for each piece alone, so that none stays open."""

    def __init__(self, source: Source) -> None:
        self._source: Path | IO[bytes] = io.BytesIO(source) if isinstance(source, bytes) else source
        self._lock = threading.Lock()
        if isinstance(self._source, Path):
            check_plain(self._source, links=False)
            self.size = self._source.stat().st_size
        else:
            self.size = self._source.seek(0, os.SEEK_END)

    def piece(self, index: int) -> bytes:
        with self._lock:
            if isinstance(self._source, Path):
                with self._source.open("rb") as file:
                    content = self._read(file, index)
            else:
                content = self._read(self._source, index)
        if len(content) != min(PIECE, self.size - index * PIECE):
            raise OSError(say("the file changed while it was sent; try again"))
        return content

    def close(self) -> None:
        if not isinstance(self._source, Path):
            with self._lock, suppress(OSError):
                self._source.close()

    @staticmethod
    def _read(file: IO[bytes], index: int) -> bytes:
        file.seek(index * PIECE)
        return file.read(PIECE)
