"""Strengths of Bradley and Terry, and intervals that know what verdicts share."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import asin, pi, sin, sqrt
from typing import Any

from wannb.translation import say

#: Two contestants, and what evalica's `Winner` calls a draw (0), the first (1) and the second (2).
Outcome = tuple[str, str, int]
#: A tenth of a tie between each two, so that a contestant that won everything has a finite strength.
_PRIOR = 0.1
LEVEL = 0.95


def intervals(
    cells: Mapping[tuple[str, str], Counter[Outcome]], scored: Sequence[str]
) -> dict[str, tuple[float, float | None, float | None]]:
    """Return the strength of each contestant and the ends of its interval, from the outcomes by cluster and judge.

    Judges and clusters are crossed: the variance is that of clusters and of judges less that of their cells, which both
    hold, and never below either of the two.
    """
    total = sum(cells.values(), Counter[Outcome]())
    strengths = fit(total, scored)
    clusters, judges = (_united(cells, place) for place in (0, 1))
    if len(clusters) < 2:
        return {key: (strength, None, None) for key, strength in zip(scored, strengths, strict=True)}
    by_cluster = _jackknife(clusters, total, scored)
    by_judge = _jackknife(judges, total, scored)
    both = _jackknife(list(cells.values()), total, scored) if len(judges) > 1 else by_cluster
    found: dict[str, tuple[float, float | None, float | None]] = {}
    for key, strength, one, other, inner in zip(scored, strengths, by_cluster, by_judge, both, strict=True):
        variance = max(one + other - inner, one, other)
        # Satterthwaite's: a few judges who hardly differ do not widen the interval as many degrees lost would.
        split = one**2 / (len(clusters) - 1) + other**2 / max(1, len(judges) - 1)
        half = _student((one + other) ** 2 / split) * sqrt(variance) if split else 0.0
        found[key] = (strength, _share(_angle(strength) - half), _share(_angle(strength) + half))
    return found


def fit(outcomes: Mapping[Outcome, int], scored: Sequence[str]) -> list[float]:
    """Return the chance of each contestant to be preferred to one of the others."""
    evalica, pandas = libraries()
    ties = [(one, other, 0) for one, other in itertools.combinations(scored, 2)]
    firsts, seconds, winners = map(list, zip(*outcomes, *ties, strict=True))
    fitted = evalica.bradley_terry(
        firsts,
        seconds,
        [evalica.Winner(each) for each in winners],
        index=pandas.Index(scored),
        weights=[*map(float, outcomes.values()), *(_PRIOR for _ in ties)],
        limit=1000,
    )
    chances = evalica.pairwise_scores(fitted.scores.reindex(scored).to_numpy())
    return [float((row.sum() - 0.5) / (len(scored) - 1)) for row in chances]


def _united(cells: Mapping[tuple[str, str], Counter[Outcome]], place: int) -> list[Counter[Outcome]]:
    united: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for key, outcomes in cells.items():
        united[key[place]].update(outcomes)
    return list(united.values())


def _jackknife(parts: Sequence[Counter[Outcome]], total: Counter[Outcome], scored: Sequence[str]) -> list[float]:
    """Return the variance of the angle of each strength, by leaving out one part at a time; 0 with one part."""
    if len(parts) < 2:
        return [0.0] * len(scored)
    variances = []
    for values in zip(*(fit(total - part, scored) for part in parts), strict=True):
        angles = [_angle(value) for value in values]
        mean = sum(angles) / len(angles)
        variances.append((len(angles) - 1) / len(angles) * sum((each - mean) ** 2 for each in angles))
    return variances


def exact(strength: float, trials: int, *, won: bool) -> tuple[float, float]:
    """Return the exact interval of a share of all or none (Clopper and Pearson)."""
    edge = ((1 - LEVEL) / 2) ** (1 / trials)
    return (min(edge, strength), 1.0) if won else (0.0, max(1 - edge, strength))


def _angle(share: float) -> float:
    """Return the angular transform, on which a share varies equally much wherever it is."""
    return asin(sqrt(share))


def _share(angle: float) -> float:
    return sin(min(max(angle, 0.0), pi / 2)) ** 2


def _student(degrees: float) -> float:
    """Return how many standard errors the interval reaches to each side."""
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, degrees))


def libraries() -> tuple[Any, Any]:
    """Return evalica and pandas; `ImportError` with the way to install them."""
    try:
        import evalica
        import pandas
    except ImportError as error:
        raise ImportError(say('scores need the library evalica: pip install "wannb[judge]"')) from error
    return evalica, pandas
