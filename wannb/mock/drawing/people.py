"""Draw those who look back at you: a portrait bust, a standing person, a robot."""

from __future__ import annotations

import random
import re

from .canvas import Pen, Point
from .colour import INK, Colour, darker, lighter, mix

_SKINS: tuple[Colour, ...] = ((250, 214, 184), (238, 190, 150), (212, 156, 114), (166, 112, 78), (120, 78, 58))
_HAIRS: tuple[Colour, ...] = ((52, 42, 48), (96, 62, 46), (150, 92, 52), (206, 150, 84), (120, 116, 124), (146, 62, 48))
_CLOTHES: tuple[Colour, ...] = (
    (206, 92, 84),
    (72, 120, 152),
    (236, 186, 92),
    (96, 142, 112),
    (132, 102, 160),
    (236, 226, 212),
)
_MALE = re.compile(r"\b(?:man|boy|male|gentleman|father|grandfather|king|he)\b|男|少年|爸爸|爷爷|先生", re.IGNORECASE)
_FEMALE = re.compile(r"\b(?:woman|girl|female|lady|mother|grandmother|queen|she)\b|女|妈妈|奶奶", re.IGNORECASE)
_OLD = re.compile(r"\b(?:old|elderly|grand(?:mother|father)|grey-haired)\b|老人|爷爷|奶奶", re.IGNORECASE)
_GLASSES = re.compile(r"\b(?:glasses|spectacles)\b|眼镜", re.IGNORECASE)
_LIP: Colour = (196, 88, 88)


def bust(pen: Pen, chance: random.Random, tint: Colour | None, prompt: str = "") -> None:
    """Draw head and shoulders, one unit tall, cut off by the lower edge at 0."""
    skin, hair = chance.choice(_SKINS), chance.choice(_HAIRS)
    cloth = tint or chance.choice(_CLOTHES)
    style = chance.choice(("long", "bob", "bun", "short", "curls"))
    glasses = chance.random() < 0.25 or bool(_GLASSES.search(prompt))
    if _OLD.search(prompt):
        hair = (204, 204, 208)
    if _MALE.search(prompt):
        style = "short"
    elif style == "short" and _FEMALE.search(prompt):
        style = "bob"
    shade = darker(skin, 0.16)
    _hair_behind(pen, style, hair)
    pen.blob(
        [
            (-0.46, 0.1),
            (-0.42, -0.16),
            (-0.28, -0.25),
            (-0.1, -0.3),
            (0.1, -0.3),
            (0.28, -0.25),
            (0.42, -0.16),
            (0.46, 0.1),
        ],
        cloth,
    )
    pen.blob([(0.16, -0.28), (0.28, -0.25), (0.42, -0.16), (0.46, 0.1), (0.3, 0.1), (0.28, -0.1)], darker(cloth, 0.1))
    pen.blob([(-0.13, -0.3), (0, -0.14), (0.13, -0.3), (0.09, -0.34), (-0.09, -0.34)], shade)
    pen.poly([(-0.075, -0.44), (0.075, -0.44), (0.085, -0.28), (0, -0.2), (-0.085, -0.28)], skin)
    pen.blob([(-0.075, -0.4), (0.0, -0.345), (0.075, -0.4), (0.08, -0.34), (0.0, -0.3), (-0.08, -0.34)], shade)
    for side in (-1, 1):
        pen.oval(side * 0.185, -0.56, 0.032, 0.05, shade)
    face: list[Point] = [
        (0, -0.8),
        (0.13, -0.77),
        (0.185, -0.64),
        (0.175, -0.5),
        (0.1, -0.39),
        (0, -0.36),
        (-0.1, -0.39),
        (-0.175, -0.5),
        (-0.185, -0.64),
        (-0.13, -0.77),
    ]
    pen.blob(face, skin)
    for side in (-1, 1):
        pen.oval(side * 0.11, -0.49, 0.04, 0.027, mix(skin, (236, 110, 100), 0.35))
        pen.oval(side * 0.076, -0.575, 0.027, 0.032, (255, 255, 255))
        pen.disc(side * 0.076 + 0.003, -0.573, 0.021, (70, 52, 50))
        pen.disc(side * 0.076 + 0.003, -0.573, 0.012, INK)
        pen.disc(side * 0.076 - 0.005, -0.583, 0.007, (255, 255, 255))
        pen.stroke([(side * 0.045, -0.598), (side * 0.076, -0.61), (side * 0.108, -0.596)], 0.01, INK)
        pen.stroke([(side * 0.04, -0.64), (side * 0.078, -0.655), (side * 0.115, -0.638)], 0.014, darker(hair, 0.2))
    pen.stroke([(0.006, -0.565), (0.022, -0.515), (0.0, -0.5)], 0.01, shade)
    pen.blob([(-0.05, -0.445), (-0.018, -0.452), (0, -0.447), (0.018, -0.452), (0.05, -0.445), (0, -0.415)], _LIP)
    pen.stroke([(-0.055, -0.446), (0, -0.438), (0.055, -0.446)], 0.006, darker(_LIP, 0.4))
    _hair_before(pen, style, hair)
    if glasses:
        for side in (-1, 1):
            ring = [
                (side * 0.078 + 0.05 * x, -0.573 + 0.045 * y)
                for x, y in (
                    (-1, 0),
                    (-0.7, 0.75),
                    (0, 1),
                    (0.7, 0.75),
                    (1, 0),
                    (0.7, -0.75),
                    (0, -1),
                    (-0.7, -0.75),
                    (-1, 0),
                )
            ]
            pen.stroke(ring, 0.008, (60, 48, 56))
        pen.stroke([(-0.03, -0.578), (0.03, -0.578)], 0.008, (60, 48, 56))
    elif style in ("bob", "bun", "long"):
        for side in (-1, 1):
            pen.disc(side * 0.19, -0.5, 0.016, (246, 206, 110))


