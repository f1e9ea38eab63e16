"""A plan that has run, and a folder for files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from judging.pictures import PROMPTS

from wannb import mock
from wannb.plan import sweep
from wannb.runs.store import Store


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three prompts and two seeds."""
    with (
        mock.serve(task_seconds=0.0) as server,
        make_client(server, Store(tmp_path_factory.mktemp("runs") / "runs")) as client,
    ):
        yield sweep(client, prompt=PROMPTS, seed=[4711, 4712], size="1K").run()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"
