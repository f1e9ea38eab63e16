"""Tasks of the mock service: their life by the clock, their queue, the list, the cancel, the bill, and the limits."""

from __future__ import annotations

import copy
import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from wannb.mock.exchange import Refused, wrong
from wannb.mock.recordings.format import images_of

from .settings import Settings

RETENTION = 24 * 3600.0  # documented: task data is kept for 24 hours
CHINA = timezone(timedelta(hours=8))  # seen live 2026-04: task times carry no zone and are UTC+8
STATUSES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN")
SPAN_MAX = 24 * 3600
PAGE_MAX = 100
# Documented, for both models in both regions; counted for the whole account.
SUBMITS_A_SECOND = 5
RUNNING = 5  # tasks of a model; the others wait as PENDING
QUEUED = 500
READS_A_SECOND = 20  # of queries, of lists and of cancels, each


@dataclass(kw_only=True, eq=False)
class Task:
    """One job; `output` holds image paths where the answer has URLs.

    It is PENDING for `pending` seconds at least, and until one of the account's slots is free: `scheduled` is when it
    begins to run, infinite until that is known. `hidden` is the work of a synchronous call: billed like a task, but
    neither listed nor queued.
    """

    id: str
    model: str
    request_id: str
    submitted: float
    pending: float = 0.0
    running: float = 0.0
    output: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    failure: tuple[str, str] | None = None
    canceled: float | None = None
    scheduled: float = math.inf
    hidden: bool = False
    settled: bool = False
    playing: Any = None  # the scenario that its submit's own header names
    stranger: bool = False  # somebody else's, whose images are not counted
    expired: bool = False  # a scenario has given it links that have expired

    @property
    def ready(self) -> float:
        """The moment from which it may run."""
        return self.submitted + self.pending

    @property
    def ended(self) -> float:
        return self.canceled if self.canceled is not None else self.scheduled + self.running

    def status(self, now: float) -> str:
        if self.canceled is not None:
            return "CANCELED"
        if not self.settled and now < self.ended:
            return "PENDING" if now < self.scheduled else "RUNNING"
        return "FAILED" if self.failure else "SUCCEEDED"

    def forgotten(self, now: float) -> bool:
        return now >= self.ended + RETENTION


