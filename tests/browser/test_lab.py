"""The harness itself, with the smallest widget there is: what the other browser tests rely on."""

from __future__ import annotations

import asyncio
import json
import os

import pytest
from browser.lab import Lab
from browser.session import Hanging, Session

from wannb.mock import MockServer

BUTTON = """
import ipywidgets
presses = []
button = ipywidgets.Button(description="Press me")
button.on_click(lambda _: (presses.append(len(presses)), setattr(button, "description", f"Pressed {len(presses)}")))
button
"""


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_button_works_and_its_state_is_not_saved(lab: Lab, app: str) -> None:
    book = lab.notebook(BUTTON, app=app)
    book.run()
    book.output(0).get_by_role("button", name="Press me").click()
    book.output(0).get_by_role("button", name="Pressed 1").click()
    book.output(0).get_by_role("button", name="Pressed 2").wait_for()
    assert book.ask("presses") == [0, 1]
    saved = book.save()
    assert "widgets" not in saved["metadata"]
    [output] = saved["cells"][0]["outputs"]
    assert "application/vnd.jupyter.widget-view+json" in output["data"]


def test_the_kernel_talks_to_this_tests_mock_server(lab: Lab, server: MockServer) -> None:
    make = "result = client.generate('a boat', seed=3)\nresult"
    book = lab.notebook("import wannb\nclient = wannb.connect()", make, shared=True)
    book.run()
    book.output(1).get_by_role("img").wait_for()
    assert server.billed == 1
    assert book.ask("[str(one.path) for one in result]")[0].startswith(lab.environment["WANNB_STORE"])
    with server.scenario("refused content"), pytest.raises(AssertionError, match="in the kernel: ContentRefused"):
        book.do("client.generate('another boat', size='768*768')")


def test_what_leaves_the_machine_is_seen_and_stopped(lab: Lab) -> None:
    book = lab.notebook(BUTTON, shared=True)
    for url in ("https://cdn.example.com/x.js", "http://192.0.2.1/y", "ws://192.0.2.2/z"):
        book.page.evaluate(
            "url => url.startsWith('ws') ? void new WebSocket(url) : fetch(url).then(() => {}, () => {})", url
        )
    while len(set(lab.left)) < 3:  # as long as the test may take
        book.page.wait_for_timeout(20)
    assert sorted(set(lab.left)) == ["http://192.0.2.1/y", "https://cdn.example.com/x.js", "ws://192.0.2.2/z"]
    with pytest.raises(AssertionError, match="left this machine"):
        lab.verify()


def test_errors_of_the_page_and_of_the_kernel_are_seen(lab: Lab) -> None:
    book = lab.notebook("1/0", shared=True)
    with pytest.raises(AssertionError, match="cell 1: ZeroDivisionError: division by zero"):
        book.run()
    book.run(raises=True)
    with pytest.raises(AssertionError, match="NameError: name 'nonesuch' is not defined"):
        book.ask("nonesuch")
    book.page.evaluate("() => { setTimeout(() => { throw new Error('a page broke'); }); console.error('said so'); }")
    while len(lab.errors) < 2:
        book.page.wait_for_timeout(20)
    assert [line for line in lab.errors if "a page broke" in line]
    assert [line for line in lab.errors if "said so" in line]
    with pytest.raises(AssertionError, match="said so"):
        lab.verify()


def test_a_value_comes_while_a_cell_is_shown_and_adds_none(lab: Lab) -> None:
    book = lab.notebook("x = {'a': [1, 2.5, None, 'é\\n\"']}")
    book.run()
    assert book.ask("x") == {"a": [1, 2.5, None, 'é\n"']}
    book.do("import threading\nthreading.Timer(0.3, x.clear).start()")
    assert book.until("not x") is True
    assert book.cells.count() == 1
    assert json.loads(book.path.read_text())["cells"][0]["source"]


def test_the_window_theme_and_screen_are_as_asked(lab: Lab) -> None:
    book = lab.notebook("1", theme="dark", width=900, scale=2, touch=True)
    assert book.page.evaluate("[innerWidth, devicePixelRatio, navigator.maxTouchPoints > 0]") == [900, 2, True]
    book.page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")


def test_a_high_notebook_is_seen_whole(lab: Lab) -> None:
    from PIL import Image

    high = "ipywidgets.HTML('<div style=\"height:2500px;background:teal\">high</div>')"
    book = lab.notebook(f"import ipywidgets\n{high}", shared=True)
    book.run()
    book.output(0).get_by_text("high").wait_for()
    with Image.open(lab.screenshot("high")) as picture:
        assert picture.width == 1200
        teal = picture.convert("RGB").crop((300, 0, 301, picture.height)).getcolors(picture.height) or []
    assert max(count for count, colour in teal if colour == (0, 128, 128)) == 2500


def test_a_shared_notebook_is_handed_on_empty(lab: Lab) -> None:
    book = lab.notebook(BUTTON, shared=True)
    book.run()
    book.output(0).get_by_role("button", name="Press me").click()
    kernel = book.kernel
    lab.close()
    again = lab.notebook("1", BUTTON, shared=True)
    assert again is book
    assert again.ask("[name for name in ('presses', 'button') if name in globals()]") == []
    left = again.ask("[type(each).__name__ for each in __import__('ipywidgets').widgets.widget._instances.values()]")
    assert sorted(left) in ([], ["Layout", "Viewer"]), "a process has one viewer, with its layout"
    again.run()
    again.output(1).get_by_role("button", name="Press me").click()
    again.output(1).get_by_role("button", name="Pressed 1").wait_for()
    assert (again.kernel, again.cells.count()) == (kernel, 2)
    again.restart()
    lab.close()
    assert lab.notebook("1", shared=True).kernel != kernel, "a kernel that was restarted is nobody else's"


def test_after_a_test_nothing_of_it_is_left(lab: Lab) -> None:
    shared = lab.session.shared
    assert [kernel["id"] for kernel in lab.session.api("GET", "kernels")] == ([shared.kernel] if shared else [])
    assert list(lab.session.work.iterdir()) == [] or not lab.books
    assert lab.left == lab.errors == []


def test_a_page_that_hangs_ends_the_test_and_not_the_session(browser_needed: None) -> None:
    session = Session()
    try:
        session.thread.run(lambda: session.start(jupyter=False))
        family, page = list(session.family), session.thread.run(session.new_page)
        with pytest.raises(Hanging, match=r"after 1\.5 seconds") as late:
            session.thread.run(lambda: page.evaluate("() => { while (true) {} }"), 1.5)
        session.kill()
        assert "closed" in str(late.value.where())
        assert not [one for one in family if one.is_running()]
        session.thread.run(lambda: session.start(jupyter=False))
        assert session.thread.run(lambda: session.new_page().evaluate("1 + 1")) == 2
    finally:
        session.close()
    assert not session.root.exists()


def test_other_tests_may_use_asyncio() -> None:
    """Playwright's loop lives in another thread, so this one is free."""

    async def nothing() -> int:
        return os.getpid()

    assert asyncio.run(nothing()) == os.getpid()
