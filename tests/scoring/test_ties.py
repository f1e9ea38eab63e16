"""Ties count as one chooses, each two contestants have a table and a difference, and parts have scores of their own."""

from __future__ import annotations

from math import log
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from judging.pictures import sheet
from scipy.optimize import minimize

from wannb import mock
from wannb.judging import judge
from wannb.plan import prompts, sweep
from wannb.runs.store import Store
from wannb.scoring import scores

#: Won by the first, tied, won by the second.
MET = {("A", "B"): (7, 2, 3), ("B", "C"): (4, 6, 2), ("A", "C"): (5, 1, 6)}


def study(path: Path, met: dict[tuple[str, str], tuple[int, int, int]] = MET) -> Path:
    rows = [
        ({"prompt": f"{one}{other} {number}", "size": "1K" if number % 2 else "2K"}, one, other, verdict)
        for (one, other), counts in met.items()
        for number, verdict in enumerate(
            said for said, count in zip(("left", "tie", "right"), counts, strict=True) for _ in range(count)
        )
    ]
    return sheet(path, rows)


def likeliest(ties: str) -> dict[str, float]:
    """Return the strengths by numeric search of the likelihood, with the tenth of a tie between each two."""

    def chances(x: Any, one: str, other: str) -> tuple[float, float, float]:
        powers = {"A": 2.0 ** x[0], "B": 2.0 ** x[1], "C": 1.0}
        tie = 2 * 2.0 ** x[2] * (powers[one] * powers[other]) ** 0.5 if ties == "davidson" else 0.0
        total = powers[one] + powers[other] + tie
        return powers[one] / total, tie / total, powers[other] / total

    def unlikely(x: Any) -> float:
        lost = 0.0
        for (one, other), (won, tied, beaten) in MET.items():
            first, tie, second = chances(x, one, other)
            half = 0.1 + (tied if ties == "half" else 0)
            if ties == "davidson":
                lost -= won * log(first) + (tied + 0.1) * log(tie) + beaten * log(second)
            else:
                lost -= (won + half / 2) * log(first) + (beaten + half / 2) * log(second)
        return lost

    best = minimize(unlikely, [0.0, 0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10}).x
    strengths = dict.fromkeys("ABC", 0.0)
    for one, other in MET:
        first, tie, second = chances(best, one, other)
        strengths[one] += (first + tie / 2) / 2
        strengths[other] += (second + tie / 2) / 2
    return strengths


@pytest.mark.parametrize("ties", ["half", "left out", "davidson"])
def test_strengths_are_the_likeliest_under_each_policy(tmp_path: Path, ties: Any) -> None:
    found = scores(study(tmp_path / "x.jsonl"), ties=ties)
    assert found.ties == ties
    assert {each.label: each.strength for each in found.contestants} == pytest.approx(likeliest(ties), abs=1e-4)
    assert all(each.low < each.strength < each.high for each in found.contestants)  # type: ignore[operator]
    assert sum(each.ties for each in found.contestants) == 18, "they are told whatever they count"


def test_an_order_that_hangs_on_the_ties_is_said(tmp_path: Path) -> None:
    met = {("A", "B"): (4, 20, 0), ("B", "C"): (6, 0, 14), ("A", "C"): (5, 0, 5)}
    found = scores(study(tmp_path / "x.jsonl", met))
    [said] = [notice for notice in found.notices if "order" in notice]
    assert said.endswith("(half, davidson: C > A > B; left out: A > C > B)")
    assert not any("order" in notice for notice in scores(study(tmp_path / "y.jsonl")).notices)
    with pytest.raises(ValueError, match="ties='none'"):
        scores(tmp_path / "x.jsonl", ties="none")  # type: ignore[arg-type]


def test_each_two_contestants_have_wins_and_a_difference(tmp_path: Path) -> None:
    found = scores(study(tmp_path / "x.jsonl"))
    wins = found.pairwise
    assert (wins.loc["A", "B"], wins.loc["B", "A"], wins.loc["C", "A"], wins.loc["A", "C"]) == (7, 3, 6, 5)
    assert list(wins.index) == list(wins.columns) == [each.label for each in found.contestants]
    rows = found.differences.to_dict("records")
    strengths = {each.label: each.strength for each in found.contestants}
    assert len(rows) == 3
    for row in rows:
        one, other = row["contestant"], row["other"]
        assert row["difference"] == pytest.approx(strengths[one] - strengths[other])
        assert row["low"] < row["difference"] < row["high"]
        assert row["ties"] == MET[min(one, other), max(one, other)][1]
    # Of two contestants the difference is twice the distance from one half, and so is its interval.
    two = scores(study(tmp_path / "two.jsonl", {("A", "B"): (18, 0, 12)}))
    best, [row] = two.contestants[0], two.differences.to_dict("records")
    assert best.low is not None
    assert row["low"] == pytest.approx(2 * best.low - 1, abs=0.02)


def test_parts_have_scores_of_their_own(tmp_path: Path) -> None:
    found = scores(study(tmp_path / "x.jsonl"), ties="left out")
    parts = found.by("size")
    assert list(parts) == ["1K", "2K"]
    assert sum(each.verdicts for each in parts.values()) == found.verdicts
    assert {each.ties for each in parts.values()} == {"left out"}
    with pytest.raises(ValueError, match=r"'category'.*prompt, size"):
        found.by("category")


def test_categories_of_a_list_of_prompts_are_parts(tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("prompt,category\na heron,Animals\na harbour,Places\na fox,Animals\n")
    with mock.serve(task_seconds=0.0) as server, make_client(server, Store(tmp_path / "runs")) as client:
        models = ["wan2.7-image", "wan2.7-image-pro"]
        plan = sweep(client, prompt=prompts(listed), model=models, size="1K").run()
        best = ""

        def press(pair: Any, left: str) -> str:
            nonlocal best
            best = best or pair.contestants[0]
            wins = pair.shared["prompt"] != "a harbour"
            return "1" if (left == best) == wins else "2"

        found = judged_by(plan, press, tmp_path)
    assert {name: (each.verdicts, each.contestants[0].wins) for name, each in found.items()} == {
        "Animals": (2, 2),
        "Places": (1, 1),
    }
    assert found["Animals"].contestants[0].label != found["Places"].contestants[0].label


def judged_by(plan: Any, press: Any, folder: Path) -> Any:
    judging = judge(plan, by="model", file=folder / "one.jsonl")
    for pair in judging._order:
        judging.press(press(pair, judging._sides(pair)[0][0]))
    return judging.scores().by("category")
