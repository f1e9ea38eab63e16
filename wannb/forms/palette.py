"""Palette: three to ten colors whose shares stay at 100.00 %, or the colors of a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from wannb.display import ELEMENTS, esm
from wannb.request import PALETTE, Color, as_input, as_palette, palette_from, palette_rules, shares
from wannb.runs import Store
from wannb.translation import Words, override

from .button import beside, button, html_line, show, sign
from .controls import STATIC, Control, Filling, close_all
from .references import Picker

_HEX = re.compile(r"#[0-9A-Fa-f]{6}")
_NEW = ("#7A1F3D", "#F2C14E", "#FFF4E0", "#3C6E47", "#1F3A5F", "#C2D1E6", "#E4572E", "#2B2B2B", "#8E7DBE", "#FFFFFF")


class ColorField(anywidget.AnyWidget):
    """One color, "#C2D1E6", as a picker and a text; ipywidgets' picker has no name that a screen reader could read."""

    _esm = esm(ELEMENTS, STATIC / "color.js")

    value = traitlets.Unicode("#000000").tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)

    def __init__(self, value: str, *, words: Words) -> None:
        super().__init__(value=value, texts={"picker": words("Color"), "text": words("Color as #RRGGBB")})

    @traitlets.validate("value")
    def _checked(self, proposal: traitlets.Bunch) -> str:
        value = str(proposal["value"])
        if not _HEX.fullmatch(value):
            raise traitlets.TraitError(f"{value!r} is not a color; write it as '#RRGGBB'")
        return value.upper()


class _Row:
    """One color with its share in hundredths of a percent."""

    def __init__(self, hex_: str, hundredths: int, words: Words) -> None:
        self.color = ColorField(hex_, words=words)
        self.share = widgets.BoundedFloatText(
            value=hundredths / 100, min=0.01, max=99.99, step=1, description=words("Share, %")
        )
        self.share.add_class("wannb-quiet")
        self.remove = sign("remove", lambda: None, words("Remove this color"))
        self.box = widgets.HBox(
            [self.color, self.share, widgets.HTML("%"), self.remove], _dom_classes=("wannb-row", "wannb-color")
        )

    @property
    def hundredths(self) -> int:
        hundredths: int = round(self.share.value * 100)
        return hundredths


