"""Worker: one thing at a time on a thread of its own, with progress, stop, cancel and pick up; one for each frame."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from wannb.client import Client
from wannb.errors import CancelRefused, StoreError, UnknownOutcome
from wannb.ledger import Candidate, Task
from wannb.request import ImageRequest
from wannb.runs import ENDED, Result, at_work
from wannb.service import heard
from wannb.storyboard import Generator, Storyboard
from wannb.translation import Said, Words, override

from .button import anew_text

Phase = Literal["idle", "sending", "waiting", "left", "done", "failed"]
_TICK = 1.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The state of a worker.

    Attributes:
        phase: idle, sending, waiting, left (it goes on, but is not shown), done or failed.
        status: the service's own state, such as RUNNING; empty before the first answer.
        sends: whether it began by sending a request.
        text: what the work says of itself, shown instead of the state.
        wait: what holds it up, such as a limit of the service, shown instead of both.
        seconds: since it began.
        usual: how long such a request usually takes, None before there is such a run.
        done, total: how much of the work is done; a total of 0 is unknown.
        task_id, run_id: of the service's task and the run, once they are known.
        cancel: what cancels the task while it is PENDING.
        open_run: after a failure, the run that may still bring images and can be picked up.
        choices: of a run whose answer was lost the tasks that may be its outcome, with their pictures.
        anew: what a button says that sends the request of such a run once more.
        notices: what the runs folder does not do, said by the first work alone.
        result, error: how it ended.
    """

    phase: Phase = "idle"
    status: str = ""
    sends: bool = False
    text: str = ""
    wait: str = ""
    seconds: float = 0.0
    usual: float | None = None
    done: int = 0
    total: int = 0
    task_id: str | None = None
    run_id: str | None = None
    cancel: Callable[[], object] | None = None
    open_run: str | None = None
    choices: tuple[Candidate, ...] = ()
    anew: str = ""
    notices: tuple[str, ...] = ()
    result: Any = None
    error: BaseException | None = None

    @property
    def under_way(self) -> bool:
        """Whether it is being sent or waited for."""
        return self.phase in ("sending", "waiting")

    @property
    def can_cancel(self) -> bool:
        """Whether the service still allows to cancel it."""
        return self.under_way and self.status == "PENDING" and self.cancel is not None


def _step(progress: Progress) -> tuple[object, ...]:
    return progress.phase, progress.status, progress.run_id, progress.task_id, progress.text, progress.done


#: Changes the progress, from within the work.
Report = Callable[..., Any]
#: The work itself: it reports its progress and returns its result.
Act = Callable[[Report], Any]


@dataclass(kw_only=True, eq=False)
class _Work:
    """One thread's work; it goes on, and saves its images, even when it is no longer shown."""

    progress: Progress
    thread: threading.Thread | None = None


