"""Frames that are generated beside each other: a worker for each scene, with its progress and errors at its frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from wannb.client import Client
from wannb.runs import Result
from wannb.storyboard import Generator, Storyboard
from wannb.translation import Said

from .worker import Progress, Report, Worker


class Rolls:
    """The work on single frames of a board; a scene is known by its key, since its number may change meanwhile.

    Args:
        client: of the board.
        lock: of the form, held while something is shown.
        show: called with the key of a scene and the progress of its work.
        turned: called when work on a frame has begun or ended.
        came: called when there may be new images.
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
