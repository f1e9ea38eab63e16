"""The forms in a real browser: typed into, pressed, refused, left alone and picked up, also without a mouse."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from browser.lab import Book, Lab, expect, settled
from PIL import Image

from wannb import mock

CLIENT = "import wannb\nclient = wannb.connect()"
#: A Studio without its last part, which makes all tabs while nobody types: a test pays for those it turns to.
STUDIO = "form = wannb.studio(client)\nform.children = form.children[:-1]\nform"
KINDS = ("TextToImageForm", "EditForm", "RegionForm", "ImageSetForm", "HistoryForm")
#: Every input, choice and button of a form needs a name that can be read out: words, where a sign is shown too.
NAMELESS = """root => [...root.querySelectorAll('input, select, textarea, button, summary')]
  .filter(one => one.offsetParent !== null && one.type !== 'hidden' && one.type !== 'file')
  .filter(one => !/[\\p{L}\\p{N}]/u.test(one.ariaLabel || one.textContent.trim() || one.title || ''))
  .filter(one => ![...(one.labels || [])].some(label => label.textContent.trim()))
  .map(one => one.outerHTML)"""
#: Whatever reaches out of the form to the right.
OVERFLOW = """root => { const right = root.getBoundingClientRect().right + 1;
  const seen = [...root.querySelectorAll('*')].filter(one => one.offsetParent && one.getBoundingClientRect().width > 1);
  return seen.filter(one => one.getBoundingClientRect().right > right).map(one => one.outerHTML.slice(0, 200)); }"""

#: What has the focus without showing it.
UNSEEN = """() => { const one = document.activeElement, style = getComputedStyle(one);
  return style.outlineStyle === 'none' && style.boxShadow === 'none' ? one.outerHTML.slice(0, 300) : ''; }"""


#: Whether what was typed is in a field of the form that is shown, and in the code, which Python writes.
HEARD = """() => !document.querySelector('.jupyter-widgets-disconnected') && ['textarea', '.wannb-code'].every(kind =>
  [...document.querySelectorAll(`.wannb-texttoimageform ${kind}`)]
    .some(each => (each.value ?? each.textContent).includes('a fox, typed when nobody heard it')))"""


def faults(root: Any) -> list[str]:
    """Return the controls of a form without a name, and what reaches out of it."""
    settled(root)
    return [*root.evaluate(NAMELESS), *root.evaluate(OVERFLOW)]


def form(lab: Lab, code: str, **options: object) -> Book:
    """Show a form in the second cell of the shared notebook, or of a new one with `shared=False`."""
    book = lab.notebook(CLIENT, f"form = {code}\nform", **{"shared": True, **options})  # type: ignore[arg-type]
    book.run()
    book.output(1).locator(".wannb-form").first.wait_for()
    return book


def test_type_a_prompt_press_the_button_see_the_images(lab: Lab, server: mock.MockServer) -> None:
    book = form(lab, "wannb.forms.TextToImageForm(client, size='1K')")
    page = book.output(1)
    expect(page.locator("button.wannb-go")).to_be_disabled()
    page.get_by_label("Prompt", exact=True).fill("A lighthouse at dusk")
    page.get_by_label("Images", exact=True).fill("2")
    # Straight from the number to the button, as a mouse does it: what the button says is what is sent.
    page.get_by_role("button", name="Generate 2 images · demo ($0.15 live)").click()
    page.get_by_role("img", name="Image 2 of 2: A lighthouse at dusk").wait_for()
    assert server.billed == 2
    book.until("form.result.request.prompt == 'A lighthouse at dusk' and len(form.result) == 2")


def test_everything_works_by_keyboard_alone(lab: Lab, server: mock.MockServer) -> None:
    book = form(lab, "wannb.forms.TextToImageForm(client, size='1K')")
    page, keyboard = book.output(1), book.page.keyboard
    page.get_by_label("Prompt", exact=True).focus()
    keyboard.type("A cat, dd aa 00")
    go = page.locator("button.wannb-go")
    expect(go).to_be_enabled()
    for _ in range(40):
        keyboard.press("Tab")
        unseen = book.page.evaluate(UNSEEN)
        assert not unseen, f"the focus cannot be seen on {unseen}"
        if go.evaluate("one => one === document.activeElement"):
            break
    else:
        pytest.fail("the button was never reached")
    keyboard.press("Enter")
    page.get_by_role("img", name="Image 1 of 1").wait_for()
    assert server.billed == 1
    assert book.ask("form.request.prompt") == "A cat, dd aa 00"
    expect(book.cells, "JupyterLab took no key for its own").to_have_count(2)


def test_a_refused_request_and_a_lost_connection_are_said_in_words_and_the_form_lives(
    lab: Lab, server: mock.MockServer
) -> None:
    pace = "pace=wannb.service.limits.Pace(retry_seconds=1)"
    hasty = f"wannb.client.Client(client.service, 'sk-mock', client.store, {pace})"
    book = form(lab, f"wannb.forms.TextToImageForm({hasty}, prompt='A cat', size='1K')")
    page, go = book.output(1), book.output(1).locator("button.wannb-go")
    with server.scenario("refused content"):
        go.click()
        page.get_by_role("alert").get_by_text("Reword the prompt").wait_for()
    port = int(server.base_url.rsplit(":", 1)[1].split("/")[0])
    server.close()
    go.click()
    page.get_by_role("alert").get_by_text("was not reached").first.wait_for(timeout=60_000)
    with mock.serve(port=port, task_seconds=0.1):
        go.click()
        page.get_by_role("img", name="Image 1 of 1: A cat").wait_for()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_waiting_is_stopped_and_picked_up(lab: Lab, server: mock.MockServer) -> None:
    server.app.task_seconds = 3.0
    book = form(lab, "wannb.forms.TextToImageForm(client, prompt='A cat', size='1K')")
    page = book.output(1)
    page.locator("button.wannb-go").click()
    page.get_by_text(re.compile(r"(queue|generating).* \d+ s")).first.wait_for()
    page.get_by_role("button", name="Stop waiting").click()
    page.get_by_text("It goes on").first.wait_for()
    page.get_by_role("button", name="Pick up").click()
    page.get_by_role("img", name="Image 1 of 1: A cat").wait_for()
    assert server.billed == 1


def test_a_busy_kernel_keeps_no_picture_from_its_form(lab: Lab, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    make = "form = wannb.forms.TextToImageForm(client, prompt='A cat', size='1K')\nform"
    busy = f"form.button.click()\nwhile not pathlib.Path({str(seen)!r}).exists(): time.sleep(0.05)"
    book = lab.notebook(f"import pathlib, time\n{CLIENT}", make, busy, shared=True)
    book.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")
    book.output(1).get_by_role("img", name="Image 1 of 1: A cat").wait_for()
    assert "[*]" in book.cells.nth(2).inner_text(), "the picture came only when the cell had ended"
    seen.touch()
    book.until("True")


def test_two_boxes_are_drawn_and_are_the_same_pixels_in_python(lab: Lab, tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((1500, 1000)).convert("RGB").save(tmp_path / "room.jpg")
    book = form(
        lab, f"wannb.forms.RegionForm(client, images={str(tmp_path / 'room.jpg')!r}, prompt='A clock')", height=1200
    )
    page, mouse = book.output(1), book.page.mouse
    expect(page.locator("button.wannb-go")).to_be_disabled()
    picture = page.locator(".wannb-boxes-picture")
    picture.scroll_into_view_if_needed()
    settled(page)
    at = picture.bounding_box()
    drawn = []
    for left, top, right, bottom in ((0.1, 0.2, 0.4, 0.5), (0.6, 0.5, 0.9, 1.1)):
        ends = [(at["x"] + left * at["width"], at["y"] + top * at["height"])]
        ends += [(at["x"] + right * at["width"], at["y"] + bottom * at["height"])]
        mouse.move(*ends[0])
        mouse.down()
        mouse.move(*ends[1], steps=4)
        mouse.up()
        drawn.append([round(1500 * left), round(1000 * top), round(1500 * right), min(1000, round(1000 * bottom))])
    book.until(f"[list(map(list, each)) for each in form.request.bbox_list] == {[drawn]}")
    expect(page.get_by_label("Box 2 bottom")).to_have_value("1000")
    page.get_by_label("Box 1 left").fill("7")
    page.get_by_label("Box 1 left").press("Enter")
    book.until("form.request.bbox_list[0][0][0] == 7")
    page.locator("button.wannb-go").click()
    page.get_by_role("img", name="Image 1 of 1: A clock").wait_for()
    book.until("form.result.request.bbox_list[0][0][0] == 7")


#: Pictures on two kinds of screens: their size, the width of the editor, its zoom, and whether a finger draws.
SCREENS: dict[float, list[tuple[tuple[int, int], int, float, bool]]] = {
    1: [
        ((2048, 2048), 300, 1, False),
        ((2048, 1365), 729, 1, False),
        ((2048, 2048), 500, 1.5, False),
        ((8000, 6000), 640, 1, False),
    ],
    2: [((1999, 1333), 640, 1, False), ((1200, 900), 400, 1, True)],
}


@pytest.mark.parametrize("scale", SCREENS)
def test_drawn_boxes_are_exact_at_every_size_zoom_and_screen(lab: Lab, scale: float) -> None:
    imports = """
