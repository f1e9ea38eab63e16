"""Verdicts of one judge, as an append-only log of JSON lines.

The first line is a header: the plan, the compared options, the question, the contestants, the picture of each place.
Each further line is a verdict, or takes the last verdict back, or is a new header, once pictures of the plan were
replaced or left out. A line that was cut when a machine went down does not count.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from wannb.errors import StoreError
from wannb.files import append_line, make_folder, read_lines
from wannb.translation import Said, say

from .pairs import PRINT, Contest, place_of

LEFT, RIGHT, TIE, BAD, SKIP = "left", "right", "tie", "bad", "skip"
VERDICTS = (LEFT, RIGHT, TIE, BAD, SKIP)
#: As it is recorded; a judge sees it in their language.
QUESTION = Said("Which one is better?")
FORMAT = 1
_NAME_LENGTH = 60
_IDENTITY = (
    ("plan", Said("plan")),
    ("by", Said("comparison")),
    ("judge", Said("judge")),
    ("question", Said("question")),
)
#: About 100,000 verdicts.
_MOST_BYTES = 100 * 2**20


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
    def questions(self) -> Mapping[str, str | None]:
        """What was asked, by name; a single question has the name "", and a file of before does not say it."""
        return self.header.get("questions") or {"": self.header.get("question")}

    def on(self, question: str) -> dict[str, Mapping[str, Any]]:
        """Return the verdicts on a question, by the pair's id."""
        return {line["pair"]: line for line in self.verdicts.values() if named(line) == question}

    def _named(self, names: Mapping[str, str]) -> Sheet:
        """Return the sheet with the verdicts on its single question under the name that it has among several."""
        name = next((name for name, text in names.items() if text == self.questions.get("")), None)
        if name is None:
            return self
        lines = [{**line, "question": name} if not named(line) else line for line in self.verdicts.values()]
        return replace(self, verdicts={mark(line["pair"], named(line)): line for line in lines})


def mark(pair: str, question: str) -> str:
    """Return the name of a verdict in a file: its pair, and which of several questions."""
    return f"{pair} {question}" if question else pair


def named(line: Mapping[str, Any]) -> str:
    """Return the name of the question of a verdict, "" of a single one."""
    return str(line.get("question", ""))


