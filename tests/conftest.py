"""What all tests share: a mock server, a client that does not dawdle, and no way out of this machine."""

from __future__ import annotations

import atexit
import functools
import gc
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import isolation
import pytest
from filelock import FileLock
from pictures import quick_picture

import wannb
from wannb import ImageRequest, mock
from wannb.client import Client
from wannb.mock import drawing
from wannb.runs.run import say_goodbye
from wannb.runs.store import Store
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
    unlisted=0.1,
    lookups=(0.0, 0.05, 0.1),
    backoff=(0.01, 0.1),
)


#: Thousands of clients are made here, and few of them speak to anything that has a certificate.
certificates_read_once = functools.cache(ssl.create_default_context)


def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(isolation.forget)
    atexit.unregister(say_goodbye)  # tests leave runs behind


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one worker, and all that need a browser to the same: JupyterLab is started once."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)

    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """Spare the garbage collector thousands of tests and all modules, which stay to the end."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(autouse=True)
def quick_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", certificates_read_once)


@pytest.fixture(autouse=True)
def no_widget_left() -> Iterator[None]:
    """Close the widgets that a test has made: ipywidgets keeps each in a list, with all that it shows."""
    before = set(_widgets())
    yield
    made = [widget for key, widget in _widgets().items() if key not in before]
    viewers = [widget for widget in made if type(widget).__name__ == "Viewer"]  # one for the whole process
    for widget in made:
        if widget not in viewers and widget not in [viewer.layout for viewer in viewers]:
            widget.close()


def _widgets() -> dict[str, Any]:
    module = sys.modules.get("ipywidgets.widgets.widget")
    return module._instances if module else {}


class Hangs(BaseException):
    """A test waits for a pipe, or reads a device without an end."""


@pytest.fixture
def no_hang() -> Iterator[None]:
    """Stop a test that is still going after a minute."""

    def late(number: int, frame: Any) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 60, 1)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list that grows by every address that a socket of this process is bound to."""
    addresses: list[Any] = []
    plain = socket.socket.bind

    def bind(self: socket.socket, address: Any) -> None:
        addresses.append(address)
        plain(self, address)

    monkeypatch.setattr(socket.socket, "bind", bind)
    return addresses


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


@pytest.fixture
def quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the mock draw one color in place of each picture."""
    monkeypatch.setattr(drawing, "draw", quick_picture)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation, built once for all workers; a warning is an error."""
    pytest.importorskip("myst_nb")
    root = tmp_path_factory.getbasetemp()
    folder = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "site"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            command = [sys.executable, str(Path(__file__).parent.parent / "scripts" / "site"), str(folder)]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            assert run.returncode == 0, run.stdout + run.stderr
            assert not run.stderr
    return folder


def small(seed: int = 1, prompt: str = "x", n: int = 1, **more: Any) -> ImageRequest:
    """Return a request for the smallest image."""
    return ImageRequest(**{"prompt": prompt, "seed": seed, "size": "768*768", "n": n, **more})


def make_client(server: mock.MockServer, store: Store, *, pace: Pace = FAST, budget: Money | None = None) -> Client:
    """Return a client of a mock server."""
    return Client(mock_service(server.base_url), "sk-mock", store, pace=pace, budget=budget)


__all__ = ["FAST", "make_client", "small", "wannb"]
