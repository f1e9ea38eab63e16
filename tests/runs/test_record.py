"""Records that are half written, changed by hand or another version's: told in one error, and never a way out."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client, small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import last, rewrite
from ledger.around import looked_at
from service.test_fuzz_answers import mutated

import wannb
from wannb import mock
from wannb.client import Client
from wannb.errors import OverBudget, RecallError, StoreError, WannbError
from wannb.files import append_line
from wannb.forms import HistoryForm
from wannb.mock import MockServer
from wannb.runs.record import Failure, NewerFormat, Record
from wannb.runs.run import read
from wannb.runs.store import Store
from wannb.service.prices import as_budget
from wannb.translation import Said

WRONG: tuple[Any, ...] = (
    "\ud83d",
    None,
    True,
    -7,
    3.5,
    10**30,
    "wrong",
    "",
    [],
    [1],
    {},
    {"a": 1},
    [[]],
    [{"file": 3}],
)


def spoiled(record: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a run's record with one field after the other set to what it cannot be."""
    whole = {"error": {"code": "c", "message": "m", "status": 400, "text": "t"}, "sent_within": 0.1, **record}
    for name, value in itertools.product(whole, WRONG):
        yield f"{name}={value!r}", {**whole, name: value}
    for part in ("request", "price", "usage", "error"):
        for name, value in itertools.product(whole[part], WRONG):
            yield f"{part}.{name}={value!r}", {**whole, part: {**whole[part], name: value}}
    for name, value in itertools.product(record["images"][0], (*WRONG, "../../secret.png", "/etc/passwd", ".hidden")):
        yield f"image {name}={value!r}", {**whole, "images": [{**record["images"][0], name: value}]}


def test_any_field_that_is_anything_stops_nobody(
    client: Client, server: MockServer, store: Store, form: HistoryForm
) -> None:
    done, open_run = client.run(small()), client.submit(small(2))
    record = last(done.path)
    shutil.copytree(done.path, store.root.parent / "kept")
    asked = server.billed
    for number, (what, wrong) in enumerate(spoiled(record)):
        if not what.startswith("state"):
            wrong["state"] = ("done", "failed", "answered", "running", "lost")[number % 5]
        rewrite(done.path, wrong)
        try:
            client.runs()._repr_html_(), client.spent()
            if not store.damaged() or number % 25 == 0:
                # What is taken for sound could do harm; what is refused is the same whatever it was.
                looked_at(client, form)
                client.rescue()
                assert len(client.run(small(3))) == 1, "what was asked elsewhere is none of its business"
                shutil.rmtree(done.path)
                shutil.copytree(store.root.parent / "kept", done.path)
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
    rewrite(done.path, record)
    assert client.run(small()).reused
    assert open_run.status() == "SUCCEEDED"
    assert server.billed == asked + 1


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nonexistent")


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)


HARM: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "gone": Path.unlink,
    "a list": lambda path: path.write_text("[]"),
    "a number": lambda path: path.write_text("7"),
    "nested": lambda path: path.write_text("[" * 100000),
    "no utf-8": lambda path: path.write_bytes(b'{"state": "\xff\xfe"}'),
    "zeros": lambda path: path.write_bytes(bytes(5000)),
    "another state": lambda path: path.write_text(path.read_text().replace('"state":"', '"state":"un')),
    "a folder": a_folder,
    "a pipe": a_pipe,
    "endless": endless,
    "nowhere": nowhere,
    "huge": huge,
}


@pytest.mark.parametrize("when", ["running", "done"])
@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_journal_is_told_and_its_images_bring_it_back(
    client: Client, server: MockServer, store: Store, form: HistoryForm, harm: str, when: str
) -> None:
    task = client.submit(small(n=2))
    if when == "done":
        task.result()
    folder = store.root / task.run_id
    HARM[harm](folder / "run.jsonl")
    looked_at(client, form)
    # Of a running one without its journal nothing is left to tell that it was ever sent.
    untold = (harm, when) == ("gone", "running")
    assert store.damaged() == ([] if untold else [task.run_id])
    if not untold:
        with pytest.raises(StoreError, match=rf"{task.run_id}.*Nothing was sent: client\.rescue\(\).*fresh=True"):
            client.run(small(n=2))
    found = client.rescue()
    if when == "done":
        assert found.problems == ()
        [result] = found.results
        assert result.task_id == task.id
        assert client.run(small(n=2)).reused
    else:
        assert all(run_id == task.run_id and folder.name in str(why) for run_id, why in found.problems)
        result = client.task(str(task.id)).result()
    assert len(result) == 2
    assert all(image.open() for image in result)
    assert server.billed == 2


