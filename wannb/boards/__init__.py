"""What leads to boards: scripts whose lines become scenes, and the boards that were saved.

May import `storyboard` and the rooms below it. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .reading import Scenes, decoded, scenes
from .saved import SavedBoard, storyboards

__all__ = ["SavedBoard", "Scenes", "decoded", "scenes", "storyboards"]
