"""Short texts: a number with its noun, a state as a word, a text cut to a length."""

from __future__ import annotations

from .translation import Said

_STATES = {
    "PENDING": Said("queued"),
    "RUNNING": Said("running"),
    "SUCCEEDED": Said("succeeded"),
    "FAILED": Said("failed"),
    "CANCELED": Said("canceled"),
    "UNKNOWN": Said("unknown to the service"),
    "prepared": Said("prepared"),
    "sending": Said("sending"),
    "running": Said("running"),
    "answered": Said("answered"),
    "done": Said("done"),
    "failed": Said("failed"),
    "canceled": Said("canceled"),
    "lost": Said("lost"),
}


def shorten(text: str, most: int) -> str:
    """Return a text on one line, cut with an ellipsis where it is longer than `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def count(number: int, noun: str) -> str:
    """Return a number with its noun as a sentence that can be translated.

    >>> count(2, "image")
    '2 images'
    """
    return Said(f"{{n}} {noun}" if number == 1 else f"{{n}} {noun}s", n=number)


def state_word(state: str) -> str:
    """Return a run's or task's state as a word that can be translated; one that is not known stays as it is.

    >>> state_word("PENDING")
    'queued'
    """
    return _STATES.get(state, state)
