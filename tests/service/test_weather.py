"""Sixty requests from sixty threads through bad weather: every image arrives once and is billed once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from conftest import FAST, make_client

from wannb import ImageRequest, Result
from wannb.errors import UnknownOutcome
from wannb.ledger import lost_answers
from wannb.mock.exchange import Request, Response
from wannb.mock.server.app import App
from wannb.mock.server.http import MockServer
from wannb.runs.store import Store


class Noting:
    """Notes which task each request became, whatever becomes of the answer."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.tasks: dict[str, str] = {}

    def handle(self, request: Request) -> Response:
        response = self.app.handle(request)
        if request.path.endswith("/image-generation/generation") and response.status == 200 and response.body:
            text = request.json["input"]["messages"][0]["content"][0]["text"]
            self.tasks[text] = json.loads(response.body)["output"]["task_id"]
        return response


@pytest.mark.usefixtures("quick_pictures")
def test_sixty_threads_through_bad_weather_get_sixty_images_billed_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [ImageRequest(prompt=f"picture number {i}", size="768*768", seed=i) for i in range(60)]
    # So far apart that the windows in which two lost ones can have arrived are apart too.
    monkeypatch.setattr(lost_answers, "_ENTRY", 0.005)
    pace = replace(FAST, submits=15, lookups=(0.0, 0.2, 2.0))

    def run(request: ImageRequest) -> Result | None:
        with suppress(UnknownOutcome):
            return client.run(request)
        return None

    noting = Noting(App(task_seconds=0.05))
    with MockServer(noting.app, handles=noting) as server, make_client(server, store, pace=pace) as client:
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
            came: list[Result | None] = list(pool.map(run, requests))
        assert came.count(None) < 10, "what was sent later tells at once what became of most"
        server.advance(seconds=5)
        client.run(ImageRequest(prompt="a later task, which proves it", size="768*768"))
        # Two that were lost within the same moment are in doubt; the one that arrived is chosen, which clears both.
        for run in client.runs():
            own = noting.tasks.get(str(run.request.prompt))
            if run.state == "sending" and own in run.record.candidates:
                came[requests.index(run.request)] = client.task(own, run=run.id).result()
        results = [result or client.run(request) for result, request in zip(came, requests, strict=True)]
        assert server.billed == 61
        faults = [entry.fault for entry in server.log if entry.fault]
    assert len(faults) > 60, "the weather was fair: this run proves nothing"
    assert [result.request for result in results] == requests
    assert len({result[0].sha256 for result in results}) == 60
    assert [result.task_id for result in results] == [noting.tasks[str(request.prompt)] for request in requests]
    assert all(not result.reused for result in results)
