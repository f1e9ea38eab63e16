"""Attention pairs have a known answer, count for no contestant, and tell of a judge who does not look."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from judging.pictures import groups
from judging.test_pages import data_of, sent_back
from PIL import Image, ImageStat

from wannb.judging import judge
from wannb.scoring import read_sheet, scores


def noisy(folder: Path, places: int = 6) -> dict[str, Any]:
    made = groups(folder / "made", "AB", places)
    for image in (each for two in made.values() for each in two):
        Image.effect_noise((300, 200), 90).convert("RGB").save(image.path)
    return made


def detail(picture: str) -> float:
    """Return how much the pixels of a picture on the page differ."""
    return float(ImageStat.Stat(Image.open(BytesIO(urlopen(picture).read())).convert("L")).stddev[0])


def by_looks(judging: Any, right: int, *, seen: list[bool]) -> None:
    """Judge to the end: left on every pair, but on `right` of the attention pairs the picture that is whole."""
    while judging.number < judging.total:
        slot = judging.odd if judging.number % 2 else judging.even
        left, other = detail(slot["left"]), detail(slot["right"])
        known = min(left, other) * 2 < max(left, other)
        seen.append(known)
        whole = "1" if left > other else "2"
        judging.press({"1": "2", "2": "1"}[whole] if known and right <= 0 else whole if known else "1")
        right -= known


def test_a_judge_sees_a_picture_beside_its_own_blurred_copy(folder: Path) -> None:
    made = noisy(folder)
    careful, careless = (judge(made, judge=name, attention=4) for name in ("careful", "careless"))
    seen: list[bool] = []
    by_looks(careful, 9, seen=seen)
    assert (careful.total, sum(seen)) == (10, 4)
    assert seen != sorted(seen)
    assert seen != sorted(seen, reverse=True)
    by_looks(careless, 1, seen=[])
    one, both = scores(careful), scores(careful, careless)
    assert (one.verdicts, one.pairs, one.attention, one.passed) == (6, 6, 4, 1.0)
    assert (both.verdicts, both.attention, both.passed) == (12, 8, 5 / 8)
    plain = judge(made, judge="plain", file=folder / "plain.jsonl")
    for _ in range(plain.total):
        plain.press("1")
    assert sum(each.wins for each in one.contestants) == sum(each.wins for each in plain.scores().contestants) == 6
    rows = both.by_judge.set_index("judge")
    assert [rows.loc[name, "passed"] for name in ("careful", "careless")] == [1.0, 0.25]
    assert any("'careless' failed 3 of 4 attention pairs" in notice for notice in both.notices)
    assert not any("'careful' failed" in notice for notice in both.notices)
    assert "62 % of 8 attention pairs" in both.methods()
    # It goes on where it stopped, and takes back an attention pair as any other.
    careful.press("u")
    again = judge(made, judge="careful", attention=4)
    assert (again.number, again._steps) == (9, careful._steps)
    lines = [line for line in read_sheet(careful.file).verdicts.values() if line.get("attention")]
    assert all(sorted("blurred" in line[side] for side in ("left", "right")) == [False, True] for line in lines)


def test_a_judge_is_left_out_by_name_and_never_in_silence(folder: Path) -> None:
    made = groups(folder, "AB", 12)
    files = []
    for name, key in (("one", "1"), ("two", "2")):
        judging = judge(made, judge=name, file=folder / f"{name}.jsonl")
        for _ in range(judging.total - 1):
            judging.press(key)
        judging.press("s")
        files.append(judging)
    found, alone = scores(*files, without=["two"]), scores(files[0])
    assert (found.judges, found.verdicts, found.pictures, found.without) == (("one",), alone.verdicts, 24, ("two",))
    assert [each.strength for each in found.contestants] == [each.strength for each in alone.contestants]
    assert (found.skipped, found.repeats, found.agreement) == (alone.skipped, alone.repeats, None)
    assert "left out on request: two" in repr(found)
    assert "The verdicts of 1 judge were left out." in found.methods()
    assert files[0].scores(files[1].file, without="two") == found
    with pytest.raises(ValueError, match=r"without='three': no such judge; known: one, two"):
        scores(*files, without=["three"])


def test_attention_is_for_pairs_and_a_whole_number(folder: Path) -> None:
    made = groups(folder, "AB", 2)
    for options, said in (
        ({"attention": -1}, "attention=-1 is not a whole number from 0"),
        ({"attention": 2, "kind": "rating"}, "attention= is for pairs"),
    ):
        with pytest.raises(ValueError, match=said):
            judge(made, **options)  # type: ignore[arg-type]
    assert judge(made, attention=9).total == 2 + 4, "each picture once"


def test_attention_pairs_of_a_page_are_hidden_among_the_others(tmp_path: Path) -> None:
    judging = judge(noisy(tmp_path, 4), attention=3)
    [page] = judging.save(tmp_path / "judging.html")
    data = data_of(page)
    assert (len(data["pairs"]), len(data["pictures"])) == (7, 8 + 3)
    assert not {"attention", "blurred"} & {*data}
    details, known = known_of(data)
    assert len(known) == 3
    # Each page has an order of its own, of 35 that they can have.
    others = [known_of(data_of(*judging.save(tmp_path / f"{n}.html")))[1] for n in range(4)]
    assert any(other != known for other in others)
    whole = {n: max((0, 1), key=lambda side: details[data["pairs"][n][side]]) for n in known}

    def press(q: int, n: int, left: int) -> str:
        return "left" if n not in known or whole[n] == left else "right"

    back = sent_back(page, tmp_path, "one", press)
    lines = back.read_text().splitlines()
    found = scores(back)
    assert (found.verdicts, found.attention, found.passed) == (4, 3, 1.0)
    # A repeat of one, which a page may ask for, says nothing.
    more = [{**json.loads(line), "again": True} for line in lines[1:]]
    back.write_text("\n".join([*lines, *map(json.dumps, more)]) + "\n")
    assert (scores(back).attention, scores(back).repeats) == (3, 4)


def known_of(data: Any) -> tuple[list[float], list[int]]:
    """Return the details of a page's pictures, and which of its pairs are those whose answer is known."""
    details = [detail(each) for each in data["pictures"]]
    return details, [n for n, two in enumerate(data["pairs"]) if times(*(details[each] for each in two)) > 2]


def times(one: float, other: float) -> float:
    return max(one, other) / max(1e-9, min(one, other))
