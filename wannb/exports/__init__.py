"""Storyboards as files: pages, films, a web page, slides. What is exported comes as plain values, the shots of a reel.

May import `figures` and the rooms below it. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .export import export
from .pages import Pages
from .reel import Reel, Shot

__all__ = ["Pages", "Reel", "Shot", "export"]
