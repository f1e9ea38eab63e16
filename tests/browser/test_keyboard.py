"""Every job of the Studio with the keyboard alone: each stop is seen, no key is lost, and the focus never."""

from __future__ import annotations

import re
from typing import Any

from browser.keys import Keys
from browser.lab import Book, Lab, expect, settled

from wannb import mock

START = "import time\nimport wannb\nclient = wannb.connect()"
#: Turns the focused button off and, before anybody finds another place for the focus, on again; whether it has it then.
OFF = """async () => {
  const one = document.activeElement, frame = () => new Promise(requestAnimationFrame);
  one.disabled = true;
  await frame(); await frame(); await frame();
  one.disabled = false;
  await new Promise(done => setTimeout(done, 600));
  return document.activeElement === one;
}"""


def entered(lab: Lab, job: str, *cells: str, ahead: bool = False) -> tuple[Book, Any, Keys]:
    """Show a Studio, put the focus on its first tab, the only time that it is put anywhere, and turn to a job's tab.

    Args:
        ahead: whether it makes the other tabs while nobody types, before they are turned to.
    """
    made = "studio = wannb.studio(client)\n" + ("" if ahead else "studio.children = studio.children[:-1]\n")
    book = lab.notebook(START, *cells, f"{made}studio", shared=True)
    book.run()
    page, keys = book.output(1 + len(cells)), Keys(book.page)
    page.locator(f".wannb-{'history' if ahead else 'texttoimage'}form .wannb-heading").wait_for(state="attached")
    page.get_by_role("tab", name="Text to image").focus()
    for _ in range(7):
        if keys.at == job:
            break
        keys.press("ArrowRight")
    keys.press("Enter")
    page.get_by_role("tabpanel", name=job).locator(".wannb-form .wannb-heading").first.wait_for()
    settled(page)
    assert keys.at == job
    return book, page, keys


def enabled(page: Any, name: str) -> None:
    """Wait until a button can be pressed."""
    page.locator("button:enabled:visible", has_text=name).first.wait_for()


def test_pictures_are_generated_seen_large_and_edited(lab: Lab, server: mock.MockServer) -> None:
    book, page, keys = entered(lab, "Text to image", ahead=True)
    # Python has not done with the first letter when the button is pressed.
    book.do("studio.form._controls['prompt']._widget.observe(lambda change: time.sleep(0.3), 'value')")
    keys.to("Images")
    keys.type("2")
    keys.to("Size", back=True)
    keys.type("1K")
    keys.to("Prompt", back=True)
    keys.type("A")
    enabled(page, "Generate 2 images")
    keys.type(" lighthouse, dd aa 00", "Control+Enter")
    page.get_by_role("img", name="Image 2 of 2").wait_for()
    assert book.ask("[studio.form.result.request.prompt, len(studio.form.result)]") == ["A lighthouse, dd aa 00", 2]
    assert keys.at == "Prompt"
    enabled(page, "Generate 2 images")
    keys.to("Generate 2 images", "Enter")
    keys.wait_at("Stop waiting")
    keys.wait_at("Generate 2 images")
    book.until("studio.form.worker.progress.phase == 'done'")
    page.get_by_role("img", name="Image 2 of 2").wait_for()
    assert server.billed == 4

    keys.to("Open large", "Enter")
    dialog = book.page.get_by_role("dialog")
    dialog.get_by_text("Picture 1 of 2").wait_for()
    keys.press("ArrowRight")
    dialog.get_by_text("Picture 2 of 2").wait_for()
    keys.press("ArrowLeft")
    dialog.get_by_text("Picture 1 of 2").wait_for()
    book.page.wait_for_function("() => document.querySelector('.wannb-viewer-picture').naturalWidth >= 1024")
    settled(dialog)
    zoom = dialog.locator(".wannb-viewer-percent")
    fit = zoom.inner_text()
    keys.press("+", "+", "-")
    assert zoom.inner_text() != fit
    keys.press("0")
    assert zoom.inner_text() == fit
    keys.press("2")
    assert dialog.locator(".wannb-viewer-pane").count() == 2
    begun = keys.at
    keys.press("Tab")
    while keys.at != begun:
        keys.press("Tab")
        assert len(keys.stops) < 200, "the focus goes round in the dialog"
    keys.press("Escape")
    dialog.wait_for(state="detached")
    at = "() => document.activeElement.matches('.wannb-enlarge') && document.activeElement.parentElement"
    assert book.page.evaluate(f"{at}.querySelector('img').alt.startsWith('Image 1 of 2')")

    keys.to("Edit", "Enter")
    book.until("studio.form is studio.edit and len(studio.form.request.images) == 1")
    page.get_by_role("button", name="Remove: image 1").wait_for()
    keys.to("Remove: image 1", "Enter")
    keys.wait_at("Upload pictures")
    keys.to("▸ Earlier images", "Enter")
    keys.wait_at("▾ Earlier images")
    page.get_by_title("Use as input").nth(3).wait_for()
    keys.to("Use as input", "Enter")
    book.until("len(studio.form.request.images) == 1")
    assert keys.at.startswith("Use as input")
    keys.to("Prompt")
    keys.type("At night", "Control+Enter")
    page.get_by_role("img", name="Image 1 of 1: At night").wait_for()
    assert keys.at == "Prompt"
    assert book.ask("len(studio.form.result.request.images)") == 1
    assert server.billed == 5
    expect(book.cells, "JupyterLab took no key for its own").to_have_count(2)


