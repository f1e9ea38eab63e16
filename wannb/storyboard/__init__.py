"""Storyboards: scenes generated as one consistent set, frames kept and generated again, pages and films of them.

May import `client`, `figures` and the rooms below them. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .board import Storyboard
from .files import BoardFiles
from .generate import Generator
from .state import LONGEST, Scene, as_scenes, new_record
from .view import Shot, Take

__all__ = ["LONGEST", "BoardFiles", "Generator", "Scene", "Shot", "Storyboard", "Take", "as_scenes", "new_record"]
