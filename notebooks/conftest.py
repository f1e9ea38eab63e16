"""Every tutorial runs against one mock server that replays its recordings strictly, in a fresh store of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from wannb import mock

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
import isolation  # noqa: E402

isolation.isolate()
_session: dict[str, object] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Let nbval start its kernels with the tests' own settings: it reads none of Jupyter's."""
    config.add_cleanup(isolation.forget)
    if config.pluginmanager.hasplugin("nbval.plugin") or config.pluginmanager.hasplugin("nbval"):
        import jupyter_client
        import nbval.kernel
        import nbval.plugin

        def manager(**more: Any) -> jupyter_client.KernelManager:
            made = jupyter_client.KernelManager(config=isolation.kernel_settings(), **more)
            made.kernel_spec.argv[0] = os.environ.get("WANNB_LAB_PYTHON", made.kernel_spec.argv[0])
            return made

        nbval.kernel.KernelManager = manager
        compare = nbval.plugin.IPyNbCell.compare_outputs
        nbval.plugin.IPyNbCell.compare_outputs = lambda cell, test, *more: compare(
            cell, [output for output in test if not _taken_back(output)], *more
        )


def _taken_back(output: Any) -> bool:
    """Return whether an output is a progress line of which nothing is left, as on a slow machine."""
    if output.output_type != "stream" or "\r" not in output.text:
        return False
    return not any(line.rpartition("\r")[2].strip() for line in output.text.split("\n"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set the environment that the notebook's kernel will start in."""
    if "server" not in _session:
        server = mock.serve(replay=HERE / "recordings", strict=True, task_seconds=0)
        _session["server"] = server
        item.config.add_cleanup(server.close)
        for name in [name for name in os.environ if name.startswith(("DASHSCOPE_", "WANNB_"))]:
            if name not in isolation.OURS:
                del os.environ[name]
        os.environ |= {"WANNB_MODE": "mock", "DASHSCOPE_HTTP_BASE_URL": server.base_url}
    if _session.get("notebook") != item.path:
        _session["notebook"] = item.path
        factory = item.config._tmp_path_factory  # type: ignore[attr-defined]  # nbval's items take no fixtures
        os.environ["WANNB_STORE"] = str(factory.mktemp("runs"))
