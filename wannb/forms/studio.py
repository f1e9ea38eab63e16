"""Studio: all forms in tabs, with what was spent."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Generic, TypeVar

import ipywidgets as widgets

from wannb.client import Client
from wannb.connection import connect
from wannb.display import html
from wannb.errors import KEY_MISPLACED, StoreError
from wannb.masking import holds_key
from wannb.request import ImageRequest
from wannb.runs import DONE, ENDED, GeneratedImage
from wannb.translation import Said, say

from .ahead import Ahead
from .button import spent_text
from .compare import CompareForm
from .drafts import Content, Draft, seen, unseen
from .form import EditForm, Form, ImageSetForm, RegionForm, TextToImageForm, form_class
from .history import HistoryForm
from .kept import Eye
from .panel import Panel, WorkPanel
from .storyboard import StoryboardForm

F = TypeVar("F", bound=Panel)

#: The tabs, and what each is for, for pages where no widget runs.
_TABS: dict[type[Any], Said] = {
    TextToImageForm: Said("images from a text"),
    EditForm: Said("images from one or several images"),
    RegionForm: Said("draw boxes on an image: they say where to edit"),
    ImageSetForm: Said("a story in scenes, with the same figure in each of them"),
    CompareForm: Said("prompts, seeds, models and sizes side by side"),
    StoryboardForm: Said("scenes as frames that are kept, generated again, put in order and saved as pages or a film"),
    HistoryForm: Said("all images generated so far, to look at and open again"),
}
_KINDS = tuple(_TABS)
#: The forms that take any picture as an input.
_TAKERS = (EditForm, RegionForm)


class _Tab(Generic[F]):
    """The form of a tab as an attribute of the Studio."""

    def __init__(self, kind: type[F]) -> None:
        self.kind = kind

    def __get__(self, studio: Studio | None, owner: type[Studio]) -> F:
        return self if studio is None else studio._form(self.kind)  # type: ignore[return-value]


class Studio(Panel):
    """Every form in a tab of its own, as `wannb.studio()` returns it.

    What is in its forms is kept in the runs folder: a new Studio on the same folder shows it again, and the run that a
    form sent last. A form of its own in a cell shows what its arguments say, and keeps nothing.

    Images go from tab to tab: *Edit* puts one into the edit form, and a run opened from the history fills the form of
    its mode.

    >>> wannb.forms.Studio(client)    # doctest: +SKIP
    """

    text_to_image = _Tab(TextToImageForm)
    edit = _Tab(EditForm)
    regions = _Tab(RegionForm)
    image_set = _Tab(ImageSetForm)
    compare = _Tab(CompareForm)
    storyboard = _Tab(StoryboardForm)
    history = _Tab(HistoryForm)

    def __init__(self, client: Client) -> None:
        self._made: dict[type[Any], Any] = {}
        self._making = threading.RLock()
        #: The board that the window of the page had open, until the form is made that opens it.
        self._board: str | None = None
        super().__init__(client)
        self._tabs.selected_index = 0
        self._place = Draft(client.store, "studio", self._where)
        self._tabs.selected_index = self._place_in(self._place.found)
        self._place.settle()
        self._form(_KINDS[self._tabs.selected_index])
        self._tabs.observe(lambda change: self._turned(), "selected_index")
        self._count()

    def _build(self) -> None:
        titles = [self.words(kind.title) for kind in _TABS]
        self._eye = Eye(self.client.store.root, self._looked, self._go_back)
        self._tabs = widgets.Tab([widgets.VBox() for _ in _TABS], titles=titles)

    def _layout(self) -> list[widgets.Widget]:
        return [*self._manners(), self._heading, self._tabs, self._eye, Ahead(self._make_next)]

    def _manners(self) -> list[widgets.Widget]:
        manners = super()._manners()
        self._access.offer({kind.__name__: self.words(kind.title) for kind in _TAKERS}, self._take)
        return manners

    def _take(self, name: str, path: Path) -> None:
        """Take a picture of the viewer as an input of a form."""
        kind = next(each for each in _TAKERS if each.__name__ == name)
        self._form(kind).status.safely(lambda: self._hand_over(kind, path))

    @property
    def form(self) -> Form | CompareForm | StoryboardForm | HistoryForm:
        """The form of the tab that is open."""
        form: Form | CompareForm | StoryboardForm | HistoryForm = self._form(_KINDS[self._tabs.selected_index])
        return form

    def _form(self, kind: type[F]) -> F:
        """Return the form of a tab, made when it is first needed: a page with few widgets loads sooner.

        It is made once, whoever asks: a kernel hears its page, and runs cells, on threads of their own.
        """
        with self._making:
            if kind not in self._made:
                self._make(kind)
            return self._made[kind]  # type: ignore[no-any-return]

    def _make(self, kind: type[Any]) -> None:
        form = kind(self.client)
        if isinstance(form, HistoryForm):
            form.opened, form.boarded = self._open, self._go_on_with
            form.worker.moved = lambda progress: self._count()
            form.observe(self._looked_at, "selected")
        else:
            form.made, form.moved = self._came_back, self._count
        if isinstance(form, (Form, HistoryForm)):
            takers = [taker for taker in _TAKERS if taker is not kind]
            form.offer_to([(self.words(each.title), partial(self._hand_over, each)) for each in takers])
        self._made[kind] = form
        if isinstance(form, WorkPanel):
            self._keep(form, kind.__name__.removesuffix("Form").lower())
        if isinstance(form, StoryboardForm):
            self._open_board()
        # Inside of its tab: front ends make all tabs anew, and turn to another one, when one of them is replaced.
        self._tabs.children[_KINDS.index(kind)].children = (form,)

    def _make_next(self) -> bool:
        """Make the first form that is missing; return whether others are."""
        missing = [kind for kind in _KINDS if kind not in self._made]
        for kind in missing[:1]:
            self._form(kind)
        return len(missing) > 1

    def _keep(self, form: WorkPanel, name: str) -> None:
        """Bring back what was in a form, and go on with the run that it sent last if nobody has seen it ended."""
        form.keep(name, self._tell_page)
        run_id = next((run for run, whose in unseen(self.client.store).items() if whose == name), None)
        with suppress(StoreError):
            run = self.client.store.get(run_id) if run_id else None
            if form.kept and run and (run.state in ENDED or self.client.owns(run)):
                form.kept.finished(run)
                form.worker.watch(partial(self.client.pick_up, run.id))

    def _tell_page(self) -> None:
        self._eye.unkept = any(form.kept and not form.kept.draft.kept for form in self._works())
        self._tell_place()

    def _tell_place(self) -> None:
        boards = [form.draft()["board"] for form in self._works() if isinstance(form, StoryboardForm)]
        self._eye.place = {**self._where(), **({"board": boards[0]} if boards else {})}

    def _go_back(self, place: Mapping[str, Any]) -> None:
        """Show what a window showed before its page was loaded anew; others may have shown other things since."""
        board = place.get("board")
        self._board = board if isinstance(board, str) else None
        self._tabs.selected_index = self._numbered(place.get("tab"), self._tabs.selected_index)
        self._open_board()

    def _open_board(self) -> None:
        form = self._made.get(StoryboardForm)
        if form and self._board is not None:
            board, self._board = self._board, None
            if board != form.draft()["board"]:
                with suppress(ValueError, StoreError):  # it is not there any more
                    form.show_here({"board": board})
        self._tell_place()

    def _works(self) -> list[WorkPanel]:
        return [form for form in self._made.values() if isinstance(form, WorkPanel)]

    def _looked(self, runs: Iterable[str]) -> None:
        """Follow a look at the page: these runs were seen, and another window may have changed a form."""
        for run in runs:
            seen(self.client.store, run)
        for form in self._works():
            if form.kept:
                form.kept.look()
        self._count()

    def _looked_at(self, change: Any) -> None:
        if change["new"] is not None:
            seen(self.client.store, change["new"].id)
            self._count()

    def _finished(self, shown: Container[str]) -> int:
        """Return how many runs have ended that nobody has seen, apart from those that are shown."""
        found = 0
        for run_id in unseen(self.client.store):
            try:
                found += run_id not in shown and self.client.store.get(run_id).state == DONE
            except StoreError:
                seen(self.client.store, run_id)  # its folder was removed
        return found

    def _open(self, request: ImageRequest, names: tuple[str, ...]) -> None:
        kind = form_class(request)
        self._form(kind).recall(request, only=names)
        self._show(kind)

    def _go_on_with(self, name: str) -> None:
        self._form(StoryboardForm).go_on_with(name)
        self._show(StoryboardForm)

    def _hand_over(self, kind: type[EditForm], image: GeneratedImage | Path) -> None:
        self._form(kind).use(image)
        self._show(kind)

    def _show(self, kind: type[Any]) -> None:
        self._tabs.selected_index = _KINDS.index(kind)

    def close(self) -> None:
        """Keep which tab is open, and end."""
        if "_place" in vars(self):  # not so when the constructor raised
            self._place.close()
        super().close()

    def _where(self) -> dict[str, Any]:
        return {"tab": _KINDS[self._tabs.selected_index or 0].__name__}

    def _place_in(self, found: Content | None) -> int:
        """Return the tab that was open when the page was left, the first without one."""
        return self._numbered(found.fields.get("tab") if found else "", 0)

    def _numbered(self, name: Any, otherwise: int) -> int:
        """Return which tab has that name."""
        names = [kind.__name__ for kind in _KINDS]
        return names.index(name) if name in names else otherwise

    def _turned(self) -> None:
        self._place.touch()
        self._tell_place()
        if isinstance(self.form, HistoryForm):
            self.form.refresh()
        self._count()

    def _came_back(self) -> None:
        self._count()
        for form in self._made.values():
            if not isinstance(form, HistoryForm):
                form.offer_earlier()

    def _count(self) -> None:
        """Show the badge, what was spent, how many runs are under way, and how many have ended unseen.

        Called on any thread, at each step of any form's work.
        """
        with self._lock:
            said = spent_text(self.words, self.client.spent(), mock=self._mock)
            # What is under the other tabs, which are made ahead, nobody sees yet.
            work = self._made[_KINDS[self._tabs.selected_index or 0]].worker.progress
            ended = work.run_id is not None and work.phase in ("done", "failed") and work.run_id not in self._eye.shown
            shown = [*self._eye.shown, *([work.run_id] if ended else [])]
            left, finished = len(self.client.tasks()), self._finished(shown)
            told = [self.words("{n} under way: see the history", n=left)] if left else []
            told += [self.words("{n} finished while you were away: see the history", n=finished)] if finished else []
            runs = "".join(f'<span class="wannb-open-runs">{escape(each)}</span>' for each in told)
            self._heading.value = (
                f'<div class="wannb-heading"><h2>wannb</h2>{self._badge()}'
                f'<span class="wannb-spent">{escape(said)}</span>{runs}</div>'
            )
            self._eye.shown = shown

    def __repr__(self) -> str:
        return f"Studio({self.client!r})"

    def _page(self) -> str:
        return html.block(
            "wannb",
            lines=[self.client.service.where],
            body=html.table([Said("tab"), ""], [(kind.title, told) for kind, told in _TABS.items()]),
        )


def studio(client: Client | None = None, **options: Any) -> Studio:
    """Return the Studio: every form in a tab, with the demo or live badge and what was spent.

    Args:
        client: the client to use; without it one is connected.
        options: those of `wannb.connect`, such as `mode="mock"`, `language="zh"` or `budget=2.50`.

    Raises:
        TypeError: a client and options for another one.

    >>> wannb.studio()    # doctest: +SKIP
    """
    if isinstance(client, str):
        if holds_key(client):
            client = None
            raise TypeError(say(KEY_MISPLACED, place="client"))
        raise TypeError(say("pass the mode by name: studio(mode={mode})", mode=repr(client)))
    if client is not None and options:
        raise TypeError(
            say("the client is connected already; pass {options} to wannb.connect", options=", ".join(options))
        )
    return Studio(client or connect(**options))
