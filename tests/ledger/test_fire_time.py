"""The ledger under fire: a clock that is set between any two steps, another kernel, kills between two steps."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import FAST, make_client
from light import Between, certificates_read_once, light_server, plain_picture

import wannb
from wannb import ImageRequest
from wannb.client import Client
from wannb.errors import UnknownOutcome, WaitTimeout
from wannb.ledger.store import Store
from wannb.mock import MockServer
from wannb.request.inputs import from_bytes
from wannb.service.endpoint import mock as mock_service
from wannb.service.limits import Clock
from wannb.storyboard import Storyboard
from wannb.storyboard.files import BoardFiles

SIZE = "768*768"


@pytest.fixture(autouse=True)
def quick_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", certificates_read_once)


def small(seed: int = 1, prompt: str = "x", n: int = 1) -> ImageRequest:
    return ImageRequest(prompt=prompt, seed=seed, size=SIZE, n=n)


@pytest.fixture
def between() -> Iterator[tuple[MockServer, Between]]:
    with light_server() as made:
        yield made


@pytest.fixture
def server(between: tuple[MockServer, Between]) -> MockServer:
    return between[0]


# A clock that is set between any two steps


class Jumping:
    """This machine's clock, which is set at a step."""

    def __init__(self, at: int = 0, by: float = 0.0) -> None:
        self.offset, self.calls, self.at, self.by = 0.0, 0, at, by
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

    def client(self, server: MockServer, store: Store) -> Client:
        return Client(mock_service(server.base_url), "k", store, pace=FAST, clock=self.clock())


@pytest.mark.parametrize(
    ("scenario", "by"),
    [
        ("dropped after accept", 86400.0),
        ("dropped after accept", -86400.0),
        ("dropped after accept", -40.0),
        ("dropped before answer", 86400.0),
    ],
)
def test_a_clock_that_is_set_at_any_step_bills_nothing_twice(tmp_path: Path, by: float, scenario: str) -> None:
    looks = at = 0
    while at <= looks:
        jumping = Jumping(at, by)
        with light_server() as (server, _), jumping.client(server, Store(tmp_path / f"{at}")) as client:
            with server.scenario(scenario):
                try:
                    client.run(small())
                except UnknownOutcome as error:
                    [task_id] = error.candidates
                    client.task(task_id, run=error.run_id).result()
            assert server.billed == 1, f"the clock was set by {by} at its look number {at}"
            assert client.run(small()).reused
            assert max(jumping.slept, default=0) <= max(FAST.lookups), "nobody sleeps for a day"
        looks, at = looks or jumping.calls, at + 1
    assert looks > 10


@pytest.mark.parametrize("by", [86400.0 * 3, -86400.0 * 3])
def test_a_machine_whose_clock_is_wrong_loses_nothing(server: MockServer, store: Store, by: float) -> None:
    with make_client(server, store) as client:
        lost, task = store.create(small(5), small(5).fingerprint, **client._ledger.facts), client.submit(small())
        skew = client._ledger.transport.skew[0]
        lost.advance("sending", sent_at=time.time() + skew, last_sent_at=time.time() + skew, sent_within=0.05)
    clock = Clock(now=lambda: time.time() + by)
    with Client(mock_service(server.base_url), "sk-mock", store, pace=FAST, clock=clock) as late:
        found = late.rescue()
        assert [result.task_id for result in found.results] == [task.id]
        assert not found.problems, "nothing was sent a day ago, whatever this machine says"
        assert late.store.get(lost.id).state == "failed"
        assert late.run(small()).reused
        assert len(late.run(small(7))) == 1
        assert len({run.id for run in late.runs()}) == 3
    with Client(
        mock_service(server.base_url), "sk-mock", store, pace=replace(FAST, retry_seconds=0), clock=clock
    ) as late:
        gap = store.create(small(6), small(6).fingerprint, **late._ledger.facts)
        gap.advance("sending", sent_at=time.time(), last_sent_at=time.time(), sent_within=0.05)
        server.close()
        late.rescue(timeout=0)
        assert store.get(gap.id).state == "sending", "without the service nobody knows that a day has passed"


