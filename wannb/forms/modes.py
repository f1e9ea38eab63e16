"""Forms of the modes: text to image, editing, editing in boxes, image sets; and which form shows a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wannb.errors import Problem
from wannb.request import (
    EDITING,
    IMAGE_SET,
    INTERACTIVE,
    MAX_N_SET,
    MULTI_REFERENCE,
    TEXT_SET,
    TEXT_TO_IMAGE,
    ImageRequest,
)
from wannb.translation import Said

from .controls import Control
from .form import NO_PICTURE, Form
from .references import References
from .scenes import Scenes
from .status import Action


class TextToImageForm(Form):
    """Text to image as a form: `Form` says what every form can do.

    >>> form = wannb.forms.TextToImageForm(client, prompt="a flower shop", size="1K")    # doctest: +SKIP
    >>> form                                                                             # doctest: +SKIP
    TextToImageForm(text to image, 'a flower shop', ready)
    """

    title = Said("Text to image")
    modes = (TEXT_TO_IMAGE,)


class EditForm(Form):
    """Image editing and multi-reference generation as a form: `Form` says what every form can do.

    >>> form = wannb.forms.EditForm(client, images="photo.jpg", prompt="as a watercolor")    # doctest: +SKIP
    """

    title: ClassVar[str] = Said("Edit")
    modes: ClassVar[tuple[str, ...]] = (EDITING, MULTI_REFERENCE)
    _with_boxes = False

    def _subject(self) -> Sequence[Control]:
        self._references = References(self.words, self.client.store, with_boxes=self._with_boxes)
        return [self._references, *super()._subject()]

    def _write(self, request: ImageRequest) -> None:
        super()._write(request)
        self._references.fill_with_boxes(request.images, request.bbox_list or ())

    def _shows(self, request: ImageRequest) -> bool:
        return not request.enable_sequential and (self._with_boxes or request.bbox_list is None)

    def _own_problems(self) -> Sequence[Problem]:
        if self._current.images:
            return ()
        return [Problem(field="images", value=NO_PICTURE, rule=Said("add at least one picture"))]

    def _actions(self) -> list[Action]:
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

    title = Said("Edit in boxes")
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
        return [Problem(field="images", value="", rule=Said("draw a box on a picture; it says where to edit"))]


class ImageSetForm(EditForm):
    """An image set as a form, from text alone or with input images: `Form` says what every form can do.

    >>> form = wannb.forms.ImageSetForm(client, images="cat.png", n=4)    # doctest: +SKIP
    """

    title = Said("Image set")
    modes = (TEXT_SET, IMAGE_SET)
    fixed: ClassVar[dict[str, Any]] = {"enable_sequential": True, "n": 2}
    most = MAX_N_SET

    def _subject(self) -> Sequence[Control]:
        self._scenes = Scenes(self.words)
        self._counted = 0
        self._references = References(self.words, self.client.store)
        return [self._scenes, self._references]

    def _shows(self, request: ImageRequest) -> bool:
        return request.enable_sequential and request.bbox_list is None

    def _normal(self, request: ImageRequest) -> ImageRequest:
        return request.replace(color_palette=None)

    def _touched(self) -> None:
        count = len(self._scenes.scenes)
        if not self._filling and self._scenes.by_scene and count != self._counted:
            # One image a scene, until a person asks for more.
            self._counted = count
            with self._filling:
                self._controls["n"].fill(max(1, count))
        super()._touched()

    def _write(self, request: ImageRequest) -> None:
        super()._write(request)
        self._counted = len(self._scenes.scenes)

    def _put(self, fields: Mapping[str, Any]) -> None:
        super()._put(fields)
        self._counted = len(self._scenes.scenes)

    def _own_problems(self) -> Sequence[Problem]:
        scenes = len(self._scenes.scenes) if self._scenes.by_scene else 0
        if self._current.n >= scenes:
            return ()
        rule = Said("{scenes} scenes need n={scenes}, or leave n out", scenes=scenes)
        return [Problem(field="n", value=str(self._current.n), rule=rule)]


def form_class(request: ImageRequest) -> type[Form]:
    """Return the form that shows requests of this mode."""
    kinds = (TextToImageForm, EditForm, RegionForm, ImageSetForm)
    return next(kind for kind in kinds if request.mode in kind.modes)
