"""What another service, region or key made is shown from disk to everyone, and what was drawn is never taken for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from conftest import FAST, small
from journals import change, last, rewrite

import wannb
from wannb import mock
from wannb.client import Client
from wannb.errors import ServiceError, StoreError
from wannb.mock import MockServer
from wannb.runs.store import Store
from wannb.service import endpoint
from wannb.service.endpoint import Service

pytestmark = pytest.mark.usefixtures("quick_pictures")

SINGAPORE, BEIJING = "dashscope-intl.aliyuncs.com", "dashscope.aliyuncs.com"
WORKSPACE = "ws-1.ap-southeast-1.maas.aliyuncs.com"
Make = Callable[..., Client]


def at(host: str, server: MockServer) -> Service:
    """Return a service as it is on the network, with a server of this machine in its place."""
    if host == "mock":
        return endpoint.mock(server.base_url)
    made = endpoint.live(region="singapore", base_url=f"https://{host}/api/v1")
    return Service(**{**vars(made), "through": server.base_url})


@pytest.fixture
def make(store: Store) -> Iterator[Make]:
    """Make clients of the folder, each with a server of its own, whose `billed` counts what it made."""
    with ExitStack() as stack:

        def made(host: str, key: str = "sk-one", *, language: str = "en", server: MockServer | None = None) -> Client:
            server = server or stack.enter_context(mock.serve(task_seconds=0.0))
            client = stack.enter_context(Client(at(host, server), key, Store(store.root), pace=FAST, language=language))
            client.server = server  # type: ignore[attr-defined]
            return client

        yield made


#: Who made a picture, who asks for it again, and whether it is shown to them from disk.
SHOWN = [
    (SINGAPORE, "mock"),
    (BEIJING, "mock"),
    (WORKSPACE, "mock"),
    ("127.0.0.1", "mock"),
    (SINGAPORE, BEIJING),
    (BEIJING, SINGAPORE),
    (SINGAPORE, WORKSPACE),
    (WORKSPACE, SINGAPORE),
]


@pytest.mark.parametrize(("maker", "looker"), SHOWN)
def test_what_was_made_live_is_shown_whoever_looks(maker: str, looker: str, make: Make) -> None:
    first = make(maker).run(small(n=2))
    assert not first.reused
    client = make(looker, "sk-two")
    assert client.known(small(n=2))
    for again in (client.run(small(n=2)), client.submit(small(n=2)).result(), client.run(small(n=2), via="sync")):
        assert (again.run_id, again.reused, len(again)) == (first.run_id, True, 2)
        assert [one.bytes() for one in again] == [one.bytes() for one in first]
        says = f"reused: made by {endpoint.home(maker)} on {first.created[:10]}, nothing billed"
        for shown in (again.price_line, repr(again), again._repr_mimebundle_()["text/html"]):
            assert says in shown
    assert client.server.billed == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("looker", [SINGAPORE, BEIJING, WORKSPACE])
def test_what_the_mock_drew_is_never_shown_for_a_live_one(looker: str, make: Make) -> None:
    drawn = make("mock").run(small())
    client = make(looker)
    assert client.known(small()) is None
    bought = client.run(small())
    assert (bought.reused, bought.service, bought.run_id != drawn.run_id) == (False, endpoint.home(looker), True)
    assert make("mock").run(small()).run_id == bought.run_id, "and the live one is shown from then on"


def test_what_the_mock_drew_is_shown_on_the_mock_as_before(make: Make) -> None:
    drawn = make("mock").run(small())
    again = make("mock", "sk-two").run(small())
    assert (again.run_id, again.price_line) == (drawn.run_id, "reused, nothing billed")


def test_a_live_picture_comes_before_one_that_was_drawn_later(make: Make) -> None:
    bought = make(SINGAPORE).run(small())
    drawn = make("mock").run(small(), fresh=True)
    assert (drawn.reused, drawn.service) == (False, "mock"), "fresh sends it anew"
    assert make("mock").run(small()).run_id == bought.run_id


def test_ones_own_comes_before_another_regions_and_fresh_is_sent(make: Make) -> None:
    here = make(SINGAPORE)
    own, other = here.run(small()), make(BEIJING).run(small(), fresh=True)
    assert here.run(small()).run_id == own.run_id
    assert make(BEIJING).run(small()).run_id == other.run_id
    assert not make(BEIJING).run(small(), fresh=True).reused
    assert make("mock").run(small()).service != "mock"


def test_a_picture_that_is_gone_is_not_shown_and_a_roll_of_the_dice_is_new(make: Make) -> None:
    first = make(SINGAPORE).run(small())
    first[0].path.unlink()
    client = make("mock")
    assert client.known(small()) is None
    assert client.run(small()).service == "mock"
    make(SINGAPORE).run(small(seed=None))
    assert not client.run(small(seed=None)).reused


@pytest.mark.parametrize("service", ["", "mock"])
def test_a_run_of_an_unknown_service_is_no_live_one(service: str, make: Make) -> None:
    first = make("mock").run(small())
    change(first.path, service=service)
    assert make(SINGAPORE).known(small()) is None


def test_the_sentence_is_said_in_the_language_of_the_client(make: Make) -> None:
    make(SINGAPORE).run(small())
    again = make("mock", language="zh").run(small())
    assert re.search(rf"已有记录：{re.escape(SINGAPORE)} 于 \d{{4}}-\d\d-\d\d 生成，未计费", repr(again))


# Plans


def plan_of(client: Client) -> wannb.Plan:
    return wannb.sweep(client, prompt=["a", "b"], seed=[1, 2, 3], size="768*768", model="wan2.7-image")


@pytest.mark.parametrize("looker", ["mock", BEIJING])
def test_a_plan_says_who_made_what_it_shows(looker: str, make: Make) -> None:
    live = plan_of(make(SINGAPORE)).run()
    assert "made by" not in repr(live)
    client = make(looker, "sk-two")
    plan = plan_of(client)
    assert plan.forecast().elsewhere == {SINGAPORE: 6}
    for shown in (repr(plan), plan._repr_html_()):
        assert f"6 done, free · 6 were made by {SINGAPORE} · nothing left to send" in shown
    assert plan.to_do() == []
    assert [one.run_id for one in plan.run().results()] == [one.run_id for one in live.results()]  # type: ignore
    assert {row["service"] for row in json.loads(plan.table().to_json(orient="records"))} == {SINGAPORE}
    assert client.server.billed == 0  # type: ignore[attr-defined]


def test_a_plan_of_live_pictures_is_filled_up_by_the_mock_with_a_word(make: Make) -> None:
    wannb.sweep(make(SINGAPORE), prompt="a", seed=[1, 2, 3], size="768*768", model="wan2.7-image").run()
    plan = plan_of(make("mock"))
    assert "3 were made by dashscope-intl.aliyuncs.com · to generate: 3 requests, 3 images · nothing billed" in repr(
        plan
    )
    assert f"3 done on the mock server (0.09 USD live) · 3 were made by {SINGAPORE}" in repr(plan.run())
    assert plan.forecast().elsewhere == {SINGAPORE: 3}


def test_a_live_plan_takes_nothing_that_was_drawn(make: Make) -> None:
    plan_of(make("mock")).run()
    assert plan_of(make(SINGAPORE)).forecast().requests == 6


def test_a_board_that_was_made_live_says_so_and_what_it_cost(make: Make) -> None:
    wannb.Storyboard(make(SINGAPORE), ["a", "b"], size="768*768", model="wan2.7-image").run()
    client = make("mock")
    board = wannb.Storyboard.open(client, "storyboard")
    page = board._repr_mimebundle_()["text/html"]
    assert f"0.06 USD · made by {SINGAPORE}" in page
    assert "nothing billed by the mock server" not in page
    board.reroll(2)
    assert client.server.billed == 1  # type: ignore[attr-defined]
    assert str(board.cost) == "0.06 USD", "what was drawn is not billed"
    drawn = wannb.Storyboard(make("mock"), ["c"], size="768*768", model="wan2.7-image", name="drawn").run()
    assert "nothing billed by the mock server (live: 0.03 USD)" in drawn._repr_mimebundle_()["text/html"]
    assert "made by" not in drawn._repr_mimebundle_()["text/html"]


# Under way


def test_a_run_of_another_key_is_looked_up_by_nobody_else(make: Make) -> None:
    live = make(SINGAPORE)
    task = live.submit(small())
    folder = live.store.root / task.run_id
    lost = {**last(folder), "state": "sending", "unresolved": True}
    rewrite(folder, {name: value for name, value in lost.items() if name != "task_id"})
    for looker in (make("mock"), make(BEIJING), make(SINGAPORE, "sk-two")):
        with pytest.raises(StoreError, match=f"run {task.run_id} was sent to {SINGAPORE} with another key"):
            looker.pick_up(task.run_id)
        assert live.store.get(task.run_id).state == "sending", "it is not taken for one that was never sent"
    assert live.pick_up(task.run_id).id == task.id


def test_a_task_of_another_key_that_the_service_does_not_speak_of_now_is_not_sent_again(make: Make) -> None:
    with mock.serve(task_seconds=60.0) as server:
        task = make(SINGAPORE, "sk-old", server=server).submit(small())
        renewed = make(SINGAPORE, "sk-new", server=server)
        with server.weather(rate_500=1.0, routes={"query"}), pytest.raises(ServiceError):
            renewed.submit(small())
        assert [run.task_id for run in renewed.runs()] == [task.id]
        assert renewed.submit(small()).id == task.id


def test_a_fill_is_sent_while_nobody_else_has_begun_one(make: Make) -> None:
    client = make("mock")
    first = client.run(small())
    filled = [client._submit(small(), after={first.run_id}).result().run_id for _ in range(2)]
    assert filled[0] != first.run_id
    assert client.server.billed == 2  # type: ignore[attr-defined]


def test_a_renewed_key_goes_on_with_the_tasks_of_the_old_one(make: Make) -> None:
    old = make(SINGAPORE, "sk-old")
    task = old.submit(small())
    other = old.submit(small(2))
    new = make(SINGAPORE, "sk-new", server=old.server)  # type: ignore[attr-defined]
    assert new.known(small()) is None, "a look asks nobody"
    result = new.run(small())
    assert (result.run_id, len(result)) == (task.run_id, 1)
    found = new.rescue()
    assert [one.run_id for one in found.results] == [other.run_id]
    assert old.server.billed == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("looker", ["mock", BEIJING])
def test_what_is_under_way_elsewhere_is_not_replaced_without_a_word(looker: str, make: Make) -> None:
    task = make(SINGAPORE).submit(small())
    result = make(looker).run(small())
    assert (result.service, result.reused) == (looker, False)
    [notice] = result.notices
    assert f"an equal request was sent to {SINGAPORE} on {result.created[:10]} with another key" in notice
    assert task.run_id in notice
    assert notice in repr(result)
    make("mock").submit(small(2))
    assert make(looker, "sk-two").run(small(2)).notices == (), "what is only drawn is worth no word"


def test_another_accounts_run_under_way_is_not_taken_over(make: Make) -> None:
    colleague = make(SINGAPORE, "sk-colleague").submit(small())
    client = make(SINGAPORE, "sk-mine")  # another server: it does not know the task
    result = client.run(small())
    assert result.run_id != colleague.run_id
    assert client.rescue().elsewhere == (colleague.run_id,)
