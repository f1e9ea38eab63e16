"""`wannb.fit`: pictures that are too large or small are made to fit, with their boxes, and again by the code."""

from __future__ import annotations

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import encoded, noise
from PIL import Image

import wannb
from wannb import ImageRequest, mock
from wannb.client import Client
from wannb.errors import InvalidRequest
from wannb.request.inputs import MAX_BYTES, InputImage, as_input

pytestmark = pytest.mark.usefixtures("quick_pictures")

#: Sides and a box in the pixels of the original, and those of the copy.
PHONE, SMALLER = (8064, 1008), (8000, 1000)
BOX, SCALED = (1001, 201, 4033, 303), (993, 199, 4001, 301)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of a photograph of 48 megapixels, as phones take them; the whole takes long to unpack."""
    place = tmp_path_factory.mktemp("phone") / "photo.jpg"
    place.write_bytes(encoded("JPEG", PHONE, mode="L"))
    return place


def opened(image: InputImage) -> Image.Image:
    return Image.open(io.BytesIO(image.content or b""))


def test_a_photo_of_48_megapixels_is_refused_with_the_way_out_which_leads_out() -> None:
    content = encoded("JPEG", (8064, 6048), mode="L")
    refused, fitted = as_input(content), wannb.fit(content)
    assert refused.problem == (
        "8064x6048 pixels; each side must be 240 to 8000. wannb.fit(picture) makes a copy that fits"
    )
    assert (refused.width, refused.height) == (8064, 6048)
    assert (fitted.problem, fitted.width, fitted.height) == (None, 8000, 6000)


def test_a_large_photo_is_made_smaller(photo: Path) -> None:
    image = wannb.fit(photo)
    assert (image.problem, image.width, image.height) == (None, *SMALLER)
    assert opened(image).size == SMALLER
    assert image.fitted_from == PHONE
    assert image.notices == ("made smaller to fit, from 8064x1008 to 8000x1000 pixels; this copy is sent and kept",)
    assert image == wannb.fit(photo)


def test_what_is_refused_is_made_to_fit_later(photo: Path) -> None:
    refused = ImageRequest(prompt="x", images=photo, bbox_list=[[BOX]])
    fitting = refused.replace(images=[wannb.fit(image) for image in refused.images])
    assert refused.problems()
    assert fitting.problems() == ()
    assert fitting == ImageRequest(prompt="x", images=wannb.fit(photo), bbox_list=[[BOX]])


def test_boxes_in_the_pixels_of_the_original_are_scaled_along_once(photo: Path) -> None:
    request = ImageRequest(prompt="x", images=[encoded(), wannb.fit(photo)], bbox_list=[[(1, 2, 30, 40)], [BOX]])
    assert request.bbox_list == (((1, 2, 30, 40),), (SCALED,))
    assert request.replace(seed=7).bbox_list == request.bbox_list
    assert ImageRequest(prompt="x", images=request.images, bbox_list=request.bbox_list).bbox_list == request.bbox_list
    outside = ImageRequest(prompt="x", images=wannb.fit(photo), bbox_list=[[(4000, 3000, 9000, 6000)]])
    [problem] = outside.problems()
    assert problem.value == "[4000, 3000, 9000, 6000] on image 1", "as it was given"
    assert "outside the image, which is {}x{} pixels".format(*PHONE) in problem.rule
    again = request.replace(images=[encoded(), wannb.fit(photo)])
    assert again.bbox_list == request.bbox_list, "the boxes of a request are in the copy's pixels already"
    whole = ImageRequest(prompt="x", images=wannb.fit(photo), bbox_list=[[(0, 0, *PHONE)]])
    assert whole.bbox_list == (((0, 0, *SMALLER),),)
    assert whole.problems() == ()


@pytest.mark.parametrize("boxes", [[[(1, 2)]], [["abcd"]], [[(1, 2, 3, "4")]], 5, [5], [[], [], []], [(1, 2, 3, 4)]])
def test_boxes_that_are_none_stay_for_the_rules(boxes: Any, photo: Path) -> None:
    assert ImageRequest(prompt="x", images=wannb.fit(photo), bbox_list=boxes).problems()


def test_the_code_makes_an_equal_request(photo: Path) -> None:
    request = ImageRequest(prompt="x", images=[photo.parent / "photo.jpg"], bbox_list=[[BOX]], seed=7)
    request = request.replace(images=[wannb.fit(image) for image in request.images])
    code = request.code()
    assert f"wannb.fit({str(photo)!r})".replace("'", '"') in code
    again = made_by(code)
    assert again == request
    assert again.fingerprint == request.fingerprint


def made_by(code: str) -> ImageRequest:
    """Return the request that a call of a client stands for."""

    class Listener(Client):
        def __init__(self) -> None: ...

        def run(self, request: ImageRequest, **options: Any) -> Any:
            return request

    return eval(code, {"client": Listener(), "wannb": wannb})  # type: ignore[no-any-return]


def test_boxes_in_code_lead_to_the_same_boxes_for_any_size() -> None:
    for side in (8001, 8064, 9999, 12_000):
        picture = wannb.fit(Image.new("1", (side, 1600)))
        for left in (0, 1, 777, 1201):
            request = ImageRequest(prompt="x", images=picture, bbox_list=[[(left, 5, left + 1, 6)]])
            code = request.code().replace("image_1", "picture").replace("# Set picture first: PIL image\n", "")
            again = eval(code.replace("client.edit", "edit"), {"edit": edited, "picture": picture, "wannb": wannb})
            assert again == request
            assert request.problems() == ()


def edited(prompt: str, images: Any, **options: Any) -> ImageRequest:
    return ImageRequest(prompt=prompt, images=images, **options)


def test_a_sweep_takes_a_fitted_picture_with_its_boxes(client: Client, photo: Path) -> None:
    plan = wannb.sweep(client, prompt=["a", "b"], images=wannb.fit(photo), bbox_list=[[BOX]])
    assert {cell.request.bbox_list for cell in plan.cells} == {((SCALED,),)}
    assert not any(cell.problems for cell in plan.cells)


def test_the_copy_that_was_sent_is_kept_and_said(client: Client, server: mock.MockServer, photo: Path) -> None:
    result = client.edit("x", wannb.fit(photo), bbox_list=[[BOX]], size="1K", seed=3)
    assert any("from 8064x1008 to 8000x1000" in notice for notice in result.notices)
    again = wannb.recall(result[0].path)
    assert again.bbox_list == ((SCALED,),)
    assert opened(again.images[0]).size == SMALLER
    assert client.edit("x", wannb.fit(photo), bbox_list=[[BOX]], size="1K", seed=3).reused
    assert client.run(again).reused
    assert made_by(again.code()) == again


def test_a_png_over_20_mb_becomes_a_jpeg_of_the_same_size() -> None:
    content = noise(2700, 1)
    image = as_input(content)
    assert image.problem == "20.9 MB; at most 20 MB. wannb.fit(picture) makes a copy that fits"
    fitted = wannb.fit(content)
    assert (fitted.problem, fitted.width, fitted.height, fitted.mime) == (None, 2700, 2700, "image/jpeg")
    assert len(fitted.content or b"") <= MAX_BYTES
    [notice] = fitted.notices
    assert notice.startswith("saved as JPEG of ")


def test_a_png_that_was_packed_badly_loses_nothing() -> None:
    pixels = np.indices((2700, 2700)).sum(0).astype("uint8")
    picture = Image.fromarray(np.dstack([pixels] * 3))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=0)
    fitted = wannb.fit(out.getvalue())
    assert (fitted.problem, fitted.mime) == (None, "image/png")
    assert opened(fitted).tobytes() == picture.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "BMP", "TIFF"])
def test_a_file_over_20_mb_of_any_kind_fits(kind: str) -> None:
    out = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (3400, 3400, 3), np.uint8)
    Image.fromarray(pixels).save(out, kind, quality=100)
    assert len(out.getvalue()) > MAX_BYTES
    problem = as_input(out.getvalue()).problem or ""
    assert "Save it as JPEG" not in problem
    fitted = wannb.fit(out.getvalue())
    assert fitted.problem is None
    assert 10 * 2**20 < len(fitted.content or b"") <= MAX_BYTES
    assert (fitted.width or 0) >= 2700


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((8100, 1100), np.uint8),
        np.zeros((8100, 1100, 3)),
        Image.new("RGBA", (1100, 8100)),
        Image.new("P", (1100, 8100)),
        encoded("PNG", (1100, 8100), mode="1", color=1),
        encoded("TIFF", (1100, 8100), mode="I;16", color=60_000),
        encoded("GIF", (1100, 8100), mode="P"),
        encoded("JPEG", (1100, 8100), mode="CMYK"),
    ],
)
def test_large_pictures_of_any_kind_fit(value: Any) -> None:
    assert "wannb.fit" in (as_input(value).problem or "")
    image = wannb.fit(value)
    assert image.problem is None
    assert opened(image).size == (image.width, image.height)
    assert max(image.width or 0, image.height or 0) == 8000


def test_a_photo_on_its_side_takes_boxes_as_it_is_seen() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = wannb.fit(encoded("JPEG", (10_000, 2000), exif=exif))
    assert (image.fitted_from, image.width, image.height) == ((2000, 10_000), 1600, 8000)
    request = ImageRequest(prompt="x", images=image, bbox_list=[[(500, 5000, 1000, 10_000)]])
    assert request.bbox_list == (((400, 4000, 800, 8000),),)


@pytest.mark.parametrize("value", [encoded(), encoded("WEBP"), "https://example.com/cat.png"])
def test_what_fits_stays_as_it_is(value: Any) -> None:
    assert wannb.fit(value) == as_input(value)
    assert wannb.fit(value).content == as_input(value).content
    assert wannb.fit(value).fitted_from is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            encoded("PNG", (9000, 300)),
            "9000x300 pixels; the ratio of the sides must be 1:8 to 8:1. Crop it or add margins",
        ),
        (encoded("PNG", (2000, 245)), "1:8 to 8:1. Crop it or add margins"),
        (
            encoded("JPEG", (20, 170)),
            "20x170 pixels; the ratio of the sides must be 1:8 to 8:1. Crop it or add margins",
        ),
        (np.zeros((0, 0), "uint8"), "0x0 pixels; it is empty"),
        (np.zeros((5, 0), "uint8"), "0x5 pixels; it is empty"),
        (np.zeros((1, 9), "uint8"), "9x1 pixels; the ratio of the sides must be 1:8 to 8:1. Crop it or add margins"),
        (b"not a picture", "not a picture"),
        ("no/such/file.png", "no file"),
        (lambda: np.broadcast_to(np.uint8(7), (10**6, 10**6)), "far too many pixels"),
    ],
)
def test_what_cannot_fit_is_not_promised_to(value: Any, words: str) -> None:
    value = value() if callable(value) else value
    image = as_input(value)
    assert words in (image.problem or "")
    assert "wannb.fit" not in (image.problem or "")
    assert wannb.fit(value).problem == image.problem


@pytest.mark.filterwarnings("error")
def test_a_photo_of_200_megapixels_is_no_bomb() -> None:
    content = encoded("JPEG", mode="L").replace(struct.pack(">HH", 240, 320), struct.pack(">HH", 12_240, 16_320))
    image = as_input(content)
    assert (image.problem or "").startswith("16320x12240 pixels; each side must be 240 to 8000. wannb.fit(picture)")


def test_two_photos_of_one_size_are_two_pictures() -> None:
    one, other = (encoded("JPEG", PHONE, mode="L", color=shade) for shade in (9, 99))
    code = ImageRequest(prompt="x", images=[one, other, one]).code()
    assert "[image_1, image_2, image_1]" in code
    assert as_input(one) != as_input(other)


def test_a_list_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match="list holds 2 pictures; give one picture"):
        ImageRequest(prompt="x", images=wannb.fit([encoded(), encoded()])).check()


def test_a_request_with_a_picture_that_is_too_large_can_travel(photo: Path) -> None:
    request = ImageRequest(prompt="x", images=photo)
    again = pickle.loads(pickle.dumps(request))
    assert wannb.fit(again.images[0]) == wannb.fit(photo)


TOO_SMALL = "{}; each side must be 240 to 8000. wannb.fit(picture) makes a copy that fits"


@pytest.mark.parametrize(
    ("value", "before", "after"),
    [
        (encoded("PNG", (100, 100)), (100, 100), (300, 300)),
        (encoded("JPEG", (239, 1900)), (239, 1900), (478, 3800)),
        (encoded("WEBP", (239, 300)), (239, 300), (478, 600)),
        (encoded("GIF", (120, 960)), (120, 960), (240, 1920)),
        (encoded("BMP", (80, 60)), (80, 60), (320, 240)),
        (Image.new("1", (1, 8)), (1, 8), (240, 1920)),
        (Image.new("P", (16, 16)), (16, 16), (240, 240)),
        (Image.new("RGBA", (32, 32)), (32, 32), (256, 256)),
        (Image.new("CMYK", (64, 64)), (64, 64), (256, 256)),
        (np.zeros((100, 150, 3), "uint8"), (150, 100), (450, 300)),
        (np.zeros((3, 100, 150), "float32"), (150, 100), (450, 300)),
    ],
)
def test_a_picture_that_is_too_small_is_made_larger(value: Any, before: Any, after: Any) -> None:
    shown = ["x".join(map(str, size)) for size in (before, after)]
    assert as_input(value).problem == TOO_SMALL.format(f"{shown[0]} pixels")
    image = wannb.fit(value)
    assert (image.problem, image.width, image.height) == (None, *after)
    assert opened(image).size == after
    assert image.fitted_from == before
    said = f"made larger to fit, from {shown[0]} to {shown[1]} pixels; this copy is sent and kept"
    assert image.notices[-1] == said


def test_a_small_picture_is_turned_upright_and_made_larger() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = wannb.fit(encoded("JPEG", (100, 200), exif=exif))
    assert (image.problem, image.width, image.height, image.fitted_from) == (None, 600, 300, (200, 100))


def test_boxes_on_a_small_picture_go_along_and_code_leads_to_the_same_boxes() -> None:
    icon = wannb.fit(encoded("PNG", (100, 80)))
    request = ImageRequest(prompt="x", images=icon, bbox_list=[[(7, 5, 8, 6)]])
    assert (icon.width, icon.height) == (300, 240)
    assert request.bbox_list == (((21, 15, 24, 18),),)
    assert "bbox_list=[[[7, 5, 8, 6]]]" in request.code()
    assert not request.problems()
    # A box that was drawn on the copy lies on whole pixels of the original.
    drawn = request.replace(bbox_list=[[(22, 16, 23, 17)]])
    assert drawn.bbox_list == (((21, 15, 24, 18),),)
    assert drawn == request


@pytest.mark.parametrize(
    ("value", "told", "said"),
    [
        ("icon.png", "InputImage('icon.png', 300*250, PNG, 12.0 KB)", ["icon.png", "300*250 · PNG · 12.0 KB"]),
        (
            "photo",
            "made smaller to fit, from 8064x1008 to 8000x1000 pixels; this copy is sent and kept",
            ["made smaller"],
        ),
        (
            encoded("PNG", (9000, 300)),
            "InputImage('picture in memory', 9000*300)\n  9000x300 pixels; the ratio",
            ["Crop it"],
        ),
        ("no/such.png", "InputImage('such.png')\n  no file 'no/such.png' from folder", ["no file"]),
        ("https://example.com/a.png?key=1", "InputImage('https://example.com/a.png?...', a link)", ["a link"]),
        ("<b>.png", "InputImage('<b>.png')\n  no file", ["&lt;b&gt;.png"]),
    ],
)
def test_a_picture_shows_itself_with_what_is_said_of_it(
    value: Any, told: str, said: list[str], photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("icon.png").write_bytes(encoded("PNG", (300, 250)).ljust(12 * 1024, b"\0"))
    image = wannb.fit(photo if value == "photo" else value)
    shown = image._repr_mimebundle_()
    assert told in shown["text/plain"] == repr(image)
    assert len(repr(image)) < 300
    assert all(each in shown["text/html"] for each in said)
    assert ("data:image/jpeg;base64," in shown["text/html"]) is (image.content is not None)
    assert len(shown["text/html"]) < 60_000
    assert "key=1" not in str(shown)
