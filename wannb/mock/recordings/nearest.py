"""Which recordings are nearest to a request that has none, and what exactly differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

# Comparing texts letter by letter is for so many; the others are ranked by their words before.
CLOSELY = 60


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that is not as recorded. None stands for a field that is not there."""

    path: str
    recorded: str | None
    sent: str | None

    def __str__(self) -> str:
        return f"{self.path}: recorded {self.recorded or 'nothing'}, sent {self.sent or 'nothing'}"


def nearest(recorded: Sequence[Mapping[str, Any]], sent: Mapping[str, Any]) -> list[int]:
    """Return the places of the normalised requests that are nearest to `sent`, the nearest first."""
    places = list(range(len(recorded)))
    if len(places) > CLOSELY:
        mine = dict(_leaves(sent, ""))
        words = {path: _words(text) for path, text in mine.items()}
        rough = [_rough(dict(_leaves(one, "")), mine, words) for one in recorded]
        places = sorted(places, key=lambda place: rough[place])[:CLOSELY]
    return sorted(places, key=lambda place: (_distance(differences(recorded[place], sent)), place))


def _rough(theirs: Mapping[str, str], mine: Mapping[str, str], words: Mapping[str, frozenset[str]]) -> float:
    total = 0.0
    for path in theirs.keys() | mine.keys():
        if path not in theirs or path not in mine:
            total += 1
        elif theirs[path] != mine[path]:
            both = _words(theirs[path])
            total += 1 - 0.8 * len(both & words[path]) / (len(both | words[path]) or 1)
    return total


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


def differences(recorded: Mapping[str, Any], sent: Mapping[str, Any]) -> list[Difference]:
    """Return every field in which two normalised requests differ, with both values shortened."""
    before, after = dict(_leaves(recorded, "")), dict(_leaves(sent, ""))
    found = []
    for path in dict.fromkeys([*before, *after]):
        if before.get(path) != after.get(path):
            old, new = _around(before.get(path), after.get(path))
            found.append(Difference(path=path.removeprefix("json."), recorded=old, sent=new))
    return found


def _leaves(value: Any, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{place}]")
    elif path != "headers":
        yield path, json.dumps(value, ensure_ascii=False)


def _around(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Shorten two values to the part where they begin to differ."""
    start = 0
    if old is not None and new is not None:
        pairs = zip(old, new, strict=False)
        start = next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))
    return _piece(old, start), _piece(new, start)


def _piece(text: str | None, start: int) -> str | None:
    if text is None or len(text) <= 70:
        return text
    begin = max(0, min(start - 20, len(text) - 60))
    return f"{'…' if begin else ''}{text[begin : begin + 60]}{'…' if begin + 60 < len(text) else ''}"


def _distance(found: list[Difference]) -> float:
    total = 0.0
    for one in found:
        if one.recorded is None or one.sent is None:
            total += 1
        else:
            total += 1 - 0.8 * SequenceMatcher(None, one.recorded, one.sent, autojunk=False).ratio()
    return total
