"""Mix, shade and turn colours: the few sums that every other part of the pictures needs."""

from __future__ import annotations

import colorsys

Colour = tuple[int, ...]  # (r, g, b) or (r, g, b, alpha), 0-255

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
INK: Colour = (38, 34, 48)


def parse_hex(text: str) -> Colour:
    """Turn ``#RRGGBB`` into a colour."""
    value = int(text.lstrip("#"), 16)
    return (value >> 16 & 255, value >> 8 & 255, value & 255)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Go ``share`` (0-1) of the way from the first colour to the second; alpha of the first is kept."""
    r, g, b = first[:3]
    return (
        round(r + (second[0] - r) * share),
        round(g + (second[1] - g) * share),
        round(b + (second[2] - b) * share),
        *first[3:],
    )


def lighter(colour: Colour, share: float = 0.2) -> Colour:
    return mix(colour, WHITE, share)


def darker(colour: Colour, share: float = 0.2) -> Colour:
    # Towards a cool night blue rather than black: shades of flat art stay colourful.
    return mix(colour, (28, 22, 52), share)


def clear(colour: Colour, alpha: float) -> Colour:
    """Give the colour an opacity between 0 and 1."""
    return (*colour[:3], round(255 * alpha))


def turned(colour: Colour, degrees: float, saturation: float = 1.0) -> Colour:
    """Turn the hue and scale the saturation."""
    hue, light, depth = colorsys.rgb_to_hls(*(part / 255 for part in colour[:3]))
    r, g, b = colorsys.hls_to_rgb((hue + degrees / 360) % 1, light, min(1.0, depth * saturation))
    return (round(r * 255), round(g * 255), round(b * 255), *colour[3:])


def luminance(colour: Colour) -> float:
    r, g, b = colour[:3]
    return 0.299 * r + 0.587 * g + 0.114 * b
