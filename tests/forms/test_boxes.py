"""The box editor: its arithmetic in node, and its Python side, which holds boxes in pixels of the upright picture."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest
import traitlets
from forms.using import BUTTONS, inputs, named, picture, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

import wannb
from wannb import forms
from wannb.client import Client
from wannb.display.assets import ELEMENTS, esm
from wannb.forms.boxes import STATIC, BoxEditor, boxed, legal
from wannb.forms.panel import CodeView
from wannb.forms.upload import Upload
from wannb.request.inputs import FITS, InputImage, as_input
from wannb.translation import Words

JS_TESTS = sorted((Path(__file__).parent.parent / "js").glob("*.test.mjs"))
QUADRANTS = {(0, 0): (220, 30, 30), (1, 0): (30, 200, 30), (0, 1): (40, 40, 230), (1, 1): (230, 220, 40)}


@pytest.fixture(scope="module")
def node() -> Callable[..., str]:
    """What runs node and returns what it prints."""
    found = shutil.which("node")
    if found is None:
        if os.environ.get("WANNB_REQUIRE_BROWSER") == "1":
            pytest.fail("node is needed to test the arithmetic of boxes")
        pytest.skip("node is not installed")

    def run(*arguments: object) -> str:
        command = [found, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
        return done.stdout

    return run


def photograph(width: int, height: int, orientation: int = 1) -> bytes:
    """Return a JPEG of four colours, with an EXIF orientation."""
    image = Image.new("RGB", (width, height))
    for (column, row), colour in QUADRANTS.items():
        image.paste(colour, (column * width // 2, row * height // 2, width, height))
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling=0, exif=exif)
    return buffer.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    with Image.open(io.BytesIO(jpeg)) as image:
        return image.convert("RGB")


def colours(image: Image.Image) -> list[Any]:
    """Return the colours of an image's four quadrants, in their middles."""
    places = [(x * image.width // 4, y * image.height // 4) for y in (1, 3) for x in (1, 3)]
    return [image.getpixel(place) for place in places]


def near(one: Any, other: Any, most: int = 24) -> bool:
    return all(abs(a - b) <= most for a, b in zip(one, other, strict=True))


def test_the_arithmetic_keeps_its_laws(node: Callable[..., str]) -> None:
    said = node("--test", *JS_TESTS)
    passed = re.search(r"pass (\d+)", said)
    assert passed, said
    assert int(passed[1]) >= 15


@pytest.mark.parametrize("widget", [BoxEditor, Upload, CodeView])
def test_a_widget_is_one_module_that_a_browser_can_read(node: Callable[..., str], widget: Any, tmp_path: Path) -> None:
    module = str(widget._esm)
    assert not re.search(r"^import\b", module, re.M)
    assert len(re.findall(r"^export\b", module, re.M)) == 1
    assert not re.search(r"https?://", module + str(widget._css))
    place = tmp_path / "widget.mjs"
    place.write_text(module, encoding="utf-8")
    look = f"const m = await import({json.dumps(place.as_uri())}); console.log(typeof m.default.render)"
    assert node("--input-type=module", "--eval", look).strip() == "function"


def test_a_file_that_is_imported_must_stand_before() -> None:
    with pytest.raises(ValueError, match=r"geometry\.js, which does not come before"):
        esm(ELEMENTS, STATIC / "boxes.js")


def spoken(name: str) -> set[str]:
    """Return the texts that a widget's page asks for."""
    source = (STATIC / name).read_text(encoding="utf-8")
    asked = set(re.findall(r"\btext\((?:[^()\"]*\? )?\"(\w+)\"(?: : \"(\w+)\")?", source))
    return {each for pair in asked for each in pair if each} | set(re.findall(r"refuse\(\"(\w+)\"", source))


def test_the_page_finds_every_text_it_asks_for(tmp_path: Path) -> None:
    sides = {"left", "top", "right", "bottom", "leftOf", "topOf", "rightOf", "bottomOf"}
    for widget, page, more in (
        (BoxEditor(as_input(photograph(300, 300))), "boxes.js", sides),
        (Upload(tmp_path, print), "upload.js", {"done", "canceled"}),
        (CodeView(Words(), "x"), "code.js", set()),
    ):
        assert spoken(page) | more == set(widget.texts), page
        assert all(isinstance(text, str) and text for text in widget.texts.values())


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(240, 1900),
    height=st.integers(240, 1900),
    orientation=st.integers(1, 8),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
)
def test_the_preview_is_upright_and_boxes_are_pixels_of_the_upright_picture(
    width: int, height: int, orientation: int, corners: tuple[float, float, float, float]
) -> None:
    content = photograph(width, height, orientation)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
    picture = as_input(content)
    editor = BoxEditor(picture)
    preview = opened(b64decode(editor.preview.partition(",")[2]))
    assert (editor.width, editor.height) == upright.size
    assert max(preview.size) == min(1024, max(upright.size))
    assert abs(preview.width / preview.height - upright.width / upright.height) < 2 / min(preview.size) * 8
    assert all(near(a, b) for a, b in zip(colours(preview), colours(upright), strict=True))
    x1, x2 = sorted(int(side * (upright.width - 1)) for side in corners[::2])
    y1, y2 = sorted(int(side * (upright.height - 1)) for side in corners[1::2])
    box = [x1, y1, x2 + 1, y2 + 1]
    editor.boxes = [box]
    assert editor.boxes == [box]
    editor.boxes = [[0, 0, 99999, 99999]]
    assert editor.boxes == [[0, 0, *upright.size]]


def test_only_a_small_preview_travels() -> None:
    noise = Image.frombytes("RGB", (2400, 1800), os.urandom(2400 * 1800 * 3))
    editor = BoxEditor(as_input(noise))
    assert (editor.width, editor.height) == (2400, 1800)
    assert opened(b64decode(editor.preview.partition(",")[2])).size == (1024, 768)
    assert sum(len(value) for value in editor.get_state().values() if isinstance(value, bytes)) < 1_500_000


side = st.integers(-9000, 17000)


@settings(deadline=None)
@given(box=st.tuples(side, side, side, side), width=st.integers(1, 8000), height=st.integers(1, 8000))
def test_any_four_numbers_become_a_legal_box(box: tuple[int, int, int, int], width: int, height: int) -> None:
    x1, y1, x2, y2 = legal(box, width, height)
    assert 0 <= x1 < x2 <= width
    assert 0 <= y1 < y2 <= height
    assert legal([x1, y1, x2, y2], width, height) == [x1, y1, x2, y2]
    assert legal([x2, y2, x1, y1], width, height) == [x1, y1, x2, y2]


def test_python_and_the_page_make_the_same_box_legal(node: Callable[..., str], tmp_path: Path) -> None:
    chance = random.Random(3)
    cases = [
        ([chance.randint(-300, 900) for _ in range(4)], chance.randint(1, 600), chance.randint(1, 600))
        for _ in range(500)
    ]
    # A file that ends in .mjs is a module for every version of node.
    (tmp_path / "geometry.mjs").write_bytes((STATIC / "geometry.js").read_bytes())
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    (tmp_path / "ask.mjs").write_text(
        'import { readFileSync } from "node:fs"; import { legal } from "./geometry.mjs";'
        'const cases = JSON.parse(readFileSync(new URL("./cases.json", import.meta.url)));'
        "console.log(JSON.stringify(cases.map(([box, width, height]) => legal(box, width, height))));"
    )
    assert json.loads(node(tmp_path / "ask.mjs")) == [legal(*case) for case in cases]


def test_what_is_no_box_is_refused_and_the_boxes_stay() -> None:
    editor = BoxEditor(as_input(photograph(400, 300)), boxes=[(10, 10, 50, 50)])
    for wrong in ([[1, 2, 3]], ["abcd"], [None], [[0, 0, 9, float("nan")]], [[0, 0, 9, 9]] * 3):
        with pytest.raises(traitlets.TraitError):
            editor.boxes = wrong
    assert editor.boxes == [[10, 10, 50, 50]]
    with pytest.raises(traitlets.TraitError, match="at most 2"):
        BoxEditor(as_input(photograph(400, 300)), boxes=[(0, 0, 9, 9)] * 3)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(100, 80), (8400, 1200)])
