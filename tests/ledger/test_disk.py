"""A disk that is full, protected, somebody else's or gone: nothing is sent, or it is told how to fetch what is paid."""

from __future__ import annotations

import os
import resource
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import FAST, make_client, small
from ledger.around import SIZE, Between
from ledger.conftest import Disk

import wannb
from wannb.client import Client
from wannb.errors import DownloadFailed, StoreError, WannbError
from wannb.mock import MockServer
from wannb.runs.store import Store
from wannb.storyboard import Storyboard


def test_full_before_the_journal_nothing_is_sent(disk: Disk, server: MockServer) -> None:
    with make_client(server, Store(disk.root / "runs")) as client:
        client.run(small(9))
        folders = len(list((disk.root / "runs").glob("2*")))
        disk.fill()
        for _ in range(3):
            with pytest.raises(StoreError, match=r"No space left.*another folder.*Nothing was sent"):
                client.run(small())
        assert server.billed == 1
        assert len(list((disk.root / "runs").glob("2*"))) == folders, "what was never sent takes no room"
        disk.free()
        client.run(small())
        assert server.billed == 2


@pytest.mark.parametrize("step", ["create", "query"])
@pytest.mark.parametrize("way", ["rescue", "again", "elsewhere"])
def test_full_after_the_money_is_spent_says_how_the_images_are_had(
    disk: Disk, between: tuple[MockServer, Between], step: str, way: str, tmp_path: Path
) -> None:
    server, steps = between
    with make_client(server, Store(disk.root / "runs")) as client:
        steps.after[step] = disk.fill
        with pytest.raises((StoreError, DownloadFailed), match=r"No space left") as caught:
            client.run(small(n=2))
        [task_id] = [task.task_id for task in client.task_list()]
        assert f"client.task({task_id!r}).result()" in str(caught.value)
        assert "paid for" in str(caught.value)
        assert "Nothing was sent" not in str(caught.value)
        if way == "elsewhere":
            with make_client(server, Store(tmp_path / "other")) as other:
                assert len(other.task(task_id).result()) == 2
        disk.free()
        if way == "rescue":
            [result] = client.rescue().results
            assert len(result) == 2
        assert client.run(small(n=2)).reused is (way == "rescue")
        assert server.billed == 2


def test_full_while_a_record_is_written_leaves_the_old_one_whole(disk: Disk, server: MockServer) -> None:
    store = Store(disk.root / "runs")
    with make_client(server, store) as client:
        task = client.submit(small())
        run = store.get(task.run_id)
        disk.fill()
        with pytest.raises(StoreError, match="No space left"):
            run.advance("answered", notices=["x" * 10000])
        assert run.state == "running"
        assert store.get(run.id).state == "running"
        assert not list(run.folder.glob(".run.jsonl*")), "nothing half written is left"
        disk.free()
        assert len(task.result()) == 1


def test_full_in_the_previews_is_no_trouble(server: MockServer, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with make_client(server, store) as client:
        result = client.run(small(n=2))
        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", full)
            assert "data:image" in result._repr_mimebundle_()["text/html"]
        assert not list(result.path.glob(".preview*"))
        other = client.run(small(2, n=2))
        other._repr_mimebundle_()
        assert len(list(other.path.glob(".preview*"))) == 2, "made when they are first shown"


def test_full_in_a_sweep_stops_asking(disk: Disk, between: tuple[MockServer, Between]) -> None:
    server, steps = between
    with make_client(server, Store(disk.root / "runs"), pace=replace(FAST, running=2)) as client:
        plan = wannb.sweep(client, prompt="x", seed=range(20), size=SIZE)
        steps.after["query"] = disk.fill
        with pytest.raises(WannbError, match="No space left"):
            plan.run()
        asked = len(client.task_list())
        assert asked < 8
        disk.free()
        plan.run(max_images=0)
        assert plan.forecast().cells["done"] >= asked - 1, "what was paid for is fetched"
        assert server.billed == len(client.task_list()) == asked


def test_full_in_a_storyboard_loses_no_frame(disk: Disk, between: tuple[MockServer, Between]) -> None:
    server, steps = between
    with make_client(server, Store(disk.root / "runs")) as client:
        board = Storyboard(client, ["a", "b"], size=SIZE)
        steps.after["query"] = disk.fill
        with pytest.raises(WannbError, match="No space left"):
            board.run()
        disk.free()
        assert all(board.run().frames)
        steps.after["download"] = disk.fill
        with pytest.raises(WannbError, match="No space left"):
            board.reroll(1)
        with pytest.raises(StoreError, match=r"No space left.*stays as it was.*in the runs folder"):
            board.lock(2)
        disk.free()
        again = Storyboard.open(client, "storyboard").run()
        assert len(again.takes(1)) == 2
        assert server.billed == 3


def test_a_limit_on_the_size_of_files_is_a_full_disk_too(client: Client, server: MockServer) -> None:
    """The same without root: the system refuses what is longer than so many bytes (EFBIG)."""
    task = client.submit(small())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(DownloadFailed, match=r"File too large.*paid for") as caught:
            task.result()
        with pytest.raises(StoreError, match="Nothing was sent"):
            client.submit(small(2, "y" * 2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(task.id) in str(caught.value)
    assert len(client.rescue().results) == 1
    assert server.billed == 1


def test_a_read_only_folder_can_be_looked_at_and_sends_nothing(disk: Disk, server: MockServer) -> None:
    with make_client(server, Store(disk.root / "runs")) as client:
        done, task = client.run(small()), client.submit(small(2))
        disk.protect()
        with pytest.raises(StoreError, match=r"Read-only file system.*another folder"):
            client.run(small(3))
        assert len(client.runs()) == 2
        assert "data:image" in done._repr_mimebundle_()["text/html"]
        with pytest.raises(StoreError, match=rf"Read-only.*client\.task\('{task.id}'\)"):
            task.result()
        [(_, problem)] = client.rescue().problems
        assert "Read-only" in str(problem)
        assert str(client.spent()) == "0.15 USD"
        disk.protect("rw")
        assert len(task.result()) == 1
        assert server.billed == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_folder_of_somebody_else_sends_nothing(server: MockServer) -> None:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    child = os.fork()
    if child == 0:
        try:
            os.setuid(65534)
            with make_client(server, Store(folder / "runs")) as client:
                client.run(small())
        except StoreError as error:
            os._exit(7 if "Permission denied" in str(error) else 8)
        finally:
            os._exit(9)
    _, status = os.waitpid(child, 0)
    folder.rmdir()
    assert os.waitstatus_to_exitcode(status) == 7
    assert server.billed == 0


@pytest.mark.parametrize("step", ["create", "query", "download"])
def test_a_folder_that_vanishes_leaves_the_task_to_be_had_elsewhere(
    between: tuple[MockServer, Between], store: Store, tmp_path: Path, step: str
) -> None:
    server, steps = between
    with make_client(server, store) as client:
        client.run(small(9))
        steps.after[step] = lambda: store.root.rename(tmp_path / "gone")  # at once, as a disk that is pulled out
        with pytest.raises((StoreError, DownloadFailed)) as caught:
            client.run(small(n=2))
        task_id = client.task_list(hours=1)[0].task_id
        assert f"client.task({task_id!r}).result()" in str(caught.value)
        with make_client(server, Store(tmp_path / "other")) as other:
            assert len(other.task(task_id).result()) == 2
        assert server.billed == 3
        assert client.runs() == []
