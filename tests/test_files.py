"""Append-only logs of JSON lines, and files that are renamed to their place."""

from __future__ import annotations

import errno
import os
import re
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import make_client, small
from PIL import Image

from wannb import files, mock
from wannb.display import name_problem
from wannb.display.previews import make_preview
from wannb.files import append_line, read_file, read_lines, write
from wannb.forms.upload import _Incoming
from wannb.runs.store import Store

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


# Renaming while another program looks at the file


def refuse(monkeypatch: pytest.MonkeyPatch, times: int, error: int) -> list[str]:
    """Let the system refuse to rename, so many times, as Windows does while a scanner reads; return the tries."""
    tries: list[str] = []
    plain = os.replace

    def replace(source: str, target: str) -> None:
        tries.append(os.path.basename(target))
        if len(tries) <= times:
            raise OSError(error, os.strerror(error), str(source), None, str(target))
        plain(source, target)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(os, "rename", replace)
    monkeypatch.setattr(files, "_PAUSES", (0, 0, 0))
    return tries


def write_file(folder: Path) -> Path:
    files.write(folder / "a.json", b"{}")
    return folder / "a.json"


def write_preview(folder: Path) -> Path:
    Image.new("RGB", (300, 300)).save(folder / "image-1.png")
    make_preview(folder / "image-1.png")
    return folder / ".preview-image-1.jpg"


def upload(folder: Path) -> Path:
    incoming = _Incoming(folder, "a.png", 3)
    assert incoming.add(0, b"abc")
    return incoming.finish()


def mend_record(folder: Path) -> Path:
    with mock.serve(task_seconds=0.0) as server, make_client(server, Store(folder)) as client:
        result = client.run(small())
        (result.path / "run.jsonl").write_text("{")
        assert len(client.rescue().results) == 1
        [kept] = result.path.glob("damaged-*")
        return kept


@pytest.mark.parametrize("error", [errno.EACCES, errno.EPERM, errno.EBUSY])
@pytest.mark.parametrize("write", [write_file, write_preview, upload, mend_record])
def test_a_rename_refused_for_a_moment_is_tried_again(
    write: Callable[[Path], Path], error: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tries = refuse(monkeypatch, 3, error)
    path = write(tmp_path)
    assert path.is_file()
    assert tries[:4] == tries[:1] * 4
    assert not list(tmp_path.rglob("*.part"))


def test_a_rename_refused_for_long_is_given_up_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tries = refuse(monkeypatch, 99, errno.EACCES)
    with pytest.raises(OSError, match=r"cannot write '.*a\.json': Permission denied"):
        write_file(tmp_path)
    assert len(tries) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_rename_refused_for_another_reason_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tries = refuse(monkeypatch, 99, errno.ENOSPC)
    with pytest.raises(OSError, match="No space left"):
        write_file(tmp_path)
    assert len(tries) == 1


def test_all_renames_together_wait_for_a_second_or_two() -> None:
    assert 1 <= sum(files._PAUSES) <= 3


def test_nothing_else_renames() -> None:
    """Every rename goes through `files.rename`, which bears with scanners."""
    package = Path(files.__file__).parent
    # `replace` of a text takes two values, that of a dataclass names.
    rename = re.compile(r"os\.renames?\(|os\.replace\(|shutil\.move\(|(?<!files)\.rename\(|\.replace\([\w.]+\)")
    found = [(path.name, each) for path in package.rglob("*.py") for each in rename.findall(path.read_text())]
    # A saved board has a method of that name, which calls `files.rename`.
    assert sorted(found) == [("boards.py", ".rename("), ("files.py", "os.replace("), ("saved.py", ".rename(")]


@pytest.mark.parametrize("name", ["fox in snow", "Fox.2", "花店 2", "con man", "a~b", "x" * 180, "雪" * 60, "e\u0301"])
def test_a_name_that_every_system_takes(name: str, tmp_path: Path) -> None:
    assert name_problem(name) is None
    write(tmp_path / f"{name}.pdf", b"x")
    assert read_file(tmp_path / f"{name}.pdf", most=1) == b"x"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "write a name"),
        ("  ", "write a name"),
        ("a/b:c?", "a name cannot hold /"),
        ("../outside", "a name cannot hold /"),
        ("..\\outside", "a name cannot hold \\"),
        ("a:b", "a name cannot hold :"),
        ('say "hi"', 'a name cannot hold "'),
        ("a\tb", "a name cannot hold '\\t'"),
        ("a\ud800", "a name cannot hold '\\ud800'"),
        ("CON", "Windows keeps the name CON for itself"),
        ("nul.txt", "Windows keeps the name nul for itself"),
        ("Com1.tar.gz", "Windows keeps the name Com1 for itself"),
        ("lpt² ", "a name cannot begin or end with a space or a dot"),
        ("lpt²", "Windows keeps the name lpt² for itself"),
        ("aux .pdf", "Windows keeps the name aux for itself"),
        (".", "a name cannot begin or end with a space or a dot"),
        ("..", "a name cannot begin or end with a space or a dot"),
        ("story.", "a name cannot begin or end with a space or a dot"),
        (".story", "a name cannot begin or end with a space or a dot"),
        ("story ", "a name cannot begin or end with a space or a dot"),
        ("x" * 190, "it is too long: leave out 10 characters"),
        ("雪" * 61, "it is too long: leave out 1 character"),
    ],
)
def test_a_name_that_cannot_be_is_told_why(name: str, why: str) -> None:
    assert name_problem(name) == why
