"""Settings: the places that stand behind the figures, painted in the light of the picture."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from . import things
from .canvas import WHITE, Canvas, Colour, Pen, clear, darker, lighter, mix, turned
from .scenery import Mood, cloud, meadow_floor, moon, peaks, pine, plant, ridge, sky, tree

_WALLS: tuple[Colour, ...] = (
    (232, 196, 162), (214, 142, 122), (240, 220, 184), (158, 184, 186), (196, 172, 190), (222, 176, 120),
    (172, 192, 158),
)  # fmt: skip
_GLASS: Colour = (168, 206, 220)
_LAMP: Colour = (255, 214, 128)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A foot point and a scale, in scene units; ``scale`` is the height of a figure one unit tall."""

    x: float
    foot: float
    scale: float
    afloat: bool = False  # in or on water: no shadow on the ground
    airless: bool = False  # no weather here
    water: float | None = None  # where a boat would float, if the figures stand on land


@dataclass(frozen=True, kw_only=True)
class _Lie:
    """How the land lies: heights in scene units from the top."""

    horizon: float
    foot: float
    aside: float  # -1 to 1: how far from the middle the figure stands


def paint(canvas: Canvas, setting: str, mood: Mood, chance: random.Random, detail: int) -> Stage:
    """Paint the setting and give back the stage for the figures."""
    height = canvas.height
    # Tall pictures get more sky, not a field of bare ground.
    horizon = height - chance.uniform(0.36, 0.44) * min(1.0, height) - 0.12 * max(0.0, height - 1)
    # Drawn before anything else, so that the level of detail does not move the figure.
    aside = chance.choice((-1, 1)) * chance.uniform(0.25, 1.0)
    lie = _Lie(horizon=horizon, aside=aside, foot=height - 0.17 - 0.045 * max(0.0, height - 1))
    if setting in _INDOORS:
        return _INDOORS[setting](canvas, mood, chance, detail)
    return _OUTDOORS.get(setting, _meadow)(canvas, mood, lie, chance, detail)


def _stage(canvas: Canvas, lie: _Lie, scale: float = 0.5) -> Stage:
    shift = 0.1 if canvas.width < 1.3 else 0.16 * canvas.width
    x = canvas.width / 2 + lie.aside * shift
    return Stage(x=x, foot=lie.foot, scale=scale * min(1.2, 0.9 + 0.15 * (canvas.height - 1)))


def _grove(canvas: Canvas, line: list[tuple[float, float]], mood: Mood, chance: random.Random,
           size: float, depth: float, count: int, detail: int) -> None:  # fmt: skip
    """Plant trees along a ridge, in loose groups."""
    for _ in range(max(1, round(count * max(1.0, canvas.width)))):
        x, y = line[chance.randrange(len(line))]
        plant(canvas.pen(x, y + 0.006, size * chance.uniform(0.7, 1.25)), mood, chance, depth, detail)


