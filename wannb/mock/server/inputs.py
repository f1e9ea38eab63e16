"""The input images of a request: where each one comes from, and whether the service would take it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import urlsplit

from .exchange import Refused
from .identity import identity

# Documented: formats, sides, ratio and bytes of an input image.
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/bmp": "BMP", "image/webp": "WEBP"}
SIDE_MIN, SIDE_MAX = 240, 8000
RATIO_MAX = 8
BYTES_MAX = 20 * 1024 * 1024

DATA_URI = re.compile(r"data:([a-z0-9.+/-]+);base64,", re.IGNORECASE)
# Whatever is called a key, a token or a password, and the signatures of the big stores.
SIGNED_QUERY = re.compile(
    r"(?i)(?:^|[&;#])(?:[\w-]*(?:sign|sig|expires|key|token|secret|passw|pwd|credential|auth|jwt|hmac|access|session"
    r"|x-amz-|x-oss-)[\w-]*|se|sv|sp|st|code)="
)
USER = re.compile(r"^(\w+://)[^/@]*@")


@dataclass(frozen=True, kw_only=True)
class Source:
    """One input image. `read` gives its bytes, or None where the mock cannot have them: it fetches nothing.

    `size` is width and height in pixels, None where unknown. `reference` is the text the client sent,
    shortened for an inline image.
    """

    reference: str
    size: tuple[int, int] | None = None
    read: Callable[[], bytes | None] = field(default=lambda: None, repr=False)

    @property
    def identity(self) -> str:
        """What a recording calls this image: `image:<identity>`, or its public address."""
        data = self.read()
        return f"image:{identity(data)}" if data is not None else public_address(self.reference)


def public_address(url: str) -> str:
    """Return a URL without a user's name, and without its query where that is a signature: such a URL is a secret."""
    url = USER.sub(r"\1", url)
    head, mark, query = url.partition("?")
    return head if mark and SIGNED_QUERY.search(query) else url


def inline(text: str, where: str) -> Source:
    """Read a `data:<MIME>;base64,<data>` image, checked as documented."""
    start = DATA_URI.match(text)
    if start is None:
        raise Refused(400, "InvalidParameter", f"{where}: a data URI must look like data:image/png;base64,<data>.")
    mime = start.group(1).lower()
    if mime not in FORMATS:
        raise Refused(
            400,
            "InvalidImage.FileFormat",
            f"{where}: image format error: {mime} is not supported; use one of {', '.join(FORMATS)}.",
        )
    try:
        data = base64.b64decode(text[start.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise Refused(
            400, "InvalidParameter", f"{where}: the data URI is not valid base64 (no spaces, no line breaks)."
        ) from None
    size = check(data, where, mime=mime)
    return Source(reference=f"data:{mime}", size=size, read=lambda: data)


def check(data: bytes, where: str, *, mime: str | None = None) -> tuple[int, int]:
    """Return width and height of an encoded image, or refuse what the service would not take."""
    if len(data) > BYTES_MAX:
        raise Refused(400, "InvalidImage.ImageSize", f"{where}: the image has {len(data)} bytes; the limit is 20 MB.")
    name, size, alpha = _look(data, where)
    if name not in FORMATS.values():
        raise Refused(
            400,
            "InvalidImage.FileFormat",
            f"{where}: image format error: {name} is not supported; use JPEG, PNG, BMP or WEBP.",
        )
    if mime is not None and FORMATS[mime] != name:
        raise Refused(
            400,
            "InvalidImage.FileFormat",
            f"{where}: the data URI says {mime} but the image is {name}; make the two agree.",
        )
    if name == "PNG" and alpha:
        raise Refused(
            400,
            "InvalidImage.FileFormat",
            f"{where}: PNG with an alpha channel is not supported; flatten it to RGB first.",
        )
    width, height = size
    if not (SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX):
        raise Refused(
            400,
            "InvalidImageResolution",
            f"{where}: input image too small or too large: it is {width}*{height}, and each side must be "
            f"{SIDE_MIN} to {SIDE_MAX} pixels.",
        )
    if max(size) > RATIO_MAX * min(size):
        raise Refused(
            400,
            "InvalidImageResolution",
            f"{where}: the image is {width}*{height}; its ratio must lie between 1:8 and 8:1.",
        )
    return size


def _look(data: bytes, where: str) -> tuple[str, tuple[int, int], bool]:
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            name = "JPEG" if image.format == "MPO" else str(image.format)
            size = image.size
            alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
            image.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(
            400, "InvalidImageResolution", f"{where}: input image too large: each side may have 8000 pixels."
        ) from None
    except Exception:  # Pillow raises many kinds for a broken file; all mean the same here
        raise Refused(
            400, "InvalidImage.FileFormat", f"{where}: image format error: the image cannot be opened."
        ) from None
    return name, size, alpha


def remote(url: str, where: str) -> Source:
    """Take a public address as it is: the mock never fetches, a placeholder stands for the picture."""
    parts = urlsplit(url)
    if not parts.hostname or any(character.isspace() for character in url):
        raise Refused(400, "InvalidURL", f"{where}: {url[:80]!r} is not a usable http(s) URL.")
    return Source(reference=url)
