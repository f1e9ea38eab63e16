"""Every tutorial runs against one mock server that replays its recordings strictly, in a fresh store of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wannb import mock

HERE = Path(__file__).parent
GUARD = HERE.parent / "tests" / "guard"
_session: dict[str, object] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set the environment that the notebook's kernel will start in."""
    if "server" not in _session:
        server = mock.serve(replay=HERE / "recordings", strict=True, task_seconds=0)
        _session["server"] = server
        item.config.add_cleanup(server.close)
        kept = ("WANNB_SDK_PYTHON", "WANNB_REQUIRE_BROWSER")  # other tests of this process need these
        for name in [name for name in os.environ if name.startswith(("DASHSCOPE_", "WANNB_")) and name not in kept]:
            del os.environ[name]
        os.environ |= {"WANNB_MODE": "mock", "DASHSCOPE_HTTP_BASE_URL": server.base_url, "PYTHONPATH": str(GUARD)}
    if _session.get("notebook") != item.path:
        _session["notebook"] = item.path
        factory = item.config._tmp_path_factory  # type: ignore[attr-defined]  # nbval's items take no fixtures
        os.environ["WANNB_STORE"] = str(factory.mktemp("runs"))
