"""Rows: a list of entries that a person adds to, puts in order and takes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import ipywidgets as widgets

from wannb.translation import Words

from .controls import button, close_all

E = TypeVar("E", bound="Entry")


class Entry:
    """One row: its inputs, and the buttons that move it and take it out.

    Attributes:
        box: what is shown.
        inputs: what a person writes in; the first gets the keyboard when the row is new.
        touched: called when a person has changed one of them.
    """

    def __init__(self, inputs: Sequence[widgets.Widget], words: Words) -> None:
        self.words = words
        self.inputs = list(inputs)
        self.touched: Callable[[], None] = lambda: None
        self.moved: Callable[[int], None] = lambda by: None
        self.removed: Callable[[], None] = lambda: None
        self.up = button("↑", lambda: self.moved(-1))
        self.down = button("↓", lambda: self.moved(1))
        self.remove = button("×", lambda: self.removed())
        side = widgets.HBox([self.up, self.down, self.remove], _dom_classes=("wannb-row",))
        self.box = widgets.HBox([self.body(), side], _dom_classes=("wannb-row", "wannb-scene"))
        for each in inputs:
            each.observe(lambda change: self.touched(), "value")

    def body(self) -> widgets.Widget:
        """Return the inputs as they are shown."""
        return self.inputs[0]

    def label(self, number: int, count: int) -> None:
        """Say which row this is."""
        words = self.words
        self.up.disabled, self.down.disabled, self.remove.disabled = number == 1, number == count, count == 1
        self.up.tooltip = words("Move row {number} up", number=number)
        self.down.tooltip = words("Move row {number} down", number=number)
        self.remove.tooltip = words("Remove row {number}", number=number)


class Rows(Generic[E]):
    """Entries under each other, with a button that adds one.

    Attributes:
        box: what is shown.
        entries: the rows in their order.
        changed: called when a person has changed them.
    """

    def __init__(self, make: Callable[[], E], *, add: str, most: int) -> None:
        self.entries: list[E] = []
        self.changed: Callable[[], None] = lambda: None
        self._make = make
        self._most = most
        self._list = widgets.VBox()
        self.add = button(add, self._add)
        self.box = widgets.VBox([self._list, self.add])

    def show(self, entries: Sequence[E]) -> None:
        """Show other entries."""
        old, self.entries = self.entries, []
        for entry in entries:
            self._take(entry)
        self._draw()
        close_all([entry.box for entry in old if entry not in self.entries])

    def _add(self) -> None:
        self._take(self._make())
        self._draw()
        self.entries[-1].inputs[0].focus()
        self.changed()

    def _take(self, entry: E) -> None:
        entry.touched = self._touched
        entry.moved = lambda by: self._move(entry, by)
        entry.removed = lambda: self._remove(entry)
        self.entries.append(entry)

    def _touched(self) -> None:
        self.changed()

    def _move(self, entry: E, by: int) -> None:
        place = self.entries.index(entry)
        other = place + by
        if 0 <= other < len(self.entries):
            self.entries[place], self.entries[other] = self.entries[other], entry
            self._draw()
            # The row was put in anew, and the keyboard's focus with it.
            ends = (entry.down if other == 0 else entry.up) if by < 0 else entry.up
            (entry.down if by > 0 and other < len(self.entries) - 1 else ends).focus()
            self.changed()

    def _remove(self, entry: E) -> None:
        if len(self.entries) > 1:
            self.entries.remove(entry)
            self._draw()
            close_all([entry.box])
            self.changed()

    def _draw(self) -> None:
        for number, entry in enumerate(self.entries, 1):
            entry.label(number, len(self.entries))
        self._list.children = [entry.box for entry in self.entries]
        self.add.disabled = len(self.entries) >= self._most
