"""What a scene is staged with: who is in it, how the camera sees it, and the strokes over its frame.

May import `runs` and the rooms below it. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .camera import camera_words, check_camera, written_in
from .strokes import Stroke, as_strokes, over_jpeg, over_picture, strokes_svg

__all__ = [
    "Stroke",
    "as_strokes",
    "camera_words",
    "check_camera",
    "over_jpeg",
    "over_picture",
    "strokes_svg",
    "written_in",
]