def _hair_behind(pen: Pen, style: str, hair: Colour) -> None:
    back = darker(hair, 0.18)
    if style == "long":
        pen.blob(
            [
                (0, -0.9),
                (0.19, -0.85),
                (0.26, -0.6),
                (0.29, -0.3),
                (0.26, -0.14),
                (0, -0.2),
                (-0.26, -0.14),
                (-0.29, -0.3),
                (-0.26, -0.6),
                (-0.19, -0.85),
            ],
            back,
        )
    elif style == "bob":
        pen.blob(
            [
                (0, -0.9),
                (0.2, -0.84),
                (0.27, -0.6),
                (0.24, -0.38),
                (0, -0.36),
                (-0.24, -0.38),
                (-0.27, -0.6),
                (-0.2, -0.84),
            ],
            back,
        )
    elif style == "bun":
        pen.disc(0.0, -0.95, 0.1, hair)
        pen.disc(-0.02, -0.97, 0.06, lighter(hair, 0.1))
    elif style == "curls":
        for x, y, r in (
            (-0.2, -0.7, 0.1),
            (0.2, -0.7, 0.1),
            (-0.23, -0.56, 0.09),
            (0.23, -0.56, 0.09),
            (-0.2, -0.42, 0.08),
            (0.2, -0.42, 0.08),
        ):
            pen.disc(x, y, r, back)


