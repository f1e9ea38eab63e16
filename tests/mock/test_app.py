"""The mock service as a function: routes, keys, the envelope, health, the log, and its own defects."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable

import httpx
import pytest
from mocking import CREATE, KEY, SYNC, Api, body, data_uri, urls
from pictures import encoded

from wannb import mock

from .conftest import START


def test_a_create_answers_as_seen_live(api: Api) -> None:
    answer = api.create()
    assert set(answer.json()) == {"request_id", "output"}
    assert set(answer.json()["output"]) == {"task_id", "task_status"}
    assert answer.json()["output"]["task_status"] == "PENDING"
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    assert answer.headers["server"].startswith("wannb-mock/")
    assert answer.headers["req-arrive-time"] == str(int(START * 1000))
    assert int(answer.headers["resp-start-time"]) >= int(answer.headers["req-arrive-time"])
    assert answer.headers["date"] == "Thu, 16 Apr 2026 12:42:36 GMT"


def test_slashes_at_the_end_are_let_pass(api: Api) -> None:
    task_id = api.made()
    assert api.call("GET", f"/tasks/{task_id}/").json()["output"]["task_id"] == task_id
    assert api.call("GET", "/tasks/").json()["total"] == 1
    assert api.call("POST", f"{SYNC}/", json=body()).status_code == 200


def test_create_needs_its_header_and_sync_becomes_a_task_with_it(api: Api) -> None:
    refused = api.call("POST", CREATE, json=body())
    assert (refused.status_code, refused.json()["code"]) == (403, "AccessDenied")
    assert "does not support synchronous calls" in refused.json()["message"]
    made = api.call("POST", SYNC, json=body(), headers={"X-DashScope-Async": "enable"})
    assert made.json()["output"]["task_status"] == "PENDING"
    for value in ("disable", "yes", "Enable", "false"):
        assert (answer := api.create(X_DashScope_Async=value)).status_code == 403
        assert answer.json()["message"] == refused.json()["message"]
    on_sync = api.call("POST", SYNC, json=body(), headers={"X-DashScope-Async": "disable"})
    assert (on_sync.status_code, "X-DashScope-Async" in on_sync.json()["message"]) == (400, True)
    assert api.create(X_DashScope_SSE="enable").status_code == 400


def test_unknown_routes_and_methods(api: Api) -> None:
    old = api.call("POST", "/services/aigc/text2image/image-synthesis", json=body())
    assert (old.status_code, old.json()["code"]) == (400, "InvalidParameter")
    assert old.json()["message"] == "url error, please check url!"
    assert api.call("GET", "/images/generations").status_code == 404
    assert api.call("GET", SYNC).status_code == 405


def test_the_envelope_must_be_json_and_say_so(api: Api) -> None:
    headers = {"X-DashScope-Async": "enable", "Content-Type": "text/plain"}
    assert "Content-Type" in api.call("POST", CREATE, content=b"{}", headers=headers).json()["message"]
    headers["Content-Type"] = "application/json; charset=utf-8"
    for content in (b"{", b"", b"\xff{}", b"[" * 100_000, b'{"model": "\\ud800"'):
        answer = api.call("POST", CREATE, content=content, headers=headers)
        assert (answer.status_code, "not valid JSON" in answer.json()["message"]) == (400, True)
    for sent in (body("half a \ud800 pair"), body(**{"\ud800": 1}), body(model="\ud800")):
        headers = {"X-DashScope-Async": "enable", "Content-Type": "application/json"}
        answer = api.call("POST", CREATE, content=json.dumps(sent).encode(), headers=headers)
        assert answer.status_code in (400, 404)


def test_health_says_it_is_the_mock(server: mock.MockServer) -> None:
    with urllib.request.urlopen(server.url + "/healthz", timeout=5) as answer:
        assert json.load(answer)["service"] == "wannb-mock"


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer sk-wrong-region"])
def test_a_missing_or_wrong_key_is_refused(api: Api, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = httpx.post(api.server.base_url + CREATE, json=body(), headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (401, "InvalidApiKey")
    assert len(api.server.app.tasks) == 0


def test_with_a_list_of_keys_only_those_are_known(connect: Callable[[mock.MockServer], Api]) -> None:
    api = connect(mock.serve(keys={KEY}, task_seconds=0))
    assert api.create().status_code == 200
    assert api.create(Authorization="Bearer sk-other").status_code == 401


def test_the_log_holds_what_was_sent_without_secrets(api: Api) -> None:
    first = urls(api.sync(body("hello", data_uri(encoded()))).json())[0]
    api.http.get(first)
    api.sync(body(f"my key is {KEY}, draw it", first))
    entry = api.server.log[0]
    assert (entry.method, entry.status, entry.path) == ("POST", 200, "/api/v1" + SYNC)
    assert entry.json["input"]["messages"][0]["content"][1] == {"text": "hello"}
    assert re.match(r"data:image/png;sha256:[0-9a-f]{64} ", entry.json["input"]["messages"][0]["content"][0]["image"])
    assert entry.headers["authorization"] == "Bearer ***"
    assert api.server.log[1].query["Signature"] == "***"
    everything = repr(api.server.log) + "".join(f"{e.headers}{e.json}{e.query}{e.notes}" for e in api.server.log)
    assert KEY not in everything
    assert first.partition("Signature=")[2] not in everything
    assert "Signature=***" in everything
    assert "my key is ***, draw it" in everything


def test_the_log_notes_a_text_that_was_cut(api: Api) -> None:
    assert api.sync(body("x" * 5001)).status_code == 200
    assert api.server.log[-1].notes == ("prompt cut from 5001 to 5000 characters",)
    assert "POST" in repr(api.server.log)


def test_a_defect_of_the_mock_does_not_pass_for_the_service(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.server.app.tasks, "page", lambda query: 1 / 0)
    answer = api.call("GET", "/tasks")
    assert (answer.status_code, answer.json()["code"]) == (500, "Mock.Defect")
