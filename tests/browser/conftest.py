"""Fixtures of the tests in a real browser: `lab`, and a mock server whose tasks take a moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.lab import Lab
from browser.session import TEST_SECONDS, Hanging, Session, missing

from wannb import mock


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"limit(seconds): a browser test may take so long, instead of {TEST_SECONDS}")


@pytest.fixture(scope="session")
def browser_needed() -> None:
    """Skip tests where there is no browser, or fail where they must run."""
    if lacking := missing():
        if os.environ.get("WANNB_REQUIRE_BROWSER") == "1":
            pytest.fail(f"browser tests must run here, but {lacking}")
        pytest.skip(lacking)


@pytest.fixture(scope="session")
def browser_session(browser_needed: None) -> Iterator[Session]:
    """One Jupyter server and one Chromium for all tests."""
    session = Session()
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield session
    finally:
        session.close()
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt  # so that pytest takes down what it has set up


@pytest.fixture
def server(quick_pictures: None) -> Iterator[mock.MockServer]:
    """The mock server of this test; its tasks take long enough to be seen running."""
    with mock.serve(task_seconds=0.3) as running:
        yield running


@pytest.fixture
def lab(browser_session: Session, server: mock.MockServer, tmp_path: Path) -> Iterator[Lab]:
    """What this test does in the browser. The test itself runs in the browser's thread."""
    environment = {
        "WANNB_MODE": "mock",
        "DASHSCOPE_HTTP_BASE_URL": server.base_url,
        "WANNB_STORE": str(tmp_path / "runs"),
    }
    browser_session.thread.run(browser_session.start)
    made = Lab(browser_session, environment, tmp_path)
    yield made
    try:
        browser_session.thread.run(made.close)
    except Exception:  # a page that is past use must not fail the tests that come after
        browser_session.kill()
        browser_session.end_kernels()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that uses the browser in the browser's thread, no longer than it may."""
    lab = pyfuncitem.funcargs.get("lab")
    if not isinstance(lab, Lab):
        return None
    mark = pyfuncitem.get_closest_marker("limit")
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    def call() -> None:
        pyfuncitem.obj(**arguments)
        lab.verify()

    try:
        lab.session.thread.run(call, mark.args[0] if mark else TEST_SECONDS)
    except KeyboardInterrupt:
        lab.session.kill()
        raise
    except Hanging as late:
        lab.session.kill()
        raise late from late.where()
    except Exception:
        _show(pyfuncitem, lab)
        if lab.session.shared in lab.books:
            lab.session.shared = None  # nobody knows in what state it is
        raise
    return True


def _show(item: Any, lab: Lab) -> None:
    """Add to the report what was seen in the browser when the test failed."""
    seen = [*lab.errors, *(f"left this machine: {url}" for url in lab.left)]
    try:
        seen.append(f"screenshot: {lab.session.thread.run(lambda: lab.screenshot('failed'), 20)}")
    except Exception as error:
        seen.append(f"no screenshot: {error}")
    seen += ["Jupyter's log ends with:", *(lab.session.root / "output.log").read_text().splitlines()[-8:]]
    item.add_report_section("call", "browser", "\n".join(seen))
