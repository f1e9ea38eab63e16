"""Lay reference pictures on a picture as numbered paper prints, or stand one on an easel."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image, ImageDraw

from .canvas import Canvas
from .inputs import covering
from .labels import font

_PAPER = (252, 249, 242)


def lay(picture: Image.Image, references: Sequence[tuple[int, Image.Image]], chance: random.Random,
        *, right: bool = True, size: float = 0.0) -> None:  # fmt: skip
    """Lay numbered prints from the top corner on, along the longer side and then in further rows."""
    width, height = picture.size
    unit = min(width, height)
    count = len(references)
    side = max(12, round(unit * (size or (0.27 if count <= 3 else 0.215 if count <= 5 else 0.17))))
    step, margin = round(side * 1.18), round(unit * 0.035)
    # The lowest strip is left to the badge and the watermark.
    rows = max(1, (height - margin - round(unit * 0.09)) // step)
    if width > height:
        rows = min(4, rows)
    for place, (number, reference) in enumerate(references):
        column, row = divmod(place, rows)
        card = _print(reference, side, number).rotate(chance.uniform(-6, 6), Image.Resampling.BICUBIC, expand=True)
        x = margin + column * step
        left = width - x - card.width if right else x
        top = margin + row * step + round(chance.uniform(-0.02, 0.02) * side)
        _drop(picture, card, (left, max(0, top)), max(1, round(side * 0.025)))


def _print(reference: Image.Image, side: int, number: int) -> Image.Image:
    """Make one print: the picture, a white rim, and the number on the lower edge. RGBA, drawn double."""
    double = side * 2
    edge, foot = round(double * 0.06), round(double * 0.17)
    card = Image.new("RGBA", (double, double + foot - edge), (*_PAPER, 255))
    inner = double - 2 * edge
    card.paste(covering(reference, (inner, inner)), (edge, edge))
    label, face = f"image {number}", font(max(9, round(foot * 0.56)))
    spot = (double / 2, double + (foot - edge) / 2 - foot * 0.38)
    ImageDraw.Draw(card).text(spot, label, fill=(84, 76, 88), font=face, anchor="mm")
    return card.reduce(2)


def _drop(picture: Image.Image, card: Image.Image, place: tuple[int, int], depth: int) -> None:
    """Paste a card with the shadow that it throws."""
    shape = card.getchannel("A")
    for step in (3, 2, 1):
        shadow = shape.point(lambda value: value * 0.14)
        picture.paste((20, 16, 40), (place[0] + depth * step // 2, place[1] + depth * step), shadow)
    picture.paste(card, place, card)


def easel(picture: Image.Image, reference: Image.Image, x: float, foot: float, scale: float) -> Image.Image:
    """Stand an easel with the reference on it: x and foot in pixels, scale is its height in pixels."""
    width = round(scale * 0.72)
    tall = round(min(max(width * reference.height / reference.width, width * 0.6), width * 1.1))
    left, top = round(x - width / 2), round(foot - scale * 0.2 - tall)
    canvas = Canvas(picture.size, picture)
    unit = min(picture.size)
    pen = canvas.pen(x / unit, foot / unit, scale / unit)
    wood, high = (148, 102, 70), -(foot - top) / scale
    pen.shadow(0.02, 0.0, 0.42, 0.04)
    pen.taper([(0.04, -0.06), (0.0, high - 0.14)], 0.035, 0.03, (112, 76, 56))
    for side in (-1, 1):
        pen.taper([(side * 0.34, 0.02), (side * 0.05, high - 0.16)], 0.045, 0.035, wood)
    picture = canvas.finish()
    rim = max(2, round(scale * 0.025))
    frame = Image.new("RGBA", (width + 2 * rim, tall + 2 * rim), (236, 200, 128, 255))
    ImageDraw.Draw(frame).rectangle(
        (rim // 2, rim // 2, width + rim * 3 // 2, tall + rim * 3 // 2), fill=(184, 136, 74)
    )
    frame.paste(covering(reference, (width, tall)), (rim, rim))
    _drop(picture, frame, (left - rim, top - rim), max(1, rim // 2))
    shelf = (left - 3 * rim, top + tall + rim, left + width + 3 * rim, top + tall + 2 * rim + rim // 2)
    ImageDraw.Draw(picture).rectangle(shelf, fill=wood)
    return picture
