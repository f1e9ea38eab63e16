"""Lost answers on an account that others use, with a task list that lags: nobody else's picture, nothing paid twice."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import FAST, make_client, small
from hostile import is_create
from ledger.around import Listing, Ticking, creates, killed_after_sending, later, served, unanswered

import wannb
from wannb import Money
from wannb.client import Client
from wannb.errors import OverBudget, StoreError, UnknownOutcome
from wannb.ledger import lost_answers
from wannb.mock import App, MockServer, Request, Response
from wannb.runs.store import Store
from wannb.service.limits import Pace

pytestmark = pytest.mark.usefixtures("quick_pictures")


@pytest.fixture
def listing() -> Listing:
    return Listing(App(task_seconds=0.0, rng=random.Random(1)))


@pytest.fixture
def server(listing: Listing) -> Iterator[MockServer]:
    with MockServer(listing.app, handles=listing) as running:
        yield running


@pytest.fixture
def other(server: MockServer, tmp_path: Path) -> Iterator[Client]:
    """Somebody else with the same key, and a folder of their own."""
    with make_client(server, Store(tmp_path / "another")) as made:
        yield made


def lost(client: Client, server: MockServer, scenario: str, seed: int = 1) -> UnknownOutcome:
    """Lose the answer to a request, and return what is said of it."""
    with server.scenario(scenario), pytest.raises(UnknownOutcome) as caught:
        client.run(small(seed))
    return caught.value


# Strangers


@pytest.mark.parametrize("arrived", [False, True], ids=["lost on the way", "arrived"])
@pytest.mark.parametrize("before", ["another task before", "their first"])
def test_a_strangers_task_is_never_taken_over_where_others_are_seen(
    client: Client, other: Client, server: MockServer, listing: Listing, before: str, arrived: bool
) -> None:
    client.run(small(9))
    if before == "another task before":
        other.run(small(8, "earlier"))
    listing.lag = 3.0  # what A asked is in no list yet when B asks
    lost(client, server, "dropped after accept" if arrived else "dropped before answer")
    seeds = (5,) if before == "another task before" or arrived else (5, 6)
    theirs = [other.submit(small(seed, "theirs")).id for seed in seeds]
    listing.lag = 0.0
    with pytest.raises(UnknownOutcome) as caught:
        client.run(small())
    assert set(theirs) <= set(caught.value.candidates)
    assert len(caught.value.candidates) == len(theirs) + arrived
    [problem] = [error for _, error in client.rescue().problems]
    assert isinstance(problem, UnknownOutcome)
    later(client, server)
    with pytest.raises(UnknownOutcome):
        client.run(small())
    assert client.store.get(str(caught.value.run_id)).task_id is None
    assert creates(server) == 3 + (before == "another task before") + len(theirs), "it was not sent again"


def test_a_task_made_after_the_answer_was_known_to_be_lost_is_not_taken_without_a_word(
    client: Client, other: Client, server: MockServer
) -> None:
    """The very first task of somebody else, seconds later: nobody was seen before, and yet it is not ours."""
    client.run(small(9))
    lost(client, server, "dropped before answer")
    server.advance(seconds=3)
    theirs = other.submit(small(5, "theirs"))
    with pytest.raises(UnknownOutcome) as caught:
        client.run(small())
    assert caught.value.candidates == (theirs.id,)


def test_of_tasks_that_may_be_meant_the_person_sees_the_pictures(
    client: Client, other: Client, server: MockServer
) -> None:
    other.run(small(8, "earlier"))
    run_id = str(lost(client, server, "dropped after accept").run_id)
    other.run(small(5, "theirs"))
    billed, runs, spent = server.billed, len(client.runs()), client.spent()
    choice = client.candidates(run_id)
    assert len(choice) == 2
    for each in choice:
        assert each.pictures[0].startswith(b"\xff\xd8"), "a small JPEG"
        assert (each.size, each.status, each.model) == ("768*768", "SUCCEEDED", "wan2.7-image-pro")
        assert each.created == pytest.approx(time.time(), abs=60)
        assert each.code in repr(choice)
    page = choice._repr_html_()
    assert page.count("<img") == 2
    assert all(each.task_id in page for each in choice)
    assert choice[0].created < choice[1].created, "the one that was made first after the request"  # type: ignore[operator]
    found = client.rescue()
    assert found.choices == (replace(choice),)
    assert found._repr_html_().count("<img") == 2
    assert (server.billed, len(client.runs()), client.spent()) == (billed, runs, spent), "nothing is saved or counted"
    result = eval(choice[0].code, {"client": client}).result()
    assert result.request == small()
    assert any("chosen by hand" in notice and f"client.release('{run_id}')" in notice for notice in result.notices)
    assert client.run(small()).notices == result.notices, "a replay says it too"
    assert b'"found_by": "choice"' in result[0].bytes()


def test_a_choice_is_undone_and_made_again(client: Client, other: Client, server: MockServer) -> None:
    other.run(small(8, "earlier"))
    run_id = str(lost(client, server, "dropped after accept").run_id)
    theirs = str(other.run(small(5, "theirs")).task_id)
    [ours] = {each.task_id for each in client.candidates(run_id)} - {theirs}
    wrong = client.task(theirs, run=run_id).result()
    content = wrong[0].bytes()

    client.release(run_id)
    run = client.store.get(run_id)
    assert (run.state, run.task_id, run.images, client.spent()) == ("sending", None, (), wrong.cost)
    [kept] = (run.folder / "not-ours").glob("*.png")
    assert kept.read_bytes() == content, "nothing is deleted"
    assert [each.task_id for each in client.candidates(run_id)] == [ours], "it is not proposed again"
    with pytest.raises(StoreError, match="holds no task that was found by its time or chosen"):
        client.release(run_id)

    client.task(theirs, run=run_id).result()  # wrong again, and this time replaced at once
    right = client.task(ours, run=run_id).result()
    assert right[0].sha256 != wrong[0].sha256
    assert client.run(small()).task_id == ours
    assert len(list((run.folder / "not-ours").glob("*.png"))) == 1, "the same picture"
    assert {each.task_id for each in client.candidates(run_id)} == {ours}
    assert client.rescue().summary() == "nothing to save"


@pytest.mark.parametrize("state", ["done", "failed", "running", "prepared"])
def test_a_task_is_tied_only_to_a_run_in_doubt(client: Client, other: Client, server: MockServer, state: str) -> None:
    theirs = str(other.run(small(5, "theirs")).task_id)
    if state == "done":
        run_id = client.run(small()).run_id
    elif state == "running":
        run_id = client.submit(small()).run_id
    else:
        run, _ = client._begin(small(), fresh=True)
        run_id = run.id
        if state == "failed":
            run.advance("failed")
    with pytest.raises(StoreError, match=rf"already holds task|is {state}: a task is tied only to"):
        client.task(theirs, run=run_id)
    with pytest.raises(StoreError, match="holds no task that was found"):
        client.release(run_id)
    assert client.store.get(run_id).state == state


def test_a_task_found_by_its_time_can_be_given_back_too(client: Client, server: MockServer) -> None:
    with server.scenario("dropped after accept"):
        result = client.run(small())
    assert b'"found_by": "time"' in result[0].bytes()
    assert any("client.release(" in notice for notice in result.notices)
    client.release(result.run_id)
    with pytest.raises(UnknownOutcome) as caught:
        client.run(small())
    assert caught.value.candidates == ()
    assert creates(server) == 1


# A list that lags, and one that lacks tasks


def test_a_list_that_lags_for_forty_seconds_pays_nothing_twice(
    server: MockServer, listing: Listing, store: Store
) -> None:
    listing.lag = 40.0
    with Ticking(server).client(store, Pace()) as client:
        for seed in range(21):
            with server.scenario("dropped after accept"):
                assert len(client.run(small(seed))) == 1
    assert server.billed == creates(server) == 21


def test_a_list_that_lags_by_another_time_for_each_task_pays_nothing_twice(
    server: MockServer, listing: Listing, store: Store
) -> None:
    """A later task is listed at once, the lost one after 40 s; that another of this process is missing tells of it."""
    ticking = Ticking(server)
    with ticking.client(store, Pace()) as client:
        client.run(small(9))
        with killed_after_sending(client):
            client.run(small())
        [lost] = set(server.app.tasks._tasks) - {run.task_id for run in client.runs()}
        ticking.sleep(2)
        late = client.run(small(2)).task_id
        ticking.sleep(2)
        client.run(small(3))
        ticking.sleep(2)
        listing.hidden = {lost, str(late)}
        ticking.at = {ticking.passed + 40: listing.hidden.clear}
        assert client.run(small()).task_id == lost
    assert server.billed == creates(server) == 4


def test_a_list_that_lags_for_an_hour_pays_nothing_twice_and_is_settled_later(
    server: MockServer, listing: Listing, store: Store
) -> None:
    listing.lag = 3600.0
    ticking = Ticking(server)
    with ticking.client(store, Pace()) as client:
        for seed in range(3):
            assert lost(client, server, "dropped after accept", seed).candidates == ()
            client.run(small(seed, "in between"))
        ticking.sleep(7200)
        for seed in range(3):
            assert len(client.run(small(seed))) == 1
    assert server.billed == creates(server) == 6


@pytest.mark.parametrize("empty", [1, 3, 10**6])
def test_a_page_that_comes_empty_proves_nothing(
    client: Client, server: MockServer, listing: Listing, empty: int
) -> None:
    client.run(small(9))
    listing.empty = empty
    with server.scenario("dropped after accept"):
        if empty > 10:
            with pytest.raises(UnknownOutcome, match=r"cannot be read: the task list came with 0 of its 2 tasks"):
                client.run(small())
            listing.empty = 0
        assert len(client.run(small())) == 1
    assert server.billed == creates(server) == 2


def test_what_an_earlier_look_saw_is_not_forgotten(
    client: Client, other: Client, server: MockServer, listing: Listing, store: Store
) -> None:
    other.run(small(8, "earlier"))
    said = lost(client, server, "dropped after accept")
    [ours] = said.candidates
    listing.hidden = {ours}
    later(client, server)
    for again in (client, make_client(server, Store(store.root))):
        with again, pytest.raises(UnknownOutcome) as caught:
            again.run(small())
        assert caught.value.candidates == (ours,)
    assert creates(server) == 3
    assert store.get(str(said.run_id)).record.others


def test_doubt_counts_in_the_budget_at_its_most(server: MockServer, listing: Listing, store: Store) -> None:
    listing.lag = 3600.0
    with make_client(server, store, budget=Money(amount=Decimal("0.31"), currency="USD")) as client:
        with server.scenario("dropped after accept"), pytest.raises(UnknownOutcome):
            client.run(small(n=3))
        assert client.spent() == Money(amount=Decimal("0.225"), currency="USD")
        with pytest.raises(OverBudget):
            client.run(small(2, n=2))
        assert len(client.run(small(3))) == 1
    assert server.billed == 4


# Proof


def test_a_call_that_waits_for_proof_goes_on_when_another_thread_gets_a_task(server: MockServer, store: Store) -> None:
    with make_client(server, store, pace=replace(FAST, lookups=(0.0, 60.0))) as client:
        client.run(small(9))
        with server.scenario("dropped before answer"):
            results: list[Any] = []
            waits = threading.Thread(target=lambda: results.append(client.run(small())))
            began = time.monotonic()
            waits.start()
            while not [run for run in client.runs() if run.record.lost_at]:
                time.sleep(0.01)
            time.sleep(0.6)  # the service's clock, to half a second
            client.run(small(2, "a later task"))
            waits.join(30)
        assert len(results[0]) == 1
        assert time.monotonic() - began < 30
        assert any("was sent again" in notice for notice in results[0].notices)
    assert server.billed == 3
    assert creates(server) == 4


def test_a_sweep_has_proof_for_free(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_answers, "_SLOW_ENTRY", 0.02)
    number, lock, lost_seeds = 0, threading.Lock(), set[int]()

    def every_third_is_lost(app: App, request: Request) -> Response:
        nonlocal number
        with lock:
            number += is_create(request)
            drop = is_create(request) and number % 3 == 0 and number <= 24
            if drop:
                lost_seeds.add(request.json["parameters"]["seed"])
        return Response(drop=True) if drop else app.handle(request)

    with (
        served(every_third_is_lost) as server,
        make_client(server, store, pace=replace(FAST, running=4, ahead=0, lookups=(0.0, 0.1, 0.2))) as client,
    ):
        client.run(small(99))
        plan = wannb.sweep(client, prompt="x", seed=range(20), size="768*768")
        plan.run()
        results = plan.results()
        assert all(results)
        resent = [result for result in results if result and any("was sent again" in each for each in result.notices)]
        assert {result.request.seed for result in resent if result.request} == lost_seeds
        assert server.billed == 21
        assert number == 21 + 8


def test_a_cell_in_doubt_stops_no_other_and_is_looked_up_at_the_end(
    client: Client, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_answers, "_SLOW_ENTRY", 0.0)
    client.run(small(99))
    plan = wannb.sweep(client, prompt="x", seed=range(4), size="768*768")
    client.pace = replace(FAST, running=1, ahead=0)
    seen: list[Any] = []
    with server.scenario("dropped before answer"):
        plan.run(on_progress=seen.append)
    assert all(plan.results())
    assert max(now.failed for now in seen) == 0
    assert server.billed == 5


# What is told apart without a person


def test_answers_that_several_models_lost_at_once_are_each_found(
    client: Client, server: MockServer, store: Store
) -> None:
    """Two tasks that no run holds, and two runs that lack one: each is of its own model."""
    client.run(small(9))
    old = unanswered(client, small(4), at=time.time() - 3000)
    with server.scenario("dropped after accept"):
        pro = client.run(small(1))
    with server.scenario("dropped after accept"):
        plain = client.run(small(2, model="wan2.7-image"))
    assert pro.task_id != plain.task_id
    assert store.get(old.id).state == "sending"
    assert server.billed == 3


def test_a_task_whose_own_run_is_just_being_told_of_it_is_not_taken(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two reads of the folder another thread's answer comes: its task must not be nobody's in both."""
    client.run(small(9))
    run, owner = (unanswered(client, small(seed), within=2.0) for seed in (1, 2))
    body = {"model": small().model, "input": {"messages": [{"role": "user", "content": [{"text": "x"}]}]}}
    task_id, _ = client._ledger.transport.create(
        {**body, "parameters": {"n": 1, "size": "768*768", "seed": 2}}, oss=False
    )

    def then_told(read: Callable[..., Any]) -> Callable[..., Any]:
        def reads(*args: Any) -> Any:
            found = read(*args)
            if store.get(owner.id).task_id is None:
                owner.accept(task_id)
            return found

        return reads

    for name in ("open_runs", "holders"):
        monkeypatch.setattr(Store, name, then_told(getattr(Store, name)))
    with pytest.raises(UnknownOutcome):
        client.pick_up(run.id)
    assert store.get(run.id).task_id is None


