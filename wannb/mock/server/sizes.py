"""What `size` means to the service: which sizes are allowed, and how many pixels come out."""

from __future__ import annotations

import re
from math import sqrt

from .exchange import Refused

PRESETS = {"1K": 1024, "2K": 2048, "4K": 4096}
PIXELS_MIN = 768 * 768
RATIO_MAX = 8
FIXED = re.compile(r"([1-9]\d{0,5})\*([1-9]\d{0,5})")
# A picture the mock cannot see (a public address) is taken to have this shape.
UNSEEN = (4, 3)


def check_size(size: str, *, model: str, plain: bool) -> None:
    """Refuse a size the model would not make. `plain` is text-to-image: no image and no image set."""
    four_k = model == "wan2.7-image-pro" and plain
    allowed = ("1K", "2K", "4K") if four_k else ("1K", "2K")
    if size in PRESETS:
        if size not in allowed:
            raise Refused(
                400,
                "InvalidParameter",
                f"parameters.size: {size} is only for text-to-image (no image, not an image set) with "
                f"wan2.7-image-pro; here use {' or '.join(allowed)}.",
            )
        return
    fixed = FIXED.fullmatch(size)
    if fixed is None:
        hint = " The separator is an asterisk, not an x." if re.fullmatch(r"\d+[xX×]\d+", size) else ""
        raise Refused(
            400,
            "InvalidParameter",
            f"parameters.size: {size[:40]!r} must be one of {', '.join(allowed)} or W*H, such as 1280*720.{hint}",
        )
    width, height = int(fixed[1]), int(fixed[2])
    most = PRESETS[allowed[-1]] ** 2
    if not PIXELS_MIN <= width * height <= most:
        raise Refused(
            400,
            "InvalidParameter",
            f"parameters.size: {size} has {width * height} pixels; {model} takes {PIXELS_MIN} (768*768) to "
            f"{most} ({allowed[-1]}) here.",
        )
    if max(width, height) > RATIO_MAX * min(width, height):
        raise Refused(400, "InvalidParameter", f"parameters.size: the ratio of {size} must lie between 1:8 and 8:1.")


def output_size(size: str, last_image: tuple[int, int] | None, *, has_images: bool) -> tuple[int, int]:
    """Return width and height that come out: presets are a budget, shaped like the last input image.

    Documented: the budget, the square without images, the ratio of the last image. Not documented: the
    rounding; the sizes in the documentation's examples are multiples of 16 or 32 near the budget.
    """
    if size not in PRESETS:
        width, height = size.split("*")
        return int(width), int(height)
    side = PRESETS[size]
    if not has_images:
        return side, side
    wide, high = last_image or UNSEEN
    stretch = sqrt(wide / high)
    return _sixteen(side * stretch), _sixteen(side / stretch)


def _sixteen(length: float) -> int:
    return max(16, round(length / 16) * 16)
