"""The service's limits, for those who switch them on: submits a second, running and queued tasks, queries a second."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from .exchange import Refused

# Documented, for both models in both regions; counted for the whole account.
SUBMITS_A_SECOND = 5
RUNNING = 5  # tasks of a model; the others wait as PENDING
QUEUED = 500
READS_A_SECOND = 20  # of queries, of lists and of cancels, each


class Limits:
    """Sliding windows of one second by the server's clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._windows: dict[str, deque[float]] = {}

    def submit(self, model: str) -> None:
        """Refuse a submit, of a task or synchronous, beyond the rate."""
        self._pass(f"submit {model}", SUBMITS_A_SECOND)

    def read(self, kind: str) -> None:
        self._pass(kind, READS_A_SECOND)

    def _pass(self, name: str, most: int) -> None:
        with self._lock:
            now = self._now()
            window = self._windows.setdefault(name, deque())
            while window and window[0] <= now - 1:
                window.popleft()
            if len(window) >= most:
                raise Refused(429, "Throttling.RateQuota", f"Requests rate limit exceeded: {name}, {most} a second.")
            window.append(now)
