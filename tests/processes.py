"""Commands that tests start: each in a process group of its own, with its output in a file, and ended whole."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
from isolation import PATIENCE

needs_voila = pytest.mark.skipif(find_spec("voila") is None, reason="Voilà is not installed")
#: A client of loopback servers that no proxy of the machine stands between.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetched(url: str) -> str:
    """Return what a server of this machine answers; Jupyter says its address before it listens there."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            answer: str = OPENER.open(url, timeout=PATIENCE).read().decode()
            return answer
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > end:
                raise
        time.sleep(0.1)


def busy_port() -> socket.socket:
    """Return a socket that listens at a port which no program gets unasked; those begin at 32768."""
    for port in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
    raise OSError("no port is free")


def package_under_test() -> dict[str, str]:
    """Return an environment in which Python finds the very package that is tested."""
    import wannb

    return {**os.environ, "PYTHONPATH": str(Path(wannb.__file__).parent.parent)}


def memory_of(code: str, *arguments: object) -> list[tuple[str, int]]:
    """Run code that calls `measure(text)` at its beginning and after each step; return what it says of each step.

    That is the text, and the most MB that the process ever took beyond those of its beginning.
    """
    command = [sys.executable, "-c", _MEASURE + code, *map(str, arguments)]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, env=package_under_test()
    ).stdout.splitlines()[1:]
    return [(text, int(grown)) for grown, text in (line.split(" ", 1) for line in said)]


_MEASURE = """
import resource, sys
took = []
def measure(text=""):
    took.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print((took[-1] - took[0]) // 1024, text)
"""

#: In the command line of the first kernel of `wannb studio`.
FIRST = "from ipykernel import kernelapp"


class Command:
    """A Python module run as a command; leaving the `with` block ends it and all that it started.

    Args:
        arguments: those of Python, such as "-m", "wannb.mock".
        folder: where it works; its output goes to `log` there.
        environment: variables beside the tests' own.
    """

    def __init__(self, *arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.log = folder / "output.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: Any) -> None:
        self.end()

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first place of the output that fits; fail if the command ends without it."""
        end = time.monotonic() + PATIENCE
        while True:
            ended = self.process.poll() is not None
            if found := re.search(pattern, self.said(), re.M):
                return found
            if ended or time.monotonic() > end:
                raise AssertionError(f"{self.process.args!r} did not say {pattern!r}:\n{self.said()[-3000:]}")
            time.sleep(0.05)

    def family(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def kernels(self, name: str = "") -> list[psutil.Process]:
        """Return the kernels, or the one of a name; `wannb studio` has one more than pages, for the next page.

        The first one of `wannb studio` had its process before it had its name.
        """
        said = [(one, " ".join(one.cmdline())) for one in self.family()]
        return [one for one, line in said if "ipykernel" in line and (name in line or FIRST in line)]

    def signal(self, number: int) -> int:
        """Send a signal to the command alone; return its exit status once all that it started has ended too."""
        family = self.family()
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        assert not psutil.wait_procs(family, timeout=PATIENCE)[1]
        return status

    def end(self) -> None:
        """End the command's process group, and what left the group: kernels have groups of their own."""
        family = [*self.family(), psutil.Process(self.process.pid)] if self.process.poll() is None else []
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        for process in psutil.wait_procs(family, timeout=PATIENCE)[1]:
            with suppress(psutil.Error):
                process.kill()
        self.process.wait(PATIENCE)
