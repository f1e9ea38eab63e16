"""Short texts: a number with its noun, a line cut to a length."""

from __future__ import annotations


def shorten(text: str, most: int) -> str:
    """Return a text on one line, cut with an ellipsis where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def count(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> count(2, "image")
    '2 images'
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
