"""Outlines as text: a figure is a few lines of shapes, each a paint and a path, around its own foot point.

``disc coat .2 -.1 .05; =oval coat-7 .2 -.13 .13 .15`` draws a disc and, as ``=`` mirrors a shape, two darker ovals.
Numbers are in units of the figure, y up is negative. Shapes and their numbers:

=============================  ===========================================================================
``blob``, ``poly``             x y ...: a closed smooth curve, a polygon
``line``, ``taper``            width x y ..., start end x y ...: a line, a line that changes its width
``disc``, ``oval``             x y r, x y rx ry
``rect``                       x1 y1 x2 y2 [radius]
``pie``                        x y r start end: a sector, degrees clockwise from the right
``glow``                       x y r
``part_...``                    x y [scale]: another outline; ``part_bunch`` are flowers of chance
=============================  ===========================================================================

A paint is a name or six hex digits, then ``-20`` for 20 % darker, ``+20`` lighter, ``~40`` for 40 % opacity.
``paint coat* ec8a34 787482`` lets the seed choose among colors. The star marks the paint that a color word of the
prompt replaces, ``!`` one that shines in the dark. ``choose round square`` sets one of the words; ``round?disc ...``
draws a shape only under it, ``!round?disc ...`` only without it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from pathlib import Path

from .canvas import INK, WHITE, Color, Pen, Point, clear, darker, lighter, parse_hex

#: The drawings themselves: name to outline.
OUTLINES = {
    name: body.strip()
    for name, body in re.findall(
        r"^\[(.+)\]\n((?:[^\[#\n].*\n?|\n)*)", Path(__file__).with_name("outlines.txt").read_text("utf-8"), re.MULTILINE
    )
}
_PAINTS: dict[str, Color] = {"ink": INK, "white": WHITE, "cream": (252, 240, 224), "gold": (246, 206, 110)}
_PETALS: tuple[Color, ...] = ((236, 94, 112), (250, 190, 80), (250, 240, 234), (186, 120, 206), (242, 150, 120))

_NUMBER = re.compile(r"-?\d*\.?\d+")
_SHAPE = re.compile(r"(?P<words>(?:!?\w+\?)*)(?P<twin>=?)(?P<name>\w+)\s*(?P<rest>.*)")
_PAINT = re.compile(r"(?P<name>[0-9a-f]{6}|[a-z]+)(?P<shade>[+-]\d+)?(?:~(?P<alpha>\d+))?$")
_BARE = ("paint", "choose")


@lru_cache(maxsize=256)
def _parsed(outline: str) -> tuple[re.Match[str], ...]:
    """Split an outline into its shapes."""
    shapes = (shape.strip() for line in outline.splitlines() for shape in line.split(";"))
    found = [_SHAPE.fullmatch(shape) for shape in shapes if shape]
    if None in found:
        raise ValueError(f"No shape: {outline}")
    return tuple(shape for shape in found if shape)


class Sketch:
    """An outline being drawn: its paints, its words and its light.

    Args:
        name: of the outline.
        chance: what chooses among paints and words.
        tint: the color asked for, in place of the starred paint.
        words: conditions that hold, such as ``winter`` or ``walking``.
        lit: how a color shows in the light of the picture; by default as it is.
        paints: of the outline that this one is a piece of.
    """

    def __init__(
        self,
        name: str,
        chance: random.Random,
        *,
        tint: Color | None = None,
        words: Collection[str] = (),
        lit: Callable[[Color], Color] | None = None,
        paints: Mapping[str, Color] | None = None,
    ) -> None:
        self.outline, self.chance, self.tint, self.words = OUTLINES[name], chance, tint, set(words)
        self.lit = lit or (lambda color: color)
        self.paints = dict(paints or _PAINTS)
        self.bright: set[str] = set()
        for shape in _parsed(self.outline):
            names = shape["rest"].split()
            if not self._holds(shape):
                continue
            if shape["name"] == "choose" and not self.words.intersection(names):
                self.words.add(chance.choice(names))
            elif shape["name"] == "paint":
                paint, color = names[0], self.paint(chance.choice(names[1:]), lit=False)
                self.paints[paint.rstrip("*!")] = tint if tint and paint.endswith("*") else color
                self.bright |= {paint[:-1]} if paint.endswith("!") else set()

    def paint(self, text: str, *, lit: bool = True) -> Color:
        """Mix the color that a paint stands for."""
        found = _PAINT.match(text)
        if found is None:
            raise ValueError(f"{text!r} is not a paint: write a name or six hex digits, then -20, +20 or ~40.")
        color = self.paints[found["name"]] if found["name"] in self.paints else parse_hex(found["name"])
        if shade := int(found["shade"] or 0):
            color = lighter(color, shade / 100) if shade > 0 else darker(color, -shade / 100)
        color = self.lit(color) if lit and found["name"] not in self.bright else color
        return clear(color, int(found["alpha"]) / 100) if found["alpha"] else color

    def draw(self, pen: Pen) -> None:
        """Draw every shape whose conditions hold."""
        for shape in _parsed(self.outline):
            if shape["name"] in _BARE or not self._holds(shape):
                continue
            for frame in (pen, pen.at(0, 0, flip=True)) if shape["twin"] else (pen,):
                if shape["name"].startswith("part_"):
                    self._part(frame, shape["name"], shape["rest"])
                else:
                    paint, _, rest = shape["rest"].partition(" ")
                    _shape(frame, shape["name"], self.paint(paint), rest)

    def _holds(self, shape: re.Match[str]) -> bool:
        words = shape["words"].split("?")[:-1]
        return all((word.lstrip("!") in self.words) != word.startswith("!") for word in words)

    def _part(self, pen: Pen, name: str, rest: str) -> None:
        x, y, *scale = [float(number) for number in _NUMBER.findall(rest)]
        frame = pen.at(x, y, scale[0] if scale else 1.0)
        if name == "part_bunch":
            self._bunch(frame)
        else:
            piece = Sketch(name, self.chance, words=self.words, lit=self.lit, paints=self.paints)
            piece.bright |= self.bright
            piece.draw(frame)

    def _bunch(self, pen: Pen, count: int = 10) -> None:
        """Draw a bunch of flowers about one unit wide that grows up from 0."""
        chance, tint = self.chance, self.tint
        tones = (tint, lighter(tint, 0.3), darker(tint, 0.12), (252, 244, 236)) if tint else _PETALS
        green, leaf = self.lit((74, 136, 88)), self.lit((92, 148, 105))
        sides = [(i + 0.5) / count * 2 - 1 for i in range(count)]
        heads = [
            (a * 0.42 + chance.uniform(-0.05, 0.05), -0.42 - chance.uniform(0.0, 0.34) * (1.2 - abs(a))) for a in sides
        ]
        for x, y in heads:
            pen.taper([(x * 0.25, 0), (x * 0.7, y * 0.6), (x, y)], 0.035, 0.025, green)
            pen.at(x * 0.5, y * 0.45).blob([(0.0, 0.0), (0.12, -0.1), (0.2, -0.03), (0.1, 0.0)], leaf)
        for x, y in heads:
            tone = chance.choice(tones)
            for dx, dy in ((-0.07, 0), (0.07, 0), (0, -0.07), (0, 0.07)):
                pen.disc(x + dx, y + dy, 0.075, self.lit(tone))
            pen.disc(x, y, 0.055, self.lit((250, 206, 92) if chance.random() < 0.5 else darker(tone, 0.2)))


def _shape(pen: Pen, name: str, color: Color, rest: str) -> None:
    numbers = [float(number) for number in _NUMBER.findall(rest)]
    if name in ("blob", "poly"):
        getattr(pen, name)(_points(numbers), color)
    elif name == "line":
        pen.taper(_points(numbers[1:]), numbers[0], numbers[0], color)
    elif name == "taper":
        pen.taper(_points(numbers[2:]), numbers[0], numbers[1], color)
    elif name == "rect":
        x1, y1, x2, y2, *radius = numbers
        pen.rect(x1, y1, x2, y2, color, *radius)
    elif name in ("disc", "oval", "pie", "glow"):
        getattr(pen, name)(*numbers, color)
    else:
        raise ValueError(f"{name!r} is not a shape.")


def _points(numbers: list[float]) -> list[Point]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))