import ipywidgets
from PIL import Image
from wannb.forms.boxes import BoxEditor
from wannb.request import as_input"""
    cells = [
        f"editor{number} = BoxEditor(as_input(Image.new('RGB', {size}, 'teal')))\n"
        f"ipywidgets.VBox([editor{number}], layout={{'width': '{shown}px'}})"
        for number, (size, shown, *_) in enumerate(SCREENS[scale], 1)
    ]
    book = lab.notebook(imports, *cells, scale=scale, touch=scale == 2, height=1300)
    book.run()
    for number, (size, _, zoom, finger) in enumerate(SCREENS[scale], 1):
        editor, output = f"editor{number}", book.output(number)
        output.evaluate(f"one => {{ one.style.zoom = {zoom}; }}")
        assert book.ask(f"len({editor}.preview)") < 200_000, "a preview travels, never the original"
        picture = output.locator(".wannb-boxes-picture")
        for corners in ((0.13, 0.21, 0.37, 0.58), (0.5, 0.4, 1.2, 0.9)):
            settled(output)
            wanted = draw(book, picture, corners, size, finger=finger)
            book.until(f"{editor}.boxes[-1:] == [{wanted}]")
            book.do(f"{editor}.boxes = []")
            expect(picture.locator(".wannb-boxes-shape:visible")).to_have_count(0)


def draw(
    book: Book, picture: Any, corners: tuple[float, float, float, float], size: tuple[int, int], *, finger: bool
) -> list[int]:
    """Draw a box between two corners, given as parts of a picture, and return its pixels."""
    picture.scroll_into_view_if_needed()
    at = picture.evaluate("one => { const r = one.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; }")
    start, end = ((round(at[0] + x * at[2]), round(at[1] + y * at[3])) for x, y in (corners[:2], corners[2:]))
    if finger:
        draw_with_a_finger(book, start, end)
    else:
        book.page.mouse.move(*start)
        book.page.mouse.down()
        book.page.mouse.move(*end, steps=3)
        book.page.mouse.up()
    return [
        min(size[axis % 2], round((point[axis % 2] - at[axis % 2]) / at[2 + axis % 2] * size[axis % 2]))
        for axis, point in enumerate((start, start, end, end))
    ]


def draw_with_a_finger(book: Book, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw by touch events: playwright's own touchscreen can only tap."""
    session = book.page.context.new_cdp_session(book.page)
    middle = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
    for kind, points in (("Start", [start]), ("Move", [middle]), ("Move", [end]), ("End", [])):
        touches = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches})


