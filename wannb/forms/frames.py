"""Frames: a board's strip as cards that can be locked, drawn anew, reworded and moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.display import html, preview
from wannb.storyboard import Shot
from wannb.translation import Words

from .controls import button, close_all
from .new_board import notes_input, seconds_input

_PIXELS, _WIDTH = 480, 320


@dataclass(frozen=True, kw_only=True)
class Deeds:
    """What the buttons of a frame do; each is called with the scene's number."""

    lock: Callable[[int], None]
    reroll: Callable[[int], None]
    move: Callable[[int, int], None]
    edit: Callable[[int, dict[str, Any]], None]
    details: Callable[[int], None]


class Card:
    """One scene with its frame and buttons."""

    def __init__(self, number: int, deeds: Deeds, words: Words) -> None:
        self.number = number
        self.words = words
        self._deeds = deeds
        self._filling = False
        self._picture = widgets.HTML()
        self._facts = widgets.HTML(_dom_classes=("wannb-facts",))
        # One change a visit, not one a key: each is written to the board's file and can be undone.
        self._text = widgets.Textarea(rows=3, continuous_update=False)
        self._notes = notes_input(words, continuous_update=False)
        self._seconds = seconds_input(words, continuous_update=False)
        for name, each in (("text", self._text), ("notes", self._notes), ("seconds", self._seconds)):
            each.observe(lambda change, name=name: self._edited(name, change["new"]), "value")
        self.lock = button("", lambda: deeds.lock(number))
        self.reroll = button("", lambda: deeds.reroll(number))
        self.left = button("←", lambda: deeds.move(number, -1))
        self.right = button("→", lambda: deeds.move(number, 1))
        self.more = button(words("More…"), lambda: deeds.details(number))
        rows = [
            widgets.HBox([self._notes, self._seconds], _dom_classes=("wannb-row",)),
            widgets.HBox([self.reroll], _dom_classes=("wannb-row", "wannb-go-row")),
            widgets.HBox([self.lock, self.left, self.right, self.more], _dom_classes=("wannb-row",)),
        ]
        self.box = widgets.VBox(
            [self._facts, self._picture, self._text, *rows], _dom_classes=("wannb-frame", "wannb-words")
        )

    def show(self, shot: Shot, *, price: str, busy: bool, is_open: bool) -> None:
        """Show a scene as it is now; while something is at work nothing can be changed."""
        words, number = self.words, self.number
        locked = "locked" in shot.marks
        marks = [words("locked")] if locked else []
        marks += [words.sentence(mark) for mark in (shot.unsure, *shot.marks) if mark and mark != "locked"]
        title = words("Scene {number}", number=number)
        told = f' <span class="wannb-warned">· {escape(" · ".join(marks))}</span>' if marks else ""
        self._facts.value = f"{escape(title)}{told}"
        self._picture.value = self._drawn(shot)
        self._filling = True
        self._text.value, self._notes.value, self._seconds.value = shot.scene.text, shot.scene.notes, shot.scene.seconds
        self._filling = False
        self._text.description = words("What is to be seen in scene {number}", number=number)
        self._text.disabled = self._notes.disabled = self._seconds.disabled = busy
        self.lock.description = words("Unlock") if locked else words("Lock")
        self.lock.disabled = busy or (shot.path is None and not locked)
        self.lock.tooltip = (
            words("Let scene {number} be changed again", number=number)
            if locked
            else words("Keep the frame of scene {number} as it is", number=number)
        )
        again = words("Draw anew") if shot.path else words("Draw")
        self.reroll.description = f"{again} · {price}"
        self.reroll.disabled = busy or locked
        self.reroll.tooltip = (
            words("Scene {number} is locked: unlock it first", number=number)
            if locked
            else words(
                "Draw scene {number} to go with the frames around it; only this image is paid for", number=number
            )
        )
        self.left.disabled, self.right.disabled = busy or number == 1, busy or number == shot.of
        self.left.tooltip = words("Move scene {number} one place forward", number=number)
        self.right.tooltip = words("Move scene {number} one place back", number=number)
        self.more.tooltip = words("Earlier takes of scene {number}, a picture of your own, removal", number=number)
        (self.box.add_class if locked else self.box.remove_class)("wannb-locked")
        (self.box.add_class if is_open else self.box.remove_class)("wannb-open")

    def _drawn(self, shot: Shot) -> str:
        if shot.path is None:
            instead = escape(self.words.sentence(shot.instead))
            return f'<div class="wannb-hole" role="img" aria-label="{escape(shot.alt)}">{instead}</div>'
        return html.figure(preview(shot.path, _PIXELS), alt=shot.alt, caption=(), size=shot.size, width=_WIDTH)

    def _edited(self, name: str, value: Any) -> None:
        if not self._filling:
            self._deeds.edit(self.number, {name: value})


class Frames:
    """The cards of a board in their order.

    Attributes:
        box: what is shown.
        cards: one for each scene; a scene's card stays when others change, and the keyboard's focus with it.
    """

    def __init__(self, deeds: Deeds, words: Words) -> None:
        self.cards: list[Card] = []
        self._deeds = deeds
        self._words = words
        self.box = widgets.VBox(_dom_classes=("wannb-frames",))

    def show(self, shots: tuple[Shot, ...], *, price: str, busy: bool, opened: int | None) -> None:
        """Show a board as it is now."""
        old = self.cards[len(shots) :]
        if len(shots) != len(self.cards):
            self.cards = self.cards[: len(shots)]
            for number in range(len(self.cards) + 1, len(shots) + 1):
                self.cards.append(Card(number, self._deeds, self._words))
            self.box.children = [card.box for card in self.cards]
            close_all([card.box for card in old])
        for card, shot in zip(self.cards, shots, strict=True):
            card.show(shot, price=price, busy=busy, is_open=card.number == opened)
