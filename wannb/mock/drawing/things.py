"""Draw things: car, clock, cup, bottle, flowers, boat, rocket, balloon. About one unit, standing on 0, 0."""

from __future__ import annotations

import math
import random

from .canvas import Pen
from .colour import INK, Colour, darker, lighter, mix
from .mood import Mood
from .town import blooms

_STEEL: Colour = (214, 218, 226)


def car(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None) -> None:
    """Draw a small rounded car seen from the side, about 1.3 units long."""
    body = tint or chance.choice(((214, 74, 66), (70, 136, 178), (242, 190, 82), (104, 166, 134), (236, 226, 208)))
    glass = (255, 232, 172) if mood.night else (184, 216, 226)
    pen.oval(0, 0.0, 0.66, 0.03, (20, 18, 40, 90))
    pen.blob(
        [
            (-0.36, -0.3),
            (-0.27, -0.48),
            (-0.14, -0.56),
            (0.1, -0.56),
            (0.24, -0.49),
            (0.36, -0.32),
            (0.3, -0.26),
            (-0.3, -0.26),
        ],
        darker(body, 0.06),
    )
    pen.blob([(-0.3, -0.32), (-0.23, -0.455), (-0.13, -0.51), (-0.03, -0.515), (-0.03, -0.31)], glass)
    pen.blob([(0.02, -0.31), (0.02, -0.515), (0.1, -0.51), (0.2, -0.45), (0.28, -0.33)], glass)
    pen.poly([(-0.2, -0.33), (-0.13, -0.48), (-0.09, -0.49), (-0.14, -0.33)], lighter(glass, 0.45))
    pen.poly([(0.08, -0.33), (0.12, -0.48), (0.15, -0.47), (0.12, -0.33)], lighter(glass, 0.45))
    pen.blob(
        [
            (-0.64, -0.1),
            (-0.63, -0.26),
            (-0.5, -0.31),
            (-0.3, -0.34),
            (0.3, -0.34),
            (0.52, -0.3),
            (0.64, -0.22),
            (0.65, -0.1),
            (0.5, -0.06),
            (-0.5, -0.06),
        ],
        body,
    )
    pen.blob(
        [(-0.6, -0.25), (-0.3, -0.315), (0.3, -0.315), (0.55, -0.27), (0.3, -0.28), (-0.3, -0.28)], lighter(body, 0.3)
    )
    pen.rect(-0.62, -0.125, 0.63, -0.07, darker(body, 0.25), 0.02)
    pen.stroke([(-0.01, -0.33), (-0.01, -0.13)], 0.008, darker(body, 0.3))
    pen.rect(0.05, -0.26, 0.12, -0.238, _STEEL, 0.01)
    pen.oval(0.595, -0.215, 0.035, 0.042, (255, 244, 196))
    pen.rect(-0.645, -0.24, -0.605, -0.18, (232, 84, 76), 0.015)
    if mood.night:
        pen.poly([(0.62, -0.23), (1.15, -0.3), (1.15, 0.0), (0.62, -0.18)], (255, 240, 180, 60))
    for x in (-0.38, 0.38):
        pen.disc(x, -0.1, 0.145, darker(body, 0.5))
        pen.disc(x, -0.105, 0.125, (48, 46, 58))
        pen.disc(x, -0.105, 0.07, _STEEL)
        pen.disc(x, -0.105, 0.026, (110, 112, 126))
        for i in range(5):
            a = math.radians(72 * i + 18)
            pen.disc(x + 0.048 * math.cos(a), -0.105 + 0.048 * math.sin(a), 0.011, (110, 112, 126))
    pen.rect(0.6, -0.13, 0.68, -0.09, _STEEL, 0.015)
    pen.rect(-0.68, -0.13, -0.6, -0.09, _STEEL, 0.015)


