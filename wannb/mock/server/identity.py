"""What a picture is called in a recording: a name that hangs on its content, never its bytes.

`drawn:<key>` for a picture of the mock's own hand, `pixels:<sha256>` for any other PNG (encoders differ, pixels
do not), `bytes:<sha256>` for everything else.
"""

from __future__ import annotations

import hashlib
from io import BytesIO

from wannb.mock.recordings.chunks import PNG_START, drawn_key


def identity(data: bytes) -> str:
    """Return the identity of an encoded picture, such as `drawn:3f2a...`."""
    if not data.startswith(PNG_START):
        return f"bytes:{hashlib.sha256(data).hexdigest()}"
    key = drawn_key(data)
    if key:
        return f"drawn:{key}"
    return _pixels(data) or f"bytes:{hashlib.sha256(data).hexdigest()}"


def _pixels(data: bytes) -> str:
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            pixels = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return ""
    head = f"RGB {pixels.width}x{pixels.height}\n".encode()
    return f"pixels:{hashlib.sha256(head + pixels.tobytes()).hexdigest()}"
