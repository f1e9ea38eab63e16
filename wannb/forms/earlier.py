"""Earlier images to pick from: thumbnails that come when they are asked for, a dozen at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from wannb.display import ELEMENTS, data_uri, esm, previews
from wannb.runs import DONE, Store
from wannb.translation import Words, shorten

STATIC = Path(__file__).parent / "static"
#: Images at a time, pixels of each, and characters of its prompt.
_PAGE, _PIXELS, _PROMPT = 12, 112, 60


class Earlier(anywidget.AnyWidget):
    """The images of earlier runs as thumbnails, the newest first; a press picks one.

    Args:
        store: of the earlier runs.
        words: the person's language.
        picked: called with the path of the image that a person chose.

    Attributes:
        is_open: whether the thumbnails are shown; before that none is made and none travels to the page.
        shelf: the thumbnails: each its `name` and its `source`, a data address.
        more: whether there are others.
    """

    _esm = esm(ELEMENTS, STATIC / "earlier.js")

    is_open = traitlets.Bool(False).tag(sync=True)
    shelf = traitlets.List(traitlets.Dict()).tag(sync=True)
    more = traitlets.Bool(False).tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)

    def __init__(self, store: Store, words: Words, picked: Callable[[str], object]) -> None:
        self._store = store
        self._words = words
        self._picked = picked
        self._most = _PAGE
        self._paths: list[Path] = []
        texts = {
            "open": words("Earlier images"),
            "none": words("No images yet."),
            "more": words("Show more"),
            "use": words("Use as input"),
        }
        super().__init__(texts=texts, _dom_classes=("wannb-earlier",))
        self.observe(lambda change: self.refresh(), "is_open")
        self.on_msg(_receive)

    def refresh(self) -> None:
        """Show the images in the runs folder now, if any are shown."""
        if not self.is_open:
            return
        found = self._found()
        shown = found[: self._most]
        if [path for path, _ in shown] != self._paths:
            jpegs = previews([path for path, _ in shown], _PIXELS)
            self._paths = [path for path, _ in shown]
            self.shelf = [
                {"name": name, "source": data_uri(jpeg) if jpeg else ""}
                for (_, name), jpeg in zip(shown, jpegs, strict=True)
            ]
        self.more = len(found) > self._most

    def _found(self) -> list[tuple[Path, str]]:
        """Return images with their names, one more than are shown."""
        found: list[tuple[Path, str]] = []
        for run in self._store.newest():
            if run.state == DONE:
                time = run.created.replace("T", " ")[:16]
                name = f"{shorten(run.prompt, _PROMPT)} · {time}"
                found += [(path, f"{name} · {number}") for number, path in enumerate(run.images, 1)]
            if len(found) > self._most:
                break
        return found

    def _take(self, content: dict[str, Any]) -> None:
        number = content.get("number")
        if content.get("kind") == "more":
            self._most += _PAGE
            self.refresh()
        elif content.get("kind") == "pick" and isinstance(number, int) and 0 <= number < len(self._paths):
            self._picked(str(self._paths[number]))


def _receive(widget: Earlier, content: Any, buffers: Any) -> None:
    if isinstance(content, dict):
        widget._take(content)
