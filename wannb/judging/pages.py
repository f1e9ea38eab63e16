"""Judging without Python: a page that holds the pictures.

The page knows pictures by numbers alone. What they are is in a key, a file beside the page that stays with whoever made
it; `wannb.scores` looks for it beside the verdicts, in the folder above, in the current one and beside a judging.
"""

from __future__ import annotations

import base64
import io
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import ELEMENTS, esm, in_parallel, picture
from wannb.files import make_folder, write
from wannb.scoring import KEY

from .pairs import Contest, Pair, rank, references

if TYPE_CHECKING:
    from PIL import Image

_STATIC = Path(__file__).parent / "static"
#: Bytes of a page.
_MOST = 25 * 10**6
#: What so many pictures may fill a page with: a hundred pairs of two contestants.
_PICTURES = 200
#: Longer side in pixels and quality, the best first; one for all pictures, so that none is favored.
_LADDER = ((1280, 85), (1280, 75), (1024, 75), (1024, 65), (896, 60), (768, 55))
_SAMPLE = 12
#: Pixels on the longer side that a blurred copy keeps.
_FEW = 24


@dataclass(frozen=True)
class Shown:
    """A picture on a page, or its blurred copy."""

    path: Path
    sha256: str
    blurred: bool = False
    #: What an edit was made from, which is shown smaller.
    reference: bool = False

    @property
    def name(self) -> str:
        return f"{self.sha256}{' blurred' if self.blurred else ''}"


@dataclass(frozen=True)
class Held:
    """A pair on a page: its number, and the names of its pictures and of those beside them."""

    number: int
    pair: Sequence[str]
    beside: Sequence[str]

    @property
    def names(self) -> set[str]:
        return {*self.pair, *self.beside}


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
    # The second picture of an attention pair is blurred; which one is on the left a person's page decides.
    shown = [
        [Shown(image.path, image.sha256, pair.attention and place == 1) for place, (_, image) in enumerate(all_)]
        for pair, all_ in zip(pairs, sides, strict=True)
    ]
    key = {
        "wannb_judging_key": 1,
        "page": id_,
        "header": {**header, "judge": ""},
        "pairs": [
            {
                "pair": pair.id,
                **({"attention": True} if pair.attention else {}),
                "sides": [
                    {**facts(*side), **({"blurred": True} if each.blurred else {})}
                    for side, each in zip(two, seen, strict=True)
                ],
                "shared": dict(pair.shared),
                **({"category": contest.category(pair)} if contest.category(pair) else {}),
            }
            for pair, two, seen in zip(pairs, sides, shown, strict=True)
        ],
    }
    beside = [[Shown(path, path.name, reference=True) for path in references(pair)] for pair in pairs]
    sources = {each.name: each for seen in (*shown, *beside) for each in seen}
    pictures = dict(zip(sources, _encoded(list(sources.values())), strict=True))
    # A picture that was lost since the judging began is in no page.
    held = [
        Held(n, [each.name for each in two], [each.name for each in more if pictures[each.name]])
        for n, (two, more) in enumerate(zip(shown, beside, strict=True))
        if all(pictures[each.name] for each in two)
    ]
    chunks = _chunks(held, pictures)
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


def _encoded(paths: Sequence[Shown]) -> list[str]:
    """Return pictures as addresses that hold them, all as large and as good as the page has room for."""
    most = _MOST * 0.97 * 3 / 4 / max(1, min(len(paths), _PICTURES))
    sample = paths[:: max(1, len(paths) // _SAMPLE)]
    for pixels, quality in _LADDER:
        tried = [each for each in in_parallel(partial(_webp, pixels=pixels, quality=quality), sample) if each]
        if sum(map(len, tried)) <= most * max(1, len(tried)):
            break
    found = in_parallel(partial(_webp, pixels=pixels, quality=quality), paths)
    return [f"data:image/webp;base64,{base64.b64encode(each).decode()}" if each else "" for each in found]


def blurred(path: Path, pixels: int) -> Image.Image:
    """Return a picture made of so few pixels that anybody who looks prefers the original, whatever is asked."""
    from PIL import Image

    whole = picture(path, pixels)
    few = whole.copy()
    few.thumbnail((_FEW, _FEW))
    return few.resize(whole.size, Image.Resampling.BICUBIC)


def _webp(source: Shown, *, pixels: int, quality: int) -> bytes:
    buffer = io.BytesIO()
    make = blurred if source.blurred else picture
    make(source.path, pixels // 2 if source.reference else pixels).save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()


def _chunks(pairs: Sequence[Held], pictures: Mapping[str, str]) -> list[list[Held]]:
    """Return the pairs in as many parts as it takes for each to fit into a page."""
    chunks: list[list[Held]] = [[]]
    held: set[str] = set()
    size = 0
    for pair in pairs:
        new = pair.names - held
        more = sum(len(pictures[sha]) for sha in new)
        if chunks[-1] and size + more > _MOST * 0.98:
            chunks.append([])
            held, size, more = set(), 0, sum(len(pictures[name]) for name in pair.names)
        held, size = held | pair.names, size + more
        chunks[-1].append(pair)
    return chunks


def _page(id_: str, pairs: Sequence[Held], pictures: Mapping[str, str], texts: Mapping[str, Any]) -> str:
    names = sorted(set().union(*(pair.names for pair in pairs)), key=lambda name: rank(id_, name))
    number = {name: n for n, name in enumerate(names)}
    data = {
        "page": id_,
        "first": [pair.number for pair in pairs],
        "pairs": [[number[name] for name in pair.pair] for pair in pairs],
        "references": [[number[name] for name in pair.beside] for pair in pairs],
        "pictures": [pictures[name] for name in names],
        **texts,
    }
    style = "".join((_STATIC / name).read_text(encoding="utf-8") for name in ("judge.css", "page.css"))
    script = esm(ELEMENTS, _STATIC / "judge.js", _STATIC / "page.js")
    written = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    # With `handed_in` a page sends what is judged to the server that it came from.
    policy += "; connect-src 'self'" if texts.get("handed_in") else ""
    return (
        f'<!doctype html>\n<html lang="{texts["language"]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>…</title>'
        f'<style>{style}</style></head><body><script type="application/json" id="data">{written}</script>'
        f'<script type="module">{script}</script></body></html>\n'
    )
