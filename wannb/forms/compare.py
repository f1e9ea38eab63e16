"""CompareForm: prompts, seeds, models, sizes and pictures side by side, priced before anything is sent."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.client import Client
from wannb.display import html
from wannb.errors import InvalidRequest, Problem
from wannb.plan import MOST, Forecast, Plan, sweep
from wannb.plan import Progress as PlanProgress
from wannb.request import FIELDS, MAX_N, check_names, sweep_call, word_of
from wannb.service import Money
from wannb.translation import Said, Words, count, say

from . import controls
from .alternatives import Budget, Lettering, Models, Pictures, Prompts, Seeds, Sizes
from .button import beside, button, button_text, html_line, show
from .controls import Disclosure, Filling
from .download import Download, FileRow, image_name
from .panel import WorkPanel
from .status import Status
from .worker import Progress, Report

#: The options that the form shows, in the order in which they vary: the last one fastest.
OPTIONS = ("prompt", "images", "model", "size", "n", "seed")
AXES = ("rows", "columns", "pages")
#: What is said of cells that a run did not finish, by their state.
_NOT_DONE = {
    "under way": Said("{n} still under way: press the button again to pick them up, for free."),
    "failed": Said("{n} failed: the table says why. Press the button to try again."),
    "refused": Said("{n} refused by the content inspection and not sent again: reword them."),
    "not legal": Said("{n} left out, not legal: the table says why."),
}
_OLD = Said("These images are of earlier settings.")
#: Seconds between two pictures of the plan while the images are generated.
_REDRAW = 1.0


class CompareForm(WorkPanel):
    """A view of a sweep: its requests, its price, and then the images side by side.

    Args:
        client: what `wannb.connect()` returns.
        options: what the form shows at first, as `wannb.sweep` takes it: `prompt=[...]`, `seed=[1, 2, 3]`, `model`,
            `size`, `n` and `images`; and `budget`, the most that a press of the button may bill.

    Attributes:
        button: generates the images; its description names how many and the price.
        worker: what the button started; `form.worker.join()` waits for it.
        made: called on a worker thread when there may be new images.

    Raises:
        TypeError: an option that the form does not show.
        ValueError: a value that it cannot show.

    >>> form = wannb.forms.CompareForm(client, prompt=["a cat", "a dog"], seed=[1, 2, 3])    # doctest: +SKIP
    >>> form                                                                                 # doctest: +SKIP
    CompareForm(6 requests, ready)
    """

    title = Said("Compare")
    sheets = ("boards.css",)

    def __init__(self, client: Client, **options: Any) -> None:
        check_names(options, (*OPTIONS, "budget"))
        self._plan: Plan | None = None
        self._options: dict[str, Any] = {}
        self._stop = threading.Event()
        #: What the button is called that asks again for cells with too few images.
        self._filled = Said("")
        super().__init__(client)
        self._begun = bool(options)
        with self._filling:
            self._fill(options)
        self._refresh()

    # Public

    @property
    def plan(self) -> Plan | None:
        """The plan of the requests, which shows itself; None while the form has problems."""
        return self._plan

    @property
    def code(self) -> str:
        """The calls that do the same as the form, ready to paste."""
        budget = self._budget
        return sweep_call(self._options, self.grid.asked, budget=budget and budget.amount)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of what was written; a single request that is not legal is skipped and no problem."""
        return self._problems

    def run(self, *, fill: bool = False) -> Plan:
        """Generate what is missing as the button does, wait, and return the plan.

        Args:
            fill: whether to ask again for cells with fewer images than asked, as the button *Fill* does.

        Raises:
            InvalidRequest: the form has problems, or no request is legal; nothing was sent.
            WannbError: whatever `Plan.run` raises.
            RuntimeError: the form is at work; `form.worker.join()` waits for it.
        """
        plan = self._plan
        if plan is None:
            raise InvalidRequest(self._problems)
        if all(cell.problems for cell in plan.cells):
            raise InvalidRequest(plan.cells[0].request.problems())
        self._finish(lambda: self._start(fill=fill))
        return plan

    def recall(self, plan: Plan) -> None:
        """Fill the form with the settings of a plan; nothing is sent.

        Raises:
            ValueError: the plan sets an option that the form does not show, such as a palette.
        """
        options = options_of(plan)
        with self._lock, self._filling:
            for name in ("prompt", "images", "seed"):
                self._controls[name].fill([])
            self._fill({"n": 1, "model": [FIELDS["model"].default], "size": [FIELDS["size"].default], **options})
            self._begun = True
        self._refresh()
        self._follow()

    def stop(self) -> None:
        """Send nothing more, and cancel what is in the queue; what has begun is saved. A press sends the rest."""
        with self._lock:
            if self.worker.under_way and not self._stop.is_set():
                self._stop.set()
                self._progressed(self.worker.progress)

    def close(self) -> None:
        """Close the form with all its widgets; tasks that have begun are saved."""
        if "_stop" in vars(self):  # not so when the constructor raised
            self._stop.set()
        super().close()

    # The controls and the plan

    @property
    def _budget(self) -> Money | None:
        budget: Money | None = self._controls["budget"].value
        return budget

    def _touched(self) -> None:
        super()._touched()
        if not self._filling:
            self._follow()

    def _follow(self) -> None:
        """Keep what is shown apart from what was asked before: no images of earlier settings look like these."""
        self.grid.follow(self._plan)
        self._code.code = self.code
        if self.grid.is_old and not self.worker.under_way:
            self.status.tell()

    def _build(self) -> None:
        words = self.words
        number = controls.number(words, most=MAX_N, label=words("Images of each request"))
        pictures, budget = Pictures(words, self.client.store), Budget(words, self.client.service.region)
        self._use([Prompts(words), Seeds(words), number, Models(words), Sizes(words), budget, pictures])
        self._pictures = Disclosure(words("Input images"), pictures.box)
        self._matrix = widgets.HTML(_dom_classes=("wannb-matrix",))
        self._filler = button(words("Fill"), self._press_fill)
        self._make_worker()
        tooltip = Said(
            "Send nothing more; tasks in the queue are canceled and cost nothing, those that have begun are saved"
        )
        self.status = Status(words, {"cancel": self.stop}, cancel_tooltip=tooltip)
        self.grid = SideBySide(words, self.status.download, self._refresh, self._save, self.recall)
        self._show_heading()

    def _fill(self, options: dict[str, Any]) -> None:
        for name, value in options.items():
            control, listed = self._controls[name], isinstance(value, (list, tuple, range))
            if name == "n" and control.refuses(value):
                raise ValueError(f"n={value!r} cannot be shown by CompareForm; it takes one number from 1 to {MAX_N}")
            control.fill(value if name in ("n", "budget") or listed else [value])
        if "images" in options:
            self._pictures.open()

    def draft(self) -> dict[str, Any]:
        with self._lock:
            return super().draft() | {"grid": self.grid.draft}

    def _put(self, fields: Mapping[str, Any]) -> None:
        super()._put(fields)
        if "grid" in fields:
            self.grid.restore(fields["grid"])
        if self._controls["images"].value:
            self._pictures.open()

    def _read(self) -> dict[str, Any]:
        """Return what the controls hold as `wannb.sweep` takes it, without defaults."""
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
            yield from control.problems()
        if "prompt" not in options:
            yield Problem(field="prompt", value="", rule=Said("write at least one prompt"))
        asked = math.prod(len(value) for value in options.values() if isinstance(value, list))
        if asked > MOST:
            rule = Said("a comparison takes up to {most} requests; remove some values", most=MOST)
            yield Problem(field="requests", value=str(asked), rule=rule)

    def _refresh(self) -> None:
        with self._lock:
            self._options = options = self._read()
            self._problems = problems = tuple(self._wrong(options))
            self._plan = plan = None if problems else sweep(self.client, **options)
            self._tell(problems if self._begun else ())
            self._code.code = self.code
            if plan is None:
                self._offer_nothing()
            else:
                self._offer_plan(plan)

    def _offer_nothing(self) -> None:
        hints = [self._plain(problem) for problem in self._problems if problem.field == "requests"]
        hints = hints or [self._why_not(empty="prompt" not in self._options)]
        self._offer(self.words("Nothing to generate"), free=False, enabled=False, hints=hints)
        show(self._filler, False)
        empty = self.words("The plan will be shown here: the requests, what they cost and how long they take.")
        self._matrix.value = html_line(empty, "empty")

    def _offer_plan(self, plan: Plan) -> None:
        """Say on the button what a press does, and show the plan under it."""
        words, ahead = self.words, plan.forecast()
        images = ahead.images[1]
        works = bool(images or ahead.cells.get("under way") or ahead.cells.get("done"))
        hints = [] if works else [words("None of these requests can be sent: the table says why.")]
        limit = self._limit(ahead)
        if limit:
            hints.append(words("Requests that could pass the budget of {budget} are not sent.", budget=limit.short))
        self._offer(_button_text(words, ahead, limit), free=not images, enabled=works, hints=hints)
        self._offer_fill(plan, ahead)
        self._draw_matrix()

    def _offer_fill(self, plan: Plan, ahead: Forecast) -> None:
        """Offer to ask again for the cells that have too few images, with what all of it costs."""
        show(self._filler, ahead.short)
        self._filler.disabled = self.worker.under_way
        if ahead.short:
            self._filled, filled = Said("Fill {cells}", cells=count(ahead.short, "cell")), plan.forecast(fill=True)
            cost = _button_text(self.words, filled, self._limit(filled))
            self._filler.description = f"{self.words(self._filled)} · {cost}"
            self._filler.tooltip = self.words(
                "Send the whole request of each cell with fewer images than asked again; what comes is billed"
            )

    def _limit(self, ahead: Forecast) -> Money | None:
        """Return the budget if it may hold requests back."""
        budget, most = self._budget, ahead.cost[1] if ahead.cost else None
        return budget if budget and most and budget.amount < most.amount else None

    def _draw_matrix(self) -> None:
        if self._plan is not None:
            self._matrix.value = self._plan._page(fills=Said("“{button}” asks and pays again", button=self._filled))

    # At work

    def _press_fill(self) -> None:
        with self._lock:
            promised = self._filler.description
            self._refresh()
            if not self._filler.layout.display and promised == self._filler.description:
                self.status.safely(lambda: self._start(fill=True))

    def _start(self, *, fill: bool = False) -> bool:
        with self._lock:
            plan = self._plan
            if plan is None or self.worker.under_way:
                return False
            self._stop = stop = threading.Event()
            budget = self._budget
            return self.worker.start(
                lambda report: self._generate(plan, budget, stop, report, fill=fill), text=Said("sending")
            )

    def _save(self) -> None:
        """Save the images side by side, on the worker."""
        with self._lock:
            plan, grid, path = self.grid.plan, self.grid.arguments, self.grid.files.path
            if plan is None or self.worker.under_way:
                return

            def save(report: Report) -> list[str]:
                self.grid.files.saved(plan.grid(**grid).save(path))
                return []

            self._stop = threading.Event()
            self.worker.start(save, text=Said("saving"))

    def _generate(
        self, plan: Plan, budget: Money | None, stop: threading.Event, report: Report, *, fill: bool
    ) -> list[str]:
        """Run a plan and return how it ended, in lines."""
        drawn = 0.0

        def progressed(now: PlanProgress) -> None:
            nonlocal drawn
            report(text=_progress_text(self.words, now), done=now.done + now.failed, total=now.total)
            if now.seconds - drawn >= _REDRAW:
                drawn = now.seconds
                with self._lock:
                    self._draw_matrix()

        try:
            plan.run(fill=fill, budget=budget, on_progress=progressed, stop=stop)
        finally:
            # Before it is said that it is done; also after an error, what was generated is shown.
            self.grid.show(plan)
            self.grid.follow(self._plan)
        return _ended(self.words, plan, stopped=stop.is_set())

    def _progressed(self, progress: Progress) -> None:
        super()._progressed(progress)
        if progress.phase == "done":
            self.status.tell(*progress.result)
        elif progress.under_way and self._stop.is_set():
            self.status.wait(self.words("Canceled: nothing more is sent, tasks that have begun are being saved"))
        elif progress.under_way:
            self.status.offer("cancel")

    def _interrupted(self) -> None:
        self.stop()

    # Layout

    def _left(self) -> list[widgets.Widget]:
        basic = [control.box for name, control in self._controls.items() if name != "images"]
        return [*basic, self._pictures.box, self._code_box()]

    def _right(self) -> list[widgets.Widget]:
        return [self._send_box(), self._filler, self.status.box, self._matrix]

    def _below(self) -> list[widgets.Widget]:
        return [self.grid.box]

    def __repr__(self) -> str:
        if self._plan is None:
            return f"CompareForm({count(len(self._problems), 'problem')})"
        state = "at work" if self.worker.under_way else "ready"
        return f"CompareForm({count(len(self._plan), 'request')}, {state})"

    def _page(self) -> str:
        return html.block(
            self.words(self.title),
            lines=[f"[ {self.button.description} ]"],
            notes=[self._plain(problem) for problem in self._problems] if self._begun else [],
            body=(self._matrix.value if self._plan else "") + self.grid.page(),
        )


