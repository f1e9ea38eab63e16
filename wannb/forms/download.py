"""Downloads: files of Python's machine brought to the browser's, under names that speak; paths copied, folders opened.

The buttons are plain HTML, which any widget of a form may show; the one `Download` of a form answers all of them. So
a picture more costs no widget more, and a press is answered by the page it came from, where a form is shown twice too.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import IO, Any

import ipywidgets as widgets
import traitlets

from wannb.display import CLIPBOARD, ELEMENTS, PIECES, Pieces, Source, different, esm, file_name, name_problem
from wannb.errors import WannbError
from wannb.files import is_plain
from wannb.ledger import OnStatus
from wannb.runs import GeneratedImage, Store
from wannb.storyboard import Storyboard
from wannb.translation import Words, say

from .button import beside, button, name_button, show
from .controls import STATIC, Listener
from .upload import Upload

#: Seconds without an answer after which the page gives a file up.
PATIENCE = 60
#: What is offered at most; a page that still shows older buttons is told to look again.
_MOST = 5000
#: Programs that show a folder, and what a browser on such a machine calls it.
_OPENERS = {"linux": ("xdg-open", "Linux"), "darwin": ("open", "Macintosh"), "win32": ("explorer", "Windows")}
#: Variables of a kernel that is not where the browser is, although the address may say so: a tunnel, a hub, a gateway.
_ELSEWHERE = ("SSH_CONNECTION", "SSH_CLIENT", "JUPYTERHUB_API_URL", "KERNEL_GATEWAY", "KUBERNETES_SERVICE_HOST")


# Names


def image_name(image: GeneratedImage) -> str:
    """Return the name that an image is downloaded as: first words of its prompt, its number among several, its seed."""
    prompt = image.request.prompt if image.request else ""
    facts = [str(image.number) if image.count > 1 else "", "" if image.seed is None else f"seed-{image.seed}"]
    return file_name(str(prompt), *facts, ending=image.path.suffix)


def zipped(files: Iterable[tuple[str, Path]]) -> IO[bytes]:
    """Return a ZIP of files under other names, as an open file that is gone when it is closed.

    Files that are gone are listed in it, in a text file; `OSError` if all of them are.
    """
    listed = list(files)
    named = list(zip(different(name for name, _ in listed), (path for _, path in listed), strict=True))
    here = [(name, path) for name, path in named if is_plain(path)]
    gone = [name for name, path in named if not is_plain(path)]
    if gone and not here:
        raise OSError(say("the files are gone"))
    archive = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        with zipfile.ZipFile(archive, "w") as made:  # pictures do not become smaller
            for name, path in here:
                entry = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
                with path.open("rb") as source, made.open(entry, "w") as target:
                    shutil.copyfileobj(source, target)
            if gone:
                made.writestr("gone.txt", "\n".join([say("These files are gone:"), *gone, ""]))
    except BaseException:
        archive.close()
        raise
    return archive


# The folder


def opener(
    host: str, agent: str, *, system: str = sys.platform, environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return the program that opens a folder before the person's eyes; None where the browser is, or may be, elsewhere.

    Args:
        host: of the page's address, as the browser says.
        agent: what the browser calls itself.
    """
    program, name = _OPENERS.get(system, ("", ""))
    if not program or not _is_loopback(host) or name not in agent or "Android" in agent:
        return None
    if any(each in environment for each in _ELSEWHERE):
        return None
    if system == "linux" and not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return None
    return shutil.which(program)


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return host == "localhost" or host.endswith(".localhost")


# The widget


