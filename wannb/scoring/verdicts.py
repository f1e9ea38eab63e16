"""Verdicts of one judge, as an append-only log of JSON lines.

The first line is a header: the plan, the compared options, the question, the contestants, the picture of each place.
Each further line is a verdict, or takes the last verdict back, or is a new header, once pictures of the plan were
replaced or left out. A line that was cut when a machine went down does not count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wannb.errors import StoreError
from wannb.files import parse_json, read_file, read_lines
from wannb.translation import Said, say

LEFT, RIGHT, TIE, BAD, SKIP = "left", "right", "tie", "bad", "skip"
PICTURE = "picture"
#: What a pair shares beside options: place in its group, number in its cell. No slot of a prompt has such a name.
PLACE, IMAGE = "place in group", "image in cell"
#: About 100,000 verdicts.
_MOST_BYTES = 100 * 2**20
#: Characters of a checksum that tell pictures apart.
PRINT = 12


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a judge answers about: two pictures beside each other, or one alone.

    Attributes:
        name: "pairs", "graded" (pairs whose answers say by how much), "rating" or "check".
        sides: where the pictures stand, as they are called in a verdict.
        answers: what a verdict holds for each answer, by the answer's name.
        question: what is asked by default, as it is recorded; a judge sees it in their language. Empty without one.
        values: the number of each answer about one picture, the lowest first.
    """

    name: str
    sides: tuple[str, ...] = (LEFT, RIGHT)
    answers: Mapping[str, Mapping[str, str]]
    question: Said
    values: Mapping[str, int] = field(default_factory=dict)

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest number that a contestant may get."""
        numbers = [*self.values.values()] or [0, 1]
        return numbers[0], numbers[-1]

    def scaled(self, share: float | None) -> float | None:
        """Return a share of the way from the lowest number to the highest as such a number."""
        low, high = self.ends
        return None if share is None else low + (high - low) * share


def _each(*verdicts: str) -> dict[str, Mapping[str, str]]:
    return {each: {"verdict": each} for each in verdicts}


def _degree(side: str, degree: str) -> dict[str, str]:
    return {"verdict": side, "degree": degree}


_BETTER = Said("Which one is better?")
KINDS = {
    each.name: each
    for each in (
        Kind(name="pairs", answers=_each(LEFT, RIGHT, TIE, BAD, SKIP), question=_BETTER),
        Kind(
            name="graded",
            answers={
                **{f"much {side}": _degree(side, "much") for side in (LEFT, RIGHT)},
                **{side: _degree(side, "slightly") for side in (LEFT, RIGHT)},
                **_each(TIE, BAD, SKIP),
            },
            question=_BETTER,
        ),
        Kind(
            name="rating",
            sides=(PICTURE,),
            answers=_each(*"12345", SKIP),
            question=Said("How good is this picture?"),
            values={each: int(each) for each in "12345"},
        ),
        Kind(
            name="check",
            sides=(PICTURE,),
            answers=_each("yes", "no", SKIP),
            question=Said(""),
            values={"no": 0, "yes": 1},
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A contestant: the values of one or several options.

    Attributes:
        id: from the options alone, so that it is the same in every judge's file and on every machine.
        label: the options in a few words.
        options: by name, as JSON data.
    """

    id: str
    label: str
    options: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Content of a judge's file.

    Attributes:
        header: the last whole header; empty without one.
        verdicts: those that count, in the order in which they were given, by `mark` of their pair and question.
        broken: lines that are cut or of another kind.
    """

    header: Mapping[str, Any]
    verdicts: dict[str, Mapping[str, Any]]
    broken: int

    @property
    def kind(self) -> Kind:
        """What its judge answered about; files of before are of pairs."""
        return KINDS[self.header.get("kind", "pairs")]

    @property
    def questions(self) -> Mapping[str, str | None]:
        """What was asked, by name; a single question has the name "", and a file of before does not say it."""
        return self.header.get("questions") or {"": self.header.get("question")}

    def on(self, question: str) -> dict[str, Mapping[str, Any]]:
        """Return the verdicts on a question, by the pair's id, without those on repeats and attention pairs."""
        return {line["pair"]: line for line in self._lines(question) if not line.get("again")}

    def again(self, question: str) -> dict[str, Mapping[str, Any]]:
        """Return the verdicts on pairs that were asked again with sides swapped, by the pair's id."""
        return {line["pair"]: line for line in self._lines(question) if line.get("again")}

    def attention(self, question: str) -> dict[str, bool]:
        """Return whether each attention pair was answered right, by the pair's id, without those skipped."""
        lines = [line for line in self._lines(question, attention=True) if line["verdict"] != SKIP]
        return {
            line["pair"]: not line.get(line["verdict"], {"blurred": True}).get("blurred")
            for line in lines
            if not line.get("again")
        }

    def _lines(self, question: str, *, attention: bool = False) -> list[Mapping[str, Any]]:
        lines = self.verdicts.values()
        return [line for line in lines if named(line) == question and bool(line.get("attention")) == attention]

    def under(self, names: Mapping[str, str]) -> Sheet:
        """Return the sheet with the verdicts on its single question under the name that it has among several."""
        name = next((name for name, text in names.items() if text == self.questions.get("")), None)
        if name is None:
            return self
        lines = [{**line, "question": name} if not named(line) else line for line in self.verdicts.values()]
        return replace(self, verdicts={marked(line): line for line in lines})


def mark(pair: str, question: str, *, again: bool = False) -> str:
    """Return the name of a verdict in a file: its pair, which of several questions, and whether it was asked again."""
    name = f"{pair} {question}" if question else pair
    return f"again {name}" if again else name


def marked(line: Mapping[str, Any]) -> str:
    """Return the name of a verdict."""
    return mark(line["pair"], named(line), again=bool(line.get("again")))


def named(line: Mapping[str, Any]) -> str:
    """Return the name of the question of a verdict, "" of a single one."""
    return str(line.get("question", ""))


def read_sheet(path: Path) -> Sheet:
    """Return the content of a judge's file, without lines that are cut or of another kind.

    Raises:
        StoreError: the file cannot be read.
    """
    try:
        lines, broken = read_lines(path, most=_MOST_BYTES)
    except OSError as error:
        raise StoreError(Said("{path} cannot be read: {why}", path=repr(str(path)), why=reason(error))) from error
    header: Mapping[str, Any] = {}
    verdicts: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        if not isinstance(line, dict):
            broken += 1
        elif _is_header(line):
            if header and "questions" in line:
                verdicts = Sheet(header=header, verdicts=verdicts, broken=0).under(line["questions"]).verdicts
            header = line
        elif "undo" in line:
            verdicts.pop(marked({**line, "pair": str(line["undo"])}), None)
        elif _is_verdict(line):
            verdicts.pop(marked(line), None)
            verdicts[marked(line)] = line
        else:
            broken += 1
    return Sheet(header=header, verdicts=verdicts, broken=broken)


def reason(error: OSError) -> str:
    return error.strerror or str(error)


def _is_header(line: Mapping[str, Any]) -> bool:
    listed, by = line.get("contestants"), line.get("by")
    return (
        "wannb_judgements" in line
        and all(isinstance(line.get(name), str) for name in ("plan", "judge"))
        and line.get("kind", "pairs") in KINDS
        and isinstance(line.get("question", ""), str)
        and _is_texts(line.get("questions", {}))
        and isinstance(by, list)
        and all(isinstance(name, str) for name in by)
        and isinstance(listed, list)
        and all(isinstance(each, Mapping) and {"id", "label", "options"} <= set(each) for each in listed)
        and all(isinstance(each["id"], str) and isinstance(each["options"], Mapping) for each in listed)
        and isinstance(line.get("pictures", {}), Mapping)
        and isinstance(line.get("time", ""), str)
    )


def _is_texts(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(each, str) for each in (*value, *value.values()))


def is_of(verdict: Mapping[str, Any], pictures: Mapping[str, str]) -> bool:
    """Return whether a verdict was given about pictures that are still in their places, or that are gone from them.

    One that was replaced, or left out of the plan, is not; a file of another machine may lack some.
    """
    shared = verdict.get("shared")
    if not isinstance(shared, Mapping):
        return True
    whole = {name: value for name, value in shared.items() if name != IMAGE}
    for side in sides_of(verdict):
        print_ = str(side.get("sha256", ""))[:PRINT]
        there = {pictures.get(place_of(side["contestant"], each), print_) for each in (shared, whole)}
        if there != {print_}:
            return False
    return True


def sides_of(line: Mapping[str, Any]) -> list[Any]:
    """Return what a verdict says of its pictures, the left one first."""
    return [line[side] for side in (LEFT, RIGHT, PICTURE) if side in line]


def _is_verdict(line: Mapping[str, Any]) -> bool:
    kinds = [kind for kind in KINDS.values() if all(side in line for side in kind.sides)]
    sides = sides_of(line)
    return (
        isinstance(line.get("pair"), str)
        and any(line.get("verdict") == each["verdict"] for kind in kinds for each in kind.answers.values())
        and all(isinstance(side, Mapping) and isinstance(side.get("contestant"), str) for side in sides)
    )


def place_of(contestant: str, shared: Mapping[str, Any]) -> str:
    """Return what identifies a contestant's place in a study, whatever picture is there."""
    return digest([contestant, shared])


def digest(data: object) -> str:
    """Return 12 hexadecimal digits that identify JSON data."""
    written = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:12]


# Verdicts that come back from a page without Python

KEY = ".key.json"
#: Bytes of a file that comes back.
_MOST_BACK = 32 * 2**20


def returned(path: Path, folders: Iterable[Path]) -> Sheet | None:
    """Return the verdicts of a file that a page saved, as those of a judge's file; None for a file of another kind.

    Raises:
        ValueError: the page's key is in none of the folders.
        OSError: the file cannot be read.
    """
    lines, broken = read_lines(path, most=_MOST_BACK)
    place = _key_of(path, lines, folders)
    if place is None:
        return None
    head, key = lines[0], parse_json(read_file(place, most=_MOST_BACK))
    kind = KINDS[key["header"].get("kind", "pairs")]
    names = list(key["header"].get("questions", {"": ""}))
    verdicts: dict[str, Mapping[str, Any]] = {}
    for line in lines[1:]:
        found = _verdict(line, kind, key["pairs"], names, str(head.get("judge", "")))
        if found is None:
            broken += 1
        else:
            verdicts[marked(found)] = found
    return Sheet(header={**key["header"], "judge": str(head.get("judge", ""))}, verdicts=verdicts, broken=broken)


def key_file(path: Path, folders: Iterable[Path] = ()) -> Path | None:
    """Return the key of the page that saved a file of verdicts; None for a file of another kind.

    Raises:
        ValueError: the page's key is in none of the folders.
        OSError: the file cannot be read.
    """
    return _key_of(path, read_lines(path, most=_MOST_BACK)[0], folders)


def _key_of(path: Path, lines: Sequence[Any], folders: Iterable[Path]) -> Path | None:
    head = lines[0] if lines and isinstance(lines[0], Mapping) else {}
    if "wannb_judging_page" not in head:
        return None
    id_ = str(head.get("page")).partition("-")[0]
    for folder in dict.fromkeys([path.parent, path.parent.parent, Path.cwd(), *folders]):
        for place in sorted(folder.glob(f"*{KEY}")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                key = parse_json(read_file(place, most=_MOST_BACK))
                if key["page"] == id_ and isinstance(key["header"]["contestants"], list):
                    return place
    raise ValueError(
        say("{path}: the key of its page is missing; put the .key.json that was saved with it here", path=path.name)
    )


def _verdict(
    line: Any, kind: Kind, pairs: Sequence[Mapping[str, Any]], names: Sequence[str], judge: str
) -> dict[str, Any] | None:
    with suppress(LookupError, TypeError, ValueError):
        n, q, left = (line[name] for name in ("n", "q", "left"))
        if min(n, q) < 0 or left not in range(len(kind.sides)):
            return None
        answer = kind.answers[line["verdict"]]
        pair, name = dict(pairs[n]), names[q]
        shown = pair.pop("sides")
        sides = dict(zip(kind.sides, shown[::-1] if left else shown, strict=True))
        told = {**answer, **{key: line[key] for key in ("time", "seconds") if key in line}}
        asked = {**({"question": name} if name else {}), **({"again": True} if line.get("again") is True else {})}
        return {**pair, **sides, **asked, **told, "judge": judge}
    return None
