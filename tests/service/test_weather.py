"""Sixty requests from sixty threads through bad weather: every image arrives once and is billed once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import make_client

from wannb import ImageRequest, Result, mock
from wannb.ledger.store import Store


@pytest.mark.usefixtures("quick_pictures")
def test_sixty_threads_through_bad_weather_get_sixty_images_billed_once(store: Store) -> None:
    requests = [ImageRequest(prompt=f"picture number {i}", size="768*768", seed=i) for i in range(60)]
    with mock.serve(task_seconds=0.05) as server, make_client(server, store) as client:
        with (
            server.weather(
                rate_429=0.2,
                rate_500=0.1,
                dropped_before=0.05,
                dropped_after=0.05,
                seed=11,
                routes={"create", "query", "download", "list"},
            ),
            ThreadPoolExecutor(60) as pool,
        ):
            results: list[Result] = list(pool.map(client.run, requests))
        assert server.billed == 60
        faults = [entry.fault for entry in server.log if entry.fault]
    assert len(faults) > 60, "the weather was fair: this run proves nothing"
    assert [result.request for result in results] == requests
    assert len({result[0].sha256 for result in results}) == 60
    assert len({result.task_id for result in results}) == 60
    assert all(not result.reused for result in results)
