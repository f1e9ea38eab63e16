"""The Studio behind each of its three doors: JupyterLab, Notebook 7 and `wannb studio`."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser.lab import Lab, expect
from isolation import PATIENCE
from PIL import Image
from processes import Command

from wannb.mock import MockServer

NOT_FOUND = "Failed to load resource: the server responded with a status of 404 (Not Found)"
REFUSED = "Failed to load resource: net::ERR_CONNECTION_REFUSED"
FORBIDDEN = "Failed to load resource: the server responded with a status of 403 (Forbidden)"
RESET = "Failed to load resource: net::ERR_CONNECTION_RESET"

#: The name of the kernel of a page of `wannb studio`.
KERNEL = "() => JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"


def make_an_image(place: Any, prompt: str) -> None:
    """Type a prompt in the Studio's first tab, press its button and see the image."""
    place.get_by_role("textbox", name="Prompt").first.fill(prompt)
    place.get_by_role("button", name=re.compile("^Generate 1 image")).first.click()
    picture = place.get_by_role("img", name=re.compile(prompt)).first
    picture.wait_for()
    assert picture.evaluate("async one => { await one.decode(); return one.naturalWidth; }") > 100


#: Lets every model of anywidget begin later than anywidget waits for it, as on a machine under load.
LATE = """() => { AbortSignal.timeout = () => {
  const late = new AbortController();
  queueMicrotask(() => late.abort());
  return late.signal;
} }"""

#: Whether what was typed is in the field, and in the code, which Python writes.
HEARD = """() => ['textarea', '.wannb-code'].every(kind =>
  [...document.querySelectorAll(`.wannb-texttoimageform ${kind}`)]
    .some(each => (each.value ?? each.textContent).includes('in fog, typed when nobody heard it')))"""

#: The files of Voilà's own that its script asked for, and not the page ahead of it.
LATER = """() => performance.getEntriesByType('resource').filter(one => one.initiatorType !== 'link')
  .map(one => new URL(one.name).pathname).filter(one => one.startsWith('/voila/static/'))"""

#: Writes down what the open tab of a Studio says instead of its form, from now on.
HEED = """() => {
  const said = globalThis.said = [];
  const look = () => {
    const tab = document.querySelector('.wannb-studio > .widget-tab > .widget-tab-contents > :not(.lm-mod-hidden)');
    const now = getComputedStyle(tab, '::before').content;
    if (said.at(-1) !== now) said.push(now);
  };
  look();
  new MutationObserver(look).observe(document.querySelector('.wannb-studio'), {
    attributeFilter: ['class'], childList: true, subtree: true});
}"""


def show_elsewhere(drafts: Path) -> None:
    """Write what another window would that has turned to another tab and left the board."""
    for name, shown, other in (
        ("studio", ("tab", "StoryboardForm"), ("tab", "CompareForm")),
        ("storyboard", ("board", "storyboard"), ("board", "")),
    ):
        file, deadline = drafts / f"{name}.json", time.monotonic() + PATIENCE
        while not (file.exists() and shown in json.loads(file.read_text())["fields"].items()):
            assert time.monotonic() < deadline, f"{file} was not written"
            time.sleep(0.1)
        written = json.loads(file.read_text())
        file.write_text(json.dumps({**written, "fields": dict([*written["fields"].items(), other]), "writer": "it"}))


def what_is_typed_into_a_frame_survives(page: Any, drafts: Path) -> None:
    """Load the page anew while the cursor is in a field of a frame, which is sent when it is left.

    The tab and the board are this window's own, whatever another one shows.
    """
    card = page.locator(".wannb-frame").first
    for first in (True, False):
        form = page.locator(".wannb-storyboardform")
        if first:
            page.get_by_role("tab", name="Storyboard").click()
            form.get_by_role("textbox", name=re.compile("Text of scene|Scene 1")).first.fill("a fox")
            form.locator(".wannb-go").first.click()
        card.locator("img").wait_for()
        dialogue = card.get_by_role("textbox").nth(1)
        if first:
            dialogue.click()
            page.keyboard.type("Where to?")
            show_elsewhere(drafts)
            page.reload()
    expect(dialogue).to_have_value("Where to?")
    page.get_by_role("tab", name="Text to image").click()


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_prompt_becomes_an_image(lab: Lab, server: MockServer, app: str, tmp_path: Path) -> None:
    book = lab.notebook("import wannb\n\nwannb.studio()", app=app, shared=True)
    if app == "notebook":
        book.page.evaluate(LATE)
    book.run()
    place, page = book.output(0), book.page
    make_an_image(place, "a lighthouse at noon")
    assert server.billed == 1
    if app == "lab":
        return

    # The viewer and an upload wait for Python's answers.
    place.get_by_role("img", name=re.compile("lighthouse")).first.click()
    page.get_by_role("dialog").get_by_role("definition").get_by_text("a lighthouse at noon").wait_for()
    page.keyboard.press("Escape")
    place.get_by_role("tab", name="Edit").first.click()
    Image.new("RGB", (300, 300)).save(tmp_path / "late.png")
    place.locator(".wannb-editform input[type=file]").first.set_input_files(str(tmp_path / "late.png"))
    place.get_by_role("img", name=re.compile("late.png")).wait_for()


