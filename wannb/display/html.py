"""Bytes and text to HTML: every text escaped, every style inline, no script, nothing from elsewhere.

Colours are JupyterLab's own variables with a fallback that reads on dark and on light, since the same HTML is
shown in notebooks, in nbconvert's pages and in front ends that know no theme.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from wannb.translation import Said, say

BORDER = "var(--jp-border-color2, rgba(128,128,128,.45))"
QUIET = "var(--jp-ui-font-color2, rgba(128,128,128,1))"
FONT = "font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:13px;line-height:1.45"


def text(value: object) -> str:
    """Return any text escaped and isolated, so that right-to-left words do not turn what stands around them.

    A `Said` comes in the language that is spoken here; every other text as it stands.
    """
    return f"<bdi>{escape(say(value) if isinstance(value, Said) else str(value))}</bdi>"


def figure(jpeg: bytes, *, alt: str, caption: Iterable[str], size: tuple[int, int], width: int) -> str:
    """Return a picture, its bytes inside, with lines of plain text under it.

    Args:
        jpeg: the thumbnail; of an empty one its text is shown in its place.
        alt: what the picture shows, for people who do not see it.
        caption: lines of text.
        size: width and height of the original, which give the shape.
        width: of the picture on the page in pixels; a picture that is higher than wide is that high instead.
    """
    shown = max(1, min(width, round(width * size[0] / size[1])))
    height = max(1, round(shown * size[1] / size[0]))
    lines = "<br>".join(text(line) for line in caption if line)
    data = base64.b64encode(jpeg).decode()
    image = (
        _unseen(alt, shown, height)
        if not jpeg
        else (
            f'<img src="data:image/jpeg;base64,{data}" alt="{escape(alt)}" width="{shown}" height="{height}" '
            'style="display:block;max-width:100%;height:auto;margin:0;border-radius:3px">'
        )
    )
    return (
        f'<figure style="margin:0;flex:0 1 {max(shown, 120)}px;min-width:0">{image}'
        f'<figcaption style="color:{QUIET};font-size:12px;padding:3px 1px;overflow-wrap:anywhere">{lines}'
        "</figcaption></figure>"
    )


def _unseen(alt: str, width: int, height: int) -> str:
    """Return a frame of a picture's size with its text in it."""
    said = Said("Gone or damaged: {what}", what=alt)
    return (
        f'<div role="img" aria-label="{escape(say(said))}" style="max-width:{width}px;aspect-ratio:{width}/{height};'
        f"min-height:60px;box-sizing:border-box;padding:6px;overflow:hidden;border:1px dashed {BORDER};"
        f'border-radius:3px;color:{QUIET};font-size:12px">⚠ {text(said)}</div>'
    )


def block(title: str, *, lines: Iterable[str] = (), body: str = "", notes: Iterable[str] = ()) -> str:
    """Return a titled block: a heading line, quiet lines, a body of ready HTML, and notes that stand out."""
    quiet = "".join(f'<div style="color:{QUIET}">{text(line)}</div>' for line in lines if line)
    loud = "".join(
        f'<div style="border-left:3px solid #c77700;padding-left:8px;margin:4px 0">{text(note)}</div>' for note in notes
    )
    head = f'<div style="font-weight:600;overflow-wrap:anywhere">{text(title)}</div>' if title else ""
    return f'<div style="{FONT};max-width:1100px">{head}{quiet}{loud}{body}</div>'


def row(figures: Iterable[str]) -> str:
    """Return figures side by side, wrapped where the page is narrow."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:10px;margin:8px 0">{"".join(figures)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of plain text; a value that is a `Markup` is put in as it stands."""
    cell = f"padding:3px 10px 3px 0;text-align:left;vertical-align:top;border-bottom:1px solid {BORDER}"
    top = "".join(f'<th style="{cell}">{text(name)}</th>' for name in head)
    body = "".join(
        "<tr style='background:none'>"
        + "".join(f'<td style="{cell};overflow-wrap:anywhere">{_cell(value)}</td>' for value in values)
        + "</tr>"
        for values in rows
    )
    return f'<table style="border-collapse:collapse;{FONT}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def scrolled(body: str) -> str:
    """Return ready HTML in a box of its own that scrolls sideways where the page is narrow."""
    return f'<div style="overflow-x:auto">{body}</div>'


class Markup(str):
    """Ready HTML made in this module, to be put into a table as it stands."""


def _cell(value: object) -> str:
    return value if isinstance(value, Markup) else text(value)
