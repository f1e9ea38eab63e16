"""Scores find the order that was put in, say how sure they are, and doubt themselves where they should."""

from __future__ import annotations

import itertools
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from figures.test_grid import check_inside
from judging.pictures import groups, judged
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from wannb.judging import judge
from wannb.judging.pairs import contest_of
from wannb.plan import Plan
from wannb.runs.result import GeneratedImage
from wannb.scoring import digest, scores
from wannb.scoring.votes import _cluster


def simulated(folder: Path, made: dict[str, list[GeneratedImage]], name: str, seed: int, ties: float = 0.1) -> Any:
    """Return a judging in which each group wins three times as often as the next."""
    chance = random.Random(seed)
    strengths = {digest({"group": each}): 3.0**-number for number, each in enumerate(made)}

    def press(pair: Any, left: str) -> str:
        one, other = (strengths[key] for key in pair.contestants)
        won = chance.random() < strengths[left] / (one + other)
        return "=" if chance.random() < ties else "1" if won else "2"

    return judged(made, folder / f"{name}.jsonl", press, name=name)


def test_scores_find_the_order_that_was_put_in_and_their_intervals_hold_it(folder: Path) -> None:
    made = groups(folder, "DACB", 25)
    found = scores(simulated(folder, made, "one", 7, ties=0.0))
    assert [each.label for each in found.contestants] == list("DACB")
    powers = [3.0**-number for number in range(4)]
    for number, each in enumerate(found.contestants):
        true = sum(powers[number] / (powers[number] + other) for other in powers if other != powers[number]) / 3
        assert each.low is not None
        assert each.high is not None
        # The draws are fixed, so this always holds; the margin is for other draws.
        assert each.low - 0.05 <= true <= each.high + 0.05
        assert (each.wins + each.ties + each.losses, each.pairs) == (75, 75)
    assert sum(each.strength or 0 for each in found.contestants) == pytest.approx(2)
    assert found == scores(folder / "one.jsonl")
    assert found.agreement is found.alpha is None


def test_two_contestants_get_their_share_of_wins_and_ties_count_half(folder: Path) -> None:
    judging = judge(groups(folder, "AB", 20), file=folder / "x.jsonl", repeats=0)
    first = judging._order[0].contestants[0]
    for number in range(20):
        left_is_first = judging._sides(judging._order[number])[0][0] == first
        judging.press("=" if number < 4 else "1" if left_is_first == (number < 16) else "2")
    best = judging.scores().contestants[0]
    assert (best.label, best.wins, best.ties, best.losses) == ("A", 12, 4, 4)
    assert best.strength == pytest.approx(0.7, abs=0.002)


def test_judges_are_combined_and_their_agreement_is_measured(folder: Path) -> None:
    def press(pair: Any, left: str) -> str:
        wanted = digest([pair.id, "same"])[0] in "01234567"
        return "1" if (left == pair.contestants[0]) == wanted else "2"

    made = groups(folder, "ABC", 4)
    one, two = (judged(made, folder / f"{name}.jsonl", press, name=name) for name in ("one", "two"))
    both = scores(one, two.file, one.file)
    assert (both.agreement, both.alpha, both.shared, both.judges) == (1.0, 1.0, 12, ("one", "two"))
    assert both.verdicts == len(one.verdicts) - 1 + len(two.verdicts) - 1 == 24, "a pair asked again counts once"
    assert both.pairs == 12
    alone = scores(one)
    counts = {each.label: (each.wins, each.losses) for each in alone.contestants}
    assert {each.label: (each.wins / 2, each.losses / 2) for each in both.contestants} == counts
    # A pair judged twice, drawn with all its verdicts together, makes no interval narrower.
    spans = [[(each.low, each.high) for each in found.contestants] for found in (alone, both)]
    assert spans[0] == [pytest.approx(span, abs=0.02) for span in spans[1]]
    mixed = scores(one, judged(made, folder / "Cy.jsonl", "=", name="Cy"))
    assert mixed.agreement == 0
    assert mixed.alpha is not None
    assert mixed.alpha < 0


def test_contestants_are_matched_by_their_options(folder: Path) -> None:
    one = simulated(folder, groups(folder, "AB", 6), "one", 1)
    text = one.file.read_text()
    header = json.loads(text.splitlines()[0])
    header["contestants"].reverse()
    for number, each in enumerate(header["contestants"]):
        text = text.replace(each["id"], f"id-{number}")
        each["id"] = f"id-{number}"
    header["judge"] = "two"
    (folder / "bo.jsonl").write_text("\n".join([json.dumps(header), *text.splitlines()[1:]]) + "\n")
    found = scores(one, folder / "bo.jsonl")
    assert (len(found.contestants), found.agreement) == (2, 1)


def test_judges_without_a_name_are_distinguished_by_their_files(folder: Path) -> None:
    made = groups(folder, "AB", 2)
    for place in ("one", "two"):
        judge(made, file=folder / place / "x.jsonl").press("1")
    found = scores(folder / "one" / "x.jsonl", folder / "two" / "x.jsonl")
    assert (found.judges, found.verdicts, found.shared) == (("x.jsonl", "x.jsonl (2)"), 2, 1)
    twice = scores(folder / "one" / "x.jsonl", folder / "one" / ".." / "one" / "x.jsonl")
    assert (twice.judges, twice.verdicts) == (("x.jsonl",), 1)


def test_files_of_one_name_that_contradict_each_other_are_two_judges(folder: Path) -> None:
    made = groups(folder, "AB", 6)
    one, two, copy = (
        judged(made, folder / place / "x.jsonl", key, name="table").file
        for place, key in (("one", "1"), ("two", "2"), ("copy", "1"))
    )
    found = scores(one, two, copy)
    assert (found.judges, found.verdicts, found.agreement) == (("table", "table (2)"), 12, 0)
    assert sum("'table' contradict each other" in notice for notice in found.notices) == 1
    found = scores(one, copy)
    assert (found.judges, found.verdicts) == (("table",), 6)
    assert not any("contradict" in notice for notice in found.notices)


