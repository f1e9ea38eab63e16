"""A board as one HTML file with its pictures inside, for the screen and for paper, dark and light."""

from __future__ import annotations

from pathlib import Path

from wannb.display import data_uri, html, small_jpeg
from wannb.staging import strokes_svg
from wannb.translation import current, joined

from .pages import Pages
from .reel import Shot, jpegs

#: Pixels of a picture and of a logo at most.
_WEB_PIXELS, _LOGO = 1600, 480
_STYLE = Path(__file__).with_name("webpage.css").read_text(encoding="utf-8")


def webpage(pages: Pages, language: str) -> bytes:
    """Return a board as a page; `language` is that of the scenes' texts, empty if unknown."""
    reel = pages.reel
    pictures = jpegs(reel.shots, _WEB_PIXELS, strokes=False)
    # An empty lang says that the language is unknown; without one the texts would have the page's language.
    lang = f' lang="{html.attribute(language)}"'
    items = "".join(_item(shot, jpeg, lang) for shot, jpeg in zip(reel.shots, pictures, strict=True))
    length = reel.summary if reel.made < len(reel.shots) else reel.length
    facts = html.attribute(joined(" · ", [length, *([pages.date.strip()] if pages.date.strip() else [])]))
    logo = f'<img class="logo" src="{data_uri(small_jpeg(pages.picture, _LOGO))}" alt="">' if pages.picture else ""
    title = html.attribute(reel.title)
    page = (
        f'<!doctype html>\n<html lang="{current()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        f'<header>{logo}<h1 dir="auto"{lang}>{title}</h1><p>{facts}</p></header>\n'
        f"<main><ol>\n{items}</ol></main>\n</body>\n</html>\n"
    )
    # A title may hold halves of characters, which no file can.
    return page.encode(errors="replace")


def _item(shot: Shot, jpeg: bytes, lang: str) -> str:
    width, height = shot.size
    alt = html.attribute(shot.alt)
    picture = (
        f'<div style="position:relative"><img src="{data_uri(jpeg)}" alt="{alt}" width="{width}" height="{height}">'
        f"{strokes_svg(shot.strokes, shot.size)}</div>"
        if jpeg
        else f'<div class="none" role="img" aria-label="{alt}" style="aspect-ratio:{width}/{height}">'
        f"{html.attribute(shot.instead)}</div>"
    )
    facts = html.attribute(joined(" · ", [*shot.facts, shot.time]))
    parts = (("text", shot.text), ("said", shot.quoted), ("notes", shot.notes))
    words = "".join(
        f'<p class="{name}" dir="auto"{lang}>{html.attribute(text)}</p>' for name, text in parts if text.strip()
    )
    return (
        f'<li><figure>{picture}<figcaption><div class="facts"><b>{shot.number}</b><span>{facts}</span></div>'
        f"{words}</figcaption></figure></li>\n"
    )
