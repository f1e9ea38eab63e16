"""Settings: the places that stand behind the figures, painted in the light of the picture."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

from .canvas import WHITE, Canvas, Color, Point, clear, darker, lighter, mix, turned
from .scenery import Mood, Place, Stage, meadow_floor, peaks, plant, ridge, sky, tree
from .sketch import Sketch

_WALLS: tuple[Color, ...] = (
    (232, 196, 162), (214, 142, 122), (240, 220, 184), (158, 184, 186), (196, 172, 190), (222, 176, 120),
    (172, 192, 158),
)  # fmt: skip
_WALLPAPERS: tuple[Color, ...] = (
    (232, 212, 188), (184, 206, 200), (226, 190, 176), (188, 200, 222), (218, 208, 172), (206, 192, 212),
)  # fmt: skip
_WOODS: tuple[Color, ...] = ((178, 120, 78), (150, 98, 72), (202, 152, 104))
_GLASS: Color = (168, 206, 220)
_LAMP: Color = (255, 214, 128)
_ROCK: Color = (112, 128, 158)


def paint(canvas: Canvas, setting: str, mood: Mood, chance: random.Random, detail: int) -> Stage:
    """Paint the setting and return the stage for the figures."""
    height = canvas.height
    # Tall pictures get more sky, not a field of bare ground.
    horizon = height - chance.uniform(0.36, 0.44) * min(1.0, height) - 0.12 * max(0.0, height - 1)
    # Drawn before anything else, so that the level of detail does not move the figure.
    aside = chance.choice((-1, 1)) * chance.uniform(0.25, 1.0)
    foot = height - 0.17 - 0.045 * max(0.0, height - 1)
    place = Place(canvas=canvas, mood=mood, chance=chance, detail=detail, horizon=horizon, foot=foot, aside=aside)
    return _PAINTERS.get(setting, _meadow)(place)


def _grove(place: Place, line: list[Point], size: float, depth: float, count: int, detail: int) -> None:
    """Plant trees along a ridge, in loose groups."""
    for _ in place.many(count):
        plant(place, place.chance.choice(line), size, depth, detail)


def _hills(place: Place, trees: int = 7) -> None:
    """Paint rolling land in three depths, and what grows on the nearest."""
    mood, horizon, drop = place.mood, place.horizon, place.height - place.horizon
    far = ridge(place, horizon - 0.02, 0.04, mood.lit(mood.land[0], 0.55))
    _grove(place, far, 0.07, 0.55, trees, 1)
    middle = ridge(place, horizon + drop * 0.16, 0.035, mood.lit(mood.land[1], 0.22))
    _grove(place, middle, 0.14, 0.22, max(2, trees // 2), place.detail)
    ridge(place, horizon + drop * 0.42, 0.02, mood.lit(lighter(mood.land[2], 0.07)))
    ridge(place, horizon + drop * 0.62, 0.02, mood.lit(mood.land[2]))
    meadow_floor(place, horizon + drop * 0.5)


def _meadow(place: Place) -> Stage:
    chance, stage = place.chance, place.stage()
    sky(place, place.horizon + 0.06)
    if chance.random() < 0.5:
        peaks(place, place.horizon, 0.2, _ROCK, 0.55)
    _hills(place)
    if chance.random() < 0.75:  # one tall tree at the side that the figure leaves free
        x = place.width * (chance.uniform(0.08, 0.18) if stage.x > place.width / 2 else chance.uniform(0.82, 0.92))
        y = place.foot - chance.uniform(0.04, 0.1)
        place.pen.shadow(x + 0.02, y, 0.15, 0.02, 0.22)
        tree(place.canvas.pen(x, y, chance.uniform(0.52, 0.66)), place.mood, chance, 0.0, place.detail)
    return stage


def _mountains(place: Place) -> Stage:
    sky(place, place.horizon + 0.05)
    peaks(place, place.horizon + 0.02, 0.42, (124, 138, 172), 0.5)
    peaks(place, place.horizon + 0.06, 0.26, (92, 112, 140), 0.2)
    _hills(place, trees=11)
    return place.stage(0.46)


def _forest(place: Place) -> Stage:
    mood, chance = place.mood, place.chance
    sky(place, place.horizon + 0.1)
    pines = 0.3 if mood.season == "autumn" else 0.72
    for layer, (size, depth) in enumerate(((0.34, 0.62), (0.48, 0.36), (0.66, 0.12))):
        line = ridge(place, place.horizon + 0.02 + layer * 0.07, 0.015, mood.lit(mood.land[layer], depth))
        trees = place.many(11 - 3 * layer)
        for i in trees:
            spot = line[int((i + chance.uniform(0.1, 0.9)) / len(trees) * len(line))]
            if layer < 2 or abs(spot[0] - place.width / 2) > 0.26:  # a clearing for the figure
                plant(place, spot, size, depth, place.detail if layer == 2 else 1, pines)
    ridge(place, place.horizon + 0.2, 0.012, mood.lit(mood.land[2]))
    meadow_floor(place, place.horizon + 0.22)
    return place.stage(0.46)


def _water(place: Place, top: float, bottom: float) -> None:
    """Fill a band with water: the sky turned over, deepened, with ripples and glints."""
    mood, chance = place.mood, place.chance
    deep: Color = (28, 92, 132)
    near, far = mix(mood.lit((98, 178, 196)), mood.sky[2], 0.5), mix(mood.lit(deep), mood.sky[0], 0.12)
    place.canvas.gradient(top, bottom + 0.01, (near, mix(mood.lit((58, 146, 178)), mood.sky[1], 0.25), far))
    for _ in place.many(22 + 16 * place.detail):
        t = chance.random() ** 1.6
        y, length = top + (bottom - top) * t + 0.008, 0.02 + 0.1 * t * chance.uniform(0.4, 1.0)
        shade = mix(mood.sky[2], WHITE, 0.4) if chance.random() < 0.6 else mood.lit(deep)
        place.pen.oval(place.across(), y, length, 0.0016 + 0.003 * t, clear(shade, 0.34))


def _sea(place: Place) -> Stage:
    mood, chance, pen, width, height = place.mood, place.chance, place.pen, place.width, place.height
    horizon = height * chance.uniform(0.46, 0.54)
    sky(place, horizon)
    if chance.random() < 0.8:
        isle = place.canvas.pen(width * chance.choice((0.12, 0.86)), horizon, chance.uniform(0.2, 0.34))
        shape = [(-1, 0.1), (-0.5, -0.18), (0, -0.34), (0.4, -0.24), (1, 0.1)]
        isle.blob(shape, mood.lit((104, 134, 138), 0.4))
    _water(place, horizon, height)
    swell = mood.lit((34, 104, 142))
    for i, y in enumerate((0.80, 0.89)):
        phase, n = chance.uniform(0, 6), len(place.many(30))
        line = [(width * k / n, height * y + 0.012 * math.sin(k * 0.8 + phase)) for k in range(n + 1)]
        pen.poly([*line, (width, height), (0, height)], clear(darker(swell, 0.12 * i), 0.6))
        pen.taper(line, 0.004, 0.004, clear(mix(mood.sky[2], WHITE, 0.6), 0.6))
    return replace(place.stage(), foot=height * 0.79, afloat=True)


def _beach(place: Place) -> Stage:
    mood, chance, horizon = place.mood, place.chance, place.horizon - 0.06
    drop = place.height - horizon
    sky(place, horizon)
    _water(place, horizon, horizon + drop * 0.5)
    sand = mood.lit((244, 246, 250) if mood.season == "winter" else (240, 214, 166))
    foam = mix(sand, WHITE, 0.7)
    for lift, tone in ((0.03, clear(foam, 0.5)), (0.012, foam), (0.0, sand)):
        still = replace(place, chance=random.Random(int(horizon * 1000)))  # the same line, three times
        ridge(still, horizon + drop * 0.44 - lift, 0.016, tone)
    for _ in place.many(22 * place.detail):
        shade = chance.choice((darker(sand, 0.1), lighter(sand, 0.3), mood.lit((230, 160, 140))))
        y = chance.uniform(horizon + drop * 0.52, place.height)
        place.pen.oval(place.across(), y, chance.uniform(0.003, 0.012), 0.003, shade)
    return place.stage()


def _lake(place: Place) -> Stage:
    mood, horizon, drop = place.mood, place.horizon, place.height - place.horizon
    sky(place, horizon)
    peaks(place, horizon - 0.02, 0.26, _ROCK, 0.5)
    line = ridge(place, horizon - 0.04, 0.02, mood.lit(mood.land[0], 0.4))
    _grove(place, line, 0.1, 0.35, 9, 1)
    _water(place, horizon - 0.01, horizon + drop * 0.45)
    bank = ridge(place, horizon + drop * 0.42, 0.022, mood.lit(lighter(mood.land[2], 0.08)))
    for x, y in bank[::4]:
        reed = place.canvas.pen(x, y + 0.005, place.chance.uniform(0.03, 0.06))
        reed.taper([(0, 0), (0.1, -0.6), (0.3, -1)], 0.08, 0.02, mood.lit(darker(mood.land[1], 0.2)))
    meadow_floor(place, horizon + drop * 0.52)
    return replace(place.stage(), water=horizon + drop * 0.3)


def _harbour(place: Place) -> Stage:
    mood, chance, horizon, quay = place.mood, place.chance, place.horizon - 0.08, place.height - 0.2
    sky(place, horizon)
    ridge(place, horizon - 0.03, 0.02, mood.lit(mood.land[0], 0.5))
    _water(place, horizon, quay + 0.02)
    side, stone = chance.choice((-1, 1)), mood.lit((176, 168, 164))
    edge = place.width * (0.5 + 0.5 * side)
    port = place.canvas.pen(edge, horizon, flip=side > 0)
    port.poly([(0, 0.0), (0.5, 0.01), (0.54, 0.05), (0, 0.06)], darker(stone, 0.14))
    for number in range(4):
        x, size = edge - side * (0.06 + 0.1 * number), chance.uniform(0.8, 1.1)
        place.put("port house", x, horizon + 0.005, size, depth=0.15, words={mood.time})
    _slabs(place, quay, place.height, stone)
    place.pen.rect(0, quay, place.width, quay + 0.02, lighter(stone, 0.25))
    place.pen.rect(0, quay + 0.02, place.width, quay + 0.026, darker(stone, 0.2))
    for x in (0.1, place.width - 0.12):
        place.put("bollard", x, quay + 0.05)
    return replace(place.stage(), foot=quay + 0.1, water=horizon + (quay - horizon) * 0.62)


def _puddle(place: Place) -> Stage:
    chance, base, height = place.chance, place.horizon - 0.04, place.height
    _townhouses(place, base)
    stone = place.mood.lit((150, 142, 146))
    place.canvas.gradient(base, height, (darker(stone, 0.06), stone, lighter(stone, 0.1)))
    for number in place.many(60):  # cobbles
        t = chance.random() ** 0.7
        y, size = base + 0.02 + (height - base) * t, 0.012 + 0.03 * t
        place.pen.oval(place.across(), y, size * 1.5, size * 0.5, (lighter if number % 2 else darker)(stone, 0.09))
    x, y = place.width / 2, height - 0.17
    place.put("puddle", x, y)
    return Stage(x=x, foot=y + 0.02, scale=0.44, afloat=True)


def _city(place: Place) -> Stage:
    base = place.horizon + 0.08
    sky(place, base)
    for depth, height, tone in ((0.7, 0.42, (120, 134, 168)), (0.42, 0.36, (98, 108, 148)), (0.1, 0.3, (74, 80, 120))):
        _skyline(place, base, height, tone, depth, place.detail if depth < 0.6 else 0)
    _pavement(place, base)
    return place.stage()


def _street(place: Place) -> Stage:
    base = place.horizon + (place.height - place.horizon) * 0.34
    _townhouses(place, base)
    _pavement(place, base)
    return place.stage()


def _pavement(place: Place, top: float) -> None:
    """Lay kerb, pavement and road below the houses."""
    snowy, lit, pen = place.mood.season == "winter", place.mood.lit, place.pen
    stone, drop = lit((222, 226, 236) if snowy else (196, 186, 178)), place.height - top
    _slabs(place, top, top + drop * 0.62, stone)
    pen.rect(0, top + drop * 0.6, place.width, top + drop * 0.64, darker(stone, 0.2))
    _asphalt(place, top + drop * 0.64, top + drop * 0.855, place.height, (236, 232, 224))


def _slabs(place: Place, top: float, bottom: float, stone: Color) -> None:
    place.pen.rect(0, top, place.width, place.height, stone)
    for i in place.many(8):
        x = (i - 0.3) * 0.15
        place.pen.poly([(x, top), (x + 0.003, top), (x - 0.04, bottom), (x - 0.046, bottom)], darker(stone, 0.08))


def _asphalt(place: Place, top: float, middle: float, bottom: float, line: Color) -> None:
    pen, lit = place.pen, place.mood.lit
    pen.rect(0, top, place.width, bottom, lit((214, 220, 232) if place.mood.season == "winter" else (104, 100, 116)))
    for i in place.many(5):
        x = i * 0.28 + place.chance.uniform(0.0, 0.01)
        pen.poly([(x, middle), (x + 0.13, middle), (x + 0.12, middle + 0.012), (x - 0.01, middle + 0.012)], lit(line))


def _road(place: Place) -> Stage:
    sky(place, place.horizon + 0.05)
    peaks(place, place.horizon, 0.22, _ROCK, 0.5)
    _hills(place)
    top = place.foot - 0.09
    place.pen.rect(0, top - 0.012, place.width, top + 0.19, place.mood.lit((236, 230, 216)))
    _asphalt(place, top, top + 0.1, top + 0.178, (248, 214, 110))
    return place.stage(0.46)


def _desert(place: Place) -> Stage:
    mood, horizon = place.mood, place.horizon
    sky(place, horizon + 0.08)
    sand: Color = (244, 246, 250) if mood.season == "winter" else (236, 190, 124)
    for i, (rise, depth) in enumerate(((0.0, 0.5), (0.09, 0.25), (0.2, 0.0))):
        tone = mood.lit(darker(sand, 0.07 * i), depth)
        line = ridge(place, horizon + rise, 0.05 - 0.01 * i, tone)
        shade = [(x, y + 0.05 + 0.05 * math.sin(x * 5 + i)) for x, y in reversed(line)]
        place.pen.poly([*line, *shade], clear(lighter(tone, 0.3), 0.35))
    place.strew("cactus", 3, (place.foot - 0.2, place.foot - 0.03), (0.08, 0.16))
    return place.stage()


def _space(place: Place) -> Stage:
    chance, pen, width, height = place.chance, place.pen, place.width, place.height
    tones = chance.choice((((12, 12, 40), (44, 28, 88), (94, 48, 118)), ((8, 20, 44), (18, 52, 92), (42, 104, 126))))
    place.canvas.gradient(0, height + 0.01, tones)
    pen.glow(width * chance.uniform(0.2, 0.8), height * chance.uniform(0.3, 0.6), 0.6, lighter(tones[2], 0.3), 0.3)
    for _ in place.many((60 + 40 * place.detail) * height):
        star = mix(tones[1], WHITE, chance.uniform(0.4, 0.95))
        pen.disc(place.across(), chance.uniform(0, height), chance.choice((0.0012, 0.0018, 0.0026, 0.004)), star)
    x, r = width * chance.choice((0.16, 0.85)), chance.uniform(0.13, 0.19)
    place.put("planet", x, height * chance.uniform(0.22, 0.36), r, lit=False, words={"ringed"})
    moon_y = height * chance.uniform(0.5, 0.7)
    place.put("planet", width - x, moon_y, r * 0.4, lit=False, words={"bare"}, tint=(186, 196, 214))
    ground = chance.choice(((178, 170, 190), (214, 132, 100), (140, 146, 196)))
    ridge(place, height - 0.2, 0.03, darker(ground, 0.3))
    ridge(place, height - 0.14, 0.02, ground)
    place.strew("crater", 8, (height - 0.1, height - 0.01), (0.02, 0.06), lit=False, tint=ground)
    return replace(place.stage(0.52), foot=height - 0.1, airless=True)


def _underwater(place: Place) -> Stage:
    chance, pen, width, height = place.chance, place.pen, place.width, place.height
    light = chance.choice(((132, 218, 220), (150, 226, 206)))
    place.canvas.gradient(0, height + 0.01, (light, mix(light, (22, 110, 150), 0.7), (18, 78, 120)))
    for _ in place.many(5):
        x, w = chance.uniform(-0.1, width), chance.uniform(0.04, 0.1)
        pen.poly([(x, 0), (x + w, 0), (x + w * 2 - 0.2, height), (x - 0.3, height)], (255, 255, 255, 22))
    ridge(place, height - 0.2, 0.04, (30, 98, 136))
    ridge(place, height - 0.1, 0.02, (226, 204, 160))
    place.strew("weed", 16, (height - 0.1, height - 0.06), (0.1, 0.26), lit=False)
    place.strew("bubble", 10 + 6 * place.detail, (0.05, height * 0.85), (0.004, 0.014), lit=False)
    return replace(place.stage(0.56), foot=height * 0.72, afloat=True, airless=True)


def _skyline(place: Place, base: float, height: float, color: Color, depth: float, windows: int) -> None:
    """Stand a row of towers on the base line; windows 0 leaves them as silhouettes."""
    mood, chance, pen, x = place.mood, place.chance, place.pen, -0.02
    tone = mood.lit(color, depth)
    lamp = mix(_LAMP, tone, 0.1) if mood.time in ("night", "sunset") else lighter(tone, 0.35)
    lights = random.Random(chance.random())
    while x < place.width:
        w, h = chance.uniform(0.06, 0.14), height * chance.uniform(0.45, 1.0)
        kind, shade = chance.random(), lighter(tone, chance.uniform(0.0, 0.08))
        pen.rect(x, base - h, x + w, base + 0.01, shade)
        pen.rect(x + w * 0.72, base - h, x + w, base + 0.01, darker(shade, 0.1))
        if kind < 0.25:
            pen.rect(x + w * 0.46, base - h - 0.06, x + w * 0.54, base - h, shade)
        elif kind < 0.45:
            pen.poly([(x, base - h), (x + w / 2, base - h - w * 0.5), (x + w, base - h)], shade)
        columns = max(2, int(w / 0.026)) if windows else 0
        for spot in range(columns * int((h - 0.03) / 0.03)):
            if lights.random() < (0.55 if mood.night else 0.4):
                left, top = x + w * (spot % columns + 0.28) / columns, base - h + 0.016 + spot // columns * 0.03
                pen.rect(left, top, left + w / columns * 0.46, top + 0.015, lamp)
        x += w + chance.choice((0.0, 0.004, 0.02))


def _townhouses(place: Place, base: float) -> None:
    """Stand a street of narrow colored houses on the base line, before the sky and the towers of the town."""
    sky(place, base)
    _skyline(place, base, 0.5, (150, 140, 160), 0.6, 0)
    mood, chance, x = place.mood, place.chance, place.chance.uniform(-0.16, -0.04)
    number = 0
    while x < place.width:
        w, h = chance.uniform(0.19, 0.27), chance.uniform(0.34, 0.5)
        number = (number + chance.randint(1, len(_WALLS) - 1)) % len(_WALLS)
        wall, pen = mood.lit(_WALLS[number], 0.2), place.canvas.pen(x, base)
        pen.rect(0, -h, w, 0.005, wall)
        pen.rect(w * 0.94, -h, w, 0.005, darker(wall, 0.12))
        roof = mood.lit(chance.choice(((150, 84, 76), (98, 88, 108), (120, 100, 92))), 0.2)
        roof = mood.lit((240, 244, 250)) if mood.season == "winter" else roof
        if chance.random() < 0.5:
            pen.poly([(-0.012, -h), (w / 2, -h - w * 0.42), (w + 0.012, -h)], roof)
            pen.disc(w / 2, -h - w * 0.13, w * 0.07, darker(wall, 0.3))
        else:
            pen.rect(-0.01, -h - 0.022, w + 0.01, -h, roof)
        for spot in range(2 * max(1, int((h - 0.12) / 0.125))):
            glass = _LAMP if mood.night and chance.random() < 0.6 else mood.lit(_GLASS, 0.15)
            boxed = chance.random() < 0.5 and place.detail > 1 and mood.season != "winter"
            window = Sketch(
                "part_window", chance, words=() if boxed else ("bare",), lit=mood.lit,
                paints={"frame": lighter(wall, 0.4), "glass": glass}
            )  # fmt: skip
            window.bright = {"frame", "glass"}
            window.draw(pen.at(w * (0.28, 0.7)[spot % 2], -h + 0.035 + spot // 2 * 0.125, 0.46))
        pen.rect(w * 0.4, -0.1, w * 0.62, 0, darker(wall, 0.45))
        x += w


def _view(place: Place, x: float, y: float) -> None:
    """Draw what is seen through a window: sky, moon or cloud, two hills."""
    mood, chance, pen = place.mood, place.chance, place.canvas.pen(x, y)
    half, tall = 0.19, 0.46
    place.canvas.gradient(y, y + tall, mood.sky, x - half, x + half)
    if mood.night:
        place.put("moon", x + 0.06, y + 0.12, 0.035, lit=False, tint=mood.sun)
    else:
        place.put("cloud", x + chance.uniform(-0.05, 0.05), y + 0.14, 0.08, lit=False)
    for i, share in enumerate((0.62, 0.78)):
        phase = chance.uniform(0, 6)
        line = [(-half + 2 * half * k / 12, tall * share + 0.02 * math.sin(k * 0.6 + phase)) for k in range(13)]
        pen.poly([*line, (half, tall), (-half, tall)], mood.lit(mood.land[i], 0.4 - 0.3 * i))


def _wall(place: Place, floor: float) -> float:
    """Paint a papered wall with windows and pictures down to the floor; return where the first window hangs."""
    mood, chance, width = place.mood, place.chance, place.width
    wall = mood.lit(chance.choice(_WALLPAPERS))
    wall = mix(wall, (120, 84, 70), 0.3) if mood.night else wall
    place.canvas.gradient(0, place.height, (lighter(wall, 0.14), wall, darker(wall, 0.06)))
    for i in range(int(width / 0.12) + 1 if place.detail > 1 else 0):
        place.pen.rect(i * 0.12, 0, i * 0.12 + 0.05, place.height, lighter(wall, 0.09))
    left = chance.random() < 0.5
    first = width * (0.27 if left else 0.73)
    for i in range(max(1, round(width / 1.7))):  # a long room has more than one
        x = first + (i * 1.7 if left else -i * 1.7)
        _view(place, x, floor - 0.66)
        place.put("window", x, floor - 0.66)
        beside = width - first if width < 1.4 else x + (0.6 if left else -0.6)
        for dx, dy, scale in ((-0.06, 0.0, 1.0), (0.1, 0.06, 0.7)):
            place.put("print", beside + dx, floor - 0.5 + dy, scale, lit=False)
    return first


def _planks(place: Place, top: float, window: float) -> None:
    """Lay a table top or a floor of wood with the light of the window on it, and a plant."""
    pen, mood, wood = place.pen, place.mood, place.mood.lit(place.chance.choice(_WOODS))
    pen.rect(0, top, place.width, place.height, wood)
    pen.rect(0, top, place.width, top + 0.012, lighter(wood, 0.22))
    lines = random.Random(place.chance.random())
    for _ in place.many(8 * place.detail):
        x, y = lines.uniform(-0.1, place.width), lines.uniform(top + 0.03, place.height)
        pen.oval(x, y, lines.uniform(0.04, 0.16), 0.0016, darker(wood, 0.1))
    if not mood.night:
        shine = [(-0.2, top + 0.012), (0.16, top + 0.012), (0.24, place.height), (-0.3, place.height)]
        pen.poly([(window + x, y) for x, y in shine], clear((255, 240, 206), 0.2))
    plant_x = place.width - 0.12 if window < place.width / 2 else 0.12
    place.put("houseplant", plant_x, top + 0.06, 0.32)


def _room(place: Place) -> Stage:
    """A wall with a window and pictures, and a table across the foreground for the figure."""
    table = place.height * 0.76 if place.height <= 1.2 else place.height - 0.34
    _planks(place, table, _wall(place, table))
    x = place.width * (0.5 + place.chance.uniform(-0.06, 0.06))
    return Stage(x=x, foot=table + (place.height - table) * 0.45, scale=0.46, airless=True)


def _parlour(place: Place) -> Stage:
    """A room with a floor and a rug, for furniture."""
    floor = place.height - 0.27
    window = _wall(place, floor - 0.04)
    place.pen.rect(0, floor - 0.03, place.width, floor, place.mood.lit((248, 242, 230)))
    _planks(place, floor, window)
    rug = place.mood.lit(place.chance.choice(((196, 108, 96), (108, 138, 150), (214, 176, 116))))
    x = place.width * (0.5 + place.chance.uniform(-0.06, 0.06))
    for share, tone in ((1.0, darker(rug, 0.14)), (0.94, rug), (0.78, lighter(rug, 0.3)), (0.72, rug)):
        place.pen.oval(x, floor + 0.17, 0.46 * share, 0.085 * share, tone)
    return Stage(x=x, foot=floor + 0.15, scale=0.44, airless=True)


def _sill(place: Place) -> Stage:
    """A large window with a view of the town, seen from a broad sill."""
    mood, chance, pen, width, height = place.mood, place.chance, place.pen, place.width, place.height
    top, bottom = 0.07, height - 0.24
    sky(place, bottom - 0.1)
    ridge(place, bottom - 0.16, 0.03, mood.lit(mood.land[0], 0.4))
    _skyline(place, bottom, 0.2, (158, 124, 128), 0.3, 1)
    frame, wall = mood.lit((250, 244, 232)), mood.lit(chance.choice(_WALLPAPERS))
    for x1, x2, y in ((0.0, 0.1, height), (width - 0.1, width, height), (0, width, top)):
        pen.rect(x1, 0, x2, y, wall)
    for x in (0.1, width - 0.125, width / 2 - 0.01):
        pen.rect(x, top, x + 0.025, bottom, frame)
    for y in (top, top + (bottom - top) * 0.36):
        pen.rect(0.1, y, width - 0.1, y + 0.022, frame)
    curtain = Sketch("curtain", chance, lit=mood.lit)
    for x, flip in ((0.0, False), (width, True)):
        curtain.draw(place.canvas.pen(x, 0, bottom + 0.02, flip=flip))
    pen.rect(0, bottom, width, height, frame)
    pen.rect(0, bottom, width, bottom + 0.015, lighter(frame, 0.5))
    pen.rect(0, height - 0.06, width, height, darker(frame, 0.14))
    place.put("part_pot", width - 0.16, bottom + 0.06, 0.22)
    return Stage(x=width * (0.44 + chance.uniform(-0.05, 0.03)), foot=bottom + 0.11, scale=0.48, airless=True)


def _studio(place: Place) -> Stage:
    """A backdrop for products: soft wall, arch, discs, podiums, a spray of leaves."""
    chance, pen, height = place.chance, place.pen, place.height
    base: Color = chance.choice(((238, 206, 190), (196, 216, 208), (206, 204, 228), (240, 222, 180), (222, 196, 204)))
    base = mix(base, (40, 34, 70), 0.72) if place.mood.night else base
    floor = height - 0.3 if height >= 1 else height * 0.7
    place.canvas.gradient(0, floor, (lighter(base, 0.1), base, lighter(base, 0.25)))
    place.canvas.gradient(floor, height + 0.01, (darker(base, 0.07), lighter(base, 0.06)))
    x, side = place.width / 2 + chance.uniform(-0.05, 0.05), chance.choice((-1, 1))
    accent = turned(base, chance.choice((-40, 30, 150)), 1.2)
    pen.disc(x + side * 0.2, floor - 0.4, 0.25, lighter(accent, 0.35))
    pen.rect(x - side * 0.12 - 0.22, floor - 0.42, x - side * 0.12 + 0.22, floor, darker(base, 0.12))
    pen.disc(x - side * 0.12, floor - 0.42, 0.22, darker(base, 0.12))
    podiums = (
        (x + side * 0.33, floor + 0.07, 0.13, mix(accent, base, 0.2)),
        (x - side * 0.36, floor + 0.07, 0.11, mix(accent, base, 0.6)),
        (x, floor + 0.2, 0.25, lighter(base, 0.28)),
    )
    if place.detail > 1:
        leaf = mix((110, 150, 120), base, 0.35)
        place.put("sprig", x - side * 0.42, floor + 0.02, flip=side < 0, lit=False, tint=leaf)
    for left, y, half, stone in podiums:
        pen.shadow(left + 0.02, y + 0.01, half * 1.15, half * 0.28, 0.25)
        place.put("podium", left, y, half, lit=False, tint=stone)
    return Stage(x=x, foot=floor + 0.11, scale=0.5, airless=True)


def _portrait(place: Place) -> Stage:
    """A quiet background for a bust: gradient, large disc, leaves at the sides."""
    mood, chance, height = place.mood, place.chance, place.height
    place.canvas.gradient(0, height + 0.01, (mix(mood.sky[0], mood.sky[1], 0.5), mood.sky[1], mood.sky[2]))
    x = place.width / 2 + chance.uniform(-0.05, 0.05)
    sun = clear(mix(mood.sun, mood.sky[2], 0.2), 0.8)
    place.pen.disc(x + chance.uniform(-0.06, 0.06), height - 0.56, 0.4, sun)
    leaves = ((110, 150, 150), (90, 128, 140)) if mood.season == "winter" else mood.leaves
    leaf = mood.lit(chance.choice(leaves), 0.15)
    for side in (-1, 1):
        place.put("sprig", x + side * 0.46, height, flip=side > 0, lit=False, tint=leaf)
    return Stage(x=x, foot=height, scale=0.94, airless=True)


_PAINTERS: dict[str, Callable[[Place], Stage]] = {
    "mountains": _mountains, "forest": _forest, "sea": _sea, "beach": _beach, "lake": _lake, "harbour": _harbour,
    "puddle": _puddle, "city": _city, "street": _street, "road": _road, "desert": _desert, "space": _space,
    "underwater": _underwater, "room": _room, "parlour": _parlour, "sill": _sill, "studio": _studio,
    "portrait": _portrait,
}  # fmt: skip
