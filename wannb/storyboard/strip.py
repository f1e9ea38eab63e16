"""The strip: a board in the cell as small numbered frames with their words."""

from __future__ import annotations

import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from html import escape

from wannb.display import html, preview, small_jpeg
from wannb.text import shorten

from .shots import Reel, Shot

#: (frames shown at most, width of one on the page)
_WIDTHS = ((2, 400), (4, 320), (8, 240), (10**9, 190))
#: Pixels of a thumbnail's longer side, from the best to the least, and the bytes of one and of all of them.
_PIXELS = (480, 360, 300, 250, 200, 160)
_BYTES_EACH, _MOST_BYTES = 15_000, 550_000


def strip(reel: Reel, *, lines: Iterable[str], notes: Iterable[str]) -> str:
    """Return a board as HTML; the more frames there are, the smaller they are, so that a notebook stays light."""
    width = next(width for most, width in _WIDTHS if len(reel.shots) <= most)
    jpegs = _thumbnails(reel, round(width * 1.6))
    body = html.row([_figure(shot, jpeg, width) for shot, jpeg in zip(reel.shots, jpegs, strict=True)])
    return html.block(reel.title, lines=lines, body=body, notes=notes)


def text(reel: Reel, *, lines: Iterable[str], notes: Iterable[str]) -> str:
    """Return a board as text."""
    rows = [f"  {_facts(shot, shot.instead)} · {shorten(shot.scene.text, 70)}" for shot in reel.shots]
    head = f"Storyboard({reel.title!r}, {' · '.join(line for line in lines if line)})"
    return "\n".join([head, *rows, *(f"  {note}" for note in notes)])


def _facts(shot: Shot, *more: str) -> str:
    return " · ".join(part for part in (str(shot.number), shot.time, *more, shot.unsure, *shot.marks) if part)


def _thumbnails(reel: Reel, wanted: int) -> list[bytes]:
    """Return thumbnails as large as wanted, or as large as the bytes allow."""
    with ThreadPoolExecutor(2) as pool:
        large = list(pool.map(lambda shot: preview(shot.path, _PIXELS[0]) if shot.path else b"", reel.shots))
    most = min(_MOST_BYTES, _BYTES_EACH * max(4, len(reel.shots)))
    jpegs = large
    for pixels in _PIXELS:
        if pixels <= wanted:
            jpegs = [small_jpeg(io.BytesIO(each), pixels) if each else b"" for each in large]
            if sum(map(len, jpegs)) <= most:
                break
    return jpegs


def _figure(shot: Shot, jpeg: bytes, width: int) -> str:
    notes = [shorten(shot.scene.notes, 120)] if shot.scene.notes.strip() else []
    caption = [_facts(shot), shorten(shot.scene.text, 160), *notes]
    if jpeg:
        return html.figure(jpeg, alt=shot.alt, caption=caption, size=shot.size, width=width)
    shown = max(1, min(width, round(width * shot.size[0] / shot.size[1])))
    words = "<br>".join(map(html.text, caption))
    return (
        f'<figure style="margin:0;flex:0 1 {max(shown, 120)}px;min-width:0"><div role="img" '
        f'aria-label="{escape(shot.alt)}" style="box-sizing:border-box;width:{shown}px;max-width:100%;'
        f"aspect-ratio:{shot.size[0]}/{shot.size[1]};border:1px dashed {html.QUIET};border-radius:3px;display:flex;"
        f'align-items:center;justify-content:center;text-align:center;padding:4px;color:{html.QUIET}">'
        f'{html.text(shot.instead)}</div><figcaption style="color:{html.QUIET};font-size:12px;padding:3px 1px;'
        f'overflow-wrap:anywhere">{words}</figcaption></figure>'
    )
