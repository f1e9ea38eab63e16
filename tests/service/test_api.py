"""What an answer means: only the service's own JSON accepts or refuses, whatever else answers in its place."""

from __future__ import annotations

import codecs
import json
from dataclasses import replace
from typing import Any

import pytest
from conftest import FAST, make_client, small
from hostile import is_create, is_query
from ledger.around import Instead, creates, saying, served

from wannb.errors import ApiError, BadRequest, ConnectionFailed, RateLimited, WannbError
from wannb.mock import App, Request, Response
from wannb.mock.exchange import json_response
from wannb.runs.store import Store
from wannb.service import wire

pytestmark = pytest.mark.usefixtures("quick_pictures")

SHORT = replace(FAST, retry_seconds=0.05, lookups=(0.0, 0.02))
HTML = {"content-type": "text/html"}
#: Envoy's words for a connection that ended after the request had gone through, and for one that was never made.
ENVOY = b"upstream connect error or disconnect/reset before headers. reset reason: connection %s"


def page(status: int, body: bytes = b"<html><title>Please wait</title></html>", **headers: str) -> Response:
    return Response(status=status, body=body, headers={**HTML, **headers})


def other(status: int, data: Any) -> Response:
    """Return the JSON of another program."""
    return Response(status=status, body=json.dumps(data).encode(), headers={"content-type": "application/json"})


UNCLEAR = {
    **{
        f"a page with {status}": page(status)
        for status in (
            *(200, 201, 202, 206, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410),
            *(411, 412, 413, 414, 415, 421, 422, 423, 425, 426, 428, 431, 444, 451, 494, 499, 500, 501, 502, 504, 505),
            *(507, 508, 511, *range(520, 531), 561, 598, 599),
        )
    },
    "no body with 200": Response(body=b""),
    "no body with 400": Response(status=400, body=b""),
    "half of the JSON": Response(body=b'{"request_id": "r", "output": {"task_id": "03'),
    "a list": other(200, []),
    "a list with 400": other(400, [{"code": "InvalidParameter"}]),
    "null": other(200, None),
    "a number": other(200, 7),
    "another program's": other(200, {"task_id": "7", "status": "queued"}),
    "no task id": other(200, {"request_id": "r", "output": {}}),
    "Kong": other(401, {"message": "No API key found in request"}),
    "Azure": other(400, {"error": {"code": "content_filter", "message": "no"}}),
    "an old gateway": other(403, {"Code": "Forbidden", "Message": "no", "RequestId": "r"}),
    "a gateway with a code": other(403, {"code": "BLOCKED", "message": "by policy"}),
    "a code that is a number": other(400, {"code": 40001, "message": "no", "request_id": "r"}),
    "an empty code": other(400, {"code": "", "message": "no", "request_id": "r"}),
    "a connection that ended behind a gateway": page(503, ENVOY % b"termination"),
}
NOT_PASSED_ON = {
    "a page with 429": page(429),
    "a page with 503": page(503),
    "no body with 429": Response(status=429, body=b""),
    "no body with 503": Response(status=503, body=b""),
    "when to come again": page(429, **{"retry-after": "0"}),
    "another program's 429": other(429, {"message": "API rate limit exceeded"}),
    "another program's 503": other(503, {"error": "no healthy upstream"}),
    "a list with 429": other(429, []),
    "a connection that was never made": page(503, ENVOY % b"failure"),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_is_not_the_services_own_is_looked_up(name: str, store: Store) -> None:
    odd = Instead(is_create, UNCLEAR[name], left=1, heard=True)
    with served(odd) as server, make_client(server, store) as client:
        result = client.run(small())
        assert any("found by its time" in notice for notice in result.notices)
        assert (server.billed, creates(server)) == (1, 1)


@pytest.mark.parametrize(
    ("name", "times"), [*((name, 1) for name in NOT_PASSED_ON), ("a page with 429", 12), ("no body with 503", 12)]
)
def test_a_gateway_that_is_busy_is_waited_out(name: str, times: int, store: Store) -> None:
    odd = Instead(is_create, NOT_PASSED_ON[name], left=times)
    with served(odd) as server, make_client(server, store) as client:
        assert client.run(small()).notices == ()
        assert (server.billed, odd.given) == (1, times)


@pytest.mark.parametrize("via", ["task", "sync"])
def test_a_gateway_that_stays_busy_is_said_to_be(via: Any, store: Store) -> None:
    with served(Instead(is_create, page(503))) as server, make_client(server, store, pace=SHORT) as client:
        with pytest.raises(RateLimited, match=r"HTTP 503: the answer is not the service's own\nNothing was billed"):
            client.run(small(), via=via)
        assert [run.state for run in client.runs()] == ["failed"]


@pytest.mark.parametrize("answer", [page(403), page(302), page(413), other(403, {"code": "BLOCKED"})])
def test_a_synchronous_call_is_not_called_refused_either(answer: Response, store: Store) -> None:
    with served(Instead(is_create, answer)) as server, make_client(server, store, pace=SHORT) as client:
        with pytest.raises(WannbError, match="may or may not have been billed"):
            client.run(small(), via="sync")
        assert [run.state for run in client.runs()] == ["sending"]


def test_the_services_own_refusal_is_one(store: Store) -> None:
    refusal = Instead(is_create, saying(400, "InvalidParameter"))
    with served(refusal) as server, make_client(server, store) as client:
        with pytest.raises(BadRequest, match="InvalidParameter, HTTP 400"):
            client.run(small())
        assert refusal.given == 1
        assert [run.state for run in client.runs()] == ["failed"]


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_a_mark_before_the_services_own_json_changes_nothing(mark: bytes, store: Store) -> None:
    def between(app: App, request: Request) -> Response:
        answer = app.handle(request)
        if not is_create(request):
            return answer
        text = answer.body.decode()
        return replace(answer, body=mark + text.encode("utf-16-le" if len(mark) == 2 else "utf-8"))

    with served(between) as server, make_client(server, store) as client:
        assert client.run(small()).notices == ()


@pytest.mark.parametrize("step", ["query", "list", "cancel"])
@pytest.mark.parametrize("answer", [*(page(status) for status in (429, 503)), page(500, ENVOY % b"failure")])
def test_free_calls_are_made_again(step: str, answer: Response, store: Store) -> None:
    ends = {"query": "", "list": "/tasks/", "cancel": "/cancel"}

    def kind(request: Request) -> bool:
        return is_query(request) if step == "query" else request.path.endswith(ends[step])

    odd = Instead(kind, answer, left=0)
    with served(odd) as server, make_client(server, store) as client:
        task = client.submit(small())
        odd.left = 2 if step != "cancel" or answer.status != 500 else 0
        if step == "query":
            assert task.status() == "SUCCEEDED"
        elif step == "list":
            assert len(client.task_list()) == 1
        else:
            with pytest.raises(ApiError, match="UnsupportedOperation"):
                task.cancel()
        assert odd.given == odd.left


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 407, 451, 511])
def test_where_a_log_in_page_answers_nothing_is_sent(status: int, store: Store) -> None:
    odd = Instead(lambda request: True, page(status))
    with served(odd) as server, make_client(server, store) as client:
        with pytest.raises(ConnectionFailed, match=rf"with a web page \(HTTP {status}\) and not .*nothing is billed"):
            client.run(small())
        assert odd.given == 1
        assert [run.state for run in client.runs()] == ["failed"]


