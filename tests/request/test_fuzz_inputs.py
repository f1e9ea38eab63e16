"""Input images that may be anything: taken as they can be sent, or named in one sentence, in bounded memory."""

from __future__ import annotations

import io
import itertools
import json
import os
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from odd_pngs import END, NO_REQUEST, SIGNATURE, head
from pictures import chunk, encoded
from PIL import Image
from processes import memory_of

import wannb
from wannb import ImageRequest, mock
from wannb.client import Client
from wannb.errors import InvalidRequest
from wannb.request.inputs import InputImage, as_inputs

pytestmark = pytest.mark.usefixtures("no_hang")


def corrupted(kind: str, seed: int) -> bytes:
    """Return a picture cut off, or with some bytes changed, in its header more often than elsewhere."""
    chance = random.Random(f"{kind} {seed}")
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "x"
    content = bytearray(
        encoded(kind, (300, 260), **({"exif": exif} if kind in ("JPEG", "PNG", "WEBP", "TIFF") else {}))
    )
    for _ in range(chance.randrange(1, 6)):
        content[int(len(content) * chance.random() ** 4)] = chance.randrange(256)
    return bytes(content[: chance.randrange(1, len(content))] if seed % 3 == 0 else content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "ICO", "PPM", "TGA", "MPO"])
def test_a_damaged_picture_is_taken_or_named(kind: str) -> None:
    for seed in range(12):
        [image] = as_inputs(corrupted(kind, seed))
        check(image)


def check(image: InputImage) -> None:
    """Check that a picture is one that can be sent, or says why not."""
    if image.problem:
        assert len(image.problem) < 600
        return
    assert image.content
    with Image.open(io.BytesIO(image.content)) as sent:
        sent.load()
        assert sent.size == (image.width, image.height)
        assert sent.format in ("PNG", "JPEG", "WEBP", "BMP", "MPO")
        assert not sent.has_transparency_data


MODES = ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "LA", "PA", "RGBX", "RGBa", "La"]


@pytest.mark.parametrize("mode", [*MODES, "I;16", "I;16B", "I;16L"])
def test_a_pil_image_of_any_mode_is_taken_or_named(mode: str) -> None:
    [image] = as_inputs(Image.new(mode, (300, 260)))
    check(image)
    assert image.problem is None or mode in ("I;16B", "I;16L", "La"), image.problem


ARRAYS = [
    np.zeros((300, 300, 3), dtype)
    for dtype in ("int8", "int64", "uint16", "float16", "float64", "longdouble", "complex64", "O", "U3", "M8[s]", "V4")
]
ARRAYS += [np.zeros(shape, np.uint8) for shape in ((), (0,), (0, 0), (300,), (300, 300, 2), (300, 300, 3, 1), (1, 1))]
ARRAYS += [np.full((300, 300), value) for value in (np.nan, np.inf, -np.inf, -1.0, 2.0)]
ARRAYS += [np.broadcast_to(np.uint8(7), (10**9, 10**9)), np.broadcast_to(np.float64(7), (9000, 10**9, 3))]
ARRAYS += [np.ma.masked_all((300, 300), np.uint8), np.zeros((300, 300), [("a", "u1")])]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype} {array.shape}")
def test_an_array_of_any_kind_is_taken_or_named(array: Any) -> None:
    [image] = as_inputs(array)
    check(image)