@pytest.mark.parametrize("kind", [k for k in BUTTONS if k is not forms.TextToImageForm])
def test_a_form_names_the_button_that_makes_a_picture_fit(kind: Any, size: Any, language: str, client: Client) -> None:
    client.language = language
    scenes: dict[str, Any] = {"scenes": ["a"]} if kind is forms.StoryboardForm else {"prompt": "a clock"}
    form = kind(client, **scenes, images=[picture("other.png", size)])
    press_it, make_it = {"en": ("Press Make it fit", "Make it fit"), "zh": ("请按“调到合规”", "调到合规")}[language]
    said, in_code = shown(form), Words(language)(FITS)
    for control in form._controls.values():
        said = said.replace(escape(control.help_text), "")
    assert press_it in said
    assert in_code not in said + form._page()
    named(form, make_it).click()
    assert press_it not in shown(form)
    assert form.button.disabled is (kind is forms.RegionForm)  # which lacks a box


@pytest.mark.parametrize("kind", [k for k in BUTTONS if k is not forms.TextToImageForm])
def test_one_button_makes_a_picture_fit_that_is_too_large(kind: Any, client: Client) -> None:
    large = picture("large.png", (8400, 1200))
    given: dict[str, Any] = {"images": [picture("small.png"), large]}
    given |= {"scenes": ["a"]} if kind is forms.StoryboardForm else {"prompt": "a clock"}
    if kind is forms.RegionForm:
        given["bbox_list"] = [[[1, 2, 30, 40]], [[0, 0, 4200, 600], [8300, 1100, 8400, 1200]]]
    form = kind(client, **given)
    if kind is not forms.CompareForm:  # there the table of the plan says which requests are not legal
        assert any("8400x1200" in str(problem) for problem in form.problems)
    first = form._controls["images"]._rows.entries[0]
    named(form, "Make it fit").click()
    images = form._controls["images"].images
    assert [(image.width, image.height) for image in images] == [(640, 480), (8000, 1143)]
    assert form._controls["images"]._rows.entries[0] is first
    assert form.problems == ()
    assert not form.button.disabled
    assert not [each for each in inputs(form) if getattr(each, "description", "") == "Make it fit"]
    assert f"wannb.fit({json.dumps(large)})" in form.code
    if kind is forms.RegionForm:
        assert form.request.bbox_list == (((1, 2, 30, 40),), ((0, 0, 4000, 572), (7904, 1047, 8000, 1143)))
        assert "[0, 0, 4200, 600]" in form.code

        def again(prompt: str, images: Any, **options: Any) -> wannb.ImageRequest:
            return wannb.ImageRequest(prompt=prompt, images=images, **options)

        assert eval(form.code.replace("client.edit(", "again("), {"wannb": wannb, "again": again}) == form.request