class Download(Listener):
    """Answers the download, copy and folder buttons of a form.

    Put the widget anywhere in the form, and what its methods return, HTML, into any `widgets.HTML` of the form.

    >>> download = Download()
    >>> picture.value = download.row(download.button("fox.png", path), download.copy(path))    # doctest: +SKIP
    >>> said.value = download.saved(board.save("story.pptx"))    # doctest: +SKIP
    """

    _esm = esm(ELEMENTS, CLIPBOARD, PIECES, STATIC / "download.js")
    _css = STATIC / "download.css"

    owner = traitlets.Unicode().tag(sync=True)
    patience = traitlets.Int(PATIENCE).tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)

    def __init__(self, words: Words | None = None) -> None:
        self._words = words = words or Words()
        self._offered: dict[str, tuple[str, Source | Callable[[], Source]]] = {}
        self._folders: dict[str, Path] = {}
        super().__init__(
            owner=secrets.token_hex(6),
            texts={
                "percent": words("{percent} %"),
                "downloaded": words("{file}: downloaded"),
                "slow": words("{file}: waiting for Python, which may be busy with a cell"),
                "lost": words(
                    "{file}: not downloaded, since Python did not answer for {seconds} s. It is busy with a cell, or "
                    "its kernel is gone: try again later."
                ),
                "copied": words("Copied"),
                "uncopied": words("This page may not use the clipboard. Select the text and copy it."),
            },
        )
        self._pieces = Pieces(self.send, self._found, words.language)

    # What a form shows

    def button(self, name: str, source: Source | Callable[[], Source], text: str = "", *, link: bool = False) -> str:
        """Return a button that brings a file to the browser, as HTML.

        Args:
            source: the file's path, its bytes, an open file, or what returns one of them when the button is pressed.
            link: whether it looks like a link.
        """
        place = str(source) if isinstance(source, Path) else ""
        key = hashlib.sha256(f"{name}\0{place}".encode(errors="replace")).hexdigest()[:16]
        self._offered.pop(key, None)
        self._offered[key] = (name, source)
        while len(self._offered) > _MOST:
            self._offered.pop(next(iter(self._offered)))
        label = self._words("Download {file}", file=name)
        return self._html("get", key, text or self._words("Download"), label, name=name, link=link)

    def copy(self, path: Path, text: str = "") -> str:
        """Return a button that puts a full path on the clipboard, as HTML."""
        full = path.absolute()
        label = self._words("Copy the path of {file}", file=full.name)
        return self._html("copy", str(full), text or self._words("Copy path"), label)

    def folder(self, path: Path) -> str:
        """Return a button that opens a folder, as HTML; it is seen only where the browser runs on Python's machine."""
        full = path.absolute()
        key = hashlib.sha256(str(full).encode(errors="replace")).hexdigest()[:16]
        self._folders[key] = full
        label = self._words("Open the folder {folder}", folder=full)
        return self._html("folder", key, self._words("Open folder"), label)

    @staticmethod
    def row(*parts: str) -> str:
        """Return buttons beside each other, as HTML."""
        return f'<div class="wannb-gets">{"".join(parts)}</div>'

    def picture(self, name: str, path: Path) -> str:
        """Return the buttons of a picture: *Download* and *Copy path*."""
        return self.row(self.button(name, path), self.copy(path))

    def all(self, name: str, files: Callable[[], Iterable[tuple[str, Path]]], count: int) -> str:
        """Return a button that brings several files as one ZIP, as HTML; nothing for a single one.

        Only a press calls `files`, which returns each file's name in the ZIP and its path.
        """
        text = self._words("Download all {n} as ZIP", n=count)
        return self.button(name, lambda: zipped(files()), text) if count > 1 else ""

    def saved(self, files: Sequence[Path]) -> str:
        """Return what is said of files that were saved: each a link that downloads it, and the folder."""
        if not files:
            return ""
        places = [path.absolute() for path in files]
        folder = places[0].parent
        links = ", ".join(self.button(path.name, path, path.name, link=True) for path in places)
        line = escape(self._words("Saved: {files} in {folder}", files="\0", folder=folder)).replace("\0", links)
        archive = self.all(f"{places[0].stem}.zip", lambda: [(path.name, path) for path in places], len(places))
        copied = self.copy(places[0] if len(places) == 1 else folder)
        parts = (f'<span class="wannb-get-text wannb-say">{line}</span>', archive, copied, self.folder(folder))
        return f'<div class="wannb-told">{self.row(*parts)}</div>'

    def close(self) -> None:
        """Close the widget with all files under way."""
        if "_pieces" in vars(self):
            self._pieces.close()
        super().close()

    def _html(self, kind: str, value: str, text: str, label: str, *, name: str = "", link: bool = False) -> str:
        look = "wannb-get-link" if link else "jupyter-widgets jupyter-button widget-button wannb-button"
        called = f' data-wannb-name="{escape(name)}"' if name else ""
        return (
            f'<button type="button" class="{look} wannb-get wannb-get-{kind}" data-wannb-of="{self.owner}" '
            f'data-wannb-{kind}="{escape(value)}"{called} data-lm-suppress-shortcuts="true" '
            f'title="{escape(label)}" aria-label="{escape(label)}">{escape(text)}</button>'
        )

    # What a page asks for

    def _found(self, what: Any) -> tuple[str, Source]:
        if str(what) not in self._offered:
            raise OSError(say("this button is out of date; reload the page"))
        name, source = self._offered[str(what)]
        return name, source() if callable(source) else source

    def _take(self, content: dict[str, Any], buffers: Sequence[Any] = ()) -> None:
        if self._pieces.take(content):
            return
        program = opener(str(content.get("host")), str(content.get("agent")))
        if content.get("kind") == "where" and program:
            self.send({"kind": "here", "id": content.get("id")})
        elif content.get("kind") == "folder":
            folder = self._folders.get(str(content.get("what")))
            # A file manager may stay as long as its window.
            threading.Thread(target=self._open, args=(content.get("id"), program, folder), daemon=True).start()

    def _open(self, key: Any, program: str | None, folder: Path | None) -> None:
        opened = False
        if program and folder and folder.is_dir():
            nothing, command = subprocess.DEVNULL, [program, str(folder)]
            with suppress(OSError):
                code = subprocess.call(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
                opened = code == 0 or sys.platform == "win32"  # where it says 1 in any case
        if opened:
            self.send({"kind": "opened", "id": key, "said": self._words("{folder}: opened", folder=folder)})
        else:
            why = self._words("The folder could not be opened. It is {folder}", folder=folder)
            self.send({"kind": "refused", "id": key, "why": why})


#: Letters of a file's name that the button that saves it can name.
_MOST_ON_BUTTON = 40


class FileRow:
    """A format, a file name, and a button that saves in the folder where Python runs.

    The button names the file and, as its tooltip, the folder. A name that cannot be is told why while it is written,
    and no file is overwritten without a question.

    Args:
        formats: what can be chosen: its text and the file's ending.
        save: called when `path` may be written; it calls `saved` at its end.
        more: buttons beside the one that saves.

    Attributes:
        name: of the file, with or without its ending.
        buttons: the one that saves, and those beside it.
    """

    def __init__(
        self,
        words: Words,
        formats: Sequence[tuple[str, str]],
        save: Callable[[], object],
        *,
        download: Download,
        tooltip: str,
        name: str,
        more: Sequence[widgets.Button] = (),
    ) -> None:
        self.words = words
        self._save = save
        self._download = download
        self._format = widgets.Dropdown(description=words("Format"), options=formats)
        self.name = widgets.Text(description=words("File name"), value=name)
        self._tooltip = tooltip
        self.buttons = [button("", self._pressed), *more]
        self._problem, self._asked, self._said = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._both = button(words("Keep both"), self._keep_both)
        answers = [
            button(words("Overwrite"), self._overwrite),
            self._both,
            button(words("Cancel"), self._close_question),
        ]
        self._question = widgets.VBox([self._asked, beside(*answers)])
        row = beside(self._format, self.name, *self.buttons, look="wannb-save-row")
        self.box = widgets.VBox([row, self._problem, self._question, self._said])
        self._changed()
        for each in (self.name, self._format):
            each.observe(lambda change: self._changed(), "value")

    @property
    def path(self) -> Path:
        """The file that the button writes."""
        return Path.cwd() / f"{self._stem}{self._format.value}"

    def saved(self, files: Sequence[Path] = ()) -> None:
        """Say where files were saved, each a link that downloads it; nothing without any."""
        self._said.value = self._download.saved(files)

    @property
    def _stem(self) -> str:
        written, ending = str(self.name.value).strip(), str(self._format.value)
        return written[: -len(ending)] if written.lower().endswith(ending) else written

    def _changed(self) -> None:
        why = name_problem(self._stem)
        shown = escape(self.words(why)) if why else ""
        self._problem.value = f'<div class="wannb-problems wannb-say">{shown}</div>' if why else ""
        file = self.path.name
        long = why or len(file) > _MOST_ON_BUTTON
        self.buttons[0].description = self.words("Save") if long else self.words("Save {file}", file=file)
        self.buttons[0].tooltip = f"{self._tooltip}: {self.path.parent}"
        self._ask("")

    def _pressed(self) -> None:
        self._changed()
        if self._problem.value:
            return
        path = self.path
        if not _is_there(path):
            self._go()
            return
        name_button(self._both, self.words("Keep both: {name}", name=_free(path).name))
        self._ask(self.words("{file} exists in {folder}.", file=path.name, folder=path.parent))
        self._both.focus()

    def _ask(self, question: str) -> None:
        self._asked.value = f'<div class="wannb-note" role="alert">{escape(question)}</div>' if question else ""
        show(self._question, question)

    def _close_question(self) -> None:
        self._ask("")
        self.buttons[0].focus()

    def _overwrite(self) -> None:
        self._close_question()
        self._go()

    def _keep_both(self) -> None:
        self.name.value = _free(self.path).stem
        self._close_question()
        self._pressed()

    def _go(self) -> None:
        self.saved()
        self._save()


def _is_there(path: Path) -> bool:
    """Return whether saving would write over a file: that one, or a page of it (`name-1.png`)."""
    page = re.compile(re.escape(path.stem) + r"-\d+" + re.escape(path.suffix), re.IGNORECASE)
    try:
        return os.path.lexists(path) or any(page.fullmatch(name) for name in os.listdir(path.parent))
    except OSError:
        return False  # saving says why


def _free(path: Path) -> Path:
    """Return a path like this one that nothing is at."""
    stem = re.sub(r" \d+$", "", path.stem)
    number = 2
    while _is_there(free := path.with_name(f"{stem} {number}{path.suffix}")):
        number += 1
    return free


# What a board is saved as

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
_MOST_SCENE = 999


class Picked:
    """A file that is brought from the browser's machine, and can be left out again: `path`, None without one."""

    def __init__(self, store: Store, words: Words, text: str, **options: Any) -> None:
        self._words, self._text = words, text
        self.path: Path | None = None
        self._said = widgets.HTML()
        self._out = button(words("Remove"), lambda: self._take(None))
        upload = Upload(store.root / ".uploads", self._take, words=words, **options)
        row = beside(self._said, self._out)
        self.box = widgets.VBox([row, upload])
        self._take(None)

    def _take(self, path: Path | None) -> None:
        self.path = path
        name = path.name if path else self._words("none")
        self._said.value = f'<span class="wannb-label">{escape(self._text)}</span> {escape(name)}'
        show(self._out, path)


class Files(FileRow):
    """What a board is saved as, how it is laid out, and a view of its pages.

    Args:
        store: where what is brought along is kept.

    Attributes:
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
        rows = [beside(*(boxes[name] for name in row)) for row in _ROWS]
        self._failed, self._pages = widgets.HTML(), widgets.HTML()
        scenes = beside(self.options["scenes"])
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
            show(each, self._format.value in _OF[name])
        show(self._show, self._format.value in _PAGES)

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
        if match is None or int(match[2] or match[1]) > _MOST_SCENE:
            raise ValueError(say("scenes {written}: write their numbers, such as 1-3, 6", written=repr(written)))
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return list(dict.fromkeys(found))
