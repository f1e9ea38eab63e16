"""Images of the mock: inputs and their limits, uploads by their policy, results under signed links."""

from __future__ import annotations

import gc
import io
import re
from functools import partial
from types import FunctionType, ModuleType
from typing import Any
from uuid import uuid4

import httpx
import pytest
from mocking import KEY, Api, body, data_uri, urls
from pictures import encoded, noise
from PIL import Image

from wannb.mock.server.images import BODIES_KEPT

from .conftest import START


def alpha_png() -> bytes:
    out = io.BytesIO()
    Image.new("P", (300, 300)).save(out, "PNG", transparency=0)
    return out.getvalue()


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (data_uri(encoded("GIF"), "image/gif"), "InvalidImage.FileFormat"),
        (data_uri(encoded("GIF")), "InvalidImage.FileFormat"),
        (data_uri(encoded("JPEG")), "InvalidImage.FileFormat"),
        (data_uri(encoded(mode="RGBA")), "InvalidImage.FileFormat"),
        (data_uri(alpha_png()), "InvalidImage.FileFormat"),
        (data_uri(encoded()[:80]), "InvalidImage.FileFormat"),
        (data_uri(b"no image"), "InvalidImage.FileFormat"),
        (data_uri(encoded(size=(239, 400))), "InvalidImageResolution"),
        (data_uri(encoded(size=(8001, 1001))), "InvalidImageResolution"),
        (data_uri(encoded(size=(2400, 299))), "InvalidImageResolution"),
        (data_uri(encoded() + b"\0" * (20 * 1024 * 1024)), "InvalidImage.ImageSize"),
        ("file:///home/me/cat.png", "InvalidURL"),
        ("cat.png", "InvalidURL"),
        ("https://", "InvalidURL"),
        ("https://images.example/a cat.png", "InvalidURL"),
    ],
    ids=[
        "gif", "gif as png", "jpeg as png", "alpha", "alpha in a palette", "cut", "no image", "too small",
        "too large", "too wide", "too many bytes", "file", "path", "no host", "a space",
    ],
)  # fmt: skip
def test_an_image_the_service_would_not_take_is_refused(api: Api, image: str, code: str) -> None:
    answer = api.create(body("x", image))
    assert (answer.status_code, answer.json()["code"]) == (400, code)


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


def test_a_result_link_must_be_signed_and_carries_no_key(api: Api) -> None:
    url = httpx.URL(urls(api.sync().json())[0])
    assert api.http.get(url.copy_remove_param("Signature")).status_code == 403
    wrong = api.http.get(url.copy_set_param("Signature", "abc="))
    assert (wrong.status_code, "SignatureDoesNotMatch" in wrong.text) == (403, True)
    later = api.http.get(url.copy_set_param("Expires", str(int(START + 10**6))))
    assert later.status_code == 403
    leaked = api.http.get(url, headers={"Authorization": f"Bearer {KEY}"})
    uploaded = api.http.post(api.server.url, data={"key": "x"}, headers={"Authorization": f"Bearer {KEY}"})
    assert (leaked.status_code, uploaded.status_code) == (400, 400)
    assert [entry.fault for entry in api.server.log][-2:] == ["leaked key"] * 2


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


def test_what_was_sent_and_all_but_the_last_pictures_are_not_held_in_memory(api: Api) -> None:
    images = api.server.app.images
    for seed in range(3):
        assert api.upload(noise(256, seed))[0].status_code == 200
        api.made(body("x", data_uri(noise(256, 10 + seed))))
    for number in range(BODIES_KEPT + 3):
        path = images.add(uuid4(), number, size=(1, 1), draw=partial(bytes, 50_000))
        link = images.link(path, base=api.server.url, ended=START)
        assert len(api.http.get(link).content) == 50_000
    assert pictures_in(images) == BODIES_KEPT


def pictures_in(root: Any) -> int:
    """Count the large bytes that an object holds, also within functions."""
    seen, look, found = {id(root)}, [root], 0
    while look:
        one = look.pop()
        found += isinstance(one, bytes) and len(one) > 20_000
        inside = one.__closure__ or () if isinstance(one, FunctionType) else gc.get_referents(one)
        fresh = [each for each in inside if id(each) not in seen and not isinstance(each, type | ModuleType)]
        seen |= set(map(id, fresh))
        look += fresh
    return found