def clock(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None) -> None:
    """Draw an alarm clock with two bells, one unit tall."""
    case = tint or chance.choice(((206, 84, 76), (70, 130, 140), (238, 182, 88), (96, 104, 150)))
    brass = (236, 196, 110)
    for side in (-1, 1):
        foot = pen.at(0, 0, flip=side < 0)
        foot.taper([(0.2, -0.16), (0.3, -0.02)], 0.07, 0.055, darker(case, 0.35))
        foot.taper([(0.15, -0.76), (0.24, -0.9)], 0.035, 0.035, darker(brass, 0.3))
        bell = [
            (0.25 + 0.15 * math.cos(math.radians(a)), -0.85 + 0.15 * math.sin(math.radians(a)))
            for a in range(-145, 40, 8)
        ]
        foot.poly(bell, brass)
        foot.taper([bell[0], bell[-1]], 0.03, 0.03, darker(brass, 0.18))
        foot.disc(0.32, -0.96, 0.022, darker(brass, 0.2))
    pen.stroke([(-0.1, -0.86), (-0.09, -0.98), (0.09, -0.98), (0.1, -0.86)], 0.03, darker(brass, 0.3))
    pen.rect(-0.018, -0.92, 0.018, -0.8, darker(case, 0.4))
    pen.disc(0, -0.44, 0.41, darker(case, 0.22))
    pen.disc(-0.012, -0.452, 0.395, case)
    pen.pie(-0.012, -0.452, 0.37, 190, 265, lighter(case, 0.28))
    pen.disc(-0.012, -0.452, 0.335, case)
    pen.disc(0, -0.44, 0.32, (252, 246, 232))
    pen.pie(0, -0.44, 0.32, 20, 110, (240, 232, 218))
    pen.disc(0, -0.44, 0.285, (252, 248, 238))
    for number in range(12):
        a = math.radians(number * 30)
        inner, thick = (0.225, 0.024) if number % 3 == 0 else (0.25, 0.014)
        mark = [(reach * math.sin(a), -0.44 - reach * math.cos(a)) for reach in (inner, 0.27)]
        pen.taper(mark, thick, thick, INK)
    hour, minute = math.radians(chance.choice((300, 65, 130, 245))), math.radians(chance.choice((60, 300, 48, 120)))
    pen.taper([(0, -0.44), (0.14 * math.sin(hour), -0.44 - 0.14 * math.cos(hour))], 0.034, 0.022, INK)
    pen.taper([(0, -0.44), (0.21 * math.sin(minute), -0.44 - 0.21 * math.cos(minute))], 0.026, 0.014, INK)
    pen.taper([(0, -0.44), (-0.05, -0.26)], 0.01, 0.008, (220, 80, 70))
    pen.disc(0, -0.44, 0.026, (220, 80, 70))


