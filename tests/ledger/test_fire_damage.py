"""The ledger under fire: run files that are half written, damaged by hand, or another version's."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from ledger.test_ledger import served
from light import handled

from wannb import ImageRequest
from wannb.client import Client
from wannb.errors import OverBudget, StoreError, WannbError
from wannb.forms import HistoryForm
from wannb.ledger.run import ENDED
from wannb.ledger.store import Store
from wannb.mock import MockServer
from wannb.service.prices import as_budget

SIZE = "768*768"
WRONG: tuple[Any, ...] = (None, True, -7, 3.5, 10**30, "wrong", "", [], [1], {}, {"a": 1}, [[]], [{"file": 3}])


def small(seed: int = 1, prompt: str = "x", n: int = 1) -> ImageRequest:
    return ImageRequest(prompt=prompt, seed=seed, size=SIZE, n=n)


@pytest.fixture
def server() -> Iterator[MockServer]:
    with served(handled) as made:
        yield made


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


def looked_at(client: Client, form: HistoryForm) -> None:
    """Do all that a person does who looks at a store; a fault of one run is told, and none is a crash."""
    runs = client.runs()
    repr(runs), runs._repr_html_(), client.spent(), client.tasks(), client.store.damaged()
    for run in runs:
        repr(run), run.mode, run.images_made, run.whole
        for image in run.record.get("images") or ():
            assert (run.folder / image["file"]).resolve().parent == run.folder.resolve(), "it leads out of the folder"
    form.refresh()
    for run in form.runs:
        form._row(run).close()
        with suppress(WannbError):
            if run.state in ENDED:
                form.select(run)
            assert run.result() is not None


@pytest.fixture
def form(server: MockServer, store: Store) -> Iterator[HistoryForm]:
    with make_client(server, store) as client:
        made = HistoryForm(client)
        yield made
        made.close()


def test_any_field_that_is_anything_stops_nobody(server: MockServer, store: Store, form: HistoryForm) -> None:
    with make_client(server, store) as client:
        done, open_run = client.run(small()), client.submit(small(2))
        path = done.path / "run.json"
        record = json.loads(path.read_bytes())
        shutil.copytree(done.path, store.root.parent / "kept")
        asked = server.billed
        for number, (what, wrong) in enumerate(spoiled(record)):
            if not what.startswith("state"):
                wrong["state"] = ("done", "failed", "answered", "running", "lost")[number % 5]
            path.write_text(json.dumps(wrong))
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
        path.write_text(json.dumps(record))
        assert client.run(small()).reused
        assert open_run.status() == "SUCCEEDED"
        assert server.billed == asked + 1


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


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
    "cut": cut,
    "gone": Path.unlink,
    "a list": lambda path: path.write_text("[]"),
    "a number": lambda path: path.write_text("7"),
    "nested": lambda path: path.write_text("[" * 100000),
    "no utf-8": lambda path: path.write_bytes(b'{"state": "\xff\xfe"}'),
    "zeros": lambda path: path.write_bytes(bytes(5000)),
    "another state": lambda path: path.write_text(path.read_text().replace('"state": "', '"state": "un')),
    "a folder": a_folder,
    "a pipe": a_pipe,
    "endless": endless,
    "nowhere": nowhere,
    "huge": huge,
}


@pytest.mark.parametrize("when", ["running", "answered", "done"])
@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_record_is_told_and_put_right(
    server: MockServer, store: Store, form: HistoryForm, harm: str, when: str
) -> None:
    with make_client(server, store, budget=as_budget(10, "singapore")) as client:
        task = client.submit(small(n=2))
        if when != "running":
            task.result()
        folder = store.root / task.run_id
        if when == "answered":
            record = json.loads((folder / "run.json").read_bytes())
            (folder / "run.json").write_text(json.dumps({**record, "state": "answered", "images": []}))
            (folder / "image-1.png").unlink()
        HARM[harm](folder / "run.json")
        looked_at(client, form)
        assert store.damaged() == [task.run_id]
        with pytest.raises(StoreError, match=rf"{task.run_id}.*Nothing was sent: client\.rescue\(\).*fresh=True"):
            client.run(small(n=2))
        found = client.rescue()
        assert found.problems == ()
        [result] = found.results
        assert len(result) == 2
        assert all(image.open() for image in result)
        assert result.task_id == task.id
        assert client.run(small(n=2)).reused
        assert server.billed == 2
        assert store.damaged() == []
        assert str(client.spent()) == "0.15 USD"


def test_the_images_alone_bring_a_run_back(server: MockServer, store: Store) -> None:
    with make_client(server, store) as client:
        result = client.run(small(n=2))
        before = {image.path.name: (image.sha256, image.bytes()) for image in result}
        (result.path / "run.json").write_bytes(b"")
        (result.path / "task.json").unlink()
        server.advance(hours=25)
        [again] = client.rescue().results
        assert {image.path.name: (image.sha256, image.bytes()) for image in again} == before
        assert again.request == small(n=2)
        assert client.run(small(n=2)).reused
        assert [path.read_bytes() for path in result.path.glob("run-damaged-*.json")] == [b""]


def test_a_damaged_record_without_more_names_its_task(server: MockServer, store: Store, tmp_path: Path) -> None:
    with make_client(server, store) as client:
        task = client.submit(small())
        folder = store.root / task.run_id
        (folder / "task.json").unlink()
        (folder / "run.json").write_text((folder / "run.json").read_text()[:-20])
        [(run_id, problem)] = client.rescue().problems
        assert run_id == task.run_id
        assert f"client.task({task.id!r}).result()" in str(problem)
        assert len(client.task(str(task.id)).result()) == 1
        (folder / "run.json").write_bytes(b"")
        [(_, problem)] = client.rescue().problems
        assert "client.task_list()" in str(problem)
        assert len(client.run(small(), fresh=True)) == 1


def test_a_budget_is_not_kept_by_guessing(server: MockServer, store: Store) -> None:
    with make_client(server, store, budget=as_budget(1, "singapore")) as client:
        task = client.submit(small())
        path = store.root / task.run_id / "run.json"
        path.write_bytes(b"")
        with pytest.raises(OverBudget, match=rf"{task.run_id}.*client\.rescue\(\)"):
            client.run(small(2))
        assert server.billed == 1
        assert len(client.rescue().results) == 1
        assert len(client.run(small(2))) == 1


def test_a_newer_format_is_left_as_it_is(server: MockServer, store: Store) -> None:
    with make_client(server, store) as client:
        result = client.run(small())
        path = result.path / "run.json"
        path.write_text(path.read_text().replace('"wannb": 1', '"wannb": 2').replace('"done"', '"archived"'))
        before = path.read_bytes()
        [(run_id, problem)] = client.rescue().problems
        assert run_id == result.run_id
        assert "newer wannb" in str(problem)
        assert "update" in str(problem)
        with pytest.raises(StoreError, match=r"newer wannb.*update wannb"):
            client.run(small())
        assert path.read_bytes() == before
        assert server.billed == 1


def test_what_a_folder_may_hold_besides(server: MockServer, store: Store, form: HistoryForm, tmp_path: Path) -> None:
    with make_client(server, store) as client:
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


@pytest.mark.parametrize("hours", [0, 25])
def test_images_that_are_there_need_no_service(server: MockServer, store: Store, hours: int) -> None:
    """Killed after the last image and before the word for it; the service may have forgotten the task by now."""
    with make_client(server, store) as client:
        for via in ("task", "sync"):
            result = client.run(small(n=2, prompt=via), via=via)
            record = json.loads((result.path / "run.json").read_bytes())
            old = time.time() - hours * 3600
            record |= {"state": "answered", "images": record["images"][:1], "sent_at": old, "last_sent_at": old}
            (result.path / "run.json").write_text(json.dumps(record))
        server.advance(hours=hours)
        again = make_client(server, store)
        with again:
            assert len(again.run(small(n=2, prompt="sync"), via="sync")) == 2
            [found] = again.rescue().results
            assert len(found) == 2
            assert again.rescue().problems == ()
            assert again.run(small(n=2, prompt="task")).reused


def test_a_services_words_that_no_file_can_hold(server: MockServer, store: Store) -> None:
    with make_client(server, store) as client:
        run = store.create(small(), small().fingerprint, **client._ledger.facts)
        run.advance("failed", error={"text": "half a pair: \ud83d"})
        assert store.get(run.id).record["error"]["text"] == "half a pair: ?"


def test_an_image_that_was_deleted_is_fetched_again_while_the_service_has_it(server: MockServer, store: Store) -> None:
    with make_client(server, store) as client:
        result = client.run(small(n=2))
        result[1].path.unlink()
        again = client.task(str(result.task_id)).result()
        assert [image.path.is_file() for image in again] == [True, True]
        assert client.run(small(n=2)).reused
        result[0].path.unlink()
        server.advance(hours=25)
        assert client.task(str(result.task_id)).result()[1].path.is_file(), "what is left is not called lost"
        assert server.billed == 2


@pytest.mark.parametrize("name", ["state", "fingerprint", "service"])
def test_a_record_that_lacks_a_main_field_is_damaged_and_not_forgotten(name: str, client: Client) -> None:
    result = client.generate("a boat", size="768*768", seed=1)
    assert result.path
    path = result.path / "run.json"
    path.write_text(
        json.dumps({field: value for field, value in json.loads(path.read_text()).items() if field != name})
    )
    with pytest.raises(StoreError, match="damaged"):
        client.generate("a boat", size="768*768", seed=1)
    client.rescue()
    assert client.generate("a boat", size="768*768", seed=1).reused
