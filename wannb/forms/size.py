"""The size of the output: presets, shapes and a free width*height, all in one text."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.request import FIELDS, PRESETS, PRO, parse, size_for, size_problem
from wannb.translation import Words

from .controls import Control

RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
_FREE = "free"


class Size(Control):
    """The size as a text, which presets and shapes write and people may change."""

    def __init__(self, words: Words) -> None:
        self._text = widgets.Text(value=FIELDS["size"].default, description=words(FIELDS["size"].label))
        self._presets = {name: widgets.Button(description=name, _dom_classes=("wannb-choice",)) for name in PRESETS}
        self._shape = widgets.Dropdown(description=words("Shape"))
        for each in self._presets.values():
            each.on_click(lambda button: self._choose(button.description, self._shape.value))
        self._shape.options = self._shapes(words, with_images=False)
        self._off = widgets.HTML()
        row = widgets.HBox([self._text, *self._presets.values(), self._shape], _dom_classes=("wannb-row",))
        super().__init__("size", [row, self._off], words)
        self._inputs = [self._text, self._shape, *self._presets.values()]
        self._following = False
        self._shape.observe(self._shape_chosen, "value")
        self._text.observe(lambda change: self._follow(), "value")
        self._text.observe(lambda change: self.changed(), "value")
        self._follow()

    @property
    def value(self) -> Any:
        written = str(self._text.value).strip()
        free = written.lower().replace("x", "*").replace("×", "*").replace(" ", "")
        return free if parse(free) else written

    def fill(self, value: Any) -> None:
        self._text.value = value

    def refuses(self, value: Any) -> bool:
        return not isinstance(value, str)

    def applies(self, *, model: str, plain: bool, with_images: bool) -> None:
        """Turn off the presets that a request's model and mode do not allow, and say why."""
        off = [name for name in PRESETS if size_problem(name, model=model, plain=plain)]
        for name, each in self._presets.items():
            each.disabled = name in off or self.is_off
        said = [self.words("{preset}: text to image on {model} only", preset=name, model=PRO) for name in off]
        self._off.value = "".join(f'<div class="wannb-reason">{escape(text)}</div>' for text in said)
        options = self._shapes(self.words, with_images=with_images)
        if tuple(self._shape.options) != options:
            chosen, self._following = self._shape.value, True
            self._shape.options = options
            self._shape.value = chosen if chosen in [value for _, value in options] else _FREE
            self._following = False

    @staticmethod
    def _shapes(words: Words, *, with_images: bool) -> tuple[tuple[str, str], ...]:
        own = words("as the last input image") if with_images else words("square")
        ratios = RATIOS if with_images else RATIOS[1:]
        return ((own, ""), *((ratio, ratio) for ratio in ratios), (words("width*height"), _FREE))

    def _shape_chosen(self, change: Any) -> None:
        if not self._following and change["new"] != _FREE:
            self._choose(self._preset(), change["new"])

    def _choose(self, preset: str, shape: str) -> None:
        self._text.value = size_for(shape, preset) if shape not in ("", _FREE) else preset

    def _preset(self) -> str:
        """Return the preset of what is shown, or the default's for a free size."""
        for name in PRESETS:
            if self.value == name or self.value in (size_for(ratio, name) for ratio in RATIOS):
                return name
        return str(FIELDS["size"].default)

    def _follow(self) -> None:
        """Show which preset and shape the text stands for."""
        legal = [(name, ratio) for name in PRESETS for ratio in RATIOS if size_for(ratio, name) == self.value]
        preset, shape = (self.value, "") if self.value in PRESETS else legal[0] if legal else ("", _FREE)
        self._following = True
        known = [value for _, value in self._shape.options]
        self._shape.value = shape if shape in known else _FREE
        self._following = False
        for name, each in self._presets.items():
            (each.add_class if name == preset else each.remove_class)("wannb-chosen")
