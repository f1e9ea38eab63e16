"""Ratings have means, checks have shares of yes, grades say how much; with the intervals that pairs have."""

from __future__ import annotations

import json
from math import asin, sin, sqrt
from pathlib import Path
from typing import Any

import pytest
from judging.pictures import sheet

from wannb.scoring import scores

#: Of Student's distribution with three degrees of freedom.
T3 = 3.182446
RATED = {"A": "5443", "B": "2312"}


def singles(path: Path, given: dict[str, str], kind: str, *, judge: str = "one") -> Path:
    """Write a file of verdicts on single pictures: of each contestant one a prompt, by their first letters."""
    words = {"y": "yes", "n": "no", "s": "skip"}
    listed = [{"id": name, "label": name, "options": {"model": name}} for name in given]
    lines: list[Any] = [
        {"wannb_judgements": 1, "plan": "x", "by": ["model"], "judge": judge, "kind": kind, "question": "How good?",
         "contestants": listed}
    ]  # fmt: skip
    for name, verdicts in given.items():
        for number, verdict in enumerate(verdicts):
            facts = {"pair": f"{name}{number}", "picture": {"contestant": name, "sha256": f"{name}{number}"}}
            shared = {"shared": {"prompt": f"p{number}"}, "category": "first" if number < 2 else "last"}
            lines.append({**facts, **shared, "verdict": words.get(verdict, verdict), "judge": judge})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_ratings_have_means_with_intervals_over_prompts(tmp_path: Path) -> None:
    found = scores(singles(tmp_path / "x.jsonl", RATED, "rating"))
    first, second = found.contestants
    assert [(each.label, each.strength) for each in found.contestants] == [("A", 4.0), ("B", 2.0)]
    # Without one prompt at a time the mean, as a share of the way from 1 to 5, is 2/3, 3/4, 3/4 and 5/6.
    angles = [asin(sqrt(share)) for share in (2 / 3, 3 / 4, 3 / 4, 5 / 6)]
    variance = 3 / 4 * sum((each - sum(angles) / 4) ** 2 for each in angles)
    middle, half = asin(sqrt(3 / 4)), T3 * sqrt(variance)
    assert first.low == pytest.approx(1 + 4 * sin(middle - half) ** 2, abs=1e-5)
    assert first.high == pytest.approx(1 + 4 * sin(middle + half) ** 2, abs=1e-5)
    assert second.counts == {"1": 1, "2": 2, "3": 1, "4": 0, "5": 0}
    # The differences are then 5/3, 7/3, 5/3, 7/3: a variance of 3/4 * 4/9.
    [row] = found.differences.to_dict("records")
    half = T3 * sqrt(1 / 3)
    assert (row["difference"], row["low"], row["high"]) == pytest.approx((2, 2 - half, 2 + half), abs=1e-5)
    assert found.pairwise.loc["A", "B"] == 4
    assert {name: part.contestants[0].strength for name, part in found.by("category").items()} == {
        "first": 4.5,
        "last": 3.5,
    }
    table = found.table().set_index("contestant")
    assert list(table.columns[:3]) == ["mean", "low", "high"]
    assert table.loc["A", "pictures"] == 4
    for part in ("8 verdicts on 8 pictures by 1 judge", "4.00", "4: 2", "only 8 pictures judged"):
        assert part in repr(found), part
    assert "1 … 3 … 5" in found._repr_mimebundle_()["text/html"]
    [axes] = [axes for axes in found.figure().axes if axes.get_xlim() == (1.0, 5.0)]
    assert list(axes.get_xticks()) == [1, 2, 3, 4, 5]
    said = found.methods()
    for part in ("8 verdicts on 8 pictures by 2 contestants", "rated from 1 to 5", "Means of the ratings"):
        assert part in said, part
    assert "Bradley" not in said
    assert "left" not in said


def test_judges_of_ratings_agree_as_far_as_their_order_says(tmp_path: Path) -> None:
    """Krippendorff's alpha for ordinal data, by hand: 1 - (64 / 6) / (192 / 30) where the order is the other way."""
    one, two, same = (
        singles(tmp_path / f"{name}.jsonl", {"A": said}, "rating", judge=name)
        for name, said in (("one", "123"), ("two", "321"), ("same", "123"))
    )
    apart, alike = scores(one, two), scores(one, same)
    assert (apart.alpha, apart.agreement) == (pytest.approx(-2 / 3), pytest.approx(1 / 3))
    assert (alike.alpha, alike.agreement, alike.shared) == (1, 1, 3)
    assert "alpha for ordinal data was -0.67" in apart.methods()


def test_judges_who_rate_by_scales_of_their_own_widen_the_interval(tmp_path: Path) -> None:
    def said(shift: int) -> str:
        return "".join(str(2 + number % 2 + shift) for number in range(8))

    def of(names: str, shift: int) -> Any:
        files = [
            singles(tmp_path / f"{name}{shift}.jsonl", {"A": said(shift * at)}, "rating", judge=name)
            for at, name in enumerate(names)
        ]  # fmt: skip
        found = scores(*files).contestants[0]
        return found.high - found.low  # type: ignore[operator]

    assert of("xyz", 1) > 1.5 * of("xyz", 0)


def test_checks_have_shares_of_yes(tmp_path: Path) -> None:
    found = scores(singles(tmp_path / "x.jsonl", {"A": "yyyy", "B": "ynns"}, "check"))
    first, second = found.contestants
    assert (first.strength, first.low, first.high) == (1, pytest.approx(0.025**0.25), 1)
    assert (second.strength, second.counts, found.skipped) == (pytest.approx(1 / 3), {"no": 2, "yes": 1}, 1)
    assert second.low is not None
    assert second.low < 1 / 3
    said = found.methods()
    for part in ("the answer was yes or no", "Shares of yes", "Clopper and Pearson"):
        assert part in said, part
    one, other = (singles(tmp_path / f"{name}.jsonl", {"A": said}, "check", judge=name) for name, said in
                  (("one", "yyn"), ("two", "yny")))  # fmt: skip
    # Nominal by hand: of six answers two are no; 1 - (4 / 6) / (2 * 2 * 4 / 30).
    assert scores(one, other).alpha == pytest.approx(1 - (4 / 6) / (16 / 30))


def test_of_grades_the_direction_counts_and_the_share_of_much_is_said(tmp_path: Path) -> None:
    rows = [({"prompt": f"p{n}"}, "A", "B", "left" if n < 6 else "right" if n < 8 else "tie") for n in range(10)]
    path = sheet(tmp_path / "x.jsonl", rows, kind="graded")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for number, line in enumerate(lines[1:9]):
        line["degree"] = "much" if number < 2 else "slightly"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found, plain = scores(path), scores(sheet(tmp_path / "y.jsonl", rows))
    assert (found.much, plain.much) == (0.25, None)
    assert [each.strength for each in found.contestants] == [each.strength for each in plain.contestants]
    assert found.contestants[0].wins == 6
    assert "Of the preferences, 25 % were “much better”" in found.methods()
    assert "25 % of the preferences" in repr(found)
