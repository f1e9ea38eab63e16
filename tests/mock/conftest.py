"""Fixtures of the mock's tests: a server, a client for it, and quick pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from mocking import KEY, Api

from wannb import mock

START = 1_776_343_356.703  # 2026-04-16 12:42:36.703 UTC, as in the live recording


@pytest.fixture
def task_seconds() -> float:
    return 60


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def server(task_seconds: float, slept: list[float]) -> Iterator[mock.MockServer]:
    """A server whose clock stands still but for `advance`."""
    with mock.serve(task_seconds=task_seconds, clock=lambda: START, sleep=slept.append, seed=1) as running:
        yield running


@pytest.fixture
def upstream() -> Iterator[mock.MockServer]:
    """A stand-in for the live service, which knows one key."""
    with mock.serve(task_seconds=0, keys={KEY}, seed=3) as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Callable[[mock.MockServer], Api]]:
    """Return a function that makes a client of a server; both are closed after the test."""
    clients: list[Api] = []

    def connect(server: mock.MockServer) -> Api:
        clients.append(Api(server))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()
        client.server.close()


@pytest.fixture
def api(server: mock.MockServer, connect: Callable[[mock.MockServer], Api]) -> Api:
    return connect(server)
