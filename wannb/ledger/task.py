"""Task: the service's job as a handle that can be looked at, waited for, awaited and picked up later."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from wannb.errors import (
    ApiError,
    ConnectionFailed,
    RateLimited,
    ServiceError,
    StoreError,
    TaskCanceled,
    TaskForgotten,
    UnknownOutcome,
    WaitTimeout,
    api_error,
)
from wannb.service import Account, Clock, Pace, Transport, wire

from .repair import finish_from_disk
from .result import Result
from .run import CANCELED, DONE, ENDED, FAILED, LOST, Run, stranded
from .saving import collect
from .store import Store

#: Called with the service's state, or UNREACHED while there is no way to it, and the seconds waited so far.
OnStatus = Callable[[str, float], None]
UNREACHED = "UNREACHED"

#: The service says UNKNOWN of a task it has forgotten; one just created might not be listed yet.
_UNKNOWN_TIMES = 3
_KEPT = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a task needs of its client."""

    transport: Transport = field(repr=False)
    store: Store
    account: Account = field(repr=False)
    pace: Pace = field(repr=False)
    clock: Clock = field(repr=False)
    #: See `Submitter.kept`.
    kept: dict[str, wire.Answer] = field(repr=False)


class Task:
    """One job of the service. It lives on when the kernel dies: `client.task(id)` picks it up again.

    >>> task = client.submit(request)        # doctest: +SKIP
    >>> task.status()                        # doctest: +SKIP
    'RUNNING'
    >>> result = task.result(timeout=300)    # doctest: +SKIP
    """

    def __init__(self, desk: Desk, run: Run, *, reused: bool = False) -> None:
        self._desk = desk
        self._run = run
        self._reused = reused
        self._last: str | None = None

    @property
    def id(self) -> str | None:
        """The service's task id; None for a run that never got one, such as a synchronous call."""
        return self._run.task_id

    @property
    def run_id(self) -> str:
        """The name of the run's folder in the store."""
        return self._run.id

    def __repr__(self) -> str:
        state = self._last or ("saved" if self._run.state == DONE else self._run.state)
        return f"Task({self.id!r}, {state})"

    def status(self) -> str:
        """Ask the service and return PENDING, RUNNING, SUCCEEDED, FAILED, CANCELED or UNKNOWN.

        A run whose images are saved is SUCCEEDED without asking.
        """
        if self._run.state == DONE:
            self._last = wire.SUCCEEDED
        else:
            self._last = self._query().status
        return self._last

    def wait(self, timeout: float | None = None, *, on_status: OnStatus | None = None) -> Task:
        """Wait until the task has ended and its images are saved, and return the task.

        Args:
            timeout: seconds; None waits as long as it takes.
            on_status: called after each look, with the state (UNREACHED: no answer, it tries on) and the seconds.

        Raises:
            WaitTimeout: the time is over; the task goes on and nothing is lost.
            ApiError: the task failed; failed tasks are not billed.
            TaskCanceled, TaskForgotten, DownloadFailed: as they say.
        """
        return self._wait(timeout, on_status, threading.Event())

    def _wait(self, timeout: float | None, on_status: OnStatus | None, stop: threading.Event) -> Task:
        try:
            return self._watch(timeout, on_status, stop)
        except StoreError as error:
            raise stranded(error, self.id) if self.id else error from error

    def _watch(self, timeout: float | None, on_status: OnStatus | None, stop: threading.Event) -> Task:
        clock, began = self._desk.clock, self._desk.clock.monotonic()
        unknown = 0

        def unreached() -> None:
            if on_status:
                on_status(UNREACHED, clock.monotonic() - began)

        with self._desk.account.watching(self._run.place):
            while not self._saved() and not stop.is_set():
                left = None if timeout is None else max(0.0, began + timeout - clock.monotonic())
                answer = self._query(left, unreached)
                self._last = answer.status
                waited = clock.monotonic() - began
                if on_status:
                    on_status(answer.status, waited)
                unknown = unknown + 1 if answer.status == wire.UNKNOWN else 0
                if answer.status in wire.FINAL and unknown in (0, _UNKNOWN_TIMES):
                    self._finish(answer, None if timeout is None else max(0.0, timeout - waited))
                    break
                pause = self._desk.pace.query_interval
                if timeout is not None:
                    if waited >= timeout:
                        raise WaitTimeout(
                            f"task {self.id} is still {answer.status} after {timeout:g} s. It goes on and nothing is "
                            f"lost: client.task({self.id!r}) picks it up, within 24 hours",
                            task_id=self.id,
                        )
                    pause = min(pause, timeout - waited)
                clock.sleep(pause)
        return self

    def result(self, timeout: float | None = None) -> Result:
        """Wait as `wait` does and return the result."""
        self.wait(timeout)
        return self._run.result(reused=self._reused)

    def cancel(self) -> None:
        """Cancel the task, which the service allows only while it is PENDING.

        Raises:
            CancelRefused: it has begun already; it goes on and will be billed.
        """
        self._desk.transport.cancel(self._id())
        with self._desk.store.lock(self.run_id):
            self._run.reload()
            if self._run.state not in ENDED:
                self._run.advance(CANCELED)
        self._desk.account.leave(self._run.place)
        self._last = wire.CANCELED

    def __await__(self) -> Generator[Any, None, Result]:
        return self._awaited().__await__()

    async def _awaited(self) -> Result:
        stop = threading.Event()
        try:
            await asyncio.to_thread(self._wait, None, None, stop)
        finally:
            # A cancelled wait must not keep its thread, and with it the event loop, until the task ends.
            stop.set()
        return self._run.result(reused=self._reused)

    def _id(self) -> str:
        if self.id is None:
            raise UnknownOutcome(
                f"run {self.run_id} was a synchronous call: only the session that made it knew its links",
                run_id=self.run_id,
            )
        return self.id

    def _query(self, seconds: float | None = None, unreached: Callable[[], None] = lambda: None) -> wire.Answer:
        kept = self._desk.kept.get(self._run.place)
        if kept:
            return kept
        task_id = self._id()
        try:
            answer = self._desk.transport.query(task_id, seconds=seconds, unreached=unreached)
        except (ConnectionFailed, UnknownOutcome, ServiceError, RateLimited) as error:
            reason = f"{error.code}, {error.message}" if isinstance(error, ApiError) else str(error)
            raise WaitTimeout(
                f"task {task_id} cannot be asked for: {reason}. It goes on without us and nothing is lost: "
                f"client.task({task_id!r}) or client.rescue() picks it up, within 24 hours",
                task_id=task_id,
            ) from error
        if answer.status in wire.FINAL:
            self._desk.account.leave(self._run.place)
        return answer

    def _saved(self) -> bool:
        """Return whether the run has ended on disk; raise what ended it if it ended badly."""
        if self._run.state not in ENDED:
            self._run.reload()
        if self._run.state not in ENDED:
            return False
        if self._run.state != DONE:
            raise _ended_badly(self._run)
        return True

    def _is_old(self) -> bool:
        """Return whether the service has forgotten the task by its own rule, after 24 hours."""
        sent = self._run.record.get("last_sent_at")
        now, within = self._desk.transport.now()
        within += float(self._run.record.get("sent_within") or 0)
        return sent is not None and now - within - sent > _KEPT

    def _finish(self, answer: wire.Answer, seconds: float | None) -> None:
        with self._desk.store.lock(self.run_id, seconds=seconds):
            if self._saved() or (answer.status != wire.SUCCEEDED and finish_from_disk(self._run)):
                return
            if answer.status == wire.SUCCEEDED:
                collect(self._run, answer, self._desk.transport)
                self._desk.kept.pop(self._run.place, None)
                return
            if answer.status == wire.FAILED:
                failed = _failure(answer, self.id)
                record = {"code": failed.code, "message": failed.message, "request_id": failed.request_id}
                self._run.advance(FAILED, error=record)
            elif answer.status == wire.CANCELED:
                self._run.advance(CANCELED)
            elif self._is_old():
                self._run.advance(LOST)
            else:
                # It may be the region, the account or the moment; the run stays open for a later look.
                raise _forgotten(self._run)
        raise _ended_badly(self._run)


