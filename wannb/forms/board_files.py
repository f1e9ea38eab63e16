"""BoardFiles: a board's pages to look at, and the files that it is saved as."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

import ipywidgets as widgets

from wannb.translation import Words

from .controls import button


class BoardFiles:
    """A choice of format, a name, a button that saves, and pages.

    Attributes:
        box: what is shown.
        name: of the file, without its ending.
    """

    def __init__(self, words: Words, *, save: Callable[[Path], None], show: Callable[[], None]) -> None:
        formats = [
            (words("Pages, PDF"), ".pdf"),
            (words("Pages, PNG"), ".png"),
            (words("Film, GIF"), ".gif"),
            (words("Film, WebP"), ".webp"),
            (words("Web page, HTML"), ".html"),
            (words("Slides, PowerPoint"), ".pptx"),
        ]
        self._format = widgets.Dropdown(description=words("Format"), options=formats)
        self.name = widgets.Text(description=words("File name"))
        tooltip = words("Save the board as a file; one of that name is written over")
        self._save = button(words("Save"), lambda: save(self.path), tooltip=tooltip)
        self._show = button(words("Show the pages"), show)
        row = widgets.HBox(
            [self._format, self.name, self._save, self._show], _dom_classes=("wannb-row", "wannb-save-row")
        )
        self._said = widgets.HTML()
        self._pages = widgets.HTML()
        self.box = widgets.VBox([row, self._said, self._pages])

    @property
    def path(self) -> Path:
        """The file that a press on the button writes."""
        ending = str(self._format.value)
        written = self.name.value.strip() or "storyboard"
        return Path(written if written.lower().endswith(ending) else f"{written}{ending}")

    def turn(self, *, off: bool) -> None:
        """Turn the buttons off, or on."""
        self._save.disabled = self._show.disabled = off

    def tell(self, text: str) -> None:
        """Say what was written."""
        self._said.value = f'<div class="wannb-told" role="status">{escape(text)}</div>' if text else ""

    def pages(self, page: str) -> None:
        """Show pages."""
        self._pages.value = page
