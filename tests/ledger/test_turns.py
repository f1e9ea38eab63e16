"""Turns and time: what one caller waits for holds up no other, and a caller's timeout bounds every wait of a call."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import FAST, make_client, small
from hostile import is_create
from ledger.around import creates, saying, served

from wannb.client import Client
from wannb.errors import UnknownOutcome, WaitTimeout, WannbError
from wannb.mock import App, MockServer, Request, Response
from wannb.runs.store import Store
from wannb.service.api import Transport

pytestmark = pytest.mark.usefixtures("quick_pictures")
PLAIN = "wan2.7-image"


class Until:
    """Answers requests of a kind in the mock's place until it is over: with an answer, or not at all."""

    def __init__(self, kind: Callable[[Request], bool], answer: Response | None) -> None:
        self.kind, self.answer, self.over, self.met = kind, answer, threading.Event(), threading.Event()

    def __call__(self, app: App, request: Request) -> Response:
        if not self.kind(request) or self.over.is_set():
            return app.handle(request)
        self.met.set()
        if self.answer is None:
            self.over.wait(8)
            return Response(drop=True)
        return self.answer


def is_list(request: Request) -> bool:
    return request.path.endswith("/tasks/") and "start_time" in request.query


def is_query(request: Request) -> bool:
    return "/tasks/" in request.path and not request.path.endswith("/tasks/")


def is_pro(request: Request) -> bool:
    return is_create(request) and b"wan2.7-image-pro" in request.body


@contextlib.contextmanager
def asking(act: Callable[[], Any]) -> Iterator[list[Any]]:
    """Let a thread do something, and wait for it at the end."""
    done: list[Any] = []

    def ask() -> None:
        try:
            done.append(act())
        except WannbError as error:
            done.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    yield done
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize("again", [False, True], ids=["other model", "other kernel and model"])
def test_one_models_429s_hold_up_no_other_models_calls(store: Store, again: bool) -> None:
    between = Until(is_pro, saying(429, "Throttling.RateQuota"))
    with served(between) as server, make_client(server, store) as client, make_client(server, Store(store.root)) as two:
        with asking(lambda: client.run(small())) as done:
            assert between.met.wait(30)
            try:
                with asking(lambda: (two if again else client).run(small(2, model=PLAIN))) as other:
                    end = time.monotonic() + 30
                    while not other and time.monotonic() < end:
                        time.sleep(0.01)
                    assert len(other) == 1, "it waits for the other model's turn"
                    assert not done
            finally:
                between.over.set()
        assert len(done[0]) == len(other[0]) == 1
        assert server.billed == 2


def test_one_lost_answer_holds_up_no_other_calls(server: MockServer, store: Store) -> None:
    with make_client(server, store, pace=replace(FAST, lookups=(0.0, 60.0))) as client:
        client.run(small(9))
        with server.scenario("dropped before answer"), asking(lambda: client.run(small(), timeout=20)) as done:
            while not [run for run in client.runs() if run.record.lost_at]:
                time.sleep(0.01)
            began = time.monotonic()
            for seed in (2, 3):
                assert len(client.run(small(seed))) == 1
            assert time.monotonic() - began < 15
            time.sleep(0.6)
            client.run(small(4))
        assert len(done[0]) == 1


def stopped(store: Store, lock: str) -> subprocess.Popen[bytes]:
    """Return a process that holds a lock of a folder and is stopped."""
    code = f"from wannb.runs import Store\nwith Store({str(store.root)!r}).lock({lock!r}): print(flush=True); input()"
    held = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert held.stdout is not None
    held.stdout.readline()
    held.send_signal(signal.SIGSTOP)
    return held


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there are no stopped processes")
@pytest.mark.parametrize("lock", ["turn", "same", "run", "budget"])
def test_a_stopped_process_is_waited_for_as_long_as_the_caller_says(
    client: Client, server: MockServer, lock: str
) -> None:
    request = small()
    begun, _ = client._begin(request, fresh=False)
    if lock == "budget":
        client._ledger.budget = client.spent().__class__(amount=9, currency="USD")  # type: ignore[union-attr, call-arg, arg-type]
    names = {
        "turn": f"submit-{client._ledger.account.mark}-{request.model}",
        "same": f"same-{request.fingerprint[:8]}",
        "run": begun.id,
        "budget": "budget",
    }
    with stopped(client.store, names[lock]) as held:
        try:
            began = time.monotonic()
            with pytest.raises(WaitTimeout, match=r"timed out after 0\.5 s: waiting for .*another kernel.*Nothing is"):
                client.run(request, timeout=0.5)
            assert 0.4 < time.monotonic() - began < 5
            assert creates(server) == 0
            if lock == "turn":
                assert len(client.run(small(2, model=PLAIN), timeout=30)) == 1, "another model does not wait"
        finally:
            held.kill()
    assert len(client.run(request)) == 1


