"""Light and landscape: the mood of a picture, its sky, ridges, trees, flowers, ground and weather."""

from __future__ import annotations

import math
import random
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from .canvas import WHITE, Canvas, Color, Pen, Point, clear, darker, lighter, mix, parse_hex, turned
from .sketch import Sketch

_SKIES = {  # top, middle, horizon
    "day": ("56a4de 96ceec e2f0f0", "4896ce 8eccdc f0eed8", "68b2d6 aadae2 f8ecd6"),
    "dawn": ("7ea0d6 debed6 ffe2c4", "6eacc8 c8d8d2 ffdeba", "9496ce f0babe ffe8c8"),
    "sunset": ("4a488a de7074 ffc47a", "3a5892 ec8868 ffd686", "704a8e f0787a ffbe8c"),
    "night": ("0e1434 1e2c5c 4a5c8e", "141032 302660 6e548e", "081a34 163a5c 427086"),
}
_LANDS: dict[str, tuple[Color, ...]] = {  # far, middle, near
    "spring": ((142, 190, 152), (146, 196, 112), (120, 178, 92)),
    "summer": ((104, 168, 142), (94, 164, 92), (66, 138, 82)),
    "autumn": ((198, 160, 108), (214, 150, 74), (190, 116, 62)),
    "winter": ((196, 212, 230), (222, 232, 242), (240, 245, 250)),
}
_LEAVES: dict[str, tuple[Color, ...]] = {
    "spring": ((248, 178, 200), (242, 152, 184), (252, 204, 214), (152, 198, 108)),
    "summer": ((60, 132, 84), (82, 152, 84), (46, 112, 80), (104, 166, 88)),
    "autumn": ((224, 122, 48), (204, 84, 50), (236, 168, 60), (178, 92, 52)),
    "winter": ((232, 240, 246), (214, 226, 238), (244, 248, 252)),
}


@dataclass(frozen=True, kw_only=True)
class Mood:
    """The light of a picture. ``light`` and ``share`` say how far it colors everything in it."""

    season: str
    time: str
    weather: str
    sky: tuple[Color, ...]  # top, middle, horizon
    land: tuple[Color, ...]  # far, middle, near
    leaves: tuple[Color, ...]
    sun: Color
    light: Color
    share: float

    @property
    def night(self) -> bool:
        return self.time == "night"

    def lit(self, color: Color, depth: float = 0.0) -> Color:
        """Show a color in this light; depth 0 is near, 1 is lost in the haze."""
        return mix(mix(color, self.light, self.share), self.sky[2], 0.8 * depth)


