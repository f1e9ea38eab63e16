"""From a request to the service, once: equal requests, budgets, both endpoints, answers that are never right."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from conftest import FAST, make_client, small
from hostile import is_create
from ledger.around import SIZE, Instead, creates, killed_after_sending, prepared, saying, served, unanswered
from pictures import encoded, plain_picture

from wannb import ImageRequest, Money, mock
from wannb.client import Client
from wannb.errors import AuthenticationError, CalledOff, ConnectionFailed, OverBudget, UnknownOutcome, WannbError
from wannb.files import append_line
from wannb.ledger import submit
from wannb.mock import MockServer, Response
from wannb.request.inputs import from_bytes
from wannb.runs.record import Record
from wannb.runs.store import Store
from wannb.service.endpoint import mock as mock_service
from wannb.service.limits import Pace, callable_off


@pytest.mark.parametrize(
    ("status", "code"), [(504, "GatewayTimeout"), (500, "RequestTimeOut"), (408, "RequestTimeOut")]
)
def test_a_gateway_that_gave_up_waiting_may_have_passed_the_request_on(store: Store, status: int, code: str) -> None:
    gave_up = Instead(is_create, saying(status, code), left=3, heard=True)
    with served(gave_up) as server, make_client(server, store) as client:
        assert len(client.run(small())) == 1
        assert server.billed == 1
        gave_up.given = 0
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
    assert len(client.run(small(), via="sync", fresh=True)) == 1


def test_the_door_that_is_journaled_is_the_one_that_was_used(client: Client, server: MockServer, store: Store) -> None:
    prepared(client, small())
    with killed_after_sending(client):
        client.run(small(), via="sync")
    assert client.rescue().unsent == ()
    assert server.billed == 1


@pytest.mark.parametrize("body", [b"<html>bad gateway</html>", b'{"code": "Odd", "output": null}'])
def test_answers_that_are_never_right_end_in_a_sentence(store: Store, body: bytes) -> None:
    wrong = Instead(is_create, Response(status=502 if body.startswith(b"<") else 200, body=body))
    with served(wrong) as server, make_client(server, store) as client, pytest.raises(WannbError):
        client.run(small())
    assert wrong.given <= 5


def test_a_run_that_goes_on_sends_the_callers_own_pictures(client: Client, server: MockServer, store: Store) -> None:
    link = "https://bucket.example/cat.png?Signature=abc"
    request = ImageRequest(prompt="x", images=link, size="1K", seed=1)
    prepared(client, request)
    result = client.run(request)
    assert not result.reused, "it is billed now"
    [sent] = [entry.json for entry in server.log if entry.path.endswith("/generation")]
    assert sent["input"]["messages"][0]["content"][1]["image"].startswith("https://bucket.example/cat.png")
    stored = (result.path / "run.jsonl").read_text() + result[0].bytes().decode("latin-1")
    assert "abc" not in stored
    assert "Signature" not in request.code()


def test_of_pictures_that_are_too_large_together_the_largest_is_uploaded(
    client: Client, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = [encoded(size=(side, side)) for side in (400, 320, 360)]
    monkeypatch.setattr(submit, "INLINE_ALL", sum(map(len, contents)) - 1)
    client.run(small(images=contents, size="1K"))
    [sent] = [entry.json for entry in server.log if entry.path.endswith("/generation")]
    links = [part["image"] for part in sent["input"]["messages"][0]["content"] if "image" in part]
    assert [link.partition(":")[0] for link in links] == ["oss", "data", "data"]


def test_the_synchronous_door_picks_up_what_the_other_left(client: Client, server: MockServer) -> None:
    with killed_after_sending(client):
        client.run(small())
    assert len(client.run(small(), via="sync")) == 1
    assert server.billed == 1


def test_fresh_asks_again(client: Client, server: mock.MockServer) -> None:
    for _ in range(2):
        client.generate("a cat", seed=7, size="768*768", fresh=True)
    assert server.billed == 2


def test_without_a_seed_one_is_drawn_sent_and_recorded_and_every_call_is_new(
    client: Client, server: mock.MockServer
) -> None:
    seeds = {client.generate("a cat", size="768*768").seed for _ in range(3)}
    assert len(seeds) == 3
    assert server.billed == 3
    sent = [entry.json["parameters"]["seed"] for entry in server.log if entry.path.endswith("/generation")]
    assert set(sent) == seeds


def test_a_deleted_image_is_fetched_again_and_not_paid_again(client: Client, server: mock.MockServer) -> None:
    first = client.generate("a cat", seed=7, size="768*768")
    first[0].path.unlink()
    assert client.generate("a cat", seed=7, size="768*768").reused
    assert server.billed == 1


def test_equal_seeded_requests_of_threads_and_clients_become_one(server: mock.MockServer, store: Store) -> None:
    with (
        make_client(server, store) as one,
        make_client(server, Store(store.root)) as two,
        ThreadPoolExecutor(8) as pool,
    ):
        results = list(pool.map(lambda client: client.run(small()), [one, two] * 4))
        again = one.run(small())
    assert len({(result.run_id, result[0].sha256) for result in [*results, again]}) == 1
    assert "nothing billed" in again.summary()
    assert creates(server) == server.billed == 1


def test_the_budget_is_kept_before_anything_is_sent(server: mock.MockServer, store: Store) -> None:
    budget = Money(amount=Decimal("0.2"), currency="USD")
    with make_client(server, store, budget=budget) as client:
        client.generate("a", n=2, seed=1, size="768*768")
        with pytest.raises(OverBudget, match=r"0\.075 USD more would pass the budget of 0\.20 USD: the runs"):
            client.generate("b", seed=2, size="768*768")
        client.generate("b", seed=2, size="768*768", model="wan2.7-image")
    assert creates(server) == 2
    assert len(store.runs()) == 2, "a refused request leaves nothing behind"


@pytest.mark.parametrize("via", ["task", "sync"])
@pytest.mark.parametrize("kind", ["mock", "live"])
def test_what_is_over_the_budget_is_said_to_be_spent_only_where_it_is_billed(
    kind: Any, via: Any, server: mock.MockServer, store: Store
) -> None:
    budget = Money(amount=Decimal("0.1"), currency="USD")
    place = replace(mock_service(server.base_url), kind=kind)
    with Client(place, "sk-mock", store, pace=FAST, budget=budget) as client:
        client.generate("a", seed=1, size="768*768")
        with pytest.raises(OverBudget) as caught:
            client.generate("b", seed=2, size="768*768", via=via)
    said = str(caught.value)
    assert said.startswith("up to 0.075 USD more would pass the budget of 0.10 USD: ")
    assert ("0.075 USD are spent or under way" in said) is (kind == "live")
    assert ("come to 0.075 USD at the live prices. The mock server bills nothing" in said) is (kind == "mock")
    assert "ask for fewer images or raise connect(budget=...)" in said
    assert creates(server) == 1


def test_a_budget_counts_what_other_clients_of_the_folder_have_under_way(server: mock.MockServer, store: Store) -> None:
    budget = Money(amount=Decimal("0.3"), currency="USD")
    requests = [ImageRequest(prompt=f"{i}", seed=i, size="768*768") for i in range(10)]

    def ask(request: ImageRequest) -> bool:
        with make_client(server, Store(store.root), budget=budget) as client:
            try:
                client.run(request)
            except OverBudget:
                return False
            return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(ask, requests)) == 4
    assert server.billed == 4


def test_a_service_that_is_not_there_costs_nothing(store: Store) -> None:
    with mock.serve() as server:
        address = server.base_url
    pace = Pace(retry_seconds=0.1, backoff=(0.01, 0.02))
    with Client(mock_service(address), "sk-mock", store, pace=pace) as client:
        with pytest.raises(ConnectionFailed, match="Nothing was sent"):
            client.generate("a", seed=1)
        assert [run.state for run in client.runs()] == ["failed"]
        assert client.spent() == Money(amount=Decimal(0), currency="USD")


@pytest.mark.parametrize("via", ["task", "sync"])
def test_a_run_with_a_wrong_key_has_failed_and_says_why(via: Any, store: Store) -> None:
    wrong = Instead(lambda request: True, saying(401, "InvalidApiKey", "Invalid API-key provided."))
    with served(wrong) as server, make_client(server, store) as client:
        for _ in range(2):
            with pytest.raises(AuthenticationError):
                client.run(small(), via=via)
        runs = client.runs()
        assert [(run.state, run.why) for run in runs] == [("failed", "InvalidApiKey: Invalid API-key provided.")] * 2
        assert client.spent() == Money(amount=Decimal(0), currency="USD")


def test_a_half_sent_run_stays_open_when_the_key_is_wrong(store: Store) -> None:
    wrong = Instead(lambda request: True, saying(401, "InvalidApiKey", "no"))
    with served(wrong) as server, make_client(server, store) as client:
        run = unanswered(client, small())
        with pytest.raises(AuthenticationError):
            client._ledger.send(run)
        assert [run.state for run in client.runs()] == ["sending"]


@pytest.mark.parametrize("via", ["task", "sync"])
@pytest.mark.parametrize(("until", "left"), [(0, []), (1, []), (2, ["failed"])])
def test_a_call_that_is_stopped_leaves_no_run_that_waits(
    via: Any, until: int, left: list[str], server: MockServer, store: Store
) -> None:
    """It is stopped at once, before its turn, or while it waits to be sent again after a 429."""
    with make_client(server, store) as client, server.scenario("429 then ok"):
        refused = len(server.log.of("POST", "/generation"))

        def stopped() -> bool:
            return until == 0 or (until == 1 and len(store.runs()) > 0) or creates(server) > refused

        with pytest.raises(CalledOff), callable_off(stopped):
            client.run(small(), via=via)
        assert [run.state for run in client.runs()] == left
        assert all("nothing is billed" in run.why for run in client.runs())
        assert server.billed == 0


def test_what_one_caller_discards_another_still_sends(client: Client, server: MockServer, store: Store) -> None:
    request = ImageRequest(prompt="x", seed=1, size=SIZE, images=from_bytes(plain_picture("a"), name="a"))
    run, _ = client._begin(request, fresh=False)
    other, _ = client._begin(request, fresh=False)
    assert run.id == other.id
    store.discard(run)
    client._ledger.send(other)
    assert len(client.run(request)) == 1
    assert server.billed == 1


def test_what_is_called_off_may_still_have_been_sent_before(client: Client, store: Store) -> None:
    """A run that a killed process left half sent is not said to be free, only because its next try was stopped."""
    cut_off = unanswered(client, small())
    with callable_off(lambda: True):
        for request in (small(), small(7, "never sent")):
            with pytest.raises(CalledOff):
                client.submit(request)
    assert store.get(cut_off.id).state == "sending"
    assert len(store.runs()) == 1


def test_more_than_five_are_handed_in_and_wait_at_the_service(store: Store) -> None:
    with mock.serve(task_seconds=60) as server, make_client(server, store) as client:
        began = time.monotonic()
        tasks = [client.submit(small(seed)) for seed in range(8)]
        assert time.monotonic() - began < 20, "nothing here waits for one to end"
        assert all(task.id for task in tasks)
        server.advance(hours=1)
        assert len(client.rescue().results) == 8


def test_a_call_takes_as_long_in_a_folder_of_many_runs(server: MockServer, store: Store) -> None:
    """What a call reads does not grow with the folder: no other run's journal, and no list of the folder."""
    record = Record(state="done", fingerprint="f" * 64, service="mock")
    for number in range(30):
        folder = store.root / f"20260101-000000-{number:012x}"
        folder.mkdir(parents=True)
        append_line(folder / "run.jsonl", record.as_json())
    budget = Money(amount=Decimal(100), currency="USD")
    with make_client(server, store, budget=budget) as client:
        client.run(small(1))
        opened: list[str] = []
        audit(
            lambda event, args: opened.append(str(args[0])) if event in ("open", "os.scandir", "os.listdir") else None
        )
        client.run(small(2))
        client.run(small(2))
        audit(None)
        assert not [path for path in opened if "20260101" in path]
        assert str(store.root) not in opened, "the folder is listed"


_heard: list[Callable[[str, tuple[Any, ...]], None]] = []


def audit(hears: Callable[[str, tuple[Any, ...]], None] | None) -> None:
    """Listen to what this process opens, until None is given."""
    if not _heard:
        sys.addaudithook(lambda event, args: _heard[-1](event, args))
    _heard.append(hears or (lambda event, args: None))
