"""Pace of requests within the service's limits, what a thread waits for, how long, and how to call a request off.

Limits are counted per account: 5 submits a second for each model, 5 running tasks and up to 500 queued ones, 20 queries
a second (documented). So all clients of a process that use one account share one `Account`. A task beyond the running
five waits at the service as PENDING, and can be canceled there, which is not billed.
"""

from __future__ import annotations

import hashlib
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakSet, WeakValueDictionary

from wannb.errors import CalledOff, WaitTimeout
from wannb.translation import Said

T = TypeVar("T")

#: A little slower than allowed, since the way to the service can bunch what was sent evenly; more so with queries,
#: of which twenty come together within the second that is counted.
SLACK, QUERY_SLACK = 1.05, 1.15


@dataclass(frozen=True, kw_only=True)
class Clock:
    """The clock and sleep as arguments, so that tests need not wait."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast to go; the defaults are the service's documented limits.

    Attributes:
        submits: submits a second.
        running: tasks of one model that the service runs at the same time.
        ahead: tasks of one model that a plan hands in beyond those, so that the service never waits for the next.
        queries: queries a second, over all tasks of an account.
        query_interval: seconds between two queries of one task.
        unlisted: seconds for which a task that the service does not know yet is waited for.
        lookups: seconds to wait before each look into the task list after a lost answer; the list may lag behind.
        retry_seconds: how long a call in trouble is tried again; one that did not reach the service 20 at most, 3 if
            none of this client ever did.
        backoff: first and longest pause between two tries, in seconds.
    """

    submits: float = 5
    running: int = 5
    ahead: int = 5
    queries: float = 20
    query_interval: float = 0.3
    unlisted: float = 180
    lookups: tuple[float, ...] = (0.2, 1.0, 3.0, 8.0, 15.0, 30.0)
    retry_seconds: float = 180
    backoff: tuple[float, float] = (0.4, 15)

    @property
    def at_once(self) -> int:
        """Tasks of one model that a plan has at the service at the same time."""
        return self.running + self.ahead

    @property
    def interval(self) -> float:
        """Seconds between two submits."""
        return SLACK / self.submits


#: What a forked child has of its own: locks, whose holders do not live there, and connections, which answer the parent.
_own: WeakSet[Any] = WeakSet()


def own_in_forks(thing: T) -> T:
    """Return a lock, or anything with `_at_fork_reinit` as locks have it, that begins anew in each forked child."""
    _own.add(thing)
    return thing


def _begin_anew() -> None:
    for thing in list(_own):
        thing._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


#: Told what this thread waits for, and "" when that is over; set by what shows it. And what it waits for now.
_hear: ContextVar[Callable[[str], object]] = ContextVar("hear", default=lambda wait: None)
_wait: ContextVar[str] = ContextVar("wait", default="")
#: Seconds for which a lock is waited for without a word.
SOON = 0.3


@contextmanager
def heard(hear: Callable[[str], object]) -> Iterator[None]:
    """Let a function hear what this thread waits for within a `with` block, and "" when that is over."""
    token = _hear.set(hear)
    try:
        yield
    finally:
        _hear.reset(token)


@contextmanager
def waiting(wait: Said) -> Iterator[None]:
    """Say what this thread waits for within a `with` block, how long and what is usual, to whoever shows it.

    >>> with heard(print), waiting(Said("trying again in {seconds} s", seconds=4)):
    ...     pass
    trying again in 4 s
    <BLANKLINE>
    """
    hear, outer = _hear.get(), _wait.get()
    token = _wait.set(wait)
    hear(wait)
    try:
        yield
    finally:
        _wait.reset(token)
        hear(outer)


#: Until when a call may go on, how many seconds that was when it began, and by which clock.
_deadline: ContextVar[tuple[float, float, Clock] | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float | None, clock: Clock) -> Iterator[None]:
    """Bound every wait of a `with` block, together, by a number of seconds; None, and an earlier bound, change nothing.

    What waits asks `left()`, and raises `late(...)` when that is 0.
    """
    if seconds is None or seconds >= left():
        yield
        return
    token = _deadline.set((clock.monotonic() + max(0.0, seconds), max(0.0, seconds), clock))
    try:
        yield
    finally:
        _deadline.reset(token)


def left() -> float:
    """Return for how many seconds the call of this thread may go on, infinite where nothing bounds it."""
    bound = _deadline.get()
    return max(0.0, bound[0] - bound[2].monotonic()) if bound else math.inf


def bound() -> float:
    """Return how many seconds the call of this thread was given, infinite where nothing bounds it."""
    given = _deadline.get()
    return given[1] if given else math.inf


def late(wait: str) -> WaitTimeout:
    """Return the error of a call whose time is over, with what it waited for."""
    return WaitTimeout(
        "timed out after {seconds} s: {wait}. Nothing is lost and nothing is paid twice: call again to go on",
        seconds=f"{bound():g}",
        wait=wait,
    )


@contextmanager
def held(lock: threading.Lock, wait: Said) -> Iterator[None]:
    """Hold a lock of this process, and say what is waited for until another thread lets it go.

    Raises:
        WaitTimeout: the time of this call was over before (see `within`).
    """
    if not lock.acquire(timeout=min(SOON, left())):
        with waiting(wait):
            if not lock.acquire(timeout=min(left(), threading.TIMEOUT_MAX)):
                raise late(wait)
    try:
        yield
    finally:
        lock.release()