def _failure(answer: wire.Answer, task_id: str | None) -> ApiError:
    return api_error(
        answer.code or "Failed",
        answer.message or "the service gave no reason",
        status=200,
        request_id=answer.request_id,
        task_id=task_id,
    )


def _forgotten(run: Run) -> TaskForgotten:
    return TaskForgotten(
        f"the service does not know task {run.task_id}: it keeps tasks for 24 hours, in the region and account that "
        "made them. client.rescue() looks again; with fresh=True the same call asks and pays anew",
        task_id=run.task_id,
    )


def _ended_badly(run: Run) -> Exception:
    error = run.record.get("error") or {}
    if run.state == FAILED and error.get("code"):
        return api_error(
            error["code"],
            error.get("message") or "",
            status=error.get("status") or 200,
            request_id=error.get("request_id"),
            task_id=run.task_id,
        )
    if run.state == FAILED:
        return ConnectionFailed(str(error.get("text") or "the run failed"))
    if run.state == CANCELED:
        return TaskCanceled(f"task {run.task_id} was canceled before it ran; nothing is billed", task_id=run.task_id)
    if run.state == LOST and run.task_id:
        return TaskForgotten(
            f"the service has forgotten task {run.task_id}: it keeps tasks for 24 hours. Its images were not fetched "
            "in time and cannot be had any more; the same call asks and pays anew",
            task_id=run.task_id,
        )
    if run.state == LOST:
        return UnknownOutcome(
            f"run {run.id} was cut off more than 24 hours ago, and the service keeps nothing longer. It may or may not "
            "have been billed, and nobody can know any more; the same call asks and pays anew",
            run_id=run.id,
        )
    return StoreError(f"run {run.id} is {run.state}")
