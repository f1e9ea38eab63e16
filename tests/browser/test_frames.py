"""Frames of a storyboard by hand: takes chosen by a click, cards dragged by finger, strokes by mouse and keys."""

from __future__ import annotations

import os
from typing import Any

from browser.lab import Lab, expect, settled
from browser.test_forms_live import faults, form

from wannb import mock

SCENES = ["Mia wakes up", "It goes out", "It rains"]


def dragged(page: Any, start: Any, end: Any) -> None:
    """Drag with a finger from the middle of one element to another."""
    session = page.context.new_cdp_session(page)
    (x1, y1), (x2, y2) = ((b["x"] + b["width"] / 2, b["y"] + b["height"] / 2) for b in (start, end))
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x1, "y": y1}]})
    for step in range(1, 6):
        place = {"x": x1 + (x2 - x1) * step / 5, "y": y1 + (y2 - y1) * step / 5}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    if os.environ.get("LOOK"):
        page.screenshot(path=f"{os.environ['LOOK']}/dragging.png")
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def test_a_frame_is_chosen_moved_and_drawn_over(lab: Lab, server: mock.MockServer) -> None:
    book = form(lab, f"wannb.forms.StoryboardForm(client, scenes={SCENES}, size='768*768')", scale=2, touch=True)
    page = book.output(1)

    def look(name: str) -> None:
        if folder := os.environ.get("LOOK"):
            lab.pictures = type(lab.pictures)(folder)
            for theme, width in (("light", 1280), ("dark", 390)):
                book.look(theme=theme, width=width)
                book.page.wait_for_timeout(400)
                lab.screenshot(f"{name}-{theme}-{width}")
            book.look(theme="light", width=1200)

    page.locator("button.wannb-go").click()
    page.get_by_role("img", name="Scene 3 of 3: It rains").wait_for()

    page.get_by_title("Generate three takes of scene 2").click()
    page.get_by_role("img", name="Candidate 3 for scene 2").wait_for()
    assert server.billed == 6
    look("candidates")
    page.get_by_title("Use candidate 2 as the frame of scene 2").click()
    page.get_by_role("img", name="Candidate 2 for scene 2").wait_for(state="detached")
    book.until("[take.chosen for take in form.board.takes(2)] == [False, False, True, False]")

    grips, cards = page.locator(".wannb-grip"), page.locator(".wannb-frame")
    settled(page)
    grips.nth(2).scroll_into_view_if_needed()
    dragged(book.page, grips.nth(2).bounding_box(), cards.nth(0).bounding_box())
    page.get_by_role("img", name="Scene 1 of 3: It rains").wait_for()
    expect(page.locator(".wannb-sorter-said")).to_have_text("Scene 3 is now scene 1")
    page.get_by_title("Move right: scene 1").click()
    page.get_by_role("img", name="Scene 2 of 3: It rains").wait_for()

    page.get_by_title("Earlier takes of scene 1").click()
    draw = page.get_by_role("button", name="Draw on the frame")
    draw.wait_for()
    settled(page)
    assert cards.nth(0).bounding_box()["width"] > 200, "the card that is open stays in its place"
    draw.click()
    stage = page.get_by_role("application", name="Draw over the frame of scene 1")
    stage.wait_for()
    settled(page)
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    mouse = book.page.mouse
    mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.5)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.25, steps=4)
    mouse.up()
    book.until("len(form.board.reel().shots[0].strokes) == 1")
    [[x1, y1], [x2, y2]] = book.ask("[list(each) for each in form.board.reel().shots[0].strokes[0].points]")
    assert [round(each, 2) for each in (x1, y1, x2, y2)] == [0.2, 0.5, 0.8, 0.25]
    book.page.keyboard.press("a")
    book.page.keyboard.press("Shift+ArrowDown")
    book.until("[p[1] for p in form.board.reel().shots[0].strokes[-1].points] == [0.5, 0.52]")
    page.get_by_text("Moved", exact=True).wait_for()
    page.get_by_role("button", name="Pen", exact=True).click()
    mouse.move(box["x"] + 40, box["y"] + 60)
    mouse.down()
    mouse.move(box["x"] + 90, box["y"] + 200, steps=3)
    mouse.move(box["x"] + 200, box["y"] + 90, steps=3)
    mouse.up()
    book.until("[each.kind for each in form.board.reel().shots[0].strokes] == ['arrow', 'arrow', 'pen']")
    page.get_by_role("button", name="Characters").click()
    look("drawn")
    page.get_by_role("button", name="Clear all strokes").click()
    book.until("form.board.reel().shots[0].strokes == ()")
    assert faults(page.locator(".wannb-form").first) == []
    assert server.billed == 6
