"""Draw smooth shapes in scene units on a canvas larger than the picture, so that edges come out clean.

A scene unit is the shorter side of the picture. ``Canvas.pen`` gives a local frame (origin, scale,
mirrored or not), so that a figure is written once around its own foot point and stands anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw

from .colour import Colour, mix

Point = tuple[float, float]

_DRAWN_PIXELS = 4096 * 4096  # beyond this a canvas twice the picture costs too much memory and time


class Canvas:
    """An RGB picture being drawn at ``over`` times its size."""

    def __init__(self, size: tuple[int, int], picture: Image.Image | None = None) -> None:
        self.size = size
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

    def ink(self, colour: Colour) -> ImageDraw.ImageDraw:
        """Choose the drawer: blending is several times slower, so only clear colours use it."""
        return self._glass if len(colour) == 4 and colour[3] < 255 else self._solid

    def pen(self, x: float = 0.0, y: float = 0.0, scale: float = 1.0, *, flip: bool = False) -> Pen:
        return Pen(self, x, y, scale, flip)

    def gradient(self, top: float, bottom: float, stops: Sequence[Colour]) -> None:
        """Fill a full-width band with colours from top to bottom."""
        first, last = round(top * self.unit), round(bottom * self.unit)
        rows = max(1, last - first)
        strip = Image.new("RGB", (1, rows))
        spans = len(stops) - 1
        strip.putdata([_at(stops, spans * row / rows) for row in range(rows)])
        self.image.paste(strip.resize((self.image.width, rows), Image.Resampling.NEAREST), (0, first))

    def mist(self, top: float, bottom: float, colour: Colour, strength: float) -> None:
        """Let a full-width band fade from clear at its top to ``strength`` at its bottom."""
        first, last = round(top * self.unit), round(bottom * self.unit)
        size = (self.image.width, max(1, last - first))
        mask = Image.linear_gradient("L").point(lambda value: value * strength).resize(size)
        self.image.paste(colour[:3], (0, first), mask)

    def finish(self) -> Image.Image:
        """Bring the drawing to the size of the picture."""
        if self.over == 2.0:
            return self.image.reduce(2)
        if self.image.size == self.size:
            return self.image
        return self.image.resize(self.size, Image.Resampling.HAMMING)


class Pen:
    """Draw in a local frame: x to the right, y down, the foot point at 0, 0."""

    def __init__(self, canvas: Canvas, x: float, y: float, scale: float, flip: bool = False) -> None:
        self.canvas = canvas
        self.x, self.y, self.scale, self.flip = x, y, scale, flip

    def at(self, x: float, y: float, scale: float = 1.0, *, flip: bool = False) -> Pen:
        """Give a frame inside this one."""
        sign = -1 if self.flip else 1
        return Pen(
            self.canvas, self.x + sign * x * self.scale, self.y + y * self.scale, self.scale * scale,
            self.flip != flip,
        )  # fmt: skip

    def place(self, point: Point) -> Point:
        sign = -1 if self.flip else 1
        unit = self.canvas.unit
        return (self.x + sign * point[0] * self.scale) * unit, (self.y + point[1] * self.scale) * unit

    def _steps(self) -> int:
        """Give how many straight pieces a curve needs between two points to look smooth at this size."""
        return max(3, min(12, round(math.sqrt(self.scale * self.canvas.unit) * 0.5)))

    def poly(self, points: Sequence[Point], colour: Colour) -> None:
        unit = self.canvas.unit
        left, top, down = self.x * unit, self.y * unit, self.scale * unit
        across = -down if self.flip else down
        self.canvas.ink(colour).polygon([(left + across * x, top + down * y) for x, y in points], fill=colour)

    def blob(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a closed smooth curve through the points."""
        self.poly(_smooth(points, closed=True, steps=self._steps()), colour)

    def rect(self, x1: float, y1: float, x2: float, y2: float, colour: Colour, radius: float = 0.0) -> None:
        a, b = self.place((x1, y1)), self.place((x2, y2))
        box = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
        drawer = self.canvas.ink(colour)
        # A radius beyond half a side, or a box under a pixel, makes Pillow refuse.
        limit = min(box[2] - box[0], box[3] - box[1]) / 2 - 1
        corner = min(radius * self.scale * self.canvas.unit, limit)
        if corner >= 1:
            drawer.rounded_rectangle(box, corner, fill=colour)
        else:
            drawer.rectangle(box, fill=colour)

    def oval(self, x: float, y: float, rx: float, ry: float | None, colour: Colour) -> None:
        cx, cy = self.place((x, y))
        px = abs(rx * self.scale) * self.canvas.unit
        py = abs((rx if ry is None else ry) * self.scale) * self.canvas.unit
        self.canvas.ink(colour).ellipse((cx - px, cy - py, cx + px, cy + py), fill=colour)

    def disc(self, x: float, y: float, r: float, colour: Colour) -> None:
        self.oval(x, y, r, r, colour)

    def pie(self, x: float, y: float, r: float, start: float, end: float, colour: Colour) -> None:
        """Fill a sector; degrees run clockwise from the right."""
        steps = max(6, int(abs(end - start) / 5))
        arc = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
        self.poly([(x, y), *((x + r * math.cos(a), y + r * math.sin(a)) for a in arc)], colour)

    def stroke(self, points: Sequence[Point], width: float, colour: Colour, *, smooth: bool = True) -> None:
        """Draw a line of even width with round ends, smooth through its points unless told."""
        path = _smooth(points, closed=False, steps=self._steps()) if smooth and len(points) > 2 else list(points)
        self.taper(path, width, width, colour)

    def taper(self, points: Sequence[Point], start: float, end: float, colour: Colour) -> None:
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
        self.poly([*left, *reversed(right)], colour)
        if len(colour) < 4:  # round ends over clear colour would show twice
            self.disc(*path[0], start / 2, colour)
            self.disc(*path[-1], end / 2, colour)

    def shadow(self, x: float, y: float, rx: float, ry: float, strength: float = 0.28) -> None:
        """Lay a soft shadow on the ground."""
        for step in range(4):
            grow = 1.12 - 0.16 * step
            self.oval(x, y, rx * grow, ry * grow, (24, 20, 50, round(255 * strength / 4)))

    def glow(self, x: float, y: float, r: float, colour: Colour, strength: float = 0.5, rings: int = 6) -> None:
        """Lay rings of light that fade outwards."""
        # One paste through a small mask: blending each ring at full size took a third of the whole picture.
        edge = 256
        mask = Image.new("L", (edge, edge))
        drawer, clear = ImageDraw.Draw(mask), 1.0
        for step in range(rings):
            clear *= 1 - strength / rings
            inset = edge / 2 * step / rings * 0.8
            drawer.ellipse((inset, inset, edge - 1 - inset, edge - 1 - inset), fill=round(255 * (1 - clear)))
        cx, cy = self.place((x, y))
        reach = max(1, round(r * self.scale * self.canvas.unit))
        mask = mask.resize((2 * reach, 2 * reach), Image.Resampling.BILINEAR)
        self.canvas.image.paste(colour[:3], (round(cx) - reach, round(cy) - reach), mask)


def _at(stops: Sequence[Colour], position: float) -> Colour:
    index = min(int(position), len(stops) - 2)
    return mix(stops[index][:3], stops[index + 1][:3], min(1.0, position - index))


@lru_cache(maxsize=16)
def _weights(steps: int) -> tuple[tuple[float, float, float, float], ...]:
    """Give the shares of four neighbouring points for each step of a Catmull-Rom curve."""
    found = []
    for step in range(steps):
        t = step / steps
        found.append(
            (
                (-t + 2 * t * t - t**3) / 2,
                (2 - 5 * t * t + 3 * t**3) / 2,
                (t + 4 * t * t - 3 * t**3) / 2,
                (t**3 - t * t) / 2,
            )
        )
    return tuple(found)


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
