"""One colour as a picker and a text. The picker of ipywidgets has no name that could be read out."""

from __future__ import annotations

import re
from pathlib import Path

import anywidget
import traitlets

from wannb.display import ELEMENTS, esm
from wannb.translation import Words

STATIC = Path(__file__).parent / "static"

_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


class ColorField(anywidget.AnyWidget):
    """A colour.

    Attributes:
        value: "#C2D1E6".
    """

    _esm = esm(ELEMENTS, STATIC / "color.js")

    value = traitlets.Unicode("#000000").tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)

    def __init__(self, value: str, *, words: Words) -> None:
        super().__init__(value=value, texts={"picker": words("Colour"), "text": words("Colour as #RRGGBB")})

    @traitlets.validate("value")
    def _checked(self, proposal: traitlets.Bunch) -> str:
        value = str(proposal["value"])
        if not _HEX.fullmatch(value):
            raise traitlets.TraitError(f"{value!r} is no colour; write it as '#RRGGBB'")
        return value.upper()