def _hair_before(pen: Pen, style: str, hair: Colour) -> None:
    light = lighter(hair, 0.12)
    if style == "curls":
        for x, y, r in (
            (-0.17, -0.75, 0.085),
            (-0.09, -0.83, 0.095),
            (0.02, -0.86, 0.1),
            (0.12, -0.82, 0.09),
            (0.18, -0.73, 0.08),
        ):
            pen.disc(x, y, r, hair)
            pen.disc(x - 0.015, y - 0.02, r * 0.5, light)
        return
    if style == "short":
        pen.blob(
            [
                (-0.2, -0.6),
                (-0.21, -0.76),
                (-0.1, -0.89),
                (0.08, -0.91),
                (0.2, -0.8),
                (0.2, -0.6),
                (0.17, -0.68),
                (0.1, -0.755),
                (-0.04, -0.74),
                (-0.14, -0.7),
                (-0.18, -0.66),
            ],
            hair,
        )
        pen.taper([(-0.1, -0.83), (0.0, -0.86), (0.12, -0.81)], 0.012, 0.03, light)
        return
    pen.blob(
        [
            (0.02, -0.9),
            (-0.13, -0.87),
            (-0.21, -0.74),
            (-0.215, -0.56),
            (-0.2, -0.48),
            (-0.175, -0.6),
            (-0.13, -0.68),
            (-0.02, -0.74),
            (0.06, -0.81),
        ],
        hair,
    )
    pen.blob(
        [
            (-0.02, -0.9),
            (0.13, -0.87),
            (0.21, -0.74),
            (0.215, -0.56),
            (0.2, -0.48),
            (0.175, -0.6),
            (0.15, -0.69),
            (0.06, -0.79),
        ],
        hair,
    )
    pen.taper([(-0.15, -0.76), (-0.09, -0.83), (0.0, -0.86)], 0.012, 0.026, light)
    if style == "long":
        for side in (-1, 1):
            pen.blob(
                [
                    (side * 0.19, -0.6),
                    (side * 0.25, -0.45),
                    (side * 0.27, -0.26),
                    (side * 0.2, -0.16),
                    (side * 0.17, -0.3),
                    (side * 0.2, -0.44),
                ],
                hair,
            )


def person(pen: Pen, chance: random.Random, tint: Colour | None) -> None:
    """Draw a standing person in coat and scarf, one unit tall."""
    skin, hair, cloth = chance.choice(_SKINS), chance.choice(_HAIRS), tint or chance.choice(_CLOTHES)
    trousers = chance.choice(((62, 72, 104), (92, 78, 82), (58, 60, 72)))
    for x in (-0.07, 0.07):
        pen.taper([(x, -0.4), (x * 1.1, -0.04)], 0.12, 0.085, trousers)
        pen.blob(
            [
                (x * 1.1 - 0.06, 0.0),
                (x * 1.1 - 0.05, -0.055),
                (x * 1.1 + 0.03, -0.06),
                (x * 1.1 + 0.08, -0.015),
                (x * 1.1 + 0.07, 0.0),
            ],
            (66, 48, 50),
        )
    pen.taper([(-0.15, -0.66), (-0.22, -0.5), (-0.21, -0.34)], 0.085, 0.06, darker(cloth, 0.14))
    pen.disc(-0.21, -0.32, 0.034, skin)
    pen.blob([(-0.14, -0.71), (0.14, -0.71), (0.19, -0.6), (0.2, -0.3), (0, -0.27), (-0.2, -0.3), (-0.19, -0.6)], cloth)
    pen.stroke([(0.0, -0.68), (0.0, -0.28)], 0.008, darker(cloth, 0.25))
    for y in (-0.58, -0.48, -0.38):
        pen.disc(0.025, y, 0.01, lighter(cloth, 0.5))
    pen.taper([(0.15, -0.66), (0.23, -0.52), (0.2, -0.36)], 0.085, 0.06, lighter(cloth, 0.08))
    pen.disc(0.2, -0.34, 0.034, skin)
    pen.blob([(-0.115, -0.86), (0, -0.98), (0.115, -0.86), (0.12, -0.72), (-0.12, -0.72)], darker(hair, 0.15))
    pen.rect(-0.035, -0.76, 0.035, -0.68, darker(skin, 0.15))
    pen.blob(
        [
            (0, -0.95),
            (0.085, -0.91),
            (0.095, -0.82),
            (0.05, -0.745),
            (0, -0.73),
            (-0.05, -0.745),
            (-0.095, -0.82),
            (-0.085, -0.91),
        ],
        skin,
    )
    for side in (-1, 1):
        pen.disc(side * 0.036, -0.83, 0.0105, INK)
        pen.disc(side * 0.058, -0.795, 0.016, mix(skin, (236, 110, 100), 0.4))
    pen.stroke([(-0.025, -0.785), (0, -0.772), (0.025, -0.785)], 0.008, (150, 70, 70))
    pen.blob(
        [
            (0.0, -0.975),
            (-0.1, -0.94),
            (-0.115, -0.82),
            (-0.06, -0.89),
            (0.04, -0.905),
            (0.09, -0.86),
            (0.115, -0.82),
            (0.1, -0.94),
        ],
        hair,
    )
    scarf = chance.choice(((226, 96, 84), (244, 200, 96), (96, 150, 150)))
    pen.taper([(-0.085, -0.71), (0, -0.685), (0.085, -0.71)], 0.055, 0.055, scarf)
    pen.taper([(0.05, -0.69), (0.07, -0.6), (0.06, -0.52)], 0.045, 0.055, darker(scarf, 0.1))


