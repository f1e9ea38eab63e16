"""Recordings that answer: the bundled ones, the nearest miss, what is drawn instead, and how images are named."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mocking import CREATE, Api, body, urls
from pictures import encoded
from PIL import Image, PngImagePlugin

from wannb import mock
from wannb.mock.recordings import library
from wannb.mock.recordings.format import GENERATION, Recording, identity
from wannb.mock.recordings.library import differences, distance

Connect = Callable[[mock.MockServer], Api]
BUNDLED = library.load("bundled")
GENERATIONS = [one for one in BUNDLED if GENERATION.fullmatch(one.request["path"])]


def test_a_request_without_a_recording_is_told_the_nearest_and_what_differs(connect: Connect, tmp_path: Path) -> None:
    prompt = "a red house by the sea, with a long description of the garden behind it"
    recorder = connect(mock.record(tmp_path, task_seconds=0))
    for text in ("a boat", prompt, "a red fox"):
        recorder.made(body(text, seed=7))
    recorder.sync(body("four seasons", n=4, enable_sequential=True))
    client = connect(mock.serve(replay=tmp_path, strict=True, task_seconds=0))
    refused = client.create(body(prompt.replace("garden", "GARDEN"), seed=8, watermark=True))
    assert (refused.status_code, refused.json()["code"]) == (400, "Recording.NoMatch")
    said = refused.json()["message"]
    assert "The nearest is 02-text-to-image" in said
    assert "differs in 3 places" in said
    assert "parameters.seed: recorded 7, sent 8" in said
    assert "parameters.watermark: recorded nothing, sent true" in said
    assert "GARDEN" in said
    assert "of the garden" in said
    assert "--record" in said
    other = client.sync(body("four seasons", n=3, enable_sequential=True))
    assert "parameters.n: recorded 4, sent 3" in other.json()["message"]
    assert client.server.billed == 0


def test_the_distance_grows_with_what_differs_in_any_script() -> None:
    sent = {"json": {"text": "海边的红房子", "n": 1}}
    near, far = ({"json": {"text": text, "n": 1}} for text in ("海边的蓝房子", "一只狐狸"))
    assert distance(sent, sent) == 0 < distance(near, sent) < distance(far, sent) < distance({"json": {}}, sent)
    assert differences(near, sent) == ['text: recorded "海边的蓝房子", sent "海边的红房子"']


def test_without_strict_what_has_no_recording_is_drawn(connect: Connect, tmp_path: Path) -> None:
    made = connect(mock.record(tmp_path, task_seconds=0)).made(body("recorded"))
    client = connect(mock.serve(replay=[tmp_path, "bundled"], task_seconds=0))
    assert client.query(client.made(body("never recorded")))["output"]["task_status"] == "SUCCEEDED"
    assert client.made(body("recorded")) == made
    assert "replay of 13 recordings" in repr(client.server)


def test_strict_without_recordings_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="replay"):
        mock.serve(strict=True)
    with pytest.raises(FileNotFoundError, match="no folder of recordings"):
        mock.serve(replay=tmp_path / "missing")


def test_identity_is_by_content_not_by_encoding() -> None:
    picture = Image.effect_noise((300, 300), 60).convert("RGB")

    def png(**options: Any) -> bytes:
        out = io.BytesIO()
        picture.save(out, "PNG", **options)
        return out.getvalue()

    assert png(compress_level=1) != png(compress_level=9)
    assert identity(png(compress_level=1)) == identity(png(compress_level=9))
    assert identity(png()).startswith("pixels:")
    picture.putpixel((0, 0), (1, 2, 3))
    assert identity(png()) != identity(encoded())
    chunk = PngImagePlugin.PngInfo()
    chunk.add_text("wannb-mock", "ab" * 32)
    assert identity(png(pnginfo=chunk)) == f"drawn:{'ab' * 32}"
    assert identity(encoded("JPEG")).startswith("bytes:")
    assert identity(encoded()[:60]).startswith("bytes:")


def test_the_bundled_recordings_say_where_they_come_from() -> None:
    assert len(BUNDLED) == 14
    assert len({one.digest for one in GENERATIONS}) == len(GENERATIONS) == 12
    assert [one.file.name for one in BUNDLED if "live service" in one.source] == [BUNDLED[0].file.name]
    for one in BUNDLED[1:]:
        assert "Model Studio" in one.source
    for one in BUNDLED:
        text = one.file.read_text(encoding="utf-8")
        assert "Signature" not in text
        assert "request_id" not in text
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    assert "not taken from the live service" in (library.BUNDLED / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("one", GENERATIONS, ids=lambda one: one.file.stem)
def test_a_bundled_recording_is_answered_as_documented(one: Recording, connect: Connect) -> None:
    client = connect(mock.serve(replay="bundled", strict=True, task_seconds=0))
    path = one.request["path"].removeprefix("/api/v1")
    answer = client.call("POST", path, json=one.request["json"], headers=one.request["headers"])
    assert answer.status_code == 200
    final = answer.json()
    if path == CREATE:
        assert final["output"] == one.response["json"]["output"]
        final = client.query(final["output"]["task_id"])
    said = one.task or one.response["json"]
    assert final["usage"] == said["usage"]
    assert client.server.billed == said["usage"]["image_count"] == len(urls(final))
