"""Canvas, pen and colors: smooth shapes in scene units, drawn larger than the picture so that edges come out clean.

A scene unit is the shorter side of the picture. ``Canvas.pen`` gives a local frame (origin, scale, mirrored or not), so
that a figure is described once around its own foot point and can be put anywhere.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Point = tuple[float, float]
Color = tuple[int, ...]  # (r, g, b) or (r, g, b, alpha), 0-255

WHITE: Color = (255, 255, 255)
BLACK: Color = (0, 0, 0)
INK: Color = (38, 34, 48)


def parse_hex(text: str) -> Color:
    """Turn ``#RRGGBB`` into a color."""
    value = int(text.lstrip("#"), 16)
    return (value >> 16 & 255, value >> 8 & 255, value & 255)


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
        self._relief: ImageDraw.ImageDraw | None = None
        self._rims = [Image.new("L", size) for _ in range(2)] if fine else []

    def ink(self, color: Color) -> ImageDraw.ImageDraw:
        """Choose the drawer: blending is several times slower, so only clear colors use it."""
        return self._glass if len(color) == 4 and color[3] < 255 else self._solid

    def pen(self, x: float = 0.0, y: float = 0.0, scale: float = 1.0, *, flip: bool = False) -> Pen:
        return Pen(self, x, y, scale, flip)

    def gradient(self, top: float, bottom: float, stops: Sequence[Color]) -> None:
        """Fill a full-width band with colors from top to bottom."""
        first, last = round(top * self.unit), round(bottom * self.unit)
        rows = max(1, last - first)
        strip = Image.new("RGB", (1, rows))
        spans = len(stops) - 1
        shares = [row / rows for row in range(rows)]
        if not self.fine:
            shares = [int(share * _BANDS) / (_BANDS - 1) for share in shares]
        strip.putdata([_at(stops, spans * share) for share in shares])
        self.image.paste(strip.resize((self.image.width, rows), Image.Resampling.NEAREST), (0, first))

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
        self._relief = ImageDraw.Draw(mask)
        yield
        self._relief = None
        found = mask.getbbox()
        if found is None:
            return
        left, top = max(0, found[0] - 3 * reach), max(0, found[1] - 3 * reach)
        mask = mask.crop((left, top, found[2] + 3 * reach, found[3] + 3 * reach))
        small = mask.reduce(4).filter(ImageFilter.GaussianBlur(max(1.0, reach / 4)))
        soft = small.resize(mask.size, Image.Resampling.BILINEAR, (0, 0, mask.width / 4, mask.height / 4))
        shade, shine = (ImageChops.invert(ImageChops.offset(soft, shift, shift)) for shift in (-reach, reach))
        # The difference: where a limb is thinner than the rim, shade and shine would make it gray.
        for rims, rim in zip(
            self._rims, (ImageChops.subtract(shade, shine), ImageChops.subtract(shine, shade)), strict=True
        ):
            rims.paste(rim, (left, top), mask)

    def stamp(self, color: Color) -> ImageDraw.ImageDraw | None:
        """Return the drawer of the relief, None for clear colors and outside a relief."""
        return None if len(color) == 4 else self._relief

    def finish(self) -> Image.Image:
        """Bring the drawing to the size of the picture."""
        half = self.over == 2.0
        picture = self.image.reduce(2) if half else self.image.resize(self.size, Image.Resampling.HAMMING)
        for rims, color, strength in zip(self._rims, ((28, 22, 52), (255, 248, 226)), (0.5, 0.42), strict=False):
            if place := rims.getbbox():
                mask = rims.crop(place).point([round(value * strength) for value in range(256)])
                picture.paste(color, place, mask)
        return picture


