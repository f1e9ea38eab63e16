"""What is in the Studio's forms is kept beside the runs, for a reload, another window, a dead kernel and tomorrow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from forms.using import SMALL, named, picture, press, shown

from wannb import Storyboard, forms, mock
from wannb.client import Client
from wannb.forms import drafts
from wannb.forms.controls import _receive
from wannb.masking import Secret
from wannb.request import ImageRequest
from wannb.runs.store import Store


def file_of(client: Client, name: str) -> Path:
    return client.store.root / "drafts" / f"{name}.json"


def kept(form: Any) -> Any:
    """Write the draft of a form now, and return what its file holds, None without one."""
    form.kept.draft.write()
    file: Path = form.kept.draft._file
    return json.loads(file.read_text()) if file.exists() else None


def fill_all(studio: forms.Studio) -> None:
    """Write something into every form, what no request can have too."""
    studio.text_to_image.request = ImageRequest(
        prompt="a fox", n=3, watermark=True, color_palette={"#102030": 50, "#405060": 30, "#708090": 20}
    )
    named(studio.text_to_image, "Seed").value = "seven"
    studio.edit.request = ImageRequest(prompt="as a watercolor", images=[picture(), picture("b.png", (300, 400))])
    studio.regions.request = ImageRequest(prompt="a clock", images=picture(), bbox_list=[[[1, 2, 300, 480]]])
    scenes = studio.image_set._controls["prompt"]
    scenes._rows.add.click()
    named(studio.image_set, "Scene 3").value = "it goes home"
    named(studio.image_set, "Style").value = "ink"
    studio.compare._controls["prompt"]._rows.entries[0].inputs[0].value = "a cat"
    named(studio.compare, "Seeds").value = "1, 2, oops"
    named(studio.compare, "Budget").value = "two"
    named(studio.compare, "Other sizes").value = "1280*"
    named(studio.storyboard, "Scene 1").value = "a fox wakes up"
    named(studio.storyboard, "Notes").value = "yawning"
    named(studio.storyboard, "Name").value = "Fox: in / snow"


def all_drafts(studio: forms.Studio) -> list[dict[str, Any]]:
    kinds = (studio.text_to_image, studio.edit, studio.regions, studio.image_set, studio.compare, studio.storyboard)
    return [form.draft() for form in kinds]


def test_a_new_studio_shows_what_was_in_every_form(client: Client) -> None:
    first = forms.Studio(client)
    blank = all_drafts(first)
    fill_all(first)
    wanted = all_drafts(first)
    first.close()
    second = forms.Studio(client)
    assert all_drafts(second) == wanted
    assert second.edit.request.images == first.edit.request.images
    assert [image.problem for image in second.edit.request.images] == [None, None]
    for form in (second.text_to_image, second.image_set, second.storyboard):
        assert "Restored: what was written here at" in shown(form)
        named(form, "Start anew").click()
    for form in (second.edit, second.regions, second.compare):
        named(form, "Start anew").click()
    assert all_drafts(second) == blank
    assert kept(second.edit) is None, "a form that is as new has no draft"
    assert "describe the image" not in shown(second.text_to_image), "nothing is wrong with what is not begun"
    for form in (second.text_to_image, second.edit, second.regions, second.image_set, second.compare):
        named(form, "Undo").click()
    named(second.storyboard.kept.box, "Undo").click()
    assert all_drafts(second) == wanted
    assert shown(forms.TextToImageForm(client, prompt="x")).count("Restored") == 0
    assert forms.TextToImageForm(client).request.prompt == "", "a form in a cell shows what its arguments say"


def test_a_comparison_comes_back_with_its_title_labels_and_layout(client: Client) -> None:
    first = forms.Studio(client).compare
    first._fill(
        {"prompt": ["a cat", "a dog"], "images": [picture("a.png"), picture("b.png", (300, 400))], "size": "1K"}
    )
    first.run()
    for name, value in (("Title and labels", True), ("Title", "Pets"), ("a dog", "Dog"), ("b.png", "B")):
        named(first.grid.box, name).value = value
    named(first.grid.box, "Columns").value = "prompt"
    wanted, page = first.draft(), first.grid.html()
    assert ">Pets<" in page
    first.close()
    again = forms.Studio(client).compare
    assert again.draft() == wanted, "also before the grid is shown"
    again.run()
    assert again.grid.html() == page
    assert again.draft() == wanted
    named(again, "Start anew").click()
    assert again.draft()["grid"] == {"axes": {}, "title": "", "labels": {}}


def test_a_draft_is_written_by_itself_and_its_thread_ends(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = forms.Studio(client)
    named(studio.text_to_image, "Prompt").value = "a cat"
    assert studio._eye.unkept
    timer = studio.text_to_image.kept.draft._timer
    named(studio.text_to_image, "Prompt").value = "a cat at noon"
    timer.join(30)
    assert json.loads(file_of(client, "texttoimage").read_text())["fields"]["prompt"] == "a cat at noon"
    assert not studio._eye.unkept
    assert oct(file_of(client, "texttoimage").stat().st_mode)[-3:] == "600"
    assert not list(file_of(client, "x").parent.glob(".*"))


def test_no_key_no_signed_link_and_no_path_of_this_machine_is_written(client: Client) -> None:
    used = Secret("my very own key 1")
    key, signature = "sk-" + "0123456789abcdef" * 2, "aB3xyz" + "0123456" * 2
    signed = f"https://host.test/a.png?Signature={signature}&Expires=17"
    studio = forms.Studio(client)
    studio.edit.request = ImageRequest(
        prompt=f"{key} or {used!s}, see {signed}", images=[signed, picture("secret name.png")]
    )
    kept(studio.edit)
    written = file_of(client, "edit").read_text()
    for secret in (key, str(used), signature, str(Path.cwd())):
        assert secret not in written
    assert "a.png" in written
    assert [image.problem is None for image in forms.Studio(client).edit.request.images] == [False, True]


def test_a_new_studio_opens_where_the_last_one_was_left(client: Client) -> None:
    studio = forms.Studio(client)
    studio._tabs.selected_index = 5
    studio._place.write()
    again = forms.Studio(client)
    assert isinstance(again.form, forms.StoryboardForm)
    assert again._eye.unkept is False
    again._tabs.selected_index = 0
    again._place.write()
    assert not file_of(client, "studio").exists(), "the first tab is where a new one begins"
    file_of(client, "studio").write_text('{"wannb_draft": 1, "written": 1, "writer": "x", "fields": {"tab": ["no"]}}')
    assert isinstance(forms.Studio(client).form, forms.TextToImageForm)


def test_each_window_goes_back_to_its_own_tab_and_board(client: Client) -> None:
    for name in ("fox", "hare"):
        Storyboard(client, ["one"], name=name)

    def window(tab: int, board: str) -> dict[str, Any]:
        studio = forms.Studio(client)
        studio._tabs.selected_index = tab
        studio.storyboard.go_on_with(board) if board else studio.storyboard.leave()
        studio._place.write()
        kept(studio.storyboard)
        studio.close()
        return studio._eye.place

    ours, new, theirs = window(0, "fox"), window(1, ""), window(2, "hare")
    assert ours == {"tab": "TextToImageForm", "board": "fox"}
    written = file_of(client, "storyboard").read_text()
    for made_before in (True, False):
        for place in (ours, new):
            again = forms.Studio(client)
            if made_before:
                assert again.storyboard.board.name == "hare", "a new window shows what was shown last"
            _receive(again._eye, {"place": place}, [])
            assert again._where() == {"tab": place["tab"]}
            assert again.storyboard.draft()["board"] == place["board"]
            assert again._eye.place == place
            assert again.storyboard.kept.draft.kept
    assert file_of(client, "storyboard").read_text() == written, "what a window shows is no change of the draft"
    for odd in ({"place": {"tab": ["x"], "board": 3}}, {"place": {"board": "gone"}}, {"place": None}, None):
        _receive(again._eye, odd, [])
    assert again._eye.place == new
    _receive(again._eye, {"place": theirs}, [])
    assert again.storyboard.board.name == "hare"


def test_a_picture_is_kept_once_and_those_of_the_folder_stay_where_they_are(client: Client) -> None:
    own = client.generate("a cat", size=SMALL, seed=1)[0]
    uploads = client.store.root / ".uploads"
    uploads.mkdir()
    Path(picture()).rename(uploads / "abc-room.png")
    small = Path(picture("small.png", (100, 100))).rename(uploads / "small.png")
    studio = forms.Studio(client)
    images = [own, str(uploads / "abc-room.png"), str(small), picture("else.png", (400, 300))]
    studio.edit.request = ImageRequest(prompt="x", images=images)
    places = [image.get("in") for image in kept(studio.edit)["fields"]["images"]["images"]]
    assert places == [f"{own.path.parent.name}/image-1.png", ".uploads/abc-room.png", ".uploads/small.png", None]
    named(studio.edit, "Prompt").value = "y"
    kept(studio.edit)
    assert len(list((client.store.root / ".inputs").iterdir())) == 1
    again = forms.Studio(client).edit.request.images
    assert [image.problem is None for image in again] == [True, True, False, True]
    assert again[2].make_fit, "one that is too small can be made to fit, as before"
    assert again == studio.edit.request.images


def test_what_was_sent_comes_back_as_sent(client: Client) -> None:
    studio = forms.Studio(client)
    studio.text_to_image.request = ImageRequest(prompt="a cat", size=SMALL)
    press(studio.text_to_image)
    assert kept(studio.text_to_image)["sent"] is True
    second = forms.Studio(client)
    assert "Restored: the request that was sent at" in shown(second.text_to_image)
    named(second.text_to_image, "Prompt").value = "a dog"
    assert kept(second.text_to_image)["sent"] is False
    assert "not sent yet" in shown(forms.Studio(client).text_to_image)


def test_two_windows_never_mix_and_each_can_take_what_the_other_wrote(client: Client) -> None:
    one, other = forms.Studio(client), forms.Studio(client)
    named(one.text_to_image, "Prompt").value = "from one"
    kept(one.text_to_image)
    other._looked([])
    assert "Another window changed this form at" in shown(other.text_to_image)
    named(other.text_to_image, "Show it").click()
    assert other.text_to_image.request.prompt == "from one"
    named(other.text_to_image, "Undo").click()
    assert other.text_to_image.request.prompt == ""
    # Both write without a look at the other: the last one stands, and what it wrote over is offered.
    named(other.text_to_image, "Prompt").value = "from the other"
    kept(other.text_to_image)
    named(one.text_to_image, "Prompt").value = "from one, longer"
    assert kept(one.text_to_image)["fields"]["prompt"] == "from one, longer"
    named(one.text_to_image, "Show it").click()
    assert one.text_to_image.request.prompt == "from the other"
    named(one.text_to_image, "Undo").click()
    assert one.text_to_image.request.prompt == "from one, longer"


WRITER = """
import sys
from wannb.forms import drafts
from wannb.runs import Store
text = ["x"]
draft = drafts.Draft(Store(sys.argv[1]), "edit", lambda: {"prompt": text[0]})
print("ready", flush=True)
while True:
    text[0] = sys.argv[2] * 50_000 if text[0] == "x" or len(text[0]) < 9 else sys.argv[2]
    draft.write()
