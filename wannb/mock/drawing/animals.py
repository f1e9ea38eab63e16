"""Draw the animals: cat, dog, bird, fish. Each is about one unit tall and stands on 0, 0."""

from __future__ import annotations

import math
import random

from .canvas import Pen, Point
from .colour import INK, Colour, darker, lighter, mix

_CREAM: Colour = (252, 240, 224)
_ROSE: Colour = (232, 138, 134)


def _eye(pen: Pen, x: float, y: float, r: float, iris: Colour) -> None:
    pen.disc(x, y, r, INK)
    pen.disc(x, y, r * 0.8, iris)
    pen.oval(x, y, r * 0.46, r * 0.72, INK)
    pen.disc(x - r * 0.28, y - r * 0.32, r * 0.26, (255, 255, 255))


def cat(pen: Pen, chance: random.Random, tint: Colour | None, *, walking: bool = False) -> None:
    """Draw a cat with stripes, a pale chest and a curling tail; it sits or walks."""
    coat = tint or chance.choice(((236, 138, 52), (120, 116, 130), (206, 160, 112), (74, 70, 84), (226, 176, 116)))
    stripe = darker(coat, 0.3) if sum(coat) > 220 else lighter(coat, 0.14)
    pale = _CREAM if sum(coat) < 640 else (255, 252, 246)
    iris = chance.choice(((122, 190, 110), (240, 196, 72), (98, 176, 200)))
    if walking or chance.random() < 0.35:
        _cat_walking(pen, coat, stripe, pale, iris)
    else:
        _cat_sitting(pen, coat, stripe, pale, iris)


def _cat_sitting(pen: Pen, coat: Colour, stripe: Colour, pale: Colour, iris: Colour) -> None:
    tail: list[Point] = [(0.2, -0.06), (0.42, -0.04), (0.5, -0.22), (0.4, -0.36), (0.46, -0.48)]
    pen.taper(tail, 0.12, 0.075, coat)
    for x, y, w in ((0.46, -0.1, 0.05), (0.49, -0.24, 0.05), (0.41, -0.35, 0.045)):
        pen.disc(x, y, w * 0.86, stripe)
    pen.disc(0.46, -0.48, 0.042, pale)
    body: list[Point] = [
        (-0.19, -0.56),
        (-0.27, -0.3),
        (-0.32, -0.1),
        (-0.26, 0.0),
        (0.26, 0.0),
        (0.32, -0.1),
        (0.27, -0.3),
        (0.19, -0.56),
    ]
    pen.blob(body, coat)
    for side in (-1, 1):
        haunch = pen.at(0, 0, flip=side < 0)
        haunch.oval(0.2, -0.13, 0.13, 0.15, darker(coat, 0.07))
        haunch.oval(0.24, -0.02, 0.1, 0.045, lighter(coat, 0.06))
        for i in range(3):
            y = -0.44 + i * 0.085
            haunch.taper([(0.27 - i * -0.01, y), (0.2, y + 0.005), (0.14, y + 0.025)], 0.034, 0.008, stripe)
    pen.blob([(-0.1, -0.54), (-0.14, -0.36), (-0.1, -0.2), (0, -0.14), (0.1, -0.2), (0.14, -0.36), (0.1, -0.54)], pale)
    for side in (-1, 1):
        pen.taper([(side * 0.085, -0.34), (side * 0.075, -0.04)], 0.115, 0.1, coat)
        pen.oval(side * 0.08, -0.025, 0.068, 0.042, pale)
    _cat_head(pen.at(0, -0.7), coat, stripe, pale, iris)


