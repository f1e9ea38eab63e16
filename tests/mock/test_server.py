"""The mock service through HTTP: its routes, the life of a task, uploads, results, log and server."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from mocking import CREATE, KEY, SYNC, Api, body, data_uri, encoded, urls
from PIL import Image

from wannb import mock
from wannb.mock.server.tasks import local_time

START = 1_776_343_356.703  # 2026-04-16 12:42:36.703 UTC, as in the live recording
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


@pytest.fixture
def server() -> Iterator[mock.MockServer]:
    """A server whose clock stands still but for `advance`, and whose tasks take a minute."""
    with mock.serve(task_seconds=60, clock=lambda: START, sleep=lambda seconds: None, seed=1) as running:
        yield running


@pytest.fixture
def api(server: mock.MockServer) -> Iterator[Api]:
    client = Api(server)
    yield client
    client.close()


# Routes


def test_a_sync_call_answers_with_pictures_and_usage(api: Api) -> None:
    answer = api.sync(body(n=2)).json()
    assert list(answer) == ["request_id", "output", "usage"]
    assert answer["output"]["finished"] is True
    assert [choice["finish_reason"] for choice in answer["output"]["choices"]] == ["stop", "stop"]
    assert all(len(choice["message"]["content"]) == 1 for choice in answer["output"]["choices"])
    assert answer["usage"]["image_count"] == 2
    assert answer["usage"]["size"] == "768*768"
    assert answer["usage"]["total_tokens"] == answer["usage"]["input_tokens"] + answer["usage"]["output_tokens"]


def test_a_set_is_one_choice_with_several_images(api: Api) -> None:
    answer = api.sync(body(n=4, enable_sequential=True)).json()
    assert len(answer["output"]["choices"]) == 1
    assert len(answer["output"]["choices"][0]["message"]["content"]) == 4
    assert answer["usage"]["output_tokens"] == 11


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


def test_create_without_its_header_and_sync_with_it(api: Api) -> None:
    refused = api.call("POST", CREATE, json=body())
    assert (refused.status_code, refused.json()["code"]) == (403, "AccessDenied")
    assert "does not support synchronous calls" in refused.json()["message"]
    made = api.call("POST", SYNC, json=body(), headers={"X-DashScope-Async": "enable"})
    assert made.json()["output"]["task_status"] == "PENDING"


def test_unknown_routes_and_methods(api: Api) -> None:
    old = api.call("POST", "/services/aigc/text2image/image-synthesis", json=body())
    assert (old.status_code, old.json()["code"]) == (400, "InvalidParameter")
    assert old.json()["message"] == "url error, please check url!"
    assert api.call("GET", "/images/generations").status_code == 404
    assert api.call("GET", SYNC).status_code == 405


def test_health_says_it_is_the_mock(server: mock.MockServer) -> None:
    with urllib.request.urlopen(server.url + "/healthz", timeout=5) as answer:
        assert json.load(answer)["service"] == "wannb-mock"


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer sk-wrong-region"])
def test_a_missing_or_wrong_key_is_refused(api: Api, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = httpx.post(api.server.base_url + CREATE, json=body(), headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (401, "InvalidApiKey")
    assert len(api.server.app.tasks) == 0


def test_with_a_list_of_keys_only_those_are_known() -> None:
    with mock.serve(keys={KEY}, task_seconds=0) as server:
        api = Api(server)
        assert api.create().status_code == 200
        assert api.create(Authorization="Bearer sk-other").status_code == 401
        api.close()


# The life of a task


def test_a_task_goes_from_pending_to_running_to_succeeded(api: Api) -> None:
    task_id = api.made()
    pending = api.query(task_id)
    assert set(pending["output"]) == {"task_id", "task_status", "submit_time"}
    assert pending["output"]["task_status"] == "PENDING"
    assert pending["output"]["submit_time"] == "2026-04-16 20:42:36.703"  # UTC+8
    api.server.advance(seconds=1)
    running = api.query(task_id)
    assert set(running["output"]) == {"task_id", "task_status", "submit_time", "scheduled_time"}
    assert running["request_id"] != pending["request_id"]
    assert api.server.billed == 0
    api.server.advance(minutes=1)
    done = api.query(task_id)
    assert done["output"]["task_status"] == "SUCCEEDED"
    assert set(done) == {"request_id", "output", "usage"}
    assert {"end_time", "finished", "choices"} < set(done["output"])
    assert all(TIME.fullmatch(done["output"][name]) for name in ("submit_time", "scheduled_time", "end_time"))


def test_a_task_is_billed_once_it_succeeded_whether_or_not_anyone_asks(api: Api) -> None:
    api.made(body(n=3))
    api.made(body(n=4, enable_sequential=True))
    assert api.server.billed == 0
    api.server.advance(minutes=2)
    assert api.server.billed == 7
    api.sync(body(n=2))
    assert api.server.billed == 9


def test_no_task_seconds_means_done_at_once() -> None:
    with mock.serve(task_seconds=0) as server:
        api = Api(server)
        assert api.query(api.made())["output"]["task_status"] == "SUCCEEDED"
        api.close()


def test_after_24_hours_a_task_is_unknown_and_its_picture_gone(api: Api) -> None:
    task_id = api.made()
    api.server.advance(minutes=2)
    url = urls(api.query(task_id))[0]
    assert api.http.get(url).status_code == 200
    api.server.advance(hours=24)
    answer = api.call("GET", f"/tasks/{task_id}")
    assert answer.status_code == 200
    assert answer.json()["output"] == {"task_id": task_id, "task_status": "UNKNOWN"}
    gone = api.http.get(url)
    assert gone.status_code == 403
    assert "<Code>AccessDenied</Code>" in gone.text
    assert "Request has expired" in gone.text
    assert api.server.billed == 1


def test_an_unknown_task_is_unknown(api: Api) -> None:
    assert api.query("nothing")["output"]["task_status"] == "UNKNOWN"


def test_a_cancel_works_only_while_pending(api: Api) -> None:
    task_id = api.made()
    assert set(api.call("POST", f"/tasks/{task_id}/cancel").json()) == {"request_id"}
    assert api.query(task_id)["output"]["task_status"] == "CANCELED"
    api.server.advance(minutes=2)
    assert api.server.billed == 0
    other = api.made()
    api.server.advance(seconds=1)
    refused = api.call("POST", f"/tasks/{other}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (400, "UnsupportedOperation")
    assert refused.json()["message"].startswith("Failed to cancel the task, please confirm if the task is in PENDING")


# The list


def test_the_list_is_flat_and_newest_first(api: Api) -> None:
    made = []
    for _ in range(3):
        made.append(api.made())
        api.server.advance(seconds=70)
    listed = api.call("GET", "/tasks", params={"page_size": 2}).json()
    assert set(listed) == {"request_id", "total", "total_page", "page_no", "page_size", "data"}
    assert (listed["total"], listed["total_page"]) == (3, 2)
    assert [row["task_id"] for row in listed["data"]] == [made[2], made[1]]
    documented = {
        "task_id", "status", "model_name", "region", "request_id", "api_key_id", "caller_uid", "caller_parent_id",
        "gmt_create", "start_time", "end_time", "user_api_unique_key",
    }  # fmt: skip
    assert set(listed["data"][0]) == documented
    assert listed["data"][1]["gmt_create"] == int((START + 70) * 1000)
    rest = api.call("GET", "/tasks", params={"page_size": 2, "page_no": 2}).json()
    assert [row["task_id"] for row in rest["data"]] == [made[0]]


def test_the_list_is_filtered(api: Api) -> None:
    first = api.made(body(model="wan2.7-image"))
    api.server.advance(minutes=5)
    second = api.made()

    def found(**query: str) -> list[str]:
        return [row["task_id"] for row in api.call("GET", "/tasks", params=query).json()["data"]]

    assert found(model_name="wan2.7-image") == [first]
    assert found(status="PENDING") == [second]
    assert found(status="SUCCEEDED") == [first]
    assert found(task_id=second) == [second]
    stamp = local_time(START).replace("-", "").replace(":", "").replace(" ", "")[:14]
    assert stamp == "20260416204236"
    assert found(start_time=stamp, end_time=stamp) == [first]
    assert found(start_time="20260416204237") == [second]
    assert found(end_time="20260416204235") == []


@pytest.mark.parametrize(
    "query",
    [
        {"page_no": "0"},
        {"page_size": "x"},
        {"status": "DONE"},
        {"start_time": "2026-04-16"},
        {"start_time": "20261316204236"},
        {"start_time": "20260416000000", "end_time": "20260418000000"},
        {"start_time": "20260416000001", "end_time": "20260416000000"},
        {"model": "wan2.7-image"},
    ],
)
def test_the_list_is_strict_about_its_query(api: Api, query: dict[str, str]) -> None:
    answer = api.call("GET", "/tasks", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


# Results


def test_a_result_is_a_png_of_the_true_size_under_a_link_like_the_live_ones(api: Api) -> None:
    url = httpx.URL(urls(api.sync(body(size="1000*600", seed=4)).json())[0])
    assert re.fullmatch(r"/[0-9a-f]{2}/[0-9a-f]{2}/20260416/[0-9a-f]{8}/[0-9a-f-]{36}_0\.png", url.path)
    assert set(url.params) == {"Expires", "OSSAccessKeyId", "Signature"}
    assert int(url.params["Expires"]) == int(START + 86400)
    answer = api.http.get(url)
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (1000, 600)
        assert picture.info["wannb-mock"]


def test_the_same_request_and_seed_give_the_same_picture(api: Api) -> None:
    one, two, other = (api.sync(body(seed=seed)).json() for seed in (5, 5, 6))
    pictures = [api.http.get(urls(answer)[0]).content for answer in (one, two, other)]
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_result_link_must_be_signed_and_carries_no_key(api: Api) -> None:
    url = httpx.URL(urls(api.sync().json())[0])
    assert api.http.get(url.copy_remove_param("Signature")).status_code == 403
    wrong = api.http.get(url.copy_set_param("Signature", "abc="))
    assert (wrong.status_code, "SignatureDoesNotMatch" in wrong.text) == (403, True)
    later = api.http.get(url.copy_set_param("Expires", str(int(START + 10**6))))
    assert later.status_code == 403
    leaked = api.http.get(url, headers={"Authorization": f"Bearer {KEY}"})
    assert leaked.status_code == 400
    assert api.server.log[-1].fault == "leaked key"


def test_a_download_can_go_on_from_a_byte(api: Api) -> None:
    url = urls(api.sync().json())[0]
    whole = api.http.get(url).content
    rest = api.http.get(url, headers={"Range": "bytes=100-"})
    assert (rest.status_code, rest.content) == (206, whole[100:])
    assert rest.headers["content-range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"


def test_a_result_can_be_an_input_again_and_is_seen(api: Api) -> None:
    first = urls(api.sync(body(size="1024*600", seed=1)).json())[0]
    edited = api.sync(body("make it night", first, size="1K", bbox_list=[[[0, 0, 1024, 600]]])).json()
    assert edited["usage"]["size"] == "1344*784"
    beyond = api.sync(body("make it night", first, bbox_list=[[[0, 0, 1025, 600]]]))
    assert beyond.status_code == 400
    assert "1024*600" in beyond.json()["message"]
    api.server.advance(hours=25)
    stale = api.sync(body("make it night", first))
    assert (stale.status_code, "download image failed" in stale.json()["message"]) == (400, True)


@pytest.mark.parametrize(
    ("size", "image", "wanted"),
    [
        ("1K", None, "1024*1024"),
        ("2K", None, "2048*2048"),
        ("4K", None, "4096*4096"),
        ("1K", (640, 240), "1680*624"),
        ("2K", (240, 480), "1456*2896"),
        ("1024*768", (640, 240), "1024*768"),
    ],
)
def test_presets_take_the_shape_of_the_last_image(
    api: Api, size: str, image: tuple[int, int] | None, wanted: str
) -> None:
    images = [data_uri(encoded()), data_uri(encoded(size=image))] if image else []
    assert api.sync(body("a cat", *images, size=size)).json()["usage"]["size"] == wanted


def test_a_public_image_is_never_fetched_and_taken_as_4_to_3(api: Api) -> None:
    answer = api.sync(body("a cat", "https://images.example/cat.png", size="1K"))
    assert answer.json()["usage"]["size"] == "1184*880"


# Uploads


def test_an_uploaded_file_is_an_input(api: Api) -> None:
    answer, url = api.upload(encoded(size=(640, 240)))
    assert (answer.status_code, answer.content) == (200, b"")
    done = api.sync(body("a cat", url, size="1K"), X_DashScope_OssResourceResolve="enable")
    assert done.json()["usage"]["size"] == "1680*624"
    refused = api.sync(body("a cat", url))
    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidParameter")
    assert "url error" in refused.json()["message"]


def test_the_policy_has_the_documented_keys(api: Api) -> None:
    data = api.policy()
    assert set(data) == {
        "policy", "signature", "upload_dir", "upload_host", "expire_in_seconds", "max_file_size_mb",
        "capacity_limit_mb", "oss_access_key_id", "x_oss_object_acl", "x_oss_forbid_overwrite",
    }  # fmt: skip
    assert data["upload_host"] == api.server.url
    assert not data["upload_dir"].endswith("/")
    assert api.call("GET", "/uploads", params={"action": "getPolicy"}).status_code == 400
    assert api.call("GET", "/uploads", params={"model": "wan2.7-image"}).status_code == 400


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"OSSAccessKeyId": "other"}, 403, "InvalidAccessKeyId"),
        ({"Signature": "other"}, 403, "SignatureDoesNotMatch"),
        ({"policy": "e30="}, 403, "SignatureDoesNotMatch"),
        ({"key": "elsewhere/a.png"}, 403, "AccessDenied"),
        ({"x_oss_object_acl": "public-read"}, 403, "AccessDenied"),
        ({"x_oss_forbid_overwrite": "false"}, 403, "AccessDenied"),
    ],
)
def test_an_upload_must_keep_to_its_policy(api: Api, changed: dict[str, str], status: int, code: str) -> None:
    answer, _ = api.upload(encoded(), **changed)
    assert answer.status_code == status
    assert f"<Code>{code}</Code>" in answer.text


def test_a_policy_ends_after_300_seconds_and_an_object_after_48_hours(api: Api) -> None:
    policy = api.policy()
    _, url = api.upload(encoded(), "one.png", policy)
    api.server.advance(seconds=301)
    late, _ = api.upload(encoded(), "two.png", policy)
    assert (late.status_code, "Policy expired" in late.text) == (403, True)
    api.server.advance(hours=48)
    gone = api.sync(body("a cat", url), X_DashScope_OssResourceResolve="enable")
    assert (gone.status_code, gone.json()["code"]) == (400, "InvalidParameter.DataInspection")


def test_a_name_cannot_be_used_twice_and_a_file_only_with_its_model(api: Api) -> None:
    policy = api.policy()
    _, url = api.upload(encoded(), "same.png", policy)
    again, _ = api.upload(encoded(), "same.png", policy)
    assert (again.status_code, "FileAlreadyExists" in again.text) == (409, True)
    other = api.sync(body("a cat", url, model="wan2.7-image"), X_DashScope_OssResourceResolve="enable")
    assert (other.status_code, "uploaded for wan2.7-image-pro" in other.json()["message"]) == (400, True)


def test_an_upload_that_carries_the_key_is_refused(api: Api) -> None:
    answer = api.http.post(api.server.url, data={"key": "x"}, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == 400
    assert api.server.log[-1].fault == "leaked key"


# The log


def test_the_log_holds_what_was_sent_without_secrets(api: Api) -> None:
    first = urls(api.sync(body("hello", data_uri(encoded()))).json())[0]
    api.http.get(first)
    api.sync(body("again", first))
    entry = api.server.log[0]
    assert (entry.method, entry.status, entry.path) == ("POST", 200, "/api/v1" + SYNC)
    assert entry.json["input"]["messages"][0]["content"][1] == {"text": "hello"}
    assert re.match(r"data:image/png;sha256:[0-9a-f]{64} ", entry.json["input"]["messages"][0]["content"][0]["image"])
    assert entry.headers["authorization"] == "Bearer ***"
    assert api.server.log[1].query["Signature"] == "***"
    everything = repr(api.server.log) + "".join(f"{e.headers}{e.json}{e.query}{e.notes}" for e in api.server.log)
    assert KEY not in everything
    assert str(httpx.URL(first).params["Signature"]) not in everything.replace("%2B", "+")
    assert "Signature=***" in everything


def test_a_key_that_strays_into_a_text_is_masked_too(api: Api) -> None:
    api.sync(body(f"my key is {KEY}, draw it"))
    assert api.server.log[-1].json["input"]["messages"][0]["content"][0]["text"] == "my key is ***, draw it"


def test_the_log_notes_a_text_that_was_cut(api: Api) -> None:
    assert api.sync(body("x" * 5001)).status_code == 200
    assert api.server.log[-1].notes == ("prompt cut from 5001 to 5000 characters",)
    assert "POST" in repr(api.server.log)


# Limits


def test_limits_are_off_by_default(api: Api) -> None:
    assert {api.create().status_code for _ in range(12)} == {200}


@pytest.fixture
def limited() -> Iterator[Api]:
    with mock.serve(task_seconds=60, limits=True, clock=lambda: START, sleep=lambda seconds: None) as server:
        client = Api(server)
        yield client
        client.close()


def statuses(api: Api, made: list[str]) -> str:
    """Return the first letters of the states of tasks: P, R, S or C."""
    return "".join(api.server.app.tasks.answer(each, str)["output"]["task_status"][0] for each in made)


def submitted(api: Api, count: int) -> list[str]:
    """Submit tasks as fast as the limits let them pass."""
    made = []
    for _ in range(count):
        made.append(api.made())
        api.server.advance(seconds=0.25)
    return made


def test_five_submits_a_second_and_twenty_queries(limited: Api) -> None:
    codes = [limited.create() for _ in range(6)]
    assert [answer.status_code for answer in codes] == [200] * 5 + [429]
    assert codes[-1].json()["code"] == "Throttling.RateQuota"
    assert limited.create(body(model="wan2.7-image")).status_code == 200
    queries = [limited.call("GET", "/tasks/x").status_code for _ in range(21)]
    assert queries == [200] * 20 + [429]


def test_a_sixth_task_waits_until_one_of_five_ends(limited: Api) -> None:
    made = submitted(limited, 7)
    limited.server.advance(seconds=50)
    assert statuses(limited, made) == "RRRRRPP"
    assert statuses(limited, submitted(limited, 1)) == "P"
    limited.server.advance(seconds=8.125)  # the first ends a minute after its submit, as without limits
    assert statuses(limited, made) == "SRRRRRP"
    assert limited.server.billed == 1
    limited.server.advance(seconds=0.25)
    assert statuses(limited, made) == "SSRRRRR"
    sixth = limited.query(made[5])["output"]
    assert sixth["scheduled_time"] == local_time(START + 60)
    limited.server.advance(seconds=59.5)  # its own seconds begin when it is scheduled
    assert statuses(limited, made) == "SSSSSSR"


def test_a_model_does_not_wait_for_another_and_a_synchronous_call_for_none(limited: Api) -> None:
    made = submitted(limited, 6)
    limited.server.advance(seconds=1)
    other = limited.made(body(model="wan2.7-image"))
    assert limited.sync().status_code == 200
    limited.server.advance(seconds=1)
    assert statuses(limited, [*made, other]) == "RRRRRPR"


def test_a_queued_task_can_be_canceled_and_makes_room(limited: Api) -> None:
    made = submitted(limited, 7)
    late = limited.call("POST", f"/tasks/{made[4]}/cancel")
    assert (late.status_code, late.json()["code"]) == (400, "UnsupportedOperation")
    assert limited.call("POST", f"/tasks/{made[5]}/cancel").status_code == 200
    limited.server.advance(seconds=59)
    assert statuses(limited, made) == "SSSSRCR"
    limited.server.advance(hours=1)
    assert statuses(limited, made) == "SSSSSCS"
    assert limited.server.billed == 6


def test_the_501st_queued_task_is_refused_and_a_canceled_one_makes_room() -> None:
    with mock.serve(task_seconds=3600, limits=True, clock=lambda: START) as server:
        client = Api(server)
        made = submitted(client, 505)
        assert statuses(client, made) == "R" * 5 + "P" * 500
        refused = client.create()
        assert (refused.status_code, refused.json()["code"]) == (429, "Throttling.Concurrency")
        assert len(server.app.tasks) == 505
        assert client.create(body(model="wan2.7-image")).status_code == 200
        server.advance(seconds=1)
        assert client.call("POST", f"/tasks/{made[-1]}/cancel").status_code == 200
        assert client.create().status_code == 200
        client.close()


# The server


def test_many_threads_at_once_make_exactly_their_tasks() -> None:
    with mock.serve(task_seconds=0) as server:
        api = Api(server)

        def work(number: int) -> str:
            task_id = api.made(body(f"cat {number}"))
            assert api.query(task_id)["output"]["task_status"] == "SUCCEEDED"
            return task_id

        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(work, range(80)))
        assert len(set(made)) == 80
        assert server.billed == 80
        assert len(server.log) == 160
        api.close()


def test_chunked_bodies_are_read(api: Api) -> None:
    sent = json.dumps(body()).encode()
    answer = api.call(
        "POST",
        CREATE,
        content=iter([sent[:50], sent[50:]]),
        headers={"X-DashScope-Async": "enable", "Content-Type": "application/json"},
    )
    assert answer.status_code == 200


def test_a_client_that_goes_away_leaves_no_noise(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(("127.0.0.1", api.server.port)) as line:
        line.sendall(b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
    url = httpx.URL(urls(api.sync().json())[0])
    with socket.create_connection(("127.0.0.1", api.server.port)) as line:
        line.sendall(b"GET " + url.raw_path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        line.recv(10)
    assert api.create().status_code == 200
    assert capfd.readouterr().err == ""


def test_close_hangs_up_and_frees_the_port() -> None:
    server = mock.serve()
    api = Api(server)
    assert api.create().status_code == 200
    started = time.monotonic()
    server.close()
    server.close()
    assert time.monotonic() - started < 1
    with pytest.raises(httpx.TransportError):
        api.create()
    api.close()
    mock.serve(server.port).close()


def test_a_taken_port_is_said_plainly(server: mock.MockServer) -> None:
    with pytest.raises(mock.PortTaken, match=str(server.port)):
        mock.serve(server.port)


def test_the_repr_is_the_same_every_time(server: mock.MockServer) -> None:
    assert repr(server) == "<wannb mock server on this machine: drawn pictures, nothing is billed>"


def test_a_defect_of_the_mock_does_not_pass_for_the_service(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.server.app.tasks, "page", lambda query: 1 / 0)
    answer = api.call("GET", "/tasks")
    assert (answer.status_code, answer.json()["code"]) == (500, "Mock.Defect")


def test_the_command_line_prints_one_line_and_ends_cleanly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "wannb.mock", "--task-seconds", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/api/v1", url)
        port = url.split(":")[2].split("/")[0]
        taken = subprocess.run(
            [sys.executable, "-m", "wannb.mock", "--port", port], capture_output=True, text=True, timeout=20
        )
        assert (taken.returncode, taken.stdout) == (2, "")
        assert f"Port {port}" in taken.stderr
        answer = httpx.get(f"{url}/tasks", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False)
        assert answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_importing_the_mock_does_not_import_pillow() -> None:
    code = "import sys, wannb.mock; print('PIL' in sys.modules, 'httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_sync_call_takes_as_long_as_a_task_and_is_billed_even_if_nobody_waits() -> None:
    slept = []
    at_work = threading.Event()
    go_on = threading.Event()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        at_work.set()
        go_on.wait(5)

    with mock.serve(task_seconds=7, sleep=sleep) as server:
        data = json.dumps(body()).encode()
        head = f"POST /api/v1{SYNC} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(head.encode() + data)
            assert at_work.wait(5)
        assert server.billed == 0
        go_on.set()
        until = time.monotonic() + 5
        while not server.log and time.monotonic() < until:
            time.sleep(0.01)
        assert slept == [7]
        assert server.billed == 1