def test_a_box_is_drawn_moved_and_resized(lab: Lab, server: mock.MockServer) -> None:
    book, page, keys = entered(lab, "Edit in boxes", "client.generate('A fox', size='1K', seed=1)")
    keys.to("▸ Earlier images", "Enter")
    page.get_by_title("Use as input").first.wait_for()
    keys.to("Use as input", "Enter")
    page.locator(".wannb-boxes-stage").wait_for()
    assert keys.at.startswith("Use as input"), "the editor above it did not push it out of sight"
    keys.to("Add a box", back=True)
    keys.to("Image 1: draw boxes", "Enter", back=True)
    box = book.until("studio.form.request.bbox_list and studio.form.request.bbox_list[0]")[0]
    keys.wait_at("Box 1")
    keys.press("ArrowRight", "Shift+ArrowDown", "Control+ArrowRight")
    keys.to("Box 1 bottom")
    keys.type("900")
    keys.to("Prompt")
    keys.type("A clock", "Control+Enter")
    page.get_by_role("img", name="Image 1 of 1: A clock").wait_for()
    assert book.ask("studio.form.result.request.bbox_list") == [[[box[0] + 1, box[1] + 10, box[2] + 2, 900]]]
    keys.to("Remove box 1", "Enter", back=True)
    book.until("not studio.form.request.bbox_list[0]")
    keys.wait_at("Image 1: draw boxes")


def test_scenes_of_an_image_set_are_added_and_moved(lab: Lab, server: mock.MockServer) -> None:
    book, page, keys = entered(lab, "Image set")
    keys.to("Scene 1")
    keys.type("It wakes")
    keys.to("Scene 2")
    keys.type("It sleeps")
    keys.to("Add a scene", "Enter")
    keys.wait_at("Scene 3")
    keys.type("It eats")
    keys.to("Move up: scene 3", "Enter")
    keys.wait_at("Move up: scene 2")
    keys.to("Add a scene", "Enter")
    keys.wait_at("Scene 4")
    keys.to("Remove: scene 4", "Enter")
    keys.wait_at("Scene 3")
    keys.press("Control+Enter")
    page.locator(".wannb-imagesetform .wannb-gallery img").nth(2).wait_for()
    assert keys.at == "Scene 3"
    prompt = book.ask("studio.form.result.request.prompt")
    assert prompt.index("It wakes") < prompt.index("It eats") < prompt.index("It sleeps")
    assert server.billed == 3


def test_prompts_are_compared_and_the_grid_is_saved(lab: Lab, server: mock.MockServer) -> None:
    book, page, keys = entered(lab, "Compare")
    keys.to("Prompt 1")
    keys.type("A lighthouse")
    keys.to("Prompt 2")
    keys.type("A windmill", "Control+Enter")
    page.locator(".wannb-told", has_text="2 of 2 generated").wait_for()
    assert keys.at == "Prompt 2"
    assert book.ask("[cell.request.prompt for cell in studio.form.plan.cells]") == ["A lighthouse", "A windmill"]
    keys.to("Format")
    keys.type("Pages, PNG")
    keys.to("File name")
    keys.type("mills")
    keys.to("Save", "Enter")
    page.locator(".wannb-get-text", has_text="mills.png").wait_for()
    assert keys.at == "Save mills.png"
    assert (book.path.parent / "mills.png").stat().st_size > 1000
    enabled(page, "Save mills.png")
    keys.press("Enter")
    keys.wait_at("Keep both: mills 2.png")
    keys.press("Enter")
    page.locator(".wannb-get-text", has_text="mills 2.png").wait_for()
    assert (book.path.parent / "mills 2.png").exists()
    keys.wait_at("Save")
    assert server.billed == 2


