"""What could go wrong between a form and a person's money: each of these did, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from forms.test_forms import inputs, named, press, shown
from ipywidgets.widgets.widget import _instances

import wannb
from wannb import forms, mock
from wannb.client import Client
from wannb.ledger.store import Store


@pytest.fixture
def form(client: Client) -> forms.TextToImageForm:
    return forms.TextToImageForm(client, prompt="a cat", size="1K")


# Money


def test_a_press_that_comes_although_the_button_is_off_sends_nothing(
    client: Client, server: mock.MockServer, tmp_path: Path
) -> None:
    for form in (forms.EditForm(client, prompt="x"), forms.ImageSetForm(client), forms.TextToImageForm(client)):
        press(form)
    from PIL import Image

    Image.new("RGB", (400, 300)).save(tmp_path / "a.png")
    press(forms.RegionForm(client, prompt="x", images=str(tmp_path / "a.png")))
    assert server.billed == 0
    assert not server.log.of("POST")


def test_a_run_that_was_never_sent_is_not_called_free(form: forms.TextToImageForm, client: Client) -> None:
    named(form, "Seed").value = "5"
    request = form.request
    client.store.create(request, request.fingerprint, via="task", **client._facts())
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


def test_what_was_left_alone_does_not_stand_in_for_what_was_sent_later(store: Store) -> None:
    with mock.serve(task_seconds=0.6) as server, make_client(server, store) as client:
        form = forms.TextToImageForm(client, prompt="a cat")
        form.button.click()
        form.worker.stop_waiting()
        named(form, "Prompt").value = "a dog"
        press(form)
        assert form.result is not None
        assert form.result.request is not None
        assert form.result.request.prompt == "a dog"
        with server.scenario("refused content"):
            form.button.click()
            form.worker.stop_waiting()
            form.worker.join(20)
        form.worker.pick_up()
        assert "Reword the prompt" in shown(form)


def test_a_form_at_work_takes_no_second_request(store: Store) -> None:
    with mock.serve(task_seconds=0.6) as server, make_client(server, store) as client:
        form = forms.TextToImageForm(client, prompt="a cat")
        form.button.click()
        with pytest.raises(RuntimeError, match=r"form\.worker\.join"):
            form.run()
        form.worker.join(20)
        assert server.billed == 1


def test_images_that_could_not_be_fetched_are_picked_up_without_a_second_bill(
    form: forms.TextToImageForm, server: mock.MockServer
) -> None:
    with server.weather(dropped_before=1.0, seed=1, routes=("download",)):
        press(form)
    assert "They are paid for" in shown(form)
    named(form, "Pick up").click()
    form.worker.join(30)
    assert form.result is not None
    assert server.billed == 1


def test_a_lost_answer_is_looked_for_from_the_form(form: forms.TextToImageForm, server: mock.MockServer) -> None:
    with server.weather(dropped_after=1.0, seed=1, routes=("create", "list")):
        press(form)
        assert "Look up" in shown(form)
    named(form, "Look up").click()
    form.worker.join(30)
    assert form.result is not None
    assert server.billed == 1


def test_a_run_of_another_account_is_left_to_it(client: Client, store: Store) -> None:
    request = wannb.ImageRequest(prompt="theirs", seed=1)
    run = store.create(request, request.fingerprint, via="task", service="example.com", account="0" * 8)
    run.advance("sending")
    run.advance("running", task_id="t-1")
    history = forms.HistoryForm(client)
    named(history, f"Show run {run.id}").click()
    assert "belongs to example.com" in shown(history)
    assert store.get(run.id).state == "running"


# Life


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
        (run.folder / "run.json").write_text(json.dumps({**run.record, name: value}))
    studio = wannb.studio(client)
    assert studio.history.runs
    named(studio.text_to_image, "Prompt").value = "a cat"
    press(studio.text_to_image)
    assert studio.text_to_image.result is not None
    assert studio.edit.request.images == ()
    named(studio.history, f"Show run {runs[0].id}").click()
    assert "⚠" in shown(studio.history)  # in the damaged image's place


def test_images_that_are_gone_leave_the_form_and_its_still_alive(form: forms.TextToImageForm) -> None:
    press(form)
    assert form.result is not None
    form.result[0].path.unlink()
    assert "image-1.png no longer exists" in form._repr_mimebundle_()["text/html"]
    edit = forms.EditForm(form.client, prompt="x")
    dog = form.client.generate("a dog", size="1K", seed=1)
    edit.status.result(dog)
    dog[0].path.unlink()
    named(edit, "Add this image to the input images (1)").click()
    assert "Unexpected error" in shown(edit)


def test_odd_things_typed_are_problems_and_nothing_else(form: forms.TextToImageForm, client: Client) -> None:
    named(form, "Seed").value = "--5"
    assert form.request.seed == "--5"
    assert form.button.disabled
    edit = forms.EditForm(client, prompt="x")
    for path in ("~nobody/x.png", "file://%ff"):
        named(edit, "Path or link").value = path
        named(edit, "Add").click()
    assert len(edit.request.images) == 2
    assert all(image.problem for image in edit.request.images)


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


def test_the_history_shows_the_run_that_was_chosen_last(store: Store) -> None:
    with mock.serve(task_seconds=0.8) as server, make_client(server, store) as client:
        done = client.generate("a tower", size="1K", seed=1)
        task = client.submit(wannb.ImageRequest(prompt="a river", size="1K", seed=2))
        history = forms.HistoryForm(client)
        named(history, f"Show run {task.run_id}").click()
        job = history.worker._work
        named(history, f"Show run {done.run_id}").click()
        assert job is not None
        assert job.thread is not None
        job.thread.join(20)
        assert job.progress.phase == "done"
        assert "a tower" in shown(history.status)
        assert "a river" not in shown(history.status)


def test_a_closed_form_leaves_no_widgets_and_its_images_are_saved(store: Store) -> None:
    with mock.serve(task_seconds=0.3) as server, make_client(server, store) as client:
        before = set(_instances)
        form = forms.TextToImageForm(
            client, prompt="a cat", color_palette={"#000000": 50, "#FFFFFF": 30, "#FF0000": 20}
        )
        form.button.click()
        work = form.worker._work
        form.close()
        assert not set(_instances) - before
        assert work is not None
        assert work.thread is not None
        work.thread.join(20)
        assert client.runs()[0].state == "done"


# Secrets


@pytest.mark.parametrize(
    "secret", ["?auth=s3cr3t", "?jwt=s3cr3t", "?code=s3cr3t", "#token=s3cr3t", "?x=1;token=s3cr3t", ";token=s3cr3t"]
)
def test_the_secret_of_a_link_is_nowhere_in_a_form(secret: str, client: Client) -> None:
    form = forms.EditForm(client, prompt="x", images=f"https://example.com/a.png{secret}")
    page = str(form._repr_mimebundle_()) + shown(form) + form.code + repr(form) + json.dumps(form.request.as_dict())
    assert "s3cr3t" not in page
    assert "# image_1 is to be given: https://example.com/a.png?..." in form.code


def test_pictures_without_a_file_are_named_in_the_code(client: Client) -> None:
    from PIL import Image

    form = forms.EditForm(client, prompt="x", images=Image.new("RGB", (300, 300)))
    assert form.code == '# image_1 is to be given: PIL image\nclient.edit("x", image_1)'
    assert inputs(form)