class Worker:
    """The work that a form started last.

    Args:
        show: called with each `Progress`, from worker threads, one call at a time.
        ended: called with the last `Progress` unless the work was left, without the lock; what it raises is logged.
        lock: held during `show`; a form brings its own.
    """

    def __init__(
        self,
        client: Client,
        show: Callable[[Progress], None],
        ended: Callable[[Progress], None] = lambda progress: None,
        lock: Any = None,
    ) -> None:
        self._client = client
        self._show = show
        self._ended = ended
        self._lock = lock or threading.RLock()
        #: Called with the `Progress` of each step, also of work that is not shown, on its thread and without the lock.
        self.moved: Callable[[Progress], object] = lambda progress: None
        self._work: _Work | None = None
        self._left = False

    @property
    def progress(self) -> Progress:
        """The state of the work."""
        if self._work is None:
            return Progress()
        return replace(self._work.progress, phase="left") if self._left else self._work.progress

    @property
    def acts(self) -> dict[str, Callable[..., object]]:
        """What a person may do about the work, by name."""
        own = {"stop": self.stop_waiting, "cancel": self.cancel, "pick_up": self.pick_up}
        return {**own, "choose": self.choose, "undo": self.undo, "anew": self.anew}

    @property
    def under_way(self) -> bool:
        """Whether something is being sent or waited for, and shown."""
        return self.progress.under_way

    def send(self, request: ImageRequest, *, fresh: bool = False) -> bool:
        """Send a request and return at once; False when something is under way.

        Two presses may come at the same moment, on threads of their own (ipykernel's subshells).
        """
        return self.start(
            lambda report: self._follow(report, lambda: self._client.submit(request, fresh=fresh), request), sends=True
        )

    def watch(self, find: Callable[[], Task]) -> bool:
        """Wait for a task that was sent before; False when something is under way."""
        return self.start(lambda report: self._follow(report, find))

    def choose(self, run_id: str, task_id: str) -> bool:
        """Take a task as the outcome of a run whose answer was lost, and show its images."""
        return self._about(run_id, lambda report: self._follow(report, lambda: self._client.task(task_id, run=run_id)))

    def undo(self, run_id: str) -> bool:
        """Take back that the images of a run are its own, and show what else may be its outcome."""

        def act(report: Report) -> None:
            self._client.release(run_id)
            raise UnknownOutcome("run {run_id} is in doubt again", run_id=run_id)

        return self._about(run_id, act)

    def anew(self, run_id: str) -> bool:
        """Send the request of a run whose answer was lost once more, which may pay twice."""
        request = self._client.store.get(run_id).request
        return request is not None and self.send(request, fresh=True)

    def _about(self, run_id: str, act: Act) -> bool:
        def known(report: Report) -> Any:
            report(run_id=run_id)
            return act(report)

        return self.start(known)

    def start(self, act: Act, *, text: str = "", sends: bool = False) -> bool:
        """Start any work and return at once; False when something is under way.

        Args:
            act: the work; called on a thread of its own, in the client's language.
            text: what is shown until the work reports something else.
            sends: whether it begins by sending a request.
        """
        with self._lock:
            if self.under_way:
                return False
            work = self._work = _Work(
                progress=Progress(phase="sending" if sends else "waiting", text=text, sends=sends)
            )
            self._left = False
            self._show(work.progress)
            began = time.monotonic()

            # Daemons: a kernel that is shut down waits for them a moment, and what they wait for is on disk.
            thread = threading.Thread(target=self._run, args=(work, act), name="wannb-worker", daemon=True)

            def tick() -> None:
                with override(self._client.language):
                    thread.join(_TICK)
                    while thread.is_alive():
                        self._report(work, seconds=time.monotonic() - began)
                        thread.join(_TICK)

            work.thread = thread
            thread.start()
            threading.Thread(target=tick, name="wannb-worker-clock", daemon=True).start()
        return True

    def stop_waiting(self) -> None:
        """Show the work no longer. It goes on and saves its images; `pick_up` shows it again."""
        with self._lock:
            if self.under_way:
                self._left = True
                self._show(self.progress)

    def cancel(self) -> None:
        """Cancel a task that is PENDING, on a thread of its own; one that has begun goes on, which is said."""
        work = self._work
        if work is not None and self.progress.can_cancel:
            threading.Thread(target=self._cancel, args=(work,), name="wannb-cancel", daemon=True).start()

    def pick_up(self) -> bool:
        """Show again what was left, or try again to get what a failure left open. Sends no request."""
        with self._lock:
            work = self._work
            if work is None or self.under_way:
                return False
            run = work.progress.open_run
            if not self._left and run:
                return self.watch(lambda: self._client.pick_up(run))
            self._left = False
            self._show(work.progress)
        if not work.progress.under_way:
            self._end(work)
        return True

    def detach(self) -> None:
        """Forget the work; it goes on and is not shown any more."""
        with self._lock:
            self._work, self._left = None, False

    def join(self, timeout: float | None = None) -> Progress:
        """Wait until the work has ended, at most `timeout` seconds, and return its progress."""
        work = self._work
        if work is None or work.thread is None:
            return self.progress
        work.thread.join(timeout)
        return work.progress

    @at_work()
    def _run(self, work: _Work, act: Act) -> None:
        report = partial(self._report, work)
        with override(self._client.language), heard(lambda wait: report(wait=wait)):
            try:
                with suppress(OSError, StoreError):  # the work itself meets them, if it needs the folder
                    report(notices=tuple(self._client.store.unsaid()))
                result = act(report)
            except BaseException as error:
                run = work.progress.run_id or (error.run_id if isinstance(error, UnknownOutcome) else None)
                found: dict[str, Any] = {"open_run": self._still_open(run)}
                if isinstance(error, UnknownOutcome) and found["open_run"]:
                    report(wait=Said("looking for pictures that may be meant"))
                    found |= self._ways_out(found["open_run"])
                shown = self._report(work, phase="failed", error=error, wait="", **found)
            else:
                shown = self._report(work, phase="done", result=result)
            if shown:
                self._end(work)

    def _ways_out(self, run_id: str) -> dict[str, Any]:
        """Return what a person can do about a run whose answer was lost."""
        client, found = self._client, dict[str, Any]()
        with suppress(Exception):  # the error itself is shown all the same
            if request := client.store.get(run_id).request:
                cost, mock, words = client.estimate(request), client.service.kind == "mock", Words(client.language)
                found["anew"] = anew_text(words, cost, mock=mock, up_to=request.enable_sequential and request.n > 1)
            found["choices"] = tuple(client.candidates(run_id))
        return found

    def _follow(self, report: Report, find: Callable[[], Task], request: ImageRequest | None = None) -> Any:
        task = find()
        report(phase="waiting", task_id=task.id, run_id=task.run_id, cancel=task.cancel)
        runs = task.usual(since="scheduled_time")
        if request:
            report(usual=task.usual())
        return task.wait(
            on_status=lambda status, _: report(status=status, text=task.queued(runs) if status == "PENDING" else "")
        ).result()

    def _cancel(self, work: _Work) -> None:
        with override(self._client.language):
            try:
                assert work.progress.cancel is not None
                work.progress.cancel()
            except CancelRefused:
                self._report(work, status="RUNNING", text=Said("It has begun and can no longer be canceled."))
            except Exception as error:
                self._report(work, text=getattr(error, "said", str(error)))

    def _report(self, work: _Work, **changes: Any) -> bool:
        """Change a progress, and show it if this work is shown; return whether it is."""
        with self._lock:
            if work.progress.phase in ("done", "failed"):
                return False
            before, now = work.progress, replace(work.progress, **changes)
            work.progress = now
            shown = work is self._work and not self._left
            if shown:
                self._show(now)
        if _step(before) != _step(now):
            self._follow_up(self.moved, now)
        return shown

    def _end(self, work: _Work) -> None:
        self._follow_up(self._ended, work.progress)

    def _follow_up(self, act: Callable[[Progress], object], progress: Progress) -> None:
        try:
            act(progress)
        except Exception:
            # A person's own function raised; the form and its images are whole.
            logging.getLogger("wannb").exception("a function that follows a form's result raised")

    def _still_open(self, run_id: str | None) -> str | None:
        with suppress(Exception):
            return run_id if run_id and self._client.store.get(run_id).state not in ENDED else None
        return None


