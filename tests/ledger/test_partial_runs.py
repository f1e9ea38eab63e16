"""Runs of which some images were refused: what came is saved and counted, the reasons are shown, nothing else is paid.

Each answer is written down here, so that the mock and the client cannot agree on a wrong one.
"""

from __future__ import annotations

import copy
import html
import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from conftest import make_client, small
from hostile import is_create, is_query
from journals import NAME, change, last
from ledger.around import creates, prepared, served

from wannb.client import Client
from wannb.errors import (
    ApiError,
    BadRequest,
    ContentRefused,
    MalformedAnswer,
    OverBudget,
    ServiceError,
    UnknownOutcome,
)
from wannb.ledger.metadata import as_sent
from wannb.mock import App, MockServer, Request, Response
from wannb.mock.exchange import json_response
from wannb.runs.record import Failure, Record
from wannb.runs.run import read
from wannb.runs.store import Store
from wannb.service.prices import Money

pytestmark = pytest.mark.usefixtures("quick_pictures")

UNSAFE = {"code": "DataInspectionFailed", "message": "Output data may contain inappropriate content."}
CHINESE = {"code": "DataInspectionFailed", "message": "输出内容可能包含不当信息。"}
BROKEN = {"code": "InternalError.Algo", "message": "inference internal error"}
CAME = "{} of {} images came back; only those that came are billed"
NEXT = "for the rest: fresh=True, or run(fill=True) of a plan, asks for all {} again and pays for them"
REFUSED = "refused: DataInspectionFailed: Output data may contain inappropriate content."
PRICE = Decimal("0.075")

#: Makes the output of an answer from the links of all the images that were asked for.
Output = Callable[[list[str]], dict[str, Any]]


def choice(*content: Any) -> dict[str, Any]:
    return {"finish_reason": "stop", "message": {"role": "assistant", "content": list(content)}}


def image(link: Any) -> dict[str, Any]:
    return {"type": "image", "image": link}


def metrics(came: int, refused: int) -> dict[str, Any]:
    return {"task_metrics": {"TOTAL": came + refused, "SUCCEEDED": came, "FAILED": refused}}


@contextmanager
def answering(output: Output, usage: Any = None, status: str = "SUCCEEDED") -> Iterator[MockServer]:
    """Serve the mock with the outputs of its finished answers exchanged."""

    def between(app: App, request: Request) -> Response:
        answer = app.handle(request)
        if not (is_query(request) or request.path.endswith("/multimodal-generation/generation")):
            return answer
        body = answer.json()
        links = [item["image"] for each in body["output"]["choices"] for item in each["message"]["content"]]
        kept = {name: body["output"][name] for name in ("task_id", "submit_time", "end_time") if name in body["output"]}
        if kept or status != "SUCCEEDED":
            kept["task_status"] = status
        return json_response(200, {"request_id": "r-9", "output": {**kept, **output(links)}, "usage": usage})

    with served(between) as server:
        yield server


