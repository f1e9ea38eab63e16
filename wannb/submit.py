"""From a journaled run to the service's task, exactly once.

A request is sent again only when it surely did not arrive or was refused. After a lost answer the service's own task
list is looked at first, in the service's own clock: the list shows the tasks of the whole account without their
prompts, so a task is taken over only when exactly one fits the model and the time and no run of the store holds it.
Submits go one at a time over all kernels of a store, which keeps that time narrow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from . import wire
from .errors import ApiError, ConnectionFailed, OverBudget, UnknownOutcome, WannbError
from .inputs import InputImage
from .pacing import Account, Clock, Pace
from .prices import Money
from .request import ImageRequest
from .run import ENDED, FAILED, PREPARED, RUNNING, SENDING, Run
from .store import Store
from .transport import Transport

#: What is larger is uploaded instead of sent inside the JSON; the body's own limit is not documented.
INLINE_EACH, INLINE_ALL = 7 * 1024 * 1024, 20 * 1024 * 1024
#: Uploaded files live for 48 hours (documented); an hour less, so that none dies on the way.
_UPLOAD_LIFE = 47 * 3600
#: Seconds by which a task's own time may be later than the arrival of its request (0.1 seen live, 2026-04).
_SLOW_ENTRY = 0.5
#: Seconds after which a sent request cannot arrive any more.
_LATEST_ARRIVAL = 180.0
_KEPT = 24 * 3600
#: Seconds after which nobody is about to send a prepared run any more.
_SETTLED = 60


@dataclass(kw_only=True)
class Submitter:
    """Send runs to one service; all of a client's requests go through here."""

    transport: Transport
    store: Store
    account: Account
    pace: Pace
    clock: Clock
    budget: Money | None = None
    _uploads: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    def send(self, run: Run) -> None:
        """Make sure that a run has a task: send it, or find what became of an earlier try.

        Raises:
            OverBudget: the budget could be passed; nothing was sent and the run is removed.
            ApiError: the service refused it; nothing is billed.
            ConnectionFailed: the service was not reached; nothing is billed.
            UnknownOutcome: it may have been accepted, and the task list does not tell which task it is.
        """
        with self.store.lock(run.id):
            run.reload()
            if run.state not in (PREPARED, SENDING):
                return
            self._enter(run)
            try:
                self._send(run)
            except BaseException:
                self.account.leave(run.id)
                raise

    def call(self, run: Run) -> wire.Answer:
        """Send a run to the synchronous endpoint and return its answer; the caller holds the run's lock."""
        if run.state != PREPARED:
            raise _sync_gap(run)
        self._enter(run)
        try:
            request = _request(run)
            links = self._links(request)
            with self.account.submitting, self.store.lock("submit"):
                self._check_budget(run)
                self._journal(run)
            try:
                return self.transport.generate(
                    wire.body(request, links), oss=_names_upload(links), before=lambda: self._journal(run)
                )
            except UnknownOutcome as error:
                raise UnknownOutcome(
                    f"{error}. A synchronous call leaves no task id to look for: it may or may not have been billed. "
                    "via='task' has no such gap",
                    run_id=run.id,
                ) from error
            except WannbError as error:
                run.advance(FAILED, error=_error_record(error))
                raise
        finally:
            self.account.leave(run.id)

    def _send(self, run: Run) -> None:
        request = _request(run)
        links = self._links(request)
        body = wire.body(request, links)
        with self.account.submitting, self.store.lock("submit"):
            if run.state == SENDING and self._found(run):
                return
            self._check_budget(run)
            while True:
                try:
                    task_id, request_id = self.transport.create(
                        body, oss=_names_upload(links), before=lambda: self._journal(run)
                    )
                except UnknownOutcome:
                    run.advance(SENDING, unresolved=True)
                    if self._found(run):
                        return
                    continue
                except (ApiError, ConnectionFailed) as error:
                    if not run.record.get("unresolved"):
                        run.advance(FAILED, error=_error_record(error))
                    raise
                run.advance(RUNNING, task_id=task_id, request_id=request_id, unresolved=False)
                return

    def settle(self, run: Run) -> bool:
        """Find the task of a run that was cut off, without sending; False when nothing of it reached the service."""
        with self.store.lock(run.id):
            run.reload()
            if run.state == PREPARED:
                if self.clock.now() - run.folder.stat().st_mtime > _SETTLED:
                    run.advance(FAILED, error={"type": "ConnectionFailed", "text": "cut off before it was sent"})
                return False
            if run.state == SENDING:
                if run.record.get("via") == "sync":
                    raise _sync_gap(run)
                with self.account.submitting, self.store.lock("submit"):
                    if not self._found(run):
                        run.advance(FAILED, error={"type": "ConnectionFailed", "text": "it never reached the service"})
                        return False
            return True

    def _found(self, run: Run) -> bool:
        """Take over the task that an unanswered try became, if it became one."""
        task_id = self._look_up(run)
        if task_id is None:
            return False
        run.advance(RUNNING, task_id=task_id, unresolved=False)
        return True

    def _journal(self, run: Run) -> None:
        """Write down that a try is about to be sent; after a lost answer the first try's time stays."""
        if not run.record.get("unresolved"):
            run.advance(SENDING, sent_at=self.clock.now())

    def _look_up(self, run: Run) -> str | None:
        """Return the task that an unanswered try became, None if it did not arrive."""
        sent = float(run.record.get("sent_at") or 0)
        if self.clock.now() - sent > _KEPT:
            raise UnknownOutcome(
                f"run {run.id} was cut off more than 24 hours ago, and the service forgets tasks after that",
                run_id=run.id,
            )
        model = _request(run).model
        fitting: list[str] = []
        for delay in self.pace.lookups:
            self.clock.sleep(delay)
            until = min(self.clock.now(), self._next_sent_after(sent, run), sent + _LATEST_ARRIVAL)
            # The list is asked for generously; what it gives is compared in the service's clock, known by then.
            skew, _ = self.transport.skew
            listed = self.transport.tasks(since=sent + skew - 60, until=until + skew + 60, model=model)
            skew, within = self.transport.skew
            earliest, latest = sent + skew - within, until + skew + within + _SLOW_ENTRY
            held = {other.task_id for other in self.store.runs() if other.task_id}
            fitting = [
                task.task_id
                for task in listed
                if task.task_id not in held and (task.created is None or earliest <= task.created <= latest)
            ]
            if len(fitting) == 1:
                return fitting[0]
        if fitting:
            raise UnknownOutcome(
                f"the answer to run {run.id} was lost, and {len(fitting)} tasks of the account could be its outcome: "
                f"{', '.join(fitting)}. Choose with client.task(task_id, run={run.id!r})",
                candidates=fitting,
                run_id=run.id,
            )
        return None

    def _next_sent_after(self, sent: float, run: Run) -> float:
        """Return when this store sent its next request: what arrived after that is not this run's."""
        others = (other for other in self.store.runs() if other.id != run.id and other.service == run.service)
        later = (float(other.record.get("sent_at") or 0) for other in others)
        return min((time for time in later if time > sent), default=float("inf"))

    def _check_budget(self, run: Run) -> None:
        if self.budget is None:
            return
        price = run.price
        if price is None or price[1] != self.budget.currency:
            self.store.discard(run)
            raise OverBudget(
                f"the price of this request in {self.budget.currency} is unknown, so the budget of {self.budget} "
                "cannot be kept; nothing was sent. Set a price with wannb.set_price(...) or connect without a budget"
            )
        most = price[0] * _request(run).n
        spent = self.store.spent(run.service, price[1]) - _own_share(run)
        if spent + most > self.budget.amount:
            self.store.discard(run)
            more = Money(amount=most, currency=price[1])
            have = Money(amount=spent, currency=price[1])
            raise OverBudget(
                f"up to {more} more would pass the budget of {self.budget}: {have} are spent or under way in "
                f"{str(self.store.root)!r}. Nothing was sent; ask for fewer images or raise connect(budget=...)"
            )

    # Input images

    def _links(self, request: ImageRequest) -> list[str]:
        """Return for each input image its URL, data URI or uploaded link; the largest are uploaded first."""
        upload: set[int] = set()
        inline = 0
        sizes = [(len(image.content or b""), number) for number, image in enumerate(request.images)]
        for size, number in sorted(sizes):
            if size > INLINE_EACH or inline + size > INLINE_ALL:
                upload.add(number)
            inline += size
        return [
            image.url or (self._uploaded(image, request.model) if number in upload else image.data_uri)
            for number, image in enumerate(request.images)
        ]

    def _uploaded(self, image: InputImage, model: str) -> str:
        known = self._uploads.get((str(image.sha256), model))
        if known and self.clock.now() - known[0] < _UPLOAD_LIFE:
            return known[1]
        try:
            link = self.transport.upload(image, model=model)
        except (ApiError, UnknownOutcome):
            # The upload is documented for one region in one place and for two in another: send it inline then.
            return image.data_uri
        self._uploads[str(image.sha256), model] = (self.clock.now(), link)
        return link

    # Room for running tasks

    def _enter(self, run: Run) -> None:
        model = _request(run).model
        while not self.account.enter(model, run.id, most=self.pace.running, timeout=1.0):
            self._relieve(model)

    def _relieve(self, model: str) -> None:
        """Ask after running tasks that nobody waits for, so that submits do not stall behind them."""
        if not self.account.relieving.acquire(blocking=False):
            return
        try:
            for name in self.account.unwatched(model):
                run = self.store.get(name)
                if run.state in ENDED or (run.task_id and self.transport.query(run.task_id).status in wire.FINAL):
                    self.account.leave(name)
        finally:
            self.account.relieving.release()


def _sync_gap(run: Run) -> UnknownOutcome:
    return UnknownOutcome(
        f"synchronous call {run.id} was cut off before its answer came. Such a call leaves no task id to look for, so "
        "it may or may not have been billed; fresh=True asks again, and via='task' has no such gap",
        run_id=run.id,
    )


def _request(run: Run) -> ImageRequest:
    request = run.request
    if request is None:
        raise UnknownOutcome(f"run {run.id} holds no request", run_id=run.id)
    return request


def _own_share(run: Run) -> Decimal:
    cost = run.cost()
    return cost.amount if cost else Decimal(0)


def _names_upload(links: list[str]) -> bool:
    return any(link.startswith("oss://") for link in links)


def _error_record(error: WannbError) -> dict[str, Any]:
    known = {name: getattr(error, name) for name in ("code", "message", "request_id") if hasattr(error, name)}
    return {"type": type(error).__name__, "text": str(error), **known}
