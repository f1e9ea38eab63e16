"""Lettering: the title of a grid and the labels of its values, as a person writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.plan import Plan
from wannb.request import InputImage, word_of
from wannb.translation import Words, joined

from .controls import Disclosure, close_all

#: An option with more values has one field for all labels, with a line for each.
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
        #: For each option the labels, by the keys of their values; also of values that are not shown now.
        self._labels: dict[str, dict[str, str]] = {}
        #: The fields that are shown, by the option and the keys of the values that they label.
        self._fields: dict[tuple[str, tuple[str, ...]], widgets.Text | widgets.Textarea] = {}
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
        for name, values in self._plan.varying.items() if self._plan else ():
            written = self._labels.get(name, {})
            for at, (value, key) in enumerate(zip(values, _keys(values), strict=True)):
                if text := written.get(key, "").strip():
                    labels.setdefault(name, {})[at if name == "images" or value in values[:at] else value] = text
        return ({"title": title} if title else {}) | ({"labels": labels} if labels else {})

    @property
    def draft(self) -> dict[str, Any]:
        """What was written, as JSON data."""
        return {"title": self._title.value, "labels": {name: dict(texts) for name, texts in self._labels.items()}}

    def restore(self, draft: Mapping[str, Any]) -> None:
        """Show what was written; any exception for data that no `draft` gave."""
        labels = draft["labels"].items()
        self._labels = {name: {key: str(text) for key, text in texts.items()} for name, texts in labels}
        self._title.value = draft["title"]
        gone, self._rows.children, self._fields = self._rows.children, (), {}
        close_all(gone)
        if self._disclosure.is_open:
            self._draw()

    def show(self, plan: Plan) -> None:
        """Take labels for the values of a plan; those that it shares with one before keep theirs."""
        self._plan = plan
        if self._disclosure.is_open:
            self._draw()

    def _draw(self) -> None:
        """Show a field for each value, one for all where they are many; there is none before the person opens them."""
        if self._plan is None:
            return
        old, self._fields, rows = self._fields, {}, []
        for name, values in self._plan.varying.items():
            keys, texts = _keys(values), self._plan.labels(name)
            if len(values) > _MOST:
                hint = self.words("{option}: a label a line, in the order of the values", option=word_of(name))
                fields = [self._field(old, name, keys, hint)]
            else:
                said = [text if name in _PLAIN else joined(" ", [word_of(name), text]) for text in texts]
                fields = [self._field(old, name, [key], self.words(text)) for key, text in zip(keys, said, strict=True)]
            rows.append(widgets.HBox(fields, _dom_classes=("wannb-row", "wannb-axes")))
        gone, self._rows.children = self._rows.children, rows
        for row in gone:
            row.children = ()  # its fields may be shown again
        close_all([*gone, *old.values()])

    def _field(
        self, known: dict[tuple[str, tuple[str, ...]], Any], name: str, keys: Sequence[str], said: str
    ) -> widgets.Text | widgets.Textarea:
        """Return the field for the labels of some values, that which is known already if it is there."""
        place, labels = (name, tuple(keys)), self._labels.get(name, {})
        field = known.pop(place, None)
        if field is None:
            kind = widgets.Text if len(keys) == 1 else widgets.Textarea
            lines = "\n".join(labels.get(key, "") for key in keys)
            field = kind(value=lines.rstrip("\n"), continuous_update=False)
            field.observe(lambda change: self._write(name, keys, change["new"].split("\n")), "value")
        field.description = said
        self._fields[place] = field
        return field

    def _write(self, name: str, keys: Sequence[str], texts: Sequence[str]) -> None:
        labels = self._labels.setdefault(name, {})
        for at, key in enumerate(keys):
            if at < len(texts) and texts[at].strip():
                labels[key] = texts[at]
            else:
                labels.pop(key, None)
        if not labels:
            del self._labels[name]
        self._changed()


def _keys(values: Iterable[Any]) -> list[str]:
    """Return a text for each value that tells it from all others; pictures by what they hold, not by their name."""
    keys: list[str] = []
    times: Counter[str] = Counter()
    for value in values:
        images = [value] if isinstance(value, InputImage) else value if isinstance(value, (list, tuple)) else ()
        told = " ".join(str(image.sha256 or image.url) for image in images if isinstance(image, InputImage))
        key = told or str(value)
        times[key] += 1
        keys.append(key if times[key] == 1 else f"{key} {times[key]}")
    return keys
