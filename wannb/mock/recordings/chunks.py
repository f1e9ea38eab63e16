"""PNG chunks of the pictures that are stored or replayed: read them, and leave out what is no picture."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from io import BytesIO

PNG_START = b"\x89PNG\r\n\x1a\n"
DRAWN_CHUNK = b"wannb-mock"
DRAWN_KEY = re.compile(rb"[0-9a-f]{64}")
# What the pixels are and what they look like. All else can say who made them: texts, EXIF, content credentials.
PIXELS = (b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs", b"IEND")
PIXELS_MOST = 100_000_000  # six times the largest documented picture


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each whole chunk."""
    for kind, start, end in _spans(data):
        yield kind, data[start:end]


def filtered(data: bytes, keep: Callable[[bytes, bytes], bool]) -> bytes:
    """Return a PNG with those chunks alone that `keep` wants, byte for byte; what follows its end is left out.

    Raises:
        ValueError: the file is cut.
    """
    pieces = [PNG_START]
    for kind, start, end in _spans(data):
        if keep(kind, data[start:end]):
            pieces.append(data[start - 8 : end + 4])
        if kind == b"IEND":
            return b"".join(pieces)
    raise ValueError("The picture is cut.")


def drawn_key(data: bytes) -> str:
    """Return the key the mock wrote into a PNG it drew, or "" for any other picture."""
    for kind, content in chunks(data):
        if _is_drawn_key(kind, content):
            return content.partition(b"\0")[2].decode("ascii")
    return ""


def bare(data: bytes) -> bytes:
    """Return a picture as a PNG that holds its pixels and their colours and no word of where it came from.

    A PNG is not encoded again. The key of a picture that the mock drew stays: it is made from the request alone.

    Raises:
        ValueError: it is no picture, it is cut, or it is larger than any documented one.
    """
    if data.startswith(PNG_START):
        return filtered(data, lambda kind, content: kind in PIXELS or _is_drawn_key(kind, content))
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            if image.width * image.height > PIXELS_MOST:
                raise ValueError("The picture is larger than any documented one.")
            plain = Image.frombytes("RGB", image.size, image.convert("RGB").tobytes())
    except (OSError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError("This is no picture.") from None
    out = BytesIO()
    plain.save(out, "PNG")
    return out.getvalue()


def without_text(data: bytes, keyword: str) -> bytes:
    """Return a picture without the uncompressed international texts of a keyword; any other file as it is."""
    if not data.startswith(PNG_START):
        return data
    start = keyword.encode("latin-1") + b"\0\0\0\0\0"
    return filtered(data, lambda kind, content: not (kind == b"iTXt" and content.startswith(start)))


def _is_drawn_key(kind: bytes, content: bytes) -> bool:
    keyword, _, value = content.partition(b"\0") if kind == b"tEXt" else (b"", b"", b"")
    return keyword == DRAWN_CHUNK and DRAWN_KEY.fullmatch(value) is not None


def _spans(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    place = len(PNG_START)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        start = place + 8
        if start + length + 4 > len(data):
            return
        yield data[place + 4 : start], start, start + length
        place = start + length + 4
