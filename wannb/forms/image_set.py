"""ImageSetForm: a consistent set of pictures, from text or from pictures, scene by scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wannb.errors import Problem
from wannb.request import IMAGE_SET, MAX_N_SET, TEXT_SET, ImageRequest

from . import controls
from .controls import Control
from .edit import EditForm
from .palette import Palette
from .references import References
from .scenes import Scenes
from .size import Size
from .sources import Picker


class ImageSetForm(EditForm):
    """An image set as a form, from text alone or with input images: see `Form` for what every form can do.

    >>> form = wannb.forms.ImageSetForm(client, images="cat.png", n=4)    # doctest: +SKIP
    """

    modes = (TEXT_SET, IMAGE_SET)
    fixed: ClassVar[dict[str, Any]] = {"enable_sequential": True, "n": 2}

    def _make_controls(self) -> Sequence[Control]:
        words, store = self.words, self.client.store
        self._scenes = Scenes(words)
        self._counted = 0
        self._references = References(words, Picker(store, words))
        self._size = Size(words)
        self._number = controls.number(words, most=MAX_N_SET)
        self._palette = Palette(words, store)
        self._thinking = controls.flag("thinking_mode", words)
        return [
            self._scenes,
            self._references,
            controls.model(words),
            self._size,
            self._number,
            controls.Seed(words),
            self._palette,
            self._thinking,
            controls.flag("watermark", words),
        ]

    def _shows(self, request: ImageRequest) -> bool:
        return request.enable_sequential and request.bbox_list is None

    def _normal(self, request: ImageRequest) -> ImageRequest:
        return request.replace(color_palette=None)

    def _switch(self, request: ImageRequest) -> None:
        self._size.applies(model=request.model, plain=False, with_images=bool(request.images))
        self._thinking.turn_off(self.words("Thinking: text to image only"))
        self._palette.turn_off(self.words("Palette: not in image sets"))

    def _touched(self) -> None:
        count = len(self._scenes.scenes)
        if not self._filling and self._scenes.by_scene and count != self._counted:
            # One image a scene, until somebody asks for more.
            self._counted = count
            with self._quietly():
                self._number.fill(max(1, count))
        super()._touched()

    def _write(self, request: ImageRequest) -> None:
        super()._write(request)
        self._counted = len(self._scenes.scenes)

    def _own_problems(self) -> Sequence[Problem]:
        scenes = len(self._scenes.scenes) if self._scenes.by_scene else 0
        if self._current.n >= scenes:
            return ()
        return [Problem(field="n", value=str(self._current.n), rule=f"{scenes} scenes need n={scenes}, or leave n out")]