def mood(season: str, time: str, weather: str, chance: random.Random) -> Mood:
    """Choose a sky and turn the hues a little, so that seeds differ and colors still agree."""
    tones, turn = map(parse_hex, chance.choice(_SKIES[time]).split()), chance.uniform(-12, 12)
    sky = tuple(turned(tone, turn * share) for tone, share in zip(tones, (1, 1, 0.5), strict=True))
    if weather == "fog":
        sky = (mix(sky[0], sky[2], 0.6), mix(sky[1], sky[2], 0.5), sky[2])
    if weather == "rain":
        sky = tuple(mix(tone, (118, 130, 148) if time != "night" else (40, 48, 70), 0.55) for tone in sky)
    if season == "winter" and time == "day":
        sky = tuple(mix(tone, (214, 224, 236), 0.45) for tone in sky)
    shift = 0.0 if season == "winter" else chance.uniform(-14, 14)
    land = tuple(turned(tone, shift) for tone in _LANDS[season])
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


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A place for figures, in scene units; ``scale`` is the height of a figure one unit tall."""

    x: float
    foot: float
    scale: float
    afloat: bool = False  # in or on water: no shadow on the ground
    airless: bool = False  # no weather here
    water: float | None = None  # where a boat would float, if the figures stand on land


@dataclass(frozen=True, kw_only=True)
class Place:
    """A setting being painted: canvas, light, chance, and the heights of the land in scene units from the top."""

    canvas: Canvas
    mood: Mood
    chance: random.Random
    detail: int
    horizon: float
    foot: float
    aside: float  # -1 to 1: how far from the middle the figure stands

    @property
    def pen(self) -> Pen:
        return self.canvas.pen()

    @property
    def width(self) -> float:
        return self.canvas.width

    @property
    def height(self) -> float:
        return self.canvas.height

    def many(self, count: float) -> range:
        """Count what is scattered over the picture: a wide one has room for more."""
        return range(int(count * max(1.0, self.width)))

    def put(
        self, name: str, x: float, y: float, scale: float = 1.0, *, flip: bool = False, lit: bool = True,
        depth: float = 0.0, tint: Color | None = None, words: Collection[str] = (),
    ) -> None:  # fmt: skip
        """Draw an outline, in the light of the picture unless its colors have it already."""
        light = partial(self.mood.lit, depth=depth) if lit else None
        Sketch(name, self.chance, tint=tint, words=words, lit=light).draw(self.canvas.pen(x, y, scale, flip=flip))

    def strew(
        self, name: str, count: int, band: tuple[float, float], sizes: tuple[float, float], *, lit: bool = True,
        tint: Color | None = None,
    ) -> None:  # fmt: skip
        """Draw an outline many times, at any place in a band."""
        for _ in self.many(count):
            self.put(name, self.across(), self.chance.uniform(*band), self.chance.uniform(*sizes), lit=lit, tint=tint)

    def across(self) -> float:
        return self.chance.uniform(0, self.width)

    def stage(self, scale: float = 0.5) -> Stage:
        """Return the stage for the figures."""
        x = self.width / 2 + self.aside * (0.1 if self.width < 1.3 else 0.16 * self.width)
        return Stage(x=x, foot=self.foot, scale=scale * min(1.2, 0.9 + 0.15 * (self.height - 1)))


def sky(place: Place, horizon: float) -> None:
    """Fill the sky down to the horizon: gradient, sun or moon, stars, clouds."""
    pen, width, mood, chance, detail = place.pen, place.width, place.mood, place.chance, place.detail
    place.canvas.gradient(0, horizon + 0.02, mood.sky)
    x = width * chance.choice((chance.uniform(0.14, 0.34), chance.uniform(0.66, 0.86)))
    low = mood.time in ("sunset", "dawn")
    y = horizon * (chance.uniform(0.58, 0.76) if low else chance.uniform(0.18, 0.34))
    stars = random.Random(chance.random())
    clouds = random.Random(chance.random())
    if mood.night:
        for _ in range(int((30 + 25 * detail) * max(1, width))):
            r = stars.choice((0.0012, 0.0018, 0.0018, 0.003))
            spot = stars.uniform(0, width), stars.uniform(0, horizon * 0.9)
            pen.disc(*spot, r, mix(mood.sky[0], WHITE, stars.uniform(0.5, 0.95)))
        place.put("moon", x, y, 0.062, lit=False, tint=mood.sun)
    elif mood.weather not in ("rain", "fog"):
        r = 0.095 if low else 0.062
        pen.glow(x, y, r * 3.4, mood.sun, 0.5)
        pen.disc(x, y, r, mix(mood.sun, WHITE, 0.35))
    count = clouds.randint(2, 3) + (2 if mood.weather == "rain" else 0)
    for i in range(math.ceil(count * max(1.0, width * 0.7))):
        cx, cy = clouds.uniform(-0.05, width + 0.05), horizon * clouds.uniform(0.08, 0.62)
        tone = mood.sky[1] if mood.weather == "rain" else mood.sky[2]
        strength = 0.25 if mood.night else 0.55 if i % 2 else 0.8
        tone = clear(mix(tone, WHITE, 0.0 if mood.night else 0.55), strength)
        place.put("cloud", cx, cy, clouds.uniform(0.1, 0.2), lit=False, tint=tone)
    if detail > 1 and not mood.night and mood.weather == "":
        flock = pen.at(width * clouds.uniform(0.3, 0.7), horizon * clouds.uniform(0.2, 0.5), 0.022)
        for i in range(3 + detail):
            bird = flock.at(i * 1.5 - 3 + clouds.uniform(-0.4, 0.4), abs(i - 2) * 0.7 + clouds.uniform(-0.2, 0.2))
            wing = darker(mood.sky[0], 0.45)
            bird.taper([(-0.6, -0.25), (-0.25, -0.3), (0, 0), (0.25, -0.3), (0.6, -0.25)], 0.1, 0.1, wing)


def ridge(place: Place, y: float, swing: float, color: Color) -> list[Point]:
    """Fill from a rolling line down to the bottom; the line is given back, to plant things on."""
    chance, width = place.chance, place.width
    waves = [(chance.uniform(0.6, 1.3) * k, chance.uniform(0, 6.3), swing / k**0.9) for k in (1.0, 2.3, 4.1)]
    steps = max(40, int(60 * width))
    across = [width * i / steps for i in range(steps + 1)]
    line = [(x, y + sum(a * math.sin(x * f * 3.1 + p) for f, p, a in waves)) for x in across]
    place.pen.poly([*line, (width, place.height), (0, place.height)], color)
    return line


def peaks(place: Place, y: float, height: float, tone: Color, depth: float) -> None:
    """Draw a row of mountains with a shaded side and snow on the tops."""
    mood, chance, pen = place.mood, place.chance, place.pen
    color, x = mood.lit(tone, depth), chance.uniform(-0.35, -0.1)
    snow, row = mix(mood.lit((250, 250, 252)), mood.sky[2], 0.15), []
    while x < place.width + 0.2:
        rise, half = height * chance.uniform(0.6, 1.0), chance.uniform(0.24, 0.4)
        row.append((x + half * 0.7, rise, half))
        x += half * chance.uniform(0.7, 1.1)
    for cx, rise, half in sorted(row, key=lambda peak: -peak[1]):
        top, lean = (cx, y - rise), chance.uniform(-0.05, 0.05)
        tone = mix(color, mood.sky[2], 0.35 * (1 - rise / height))
        pen.poly([(cx - half, y), top, (cx + half, y)], tone)
        fold = [(cx + lean * 0.6, y - rise * 0.62), (cx + lean + 0.03, y - rise * 0.35), (cx + lean, y)]
        pen.poly([top, *fold, (cx + half, y)], darker(tone, 0.22))
        cap, n = [top], 6
        for i in range(n + 1):
            side = 1 - 2 * i / n
            drop = 0.3 + (0.09 if i % 2 else -0.03)
            cap.append((cx + half * side * drop, y - rise * (1 - drop)))
        pen.poly(cap, snow)
        pen.poly([top, (cx + lean * 0.3 + 0.012, y - rise * 0.7), cap[2], cap[1]], darker(snow, 0.14))
    band = mix(mood.sky[2], color, 0.25)
    place.canvas.mist(y - 0.06, y + 0.03, band, 0.5)


def tree(pen: Pen, mood: Mood, chance: random.Random, depth: float = 0.0, detail: int = 3) -> None:
    """Draw a round tree one unit tall, in the leaf of the season."""
    bark = mood.lit((104, 74, 62), depth)
    bend = chance.uniform(-0.05, 0.05)
    pen.taper([(0, 0.02), (bend, -0.25), (bend * 0.6, -0.52)], 0.1, 0.05, bark)
    pen.taper([(bend * 0.9, -0.3), (-0.13, -0.48)], 0.04, 0.02, bark)
    pen.taper([(bend * 0.9, -0.26), (0.14, -0.46)], 0.04, 0.02, bark)
    leaf = mood.lit(chance.choice(mood.leaves[:3]), depth)
    crowns = [(-0.17, -0.5, 0.17), (0.18, -0.52, 0.17), (0.0, -0.56, 0.2), (-0.1, -0.74, 0.18), (0.11, -0.76, 0.17)]
    for x, y, r in crowns:
        pen.disc(x + bend, y + 0.025, r, darker(leaf, 0.2))
    for x, y, r in crowns:
        pen.disc(x + bend - 0.012, y - 0.012, r * 0.93, leaf)
    if depth < 0.4:
        for x, y, r in crowns:
            pen.disc(x + bend - r * 0.3, y - r * 0.32, r * 0.5, lighter(leaf, 0.14))
        dots = random.Random(chance.random())  # as in meadow_floor
        for _ in range(10 * (detail - 1)):
            a, r = dots.uniform(0, 6.3), dots.uniform(0, 0.26)
            spot = (bend + r * math.cos(a), -0.63 + r * 0.9 * math.sin(a))
            tone = mood.lit(dots.choice(mood.leaves), depth)
            pen.disc(*spot, dots.uniform(0.012, 0.024), tone)


def plant(place: Place, spot: Point, size: float, depth: float, detail: int, pines: float = 0.3) -> None:
    """Plant a tree of about the size; ``pines`` is the share of conifers among them in summer and autumn."""
    mood, (x, y) = place.mood, spot
    size *= place.chance.uniform(0.7, 1.25)
    if place.chance.random() < {"winter": 0.75, "spring": 0.0}.get(mood.season, pines):
        place.put("pine", x, y + 0.008, size, depth=depth, words={mood.season})
    else:
        tree(place.canvas.pen(x, y + 0.008, size), mood, place.chance, depth, detail)


def meadow_floor(place: Place, top: float) -> None:
    """Scatter grass, flowers, leaves or snow on the near ground, larger towards the viewer."""
    pen, mood = place.pen, place.mood
    chance = random.Random(place.chance.random())  # the level of detail does not move what comes after
    base = mood.lit(mood.land[2])
    spots = sorted(
        (chance.uniform(top + 0.02, place.height), chance.uniform(0, place.width))
        for _ in place.many(34 * place.detail)
    )
    for y, x in spots:
        near = 0.5 + 0.9 * (y - top) / max(0.1, place.height - top)
        kind, s = chance.random(), 0.02 * near
        spot = pen.at(x, y, s)
        if mood.season == "winter":
            spot.oval(0, 0, 0.9, 0.16, mood.lit((206, 220, 238) if kind < 0.6 else (252, 253, 255)))
        elif mood.season == "autumn" and kind < 0.55:
            leaf = mood.lit(chance.choice(mood.leaves))
            spot.blob([(-0.45, 0), (0, -0.22), (0.5, 0.02), (0, 0.2)], leaf)
        elif kind < 0.62:
            tone = lighter(base, 0.14) if kind < 0.3 else darker(base, 0.14)
            for lean in (-0.5, 0.0, 0.5):
                spot.poly([(lean * 0.4 - 0.09, 0), (lean, -0.85 + abs(lean) * 0.5), (lean * 0.4 + 0.09, 0)], tone)
        elif mood.season in ("spring", "summer"):
            spot.poly([(-0.05, 0), (0.0, -0.7), (0.05, 0)], darker(base, 0.2))
            petal = mood.lit(chance.choice(((255, 250, 240), (250, 206, 80), (240, 130, 150), (186, 140, 214))))
            for a in range(0, 360, 72):
                spot.disc(0.2 * math.cos(math.radians(a)), -0.75 + 0.2 * math.sin(math.radians(a)), 0.15, petal)
            spot.disc(0, -0.75, 0.12, mood.lit((246, 190, 60)))


def falling(canvas: Canvas, mood: Mood, chance: random.Random, detail: int) -> None:
    """Draw rain, fog or snow, or petals and leaves in the air, as weather and season say."""
    amounts = {"rain": 130, "fog": 26, "snow": 40 + 20 * detail, "petals": 8 + 7 * detail, "": 0}
    kind = mood.weather or {"winter": "snow", "summer": ""}.get(mood.season, "petals")
    for _ in range(int(amounts[kind] * max(1.0, canvas.width * canvas.height))):
        spot = canvas.pen(chance.uniform(0, canvas.width * 1.1), chance.uniform(-0.05, canvas.height))
        if kind == "rain":
            length = chance.uniform(0.03, 0.06)
            spot.poly([(0, 0), (0.003, 0), (-length * 0.25, length)], (226, 238, 250, 120))
        elif kind == "fog":
            reach = chance.uniform(0.15, 0.5)
            spot.oval(0, 0, reach, reach * 0.16, clear(mix(mood.sky[2], WHITE, 0.5), 0.16))
        elif kind == "snow":
            spot.disc(0, 0, chance.choice((0.003, 0.004, 0.006, 0.009)), (255, 255, 255, 215))
        else:
            size, angle = chance.uniform(0.008, 0.015), chance.uniform(0, 6.3)
            c, s = size * math.cos(angle), size * math.sin(angle)
            shape = [(-0.9, 0.0), (0.0, -0.4), (1.0, 0.1), (0.0, 0.5)]
            spot.blob([(x * c - y * s, x * s + y * c) for x, y in shape], mood.lit(chance.choice(mood.leaves[:3])))
