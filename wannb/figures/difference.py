"""How two pictures differ, pixel by pixel: a share, the shares inside and outside boxes, and a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[int, int, int, int]

#: A ramp of even steps to the eye, dark to bright: points on matplotlib's "inferno".
_RAMP = (
    *((0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85)),
    *((227, 89, 51), (249, 140, 10), (249, 201, 50), (252, 255, 164)),
)
#: Lifts small differences, which would be lost in the dark.
_GAMMA = 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Difference:
    """What `measure` found: shares of pixels from 0 to 1, None where there are none to count, and the map."""

    changed: float
    inside: float | None
    outside: float | None
    map: Image.Image = field(repr=False)


def measure(first: Image.Image, second: Image.Image, *, boxes: Sequence[Box], tolerance: int) -> Difference:
    """Return how much of the first picture changed in the second.

    A pixel counts as changed where one of its channels differs by more than the tolerance.

    Args:
        first, second: in RGB; the second is brought to the first one's size if it has another.
        boxes: left, top, right, bottom in pixels of the first picture.
        tolerance: 0 to 254.
    """
    import numpy
    from PIL import Image

    if second.size != first.size:
        second = second.resize(first.size, Image.Resampling.LANCZOS)
    before, after = (numpy.asarray(image, dtype=numpy.int16) for image in (first, second))
    apart = numpy.abs(before - after).max(axis=2)
    changed = apart > tolerance
    inside = numpy.zeros(changed.shape, dtype=bool)
    for left, top, right, bottom in boxes:
        inside[top:bottom, left:right] = True
    return Difference(
        changed=float(changed.mean()),
        inside=_share(changed[inside]) if boxes else None,
        outside=_share(changed[~inside]) if boxes else None,
        map=Image.fromarray(_colours()[apart]),
    )


def _share(pixels: Any) -> float | None:
    return float(pixels.mean()) if pixels.size else None


def _colours() -> Any:
    """Return the colour of each difference from 0 to 255."""
    import numpy

    steps = (numpy.arange(256) / 255) ** _GAMMA * (len(_RAMP) - 1)
    ramp = numpy.array(_RAMP, dtype=float)
    channels = [numpy.interp(steps, numpy.arange(len(_RAMP)), ramp[:, channel]) for channel in range(3)]
    return numpy.stack(channels, axis=1).round().astype(numpy.uint8)
