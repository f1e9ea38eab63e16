"""Stage: a board's frames and all that can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from wannb.client import Client
from wannb.display import html
from wannb.ledger import OnStatus
from wannb.request import ImageRequest
from wannb.storyboard import Storyboard, Takes
from wannb.translation import Words

from .board_files import BoardFiles
from .controls import button
from .frame_details import Choices, Details
from .frames import Deeds, Frames
from .plans import price

#: Changes a board at once; what it returns is said.
Change = Callable[[Storyboard], object]
#: Does with a board what takes its time, and tells how it goes.
Doing = Callable[[Storyboard, OnStatus], object]


class Stage:
    """The strip of frames with its buttons, the details of one scene, and the files.

    Args:
        client: of the board.
        change, start: how a change and a longer doing are carried out.
        another: what the button does that leads to another board.

    Attributes:
        about, bar, box: the board in a line, its buttons, and all the rest.
    """

    def __init__(
        self,
        client: Client,
        words: Words,
        *,
        change: Callable[[Change], None],
        start: Callable[[Doing], None],
        another: Callable[[], None],
    ) -> None:
        self.client = client
        self.words = words
        self._change = change
        self._start = start
        self._board: Storyboard | None = None
        self._busy = False
        self.about = widgets.HTML()
        self._undo = button(words("Undo"), lambda: change(Storyboard.undo))
        self._redo = button(words("Redo"), lambda: change(Storyboard.redo))
        self._another = button(words("Another board"), another)
        self._added = widgets.Text(description=words("New scene"), placeholder=words("what is to be seen"))
        self._add = button(words("Add a scene"), self._add_scene)
        deeds = Deeds(lock=self._lock, reroll=self._reroll, move=self._move, edit=self._edit, details=self._open)
        self.frames = Frames(deeds, words)
        choices = Choices(
            choose=lambda scene, take: change(lambda board: board.choose(scene, take)),
            assign=lambda scene, image: change(lambda board: board.assign({scene: image})),
            replace=lambda scene, image: change(lambda board: board.replace(scene, image)),
            remove=self._remove,
            close=lambda: self._open(None),
        )
        self.details = Details(client.store, choices, words)
        self.files = BoardFiles(words, save=self._save, show=self._show_pages)
        self.bar = widgets.HBox([self._undo, self._redo, self._another], _dom_classes=("wannb-row", "wannb-board-bar"))
        adding = widgets.HBox([self._added, self._add], _dom_classes=("wannb-row", "wannb-save-row"))
        self.box = widgets.VBox([self.frames.box, self.details.box, adding])

    def show(self, board: Storyboard, *, busy: bool) -> None:
        """Show a board as it is now; while something is at work nothing of it can be changed."""
        if self._board is not board:
            self.details.number = None
            self.files.name.value = board.name
            self.outdated()
        self._board, self._busy = board, busy
        record, shots = board.record, board.reel().shots
        number = self.details.number if (self.details.number or 0) <= len(shots) else None
        cost = self.client.estimate(ImageRequest(model=record.base.model))
        one = price(self.words, cost, mock=self.client.service.kind == "mock")
        self.frames.show(shots, price=one, busy=busy, opened=number)
        panel = record.panels[number - 1] if number else None
        asked = record.journal.sets.get(panel.asked or "") if panel and not (panel.frame and panel.sure) else None
        self.details.show(
            number,
            board.takes(number) if number else Takes(()),
            came=len(asked.frames) if asked else 0,
            locked=bool(panel and panel.locked),
            busy=busy,
            only=len(shots) == 1,
        )
        for each in (self._added, self._add, self._another):
            each.disabled = busy
        self._undo.disabled, self._redo.disabled = busy or not record.past, busy or not record.future
        self.files.turn(off=busy)
        self.about.value = self._facts(board)

    def outdated(self) -> None:
        """Forget what was shown of the board as it was."""
        self.files.tell("")
        self.files.pages("")

    def _lock(self, scene: int) -> None:
        self._change(lambda board: (board.unlock if scene in board.locked else board.lock)(scene))

    def _edit(self, scene: int, changes: dict[str, Any]) -> None:
        self._change(lambda board: board.edit_scene(scene, **changes))

    def _move(self, scene: int, by: int) -> None:
        other = scene + by

        def swap(board: Storyboard) -> None:
            order = list(range(1, len(board.scenes) + 1))
            order[scene - 1], order[other - 1] = other, scene
            board.reorder(order)
            if self.details.number in (scene, other):
                self.details.number = other if self.details.number == scene else scene

        self._change(swap)
        # The keyboard goes with the scene.
        card = self.frames.cards[other - 1]
        onward, back = (card.left, card.right) if by < 0 else (card.right, card.left)
        (back if onward.disabled else onward).focus()

    def _open(self, scene: int | None) -> None:
        before = self.details.number
        self.details.number = None if scene == before else scene
        if self._board is not None:
            self.show(self._board, busy=self._busy)
        if self.details.number is not None:
            self.details.focus()
        elif before is not None and before <= len(self.frames.cards):
            self.frames.cards[before - 1].more.focus()

    def _remove(self, scene: int) -> None:
        self.details.number = None
        self._change(lambda board: board.remove(scene))

    def _add_scene(self) -> None:
        text = self._added.value.strip()
        if text:
            self._added.value = ""
            self._change(lambda board: board.add(text))

    def _reroll(self, scene: int) -> None:
        self._start(lambda board, on_status: board.reroll(scene, on_status=on_status))

    def _save(self, path: Path) -> None:
        def save(board: Storyboard, on_status: OnStatus) -> None:
            files = ", ".join(map(str, board.save(path)))
            self.files.tell(self.words("Saved: {files}", files=files))

        self._start(save)

    def _show_pages(self) -> None:
        def show(board: Storyboard, on_status: OnStatus) -> None:
            self.files.pages(board.pages()._repr_mimebundle_()["text/html"])

        self._start(show)

    def _facts(self, board: Storyboard) -> str:
        words, reel = self.words, board.reel()
        parts = [words("{done} of {total} made", done=reel.made, total=len(reel.shots))]
        parts += [words("{seconds} s", seconds=f"{reel.seconds:g}"), words("seed {seed}", seed=board.seed)]
        cost = board.cost
        if cost is None:
            parts.append(words("price unknown"))
        elif cost.amount:
            spent = (
                words("live, this would have cost {cost}", cost=cost)
                if self.client.service.kind == "mock"
                else words("spent {cost}", cost=cost)
            )
            parts.append(spent)
        notes = []
        unsure = ", ".join(str(shot.number) for shot in reel.shots if shot.unsure)
        if unsure:
            notes.append(
                words(
                    "Fewer images came than were asked for, and the service does not say which. Look at scene {which}: "
                    "the button More… at each puts it right.",
                    which=unsure,
                )
            )
        if board.record.journal.pending:
            notes.append(words("Something was begun and has not come back: the button fetches it."))
        # Of what the board says itself, the fonts; the rest is seen at the frames.
        notes += [note for note in board.notices if note.startswith("on pages: ")]
        told = "".join(f'<div class="wannb-note">{html.text(note)}</div>' for note in notes)
        line = f"<b>{html.text(board.name)}</b> · {escape(' · '.join(parts))}"
        return f'<div class="wannb-caption">{line}</div>{told}'