def test_files_of_different_plans_are_not_combined(plan: Plan, folder: Path) -> None:
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


def test_without_a_verdict_or_a_connection_there_is_no_strength(folder: Path) -> None:
    empty = scores(judge(groups(folder, "ABC", 4), judge="none", file=folder / "none.jsonl"))
    assert [each.strength for each in empty.contestants] == [None] * 3
    assert "no verdict yet" in empty.notices[0]
    made = groups(folder, "ABCD", 2)
    two = {each.id for each in contest_of(made).contestants[:2]}
    apart = judged(made, folder / "apart.jsonl", lambda pair, left: "s" if len(two & {*pair.contestants}) == 1 else "1")
    found = apart.scores()
    assert any("A, B | C, D" in notice or "C, D | A, B" in notice for notice in found.notices)
    assert {each.strength for each in found.contestants} == {None}


def test_the_limits_of_the_numbers_are_said(folder: Path) -> None:
    made = groups(folder, "ABC", 4)
    best, _, never = (each.id for each in contest_of(made).contestants)

    def press(pair: Any, left: str) -> str:
        return "s" if never in pair.contestants else "1" if left == best else "2"

    found = judged(made, folder / "won.jsonl", press).scores()
    for part in ("never compared, so not scored: C", "A won every comparison", "only 4 pairs"):
        assert any(part in notice for notice in found.notices), part
    first = found.contestants[0]
    assert first.strength is not None
    assert (first.label, first.high) == ("A", 1)
    assert 0.39 < (first.low or 0) < 0.40  # 0.025 ** (1 / 4)
    assert found.skipped == 8
    found = judged(made, folder / "tied.jsonl", "=").scores()
    assert [each.strength for each in found.contestants] == [pytest.approx(0.5)] * 3
    assert all(each.low is None for each in found.contestants)
    assert found.left is None


def test_a_judge_who_always_prefers_the_left_is_noticed(folder: Path) -> None:
    found = judged(groups(folder, "AB", 20), folder / "x.jsonl", "1").scores()
    assert found.left == 1
    assert any("20 of 20 times" in notice for notice in found.notices)


def test_scores_show_themselves_with_every_text_escaped(folder: Path) -> None:
    made = groups(folder, "ABC", 6)
    renamed = dict(zip(["<b>a</b> $x_1$", "水边的苍鹭，清晨的薄雾，远处的山", "C & D"], made.values(), strict=True))
    found = scores(simulated(folder, renamed, "one", 3), simulated(folder, renamed, "two", 4))
    bundle = found._repr_mimebundle_()
    page = bundle["text/html"]
    assert "<b>a" not in page
    assert "&lt;b&gt;a" in page
    assert page.count("<svg role=") == 3
    assert "Krippendorff" in bundle["text/plain"]
    assert bundle == found._repr_mimebundle_()
    assert list(found.table()["strength"]) == [each.strength for each in found.contestants]
    figure = found.figure()
    assert {"<b>a</b> $x_1$", "C & D"} <= {text.get_text() for text in figure.axes[0].texts}
    for name in ("figure.png", "figure.pdf"):
        figure.savefig(folder / name)
        assert (folder / name).stat().st_size > 5000


@pytest.mark.parametrize("width", [2.5, 3.3, 7])
def test_a_figure_of_any_width_holds_its_labels_whole(width: float, folder: Path) -> None:
    long = "a very old lighthouse on a rock in heavy weather, seen from a small boat, 35 mm photograph"
    named = {long: "A", "…in fog · wan2.7-image-pro": "B", "一座很老的灯塔，在暴风雨中，从一条小船上看去": "C"}
    made = groups(folder, "ABC", 12)
    drawn = judged({name: made[of] for name, of in named.items()}, folder / "x.jsonl", "1").scores().figure(width=width)
    words = [text.get_text() for text in drawn.findobj(Text)]
    assert not [each for each in words if "…" in each]
    assert {long.replace(" ", ""), "infog·wan2.7-image-pro"} <= joined_lines(words, long)
    check_inside(drawn, width, dpi=150)
    renderer = FigureCanvasAgg(drawn).get_renderer()
    ticks = [each.get_window_extent(renderer) for each in drawn.axes[1].get_xticklabels()]
    assert all(one.x1 + 5 < other.x0 for one, other in itertools.pairwise(ticks))


def joined_lines(words: list[str], long: str) -> set[str]:
    """Return what is found of two labels when the lines of a figure are joined without their spaces."""
    every = "".join(words).replace(" ", "")
    return {each for each in (long.replace(" ", ""), "infog·wan2.7-image-pro") if each in every}


def test_without_the_library_the_install_line_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judging = judged(groups(folder, "AB", 1), folder / "x.jsonl", "1")
    monkeypatch.setitem(sys.modules, "evalica", None)
    with pytest.raises(ImportError, match=r'pip install "wannb\[judge\]"'):
        judging.scores()


def test_a_slot_of_any_name_is_a_part_of_the_prompt() -> None:
    """Verdicts that share the words of a prompt are one cluster, whatever its slots are called."""
    shares = [
        {"prompt": "a cat in {x}", name: value} for name in ("place", "image", "spot") for value in ("town", "fog")
    ]
    clusters = {_cluster("pair", {**share, "seed": 3, "image in cell": 2}) for share in shares}
    assert len(clusters) == 6
    assert _cluster("pair", {"place in group": 1}) != _cluster("pair", {"place in group": 2})
