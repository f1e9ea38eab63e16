"""Judging without Python: a page that holds the pictures, and the verdicts that come back from it.

The page knows pictures by numbers alone. What they are is in a key, a file beside the page that stays with whoever made
it; `wannb.scores` looks for it beside the verdicts, in the folder above, in the current one and beside a judging.
"""

from __future__ import annotations

import base64
import io
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from wannb.display import ELEMENTS, esm, in_parallel, picture
from wannb.files import make_folder, parse_json, read_file, read_lines, write
from wannb.translation import say

from .pairs import Contest, Pair, rank
from .verdicts import LEFT, RIGHT, VERDICTS, Sheet, mark

_STATIC = Path(__file__).parent / "static"
#: Bytes of a page, and of a file that comes back.
_MOST, _MOST_BACK = 25 * 10**6, 32 * 2**20
#: What so many pictures may fill a page with: a hundred pairs of two contestants.
_PICTURES = 200
#: Longer side in pixels and quality, the best first; one for all pictures, so that none is favored.
_LADDER = ((1280, 85), (1280, 75), (1024, 75), (1024, 65), (896, 60), (768, 55))
_SAMPLE = 12
KEY = ".key.json"


def save_pages(
    path: Path,
    contest: Contest,
    pairs: Sequence[Pair],
    *,
    header: Mapping[str, Any],
    facts: Any,
    texts: Mapping[str, Any],
    kept: Path,
) -> list[Path]:
    """Write pages that hold the pairs, and their key beside them and in the folder `kept`; return the pages."""
    id_ = secrets.token_hex(6)
    # Neither the order of the pairs nor that of the two pictures says anything.
    pairs = sorted(pairs, key=lambda pair: rank(id_, pair.mark))
    sides = [sorted(zip(pair.contestants, pair.images, strict=True), key=lambda two: two[1].sha256) for pair in pairs]
    key = {
        "wannb_judging_key": 1,
        "page": id_,
        "header": {**header, "judge": ""},
        "pairs": [
            {
                "pair": pair.id,
                "sides": [facts(*side) for side in two],
                "shared": dict(pair.shared),
                **({"category": contest.category(pair)} if contest.category(pair) else {}),
            }
            for pair, two in zip(pairs, sides, strict=True)
        ],
    }
    paths = {image.sha256: image.path for two in sides for _, image in two}
    pictures = dict(zip(paths, _encoded(list(paths.values())), strict=True))
    numbered = [(n, tuple(image.sha256 for _, image in two)) for n, two in enumerate(sides)]
    # A picture that was lost since the judging began is in no page.
    chunks = _chunks([each for each in numbered if all(pictures[sha] for sha in each[1])], pictures)
    pages = [
        path if len(chunks) == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        for number, _ in enumerate(chunks, 1)
    ]
    written = json.dumps(key, ensure_ascii=False).encode()
    make_folder(kept)
    write(kept / f"{id_}{KEY}", written)
    write(path.with_name(f"{path.stem}{KEY}"), written, export=True)
    for number, (page, chunk) in enumerate(zip(pages, chunks, strict=True), 1):
        write(page, _page(f"{id_}-{number}", chunk, pictures, texts).encode(), export=True)
    return pages


