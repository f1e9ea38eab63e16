"""What a planned blind judging can see, before anybody judges."""

from __future__ import annotations

import re
from math import comb
from typing import Any

import pytest

import wannb
from wannb.client import Client
from wannb.plan.judging import needed

pytestmark = pytest.mark.usefixtures("quick_pictures")


def plan(client: Client, prompts: int = 12, **options: Any) -> Any:
    names = [f"A boat of kind {number}" for number in range(prompts)]
    return wannb.sweep(
        client, prompt=names, **{"model": ["wan2.7-image", "wan2.7-image-pro"], "seed": [1, 2], **options}
    )


@pytest.mark.parametrize(("preference", "verdicts"), [(0.55, 783), (0.6, 194), (0.65, 85), (0.7, 47), (0.75, 29)])
def test_the_verdicts_that_a_preference_needs(preference: float, verdicts: int) -> None:
    """The normal formula with the variance of either hypothesis; the exact test has 71 % of power or more with them."""
    assert needed(preference) == needed(1 - preference) == verdicts

    def chance(won: int, p: float) -> float:
        return comb(verdicts, won) * p**won * (1 - p) ** (verdicts - won)

    tail, most = 0.0, verdicts + 1
    while tail + chance(most - 1, 0.5) <= 0.025:
        most -= 1
        tail += chance(most, 0.5)
    assert 0.71 < sum(chance(won, preference) for won in range(most, verdicts + 1)) < 0.81


def test_ties_and_shared_prompts_are_counted(client: Client) -> None:
    seen = plan(client).judging(by="model", judges=3, ties=0.2, icc=0.25)
    assert (seen.verdicts, seen.groups, seen.share) == (12 * 2 * 3, 12, 6)
    assert seen.design_effect == pytest.approx(1 + 5 * 0.25)
    assert seen.effective == pytest.approx(72 * 0.8 / 2.25)
    [need] = [each for each in seen.needs if each.preference == 0.6]
    assert (need.alone, need.verdicts, need.groups) == (194, 546, 91)  # 193.85 / 0.8 * 2.25; by six a prompt
    assert seen.sees is not None
    assert seen.sees == pytest.approx(0.7643, abs=1e-4)
    assert needed(0.7643) == 26 > seen.effective > 25 == needed(0.769)
    assert "can see a preference of 77 % or more" in seen.summary(), "rounded up"
    assert plan(client, n=2).judging(by="model").verdicts == 48, "each image of a request is a pair"
    whole = plan(client).judging(by="model", ties=0, icc=0)
    assert (whole.verdicts, whole.effective, whole.design_effect) == (24, 24, 1)
    assert plan(client).judging(by="model", pairs=10).groups == 10
    # What a judge is asked in all: 24 pairs, and a tenth of them again.
    assert (seen.given, seen.repeats, "each judge gives 26 verdicts, 2 of them" in repr(seen)) == (26, 2, True)
    three = plan(client, model=["wan2.7-image", "wan2.7-image-pro"], size=["1K", "2K"]).judging(repeats=0.25, pairs=40)
    assert (three.given, three.repeats, three.verdicts) == (50, 10, pytest.approx(40 / 1128))
    assert plan(client).judging(by="model", repeats=0).given == 24


def test_it_is_said_in_words_and_on_the_page_of_the_plan(client: Client) -> None:
    made = plan(client).judging(by="model", judges=3)
    for shown in (repr(made), re.sub(r"<[^>]+>", " ", made._repr_html_())):
        for part in ("72 verdicts", "3 judges", "design effect", "10 %", "0.2", "783", "60 %"):
            assert part in shown, part
    assert "can see a preference of" in re.sub(
        r"<[^>]+>", "", plan(client, seed=range(40), model="wan2.7-image")._repr_html_()
    )
    assert "too few to see any" in repr(plan(client, 2, model=["wan2.7-image"]).judging())
    alone = wannb.sweep(client, prompt="A boat", seed=[1, 2])
    assert "preference" not in alone._repr_html_()
    assert "Blind judging" not in plan(client, 2, model=["wan2.7-image"])._repr_html_(), "which few would be"
    many = plan(speaking(client), seed=range(40), model="wan2.7-image")
    assert "每两个" in re.sub(r"<[^>]+>", "", many._repr_html_())


def speaking(client: Client) -> Client:
    client.language = "zh"
    return client


def test_what_cannot_be_forecast_is_refused(client: Client) -> None:
    for options, said in (
        ({"judges": 0}, "judges=0"),
        ({"ties": 1.0}, "ties=1.0"),
        ({"icc": -0.1}, "icc=-0.1"),
        ({"preference": 0.5}, "preference=0.5"),
        ({"pairs": 0}, "pairs=0"),
        ({"repeats": 0.7}, "repeats=0.7"),
        ({"by": "style"}, "by='style' does not vary"),
    ):
        with pytest.raises(ValueError, match=said):
            plan(client).judging(**options)
    with pytest.raises(ValueError, match="by='seed'"):
        wannb.sweep(client, prompt="A boat", seed=[1, 2]).judging()
