"""Picking a picture: upload, path or link, or an image of an earlier run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets

from wannb.ledger import DONE, Store
from wannb.request import InputImage, as_input
from wannb.text import shorten
from wannb.translation import Words

from .controls import button
from .upload import Upload

#: Images of earlier runs that are offered.
_OFFERED = 40


class Picker:
    """Three ways to a picture, in one row.

    Attributes:
        box: what is shown.
        picked: called with each picture that a person chose.
        picked_path: called with the file itself where that is set, before the picture is opened.
    """

    def __init__(self, store: Store, words: Words, *, earlier: bool = True) -> None:
        self.words = words
        self.picked: Callable[[InputImage], None] = lambda image: None
        self.picked_path: Callable[[Path], None] | None = None
        self._store = store
        self._upload = Upload(lambda: store.root / ".uploads", words=words)
        self._upload.on_file(self._file)
        self._text = widgets.Text(description=words("Path or link"), placeholder="photo.jpg, https://…")
        self._text.on_msg(lambda _, content, buffers: self._typed() if content.get("event") == "submit" else None)
        add = button(words("Add"), self._typed, tooltip=words("Add the picture at this path or link"))
        self._earlier = widgets.Dropdown(description=words("Earlier image"))
        take = button(words("Take"), self._chosen, tooltip=words("Take the earlier image"))
        self.box = widgets.VBox(
            [
                self._upload,
                widgets.HBox([self._text, add], _dom_classes=("wannb-row",)),
                *([widgets.HBox([self._earlier, take], _dom_classes=("wannb-row",))] if earlier else []),
            ],
            _dom_classes=("wannb-picker",),
        )
        self.refresh()

    def refresh(self) -> None:
        """Offer the images that are in the store now."""
        offered: list[tuple[str, str]] = [(self.words("choose…"), "")]
        for run in self._store.newest():
            if run.state != DONE:
                continue
            for number, image in enumerate(run.images, 1):
                time = run.created.replace("T", " ")[:16]
                offered.append((f"{time} · {shorten(run.prompt, 40)} · {number}", str(image)))
            if len(offered) > _OFFERED:
                break
        if tuple(offered) != tuple(self._earlier.options):
            self._earlier.options, self._earlier.value = tuple(offered), ""

    def _typed(self) -> None:
        if self._text.value.strip():
            self._give(self._text.value.strip())
            self._text.value = ""

    def _chosen(self) -> None:
        if self._earlier.value:
            self._give(self._earlier.value)
            self._earlier.value = ""

    def _file(self, path: Path) -> None:
        self._give(str(path))

    def _give(self, source: str) -> None:
        if self.picked_path:
            self.picked_path(Path(source))
        else:
            self.picked(as_input(source))
