"""Alternatives: controls for several values of one option, as `wannb.sweep` takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.errors import Problem
from wannb.plan import SEED
from wannb.request import FIELDS, MODELS, PRESETS, as_inputs, parse
from wannb.translation import Said, Words

from .controls import Control
from .references import Picker, References
from .rows import Row, Rows

MOST_PROMPTS, MOST_SEEDS = 60, 500
_RANGE = re.compile(r"([0-9]{1,12})\s*[-–—]\s*([0-9]{1,12})")
_NUMBER = re.compile(r"[0-9]{1,12}")


class Alternatives(Control):
    """Several values of one option; `value` is a list of them, empty when nothing is set."""

    @property
    def value(self) -> list[Any]:
        raise NotImplementedError

    def problems(self) -> Sequence[Problem]:
        """Return the problems of what a person wrote."""
        return ()


class PromptRow(Row):
    """One prompt."""

    def __init__(self, words: Words, text: str = "") -> None:
        super().__init__(words, [widgets.Textarea(value=text, rows=2)])

    def name(self, number: int) -> Said:
        return Said("prompt {number}", number=number)


class Prompts(Alternatives):
    """Prompts, one text area each."""

    def __init__(self, words: Words) -> None:
        self._rows: Rows[PromptRow] = Rows(add=words("Add a prompt"), make=lambda: PromptRow(words), most=MOST_PROMPTS)
        super().__init__("prompt", [self._rows.box], words)
        self._rows.changed = lambda: self.changed()
        self.fill(["", ""])

    @property
    def value(self) -> list[str]:
        texts = [str(row.inputs[0].value.strip()) for row in self._rows.entries]
        return [text for text in texts if text]

    def fill(self, value: Any) -> None:
        self._rows.show([PromptRow(self.words, text) for text in value or [""]])


class Seeds(Alternatives):
    """Seeds as a text such as "1, 2, 3" or "1-5"."""

    def __init__(self, words: Words) -> None:
        self._text = widgets.Text(description=words("Seeds"), placeholder=words("1, 2, 3 or 1-5"))
        super().__init__("seed", [self._text], words)
        self._text.observe(lambda change: self.changed(), "value")

    @property
    def label(self) -> str:
        return self.words("Seeds")

    @property
    def help_text(self) -> str:
        return self.words(
            "Each prompt is generated once with each of these seeds. Without any, all of them use seed {number}, so "
            "that the pictures differ in nothing else.",
            number=SEED,
        )

    @property
    def value(self) -> list[int]:
        return self._read()[0]

    def problems(self) -> Sequence[Problem]:
        return self._read()[1]

    def fill(self, value: Any) -> None:
        self._text.value = ", ".join(map(str, value))

    def _read(self) -> tuple[list[int], list[Problem]]:
        """Return the seeds that can be read, each once, and what cannot."""
        seeds: dict[int, None] = {}
        wrong: list[Problem] = []
        for part in re.split(r"[,;，、；\n]+|(?<=[0-9])\s+(?=[0-9])", str(self._text.value)):
            text = part.strip()
            between = _RANGE.fullmatch(text)
            if _NUMBER.fullmatch(text):
                seeds[int(text)] = None
            elif between and int(between[1]) > int(between[2]):
                wrong.append(Problem(field="seed", value=text, rule=Said("write the smaller number first")))
            elif between and int(between[2]) - int(between[1]) < MOST_SEEDS:
                seeds.update(dict.fromkeys(range(int(between[1]), int(between[2]) + 1)))
            elif between:
                wrong.append(Problem(field="seed", value=text, rule=Said("these are too many seeds to compare")))
            elif text:
                wrong.append(
                    Problem(field="seed", value=text, rule=Said("write whole numbers, such as 1, 2, 3 or 1-5"))
                )
        return list(seeds), wrong


class Choices(Alternatives):
    """Choices of an option as check boxes, and a text for others where there are some."""

    def __init__(self, name: str, title: str, choices: Sequence[str], words: Words) -> None:
        default = FIELDS[name].default
        self._boxes = {
            choice: widgets.Checkbox(value=choice == default, description=choice, indent=False) for choice in choices
        }
        label = widgets.HTML(f'<div class="wannb-label">{escape(title)}</div>')
        row = widgets.HBox(list(self._boxes.values()), _dom_classes=("wannb-row", "wannb-checks"))
        super().__init__(name, [label, row, *self._more()], words)
        for each in (*self._boxes.values(), *self._more()):
            each.observe(lambda change: self.changed(), "value")

    @property
    def value(self) -> list[str]:
        return [name for name, each in self._boxes.items() if each.value]

    def fill(self, value: Any) -> None:
        for name, each in self._boxes.items():
            each.value = name in value

    def _more(self) -> Sequence[widgets.Widget]:
        return ()


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
        super().__init__("size", words("Sizes"), list(PRESETS), words)

    @property
    def value(self) -> list[str]:
        return super().value + self._others()[0]

    def problems(self) -> Sequence[Problem]:
        rule = Said("write width*height, such as 1280*720")
        wrong = [Problem(field="size", value=text, rule=rule) for text in self._others()[1]]
        if not wrong and not self.value:
            return [Problem(field="size", value="", rule=Said("choose at least one size"))]
        return wrong

    def fill(self, value: Any) -> None:
        super().fill(value)
        self._text.value = ", ".join(size for size in value if size not in self._boxes)

    def _more(self) -> Sequence[widgets.Widget]:
        return (self._text,)

    def _others(self) -> tuple[list[str], list[str]]:
        """Return the sizes in the text, and the parts that are not sizes."""
        sizes: dict[str, None] = {}
        wrong = []
        for part in re.split(r"[,;，、；\n]+", str(self._text.value)):
            size = part.strip().lower().replace("x", "*").replace("×", "*").replace(" ", "")
            if parse(size):
                sizes[size] = None
            elif size:
                wrong.append(part.strip())
        return list(sizes), wrong


class Pictures(References):
    """Input images as alternatives, or all of them together; `value` is as `wannb.sweep` takes it."""

    def __init__(self, words: Words, picker: Picker) -> None:
        self._way = widgets.ToggleButtons(
            options=[(words("each picture on its own"), False), (words("all together"), True)],
            description=words("Edit"),
        )
        super().__init__(words, picker)
        self.box.children = (*self.box.children[:2], self._way, *self.box.children[2:])
        self._way.observe(lambda change: self._turned(), "value")
        self._show_picker()

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
    def last_gives_shape(self) -> bool:
        """Whether the images go into one request; otherwise each is the last one of its own."""
        return self.together

    def _turned(self) -> None:
        self._rows.draw()
        self.changed()

    def _show_picker(self) -> None:
        super()._show_picker()
        self._way.layout.display = "" if len(self.images) > 1 else "none"
