"""Several judges' files put together: who won how often, and how far the judges agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, count
from pathlib import Path
from typing import Any

from .pairs import Contestant, digest
from .record import LEFT, RIGHT, SKIP, TIE, Record, Sheet, read


@dataclass(frozen=True, kw_only=True)
class Vote:
    """What one judge said of one pair of pictures.

    Attributes:
        judge, pair: who, and the pair's id, which all judges of the same pictures share.
        contestants: their two ids, the smaller first.
        winner: one of the two, None for a tie.
        left_won: whether the picture on the left won; None for a tie.
    """

    judge: str
    pair: str
    contestants: tuple[str, str]
    winner: str | None
    left_won: bool | None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """All votes on one contest.

    Attributes:
        contestants: by id, those of all files.
        judges: who gave a verdict or a skip.
        votes: in the order of the files.
        skipped: how often a judge passed a pair over.
        broken: lines of the files that could not be read.
        notices: what one should know of the files.
    """

    contestants: Mapping[str, Contestant]
    judges: tuple[str, ...]
    votes: tuple[Vote, ...]
    skipped: int
    broken: int
    notices: tuple[str, ...]

    def by_pair(self) -> list[list[Vote]]:
        """Return the votes on each pair of pictures."""
        grouped: dict[str, list[Vote]] = defaultdict(list)
        for vote in self.votes:
            grouped[vote.pair].append(vote)
        return list(grouped.values())

    def counts(self, contestant: str) -> tuple[int, int, int]:
        """Return a contestant's wins, ties and losses."""
        own = [vote.winner for vote in self.votes if contestant in vote.contestants]
        kinds = Counter("win" if winner == contestant else "loss" if winner else "tie" for winner in own)
        return kinds["win"], kinds["tie"], kinds["loss"]

    def connected(self) -> list[set[str]]:
        """Return the contestants that were compared, in groups that are tied together by comparisons."""
        groups: list[set[str]] = []
        for vote in self.votes:
            met = [group for group in groups if group & set(vote.contestants)]
            groups = [group for group in groups if group not in met]
            groups.append(set(vote.contestants).union(*met))
        return groups

    def shared(self) -> list[list[Vote]]:
        """Return the votes on each pair of pictures that at least two judges judged."""
        return [votes for votes in self.by_pair() if len(votes) > 1]

    def agreement(self) -> float | None:
        """Return how many of all two judges' verdicts on the same pair are equal, 0 to 1; None where there are none."""
        equal = [one.winner == other.winner for votes in self.shared() for one, other in combinations(votes, 2)]
        return sum(equal) / len(equal) if equal else None


def tally(sources: Iterable[Any]) -> Tally:
    """Return the votes of files and judgings of the same plan.

    Raises:
        ValueError: no file, one that holds no judgements, or files of different plans.
        StoreError: a file cannot be read.
    """
    sheets = list(_sheets(sources))
    if not sheets:
        raise ValueError("no judgements were given; give files, or what wannb.judge returned")
    first_name, first = sheets[0]
    contestants: dict[str, Contestant] = {}
    said: dict[tuple[str, str], tuple[Mapping[str, Any], Mapping[str, str]]] = {}
    torn: dict[str, None] = {}
    for name, sheet in sheets:
        if (sheet.header["plan"], sheet.header["by"]) != (first.header["plan"], first.header["by"]):
            raise ValueError(
                f"{name} and {first_name} are of different plans or comparisons ({_what(sheet)}; {_what(first)}): "
                "their contestants never met, so they cannot be scored together"
            )
        ids = {}
        for each in sheet.header["contestants"]:
            # By what they are, whatever they are called and wherever they stand in the file.
            ids[each["id"]] = key = digest(each["options"])
            contestants.setdefault(key, Contestant(id=key, label=str(each["label"]), options=each["options"]))
        judge = called = sheet.header["judge"] or name  # two people without a name are two
        for number in count(2):
            before = {pair: said[judge, pair] for pair in sheet.verdicts if (judge, pair) in said}
            if all(_what_won(*one) == _what_won(sheet.verdicts[pair], ids) for pair, one in before.items()):
                break
            torn[called] = None
            judge = f"{called} ({number})"
        for pair, verdict in sheet.verdicts.items():
            said[judge, pair] = (verdict, ids)
    votes = [_vote(judge, pair, verdict, ids) for (judge, pair), (verdict, ids) in said.items()]
    counted = [vote for vote in votes if vote is not None]
    return Tally(
        contestants=contestants,
        judges=tuple(dict.fromkeys(judge for judge, _ in said)),
        votes=tuple(counted),
        skipped=sum(verdict["verdict"] == SKIP for verdict, _ in said.values()),
        broken=sum(sheet.broken for _, sheet in sheets),
        notices=tuple(
            f"files of the name {name!r} contradict each other, so they are counted as several judges" for name in torn
        ),
    )


def _sheets(sources: Iterable[Any]) -> Iterable[tuple[str, Sheet]]:
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
            sheet = read(path)
            if here:  # it was checked when the judging began; what lies there may have been damaged
                sheet = replace(sheet, header=here.sheet.header)
        elif here:
            sheet = here.sheet
        else:
            raise ValueError(f"there is no file {str(path)!r}; judging.file names the one of a judging")
        if not _is_whole(sheet.header):
            raise ValueError(f"{str(path)!r} holds no judgements of wannb.judge")
        names[path.name] += 1
        yield path.name if names[path.name] == 1 else f"{path.name} ({names[path.name]})", sheet


def _is_whole(header: Mapping[str, Any]) -> bool:
    listed, by = header.get("contestants"), header.get("by")
    return (
        all(isinstance(header.get(name), str) for name in ("plan", "judge"))
        and isinstance(by, list)
        and all(isinstance(name, str) for name in by)
        and isinstance(listed, list)
        and all(isinstance(each, Mapping) and {"id", "label", "options"} <= set(each) for each in listed)
        and all(isinstance(each["id"], str) and isinstance(each["options"], Mapping) for each in listed)
    )


def _what(sheet: Sheet) -> str:
    by = ", ".join(sheet.header["by"])
    return f"plan {sheet.header['plan']}" + (f" by {by}" if by else "")


def _what_won(line: Mapping[str, Any], ids: Mapping[str, str]) -> str | None:
    """Return the contestant that won, wherever it stood; or "tie" or "skip"."""
    verdict = line["verdict"]
    return ids.get(line[verdict]["contestant"]) if verdict in (LEFT, RIGHT) else verdict


def _vote(judge: str, pair: str, line: Mapping[str, Any], ids: Mapping[str, str]) -> Vote | None:
    verdict, sides = line["verdict"], [ids.get(line[side]["contestant"]) for side in (LEFT, RIGHT)]
    left, right = sides
    if verdict == SKIP or left is None or right is None:
        return None
    return Vote(
        judge=judge,
        pair=pair,
        contestants=(min(left, right), max(left, right)),
        winner=None if verdict == TIE else left if verdict == LEFT else right,
        left_won=None if verdict == TIE else verdict == LEFT,
    )
