"""Scenes to the prompt of an image set, in the documented shape: a leading line, then numbered scenes."""

from __future__ import annotations

from collections.abc import Sequence

_ORDINALS: tuple[str, ...] = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth")
_ORDINALS += ("Seventh", "Eighth", "Ninth", "Tenth", "Eleventh", "Twelfth")
_LEAD = "An image set of {count} images with consistent features throughout."


def prompt(scenes: Sequence[str], *, style: str | None = None) -> str:
    """Return the prompt that asks for one image a scene.

    The count stands in the text and each scene has its number, since `n` alone is only an upper bound.

    >>> prompt(["a cat in spring", "in summer"])[-57:]
    'throughout. First image: a cat in spring. Second image: in summer.'
    """
    lead = _LEAD.format(count=len(scenes))
    parts = [_sentence(style), lead] if style and style.strip() else [lead]
    for number, scene in enumerate(scenes):
        ordinal = _ORDINALS[number] if number < len(_ORDINALS) else f"{number + 1}th"
        parts.append(f"{ordinal} image: {_sentence(scene)}")
    return " ".join(parts)


def _sentence(text: str) -> str:
    text = " ".join(str(text).split())
    return text if text.endswith((".", "!", "?", "。", "！", "？", "…")) else f"{text}."
