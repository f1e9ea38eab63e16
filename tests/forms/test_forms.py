"""Forms are views of requests: the same request both ways, the same bytes as the call, a button that never raises."""

from __future__ import annotations

import json
import re
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from conftest import FAST, make_client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import wannb
from wannb import forms, mock
from wannb.client import Client
from wannb.forms.controls import RATIOS
from wannb.forms.form import Form
from wannb.forms.palette import Palette
from wannb.forms.status import Status
from wannb.ledger.store import Store
from wannb.request import set_prompt as scenes
from wannb.request.fields import FIELDS, MAX_SEED
from wannb.request.palette import palette_rules, shares
from wannb.request.sizes import PRESETS, PRO, STANDARD, size_for
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


@pytest.mark.parametrize("kind", [forms.TextToImageForm, forms.EditForm, forms.RegionForm, forms.ImageSetForm])
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
                form.button.click()
                form.worker.join(30)
                assert form.result is not None
                assert len(form.result) == request.n
            else:
                eval(form.code, {"client": client})
            sent.append([json.dumps(entry.json) for entry in server.log if entry.method == "POST"])
    assert sent[0] == sent[1]
    assert len(sent[0]) == 1


# Controls


@pytest.fixture
def form(client: Client) -> forms.TextToImageForm:
    return forms.TextToImageForm(client, prompt="a cat", size="1K")


def shown(form: Form | Status) -> str:
    """Return all text that a form's HTML shows."""
    found = []

    def walk(widget: Any) -> None:
        if getattr(widget, "layout", None) is not None and widget.layout.display == "none":
            return
        if type(widget).__name__ == "HTML":
            found.append(re.sub(r"<style>.*?</style>", "", widget.value, flags=re.S))
        found.append(str(getattr(widget, "description", "")))
        for child in getattr(widget, "children", ()):
            walk(child)

    walk(form.box if isinstance(form, Status) else form)
    return re.sub(r"<[^>]+>", " ", " ".join(found))


def inputs(form: Any) -> list[Any]:
    """Return the widgets that a person can use."""
    if getattr(form, "children", None):
        return [each for child in form.children for each in inputs(child)]
    return [] if type(form).__name__ == "HTML" else [form]


def named(form: Any, name: str) -> Any:
    """Return the widget with this label or tooltip."""
    found = [each for each in inputs(form) if name in (getattr(each, "description", ""), getattr(each, "tooltip", ""))]
    assert found, f"no {name!r} among {[getattr(each, 'description', each) for each in inputs(form)]}"
    return found[0]


@pytest.mark.parametrize("kind", [forms.TextToImageForm, forms.EditForm, forms.RegionForm, forms.ImageSetForm])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_control_has_a_name(kind: type[Form], language: str, server: mock.MockServer, store: Store) -> None:
    client = make_client(server, store)
    client.language = language
    form = kind(client)
    for widget in inputs(form):
        if hasattr(widget, "description"):
            assert widget.description.strip() or widget.tooltip, widget
            assert len(widget.description) > 1 or widget.tooltip, widget.description


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


def test_on_the_live_service_the_button_names_the_price_alone(store: Store) -> None:
    live = Client(wannb.service.endpoint.live(region="beijing"), "sk-live", store)
    form = forms.ImageSetForm(live, prompt="the seasons", n=4)
    assert form.button.description == "Generate up to 4 images · at most ¥2.00"
    assert "live, beijing: every image is billed" in shown(form)
    assert "sk-live" not in repr(form) + str(form._repr_mimebundle_()) + shown(form)


def test_a_new_form_does_not_scold(client: Client) -> None:
    form = forms.TextToImageForm(client)
    assert "say what to make" not in shown(form)
    assert form.button.disabled
    named(form, "Prompt").value = "a"
    named(form, "Prompt").value = ""
    assert "say what to make" in shown(form)


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
    seed.value = "seven"
    assert form.request.seed == "seven"
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
    assert "has only 1 colours" in shown(form)
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


def test_a_picture_that_cannot_be_used_says_so_and_the_button_is_off(client: Client, tmp_path: Path) -> None:
    form = forms.EditForm(client, prompt="x")
    named(form, "Path or link").value = str(tmp_path / "nothing.png")
    named(form, "Add").click()
    assert form.button.disabled
    assert "no file" in shown(form)
    named(form, "Remove: image 1").click()
    assert form.request.images == ()


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


# Filling


def test_options_of_the_constructor_are_those_of_a_request(client: Client) -> None:
    assert forms.TextToImageForm(client, prompt="a", seed=3).request.seed == 3
    with pytest.raises(TypeError, match="did you mean 'size'"):
        forms.TextToImageForm(client, sise="1K")


