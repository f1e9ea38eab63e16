"""The viewer in a real browser: from a plain output and from a form, by mouse, key and finger, and without a kernel."""

from __future__ import annotations

import json
from typing import Any

from browser.lab import Lab, expect, settled

SETUP = """import wannb
client = wannb.connect()
result = client.generate("A harbour at dawn", size="1280*960", n=3, seed=5)"""
NATURAL = "dialog => [...dialog.querySelectorAll('.wannb-viewer-picture')].map(each => each.naturalWidth)"
PLACE = "dialog => dialog.querySelector('.wannb-viewer-picture').getBoundingClientRect().toJSON()"

#: Whether a name or an arrow stands on a picture.
COVERED = """dialog => {
  const boxes = (kind) => [...dialog.querySelectorAll(kind)].map(each => each.getBoundingClientRect());
  return boxes('.wannb-viewer-picture').some(one => boxes('.wannb-viewer-slot, .wannb-viewer-side').some(other =>
    other.left < one.right && other.right > one.left && other.top < one.bottom && other.bottom > one.top));
}"""


def opened(page: Any) -> Any:
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    return dialog


def large(page: Any, dialog: Any, *widths: int) -> None:
    """Wait until the pictures are the large ones."""
    page.wait_for_function(
        f"widths => JSON.stringify(({NATURAL})(document.querySelector('dialog'))) === JSON.stringify(widths)",
        arg=list(widths),
    )


