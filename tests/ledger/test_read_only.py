"""Folders that can be read and not written: all that they hold is shown, and only sending says what it lacks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client, small

import wannb
from wannb.client import Client
from wannb.commands.cli import main
from wannb.errors import StoreError
from wannb.forms import HistoryForm, TextToImageForm
from wannb.mock import MockServer
from wannb.runs.store import Store

pytestmark = [
    pytest.mark.usefixtures("quick_pictures"),
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else"),
]
NOBODY = 65534


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that another user can enter."""
    made = Path(tempfile.mkdtemp(prefix="wannb-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@contextmanager
def by_somebody_else(folder: Path) -> Iterator[None]:
    """Be a user who may read a folder and not write to it."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)


def contents(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


LOOKS: dict[str, Callable[[Client, wannb.Plan, Any], Any]] = {
    "runs": lambda client, plan, result: [client.runs()._repr_html_(), [run.result() for run in client.runs()]],
    "search": lambda client, plan, result: client.runs("x"),
    "spent": lambda client, plan, result: client.spent(),
    "tasks": lambda client, plan, result: client.tasks(),
    "known": lambda client, plan, result: client.known(small()),
    "gallery": lambda client, plan, result: result._repr_mimebundle_()["text/html"],
    "task": lambda client, plan, result: client.task(result.task_id).result(),
    "plan": lambda client, plan, result: [repr(plan), plan._repr_html_(), plan.forecast(), plan.table()],
    "grid": lambda client, plan, result: plan.grid()._repr_mimebundle_(),
    "recall": lambda client, plan, result: [wannb.recall(result[0].path), wannb.recall(result.path)],
    "doctor": lambda client, plan, result: wannb.doctor(client),
    "history": lambda client, plan, result: HistoryForm(client).close(),
    "form": lambda client, plan, result: TextToImageForm(client, prompt="x", size="768*768", seed=1).close(),
    "compare": lambda client, plan, result: wannb.compare(result, result)._repr_mimebundle_(),
    "command": lambda client, plan, result: main(["runs", "--store", str(client.store.root)]),
    "reused": lambda client, plan, result: client.run(small()),
    "reused, by a plan": lambda client, plan, result: wannb.sweep(
        client, prompt="x", seed=[1, 2], size="768*768"
    ).run(),
}


@pytest.mark.parametrize("index", ["an index", "no index"])
@pytest.mark.parametrize("look", LOOKS)
def test_what_a_folder_holds_is_shown_to_who_may_read_it(
    look: str, index: str, place: Path, server: MockServer, capsys: pytest.CaptureFixture[str]
) -> None:
    root = place / "runs"
    for folder in (place / "warm", root):
        with make_client(server, Store(folder)) as client:
            result = client.run(small())
            client.run(small(2))
            if folder != root:  # somebody else may not import
                LOOKS[look](client, wannb.sweep(client, prompt="x", seed=[1, 2], size="768*768"), result)
    if index == "no index":
        shutil.rmtree(root / ".index")
        shutil.rmtree(root / ".locks")
    before = contents(root)
    with make_client(server, Store(root)) as client, by_somebody_else(root):
        plan = wannb.sweep(client, prompt="x", seed=[1, 2], size="768*768")
        LOOKS[look](client, plan, result)
    assert contents(root) == before
    assert server.billed == 4


def test_the_doctor_counts_the_runs_of_a_folder_that_it_cannot_write_to(place: Path, server: MockServer) -> None:
    with make_client(server, Store(place / "runs")) as client:
        client.run(small())
        wannb.doctor(client)
        with by_somebody_else(place / "runs"):
            found = wannb.doctor(client)
    assert (found["store"].state, found["runs"].says) == ("wrong", "1")


@pytest.mark.parametrize(
    "send",
    [
        lambda client: client.run(small(9)),
        lambda client: client.submit(small(9)),
        lambda client: client.run(small(9), via="sync"),
        lambda client: client.run(small(), fresh=True),
        lambda client: wannb.sweep(client, prompt="x", seed=[1, 8, 9], size="768*768").run(),
    ],
)
def test_only_what_would_be_sent_says_that_the_folder_cannot_be_written_to(
    send: Callable[[Client], Any], place: Path, server: MockServer
) -> None:
    with make_client(server, Store(place / "runs")) as client:
        client.run(small())
        with by_somebody_else(place / "runs"), pytest.raises(StoreError, match=r"Permission denied.*store=") as caught:
            send(client)
    assert "Timed out" not in str(caught.value)
    assert server.billed == 1
