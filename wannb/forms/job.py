"""One request on a worker thread: sent, waited for, left alone and picked up again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from wannb.client import Client
from wannb.errors import UnknownOutcome
from wannb.ledger import ENDED, Result, Task, usual_seconds
from wannb.request import ImageRequest

Phase = Literal["idle", "sending", "waiting", "left", "done", "failed"]
_TICK = 1.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a job is.

    Attributes:
        phase: idle, sending, waiting, left (nobody looks, it goes on all the same), done or failed.
        status: the service's own state, such as RUNNING; empty before the first look.
        seconds: since it began.
        usual: how long such a request usually takes, None if there is no such run yet.
        task_id: the service's id, once it is known.
        open_run: after a failure, the run that may still bring images and can be picked up.
        result, error: how it ended.
    """

    phase: Phase
    status: str = ""
    seconds: float = 0.0
    usual: float | None = None
    task_id: str | None = None
    open_run: str | None = None
    result: Result | None = None
    error: BaseException | None = None

    @property
    def under_way(self) -> bool:
        """Whether it is sent or waited for at this moment."""
        return self.phase in ("sending", "waiting")


@dataclass(kw_only=True)
class _Wait:
    """One thread's work; it goes on, and saves what comes, whoever looks."""

    progress: Progress
    thread: threading.Thread | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class Job:
    """What a form sent last.

    Args:
        client: who sends.
        show: called with each `Progress`, from worker threads, one call at a time.
        arrived: called with the result when it is there and somebody looks, outside of the lock.
        lock: held during `show`; a form brings its own.
    """

    def __init__(
        self,
        client: Client,
        show: Callable[[Progress], None],
        arrived: Callable[[Result], None] = lambda result: None,
        lock: Any = None,
    ) -> None:
        self._client = client
        self._show = show
        self._arrived = arrived
        self._lock = lock or threading.RLock()
        self._wait: _Wait | None = None
        self._left = False

    @property
    def progress(self) -> Progress:
        """Where it is now."""
        if self._wait is None:
            return Progress(phase="idle")
        return replace(self._wait.progress, phase="left") if self._left else self._wait.progress

    @property
    def under_way(self) -> bool:
        """Whether it is sent or waited for at this moment, with somebody looking."""
        return self.progress.under_way

    def send(self, request: ImageRequest, *, fresh: bool = False) -> bool:
        """Send a request on a thread of its own and return at once; False when one is under way.

        Two presses may come at the same moment, on threads of their own (ipykernel's subshells).
        """
        return self._begin(lambda: self._client.submit(request, fresh=fresh), request)

    def watch(self, find: Callable[[], Task]) -> bool:
        """Wait for a task that was sent before; False when something is under way."""
        return self._begin(find, None)

    def stop(self) -> None:
        """Look away. The work goes on and saves its images; `pick_up` shows it again."""
        with self._lock:
            if self.under_way:
                self._left = True
                self._show(self.progress)

    def pick_up(self) -> bool:
        """Look again at what was left alone, or try again to bring what a failure left open. Sends nothing."""
        with self._lock:
            wait = self._wait
            if wait is None or self.under_way:
                return False
            run = wait.progress.open_run
            if not self._left and run:
                return self.watch(lambda: self._client.pick_up(run))
            self._left = False
            self._show(wait.progress)
        if wait.progress.result is not None:
            self._bring(wait.progress.result)
        return True

    def detach(self) -> None:
        """Forget what was sent; its work goes on and is not shown any more."""
        with self._lock:
            self._wait, self._left = None, False

    def join(self, timeout: float | None = None) -> Progress:
        """Wait until the work has ended, and return how."""
        wait = self._wait
        if wait is None or wait.thread is None:
            return self.progress
        wait.thread.join(timeout)
        return wait.progress

    def _begin(self, find: Callable[[], Task], request: ImageRequest | None) -> bool:
        with self._lock:
            if self.under_way:
                return False
            wait = self._wait = _Wait(progress=Progress(phase="sending" if request else "waiting"))
            self._left = False
            began = time.monotonic()

            def work() -> None:
                try:
                    self._work(wait, find, request)
                finally:
                    wait.ended.set()

            def tick() -> None:
                while not wait.ended.is_set():
                    self._tell(wait, seconds=time.monotonic() - began)
                    wait.ended.wait(_TICK)

            # Daemons: a kernel that is shut down does not wait for them, and what they wait for is on disk.
            wait.thread = threading.Thread(target=work, name="wannb-job", daemon=True)
            wait.thread.start()
            threading.Thread(target=tick, name="wannb-job-clock", daemon=True).start()
        return True

    def _work(self, wait: _Wait, find: Callable[[], Task], request: ImageRequest | None) -> None:
        task: Task | None = None

        def look(status: str, _: float) -> None:
            self._tell(wait, status=status)

        try:
            task = find()
            self._tell(wait, phase="waiting", task_id=task.id)
            if request:
                self._tell(wait, usual=self._usual(request))
            result = task.wait(on_status=look).result()
        except BaseException as error:
            run = task.run_id if task else error.run_id if isinstance(error, UnknownOutcome) else None
            self._tell(wait, phase="failed", error=error, open_run=self._still_open(run))
        else:
            if self._tell(wait, phase="done", result=result):
                self._bring(result)

    def _tell(self, wait: _Wait, **changes: Any) -> bool:
        """Take a change over, and show it if somebody looks at this work; return whether somebody does."""
        with self._lock:
            if wait.progress.phase in ("done", "failed"):
                return False
            wait.progress = replace(wait.progress, **changes)
            looked_at = wait is self._wait and not self._left
            if looked_at:
                self._show(wait.progress)
            return looked_at

    def _bring(self, result: Result) -> None:
        try:
            self._arrived(result)
        except Exception:
            # Somebody's own function raised; the form and its images are whole.
            logging.getLogger("wannb").exception("a function that follows a form's result raised")

    def _usual(self, request: ImageRequest) -> float | None:
        """Return the usual time; nothing that is wrong with an old run may stop a new one."""
        with suppress(Exception):
            return usual_seconds(request, self._client.store.newest(), self._client.service.name)
        return None

    def _still_open(self, run_id: str | None) -> str | None:
        with suppress(Exception):
            return run_id if run_id and self._client.store.get(run_id).state not in ENDED else None
        return None
