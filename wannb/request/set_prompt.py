"""Prompt of an image set from its scenes, in the documented shape: a leading line, then numbered scenes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from wannb.errors import InvalidRequest, Problem
from wannb.translation import Said, count, say

from .fields import MAX_N_SET

_ORDINALS: tuple[str, ...] = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth")
_ORDINALS += ("Seventh", "Eighth", "Ninth", "Tenth", "Eleventh", "Twelfth")

_NUMBERED = re.compile(rf" (?:{'|'.join(_ORDINALS)}) image: ")
_OPENING = re.compile(r"An image set of \d+ images? with consistent features throughout\.$")


def checked(scenes: Any, *, n: int | None) -> list[str]:
    """Return the scenes as a list of texts; `n` is the most images that may be made.

    Raises:
        InvalidRequest: no scenes or too many, a scene that is not text, or fewer images than scenes.
        TypeError: neither a list nor a tuple.
    """
    kind = type(scenes).__name__
    if hasattr(scenes, "tolist"):
        scenes = scenes.tolist()  # of an array or a column of a table
    elif isinstance(scenes, Iterator):
        scenes = list(islice(scenes, 10 * MAX_N_SET))
    if not isinstance(scenes, Sequence) or isinstance(scenes, (str, bytes, bytearray, memoryview)):
        raise TypeError(say("scenes are a text or a list of texts, not a {type}", type=kind))
    broken: list[tuple[str, str, str]] = []
    if not 1 <= len(scenes) <= MAX_N_SET:
        broken.append(
            ("prompt", count(len(scenes), "scene"), Said("an image set has 1 to {most} scenes", most=MAX_N_SET))
        )
    for number, scene in enumerate(scenes[:MAX_N_SET], 1):
        if not isinstance(scene, str) or not scene.strip():
            shown = Said("scene {number}, {scene}", number=number, scene=repr(scene))
            broken.append(("prompt", shown, Said("a scene is text")))
    if isinstance(n, int) and n < len(scenes):
        broken.append(("n", repr(n), Said("{n} scenes need n={n}, or leave n out", n=len(scenes))))
    if broken:
        raise InvalidRequest([Problem(field=name, value=value, rule=rule) for name, value, rule in broken])
    return list(scenes)


def prompt(scenes: Sequence[str], *, style: str | None = None) -> str:
    """Return the prompt that asks for one image a scene.

    The text gives the count and numbers each scene, since `n` alone is only an upper bound.

    >>> prompt(["a cat in spring", "in summer"])[-66:]
    'throughout. First image: a cat in spring. Second image: in summer.'
    """
    parts = [lead(f"An image set of {count(len(scenes), 'image')} with consistent features throughout.", style)]
    parts += [f"{ordinal} image: {_sentence(scene)}" for ordinal, scene in zip(_ORDINALS, scenes, strict=False)]
    return " ".join(parts)


def split(text: str) -> tuple[str, list[str]] | None:
    """Return the style and the scenes of a text that `prompt` made; None for any other text.

    >>> split(prompt(["a cat in spring", "in summer"], style="ink"))
    ('ink.', ['a cat in spring.', 'in summer.'])
    """
    parts = _NUMBERED.split(text)
    opening = _OPENING.search(parts[0])
    if not opening:
        return None
    style, scenes = parts[0][: opening.start()].strip(), [part.strip() for part in parts[1:]]
    return (style, scenes) if scenes and prompt(scenes, style=style) == text else None


def lead(text: str, style: str | None) -> str:
    """Return a text with a line of style before it.

    >>> lead("A cat.", "ink drawing")
    'ink drawing. A cat.'
    """
    return f"{_sentence(style)} {text}" if style and str(style).strip() else text


def _sentence(text: object) -> str:
    line = " ".join(str(text).split())
    return line if line.endswith((".", "!", "?", "。", "！", "？", "…")) else f"{line}."
