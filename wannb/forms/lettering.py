"""Lettering: the title of a grid and the labels of its values, as a person writes them."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.plan import Plan
from wannb.request import word_of
from wannb.translation import Words, joined

from .controls import Disclosure, close_all

#: An option with more values has no labels of one's own.
_MOST = 60
#: Options whose values need no name before them.
_PLAIN = ("prompt", "model", "images")


class Lettering:
    """A title and a label for each value of a grid, empty for those that it has by itself.

    Args:
        words: of the form.
        changed: called when a person has written one.

    Attributes:
        box: the widget.
    """

    def __init__(self, words: Words, changed: Callable[[], None]) -> None:
        self.words = words
        self._changed = changed
        self._plan: Plan | None = None
        #: For each option its values, in their order, with their fields.
        self._fields: dict[str, list[tuple[Any, widgets.Text]]] = {}
        # The grid is drawn anew once a text is whole, not at each key.
        self._title = widgets.Text(
            description=words("Title"), continuous_update=False, _dom_classes=("wannb-figure-title",)
        )
        self._title.observe(lambda change: changed(), "value")
        hint = escape(words("Above the images, and a short text instead of each value; in the saved file too."))
        self._rows = widgets.VBox()
        head = widgets.HBox([self._title], _dom_classes=("wannb-row", "wannb-axes"))
        content = widgets.VBox([widgets.HTML(f'<div class="wannb-quietly">{hint}</div>'), head, self._rows])
        self._disclosure = Disclosure(words("Title and labels"), content)
        self._disclosure.opened = self._draw
        self.box = self._disclosure.box

    @property
    def arguments(self) -> dict[str, Any]:
        """What was written, as `Plan.grid` takes it; a picture, or a value that comes twice, is named by its place."""
        title, labels = self._title.value.strip(), dict[str, dict[Any, str]]()
        for name, fields in self._fields.items():
            values = [value for value, _ in fields]
            for at, (value, field) in enumerate(fields):
                if text := field.value.strip():
                    labels.setdefault(name, {})[at if name == "images" or value in values[:at] else value] = text
        return ({"title": title} if title else {}) | ({"labels": labels} if labels else {})

    def show(self, plan: Plan) -> None:
        """Take labels for the values of a plan; those that it shares with the one before keep theirs."""
        self._plan = plan
        if self._disclosure.is_open or self._fields:
            self._draw()

    def _draw(self) -> None:
        """Show a field for each value; there is none before the person opens them."""
        if self._plan is None:
            return
        old, self._fields, rows = self._fields, {}, []
        for name, values in self._plan.varying.items():
            if len(values) > _MOST:
                continue
            fields = self._fields[name] = []
            for value, text in zip(values, self._plan.labels(name), strict=True):
                field = self._field(old.get(name, []), value)
                field.description = self.words(text if name in _PLAIN else joined(" ", [word_of(name), text]))
                fields.append((value, field))
            rows.append(widgets.HBox([field for _, field in fields], _dom_classes=("wannb-row", "wannb-axes")))
        gone, self._rows.children = self._rows.children, rows
        for row in gone:
            row.children = ()  # its fields may be shown again
        close_all([*gone, *(field for fields in old.values() for _, field in fields)])

    def _field(self, known: list[tuple[Any, widgets.Text]], wanted: Any) -> widgets.Text:
        """Return the field of a value, taken from those that are known already if it is there."""
        for at, (value, _) in enumerate(known):
            if value == wanted:
                return known.pop(at)[1]
        field = widgets.Text(continuous_update=False)
        field.observe(lambda change: self._changed(), "value")
        return field