def test_a_picture_of_an_output_opens_large_and_the_notebook_stays_as_it_was(lab: Lab) -> None:
    book = lab.notebook(SETUP, "result", height=1000)
    book.run()
    page, keyboard = book.page, book.page.keyboard
    expect(book.output(1).get_by_role("button", name="Open large")).to_have_count(3)
    book.save()
    before = json.loads(book.path.read_text())

    book.output(1).locator("img").nth(1).click()
    dialog = opened(page)
    large(page, dialog, 1280)
    assert dialog.get_attribute("aria-modal") == "true"
    assert dialog.get_by_text("Picture 2 of 3").is_visible()
    for text in ("A harbour at dawn", "wan2.7-image-pro", "1280*960", "5", "nothing billed by the mock server"):
        expect(dialog.locator(".wannb-viewer-facts").get_by_text(text).first).to_be_visible()

    # Zoom by key and wheel, at the point under the mouse; fit again.
    fit = settled(dialog).evaluate(PLACE)
    keyboard.press("z")
    assert round(dialog.evaluate(PLACE)["width"]) == 1280
    assert dialog.get_by_text("100 %", exact=True).first.is_visible()
    keyboard.press("0")
    assert dialog.evaluate(PLACE) == fit
    page.mouse.move(fit["x"] + 100, fit["y"] + 100)
    page.mouse.wheel(0, -300)
    grown = f"least => ({PLACE})(document.querySelector('dialog')).width > least"
    page.wait_for_function(grown, arg=1.3 * fit["width"])
    after = settled(dialog).evaluate(PLACE)
    assert abs((fit["x"] + 100 - after["x"]) / after["width"] - 100 / fit["width"]) < 0.01
    keyboard.press("ArrowRight")
    assert dialog.evaluate(PLACE)["x"] < after["x"]
    keyboard.press("0")

    # Next, side by side, slider, flip.
    keyboard.press("ArrowRight")
    assert dialog.get_by_text("Picture 3 of 3").is_visible()
    keyboard.press("3")
    large(page, dialog, 1280, 1280, 1280)
    assert dialog.locator(".wannb-viewer-pane").count() == 3
    assert dialog.get_by_label("Four side by side").is_disabled()
    for width, height in ((390, 844), (600, 450), (1200, 1000)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("size => innerWidth === size[0] && innerHeight === size[1]", arg=[width, height])
        assert not settled(dialog).evaluate(COVERED), (width, height)
    keyboard.press("f")
    visible = "dialog => [...dialog.querySelectorAll('.wannb-viewer-picture')].map(e => e.style.visibility)"
    assert dialog.evaluate(visible) == ["", "hidden"]
    dialog.locator(".wannb-viewer-stage").focus()
    keyboard.press("Space")
    assert dialog.evaluate(visible) == ["hidden", ""]
    keyboard.press("s")
    dialog.get_by_role("slider").fill("25")
    clip = "dialog => [...dialog.querySelectorAll('.wannb-viewer-picture')].map(e => e.style.clipPath)"
    assert all(dialog.evaluate(clip))
    keyboard.press("?")
    assert dialog.get_by_text("zoom in and out").is_visible()

    # The focus stays inside, and goes back.
    for _ in range(25):
        keyboard.press("Tab")
        assert page.evaluate("() => !!document.activeElement.closest('dialog')")
    keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert page.evaluate("() => document.activeElement.className") == "wannb-enlarge"
    keyboard.press("Enter")
    dialog = opened(page)
    with page.expect_download() as saved:
        dialog.get_by_role("button", name="Download").click()
    content = saved.value.path().read_bytes()
    files = [path.read_bytes() for path in (lab.pictures / "runs").glob("*/image-2.png")]
    assert content in files
    keyboard.press("Escape")
    dialog.wait_for(state="detached")

    book.save()
    assert json.loads(book.path.read_text()) == before
    assert "widget" not in json.dumps(before).replace("mwidget", "")


CELLS = (
    "form = wannb.forms.TextToImageForm(client, result.request)\nform",
    "wannb.compare(result[0], result[1])",
    "groups = {name: client.generate(f'A {name} in the reeds', size='1K', seed=4711) for name in ('heron', 'fox')}\n"
    "wannb.judge(groups)",
)


def test_it_opens_from_forms_comparisons_and_judging_and_without_a_kernel(lab: Lab) -> None:
    book = lab.notebook(SETUP, *CELLS, height=1000, scale=2, touch=True)
    book.run()
    page, keyboard = book.page, book.page.keyboard
    form, comparison, judging = map(book.output, (1, 2, 3))

    # The buttons under a picture are in the viewer too, and do the same.
    form.get_by_role("button", name="Show").click()
    form.get_by_role("button", name="Open large").nth(1).focus()
    keyboard.press("Enter")
    dialog = opened(page)
    large(page, dialog, 1280)
    dialog.get_by_role("button", name="Variations").click()
    dialog.wait_for(state="detached")
    book.until("form.request.seed is None")

    # A comparison begins with both pictures, which are in memory alone.
    comparison.get_by_role("button", name="Open large").first.tap()
    dialog = opened(page)
    large(page, dialog, 1280, 1280)
    assert dialog.get_by_label("Two side by side").is_checked()
    panes = "dialog => [...dialog.querySelectorAll('.wannb-viewer-picture')].map(e => e.getBoundingClientRect().width)"
    keyboard.press("+")
    one, other = dialog.evaluate(panes)
    assert one == other > 0
    keyboard.press("Escape")
    dialog.wait_for(state="detached")

    # Two pictures that are judged tell nothing of themselves.
    judging.get_by_alt_text("left picture").click()
    dialog = opened(page)
    large(page, dialog, 1024, 1024)
    told = dialog.inner_text() + " ".join(dialog.get_by_role("img").evaluate_all("all => all.map(each => each.alt)"))
    assert not [word for word in ("heron", "fox", "reeds", "4711", "wan2.7", "Download", "Copy") if word in told]
    keyboard.press("Escape")
    dialog.wait_for(state="detached")

    # Without its kernel the page shows what it holds.
    book.restart()
    form.get_by_alt_text("Image 1 of 3").first.click()
    dialog = opened(page)
    dialog.get_by_text("This is the small copy in the page.").wait_for()
    [width] = dialog.evaluate(NATURAL)
    assert 0 < width < 1280
    keyboard.press("z")
    assert dialog.evaluate(PLACE)["width"] > 0
    keyboard.press("Escape")
    dialog.wait_for(state="detached")
    lab.errors.clear()
