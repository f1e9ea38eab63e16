"""What a board is saved as: the format, the layout of its pages or its film, the first page, and the file's name."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from wannb.errors import WannbError
from wannb.ledger import OnStatus
from wannb.runs import Store
from wannb.storyboard import Storyboard
from wannb.translation import Words, say

from .button import button
from .download import Download, FileRow
from .upload import Upload

_PAGES, _FILMS = (".pdf", ".png"), (".mp4", ".gif", ".webp")
#: Which formats have an option.
_OF = {
    "title": (*_PAGES, ".html", ".pptx"),
    "date": (*_PAGES, ".html", ".pptx"),
    "logo": (*_PAGES, ".html", ".pptx"),
    "frames": _PAGES,
    "orientation": _PAGES,
    "paper": _PAGES,
    "numbering": _PAGES,
    "pixels": _FILMS,
    "subtitles": _FILMS,
    "sound": (".mp4",),
}
#: A row of the form each.
_ROWS = (("frames", "orientation", "paper", "numbering"), ("title", "date", "logo"), ("pixels", "subtitles", "sound"))
_SCENES = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
#: The largest number of a scene that is looked for.
_MOST = 999


class Picked:
    """A file that is brought from the browser's machine, and can be left out again.

    Args:
        options: of the upload, such as what it takes.

    Attributes:
        box: the widget.
        path: the file, None without one.
    """

    def __init__(self, store: Store, words: Words, text: str, **options: Any) -> None:
        self._words, self._text = words, text
        self.path: Path | None = None
        self._said = widgets.HTML()
        self._out = button(words("Remove"), lambda: self._take(None))
        upload = Upload(store.root / ".uploads", self._take, words=words, **options)
        row = widgets.HBox([self._said, self._out], _dom_classes=("wannb-row",))
        self.box = widgets.VBox([row, upload])
        self._take(None)

    def _take(self, path: Path | None) -> None:
        self.path = path
        name = path.name if path else self._words("none")
        self._said.value = f'<span class="wannb-label">{escape(self._text)}</span> {escape(name)}'
        self._out.layout.display = "" if path else "none"


class Files(FileRow):
    """What a board is saved as, how it is laid out, and a view of its pages.

    Args:
        start: carries longer work out.
        download: of the form.
        store: where what is brought along is kept.

    Attributes:
        box: the widget.
        options: what can be chosen, by the names that `Storyboard.save` has for it.
    """

    def __init__(
        self,
        words: Words,
        start: Callable[[Callable[[Storyboard, OnStatus], object]], object],
        *,
        download: Download,
        store: Store,
    ) -> None:
        self.words = words
        formats = [
            (words("Pages, PDF"), ".pdf"),
            (words("Pages, PNG"), ".png"),
            (words("Film, MP4"), ".mp4"),
            (words("Film, GIF"), ".gif"),
            (words("Film, WebP"), ".webp"),
            (words("Web page, HTML"), ".html"),
            (words("Slides, PowerPoint"), ".pptx"),
            (words("Pictures and list of shots, ZIP"), ".zip"),
        ]
        show = button(words("Show the pages"), lambda: start(self._show_pages))
        super().__init__(
            words,
            formats,
            lambda: start(self._write),
            download=download,
            tooltip=words("Save the board as a file"),
            name="storyboard",
            more=[show],
        )
        self._show = show
        self.options = self._make(words)
        texts = {
            "button": words("Upload a sound…"),
            "label": words("Upload a sound"),
            "wrongKind": words("{file}: this is not a sound"),
        }
        self._logo = Picked(store, words, words("Logo"))
        self._sound = Picked(store, words, words("Sound"), accept="audio/*", texts=texts)
        boxes = {**self.options, "logo": self._logo.box, "sound": self._sound.box}
        self._parts = {name: boxes[name] for row in _ROWS for name in row}
        rows = [widgets.HBox([boxes[name] for name in row], _dom_classes=("wannb-row",)) for row in _ROWS]
        self._failed, self._pages = widgets.HTML(), widgets.HTML()
        scenes = widgets.HBox([self.options["scenes"]], _dom_classes=("wannb-row",))
        self.box = widgets.VBox([*rows, scenes, self.box, self._failed, self._pages])
        self._format.observe(lambda change: self._turn(), "value")
        self._turn()

    def show(self, *, pages: str = "") -> None:
        """Show pages in place of what was saved; nothing without."""
        self.saved()
        self._fail("")
        self._pages.value = pages

    def chosen(self, ending: str) -> dict[str, Any]:
        """Return what `Storyboard.save` takes beside the path, as far as files of an ending have it.

        Raises:
            ValueError: the scenes are not numbers such as 1-3, 6.
        """
        values = {name: each.value for name, each in self.options.items()} | {
            "logo": self._logo.path,
            "sound": self._sound.path,
            "title": str(self.options["title"].value).strip() or None,
        }
        found = {name: value for name, value in values.items() if ending in _OF.get(name, ())}
        written = str(self.options["scenes"].value).strip()
        return found | ({"scenes": numbers_in(written)} if written else {})

    def _make(self, words: Words) -> dict[str, Any]:
        landscape, upright = (words("landscape"), "landscape"), (words("portrait"), "portrait")
        subtitles = [
            (words("in the picture"), "picture"),
            (words("as a track, and a file .srt"), "track"),
            (words("none"), "none"),
        ]
        frames = widgets.BoundedIntText(value=6, min=1, max=12, description=words("Frames on a page"))
        numbering = widgets.Checkbox(value=True, indent=False, description=words("Page numbers"))
        pixels = [(f"{each} px", each) for each in (640, 960, 1280, 1920)]
        return {
            "frames": frames,
            "orientation": widgets.Dropdown(options=[landscape, upright], description=words("Orientation")),
            "paper": widgets.Dropdown(options=["A4", "Letter"], description=words("Paper")),
            "numbering": numbering,
            "title": widgets.Text(placeholder=words("the board's name"), description=words("Title")),
            "date": widgets.Text(placeholder=words("none"), description=words("Date")),
            "pixels": widgets.Dropdown(options=pixels, value=960, description=words("Longer side")),
            "subtitles": widgets.Dropdown(options=subtitles, description=words("Dialogue")),
            "scenes": widgets.Text(placeholder=words("all, or such as 1-3, 6"), description=words("Scenes")),
        }

    def _turn(self) -> None:
        for name, each in self._parts.items():
            each.layout.display = "" if self._format.value in _OF[name] else "none"
        self._show.layout.display = "" if self._format.value in _PAGES else "none"

    def _fail(self, why: str) -> None:
        shown = escape(why)
        self._failed.value = f'<div class="wannb-problems" role="alert">{shown}</div>' if why else ""

    def _try(self, act: Callable[[], object]) -> None:
        """Do something; what a person can mend is said here, beside the button."""
        self._fail("")
        try:
            act()
        except (ValueError, TypeError, OSError, WannbError) as error:
            self._fail(self.words(getattr(error, "said", str(error))))

    def _write(self, board: Storyboard, on_status: OnStatus) -> None:
        self._try(lambda: self.saved(board.save(self.path, **self.chosen(self.path.suffix))))

    def _show_pages(self, board: Storyboard, on_status: OnStatus) -> None:
        def show() -> None:
            self.show(pages=board.pages(**self.chosen(".pdf"))._repr_mimebundle_()["text/html"])

        self._try(show)


def numbers_in(written: str) -> list[int]:
    """Return the numbers of scenes as a person writes them.

    >>> numbers_in("1-3, 6")
    [1, 2, 3, 6]

    Raises:
        ValueError: something else.
    """
    found: list[int] = []
    tidy = re.sub(r"(?<!\s)\s*[-–]\s*", "-", written.strip())
    for part in re.split(r"[\s,，;；、]+", tidy):
        match = _SCENES.fullmatch(part)
        if match is None or int(match[2] or match[1]) > _MOST:
            raise ValueError(say("scenes {written}: write their numbers, such as 1-3, 6", written=repr(written)))
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return list(dict.fromkeys(found))
