"""Alternatives: controls that take several values of one option, each as a call of `wannb.sweep` takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.errors import Problem
from wannb.plan import SEED
from wannb.request import FIELDS, MODELS, PRESETS, InputImage, as_inputs, parse
from wannb.translation import Words

from .controls import Control, help_html
from .references import References
from .rows import Entry, Rows
from .sources import Picker

MOST_PROMPTS, MOST_SEEDS = 60, 500
_RANGE = re.compile(r"([0-9]{1,12})\s*[-–—]\s*([0-9]{1,12})")
_NUMBER = re.compile(r"[0-9]{1,12}")


class Alternatives(Control):
    """Several values of one option; `value` is a list of them, empty where nothing is said."""

    @property
    def value(self) -> list[Any]:
        raise NotImplementedError

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong with what a person wrote."""
        return ()


class PromptEntry(Entry):
    """One prompt."""

    def __init__(self, words: Words, text: str = "") -> None:
        super().__init__([widgets.Textarea(value=text, rows=2)], words)

    @property
    def text(self) -> str:
        return str(self.inputs[0].value.strip())

    def label(self, number: int, count: int) -> None:
        super().label(number, count)
        self.inputs[0].description = self.words("Prompt {number}", number=number)


class Prompts(Alternatives):
    """Prompts, one text area each."""

    def __init__(self, words: Words) -> None:
        self._rows: Rows[PromptEntry] = Rows(lambda: PromptEntry(words), add=words("Add a prompt"), most=MOST_PROMPTS)
        super().__init__("prompt", [self._rows.box], words)
        self._rows.changed = lambda: self.changed()
        self.fill(["", ""])

    @property
    def value(self) -> list[str]:
        return [entry.text for entry in self._rows.entries if entry.text]

    def fill(self, value: Any) -> None:
        self._rows.show([PromptEntry(self.words, text) for text in value or [""]])


class Seeds(Alternatives):
    """Seeds as a text such as "1, 2, 3" or "1-5"."""

    def __init__(self, words: Words) -> None:
        self._text = widgets.Text(
            description=words("Seeds"), placeholder=words("1, 2, 3 or 1-5"), continuous_update=True
        )
        super().__init__("seed", [self._text], words)
        self._text.observe(lambda change: self.changed(), "value")

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
                wrong.append(Problem(field="seed", value=text, rule="write the smaller number first"))
            elif between and int(between[2]) - int(between[1]) < MOST_SEEDS:
                seeds.update(dict.fromkeys(range(int(between[1]), int(between[2]) + 1)))
            elif between:
                wrong.append(Problem(field="seed", value=text, rule="these are too many seeds to compare"))
            elif text:
                wrong.append(Problem(field="seed", value=text, rule="write whole numbers, such as 1, 2, 3 or 1-5"))
        return list(seeds), wrong

    def _draw(self) -> None:
        super()._draw()
        # Another help than that of a single request, where no seed means a new one each time.
        words = self.words
        single = help_html(self.label, words.sentence(FIELDS["seed"].help), words)
        own = words(
            "Every prompt is made once with each of these seeds. Without any, seed {number} is taken for all of them, "
            "so that the pictures differ in nothing else.",
            number=SEED,
        )
        self._note.value = self._note.value.replace(single, help_html(words("Seeds"), own, words))


class Models(Alternatives):
    """Models as check boxes."""

    def __init__(self, words: Words) -> None:
        default = FIELDS["model"].default
        self._boxes = {name: widgets.Checkbox(value=name == default, description=name, indent=False) for name in MODELS}
        title = widgets.HTML(f'<div class="wannb-label">{escape(words("Models"))}</div>')
        row = widgets.HBox(list(self._boxes.values()), _dom_classes=("wannb-row", "wannb-checks"))
        super().__init__("model", [title, row], words)
        for each in self._boxes.values():
            each.observe(lambda change: self.changed(), "value")

    @property
    def value(self) -> list[str]:
        return [name for name, each in self._boxes.items() if each.value]

    def problems(self) -> Sequence[Problem]:
        return () if self.value else [Problem(field="model", value="", rule="choose at least one model")]

    def fill(self, value: Any) -> None:
        unknown = [name for name in value if name not in self._boxes]
        if unknown:
            raise ValueError(f"model={unknown[0]!r} is not one of {', '.join(map(repr, self._boxes))}")
        for name, each in self._boxes.items():
            each.value = name in value


class Sizes(Alternatives):
    """Sizes as check boxes of the presets, and a text for others."""

    def __init__(self, words: Words) -> None:
        default = FIELDS["size"].default
        self._boxes = {
            name: widgets.Checkbox(value=name == default, description=name, indent=False) for name in PRESETS
        }
        self._text = widgets.Text(description=words("Other sizes"), placeholder="1280*720, 720*1280")
        title = widgets.HTML(f'<div class="wannb-label">{escape(words("Sizes"))}</div>')
        row = widgets.HBox(list(self._boxes.values()), _dom_classes=("wannb-row", "wannb-checks"))
        super().__init__("size", [title, row, self._text], words)
        for each in (*self._boxes.values(), self._text):
            each.observe(lambda change: self.changed(), "value")

    @property
    def value(self) -> list[str]:
        return [name for name, each in self._boxes.items() if each.value] + self._others()[0]

    def problems(self) -> Sequence[Problem]:
        wrong = [
            Problem(field="size", value=text, rule="write width*height, such as 1280*720") for text in self._others()[1]
        ]
        if not wrong and not self.value:
            return [Problem(field="size", value="", rule="choose at least one size")]
        return wrong

    def fill(self, value: Any) -> None:
        for name, each in self._boxes.items():
            each.value = name in value
        self._text.value = ", ".join(size for size in value if size not in self._boxes)

    def _others(self) -> tuple[list[str], list[str]]:
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
    """Input images as alternatives, or all of them together; `value` is what a call of `wannb.sweep` takes."""

    def __init__(self, words: Words, picker: Picker) -> None:
        self._way = widgets.ToggleButtons(
            options=[(words("each picture by itself"), False), (words("all together"), True)],
            description=words("Edit"),
        )
        super().__init__(words, picker)
        self.box.children = (*self.box.children[:2], self._way, *self.box.children[2:])
        self._way.observe(lambda change: self._turned(), "value")
        self._draw_rows()

    @property
    def pictures(self) -> tuple[InputImage, ...]:
        """The pictures, whichever way they are used."""
        return super().value

    @property
    def together(self) -> bool:
        """Whether every request gets all of the pictures."""
        return bool(self._way.value) and len(self.pictures) > 1

    @property
    def value(self) -> Any:
        pictures = self.pictures
        return [pictures] if self.together else list(pictures)

    def fill(self, value: Any) -> None:
        listed = list(value) if isinstance(value, (list, tuple)) else [value]
        inner = listed[0] if len(listed) == 1 and isinstance(listed[0], (list, tuple)) else None
        self._way.value = inner is not None
        super().fill(as_inputs(listed if inner is None else inner))

    def _turned(self) -> None:
        self._draw_rows()
        self.changed()

    def _draw_rows(self) -> None:
        super()._draw_rows()
        self._way.layout.display = "" if len(self._entries) > 1 else "none"
        if not self.together and self._entries:
            # Each of them is the last one of its own request.
            for number, entry in enumerate(self._entries, 1):
                entry.label(number, len(self._entries) + 1, self.words)
            self._entries[-1].down.disabled = True
