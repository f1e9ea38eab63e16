"""The boards of a runs folder as a list, and a script whose lines become the scenes of a new one."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

import ipywidgets as widgets

from wannb.boards import SavedBoard, Scenes, decoded, scenes, storyboards
from wannb.client import Client
from wannb.display import html, previews
from wannb.files import read_file
from wannb.translation import Said, Words, override

from .button import beside, button, html_line, name_button, show
from .controls import Disclosure, put
from .status import Status
from .upload import Upload

_PAGE, _PIXELS, _WIDTH = 12, 160, 96
_MOST_BYTES = 4_000_000
#: Characters of a script that a draft keeps.
_MOST_KEPT = 200_000
_KINDS = (
    (Said("find out"), ""),
    (Said("a scene a line"), "lines"),
    (Said("a scene a paragraph"), "paragraphs"),
    (Said("a table"), "table"),
    (Said("a Fountain screenplay"), "Fountain"),
)


class BoardsPanel:
    """All boards: choose one to open, rename, copy, archive or restore.

    Args:
        opened: called with the name of a board to be opened; what it raises is shown here.
        renamed: called with the old and the new name of a board.

    Attributes:
        chosen: the file of the board that the buttons are for, None where there is none.
    """

    def __init__(
        self, client: Client, words: Words, opened: Callable[[str], object], renamed: Callable[[str, str], object]
    ) -> None:
        self.client, self.words = client, words
        self.chosen: Path | None = None
        self._opened, self._renamed = opened, renamed
        self._boards: list[SavedBoard] = []
        self._shown = _PAGE
        self.status = Status(words)
        self._about = widgets.HTML()
        self.open = button(words("Open"), self._act(lambda board: opened(board.name)), classes=["wannb-open"])
        self.copy = button(words("Copy"), self._act(lambda board: self._choose(board.copy().path)))
        self.archive = button(words("Archive"), self._act(lambda board: board.archive()))
        self.restore = button(words("Restore"), self._act(lambda board: self._choose(board.restore().path)))
        self.name = widgets.Text(description=words("New name"))
        self.rename = button(words("Rename"), self._act(self._rename))
        self._list = widgets.VBox(_dom_classes=("wannb-runs",))
        self._more = button(words("Show more"), self._show_more)
        row = beside(self.open, self.copy, self.archive, self.restore)
        naming = beside(self.name, self.rename, look="wannb-save-row")
        parts = [self._about, row, naming, self.status.box, self._list, self._more]
        self._section = Disclosure(words("All boards"), widgets.VBox(parts, _dom_classes=("wannb-boards",)))
        self._section.opened = self.refresh
        self.box = self._section.box

    def refresh(self) -> None:
        """List the boards as they are now; the newest is chosen where none is."""
        self._boards = storyboards(self.client)
        if not any(each.path == self.chosen for each in self._boards):
            self.chosen = self._boards[0].path if self._boards else None
        self._draw()

    def _draw(self) -> None:
        words, board = self.words, self._board()
        shown = self._boards[: self._shown]
        firsts = previews([each.pictures[0] if each.pictures else None for each in shown], _PIXELS)
        put(self._list, [self._row(each, jpeg) for each, jpeg in zip(shown, firsts, strict=True)])
        show(self._more, len(self._boards) > self._shown)
        for each in (self.open, self.copy, self.archive, self.restore, self.rename):
            each.disabled = board is None
        away = board is not None and (board.archived or board.earlier)
        self.open.disabled = board is None or away
        self.rename.disabled = board is None or board.earlier
        show(self.archive, not away)
        show(self.restore, away)
        if board is None:
            self._about.value = html_line(words("No boards yet."))
            return
        self.name.value = board.name
        with override(words.language):
            head = f"<b>{html.text(board.name)}</b> · {escape(words(board.facts))}"
            self._about.value = f'<div class="wannb-caption">{head}</div><div>{board.strip()}</div>'

    def _row(self, board: SavedBoard, jpeg: bytes) -> widgets.Widget:
        words, is_chosen = self.words, board.path == self.chosen
        picture = '<div class="wannb-nothing"></div>'
        if jpeg:
            alt = words("First frame of {name}", name=board.name)
            picture = html.figure(jpeg, alt=alt, caption=(), size=(16, 9), width=_WIDTH)
        facts = words(board.facts)
        about = f'<div><b>{html.text(board.name)}</b></div><div class="wannb-quietly">{html.text(facts)}</div>'
        pick = button(
            words("Chosen") if is_chosen else words("Choose"),
            lambda: self._choose(board.path),
            tooltip=words("Choose {name}", name=board.name),
        )
        pick.disabled = is_chosen
        row = [widgets.HTML(picture), widgets.HTML(about, _dom_classes=("wannb-about",)), pick]
        return widgets.HBox(row, _dom_classes=("wannb-run",))

    def _board(self) -> SavedBoard | None:
        return next((each for each in self._boards if each.path == self.chosen), None)

    def _choose(self, path: Path) -> None:
        self.chosen = path
        self.status.tell()
        self.refresh()

    def _show_more(self) -> None:
        self._shown += _PAGE
        self._draw()

    def _act(self, act: Callable[[SavedBoard], object]) -> Callable[[], None]:
        """Return what a button does with the chosen board; an error is shown under the button."""

        def acting() -> None:
            board = self._board()
            if board is not None:
                self.status.tell()
                self.status.safely(lambda: act(board))
                self.refresh()

        return acting

    def _rename(self, board: SavedBoard) -> None:
        new = self.name.value.strip()
        if new != board.name:
            self.chosen = board.rename(new).path
            self._renamed(board.name, new)


class ScriptPanel:
    """A script that is pasted or uploaded, and the scenes that it becomes, to look at before they are taken.

    Args:
        most: scenes of a board.
        written: returns how many scenes are there already.
        taken: called with the scenes, and whether they replace those.
    """

    def __init__(
        self,
        words: Words,
        folder: Path,
        *,
        most: int,
        written: Callable[[], int],
        taken: Callable[[Scenes, bool], object],
        changed: Callable[[], object],
    ) -> None:
        self.words = words
        self._most, self._written, self._taken, self._changed = most, written, taken, changed
        self.scenes: Scenes | None = None
        self.text = widgets.Textarea(
            description=words("Script"),
            rows=7,
            placeholder=words(
                "Lines, paragraphs, rows of a spreadsheet, CSV, or a Fountain screenplay:\n"
                'Mia stands at the harbour. MIA: "Will it swim?" (3 s)'
            ),
        )
        self.kind = widgets.Dropdown(
            description=words("Read as"), options=[(words(text), kind) for text, kind in _KINDS]
        )
        texts = {
            "button": words("Upload a script…"),
            "hint": words(".txt, .csv, .tsv or .fountain"),
            "label": words("Upload a script"),
            "wrongKind": words("{file}: give a .txt, .csv, .tsv or .fountain file"),
        }
        upload = Upload(folder, self._arrived, words=words, accept=".txt,.csv,.tsv,.fountain,.md", texts=texts)
        self.use = button("", lambda: self._take(replace=True))
        self.add = button("", lambda: self._take(replace=False))
        self.cancel = button(words("Cancel"), self._clear)
        self._told, self._table = widgets.HTML(), widgets.HTML()
        self._row = beside(self.use, self.add, self.cancel)
        parts = [self.text, self.kind, upload, self._told, self._row, self._table]
        self._section = Disclosure(words("Paste a script"), widgets.VBox(parts, _dom_classes=("wannb-script",)))
        self.box = self._section.box
        self.text.observe(lambda change: self._typed(), "value")
        self.kind.observe(lambda change: self.show(), "value")
        self.show()

    @property
    def draft(self) -> str:
        """The text that is not taken yet; nothing for one that is too long to be kept beside the runs."""
        text: str = self.text.value
        return text if len(text) <= _MOST_KEPT else ""

    def restore(self, draft: str) -> None:
        """Show a text that was typed before."""
        self.text.value = draft
        if draft:
            self._section.open()

    def _typed(self) -> None:
        self.show()
        self._changed()

    def show(self) -> None:
        """Show what the script becomes."""
        words, text = self.words, self.text.value
        self.scenes, why = None, ""
        with override(words.language):
            try:
                self.scenes = scenes(text, kind=self.kind.value) if text.strip() else None
            except ValueError as error:
                why = str(error)
            made = len(self.scenes or ())
            if self.scenes is not None and not made:
                why = words("No scenes were found in it.")
            lines = [words(self.scenes.summary)] if made and self.scenes else []
            notes = [words(each) for each in self.scenes.notices] if self.scenes else []
            if made > self._most:
                notes.insert(0, words("A board of this form has {most} scenes at most.", most=self._most))
            told = [html_line(each) for each in lines]
            told += [html_line(each, "note") for each in notes]
            told += [f'<div class="wannb-error" role="alert">{escape(why)}</div>'] if why else []
            self._told.value = f'<div aria-live="polite">{"".join(told)}</div>'
            self._table.value = self.scenes.table() if self.scenes else ""
        show(self._row, text.strip())
        there = self._written()
        self.use.disabled = self.add.disabled = not made
        name_button(self.use, self._named(made, self._most, there))
        name_button(self.add, words("Add {n} scenes", n=min(made, max(0, self._most - there))))
        show(self.add, there and there < self._most)

    def _named(self, made: int, most: int, there: int) -> str:
        if made > most:
            return self.words("Use the first {most} of {n} scenes", most=most, n=made)
        if there:
            return self.words("Use these {n} in place of the {there} below", n=made, there=there)
        return self.words("Use these {n} scenes", n=made)

    def _take(self, *, replace: bool) -> None:
        if self.scenes:
            self._taken(self.scenes, replace)
            self._clear()

    def _clear(self) -> None:
        self.text.value = ""
        self._section.close()

    def _arrived(self, path: Path) -> None:
        read = scenes(path)
        self.kind.value = read.kind if read.kind in ("table", "Fountain") else ""
        self.text.value = decoded(read_file(path, most=_MOST_BYTES))
