"""Code shown as text, with a button that puts it on the clipboard."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from wannb.display import ELEMENTS, esm
from wannb.translation import Words

STATIC = Path(__file__).parent / "static"


class CodeView(anywidget.AnyWidget):
    """Code and a button that copies it.

    Attributes:
        code: the text, shown as it is.
    """

    _esm = esm(ELEMENTS, STATIC / "code.js")
    _css = STATIC / "code.css"

    code = traitlets.Unicode().tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)

    def __init__(self, code: str = "", *, words: Words | None = None) -> None:
        """Show code."""
        words = words or Words()
        super().__init__(
            code=code,
            texts={
                "label": words("Code"),
                "copy": words("Copy"),
                "copied": words("Copied"),
                "failed": words("This page may not use the clipboard. Select the text and copy it."),
            },
        )

    def __repr__(self) -> str:
        return self.code
