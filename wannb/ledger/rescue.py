"""Pick up every run that was cut off, without sending any generation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wannb.display import html
from wannb.errors import StoreError, WaitTimeout, WannbError
from wannb.text import count

from .repair import salvage, task_named
from .result import Result
from .run import ENDED, NewerFormat, Run, read
from .store import Store
from .submit import Submitter
from .task import Task


@dataclass(frozen=True, kw_only=True)
class Rescue:
    """What a rescue found.

    Attributes:
        results: the runs whose images are on disk now.
        unsent: ids of runs of which nothing had reached the service; nothing is billed for them.
        problems: for each run that could not be finished, its id and why.
        elsewhere: ids of open runs of another service or account; a client of theirs must be asked.
    """

    results: tuple[Result, ...]
    unsent: tuple[str, ...]
    problems: tuple[tuple[str, WannbError], ...]
    elsewhere: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return what was found in one line."""
        images = sum(len(result) for result in self.results)
        said = {
            f"{count(images, 'image')} of {count(len(self.results), 'run')} brought to disk": self.results,
            f"{count(len(self.unsent), 'run')} had never been sent": self.unsent,
            f"{count(len(self.problems), 'run')} could not be finished": self.problems,
            f"{count(len(self.elsewhere), 'run')} of another service or account left alone": self.elsewhere,
        }
        return ", ".join(text for text, found in said.items() if found) or "nothing to bring to disk"

    def __repr__(self) -> str:
        return f"Rescue({self.summary()})" + "".join(f"\n  {run_id}: {error}" for run_id, error in self.problems)

    def _repr_html_(self) -> str:
        body = "".join(html.row(result.figures(pixels=320, width=200)) for result in self.results)
        notes = [f"{run_id}: {error}" for run_id, error in self.problems]
        return html.block(self.summary(), body=body, notes=notes)


def mend(store: Store, account: str) -> tuple[set[str], tuple[tuple[str, WannbError], ...]]:
    """Write damaged records anew where that can be done; return which, and of the others what to do about each."""
    mended: set[str] = set()
    problems: list[tuple[str, WannbError]] = []
    for name in store.damaged():
        folder = store.root / name
        try:
            with store.lock(name, seconds=0):
                if salvage(folder, account):
                    mended.add(name)
                    continue
            read(folder)
        except WaitTimeout:
            continue  # somebody is at work on it, so it is being mended or written
        except StoreError as error:
            problems.append((name, error if isinstance(error, NewerFormat) else _beyond_repair(folder, error)))
    return mended, tuple(problems)


def _beyond_repair(folder: Path, error: StoreError) -> StoreError:
    task_id = task_named(folder)
    if task_id:
        return StoreError(
            f"run {folder.name} is damaged: {error}. client.task({task_id!r}).result() fetches its images, within 24 "
            "hours"
        )
    return StoreError(
        f"run {folder.name} is damaged: {error}. client.task_list() shows its task, if it was sent within 24 hours"
    )


def rescue(
    store: Store,
    submitter: Submitter,
    task: Callable[[Run], Task],
    *,
    owns: Callable[[Run], bool],
    timeout: float | None,
) -> Rescue:
    """Finish runs that have not ended, one after the other, since the service works on them meanwhile."""
    clock = submitter.clock
    began = clock.monotonic()
    mended, damaged = mend(store, submitter.account.mark)
    runs = [run for run in store.runs() if run.state not in ENDED or run.id in mended]
    results: list[Result] = []
    unsent: list[str] = []
    problems: list[tuple[str, WannbError]] = []
    for run in filter(owns, runs):
        left = None if timeout is None else max(0.0, began + timeout - clock.monotonic())
        try:
            if submitter.settle(run, seconds=left):
                results.append(task(run).result(left))
            else:
                unsent.append(run.id)
        except WannbError as error:
            problems.append((run.id, error))
        except Exception as error:
            # One damaged run must not keep the others from being saved.
            problems.append((run.id, StoreError(f"run {run.id} is damaged: {type(error).__name__}: {error}")))
    return Rescue(
        results=tuple(results),
        unsent=tuple(unsent),
        problems=(*problems, *damaged),
        elsewhere=tuple(run.id for run in runs if not owns(run)),
    )
