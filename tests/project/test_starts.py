"""Odd ways to start Python, and odd places: a sentence at most, and everything as usual."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wannb import errors

TITLES = (
    "import json; from wannb import errors\n"
    "found = [(name, getattr(kind, 'title', None)) for name, kind in vars(errors).items()]\n"
    "titles = {name: title for name, title in found if isinstance(title, str)}\n"
    "print(json.dumps(titles))"
)
#: One picture, shown; nothing is closed.
PICTURE = r"""
import wannb
client = wannb.connect("mock")
result = client.generate("\u82b1\u5e97", size="768*768", seed=1)
print(result, client, result[0], wannb.ImageRequest(prompt="\u82b1"), sep="\n")
"""


def start(*arguments: str, code: str, cwd: Path, **environment: str | None) -> subprocess.CompletedProcess[str]:
    known: Any = {**os.environ, **environment}
    known = {name: value for name, value in known.items() if value is not None}
    command = [sys.executable, *arguments, "-c", code]
    return subprocess.run(command, cwd=cwd, env=known, capture_output=True, text=True, check=False)


def test_titles_are_there_without_docstrings(tmp_path: Path) -> None:
    found = start("-OO", "-W", "error", code=TITLES, cwd=tmp_path)
    titles = json.loads(found.stdout)
    assert titles == {name: getattr(errors, name).title for name in titles}
    assert len(set(titles.values())) > 20


NARROW = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        (["-X", "dev", "-W", "error"], {}),
        (["-OO", "-W", "error"], {}),
        (["-X", "warn_default_encoding", "-W", "error"], NARROW),
        (["-W", "error"], {"PYTHONIOENCODING": "ascii"}),
        (["-W", "error"], {"HOME": None}),
        (["-W", "error"], {"HOME": "/proc/none", "TMPDIR": "/none", "MPLCONFIGDIR": "/proc/none"}),
    ],
    ids=["dev", "OO", "C", "ascii", "homeless", "no places"],
)
def test_a_picture_is_made_and_shown(flags: list[str], environment: dict[str, str | None], tmp_path: Path) -> None:
    found = start(*flags, code=PICTURE, cwd=tmp_path, **environment)
    assert found.stderr == ""
    assert "768*768" in found.stdout
    assert "Client(mock server" in found.stdout
    narrow = environment is NARROW or "PYTHONIOENCODING" in environment
    assert ("\\u82b1" if narrow else "花") in found.stdout
    assert len(list(tmp_path.glob("wannb-runs/*/image-1.png"))) == 1


@pytest.mark.parametrize(
    ("store", "why"), [(None, "No such file or directory"), ("~nobody-here/runs", "Could not determine home directory")]
)
def test_a_folder_that_leads_nowhere_is_a_sentence(store: str | None, why: str, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    code = (
        "import os, wannb; wannb.connect; os.rmdir(os.getcwd())\n"
        f"try: wannb.connect('mock', store={store!r})\n"
        "except wannb.errors.StoreError as error: print(error)"
    )
    found = start("-W", "error", code=code, cwd=tmp_path / "gone")
    assert found.stderr == ""
    assert found.stdout == (
        f"the runs folder {store or 'wannb-runs'!r} cannot be found: {why}. Change to a working folder that is there, "
        "or give the whole path with connect(store=...)\n"
    )
