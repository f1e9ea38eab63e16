"""What a planned blind judging can see: verdicts that a preference needs, and the preference that some verdicts show.

The formula is that of a share tested against one half, two-sided at 5 % with a power of 80 %, by the normal
distribution with the variance of either hypothesis: 783 verdicts for a preference of 55 %, 194 for 60 %. The exact
binomial test, which is stricter than its 5 %, has a power of 71 to 79 % with them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

from wannb.display import html
from wannb.request import FIELDS
from wannb.translation import Said, count, current, joined, say, spoken

LEVEL, POWER = 0.05, 0.8
_SEED = "seed"
_PREFERENCES = (0.55, 0.6, 0.65, 0.7, 0.75)
#: Fewer verdicts are in no case significant: two-sided, five of five are 6 %.
_FEWEST = 6


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a preference needs on each two contestants.

    Attributes:
        preference: the share of verdicts without a tie that one of the two wins.
        alone: verdicts, if none were a tie and each had a prompt of its own.
        verdicts: verdicts with the ties and the shared prompts of the plan.
        groups: prompts (or seeds) for them, with as many verdicts on each as planned.
    """

    preference: float
    alone: int
    verdicts: int
    groups: int


@dataclass(frozen=True, kw_only=True)
class JudgingForecast:
    """What a planned judging can see; made by `plan.judging`.

    Attributes:
        contestants: how many are compared.
        judges: how many judge.
        verdicts: planned on each two contestants, of all judges.
        groups: the prompts of these verdicts; where prompts are compared, what else differs, such as seeds.
        ties: the share of ties that is expected, 0 to 1.
        icc: how much alike verdicts on one prompt are (intraclass correlation), 0 to 1.
        given: verdicts that each judge gives on a question, those on pairs that are asked again among them.
        repeats: how many of these are on pairs that are asked again.
        needs: for some preferences, how many verdicts they need.
        language: "en" or "zh".
    """

    contestants: int
    judges: int
    verdicts: float
    groups: int
    ties: float
    icc: float
    given: int
    repeats: int
    needs: tuple[Need, ...] = ()
    language: str = field(default_factory=current)

    @property
    def share(self) -> float:
        """Verdicts on one prompt, on each two contestants."""
        return self.verdicts / self.groups

    @property
    def design_effect(self) -> float:
        """By how much more verdicts are needed because they share prompts: 1 + (share - 1) * icc."""
        return 1 + max(0.0, self.share - 1) * self.icc

    @property
    def effective(self) -> float:
        """How many verdicts without ties and with prompts of their own the planned ones are worth."""
        return self.verdicts * (1 - self.ties) / self.design_effect

    @property
    def sees(self) -> float | None:
        """The smallest preference that the planned verdicts can see, 0.5 to 1; None if they can see none."""
        low, high = 0.5, 1.0
        if self.effective < _FEWEST:
            return None
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if _exactly(middle) <= self.effective else (middle, high)
        return high

    def summary(self) -> Said:
        """Return in a sentence what the planned verdicts can see."""
        planned = count(int(self.verdicts), "verdict")
        judges = count(self.judges, "judge")
        facts = {"verdicts": planned, "judges": judges}
        if self.sees is None:
            return Said("Blind judging by {judges}: {verdicts} on each two, too few to see any preference", **facts)
        percent = math.ceil(100 * self.sees - 1e-6)
        return Said(
            "Blind judging by {judges}: {verdicts} on each two can see a preference of {percent} % or more",
            percent=percent,
            **facts,
        )

    def _lines(self) -> list[Said]:
        facts = {"ties": f"{100 * self.ties:.0f} %", "icc": f"{self.icc:g}", "share": f"{self.share:g}"}
        effect = {"effect": f"{self.design_effect:.2f}", "n": math.floor(self.effective)}
        again = {"n": count(self.given, "verdict"), "repeats": self.repeats}
        return [
            self.summary(),
            Said("each judge gives {n}, {repeats} of them on pairs that are asked again with sides swapped", **again),
            Said("two-sided at 5 %, power 80 %; {ties} ties, which say nothing, are assumed", **facts),
            Said(
                "design effect {effect}: {share} verdicts share a prompt (or a seed), with a correlation of {icc}; "
                "those planned are worth {n} independent ones",
                **facts,
                **effect,
            ),
        ]

    def _rows(self) -> list[tuple[str, int, int, int]]:
        return [(f"{100 * each.preference:g} %", each.alone, each.verdicts, each.groups) for each in self.needs]

    @spoken
    def __repr__(self) -> str:
        rows = [
            say(
                "{preference}: {alone} independent verdicts, here {verdicts} on {groups} prompts or seeds",
                **dict(zip(("preference", "alone", "verdicts", "groups"), row, strict=True)),
            )
            for row in self._rows()
        ]
        return "\n".join([f"JudgingForecast({say(joined('; ', self._lines()))})", *(f"  {row}" for row in rows)])

    @spoken
    def _repr_html_(self) -> str:
        head = [Said("preference"), Said("independent verdicts"), Said("verdicts here"), Said("prompts or seeds")]
        return html.block(Said("Blind judging"), lines=self._lines(), body=html.table(head, self._rows()))


