"""Every rule of a request, as the mock holds to it: each broken once, each kept once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mocking import Api, body, data_uri
from pictures import encoded

from wannb import mock

CAR = "https://images.example/car.png"
EIGHT = ["23.51", "20.13", "15.88", "13.27", "10.11", "8.93", "5.55", "2.62"]  # the documented example
DOCUMENTED_BOXES = [[[0, 0, 12, 12], [25, 25, 100, 100]], [], [[10, 10, 50, 50]]]


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with mock.serve(task_seconds=0) as server:
        client = Api(server)
        yield client
        client.close()


def palette(*shares: str) -> list[dict[str, str]]:
    return [{"hex": f"#C2D1{number:02X}", "ratio": f"{share}%"} for number, share in enumerate(shares)]


def with_input(value: Any) -> dict[str, Any]:
    return {**body(), "input": value}


def with_message(value: Any) -> dict[str, Any]:
    return with_input({"messages": [value]})


def with_content(*items: Any) -> dict[str, Any]:
    return with_message({"role": "user", "content": list(items)})


THIRDS = palette("33.33", "33.33", "33.34")
TEXT = {"text": "a cat"}

REFUSED: list[tuple[str, Any, str]] = [
    # what is sent, the code, a part of the message
    ("body no object", [1], "body"),
    ("body unknown field", {**body(), "prompt": "x"}, "prompt"),
    ("no input", {"model": "wan2.7-image"}, "input"),
    ("input unknown field", with_input({"messages": [], "prompt": "x"}), "input.prompt"),
    ("no messages", with_input({"prompt": None}), "input.prompt"),
    ("messages no array", with_input({"messages": {}}), "input.messages"),
    ("no message", with_input({"messages": []}), "messages length only support 1"),
    ("two messages", with_input({"messages": [{}, {}]}), "messages length only support 1"),
    ("message no object", with_message("x"), "input.messages[0]"),
    ("role", with_message({"role": "system", "content": [TEXT]}), "role"),
    ("message field", with_message({"role": "user", "content": [TEXT], "name": "x"}), "messages[0].name"),
    ("content a text", with_message({"role": "user", "content": "a cat"}), "lack of image or text"),
    ("content empty", with_content(), "lack of image or text"),
    ("content item no object", with_content("a cat"), "content[0]"),
    ("content item of two keys", with_content({"type": "text", "text": "a cat"}), "content[0]"),
    ("content item of other key", with_content(TEXT, {"video": "x"}), "content[1]"),
    ("no text", with_content({"image": CAR}), "exactly one text"),
    ("two texts", with_content(TEXT, TEXT), "exactly one text"),
    ("empty text", with_content({"text": "  "}), "content[0].text"),
    ("text no string", with_content({"text": 3}), "content[0].text"),
    ("ten images", with_content(TEXT, *[{"image": CAR}] * 10), "0 to 9 images"),
    ("parameters no object", {**body(), "parameters": []}, "parameters"),
    ("unknown parameter", body(negative_prompt="dogs"), "parameters.negative_prompt"),
    ("is_async no boolean", body(is_async="yes"), "parameters.is_async"),
    ("n a string", body(n="1"), "parameters.n"),
    ("n a boolean", body(n=True), "parameters.n"),
    ("n a float", body(n=1.0), "parameters.n"),
    ("n too small", body(n=0), "Range of n should be [1, 4]"),
    ("n too large", body(n=5), "Range of n should be [1, 4]"),
    ("n too large for a set", body(n=13, enable_sequential=True), "Range of n should be [1, 12]"),
    ("seed too large", body(seed=2147483648), "Range of seed should be [0, 2147483647]"),
    ("seed below zero", body(seed=-1), "Range of seed"),
    ("seed a string", body(seed="7"), "parameters.seed"),
    ("watermark a string", body(watermark="true"), "parameters.watermark"),
    ("thinking a number", body(thinking_mode=1), "parameters.thinking_mode"),
    ("sequential a string", body(enable_sequential="false"), "parameters.enable_sequential"),
    ("size a number", body(size=1024), "parameters.size"),
    ("size unknown", body(size="3K"), "parameters.size"),
    ("size with an x", body(size="1024x1024"), "asterisk"),
    ("size too small", body(size="767*768"), "589824"),
    ("size too large", body(size="4097*4096"), "16777216"),
    ("size too wide", body(size="2304*287"), "1:8"),
    ("4K of the small model", body(size="4K", model="wan2.7-image"), "4K"),
    ("4K with an image", body("x", CAR, size="4K"), "4K"),
    ("4K as a set", body(size="4K", enable_sequential=True), "4K"),
    ("size too large with an image", body("x", CAR, size="2049*2048"), "4194304"),
    ("size too large for a set", body(size="2049*2048", enable_sequential=True), "4194304"),
    ("size too large for the small model", body(size="2049*2048", model="wan2.7-image"), "4194304"),
    ("palette no array", body(color_palette="#FFFFFF"), "parameters.color_palette"),
    ("palette of two", body(color_palette=palette("50.00", "50.00")), "3 to 10"),
    ("palette of eleven", body(color_palette=palette(*["10.00"] * 10, "0.00")), "3 to 10"),
    ("palette of a set", body(color_palette=THIRDS, enable_sequential=True), "enable_sequential"),
    ("palette sum", body(color_palette=palette("33.33", "33.33", "33.33")), "99.99%"),
    ("palette one decimal", body(color_palette=palette("50.0", "25.00", "25.00")), "two decimals"),
    ("palette no percent", body(color_palette=[*THIRDS[:2], {"hex": "#000000", "ratio": "33.34"}]), "two decimals"),
    ("palette number", body(color_palette=[*THIRDS[:2], {"hex": "#000000", "ratio": 33.34}]), "two decimals"),
    ("palette short hex", body(color_palette=[*THIRDS[:2], {"hex": "#000", "ratio": "33.34%"}]), "hex"),
    ("palette bare hex", body(color_palette=[*THIRDS[:2], {"hex": "000000", "ratio": "33.34%"}]), "hex"),
    ("palette other keys", body(color_palette=[*THIRDS[:2], {"color": "#000000"}]), "color_palette[2]"),
    ("boxes without an image", body(bbox_list=[]), "needs input images"),
    ("boxes of a set", body("x", CAR, bbox_list=[[]], enable_sequential=True), "enable_sequential"),
    ("boxes too few", body("x", CAR, CAR, bbox_list=[[]]), "1 entries for 2 images"),
    ("boxes not nested", body("x", CAR, bbox_list=[1, 2, 3, 4]), "array"),
    ("three boxes", body("x", CAR, bbox_list=[[[0, 0, 9, 9]] * 3]), "at most 2"),
    ("box of three", body("x", CAR, bbox_list=[[[0, 0, 9]]]), "four whole numbers"),
    ("box of floats", body("x", CAR, bbox_list=[[[0, 0, 9, 9.0]]]), "four whole numbers"),
    ("box of booleans", body("x", CAR, bbox_list=[[[False, 0, 9, 9]]]), "four whole numbers"),
    ("box without width", body("x", CAR, bbox_list=[[[9, 0, 9, 9]]]), "empty"),
    ("box upside down", body("x", CAR, bbox_list=[[[0, 9, 9, 3]]]), "empty"),
    ("box before the image", body("x", CAR, bbox_list=[[[-1, 0, 9, 9]]]), "outside"),
    ("box beyond the image", body("x", data_uri(encoded()), bbox_list=[[[0, 0, 321, 9]]]), "320*240"),
    ("data URI not base64", body("x", "data:image/png;base64,a b"), "base64"),
    ("data URI no base64", body("x", "data:image/png,abc"), "data URI"),
]


@pytest.mark.parametrize(("sent", "part"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_broken_rule_is_refused_and_said(api: Api, sent: Any, part: str) -> None:
    before = len(api.server.app.tasks)
    answer = api.create(sent)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"request_id", "code", "message"}
    assert answer.json()["code"].startswith(("InvalidParameter", "BadRequest"))
    assert part in answer.json()["message"]
    assert len(api.server.app.tasks) == before


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (body(model="wan2.6-image"), 404, "ModelNotFound"),
        (body(model=""), 400, "BadRequest.EmptyModel"),
        ({"input": body()["input"]}, 400, "BadRequest.EmptyModel"),
        ({"model": "wan2.7-image"}, 400, "BadRequest.EmptyInput"),
        (body(model=7), 400, "InvalidParameter"),
    ],
)
def test_the_codes_of_model_and_input(api: Api, sent: Any, status: int, code: str) -> None:
    answer = api.create(sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


KEPT: list[tuple[str, Any]] = [
    ("defaults", {"model": "wan2.7-image", "input": body()["input"]}),
    ("text last or first", with_content({"image": CAR}, TEXT, {"image": CAR})),
    ("nine images", body("x", *[CAR] * 9)),
    ("what the SDK leaks", body(is_async=True, max_images=None, size=None, seed=None)),
    ("the largest of pro", body(size="4096*4096")),
    ("4K of pro", body(size="4K")),
    ("as wide as may be", body(size="2176*272")),
    ("the longest set", body(n=12, enable_sequential=True)),
    ("seed zero", body(seed=0)),
    ("seed largest", body(seed=2147483647)),
    ("thinking where it has no effect", body("x", CAR, thinking_mode=True)),
    ("palette as documented", body(color_palette=palette(*EIGHT))),
    ("palette with images", body("x", CAR, color_palette=THIRDS)),
    ("boxes as documented", body("x", CAR, CAR, CAR, bbox_list=DOCUMENTED_BOXES)),
    ("box over all of it", body("x", data_uri(encoded()), bbox_list=[[[0, 0, 320, 240]]])),
    ("jpeg", body("x", data_uri(encoded("JPEG"), "image/jpeg"))),
    ("webp", body("x", data_uri(encoded("WEBP"), "image/webp"))),
    ("bmp", body("x", data_uri(encoded("BMP"), "image/bmp"))),
    ("grey", body("x", data_uri(encoded(mode="L")))),
    ("the widest image", body("x", data_uri(encoded(size=(1920, 240))))),
]


@pytest.mark.parametrize("sent", [row[1] for row in KEPT], ids=[row[0] for row in KEPT])
def test_what_the_rules_allow_is_taken(api: Api, sent: Any) -> None:
    answer = api.create(sent)
    assert answer.status_code == 200, answer.text
