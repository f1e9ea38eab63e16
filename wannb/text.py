"""Short texts: a number with its noun, a line cut to a length."""

from __future__ import annotations

from .translation import Said


def shorten(text: str, most: int) -> str:
    """Return a text on one line, cut with an ellipsis where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def count(number: int, noun: str) -> str:
    """Return a number with its noun as a sentence that can be translated.

    >>> count(2, "image")
    '2 images'
    """
    return Said(f"{{n}} {noun}" if number == 1 else f"{{n}} {noun}s", n=number)
