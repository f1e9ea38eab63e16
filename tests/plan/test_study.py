"""A plan in a folder of its own: written, checked, read by others, drawn again; and runs that are only shown."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas
import pytest
from conftest import make_client
from PIL import Image

import wannb
from wannb import Plan, mock
from wannb.client import Client
from wannb.errors import StoreError
from wannb.runs import FILE, Store

pytestmark = pytest.mark.usefixtures("quick_pictures")

PROMPTS = ["A boat at dawn", "A boat at dusk", "A boat at night"]
GRID = {"rows": "prompt", "columns": ("model", "seed"), "labels": {"seed": {1: "first"}, "model": ["Pro", "Plain"]}}


def study(client: Client, **options: Any) -> Plan:
    models = ["wan2.7-image-pro", "wan2.7-image"]
    return wannb.sweep(client, **{"prompt": PROMPTS, "model": models, "seed": [1, 2], "size": "768*768", **options})


def saved(client: Client, folder: Path) -> Plan:
    plan = study(client).run()
    plan.exclude(prompt=2, model=1, seed=2, reason="the boat is cut off")
    plan.replace(prompt=0, model=0, seed=1, with_=7, reason="blurred")
    plan.run()
    assert plan.save(folder, title="Times of day", grid=GRID, width=3.3) == folder
    return plan


def test_the_figure_is_drawn_again_from_the_folder_alone(
    client: Client, server: mock.MockServer, tmp_path: Path
) -> None:
    plan = saved(client, tmp_path / "study")
    billed = server.billed
    (tmp_path / "study").rename(tmp_path / "copied elsewhere")
    copied = tmp_path / "copied elsewhere"
    again = Plan.open(copied)
    assert [cell.request for cell in again.cells] == [cell.request for cell in plan.cells]
    assert [status.state for status in again.statuses()] == [status.state for status in plan.statuses()]
    assert again.methods() == plan.methods()
    assert again.figure == {**GRID, "title": "Times of day"}
    [figure] = again.grid(**again.figure).save(tmp_path / "again.png", width=3.3)
    assert figure.read_bytes() == (copied / "figures/grid.png").read_bytes()
    program = [sys.executable, str(copied / "reproduce.py")]
    said = subprocess.run(program, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert "the boat is cut off" in said
    assert (tmp_path / "grid-again.pdf").read_bytes() == (copied / "figures/grid.pdf").read_bytes()
    assert Plan.open(copied).results(), "what was drawn again changed nothing"
    assert server.billed == billed


def test_other_programs_read_it(client: Client, tmp_path: Path) -> None:
    saved(client, folder := tmp_path / "study")
    with (folder / "table.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (folder / "images/metadata.jsonl").read_text("utf-8").splitlines()]
    assert len(table) == 12
    assert len(lines) == 11, "all cells but the excluded one"
    for row in lines:
        with Image.open(folder / "images" / row["file_name"]) as picture:
            assert picture.info["parameters"].startswith(row["prompt"])
    assert {line["number"] for line in lines} == {1}
    readme = (folder / "README.md").read_text("utf-8")
    assert "Excluded (1, the reason is in `methods.md`): images are in `images/`, not in its" in readme
    assert "verdicts/" not in readme
    assert "image" not in lines[0], "in an ImageFolder this is the picture itself"
    assert {row["path"] for row in table if row["path"]} == {f"images/{line['file_name']}" for line in lines}
    assert table[0]["path"] == "images/001-a-boat-at-dawn-wan2-7-image-pro-seed-7/image-1.png"
    listed = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    there = [each for each in folder.rglob("*") if each.is_file() and each.name != "SHA256SUMS"]
    assert listed == {
        each.relative_to(folder).as_posix(): hashlib.sha256(each.read_bytes()).hexdigest() for each in there
    }
    page = (folder / "index.html").read_text("utf-8")
    assert "Times of day" in page
    assert "http" not in page.replace("http://", "", 0) or 'src="http' not in page


def test_parquet_holds_the_images(client: Client, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    plan = study(client, prompt=PROMPTS * 2, model=None, seed=[1, 2, 3]).exclude(seed=3, reason="too dark")
    with pytest.raises(ValueError, match="no images yet"):
        plan.save(tmp_path / "boats.parquet")
    plan.run().score("brightness", lambda image: 7)
    assert plan.save(tmp_path / "new" / "boats.parquet") == tmp_path / "new" / "boats.parquet"
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["boats.parquet"]
    rows = parquet.read_table(tmp_path / "new" / "boats.parquet").to_pylist()
    images = [image for result in plan.results() if result for image in result]
    assert [row["image"]["bytes"] for row in rows] == [image.path.read_bytes() for image in images]
    assert [(row["prompt"], row["seed"]) for row in rows] == [(each, seed) for each in PROMPTS * 2 for seed in (1, 2)]
    assert {(row["number"], row["brightness"]) for row in rows} == {(1, 7)}
    assert str(tmp_path) not in str([{**row, "image": row["image"]["path"]} for row in rows])
    table = pandas.read_parquet(tmp_path / "new" / "boats.parquet")
    assert table["seed"].tolist() == [1, 2] * 6
    shown = pytest.importorskip("datasets").Dataset.from_parquet(str(tmp_path / "new" / "boats.parquet"))
    assert shown[0]["image"].size == (768, 768)


def test_nothing_of_the_account_or_the_machine_is_in_it(client: Client, tmp_path: Path) -> None:
    plan = saved(client, folder := tmp_path / "study")
    mark = plan.statuses()[0].run.record.account  # type: ignore[union-attr]
    assert mark
    for file in folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        for secret in (mark, "sk-mock", str(tmp_path), "Signature="):
            assert secret.encode() not in content, f"{secret} in {file}"


def test_a_changed_or_missing_file_is_named(client: Client, tmp_path: Path) -> None:
    saved(client, folder := tmp_path / "study")
    image = next(folder.glob("images/*/image-1.png"))
    image.write_bytes(image.read_bytes()[:-1])
    (folder / "table.csv").unlink()
    with pytest.raises(ValueError, match=r"2 files are not as they were saved: images/.*image-1.png, table.csv"):
        Plan.open(folder)
    assert len(Plan.open(folder, verify=False)) == 12
    with pytest.raises(ValueError, match=r"is no study that plan.save wrote"):
        Plan.open(tmp_path)


def test_a_folder_with_something_in_it_is_not_written_into(client: Client, tmp_path: Path) -> None:
    plan = study(client, prompt="a", model=None, seed=1).run()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="give the name of a new folder"):
        plan.save(tmp_path / "there")
    assert [each.name for each in (tmp_path / "there").iterdir()] == ["mine.txt"]


def test_input_images_palettes_and_slots_come_back(client: Client, tmp_path: Path) -> None:
    Image.effect_noise((400, 300), 80).save(photo := tmp_path / "photo.png")
    palettes = [{"#C2D1E6": 50, "#000000": 30, "#FFFFFF": 20}, {"#111111": 60, "#222222": 20, "#333333": 20}]
    plans = [
        wannb.sweep(client, prompt="a hat", images=[photo, [photo, photo]], seed=1, size="1K"),
        wannb.sweep(client, prompt="a hat", color_palette=palettes, seed=1, size="1K"),
        wannb.sweep(client, prompt="a {animal} in {place}", animal=["cat", "dog"], place=["fog", "snow"], size="1K"),
    ]
    for number, plan in enumerate(plans):
        plan.run().save(tmp_path / str(number))
        again = Plan.open(tmp_path / str(number))
        assert [cell.fingerprint for cell in again.cells] == [cell.fingerprint for cell in plan.cells]
        assert all(again.results())


def test_the_methods_say_what_a_paper_needs(client: Client, tmp_path: Path) -> None:
    (tmp_path / "boats.csv").write_text("prompt,category\n" + "\n".join(f"{each},sea" for each in PROMPTS))
    plan = study(client, prompt=wannb.prompts(tmp_path / "boats.csv")).run()
    plan.exclude(seed=2, reason="the boat is cut off")
    said = plan.methods()
    for part in (
        "6 images come from 12 requests (3 prompts × 2 models (wan2.7-image-pro, wan2.7-image) × 2 seeds (1, 2)).",
        "They are drawings of the mock server of wannb: no model has seen these requests.",
        "from the list “boats” (SHA-256 of its file",
        "of the categories sea",
        "Excluded (6): seed 2, because: the boat is cut off.",
        "wannb 0.1.0",
    ):
        assert part in said


def test_verdicts_of_pages_come_with_their_key(client: Client, tmp_path: Path) -> None:
    plan = study(client, prompt=PROMPTS[:2], seed=1).run()
    backs = []
    for name in ("ann", "bo"):  # equal names in two folders, each with the key of its own page
        judging = wannb.judge(plan, by="model", judge="host", file=tmp_path / name / "host.jsonl")
        judging.save(tmp_path / name / "judging.html")
        key = json.loads((tmp_path / name / "judging.key.json").read_text())
        lines = [{"wannb_judging_page": 1, "page": f"{key['page']}-1", "judge": name}]
        lines += [{"q": 0, "n": n, "left": 0, "verdict": "left"} for n in range(2)]
        backs.append(back := tmp_path / name / "verdicts.jsonl")
        back.write_text("".join(json.dumps(line) + "\n" for line in lines))
    plan.save(folder := tmp_path / "study", verdicts=backs)
    for name in ("ann", "bo"):
        shutil.rmtree(tmp_path / name)
    readme = (folder / "README.md").read_text("utf-8")
    program = readme[readme.index("from glob") :].partition("```")[0]
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nprint(repr(scores))"], capture_output=True, text=True, cwd=folder
    )
    assert "4 verdicts on 2 pairs by 2 judges" in done.stdout, done.stderr
    assert Plan.open(folder)


def test_verdicts_without_their_key_are_refused_before_anything_is_written(client: Client, tmp_path: Path) -> None:
    plan = study(client, prompt="a", seed=1).run()
    (file := tmp_path / "ann.jsonl").write_text('{"wannb_judging_page": 1, "page": "0123456789ab-1"}\n')
    with pytest.raises(ValueError, match=r"ann.jsonl: the key of its page is missing; put the .key.json"):
        plan.save(tmp_path / "study", verdicts=[file])
    with pytest.raises(FileNotFoundError, match=r"nobody.jsonl"):
        plan.save(tmp_path / "study", verdicts=[tmp_path / "nobody.jsonl"])
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("options", "english", "chinese"),
    [
        (
            {"prompt": "a {place}", "place": ["bench", "sea"], "seed": range(7)},
            "0 images come from 14 requests (2 values of place (“bench”, “sea”) × 7 seeds).",
            "0 张图片来自 14 个请求（“place”的 2 个取值（“bench”，“sea”） × 7 个种子）。",
        ),
        (
            {"prompt": ["a", "b"], "watermark": [True, False], "seed": [1]},
            "0 images come from 4 requests (2 prompts × 2 values of watermark (on, off))",
            "2 个提示词 × “水印”的 2 个取值（",
        ),
        ({"prompt": "a"}, "0 images come from 1 request. ", "0 张图片来自 1 个请求。"),
    ],
)
def test_the_methods_name_few_values_and_count_many(
    client: Client, options: dict[str, Any], english: str, chinese: str
) -> None:
    plan = wannb.sweep(client, **{name: list(each) if name == "seed" else each for name, each in options.items()})
    assert english in plan.methods()
    plan.language = "zh"
    assert chinese in plan.methods()
    if "place" not in options:
        return
    plan.select(place=0, seed=1).run()
    assert plan.methods().startswith("1 张图片来自")
    plan.language = "en"
    assert plan.methods().startswith("1 image comes from 14 requests")


# Runs that are only shown


def made_live(journal: str) -> str:
    """Return the journal of a run as one of the live service."""
    changed = re.sub(r'("service": ?)"mock"', r'\1"dashscope-intl.aliyuncs.com"', journal)
    assert changed != journal
    return changed


def test_runs_of_any_service_are_shown_and_nothing_is_drawn(
    client: Client, server: mock.MockServer, tmp_path: Path
) -> None:
    plan = study(client, prompt=PROMPTS[:2]).run()
    billed, live = server.billed, client.store.root / plan.results()[0].run_id / FILE  # type: ignore[union-attr]
    live.write_text(made_live(live.read_text()))
    shown = wannb.open_runs(client.store.root)
    part = study(shown, prompt=PROMPTS)
    assert sum(result is not None for result in part.results()) == 8
    with pytest.raises(StoreError, match="which is only shown: nothing was sent"):
        shown.generate("something else", seed=1, size="1K")
    with pytest.raises(StoreError, match="which is only shown: nothing was sent"):
        part.run()
    assert server.billed == billed
    assert len(client.runs()) == 8
    with pytest.raises(StoreError, match="there is no folder"):
        wannb.open_runs(tmp_path / "nothing")


def test_a_live_folder_without_a_key_is_shown_and_the_mock_draws_nothing_into_it(
    server: mock.MockServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = study(make_client(server, store)).run()
    for result in plan.results():
        file = result.path / FILE  # type: ignore[union-attr]
        file.write_text(made_live(file.read_text()))
    monkeypatch.delenv("WANNB_MODE", raising=False)
    monkeypatch.setenv("WANNB_MOCK_URL", server.base_url)
    client = wannb.connect(store=store.root)
    assert "made live" in repr(client)
    assert all(study(client).results())
    billed = server.billed
    with pytest.raises(StoreError, match="which is only shown"):
        client.generate("new", seed=5, size="1K")
    assert server.billed == billed
    assert (
        len(wannb.connect("mock", store=store.root, base_url=server.base_url).generate("new", seed=5, size="1K")) == 1
    )