class Broken(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise KeyError("no more")


def closed() -> io.BytesIO:
    file = io.BytesIO(b"x")
    file.close()
    return file


LINKS = [
    *("file:///nowhere.png", "file://%ff", "ftp://h/a.png", "javascript:alert(1)", "javascript://h/%0aalert(1)"),
    *("http:///a.png", "https://", "https://[::1/a.png", "https://h:99999/a.png", "https://h:x/a.png"),
    *("https://u:p@h/", "gopher://h/", "oss:///x", "a" * 10**6),
    *("https://ho st/a.png", "https://h/a.\npng", "https://h/a\x00.png", "https://h/\u202egnp.a", "blob:https://h/1"),
    *("data:,", "data:text/html,<b>", "data:image/png;base64,", "data:image/png;base64,%%"),
    *("data:image/svg+xml,<svg/>", "DATA:image/png;base64,AAAA", "data:application/pdf;base64,JVBERi0="),
]


OTHERS = [
    *(b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7\n", b"PK\x03\x04", b"text", b"<html>", b"\0" * 999),
    *(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x1cftypavif\0\0\0\0" + bytes(40)),
    *(b"RIFF\xff\xff\xff\xffWEBPVP8 ", b"BM" + bytes(60), b"GIF89a" + b"\xff" * 60),
    *(b"II*\0\x08\0\0\0\xff\xff" + bytes(99), b"\xff\xd8\xff\xe1\xff\xff"),
    *(encoded("PNG", (1, 1)), encoded("PNG", (100, 20_000)), encoded("PNG", (8000, 240)), NO_REQUEST["a bomb"]),
    *(Broken(), closed(), io.StringIO("text"), object(), 3, 1j, {"a": 1}, {1, 2}, float("nan"), Image),
]


@pytest.mark.parametrize("value", [*LINKS, *OTHERS], ids=range(len(LINKS) + len(OTHERS)))
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_is_no_picture_is_named_before_anything_is_sent(
    value: Any, client: Client, server: mock.MockServer
) -> None:
    with pytest.raises((InvalidRequest, TypeError, ValueError)) as caught:
        client.edit("x", value, size="1K")
    assert len(str(caught.value)) < 2500
    assert not server.log


def test_lists_without_an_end_are_no_hang() -> None:
    itself: list[Any] = []
    itself.append(itself)
    for value in (itertools.repeat("https://example.com/a.png"), itself, [[[[[[[[[[[]]]]]]]]]]]):
        request = ImageRequest(prompt="x", images=value)
        assert request.problems()
        assert len(request.images) <= 100


def test_a_file_name_of_no_letters_is_kept_and_shown(client: Client, tmp_path: Path) -> None:
    place = os.path.join(os.fsencode(tmp_path), b"caf\xe9.png")
    with open(place, "wb") as file:
        file.write(encoded("PNG"))
    result = client.edit("x", os.fsdecode(place), size="1K", seed=1)
    assert result.request
    [image] = as_inputs(os.fsdecode(place))
    assert image.name.encode() == b"caf?.png"
    json.dumps(result._repr_mimebundle_()).encode()
    assert wannb.recall(result[0].path).images[0].name == "caf?.png"


def test_multi_frame_pictures_say_that_one_frame_is_used() -> None:
    frames = [Image.new("RGB", (300, 300), shade) for shade in ("red", "blue", "green")]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
        [image] = as_inputs(buffer.getvalue())
        check(image)
        assert any("first frame" in notice for notice in image.notices), kind


PEAK = """
import warnings
from wannb.request import as_inputs
import PIL.Image
PIL.Image.init()
warnings.simplefilter("ignore")
measure()
for path in sys.argv[1:]:
    [image] = as_inputs(path)
    measure(image.problem)
"""


def gigantic(kind: str, side: int, folder: Path) -> Path:
    """Write a small file of many pixels."""
    size = (side, side)
    if kind == "PNG":
        row = zlib.compress(bytes(60_001) * 2000, 1)
        content = SIGNATURE + head(*size) + chunk(b"IDAT", row) + END
    elif kind == "GIF":
        content = (
            b"GIF89a" + struct.pack("<HH", *size) + b"\x80\0\0" + bytes(6) + b"," + bytes(4) + struct.pack("<HH", *size)
        )
        content += b"\0\x02\x01\0\0;"
    elif kind == "BMP":
        content = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, *size, 1, 24, 0, 0, 0, 0, 0, 0)
    else:
        content = encoded("TIFF", (300, 300)).replace(struct.pack("<H", 300), struct.pack("<H", side))
    place = folder / f"{side}.{kind.lower()}"
    place.write_bytes(content)
    return place


def test_bombs_stay_small_in_memory(tmp_path: Path) -> None:
    bombs = [("PNG", 20_000), ("PNG", 9000), ("GIF", 9000), ("BMP", 9000), ("TIFF", 9000)]
    steps = memory_of(PEAK, *(gigantic(*bomb, tmp_path) for bomb in bombs))
    for (kind, side), (problem, grown) in zip(bombs, steps, strict=True):
        assert ("each side must be" in problem) is (side == 9000), f"{kind}: refused before it is unpacked"
        assert grown < 150, f"{kind}: {grown} MB"