def started(lab: Lab, folder: Path, port: str = "0") -> Command:
    """Start `wannb studio` in a folder of its own; the mock server is the test's."""
    environment = {name: value for name, value in lab.environment.items() if name != "WANNB_STORE"}
    options = ("studio", "--no-browser", "--port", port)
    return Command("-m", "wannb.commands.cli", *options, folder=folder, environment=environment)


def leave(dialog: Any) -> None:
    """Leave a page although something on it is not written yet; it is as the kernel ends."""
    dialog.accept()


@pytest.mark.skipif(os.name == "nt", reason="ends the command by a POSIX signal")
def test_alone_it_makes_an_image_and_nothing_typed_is_lost(lab: Lab, server: MockServer, tmp_path: Path) -> None:
    pytest.importorskip("voila")
    (folder := tmp_path / "here").mkdir()
    page = lab.page()
    page.on("dialog", leave)
    with started(lab, folder) as command:
        url = command.wait_for(r"http://127\S+token=\w+")[0]
        page.goto(url)
        page.locator(".wannb-texttoimageform .wannb-heading").wait_for()
        page.evaluate(HEED)
        page.get_by_role("tab", name="History").click()
        page.wait_for_function("said.length > 2")
        said = page.evaluate("said")
        assert said == ["none", '"One moment…"', "none"], "a tab that is not made yet says so, until it is"
        assert page.evaluate(LATER) == [], "asked for at once, while the kernel works"
        page.get_by_role("tab", name="Text to image").click()
        make_an_image(page.locator("body"), "a lighthouse at night")
        assert server.billed == 1
        assert page.title() == "Wan 2.7 Studio"
        assert list((folder / "wannb-runs").glob("*/*.png"))
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
        lab.harmless(FORBIDDEN, "/api/kernels/")
        alert = page.get_by_role("alert").filter(has=page.locator("button"))
        prompt = page.get_by_role("textbox", name="Prompt").first
        assert not alert.is_visible()
        [kernel] = command.kernels(page.evaluate(KERNEL))
        prompt.fill("a lighthouse in fog")
        page.reload()
        page.get_by_text("Restored: what was written here at").first.wait_for()
        expect(prompt).to_have_value("a lighthouse in fog")
        kernel.wait(PATIENCE)  # the kernel of a page that was left
        [kernel] = command.kernels(page.evaluate(KERNEL))
        kernel.kill()
        alert.get_by_text("has ended. Finished images are saved").wait_for()
        with page.expect_event("domcontentloaded"):  # the page that goes has been restored too
            alert.get_by_role("button", name="Reload").click()
        page.get_by_text("Restored: what was written here at").first.wait_for()
        expect(prompt).to_have_value("a lighthouse in fog")
        expect(alert).to_be_hidden()

        assert command.signal(signal.SIGINT) == 0
        alert.get_by_text("was stopped where it was started").wait_for()
        expect(alert.locator("button"), "a page that cannot come is not offered").to_be_hidden()
        prompt.fill("a lighthouse in fog, typed when nobody heard it")
    port = urlsplit(url).port
    with started(lab, folder, str(port)) as command:
        assert command.wait_for(r"http://127\S+token=\w+")[0] == url, (
            "the same address, so that the page can be loaded again"
        )
        alert.get_by_text("was started again").wait_for()
        with page.expect_event("domcontentloaded"):
            alert.get_by_role("button", name="Reload").click()
        page.get_by_text("Restored: what was written here at").first.wait_for()
        page.wait_for_function(HEARD)
        page.get_by_role("button", name="Start anew").first.click()
        page.get_by_text("Begun anew.").first.wait_for()
        expect(prompt).to_have_value("")
        expect(alert).to_be_hidden()
        what_is_typed_into_a_frame_survives(page, folder / "wannb-runs" / "drafts")
    # What a frame's field sent as its page was left came too late, and is brought to the next page.
    harmless = ("WebSocket connection to", "Could not send widget sync message Error: Cannot send")
    lab.errors[:] = [line for line in lab.errors if not any(each in line for each in harmless)]
