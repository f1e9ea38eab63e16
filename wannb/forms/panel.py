"""Panel: the frame of every form, with its button, its code, its status area and its HTML for pages without widgets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import ipywidgets as widgets
import traitlets

from wannb.client import Client
from wannb.display import CLIPBOARD, ELEMENTS, esm, html, shown_by, wake
from wannb.errors import Problem
from wannb.runs import GeneratedImage
from wannb.translation import Said, Words, joined, override

from .button import html_line
from .controls import STATIC, Control, Disclosure, Filling, Listener, close_all, in_form
from .kept import Kept
from .status import Status
from .worker import Progress, Worker

#: Names that the forms need of each other.
_INSIDE = {"boards", "draft", "fixed", "keep", "kept", "modes", "most", "moved", "offer_earlier", "offer_to", "restore"}
_INSIDE |= {"boarded", "script", "sheets", "show_here", "title", "together", "words"}


class Panel(widgets.VBox):  # type: ignore[misc]
    """The frame of every form and of the Studio.

    A subclass builds its widgets in `_build`, lays them out in `_left`, `_right` and `_below`, brings them up to date
    in `_refresh`, and shows itself where no widget runs with `_page`.
    """

    status: Status
    #: What the form is called, as its heading and on its tab.
    title: ClassVar[str] = ""
    #: Style sheets beside `form.css`.
    sheets: ClassVar[tuple[str, ...]] = ()
    #: What to do where no widget runs.
    _go_on: ClassVar[str] = Said("Where this page shows no buttons, run the cell again.")

    def __init__(self, client: Client, **traits: Any) -> None:
        self.client = client
        self.words = Words(client.language)
        # Callbacks come on the main thread, on ipykernel's subshells and from workers.
        self._lock = threading.RLock()
        self._filling = Filling()
        self._heading = widgets.HTML()
        with self._filling:
            self._build()
            kind = f"wannb-{type(self).__name__.lower()}"
            classes = ("wannb-form", kind, f"wannb-lang-{wake(self.words.language).language}")
            super().__init__(self._layout(), _dom_classes=classes, **traits)

    # For subclasses

    def _build(self) -> None:
        """Make the widgets."""

    def _left(self) -> Sequence[widgets.Widget]:
        return ()

    def _right(self) -> Sequence[widgets.Widget]:
        return ()

    def _below(self) -> Sequence[widgets.Widget]:
        return ()

    def _refresh(self) -> None:
        """Bring everything up to date."""

    def _page(self) -> str:
        """Return the panel as HTML, for pages where no widget runs."""
        raise NotImplementedError

    # Shared by all panels

    def __dir__(self) -> list[str]:
        """Return the names that are for people, without the many of ipywidgets, so that completion shows them alone."""
        own = type(self).__mro__[: type(self).__mro__.index(Panel) + 1]
        names = {*vars(self), *(name for each in own for name in vars(each)), "layout", "observe", "unobserve"}
        return sorted(name for name in names if not name.startswith("_") and name not in _INSIDE)

    def offer_to(self, takers: Iterable[tuple[str, Callable[[GeneratedImage], None]]]) -> None:
        """Put a button under each image for each of these: its text, and what takes the image as an input."""
        tooltip, status = self.words("Use this image as an input there"), self.status
        status.actions = [*status.actions, *((text, tooltip, take) for text, take in takers)]

    def close(self) -> None:
        """Close the form with all its widgets; a request that was sent goes on and is saved."""
        if "worker" in vars(self):  # not so when the constructor raised
            self.worker.detach()
        if vars(self).get("kept"):
            self.kept.draft.close()
        if "_heading" in vars(self):
            close_all([*self.children, self.layout])
        super().close()

    def _layout(self) -> list[widgets.Widget]:
        left = widgets.VBox([*self._left()], _dom_classes=("wannb-controls",))
        right = widgets.VBox([*self._right()], _dom_classes=("wannb-results",))
        columns = widgets.HBox([left, right], _dom_classes=("wannb-columns",))
        return [*self._manners(), self._heading, columns, *self._below()]

    def _manners(self) -> list[widgets.Widget]:
        """Return what every panel begins with and nobody sees: its style sheets, and what makes it accessible."""
        self._access = Access()
        return [self._style(), self._access]

    def _style(self) -> widgets.HTML:
        """Return the style sheets as a widget, so that they travel with the form."""
        sheets = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("form.css", *self.sheets))
        gone = self.words(
            "The kernel of this form was restarted or is gone, so its buttons do nothing. Run the cell again; images "
            "that were paid for are in the runs folder."
        )
        for name, text in (("coming", self.words("One moment…")), ("gone", gone)):
            sheets += f".wannb-form {{ --wannb-{name}: {json.dumps(text, ensure_ascii=False)}; }}"
        return widgets.HTML(f"<style>{sheets}</style>", layout=widgets.Layout(display="none"))

    def _show_heading(self, mode: str = "") -> None:
        """Show what the form is called, with what the service calls its mode if that is another."""
        name, called = self.words(self.title), self.words(mode)
        other = called.casefold() not in ("", name.casefold())
        also = f'<span class="wannb-quietly">{escape(called)}</span>' if other else ""
        self._heading.value = f'<div class="wannb-heading"><h3>{escape(name)}</h3>{also}{self._badge()}</div>'

    def _badge(self) -> str:
        """Return whether images are billed, as HTML."""
        words, service = self.words, self.client.service
        if self._mock:
            return f'<span class="wannb-badge wannb-demo">{escape(words("demo: nothing is billed"))}</span>'
        where = words("live, {region}: every image is billed", region=words(service.region))
        return f'<span class="wannb-badge wannb-live">{escape(where)}</span>'

    @property
    def _mock(self) -> bool:
        return self.client.service.kind == "mock"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | tuple[dict[str, Any], dict[str, Any]]:
        # As a bare anywidget: in Colab with the address of the widget manager, without which no widget of ours runs.
        data, metadata = anywidget.AnyWidget._repr_mimebundle_(self) or ({}, {})
        with override(self.words.language):
            data["text/html"] = self._page() + html.block("", lines=[self._go_on])
        return (data, metadata) if metadata else data


class WorkPanel(Panel):
    """A panel whose button starts work.

    Attributes:
        button: starts the work; its description says what it does and what it costs.
        worker: the work that the button started; `form.worker.join()` waits for it.
        status: the place where progress, errors and results are shown.
        made: called on a worker thread when there may be new images.
    """

    #: What is asked for while the form is empty.
    _first: ClassVar[str] = Said("Describe the image first.")
    _go_on = Said("Where this page shows no buttons, run the cell again, or call form.run(), which does the same.")

    def __init__(self, client: Client, **traits: Any) -> None:
        self.made: Callable[[], None] = lambda: None
        #: Called on a worker thread when work has begun, gone on or ended.
        self.moved: Callable[[], None] = lambda: None
        #: The form's draft, in the Studio.
        self.kept: Kept | None = None
        self._problems: tuple[Problem, ...] = ()
        #: Whether a person has begun to write; problems with what is still empty are shown only then.
        self._begun = False
        #: Whether the button promises that a press costs nothing.
        self._free = False
        self._busy = False
        self.button = widgets.Button(button_style="primary", _dom_classes=("wannb-go",))
        self.button.on_click(lambda _: self._press())
        self._controls: dict[str, Control] = {}
        self._hint = widgets.HTML()
        self._code = CodeView(Words(client.language))
        super().__init__(client, **traits)

    # For subclasses

    @property
    def code(self) -> str:
        """The call that does the same as the form, ready to paste."""
        raise NotImplementedError

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of the form; the button is off while there is one."""
        return self._problems

    def _start(self) -> bool:
        """Start what the button says; False when something is under way."""
        raise NotImplementedError

    def _ended(self, progress: Progress) -> None:
        """Follow up on work that ended, on the worker's thread."""
        self.offer_earlier()
        self.made()

    def _touched(self) -> None:
        """Follow a person's change of a control."""
        if not self._filling:
            self._begun = True
            self._refresh()

    # The draft

    def draft(self) -> dict[str, Any]:
        """Return what a person wrote, as JSON data."""
        with self._lock:
            return {name: control.draft for name, control in self._controls.items()}

    def restore(self, fields: Mapping[str, Any], *, begun: bool = True) -> None:
        """Show what a person wrote; any exception for data that no `draft` gave. Not `begun` is as new."""
        with self._lock:
            with self._filling:
                self._put(fields)
            self._touched()
            if not begun:
                self._begun = False
                self._refresh()

    def _put(self, fields: Mapping[str, Any]) -> None:
        for name, control in self._controls.items():
            if name in fields:
                control.restore(fields[name])

    def keep(self, name: str, told: Callable[[], object]) -> None:
        """Keep what is in the form in the draft of that name, and show what is there already."""
        self.kept = Kept(self, self.client.store, name, told)
        shown: list[widgets.Widget] = list(self.children)  # type: ignore[has-type]
        shown.insert(shown.index(self._heading) + 1, self.kept.box)
        self.children = shown

    def show_here(self, fields: Mapping[str, Any]) -> None:
        """Show some fields that this window had, and leave what the draft holds to the others."""
        kept, self.kept = self.kept, None
        try:
            self.restore({**self.draft(), **fields})
        finally:
            self.kept = kept
        if kept:
            kept.draft.settle()
            kept.hide()

    # Shared by all panels with a button

    def offer_earlier(self) -> None:
        """Offer the images in the runs folder wherever a picture can be picked."""
        for control in self._controls.values():
            control.refresh()

    def _use(self, controls: Iterable[Control]) -> None:
        self._controls = {control.name: control for control in controls}
        for control in self._controls.values():
            control.changed = self._touched

    def _tell(self, problems: Iterable[Problem]) -> None:
        for name, control in self._controls.items():
            control.tell([self._plain(problem) for problem in problems if problem.field == name])

    def _make_worker(self) -> None:
        self.worker = Worker(self.client, self._progressed, self._ended, self._lock)
        self.worker.moved = self._moved

    def _progressed(self, progress: Progress) -> None:
        self.status.show(progress)
        if not progress.under_way or not self._busy:
            self._busy = progress.under_way
            self._refresh()

    def _moved(self, progress: Progress) -> None:
        if self.kept and progress.sends and progress.run_id and progress.under_way:
            self.kept.sent(progress.run_id)
        self.moved()

    def _press(self) -> None:
        with self._lock:
            promised_free = self._free
            self._refresh()
            # The button may change while a press is on its way: do what it said, or nothing.
            if not self.button.disabled and not (promised_free and not self._free):
                self.status.safely(self._start)
                if self.kept and self.worker.under_way:
                    self.kept.send()

    def _finish(self, start: Callable[[], bool]) -> Any:
        """Start as the button does, wait, and return the result; a `RuntimeError` when something is under way."""
        try:
            if not start():
                raise RuntimeError(self.words("this form is at work; form.worker.join() waits for it"))
            ended = self.worker.join()
        except KeyboardInterrupt as stop:
            self._interrupted()
            stop.args = (self.words("stopped waiting; what was sent goes on and is saved, and the form picks it up"),)
            raise
        if ended.error is not None:
            raise ended.error
        return ended.result

    def _interrupted(self) -> None:
        """Let go of the work when a person interrupts the cell that waits for it."""
        self.worker.stop_waiting()

    def _offer(self, text: str, *, free: bool, enabled: bool, hints: Iterable[str] = ()) -> None:
        """Say on the button what a press does, and whether it can be pressed."""
        self._free = free
        self.button.description = self.button.tooltip = text
        self.button.disabled = not enabled or self.worker.under_way
        self._hint.value = "".join(html_line(hint) for hint in hints if hint)
        if self.kept:  # every change of a form leads here
            self.kept.draft.touch()

    def _why_not(self, *, empty: bool) -> str:
        """Return why the button is off, where no problem says it better."""
        if empty:
            return self.words(self._first)
        return self.words("See the problems beside the options.")

    def _plain(self, problem: Problem) -> str:
        """Return a problem as text."""
        rule = in_form(problem.rule)
        return self.words(joined(": ", [problem.value, rule]) if problem.value else rule)

    def _send_box(self, *more: widgets.Widget) -> widgets.Widget:
        return widgets.VBox([*more, self.button, self._hint], _dom_classes=("wannb-send",))

    def _code_box(self) -> widgets.Widget:
        return Disclosure(self.words("The same as code"), self._code).box


