"""Canvas, pen and colors: smooth shapes in scene units, drawn larger than the picture so that edges come out clean.

A scene unit is the shorter side of the picture. ``Canvas.pen`` gives a local frame (origin, scale, mirrored or not), so
that a figure is described once around its own foot point and can be put anywhere.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Point = tuple[float, float]
Color = tuple[int, ...]  # (r, g, b) or (r, g, b, alpha), 0-255

WHITE: Color = (255, 255, 255)
INK: Color = (38, 34, 48)


def parse_hex(text: str) -> Color:
    """Turn ``#RRGGBB`` into a color."""
    return tuple(bytes.fromhex(text.lstrip("#")))


def mix(first: Color, second: Color, share: float) -> Color:
    """Go ``share`` (0-1) of the way from the first color to the second; alpha of the first is kept."""
    parts = (round(a + (b - a) * share) for a, b in zip(first[:3], second[:3], strict=True))
    return (*parts, *first[3:])


def lighter(color: Color, share: float = 0.2) -> Color:
    return mix(color, WHITE, share)


def darker(color: Color, share: float = 0.2) -> Color:
    # Towards a cool night blue rather than black: shades of flat art stay colorful.
    return mix(color, (28, 22, 52), share)


def clear(color: Color, alpha: float) -> Color:
    """Return the color with an opacity between 0 and 1."""
    return (*color[:3], round(255 * alpha))


def turned(color: Color, degrees: float, saturation: float = 1.0) -> Color:
    """Turn the hue and scale the saturation."""
    hue, light, depth = colorsys.rgb_to_hls(*(part / 255 for part in color[:3]))
    r, g, b = colorsys.hls_to_rgb((hue + degrees / 360) % 1, light, min(1.0, depth * saturation))
    return (round(r * 255), round(g * 255), round(b * 255), *color[3:])


def luminance(color: Color) -> float:
    r, g, b = color[:3]
    return 0.299 * r + 0.587 * g + 0.114 * b


_BANDS = 6  # of a gradient on a flat canvas
_DRAWN_PIXELS = 4096 * 4096  # beyond this a canvas twice the picture costs too much memory and time


class Canvas:
    """An RGB picture drawn at ``over`` times its size.

    A fine canvas has smooth gradients, soft shadows and rounded figures; the other is flat, as if cut from paper.
    """

    def __init__(self, size: tuple[int, int], picture: Image.Image | None = None, *, fine: bool = True) -> None:
        self.size = size
        self.fine = fine
        pixels = size[0] * size[1]
        self.over = 2.0 if pixels * 4 <= _DRAWN_PIXELS else max(1.0, math.sqrt(_DRAWN_PIXELS * 1.6 / pixels))
        big = (max(1, round(size[0] * self.over)), max(1, round(size[1] * self.over)))
        if picture is None:
            self.image = Image.new("RGB", big)
        else:
            self.image = picture.resize(big, Image.Resampling.BILINEAR)
        self.unit = min(big)
        self.width = big[0] / self.unit
        self.height = big[1] / self.unit
        self._solid = ImageDraw.Draw(self.image)
        self._glass = ImageDraw.Draw(self.image, "RGBA")
        self.raised: ImageDraw.ImageDraw | None = None  # where the shape of a relief is drawn a second time
        self._rims = [Image.new("L", size) for _ in range(2)] if fine else []

    def ink(self, color: Color) -> ImageDraw.ImageDraw:
        """Choose the drawer: blending is several times slower, so only clear colors use it."""
        return self._glass if len(color) == 4 and color[3] < 255 else self._solid

    def pen(self, x: float = 0.0, y: float = 0.0, scale: float = 1.0, *, flip: bool = False) -> Pen:
        return Pen(self, x, y, scale, flip)

    def gradient(
        self, top: float, bottom: float, stops: Sequence[Color], left: float = 0.0, right: float | None = None
    ) -> None:
        """Fill a band, over the full width unless told otherwise, with two or three colors from top to bottom."""
        box = [round(part * self.unit) for part in (left, top, self.width if right is None else right, bottom)]
        size = (max(1, box[2] - box[0]), max(1, box[3] - box[1]))
        ramp = Image.linear_gradient("L")
        if not self.fine:
            ramp = ramp.point(lambda value: value * _BANDS // 256 * 255 // (_BANDS - 1))
        middle = stops[1][:3] if len(stops) == 3 else None
        tones = ImageOps.colorize(ramp.resize((1, size[1])), stops[0][:3], stops[-1][:3], middle)
        self.image.paste(tones.resize(size), (box[0], box[1]))

    def mist(self, top: float, bottom: float, color: Color, strength: float) -> None:
        """Fade a full-width band from clear at its top to ``strength`` at its bottom."""
        if not self.fine:
            return
        first, last = round(top * self.unit), round(bottom * self.unit)
        size = (self.image.width, max(1, last - first))
        mask = Image.linear_gradient("L").point(lambda value: value * strength).resize(size)
        self.image.paste(color[:3], (0, first), mask)

    @contextmanager
    def relief(self, depth: float) -> Iterator[None]:
        """Round off what is drawn inside the block: light from the upper left, shade at the lower right.

        ``depth`` is the width of the shaded rim in scene units. A flat canvas leaves the figure as it is. The rims are
        kept at the size of the picture and laid on at the end: on the large canvas they took as long as all the rest.
        """
        reach = round(depth * self.unit / self.over)
        if not self.fine or reach < 1:
            yield
            return
        mask = Image.new("L", self.size)
        self.raised = ImageDraw.Draw(mask)
        yield
        self.raised = None
        found = mask.getbbox()
        if found is None:
            return
        left, top = max(0, found[0] - 3 * reach), max(0, found[1] - 3 * reach)
        mask = mask.crop((left, top, found[2] + 3 * reach, found[3] + 3 * reach))
        soft = mask.filter(ImageFilter.GaussianBlur(reach))
        shade, shine = (ImageChops.invert(ImageChops.offset(soft, shift, shift)) for shift in (-reach, reach))
        # The difference: where a limb is thinner than the rim, shade and shine would make it gray.
        for rims, rim in zip(
            self._rims, (ImageChops.subtract(shade, shine), ImageChops.subtract(shine, shade)), strict=True
        ):
            rims.paste(rim, (left, top), mask)

    def finish(self) -> Image.Image:
        """Bring the drawing to the size of the picture."""
        half = self.over == 2.0
        picture = self.image.reduce(2) if half else self.image.resize(self.size, Image.Resampling.HAMMING)
        for rims, color, strength in zip(self._rims, ((28, 22, 52), (255, 248, 226)), (0.5, 0.42), strict=False):
            if place := rims.getbbox():
                mask = rims.crop(place).point([round(value * strength) for value in range(256)])
                picture.paste(color, place, mask)
        return picture


@dataclass(frozen=True)
class Pen:
    """Draw in a local frame: x to the right, y down, the foot point at 0, 0."""

    canvas: Canvas
    x: float
    y: float
    scale: float
    flip: bool = False

    def at(self, x: float, y: float, scale: float = 1.0, *, flip: bool = False) -> Pen:
        """Return a frame inside this one."""
        sign = -1 if self.flip else 1
        left, top = self.x + sign * x * self.scale, self.y + y * self.scale
        return Pen(self.canvas, left, top, self.scale * scale, self.flip != flip)

    def _pixels(self, points: Sequence[Point]) -> list[Point]:
        """Carry points of this frame to the canvas."""
        unit = self.canvas.unit
        left, top, down = self.x * unit, self.y * unit, self.scale * unit
        across = -down if self.flip else down
        return [(left + across * x, top + down * y) for x, y in points]

    def _box(self, x1: float, y1: float, x2: float, y2: float) -> list[Point]:
        """Carry a box of this frame to the canvas: its upper left and its lower right corner."""
        (x1, y1), (x2, y2) = self._pixels([(x1, y1), (x2, y2)])
        return [(min(x1, x2), min(y1, y2)), (max(x1, x2), max(y1, y2))]

    def _fill(self, shape: Callable[..., None], spots: Sequence[Point], color: Color, **options: float) -> None:
        """Fill a shape that ``ImageDraw`` has, on the canvas and on the relief."""
        shape(self.canvas.ink(color), spots, fill=color, **options)
        if self.canvas.raised and len(color) < 4:
            over = self.canvas.over
            shape(self.canvas.raised, [(x / over, y / over) for x, y in spots], fill=255)

    def _steps(self) -> int:
        """Return how many straight pieces a curve needs between two points to look smooth at this size."""
        return max(3, min(12, round(math.sqrt(self.scale * self.canvas.unit) * 0.5)))

    def poly(self, points: Sequence[Point], color: Color) -> None:
        self._fill(ImageDraw.ImageDraw.polygon, self._pixels(points), color)

    def blob(self, points: Sequence[Point], color: Color) -> None:
        """Fill a closed smooth curve through the points."""
        self.poly(_smooth(points, closed=True, steps=self._steps()), color)

    def rect(self, x1: float, y1: float, x2: float, y2: float, color: Color, radius: float = 0.0) -> None:
        corner = radius * self.scale * self.canvas.unit
        self._fill(ImageDraw.ImageDraw.rounded_rectangle, self._box(x1, y1, x2, y2), color, radius=corner)

    def oval(self, x: float, y: float, rx: float, ry: float, color: Color) -> None:
        self._fill(ImageDraw.ImageDraw.ellipse, self._box(x - rx, y - ry, x + rx, y + ry), color)

    def disc(self, x: float, y: float, r: float, color: Color) -> None:
        self.oval(x, y, r, r, color)

    def pie(self, x: float, y: float, r: float, start: float, end: float, color: Color) -> None:
        """Fill a sector; degrees run clockwise from the right."""
        steps = max(6, int(abs(end - start) / 5))
        arc = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
        self.poly([(x, y), *((x + r * math.cos(a), y + r * math.sin(a)) for a in arc)], color)

    def taper(self, points: Sequence[Point], start: float, end: float, color: Color) -> None:
        """Draw a line whose width goes from one value to the other: limbs, tails, stems."""
        path = _smooth(points, closed=False, steps=self._steps()) if 2 < len(points) < 12 else list(points)
        left: list[Point] = []
        right: list[Point] = []
        for i, (x, y) in enumerate(path):
            (x1, y1), (x2, y2) = path[max(0, i - 1)], path[min(len(path) - 1, i + 1)]
            width = start + (end - start) * i / max(1, len(path) - 1)
            share = width / 2 / (math.hypot(x2 - x1, y2 - y1) or 1.0)
            dx, dy = (x2 - x1) * share, (y2 - y1) * share
            left.append((x - dy, y + dx))
            right.append((x + dy, y - dx))
        self.poly([*left, *reversed(right)], color)
        if len(color) < 4:  # round ends over clear color would show twice
            self.disc(*path[0], start / 2, color)
            self.disc(*path[-1], end / 2, color)

    def shadow(self, x: float, y: float, rx: float, ry: float, strength: float = 0.28) -> None:
        """Lay a soft shadow on the ground."""
        steps = 4 if self.canvas.fine else 1
        for step in range(steps):
            grow = 1.12 - 0.16 * step
            self.oval(x, y, rx * grow, ry * grow, (24, 20, 50, round(255 * strength / steps)))

    def glow(self, x: float, y: float, r: float, color: Color, strength: float = 0.5) -> None:
        """Lay light that fades outwards; on a flat canvas in rings."""
        # The gradient is 181 where it meets the sides of its square, and 255 in the corners.
        mask = Image.radial_gradient("L").point(lambda far: min(255, 1.76 * max(0, 181 - far)) * strength)
        if not self.canvas.fine:
            mask = mask.point(lambda value: (value + 32) // 64 * 64)
        box = self._box(x - r, y - r, x + r, y + r)
        left, top, right, bottom = (round(part) for corner in box for part in corner)
        self.canvas.image.paste(color[:3], (left, top), mask.resize((max(1, right - left), max(1, bottom - top))))


@lru_cache(maxsize=16)
def _weights(steps: int) -> tuple[tuple[float, float, float, float], ...]:
    """Return the shares of four neighboring points for each step of a Catmull-Rom curve."""
    shares = (step / steps for step in range(steps))
    return tuple(
        (t * (t * (2 - t) - 1) / 2, (t * t * (3 * t - 5) + 2) / 2, t * (t * (4 - 3 * t) + 1) / 2, t * t * (t - 1) / 2)
        for t in shares
    )


def _smooth(points: Sequence[Point], *, closed: bool, steps: int = 10) -> list[Point]:
    """Run a Catmull-Rom curve through the points."""
    count = len(points)
    ring = [points[-1], *points, points[0], points[1]] if closed else [points[0], *points, points[-1]]
    path: list[Point] = []
    weights = _weights(steps)
    for i in range(count if closed else count - 1):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = ring[i : i + 4]
        path += [(a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3) for a, b, c, d in weights]
    if not closed:
        path.append(points[-1])
    return path
