"""HistoryForm: all runs of a client, to search, look at, pick up and open as forms again."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets

from wannb.client import Client
from wannb.display import data_uri, html, preview, previews
from wannb.request import FIELDS, MODES, ImageRequest
from wannb.runs import DONE, ENDED, Run, Runs, find_input
from wannb.translation import Said, shorten

from .button import button
from .controls import close_all, in_form
from .form import Form, request_of
from .modes import form_class
from .panel import Panel
from .references import Picker
from .status import Status
from .storyboard import StoryboardForm
from .together import Together
from .worker import Progress, Worker

_PAGE = 12
#: Characters of a row's prompt, and of its end if it is longer: there the prompts of one study may differ.
_TITLE, _END = 140, 46
_PIXELS, _WIDTH = 160, 96
#: Input images of a row that are shown, and pixels of each.
_INPUTS, _INPUT_PIXELS = 4, 80
_SHA256 = re.compile("[0-9a-f]{64}")
_ALL, _BUT_SEED = "all", "but seed"


class HistoryForm(Panel):
    """The runs in a client's runs folder, the newest first.

    Args:
        client: what `wannb.connect()` returns.

    Attributes:
        selected: the run that is shown, None before. A trait.
        opened: called with a request that a person opens as a form, and the options to copy; unless it is set, the form
            appears below.
        boarded: called with the name of a storyboard that was made of chosen runs; unless it is set, it appears below.
        together: the chosen runs, and what is made of them.
        worker: waits for a run that is under way.

    >>> wannb.forms.HistoryForm(client)    # doctest: +SKIP
    """

    title = Said("History")

    selected = traitlets.Instance(Run, allow_none=True)

    def __init__(self, client: Client) -> None:
        self.opened: Callable[[ImageRequest, tuple[str, ...]], None] | None = None
        self.boarded: Callable[[str], None] | None = None
        self._shown = _PAGE
        self._listed: list[tuple[str, str]] = []
        super().__init__(client)
        self._search.observe(lambda change: self._searched(), "value")
        self._mode.observe(lambda change: self._searched(), "value")
        self.refresh()

    def _build(self) -> None:
        words = self.words
        self._search = widgets.Text(
            description=words("Search"),
            continuous_update=False,
            placeholder=words("a fox, failed, seed:3"),
            tooltip=words("words of a prompt, failed, seed:3, model:pro, 2026-11-26"),
        )
        modes = [(words("all modes"), ""), *((words(mode), mode) for mode in MODES)]
        self._mode = widgets.Dropdown(options=modes, description=words("Mode"))
        self.together = Together(self.client, words, self._made_board)
        self._list = widgets.VBox(_dom_classes=("wannb-runs",))
        self._more = button(words("Show more"), self._show_more)
        self._count = widgets.HTML()
        self._picker = Picker(self.client.store, words, self._open_image, earlier=False)
        options = [(words("everything"), _ALL), (words("everything but the seed"), _BUT_SEED)]
        options += [(words("only {option}", option=words(field.label)), field.name) for field in FIELDS.values()]
        self._what = widgets.Dropdown(description=words("Copy settings"), options=options)
        open_button = button(words("Open as a form"), self._open_selected)
        self._opening = widgets.HBox([self._what, open_button], _dom_classes=("wannb-row",))
        self._opened = widgets.VBox()
        self.worker = Worker(self.client, self._progressed, lock=self._lock)
        self.status = Status(words, self.worker.acts)
        for hidden in (self._opening, self.status.box):
            hidden.layout.display = "none"
        self._show_heading()

    @property
    def runs(self) -> Runs:
        """The runs that the search finds."""
        found = self.client.runs(self._search.value.strip())
        return Runs(run for run in found if not self._mode.value or run.mode == self._mode.value)

    @property
    def form(self) -> Form | StoryboardForm | None:
        """The form that was opened below, None before."""
        return self._opened.children[0] if self._opened.children else None

    def search(self, text: str = "", *, mode: str = "") -> Runs:
        """Search as a person would, and return the runs.

        Args:
            text: words, each of which must be in the prompt, model, state or id; "seed:3", "model:pro", "size:2K"
                and a day are understood too.
            mode: one of the six, as the API's page names them; all when empty.
        """
        self._search.value, self._mode.value = text, mode
        return self.runs

    def refresh(self) -> None:
        """List the runs in the folder now."""
        found, words = self.runs, self.words
        listed = [(run.id, run.state) for run in found[: self._shown]]
        if listed != self._listed:
            # Only when something changed: a button that is replaced loses a press that is on its way.
            self._listed, old = listed, self._list.children
            self._list.children = [self._row(run) for run in found[: self._shown]]
            close_all(old)
        self._more.layout.display = "" if len(found) > self._shown else "none"
        shown = min(self._shown, len(found))
        wanted = self._search.value.strip() or self._mode.value
        said = words("{shown} of {found} runs", shown=shown, found=len(found))
        if not found:
            said = words("Nothing found for {wanted}.", wanted=wanted) if wanted else words("No runs yet.")
        self._count.value = f'<div class="wannb-quietly wannb-say">{escape(said)}</div>'

    def select(self, run: Run) -> None:
        """Show a run's images and what can be done with it."""
        self.worker.detach()
        self.selected = run
        self.status.box.layout.display = ""
        self._opening.layout.display = "" if run.request else "none"
        if run.state == DONE:
            self.status.result(run.result(reused=False))
        elif run.state not in ENDED and self.client.owns(run):
            self.worker.watch(lambda: self.client.pick_up(run.id))
        elif run.state not in ENDED:
            # Another service does not know the task, and a paid run would be called lost.
            self.status.tell(self.words("This run belongs to {service} or another key.", service=run.service))
        else:
            words, state = self.words, self.words(run.state)
            self.status.tell(words("This run is {state} and has no images.", state=state), words(in_form(run.why)))

    def _searched(self) -> None:
        self._shown = _PAGE
        self.refresh()

    def _show_more(self) -> None:
        self._shown += _PAGE
        self.refresh()

    def _row(self, run: Run) -> widgets.Widget:
        words = self.words
        facts = [run.created.replace("T", " ")[:16], words(run.mode or "a task adopted by its id"), words(run.settings)]
        facts += [words(run.state), *([words(run.tally)] if run.images_made else []), words(_price(run))]
        lines = [" · ".join(filter(None, facts)), *([shorten(words(in_form(run.why)), 200)] if run.why else [])]
        about = f"<div><b>{html.text(shorten(run.prompt, _TITLE, end=_END) or run.id)}</b></div>"
        about += "".join(f'<div class="wannb-quietly">{html.text(line)}</div>' for line in lines)
        about += self._inputs(run)
        under_way = run.state not in ENDED and self.client.owns(run)
        show = button(
            words("Pick up") if under_way else words("Show"),
            lambda: self.status.safely(lambda: self.select(run)),
            tooltip=words("Show run {run}", run=run.id),
        )
        row = [
            self.together.check(run),
            widgets.HTML(_picture(run)),
            widgets.HTML(about, _dom_classes=("wannb-about",)),
            show,
        ]
        return widgets.HBox(row, _dom_classes=("wannb-run",))

    def _inputs(self, run: Run) -> str:
        """Return the first input images of a run as HTML; one whose file is gone or damaged is left out."""
        words, asked = self.words, (run.record.request or {}).get("images") or ()
        told = [(words("image {number}", number=number), str(each.get("name"))) for number, each in enumerate(asked, 1)]
        places = [_place(run, str(each.get("sha256"))) for each in asked]
        kept = [pair for pair in zip(told, places, strict=True) if pair[1]]
        jpegs = previews([place for _, place in kept[:_INPUTS]], _INPUT_PIXELS)
        shown = "".join(
            # In this style it opens in the viewer.
            f'<span><img style="display:block;max-width:80px" alt="{escape(f"{number}: {name}")}" '
            f'src="{data_uri(jpeg)}"></span>'
            for jpeg, ((number, name), _) in zip(jpegs, kept, strict=False)
            if jpeg
        )
        rest = f'<span class="wannb-quietly">+{len(kept) - _INPUTS}</span>' if len(kept) > _INPUTS else ""
        label = f'<span class="wannb-quietly">{escape(words("Input images"))}</span>'
        return f'<div class="wannb-inputs">{label}{shown}{rest}</div>' if shown else ""

    def _progressed(self, progress: Progress) -> None:
        self.status.show(progress)
        if progress.phase in ("done", "failed"):
            self.refresh()

    def _open_image(self, path: str) -> None:
        self.status.safely(lambda: self._open(Path(path), tuple(FIELDS)))

    def _open_selected(self) -> None:
        run, what = self.selected, self._what.value
        if run is not None:
            names = tuple(FIELDS) if what in (_ALL, _BUT_SEED) else (what,)
            self.status.safely(lambda: self._open(run, names))

    def _open(self, source: Any, names: tuple[str, ...]) -> None:
        request = request_of(source)
        if self._what.value == _BUT_SEED:
            request = request.replace(seed=None)
        if self.opened:
            self.opened(request, names)
            return
        form = form_class(request)(self.client)
        form.recall(request, only=names)
        self._put_below(form)

    def _made_board(self, name: str) -> None:
        if self.boarded:
            self.boarded(name)
        else:
            self._put_below(StoryboardForm(self.client, name))

    def _put_below(self, form: Panel) -> None:
        old, self._opened.children = self._opened.children, [form]
        for each in old:
            each.close()

    def _left(self) -> list[widgets.Widget]:
        search = widgets.HBox([self._search, self._mode], _dom_classes=("wannb-row",))
        saved = widgets.HTML(f'<div class="wannb-label">{escape(self.words("Or open a saved image"))}</div>')
        return [search, self._count, self.together.box, self._list, self._more, saved, self._picker.box]

    def _right(self) -> list[widgets.Widget]:
        return [self.together.shown, self._opening, self.status.box]

    def _below(self) -> list[widgets.Widget]:
        return [self._opened]

    def __repr__(self) -> str:
        return f"HistoryForm(runs={len(self.runs)})"

    def _page(self) -> str:
        page: str = Runs(self.runs[:_PAGE])._repr_html_()
        return page


def _picture(run: Run) -> str:
    """Return the first image of a run as HTML; a run whose image is gone or damaged is listed all the same."""
    with suppress(OSError, IndexError):
        jpeg, alt = preview(run.images[0], _PIXELS), shorten(run.prompt, 80) or run.id
        image = run.record.images[0]
        return html.figure(jpeg, alt=alt, caption=(), size=(image.width, image.height), width=_WIDTH)
    return '<div class="wannb-nothing"></div>'


def _place(run: Run, sha256: str) -> Path | None:
    """Return the file of an input image: the one that all runs share, so that one preview serves them all."""
    found = find_input(run.folder, sha256) if _SHA256.fullmatch(sha256) else None
    shared = run.folder.parent / ".inputs" / found.name if found else None
    return shared if shared and shared.is_file() else found


def _price(run: Run) -> str:
    """Return what a run cost, empty where nothing came or the price is unknown."""
    cost = run.cost() if run.images_made else None
    return "" if cost is None else Said("demo ({cost} live)", cost=cost.short) if run.service == "mock" else cost.short