# Frames that are generated beside each other


class Rolls:
    """The work on single frames of a board; a scene is known by its key, since its number may change meanwhile.

    Args:
        lock: of the form, held while something is shown.
        show: called with the key of a scene and the progress of its work.
        turned: called when work on a frame has begun or ended.
    """

    def __init__(
        self,
        client: Client,
        lock: Any,
        *,
        show: Callable[[str, Progress], None],
        turned: Callable[[], None],
        came: Callable[[], None],
    ) -> None:
        self._client = client
        self._lock = lock
        self._show = show
        self._turned = turned
        self._came = came
        self._board: Storyboard | None = None
        self._workers: dict[str, Worker] = {}
        self._busy: set[str] = set()

    def show(self, board: Storyboard) -> None:
        """Go on with a board; the work on another one goes on, and is not shown any more."""
        with self._lock:
            if board is not self._board:
                for worker in self._workers.values():
                    worker.detach()
                self._board, self._workers, self._busy = board, {}, set()

    @property
    def under_way(self) -> bool:
        """Whether a frame is being generated."""
        return bool(self._busy)

    def is_busy(self, key: str) -> bool:
        """Whether the frame of a scene is being generated."""
        return key in self._busy

    def progress(self, key: str) -> Progress:
        """Return how far the work on a scene is."""
        worker = self._workers.get(key)
        return worker.progress if worker else Progress()

    def roll(self, scene: int, n: int) -> None:
        """Generate a scene again, `n` times; raises what is wrong with it before anything is sent."""
        with self._lock:
            board = self._board
            if board is None or self.is_busy(key := board.record.panels[scene - 1].key):
                return
            generator = board.generator()
            roll = generator.roll(scene, n=n)
            self._start(key, lambda report: self._reporting(generator, report).send(roll), sends=True)

    def join(self, timeout: float | None = None) -> None:
        """Wait until all frames that are being generated have come."""
        for worker in list(self._workers.values()):
            worker.join(timeout)

    def acts(self, key: Callable[[], str]) -> dict[str, Callable[..., Any]]:
        """Return what a person may do about the work on a scene, by the names of `Status`; `key` says which scene."""

        def act(name: str, *values: Any) -> object:
            if worker := self._workers.get(key()):
                return worker.acts[name](*values)
            return None

        names = ("choose", "undo", "anew")
        return {name: partial(act, name) for name in names} | {"pick_up": lambda: self._finish(key())}

    def _finish(self, key: str) -> None:
        """Pick up what was begun for a scene and let the board take it in; sends nothing that was not sent."""
        with self._lock:
            if self._board is not None:
                generator = self._board.generator()
                self._start(key, lambda report: self._reporting(generator, report).finish(only=key))

    def _reporting(self, generator: Generator, report: Report) -> Generator:
        return replace(generator, on_status=lambda status, seconds: report(status=status, text=""))

    def _start(self, key: str, act: Callable[[Report], Any], *, sends: bool = False) -> None:
        if key not in self._workers:
            self._workers[key] = Worker(
                self._client, partial(self._progressed, key), partial(self._ended, key), self._lock
            )
        self._workers[key].start(act, text="" if sends else Said("at work"), sends=sends)

    def _progressed(self, key: str, progress: Progress) -> None:
        if progress.under_way != (key in self._busy):
            (self._busy.add if progress.under_way else self._busy.discard)(key)
            self._turned()
        self._show(key, progress)

    def _ended(self, key: str, progress: Progress) -> None:
        if isinstance(progress.result, Result):  # a person chose what a lost answer was: the board takes it in
            self._finish(key)
        self._came()