def test_what_a_form_cannot_show_is_refused_and_leaves_it_as_it_was(
    form: forms.TextToImageForm, pictures: list[str]
) -> None:
    before = form.request
    for wrong, words in (
        (before.replace(images=pictures), "forms.open"),
        (before.replace(n=9), "1 to 4 images"),
        (before.replace(model="wan3"), "the models are"),
        (before.replace(color_palette={"#000000": 100}), "3 to 10 colours"),
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
    form = forms.TextToImageForm(client, prompt="a cat", seed=9)
    form.recall(result, but="seed")
    assert (form.request.seed, form.request.n) == (9, 2)
    form = forms.TextToImageForm(client, prompt="a cat", seed=9)
    form.recall(result, only="prompt")
    assert form.request == wannb.ImageRequest(prompt="a fox", seed=9)
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


# Running


def press(form: Form) -> None:
    form.button.click()
    form.worker.join(30)


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


def test_run_raises_and_the_button_does_not(form: forms.TextToImageForm, server: mock.MockServer) -> None:
    with server.scenario("refused content"):
        with pytest.raises(wannb.errors.ContentRefused):
            form.run()
        assert "Reword the prompt" in shown(form)
        press(form)
    assert form.result is None
    assert "Nothing was billed" in shown(form)
    assert not form.button.disabled
    press(form)
    assert form.result is not None
    assert "Reword the prompt" not in shown(form)
    form.request = form.request.replace(prompt="")
    with pytest.raises(wannb.errors.InvalidRequest):
        form.run()


def test_a_lost_connection_is_said_and_the_form_lives_on(store: Store) -> None:
    server = mock.serve(task_seconds=0.0)
    port = int(server.base_url.rsplit(":", 1)[1].split("/")[0])
    with make_client(server, store) as client:
        form = forms.TextToImageForm(client, prompt="a cat")
        server.close()
        press(form)
        assert "was not reached" in shown(form)
        assert not form.button.disabled
        with mock.serve(port=port, task_seconds=0.0):
            press(form)
            assert form.result is not None


def test_a_connection_lost_while_it_waits_is_said_and_the_images_come_when_it_is_back(store: Store) -> None:
    seen: list[str] = []
    with mock.serve(task_seconds=0.5) as server, make_client(server, store) as client, ExitStack() as away:
        form = forms.TextToImageForm(client, prompt="a cat")
        tell = form.worker._show

        def show(progress: Any) -> None:
            tell(progress)
            first = progress.status and not any("queue" in text or "generating" in text for text in seen)
            seen.append(shown(form))
            if first:
                away.enter_context(server.weather(dropped_before=1.0, seed=1))
            elif "cannot be reached" in seen[-1]:
                away.close()

        form.worker._show = show  # type: ignore[assignment]
        press(form)
        assert any("the service cannot be reached; the task goes on there" in text for text in seen)
        assert form.result is not None
        assert server.billed == 1


def test_waiting_can_be_stopped_and_picked_up_without_a_second_bill(store: Store) -> None:
    with mock.serve(task_seconds=1.0) as server, make_client(server, store) as client:
        form = forms.TextToImageForm(client, prompt="a cat", seed=3)
        reached = threading.Event()
        tell = form.worker._show
        form.worker._show = lambda progress: (tell(progress), progress.status and reached.set())  # type: ignore[func-returns-value,assignment]
        form.button.click()
        assert form.button.disabled
        assert reached.wait(10)
        named(form, "Stop waiting").click()
        assert "It goes on" in shown(form)
        assert not form.button.disabled
        form.worker.join(10)
        assert form.result is None
        assert client.runs()[0].state == "done", "nobody looks, and the images are saved all the same"
        named(form, "Pick up").click()
        assert form.result is not None
        assert server.billed == 1


def test_two_presses_at_the_same_moment_are_one_request(store: Store) -> None:
    with mock.serve(task_seconds=0.3) as server, make_client(server, store) as client:
        form = forms.TextToImageForm(client, prompt="a cat")
        presses = [threading.Thread(target=form.button.click) for _ in range(8)]
        for each in presses:
            each.start()
        for each in presses:
            each.join()
        form.worker.join(20)
        assert server.billed == 1


def test_two_forms_run_at_once(store: Store) -> None:
    with mock.serve(task_seconds=0.6) as server, make_client(server, store) as client:
        pair = [forms.TextToImageForm(client, prompt=text) for text in ("a cat", "a dog")]
        for form in pair:
            form.button.click()
        assert all(form.worker.under_way for form in pair)
        for form in pair:
            form.worker.join(20)
        assert [form.result.request.prompt for form in pair if form.result and form.result.request] == [
            "a cat",
            "a dog",
        ]


def test_progress_says_what_is_usual_once_there_is_a_past(store: Store) -> None:
    with mock.serve(task_seconds=0.3) as server, make_client(server, store) as client:
        form = forms.TextToImageForm(client, prompt="a cat")
        seen: list[Any] = []
        tell = form.worker._show
        form.worker._show = lambda progress: (tell(progress), seen.append((progress.usual, shown(form))))  # type: ignore[func-returns-value,assignment]
        press(form)
        assert not any(usual for usual, _ in seen)
        press(form)
        assert any(usual and 0.2 < usual < 3 for usual, _ in seen)
        assert any("usually about" in text for _, text in seen)


# Standing still


@pytest.mark.parametrize("mode", CASES)
def test_a_form_is_also_a_picture_with_text(mode: str, client: Client, pictures: list[str]) -> None:
    options = {**CASES[mode], "images": pictures[: CASES[mode].get("images", 0)]}
    form = forms.open(client, wannb.ImageRequest(prompt="A <b>fox</b>", seed=7, **{"size": "1K", **options}))
    form.run()
    bundle = form._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == form.model_id
    assert bundle["text/plain"] == repr(form) == f"{type(form).__name__}({mode}, 'A <b>fox</b>', ready)"
    page = bundle["text/html"]
    assert "A &lt;b&gt;fox&lt;/b&gt;" in page
    assert "<script" not in page
    alts = re.findall(r'<img [^>]*alt="([^"]{5,})"', page)
    assert len(alts) == page.count("<img ") == len(form.request.images) + form.request.n
    assert form.model_id not in page, "an id that changes would fail strict nbval"


def test_options_have_controls_in_every_form(client: Client) -> None:
    everywhere = set(FIELDS) - {"images", "bbox_list", "enable_sequential"}
    for kind in (forms.TextToImageForm, forms.EditForm, forms.RegionForm, forms.ImageSetForm):
        assert everywhere <= set(kind(client)._controls)


# History and the Studio


def test_history_searches_shows_and_opens_runs(client: Client) -> None:
    cat = client.generate("a cat", size="1K", seed=1, n=2)
    client.image_set("the four seasons", size="1K", seed=2, n=2)
    history = forms.HistoryForm(client)
    assert "2 of 2 runs" in shown(history)
    assert [run.prompt for run in history.search("CAT")] == ["a cat"]
    assert "1 of 1 runs" in shown(history)
    assert [run.prompt for run in history.search(mode="text to image set")] == ["the four seasons"]
    history.search("")
    named(history, f"Show run {cat.run_id}").click()
    assert history.selected is not None
    assert "2 images" in shown(history)
    named(history, "Copy settings").value = "but seed"
    named(history, "Open as a form").click()
    form = history.form
    assert form.request == cat.request.replace(seed=None)  # type: ignore[union-attr]
    page = history._repr_mimebundle_()["text/html"]
    assert "a cat" in page


def test_a_search_that_finds_the_same_leaves_the_rows_in_place(client: Client) -> None:
    client.generate("a cat", size="1K", seed=1)
    history = forms.HistoryForm(client)
    row = history._list.children[0]
    history.search("cat")
    assert history._list.children[0] is row
    history.search("dog")
    assert not history._list.children


def test_history_opens_a_saved_image_and_says_what_is_none(client: Client, pictures: list[str]) -> None:
    result = client.generate("a cat", size="1K", seed=1)
    history = forms.HistoryForm(client)
    named(history, "Path or link").value = str(result[0].path)
    named(history, "Add").click()
    assert history.form.request == result.request
    named(history, "Path or link").value = pictures[0]
    named(history, "Add").click()
    assert "holds no request" in shown(history)


def test_history_picks_up_a_run_that_a_dead_kernel_left(server: mock.MockServer, store: Store) -> None:
    with make_client(server, store) as gone:
        gone.submit(wannb.ImageRequest(prompt="a cat", seed=4))
    with make_client(server, store) as client:
        history = forms.HistoryForm(client)
        named(history, "Pick up").click()
        history.worker.join(20)
        assert "1 image" in shown(history)
        assert client.runs()[0].state == "done"


def test_the_studio_hands_images_from_tab_to_tab(client: Client) -> None:
    studio = wannb.studio(client)
    assert "demo: nothing is billed" in shown(studio)
    named(studio.text_to_image, "Prompt").value = "a room"
    press(studio.text_to_image)
    assert "$0.075" in studio._heading.value
    named(studio.text_to_image.status.box, "Edit in boxes")
    buttons = [each for each in inputs(studio.text_to_image.status.box) if each.description == "Edit in boxes"]
    buttons[0].click()
    assert studio.form is studio.regions
    assert len(studio.regions.request.images) == 1
    named_tab = studio._tabs.titles.index("History")
    studio._tabs.selected_index = named_tab
    assert studio.form is studio.history
    assert "a room" in shown(studio.history)
    run = client.runs()[0]
    named(studio.history, f"Show run {run.id}").click()
    named(studio.history, "Open as a form").click()
    assert studio.form is studio.text_to_image
    assert studio.text_to_image.request == run.request


def test_the_studio_makes_a_form_when_its_tab_is_opened(client: Client) -> None:
    """A page with hundreds of widgets is slow to come on a small laptop."""
    from ipywidgets.widgets.widget import _instances

    before = len(_instances)
    studio = wannb.studio(client)
    assert len(_instances) - before < 200
    studio._tabs.selected_index = 3
    assert studio.form is studio.image_set
    assert studio._tabs.children[3] is studio.image_set


def test_the_studio_is_one_line_and_takes_what_connect_takes(tmp_path: Path) -> None:
    studio = wannb.studio(mode="mock", store=tmp_path / "runs", language="zh")
    with studio.client as client:
        assert client.language == "zh"
        assert "提示词" in shown(studio)
        with pytest.raises(TypeError, match="the client is connected already"):
            wannb.studio(client, mode="mock")
