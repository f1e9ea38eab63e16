"""Put the figure that a word asks for on the stage."""

from __future__ import annotations

import random
import re

from . import animals, people, things, town
from .canvas import Pen
from .colour import Colour
from .mood import Mood
from .scenery import tree

_ANIMALS = {"cat": animals.cat, "dog": animals.dog, "bird": animals.bird, "fish": animals.fish}
_WALKING = re.compile(r"\b(?:walk|run|stroll|weav|jump|chas|prowl)\w*|走|跑|跳|穿", re.IGNORECASE)
_PEOPLE = {"person": people.person, "robot": people.robot}
_THINGS = {
    "car": things.car, "clock": things.clock, "cup": things.cup, "bottle": things.bottle, "boat": things.boat,
    "flowers": things.flowers, "rocket": things.rocket, "balloon": things.balloon, "house": town.house,
}  # fmt: skip

# Width in units where a figure is not about as wide as it is tall; to fit it into a box.
_WIDTHS = {"car": 1.4, "shop": 1.5, "house": 1.25, "bird": 1.5, "fish": 1.5, "cat": 1.25, "cup": 1.1, "boat": 1.1}
_SIZES = {"cup": 0.72, "clock": 0.95, "car": 1.02, "shop": 1.32, "house": 1.16, "bird": 0.92, "tree": 1.5, "fish": 1.0,
          "boat": 1.25, "person": 1.1, "rocket": 1.3, "balloon": 1.25, "bottle": 0.92, "flowers": 1.0}  # fmt: skip
_UNSHADOWED = ("bust", "boat", "rocket", "fish", "bird")


def width(name: str) -> float:
    """Give the width of a figure one unit tall."""
    return _WIDTHS.get(name, 0.9)


def size(name: str) -> float:
    """Give how tall a figure stands beside a cat of one unit."""
    return _SIZES.get(name, 1.0)


def put(name: str, pen: Pen, mood: Mood, chance: random.Random, *, tint: Colour | None = None,
        prompt: str = "", detail: int = 3, shadow: bool = True) -> None:  # fmt: skip
    """Draw the named figure with its foot point at the pen's origin."""
    if shadow and name not in _UNSHADOWED:
        if name == "balloon":
            pen.shadow(0.1, 0.02, 0.22, 0.025, 0.2)
        else:
            pen.shadow(0.03, 0.0, width(name) * 0.45, 0.045)
    if name == "cat":
        animals.cat(pen, chance, tint, walking=bool(_WALKING.search(prompt)))
    elif name == "bust":
        people.bust(pen, chance, tint, prompt)
    elif name in _ANIMALS:
        _ANIMALS[name](pen, chance, tint)
    elif name in _PEOPLE:
        _PEOPLE[name](pen, chance, tint)
    elif name in _THINGS and name != "house":
        _THINGS[name](pen, mood, chance, tint)
    elif name == "house":
        town.house(pen, mood, chance, tint)
    elif name == "shop":
        flowers = re.search(r"flower|florist|bouquet|rose|花", prompt, re.IGNORECASE) is not None
        town.shop(pen, mood, chance, tint, flowers=flowers, detail=detail)
    elif name == "tree":
        tree(pen, mood, chance, 0.0, detail)
