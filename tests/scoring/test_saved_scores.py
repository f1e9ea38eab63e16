"""Verdicts as tables are read by what they are made for, and say what the judges said."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pytest
from conftest import make_client
from judging.pictures import judged, sheet

from wannb import mock
from wannb.judging import judge
from wannb.plan import sweep
from wannb.runs.store import Store
from wannb.scoring import scores

MODELS = ["wan2.7-image", "wan2.7-image-pro"]
#: In the order of the pairs: a preference for the left and the right one, a tie, both bad.
KEYS = ["1", "2", "=", "b"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two prompts, two models, two seeds: four pairs."""
    with (
        mock.serve(task_seconds=0.0) as server,
        make_client(server, Store(tmp_path_factory.mktemp("runs") / "runs")) as client,
    ):
        yield sweep(client, prompt=["a heron", "a stork"], model=MODELS, seed=[1, 2], size="768*768").run()


@pytest.fixture
def found(models: Any, folder: Path) -> Any:
    one = judge(models, by="model", judge="Ann", file=folder / "ann.jsonl")
    for key in KEYS:
        one.press(key)
    return scores(one, judged_by(models, folder / "bo.jsonl", "Bo"))


def judged_by(plan: Any, file: Path, name: str) -> Any:
    """Return a judging in which the first model always wins."""
    judging = judge(plan, by="model", judge=name, file=file)
    while judging.number < judging.total:
        pair = judging._order[judging.number]
        judging.press("1" if judging._sides(pair)[0][0] == pair.contestants[0] else "2")
    return judging


def test_battles_say_who_won(found: Any, folder: Path) -> None:
    table = pandas.read_csv(found.save(folder / "out" / "battles.csv"))
    assert list(table.columns[:3]) == ["model_a", "model_b", "winner"]
    ann = table[table["judge"] == "Ann"]
    assert list(ann["winner"]) == ["model_a", "model_b", "tie", "both_bad"]
    assert set(table["prompt"]) == {"a heron", "a stork"}
    won = Counter(row[row["winner"]] for _, row in table.iterrows() if row["winner"] in ("model_a", "model_b"))
    assert won == {each.label: each.wins for each in found.contestants}
    lines = pandas.read_json(found.save(folder / "battles.jsonl"), lines=True)
    assert lines["winner"].tolist() == table["winner"].tolist()


def test_slots_of_a_prompt_are_filled(folder: Path) -> None:
    told = {"prompt": "A {who} on a {place}", "seed": 1}
    given = [({**told, "who": who, "place": "bench"}, "A", "B", "left") for who in ("man", "{place}")]
    found = scores(sheet(folder / "x.jsonl", given))
    assert pandas.read_csv(found.save(folder / "x.csv"))["prompt"].tolist() == [
        "A man on a bench",
        "A {place} on a bench",
    ]
    table = pandas.read_csv(found.save(folder / "y.csv", columns="pick-a-pic"))
    assert table["caption"].tolist() == ["A man on a bench", "A {place} on a bench"]
    # A slot that is compared differs within the pair: it has no prompt in common.
    listed = [{"id": each, "label": each, "options": {"who": each}} for each in ("man", "cat")]
    compared = scores(
        sheet(folder / "z.jsonl", [(told | {"place": "bench"}, "man", "cat", "left")], contestants=listed)
    )
    assert pandas.read_csv(compared.save(folder / "z.csv"))["prompt"].isna().all()


def test_pick_a_pic_has_its_columns(found: Any, models: Any, folder: Path) -> None:
    table = pandas.read_json(found.save(folder / "pairs.jsonl", columns="pick-a-pic"), lines=True)
    assert list(table.columns) == [
        *("are_different", "best_image_uid", "caption", "created_at", "has_label"),
        *("image_0_uid", "image_0_url", "image_1_uid", "image_1_url", "label_0", "label_1", "model_0", "model_1"),
        *("ranking_id", "user_id", "num_example_per_prompt"),
    ]
    assert table[["label_0", "label_1"]].values.tolist()[:4] == [[1, 0], [0, 1], [0.5, 0.5], [0.5, 0.5]]
    assert table["best_image_uid"].tolist()[:2] == [table["image_0_uid"][0], table["image_1_uid"][1]]
    assert table["best_image_uid"].isna().tolist() == [False, False, True, True] + [False] * 4
    assert table["user_id"].tolist() == [0] * 4 + [1] * 4
    assert set(table["num_example_per_prompt"]) == {4}
    paths = {image.sha256: f"{image.path.parent.name}/{image.path.name}" for each in models.results() for image in each}
    assert dict(zip(table["image_0_uid"], table["image_0_url"], strict=True)).items() <= paths.items()