def _encoded(paths: Sequence[Path]) -> list[str]:
    """Return pictures as addresses that hold them, all as large and as good as the page has room for."""
    most = _MOST * 0.97 * 3 / 4 / max(1, min(len(paths), _PICTURES))
    sample = paths[:: max(1, len(paths) // _SAMPLE)]
    for pixels, quality in _LADDER:
        tried = [each for each in in_parallel(partial(_webp, pixels=pixels, quality=quality), sample) if each]
        if sum(map(len, tried)) <= most * max(1, len(tried)):
            break
    found = in_parallel(partial(_webp, pixels=pixels, quality=quality), paths)
    return [f"data:image/webp;base64,{base64.b64encode(each).decode()}" if each else "" for each in found]


def _webp(path: Path, *, pixels: int, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture(path, pixels).save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()


def _chunks(
    pairs: Sequence[tuple[int, tuple[str, ...]]], pictures: Mapping[str, str]
) -> list[list[tuple[int, tuple[str, ...]]]]:
    """Return the pairs in as many parts as it takes for each to fit into a page."""
    chunks: list[list[tuple[int, tuple[str, ...]]]] = [[]]
    held: set[str] = set()
    size = 0
    for pair in pairs:
        new = set(pair[1]) - held
        more = sum(len(pictures[sha]) for sha in new)
        if chunks[-1] and size + more > _MOST * 0.98:
            chunks.append([])
            held, size, more = set(), 0, sum(len(pictures[sha]) for sha in set(pair[1]))
        held, size = held | set(pair[1]), size + more
        chunks[-1].append(pair)
    return chunks


def _page(
    id_: str, pairs: Sequence[tuple[int, tuple[str, ...]]], pictures: Mapping[str, str], texts: Mapping[str, Any]
) -> str:
    names = sorted({sha for _, two in pairs for sha in two}, key=lambda sha: rank(id_, sha))
    number = {sha: n for n, sha in enumerate(names)}
    data = {
        "page": id_,
        "first": [n for n, _ in pairs],
        "pairs": [[number[sha] for sha in two] for _, two in pairs],
        "pictures": [pictures[sha] for sha in names],
        **texts,
    }
    style = "".join((_STATIC / name).read_text(encoding="utf-8") for name in ("judge.css", "page.css"))
    script = esm(ELEMENTS, _STATIC / "judge.js", _STATIC / "page.js")
    written = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{texts["language"]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>…</title>'
        f'<style>{style}</style></head><body><script type="application/json" id="data">{written}</script>'
        f'<script type="module">{script}</script></body></html>\n'
    )


# What comes back


def returned(path: Path, folders: Iterable[Path]) -> Sheet | None:
    """Return the verdicts of a file that a page saved, as those of a judge's file; None for a file of another kind.

    Raises:
        ValueError: the page's key is in none of the folders.
        OSError: the file cannot be read.
    """
    lines, broken = read_lines(path, most=_MOST_BACK)
    head = lines[0] if lines and isinstance(lines[0], Mapping) else {}
    if "wannb_judging_page" not in head:
        return None
    key = _key_of(str(head.get("page")).partition("-")[0], [path.parent, path.parent.parent, Path.cwd(), *folders])
    if key is None:
        raise ValueError(
            say("{path}: the key of its page is missing; put the .key.json that was saved with it here", path=path.name)
        )
    names = list(key["header"].get("questions", {"": ""}))
    verdicts: dict[str, Mapping[str, Any]] = {}
    for line in lines[1:]:
        found = _verdict(line, key["pairs"], names, str(head.get("judge", "")))
        if found is None:
            broken += 1
        else:
            verdicts[mark(found["pair"], found.get("question", ""))] = found
    return Sheet(header={**key["header"], "judge": str(head.get("judge", ""))}, verdicts=verdicts, broken=broken)


def _key_of(id_: str, folders: Iterable[Path]) -> Any:
    for folder in dict.fromkeys(folders):
        for path in sorted(folder.glob(f"*{KEY}")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                key = parse_json(read_file(path, most=_MOST_BACK))
                if key["page"] == id_ and isinstance(key["header"]["contestants"], list):
                    return key
    return None


def _verdict(line: Any, pairs: Sequence[Mapping[str, Any]], names: Sequence[str], judge: str) -> dict[str, Any] | None:
    with suppress(LookupError, TypeError, ValueError):
        n, q, left = (line[name] for name in ("n", "q", "left"))
        if min(n, q) < 0 or left not in (0, 1) or line["verdict"] not in VERDICTS:
            return None
        pair, name = dict(pairs[n]), names[q]
        sides = pair.pop("sides")
        told = {key: line[key] for key in ("verdict", "time", "seconds") if key in line}
        asked = {"question": name} if name else {}
        return {**pair, LEFT: sides[left], RIGHT: sides[1 - left], **asked, **told, "judge": judge}
    return None
