"""PNGs put together by hand, and pictures that hold no request of wannb."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

from pictures import chunk, encoded

from wannb import ImageRequest

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def head(width: int = 768, height: int = 768, *, length: int = 13) -> bytes:
    return chunk(b"IHDR", (struct.pack(">II", width, height) + b"\x08\x02\0\0\0" + bytes(99))[:length])


END = chunk(b"IEND", b"")


def noted(text: bytes, *, flag: bytes = b"\0", keyword: bytes = b"wannb", kind: bytes = b"iTXt") -> bytes:
    """Return a PNG with a text chunk."""
    return SIGNATURE + head() + chunk(kind, keyword + b"\0" + flag + b"\0\0\0" + text) + END


def record(**changes: Any) -> bytes:
    request = ImageRequest(prompt="x", seed=1).as_dict()
    return json.dumps({"wannb": 1, "request": {**request, **changes}}).encode()


BOMB = zlib.compress(bytes(10**8), 1)

NO_REQUEST: dict[str, bytes] = {
    "empty": b"",
    "only a signature": SIGNATURE,
    "a bomb": SIGNATURE + head(65535, 65535) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + END,
    "a text that lies about its length": SIGNATURE + head() + struct.pack(">I", 2**31 - 1) + b"iTXtwannb\0\0\0\0\0{}",
    "a chunk of no length for ever": SIGNATURE + head() + chunk(b"tEXt", b"") * 200_000,
    "a text after the end": SIGNATURE + head() + END + noted(record())[len(SIGNATURE) + 25 :],
    "a text of 2 MB": noted(record(prompt="x" * 2**21)),
    "a packed text": noted(zlib.compress(record()), flag=b"\1"),
    "a packed bomb": noted(BOMB, flag=b"\1"),
    "zTXt": noted(BOMB, kind=b"zTXt"),
    "another keyword": noted(record(), keyword=b"wannb2"),
    "a keyword of spaces": noted(record(), keyword=b" wannb"),
    "deep": noted(b'{"request":' + b"[" * 100_000),
    "deep, but not too deep to be read": noted(b'{"request":' + b"[" * 500 + b"]" * 500 + b"}"),
    "cut JSON": noted(record()[:-9]),
    "a list": noted(b"[1, 2]"),
    "a request that is a text": noted(b'{"request": "x"}'),
    "other letters": noted(record().decode().encode("utf-16")),
    "bad letters": noted(b'{"request": {"prompt": "\xff\xfe"'),
    "a prompt that is a number": noted(record(prompt=7)),
    "boxes without an end": noted(record(bbox_list=7)),
    "pictures that are none": noted(record(images=[3])),
    "NaN": noted(record(seed=float("nan")).replace(b"null", b"NaN").replace(b'"n": 1', b'"n": NaN')),
    "a huge number": noted(record().replace(b'"n": 1', b'"n": ' + b"9" * 5000)),
    "JPEG": encoded("JPEG"),
    "WebP": encoded("WEBP"),
    "GIF": encoded("GIF"),
    "HTML": b"<html></html>",
}