def needed(preference: float) -> int:
    """Return how many independent verdicts without ties a preference needs.

    >>> needed(0.6)
    194
    """
    return math.ceil(_exactly(preference))


def check_repeats(share: object) -> None:
    """Refuse what is no share of pairs that may be asked again; `ValueError`."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 0.5:
        raise ValueError(say("repeats={value} is not a share from 0 to 0.5", value=repr(share)))


def repeated(pairs: int, share: float) -> int:
    """Return how many of some pairs are asked again.

    >>> repeated(30, 0.1)
    3
    """
    return math.floor(pairs * share + 1e-9)


def _exactly(preference: float) -> float:
    at_most, power = NormalDist().inv_cdf(1 - LEVEL / 2), NormalDist().inv_cdf(POWER)
    spread = math.sqrt(preference * (1 - preference))
    return ((at_most / 2 + power * spread) / (preference - 0.5)) ** 2


def judging_of(
    varying: Mapping[str, Sequence[Any]],
    n: int,
    *,
    judges: int,
    by: str | Sequence[str] | None,
    pairs: int | None,
    preference: float | None,
    ties: float,
    icc: float,
    repeats: float,
) -> JudgingForecast:
    """Return what a judging of these values can see, with n images a request; `ValueError` if nothing is compared."""
    names = [name for name in varying if name != _SEED] if by is None else [by] if isinstance(by, str) else list(by)
    known = ", ".join(map(repr, varying)) or Said("nothing")
    for name in names:
        if name not in varying:
            raise ValueError(say("by={by} does not vary in this plan; these do: {known}", by=repr(name), known=known))
    if not names:
        raise ValueError(
            say("nothing to compare, {known} varies in this plan; by='seed' judges the seeds", known=known)
        )
    for name, value, least in (("judges", judges, 1), ("pairs", pairs, 1)):
        if value is not None and (type(value) is not int or value < least):
            raise ValueError(say("{name}={value} is not a whole number from 1", name=name, value=repr(value)))
    for name, share in (("ties", ties), ("icc", icc)):
        if not 0 <= share < 1:
            raise ValueError(say("{name}={value} is not a share from 0 to below 1", name=name, value=repr(share)))
    check_repeats(repeats)
    if preference is not None and not 0.5 < preference < 1:
        raise ValueError(say("preference={value} is not a share between 0.5 and 1", value=repr(preference)))
    sizes = {name: len(values) for name, values in varying.items()}
    contestants = math.prod(sizes[name] for name in names)
    others = {name: size for name, size in sizes.items() if name not in names}
    words = [size for name, size in others.items() if name == "prompt" or name not in FIELDS]
    twos = math.comb(contestants, 2)
    asked = min(math.prod(others.values()) * n * twos, pairs or math.inf)
    met = asked / max(1, twos)
    groups = max(1, min(math.prod(words or others.values()), math.floor(met)))
    again = repeated(int(asked), repeats)
    facts: dict[str, Any] = {"contestants": contestants, "judges": judges, "verdicts": met * judges, "groups": groups}
    facts |= {"given": int(asked) + again, "repeats": again}
    planned = JudgingForecast(ties=ties, icc=icc, **facts)
    told = sorted({*_PREFERENCES, *([preference] if preference else [])})
    return JudgingForecast(ties=ties, icc=icc, needs=tuple(_need(each, planned) for each in told), **facts)


def _need(preference: float, planned: JudgingForecast) -> Need:
    verdicts = math.ceil(_exactly(preference) / (1 - planned.ties) * planned.design_effect)
    groups = math.ceil(verdicts / max(1.0, planned.share))
    return Need(preference=preference, alone=needed(preference), verdicts=verdicts, groups=groups)
