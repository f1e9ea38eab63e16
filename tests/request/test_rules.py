"""`wannb.request.rules`: each documented rule, and what is legal right at its edge."""

from __future__ import annotations

import re
from typing import Any

import pytest

import wannb
from wannb import ImageRequest
from wannb.translation import Said, override

CAR = "https://example.com/car.webp"


def rules(**fields: Any) -> list[str]:
    return [str(problem) for problem in ImageRequest(**{"prompt": "x", **fields}).problems()]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prompt": "  "}, "describe the image"),
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
        ({"color_palette": {"#FFFFFF": 50, "#000000": 50}}, "3 to 10 colors"),
        ({"color_palette": {"#FFFFFF": 50, "#000000": 25, "#FF0000": 24.99}}, "must add up to 100.00%; change one of"),
        ({"color_palette": {"red": 50, "#000000": 25, "#FF0000": 25}}, "'#RRGGBB'"),
        ({"color_palette": [("#FFFFFF", "33.333%")] * 3}, "two decimals"),
        ({"color_palette": {"#FFFFFF": 50, "#000000": 25, "#F00": 25}, "enable_sequential": True}, "has no palette"),
        ({"images": [CAR] * 10}, "at most 9"),
        ({"bbox_list": [[[0, 0, 9, 9]]]}, "boxes need input images"),
        ({"images": CAR, "bbox_list": [[0, 0, 9, 9]]}, "belongs in the list of its image"),
        ({"images": CAR, "bbox_list": []}, "0 lists for 1 input image: one list for each"),
        ({"images": CAR, "bbox_list": [[[0, 0, 9, 9]] * 3]}, "at most 2 boxes"),
        ({"images": CAR, "bbox_list": [[[9, 0, 0, 9]]]}, "crossed or empty"),
        ({"images": CAR, "bbox_list": [[[0.5, 0, 9, 9]]]}, "four whole numbers"),
        ({"images": CAR, "bbox_list": [[[-1, 0, 9, 9]]]}, "outside the image"),
        ({"images": CAR, "bbox_list": [[[0, 0, 9, 9]]], "enable_sequential": True}, "has no boxes"),
        ({"images": CAR, "bbox_list": "here"}, "one list for each input image"),
        ({"images": "nowhere.png"}, "no file 'nowhere.png'"),
    ],
)
def test_each_rule_names_the_field_the_value_and_what_to_do(fields: dict[str, Any], words: str) -> None:
    found = [text for text in rules(**fields) if words in text]
    assert found, rules(**fields)
    assert {text.partition("=")[0] for text in found} <= set(fields)
    for problem in ImageRequest(**{"prompt": "x", **fields}).problems():
        assert isinstance(problem.rule, Said)
        with override("zh"):
            said = str(wannb.errors.InvalidRequest([problem]))
        assert re.search("[\u4e00-\u9fff]{3}", said), said


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