def _hills(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int, trees: int = 7) -> None:
    horizon, drop = lie.horizon, canvas.height - lie.horizon
    far = ridge(canvas, horizon - 0.02, 0.04, mood.lit(mood.land[0], 0.55), chance)
    _grove(canvas, far, mood, chance, 0.07, 0.55, trees, 1)
    middle = ridge(canvas, horizon + drop * 0.16, 0.035, mood.lit(mood.land[1], 0.22), chance)
    _grove(canvas, middle, mood, chance, 0.14, 0.22, max(2, trees // 2), detail)
    near = horizon + drop * 0.42
    ridge(canvas, near, 0.02, mood.lit(lighter(mood.land[2], 0.07)), chance)
    ridge(canvas, near + drop * 0.2, 0.02, mood.lit(mood.land[2]), chance)


def _frame_tree(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int, away: float) -> None:
    """Stand one tall tree at the side that the figure leaves free."""
    x = canvas.width * (chance.uniform(0.08, 0.18) if away > canvas.width / 2 else chance.uniform(0.82, 0.92))
    y = lie.foot - chance.uniform(0.04, 0.1)
    canvas.pen().shadow(x + 0.02, y, 0.15, 0.02, 0.22)
    tree(canvas.pen(x, y, chance.uniform(0.52, 0.66)), mood, chance, 0.0, detail)


def _meadow(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    sky(canvas, mood, lie.horizon + 0.06, chance, detail)
    if chance.random() < 0.5:
        peaks(canvas, lie.horizon, 0.2, mood.lit((112, 128, 158), 0.55), mood, chance)
    _hills(canvas, mood, lie, chance, detail)
    stage = _stage(canvas, lie)
    if chance.random() < 0.75:
        _frame_tree(canvas, mood, lie, chance, detail, stage.x)
    meadow_floor(canvas, mood, lie.horizon + (canvas.height - lie.horizon) * 0.5, chance, detail)
    return stage


def _mountains(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    sky(canvas, mood, lie.horizon + 0.05, chance, detail)
    peaks(canvas, lie.horizon + 0.02, 0.42, mood.lit((124, 138, 172), 0.5), mood, chance)
    peaks(canvas, lie.horizon + 0.06, 0.26, mood.lit((92, 112, 140), 0.2), mood, chance)
    _hills(canvas, mood, lie, chance, detail, trees=11)
    meadow_floor(canvas, mood, lie.horizon + (canvas.height - lie.horizon) * 0.5, chance, detail)
    return _stage(canvas, lie, 0.46)


def _forest(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    sky(canvas, mood, lie.horizon + 0.1, chance, detail)
    for layer, (size, depth) in enumerate(((0.34, 0.62), (0.48, 0.36), (0.66, 0.12))):
        y = lie.horizon + 0.02 + layer * 0.07
        line = ridge(canvas, y, 0.015, mood.lit(mood.land[layer], depth), chance)
        count = round((11 - 3 * layer) * max(1.0, canvas.width))
        for i in range(count):
            x = canvas.width * (i + chance.uniform(0.1, 0.9)) / count
            if layer == 2 and abs(x - canvas.width / 2) < 0.26:
                continue  # a clearing for the figure
            spot = line[min(len(line) - 1, int(x / canvas.width * len(line)))]
            maker = plant if mood.season in ("spring", "autumn") or chance.random() < 0.4 else None
            pen = canvas.pen(x, spot[1] + 0.01, size * chance.uniform(0.8, 1.2))
            if maker:
                plant(pen, mood, chance, depth, detail if layer == 2 else 1)
            else:
                pine(pen, mood, chance, depth)
    ridge(canvas, lie.horizon + 0.2, 0.012, mood.lit(mood.land[2]), chance)
    meadow_floor(canvas, mood, lie.horizon + 0.22, chance, detail)
    return _stage(canvas, lie, 0.46)


def _water(canvas: Canvas, mood: Mood, top: float, bottom: float, chance: random.Random, detail: int) -> None:
    """Fill a band with water: the sky turned over, deepened, with ripples and glints."""
    deep: Colour = (28, 92, 132)
    stops = [mix(mood.lit((98, 178, 196)), mood.sky[2], 0.5), mix(mood.lit((58, 146, 178)), mood.sky[1], 0.25),
             mix(mood.lit(deep), mood.sky[0], 0.12)]  # fmt: skip
    canvas.gradient(top, bottom + 0.01, stops)
    pen = canvas.pen()
    for _ in range(int((22 + 16 * detail) * max(1.0, canvas.width))):
        t = chance.random() ** 1.6
        y, length = top + (bottom - top) * t + 0.008, 0.02 + 0.1 * t * chance.uniform(0.4, 1.0)
        x = chance.uniform(-0.05, canvas.width)
        shade = clear(mix(mood.sky[2], WHITE, 0.4) if chance.random() < 0.6 else mood.lit(deep), 0.34)
        pen.oval(x + length / 2, y, length, 0.0016 + 0.003 * t, shade)


def _sea(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    horizon = canvas.height * chance.uniform(0.46, 0.54)
    sky(canvas, mood, horizon, chance, detail)
    if chance.random() < 0.8:
        x, half = canvas.width * chance.choice((0.12, 0.86)), chance.uniform(0.2, 0.34)
        isle = canvas.pen(x, horizon)
        isle.blob([(-half, 0.03), (-half * 0.5, -0.05), (0, -0.1), (half * 0.4, -0.07), (half, 0.03)],
                  mood.lit((104, 134, 138), 0.4))  # fmt: skip
    _water(canvas, mood, horizon, canvas.height, chance, detail)
    pen = canvas.pen()
    swell = mood.lit((34, 104, 142))
    for i, y in enumerate((0.80, 0.89)):
        shade = darker(swell, 0.12 * i)
        top = canvas.height * y
        phase = chance.uniform(0, 6)
        n = int(30 * max(1.0, canvas.width))
        line = [(canvas.width * k / n, top + 0.012 * math.sin(k * 0.8 + phase)) for k in range(n + 1)]
        pen.poly([*line, (canvas.width, canvas.height), (0, canvas.height)], clear(shade, 0.6))
        pen.taper(line, 0.004, 0.004, clear(mix(mood.sky[2], WHITE, 0.6), 0.6))
    stage = _stage(canvas, lie)
    return Stage(x=stage.x, foot=canvas.height * 0.79, scale=stage.scale, afloat=True)


def _beach(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    horizon = lie.horizon - 0.06
    sky(canvas, mood, horizon, chance, detail)
    drop = canvas.height - horizon
    _water(canvas, mood, horizon, horizon + drop * 0.5, chance, detail)
    sand = mood.lit((244, 246, 250) if mood.season == "winter" else (240, 214, 166))
    foam = mix(sand, WHITE, 0.7)
    for lift, tone in ((0.03, clear(foam, 0.5)), (0.012, foam), (0.0, sand)):
        ridge(canvas, horizon + drop * 0.44 - lift, 0.016, tone, random.Random(int(horizon * 1000)))
    pen = canvas.pen()
    for _ in range(int(22 * detail * max(1.0, canvas.width))):
        x, y = chance.uniform(0, canvas.width), chance.uniform(horizon + drop * 0.52, canvas.height)
        shade = chance.choice((darker(sand, 0.1), lighter(sand, 0.3), mood.lit((230, 160, 140))))
        pen.oval(x, y, chance.uniform(0.003, 0.012), 0.003, shade)
    return _stage(canvas, lie)


def _harbour(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    horizon, quay = lie.horizon - 0.08, canvas.height - 0.2
    sky(canvas, mood, horizon, chance, detail)
    ridge(canvas, horizon - 0.03, 0.02, mood.lit(mood.land[0], 0.5), chance)
    side = chance.choice((-1, 1))
    pen = canvas.pen(canvas.width * (0.5 + 0.5 * side), horizon)
    _water(canvas, mood, horizon, quay + 0.02, chance, detail)
    stone = mood.lit((176, 168, 164))
    pier = [(0, 0.0), (-side * 0.5, 0.01), (-side * 0.54, 0.05), (0, 0.06)]
    pen.poly(pier, darker(stone, 0.14))
    for number in range(4):  # the houses of the port
        x, wall = (
            -side * (0.06 + 0.1 * number),
            mood.lit(_WALLS[(number * 3 + chance.randrange(2)) % len(_WALLS)], 0.15),
        )
        house = pen.at(x, 0.005, chance.uniform(0.8, 1.1))
        house.rect(-0.05, -0.14, 0.05, 0, wall)
        house.poly([(-0.056, -0.14), (0, -0.19), (0.056, -0.14)], mood.lit((168, 88, 76), 0.15))
        for a, b in ((-0.025, -0.11), (0.025, -0.11), (-0.025, -0.055), (0.025, -0.055)):
            house.rect(a - 0.011, b, a + 0.011, b + 0.03, _LAMP if mood.night else mood.lit(_GLASS, 0.1))
    canvas.pen(0, 0).rect(0, quay, canvas.width, canvas.height, stone)
    floor = canvas.pen(0, quay)
    floor.rect(0, 0, canvas.width, 0.02, lighter(stone, 0.25))
    floor.rect(0, 0.02, canvas.width, 0.026, darker(stone, 0.2))
    for number in range(int(6 * max(1.0, canvas.width)) + 1):
        x = number * 0.18 + chance.uniform(-0.02, 0.02)
        floor.poly([(x, 0.026), (x + 0.004, 0.026), (x - 0.03, 0.21), (x - 0.036, 0.21)], darker(stone, 0.1))
    for x in (0.1, canvas.width - 0.12):
        bollard = canvas.pen(x, quay + 0.05)
        bollard.shadow(0.01, 0, 0.04, 0.01)
        bollard.rect(-0.018, -0.07, 0.018, 0, mood.lit((66, 64, 78)))
        bollard.rect(-0.03, -0.085, 0.03, -0.06, mood.lit((84, 82, 98)), 0.01)
    return replace(_stage(canvas, lie), foot=quay + 0.1, water=horizon + (quay - horizon) * 0.62)


def _puddle(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    base = lie.horizon - 0.04
    sky(canvas, mood, base, chance, detail)
    skyline(canvas, base, 0.4, mood.lit((150, 140, 160), 0.6), mood, chance, 0)
    townhouses(canvas, base, mood, chance, detail)
    stone = mood.lit((150, 142, 146))
    canvas.gradient(base, canvas.height, (darker(stone, 0.06), stone, lighter(stone, 0.1)))
    pen = canvas.pen()
    for number in range(int(60 * max(1.0, canvas.width))):  # cobbles
        t = chance.random() ** 0.7
        y, size = base + 0.02 + (canvas.height - base) * t, 0.012 + 0.03 * t
        tone = (lighter if number % 2 else darker)(stone, 0.09)
        pen.oval(chance.uniform(0, canvas.width), y, size * 1.5, size * 0.5, tone)
    x, y = canvas.width / 2, canvas.height - 0.17
    pool = canvas.pen(x, y)
    edge = [
        (-0.46, 0.0),
        (-0.36, -0.09),
        (-0.1, -0.12),
        (0.2, -0.11),
        (0.43, -0.06),
        (0.47, 0.02),
        (0.24, 0.11),
        (-0.2, 0.12),
    ]
    pool.blob([(px * 1.04, py * 1.07 + 0.006) for px, py in edge], darker(stone, 0.25))
    pool.blob(edge, mix(mood.sky[1], mood.sky[0], 0.4))
    pool.blob([(px * 0.8, py * 0.7 + 0.02) for px, py in edge], mix(mood.sky[1], mood.sky[2], 0.35))
    pool.oval(0.16, 0.05, 0.14, 0.008, clear(WHITE, 0.5))
    pool.oval(-0.2, 0.075, 0.09, 0.006, clear(WHITE, 0.4))
    return Stage(x=x, foot=y + 0.02, scale=0.44, afloat=True, water=None)


def _lake(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    sky(canvas, mood, lie.horizon, chance, detail)
    peaks(canvas, lie.horizon - 0.02, 0.26, mood.lit((112, 128, 158), 0.5), mood, chance)
    line = ridge(canvas, lie.horizon - 0.04, 0.02, mood.lit(mood.land[0], 0.4), chance)
    _grove(canvas, line, mood, chance, 0.1, 0.35, 9, 1)
    drop = canvas.height - lie.horizon
    _water(canvas, mood, lie.horizon - 0.01, lie.horizon + drop * 0.45, chance, detail)
    bank = ridge(canvas, lie.horizon + drop * 0.42, 0.022, mood.lit(lighter(mood.land[2], 0.08)), chance)
    for x, y in bank[::2]:
        if chance.random() < 0.5:
            reed = canvas.pen(x, y + 0.005, chance.uniform(0.03, 0.06))
            reed.taper([(0, 0), (0.1, -0.6), (0.3, -1)], 0.08, 0.02, mood.lit(darker(mood.land[1], 0.2)))
    meadow_floor(canvas, mood, lie.horizon + drop * 0.52, chance, detail)
    return replace(_stage(canvas, lie), water=lie.horizon + drop * 0.3)


def _city(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    base = lie.horizon + 0.08
    sky(canvas, mood, base, chance, detail)
    for depth, height, tone in ((0.7, 0.42, (120, 134, 168)), (0.42, 0.36, (98, 108, 148)), (0.1, 0.3, (74, 80, 120))):
        skyline(canvas, base, height, mood.lit(tone, depth), mood, chance, detail if depth < 0.6 else 0)
    _pavement(canvas, mood, base, chance)
    return _stage(canvas, lie)


def _street(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    base = lie.horizon + (canvas.height - lie.horizon) * 0.34
    sky(canvas, mood, base, chance, detail)
    skyline(canvas, base, 0.5, mood.lit((150, 140, 160), 0.6), mood, chance, 0)
    townhouses(canvas, base, mood, chance, detail)
    _pavement(canvas, mood, base, chance)
    return _stage(canvas, lie)


def _pavement(canvas: Canvas, mood: Mood, top: float, chance: random.Random) -> None:
    """Lay kerb, pavement and road below the houses."""
    snowy = mood.season == "winter"
    stone = mood.lit((222, 226, 236) if snowy else (196, 186, 178))
    pen, width, height = canvas.pen(), canvas.width, canvas.height
    drop = height - top
    pen.rect(0, top, width, height, stone)
    for i in range(int(7 * max(1.0, width)) + 1):
        x = (i - 0.3) * 0.15
        pen.poly([(x, top), (x + 0.003, top), (x - 0.04, top + drop * 0.62), (x - 0.046, top + drop * 0.62)],
                 darker(stone, 0.08))  # fmt: skip
    pen.rect(0, top + drop * 0.3, width, top + drop * 0.3 + 0.003, darker(stone, 0.08))
    pen.rect(0, top + drop * 0.6, width, top + drop * 0.64, darker(stone, 0.2))
    pen.rect(0, top + drop * 0.64, width, height, mood.lit((214, 220, 232) if snowy else (104, 100, 116)))
    for i in range(int(4 * max(1.0, width)) + 1):
        x = i * 0.28 + chance.uniform(0.0, 0.01)
        pen.poly([(x, top + drop * 0.84), (x + 0.13, top + drop * 0.84), (x + 0.12, top + drop * 0.87),
                  (x - 0.012, top + drop * 0.87)], mood.lit((236, 232, 224)))  # fmt: skip


def _road(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    sky(canvas, mood, lie.horizon + 0.06, chance, detail)
    if chance.random() < 0.7:
        peaks(canvas, lie.horizon, 0.24, mood.lit((112, 128, 158), 0.5), mood, chance)
    _hills(canvas, mood, lie, chance, detail)
    pen, y = canvas.pen(), lie.foot
    tar = mood.lit((206, 214, 228) if mood.season == "winter" else (98, 96, 112))
    pen.rect(0, y - 0.075, canvas.width, y + 0.1, tar)
    pen.rect(0, y - 0.079, canvas.width, y - 0.073, mood.lit((236, 232, 224)))
    pen.rect(0, y + 0.096, canvas.width, y + 0.102, mood.lit((236, 232, 224)))
    for i in range(int(5 * max(1.0, canvas.width)) + 1):
        pen.rect(i * 0.22, y + 0.035, i * 0.22 + 0.11, y + 0.044, mood.lit((244, 214, 120)))
    meadow_floor(canvas, mood, y + 0.13, chance, detail)
    return _stage(canvas, lie, 0.52)


def _desert(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    sky(canvas, mood, lie.horizon + 0.06, chance, detail)
    drop, sand = canvas.height - lie.horizon, (236, 190, 128)
    for i, depth in enumerate((0.5, 0.25, 0.05, 0.0)):
        tone = mood.lit(mix(sand, (214, 140, 92), 0.16 * i), depth)
        line = ridge(canvas, lie.horizon + drop * 0.2 * i, 0.045 - 0.008 * i, tone, chance)
        lit = [(x, y + 0.004) for x, y in line]
        shade = [(x, y + 0.05 + 0.05 * math.sin(x * 5 + i)) for x, y in reversed(line)]
        canvas.pen().poly([*lit, *shade], clear(lighter(tone, 0.3), 0.35))
    for _ in range(int(3 * max(1.0, canvas.width))):
        cactus = canvas.pen(
            chance.uniform(0.04, canvas.width), lie.foot - chance.uniform(0.03, 0.2), chance.uniform(0.08, 0.16)
        )
        green = mood.lit((84, 142, 96))
        cactus.taper([(0, 0), (0, -1)], 0.2, 0.2, green)
        cactus.stroke([(0, -0.4), (0.3, -0.42), (0.32, -0.75)], 0.14, green)
        cactus.stroke([(0, -0.3), (-0.28, -0.34), (-0.3, -0.6)], 0.14, green)
    return _stage(canvas, lie)


def _space(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    tones = chance.choice((((12, 12, 40), (44, 28, 88), (94, 48, 118)), ((8, 20, 44), (18, 52, 92), (42, 104, 126)),
                           ((22, 10, 40), (70, 26, 80), (150, 58, 96))))  # fmt: skip
    canvas.gradient(0, canvas.height + 0.01, tones)
    pen, width, height = canvas.pen(), canvas.width, canvas.height
    pen.glow(width * chance.uniform(0.2, 0.8), height * chance.uniform(0.3, 0.6), 0.6, lighter(tones[2], 0.3), 0.3, 8)
    for _ in range(int((60 + 40 * detail) * max(1.0, width * height))):
        r = chance.choice((0.0012, 0.0018, 0.0026, 0.004))
        pen.disc(
            chance.uniform(0, width), chance.uniform(0, height), r, mix(tones[1], WHITE, chance.uniform(0.4, 0.95))
        )
    world = chance.choice(((226, 140, 92), (108, 172, 186), (208, 122, 148), (226, 190, 116)))
    x, r = width * chance.choice((0.16, 0.85)), chance.uniform(0.13, 0.19)
    _planet(canvas, x, height * chance.uniform(0.22, 0.36), r, world, ringed=True)
    _planet(canvas, width - x, height * chance.uniform(0.5, 0.7), r * 0.4, (186, 196, 214), ringed=False)
    ground = chance.choice(((178, 170, 190), (214, 132, 100), (140, 146, 196)))
    ridge(canvas, height - 0.2, 0.03, darker(ground, 0.3), chance)
    ridge(canvas, height - 0.14, 0.02, ground, chance)
    for _ in range(int(8 * max(1.0, width))):
        crater = canvas.pen(chance.uniform(0, width), height - chance.uniform(0.01, 0.1), chance.uniform(0.02, 0.06))
        crater.oval(0, 0, 1, 0.24, darker(ground, 0.2))
        crater.oval(0.06, 0.07, 0.86, 0.17, darker(ground, 0.08))
    stage = _stage(canvas, lie, 0.52)
    return Stage(x=stage.x, foot=height - 0.1, scale=stage.scale, airless=True)


def _planet(canvas: Canvas, x: float, y: float, r: float, colour: Colour, *, ringed: bool) -> None:
    pen = canvas.pen(x, y, r)
    ring = lighter(colour, 0.5)
    if ringed:
        pen.taper([(0.9, -0.36), (1.72, -0.5), (1.2, -0.12), (0, 0.26)], 0.09, 0.09, darker(ring, 0.3))
        pen.taper([(-0.95, -0.05), (-1.75, 0.42), (-1.2, 0.46), (0, 0.26)], 0.09, 0.09, darker(ring, 0.3))
    pen.disc(0, 0, 1, colour)
    pen.blob([(-0.97, -0.2), (-0.2, -0.1), (0.95, -0.3), (0.99, -0.05), (0, 0.12), (-0.99, 0.02)], lighter(colour, 0.2))
    pen.blob([(-0.8, 0.58), (0, 0.5), (0.86, 0.36), (0.7, 0.62), (0, 0.7)], darker(colour, 0.14))
    night = [(math.cos(a), math.sin(a)) for a in (math.radians(d) for d in range(-60, 121, 10))]
    inner = [
        (0.5 + 0.52 * math.cos(a), 0.87 * math.sin(a) + 0.0) for a in (math.radians(d) for d in range(100, -70, -10))
    ]
    pen.poly([*night, *[(x * 0.62 + 0.0, y) for x, y in inner]], (20, 14, 50, 70))
    if ringed:
        pen.taper([(-1.62, 0.5), (-1.0, 0.5), (0, 0.28), (1.1, -0.14), (1.66, -0.5)], 0.07, 0.07, ring)


def _underwater(canvas: Canvas, mood: Mood, lie: _Lie, chance: random.Random, detail: int) -> Stage:
    tones = chance.choice(
        (((132, 218, 220), (44, 146, 178), (18, 74, 122)), ((150, 226, 206), (50, 156, 164), (20, 84, 116)))
    )
    canvas.gradient(0, canvas.height + 0.01, tones)
    pen, width, height = canvas.pen(), canvas.width, canvas.height
    for _ in range(int(5 * max(1.0, width))):
        x, w = chance.uniform(-0.1, width), chance.uniform(0.04, 0.1)
        pen.poly([(x, 0), (x + w, 0), (x + w * 2 - 0.2, height), (x - 0.3, height)], (255, 255, 255, 22))
    ridge(canvas, height - 0.2, 0.04, mix((36, 110, 146), tones[2], 0.3), chance)
    line = ridge(canvas, height - 0.1, 0.02, (226, 204, 160), chance)
    for _ in range(int(16 * max(1.0, width))):
        x, y = line[chance.randrange(len(line))]
        weed, tone = (
            canvas.pen(x, y + 0.02, chance.uniform(0.1, 0.26)),
            chance.choice(((38, 132, 110), (64, 158, 108), (226, 104, 110), (234, 150, 90))),
        )
        if tone[0] < 100:
            for lean in (-0.25, 0.0, 0.22):
                weed.taper(
                    [(lean * 0.3, 0), (lean + 0.12, -0.35), (lean - 0.08, -0.7), (lean + 0.08, -1)], 0.13, 0.03, tone
                )
        else:
            for a in (-50, -20, 12, 45):
                tip = (0.5 * math.sin(math.radians(a)), -0.5 * math.cos(math.radians(a)))
                weed.taper([(0, 0), tip], 0.16, 0.1, tone)
    for _ in range(int((10 + 6 * detail) * max(1.0, width))):
        r = chance.uniform(0.004, 0.014)
        x, y = chance.uniform(0, width), chance.uniform(0.05, height * 0.85)
        pen.disc(x, y, r, (255, 255, 255, 70))
        pen.disc(x - r * 0.3, y - r * 0.3, r * 0.35, (255, 255, 255, 190))
    stage = _stage(canvas, lie, 0.56)
    return Stage(x=stage.x, foot=height * 0.72, scale=stage.scale, afloat=True, airless=True)


def skyline(
    canvas: Canvas, base: float, height: float, tone: Colour, mood: Mood, chance: random.Random, windows: int
) -> None:
    """Stand a row of towers on the base line; windows 0 leaves them as silhouettes."""
    pen, x = canvas.pen(), -0.02
    lamp = mix(_LAMP, tone, 0.1) if mood.time in ("night", "sunset") else lighter(tone, 0.35)
    lights = random.Random(chance.random())
    while x < canvas.width:
        w, h = chance.uniform(0.06, 0.14), height * chance.uniform(0.45, 1.0)
        kind, shade = chance.random(), lighter(tone, chance.uniform(0.0, 0.08))
        pen.rect(x, base - h, x + w, base + 0.01, shade)
        pen.rect(x + w * 0.72, base - h, x + w, base + 0.01, darker(shade, 0.1))
        if kind < 0.25:
            pen.rect(x + w * 0.46, base - h - 0.06, x + w * 0.54, base - h, shade)
        elif kind < 0.45:
            pen.poly([(x, base - h), (x + w / 2, base - h - w * 0.5), (x + w, base - h)], shade)
        elif kind < 0.65:
            pen.rect(x + w * 0.2, base - h - 0.03, x + w * 0.8, base - h, shade)
        if windows:
            columns, gap = max(2, int(w / 0.026)), 0.03
            for row in range(int((h - 0.03) / gap)):
                for column in range(columns):
                    if lights.random() < (0.55 if mood.night else 0.4):
                        left = x + w * (column + 0.28) / columns
                        top = base - h + 0.016 + row * gap
                        pen.rect(left, top, left + w / columns * 0.46, top + gap * 0.5, lamp)
        x += w + chance.choice((0.0, 0.004, 0.02))


def townhouses(canvas: Canvas, base: float, mood: Mood, chance: random.Random, detail: int) -> None:
    """Stand a street of narrow coloured houses on the base line."""
    x = chance.uniform(-0.16, -0.04)
    last = -1
    while x < canvas.width:
        w, h = chance.uniform(0.19, 0.27), chance.uniform(0.34, 0.5)
        number = chance.choice([i for i in range(len(_WALLS)) if i != last])
        last = number
        wall = mood.lit(_WALLS[number], 0.2)
        pen = canvas.pen(x, base)
        pen.rect(0, -h, w, 0.005, wall)
        pen.rect(w * 0.94, -h, w, 0.005, darker(wall, 0.12))
        roof = mood.lit(chance.choice(((150, 84, 76), (98, 88, 108), (120, 100, 92))), 0.2)
        snowy = mood.season == "winter"
        if chance.random() < 0.5:
            pen.poly(
                [(-0.012, -h), (w / 2, -h - w * 0.42), (w + 0.012, -h)], mood.lit((240, 244, 250)) if snowy else roof
            )
            pen.disc(w / 2, -h - w * 0.13, w * 0.07, darker(wall, 0.3))
        else:
            pen.rect(-0.01, -h - 0.022, w + 0.01, -h, mood.lit((240, 244, 250)) if snowy else roof)
        frame, rows = lighter(wall, 0.4), max(1, int((h - 0.12) / 0.125))
        for row in range(rows):
            for column in (0.28, 0.7):
                lit = mood.night and chance.random() < 0.6
                glass = _LAMP if lit else mood.lit(_GLASS, 0.15)
                sash(pen.at(w * column, -h + 0.035 + row * 0.125), 0.03, 0.075, frame, glass)
                if chance.random() < 0.5 and detail > 1 and mood.season != "winter":
                    box = pen.at(w * column, -h + 0.035 + row * 0.125 + 0.078, 0.075)
                    box.tone = mood.lit
                    things.box(box, chance)
        pen.rect(w * 0.4, -0.1, w * 0.62, 0, darker(wall, 0.45))
        x += w


def sash(pen: Pen, half: float, height: float, frame: Colour, glass: Colour) -> None:
    """Draw a window hanging from its top middle."""
    pen.rect(-half - 0.006, -0.006, half + 0.006, height + 0.006, frame)
    pen.rect(-half, 0, half, height, glass)
    pen.poly(
        [(-half * 0.9, height * 0.6), (half * 0.1, 0.004), (half * 0.5, 0.004), (-half * 0.9, height * 0.9)],
        lighter(glass, 0.3),
    )
    pen.rect(-0.003, 0, 0.003, height, frame)
    pen.rect(-half, height * 0.45, half, height * 0.45 + 0.005, frame)


_WALLPAPERS: tuple[Colour, ...] = (
    (232, 212, 188), (184, 206, 200), (226, 190, 176), (188, 200, 222), (218, 208, 172), (206, 192, 212),
)  # fmt: skip


_WOODS: tuple[Colour, ...] = ((178, 120, 78), (150, 98, 72), (202, 152, 104))
_CLOTHS: tuple[Colour, ...] = ((206, 110, 98), (98, 140, 148), (224, 178, 110), (150, 126, 168))


def _wall(canvas: Canvas, mood: Mood, chance: random.Random, detail: int, floor: float) -> float:
    """Paint a papered wall with windows and pictures down to the floor; return where the first window hangs."""
    pen, width = canvas.pen(), canvas.width
    wall = mood.lit(chance.choice(_WALLPAPERS))
    wall = mix(wall, (120, 84, 70), 0.3) if mood.night else wall
    canvas.gradient(0, canvas.height, (lighter(wall, 0.14), wall, darker(wall, 0.06)))
    if detail > 1:
        for i in range(int(width / 0.12) + 1):
            pen.rect(i * 0.12, 0, i * 0.12 + 0.05, canvas.height, lighter(wall, 0.09))
    left = chance.random() < 0.5
    first = width * (0.27 if left else 0.73)
    for i in range(max(1, round(width / 1.7))):  # a long room has more than one
        shift = i * 1.7 if left else -i * 1.7
        _window(canvas, first + shift, floor - 0.66, mood, chance)
        beside = width - first if width < 1.4 else first + shift + (0.6 if left else -0.6)
        _frames(canvas, beside, floor - 0.5, wall, chance)
    return first


def _planks(
    canvas: Canvas, top: float, wood: Colour, chance: random.Random, detail: int, window: float, bright: bool
) -> None:
    """Lay a table top or a floor of wood with the light of the window on it."""
    pen, width, height = canvas.pen(), canvas.width, canvas.height
    pen.rect(0, top, width, height, wood)
    pen.rect(0, top, width, top + 0.012, lighter(wood, 0.22))
    lines = random.Random(chance.random())
    for _ in range(int(8 * detail * max(1.0, width))):
        x, y = lines.uniform(-0.1, width), lines.uniform(top + 0.03, height)
        pen.oval(x, y, lines.uniform(0.04, 0.16), 0.0016, darker(wood, 0.1))
    shine = [(-0.2, top + 0.012), (0.16, top + 0.012), (0.24, height), (-0.3, height)]
    pen.poly([(window + x, y) for x, y in shine], clear((255, 240, 206), 0.2 if bright else 0.0))


def room(canvas: Canvas, mood: Mood, chance: random.Random, detail: int) -> Stage:
    """Paint a wall with a window and pictures, and a table across the foreground for the figure."""
    width, height = canvas.width, canvas.height
    table = height * 0.76 if height <= 1.2 else height - 0.34
    window = _wall(canvas, mood, chance, detail, table)
    _planks(canvas, table, mood.lit(chance.choice(_WOODS)), chance, detail, window, not mood.night)
    plant_x = width - 0.13 if window < width / 2 else 0.13
    _houseplant(canvas.pen(plant_x, table + 0.06, 0.3), mood, chance)
    x = width * (0.5 + chance.uniform(-0.06, 0.06))
    return Stage(x=x, foot=table + (height - table) * 0.45, scale=0.46, airless=True)


def parlour(canvas: Canvas, mood: Mood, chance: random.Random, detail: int) -> Stage:
    """Paint a room with a floor and a rug, for furniture."""
    width, height = canvas.width, canvas.height
    floor = height - 0.27
    window = _wall(canvas, mood, chance, detail, floor - 0.04)
    canvas.pen().rect(0, floor - 0.03, width, floor, mood.lit((248, 242, 230)))
    _planks(canvas, floor, mood.lit(chance.choice(_WOODS)), chance, detail, window, not mood.night)
    rug = mood.lit(chance.choice(((196, 108, 96), (108, 138, 150), (214, 176, 116))))
    x = width * (0.5 + chance.uniform(-0.06, 0.06))
    carpet = canvas.pen(x, floor + 0.17)
    for share, tone in ((1.0, darker(rug, 0.14)), (0.94, rug), (0.78, lighter(rug, 0.3)), (0.72, rug)):
        carpet.oval(0, 0, 0.46 * share, 0.085 * share, tone)
    _houseplant(canvas.pen(width - 0.11 if window < width / 2 else 0.11, floor + 0.05, 0.36), mood, chance)
    return Stage(x=x, foot=floor + 0.15, scale=0.44, airless=True)


def sill(canvas: Canvas, mood: Mood, chance: random.Random, detail: int) -> Stage:
    """Paint a large window with a view of the town, seen from a broad sill."""
    width, height = canvas.width, canvas.height
    pen, top, bottom = canvas.pen(), 0.07, height - 0.24
    sky(canvas, mood, bottom - 0.1, chance, detail)
    ridge(canvas, bottom - 0.16, 0.03, mood.lit(mood.land[0], 0.4), chance)
    skyline(canvas, bottom, 0.2, mood.lit((158, 124, 128), 0.3), mood, chance, 1)
    frame, wall = mood.lit((250, 244, 232)), mood.lit(chance.choice(_WALLPAPERS))
    for x in (0.0, width - 0.1):
        pen.rect(x, 0, x + 0.1, height, wall)
    pen.rect(0, 0, width, top, wall)
    for x in (0.1, width - 0.125, width / 2 - 0.01):
        pen.rect(x, top, x + 0.025, bottom, frame)
    for y in (top, top + (bottom - top) * 0.36):
        pen.rect(0.1, y, width - 0.1, y + 0.022, frame)
    cloth = mood.lit(chance.choice(_CLOTHS))
    for edge, way in ((0.0, 1), (width, -1)):
        folds = [(0, -0.1), (0.2, -0.1), (0.19, 0.3), (0.11, 0.6), (0.14, bottom + 0.02), (0, bottom + 0.02)]
        pen.blob([(edge + way * dx, y) for dx, y in folds], cloth)
        pen.taper(
            [(edge + way * 0.12, 0), (edge + way * 0.1, 0.4), (edge + way * 0.07, bottom)],
            0.012,
            0.012,
            darker(cloth, 0.15),
        )
    pen.rect(0, bottom, width, height, frame)
    pen.rect(0, bottom, width, bottom + 0.015, lighter(frame, 0.5))
    pen.rect(0, height - 0.06, width, height, darker(frame, 0.14))
    pot = canvas.pen(width - 0.16, bottom + 0.06, 0.22)
    pot.tone = mood.lit
    things.pot(pot, chance)
    return Stage(x=width * (0.44 + chance.uniform(-0.05, 0.03)), foot=bottom + 0.11, scale=0.48, airless=True)


def _window(canvas: Canvas, x: float, top: float, mood: Mood, chance: random.Random) -> None:
    pen = canvas.pen(x, top)
    frame, half, tall = mood.lit((250, 244, 232)), 0.19, 0.46
    pen.rect(-half - 0.025, -0.025, half + 0.025, tall + 0.025, frame)
    rows = 24
    for i in range(rows):
        share = i / rows
        tone = mix(mood.sky[0], mood.sky[1], share * 2) if share < 0.5 else mix(mood.sky[1], mood.sky[2], share * 2 - 1)
        pen.rect(-half, tall * share, half, tall * (share + 1 / rows), tone)
    if mood.night:
        moon(pen, 0.06, 0.12, 0.035, mood)
    else:
        cloud(pen.at(chance.uniform(-0.05, 0.05), 0.14, 0.08), (255, 255, 255))
    for i, share in enumerate((0.62, 0.78)):
        land = mood.lit(mood.land[i], 0.4 - 0.3 * i)
        phase = chance.uniform(0, 6)
        line = [(-half + 2 * half * k / 12, tall * share + 0.02 * math.sin(k * 0.6 + phase)) for k in range(13)]
        pen.poly([*line, (half, tall), (-half, tall)], land)
    pen.rect(-0.008, 0, 0.008, tall, frame)
    pen.rect(-half, tall * 0.42, half, tall * 0.42 + 0.014, frame)
    pen.rect(-half - 0.05, tall + 0.02, half + 0.05, tall + 0.05, frame)
    pen.rect(-half - 0.05, tall + 0.05, half + 0.05, tall + 0.058, darker(frame, 0.2))
    cloth = mood.lit(chance.choice(_CLOTHS))
    for side in (-1, 1):
        edge = side * (half + 0.07)
        pen.blob([(edge, -0.05), (side * half * 0.55, -0.05), (side * half * 0.75, 0.2), (side * (half + 0.0), 0.42),
                  (edge, 0.5)], cloth)  # fmt: skip
        pen.taper([(side * half * 0.85, -0.03), (side * (half - 0.01), 0.25), (side * (half + 0.03), 0.44)], 0.01, 0.01,
                  darker(cloth, 0.15))  # fmt: skip
    pen.rect(-half - 0.1, -0.06, half + 0.1, -0.045, darker(cloth, 0.5))


def _frames(canvas: Canvas, x: float, top: float, wall: Colour, chance: random.Random) -> None:
    """Hang two small pictures."""
    for dx, dy, w, h in ((-0.06, 0.0, 0.07, 0.1), (0.1, 0.06, 0.05, 0.06)):
        pen = canvas.pen(x + dx, top + dy)
        pen.rect(-w - 0.012, -0.012, w + 0.012, 2 * h + 0.012, darker(wall, 0.55))
        ground = turned((236, 214, 190), chance.uniform(0, 360), 0.8)
        pen.rect(-w, 0, w, 2 * h, (250, 246, 238))
        pen.rect(-w * 0.8, h * 0.2, w * 0.8, h * 1.8, ground)
        pen.disc(w * 0.25, h * 0.75, w * 0.26, lighter(ground, 0.6))
        hill = [(-0.8, 1.8), (-0.8, 1.4), (-0.2, 0.95), (0.3, 1.45), (0.8, 1.2), (0.8, 1.8)]
        pen.poly([(w * px, h * py) for px, py in hill], darker(ground, 0.4))


def _houseplant(pen: Pen, mood: Mood, chance: random.Random) -> None:
    pen.shadow(0, 0, 0.3, 0.05)
    green = mood.lit((70, 134, 96))
    for i, angle in enumerate((-70, -45, -20, 4, 26, 50, 72)):
        a, length = math.radians(angle), chance.uniform(0.5, 0.8)
        tip = (math.sin(a) * length, -0.35 - math.cos(a) * length)
        bend = (math.sin(a) * length * 0.4, -0.35 - math.cos(a) * length * 0.7)
        tone = lighter(green, 0.12) if i % 2 else green
        pen.blob([(0, -0.35), (bend[0] - 0.09, bend[1] + 0.02), tip, (bend[0] + 0.09, bend[1] + 0.05)], tone)
    pot = mood.lit(chance.choice(((232, 224, 210), (196, 110, 84), (96, 120, 140))))
    pen.poly([(-0.24, -0.38), (0.24, -0.38), (0.17, 0), (-0.17, 0)], pot)
    pen.poly([(0.06, -0.38), (0.24, -0.38), (0.17, 0), (0.06, 0)], darker(pot, 0.12))
    pen.rect(-0.27, -0.42, 0.27, -0.34, lighter(pot, 0.12), 0.02)


def studio(canvas: Canvas, mood: Mood, chance: random.Random, detail: int) -> Stage:
    """Paint a product backdrop: soft wall, arch, discs, podiums, a spray of leaves."""
    base: Colour = chance.choice(((238, 206, 190), (196, 216, 208), (206, 204, 228), (240, 222, 180), (222, 196, 204)))
    if mood.night:
        base = mix(base, (40, 34, 70), 0.72)
    pen, width, height = canvas.pen(), canvas.width, canvas.height
    floor = height - 0.3 if height >= 1 else height * 0.7
    canvas.gradient(0, floor, (lighter(base, 0.1), base, lighter(base, 0.25)))
    canvas.gradient(floor, height + 0.01, (darker(base, 0.07), lighter(base, 0.06)))
    x = width / 2 + chance.uniform(-0.05, 0.05)
    side = chance.choice((-1, 1))
    accent = turned(base, chance.choice((-40, 30, 150)), 1.2)
    pen.disc(x + side * 0.2, floor - 0.4, 0.25, lighter(accent, 0.35))
    arch = darker(base, 0.12)
    pen.rect(x - side * 0.12 - 0.22, floor - 0.42, x - side * 0.12 + 0.22, floor, arch)
    pen.disc(x - side * 0.12, floor - 0.42, 0.22, arch)
    for i, (dx, w, h) in enumerate(((side * 0.33, 0.13, 0.2), (-side * 0.36, 0.11, 0.1))):
        _podium(canvas.pen(x + dx, floor + 0.07), w, h, mix(accent, base, 0.4 * i + 0.2))
    if detail > 1:
        leaf = mix((110, 150, 120), base, 0.35)
        for i in range(8):
            a, y = math.radians(25 + i * 4), floor - 0.08 - i * 0.055
            spot = canvas.pen(x - side * 0.42 + side * 0.014 * i, y, 0.12)
            for way in (-1, 1):
                spot.blob([(0, 0), (way * 0.3, -0.28), (way * math.cos(a), -0.45), (way * 0.55, -0.06)], leaf)
    _podium(canvas.pen(x, floor + 0.2), 0.25, 0.12, lighter(base, 0.28))
    return Stage(x=x, foot=floor + 0.09, scale=0.5, airless=True)


def _podium(pen: Pen, half: float, height: float, colour: Colour) -> None:
    flat = half * 0.24
    pen.shadow(0.02, 0.01, half * 1.15, flat * 1.2, 0.25)
    pen.rect(-half, -height, half, 0, colour)
    pen.oval(0, 0, half, flat, colour)
    pen.rect(half * 0.45, -height, half, 0, darker(colour, 0.08))
    pen.oval(0, -height, half, flat, lighter(colour, 0.3))


def portrait(canvas: Canvas, mood: Mood, chance: random.Random, detail: int) -> Stage:
    """Paint a quiet background for a bust: gradient, large disc, leaves at the sides."""
    pen, width, height = canvas.pen(), canvas.width, canvas.height
    canvas.gradient(0, height + 0.01, (mix(mood.sky[0], mood.sky[1], 0.5), mood.sky[1], mood.sky[2]))
    x = width / 2 + chance.uniform(-0.05, 0.05)
    middle = height - 0.56
    pen.disc(x + chance.uniform(-0.06, 0.06), middle, 0.4, clear(mix(mood.sun, mood.sky[2], 0.2), 0.8))
    leaf = mood.lit(chance.choice(mood.leaves if mood.season != "winter" else ((110, 150, 150), (90, 128, 140))), 0.15)
    for edge, way in ((x - 0.46, 1), (x + 0.46, -1)):
        stem = canvas.pen(edge, height, 1.0, flip=way < 0)
        count = 3 + detail
        stem.taper([(0, 0), (-0.02, -0.3), (0.04, -0.62)], 0.014, 0.006, darker(leaf, 0.2))
        for i in range(count):
            y = -0.1 - 0.5 * i / count
            for side in (-1, 1):
                size = 0.15 - 0.015 * i
                tone = darker(leaf, 0.1) if side < 0 else leaf
                stem.blob(
                    [
                        (0, y),
                        (side * size * 0.5, y - size * 0.75),
                        (side * size * 1.1, y - size * 0.9),
                        (side * size * 0.8, y - size * 0.2),
                    ],
                    tone,
                )
    return Stage(x=x, foot=height, scale=0.94, airless=True)


_OUTDOORS = {
    "mountains": _mountains,
    "sea": _sea,
    "beach": _beach,
    "lake": _lake,
    "harbour": _harbour,
    "puddle": _puddle,
    "city": _city,
    "street": _street,
    "forest": _forest,
    "desert": _desert,
    "space": _space,
    "underwater": _underwater,
    "road": _road,
}
_INDOORS = {"room": room, "parlour": parlour, "sill": sill, "studio": studio, "portrait": portrait}
