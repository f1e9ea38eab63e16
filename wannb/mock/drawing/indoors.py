"""Paint the settings with a wall behind them: a room, a product studio, a portrait background."""

from __future__ import annotations

import math
import random

from .canvas import Canvas, Pen
from .colour import Colour, clear, darker, lighter, mix, turned
from .mood import Mood
from .scenery import cloud, moon
from .stage import Stage

_WALLPAPERS: tuple[Colour, ...] = (
    (232, 212, 188), (184, 206, 200), (226, 190, 176), (188, 200, 222), (218, 208, 172), (206, 192, 212),
)  # fmt: skip


def room(canvas: Canvas, mood: Mood, chance: random.Random, detail: int) -> Stage:
    """Paint a wall with a window and pictures, and a table across the foreground for the figure."""
    pen, width, height = canvas.pen(), canvas.width, canvas.height
    wall = mood.lit(chance.choice(_WALLPAPERS))
    if mood.night:
        wall = mix(wall, (120, 84, 70), 0.3)
    table = height * 0.76 if height <= 1.2 else height - 0.34
    canvas.gradient(0, height, (lighter(wall, 0.14), wall, darker(wall, 0.06)))
    if detail > 1:
        stripe = lighter(wall, 0.09)
        for i in range(int(width / 0.12) + 1):
            pen.rect(i * 0.12, 0, i * 0.12 + 0.05, height, stripe)
    left = chance.random() < 0.5
    window_x = width * (0.27 if left else 0.73)
    for i in range(max(1, round(width / 1.7))):  # a long room has more than one
        shift = i * 1.7 if left else -i * 1.7
        _window(canvas, window_x + shift, table - 0.66, mood, chance)
        beside = width - window_x if width < 1.4 else window_x + shift + (0.6 if left else -0.6)
        _frames(canvas, beside, table - 0.5, wall, chance)
    wood = mood.lit(chance.choice(((178, 120, 78), (150, 98, 72), (202, 152, 104))))
    pen.rect(0, table, width, height, wood)
    pen.rect(0, table, width, table + 0.012, lighter(wood, 0.22))
    lines = random.Random(chance.random())
    for _ in range(int(8 * detail * max(1.0, width))):
        x, y = lines.uniform(-0.1, width), lines.uniform(table + 0.03, height)
        pen.oval(x, y, lines.uniform(0.04, 0.16), 0.0016, darker(wood, 0.1))
    pen.poly([(window_x - 0.2, table + 0.012), (window_x + 0.16, table + 0.012), (window_x + 0.24, height),
              (window_x - 0.3, height)], clear((255, 240, 206), 0.0 if mood.night else 0.2))  # fmt: skip
    plant_x = width - 0.13 if left else 0.13
    _houseplant(canvas.pen(plant_x, table + 0.06, 0.3), mood, chance)
    x = width * (0.5 + chance.uniform(-0.06, 0.06))
    return Stage(x=x, foot=table + (height - table) * 0.45, scale=0.46, airless=True)


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
    cloth = mood.lit(chance.choice(((206, 110, 98), (98, 140, 148), (224, 178, 110), (150, 126, 168))))
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
