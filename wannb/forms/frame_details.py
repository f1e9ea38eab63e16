"""Details of one scene: its takes, which image of a set it is, a picture of one's own, and its removal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import ipywidgets as widgets

from wannb.ledger import Store
from wannb.request import InputImage
from wannb.storyboard import Takes
from wannb.translation import Words

from .controls import button, close_all
from .sources import Picker
from .translated import translated

_PIXELS, _WIDTH = 320, 180


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What can be done with one scene; each is called with its number and what was chosen."""

    choose: Callable[[int, int], None]
    assign: Callable[[int, int | None], None]
    replace: Callable[[int, InputImage], None]
    remove: Callable[[int], None]
    close: Callable[[], None]


class Details:
    """The place under the strip for what is seldom done.

    Attributes:
        box: what is shown; nothing until a scene is opened.
        number: the scene that is open, None for none.
    """

    def __init__(self, store: Store, choices: Choices, words: Words) -> None:
        self.words = words
        self.number: int | None = None
        self._choices = choices
        self._title = widgets.HTML()
        self._takes = widgets.HBox(_dom_classes=("wannb-takes",))
        self._which = widgets.Dropdown(description=words("Which image of the set is this scene?"))
        self._assign = button(words("That is it"), self._assigned)
        self._set = widgets.HBox([self._which, self._assign], _dom_classes=("wannb-row", "wannb-save-row"))
        self._picker = Picker(store, words)
        self._picker.picked = self._picked
        own = widgets.HTML(f'<div class="wannb-label">{escape(words("Put a picture of your own in its place"))}</div>')
        self._remove = button(words("Remove this scene"), self._removed)
        self._close = button(words("Close"), choices.close)
        self._own = widgets.VBox([own, self._picker.box])
        last = widgets.HBox([self._remove, self._close], _dom_classes=("wannb-row",))
        self.box = widgets.VBox([self._title, self._takes, self._set, self._own, last], _dom_classes=("wannb-details",))
        self.box.layout.display = "none"

    def show(self, number: int | None, takes: Takes, *, came: int, locked: bool, busy: bool, only: bool) -> None:
        """Show a scene's takes and what can be done with it; None closes it.

        Args:
            number: of the scene.
            takes: what it ever had.
            came: how many images the set that it was asked in brought, 0 where there is nothing to assign.
            locked: whether nothing may be done with it.
            busy: whether something is at work.
            only: whether it is the board's only scene.
        """
        self.number = number
        self.box.layout.display = "none" if number is None else ""
        old, self._takes.children = self._takes.children, ()
        close_all(old)
        if number is None:
            return
        words, off = self.words, busy or locked
        why = words("It is locked: unlock it to change it.") if locked else ""
        title = words("Scene {number}", number=number)
        self._title.value = (
            f'<h4 class="wannb-title">{escape(title)}</h4><div class="wannb-reason" role="status">{escape(why)}</div>'
        )
        shown = []
        for take in takes:
            pick = button(
                words("The frame now") if take.chosen else words("Take this one"),
                lambda chosen=take.number: self._chosen(chosen),  # type: ignore[misc]
                tooltip=words("Take {number} of scene {scene}", number=take.number, scene=number),
            )
            pick.disabled = off or take.chosen
            shown.append(
                widgets.VBox(
                    [
                        widgets.HTML(translated(take.figure(pixels=_PIXELS, width=_WIDTH), words, theirs=[take.text])),
                        pick,
                    ]
                )
            )
        self._takes.children = shown
        self._set.layout.display = "" if came and not off else "none"
        options = [(words("image {number}", number=each), each) for each in range(1, came + 1)]
        self._which.options = [*options, (words("none of them"), None)]
        self._own.layout.display = "none" if off else ""
        self._remove.disabled = off or only
        self._picker.refresh()

    def focus(self) -> None:
        """Bring the keyboard here."""
        self._close.focus()

    def _chosen(self, take: int) -> None:
        if self.number is not None:
            self._choices.choose(self.number, take)

    def _assigned(self) -> None:
        if self.number is not None:
            self._choices.assign(self.number, self._which.value)

    def _picked(self, image: InputImage) -> None:
        if self.number is not None:
            self._choices.replace(self.number, image)

    def _removed(self) -> None:
        if self.number is not None:
            self._choices.remove(self.number)
