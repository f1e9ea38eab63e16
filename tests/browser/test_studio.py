"""The Studio behind each of its three doors: JupyterLab, Notebook 7 and `wannb studio`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from browser.lab import Lab
from browser.session import environment_of, wait_for

from wannb.mock import MockServer

NOT_FOUND = "Failed to load resource: the server responded with a status of 404 (Not Found)"
REFUSED = "Failed to load resource: net::ERR_CONNECTION_REFUSED"
RESET = "Failed to load resource: net::ERR_CONNECTION_RESET"


def make_an_image(place: Any, prompt: str) -> None:
    """Type a prompt in the Studio's first tab, press its button and see the image."""
    place.get_by_role("textbox", name="Prompt").first.fill(prompt)
    place.get_by_role("button", name=re.compile("^Generate 1 image")).first.click()
    picture = place.get_by_role("img", name=re.compile(prompt)).first
    picture.wait_for()
    assert picture.evaluate("async one => { await one.decode(); return one.naturalWidth; }") > 100


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_prompt_becomes_an_image(lab: Lab, server: MockServer, app: str) -> None:
    book = lab.notebook("import wannb\n\nwannb.studio()", app=app)
    book.run()
    make_an_image(book.output(0), "a lighthouse at noon")
    assert server.billed == 1


class Command:
    """`wannb studio`, started in a folder of its own."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.folder = folder
        folder.mkdir()
        log = folder / "log"
        environment = environment_of(lab.session.root) | lab.environment
        del environment["WANNB_STORE"]
        with log.open("wb") as out:
            command = [sys.executable, "-m", "wannb.commands.cli", "studio", "--no-browser", "--port", "0"]
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
        self.url = wait_for(lambda: re.search(r"http://127\S+token=\w+", log.read_text()), self.process, log)[0]

    def kernels(self) -> list[psutil.Process]:
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in family if "ipykernel_launcher" in " ".join(one.cmdline())]

    def end(self) -> int:
        """Press Ctrl-C; return the exit status when nothing of it is left."""
        if self.process.poll() is None:
            family = psutil.Process(self.process.pid).children(recursive=True)
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
            assert not psutil.wait_procs(family, timeout=10)[1]
        return self.process.returncode


@pytest.fixture
def command(lab: Lab, tmp_path: Path) -> Iterator[Command]:
    pytest.importorskip("voila")
    started = Command(tmp_path / "here", lab)
    yield started
    started.end()


@pytest.mark.skipif(os.name == "nt", reason="ends the command by a POSIX signal")
def test_alone_it_makes_an_image_and_says_when_its_program_is_gone(
    lab: Lab, server: MockServer, command: Command
) -> None:
    page = lab.page()
    page.goto(command.url)
    make_an_image(page.locator("body"), "a lighthouse at night")
    assert server.billed == 1
    assert page.title() == "Wan 2.7 Studio"
    assert list((command.folder / "wannb-runs").glob("*/*.png"))
    lab.verify()

    lab.harmless(NOT_FOUND, "/api/(kernels|shutdown)/")
    lab.harmless(REFUSED, "/api/kernels/")
    lab.harmless(RESET, "/api/kernels/")
    alert = page.get_by_role("alert").filter(has=page.get_by_role("button", name="Open again"))
    assert not alert.is_visible()
    [kernel] = command.kernels()
    page.reload()
    page.get_by_role("textbox", name="Prompt").first.wait_for()
    kernel.wait(10)  # the kernel of a page that was left
    [kernel] = command.kernels()
    kernel.kill()
    alert.get_by_text("has ended. Finished images are saved").wait_for()
    alert.get_by_role("button", name="Open again").click()
    page.get_by_role("textbox", name="Prompt").first.wait_for()
    assert not alert.is_visible()

    assert command.end() == 0
    alert.get_by_text("wannb studio starts it again").wait_for()
    lab.errors[:] = [line for line in lab.errors if "WebSocket connection to" not in line]
