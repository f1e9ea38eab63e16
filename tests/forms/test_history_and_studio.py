"""The history searches, shows, picks up and opens runs; the Studio hands them and images from tab to tab."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest
from conftest import make_client
from forms.using import SMALL, named, picture, press, shown
from PIL import Image

import wannb
from wannb import forms, mock
from wannb.client import Client
from wannb.display import preview, remember
from wannb.display.shown import key_of
from wannb.errors import ConnectionFailed, ContentRefused
from wannb.request import as_input
from wannb.runs.store import Store


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


def rows(history: forms.HistoryForm) -> dict[str, str]:
    """Return what each row says between its prompt and its button, by the last word of the prompt."""
    return dict(re.findall(r"(\w+)\s+(20\d\d-.*?)\s+Show", shown(history), re.S))


def test_rows_of_one_study_can_be_told_apart(client: Client) -> None:
    beginning = "a small wooden boat with a red sail, seen from the harbour wall " * 5
    for word, seed, model in (("dawn", 3, "wan2.7-image"), ("noon", 4, "wan2.7-image-pro")):
        client.generate(f"{beginning} by {word}", size=SMALL, seed=seed, model=model)
    client.generate(f"{beginning} by night", size="1024*768", seed=4, watermark=True)
    told = {word: row.partition(" · ")[2] for word, row in rows(forms.HistoryForm(client)).items()}
    assert told == {
        "dawn": "text to image · wan2.7-image · 768*768 · seed 3 · done · 1 image · demo ($0.03 live)",
        "noon": "text to image · wan2.7-image-pro · 768*768 · seed 4 · done · 1 image · demo ($0.075 live)",
        "night": "text to image · wan2.7-image-pro · 1024*768 · seed 4 · Watermark · done · 1 image · demo ($0.075 "
        "live)",
    }


def test_a_row_shows_the_first_input_images_and_leaves_out_those_that_are_gone(client: Client) -> None:
    six = [picture(f"input-{n}.png", (300 + n, 300)) for n in range(6)]
    edited, again = client.edit("merge them", six, size=SMALL, seed=1), client.edit("merge it", six[0], size=SMALL)

    def row() -> str:
        return next(
            text for each in forms.HistoryForm(client)._list.children if "them" in (text := each.children[2].value)
        )

    inputs = row().partition("wannb-inputs")[2]
    assert re.findall('alt="(.*?)"', inputs) == [f"image {n + 1}: input-{n}.png" for n in range(4)]
    assert "+2<" in inputs
    assert all(len(source) < 4000 for source in re.findall('src="(.*?)"', inputs)), "thumbnails"
    previews = [path for result in (edited, again) for path in (result.path / "inputs").glob(".preview*")]
    assert not previews, "one preview serves all runs of a picture"
    for folder in (edited.path / "inputs", client.store.root / ".inputs"):
        for path in folder.iterdir():
            path.unlink()
    assert "wannb-inputs" not in row()


def test_history_is_searched_by_words_options_and_days(client: Client, server: mock.MockServer) -> None:
    client.generate("A red fox in the snow", size=SMALL, seed=3)
    client.generate("Snow on a roof", size="1K", seed=33, model="wan2.7-image")
    with server.scenario("refused content"), pytest.raises(ContentRefused):
        client.generate("Snow and foxes", size=SMALL, seed=4)
    today, history = client.runs()[0].created[:10], forms.HistoryForm(client)
    for search, seeds in (
        ("snow fox", [4, 3]),
        ("FOX red", [3]),
        ("seed:3", [3]),
        ("seed:33 snow", [33]),
        ("model:pro", [4, 3]),
        ("size:1k", [33]),
        ("failed", [4]),
        (f"{today} roof", [33]),
        ("2020-01-01", []),
        ("fox seed:33", []),
    ):
        assert [run.request.seed for run in history.search(search) if run.request] == seeds, search
    assert "Nothing found for fox seed:33." in shown(history)
    history.search("")
    assert "3 of 3 runs" in shown(history)


def test_chosen_runs_are_compared_judged_and_made_a_storyboard(client: Client, server: mock.MockServer) -> None:
    cat, dog = (client.generate(f"a {each} at the door", size=SMALL, seed=1) for each in ("cat", "dog"))
    two = client.generate("two foxes", size=SMALL, seed=1, n=2)
    with server.scenario("refused content"), pytest.raises(ContentRefused):
        client.generate("a bad dog", size=SMALL, seed=4)
    history, billed = forms.HistoryForm(client), server.billed
    assert "Judge" not in shown(history)

    def choose(*run_ids: str) -> None:
        if "chosen" in shown(history):
            named(history, "Choose none").click()
        for run_id in run_ids:
            named(history, f"Choose run {run_id}").value = True

    choose(dog.run_id, cat.run_id)
    assert "2 runs chosen" in shown(history)
    history.search("dog")
    assert named(history, f"Choose run {dog.run_id}").value, "a search forgets no choice"
    named(history, "Lay the pictures of two runs over each other").click()
    assert "of the pixels changed" in shown(history)
    named(history, "Show all pictures side by side").click()
    assert "of the pixels changed" not in shown(history)
    assert "2 images" in shown(history)
    named(history, "Judge the pictures blind, two at a time").click()
    [judging] = [each for each in history.together.shown.children if hasattr(each, "press")]
    judging.press("1")
    assert {each["label"] for each in judging.record.sheet.header["contestants"]} == {"a dog", "a cat"}
    named(history, "Make a storyboard with these pictures as its frames").click()
    board = history.form.board  # type: ignore[union-attr]
    assert [scene.text for scene in board.scenes] == ["a dog at the door", "a cat at the door"]
    assert [Image.open(frame.path).tobytes() for frame in board.frames] == [
        each[0].open().tobytes() for each in (dog, cat)
    ]
    refused = next(run.id for run in client.runs() if run.state == "failed")
    history.search("")
    for run_ids, name, said in (
        ([cat.run_id], "Lay the pictures of two runs over each other", "This takes two runs; now 1 run chosen."),
        ([cat.run_id], "Judge the pictures blind, two at a time", "This takes two runs or more; now 1 run chosen."),
        ([cat.run_id, two.run_id], "Judge the pictures blind, two at a time", "different numbers of pictures"),
        ([refused, cat.run_id], "Show all pictures side by side", f"Run {refused} has no images; choose another one."),
    ):
        choose(*run_ids)
        named(history, name).click()
        assert said in shown(history)
    assert server.billed == billed
    studio = wannb.studio(client)
    named(studio.history, f"Choose run {cat.run_id}").value = True
    named(studio.history, "Make a storyboard with these pictures as its frames").click()
    assert studio.form is studio.storyboard
    assert studio.storyboard.board is not None
    assert studio.storyboard.board.name == "storyboard 2"


def test_history_says_what_was_refused(client: Client, server: mock.MockServer) -> None:
    with server.scenario("partly refused"):
        client.generate("a cat", size=SMALL, seed=1, n=3)
    with server.scenario("refused content"), pytest.raises(ContentRefused):
        client.generate("a dog", size=SMALL, seed=1)
    history = forms.HistoryForm(client)
    partly, failed = rows(history)["cat"], rows(history)["dog"]
    assert re.search(
        r"done · 2 of 3 images · demo \(\$0\.15 live\)\s+2 of 3 images came back; .* refused: "
        r"DataInspectionFailed: Output data",
        partly,
    )
    assert re.search(r"seed 1 · failed\s+DataInspectionFailed: Output data may contain", failed)
    [run] = client.runs("dog")
    named(history, f"Show run {run.id}").click()
    assert "This run is failed and has no images." in shown(history.status)
    assert "DataInspectionFailed" in shown(history.status)
    client.language = "zh"
    assert "3 张中的 2 张" in shown(forms.HistoryForm(client))


def test_history_opens_a_saved_image_and_says_what_is_none(client: Client) -> None:
    result = client.generate("a cat", size="1K", seed=1)
    history = forms.HistoryForm(client)
    named(history, "Path or link").value = str(result[0].path)
    named(history, "Add").click()
    assert history.form.request == result.request
    named(history, "Path or link").value = picture()
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


def test_a_run_of_another_account_is_left_to_it(client: Client, store: Store) -> None:
    request = wannb.ImageRequest(prompt="theirs", seed=1)
    run = store.create(request, request.fingerprint, via="task", service="example.com", account="0" * 8)
    run.advance("sending")
    run.advance("running", task_id="t-1")
    history = forms.HistoryForm(client)
    named(history, f"Show run {run.id}").click()
    assert "belongs to example.com" in shown(history)
    assert store.get(run.id).state == "running"


def test_the_history_shows_the_run_that_was_chosen_last(client: Client, server: mock.MockServer) -> None:
    done = client.generate("a tower", size="1K", seed=1)
    server.app.task_seconds = 0.8
    task = client.submit(wannb.ImageRequest(prompt="a river", size="1K", seed=2))
    history = forms.HistoryForm(client)
    named(history, f"Show run {task.run_id}").click()
    job = history.worker._work
    named(history, f"Show run {done.run_id}").click()
    job.thread.join(20)
    assert job.progress.phase == "done"
    assert "a tower" in shown(history.status)
    assert "a river" not in shown(history.status)


def test_one_bad_folder_harms_nobody(client: Client) -> None:
    for seed in range(6):
        client.generate("a cat", size="1K", seed=seed)
    runs = client.runs()
    (runs[0].folder / "image-1.png").write_bytes(b"no picture")
    for run, name, value in (
        (runs[1], "request", "text"),
        (runs[2], "images", [{"width": 1}]),
        (runs[3], "usage", []),
        (runs[4], "times", {"submit_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01 00:00:09"}),
    ):
        journal = run.folder / "run.jsonl"
        record = json.loads(journal.read_text(encoding="utf-8").splitlines()[-1])
        journal.write_text(json.dumps({**record, name: value}) + "\n", encoding="utf-8")
    studio = wannb.studio(client)
    assert studio.history.runs
    named(studio.text_to_image, "Prompt").value = "a cat"
    press(studio.text_to_image)
    assert studio.text_to_image.result is not None
    assert studio.edit.request.images == ()
    named(studio.history, f"Show run {runs[0].id}").click()
    assert "⚠" in shown(studio.history)  # in the damaged image's place


def test_a_form_is_made_once_though_a_cell_and_the_page_ask_for_it_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio, made, asked = wannb.studio(client), [], threading.Event()

    def slowly(form: forms.RegionForm, *args: object, **options: object) -> None:
        made.append(form)
        asked.wait(0.5)  # for the other thread, which has to wait itself
        forms.EditForm.__init__(form, *args, **options)

    monkeypatch.setattr(forms.RegionForm, "__init__", slowly)
    cell = threading.Thread(target=lambda: made.append(studio.regions))
    page = threading.Thread(target=lambda: (made.append(studio.regions), asked.set()))
    for thread in (cell, page):
        thread.start()
    for thread in (cell, page):
        thread.join()
    assert made == [studio.regions] * 3


def test_the_studio_hands_images_from_tab_to_tab(client: Client) -> None:
    studio = wannb.studio(client)
    assert "demo: nothing is billed" in shown(studio)
    named(studio.text_to_image, "Prompt").value = "a room"
    press(studio.text_to_image)
    assert "$0.075" in studio._heading.value
    named(studio.text_to_image.status.box, "Edit in boxes").click()
    assert studio.form is studio.regions
    assert len(studio.regions.request.images) == 1
    studio._tabs.selected_index = studio._tabs.titles.index("History")
    assert studio.form is studio.history
    assert "a room" in shown(studio.history)
    run = client.runs()[0]
    named(studio.history, f"Show run {run.id}").click()
    named(studio.history, "Open as a form").click()
    assert studio.form is studio.text_to_image
    assert studio.text_to_image.request == run.request
    named(studio.history.status.box, "Edit").click()
    assert studio.form is studio.edit
    assert [image.sha256 for image in studio.edit.request.images] == [run.result()[0].as_input().sha256]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_form_is_called_as_its_tab_and_says_the_mode_of_the_service_beside_it(language: str, client: Client) -> None:
    client.language = language
    studio = wannb.studio(client)
    for at, title in enumerate(studio._tabs.titles):
        studio._tabs.selected_index = at
        assert f"<h3>{title}</h3>" in studio.form._heading.value
    mode = {"en": "interactive editing", "zh": "交互式编辑"}[language]
    assert mode in studio.regions._heading.value
    assert studio.text_to_image._heading.value.count("span") == 2, "its badge alone: the mode is called as the form"


def test_the_studio_makes_a_form_when_its_tab_is_opened(client: Client) -> None:
    """A page with hundreds of widgets is slow to come on a small laptop."""
    from ipywidgets.widgets.widget import _instances

    before = len(_instances)
    studio = wannb.studio(client)
    assert len(_instances) - before < 200
    studio._tabs.selected_index = 3
    assert studio.form is studio.image_set
    assert studio._tabs.children[3].children == (studio.image_set,)


def test_the_page_asks_for_one_form_after_the_other(client: Client) -> None:
    studio = wannb.studio(client)
    ahead = studio.children[-1]
    sent: list[dict[str, bool]] = []
    ahead.send = sent.append
    for number in range(1, 7):
        assert len(studio._made) == number
        ahead._handle_custom_msg({"next": True}, [])
    assert sent == [{"more": True}] * 5 + [{"more": False}]
    assert [type(tab.children[0]) for tab in studio._tabs.children] == list(studio._made)
    assert studio.form is studio.text_to_image, "the tab that is open stays open"
    ahead._handle_custom_msg({"next": True}, [])
    assert sent[-1] == {"more": False}


def test_a_picture_of_the_viewer_becomes_an_input_of_a_form(client: Client) -> None:
    image = client.generate("a cat", size=SMALL)[0]
    board = wannb.Storyboard(client, ["a dog"], size=SMALL).run()
    studio = wannb.studio(client)
    access = studio._access
    assert access.takers == [{"kind": "EditForm", "text": "Edit"}, {"kind": "RegionForm", "text": "Edit in boxes"}]
    seen = {}
    for path in (image.path, board.frames[0].path):
        jpeg = preview(path, 64)
        remember(jpeg, path)
        seen[path] = key_of(jpeg)
    access._handle_custom_msg({"key": seen[image.path], "taker": "EditForm"}, [])
    assert studio.form is studio.edit
    access._handle_custom_msg({"key": seen[board.frames[0].path], "taker": "RegionForm"}, [])
    assert studio.form is studio.regions
    found = [[each.sha256 for each in form.request.images] for form in (studio.edit, studio.regions)]
    assert found == [[as_input(image.path).sha256], [as_input(board.frames[0].path).sha256]]
    for wrong in ({"key": "?", "taker": "EditForm"}, {"key": seen[image.path], "taker": "History"}, None, {}):
        access._handle_custom_msg(wrong, [])
    assert len(studio.edit.request.images) == 1


def test_the_studio_is_one_line_and_takes_what_connect_takes(tmp_path: Path) -> None:
    studio = wannb.studio(mode="mock", store=tmp_path / "runs", language="zh")
    with studio.client as client:
        assert client.language == "zh"
        assert "提示词" in shown(studio)
        with pytest.raises(TypeError, match="the client is connected already"):
            wannb.studio(client, mode="mock")


@pytest.mark.parametrize(("title", "name"), [("Compare", "compare"), ("Storyboard", "storyboard")])
def test_the_studio_counts_what_a_comparison_and_a_board_cost(title: str, name: str, client: Client) -> None:
    studio = wannb.studio(client)
    studio._tabs.selected_index = studio._tabs.titles.index(title)
    form = getattr(studio, name)
    assert studio.form is form
    form._fill({"prompt": ["x"], "size": SMALL} if name == "compare" else {"scenes": ["x"], "size": SMALL})
    form.run()
    assert "$0.075" in studio._heading.value


def test_what_a_reload_cut_off_and_an_uploaded_name_are_said_to_people_who_do_not_program(
    client: Client, server: mock.MockServer, tmp_path: Path
) -> None:
    left = wannb.connect("mock", base_url=server.base_url, store=client.store.root)
    left.close()
    with pytest.raises(ConnectionFailed):
        left.generate("a fox", size="1K")
    form = forms.HistoryForm(client)
    [row] = form._list.children
    assert "the page was left or loaded again before this was sent" in row.children[2].value
    assert "connect()" not in row.children[2].value
    Image.new("RGB", (300, 300)).save(tmp_path / "0a1b2c3d4e5f-cat.png")
    edit = forms.EditForm(client, prompt="softer")
    edit._references._picker._picked(str(tmp_path / "0a1b2c3d4e5f-cat.png"))
    assert edit.request.images[0].name == "cat.png", "without the hash of its place"
