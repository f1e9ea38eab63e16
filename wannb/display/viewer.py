"""Viewer: every picture large, as the page asks for it; made by `wake` of `shown.py`.

The page finds pictures by itself (`static/viewer.js`) and asks three things: which thumbnails are known, what is to be
said of a picture, and the picture itself, in pieces. Nothing of a picture is in a trait.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from wannb.files import check_plain, opened_picture
from wannb.translation import LANGUAGES, Said, Words, override

from . import shown
from .assets import ELEMENTS, PIECES, esm
from .pieces import Pieces, Source
from .previews import small_jpeg

STATIC = Path(__file__).parent / "static"
#: The longer side of what is fetched to be looked at; the download is the file itself.
LARGE_PIXELS = 2048


class Viewer(anywidget.AnyWidget):
    """Opens any picture of the page large; shows nothing of itself.

    Attributes:
        language: of a picture whose own language is not known.
        texts: of the page, by language.
    """

    _esm = esm(ELEMENTS, PIECES, STATIC / "zoom.js", STATIC / "viewer.js")
    _css = STATIC / "viewer.css"

    language = traitlets.Unicode("en").tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)

    def __init__(self, *, language: str = "en") -> None:
        super().__init__(language=language, texts={name: _texts(Words(name)) for name in LANGUAGES})
        self._pieces = Pieces(self.send, self._found, language)
        self.on_msg(_receive)

    def close(self) -> None:
        """Do nothing: one viewer serves all forms and outputs, and lives as long as its process."""

    def __repr__(self) -> str:
        return "Viewer()"

    def _take(self, content: Any) -> None:
        kind = content.get("kind")
        if kind == "which":
            known = {str(key): shown.shown_by(key) for key in content.get("keys") or ()}
            ids = {key: entry.id for key, entry in known.items() if entry is not None}
            self.send({"kind": "known", "id": content.get("id"), "ids": ids})
        elif kind == "about":
            self.send({"kind": "facts", "id": content.get("id"), **_about(content)})
        else:
            self._pieces.take(content)

    def _found(self, what: Any) -> tuple[str, Source]:
        """Return a picture that the page asks for: the file itself, or a JPEG of it."""
        entry = shown.shown_by(what.get("key"))
        if entry is None:
            raise OSError(Said("this picture is not known any more; show it again"))
        if entry.path is None:
            picture = entry.picture()
            if picture is None:
                raise OSError(Said("this picture is not known any more; show it again"))
            return "picture.jpg", small_jpeg(picture, LARGE_PIXELS)
        check_plain(entry.path, links=False)
        if what.get("file"):
            return shown.facts_of(entry.path).name, entry.path
        return entry.path.name, small_jpeg(entry.path, LARGE_PIXELS)


def _about(content: Any) -> dict[str, Any]:
    """Return the size of a picture and what is said of it; of one that is judged blind, the size alone."""
    entry = shown.shown_by(content.get("key"))
    if entry is None:
        return {}
    language = content.get("language") or entry.language
    words = Words(language if language in LANGUAGES else "en")
    facts, file = shown.Facts(), False
    size = (0, 0)
    try:
        if entry.path is None:
            picture = entry.picture()
            size = picture.size if picture is not None else size
        else:
            check_plain(entry.path, links=False)
            with opened_picture(entry.path) as image:
                size = image.size
            if not content.get("blind"):
                with override(words.language):
                    facts, file = shown.facts_of(entry.path), True
    except OSError:
        pass
    lines = [[words(label), words(text)] for label, text in facts.lines]
    return {
        "width": size[0],
        "height": size[1],
        "language": words.language,
        "lines": lines,
        "code": facts.code,
        "file": file,
    }


def _receive(widget: Viewer, content: Any, buffers: Sequence[Any]) -> None:
    if isinstance(content, dict):
        widget._take(content)


def _texts(words: Words) -> dict[str, str]:
    """Return the texts of the page, which fills in the names in braces."""
    return {
        "open": words("Open large"),
        "viewer": words("Picture {number} of {count}"),
        "view": words("View"),
        "one": words("One picture"),
        "two": words("Two side by side"),
        "three": words("Three side by side"),
        "four": words("Four side by side"),
        "slider": words("Slider"),
        "fade": words("Fade"),
        "flip": words("Flip"),
        "sliderOf": words("Where the left picture ends and the right one begins, in percent"),
        "fadeOf": words("How much of the second picture is seen, in percent"),
        "flipOf": words("Show the other picture (Space)"),
        "previous": words("Previous picture"),
        "next": words("Next picture"),
        "smaller": words("Zoom out"),
        "larger": words("Zoom in"),
        "fit": words("Fit"),
        "whole": words("100 %"),
        "zoom": words("Zoom"),
        "keys": words("Keys"),
        "close": words("Close"),
        "pictures": words("Pictures"),
        "about": words("About this picture"),
        "actions": words("What can be done with this picture"),
        "copy": words("Copy settings"),
        "copied": words("Copied as code"),
        "refused": words("This page may not use the clipboard."),
        "download": words("Download"),
        "downloading": words("Downloading: {percent} %"),
        "downloaded": words("Downloaded: {name}"),
        "loading": words("Fetching the large picture…"),
        "small": words("This is the small copy in the page. Python is busy or gone, so there is no larger one yet."),
        "unknown": words("This is the small copy in the page. Run its cell again to see it large."),
        "reduced": words("Shown with {shown} pixels of {width} × {height}; the download has them all."),
        "stage": words("Picture; drag to move it, wheel or pinch to zoom"),
        "keyNext": words("next, previous picture (arrows while the whole picture is seen)"),
        "keyZoom": words("zoom in and out"),
        "keyFit": words("fit, 100 % (also a double click)"),
        "keyPan": words("move the picture when it is larger than the window"),
        "keySide": words("one picture, or two to four side by side"),
        "keyPair": words("slider, fade, flip"),
        "keyOther": words("flip: show the other picture"),
        "keyPane": words("choose the picture that the arrows change"),
        "keyHelp": words("show or hide these keys"),
        "keyClose": words("close"),
    }
