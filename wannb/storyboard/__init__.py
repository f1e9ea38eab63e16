"""Storyboards: scenes drawn as one consistent set, frames kept and drawn anew, pages and films of them.

May import `client`, `figures` and the rooms below them. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .beginning import begun
from .board import Storyboard
from .drawing import Drawing
from .panels import LONGEST, Scene, as_scenes
from .shelf import Shelf
from .shots import Shot
from .takes import Take, Takes

__all__ = ["LONGEST", "Drawing", "Scene", "Shelf", "Shot", "Storyboard", "Take", "Takes", "as_scenes", "begun"]
