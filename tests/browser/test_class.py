"""A class in a real browser: a student on a phone and the teacher's page, by keys, without a fault that axe finds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from browser.lab import Lab, expect
from browser.test_access import wrong
from processes import Command

pytest.importorskip("uvicorn")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the command is ended by a POSIX signal")


def test_a_student_on_a_phone_and_the_teachers_page(lab: Lab, tmp_path: Path) -> None:
    modes = ("text to image", "image editing")
    options = ("--people", "2", "--images", "3", "--port", "0", *(word for mode in modes for word in ("--mode", mode)))
    for status in ("401 (Unauthorized)", "403 (Forbidden)"):  # a wrong code, and a cap: both are said on the page
        lab.harmless(f"Failed to load resource: the server responded with a status of {status}", r".*/(class|api)/.*")
    with Command("-m", "wannb.commands.cli", "class", *options, folder=tmp_path) as running:
        url = running.wait_for(r"The teacher's page: (\S+)$")[1]
        running.wait_for("Ctrl-C")
        codes = [line.split()[-1] for line in running.said().splitlines() if line.startswith("   ")]
        student = lab.page(touch=True)
        student.set_viewport_size({"width": 390, "height": 800})
        student.goto(url.partition("/teacher")[0] + "/")
        keys = student.keyboard
        student.locator("#code").fill("AAAAA-AAAAA")
        keys.press("Enter")
        student.locator("#note", has_text="Nobody of the class has this code").wait_for()
        late: list[Any] = []  # the answer to another wrong code, which comes when the right one was given
        student.route("**/class/events", lambda route: late.append(route), times=1)
        for code in ("BBBBB-BBBBB", codes[0].lower()):
            student.locator("#code").fill(code)
            keys.press("Enter")
        student.locator("#prompt").wait_for()
        with student.expect_response("**/class/events") as refused:
            late[0].continue_()
        assert refused.value.status == 401
        kinds = student.locator("#kind option:not([hidden])")
        expect(kinds).to_have_text(["Image from text", "Edit pictures"])
        student.locator("#prompt").fill("a fox in the snow")
        student.locator("#n").fill("2")
        keys.press("Enter")
        pictures = student.locator("#gallery img")
        pictures.nth(1).wait_for()
        pictures.first.locator("xpath=ancestor::figure").get_by_role("button").click()
        student.locator("#prompt").fill("make it night")
        student.get_by_role("button", name="Generate").click()  # two images would pass the cap of three
        student.locator("#note:not(:empty)").wait_for()
        assert "2 / 3" not in student.locator("#note").inner_text()
        student.locator("#n").fill("1")
        keys.press("Enter")
        pictures.nth(2).wait_for()
        assert wrong(student) == []
        assert student.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut on a phone"
        lab.screenshot("class-student", student)

        teacher = lab.page()
        teacher.goto(url)
        wall = teacher.locator("#pictures img")
        wall.nth(2).wait_for()
        assert "token" not in teacher.url
        ticks = teacher.get_by_role("checkbox", name="Judge the picture of 1")
        for number in range(3):
            ticks.nth(number).press("Space")
            teacher.get_by_role("button", name=f"Let the class judge what is ticked ({number + 1})").wait_for()
        ticks.first.press("Space")
        teacher.locator("#question").fill("Which fox is warmer?")
        teacher.keyboard.press("Enter")
        teacher.locator("#voted:not(:empty)").wait_for()
        student.locator("#vote-link").wait_for()  # its news come after the teacher's
        with student.expect_popup() as opened:
            student.locator("#vote-link").press("Enter")
        judging = opened.value
        judging.get_by_text("Which fox is warmer?").wait_for()
        judging.locator('.wannb-judge[data-pair="0"]').wait_for()
        with judging.expect_response(lambda answer: answer.request.method == "POST") as handed_in:
            judging.keyboard.press("1")
        assert handed_in.value.ok
        judging.get_by_text("Thank you!").wait_for()
        judging.get_by_text("All are handed in; you can close this page.").wait_for()
        lab.screenshot("class-judging", judging)
        teacher.locator("#scores-button").press("Enter")
        scores = teacher.locator("#scores li")
        expect(scores).to_have_count(2)  # of the two that are ticked
        expect(teacher.locator("#voted")).to_have_text("Verdicts: 1, people: 1")
        assert scores.first.inner_text().startswith("1 (1), ")
        judging.close()

        hide = teacher.get_by_role("button", name="Hide the picture of 1").first
        hide.focus()
        teacher.keyboard.press("Enter")
        teacher.locator("#pictures .off").wait_for()
        wall_page = lab.page()
        wall_page.set_viewport_size({"width": 900, "height": 600})
        wall_page.goto(url)
        wall_page.locator("#pictures img").nth(2).wait_for(state="attached")
        wall_page.evaluate("setInterval = () => 1")  # no page is turned while a slow machine is at its keys
        wall_page.get_by_role("button", name="Wall for the projector").press("Enter")
        shown = wall_page.locator("#pictures figure:visible")
        expect(shown, "what is hidden is not shown").to_have_count(2)
        expect(wall_page.locator("#going")).to_be_hidden()
        teacher.get_by_role("button", name="Show the picture of 1").press("Enter")
        shown.nth(2).wait_for()
        keep = wall_page.evaluate("innerHeight")
        lines = wall_page.locator("figcaption:visible").all()
        assert all(float(size.removesuffix("px")) > keep / 40 for size in map(font_size, lines)), "read from the back"
        wall_page.set_viewport_size({"width": 400, "height": 600})  # one under the other: a page and a half
        wall_page.wait_for_function("innerWidth === 400")
        for key, top in (("ArrowRight", 300), (" ", 300), ("ArrowRight", 0), ("ArrowLeft", 300)):
            wall_page.keyboard.press(key)
            assert wall_page.evaluate("scrollY") == top
        assert wrong(wall_page) == []
        wall_page.keyboard.press("Escape")
        wall_page.locator("#projector:focus").wait_for()
        assert wrong(wall_page) == []
        wall_page.close()
        teacher.get_by_role("button", name="Stop the class").press("Enter")
        student.locator("#go:disabled").wait_for()
        teacher.locator("#save").press("Enter")
        teacher.locator("#saved:not(:empty)").wait_for()
        [folder] = tmp_path.glob("wannb-class/class-*")
        assert len(list(folder.glob("*/*.png"))) == 3
        teacher.emulate_media(color_scheme="dark")
        assert wrong(teacher) == []
        lab.screenshot("class-teacher", teacher)
        student.get_by_role("button", name="Leave").press("Enter")
        student.locator("#code").wait_for()
        student.reload()
        student.locator("#code").wait_for()


def font_size(element: Any) -> str:
    return str(element.evaluate("one => getComputedStyle(one).fontSize"))