def test_the_clock_of_a_page_is_not_the_services(store: Store) -> None:
    odd = Instead(lambda request: True, page(503, date="Thu, 01 Jan 2026 00:00:00 GMT"))
    with served(odd) as server, make_client(server, store) as client:
        client._ledger.transport.learn_time()
        assert client._ledger.transport.skew == (0.0, 3600.0)


def test_an_answer_about_another_task_is_none(store: Store) -> None:
    """As two programs on one connection get them."""
    odd = Instead(is_query, json_response(200, {"output": {"task_id": "0385dc79", "task_status": "FAILED"}}), left=2)
    with served(odd) as server, make_client(server, store) as client:
        assert client.run(small()).request == small()
        assert odd.given == 2


@pytest.mark.parametrize(
    ("data", "status", "kind"),
    [
        ({"code": "Throttling", "message": "", "request_id": ""}, 400, "RateLimited"),
        ({"code": "InvalidApiKey", "message": "no", "request_id": "r"}, 401, "AuthenticationError"),
        ({"code": "InvalidApiKey", "message": "no"}, 401, "MalformedAnswer"),
        ({"code": "InternalError", "message": "no"}, 503, "RateLimited"),
        ({"code": "InternalError", "message": "no", "request_id": "r"}, 503, "ServiceError"),
        (None, 502, "MalformedAnswer"),
    ],
)
def test_the_services_own_errors_have_a_request_id(data: Any, status: int, kind: str) -> None:
    assert type(wire.read_error(data, status=status)).__name__ == kind
