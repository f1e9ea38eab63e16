"""TODO."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from conftest import make_client

from wannb import ImageRequest, mock
from wannb.ledger.store import Store
from wannb.service.limits import Pace


def test_the_services_own_limits_are_never_met(store: Store) -> None:
    requests = [ImageRequest(prompt=f"{i}", seed=i, size="768*768") for i in range(8)]
    with mock.serve(task_seconds=0.3, limits=True) as server, make_client(server, store, pace=Pace()) as client:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(client.run, requests))
        assert [entry.path for entry in server.log if entry.status == 429] == []
