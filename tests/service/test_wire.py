"""Each mode sends exactly the documented body, and every documented answer is read."""

from __future__ import annotations

from typing import Any

import pytest

from wannb import ImageRequest
from wannb.errors import ContentRefused, MalformedAnswer, QuotaExhausted, RateLimited, api_error
from wannb.service import wire

CAR = "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20251229/pjeqdf/car.webp"
PAINT = "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20251229/xsunlm/paint.webp"
CAT = (
    "A cinematic image set documenting the same stray orange cat, with consistent features throughout. First image: "
    "Spring, the orange cat weaves through blooming cherry blossom trees."
)
PALETTE = dict(
    zip(
        ["#C2D1E6", "#CDD8E9", "#B5C8DB", "#C0B5B4", "#DAE0EC", "#636574", "#CACAD2", "#CBD4E4"],
        [23.51, 20.13, 15.88, 13.27, 10.11, 8.93, 5.55, 2.62],
        strict=True,
    )
)


def body(request: ImageRequest) -> dict[str, Any]:
    assert request.problems() == ()
    return wire.body(request, [image.url or image.data_uri for image in request.images])


SHOP = "A flower shop with exquisite windows, a beautiful wooden door, and flowers on display"
SPRAY = "Spray the graffiti from image 2 onto the car in image 1"
USUAL = {"size": "2K", "n": 1, "watermark": False}
TWO, THREE = [[], [[989, 515, 1138, 681]]], [[[0, 0, 12, 12], [25, 25, 100, 100]], [], [[10, 10, 50, 50]]]
#: Text and images, the other options, the mode, and the parameters that are sent.
BODIES: list[tuple[str, list[str], dict[str, Any], str, dict[str, Any]]] = [
    (SHOP, [], {}, "text to image", {**USUAL, "thinking_mode": True}),
    (SPRAY, [CAR, PAINT], {}, "multi-reference generation", USUAL),
    ("night", [CAR], {"thinking_mode": False}, "image editing", USUAL),
    ("move it", [CAR, PAINT], {"bbox_list": TWO}, "interactive editing", {**USUAL, "bbox_list": TWO}),
    ("x", [CAR, PAINT, CAR], {"bbox_list": THREE}, "interactive editing", {**USUAL, "bbox_list": THREE}),
    (CAT, [], {"n": 4}, "text to image set", {**USUAL, "n": 4, "enable_sequential": True}),
    ("seasons", [CAR], {"n": 4}, "image to image set", {**USUAL, "n": 4, "enable_sequential": True}),
    ("x", [], {"seed": 0}, "text to image", {**USUAL, "thinking_mode": True, "seed": 0}),
]


@pytest.mark.parametrize("model", ["wan2.7-image-pro", "wan2.7-image"])
@pytest.mark.parametrize(("prompt", "images", "options", "mode", "parameters"), BODIES)
def test_each_mode_sends_the_documented_body(
    prompt: str, images: list[str], options: dict[str, Any], mode: str, parameters: dict[str, Any], model: str
) -> None:
    request = ImageRequest(prompt=prompt, images=images, model=model, enable_sequential="set" in mode, **options)
    assert request.mode == mode
    content = [{"text": prompt}, *({"image": image} for image in images)]
    assert body(request) == {
        "model": model,
        "input": {"messages": [{"role": "user", "content": content}]},
        "parameters": parameters,
    }


def test_the_documented_palette_travels_as_text_with_two_decimals() -> None:
    sent = body(ImageRequest(prompt="x", color_palette=PALETTE))["parameters"]["color_palette"]
    assert sent[0] == {"hex": "#C2D1E6", "ratio": "23.51%"}
    assert [entry["ratio"] for entry in sent][4:] == ["10.11%", "8.93%", "5.55%", "2.62%"]


def choices(*groups: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": [{"type": "image", "image": u} for u in g]},
        }
        for g in groups
    ]


@pytest.mark.parametrize("groups", [[["a", "b", "c"]], [["a"], ["b"], ["c"]], [["a", "b"], ["c"]]])
def test_every_choice_and_every_content_item_is_read(groups: list[list[str]]) -> None:
    output = {"task_id": "t", "task_status": "SUCCEEDED", "choices": choices(*groups)}
    assert [str(link) for link in wire.read_answer({"output": output}).links] == ["a", "b", "c"]


def test_a_failed_task_is_read_from_output_first_and_from_the_top_otherwise() -> None:
    nested = wire.read_answer({"output": {"task_id": "t", "task_status": "FAILED", "code": "C", "message": "m"}})
    assert (nested.status, nested.code, nested.message) == ("FAILED", "C", "m")
    flat = wire.read_answer({"output": {"task_id": "t", "task_status": "FAILED"}, "code": "C", "message": "m"})
    assert (flat.code, flat.message) == ("C", "m")


@pytest.mark.parametrize("data", [None, [], {}, {"output": None}, {"output": {}}, {"output": {"task_status": 7}}, "x"])
def test_an_answer_of_another_shape_is_malformed(data: object) -> None:
    with pytest.raises(MalformedAnswer):
        wire.read_answer(data)


@pytest.mark.parametrize(
    "chosen", [None, 3, [None], [{"message": 1}], [{"message": {"content": [None, {"image": 1}]}}]]
)
def test_odd_choices_are_walked_without_a_fall(chosen: object) -> None:
    assert wire.read_answer({"output": {"task_status": "SUCCEEDED", "choices": chosen}}).links == ()


def test_429_with_the_words_of_an_empty_quota_is_not_worth_a_retry() -> None:
    code = "Throttling.AllocationQuota"
    assert isinstance(api_error(code, "Requests rate limit exceeded", status=429), RateLimited)
    assert isinstance(api_error(code, "Free allocated quota exceeded.", status=429), QuotaExhausted)


def test_the_cap_of_a_class_is_not_to_be_lifted_in_the_vendors_console() -> None:
    error = str(api_error("Class.Cap", "4 images would be more than yours: 2 of 4 are made or under way.", status=403))
    assert "Nothing was billed." in error
    assert "console" not in error


def test_a_failed_task_keeps_its_kind_and_its_id() -> None:
    error = api_error("DataInspectionFailed", "inappropriate content", status=200, task_id="t1")
    assert isinstance(error, ContentRefused)
    assert error.task_id == "t1"
    assert "Reword" in str(error)
