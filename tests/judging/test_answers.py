"""Pairs with grades, ratings and checks: the same steps, file and page with other answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from judging.pictures import groups, judged
from judging.test_pages import data_of, sent_back

from wannb.judging import judge
from wannb.plan import Plan
from wannb.scoring import read_sheet, scores

#: Of each kind: what judges press, what is in the file, and where pictures stand.
KINDS: list[tuple[dict[str, Any], str, list[Any], list[str]]] = [
    (
        {"graded": True},
        "12=4 5b3s",
        ["left much", "left slightly", "tie", "right slightly", "right much", "bad", "tie", "skip"],
        ["left", "right"],
    ),
    ({"kind": "rating"}, "12345s", ["1", "2", "3", "4", "5", "skip"], ["picture"]),
    ({"kind": "check", "question": "Is it legible?"}, "ynYs", ["yes", "no", "yes", "skip"], ["picture"]),
]


@pytest.mark.parametrize(("options", "keys", "kept", "sides"), KINDS, ids=["graded", "rating", "check"])
def test_each_kind_has_keys_and_verdicts_of_its_own(
    folder: Path, options: Any, keys: str, kept: list[str], sides: list[str]
) -> None:
    made = groups(folder, "AB", 8)
    judging = judge(made, judge="one", **options)
    assert judging.total == 8 if options.get("graded") else 16 + 1
    assert set(judging.even) == {"number", *sides, "references"}
    for key in keys.replace(" ", ""):
        judging.press(key)
    given = [f"{each['verdict']} {each.get('degree', '')}".strip() for each in judging.verdicts]
    assert given == kept
    assert all(set(each) >= {*sides} for each in judging.verdicts)
    again = judge(made, judge="one", **options)
    assert (again.number, again.file) == (judging.number, judging.file)
    name = options.get("kind", "graded")
    assert read_sheet(judging.file).kind.name == name
    assert name in judging.file.name
    with pytest.raises(ValueError, match="another kind"):
        judge(made, judge="one", file=judging.file, question=options.get("question"))
    with pytest.raises(ValueError, match=r"key='x': press one of .*U Undo"):
        judging.press("x")
    judging.press("u")
    assert len(judging.verdicts) == len(kept) - 1


def test_what_does_not_fit_a_kind_is_refused(folder: Path, plan: Plan) -> None:
    made = groups(folder, "AB", 2)
    for options, said in (
        ({"kind": "stars"}, r"kind='stars': give 'pairs', 'rating', 'check'"),
        ({"kind": "rating", "graded": True}, "graded= is for pairs"),
        ({"kind": "check"}, "a check needs a question"),
    ):
        with pytest.raises(ValueError, match=said):
            judge(made, **options)  # type: ignore[arg-type]
    # One group, or groups of different sizes, can be rated one by one.
    assert judge({"A": made["A"]}, kind="rating").total == 2
    assert judge({"A": made["A"], "B": made["B"][:1]}, kind="rating").total == 3
    assert judge(plan, kind="rating").total == 6
    assert judge(plan, kind="rating").question == "How good is this picture?"


@pytest.mark.parametrize(
    ("options", "press", "expected"),
    [({"graded": True}, "much left", ("left", "much")), ({"kind": "rating"}, "4", ("4", None)),
     ({"kind": "check", "question": "Boat?"}, "yes", ("yes", None))],
)  # fmt: skip
def test_each_kind_comes_back_from_a_page(tmp_path: Path, options: Any, press: str, expected: Any) -> None:
    judging = judge(groups(tmp_path / "made", "AB", 3), **options)
    [page] = judging.save(tmp_path / "judging.html")
    data = data_of(page)
    assert data["sides"] == list(judging.record.kind.sides)
    assert {each["name"] for each in data["answers"]["zh"]} == {*judging.record.kind.answers, "undo"}
    back = sent_back(page, tmp_path, "one", lambda q, n, left: press)
    found = scores(back)
    assert found.kind == judging.record.kind.name
    assert found.tallied is not None
    assert (found.verdicts, found.tallied.votes[0].much) == (3 if options.get("graded") else 6, expected[1] == "much")
    told = back.read_text().replace(f'"{press}"', '"best"', 1)
    back.write_text(told)
    assert any("1 damaged line" in notice for notice in scores(back).notices)


def test_kinds_are_not_mixed(folder: Path) -> None:
    made = groups(folder, "AB", 3)
    graded, plain = (judged(made, folder / f"{on}.jsonl", "1", name=str(on), graded=on) for on in (True, False))
    with pytest.raises(ValueError, match=r"False.jsonl holds pairs and True.jsonl holds graded; score each"):
        scores(graded, plain)
