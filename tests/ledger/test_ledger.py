"""What was found by attacking the money path: each of these once lost a paid image or paid for one twice."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import FAST, make_client

from wannb import ImageRequest, mock
from wannb.client import Client
from wannb.errors import (
    CalledOff,
    DownloadFailed,
    LinkExpired,
    StoreError,
    TaskForgotten,
    UnknownOutcome,
    WaitTimeout,
    WannbError,
)
from wannb.ledger.store import Store
from wannb.mock import App, MockServer, Request, Response
from wannb.mock.server.exchange import json_response
from wannb.service.endpoint import mock as mock_service
from wannb.service.limits import Clock, callable_off

Handle = Callable[[App, Request], Response]


class Around:
    """An app with something in between, for what the named scenarios do not play."""

    def __init__(self, app: App, between: Handle) -> None:
        self.app, self.between = app, between

    def handle(self, request: Request) -> Response:
        return self.between(self.app, request)


@contextmanager
def served(between: Handle) -> Iterator[MockServer]:
    app = App(task_seconds=0.0, rng=random.Random(1))
    with MockServer(app, handles=Around(app, between)) as server:
        yield server


def small(seed: int = 1, prompt: str = "x", n: int = 1) -> ImageRequest:
    return ImageRequest(prompt=prompt, seed=seed, size="768*768", n=n)


def is_create(request: Request) -> bool:
    return request.path.endswith("/generation")


class Killed(BaseException):
    """Stands for a process that ends right after its request has left."""


@contextmanager
def killed_after_sending(client: Client) -> Iterator[None]:
    sender = client._ledger.transport._sender
    real = sender.exchange

    def exchange(connection: object, method: str, url: str, **options: object) -> object:
        answer = real(connection, method, url, **options)  # type: ignore[arg-type]
        if url.endswith("/generation"):
            raise Killed
        return answer

    sender.exchange = exchange  # type: ignore[method-assign, assignment]
    try:
        with suppress(Killed):
            yield
    finally:
        sender.exchange = real  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("status", "code"), [(504, "GatewayTimeout"), (500, "RequestTimeOut"), (408, "RequestTimeOut")]
)
def test_a_gateway_that_gave_up_waiting_may_have_passed_the_request_on(store: Store, status: int, code: str) -> None:
    creates = 0

    def between(app: App, request: Request) -> Response:
        nonlocal creates
        answer = app.handle(request)
        if is_create(request):
            creates += 1
            if creates <= 3:
                return json_response(status, {"request_id": "r", "code": code, "message": "timeout"})
        return answer

    with served(between) as server, make_client(server, store) as client:
        assert len(client.run(small())) == 1
        assert server.billed == 1
        creates = 0
        with pytest.raises(UnknownOutcome, match="may or may not"):
            client.run(small(2), via="sync")
        assert server.billed == 2


def test_a_synchronous_call_that_was_cut_off_is_not_sent_again_by_the_other_door(
    client: Client, server: MockServer, store: Store
) -> None:
    with killed_after_sending(client):
        client.run(small(), via="sync")
    for door in ("task", "sync"):
        with pytest.raises(UnknownOutcome, match="fresh=True"):
            client.run(small(), via=door)  # type: ignore[arg-type]
    [(_, problem)] = client.rescue().problems
    assert isinstance(problem, UnknownOutcome)
    assert server.billed == 1


def test_the_door_that_is_journaled_is_the_one_that_was_used(client: Client, server: MockServer, store: Store) -> None:
    store.create(small(), small().fingerprint, **client._ledger.facts)
    with killed_after_sending(client):
        client.run(small(), via="sync")
    assert client.rescue().unsent == ()
    assert server.billed == 1


def test_a_second_lost_answer_is_looked_for_in_its_own_time(server: MockServer, store: Store) -> None:
    offset = 0.0
    clock = Clock(now=lambda: time.time() + offset)
    with Client(mock_service(server.base_url), "k", store, pace=FAST, clock=clock) as client:
        client.run(small(9, "so that the clocks are known"))
        run = store.create(small(), small().fingerprint, **client._ledger.facts)
        run.advance(
            "sending", sent_at=time.time() - 400, last_sent_at=time.time() - 400, sent_within=0.1, unresolved=True
        )
        with server.scenario("dropped after accept"):
            assert len(client.run(small())) == 1
    assert server.billed == 2


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_is_set_right_after_a_kill_changes_nothing(server: MockServer, store: Store, jump: float) -> None:
    offset = jump
    wrong = Clock(now=lambda: time.time() + offset)
    with (
        Client(mock_service(server.base_url), "sk-mock", store, pace=FAST, clock=wrong) as client,
        killed_after_sending(client),
    ):
        client.run(small())
    with make_client(server, Store(store.root)) as later:
        [result] = later.rescue().results
        assert result.request == small()
        assert later.run(small()).reused
    assert server.billed == 1


def test_a_task_that_is_not_known_for_a_moment_is_not_given_up(client: Client, server: MockServer) -> None:
    task = client.submit(small())
    with server.scenario("task forgotten"), pytest.raises(TaskForgotten, match=r"client\.rescue\(\)"):
        task.wait()
    assert len(client.rescue().results) == 1
    assert server.billed == 1


def test_another_accounts_runs_are_left_alone(client: Client, server: MockServer, store: Store) -> None:
    task = client.submit(small())
    with Client(mock_service(server.base_url), "sk-colleague", store, pace=FAST) as colleague:
        found = colleague.rescue()
        assert (found.results, found.elsewhere) == ((), (task.run_id,))
        assert "left alone" in repr(found)
        assert colleague.tasks() == []
    assert len(task.result()) == 1


def test_dead_links_and_a_second_look_without_images_are_not_an_empty_result(store: Store) -> None:
    looks = 0

    def between(app: App, request: Request) -> Response:
        nonlocal looks
        if request.path.endswith(".png"):
            return Response(status=403)
        if "/tasks/" in request.path and not request.path.endswith("/tasks/"):
            looks += 1
            if looks >= 2:
                answer = {"task_id": request.path.rsplit("/", 1)[1], "task_status": "UNKNOWN"}
                return json_response(200, {"request_id": "r", "output": answer})
        return app.handle(request)

    with served(between) as server, make_client(server, store) as client:
        with pytest.raises(LinkExpired):
            client.run(small(n=2))
        assert client.runs()[0].state == "answered"


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


@pytest.mark.parametrize("body", [b"<html>bad gateway</html>", b'{"code": "Odd", "output": null}'])
def test_answers_that_are_never_right_end_in_a_sentence(store: Store, body: bytes) -> None:
    posts = 0

    def between(app: App, request: Request) -> Response:
        nonlocal posts
        if is_create(request):
            posts += 1
            return Response(status=502 if body.startswith(b"<") else 200, body=body)
        return app.handle(request)

    with served(between) as server, make_client(server, store) as client, pytest.raises(WannbError):
        client.run(small())
    assert posts <= 5


def test_images_of_a_synchronous_call_that_could_not_be_fetched_are_fetched_by_rescue(store: Store) -> None:
    down = True

    def between(app: App, request: Request) -> Response:
        if request.path.endswith(".png") and down:
            return Response(status=500)
        return app.handle(request)

    with served(between) as server, make_client(server, store) as client:
        with pytest.raises(DownloadFailed, match="in this session") as caught:
            client.run(small(n=2), via="sync")
        assert "Nothing was billed" not in str(caught.value)
        down = False
        [result] = client.rescue().results
        assert len(result) == 2
        assert client.run(small(n=2), via="sync").reused
        assert server.billed == 2


def test_a_full_store_of_another_client_does_not_stop_this_one(store: Store) -> None:
    pace = replace(FAST, running=2)
    with mock.serve(task_seconds=0.3) as server:
        other = Store(store.root.parent / "other")
        with make_client(server, other, pace=pace) as one, make_client(server, store, pace=pace) as two:
            for seed in range(2):
                one.submit(small(seed, "theirs"))
            for path in other.root.glob("2*/run.json"):
                path.unlink()
            assert len(two.run(small())) == 1


def test_two_lost_answers_close_together_do_not_take_each_others_task(client: Client, store: Store) -> None:
    client.run(small(9, "so that the clocks are known"))
    now = time.time()
    runs = []
    for seed, sent in ((1, now), (2, now + 0.1)):
        run = store.create(small(seed), small(seed).fingerprint, **client._ledger.facts)
        run.advance("sending", sent_at=sent, last_sent_at=sent, sent_within=0.02)
        runs.append(run)
    time.sleep(0.12)
    body = {"model": "wan2.7-image-pro", "input": {"messages": [{"role": "user", "content": [{"text": "x"}]}]}}
    task_id, _ = client._ledger.transport.create(
        {**body, "parameters": {"n": 1, "size": "768*768"}}, oss=False, before=lambda: None
    )
    for run in runs:
        with pytest.raises(UnknownOutcome) as caught:
            client.run(small(run.request.seed))  # type: ignore[union-attr, arg-type]
        assert caught.value.candidates == (task_id,)
    assert len(client.task(task_id, run=runs[1].id).result()) == 1


def test_a_run_that_goes_on_sends_the_callers_own_pictures(client: Client, server: MockServer, store: Store) -> None:
    link = "https://bucket.example/cat.png?Signature=abc"
    request = ImageRequest(prompt="x", images=link, size="1K", seed=1)
    store.create(request, request.fingerprint, **client._ledger.facts)
    result = client.run(request)
    assert not result.reused, "it is billed now"
    [sent] = [entry.json for entry in server.log if entry.path.endswith("/generation")]
    assert sent["input"]["messages"][0]["content"][1]["image"].startswith("https://bucket.example/cat.png")
    stored = (result.path / "run.json").read_text() + result[0].bytes().decode("latin-1")
    assert "abc" not in stored
    assert "Signature" not in request.code()


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


def test_a_damaged_run_does_not_keep_the_others_from_being_saved(client: Client, store: Store) -> None:
    task = client.submit(small(1))
    broken = client.submit(small(2))
    path = store.root / broken.run_id / "run.json"
    path.write_text(path.read_text().replace('"input_notices": []', '"images": [{"file": 3}]'))
    (path.parent / "task.json").unlink()
    found = client.rescue()
    assert [result.run_id for result in found.results] == [task.run_id]
    assert isinstance(found.problems[0][1], StoreError)


def test_a_policy_that_is_not_as_documented_sends_the_picture_inline(store: Store, tmp_path: Path) -> None:
    from request.test_inputs import noise

    def between(app: App, request: Request) -> Response:
        if "/uploads" in request.path:
            return json_response(200, {"request_id": "r", "data": {}})
        return app.handle(request)

    with served(between) as server, make_client(server, store) as client:
        assert len(client.edit("x", noise(1600, 1), size="1K")) == 1


def test_signed_links_and_keys_stay_out_of_logs_and_tracebacks(
    client: Client, server: MockServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"), server.scenario("truncated image"):
        client.run(small())
    assert "HTTP Request: GET" in caplog.text
    assert "Signature" not in caplog.text.replace("Signature=***", "")
    assert "sk-mock" not in caplog.text
    address = server.base_url
    server.close()
    with (
        Client(mock_service(address), "sk-very-secret-key", client.store, pace=replace(FAST, retry_seconds=0)) as other,
        pytest.raises(WannbError) as caught,
    ):
        other.run(small(3))
    error: BaseException | None = caught.value
    while error is not None:
        assert "sk-very-secret-key" not in repr(vars(error))
        request = getattr(error, "request", None)
        assert request is None, "httpx's error holds the request, and so the key"
        error = error.__cause__ or error.__context__


def test_a_full_disk_says_what_is_paid_for(client: Client, server: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from wannb.ledger import saving as collect

    def full(path: Path, content: bytes) -> None:
        raise StoreError(f"cannot write {path.name!r}: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(collect, "write", full)
        with pytest.raises(DownloadFailed, match=r"No space left.*They are paid for: client\.rescue\(\)"):
            client.run(small())
    assert len(client.rescue().results) == 1
    assert server.billed == 1


def test_an_interrupt_in_any_wait_leaves_no_slot_taken(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    account = client._ledger.account

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for name in ("create", "query", "learn_time"):
        with monkeypatch.context() as patched:
            patched.setattr(client._ledger.transport, name, interrupted)
            with pytest.raises(KeyboardInterrupt):
                client.run(small(prompt=name))
    client.rescue()
    assert not account.watched
    assert not any(account.running.values())
    assert threading.active_count() < 20


def test_looking_at_a_candidate_does_not_spoil_the_choice(server: MockServer, store: Store) -> None:
    with make_client(server, store) as client, make_client(server, Store(store.root.parent / "another")) as other:
        client.run(small(9, "so that the clocks are known"))
        run = store.create(small(), small().fingerprint, **client._ledger.facts)
        run.advance("sending", sent_at=time.time(), last_sent_at=time.time(), sent_within=0.05)
        ours, theirs = other.submit(small()), other.submit(small(2, "theirs"))
        with pytest.raises(UnknownOutcome) as caught:
            client.run(small())
        for task_id in caught.value.candidates:
            assert len(client.task(task_id).result()) == 1
        with pytest.raises(UnknownOutcome) as still:
            client.run(small())
        assert set(still.value.candidates) == {ours.id, theirs.id}
        assert client.task(str(ours.id), run=run.id).result().request == small()
        assert client.run(small()).reused
    assert server.billed == 3


@pytest.mark.parametrize("theirs", [small(5, n=2), ImageRequest(prompt="x", size="1024*1024"), None])
def test_a_strangers_task_that_cannot_be_ours_is_not_taken(
    server: MockServer, store: Store, theirs: ImageRequest | None
) -> None:
    with make_client(server, store) as client, make_client(server, Store(store.root.parent / "another")) as other:
        client.run(small(9, "so that the clocks are known"))
        sent = time.time() - (0 if theirs else 60)
        # Long before, however slow this machine is: a next submit ends the time in which a lost one can have come.
        store.runs()[0].advance("done", sent_at=sent - 60, last_sent_at=sent - 60)
        run = store.create(small(), small().fingerprint, **client._ledger.facts)
        run.advance("sending", sent_at=sent, last_sent_at=sent, sent_within=0.05)
        task = other.submit(theirs or small(6))
        found = client.rescue()
        assert found.results == ()
        if theirs is None:
            [(_, problem)] = found.problems
            assert isinstance(problem, UnknownOutcome)
            assert problem.candidates == (task.id,), "a minute later is too late to be taken without a word"


def test_what_was_called_off_while_it_waited_for_room_may_still_have_been_sent_before(store: Store) -> None:
    """A run that a killed process left half sent is not told to be free, only because its next try was stopped."""
    pace = replace(FAST, running=1)
    with mock.serve(task_seconds=60) as server, make_client(server, store, pace=pace) as client:
        client.submit(small(9, "takes all the room"))
        cut_off = store.create(small(), small().fingerprint, **client._ledger.facts)
        cut_off.advance("sending", sent_at=time.time(), last_sent_at=time.time(), sent_within=0.05)
        with callable_off(lambda: True), pytest.raises(CalledOff):
            client.submit(small())
        assert store.get(cut_off.id).state == "sending"
        with callable_off(lambda: True), pytest.raises(CalledOff):
            client.submit(small(7, "never sent"))
        assert sorted(run.state for run in store.runs()) == ["running", "sending"]


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


def test_another_working_folder_is_the_same_store(
    server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with make_client(server, Store("wannb-runs")) as client:
        task = client.submit(small())
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert len(task.result()) == 1
        assert client.run(small()).reused


def test_the_synchronous_door_picks_up_what_the_other_left(client: Client, server: MockServer) -> None:
    with killed_after_sending(client):
        client.run(small())
    assert len(client.run(small(), via="sync")) == 1
    assert server.billed == 1


def test_one_task_in_trouble_does_not_keep_the_others_places(store: Store) -> None:
    pace = replace(FAST, running=2, retry_seconds=60)
    first: list[str] = []

    def between(app: App, request: Request) -> Response:
        if first and first[0] in request.path:
            return json_response(503, {"request_id": "r", "code": "ServiceUnavailable", "message": "no"})
        return app.handle(request)

    with served(between) as server, make_client(server, store, pace=pace) as client:
        first.append(str(client.submit(small(1)).id))
        client.submit(small(2))
        assert client.submit(small(3)).id


def test_a_clock_that_is_set_right_before_a_lost_answer_bills_nothing_twice(server: MockServer, store: Store) -> None:
    offset = 0.0
    clock = Clock(now=lambda: time.time() + offset)
    with Client(mock_service(server.base_url), "k", store, pace=FAST, clock=clock) as client:
        client.run(small(9))
        client._ledger.transport._sender.skew = (0.0, 0.001)
        offset = -30.0
        with server.scenario("dropped after accept"):
            assert len(client.run(small())) == 1
        assert client.run(small()).reused
    assert server.billed == 2


def test_a_synchronous_call_of_long_ago_ends_as_lost(client: Client, server: MockServer, store: Store) -> None:
    with killed_after_sending(client):
        client.run(small(), via="sync")
    [run] = store.runs()
    run.advance("sending", sent_at=time.time() - 100000, last_sent_at=time.time() - 100000)
    [(_, problem)] = client.rescue().problems
    assert "nobody can know" in str(problem)
    assert client.rescue().problems == ()
    assert len(client.run(small(), via="sync")) == 1


def test_a_request_that_was_sent_twice_says_so(client: Client, server: MockServer) -> None:
    with server.scenario("dropped before answer"):
        result = client.run(small())
    assert "sent again" in result.notices[0]
    assert server.billed == 1