#: How many were asked for, in a set or not; the output and the usage; how many came and were billed; the notices.
PARTIAL: dict[str, tuple[int, bool, Output, Any, int, int, list[str]]] = {
    "choices, the first refused": (
        3, False, lambda urls: {"choices": [choice(UNSAFE), choice(image(urls[1])), choice(image(urls[2]))]},
        {"image_count": 2}, 2, 2, [CAME.format(2, 3), REFUSED],
    ),
    "results, the last refused": (
        2, False, lambda urls: {"results": [{"url": urls[0]}, UNSAFE], **metrics(1, 1)}, {"image_count": 1}, 1, 1,
        [CAME.format(1, 2), REFUSED],
    ),
    "links in choices, reasons in results, no usage": (
        3, False, lambda urls: {"choices": [choice(image(urls[0]))], "results": [UNSAFE, CHINESE], **metrics(1, 2)},
        None, 1, 1, [CAME.format(1, 3), REFUSED, "refused: DataInspectionFailed: 输出内容可能包含不当信息。"],
    ),
    "results, no usage, no metrics": (
        4, False, lambda urls: {"results": [UNSAFE, {"url": urls[1]}, UNSAFE, {"url": urls[3]}]}, None, 2, 2,
        [CAME.format(2, 4), REFUSED],
    ),
    "a usage without a count": (
        2, False, lambda urls: {"results": [{"url": urls[0]}, UNSAFE]}, {"size": "768*768"}, 1, 1,
        [CAME.format(1, 2), REFUSED],
    ),
    "a set of twelve with three refused": (
        12, True,
        lambda urls: {"choices": [choice(*(UNSAFE if n % 4 == 1 else image(url) for n, url in enumerate(urls)))]},
        {"image_count": 9}, 9, 9, [CAME.format(9, 12), REFUSED],
    ),
    "a link twice": (
        4, False, lambda urls: {"choices": [choice(image(url)) for url in [urls[0], urls[1], urls[0], urls[2]]]},
        {"image_count": 4}, 3, 4,
        ["3 of 4 images came back; by the service's own count 4 were made and are billed"],
    ),
    "a link that is missing": (
        3, False, lambda urls: {"choices": [choice(image(urls[0])), choice(image(None), image(""))]}, None, 1, 1,
        [CAME.format(1, 3)],
    ),
    "texts between and an unknown code": (
        3, False,
        lambda urls: {"choices": [choice({"text": "Hi"}, image(urls[0]), "and", {"code": "New.Code"}, image(urls[2]))]},
        {"image_count": 2}, 2, 2, [CAME.format(2, 3), "refused: New.Code"],
    ),
    "whole, though with texts": (
        2, False, lambda urls: {"choices": [choice({"text": "Here"}, image(urls[0]), image(urls[1]))]},
        {"image_count": 2}, 2, 2, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("via", ["task", "sync"])
@pytest.mark.parametrize(("n", "is_set", "output", "usage", "came", "billed", "notices"), PARTIAL.values(), ids=PARTIAL)
def test_what_came_is_saved_counted_and_reused_and_the_rest_is_told(
    store: Store,
    via: Any,
    n: int,
    is_set: bool,
    output: Output,
    usage: Any,
    came: int,
    billed: int,
    notices: list[str],
) -> None:
    request = small(n=n, enable_sequential=is_set)
    with answering(output, usage) as server, make_client(server, store) as client:
        result = client.run(request, via=via)
        assert (len(result), result.asked, list(result.notices)) == (came, n, notices + [NEXT.format(n)] * (came < n))
        assert all(each.path.is_file() for each in result)
        assert result.cost == client.spent() == Money(amount=PRICE * billed, currency="USD")
        again = client.run(request, via=via)
        assert (again.reused, again.run_id, creates(server)) == (True, result.run_id, 1)
        assert [*again.notices[: len(notices)]] == notices
        assert ("fresh=True" in again.notices[-1]) if came < n else again.notices == ()
        [run] = client.runs()
        assert run.tally == (f"{came} of {n} images" if came < n else f"{n} images")
        page = client.runs()._repr_html_()
        assert all(notice[:150] in html.unescape(page) for notice in notices)


@pytest.mark.parametrize("via", ["task", "sync"])
@pytest.mark.parametrize(
    ("output", "usage", "error", "says"),
    [
        (lambda urls: {"choices": [choice(UNSAFE), choice(UNSAFE)]}, None, ContentRefused, UNSAFE["message"]),
        (lambda urls: {"results": [UNSAFE, CHINESE]}, {"image_count": 0}, ContentRefused, "content.; 输出内容"),
        (lambda urls: {"results": [UNSAFE, BROKEN], **metrics(0, 2)}, None, ServiceError, "Failed: Output data"),
        (lambda urls: {"results": [{"code": "New.Code"}] * 2}, None, BadRequest, "New.Code, task"),
        (lambda urls: {"results": [{"message": "no"}] * 2}, None, ContentRefused, "ContentRefused, .*: no"),
        (lambda urls: {"results": [], **metrics(0, 2)}, None, ApiError, "Failed, .*: the service gave no reason"),
        (lambda urls: {"choices": []}, {"image_count": 0}, ApiError, "Failed, .*: the service gave no reason"),
    ],
)
def test_all_refused_is_a_failed_run_that_costs_nothing_and_frees_its_budget(
    store: Store, via: Any, output: Output, usage: Any, error: type[ApiError], says: str
) -> None:
    budget = Money(amount=PRICE * 2, currency="USD")
    with answering(output, usage) as server, make_client(server, store, budget=budget) as client:
        for _ in range(2):  # the second one has the whole budget again
            with pytest.raises(error, match=says.replace("task", ".*") if via == "sync" else says):
                client.run(small(n=2), via=via)
        assert (client.spent(), creates(server)) == (Money(amount=Decimal(0), currency="USD"), 2)
        run = client.runs()[0]
        assert (run.state, run.images, run.cost()) == ("failed", (), Money(amount=Decimal(0), currency="USD"))
        assert read(run.folder).record.error == run.record.error, "the journal's last line can be read"
        assert not client._ledger.kept
        assert client.rescue().results == ()


def test_the_budget_is_freed_of_what_did_not_come(store: Store) -> None:
    budget = Money(amount=PRICE * 5, currency="USD")
    served = answering(lambda urls: {"results": [{"url": urls[0]}, UNSAFE]})
    with served as server, make_client(server, store, budget=budget) as client:
        for seed in range(4):
            client.run(small(seed, n=2))
        with pytest.raises(OverBudget):
            client.run(small(5, n=2))
        assert client.spent() == Money(amount=PRICE * 4, currency="USD")


@pytest.mark.parametrize("via", ["task", "sync"])
def test_a_failed_task_that_has_images_has_them_saved_and_counted(store: Store, via: Any) -> None:
    """They may be billed, and their links die within a day."""
    served = answering(lambda urls: {"results": [{"url": urls[0]}, UNSAFE], **BROKEN}, None, "FAILED")
    with served as server, make_client(server, store) as client:
        result = client.run(small(n=2), via=via)
        assert (len(result), str(result.cost)) == (1, "0.075 USD")
        assert list(result.notices) == [CAME.format(1, 2), REFUSED, NEXT.format(2)]
        if via == "task":
            result[0].path.unlink()
            assert client.task(str(result.task_id)).result()[0].path.is_file(), "fetched again while the links live"


@pytest.mark.parametrize("via", ["task", "sync"])
@pytest.mark.parametrize(
    ("output", "says"),
    [
        ({**BROKEN, "results": [UNSAFE]}, "inference internal error; DataInspectionFailed: Output data"),
        ({"code": "InternalError.Algo", "results": [BROKEN]}, "InternalError.Algo, .*: inference internal error"),
        ({"results": [BROKEN]}, "InternalError.Algo, .*: inference internal error"),
        ({}, "Failed, .*: the service gave no reason"),
    ],
)
def test_a_failed_task_says_why_and_stays_failed(store: Store, via: Any, output: dict[str, Any], says: str) -> None:
    with answering(lambda urls: output, None, "FAILED") as server, make_client(server, store) as client:
        with pytest.raises(ApiError, match=says):
            client.run(small(), via=via)
        assert read(client.runs()[0].folder).state == "failed"


@pytest.mark.parametrize(
    ("output", "usage"),
    [
        (lambda urls: {"choices": [choice(image(None))]}, None),
        (lambda urls: {"choices": []}, None),
        (lambda urls: {"results": [UNSAFE]}, {"image_count": 1}),
        (lambda urls: {"results": [UNSAFE, {"url": ""}]}, None),
    ],
)
def test_no_images_and_no_word_that_they_are_free_leave_the_run_open(store: Store, output: Output, usage: Any) -> None:
    with answering(output, usage) as server, make_client(server, store) as client:
        with pytest.raises(MalformedAnswer, match="a finished task without images"):
            client.run(small(n=2))
        assert client.runs()[0].state == "running"
        assert client.spent() == Money(amount=PRICE * 2, currency="USD")


# Picked up and restored


def partial(store: Store) -> Any:
    """Return a server whose batches of three bring two images, for the price of three."""
    return answering(lambda urls: {"results": [{"url": urls[0]}, UNSAFE, {"url": urls[2]}]}, {"image_count": 3})


TOLD = ["2 of 3 images came back; by the service's own count 3 were made and are billed", REFUSED]


@pytest.mark.parametrize("via", ["task", "sync"])
@pytest.mark.parametrize("damage", ["gone", "garbage", "its last lines"])
def test_a_rescue_from_the_images_alone_knows_that_there_were_to_be_more(store: Store, via: Any, damage: str) -> None:
    with partial(store) as server, make_client(server, store) as client:
        result = client.run(small(n=3), via=via)
        journal = result.path / NAME
        if damage == "its last lines":  # those that said what was answered; the price is known
            lines = journal.read_bytes().splitlines(keepends=True)
            journal.write_bytes(b"".join(lines[:-2]))
        elif damage == "gone":
            journal.unlink()
        else:
            journal.write_bytes(b"garbage")
        [found] = client.rescue().results
        assert (len(found), found.asked, list(found.notices)) == (2, 3, [*TOLD, NEXT.format(3)])
        assert found.usage == {"image_count": 3}
        assert str(found.cost) == "0.225 USD"
        assert client.run(small(n=3), via=via).reused
        assert creates(server) == 1


def test_what_an_image_says_of_refusals_is_not_believed_blindly(store: Store) -> None:
    from wannb import png

    with partial(store) as server, make_client(server, store) as client:
        result = client.run(small(n=3))
        for each in result:
            data = each.path.read_bytes()
            facts = json.loads(png.read_text(data, "wannb") or "")
            secret = "see https://host/a.png?Signature=TOPSECRET sk-0123456789abcdef0123 " + "x" * 900
            facts |= {"refused": [3, secret, None], "billed": "many"}
            each.path.write_bytes(png.with_texts(as_sent(data), {"wannb": json.dumps(facts)}))
        (result.path / NAME).unlink()
        [found] = client.rescue().results
        assert found.notices[0] == CAME.format(2, 3)
        assert found.notices[1].startswith("refused: see https://host/a.png?... sk-*** xxx")
        assert len(found.notices[1]) < 600
        assert found.usage == {}


def test_images_of_a_partial_answer_that_could_not_be_fetched_are_fetched_later(store: Store) -> None:
    with partial(store) as server, make_client(server, store) as client:
        result = client.run(small(n=3))
        result[1].path.unlink()
        again = client.task(str(result.task_id)).result()
        assert (len(again), list(again.notices)) == (2, [*TOLD, NEXT.format(3)])
        assert again[1].path.is_file()


# Asked again


def test_a_partial_run_is_asked_again_only_where_that_is_said_and_the_fuller_one_counts(store: Store) -> None:
    brings = [1]
    served = answering(lambda urls: {"results": [{"url": url} for url in urls[: brings[-1]]]})
    with served as server, make_client(server, store) as client:
        ids = [client.run(small(n=3)).run_id]
        for came, counts in ((2, 1), (1, 1), (3, 3)):
            brings.append(came)
            ids.append(client.run(small(n=3), fresh=True).run_id)
            assert client.run(small(n=3)).run_id == ids[counts], f"after {brings}"
        assert creates(server) == 4


def test_a_second_try_that_has_its_task_is_picked_up_and_one_that_was_not_sent_is_not(store: Store) -> None:
    served = answering(lambda urls: {"results": [{"url": url} for url in urls[:1]]})
    with served as server, make_client(server, store) as client:
        came = client.run(small(n=3))
        prepared(client, small(n=3))
        again = client.run(small(n=3))
        assert (again.run_id, creates(server)) == (came.run_id, 1), "nothing is paid for without a word"
        task = client.submit(small(n=3), fresh=True)
        assert client.submit(small(n=3)).id == task.id
        assert creates(server) == 2


# Shown


def test_the_table_of_runs_tells_why_one_failed_and_what_differs(client: Client, server: MockServer) -> None:
    with server.scenario("refused content"), pytest.raises(ContentRefused):
        client.run(small(3, model="wan2.7-image", watermark=True))
    client.run(small(4, thinking_mode=False))
    failed, done = sorted(client.runs(), key=lambda run: run.state == "done")  # both began within a second
    assert failed.why.startswith("DataInspectionFailed: Output data may contain")
    assert done.why == ""
    assert failed.settings == "wan2.7-image · 768*768 · seed 3 · Watermark"
    assert done.settings == "wan2.7-image-pro · 768*768 · seed 4 · Thinking off"
    page = client.runs()._repr_html_()
    for shown in ("DataInspectionFailed: Output data may", failed.settings, done.settings):
        assert shown in page
    assert "DataInspectionFailed" in repr(failed)
    assert "DataInspectionFailed" not in repr(done)
    client.language = "zh"
    assert "种子 3 · 水印" in client.runs()._repr_html_()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Failure(text="cut off"), "cut off"),
        (Failure(code="C"), "C"),
        (Failure(code="C", message="m" * 500), "C: " + "m" * 196 + "…"),
        (Failure(), ""),
        (None, ""),
    ],
)
def test_every_kind_of_failure_is_told_in_the_table(client: Client, error: Failure | None, why: str) -> None:
    run = prepared(client, small())
    run.advance("failed", error=error)
    page = client.runs()._repr_html_()
    assert f"<bdi>{why}</bdi>" in page