def test_boxes_by_keyboard_alone(lab: Lab, tmp_path: Path) -> None:
    Image.new("RGB", (800, 600), "teal").save(tmp_path / "room.png")
    book = form(lab, f"wannb.forms.RegionForm(client, images={str(tmp_path / 'room.png')!r}, prompt='A clock')")
    book.output(1).locator(".wannb-boxes-stage").focus()
    keyboard = book.page.keyboard
    keyboard.press("Enter")
    box = book.until("form.request.bbox_list[0]")[0]
    keyboard.press("ArrowRight")
    keyboard.press("Shift+ArrowDown")
    keyboard.press("Control+ArrowRight")
    wanted = [box[0] + 1, box[1] + 10, box[2] + 2, box[3] + 10]
    book.until(f"form.request.bbox_list[0] == ({tuple(wanted)},)")
    keyboard.press("Delete")
    book.until("form.request.bbox_list == ((),)")
    expect(book.cells).to_have_count(2)


def test_a_large_picture_is_uploaded_whole(lab: Lab, tmp_path: Path) -> None:
    import numpy as np

    noise = np.random.default_rng(1).integers(0, 255, (2300, 2300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png", compress_level=1)
    assert (tmp_path / "noise.png").stat().st_size > 12 * 1024 * 1024
    book = form(lab, "wannb.forms.EditForm(client, prompt='Softer')")
    page = book.output(1)
    page.locator("input[type=file]").first.set_input_files(str(tmp_path / "noise.png"))
    book.until("len(form.request.images)", seconds=40)
    assert (
        book.ask("form.request.images[0].sha256") == hashlib.sha256((tmp_path / "noise.png").read_bytes()).hexdigest()
    )
    page.get_by_role("img", name=re.compile("noise.png")).wait_for()
    expect(page.locator("button.wannb-go")).to_be_enabled()


def test_an_upload_without_an_answer_ends_in_a_sentence(lab: Lab, tmp_path: Path) -> None:
    Image.new("RGB", (300, 300)).save(tmp_path / "quiet.png")
    book = form(lab, "wannb.forms.EditForm(client, prompt='Softer')", shared=False)
    book.do("from wannb.forms.upload import Upload\nUpload._take = lambda *message: None")
    book.do("form._references._picker.box.children[0].patience = 1")
    page = book.output(1)
    page.locator("input[type=file]").first.set_input_files(str(tmp_path / "quiet.png"))
    page.get_by_text("quiet.png: not uploaded, since Python did not answer for 1 s.").first.wait_for()
    expect(page.locator(".wannb-upload-list li")).to_have_count(0)
    expect(page.get_by_label("Path or link"), "the sentence names it").to_be_visible()


def test_a_form_whose_kernel_was_restarted_says_so_once(lab: Lab) -> None:
    book = lab.notebook(CLIENT, "wannb.forms.TextToImageForm(client)", "wannb.studio(client)", shared=True)
    book.run()
    said = """place => [...place.querySelectorAll('.jupyter-widgets-disconnected')]
      .map(one => getComputedStyle(one, '::before')).filter(one => one.display !== 'none').map(one => one.content)"""
    forms = [book.output(number) for number in (1, 2)]
    for each in forms:
        each.locator(".wannb-texttoimageform").wait_for()
        assert settled(each).evaluate(said) == []
    book.restart()
    for each in forms:
        expect(each.locator(".wannb-form:not(.jupyter-widgets-disconnected)")).to_have_count(0)
        [sentence] = settled(each).evaluate(said)
        assert "Run the cell again" in sentence
    forms[1].get_by_role("textbox", name="Prompt").first.fill("a fox, typed when nobody heard it")
    book.run()
    book.page.wait_for_function(HEARD)


def test_a_notebook_that_is_not_trusted_shows_pictures_and_what_to_do(lab: Lab) -> None:
    made = "form = wannb.forms.TextToImageForm(client, prompt='A cat', size='1K', n=2, seed=3)"
    book = lab.notebook(CLIENT, f"{made}\nresult = form.run()\nform")
    book.run()
    saved = book.save()
    saved["cells"][0]["source"] = "print('changed elsewhere')"
    book.path.write_text(json.dumps(saved))
    other = book.reopened()
    page = other.output(1)
    picture = page.get_by_role("img", name="Image 2 of 2: A cat")
    assert picture.evaluate("async one => { await one.decode(); return one.naturalWidth; }") > 0
    page.get_by_text("form.run()").wait_for()
    settled(page)
    assert page.locator(".wannb-form").count() == 0


def test_what_the_browser_draws_has_the_colors_of_the_theme(lab: Lab) -> None:
    book = form(lab, "wannb.forms.TextToImageForm(client)")
    select = book.output(1).locator(".wannb-form select").first
    for theme, scheme in (("light", "^(?!.*dark)"), ("dark", "dark")):
        book.look(theme=theme, width=1200)
        expect(select).to_have_css("color-scheme", re.compile(scheme))
        expect(select).to_have_css("appearance", "auto")
        expect(select).to_have_css("background-image", "none")


def test_long_words_of_the_code_are_not_broken(lab: Lab) -> None:
    word = "w" * 300
    book = form(lab, f"wannb.forms.TextToImageForm(client, prompt='{word} and more')", width=700)
    page = book.output(1)
    page.get_by_role("button", name="The same as code").click()
    code = page.locator(".wannb-code-text", has_text=word)
    code.wait_for()
    settled(page)
    lines = code.evaluate("""one => { const text = one.firstChild, range = document.createRange();
      const at = text.data.indexOf('www'); range.setStart(text, at); range.setEnd(text, at + 300);
      return range.getClientRects().length; }""")
    assert lines == 1
    assert code.evaluate("one => one.scrollWidth > one.clientWidth")


def test_the_code_is_live_and_goes_to_the_clipboard(lab: Lab) -> None:
    book = form(lab, "wannb.forms.TextToImageForm(client, prompt='A cat', size='1K')")
    page = book.output(1)
    page.get_by_role("button", name="The same as code").click()
    page.get_by_label("Prompt", exact=True).fill("A dog")
    page.get_by_text('client.generate("A dog", size="1K")').wait_for()
    book.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied").wait_for()
    assert book.page.evaluate("navigator.clipboard.readText()") == 'client.generate("A dog", size="1K")'


#: Whether what the history shows of a run is in the window.
IN_SIGHT = """place => {
  const found = [...document.querySelectorAll(place ?? '.wannb-historyform .wannb-results')];
  const { top, height } = found.find(one => one.offsetParent)?.getBoundingClientRect() ?? {};
  return height > 20 && top > -60 && top < innerHeight - 30;
}"""


def test_an_old_run_is_found_and_opened_as_a_form_on_another_day(lab: Lab) -> None:
    make = """tower = client.generate('An old tower', size='1K', seed=11)
for seed in range(6): client.edit('softer', tower, size='1K', seed=seed)"""
    book = lab.notebook(CLIENT, make, STUDIO)
    book.run()
    book.restart()
    book.run()
    page = book.output(2)
    page.get_by_role("tab", name="History").click()
    rows = page.locator(".wannb-run")
    rows.first.get_by_role("button", name="Show").click()
    book.page.wait_for_function(IN_SIGHT)
    rows.last.scroll_into_view_if_needed()
    book.page.wait_for_function(IN_SIGHT)  # beside the list
    book.look(theme="light", width=390, height=500)
    rows.nth(2).get_by_role("button", name="Show").click()
    book.page.wait_for_function(IN_SIGHT)  # after the list
    rows.last.get_by_role("checkbox").check()
    book.page.wait_for_function(IN_SIGHT, arg=".wannb-together")
    page.get_by_role("button", name="Choose none").click()
    book.look(theme="light", width=1200)
    page.locator(".wannb-inputs .wannb-enlarge").first.click()
    book.page.get_by_role("dialog").get_by_role("definition").get_by_text("An old tower").wait_for()
    book.page.keyboard.press("Escape")
    page.get_by_label("Search", exact=True).fill("tower")
    page.get_by_label("Search", exact=True).press("Enter")
    page.get_by_text("1 of 1 runs").first.wait_for()
    page.get_by_title(re.compile("^Show run")).first.click()
    page.get_by_role("img", name="Image 1 of 1: An old tower").wait_for()
    page.get_by_label("Copy settings").select_option(label="everything but the seed")
    page.get_by_role("button", name="Open as a form").click()
    book.until("form.text_to_image.request.prompt == 'An old tower' and form.text_to_image.request.seed is None")
    expect(page.get_by_label("Prompt", exact=True).first).to_have_value("An old tower")


def test_on_a_phone_what_a_button_shows_comes_into_sight(lab: Lab) -> None:
    make = "for name in 'abcdefgh': wannb.Storyboard(client, ['A scene'], name=name).add('Another')"
    book = lab.notebook(CLIENT, make, STUDIO, shared=True)
    book.run()
    page = book.output(2)
    book.look(theme="light", width=390, height=600)
    page.get_by_label("Prompt", exact=True).first.fill("A tower")
    page.locator(".wannb-go:visible").click()
    book.page.wait_for_function(IN_SIGHT, arg=".wannb-status")
    page.get_by_role("img", name="Image 1 of 1: A tower").wait_for()
    page.get_by_role("tab", name="Storyboard").click()
    page.get_by_role("button", name="All boards").click()
    page.get_by_title("Choose c").click()
    page.locator(".wannb-open").click()
    book.until("form.storyboard.board and form.storyboard.board.name == 'c'")
    book.page.wait_for_function(IN_SIGHT, arg=".wannb-storyboardform .wannb-columns")


def test_the_studio_goes_from_tab_to_tab_by_keyboard(lab: Lab) -> None:
    book = lab.notebook(CLIENT, STUDIO, shared=True)
    book.run()
    page = book.output(1)
    page.get_by_role("tab", name="Text to image").focus()
    for _ in range(3):
        book.page.keyboard.press("ArrowRight")
    book.page.keyboard.press("Enter")
    book.until("form.form is form.image_set")
    page.get_by_label("Scene 1").fill("a cat in spring")
    page.get_by_label("Scene 2").fill("a cat in summer")
    book.until("form.image_set.request.n == 2")
    page.get_by_role("button", name="Generate up to 2 images").click()
    page.get_by_role("img", name="Image 2 of 2").wait_for()
    # Any picture of the Studio is handed on from the viewer.
    page.get_by_role("tab", name="Compare").click()
    book.until("form.form is form.compare")
    page.get_by_label("Prompt 1").fill("a lighthouse")
    page.locator("button.wannb-go:visible").click()
    page.locator(".wannb-side-by-side").get_by_role("button", name="Open large").click()
    book.page.get_by_role("dialog").get_by_role("button", name="Edit in boxes").click()
    book.until("form.form is form.regions")
    picture = "form.compare.plan.results()[0][0].as_input().sha256"
    book.until(f"[each.sha256 for each in form.regions.request.images] == [{picture}]")


def test_every_control_is_named_and_nothing_reaches_out_of_the_form(lab: Lab) -> None:
    shop = "shop = client.generate('A flower shop', size='1K', seed=1, n=2)"
    book = lab.notebook(CLIENT, shop, "import ipywidgets\nplace = ipywidgets.VBox()\nplace", theme="dark", shared=True)
    book.run()
    for kind in KINDS:
        book.do(f"form = wannb.forms.{kind}(client)\nplace.children = [form]")
        if kind in ("EditForm", "RegionForm", "ImageSetForm"):
            book.do("form.use(shop[0])")
        if kind == "HistoryForm":
            book.do("form.select(form.runs[0])")
        else:
            book.do("form._more.open()")
            palette = {"#7A1F3D": 40, "#F2C14E": 25, "#FFF4E0": 35}
            book.do(f"palette = form._controls['color_palette']\npalette.is_off or palette.fill({palette})")
        root = book.output(2).locator(f".wannb-{kind.lower()}")
        root.wait_for()
        for width in (900, 1600):
            book.look(theme="dark", width=width)
            assert faults(root) == [], kind


def test_it_speaks_chinese(lab: Lab) -> None:
    book = form(lab, "wannb.studio(wannb.connect(language='zh'))")
    page = book.output(1)
    page.get_by_label("提示词", exact=True).first.fill("一只猫")
    expect(page.locator(".wannb-go:visible")).to_be_enabled()
    said = re.sub(r"wan2\.7-image(-pro)?|wannb|https", "", settled(page).inner_text())
    assert not re.findall(r"[A-Za-z]{4,}", said)


def test_where_no_widget_runs_a_form_is_a_picture_with_text(lab: Lab, tmp_path: Path) -> None:
    from nbconvert import HTMLExporter

    Image.new("RGB", (800, 600), "teal").save(tmp_path / "room.png")
    picture = str(tmp_path / "room.png")
    boxes = "bbox_list=[[[9, 9, 99, 99]]]"
    book = form(lab, f"wannb.forms.RegionForm(client, images={picture!r}, prompt='A clock', {boxes})")
    saved = book.save()
    assert "widgets" not in saved["metadata"]
    page, _ = HTMLExporter(template_name="lab").from_filename(str(book.path))
    body = page[page.index("<body") :]
    assert "A clock" in body
    assert "box [9, 9, 99, 99]" in body
    assert len(re.findall(r'<img [^>]*src="data:image/jpeg', body)) == 1
