"""Verdicts that come back from a page without Python.

The page knows pictures by numbers alone; what they are is in its key, a file that is looked for beside the verdicts, in
the folder above, in the current one and beside a judging.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from wannb.files import parse_json, read_file, read_lines
from wannb.translation import say

from .verdicts import KINDS, Kind, Sheet, marked

KEY = ".key.json"
#: Bytes of a file that comes back.
_MOST_BACK = 32 * 2**20


def returned(path: Path, folders: Iterable[Path]) -> Sheet | None:
    """Return the verdicts of a file that a page saved, as those of a judge's file; None for a file of another kind.

    Raises:
        ValueError: the page's key is in none of the folders.
        OSError: the file cannot be read.
    """
    lines, broken = read_lines(path, most=_MOST_BACK)
    place = _key_of(path, lines, folders)
    if place is None:
        return None
    head, key = lines[0], parse_json(read_file(place, most=_MOST_BACK))
    kind = KINDS[key["header"].get("kind", "pairs")]
    names = list(key["header"].get("questions", {"": ""}))
    verdicts: dict[str, Mapping[str, Any]] = {}
    for line in lines[1:]:
        found = _verdict(line, kind, key["pairs"], names, str(head.get("judge", "")))
        if found is None:
            broken += 1
        else:
            verdicts[marked(found)] = found
    return Sheet(header={**key["header"], "judge": str(head.get("judge", ""))}, verdicts=verdicts, broken=broken)


def key_file(path: Path, folders: Iterable[Path] = ()) -> Path | None:
    """Return the key of the page that saved a file of verdicts; None for a file of another kind.

    Raises:
        ValueError: the page's key is in none of the folders.
        OSError: the file cannot be read.
    """
    return _key_of(path, read_lines(path, most=_MOST_BACK)[0], folders)


def _key_of(path: Path, lines: Sequence[Any], folders: Iterable[Path]) -> Path | None:
    head = lines[0] if lines and isinstance(lines[0], Mapping) else {}
    if "wannb_judging_page" not in head:
        return None
    id_ = str(head.get("page")).partition("-")[0]
    for folder in dict.fromkeys([path.parent, path.parent.parent, Path.cwd(), *folders]):
        for place in sorted(folder.glob(f"*{KEY}")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                key = parse_json(read_file(place, most=_MOST_BACK))
                if key["page"] == id_ and isinstance(key["header"]["contestants"], list):
                    return place
    raise ValueError(
        say("{path}: the key of its page is missing; put the .key.json that was saved with it here", path=path.name)
    )


def _verdict(
    line: Any, kind: Kind, pairs: Sequence[Mapping[str, Any]], names: Sequence[str], judge: str
) -> dict[str, Any] | None:
    with suppress(LookupError, TypeError, ValueError):
        n, q, left = (line[name] for name in ("n", "q", "left"))
        if min(n, q) < 0 or left not in range(len(kind.sides)):
            return None
        answer = kind.answers[line["verdict"]]
        pair, name = dict(pairs[n]), names[q]
        shown = pair.pop("sides")
        sides = dict(zip(kind.sides, shown[::-1] if left else shown, strict=True))
        told = {**answer, **{key: line[key] for key in ("time", "seconds") if key in line}}
        asked = {**({"question": name} if name else {}), **({"again": True} if line.get("again") is True else {})}
        return {**pair, **sides, **asked, **told, "judge": judge}
    return None
