"""Plan: requests that differ in some options, priced before anything is sent and filled up by later runs."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, cast

from wannb.cells import (
    CHANGES,
    REASON,
    STATES,
    Cell,
    Forecast,
    Prompts,
    Status,
    cells_of,
    changes_in,
    forecast,
    labels_for,
    noted,
    replaced,
    select,
    slots_of,
    split_options,
    statuses_of,
    to_do,
    write_change,
)
from wannb.display import html
from wannb.exports import Study, save_images
from wannb.figures import Grid, Spot, grid, labels_of
from wannb.ledger import waits_shown
from wannb.request import FIELDS, MAX_SEED, check_names, word_of
from wannb.runs import GeneratedImage, Result, Run, asked
from wannb.service import Money, as_budget
from wannb.translation import Said, count, joined, override, say, shorten, spoken

from . import view
from .judging import JudgingForecast, judging_of
from .metrics import Metric, agreement, known, log_to, measure
from .run import Allowance, Progress, Runner
from .study import as_json, grid_of, named_runs, options_of, read_study, verdict_files
from .view import sentences

if TYPE_CHECKING:
    from wannb.client import Client

P = ParamSpec("P")
#: The seed of a sweep that is given none: the same for every cell, so that images differ by the options alone.
SEED = 1
#: Characters of a value that all cells share, in a notebook.
_MOST = 200


@html.hides("constants")
class Plan:
    """Requests that differ in some options; made by `wannb.sweep`. Nothing is sent before `run()`.

    Each method that says how the cells stand reads the runs folder once.

    Attributes:
        client: sends the requests.
        constant: the options that all cells share, as they were given.
        varying: {option: its values}, in the order in which they were given.
        cells: every combination.
        name: a short name that equal plans share.
        prompts: the list that its prompts were read from, with its name, hash and categories; None without one.
        figure: the arguments of `grid` that it was saved with; of a plan that `open` has read.
        metrics: the names of what `score` has measured; a study keeps them with their values.
        language: of everything that the plan says; the client's.
    """

    def __init__(
        self,
        client: Client,
        constant: Mapping[str, Any],
        varying: Mapping[str, tuple[Any, ...]],
        *,
        prompts: Prompts | None = None,
    ) -> None:
        self.prompts = prompts
        self.client = client
        self.language = client.language
        self.varying = dict(varying)
        self.constant = dict(constant)
        self.figure: dict[str, Any] = {}
        self.metrics: tuple[str, ...] = ()
        self._saved: dict[str, dict[str, float | None]] = {}
        self.cells = cells_of(constant, varying)
        # Sorted, so that the order in which options and values were written does not matter.
        written = " ".join([*sorted(varying), *sorted({cell.fingerprint for cell in self.cells})])
        self.name = hashlib.sha256(written.encode()).hexdigest()[:8]
        self.cells = replaced(client.store, self.cells, changes_in(client.store))

    # Status

    def statuses(self) -> list[Status]:
        """Return the status of each cell, in the order of `cells`."""
        return self._statuses(self.client.store.newest())

    def results(self) -> list[Result | None]:
        """Return each cell's result, None if there is none yet, in the order of `cells`."""
        return [status.result() for status in self.statuses()]

    def to_do(self) -> list[Cell]:
        """Return the cells that the next `run()` sends or picks up; of equal cells the first."""
        return [cell for cell, _ in to_do(self.cells, self.statuses())]

    def forecast(self, *, fill: bool = False) -> Forecast:
        """Return what the next `run()` generates, what it costs at least and at most, and how long it takes.

        With `fill` it is what `run(fill=True)` does.
        """
        return self._now(fill=fill)[1]

    @spoken
    def judging(
        self,
        *,
        judges: int = 1,
        by: str | Sequence[str] | None = None,
        pairs: int | None = None,
        preference: float | None = None,
        ties: float = 0.1,
        icc: float = 0.2,
        repeats: float = 0.1,
    ) -> JudgingForecast:
        """Return what a blind judging of this plan can see, and how many verdicts a preference needs.

        Args:
            judges: how many people judge every pair.
            by: what is compared, as in `wannb.judge`: all but the seed by default.
            pairs: the most pairs a judge gets.
            preference: the smallest preference of interest, 0.5 to 1, beside those that are always told.
            ties: the share of ties that is expected, 0 to 1.
            icc: how much alike verdicts on one prompt are (intraclass correlation), 0 to 1: at 0 each counts in full,
                at 1 all verdicts on a prompt count as one.
            repeats: the share of pairs that each judge is asked again, as in `wannb.judge`: verdicts to be given that
                say nothing more of the contestants.

        Raises:
            ValueError: nothing is compared, or a number that cannot be.

        >>> plan.judging(by="model", judges=3)    # doctest: +SKIP
        """
        n = self.cells[0].request.n
        facts: dict[str, Any] = {"pairs": pairs, "preference": preference, "ties": ties, "icc": icc}
        facts["repeats"] = repeats
        return judging_of(self.varying, n, judges=judges, by=by, **facts)

    def labels(self, name: str) -> tuple[str, ...]:
        """Return a short text for each value of a varying option, with only what tells it from the others."""
        return labels_of(self.varying[name])

    def constants(self, most: int | None = None) -> str:
        """Return the options that all cells share, in one line, each cut to `most` characters."""
        request = self.cells[0].request

        def is_told(name: str) -> bool:
            return name in ("prompt", "model", "size", "seed") or getattr(request, name) != FIELDS[name].default

        shared = (name for name in FIELDS if name not in self.varying)
        # A prompt with slots differs from cell to cell; what they share is the prompt as it was written.
        values = {name: getattr(request, name) for name in FIELDS} | {"prompt": self.constant.get("prompt")}
        parts = [(word_of(name), labels_of([values[name]])[0]) for name in shared if is_told(name)]
        if "prompt" in self.varying:
            # The words that all prompts share and the labels leave out, with a gap where they differ.
            differs, whole = self.labels("prompt")[0], " ".join(str(self.varying["prompt"][0]).split())
            if "…" in (differs[:1], differs[-1:]) and differs.strip("…") in whole:
                parts.insert(0, (word_of("prompt"), whole.replace(differs.strip("…"), "…", 1)))
        short = [(word, text if most is None else shorten(text, most)) for word, text in parts]
        return joined(" · ", [joined(" ", pair) for pair in short])

    def _statuses(self, runs: Iterable[Run]) -> list[Status]:
        changes = changes_in(self.client.store)
        return noted(self.cells, statuses_of(self.client, self.cells, runs), changes)

    def _now(self, *, fill: bool = False) -> tuple[list[Status], Forecast]:
        runs = list(self.client.store.newest())
        statuses = self._statuses(runs)
        return statuses, forecast(self.client, self.cells, statuses, runs, fill=fill)

    # Parts, and cells that are left out or replaced

    @spoken
    def select(self, /, **which: Any) -> Plan:
        """Return the plan of a part of the cells, which has everything that a plan has.

        Args:
            which: for some of the varying options the values to keep: one or a list of them. A position from 0 and a
                slice are understood too, a position where the values themselves are no numbers.

        Raises:
            ValueError: an option that does not vary, or a value that is not in the plan.

        >>> plan.select(prompt=0, seed=[1, 3]).grid()    # doctest: +SKIP
        """
        kept = select(self.varying, which)
        constant = {**self.constant, **{name: kept.pop(name)[0] for name in list(kept) if len(kept[name]) == 1}}
        part = Plan(self.client, constant, kept, prompts=self.prompts)
        part.metrics, part._saved = self.metrics, self._saved
        return part

    @spoken
    def one(self, /, **which: Any) -> Result:
        """Return the result of a single cell, which is chosen as in `select`.

        Raises:
            ValueError: it is more than one cell, or one without images: the message has the reason.

        >>> wannb.compare(plan.one(prompt=0, seed=1), plan.one(prompt=1, seed=1))    # doctest: +SKIP
        """
        part = self.select(**which)
        if len(part) > 1:
            left = ", ".join(f"{name}=..." for name in part.varying)
            raise ValueError(say("these are {n} cells; say which: plan.one({left})", n=len(part), left=left))
        [status] = part.statuses()
        result = status.result()
        if result is None:
            raise ValueError(say("this cell has no images: {why}", why=_reason(status)))
        return result

    @spoken
    def exclude(self, /, *, reason: str, **which: Any) -> Plan:
        """Leave cells out of results, grid, table, judging and the next `run()`, and return the plan.

        It is recorded in the runs folder, with the reason, for every plan of the folder that has these requests; the
        plan, its grid and its table say so. `include` takes it back.

        Args:
            reason: why, as a paper would say it; at most 500 characters.
            which: the cells, as in `select`.

        Raises:
            ValueError: no reason, no cells, or a value that is not in the plan.
            StoreError: the runs folder cannot be written to.

        >>> plan.exclude(prompt=2, seed=3, reason="the lighthouse is not in the picture")    # doctest: +SKIP
        """
        return self._change(which, reason=_as_reason(reason))

    @spoken
    def include(self, /, **which: Any) -> Plan:
        """Take back what `exclude` and `replace` did with cells, which are chosen as in `select`."""
        return self._change(which)

    @spoken
    def replace(self, /, *, with_: int | Result, reason: str, **which: Any) -> Plan:
        """Put another seed or another result in the place of one cell, and return the plan; nothing is sent.

        It is recorded as `exclude` records it. The next `run()` generates the picture of another seed.

        Args:
            with_: a seed, 0 to 2147483647, or a result of this runs folder.
            reason: why; at most 500 characters.
            which: the cell, as in `select`.

        Raises:
            ValueError: no reason, more than one cell, or neither a seed nor such a result.
            StoreError: the runs folder cannot be written to.

        >>> plan.replace(prompt=0, seed=2, with_=7, reason="cut off at the top")    # doctest: +SKIP
        """
        why = _as_reason(reason)
        if len(self.select(**which)) > 1:
            raise ValueError(say("replace takes one cell; say which, such as prompt=0, seed=1"))
        if isinstance(with_, Result) and with_.run_id:
            self.client.store.get(with_.run_id)
            return self._change(which, reason=why, run=with_.run_id)
        if type(with_) is not int or not 0 <= with_ <= MAX_SEED:
            told = {"value": repr(with_), "most": MAX_SEED}
            raise ValueError(say("with_={value}: give a seed, 0 to {most}, or a result", **told))
        return self._change(which, reason=why, seed=with_)

    def _change(self, /, which: Mapping[str, Any], **facts: Any) -> Plan:
        if not which and self.varying:
            raise ValueError(say("say which cells, such as seed=1"))
        kept = select(self.varying, which)
        chosen = [cell for cell in self.cells if all(cell.options[name] in values for name, values in kept.items())]
        write_change(self.client.store, chosen, **facts)
        self.cells = replaced(self.client.store, cells_of(self.constant, self.varying), changes_in(self.client.store))
        return self

    # In a folder of its own

    @spoken
    def methods(self) -> str:
        """Return how the pictures were made, as a paragraph that a paper can print.

        It says what was asked of which model on which days, what came, what was replaced or left out and why, and the
        versions.
        """
        told = sentences(self.varying, self.cells, self.statuses(), self.constants(), self.prompts)
        return say(joined(" ", told))

    @spoken
    def save(
        self,
        folder: str | os.PathLike[str],
        *,
        title: str = "",
        grid: Mapping[str, Any] | None = None,
        width: float = 7.0,
        verdicts: Iterable[str | os.PathLike[str]] = (),
        methods: str = "",
    ) -> Path:
        """Save the plan with its images as a folder that a reader can check, draw from and go on with.

        It holds the images with their requests, a table, the grid as PDF and PNG, the methods, a page for any browser,
        and the hashes of all files. `Plan.open` reads it, and `datasets.load_dataset("imagefolder", ...)` its images.
        The account is not named in it.

        Args:
            folder: a new or an empty one; or a `.parquet` file, which gets the table with the images themselves and
                nothing else, as `datasets.load_dataset("parquet", ...)` shows them. It needs pyarrow.
            title: of the study and of its figure.
            grid: arguments of `grid`, such as `{"rows": "prompt", "labels": {...}}`.
            width: of the figure in inches.
            verdicts: files of judges, which are copied, with the keys of the pages that saved some of them.
            methods: more to say, after the plan's own methods, such as `scores.methods()`.

        Returns:
            The folder, or the file.

        Raises:
            FileExistsError: the folder has something in it.
            ImportError: a parquet file without pyarrow.
            ValueError: a parquet file of a plan without images, or a page's verdicts whose key is not found.
            OSError: a file cannot be read or written.

        >>> plan.save("study", title="Light and weather", grid={"rows": "prompt"})    # doctest: +SKIP
        """
        place = Path(folder).expanduser()
        if place.suffix.lower() == ".parquet":
            return save_images(place, self._rows(), self._images())
        statuses, axes = self.statuses(), {"title": title, **(grid or {})}
        changes = self.client.store.root / CHANGES
        Study(
            title=title or say(Said("A study of {requests}", requests=count(len(self), "request"))),
            methods="\n\n".join(filter(None, [self.methods(), methods])),
            figure=self.grid(**axes),
            width=width,
            runs=named_runs({name: self.labels(name) for name in self.varying}, self.cells, statuses),
            rows=self._rows(),
            plan=as_json(self.constant, self.varying, self.prompts, grid=axes, width=width, metrics=self._measured()),
            verdicts=verdict_files(verdicts, self.client.store.root / "judgements"),
            more=[changes] if changes.is_file() else [],
        ).write(place)
        return place

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, verify: bool = True) -> Plan:
        """Return the plan of a folder that `save` wrote, to look at and to judge; nothing can be sent from it.

        Args:
            folder: of the study.
            verify: whether every file must be there, and as it was saved.

        Raises:
            ValueError: it is no such folder, or a file is missing or changed.

        >>> plan = wannb.Plan.open("study")    # doctest: +SKIP
        >>> plan.grid(**plan.figure)    # doctest: +SKIP
        """
        client, data = read_study(folder, verify=verify)
        constant, varying, prompts = options_of(data, client.store.root)
        plan = cls(client, constant, varying, prompts=prompts)
        plan.figure = grid_of(data)
        plan._saved = dict(data.get("metrics", {}))
        plan.metrics = tuple(plan._saved)
        return plan

    # Running

    @spoken
    def run(
        self,
        *,
        fill: bool = False,
        budget: float | str | Decimal | Money | None = None,
        max_images: int | None = None,
        executor: Executor | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Plan:
        """Generate what is not in the runs folder yet, within the service's limits, and return the plan.

        It may be interrupted and run again at any time: only what is missing is sent. A failure ends its own cell, not
        the plan. Cells that are not legal, or that the content inspection refused, are left out, and so are those of
        which some images came: `fill=True` sends them again.

        A stop or an interrupt cancels the tasks that have not begun, which are not billed; those that have begun go on.

        Args:
            fill: whether to send the whole request of each cell with fewer images than were asked for again. What comes
                is billed, and the cell then has the run with the most images. `forecast(fill=True)` says the price.
            budget: the most this call may bill, in the region's currency; cells that could pass it stay open.
            max_images: the most images this call may generate.
            executor: runs the cells instead of threads here: any `concurrent.futures.Executor`, such as Dask's
                (`cluster_client.get_executor()`) or ipyparallel's. wannb must be installed there, and the runs folder
                must have the same path; that is checked before anything is sent. All workers together keep the
                service's limits. The client travels there with its key, which its repr never shows.
            on_progress: called with a `Progress` after each change; without it a line of text shows the progress.
            stop: an event that another thread sets to stop; the tasks that have begun are waited for.

        Raises:
            ValueError: `budget` is no amount of money or `max_images` no number.
            InvalidRequest: no cell is legal.
            OverBudget: the limits allow nothing at all, or the client's own budget is reached.
            ApiError: the key or the quota is at fault, so that every other cell would fail too.
            StoreError: the runs folder cannot be written.

        >>> plan.run(budget=1.50)    # doctest: +SKIP
        """
        if max_images is not None and (not isinstance(max_images, int) or max_images < 0):
            raise ValueError(say("max_images={value} is not a number of images", value=repr(max_images)))
        most = as_budget(budget, self.client.service.region)
        if all(cell.problems for cell in self.cells):
            self.cells[0].request.check()
        said: list[Said] = []
        with waits_shown(after=0) as line:
            cells = to_do(self.cells, self.statuses(), fill=fill)
            show = on_progress or (lambda now: line.show(now.said))
            allowance = Allowance(self.client, [cell for cell, _ in cells], most, max_images)
            runner = Runner(self.client, cells, allowance, show=show, stop=stop)
            try:
                if cells:
                    runner.run(executor, self.name)
                    said = runner.summary()
            except KeyboardInterrupt as interrupt:
                interrupt.args = (say(runner.interrupted()),)
                raise
            if on_progress is None:
                line.done(say(joined(" · ", [*said, self.forecast().summary(), *runner.advice])))
        return self._noted()

    def _noted(self) -> Plan:
        """Note that all cells were asked for, in their order, also those that were there or were sent elsewhere."""
        for status in self.statuses():
            if status.run:
                asked(status.run)
        return self

    # Display

    @spoken
    def grid(
        self,
        *,
        rows: Any = None,
        columns: Any = None,
        pages: Any = None,
        labels: Mapping[str, Any] | None = None,
        title: str = "",
        common: bool = True,
    ) -> Grid:
        """Return the images side by side. Nothing is sent, so any layout is free.

        Args:
            rows, columns, pages: names of varying options, or tuples of names: of several for the rows or columns, the
                first are headings that span those of the next. The values of an option that is not named stand side by
                side in one cell.
            labels: for some options a text for each value, in their order, or {value: text} for some values. Without
                it a label is the value.
            title: above the images, in the cell and in files.
            common: whether what all images share stands above them in the cell, with the words that all prompts begin
                or end with, which labels leave out; without it labels are whole.

        Raises:
            ValueError: an option or a value that does not vary here, or another number of labels than of values.

        >>> plan.grid(rows="prompt", columns=("model", "seed"), labels={"prompt": ["fog", "dawn"]}).save(
        ...     "study.pdf", width=3.3)    # doctest: +SKIP
        """
        spots = []
        for cell, status in zip(self.cells, self.statuses(), strict=True):
            result = status.result()
            images, text = (result.images, "") if result else ((), _reason(status))
            spots.append(Spot(options=cell.positions, images=images, text=text, kind=status.state, alt=text))
        texts = labels_for(self.varying, labels or {}, short=common)
        told = joined(" · ", [*([self.constants()] if common else []), *view.replacements(self.varying, self.cells)])
        axes = {"rows": rows, "columns": columns, "pages": pages}
        prompts = self.client.metadata == "full"
        return grid(spots, texts, **axes, title=title, constants=told, prompts=prompts)

    @spoken
    def table(self) -> Any:
        """Return one row an image, with every option, cost, time and path: a DataFrame, without pandas a list of dicts.

        A cell without images has one row, with its state and the reason. The images of a cell that was filled share
        the cost of all its runs. What `score` has measured is a column.
        """
        rows = self._rows()
        try:
            import pandas
        except ImportError:
            return rows
        return pandas.DataFrame(rows)

    def _rows(self) -> list[dict[str, Any]]:
        statuses = self.statuses()
        rows = view.rows(self.cells, statuses, self.prompts.categories if self.prompts else {})
        hashes = {str(image.path): image.sha256 for status in statuses for image in status.result() or ()}
        for name in self.metrics:
            values = self._values(name)
            rows = [{**row, name: values.get(hashes.get(str(row["path"]), ""))} for row in rows]
        return rows

    def _values(self, name: str) -> dict[str, float | None]:
        """Return what a measure says of images, by the hash of their content; newer than a study's is the folder's."""
        return {**self._saved.get(name, {}), **known(self.client.store, name)}

    def _measured(self) -> dict[str, dict[str, float | None]]:
        here = {image.sha256 for image in self._images()}
        values = {name: self._values(name) for name in self.metrics}
        return {name: {sha: each[sha] for sha in sorted(here & each.keys())} for name, each in values.items()}

    def _images(self) -> list[GeneratedImage]:
        return [image for result in self.results() if result for image in result]

    def score(self, name: str, function: Metric, *, fresh: bool = False) -> Plan:
        """Measure every image with a function, as a column of `table`, and return the plan.

        What it said is kept in the runs folder by the image's content, so that each image is measured once.

        Args:
            name: of the column and of the measure.
            function: takes an image, which has `open()`, its `request` and its `path`, and returns a number.
            fresh: measure again, after the function was changed.

        Raises:
            ValueError: the name is that of another column, or an answer is no number.
            StoreError: the runs folder cannot be written to.

        >>> plan.score("megapixels", lambda image: image.width * image.height / 1e6)    # doctest: +SKIP
        """
        if not name or (name not in self.metrics and name in self._rows()[0]):
            raise ValueError(say("score({name}): give a name that no other column has", name=repr(name)))
        there = {} if fresh else self._values(name)
        measure(self.client.store, name, function, [each for each in self._images() if each.sha256 not in there])
        self.metrics = tuple(dict.fromkeys([*self.metrics, name]))
        return self

    @spoken
    def agreement(self, scores: Any) -> Any:
        """Return how well each measure agrees with judges: a DataFrame, without pandas a list of dicts.

        `accuracy` is the share of verdicts (ties left out, `verdicts` in number) in which the preferred picture has the
        larger value, an equal one counting half: 0.5 is chance, and below it the smaller value is the better one.
        `spearman` (rho) and `kendall` (tau-b) are the correlations of the values with the shares of wins of `pictures`
        pictures, a tie being half a win; None where all are equal.

        Args:
            scores: of a judging of these pictures, from `wannb.scores` or `judging.scores()`.

        Raises:
            ValueError: nothing was measured, or no verdict is on two pictures that were.

        >>> plan.score("sharpness", sharpness).agreement(judging.scores())    # doctest: +SKIP
        """
        if not self.metrics:
            raise ValueError(say('nothing is measured yet; plan.score("name", function) measures'))
        votes = scores.tallied.votes if scores.tallied else ()
        rows = [agreement(name, values, votes) for name, values in self._measured().items()]
        found = [row for row in rows if row]
        if not found:
            raise ValueError(say("no verdict is on two pictures of this plan that are measured"))
        try:
            import pandas
        except ImportError:
            return found
        return pandas.DataFrame(found)

    def log(self, run: Any, *, key: str = "images") -> None:
        """Log the table, with its images, to an experiment tracker: what `wandb.init()` or `trackio.init()` returns.

        Args:
            run: has `log`, and its library has `Table` and `Image`.
            key: under which the table is logged.

        Raises:
            TypeError: it is no such run.

        >>> plan.log(trackio.init(project="light"))    # doctest: +SKIP
        """
        log_to(run, self._rows(), key=key)

    def __len__(self) -> int:
        return len(self.cells)

    @spoken
    def __repr__(self) -> str:
        statuses, ahead = self._now()
        return say(view.text(self.varying, self.cells, statuses, ahead.summary()))

    def _repr_html_(self) -> str:
        compared = set(self.varying) - {"seed"}
        # Of a small plan it says nothing: most of them are never judged.
        judged = self.judging() if compared else None
        return self._page(*([judged.summary()] if judged and judged.sees is not None else []))

    @spoken
    def _page(self, /, *more: str, **said: str) -> str:
        statuses, ahead = self._now()
        return view.page(self.varying, self.cells, statuses, [self.constants(_MOST), ahead.summary(**said), *more])


def _as_reason(reason: str) -> str:
    if not isinstance(reason, str) or not reason.strip() or len(reason) > REASON:
        raise ValueError(say("reason={value}: say why, in 1 to {most} characters", value=repr(reason), most=REASON))
    return reason.strip()


def _reason(status: Status) -> str:
    state = STATES[status.state]
    if status.state in ("open", "under way", "canceled") or not status.note:
        return status.note or state
    return Said("{state}: {why}", state=state, why=status.note)


def _ordered(documented: Callable[P, Plan]) -> Callable[P, Plan]:
    """Return a function of this signature that varies the options in the order in which the caller wrote them.

    A function with keywords of its own does not learn their order.
    """

    @wraps(documented)
    def sweep(client: Client, **options: Any) -> Any:
        given = options.get("prompt")
        slots = slots_of(given)
        check_names(options, [*FIELDS, *slots])
        if not hasattr(client, "known"):
            raise TypeError(
                say("the first argument is the client: wannb.sweep(client, prompt=[...]), not {value}", value=client)
            )
        with override(client.language):
            constant, varying = split_options({name: value for name, value in options.items() if value is not None})
        if "seed" not in constant and "seed" not in varying:
            constant["seed"] = SEED
        return Plan(client, constant, varying, prompts=given if isinstance(given, Prompts) else None)

    return cast("Callable[P, Plan]", sweep)


@_ordered
def sweep(
    client: Client,
    *,
    prompt: Any = None,
    images: Any = None,
    model: Any = None,
    size: Any = None,
    n: Any = None,
    seed: Any = None,
    watermark: Any = None,
    thinking_mode: Any = None,
    color_palette: Any = None,
    bbox_list: Any = None,
    enable_sequential: Any = None,
    **slots: Any,
) -> Plan:
    """Plan the same request with options varied: any option may be a list of alternatives. Nothing is sent yet.

    Args:
        client: from `wannb.connect()`.
        prompt: the text, at most 5,000 characters, in Chinese or English; or a list that `wannb.prompts` has read. It
            may have slots, "a {animal} in {place}", each an argument of its own: `animal=["cat", "dog"]`.
        images: up to 9 input images: paths, URLs, bytes, PIL images, arrays or results. A list holds alternatives:
            `["a.png", "b.png"]` edits each, `[["a.png", "b.png"]]` both together.
        model: "wan2.7-image-pro" (default) or "wan2.7-image".
        size: "1K", "2K" (default), "4K" or "width*height" in pixels.
        n: images a request, 1 to 4, in an image set 1 to 12; default 1.
        seed: 0 to 2147483647. Default 1 for every cell, so that the images differ by the other options alone and the
            same sweep costs nothing the next time.
        watermark: whether the service puts its mark in a corner; default False.
        thinking_mode: whether the model thinks before it draws, text to image only; default True.
        color_palette: 3 to 10 colors with their shares. A palette is a list itself: alternatives are a list of
            palettes.
        bbox_list: for each input image a list of up to two boxes. Alternatives are one more list around.
        enable_sequential: whether to ask for an image set; default False.

    Returns:
        A plan that shows itself: what will be sent, what is done already, the price, the time, and which requests are
        not legal and why.

    Raises:
        TypeError: an option that does not exist.
        ValueError: an empty list, or more than 2,000 requests.

    >>> plan = wannb.sweep(client, prompt=["a cat", "a dog"], seed=[1, 2, 3], size="1K")    # doctest: +SKIP
    """
    raise NotImplementedError
