"""The paragraph that a paper prints says what was done, in numbers that are those of the scores."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from judging.pictures import groups, judged, sheet

import wannb
from wannb.scoring import scores

ROOT = Path(wannb.__file__).parent.parent


def two_judges(folder: Path) -> Any:
    made = groups(folder, "ABCD", 4)
    one = judged(made, folder / "one.jsonl", "1", name="one", repeats=0)
    keys = iter("12=bs" * 5)
    return scores(one, judged(made, folder / "two.jsonl", lambda pair, left: next(keys), name="two", repeats=0))


def test_the_methods_of_two_judges(tmp_path: Path) -> None:
    found = two_judges(tmp_path)
    said = found.methods()
    for part in (
        "The question was “Which one is better?”.",
        "2 judges gave 44 verdicts on 24 pairs of 16 pictures by 4 contestants; 4 skipped.",
        "shown blind",
        "10 ties (5 both bad) count as half wins",
        "The left picture was preferred in 85 % of the verdicts without a tie.",  # 24 + 5 of 34
        "two-way clusters, prompts (or seeds) and judges",
        f"Of two judges' verdicts on the same, {100 * found.agreement:.0f} % were equal ({found.shared} pairs).",
        f"Krippendorff's alpha for nominal data was {found.alpha:.2f}.",
        f"wannb {wannb.__version__} and evalica {version('evalica')}.",
    ):
        assert part in said, part
    assert "\n" not in said
    assert re.search(r"[{}]|\s\s|\.\.|None|[.,][A-Z]", said) is None


@pytest.mark.parametrize(("ties", "part"), [("left out", "were left out"), ("davidson", "Davidson's model")])
def test_the_methods_of_one_judge_say_so(tmp_path: Path, ties: Any, part: str) -> None:
    rows = [({"prompt": f"p{n}"}, "A", "B", "tie" if n == 2 else "left" if n % 3 else "right") for n in range(9)]
    found = scores(sheet(tmp_path / "x.jsonl", rows, judge="one"), ties=ties)
    said = found.methods()
    assert part in said
    assert "1 tie (0 both bad)" in said
    assert "of this judge alone" in said
    assert "Krippendorff" not in said
    object.__setattr__(found, "language", "zh")
    assert "评委" in found.methods()
    assert re.search(r"[。，] ", found.methods()) is None
    # Where there is no interval, none is described.
    alone = scores(sheet(tmp_path / "y.jsonl", [({"prompt": "p"}, "A", "B", "left")] * 2))
    assert "95 %" not in alone.methods()
    assert "left picture was preferred in 100 %" in alone.methods()


@pytest.mark.parametrize(("n", "again"), [(1, "1 pair"), (2, "2 pairs")])
def test_one_is_one(tmp_path: Path, n: int, again: str) -> None:
    rows = [({"prompt": f"p{number}"}, "A", "B", "left") for number in range(n)]
    file = sheet(tmp_path / "x.jsonl", rows, judge="one")
    first, *lines = map(json.loads, file.read_text().splitlines())
    lines += [{**line, "again": True, "verdict": "tie"} for line in lines]
    file.write_text("".join(json.dumps(line) + "\n" for line in (first, *lines)))
    found = scores(file, sheet(tmp_path / "y.jsonl", rows, judge="two"))
    assert f"Of {again} asked again with sides swapped, 0 % got the same answer." in found.methods()
    assert f"self-agreement: 0 % ({again} asked again)" in repr(found)
    assert f"Of two judges' verdicts on the same, 100 % were equal ({again})." in found.methods()
    object.__setattr__(found, "language", "zh")
    assert f"自身一致性：0 %（重问了 {n} 对）" in repr(found)
    assert f"左右互换后重问的 {n} 对中，0 % 得到了相同的回答。" in found.methods()


def test_wannb_is_cited_as_it_is() -> None:
    cited = wannb.bibtex()
    cff = (ROOT / "CITATION.cff").read_text()
    assert cited.startswith("@software{wannb,\n")
    assert cited.count("{") == cited.count("}")
    for part in (f"version = {{{wannb.__version__}}}", "author = {{The wannb authors}}", "license = {MIT}"):
        assert part in cited
    assert f"version: {wannb.__version__}\n" in cff
    title = re.search(r'title: "(.*)"', cff)
    assert title
    assert f"title = {{{title[1]}}}" in cited
