"""Running a plan: cells handed out within the service's limits, through threads or any executor."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wannb import files
from wannb.cells import Cell, Status
from wannb.display import STATES
from wannb.errors import (
    AuthenticationError,
    CalledOff,
    OverBudget,
    PermissionDenied,
    QuotaExhausted,
    StoreError,
    TaskCanceled,
    UnknownOutcome,
    WannbError,
)
from wannb.request import ImageRequest
from wannb.runs import DONE, SENDING, Run, Store, Unreadable
from wannb.service import Money, callable_off, heard
from wannb.threads import Threads
from wannb.translation import Said, count, joined, override, say

if TYPE_CHECKING:
    from wannb.client import Client

#: How long an interrupt waits for requests that are just being sent, so that it can cancel them.
_CANCEL_SECONDS = 2.0
#: Errors after which the next request can only fail in the same way.
_POINTLESS = (AuthenticationError, PermissionDenied, QuotaExhausted, OverBudget, StoreError)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Progress of a running plan.

    Attributes:
        total: requests of this run.
        done, failed: how many have ended.
        under_way: how many were handed out and have not ended.
        canceled: how many were canceled after a stop before they began; they are not billed.
        held: how many `budget` or `max_images` holds back.
        waits: what most of them wait for, in words; empty while nothing holds them up.
        seconds: since the start.
    """

    total: int
    done: int = 0
    failed: int = 0
    under_way: int = 0
    canceled: int = 0
    held: int = 0
    waits: str = ""
    seconds: float = 0.0

    @property
    def said(self) -> Said:
        """The progress in one line, to be translated."""
        parts: list[str] = [Said("{done} of {total} done", done=self.done, total=self.total)]
        parts += [Said("{n} under way", n=self.under_way)] if self.under_way else []
        parts += [Said("{n} failed", n=self.failed)] if self.failed else []
        parts += [Said("{n} canceled", n=self.canceled)] if self.canceled else []
        parts += [Said("{n} held back", n=self.held)] if self.held else []
        parts += [self.waits] if self.waits else []
        return joined(" · ", parts)

    def __str__(self) -> str:
        return say(self.said)


