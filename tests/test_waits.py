"""Waiting is never silent: what is waited for, how long, and what is usual, wherever somebody waits."""

from __future__ import annotations

import io
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from conftest import FAST, make_client, small
from pictures import noise

import wannb
from wannb import errors, mock
from wannb.client import Client
from wannb.forms import TextToImageForm
from wannb.runs.store import Store
from wannb.service.endpoint import mock as mock_service
from wannb.service.limits import SOON, heard
from wannb.translation import override

pytestmark = pytest.mark.usefixtures("quick_pictures")

Act = Callable[[Client], Any]
#: A scenario of the mock, what is done under it, and what is said.
SCENARIOS: list[tuple[str, Act, str]] = [
    ("429 then ok", lambda c: c.run(small()), "the mock server asks to wait (429); trying again in 1 s, usually under"),
    ("500 then ok", lambda c: c.run(small()), "the mock server failed (InternalError); trying again in 1 s"),
    ("dropped after accept", lambda c: c.run(small()), "the answer was lost; looking in the service's task list"),
    ("ok", lambda c: c.run(small(n=2)), "downloading 2 images, usually a few seconds"),
    ("ok", lambda c: c.run(small(images=noise(256, 1))), "uploading a picture of 0.2 MB"),
]


@contextmanager
def kept() -> Iterator[list[str]]:
    said: list[str] = []
    with heard(said.append):
        yield said


@pytest.mark.parametrize(("scenario", "act", "words"), SCENARIOS, ids=[words[:40] for *_, words in SCENARIOS])
def test_a_wait_for_the_service_is_said(
    client: Client, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch, scenario: str, act: Act, words: str
) -> None:
    monkeypatch.setattr("wannb.ledger.submit.INLINE_EACH", 100)
    with ExitStack() as played, kept() as said:
        if scenario != "ok":
            played.enter_context(server.scenario(scenario))
        act(client)
    assert [each for each in said if each.startswith(words)], said
    assert said[-1] == "", "nothing is waited for any more"


@pytest.mark.parametrize("act", ["submit", "task_list", "status", "wait", "cancel", "task"])
def test_every_call_that_asks_the_service_says_why_it_takes_long(
    client: Client, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    monkeypatch.setattr("wannb.service.http._MOST_TRIES", 3)
    task = client.submit(small(2))
    calls: dict[str, Callable[[], Any]] = {
        "submit": lambda: client.submit(small(3)),
        "task_list": client.task_list,
        "status": task.status,
        "wait": task.wait,
        "cancel": task.cancel,
        "task": lambda: client.task("unheard-of"),
    }
    with server.weather(rate_429=1.0, seed=1), kept() as said, pytest.raises(errors.WannbError):
        calls[act]()
    # A task is canceled at once or not at all: later it may have begun.
    assert bool([each for each in said if "asks to wait (429)" in each]) == (act != "cancel")


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        ("submit", "waiting for a turn: another kernel is sending a request"),
        ("same", "another kernel or thread is using it"),
        ("run", "another kernel or thread is using it"),
        ("process", "waiting for a turn: another request is being sent"),
        ("gate", "waiting for a turn: the service allows 500 requests a second"),
    ],
)
def test_a_wait_for_another_kernel_or_thread_is_said(client: Client, lock: str, words: str) -> None:
    request = small()
    begun, _ = client._ledger.begin(request, seed_drawn=False, fresh=False, via="task", price=None)
    account = client._ledger.account
    locks: dict[str, Callable[[], Any]] = {
        "submit": lambda: client.store.lock(f"submit-{account.mark}-{request.model}"),
        "same": lambda: client.store.lock(f"same-{request.fingerprint[:8]}"),
        "run": lambda: client.store.lock(begun.id),
        "process": lambda: account.submitting(request.model),
        "gate": lambda: account.submits[request.model]._lock,
    }
    taken, told, said = threading.Event(), threading.Event(), list[str]()

    def hold() -> None:
        with locks[lock]():
            taken.set()
            told.wait(30)

    def hear(wait: str) -> None:
        said.append(wait)
        told.set()

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(30)
    with heard(hear):
        client.run(request)
    holder.join()
    assert words in said[0]