def cup(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None) -> None:
    """Draw a steaming cup on a saucer, with two biscuits."""
    china = tint or chance.choice(((236, 226, 212), (206, 110, 92), (96, 146, 150), (238, 192, 110)))
    pen.oval(0, -0.03, 0.52, 0.085, darker(china, 0.2))
    pen.oval(0, -0.05, 0.52, 0.085, lighter(china, 0.1))
    pen.oval(0, -0.055, 0.36, 0.055, darker(china, 0.1))
    handle = [(0.28, -0.5), (0.44, -0.52), (0.5, -0.4), (0.42, -0.26), (0.24, -0.2)]
    pen.taper(handle, 0.07, 0.055, darker(china, 0.12))
    pen.blob(
        [
            (-0.36, -0.62),
            (0.36, -0.62),
            (0.34, -0.4),
            (0.24, -0.14),
            (0.12, -0.06),
            (-0.12, -0.06),
            (-0.24, -0.14),
            (-0.34, -0.4),
        ],
        china,
    )
    pen.blob([(0.2, -0.58), (0.355, -0.6), (0.34, -0.4), (0.24, -0.14), (0.12, -0.06), (0.2, -0.3)], darker(china, 0.1))
    pen.taper([(-0.28, -0.5), (-0.27, -0.36), (-0.2, -0.2)], 0.03, 0.02, lighter(china, 0.6))
    band = lighter(china, 0.55) if sum(china) < 600 else (206, 110, 92)
    pen.taper([(-0.335, -0.4), (0, -0.365), (0.335, -0.4)], 0.03, 0.03, band)
    pen.oval(0, -0.62, 0.365, 0.085, lighter(china, 0.25))
    pen.oval(0, -0.615, 0.325, 0.066, (96, 60, 44))
    pen.oval(0, -0.605, 0.28, 0.05, (140, 92, 62))
    pen.blob([(0, -0.58), (-0.13, -0.615), (-0.07, -0.64), (0, -0.625), (0.07, -0.64), (0.13, -0.615)], (244, 226, 200))
    for x, lean in ((-0.14, 0.05), (0.02, -0.05), (0.17, 0.05)):
        for width, alpha in ((0.06, 50), (0.03, 70)):
            pen.taper(
                [(x, -0.7), (x + lean, -0.8), (x - lean, -0.92), (x + lean, -1.04)],
                width,
                width * 0.3,
                (255, 255, 255, alpha),
            )
    for x in (-0.4, -0.32):
        pen.oval(x, -0.09, 0.085, 0.035, (186, 124, 72))
        pen.oval(x, -0.1, 0.085, 0.035, (222, 164, 104))


def bottle(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None) -> None:
    """Draw a glass flask with stopper and label, as in an advertisement."""
    glass = tint or chance.choice(((226, 150, 120), (110, 160, 150), (146, 124, 184), (232, 186, 104)))
    gold = (228, 190, 112)
    if chance.random() < 0.5:  # round shoulders
        outline = [
            (-0.09, -0.7),
            (-0.12, -0.62),
            (-0.25, -0.5),
            (-0.28, -0.3),
            (-0.26, -0.06),
            (-0.2, 0.0),
            (0.2, 0.0),
            (0.26, -0.06),
            (0.28, -0.3),
            (0.25, -0.5),
            (0.12, -0.62),
            (0.09, -0.7),
        ]
        pen.blob(outline, lighter(glass, 0.3))
        pen.blob([(x * 0.86, y * 0.72 - 0.03) for x, y in outline], glass)
    else:
        pen.rect(-0.26, -0.66, 0.26, 0.0, lighter(glass, 0.3), 0.07)
        pen.rect(-0.215, -0.54, 0.215, -0.045, glass, 0.05)
    pen.poly([(0.1, -0.5), (0.2, -0.48), (0.2, -0.06), (0.12, -0.05)], darker(glass, 0.1))
    pen.taper([(-0.185, -0.5), (-0.2, -0.3), (-0.185, -0.1)], 0.03, 0.03, lighter(glass, 0.65))
    pen.rect(-0.075, -0.76, 0.075, -0.64, gold)
    pen.rect(-0.075, -0.76, -0.035, -0.64, lighter(gold, 0.4))
    pen.rect(-0.12, -0.97, 0.12, -0.755, darker(glass, 0.45), 0.035)
    pen.rect(-0.1, -0.95, -0.06, -0.78, lighter(glass, 0.1), 0.015)
    pen.rect(-0.14, -0.4, 0.14, -0.14, (252, 246, 236), 0.015)
    pen.rect(-0.12, -0.38, 0.12, -0.16, darker(gold, 0.05), 0.01)
    pen.rect(-0.113, -0.373, 0.113, -0.167, (252, 246, 236), 0.008)
    for a in range(0, 360, 60):  # a flower for a brand
        pen.disc(0.03 * math.cos(math.radians(a)), -0.3 + 0.03 * math.sin(math.radians(a)), 0.02, glass)
    pen.disc(0, -0.3, 0.015, gold)
    for y, half in ((-0.23, 0.07), (-0.2, 0.045)):
        pen.rect(-half, y, half, y + 0.01, darker(glass, 0.3))


