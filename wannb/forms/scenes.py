"""The scenes of an image set: a style line and a list that can be reordered, or the whole text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.request import MAX_N_SET
from wannb.request import set_prompt as scenes
from wannb.translation import Words

from .controls import Control, Plain, button, prompt

WHOLE, LISTED = "text", "scenes"


class _Scene:
    """One scene with its buttons."""

    def __init__(self, text: str, of: Scenes) -> None:
        self.text = widgets.Textarea(value=text, rows=2)
        self.up = button("↑", lambda: of.move(self, -1))
        self.down = button("↓", lambda: of.move(self, 1))
        self.remove = button("×", lambda: of.remove(self))
        buttons = widgets.HBox([self.up, self.down, self.remove], _dom_classes=("wannb-row",))
        self.box = widgets.HBox([self.text, buttons], _dom_classes=("wannb-row", "wannb-scene"))
        self.text.observe(lambda change: of.touched(), "value")

    def label(self, number: int, count: int, words: Words) -> None:
        self.text.description = words("Scene {number}", number=number)
        self.up.disabled, self.down.disabled = number == 1, number == count
        self.up.tooltip = words("Move scene {number} up", number=number)
        self.down.tooltip = words("Move scene {number} down", number=number)
        self.remove.tooltip = words("Remove scene {number}", number=number)


class Scenes(Control):
    """The prompt of an image set. Its value is the prompt; `scenes` and `style` are what it was made from."""

    def __init__(self, words: Words) -> None:
        self._way = widgets.ToggleButtons(
            options=[(words("scene by scene"), LISTED), (words("one text"), WHOLE)], description=words("Describe it")
        )
        self._whole: Plain = prompt(words)
        self._style = widgets.Text(
            description=words("Style"), placeholder=words("cinematic, the same orange cat throughout")
        )
        self._scenes: list[_Scene] = []
        self._list = widgets.VBox()
        self._add = button(words("Add a scene"), self._add_scene)
        self._made = widgets.HTML()
        self._listed = widgets.VBox([self._style, self._list, self._add, self._made])
        super().__init__("prompt", [self._way, self._listed, self._whole.box], words)
        self._quiet = False
        self._way.observe(lambda change: self._switched(), "value")
        self._style.observe(lambda change: self.touched(), "value")
        self._whole.changed = self.touched
        self._show("", ["", ""])
        self._switched()

    @property
    def by_scene(self) -> bool:
        """Whether the prompt is made from scenes."""
        return bool(self._way.value == LISTED)

    @property
    def scenes(self) -> list[str]:
        """The scenes that say something."""
        return [scene.text.value.strip() for scene in self._scenes if scene.text.value.strip()]

    @property
    def style(self) -> str:
        """The line before the scenes."""
        return str(self._style.value.strip())

    @property
    def value(self) -> Any:
        if not self.by_scene:
            return self._whole.value
        return scenes.prompt(self.scenes, style=self.style) if self.scenes else ""

    def fill(self, value: Any) -> None:
        self._quiet = True
        parts = scenes.split(value)
        if parts:
            self._show(*parts)
        elif value:
            self._whole.fill(value)
        self._way.value = LISTED if parts or not value else WHOLE
        if not value:
            self._show("", ["", ""])
        self._quiet = False
        self._switched()

    def refuses(self, value: Any) -> bool:
        return not isinstance(value, str)

    def move(self, scene: _Scene, by: int) -> None:
        """Move a scene up or down by one."""
        place = self._scenes.index(scene)
        other = place + by
        if 0 <= other < len(self._scenes):
            self._scenes[place], self._scenes[other] = self._scenes[other], scene
            self._draw_rows()
            # The row was put in anew, and the keyboard's focus with it.
            (scene.up if by < 0 and other else scene.down if other < len(self._scenes) - 1 else scene.up).focus()
            self.touched()

    def remove(self, scene: _Scene) -> None:
        """Take a scene out."""
        self._scenes.remove(scene)
        self._draw_rows()
        self.touched()

    def touched(self) -> None:
        """Show the prompt that the scenes make, and say that it changed."""
        if self._quiet:
            return
        made = escape(self.value) or escape(self.words("Write a scene for each picture."))
        title = escape(self.words("The prompt they make"))
        self._made.value = f'<details class="wannb-made" open><summary>{title}</summary><div>{made}</div></details>'
        self.changed()

    def _show(self, style: str, texts: Sequence[str]) -> None:
        self._style.value = style
        self._scenes = [_Scene(text, self) for text in texts]
        self._draw_rows()

    def _add_scene(self) -> None:
        self._scenes.append(_Scene("", self))
        self._draw_rows()
        self._scenes[-1].text.focus()
        self.touched()

    def _draw_rows(self) -> None:
        for number, scene in enumerate(self._scenes, 1):
            scene.label(number, len(self._scenes), self.words)
            scene.remove.disabled = len(self._scenes) == 1
        self._list.children = [scene.box for scene in self._scenes]
        self._add.disabled = len(self._scenes) >= MAX_N_SET

    def _switched(self) -> None:
        self._listed.layout.display = "" if self.by_scene else "none"
        self._whole.box.layout.display = "none" if self.by_scene else ""
        self.touched()
