"""Paint the open-air settings behind the figures and say where a figure can stand."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from .canvas import Canvas
from .colour import WHITE, Colour, clear, darker, lighter, mix
from .indoors import portrait, room, studio
from .mood import Mood
from .scenery import meadow_floor, peaks, pine, plant, ridge, sky, tree
from .stage import Stage
from .town import skyline, townhouses


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
    painters = {
        "mountains": _mountains, "sea": _sea, "beach": _beach, "lake": _lake, "city": _city, "street": _street,
        "forest": _forest, "desert": _desert, "space": _space, "underwater": _underwater, "road": _road,
    }  # fmt: skip
    indoors = {"room": room, "studio": studio, "portrait": portrait}
    if setting in indoors:
        return indoors[setting](canvas, mood, chance, detail)
    return painters.get(setting, _meadow)(canvas, mood, lie, chance, detail)


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
