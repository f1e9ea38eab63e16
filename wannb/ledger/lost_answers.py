"""Lost answers: what became of a try whose answer never came: a task, nothing, or nobody knows.

The service's task list shows the tasks of the whole account with their times and models, never their prompts. Time is
no proof: another folder, or another person with the same key, may have asked within the same second. So

- a task is taken over only where nobody else can be meant: of the last 24 hours the list shows no task but this one
  that no run of the folder made or can have made;
- a try did not arrive only with proof: a later task of this very folder stands in the list, and nothing that could be
  its outcome does, nor did in an earlier look. Where a task of this process was missing from the list once, it is late,
  and may be by another time for each task: then only the last look proves that;
- otherwise the outcome is in doubt, and the person chooses. What was seen is kept in the run's record.

Times are compared in the service's clock: a journal says when a run was sent by that clock, whatever this machine's is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wannb.errors import ApiError, ConnectionFailed, UnknownOutcome, WaitTimeout, WannbError
from wannb.request import parse
from wannb.runs import SENDING, Record, Run, Store
from wannb.service import Clock, Pace, Transport, called_off, left, wire
from wannb.translation import Said

#: Seconds by which a task's own time may be later than the arrival of its request, and is where nothing is slow (seen
#: live, 2026-04).
_SLOW_ENTRY, _ENTRY = 0.5, 0.1
#: Seconds after which a sent request cannot arrive any more, and after which a task is doubtful.
_LATEST_ARRIVAL, _PROMPT = 180.0, 3.0
#: Seconds for which the service keeps a task.
_KEPT = 24 * 3600
#: Seconds by which the service's clock may be wrong here before only the service can say that a day has passed.
_DOUBTFUL = 600
#: Seconds after which a waiting look-up sees that it was called off, and between looks after tasks of this process.
_STEP, _EARLY = 0.25, 1.0


def is_past(sent: float, record: Record, transport: Transport) -> bool:
    """Return whether the service surely keeps nothing any more of what a run sent at a time of its clock."""
    now, within = transport.now()
    return within < _DOUBTFUL and now - within - record.sent_within - sent > _KEPT


def look_up(run: Run, *, transport: Transport, store: Store, pace: Pace, clock: Clock) -> str | None:
    """Return the id of the task that an unanswered try became, None if it surely did not arrive.

    The caller holds the run's lock, and nothing that others wait for. After a try of just now it looks several times,
    since the list may lag behind; a task that this process gets meanwhile may be the proof.

    Raises:
        UnknownOutcome: several tasks may be meant, nothing proves that it did not arrive, or it is too old.
    """
    search = Search(run, transport, store)
    unread: WannbError | None = None
    try:
        transport.learn_time()
        now, _ = transport.now()
        young = now - run.record.sent[1] < sum(pace.lookups)
        past = is_past(run.record.sent[0], run.record, transport)
        for is_last in _moments(() if past else pace.lookups if young else pace.lookups[:1], transport, clock):
            search.look()
            if search.found:
                return search.found
            if search.is_sure and not search.candidates and (is_last or not transport.account.list_lags):
                return None
            if search.is_sure and search.candidates and search.others:
                break
    except (ApiError, ConnectionFailed, UnknownOutcome) as error:
        unread, past = error, False
    except WaitTimeout:
        past = False  # that the outcome is in doubt matters more
    if not past and not search.looks:
        unread = unread or WaitTimeout(Said("there was no time left for it"))
    if past:
        raise UnknownOutcome(
            "run {run_id} was cut off more than 24 hours ago, and the service forgets tasks after that. It may or "
            "may not have been billed; fresh=True asks again",
            run_id=run.id,
        )
    if (run.record.candidates, run.record.others) != (tuple(search.candidates), search.others):
        run.advance(SENDING, candidates=tuple(search.candidates), others=search.others)
    raise _doubt(run, unread) from unread


@dataclass
class Search:
    """Looks into the task list for the outcome of one run, united.

    Attributes:
        candidates: what may be its outcome: tasks by their ids, None for one that only an earlier look-up saw.
        others: whether tasks were seen that no run of this folder can have made.
        found: the task that is its outcome, as nobody else can be meant.
        is_sure: whether the list is known to hold what arrived before a later task of this folder.
        looks: how often the list was read.
    """

    run: Run
    transport: Transport
    store: Store
    candidates: dict[str, wire.ListedTask | None] = field(init=False)
    others: bool = field(init=False)
    found: str | None = None
    is_sure: bool = False
    looks: int = 0
    _refuted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.candidates = dict.fromkeys(self.run.record.candidates)
        self.others = self.run.record.others

    def look(self) -> None:
        """Read the list once more; the first time that of 24 hours, since others may have been there before."""
        record, transport = self.run.record, self.transport
        transport.learn_time()
        now = sum(transport.now())
        earliest, latest = window(record)
        until = max(earliest, min(latest, now + _SLOW_ENTRY)) + 60
        known = {name for name, at in tuple(transport.account.accepted) if earliest < at < now - _EARLY}
        since = earliest - 60 if self.looks else until - _KEPT
        listed, whole = transport.tasks(since=since, until=until if self.looks else max(until, now))
        self.looks += 1
        if whole and known - {task.task_id for task in listed}:
            transport.account.list_lags = True
        # The list first, since what is in it was written down as sent before; then who is in doubt, and who holds what
        # last: a run that is told of its task meanwhile is found as either, if not as both.
        rivals = [
            run.record
            for run in self.store.open_runs()
            if run.id != self.run.id and run.record.in_doubt and same_account(run.record, record)
        ]
        holders = [each.record for each in self.store.holders([*(task.task_id for task in listed), *self.candidates])]
        # A run that was adopted by its id alone was only viewed; it may be the very one that is meant.
        held = {each.task_id: each for each in holders if each.request}
        everyone = [record, *held.values(), *rivals]
        prompt = prompt_window(record, everyone)
        free = [task for task in listed if task.task_id not in held and task.task_id not in record.not_ours]
        times = [(each, prompt_window(each, everyone)) for each in rivals]
        # Of each task, how many other runs in doubt can have made it.
        explained = {task.task_id: sum(_is_in_time(task, *each) for each in times) for task in free}
        for task in free:
            alone = explained[task.task_id] == 1 and not _is_within(task, prompt)
            alone = alone and task.task_id not in self.candidates  # what an earlier look saw stays
            fits = _is_of(task, record) and _is_within(task, (earliest, latest)) and not alone
            if fits and self._could_be(task):
                self.candidates[task.task_id] = task
                continue
            self.candidates.pop(task.task_id, None)
            self.others = self.others or not explained[task.task_id]
        self.candidates = {name: task for name, task in self.candidates.items() if name not in held}
        self.others = self.others or bool(set(record.not_ours)) or not whole
        reaches = whole or any(task.created is not None and task.created < earliest for task in listed)
        self.is_sure = reaches and any(_proves(task, held.get(task.task_id), record) for task in listed)
        self.found = None
        if len(self.candidates) == 1 and not self.others:
            [(name, only)] = self.candidates.items()
            if only and only.created is not None and _is_within(only, prompt) and not explained.get(name):
                self.found = name

    def _could_be(self, task: wire.ListedTask) -> bool:
        """Return whether a task can be the outcome by its answer; what is refuted once stays so."""
        request = self.run.record.request or {}
        if task.task_id not in self._refuted and not _could_have_made(request, self.transport.query(task.task_id)):
            self._refuted.add(task.task_id)
        return task.task_id not in self._refuted


def _moments(delays: Sequence[float], transport: Transport, clock: Clock) -> Iterator[bool]:
    """Yield when a look is due, after each delay and each new task of this process: whether it is the last.

    They end early if none is wanted any more.
    """
    for rest, delay in zip(range(len(delays) - 1, -1, -1), delays, strict=True):
        accepted, since = _newest(transport), 0.0
        while delay > 0:
            part = min(delay, _STEP, left())
            if part <= 0 or called_off():
                return
            clock.sleep(part)
            delay, since = delay - part, since + part
            if delay > 0 and since >= _EARLY and _newest(transport) != accepted:
                accepted, since = _newest(transport), 0.0
                yield False
        if not left():
            return
        yield not rest


def _newest(transport: Transport) -> tuple[str, float] | None:
    return transport.account.accepted[-1] if transport.account.accepted else None


def _doubt(run: Run, unread: WannbError | None) -> UnknownOutcome:
    if unread is not None:
        return UnknownOutcome(
            "the answer to run {run_id} was lost, and the task list cannot be read: {reason}. It may have been "
            "billed; client.rescue() or the same call looks again before anything is sent",
            run_id=run.id,
            reason=reason_of(unread),
            candidates=run.record.candidates,
        )
    if run.record.candidates:
        return UnknownOutcome(
            "the answer to run {run_id} was lost, and of the account's tasks these could be its outcome: {tasks}. "
            "client.candidates({quoted}) shows their pictures, and client.task(task_id, run={quoted}) takes the one "
            "that you choose; nothing is sent again until then, except with fresh=True",
            run_id=run.id,
            tasks=", ".join(run.record.candidates),
            quoted=repr(run.id),
            candidates=run.record.candidates,
        )
    return UnknownOutcome(
        "the answer to run {run_id} was lost. The task list shows nothing that could be its outcome, and no later task "
        "of this folder, which would prove that it did not arrive; so it may be billed, and is not sent again. Send "
        "another request and then call again, which looks again; fresh=True asks anew and may pay twice",
        run_id=run.id,
    )


def reason_of(error: WannbError) -> str:
    """Return why a request failed, without advice that does not hold once money may be spent."""
    return (
        Said("{code}, {message}", code=error.code, message=error.message) if isinstance(error, ApiError) else error.said
    )


# Which task can be whose


def window(record: Record) -> tuple[float, float]:
    """Return from when to when, by the service's clock, the task of a run can have been made."""
    first, last = record.sent
    return first - record.sent_within, last + _LATEST_ARRIVAL + record.sent_within + _SLOW_ENTRY


