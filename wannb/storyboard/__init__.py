"""Storyboards: scenes generated as one consistent set, frames kept and generated again.

May import `exports`, `client`, `figures` and the rooms below them. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .board import Storyboard
from .cutting import can_be_cut, grid_for
from .files import BoardFiles
from .generate import Generator
from .state import LONGEST, Scene, as_scenes, new_record
from .view import Take

__all__ = [
    "LONGEST",
    "BoardFiles",
    "Generator",
    "Scene",
    "Storyboard",
    "Take",
    "as_scenes",
    "can_be_cut",
    "grid_for",
    "new_record",
]
