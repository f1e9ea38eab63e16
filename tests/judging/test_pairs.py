"""Pairs differ in the contestant alone, are balanced, and come in an order that no name influences."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging.pictures import PROMPTS, groups, picture

from wannb.judging import judge
from wannb.judging.pairs import Contest, Pair, chosen, contest_of
from wannb.judging.record import Record
from wannb.judging.widget import Judging
from wannb.plan import Plan, sweep
from wannb.runs.result import GeneratedImage
from wannb.scoring import LEFT, RIGHT, Contestant, digest

BOUNDED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def contest(contestants: int, meetings: int) -> Contest:
    """Return a contest without files."""
    people = [Contestant(id=digest(number), label=str(number), options={"n": number}) for number in range(contestants)]
    image = GeneratedImage(path=Path("x"), number=1, count=1, width=1, height=1, seed=None, sha256="0" * 64)
    pairs = [
        Pair(
            id=digest([one.id, other.id, meeting]),
            mark=digest([one.label, other.label, meeting, "mark"]),
            contestants=(one.id, other.id),
            shared={"meeting": meeting},
            images=(image, image),
        )
        for one, other in combinations(people, 2)
        for meeting in range(meetings)
    ]
    facts: dict[str, Any] = {"by": ("n",), "usual": True, "left_out": 0, "missing": {}, "folder": Path(), "mock": False}
    return Contest(name="test", contestants=tuple(people), pairs=tuple(pairs), **facts)


@BOUNDED
@given(contestants=st.integers(2, 7), meetings=st.integers(1, 5), most=st.integers(1, 110), chance=st.text(max_size=4))
def test_any_number_of_pairs_is_balanced_within_one(contestants: int, meetings: int, most: int, chance: str) -> None:
    pairs = contest(contestants, meetings).pairs
    order = chosen(pairs, most, chance=chance)
    assert len(order) == len({pair.id for pair in order}) == min(most, len(pairs))
    met = Counter(pair.contestants for pair in order)
    counts = [met[two] for two in {pair.contestants for pair in pairs}]
    assert max(counts) - min(counts) <= 1
    seen = Counter(each for pair in order for each in pair.contestants)
    assert max(seen.values()) - min(seen[key] for pair in pairs for key in pair.contestants) <= 2


@BOUNDED
@given(names=st.permutations(["A", "Bé", "画", "zz"]), chance=st.text(max_size=4))
def test_names_do_not_change_the_order(names: list[str], chance: str, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.getbasetemp() / "shared-pictures"
    made = list(groups(folder, "ABCD", 3).values())

    def seen(called: list[str], pictures: list[list[GeneratedImage]]) -> tuple[list[set[str]], set[tuple[str, ...]]]:
        here = contest_of(dict(zip(called, pictures, strict=True)))
        order = [{image.sha256 for image in pair.images} for pair in chosen(here.pairs, None, chance=chance)]
        judging = Judging(here, Record(folder / f"never-{chance!r}", contest=here, judge="one"))
        return order, {tuple(image.sha256 for _, image in judging._sides(pair)) for pair in here.pairs}

    assert seen(names, made) == seen(["1", "2", "3", "4"], made)
    assert seen(names, made)[1] == seen(names, made[::-1])[1]


def test_a_pair_differs_in_the_contestant_alone(plan: Plan) -> None:
    prompts = contest_of(plan)
    assert [each.options["prompt"] for each in prompts.contestants] == PROMPTS
    assert len(prompts.pairs) == 3 * 2
    for pair in prompts.pairs:
        one, other = (image.request for image in pair.images)
        assert one
        assert other
        assert one.seed == other.seed == pair.shared["seed"]
        assert one.prompt != other.prompt
    seeds = contest_of(plan, by="seed")
    assert len(seeds.pairs) == 3
    assert {frozenset(pair.shared) for pair in seeds.pairs} == {frozenset({"prompt"})}
    both = contest_of(plan, by=("seed", "prompt"))
    assert (len(both.pairs), both.by) == (15, ("prompt", "seed"))


def test_groups_of_results_are_compared_place_by_place(folder: Path) -> None:
    judging = judge(groups(folder, "AB", 3), judge="one")
    assert (judging.total, judging.file.parent) == (3, folder / "judgements")
    for _ in range(3):
        judging.press("1")
    for verdict in judging.verdicts:
        place = verdict["shared"]["place in group"] - 1
        assert {verdict[side]["run"] for side in (LEFT, RIGHT)} == {f"A{place}", f"B{place}"}


def test_input_that_cannot_be_judged_is_refused(plan: Plan, folder: Path) -> None:
    with pytest.raises(ValueError, match=r"by='style'.*'prompt', 'seed'"):
        judge(plan, by="style")
    with pytest.raises(ValueError, match="by='seed' judges the seeds"):
        judge(sweep(plan.client, prompt="a heron", seed=[1, 2]))
    with pytest.raises(ValueError, match="not run yet: 4"):
        judge(sweep(plan.client, prompt=["never", "run"], seed=[1, 2]))
    with pytest.raises(ValueError, match="different numbers"):
        judge({"A": [picture(folder, "a")], "B": []})
    with pytest.raises(TypeError, match="give a plan"):
        judge([1, 2])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="list of results"):
        judge({"A": ["a.png"], "B": ["b.png"]})
    with pytest.raises(ValueError, match="pairs=0"):
        judge(plan, pairs=0)


def test_pairs_without_a_picture_are_left_out_and_counted(plan: Plan, folder: Path) -> None:
    more = sweep(plan.client, prompt=[*PROMPTS, "a heron that was never run"], seed=[4711, 4712], size="1K")
    judging = judge(more, file=folder / "x.jsonl")
    assert judging.total == 6
    assert judging.note.startswith("6 pairs left out, a picture is missing (not run yet: 2).")
    assert "this is not blind" in judging.note, "practice could be taken for a result"
    assert judge(groups(folder, "AB", 1)).note == ""


def test_a_damaged_picture_leaves_its_pairs_out(folder: Path) -> None:
    made = groups(folder, "AB", 3)
    whole = made["A"][0].path.read_bytes()
    made["A"][0].path.write_bytes(b"no picture")
    made["B"][1].path.write_bytes(whole[: len(whole) // 2])
    judging = judge(made, file=folder / "x.jsonl")
    assert (judging.total, judging.note) == (1, "2 pairs left out, a picture is missing (lost: 2).")
