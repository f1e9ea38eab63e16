"""Pick up every run that was cut off, without sending any generation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import html
from .errors import WannbError
from .result import Result, count
from .run import ENDED, Run
from .submit import Submitter
from .task import Task

_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Rescue:
    """What a rescue found.

    Attributes:
        results: the runs whose images are on disk now.
        unsent: ids of runs of which nothing had reached the service; nothing is billed for them.
        problems: for each run that could not be finished, its id and why.
    """

    results: tuple[Result, ...]
    unsent: tuple[str, ...]
    problems: tuple[tuple[str, WannbError], ...]

    def summary(self) -> str:
        """Return what was found in one line."""
        images = sum(len(result) for result in self.results)
        parts = [f"{count(images, 'image')} of {count(len(self.results), 'run')} brought to disk"]
        if self.unsent:
            parts.append(f"{count(len(self.unsent), 'run')} had never been sent")
        if self.problems:
            parts.append(f"{count(len(self.problems), 'run')} could not be finished")
        return ", ".join(parts) if self.results or self.unsent or self.problems else "nothing to bring to disk"

    def __repr__(self) -> str:
        return f"Rescue({self.summary()})" + "".join(f"\n  {run_id}: {error}" for run_id, error in self.problems)

    def _repr_html_(self) -> str:
        body = "".join(html.row(result.figures(pixels=320, width=200)) for result in self.results)
        notes = [f"{run_id}: {error}" for run_id, error in self.problems]
        return html.block(self.summary(), body=body, notes=notes)


def rescue(runs: Iterable[Run], submitter: Submitter, task: Callable[[Run], Task], *, timeout: float | None) -> Rescue:
    """Finish each run that has not ended; see `Client.rescue`."""

    def pick_up(run: Run) -> Result | WannbError | None:
        try:
            if not submitter.settle(run):
                return None
            return task(run).result(timeout)
        except WannbError as error:
            return error

    open_runs = [run for run in runs if run.state not in ENDED]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(zip(open_runs, pool.map(pick_up, open_runs), strict=True))
    return Rescue(
        results=tuple(each for _, each in found if isinstance(each, Result)),
        unsent=tuple(run.id for run, each in found if each is None),
        problems=tuple((run.id, each) for run, each in found if isinstance(each, WannbError)),
    )
