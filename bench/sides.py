"""The sides of each comparison, every one in a process of its own: wannb, the official SDK, and the floor beneath both.

The SDK's Python is named by WANNB_SDK_PYTHON, so that it can live apart; without it, it is looked for beside wannb.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@lru_cache
def sdk_python() -> str | None:
    """Return the Python that has the official SDK, None if there is none."""
    python = os.environ.get("WANNB_SDK_PYTHON", sys.executable)
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('dashscope') is None)"
    return python if subprocess.run([python, "-c", look], env=environment(), check=False).returncode == 0 else None


def command(side: str, *arguments: object) -> list[str]:
    """Return the command line of a side: "wannb", "floor" or "sdk"."""
    python = (sdk_python() or "") if side == "sdk" else sys.executable
    return [python, str(HERE / f"plain_{side}.py"), *map(str, arguments)]


def figures(side: str, *arguments: object) -> Any:
    """Let a side do a job and return the figures that it prints last; None for an SDK that is not there."""
    if side == "sdk" and sdk_python() is None:
        return None
    done = subprocess.run(command(side, *arguments), env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def environment() -> dict[str, str]:
    """Return an environment without a person's own key, settings and proxies."""
    own = ("DASHSCOPE_", "WANNB_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(own)}
