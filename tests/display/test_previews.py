"""Previews lie beside their images, are made again where needed, and thumbnails fit into their bytes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from figures.spots import image
from PIL import Image

from wannb.display.previews import (
    PREVIEW_PIXELS,
    fitting,
    in_parallel,
    make_preview,
    preview,
    preview_path,
    previews,
    small_jpeg,
)
from wannb.service.limits import Clock, left, within


def size_of(place: Path) -> tuple[int, int]:
    with Image.open(place) as opened:
        return opened.size


def test_one_is_kept_beside_the_image_and_made_again_when_that_is_newer(tmp_path: Path) -> None:
    made = image(tmp_path / "1.png", size=(1024, 512), color="red")
    small = Image.open(io.BytesIO(preview(made.path, 100)))
    assert (small.format, small.size) == ("JPEG", (100, 50))
    place = preview_path(made.path)
    assert place.name == ".preview-1.jpg"
    assert size_of(place) == (PREVIEW_PIXELS, PREVIEW_PIXELS // 2)
    image(made.path, size=(512, 1024), color="blue")
    assert Image.open(io.BytesIO(preview(made.path, 100))).size == (50, 100)


def test_a_damaged_preview_is_made_again(tmp_path: Path) -> None:
    made = image(tmp_path / "1.png")
    make_preview(made.path)
    preview_path(made.path).write_bytes(b"cut off")
    assert Image.open(io.BytesIO(preview(made.path, 64))).size == (64, 48)
    assert size_of(preview_path(made.path)) == (512, 384)


def test_a_folder_that_takes_no_files_is_no_reason_to_fail(tmp_path: Path) -> None:
    made = image(tmp_path / "1.png")
    preview_path(made.path).mkdir()
    assert Image.open(io.BytesIO(preview(made.path, 64))).size == (64, 48)
    assert not list(tmp_path.glob("*.part"))


def test_an_image_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    made = image(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(b"no picture")
    found = previews([tmp_path / "none.png", made.path, tmp_path / "2.png"], 64)
    assert [bool(each) for each in found] == [False, True, False]


@pytest.mark.parametrize("number", [1, 5, 60])
def test_thumbnails_shrink_until_they_fit_and_no_further_than_the_least(number: int) -> None:
    pictures = [Image.effect_noise((240, 160), 100 + each).convert("RGB") for each in range(number)]

    def draw(sources: object, pixels: int) -> list[bytes]:
        return [small_jpeg(each, pixels) for each in sources]  # type: ignore[attr-defined]

    whole, pixels = fitting(pictures, 200, most=10**9, least=40, draw=draw)
    assert pixels == 200
    most = sum(map(len, whole)) // 2
    small, pixels = fitting(pictures, 200, most=most, least=40, draw=draw)
    assert len(small) == number
    assert most / 4 < sum(map(len, small)) * 4 / 3 <= most
    assert max(Image.open(io.BytesIO(small[-1])).size) == pixels
    assert fitting(pictures, 200, most=1, least=40, draw=draw)[1] == 40
    assert fitting([], 200, most=1, least=40, draw=draw)[0] == []


def test_images_that_load_side_by_side_see_the_callers_context() -> None:
    """A caller's timeout bounds each of them."""
    with within(7.0, Clock()):
        assert [round(seconds) for seconds in in_parallel(lambda _: left(), ["a", "b"])] == [7, 7]
