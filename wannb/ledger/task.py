"""Task: the service's job as a handle that can be queried, waited for, awaited, canceled and picked up later."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any

from wannb.display import ProgressLine, html
from wannb.errors import (
    CancelRefused,
    ConnectionFailed,
    RateLimited,
    ServiceError,
    StoreError,
    TaskCanceled,
    TaskForgotten,
    UnknownOutcome,
    WaitTimeout,
    WannbError,
)
from wannb.runs import CANCELED, DONE, ENDED, FAILED, LOST, Failure, Result, Run, at_work, stranded, usual_seconds
from wannb.service import bound, heard, left, waiting, wire, within
from wannb.translation import Said, current, override, say, spoken

from .lost_answers import is_past, reason_of
from .saving import error_of, finish_from_disk
from .submit import Ledger, forgotten_answer

#: Called with the service's state and the seconds waited so far.
OnStatus = Callable[[str, float], None]

#: The service says UNKNOWN of a task it has forgotten, and for a minute or so of one that it has just made.
_UNKNOWN_TIMES = 3
_UNLISTED = Said("the service does not list the task yet, usually for under a minute")


@contextmanager
def waits_shown(after: float | None = None) -> Iterator[ProgressLine]:
    """Show what is waited for in a line of text, where none is shown already; also as a decorator."""
    with ProgressLine(after) as line:
        if not line.on:
            yield line
            return
        with heard(line.hear):
            yield line


@html.hides("goes_on queued withdraw")
class Task:
    """One job of the service. It lives on when the kernel dies: `client.task(id)` picks it up again.

    >>> task = client.submit(request)        # doctest: +SKIP
    >>> task.status()                        # doctest: +SKIP
    'RUNNING'
    >>> result = task.result(timeout=300)    # doctest: +SKIP
    """

    def __init__(self, ledger: Ledger, run: Run, *, reused: bool = False, own: bool = False) -> None:
        self.language = current()
        self._ledger = ledger
        self._run = run
        self._reused = reused
        #: Whether this handle's caller made the run; only then an interrupt cancels it.
        self._own = own
        self._last: str | None = None
        #: Whether the service does not list the task yet, and since when it says that it does not know it.
        self._unlisted, self._unknown_since = False, math.inf

    @property
    def id(self) -> str | None:
        """The service's task id; None for a run that never got one, such as a synchronous call."""
        return self._run.task_id

    @property
    def run_id(self) -> str:
        """The name of the run's folder."""
        return self._run.id

    @property
    def goes_on(self) -> Said:
        """What becomes of the task when nobody waits for it, in words."""
        return Said(
            "stopped waiting; task {task_id} goes on and nothing is lost: client.task({quoted}) picks it up, within 24 "
            "hours",
            task_id=self.id,
            quoted=repr(self.id),
        )

    def __repr__(self) -> str:
        state = self._last or ("saved" if self._run.state == DONE else self._run.state)
        return f"Task({self.id!r}, {state})"

    @spoken
    @waits_shown()
    def status(self) -> str:
        """Ask the service and return PENDING, RUNNING, SUCCEEDED, FAILED, CANCELED or UNKNOWN.

        A run whose images are saved is SUCCEEDED without asking, and a task is PENDING while it is so young that the
        service may not list it yet.
        """
        if self._run.state == DONE:
            self._last = wire.SUCCEEDED
        else:
            self._last = self._query().status
        return self._last

    @spoken
    def wait(self, timeout: float | None = None, *, on_status: OnStatus | None = None) -> Task:
        """Wait until the task has ended and its images are saved, and return the task.

        Args:
            timeout: seconds, for the downloads too; None waits as long as it takes.
            on_status: called after each query with the state and the seconds waited; without it a line of text shows
                what is waited for.

        Raises:
            WaitTimeout: the time is over; the task goes on and nothing is lost.
            ApiError: the task failed; failed tasks are not billed.
            TaskCanceled, TaskForgotten, DownloadFailed: as they say.
        """
        try:
            with waits_shown() as line:
                line.usual = self.usual
                self._wait(timeout, on_status or line.status, threading.Event())
        except KeyboardInterrupt as stop:
            if self.id:
                stop.args = (say(self.goes_on),)
            raise
        return self

    @at_work()
    def _wait(self, timeout: float | None, on_status: OnStatus, stop: threading.Event) -> None:
        try:
            self._watch(timeout, on_status, stop)
        except StoreError as error:
            raise stranded(error, self.id) if self.id else error from error

    def _watch(self, timeout: float | None, on_status: OnStatus, stop: threading.Event) -> None:
        clock = self._ledger.clock
        began, unknown = clock.monotonic(), 0
        with within(timeout, clock), ExitStack() as said:
            while not self._saved() and not stop.is_set():
                last = not left()  # what has ended by now is saved; the time may have gone into the sending
                listed = not self._unlisted
                asked, answer = self.id, self._query()
                self._last = answer.status
                if listed and self._unlisted:
                    said.enter_context(waiting(_UNLISTED))
                elif not self._unlisted:
                    said.close()
                on_status(answer.status, clock.monotonic() - began)
                unknown = unknown + 1 if answer.status == wire.UNKNOWN else 0
                if answer.status in wire.FINAL and unknown in (0, _UNKNOWN_TIMES):
                    if self._finish(answer, asked):
                        return
                    continue
                if last or not left():
                    raise WaitTimeout(
                        "task {task_id} is still {status} after {seconds} s. It goes on and nothing is lost: "
                        "client.task({quoted}) picks it up, within 24 hours",
                        task_id=self.id,
                        status=answer.status,
                        seconds=f"{bound():g}",
                        quoted=repr(self.id),
                    )
                clock.sleep(min(self._ledger.pace.query_interval, left()))

    @spoken
    def result(self, timeout: float | None = None) -> Result:
        """Wait as `wait` does and return the result."""
        self.wait(timeout)
        return self._run.result(reused=self._reused)

    @spoken
    @waits_shown()
    def cancel(self) -> None:
        """Cancel the task, which the service allows only while it is PENDING; a canceled task is not billed.

        Raises:
            CancelRefused: it has begun already; it goes on and will be billed.
        """
        asked = self._id()
        self._ledger.transport.cancel(asked)
        self._ledger.account.waiting.hear(asked, "", 0, waits=None)
        with self._ledger.store.lock(self.run_id):
            self._run.reload()
            if self.id == asked and self._run.state not in ENDED:
                self._run.advance(CANCELED)
        self._last = wire.CANCELED

    def withdraw(self) -> bool:
        """Cancel the task of a caller who stopped; False when it goes on.

        A task that has begun goes on, and so does one that another caller sent, or that may be somebody else's. Trouble
        raises nothing: the caller has an exception already.
        """
        if not self._own or not self.id or self._last not in (None, wire.PENDING):
            return False
        if self._run.record.uncertain:
            return False  # it may be somebody else's
        try:
            self.cancel()
        except CancelRefused:
            return False
        except WannbError:
            return self._last == wire.CANCELED
        return True

    def __await__(self) -> Generator[Any, None, Result]:
        return self._awaited().__await__()

    async def _awaited(self) -> Result:
        stop = threading.Event()
        try:
            with override(self.language), waits_shown() as line:
                line.usual = self.usual
                await asyncio.to_thread(self._wait, None, line.status, stop)
        finally:
            # A cancelled wait must not keep its thread, and with it the event loop, until the task ends.
            stop.set()
        return self._run.result(reused=self._reused)

    def _id(self) -> str:
        if self.id is None and self._run.record.via != "sync":
            raise UnknownOutcome(
                "run {run_id} holds no task: its answer was lost, or its task was taken back. "
                "client.candidates({quoted}) shows what it may have become",
                run_id=self.run_id,
                quoted=repr(self.run_id),
            )
        if self.id is None:
            raise UnknownOutcome(
                "run {run_id} was a synchronous call: only the session that made it knew its links", run_id=self.run_id
            )
        return self.id

    def usual(self, *, since: str = "submit_time") -> float | None:
        """Return how many seconds such a task usually takes, None if that is unknown; a damaged run stops nothing."""
        with suppress(Exception):
            request, store = self._run.request, self._ledger.store
            return usual_seconds(request, store.newest(), self._run.service, since=since) if request else None
        return None

    def queued(self, usual: float | None) -> str:
        """Return a waiting task's place at the service and when it will have ended; nothing where that is not known.

        Args:
            usual: how many seconds such a task runs, if that is known: `usual(since="scheduled_time")`.
        """
        waiting = self._ledger.account.waiting
        place = waiting.place(self.id or "")
        if place is None:
            return ""
        if usual is None:
            return Said("waiting for the service: {place}", place=_ordinal(place))
        seconds = waiting.seconds(place, usual)
        return Said(
            "waiting for the service: {place}, about {seconds} s",
            place=_ordinal(place),
            seconds=f"{round(seconds, -1 if seconds > 20 else 0):.0f}",
        )

    def _query(self) -> wire.Answer:
        kept = self._ledger.kept.get(self._run.folder)
        if kept:
            return kept
        task_id = self._id()
        try:
            return self._listed(self._ledger.transport.query(task_id))
        except (ConnectionFailed, UnknownOutcome, ServiceError, RateLimited, WaitTimeout) as error:
            raise WaitTimeout(
                "task {task_id} cannot be queried: {reason}. It goes on and nothing is lost: "
                "client.task({quoted}) or client.rescue() picks it up, within 24 hours",
                task_id=task_id,
                reason=reason_of(error),
                quoted=repr(task_id),
            ) from error

    def _listed(self, answer: wire.Answer) -> wire.Answer:
        """Return an answer, that a task is PENDING where the service does not know it yet.

        How young the task is tells the service's clock, and where that is doubtful how long it was unknown.
        """
        unknown, now = answer.status == wire.UNKNOWN, self._ledger.clock.monotonic()
        self._unknown_since = min(self._unknown_since, now) if unknown else math.inf
        sent, model = self._run.record.sent[1], str((self._run.record.request or {}).get("model"))
        waits = None if answer.status not in (wire.PENDING, wire.RUNNING) else answer.status == wire.PENDING
        self._ledger.account.waiting.hear(self._id(), model, sent, waits=waits)
        age = self._ledger.transport.now()[0] - sent
        self._unlisted = unknown and max(age, now - self._unknown_since) < self._ledger.pace.unlisted
        return replace(answer, status=wire.PENDING) if self._unlisted else answer

    def _saved(self) -> bool:
        """Return whether the run has ended on disk; raise what ended it if it ended badly."""
        if self._run.state not in ENDED:
            self._run.reload()
        if self._run.state not in ENDED:
            return False
        if self._run.state != DONE:
            raise _ended_badly(self._run)
        return True

    def _finish(self, answer: wire.Answer, asked: str | None) -> bool:
        """End the run by an answer about a task; False where the run was given another one, or none, meanwhile."""
        with self._ledger.store.lock(self.run_id):
            if self._saved():
                return True
            if self.id != asked:
                return False
            if answer.status != wire.SUCCEEDED and finish_from_disk(self._run):
                return True
            if answer.status in (wire.SUCCEEDED, wire.FAILED):
                self._ledger.collect(self._run, answer)
                return True
            if answer.status == wire.CANCELED:
                self._run.advance(CANCELED)
            elif is_past(self._run.record.sent[1], self._run.record, self._ledger.transport):
                self._run.advance(LOST)
            else:
                # It may be the region, the account or the moment; the run stays open for a later look.
                raise TaskForgotten(
                    "the service does not know task {task_id}: it keeps tasks for 24 hours, in the region and "
                    "account that made them. It may be billed all the same: client.rescue() looks again, within 24 "
                    "hours of the run",
                    task_id=self.id,
                )
        raise _ended_badly(self._run)


def _ordinal(number: int) -> Said:
    last = number % 10 if number % 100 // 10 != 1 else 0
    if last == 1:
        return Said("{n}st", n=number)
    if last == 2:
        return Said("{n}nd", n=number)
    return Said("{n}rd", n=number) if last == 3 else Said("{n}th", n=number)


def _ended_badly(run: Run) -> WannbError:
    error, task_id = run.record.error or Failure(), run.task_id
    if run.state == FAILED and error.code:
        return error_of(error, task_id)
    if run.state == FAILED:
        return ConnectionFailed(error.text or Said("the run failed"))
    if run.state == CANCELED:
        said = Said("task {task_id} was canceled before it ran; nothing is billed", task_id=task_id)
        return TaskCanceled(said, task_id=task_id)
    if run.task_id:
        return TaskForgotten(
            "the service has forgotten task {task_id}: it keeps tasks for 24 hours. Its images were not fetched in "
            "time and are lost; the same call asks and pays again",
            task_id=task_id,
        )
    return forgotten_answer(run)
