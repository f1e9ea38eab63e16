"""Draw what is built: skylines, rows of townhouses, the house and the shop that lead a picture."""

from __future__ import annotations

import random
from dataclasses import replace

from .canvas import Canvas, Pen
from .colour import Colour, darker, lighter, mix
from .mood import Mood

_WALLS: tuple[Colour, ...] = (
    (232, 196, 162), (214, 142, 122), (240, 220, 184), (158, 184, 186), (196, 172, 190), (222, 176, 120),
    (172, 192, 158),
)  # fmt: skip
_GLASS: Colour = (168, 206, 220)
_LAMP: Colour = (255, 214, 128)


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
                if chance.random() < 0.5 and detail > 1:
                    flower_box(pen.at(w * column, -h + 0.035 + row * 0.125 + 0.078, 0.075), mood, chance)
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


def flower_box(pen: Pen, mood: Mood, chance: random.Random) -> None:
    """Draw a box of flowers one unit wide, its rim at 0."""
    pen.rect(-0.5, 0, 0.5, 0.22, mood.lit((126, 86, 66)))
    if mood.season == "winter":
        pen.blob([(-0.52, 0.02), (-0.3, -0.12), (0.05, -0.16), (0.35, -0.1), (0.52, 0.02)], mood.lit((246, 250, 254)))
        return
    for i in range(7):
        x = -0.42 + i * 0.14
        pen.disc(x, -0.05, 0.12, mood.lit((86, 142, 90)))
    for i in range(7):
        tone = mood.lit(chance.choice(((236, 94, 112), (250, 200, 90), (246, 240, 236), (208, 120, 190))))
        pen.disc(-0.42 + i * 0.14, -0.12 - 0.06 * (i % 2), 0.075, tone)


def blooms(pen: Pen, mood: Mood, chance: random.Random, tones: tuple[Colour, ...], count: int = 9) -> None:
    """Draw a bunch of flowers about one unit wide that grows up from 0."""
    green = mood.lit((74, 136, 88))
    heads = []
    for i in range(count):
        a = (i + 0.5) / count * 2 - 1
        heads.append((a * 0.42 + chance.uniform(-0.05, 0.05), -0.42 - chance.uniform(0.0, 0.34) * (1.2 - abs(a))))
    for x, y in heads:
        pen.taper([(x * 0.25, 0), (x * 0.7, y * 0.6), (x, y)], 0.035, 0.025, green)
        pen.blob(
            [
                (x * 0.5, y * 0.45),
                (x * 0.5 + 0.12, y * 0.45 - 0.1),
                (x * 0.5 + 0.2, y * 0.45 - 0.03),
                (x * 0.5 + 0.1, y * 0.45),
            ],
            lighter(green, 0.1),
        )
    for x, y in heads:
        tone = mood.lit(chance.choice(tones))
        for dx, dy in ((-0.07, 0), (0.07, 0), (0, -0.07), (0, 0.07)):
            pen.disc(x + dx, y + dy, 0.075, tone)
        pen.disc(x, y, 0.055, mood.lit((250, 206, 92)) if chance.random() < 0.5 else darker(tone, 0.2))


def house(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None) -> None:
    """Draw a cottage one unit tall: wall, roof, chimney with smoke, door, windows, hedge."""
    mood = replace(mood, share=min(mood.share, 0.36))  # the main figure keeps some colour at night
    wall = mood.lit(tint or chance.choice(_WALLS[:5]))
    roof = mood.lit(chance.choice(((178, 84, 70), (120, 84, 96), (86, 106, 130), (156, 108, 70))))
    snow = mood.season == "winter"
    pen.rect(0.22, -0.98, 0.34, -0.6, mood.lit((164, 108, 92)))
    pen.rect(0.205, -1.0, 0.355, -0.95, mood.lit((240, 246, 252) if snow else (130, 84, 76)))
    for i in range(4):
        pen.disc(0.3 + 0.05 * i + 0.02 * i * i, -1.06 - 0.1 * i, 0.035 + 0.014 * i, (255, 255, 255, 130 - 26 * i))
    pen.rect(-0.5, -0.5, 0.5, 0, wall)
    pen.rect(-0.5, -0.5, 0.5, -0.45, darker(wall, 0.18))
    pen.poly([(-0.6, -0.48), (-0.4, -0.88), (0.4, -0.88), (0.6, -0.48)], roof)
    for row in range(1, 4):
        y, half = -0.88 + row * 0.1, 0.4 + row * 0.05
        pen.rect(-half, y, half, y + 0.01, darker(roof, 0.14))
    if snow:
        pen.blob(
            [
                (-0.42, -0.88),
                (0.42, -0.9),
                (0.52, -0.7),
                (0.3, -0.64),
                (0.1, -0.7),
                (-0.15, -0.63),
                (-0.35, -0.7),
                (-0.52, -0.68),
            ],
            mood.lit((246, 250, 254)),
        )
        pen.rect(0.22, -0.95, 0.34, -0.82, mood.lit((164, 108, 92)))
    glass = _LAMP if mood.time in ("night", "sunset") else mood.lit(_GLASS)
    frame = mood.lit((250, 244, 232))
    for x in (-0.29, 0.31):
        sash(pen.at(x, -0.36), 0.09, 0.17, frame, glass)
        flower_box(pen.at(x, -0.17, 0.24), mood, chance)
    door = mood.lit(chance.choice(((134, 78, 58), (70, 112, 124), (172, 72, 66))))
    pen.rect(-0.095, -0.34, 0.095, 0, frame, 0.07)
    pen.rect(-0.075, -0.32, 0.075, 0, door, 0.06)
    pen.disc(0.045, -0.15, 0.013, (246, 206, 110))
    pen.rect(-0.13, -0.02, 0.13, 0.02, mood.lit((196, 184, 172)))
    for i in range(6):
        x = (-0.5, -0.42, -0.2, 0.2, 0.42, 0.5)[i]
        pen.disc(x, -0.02, 0.06, darker(mood.lit(mood.land[2]), 0.14 + 0.04 * (i % 2)))


