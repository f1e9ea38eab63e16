"""PNG files, chunk by chunk: check, add a text, read it, leave chunks out. Pixels are never encoded again.

Saving with an image library would take seconds, turn 16-bit pictures into 8-bit ones and drop color and provenance
chunks. Adding a chunk leaves every other byte as the vendor wrote it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import starmap

from .translation import say

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">I4s")
#: Bytes of a text that is read; a request has a few kilobytes.
MAX_TEXT = 1024 * 1024
#: Bytes of the first chunk's content.
_HEADER = 13
#: A file of the largest size in the smallest usual chunks has 8,000; a hostile one of 256 MB could have millions.
_MOST_CHUNKS = 100_000


def is_png(data: bytes) -> bool:
    """Return whether the bytes begin like a PNG file."""
    return data.startswith(_SIGNATURE)


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each whole chunk, up to the end or to where the file is cut.

    Raises:
        ValueError: not a PNG file, or over 100,000 chunks.
    """
    return ((kind, data[start:end]) for kind, start, end in _spans(data))


def filtered(data: bytes, keep: Callable[[bytes, bytes], bool]) -> bytes:
    """Return a PNG with only the chunks for which `keep(kind, content)` is true, each byte for byte.

    What follows the last chunk is left out.

    Raises:
        ValueError: not a PNG file, or one that is cut.
    """
    pieces = [_SIGNATURE]
    for kind, start, end in _spans(data):
        if keep(kind, data[start:end]):
            pieces.append(data[start - _HEAD.size : end + 4])
        if kind == b"IEND":
            return b"".join(pieces)
    raise ValueError(say("cut: the file ends before its last chunk"))


def check(data: bytes) -> tuple[int, int]:
    """Return width and height in pixels of a whole PNG; raise `ValueError` for one that is cut or damaged."""
    size: tuple[int, int] | None = None
    for kind, start, end in _spans(data):
        if kind == b"IHDR" and end - start == _HEADER:
            size = struct.unpack_from(">II", data, start)
        if zlib.crc32(data[start - 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise ValueError(say("damaged: the checksum of chunk {chunk} is wrong", chunk=repr(kind)))
        if kind == b"IEND":
            if size is None or 0 in size:
                raise ValueError(say("damaged: no header with a size"))
            return size
    raise ValueError(say("cut: the file ends before its last chunk"))


def with_texts(data: bytes, texts: Mapping[str, str]) -> bytes:
    """Return the PNG with uncompressed iTXt chunks after its header, by keyword; all other bytes stay as they were."""
    after_header = len(_SIGNATURE) + _HEAD.size + _HEADER + 4
    # One copy, not two: the largest are 40 MB, and several are saved at once.
    return b"".join((data[:after_header], *starmap(text_chunk, texts.items()), memoryview(data)[after_header:]))


def text_chunk(keyword: str, text: str) -> bytes:
    """Return the chunk of a text, as `with_texts` writes it."""
    content = _text_start(keyword) + text.encode("utf-8", "replace")
    chunk = _HEAD.pack(len(content), b"iTXt") + content
    return chunk + struct.pack(">I", zlib.crc32(chunk[4:]))


def read_text(data: bytes, keyword: str) -> str | None:
    """Return the text that `with_texts` added, of 1 MB at most, so that no file can swell; None if there is none."""
    wanted = _text_start(keyword)
    for kind, start, end in _spans(data):
        if kind == b"iTXt" and end - start <= MAX_TEXT and data.startswith(wanted, start):
            return data[start + len(wanted) : end].decode("utf-8", "replace")
    return None


def _text_start(keyword: str) -> bytes:
    return keyword.encode("latin-1") + b"\0\0\0\0\0"


def _spans(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and end of the content of each whole chunk."""
    if not is_png(data):
        raise ValueError(say("not a PNG file"))
    place = len(_SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        if place + _HEAD.size + 4 > len(data):
            return
        length, kind = _HEAD.unpack_from(data, place)
        start = place + _HEAD.size
        if start + length + 4 > len(data):
            return
        yield kind, start, start + length
        if kind == b"IEND":
            return
        place = start + length + 4
    raise ValueError(say("damaged: over {most} chunks", most=f"{_MOST_CHUNKS:,}"))