REFUSED, FAILED = saying(429, "Throttling.RateQuota"), saying(500, "InternalError")


@pytest.mark.parametrize(
    ("kind", "answer", "error", "state"),
    [
        (is_create, None, UnknownOutcome, "sending"),
        (is_create, REFUSED, WaitTimeout, "failed"),
        (is_create, FAILED, WaitTimeout, "failed"),
        (is_list, None, UnknownOutcome, "sending"),
        (is_list, FAILED, UnknownOutcome, "sending"),
        (is_query, None, WaitTimeout, "running"),
        (is_query, REFUSED, WaitTimeout, "running"),
        (lambda request: request.path.endswith(".png"), None, WaitTimeout, "answered"),
        (lambda request: request.path.endswith(".png"), Response(status=503), WaitTimeout, "answered"),
    ],
    ids=["create", "429", "500", "list", "list fails", "query", "query refused", "download", "download fails"],
)
@pytest.mark.parametrize("door", ["run", "pick up", "rescue"])
def test_a_timeout_bounds_every_wait(
    store: Store,
    kind: Callable[[Request], bool],
    answer: Response | None,
    error: type[WannbError],
    state: str,
    door: str,
) -> None:
    between = Until(kind, answer)
    drop = 1 if kind is is_list else 0

    def around(app: App, request: Request) -> Response:
        nonlocal drop
        if drop and is_create(request):
            drop -= 1
            app.handle(request)
            return Response(drop=True)
        return between(app, request)

    # Pauses so long that what is tried eight times is not over before the time is, however the pauses fall.
    pace = replace(FAST, backoff=(0.05, 0.2))
    with served(around) as server, make_client(server, store, pace=pace) as client:
        client._ledger.transport.learn_time()
        if door == "run":
            began = time.monotonic()
            with pytest.raises(error) as caught:
                client.run(small(), timeout=0.4)
            assert "0.4 s" in str(caught.value) or error is UnknownOutcome
            if error is UnknownOutcome:
                assert caught.value.run_id  # type: ignore[attr-defined]
        else:
            if state == "failed":
                pytest.skip("nothing of it was sent")
            with contextlib.suppress(WannbError):
                client.run(small(), timeout=0.1)
            [run] = client.runs()
            began = time.monotonic()
            if door == "rescue":
                [(_, problem)] = client.rescue(timeout=0.4).problems
                assert isinstance(problem, error)
            elif kind is is_list or kind is is_create:
                with contextlib.suppress(UnknownOutcome):
                    client.pick_up(run.id, timeout=0.4)
            else:
                with pytest.raises(error):
                    client.pick_up(run.id).wait(timeout=0.4)
        assert time.monotonic() - began < 0.4 + 1.0 + 2.0, "one request has a second at least, and this machine is slow"
        [run] = client.runs()
        assert run.state == state
        between.over.set()
        if kind is is_create and state == "sending":
            server.advance(seconds=5)
            client.run(small(2))
        assert len(client.run(small(), timeout=60)) == 1
        assert server.billed == 1 + (kind is is_create and state == "sending")


def test_a_timeout_counts_from_the_call(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the sending took is not there for the waiting."""
    create = Transport.create

    def slow(*args: Any, **options: Any) -> Any:
        time.sleep(0.5)
        return create(*args, **options)

    monkeypatch.setattr(Transport, "create", slow)
    from wannb import mock

    with mock.serve(task_seconds=60) as server, make_client(server, store) as client:
        began = time.monotonic()
        with pytest.raises(WaitTimeout, match=r"is still \w+ after 0\.6 s"):
            client.run(small(), timeout=0.6)
        assert time.monotonic() - began < 1.6


def test_an_event_loop_goes_on_while_a_request_is_sent(client: Client, server: MockServer) -> None:
    turn = client._ledger.account.submitting(small().model)
    ticks = 0

    async def ask() -> Any:
        nonlocal ticks
        task = asyncio.create_task(client.submit_async(small()))
        while ticks < 20:
            await asyncio.sleep(0.01)
            ticks += 1
        assert not task.done(), "it waits for its turn"
        turn.__exit__(None, None, None)
        return await (await task)

    turn.__enter__()
    assert len(asyncio.run(ask())) == 1


def test_folders_whose_locks_are_tried_hold_up_nobody(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    request, held = small(), []

    def hold(store: Store) -> bool:
        with store.lock(f"same-{request.fingerprint[:8]}", seconds=0):
            held.append(True)
        return True

    monkeypatch.setattr(Store, "locks_hold", hold)
    client.run(request)
    assert held == [True]
