"""While one waits there is one line, and it ends in words that do not depend on the clock."""

from __future__ import annotations

import io
import sys
import threading

import pytest
from conftest import make_client

from wannb import mock
from wannb.display.progress import ProgressLine
from wannb.runs.store import Store


class Terminal(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.wrote = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.wrote.set()
        return super().write(text)


def seen(text: str) -> list[str]:
    """Return the lines as a person sees them: what a carriage return went over is gone."""
    return [line.rpartition("\r")[2] for line in text.split("\n")[:-1]]


def test_a_wait_is_one_line_that_ends_in_a_fixed_text(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    with mock.serve(task_seconds=0.8) as server, make_client(server, store) as client:
        client.generate("a", n=2, seed=1, size="768*768")
        assert "generating, " in terminal.getvalue()
        assert seen(terminal.getvalue()) == ["2 images saved"]
        client.generate("a", n=2, seed=1, size="768*768")
    assert seen(terminal.getvalue()) == ["2 images saved", "reused, nothing billed"]


def test_a_line_that_an_error_ended_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    with ProgressLine(after=0) as line:
        line.status("RUNNING")
        assert terminal.wrote.wait(20)
    assert "generating, " in terminal.getvalue()
    assert terminal.getvalue().count("\n") == 0
    assert terminal.getvalue().rpartition("\r")[2] == ""


def test_nothing_is_written_from_threads_or_into_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, file = Terminal(), io.StringIO()
    with mock.serve(task_seconds=0) as server, make_client(server, store) as client:
        monkeypatch.setattr(sys, "stdout", terminal)
        thread = threading.Thread(target=lambda: client.generate("a", size="768*768"))
        thread.start()
        thread.join()
        monkeypatch.setattr(sys, "stdout", file)
        client.generate("b", size="768*768")
    assert terminal.getvalue() == file.getvalue() == ""
