"""Threads for work that is done at the same time, also while the interpreter ends."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Threads(Executor):
    """At most `most` threads at a time; where none can be started any more, the caller's own does the work.

    A `ThreadPoolExecutor` refuses all work once the main thread has ended, although other threads go on, and paid
    images with them. The interpreter waits for these threads.

    >>> with Threads(2) as threads:
    ...     list(threads.map(abs, [-1, -2]))
    [1, 2]
    """

    def __init__(self, most: int, *, name: str = "wannb") -> None:
        self._most = most
        self._name = name
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def submit(self, call: Callable[P, R], /, *args: P.args, **named: P.kwargs) -> Future[R]:
        """Begin a call as soon as a thread is free, and return its future."""
        future: Future[R] = Future()
        thread = None
        with self._lock:
            self._waiting.append((future, partial(call, *args, **named)))
            if len(self._threads) < self._most:
                thread = threading.Thread(target=self._work, name=self._name, daemon=False)
                self._threads.add(thread)
        if thread:
            try:
                thread.start()
            except RuntimeError:  # the interpreter is ending, or the system has no more
                self._threads.discard(thread)
                self._work()
        return future

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads.discard(threading.current_thread())
                    return
                future, call = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:
                    future.set_exception(error)
            del future, call

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for the calls that were submitted; with `cancel_futures` those that did not begin are canceled."""
        if cancel_futures:
            with self._lock:
                dropped, self._waiting = self._waiting, deque()
            for future, _ in dropped:
                future.cancel()
        for thread in list(self._threads) if wait else ():
            thread.join()
