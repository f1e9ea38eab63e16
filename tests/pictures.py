"""Pictures for tests: of one color, or of noise."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import zlib
from typing import Any

from PIL import Image

from wannb.mock import App, Request, Response
from wannb.mock.drawing import Drawing


def encoded(
    kind: str = "PNG", size: tuple[int, int] = (320, 240), mode: str = "RGB", color: Any = 90, **options: Any
) -> bytes:
    """Return a picture of one color."""
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def noise(side: int, seed: int = 0, kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture that no encoder makes small."""
    out = io.BytesIO()
    pixels = random.Random(seed).randbytes(side * side * len(mode))
    Image.frombytes(mode, (side, side), pixels).save(out, kind, compress_level=0, **options)
    return out.getvalue()


# In place of the mock's own pictures, which take longer to draw than all that is tested


def plain_picture(name: str, size: tuple[int, int] = (320, 240)) -> bytes:
    """Return a PNG whose color is made from a name."""
    return encoded(size=size, color=tuple(hashlib.sha256(name.encode()).digest()[:3]), compress_level=1)


def quick_picture(drawing: Drawing) -> bytes:
    """Draw one color made from what is asked in place of a scene."""
    return plain_picture(repr((drawing.prompt, drawing.seed, drawing.index)), drawing.size)


def handled(app: App, request: Request) -> Response:
    """Answer as the app does, links that have expired as well, but with a plain picture."""
    if request.method == "GET" and request.path.endswith(".png") and int(request.query["Expires"]) > app.now():
        size = app.images._results[request.path].size
        return Response(headers={"content-type": "image/png"}, body=plain_picture(request.path, size))
    return app.handle(request)