class SideBySide:
    """The grid of a plan, with the options on rows, columns and pages as a person likes; it sends nothing.

    Args:
        changed: called when a person has chosen another layout.
        save: called when a person wants it saved as a file.
        copy: called with the plan when a person wants its settings back.

    Attributes:
        box: the widget; hidden while nothing is shown.
        plan: the plan that is shown, None for none.
        is_old: whether the form's settings are others by now, which is said above the images.
        lettering: the title and labels that a person gives it.
    """

    def __init__(
        self,
        words: Words,
        download: Download,
        changed: Callable[[], None],
        save: Callable[[], None],
        copy: Callable[[Plan], None],
    ) -> None:
        self.words = words
        self._download = download
        self.plan: Plan | None = None
        self.is_old = False
        self._changed, self._copy = changed, copy
        self._filling = Filling()
        #: The layout that a draft asks for, until there is something to lay out.
        self._kept: dict[str, str] = {}
        labels = {"rows": words("Rows"), "columns": words("Columns"), "pages": words("Pages")}
        self._axes = {axis: widgets.Dropdown(description=labels[axis]) for axis in AXES}
        for axis, each in self._axes.items():
            each.observe(lambda change, axis=axis: self._chosen(axis), "value")
        title = widgets.HTML(f'<h4 class="wannb-title">{escape(words("Side by side"))}</h4>')
        back = button(
            words("Copy settings"),
            self._copied,
            tooltip=words("Fill the form with the settings of these images"),
        )
        old = widgets.HTML(html_line(words(_OLD), "note wannb-say"))
        self._old = beside(old, back)
        self._row = beside(*self._axes.values(), look="wannb-axes")
        self._page, self._all = widgets.HTML(), widgets.HTML()
        formats = [(words("Pages, PDF"), ".pdf"), (words("Pages, PNG"), ".png"), (words("Pages, SVG"), ".svg")]
        tooltip = words("Save the images side by side as a file")
        self.files = FileRow(words, formats, save, download=download, tooltip=tooltip, name="comparison")
        self.lettering = Lettering(words, self._drawn)
        parts = [title, self._old, self._row, self._page, self._all, self.lettering.box, self.files.box]
        self.box = widgets.VBox(parts, _dom_classes=("wannb-side-by-side",))
        show(self.box, False)

    @property
    def axes(self) -> dict[str, Any]:
        """The options that a person has put on an axis, by the axis."""
        return {axis: each.value for axis, each in self._axes.items() if each.value} if self.plan else {}

    @property
    def arguments(self) -> dict[str, Any]:
        """How the grid is laid out and lettered, as `Plan.grid` takes it."""
        return self.axes | self.lettering.arguments

    @property
    def draft(self) -> dict[str, Any]:
        """How a person laid it out and lettered it, as JSON data; of a layout, before it is shown, as it was kept."""
        layout = {axis: each.value for axis, each in self._axes.items() if each.value} if self.plan else self._kept
        return {"axes": layout, **self.lettering.draft}

    def restore(self, draft: Mapping[str, Any]) -> None:
        """Lay it out and letter it so, now or when it is shown; any exception for data that no `draft` gave."""
        with self._filling:
            self._kept = {axis: str(draft["axes"][axis]) for axis in AXES if axis in draft["axes"]}
            self.lettering.restore(draft)
            for axis, each in self._axes.items() if self.plan else ():
                wanted = self._kept.get(axis)
                each.value = wanted if wanted in [name for _, name in each.options] else ""
        if self.plan is not None:
            self._page.value = self.html()

    @property
    def asked(self) -> dict[str, Any]:
        """The arguments for the code of the form, none for images of earlier settings."""
        return {} if self.is_old else self.arguments

    def show(self, plan: Plan) -> None:
        """Show the images of a plan."""
        names = tuple(plan.varying)
        options = [(self.words(FIELDS[name].label), name) for name in names]
        if self.plan is None or tuple(self.plan.varying) != names:
            for axis, each in self._axes.items():
                none = self.words("one page") if axis == "pages" else self.words("automatic")
                with self._filling:
                    chosen, each.options = each.value or self._kept.pop(axis, ""), [(none, ""), *options]
                    each.value = chosen if chosen in names else ""
        self.plan = plan
        self.lettering.show(plan)
        self.follow(plan)
        show(self._row, len(names) > 1)
        self._page.value = self.html()
        images = {image.path: image for result in plan.results() if result for image in result}
        named = [(image_name(image), path) for path, image in images.items()]
        self._all.value = self._download.row(self._download.all("comparison.zip", lambda: named, len(named)))
        self.files.saved()
        show(self.box, True)

    def follow(self, plan: Plan | None) -> None:
        """Say of the images whether they are those of the form's plan."""
        self.is_old = self.plan is not None and (plan is None or plan.name != self.plan.name)
        show(self._old, self.is_old)

    def html(self) -> str:
        """Return the grid as it is shown, empty before there is one."""
        return "" if self.plan is None else str(self.plan.grid(**self.arguments)._repr_mimebundle_()["text/html"])

    def page(self) -> str:
        """Return the grid for pages where no widget runs, with whether it is old."""
        return (html.block("", notes=[_OLD]) if self.is_old else "") + self.html()

    def _copied(self) -> None:
        if self.plan is not None:
            self._copy(self.plan)

    def _chosen(self, axis: str) -> None:
        if self._filling or self.plan is None:
            return
        with self._filling:
            for other, each in self._axes.items():
                if other != axis and each.value == self._axes[axis].value:
                    each.value = ""
        self._drawn()

    def _drawn(self) -> None:
        """Draw the grid as it is laid out and lettered by now."""
        if self._filling:
            return
        self._page.value = self.html()
        self._changed()


