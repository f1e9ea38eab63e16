"""The code passes its own checks: format, lint, types, and the search for insecure habits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_checks_pass() -> None:
    # The tools of this environment, wherever pytest was started from.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = ["sh", str(ROOT / "scripts" / "check"), "--offline"]
    run = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
