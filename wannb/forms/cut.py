"""The offer to cut one picture with several panels into frames, with a preview; only the person decides."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from wannb.display import html, preview
from wannb.staging import Stroke, Take, over_jpeg
from wannb.storyboard import grid_for
from wannb.translation import Words

from .button import button, name_button
from .controls import Disclosure, Filling

_PIXELS, _WIDTH, _MOST = 480, 320, 12


class Cut:
    """Rows, columns, a preview of the cuts, and the button.

    Args:
        words: of the form.
        cut: called with rows and columns.

    Attributes:
        box: the widget; hidden where nothing can be cut.
    """

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
        note = widgets.HTML(f'<div class="wannb-quietly">{escape(told)}</div>')
        row = widgets.HBox([self._rows, self._columns, self._go], _dom_classes=("wannb-row", "wannb-axes"))
        content = widgets.VBox([note, row, self._preview])
        self._disclosure = Disclosure(words("One picture with several panels"), content)
        self._disclosure.opened = self._draw
        self.box = self._disclosure.box

    def show(self, frame: Take | None, scenes: int) -> None:
        """Offer to cut a frame into that many; 0 offers nothing."""
        self.box.layout.display = "" if frame and scenes else "none"
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
        jpeg = over_jpeg(preview(frame.path, _PIXELS), [Stroke(kind="pen", points=line) for line in (*across, *down)])
        alt = self.words("{rows} rows and {columns} columns on the picture", rows=rows, columns=columns)
        size = (frame.width, frame.height)
        self._preview.value = html.figure(jpeg, alt=alt, caption=(), size=size, width=_WIDTH)
        name_button(self._go, self.words("Cut into {n} frames", n=rows * columns))
        self._go.disabled = not 2 <= rows * columns <= _MOST