def _cat_walking(pen: Pen, coat: Colour, stripe: Colour, pale: Colour, iris: Colour) -> None:
    far = darker(coat, 0.18)
    pen.taper([(0.38, -0.46), (0.56, -0.52), (0.62, -0.72), (0.52, -0.86), (0.58, -0.96)], 0.11, 0.07, coat)
    for x, y in ((0.585, -0.57), (0.61, -0.7), (0.54, -0.82)):
        pen.disc(x, y, 0.043, stripe)
    pen.disc(0.58, -0.96, 0.038, pale)
    pen.taper([(-0.2, -0.3), (-0.12, -0.14), (-0.16, -0.02)], 0.13, 0.08, far)
    pen.taper([(0.3, -0.3), (0.24, -0.14), (0.2, -0.02)], 0.15, 0.08, far)
    pen.blob(
        [
            (-0.34, -0.5),
            (-0.1, -0.57),
            (0.2, -0.56),
            (0.42, -0.48),
            (0.46, -0.32),
            (0.34, -0.22),
            (0.0, -0.21),
            (-0.28, -0.22),
            (-0.38, -0.34),
        ],
        coat,
    )
    pen.blob([(-0.34, -0.3), (-0.1, -0.24), (0.2, -0.24), (0.0, -0.2), (-0.26, -0.21)], lighter(pale, 0.1))
    for i in range(5):
        x = -0.08 + i * 0.11
        pen.taper([(x, -0.565 + 0.01 * i), (x + 0.012, -0.47), (x - 0.008, -0.4)], 0.042, 0.008, stripe)
    pen.taper([(-0.28, -0.32), (-0.32, -0.16), (-0.3, -0.02)], 0.15, 0.085, coat)
    pen.taper([(0.34, -0.36), (0.4, -0.16), (0.36, -0.02)], 0.19, 0.085, coat)
    for x in (-0.31, 0.345):
        pen.oval(x, -0.025, 0.065, 0.04, pale)
    for x in (-0.175, 0.185):
        pen.oval(x, -0.025, 0.06, 0.036, darker(pale, 0.12))
    _cat_head(pen.at(-0.4, -0.64, 0.94), coat, stripe, pale, iris)


def _cat_head(pen: Pen, coat: Colour, stripe: Colour, pale: Colour, iris: Colour) -> None:
    for side in (-1, 1):
        ear = pen.at(0, 0, flip=side < 0)
        ear.blob([(0.045, -0.17), (0.13, -0.26), (0.195, -0.33), (0.225, -0.22), (0.23, -0.06)], coat)
        ear.blob([(0.1, -0.17), (0.15, -0.225), (0.185, -0.27), (0.2, -0.2), (0.195, -0.11)], _ROSE)
    pen.blob(
        [
            (0, -0.215),
            (0.14, -0.19),
            (0.235, -0.07),
            (0.25, 0.05),
            (0.16, 0.155),
            (0, 0.19),
            (-0.16, 0.155),
            (-0.25, 0.05),
            (-0.235, -0.07),
            (-0.14, -0.19),
        ],
        coat,
    )
    for x in (-0.065, 0.0, 0.065):
        pen.taper([(x, -0.2), (x * 0.8, -0.11)], 0.034, 0.012, stripe)
    for side in (-1, 1):
        cheek = pen.at(0, 0, flip=side < 0)
        for y in (0.01, 0.07):
            cheek.taper([(0.245, y), (0.17, y + 0.012)], 0.026, 0.008, stripe)
        _eye(pen, side * 0.1, -0.015, 0.052, iris)
        pen.disc(side * 0.045, 0.088, 0.062, pale)
        cheek.taper([(0.07, 0.08), (0.3, 0.05)], 0.007, 0.004, lighter(pale, 0.4))
        cheek.taper([(0.07, 0.095), (0.3, 0.115)], 0.007, 0.004, lighter(pale, 0.4))
    pen.disc(0, 0.12, 0.05, pale)
    pen.blob([(-0.032, 0.045), (0.032, 0.045), (0, 0.078)], _ROSE)
    for side in (-1, 1):
        pen.stroke([(0, 0.075), (side * 0.018, 0.108), (side * 0.05, 0.102)], 0.011, INK)


