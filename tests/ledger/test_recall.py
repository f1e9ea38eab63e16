"""Recall: from an image or a run back to its request; hostile files hold none and are refused in bounded memory."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from odd_pngs import NO_REQUEST, noted, record
from pictures import encoded
from PIL import Image
from service.test_fuzz_answers import anything, mutated

import wannb
from wannb import ImageRequest
from wannb.client import Client
from wannb.errors import RecallError
from wannb.files import opened_picture
from wannb.request.inputs import as_inputs
from wannb.runs.result import GeneratedImage
from wannb.runs.store import Store

pytestmark = pytest.mark.usefixtures("no_hang")


@pytest.mark.parametrize("name", NO_REQUEST)
def test_a_hostile_image_holds_no_request(name: str, tmp_path: Path) -> None:
    (tmp_path / "image-1.png").write_bytes(NO_REQUEST[name])
    with pytest.raises(RecallError, match=r"image-1\.png"):
        wannb.recall(tmp_path / "image-1.png")


def odd_places(folder: Path) -> list[str]:
    """Return paths that are no plain files, and one of a gigabyte that takes no room."""
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    (folder / "round.png").symlink_to(folder / "round.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    (folder / "gone.png").symlink_to(folder / "nowhere")
    with (folder / "sparse.png").open("wb") as file:
        file.truncate(2**30)
    (folder / "closed.png").write_bytes(b"")
    names = ("pipe", "folder", "round", "zero", "gone", "sparse", "closed")
    more = ["/dev/zero", "/dev/tty", "/proc/self/mem", "~nobody-of-that-name/a.png", "a\0b.png", "x" * 5000]
    return [*(str(folder / f"{name}.png") for name in names), *more]


def test_what_is_no_plain_file_is_refused_everywhere(tmp_path: Path) -> None:
    for place in odd_places(tmp_path):
        with pytest.raises(RecallError):
            wannb.recall(place)
        [image] = as_inputs(place)
        assert image.problem, place
        assert len(image.problem) < 700
        path = Path(place)
        generated = GeneratedImage(path=path, number=1, count=1, width=9, height=9, seed=1, sha256="0")
        for call in (generated.open, *([generated.bytes] if "closed" not in place else [])):
            with pytest.raises((OSError, ValueError)):
                call()
        if "\0" not in place:
            assert "⚠ <bdi>Gone or damaged: Image" in generated.figure(pixels=99, width=99)
        with pytest.raises(ValueError, match=r"."):
            wannb.compare(place, Image.new("RGB", (300, 300)))


def test_a_device_is_not_even_tried_as_a_picture(tmp_path: Path) -> None:
    for place in [odd_places(tmp_path)[3], "/dev/tty", "/dev/zero"]:
        with pytest.raises(OSError, match="plain file"), opened_picture(place):
            raise AssertionError


def test_a_file_of_chunks_without_an_end_is_not_walked_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(NO_REQUEST["a chunk of no length for ever"])
    with pytest.raises(RecallError, match="over 100,000 chunks"):
        wannb.recall(tmp_path / "a.png")


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    facts=st.one_of(anything, mutated([json.loads(record())])), noise=st.binary(max_size=30), place=st.integers(0, 2000)
)
@example(facts={"wannb": 1, "request": {"prompt": "x", "color_palette": [[]]}}, noise=b"", place=0)
def test_a_record_is_recalled_or_refused(facts: Any, noise: bytes, place: int, tmp_path: Path) -> None:
    whole = noted(json.dumps(facts).encode())
    for content in (whole, whole[:place] + noise + whole[place:], whole[:place]):
        (tmp_path / "a.png").write_bytes(content)
        try:
            request = wannb.recall(tmp_path / "a.png")
        except RecallError:
            continue
        # What is recalled can be looked at, whatever is in it.
        for look in (
            repr,
            ImageRequest.problems,
            ImageRequest.code,
            ImageRequest.as_dict,
            hash,
            lambda r: r.fingerprint,
        ):
            look(request)
        assert request.mode


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from([*ImageRequest().as_dict(), "more"]), anything, max_size=6))
def test_any_record_is_a_request_or_a_value_error(facts: dict[str, Any]) -> None:
    try:
        request = ImageRequest.from_dict(facts)
    except ValueError:
        return
    request.problems()
    repr(request)


@pytest.mark.parametrize("url", ["{place}", "file://{place}", "data:image/png;base64,{data}", "javascript:x"])
def test_a_strangers_record_sends_none_of_my_files(url: str, tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(encoded("PNG"))
    url = url.format(place=tmp_path / "mine.png", data=base64.b64encode(encoded("PNG")).decode())
    request = ImageRequest.from_dict({"prompt": "x", "images": [{"name": "cat.png", "url": url}]})
    [image] = request.images
    assert image.problem
    assert image.content is None


def test_a_store_of_broken_images_is_listed_and_shown(client: Client, tmp_path: Path) -> None:
    result = client.generate("a boat", size="768*768", seed=1, n=4)
    folder = result.path
    whole = result[0].path.read_bytes()
    for preview in folder.glob(".preview*"):
        preview.unlink()
    result[0].path.write_bytes(whole[: len(whole) // 2])
    result[1].path.write_bytes(NO_REQUEST["a bomb"])
    result[2].path.unlink()
    os.mkfifo(result[2].path)
    result[3].path.unlink()
    result[3].path.symlink_to("/dev/zero")
    os.mkfifo(folder / ".preview-image-2.jpg")
    again = Store(client.store.root).runs()[0].result()
    page = again._repr_mimebundle_()["text/html"]
    assert page.count("⚠") == 4
    assert page.count('role="img" aria-label="Gone or damaged: Image') == 4
    assert "⚠" in wannb.gallery(again)._repr_mimebundle_()["text/html"]
    form = wannb.forms.HistoryForm(client)
    form.select(client.runs()[0])
    assert "a boat" in form._repr_mimebundle_()["text/html"]
    for image in again:
        with pytest.raises(OSError, match=r"."):
            image.open()
        with pytest.raises(ValueError, match=r"."):
            wannb.compare(image, image)
