"""Generation calls: their answers, the sizes and seeds of what is drawn, the time and bill of a synchronous call."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest
from mocking import KEY, SYNC, Api, body, data_uri, urls
from pictures import encoded

from wannb import mock


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


def test_the_same_request_and_seed_give_the_same_picture(api: Api) -> None:
    one, two, other = (api.sync(body(seed=seed)).json() for seed in (5, 5, 6))
    pictures = [api.http.get(urls(answer)[0]).content for answer in (one, two, other)]
    assert pictures[0] == pictures[1] != pictures[2]


def test_the_documented_defaults_are_used(api: Api) -> None:
    one = api.sync({"model": "wan2.7-image", "input": body()["input"]}).json()
    assert one["usage"] | {"input_tokens": 0, "total_tokens": 0} == {
        "image_count": 1, "size": "2048*2048", "input_tokens": 0, "output_tokens": 2, "total_tokens": 0,
    }  # fmt: skip
    several = api.sync({**body(), "parameters": {"enable_sequential": True}}).json()
    assert several["usage"]["image_count"] == 12


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
        head = f"POST /api/v1{SYNC} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
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
