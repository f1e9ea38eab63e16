"""The Studio behind each of its three doors: JupyterLab, Notebook 7 and `wannb studio`."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.lab import Lab
from isolation import PATIENCE
from processes import Command

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
    book = lab.notebook("import wannb\n\nwannb.studio()", app=app, shared=True)
    book.run()
    make_an_image(book.output(0), "a lighthouse at noon")
    assert server.billed == 1


@pytest.fixture
def command(lab: Lab, tmp_path: Path) -> Iterator[Command]:
    """`wannb studio`, started in a folder of its own."""
    pytest.importorskip("voila")
    environment = {name: value for name, value in lab.environment.items() if name != "WANNB_STORE"}
    (folder := tmp_path / "here").mkdir()
    options = ("studio", "--no-browser", "--port", "0")
    with Command("-m", "wannb.commands.cli", *options, folder=folder, environment=environment) as started:
        yield started


@pytest.mark.skipif(os.name == "nt", reason="ends the command by a POSIX signal")
def test_alone_it_makes_an_image_and_says_when_its_program_is_gone(
    lab: Lab, server: MockServer, command: Command
) -> None:
    page = lab.page()
    page.goto(command.wait_for(r"http://127\S+token=\w+")[0])
    make_an_image(page.locator("body"), "a lighthouse at night")
    assert server.billed == 1
    assert page.title() == "Wan 2.7 Studio"
    assert list((command.log.parent / "wannb-runs").glob("*/*.png"))
    page.get_by_role("img", name=re.compile("lighthouse")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Variations").wait_for()
    dialog.get_by_role("definition").get_by_text("a lighthouse at night").wait_for()
    page.wait_for_function("() => document.querySelector('.wannb-viewer-picture')?.naturalWidth > 1000")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    lab.verify()

    lab.harmless(NOT_FOUND, "/api/(kernels|shutdown)/")
    lab.harmless(REFUSED, "/api/kernels/")
    lab.harmless(RESET, "/api/kernels/")
    alert = page.get_by_role("alert").filter(has=page.get_by_role("button", name="Open again"))
    assert not alert.is_visible()
    [kernel] = command.kernels()
    page.reload()
    page.get_by_role("textbox", name="Prompt").first.wait_for()
    kernel.wait(PATIENCE)  # the kernel of a page that was left
    [kernel] = command.kernels()
    kernel.kill()
    alert.get_by_text("has ended. Finished images are saved").wait_for()
    alert.get_by_role("button", name="Open again").click()
    page.get_by_role("textbox", name="Prompt").first.wait_for()
    assert not alert.is_visible()

    assert command.signal(signal.SIGINT) == 0
    alert.get_by_text("wannb studio starts it again").wait_for()
    lab.errors[:] = [line for line in lab.errors if "WebSocket connection to" not in line]
