"""Set the light of a picture: sky, haze, sun and the colours of land by season and time of day."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .colour import WHITE, Colour, mix, turned

_SKIES: dict[str, tuple[tuple[Colour, Colour, Colour], ...]] = {
    "day": (
        ((86, 164, 222), (150, 206, 236), (226, 240, 240)),
        ((72, 150, 206), (142, 204, 220), (240, 238, 216)),
        ((104, 178, 214), (170, 218, 226), (248, 236, 214)),
    ),
    "dawn": (
        ((126, 160, 214), (222, 190, 214), (255, 226, 196)),
        ((110, 172, 200), (200, 216, 210), (255, 222, 186)),
        ((148, 150, 206), (240, 186, 190), (255, 232, 200)),
    ),
    "sunset": (
        ((74, 72, 138), (222, 112, 116), (255, 196, 122)),
        ((58, 88, 146), (236, 136, 104), (255, 214, 134)),
        ((112, 74, 142), (240, 120, 122), (255, 190, 140)),
    ),
    "night": (
        ((14, 20, 52), (30, 44, 92), (74, 92, 142)),
        ((20, 16, 50), (48, 38, 96), (110, 84, 142)),
        ((8, 26, 52), (22, 58, 92), (66, 112, 134)),
    ),
}
_LANDS: dict[str, tuple[Colour, Colour, Colour]] = {  # far, middle, near
    "spring": ((142, 190, 152), (146, 196, 112), (120, 178, 92)),
    "summer": ((104, 168, 142), (94, 164, 92), (66, 138, 82)),
    "autumn": ((198, 160, 108), (214, 150, 74), (190, 116, 62)),
    "winter": ((196, 212, 230), (222, 232, 242), (240, 245, 250)),
}
_LEAVES: dict[str, tuple[Colour, ...]] = {
    "spring": ((248, 178, 200), (242, 152, 184), (252, 204, 214), (152, 198, 108)),
    "summer": ((60, 132, 84), (82, 152, 84), (46, 112, 80), (104, 166, 88)),
    "autumn": ((224, 122, 48), (204, 84, 50), (236, 168, 60), (178, 92, 52)),
    "winter": ((232, 240, 246), (214, 226, 238), (244, 248, 252)),
}


@dataclass(frozen=True, kw_only=True)
class Mood:
    """The light. ``light`` and ``share`` say how far it colours everything that stands in it."""

    season: str
    time: str
    weather: str
    sky: tuple[Colour, Colour, Colour]
    land: tuple[Colour, Colour, Colour]
    leaves: tuple[Colour, ...]
    sun: Colour
    light: Colour
    share: float

    @property
    def night(self) -> bool:
        return self.time == "night"

    @property
    def haze(self) -> Colour:
        return self.sky[2]

    def lit(self, colour: Colour, depth: float = 0.0) -> Colour:
        """Show a colour in this light; depth 0 is near, 1 is lost in the haze."""
        return mix(mix(colour, self.light, self.share), self.haze, 0.8 * depth)


def mood(season: str, time: str, weather: str, chance: random.Random) -> Mood:
    """Choose a sky and turn the hues a little, so that seeds differ and colours still agree."""
    sky = chance.choice(_SKIES[time])
    turn = chance.uniform(-12, 12)
    sky = (turned(sky[0], turn), turned(sky[1], turn), turned(sky[2], turn / 2))
    if weather == "rain":
        sky = tuple(mix(c, (118, 130, 148) if time != "night" else (40, 48, 70), 0.55) for c in sky)  # type: ignore[assignment]
    if season == "winter" and time == "day":
        sky = tuple(mix(c, (214, 224, 236), 0.45) for c in sky)  # type: ignore[assignment]
    land = _LANDS[season]
    if season != "winter":
        shift = chance.uniform(-14, 14)
        land = (turned(land[0], shift), turned(land[1], shift), turned(land[2], shift))
    light, share, sun = {
        "day": (WHITE, 0.0, (255, 244, 200)),
        "dawn": ((255, 214, 186), 0.16, (255, 236, 200)),
        "sunset": ((206, 92, 88), 0.26, (255, 232, 168)),
        "night": ((22, 30, 78), 0.58, (244, 240, 216)),
    }[time]
    return Mood(
        season=season, time=time, weather=weather, sky=sky, land=land, leaves=_LEAVES[season],
        sun=sun, light=light, share=share,
    )  # fmt: skip
