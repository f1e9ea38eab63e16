"""Isolation of the tests from the machine: environment, settings of Jupyter, and processes that must end.

Both `conftest.py` call `isolate()` first, so that kernels, servers and scripts that a test starts inherit the same
environment. Tests wait for events; `PATIENCE` only ends what hangs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import site
import tempfile
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import psutil

GUARD = Path(__file__).parent / "guard"
#: Seconds that a test waits for anything. It is far more than a busy machine needs.
PATIENCE = 180.0
#: Variables that steer the tests themselves.
OURS = {"WANNB_SDK_PYTHON", "WANNB_SDK_JAVA", "WANNB_LAB_PYTHON"}
OURS |= {"WANNB_REQUIRE_BROWSER", "WANNB_KILLS", "WANNB_EXAMPLES"}
#: Marks every process that these tests start, also one whose parent has ended.
_MARK = "STARTED_BY_TESTS"
_PERSONAL = re.compile(
    r"(WANNB|DASHSCOPE|PYTHON|JUPYTER|JPY|IPYTHON|MPL|LC|XDG|SSL|COLAB|KAGGLE|VSCODE|SERVER)_?\w*|LANG|LANGUAGE"
    r"|(QWEN|MODEL_?STUDIO|BAILIAN|ALIBABA|ALIYUN)\w*"
    r"|(HTTP|HTTPS|ALL|FTP|NO|WS|WSS)_PROXY|(REQUESTS|CURL)_CA_BUNDLE|(NO|FORCE|PY|CLI)_?COLORS?|COLUMNS|LINES",
    re.I,
)


@cache
def isolate() -> dict[str, str]:
    """Replace the person's settings in this process by the tests' own; return the environment."""
    user_site = site.getuserbase()
    # A shell starts a background job with Ctrl-C ignored, and whatever the tests start would ignore it too.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in [name for name in os.environ if is_personal(name)]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="wannb-"))
    places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    os.environ |= {
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(GUARD),
        "PYTHONUSERBASE": user_site,
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        _MARK: uuid.uuid4().hex,
        **{f"JUPYTER_{name}_DIR": str(folder / place) for name, place in places.items()},
    }
    for place in places.values():
        (folder / place).mkdir(mode=0o700)
    # Jupyter picks free ports, lets them go and hands them to the kernel, which dies when another program has taken one
    # meanwhile (jupyter_client issue 487). Sockets that are files have names of their own.
    if os.name == "posix":
        settings = json.dumps({"KernelManager": {"transport": "ipc"}, "NotebookClient": {"startup_timeout": PATIENCE}})
        for name in ("jupyter_config.json", "voila.json"):
            (folder / "config" / name).write_text(settings)
    return dict(os.environ)


def is_personal(name: str) -> bool:
    """Return whether a variable of the environment is a setting of the person or the machine."""
    return _PERSONAL.fullmatch(name) is not None and name not in OURS


def kernel_settings() -> Any:
    """Return the configuration of one kernel that this process starts itself, for nbclient's or nbval's manager."""
    from jupyter_core.paths import jupyter_runtime_dir
    from traitlets.config import Config

    if os.name != "posix":
        return Config()
    folder = Path(jupyter_runtime_dir())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"kernel-{uuid.uuid4()}.json"
    return Config({"KernelManager": {"transport": "ipc", "connection_file": str(file)}})


def processes_left() -> dict[str, str]:
    """End the processes that tests have left; return the command of each with the test that started it."""
    mark = isolate()[_MARK]
    started = {one for one in psutil.process_iter() if _environment(one).get(_MARK) == mark}
    started |= {one for one in psutil.Process().children(recursive=True) if _environment(one)}
    left = psutil.wait_procs(started - {psutil.Process()}, timeout=PATIENCE)[1]
    told = {}
    for process in left:
        test = _environment(process).get("PYTEST_CURRENT_TEST", "no test")
        told[f"{process.pid} {' '.join(process.cmdline())}"] = test
        process.kill()
    psutil.wait_procs(left, timeout=PATIENCE)
    return told


def forget() -> None:
    """Remove the files of `isolate`."""
    shutil.rmtree(isolate()["HOME"], ignore_errors=True)


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        # Python's own tracker of shared memory lives as long as this process.
        return {} if "resource_tracker" in " ".join(process.cmdline()) else process.environ()
    except psutil.Error:  # it has ended, or belongs to somebody else
        return {}
