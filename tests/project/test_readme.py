"""Every block and every command of the README does what it says."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
from pathlib import Path

import pytest
from processes import Command

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
TESTED_COMMANDS = {
    'pip install -e ".[lab]" && wannb lab',
    'pip install -e ".[test]" && pytest -n 2 --dist loadfile',
    'pip install -e ".[studio]" && wannb studio',
    'export DASHSCOPE_API_KEY="sk-..."',
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


def test_every_call_of_the_table_of_modes_is_that_mode(tmp_path: Path) -> None:
    from PIL import Image

    import wannb

    for name in ("photo.jpg", "cat.png", "cup.png", "room.jpg"):
        Image.new("RGB", (1200, 800), "teal").save(name)
    rows = re.findall(r"^\| ([a-z -]+) \| `(client\..*?)` \|$", README, re.M)
    assert len(rows) == 6
    with wannb.connect("mock") as client:
        for mode, call in rows:
            assert eval(call, {"client": client}).request.mode == mode


def test_no_command_stands_in_the_readme_that_no_test_knows() -> None:
    assert {line for kind, text in BLOCKS if kind == "shell" for line in text.splitlines()} == TESTED_COMMANDS
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "pytest -n 2 --dist loadfile"
    assert 'pip install -e ".[test]"' in (ROOT / ".ci" / "run").read_text()


@pytest.mark.skipif(os.name == "nt", reason="ends the server by a POSIX signal")
def test_the_mock_server_command_prints_its_address_and_stops(tmp_path: Path) -> None:
    with Command("-m", "wannb.mock", "--port", "0", folder=tmp_path) as server:
        server.wait_for(r"\Ahttp://127\.0\.0\.1:\d+/api/v1\n\Z")
        assert server.signal(signal.SIGTERM) == 0