class Record:
    """Verdicts of one judge on one contest, on disk and in memory.

    Attributes:
        sheet: the content of the file, or the content that its first verdict gives it.

    Raises:
        ValueError: the file holds another judging, another question's or another judge's verdicts.
        StoreError: the file cannot be read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        contest: Contest,
        judge: str,
        questions: Mapping[str, str] | None = None,
        before: Iterable[Path] = (),
    ) -> None:
        self.questions = {name: str(text) for name, text in (questions or {"": QUESTION}).items()}
        self.path = Path(path).expanduser().resolve()
        # As it comes back from the file, which cannot hold half a surrogate pair.
        self.judge = judge.encode(errors="replace").decode()
        header = {
            "wannb_judgements": FORMAT,
            "plan": contest.name,
            "by": list(contest.by),
            "judge": self.judge,
            **({"question": self.questions[""]} if "" in self.questions else {"questions": self.questions}),
            "pictures": contest.pictures,
            "time": datetime.now(timezone.utc).isoformat(timespec="microseconds"),
            "contestants": [
                {"id": each.id, "label": each.label, "options": each.options} for each in contest.contestants
            ],
        }
        sheet = read(self.path) if self.path.exists() else Sheet(header={}, verdicts={}, broken=0)
        if "" not in self.questions:
            header["questions"] = {**sheet.header.get("questions", {}), **self.questions}
            sheet = sheet._named(self.questions)
        self.sheet = replace(sheet, header=header)
        # A file of before gains the pictures; a verdict on one that has been replaced since does not count.
        self._has_header = bool(sheet.header) and all(
            sheet.header.get(name) == header.get(name) for name in ("pictures", "questions")
        )
        self._carried: list[Mapping[str, Any]] = []
        if sheet.header:
            self._check(sheet.header)
        elif sheet.verdicts:
            self._restore_header(contest)
        elif not self.path.exists():
            self._carry(before)

    @property
    def verdicts(self) -> Mapping[str, Mapping[str, Any]]:
        """The verdicts that count, by `mark`, in the order in which they were given."""
        return dict(self.sheet.verdicts)

    def add(self, pair: str, question: str, verdict: Mapping[str, Any]) -> None:
        """Save a verdict; on `StoreError` nothing has changed."""
        line = {"pair": pair, **({"question": question} if question else {}), **verdict}
        self._append(line)
        self.sheet.verdicts.pop(mark(pair, question), None)
        self.sheet.verdicts[mark(pair, question)] = line

    def take_back(self, pair: str, question: str, time: str) -> None:
        """Save that a verdict does not count; on `StoreError` nothing has changed."""
        asked = {"question": question} if question else {}
        self._append({"undo": pair, **asked, "judge": self.judge, "time": time})
        self.sheet.verdicts.pop(mark(pair, question), None)

    def _carry(self, files: Iterable[Path]) -> None:
        """Take over what this judge said when a question was asked alone; it is written with the first verdict."""
        for path in files:
            old = read(path) if path.is_file() else Sheet(header={}, verdicts={}, broken=0)
            if old.header and all(old.header[name] == self.sheet.header[name] for name in ("plan", "by", "judge")):
                known = old._named(self.questions).verdicts
                self._carried += [line for line in known.values() if named(line)]
        self.sheet.verdicts.update({mark(line["pair"], named(line)): line for line in self._carried})

    def _check(self, header: Mapping[str, Any]) -> None:
        for name, what in _IDENTITY:
            same = self._asks(header) if name == "question" else header.get(name) == self.sheet.header[name]
            if not same:
                found = header.get(name, header.get("questions"))
                facts = {"path": repr(str(self.path)), "what": what, "found": repr(found)}
                raise ValueError(say("{path} is of another {what}, {found}; give another file= or judge=", **facts))

    def _asks(self, header: Mapping[str, Any]) -> bool:
        """Return whether what a file asks is among what is asked now; files of before do not say it."""
        if "" in self.questions:
            return "questions" not in header and header.get("question") in (None, self.questions[""])
        known = header.get("questions", {})
        return header.get("question") in (None, *self.questions.values()) and all(
            known.get(name, text) == text for name, text in self.questions.items()
        )

    def _restore_header(self, contest: Contest) -> None:
        """Write the header again if it was damaged, so that the verdicts count without this judging too."""
        for line in self.verdicts.values():
            self._check({**self.sheet.header, "judge": line.get("judge", self.judge)})
        if any(pair.id in self.verdicts for pair in contest.pairs):
            # A read-only file gets it with its next verdict.
            with suppress(StoreError):
                self._append()

    def _append(self, *lines: Mapping[str, Any]) -> None:
        try:
            make_folder(self.path.parent)
            for line in lines if self._has_header else (self.sheet.header, *self._carried, *lines):
                append_line(self.path, line)
                self._has_header = True
            self._carried = []
        except OSError as error:
            raise StoreError(Said("the verdict could not be saved: {why}", why=_reason(error))) from error


def read(path: Path) -> Sheet:
    """Return the content of a judge's file, without lines that are cut or of another kind.

    Raises:
        StoreError: the file cannot be read.
    """
    try:
        lines, broken = read_lines(path, most=_MOST_BYTES)
    except OSError as error:
        raise StoreError(Said("{path} cannot be read: {why}", path=repr(str(path)), why=_reason(error))) from error
    header: Mapping[str, Any] = {}
    verdicts: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        if not isinstance(line, dict):
            broken += 1
        elif _is_header(line):
            if header and "questions" in line:
                verdicts = Sheet(header=header, verdicts=verdicts, broken=0)._named(line["questions"]).verdicts
            header = line
        elif "undo" in line:
            verdicts.pop(mark(str(line["undo"]), named(line)), None)
        elif _is_verdict(line):
            key = mark(line["pair"], named(line))
            verdicts.pop(key, None)
            verdicts[key] = line
        else:
            broken += 1
    return Sheet(header=header, verdicts=verdicts, broken=broken)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _is_header(line: Mapping[str, Any]) -> bool:
    listed, by = line.get("contestants"), line.get("by")
    return (
        "wannb_judgements" in line
        and all(isinstance(line.get(name), str) for name in ("plan", "judge"))
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
    whole = {name: value for name, value in shared.items() if name != "image"}
    for side in (verdict[LEFT], verdict[RIGHT]):
        print_ = str(side.get("sha256", ""))[:PRINT]
        there = {pictures.get(place_of(side["contestant"], each), print_) for each in (shared, whole)}
        if there != {print_}:
            return False
    return True


def _is_verdict(line: Mapping[str, Any]) -> bool:
    sides = (line.get(LEFT), line.get(RIGHT))
    return (
        isinstance(line.get("pair"), str)
        and line.get("verdict") in VERDICTS
        and all(isinstance(side, Mapping) and isinstance(side.get("contestant"), str) for side in sides)
    )


def default_file(contest: Contest, judge: str, question: str | None) -> Path:
    """Return the place of a judge's verdicts on a question in the runs folder, None for several questions."""
    asked = "questions" if question is None else "" if question == QUESTION else safe(question)
    parts = [contest.name, "" if contest.usual else "-".join(contest.by), asked, safe(judge)]
    return contest.folder / "judgements" / ("-".join(part for part in parts if part) + ".jsonl")


def safe(name: str) -> str:
    """Return a name as part of a file name that every file system takes; different names stay different.

    >>> safe("table 1")
    'table 1'
    >>> safe("a/b")
    'a_b-c14cddc0'
    """
    plain = "".join(each if each.isalnum() or each in " _." else "_" for each in unicodedata.normalize("NFC", name))
    short = re.sub(r"\s+", " ", plain).strip(" .")[:_NAME_LENGTH].strip(" .")
    if short == name:
        return short
    return f"{short}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
