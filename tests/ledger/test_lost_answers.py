"""Lost answers: the task that a try became is found, chosen by the person, or surely not there; never paid twice."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import FAST, make_client, small
from hostile import is_create
from ledger.around import (
    Jumping,
    creates,
    killed_after_sending,
    later,
    light_server,
    prepared,
    saying,
    served,
    unanswered,
    without,
)

from wannb import ImageRequest
from wannb.client import Client
from wannb.errors import ContentRefused, UnknownOutcome
from wannb.ledger.store import Store
from wannb.ledger.submit import _began
from wannb.mock import App, MockServer, Request, Response


def test_a_second_lost_answer_is_looked_for_in_its_own_time(client: Client, server: MockServer) -> None:
    client.run(small(9, "so that the clocks are known"))
    unanswered(client, small(), at=time.time() - 400, within=0.1)
    with server.scenario("dropped after accept"):
        assert len(client.run(small())) == 1
    assert server.billed == 2


def test_a_repeat_that_is_refused_says_nothing_of_the_first_try(store: Store) -> None:
    """The list shows a later task and not this one, so it is sent again; its images may still come from the first."""
    lags, tries = True, 0
    late: list[str] = []

    def between(app: App, request: Request) -> Response:
        nonlocal tries
        if request.path.endswith("/tasks/") and lags:
            return without(app.handle(request), late)
        if not is_create(request) or b"later" in request.body:
            return app.handle(request)
        tries += 1
        if tries == 1:
            late.append(app.handle(request).json()["output"]["task_id"])
            return Response(drop=True)
        return saying(400, "DataInspectionFailed")

    with served(between) as server, make_client(server, store) as client:
        with pytest.raises(UnknownOutcome):
            client.run(small())
        later(client, server)
        with pytest.raises(ContentRefused):
            client.run(small())
        assert client.store.get(client.runs("x")[0].id).state == "sending"
        lags = False
        assert len(client.run(small())) == 1
        assert (tries, server.billed) == (2, 2)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_is_set_right_after_a_kill_changes_nothing(server: MockServer, store: Store, jump: float) -> None:
    with Jumping(offset=jump).client(server, store) as client, killed_after_sending(client):
        client.run(small())
    with make_client(server, Store(store.root)) as later:
        [result] = later.rescue().results
        assert result.request == small()
        assert later.run(small()).reused
    assert server.billed == 1


def test_two_lost_answers_close_together_do_not_take_each_others_task(client: Client, store: Store) -> None:
    client.run(small(9, "so that the clocks are known"))
    now = time.time()
    runs = []
    for seed, sent in ((1, now), (2, now + 0.1)):
        runs.append(unanswered(client, small(seed), at=sent, within=2.0))
    body = {"model": "wan2.7-image-pro", "input": {"messages": [{"role": "user", "content": [{"text": "x"}]}]}}
    task_id, _ = client._ledger.transport.create({**body, "parameters": {"n": 1, "size": "768*768"}}, oss=False)
    for run in runs:
        with pytest.raises(UnknownOutcome) as caught:
            client.run(small(run.request.seed))  # type: ignore[union-attr, arg-type]
        assert caught.value.candidates == (task_id,)
    assert len(client.task(task_id, run=runs[1].id).result()) == 1


def test_of_two_tasks_that_fit_the_person_chooses_after_a_look_at_both(server: MockServer, store: Store) -> None:
    with make_client(server, store) as client, make_client(server, Store(store.root.parent / "another")) as other:
        client.run(small(9, "so that the clocks are known"))
        run = unanswered(client, small())
        ours, theirs = other.submit(small()), other.submit(small(2, "theirs"))
        [(_, problem)] = client.rescue().problems
        assert isinstance(problem, UnknownOutcome)
        for task_id in problem.candidates:
            assert len(client.task(task_id).result()) == 1
        with pytest.raises(UnknownOutcome) as still:
            client.run(small())
        assert set(problem.candidates) == set(still.value.candidates) == {ours.id, theirs.id}
        assert creates(server) == 3, "nothing was sent while the outcome is unknown"
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
        unanswered(client, small(), at=sent)
        task = other.submit(theirs or small(6))
        found = client.rescue()
        assert found.results == ()
        if theirs is None:
            [(_, problem)] = found.problems
            assert isinstance(problem, UnknownOutcome)
            assert problem.candidates == (task.id,), "a minute later is too late to be taken without a word"


def test_a_clock_that_is_set_right_before_a_lost_answer_bills_nothing_twice(server: MockServer, store: Store) -> None:
    jumping = Jumping()
    with jumping.client(server, store) as client:
        client.run(small(9))
        client._ledger.transport._learned = (0.0, 0.001, time.time() - time.monotonic())
        jumping.offset = -30.0
        with server.scenario("dropped after accept"):
            assert len(client.run(small())) == 1
        assert client.run(small()).reused
    assert server.billed == 2


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
                    if error.candidates:
                        [task_id] = error.candidates
                        client.task(task_id, run=error.run_id).result()
                    else:
                        later(client, server)
                        try:
                            client.run(small())
                        except UnknownOutcome:  # when it was sent is doubtful by a day
                            client.run(small(), fresh=True)
            paid = 1 + len(client.runs("later"))
            assert server.billed == paid, f"the clock was set by {by} at its look number {at}"
            assert client.run(small()).reused
            assert max(jumping.slept, default=0) <= max(FAST.lookups), "nobody sleeps for a day"
        looks, at = looks or jumping.calls, at + 1
    assert looks > 10


@pytest.mark.parametrize("by", [86400.0 * 3, -86400.0 * 3])
def test_a_machine_whose_clock_is_wrong_loses_nothing(server: MockServer, store: Store, by: float) -> None:
    with make_client(server, store) as client:
        task = client.submit(small())
        lost = unanswered(client, small(5), at=time.time() + client._ledger.transport.skew[0])
    wrong = Jumping(offset=by)
    with wrong.client(server, store) as late:
        found = late.rescue()
        assert [result.task_id for result in found.results] == [task.id]
        assert late.store.get(lost.id).state == "sending", "nothing was sent a day ago, whatever this machine says"
        assert late.run(small()).reused
        later(late, server)
        assert late.rescue().unsent == (lost.id,)
        assert late.store.get(lost.id).state == "failed"
        assert len({run.id for run in late.runs()}) == 3
    with wrong.client(server, store, replace(FAST, retry_seconds=0)) as late:
        gap = unanswered(late, small(6))
        server.close()
        late.rescue(timeout=0)
        assert store.get(gap.id).state == "sending", "without the service nobody knows that a day has passed"


def test_a_run_without_a_time_began_when_its_folder_says_unless_that_was_copied(client: Client) -> None:
    """Whole seconds would let tasks of another folder in, made just before."""
    run = prepared(client, small(1))
    made = run.folder.stat().st_mtime
    assert _began(run) == (made, pytest.approx(0.02))
    os.utime(run.folder, (made + 3600, made + 3600))
    began, doubt = _began(run)
    assert began <= made <= began + doubt