def shop(pen: Pen, mood: Mood, chance: random.Random, tint: Colour | None, *, flowers: bool, detail: int) -> None:
    """Draw a shop front one unit tall: sign, striped awning, lit window, wooden door, goods on display."""
    mood = replace(mood, share=min(mood.share, 0.36))
    wall = mood.lit(
        tint or chance.choice(((98, 142, 132), (198, 122, 108), (92, 122, 158), (226, 186, 130), (150, 116, 150)))
    )
    trim = mood.lit((250, 240, 222))
    pen.rect(-0.66, -1.0, 0.66, 0, wall)
    pen.rect(-0.7, -1.04, 0.7, -0.98, trim)
    pen.rect(-0.68, -0.98, 0.68, -0.955, darker(wall, 0.25))
    pen.rect(-0.56, -0.94, 0.56, -0.8, darker(wall, 0.32), 0.03)
    for i in range(9):  # a sign without letters: a row of leaves and dots
        x = -0.4 + i * 0.1
        if i % 2:
            pen.disc(x, -0.87, 0.017, mood.lit((250, 214, 120)))
        else:
            pen.blob([(x - 0.04, -0.87), (x, -0.895), (x + 0.04, -0.87), (x, -0.845)], trim)
    if mood.season == "winter":
        pen.blob(
            [(-0.71, -1.03), (-0.5, -1.08), (-0.1, -1.06), (0.3, -1.09), (0.71, -1.03), (0.2, -1.02)],
            mood.lit((246, 250, 254)),
        )
    # window and what is behind it
    warm = mood.time in ("night", "sunset") or mood.weather == "rain"
    glass = (255, 226, 160) if warm else mood.lit((196, 222, 222))
    pen.rect(-0.6, -0.62, 0.16, -0.14, trim, 0.01)
    pen.rect(-0.57, -0.6, 0.13, -0.16, glass)
    back = mix(glass, (116, 84, 76), 0.35)
    pen.rect(-0.57, -0.38, 0.13, -0.37, back)
    tones: tuple[Colour, ...] = ((236, 94, 112), (250, 190, 80), (250, 244, 240), (206, 120, 196), (242, 150, 120))
    for i in range(4):
        spot = pen.at(-0.48 + i * 0.165, -0.38, 0.15)
        goods(spot, mood, chance, tones, flowers=flowers)
    for i in range(5):
        spot = pen.at(-0.5 + i * 0.135, -0.16, 0.2)
        goods(spot, mood, chance, tones, flowers=flowers)
    pen.poly([(-0.57, -0.3), (-0.35, -0.6), (-0.25, -0.6), (-0.57, -0.17)], (255, 255, 255, 60))
    pen.poly([(-0.2, -0.16), (0.1, -0.6), (0.13, -0.6), (0.13, -0.56), (-0.12, -0.16)], (255, 255, 255, 60))
    pen.rect(-0.345, -0.6, -0.335, -0.16, trim)
    pen.rect(-0.105, -0.6, -0.095, -0.16, trim)
    pen.rect(-0.63, -0.15, 0.19, -0.11, trim)
    pen.rect(-0.6, -0.11, 0.16, 0, darker(wall, 0.18))
    for x in (-0.58, -0.33, -0.08):
        pen.rect(x, -0.09, x + 0.22, -0.02, darker(wall, 0.08))
    _door(pen.at(0.4, 0), mood, warm)
    _awning(pen, mood, chance)
    for x in (0.21, 0.62):
        pen.disc(x, -0.67, 0.022, _LAMP if warm else trim)
        if warm:
            pen.glow(x, -0.67, 0.16, _LAMP, 0.35)
    _display(pen, mood, chance, tones, flowers=flowers, detail=detail)


