"""The reader of finished English sentences, until every room makes `Said`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: Names of places that hold a text of wannb's own, which is said in the person's language too. Every other value is a
#: person's, the service's or another program's, and is put in as it stands.
SPOKEN = frozenset(
    {
        *("because", "cost", "mode", "next_state", "notice", "option", "reason", "rule", "shape", "state", "until"),
        *("value", "what", "why"),
    }
)
#: Names of places that hold a number and nothing else, so that a short template fits no stranger's sentence.
NUMBERS = frozenset({"height", "least", "most", "n", "number", "of", "seconds", "seed", "status", "width"})

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_OWN = re.compile(r"[^\W\d_]{2}|=")
_SHAPES = {
    **dict.fromkeys(NUMBERS, re.compile(r"[+-]?\d[\d.,]*(?:e[+-]?\d+)?")),
    **dict.fromkeys(("host", "run", "task_id"), re.compile(r"\S+")),
    "code": re.compile(r"[\w. -]+"),
    "field": re.compile(r"[a-z_]+"),
}
_CLOSERS = {"'": "'", '"': '"', "[": "]", "{": "}", "(": ")"}
#: How often one call looks through the templates, and how deep it looks into values: more is no sentence of ours.
LOOKUPS, _DEPTH = 400, 8


@dataclass(frozen=True)
class Template:
    """An English text with places for values, and what it is in another language.

    `literals` are the texts around the places, one more than there are `names`.
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]
    translation: str

    def match(self, text: str) -> dict[str, str] | None:
        """Return the values that stand in a sentence made from this template, None if it was not.

        A value ends where the literal after it first occurs; one that begins with a quote or bracket ends with it.
        """
        first, *between, last = self.literals
        place, end = len(first), len(text) - len(last)
        if end < place or not text.startswith(first) or not text.endswith(last):
            return None
        values: dict[str, str] = {}
        for name, literal in zip(self.names, [*between, ""], strict=True):
            stop = _end_of_value(text, place, end, literal) if literal else end
            value = text[place : max(place, stop)]
            shape = _SHAPES.get(name)
            if stop < 0 or values.setdefault(name, value) != value or (shape and not shape.fullmatch(value)):
                return None
            place = stop + len(literal)
        return values


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language: all of them by their English, and those with places, the longest first."""

    texts: Mapping[str, str]
    templates: tuple[Template, ...]

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Catalogue:
        """Return the catalogue of texts by their English."""
        # A template without a word of its own, such as "{file}: {why}", would fit anybody's text.
        own = {english: other for english, other in texts.items() if _OWN.search(_PLACE.sub("", english))}
        templates = [_template(english, other) for english, other in own.items() if _PLACE.search(english)]
        # A short template may fit what a longer one says better.
        templates.sort(key=lambda template: -sum(map(len, template.literals)))
        return cls(texts=texts, templates=tuple(templates))

    def say(self, text: str) -> str:
        """Return a finished English sentence in this language."""
        return _Reading(self).say(text)


class _Reading:
    """One sentence on its way into another language, with a limit to the work that it may make."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._left = LOOKUPS

    def say(self, text: str, depth: int = 0) -> str:
        bare = text.strip(" -")
        if not bare or self._left <= 0 or depth > _DEPTH:
            return text
        if bare != text:
            before, _, after = text.partition(bare)
            return f"{before}{self.say(bare, depth)}{after}"
        # Lines first, since what stands in the first may be anybody's and reach to its end.
        known = None if "\n" in text else self._whole(text, depth)
        if known is not None:
            return known
        for joint in ("\n", " · "):
            if joint in text:
                return joint.join(self.say(part, depth + 1) for part in text.split(joint))
        return self._listed(text, depth) or text

    def _whole(self, text: str, depth: int) -> str | None:
        self._left -= 1
        known = self._catalogue.texts.get(text)
        if known is not None:
            return known
        for template in self._catalogue.templates:
            values = template.match(text)
            if values is not None:
                said = {name: self.say(value, depth + 1) if name in SPOKEN else value for name, value in values.items()}
                return _filled(template.translation, said)
        return None

    def _listed(self, text: str, depth: int) -> str | None:
        """Return texts that stand with commas between them, if each is known: a comma may well belong to a text."""
        parts = text.split(", ")
        if not 1 < len(parts) <= _DEPTH:
            return None
        said = [self._whole(part, depth + 1) for part in parts]
        return None if None in said else "，".join(part for part in said if part)


def _end_of_value(text: str, start: int, end: int, literal: str) -> int:
    closer = _CLOSERS.get(text[start : start + 1])
    if closer:
        closed = text.find(closer + literal, start + 1, end)
        if closed >= 0:
            return closed + 1
    return text.find(literal, start, end)


def _filled(text: str, values: Mapping[str, object]) -> str:
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)


def _template(english: str, other: str) -> Template:
    parts = _PLACE.split(english)
    return Template(literals=tuple(parts[::2]), names=tuple(parts[1::2]), translation=other)
