"""Keep within the service's limits: so many submits and queries a second, so many tasks running at once.

Limits are counted per account (documented: 5 submits a second and 5 running tasks for each model, 20 queries a second),
so all clients of a process that use one account share one `Account`.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from wannb.errors import CalledOff

#: A little slower than allowed, since the way to the service can bunch what was sent evenly.
_SLACK = 1.05


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
        running: tasks of one model at the same time.
        queries: queries a second, over all tasks of an account.
        query_interval: seconds between two queries of one task.
        lookups: seconds to wait before each look into the task list after a lost answer.
        retry_seconds: how long a call in trouble is tried again; one that never reached the service 20 at most.
        backoff: first and longest pause between two tries, in seconds.
    """

    submits: float = 5
    running: int = 5
    queries: float = 20
    query_interval: float = 0.3
    lookups: tuple[float, ...] = (0.2, 1.0, 3.0, 8.0, 15.0)
    retry_seconds: float = 180
    backoff: tuple[float, float] = (0.4, 15)

    @property
    def interval(self) -> float:
        """Seconds between two submits."""
        return _SLACK / self.submits


class Gate:
    """Let callers through one after the other, at most so many a second."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._interval = _SLACK / per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Sleep until it is this caller's turn."""
        with self._lock:
            now = self._clock.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            self._clock.sleep(turn - now)


#: Asked before anything is sent; set for the thread that sends.
_off: ContextVar[Callable[[], bool]] = ContextVar("called_off", default=lambda: False)


@contextmanager
def callable_off(called_off: Callable[[], bool]) -> Iterator[None]:
    """Let what this thread is about to send be called off as long as it has not been sent."""
    token = _off.set(called_off)
    try:
        yield
    finally:
        _off.reset(token)


def check_called_off() -> None:
    """Raise `CalledOff` if what is about to be sent was called off."""
    if _off.get()():
        raise CalledOff("stopped before it was sent; nothing is billed")


@dataclass(kw_only=True)
class Account:
    """What all clients of one account share in this process.

    `mark` tells an account's runs from those of another in the same store; it does not tell the key.
    """

    submits: Gate
    queries: Gate
    submitting: threading.Lock = field(default_factory=threading.Lock)
    mark: str
    running: dict[str, dict[str, str | None]] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    changed: threading.Condition = field(default_factory=threading.Condition)
    relieving: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, model: str, name: str, *, most: int, timeout: float) -> bool:
        """Count a run as running; False when there was no room for it within `timeout` seconds."""
        with self.changed:
            names = self.running.setdefault(model, {})
            if not self.changed.wait_for(lambda: name in names or len(names) < most, timeout):
                return False
            names.setdefault(name)
            return True

    def submitted(self, name: str, task_id: str) -> None:
        """Note which task a running run became."""
        with self.changed:
            for names in self.running.values():
                if name in names:
                    names[name] = task_id

    @contextmanager
    def watching(self, name: str) -> Iterator[None]:
        """Say that somebody waits for a run, and so will notice its end."""
        try:
            with self.changed:
                self.watched.add(name)
            yield
        finally:
            with self.changed:
                self.watched.discard(name)

    def unwatched(self, model: str) -> list[tuple[str, str]]:
        """Return the running runs of a model that nobody waits for, with their tasks."""
        with self.changed:
            names = self.running.get(model, {}).items()
            return [(name, task_id) for name, task_id in names if task_id and name not in self.watched]

    def leave(self, name: str) -> None:
        """Count a run as running no more."""
        with self.changed:
            for names in self.running.values():
                names.pop(name, None)
            self.changed.notify_all()


#: Forgotten with the last client that uses it.
_accounts: WeakValueDictionary[str, Account] = WeakValueDictionary()
_accounts_lock = threading.Lock()


def account(base_url: str, key: object, *, pace: Pace, clock: Clock) -> Account:
    """Return the account that a key has at an address, the same one for every client of this process.

    The first client's pace is everybody's.
    """
    name = hashlib.sha256(f"wannb {key} {base_url}".encode()).hexdigest()
    with _accounts_lock:
        known = _accounts.get(name)
        if known is None:
            gates = (Gate(pace.submits, clock), Gate(pace.queries, clock))
            known = Account(submits=gates[0], queries=gates[1], mark=name[:8])
            _accounts[name] = known
        return known
