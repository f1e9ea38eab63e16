"""Ahead: what a page will show later is made while nobody types or clicks, so that a first look at it is at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

from wannb.display import ELEMENTS, esm

STATIC = Path(__file__).parent / "static"


class Ahead(anywidget.AnyWidget):
    """A part of a page that nobody sees; where no page is open nothing is made.

    Args:
        make: makes the next thing, and returns whether more is to be made.
    """

    _esm = esm(ELEMENTS, STATIC / "ahead.js")

    def __init__(self, make: Callable[[], bool]) -> None:
        super().__init__()
        self._make = make
        self.on_msg(self._asked)

    def _asked(self, widget: Any, content: Any, buffers: Any) -> None:
        self.send({"more": self._make()})
