"""Nothing is paid for twice by accident, nothing is sent that the budget does not allow, the cost is what came back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import pairwise

import pytest
from conftest import make_client

from wannb import ImageRequest, Money, mock
from wannb.client import Client
from wannb.errors import ConnectionFailed, OverBudget, QuotaExhausted, RateLimited, UnknownOutcome
from wannb.ledger.store import Store
from wannb.service.endpoint import mock as mock_service
from wannb.service.limits import Clock, Gate, Pace

SMALL = {"size": "768*768"}


def creates(server: mock.MockServer) -> int:
    return len([entry for entry in server.log if entry.path.endswith("/generation")])


def test_a_seeded_request_is_asked_once(client: Client, server: mock.MockServer) -> None:
    first = client.generate("a cat", seed=7, size="768*768")
    again = client.generate("a cat", seed=7, size="768*768")
    assert (first.reused, again.reused) == (False, True)
    assert again[0].sha256 == first[0].sha256
    assert creates(server) == 1
    assert server.billed == 1
    assert "nothing billed" in again.summary()


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


def test_a_picture_of_the_mock_is_never_taken_for_one_of_the_live_service(store: Store) -> None:
    with mock.serve(task_seconds=0) as server, make_client(server, store) as client:
        request = ImageRequest(prompt="x", seed=1, size="768*768")
        client.run(request)
        assert store.find(request.fingerprint, "mock", "")
        assert store.find(request.fingerprint, "dashscope-intl.aliyuncs.com", "") is None


def test_a_deleted_image_is_asked_for_again(client: Client, server: mock.MockServer) -> None:
    first = client.generate("a cat", seed=7, size="768*768")
    first[0].path.unlink()
    assert client.generate("a cat", seed=7, size="768*768").reused is False
    assert server.billed == 2


def test_equal_seeded_requests_at_the_same_time_become_one(client: Client, server: mock.MockServer) -> None:
    request = ImageRequest(prompt="x", seed=1, size="768*768")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(client.run, [request] * 8))
    assert len({result.run_id for result in results}) == 1
    assert server.billed == 1


def test_two_clients_of_one_folder_ask_once(server: mock.MockServer, store: Store) -> None:
    request = ImageRequest(prompt="x", seed=1, size="768*768")
    with (
        make_client(server, store) as one,
        make_client(server, Store(store.root)) as two,
        ThreadPoolExecutor(2) as pool,
    ):
        list(pool.map(lambda client: client.run(request), [one, two]))
    assert server.billed == 1


def test_a_set_that_comes_back_short_is_a_success_that_says_so(client: Client, server: mock.MockServer) -> None:
    with server.scenario("set returns fewer"):
        result = client.image_set(["a", "b", "c", "d"], size="768*768")
    assert len(result) < 4
    assert result.asked == 4
    assert f"{len(result)} of 4 images" in result.notices[0]
    assert result.cost == Money(amount=Decimal("0.075") * len(result), currency="USD")
    assert server.billed == len(result)


def test_the_budget_is_kept_before_anything_is_sent(server: mock.MockServer, store: Store) -> None:
    budget = Money(amount=Decimal("0.2"), currency="USD")
    with make_client(server, store, budget=budget) as client:
        client.generate("a", n=2, seed=1, size="768*768")
        with pytest.raises(
            OverBudget, match=r"0\.075 USD more would pass the budget of 0\.20 USD: 0\.15 USD are spent"
        ):
            client.generate("b", seed=2, size="768*768")
        client.generate("b", seed=2, size="768*768", model="wan2.7-image")
    assert creates(server) == 2
    assert len(store.runs()) == 2, "a refused request leaves nothing behind"


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


def test_too_fast_is_tried_again_and_an_empty_quota_is_not(client: Client, server: mock.MockServer) -> None:
    with server.scenario("429 then ok"):
        client.generate("a", seed=1, size="768*768")
    before = creates(server)
    with server.scenario("quota gone"), pytest.raises(QuotaExhausted) as caught:
        client.generate("b", seed=2, size="768*768")
    assert creates(server) == before + 1
    assert not isinstance(caught.value, RateLimited)
    assert client.runs("failed")[0].prompt == "b"


@pytest.mark.parametrize(
    "scenario", ["500 then ok", "dropped before answer", "dropped after accept", "malformed answer"]
)
def test_a_lost_answer_is_looked_up_and_billed_once(client: Client, server: mock.MockServer, scenario: str) -> None:
    with server.scenario(scenario):
        result = client.generate("a", seed=1, size="768*768")
    assert len(result) == 1
    assert server.billed == 1


def test_a_lost_answer_with_two_tasks_that_fit_lets_the_person_choose(server: mock.MockServer, store: Store) -> None:
    request = ImageRequest(prompt="ours", seed=1, size="768*768")
    stranger = Store(store.root.parent / "another")
    with make_client(server, store) as client, make_client(server, stranger) as other:
        client.generate("warm up, so that the clocks are known", size="768*768")
        run = store.create(request, request.fingerprint, **client._ledger.facts)
        run.advance("sending", sent_at=client._ledger.clock.now(), sent_within=0.05)
        theirs = other.submit(ImageRequest(prompt="theirs", size="768*768"))
        ours = other.submit(request)
        for call in (client.rescue, lambda: client.run(request)):
            try:
                problems = [error for _, error in call().problems]  # type: ignore[attr-defined]
            except UnknownOutcome as error:
                problems = [error]
            assert set(problems[0].candidates) == {ours.id, theirs.id}
        assert creates(server) == 3, "nothing was sent while the outcome is unknown"
        result = client.task(str(ours.id), run=run.id).result()
        assert result.request == request
        assert client.run(request).reused


def test_a_synchronous_call_that_is_cut_off_says_that_nobody_can_know(client: Client, server: mock.MockServer) -> None:
    with (
        server.scenario("dropped after accept"),
        pytest.raises(UnknownOutcome, match="may or may not have been billed"),
    ):
        client.generate("a", seed=1, size="768*768", via="sync")
    with pytest.raises(UnknownOutcome, match="fresh=True asks and pays again"):
        client.generate("a", seed=1, size="768*768", via="sync")
    assert creates(server) == 1
    assert len(client.generate("a", seed=1, size="768*768", via="sync", fresh=True)) == 1


def test_a_service_that_is_not_there_costs_nothing(store: Store) -> None:
    with mock.serve() as server:
        address = server.base_url
    pace = Pace(retry_seconds=0.1, backoff=(0.01, 0.02))
    with Client(mock_service(address), "sk-mock", store, pace=pace) as client:
        with pytest.raises(ConnectionFailed, match="Nothing was sent"):
            client.generate("a", seed=1)
        assert [run.state for run in client.runs()] == ["failed"]
        assert client.spent() == Money(amount=Decimal(0), currency="USD")


def test_no_more_than_five_run_at_a_time(store: Store) -> None:
    pace = Pace(submits=40, running=5, queries=400, query_interval=0.02, backoff=(0.01, 0.1))
    with mock.serve(task_seconds=0.1) as server, make_client(server, store, pace=pace) as client:
        tasks = [client.submit(ImageRequest(prompt=f"{i}", seed=i, size="768*768")) for i in range(12)]
        assert len([task for task in tasks if task.status() in ("PENDING", "RUNNING")]) <= 5
        assert all(len(task.result()) == 1 for task in tasks)


def test_submits_keep_to_five_a_second() -> None:
    at, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        at[0] += seconds

    gate = Gate(5, Clock(monotonic=lambda: at[0], sleep=sleep))
    times = []
    for _ in range(12):
        gate.wait()
        times.append(at[0])
    assert slept
    assert all(later - earlier > 0.2 for earlier, later in pairwise(times))
    at[0] += 60  # a rest saves nothing up for a burst
    gate.wait()
    gate.wait()
    assert at[0] - times[-1] > 60.2


def test_the_services_own_limits_are_never_met(store: Store) -> None:
    requests = [ImageRequest(prompt=f"{i}", seed=i, size="768*768") for i in range(8)]
    with mock.serve(task_seconds=0.3, limits=True) as server, make_client(server, store, pace=Pace()) as client:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(client.run, requests))
        assert [entry.path for entry in server.log if entry.status == 429] == []
