"""PNG files as they came: check them, put one text chunk in, read it again. Nothing is ever re-encoded.

Saving with an image library would cost seconds, turn 16-bit pictures to 8-bit and drop colour and provenance chunks;
a chunk put in leaves every other byte as the vendor wrote it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">I4s")
#: A request is a few kilobytes; what is larger was not written here.
MAX_TEXT = 1024 * 1024
#: Bytes of the first chunk's content.
_HEADER = 13
#: A file of the largest size in the smallest usual chunks has 8,000; a hostile one of 256 MB could have millions.
_MOST_CHUNKS = 100_000


def is_png(data: bytes) -> bool:
    """Return whether the bytes begin like a PNG file."""
    return data.startswith(_SIGNATURE)


def check(data: bytes) -> tuple[int, int]:
    """Return width and height in pixels of a whole PNG; raise `ValueError` for one that is cut or damaged."""
    size: tuple[int, int] | None = None
    for kind, start, end in _chunks(data):
        if kind == b"IHDR" and end - start == _HEADER:
            size = struct.unpack(">II", data[start : start + 8])
        if zlib.crc32(data[start - 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise ValueError(f"damaged: the checksum of chunk {kind!r} is wrong")
        if kind == b"IEND":
            if size is None or 0 in size:
                raise ValueError("damaged: it has no header that says its size")
            return size
    raise ValueError("cut: the file ends before its last chunk")


def with_text(data: bytes, keyword: str, text: str) -> bytes:
    """Return the PNG with an uncompressed iTXt chunk after its header, all other bytes as they were."""
    content = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8", "replace")
    chunk = _HEAD.pack(len(content), b"iTXt") + content
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    after_header = len(_SIGNATURE) + _HEAD.size + _HEADER + 4
    # One copy, not two: the largest are 40 MB, and several are saved at once.
    return b"".join((data[:after_header], chunk, memoryview(data)[after_header:]))


def read_text(data: bytes, keyword: str) -> str | None:
    """Return the text that `with_text` put in, None if there is none.

    Reads only uncompressed chunks of at most 1 MB, so a hostile file cannot swell.
    """
    wanted = keyword.encode("latin-1") + b"\0\0\0\0\0"
    for kind, start, end in _chunks(data):
        if kind == b"iTXt" and end - start <= MAX_TEXT and data.startswith(wanted, start):
            return data[start + len(wanted) : end].decode("utf-8", "replace")
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and end of the content of each whole chunk."""
    if not is_png(data):
        raise ValueError("not a PNG file")
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
    raise ValueError(f"damaged: it has over {_MOST_CHUNKS:,} chunks")
