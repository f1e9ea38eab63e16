"""A share of the pairs is asked again with sides swapped, far from the first time, and counts for nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from judging.pictures import groups, judged
from judging.test_pages import data_of, sent_back

from wannb.judging import judge
from wannb.scoring import scores


def test_a_tenth_of_the_pairs_comes_again_swapped_and_late(folder: Path) -> None:
    made = groups(folder, "AB", 30)
    judging = judge(made, judge="one", file=folder / "x.jsonl")
    steps = judging._steps
    assert (judging.total, sum(step.again for step in steps)) == (33, 3)
    places = {step.pair.id: place for place, step in enumerate(steps) if not step.again}
    for place, step in enumerate(steps):
        if step.again:
            assert 15 <= place - places[step.pair.id] <= 18
            first, again = (judging._sides(step.pair, each) for each in (False, True))
            assert list(again) == list(first)[::-1]
    same = judge(made, judge="one", file=folder / "y.jsonl")
    assert same._steps == steps
    other = [judge(made, judge="one", seed=seed, file=folder / "y.jsonl")._steps for seed in range(4)]
    assert len({frozenset(step.pair.id for step in each if step.again) for each in other}) > 1
    # A judge who comes back, also on a pair that was asked again, goes on in the same order.
    while not judging.number or not judging._steps[judging.number - 1].again:
        judging.press("1")
    judging.press("u")
    assert len(judging.verdicts) == judging.number
    judging.press("2")
    assert judge(made, judge="one", file=folder / "x.jsonl")._steps == steps
    last = json.loads(judging.file.read_text().splitlines()[-1])
    assert (last["again"], last["verdict"], last["pair"]) == (True, "right", steps[judging.number - 1].pair.id)
    assert judge(made, judge="one", file=folder / "y.jsonl", repeats=0).total == 30
    assert judge(made, judge="one", file=folder / "y.jsonl", repeats=0.5).total == 45


@pytest.mark.parametrize("repeats", [-0.1, 0.6, "many", True])
def test_a_share_that_cannot_be_is_refused(folder: Path, repeats: Any) -> None:
    with pytest.raises(ValueError, match=r"repeats=.* is not a share from 0 to 0.5"):
        judge(groups(folder, "AB", 2), repeats=repeats)


def test_a_repeat_counts_for_self_agreement_alone(folder: Path) -> None:
    made = groups(folder, "AB", 40)
    best = ""

    def press(step: Any, left: str) -> str:
        nonlocal best
        best = best or step.pair.contestants[0]
        return "1" if left == best else "2"

    def answered(name: str, changed: int) -> Any:
        """Judge all alike, and change one's mind on some of the repeats."""
        judging = judge(made, judge=name, file=folder / f"{name}.jsonl")
        for step in judging._steps:
            key = press(step, judging._sides(step.pair, step.again)[0][0])
            if step.again and changed:
                changed, key = changed - 1, "="
            judging.press(key)
        return judging

    one, two = answered("one", 0), answered("two", 3)
    alone, both = scores(two), scores(one, two)
    assert (alone.verdicts, alone.pairs, alone.repeats, alone.self_agreement) == (40, 40, 4, 0.25)
    assert (both.verdicts, both.repeats, both.self_agreement) == (80, 8, 0.625)
    assert [each.wins for each in both.contestants] == [80, 0]
    assert both.agreement == 1
    rows = both.by_judge.set_index("judge").to_dict("index")
    assert {name: (row["verdicts"], row["repeats"], row["self_agreement"]) for name, row in rows.items()} == {
        "one": (40, 4, 1.0),
        "two": (40, 4, 0.25),
    }
    said = "Of 8 pairs asked again with sides swapped, 62 % got the same answer."
    assert said in both.methods()
    assert "62 % (8 pairs asked again)" in repr(both)
    none = judged(made, folder / "none.jsonl", "1").scores()
    assert (none.repeats, none.self_agreement) == (4, 0.0), "who always presses left contradicts themselves"
    assert judge(made, file=folder / "empty.jsonl").scores().self_agreement is None


def test_a_repeat_comes_back_from_a_page(tmp_path: Path) -> None:
    [page] = judge(groups(tmp_path / "made", "AB", 10), repeats=0.2).save(tmp_path / "judging.html")
    assert data_of(page)["repeats"] == 0.2
    back = sent_back(page, tmp_path, "one", lambda q, n, left: "left")
    lines = [json.loads(line) for line in back.read_text().splitlines()]
    again = [{**lines[1], "left": 1 - lines[1]["left"], "again": True, "verdict": "right"}]
    again += [{**lines[2], "again": True, "verdict": "skip"}]
    back.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *again]))
    found = scores(back)
    assert (found.verdicts, found.skipped, found.repeats, found.self_agreement) == (10, 0, 1, 1.0)