def dog(pen: Pen, chance: random.Random, tint: Colour | None) -> None:
    """Draw a sitting dog with hanging ears and a collar."""
    coat = tint or chance.choice(((206, 150, 92), (236, 214, 180), (130, 96, 76), (90, 84, 92), (226, 180, 120)))
    ear, pale = darker(coat, 0.3), _CREAM if sum(coat) < 640 else (255, 252, 246)
    pen.taper([(0.22, -0.1), (0.42, -0.2), (0.46, -0.38)], 0.11, 0.05, coat)
    pen.blob(
        [
            (-0.17, -0.6),
            (-0.25, -0.3),
            (-0.28, -0.08),
            (-0.22, 0.0),
            (0.24, 0.0),
            (0.31, -0.1),
            (0.26, -0.34),
            (0.17, -0.6),
        ],
        coat,
    )
    pen.blob([(-0.1, -0.58), (-0.13, -0.38), (0, -0.2), (0.13, -0.38), (0.1, -0.58)], pale)
    for side in (-1, 1):
        pen.oval(side * 0.23, -0.1, 0.1, 0.13, darker(coat, 0.07))
        pen.oval(side * 0.25, -0.025, 0.1, 0.045, lighter(coat, 0.1))
        pen.taper([(side * 0.09, -0.36), (side * 0.09, -0.04)], 0.12, 0.1, lighter(coat, 0.04))
        pen.oval(side * 0.09, -0.03, 0.072, 0.045, pale)
    collar = chance.choice(((206, 72, 72), (70, 126, 180), (84, 158, 110)))
    pen.taper([(-0.16, -0.57), (0, -0.53), (0.16, -0.57)], 0.05, 0.05, collar)
    pen.disc(0, -0.5, 0.036, (246, 206, 96))
    pen.blob(
        [
            (0, -0.99),
            (0.16, -0.94),
            (0.22, -0.8),
            (0.18, -0.64),
            (0, -0.56),
            (-0.18, -0.64),
            (-0.22, -0.8),
            (-0.16, -0.94),
        ],
        coat,
    )
    pen.blob(
        [(-0.03, -0.98), (0.03, -0.98), (0.05, -0.8), (0.12, -0.68), (0, -0.575), (-0.12, -0.68), (-0.05, -0.8)], pale
    )
    for side in (-1, 1):
        flap = pen.at(0, 0, flip=side < 0)
        flap.blob([(0.12, -0.95), (0.22, -0.93), (0.3, -0.78), (0.28, -0.6), (0.2, -0.58), (0.17, -0.74)], ear)
        pen.disc(side * 0.095, -0.8, 0.036, INK)
        pen.disc(side * 0.095 - 0.012, -0.812, 0.012, (255, 255, 255))
    pen.blob([(-0.055, -0.735), (0.055, -0.735), (0.035, -0.685), (0, -0.67), (-0.035, -0.685)], INK)
    pen.blob([(-0.035, -0.635), (0.035, -0.635), (0.03, -0.57), (0, -0.55), (-0.03, -0.57)], _ROSE)
    for side in (-1, 1):
        pen.stroke([(0, -0.68), (side * 0.025, -0.64), (side * 0.075, -0.645)], 0.013, INK)


def bird(pen: Pen, chance: random.Random, tint: Colour | None) -> None:
    """Draw a plump songbird on a flowering branch."""
    coat = tint or chance.choice(((78, 138, 190), (222, 96, 76), (96, 160, 120), (240, 186, 70)))
    belly, bark = mix(coat, _CREAM, 0.75), (112, 80, 68)
    pen.taper([(-4.0, 0.3), (-1.6, 0.06), (-0.75, -0.05), (-0.2, -0.03), (0.25, -0.06), (0.85, -0.2)], 0.2, 0.025, bark)
    pen.taper([(-1.5, 0.05), (-1.2, -0.14), (-0.95, -0.2)], 0.05, 0.02, bark)
    pen.taper([(0.2, -0.05), (0.42, 0.04), (0.6, 0.05)], 0.03, 0.015, bark)
    for x, y, way in ((-0.5, -0.06, -1), (0.45, -0.1, 1), (0.66, -0.16, -1), (-0.7, -0.08, 1)):
        pen.blob(
            [(x, y), (x + 0.03, y + way * 0.1), (x + 0.14, y + way * 0.13), (x + 0.11, y + way * 0.03)], (104, 166, 100)
        )
    for x, y in (
        (-0.58, -0.14),
        (0.56, -0.22),
        (-0.4, 0.05),
        (-0.95, -0.22),
        (-1.3, -0.02),
        (0.86, -0.22),
        (-1.7, 0.16),
    ):
        for a in range(0, 360, 72):
            pen.disc(
                x + 0.035 * math.cos(math.radians(a)), y + 0.035 * math.sin(math.radians(a)), 0.028, (250, 196, 208)
            )
        pen.disc(x, y, 0.018, (246, 206, 96))
    pen.blob([(0.2, -0.3), (0.6, -0.2), (0.64, -0.12), (0.5, -0.1), (0.16, -0.16)], darker(coat, 0.22))
    pen.blob(
        [
            (-0.3, -0.7),
            (-0.12, -0.82),
            (0.08, -0.74),
            (0.22, -0.52),
            (0.3, -0.26),
            (0.1, -0.1),
            (-0.16, -0.1),
            (-0.32, -0.3),
            (-0.32, -0.5),
        ],
        coat,
    )
    pen.blob([(-0.3, -0.52), (-0.14, -0.5), (0.0, -0.3), (0.06, -0.13), (-0.14, -0.11), (-0.3, -0.3)], belly)
    pen.blob([(-0.02, -0.54), (0.14, -0.5), (0.3, -0.3), (0.42, -0.16), (0.2, -0.2), (0.02, -0.32)], darker(coat, 0.3))
    pen.taper([(0.06, -0.42), (0.2, -0.32), (0.33, -0.21)], 0.02, 0.01, lighter(coat, 0.3))
    pen.blob([(-0.29, -0.66), (-0.45, -0.6), (-0.29, -0.56)], (244, 168, 62))
    pen.disc(-0.16, -0.66, 0.048, (255, 255, 255))
    pen.disc(-0.17, -0.66, 0.034, INK)
    pen.disc(-0.18, -0.672, 0.012, (255, 255, 255))
    pen.disc(-0.11, -0.56, 0.045, mix(coat, (246, 150, 130), 0.6))
    for x in (-0.1, 0.04):
        pen.taper([(x, -0.12), (x - 0.01, -0.03)], 0.02, 0.02, (226, 150, 70))