def options_of(plan: Plan) -> dict[str, Any]:
    """Return the options of a plan as `wannb.sweep` takes them, without those at their defaults.

    Raises:
        ValueError: one that `CompareForm` does not show.
    """
    request = plan.cells[0].request
    set_ = {name: list(values) for name, values in plan.varying.items()}
    set_ |= {
        name: value
        for name, field in FIELDS.items()
        if name not in set_ and (value := getattr(request, name)) not in (field.default, ())
    }
    for name in set_:
        if name not in OPTIONS or (name == "n" and name in plan.varying):
            raise ValueError(
                say("a comparison as a form cannot show {option}; run the plan in Python", option=word_of(name))
            )
    if "images" in set_ and "images" not in plan.varying:
        set_["images"] = [tuple(set_["images"])]
    return set_


def _button_text(words: Words, ahead: Forecast, limit: Money | None) -> str:
    if ahead.images[1]:
        cost = limit or (ahead.cost[1] if ahead.cost else None)
        return button_text(words, ahead.images[1], cost, mock=ahead.mock, up_to=limit is not None)
    if ahead.cells.get("under way"):
        return words("Pick up what is under way · free")
    if ahead.cells.get("done"):
        return words("Show side by side · free, already generated")
    return words("Nothing to generate")


def _progress_text(words: Words, now: PlanProgress) -> str:
    parts = [words("{done} of {total} generated", done=now.done, total=now.total)]
    if now.under_way:
        parts.append(words("{n} under way", n=now.under_way))
    if now.failed:
        parts.append(words("{n} failed", n=now.failed))
    if now.waits:
        parts.append(words(now.waits))
    return " · ".join(parts)


def _ended(words: Words, plan: Plan, *, stopped: bool) -> list[str]:
    """Return how a run of a plan ended, in lines: what was generated, and what to do about the rest."""
    statuses = plan.statuses()
    states: Counter[str] = Counter(status.state for status in statuses)
    doubts = sum(status.run is not None and status.run.record.in_doubt for status in statuses)
    states["under way"] -= doubts
    lines = [words("{done} of {total} generated", done=states["done"], total=len(statuses))]
    if stopped and states["open"]:
        lines.append(words("Canceled: nothing more was sent. Press the button again to send the rest."))
    elif states["open"]:
        lines.append(words("{n} held back by the budget: raise it and press the button again.", n=states["open"]))
    if doubts:
        lines.append(words("{n} whose answer was lost: the history shows the pictures that may be meant.", n=doubts))
    return lines + [words(text, n=states[state]) for state, text in _NOT_DONE.items() if states[state] > 0]