# Whose run it is, and which task


def test_a_run_is_given_no_task_of_another_service_or_key(
    client: Client, other: Client, server: MockServer, store: Store
) -> None:
    theirs = str(other.run(small(5, "theirs")).task_id)
    run = unanswered(client, small())
    run.advance("sending", service="dashscope-intl.aliyuncs.com")
    for attempt in (lambda: client.candidates(run.id), lambda: client.task(theirs, run=run.id)):
        with pytest.raises(StoreError, match=rf"run {run.id} was sent to dashscope-intl.aliyuncs.com with another key"):
            attempt()
    assert store.get(run.id).task_id is None


def test_an_answer_about_a_task_that_was_given_back_meanwhile_ends_nothing(
    client: Client, other: Client, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.run(small(8, "earlier"))
    run_id = str(lost(client, server, "dropped after accept").run_id)
    theirs = str(other.run(small(5, "theirs")).task_id)
    task, query = client.task(theirs, run=run_id), client._ledger.transport.query

    def query_and_release(task_id: str, **options: Any) -> Any:
        answer = query(task_id, **options)
        monkeypatch.undo()
        client.release(run_id)
        return answer

    monkeypatch.setattr(client._ledger.transport, "query", query_and_release)
    with pytest.raises(UnknownOutcome, match=r"holds no task: its answer was lost, or its task was taken back"):
        task.result()
    run = client.store.get(run_id)
    assert (run.state, run.task_id, run.images) == ("sending", None, ())


def test_a_task_list_that_was_not_read_says_nothing(client: Client, server: MockServer) -> None:
    client.run(small(9))
    run = unanswered(client, small())
    with pytest.raises(UnknownOutcome, match=r"there was no time left for it.*the same call looks again"):
        client.run(small(), timeout=0.0)
    assert client.store.get(run.id).state == "sending"


def test_what_surely_did_not_arrive_is_not_counted_when_the_budget_forbids_it_now(
    server: MockServer, store: Store
) -> None:
    with make_client(server, store, budget=Money(amount=Decimal("0.08"), currency="USD")) as client:
        run = unanswered(client, small(), at=time.time() - 60)
        client._ledger.budget = None
        later(client, server)
        client._ledger.budget = Money(amount=Decimal("0.08"), currency="USD")
        with pytest.raises(OverBudget):
            client.run(small())
        assert client.store.get(run.id).state == "failed"
        assert client.spent() == Money(amount=Decimal("0.075"), currency="USD")


def test_a_caller_who_stops_cancels_no_task_that_was_found_by_its_time(client: Client, server: MockServer) -> None:
    """It may be somebody else's."""
    client.run(small(9))
    with server.scenario("dropped after accept"):
        task = client.submit(small())
    assert client.store.get(task.run_id).record.uncertain
    assert task.withdraw() is False
    assert len(server.log.of("POST", "/cancel")) == 0
    assert len(task.result()) == 1
