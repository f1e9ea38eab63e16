"""The code passes its own checks, and the tests bring their own environment."""

from __future__ import annotations

import json
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


def test_no_setting_of_the_person_reaches_a_test() -> None:
    names = "HTTP_PROXY https_proxy NO_PROXY all_proxy LANG LC_ALL DASHSCOPE_API_KEY WANNB_MODE HOME"
    names += " PYTHONDONTWRITEBYTECODE PYTHONWARNINGS JUPYTER_PATH JUPYTER_CONFIG_DIR IPYTHONDIR"
    theirs = dict.fromkeys(names.split(), "theirs")
    code = "import isolation, json; print(json.dumps(isolation.isolate())); isolation.forget()"
    environment = {**os.environ, **theirs, "PYTHONPATH": str(ROOT / "tests"), "WANNB_REQUIRE_BROWSER": "1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    ours = json.loads(run.stdout)
    assert [name for name, value in ours.items() if value == "theirs"] == []
    assert ours["WANNB_REQUIRE_BROWSER"] == "1"
