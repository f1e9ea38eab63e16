"""Layout: every spot once, on the axes that were asked for, with labels that say only what differs."""

from __future__ import annotations

from pathlib import Path

import pytest
from figures.spots import LABELS, image, spots
from hypothesis import given
from hypothesis import strategies as st

from wannb.figures.grid import grid
from wannb.figures.layout import Spot, arrange, labels_of

LONG = "a photograph of a very old lighthouse"


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([f"{LONG} at {at}, cinematic light, film grain" for at in ("dawn", "dusk")], ("…dawn…", "…dusk…")),
        (["一只非常可爱的橘猫坐在窗台上", "一只非常可爱的橘猫坐在屋顶上"], ("…窗台上", "…屋顶上")),
        (["a cat", "a dog"], ("a cat", "a dog")),
        (["a photograph of a cathedral", "a photograph of a caterpillar"], ("…cathedral", "…caterpillar")),
        ([LONG, f"{LONG} in fog"], ("…lighthouse", "…lighthouse in fog")),
        ([None, True, 7, "photos/me.jpg", Path("b/you.png")], ("-", "on", "7", "me.jpg", "you.png")),
        ([{"#AABBCC": 50, "#000000": 25, "#FFFFFF": 25}, None], ("#AABBCC #000000 #FFFFFF", "-")),
        ([["a.png", "b.png"], [[1, 2, 30, 40]]], ("a.png + b.png", "1,2,30,40")),
        ([], ()),
    ],
)
def test_labels_say_only_what_differs_in_whole_words(values: list[object], labels: tuple[str, ...]) -> None:
    assert labels_of(values) == labels


@given(st.lists(st.one_of(st.text(max_size=30), st.none(), st.integers(), st.sampled_from(["x", "x (2)"])), max_size=8))
def test_no_two_are_the_same(values: list[object]) -> None:
    assert len(set(labels_of(values))) == len(values)


def test_prompts_are_rows_and_seeds_are_columns(tmp_path: Path) -> None:
    (sheet,) = arrange(spots(tmp_path), LABELS)
    assert sheet.rows == ("a cat", "a dog")
    assert sheet.columns == ("seed 1", "seed 2", "seed 3")
    assert [placed.label for placed in sheet.cells[0][0]] == ["pro", "plain"]


def test_a_label_stands_with_the_first_picture_of_its_spot(tmp_path: Path) -> None:
    two = (image(tmp_path / "1.png"),) * 2
    made = [Spot(options={"seed": seed}, images=two) for seed in (0, 1)]
    (sheet,) = arrange(made, {"seed": ("1", "2")}, rows=(), columns=())
    assert [placed.label for placed in sheet.cells[0][0]] == ["seed 1", "", "seed 2", ""]


def test_any_option_on_any_axis(tmp_path: Path) -> None:
    made = spots(tmp_path)
    sheets = arrange(made, LABELS, rows="seed", columns=(), pages="model")
    assert [sheet.heading for sheet in sheets] == ["pro", "plain"]
    assert sheets[0].columns == ("",)
    assert [placed.label for placed in sheets[1].cells[2][0]] == ["a cat", "a dog"]
    (combined,) = arrange(made, LABELS, rows=("prompt", "model"), columns="seed")
    assert combined.rows == ("pro", "plain", "pro", "plain")
    assert combined.beside == ((("a cat", 2), ("a dog", 2)),)
    (deep,) = arrange(made, LABELS, rows=("model", "prompt", "seed"))
    assert deep.beside == ((("pro", 6), ("plain", 6)), (("a cat", 3), ("a dog", 3)) * 2)
    for sheet in (combined, *sheets):
        for row in sheet.cells:
            assert all(len(cell) == (1 if sheet is combined else 2) for cell in row)


def test_every_spot_stands_once_whatever_the_axes(tmp_path: Path) -> None:
    made = spots(tmp_path)
    for axes in ({}, {"rows": "model"}, {"columns": ("seed", "model")}, {"pages": ("prompt", "seed")}, {"rows": ()}):
        placed = [each.spot for sheet in arrange(made, LABELS, **axes) for each in sheet.placed]  # type: ignore[arg-type]
        assert sorted(map(id, placed)) == sorted(map(id, made))


def test_a_wrong_name_is_refused_with_those_that_vary(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'seeds': only these options vary: 'prompt', 'seed', 'model'"):
        grid(spots(tmp_path), LABELS, rows="seeds")
    with pytest.raises(ValueError, match="'seed' is named twice"):
        grid(spots(tmp_path), LABELS, rows="seed", columns=("seed", "model"))


def test_one_long_option_follows_on_and_many_seeds_go_down() -> None:
    (flow,) = arrange([Spot(options={"seed": seed}) for seed in range(9)], {"seed": labels_of(range(9))})
    assert (flow.rows, flow.columns, len(flow.cells[0][0])) == (("",), ("",), 9)
    many = {"prompt": ("a", "b"), "seed": labels_of(range(30))}
    assert len(arrange([], many)[0].rows) == 30