# What is handed out cannot be changed


def test_the_facts_of_a_run_and_of_a_result_cannot_be_changed(client: Client) -> None:
    result = client.run(small(bbox_list=None, color_palette={"#112233": 50, "#445566": 30, "#778899": 20}))
    run = client.runs()[0]
    changes: list[Callable[[], Any]] = [
        lambda: result.usage.update(image_count=0),  # type: ignore[attr-defined]
        lambda: result.usage.__setitem__("image_count", 0),  # type: ignore[attr-defined]
        lambda: result.usage.pop("image_count"),  # type: ignore[attr-defined]
        lambda: run.record.usage.clear(),  # type: ignore[attr-defined]
        lambda: run.record.times.popitem(),  # type: ignore[attr-defined]
        lambda: run.record.versions.setdefault("x", 1),  # type: ignore[attr-defined]
        lambda: run.record.request.__delitem__("prompt"),  # type: ignore[union-attr]
        lambda: run.record.request["color_palette"][0].__ior__({"hex": "#000000"}),  # type: ignore[index]
        lambda: run.record.request["color_palette"].append(1),  # type: ignore[index]
    ]
    for each in changes:
        with pytest.raises((TypeError, AttributeError)):
            each()
    assert client.runs()[0].record == run.record == read(run.folder).record
    assert client.spent() == result.cost


