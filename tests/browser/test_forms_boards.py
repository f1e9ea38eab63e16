"""Comparisons and storyboards in a real browser: priced, drawn, laid out and drawn anew, also without a mouse."""

from __future__ import annotations

import pytest
from browser.lab import Lab, expect
from browser.test_forms_live import UNSEEN, faults, form

from wannb import mock

#: By how many pixels what is shown of a grid reaches out of its form, once the page has its new width.
REACHES = """async (grid) => {
  const parts = [...grid.querySelectorAll('.widget-html-content')];
  const out = () => Math.max(...parts.map((each) => each.clientWidth)) - grid.clientWidth;
  const waits = () => grid.clientWidth > 420 || out() > 0;
  for (let frame = 0; frame < 60 && waits(); frame += 1) await new Promise(requestAnimationFrame);
  return grid.clientWidth > 420 ? NaN : out();
}"""


def test_prompts_and_seeds_are_compared_side_by_side(lab: Lab, server: mock.MockServer) -> None:
    book = form(lab, "wannb.forms.CompareForm(client, size='768*768')")
    page = book.output(1)
    expect(page.locator("button.wannb-go")).to_be_disabled()
    page.get_by_label("Prompt 1").fill("A lighthouse at dusk")
    page.get_by_label("Prompt 2").fill("A lighthouse in fog")
    page.get_by_label("Seeds", exact=True).fill("1, 2, three")
    page.get_by_text("three: write whole numbers").last.wait_for()
    page.get_by_label("Seeds", exact=True).fill("1-2")
    page.get_by_role("button", name="Generate 4 images · demo ($0.30 live)").click()
    page.locator(".wannb-told", has_text="4 of 4 generated").wait_for()
    pictures = page.locator(".wannb-side-by-side img")
    expect(pictures).to_have_count(4)
    page.get_by_label("Columns").select_option("Prompt")
    page.get_by_role("columnheader", name="A lighthouse in fog").first.wait_for()
    expect(pictures).to_have_count(4)
    assert server.billed == 4
    assert faults(page.locator(".wannb-form").first) == []
    book.look(theme="light", width=420)
    assert page.locator(".wannb-side-by-side").evaluate(REACHES) <= 0, "a wide grid is scrolled in its own place"
    page.get_by_role("group", name="Grid: 4 images").focus()
    book.page.keyboard.press("ArrowRight")
    book.page.wait_for_function("() => document.activeElement.scrollLeft > 0")


def test_a_storyboard_is_drawn_kept_and_drawn_anew_by_keyboard_alone(lab: Lab, server: mock.MockServer) -> None:
    book = form(lab, "wannb.forms.StoryboardForm(client, size='768*768')")
    page, keyboard = book.output(1), book.page.keyboard

    def walk(button: str) -> None:
        """Go on with the tabulator until a button has the focus, and press it."""
        wanted = page.locator(f"button[title='{button}']:enabled")
        wanted.wait_for()
        for _ in range(60):
            if wanted.evaluate("one => one === document.activeElement"):
                keyboard.press("Enter")
                return
            keyboard.press("Tab")
            unseen = book.page.evaluate(UNSEEN)
            assert not unseen, f"the focus cannot be seen on {unseen}"
        pytest.fail(f"{button} was never reached")

    page.get_by_label("Scene 1", exact=True).focus()
    keyboard.type("A cat wakes up, dd")
    page.get_by_label("Scene 2", exact=True).focus()
    keyboard.type("It goes out")
    walk("Generate up to 2 images · demo ($0.15 live)")
    page.get_by_role("img", name="Scene 2 of 2: It goes out").wait_for()
    walk("Keep the frame of scene 1 as it is")
    book.until("form.board.locked == (1,)")
    page.get_by_label("Text of scene 2").fill("It goes home")
    page.get_by_label("Text of scene 2").press("Tab")
    page.get_by_text("generated for an older text").first.wait_for()
    walk("Generate scene 2 to go with the frames around it; only this image is paid for")
    page.get_by_role("img", name="Scene 2 of 2: It goes home").wait_for()
    book.until("len(form.board.takes(2)) == 2 and not form.frames.rolls.under_way")
    assert server.billed == 3
    expect(book.cells, "JupyterLab took no key for its own").to_have_count(2)
    walk("Earlier takes of scene 2, a picture of your own, removal")
    page.get_by_title("Take 1 of scene 2", exact=True).wait_for()
    assert faults(page.locator(".wannb-form").first) == []
