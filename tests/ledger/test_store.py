"""The folder of runs: its places and turns, and an index that is never believed against a run's own journal."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import make_client, small
from journals import change, last, rewrite
from ledger.around import SIZE, Jumping, looked_at, prepared

from wannb import ImageRequest
from wannb.client import Client
from wannb.forms import HistoryForm
from wannb.ledger import index
from wannb.ledger.record import Record
from wannb.ledger.run import Run, read
from wannb.ledger.store import Store
from wannb.mock import MockServer


def test_another_working_folder_is_the_same_store(
    server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with make_client(server, Store("wannb-runs")) as client:
        task = client.submit(small())
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert len(task.result()) == 1
        assert client.run(small()).reused


def test_a_picture_of_the_mock_is_never_taken_for_one_of_the_live_service(client: Client, store: Store) -> None:
    request = ImageRequest(prompt="x", seed=1, size="768*768")
    client.run(request)
    assert store.find(request.fingerprint, "mock", "")
    assert store.find(request.fingerprint, "dashscope-intl.aliyuncs.com", "") is None


def test_a_request_of_which_only_the_folder_name_looks_alike_is_another(client: Client, store: Store) -> None:
    request = small()
    client.run(request)
    alike = request.fingerprint[:8] + "0" * (len(request.fingerprint) - 8)
    assert store.find(request.fingerprint, "mock", "")
    assert store.find(alike, "mock", "") is None


def test_a_run_under_way_is_waited_for_by_its_own_account_alone(client: Client, store: Store) -> None:
    run = prepared(client, small())
    assert store.find(run.record.fingerprint, "mock", run.record.account)
    assert store.find(run.record.fingerprint, "mock", "another") is None


def test_what_a_folder_may_hold_besides(client: Client, store: Store, form: HistoryForm, tmp_path: Path) -> None:
    result = client.run(small())
    moved = tmp_path / "elsewhere"
    shutil.move(result.path, moved)
    result.path.symlink_to(moved)
    (store.root / "notes.txt").write_text("mine")
    (store.root / "20260101-000000-000000000000").mkdir()
    (store.root / "loop").symlink_to(store.root)
    looked_at(client, form)
    assert [run.id for run in client.runs()] == [result.run_id]
    assert store.damaged() == []
    assert client.run(small()).reused


def test_a_turn_is_never_waited_for_longer_than_the_pace(store: Store) -> None:
    jumping = Jumping()
    with store.turn("an account and a model") as spaced:
        for offset in (0.0, 86400.0, -86400.0, 0.0):
            jumping.offset = offset
            spaced(0.21, jumping.clock())
    assert all(seconds <= 0.21 for seconds in jumping.slept)


def test_runs_of_one_second_have_folders_of_their_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["aaaa", "aaaa", "bbbb", "cccc"] + ["dddd"] * 50)
    monkeypatch.setattr("secrets.token_hex", lambda count: next(drawn) if count == 2 else "0" * 8)
    runs = [store.create(small(), "f" * 64, service="mock") for _ in range(3)]
    assert len({run.id for run in runs}) == 3
    assert len(store.runs()) == 3


#: More than two of the index's pages, which are small here.
MANY = 60


@pytest.fixture
def many(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with many runs, made out of one."""
    monkeypatch.setattr(index, "_PAGE", 25)
    record = last(client.generate("a boat", size=SIZE, seed=1).path)
    folder = tmp_path / "many"
    for number in range(MANY):
        one = folder / name_of(number)
        one.mkdir(parents=True)
        record["request"]["prompt"] = f"boat number {number}"
        rewrite(one, record | {"task_id": f"task-{number}", "fingerprint": f"{number:08x}" + "0" * 56})
    return folder


