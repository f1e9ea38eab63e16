"""Task: queried, waited for, awaited, canceled, and picked up after trouble."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from conftest import FAST, make_client, small
from hostile import is_create, is_query
from journals import change
from ledger.around import Instead, saying, served

from wannb import Storyboard, mock, sweep
from wannb.client import Client
from wannb.errors import TaskForgotten, UnknownOutcome, WaitTimeout, WannbError
from wannb.forms.worker import Worker
from wannb.ledger.task import Task
from wannb.mock import App, MockServer, Request, Response
from wannb.mock.exchange import json_response
from wannb.runs.record import Failure
from wannb.runs.store import Store
from wannb.service import heard


@pytest.mark.parametrize("code", ["Throttling.RateQuota", "SystemError"])
def test_being_too_fast_or_an_outage_is_no_word_about_the_task(store: Store, code: str) -> None:
    with served(Instead(is_query, saying(200, code), left=4)) as server, make_client(server, store) as client:
        assert len(client.run(small())) == 1


def test_one_answer_that_it_is_unknown_is_not_believed(store: Store) -> None:
    unknown = Instead(is_query, json_response(200, {"output": {"task_status": "UNKNOWN"}}), left=1)
    with served(unknown) as server, make_client(server, store) as client:
        assert len(client.run(small())) == 1
        assert unknown.given == 1


class Late:
    """A service that says UNKNOWN of each task for its first `seconds`, by its own clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.said = seconds, 0
        self._made: dict[str, float] = {}

    def __call__(self, app: App, request: Request) -> Response:
        answer = app.handle(request)
        if is_create(request):
            self._made[answer.json()["output"]["task_id"]] = app.now()
        task_id = request.path.rsplit("/", 1)[1]
        if not is_query(request) or app.now() - self._made.get(task_id, 0) >= self.seconds:
            return answer
        self.said += 1
        unknown = json_response(200, {"request_id": "r", "output": {"task_id": task_id, "task_status": "UNKNOWN"}})
        return replace(answer, body=unknown.body)


UNLISTED = "the service does not list the task yet, usually for under a minute"
DOORS: dict[str, Callable[[Client], object]] = {
    "a call": lambda client: client.run(small()),
    "a handle": lambda client: client.submit(small()).result(),
    "await": lambda client: asyncio.run(awaited(client.submit(small()))),
    "rescue": lambda client: (client.submit(small()), client.rescue()),
    "another handle": lambda client: client.task(str(client.submit(small()).id)).result(),
    "pick up": lambda client: client.pick_up(client.submit(small()).run_id).result(),
    "plan": lambda client: sweep(client, prompt=["x"], seed=[1], size="768*768").run(),
    "form": lambda client: worked(client),
    "board": lambda client: Storyboard(client, ["a cat"], size="768*768").run(),
}


async def awaited(task: Task) -> object:
    return await task


def worked(client: Client) -> None:
    shown: list[str] = []
    worker = Worker(client, lambda progress: shown.append(progress.wait))
    worker.send(small())
    assert worker.join().error is None
    assert UNLISTED in shown


@pytest.mark.parametrize("door", DOORS)
def test_a_task_that_the_service_does_not_know_yet_is_waited_for(door: str, store: Store) -> None:
    late, said = Late(0.4), list[str]()
    with served(late) as server, make_client(server, store, pace=replace(FAST, unlisted=30)) as client:
        with heard(said.append):
            DOORS[door](client)
        assert late.said >= 3
        assert (server.billed, [run.state for run in client.runs()]) == (1, ["done"])
        if door in ("a call", "a handle", "another handle", "pick up", "rescue", "await"):
            assert said.count(UNLISTED) == 1


@pytest.mark.parametrize("seconds", [0.0, 170.0, 190.0])
def test_only_a_young_task_is_pending_while_the_service_does_not_know_it(seconds: float, store: Store) -> None:
    late = Late(10**6)
    with served(late) as server, make_client(server, store, pace=replace(FAST, unlisted=180)) as client:
        task = client.submit(small())
        server.advance(seconds=seconds)
        assert task.status() == ("PENDING" if seconds < 180 else "UNKNOWN")
        if seconds > 180:
            with pytest.raises(TaskForgotten, match=r"may be billed all the same: client.rescue\(\) looks") as caught:
                task.result()
            assert "pays again" not in str(caught.value)
        else:
            with pytest.raises(WaitTimeout, match="still PENDING"):
                task.wait(timeout=0.2)
        late.seconds = 0
        assert len(client.run(small())) == 1
        assert server.billed == 1


def test_a_wrong_clock_does_not_let_an_unknown_task_be_waited_for_for_ever(store: Store) -> None:
    late = Late(10**6)
    with served(late) as server, make_client(server, store, pace=replace(FAST, unlisted=0.3)) as client:
        task = client.submit(small())
        server.advance(hours=-2)
        with pytest.raises(TaskForgotten):
            task.result()


