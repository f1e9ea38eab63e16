"""Input images of every kind reach the service as it takes them, each file once."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import encoded, noise
from PIL import Image

from wannb import ImageRequest, mock
from wannb.client import Client
from wannb.request.inputs import InputImage, as_input, as_inputs

pytestmark = pytest.mark.usefixtures("quick_pictures")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP"])
def test_what_the_service_takes_stays_untouched_to_the_byte(kind: str) -> None:
    content = encoded(kind)
    image = as_input(content)
    assert (image.content, image.notices, image.problem) == (content, (), None)
    assert (image.width, image.height, image.mime) == (320, 240, f"image/{kind.lower()}")


def test_a_path_a_string_a_file_uri_and_a_data_uri_are_the_same_picture(tmp_path: Path) -> None:
    content = encoded("PNG")
    place = tmp_path / "Straße #1 + 猫 100%.png"
    place.write_bytes(content)
    uri = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    images = as_inputs([place, str(place), place.as_uri(), uri, content, bytearray(content)])
    assert len({image.sha256 for image in images}) == 1
    assert all(image == images[0] for image in images)


def test_a_file_changed_after_the_request_changes_nothing(tmp_path: Path) -> None:
    place = tmp_path / "a.png"
    place.write_bytes(encoded("PNG"))
    request = ImageRequest(prompt="x", images=place)
    before = request.fingerprint
    place.write_bytes(encoded("PNG", (500, 500)))
    assert request.fingerprint == before
    assert request.images[0].width == 320


def test_a_photograph_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = as_input(encoded("JPEG", (400, 300), exif=exif))
    assert (image.width, image.height) == (300, 400)
    assert "upright" in image.notices[0]
    assert Image.open(io.BytesIO(image.content or b"")).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_are_put_on_white_with_a_notice(mode: str) -> None:
    picture = Image.new(mode, (300, 300), 0)
    if mode == "P":
        picture.info["transparency"] = 0
    image = as_input(picture)
    assert Image.open(io.BytesIO(image.content or b"")).convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert "white" in image.notices[0]


@pytest.mark.parametrize(("kind", "mode"), [("TIFF", "RGB"), ("GIF", "P"), ("JPEG", "CMYK"), ("PNG", "I;16")])
def test_other_formats_are_converted(kind: str, mode: str) -> None:
    image = as_input(encoded(kind, mode=mode, color=40_000 if mode == "I;16" else 90))
    assert image.problem is None
    assert image.mime in ("image/png", "image/jpeg")
    assert image.notices


def test_a_16_bit_picture_keeps_its_brightness() -> None:
    image = as_input(Image.new("I;16", (300, 300), 0x8000))
    assert Image.open(io.BytesIO(image.content or b"")).convert("L").getpixel((9, 9)) == 128


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((300, 400, 3), np.uint8),
        np.zeros((300, 400), np.uint8),
        np.zeros((300, 400, 1), np.uint8),
        np.zeros((300, 400, 4), np.uint8),
        np.zeros((300, 400, 3)),
        np.zeros((300, 400), bool),
    ],
)
def test_arrays_are_height_by_width(array: Any) -> None:
    [image] = as_inputs(array)
    assert (image.width, image.height, image.problem) == (400, 300, None)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((300, 400, 3)) + 7, "0.0 to 1.0"),
        (np.zeros((5, 300, 400), np.uint8), "height x width"),
        (b"not a picture", "not a picture"),
        (encoded("PNG")[:200], "damaged"),
        (encoded("PNG", (239, 500)), "240 to 8000"),
        (encoded("PNG", (8001, 1001)), "240 to 8000"),
        (encoded("PNG", (2000, 245)), "1:8 to 8:1"),
        ("data:image/png;base64,%%%", "base64"),
        ("/", "is a folder; give the pictures in it"),
        ("a\0b", "cannot read"),
        (3.5, "float is not a picture"),
    ],
)
def test_what_cannot_be_sent_is_a_problem_and_no_exception(value: Any, words: str) -> None:
    [image] = as_inputs(value)
    assert words in (image.problem or ""), image


def test_a_picture_over_20_mb_is_a_problem() -> None:
    image = as_input(noise(2700, 1))
    assert "at most 20 MB" in (image.problem or "")


def test_a_signed_link_is_not_shown() -> None:
    image = as_input("https://user:pw@host/a.png?Signature=abc&Expires=1")
    assert "abc" not in repr(image)
    assert "pw" not in repr(image)


def test_small_pictures_travel_inside_the_request(client: Client, server: mock.MockServer) -> None:
    client.edit("x", encoded("PNG"), size="768*768")
    assert not [entry for entry in server.log if "upload" in entry.path]


def test_large_pictures_are_uploaded_once_and_resolved(client: Client, server: mock.MockServer) -> None:
    large = noise(1700, 1)
    assert len(large) > 7 * 1024 * 1024
    for seed in (1, 2):
        client.edit("x", large, size="768*768", seed=seed)
    uploads = [entry for entry in server.log if "uploads" in entry.path]
    assert len(uploads) == 1
    creates = [entry for entry in server.log if entry.path.endswith("generation")]
    assert [entry.status for entry in creates] == [200, 200]


def test_two_large_files_of_one_odd_name_are_two_pictures(
    client: Client, server: mock.MockServer, tmp_path: Path
) -> None:
    for number in (1, 2):
        place = tmp_path / str(number) / "a + b #1 猫.png"
        place.parent.mkdir()
        place.write_bytes(noise(1600, number))
    result = client.edit("x", [tmp_path / "1" / "a + b #1 猫.png", tmp_path / "2" / "a + b #1 猫.png"], size="768*768")
    assert result.request
    assert len({image.sha256 for image in result.request.images}) == 2
    assert len([entry for entry in server.log if "uploads" in entry.path]) == 2


def test_many_middling_pictures_are_not_all_put_into_one_body(client: Client, server: mock.MockServer) -> None:
    images = [noise(1300, number) for number in range(6)]
    assert sum(map(len, images)) > 20 * 1024 * 1024
    client.edit("x", images, size="768*768")
    uploaded = len([entry for entry in server.log if "uploads" in entry.path])
    assert 0 < uploaded < 6


def test_an_input_image_is_a_value() -> None:
    one, other = as_input(encoded("PNG")), as_input(encoded("PNG"))
    assert one == other
    assert one != as_input(encoded("PNG", (330, 330)))
    assert isinstance(one, InputImage)
    assert math.isclose(one.width or 0, 320)


def test_a_cut_off_file_opened_by_pillow_is_a_problem_and_no_exception() -> None:
    whole = io.BytesIO()
    Image.effect_noise((400, 300), 90).save(whole, "PNG")
    image = as_input(Image.open(io.BytesIO(whole.getvalue()[:20_000])))
    assert image.problem
    assert "damaged" in image.problem
