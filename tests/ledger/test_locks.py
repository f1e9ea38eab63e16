"""Folders where file locks do not work, and those that are deleted with their runtime: said before money is spent."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from typing import Any

import pytest
from conftest import make_client, small

from wannb.client import Client
from wannb.mock import MockServer
from wannb.runs import store as module
from wannb.runs.store import Store
from wannb.tools.doctor import doctor

fcntl = pytest.importorskip("fcntl")


@pytest.fixture
def without_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system say yes to every lock, as in some network homes."""
    monkeypatch.setattr(fcntl, "flock", lambda file, how: None)


def test_locks_of_a_plain_folder_hold(store: Store) -> None:
    assert store.locks_hold()
    assert [file.name for file in (store.root / ".locks").iterdir()] == []


def test_locks_hold_while_another_process_has_one(store: Store) -> None:
    code = f"from wannb.runs import Store\nwith Store({str(store.root)!r}).lock('a'): print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert store.locks_hold()
        other.communicate(b"\n")


@pytest.mark.usefixtures("without_effect")
def test_locks_without_effect_are_said_once_before_anything_is_sent(client: Client, server: MockServer) -> None:
    with pytest.warns(UserWarning, match=r"file locks do not work.*pay twice.*one kernel at a time.*store=") as said:
        client.submit(small())
    assert len(said) == 1
    assert said[0].filename == __file__, "it names the line of whoever called"
    assert str(client.store.root) in str(said[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.submit(small(2))
    assert len(client.runs()) == 2


@pytest.mark.usefixtures("without_effect")
def test_whoever_turns_warnings_into_errors_sends_nothing(client: Client, server: MockServer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="file locks do not work"):
            client.submit(small())
    assert server.billed == 0
    assert client.runs() == []
    assert not [entry for entry in server.log if entry.method == "POST"]


@pytest.mark.usefixtures("without_effect")
def test_the_warning_speaks_the_language_of_the_client(server: MockServer, store: Store) -> None:
    with make_client(server, store) as client:
        client.language = "zh"
        with pytest.warns(UserWarning, match="锁"):
            client.run(small())


@pytest.mark.usefixtures("without_effect")
@pytest.mark.parametrize("there", [True, False])
def test_doctor_finds_locks_without_effect_also_before_the_first_run(client: Client, there: bool) -> None:
    if there:
        client.store.root.mkdir()
    found = doctor(client)["locks"]
    assert found.state == "wrong"
    assert "keep" in found.says
    assert "one kernel at a time" in found.do
    assert client.store.root.exists() is there
    assert not list(client.store.root.parent.glob(".wannb*"))


@pytest.mark.parametrize("there", [True, False])
def test_doctor_finds_locks_that_hold(client: Client, there: bool) -> None:
    if there:
        client.store.root.mkdir()
    assert doctor(client)["locks"].state == "ok"
    assert client.store.root.exists() is there


def test_a_class_of_locks_that_always_succeeds_is_found_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lock:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def acquire(self, timeout: float) -> Any:
            return memoryview(b"")  # any context manager

    monkeypatch.setattr(module, "FileLock", Lock)
    assert not client.store.locks_hold()


# Disks that die with their machine


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("COLAB_RELEASE_TAG", r"Colab.*deleted when the runtime ends.*Drive"),
        ("KAGGLE_KERNEL_RUN_TYPE", r"Kaggle.*Drive"),
    ],
)
def test_a_folder_that_dies_with_the_runtime_is_said_once(
    variable: str, says: str, client: Client, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda path: False)
    client.run(small(1))
    assert doctor(client)["store"].state == "ok"
    monkeypatch.setenv(variable, "x")
    with make_client(server, Store(client.store.root)) as other:
        with pytest.warns(UserWarning, match=rf"(?s){says}") as said:
            other.run(small(2))
        assert len(said) == 1
        assert said[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            other.run(small(3))
    found = doctor(client)["store"]
    assert found.state == "note"
    assert "Drive" in found.do


@pytest.mark.parametrize(
    ("root", "mounted", "dies"),
    [
        ("/content", (), True),
        ("/content/wannb-runs", (), True),
        ("/content/sample/deep/runs", (), True),
        ("/content/drive/MyDrive/runs", ("/content/drive",), False),
        ("/content/gdrive/MyDrive/runs", ("/content/gdrive",), False),
        ("/content/drive/MyDrive/runs", (), True),
        ("/content", ("/content",), True),
        ("/kaggle/working/runs", ("/", "/kaggle/working"), True),
        ("/home/runs", ("/",), True),
        ("/mnt/runs", (), True),
        ("/mnt/disk/runs", ("/mnt/disk",), False),
    ],
)
def test_drive_and_other_disks_do_not_die(
    root: str, mounted: tuple[str, ...], dies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    monkeypatch.setattr(os.path, "ismount", lambda path: path in mounted)
    assert (Store(root).short_lived is not None) is dies
    monkeypatch.delenv("COLAB_RELEASE_TAG")
    assert Store(root).short_lived is None
