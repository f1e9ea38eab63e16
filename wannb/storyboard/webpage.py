"""Web page: a board as one HTML file with its pictures inside, for the screen and for paper, dark and light."""

from __future__ import annotations

from wannb.display import data_uri, html, previews
from wannb.text import count
from wannb.translation import Said, current, joined

from .view import Reel, Shot

_PIXELS = 1600

_STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1f; --quiet: #5f6166; --paper: #fdfdfc }
@media (prefers-color-scheme: dark) { :root { --ink: #ececea; --quiet: #a9abb0; --paper: #161719 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2.5rem 1.25rem; max-width: 84rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
header { margin-bottom: 2rem } h1 { font-size: 1.7rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere }
header p { margin: .3rem 0 0; color: var(--quiet) }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 2.25rem 1.75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)) }
figure { margin: 0 } img, .none { display: block; width: 100%; height: auto; border-radius: 4px }
.none { display: flex; align-items: center; justify-content: center; border: 2px dashed var(--quiet);
  color: var(--quiet); padding: 1rem; text-align: center }
figcaption { margin-top: .6rem; overflow-wrap: anywhere }
.facts { display: flex; justify-content: space-between; gap: 1rem; color: var(--quiet); font-size: .85em }
.facts b { color: var(--ink); font-size: 1.15em } .text { margin: .15rem 0 0; white-space: pre-line }
.notes { margin: .35rem 0 0; color: var(--quiet); font-size: .9em; white-space: pre-line }
@media print { @page { size: landscape; margin: 12mm } :root { --ink: #000; --quiet: #444; --paper: #fff }
  body { max-width: none; padding: 0; font-size: 9.5pt } header { margin-bottom: 6mm }
  ol { grid-template-columns: repeat(3, 1fr); gap: 7mm 6mm } li { break-inside: avoid }
  img { max-height: 62mm; width: auto; max-width: 100% } }
"""


def webpage(reel: Reel, language: str) -> bytes:
    """Return a board as a page; `language` is that of the scenes' texts, empty if unknown."""
    jpegs = previews([shot.path for shot in reel.shots], _PIXELS)
    items = "".join(_item(shot, jpeg, language) for shot, jpeg in zip(reel.shots, jpegs, strict=True))
    facts = [count(len(reel.shots), "scene"), Said("{seconds} s", seconds=f"{reel.seconds:g}")]
    if reel.made < len(reel.shots):
        facts.append(Said("{n} of {frames}", n=reel.made, frames=count(len(reel.shots), "frame")))
    title = html.attribute(reel.title)
    page = (
        f'<!doctype html>\n<html lang="{current()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1 dir="auto"{_lang(language)}>{title}</h1><p>{html.attribute(joined(" · ", facts))}</p></header>\n'
        f"<main><ol>\n{items}</ol></main>\n</body>\n</html>\n"
    )
    # A title may hold halves of characters, which no file can.
    return page.encode(errors="replace")


def _item(shot: Shot, jpeg: bytes, language: str) -> str:
    width, height = shot.size
    alt, lang = html.attribute(shot.alt), _lang(language)
    picture = (
        f'<img src="{data_uri(jpeg)}" alt="{alt}" width="{width}" height="{height}">'
        if jpeg
        else f'<div class="none" role="img" aria-label="{alt}" style="aspect-ratio:{width}/{height}">'
        f"{html.attribute(shot.instead)}</div>"
    )
    facts = html.attribute(joined(" · ", [part for part in (shot.unsure, shot.time) if part]))
    text, notes = html.attribute(shot.scene.text), html.attribute(shot.scene.notes)
    notes = f'<p class="notes" dir="auto"{lang}>{notes}</p>' if notes else ""
    return (
        f'<li><figure>{picture}<figcaption><div class="facts"><b>{shot.number}</b><span>{facts}</span></div>'
        f'<p class="text" dir="auto"{lang}>{text}</p>{notes}</figcaption></figure></li>\n'
    )


def _lang(language: str) -> str:
    # An empty lang says that the language is unknown; without one the texts would have the page's language.
    return f' lang="{html.attribute(language)}"'
