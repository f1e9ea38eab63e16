"""Pictures side by side, in a cell and on paper.

May import `ledger` and the rooms below it. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from . import fonts
from .figure import shown_figure
from .fonts import families, wrap
from .grid import Grid, grid
from .layout import Spot, labels_of
from .sheet import INK, LEADING, QUIET, STYLE, Sheet, reads_leftwards, rendered

__all__ = [
    "INK",
    "LEADING",
    "QUIET",
    "STYLE",
    "Grid",
    "Sheet",
    "Spot",
    "families",
    "fonts",
    "grid",
    "labels_of",
    "reads_leftwards",
    "rendered",
    "shown_figure",
    "wrap",
]