def goods(pen: Pen, mood: Mood, chance: random.Random, tones: tuple[Colour, ...], *, flowers: bool) -> None:
    """Put one thing in the window: a potted bunch, or a box, a jar, a loaf."""
    pot = mood.lit(chance.choice(((196, 110, 78), (236, 226, 212), (110, 130, 150))))
    if flowers:
        blooms(pen.at(0, -0.2, 0.9), mood, chance, tones, 6)
        pen.poly([(-0.2, -0.26), (0.2, -0.26), (0.15, 0), (-0.15, 0)], pot)
        return
    kind, tone = chance.randrange(3), mood.lit(chance.choice(tones))
    if kind == 0:
        pen.rect(-0.24, -0.5, 0.24, 0, tone, 0.04)
        pen.rect(-0.24, -0.34, 0.24, -0.24, lighter(tone, 0.4))
    elif kind == 1:
        pen.rect(-0.18, -0.55, 0.18, 0, lighter(tone, 0.25), 0.08)
        pen.rect(-0.14, -0.66, 0.14, -0.53, pot, 0.03)
    else:
        pen.blob([(-0.34, 0), (-0.3, -0.24), (0, -0.34), (0.3, -0.24), (0.34, 0)], mood.lit((206, 148, 88)))
        for x in (-0.14, 0.0, 0.14):
            pen.stroke([(x - 0.04, -0.26), (x + 0.03, -0.12)], 0.04, mood.lit((168, 108, 62)))


def _door(pen: Pen, mood: Mood, warm: bool) -> None:
    wood = mood.lit((158, 100, 62))
    pen.rect(-0.155, -0.66, 0.155, 0, mood.lit((250, 240, 222)), 0.02)
    pen.rect(-0.13, -0.64, 0.13, 0, wood, 0.015)
    for x in (-0.065, 0.0, 0.065):
        pen.rect(x - 0.003, -0.64, x + 0.003, 0, darker(wood, 0.2))
    glass = (255, 226, 160) if warm else mood.lit((196, 222, 222))
    pen.rect(-0.09, -0.58, 0.09, -0.3, darker(wood, 0.3), 0.08)
    pen.rect(-0.075, -0.565, 0.075, -0.315, glass, 0.07)
    pen.rect(-0.005, -0.565, 0.005, -0.315, darker(wood, 0.3))
    pen.rect(-0.09, -0.22, 0.09, -0.06, darker(wood, 0.16), 0.015)
    pen.rect(-0.075, -0.205, 0.075, -0.075, wood, 0.01)
    pen.disc(0.1, -0.27, 0.016, (246, 206, 110))
    pen.rect(-0.19, -0.02, 0.19, 0.025, mood.lit((196, 184, 172)))


def _awning(pen: Pen, mood: Mood, chance: random.Random) -> None:
    cloth = mood.lit(chance.choice(((206, 84, 84), (72, 126, 122), (228, 150, 78), (92, 106, 160), (190, 98, 130))))
    pale, count = mood.lit((252, 244, 230)), 8
    for i in range(count):
        x1, x2 = -0.62 + i * 0.8 / count, -0.62 + (i + 1) * 0.8 / count
        tone = pale if i % 2 else cloth
        top1, top2 = x1 * 0.94 - 0.01, x2 * 0.94 - 0.01
        pen.poly([(top1, -0.76), (top2, -0.76), (x2, -0.56), (x1, -0.56)], tone)
        pen.disc((x1 + x2) / 2, -0.56, 0.05, tone)
    pen.poly([(-0.59, -0.76), (0.16, -0.76), (0.162, -0.745), (-0.593, -0.745)], darker(cloth, 0.25))
    pen.poly([(-0.62, -0.575), (0.18, -0.575), (0.18, -0.56), (-0.62, -0.56)], (30, 20, 50, 40))


def _display(
    pen: Pen, mood: Mood, chance: random.Random, tones: tuple[Colour, ...], *, flowers: bool, detail: int
) -> None:
    """Set pots or crates out on the pavement."""
    for x, s in ((-0.6, 0.2), (-0.42, 0.26), (-0.2, 0.22), (0.0, 0.25), (0.16, 0.18), (0.61, 0.24))[: 4 + detail]:
        if not flowers and x not in (-0.6, 0.61):
            continue
        spot = pen.at(x, 0.04, s)
        pen.shadow(x + 0.01, 0.04, s * 0.34, s * 0.07, 0.3)
        blooms(spot.at(0, -0.42, 1.05), mood, chance, tones, 9)
        pot = mood.lit(chance.choice(((190, 104, 74), (120, 140, 150), (226, 214, 196), (146, 102, 72))))
        spot.poly([(-0.28, -0.46), (0.28, -0.46), (0.21, 0), (-0.21, 0)], pot)
        spot.rect(-0.32, -0.5, 0.32, -0.4, lighter(pot, 0.15), 0.02)
        spot.poly([(0.1, -0.4), (0.27, -0.4), (0.21, 0), (0.1, 0)], darker(pot, 0.12))
