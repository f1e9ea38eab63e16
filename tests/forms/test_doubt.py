"""A request whose answer was lost, in the forms: the person sees what may be meant, chooses, and can take it back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client, small
from forms.using import filled, inputs, named, press, shown
from ledger.around import Listing, creates, later

from wannb import forms
from wannb.client import Client
from wannb.mock import App, MockServer
from wannb.runs.store import Store


@pytest.fixture
def listing() -> Listing:
    return Listing(App(task_seconds=0.0, rng=random.Random(1)))


@pytest.fixture
def server(listing: Listing) -> Iterator[MockServer]:
    with MockServer(listing.app, handles=listing) as running:
        yield running


@pytest.fixture
def other(server: MockServer, tmp_path: Path) -> Iterator[Client]:
    """Somebody else with the same key, and a folder of their own."""
    with make_client(server, Store(tmp_path / "another")) as made:
        yield made


def doubtful(form: Any, server: MockServer, other: Client) -> None:
    """Press a form's button, lose the answer, and let somebody else ask for the same at the same time."""
    other.run(small(8, "earlier"))
    with server.scenario("dropped after accept"):
        press(form)
    other.run(small(5, "theirs"))
    pressed(form, "Look again")


def choices(form: Any) -> list[Any]:
    return [each for each in inputs(form) if getattr(each, "description", "") in ("This one", "就是这个")]


def pressed(form: Any, name: str) -> None:
    """Press a button that is in sight, and wait for what it starts."""
    button = named(form, name)
    assert button.layout.display != "none", f"{name} is hidden"
    button.click()
    form.worker.join(30)


def text_form(client: Client) -> forms.TextToImageForm:
    return forms.TextToImageForm(client, prompt="x", size="768*768", seed=1)


def test_the_person_sees_what_may_be_meant_chooses_and_takes_it_back(
    client: Client, other: Client, server: MockServer
) -> None:
    form = text_form(client)
    doubtful(form, server, other)
    said = shown(form)
    assert "was lost, and 2 tasks of the account may be its outcome" in said
    assert "client." not in said.replace(form.code, ""), "no words for people who write code"
    assert said.count("768*768") == 2
    assert said.count("UTC") == 2
    gallery = [item.children[0].value for item in form.status._gallery.children]
    assert all(page.count("<img") == 1 and 'alt="a picture of task ' in page for page in gallery)
    assert len({each.tooltip for each in choices(form)}) == 2, "each button has a name of its own"
    assert creates(server) == 3
    [run] = [each for each in client.runs() if each.state == "sending"]
    right = form.worker.progress.choices[0].task_id
    choices(form)[1].click()
    form.worker.join(30)
    wrong = form.result
    assert wrong is not None
    assert wrong.task_id != right
    assert "the answer was lost; this task was chosen by hand. Undo takes that back" in shown(form)
    assert "client.release" not in shown(form)
    pressed(form, "Undo")
    assert form.result is None, "its pictures are another request's"
    assert client.store.get(run.id).state == "sending"
    assert [each.tooltip.endswith(right) for each in choices(form)] == [True], "the one given back is not proposed"
    assert "1 task of the account may be its outcome" in shown(form)
    choices(form)[0].click()
    form.worker.join(30)
    assert form.result.task_id == right
    assert not choices(form)
    form.status.result(form.run())
    assert named(form, "Undo").layout.display == "", "a replay says so as well"
    assert creates(server) == 3


def test_without_a_candidate_the_buttons_say_what_can_be_done(
    client: Client, server: MockServer, listing: Listing
) -> None:
    client.run(small(9))
    form = text_form(client)
    with server.scenario("dropped before answer"):
        press(form)
    assert "the task list shows nothing that could be its outcome" in shown(form)
    assert "client." not in shown(form).replace(form.code, "")
    assert named(form, "Generate anew · may pay twice · demo ($0.075 live)").layout.display == ""
    later(client, server)
    pressed(form, "Look again")
    assert "nothing of run" in shown(form), "a later task proves that it did not arrive"
    assert creates(server) == 3


def test_anew_sends_once_more_and_says_that_it_may_pay_twice(client: Client, server: MockServer) -> None:
    client.run(small(9))
    form = text_form(client)
    with server.scenario("dropped before answer"):
        press(form)
    pressed(form, "Generate anew · may pay twice · demo ($0.075 live)")
    assert form.result is not None
    assert (form.result.request.seed, creates(server)) == (1, 3)
    assert named(form, "Undo").layout.display == "none", "its task is certain"


@pytest.mark.parametrize("kind", [forms.EditForm, forms.ImageSetForm, forms.RegionForm, forms.StoryboardForm])
def test_every_form_lets_a_person_choose(kind: Any, client: Client, other: Client, server: MockServer) -> None:
    client.language = "zh"
    form = filled(kind, client)
    other.run(small(8, "earlier"))
    with server.scenario("dropped after accept"):
        press(form)
    [choice] = choices(form)
    assert "重新查找" in shown(form)
    assert "就是这个" in shown(form)
    assert "可能重复计费" in shown(form)
    choice.click()
    form.worker.join(30)
    assert "这个任务是由人选择的" in shown(form)
    assert named(form, "撤销").layout.display == ""
    if kind is forms.StoryboardForm:
        press(form)
        assert [frame is not None for frame in form.board.frames] == [True, True]
    else:
        assert len(form.result) == 2
    assert server.billed == 3


def test_the_history_shows_what_may_be_meant_and_takes_it_back(
    client: Client, other: Client, server: MockServer
) -> None:
    form = text_form(client)
    doubtful(form, server, other)
    history = forms.HistoryForm(client)
    pressed(history, "Pick up")
    assert len(choices(history)) == 2
    choices(history)[0].click()
    history.worker.join(30)
    assert history.runs[0].state == "done"
    again = forms.HistoryForm(client)
    again.select(again.runs[0])
    assert "chosen by hand" in shown(again)
    pressed(again, "Undo")
    assert again.runs[0].state == "sending"
    assert len(choices(again)) == 1


def test_what_was_taken_back_elsewhere_is_said_and_the_form_lives(
    client: Client, other: Client, server: MockServer
) -> None:
    form = text_form(client)
    doubtful(form, server, other)
    choices(form)[0].click()
    form.worker.join(30)
    client.release(form.result.run_id)
    pressed(form, "Undo")
    assert "nothing to take back" in shown(form)
    assert not form.button.disabled
    pressed(form, "Pick up")
    assert len(choices(form)) == 1


def test_a_comparison_says_where_the_pictures_of_a_lost_answer_are(
    client: Client, other: Client, server: MockServer
) -> None:
    form = forms.CompareForm(client, prompt=["x", "y"], size="768*768", seed=1)
    other.run(small(8, "earlier"))
    with server.scenario("dropped after accept"):
        press(form)
    said = shown(form)
    assert "1 of 2 generated" in said
    assert "1 whose answer was lost: the history shows the pictures that may be meant." in said
    assert "still under way" not in said
    history = forms.HistoryForm(client)
    [doubt] = [run for run in history.runs if run.state == "sending"]
    history.select(doubt)
    history.worker.join(30)
    choices(history)[0].click()
    history.worker.join(30)
    form._refresh()
    assert form.plan.forecast().cells == {"done": 2}  # type: ignore[union-attr]
