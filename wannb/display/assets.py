"""JavaScript modules of the widgets, joined for the browser.

A widget's module is loaded from memory, where a relative import cannot be resolved. So the files that it imports (which
`node` can import by themselves) are put before it, as one module.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

#: Functions that all widgets share.
ELEMENTS = Path(__file__).parent / "static" / "elements.js"
#: Puts text on the clipboard.
CLIPBOARD = Path(__file__).parent / "static" / "clipboard.js"
#: Brings bytes from `Pieces`.
PIECES = Path(__file__).parent / "static" / "pieces.js"

_IMPORT = re.compile(r'^import\s+\{([^}]*)\}\s+from\s+"\./(\w+\.js)";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?function |const |let |class )", re.M)


@lru_cache
def esm(*files: Path) -> str:
    """Return files as one module, the widget's own file last: `esm(ELEMENTS, STATIC / "boxes.js")`.

    Raises:
        ValueError: a file imports one that does not come before it, or renames an import.
    """
    parts: list[str] = []
    names = [file.name for file in files]
    for position, (name, file) in enumerate(zip(names, files, strict=True)):
        source = file.read_text(encoding="utf-8")
        for brought, origin in _IMPORT.findall(source):
            if origin not in names[:position] or " as " in brought:
                raise ValueError(f"{name} imports {brought.strip()} of {origin}, which does not come before it")
        parts.append(_EXPORT.sub("", _IMPORT.sub("", source)))
    return "\n".join(parts)