def test_a_storyboard_is_made_rolled_chosen_and_saved(lab: Lab, server: mock.MockServer) -> None:
    book, page, keys = entered(lab, "Storyboard")
    keys.to("Scene 1")
    keys.type("A cat wakes up")
    keys.to("Scene 2")
    keys.type("It goes out", "Control+Enter")
    page.get_by_role("img", name="Scene 2 of 2: It goes out").wait_for()
    book.until("studio.form.board.reel().made == 2 and not studio.form.worker.under_way")
    enabled(page, "Three candidates")
    keys.wait_at("Characters")
    keys.to("Three candidates", "Enter")
    page.get_by_role("button", name="Candidate 3").wait_for()
    enabled(page, "Three candidates")
    keys.wait_at("Three candidates")
    keys.to("Use candidate 2", "Enter", back=True)
    keys.wait_at("More…")
    assert book.ask("[take.chosen for take in studio.form.board.takes(1)]") == [False, False, True, False]
    keys.press("Enter")
    keys.wait_at("Close")
    keys.to("Use as frame", "Enter")
    book.until("not studio.form.board.takes(1)[2].chosen")
    keys.wait_at("Close")
    keys.press("Enter")
    keys.wait_at("More…")
    keys.to("New scene")
    keys.type("It comes home")
    keys.to("Add a scene", "Enter")
    page.get_by_label("Text of scene 3").wait_for()
    keys.wait_at("Add a scene")
    keys.to("More…", back=True)
    keys.press("Enter")
    keys.wait_at("Close")
    keys.to("Remove this scene", "Enter")
    book.until("len(studio.form.board.scenes) == 2")
    keys.wait_at("Open large")
    keys.to("Pages and files", "Enter")
    enabled(page, "Show the pages")
    keys.to("Format")
    keys.type("Web page")
    keys.to("File name")
    keys.type("tale")
    keys.to("Save", "Enter")
    page.locator(".wannb-get-text", has_text="tale.html").wait_for()
    keys.wait_at("Save")
    assert page.evaluate(OFF), "a button that is off for less than a moment has the focus again"
    assert "It goes out" in (book.path.parent / "tale.html").read_text(encoding="utf-8")
    assert server.billed == 5


def test_the_history_is_searched_and_a_run_opened_as_a_form(lab: Lab, server: mock.MockServer) -> None:
    made = "for each in ('a fox', 'a cat', *'bcdefghijklm'): client.generate(each, size='1K', seed=1)"
    book, page, keys = entered(lab, "History", made)
    keys.to("Show more", "Enter")
    page.locator(".wannb-quietly", has_text="14 of 14 runs").wait_for()
    keys.wait_at("Upload pictures")
    keys.to("Search", back=True)
    keys.type("cat", "Enter")
    page.locator(".wannb-quietly", has_text="1 of 1 runs").wait_for()
    assert keys.at == "Search"
    keys.to("Show", "Enter")
    page.get_by_role("img", name="Image 1 of 1: a cat").first.wait_for()
    assert keys.at == "Show"
    keys.to("Open as a form", "Enter")
    book.until("studio.form is studio.text_to_image")
    keys.wait_at("Prompt")
    assert book.ask("[studio.form.request.prompt, studio.form.request.seed]") == ["a cat", 1]
    page.get_by_role("tab", name="History").click()
    page.get_by_label("Search", exact=True).fill("")
    page.get_by_label("Search", exact=True).press("Enter")
    page.locator(".wannb-quietly", has_text="12 of 14 runs").wait_for()
    for box in page.get_by_role("checkbox", name=re.compile("^Choose run ")).all()[:2]:
        box.press(" ")
    page.get_by_text("2 runs chosen").first.wait_for()
    page.get_by_role("button", name="Compare", exact=True).press("Enter")
    page.get_by_role("radio", name="Side by side").wait_for()
    box = page.locator(".wannb-results .wannb-stage").bounding_box()
    assert box
    assert 0 <= box["y"] < 900, "beside the list, in sight"
