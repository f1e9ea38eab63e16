"""What leads to boards: scripts whose lines become scenes, and the boards that were saved.

May import `storyboard` and the rooms below it. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .reading import decoded
from .saved import SavedBoard, storyboards
from .scripted import Scenes, scenes

__all__ = ["SavedBoard", "Scenes", "decoded", "scenes", "storyboards"]
