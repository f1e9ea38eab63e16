"""Rescue: what is cut off is finished, what is another's is left alone, what is damaged is told."""

from __future__ import annotations

from conftest import FAST, small
from journals import last, rewrite

from wannb.client import Client
from wannb.errors import StoreError, WaitTimeout
from wannb.mock import MockServer
from wannb.runs.store import Store
from wannb.service.endpoint import mock as mock_service


def test_another_accounts_runs_are_left_alone(client: Client, server: MockServer, store: Store) -> None:
    task = client.submit(small())
    with Client(mock_service(server.base_url), "sk-colleague", store, pace=FAST) as colleague:
        found = colleague.rescue()
        assert (found.results, found.elsewhere) == ((), (task.run_id,))
        assert "left alone" in repr(found)
        assert colleague.tasks() == []
    assert len(task.result()) == 1


def test_a_damaged_run_does_not_keep_the_others_from_being_saved(client: Client, store: Store) -> None:
    task = client.submit(small(1))
    broken = client.submit(small(2))
    rewrite(store.root / broken.run_id, last(store.root / broken.run_id) | {"images": [{"file": 3}]})
    found = client.rescue()
    assert [result.run_id for result in found.results] == [task.run_id]
    assert isinstance(found.problems[0][1], StoreError)


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
