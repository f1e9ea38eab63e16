"""Open the input pictures of a request, fit them to the output, and stand in for those that are missing."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from .canvas import Canvas
from .labels import font
from .order import BADGE_CHUNK

Box = tuple[int, int, int, int]

_COVER = 1.35  # up to this difference of aspect ratio the edges are cut rather than bars added


def opened(data: bytes | None) -> Image.Image | None:
    """Decode an input picture to RGB with its pixels as they are stored; None if that cannot be done."""
    if data is None:
        return None
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            if "A" in picture.mode or "transparency" in picture.info:
                glass = picture.convert("RGBA")
                ground = Image.new("RGB", glass.size, (255, 255, 255))
                ground.paste(glass, (0, 0), glass)
                return ground
            plain: Image.Image = picture.convert("RGB")
            return plain
    except Exception:  # hostile bytes make Pillow raise almost anything; the mock shows a placeholder
        return None


def badge_of(data: bytes | None) -> Box | None:
    """Tell where the badge lies on a picture that the mock itself drew."""
    if data is None:
        return None
    try:
        with Image.open(io.BytesIO(data)) as picture:
            x1, y1, x2, y2 = map(int, str(picture.info[BADGE_CHUNK]).split())
    except Exception:  # not a picture, or none of ours
        return None
    return x1, y1, x2, y2


def placeholder(number: int, size: tuple[int, int]) -> Image.Image:
    """Draw a neutral card: a crossed landscape and the number of the picture it stands for."""
    canvas = Canvas(size)
    canvas.gradient(0, canvas.height, ((226, 228, 236), (206, 210, 222)))
    pen = canvas.pen(canvas.width / 2, canvas.height / 2 - 0.04, 0.52)
    line, pale = (150, 156, 174), (238, 240, 246)
    pen.rect(-0.5, -0.38, 0.5, 0.38, line, 0.06)
    pen.rect(-0.46, -0.34, 0.46, 0.34, pale, 0.04)
    pen.disc(-0.22, -0.14, 0.08, line)
    pen.poly([(-0.42, 0.3), (-0.14, 0.0), (0.02, 0.16), (0.2, -0.08), (0.42, 0.3)], line)
    pen.taper([(-0.52, 0.44), (0.52, -0.44)], 0.1, 0.1, pale)
    pen.taper([(-0.52, 0.44), (0.52, -0.44)], 0.045, 0.045, (206, 110, 104))
    picture = canvas.finish()
    height = max(9, round(min(size) * 0.075))
    spot = (size[0] / 2, size[1] / 2 + min(size) * 0.25)
    ImageDraw.Draw(picture).text(spot, f"image {number}", fill=(96, 102, 122), font=font(height), anchor="mm")
    return picture


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """An input picture at output size, and how its pixels came there."""

    picture: Image.Image
    scale: float
    left: float
    top: float

    def box(self, box: Box) -> Box | None:
        """Carry a box of the input to the output; None if nothing of it can be seen."""
        width, height = self.picture.size
        x1, y1, x2, y2 = box
        found = (
            max(0, round(x1 * self.scale + self.left)), max(0, round(y1 * self.scale + self.top)),
            min(width, round(x2 * self.scale + self.left)), min(height, round(y2 * self.scale + self.top)),
        )  # fmt: skip
        return found if found[2] - found[0] >= 2 and found[3] - found[1] >= 2 else None


def fitted(source: Image.Image, size: tuple[int, int], *, whole: bool = False) -> Fitted:
    """Fit a picture to a size: cut a little off the edges, or lay it whole on its own blur."""
    ratios = (size[0] / source.width, size[1] / source.height)
    if max(ratios) / min(ratios) <= _COVER and not (whole and max(ratios) / min(ratios) > 1.02):
        scale = max(ratios)
        left, top = (size[0] - source.width * scale) / 2, (size[1] - source.height * scale) / 2
        seen = (-left / scale, -top / scale, (size[0] - left) / scale, (size[1] - top) / scale)
        seen = (max(0.0, seen[0]), max(0.0, seen[1]), min(source.width, seen[2]), min(source.height, seen[3]))
        picture = source.resize(size, Image.Resampling.BICUBIC, seen, reducing_gap=2.0)
        return Fitted(picture=picture, scale=scale, left=left, top=top)
    scale = min(ratios)
    inner = (max(1, round(source.width * scale)), max(1, round(source.height * scale)))
    ground = source.resize((48, 48), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(5))
    picture = ground.resize(size, Image.Resampling.BICUBIC).point(lambda value: value * 0.8)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    picture.paste(source.resize(inner, Image.Resampling.BICUBIC, reducing_gap=2.0), (left, top))
    return Fitted(picture=picture, scale=scale, left=float(left), top=float(top))


def covering(source: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Cut the middle of a picture so that it fills a size."""
    scale = max(size[0] / source.width, size[1] / source.height)
    half = (size[0] / scale / 2, size[1] / scale / 2)
    x, y = source.width / 2, source.height / 2
    seen = (
        max(0.0, x - half[0]),
        max(0.0, y - half[1]),
        min(source.width, x + half[0]),
        min(source.height, y + half[1]),
    )
    return source.resize(size, Image.Resampling.BICUBIC, seen, reducing_gap=2.0)
