"""What all tests share: a mock server, a client that does not dawdle, and no way out of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import isolation
import pytest

import wannb
from wannb import mock
from wannb.client import Client
from wannb.ledger.store import Store
from wannb.service.endpoint import mock as mock_service
from wannb.service.limits import Pace
from wannb.service.prices import Money

ENVIRONMENT = isolation.isolate()
GUARD = isolation.GUARD
sys.path.insert(0, str(GUARD))
import sitecustomize as _here  # noqa: E402  # Python's own start-up may have taken another of this name

if Path(_here.__file__ or "").parent != GUARD:
    exec((GUARD / "sitecustomize.py").read_text(), {})

# A busy machine is no fault of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

#: Fast, but in the same order of steps as the default pace.
FAST = Pace(
    submits=500,
    running=50,
    queries=2000,
    query_interval=0.02,
    lookups=(0.0, 0.05, 0.1),
    backoff=(0.01, 0.1),
)


def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(isolation.forget)


@pytest.fixture(scope="session", autouse=True)
def nothing_left() -> Iterator[None]:
    """Fail when a process that a test has started outlives the tests."""
    yield
    left = isolation.processes_left()
    assert not left, "\n".join(f"{command} (started by {test})" for command, test in left.items())


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test the tests' own environment, an empty home and an empty folder to work in."""
    for name in [name for name in os.environ if isolation.is_personal(name) and name not in ENVIRONMENT]:
        monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def server() -> Iterator[mock.MockServer]:
    """A mock server whose tasks take no time."""
    with mock.serve(task_seconds=0.0) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def client(server: mock.MockServer, store: Store) -> Iterator[Client]:
    with make_client(server, store) as made:
        yield made


def make_client(server: mock.MockServer, store: Store, *, pace: Pace = FAST, budget: Money | None = None) -> Client:
    """Return a client of a mock server."""
    return Client(mock_service(server.base_url), "sk-mock", store, pace=pace, budget=budget)


__all__ = ["FAST", "make_client", "wannb"]