def prompt_window(record: Record, others: Iterable[Record]) -> tuple[float, float]:
    """Return from when to when the task of a run was made if nothing held its request up on the way.

    That ends when its answer was known to be lost, or, of a process that was killed, with the next request of this
    folder for the same model: those go one at a time.
    """
    first, last = record.sent
    within = record.sent_within
    later = [
        other.sent[0] + other.sent_within
        for other in others
        if other.sent_at is not None
        and other.sent[0] > last
        and same_account(other, record)
        and _model(other) == _model(record)
    ]
    lost = [] if record.lost_at is None or record.lost_at < last else [record.lost_at]
    return first - within, min([last + _PROMPT, *later, *lost]) + within + _ENTRY


def _is_in_time(task: wire.ListedTask, rival: Record, times: tuple[float, float]) -> bool:
    return _is_of(task, rival) and task.task_id not in rival.not_ours and _is_within(task, times)


def _is_of(task: wire.ListedTask, record: Record) -> bool:
    return task.model in ("", _model(record))


def _is_within(task: wire.ListedTask, times: tuple[float, float]) -> bool:
    return task.created is None or times[0] <= task.created <= times[1]


def _proves(task: wire.ListedTask, holder: Record | None, record: Record) -> bool:
    """Return whether the list, since it shows a task, would show one that a run's tries had become."""
    last = max(record.sent[1], record.lost_at or 0.0)
    later = task.created is not None and task.created > last + record.sent_within + _SLOW_ENTRY
    return later and holder is not None and not holder.uncertain and same_account(holder, record)


def _could_have_made(request: Mapping[str, Any], answer: wire.Answer) -> bool:
    """Return whether a task can be the outcome of a request, by its answer: how many images, of which size."""
    made, size = answer.usage.get("image_count"), answer.usage.get("size")
    if isinstance(made, int) and made > request.get("n", 0):
        return False
    asked, got = parse(str(request.get("size"))), parse(str(size))
    # Real sizes may differ a little from those asked for (documented).
    return not (asked and got) or all(abs(a - b) <= 0.05 * a for a, b in zip(asked, got, strict=True))


def _model(record: Record) -> str:
    return str((record.request or {}).get("model"))


def same_account(other: Record, record: Record) -> bool:
    """Return whether another run's request could be in the same task list; synchronous calls are not."""
    return other.via != "sync" and (other.service, other.account) == (record.service, record.account)