"""


@pytest.mark.skipif(os.name == "nt", reason="kills by a POSIX signal")
def test_a_kill_while_writing_and_two_writers_leave_a_whole_draft(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    argv = [sys.executable, "-c", WRITER, str(root)]
    writers = [subprocess.Popen([*argv, letter], stdout=subprocess.PIPE, text=True) for letter in "ab"]
    try:
        for each in writers:
            assert each.stdout
            assert each.stdout.readline() == "ready\n"
        seen = set()
        while len(seen) < 4:
            found = drafts.Draft(Store(root), "edit", dict).found
            seen.add(found.fields["prompt"][:1] + str(len(found.fields["prompt"])) if found else "none yet")
            seen.discard("none yet")
    finally:
        for each in writers:
            each.send_signal(signal.SIGKILL)
            each.wait(30)
            assert each.stdout
            each.stdout.close()
    assert seen == {"a1", "a50000", "b1", "b50000"}
    assert drafts.Draft(Store(root), "edit", dict).found


def test_what_waits_is_written_when_the_kernel_ends(tmp_path: Path) -> None:
    code = (
        "import sys, wannb; studio = wannb.studio(wannb.connect(mode='mock', store=sys.argv[1]));"
        "studio.text_to_image._controls['prompt']._widget.value = 'a cat'"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "runs")], check=True, timeout=120)
    assert json.loads((tmp_path / "runs/drafts/texttoimage.json").read_text())["fields"]["prompt"] == "a cat"


def test_a_folder_that_is_only_read_keeps_nothing_and_the_page_knows(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(drafts, "write", refuse)
    studio = forms.Studio(client)
    named(studio.text_to_image, "Prompt").value = "a cat"
    assert kept(studio.text_to_image) is None
    assert studio._eye.unkept
    assert "denied" not in shown(studio)
    named(studio.text_to_image, "Prompt").value = ""
    kept(studio.text_to_image)
    assert not studio._eye.unkept, "nothing would be lost"


STRANGE = {
    "no JSON": "{",
    "no object": "[]",
    "deep": "[" * 500 + "]" * 500,
    "another version": '{"wannb_draft": 2, "fields": {}}',
    "large": '{"wannb_draft": 1, "written": 1, "writer": "x", "fields": {"prompt": "' + "x" * drafts.MOST + '"}}',
    "wrong types": '{"wannb_draft": 1, "written": 1, "writer": "x", "fields": {"prompt": 5, "images": 3, "n": "x"}}',
    "infinite": '{"wannb_draft": 1, "written": 1e999, "writer": "x", "fields": {"prompt": "x"}}',
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_a_strange_draft_is_as_none(client: Client, content: str) -> None:
    file_of(client, "x").parent.mkdir(parents=True)
    for name in ("texttoimage", "edit", "storyboard"):
        file_of(client, name).write_text(content)
    studio = forms.Studio(client)
    for form in (studio.text_to_image, studio.edit, studio.storyboard):
        assert "Restored" not in shown(form)
    assert studio.text_to_image.request == studio.edit.request.replace(images=()) == ImageRequest()


def test_a_strangers_draft_opens_no_file_of_this_machine(client: Client, tmp_path: Path) -> None:
    secret, folder = Path(picture("private.png")), client.store.root
    content = {"wannb_draft": 1, "written": 1, "writer": "x"}
    images = [{"name": "a", "sha256": None, "in": place} for place in (str(secret), f"../{secret.name}")]
    (folder / "20261122-130157-3fa9c1d2b7e0").mkdir(parents=True)
    (folder / "20261122-130157-3fa9c1d2b7e0/image-1.png").symlink_to(secret)
    (folder / ".uploads").symlink_to(secret.parent)
    for place in ("20261122-130157-3fa9c1d2b7e0/image-1.png", f".uploads/{secret.name}"):
        images.append({"name": "a", "sha256": None, "in": place})
    file_of(client, "x").parent.mkdir()
    fields = {"images": {"images": images, "boxes": []}, "prompt": "x"}
    file_of(client, "edit").write_text(json.dumps({**content, "fields": fields}))
    form = forms.Studio(client).edit
    assert form.request.prompt == "x"
    assert [image.content for image in form.request.images] == [None] * 4

    file_of(client, "edit").rename(tmp_path / "elsewhere.json")
    file_of(client, "edit").symlink_to(tmp_path / "elsewhere.json")
    assert forms.Studio(client).edit.request.prompt == ""
    file_of(client, "edit").unlink()
    file_of(client, "x").parent.rmdir()
    (tmp_path / "outside").mkdir()
    file_of(client, "x").parent.symlink_to(tmp_path / "outside")
    studio = forms.Studio(client)
    named(studio.text_to_image, "Prompt").value = "a cat"
    kept(studio.text_to_image)
    drafts.not_seen(client.store, "20261122-130157-3fa9c1d2b7e0", "edit")
    assert not list((tmp_path / "outside").iterdir()), "nothing is written through a link"
    assert not drafts.unseen(client.store)


def test_a_run_that_ended_while_nobody_looked_is_shown(client: Client, tmp_path: Path) -> None:
    studio = forms.Studio(client)
    studio.edit.request = ImageRequest(prompt="a cat", images=picture(), size="1K")
    studio._tabs.selected_index = 1
    press(studio.edit)
    run = studio.edit.result.run_id
    assert list(drafts.unseen(client.store)) == [run]
    assert studio._eye.shown == [run]
    assert "finished while you were away" not in studio._heading.value
    # The kernel dies before the page has said that somebody looks at it.
    second = forms.Studio(client)
    assert "1 finished while you were away: see the history" in second._heading.value
    second._tabs.selected_index = 1
    second.edit.worker.join(30)
    assert second.edit.result.run_id == run
    assert "Finished while you were away." in shown(second.edit)
    assert "finished while you were away" not in second._heading.value
    second._looked([run])
    assert not drafts.unseen(client.store)
    assert "Finished" not in shown(forms.Studio(client).edit)


def test_a_tab_that_was_made_ahead_is_not_looked_at(client: Client) -> None:
    """What is under it is seen only when the tab is opened."""
    first = forms.Studio(client)
    first.edit.request = ImageRequest(prompt="a cat", images=picture(), size="1K")
    press(first.edit)
    second = forms.Studio(client)
    while second._make_next():
        pass
    second.edit.worker.join(30)
    assert second._eye.shown == []
    assert "1 finished while you were away" in second._heading.value
    second._tabs.selected_index = 1
    assert second._eye.shown == [second.edit.result.run_id]
    assert "finished while you were away" not in second._heading.value


def test_the_history_counts_as_a_look_and_a_folder_that_is_gone_as_none(client: Client) -> None:
    result = client.generate("a cat", size=SMALL, seed=1)
    drafts.not_seen(client.store, result.run_id, "compare")
    drafts.not_seen(client.store, "20261122-130157-3fa9c1d2b7e0", "compare")
    studio = forms.Studio(client)
    assert "1 finished while you were away" in studio._heading.value
    assert list(drafts.unseen(client.store)) == [result.run_id]
    named(studio.history, f"Show run {result.run_id}").click()
    assert not drafts.unseen(client.store)
    assert "while you were away" not in studio._heading.value


def test_what_is_under_way_is_counted_at_each_step(tmp_path: Path) -> None:
    with mock.serve(task_seconds=0.2) as server, make_client(server, Store(tmp_path / "runs")) as client:
        studio = forms.Studio(client)
        said: list[str] = []
        studio._heading.observe(lambda change: said.append(change["new"]), "value")
        studio.text_to_image.request = ImageRequest(prompt="a cat", size=SMALL)
        press(studio.text_to_image)
        counts = ["1 under way" in text for text in said]
        assert True in counts, said
        assert counts[-1] is False, said
        # Also of work that nobody waits for.
        said.clear()
        studio.text_to_image.request = ImageRequest(prompt="a dog", size=SMALL)
        studio.text_to_image.button.click()
        studio.text_to_image.worker.stop_waiting()
        studio.text_to_image.worker.join(30)
        counts = ["1 under way" in text for text in said]
        assert True in counts, said
        assert counts[-1] is False, said
        assert "1 finished while you were away" in said[-1]


def test_runs_tidy_and_rescue_pass_over_the_drafts(client: Client) -> None:
    studio = forms.Studio(client)
    named(studio.text_to_image, "Prompt").value = "a cat"
    press(studio.text_to_image)
    kept(studio.text_to_image)
    assert len(client.runs()) == 1
    assert client.store.damaged() == []
    assert client.rescue().problems == ()
