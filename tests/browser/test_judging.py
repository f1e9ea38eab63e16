"""Blind judging in a real browser: by keys and by mouse, nothing told, nothing lost with the kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browser.lab import Lab, expect
from judging.pictures import edited, groups
from PIL import Image

from wannb.judging import judge
from wannb.scoring import scores

CLIENT = "import wannb\nclient = wannb.connect()"
JUDGE = """groups = {f"{name} contestant": client.generate(f"A {name} in the reeds", size="1K", n=3, seed=4711)
          for name in ("heron", "fox")}
judging = wannb.judge(groups, judge="one")
judging"""
SECRETS = ("heron", "fox", "reeds", "4711", "contestant", "wan2.7", "runs")
#: Whether both pictures are on the page, whole and loaded, and where they are.
PICTURES = """root => [...root.querySelectorAll('img')].filter(one => one.complete && one.naturalWidth > 0).map(one => {
  const box = one.getBoundingClientRect(); return [one.alt, box.left, box.top, box.width, box.height]; })"""
#: Whether one picture is above the other, as soon as the page has its new width.
STACKED = """() => { const [left, right] = [...document.querySelectorAll('.wannb-judge img')].map(
  one => one.getBoundingClientRect()); return left.bottom <= right.top; }"""
#: How often a picture was missing while pairs changed.
WATCH = """root => { window.gaps = 0; new MutationObserver(() => {
  const over = root.querySelector('.wannb-judge-thanks:not([hidden])');
  const empty = [...root.querySelectorAll('.wannb-judge-frame')].some(one => !one.querySelector('img')?.complete);
  if (!over && empty) window.gaps += 1; }).observe(root, {childList: true, subtree: true}); }"""


def test_judge_by_keys_and_by_mouse(lab: Lab) -> None:
    book = lab.notebook(CLIENT, JUDGE, height=1100, shared=True)
    book.run()
    output, keyboard = book.output(1), book.page.keyboard
    root = output.get_by_role("group", name="Blind judging")
    shown = output.locator('.wannb-judge[data-pair="0"]')
    shown.wait_for()
    assert [one[0] for one in root.evaluate(PICTURES)] == ["left picture", "right picture"]
    left, right = root.evaluate(PICTURES)
    assert left[1] + left[3] <= right[1]
    assert left[2:] == right[2:]
    root.evaluate(WATCH)
    lab.screenshot("judging-before")

    # Keys, once the pictures have the focus; those of the notebook do nothing to the cell.
    output.get_by_text("Which one is better?").click()
    keyboard.press("d")
    keyboard.press("d")
    keyboard.press("1")
    output.locator('.wannb-judge[data-pair="1"]').wait_for()
    keyboard.press("s")
    output.locator('.wannb-judge[data-pair="2"]').wait_for()
    keyboard.press("Backspace")
    output.locator('.wannb-judge[data-pair="1"]').wait_for()
    expect(output.get_by_role("status").first).to_have_text("2 of 3")
    lab.screenshot("judging-keys")
    keyboard.press("b")
    output.locator('.wannb-judge[data-pair="2"]').wait_for()
    assert book.ask("[each['verdict'] for each in judging.verdicts]") == ["left", "bad"]
    tell_nothing(output, root)

    # A dead kernel: what was said is on disk, what is said now is said to be not saved.
    book.restart()
    keyboard.press("2")
    output.get_by_role("alert").get_by_text("Not saved yet").wait_for()
    lab.errors.clear()
    book.run()
    output.locator('.wannb-judge[data-pair="2"]').wait_for()
    assert book.ask("(judging.number, len(judging.verdicts))") == [2, 2]

    # A mouse that presses twice; then the end, and one step back from there.
    right_button = root.get_by_role("button", name="Right")
    right_button.evaluate("one => { one.focus(); one.click(); one.click(); }")
    output.get_by_text("Thank you! All 3 are judged, 3 verdicts are saved.").wait_for()
    assert book.ask("judging.verdicts[-1]['verdict']") == "right"
    assert root.evaluate("one => one.contains(document.activeElement)"), "the focus went to the notebook"
    output.get_by_role("button", name="Show my scores").click()
    output.locator(".wannb-judge-scores table").first.wait_for()
    lab.screenshot("judging-scores")
    root.focus()
    keyboard.press("u")
    output.locator('.wannb-judge[data-pair="2"]').wait_for()
    expect(output.get_by_role("status").first).to_have_text("3 of 3")
    expect(output.locator(".wannb-judge-scores"), "the rest is judged blind again").to_be_empty()

    # On a narrow page one above the other.
    book.look(theme="dark", width=560, height=900)
    book.page.wait_for_function(STACKED)
    left, right = root.evaluate(PICTURES)
    assert abs(left[3] - left[4]) < 2 or left[3] > left[4]
    lab.screenshot("judging-narrow-dark")
    assert book.page.evaluate("window.gaps") == 0
    assert book.cells.count() == 2


def tell_nothing(output: Any, root: Any) -> None:
    """Fail if anything of the widget on the page names what is compared."""
    page = root.evaluate("one => one.outerHTML").lower()
    seen = page + " ".join(output.get_by_role("img").evaluate_all("all => all.map(one => one.src + one.title)"))
    assert not [secret for secret in SECRETS if secret in seen]


def test_a_page_of_its_own_is_judged_from_a_file(lab: Lab, tmp_path: Path) -> None:
    made = groups(tmp_path / "made", "AB", 3)
    [file] = judge(made, questions={"one": "Nicer?", "two": "Better made?"}, repeats=0.5).save(
        tmp_path / "judging.html"
    )
    page = lab.page(touch=True)
    page.goto(file.as_uri())
    shown = page.locator('.wannb-judge[data-pair="0"]')
    shown.wait_for()
    expect(page.get_by_text("Question 1 of 2: Nicer?")).to_be_visible()
    # Keys, wherever the focus is; touch; back; and all of it is there again.
    # The third pair is the first one again, with its sides swapped.
    first = page.locator(".wannb-judge img").evaluate_all("all => all.map(one => one.src)")
    for number, key in enumerate(("1", "2", "u", "=", "2", "s")):
        page.keyboard.press(key)
        page.locator(f'.wannb-judge[data-pair="{[1, 2, 1, 2, 3, 4][number]}"]').wait_for()
        if key == "=":
            assert page.locator(".wannb-judge img").evaluate_all("all => all.map(one => one.src)") == first[::-1]
    expect(page.get_by_text("Question 2 of 2: Better made?")).to_be_visible()
    page.reload()
    page.locator('.wannb-judge[data-pair="4"]').wait_for()
    page.get_by_role("button", name="Left").tap()
    page.locator('.wannb-judge[data-pair="5"]').wait_for()
    page.get_by_label("Your name").fill("Ann 1")
    page.keyboard.press("Enter")  # leaves the name, so that keys are verdicts again
    page.keyboard.press("2")
    page.locator('.wannb-judge[data-pair="6"]').wait_for()
    page.keyboard.press("u")
    page.locator('.wannb-judge[data-pair="5"]').wait_for()
    expect(page.get_by_label("Your name")).to_have_value("Ann 1")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(STACKED)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=tmp_path / "phone-dark.png")
    page.get_by_role("button", name="中文").tap()
    expect(page.get_by_text("问题 2/2：Better made?")).to_be_visible()
    page.keyboard.press("b")  # with the focus on the button of the language
    page.locator('.wannb-judge[data-pair="6"]').wait_for()
    page.keyboard.press("1")
    page.locator('.wannb-judge[data-pair="7"]').wait_for()
    page.keyboard.press("2")
    page.get_by_text("请保存文件并发回。").wait_for()
    page.screenshot(path=tmp_path / "phone-zh.png")
    with page.expect_download() as saved:
        page.get_by_role("button", name="保存我的评判").tap()
    assert saved.value.suggested_filename == "verdicts-Ann_1.jsonl"
    saved.value.save_as(tmp_path / "back.jsonl")
    found = scores(tmp_path / "back.jsonl").by_question
    assert [(each.judges, each.verdicts, each.skipped, each.bad, each.self_agreement) for each in found.values()] == [
        (("Ann 1",), 2, 1, 0, 1.0),
        (("Ann 1",), 3, 0, 1, 0.0),
    ]

    # One picture at a time, with grades instead of sides.
    [rated] = judge(made, kind="rating").save(tmp_path / "rating.html")
    page.goto(rated.as_uri())
    page.locator('.wannb-judge[data-pair="0"] img').wait_for()
    assert page.locator(".wannb-judge img").count() == 1
    page.keyboard.press("4")
    page.locator('.wannb-judge[data-pair="1"]').wait_for()
    page.get_by_role("button", name="Excellent").tap()
    page.locator('.wannb-judge[data-pair="2"]').wait_for()
    page.screenshot(path=tmp_path / "rating.png")
    given = "Object.values(localStorage).map(one => JSON.parse(one).verdicts.map(each => each.verdict))"
    assert ["4", "5"] in page.evaluate(given)
    # What edits were made from stands beside them, smaller.
    Image.effect_noise((900, 600), 60).convert("RGB").save(tmp_path / "photo.png")
    [graded] = judge(edited(made, tmp_path / "photo.png"), graded=True).save(tmp_path / "graded.html")
    page.set_viewport_size({"width": 1000, "height": 700})
    page.goto(graded.as_uri())
    page.locator('.wannb-judge[data-pair="0"]').wait_for()
    expect(page.get_by_text("Reference", exact=True)).to_be_visible()
    beside, left, right = page.locator(".wannb-judge").evaluate(PICTURES)
    assert beside[0] == "Reference"
    assert 2 * beside[3] < left[3] == right[3]
    assert beside[1] + beside[3] <= left[1]
    page.get_by_role("button", name="Left slightly better").tap()
    page.locator('.wannb-judge[data-pair="1"]').wait_for()
    page.screenshot(path=tmp_path / "graded.png")
    asked, lab.session.left[:] = list(lab.session.left), []
    assert set(asked) == {file.as_uri(), rated.as_uri(), graded.as_uri()}, "a page asks nobody for anything"
