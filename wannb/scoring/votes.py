"""Votes: the verdicts of several judges' files on one question, with the contestants matched by their options."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from wannb.request import FIELDS
from wannb.translation import Said, count, joined, say

from .verdicts import (
    IMAGE,
    LEFT,
    PLACE,
    RIGHT,
    SKIP,
    Contestant,
    Kind,
    Sheet,
    digest,
    is_of,
    read_sheet,
    returned,
    sides_of,
)


class Record(Protocol):
    """Verdicts of one judge that are being given: their file, and what it holds."""

    path: Path
    sheet: Sheet


class Judged(Protocol):
    """A judging: a record of verdicts, and the language it speaks."""

    @property
    def record(self) -> Record: ...

    @property
    def language(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Vote:
    """Verdict of one judge on one pair of pictures, or on one picture.

    Attributes:
        pair: the pair's id, the same for all judges of the same pictures.
        cluster: of the prompt that its pictures share; without one, of all else that they share.
        contestants: their ids, the smaller first; an empty one is not among those of the file.
        winner: one of the two, "tie", "bad" or "skip"; of one picture the answer, such as "4" or "yes".
        much: whether the winner is much better, where the answers say by how much.
        left_won: whether the picture on the left won; None without a preference.
        shared: the options that both pictures have, and the category of their prompt.
        line: of the judge's file, with run, number and checksum of both pictures.
    """

    judge: str
    pair: str
    cluster: str
    contestants: tuple[str, ...]
    winner: str
    left_won: bool | None
    much: bool = False
    shared: Mapping[str, Any] = field(default_factory=dict)
    line: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """All votes on one contest.

    Attributes:
        contestants: by id, those of all files.
        judges: those who gave a verdict or a skip.
        votes: in the order of the files.
        again: those on pairs that were asked again; they count for nothing but self-agreement.
        attention: of each attention pair the judge, and whether the answer was right.
        without: judges who were left out on request.
        skipped: the number of skips.
        broken: lines of the files that could not be read.
        question: what was asked, if the files say it.
        pictures: the number of pictures of these votes and skips, by their checksums.
    """

    kind: Kind
    contestants: Mapping[str, Contestant]
    judges: tuple[str, ...]
    votes: tuple[Vote, ...]
    again: tuple[Vote, ...]
    attention: tuple[tuple[str, bool], ...]
    without: tuple[str, ...]
    skipped: int
    broken: int
    question: str | None
    pictures: int
    notices: tuple[str, ...]

    def by_pair(self) -> list[list[Vote]]:
        """Return the votes on each pair of pictures."""
        grouped: dict[str, list[Vote]] = defaultdict(list)
        for vote in self.votes:
            grouped[vote.pair].append(vote)
        return list(grouped.values())

    def repeats(self) -> list[tuple[str, bool]]:
        """Return of each pair that was answered twice the judge, and whether both answers are the same."""
        first = {(vote.judge, vote.pair): vote.winner for vote in self.votes}
        asked = [(vote, first.get((vote.judge, vote.pair))) for vote in self.again]
        return [(vote.judge, vote.winner == before) for vote, before in asked if before is not None]

    def connected(self) -> list[set[str]]:
        """Return the contestants that were compared, in groups connected by comparisons."""
        groups: list[set[str]] = []
        for vote in self.votes:
            met = [group for group in groups if group & set(vote.contestants)]
            groups = [group for group in groups if group not in met]
            groups.append(set(vote.contestants).union(*met))
        return groups


def tally(sheets: Sequence[tuple[str, Sheet]], question: str | None = None, without: Collection[str] = ()) -> Tally:
    """Return the votes on a question, by its name or text, from named sheets of the same plan, without some judges.

    Raises:
        ValueError: sheets of different plans or questions, or a question that nobody was asked.
    """
    text = question_of(sheets, question)
    sheets = [(name, sheet) for name, sheet in sheets if text is None or text in sheet.questions.values()] or sheets
    first_name, first = sheets[0]
    contestants: dict[str, Contestant] = {}
    said: dict[tuple[str, str], Vote] = {}
    again: dict[tuple[str, str], Vote] = {}
    torn: dict[str, None] = {}
    pictures, gone = _pictures(sheets), 0
    tested: dict[tuple[str, str], bool] = {}
    pictures_seen: dict[str, set[Any]] = defaultdict(set)
    for name, sheet in sheets:
        _check_same((name, sheet), (first_name, first))
        ids = {}
        for each in sheet.header["contestants"]:
            # Matched by their options, whatever their labels and places in the file.
            ids[each["id"]] = one = digest(each["options"])
            contestants.setdefault(one, Contestant(id=one, label=str(each["label"]), options=each["options"]))
        called = sheet.header["judge"] or name  # two judges without a name are two
        key = next((key for key, each in sheet.questions.items() if each == text), "")
        on = sheet.on(key)
        counted = {pair: line for pair, line in on.items() if is_of(line, pictures)}
        gone += len(on) - len(counted)
        for number in itertools.count(1):
            judge = called if number == 1 else f"{called} ({number})"
            given = {(judge, pair): _vote(judge, pair, line, ids) for pair, line in counted.items()}
            if all(said.get(key, vote).winner == vote.winner for key, vote in given.items()):
                break
            torn[called] = None
        said.update(given)
        pictures_seen[judge] |= {side.get("sha256") for line in counted.values() for side in sides_of(line)} - {None}
        tested |= {(judge, pair): passed for pair, passed in sheet.attention(key).items()}
        repeats = {pair: line for pair, line in sheet.again(key).items() if pair in counted}
        again |= {(judge, pair): _vote(judge, pair, line, ids) for pair, line in repeats.items()}
    out, known = count(gone, "verdict"), dict.fromkeys(judge for judge, _ in said)
    judges = [judge for judge in known if judge not in without]
    said, again = ({key: vote for key, vote in all_.items() if key[0] in judges} for all_ in (said, again))
    return Tally(
        kind=first.kind,
        contestants=contestants,
        judges=tuple(judges),
        votes=tuple(vote for vote in said.values() if vote.winner != SKIP and all(vote.contestants)),
        again=tuple(vote for vote in again.values() if vote.winner != SKIP and all(vote.contestants)),
        attention=tuple((judge, passed) for (judge, _), passed in tested.items() if judge in judges),
        without=tuple(judge for judge in known if judge in without),
        skipped=sum(vote.winner == SKIP for vote in said.values()),
        broken=sum(sheet.broken for _, sheet in sheets),
        question=text,
        pictures=len(set().union(*(pictures_seen[judge] for judge in judges))),
        notices=(
            *(Said("files of {judge} contradict each other: counted as several judges", judge=repr(j)) for j in torn),
            *([Said("left out: {verdicts} on pictures replaced or excluded since", verdicts=out)] if gone else []),
        ),
    )


def _check_same(one: tuple[str, Sheet], first: tuple[str, Sheet]) -> None:
    """Refuse sheets of different plans or kinds."""
    (name, sheet), (first_name, other) = one, first
    if (sheet.header["plan"], sheet.header["by"]) != (other.header["plan"], other.header["by"]):
        plans = joined("; ", map(_plan_of, (sheet, other)))
        raise ValueError(
            say("{file} and {first} are of different plans ({plans})", file=name, first=first_name, plans=plans)
        )
    if sheet.kind != other.kind:
        facts = {"file": name, "kind": sheet.kind.name, "first": first_name, "other": other.kind.name}
        raise ValueError(say("{file} holds {kind} and {first} holds {other}; score each", **facts))


def _pictures(sheets: Iterable[tuple[str, Sheet]]) -> Mapping[str, str]:
    """Return the picture of each place as the newest file knows it; files of before do not say it."""
    headers = [sheet.header for _, sheet in sheets if "pictures" in sheet.header]
    newest: Mapping[str, Any] = max(headers, key=lambda header: str(header.get("time", "")), default={"pictures": {}})
    return dict(newest["pictures"])


def question_of(sheets: Sequence[tuple[str, Sheet]], wanted: str | None = None) -> str | None:
    """Return what is asked: what is wanted by name or text, or the first question, which all have.

    None if some file of before does not say it.

    Raises:
        ValueError: a file does not ask it, or none does.
    """
    if wanted is not None:
        named = [each for _, sheet in sheets for each in sheet.questions.items() if each[1] is not None]
        known = ", ".join(dict.fromkeys(name or str(text) for name, text in named)) or Said("nothing")
        for name, text in named:
            if wanted in (name, text):
                return text
        raise ValueError(say("question={value} was not asked; known: {known}", value=repr(wanted), known=known))
    asked = {text: name for name, sheet in reversed(sheets) for text in sheet.questions.values()}
    first = next((text for _, sheet in sheets for text in sheet.questions.values() if text is not None), None)
    for name, sheet in sheets:
        texts = [text for text in sheet.questions.values() if text is not None]
        if texts and first not in texts:
            files = {"file": asked[first], "other": name, "questions": joined("; ", [str(first), texts[0]])}
            raise ValueError(say("{file} and {other} are of different questions ({questions}); score each", **files))
    return None if None in asked else first


def sheets_of(sources: Iterable[Any]) -> Iterator[tuple[str, Sheet]]:
    """Return the sheets of judgings, their files and files that pages saved, with a name each."""
    sources = list(sources)
    folders = [source.record.path.parent for source in sources if hasattr(source, "record")]
    seen: set[Path] = set()
    names: Counter[str] = Counter()
    for source in sources:
        # A judging's file is made with its first verdict.
        here: Record | None = getattr(source, "record", None)
        path = here.path if here else Path(source).expanduser().resolve()
        if path in seen:
            continue
        seen.add(path)
        if path.is_file():
            sheet = returned(path, folders) or read_sheet(path)
            if here:  # its header was checked when the judging began; the one in the file may be damaged since
                sheet = replace(sheet, header=here.sheet.header)
        elif here:
            sheet = here.sheet
        else:
            raise ValueError(say("there is no file {path}; judging.file names it", path=repr(str(path))))
        if not sheet.header:
            raise ValueError(say("{path} holds no judgments of wannb.judge", path=repr(str(path))))
        names[path.name] += 1
        yield path.name if names[path.name] == 1 else f"{path.name} ({names[path.name]})", sheet


def _plan_of(sheet: Sheet) -> str:
    by = ", ".join(sheet.header["by"])
    plan = sheet.header["plan"]
    return Said("plan {plan} by {by}", plan=plan, by=by) if by else Said("plan {plan}", plan=plan)


def _vote(judge: str, pair: str, line: Mapping[str, Any], ids: Mapping[str, str]) -> Vote:
    sides = [ids.get(side["contestant"], "") for side in sides_of(line)]
    verdict = line["verdict"]
    shared = line.get("shared")
    kind = {"category": line["category"]} if isinstance(line.get("category"), str) else {}
    return Vote(
        judge=judge,
        pair=pair,
        cluster=_cluster(pair, shared),
        contestants=tuple(sorted(sides)),
        winner={LEFT: sides[0], RIGHT: sides[-1]}.get(verdict, verdict),
        left_won=verdict == LEFT if verdict in (LEFT, RIGHT) else None,
        much=line.get("degree") == "much",
        shared={**(shared if isinstance(shared, Mapping) else {}), **kind},
        line={**line, "labels": tuple(sides)},
    )


def _cluster(pair: str, shared: object) -> str:
    """Return what verdicts share that are not independent: the prompt or, where it is compared or fixed, the rest."""
    if not isinstance(shared, Mapping):
        return pair
    rest = {name: value for name, value in shared.items() if name != IMAGE}
    # Slots are a part of the prompt; the place is that of a picture in its group.
    words = {name: value for name, value in rest.items() if name == "prompt" or name not in (*FIELDS, PLACE)}
    return digest(words or rest)
