"""EditForm and RegionForm: pictures from pictures, the whole of them or inside boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from wannb.errors import Problem
from wannb.request import EDITING, INTERACTIVE, MAX_N, MULTI_REFERENCE, ImageRequest

from . import controls
from .controls import Control
from .form import Form
from .palette import Palette
from .references import References
from .size import Size
from .sources import Picker


class EditForm(Form):
    """Image editing and multi-reference generation as a form: see `Form` for what every form can do.

    >>> form = wannb.forms.EditForm(client, images="photo.jpg", prompt="as a watercolour")    # doctest: +SKIP
    """

    modes: ClassVar[tuple[str, ...]] = (EDITING, MULTI_REFERENCE)
    _with_boxes = False

    def _make_controls(self) -> Sequence[Control]:
        words, store = self.words, self.client.store
        self._references = References(words, Picker(store, words), with_boxes=self._with_boxes)
        self._size = Size(words)
        self._thinking = controls.flag("thinking_mode", words)
        return [
            self._references,
            controls.prompt(words),
            controls.model(words),
            self._size,
            controls.number(words, most=MAX_N),
            controls.Seed(words),
            Palette(words, store),
            self._thinking,
            controls.flag("watermark", words),
        ]

    def _switch(self, request: ImageRequest) -> None:
        self._size.applies(model=request.model, plain=False, with_images=True)
        self._thinking.turn_off(self.words("Thinking: text to image only"))

    def _write(self, request: ImageRequest) -> None:
        super()._write(request)
        self._references.fill_with_boxes(request.images, request.bbox_list or ())

    def _shows(self, request: ImageRequest) -> bool:
        return not request.enable_sequential and (self._with_boxes or request.bbox_list is None)

    def _own_problems(self) -> Sequence[Problem]:
        if self._current.images:
            return ()
        return [Problem(field="images", value=self.words("no picture"), rule="add at least one picture")]

    def _actions(self) -> list[Any]:
        words = self.words
        use = (words("Use as input"), words("Add this image to the input images"), self.use)
        return [use, *super()._actions()]

    def use(self, image: Any) -> None:
        """Add an image to the input images: a generated one, or anything that can be an input."""
        added = self.request.replace(images=[image]).images
        boxes = self.request.bbox_list
        changes: dict[str, Any] = {"images": (*self.request.images, *added)}
        if boxes is not None:
            changes["bbox_list"] = (*boxes, *[()] * len(added))
        self.request = self.request.replace(**changes)


class RegionForm(EditForm):
    """Interactive editing as a form: boxes drawn on the input images say where to change them.

    Boxes are in pixels of the input image, up to two an image, drawn, moved and resized by mouse, touch or keyboard, or
    written as numbers.

    >>> form = wannb.forms.RegionForm(client, images="room.jpg", bbox_list=[[[989, 515, 1138, 681]]])  # doctest: +SKIP
    """

    modes = (INTERACTIVE,)
    _with_boxes = True

    def _normal(self, request: ImageRequest) -> ImageRequest:
        if request.images and request.bbox_list is None:
            return request.replace(bbox_list=[[]] * len(request.images))
        return request if request.images else request.replace(bbox_list=None)

    def _read(self) -> dict[str, Any]:
        return {**super()._read(), "bbox_list": self._references.boxes or None}

    def _own_problems(self) -> Sequence[Problem]:
        problems = super()._own_problems()
        if problems or any(self._references.boxes):
            return problems
        return [Problem(field="images", value="", rule="draw a box on a picture: only what is inside shall change")]
