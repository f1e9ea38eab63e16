"""How well a measure agrees with the judges, in values that were worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from judging.pictures import PROMPTS

from wannb.judging import judge
from wannb.plan import Plan
from wannb.scoring import scores


@pytest.fixture
def found(plan: Plan, folder: Path) -> Any:
    """The first prompt wins against both others, which tie; of one seed alone."""
    judging = judge(plan.select(seed=4711), file=folder / "ann.jsonl")
    best = judging._order[0].contestants[0]
    best = next(key for pair in judging._order for key in pair.contestants if label_of(judging, key) in PROMPTS[0])
    while judging.number < judging.total:
        pair = judging._order[judging.number]
        left = judging._sides(pair)[0][0]
        judging.press("=" if best not in pair.contestants else "1" if left == best else "2")
    return judging.scores()


def label_of(judging: Any, key: str) -> str:
    [label] = [each["label"] for each in judging.record.sheet.header["contestants"] if each["id"] == key]
    return str(label).strip("…")


@pytest.mark.parametrize(
    ("values", "accuracy", "spearman", "kendall"),
    [
        ((3, 2, 1), 1.0, 0.8660, 0.8165),
        ((1, 2, 3), 0.0, -0.8660, -0.8165),
        ((2, 2, 1), 0.75, 0.5, 0.5),
        ((2, 2, 2), 0.5, None, None),
        ((3, 1, float("nan")), 1.0, 1.0, 1.0),
    ],
)
def test_a_measure_is_compared_with_the_judges(
    plan: Plan, found: Any, values: Any, accuracy: float, spearman: float | None, kendall: float | None
) -> None:
    name = f"by hand {values}"
    plan.score(name, lambda image: values[PROMPTS.index(image.request.prompt)] if image.request else 0)
    row = next(row for row in plan.agreement(found).to_dict("records") if row["measure"] == name)
    assert row["accuracy"] == accuracy
    for told, expected in ((row["spearman"], spearman), (row["kendall"], kendall)):
        assert told == pytest.approx(float("nan") if expected is None else expected, abs=1e-4, nan_ok=True)
    measured = sum(value == value for value in values)
    assert (row["verdicts"], row["pictures"]) == (measured - 1, measured)


def test_without_a_measure_or_its_pictures_it_says_so(plan: Plan, found: Any, folder: Path) -> None:
    bare = Plan(plan.client, plan.constant, plan.varying)
    with pytest.raises(ValueError, match=r"nothing is measured yet; plan\.score\("):
        bare.agreement(found)
    bare.score("area", lambda image: 1)
    other = judge(plan.select(seed=4712), file=folder / "bo.jsonl")
    with pytest.raises(ValueError, match=r"no verdict is on two pictures of this plan that are measured"):
        bare.agreement(other.scores())
    assert scores(folder / "ann.jsonl").verdicts == 3
