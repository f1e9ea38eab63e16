"""From verdicts to scores: how strong each contestant is, how sure that is, and how far the judges agree."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, Any

from . import display
from .tally import Tally, tally

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .form import Judging

#: A tenth of a tie between each two, so that one who won all has a finite strength.
_PRIOR = 0.1
_LEVEL = 0.95
_FEW = 10


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one contestant did.

    Attributes:
        label, options: what it is.
        strength: the chance to be preferred to one of the others, drawn by lot, a tie counting half: 0 to 1, 0.5 is
            average. None where it cannot be told.
        low, high: of the 95 % interval of the strength; None where it cannot be told.
        wins, ties, losses: verdicts, of all judges.
        pairs: pairs of pictures it was judged in.
    """

    label: str
    options: Mapping[str, Any]
    strength: float | None
    low: float | None
    high: float | None
    wins: int
    ties: int
    losses: int
    pairs: int


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What judges said, in numbers; made by `scores`.

    Attributes:
        contestants: the strongest first.
        judges: their names, or the names of their files.
        verdicts: how many count; skipped ones do not.
        pairs: how many pairs of pictures were judged.
        skipped: how many pairs were passed over.
        agreement: how many of two judges' verdicts on the same pair are equal, 0 to 1; None where no two judged one.
        shared: how many pairs at least two judged.
        alpha: Krippendorff's alpha of the judges, for kinds without an order (left, right and tie are such): 1 is full
            agreement, 0 what chance gives; None where there is too little for it.
        left: how often the picture on the left was preferred, 0 to 1, ties left out; about 0.5 unless a judge favours
            a side. None without a preference.
        notices: what one should know before believing the numbers.
    """

    contestants: tuple[Score, ...]
    judges: tuple[str, ...]
    verdicts: int
    pairs: int
    skipped: int
    agreement: float | None
    shared: int
    alpha: float | None
    left: float | None
    notices: tuple[str, ...] = field(default=())

    def table(self) -> Any:
        """Return one row a contestant: a DataFrame, without pandas a list of dicts."""
        return display.table(self)

    def figure(self, *, width: float = 6.0, dpi: float = 150) -> Figure:
        """Return strengths and intervals as a matplotlib figure, `width` in inches, its text as text."""
        return display.figure(self, width=width, dpi=dpi)

    def __repr__(self) -> str:
        return display.text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": display.page(self)}


def scores(*judgings: Judging | str | os.PathLike[str], resamples: int = 1000, seed: int = 0) -> Scores:
    """Put the verdicts of one or several judges together and return how strong each contestant is.

    Strengths are those of Bradley and Terry, by the library evalica, ties as half a win for either. They are given as
    the chance to be preferred to one of the others, drawn by lot: with two contestants, the share of wins. A tenth of a
    tie between each two keeps them finite. Intervals hold 95 % of what comes out when the pairs of pictures are drawn
    again with replacement, all verdicts on a pair together; for one that won or lost all, they are the exact ones of a
    share. They tell how sure the result is for other pictures of the same kind, and nothing of other judges.

    Args:
        judgings: what `wannb.judge` returned, or files of it, all of the same plan; a file given twice counts once.
        resamples: how often the pairs are drawn again, about a millisecond each.
        seed: of these draws; the same seed gives the same intervals.

    Raises:
        ValueError: no judgements, or files of different plans.
        ImportError: evalica is not installed.

    >>> wannb.scores("plan-one.jsonl", "plan-two.jsonl")    # doctest: +SKIP
    """
    if not isinstance(resamples, int) or resamples < 1:
        raise ValueError(f"resamples={resamples!r} is no whole number from 1")
    counted = tally(judgings)
    notices: list[str] = []
    scored = _scored(counted, notices)
    strengths = _strengths(counted, scored)
    intervals = _intervals(counted, scored, resamples=resamples, seed=seed) if scored else {}
    found = []
    for key, contestant in counted.contestants.items():
        wins, ties, losses = counted.counts(key)
        pairs = len({vote.pair for vote in counted.votes if key in vote.contestants})
        strength = strengths.get(key)
        low, high = intervals.get(key, (None, None))
        if strength is not None and low is not None and high is not None:
            if not ties + losses or not ties + wins:
                low, high = _exact(strength, pairs, won=bool(wins))
                all_of = "won" if wins else "lost"
                notices.append(
                    f"{contestant.label} {all_of} all of its comparisons: how far it stands off is not known"
                )
            elif high - low < 1e-9:
                low = high = None
                notices.append(f"no interval for {contestant.label}: its verdicts do not vary from pair to pair")
        found.append(
            Score(
                label=contestant.label,
                options=contestant.options,
                strength=strength,
                low=low,
                high=high,
                wins=wins,
                ties=ties,
                losses=losses,
                pairs=pairs,
            )
        )
    found.sort(key=lambda each: -1.0 if each.strength is None else each.strength, reverse=True)
    preferred = [vote.left_won for vote in counted.votes if vote.left_won is not None]
    notices += [*counted.notices, *_doubts(counted, preferred)]
    return Scores(
        contestants=tuple(found),
        judges=counted.judges,
        verdicts=len(counted.votes),
        pairs=len(counted.by_pair()),
        skipped=counted.skipped,
        agreement=counted.agreement(),
        shared=len(counted.shared()),
        alpha=_alpha(counted),
        left=sum(preferred) / len(preferred) if preferred else None,
        notices=tuple(notices),
    )


def _scored(counted: Tally, notices: list[str]) -> list[str]:
    """Return the contestants whose strengths can be told, and say why others' cannot."""
    groups = counted.connected()
    compared = set().union(*groups)
    idle = [each.label for key, each in counted.contestants.items() if key not in compared]
    if not counted.votes:
        notices.append("no verdict yet: there is nothing to score")
    elif idle:
        notices.append(f"never compared, so not scored: {', '.join(idle)}")
    if len(groups) > 1:
        told = " | ".join(
            ", ".join(each.label for key, each in counted.contestants.items() if key in group) for group in groups
        )
        notices.append(f"these groups were never compared with each other, so no strength can be told: {told}")
        return []
    return [key for key in counted.contestants if key in compared]


