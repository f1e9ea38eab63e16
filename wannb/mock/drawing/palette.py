"""Repaint a picture with the colours of a palette alone, each on its share of the area."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image

from .colour import luminance, parse_hex

_WHOLE = 10_000  # shares are hundredths of a percent


def repaint(picture: Image.Image, palette: Sequence[tuple[str, int]]) -> Image.Image:
    """Give the darkest pixels the darkest colour and so on, cut where the shares say.

    Flat areas hold thousands of pixels of one brightness. Where a cut falls into one, a second picture
    of made-up heights decides, so that the shares hold and the cut runs as a soft edge down the area.
    """
    colours = sorted(((parse_hex(text), share) for text, share in palette), key=lambda item: luminance(item[0]))
    grey = picture.convert("L")
    total, counts = picture.width * picture.height, grey.histogram()
    sum_of_shares = sum(share for _, share in colours) or _WHOLE
    below = [0]
    for count in counts:
        below.append(below[-1] + count)

    table, splits, reached = [0] * 256, [], 0
    level = 0
    for number, (_, share) in enumerate(colours[:-1]):
        reached += share
        goal = round(total * reached / sum_of_shares)
        while level < 255 and below[level + 1] <= goal:
            table[level] = number
            level += 1
        splits.append((level, number + 1, goal - below[level]))
    for rest in range(level, 256):
        table[rest] = len(colours) - 1
    # A level that is cut belongs, to begin with, to the first colour that reaches it.
    for cut, number, _ in reversed(splits):
        table[cut] = number - 1

    chosen = grey.point(table)
    heights = _heights(picture.size)
    for cut, number, kept in splits:
        flat = grey.point([255 if value == cut else 0 for value in range(256)])
        spread, taken, limit = heights.histogram(flat), 0, 0
        while limit < 256 and taken + spread[limit] <= kept:
            taken += spread[limit]
            limit += 1
        above = heights.point([255 if value >= limit else 0 for value in range(256)])
        mask = Image.new("L", picture.size)
        mask.paste(above, (0, 0), flat)
        chosen.paste(number, (0, 0, *picture.size), mask)

    chosen.putpalette([part for colour, _ in colours for part in colour[:3]])
    return chosen.convert("RGB")


def _heights(size: tuple[int, int]) -> Image.Image:
    """Make a slope from top to bottom with a fine grain, the same for every picture of this size."""
    grain = Image.frombytes("L", (128, 128), random.Random(27).randbytes(128 * 128))
    tiled = Image.new("L", size)
    for x in range(0, size[0], 128):
        for y in range(0, size[1], 128):
            tiled.paste(grain, (x, y))
    slope = Image.linear_gradient("L").resize(size)
    return Image.blend(slope, tiled, 0.16)
