"""Forms are views of requests: the same request both ways, the same bytes as the call, every option by its control."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import FAST, make_client
from forms.using import REQUESTS, inputs, named, picture, press, shown
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import wannb
from wannb import forms, mock
from wannb.client import Client
from wannb.forms.controls import RATIOS
from wannb.forms.form import Form
from wannb.forms.palette import Palette
from wannb.forms.upload import Upload
from wannb.request import set_prompt as scenes
from wannb.request.fields import FIELDS, MAX_SEED
from wannb.request.palette import palette_rules, shares
from wannb.request.sizes import PRESETS, PRO, STANDARD, size_for
from wannb.runs.store import Store
from wannb.service.endpoint import mock as mock_service

SLOW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


class Asked(Client):
    """A client that gives back what it was asked instead of asking."""

    def run(self, request: wannb.ImageRequest, **_: Any) -> Any:
        return request


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("pictures")
    for number, (size, color) in enumerate([((640, 480), "teal"), ((300, 900), "gold"), ((1200, 1200), "crimson")]):
        Image.new("RGB", size, color).save(folder / f"{number} ümläut's.png")
    return [str(path) for path in sorted(folder.iterdir())]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Client:
    store = Store(tmp_path_factory.mktemp("store"))
    return Asked(mock_service("http://127.0.0.1:9/api/v1"), "sk-mock", store, pace=FAST)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip)
SEEDS = st.none() | st.integers(0, MAX_SEED)
COLORS = st.lists(st.from_regex(r"#[0-9A-F]{6}", fullmatch=True), min_size=3, max_size=10, unique=True)


@st.composite
def palettes(draw: st.DrawFn) -> dict[str, float]:
    names = draw(COLORS)
    weights = draw(st.lists(st.floats(0.01, 100), min_size=len(names), max_size=len(names)))
    return {name: share / 100 for name, share in zip(names, shares(weights), strict=True)}


@st.composite
def requests(draw: st.DrawFn, pictures: list[str]) -> wannb.ImageRequest:
    """Legal requests of every mode."""
    mode = draw(st.sampled_from(["text", "edit", "boxes", "set"]))
    least = 0 if mode in ("text", "set") else 1
    images = [] if mode == "text" else draw(st.lists(st.sampled_from(pictures), min_size=least, max_size=4))
    model = draw(st.sampled_from([PRO, STANDARD]))
    presets = list(PRESETS) if (mode, model) == ("text", PRO) else ["1K", "2K"]
    preset = draw(st.sampled_from(presets))
    size = draw(st.sampled_from([preset, *(size_for(ratio, preset) for ratio in RATIOS), "1000*700"]))
    options: dict[str, Any] = {"prompt": draw(TEXTS), "images": images, "model": model, "size": size}
    options |= {"seed": draw(SEEDS), "watermark": draw(st.booleans()), "n": draw(st.integers(1, 4))}
    if mode == "text":
        options["thinking_mode"] = draw(st.booleans())
    if mode == "set":
        listed = draw(st.lists(TEXTS, min_size=1, max_size=12))
        style = draw(st.none() | TEXTS)
        made = scenes.prompt(listed, style=style)
        options |= {"prompt": draw(st.sampled_from([made[:5000], options["prompt"]])), "enable_sequential": True}
        options["n"] = draw(st.integers(len(listed), 12))
    else:
        options["color_palette"] = draw(st.none() | palettes())
    if mode == "boxes":
        options["bbox_list"] = [draw(st.lists(st.sampled_from(BOXES), max_size=2)) for _ in images]
    return wannb.ImageRequest(**options)


BOXES = [[0, 0, 300, 480], [10, 20, 11, 21], [100, 100, 250, 460]]


@SLOW
@given(data=st.data())
def test_a_request_goes_into_its_form_and_comes_out_the_same_and_so_does_its_code(
    data: st.DataObject, asked: Client, pictures: list[str]
) -> None:
    request = data.draw(requests(pictures))
    assert not request.problems()
    form = forms.open(asked, request)
    assert form.request == request
    assert form.mode == request.mode
    assert eval(form.code, {"client": asked}) == request


@SLOW
@given(data=st.data())
def test_a_form_that_showed_something_else_before_forgets_it(
    data: st.DataObject, asked: Client, pictures: list[str]
) -> None:
    first = data.draw(requests(pictures))
    form = forms.open(asked, first)
    second = data.draw(requests(pictures).filter(lambda request: request.mode in form.modes))
    form.request = second
    # Read from the controls, not from what was written.
    form._touched()
    assert form.request == second


CHANGES: dict[str, tuple[str, Any, Any]] = {
    "prompt": ("Prompt", "a dog", "a dog"),
    "model": ("Model", STANDARD, STANDARD),
    "size": ("Size", "1280*720", "1280*720"),
    "n": ("Images", 3, 3),
    "seed": ("Seed", "11", 11),
    "thinking_mode": ("Thinking", False, False),
    "watermark": ("Watermark", True, True),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_every_control_says_its_own_option(kind: type[Form], client: Client, pictures: list[str]) -> None:
    form = kind(client, **({} if kind is forms.TextToImageForm else {"images": pictures[:1]}))
    if kind is forms.ImageSetForm:
        named(form, "Describe it").value = "text"
    for name, (label, written, value) in CHANGES.items():
        control = named(form, label)
        if control.disabled:
            assert name == "thinking_mode"
            continue
        control.value = written
        assert getattr(form.request, name) == value, name
    assert set(FIELDS) - {"images", "bbox_list", "enable_sequential"} <= set(form._controls)


def test_only_a_prompt_that_scenes_made_is_taken_apart() -> None:
    made = scenes.prompt(["a cat", "a dog"], style="ink")
    assert scenes.split(made) == ("ink.", ["a cat.", "a dog."])
    for other in (made.replace("2 images", "3 images"), made.replace("Second", "Third"), f"{made} ", "a cat"):
        assert scenes.split(other) is None


CASES: dict[str, dict[str, Any]] = {
    "text to image": {"color_palette": {"#7A1F3D": 40, "#F2C14E": 25, "#FFF4E0": 35}, "n": 2, "thinking_mode": False},
    "image editing": {"images": 1, "size": "1K", "watermark": True},
    "multi-reference generation": {"images": 3, "model": STANDARD},
    "interactive editing": {"images": 2, "bbox_list": [[], [[100, 100, 250, 460]]]},
    "text to image set": {"enable_sequential": True, "n": 3},
    "image to image set": {"enable_sequential": True, "n": 3, "images": 2},
}


@pytest.mark.parametrize("mode", CASES)
def test_the_button_sends_the_same_bytes_as_the_call(mode: str, pictures: list[str], tmp_path: Path) -> None:
    options = {**CASES[mode], "images": pictures[: CASES[mode].get("images", 0)]}
    request = wannb.ImageRequest(prompt="A fox — 狐狸", seed=7, **{"size": "1K", **options})
    assert request.mode == mode
    sent = []
    for name in ("form", "call"):
        with mock.serve(task_seconds=0.0) as server, make_client(server, Store(tmp_path / name)) as client:
            if name == "form":
                form = forms.open(client, request)
                press(form)
                assert len(form.result) == request.n
            else:
                eval(form.code, {"client": client})
            sent.append([json.dumps(entry.json) for entry in server.log if entry.method == "POST"])
    assert sent[0] == sent[1]
    assert len(sent[0]) == 1


# Controls


def test_the_button_names_count_and_price_and_is_off_while_something_is_wrong(form: forms.TextToImageForm) -> None:
    assert form.button.description == "Generate 1 image · demo ($0.075 live)"
    assert not form.button.disabled
    named(form, "Images").value = 3
    named(form, "Model").value = STANDARD
    assert form.button.description == "Generate 3 images · demo ($0.09 live)"
    named(form, "Size").value = "4K"
    assert form.button.disabled
    assert "4K is for text to image on wan2.7-image-pro only" in shown(form)
    assert [problem.field for problem in form.problems] == ["size"]
    named(form, "Model").value = PRO
    assert not form.button.disabled
    named(form, "Prompt").value = "  "
    assert form.button.disabled
    assert "Describe the image first" in shown(form)


def test_presets_and_shapes_write_the_size_and_follow_it(form: forms.TextToImageForm) -> None:
    named(form, "Shape").value = "16:9"
    assert form.request.size == size_for("16:9", "1K")
    named(form, "4K").click()
    assert form.request.size == size_for("16:9", "4K")
    named(form, "Size").value = "1000*1000"
    assert named(form, "Shape").value == "free"
    named(form, "Size").value = "2K"
    assert named(form, "Shape").value == ""
    named(form, "Shape").value = "free"
    assert form.request.size == "2K"


def test_a_preset_that_does_not_apply_is_off_and_says_why(client: Client) -> None:
    form = forms.EditForm(client)
    assert named(form, "4K").disabled
    assert "4K: text to image on wan2.7-image-pro only" in shown(form)
    assert named(form, "Thinking").disabled
    form = forms.TextToImageForm(client)
    assert not named(form, "4K").disabled
    named(form, "Model").value = STANDARD
    assert named(form, "4K").disabled


def test_a_seed_that_is_no_number_is_said_to_be_none(form: forms.TextToImageForm) -> None:
    seed = named(form, "Seed")
    for odd in ("seven", "--5"):
        seed.value = odd
        assert form.request.seed == odd
        assert form.button.disabled
        assert "a whole number from 0 to" in shown(form)
    seed.value = " 7 "
    assert form.request.seed == 7
    named(form, "Clear").click()
    assert form.request.seed is None
    named(form, "Random").click()
    assert isinstance(form.request.seed, int)


@SLOW
@given(data=st.data())
def test_the_shares_of_a_palette_are_always_100_percent(data: st.DataObject, asked: Client) -> None:
    form = forms.TextToImageForm(asked, prompt="a cat")
    named(form, "Use a palette").value = True
    control = form._controls["color_palette"]
    assert isinstance(control, Palette)
    for _ in range(data.draw(st.integers(1, 8))):
        rows = control._rows
        action = data.draw(st.sampled_from(["add", "drop", "even", "share", "share", "share"]))
        row = data.draw(st.sampled_from(rows))
        if action == "add":
            named(form, "Add a color").click()
        elif action == "drop":
            row.remove.click()
        elif action == "even":
            named(form, "Even shares").click()
        else:
            wanted = data.draw(st.floats(0, 100))
            row.share.value = wanted
            most = 100 - 0.01 * (len(rows) - 1)
            assert row.share.value == pytest.approx(min(max(wanted, 0.01), most), abs=0.0051)
        assert not palette_rules(form.request.color_palette or ())
        assert not form.problems


def test_a_palette_is_taken_from_an_image(form: forms.TextToImageForm, pictures: list[str], tmp_path: Path) -> None:
    flag = Image.new("RGB", (900, 300), "#AE1C28")
    flag.paste("#FFFFFF", (300, 0, 600, 300))
    flag.paste("#21468B", (600, 0, 900, 300))
    flag.save(tmp_path / "flag.png")
    named(form, "More options").value = True
    named(form, "Use a palette").value = True
    path = named(form, "Path or link")
    path.value = str(tmp_path / "flag.png")
    named(form, "Add").click()
    taken = {color.hex: color.ratio for color in form.request.color_palette or ()}
    assert set(taken) == {"#AE1C28", "#FFFFFF", "#21468B"}
    assert all(33 < float(ratio[:-1]) < 34 for ratio in taken.values())
    path.value = pictures[0]
    named(form, "Add").click()
    assert "only 1" in shown(form)
    assert len(form.request.color_palette or ()) == 3


def test_input_images_are_reordered_with_their_boxes(client: Client, pictures: list[str]) -> None:
    boxes: list[Any] = [[[1, 2, 30, 40]], [], [[5, 6, 70, 80], [0, 0, 9, 9]]]
    form = forms.RegionForm(client, images=pictures, bbox_list=boxes, prompt="x")
    names = [image.name for image in form.request.images]
    named(form, "Move up: image 3").click()
    assert [image.name for image in form.request.images] == [names[0], names[2], names[1]]
    assert form.request.bbox_list == (((1, 2, 30, 40),), ((5, 6, 70, 80), (0, 0, 9, 9)), ())
    named(form, "Remove: image 1").click()
    assert form.request.bbox_list == (((5, 6, 70, 80), (0, 0, 9, 9)), ())
    assert "image 2" in shown(form)
    assert "the last one: gives the output its shape" in shown(form)


@pytest.mark.parametrize("path", ["nothing.png", "~nobody/x.png", "file://%ff"])
def test_a_picture_that_cannot_be_used_says_so_and_the_button_is_off(path: str, client: Client) -> None:
    form = forms.EditForm(client, prompt="x")
    named(form, "Path or link").value = path
    named(form, "Add").click()
    assert form.request.images[0].problem
    assert form.button.disabled
    assert form._controls["images"]._problems
    named(form, "Remove: image 1").click()
    assert form.request.images == ()


def test_an_uploaded_picture_becomes_an_input(client: Client) -> None:
    form = forms.EditForm(client, prompt="x")
    upload = next(each for each in inputs(form) if isinstance(each, Upload))
    upload._arrived(Path(picture("room.png")))
    assert [image.name for image in form.request.images] == ["room.png"]


def test_scenes_make_the_prompt_and_the_count(client: Client) -> None:
    form = forms.ImageSetForm(client)
    named(form, "Scene 1").value = "a cat in spring"
    named(form, "Scene 2").value = "a cat in summer"
    named(form, "Add a scene").click()
    named(form, "Scene 3").value = "a cat in autumn"
    named(form, "Style").value = "ink"
    assert form.request.n == 3
    assert form.code == ('client.image_set(["a cat in spring.", "a cat in summer.", "a cat in autumn."], style="ink.")')
    assert form.request.prompt in shown(form)
    named(form, "Move up: scene 3").click()
    assert form.request.prompt.index("autumn") < form.request.prompt.index("summer")
    named(form, "Images").value = 2
    assert "3 scenes need n=3" in shown(form)
    assert form.button.disabled
    named(form, "Remove: scene 1").click()
    assert form.request.n == 2
    assert not form.button.disabled


def test_a_shape_that_is_gone_with_the_last_picture_leaves_the_size(client: Client) -> None:
    picture = client.generate("a cat", size="1K", seed=1)
    form = forms.ImageSetForm(client, images=picture)
    named(form, "Shape").value = "1:1"
    named(form, "Remove: image 1").click()
    assert named(form, "Shape").value == "free"
    named(form, "Shape").value = "16:9"
    assert form.request.size == wannb.size_for("16:9")


@pytest.mark.parametrize("boxes", [[[[9, 9, 5, 5]]], [[[0, 0, 99999, 9]]], [[[1, 2, 3, 4]] * 3], [[1, 2, 3, 4]]])
def test_boxes_that_cannot_be_are_refused_whole(boxes: Any, client: Client) -> None:
    form = forms.RegionForm(client, images=client.generate("a cat", size="1K", seed=1), bbox_list=[[[1, 2, 3, 4]]])
    before = form.request
    with pytest.raises(ValueError, match="bbox_list"):
        form.request = before.replace(bbox_list=boxes)
    assert form.request == before


# Filling


def test_what_a_form_cannot_show_is_refused_and_leaves_it_as_it_was(
    form: forms.TextToImageForm, pictures: list[str]
) -> None:
    before = form.request
    for wrong, words in (
        (before.replace(images=pictures), "forms.open"),
        (before.replace(n=9), "1 to 4"),
        (before.replace(model="wan3"), "wan2.7-image"),
        (before.replace(color_palette={"#000000": 100}), "3 to 10"),
    ):
        with pytest.raises(ValueError, match=words):
            form.request = wrong
        assert form.request == before


def test_recall_takes_everything_all_but_the_seed_or_one_option(client: Client) -> None:
    result = client.generate("a fox", size="1K", seed=5, n=2)
    for source in (result, result[1], result[0].path, str(result.path), client.runs()[0], result.request):
        form = forms.TextToImageForm(client, prompt="a cat", seed=9)
        form.recall(source)
        assert form.request == result.request
    for names, expected in (
        ({"but": "seed"}, result.request.replace(seed=9)),
        ({"only": "prompt"}, wannb.ImageRequest(prompt="a fox", seed=9)),
    ):
        form = forms.TextToImageForm(client, prompt="a cat", seed=9)
        form.recall(result, **names)
        assert form.request == expected
    with pytest.raises(TypeError, match="did you mean 'seed'"):
        form.recall(result, but="sede")
    with pytest.raises(wannb.errors.RecallError, match="a dict holds no request"):
        form.recall({})


def test_changes_are_heard_once_each(form: forms.TextToImageForm) -> None:
    heard = []
    form.observe(lambda change: heard.append(change["new"].prompt), "request")
    named(form, "Prompt").value = "a dog"
    form.request = form.request.replace(prompt="a fox", seed=3, n=2)
    assert heard == ["a dog", "a fox"]


def test_an_observer_that_raises_does_not_end_the_form(
    form: forms.TextToImageForm, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(change: Any) -> None:
        raise ValueError("mine")

    form.observe(broken, "result")
    press(form)
    assert "mine" in caplog.text
    assert form.result is not None
    assert not form.button.disabled
    form.unobserve(broken, "result")
    form.observe(broken, "request")
    with pytest.raises(ValueError, match="mine"):
        named(form, "Images").value = 3
    assert form.button.description.startswith("Generate 3 images")


def test_an_observer_may_stop_run_or_correct_the_form(form: forms.TextToImageForm) -> None:
    form.observe(lambda change: form.worker.stop_waiting(), "result")
    press(form)
    form.observe(lambda change: setattr(form, "request", change["new"].replace(n=1)), "request")
    named(form, "Images").value = 3
    assert form.request.n == named(form, "Images").value == 1


# Running


def test_a_run_from_the_form_is_a_result_and_shows_images(form: forms.TextToImageForm) -> None:
    press(form)
    assert isinstance(form.result, wannb.Result)
    assert "1024*1024" in shown(form)
    recall = named(form, "Fill the form with this image's request, its seed too (1)")
    recall.click()
    assert form.request == form.result.request
    assert form.button.description == "Show · free, already generated"
    named(form, "The same request with new seeds: fills the form, sends nothing (1)").click()
    assert form.request.seed is None


def test_run_raises_what_is_wrong_and_sends_nothing(form: forms.TextToImageForm, server: mock.MockServer) -> None:
    form.request = form.request.replace(prompt="")
    with pytest.raises(wannb.errors.InvalidRequest):
        form.run()
    assert not server.log.of("POST")
    assert repr(form) == "TextToImageForm(text to image, '', 1 problem)"


def test_what_the_store_has_is_free_unless_it_is_asked_again(
    form: forms.TextToImageForm, server: mock.MockServer
) -> None:
    named(form, "Seed").value = "5"
    press(form)
    assert form.button.description.startswith("Show ·")
    press(form)
    assert server.billed == 1
    named(form, "Generate and pay again").value = True
    assert form.button.description.startswith("Generate 1 image")
    press(form)
    assert server.billed == 2


def test_a_run_that_was_never_sent_is_not_called_free(form: forms.TextToImageForm, client: Client) -> None:
    named(form, "Seed").value = "5"
    request = form.request
    client.store.create(
        request, request.fingerprint, via="task", service=client.service.name, account=client._ledger.account.mark
    )
    named(form, "Seed").value = "6"
    named(form, "Seed").value = "5"
    assert form.button.description.startswith("Generate 1 image")


def test_what_the_button_called_free_is_never_paid_for(
    form: forms.TextToImageForm, client: Client, server: mock.MockServer
) -> None:
    named(form, "Seed").value = "5"
    press(form)
    assert form.button.description.startswith("Show · free")
    client.runs()[0].folder.rename(client.store.root.parent / "elsewhere")
    press(form)
    assert server.billed == 1
    assert form.button.description.startswith("Generate 1 image")


def test_paying_again_is_asked_for_each_time(form: forms.TextToImageForm, server: mock.MockServer) -> None:
    named(form, "Seed").value = "5"
    press(form)
    again = named(form, "Generate and pay again")
    again.value = True
    named(form, "Seed").value = "6"
    assert not again.value, "what cannot be seen must not act"
    named(form, "Seed").value = "5"
    again.value = True
    with server.scenario("refused content"):
        press(form)
    assert not again.value


def test_images_that_are_gone_leave_the_form_and_its_still_alive(form: forms.TextToImageForm) -> None:
    press(form)
    form.result[0].path.unlink()
    assert "Gone or damaged: " in form._repr_mimebundle_()["text/html"]
    edit = forms.EditForm(form.client, prompt="x")
    dog = form.client.generate("a dog", size="1K", seed=1)
    edit.status.result(dog)
    dog[0].path.unlink()
    named(edit, "Add this image to the input images (1)").click()
    assert "its file is gone or cannot be read" in shown(edit)
    assert "Unexpected error" not in shown(edit)


# Secrets


@pytest.mark.parametrize(
    "secret", ["?auth=s3cr3t", "?jwt=s3cr3t", "?code=s3cr3t", "#token=s3cr3t", "?x=1;token=s3cr3t", ";token=s3cr3t"]
)
def test_the_secret_of_a_link_is_nowhere_in_a_form(secret: str, client: Client) -> None:
    form = forms.EditForm(client, prompt="x", images=f"https://example.com/a.png{secret}")
    page = str(form._repr_mimebundle_()) + shown(form) + form.code + repr(form) + json.dumps(form.request.as_dict())
    assert "s3cr3t" not in page
    assert "# Set image_1 first: https://example.com/a.png?..." in form.code


def test_pictures_without_a_file_are_named_in_the_code(client: Client) -> None:
    form = forms.EditForm(client, prompt="x", images=Image.new("RGB", (300, 300)))
    assert form.code.startswith("# Set image_1 first: ")
    assert form.code.endswith('client.edit("x", image_1)')