def test_a_failed_task_in_the_flat_shape_is_believed_when_it_is_said_twice(store: Store) -> None:
    broke = Instead(is_query, saying(200, "InternalError.Algo", "broke"))
    with served(broke) as server, make_client(server, store) as client:
        with pytest.raises(WannbError, match=r"Algo.*broke"):
            client.run(small())
        assert client.runs()[0].state == "failed"


def test_waiting_has_an_end_whatever_happens(store: Store) -> None:
    down = Instead(is_query, saying(503))
    with served(down) as server, make_client(server, store, pace=replace(FAST, backoff=(0.2, 0.2))) as client:
        task = client.submit(small())
        began = time.monotonic()
        with pytest.raises((WaitTimeout, WannbError)):
            task.wait(timeout=0.3)
        assert time.monotonic() - began < 3


def test_a_cancelled_await_lets_the_loop_end(store: Store) -> None:
    async def main(client: Client) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.submit(small()), 0.1)

    with mock.serve(task_seconds=5) as server, make_client(server, store) as client:
        began = time.monotonic()
        asyncio.run(main(client))
        assert time.monotonic() - began < 3


def test_a_run_that_was_called_failed_can_be_asked_for_again(client: Client, server: MockServer, store: Store) -> None:
    task = client.submit(small())
    run = store.get(task.run_id)
    run.advance("failed", error=Failure(code="SystemError", message="an outage"))
    assert len(client.task(str(task.id)).result()) == 1
    assert client.run(small()).reused
    assert server.billed == 1


def test_an_old_run_that_was_sent_just_now_is_not_lost(client: Client, server: MockServer, store: Store) -> None:
    task = client.submit(small())
    change(store.root / task.run_id, created="1926-01-01T00:00:00Z")
    with server.scenario("task forgotten"), pytest.raises(TaskForgotten):
        task.wait()
    assert len(client.rescue().results) == 1


@pytest.mark.parametrize("route", ["query", "list"])
def test_trouble_after_the_money_is_spent_never_says_that_nothing_was_billed(store: Store, route: str) -> None:
    lost = False

    def between(app: App, request: Request) -> Response:
        nonlocal lost
        is_list = request.path.endswith("/tasks/")
        if "/tasks/" in request.path and is_list == (route == "list") and (lost or route == "query"):
            return saying(503)
        answer = app.handle(request)
        if is_create(request) and route == "list":
            lost = True
            return replace(answer, status=502, body=b"<html>")
        return answer

    with served(between) as server, make_client(server, store) as client:
        with pytest.raises(WannbError) as caught:
            client.run(small())
        assert "Nothing was billed" not in str(caught.value)
        assert isinstance(caught.value, WaitTimeout if route == "query" else UnknownOutcome)


def interrupting(after: str) -> Callable[[str, float], None]:
    """Return an `on_status` that interrupts the call at a state."""

    def on_status(status: str, seconds: float) -> None:
        if status == after:
            raise KeyboardInterrupt

    return on_status


@pytest.fixture
def queue() -> Iterator[MockServer]:
    """A service where a task waits as PENDING for a while, or (`task_seconds`) runs for a while."""
    with mock.serve(scenario="slow queue") as server:
        yield server


def test_an_interrupt_cancels_a_queued_task_and_says_so(queue: MockServer, store: Store) -> None:
    with make_client(queue, store) as client:
        with pytest.raises(KeyboardInterrupt, match="canceled while it was queued; nothing is billed"):
            client.run(small(), on_status=interrupting("PENDING"))
        assert [run.state for run in client.runs()] == ["canceled"]
        assert [task.status for task in client.task_list()] == ["CANCELED"]
        queue.advance(hours=1)
        assert queue.billed == 0


def test_an_interrupt_of_a_running_task_says_that_it_goes_on(store: Store) -> None:
    with mock.serve(task_seconds=60) as server, make_client(server, store) as client:
        with pytest.raises(KeyboardInterrupt, match=r"goes on and nothing is lost: client\.task\('"):
            client.run(small(), on_status=interrupting("RUNNING"))
        assert client.runs()[0].state == "running"
        server.advance(minutes=2)
        assert len(client.rescue().results) == 1


def test_a_queued_task_of_another_call_is_not_canceled(queue: MockServer, store: Store) -> None:
    with make_client(queue, store) as client:
        client.submit(small())
        with pytest.raises(KeyboardInterrupt):
            client.run(small(), on_status=interrupting("PENDING"))
        assert [run.state for run in client.runs()] == ["running"]


@pytest.mark.parametrize("step", ["create", "query", "learn_time", "cancel"])
def test_an_interrupt_in_any_wait_loses_nothing(
    client: Client, server: MockServer, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(client._ledger.transport, step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.run(small(), on_status=interrupting("SUCCEEDED"))
    assert len(client.run(small())) == 1
    assert server.billed == 1
    assert threading.active_count() < 20
