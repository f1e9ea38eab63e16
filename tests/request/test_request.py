"""A request is one value: its mode, all its problems at once, its code and its record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wannb
import wannb.request
from wannb import ImageRequest, size_for
from wannb.request.fields import FIELDS
from wannb.request.palette import as_palette, palette_rules
from wannb.request.sizes import PRESETS, parse

CAR = "https://example.com/car.webp"


def rules(**fields: Any) -> list[str]:
    return [str(problem) for problem in ImageRequest(**{"prompt": "x", **fields}).problems()]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prompt": "  "}, "say what to make"),
        ({"prompt": "x" * 5001}, "5,001 characters: at most 5,000"),
        ({"prompt": 7}, "a prompt is text"),
        ({"prompt": "\ud800"}, "halves of characters"),
        ({"n": 0}, "1 to 4"),
        ({"n": 5}, "client.image_set"),
        ({"n": 13, "enable_sequential": True}, "1 to 12"),
        ({"n": True}, "whole number"),
        ({"n": 2.0}, "whole number"),
        ({"model": "wan2.6"}, "wan2.7-image-pro"),
        ({"size": "3K"}, "'1K', '2K', '4K'"),
        ({"size": "1024x1024"}, "write it as '1024*1024'"),
        ({"size": "2k"}, "write it as '2K'"),
        ({"size": "4K", "model": "wan2.7-image"}, "4K is for text to image"),
        ({"size": "4K", "images": CAR}, "4K is for text to image"),
        ({"size": "4K", "enable_sequential": True}, "4K is for text to image"),
        ({"size": "512*512"}, "262,144 pixels"),
        ({"size": "3000*3000", "images": CAR}, "2048*2048, since"),
        ({"size": "5000*5000"}, "768*768 to 4096*4096"),
        ({"size": "9000*900"}, "1:8 to 8:1"),
        ({"size": 1024}, "a size is text"),
        ({"seed": -1}, "0 to 2147483647"),
        ({"seed": 2**31}, "0 to 2147483647"),
        ({"seed": "7"}, "whole number"),
        ({"watermark": "true"}, "True or False"),
        ({"color_palette": {"#FFFFFF": 50, "#000000": 50}}, "3 to 10 colours"),
        ({"color_palette": {"#FFFFFF": 50, "#000000": 25, "#FF0000": 24.99}}, "must add up to 100.00%; change one of"),
        ({"color_palette": {"red": 50, "#000000": 25, "#FF0000": 25}}, "'#RRGGBB'"),
        ({"color_palette": [("#FFFFFF", "33.333%")] * 3}, "two decimals"),
        ({"color_palette": {"#FFFFFF": 50, "#000000": 25, "#F00": 25}, "enable_sequential": True}, "no palette"),
        ({"images": [CAR] * 10}, "at most 9"),
        ({"bbox_list": [[[0, 0, 9, 9]]]}, "boxes need input images"),
        ({"images": CAR, "bbox_list": [[0, 0, 9, 9]]}, "stands in the list of its image"),
        ({"images": CAR, "bbox_list": []}, "1 input images need as many lists"),
        ({"images": CAR, "bbox_list": [[[0, 0, 9, 9]] * 3]}, "at most 2 boxes"),
        ({"images": CAR, "bbox_list": [[[9, 0, 0, 9]]]}, "crossed or empty"),
        ({"images": CAR, "bbox_list": [[[0.5, 0, 9, 9]]]}, "four whole numbers"),
        ({"images": CAR, "bbox_list": [[[-1, 0, 9, 9]]]}, "outside the image"),
        ({"images": CAR, "bbox_list": [[[0, 0, 9, 9]]], "enable_sequential": True}, "takes no boxes"),
        ({"images": CAR, "bbox_list": "here"}, "one list for each input image"),
        ({"images": "nowhere.png"}, "no file 'nowhere.png'"),
    ],
)
def test_each_rule_names_the_field_the_value_and_what_to_do(fields: dict[str, Any], words: str) -> None:
    found = [text for text in rules(**fields) if words in text]
    assert found, rules(**fields)
    assert {text.partition("=")[0] for text in found} <= set(fields)


def test_all_problems_come_at_once_in_the_order_of_the_options() -> None:
    request = ImageRequest(prompt="", size="9K", n=9, seed=-1)
    assert [problem.field for problem in request.problems()] == ["prompt", "size", "n", "seed"]
    with pytest.raises(wannb.errors.InvalidRequest) as caught:
        request.check()
    assert len(caught.value.problems) == 4
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "fields",
    [
        {"size": "4K"},
        {"size": "768*768"},
        {"size": "4096*4096"},
        {"size": "11520*1440"},
        {"size": "2048*2048", "images": CAR},
        {"n": 12, "enable_sequential": True},
        {"prompt": "猫" * 5000},
        {"seed": 2**31 - 1},
        {"images": [CAR] * 9},
    ],
)
def test_what_is_on_the_edge_of_a_rule_is_legal(fields: dict[str, Any]) -> None:
    assert rules(**fields) == []


def test_a_misspelt_option_is_a_type_error_with_advice() -> None:
    with pytest.raises(TypeError, match="did you mean 'size'"):
        ImageRequest(prompt="x", sized="1K")  # type: ignore[call-arg]


def test_the_mode_follows_from_the_request() -> None:
    modes = [
        ImageRequest(prompt="x"),
        ImageRequest(prompt="x", images=CAR),
        ImageRequest(prompt="x", images=[CAR, CAR]),
        ImageRequest(prompt="x", images=[CAR, CAR], bbox_list=[[], []]),
        ImageRequest(prompt="x", enable_sequential=True),
        ImageRequest(prompt="x", images=CAR, enable_sequential=True),
    ]
    assert tuple(request.mode for request in modes) == wannb.request.MODES


def test_a_request_is_a_value() -> None:
    request = ImageRequest(prompt="x", color_palette={"#fff": 50, "#000": 25, "#f00": 25}, seed=7)
    same = ImageRequest(
        prompt="x", color_palette=[("#FFFFFF", "50.00%"), ("#000000", 25), {"hex": "#F00", "ratio": "25%"}], seed=7
    )
    assert request == same
    assert hash(request) == hash(same)
    assert request.fingerprint == same.fingerprint
    assert request.replace(seed=8).fingerprint != request.fingerprint


def test_thinking_mode_counts_only_where_it_has_an_effect() -> None:
    plain, edit = ImageRequest(prompt="x"), ImageRequest(prompt="x", images=CAR)
    assert plain.replace(thinking_mode=False).fingerprint != plain.fingerprint
    assert edit.replace(thinking_mode=False).fingerprint == edit.fingerprint


requests = st.builds(
    ImageRequest,
    prompt=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    images=st.lists(st.sampled_from([CAR, "oss://a/b.png"]), max_size=3),
    model=st.sampled_from(wannb.request.fields.MODELS),
    size=st.sampled_from(["1K", "2K", "1280*720"]),
    n=st.integers(1, 4),
    seed=st.none() | st.integers(0, 2**31 - 1),
    watermark=st.booleans(),
    thinking_mode=st.booleans(),
    enable_sequential=st.booleans(),
)


class Echo:
    """Stands where the client stands in `request.code()` and gives back the request it is asked for."""

    def generate(self, prompt: str, **options: Any) -> ImageRequest:
        return ImageRequest(prompt=prompt, **options)

    def edit(self, prompt: str, images: Any, **options: Any) -> ImageRequest:
        return ImageRequest(prompt=prompt, images=images, **options)

    def image_set(self, prompt: str, *, n: int, **options: Any) -> ImageRequest:
        return ImageRequest(prompt=prompt, n=n, enable_sequential=True, **options)


@given(requests)
def test_the_code_of_a_request_makes_the_request(request: ImageRequest) -> None:
    assert eval(request.code(), {"client": Echo()}) == request


@given(requests)
def test_the_record_of_a_request_makes_the_request(request: ImageRequest) -> None:
    record = json.loads(json.dumps(request.as_dict()))
    assert ImageRequest.from_dict(record) == request


def test_a_record_of_a_newer_version_opens() -> None:
    assert ImageRequest.from_dict({"prompt": "x", "something_new": 1}).prompt == "x"


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("ratio", ["1:1", "16:9", "9:16", "21:9", "1:8", "8:1", "2.35:1", "4:5"])
def test_a_size_for_a_ratio_is_legal_and_near(ratio: str, preset: str) -> None:
    size = size_for(ratio, preset)
    assert rules(size=size) == []
    sides = parse(size)
    assert sides
    wide, high = map(float, ratio.split(":"))
    assert sides[0] / sides[1] == pytest.approx(wide / high, rel=0.03)
    assert 0.9 * PRESETS[preset] < sides[0] * sides[1] <= PRESETS[preset]


@pytest.mark.parametrize("ratio", ["16/9", "0:1", "9:1", "", "a:b"])
def test_a_ratio_that_cannot_be_is_refused(ratio: str) -> None:
    with pytest.raises(ValueError, match="ratio="):
        size_for(ratio)


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=9))
def test_palettes_in_whole_hundredths_that_sum_up_are_legal(shares: list[int]) -> None:
    rest = 10000 - sum(shares)
    shares = [*shares, rest]
    palette = as_palette([(f"#0000{i:02X}", share / 100) for i, share in enumerate(shares)])
    assert palette
    assert (palette_rules(palette) == []) == (rest >= 0)


def test_every_option_of_a_request_is_described_once() -> None:
    assert list(FIELDS) == list(ImageRequest.__dataclass_fields__)
    for name, field in FIELDS.items():
        assert field.help in (ImageRequest.__doc__ or ""), name
    assert "size:" in (wannb.Client.generate.__doc__ or "")
