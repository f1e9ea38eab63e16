"""Rescue: every run that was cut off is picked up, without sending any generation."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field

from wannb.display import html
from wannb.errors import StoreError, WaitTimeout, WannbError
from wannb.service import waiting
from wannb.translation import Said, count, current, joined, say, spoken

from .record import ENDED, NewerFormat
from .result import Result
from .run import Run, shown
from .saving import restore
from .submit import Ledger
from .task import Task


@dataclass(frozen=True, kw_only=True)
class Rescue:
    """The outcome of a rescue.

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
    language: str = field(default_factory=current, repr=False, compare=False)

    @spoken
    def summary(self) -> str:
        """Return what was found in one line."""
        return say(self._summary())

    def _summary(self) -> Said:
        lists = (self.results, self.unsent, self.problems, self.elsewhere)
        results, unsent, problems, elsewhere = (count(len(found), "run") for found in lists)
        images = count(sum(map(len, self.results)), "image")
        parts = [
            Said("{images} of {runs} saved", images=images, runs=results),
            Said("{runs} never sent", runs=unsent),
            Said("{runs} could not be finished", runs=problems),
            Said("{runs} of another service or account left alone", runs=elsewhere),
        ]
        found = [part for part, runs in zip(parts, lists, strict=True) if runs]
        return joined(", ", found) if found else Said("nothing to save")

    @spoken
    def __repr__(self) -> str:
        return f"Rescue({say(self._summary())})" + "".join(f"\n  {run_id}: {error}" for run_id, error in self.problems)

    @spoken
    def _repr_html_(self) -> str:
        body = "".join(html.row(result.figures(pixels=320, width=200)) for result in self.results)
        notes = [f"{run_id}: {error}" for run_id, error in self.problems]
        return html.block(self._summary(), body=body, notes=notes)


def rescue(ledger: Ledger, *, timeout: float | None) -> Rescue:
    """Finish runs that have not ended, one after the other, since the service works on them meanwhile.

    Args:
        ledger: of the client that asks.
        timeout: seconds to wait for tasks that are still running.
    """
    clock, store = ledger.clock, ledger.store
    began = clock.monotonic()
    results: list[Result] = []
    unsent: list[str] = []
    problems: list[tuple[str, WannbError]] = []
    restored, damaged = _restored(ledger)
    runs = [run for run in store.newest() if run.state not in ENDED or run.id in restored]
    until = math.inf if timeout is None else began + timeout
    owned: list[Run] = []
    for run in runs:
        with suppress(WannbError):  # where the service does not say whose it is, it is somebody else's for now
            if ledger.owns(run, ask=clock.monotonic() < until):
                owned.append(run)
    for number, run in enumerate(owned, 1):
        left = None if timeout is None else max(0.0, until - clock.monotonic())
        wait = Said("picking up run {run}, {number} of {total}", run=run.id, number=number, total=len(owned))
        try:
            with waiting(wait):
                if ledger.settle(run, seconds=left):
                    results.append(Task(ledger, run).result(left))
                else:
                    unsent.append(run.id)
        except WannbError as error:
            problems.append((run.id, error))
        except Exception as error:
            # One damaged run must not keep the others from being saved.
            why = f"{type(error).__name__}: {error}"
            problems.append((run.id, StoreError("run {run} is damaged: {why}", run=run.id, why=why)))
    return Rescue(
        results=tuple(results),
        unsent=tuple(unsent),
        problems=(*problems, *damaged),
        elsewhere=tuple(run.id for run in runs if run not in owned),
    )


def _restored(ledger: Ledger) -> tuple[set[str], list[tuple[str, WannbError]]]:
    """Restore damaged runs where that can be done; return which, and for the others what to do."""
    restored: set[str] = set()
    problems: list[tuple[str, WannbError]] = []
    store = ledger.store
    for name, why in store.unreadable().items():
        try:
            if isinstance(why, NewerFormat) or (store.root / name).is_symlink():
                raise why
            with store.lock(name, seconds=0):
                restore(store.root / name, ledger.account.mark, ledger.facts["region"])
                restored.add(name)
        except WaitTimeout:
            continue  # another kernel is restoring or writing it
        except StoreError as error:
            problems.append((shown(name), error))
    return restored, problems
