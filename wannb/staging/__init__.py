"""What a scene is staged with: who is in it, how the camera sees it, and the strokes over its frame.

May import `runs` and the rooms below it. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .camera import ANGLES, MOVEMENTS, SHOTS, camera_of, camera_words, check_camera, written_in
from .characters import MOST_PICTURES, Character, Characters, cast
from .strokes import Stroke, as_strokes, over_jpeg, over_picture, strokes_svg
from .takes import MISSING, Take, Takes

__all__ = [
    "ANGLES",
    "MISSING",
    "MOST_PICTURES",
    "MOVEMENTS",
    "SHOTS",
    "Character",
    "Characters",
    "Stroke",
    "Take",
    "Takes",
    "as_strokes",
    "camera_of",
    "camera_words",
    "cast",
    "check_camera",
    "over_jpeg",
    "over_picture",
    "strokes_svg",
    "written_in",
]
