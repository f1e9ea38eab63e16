"""Ledger: from a request to a run on disk, and from the run to the service's task, once.

A request is sent again only when it was refused, or surely did not arrive (see `lost_answers`); such a run says so in
its notices. Over all kernels of a folder of runs the tries of one account and model go one at a time, which keeps the
time in which a lost one can have arrived narrow. Between tries a caller holds nothing but the run's own lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from wannb.errors import (
    ApiError,
    CalledOff,
    ConnectionFailed,
    OverBudget,
    RateLimited,
    ServiceError,
    StoreError,
    UnknownOutcome,
    WaitTimeout,
    WannbError,
)
from wannb.masking import Secret
from wannb.request import ImageRequest, InputImage
from wannb.runs import ANSWERED, ENDED, FAILED, LOST, PREPARED, SENDING, Failure, Run, Store
from wannb.service import Account, Clock, Money, Pace, Price, Transport, check_called_off, left, waiting, wire
from wannb.translation import Said

from .lost_answers import Search, is_past, look_up
from .saving import collect, finish_from_disk

#: What is larger is uploaded instead of sent inside the JSON; the body's own limit is not documented.
INLINE_EACH, INLINE_ALL = 7 * 1024 * 1024, 20 * 1024 * 1024
#: Uploaded files live for 48 hours (documented); an hour less, so that none dies on the way.
_UPLOAD_LIFE = 47 * 3600
#: Seconds after which no kernel is about to send a prepared run any more.
_SETTLED = 60
#: Seconds by which the time when a run began is doubtful; it is written down in whole seconds.
_BEGAN_WITHIN = 2.0
#: Seconds by which a file system's times may be coarse.
_TICK = 0.02
#: Seconds in which the service is asked whether a task of another key is this account's.
_ASKED = 5.0
#: Answers lost one after the other before the person is told.
_LOST_IN_A_ROW = 5


@dataclass(kw_only=True)
class Ledger:
    """Everything between a client and the service that must not lose or pay twice.

    Attributes:
        transport, store, account, pace, clock: the service, the folder of runs, the account's gates.
        budget: what all runs of the folder may cost; None for no limit.
        facts: service, region, account and versions, which every run of this client has in its record.
        kept: answers of synchronous calls whose images could not be fetched yet, by the run's folder; their links may
            not be written down.
    """

    transport: Transport = field(repr=False)
    store: Store
    account: Account = field(repr=False)
    pace: Pace = field(repr=False)
    clock: Clock = field(repr=False)
    budget: Money | None = None
    facts: dict[str, Any] = field(repr=False)
    kept: dict[Path, wire.Answer] = field(default_factory=dict, repr=False)
    _uploads: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict, repr=False)

    # From a request to a run

    def find(self, request: ImageRequest) -> Run | None:
        """Return the run that answers an equal request (see `Store.find`); None if there is none."""
        return self.store.find(request.fingerprint, self.facts["service"], self.account.mark)

    def owns(self, run: Run, *, ask: bool = False) -> bool:
        """Return whether a run is this service's and account's, and so can be asked for.

        Args:
            run: of any client.
            ask: ask the service, which is free, for a task of another key: one that was renewed has the tasks of the
                one before. That it is the same account is written down.

        Raises:
            ConnectionFailed, UnknownOutcome, RateLimited, ServiceError: the service did not say.
        """
        if run.service != self.facts["service"]:
            return False
        if run.record.account == self.account.mark:
            return True
        if not ask or run.service == "mock" or run.task_id is None or run.state in ENDED:
            return False
        try:
            status = self.transport.query(run.task_id, seconds=_ASKED).status
        except (RateLimited, ServiceError):
            raise
        except ApiError:
            return False  # it refuses to tell of another account's task
        if status == wire.UNKNOWN:
            return False
        with suppress(WaitTimeout), self.store.lock(run.id, seconds=_ASKED):
            run.reload()
            if run.state not in ENDED:
                run.advance(run.state, account=self.account.mark)
        return True

    def begin(
        self,
        request: ImageRequest,
        *,
        seed_drawn: bool,
        fresh: bool,
        via: str,
        price: Price | None,
        after: set[str] | None = None,
    ) -> tuple[Run, bool]:
        """Return the run of a request, and whether it was made by this call; nothing is sent.

        With `after` it is a fresh one only while those runs are all that were begun for an equal request.

        Raises:
            ConnectionFailed, UnknownOutcome, RateLimited, ServiceError: an equal run of another key is under way, and
                the service did not say whose it is.
            StoreError: the folder cannot be used, or a damaged run may be the answer to this request.
        """
        fingerprint = request.fingerprint
        if not self.store.looked and (seed_drawn or fresh or not self.find(request)):
            self.store.warn()  # trying the folder's locks takes a moment, in which nobody else need wait
        with self.store.lock(f"same-{fingerprint[:8]}"):
            if after is not None:
                fresh = self.store.alike(fingerprint) == after
            reuse = not seed_drawn and not fresh
            elsewhere: list[Run] = []

            def owns(run: Run) -> bool:
                mine = self.owns(run, ask=True)
                if not mine and run.service != "mock":
                    elsewhere.append(run)
                return mine

            same = (fingerprint, self.facts["service"], self.account.mark)
            known = self.store.find(*same, surely=True, owns=owns) if reuse else None
            if known:
                # The caller's own request: its links are not masked, and its pictures are at hand.
                return Run(known.folder, known.record, request, skipped=known.skipped), False
            facts = {**self.facts, "seed_drawn": seed_drawn, "price": price, "via": via}
            notices = [_under_way_elsewhere(run) for run in elsewhere[:1]]
            return self.store.create(request, fingerprint, notices=notices, **facts), True

    def adopt(self, task_id: str, run: Run) -> None:
        """Tie a task of the account to a run that is in doubt, or whose task is not certain and then given back.

        Raises:
            StoreError: the run holds a task for certain, has ended, or nothing of it was sent.
        """
        self.check_owned(run)
        with self.store.lock(run.id):
            run.reload()
            if run.task_id == task_id:
                return
            if run.record.uncertain:
                self.store.release(run)
            if run.task_id:
                raise StoreError("run {run} already holds task {task_id}", run=run.id, task_id=run.task_id)
            if not run.record.in_doubt and (run.record.request or run.state != PREPARED):
                raise StoreError(
                    "run {run} is {state}: a task is tied only to a run whose answer was lost",
                    run=run.id,
                    state=Said(run.state),
                )
            others = tuple(each for each in run.record.not_ours if each != task_id)
            run.accept(task_id, chosen=run.record.request is not None, not_ours=others)

    def check_owned(self, run: Run, *, ask: bool = False) -> None:
        """Raise `StoreError` for a run that is another service's or account's: its task list knows nothing of it."""
        if not self.owns(run, ask=ask):
            raise StoreError(
                "run {run} was sent to {service} with another key; connect with that one to pick it up",
                run=run.id,
                service=run.service,
            )

    def release(self, run: Run) -> None:
        """Take back that a run's task, found by its time or chosen, is its own; `StoreError` for any other run."""
        with self.store.lock(run.id):
            run.reload()
            self.store.release(run)

    def search(self, run: Run) -> Search:
        """Look once for what became of a run in doubt, and change nothing; of another run its task alone is meant."""
        self.check_owned(run)
        search = Search(run, self.transport, self.store)
        if run.record.in_doubt:
            search.look()
        elif not run.record.uncertain:
            raise StoreError("run {run} is not in doubt: its task is {task_id}", run=run.id, task_id=run.task_id)
        return search

    # To the service

    def revive(self, run: Run) -> None:
        """Reopen a run that ended without all its images, where the service still knows its task."""
        if not run.ended_early:
            return
        answer = self.transport.query(str(run.task_id))
        if answer.links or answer.status not in (wire.FAILED, wire.UNKNOWN):
            with self.store.lock(run.id):
                run.reload()
                self.store.reopen(run)

    def send(self, run: Run) -> None:
        """Make sure that a run has a task: send it, or find what became of an earlier try.

        Raises:
            OverBudget: the budget could be passed; a run of which nothing was sent is removed.
            ApiError: the service refused it; nothing is billed.
            ConnectionFailed: the service was not reached; nothing is billed.
            UnknownOutcome: it may have been accepted, and the task list does not tell which task it is.
            WaitTimeout: the caller's time was over before it was sent.
        """
        with self.store.lock(run.id):
            self.store.refresh(run)
            if run.state not in (PREPARED, SENDING):
                return
            if run.state == SENDING and run.record.via == "sync":
                raise _sync_gap(run)
            with self._called_off(run):
                self._submit(run)

    def call(self, run: Run, on_sent: Callable[[], None]) -> None:
        """Make sure that a run has come to its end by the synchronous endpoint; a run that has a task is left to it.

        Raises:
            UnknownOutcome: it may have been accepted and billed, and no task id leads to it.
            OverBudget, ApiError, ConnectionFailed, DownloadFailed: as for a task.
        """
        with self.store.lock(run.id):
            self.store.refresh(run)
            if run.state == PREPARED:
                on_sent()
                with self._called_off(run):
                    self._generate(run)
            if run.state not in ENDED and run.record.via == "sync" and not finish_from_disk(run):
                if run.folder not in self.kept:
                    raise _sync_gap(run)
                self.collect(run, self.kept[run.folder])
        if run.state == SENDING:
            self.send(run)

    def settle(self, run: Run) -> bool:
        """Find the task of a run that was cut off, without sending; False when nothing of it reached the service.

        Raises:
            WaitTimeout: another kernel used the run until the caller's time was over.
            UnknownOutcome: it may have been billed, and nothing tells what became of it.
        """
        with self.store.lock(run.id):
            run.reload()
            if run.folder in self.kept or run.state in ENDED or finish_from_disk(run):
                return True
            if run.state == PREPARED:
                if self.clock.now() - run.folder.stat().st_mtime > _SETTLED:
                    text = Said("cut off before it was sent; nothing is billed")
                    run.advance(FAILED, error=Failure(text=text))
                return False
            self.transport.learn_time()
            if run.task_id is None and is_past(run.record.sent[1], run.record, self.transport):
                run.advance(LOST)
                raise forgotten_answer(run)
            if run.state in (SENDING, ANSWERED) and run.record.via == "sync":
                raise _sync_gap(run)
            if run.state == SENDING and not self._found(run):
                run.advance(FAILED, error=Failure(text=Said("it never reached the service; nothing is billed")))
                return False
            return True

    @contextmanager
    def _called_off(self, run: Run) -> Iterator[None]:
        """Remove a run that is stopped before it was sent; one that waited for another try has failed."""
        new = run.state == PREPARED
        try:
            yield
        except (CalledOff, WaitTimeout) as error:
            # Of one that was half sent before, a try can have been accepted: it stays open.
            if run.state == PREPARED:
                self.store.discard(run)
            elif new and not run.record.unresolved:
                run.advance(FAILED, error=Failure(text=error.said))
            raise

    def _submit(self, run: Run) -> None:
        request = _request(run)
        request.check()
        check_called_off()
        links = self._links(request)
        body = wire.body(request, links)
        try:
            self.transport.learn_time()
        except (ApiError, ConnectionFailed) as error:
            if run.state == PREPARED:
                run.advance(FAILED, error=_failure(error))
            raise
        if run.state == SENDING:
            if self._found(run):
                return
            try:
                self._check_budget(run)
            except OverBudget:
                text = Said("it never reached the service; nothing is billed")
                run.advance(FAILED, error=Failure(text=text))
                raise
            run.advance(SENDING, unresolved=True, resent=True)
        turn = partial(self._turn, run, "task")
        for _ in range(_LOST_IN_A_ROW):
            try:
                task_id, request_id = self.transport.create(body, oss=_names_upload(links), turn=turn, name=run.id)
            except UnknownOutcome as error:
                lost = error
                run.advance(SENDING, unresolved=True, lost_at=self.transport.now()[0])
                if self._found(run):
                    return
                run.advance(SENDING, resent=True)
                continue
            except (ApiError, ConnectionFailed) as error:
                if not run.record.unresolved:
                    run.advance(FAILED, error=_failure(error))
                raise
            run.accept(task_id, request_id=request_id)
            self.account.accepted.append((task_id, self.transport.now()[0]))
            return
        raise UnknownOutcome(
            "{times} answers in a row were lost, and no task is listed for them: {error}. Something between "
            "this machine and the service may be at fault; the same call looks again before it sends anything",
            times=_LOST_IN_A_ROW,
            error=lost.said,
            run_id=run.id,
        )

    def _generate(self, run: Run) -> None:
        """Send a prepared run to the synchronous endpoint, and keep its answer until it is saved."""
        request = _request(run)
        try:
            check_called_off()
            links = self._links(request)
            self.transport.learn_time()  # that something else is at the address shows before money is spent
            with self._turn(run, "sync"):
                pass
            self.kept[run.folder] = self.transport.generate(wire.body(request, links), oss=_names_upload(links))
        except UnknownOutcome as error:
            raise UnknownOutcome(
                "{error}. A synchronous call leaves no task id to look for: it may or may not have been billed. "
                "fresh=True asks and pays again; via='task' has no such gap",
                error=error.said,
                run_id=run.id,
            ) from error
        except (ApiError, ConnectionFailed) as error:
            run.advance(FAILED, error=_failure(error))
            raise

    def collect(self, run: Run, answer: wire.Answer) -> None:
        """Save the images of an answer (see `saving.collect`); the caller holds the run's lock."""
        try:
            collect(run, answer, self.transport)
        finally:
            if run.state in ENDED:
                self.kept.pop(run.folder, None)

    def _found(self, run: Run) -> bool:
        """Accept the task that an unanswered try became, if it became one."""
        if run.record.sent_at is None:
            # Its journal broke off before it said when: not before the run began, by this machine's clock.
            (ahead, within), (began, doubt) = self.transport.skew, _began(run)
            at = began + ahead
            run.record = replace(run.record, sent_at=at, last_sent_at=at, sent_within=within + doubt)
        wait = Said(
            "the answer was lost; looking in the service's task list for what became of it, at most {seconds} s",
            seconds=f"{min(left(), sum(self.pace.lookups)):.0f}",
        )
        with waiting(wait):
            task_id = look_up(run, transport=self.transport, store=self.store, pace=self.pace, clock=self.clock)
        if task_id is None:
            return False
        run.accept(task_id, matched_by_time=True)
        return True

    @contextmanager
    def _turn(self, run: Run, via: str) -> Iterator[None]:
        """Hold what only one try of an account and model may hold, write down that it is sent, and let it be sent.

        What is sent for the first time is checked and written down in one step, so that no two pass a budget together.
        """
        model = _request(run).model
        with self.account.submitting(model), self.store.turn(f"{self.account.mark}-{model}") as spaced:
            check_called_off()
            if via == "task":
                self.account.submits[model].wait()
            with self.store.lock("budget") if self.budget else nullcontext():
                if run.state == PREPARED:
                    self._check_budget(run)
                self._journal(run, via)
            # Last, so that the time that the disk takes does not bunch what was sent evenly.
            spaced(self.pace.interval, self.clock)
            yield

    def _journal(self, run: Run, via: str) -> None:
        """Write down, in the service's clock, that a try is about to be sent."""
        now, within = self.transport.now()
        first = now
        if run.record.unresolved:
            # The first try's time stays, with its own doubt about the clock: that one may arrive late.
            first, within = run.record.sent[0], max(within, run.record.sent_within)
        run.advance(SENDING, via=via, sent_at=first, last_sent_at=now, sent_within=within)

    def _check_budget(self, run: Run) -> None:
        if self.budget is None:
            return
        price = run.record.price
        if price is None or price.currency != self.budget.currency:
            why = Said(
                "the price of this request in {currency} is unknown, so the budget of {budget} cannot be kept; nothing "
                "was sent. Set a price with wannb.set_price(...) or connect without a budget",
                currency=self.budget.currency,
                budget=str(self.budget),
            )
        elif damaged := self.store.unpriced():
            why = Said(
                "the cost of run {run} is unknown, since its record is damaged, so the budget of {budget} cannot be "
                "kept; nothing was sent. client.rescue() restores it if that can be done; otherwise move its folder "
                "away, or connect without a budget",
                run=damaged,
                budget=str(self.budget),
            )
        else:
            most = price.times(_request(run).n)
            own = run.cost()
            spent = self.store.spent(run.service, price.currency) - (own.amount if own else Decimal(0))
            if spent + most.amount <= self.budget.amount:
                return
            why = Said(
                "up to {more} more would pass the budget of {budget}: the runs of the mock server in {folder} come to "
                "{spent} at the live prices. The mock server bills nothing, but its runs are counted as if they were "
                "live. Nothing was sent; ask for fewer images or raise connect(budget=...)"
                if run.service == "mock"
                else "up to {more} more would pass the budget of {budget}: {spent} are spent or under way in {folder}. "
                "Nothing was sent; ask for fewer images or raise connect(budget=...)",
                more=str(most),
                budget=str(self.budget),
                spent=str(Money(amount=spent, currency=price.currency)),
                folder=repr(str(self.store.root)),
            )
        self.store.discard(run)
        raise OverBudget(why)

    # Input images

    def _links(self, request: ImageRequest) -> list[Secret]:
        """Return for each input image its URL, data URI or uploaded link; the largest are uploaded."""
        links: dict[int, Secret] = {}
        inline = 0
        for size, number in sorted((len(image.content or b""), at) for at, image in enumerate(request.images)):
            inline += size
            upload, image = size > INLINE_EACH or inline > INLINE_ALL, request.images[number]
            links[number] = Secret(image.url or (self._uploaded(image, request.model) if upload else image.data_uri))
        return [links[number] for number in sorted(links)]

    def _uploaded(self, image: InputImage, model: str) -> str:
        known = self._uploads.get((str(image.sha256), model))
        if known and self.clock.now() - known[0] < _UPLOAD_LIFE:
            return known[1]
        megabytes = f"{len(image.content or b'') / 2**20:.1f}"
        try:
            with waiting(Said("uploading a picture of {megabytes} MB", megabytes=megabytes)):
                link = self.transport.upload(image, model=model)
        except WannbError:
            # The upload is documented for one region in one place and for two in another: send it inline then.
            return image.data_uri
        self._uploads[str(image.sha256), model] = (self.clock.now(), link)
        return link