class Tasks:
    """Every task of one server life, the queue they wait in, and the limits of requests a second.

    Without `limits`, of the settings or of a scenario, nothing waits and nothing is refused.
    """

    def __init__(self, settings: Settings) -> None:
        self._now = settings.now
        self._limits = settings.limits
        self._lock = threading.RLock()
        self._tasks: dict[str, Task] = {}
        self._waiting: dict[str, list[Task]] = {}  # by model, those that are not scheduled yet
        self._last: dict[str, list[Task]] = {}  # by model, those of the scheduled ones that end last
        self._requests: dict[str, deque[float]] = {}  # by kind, when those of the last second came

    def __len__(self) -> int:
        return sum(not task.hidden for task in self._tasks.values())

    def count_request(self, kind: str, most: int, *, limits: bool = False) -> None:
        """Count a request, or refuse it where there were `most` of its kind in the last second."""
        if not (self._limits or limits):
            return
        with self._lock:
            now = self._now()
            recent = self._requests.setdefault(kind, deque())
            while recent and recent[0] <= now - 1:
                recent.popleft()
            if len(recent) >= most:
                raise Refused("Throttling.RateQuota", f"Requests rate limit exceeded: {kind}, {most} a second.")
            recent.append(now)

    def add(self, task: Task, *, limits: bool = False) -> None:
        """Take a task on; refuse it where the queue of its model is full."""
        with self._lock:
            if not (self._limits or limits) or task.hidden:
                # Documented: the limits on running and queued tasks do not bind synchronous calls.
                task.scheduled = task.ready
            else:
                self._start_waiting()
                waiting = self._waiting.setdefault(task.model, [])
                if len(waiting) >= QUEUED:
                    raise Refused(
                        "Throttling.Concurrency",
                        f"Too many tasks: {len(waiting)} of {task.model} are waiting; the limit is {QUEUED}.",
                    )
                waiting.append(task)
            self._tasks[task.id] = task

    def _start_waiting(self) -> None:
        """Start, up to now, each waiting task at the moment when it was ready and a slot was free."""
        now = self._now()
        for model, waiting in self._waiting.items():
            while waiting:
                task = min(waiting, key=lambda task: task.ready)  # of equal ones the first
                last = sorted(self._last.get(model, ()), key=lambda task: task.ended)[-RUNNING:]
                start = max(task.ready, last[0].ended if len(last) == RUNNING else 0.0)
                if start > now:
                    break
                task.scheduled = start
                waiting.remove(task)
                self._last[model] = [*last, task]

    def taken(self, task_id: str) -> bool:
        return task_id in self._tasks

    def find(self, task_id: str) -> Task | None:
        """Return a task the service still remembers, or None (its query then says UNKNOWN)."""
        with self._lock:
            self._start_waiting()
            task = self._tasks.get(task_id)
        return None if task is None or task.hidden or task.forgotten(self._now()) else task

    def cancel(self, task_id: str) -> None:
        """Cancel a pending task; documented: in any other state it is refused."""
        with self._lock:
            now = self._now()
            task = self.find(task_id)
            if task is None or task.status(now) != "PENDING":
                raise Refused(
                    "UnsupportedOperation",
                    "Failed to cancel the task, please confirm if the task is in PENDING status.",
                )
            task.canceled = now
            waiting = self._waiting.get(task.model, [])
            if task in waiting:
                waiting.remove(task)

    def billed(self) -> int:
        """Count the images of tasks that succeeded by now, whether or not anyone fetched them."""
        now = self._now()
        with self._lock:
            self._start_waiting()
            done = (task for task in self._tasks.values() if not task.stranger and task.status(now) == "SUCCEEDED")
            counts = (task.usage.get("image_count") for task in done)
            return sum(count for count in counts if isinstance(count, int))

    def answer(self, task: Task, link: Callable[[str], str]) -> dict[str, Any]:
        """Return the body of a query, keys as seen live for each status; `link` signs a path."""
        status = task.status(self._now())
        output: dict[str, Any] = {"task_id": task.id, "task_status": status}
        output["submit_time"] = local_time(task.submitted)
        if status != "PENDING" and task.canceled is None:
            output["scheduled_time"] = local_time(task.scheduled)
        if status in ("SUCCEEDED", "FAILED", "CANCELED"):
            output["end_time"] = local_time(task.ended)
        body: dict[str, Any] = {"output": output}
        if status == "FAILED" and task.failure:
            output["code"], output["message"] = task.failure
        if status == "SUCCEEDED":
            output.update(signed(task.output, link))
            body["usage"] = dict(task.usage)
        return body

    def page(self, query: Mapping[str, str], *, lag: float = 0.0, empty: bool = False) -> dict[str, Any]:
        """Return one page of the list, newest first, flat as documented; without tasks younger than `lag` seconds."""
        known = {"task_id", "start_time", "end_time", "model_name", "status", "page_no", "page_size"}
        # The last two are sent by the official SDK (2.0.2, seen) and not documented.
        for name in query:
            if name not in known | {"api_key_id", "region"}:
                raise wrong(name[:40], f"unknown; known: {', '.join(sorted(known))}")
        status = query.get("status")
        if status is not None and status not in STATUSES:
            raise wrong("status", f"must be one of {', '.join(STATUSES)}")
        number = _positive(query, "page_no", 1, 10**6)
        size = _positive(query, "page_size", 10, PAGE_MAX)
        now = self._now()
        start, end = _window(query, now)
        with self._lock:
            self._start_waiting()
            rows = [
                task
                for task in reversed(self._tasks.values())
                if not task.hidden
                and not task.forgotten(now)
                and task.submitted + lag <= now
                and start <= int(task.submitted) <= end
                and query.get("task_id", task.id) == task.id
                and query.get("model_name", task.model) == task.model
                and (status is None or task.status(now) == status)
            ]
        rows.sort(key=lambda task: task.submitted, reverse=True)
        return {
            "total": len(rows),
            "total_page": -(-len(rows) // size),
            "page_no": number,
            "page_size": size,
            "data": [] if empty else [_row(task, now) for task in rows[(number - 1) * size : number * size]],
        }


def local_time(moment: float) -> str:
    """Write epoch seconds as the service does: `2026-04-16 20:42:36.815`, in UTC+8 and without a zone."""
    return datetime.fromtimestamp(moment, CHINA).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def signed(output: Mapping[str, Any], link: Callable[[str], str]) -> dict[str, Any]:
    """Return a copy of a stored output with every image path turned into a signed URL."""
    fresh: dict[str, Any] = copy.deepcopy(dict(output))
    for item, name in images_of({"output": fresh}):
        item[name] = link(item[name])
    return fresh


def _row(task: Task, now: float) -> dict[str, Any]:
    status = task.status(now)
    row: dict[str, Any] = {
        "task_id": task.id,
        "status": status,
        "model_name": task.model,
        "region": "cn-beijing",
        "request_id": task.request_id,
        "api_key_id": "1",
        "caller_uid": "1",
        "caller_parent_id": "1",
        "gmt_create": int(task.submitted * 1000),
        "user_api_unique_key": f"apikey:v1:image:{task.model}:generation",
    }
    if status != "PENDING" and task.canceled is None:
        row["start_time"] = int(task.scheduled * 1000)
    if status in ("SUCCEEDED", "FAILED", "CANCELED"):
        row["end_time"] = int(task.ended * 1000)
    return row


def _positive(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise wrong(name, f"must be a whole number from 1 to {most}")
    return int(text)


def _window(query: Mapping[str, str], now: float) -> tuple[int, int]:
    start, end = _moment(query, "start_time"), _moment(query, "end_time")
    if end is None:
        end = int(now) + 1 if start is None else start + SPAN_MAX
    if start is None:
        start = end - SPAN_MAX
    if start > end:
        raise wrong("start_time", "must not be after end_time")
    if end - start > SPAN_MAX:
        raise wrong("start_time, end_time", "the span may be 24 hours at most")
    return start, end


def _moment(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        if len(text) != 14:
            raise ValueError
        return int(datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=CHINA).timestamp())
    except ValueError:
        raise wrong(name, "must look like 20260416204236 (UTC+8)") from None
