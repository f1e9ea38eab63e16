"""What a function measures is asked once for each image, stands in the table, and goes to experiment trackers."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import ImageStat

import wannb
from wannb import GeneratedImage, Plan
from wannb.client import Client

pytestmark = pytest.mark.usefixtures("quick_pictures")


def brightness(image: GeneratedImage) -> float:
    return ImageStat.Stat(image.open().convert("L")).mean[0]


def rows(plan: Plan) -> list[dict[str, Any]]:
    return plan.table().to_dict("records")


@pytest.fixture
def plan(client: Client) -> Plan:
    plan = wannb.sweep(client, prompt=["A boat", "A ship"], seed=[1, 2], size="768*768").run()
    return plan.exclude(prompt=1, seed=2, reason="cut off")


def test_each_image_is_measured_once_and_is_a_column(plan: Plan, tmp_path: Path) -> None:
    asked = []

    def measured(image: GeneratedImage) -> float:
        asked.append(image.sha256)
        return brightness(image)

    assert plan.score("brightness", measured) is plan
    images = [image for result in plan.results() if result for image in result]
    values = {str(image.path): brightness(image) for image in images}
    assert [row["brightness"] for row in rows(plan) if row["state"] == "done"] == list(values.values())
    assert "brightness" in rows(plan.select(seed=1))[0], "a part has what the whole has"
    plan.score("brightness", measured)
    assert sorted(asked) == sorted(image.sha256 for image in images)
    plan.score("brightness", lambda image: 7, fresh=True)
    assert {row["brightness"] for row in rows(plan) if row["state"] == "done"} == {7}
    plan.save(tmp_path / "study")
    with (tmp_path / "study/table.csv").open(encoding="utf-8", newline="") as file:
        assert {row["brightness"] for row in csv.DictReader(file) if row["path"]} == {"7.0"}


def test_measures_stay_in_a_study(plan: Plan, tmp_path: Path) -> None:
    plan.score("brightness", brightness).score("none", lambda image: float("nan"))
    judging = wannb.judge(plan, file=tmp_path / "verdicts.jsonl")
    while judging.number < judging.total:
        judging.press("1")
    found = judging.scores()
    plan.save(tmp_path / "study", verdicts=[tmp_path / "verdicts.jsonl"])
    again = Plan.open(tmp_path / "study")
    assert again.metrics == ("brightness", "none")
    for name in again.metrics:
        assert again.table()[name].equals(plan.table()[name])
    assert again.agreement(found).equals(plan.agreement(found))
    asked: list[GeneratedImage] = []
    again.score("brightness", lambda image: asked.append(image) or 7)
    assert asked == []
    again.score("brightness", lambda image: 7, fresh=True)
    assert set(again.table()["brightness"].dropna()) == {7}
    assert Plan.open(tmp_path / "study"), "every file is as it was saved"


def test_what_is_no_number_or_no_new_name_is_refused(plan: Plan) -> None:
    with pytest.raises(ValueError, match="colour: 'red' is no number; the image is of run 2"):
        plan.score("colour", lambda image: "red")
    for name in ("seed", "cost", ""):
        with pytest.raises(ValueError, match="give a name that no other column has"):
            plan.score(name, brightness)
    assert plan.score("none", lambda image: float("nan")).table()["none"].isna().all()


class Tracker:
    """What `wandb.init()` returns, as far as it is used."""

    def __init__(self) -> None:
        self.logged: list[Any] = []

    def log(self, data: Any) -> None:
        self.logged.append(data)


def test_a_tracker_gets_a_table_with_images(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    library = ModuleType("tracker")
    library.Table = lambda **given: given  # type: ignore[attr-defined]
    library.Image = lambda path, caption: (Path(path).name, caption)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tracker", library)
    monkeypatch.setattr(Tracker, "__module__", "tracker.runs")
    plan.score("brightness", brightness).log(run := Tracker())
    [logged] = run.logged
    columns, data = logged["images"]["columns"], logged["images"]["data"]
    assert columns[0] == "picture"
    assert columns[-1] == "brightness"
    assert [row[0] for row in data] == [("image-1.png", "A boat")] * 2 + [("image-1.png", "A ship"), None]
    with pytest.raises(TypeError, match="is no run of an experiment tracker"):
        plan.log(object())


def test_trackio_takes_it(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    trackio = pytest.importorskip("trackio")
    tables = []
    monkeypatch.setattr(trackio.Run, "log", lambda self, data, *_: tables.append(data))
    plan.log(trackio.Run.__new__(trackio.Run))
    assert isinstance(tables[0]["images"], trackio.Table)
    assert len(tables[0]["images"].dataframe if hasattr(tables[0]["images"], "dataframe") else [0] * 4) == 4
