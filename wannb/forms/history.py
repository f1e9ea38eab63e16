"""HistoryForm: the runs of the store, to be searched, looked at, picked up and opened as forms again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from html import escape
from typing import Any

import ipywidgets as widgets
import traitlets

from wannb.client import Client
from wannb.display import html, preview
from wannb.ledger import DONE, ENDED, Run, Runs
from wannb.request import FIELDS, MODES, ImageRequest
from wannb.text import count, shorten
from wannb.translation import Words

from . import looks
from .controls import button, close_all
from .job import Job, Progress
from .opening import form_class
from .outcome import Outcome
from .recalling import request_of
from .sources import Picker

_PAGE = 12
_PIXELS, _WIDTH = 160, 96
_ALL, _BUT_SEED = "all", "but seed"


class HistoryForm(widgets.VBox):  # type: ignore[misc]
    """The runs of a client's store, the newest first.

    Args:
        client: what `wannb.connect()` gives.

    Attributes:
        selected: the run that is looked at, None before. A trait.
        opened: called with a request that a person opens as a form, and the options to take over; unless it is set, the
            form appears below.

    >>> wannb.forms.HistoryForm(client)    # doctest: +SKIP
    """

    selected = traitlets.Instance(Run, allow_none=True)

    def __init__(self, client: Client) -> None:
        self.client = client
        self.opened: Callable[[ImageRequest, tuple[str, ...]], None] | None = None
        self.words = words = Words(client.language)
        self._shown = _PAGE
        self._listed: list[tuple[str, str]] = []
        self._search = widgets.Text(
            description=words("Search"),
            continuous_update=False,
            placeholder=words("words of a prompt, a model, a state, an id"),
        )
        modes = [(words("all modes"), ""), *((words(mode), mode) for mode in MODES)]
        self._mode = widgets.Dropdown(options=modes, description=words("Mode"))
        self._list = widgets.VBox(_dom_classes=("wannb-runs",))
        self._more = button(words("Show more"), self._show_more)
        self._said = widgets.HTML()
        self._picker = Picker(client.store, words, earlier=False)
        self._picker.picked_path = self._open_saved
        self._what = widgets.Dropdown(
            description=words("Take over"),
            options=[
                (words("everything"), _ALL),
                (words("everything but the seed"), _BUT_SEED),
                *((words("only {option}", option=words(field.label)), field.name) for field in FIELDS.values()),
            ],
        )
        self._open_button = button(words("Open as a form"), self._open_selected)
        self._job = Job(client, self._progressed)
        self._outcome = Outcome(words, stop=self._job.stop, pick_up=self._job.pick_up)
        self._outcome.box.layout.display = "none"
        self._opening = widgets.HBox([self._what, self._open_button], _dom_classes=("wannb-row",))
        self._opening.layout.display = "none"
        self._below = widgets.VBox()
        super().__init__(self._layout(), _dom_classes=("wannb-form", "wannb-historyform"))
        self._search.observe(lambda change: self._searched(), "value")
        self._mode.observe(lambda change: self._searched(), "value")
        self.refresh()

    @property
    def runs(self) -> Runs:
        """The runs that the search finds."""
        found = self.client.runs(self._search.value.strip())
        return Runs(run for run in found if not self._mode.value or run.mode == self._mode.value)

    def search(self, text: str = "", *, mode: str = "") -> Runs:
        """Search as a person would, and return what is found.

        Args:
            text: words of a prompt, a model, a state or an id.
            mode: one of the six, as the API's page names them; all when empty.
        """
        self._search.value, self._mode.value = text, mode
        return self.runs

    def refresh(self) -> None:
        """List what is in the store now."""
        found, words = self.runs, self.words
        listed = [(run.id, run.state) for run in found[: self._shown]]
        if listed != self._listed:
            # Only when something changed: a button that is replaced loses the press that is on its way.
            self._listed, old = listed, self._list.children
            self._list.children = [self._row(run) for run in found[: self._shown]]
            close_all(old)
        self._more.layout.display = "" if len(found) > self._shown else "none"
        shown = min(self._shown, len(found))
        said = words("{shown} of {found} runs", shown=shown, found=len(found)) if found else words("No run yet.")
        self._said.value = f'<div class="wannb-quietly" role="status">{escape(said)}</div>'

    def select(self, run: Run) -> None:
        """Show a run's images and what can be done with it."""
        self._job.detach()
        self.selected = run
        self._outcome.box.layout.display = ""
        self._opening.layout.display = "" if run.request else "none"
        if run.state == DONE:
            self._outcome.result(run.result(reused=False))
        elif run.state not in ENDED and self.client.owns(run):
            self._job.watch(lambda: self.client.pick_up(run.id))
        elif run.state not in ENDED:
            # Another service does not know it, and would call a paid run lost.
            words, where = self.words, run.service
            self._outcome.tell(words("This run belongs to {service} or another key.", service=where))
        else:
            text = self.words("This run is {state} and has no images.", state=self.words(run.state))
            self._outcome.tell(text, self._why(run))

    def _searched(self) -> None:
        self._shown = _PAGE
        self.refresh()

    def _show_more(self) -> None:
        self._shown += _PAGE
        self.refresh()

    def _row(self, run: Run) -> widgets.Widget:
        words = self.words
        facts = [run.created.replace("T", " ")[:16], words(run.mode or "a task adopted by its id")]
        facts += [words(run.state), words.sentence(count(run.images_made, "image")) if run.images_made else ""]
        files = run.images
        picture = '<div class="wannb-nothing"></div>'
        with suppress(OSError, IndexError):  # gone or damaged: the run is listed all the same
            jpeg, alt = preview(files[0], _PIXELS), shorten(run.prompt, 80) or run.id
            image = run.record.images[0]
            picture = html.figure(jpeg, alt=alt, caption=(), size=(image.width, image.height), width=_WIDTH)
        line = " · ".join(fact for fact in facts if fact)
        title = html.text(shorten(run.prompt, 140) or run.id)
        about = f'<div><b>{title}</b></div><div class="wannb-quietly">{escape(line)}</div>'
        under_way = run.state not in ENDED
        look = button(
            words("Pick it up") if under_way and self.client.owns(run) else words("Look"),
            lambda: self._guarded(lambda: self.select(run)),
            tooltip=words("Show run {run}", run=run.id),
        )
        row = [widgets.HTML(picture), widgets.HTML(about, _dom_classes=("wannb-about",)), look]
        return widgets.HBox(row, _dom_classes=("wannb-run",))

    def _why(self, run: Run) -> str:
        error = run.record.error
        return " ".join(filter(None, (error.code, error.message, error.text))) if error else ""

    def _progressed(self, progress: Progress) -> None:
        self._outcome.show(progress)
        if progress.phase in ("done", "failed"):
            self.refresh()

    def _open_selected(self) -> None:
        run, what = self.selected, self._what.value
        if run is not None:
            names = tuple(FIELDS) if what in (_ALL, _BUT_SEED) else (what,)
            self._guarded(lambda: self._open(run, names))

    def _open_saved(self, path: Any) -> None:
        self._guarded(lambda: self._open(path, tuple(FIELDS)))

    def _open(self, source: Any, names: tuple[str, ...]) -> None:
        request = request_of(source)
        if self._what.value == _BUT_SEED:
            request = request.replace(seed=None)
        if self.opened:
            self.opened(request, names)
            return
        form = form_class(request)(self.client)
        form.recall(request, only=names)
        old, self._below.children = self._below.children, [form]
        for each in old:
            each.close()

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            # Nobody sees an exception of a callback: it is shown where the images would be.
            self._outcome.box.layout.display = ""
            self._outcome.error(error)

    def _layout(self) -> list[widgets.Widget]:
        words = self.words
        title = looks.heading(words, words("History"), self.client)
        search = widgets.HBox([self._search, self._mode], _dom_classes=("wannb-row",))
        saved = widgets.HTML(f'<div class="wannb-label">{escape(words("Or open a saved image"))}</div>')
        left = widgets.VBox(
            [search, self._said, self._list, self._more, saved, self._picker.box], _dom_classes=("wannb-controls",)
        )
        right = widgets.VBox([self._opening, self._outcome.box], _dom_classes=("wannb-results",))
        columns = widgets.HBox([left, right], _dom_classes=("wannb-columns",))
        return [looks.style(), widgets.HTML(title), columns, self._below]

    def __repr__(self) -> str:
        return f"HistoryForm({count(len(self.runs), 'run')})"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs) or {}
        return {**bundle, "text/plain": repr(self), "text/html": Runs(self.runs[:_PAGE])._repr_html_()}
