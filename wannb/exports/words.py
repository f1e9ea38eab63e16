"""Words in a place: they shrink until they fit, and what does not fit even then is said, not dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from wannb.figures import Lines, line_height, typeset

#: A text, its share of the size of the words around it, and its color.
Block = tuple[str, float, str]
#: Lines to be written in a color.
Written = tuple[Lines, str]
#: Inches between two texts.
APART = 0.05
#: All lines of a text.
_ALL = 10**6
_ROUNDING = 1e-6


def set_whole(blocks: Sequence[Block], width: float, size: float) -> list[Written]:
    """Return texts as lines of at most `width` inches, all of them."""
    return [(typeset(text, width, size * share, most=_ALL), color) for text, share, color in blocks]


def shrunk(text: str, width: float, height: float, sizes: Iterable[float]) -> Lines:
    """Return the whole of a text in the largest size in which it fits into a place, else in the last."""
    lines = typeset("", width, 1, most=1)
    for size in sizes:
        lines = typeset(text, width, size, most=_ALL)
        if lines.height <= height + _ROUNDING:
            break
    return lines


def fitted(blocks: Sequence[Block], width: float, height: float, sizes: Iterable[float]) -> tuple[list[Written], bool]:
    """Return texts in the largest size in which they fit into a place, and whether they do.

    In the last size what does not fit is left out, and there is room for one more line that says so.
    """
    written: list[Written] = []
    size = 1.0
    for size in sizes:
        written = set_whole(blocks, width, size)
        if sum(lines.height for lines, _ in written) + APART * (len(written) - 1) <= height + _ROUNDING:
            return written, True
    room, kept = height - line_height(size), list[Written]()
    for lines, color in written:
        most = int((room - APART + _ROUNDING) / line_height(lines.size))
        if most >= 1:
            part = replace(lines, lines=lines.lines[:most])
            kept.append((part, color))
            room -= part.height + APART
        if most < len(lines.lines):
            break
    return kept, False
