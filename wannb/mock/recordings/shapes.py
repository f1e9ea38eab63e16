"""The shape of JSON answers: fields, types, known words and whether a list holds one or several, but no values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .scrub import DEEP, WORDS

TYPES = {str: "str", int: "int", float: "float", bool: "bool", type(None): "null", list: "list", dict: "object"}
OTHER_WORD = "another word"
#: Lists whose length says something: a set is one choice with several images, or several choices with one each.
COUNTED = ("output.choices", "output.choices[].message.content")


@dataclass(kw_only=True)
class Shape:
    """What has been seen in one place of a kind of answer. `seen` counts the values, `objects` those with fields."""

    types: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    counts: set[str] = field(default_factory=set)
    fields: dict[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    seen: int = 0
    objects: int = 0

    def learn(self, value: Any, name: str = "", depth: int = 0) -> Shape:
        """Take a value into account and return the shape itself; `name` is the field it stood in."""
        self.seen += 1
        self.types.add(TYPES[type(value)])
        if isinstance(value, str) and name in WORDS:
            self.words.add(value if value in WORDS[name] else OTHER_WORD)
        if depth > DEEP:
            return self
        if isinstance(value, dict):
            self.objects += 1
            for inner, content in value.items():
                self.fields.setdefault(inner, Shape()).learn(content, inner, depth + 1)
        if isinstance(value, list):
            self.counts.add(("none", "one")[len(value)] if len(value) < 2 else "several")
            self.items = self.items or Shape()
            for content in value:
                self.items.learn(content, name, depth + 1)
        return self

    def always(self, name: str) -> bool:
        """Say whether every object seen here had a field."""
        return name in self.fields and self.fields[name].seen == self.objects


def differences(live: Shape, known: Mapping[str, Shape], show: Callable[[str], str], place: str = "") -> Iterator[str]:
    """Yield a line for each way in which live answers differ from all that is known of their kind.

    Args:
        live: the live answers.
        known: shapes of the same kind by where they come from, such as "bundled" and "mock".
        show: gives a field's name as it may be shown.
        place: the path so far.
    """
    if not known:
        return
    types = set().union(*(shape.types for shape in known.values()))
    if live.types - types:
        yield f"type differs: {place}: live {_listed(live.types)}, {_by_source(known, 'types')}"
    words = set().union(*(shape.words for shape in known.values()))
    if words and live.words - words:
        yield f"word differs: {place}: live {_listed(live.words)}, {_by_source(known, 'words')}"
    counts = set().union(*(shape.counts for shape in known.values()))
    if place in COUNTED and counts and live.counts - counts:
        yield f"count differs: {place}: live {_listed(live.counts)}, {_by_source(known, 'counts')}"
    yield from _fields(live, known, show, place)
    if live.items is not None and live.items.seen:
        items = {name: shape.items for name, shape in known.items() if shape.items is not None and shape.items.seen}
        yield from differences(live.items, items, show, f"{place}[]")


def _fields(live: Shape, known: Mapping[str, Shape], show: Callable[[str], str], place: str) -> Iterator[str]:
    known = {source: shape for source, shape in known.items() if shape.objects}
    if not live.objects or not known:
        return
    for name, shape in live.fields.items():
        having = {source: theirs.fields[name] for source, theirs in known.items() if name in theirs.fields}
        path = f"{place}.{show(name)}" if place else show(name)
        if having:
            yield from differences(shape, having, show, path)
        else:
            yield f"only live: {path} ({_listed(shape.types)})"
    # In the order of the first source that has a field, each once.
    for name in dict.fromkeys(name for shape in known.values() for name in shape.fields):
        missing = [source for source, shape in known.items() if shape.always(name)]
        if name not in live.fields and missing:
            types = set().union(*(known[source].fields[name].types for source in missing))
            path = f"{place}.{show(name)}" if place else show(name)
            yield f"only {' and '.join(missing)}: {path} ({_listed(types)})"


def _listed(words: set[str]) -> str:
    return " or ".join(sorted(words))


def _by_source(known: Mapping[str, Shape], what: str) -> str:
    return ", ".join(f"{source} {_listed(getattr(shape, what))}" for source, shape in known.items())
