"""Scenes to the prompt of an image set, in the documented shape: a leading line, then numbered scenes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from wannb.errors import InvalidRequest, Problem

from .fields import MAX_N_SET

_ORDINALS: tuple[str, ...] = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth")
_ORDINALS += ("Seventh", "Eighth", "Ninth", "Tenth", "Eleventh", "Twelfth")

_NUMBERED = re.compile(rf" (?:{'|'.join(_ORDINALS)}) image: ")
_OPENING = re.compile(r"An image set of \d+ images? with consistent features throughout\.$")


def checked(scenes: Any, *, n: int | None) -> list[str]:
    """Return the scenes as a list of texts; `n` is the most images that may be made.

    Raises:
        InvalidRequest: no or too many scenes, one that is no text, or fewer images than scenes.
        TypeError: something without an order of its own.
    """
    if not isinstance(scenes, Sequence):
        raise TypeError(f"scenes are a text or a list of texts, not a {type(scenes).__name__}")
    problems = []
    if not 1 <= len(scenes) <= MAX_N_SET:
        problems.append(("prompt", f"{len(scenes)} scenes", f"an image set has 1 to {MAX_N_SET} scenes"))
    for number, scene in enumerate(scenes, 1):
        if not isinstance(scene, str) or not scene.strip():
            problems.append(("prompt", f"scene {number}, {scene!r}", "a scene is text"))
    if isinstance(n, int) and n < len(scenes):
        problems.append(("n", repr(n), f"{len(scenes)} scenes need n={len(scenes)}, or leave n out"))
    if problems:
        raise InvalidRequest([Problem(field=name, value=value, rule=rule) for name, value, rule in problems])
    return list(scenes)


def prompt(scenes: Sequence[str], *, style: str | None = None) -> str:
    """Return the prompt that asks for one image a scene.

    The count stands in the text and each scene has its number, since `n` alone is only an upper bound.

    >>> prompt(["a cat in spring", "in summer"])[-66:]
    'throughout. First image: a cat in spring. Second image: in summer.'
    """
    images = "1 image" if len(scenes) == 1 else f"{len(scenes)} images"
    parts = [lead(f"An image set of {images} with consistent features throughout.", style)]
    parts += [f"{ordinal} image: {_sentence(scene)}" for ordinal, scene in zip(_ORDINALS, scenes, strict=False)]
    return " ".join(parts)


def split(text: str) -> tuple[str, list[str]] | None:
    """Return the style and the scenes that `prompt` made a text of; None for a text that it did not make.

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