class Allowance:
    """The images and the money that one run of a plan may still use; `OverBudget` if a budget lacks a price."""

    def __init__(self, client: Client, cells: Sequence[Cell], budget: Money | None, max_images: int | None) -> None:
        self._client = client
        self._budget = budget
        self._max_images = max_images
        self._images = {cell.fingerprint: cell.request.n for cell in cells}
        self._prices = {cell.fingerprint: self._price(cell) for cell in cells} if budget else {}
        # Of each cell its images and its cost: what they may be at most, and once it has ended what they are.
        self._used: dict[str, tuple[int, Decimal]] = {}

    @property
    def limits(self) -> Said:
        """The limits in words."""
        limits = [f"budget={self._budget}"] if self._budget else []
        limits += [f"max_images={self._max_images}"] if self._max_images is not None else []
        return Said("{one} and {other}", one=limits[0], other=limits[1]) if limits[1:] else joined("", limits)

    @property
    def advice(self) -> Said:
        """What an image costs, how many of the smallest requests the limits allow, and what sends the rest."""
        fits, parts = [], []
        if self._max_images is not None:
            fits.append(self._max_images // min(self._images.values()))
        if self._budget is not None:
            each = {self._prices[name] / images for name, images in self._images.items()}
            least, most = (Money(amount=one, currency=self._budget.currency) for one in (min(each), max(each)))
            price = str(most) if least == most else Said("{least} to {most}", least=least, most=most)
            parts.append(Said("an image costs {price}", price=price))
            fits.append(int(self._budget.amount // min(self._prices.values())) if min(each) else len(self._prices))
        most_sent = count(min([*fits, len(self._images)]), "request")
        return joined(", ", [*parts, Said("enough for {requests}; a higher limit sends the rest", requests=most_sent)])

    def reserve(self, cell: Cell, status: Status) -> bool:
        """Reserve what a cell may use at most; False if that could pass a limit."""
        if not self.limits or (status.run and status.run.task_id and status.state == "under way"):
            return True
        used = [each for name, each in self._used.items() if name != cell.fingerprint]
        used.append((cell.request.n, self._prices.get(cell.fingerprint, Decimal(0))))
        if self._max_images is not None and sum(images for images, _ in used) > self._max_images:
            return False
        if self._budget is not None and sum(amount for _, amount in used) > self._budget.amount:
            return False
        self._used[cell.fingerprint] = used[-1]
        return True

    def release(self, cell: Cell, find: Callable[[], Run | None]) -> None:
        """Give back what a cell did not use: all of it if no run came of it, the rest where fewer images came."""
        if cell.fingerprint in self._used:
            run = find()
            if run is None and self._is_in_doubt(cell):
                return
            images = 0 if run is None else run.images_made if run.state == DONE else cell.request.n
            cost = run.cost() if run else None
            self._used[cell.fingerprint] = (images, cost.amount if cost else Decimal(0))

    def _is_in_doubt(self, cell: Cell) -> bool:
        """Return whether a request was sent whose answer was lost, so that it may be billed."""
        for name in self._client.store.alike(cell.fingerprint):
            with suppress(StoreError):
                if self._client.store.get(name).state == SENDING:
                    return True
        return False

    def _price(self, cell: Cell) -> Decimal:
        most = self._client.estimate(cell.request)
        if self._budget is None or most is None or most.currency != self._budget.currency:
            why = Said(
                "the price of {model} is unknown, so budget={budget} cannot be kept; nothing was sent. Set a price "
                "with wannb.set_price(...) or use max_images=",
                model=cell.request.model,
                budget=self._budget,
            )
            raise OverBudget(why)
        return most.amount


class Runner:
    """One run of a plan: what to do, within an allowance, until `stop` is set from outside.

    `show` is called with the progress after each change.
    """

    def __init__(
        self,
        client: Client,
        cells: Sequence[tuple[Cell, Status]],
        allowance: Allowance,
        *,
        show: Callable[[Progress], None],
        stop: threading.Event | None,
    ) -> None:
        self.progress = Progress(total=len(cells))
        self._client = client
        self._allowance = allowance
        self._show = show
        self._stop = stop
        self._cells = cells
        self._off = threading.Event()
        self._waiting: dict[str, deque[tuple[Cell, Status]]] = {}
        #: Of cells that are filled, the run that lacks images, and all that were begun for the same.
        self._lacking: dict[str, tuple[str, set[str]]] = {
            cell.fingerprint: (status.run.id, client.store.alike(cell.fingerprint))
            for cell, status in cells
            if status.short and status.run
        }
        for cell, status in cells:
            self._waiting.setdefault(cell.request.model, deque()).append((cell, status))
        self._sent: dict[Future[str], Cell] = {}
        #: Cells whose answer was lost, by their fingerprint, and whether they were looked up again.
        self._in_doubt: dict[str, bool] = {}
        self._waits: dict[str, str] = {}
        self._asked_to_cancel: set[str] = set()
        self._canceled: set[str] = set()
        self._fatal: BaseException | None = None
        self._began = time.monotonic()

    def run(self, executor: Executor | None, marker: str) -> None:
        """Run every cell that the allowance allows, here or by an executor, and return when all have ended.

        `marker` names a file of the runs folder that each worker of the executor must find there.

        Raises:
            KeyboardInterrupt: what has not begun is canceled first; nobody waits for the rest, which saves itself.
            WannbError: an error that would end every other cell as well.
        """
        self._show(self.progress)
        with self._workers(executor, marker) as (submit, at_once):
            try:
                while self._sent or any(self._waiting.values()) or self._look_again():
                    if self._stopped():
                        self._drop_waiting()
                    if self._stop and self._stop.is_set():
                        self._cancel_pending()
                    self._hand_out(submit, at_once)
                    ended, _ = wait(self._sent, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in ended:
                        self._take_in(future)
                    self._advance()
                    self._show(self.progress)
            except KeyboardInterrupt:
                self._off.set()
                self._drop_waiting()
                until = time.monotonic() + _CANCEL_SECONDS
                while not self._cancel_pending() and time.monotonic() < until:
                    time.sleep(0.05)
                self._advance()
                raise
        if self._fatal:
            raise self._fatal
        now = self.progress
        if now.held and not now.done and not now.failed:
            held = {"limits": self._allowance.limits, "requests": count(now.held, "request")}
            advice = self._allowance.advice
            raise OverBudget(Said("{limits} holds back {requests}; nothing was sent: {advice}", **held, advice=advice))

    def summary(self) -> list[Said]:
        """Return what the limits held back and what a stop canceled, in words."""
        now, said = self.progress, []
        if now.held:
            held = count(now.held, "request")
            said.append(Said("{limits} held back {requests}", limits=self._allowance.limits, requests=held))
        if now.canceled:
            said.append(Said("{n} canceled", n=now.canceled))
        return said

    @property
    def advice(self) -> list[Said]:
        """What to do about the requests that the limits held back."""
        return [self._allowance.advice] if self.progress.held else []

    def interrupted(self) -> Said:
        """Return how an interrupt left the run, in words."""
        return Said(
            "stopped: {canceled} canceled before they began, {n} go on; run() picks them up, nothing is billed twice",
            canceled=self.progress.canceled,
            n=self.progress.under_way,
        )

    def _stopped(self) -> bool:
        return self._off.is_set() or bool(self._stop and self._stop.is_set())

    def _hand_out(self, submit: Callable[[Cell], Future[str]], at_once: int) -> None:
        for model, queue in self._waiting.items():
            while queue and sum(cell.request.model == model for cell in self._sent.values()) < at_once:
                cell, status = queue.popleft()
                if self._allowance.reserve(cell, status):
                    self._sent[submit(cell)] = cell
                else:
                    self.progress = replace(self.progress, held=self.progress.held + 1)

    def _take_in(self, future: Future[str]) -> None:
        cell, error = self._sent.pop(future), CalledOff() if future.cancelled() else future.exception()
        doubtful = isinstance(error, UnknownOutcome) and cell.fingerprint not in self._lacking
        if doubtful and not self._stopped() and self._in_doubt.setdefault(cell.fingerprint, False) is False:
            return  # what it may cost stays reserved
        self._allowance.release(cell, lambda: self._came_of(cell, None if error else future.result()))
        now, ours = self.progress, cell.fingerprint in self._canceled
        if not isinstance(error, CalledOff) and not (ours and isinstance(error, TaskCanceled)):
            self.progress = replace(now, done=now.done + (not error), failed=now.failed + bool(error))
        reason = error if isinstance(error, _POINTLESS) else error and error.__cause__
        if isinstance(reason, _POINTLESS) and not isinstance(reason, Unreadable):
            self._fatal = error
            self._off.set()

    def _look_again(self) -> bool:
        """Hand out once more, at the end, the cells whose answer was lost; False if there are none.

        What was sent after them tells what became of them.
        """
        cells = [each for each in self._cells if self._in_doubt.get(each[0].fingerprint) is False]
        self._in_doubt = dict.fromkeys(self._in_doubt, True)
        if self._stopped():
            self.progress = replace(self.progress, failed=self.progress.failed + len(cells))
            return False
        for cell, status in cells:
            self._waiting[cell.request.model].append((cell, status))
        return bool(cells)

    def _came_of(self, cell: Cell, run_id: str | None) -> Run | None:
        """Return the run that a cell was sent as; of one that is filled not the run that it had before."""
        lacking, _ = self._lacking.get(cell.fingerprint, (None, None))
        run = self._client.known(cell.request)
        if lacking and run_id:
            with suppress(StoreError):
                run = self._client.store.get(run_id)
        return None if run and run.id == lacking else run

    def _drop_waiting(self) -> None:
        for queue in self._waiting.values():
            queue.clear()
        for future in self._sent:
            future.cancel()

    def _cancel_pending(self) -> bool:
        """Cancel the tasks that have not begun at the service; the others go on. False if some are still being sent."""
        every = True
        for future, cell in self._sent.items():
            if future.done() or cell.fingerprint in self._asked_to_cancel:
                continue
            run = self._came_of(cell, None)
            if run is None or not run.task_id:
                every = False
                continue
            self._asked_to_cancel.add(cell.fingerprint)
            with suppress(WannbError):  # it has begun, or cannot be asked: it goes on
                if run.state != DONE and not run.record.uncertain:
                    self._client.task(run.task_id).cancel()
                    self._canceled.add(cell.fingerprint)
        return every

    def _advance(self) -> None:
        under_way = sum(not f.cancelled() and cell.fingerprint not in self._canceled for f, cell in self._sent.items())
        seconds = time.monotonic() - self._began
        waits = Counter(filter(None, self._waits.copy().values())).most_common(1)
        self.progress = replace(
            self.progress,
            under_way=under_way,
            canceled=len(self._canceled),
            waits=waits[0][0] if waits else "",
            seconds=seconds,
        )

    def _run_cell(self, cell: Cell) -> str:
        """Run a cell on a thread of this process, and keep in mind what it waits for."""
        hear = partial(self._waits.__setitem__, cell.fingerprint)
        try:
            with heard(hear):
                return run_cell(self._client, cell.request, self._stopped, self._after(cell), hear)
        finally:
            self._waits.pop(cell.fingerprint, None)

    def _after(self, cell: Cell) -> set[str] | None:
        return self._lacking.get(cell.fingerprint, (None, None))[1]

    @contextmanager
    def _workers(self, executor: Executor | None, marker: str) -> Iterator[tuple[Callable[[Cell], Future[str]], int]]:
        """Give the function that hands a cell to a worker, and how many cells of a model may be out at a time."""
        client = self._client
        # A few more than the service runs wait there as PENDING, so that the next one begins the moment another ends,
        # however slow the way to the service is; only a few, since a stop has to cancel them.
        at_once = client.pace.at_once
        if executor is not None:
            file = _written(client.store, marker)
            yield lambda cell: executor.submit(run_remote_cell, client, cell.request, file, self._after(cell)), at_once
            return
        pool = Threads(at_once * len(self._waiting), name="wannb-sweep")
        try:
            yield lambda cell: pool.submit(self._run_cell, cell), at_once
        finally:
            # After an interrupt nobody waits: what has begun is saved from its own thread, and no more is sent.
            self._off.set()
            pool.shutdown(wait=False, cancel_futures=True)


def run_cell(
    client: Client,
    request: ImageRequest,
    stopped: Callable[[], bool] = lambda: False,
    after: set[str] | None = None,
    hear: Callable[[str], None] = lambda wait: None,
) -> str:
    """Run one request and return the id of its run; with a seed it may be called any number of times.

    With `after` it is sent again although its images are there, but only while no other run than those has begun for
    it: an executor may call this twice. `hear` is told when it waits in the service's queue.

    It raises `CalledOff` if it was stopped before it was sent, `TaskCanceled` if it was canceled before it began.
    """
    queued = STATES["PENDING"]
    with override(client.language):
        with callable_off(stopped):  # not while it waits: what was sent is canceled, or waited for
            task = client._submit(request, after=after)
        try:
            return task.wait(on_status=lambda status, _: hear(queued if status == "PENDING" else "")).result().run_id
        except KeyboardInterrupt:  # an executor that runs it in the main thread
            task.withdraw()
            raise


def run_remote_cell(client: Client, request: ImageRequest, marker: Path, after: set[str] | None = None) -> str:
    """Run one request in another process; `StoreError` if its runs folder is another, without the plan's marker."""
    if not marker.is_file():
        with override(client.language):
            why = Said(
                "a worker does not see {folder}, so its images would not arrive; nothing was sent. Give the workers "
                "the runs folder under the same path (a shared disk), or run without executor=",
                folder=repr(str(marker.parent.parent)),
            )
            raise StoreError(why)
    return run_cell(client, request, after=after)


def _written(store: Store, name: str) -> Path:
    """Write the marker of a plan and return its path; `StoreError` if it cannot be written."""
    marker = store.root / "plans" / f"{name}.json"
    try:
        store.make_folder(marker.parent)
        files.write(marker, json.dumps({"plan": name}).encode())
        return marker
    except OSError as error:
        values = {"path": repr(str(marker)), "why": error.strerror or str(error)}
        raise StoreError(Said("cannot write {path}: {why}. Nothing was sent", **values)) from error
