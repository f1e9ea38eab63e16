"""The file of one judge: JSON lines, written as the verdicts come, read again after any kind of end.

The first line is a header: the plan, what is compared, the contestants with their options. Then one line a verdict, or
one that takes the last verdict back. A line that was cut when a machine went down is passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wannb.errors import StoreError

from .pairs import Contest

LEFT, RIGHT, TIE, SKIP = "left", "right", "tie", "skip"
VERDICTS = (LEFT, RIGHT, TIE, SKIP)
FORMAT = 1
_NAME_LENGTH = 60


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What is in a judge's file.

    Attributes:
        header: the first whole header line; empty where there is none.
        verdicts: those that stand, in the order in which they were given, by the pair's id.
        broken: lines that are no JSON, such as one that was cut.
    """

    header: Mapping[str, Any]
    verdicts: Mapping[str, Mapping[str, Any]]
    broken: int


class Record:
    """The verdicts of one judge on one contest, on disk and here.

    Raises:
        ValueError: the file holds another judging, or another judge's verdicts.
        StoreError: the file cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, contest: Contest, judge: str) -> None:
        self.path = Path(path).expanduser().resolve()
        self.judge = judge
        self._header = {
            "wannb_judgements": FORMAT,
            "plan": contest.name,
            "by": list(contest.by),
            "judge": judge,
            "contestants": [
                {"id": each.id, "label": each.label, "options": each.options} for each in contest.contestants
            ],
        }
        sheet = read(self.path) if self.path.exists() else Sheet(header={}, verdicts={}, broken=0)
        self.broken = sheet.broken
        self._headed = bool(sheet.header)
        self._verdicts: dict[str, Mapping[str, Any]] = dict(sheet.verdicts)
        if sheet.header:
            self._check(sheet.header)
        elif self._verdicts:
            self._head(contest)

    @property
    def sheet(self) -> Sheet:
        """What the file holds, or will hold with its first verdict."""
        return Sheet(header=self._header, verdicts=self.verdicts, broken=self.broken)

    @property
    def verdicts(self) -> Mapping[str, Mapping[str, Any]]:
        """The verdicts that stand, by the pair's id, in the order in which they were given."""
        return dict(self._verdicts)

    def add(self, pair: str, verdict: Mapping[str, Any]) -> None:
        """Put a verdict on disk; raise `StoreError` where that fails, and nothing has changed then."""
        line = {"pair": pair, **verdict}
        self._append(line)
        self._verdicts.pop(pair, None)
        self._verdicts[pair] = line

    def take_back(self, pair: str, time: str) -> None:
        """Put on disk that a verdict does not stand any more."""
        self._append({"undo": pair, "judge": self.judge, "time": time})
        self._verdicts.pop(pair, None)

    def _check(self, header: Mapping[str, Any]) -> None:
        for name, what in (("plan", "plan"), ("by", "comparison"), ("judge", "judge")):
            if header.get(name) != self._header[name]:
                raise ValueError(
                    f"{str(self.path)!r} holds the verdicts of another {what} ({header.get(name)!r}, not "
                    f"{self._header[name]!r}); give another file=, or another judge="
                )

    def _head(self, contest: Contest) -> None:
        """Write the header again where it was damaged, so that the verdicts count without this judging too."""
        for line in self._verdicts.values():
            if line.get("judge", self.judge) != self.judge:
                self._check({**self._header, "judge": line["judge"]})
        if {pair.id for pair in contest.pairs} & set(self._verdicts):
            # Else with the next verdict; who only looks may have a file that cannot be written.
            with suppress(StoreError):
                self._append()

    def _append(self, *given: Mapping[str, Any]) -> None:
        lines = given if self._headed else (self._header, *given)
        written = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in lines).encode(
            "utf-8", "surrogatepass"
        )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                if file.seek(0, os.SEEK_END):
                    file.seek(-1, os.SEEK_END)
                    # What was cut must not swallow what comes.
                    written = written if file.read(1) == b"\n" else b"\n" + written
                file.write(written)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"the verdict could not be saved in {str(self.path)!r}: {error.strerror or error}"
            ) from error
        self._headed = True


def read(path: Path) -> Sheet:
    """Return what is in a judge's file; lines that are cut or not ours are passed over."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    header: Mapping[str, Any] = {}
    verdicts: dict[str, Mapping[str, Any]] = {}
    broken = 0
    for raw in content.split(b"\n"):
        line = _line(raw)
        if line is None:
            broken += bool(raw.strip())
        elif "wannb_judgements" in line:
            header = header or line
        elif "undo" in line:
            verdicts.pop(str(line["undo"]), None)
        else:
            verdicts.pop(line["pair"], None)
            verdicts[line["pair"]] = line
    return Sheet(header=header, verdicts=verdicts, broken=broken)


def _line(raw: bytes) -> dict[str, Any] | None:
    with suppress(ValueError):
        line = json.loads(raw)
        if isinstance(line, dict) and ("wannb_judgements" in line or "undo" in line or _is_verdict(line)):
            return line
    return None


def _is_verdict(line: Mapping[str, Any]) -> bool:
    sides = (line.get(LEFT), line.get(RIGHT))
    return (
        isinstance(line.get("pair"), str)
        and line.get("verdict") in VERDICTS
        and all(isinstance(side, Mapping) and isinstance(side.get("contestant"), str) for side in sides)
    )


def default_file(contest: Contest, judge: str) -> Path:
    """Return where a judge's verdicts go in the folder of runs."""
    parts = [contest.name, "" if contest.usual else "-".join(contest.by), safe(judge)]
    return contest.folder / "judgements" / ("-".join(part for part in parts if part) + ".jsonl")


def safe(name: str) -> str:
    """Return a name as a part of a file name that every file system takes; two names never become one.

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
