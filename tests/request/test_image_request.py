"""`wannb.ImageRequest`: one value, its mode, its fingerprint, its record and the code that makes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wannb
import wannb.request
from wannb import ImageRequest
from wannb.request import image_request
from wannb.request.fields import FIELDS, Field
from wannb.translation import Said

CAR = "https://example.com/car.webp"


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


def test_an_option_that_comes_later_leaves_the_fingerprints_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [
        ImageRequest(prompt="x"),
        ImageRequest(prompt="x", n=2, seed=7, size="1K"),
        ImageRequest(prompt="x", images=CAR, watermark=True),
        ImageRequest(prompt="x", color_palette={"#fff": 50, "#000": 25, "#f00": 25}),
        ImageRequest(prompt="x", images=CAR, bbox_list=[[[0, 0, 9, 9]]]),
    ]
    before = [request.fingerprint for request in requests]
    assert len(set(before)) == len(before)
    later = Field(name="mood", label=Said("Mood"), default="plain")
    monkeypatch.setitem(FIELDS, "mood", later)
    monkeypatch.setattr(image_request.ImageRequest, "mood", "plain", raising=False)
    assert [request.fingerprint for request in requests] == before
    assert all("mood" in request.as_dict() for request in requests)
    monkeypatch.setattr(image_request.ImageRequest, "mood", "gloomy")
    assert set(before).isdisjoint(request.fingerprint for request in requests)


def test_defaults_stay_for_ever_since_fingerprints_leave_them_out() -> None:
    assert {name: field.default for name, field in FIELDS.items()} == {
        "prompt": "",
        "images": (),
        "model": "wan2.7-image-pro",
        "size": "2K",
        "n": 1,
        "seed": None,
        "watermark": False,
        "thinking_mode": True,
        "color_palette": None,
        "bbox_list": None,
        "enable_sequential": False,
    }
    assert ImageRequest(prompt="x").fingerprint == ("9e63c87c67c4d4d8788cfb4b8158d9d28490ac64f874116ffbbe083d0a9c4f78")


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