def test_a_turn_is_never_waited_for_longer_than_the_pace(store: Store) -> None:
    jumping = Jumping()
    with store.lock("submit"):
        for offset in (0.0, 86400.0, -86400.0, 0.0):
            jumping.offset = offset
            store.take_turn(0.21, jumping.clock())
    assert all(seconds <= 0.21 for seconds in jumping.slept)


# Another kernel


def test_a_rescue_with_a_timeout_does_not_wait_for_another_kernel(client: Client, store: Store) -> None:
    held, other = client.submit(small()), client.submit(small(2))
    with store.lock(held.run_id):
        found = client.rescue(timeout=0.05)
    [(run_id, problem)] = found.problems
    assert run_id == held.run_id
    assert isinstance(problem, WaitTimeout)
    assert "another kernel" in str(problem)
    assert other.run_id not in dict(found.problems) or other.status() == "SUCCEEDED"
    assert len(client.rescue().problems) == 0


def test_what_one_caller_discards_another_still_sends(client: Client, server: MockServer, store: Store) -> None:
    request = ImageRequest(prompt="x", seed=1, size=SIZE, images=from_bytes(plain_picture("a"), name="a"))
    run, _ = client._begin(request, fresh=False)
    other, _ = client._begin(request, fresh=False)
    assert run.id == other.id
    store.discard(run)
    client._ledger.send(other)
    assert len(client.run(request)) == 1
    assert server.billed == 1


def test_runs_of_one_second_have_folders_of_their_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["aaaa", "aaaa", "bbbb", "cccc"] + ["dddd"] * 50)
    monkeypatch.setattr("secrets.token_hex", lambda count: next(drawn) if count == 2 else "0" * 8)
    runs = [store.create(small(), "f" * 64, via="task", service="mock") for _ in range(3)]
    assert len({run.id for run in runs}) == 3
    assert len(store.runs()) == 3


# A kill between two steps that belong together


def test_a_kill_between_the_copy_and_the_record_needs_no_guess(
    client: Client, server: MockServer, store: Store
) -> None:
    task = client.submit(small(n=2))
    run = store.get(task.run_id)
    record = {**run.record, "state": "sending", "task_id": None}
    (run.folder / "run.json").write_text(json.dumps(record))
    with make_client(server, Store(store.root.parent / "stranger")) as stranger:
        stranger.run(small(7, "theirs", n=2))
    [result] = client.rescue().results
    assert result.task_id == task.id
    assert not result.notices, "nothing was matched by time"


def test_a_kill_while_a_board_is_put_aside_leaves_one_that_knows_its_takes(
    client: Client, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    Storyboard(client, ["a", "b"], size=SIZE).run()
    with monkeypatch.context() as patched:
        patched.setattr(BoardFiles, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            Storyboard(client, ["c", "b"], size=SIZE)
    again = Storyboard(client, ["c", "b"], size=SIZE)
    assert len(again.takes(2)) == 1
    assert server.billed == 2


def test_a_sweep_finds_out_what_became_of_lost_answers_before_it_sends_more(
    client: Client, server: MockServer, store: Store
) -> None:
    plan = wannb.sweep(client, prompt="x", seed=range(4), size=SIZE)
    client.run(small(99, "so that the clocks are known"))
    lost = store.create(plan.cells[0].request, plan.cells[0].fingerprint, **client._ledger.facts)
    now, _ = client._ledger.transport.now()
    lost.advance("sending", sent_at=now, last_sent_at=now, sent_within=0.02)
    with server.scenario("dropped after accept"):
        plan.run()
    assert all(plan.results())
    assert store.get(lost.id).state == "failed", "it never arrived"
    assert server.billed == 5
