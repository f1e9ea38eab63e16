"""Blind judging: balanced pairs, nothing on the page that tells, nothing lost on disk, scores that mean something."""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from wannb import mock
from wannb.errors import StoreError
from wannb.judging import judge, scores
from wannb.judging.pairs import Contest, Contestant, Pair, chosen, contest_of, digest
from wannb.judging.verdicts import LEFT, RIGHT, SKIP, TIE, Record, read, safe
from wannb.judging.widget import Judging
from wannb.ledger.result import GeneratedImage
from wannb.ledger.store import Store
from wannb.plan import Plan, sweep

PROMPTS = ["a heron in the reeds", "a heron in the rain", "a heron, woodcut"]
SECRETS = ["heron", "reeds", "woodcut", "wan2.7", "4711", "4712", "seed", "run.json", "png"]
BOUNDED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A plan of three prompts and two seeds that has run."""
    with (
        mock.serve(task_seconds=0.0) as server,
        make_client(server, Store(tmp_path_factory.mktemp("runs") / "runs")) as client,
    ):
        yield sweep(client, prompt=PROMPTS, seed=[4711, 4712], size="1K").run()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


def picture(folder: Path, name: str, number: int = 1) -> GeneratedImage:
    """Return a picture that is a file of its own."""
    run = folder / name
    run.mkdir(parents=True, exist_ok=True)
    path = run / f"image-{number}.png"
    sha256 = hashlib.sha256(f"{name} {number}".encode()).hexdigest()
    Image.new("RGB", (24, 16), f"#{sha256[:6]}").save(path)
    return GeneratedImage(path=path, number=number, count=1, width=24, height=16, seed=None, sha256=sha256)


def groups(folder: Path, names: str, places: int) -> dict[str, list[GeneratedImage]]:
    return {name: [picture(folder, f"{name}{place}") for place in range(places)] for name in names}


def drawn_contest(contestants: int, meetings: int) -> Contest:
    """Return a contest without files, in which each two contestants can meet so often."""
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
    facts: dict[str, Any] = {
        "by": ("n",),
        "usual": True,
        "left_out": 0,
        "missing": {},
        "folder": Path(),
        "mock": False,
    }
    return Contest(name="test", contestants=tuple(people), pairs=tuple(pairs), **facts)


# Pairs


@BOUNDED
@given(contestants=st.integers(2, 7), meetings=st.integers(1, 5), most=st.integers(1, 110), chance=st.text(max_size=4))
def test_any_number_of_pairs_is_balanced_within_one(contestants: int, meetings: int, most: int, chance: str) -> None:
    pairs = drawn_contest(contestants, meetings).pairs
    order = chosen(pairs, most, chance=chance)
    assert len(order) == len({pair.id for pair in order}) == min(most, len(pairs))
    met = Counter(pair.contestants for pair in order)
    counts = [met[two] for two in {pair.contestants for pair in pairs}]
    assert max(counts) - min(counts) <= 1
    seen = Counter(each for pair in order for each in pair.contestants)
    assert max(seen.values()) - min(seen[key] for pair in pairs for key in pair.contestants) <= 2


@BOUNDED
@given(names=st.permutations(["A", "Bé", "画", "zz"]), chance=st.text(max_size=4))
def test_the_order_does_not_hang_on_the_names(names: list[str], chance: str, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.getbasetemp() / "shared-pictures"
    made = list(groups(folder, "ABCD", 3).values())

    def seen(called: list[str], pictures: list[list[GeneratedImage]]) -> tuple[list[set[str]], set[tuple[str, ...]]]:
        contest = contest_of(dict(zip(called, pictures, strict=True)))
        order = [{image.sha256 for image in pair.images} for pair in chosen(contest.pairs, None, chance=chance)]
        judging = Judging(contest, Record(folder / f"never-{chance!r}", contest=contest, judge="one"))
        return order, {tuple(image.sha256 for _, image in judging._sides(pair)) for pair in contest.pairs}

    assert seen(names, made) == seen(["1", "2", "3", "4"], made)
    assert seen(names, made)[1] == seen(names, made[::-1])[1]


def test_a_pair_differs_in_the_contestant_alone(plan: Plan) -> None:
    contest = contest_of(plan)
    assert [each.options["prompt"] for each in contest.contestants] == PROMPTS
    assert len(contest.pairs) == 3 * 2
    for pair in contest.pairs:
        one, other = (image.request for image in pair.images)
        assert one is not None
        assert other is not None
        assert one.seed == other.seed == pair.shared["seed"]
        assert one.prompt != other.prompt
    seeds = contest_of(plan, by="seed")
    assert len(seeds.pairs) == 3
    assert {frozenset(pair.shared) for pair in seeds.pairs} == {frozenset({"prompt"})}
    assert len(contest_of(plan, by=("seed", "prompt")).pairs) == 15
    assert contest_of(plan, by=("seed", "prompt")).by == ("prompt", "seed")


def test_what_cannot_be_judged_is_said(plan: Plan, folder: Path) -> None:
    with pytest.raises(ValueError, match=r"by='style' is not an option that varies.*'prompt', 'seed'"):
        judge(plan, by="style")
    with pytest.raises(ValueError, match="by='seed' judges the seeds"):
        judge(sweep(plan.client, prompt="a heron", seed=[1, 2]))
    with pytest.raises(ValueError, match=r"no two pictures can be compared .*not run yet: 4"):
        judge(sweep(plan.client, prompt=["never", "run"], seed=[1, 2]))
    with pytest.raises(ValueError, match="different numbers of pictures"):
        judge({"A": [picture(folder, "a")], "B": []})
    with pytest.raises(TypeError, match="give a plan"):
        judge([1, 2])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="list of results"):
        judge({"A": ["a.png"], "B": ["b.png"]})
    with pytest.raises(ValueError, match="pairs=0"):
        judge(plan, pairs=0)


def test_pairs_without_a_picture_are_left_out_and_counted(plan: Plan, folder: Path) -> None:
    more = sweep(plan.client, prompt=[*PROMPTS, "a heron that nobody drew"], seed=[4711, 4712], size="1K")
    judging = judge(more, file=folder / "x.jsonl")
    assert judging.total == 6
    assert judging.note.startswith("6 pairs left out, a picture is missing (not run yet: 2).")
    # So that nobody takes an exercise for a result.
    assert "this is not blind" in judging.note
    assert judge(groups(folder, "AB", 1)).note == ""


def test_groups_of_results_are_compared_place_by_place(folder: Path) -> None:
    made = groups(folder, "AB", 3)
    judging = judge(made, judge="one")
    assert judging.total == 3
    assert judging.file.parent == folder / "judgements"
    while judging.number < judging.total:
        judging.press("1")
    for verdict in judging.verdicts:
        runs = {verdict[side]["run"] for side in (LEFT, RIGHT)}
        assert runs == {f"{name}{verdict['shared']['place'] - 1}" for name in "AB"}


# The widget


def test_judges_get_their_own_order_and_the_same_pairs(plan: Plan, folder: Path) -> None:
    def order(name: str, **options: Any) -> list[str]:
        judging = judge(plan, judge=name, file=folder / f"{len(list(folder.glob('*')))}.jsonl", **options)
        return [f"{pair.id} {judging._sides(pair)[0][0]}" for pair in judging._order]

    assert order("one") == order("one")
    assert order("one") != order("two")
    assert order("one", seed=1) != order("one", seed=2)
    few = [{each.split()[0] for each in order(name, pairs=4)} for name in ("one", "two")]
    assert few[0] == few[1]
    assert len(few[0]) == 4


def test_keys_do_what_they_say_and_each_verdict_is_on_disk_before_the_next_pair(plan: Plan) -> None:
    judging = judge(plan, judge="Keys")
    assert not judging.file.exists()
    for number, (key, verdict) in enumerate([("1", LEFT), ("2", RIGHT), ("=", TIE), ("S", SKIP), ("t", TIE)], 1):
        judging.press(key)
        assert judging.number == number
        assert list(read(judging.file).verdicts.values())[-1]["verdict"] == verdict
    judging.press("u")
    judging.press("Backspace")
    assert judging.number == len(judging.verdicts) == len(read(judging.file).verdicts) == 3
    for key in ("0", "right", "left"):
        judging.press(key)
    assert judging.number == judging.total == 6
    judging.press("1")
    assert [each["verdict"] for each in judging.verdicts] == [LEFT, RIGHT, TIE, TIE, RIGHT, LEFT]
    with pytest.raises(ValueError, match=r"1 .left.*u .undo"):
        judging.press("x")
    assert judging.file == plan.client.store.root / "judgements" / f"{plan.name}-Keys.jsonl"


def test_nothing_that_reaches_the_page_tells_what_is_compared(plan: Plan, folder: Path) -> None:
    judging = judge(plan, judge="two", file=folder / "two.jsonl")
    contest = contest_of(plan)
    secrets = [*SECRETS, plan.name, *(each.id for each in contest.contestants), *(pair.id for pair in contest.pairs)]
    secrets += [image.sha256[:12] for pair in contest.pairs for image in pair.images]
    secrets += [image.path.parent.name for pair in contest.pairs for image in pair.images]
    for _ in range(judging.total + 1):
        state = judging.get_state()
        for name in ("_esm", "_css", "_anywidget_id"):
            state.pop(name)
        seen = repr(state).casefold() + repr(judging._repr_mimebundle_()).casefold()
        for secret in secrets:
            assert secret.casefold() not in seen, secret
        for slot in (judging.even, judging.odd):
            for side in {LEFT, RIGHT} & set(slot):
                assert slot[side].startswith(b"\xff\xd8")
                assert b"iTXt" not in slot[side]
        judging.press("1")


def test_only_the_pair_and_the_next_are_on_the_page(plan: Plan, folder: Path) -> None:
    judging = judge(plan, file=folder / "x.jsonl")
    for number in range(judging.total):
        held = {slot["number"] for slot in (judging.even, judging.odd) if slot}
        assert held == {number, number + 1} - {judging.total}
        judging.press("2")
    assert judging.even == judging.odd == {}
    judging.press("u")
    assert (judging.odd["number"], judging.even) == (5, {})


def test_a_press_for_another_pair_is_dropped(plan: Plan, folder: Path) -> None:
    judging = judge(plan, file=folder / "x.jsonl")
    for content in ({"verdict": "left", "number": 0, "seconds": 1.25}, {"verdict": "left", "number": 0}):
        judging._handle_custom_msg(content, [])
    assert judging.number == 1
    for content in ({"verdict": "delete", "number": 1}, {"number": 1}, {"verdict": "undo", "number": 7}, "left"):
        judging._handle_custom_msg(content, [])
    assert judging.number == 1
    assert judging.verdicts[0]["seconds"] == 1.25


def test_a_verdict_that_cannot_be_saved_is_not_counted(plan: Plan, folder: Path) -> None:
    folder.mkdir()
    (folder / "file").touch()
    judging = judge(plan, file=folder / "file" / "x.jsonl")
    judging._handle_custom_msg({"verdict": "left", "number": 0}, [])
    assert "could not be saved" in judging.problem
    with pytest.raises(StoreError, match="could not be saved"):
        judging.press("1")
    assert (judging.number, judging.verdicts) == (0, [])
    (folder / "file").unlink()
    judging.press("1")
    assert (judging.number, judging.problem) == (1, "")


def test_it_speaks_chinese_where_the_client_does(plan: Plan, folder: Path) -> None:
    plan.client.language = "zh"
    try:
        judging = judge(plan, file=folder / "x.jsonl")
    finally:
        plan.client.language = "en"
    assert judging.language == "zh"
    assert judge(plan, file=folder / "x.jsonl", language="en", question="Nicer?").question == "Nicer?"


# The file


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
def test_a_file_cut_at_any_byte_goes_on_where_it_ends(
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
    after = read(path)
    assert list(after.verdicts)[:-1] == list(before)
    assert after.header["judge"] == "Åsa 画"
    lines = path.read_bytes().split(b"\n")
    assert sum(line.startswith(b'{"wannb_judgements"') and line.endswith(b"]}") for line in lines) == 1
    assert judge(made, judge="Åsa 画", file=path).number == judging.number == len(before) + 1
    while judging.number < judging.total:
        judging.press("2")
    assert len(read(path).verdicts) == judging.total == 6


def test_nothing_else_than_verdicts_is_ever_written_over(written: Any, folder: Path) -> None:
    made, content = written
    folder.mkdir()
    path = folder / "x.jsonl"
    path.write_bytes(content)
    judge(made, judge="Åsa 画", file=path).press("s")
    assert path.read_bytes().startswith(content)


def test_the_same_judge_goes_on_with_the_pairs_that_are_left(plan: Plan, folder: Path) -> None:
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
    # What was judged beyond the draw counts as part of it.
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


@BOUNDED
@given(name=st.text(st.characters(), max_size=200), other=st.text(st.characters(), max_size=5))
def test_a_judges_name_makes_a_file_name_of_its_own(name: str, other: str) -> None:
    made = safe(name)
    assert not set(made) & set('/\\:*?"<>|\0\n')
    assert len(made.encode()) < 240
    assert made == made.strip(" .")
    assert (made == safe(other)) == (name == other)


# Scores


def simulated(
    folder: Path, made: dict[str, list[GeneratedImage]], judge_name: str, seed: int, ties: float = 0.1
) -> Any:
    """Return a judging in which the groups win as their strengths say: the first three times as often as the second."""
    chance = random.Random(seed)
    strengths = {digest({"group": name}): 3.0**-number for number, name in enumerate(made)}
    judging = judge(made, judge=judge_name, file=folder / f"{judge_name}.jsonl")
    while judging.number < judging.total:
        (left, _), (right, _) = judging._sides(judging._order[judging.number])
        won = chance.random() < strengths[left] / (strengths[left] + strengths[right])
        judging.press("=" if chance.random() < ties else "1" if won else "2")
    return judging


def test_scores_find_the_order_that_was_put_in_and_their_intervals_hold_it(folder: Path) -> None:
    made = groups(folder, "DACB", 25)
    found = scores(simulated(folder, made, "one", 7, ties=0.0), resamples=80)
    assert [each.label for each in found.contestants] == list("DACB")
    powers = [3.0**-number for number in range(4)]
    for number, each in enumerate(found.contestants):
        true = sum(powers[number] / (powers[number] + other) for other in powers if other != powers[number]) / 3
        assert each.low is not None
        assert each.high is not None
        # The draws are given, so this holds always; the margin is for whoever draws others.
        assert each.low - 0.05 <= true <= each.high + 0.05
        assert (each.wins + each.ties + each.losses, each.pairs) == (75, 75)
    assert sum(each.strength or 0 for each in found.contestants) == pytest.approx(2)
    assert found == scores(folder / "one.jsonl", resamples=80)
    assert found.agreement is found.alpha is None


def test_two_contestants_get_their_share_of_wins_and_ties_count_half(folder: Path) -> None:
    judging = judge(groups(folder, "AB", 20), file=folder / "x.jsonl")
    first = judging._order[0].contestants[0]
    for number in range(20):
        left_is_first = judging._sides(judging._order[number])[0][0] == first
        judging.press("=" if number < 4 else "1" if left_is_first == (number < 16) else "2")
    best = judging.scores(resamples=50).contestants[0]
    assert (best.wins, best.ties, best.losses) == (12, 4, 4)
    assert best.strength == pytest.approx(0.7, abs=0.002)


def test_identical_judges_agree_wholly_and_files_together_are_all_their_verdicts(folder: Path) -> None:
    made = groups(folder, "ABC", 4)
    one, two, three = (judge(made, judge=name, file=folder / f"{name}.jsonl") for name in ("one", "two", "Cy"))
    for judging in (one, two, three):
        while judging.number < judging.total:
            pair = judging._order[judging.number]
            wanted = digest([pair.id, "same"])[0] in "01234567"
            left_is_first = judging._sides(pair)[0][0] == pair.contestants[0]
            judging.press("1" if left_is_first == wanted else "2")
    both = scores(one, two.file, one.file, resamples=20)
    assert (both.agreement, both.alpha, both.shared, both.judges) == (1.0, 1.0, 12, ("one", "two"))
    assert both.verdicts == len(one.verdicts) + len(two.verdicts) == 24
    assert both.pairs == 12
    alone = scores(one, resamples=20)
    counts = {each.label: (each.wins, each.losses) for each in alone.contestants}
    assert {each.label: (each.wins / 2, each.losses / 2) for each in both.contestants} == counts
    # Drawn with all its verdicts together, a pair judged twice makes no interval narrower.
    spans = [[(each.low, each.high) for each in found.contestants] for found in (alone, both)]
    assert spans[0] == [pytest.approx(span, abs=0.02) for span in spans[1]]
    for _ in range(three.total):
        three.press("u")
    while three.number < three.total:
        three.press("=")
    mixed = scores(one, three, resamples=20)
    assert mixed.agreement == 0
    assert mixed.alpha is not None
    assert mixed.alpha < 0


def test_contestants_are_matched_by_their_options(folder: Path) -> None:
    made = groups(folder, "AB", 6)
    one = simulated(folder, made, "one", 1)
    text = one.file.read_text()
    lines = text.splitlines()
    header = json.loads(lines[0])
    header["contestants"].reverse()
    for number, each in enumerate(header["contestants"]):
        text = text.replace(each["id"], f"id-{number}")
        each["id"] = f"id-{number}"
    header["judge"] = "two"
    (folder / "bo.jsonl").write_text("\n".join([json.dumps(header), *text.splitlines()[1:]]) + "\n")
    found = scores(one, folder / "bo.jsonl", resamples=10)
    assert len(found.contestants) == 2
    assert found.agreement == 1


def test_people_without_a_name_are_told_apart_by_their_files(folder: Path) -> None:
    made = groups(folder, "AB", 2)
    for place in ("one", "two"):
        judge(made, file=folder / place / "x.jsonl").press("1")
    found = scores(folder / "one" / "x.jsonl", folder / "two" / "x.jsonl", resamples=5)
    assert (found.judges, found.verdicts, found.shared) == (("x.jsonl", "x.jsonl (2)"), 2, 1)
    twice = scores(folder / "one" / "x.jsonl", folder / "one" / ".." / "one" / "x.jsonl", resamples=5)
    assert (twice.judges, twice.verdicts) == (("x.jsonl",), 1)


def test_files_of_different_plans_are_not_put_together(plan: Plan, folder: Path) -> None:
    one = judge(plan, judge="one", file=folder / "one.jsonl")
    other = judge(groups(folder, "AB", 1), file=folder / "two.jsonl")
    with pytest.raises(ValueError, match=r"two.jsonl and one.jsonl are of different plans"):
        scores(one, other)
    with pytest.raises(ValueError, match="no judgments were given"):
        scores()
    with pytest.raises(ValueError, match="there is no file"):
        scores(folder / "nowhere.jsonl")
    (folder / "other.jsonl").write_text('{"a": 1}\nnoise\n')
    with pytest.raises(ValueError, match="holds no judgments"):
        scores(folder / "other.jsonl")


def test_what_the_numbers_cannot_tell_is_said(folder: Path) -> None:
    made = groups(folder, "ABC", 4)
    empty = scores(judge(made, judge="none", file=folder / "none.jsonl"))
    assert [each.strength for each in empty.contestants] == [None] * 3
    assert "no verdict yet" in empty.notices[0]

    won = judge(made, judge="won", file=folder / "won.jsonl")
    best, _, never = (each.id for each in contest_of(made).contestants)
    while won.number < won.total:
        pair = won._order[won.number]
        left = won._sides(pair)[0][0]
        won.press("s" if never in pair.contestants else "1" if left == best else "2")
    found = won.scores(resamples=20)
    assert any("never compared, so not scored: C" in notice for notice in found.notices)
    assert any("A won every comparison" in notice for notice in found.notices)
    assert any("only 4 pairs" in notice for notice in found.notices)
    first = found.contestants[0]
    assert first.strength is not None
    assert (first.label, first.high) == ("A", 1)
    assert 0.39 < (first.low or 0) < 0.40  # 0.025 ** (1 / 4)
    assert found.skipped == 8

    apart = judge(groups(folder, "ABCD", 2), judge="apart", file=folder / "apart.jsonl")
    two = [each.id for each in contest_of(groups(folder, "ABCD", 2)).contestants][:2]
    while apart.number < apart.total:
        inside = {key in two for key in apart._order[apart.number].contestants}
        apart.press("s" if len(inside) == 2 else "1")
    found = apart.scores(resamples=20)
    assert any("A, B | C, D" in notice or "C, D | A, B" in notice for notice in found.notices)
    assert {each.strength for each in found.contestants} == {None}

    tied = judge(made, judge="tied", file=folder / "tied.jsonl")
    while tied.number < tied.total:
        tied.press("=")
    found = tied.scores(resamples=20)
    assert [each.strength for each in found.contestants] == [pytest.approx(0.5)] * 3
    assert all(each.low is None for each in found.contestants)
    assert found.left is None


def test_a_judge_who_always_takes_the_left_is_noticed(folder: Path) -> None:
    judging = judge(groups(folder, "AB", 20), file=folder / "x.jsonl")
    while judging.number < judging.total:
        judging.press("1")
    found = judging.scores(resamples=20)
    assert found.left == 1
    assert any("20 of 20 times" in notice for notice in found.notices)


def test_scores_show_themselves_and_are_never_half_escaped(folder: Path) -> None:
    made = groups(folder, "ABC", 6)
    renamed = dict(zip(["<b>a</b> $x_1$", "水边的苍鹭，清晨的薄雾，远处的山", "C & D"], made.values(), strict=True))
    found = scores(simulated(folder, renamed, "one", 3), simulated(folder, renamed, "two", 4), resamples=50)
    bundle = found._repr_mimebundle_()
    page = bundle["text/html"]
    assert "<b>a" not in page
    assert "&lt;b&gt;a" in page
    assert page.count("<svg role=") == 3
    assert "Krippendorff" in bundle["text/plain"]
    assert bundle == found._repr_mimebundle_()
    assert list(found.table()["strength"]) == [each.strength for each in found.contestants]
    figure = found.figure()
    figure.savefig(folder / "figure.png")
    figure.savefig(folder / "figure.pdf")
    assert (folder / "figure.png").stat().st_size > 5000


def test_without_the_library_the_install_line_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judging = judge(groups(folder, "AB", 1), file=folder / "x.jsonl")
    judging.press("1")
    monkeypatch.setitem(sys.modules, "evalica", None)
    with pytest.raises(ImportError, match=r'pip install "wannb\[judge\]"'):
        judging.scores()


def test_pairs_that_come_later_leave_judged_what_was_judged(folder: Path) -> None:
    contest = contest_of(groups(folder, "ABC", 3))
    fewer = replace(contest, pairs=contest.pairs[:4])
    first = Judging(fewer, Record(folder / "x.jsonl", contest=fewer, judge="one"))
    first.press("1")
    first.press("2")
    later = Judging(contest, Record(folder / "x.jsonl", contest=contest, judge="one"))
    assert (later.number, later.total) == (2, 9)
    assert later.verdicts == first.verdicts


# Faults on disk


def test_a_damaged_picture_leaves_its_pairs_out(folder: Path) -> None:
    made = groups(folder, "AB", 3)
    whole = made["A"][0].path.read_bytes()
    made["A"][0].path.write_bytes(b"no picture")
    made["B"][1].path.write_bytes(whole[: len(whole) // 2])
    judging = judge(made, file=folder / "x.jsonl")
    assert judging.total == 1
    assert judging.note == "2 pairs left out, a picture is missing (lost: 2)."


@pytest.mark.parametrize("damaged", [True, False])
def test_a_picture_that_goes_while_judging_is_skipped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    judging = judge(groups(folder, "AB", 4), file=folder / "x.jsonl", language="zh")
    sent: list[Any] = []
    monkeypatch.setattr(judging, "send", sent.append)
    gone = judging._sides(judging._order[2])[0][1].path
    if damaged:
        gone.write_bytes(b"no picture")
    else:
        gone.unlink()
    for number in range(2):
        judging._handle_custom_msg({"verdict": "left", "number": number}, [])
    assert (judging.number, len(read(judging.file).verdicts), len(sent)) == (2, 2, 2)
    assert (judging.even["left"], judging.even["right"][:2]) == (b"", b"\xff\xd8")
    assert "跳过" in judging.problem
    # What nobody saw is not judged.
    judging._handle_custom_msg({"verdict": "left", "number": 2}, [])
    with pytest.raises(StoreError, match="跳过"):
        judging.press("1")
    assert (judging.number, len(read(judging.file).verdicts), len(sent)) == (2, 2, 3)
    judging._handle_custom_msg({"verdict": "skip", "number": 2}, [])
    assert (judging.number, judging.problem, len(sent)) == (3, "", 4)


def test_the_page_gets_its_answer_whatever_happens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judging = judge(groups(folder, "AB", 2), file=folder / "x.jsonl")
    sent: list[Any] = []
    monkeypatch.setattr(judging, "send", sent.append)
    monkeypatch.setattr(judging, "_do", lambda what, seconds: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        judging._take({"verdict": "left", "number": 0})
    assert sent == [{"kind": "answered", "number": 0}]


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
    assert len({json.dumps(each.options) for each in scores(judging, resamples=5).contestants}) == 2


def test_two_files_of_one_name_that_contradict_each_other_are_two_judges(folder: Path) -> None:
    made = groups(folder, "AB", 6)
    for place, key in (("one", "1"), ("two", "2"), ("copy", "1")):
        judging = judge(made, judge="table", file=folder / place / "x.jsonl")
        while judging.number < judging.total:
            judging.press(key)
    one, two, copy = (folder / place / "x.jsonl" for place in ("one", "two", "copy"))
    found = scores(one, two, copy, resamples=5)
    assert (found.judges, found.verdicts, found.agreement) == (("table", "table (2)"), 12, 0)
    assert sum("'table' contradict each other" in notice for notice in found.notices) == 1
    found = scores(one, copy, resamples=5)
    assert (found.judges, found.verdicts) == (("table",), 6)
    assert not any("contradict" in notice for notice in found.notices)


def test_a_damaged_header_is_made_good(folder: Path) -> None:
    made = groups(folder, "AB", 3)
    judging = judge(made, judge="one", file=folder / "x.jsonl")
    while judging.number < judging.total:
        judging.press("1")
    lines = judging.file.read_bytes().split(b"\n")
    judging.file.write_bytes(b"\n".join([lines[0][:30], *lines[1:]]))
    assert judging.scores(resamples=5).verdicts == 3
    with pytest.raises(ValueError, match="another judge"):
        judge(made, judge="two", file=folder / "x.jsonl")
    again = judge(made, judge="one", file=folder / "x.jsonl")
    assert again.number == again.total
    found = scores(folder / "x.jsonl", resamples=5)
    assert (found.verdicts, found.judges) == (3, ("one",))


@pytest.mark.parametrize(("name", "value"), [("judge", ["one"]), ("by", [1]), ("plan", {}), ("by", 3)])
def test_a_header_that_is_none_of_ours_is_refused(folder: Path, name: str, value: Any) -> None:
    judging = judge(groups(folder, "AB", 1), judge="one", file=folder / "x.jsonl")
    judging.press("1")
    lines = judging.file.read_text().splitlines()
    (folder / "y.jsonl").write_text("\n".join([json.dumps({**json.loads(lines[0]), name: value}), *lines[1:]]))
    with pytest.raises(ValueError, match=r"holds no judgments of wannb.judge"):
        scores(folder / "y.jsonl")