def test_a_lock_is_not_waited_for_longer_than_asked(store: Store) -> None:
    with store.lock("a"), kept() as said:
        with pytest.raises(errors.WaitTimeout, match=r"Timed out after 0\.1 s"), store.lock("a", seconds=0.1):
            pass
        assert said == []
        with pytest.raises(errors.WaitTimeout, match="Timed out after"), store.lock("a", seconds=SOON + 0.1):
            pass
        assert said == ["waiting for a: another kernel or thread is using it", ""]


def test_a_service_that_never_answered_is_said_soon_and_nothing_is_sent(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wannb.service.http._MOST_TRIES", 3)
    with (
        Client(mock_service("http://127.0.0.1:9/api/v1"), "k", store, pace=FAST) as lost,
        kept() as said,
        pytest.raises(errors.ConnectionFailed, match="Nothing was sent"),
    ):
        lost.run(small())
    assert said[0] == "the mock server cannot be reached; trying again in 1 s"
    assert [run.state for run in lost.runs()] == ["failed"]


def test_a_rescue_says_which_run_it_picks_up(client: Client) -> None:
    ids = [client.submit(small(seed)).run_id for seed in (1, 2)]
    with kept() as said:
        client.rescue()
    assert next(each for each in said if each.startswith("picking up")).endswith(f"{max(ids)}, 1 of 2")


def test_a_plan_says_what_its_requests_wait_for(store: Store) -> None:
    seen: list[str] = []
    with mock.serve(task_seconds=0) as server, make_client(server, store) as client:
        held = [client._ledger.account._submitting[small().model]]

        def look(now: Any) -> None:
            seen.append(str(now))
            if now.waits and held:
                held.pop().release()

        held[0].acquire()
        wannb.sweep(client, prompt="x", seed=[1, 2], size="768*768").run(on_progress=look)
    assert (
        "0 of 2 done · 2 under way · waiting for a turn: another request is being sent, usually for under 2 s" in seen
    )
    assert seen[-1] == "2 of 2 done"


def test_a_form_says_what_it_waits_for(client: Client) -> None:
    form = TextToImageForm(client, prompt="x", size="768*768", seed=3)
    held, seen = [client._ledger.account._submitting[small().model]], list[str]()

    def look(_: Any) -> None:
        seen.append(re.sub("<[^>]*>", "", form.status._text.value))
        if "another request is being sent" in seen[-1] and held:
            held.pop().release()

    form.status._text.observe(look, "value")
    held[0].acquire()
    form.run()
    assert any("waiting for a turn: another request is being sent, usually for under 2 s · " in each for each in seen)
    assert "another request" not in seen[-1]


class Terminal(io.StringIO):
    """A terminal that does something when a text is written to it."""

    def __init__(self, words: str, then: Callable[[], object]) -> None:
        super().__init__()
        self.words, self.then = words, then

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.words in text:
            self.words = "\0"
            self.then()
        return super().write(text)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("act", ["run", "submit", "plan", "rescue"])
def test_a_cell_shows_a_wait_while_it_lasts(
    client: Client, monkeypatch: pytest.MonkeyPatch, act: str, language: str
) -> None:
    """The main thread sleeps in the lock: the line has its own clock."""
    client.language = language
    monkeypatch.setattr("wannb.display.progress._LATER", 0.1)
    open_run = client.submit(small(9))
    lock = client._ledger.account._submitting[small().model]
    if act == "rescue":
        lock = threading.Lock()
        monkeypatch.setattr(client._ledger.account.queries, "_lock", lock)
    with override(language):
        plan = wannb.sweep(client, prompt="x", seed=[1, 2], size="768*768")
    calls: dict[str, Callable[[], Any]] = {
        "run": lambda: client.run(small()),
        "submit": lambda: client.submit(small()),
        "plan": plan.run,
        "rescue": client.rescue,
    }
    words = {"en": "waiting for a turn: ", "zh": "等待轮到"}[language]
    terminal = Terminal(words, lock.release)
    lock.acquire()
    monkeypatch.setattr(sys, "stdout", terminal)
    calls[act]()
    assert words in terminal.getvalue()
    last = terminal.getvalue().rstrip("\n").rpartition("\r")[2]
    assert words not in last, "nothing of it is left"
    assert (act in ("submit", "rescue")) == (last == "")
    assert open_run.id
    assert not [each for each in threading.enumerate() if "ProgressLine" in repr(each)]
