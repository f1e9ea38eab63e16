"""Strokes over a frame, drawn by hand or with keys, and cards that are dragged to another place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from wannb.display import ELEMENTS, data_uri, esm, small_jpeg
from wannb.staging import Stroke
from wannb.translation import Words

STATIC = Path(__file__).parent / "static"
_PIXELS = 1024


class StrokeEditor(anywidget.AnyWidget):
    """Arrows and pen lines over a picture; the picture itself is not changed.

    Args:
        words: of the form.
        drawn: called with all strokes, as mappings, when a person has changed them.

    Attributes:
        strokes: a list of `{"kind", "color", "points"}`.
    """

    _esm = esm(ELEMENTS, STATIC / "sketch.js")
    _css = STATIC / "sketch.css"

    preview = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int(16).tag(sync=True)
    height = traitlets.Int(9).tag(sync=True)
    strokes: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    colors: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, words: Words, drawn: Callable[[list[dict[str, Any]]], object]) -> None:
        self._words = words
        self._path: Path | None = None
        self._showing = False
        colors = [["#e5322d", words("red")], ["#f2b600", words("yellow")], ["#1668dc", words("blue")]]
        super().__init__(texts=_texts(words, 0), colors=[*colors, ["#111111", words("black")]])
        self.observe(lambda change: None if self._showing else drawn(change["new"]), "strokes")

    def show(self, path: Path, size: tuple[int, int], strokes: Sequence[Stroke], *, scene: int, off: bool) -> None:
        """Show a frame with its strokes."""
        self._showing = True
        try:
            with self.hold_sync():
                if path != self._path:
                    self._path, self.preview = path, data_uri(small_jpeg(path, _PIXELS))
                self.width, self.height = size
                self.texts, self.disabled = _texts(self._words, scene), off
                self.strokes = [
                    {"kind": each.kind, "color": each.color, "points": [list(point) for point in each.points]}
                    for each in strokes
                ]
        finally:
            self._showing = False

    def __repr__(self) -> str:
        return f"StrokeEditor({len(self.strokes)} strokes)"


def _texts(words: Words, scene: int) -> dict[str, str]:
    """Return the texts of the page; names in braces are filled in there."""
    return {
        "picture": words("The frame of scene {number}", number=scene),
        "stage": words("Draw over the frame of scene {number}", number=scene),
        "tools": words("Drawing"),
        "arrow": words("Arrow"),
        "pen": words("Pen"),
        "undo": words("Undo the last stroke"),
        "clear": words("Clear all strokes"),
        "keys": words(
            "Drag on the picture to draw. With the keyboard: A makes an arrow, the arrow keys move the last stroke, "
            "with Shift its end, Delete removes it. The picture itself stays as it is, and strokes are never sent."
        ),
        "arrowDrawn": words("Arrow drawn, strokes: {n}"),
        "penDrawn": words("Line drawn, strokes: {n}"),
        "moved": words("Moved"),
        "removed": words("Removed, strokes: {n}"),
        "cleared": words("All strokes removed"),
    }


class Sorter(anywidget.AnyWidget):
    """Lets a person drag the cards of a form by their grips; says where a card went, however it was moved.

    Args:
        moved: called with the number of a card and that of the place it was dragged to, both from 1.

    Attributes:
        told: what screen readers read out.
        disabled: whether nothing can be dragged.
    """

    _esm = esm(ELEMENTS, STATIC / "sorter.js")

    told = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, moved: Callable[[int, int], object]) -> None:
        super().__init__()
        self._moved = moved
        self.on_msg(_receive)

    def __repr__(self) -> str:
        return "Sorter()"


def _receive(widget: Sorter, content: Any, buffers: object) -> None:
    if isinstance(content, dict) and content.get("kind") == "move":
        scene, to = content.get("from"), content.get("to")
        if isinstance(scene, int) and isinstance(to, int):
            widget._moved(scene, to)
