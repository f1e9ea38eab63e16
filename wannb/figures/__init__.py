"""Pictures side by side, in a cell and on paper.

May import `ledger` and the rooms below it. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from . import fonts
from .comparison import compare
from .fonts import families, leftwards
from .gallery import gallery
from .grid import Grid, contact_sheet, grid
from .layout import STATES, OwnLabel, Spot, flat, labels_of
from .paper import (
    DASHED,
    EMPTY,
    INK,
    QUIET,
    Lines,
    Paper,
    check_size,
    ending,
    line_height,
    put,
    rendered,
    save,
    typeset,
    warn_of_missing,
)

__all__ = [
    "DASHED",
    "EMPTY",
    "INK",
    "QUIET",
    "STATES",
    "Grid",
    "Lines",
    "OwnLabel",
    "Paper",
    "Spot",
    "check_size",
    "compare",
    "contact_sheet",
    "ending",
    "families",
    "flat",
    "fonts",
    "gallery",
    "grid",
    "labels_of",
    "leftwards",
    "line_height",
    "put",
    "rendered",
    "save",
    "typeset",
    "warn_of_missing",
]
