"""Controls of a comparison: several values of an option, as `wannb.sweep` takes them, and the labels of its grid."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.errors import Problem
from wannb.plan import SEED, Plan
from wannb.request import FIELDS, MODELS, PRESETS, InputImage, as_inputs, parse, word_of
from wannb.runs import Store
from wannb.service import Money, as_budget
from wannb.translation import Said, Words, joined

from .button import beside, html_line, show
from .controls import Control, Disclosure, RowsControl, TextControl, TextRow, as_size, close_all, in_form, put
from .references import References

MOST_PROMPTS, MOST_SEEDS = 60, 500
_RANGE = re.compile(r"([0-9]{1,12})(?:\s*[-–—]\s*([0-9]{1,12}))?")


class PromptRow(TextRow):
    """One prompt."""

    def name(self, number: int) -> Said:
        return Said("prompt {number}", number=number)


class Prompts(RowsControl[PromptRow]):
    """Prompts, one text area each."""

    def __init__(self, words: Words) -> None:
        super().__init__("prompt", words, add=words("Add a prompt"), make=lambda: PromptRow(words), most=MOST_PROMPTS)

    @property
    def value(self) -> list[str]:
        return [row.text for row in self._rows.entries if row.text]

    def fill(self, value: Any) -> None:
        self._rows.show([PromptRow(self.words, text) for text in value or [""]])


class Seeds(TextControl):
    """Seeds as a text such as "1, 2, 3" or "1-5"."""

    def __init__(self, words: Words) -> None:
        help_text = words(
            "Each prompt is generated once with each of these seeds. Without any, all of them use seed {number}, so "
            "that the pictures differ in nothing else.",
            number=SEED,
        )
        placeholder = words("1, 2, 3 or 1-5")
        super().__init__("seed", words, label=words("Seeds"), placeholder=placeholder, help_text=help_text)

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


class Budget(TextControl):
    """The most that a press of the button may bill; nothing for no limit."""

    def __init__(self, words: Words, region: str) -> None:
        self._region = region
        one = as_budget(1, region)
        help_text = words(
            "The most that a press of the button may bill, in {currency}. Requests that could pass it are not sent.",
            currency=one.currency if one else "",
        )
        super().__init__("budget", words, label=words("Budget"), placeholder=words("no limit"), help_text=help_text)

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


class Choices(Control):
    """Choices of an option as check boxes, with more inputs below."""

    def __init__(self, name: str, title: str, choices: Sequence[str], words: Words, *more: widgets.Widget) -> None:
        default = FIELDS[name].default
        self._boxes = {
            choice: widgets.Checkbox(value=choice == default, description=choice, indent=False) for choice in choices
        }
        label = widgets.HTML(html_line(title, "label"))
        row = beside(*self._boxes.values(), look="wannb-checks")
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
        show(self._way, len(self.images) > 1)


# Lettering

#: An option with more values has one field for all labels, with a line for each.
_MOST = 60
#: Options whose values need no name before them.
_PLAIN = ("prompt", "model", "images")


class Lettering:
    """A title and a label for each value of a grid, empty for those that it has by itself."""

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
        head = beside(self._title, look="wannb-axes")
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
        self._fields = {}
        put(self._rows)
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
            rows.append(beside(*fields, look="wannb-axes"))
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