def _began(run: Run) -> tuple[float, float]:
    """Return when a run began, by this machine's clock, and by how many seconds that may be wrong.

    The record has whole seconds, which would let tasks of other folders in, made just before. The folder's own time is
    finer: its journal was the last file made in it before anything was sent. A copied folder has another time.
    """
    began, _ = run.record.sent
    with suppress(OSError):
        made = run.folder.stat().st_mtime
        if began <= made <= began + _BEGAN_WITHIN:
            return made, _TICK
    return began, _BEGAN_WITHIN


def forgotten_answer(run: Run) -> UnknownOutcome:
    """Return an error for a run whose answer was lost too long ago to be found."""
    return UnknownOutcome(
        "run {run_id} was cut off more than 24 hours ago, and the service keeps nothing longer. It may or may not "
        "have been billed, and this can no longer be found out; the same call asks and pays again",
        run_id=run.id,
    )


def _under_way_elsewhere(run: Run) -> Said:
    return Said(
        "an equal request was sent to {service} on {date} with another key, and its images are not here: run {run}. "
        "client.rescue() with that key fetches them, within 24 hours",
        service=run.service,
        date=run.created[:10],
        run=run.id,
    )


def _sync_gap(run: Run) -> UnknownOutcome:
    if run.state == ANSWERED:
        return UnknownOutcome(
            "synchronous call {run_id} was cut off while its images were fetched, and the links of those that are "
            "missing are lost; it is billed, and what came is in {folder}. fresh=True asks and pays again, and "
            "via='task' has no such gap",
            run_id=run.id,
            folder=repr(str(run.folder)),
        )
    return UnknownOutcome(
        "synchronous call {run_id} was cut off before its answer came. Such a call leaves no task id to look for, so "
        "it may or may not have been billed; fresh=True asks and pays again, and via='task' has no such gap",
        run_id=run.id,
    )


def _request(run: Run) -> ImageRequest:
    request = run.request
    if request is None:
        raise UnknownOutcome("run {run_id} holds no request", run_id=run.id)
    return request


def _names_upload(links: list[Secret]) -> bool:
    return any(str(link).startswith("oss://") for link in links)


def _failure(error: WannbError) -> Failure:
    if isinstance(error, ApiError):
        return Failure(code=error.code, message=error.message, request_id=error.request_id, status=error.status)
    return Failure(text=error.said)
