"""The worker: work is left, picked up, canceled and survives a lost connection, and nothing is paid twice."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any

import pytest
from conftest import make_client
from forms.using import BUTTONS, filled, named, press, shown

from wannb import forms, mock
from wannb.client import Client
from wannb.forms.worker import Progress, Worker
from wannb.request import ImageRequest
from wannb.runs.store import Store
from wannb.service.limits import Clock, Pace, Waiting
from wannb.translation import Words


def test_waiting_can_be_stopped_and_picked_up_without_a_second_bill(
    form: forms.TextToImageForm, client: Client, server: mock.MockServer
) -> None:
    server.app.task_seconds = 1.0
    reached = followed(form, lambda progress: progress.status)
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


def test_a_task_in_the_queue_is_canceled_and_costs_nothing(
    form: forms.TextToImageForm, client: Client, server: mock.MockServer
) -> None:
    with server.scenario("slow queue"):
        queued = followed(form, lambda progress: progress.can_cancel)
        form.button.click()
        assert queued.wait(10)
        named(form, "Cancel").click()
        form.worker.join(20)
        assert "was canceled" in shown(form)
        assert not form.button.disabled
        assert client.runs()[0].state == "canceled"
        assert server.billed == 0


def test_a_task_that_has_begun_is_not_canceled_which_is_said_and_goes_on(
    form: forms.TextToImageForm, server: mock.MockServer
) -> None:
    server.app.task_seconds = 1.0
    seen: list[str] = []
    queued = followed(form, lambda progress: seen.append(shown(form)) or progress.can_cancel)
    running = followed(form, lambda progress: progress.status == "RUNNING")
    form.button.click()
    assert queued.wait(10)
    late = form.worker.progress.cancel
    assert running.wait(10)
    assert not form.worker.progress.can_cancel
    form.worker._report(form.worker._work, status="PENDING", cancel=late)  # type: ignore[arg-type]
    form.worker.cancel()
    form.worker.join(20)
    assert any("can no longer be canceled" in text for text in seen)
    assert form.result is not None
    assert server.billed == 1


def followed(form: Any, reached: Any) -> threading.Event:
    """Return an event that is set when the worker shows a progress of this kind; each one is asked after."""
    event, show = threading.Event(), form.worker._show

    def follow(progress: Any) -> None:
        show(progress)
        if reached(progress):
            event.set()

    form.worker._show = follow
    return event


def test_a_lost_connection_is_said_and_the_form_lives_on(form: forms.TextToImageForm, server: mock.MockServer) -> None:
    port = int(server.base_url.rsplit(":", 1)[1].split("/")[0])
    server.close()
    press(form)
    assert "was not reached" in shown(form)
    assert not form.button.disabled
    with mock.serve(port=port, task_seconds=0.0):
        press(form)
        assert form.result is not None


def test_a_connection_lost_while_it_waits_is_said_and_the_images_come_when_it_is_back(
    form: forms.TextToImageForm, server: mock.MockServer
) -> None:
    seen: list[str] = []
    server.app.task_seconds = 0.5
    with ExitStack() as away:

        def follow(progress: Any) -> None:
            first = progress.status and not any("queue" in text or "generating" in text for text in seen)
            seen.append(shown(form))
            if first:
                away.enter_context(server.weather(dropped_before=1.0, seed=1))
            elif "was lost, what was sent goes on there" in seen[-1]:
                away.close()

        followed(form, follow)
        press(form)
        assert any("was lost, what was sent goes on there; trying again in 1 s" in text for text in seen)
        assert form.result is not None
        assert server.billed == 1


def test_two_forms_run_at_once(client: Client, server: mock.MockServer) -> None:
    server.app.task_seconds = 0.6
    pair = [forms.TextToImageForm(client, prompt=text, size="1K") for text in ("a cat", "a dog")]
    for form in pair:
        form.button.click()
    assert all(form.worker.under_way for form in pair)
    for form in pair:
        form.worker.join(20)
    assert [form.result.request.prompt for form in pair] == ["a cat", "a dog"]


def test_progress_says_what_is_usual_once_there_is_a_past(form: forms.TextToImageForm, server: mock.MockServer) -> None:
    server.app.task_seconds = 0.3
    seen: list[Any] = []
    followed(form, lambda progress: seen.append((progress.usual, shown(form))))
    press(form)
    assert not any(usual for usual, _ in seen)
    press(form)
    assert any(usual and 0.2 < usual < 3 for usual, _ in seen)
    assert any("usually about" in text for _, text in seen)


def test_what_was_left_alone_does_not_stand_in_for_what_was_sent_later(
    form: forms.TextToImageForm, server: mock.MockServer
) -> None:
    server.app.task_seconds = 0.6
    form.button.click()
    form.worker.stop_waiting()
    named(form, "Prompt").value = "a dog"
    press(form)
    assert form.result.request.prompt == "a dog"
    with server.scenario("refused content"):
        form.button.click()
        form.worker.stop_waiting()
        form.worker.join(20)
    form.worker.pick_up()
    assert "Reword the prompt" in shown(form)


@pytest.mark.parametrize(
    ("weather", "told", "name"),
    [
        ({"dropped_before": 1.0, "routes": ("download",)}, "They are paid for", "Pick up"),
        ({"dropped_after": 1.0, "routes": ("create", "list")}, "task list cannot be read", "Look again"),
    ],
    ids=["the images could not be fetched", "the answer was lost"],
)
def test_what_a_failure_left_open_is_fetched_from_the_form_without_a_second_bill(
    weather: dict[str, Any], told: str, name: str, form: forms.TextToImageForm, server: mock.MockServer
) -> None:
    with server.weather(seed=1, **weather):
        press(form)
        assert told in shown(form)
    named(form, name).click()
    form.worker.join(30)
    assert form.result is not None
    assert server.billed == 1


def test_a_bar_without_an_end_stays_in_the_page_while_the_seconds_go_on(form: forms.TextToImageForm) -> None:
    changes: list[str] = []
    form.status._bar.observe(lambda change: changes.append(change["new"]), "value")
    for seconds in (1.0, 2.0, 3.0):
        form.status.show(Progress(phase="waiting", seconds=seconds))
        assert f"{seconds:.0f} s" in shown(form)
    assert len(changes) == 1
    assert "<progress" in changes[0]
    assert "value" not in changes[0]
    form.status.show(Progress(phase="waiting", done=3, total=4))
    assert 'max="4" value="3"' in form.status._bar.value
    form.status.tell("done")
    assert form.status._bar.value == ""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", BUTTONS)
def test_a_form_says_once_what_the_runs_folder_does_not_do(
    kind: Any, language: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.language = language
    monkeypatch.setattr(type(client.store), "locks_hold", lambda store: False)
    said = {"en": "file locks do not work in the runs folder", "zh": "中的锁不起作用"}[language]
    first, second = filled(kind, client), filled(kind, client, "a bird")
    assert said not in shown(first)
    press(first)
    assert shown(first).count(said) == 1
    assert first.worker.progress.phase == "done"
    press(second)
    assert said not in shown(second)


def test_a_task_in_the_queue_says_its_place_and_when_it_will_be_done(store: Store, quick_pictures: None) -> None:
    """Five run and two wait before this one; once a run was measured, how long that takes."""
    with mock.serve(task_seconds=90, limits=True) as server, make_client(server, store, pace=Pace()) as client:
        tasks = [client.submit(ImageRequest(prompt=f"x{number}", size="768*768")) for number in range(7)]
        while [task.status() for task in tasks].count("RUNNING") < 5:
            pass
        said, shown = threading.Event(), list[Progress]()

        def show(progress: Progress) -> None:
            shown.append(progress)
            if progress.text:
                said.set()

        worker = Worker(client, show)
        worker.send(ImageRequest(prompt="x", size="768*768"))
        assert said.wait(60)
        worker.cancel()
        worker.join(60)
        assert next(each.text for each in shown if each.text) == "waiting for the service: 3rd"
        last = client.submit(ImageRequest(prompt="last", size="768*768"))
        last.status()
        assert last.queued(22.0) == "waiting for the service: 3rd, about 40 s", "the canceled one is gone"
        assert Words("zh")(last.queued(2.0)) == "正在等待服务：第 3 位，约 3 秒"


def test_without_a_full_service_no_place_is_said() -> None:
    waiting = Waiting(5, Clock())
    for number in range(4):
        waiting.hear(f"running {number}", "m", number, waits=False)
    waiting.hear("other", "another model", 0, waits=False)
    waiting.hear("mine", "m", 9, waits=True)
    assert waiting.place("mine") is None
    waiting.hear("running 4", "m", 4, waits=False)
    assert waiting.place("mine") == 1
    waiting.hear("earlier", "m", 8, waits=True)
    waiting.hear("later", "m", 10, waits=True)
    assert waiting.place("mine") == 2
    waiting.hear("running 0", "m", 0, waits=None)
    assert waiting.place("mine") is None
