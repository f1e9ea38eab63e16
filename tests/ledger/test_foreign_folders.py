"""A folder of runs from a stranger: it can neither hang nor end a command, nor lead it to other files."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client, small
from journals import NAME, change, last

import wannb
from wannb.client import Client
from wannb.commands.cli import main
from wannb.errors import RecallError, StoreError
from wannb.forms import HistoryForm
from wannb.ledger.metadata import as_sent
from wannb.mock import MockServer
from wannb.runs.record import NewerFormat
from wannb.runs.store import Store
from wannb.tools import doctor

pytestmark = [
    pytest.mark.usefixtures("quick_pictures", "no_hang"),
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here"),
]

INSTALLED = functools.cache(doctor._installed)
#: What stands in the file outside, of which nothing may be shown or changed.
PRIVATE = "private-word-7391"


def pipe(place: Path, outside: Path) -> None:
    os.mkfifo(place)


def endless(place: Path, outside: Path) -> None:
    place.symlink_to("/dev/zero")


def sparse(place: Path, outside: Path) -> None:
    with place.open("wb") as file:
        file.truncate(2**40)


def link(place: Path, outside: Path) -> None:
    place.symlink_to(outside)


def nowhere(place: Path, outside: Path) -> None:
    place.symlink_to(place.with_name("nowhere"))


def circle(place: Path, outside: Path) -> None:
    place.symlink_to(place)


def folder(place: Path, outside: Path) -> None:
    place.mkdir()


TRAPS = [pipe, endless, sparse, link, nowhere, circle, folder]
#: Where a trap can stand; {run} is a run's folder.
PLACES = [
    "{run}/run.jsonl",
    "{run}/run (1).jsonl",
    "{run}/image-1.png",
    "{run}/image-2.png",
    "{run}/.preview-image-1.jpg",
    "{run}/inputs",
    "20261122-130157-3fa9c1d2b7e0",
    "notes",
    ".index",
    ".locks",
    ".inputs",
    "book.ipynb",
]


@pytest.fixture(autouse=True)
def packages_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed is the same for every trap."""
    monkeypatch.setattr("wannb.tools.doctor._installed", INSTALLED)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a file outside the folder: a run's own journal, so that only its place keeps it from being read."""
    place = tmp_path / "outside"
    place.write_text(json.dumps({"state": "done", "fingerprint": "0" * 64, "service": PRIVATE}) + "\n")
    return place


def everything(client: Client, capsys: pytest.CaptureFixture[str]) -> str:
    """Do everything that a person does with a folder, and return all that a terminal shows."""
    pages = [client.runs()._repr_html_()]
    said = [repr(client.runs()), repr(client.tasks())]
    said += [repr(run) for run in client.runs()]
    found = client.rescue(timeout=5)
    said += [repr(found), repr(wannb.doctor(client))]
    pages += [found._repr_html_(), wannb.doctor(client)._repr_html_()]
    form = HistoryForm(client)
    pages.append(form._repr_mimebundle_()["text/html"])
    form.close()
    assert PRIVATE not in "".join(pages)
    main(["runs", "--store", str(client.store.root)])
    main(["rescue", "--store", str(client.store.root)])
    main(["tidy", str(client.store.root)])
    out = capsys.readouterr()
    return "\n".join([*said, out.out, out.err])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("trap", TRAPS)
def test_no_trap_hangs_or_ends_a_look(
    trap: Callable[[Path, Path], None],
    place: str,
    client: Client,
    server: MockServer,
    outside: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sound, trapped = client.run(small(2)), client.run(small())
    change(trapped.path, request={**last(trapped.path)["request"], "n": 2})
    at = client.store.root / place.format(run=trapped.path.name)
    if os.path.lexists(at):
        shutil.rmtree(at) if at.is_dir() else at.unlink()
    trap(at, outside)
    before = outside.read_bytes()
    with make_client(server, Store(client.store.root)) as again:
        shown = everything(again, capsys)
        assert sound.run_id in shown
        assert again.run(small(2)).run_id == sound.run_id
        assert again.spent() is not None
    assert PRIVATE not in shown
    assert outside.read_bytes() == before


@pytest.mark.parametrize("harm", ["folder", "run folder", "file", "facts"])
def test_no_name_speaks_to_the_terminal(harm: str, client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    bad = "\x1b]0;owned\x07\x1b[2J\u202e\r"
    result = client.run(small())
    if harm == "folder":
        (client.store.root / f"x{bad}").mkdir()
        (client.store.root / f"x{bad}" / NAME).write_text("{broken")
    elif harm == "run folder":
        result.path.rename(result.path.with_name(f"{result.run_id}{bad}"))
        (result.path.with_name(f"{result.run_id}{bad}") / NAME).write_text("{broken")
    elif harm == "file":
        (result.path / f"image-1{bad}.png").write_bytes(b"x")
        (client.store.root / f"{bad}.ipynb").write_text("{broken")
    else:
        error = {"text": f"no{bad}", "code": f"c{bad}", "message": f"m{bad}"}
        facts = dict.fromkeys(("service", "created", "task_id", "region"), f"x{bad}")
        request = {**last(result.path)["request"], "prompt": f"p{bad}", "size": f"1K{bad}", "model": f"m{bad}"}
        change(result.path, state="failed", error=error, notices=[f"n{bad}"], request=request, **facts)
    shown = everything(client, capsys)
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(shown)


def test_a_data_base_outside_is_never_written_to(client: Client, server: MockServer, tmp_path: Path) -> None:
    result = client.run(small())
    [index] = (client.store.root / ".index").glob("*.sqlite")
    own = tmp_path / "own.sqlite"
    with closing(sqlite3.connect(own)) as db:
        db.execute("CREATE TABLE mine (word TEXT)")
    before = own.read_bytes()
    for place, target in ((index, own), (index.parent, tmp_path / "kept")):
        shutil.rmtree(index.parent, ignore_errors=True)
        (tmp_path / "kept").mkdir(exist_ok=True)
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(target)
        with make_client(server, Store(client.store.root)) as again:
            assert [run.id for run in again.runs()] == [result.run_id]
            assert again.run(small()).reused
        place.unlink()
    assert own.read_bytes() == before
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_linked_notebook_in_a_folder_is_left_alone_and_one_that_is_named_is_tidied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = {"cell_type": "raw", "source": "", "metadata": {"link": "https://h/a.png?Signature=aB3xyz-0123456"}}
    own = tmp_path / "own.ipynb"
    own.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}))
    before = own.read_bytes()
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "book.ipynb").symlink_to(own)
    main(["tidy", str(tmp_path / "given")])
    assert own.read_bytes() == before
    main(["tidy", str(tmp_path / "given" / "book.ipynb")])
    assert own.read_bytes() != before


