"""README, CONTRIBUTING and the pages of the site, and the blocks in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
HOW_TO = ROOT / "docs" / "how-to"
#: Pages whose blocks have tests of their own: `test_other_languages.py`, `test_hub.py`, `test_ways_in.py`.
_OF_THEIR_OWN = {HOW_TO / f"{name}.md" for name in ("another-language", "jupyterhub", "start-elsewhere")}
#: Pages whose blocks of code are run, and whose commands are known to tests.
PAGES = [
    *(README, ROOT / "README.zh-CN.md"),
    *(ROOT / "docs" / name for name in ("index.md", "start.md", "zh/start.md")),
    *sorted({*HOW_TO.glob("*.md")} - _OF_THEIR_OWN),
]


def blocks(path: Path) -> list[tuple[str, str]]:
    """Return the blocks of a page, each as its kind and its text."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S)