class Palette(Control):
    """A switch, a row for each color, and a bar that shows the shares."""

    def __init__(self, words: Words, store: Store) -> None:
        self._use = widgets.Checkbox(description=words("Use a palette"), indent=False)
        self._rows: list[_Row] = []
        self._store = store
        self._body = widgets.VBox()
        super().__init__("color_palette", [self._use, self._body], words)
        self._inputs = [self._use]
        self._picker: Picker | None = None
        self._filling = Filling()
        self._use.observe(lambda change: self._switched(), "value")
        self._unfold()

    def _build(self) -> None:
        """Make the widgets when they are first needed: a page with few widgets loads sooner."""
        if self._picker:
            return
        words = self.words
        self._bar = widgets.HTML()
        self._list = widgets.VBox()
        self._add = button(words("Add a color"), self._add_color)
        self._even = button(words("Even shares"), lambda: self._spread([1] * len(self._rows)))
        self._said = widgets.HTML()
        self._picker = Picker(self._store, words, self._take)
        self._body.children = [
            self._bar,
            self._list,
            beside(self._add, self._even),
            widgets.HTML(html_line(words("Colors of an image"), "label")),
            self._picker.box,
            self._said,
        ]

    @property
    def value(self) -> Any:
        if not self._use.value:
            return None
        return tuple(Color(row.color.value, f"{row.hundredths / 100:.2f}%") for row in self._rows)

    def fill(self, value: Any) -> None:
        with self._filling:
            if value is not None:
                self._show(as_palette(value) or ())
            self._use.value = value is not None
        self._unfold()

    def refuses(self, value: Any) -> bool:
        return value is not None and bool(palette_rules(as_palette(value) or ()))

    @property
    def draft(self) -> Any:
        return self.value and [{"hex": each.hex, "ratio": each.ratio} for each in self.value]

    def turn_off(self, reason: str) -> None:
        super().turn_off(reason)
        self._unfold()

    def refresh(self) -> None:
        if self._picker:
            self._picker.refresh()

    def _switched(self) -> None:
        if self._filling:
            return
        if self._use.value and not self._rows:
            self._show(
                [Color(name, f"{share / 100:.2f}%") for name, share in zip(_NEW, shares([5, 3, 2]), strict=False)]
            )
        self._unfold()
        self.changed()

    def _unfold(self) -> None:
        show(self._body, not (self.is_off or not self._use.value))

    def _show(self, colors: Sequence[Color]) -> None:
        self._build()
        close_all([row.box for row in self._rows])
        self._rows = [self._row(color.hex, round(float(color.ratio[:-1]) * 100)) for color in colors]
        self._draw_rows()

    def _row(self, hex_: str, hundredths: int) -> _Row:
        row = _Row(hex_, hundredths, self.words)
        row.color.observe(lambda change: self._changed(), "value")
        row.share.observe(lambda change: self._rebalance(row), "value")
        row.remove.on_click(lambda _: self._drop(row))
        return row

    def _add_color(self) -> None:
        if len(self._rows) < PALETTE.stop - 1:
            taken = {row.color.value for row in self._rows}
            new = next(name for name in _NEW if name not in taken)
            self._rows.append(self._row(new, 1))
            count = len(self._rows)
            self._spread([row.hundredths for row in self._rows[:-1]] + [10000 / count])

    def _drop(self, row: _Row) -> None:
        if len(self._rows) > PALETTE.start:
            self._rows.remove(row)
            self._spread([each.hundredths for each in self._rows])

    def _rebalance(self, changed: _Row) -> None:
        """Keep a share as it was set, and change the others in their proportions."""
        if self._filling:
            return
        others = [row.hundredths for row in self._rows if row is not changed]
        mine = min(max(1, changed.hundredths), 10000 - len(others))
        parts = iter(shares(others, 10000 - mine))
        self._set([mine if row is changed else next(parts) for row in self._rows])

    def _spread(self, weights: Sequence[float]) -> None:
        self._set(shares(weights))

    def _set(self, hundredths: Sequence[int]) -> None:
        with self._filling:
            for row, share in zip(self._rows, hundredths, strict=True):
                row.share.value = share / 100
        self._draw_rows()
        self._changed()

    def _changed(self) -> None:
        if not self._filling:
            self._draw_bar()
            self.changed()

    def _draw_rows(self) -> None:
        self._list.children = [row.box for row in self._rows]
        self._add.disabled = len(self._rows) >= PALETTE.stop - 1
        for row in self._rows:
            row.remove.disabled = len(self._rows) <= PALETTE.start
        self._draw_bar()

    def _draw_bar(self) -> None:
        parts = "".join(
            f'<span style="flex:{row.hundredths};background:{escape(row.color.value)}"></span>' for row in self._rows
        )
        total = sum(row.hundredths for row in self._rows) / 100
        said = escape(self.words("{total} % in total", total=f"{total:.2f}"))
        self._bar.value = (
            f'<div class="wannb-bar" aria-hidden="true">{parts}</div><div class="wannb-quietly">{said}</div>'
        )

    def _take(self, source: str) -> None:
        image = as_input(source)
        try:
            with override(self.words.language):
                colors = palette_from(image, max(PALETTE.start, len(self._rows) or 5))
        except ValueError as error:
            self._said.value = f'<div class="wannb-problems" role="alert">{escape(str(error))}</div>'
            return
        self._said.value = f'<div class="wannb-quietly">{escape(self.words("Colors of {name}", name=image.name))}</div>'
        with self._filling:
            self._show(colors)
        self._changed()
