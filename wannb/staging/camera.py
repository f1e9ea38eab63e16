"""The camera of a scene: shot size, angle and movement in the words of the field."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wannb.translation import LANGUAGES, Said, Words, joined, say

#: Each choice in code, and its words in a prompt and in a caption.
SHOTS: Mapping[str, str] = {
    "extreme wide": Said("extreme wide shot"),
    "wide": Said("wide shot"),
    "full": Said("full shot"),
    "medium": Said("medium shot"),
    "medium close-up": Said("medium close-up"),
    "close-up": Said("close-up"),
    "extreme close-up": Said("extreme close-up"),
}
ANGLES: Mapping[str, str] = {
    "eye level": Said("eye level"),
    "low": Said("low angle"),
    "high": Said("high angle"),
    "bird's eye": Said("bird's-eye view"),
    "dutch": Said("Dutch angle"),
}
MOVEMENTS: Mapping[str, str] = {
    "static": Said("static camera"),
    "pan": Said("camera pans"),
    "tilt": Said("camera tilts"),
    "dolly in": Said("camera dollies in"),
    "dolly out": Said("camera dollies out"),
    "tracking": Said("tracking shot"),
    "handheld": Said("handheld camera"),
}
_CHOICES: Mapping[str, Mapping[str, str]] = {"shot": SHOTS, "angle": ANGLES, "movement": MOVEMENTS}
_HAN, _KANA = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[\u3040-\u30ff]")


def check_camera(**choices: object) -> None:
    """Raise `ValueError` for a shot, angle or movement that is not one of the choices; an empty one is none."""
    for name, value in choices.items():
        if value != "" and value not in _CHOICES[name]:
            known = ", ".join(map(repr, _CHOICES[name]))
            raise ValueError(
                say("a scene's {name} is {value}; choose one of {known}", name=name, value=repr(value), known=known)
            )


def camera_words(shot: str, angle: str, movement: str) -> str:
    """Return the choices in words, to be said in a language; an empty text without any.

    >>> camera_words("wide", "low", "")
    'wide shot, low angle'
    """
    chosen = (SHOTS.get(shot), ANGLES.get(angle), MOVEMENTS.get(movement))
    return joined(", ", [words for words in chosen if words])


def camera_of(words: str) -> dict[str, str]:
    """Return the choices that words mean, in any language, as a scene takes them; what is no choice is left out.

    >>> camera_of("Wide shot, low angle")
    {'shot': 'wide', 'angle': 'low'}
    """
    found = dict[str, str]()
    for part in re.split(r"[,，、;；]", words.lower()):
        for name, choices in _CHOICES.items():
            for value, said in choices.items():
                if part.strip() in (value, *(Words(language)(said).lower() for language in LANGUAGES)):
                    found.setdefault(name, value)
    return found


def written_in(text: str) -> Words:
    """Return the language in which a text is written: Chinese, or English for any other.

    >>> written_in("一只猫").language
    'zh'
    """
    return Words("zh" if _HAN.search(text) and not _KANA.search(text) else "en")
