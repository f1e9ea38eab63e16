"""Pictures inside a notebook: originals become thumbnails, what cannot be opened safely is told."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

#: The longer side of a thumbnail.
PIXELS = 512
#: Bytes up to which a picture may stay whatever it is: a thumbnail would lose the small print of a figure.
LIGHT = 150_000
_LONGEST = 400_000_000
_QUALITY = 85
_KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_URI = re.compile(
    r"data:image/(?:png|apng|jpe?g|webp|gif|bmp|x-ms-bmp|tiff)(?:;[\w.-]+=[\w.-]+)*;base64,"
    r"([A-Za-z0-9+/=%]+(?:\r?\n[A-Za-z0-9+/=%]+)*)",
    re.I,
)


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """What stands for a picture that was too heavy: the JPEG, and in words what became of what."""

    jpeg: bytes = field(repr=False)
    says: str

    @property
    def text(self) -> str:
        """The JPEG as base64."""
        return base64.b64encode(self.jpeg).decode()


def thumbnail(encoded: str) -> Thumbnail | None:
    """Return a thumbnail for a picture given as base64, None where the picture may stay as it is.

    Raises:
        ValueError: it cannot be opened, or is too large to be opened safely.
    """
    if len(encoded) > _LONGEST:
        raise ValueError(f"a picture of {size(len(encoded) * 3 // 4)} was not opened")
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a picture whose base64 text is damaged") from None
    if not content:
        raise ValueError("a picture without content")
    return _thumbnail(content)


def _thumbnail(content: bytes) -> Thumbnail | None:
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_KINDS) as image:
                if len(content) <= LIGHT or (image.format == "JPEG" and max(image.size) <= PIXELS):
                    return None
                before = f"{image.width}*{image.height}, {size(len(content))}"
                moving = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
                image.draft("RGB", (PIXELS, PIXELS))
                upright = ImageOps.exif_transpose(image)
                jpeg, shown = _jpeg(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError("a picture of far too many pixels was not opened") from None
    except Exception as error:  # Pillow's readers raise what their formats' parsers happen to meet
        raise ValueError(f"a picture that cannot be opened ({type(error).__name__})") from None
    if len(jpeg) >= len(content):
        return None
    kind = "the first picture of an animation" if moving else "thumbnail"
    return Thumbnail(jpeg=jpeg, says=f"picture ({before}) -> {kind} ({shown[0]}*{shown[1]}, {size(len(jpeg))})")


def _jpeg(image: object) -> tuple[bytes, tuple[int, int]]:
    from PIL import Image

    assert isinstance(image, Image.Image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode.startswith("I"):  # 16 bits a pixel
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    elif image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    image.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if image.mode == "RGBA":  # what stood on a page's white stays readable
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return buffer.getvalue(), image.size


def in_text(text: str, changed: Callable[[str], None], wrong: Callable[[str], None]) -> str:
    """Return a text with a thumbnail for every heavy picture that stands in it as a data URI.

    Args:
        text: HTML, Markdown, SVG or any other.
        changed: told what became of each picture.
        wrong: told what is the matter with those that cannot be opened.
    """

    def one(uri: re.Match[str]) -> str:
        try:
            small = thumbnail(unquote(uri[1]))
        except ValueError as error:
            wrong(str(error))
            return uri[0]
        if small is None:
            return uri[0]
        changed(small.says)
        return f"data:image/jpeg;base64,{small.text}"

    return _URI.sub(one, text) if "data:image/" in text.casefold() else text


def size(number: int) -> str:
    """Return a number of bytes in words.

    >>> size(1_234_567)
    '1.2 MB'
    """
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{max(1, round(number / 1000))} kB"
