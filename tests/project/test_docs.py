"""Every block of Python on a page of the site does what it says; the reference has every variable."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from documents import PAGES, ROOT, blocks
from PIL import Image

import wannb
from wannb import mock

REFERENCE = ROOT / "docs" / "reference"
#: In capitals, and no variables that wannb reads: of Pillow, of Python's bytecode, and what nbformat reads.
OTHERS = {
    "NBFORMAT_VALIDATOR",
    "RAISE_VARARGS",
    "FLIP_LEFT_RIGHT",
    "FLIP_TOP_BOTTOM",
    "ROTATE_90",
    "ROTATE_180",
    "ROTATE_270",
}
#: Read by `urllib`, which knows them in small letters too.
PROXIES = {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"}


@pytest.fixture
def quick_service(quick_pictures: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let `connect()` find a mock server that draws one color in no time."""
    with mock.serve(task_seconds=0.0) as server:
        monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", server.base_url)
        yield


def _is_shown(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, (ast.Name, ast.Attribute))


@pytest.mark.usefixtures("quick_service")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_python_block_runs_and_prints_what_stands_below_it(page: Path) -> None:
    names: dict[str, object] = {}
    for (kind, code), (below, text) in pairwise([*blocks(page), ("", "")]):
        if kind != "python":
            continue
        unseen = [ast.unparse(line) for line in ast.parse(code).body[:-1] if _is_shown(line)]
        assert unseen == [], "a cell shows nothing but its last value"
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        if below == "text":
            assert printed.getvalue() == text
    if isinstance(client := names.get("client"), wannb.Client):
        client.close()


@pytest.mark.usefixtures("quick_service")
def test_every_call_of_the_table_of_modes_is_that_mode() -> None:
    for name in ("photo.jpg", "cat.png", "cup.png", "room.jpg"):
        Image.new("RGB", (1200, 800), "teal").save(name)
    text = (ROOT / "docs" / "how-to" / "modes.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z -]+) \| `(client\..*?)` \|$", text, re.M)
    assert len(rows) == 6
    with wannb.connect("mock") as client:
        for mode, call in rows:
            assert eval(call, {"client": client}).request.mode == mode


def test_the_reference_has_every_variable_that_the_code_reads() -> None:
    listed = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (REFERENCE / "environment.md").read_text("utf-8")))
    read = set()
    for path in (ROOT / "wannb").rglob("*.py"):
        text = re.sub(r"^__all__ = \[.*?\]", "", path.read_text("utf-8"), flags=re.M | re.S)
        read |= set(re.findall(r"[\"']([A-Z]+(?:_[A-Z0-9]+)+|DISPLAY)[\"']", text))
    assert read - OTHERS | PROXIES == listed


def test_the_reference_has_every_folder_in_a_runs_folder() -> None:
    text = (REFERENCE / "folders.md").read_text("utf-8")
    made = {
        name for path in (ROOT / "wannb").rglob("*.py") for name in re.findall(r'\broot / "(\.?\w+)"', path.read_text())
    }
    assert ".locks" in made
    assert {name for name in made if f"\n  {name}/" not in text} == set()
