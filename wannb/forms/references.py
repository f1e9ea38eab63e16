"""The input images: added, reordered, numbered as the prompt names them, with boxes where these are wanted."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.display import html, small_jpeg
from wannb.request import MAX_IMAGES, InputImage, as_inputs
from wannb.translation import Words

from .boxes import BoxEditor
from .controls import Control, button, close_all
from .sources import Picker

_PIXELS, _WIDTH = 240, 120


class _Entry:
    """One input image with its buttons, and its box editor where boxes are wanted."""

    def __init__(self, image: InputImage, references: References, boxes: Sequence[Sequence[int]]) -> None:
        self.image = image
        words = references.words
        self._picture = widgets.HTML(_picture(image, words))
        self._caption = widgets.HTML()
        self.up = button("↑", lambda: references.move(self, -1))
        self.down = button("↓", lambda: references.move(self, 1))
        self.remove = button("×", lambda: references.remove(self))
        side = [self._caption, widgets.HBox([self.up, self.down, self.remove], _dom_classes=("wannb-row",))]
        self.editor: BoxEditor | None = None
        if references.with_boxes:
            self.editor = BoxEditor(image, boxes=[list(box) for box in boxes], words=words)
            self.editor.observe(lambda change: references.changed(), "boxes")
            rows = [widgets.HBox(side, _dom_classes=("wannb-row", "wannb-between")), self.editor]
            self.box = widgets.VBox(rows, _dom_classes=("wannb-reference", "wannb-with-boxes"))
        else:
            row = [self._picture, widgets.VBox(side, _dom_classes=("wannb-reference-side",))]
            self.box = widgets.HBox(row, _dom_classes=("wannb-reference",))

    @property
    def boxes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(box) for box in self.editor.boxes) if self.editor else ()

    def show(self, boxes: Sequence[Sequence[int]]) -> None:
        """Show other boxes."""
        if self.editor:
            self.editor.boxes = [list(box) for box in boxes]

    def label(self, number: int, count: int, words: Words) -> None:
        """Say which image this is, what was done to it and what it decides."""
        size = f" · {self.image.width}*{self.image.height}" if self.image.width else ""
        lines = [f"<b>{escape(words('image {number}', number=number))}</b> {html.text(self.image.name)}{size}"]
        if number == count:
            lines.append(escape(words("the last one: gives the output its shape")))
        lines += [escape(words.sentence(notice)) for notice in self.image.notices]
        self._caption.value = '<div class="wannb-caption">' + "<br>".join(lines) + "</div>"
        self.up.disabled, self.down.disabled = number == 1, number == count
        self.up.tooltip = words("Move image {number} up", number=number)
        self.down.tooltip = words("Move image {number} down", number=number)
        self.remove.tooltip = words("Remove image {number}", number=number)
        if self.editor:
            self.editor.number = number


class References(Control):
    """Input images as rows; `boxes` are theirs, and travel with them."""

    def __init__(self, words: Words, picker: Picker, *, with_boxes: bool = False) -> None:
        self.with_boxes = with_boxes
        self._entries: list[_Entry] = []
        self._list = widgets.VBox(_dom_classes=("wannb-references",))
        self._picker = picker
        picker.picked = self.add
        title = widgets.HTML(f'<div class="wannb-label">{escape(words("Input images"))}</div>')
        super().__init__("images", [title, self._list, picker.box], words)
        self._inputs = []

    @property
    def value(self) -> tuple[InputImage, ...]:
        return tuple(entry.image for entry in self._entries)

    @property
    def boxes(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """The boxes, one tuple for each input image."""
        return tuple(entry.boxes for entry in self._entries)

    def fill(self, value: Any) -> None:
        self.fill_with_boxes(as_inputs(value), ())

    def fill_with_boxes(self, images: Sequence[InputImage], boxes: Sequence[Sequence[Sequence[int]]]) -> None:
        """Show these images with these boxes; a missing list is an image without a box."""
        old, self._entries = self._entries, []
        padded = [*boxes, *[()] * len(images)]
        for image, own in zip(images, padded, strict=False):
            # Whoever is there already stays, and so does what a person sees of it.
            same = (entry for entry in old if entry.image == image and (image.sha256 or image.url))
            entry = next(same, None)
            if entry:
                old.remove(entry)
                entry.image = image
                entry.show(own)
            self._entries.append(entry or _Entry(image, self, own))
        self._draw_rows()
        close_all([entry.box for entry in old])

    def add(self, image: InputImage) -> None:
        """Put an image at the end."""
        self._entries.append(_Entry(image, self, ()))
        self._draw_rows()
        self.changed()

    def move(self, entry: _Entry, by: int) -> None:
        """Move an image up or down by one."""
        place = self._entries.index(entry)
        other = place + by
        if 0 <= other < len(self._entries):
            self._entries[place], self._entries[other] = self._entries[other], entry
            self._draw_rows()
            # The row was put in anew, and the keyboard's focus with it.
            (entry.up if by < 0 and other else entry.down if other < len(self._entries) - 1 else entry.up).focus()
            self.changed()

    def remove(self, entry: _Entry) -> None:
        """Take an image out."""
        self._entries.remove(entry)
        self._draw_rows()
        close_all([entry.box])
        self.changed()

    def refresh(self) -> None:
        """Offer the images that are in the store now."""
        self._picker.refresh()

    def _draw_rows(self) -> None:
        for number, entry in enumerate(self._entries, 1):
            entry.label(number, len(self._entries), self.words)
        self._list.children = [entry.box for entry in self._entries]
        self._picker.box.layout.display = "none" if len(self._entries) >= MAX_IMAGES else ""


def _picture(image: InputImage, words: Words) -> str:
    if image.content is None:
        said = words.sentence(image.problem) if image.problem else words("a link, not fetched here")
        return f'<div class="wannb-nothing">{escape(said)}</div>'
    size = (image.width or 1, image.height or 1)
    jpeg = small_jpeg(io.BytesIO(image.content), _PIXELS)
    return html.figure(jpeg, alt=image.name, caption=(), size=size, width=_WIDTH)
