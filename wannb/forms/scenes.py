"""Scenes of an image set or a storyboard: a list that can be put in order, or the whole text."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.request import MAX_N_SET, set_prompt
from wannb.storyboard import LONGEST, Scene
from wannb.translation import Said, Words

from .button import beside, show
from .controls import Control, Filling, Rows, TextRow, prompt

WHOLE, LISTED = "text", "scenes"
SECONDS = Scene(text="x").seconds


class SceneRow(TextRow):
    """One scene of an image set."""

    def name(self, number: int) -> Said:
        return Said("scene {number}", number=number)


class BoardSceneRow(SceneRow):
    """One scene of a storyboard: its text, dialogue, notes and seconds."""

    def __init__(self, words: Words, scene: Scene | None = None) -> None:
        #: What the row has no input for: the camera, which is chosen at the frame.
        self._given = scene or Scene(text="x")
        self._dialogue = dialogue_input(words, scene.dialogue if scene else "")
        self._notes = notes_input(words, scene.notes if scene else "")
        self._seconds = seconds_input(words, scene.seconds if scene else SECONDS)
        super().__init__(words, scene.text if scene else "", self._dialogue, self._notes, self._seconds)

    @property
    def scene(self) -> Scene:
        """The scene."""
        return replace(
            self._given,
            text=self.text,
            notes=self._said(self._notes),
            dialogue=self._said(self._dialogue),
            seconds=self._seconds.value,
        )

    @property
    def has_notes(self) -> bool:
        """Whether a person wrote notes or dialogue."""
        return bool(self._said(self._notes) or self._said(self._dialogue))

    @staticmethod
    def _said(line: widgets.Widget) -> str:
        return str(line.value.strip())

    def _layout(self) -> widgets.Widget:
        below = beside(self._dialogue, self._notes, self._seconds)
        inputs = widgets.VBox([self._text, below], _dom_classes=("wannb-words",))
        return beside(inputs, self.buttons, look="wannb-scene")


def dialogue_input(words: Words, value: str = "", **options: Any) -> widgets.Textarea:
    """Return the input of what is said in a scene."""
    texts = {"description": words("Dialogue"), "placeholder": words("what is said"), "tooltip": words("never sent")}
    # An area, since each character's line is a line of its own.
    return widgets.Textarea(value=value, rows=1, **texts, **options)


def notes_input(words: Words, value: str = "", **options: Any) -> widgets.Text:
    """Return the input of a scene's notes."""
    # A frame is narrow: what may be noted is said by the tooltip.
    tooltip = words("sound, camera; never sent")
    texts = {"description": words("Notes"), "placeholder": words("never sent"), "tooltip": tooltip}
    return widgets.Text(value=value, **texts, **options)


def seconds_input(words: Words, value: float = SECONDS, **options: Any) -> widgets.BoundedFloatText:
    """Return the input of how long a scene is shown in a film."""
    limits = {"min": 0.1, "max": LONGEST, "step": 0.5}
    classes = ("wannb-seconds",)
    return widgets.BoundedFloatText(
        value=value, description=words("Seconds"), _dom_classes=classes, **limits, **options
    )


def style_input(words: Words) -> widgets.Text:
    """Return the input of what all scenes share."""
    return widgets.Text(description=words("Style"), placeholder=words("cinematic, the same orange cat throughout"))


class Scenes(Control):
    """The prompt of an image set. Its value is the prompt; `scenes` and `style` are its parts."""

    def __init__(self, words: Words) -> None:
        self._way = widgets.ToggleButtons(
            options=[(words("scene by scene"), LISTED), (words("one text"), WHOLE)], description=words("Describe it")
        )
        self._whole = prompt(words)
        self._style = style_input(words)
        self._rows: Rows[SceneRow] = Rows(add=words("Add a scene"), make=lambda: SceneRow(words), most=MAX_N_SET)
        self._made = widgets.HTML()
        self._listed = widgets.VBox([self._style, self._rows.box, self._made])
        super().__init__("prompt", [self._way, self._listed, self._whole.box], words)
        self._filling = Filling()
        self._way.observe(lambda change: self._switched(), "value")
        self._style.observe(lambda change: self._touched(), "value")
        self._rows.changed = self._whole.changed = self._touched
        self._switched()

    @property
    def by_scene(self) -> bool:
        """Whether the prompt is made from scenes."""
        return bool(self._way.value == LISTED)

    @property
    def scenes(self) -> list[str]:
        """The scenes with a text."""
        return [row.text for row in self._rows.entries if row.text]

    @property
    def value(self) -> Any:
        if not self.by_scene:
            return self._whole.value
        return set_prompt.prompt(self.scenes, style=str(self._style.value.strip())) if self.scenes else ""

    def fill(self, value: Any) -> None:
        parts = set_prompt.split(value) if value else ("", ["", ""])
        with self._filling:
            if parts:
                self._show(*parts)
            else:
                self._whole.fill(value)
            self._way.value = LISTED if parts else WHOLE
        self._switched()

    def refuses(self, value: Any) -> bool:
        return not isinstance(value, str)

    @property
    def draft(self) -> Any:
        return [self._way.value, self._style.value, self._rows.draft, self._whole.value]

    def restore(self, draft: Any) -> None:
        with self._filling:
            way, self._style.value, rows, whole = draft
            self._rows.restore(rows)
            self._whole.fill(whole)
            self._way.value = way
        self._switched()

    def _touched(self) -> None:
        """Show the prompt that the scenes make, and pass the change on."""
        if self._filling:
            return
        made = escape(self.value) or escape(self.words("Write a scene for each picture."))
        title = escape(self.words("The prompt they make"))
        self._made.value = f'<details class="wannb-made" open><summary>{title}</summary><div>{made}</div></details>'
        self.changed()

    def _show(self, style: str, texts: list[str]) -> None:
        self._style.value = style
        self._rows.show([SceneRow(self.words, text) for text in texts])

    def _switched(self) -> None:
        show(self._listed, self.by_scene)
        show(self._whole.box, not self.by_scene)
        self._touched()
