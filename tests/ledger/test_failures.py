"""Every named scenario of the mock as a person meets it: what is told, billed, sent and kept, and what then."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from conftest import FAST, small
from ledger.around import SIZE, later, unanswered

import wannb
from wannb import ImageRequest, Money, mock
from wannb.client import Client
from wannb.errors import (
    CancelRefused,
    ContentRefused,
    QuotaExhausted,
    ServiceError,
    TaskCanceled,
    TaskForgotten,
    UnknownOutcome,
    WaitTimeout,
    WannbError,
)
from wannb.mock import MockServer
from wannb.runs.result import Result
from wannb.runs.store import Store
from wannb.storyboard import Storyboard
from wannb.storyboard.files import BoardFiles

pytestmark = pytest.mark.usefixtures("quick_pictures")

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"
LESSONS = ("13-what-goes-wrong.ipynb", "14-where-money-is-at-stake.ipynb")
#: No proxy stands between a client and this machine, and the tests' pace does not wait for a task that is unknown so
#: long: they have tests of their own.
APART = {"proxy refuses", "proxy wants a password", "young and unknown"}
LOST = None  # how the log writes an answer that never left


@dataclass(frozen=True, kw_only=True)
class Case:
    """One scenario through one door, and all that is expected of it.

    `sent`, `looks` and `fetched` are the answers to requests for images, the looks into the task list and the answers
    to fetches of pictures. `rescued` is what `rescue()` brings after the scenario, `again` whether the same call then
    sends a request ("sends"), returns what is in the store ("store") or refuses to decide ("refuses").
    """

    name: str
    via: Literal["task", "sync"] = "task"
    error: type[WannbError] | None = None
    says: str = ""
    sent: tuple[int | None, ...] = (200,)
    looks: int = 0
    fetched: tuple[int, ...] = (200,)
    billed: int = 1
    state: str = "done"
    rescued: str = "nothing to save"
    again: Literal["store", "sends", "refuses"] = "store"


FOUND = r"found by its time in the account's task list\. Should .*, client\.release\('.+'\) takes that back"
DOUBT = r"so it may be billed, and is not sent again\. Send another request and then call again"
GAP = r"may or may not have been billed\. fresh=True asks and pays again; via='task' has no such gap"
BROUGHT = "1 image of 1 run saved"

CASES = [
    Case(name="429 then ok", sent=(429, 200)),
    Case(name="429 then ok", via="sync", sent=(429, 200)),
    *(
        Case(
            name="quota gone", via=via, error=QuotaExhausted, says="Nothing was billed. Top up the account",
            sent=(429,), fetched=(), billed=0, state="failed", again="sends",
        )
        for via in ("task", "sync")
    ),
    Case(
        name="slow queue", error=WaitTimeout, says=r"goes on and nothing is lost: client\.task\('.+'\) picks it up",
        fetched=(), billed=0, state="running", rescued=BROUGHT,
    ),
    Case(name="500 then ok", sent=(500, 200)),
    Case(name="500 then ok", via="sync", sent=(500, 200)),
    Case(
        name="dropped before answer", error=UnknownOutcome, says=DOUBT, sent=(LOST,), looks=len(FAST.lookups),
        fetched=(), billed=0, state="sending", rescued="1 run could not be finished", again="refuses",
    ),
    Case(
        name="dropped before answer", via="sync", error=UnknownOutcome, says=GAP,
        sent=(LOST,), fetched=(), billed=0, state="sending", rescued="1 run could not be finished", again="refuses",
    ),
    Case(name="dropped after accept", says=FOUND, sent=(LOST,), looks=1),
    Case(
        name="dropped after accept", via="sync", error=UnknownOutcome, says=GAP,
        sent=(LOST,), fetched=(), state="sending", rescued="1 run could not be finished", again="refuses",
    ),
    Case(
        name="failed task", error=ServiceError, says="Nothing was billed. Try again in a minute",
        fetched=(), billed=0, state="failed", again="sends",
    ),
    # An error of the service is tried eight times more: a refused synchronous call bills nothing.
    Case(
        name="failed task", via="sync", error=ServiceError, says="Nothing was billed. Try again in a minute",
        sent=(500,) * 9, fetched=(), billed=0, state="failed", again="sends",
    ),
    Case(
        name="refused content", error=ContentRefused, says="Nothing was billed. Reword the prompt",
        fetched=(), billed=0, state="failed", again="sends",
    ),
    Case(
        name="refused content", via="sync", error=ContentRefused, says="Nothing was billed. Reword the prompt",
        sent=(400,), fetched=(), billed=0, state="failed", again="sends",
    ),
    *(
        Case(name="set returns fewer", via=via, says="2 of 3 images came back", fetched=(200, 200), billed=2)
        for via in ("task", "sync")
    ),
    *(
        Case(
            name="partly refused", via=via, says="2 of 3 images came back(.|\n)*refused: DataInspectionFailed: Output",
            fetched=(200, 200), billed=2,
        )
        for via in ("task", "sync")
    ),
    *(Case(name="truncated image", via=via, fetched=(200, 200)) for via in ("task", "sync")),
    *(Case(name="slow image", via=via) for via in ("task", "sync")),
    Case(name="expired URL", fetched=(403, 200)),
    Case(
        name="task forgotten", error=TaskForgotten, says=r"client\.rescue\(\) looks again",
        fetched=(), state="running", rescued=BROUGHT,
    ),
    Case(name="malformed answer", says=FOUND, looks=1),
    Case(name="page after accept", says=FOUND, sent=(502,), looks=1),
    Case(
        name="page with 502", error=UnknownOutcome, says=DOUBT, sent=(502,), looks=len(FAST.lookups),
        fetched=(), billed=0, state="sending", rescued="1 run could not be finished", again="refuses",
    ),
    *(Case(name=f"page with {status}", sent=(status, 200)) for status in (429, 503)),
    Case(name="queue full", sent=(429, 200)),
    *(Case(name=name) for name in ("list lags", "empty list", "strangers", "service limits")),
    Case(
        name="malformed answer", via="sync", error=UnknownOutcome, says=GAP,
        fetched=(), state="sending", rescued="1 run could not be finished", again="refuses",
    ),
]  # fmt: skip


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def server(slept: list[float]) -> Iterator[mock.MockServer]:
    with mock.serve(task_seconds=0, sleep=slept.append) as running:
        yield running


def ask(client: Client, case: Case) -> Result:
    if case.name == "set returns fewer":
        return client.image_set(["one", "two", "three"], seed=1, size="768*768", via=case.via)
    timeout, n = 0.05 if case.name == "slow queue" else None, 3 if case.name == "partly refused" else 1
    return client.generate("a red balloon", seed=1, size="768*768", n=n, via=case.via, timeout=timeout)


def sent(server: mock.MockServer) -> tuple[int | None, ...]:
    return tuple(entry.status for entry in server.log.of("POST", "/generation"))


def looks(server: mock.MockServer) -> int:
    """Return how often the task list was searched; a look at the clock asks for no time."""
    return sum("start_time" in entry.query for entry in server.log.of("GET", "/tasks/"))


def fetched(server: mock.MockServer) -> tuple[int | None, ...]:
    return tuple(entry.status for entry in server.log.of("GET", ".png"))


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def expected_files(images: int) -> set[str]:
    numbers = range(1, images + 1)
    return {"run.jsonl", *(f"image-{n}.png" for n in numbers)}


def test_every_scenario_has_a_case_and_a_case_has_a_scenario() -> None:
    assert {case.name for case in CASES if case.via == "task"} == mock.SCENARIOS.keys() - APART


@pytest.mark.parametrize("case", CASES, ids=[f"{case.name}, {case.via}" for case in CASES])
def test_a_failure_is_told_paid_and_kept_as_it_should(
    case: Case, client: Client, server: mock.MockServer, slept: list[float]
) -> None:
    told = ""
    with server.scenario(case.name):
        if case.error:
            with pytest.raises(case.error) as caught:
                ask(client, case)
            told, images = str(caught.value), 0
            if case.via == "task" and case.sent == (200,):
                assert caught.value.task_id  # type: ignore[attr-defined]
        else:
            result = ask(client, case)
            told, images = "\n".join(result.notices), case.billed
            assert len([image.open() for image in result]) == images
            assert result.asked == (3 if "of 3" in case.says else images)
            assert result.cost == Money(amount=Decimal("0.075") * images, currency="USD")
    assert re.search(case.says, told)
    assert told == "" or case.says
    assert (sent(server), looks(server), fetched(server)) == (case.sent, case.looks, case.fetched)
    assert server.billed == case.billed
    assert (1.5 in slept) == (case.name == "slow image")
    [run] = client.runs()
    assert (run.state, files(run.folder)) == (case.state, expected_files(images))

    server.log.clear()
    server.advance(seconds=10)
    rescue = client.rescue()
    assert rescue.summary() == case.rescued
    assert sent(server) == ()
    if case.rescued == BROUGHT:
        images = 1
    assert files(run.folder) == expected_files(images)
    billed = server.billed

    if case.again == "refuses":
        [(_, problem)] = rescue.problems
        assert isinstance(problem, UnknownOutcome)
        with pytest.raises(UnknownOutcome, match=r"fresh=True asks (and pays again|anew and may pay twice)"):
            ask(client, case)
    else:
        assert ask(client, case).reused == (case.again == "store")
    assert sent(server) == ((200,) if case.again == "sends" else ())
    assert server.billed == billed + (case.again == "sends")


@pytest.mark.parametrize(
    ("name", "summary"), [("dropped before answer", "1 run could not be finished"), ("dropped after accept", BROUGHT)]
)
def test_what_cannot_be_looked_up_now_is_looked_up_by_rescue_and_not_sent(
    name: str, summary: str, client: Client, server: mock.MockServer
) -> None:
    client.task_list()
    with (
        server.scenario(name),
        server.weather(rate_500=1.0, routes={"list"}),
        pytest.raises(UnknownOutcome, match=r"client\.rescue\(\) or the same call looks again"),
    ):
        client.generate("a red balloon", seed=1, size="768*768")
    assert client.runs()[0].state == "sending"
    assert client.rescue().summary() == summary
    assert sent(server) == (LOST,)
    later(client, server)
    assert client.rescue().summary() == ("nothing to save" if summary == BROUGHT else "1 run never sent")
    assert client.generate("a red balloon", seed=1, size="768*768").reused == (summary == BROUGHT)
    assert server.billed == 2


def test_a_task_left_alone_for_a_day_is_lost_and_said_to_be(client: Client, server: mock.MockServer) -> None:
    request = ImageRequest(prompt="left alone", seed=1, size="768*768")
    task = client.submit(request)
    server.advance(hours=25)
    with pytest.raises(TaskForgotten, match="are lost; the same call asks and pays again"):
        task.result()
    with pytest.raises(TaskForgotten, match="are lost"):
        client.task(str(task.id)).result()
    [run] = client.runs()
    assert (run.state, run.images_made, files(run.folder)) == ("lost", 0, {"run.jsonl"})
    assert client.rescue().summary() == "nothing to save"
    assert sent(server) == (200,)
    assert len(client.run(request)) == 1
    assert (sent(server), server.billed) == ((200, 200), 2)


def test_a_task_picked_up_within_the_day_is_not_lost(client: Client, server: mock.MockServer) -> None:
    task = client.submit(ImageRequest(prompt="picked up", seed=1, size="768*768"))
    server.advance(hours=23)
    assert len(task.result()) == 1
    assert (sent(server), server.billed) == ((200,), 1)


def test_a_lost_synchronous_call_is_closed_after_a_day(client: Client, server: mock.MockServer) -> None:
    with server.scenario("dropped after accept"), pytest.raises(UnknownOutcome):
        client.generate("gone", seed=1, size="768*768", via="sync")
    server.advance(hours=25)
    client.task_list()  # any answer tells the time
    [(run_id, problem)] = client.rescue().problems
    assert "can no longer be found out; the same call asks and pays again" in str(problem)
    assert client.rescue().summary() == "nothing to save"
    with pytest.raises(UnknownOutcome, match="can no longer be found out"):
        client.pick_up(run_id).result()
    assert sent(server) == (LOST,)
    assert len(client.generate("gone", seed=1, size="768*768", via="sync")) == 1
    assert (sent(server), server.billed) == ((LOST, 200), 2)


def test_a_cancel_in_time_costs_nothing_and_one_too_late_changes_nothing(
    client: Client, server: mock.MockServer
) -> None:
    with server.scenario("slow queue"):
        early = client.submit(ImageRequest(prompt="early", seed=1, size="768*768"))
    early.cancel()
    with pytest.raises(TaskCanceled):
        early.result()
    late = client.submit(ImageRequest(prompt="late", seed=1, size="768*768"))
    with pytest.raises(CancelRefused, match=r"its images are billed: task\.result\(\) or client\.rescue\(\)") as caught:
        late.cancel()
    assert "Nothing was billed" not in str(caught.value)
    server.advance(minutes=1)
    assert len(late.result()) == 1
    assert {run.prompt: run.state for run in client.runs()} == {"early": "canceled", "late": "done"}
    assert server.billed == 1


def test_a_lost_connection_is_told_without_the_names_of_the_inside(client: Client, server: mock.MockServer) -> None:
    with server.scenario("dropped before answer"), pytest.raises(UnknownOutcome) as caught:
        client.generate("x", seed=1, size="768*768", via="sync")
    assert "to the mock server was lost: " in str(caught.value)
    assert ".." not in str(caught.value)


def test_the_lessons_play_and_sums_up_every_scenario() -> None:
    cells = [cell for name in LESSONS for cell in json.loads((NOTEBOOKS / name).read_text())["cells"]]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    texts = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    for name in mock.SCENARIOS:
        assert f'"{name}"' in code, f"no lesson plays {name!r}"
        assert f"\n| `{name}` |" in texts, f"the table leaves out {name!r}"
    # It breaks a server of its own, and so costs nothing where there is a key.
    assert 'wannb.connect("mock", base_url=server.base_url' in code
    own = code.count("base_url=server.base_url") + code.count('base_url="https://service.example/')
    assert code.count("wannb.connect(") == own


def test_a_kill_while_a_board_is_put_aside_leaves_one_that_knows_its_takes(
    client: Client, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    Storyboard(client, ["a", "b"], size=SIZE).run()
    with monkeypatch.context() as patched:
        patched.setattr(BoardFiles, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            Storyboard(client, ["c", "b"], size=SIZE, replace=True)
    again = Storyboard(client, ["c", "b"], size=SIZE, replace=True)
    assert len(again.takes(2)) == 1
    assert server.billed == 2


def test_a_lost_answer_is_no_refused_certificate_whatever_the_caller_is_handling(
    client: Client, server: MockServer
) -> None:
    with server.scenario("dropped after accept"):
        try:
            raise ssl.SSLCertVerificationError("of another program's connection")
        except ssl.SSLError:
            with pytest.raises(UnknownOutcome):
                client.run(small(), via="sync")
    assert client.runs()[0].state == "sending"


def test_lost_answers_count_in_the_limits_of_a_plan(client: Client, server: MockServer) -> None:
    plan = wannb.sweep(client, prompt="x", seed=range(4), size=SIZE)
    client.pace = replace(FAST, running=1, ahead=0)
    client.task_list()
    weather = server.weather(rate_500=1.0, routes={"list"})
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(server.scenario("dropped after accept"))
        stack.enter_context(weather)
        plan.run(max_images=2)
    assert server.billed == 2


def test_a_sweep_finds_out_what_became_of_lost_answers_before_it_sends_them_again(
    client: Client, server: MockServer, store: Store
) -> None:
    plan = wannb.sweep(client, prompt="x", seed=range(4), size=SIZE)
    client.run(small(99, "so that the clocks are known"))
    now, _ = client._ledger.transport.now()
    lost = unanswered(client, plan.cells[0].request, at=now - 30, within=0.02)
    with server.scenario("dropped after accept"):
        plan.run()
    assert all(plan.results())
    assert store.get(lost.id).record.resent, "a later task proved that it never arrived"
    assert server.billed == 5
