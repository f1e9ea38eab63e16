"""Strengths of Bradley and Terry, and intervals that know what verdicts share."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import asin, isnan, nan, pi, sin, sqrt
from typing import Any, Literal, get_args

from wannb.translation import say

#: Two contestants, and what evalica's `Winner` calls a draw (0), the first (1) and the second (2); or one contestant,
#: nothing, and the number of the answer.
Outcome = tuple[str, str, int]
#: The value of each contestant, 0 to 1, from outcomes; not a number without any.
Model = Callable[[Mapping[Outcome, int], Sequence[str]], list[float]]
#: How ties count: half a win for either, not at all, or as an outcome of their own, by the model of Davidson.
Ties = Literal["half", "left out", "davidson"]
POLICIES: tuple[Ties, ...] = get_args(Ties)
#: A tenth of a tie between each two, so that a contestant that won everything has a finite strength.
_PRIOR = 0.1
LEVEL = 0.95


class Jackknife:
    """Values of all outcomes, and those with what verdicts share left out, one at a time.

    Judges and clusters are crossed: a variance is that of clusters and of judges less that of their cells, which both
    hold, and never below either of the two.
    """

    def __init__(
        self, cells: Mapping[tuple[str, str], Counter[Outcome]], scored: Sequence[str], model: Model | None = None
    ) -> None:
        model = model or fit
        self.scored, total = scored, sum(cells.values(), Counter[Outcome]())
        self.total = model(total, scored)
        clusters, judges = (_united(cells, place) for place in (0, 1))

        def left_out(parts: list[Counter[Outcome]]) -> list[list[float]]:
            return [model(total - part, scored) for part in parts] if len(clusters) > 1 < len(parts) else []

        self.clusters, self.judges = left_out(clusters), left_out(judges)
        self.cells = left_out(list(cells.values())) if len(judges) > 1 else self.clusters

    def strengths(self) -> dict[str, tuple[float, float | None, float | None]]:
        """Return each value and its interval, which is made on the angular scale of shares."""
        found: dict[str, tuple[float, float | None, float | None]] = {}
        for place, (key, strength) in enumerate(zip(self.scored, self.total, strict=True)):
            half = self._half(lambda fitted, place=place: _angle(fitted[place]))  # type: ignore[misc]
            angle = _angle(strength)
            found[key] = (strength, *((None, None) if half is None else (_share(angle - half), _share(angle + half))))
        return found

    def difference(self, one: str, other: str) -> tuple[float, float | None, float | None]:
        """Return by how much one value is above another, and its interval, from -1 to 1."""
        first, second = self.scored.index(one), self.scored.index(other)

        def apart(fitted: list[float]) -> float:
            return fitted[first] - fitted[second]

        half, found = self._half(apart), apart(self.total)
        return (found, *((None, None) if half is None else (max(-1.0, found - half), min(1.0, found + half))))

    def _half(self, value: Callable[[list[float]], float]) -> float | None:
        """Return how far an interval of a value reaches to each side.

        None with one cluster alone, and where one part holds all that is known of a contestant.
        """
        if not self.clusters or any(isnan(value(each)) for each in (*self.clusters, *self.judges)):
            return None
        one, other, inner = (
            _variance([value(each) for each in fits]) for fits in (self.clusters, self.judges, self.cells)
        )
        variance = max(one + other - inner, one, other)
        # Satterthwaite's: a few judges who hardly differ do not widen the interval as many degrees lost would.
        split = one**2 / (len(self.clusters) - 1) + other**2 / max(1, len(self.judges) - 1)
        return _student((one + other) ** 2 / split) * sqrt(variance) if split else 0.0


def fit(outcomes: Mapping[Outcome, int], scored: Sequence[str], ties: Ties = "half") -> list[float]:
    """Return the chance of each contestant to be preferred to one of the others."""
    evalica, pandas = libraries()
    counted = {each: n for each, n in outcomes.items() if each[2] or ties != "left out"}
    prior = [(one, other, 0) for one, other in itertools.combinations(scored, 2)]
    firsts, seconds, winners = map(list, zip(*counted, *prior, strict=True))
    model = evalica.newman if ties == "davidson" else evalica.bradley_terry
    fitted = model(
        firsts,
        seconds,
        [evalica.Winner(each) for each in winners],
        index=pandas.Index(scored),
        weights=[*map(float, counted.values()), *(_PRIOR for _ in prior)],
        limit=1000,
    )
    powers = fitted.scores.reindex(scored).to_numpy()
    # A tie is as likely as it is between equals, less the further apart the two are.
    tie = fitted.v * (powers[:, None] * powers[None, :]) ** 0.5 if ties == "davidson" else 0.0
    chances = (powers[:, None] + tie) / (powers[:, None] + powers[None, :] + 2 * tie)
    return [float((row.sum() - 0.5) / (len(scored) - 1)) for row in chances]


def means(outcomes: Mapping[Outcome, int], scored: Sequence[str], ends: tuple[float, float]) -> list[float]:
    """Return the mean answer about each contestant, as a share of the way between the ends of the scale."""
    counts: dict[str, int] = dict.fromkeys(scored, 0)
    sums: dict[str, float] = dict.fromkeys(scored, 0.0)
    for (key, _, number), n in outcomes.items():
        counts[key] += n
        sums[key] += n * (number - ends[0]) / (ends[1] - ends[0])
    return [sums[key] / counts[key] if counts[key] else nan for key in scored]


def _united(cells: Mapping[tuple[str, str], Counter[Outcome]], place: int) -> list[Counter[Outcome]]:
    united: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for key, outcomes in cells.items():
        united[key[place]].update(outcomes)
    return list(united.values())


def _variance(values: Sequence[float]) -> float:
    """Return the variance of a value, from those with one part left out at a time; 0 without parts."""
    mean = sum(values) / max(1, len(values))
    return sum((each - mean) ** 2 for each in values) * (len(values) - 1) / max(1, len(values))


def exact(strength: float, trials: int, *, won: bool) -> tuple[float, float]:
    """Return the exact interval of a share of all or none (Clopper and Pearson)."""
    edge = ((1 - LEVEL) / 2) ** (1 / trials)
    return (min(edge, strength), 1.0) if won else (0.0, max(1 - edge, strength))


def _angle(share: float) -> float:
    """Return the angular transform, on which a share varies equally much wherever it is."""
    return asin(sqrt(min(max(share, 0.0), 1.0))) if share == share else share


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
