"""Record: the verdicts of one judge on disk, each appended before the next pair is shown, and the order of pairs."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from wannb.errors import StoreError
from wannb.files import append_line, make_folder
from wannb.plan import repeated
from wannb.scoring import KINDS, Kind, Sheet, mark, marked, named, read_sheet, reason
from wannb.translation import Said, say

from .pairs import Contest, Pair, chosen, rank

# Steps


@dataclass(frozen=True, kw_only=True)
class Step:
    """A question on a pair.

    Attributes:
        question: the name of what is asked, "" of a single question.
        again: whether the judge had the same pair before, with its sides the other way round.
    """

    pair: Pair
    question: str = ""
    again: bool = False

    @property
    def mark(self) -> str:
        """What a verdict is filed under."""
        return mark(self.pair.id, self.question, again=self.again)

    @property
    def named(self) -> dict[str, Any]:
        """The question, and whether it is asked again or to see if the judge looks, as they are in the file."""
        facts = {"question": self.question, "again": self.again, "attention": self.pair.attention}
        return {name: value for name, value in facts.items() if value}


def steps_of(
    wanted: Sequence[Pair],
    judged: Sequence[Step],
    questions: Collection[str],
    *,
    repeats: float,
    attention: Sequence[Pair],
    chance: str,
) -> list[Step]:
    """Return a judge's steps: what is judged already, then the rest, question by question.

    All judges get the same pairs, so that their agreement can be measured; each has an order of their own. Of each
    question a share of the pairs comes again with sides swapped, half of the pairs later; attention pairs are spread
    over them.
    """
    steps, marks = list(judged), {step.mark for step in judged}
    for name in questions:
        order = [Step(pair=pair, question=name) for pair in chosen(wanted, None, chance=mark(chance, name))]
        half = len(order) // 2
        drawn = sorted(range(half), key=lambda place: rank(chance, f"again {order[place].pair.mark}"))
        again = set(drawn[: repeated(len(order), repeats)])
        known = sum(step.question == name and not step.again and not step.pair.attention for step in judged)
        left = max(0, len(order) - known)
        tests = _spread([Step(pair=pair, question=name) for pair in attention], len(order), mark(chance, name))
        first = [step for step in order if step.mark not in marks][:left]
        asked = marks | {step.mark for step in first}
        for place, step in enumerate(order):
            steps += [test for test in tests.get(place, ()) if test.mark not in marks]
            if step.mark in asked - marks:
                steps.append(step)
            if place - half in again and order[place - half].mark in asked:
                repeat = Step(pair=order[place - half].pair, question=name, again=True)
                steps += [] if repeat.mark in marks else [repeat]
    return steps


def _spread(steps: Sequence[Step], over: int, chance: str) -> dict[int, list[Step]]:
    """Return steps by the places that they come before, one at random in each of as many parts of an order."""
    places: dict[int, list[Step]] = {}
    for number, step in enumerate(steps):
        part = int(rank(chance, f"attention {number}")[:8], 16) / 2**32
        places.setdefault(int((number + part) * over / len(steps)), []).append(step)
    return places


FORMAT = 1
_NAME_LENGTH = 60
_IDENTITY = (
    ("plan", Said("plan")),
    ("by", Said("comparison")),
    ("judge", Said("judge")),
    ("kind", Said("kind")),
    ("question", Said("question")),
)


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
        kind: Kind = KINDS["pairs"],
        before: Iterable[Path] = (),
    ) -> None:
        self.kind = kind
        self.questions = {name: str(text) for name, text in (questions or {"": kind.question}).items()}
        self.path = Path(path).expanduser().resolve()
        # As it comes back from the file, which cannot hold half a surrogate pair.
        self.judge = judge.encode(errors="replace").decode()
        header = {
            "wannb_judgements": FORMAT,
            "plan": contest.name,
            "by": list(contest.by),
            "judge": self.judge,
            **({"kind": kind.name} if kind.name != "pairs" else {}),
            **({"question": self.questions[""]} if "" in self.questions else {"questions": self.questions}),
            "pictures": contest.pictures,
            "time": datetime.now(timezone.utc).isoformat(timespec="microseconds"),
            "contestants": [
                {"id": each.id, "label": each.label, "options": each.options} for each in contest.contestants
            ],
        }
        sheet = read_sheet(self.path) if self.path.exists() else Sheet(header={}, verdicts={}, broken=0)
        if "" not in self.questions:
            header["questions"] = {**sheet.header.get("questions", {}), **self.questions}
            sheet = sheet.under(self.questions)
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

    def add(self, step: Step, verdict: Mapping[str, Any]) -> None:
        """Save a verdict; on `StoreError` nothing has changed."""
        line = {"pair": step.pair.id, **step.named, **verdict}
        self._append(line)
        self.sheet.verdicts.pop(step.mark, None)
        self.sheet.verdicts[step.mark] = line

    def take_back(self, step: Step, time: str) -> None:
        """Save that a verdict does not count; on `StoreError` nothing has changed."""
        self._append({"undo": step.pair.id, **step.named, "judge": self.judge, "time": time})
        self.sheet.verdicts.pop(step.mark, None)

    def _carry(self, files: Iterable[Path]) -> None:
        """Take over what this judge said when a question was asked alone; it is written with the first verdict."""
        for path in files:
            old = read_sheet(path) if path.is_file() else Sheet(header={}, verdicts={}, broken=0)
            if old.header and all(
                old.header.get(name) == self.sheet.header.get(name) for name in ("plan", "by", "judge", "kind")
            ):
                known = old.under(self.questions).verdicts
                self._carried += [line for line in known.values() if named(line)]
        self.sheet.verdicts.update({marked(line): line for line in self._carried})

    def _check(self, header: Mapping[str, Any]) -> None:
        for name, what in _IDENTITY:
            same = self._asks(header) if name == "question" else header.get(name) == self.sheet.header.get(name)
            if not same:
                found = header.get(name, "pairs" if name == "kind" else header.get("questions"))
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
            raise StoreError(Said("the verdict could not be saved: {why}", why=reason(error))) from error


def default_file(contest: Contest, judge: str, question: str | None, kind: Kind) -> Path:
    """Return the place of a judge's verdicts on a question in the runs folder, None for several questions."""
    asked = "questions" if question is None else "" if question == kind.question else safe(question)
    parts = [contest.name, "" if contest.usual else "-".join(contest.by), kind.name, asked, safe(judge)]
    return contest.folder / "judgements" / ("-".join(part for part in parts if part not in ("", "pairs")) + ".jsonl")


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
