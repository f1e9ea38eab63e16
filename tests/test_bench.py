"""The measurements run, in their short form; what they measure is never asserted."""

from __future__ import annotations

import os
import subprocess
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
