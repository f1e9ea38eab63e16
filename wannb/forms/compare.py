"""CompareForm: prompts, seeds, models, sizes and pictures side by side, priced before anything is sent."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.client import Client
from wannb.display import html
from wannb.errors import InvalidRequest, Problem
from wannb.plan import MOST, Plan, Progress, sweep
from wannb.request import FIELDS, MAX_N, check_names, sweep_call
from wannb.text import count
from wannb.translation import Words

from . import controls, looks, plans
from .alternatives import Alternatives, Models, Pictures, Prompts, Seeds, Sizes
from .code import CodeView
from .controls import Control, Disclosure, close_all
from .side_by_side import SideBySide
from .sources import Picker
from .work import Doings, Work

#: The options that the form shows, in the order in which they vary: the last one fastest.
OPTIONS = ("prompt", "images", "model", "size", "n", "seed")
#: Seconds between two pictures of the matrix while the images come.
_REDRAW = 1.0


class CompareForm(widgets.VBox):  # type: ignore[misc]
    """A view of a sweep: what will be asked, what it costs, and then the images side by side.

    Args:
        client: what `wannb.connect()` gives.
        options: what the form shows at first, as `wannb.sweep` takes it: `prompt=[...]`, `seed=[1, 2, 3]`, `model`,
            `size`, `n` and `images`.

    Attributes:
        button: what makes the images; its description names how many and the price.
        job: what the button set off; `form.job.join()` waits for it.
        made: called on a worker thread when images may have come.

    Raises:
        TypeError: an option that the form does not show.
        ValueError: a value that it cannot show.

    >>> form = wannb.forms.CompareForm(client, prompt=["a cat", "a dog"], seed=[1, 2, 3])    # doctest: +SKIP
    >>> form                                                                                 # doctest: +SKIP
    CompareForm(6 requests, ready)
    """

    def __init__(self, client: Client, **options: Any) -> None:
        check_names(options, OPTIONS)
        self.client = client
        self.made: Callable[[], None] = lambda: None
        self.words = words = Words(client.language)
        # Callbacks come on the main thread, on ipykernel's subshells and from the worker.
        self._lock = threading.RLock()
        self._plan: Plan | None = None
        self._problems: tuple[Problem, ...] = ()
        self._options: dict[str, Any] = {}
        self._free = False
        #: Whether a person has begun to write: nobody is told off before.
        self._told = bool(options)
        self._filling = True
        self._stop = threading.Event()
        self._redrawn = 0.0
        self.job = Work(self._lock)
        self._controls: dict[str, Control] = {
            "prompt": Prompts(words),
            "seed": Seeds(words),
            "n": controls.number(words, most=MAX_N),
            "model": Models(words),
            "size": Sizes(words),
            "images": Pictures(words, Picker(client.store, words)),
        }
        self._controls["n"].box.children[0].description = words("Images of each request")
        for control in self._controls.values():
            control.changed = self._touched
        self._pictures = Disclosure(words("Input images"), self._controls["images"].box)
        self.button = widgets.Button(button_style="primary", _dom_classes=("wannb-go",))
        self.button.on_click(lambda _: self._press())
        self._hint = widgets.HTML()
        self._matrix = widgets.HTML(_dom_classes=("wannb-matrix",))
        self._code = CodeView(words=words)
        tooltip = words("Send nothing more; what is under way is waited for and saved")
        self.doings = Doings(words, stop=(self.stop, tooltip))
        self.grid = SideBySide(words)
        self.grid.changed = self._refresh
        super().__init__(self._layout(), _dom_classes=("wannb-form", "wannb-compareform"))
        self._fill(options)
        self._filling = False
        self._refresh()

    # What people use

    @property
    def plan(self) -> Plan | None:
        """What would be asked, which shows itself; None while something is wrong."""
        return self._plan

    @property
    def code(self) -> str:
        """The calls that do the same as the form, ready to paste."""
        return sweep_call(self._options, self.grid.axes)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with what was written; a single request that is not legal is skipped and no problem."""
        return self._problems

    def run(self) -> Plan:
        """Make what is missing as the button does, wait, and return the plan.

        Raises:
            InvalidRequest: something is wrong, or no request is legal; nothing was sent.
            WannbError: whatever `Plan.run` raises.
            RuntimeError: images of this form are being made; `form.job.join()` waits for them.
        """
        plan = self._plan
        if plan is None:
            raise InvalidRequest(self._problems)
        if all(cell.problems for cell in plan.cells):
            raise InvalidRequest(plan.cells[0].request.problems())
        if not self._begin():
            raise RuntimeError("images of this form are being made; form.job.join() waits for them")
        try:
            self.job.join()
        except KeyboardInterrupt:
            self.stop()
            raise
        self.job.check()
        return plan

    def stop(self) -> None:
        """Send nothing more; what is under way is waited for and saved, and the next press asks for the rest."""
        with self._lock:
            if self.job.under_way and not self._stop.is_set():
                self._stop.set()
                self.doings.going(self.words("Stopping: nothing more is sent, what is under way is being saved"))

    def offer_earlier(self) -> None:
        """Offer the images that are in the store now wherever a picture can be picked."""
        for control in self._controls.values():
            control.refresh()

    def close(self) -> None:
        """Let the form go, with all its widgets; what is under way is saved."""
        if "doings" in vars(self):  # a form that was refused while it was made has none
            self._stop.set()
            close_all([*self.children, self.layout])
        super().close()

    # How it works

    def _fill(self, options: dict[str, Any]) -> None:
        for name, value in options.items():
            control, plain = self._controls[name], name == "n" or (isinstance(value, (list, tuple, range)))
            values = value if plain else [value]
            if name == "n" and control.refuses(value):
                raise ValueError(f"n={value!r} cannot be shown by CompareForm; it takes one number from 1 to {MAX_N}")
            control.fill(values)
        if "images" in options:
            self._pictures.open()

    def _touched(self) -> None:
        if not self._filling:
            self._told = True
            self._refresh()

    def _read(self) -> dict[str, Any]:
        """Return what the controls say as `wannb.sweep` takes it, without what is its default."""
        said: dict[str, Any] = {}
        for name in OPTIONS:
            value = self._controls[name].value
            if isinstance(value, list) and name != "images" and len(value) == 1:
                value = value[0]
            if value not in ([], FIELDS[name].default):
                said[name] = value
        return said

    def _wrong(self, options: dict[str, Any]) -> Iterator[Problem]:
        for control in self._controls.values():
            if isinstance(control, Alternatives):
                yield from control.problems()
        if "prompt" not in options:
            yield Problem(field="prompt", value="", rule="write at least one prompt")
        asked = math.prod(len(value) for value in options.values() if isinstance(value, list))
        if asked > MOST:
            rule = self.words("a comparison takes up to {most} requests; take some values out", most=MOST)
            yield Problem(field="requests", value=str(asked), rule=rule)

    def _refresh(self) -> None:
        """Bring everything that follows from the controls up to date."""
        with self._lock:
            self._options = options = self._read()
            self._problems = problems = tuple(self._wrong(options))
            self._plan = None if problems else sweep(self.client, **options)
            for name, control in self._controls.items():
                own = [problem for problem in problems if problem.field == name and self._told]
                control.tell([self._plain(problem) for problem in own])
            self._code.code = self.code
            self._offer()

    def _offer(self) -> None:
        """Say on the button what a press does and whether it may be pressed, and show the plan under it."""
        words, plan = self.words, self._plan
        said = [self._plain(problem) for problem in self._problems if problem.field == "requests"]
        if plan is None:
            self._free = False
            self.button.description, self.button.disabled = words("Nothing to make"), True
            said = said or [words("Say what to make first.") if "prompt" not in self._options else ""]
            said = [text or words("See the notes at the options.") for text in said]
            empty = words("The plan will be here: what is asked for, what it costs and how long it takes.")
            self._matrix.value = f'<div class="wannb-empty">{escape(empty)}</div>'
        else:
            ahead = plan.forecast()
            self._free = not ahead.images[1]
            self.button.description = plans.button_text(words, ahead)
            self.button.disabled = self.job.under_way or not plans.works(ahead)
            if not plans.works(ahead):
                said = [words("Nothing of this can be made: the table says why.")]
            self._draw_matrix()
        self._hint.value = "".join(f'<div class="wannb-quietly">{escape(text)}</div>' for text in said)

    def _draw_matrix(self) -> None:
        if self._plan is not None:
            self._matrix.value = plans.page_of(self._plan, self._plan._repr_html_(), self.words)

    def _plain(self, problem: Problem) -> str:
        rule = self.words.sentence(problem.rule)
        return f"{problem.value}: {rule}" if problem.value else rule

    def _press(self) -> None:
        """Do what the button says; whatever goes wrong is shown in the form."""
        with self._lock:
            promised_free = self._free
            self._refresh()
            # A press can be on its way while the button changes: what it said is what is done, or nothing.
            if not self.button.disabled and not (promised_free and not self._free):
                self._begin()

    def _begin(self) -> bool:
        with self._lock:
            plan = self._plan
            if plan is None or self.job.under_way:
                return False
            stop = self._stop = threading.Event()
            self._redrawn = 0.0
            self.doings.going(self.words("sending"), stop=True)

            def make() -> None:
                plan.run(on_progress=self._progressed, stop=stop)

            self.job.begin(make, lambda error: self._ended(plan, error, stopped=stop.is_set()))
            self.button.disabled = True
        return True

    def _progressed(self, now: Progress) -> None:
        with self._lock:
            if not self._stop.is_set():
                ended = now.done + now.failed
                self.doings.going(plans.progress_text(self.words, now), done=ended, total=now.total, stop=True)
            if now.seconds - self._redrawn >= _REDRAW:
                self._redrawn = now.seconds
                self._draw_matrix()

    def _ended(self, plan: Plan, error: BaseException | None, *, stopped: bool) -> None:
        try:
            # Before it is said that it is done: what is made is what counts, also after an error.
            self.grid.show(plan)
            lines = plans.ended(self.words, plan.statuses(), stopped=stopped)
        except Exception as other:
            error, lines = error or other, []
        with self._lock:
            if error is None:
                self.doings.tell(*lines)
            else:
                self.doings.error(error)
            self._refresh()
        self.offer_earlier()
        self.made()

    # How it looks

    def _layout(self) -> list[widgets.Widget]:
        words, shown = self.words, self._controls
        heading = widgets.HTML(looks.heading(words, words("Compare"), self.client))
        basic = [shown[name].box for name in ("prompt", "seed", "n", "model", "size")]
        code = Disclosure(words("The same as code"), self._code)
        left = widgets.VBox([*basic, self._pictures.box, code.box], _dom_classes=("wannb-controls",))
        go = widgets.VBox([self.button, self._hint], _dom_classes=("wannb-send",))
        right = widgets.VBox([go, self.doings.box, self._matrix], _dom_classes=("wannb-results",))
        columns = widgets.HBox([left, right], _dom_classes=("wannb-columns",))
        return [looks.style("boards.css"), heading, columns, self.grid.box]

    def __repr__(self) -> str:
        if self._plan is None:
            return f"CompareForm({count(len(self._problems), 'problem')})"
        state = "at work" if self.job.under_way else "ready"
        return f"CompareForm({count(len(self._plan), 'request')}, {state})"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs) or {}
        problems = [self._plain(problem) for problem in self._problems] if self._told else []
        page = html.block(
            self.words("Compare"),
            lines=[f"[ {self.button.description} ]"],
            notes=problems,
            body=(self._matrix.value if self._plan else "") + self.grid.html(),
        )
        return {**bundle, "text/plain": repr(self), "text/html": page}
