"""The measurements run, in their short form; how fast it is, is never asserted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent.parent / "bench"
#: A word of each part's rows.
ROWS = (
    "import wannb",
    "query",
    "lost after",
    "request sweep",
    "image 1K set",
    "inline",
    "listed",
    "killed",
    "a grid",
    "first load",
    "the bare key",
    "the gateway meanwhile",
    "the teacher's wall",
)


@pytest.fixture(scope="module")
def table() -> str:
    command = [sys.executable, str(BENCH / "run.py"), "--smoke"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_every_row_of_the_design_is_measured(table: str) -> None:
    missing = [row for row in ROWS if row not in table]
    assert not missing, table


def test_what_does_not_hang_on_speed_is_held(table: str) -> None:
    lines = [line for line in table.splitlines() if "loaded by" in line or "killed" in line or "grows by" in line]
    assert [line.rpartition("| ")[2] for line in lines] == ["yes |"] * 3, table


def test_the_sdk_stands_beside_it(table: str) -> None:
    if "WANNB_SDK_PYTHON" not in os.environ:
        pytest.skip("the official SDK is named by WANNB_SDK_PYTHON")
    assert "not there" not in table
    assert "of the SDK's" in table


def test_a_short_run_writes_no_figures(table: str) -> None:
    assert "1K set" not in (BENCH / "RESULTS.md").read_text()


def test_a_part_that_is_not_there_is_refused() -> None:
    command = [sys.executable, str(BENCH / "run.py"), "speed"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "there is no part 'speed'" in run.stderr
