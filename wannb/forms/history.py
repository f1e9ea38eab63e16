"""HistoryForm: all runs of a client, to search, look at, pick up, open as forms and make something of together."""

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
from wannb.errors import WannbError
from wannb.figures import compare, contact_sheet, labels_of
from wannb.judging import judge
from wannb.masking import mask
from wannb.request import FIELDS, MODES, ImageRequest
from wannb.runs import DONE, ENDED, Result, Run, Runs, find_input
from wannb.storyboard import BoardFiles, Storyboard
from wannb.translation import Said, Words, count, override, shorten

from .button import beside, button, html_line, show
from .controls import close_all, in_form, put
from .form import Form, form_class, request_of
from .panel import Panel
from .references import Picker
from .status import Status
from .storyboard import StoryboardForm
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
        self._opening = beside(self._what, open_button)
        self._opened = widgets.VBox()
        self.worker = Worker(self.client, self._progressed, lock=self._lock)
        self.status = Status(words, self.worker.acts)
        for hidden in (self._opening, self.status.box):
            show(hidden, False)
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
            self._listed = listed
            put(self._list, [self._row(run) for run in found[: self._shown]])
        show(self._more, len(found) > self._shown)
        shown = min(self._shown, len(found))
        wanted = self._search.value.strip() or self._mode.value
        said = words("{shown} of {found} runs", shown=shown, found=len(found))
        if not found:
            said = words("Nothing found for {wanted}.", wanted=wanted) if wanted else words("No runs yet.")
        self._count.value = html_line(said, "quietly wannb-say")

    def select(self, run: Run) -> None:
        """Show a run's images and what can be done with it."""
        self.worker.detach()
        self.selected = run
        show(self.status.box, True)
        show(self._opening, run.request)
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
        search = beside(self._search, self._mode)
        saved = widgets.HTML(html_line(self.words("Or open a saved image"), "label"))
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


# What can be made of chosen runs together, for free


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
            Said("Compare"): (
                lambda: self._say(compare(*self._results(2, 2))),
                Said("Lay the pictures of two runs over each other"),
            ),
            Said("Grid"): (lambda: self._say(contact_sheet(self._results(1))), Said("Show all pictures side by side")),
            Said("Judge"): (self._judge, Said("Judge the pictures blind, two at a time")),
            Said("Storyboard"): (self._board, Said("Make a storyboard with these pictures as its frames")),
        }
        buttons = [
            button(words(name), lambda act=act: self._safely(act), tooltip=words(told))  # type: ignore[misc]
            for name, (act, told) in acts.items()
        ]
        none = button(words("Choose none"), self.clear)
        row = beside(self._count, *buttons, none, look="wannb-chosen")
        self.box = widgets.VBox([row, self._told], _dom_classes=("wannb-together",))
        self._close = beside(button(words("Close"), lambda: self.show(None)))
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
        show(self.shown, widget)
        close_all(each for each in old if each is not self._close)

    def _choose(self, run: Run, *, chosen: bool) -> None:
        self.runs.pop(run.id, None)
        if chosen:
            self.runs[run.id] = run
        self._follow()

    def _follow(self) -> None:
        show(self.box, self.runs)
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
