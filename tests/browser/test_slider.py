"""The slider of a comparison in a real browser: in the notebook and in its exported page, by key, mouse and finger."""

from __future__ import annotations

import re
from typing import Any

from browser.lab import Lab, expect

PICTURES = """import wannb
client = wannb.connect()
dawn, dusk = (client.generate("A harbour", size="768*768", seed=seed) for seed in (1, 2))"""
SPLIT = "stage => getComputedStyle(stage).getPropertyValue('--split').trim()"


def tried(page: Any, keyboard: Any) -> None:
    """Use the slider in every way that there is."""
    slider, stage = page.get_by_role("slider"), page.locator(".wannb-stage")
    slider.wait_for()
    slider.focus()
    for key, value in (("Home", "0"), ("ArrowRight", "0.5"), ("PageUp", None), ("End", "100")):
        keyboard.press(key)
        assert value in (None, slider.input_value())
    assert stage.evaluate(SPLIT) == "100%"
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    slider.click(position={"x": box["width"] * 0.25, "y": box["height"] / 3})
    expect(slider).to_have_value(re.compile(r"^2\d(\.5)?$"))
    slider.tap(position={"x": box["width"] * 0.75, "y": box["height"] / 3})  # its click comes after the touch
    expect(slider).to_have_value(re.compile(r"^7\d(\.5)?$"))
    assert stage.evaluate(SPLIT) == f"{slider.input_value()}%"
    page.get_by_label("Side by side").check()
    left, right = (page.get_by_alt_text(name).bounding_box() for name in ("Left: ", "Right: "))
    assert left["x"] + left["width"] <= right["x"] + 1
    expect(slider).to_be_hidden()
    page.get_by_label("Difference map").check()
    expect(page.locator(".wannb-map")).to_be_visible()
    page.get_by_label("Slider").check()
    expect(slider).to_be_visible()


def test_the_slider_works_by_key_mouse_and_finger_also_without_a_kernel(lab: Lab) -> None:
    from nbconvert import HTMLExporter

    book = lab.notebook(PICTURES, "wannb.compare(dawn, dusk)", scale=2, touch=True, height=1100)
    book.run()
    keyboard = book.page.keyboard
    tried(book.output(1), keyboard)
    book.output(1).get_by_role("slider").focus()
    keyboard.press("d")
    keyboard.press("d")
    assert book.cells.count() == 2, "two d's delete a cell where the notebook hears them"
    book.save()
    exported, _ = HTMLExporter(template_name="lab").from_filename(str(book.path))
    page = lab.page(touch=True)
    # What nbconvert itself fetches (mathematics) is not ours and not needed.
    page.set_content(re.sub(r"<script[^>]*>.*?</script>", "", exported, flags=re.DOTALL))
    tried(page, page.keyboard)
