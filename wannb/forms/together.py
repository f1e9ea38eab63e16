"""Runs that are chosen in the history, and what can be made of them together, for free."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from wannb.client import Client
from wannb.errors import WannbError
from wannb.figures import compare, contact_sheet, labels_of
from wannb.judging import judge
from wannb.masking import mask
from wannb.runs import DONE, Result, Run
from wannb.storyboard import BoardFiles, Storyboard
from wannb.translation import Said, Words, count, override

from .button import button
from .controls import close_all


class Together:
    """The chosen runs, a row of buttons for them, and what a button showed.

    Attributes:
        box: the number of chosen runs and the buttons; hidden without a chosen run.
        shown: what a button showed, beside the list.
        boarded: called with the name of a board that was made.
    """

    def __init__(self, client: Client, words: Words, boarded: Callable[[str], None]) -> None:
        self.client, self.words, self.boarded = client, words, boarded
        self.runs: dict[str, Run] = {}
        self._count = widgets.HTML()
        self._told = widgets.HTML()
        acts = {
            Said("Compare"): (self._compare, Said("Lay the pictures of two runs over each other")),
            Said("Grid"): (self._grid, Said("Show all pictures side by side")),
            Said("Judge"): (self._judge, Said("Judge the pictures blind, two at a time")),
            Said("Storyboard"): (self._board, Said("Make a storyboard with these pictures as its frames")),
        }
        buttons = [
            button(words(name), lambda act=act: self._safely(act), tooltip=words(told))  # type: ignore[misc]
            for name, (act, told) in acts.items()
        ]
        none = button(words("Choose none"), self.clear)
        row = widgets.HBox([self._count, *buttons, none], _dom_classes=("wannb-row", "wannb-chosen"))
        self.box = widgets.VBox([row, self._told], _dom_classes=("wannb-together",))
        self._close = widgets.HBox([button(words("Close"), lambda: self.show(None))], _dom_classes=("wannb-row",))
        self.shown = widgets.VBox()
        self._boxes: dict[str, widgets.Checkbox] = {}
        self.show(None)
        self._follow()

    def check(self, run: Run) -> widgets.Checkbox:
        """Return the check box of a run's row."""
        made = widgets.Checkbox(
            value=run.id in self.runs,
            description=self.words("Choose run {run}", run=run.id),
            indent=False,
            _dom_classes=("wannb-choose",),
        )
        made.observe(lambda change: self._choose(run, chosen=change["new"]), "value")
        self._boxes[run.id] = made
        return made

    def clear(self) -> None:
        """Choose none."""
        for run_id in list(self.runs):
            self._boxes[run_id].value = False
        self.runs.clear()  # of rows that are not listed now
        self._follow()

    def show(self, widget: widgets.Widget | None) -> None:
        """Show a widget in the place of what was shown."""
        old, self.shown.children = self.shown.children, [self._close, *([widget] if widget else [])]
        self.shown.layout.display = "" if widget else "none"
        close_all(each for each in old if each is not self._close)

    def _choose(self, run: Run, *, chosen: bool) -> None:
        self.runs.pop(run.id, None)
        if chosen:
            self.runs[run.id] = run
        self._follow()

    def _follow(self) -> None:
        self.box.layout.display = "" if self.runs else "none"
        said = self.words("{runs} chosen", runs=count(len(self.runs), "run"))
        self._count.value = f'<span class="wannb-say">{escape(said)}</span>'
        self._told.value = ""

    def _safely(self, act: Callable[[], None]) -> None:
        self._told.value = ""
        try:
            with override(self.words.language):
                act()
        except (WannbError, ValueError, OSError, ImportError) as error:
            self._told.value = f'<div class="wannb-error" role="alert">{escape(mask(str(error)))}</div>'

    def _results(self, least: int, most: int | None = None) -> list[Result]:
        """Return the results of the chosen runs, in the order in which they were chosen."""
        if not least <= len(self.runs) <= (most or len(self.runs)):
            what = Said("two runs") if most else Said("two runs or more")
            chosen = count(len(self.runs), "run")
            raise ValueError(self.words("This takes {what}; now {runs} chosen.", what=what, runs=chosen))
        for run in self.runs.values():
            if run.state != DONE or not run.images:
                raise ValueError(self.words("Run {run} has no images; choose another one.", run=run.id))
        return [run.result(reused=True) for run in self.runs.values()]

    def _compare(self) -> None:
        self._say(compare(*self._results(2, 2)))

    def _grid(self) -> None:
        self._say(contact_sheet(self._results(1)))

    def _judge(self) -> None:
        results = self._results(2)
        labels = labels_of([f"{run.prompt} · {run.settings}" for run in self.runs.values()], gap="")
        groups = dict(zip(labels, (list(result) for result in results), strict=True))
        self.show(judge(groups, language=self.words.language))

    def _board(self) -> None:
        results = self._results(1)
        texts = [run.prompt or run.id for run in self.runs.values()]
        board = Storyboard(self.client, texts, name=BoardFiles.free_name(self.client.store, "storyboard"))
        for scene, result in enumerate(results, 1):
            board.replace(scene, result[0])
        self.boarded(board.name)

    def _say(self, shown: object) -> None:
        page = shown._repr_mimebundle_()["text/html"]  # type: ignore[attr-defined]
        self.show(widgets.HTML(page))
