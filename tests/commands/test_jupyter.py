"""`wannb studio` serves the Studio alone, to who has the token, with nothing from elsewhere, and ends whole."""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from html import unescape
from pathlib import Path

import psutil
import pytest
from isolation import PATIENCE
from processes import FIRST, Command, busy_port, needs_voila

from wannb.commands.cli import main


def test_without_voila_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "voila", None)  # as if it were not installed
    assert main(["studio"]) == 1
    assert capsys.readouterr().err == 'wannb: Voilà is not installed; pip install "wannb[studio]"\n'


def test_the_extra_brings_a_kernel_too() -> None:
    """Voilà itself brings none; without one its page says no more than "500"."""
    extras = (Path(__file__).parent.parent.parent / "pyproject.toml").read_text()
    assert re.search(r'^studio = \[[^]]*"ipykernel>=', extras, re.M)


def get(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    answer: str = opener.open(url, timeout=PATIENCE).read().decode()
    return answer


#: A browser that says what it was given, and stays open for as long as that is there.
BROWSER = """#!{python}
import os, sys, time, urllib.request
print("opened", urllib.request.urlopen(sys.argv[1]).read().decode(), flush=True)
while os.path.exists(sys.argv[1].removeprefix("file://")):
    time.sleep(0.1)
"""


@needs_voila
@pytest.mark.skipif(os.name == "nt", reason="reads the arguments of processes, and ends the command by a POSIX signal")
def test_the_token_is_in_no_argument_of_a_process_and_the_browser_finds_it(tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(BROWSER.format(python=sys.executable))
    browser.chmod(0o700)
    with tempfile.TemporaryDirectory() as temporary:
        environment = {"TMPDIR": temporary, "BROWSER": f"{browser} %s &"}
        options = ("--port", "0")
        with Command(
            "-m", "wannb.commands.cli", "studio", *options, folder=tmp_path, environment=environment
        ) as studio:
            url = studio.wait_for(r"^The Studio is at (http://127\.0\.0\.1:\d+/\?token=\w+)$")[1]
            opened = studio.wait_for(r"^opened (.*)$")[1]
            assert unescape(opened).count(url) == 2, "the page goes there by itself, and has a link"
            [page] = Path(temporary).glob("wannb-studio-*/*.html")
            assert (page.stat().st_mode & 0o777, page.parent.stat().st_mode & 0o777) == (0o600, 0o700)
            [name] = re.findall(r'"kernelId": *"([\w-]+)"', get(url))
            assert len(studio.kernels(name)) == 1
            token = url.partition("=")[2]
            arguments = [" ".join(one.cmdline()) for one in [psutil.Process(studio.process.pid), *studio.family()]]
            assert len(arguments) >= 4, arguments
            assert any(str(browser) in each for each in arguments)
            assert not [each for each in arguments if token in each]


@needs_voila
@pytest.mark.skipif(os.name == "nt", reason="ends the command by a POSIX signal")
def test_it_serves_one_page_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # Voilà keeps its kernels' sockets there, and the name of a socket is at most 107 characters long.
    with tempfile.TemporaryDirectory() as temporary, busy_port() as other:
        taken = str(other.getsockname()[1])
        options = ("--no-browser", "--port", taken, "--language", "zh", "--theme", "dark")
        environment = {"TMPDIR": temporary}
        with Command(
            "-m", "wannb.commands.cli", "studio", *options, folder=tmp_path, environment=environment
        ) as studio:
            url = studio.wait_for(r"^The Studio is at (http://127\.0\.0\.1:\d+/\?token=\w+)$")[1]
            assert f":{taken}/" not in url
            page = get(url)
            [kernel] = studio.kernels(*re.findall(r'"kernelId": *"([\w-]+)"', page))
            assert FIRST in " ".join(kernel.cmdline()), "the one whose process was begun ahead"
            style = urllib.request.Request(f"{url.partition('?')[0]}voila/templates/wannb/static/voila-style.js")
            style.add_header("Accept-Encoding", "gzip")
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(style, timeout=PATIENCE) as answer:
                assert answer.headers["Content-Encoding"] == "gzip"
            assert Path(kernel.cwd()) == tmp_path, "a file's name is relative to the folder of the command"
            assert kernel.environ()["WANNB_STORE"] == str(tmp_path / "wannb-runs")
            with pytest.raises(urllib.error.HTTPError, match="403"):
                get(url.replace("/?", "/voila/files/studio.ipynb?"))
            for wrong in (url.partition("?")[0], f"{url}0"):
                with pytest.raises(urllib.error.HTTPError, match="403") as refused:
                    get(wrong)
                assert "这个地址打不开 Studio" in refused.value.read().decode(), "not the server's own login"
            assert "Nothing is sent out and nothing is billed" in studio.said()
            token = url.partition("=")[2]
            assert not [one for one in studio.family() if token in " ".join(one.cmdline())]
            assert studio.signal(signal.SIGTERM) == 0
        assert not list(Path(temporary).glob("wannb-studio-*"))

    assert '<html lang="zh">' in page
    assert re.search(r"<title>.*Wan|万", page)
    assert "theme-dark" in page
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//[^"' >]+""", page)
    assert not re.findall(r"https?://[\w.-]*(?:jsdelivr|cloudflare|unpkg|googleapis|mathjax)[^\"' ]*", page)
    assert "application/vnd.jupyter.widget-view+json" in page
