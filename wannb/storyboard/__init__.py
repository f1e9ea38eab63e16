"""Storyboards: scenes drawn as one consistent set, frames kept and drawn anew, pages and films of them."""

from __future__ import annotations

from .board import Storyboard
from .panels import Scene
from .takes import Take, Takes

__all__ = ["Scene", "Storyboard", "Take", "Takes"]
