"""A board as one HTML page that needs nothing else: pictures inside, for the screen, for paper, dark and light."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from html import escape

from wannb.display import small_jpeg
from wannb.text import count

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
    """Return a board as a page; `language` is that of the scenes' texts, empty where it is not known."""
    with ThreadPoolExecutor(2) as pool:
        items = "".join(pool.map(lambda shot: _item(shot, language), reel.shots))
    facts = f"{count(len(reel.shots), 'scene')} · {reel.seconds:g} s"
    if reel.made < len(reel.shots):
        facts += f" · {reel.made} of {count(len(reel.shots), 'frame')}"
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(reel.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1 dir="auto"{_lang(language)}>{escape(reel.title)}</h1><p>{escape(facts)}</p></header>\n'
        f"<main><ol>\n{items}</ol></main>\n</body>\n</html>\n"
    )
    # A title may hold halves of characters, which no file can.
    return page.encode(errors="replace")


def _item(shot: Shot, language: str) -> str:
    width, height = shot.size
    if shot.path:
        with shot.path.open("rb") as file:
            data = base64.b64encode(small_jpeg(file, _PIXELS)).decode()
        picture = (
            f'<img src="data:image/jpeg;base64,{data}" alt="{escape(shot.alt)}" width="{width}" height="{height}">'
        )
    else:
        picture = (
            f'<div class="none" role="img" aria-label="{escape(shot.alt)}" style="aspect-ratio:{width}/{height}">'
            f"{escape(shot.instead)}</div>"
        )
    facts = " · ".join(part for part in (shot.unsure, shot.time) if part)
    notes = f'<p class="notes" dir="auto"{_lang(language)}>{escape(shot.scene.notes)}</p>' if shot.scene.notes else ""
    return (
        f'<li><figure>{picture}<figcaption><div class="facts"><b>{shot.number}</b><span>{escape(facts)}</span></div>'
        f'<p class="text" dir="auto"{_lang(language)}>{escape(shot.scene.text)}</p>{notes}</figcaption></figure></li>\n'
    )


def _lang(language: str) -> str:
    # An empty lang says that the language is not known, which is true, where the page's own would be wrong.
    return f' lang="{escape(language)}"'
