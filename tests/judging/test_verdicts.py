"""A judge's file continues after any kind of end, is never written over, and belongs to one judging."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging.pictures import groups, judged, picture

from wannb import mock
from wannb.judging import judge
from wannb.judging.record import safe
from wannb.plan import Plan, sweep
from wannb.runs.result import GeneratedImage
from wannb.runs.store import Store
from wannb.scoring import read_sheet as read
from wannb.scoring import scores

BOUNDED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[GeneratedImage]], bytes]:
    folder = tmp_path_factory.mktemp("written")
    made = groups(folder, "AB", 6)
    judging = judge(made, judge="Åsa 画", file=folder / "whole.jsonl")
    for key in "12=u1":
        judging.press(key)
    return made, judging.file.read_bytes()


@BOUNDED
@given(data=st.data())
def test_a_file_cut_at_any_byte_continues_where_it_ends(
    data: st.DataObject, written: tuple[dict[str, list[GeneratedImage]], bytes], tmp_path_factory: Any
) -> None:
    made, content = written
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path_factory.mktemp("cut") / "cut.jsonl"
    path.write_bytes(content[:cut])
    before = read(path).verdicts
    judging = judge(made, judge="Åsa 画", file=path)
    assert judging.number == len(before)
    judging.press("2")
    assert path.read_bytes().startswith(content[:cut]), "verdicts are only appended"
    after = read(path)
    assert list(after.verdicts)[:-1] == list(before)
    assert after.header["judge"] == "Åsa 画"
    lines = path.read_bytes().split(b"\n")
    assert sum(line.startswith(b'{"wannb_judgements"') and line.endswith(b"]}") for line in lines) == 1
    assert judge(made, judge="Åsa 画", file=path).number == judging.number == len(before) + 1
    while judging.number < judging.total:
        judging.press("2")
    assert len(read(path).verdicts) == judging.total == 6


def test_the_same_judge_continues_with_the_pairs_that_are_left(plan: Plan, folder: Path) -> None:
    first = judge(plan, judge="one", file=folder / "x.jsonl", pairs=5)
    pairs = [pair.id for pair in first._order]
    for key in "12=":
        first.press(key)
    again = judge(plan, judge="one", file=folder / "x.jsonl", pairs=5)
    assert (again.number, again.total) == (3, 5)
    assert [pair.id for pair in again._order] == pairs
    assert again.verdicts == first.verdicts
    again.press("u")
    assert again.number == 2
    assert judge(plan, judge="one", file=folder / "x.jsonl").total == 6
    for _ in range(2):
        again.press("1")
    # Pairs judged beyond the choice count as part of it.
    assert {judge(plan, judge="one", file=folder / "x.jsonl", pairs=5, seed=seed).total for seed in range(6)} == {5}


def test_a_file_of_another_judging_is_refused(plan: Plan, folder: Path) -> None:
    judge(plan, judge="one", file=folder / "x.jsonl").press("1")
    with pytest.raises(ValueError, match="another judge"):
        judge(plan, judge="two", file=folder / "x.jsonl")
    with pytest.raises(ValueError, match="another comparison"):
        judge(plan, judge="one", by="seed", file=folder / "x.jsonl")
    with pytest.raises(ValueError, match="another plan"):
        judge(groups(folder, "AB", 1), judge="one", file=folder / "x.jsonl")
    assert judge(plan, judge="one", by="seed").file.name == f"{plan.name}-seed-one.jsonl"


def test_a_name_that_no_file_can_hold_continues_too(folder: Path) -> None:
    made = groups(folder, "AB", 2)
    judge(made, judge="half \ud800", file=folder / "x.jsonl").press("1")
    assert judge(made, judge="half \ud800", file=folder / "x.jsonl").number == 1


@BOUNDED
@given(name=st.text(st.characters(), max_size=200), other=st.text(st.characters(), max_size=5))
def test_a_judges_name_makes_a_file_name_of_its_own(name: str, other: str) -> None:
    made = safe(name)
    assert not set(made) & set('/\\:*?"<>|\0\n')
    assert len(made.encode()) < 240
    assert made == made.strip(" .")
    assert (made == safe(other)) == (name == other)


def test_a_damaged_header_is_repaired(folder: Path) -> None:
    made = groups(folder, "AB", 3)
    judging = judged(made, folder / "x.jsonl", "1", name="one")
    lines = judging.file.read_bytes().split(b"\n")
    judging.file.write_bytes(b"\n".join([lines[0][:30], *lines[1:]]))
    assert judging.scores().verdicts == 3
    with pytest.raises(ValueError, match="another judge"):
        judge(made, judge="two", file=folder / "x.jsonl")
    again = judge(made, judge="one", file=folder / "x.jsonl")
    assert again.number == again.total
    found = scores(folder / "x.jsonl")
    assert (found.verdicts, found.judges) == (3, ("one",))


@pytest.mark.parametrize(("name", "value"), [("judge", ["one"]), ("by", [1]), ("plan", {}), ("by", 3)])
def test_a_header_of_another_kind_is_refused(folder: Path, name: str, value: Any) -> None:
    judging = judge(groups(folder, "AB", 1), judge="one", file=folder / "x.jsonl")
    judging.press("1")
    lines = judging.file.read_text().splitlines()
    (folder / "y.jsonl").write_text("\n".join([json.dumps({**json.loads(lines[0]), name: value}), *lines[1:]]))
    with pytest.raises(ValueError, match="holds no judgments"):
        scores(folder / "y.jsonl")


def test_no_secret_of_a_link_is_in_the_file(plan: Plan, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    links = ["https://example.com/a?Signature=TOPSECRET", "https://example.com/b?Signature=TOPSECRET"]
    asked = sweep(plan.client, prompt="a heron", images=links, size="1K").run()
    monkeypatch.setattr(type(asked), "labels", lambda self, name: tuple(links))
    groups_of = {link: [picture(folder, f"p{place}")] for place, link in enumerate(links)}
    for number, source in enumerate((asked, groups_of)):
        judging = judge(source, file=folder / f"{number}.jsonl")
        judging.press("1")
        content = judging.file.read_text()
        assert "example.com/a" in content
        assert "TOPSECRET" not in content
    assert len({json.dumps(each.options) for each in scores(judging).contestants}) == 2


def test_another_question_is_another_judging(plan: Plan, folder: Path) -> None:
    usual = judge(plan, judge="asked")
    made = judge(plan, judge="asked", question="Which one is better made?")
    assert usual.file.name == f"{plan.name}-asked.jsonl"
    assert made.file.name.startswith(f"{plan.name}-Which one is better made_")
    assert {pair.id for pair in made._order} == {pair.id for pair in usual._order}
    for judging in (usual, made):
        judging.press("1")
    asked = [judging.scores().question for judging in (usual, made)]
    assert asked == ["Which one is better?", "Which one is better made?"]
    assert "Which one is better made?" in repr(scores(made.file))
    with pytest.raises(ValueError, match="another question, 'Which one is better made"):
        judge(plan, judge="asked", file=made.file)
    with pytest.raises(ValueError, match="different questions"):
        scores(usual, made)
    with pytest.raises(TypeError, match="question=3"):
        judge(plan, question=3)  # type: ignore[arg-type]


def test_a_file_of_before_says_no_question_and_is_continued(folder: Path) -> None:
    made = groups(folder, "AB", 3)
    judging = judge(made, judge="one", file=folder / "x.jsonl")
    judging.press("1")
    header, *rest = judging.file.read_text().splitlines()
    old = {name: value for name, value in json.loads(header).items() if name != "question"}
    judging.file.write_text("\n".join([json.dumps(old), *rest]) + "\n")
    assert judge(made, judge="one", file=folder / "x.jsonl", question="Nicer?").number == 1
    found = scores(folder / "x.jsonl")
    assert (found.question, found.verdicts) == (None, 1)


def test_both_bad_is_a_verdict_of_its_own_that_counts_as_a_tie(folder: Path) -> None:
    made = groups(folder, "AB", 3)
    bad, tied = (judged(made, folder / f"{key}.jsonl", key, name=key) for key in "b=")
    assert {verdict["verdict"] for verdict in bad.verdicts} == {"bad"}
    found = scores(bad, tied)
    assert (found.bad, found.agreement, found.left) == (3, 0, None)
    assert [(each.ties, each.strength) for each in found.contestants] == [(6, pytest.approx(0.5))] * 2
    assert "3 both bad, counted as ties" in repr(found)


def test_a_verdict_counts_for_the_pictures_it_was_given_about(tmp_path: Path) -> None:
    """A replaced picture keeps its place and is judged anew; what was said of the old one is left out, and told so."""
    with (
        mock.serve(task_seconds=0.0) as server,
        make_client(server, Store(tmp_path / "runs")) as client,
    ):
        plan = sweep(client, prompt=["a heron", "a {bird}"], bird=["fox", "owl"], seed=[1, 2], size="1K").run()
        first = judged(plan, tmp_path / "first.jsonl", "1", name="first", repeats=0)
        name, pairs = plan.name, {pair.id for pair in first._order}
        plan.replace(prompt=1, bird="owl", seed=2, with_=7, reason="cut off").run()
        assert plan.name == name
        again = judge(plan, judge="first", file=first.file, repeats=0)
        later = judged(plan, tmp_path / "later.jsonl", "1", name="later", repeats=0)
        now = {pair.id for pair in later._order}
        # Four contestants: each of the three others meets the replaced picture once.
        assert (len(pairs), len(now), len(now - pairs)) == (12, 12, 3)
        assert {pair.shared["seed"] for pair in later._order} == {1, 2}
        assert (again.number, again.total, len(again.verdicts)) == (9, 12, 9)
        assert scores(first.file).verdicts == 12, "nothing newer is known"
        for found in (scores(again), scores(first.file, later.file)):
            assert any("3 verdicts on pictures replaced" in notice for notice in found.notices)
        assert scores(first.file, later.file).verdicts == 9 + 12
        judged(plan, first.file, "1", name="first", repeats=0)
        assert (scores(first.file).verdicts, scores(first.file, later.file).verdicts) == (12, 24)
        assert [each["judge"] for each in read(first.file).verdicts.values()] == ["first"] * 15
        plan.exclude(prompt=0, bird="fox", seed=1, reason="no heron")
        assert len(judge(plan, judge="later", file=later.file).verdicts) == 6 + 1, "the heron of both birds"


STUDY = {"alignment": "Which one follows the prompt?", "quality": "Which one is better made?"}


def test_several_questions_are_passes_over_the_same_pairs_in_one_file(folder: Path) -> None:
    made = groups(folder, "AB", 4)
    judging = judge(made, judge="one", questions=STUDY)
    assert (judging.total, judging.question) == (8, "Question 1 of 2: Which one follows the prompt?")
    first, second = ({pair.id for pair in judging._order[here]} for here in (slice(4), slice(4, 8)))
    assert first == second
    one = judging._order[0].contestants[0]
    for number, pair in enumerate(judging._order):
        if number == 4:
            assert judging.question == "Question 2 of 2: Which one is better made?"
        first_is_left = judging._sides(pair)[0][0] == one
        judging.press("1" if first_is_left == (number < 4) else "2")
    judging.press("u")
    again = judge(made, judge="one", questions=STUDY)
    assert (again.number, again.total, again.file) == (7, 8, judging.file)
    assert [each["question"] for each in again.verdicts] == ["alignment"] * 4 + ["quality"] * 3
    found = again.scores()
    assert (found.question, found.verdicts, list(found.by_question)) == (STUDY["alignment"], 4, list(STUDY))
    assert found == found.by_question["alignment"] == scores(judging.file, question=STUDY["alignment"])
    quality = scores(judging.file, question="quality")
    assert (quality.verdicts, quality, quality.by_question) == (3, found.by_question["quality"], {})
    assert [each.contestants[0].label for each in (found, quality)] == ["A", "B"]
    assert "also asked: quality" in repr(found)
    # A third one is asked alone; nothing is asked anew.
    more = judge(made, judge="one", questions={**STUDY, "beauty": "Nicer?"})
    assert (more.number, more.total, more.question[:15]) == (7, 12, "Question 2 of 3")
    more.press("1")
    assert list(more.scores().by_question) == ["alignment", "quality", "beauty"]
    assert list(judge(made, judge="one", questions={"beauty": "Nicer?"}).scores().by_question) == list(
        more.record.questions
    )


@pytest.mark.parametrize("given", [False, True])
def test_what_was_asked_alone_is_not_asked_anew_with_others(folder: Path, given: bool) -> None:
    made = groups(folder, "AB", 3)
    alone = judge(made, judge="one", question=STUDY["quality"])
    alone.press("1")
    alone.press("2")
    judging = judge(made, judge="one", questions=STUDY, file=alone.file if given else None)
    assert (judging.number, judging.total) == (2, 6)
    assert judging.question.startswith("Question 1 of 2")
    judging.press("u")
    judging.press("=")
    judging.press("=")
    assert [each["verdict"] for each in judging.verdicts] == ["left", "tie", "tie"]
    again = judge(made, judge="one", questions=STUDY, file=judging.file)
    assert again.verdicts == judging.verdicts
    assert {key: each.verdicts for key, each in scores(judging.file).by_question.items()} == {
        "alignment": 1,
        "quality": 2,
    }
    if not given:
        assert scores(alone.file, judging.file, question="quality").judges == ("one", "one (2)"), "the undone one"
        assert scores(alone.file).verdicts == 2, "its file stays as it was"


def test_questions_that_do_not_fit_are_refused(folder: Path) -> None:
    made = groups(folder, "AB", 1)
    judging = judge(made, judge="one", questions=STUDY)
    judging.press("1")
    for options, said in (
        ({"question": "x", "questions": STUDY}, "question= or questions="),
        ({"questions": {}}, "questions="),
        ({"questions": {"a": ""}}, "questions="),
        ({"questions": {"a": "x", "b": "x"}}, "twice"),
        ({"questions": {"quality": "Other?"}}, "another question"),
        ({"question": "Other?", "file": judging.file}, "another question"),
    ):
        with pytest.raises(ValueError, match=said):
            judge(made, judge="one", **options)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="questions="):
        judge(made, questions=["x"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"question='beauty'.*alignment, quality"):
        scores(judging.file, question="beauty")
    with pytest.raises(ValueError, match="different questions"):
        scores(judging, judge(made, judge="two"))
