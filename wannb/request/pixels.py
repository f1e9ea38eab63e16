"""Pixels of input images: converted to 8-bit sRGB without alpha, by what they mean, and encoded within the limits."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wannb.translation import Said

if TYPE_CHECKING:
    from PIL import Image

#: Limits of the service: pixels of a side, of the ratio of the sides, and bytes.
MIN_SIDE, MAX_SIDE, MAX_RATIO, MAX_BYTES = 240, 8000, 8, 20 * 1024 * 1024
#: Modes that are sent as they are.
PLAIN_MODES = {"RGB", "L", "P", "1"}
#: The color space of a profile, and the mode of the pixels that it is for.
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
#: Steps of 255 within which a profile's colors are sRGB's own.
_SAME = 2
#: Deep values that stay below this share of white are probably of another scale; they would come out nearly black.
_DARK = 1 / 8
#: Tags of TIFF.
_BITS, _WHITE_IS_ZERO = 0x0102, 0x0106


class Unclear(Exception):
    """Values of a picture that could mean anything; `why` says what to give instead."""

    def __init__(self, why: Said) -> None:
        super().__init__(why)
        self.why = why


def plain(image: Image.Image, notices: list[str]) -> Image.Image:
    """Return a picture in 8-bit sRGB without alpha, and add what was done to the notices."""
    from PIL import Image as pil

    profile, alpha = image.info.get("icc_profile"), None
    if image.mode == "F" or image.mode.startswith("I"):
        image = _from_deep(image, notices)
    elif image.has_transparency_data:
        layer = image.convert("LA" if image.mode == "La" else "RGBA")
        alpha = layer.getchannel("A")
        image = layer.convert("L" if image.mode in ("1", "L", "LA", "La") else "RGB")
    image = to_srgb(image, profile, notices)
    if alpha and alpha.getextrema()[0] == 255:
        notices.append(Said("its alpha channel was left out; no part of it is transparent"))
    elif alpha:
        image = pil.composite(image.convert("RGB"), pil.new("RGB", image.size, "white"), alpha)
        notices.append(Said("transparent parts were put on white: the service takes no alpha channel"))
    return image


def _from_deep(image: Image.Image, notices: list[str]) -> Image.Image:
    """Return a picture of whole numbers or floats as 8 bit."""
    import numpy as np
    from PIL import Image as pil

    tags: Any = getattr(image, "tag_v2", {})
    whites: tuple[int, ...] = (1, 255) if image.mode == "F" else (255, 65535)
    if image.mode.startswith("I;16"):
        bits = tags.get(_BITS, (16,))[0]
        whites = (2**bits - 1,)
    elif image.mode == "I" and image.format == "PPM":
        whites = (65535,)
    values, white = eight_bit(np.asarray(image), whites=whites)
    notices.append(scaled_down(white))
    return pil.fromarray(255 - values if tags.get(_WHITE_IS_ZERO) == 0 else values)


def eight_bit(values: Any, *, whites: Sequence[int]) -> tuple[Any, int]:
    """Return an array as 8-bit values, and the value that is white in it: the first of `whites` that none exceeds.

    Raises:
        Unclear: there are values below zero or above all of them, or so dark ones that another white is likely.
    """
    import numpy as np

    if values.dtype == np.uint8 or values.dtype.kind == "b":
        return (values if values.dtype == np.uint8 else values * np.uint8(255)), 255
    least, most = float(values.min()), float(values.max())
    found = {"least": f"{least:.7g}", "most": f"{most:.7g}"}
    if math.isnan(least):
        raise Unclear(Said("it holds NaN, which is no color; numpy.nan_to_num(array) makes it black"))
    # What rounds to black and white is black and white.
    edge = 0.5 / 255
    white = next((each for each in whites if most <= each * (1 + edge)), None)
    if tuple(whites) == (1,) and least >= 0:
        for known, kind in ((255, "uint8"), (65535, "uint16")):
            if known * _DARK <= most <= known:
                raise Unclear(
                    Said(
                        'values from {least} to {most}; floats go from 0.0 to 1.0: give array.round().astype("{kind}")',
                        kind=kind,
                        **found,
                    )
                )
    if white is None or not least >= -white * edge:
        raise Unclear(
            Said(
                "values from {least} to {most}; give floats from 0.0 to 1.0, or whole numbers from 0 to 255 or 65535",
                **found,
            )
        )
    if white > 1 and 0 < most < white * _DARK:
        raise Unclear(
            Said(
                "values from {least} to {most} of {white} would be nearly black; scale them to 0 to 255, as 8 bit",
                white=white,
                **found,
            )
        )
    scaled = np.multiply(values, 255 / white, dtype="float32", casting="same_kind")
    return scaled.round().clip(0, 255).astype("uint8"), white


def scaled_down(white: int) -> Said:
    return Said("converted to 8 bit, from values of 0 to {white}", white=white)


def to_srgb(image: Image.Image, profile: bytes | None, notices: list[str]) -> Image.Image:
    """Return a picture in sRGB, by its color profile if there is one, and add what was done to the notices."""
    from PIL import ImageChops, ImageCms

    # Lab is a color by itself, whatever the profile says.
    if profile and image.mode != "LAB":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            mode = _SPACES[source.profile.xcolor_space.strip()]
            if (mode == "CMYK") != (image.mode == "CMYK") or (mode == "L" and image.mode not in ("1", "L")):
                raise ValueError("a profile for other pixels")
            before = image.convert(mode)
            # As measured, without the deeper blacks that a perceptual conversion gives a print.
            intent, srgb = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.createProfile("sRGB")
            after = ImageCms.buildTransform(source, srgb, mode, "RGB", intent).apply(before)
        except (ImageCms.PyCMSError, ImportError, LookupError, OSError, TypeError, ValueError):
            notices.append(Said("its color profile does not fit its pixels and was left out"))
        else:
            bands: Any = ImageChops.difference(before.convert("RGB"), after).getextrema()
            if mode != "CMYK" and max(most for _, most in bands) <= _SAME:
                return image if image.mode in PLAIN_MODES else before
            notices.append(Said("converted to sRGB by its color profile"))
            return after
    if image.mode in PLAIN_MODES:
        return image
    if image.mode == "CMYK":
        notices.append(Said("converted from CMYK to RGB; without a color profile the colors are a guess"))
    else:
        notices.append(Said("converted from {mode} to RGB", mode=image.mode))
    return image.convert("RGB")


def encoded(image: Image.Image, *, lossy: bool, fit: bool) -> tuple[Image.Image, bytes, str]:
    """Return a picture as it is encoded, its bytes and their kind: PNG, or JPEG if it was one or PNG is over 20 MB."""
    if fit and max(image.size) > MAX_SIDE:
        image = _resized(image, MAX_SIDE / max(image.size))
    elif fit and min(image.size) < MIN_SIDE:
        # A whole number of times, so that a pixel of the original, and a box on it, is one of the copy.
        image = _resized(image, math.ceil(MIN_SIDE / min(image.size)))
    if not lossy:
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=3, icc_profile=None)
        if buffer.tell() <= MAX_BYTES:
            return image, buffer.getvalue(), "image/png"
    while True:
        for quality in (95, 85) if fit else (95,):
            buffer = io.BytesIO()
            image.convert("RGB").save(buffer, "JPEG", quality=quality, subsampling=0)
            if buffer.tell() <= MAX_BYTES or not fit:
                return image, buffer.getvalue(), "image/jpeg"
        image = _resized(image, 0.95 * math.sqrt(MAX_BYTES / buffer.tell()))


def _resized(image: Image.Image, share: float) -> Image.Image:
    from PIL import Image as pil

    # A palette and two colors cannot be mixed.
    image = image.convert({"1": "L", "P": "RGB"}.get(image.mode, image.mode))
    return image.resize((round(image.width * share), round(image.height * share)), pil.Resampling.LANCZOS)


def small(content: bytes, pixels: int) -> bytes:
    """Return a picture as a JPEG whose longer side is at most `pixels`."""
    from PIL import Image as pil

    buffer = io.BytesIO()
    with pil.open(io.BytesIO(content)) as image:
        image.draft("RGB", (pixels, pixels))
        image.thumbnail((pixels, pixels))
        image.convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()
