"""Strokes over a frame: where they are drawn, that the picture stays as it was, and what is refused."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from wannb.staging import Stroke, as_strokes, over_jpeg, over_picture, strokes_svg

ARROW = Stroke(kind="arrow", points=((0.1, 0.5), (0.9, 0.5)), color="#0000FF")
PEN = Stroke(kind="pen", points=((0.1, 0.1), (0.5, 0.2), (0.9, 0.1)))


def is_blue(picture: Image.Image, place: tuple[int, int]) -> bool:
    red, green, blue = picture.getpixel(place)  # type: ignore[misc]
    return red < 20 and green < 20 and blue > 235


def test_an_arrow_is_drawn_where_it_was_put_and_the_picture_stays() -> None:
    picture = Image.new("RGB", (400, 200), "#204020")
    marked = over_picture(picture, [ARROW])
    assert picture.getpixel((200, 100)) == (0x20, 0x40, 0x20)
    assert marked.size == picture.size
    assert is_blue(marked, (200, 100))
    assert is_blue(marked, (348, 104)), "the head is wider than the line"
    assert not is_blue(marked, (200, 104))
    assert marked.getpixel((200, 60)) == (0x20, 0x40, 0x20)
    assert over_picture(picture, []) is picture


def test_a_head_points_to_where_the_arrow_ends() -> None:
    picture = Image.new("RGB", (400, 400), "black")
    marked = over_picture(picture, [Stroke(kind="arrow", points=((0.5, 0.9), (0.5, 0.1)))])
    red = [
        y
        for y in range(400)
        for x in range(400)
        if marked.getpixel((x, y))[0] > 200 and marked.getpixel((x, y))[1] < 80
    ]
    assert min(red) in range(39, 45)
    assert 355 < max(red) < 364
    assert sum(y < 60 for y in red) > sum(y > 340 for y in red), "the end is the heavier one"


@pytest.mark.parametrize("size", [(480, 270), (3000, 100)])
def test_a_jpeg_keeps_its_size_and_one_without_strokes_its_bytes(size: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, "JPEG")
    assert over_jpeg(buffer.getvalue(), ()) == buffer.getvalue()
    assert over_jpeg(b"", [PEN]) == b""
    with Image.open(io.BytesIO(over_jpeg(buffer.getvalue(), [PEN]))) as marked:
        assert marked.size == size


def test_the_drawing_as_svg_has_the_same_places() -> None:
    root = ElementTree.fromstring(strokes_svg([ARROW, PEN], (1000, 500)))
    assert root.get("viewBox") == "0 0 1000 500"
    lines = [path.get("d") for path in root if path.get("fill") == "none"]
    assert lines[0] is not None
    assert lines[0].startswith("M100.0 250.0 L865.0 250.0")
    assert "M100.0 50.0 L500.0 100.0 L900.0 50.0" in lines
    assert [path.get("stroke") for path in root][-1] == "#e5322d", "the color over its halo"
    assert strokes_svg([], (10, 10)) == ""


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"kind": "circle", "points": [(0, 0), (1, 1)]}, "'circle'"),
        ({"kind": "arrow", "points": [(0, 0), (1, 1), (0, 1)]}, "3 points"),
        ({"kind": "pen", "points": [(0, 0)]}, "1 points"),
        ({"kind": "pen", "points": [(0, 0), (1.2, 0)]}, "0 to 1"),
        ({"kind": "pen", "points": [(0, 0), (float("nan"), 0)]}, "0 to 1"),
        ({"kind": "pen", "points": "here"}, "'here'"),
        ({"kind": "pen", "points": [(0, 0), (1, 1)], "color": "red"}, "'red'"),
        ({"kind": "pen", "points": [(0, 0), (1, 1)], "color": '#000000"/><script>'}, "script"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_value(values: dict[str, Any], why: str) -> None:
    with pytest.raises((TypeError, ValueError), match=why):
        as_strokes([values])


def test_a_frame_has_room_for_sixty() -> None:
    assert len(as_strokes([PEN] * 60)) == 60
    with pytest.raises(ValueError, match="61 strokes"):
        as_strokes([PEN] * 61)
