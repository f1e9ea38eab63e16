"""SideBySide: a plan's images as a grid in a form, laid out as a person likes, which sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.plan import Plan
from wannb.request import FIELDS
from wannb.translation import Words

from .plans import page_of

AXES = ("rows", "columns", "pages")


class SideBySide:
    """The grid of a plan with a choice of what stands on rows, columns and pages.

    Attributes:
        box: what is shown; nothing before `show`.
        plan: the plan that is shown, None before.
        changed: called when a person has chosen another layout.
    """

    def __init__(self, words: Words) -> None:
        self.words = words
        self.plan: Plan | None = None
        self.changed: Callable[[], None] = lambda: None
        self._filling = False
        labels = {"rows": words("Rows"), "columns": words("Columns"), "pages": words("Pages")}
        self._axes = {axis: widgets.Dropdown(description=labels[axis]) for axis in AXES}
        for axis, each in self._axes.items():
            each.observe(lambda change, axis=axis: self._chosen(axis), "value")
        title = widgets.HTML(f'<h4 class="wannb-title">{escape(words("Side by side"))}</h4>')
        self._row = widgets.HBox(list(self._axes.values()), _dom_classes=("wannb-row", "wannb-axes"))
        self._page = widgets.HTML()
        self.box = widgets.VBox([title, self._row, self._page], _dom_classes=("wannb-side-by-side",))
        self.box.layout.display = "none"

    @property
    def axes(self) -> dict[str, str]:
        """The options that a person has put on an axis, by the axis."""
        return {axis: each.value for axis, each in self._axes.items() if each.value}

    def show(self, plan: Plan) -> None:
        """Show what there is of a plan."""
        names = tuple(plan.varying)
        options = [(self.words(FIELDS[name].label), name) for name in names]
        self._filling = True
        if self.plan is None or tuple(self.plan.varying) != names:
            for axis, each in self._axes.items():
                none = self.words("one page") if axis == "pages" else self.words("as it fits")
                chosen = each.value
                each.options = [(none, ""), *options]
                each.value = chosen if chosen in names else ""
        self._filling = False
        self.plan = plan
        self._row.layout.display = "" if len(names) > 1 else "none"
        self._page.value = self.html()
        self.box.layout.display = ""

    def html(self) -> str:
        """Return the grid as it is shown, empty before there is one."""
        if self.plan is None:
            return ""
        page: Any = self.plan.grid(**self.axes)._repr_mimebundle_()["text/html"]
        return page_of(self.plan, page, self.words)

    def _chosen(self, axis: str) -> None:
        if self._filling or self.plan is None:
            return
        self._filling = True
        for other, each in self._axes.items():
            if other != axis and each.value == self._axes[axis].value:
                each.value = ""
        self._filling = False
        self._page.value = self.html()
        self.changed()
