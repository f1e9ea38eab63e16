"""Answers: the buttons and keys of each kind of judging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wannb.scoring import BAD, LEFT, RIGHT, SKIP, TIE
from wannb.translation import Said, Words, joined

UNDO = "undo"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer.

    Attributes:
        name: as in `Kind.answers`.
        label: on its button.
        keys: that give it, one character each; the first stands on the button.
        side: under which picture the button stands; "" in the row below.
    """

    name: str
    label: Said
    keys: str
    side: str = ""


_TIE = Answer(name=TIE, label=Said("Tie"), keys="=0t")
_BAD = Answer(name=BAD, label=Said("Both bad"), keys="b")
_REST = (Answer(name=SKIP, label=Said("Skip"), keys="s"), Answer(name=UNDO, label=Said("Undo"), keys="u"))
_GRADES = (Said("Bad"), Said("Poor"), Said("Fair"), Said("Good"), Said("Excellent"))
#: The grades of a rating are those of ITU-T P.910.
ANSWERS: Mapping[str, tuple[Answer, ...]] = {
    "pairs": (
        Answer(name=LEFT, label=Said("Left"), keys="1", side=LEFT),
        Answer(name=RIGHT, label=Said("Right"), keys="2", side=RIGHT),
        *(_TIE, _BAD, *_REST),
    ),
    "graded": (
        Answer(name="much left", label=Said("Left much better"), keys="1", side=LEFT),
        Answer(name=LEFT, label=Said("Left slightly better"), keys="2", side=LEFT),
        Answer(name=RIGHT, label=Said("Right slightly better"), keys="4", side=RIGHT),
        Answer(name="much right", label=Said("Right much better"), keys="5", side=RIGHT),
        *(Answer(name=TIE, label=Said("Tie"), keys="3=0t"), _BAD, *_REST),
    ),
    "rating": (
        *(Answer(name=str(n), label=label, keys=str(n)) for n, label in enumerate(_GRADES, 1)),
        *_REST,
    ),
    "check": (
        Answer(name="yes", label=Said("Yes"), keys="y"),
        Answer(name="no", label=Said("No"), keys="n"),
        *_REST,
    ),
}


def answer_of(kind: str, key: str) -> str | None:
    """Return the name of the answer that a key or a name gives; None for another one."""
    key = {"backspace": UNDO}.get(key.lower(), key.lower())
    names = {each.name: each.name for each in ANSWERS[kind]}
    names |= {one: each.name for each in ANSWERS[kind] for one in each.keys}
    return names.get(key)


def keys_of(kind: str) -> Said:
    """Return the keys of a kind, with what they answer."""
    return joined(", ", [Said("{key} {label}", key=each.keys[0].upper(), label=each.label) for each in ANSWERS[kind]])


def buttons(kind: str, words: Words) -> list[dict[str, str]]:
    """Return the answers as the page needs them."""
    return [
        {"name": each.name, "label": words(each.label), "keys": each.keys, "side": each.side} for each in ANSWERS[kind]
    ]
