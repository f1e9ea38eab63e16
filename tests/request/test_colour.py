"""Colors of input images: what is encoded anew is sRGB, by the picture's own color profile."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

import wannb
from wannb.display.previews import picture as small_picture
from wannb.display.previews import preview
from wannb.request import palette_from
from wannb.request.inputs import InputImage, as_input

CONVERTED = "converted to sRGB by its color profile"
UNUSABLE = "its color profile does not fit its pixels and was left out"
#: XYZ of red, green and blue of each color space, as its profile has them (adapted to D50).
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
D50 = (0.9642, 1.0, 0.8249)
#: Colors that sRGB has, in sRGB.
COLORS = [(200, 40, 40), (40, 180, 60), (30, 60, 200), (230, 200, 40), (128, 128, 128), (20, 15, 30), (240, 150, 160)]


# Profiles


def number(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def triple(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(number, values))


def curve(decode: Callable[[float], float]) -> bytes:
    return (
        b"curv"
        + struct.pack(">II", 0, 1024)
        + b"".join(struct.pack(">H", round(65535 * decode(step / 1023))) for step in range(1024))
    )


def profile(space: bytes, tags: dict[bytes, bytes], *, kind: bytes = b"mntr", pcs: bytes = b"XYZ ") -> bytes:
    """Return an ICC profile, version 2."""
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", 132 + 12 * len(tags) + len(body), b"", 0x02100000, kind, space, pcs)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + b"".join(map(number, D50))
    return head.ljust(128, b"\0") + table + body


def of_rgb(primaries: tuple[tuple[float, ...], ...], decode: Callable[[float], float]) -> bytes:
    colors = {name + b"XYZ": triple(xyz) for name, xyz in zip((b"r", b"g", b"b"), primaries, strict=True)}
    curves = {name + b"TRC": curve(decode) for name in (b"r", b"g", b"b")}
    return profile(b"RGB ", {b"wtpt": triple(D50), **colors, **curves})


def of_gray(decode: Callable[[float], float]) -> bytes:
    return profile(b"GRAY", {b"wtpt": triple(D50), b"kTRC": curve(decode)})


def ink(cmyk: tuple[int, ...]) -> tuple[int, int, int]:
    """Return the Lab of a corner of the cube of four inks, as 8-bit values: a soft, brownish print on white paper."""
    cyan, magenta, yellow, black = cmyk
    if not any(cmyk):
        return 255, 128, 128
    light = (230 - 60 * cyan - 70 * magenta - 20 * yellow) * (0.25 if black else 1)
    share = 0.2 if black else 1
    a, b = share * (-22 * cyan + 38 * magenta - 4 * yellow), share * (-26 * cyan - 6 * magenta + 48 * yellow + 3)
    return round(light), round(128 + a), round(128 + b)


def of_cmyk() -> bytes:
    """Return a profile with a table of the 16 corners."""
    straight = bytes(range(256))
    corners = b"".join(bytes(ink(cmyk)) for cmyk in product((0, 1), repeat=4))
    matrix = b"".join(map(number, (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + straight * 4 + corners + straight * 3
    return profile(b"CMYK", {b"wtpt": triple(D50), b"A2B0": table}, kind=b"prtr", pcs=b"Lab ")


def decode_srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def encode_srgb(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


# Colors


def lab(xyz: Any) -> tuple[float, float, float]:
    def root(ratio: float) -> float:
        return ratio ** (1 / 3) if ratio > 0.008856 else 7.787 * ratio + 16 / 116

    x, y, z = (root(value / white) for value, white in zip(xyz, D50, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def lab_of_srgb(rgb: Any) -> tuple[float, float, float]:
    return lab(np.array([decode_srgb(value / 255) for value in rgb]) @ np.array(SRGB))


def delta_e(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the difference of two Lab colors after CIEDE2000."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * math.sqrt(mean**7 / (mean**7 + 25**7))
    c1, c2 = math.hypot(a1 * stretch, b1), math.hypot(a2 * stretch, b2)
    h1, h2 = (math.degrees(math.atan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    apart = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = (h1 + apart / 2) % 360 if c1 * c2 else h1 + h2
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    turn = 1 + sum(
        share * math.cos(math.radians(times * hue + shift))
        for share, times, shift in ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    )
    sl = 1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma * turn
    dl, dc = (l2 - l1) / sl, (c2 - c1) / sc
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(apart / 2)) / sh
    bend = -2 * math.sqrt(chroma**7 / (chroma**7 + 25**7))
    bend *= math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2))))
    return math.sqrt(dl**2 + dc**2 + dh**2 + bend * dc * dh)


def test_the_difference_of_colors_is_that_of_the_paper() -> None:
    """Pairs of Sharma, Wu and Dalal (2005)."""
    assert delta_e((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert delta_e((50, 2.5, 0), (73, 25, -18)) == pytest.approx(27.1492, abs=1e-4)
    assert delta_e((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514)) == pytest.approx(0.9082, abs=1e-4)


def in_space(primaries: tuple[tuple[float, ...], ...], encode: Callable[[float], float]) -> list[tuple[int, ...]]:
    """Return the colors in another RGB."""
    to = np.array(SRGB) @ np.linalg.inv(np.array(primaries))
    lights = [np.array([decode_srgb(value / 255) for value in color]) @ to for color in COLORS]
    assert all(-0.001 < value < 1 for light in lights for value in light)
    return [tuple(round(255 * encode(max(0, value))) for value in light) for light in lights]


def stripes(colors: list[tuple[int, ...]], mode: str) -> Image.Image:
    """Return a picture with a stripe of 64 pixels for each color."""
    picture = Image.new(mode, (64 * len(colors), 320))
    for number, color in enumerate(colors):
        picture.paste(color, (64 * number, 0, 64 * number + 64, 320))
    return picture


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def sent(image: InputImage) -> Image.Image:
    assert image.problem is None, image.problem
    picture = Image.open(io.BytesIO(image.content or b""))
    assert "icc_profile" not in picture.info
    return picture.convert("RGB")


def furthest(picture: Image.Image, wanted: list[tuple[float, ...]]) -> float:
    """Return the largest difference of the stripes from the Lab colors that they should have."""
    return max(
        delta_e(lab_of_srgb(picture.getpixel((64 * number + 32, 160))), color) for number, color in enumerate(wanted)
    )


def turned(picture: Image.Image, icc: bytes) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3
    whole = picture.transpose(Image.Transpose.ROTATE_180)
    return saved(whole, "JPEG", quality=100, subsampling=0, icc_profile=icc, exif=exif)


def see_through(picture: Image.Image) -> Image.Image:
    layer = picture.convert("RGBA")
    layer.putpixel((0, 0), (0, 0, 0, 0))
    return layer


JPEG: dict[str, Any] = {"quality": 100, "subsampling": 0}
WAYS: dict[str, Callable[[Image.Image, bytes], Any]] = {
    "turned": turned,
    "opened": lambda picture, icc: Image.open(io.BytesIO(saved(picture, "JPEG", icc_profile=icc, **JPEG))),
    "opened and copied": lambda picture, icc: Image.open(io.BytesIO(saved(picture, "PNG", icc_profile=icc))).copy(),
    "flattened": lambda picture, icc: saved(see_through(picture), "PNG", icc_profile=icc),
    "flattened, WEBP": lambda picture, icc: saved(see_through(picture), "WEBP", lossless=True, icc_profile=icc),
    "opaque, with alpha": lambda picture, icc: saved(picture.convert("RGBA"), "PNG", icc_profile=icc),
    "TIFF": lambda picture, icc: saved(picture, "TIFF", icc_profile=icc),
    "made to fit": lambda picture, icc: wannb.fit(saved(picture.resize((8960, 1120), 0), "PNG", icc_profile=icc)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_photo_of_display_p3_keeps_its_colors(way: str) -> None:
    picture = stripes(in_space(DISPLAY_P3, encode_srgb), "RGB")
    image = as_input(WAYS[way](picture, of_rgb(DISPLAY_P3, decode_srgb)))
    shown = sent(image).resize(picture.size, 0)
    assert furthest(shown, [lab_of_srgb(color) for color in COLORS]) < 1.5
    assert CONVERTED in image.notices
    assert furthest(picture, [lab_of_srgb(color) for color in COLORS]) > 3, "without its profile it looks different"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("pixels", [640, 224])
def test_a_thumbnail_of_display_p3_keeps_its_colors(tmp_path: Path, kind: str, pixels: int) -> None:
    path, shown = tmp_path / f"p3.{kind.lower()}", stripes(in_space(DISPLAY_P3, encode_srgb), "RGB")
    options = JPEG if kind == "JPEG" else {}
    path.write_bytes(saved(shown, kind, icc_profile=of_rgb(DISPLAY_P3, decode_srgb), **options))
    wanted = [lab_of_srgb(color) for color in COLORS]
    for small in (Image.open(io.BytesIO(preview(path, pixels))), small_picture(path, pixels)):
        assert max(small.size) <= pixels
        assert furthest(small.resize(shown.size, 0), wanted) < 2


def test_a_picture_of_adobe_rgb_keeps_its_colors() -> None:
    picture = stripes(in_space(ADOBE_RGB, lambda light: light ** (1 / 2.2)), "RGB")
    image = as_input(turned(picture, of_rgb(ADOBE_RGB, lambda value: value**2.2)))
    assert furthest(sent(image), [lab_of_srgb(color) for color in COLORS]) < 2


@pytest.mark.parametrize("way", ["turned", "opened", "TIFF", "as a file"])
def test_a_print_of_four_inks_keeps_its_colors(way: str) -> None:
    corners = list(product((0, 1), repeat=4))
    picture = stripes([tuple(255 * each for each in cmyk) for cmyk in corners], "CMYK")
    value = WAYS[way](picture, of_cmyk()) if way in WAYS else saved(picture, "JPEG", icc_profile=of_cmyk(), **JPEG)
    image = as_input(value)
    wanted = [(light * 100 / 255, a - 128.0, b - 128.0) for light, a, b in map(ink, corners)]
    assert furthest(sent(image), wanted) < 2
    assert CONVERTED in image.notices


def test_four_inks_without_a_profile_say_that_colors_are_a_guess() -> None:
    image = as_input(saved(Image.new("CMYK", (300, 300), (0, 255, 255, 0)), "JPEG"))
    assert sent(image).getpixel((9, 9))[0] > 250  # type: ignore[index]
    assert image.notices == ("converted from CMYK to RGB; without a color profile the colors are a guess",)


def test_gray_goes_by_its_profile() -> None:
    picture = stripes([(0,), (64,), (128,), (255,)], "L")
    image = as_input(turned(picture, of_gray(lambda value: value**1.0)))
    wanted = [round(255 * encode_srgb(value / 255)) for value in (0, 64, 128, 255)]
    found = [sent(image).getpixel((64 * number + 32, 160)) for number in range(4)]
    assert np.abs(np.array(found) - np.array(wanted)[:, None]).max() <= 2
    assert CONVERTED in image.notices


def test_what_is_sent_as_it_is_keeps_its_profile() -> None:
    content = saved(stripes(COLORS, "RGB"), "JPEG", icc_profile=of_rgb(DISPLAY_P3, decode_srgb))
    assert (as_input(content).content, as_input(content).notices) == (content, ())


@pytest.mark.parametrize("icc", [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), None])
def test_srgb_is_not_said_to_be_converted(icc: bytes | None) -> None:
    picture = stripes(COLORS, "RGB")
    image = as_input(saved(see_through(picture), "PNG", **({"icc_profile": icc} if icc else {})))
    assert CONVERTED not in image.notices
    assert sent(image).crop((1, 0, *picture.size)).tobytes() == picture.crop((1, 0, *picture.size)).tobytes()


@pytest.mark.parametrize(
    "icc", [of_cmyk(), of_gray(decode_srgb), b"junk", of_rgb(DISPLAY_P3, decode_srgb)[:300], b"x" * 500]
)
@pytest.mark.parametrize("way", ["opened", "opened and copied", "flattened"])
def test_a_profile_of_other_pixels_is_left_out_and_said(icc: bytes, way: str) -> None:
    picture = stripes(COLORS, "RGB")
    image = as_input(WAYS[way](picture, icc))
    assert furthest(sent(image), [lab_of_srgb(color) for color in COLORS]) < 1.5
    assert UNUSABLE in image.notices


def test_the_picture_that_was_given_stays_as_it_is() -> None:
    picture = Image.open(io.BytesIO(saved(stripes(COLORS, "RGB"), "PNG", icc_profile=of_rgb(DISPLAY_P3, decode_srgb))))
    before = (picture.mode, picture.size, picture.tobytes(), picture.info["icc_profile"])
    as_input(picture)
    assert (picture.mode, picture.size, picture.tobytes(), picture.info["icc_profile"]) == before


@pytest.mark.parametrize(
    ("mode", "color"), [("LAB", (128, 128, 128)), ("HSV", (0, 0, 119)), ("YCbCr", (119, 128, 128))]
)
def test_other_spaces_become_rgb(mode: str, color: Any) -> None:
    image = as_input(Image.new(mode, (300, 300), color))
    assert np.abs(np.array(sent(image).getpixel((9, 9))) - 119).max() <= 2
    assert image.notices == (f"converted from {mode} to RGB",)


@pytest.mark.parametrize(("mode", "color"), [("HSV", (0, 0, 119)), ("YCbCr", (119, 128, 128))])
def test_other_spaces_with_a_profile_of_srgb_become_rgb_too(mode: str, color: Any) -> None:
    picture = Image.new(mode, (300, 300), color)
    picture.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = as_input(picture)
    assert image.problem is None
    assert np.abs(np.array(sent(image).getpixel((9, 9))) - 119).max() <= 2


def test_a_palette_is_taken_from_the_colors_as_they_are_seen() -> None:
    picture = stripes(in_space(DISPLAY_P3, encode_srgb)[:3], "RGB").resize((300, 300), 0)
    taken = palette_from(saved(picture, "PNG", icc_profile=of_rgb(DISPLAY_P3, decode_srgb)), colors=3)
    found = sorted(tuple(bytes.fromhex(color.hex[1:])) for color in taken)
    assert np.abs(np.array(found) - np.array(sorted(COLORS[:3]))).max() <= 2
