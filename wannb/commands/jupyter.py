"""Run JupyterLab, or Voilà with the Studio alone, until it ends; where there is no key a mock server runs beside it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wannb.connection import connect, open_store
from wannb.translation import Words

HOST = "127.0.0.1"
#: A Jupyter data folder: Voilà finds the page's template in it.
_SERVED = Path(__file__).parent / "served"
_EXTENSIONS = ("@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget")
_CELL = "import wannb\n\nwannb.studio()"


@contextmanager
def environment(who: str) -> Iterator[dict[str, str]]:
    """Give the environment for a Jupyter server whose kernels share this process's mock server, if there is no key.

    Args:
        who: what uses the mock server, to tell the person, such as "the tutorials use".
    """
    with connect() as client:
        variables = dict(os.environ)
        if client.service.kind == "mock":
            # One server for all kernels of this session, so that a task is still there after a kernel's restart.
            variables |= {"WANNB_MODE": "mock", "DASHSCOPE_HTTP_BASE_URL": client.service.base_url}
            print(f"No key: {who} the mock server. Nothing is sent out and nothing is billed.", flush=True)
        yield variables


def until_ended(command: list[str], variables: dict[str, str], *, asks: bool) -> int:
    """Run a server until it ends and return its exit status.

    Args:
        command: what to run.
        variables: its environment.
        asks: whether the server asks at Ctrl-C what is meant. Such a one shares the terminal with this process; another
            is kept away from it, and told to end once: a second time would break off its tidying up.
    """
    with subprocess.Popen(command, env=variables, start_new_session=not asks) as server:
        for name in ("SIGTERM", "SIGHUP"):  # the latter: the terminal was closed; Windows has none
            if hasattr(signal, name) and not (asks and name == "SIGHUP"):
                signal.signal(getattr(signal, name), lambda number, frame: server.terminate())
        presses = 0
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:
                presses += 1
                if not asks:
                    server.terminate() if presses == 1 else server.kill()  # kernels end with their server


def studio(*, port: int, language: str | None, theme: str, browser: bool) -> int:
    """Serve the Studio alone until the person ends it; return the exit status.

    Nothing comes from a CDN, a token keeps the other people of this machine out, and the forms work in the folder that
    the command was started in.

    Args:
        port: where to serve; the next one that is free is taken, any for 0.
        language: "en" or "zh"; None for the environment's.
        theme: "light" or "dark".
        browser: whether to open one.
    """
    words = Words(language or os.environ.get("WANNB_LANGUAGE", "").strip() or "en")
    port, token = _free_port(port), secrets.token_hex(24)
    url = f"http://{HOST}:{port}/?token={token}"
    with tempfile.TemporaryDirectory(prefix="wannb-studio-") as folder, environment("the Studio uses") as variables:
        notebook = Path(folder) / "studio.ipynb"
        notebook.write_text(json.dumps(_notebook(words)), encoding="utf-8")
        variables["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(_SERVED), os.environ.get("JUPYTER_PATH")]))
        variables["JUPYTER_TOKEN"] = token  # not among the arguments, which everybody on the machine can read
        variables["WANNB_LANGUAGE"] = words.language
        variables["WANNB_STORE"] = str(open_store().root.resolve())
        command = [
            *(sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--Voila.ip={HOST}"),
            *(f"--Voila.port={port}", "--Voila.port_retries=0", "--Voila.auto_token=True", "--Voila.log_level=ERROR"),
            *("--VoilaConfiguration.template=wannb", "--VoilaConfiguration.allow_template_override=NO"),
            *(f"--VoilaConfiguration.theme={theme}", "--VoilaConfiguration.show_tracebacks=True"),
            f"--HTMLExporter.language_code={words.language}",
            # No others: those made for JupyterLab or Notebook fail in here.
            *(f"--VoilaConfiguration.extension_allowlist={name}" for name in _EXTENSIONS),
            # A file's name typed into a form is meant from where the person is.
            f"--MappingKernelManager.root_dir={Path.cwd()}",
            # A kernel started anew would know nothing of the page's controls: the page asks to be opened again.
            "--KernelRestarter.restart_limit=0",
        ]
        threading.Thread(target=_announce, args=(url, port, browser), daemon=True).start()
        return until_ended(command, variables, asks=False)


def _notebook(words: Words) -> dict[str, object]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    texts = {
        "starting": words("The Studio is starting …"),
        "ended": words("The program behind this page has ended. Finished images are saved."),
        "stopped": words("The Studio was stopped where it was started: wannb studio starts it again."),
        "again": words("Open again"),
    }
    metadata = {"kernelspec": kernel, "title": words("Wan 2.7 Studio"), "wannb": texts}
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "studio",
        "source": _CELL,
        "metadata": {},
        "execution_count": None,
    }
    cell["outputs"] = []
    return {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _free_port(wanted: int) -> int:
    for port in (*range(wanted, min(wanted + 50, 65536)), 0) if wanted else (0,):
        with socket.socket() as trial:
            # What is left of an earlier server does not count; on Windows the option would let two share a port.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(os.name != "nt"))
            try:
                trial.bind((HOST, port))
            except OSError:
                continue
            found: int = trial.getsockname()[1]
            return found
    raise ValueError(f"no port on {HOST} is free")


def _announce(url: str, port: int, browser: bool) -> None:
    """Say where the Studio is as soon as it answers."""
    for _ in range(600):
        with socket.socket() as trial:
            if trial.connect_ex((HOST, port)) == 0:
                break
        time.sleep(0.1)
    else:
        return
    print(f"The Studio is at {url}\nCtrl-C ends it.", flush=True)
    if browser:
        webbrowser.open(url)
