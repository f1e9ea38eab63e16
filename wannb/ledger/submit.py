"""From a journaled run to the service's task, once.

A request is sent again only when it was refused, surely did not arrive, or stands in no task list some time after
its answer was lost (see `lookup`); such a run says so in its notices. Submits go one at a time over all kernels of a
store, which keeps the time in which a lost one can have arrived narrow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from wannb.errors import ApiError, CalledOff, ConnectionFailed, NotFound, OverBudget, UnknownOutcome, WannbError
from wannb.masking import Secret
from wannb.request import ImageRequest, InputImage
from wannb.service import Account, Clock, Money, Pace, Transport, check_called_off, wire

from .lost_answers import look_up
from .repair import copied, finish_from_disk
from .run import ANSWERED, ENDED, FAILED, LOST, PREPARED, SENDING, Run
from .store import Store

#: What is larger is uploaded instead of sent inside the JSON; the body's own limit is not documented.
INLINE_EACH, INLINE_ALL = 7 * 1024 * 1024, 20 * 1024 * 1024
#: Uploaded files live for 48 hours (documented); an hour less, so that none dies on the way.
_UPLOAD_LIFE = 47 * 3600
#: Seconds after which nobody is about to send a prepared run any more.
_SETTLED = 60
_KEPT = 24 * 3600
_DOUBTFUL = 600
#: Answers lost one after the other before the person is told.
_LOST_IN_A_ROW = 5


@dataclass(kw_only=True)
class Submitter:
    """Send runs to one service; all of a client's requests go through here."""

    transport: Transport
    store: Store
    account: Account
    pace: Pace
    clock: Clock
    budget: Money | None = None
    #: Answers of synchronous calls whose images could not be fetched yet; their links may not be written down.
    kept: dict[str, wire.Answer] = field(default_factory=dict)
    _uploads: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    def send(self, run: Run) -> None:
        """Make sure that a run has a task: send it, or find what became of an earlier try.

        Raises:
            OverBudget: the budget could be passed; a run of which nothing was sent is removed.
            ApiError: the service refused it; nothing is billed.
            ConnectionFailed: the service was not reached; nothing is billed.
            UnknownOutcome: it may have been accepted, and the task list does not tell which task it is.
        """
        with self.store.lock(run.id):
            self.store.refresh(run)
            if run.state not in (PREPARED, SENDING):
                return
            if run.state == SENDING and run.record.get("via") == "sync":
                raise _sync_gap(run)
            new = run.state == PREPARED
            try:
                self._enter(run)
                self._send(run)
            except BaseException as error:
                self.account.leave(run.place)
                if isinstance(error, CalledOff) and new:
                    self._call_off(run, error)
                raise
            self.account.submitted(run.place, str(run.task_id))

    def call(self, run: Run) -> wire.Answer:
        """Send a run to the synchronous endpoint and return its answer; the caller holds the run's lock."""
        if run.place in self.kept:
            return self.kept[run.place]
        if run.state != PREPARED:
            raise _sync_gap(run)
        request = _request(run)
        try:
            self._enter(run)
            links = self._links(request)
            with self.account.submitting, self.store.lock("submit"):
                self._check_budget(run)
                self._journal(run, "sync")
            answer = self.transport.generate(wire.body(request, links), oss=_names_upload(links))
            self.kept[run.place] = answer
            return answer
        except UnknownOutcome as error:
            raise UnknownOutcome(
                f"{error}. A synchronous call leaves no task id to look for: it may or may not have been billed. "
                "fresh=True asks and pays again; via='task' has no such gap",
                run_id=run.id,
            ) from error
        except (ApiError, ConnectionFailed) as error:
            run.advance(FAILED, error=_error_record(error))
            raise
        finally:
            self.account.leave(run.place)

    def settle(self, run: Run, *, seconds: float | None = None) -> bool:
        """Find the task of a run that was cut off, without sending; False when nothing of it reached the service.

        Raises:
            WaitTimeout: another kernel was at work on the run for so many seconds.
            UnknownOutcome: nobody can tell what became of it.
        """
        with self.store.lock(run.id, seconds=seconds):
            run.reload()
            if run.place in self.kept or run.state in ENDED or finish_from_disk(run):
                return True
            if run.state == PREPARED:
                if self.clock.now() - run.folder.stat().st_mtime > _SETTLED:
                    run.advance(FAILED, error={"text": "cut off before it was sent; nothing is billed"})
                return False
            self.transport.learn_time()
            if run.task_id is None and self._forgotten(run):
                run.advance(LOST)
                raise UnknownOutcome(
                    f"run {run.id} was cut off more than 24 hours ago, and the service keeps nothing longer. It may "
                    "or may not have been billed, and nobody can know any more; the same call asks and pays anew",
                    run_id=run.id,
                )
            if run.state == SENDING:
                if run.record.get("via") == "sync":
                    raise _sync_gap(run)
                with self.account.submitting, self.store.lock("submit"):
                    if not self._found(run):
                        run.advance(FAILED, error={"text": "it never reached the service; nothing is billed"})
                        return False
            return True

    def _call_off(self, run: Run, error: CalledOff) -> None:
        """End a run of which no try can have been accepted; one that was half sent before stays open."""
        if run.state == PREPARED:
            self.store.discard(run)
        elif not run.record.get("unresolved"):
            run.advance(FAILED, error={"text": str(error)})

    def _send(self, run: Run) -> None:
        request = _request(run)
        request.check()
        links = self._links(request)
        body = wire.body(request, links)
        self.transport.learn_time()
        with self.account.submitting, self.store.lock("submit"):
            if run.state == SENDING:
                if self._found(run):
                    return
                self._check_budget(run)
                run.advance(SENDING, unresolved=True, resent=True)
            else:
                self._check_budget(run)
            for _ in range(_LOST_IN_A_ROW):
                try:
                    task_id, request_id = self.transport.create(
                        body, oss=_names_upload(links), before=lambda: self._journal(run, "task")
                    )
                except UnknownOutcome as error:
                    lost = error
                    run.advance(SENDING, unresolved=True)
                    if self._found(run):
                        return
                    run.advance(SENDING, resent=True)
                    continue
                except (ApiError, ConnectionFailed) as error:
                    if not run.record.get("unresolved"):
                        run.advance(FAILED, error=_error_record(error))
                    raise
                run.accept(task_id, request_id=request_id, unresolved=False)
                return
        raise UnknownOutcome(
            f"{_LOST_IN_A_ROW} answers in a row were lost, and no task is listed for them: {lost}. Something between "
            "here and the service may be at fault; the same call looks again before it sends anything",
            run_id=run.id,
        )

    def _found(self, run: Run) -> bool:
        """Take over the task that an unanswered try became, if it became one."""
        written = copied(run.folder)
        if written:
            run.accept(written["task_id"], unresolved=False)
            return True
        try:
            task_id = look_up(run, transport=self.transport, store=self.store, pace=self.pace, clock=self.clock)
        except (ApiError, ConnectionFailed) as error:
            reason = f"{error.code}, {error.message}" if isinstance(error, ApiError) else str(error)
            raise UnknownOutcome(
                f"the answer to run {run.id} was lost, and the task list cannot be read: {reason}. It may have been "
                "billed; client.rescue() or the same call looks again before anything is sent",
                run_id=run.id,
            ) from error
        if task_id is None:
            return False
        run.accept(task_id, unresolved=False, matched_by_time=True)
        return True

    def _forgotten(self, run: Run) -> bool:
        sent = float(run.record.get("last_sent_at") or run.record.get("sent_at") or 0)
        now, within = self.transport.now()
        old = now - sent - float(run.record.get("sent_within") or 0) > _KEPT
        # With a clock that may be wrong by more, only the service can say so.
        return old and within < _DOUBTFUL

    def _journal(self, run: Run, via: str) -> None:
        """Write down, in the service's clock, that a try is about to be sent, and wait for its turn."""
        check_called_off()
        now, within = self.transport.now()
        first = {"sent_at": now}
        if run.record.get("unresolved"):
            # The first try's time stays, with its own doubt about the clock: that one may arrive late.
            first, within = {}, max(within, float(run.record.get("sent_within") or 0))
        run.advance(SENDING, via=via, last_sent_at=now, sent_within=within, **first)
        # Last, so that the time that the disk takes does not bunch what was sent evenly.
        self.store.take_turn(self.pace.interval, self.clock)

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
        damaged = self.store.damaged()
        if damaged:
            self.store.discard(run)
            raise OverBudget(
                f"nobody knows what run {damaged[0]} cost, whose record is damaged, so the budget of {self.budget} "
                "cannot be kept; nothing was sent. client.rescue() puts it right if that can be done; otherwise move "
                "its folder away, or connect without a budget"
            )
        most = price[0] * _request(run).n
        own = run.cost()
        spent = self.store.spent(run.service, price[1]) - (own.amount if own else Decimal(0))
        if spent + most > self.budget.amount:
            self.store.discard(run)
            more = Money(amount=most, currency=price[1])
            have = Money(amount=spent, currency=price[1])
            raise OverBudget(
                f"up to {more} more would pass the budget of {self.budget}: {have} are spent or under way in "
                f"{str(self.store.root)!r}. Nothing was sent; ask for fewer images or raise connect(budget=...)"
            )

    # Input images

    def _links(self, request: ImageRequest) -> list[Secret]:
        """Return for each input image its URL, data URI or uploaded link; the largest are uploaded."""
        upload: set[int] = set()
        inline = 0
        sizes = [(len(image.content or b""), number) for number, image in enumerate(request.images)]
        for size, number in sorted(sizes):
            if size > INLINE_EACH or inline + size > INLINE_ALL:
                upload.add(number)
            inline += size
        return [
            Secret(image.url or (self._uploaded(image, request.model) if number in upload else image.data_uri))
            for number, image in enumerate(request.images)
        ]

    def _uploaded(self, image: InputImage, model: str) -> str:
        known = self._uploads.get((str(image.sha256), model))
        if known and self.clock.now() - known[0] < _UPLOAD_LIFE:
            return known[1]
        try:
            link = self.transport.files.upload(image, model=model)
        except WannbError:
            # The upload is documented for one region in one place and for two in another: send it inline then.
            return image.data_uri
        self._uploads[str(image.sha256), model] = (self.clock.now(), link)
        return link

    # Room for running tasks

    def _enter(self, run: Run) -> None:
        model = _request(run).model
        while not self.account.enter(model, run.place, most=self.pace.running, timeout=1.0):
            check_called_off()
            self._relieve(model)

    def _relieve(self, model: str) -> None:
        """Ask after running tasks that nobody waits for, so that submits do not stall behind them."""
        if not self.account.relieving.acquire(blocking=False):
            return
        try:
            for place, task_id in self.account.unwatched(model):
                try:
                    ended = self.transport.query(task_id, seconds=0).status in wire.FINAL
                except NotFound:
                    ended = True
                except WannbError:
                    ended = False  # another run's trouble; its own client will meet it
                if ended:
                    self.account.leave(place)
        finally:
            self.account.relieving.release()


def _sync_gap(run: Run) -> UnknownOutcome:
    if run.state == ANSWERED:
        return UnknownOutcome(
            f"synchronous call {run.id} was cut off while its images were fetched, and the links of those that are "
            f"missing went with it; it is billed, and what came lies in {str(run.folder)!r}. fresh=True asks and pays "
            "again, and via='task' has no such gap",
            run_id=run.id,
        )
    return UnknownOutcome(
        f"synchronous call {run.id} was cut off before its answer came. Such a call leaves no task id to look for, so "
        "it may or may not have been billed; fresh=True asks and pays again, and via='task' has no such gap",
        run_id=run.id,
    )


def _request(run: Run) -> ImageRequest:
    request = run.request
    if request is None:
        raise UnknownOutcome(f"run {run.id} holds no request", run_id=run.id)
    return request


def _names_upload(links: list[Secret]) -> bool:
    return any(str(link).startswith("oss://") for link in links)


def _error_record(error: WannbError) -> dict[str, Any]:
    known = {name: getattr(error, name) for name in ("code", "message", "request_id", "status") if hasattr(error, name)}
    return {"text": str(error), **known}
