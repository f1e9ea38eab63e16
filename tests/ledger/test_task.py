"""TODO."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from conftest import FAST, make_client
from ledger.around import (
    is_create,
    served,
    small,
)

from wannb import mock
from wannb.client import Client
from wannb.errors import (
    TaskForgotten,
    UnknownOutcome,
    WaitTimeout,
    WannbError,
)
from wannb.ledger.store import Store
from wannb.mock import App, MockServer, Request, Response
from wannb.mock.server.exchange import json_response


def test_a_task_that_is_not_known_for_a_moment_is_not_given_up(client: Client, server: MockServer) -> None:
    task = client.submit(small())
    with server.scenario("task forgotten"), pytest.raises(TaskForgotten, match=r"client\.rescue\(\)"):
        task.wait()
    assert len(client.rescue().results) == 1
    assert server.billed == 1


@pytest.mark.parametrize("code", ["Throttling.RateQuota", "SystemError"])
def test_being_too_fast_or_an_outage_is_no_word_about_the_task(store: Store, code: str) -> None:
    said = 0

    def between(app: App, request: Request) -> Response:
        nonlocal said
        if "/tasks/" in request.path and not request.path.endswith("/tasks/") and said < 4:
            said += 1
            return json_response(200, {"request_id": "r", "code": code, "message": "not now"})
        return app.handle(request)

    with served(between) as server, make_client(server, store) as client:
        assert len(client.run(small())) == 1


def test_a_failed_task_in_the_flat_shape_is_believed_when_it_is_said_twice(store: Store) -> None:
    def between(app: App, request: Request) -> Response:
        if "/tasks/" in request.path and not request.path.endswith("/tasks/"):
            return json_response(200, {"request_id": "r", "code": "InternalError.Algo", "message": "broke"})
        return app.handle(request)

    with (
        served(between) as server,
        make_client(server, store) as client,
        pytest.raises(WannbError, match=r"Algo.*broke"),
    ):
        client.run(small())
    assert client.runs()[0].state == "failed"


def test_waiting_has_an_end_whatever_happens(store: Store) -> None:
    def between(app: App, request: Request) -> Response:
        if "/tasks/" in request.path and not request.path.endswith("/tasks/"):
            return json_response(503, {"request_id": "r", "code": "ServiceUnavailable", "message": "no"})
        return app.handle(request)

    with served(between) as server, make_client(server, store, pace=replace(FAST, backoff=(0.2, 0.2))) as client:
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
    run.advance("failed", error={"code": "SystemError", "message": "an outage"})
    assert len(client.task(str(task.id)).result()) == 1
    assert client.run(small()).reused
    assert server.billed == 1


def test_an_old_run_that_was_sent_just_now_is_not_lost(client: Client, server: MockServer, store: Store) -> None:
    task = client.submit(small())
    path = store.root / task.run_id / "run.json"
    path.write_text(path.read_text().replace('"created": "20', '"created": "19'))
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
            return json_response(503, {"request_id": "r", "code": "ServiceUnavailable", "message": "no"})
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
