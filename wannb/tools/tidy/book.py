"""A notebook's file: read it with clear errors, and write it back in its own layout or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_BOM = b"\xef\xbb\xbf"
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})", re.M)
_INDENT = re.compile(r"\A\s*\{\r?\n([ \t]+)\"")
#: Nothing of this size is a notebook that a front end opens.
_LARGEST = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Book:
    """A notebook as it was read.

    Attributes:
        path: the file itself, links followed.
        content: its bytes.
        tree: what they say; to be changed in place.
    """

    path: Path
    content: bytes = field(repr=False)
    tree: dict[str, Any] = field(repr=False)

    def encoded(self) -> bytes:
        """Return the tree as bytes in the layout of the file: indentation, line ends, what stands at its end."""
        text = self.content.removeprefix(_BOM).decode()
        indent = _INDENT.match(text)
        layout: dict[str, Any] = {"indent": indent[1]} if indent else {"indent": 1}
        if "\n" not in text.strip():
            layout = {"separators": (", ", ": ") if '": ' in text[:200] else (",", ":")}
        # Some programs write \u4e00 for 一: whoever compares versions of the file wants to see what really changed.
        escaped = text.isascii() and "\\u" in text
        new = json.dumps(self.tree, ensure_ascii=escaped, **layout)
        try:
            new.encode()
        except UnicodeEncodeError:  # half a character, which only stands as an escape
            new = json.dumps(self.tree, ensure_ascii=True, **layout)
        new += text[len(text.rstrip()) :]
        if "\r\n" in text:
            new = re.sub(r"\r?\n", "\r\n", new)
        return (_BOM if self.content.startswith(_BOM) else b"") + new.encode()

    def write(self, content: bytes) -> None:
        """Put new content in the file's place, unless somebody else changed the file meanwhile.

        Raises:
            ValueError: the file is another by now, or cannot be written; it is as it was.
        """
        temporary = None
        try:
            number, temporary = tempfile.mkstemp(prefix=f".{self.path.name}.", suffix=".part", dir=self.path.parent)
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            shutil.copymode(self.path, temporary)
            if self.path.read_bytes() != self.content:
                raise ValueError(
                    f"{str(self.path)!r} was changed by another program meanwhile and is left as that wrote it; "
                    "save it in your front end, then tidy it again"
                )
            os.replace(temporary, self.path)
        except OSError as error:
            raise ValueError(f"cannot write {str(self.path)!r}: {error.strerror or error}") from error
        finally:
            if temporary is not None:
                with suppress(OSError):
                    os.unlink(temporary)


def read(path: str | os.PathLike[str]) -> Book:
    """Read a notebook.

    Raises:
        ValueError: there is no such file, or it is no notebook of format 4; the text says why and what to do.
    """
    try:
        place = Path(path).expanduser().resolve()
        if place.is_file() and place.stat().st_size > _LARGEST:
            raise ValueError(f"{str(path)!r} is larger than 1 GB; clear its outputs in your front end")
        content = place.read_bytes()
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"cannot read the notebook {str(path)!r}: {reason}") from error
    return Book(path=place, content=content, tree=_tree(content, f"{str(path)!r}"))


def _tree(content: bytes, name: str) -> dict[str, Any]:
    try:
        text = content.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is no notebook: it is not UTF-8 text (byte {error.start})") from None
    try:
        tree = json.loads(text)
    except RecursionError:
        raise ValueError(f"{name} is no notebook: it is nested too deeply") from None
    except ValueError as error:
        conflict = _CONFLICT.search(text)
        if conflict:
            line = text.count("\n", 0, conflict.start()) + 1
            raise ValueError(
                f"{name} holds the marks of a merge conflict (line {line}): take one side, or use nbdime, then tidy it"
            ) from None
        raise ValueError(f"{name} is no notebook, it is not JSON: {error}") from None
    if not isinstance(tree, dict) or not isinstance(tree.get("nbformat"), int):
        raise ValueError(f"{name} is no notebook: it has no nbformat")
    if tree["nbformat"] != 4:
        raise ValueError(
            f"{name} is a notebook of format {tree['nbformat']}, and only format 4 is known here; open it in "
            "JupyterLab and save it"
        )
    cells = tree.get("cells")
    if not isinstance(cells, list):
        raise ValueError(f"{name} is no notebook: it has no list of cells")
    for number, cell in enumerate(cells, 1):
        outputs = cell.get("outputs", []) if isinstance(cell, dict) else None
        if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
            raise ValueError(f"{name} is damaged: cell {number} is no cell")
        if not _is_text(cell.get("source", "")):
            raise ValueError(f"{name} is damaged: the source of cell {number} is no text")
    return tree


def _is_text(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(line, str) for line in value))


def joined(value: object) -> str | None:
    """Return a text that stands as one string or as a list of lines; None where it is neither."""
    if isinstance(value, str):
        return value
    return "".join(value) if isinstance(value, list) and _is_text(value) else None


def as_it_stood(text: str, before: object) -> str | list[str]:
    """Return a text as one string or as a list of lines, whichever it was before."""
    return text.splitlines(keepends=True) if isinstance(before, list) else text