@pytest.mark.parametrize("via", ["task", "sync"])
def test_the_images_alone_bring_a_run_back(client: Client, server: MockServer, via: str) -> None:
    result = client.run(small(n=2), via=via)
    before = {image.path.name: (image.sha256, image.bytes()) for image in result}
    (result.path / "run.jsonl").write_bytes(b"")
    server.advance(hours=25)
    [again] = client.rescue().results
    assert {image.path.name: (image.sha256, image.bytes()) for image in again} == before
    assert again.request == small(n=2)
    assert client.run(small(n=2)).reused
    assert [path.read_bytes() for path in result.path.glob("damaged-*.jsonl")] == [b""]


def test_the_images_of_a_task_that_was_adopted_bring_its_run_back(server: MockServer, store: Store) -> None:
    with make_client(server, store) as client, make_client(server, Store(store.root.parent / "another")) as other:
        adopted = other.task(str(client.submit(small()).id)).result()
        (adopted.path / "run.jsonl").write_bytes(b"")
        [again] = other.rescue().results
        assert [image.sha256 for image in again] == [image.sha256 for image in adopted]


def test_one_error_names_the_folder_and_the_task(client: Client, store: Store) -> None:
    task = client.submit(small())
    folder = store.root / task.run_id
    (folder / "run.jsonl").write_text(json.dumps(last(folder))[:-20])
    [(run_id, problem)] = client.rescue().problems
    assert run_id == task.run_id
    assert str(store.root) in str(problem)
    assert f"client.task({task.id!r}).result()" in str(problem)
    assert len(client.task(str(task.id)).result()) == 1
    (folder / "run.jsonl").write_bytes(b"")
    [(_, problem)] = client.rescue().problems
    assert "client.task_list()" in str(problem)
    other = client.submit(small(), fresh=True)
    assert client.submit(small()).id == other.id, "one that is under way answers too"
    assert len(other.result()) == 1


def test_a_budget_is_not_kept_by_guessing(server: MockServer, store: Store) -> None:
    with make_client(server, store, budget=as_budget(1, "singapore")) as client:
        task = client.submit(small())
        (store.root / task.run_id / "run.jsonl").write_bytes(b"")
        with pytest.raises(OverBudget, match=rf"{task.run_id}.*client\.rescue\(\)"):
            client.run(small(2))
        assert server.billed == 1
        shutil.move(store.root / task.run_id, store.root.parent)
        assert len(client.run(small(2))) == 1


def test_a_newer_format_is_left_as_it_is(client: Client, server: MockServer) -> None:
    result = client.run(small())
    append_line(result.path / "run.jsonl", last(result.path) | {"wannb": 2, "state": "archived"})
    before = (result.path / "run.jsonl").read_bytes()
    [(run_id, problem)] = client.rescue().problems
    assert run_id == result.run_id
    assert isinstance(problem, NewerFormat)
    with pytest.raises(NewerFormat, match=r"newer wannb.*update wannb"):
        client.run(small())
    assert (result.path / "run.jsonl").read_bytes() == before
    assert server.billed == 1


@pytest.mark.parametrize("name", ["state", "fingerprint", "service"])
def test_a_record_that_lacks_a_main_field_is_damaged_and_not_forgotten(name: str, client: Client) -> None:
    result = client.run(small())
    rewrite(result.path, {field: value for field, value in last(result.path).items() if field != name})
    with pytest.raises(StoreError, match="damaged"):
        client.run(small())
    client.rescue()
    assert client.run(small()).reused


def test_a_record_is_the_same_after_it_was_written(client: Client) -> None:
    sentence = Said("at most {most} input images", most=9)
    client.run(small())
    whole = replace(
        client.runs()[0].record, notices=(sentence, "plain"), error=Failure(text=sentence, code="c", status=400)
    )
    again = Record.from_json(json.loads(json.dumps(whole.as_json())))
    assert again == whole
    assert isinstance(again.notices[0], Said)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_a_run_file_is_read_or_refused_and_what_is_read_can_be_shown(
    data: st.DataObject, made: Path, tmp_path: Path
) -> None:
    rewrite(tmp_path, data.draw(mutated([last(made)])))
    try:
        read(tmp_path)
    except StoreError:
        with pytest.raises(RecallError):
            wannb.recall(tmp_path)
        return
    run = Store(tmp_path.parent).get(tmp_path.name)
    repr(run), run.cost(), run.mode, run.prompt, run.state, run.images_made, run.whole
    wannb.runs.run.Runs([run])._repr_html_()
    try:
        run.result()._repr_mimebundle_()
        wannb.recall(tmp_path)
    except WannbError:
        pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run."""
    with mock.serve(task_seconds=0) as server, make_client(server, Store(tmp_path_factory.mktemp("runs"))) as client:
        return client.generate("a boat", size="768*768", seed=1).path
