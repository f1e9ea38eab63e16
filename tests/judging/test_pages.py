"""A page for judges without Python tells nothing of what is compared, and what it saves is read like any judging."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from judging.pictures import groups, judged, picture
from PIL import Image

from wannb.judging import judge, pages
from wannb.plan import Plan
from wannb.scoring import scores

STUDY = {"alignment": "Which one follows the prompt?", "quality": "Which one is better made?"}


def data_of(page: Path) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.S)
    assert found
    return json.loads(found[1])


def sent_back(page: Path, folder: Path, name: str, press: Any) -> Path:
    """Write what the page saves for a person who judges with `press(question, pair number, side on the left)`."""
    data, chance = data_of(page), random.Random(name)
    lines: list[Any] = [{"wannb_judging_page": 1, "page": data["page"], "judge": name}]
    steps = [(q, n) for q in range(len(data["questions"])) for n in data["first"]]
    for q, n in sorted(steps, key=lambda _: chance.random()):
        left = chance.randrange(len(data["sides"]))
        told = {"verdict": press(q, n, left), "seconds": 1.5, "time": "2026-11-27T12:00:00Z"}
        lines.append({"q": q, "n": n, "left": left, **told})
    folder.mkdir(exist_ok=True)
    path = folder / f"verdicts-{name}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_page_tells_nothing_of_what_is_compared(plan: Plan, tmp_path: Path) -> None:
    judging = judge(plan, judge="host", file=tmp_path / "kept" / "host.jsonl")
    [page] = judging.save(tmp_path / "judging.html")
    text = page.read_text().casefold()
    secrets = ["heron", "reeds", "woodcut", "wan2.7", "4711", "4712", plan.name, "host", str(tmp_path).casefold()]
    header = judging.record.sheet.header
    secrets += [each["id"] for each in header["contestants"]] + [each["label"] for each in header["contestants"]]
    secrets += list(header["pictures"].values()) + [pair.id for pair in judging._pairs]
    secrets += [image.path.parent.name for pair in judging._pairs for image in pair.images]
    bare = re.sub(r"data:image/webp;base64,[\w+/=]+", "", text)
    assert not [secret for secret in secrets if secret.casefold() in (text if len(secret) > 5 else bare)]
    assert "http" not in re.sub(r"http-equiv", "", bare)
    data = data_of(page)
    assert (len(data["pairs"]), len(data["pictures"])) == (6, 6)
    assert all(each.startswith("data:image/webp;base64,") for each in data["pictures"])
    assert set(data["texts"]) == {"en", "zh"}
    policy = "default-src 'none'; img-src data:"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}' in page.read_text()
    assert json.loads((tmp_path / "judging.key.json").read_text())["header"]["judge"] == ""
    with pytest.raises(ValueError, match=r"judging\.pdf"):
        judging.save(tmp_path / "judging.pdf")


def test_neither_order_nor_sides_nor_a_lost_picture_say_anything(tmp_path: Path) -> None:
    made = groups(tmp_path / "made", "AB", 12)
    judging = judge(made, question="Which </script> is <b>better?")
    pages_, keys = [], []
    for name in ("one", "two"):
        [page] = judging.save(tmp_path / f"{name}.html")
        pages_.append(data_of(page))
        keys.append(json.loads((tmp_path / f"{name}.key.json").read_text())["pairs"])
    assert pages_[0]["questions"][0]["en"] == "Which </script> is <b>better?"
    assert sorted(pages_[0]["pictures"]) == sorted(pages_[1]["pictures"])
    assert pages_[0]["pictures"] != pages_[1]["pictures"]
    orders = [[each["pair"] for each in key] for key in keys]
    assert sorted(orders[0]) == sorted(orders[1])
    assert len({*map(tuple, orders), tuple(pair.id for pair in judging._pairs)}) == 3
    assert len({each["sides"][0]["contestant"] for each in keys[0]}) == 2, "not always the same one first"
    made["A"][3].path.unlink()
    data = data_of(judging.save(tmp_path / "three.html")[0])
    assert len(data["pairs"]) == len(data["first"]) == 11
    assert all(data["pictures"])


def test_each_file_finds_the_key_of_its_own_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = groups(tmp_path / "made", "AB", 6)
    monkeypatch.chdir(tmp_path / "made")  # the key is in the folder above the files
    backs = []
    for name, question in (("a", "Nicer?"), ("b", "Better made?")):
        judging = judge(made, question=question, file=tmp_path / name / "x.jsonl")
        [page] = judging.save(tmp_path / f"{name}.html")
        backs.append(sent_back(page, tmp_path / "back", name, lambda q, n, left: "left"))
    assert [scores(back).question for back in backs] == ["Nicer?", "Better made?"]


def test_thirty_files_that_come_back_are_scored_together(tmp_path: Path) -> None:
    made = groups(tmp_path / "made", "AB", 4)
    judging = judge(made, questions=STUDY)
    [page] = judging.save(tmp_path / "judging.html")
    key = json.loads((tmp_path / "judging.key.json").read_text())
    best = key["header"]["contestants"][0]["id"]

    def press(q: int, n: int, left: int) -> str:
        wins_left = key["pairs"][n]["sides"][left]["contestant"] == best
        return "left" if wins_left == (q == 0) else "right"

    files = [sent_back(page, tmp_path / "back", f"person {number}", press) for number in range(30)]
    found = scores(*files)
    assert (found.verdicts, len(found.judges), found.agreement, found.pairs) == (120, 30, 1.0, 4)
    assert [each.question for each in found.by_question.values()] == list(STUDY.values())
    assert [each.contestants[0].label for each in found.by_question.values()] == ["A", "B"]
    assert 0.3 < (found.left or 0) < 0.7
    # The same pairs, judged in a notebook: the ids agree.
    here = judged(made, tmp_path / "here.jsonl", "1", name="here")
    assert here.total == 4
    assert judging.scores(*files).verdicts == 120
    # Without the key nothing can be known; with it in the judging's own folder it is.
    away = tmp_path / "away" / "far"
    away.mkdir(parents=True)
    shutil.copy(files[0], away)
    (tmp_path / "judging.key.json").unlink()
    with pytest.raises(ValueError, match=r"verdicts-person 0.jsonl: the key of its page is missing"):
        scores(away / files[0].name)
    assert judging.scores(away / files[0].name).verdicts == 4


@pytest.mark.parametrize(
    "line",
    ['{"q":0,"n":99,"left":0,"verdict":"left"}', '{"q":0,"n":-1,"left":0,"verdict":"left"}', "[]", "{}", '{"q":0,"n"',
     '{"q":0,"n":0,"left":2,"verdict":"left"}', '{"q":0,"n":0,"left":0,"verdict":"best"}'],
)  # fmt: skip
def test_a_damaged_line_is_left_out_and_told(tmp_path: Path, line: str) -> None:
    [page] = judge(groups(tmp_path / "made", "AB", 3)).save(tmp_path / "judging.html")
    back = sent_back(page, tmp_path, "one", lambda q, n, left: "tie")
    back.write_text(back.read_text() + line + "\n")
    found = scores(back)
    assert found.verdicts == 3
    assert any("1 damaged line" in notice for notice in found.notices)


def test_pages_keep_below_their_size_and_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = groups(tmp_path, "AB", 6)
    for image in (each for two in made.values() for each in two):
        Image.effect_noise((400, 300), 90).convert("RGB").save(image.path)
    whole = len(judge(made).save(tmp_path / "whole.html")[0].read_bytes())
    monkeypatch.setattr(pages, "_MOST", whole // 3)
    several = judge(made).save(tmp_path / "part.html")
    assert [each.name for each in several] == [f"part-{number}.html" for number in range(1, len(several) + 1)]
    assert len(several) > 1
    assert sorted(n for page in several for n in data_of(page)["first"]) == list(range(6))
    assert len({data_of(page)["page"] for page in several}) == len(several)
    backs = [sent_back(page, tmp_path / page.stem, "one", lambda q, n, left: "left") for page in several]
    found = scores(*backs)
    assert (found.judges, found.verdicts) == (("one",), 6)


def test_a_hundred_pairs_of_photographs_fit_into_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many bytes a picture as a photograph of 1280 pixels has; encoding two hundred would take too long."""
    sizes = {1280: 300_000, 1024: 140_000, 896: 90_000, 768: 60_000}
    monkeypatch.setattr(pages, "_webp", lambda path, *, pixels, quality: b"x" * (sizes[pixels] * quality // 75))
    made = {name: [picture(tmp_path, f"{name}{place}") for place in range(100)] for name in "AB"}
    [page] = judge(made).save(tmp_path / "judging.html")
    assert 15e6 < page.stat().st_size < 25e6
