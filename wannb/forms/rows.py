"""Rows: a list that a person adds to, puts in order and removes from, such as scenes, prompts and input images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import ipywidgets as widgets

from wannb.translation import Said, Words

from .controls import button, close_all

R = TypeVar("R", bound="Row")


class Row:
    """One row: its content, and the buttons that move and remove it.

    Args:
        words: of the form.
        inputs: the widgets that a person writes in; the first gets the keyboard focus when the row is new.

    Attributes:
        box: the widget.
        changed: called when a person changes an input.
        up, down, remove: the buttons.
    """

    def __init__(self, words: Words, inputs: Sequence[widgets.Widget] = ()) -> None:
        self.words = words
        self.inputs = list(inputs)
        self.changed: Callable[[], None] = lambda: None
        self.moved: Callable[[int], None] = lambda by: None
        self.removed: Callable[[], None] = lambda: None
        self.up = button("↑", lambda: self.moved(-1))
        self.down = button("↓", lambda: self.moved(1))
        self.remove = button("×", lambda: self.removed())
        self.buttons = widgets.HBox([self.up, self.down, self.remove], _dom_classes=("wannb-row",))
        self.box = self._layout()
        for each in self.inputs:
            each.observe(lambda change: self.changed(), "value")

    def name(self, number: int) -> Said:
        """Return the row's name."""
        raise NotImplementedError

    def label(self, number: int, count: int) -> None:
        """Show the row's place, from 1."""
        words, what = self.words, self.name(number)
        self.up.disabled, self.down.disabled = number == 1, number == count
        self.up.tooltip = words("Move up: {what}", what=what)
        self.down.tooltip = words("Move down: {what}", what=what)
        self.remove.tooltip = words("Remove: {what}", what=what)
        if self.inputs:
            name = words(what)
            self.inputs[0].description = name[:1].upper() + name[1:]

    def _layout(self) -> widgets.Widget:
        return widgets.HBox([*self.inputs, self.buttons], _dom_classes=("wannb-row", "wannb-scene"))


class Rows(Generic[R]):
    """Rows under each other, with a button that adds one where `make` is given.

    Args:
        add: the text of the button that adds a row.
        make: makes an empty row; without it there is no button.
        least, most: how many rows there can be.

    Attributes:
        box: the widget.
        entries: the rows in their order.
        changed: called when a person has changed them.
    """

    def __init__(self, *, add: str = "", make: Callable[[], R] | None = None, least: int = 1, most: int) -> None:
        self.entries: list[R] = []
        self.changed: Callable[[], None] = lambda: None
        self._make = make
        self._least, self._most = least, most
        self._list = widgets.VBox()
        self.add = button(add, self._add_new) if make else None
        self.box = widgets.VBox([self._list, *([self.add] if self.add else [])])

    @property
    def is_full(self) -> bool:
        """Whether no row can be added."""
        return len(self.entries) >= self._most

    def show(self, entries: Sequence[R]) -> None:
        """Show other rows; those that are shown already keep their widgets."""
        old, self.entries = self.entries, []
        for entry in entries:
            self._take(entry)
        self.draw()
        close_all(entry.box for entry in old if entry not in self.entries)

    def append(self, entry: R) -> None:
        """Put a row at the end."""
        self._take(entry)
        self.draw()
        self.changed()

    def draw(self) -> None:
        """Show the rows in their order, with their numbers."""
        for number, entry in enumerate(self.entries, 1):
            entry.label(number, len(self.entries))
            entry.remove.disabled = len(self.entries) <= self._least
        self._list.children = [entry.box for entry in self.entries]
        if self.add:
            self.add.disabled = self.is_full

    def _add_new(self) -> None:
        if self._make and not self.is_full:
            self.append(self._make())
            self.entries[-1].inputs[0].focus()

    def _take(self, entry: R) -> None:
        entry.changed = lambda: self.changed()
        entry.moved = lambda by: self._move(entry, by)
        entry.removed = lambda: self._remove(entry)
        self.entries.append(entry)

    def _move(self, entry: R, by: int) -> None:
        place = self.entries.index(entry)
        other = place + by
        if 0 <= other < len(self.entries):
            self.entries[place], self.entries[other] = self.entries[other], entry
            self.draw()
            # The row was put in anew and lost the focus. A button that is off now cannot have it.
            onward, back = (entry.up, entry.down) if by < 0 else (entry.down, entry.up)
            (back if onward.disabled else onward).focus()
            self.changed()

    def _remove(self, entry: R) -> None:
        if len(self.entries) > self._least:
            self.entries.remove(entry)
            self.draw()
            close_all([entry.box])
            self.changed()
