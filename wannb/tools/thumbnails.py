"""Thumbnails in place of the heavy pictures in a notebook's outputs."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from wannb.translation import Said

#: The longer side of a thumbnail in pixels.
PIXELS = 512
#: Bytes up to which a picture stays as it is: a thumbnail would lose the small print of a figure.
LIGHT = 150_000
_LONGEST = 400_000_000
_QUALITY = 85
_KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_URI = re.compile(
    r"data:image/(?:png|apng|jpe?g|webp|gif|bmp|x-ms-bmp|tiff)(?:;[\w.-]+=[\w.-]+)*;base64,"
    r"([A-Za-z0-9+/=%]+(?:\r?\n[A-Za-z0-9+/=%]+)*)",
    re.I,
)


class Thumbnail(NamedTuple):
    """A JPEG as base64, and a sentence about the picture that it replaces."""

    jpeg: str
    says: Said


def thumbnail(encoded: str) -> Thumbnail | None:
    """Return a thumbnail of a picture given as base64, None if the picture is light enough to stay.

    Raises:
        ValueError: the picture cannot be opened, or not safely. The first argument of the error is a `Said`.
    """
    from PIL import Image

    if len(encoded) > _LONGEST:
        raise ValueError(Said("a picture of {size} was not opened", size=size(len(encoded) * 3 // 4)))
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(Said("the base64 text of a picture is damaged")) from None
    if not content:
        raise ValueError(Said("a picture is empty"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _thumbnail(content)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(Said("a picture has too many pixels to be opened safely")) from None
    except Exception as error:  # Pillow's decoders raise anything for damaged files
        raise ValueError(Said("a picture cannot be opened ({error})", error=type(error).__name__)) from None


def thumbnails_in(text: str, changed: Callable[[Said], None], failed: Callable[[Said], None]) -> str:
    """Return a text with a thumbnail for each heavy picture that it holds as a data URI.

    Args:
        text: HTML, Markdown, SVG or any other text.
        changed: is called with a sentence about each picture that was replaced.
        failed: is called with a sentence about each picture that cannot be opened.
    """

    def replaced(uri: re.Match[str]) -> str:
        try:
            small = thumbnail(unquote(uri[1]))
        except ValueError as error:
            failed(error.args[0])
            return uri[0]
        if small is None:
            return uri[0]
        changed(small.says)
        return f"data:image/jpeg;base64,{small.jpeg}"

    return _URI.sub(replaced, text) if "data:image/" in text.casefold() else text


def size(number: int) -> str:
    """Return a number of bytes in words.

    >>> size(1_234_567)
    '1.2 MB'
    """
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{max(1, round(number / 1000))} kB"


def _thumbnail(content: bytes) -> Thumbnail | None:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=_KINDS) as opened:
        if len(content) <= LIGHT or (opened.format == "JPEG" and max(opened.size) <= PIXELS):
            return None
        before = f"{opened.width}*{opened.height}, {size(len(content))}"
        is_animation = getattr(opened, "is_animated", False) and opened.format != "MPO"
        opened.draft("RGB", (PIXELS, PIXELS))
        image = ImageOps.exif_transpose(opened)
        if image.has_transparency_data:
            image = image.convert("RGBA")
        elif image.mode.startswith("I"):  # 16 bits a pixel
            image = image.convert("I").point(lambda value: value / 256).convert("L")
        elif image.mode not in ("L", "RGB"):
            image = image.convert("RGB")
        image.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if image.mode == "RGBA":  # a page is white, and a JPEG knows no transparency
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    jpeg = buffer.getvalue()
    if len(jpeg) >= len(content):
        return None
    after = f"{image.width}*{image.height}, {size(len(jpeg))}"
    says = (
        Said("picture ({before}) -> first picture of the animation ({after})", before=before, after=after)
        if is_animation
        else Said("picture ({before}) -> thumbnail ({after})", before=before, after=after)
    )
    return Thumbnail(base64.b64encode(jpeg).decode(), says)
