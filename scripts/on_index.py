"""What a package index shows of the README: hatchling calls it for each build, after `[tool.hatch.metadata.hooks]`.

An index has none of the project's files: links and pictures lead to the project's address, which is `Repository` in
`[project.urls]` of pyproject.toml. Without one, pictures and links go, and their words stay.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


def on_index(readme: str, address: str | None) -> str:
    """Return the README with no link to a file beside it."""
    file = r"(?![a-z]+:|#)([^)\"]+)"
    if address:
        readme = re.sub(rf"(!\[[^]]*\]\(|<img src=\"){file}", rf"\1{address}/raw/HEAD/\2", readme)
        return re.sub(rf"(?<!!)(\[[^]]+\]\(){file}", rf"\1{address}/blob/HEAD/\2", readme)
    readme = re.sub(rf"!\[[^]]*\]\({file}\)\n\n|<img src=\"{file}\"[^>]*>", "", readme)
    return re.sub(rf"\[([^]]+)\]\({file}\)", r"\1", readme)


class OnIndex(MetadataHookInterface):
    """Sets the project's readme."""

    def update(self, metadata: dict[str, Any]) -> None:
        address = metadata.get("urls", {}).get("Repository", "").rstrip("/")
        text = on_index(Path(self.root, "README.md").read_text("utf-8"), address)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
