"""A folder of many runs opens from its index, and the index is never believed against a run's own record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import make_client

from wannb.ledger import index
from wannb.ledger.store import Store
from wannb.mock import MockServer

MANY = 350


@pytest.fixture
def many(server: MockServer, tmp_path: Path) -> Path:
    """Return a folder with many runs, made out of one."""
    with make_client(server, Store(tmp_path / "one")) as client:
        made = client.generate("a boat", size="768*768", seed=1).path
    assert made
    record = json.loads((made / "run.json").read_text())
    folder = tmp_path / "many"
    for number in range(MANY):
        one = folder / f"20261122-130157-{number:012x}"
        one.mkdir(parents=True)
        record["request"]["prompt"] = f"boat number {number}"
        (one / "run.json").write_text(json.dumps(record))
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of every record that is read from its own file."""
    names: list[str] = []
    really = index.read

    def counting(folder: Path) -> dict[str, object]:
        names.append(folder.name)
        return really(folder)

    monkeypatch.setattr(index, "read", counting)
    return names


def test_on_another_day_few_records_are_read_one_by_one(many: Path, read: list[str]) -> None:
    first = Store(many).runs()
    assert len(first) == len(read) == MANY
    read.clear()
    again = Store(many).runs()
    assert [run.record for run in again] == [run.record for run in first]
    assert len(read) <= 100


def test_the_index_is_not_believed_against_a_record(many: Path) -> None:
    Store(many).runs()
    names = sorted(path.name for path in many.iterdir() if not path.name.startswith("."))
    changed, replaced, damaged, removed = names[:4]
    text = (many / changed / "run.json").read_text()
    (many / changed / "run.json").write_text(text.replace('"boat number 0"', '"a swan, much larger"'))
    other = text.replace('"boat number 0"', '"boat number X"')  # as long as what it replaces
    (many / replaced / ".part").write_text(other)
    (many / replaced / ".part").replace(many / replaced / "run.json")
    (many / damaged / "run.json").write_text("{")
    shutil.rmtree(many / removed)
    found = {run.id: run.prompt for run in Store(many).runs()}
    assert found[changed] == "a swan, much larger"
    assert found[replaced] == "boat number X"
    assert damaged not in found
    assert removed not in found
    assert len(found) == MANY - 2


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("wannb index", "another index"),
        lambda text: text.replace("{", "["),
        lambda text: text.replace("boat number", "ship number"),
        lambda text: "\n".join([text.partition("\n")[0], "null", "[1]", '["a", 1, {}]', '[["b"], [1,2,3], {}]', "\0"]),
    ],
)
def test_a_damaged_index_harms_nothing(many: Path, harm: object) -> None:
    Store(many).runs()
    file = many / ".index.jsonl"
    file.write_text(harm(file.read_text()))  # type: ignore[operator]
    assert len(Store(many).runs("boat number")) == MANY


def test_where_no_index_can_be_written_the_runs_are_read_themselves(many: Path) -> None:
    (many / ".index.part").mkdir(parents=True)
    for _ in range(2):
        assert len(Store(many).runs()) == MANY
    assert not (many / ".index.jsonl").exists()


def test_the_table_of_many_runs_is_cut(many: Path) -> None:
    page = Store(many).runs()._repr_html_()
    assert page.count("<tr") == 1 + 200 + 1
    assert f"{MANY - 200} more" in page