class Gate:
    """Let callers through one after the other, evenly spaced from one that went through to the next."""

    def __init__(self, per_second: float, clock: Clock, *, slack: float = SLACK) -> None:
        self._interval = slack / per_second
        self._turn = Said("waiting for a turn: the service allows {n} requests a second", n=f"{per_second:g}")
        self._clock = clock
        self._lock = own_in_forks(threading.Lock())
        self._last = -math.inf

    def wait(self) -> None:
        """Sleep until it is this caller's turn."""
        # The lock is held through the sleep: the next turn counts from when this caller went, not from when it was
        # to go. So a caller that wakes up late does not come close to the next.
        with held(self._lock, self._turn):
            while (pause := self._last + self._interval - self._clock.monotonic()) > 0:
                if pause > left():
                    raise late(self._turn)
                self._clock.sleep(pause)
            self._last = self._clock.monotonic()


#: Asked before anything is sent; set for the thread that sends.
_off: ContextVar[Callable[[], bool]] = ContextVar("called_off", default=lambda: False)


@contextmanager
def callable_off(off: Callable[[], bool]) -> Iterator[None]:
    """Let a request of this thread be called off before it is sent."""
    token = _off.set(off)
    try:
        yield
    finally:
        _off.reset(token)


def called_off() -> bool:
    """Return whether what this thread is about to send was called off."""
    return _off.get()()


def check_called_off() -> None:
    """Raise `CalledOff` if what is about to be sent was called off."""
    if called_off():
        raise CalledOff(Said("stopped before it was sent; nothing is billed"))


class _Each(dict[str, T]):
    """One thing for each model, made when it is first asked for; threads that ask at once get the same one."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make

    def __missing__(self, model: str) -> T:
        return self.setdefault(model, self._make())


class Waiting:
    """The tasks of an account that this process asks about: which of them wait at the service, in which order.

    Tasks of other programs are not known here, and those that nobody asked about lately are left out.
    """

    def __init__(self, running: int, clock: Clock) -> None:
        self._running, self._clock = running, clock
        #: By task: its model, whether it waits, when it was sent, and when that was last heard.
        self._heard: dict[str, tuple[str, bool, float, float]] = {}

    def hear(self, task_id: str, model: str, sent: float, *, waits: bool | None) -> None:
        """Take down whether a task waits or runs; None for one that has ended."""
        if waits is None:
            self._heard.pop(task_id, None)
        else:
            self._heard[task_id] = model, waits, sent, self._clock.monotonic()

    def place(self, task_id: str) -> int | None:
        """Return which one to be begun a waiting task is, from 1; None unless as many run as can, so that one can tell.

        >>> Waiting(5, Clock()).place("a task that nobody asked about")
        """
        model, waits, sent, _ = self._heard.get(task_id, ("", False, 0.0, 0.0))
        lately = self._clock.monotonic() - _LATELY
        others = [each for each in list(self._heard.values()) if each[0] == model and each[3] >= lately]
        if not waits or sum(not each[1] for each in others) < self._running:
            return None
        return 1 + sum(each[1] and each[2] < sent for each in others)

    def seconds(self, place: int, usual: float) -> float:
        """Return in how many seconds a task at a place will have ended, by how long such a task runs."""
        return usual * (1 + place / self._running)


class Account:
    """The gates that all clients of one account share in this process.

    Attributes:
        submits: by model, the gate to pass before each request that makes images.
        queries: the gate to pass before each other request.
        mark: tells an account's runs from those of another in the same folder; it does not tell the key.
        waiting: the tasks that were last heard of as waiting or running, to know a waiting one's place.
        accepted: the newest tasks that were made, and when by the service's clock; a later one is what a look-up of a
            lost answer waits for.
        list_lags: whether one of them was not in the task list when it should have been.
    """

    def __init__(self, name: str, pace: Pace, clock: Clock) -> None:
        self.submits = _Each(lambda: Gate(pace.submits, clock))
        self.queries = Gate(pace.queries, clock, slack=QUERY_SLACK)
        self._submitting = _Each(lambda: own_in_forks(threading.Lock()))
        self.mark = name[:8]
        self.waiting = Waiting(pace.running, clock)
        self.accepted = deque[tuple[str, float]](maxlen=200)
        self.list_lags = False

    def submitting(self, model: str) -> AbstractContextManager[None]:
        """Hold this while a request is submitted, so that the time in which a lost one can have arrived is narrow."""
        wait = Said("waiting for a turn: another request is being sent, usually for under 2 s")
        return held(self._submitting[model], wait)


#: Seconds after which what was heard of a task says nothing of the queue any more.
_LATELY = 15.0
#: Forgotten with the last client that uses it.
_accounts: WeakValueDictionary[str, Account] = WeakValueDictionary()
_accounts_lock = own_in_forks(threading.Lock())


def account(base_url: str, key: object, *, pace: Pace, clock: Clock) -> Account:
    """Return the account that a key has at an address, the same one for every client of this process.

    The first client's pace is everybody's.
    """
    name = hashlib.sha256(f"wannb {key} {base_url}".encode()).hexdigest()
    with _accounts_lock:
        return _accounts.setdefault(name, Account(name, pace, clock))
