"""JupyterLab on the tutorials, and Voilà with the Studio alone; without a key both use one mock server."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path

from wannb.connection import SHARED_MOCK, connect, open_store
from wannb.files import is_plain
from wannb.translation import Words

HOST = "127.0.0.1"
#: A Jupyter data folder, in which Voilà finds the page's template.
_SERVED = Path(__file__).parent / "served"
_PACKAGE = Path(__file__).parent.parent
#: In a folder of copied tutorials: the hashes of what was copied.
_COPIED = ".wannb-tutorials.json"
#: What `wannb lab` shows first, and the page that names every tutorial with a link.
_FIRST, _CONTENTS = "00-your-first-pictures.ipynb", "README.md"
_TOKEN = re.compile(r"[0-9a-f]{48}")
_LINKED = re.compile(r"\]\(([\w-]+\.ipynb)\)")
#: A page that leads to the Studio, as Jupyter's own servers do it.
_DOOR = (
    '<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={url}"><title>wannb</title>'
    '<a href="{url}">wannb Studio</a>'
)
_EXTENSIONS = ("@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget")


def lab(folder: Path, *, port: int, browser: bool, more: Sequence[str]) -> int:
    """Run JupyterLab on a folder until it ends, and return its exit status; the next free port is taken.

    It opens on the first tutorial, unless `more`, which are further options of JupyterLab, say otherwise.
    """
    first = (folder / _FIRST).is_file() and not any("default_url" in option for option in more)
    command = [
        *(sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}", f"--port={port}"),
        # JupyterLab itself would look for updates and news on the network.
        *("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None"),
        *([f"--LabApp.default_url=/lab/tree/{_FIRST}"] if first else []),
        *([] if browser else ["--no-browser"]),
        # Jupyter refuses to start as root unless told to, and in a container root is a deliberate choice.
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        *more,
    ]
    with _environment("the tutorials use") as variables:
        return _run(command, variables, asks=True)


def copy_tutorials(folder: Path | None) -> tuple[Path, list[str]]:
    """Return the folder to open and what to tell the person.

    In a checkout, if no folder is given, that is the checkout's own folder. Otherwise the tutorials and their page of
    contents are copied: one that was changed since stays as it is, any other is updated.

    Raises:
        ValueError: the folder cannot be written.
    """
    checkout = _PACKAGE.parent / "notebooks"
    is_checkout = (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir()
    if is_checkout and folder is None:
        return checkout, []
    folder = folder or Path("wannb-tutorials")
    home = checkout if is_checkout else _PACKAGE / "notebooks"
    try:
        kept = _copied(home, folder)
    except OSError as error:
        why = error.strerror or error
        place = repr(str(folder))
        raise ValueError(f"cannot copy the tutorials to {place}: {why}; --folder names another place") from error
    notes = [f"The tutorials are in {folder}."]
    if kept:
        notes.append(f"Yours were kept as you changed them: {', '.join(kept)}. A new --folder gives fresh ones.")
    return folder, notes


def _copied(home: Path, folder: Path) -> list[str]:
    """Copy the tutorials from their home, and return the names of those that were changed and stay."""
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / _COPIED
    copied: dict[str, str] = json.loads(record.read_text()) if record.is_file() else {}
    kept = []
    # A person may keep other notebooks and notes in the checkout's folder.
    for name in (_CONTENTS, *_LINKED.findall((home / _CONTENTS).read_text("utf-8"))):
        content, place = (home / name).read_bytes(), folder / name
        if place.exists() and _hash(place.read_bytes()) not in (copied.get(name), _hash(content)):
            kept.append(name)
            continue
        place.write_bytes(content)
        copied[name] = _hash(content)
    record.write_text(json.dumps(copied, indent=1))
    return kept


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def studio(*, port: int, language: str | None, theme: str, browser: bool) -> int:
    """Serve the Studio alone until the person ends it, and return the exit status.

    Nothing comes from a CDN, a token keeps other users of this machine out, and the forms work in the folder in which
    the command was started. The next free port is taken, any for 0.
    """
    words = Words(language or os.environ.get("WANNB_LANGUAGE", "").strip() or "en")
    store = open_store().root.resolve()
    port, token = _free_port(port), _token(store)
    with tempfile.TemporaryDirectory(prefix="wannb-studio-") as folder, _environment("the Studio uses") as variables:
        notebook = Path(folder) / "studio.ipynb"
        notebook.write_text(_notebook(words), encoding="utf-8")
        variables["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(_SERVED), os.environ.get("JUPYTER_PATH")]))
        variables["JUPYTER_TOKEN"] = token  # not an argument: every user of the machine can read those
        variables["WANNB_LANGUAGE"] = words.language
        variables["WANNB_STORE"] = str(store)
        variables["NBFORMAT_VALIDATOR"] = "jsonschema"  # compiles nothing, which takes longer than a cell's validation
        command = [
            *(sys.executable, "-m", "wannb.commands.page", str(notebook), "--no-browser", f"--Voila.ip={HOST}"),
            *(f"--Voila.port={port}", "--Voila.port_retries=0", "--Voila.auto_token=True", "--Voila.log_level=ERROR"),
            *("--VoilaConfiguration.template=wannb", "--VoilaConfiguration.allow_template_override=NO"),
            *(f"--VoilaConfiguration.theme={theme}", "--VoilaConfiguration.show_tracebacks=True"),
            f"--HTMLExporter.language_code={words.language}",
            "--Voila.identity_provider_class=wannb.commands.door.Door",
            "--VoilaConfiguration.multi_kernel_manager_class=wannb.commands.page.Ready",
            "--MultiKernelManager.kernel_manager_class=wannb.commands.page.Kernel",
            # Extensions made for JupyterLab or Notebook fail here.
            *(f"--VoilaConfiguration.extension_allowlist={name}" for name in _EXTENSIONS),
            # A file's name typed into a form is relative to the person's folder.
            f"--MappingKernelManager.root_dir={Path.cwd()}",
            # A new kernel would know nothing of the page's controls: the page asks to be opened again.
            "--KernelRestarter.restart_limit=0",
        ]

        def announce() -> None:
            url = f"http://{HOST}:{port}/?token={token}"
            print(f"The Studio is at {url}\nCtrl-C ends it.", flush=True)
            if browser:
                # A browser's arguments can be read by every user of the machine too; this folder only by its owner.
                page = Path(folder) / "open.html"
                page.touch(mode=0o600)
                page.write_text(_DOOR.format(url=escape(url)), encoding="utf-8")
                webbrowser.open(page.as_uri())

        return _run(command, variables, asks=False, port=port, ready=announce)


def _token(store: Path) -> str:
    """Return the token of a runs folder's Studio: the same at each start, so that an open page can be loaded again.

    Beside those of Jupyter's own servers, in a file that is only the person's; a new one where that cannot be.
    """
    from jupyter_core.paths import jupyter_runtime_dir

    token = secrets.token_hex(24)
    file = Path(jupyter_runtime_dir()) / f"wannb-studio-{_hash(os.fsencode(store))[:16]}.token"
    with suppress(OSError):
        if is_plain(file, len(token)) and not (os.name != "nt" and os.stat(file).st_mode & 0o077):
            kept = file.read_text()
            return kept if _TOKEN.fullmatch(kept) else token
        file.parent.mkdir(0o700, parents=True, exist_ok=True)
        with open(file, "x", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as new:
            new.write(token)
    return token


@contextmanager
def _environment(user: str) -> Iterator[dict[str, str]]:
    """Give the environment for a Jupyter server; without a key its kernels share this process's mock server.

    A kernel that finds a key later, or is given one, is live.
    """
    with connect() as client:
        variables = dict(os.environ)
        if client.service.kind == "mock":
            # One server for all kernels, so that a task is still there after a kernel's restart.
            variables[SHARED_MOCK] = client.service.base_url
            why = "The mode is mock" if os.environ.get("WANNB_MODE", "").strip().lower() == "mock" else "No key"
            print(f"{why}: {user} the mock server. Nothing is sent out and nothing is billed.", flush=True)
        else:
            print(f"Live at {client.service.host}: every image that comes back is billed.", flush=True)
        for notice in client.notices:
            print(notice, flush=True)
        yield variables


def _run(
    command: list[str],
    variables: dict[str, str],
    *,
    asks: bool,
    port: int = 0,
    ready: Callable[[], None] = lambda: None,
) -> int:
    """Run a server until it ends and return its exit status; `ready` is called when it answers at the port.

    A server that asks for confirmation at Ctrl-C shares the terminal with this process. Any other is kept away from
    the terminal and told to end once: a second signal would break off its cleaning up.
    """
    with subprocess.Popen(command, env=variables, start_new_session=not asks) as server:
        for name in ("SIGTERM", "SIGHUP"):  # the latter: the terminal was closed; Windows has none
            if hasattr(signal, name) and not (asks and name == "SIGHUP"):
                signal.signal(getattr(signal, name), lambda number, frame: server.terminate())
        if port:
            threading.Thread(target=_when_it_answers, args=(server, port, ready), daemon=True).start()
        presses = 0
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:
                presses += 1
                if not asks:
                    server.terminate() if presses == 1 else server.kill()  # kernels end with their server


def _when_it_answers(server: subprocess.Popen[bytes], port: int, ready: Callable[[], None]) -> None:
    while server.poll() is None:
        with socket.socket() as trial:
            if trial.connect_ex((HOST, port)) == 0:
                ready()
                return
        time.sleep(0.1)


def _notebook(words: Words) -> str:
    texts = {
        "starting": words("The Studio is starting …"),
        "ended": words("The program behind this page has ended. Finished images are saved."),
        "stopped": words("The Studio was stopped where it was started. When it is started again, this page says so."),
        "started": words("The Studio was started again; this page is an earlier one's. What was typed before is kept."),
        "again": words("Reload"),
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "title": words("Wan 2.7 Studio"), "wannb": texts}
    source = {"id": "studio", "source": "import wannb\n\nwannb.studio()"}
    cell: dict[str, object] = {**source, "cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _free_port(wanted: int) -> int:
    for port in (*range(wanted, min(wanted + 50, 65536)), 0) if wanted else (0,):
        with socket.socket() as trial:
            # The remains of an earlier server do not count; on Windows the option would let two share a port.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(os.name != "nt"))
            try:
                trial.bind((HOST, port))
            except OSError:
                continue
            found: int = trial.getsockname()[1]
            return found
    raise ValueError(f"no port on {HOST} is free")
