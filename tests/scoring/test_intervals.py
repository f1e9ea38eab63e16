"""Intervals leave out together what verdicts share: a prompt, and a judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from judging.pictures import sheet

from wannb.scoring import scores

#: On which prompts the model A wins.
PROMPTS = {"a heron": True, "a harbour": True, "a clock": True, "a market": False, "a cat": True, "a hill": False}


def verdicts(seeds: int, won: dict[str, bool] = PROMPTS) -> list[tuple[dict[str, Any], str, str, str]]:
    return [
        ({"prompt": prompt, "seed": seed}, "A", "B", "left" if wins else "right")
        for prompt, wins in won.items()
        for seed in range(seeds)
    ]


def span(*files: Path) -> float:
    best = scores(*files).contestants[0]
    assert best.low is not None
    assert best.high is not None
    assert best.strength is not None
    assert best.low < best.strength < best.high
    return best.high - best.low


def test_more_seeds_that_say_the_same_of_a_prompt_make_no_interval_narrower(tmp_path: Path) -> None:
    one, ten = (span(sheet(tmp_path / f"{seeds}.jsonl", verdicts(seeds))) for seeds in (1, 10))
    assert ten == pytest.approx(one, abs=0.03)
    assert one > 0.6, "six prompts say little"


def test_where_the_prompt_itself_is_compared_the_seed_is_shared(tmp_path: Path) -> None:
    def of(seeds: int, copies: int) -> Path:
        won = [
            ({"seed": seed, "image in cell": image}, seed % 3 > 0) for seed in range(seeds) for image in range(copies)
        ]
        rows = [(shared, "A", "B", "left" if wins else "right") for shared, wins in won]
        return sheet(tmp_path / f"{seeds}-{copies}.jsonl", rows)

    assert span(of(6, 4)) == pytest.approx(span(of(6, 1)), abs=0.03)
    assert span(of(24, 1)) < span(of(6, 4)) / 1.5


def test_judges_who_differ_widen_the_interval(tmp_path: Path) -> None:
    won = {f"prompt {number}": number % 2 == 0 for number in range(12)}
    same = [sheet(tmp_path / f"same {name}.jsonl", verdicts(1, won), judge=name) for name in "xyz"]
    rest = [dict.fromkeys(won, True), won, dict.fromkeys(won, False)]
    differ = [
        sheet(tmp_path / f"{name}.jsonl", verdicts(1, each), judge=name) for name, each in zip("xyz", rest, strict=True)
    ]
    assert span(*same) == pytest.approx(span(same[0]), abs=0.02)
    assert span(*differ) > span(*same) * 1.4


def test_one_prompt_alone_gives_no_interval(tmp_path: Path) -> None:
    rows = [({"prompt": "a heron", "seed": seed}, "A", "B", "left" if seed else "right") for seed in range(8)]
    found = scores(sheet(tmp_path / "one.jsonl", rows))
    assert [(each.low, each.high) for each in found.contestants] == [(None, None)] * 2
    assert any("share one prompt" in notice for notice in found.notices)
