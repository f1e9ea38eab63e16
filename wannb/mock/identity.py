"""What a picture is called in a recording: a name that hangs on its content, never its bytes.

`drawn:<key>` for a picture of the mock's own hand, `pixels:<sha256>` for any other PNG (encoders differ, pixels
do not), `bytes:<sha256>` for everything else.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from io import BytesIO

PNG_START = b"\x89PNG\r\n\x1a\n"
DRAWN_CHUNK = b"wannb-mock"
KEY = re.compile(rb"[0-9a-f]{64}")


def identity(data: bytes) -> str:
    """Return the identity of an encoded picture, such as `drawn:3f2a...`."""
    if not data.startswith(PNG_START):
        return f"bytes:{hashlib.sha256(data).hexdigest()}"
    key = drawn_key(data)
    if key:
        return f"drawn:{key}"
    return _pixels(data) or f"bytes:{hashlib.sha256(data).hexdigest()}"


def drawn_key(data: bytes) -> str:
    """Return the key the mock wrote into a PNG it drew, or "" for any other picture."""
    for kind, payload in _chunks(data):
        if kind == b"tEXt":
            keyword, _, value = payload.partition(b"\0")
            if keyword == DRAWN_CHUNK and KEY.fullmatch(value):
                return value.decode("ascii")
    return ""


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(PNG_START)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def _pixels(data: bytes) -> str:
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            pixels = image.convert("RGB")
    except (OSError, ValueError, SyntaxError):
        return ""
    head = f"RGB {pixels.width}x{pixels.height}\n".encode()
    return f"pixels:{hashlib.sha256(head + pixels.tobytes()).hexdigest()}"
