"""Lost answers: the task that an unanswered try became, if it became one.

The service's task list shows the tasks of the whole account without their prompts. So a task is accepted only when
exactly one fits the model and the time, no run of the folder holds it and no other lost answer could be meant. Times
are compared in the service's clock: a run's journal holds when it was sent by that clock, whatever this machine's says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wannb.errors import UnknownOutcome
from wannb.request import parse
from wannb.service import Clock, Pace, Transport, wire

from .record import SENDING, Record
from .run import Run
from .store import Store

#: Seconds by which a task's own time may be later than the arrival of its request (0.1 seen live, 2026-04).
_SLOW_ENTRY = 0.5
#: Seconds after which a sent request cannot arrive any more, and after which a task is doubtful.
_LATEST_ARRIVAL, _PROMPT = 180.0, 20.0
#: Seconds for which the service keeps a task.
_KEPT = 24 * 3600
#: Seconds by which the service's clock may be wrong here before only the service can say that a day has passed.
_DOUBTFUL = 600


def is_past(sent: float, record: Record, transport: Transport) -> bool:
    """Return whether the service surely keeps nothing any more of what a run sent at a time of its clock."""
    now, within = transport.now()
    return within < _DOUBTFUL and now - within - record.sent_within - sent > _KEPT


def look_up(run: Run, *, transport: Transport, store: Store, pace: Pace, clock: Clock) -> str | None:
    """Return the id of the task that an unanswered try became, None if it did not arrive.

    The caller holds the lock "submit".

    Raises:
        UnknownOutcome: several tasks fit, or the try is too old to be found.
    """
    record = run.record
    assert record.request is not None
    transport.learn_time()
    if is_past(record.sent[0], record, transport):
        raise UnknownOutcome(
            "run {run_id} was cut off more than 24 hours ago, and the service forgets tasks after that. It may or "
            "may not have been billed; fresh=True asks again",
            run_id=run.id,
        )
    fitting: list[str] = []
    for delay in pace.lookups:
        clock.sleep(delay)
        transport.learn_time()
        others = [other.record for other in store.newest() if other.id != run.id]
        # A run that was adopted by its id alone was only viewed; it may be the very one that is meant.
        held = {other.task_id for other in others if other.task_id and other.request}
        rivals = [other for other in others if other.state == SENDING and _same_account(other, record)]
        earliest, latest = _window(record, others)
        latest = min(latest, sum(transport.now()) + _SLOW_ENTRY)
        listed = transport.tasks(
            since=earliest - 60, until=max(earliest, latest) + 60, model=str(record.request["model"])
        )
        found = {
            task.task_id: task.created
            for task in listed
            if task.task_id not in held and (task.created is None or earliest <= task.created <= latest)
        }
        fitting = [task_id for task_id in found if _could_have_made(record.request, transport.query(task_id))]
        times = [found[task_id] for task_id in fitting]
        contested = any(_could_be(rival, times, [*others, record]) for rival in rivals)
        prompt_enough = all(time is not None and time <= record.sent[1] + _PROMPT for time in times)
        if len(fitting) == 1 and not contested and prompt_enough:
            return fitting[0]
    if fitting:
        raise UnknownOutcome(
            "the answer to run {run_id} was lost, and of the account's tasks these could be its outcome: {tasks}. "
            "View them with client.task(task_id) and choose with client.task(task_id, run={quoted}); nothing is "
            "sent again until then, except with fresh=True",
            run_id=run.id,
            tasks=", ".join(fitting),
            quoted=repr(run.id),
            candidates=fitting,
        )
    return None


def _window(record: Record, others: Iterable[Record]) -> tuple[float, float]:
    """Return when, by the service's clock, the task of a run can have been made.

    Submits of one folder go one at a time, so what was made after its next one was sent is not this run's.
    """
    first, last = record.sent
    within = record.sent_within
    later = (
        other.sent[0] + other.sent_within
        for other in others
        if other.sent_at is not None and _same_account(other, record) and other.sent[0] > last
    )
    return first - within, min([last + _LATEST_ARRIVAL, *later]) + within + _SLOW_ENTRY


def _could_be(rival: Record, times: Iterable[float | None], others: Iterable[Record]) -> bool:
    earliest, latest = _window(rival, [other for other in others if other is not rival])
    return any(time is None or earliest <= time <= latest for time in times)


def _could_have_made(request: Mapping[str, Any], answer: wire.Answer) -> bool:
    """Return whether a task can be the outcome of a request, by its answer: how many images, of which size."""
    made, size = answer.usage.get("image_count"), answer.usage.get("size")
    if isinstance(made, int) and made > request["n"]:
        return False
    asked, got = parse(str(request["size"])), parse(str(size))
    # Real sizes may differ a little from those asked for (documented).
    return not (asked and got) or all(abs(a - b) <= 0.05 * a for a, b in zip(asked, got, strict=True))


def _same_account(other: Record, record: Record) -> bool:
    """Return whether another run's request could be in the same task list; synchronous calls are not."""
    return other.via != "sync" and (other.service, other.account) == (record.service, record.account)