class Access(Listener):
    """What a form needs for the keyboard, screen readers and the viewer, and ipywidgets does not do; nothing to see.

    Attributes:
        takers: the forms that take a picture of the viewer as an input: the `text` of the button, and the `kind`, in
            whose own pictures there is no such button.
    """

    _esm = esm(ELEMENTS, STATIC / "access.js")

    takers = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self) -> None:
        super().__init__(_dom_classes=("wannb-access",))
        self._taker: Callable[[str, Path], object] | None = None

    def offer(self, takers: Mapping[str, str], take: Callable[[str, Path], object]) -> None:
        """Let the viewer hand a picture over: `take` is called with a key of `takers` and the picture's file."""
        self._taker = take
        self.takers = [{"kind": kind, "text": text} for kind, text in takers.items()]

    def _take(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        if content.get("kind") == "press":
            self.send(content)  # the press waits for it
            return
        known = shown_by(content.get("key"))
        kinds = [each["kind"] for each in self.takers]
        if self._taker and known and known.path and content.get("taker") in kinds:
            self._taker(content["taker"], known.path)


class CodeView(anywidget.AnyWidget):
    """Code and a button that copies it."""

    _esm = esm(ELEMENTS, CLIPBOARD, STATIC / "code.js")
    _css = STATIC / "code.css"

    code = traitlets.Unicode().tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)

    def __init__(self, words: Words, code: str = "") -> None:
        super().__init__(
            code=code,
            texts={
                "label": words("Code"),
                "copy": words("Copy"),
                "copied": words("Copied"),
                "failed": words("This page may not use the clipboard. Select the text and copy it."),
            },
        )

    def __repr__(self) -> str:
        return self.code