def _doubts(counted: Tally, preferred: Sequence[bool | None]) -> list[str]:
    pairs, left = len(counted.by_pair()), sum(map(bool, preferred))
    doubts = []
    if 0 < pairs < _FEW:
        doubts.append(f"only {pairs} pairs of pictures were judged, too few for intervals to be trusted")
    if abs(2 * left - len(preferred)) > 2.6 * sqrt(max(1, len(preferred))):
        doubts.append(f"the left picture was preferred {left} of {len(preferred)} times: more than chance explains")
    if counted.broken:
        doubts.append(f"{counted.broken} lines of the files were cut or damaged and are left out")
    return doubts


def _outcomes(counted: Tally, scored: Sequence[str]) -> tuple[list[tuple[int, int, int]], list[dict[int, int]]]:
    """Return all kinds of outcome (one, other, winner as evalica counts them), and how many of which each pair has."""
    place = {key: number for number, key in enumerate(scored)}
    kinds: dict[tuple[int, int, int], int] = {}
    clusters = []
    for votes in counted.by_pair():
        own: dict[int, int] = {}
        for vote in votes:
            one, other = vote.contestants
            winner = 0 if vote.winner is None else 1 if vote.winner == one else 2
            kind = kinds.setdefault((place[one], place[other], winner), len(kinds))
            own[kind] = own.get(kind, 0) + 1
        clusters.append(own)
    return list(kinds), clusters


def _fit(kinds: Sequence[tuple[int, int, int]], weights: Sequence[float], size: int) -> list[float]:
    """Return the chance of each contestant to be preferred to one of the others."""
    evalica, pandas = _libraries()
    ties = [(one, other, 0) for one in range(size) for other in range(one)]
    rows = [*kinds, *ties]
    fitted = evalica.bradley_terry(
        [row[0] for row in rows],
        [row[1] for row in rows],
        [evalica.Winner(row[2]) for row in rows],
        index=pandas.Index(range(size)),
        weights=[*map(float, weights), *(_PRIOR for _ in ties)],
        limit=1000,
    )
    chances = evalica.pairwise_scores(fitted.scores.reindex(range(size)).to_numpy())
    return [float((row.sum() - 0.5) / (size - 1)) for row in chances]


def _strengths(counted: Tally, scored: Sequence[str]) -> dict[str, float]:
    if not scored:
        return {}
    kinds, clusters = _outcomes(counted, scored)
    weights = [sum(own.get(kind, 0) for own in clusters) for kind in range(len(kinds))]
    return dict(zip(scored, _fit(kinds, weights, len(scored)), strict=True))


def _intervals(counted: Tally, scored: Sequence[str], *, resamples: int, seed: int) -> dict[str, tuple[float, float]]:
    kinds, clusters = _outcomes(counted, scored)
    # Python's own generator draws the same on every version. The library's bootstrap draws single verdicts, as if
    # several judges of one pair had seen several pairs.
    chance = random.Random(seed)
    drawn: list[list[float]] = []
    for _ in range(resamples):
        weights = [0.0] * len(kinds)
        for own in chance.choices(clusters, k=len(clusters)):
            for kind, number in own.items():
                weights[kind] += number
        drawn.append(_fit(kinds, weights, len(scored)))
    tail = (1 - _LEVEL) / 2
    found = {}
    for key, values in zip(scored, zip(*drawn, strict=True), strict=True):
        ranked = sorted(values)
        found[key] = (ranked[int(tail * len(ranked))], ranked[-1 - int(tail * len(ranked))])
    return found


def _exact(strength: float, pairs: int, *, won: bool) -> tuple[float, float]:
    """Return the exact interval of a share where all or none of so many were won (Clopper and Pearson)."""
    edge = ((1 - _LEVEL) / 2) ** (1 / pairs)
    return (min(edge, strength), 1.0) if won else (0.0, max(1 - edge, strength))


def _alpha(counted: Tally) -> float | None:
    shared = counted.shared()
    if len(shared) < 2:
        return None
    said = [{vote.judge: _kind(vote.winner, vote.contestants) for vote in votes} for votes in shared]
    if len({kind for each in said for kind in each.values()}) < 2:
        return None
    evalica, pandas = _libraries()
    rows = [[each.get(judge, float("nan")) for each in said] for judge in counted.judges]
    return float(evalica.alpha(pandas.DataFrame(rows), "nominal").alpha)


def _kind(winner: str | None, contestants: tuple[str, str]) -> float:
    return 0.0 if winner is None else 1.0 if winner == contestants[0] else 2.0


def _libraries() -> tuple[Any, Any]:
    try:
        import evalica
        import pandas
    except ImportError as error:
        raise ImportError('scores need the library evalica: pip install "wannb[judge]"') from error
    return evalica, pandas
