"""A run on disk: its journal, which states may follow, how a journal that broke off is read, and lists of runs."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest
from conftest import small
from journals import cut
from ledger.around import prepared, unanswered

from wannb.client import Client
from wannb.errors import StoreError, UnknownOutcome
from wannb.ledger.record import ENDED, MOVES, Failure, Record
from wannb.ledger.run import Run, Runs, read, usual_seconds
from wannb.ledger.store import Store
from wannb.mock import MockServer


def test_a_journal_grows_by_a_line_with_every_state(client: Client) -> None:
    result = client.run(small())
    lines = (result.path / "run.jsonl").read_text().splitlines()
    states = [Record.from_json(json.loads(line)).state for line in lines]
    assert states == ["prepared", "sending", "running", "answered", "done"]


@pytest.mark.parametrize(("state", "following"), [*itertools.product(sorted(MOVES), sorted(MOVES))])
def test_only_the_drawn_moves_are_made(state: str, following: str, tmp_path: Path) -> None:
    run = Run(tmp_path, Record(state=state, fingerprint="f", service="mock"))
    if following in MOVES[state]:
        run.advance(following)
        assert read(tmp_path).state == following
    else:
        with pytest.raises(StoreError, match=f"{state} and cannot become {following}"):
            run.advance(following)
        assert run.state == state


def test_states_never_go_back() -> None:
    order = list(MOVES)
    for state, following in MOVES.items():
        assert all(order.index(state) <= order.index(after) for after in following)
        assert state not in ENDED or following == {state}


def test_a_services_words_that_no_file_can_hold(client: Client) -> None:
    run = prepared(client, small())
    run.advance("failed", error=Failure(text="half a pair: \ud83d"))
    assert read(run.folder).record.error == Failure(text="half a pair: ?")


@pytest.mark.parametrize("keep", [1, 50, 300])
def test_the_last_whole_line_counts_and_a_cut_one_is_told(client: Client, keep: int) -> None:
    result = client.run(small())
    cut(result.path, keep=keep)
    run = read(result.path)
    assert (run.state, run.skipped) == ("answered", 1)
    run.advance("done", images=())
    again = read(result.path)
    assert (again.state, again.skipped) == ("done", 1)
    assert "1 line of the run's journal cannot be read" in again.result().notices


def test_a_line_with_a_wrong_value_is_passed_over(client: Client) -> None:
    result = client.run(small())
    path = result.path / "run.jsonl"
    path.write_text(path.read_text().replace('"state":"done"', '"state":"undone"'))
    assert (read(result.path).state, read(result.path).skipped) == ("answered", 1)


def test_a_journal_that_broke_off_before_it_said_sent_is_looked_up(client: Client, server: MockServer) -> None:
    """A cut second line may have said that the request was sent, so the first is not believed alone."""
    client.submit(small())
    [run] = client.runs()
    cut(run.folder, lines=2, keep=40)
    assert (read(run.folder).state, read(run.folder).record.unresolved) == ("sending", True)
    [result] = client.rescue().results
    assert "found by its time" in result.notices[0]
    assert client.run(small()).reused
    assert server.billed == 1


def test_a_journal_that_broke_off_before_anything_was_sent_is_sent_once(client: Client, server: MockServer) -> None:
    run = unanswered(client, small())
    cut(run.folder, keep=40)
    with pytest.raises(UnknownOutcome):
        client.run(small())
    time.sleep(0.7)  # by its folder's time it began when it did, and the service's clock is as exact
    client.run(small(2, "a later task"))
    assert len(client.run(small())) == 1
    assert server.billed == 2
    assert len(client.runs()) == 2


def test_the_table_of_many_runs_is_cut() -> None:
    record = Record(state="done", fingerprint="f", service="mock")
    runs = Runs(Run(Path(f"{number}"), record) for number in range(350))
    page = runs._repr_html_()
    assert page.count("<tr") == 1 + 200 + 1
    assert "150 more" in page


def test_usual_seconds_are_the_median_of_runs_of_the_same_kind(client: Client, store: Store) -> None:
    def took(seed: int, seconds: int, **changes: object) -> None:
        run = prepared(client, small(seed).replace(**changes))  # type: ignore[arg-type]
        times = {"submit_time": "2026-01-01 00:00:00.000", "end_time": f"2026-01-01 00:00:{seconds:02}.000"}
        run.advance("done", times=times)

    for seed, seconds in enumerate((1, 2, 9)):
        took(seed, seconds)
    took(5, 50, n=2)
    assert usual_seconds(small(7), store.newest(), "mock") == 2
    assert usual_seconds(small(7), store.newest(), "elsewhere") is None
    assert usual_seconds(small(7, n=4), store.newest(), "mock") is None
