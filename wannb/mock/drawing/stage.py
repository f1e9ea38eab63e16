"""Say where figures stand in a painted setting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A foot point and a scale, in scene units; ``scale`` is the height of a figure one unit tall."""

    x: float
    foot: float
    scale: float
    afloat: bool = False  # in or on water: no shadow on the ground
    airless: bool = False  # no weather here
    water: float | None = None  # where a boat would float, if the figures stand on land
