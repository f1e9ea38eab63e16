"""Storyboards and studies as files: pages, films, slides, folders. What is exported comes as plain values.

May import `figures` and the rooms below it. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .export import export
from .pages import Pages
from .reel import Reel, Shot
from .rows import save_verdicts, write_rows
from .study import IMAGES, PLAN, Study, not_as_saved, save_images

__all__ = [
    "IMAGES",
    "PLAN",
    "Pages",
    "Reel",
    "Shot",
    "Study",
    "export",
    "not_as_saved",
    "save_images",
    "save_verdicts",
    "write_rows",
]
