"""Pages in another language are as new as their originals, and their code is the same."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT, blocks

#: Each translation with its original. It keeps the hash of the words that it translates.
TRANSLATED = {
    "README.zh-CN.md": "README.md",
    "docs/zh/start.md": "docs/start.md",
    "docs/zh/storyboard.md": "docs/how-to/storyboard.md",
    "docs/zh/01-text-to-image.ipynb": "notebooks/01-text-to-image.ipynb",
}


def cells(path: Path, kind: str) -> list[str]:
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def words(path: Path) -> str:
    """Return what is to be translated: of a notebook without its code and outputs."""
    return "\n".join(cells(path, "markdown")) if path.suffix == ".ipynb" else path.read_text("utf-8")


def code(path: Path) -> list[str]:
    """Return the code without what comments say."""
    if path.suffix == ".ipynb":
        return cells(path, "code")
    return [re.sub(r"(?m)  # .*$", "", text) for _, text in blocks(path)]


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_is_as_new_as_its_original(name: str) -> None:
    original = ROOT / TRANSLATED[name]
    now = hashlib.sha256(words(original).encode()).hexdigest()[:16]
    said = re.search(r"translated from (\S+), ([0-9a-f]{16})", (ROOT / name).read_text("utf-8"))
    assert said, f"{name} does not say what it was translated from"
    assert said[1] == TRANSLATED[name]
    assert said[2] == now, f"{original.name} was changed: translate that in {name}, then write {now} there"


def test_a_translated_tutorial_has_the_outputs_of_its_original() -> None:
    for name, original in TRANSLATED.items():
        if name.endswith(".ipynb"):
            theirs, ours = (json.loads((ROOT / each).read_text("utf-8"))["cells"] for each in (name, original))
            made = [[cell.get("outputs") for cell in book] for book in (theirs, ours)]
            assert made[0] == made[1], f"{original} was recorded anew: copy its outputs to {name}"


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_has_the_same_code_and_both_lead_to_each_other(name: str) -> None:
    translation, original = ROOT / name, ROOT / TRANSLATED[name]
    assert code(translation) == code(original)
    assert re.search(r"\[English\]\(\S+\)", words(translation))
    if original.suffix == ".md":  # a tutorial gets its link in the site
        assert "[中文](" in words(original)


@pytest.mark.parametrize("name", TRANSLATED)
def test_chinese_is_set_as_chinese(name: str) -> None:
    """A space beside Latin letters and code; none, so no line's end either, between characters."""
    text = re.sub(r"`[^`\n]+`", "`x`", re.sub(r"(?s)```.*?```", "", words(ROOT / name)))
    assert re.findall(r".{0,9}(?:[\u4e00-\u9fff][A-Za-z0-9`]|[A-Za-z0-9`][\u4e00-\u9fff]).{0,9}", text) == []
    assert re.findall(r".{0,9}[\u4e00-\u9fff，；：、][ \n][\u4e00-\u9fff].{0,9}", text) == []