def robot(pen: Pen, chance: random.Random, tint: Colour | None) -> None:
    """Draw a friendly robot, one unit tall."""
    shell = tint or chance.choice(((122, 176, 186), (236, 178, 92), (196, 116, 112), (150, 158, 190)))
    metal, dark, shine = (206, 212, 222), (54, 58, 82), lighter(shell, 0.35)
    glow = chance.choice(((126, 240, 220), (255, 220, 120), (150, 210, 255)))
    for side in (-1, 1):
        pen.rect(side * 0.12 - 0.045, -0.22, side * 0.12 + 0.045, -0.06, metal)
        for y in (-0.18, -0.13):
            pen.rect(side * 0.12 - 0.045, y, side * 0.12 + 0.045, y + 0.012, darker(metal, 0.25))
        pen.rect(side * 0.125 - 0.085, -0.075, side * 0.125 + 0.085, 0.0, darker(shell, 0.25), 0.035)
        pen.taper([(side * 0.25, -0.5), (side * 0.37, -0.42), (side * 0.36, -0.27)], 0.06, 0.055, metal)
        pen.disc(side * 0.25, -0.5, 0.06, darker(shell, 0.15))
        pen.disc(side * 0.36, -0.25, 0.062, shell)
        pen.disc(side * 0.36, -0.225, 0.03, dark)
    pen.rect(-0.24, -0.58, 0.24, -0.19, shell, 0.09)
    pen.rect(0.12, -0.58, 0.24, -0.19, darker(shell, 0.1), 0.07)
    pen.rect(-0.24, -0.545, -0.2, -0.24, shine, 0.02)
    pen.rect(-0.14, -0.5, 0.14, -0.34, dark, 0.03)
    for i in range(5):
        h = 0.03 + 0.02 * ((i * 7 + 3) % 5)
        pen.rect(-0.11 + i * 0.048, -0.365 - h, -0.08 + i * 0.048, -0.365, glow)
    for i, tone in enumerate(((236, 96, 96), (250, 206, 90), (120, 210, 140))):
        pen.disc(-0.07 + i * 0.07, -0.27, 0.022, tone)
    pen.rect(-0.06, -0.63, 0.06, -0.57, metal)
    pen.rect(-0.235, -0.93, 0.235, -0.62, shell, 0.1)
    pen.rect(-0.2, -0.9, 0.2, -0.66, dark, 0.08)
    for side in (-1, 1):
        pen.rect(side * 0.25 - 0.03, -0.83, side * 0.25 + 0.03, -0.72, metal, 0.02)
        pen.disc(side * 0.09, -0.79, 0.05, mix(glow, dark, 0.5))
        pen.disc(side * 0.09, -0.79, 0.038, glow)
        pen.disc(side * 0.09 - 0.012, -0.802, 0.012, (255, 255, 255))
    pen.stroke([(-0.05, -0.71), (0, -0.695), (0.05, -0.71)], 0.014, glow)
    pen.rect(-0.19, -0.92, 0.05, -0.9, shine, 0.01)
    pen.taper([(0, -0.93), (0, -1.02)], 0.02, 0.014, metal)
    pen.disc(0, -1.04, 0.034, (240, 96, 90))