def test_a_record_is_copied_pickled_and_written_as_it_was(client: Client) -> None:
    result = client.run(small(color_palette={"#112233": 50, "#445566": 30, "#778899": 20}))
    record = client.runs()[0].record
    for again in (pickle.loads(pickle.dumps(record)), copy.deepcopy(record), Record.from_json(record.as_json())):
        assert again == record
    assert record.as_json() == last(result.path)
    assert json.loads(json.dumps(result.usage)) == dict(result.usage) == pickle.loads(pickle.dumps(result)).usage
    changed = dict(result.usage)
    changed["image_count"] = 7
    assert result.usage["image_count"] == 1


def test_a_dictionary_that_a_caller_keeps_is_copied() -> None:
    usage: Mapping[str, Any] = {"image_count": 1, "inside": {"x": [1]}}
    record = replace(Record(state="done", fingerprint="f", service="mock"), usage=usage)
    usage["inside"]["x"].append(2)
    assert record.usage["inside"]["x"] == (1,)


@pytest.mark.parametrize("count", [True, 1.5, "3", -1, 10**9, None])
def test_a_count_that_is_none_leaves_the_cost_to_the_images(count: Any) -> None:
    record = Record(state="done", fingerprint="f", service="mock", usage={"image_count": count})
    assert (record.billed, record.images_made) == (None, 0)


def test_a_run_whose_count_is_unknown_may_cost_what_was_asked_until_its_images_are_saved(client: Client) -> None:
    result = client.run(small(n=2))
    change(result.path, state="answered", usage={"size": "768*768"}, images=[])
    assert client.runs()[0].cost() == Money(amount=PRICE * 2, currency="USD")


def test_a_create_that_is_answered_without_a_code_is_an_open_run_that_can_be_read(store: Store) -> None:
    def between(app: App, request: Request) -> Response:
        return json_response(400, {"message": "no"}) if is_create(request) else app.handle(request)

    with served(between) as server, make_client(server, store) as client:
        with pytest.raises(UnknownOutcome):
            client.run(small())
        run = client.runs()[0]
        assert (run.state, run.skipped, read(run.folder).skipped) == ("sending", 0, 0)
