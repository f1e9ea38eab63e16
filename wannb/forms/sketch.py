"""On the frames of a board: strokes drawn over one, cards dragged to another place, a picture cut into several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from wannb.display import ELEMENTS, data_uri, esm, html, preview, small_jpeg
from wannb.staging import Stroke, Take, over_jpeg
from wannb.storyboard import grid_for
from wannb.translation import Words

from .button import beside, button, html_line, name_button, show
from .controls import STATIC, Disclosure, Filling, Listener

_PIXELS = 1024


class StrokeEditor(anywidget.AnyWidget):
    """Arrows and pen lines over a picture; the picture itself is not changed.

    Args:
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


class Sorter(Listener):
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

    def _take(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        scene, to = content.get("from"), content.get("to")
        if content.get("kind") == "move" and isinstance(scene, int) and isinstance(to, int):
            self._moved(scene, to)

    def __repr__(self) -> str:
        return "Sorter()"


# One picture with several panels cut into frames, which only the person decides

_CUT_PIXELS, _CUT_WIDTH, _MOST = 480, 320, 12


class Cut:
    """Rows, columns, a preview of the cuts, and the button; hidden where nothing can be cut."""

    def __init__(self, words: Words, cut: Callable[[int, int], object]) -> None:
        self.words = words
        self._frame: Take | None = None
        self._filling = Filling()
        numbers = {"min": 1, "max": _MOST, "value": 2}
        self._rows = widgets.BoundedIntText(description=words("Number of rows"), **numbers)
        self._columns = widgets.BoundedIntText(description=words("Number of columns"), **numbers)
        self._preview = widgets.HTML()
        self._go = button(words("Cut"), lambda: cut(self._rows.value, self._columns.value))
        for each in (self._rows, self._columns):
            each.observe(lambda change: self._draw(), "value")
        told = words(
            "Fewer images came than scenes. If this picture shows several panels, cut it; each piece becomes the frame "
            "of a scene, in reading order, and this picture stays among the takes."
        )
        note = widgets.HTML(html_line(told))
        row = beside(self._rows, self._columns, self._go, look="wannb-axes")
        content = widgets.VBox([note, row, self._preview])
        self._disclosure = Disclosure(words("One picture with several panels"), content)
        self._disclosure.opened = self._draw
        self.box = self._disclosure.box

    def show(self, frame: Take | None, scenes: int) -> None:
        """Offer to cut a frame into that many; 0 offers nothing."""
        show(self.box, frame and scenes)
        if frame and scenes and (self._frame is None or frame.path != self._frame.path):
            with self._filling:
                self._rows.value, self._columns.value = grid_for(scenes)
        self._frame = frame if scenes else None
        self._draw()

    def _draw(self) -> None:
        frame, rows, columns = self._frame, self._rows.value, self._columns.value
        if self._filling or frame is None or not self._disclosure.is_open:
            return
        across = [((0.0, row / rows), (1.0, row / rows)) for row in range(1, rows)]
        down = [((column / columns, 0.0), (column / columns, 1.0)) for column in range(1, columns)]
        jpeg = over_jpeg(
            preview(frame.path, _CUT_PIXELS), [Stroke(kind="pen", points=line) for line in (*across, *down)]
        )
        alt = self.words("{rows} rows and {columns} columns on the picture", rows=rows, columns=columns)
        size = (frame.width, frame.height)
        self._preview.value = html.figure(jpeg, alt=alt, caption=(), size=size, width=_CUT_WIDTH)
        name_button(self._go, self.words("Cut into {n} frames", n=rows * columns))
        self._go.disabled = not 2 <= rows * columns <= _MOST