def fish(pen: Pen, chance: random.Random, tint: Colour | None) -> None:
    """Draw a fish with bands and flowing fins; its middle hangs over 0."""
    coat = tint or chance.choice(((240, 132, 62), (236, 196, 76), (84, 140, 206), (226, 92, 110)))
    fin, pale = darker(coat, 0.2), mix(coat, _CREAM, 0.82)
    pen = pen.at(0, 0.08)
    pen.blob([(0.3, -0.5), (0.5, -0.62), (0.72, -0.76), (0.68, -0.5), (0.74, -0.24), (0.5, -0.38)], fin)
    for y in (-0.62, -0.5, -0.38):
        pen.taper([(0.42, -0.5 + (y + 0.5) * 0.4), (0.66, y)], 0.018, 0.008, lighter(fin, 0.25))
    pen.blob([(-0.25, -0.74), (-0.1, -0.92), (0.14, -0.9), (0.26, -0.66)], fin)
    pen.blob([(-0.1, -0.28), (0.02, -0.1), (0.16, -0.14), (0.14, -0.32)], fin)
    pen.blob(
        [
            (-0.52, -0.5),
            (-0.38, -0.7),
            (-0.08, -0.79),
            (0.22, -0.7),
            (0.44, -0.53),
            (0.44, -0.47),
            (0.22, -0.3),
            (-0.08, -0.21),
            (-0.38, -0.3),
        ],
        coat,
    )
    pen.blob(
        [(-0.44, -0.36), (-0.1, -0.28), (0.3, -0.38), (0.1, -0.26), (-0.14, -0.22), (-0.36, -0.3)], lighter(coat, 0.35)
    )
    for x, half in ((-0.16, 0.235), (0.14, 0.2)):
        band = [
            (x - 0.05, -0.5 - half),
            (x + 0.05, -0.5 - half + 0.02),
            (x + 0.085, -0.5),
            (x + 0.04, -0.5 + half - 0.01),
            (x - 0.05, -0.5 + half),
            (x - 0.015, -0.5),
        ]
        pen.blob(band, pale)
    for row in range(3):
        for i in range(3):
            pen.stroke(
                [
                    (0.2 + i * 0.06, -0.58 + row * 0.07),
                    (0.225 + i * 0.06, -0.55 + row * 0.07),
                    (0.2 + i * 0.06, -0.52 + row * 0.07),
                ],
                0.01,
                fin,
            )
    pen.blob([(-0.04, -0.48), (0.12, -0.4), (0.13, -0.28), (0.0, -0.36)], fin)
    pen.disc(-0.34, -0.54, 0.062, (255, 255, 255))
    pen.disc(-0.35, -0.54, 0.042, INK)
    pen.disc(-0.365, -0.556, 0.015, (255, 255, 255))
    pen.stroke([(-0.51, -0.47), (-0.46, -0.44), (-0.41, -0.45)], 0.014, darker(coat, 0.5))
    for x, y, r in ((-0.62, -0.62, 0.026), (-0.68, -0.74, 0.036), (-0.6, -0.86, 0.02)):
        pen.disc(x, y, r, (255, 255, 255, 90))
        pen.disc(x - r * 0.3, y - r * 0.3, r * 0.3, (255, 255, 255, 210))
