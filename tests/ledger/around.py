"""Requests, servers with something in between, and clients that die, for the tests of the ledger."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import httpx
from conftest import FAST
from mocking import Around
from pictures import handled

from wannb import ImageRequest
from wannb.client import Client
from wannb.errors import WannbError
from wannb.forms import HistoryForm
from wannb.mock import App, MockServer, Request, Response
from wannb.mock.exchange import json_response
from wannb.runs.record import ENDED
from wannb.runs.run import Run
from wannb.runs.store import Store
from wannb.service.endpoint import mock
from wannb.service.limits import Clock, Pace

SIZE = "768*768"


class Between:
    """An app with something that happens at a step of the protocol."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.after: dict[str, Callable[[], object]] = {}

    def handle(self, request: Request) -> Response:
        step = "download" if request.path.endswith(".png") else "query"
        step = "create" if request.path.endswith("/generation") else step
        step = "list" if request.path.endswith("/tasks/") else step
        answer = handled(self.app, request)
        self.after.pop(step, lambda: None)()
        return answer


@contextmanager
def light_server() -> Iterator[tuple[MockServer, Between]]:
    app = App(task_seconds=0.0, rng=random.Random(1))
    steps = Between(app)
    with MockServer(app, handles=steps) as server:
        yield server, steps


def saying(status: int, code: str = "ServiceUnavailable", message: str = "no") -> Response:
    """Return an answer with an error of the service."""
    return json_response(status, {"request_id": "r", "code": code, "message": message})


@dataclass
class Instead:
    """Answers requests of a kind in the mock's place, as often as `left` says; `heard` is whether it hears of them."""

    kind: Callable[[Request], bool]
    answer: Response
    left: int = 10**6
    heard: bool = False
    given: int = 0

    def __call__(self, app: App, request: Request) -> Response:
        instead = self.kind(request) and self.given < self.left
        true = app.handle(request) if self.heard or not instead else self.answer
        self.given += instead
        return self.answer if instead else true


@contextmanager
def served(between: Callable[[App, Request], Response]) -> Iterator[MockServer]:
    app = App(task_seconds=0.0, rng=random.Random(1))
    with MockServer(app, handles=Around(app, between)) as server:
        yield server


def creates(server: MockServer) -> int:
    return len(server.log.of("POST", "/generation"))


class Killed(BaseException):
    """Stands for a process that ends right after its request has left."""


@contextmanager
def killed_after_sending(client: Client) -> Iterator[None]:
    def killed(response: httpx.Response) -> None:
        if response.url.path.endswith("/generation"):
            raise Killed

    hooks = client._ledger.transport._api.event_hooks["response"]
    hooks.append(killed)
    try:
        with suppress(Killed):
            yield
    finally:
        hooks.remove(killed)


def prepared(client: Client, request: ImageRequest) -> Run:
    """Return a run of which nothing was sent."""
    return client._begin(request, fresh=True)[0]


def unanswered(client: Client, request: ImageRequest, at: float | None = None, within: float = 0.05) -> Run:
    """Return a run whose process ended before the answer came; `at` is when it was sent, now by default."""
    run, sent = prepared(client, request), time.time() if at is None else at
    run.advance("sending", sent_at=sent, last_sent_at=sent, sent_within=within)
    return run


def later(client: Client, server: MockServer) -> Run:
    """Make a later task, which proves of earlier tries that are in no list that they did not arrive."""
    server.advance(seconds=5)
    result = client.run(ImageRequest(prompt="later", size=SIZE))
    return client.store.get(result.run_id)


def without(answer: Response, task_ids: Iterable[str]) -> Response:
    """Return a task list that lags behind: without some of its tasks, as if they had not been made."""
    data, hidden = answer.json(), set(task_ids)
    data["data"] = [row for row in data["data"] if row["task_id"] not in hidden]
    data["total"] = len(data["data"])
    return replace(answer, body=json.dumps(data).encode())


class Jumping:
    """This machine's clock, which is set at a step."""

    def __init__(self, at: int = 0, by: float = 0.0, offset: float = 0.0) -> None:
        self.offset, self.calls, self.at, self.by = offset, 0, at, by
        self.slept: list[float] = []

    def now(self) -> float:
        self.calls += 1
        if self.calls == self.at:
            self.offset = self.by
        return time.time() + self.offset

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        time.sleep(min(seconds, 0.01))

    def clock(self) -> Clock:
        return Clock(now=self.now, sleep=self.sleep)

    def client(self, server: MockServer, store: Store, pace: Pace = FAST) -> Client:
        return Client(mock(server.base_url), "sk-mock", store, pace=pace, clock=self.clock())


def looked_at(client: Client, form: HistoryForm) -> None:
    """Do all that a person does who looks at a store; a fault of one run is told, and none is a crash."""
    runs = client.runs()
    repr(runs), runs._repr_html_(), client.spent(), client.tasks(), client.store.damaged()
    for run in runs:
        repr(run), run.mode, run.images_made, run.whole
        for image in run.images:
            assert image.resolve().parent == run.folder.resolve(), "it leads out of the folder"
    form.refresh()
    for run in form.runs:
        form._row(run).close()
        with suppress(WannbError):
            if run.state in ENDED:
                form.select(run)
            assert run.result() is not None


class Ticking:
    """One clock for a mock server and its clients, which moves on when somebody sleeps."""

    def __init__(self, server: MockServer) -> None:
        self.server, self.passed = server, 0.0
        self.at: dict[float, Callable[[], object]] = {}  # what happens when so much has passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds
        self.server.advance(seconds=seconds)
        for when in [each for each in self.at if each <= self.passed]:
            self.at.pop(when)()

    def client(self, store: Store, pace: Pace = FAST) -> Client:
        clock = Clock(
            now=lambda: time.time() + self.passed, monotonic=lambda: time.monotonic() + self.passed, sleep=self.sleep
        )
        return Client(mock(self.server.base_url), "sk-mock", store, pace=pace, clock=clock)


class Listing:
    """An app whose task list is not kind: it lags, or some of its tasks are missing, or its pages come empty."""

    def __init__(self, app: App) -> None:
        self.app, self.lag, self.empty = app, 0.0, 0
        self.hidden: set[str] = set()

    def handle(self, request: Request) -> Response:
        answer = handled(self.app, request)
        if not request.path.endswith("/tasks/") or answer.status != 200:
            return answer
        if self.empty:
            self.empty -= 1
            return replace(answer, body=json.dumps({**answer.json(), "data": []}).encode())
        young = [
            row["task_id"] for row in answer.json()["data"] if row["gmt_create"] / 1000 > self.app.now() - self.lag
        ]
        return without(answer, {*self.hidden, *(young if self.lag else ())})