def test_a_linked_picture_is_neither_shown_nor_sent(client: Client, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (300, 300), "red").save(tmp_path / "own.png")
    result = client.run(small())
    before = result[0].figure(pixels=64, width=64)
    result[0].path.unlink()
    result[0].path.symlink_to(tmp_path / "own.png")
    for page in (result._repr_mimebundle_()["text/html"], result[0].figure(pixels=64, width=64)):
        assert "data:image" not in page
    assert "data:image" in before
    for act in (result[0].open, result[0].bytes, result[0].as_input, lambda: result[0].save(tmp_path / "a.png")):
        with pytest.raises(OSError, match="is a link"):
            act()
    assert not (tmp_path / "a.png").exists()


# A newer format


@pytest.fixture
def newer(client: Client) -> Any:
    """Return a finished run that a newer version wrote on."""
    result = client.run(small())
    change(result.path, wannb=2, state="archived")
    return result


def test_a_newer_run_is_called_newer_everywhere(
    newer: Any, client: Client, server: MockServer, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = client.run(small(2))
    assert "newer wannb" in str(wannb.doctor(client)["newer runs"])
    assert "damaged" not in repr(wannb.doctor(client))
    main(["runs", "--store", str(client.store.root)])
    out = capsys.readouterr()
    assert sound.run_id in out.out
    assert f"{newer.run_id}: the run was written by a newer wannb" in out.err
    assert "newer wannb" in repr(client.rescue())
    for call in (
        lambda: client.task(newer.task_id),
        lambda: client.pick_up(newer.run_id),
        lambda: client.run(small()),
        lambda: client.store.get(newer.run_id),
    ):
        with pytest.raises(NewerFormat, match="newer wannb"):
            call()
    with pytest.raises(RecallError, match="newer wannb") as caught:
        wannb.recall(newer.path)
    assert "no run" not in str(caught.value)
    assert wannb.recall(newer[0].path).seed == 1, "the image is of a format that is known"
    plan = wannb.sweep(client, prompt="x", seed=[1, 2, 3], size="768*768")
    assert [status.state for status in plan.statuses()] == ["failed", "done", "open"]
    assert "newer wannb" in repr(plan)
    plan.run()
    assert [status.state for status in plan.statuses()] == ["failed", "done", "done"]
    assert server.billed == 3
    board = wannb.Storyboard(client, ["x"], size="768*768", name="b")
    board.run()
    change(client.store.root / board.frames[0].run_id, wannb=2) if hasattr(board.frames[0], "run_id") else None
    with make_client(server, client.store, budget=client.spent()) as careful, pytest.raises(StoreError, match="newer"):
        careful.run(small(9))


def test_an_image_of_a_newer_format_is_called_newer(client: Client) -> None:
    from wannb import png

    path = client.run(small())[0].path
    text = png.read_text(path.read_bytes(), "wannb") or ""
    plain = as_sent(path.read_bytes())
    path.write_bytes(png.with_texts(plain, {"wannb": json.dumps({**json.loads(text), "wannb": 2})}))
    with pytest.raises(RecallError, match="newer wannb"):
        wannb.recall(path)


# One damaged run


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "no line": lambda run: (run / NAME).write_text("{broken"),
    "empty": lambda run: (run / NAME).write_bytes(b""),
    "no journal": lambda run: (run / NAME).unlink(),
    "request": lambda run: change(run, request={**last(run)["request"], "bbox_list": [[["x"]]]}),
    "newer": lambda run: change(run, wannb=2),
    "pipe": lambda run: ((run / NAME).unlink(), os.mkfifo(run / NAME)),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("executor", [False, True])
def test_a_damaged_run_stops_its_own_cell_and_no_other(
    executor: bool, damage: str, client: Client, server: MockServer
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    first = client.run(small())
    DAMAGE[damage](first.path)
    plan = wannb.sweep(client, prompt="x", seed=[1, 2, 3], size="768*768")
    repr(plan), plan.table(), plan.grid()
    with ThreadPoolExecutor(2) as pool:
        plan.run(executor=pool if executor else None)
    assert [status.state for status in plan.statuses()][1:] == ["done", "done"]
    assert server.billed == 3, "the damaged one is not paid anew"
    repr(plan), plan.table(), plan.grid(), plan.forecast()
