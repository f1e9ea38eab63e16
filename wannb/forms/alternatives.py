"""Alternatives: controls for several values of one option, as `wannb.sweep` takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.errors import Problem
from wannb.plan import SEED
from wannb.request import FIELDS, MODELS, PRESETS, InputImage, as_inputs, parse
from wannb.runs import Store
from wannb.service import Money, as_budget
from wannb.translation import Said, Words

from .controls import Control, Rows, TextRow, as_size, in_form
from .references import References

MOST_PROMPTS, MOST_SEEDS = 60, 500
_RANGE = re.compile(r"([0-9]{1,12})(?:\s*[-–—]\s*([0-9]{1,12}))?")


class PromptRow(TextRow):
    """One prompt."""

    def name(self, number: int) -> Said:
        return Said("prompt {number}", number=number)


class Prompts(Control):
    """Prompts, one text area each."""

    def __init__(self, words: Words) -> None:
        self._rows: Rows[PromptRow] = Rows(add=words("Add a prompt"), make=lambda: PromptRow(words), most=MOST_PROMPTS)
        super().__init__("prompt", [self._rows.box], words)
        self._rows.changed = lambda: self.changed()
        self.fill(["", ""])

    @property
    def value(self) -> list[str]:
        return [row.text for row in self._rows.entries if row.text]

    def fill(self, value: Any) -> None:
        self._rows.show([PromptRow(self.words, text) for text in value or [""]])

    @property
    def draft(self) -> Any:
        return self._rows.draft

    def restore(self, draft: Any) -> None:
        self._rows.restore(draft)


class Seeds(Control):
    """Seeds as a text such as "1, 2, 3" or "1-5"."""

    def __init__(self, words: Words) -> None:
        self._text = widgets.Text(description=words("Seeds"), placeholder=words("1, 2, 3 or 1-5"))
        help_text = words(
            "Each prompt is generated once with each of these seeds. Without any, all of them use seed {number}, so "
            "that the pictures differ in nothing else.",
            number=SEED,
        )
        super().__init__("seed", [self._text], words, label=words("Seeds"), help_text=help_text)
        self._text.observe(lambda change: self.changed(), "value")

    @property
    def value(self) -> list[int]:
        found = [_seeds(part) for part in self._parts()]
        return list(dict.fromkeys(seed for seeds in found if isinstance(seeds, range) for seed in seeds))

    def problems(self) -> Iterable[Problem]:
        for part in self._parts():
            rule = _seeds(part)
            if isinstance(rule, str):
                yield Problem(field="seed", value=part, rule=rule)

    def fill(self, value: Any) -> None:
        self._text.value = ", ".join(map(str, value))

    @property
    def draft(self) -> Any:
        return self._text.value

    def restore(self, draft: Any) -> None:
        self._text.value = draft

    def _parts(self) -> list[str]:
        return _parts(re.sub(r"(?<=[0-9])\s+(?=[0-9])", ",", self._text.value))


def _seeds(text: str) -> range | Said:
    """Return the seeds of "7" or "1-5", or why there are none."""
    found = _RANGE.fullmatch(text)
    if not found:
        return Said("write whole numbers, such as 1, 2, 3 or 1-5")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        return Said("write the smaller number first")
    return range(first, last + 1) if last - first < MOST_SEEDS else Said("these are too many seeds to compare")


def _parts(text: str) -> list[str]:
    """Return the parts of a list that a person wrote, without empty ones."""
    return [part.strip() for part in re.split(r"[,;，、；\n]", text) if part.strip()]


class Budget(Control):
    """The most that a press of the button may bill; nothing for no limit."""

    def __init__(self, words: Words, region: str) -> None:
        self._region = region
        self._text = widgets.Text(description=words("Budget"), placeholder=words("no limit"))
        one = as_budget(1, region)
        help_text = words(
            "The most that a press of the button may bill, in {currency}. Requests that could pass it are not sent.",
            currency=one.currency if one else "",
        )
        super().__init__("budget", [self._text], words, label=words("Budget"), help_text=help_text)
        self._text.observe(lambda change: self.changed(), "value")

    @property
    def value(self) -> Money | None:
        with suppress(ValueError):
            return as_budget(self._text.value.strip() or None, self._region)
        return None

    def problems(self) -> Iterable[Problem]:
        written = self._text.value.strip()
        if written and self.value is None:
            yield Problem(field="budget", value=written, rule=Said("write an amount such as 2.50, or nothing"))

    def fill(self, value: Any) -> None:
        self._text.value = "" if value is None else str(getattr(value, "amount", value))

    @property
    def draft(self) -> Any:
        return self._text.value

    def restore(self, draft: Any) -> None:
        self._text.value = draft


class Choices(Control):
    """Choices of an option as check boxes, with more inputs below."""

    def __init__(self, name: str, title: str, choices: Sequence[str], words: Words, *more: widgets.Widget) -> None:
        default = FIELDS[name].default
        self._boxes = {
            choice: widgets.Checkbox(value=choice == default, description=choice, indent=False) for choice in choices
        }
        label = widgets.HTML(f'<div class="wannb-label">{escape(title)}</div>')
        row = widgets.HBox(list(self._boxes.values()), _dom_classes=("wannb-row", "wannb-checks"))
        super().__init__(name, [label, row, *more], words)
        for each in (*self._boxes.values(), *more):
            each.observe(lambda change: self.changed(), "value")

    @property
    def value(self) -> list[str]:
        return [name for name, each in self._boxes.items() if each.value]

    def fill(self, value: Any) -> None:
        for name, each in self._boxes.items():
            each.value = name in value


class Models(Choices):
    """Models as check boxes."""

    def __init__(self, words: Words) -> None:
        super().__init__("model", words("Models"), MODELS, words)

    def problems(self) -> Sequence[Problem]:
        return () if self.value else [Problem(field="model", value="", rule=Said("choose at least one model"))]

    def fill(self, value: Any) -> None:
        unknown = [name for name in value if name not in self._boxes]
        if unknown:
            raise ValueError(f"model={unknown[0]!r} is not one of {', '.join(map(repr, self._boxes))}")
        super().fill(value)


class Sizes(Choices):
    """Sizes as check boxes of the presets, and a text for others."""

    def __init__(self, words: Words) -> None:
        self._text = widgets.Text(description=words("Other sizes"), placeholder="1280*720, 720*1280")
        super().__init__("size", words("Sizes"), list(PRESETS), words, self._text)

    @property
    def value(self) -> list[str]:
        return [*super().value, *dict.fromkeys(filter(parse, map(as_size, _parts(self._text.value))))]

    def problems(self) -> Sequence[Problem]:
        rule = Said("write width*height, such as 1280*720")
        parts = _parts(self._text.value)
        wrong = [Problem(field="size", value=part, rule=rule) for part in parts if not parse(as_size(part))]
        if not wrong and not self.value:
            return [Problem(field="size", value="", rule=Said("choose at least one size"))]
        return wrong

    def fill(self, value: Any) -> None:
        super().fill(value)
        self._text.value = ", ".join(size for size in value if size not in self._boxes)

    @property
    def draft(self) -> Any:
        return [super().value, self._text.value]

    def restore(self, draft: Any) -> None:
        chosen, self._text.value = draft
        super().fill(chosen)


class Pictures(References):
    """Input images as alternatives, or all of them together; `value` is as `wannb.sweep` takes it."""

    def __init__(self, words: Words, store: Store) -> None:
        self._way = widgets.ToggleButtons(
            options=[(words("each picture on its own"), False), (words("all together"), True)],
            description=words("Edit"),
        )
        super().__init__(words, store)
        self.box.children = (*self.box.children[:2], self._way, *self.box.children[2:])
        self._way.observe(lambda change: self._turned(), "value")
        self._show_picker()

    @property
    def images(self) -> tuple[InputImage, ...]:
        """The input images, which say in the plan as well what to press."""
        return tuple(replace(each, problem=each.problem and in_form(each.problem)) for each in super().images)

    @property
    def together(self) -> bool:
        """Whether every request gets all of the pictures."""
        return bool(self._way.value) and len(self.images) > 1

    @property
    def value(self) -> Any:
        return [self.images] if self.together else list(self.images)

    def fill(self, value: Any) -> None:
        listed = list(value) if isinstance(value, (list, tuple)) else [value]
        inner = listed[0] if len(listed) == 1 and isinstance(listed[0], (list, tuple)) else None
        self._way.value = inner is not None
        super().fill(as_inputs(listed if inner is None else inner))

    @property
    def draft(self) -> Any:
        return {**super().draft, "together": bool(self._way.value)}

    def restore(self, draft: Any) -> None:
        self._way.value = draft["together"]
        super().restore(draft)

    @property
    def last_gives_shape(self) -> bool:
        """Whether the images go into one request; otherwise each is the last one of its own."""
        return self.together

    def _turned(self) -> None:
        self._rows.draw()
        self.changed()

    def _show_picker(self) -> None:
        super()._show_picker()
        self._way.layout.display = "" if len(self.images) > 1 else "none"
