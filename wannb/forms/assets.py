"""JavaScript and CSS files of the widgets, put together as the browser takes them.

A widget's module is loaded from memory, where a relative import leads nowhere. So the files it imports, which `node`
can import on their own, are laid before it as one module.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import\s+\{([^}]*)\}\s+from\s+"\./(\w+\.js)";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?function |const |let |class )", re.M)


@lru_cache
def esm(*names: str) -> str:
    """Return files of `static` as one module, the widget's own last: `esm("geometry.js", "boxes.js")`.

    Raises:
        ValueError: a file imports another that does not stand before it, or under another name.
    """
    parts: list[str] = []
    for position, name in enumerate(names):
        source = (STATIC / name).read_text(encoding="utf-8")
        for brought, origin in _IMPORT.findall(source):
            if origin not in names[:position] or " as " in brought:
                raise ValueError(f"{name} imports {brought.strip()} of {origin}, which does not stand before it")
        parts.append(_EXPORT.sub("", _IMPORT.sub("", source)))
    return "\n".join(parts)


@lru_cache
def css(name: str) -> str:
    """Return a style sheet of `static`: `css("boxes.css")`."""
    return (STATIC / name).read_text(encoding="utf-8")