def flowers(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None) -> None:
    """Draw a bouquet in a vase, one unit tall."""
    tones: tuple[Colour, ...] = ((236, 94, 112), (250, 190, 80), (250, 240, 234), (186, 120, 206), (242, 150, 120))
    if tint:
        tones = (tint, lighter(tint, 0.3), darker(tint, 0.12), (252, 244, 236))
    vase = chance.choice(((96, 140, 156), (232, 224, 212), (204, 122, 96), (120, 128, 168)))
    blooms(pen.at(0, -0.34, 0.98), mood, chance, tones, 13)
    blooms(pen.at(0, -0.36, 0.72), mood, chance, tones, 7)
    shape = [
        (-0.13, -0.44),
        (0.13, -0.44),
        (0.11, -0.36),
        (0.21, -0.2),
        (0.17, -0.02),
        (0.1, 0.0),
        (-0.1, 0.0),
        (-0.17, -0.02),
        (-0.21, -0.2),
        (-0.11, -0.36),
    ]
    pen.blob(shape, vase)
    pen.blob([(0.06, -0.4), (0.11, -0.36), (0.21, -0.2), (0.17, -0.02), (0.1, 0.0), (0.12, -0.2)], darker(vase, 0.12))
    pen.taper([(-0.14, -0.22), (-0.13, -0.12)], 0.03, 0.02, lighter(vase, 0.5))
    pen.rect(-0.14, -0.455, 0.14, -0.42, lighter(vase, 0.2), 0.015)


def boat(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None) -> None:
    """Draw a sailing boat with its reflection, one unit tall."""
    hull = mood.lit(tint or chance.choice(((206, 84, 72), (64, 112, 150), (240, 228, 206), (96, 140, 116))))
    cloth = mood.lit((252, 246, 232))
    for i in range(5):
        pen.oval(0, 0.05 + i * 0.045, 0.42 - i * 0.06, 0.012, (*darker(hull, 0.2)[:3], 110))
    pen.rect(-0.012, -1.0, 0.012, -0.14, mood.lit((120, 84, 62)))
    pen.blob([(0.03, -0.95), (0.24, -0.62), (0.4, -0.22), (0.22, -0.19), (0.03, -0.2)], cloth)
    pen.poly([(0.03, -0.5), (0.27, -0.53), (0.33, -0.38), (0.03, -0.36)], mix(cloth, hull, 0.55))
    pen.blob([(-0.03, -0.86), (-0.16, -0.5), (-0.33, -0.22), (-0.16, -0.2), (-0.03, -0.22)], darker(cloth, 0.1))
    pen.poly([(0.012, -1.0), (0.13, -0.965), (0.012, -0.93)], mood.lit((236, 96, 84)))
    pen.blob([(-0.47, -0.17), (0.0, -0.14), (0.54, -0.19), (0.42, 0.0), (0.28, 0.05), (-0.3, 0.05), (-0.4, 0.0)], hull)
    pen.taper([(-0.45, -0.155), (0.0, -0.13), (0.52, -0.175)], 0.025, 0.025, lighter(hull, 0.45))
    for x in (-0.22, -0.05, 0.12, 0.29):
        pen.disc(x, -0.06, 0.026, (255, 224, 150) if mood.night else lighter(hull, 0.6))
    for x, w in ((-0.36, 0.16), (0.12, 0.2), (0.46, 0.13)):
        pen.oval(x, 0.055, w, 0.014, (255, 255, 255, 150))


