"""Storyboards: scenes generated as one consistent set, frames kept and generated again.

May import `exports`, `client`, `figures` and the rooms below them. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .board import Storyboard
from .cutting import can_be_cut, grid_for
from .files import ARCHIVED, FILE, PICTURES, BoardFiles, line_of, store_errors
from .generate import Generator, cost_of, made_by
from .state import LONGEST, Scene, as_scenes, new_record, outline

__all__ = [
    "ARCHIVED",
    "FILE",
    "LONGEST",
    "PICTURES",
    "BoardFiles",
    "Generator",
    "Scene",
    "Storyboard",
    "as_scenes",
    "can_be_cut",
    "cost_of",
    "grid_for",
    "line_of",
    "made_by",
    "new_record",
    "outline",
    "store_errors",
]
