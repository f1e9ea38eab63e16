"""Strokes over a frame: arrows and pen lines as numbers, kept apart from the picture and drawn over it when shown."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from wannb.display import remember
from wannb.translation import say

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

Point = tuple[float, float]

#: Strokes over a frame, and points of one, at most.
MOST_STROKES, MOST_POINTS = 60, 400
#: The width of a line and the length of an arrow's head, as shares of the picture's longer side.
_WIDTH, _HEAD = 0.008, 0.035
_COLOR = re.compile(r"#[0-9a-f]{6}")
#: Around each stroke, so that it is seen on every picture.
_HALO = "#ffffff"
#: Pixels of the longer side up to which strokes are drawn twice as large, for smooth edges.
_SMOOTH = 2400


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """An arrow from its first point to its second, or a line of the pen.

    Args:
        kind: "arrow" or "pen".
        points: of the line, each `(x, y)` as shares of the frame's width and height, 0 to 1, from the top left corner;
            two of an arrow, 2 to 400 of the pen.
        color: "#rrggbb".

    Raises:
        TypeError, ValueError: anything else.

    >>> Stroke(kind="arrow", points=[(0.2, 0.5), (0.8, 0.5)]).color
    '#e5322d'
    """

    kind: Literal["arrow", "pen"]
    points: tuple[Point, ...]
    color: str = "#e5322d"

    def __post_init__(self) -> None:
        if self.kind not in ("arrow", "pen"):
            raise ValueError(say("a stroke is an 'arrow' or a line of the 'pen', not {value}", value=repr(self.kind)))
        if not isinstance(self.color, str) or not _COLOR.fullmatch(self.color.lower()):
            raise ValueError(say("a stroke's color is '#rrggbb', not {value}", value=repr(self.color)))
        try:
            points = tuple((round(float(x), 4), round(float(y), 4)) for x, y in self.points)
        except (TypeError, ValueError):
            raise TypeError(say("a stroke's points are pairs (x, y), not {value}", value=repr(self.points))) from None
        if not all(math.isfinite(share) and 0 <= share <= 1 for point in points for share in point):
            raise ValueError(say("a stroke's points are shares of the frame's width and height, each 0 to 1"))
        most = 2 if self.kind == "arrow" else MOST_POINTS
        if not 2 <= len(points) <= most:
            raise ValueError(say("{n} points: an arrow has 2, a line of the pen 2 to {most}", n=len(points), most=most))
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "color", self.color.lower())


def as_strokes(values: Iterable[Stroke | Mapping[str, Any]]) -> tuple[Stroke, ...]:
    """Return strokes from strokes or mappings; `TypeError` or `ValueError` for anything else, and for over 60."""
    strokes = tuple(each if isinstance(each, Stroke) else Stroke(**each) for each in values)
    if len(strokes) > MOST_STROKES:
        raise ValueError(say("{n} strokes over one frame; at most {most}", n=len(strokes), most=MOST_STROKES))
    return strokes


def over_picture(image: Image.Image, strokes: Sequence[Stroke]) -> Image.Image:
    """Return a picture with strokes drawn over it, as a copy; the picture itself without any."""
    if not strokes:
        return image
    from PIL import Image, ImageDraw

    scale = 2 if max(image.size) <= _SMOOTH else 1
    size = (image.width * scale, image.height * scale)
    layer = Image.new("RGBA", size, (255, 255, 255, 0))
    draw = ImageDraw.Draw(layer)
    for stroke in strokes:
        shapes = _shapes(stroke, size)
        for halo in (True, False):
            color, more = (_HALO, 1.6) if halo else (stroke.color, 1.0)
            for line, head, width in shapes:
                wide = max(1, round(width * more))
                draw.line(line, fill=color, width=wide, joint="curve")
                for x, y in (line[0], line[-1]):
                    draw.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=color)
                if head:
                    draw.polygon(head, fill=color, outline=color, width=max(1, round(wide - width)))
    if scale > 1:
        layer = layer.resize(image.size, Image.Resampling.LANCZOS)
    marked = image.convert("RGBA")
    marked.alpha_composite(layer)
    return marked.convert("RGB")


def over_jpeg(jpeg: bytes, strokes: Sequence[Stroke], of: Path | None = None) -> bytes:
    """Return a JPEG with strokes drawn over it; the same bytes without any, or without a picture.

    As a thumbnail `of` a file it opens that file in the viewer, which shows the picture as it is.
    """
    if not strokes or not jpeg:
        return jpeg
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(io.BytesIO(jpeg)) as image:
        over_picture(image, strokes).save(buffer, "JPEG", quality=88)
    if of is not None:
        remember(buffer.getvalue(), of)
    return buffer.getvalue()


def strokes_svg(strokes: Sequence[Stroke], size: tuple[int, int]) -> str:
    """Return strokes as an SVG element over a picture of a size in pixels, whose box it fills; empty without any."""
    if not strokes:
        return ""
    width, height = size
    parts = []
    for stroke in strokes:
        for line, head, wide in _shapes(stroke, size):
            path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in line)
            tip = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in head) + " Z" if head else ""
            for color, more in ((_HALO, 1.6), (stroke.color, 1.0)):
                look = f'stroke="{color}" stroke-linecap="round" stroke-linejoin="round"'
                parts.append(f'<path d="{path}" fill="none" {look} stroke-width="{wide * more:.1f}"/>')
                if tip:
                    parts.append(f'<path d="{tip}" fill="{color}" {look} stroke-width="{wide * (more - 1):.1f}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none" '
        f'aria-hidden="true" style="position:absolute;inset:0;width:100%;height:100%">{"".join(parts)}</svg>'
    )


def _shapes(stroke: Stroke, size: tuple[int, int]) -> list[tuple[list[Point], list[Point], float]]:
    """Return the line of a stroke, the three corners of its head if it has one, and its width, in pixels."""
    long = max(size)
    points = [(x * size[0], y * size[1]) for x, y in stroke.points]
    width = max(1.0, _WIDTH * long)
    if stroke.kind == "pen":
        return [(points, [], width)]
    (x1, y1), (x2, y2) = points
    length = math.hypot(x2 - x1, y2 - y1) or 1.0
    along, head = ((x2 - x1) / length, (y2 - y1) / length), min(_HEAD * long, length)
    foot = (x2 - along[0] * head, y2 - along[1] * head)
    half = head * 0.45
    left, right = (
        (foot[0] - along[1] * half, foot[1] + along[0] * half),
        (
            foot[0] + along[1] * half,
            foot[1] - along[0] * half,
        ),
    )
    return [([(x1, y1), foot], [(x2, y2), left, right], width)]