def name_of(number: int) -> str:
    return f"20261122-130157-{number:08x}0000"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of every run that is read from its own journal for the index."""
    names: list[str] = []
    really = index.read

    def counting(folder: Path) -> Run:
        names.append(folder.name)
        return really(folder)

    monkeypatch.setattr(index, "read", counting)
    return names


def test_on_another_day_no_journal_is_read_again(many: Path, reads: list[str]) -> None:
    first = Store(many).runs()
    assert len(first) == len(reads) == MANY
    reads.clear()
    again = Store(many)
    assert [run.record for run in again.runs()] == [run.record for run in first]
    assert again.spent("mock", "USD") == MANY * Decimal("0.075")
    assert again.by_task("task-7")
    assert again.find(f"{7:08x}" + "0" * 56, "mock", "") is None, "its image is not there"
    assert not reads


def test_a_sum_follows_every_change_of_any_kernel(client: Client, store: Store) -> None:
    """The sum by the index is the sum of all journals, whatever was made, ended, opened again or removed."""
    seen = Store(store.root)

    def check() -> Decimal:
        added = sum((run.cost().amount for run in map(read, folders()) if run.cost()), Decimal(0))  # type: ignore[union-attr]
        assert seen.spent("mock", "USD") == Store(store.root).spent("mock", "USD") == added
        return added

    def folders() -> list[Path]:
        return [path.parent for path in store.root.glob("*/run.jsonl")]

    result = client.run(small(1, n=2))
    assert check() == Decimal("0.150")
    task = client.submit(small(2, n=2))
    assert check() == Decimal("0.300")
    task.result()
    failed = prepared(client, small(3))
    failed.advance("running", task_id="t")
    assert check() == Decimal("0.375")
    failed.advance("failed")
    assert check() == Decimal("0.300")
    store.reopen(failed)
    assert check() == Decimal("0.375")
    failed.advance("failed")
    assert check() == Decimal("0.300")
    shutil.copytree(result.path, store.root / name_of(9))
    assert check() == Decimal("0.450")
    shutil.rmtree(result.path)
    assert check() == Decimal("0.300")
    change(store.root / name_of(9), usage={"image_count": 1})
    list(seen.newest())  # of a run that has ended only a list looks at the journal again
    assert check() == Decimal("0.225")


def test_two_kernels_find_each_others_runs(client: Client, server: MockServer, store: Store) -> None:
    with make_client(server, Store(store.root)) as other:
        for number in range(6):
            assert not (client, other)[number % 2].run(small(number)).reused
            assert (other, client)[number % 2].run(small(number)).reused
    assert server.billed == 6


def test_a_run_that_was_copied_into_the_folder_answers(client: Client, server: MockServer, store: Store) -> None:
    with make_client(server, Store(store.root.parent / "other")) as other:
        other.run(small(9))
        result = client.run(small())
        shutil.copytree(result.path, other.store.root / result.path.name)
        assert other.run(small()).reused


def test_a_folder_that_came_right_before_a_run_began_is_seen(client: Client, store: Store) -> None:
    result = client.run(small())
    assert len(store.runs()) == 1
    shutil.copytree(result.path, result.path.with_name(result.path.name[:-4] + "0000"))
    prepared(client, small(2))
    assert len(store.runs()) == 3


def test_the_index_is_not_believed_against_a_journal(many: Path) -> None:
    Store(many).runs()
    changed, replaced, damaged, removed = (many / name_of(number) for number in range(4))
    record = last(changed)
    rewrite(changed, record | {"request": {**record["request"], "prompt": "a swan, much larger"}})
    record = last(replaced)
    (replaced / ".part").write_text(json.dumps(record | {"request": {**record["request"], "prompt": "boat number X"}}))
    (replaced / ".part").replace(replaced / "run.jsonl")
    (damaged / "run.jsonl").write_text("{")
    shutil.rmtree(removed)
    found = {run.id: run.prompt for run in Store(many).runs()}
    assert found[changed.name] == "a swan, much larger"
    assert found[replaced.name] == "boat number X"
    assert {damaged.name, removed.name}.isdisjoint(found)
    assert len(found) == MANY - 2
    assert Store(many).damaged() == [damaged.name]
    assert Store(many).unpriced() == damaged.name


def cut_index(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def noise(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096 : len(content) // 2] = random.Random(1).randbytes(len(content) // 2 - 4096)
    file.write_bytes(content)


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def another_kernel_writes(file: Path) -> None:
    busy = sqlite3.connect(file, check_same_thread=False)
    busy.execute("BEGIN EXCLUSIVE")
    BUSY.append(busy)


BUSY: list[sqlite3.Connection] = []


def spoilt_records(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE runs SET record = '{\"state\": 5}'")
        db.commit()


@pytest.mark.parametrize(
    "harm",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"no database" * 1000),
        cut_index,
        noise,
        Path.unlink,
        a_folder,
        another_kernel_writes,
        spoilt_records,
    ],
    ids=["empty", "none", "cut", "noise", "gone", "a folder", "busy", "spoilt records"],
)
def test_a_damaged_index_harms_nothing(
    many: Path, harm: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_BUSY", 0.05)
    Store(many).runs()
    [file] = (many / ".index").glob("*.sqlite")
    harm(file)
    try:
        for store in (Store(many), Store(many)):
            assert len(store.runs("boat number")) == MANY
            assert {run.state for run in store.runs()} == {"done"}
            assert store.by_task("task-7")
            assert store.spent("mock", "USD") == MANY * Decimal("0.075")
            run = store.create(small(), small().fingerprint, service="mock")
            assert store.find(small().fingerprint, "mock", "")
            store.discard(run)
    finally:
        while BUSY:
            BUSY.pop().close()


def test_a_list_parses_the_records_that_are_looked_at(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(many).runs()
    parsed: list[object] = []
    parse = Record.from_json
    monkeypatch.setattr(Record, "from_json", lambda data: parsed.append(data) or parse(data))
    store = Store(many)
    [found] = store.runs(f"boat number {MANY - 1}")
    assert len(store.runs()) == MANY
    assert not parsed
    assert found.prompt.endswith(f"boat number {MANY - 1}")
    assert len(parsed) == 1


def test_where_no_index_can_be_written_the_runs_are_read_themselves(many: Path) -> None:
    (many / ".index").write_text("in its way")
    for _ in range(2):
        assert len(Store(many).runs()) == MANY
        assert Store(many).spent("mock", "USD") == MANY * Decimal("0.075")
