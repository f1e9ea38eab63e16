"""Sizes of output images: presets, free `W*H`, and the rules of each model and mode, such as for 4K.

As documented: limits are on the product of the sides and on their ratio, not on each side; 4K needs
`wan2.7-image-pro` and a plain text to image request.
"""

from __future__ import annotations

import math
import re

from wannb.translation import Said, say

#: Pixel budget of each preset; alone it gives a square, with input images the ratio of the last one.
PRESETS = {"1K": 1024 * 1024, "2K": 2048 * 2048, "4K": 4096 * 4096}
PRO, STANDARD = "wan2.7-image-pro", "wan2.7-image"
SMALLEST = 768 * 768
WIDEST = 8

_FREE = re.compile(r"([1-9]\d{0,5})\*([1-9]\d{0,5})")
_RATIO = re.compile(r"(\d{1,4}(?:\.\d+)?):(\d{1,4}(?:\.\d+)?)")
_STEP = 16


def parse(size: str) -> tuple[int, int] | None:
    """Return width and height of a free `W*H` size in pixels, None for anything else.

    >>> parse("1280*720")
    (1280, 720)
    """
    match = _FREE.fullmatch(size)
    return (int(match[1]), int(match[2])) if match else None


def size_for(ratio: str, preset: str = "2K") -> str:
    """Return a legal `W*H` for a ratio, as large as a preset's pixel budget allows.

    A preset alone gives a square unless there is an input image, so a wide picture from text needs this.
    Sides are multiples of 16 and the product never passes the budget: 1,048,576 pixels for 1K, 4,194,304 for
    2K, 16,777,216 for 4K.

    Args:
        ratio: width to height, "16:9" or "2.35:1", from 1:8 to 8:1.
        preset: "1K", "2K" or "4K" (4K: text to image on wan2.7-image-pro only).

    Raises:
        ValueError: not a ratio, one beyond 8:1, or not a preset.

    >>> size_for("16:9")
    '2720*1536'
    >>> size_for("2:3", "1K")
    '832*1248'
    """
    match = _RATIO.fullmatch(str(ratio).replace(" ", ""))
    if not match or not float(match[1]) or not float(match[2]):
        raise ValueError(say("ratio={ratio} is not a ratio; write width:height, such as '16:9'", ratio=repr(ratio)))
    if preset not in PRESETS:
        raise ValueError(
            say("preset={preset} is not one of {presets}", preset=repr(preset), presets=", ".join(PRESETS))
        )
    wide, high = float(match[1]), float(match[2])
    if max(wide, high) > WIDEST * min(wide, high):
        raise ValueError(
            say(
                "ratio={ratio} is beyond {most}:1; the service allows 1:{most} to {most}:1",
                ratio=repr(ratio),
                most=WIDEST,
            )
        )
    longer = max(wide, high) / min(wide, high)
    short = int(math.sqrt(PRESETS[preset] / longer)) // _STEP * _STEP
    long = math.ceil(short * longer / _STEP) * _STEP
    if short * long > PRESETS[preset] or long > WIDEST * short:
        long -= _STEP
    return f"{long}*{short}" if wide >= high else f"{short}*{long}"


def size_problem(size: object, *, model: str, plain: bool) -> Said | None:
    """Return the rule that a size breaks, or None.

    Args:
        size: the request's size, of any type.
        model: the request's model; 4K is for `wan2.7-image-pro`.
        plain: whether the request is text to image: no input image and no image set.
    """
    if not isinstance(size, str):
        tip = "*".join(map(str, size)) if isinstance(size, (tuple, list)) and len(size) == 2 else "1280*720"
        return Said("a size is text: '1K', '2K', '4K' or 'width*height' such as {tip}", tip=repr(tip))
    if _RATIO.fullmatch(size):
        return Said("a ratio is not a size; write size=wannb.size_for({ratio})", ratio=repr(size))
    why_small = _why_small(model, plain)
    if size in PRESETS:
        if size != "4K" or not why_small:
            return None
        return Said("4K is for text to image on {pro} only, and {why_small}; use '2K'", pro=PRO, why_small=why_small)
    sides = parse(size)
    if sides is None:
        tip = size.strip().upper().replace("X", "*").replace("×", "*").replace(" ", "")
        if parse(tip) or tip in PRESETS:
            return Said("write it as {tip}", tip=repr(tip))
        return Said("a size is '1K', '2K', '4K' or 'width*height' such as '1280*720'")
    width, height = sides
    most = PRESETS["2K" if why_small else "4K"]
    if not SMALLEST <= width * height <= most:
        limits = Said(
            "{pixels} pixels; the product must be 768*768 to {edge}*{edge}",
            pixels=f"{width * height:,}",
            edge=math.isqrt(most),
        )
        if why_small and width * height > most:
            return Said("{limits}, since {why_small}", limits=limits, why_small=why_small)
        return limits
    if max(width, height) > WIDEST * min(width, height):
        return Said("the ratio of the sides must be 1:{most} to {most}:1", most=WIDEST)
    return None


def _why_small(model: str, plain: bool) -> Said | None:
    if model == STANDARD:
        return Said("this model is {model}", model=STANDARD)
    return None if plain else Said("this request has input images or is an image set")
