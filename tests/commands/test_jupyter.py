"""`wannb studio` serves the Studio alone, to who has the token, with nothing from elsewhere, and ends whole."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from wannb.commands.cli import main

needs_voila = pytest.mark.skipif(find_spec("voila") is None, reason="Voilà is not installed")


def test_without_voila_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "voila", None)  # as if it were not installed
    assert main(["studio"]) == 1
    assert capsys.readouterr().err == 'wannb: Voilà is not installed; pip install "wannb[studio]"\n'


def test_the_extra_brings_a_kernel_too() -> None:
    """Voilà itself brings none; without one its page says no more than "500"."""
    extras = (Path(__file__).parent.parent.parent / "pyproject.toml").read_text()
    assert re.search(r'^studio = \[.*"ipykernel>=.*\]$', extras, re.M)


@needs_voila
def test_a_language_that_is_not_spoken_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studio", "--language", "tlh"]) == 1
    error = capsys.readouterr().err
    assert "tlh" in error
    assert "zh" in error
    assert error.count("\n") == 1


class Studio:
    """The command, started in a folder; its lines as they come."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.log = folder / "studio.log"
        environment = {
            **os.environ,
            **{f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")},
            "IPYTHONDIR": str(folder / "ipython"),
            "PYTHONPATH": os.pathsep.join(
                [str(Path(__file__).parent.parent / "guard"), os.environ.get("PYTHONPATH", "")]
            ),
            "TMPDIR": str(folder / "tmp"),
        }
        (folder / "tmp").mkdir()
        with self.log.open("wb") as out:
            command = [sys.executable, "-m", "wannb.commands.cli", "studio", "--no-browser", *options]
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    def url(self) -> str:
        end = time.monotonic() + 60
        while not (found := re.search(r"^The Studio is at (http://127\.0\.0\.1:\d+/\?token=\w+)$", self.said(), re.M)):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.1)
        return found[1]

    def said(self) -> str:
        return self.log.read_text()

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def get(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    answer: str = opener.open(url, timeout=60).read().decode()
    return answer


@needs_voila
@pytest.mark.skipif(os.name == "nt", reason="ends the command by a POSIX signal")
def test_it_serves_one_page_and_leaves_nothing_behind(tmp_path: Path) -> None:
    taken = free_port()
    with Taken(taken):
        studio = Studio(tmp_path, "--port", str(taken), "--language", "zh", "--theme", "dark")
        try:
            url = studio.url()
            assert f":{taken}/" not in url
            page = get(url)
            kernels = [one for one in studio.family() if "ipykernel_launcher" in " ".join(one.cmdline())]
            assert [Path(one.cwd()) for one in kernels] == [tmp_path], "a file's name is meant from here"
            assert kernels[0].environ()["WANNB_STORE"] == str(tmp_path / "wannb-runs")
            with pytest.raises(urllib.error.HTTPError, match="403"):
                get(url.replace("/?", "/voila/files/studio.ipynb?"))
            assert "password" in get(url.partition("?")[0]).lower(), "without the token there is a login"
            assert "Nothing is sent out and nothing is billed" in studio.said()
            token = url.partition("=")[2]
            assert not [one for one in studio.family() if token in " ".join(one.cmdline())]
        finally:
            family = studio.family()
            status = studio.end(signal.SIGTERM)
    assert status == 0
    assert not psutil.wait_procs(family, timeout=10)[1]
    assert not list((tmp_path / "tmp").glob("wannb-studio-*"))

    assert '<html lang="zh">' in page
    assert re.search(r"<title>.*Wan|万", page)
    assert "theme-dark" in page
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//[^"' >]+""", page)
    assert not re.findall(r"https?://[\w.-]*(?:jsdelivr|cloudflare|unpkg|googleapis|mathjax)[^\"' ]*", page)
    assert "application/vnd.jupyter.widget-view+json" in page


def free_port() -> int:
    import socket

    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


class Taken:
    """Somebody else listens on a port."""

    def __init__(self, port: int) -> None:
        import socket

        self.socket = socket.create_server(("127.0.0.1", port))

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self.socket.close()
