"""Append-only logs of JSON lines."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from wannb.files import append_line, read_file, read_lines

pytestmark = pytest.mark.usefixtures("no_hang")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def test_records_are_appended_and_read_in_order(log: Path) -> None:
    for number in range(3):
        append_line(log, {"number": number, "text": "a\nb 猫"})
    records, cut = read_lines(log, most=10**6)
    assert records == [{"number": number, "text": "a\nb 猫"} for number in range(3)]
    assert cut == 0
    assert log.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize("length", [1, 5, 12])
def test_a_cut_line_is_passed_over_and_counted(log: Path, length: int) -> None:
    append_line(log, {"n": 1})
    with log.open("ab") as file:
        file.write(b'{"n": "cut off"}'[:length])
    append_line(log, {"n": 2})
    assert read_lines(log, most=10**6) == ([{"n": 1}, {"n": 2}], 1)


def test_a_whole_line_without_its_end_counts(log: Path) -> None:
    log.write_bytes(b'{"n":1}')
    append_line(log, {"n": 2})
    assert read_lines(log, most=10**6) == ([{"n": 1}, {"n": 2}], 0)


def test_a_line_that_does_not_fit_on_the_disk_leaves_nothing(log: Path) -> None:
    append_line(log, {"n": 1})
    before, limits = log.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            append_line(log, {"text": "x" * 2000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert log.read_bytes() == before


def test_text_that_no_file_can_hold_is_replaced(log: Path) -> None:
    append_line(log, {"text": "half a pair: \ud83d"})
    assert read_lines(log, most=10**6)[0] == [{"text": "half a pair: ?"}]


@pytest.mark.parametrize("harm", ["missing", "a folder", "a pipe", "too large"])
def test_what_is_no_plain_file_of_that_size_is_refused(log: Path, harm: str) -> None:
    if harm == "a folder":
        log.mkdir()
    elif harm == "a pipe":
        os.mkfifo(log)
    elif harm == "too large":
        log.write_bytes(b"x" * 100)
    with pytest.raises(OSError, match=r"."):
        read_lines(log, most=50)
    if harm.startswith("a "):
        with pytest.raises(OSError, match="cannot write"):
            append_line(log, {"n": 1})


def test_a_plain_file_is_read_up_to_a_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_file(tmp_path / "a", most=5) == b"12345"
    with pytest.raises(OSError, match="over"):
        read_file(tmp_path / "a", most=4)
