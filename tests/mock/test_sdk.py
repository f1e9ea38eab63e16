"""The official SDK works against the mock server, run by its own interpreter.

Set WANNB_SDK_PYTHON to an interpreter that has dashscope; without it, and without dashscope here, it is skipped.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wannb import mock

SCRIPT = Path(__file__).parent / "sdk" / "check_sdk.py"


def interpreter() -> str:
    named = os.environ.get("WANNB_SDK_PYTHON")
    if named:
        return named
    if importlib.util.find_spec("dashscope") is None:
        pytest.skip("dashscope is not installed here, and WANNB_SDK_PYTHON is not set")
    return sys.executable


def test_the_official_sdk_works_against_the_mock(tmp_path: Path) -> None:
    python = interpreter()
    # The tests' own guard and coverage hooks are for this interpreter, not for the SDK's.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DASHSCOPE_"))}
    with mock.serve(task_seconds=0.3) as server:
        done = subprocess.run(
            [python, str(SCRIPT), server.base_url],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            env={**environment, "HOME": str(tmp_path)},
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{server.log}"
        assert not [entry for entry in server.log if entry.fault == "leaked key"]
    assert done.stdout.count("\nok ") == 23
