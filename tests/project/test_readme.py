"""The README is short, and every command of README, CONTRIBUTING and the site exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import isolation
import pytest
from documents import PAGES, README, ROOT, blocks

START_COMMAND = 'pip install -e ".[lab]" && wannb lab'
TEST_COMMAND = "pytest -n 3 --dist loadfile"
TESTED_COMMANDS = {
    START_COMMAND,
    f'pip install -e ".[test]" && {TEST_COMMAND}',
    'pip install -e ".[studio]" && wannb studio',
    'export DASHSCOPE_API_KEY="sk-..."',
    'export HTTPS_PROXY="http://proxy.example.org:3128"',  # tests/service/test_network.py
    'export SSL_CERT_FILE="/etc/ssl/company.pem"',
    "wannb class --people 30 --images 8 --until 17:00",
    "python -m wannb.mock --port 8765",
    "wannb tidy book.ipynb",
    "wannb tidy --check notebooks/",
    "wannb doctor",
}


def test_no_command_stands_in_the_readme_or_the_site_that_no_test_knows() -> None:
    commands = {line for page in PAGES for kind, text in blocks(page) if kind == "shell" for line in text.splitlines()}
    assert commands == TESTED_COMMANDS
    readme = [text for kind, text in blocks(README) if kind == "shell"]
    assert readme == [f"{START_COMMAND}\n", f'pip install -e ".[test]" && {TEST_COMMAND}\n']
    ci = (ROOT / ".ci" / "run").read_text()
    assert ci.splitlines()[-1] == TEST_COMMAND
    assert 'environment "${newest:-python3}" "$work/lab" -e ".[lab]"' in ci
    assert 'environment "${newest:-python3}" "$work/tests" -e ".[test]"' in ci


def test_the_readme_is_one_screen() -> None:
    """What it loses is in the site; pictures and links are not cut off by that."""
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= 100
    for name in re.findall(r"(?:\]\(|src=\"|href=\")([^)\"#:]+)", text):
        assert (ROOT / name).exists(), name


def test_what_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    commands = [line for _, block in blocks(ROOT / "CONTRIBUTING.md") for line in block.splitlines()]
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