class Pen:
    """Draw in a local frame: x to the right, y down, the foot point at 0, 0."""

    #: How a color shows in the light of the picture; None leaves it.
    tone: Callable[[Color], Color] | None = None

    def __init__(self, canvas: Canvas, x: float, y: float, scale: float, flip: bool = False) -> None:
        self.canvas = canvas
        self.x, self.y, self.scale, self.flip = x, y, scale, flip

    def at(self, x: float, y: float, scale: float = 1.0, *, flip: bool = False) -> Pen:
        """Return a frame inside this one."""
        sign = -1 if self.flip else 1
        left, top = self.x + sign * x * self.scale, self.y + y * self.scale
        pen = Pen(self.canvas, left, top, self.scale * scale, self.flip != flip)
        pen.tone = self.tone
        return pen

    def place(self, point: Point) -> Point:
        sign = -1 if self.flip else 1
        unit = self.canvas.unit
        return (self.x + sign * point[0] * self.scale) * unit, (self.y + point[1] * self.scale) * unit

    def _steps(self) -> int:
        """Return how many straight pieces a curve needs between two points to look smooth at this size."""
        return max(3, min(12, round(math.sqrt(self.scale * self.canvas.unit) * 0.5)))

    def poly(self, points: Sequence[Point], color: Color) -> None:
        unit = self.canvas.unit
        left, top, down = self.x * unit, self.y * unit, self.scale * unit
        across = -down if self.flip else down
        color = self.tone(color) if self.tone else color
        spots = [(left + across * x, top + down * y) for x, y in points]
        self.canvas.ink(color).polygon(spots, fill=color)
        if relief := self.canvas.stamp(color):
            over = self.canvas.over
            relief.polygon([(x / over, y / over) for x, y in spots], fill=255)

    def blob(self, points: Sequence[Point], color: Color) -> None:
        """Fill a closed smooth curve through the points."""
        self.poly(_smooth(points, closed=True, steps=self._steps()), color)

    def rect(self, x1: float, y1: float, x2: float, y2: float, color: Color, radius: float = 0.0) -> None:
        color = self.tone(color) if self.tone else color
        a, b = self.place((x1, y1)), self.place((x2, y2))
        box = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
        drawer = self.canvas.ink(color)
        # A radius beyond half a side, or a box under a pixel, makes Pillow refuse.
        limit = min(box[2] - box[0], box[3] - box[1]) / 2 - 1
        corner = min(radius * self.scale * self.canvas.unit, limit)
        if corner >= 1:
            drawer.rounded_rectangle(box, corner, fill=color)
        else:
            drawer.rectangle(box, fill=color)
        if relief := self.canvas.stamp(color):
            relief.rectangle([part / self.canvas.over for part in box], fill=255)

    def oval(self, x: float, y: float, rx: float, ry: float, color: Color) -> None:
        color = self.tone(color) if self.tone else color
        cx, cy = self.place((x, y))
        px = abs(rx * self.scale) * self.canvas.unit
        py = abs(ry * self.scale) * self.canvas.unit
        box = (cx - px, cy - py, cx + px, cy + py)
        self.canvas.ink(color).ellipse(box, fill=color)
        if relief := self.canvas.stamp(color):
            relief.ellipse([part / self.canvas.over for part in box], fill=255)

    def disc(self, x: float, y: float, r: float, color: Color) -> None:
        self.oval(x, y, r, r, color)

    def pie(self, x: float, y: float, r: float, start: float, end: float, color: Color) -> None:
        """Fill a sector; degrees run clockwise from the right."""
        steps = max(6, int(abs(end - start) / 5))
        arc = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
        self.poly([(x, y), *((x + r * math.cos(a), y + r * math.sin(a)) for a in arc)], color)

    def stroke(self, points: Sequence[Point], width: float, color: Color) -> None:
        """Draw a smooth line of even width with round ends."""
        self.taper(points, width, width, color)

    def taper(self, points: Sequence[Point], start: float, end: float, color: Color) -> None:
        """Draw a line whose width goes from one value to the other: limbs, tails, stems."""
        path = _smooth(points, closed=False, steps=self._steps()) if 2 < len(points) < 12 else list(points)
        left: list[Point] = []
        right: list[Point] = []
        for i, (x, y) in enumerate(path):
            before, after = path[max(0, i - 1)], path[min(len(path) - 1, i + 1)]
            dx, dy = after[0] - before[0], after[1] - before[1]
            length = math.hypot(dx, dy) or 1.0
            half = (start + (end - start) * i / max(1, len(path) - 1)) / 2
            left.append((x - dy / length * half, y + dx / length * half))
            right.append((x + dy / length * half, y - dx / length * half))
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

    def glow(self, x: float, y: float, r: float, color: Color, strength: float = 0.5, rings: int = 6) -> None:
        """Lay rings of light that fade outwards."""
        # One paste through a small mask: blending each ring at full size took a third of the whole picture.
        edge, rings = 256, rings if self.canvas.fine else 2
        mask = Image.new("L", (edge, edge))
        drawer, clear = ImageDraw.Draw(mask), 1.0
        for step in range(rings):
            clear *= 1 - strength / rings
            inset = edge / 2 * step / rings * 0.8
            drawer.ellipse((inset, inset, edge - 1 - inset, edge - 1 - inset), fill=round(255 * (1 - clear)))
        cx, cy = self.place((x, y))
        reach = max(1, round(r * self.scale * self.canvas.unit))
        mask = mask.resize((2 * reach, 2 * reach), Image.Resampling.BILINEAR)
        self.canvas.image.paste(color[:3], (round(cx) - reach, round(cy) - reach), mask)


def _at(stops: Sequence[Color], position: float) -> Color:
    index = min(int(position), len(stops) - 2)
    return mix(stops[index][:3], stops[index + 1][:3], min(1.0, position - index))


@lru_cache(maxsize=16)
def _weights(steps: int) -> tuple[tuple[float, float, float, float], ...]:
    """Return the shares of four neighboring points for each step of a Catmull-Rom curve."""
    shares = (step / steps for step in range(steps))
    return tuple(
        (
            (-t + 2 * t * t - t**3) / 2,
            (2 - 5 * t * t + 3 * t**3) / 2,
            (t + 4 * t * t - 3 * t**3) / 2,
            (t**3 - t * t) / 2,
        )
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
