"""Every block of the README does what it says, and every command of README and CONTRIBUTING exists."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import isolation
import pytest
from PIL import Image

import wannb

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
BLOCK = r"^```(\w+)\n(.*?)^```$"
BLOCKS = re.findall(BLOCK, README, re.M | re.S)
TEST_COMMAND = "pytest -n 2 --dist loadfile"
TESTED_COMMANDS = {
    'pip install -e ".[lab]" && wannb lab',
    'pip install -e ".[test]" && pytest -n 2 --dist loadfile',
    'pip install -e ".[studio]" && wannb studio',
    'export DASHSCOPE_API_KEY="sk-..."',
    "wannb class --people 30 --images 8 --until 17:00",
    "python -m wannb.mock --port 8765",
    "wannb tidy book.ipynb",
    "wannb tidy --check notebooks/",
    "wannb doctor",
}


def test_every_python_block_runs_and_prints_what_stands_below_it() -> None:
    names: dict[str, object] = {}
    for (kind, code), (below, text) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
        if kind != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        if below == "text":
            assert printed.getvalue() == text
    names["client"].close()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("quick_pictures")
def test_every_call_of_the_table_of_modes_is_that_mode() -> None:
    for name in ("photo.jpg", "cat.png", "cup.png", "room.jpg"):
        Image.new("RGB", (1200, 800), "teal").save(name)
    rows = re.findall(r"^\| ([a-z -]+) \| `(client\..*?)` \|$", README, re.M)
    assert len(rows) == 6
    with wannb.connect("mock") as client:
        for mode, call in rows:
            assert eval(call, {"client": client}).request.mode == mode


def test_no_command_stands_in_the_readme_that_no_test_knows() -> None:
    assert {line for kind, text in BLOCKS if kind == "shell" for line in text.splitlines()} == TESTED_COMMANDS
    ci = (ROOT / ".ci" / "run").read_text()
    assert ci.splitlines()[-1] == TEST_COMMAND
    assert 'environment "${newest:-python3}" "$work/lab" -e ".[lab]"' in ci
    assert 'environment "${newest:-python3}" "$work/tests" -e ".[test]"' in ci


def test_what_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    commands = [line for kind, block in re.findall(BLOCK, text, re.M | re.S) for line in block.splitlines()]
    assert 'pip install -e ".[test]"' in commands
    assert TEST_COMMAND in commands
    for name in re.findall(r"(?:\.ci|wannb|tests|scripts)/[\w./<>]*[\w/]", text):
        name = name.replace("<room>", "tools").replace("test_x", "test_run").replace("/x.py", "/run.py")
        assert (ROOT / name).exists(), name
    for variable in isolation.OURS:
        assert f"`{variable}" in text, variable


@pytest.mark.parametrize(
    "command",
    ["scripts/measure --no-time", "scripts/record --help", "scripts/screenshots --help", "scripts/pictures --help"],
)
def test_the_scripts_run(command: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    run = subprocess.run(command.split(), cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout
