"""Storyboards: scenes generated as one consistent set, frames kept and generated again, pages and films of them.

May import `client`, `figures` and the rooms below them. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .board import Storyboard
from .files import BoardFiles
from .generate import Generator
from .scenes import LONGEST, Scene, as_scenes
from .state import new_record
from .view import Shot, Take, Takes

__all__ = [
    "LONGEST",
    "BoardFiles",
    "Generator",
    "Scene",
    "Shot",
    "Storyboard",
    "Take",
    "Takes",
    "as_scenes",
    "new_record",
]