def test_a_link_and_a_bad_picture_say_why_there_is_no_preview() -> None:
    link = BoxEditor(as_input("https://example.com/a.png"), boxes=[(0, 0, 70000, 9)])
    assert (link.preview, link.width, link.height) == ("", 0, 0)
    assert "link" in link.note
    assert link.boxes == [[0, 0, 70000, 9]]
    wrong = BoxEditor(as_input(b"not a picture"))
    assert "not a picture" in wrong.note
    gone = BoxEditor(InputImage(name="a.png", sha256="0" * 64, width=600, height=400, problem="nobody has it"))
    assert (gone.preview, gone.width, gone.height, gone.note) == ("", 600, 400, "nobody has it")


@settings(max_examples=25, deadline=None)
@given(
    width=st.integers(400, 1600),
    height=st.integers(400, 1600),
    box=st.tuples(st.floats(0.05, 0.35), st.floats(0.05, 0.35), st.floats(0.6, 0.95), st.floats(0.6, 0.95)),
)
def test_the_still_shows_the_box_where_it_is(width: int, height: int, box: tuple[float, float, float, float]) -> None:
    grey = (120, 130, 140)
    picture = as_input(Image.new("RGB", (width, height), grey))
    x1, y1, x2, y2 = (round(part * span) for part, span in zip(box, (width, height) * 2, strict=True))
    image = opened(boxed(picture.content or b"", (width, height), [(x1, y1, x2, y2)], pixels=720))
    assert max(image.size) == min(720, max(width, height))
    across, down = image.width / width, image.height / height
    left, top, right, bottom = x1 * across, y1 * down, x2 * across, y2 * down
    middle = (left + right) / 2, (top + bottom) / 2

    def bright(x: float, y: float) -> float:
        reach = range(-3, 4)
        near_by = [image.getpixel((round(x) + dx, round(y) + dy)) for dx in reach for dy in reach]
        return max(min(pixel) for pixel in near_by)

    for place in ((left, middle[1]), (right, middle[1]), (middle[0], top), (middle[0], bottom)):
        assert bright(*place) > 225, place
    for place in (middle, (left / 2, middle[1]), (middle[0], top / 2)):
        assert near(image.getpixel((round(place[0]), round(place[1]))), grey, 8), place


def test_a_still_has_its_box_in_every_corner() -> None:
    whole = opened(boxed(photograph(500, 400), (500, 400), [(0, 0, 500, 400), (499, 399, 500, 400)], pixels=720))
    assert min(whole.getpixel((250, 1))) > 200
    assert min(whole.getpixel((498, 200))) > 200
