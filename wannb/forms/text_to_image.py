"""TextToImageForm: pictures from a text."""

from __future__ import annotations

from collections.abc import Sequence

from wannb.request import MAX_N, TEXT_TO_IMAGE, ImageRequest

from . import controls
from .controls import Control
from .form import Form
from .palette import Palette
from .size import Size


class TextToImageForm(Form):
    """Text to image as a form: see `Form` for what every form can do.

    >>> form = wannb.forms.TextToImageForm(client, prompt="a flower shop", size="1K")    # doctest: +SKIP
    >>> form                                                                             # doctest: +SKIP
    TextToImageForm(text to image, 'a flower shop', ready)
    """

    modes = (TEXT_TO_IMAGE,)

    def _make_controls(self) -> Sequence[Control]:
        words = self.words
        self._size = Size(words)
        return [
            controls.prompt(words),
            controls.model(words),
            self._size,
            controls.number(words, most=MAX_N),
            controls.Seed(words),
            Palette(words, self.client.store),
            controls.flag("thinking_mode", words),
            controls.flag("watermark", words),
        ]

    def _switch(self, request: ImageRequest) -> None:
        self._size.applies(model=request.model, plain=True, with_images=False)
