"""Values of input images: converted to 8 bit by what they mean, or refused in a sentence; and notices that are true."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from pictures import encoded
from PIL import Image

from wannb.request.inputs import InputImage, as_input

#: From black to white, in 8 bit.
RAMP = np.broadcast_to(np.linspace(0, 255, 320).round().astype(np.uint8), (240, 320))
SHARES = np.broadcast_to(np.linspace(0, 1, 320), (240, 320))


def sent(value: Any) -> np.ndarray[Any, Any]:
    image = as_input(value)
    assert image.problem is None, image.problem
    return np.asarray(Image.open(io.BytesIO(image.content or b"")).convert("L")).astype(int)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def tiff(
    bits: int, samples: bytes, *, kind: int = 1, white_is_zero: bool = False, size: tuple[int, int] = (320, 240)
) -> bytes:
    """Return a gray TIFF of one strip; `kind` 1 is whole numbers, 2 those below zero too, 3 floats."""
    tags = {256: size[0], 257: size[1], 258: bits, 259: 1, 262: 0 if white_is_zero else 1, 273: 134, 277: 1}
    tags |= {278: size[1], 279: len(samples), 339: kind}
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + table + bytes(4) + samples


DEEP = RAMP.astype(np.uint16) * 257
TAKEN: dict[str, Any] = {
    "F of 0 to 255": lambda: Image.fromarray(RAMP).convert("F"),
    "F of 0 to 1": lambda: Image.fromarray(SHARES.astype(np.float32)),
    "I of 0 to 255": lambda: Image.fromarray(RAMP).convert("I"),
    "I of 0 to 65535": lambda: Image.fromarray(DEEP.astype(np.int32)),
    "I;16": lambda: Image.fromarray(DEEP),
    "I;16B": lambda: Image.frombytes("I;16B", (320, 240), DEEP.astype(">u2").tobytes()),
    "a 16-bit PNG": lambda: saved(Image.fromarray(DEEP), "PNG"),
    "a 16-bit PGM": lambda: b"P5 320 240 65535\n" + DEEP.astype(">u2").tobytes(),
    "a 10-bit PGM": lambda: b"P5 320 240 1023\n" + (SHARES * 1023).round().astype(">u2").tobytes(),
    "a 16-bit TIFF": lambda: saved(Image.fromarray(DEEP), "TIFF"),
    "a 32-bit TIFF of 0 to 255": lambda: saved(Image.fromarray(RAMP.astype(np.int32)), "TIFF"),
    "a float TIFF of 0 to 1": lambda: saved(Image.fromarray(SHARES.astype(np.float32)), "TIFF"),
    "a float TIFF of 0 to 255": lambda: saved(Image.fromarray(RAMP.astype(np.float32)), "TIFF"),
    "a 16-bit JPEG 2000": lambda: saved(Image.fromarray(DEEP), "JPEG2000"),
    "floats": lambda: SHARES,
    "floats a little above 1": lambda: SHARES * 1.0000001,
    "floats a little below 0": lambda: SHARES - 1e-9,
    "half floats": lambda: SHARES.astype(np.float16),
    "bool": lambda: RAMP > 127,
    "uint8": lambda: RAMP,
    "uint16": lambda: DEEP,
    "big-endian uint16": lambda: DEEP.astype(">u2"),
    "int64 of 0 to 255": lambda: RAMP.astype(np.int64),
    "int32 of 0 to 65535": lambda: DEEP.astype(np.int32),
    "uint32 of colors": lambda: np.dstack([RAMP] * 3).astype(np.uint32),
}


@pytest.mark.parametrize("name", TAKEN)
def test_values_become_what_they_mean(name: str) -> None:
    wanted = np.where(RAMP > 127, 255, 0) if name == "bool" else RAMP.astype(int)
    assert np.abs(sent(TAKEN[name]()) - wanted).max() <= 1


@pytest.mark.parametrize(
    "name", [name for name in TAKEN if any(word in name for word in ("16", "F of", "I of", "TIFF"))]
)
def test_deep_values_are_said_to_be_brought_to_8_bit(name: str) -> None:
    assert any("converted to 8 bit" in notice for notice in as_input(TAKEN[name]()).notices)


REFUSED: dict[str, tuple[Any, str]] = {
    "floats of 0 to 255": (
        RAMP.astype(float),
        'values from 0 to 255; floats go from 0.0 to 1.0: give array.round().astype("uint8")',
    ),
    "half floats of 0 to 255": (RAMP.astype(np.float16), '.astype("uint8")'),
    "floats of 0 to 254.6": (RAMP * 254.6 / 255, "values from 0 to 254.6; floats go"),
    "floats of colors of 0 to 255": (np.dstack([RAMP] * 3).astype(float), '.astype("uint8")'),
    "floats of 0 to 65535": (
        DEEP.astype(float),
        'values from 0 to 65535; floats go from 0.0 to 1.0: give array.round().astype("uint16")',
    ),
    "floats of 20 bits": (RAMP * 4000.0, "values from 0 to 1020000; give floats from 0.0 to 1.0"),
    "floats of 0 to 2": (SHARES * 2, "values from 0 to 2; give floats from 0.0 to 1.0"),
    "floats above 1": (SHARES * 1.02, "values from 0 to 1.02; give floats"),
    "floats below 0": (SHARES * 2 - 1, "values from -1 to 1; give floats"),
    "no number": (np.where(SHARES < 0.5, np.nan, SHARES), "it holds NaN, which is no color; numpy.nan_to_num(array)"),
    "all NaN": (np.full((300, 300, 3), np.nan), "it holds NaN"),
    "one NaN of 0 to 255": (np.where(RAMP == 7, np.nan, RAMP), "it holds NaN"),
    "NaN and no end": (np.where(SHARES < 0.5, np.nan, np.inf), "it holds NaN"),
    "no end": (np.where(SHARES < 0.5, np.inf, SHARES), "to inf; give floats"),
    "F of 0 to 65535": (Image.fromarray(DEEP.astype(np.float32)), "values from 0 to 65535; give"),
    "F below 0": (Image.fromarray((RAMP - 128.0).astype(np.float32)), "values from -128 to 127; give"),
    "F of light": (
        Image.fromarray((SHARES * 5.5).astype(np.float32)),
        "values from 0 to 5.5 of 255 would be nearly black",
    ),
    "F without number": (Image.fromarray(np.full((300, 300), np.nan, np.float32)), "it holds NaN"),
    "I below 0": (Image.fromarray(RAMP.astype(np.int32) - 3), "values from -3 to 252; give"),
    "I of 20 bits": (Image.fromarray(RAMP.astype(np.int32) * 4000), "values from 0 to 1020000; give"),
    "I of labels": (Image.fromarray(RAMP.astype(np.int32) // 20), "values from 0 to 12 of 255 would be nearly black"),
    "I;16 of 8 bits": (Image.fromarray(RAMP.astype(np.uint16)), "values from 0 to 255 of 65535 would be nearly black"),
    "a PNG of 12 bits": (
        saved(Image.fromarray((SHARES * 4095).astype(np.uint16)), "PNG"),
        "values from 0 to 4095 of 65535 would be nearly black; scale them to 0 to 255, as 8 bit",
    ),
    "uint16 of 12 bits": ((SHARES * 4095).astype(np.uint16), "values from 0 to 4095 of 65535 would be nearly black"),
    "int64 of 20 bits": (RAMP.astype(np.int64) * 4000, "values from 0 to 1020000; give"),
    "int8 below 0": (RAMP.astype(np.int8), "values from -128 to 127; give"),
    "complex": (SHARES + 1j, "uint8 or 0-1"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("error")
def test_values_that_could_mean_anything_are_refused(name: str) -> None:
    value, words = REFUSED[name]
    assert words in (as_input(value).problem or "")


@pytest.mark.parametrize(
    "value", [np.zeros((300, 300), np.uint16), Image.new("I", (300, 300)), Image.new("F", (300, 300))]
)
def test_black_is_black(value: Any) -> None:
    assert sent(value).max() == 0


def test_a_tiff_of_12_bits_has_its_own_white() -> None:
    values = (SHARES * 4095).round().astype(int).reshape(-1, 2)
    packed = np.stack([values[:, 0] >> 4, (values[:, 0] & 15) << 4 | values[:, 1] >> 8, values[:, 1] & 255], 1)
    assert np.abs(sent(tiff(12, packed.astype(np.uint8).tobytes())) - RAMP).max() <= 1


@pytest.mark.parametrize(("bits", "kind", "type"), [(16, 1, "<u2"), (32, 3, "<f4")])
def test_a_tiff_whose_zero_is_white_is_no_negative(bits: int, kind: int, type: str) -> None:
    values = DEEP if bits == 16 else SHARES
    content = tiff(bits, values.astype(type).tobytes(), kind=kind, white_is_zero=True)
    assert np.abs(sent(content) - (255 - RAMP)).max() <= 1


# Notices


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [0, 1, 9, 4000])
def test_a_picture_that_stands_upright_is_not_turned(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(kind, exif=exif)
    image = as_input(content)
    assert (image.content, image.notices, image.problem) == (content, (), None)


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("given", [bytes, lambda content: Image.open(io.BytesIO(content))], ids=["bytes", "opened"])
def test_a_picture_is_turned_as_every_viewer_turns_it(orientation: int, mode: str, kind: str, given: Any) -> None:
    values = np.zeros((240, 320), np.uint8)
    values[:60, :200] = 255
    picture = Image.fromarray(values.astype(np.uint16) * 257 if mode == "I;16" else values)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = as_input(given(saved(picture if mode == "I;16" else picture.convert(mode), kind, exif=exif)))
    flat = values.T if orientation >= 5 else values
    flat = flat[:, ::-1] if orientation in (2, 3, 6, 7) else flat
    flat = flat[::-1] if orientation in (3, 4, 7, 8) else flat
    assert (np.asarray(Image.open(io.BytesIO(image.content or b"")).convert("L")) == flat).all()
    assert (image.height, image.width) == flat.shape
    assert image.notices[0] == "turned upright by its EXIF orientation"


OPAQUE: dict[str, Any] = {
    "RGBA": lambda: Image.new("RGBA", (300, 300), (9, 8, 7, 255)),
    "LA": lambda: Image.new("LA", (300, 300), (9, 255)),
    "a PNG": lambda: encoded("PNG", mode="RGBA", color=(9, 8, 7, 255)),
    "a WEBP": lambda: encoded("WEBP", mode="RGBA", color=(9, 8, 7, 255), exact=True),
    "an array": lambda: np.full((300, 300, 4), 255, np.uint8),
    "a color that is not there": lambda: encoded("PNG", color=(9, 8, 7), transparency=(1, 2, 3)),
    "an unused entry of a palette": lambda: encoded("PNG", mode="P", color=3, transparency=5),
}


@pytest.mark.parametrize("name", OPAQUE)
def test_nothing_opaque_is_said_to_be_put_on_white(name: str) -> None:
    image: InputImage = as_input(OPAQUE[name]())
    assert "white" not in " ".join(image.notices)
    assert not Image.open(io.BytesIO(image.content or b"")).has_transparency_data


def test_a_frame_is_called_by_its_number() -> None:
    frames = [Image.new("RGB", (300, 300), shade) for shade in ("red", "blue")]
    picture = Image.open(io.BytesIO(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])))
    assert "only the first frame is used" in as_input(picture).notices
    picture.seek(1)
    assert "only frame 2 is used" in as_input(picture).notices


def test_a_png_that_becomes_a_jpeg_says_so() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (2700, 2700, 3), np.uint8)
    image = as_input(Image.fromarray(pixels))
    assert (image.mime, image.notices) == ("image/jpeg", ("saved as JPEG: as PNG it is over 20 MB",))


def test_the_limits_are_in_the_reference() -> None:
    import wannb
    from wannb.request.inputs import _MIME, MAX_BYTES, MAX_RATIO, MAX_SIDE, MIN_SIDE

    text = " ".join((wannb.ImageRequest.__doc__ or "").split())
    assert f"Each side {MIN_SIDE} to {MAX_SIDE} pixels, at most {MAX_RATIO}:1, at most {MAX_BYTES // 2**20} MB" in text
    assert [kind for kind in _MIME if kind not in text and kind != "MPO"] == []
