"""Drawing: requests written down, sent, and what comes back taken in, so that a kill at any moment costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING

from wannb.errors import (
    ApiError,
    ConnectionFailed,
    InvalidRequest,
    MalformedAnswer,
    OverBudget,
    Problem,
    StoreError,
    TaskCanceled,
    TaskForgotten,
    UnknownOutcome,
)
from wannb.ledger import DONE, ENDED, SENDING, Result, Run
from wannb.request import MAX_IMAGES, ImageRequest, InputImage, inputs
from wannb.service import Money

from . import ask, drawn, panels
from .panels import Frame, Panel, Panels, named
from .record import Pending, Record
from .shelf import Shelf

if TYPE_CHECKING:
    from wannb.client import Client
    from wannb.ledger import OnStatus

#: Nothing is billed after these, so the request need not be picked up.
_UNBILLED = (ApiError, ConnectionFailed, InvalidRequest, OverBudget, TaskCanceled)
#: After these it cannot be picked up any more, or only by hand.
_LOST = (TaskForgotten, UnknownOutcome)


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """The requests of one board.

    Attributes:
        client: sends them.
        shelf: where the board lies.
        record: gives the board as it is now.
        keep: saves the board as it is then.
        lock: held from `record` to `keep`, so that threads may draw on one board; never while a request is under way.
        on_status: as in `client.run`.
    """

    client: Client
    shelf: Shelf
    record: Callable[[], Record]
    keep: Callable[[Record], None]
    lock: AbstractContextManager[object] = field(default_factory=RLock)
    on_status: OnStatus | None = None

    def load(self, frame: Frame) -> InputImage:
        """Return a frame as an input image."""
        path = self.shelf.path_of(frame)
        if not path.is_file():
            return inputs.missing(path.name, sha256=None, width=frame.width, height=frame.height)
        return _read(str(path), path.stat().st_mtime_ns)

    def fill(self) -> None:
        """Draw every scene that has no frame, as one change."""
        start = self.record()
        for group in ask.groups(start.panels):
            now = self.record()
            request = self._filling(group, now.panels)
            texts = {panel.id: panel.scene.text for panel in group}
            self.draw(Pending(texts=texts, request=request.as_dict()), request, label="run", start=start)

    def finish(self) -> None:
        """Pick up what was begun before; what never reached the service is sent only if a scene still wants it."""
        for pending in self.record().ledger.pending:
            request = ImageRequest.from_dict(pending.request, self.shelf.find)
            if self._arrived(request) or self._wanted(pending, request):
                self.draw(pending, request, label="what was begun before", again=True)
            else:
                with self.lock:
                    self.keep(drawn.dropped(self.record(), pending))

    def reroll(self, scene: int, *, text: str | None, seed: int | None) -> None:
        """Draw one scene anew, with a text and a seed of its own if they are given."""
        record = self.record()
        at = panels.free(record.panels, scene, "drawn anew")
        now = record.panels if text is None else panels.edit(record.panels, scene, {"text": text})
        panel = now[at]
        roll = 0 if seed is not None else record.ledger.rolls.get(panel.id, 0) + 1
        request = ask.single(record.base, record.style, panel, now, self.load, roll=roll, seed=seed)
        request.check()
        pending = Pending(texts={panel.id: panel.scene.text}, request=request.as_dict(), roll=roll)
        self.draw(pending, request, label=f"new frame of scene {scene}", edited=text is not None)

    def draw(
        self,
        pending: Pending,
        request: ImageRequest,
        *,
        label: str,
        start: Record | None = None,
        edited: bool = False,
        again: bool = False,
    ) -> None:
        """Write a request down, send it and take in what comes.

        Args:
            pending, request: what is asked, as a record and as it is sent.
            label: of the change.
            start: the board before the change, if other requests are part of it.
            edited: whether the scenes get the texts of the request.
            again: whether it was begun before.
        """
        for image in request.images:
            self.shelf.keep(image)
        with self.lock:
            before = self.record()
            start = start or before
            now = before.changed(label, panels.worded(before.panels, pending.texts)) if edited else before
            self.keep(drawn.journaled(now, pending))
        try:
            result = self.client.run(request, on_status=self.on_status)
        except (*_UNBILLED, *_LOST) as error:
            # The answer of a MalformedAnswer may have been one that bills.
            over = again or not isinstance(error, (MalformedAnswer, *_LOST))
            if over and (isinstance(error, InvalidRequest) or not self._under_way(request)):
                with self.lock:
                    self.keep(drawn.taken_back(drawn.dropped(self.record(), pending), before, now))
            raise
        with self.lock:
            there = self.record()
            came = drawn.taken_in(there, pending, result.run_id, _frames(result))
            mine = (start.past, start.changed(label, before.panels).past)
            if (there.panels, there.past) == (now.panels, now.past) and before.past in mine:
                there = replace(came, panels=start.panels, past=start.past, future=start.future)
            else:  # somebody changed the board meanwhile, and may want to undo that
                there = replace(came, panels=there.panels)
            self.keep(there.changed(label, came.panels))

    def problems(self) -> tuple[Problem, ...]:
        """Return every rule that a request of `fill` would break."""
        record = self.record()
        places = {panel.id: number for number, panel in enumerate(record.panels, 1)}
        users = len(record.base.images)
        found: dict[tuple[str, str], Problem] = {}
        for position, group in enumerate(ask.groups(record.panels)):
            request = self._filling(group, record.panels)
            if position and not any(panel.frame for panel in record.panels):
                # The frames that it will be shown are not there yet; the words for them must fit already.
                frames = min(ask.FIRST_FRAMES, MAX_IMAGES - users)
                request = request.replace(prompt=ask.set_prompt(group, record.style, users=users, frames=frames))
            which = named(places[panel.id] for panel in group)
            for problem in request.problems():
                text = f"{problem.value} ({which})" if problem.field == "prompt" else problem.value
                found.setdefault((problem.field, text), replace(problem, value=text))
        return tuple(found.values())

    def check(self) -> None:
        """Raise `InvalidRequest` with all problems, if there are any."""
        found = self.problems()
        if found:
            raise InvalidRequest(found)

    def to_make(self) -> int:
        """Return how many images `fill` would ask for."""
        return sum(map(len, ask.groups(self.record().panels)))

    def to_pay(self) -> int:
        """Return how many images would be paid for at most: those that are not in the store already."""
        record = self.record()
        unpaid = 0
        for pending in record.ledger.pending:
            request = ImageRequest.from_dict(pending.request, self.shelf.find)
            if self._wanted(pending, request) and not self.client.known(request):
                unpaid += request.n
        groups = ask.groups(record.panels)
        for position, group in enumerate(groups):
            request = self._filling(group, record.panels)
            known = self.client.known(request)
            if known is None or known.state != DONE:
                # What follows is shown these frames, so nobody can know it yet.
                left = groups[position + 1 :] if known else groups[position:]
                return unpaid + sum(map(len, left))
            texts = {panel.id: panel.scene.text for panel in group}
            pending = Pending(texts=texts, request=request.as_dict())
            record = drawn.taken_in(record, pending, known.id, _frames(known.result()))
        return unpaid

    def _arrived(self, request: ImageRequest) -> bool:
        """Return whether the service has a request; one whose answer was lost is looked up, and nothing is sent.

        Raises:
            UnknownOutcome: nobody can tell yet.
        """
        run = self._run_of(request)
        if run and run.state == SENDING and not run.task_id:
            try:
                self.client.pick_up(run.id)
            except StoreError:
                if self.client.store.get(run.id).state not in ENDED:
                    raise
                return False
            return True
        return run is not None and (run.state == DONE or bool(run.task_id))

    def _under_way(self, request: ImageRequest) -> bool:
        """Return whether a request was sent and has not ended, so that it may be billed yet."""
        run = self._run_of(request)
        return run is not None and run.state != DONE and (run.state == SENDING or bool(run.task_id))

    def _run_of(self, request: ImageRequest) -> Run | None:
        return self.client._ledger.find(request)

    def _wanted(self, pending: Pending, request: ImageRequest) -> bool:
        """Return whether a request that nobody has is sent again as it is."""
        # A set is asked for anew by the scenes that still have no frame, and a new start asks for what it wants.
        there = {panel.id for panel in self.record().panels}
        return not (request.enable_sequential or pending.earlier) and bool(there & set(pending.texts))

    def _filling(self, group: list[Panel], panels: Panels) -> ImageRequest:
        record = self.record()
        return ask.filling(record.base, record.style, group, panels, self.load)


def cost_of(client: Client, record: Record) -> Money | None:
    """Return what all runs of a board cost, each counted once; None where a price or a run is not known."""
    total = client.estimate(ImageRequest(model=record.base.model, n=0))
    for run_id in record.ledger.runs:
        try:
            cost = client.store.get(run_id).cost()
        except StoreError:
            return None
        if cost is None or total is None or cost.currency != total.currency:
            return None
        total = replace(total, amount=total.amount + cost.amount)
    return total


def _frames(result: Result) -> list[Frame]:
    return [
        Frame(
            run=result.run_id,
            file=image.path.name,
            width=image.width,
            height=image.height,
            text="",
            seed=image.seed,
            number=image.number,
            count=image.count,
        )
        for image in result
    ]


@lru_cache(maxsize=MAX_IMAGES)
def _read(path: str, stamp: int) -> InputImage:
    return inputs.as_input(path)