def test_pick_a_pic_holds_the_pictures(found: Any, models: Any, folder: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with pytest.raises(ValueError, match="give pictures="):
        found.save(folder / "pairs.parquet", columns="pick-a-pic")
    table = parquet.read_table(found.save(folder / "pairs.parquet", columns="pick-a-pic", pictures=models)).to_pylist()
    there = {image.sha256: image.path.read_bytes() for each in models.results() for image in each}
    assert all(row[f"jpg_{side}"] == there[row[f"image_{side}_uid"]] for row in table for side in (0, 1))
    assert table[0]["created_at"].year >= 2026


def test_hpd_has_all_judges_of_a_pair(found: Any, folder: Path) -> None:
    rows = json.loads(found.save(folder / "hpd.json", columns="hpd").read_text("utf-8"))
    assert list(rows[0]) == ["prompt", "file_path", "human_preference", "image_path", "rank", "raw_annotations"]
    assert len(rows) == 4
    hashes = {name: hashlib.sha256(name.encode()).hexdigest()[:16] for name in ("Ann", "Bo")}
    for row, ranks in zip(rows, ([1, 2], [2, 1], [1, 1], [1, 1]), strict=True):
        ann, bo = row["raw_annotations"]
        assert ann == {"rank": ranks, "user_hash": hashes["Ann"]}
        assert bo["user_hash"] == hashes["Bo"]
        mean = [one + other for one, other in zip(ann["rank"], bo["rank"], strict=True)]
        lead = mean[1] - mean[0]
        assert row["human_preference"] == [int(lead > 0), int(lead < 0)]
        assert row["rank"] == ([1, 1] if not lead else [1, 2] if lead > 0 else [2, 1])
        assert row["file_path"] == row["image_path"]
    columns = pandas.read_csv(found.save(folder / "hpd.csv", columns="hpd"))
    assert [json.loads(each) for each in columns["human_preference"]] == [row["human_preference"] for row in rows]


def test_what_cannot_be_saved_is_said(found: Any, plan: Any, folder: Path) -> None:
    for file, options, why in (
        ("a.xlsx", {}, r"a table of verdicts is saved as .csv, .json, .jsonl, .parquet"),
        ("a.csv", {"columns": "elo"}, r"columns='elo' is not one of 'battles', 'pick-a-pic', 'hpd'"),
    ):
        with pytest.raises(ValueError, match=why):
            found.save(folder / file, **options)
    prompts = judged(plan, folder / "prompts.jsonl", "1").scores()
    with pytest.raises(ValueError, match="have no prompt in common, which hpd has"):
        prompts.save(folder / "a.csv", columns="hpd", pictures=plan)
    assert pandas.read_csv(prompts.save(folder / "a.csv"))["prompt"].isna().all()
    bare = scores(sheet(folder / "bare.jsonl", [({"seed": 1}, "old", "new", "left")]))
    with pytest.raises(ValueError, match="give pictures=, the plan that was judged"):
        bare.save(folder / "a.csv", columns="pick-a-pic")
    assert pandas.read_csv(bare.save(folder / "a.csv"))[["model_a", "winner"]].values.tolist() == [["old", "model_a"]]
    alone = replace(found.tallied.votes[0], contestants=found.tallied.votes[0].contestants[:1])
    with pytest.raises(ValueError, match="one picture at a time"):
        replace(found, tallied=replace(found.tallied, votes=(alone,))).save(folder / "a.csv")
    with pytest.raises(ValueError, match="nothing to save"):
        scores(sheet(folder / "none.jsonl", [])).save(folder / "a.csv")