def rocket(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None) -> None:
    """Draw a rocket that has just left the ground."""
    trim = tint or chance.choice(((220, 84, 76), (72, 140, 190), (240, 170, 76)))
    pen = pen.at(0, -0.2, 0.95)
    for reach, tone in ((0.3, (240, 108, 62)), (0.22, (252, 176, 74)), (0.13, (255, 240, 190))):
        half = reach * 0.42
        pen.blob(
            [(-half, -0.06), (half, -0.06), (half * 0.8, reach * 0.5), (0, reach + 0.06), (-half * 0.8, reach * 0.5)],
            tone,
        )
    for x, y, r in (
        (-0.26, 0.2, 0.09),
        (-0.12, 0.24, 0.1),
        (0.05, 0.25, 0.11),
        (0.21, 0.21, 0.1),
        (0.34, 0.24, 0.07),
        (-0.37, 0.24, 0.06),
    ):
        pen.disc(x, y, r, (244, 240, 246))
    for side in (-1, 1):
        pen.at(0, 0, flip=side < 0).blob([(0.13, -0.36), (0.28, -0.2), (0.3, 0.0), (0.14, -0.08)], trim)
    pen.blob(
        [
            (0, -1.0),
            (0.12, -0.8),
            (0.17, -0.5),
            (0.12, -0.08),
            (0, -0.05),
            (-0.12, -0.08),
            (-0.17, -0.5),
            (-0.12, -0.8),
        ],
        (240, 240, 246),
    )
    pen.blob([(0.04, -0.92), (0.12, -0.8), (0.17, -0.5), (0.12, -0.08), (0.05, -0.06), (0.09, -0.5)], (208, 212, 226))
    pen.blob([(0, -1.0), (0.075, -0.89), (0.11, -0.81), (0, -0.78), (-0.11, -0.81), (-0.075, -0.89)], trim)
    pen.disc(0, -0.58, 0.088, trim)
    pen.disc(0, -0.58, 0.064, (120, 196, 214))
    pen.pie(0, -0.58, 0.064, 180, 270, (196, 232, 240))
    pen.taper([(-0.14, -0.28), (0, -0.25), (0.14, -0.28)], 0.04, 0.04, trim)
    pen.rect(-0.018, -0.22, 0.018, 0.0, darker(trim, 0.15), 0.015)


def balloon(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None) -> None:
    """Draw a hot-air balloon afloat above 0."""
    first = tint or chance.choice(((222, 92, 80), (72, 132, 168), (240, 176, 78), (126, 106, 170)))
    second = chance.choice(((252, 240, 220), (250, 206, 110)))
    pen = pen.at(0, -0.42, 0.86)
    y, r = -0.52, 0.42
    for i in range(7):  # gores, from the outside inwards
        half = r * (1 - i / 7)
        tone = mood.lit(first if i % 2 == 0 else second)
        edge = [(half * math.cos(a), y - r * math.sin(a)) for a in (math.radians(d) for d in range(-24, 205, 8))]
        pen.poly([*edge, (-half * 0.26, 0.0), (half * 0.26, 0.0)], tone)
    shade = [(r * math.cos(a), y - r * math.sin(a)) for a in (math.radians(d) for d in range(-24, 91, 6))]
    inner = [(r * 0.55 * math.cos(a), y - r * math.sin(a)) for a in (math.radians(d) for d in range(90, -25, -6))]
    pen.poly([(r * 0.26, 0.0), *shade, *inner, (r * 0.12, 0.0)], (30, 20, 60, 40))
    pen.oval(-0.16, -0.72, 0.06, 0.11, (255, 255, 255, 60))
    pen.rect(-r * 0.28, -0.02, r * 0.28, 0.02, mood.lit(darker(first, 0.25)), 0.015)
    for x in (-0.09, 0.09):
        pen.taper([(x, 0.02), (x * 0.8, 0.17)], 0.008, 0.008, mood.lit((92, 70, 62)))
    pen.rect(-0.09, 0.16, 0.09, 0.3, mood.lit((168, 118, 76)), 0.02)
    for x in (-0.05, 0.0, 0.05):
        pen.rect(x - 0.003, 0.17, x + 0.003, 0.29, mood.lit((130, 88, 58)))
    pen.rect(-0.1, 0.15, 0.1, 0.18, mood.lit((136, 92, 62)), 0.01)
    pen.glow(0, 0.08, 0.07, (255, 210, 110), 0.8 if mood.night else 0.3)
