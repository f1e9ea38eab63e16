"""Verdicts in numbers: what judges' files hold, strengths with intervals, agreement, and the paragraph of a paper.

    wannb.scores("table-1.jsonl", "table-2.jsonl")  # several judges together, and their agreement

Knows files alone, neither plans nor widgets. May import `cells` and the rooms below it. Other rooms import only what
`__all__` names.
"""

from __future__ import annotations

from .scoring import Score, Scores, scores
from .verdicts import (
    BAD,
    IMAGE,
    KEY,
    KINDS,
    LEFT,
    PLACE,
    PRINT,
    RIGHT,
    SKIP,
    TIE,
    Contestant,
    Kind,
    Sheet,
    digest,
    is_of,
    key_file,
    mark,
    marked,
    named,
    place_of,
    read_sheet,
    reason,
)

__all__ = [
    "BAD",
    "IMAGE",
    "KEY",
    "KINDS",
    "LEFT",
    "PLACE",
    "PRINT",
    "RIGHT",
    "SKIP",
    "TIE",
    "Contestant",
    "Kind",
    "Score",
    "Scores",
    "Sheet",
    "digest",
    "is_of",
    "key_file",
    "mark",
    "marked",
    "named",
    "place_of",
    "read_sheet",
    "reason",
    "scores",
]
