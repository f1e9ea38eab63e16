"""Which task a lost answer became, if it became one.

The service's task list shows the tasks of the whole account without their prompts. So a task is taken over only when
exactly one fits the model and the time, no run of the store holds it and no other lost answer could be meant. Times are
compared in the service's clock: a run's journal holds when it was sent by that clock, whatever this machine's says.
"""

from __future__ import annotations

from collections.abc import Iterable

from wannb.errors import UnknownOutcome
from wannb.request import parse
from wannb.service import Clock, Pace, Transport, wire

from .run import SENDING, Run
from .store import Store

#: Seconds by which a task's own time may be later than the arrival of its request (0.1 seen live, 2026-04).
_SLOW_ENTRY = 0.5
#: Seconds after which a sent request cannot arrive any more, and after which a task is doubtful.
_LATEST_ARRIVAL, _PROMPT = 180.0, 20.0
_KEPT = 24 * 3600


def look_up(run: Run, *, transport: Transport, store: Store, pace: Pace, clock: Clock) -> str | None:
    """Return the id of the task that an unanswered try became, None if it did not arrive.

    The caller holds the store's submit lock.

    Raises:
        UnknownOutcome: several tasks fit, or the try is too old to be found.
    """
    transport.learn_time()
    now, within = transport.now()
    if now - within - _within(run) - _sent(run)[0] > _KEPT:
        raise UnknownOutcome(
            f"run {run.id} was cut off more than 24 hours ago, and the service forgets tasks after that. It may or may "
            "not have been billed; fresh=True asks again",
            run_id=run.id,
        )
    model = str(run.record["request"]["model"])
    fitting: list[str] = []
    for delay in pace.lookups:
        clock.sleep(delay)
        transport.learn_time()
        others = [other for other in store.runs() if other.id != run.id]
        # A run that was adopted by its id alone was only looked at; it may be the very one that is meant.
        held = {other.task_id for other in others if other.task_id and other.record.get("request")}
        rivals = [other for other in others if other.state == SENDING and _same_account(other, run)]
        earliest, latest = _window(run, others)
        latest = min(latest, sum(transport.now()) + _SLOW_ENTRY)
        listed = transport.tasks(since=earliest - 60, until=max(earliest, latest) + 60, model=model)
        found = {
            task.task_id: task.created
            for task in listed
            if task.task_id not in held and (task.created is None or earliest <= task.created <= latest)
        }
        fitting = [task_id for task_id in found if _could_have_made(run, transport.query(task_id))]
        times = [found[task_id] for task_id in fitting]
        contested = any(_could_be(rival, times, [*others, run]) for rival in rivals)
        prompt_enough = all(time is not None and time <= _sent(run)[1] + _PROMPT for time in times)
        if len(fitting) == 1 and not contested and prompt_enough:
            return fitting[0]
    if fitting:
        raise UnknownOutcome(
            f"the answer to run {run.id} was lost, and of the account's tasks these could be its outcome: "
            f"{', '.join(fitting)}. Look at them with client.task(task_id) and choose with "
            f"client.task(task_id, run={run.id!r}); nothing is sent again until then, except with fresh=True",
            candidates=fitting,
            run_id=run.id,
        )
    return None


def _window(run: Run, others: Iterable[Run]) -> tuple[float, float]:
    """Return when, by the service's clock, the task of a run can have been made.

    Submits of one store go one at a time, so what was made after its next one was sent is not this run's.
    """
    first, last = _sent(run)
    within = _within(run)
    later = (
        _sent(other)[0] + _within(other) for other in others if _same_account(other, run) and _sent(other)[0] > last
    )
    return first - within, min([last + _LATEST_ARRIVAL, *later]) + within + _SLOW_ENTRY


def _could_be(rival: Run, times: Iterable[float | None], others: Iterable[Run]) -> bool:
    earliest, latest = _window(rival, [other for other in others if other.id != rival.id])
    return any(time is None or earliest <= time <= latest for time in times)


def _could_have_made(run: Run, answer: wire.Answer) -> bool:
    """Return whether a task can be the outcome of a run, by what its answer shows: how many images, of which size."""
    request = run.record["request"]
    made, size = answer.usage.get("image_count"), answer.usage.get("size")
    if isinstance(made, int) and made > request["n"]:
        return False
    asked, got = parse(str(request["size"])), parse(str(size))
    # Real sizes may differ a little from those asked for (documented).
    return not (asked and got) or all(abs(a - b) <= 0.05 * a for a, b in zip(asked, got, strict=True))


def _sent(run: Run) -> tuple[float, float]:
    """Return when the first try without an answer and the last try were sent."""
    first = float(run.record.get("sent_at") or 0)
    return first, float(run.record.get("last_sent_at") or first)


def _within(run: Run) -> float:
    """Return by how much the times of a run may be wrong, in seconds."""
    return float(run.record.get("sent_within") or 0)


def _same_account(other: Run, run: Run) -> bool:
    """Return whether another run's request could stand in the same task list; synchronous calls do not."""
    facts = ("service", "account")
    return other.record.get("via") != "sync" and all(other.record.get(f) == run.record.get(f) for f in facts)
