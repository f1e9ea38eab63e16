"""What each route does: the generation calls, the tasks, the uploads and the result images."""

from __future__ import annotations

import hashlib
import random
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from wannb.mock.recordings import format as recordings
from wannb.mock.recordings.library import Shelf

from . import faults, outcome
from .exchange import Refused, Request
from .inputs import DATA_URI, Source, inline, public_address, remote
from .limits import Limits
from .outcome import Outcome
from .results import Results, expiry
from .rules import SEED_MAX, Order, read_order
from .tasks import Task, TaskBook, signed
from .uploads import Uploads

# A slow queue: PENDING for so many times the usual task, and for so many seconds at least.
SLOW_TIMES = 5
SLOW_LEAST = 2.0
# Seen live 2026-04: a task is RUNNING within 0.3 s of its submit.
PENDING_MOST = 0.3


@dataclass(frozen=True, kw_only=True)
class Call:
    """One generation call: what was sent, what is played on it, and notes for the log."""

    request: Request
    body: Any
    fault: faults.Fault
    scopes: tuple[faults.Scope, ...]
    own: faults.Scope | None
    notes: list[str]


class Service:
    """The state behind the routes. Thread-safe."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        rng: random.Random,
        task_seconds: float,
        limits: bool,
        shelf: Shelf | None,
        strict: bool,
        steady: bool,
        captions: bool = True,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._rng = rng
        self._task_seconds = task_seconds
        self._limits = Limits(now) if limits else None
        self._shelf = shelf
        self._strict = strict
        self._steady = steady
        self._lock = threading.Lock()
        self._submit_lock = threading.Lock()
        self._times_played: dict[str, int] = {}
        secret = secrets.token_bytes(32)
        self.tasks = TaskBook(now)
        self.results = Results(now=now, secret=secret, captions=captions)
        self.uploads = Uploads(now=now, fresh=self.fresh, secret=secret)

    def fresh(self) -> UUID:
        with self._lock:
            return UUID(int=self._rng.getrandbits(128), version=4)

    def create(self, call: Call, request_id: str) -> tuple[int, dict[str, Any]]:
        """Make a task and return at once."""
        made = self._submit(call, request_id, hidden=False)
        if not isinstance(made, Task):
            return made
        return 200, {"output": {"task_id": made.id, "task_status": "PENDING"}}

    def sync(self, call: Call, request_id: str) -> tuple[int, dict[str, Any]]:
        """Do the whole work, as long as a task takes, and answer with the pictures."""
        made = self._submit(call, request_id, hidden=True)
        if not isinstance(made, Task):
            return made
        if self._task_seconds > 0:
            self._sleep(self._task_seconds)
        # Billed from here on, even if the client hung up meanwhile.
        made.settled = True
        if made.failure:
            code, message = made.failure
            status = next((s for s, c, _ in faults.FAILURES.values() if c == code), 400)
            raise Refused(status, code, message)
        base, until = call.request.base, expiry(self._now())
        output = signed(made.output, lambda path: self.results.link(path, base=base, expires=until))
        return 200, {"output": output, "usage": dict(made.usage)}

    def query(self, task_id: str, base: str, fault: faults.Fault, scopes: Iterable[faults.Scope]) -> dict[str, Any]:
        if self._limits:
            self._limits.read("task queries")
        task = self.tasks.find(task_id)
        if task is None or "task forgotten" in fault.work:
            return {"output": {"task_id": task_id, "task_status": "UNKNOWN"}}
        until = expiry(task.ended)
        if (
            "expired URL" in fault.work
            and task.status(self._now()) == "SUCCEEDED"
            and any(scope.name == "expired URL" and scope.first("expired", task_id) for scope in scopes)
        ):
            until = self._now() - 60
        return self.tasks.answer(task_id, lambda path: self.results.link(path, base=base, expires=until))

    def list(self, request: Request) -> dict[str, Any]:
        if self._limits:
            self._limits.read("task lists")
        return self.tasks.page(request.query)

    def cancel(self, task_id: str) -> dict[str, Any]:
        if self._limits:
            self._limits.read("task cancels")
        self.tasks.cancel(task_id)
        return {}

    def scope_of(self, kind: str, subject: str) -> faults.Scope | None:
        """Return the scenario that the request behind a task or a picture brought in its own header."""
        if kind == "download":
            scope = self.results.scope(subject)
        else:
            task = self.tasks.find(subject) if kind in ("query", "cancel") else None
            scope = task.scope if task else None
        return scope if isinstance(scope, faults.Scope) else None

    def normalise(self, request: Request, body: Any) -> dict[str, Any]:
        return recordings.normalise(request.method, request.path, request.headers, body, self.identify)

    def identify(self, reference: str) -> str:
        """Return what a recording calls an input image."""
        try:
            if DATA_URI.match(reference):
                return inline(reference, "image").identity
            stored = self.uploads.find(reference) if reference.startswith("oss://") else None
            if stored is not None:
                return Source(reference=reference, read=lambda: stored.data).identity
        except Refused:
            return f"image:refused:{hashlib.sha256(reference.encode('utf-8', 'replace')).hexdigest()}"
        own = self.results.own(reference) if reference.startswith("http") else None
        return own.identity if own is not None else public_address(reference)

    def _submit(self, call: Call, request_id: str, *, hidden: bool) -> Task | tuple[int, dict[str, Any]]:
        wanted = self._shelf is not None or self._steady
        sent = self.normalise(call.request, call.body) if wanted else {}
        name = recordings.digest(sent) if wanted else ""
        result_name, nth = self._names(name)
        found = self._shelf.find(sent, nth) if self._shelf is not None else None
        if found is None and self._strict:
            assert self._shelf is not None
            raise Refused(400, "Recording.NoMatch", self._shelf.miss(sent))
        if found is not None and found.response["status"] != 200:
            call.notes.append(f"played {found.name}")
            return found.response["status"], dict(found.response.get("json") or {})
        order = self._order(call, needed=found is None)
        seed = self._seed(order, name if found is not None or self._steady else "")
        played = None
        if found is not None:
            played = outcome.recorded(found, order, seed, self.results, result_name, scope=call.own)
            call.notes.append(f"played {found.name}")
        if played is None:
            order = order or self._order(call, needed=True)
            assert order is not None
            fewer = "set returns fewer" in call.fault.work
            played = outcome.drawn(order, seed, self.results, result_name, fewer=fewer, scope=call.own)
        return self._begin(call, request_id, played, self._task_id(found, name, nth), hidden)

    def _begin(self, call: Call, request_id: str, played: Outcome, task_id: str, hidden: bool) -> Task:
        model = str(call.body["model"])
        failure = played.failure
        for name in ("failed task", "refused content"):
            if name in call.fault.work:
                failure = faults.FAILURES[name][1:]
        seconds = self._task_seconds
        pending = min(PENDING_MOST, seconds / 6)
        running = seconds - pending
        if "slow queue" in call.fault.work:
            pending = max(SLOW_LEAST, SLOW_TIMES * seconds)
        # One at a time, so that the limit on running tasks cannot be slipped past by two at once.
        with self._submit_lock:
            if self._limits:
                self._limits.submit(model, self.tasks.unfinished(model))
            task = Task(
                id=self._untaken(task_id),
                model=model,
                request_id=request_id,
                submitted=self._now(),
                pending=pending,
                running=running,
                output=played.output,
                usage=played.usage,
                failure=failure,
                hidden=hidden,
                scope=call.own,
            )
            self.tasks.add(task)
        return task

    def _order(self, call: Call, *, needed: bool) -> Order | None:
        resolve = call.request.header("x-dashscope-ossresourceresolve").lower() == "enable"

        def source(text: str, where: str, model: str) -> Source:
            return self._source(text, where, model, resolve=resolve)

        try:
            order = read_order(call.body, source)
        except Refused:
            # A recording of the live service may break a rule that only the mock holds to.
            if needed:
                raise
            return None
        call.notes.extend(order.notes)
        return order

    def _source(self, text: str, where: str, model: str, *, resolve: bool) -> Source:
        if text.startswith("data:"):
            return inline(text, where)
        if text.startswith("oss://"):
            return self.uploads.source(text, where, model, resolve=resolve)
        if text.startswith(("http://", "https://")):
            own = self.results.own(text)
            if own is None and self.results.stale(text):
                raise Refused(
                    400,
                    "InvalidParameter",
                    f"{where}: download image failed: the link to this result has expired or was changed; "
                    "ask for its task again, or send the file.",
                )
            return own or remote(text, where)
        raise Refused(
            400,
            "InvalidURL",
            f"{where}: must be an http(s) URL, a data URI or an oss:// URL, not {text[:40]!r}. "
            "A local file has to be sent as a data URI or uploaded first.",
        )

    def _names(self, digest: str) -> tuple[UUID, int]:
        """Return a name for the pictures, and how many times this request came before."""
        with self._lock:
            nth = self._times_played.get(digest, 0)
            if digest:
                self._times_played[digest] = nth + 1
        return self.fresh(), nth

    def _seed(self, order: Order | None, digest: str) -> int:
        if order is not None and order.seed is not None:
            return order.seed
        if digest:
            # In replay and while recording, chance comes from the request: the same picture every time.
            return int(hashlib.sha256(f"seed {digest}".encode()).hexdigest()[:12], 16) % (SEED_MAX + 1)
        with self._lock:
            return self._rng.randint(0, SEED_MAX)

    def _task_id(self, found: recordings.Recording | None, digest: str, nth: int) -> str:
        said = ((found.response.get("json") or {}).get("output") or {}).get("task_id") if found is not None else None
        if isinstance(said, str) and said and not self.tasks.taken(said):
            return said
        if digest and (found is not None or self._steady):
            return str(UUID(hashlib.sha256(f"task {digest} {nth}".encode()).hexdigest()[:32], version=4))
        return str(self.fresh())

    def _untaken(self, task_id: str) -> str:
        while self.tasks.taken(task_id):
            task_id = str(self.fresh())
        return task_id
