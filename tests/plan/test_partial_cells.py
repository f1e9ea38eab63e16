"""Cells of which some images were refused: they say so, are free again, and are filled only where that is asked for.

And a long prompt leaves a plan's table readable.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from conftest import FAST
from ledger.around import creates

import wannb
from wannb import Plan, mock
from wannb.client import Client
from wannb.errors import OverBudget
from wannb.plan.run import run_cell
from wannb.service.prices import Money

pytestmark = pytest.mark.usefixtures("quick_pictures")

TOLD = "2 of 3 images came back; only those that came are billed; refused: DataInspectionFailed: Output data"
ASKS = "with fewer images than asked: run(fill=True) asks and pays again"


def study(client: Client, **changes: Any) -> Plan:
    return wannb.sweep(client, **{"prompt": "A boat", "seed": [1, 2], "n": 3, "size": "768*768", **changes})


@pytest.fixture
def plan(client: Client, server: mock.MockServer) -> Plan:
    """A plan of two cells, the first of which has two of its three images."""
    with server.scenario("partly refused"):
        client.run(study(client).cells[0].request)
    plan = study(client)
    plan.run()
    return plan


def came(plan: Plan) -> list[int]:
    return [len(result or ()) for result in plan.results()]


def usd(images: int) -> Money:
    return Money(amount=Decimal("0.075") * images, currency="USD")


def test_a_cell_says_how_many_came_and_why_not_more(plan: Plan, client: Client, server: mock.MockServer) -> None:
    assert (came(plan), creates(server), client.spent()) == ([2, 3], 2, usd(5))
    ahead = plan.forecast()
    assert (ahead.cells, ahead.short, ahead.requests) == ({"done": 2}, 1, 0)
    page = re.sub(r"<[^>]+>", "", plan._repr_html_())
    for shown in (repr(plan), page):
        assert f"2 done on the mock server (0.375 USD live) · 1 cell {ASKS} · nothing left to send" in shown
        assert f"seed 1: {TOLD}" in shown
    assert "◐ 2 of 3 images" in page
    assert page.count("✓ done") == 1
    table = plan.table()
    assert table.note.str.startswith(TOLD).tolist() == [True, True, False, False, False]
    assert table.cost.tolist() == [0.075] * 5
    client.language = "zh"
    assert "◐ 3 张中的 2 张" in study(client)._repr_html_()


def test_a_run_does_not_pay_for_it_again_and_a_fill_does_once(
    plan: Plan, client: Client, server: mock.MockServer
) -> None:
    plan.run()
    assert creates(server) == 2
    ahead = plan.forecast(fill=True)
    assert (ahead.requests, ahead.images, ahead.cost) == (1, (3, 3), (usd(3), usd(3)))
    assert ASKS not in ahead.summary()
    plan.run(fill=True)
    assert (came(plan), creates(server), client.spent()) == ([3, 3], 3, usd(8))
    assert (plan.forecast().short, plan.forecast().paid) == (0, usd(8))
    assert "2 done on the mock server (0.60 USD live) · nothing left" in repr(plan)
    table = plan.table()
    assert (round(table.cost.sum(), 6), table.cost.round(6).tolist()) == (0.6, [0.125] * 3 + [0.075] * 3)
    plan.run(fill=True)
    assert creates(server) == 3


@pytest.mark.parametrize("scenario", ["partly refused", "refused content", "failed task"])
def test_a_fill_that_brings_no_more_leaves_the_cell_as_it_was(
    plan: Plan, client: Client, server: mock.MockServer, scenario: str
) -> None:
    paid = 2 if scenario == "partly refused" else 0
    with server.scenario(scenario):
        plan.run(fill=True, max_images=3)
    assert (came(plan), creates(server), client.spent()) == ([2, 3], 3, usd(5 + paid))
    assert plan.forecast().cells == {"done": 2}
    assert (plan.forecast().paid, round(plan.table().cost.sum(), 6)) == (client.spent(), 0.075 * (5 + paid))
    plan.run(fill=True)
    assert (came(plan), creates(server)) == ([3, 3], 4)


def test_a_fill_keeps_the_limits_and_counts_what_came_of_it(client: Client, server: mock.MockServer) -> None:
    plan = study(client, seed=[1, 2, 3])
    client.pace = replace(FAST, running=1, ahead=0)
    with server.scenario("partly refused"):
        plan.run()
        with pytest.raises(OverBudget, match="max_images=2 holds back 3 requests"):
            plan.run(fill=True, max_images=2)
        assert creates(server) == 3
        plan.run(fill=True, max_images=5)  # 3 at most, 2 came, 3 at most again: the third one waits
    assert creates(server) == 5


def test_a_fill_that_was_cut_off_is_picked_up_by_the_next_run(
    plan: Plan, client: Client, server: mock.MockServer
) -> None:
    task = client.submit(plan.cells[0].request, fresh=True)
    assert plan.forecast().cells == {"under way": 1, "done": 1}
    plan.run(fill=True)
    assert (came(plan), creates(server), task.status()) == ([3, 3], 3, "SUCCEEDED")


def test_an_executor_that_calls_twice_pays_once(plan: Plan, client: Client, server: mock.MockServer) -> None:
    """Dask runs a cell again when its worker dies."""

    class Twice(Executor):
        def submit(self, call: Callable[..., Any], /, *values: Any, **named: Any) -> Future[Any]:
            future: Future[Any] = Future()
            call(*values, **named)
            future.set_result(call(*values, **named))
            return future

    with server.scenario("partly refused"):
        plan.run(fill=True, executor=Twice())
    assert creates(server) == 3
    assert run_cell(client, plan.cells[0].request, after={"20260101-000000-0123456789ab"})
    assert creates(server) == 3


def test_a_fill_that_is_stopped_before_it_is_sent_sends_nothing(
    plan: Plan, client: Client, server: mock.MockServer
) -> None:
    stop = threading.Event()
    stop.set()
    plan.run(fill=True, stop=stop)
    assert (creates(server), came(plan)) == (2, [2, 3])


def test_a_set_that_fell_short_says_so_too(client: Client, server: mock.MockServer) -> None:
    plan = study(client, enable_sequential=True, seed=[1])
    with server.scenario("set returns fewer"):
        plan.run()
    assert "every cell: 2 of 3 images came back; only those that came are billed" in repr(plan)


# Long prompts


WORDS = "a small wooden boat with a red sail and a lantern in the bow, seen from the harbour wall "


@pytest.mark.parametrize(
    "prompts",
    [
        [f"{n} {WORDS * 22}" for n in range(3)],
        [f"{WORDS * 22} {n}" for n in range(3)],
        [f"{WORDS * 11} {n} {WORDS * 11}" for n in range(3)],
        [f"{n % 2} {WORDS * 11} {n} {WORDS * 10}" for n in range(4)],
        [f"{n}{'船' * 1900}" for n in range(3)],
        ["x" * 2000, "y" * 2000],
        [WORDS * 22, "short"],
    ],
    ids=["begin", "end", "middle", "two places", "Chinese", "one word", "one long, one short"],
)
def test_prompts_of_2000_characters_leave_the_table_readable(client: Client, prompts: list[str]) -> None:
    plan = study(client, prompt=prompts)
    page = plan._repr_html_()
    labels = re.findall(r"<tr style='background:none'><td[^>]*><bdi>(.*?)</bdi>", page)
    assert len(set(labels)) == len(prompts), "each can be told from the others"
    assert max(map(len, labels)) <= 100
    assert len(re.sub(r"<[^>]+>", "", page)) < 1500
    assert "overflow-wrap:anywhere" not in page.partition("<table")[2].partition("</table>")[0], "it breaks words"
    across = wannb.sweep(client, seed=[1, 2], prompt=prompts, size="768*768")
    assert len(re.sub(r"<[^>]+>", "", across._repr_html_())) < 1500


def test_a_long_prompt_that_all_cells_share_leaves_room_for_the_other_options(client: Client) -> None:
    plan = study(client, prompt=WORDS * 22)
    page = re.sub(r"<[^>]+>", "", plan._repr_html_())
    assert "… · model wan2.7-image-pro · size 768*768" in page
    assert len(page) < 800
    assert WORDS * 3 in plan.constants(), "a figure that is saved keeps it whole"


def test_a_long_prompt_in_trouble_is_short(client: Client) -> None:
    plan = study(client, prompt=[WORDS * 22, WORDS * 60])
    trouble = repr(plan).splitlines()[1]
    assert "not legal" in trouble
    assert len(trouble) < 400
