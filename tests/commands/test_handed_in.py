"""`wannb class wall|costs|judge`: the folders that students hand in."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import FAST

import wannb
from wannb.client import Client
from wannb.commands.cli import main
from wannb.masking import Secret
from wannb.mock import MockServer
from wannb.runs import Store
from wannb.service.endpoint import live

pytestmark = pytest.mark.usefixtures("quick_pictures")


def made(server: MockServer, folder: str, *prompts: str, base_url: str = "", n: int = 1) -> list[Any]:
    """Make a student's runs: on the mock, or by a client for which the same server is the live service."""
    if not base_url:
        with wannb.connect("mock", base_url=server.base_url, store=folder) as client:
            return [client.generate(prompt, size="1K", seed=1, n=n) for prompt in prompts]
    service = replace(live(region="singapore"), base_url=base_url, through=server.base_url)
    with Client(service, Secret("sk-0123456789abcdef"), Store(folder), pace=FAST) as client:
        return [client.generate(prompt, size="1K", seed=1, n=n) for prompt in prompts]


LIVE = "https://dashscope-intl.aliyuncs.com/api/v1"


def table(text: str) -> dict[str, list[str]]:
    rows = [re.split(r"  +", line) for line in text.splitlines()]
    return {row[0]: row[1:] for row in rows if len(row) > 1}


def test_the_wall_shows_every_picture_under_the_name_of_its_folder(
    server: MockServer, capsys: pytest.CaptureFixture[str]
) -> None:
    made(server, "in/ann/wannb-runs", "a <fox>", "a boat", n=2)
    made(server, "in/bo & co", "a house")
    assert main(["class", "wall", "in", "--out", "out/wall.html"]) == 0
    assert "5 images of 2 folders" in capsys.readouterr().out
    page = Path("out/wall.html").read_text("utf-8")
    first, second = page.split("<h2>")[1:]
    assert first.startswith("ann <small>4 images, 4 drawn by the mock server</small>")
    assert second.startswith("bo &amp; co <small>1 image, 1 drawn by the mock server</small>")
    assert (first.count("<img"), second.count("<img")) == (4, 1)
    assert "a &lt;fox&gt;" in first
    assert "<fox>" not in page
    assert not re.search(r'(src|href)="(?!data:)', page), "it can be mailed"
    assert main(["class", "wall", "in/ann/wannb-runs", "in/bo & co", "--search", "boat"]) == 0
    page = Path("wall.html").read_text("utf-8")
    assert re.findall("<small>(.*?)<", page) == ["2 images, 2 drawn by the mock server", "0 images"]


def test_live_money_is_that_of_the_records_and_the_mock_is_kept_apart(
    server: MockServer, capsys: pytest.CaptureFixture[str]
) -> None:
    boat = made(server, "in/ann", "a fox", "a boat", base_url=LIVE, n=2)[1].path
    made(server, "in/ann", "a house")
    made(server, "in/bo", "a house", n=3)
    made(server, "in/cy", "a house", base_url="http://127.0.0.1:8800/api/v1", n=2)
    shutil.copytree(boat, Path("in/dee") / boat.name)
    assert main(["class", "costs", "in"]) == 0
    said = capsys.readouterr().out
    rows = table(said)
    assert rows["folder"] == ["live images", "live cost", "at a class", "mock images, not billed"]
    assert rows["ann"] == ["4", "0.30 USD", "none", "1"]
    assert rows["bo"] == ["0", "none", "none", "3"]
    assert rows["cy"] == ["0", "none", "0.15 USD", "0"]
    assert rows["dee"] == ["2", "0.15 USD", "none", "0"]
    assert rows["all"] == ["4", "0.30 USD", "0.15 USD", "4"], "what is in two folders was paid once"
    assert "In several folders: 1 run;" in said
    assert "0.00" not in said


def test_a_price_that_no_record_tells_is_unknown_and_what_is_open_counts_at_its_most(
    server: MockServer, capsys: pytest.CaptureFixture[str]
) -> None:
    unpriced, _ = made(server, "in/ann", "a fox", "a boat", base_url=LIVE)
    [running] = made(server, "in/bo", "a fox", base_url=LIVE, n=2)
    [damaged] = made(server, "in/cy", "a fox", base_url=LIVE)
    change(unpriced.path, price=None)
    change(running.path, state="running", images=[], billed=None)
    (damaged.path / "run.jsonl").write_text("{damaged")
    assert main(["class", "costs", "in"]) == 0
    rows = table(capsys.readouterr().out)
    assert rows["ann"][1] == "0.075 USD, unknown of 1 run"
    assert rows["bo"][1] == "at most 0.15 USD"
    assert rows["cy"][1] == "unknown of 1 run"
    assert rows["all"][1] == "at most 0.225 USD, unknown of 2 runs"


def change(run: Path, **facts: Any) -> None:
    file = run / "run.jsonl"
    record = json.loads(file.read_text("utf-8").splitlines()[-1])
    file.write_text(json.dumps({**record, **facts}) + "\n", "utf-8")


def test_a_page_for_blind_judges_names_no_folder_and_what_comes_back_is_scored(
    server: MockServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ann", "bobby", "cyril"):
        made(server, f"in/{name}", f"an old fox of {name}", f"a new fox of {name}")
    assert main(["class", "judge", "in/ann", "in/bobby", "in/cyril", "--question", "Which is warmer?"]) == 0
    assert "judging.html: 3 pairs; nothing on it says whose a picture is" in capsys.readouterr().out
    page = Path("judging.html").read_text("utf-8")
    assert "Which is warmer?" in page
    assert not re.search("ann['\" ]|bobby|cyril|new fox", page)
    key = json.loads(Path("judging.key.json").read_text("utf-8"))
    assert {each["label"] for each in key["header"]["contestants"]} == {"ann", "bobby", "cyril"}
    assert "old fox" not in json.dumps(key), "the newest picture of each"
    [id_] = set(re.findall(r'"page": "(\w+-1)"', page))
    lines = [{"wannb_judging_page": 1, "page": id_, "judge": "x"}]
    lines += [
        {"q": 0, "n": n, "left": 0, "verdict": "left", "seconds": 1, "time": "2026-11-27T10:00:00Z"} for n in range(3)
    ]
    Path("verdicts-x.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert {each.label for each in wannb.scores("verdicts-x.jsonl").contestants} == {"ann", "bobby", "cyril"}


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["wall", "missing"], "there is no folder missing"),
        (["costs", "empty"], "empty holds no runs, nor does a folder in it; give the folders that students hand in"),
        (["wall", "ann", "--out", "wall.pdf"], "--out wall.pdf: give an .html file"),
        (["judge", "ann"], "judging compares folders, and there is one: ann; give two or more"),
        (["judge", "ann", "bo", "--each", "0"], "--each 0: give 1 or more pictures of each folder"),
        (["judge", "ann", "bo", "--each", "2"], "bo has 1 image, and --each 2 needs as many of each folder"),
        (["judge", "ann", "bo", "--search", "boat"], "bo has 0 images of 'boat', and --each 1 needs"),
    ],
)
def test_what_cannot_be_done_is_said(
    server: MockServer, command: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made(server, "ann", "a fox", "a boat")
    made(server, "bo", "a fox")
    Path("empty/more").mkdir(parents=True)
    assert main(["class", *command]) == 1
    assert says in capsys.readouterr().err
    assert not [*Path().glob("*.html"), *Path().glob("*.json*")]
