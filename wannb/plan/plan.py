"""Plan: requests that differ in some options, priced before anything is sent, run within limits, filled up later."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wannb.display import ProgressLine
from wannb.figures import Grid, Spot, grid, labels_of
from wannb.ledger import Result
from wannb.request import FIELDS, ImageRequest, takes
from wannb.service import Money, as_budget

from . import matrix, records
from .alternatives import apart, positions
from .carrying import Progress, carry_out
from .forecast import Forecast, forecast
from .standing import OPEN, TO_DO, Standing, standings

if TYPE_CHECKING:
    from wannb.client import Client

#: A sweep whose seed is not given has this one everywhere, so that its pictures differ in nothing else.
SEED = 1


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One request of a plan.

    Attributes:
        options: the options that vary, with this cell's values.
        positions: which of an option's values that is, from 0.
        request: what is asked.
        problems: the rules it breaks, as sentences; a cell with problems is never sent.
        fingerprint: of the request; equal requests of a plan are one run.
    """

    options: Mapping[str, Any]
    positions: Mapping[str, int] = field(repr=False)
    request: ImageRequest = field(repr=False)
    problems: tuple[str, ...]
    fingerprint: str = field(repr=False)


class Plan:
    """Requests that differ in some options; made by `wannb.sweep`. Nothing is sent before `run()`.

    Attributes:
        client: who asks.
        varying: {option: its values}, in the order in which they were given.
        cells: every combination.
        name: a short name that equal plans share.
    """

    def __init__(self, client: Client, constant: Mapping[str, Any], varying: Mapping[str, tuple[Any, ...]]) -> None:
        self.client = client
        self.varying = dict(varying)
        self._constant = dict(constant)
        self.cells = tuple(self._cell(numbers) for numbers in positions(varying))
        # Whatever the order in which options and values were written.
        written = " ".join([*sorted(varying), *sorted({cell.fingerprint for cell in self.cells})])
        self.name = hashlib.sha256(written.encode()).hexdigest()[:8]

    def _cell(self, numbers: Mapping[str, int]) -> Cell:
        options = {name: self.varying[name][number] for name, number in numbers.items()}
        request = ImageRequest(**{**self._constant, **options})
        problems = tuple(str(problem) for problem in request.problems())
        if request.seed is None:
            problems += ("seed=None: without a seed it would be asked and paid anew at each run",)
        fingerprint = request.fingerprint
        return Cell(options=options, positions=numbers, request=request, problems=problems, fingerprint=fingerprint)

    # How it stands

    def standings(self) -> list[Standing]:
        """Return how each cell stands, in the order of `cells`, from one look into the folder of runs."""
        known = standings(self.client, {cell.fingerprint for cell in self.cells if not cell.problems})
        return [
            Standing(state="not legal", note="; ".join(cell.problems))
            if cell.problems
            else known.get(cell.fingerprint, OPEN)
            for cell in self.cells
        ]

    def results(self) -> list[Result | None]:
        """Return each cell's result, None where there is none, in the order of `cells`."""
        return [
            each.run.result(reused=True) if each.state == "done" and each.run else None for each in self.standings()
        ]

    def to_do(self) -> list[Cell]:
        """Return what a next `run()` would send or pick up; equal requests once."""
        found: dict[str, Cell] = {}
        for cell, standing in zip(self.cells, self.standings(), strict=True):
            if standing.state in TO_DO:
                found.setdefault(cell.fingerprint, cell)
        return list(found.values())

    def forecast(self) -> Forecast:
        """Return what a next `run()` makes, what it costs at least and at most, and how long it takes."""
        return forecast(self.client, self.cells, self.standings())

    def labels(self, name: str) -> tuple[str, ...]:
        """Return a text for each value of a varying option, with only what tells it from the others."""
        return labels_of(self.varying[name])

    def constants(self) -> str:
        """Return what all cells share, in one line."""
        request = self.cells[0].request
        shared = (name for name in FIELDS if name not in self.varying)
        parts = [f"{name} {labels_of([getattr(request, name)])[0]}" for name in shared if self._says(name, request)]
        if "prompt" in self.varying:
            # What the labels leave out since all prompts have it, with a gap where they differ.
            differs, whole = self.labels("prompt")[0], " ".join(str(self.varying["prompt"][0]).split())
            if "…" in (differs[:1], differs[-1:]) and differs.strip("…") in whole:
                parts.insert(0, f"prompt {whole.replace(differs.strip('…'), '…', 1)}")
        return " · ".join(parts)

    def _says(self, name: str, request: ImageRequest) -> bool:
        return name in ("prompt", "model", "size", "seed") or getattr(request, name) != FIELDS[name].default

    # Running

    def run(
        self,
        *,
        budget: float | str | Decimal | Money | None = None,
        max_images: int | None = None,
        executor: Executor | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Plan:
        """Make what is not in the store yet, within the service's limits, and return the plan.

        Safe to interrupt and to run again: only what is missing is asked for. Images that were refused by the content
        inspection, or that are not legal, are left alone. A failure ends its own cell, not the plan.

        Args:
            budget: what this call may bill at most, in the region's currency; cells that could pass it stay open.
            max_images: how many images this call may make at most.
            executor: where to run instead of threads here: any `concurrent.futures.Executor`, such as that of Dask
                (`cluster_client.get_executor()`) or ipyparallel. wannb must be installed there, and the folder of runs
                must be seen under the same path; that is checked before anything is sent. The pace holds over all
                workers together. The client travels there with its key, which its repr never shows.
            on_progress: called with a `Progress` after each change; without it a line of text shows it.
            stop: set it from another thread to send nothing more; what is under way is waited for.

        Raises:
            ValueError: a limit that is none.
            InvalidRequest: no cell is legal.
            OverBudget: the limits allow nothing at all, or the client's own budget is reached.
            ApiError: the key or the quota is at fault, so that going on makes no sense.

        >>> plan.run(budget=1.50)    # doctest: +SKIP
        """
        if max_images is not None and (not isinstance(max_images, int) or max_images < 0):
            raise ValueError(f"max_images={max_images!r} is no number of images")
        most = as_budget(budget, self.client.service.region)
        if all(cell.problems for cell in self.cells):
            self.cells[0].request.check()
        with ProgressLine() as line:
            show = on_progress or (lambda now: line.show(str(now), seconds=now.seconds))
            try:
                held = carry_out(self, budget=most, max_images=max_images, executor=executor, show=show, stop=stop)
            except KeyboardInterrupt:
                line.done("stopped; what was sent goes on and run() picks it up, with nothing billed twice")
                raise
            if on_progress is None:
                line.done(f"{held}{self.forecast().summary()}")
        return self

    # Looking at it

    def grid(self, *, rows: Any = None, columns: Any = None, pages: Any = None) -> Grid:
        """Return the images side by side; sends nothing, so any layout is free.

        Args:
            rows, columns, pages: names of varying options, or tuples of names; what is named nowhere stands side by
                side in one cell.

        Raises:
            ValueError: an option that does not vary here.

        >>> plan.grid(rows="prompt", columns="seed", pages="model").save("study.pdf")    # doctest: +SKIP
        """
        spots = []
        for cell, standing in zip(self.cells, self.standings(), strict=True):
            done = standing.state == "done" and standing.run is not None
            images = standing.run.result(reused=True).images if done and standing.run else ()
            text = "" if done else _said(standing)
            spots.append(Spot(options=cell.positions, images=images, text=text, kind=standing.state, alt=text))
        labels = {name: self.labels(name) for name in self.varying}
        return grid(spots, labels, rows=rows, columns=columns, pages=pages, constants=self.constants())

    def table(self) -> Any:
        """Return one row an image, with every option, cost, time and path: a DataFrame, without pandas a list of dicts.

        A cell without images has one row, with its state and why.
        """
        return records.table(self)

    def __len__(self) -> int:
        return len(self.cells)

    def __repr__(self) -> str:
        return matrix.text(self)

    def _repr_html_(self) -> str:
        return matrix.page(self)


def _said(standing: Standing) -> str:
    plain = standing.note in ("", "not run yet", standing.state)
    return standing.note or standing.state if plain else f"{standing.state}: {standing.note}"


@takes(*(name for name in FIELDS))
def sweep(client: Client, **options: Any) -> Plan:
    """Plan the same request with options varied: any option may be a list of alternatives. Nothing is sent yet.

    Args:
    {options}

    Palettes and boxes are lists themselves; alternatives of them stand in one more list. A list of images holds
    alternatives too: `images=["a.png", "b.png"]` edits each, `images=[["a.png", "b.png"]]` both together. Without a
    seed every cell has seed 1, so that pictures differ in nothing else and the same sweep is free the next time.

    Returns:
        A plan that shows itself: what will be asked, what is in the store already, the price, the time, and what is
        not legal and why.

    Raises:
        TypeError: an option that does not exist.
        ValueError: an empty list, or more than 2,000 requests.

    >>> plan = wannb.sweep(client, prompt=["a cat", "a dog"], seed=[1, 2, 3], size="1K")    # doctest: +SKIP
    """
    if not hasattr(client, "known"):
        raise TypeError(f"a sweep begins with the client: wannb.sweep(client, prompt=[...]), not {client!r}")
    constant, varying = apart({name: value for name, value in options.items() if value is not None})
    if "seed" not in constant and "seed" not in varying:
        constant["seed"] = SEED
    return Plan(client, constant, varying)
