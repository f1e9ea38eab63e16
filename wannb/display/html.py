"""HTML from bytes and text: every text escaped, every style inline, no script, nothing loaded from elsewhere.

Colors are JupyterLab's variables with a fallback that is readable on dark and on light, since the same HTML is shown in
notebooks, in pages of nbconvert and in front ends without a theme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TypeVar

from wannb.translation import Said, say

from .previews import data_uri

C = TypeVar("C", bound=type)
BORDER = "var(--jp-border-color2, rgba(128,128,128,.45))"
QUIET = "var(--jp-ui-font-color2, rgba(128,128,128,1))"
FONT = "font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:13px;line-height:1.45"


def plain(value: object) -> str:
    """Return a text in the current language: a `Said` translated, every other text unchanged."""
    return say(value) if isinstance(value, Said) else str(value)


def attribute(value: object) -> str:
    """Return a text escaped for an attribute, in the current language."""
    return escape(plain(value))


def text(value: object) -> str:
    """Return a text escaped, in the current language, and isolated: right-to-left words leave their surroundings alone.

    >>> text("1 < 2")
    '<bdi>1 &lt; 2</bdi>'
    """
    return f"<bdi>{attribute(value)}</bdi>"


def figure(
    jpeg: bytes, *, alt: str, caption: Iterable[str], size: tuple[int, int], width: int, instead: str = ""
) -> str:
    """Return a picture as an HTML figure with lines of text under it.

    Args:
        jpeg: the thumbnail; without one, a dashed frame of its shape shows a text instead.
        alt: a description of the picture for screen readers.
        caption: lines of text.
        size: width and height of the original, which give the shape.
        width: of the longer side on the page, in pixels.
        instead: the text in the frame; says that the picture is gone or damaged unless given.
    """
    shown = max(1, min(width, round(width * size[0] / size[1])))
    height = max(1, round(shown * size[1] / size[0]))
    lines = "<br>".join(text(line) for line in caption if line)
    if jpeg:
        image = (
            f'<img src="{data_uri(jpeg)}" alt="{attribute(alt)}" width="{shown}" height="{height}" '
            'style="display:block;max-width:100%;height:auto;margin:0;border-radius:3px">'
        )
    else:
        said = Said("Gone or damaged: {what}", what=alt)
        image = (
            f'<div role="img" aria-label="{attribute(alt if instead else said)}" style="max-width:{shown}px;'
            f"aspect-ratio:{shown}/{height};min-height:60px;box-sizing:border-box;padding:6px;overflow:hidden;"
            f"border:1px dashed {BORDER};border-radius:3px;display:flex;align-items:center;justify-content:center;"
            f'text-align:center;color:{QUIET};font-size:12px">{text(instead) if instead else "⚠ " + text(said)}</div>'
        )
    return (
        f'<figure style="margin:0;flex:0 1 {max(shown, 120)}px;min-width:0">{image}'
        f'<figcaption style="color:{QUIET};font-size:12px;padding:3px 1px;overflow-wrap:anywhere">{lines}'
        "</figcaption></figure>"
    )


def block(title: str, *, lines: Iterable[str] = (), body: str = "", notes: Iterable[str] = ()) -> str:
    """Return a titled block: a heading, quiet lines, notes that stand out, and a body of ready HTML."""
    quiet = "".join(f'<div style="color:{QUIET}">{text(line)}</div>' for line in lines if line)
    loud = "".join(
        f'<div style="border-left:3px solid #c77700;padding-left:8px;margin:4px 0">{text(note)}</div>' for note in notes
    )
    head = f'<div style="font-weight:600;overflow-wrap:anywhere">{text(title)}</div>' if title else ""
    return f'<div style="{FONT};max-width:1100px">{head}{quiet}{loud}{body}</div>'


def row(figures: Iterable[str]) -> str:
    """Return figures side by side, wrapped on a narrow page."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:10px;margin:8px 0">{"".join(figures)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of plain text; a `Markup` value is inserted unchanged. A column is 30 letters wide at most.

    An empty name in the head is no heading; a head of such names is none.
    """
    cell = f"padding:3px 10px 3px 0;text-align:left;vertical-align:top;border-bottom:1px solid {BORDER}"

    def line(values: Sequence[object], tag: str) -> str:
        style = f'style="{cell};max-width:30em;overflow-wrap:break-word"'
        tags = (tag if value else "td" for value in values)
        return "".join(f"<{tag} {style}>{_cell(value)}</{tag}>" for tag, value in zip(tags, values, strict=True))

    top = f"<thead><tr>{line(head, 'th')}</tr></thead>" if any(head) else ""
    body = "".join(f"<tr style='background:none'>{line(values, 'td')}</tr>" for values in rows)
    return f'<table style="border-collapse:collapse;{FONT}">{top}<tbody>{body}</tbody></table>'


def scrolled(body: str, name: object) -> str:
    """Return ready HTML in a box with a name that scrolls sideways on a narrow page, also by keys.

    It is a group and no region: an output that is shown again would be a second landmark of the same name. JupyterLab
    is told to leave the arrows alone.
    """
    named = f'role="group" tabindex="0" data-lm-suppress-shortcuts="true" aria-label="{attribute(name)}"'
    return f'<div {named} style="overflow-x:auto;margin:6px 0">{body}</div>'


class Markup(str):
    """Ready HTML for a table cell, inserted unchanged."""


def _cell(value: object) -> str:
    return value if isinstance(value, Markup) else text(value)


def hides(names: str) -> Callable[[C], C]:
    """Return a decorator of a class whose completion leaves out some names, those that the rooms of wannb need alone.

    >>> hides("lock turn")(Store)    # doctest: +SKIP
    """
    hidden = frozenset(names.split())

    def shown(self: object) -> list[str]:
        return [name for name in object.__dir__(self) if name not in hidden]

    def hiding(kind: C) -> C:
        kind.__dir__ = shown  # type: ignore[assignment]
        return kind

    return hiding
