"""The measurements run, in their short form; what they measure is never asserted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif("WANNB_SDK_PYTHON" not in os.environ, reason="the official SDK is named by WANNB_SDK_PYTHON")
def test_the_cost_of_imports_is_measured() -> None:
    command = [os.environ["WANNB_SDK_PYTHON"], str(ROOT / "bench" / "imports.py"), "--smoke"]
    run = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert "import wannb" in run.stdout


@pytest.mark.parametrize("name", ["grid", "sweep", "kills"])
def test_the_jobs_are_measured(name: str) -> None:
    if name != "grid" and "WANNB_SDK_PYTHON" not in os.environ:
        pytest.skip("the official SDK is named by WANNB_SDK_PYTHON")
    command = [sys.executable, str(ROOT / "bench" / f"{name}.py"), "--smoke"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "wannb" in run.stdout
