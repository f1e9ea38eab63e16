"""A board saved by its file's ending, as a web page or a ZIP here, as pages, films and slides beside this file."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from contextlib import suppress
from pathlib import Path

from wannb.display import data_uri, html, small_jpeg
from wannb.figures import ending, put
from wannb.files import read_file
from wannb.staging import strokes_svg
from wannb.translation import Said, current, joined, say

from .film import SUBTITLES, film, mp4
from .pages import Pages
from .reel import Reel, Shot, images, jpegs
from .slides import slides

ENDINGS = (".pdf", ".png", ".gif", ".webp", ".mp4", ".html", ".pptx", ".zip")


def export(
    pages: Pages, path: Path, *, dpi: int, pixels: int, language: str, subtitles: str, sound: Path | None
) -> list[Path]:
    """Save the board of these pages in the current language and return the files; see `Storyboard.save`."""
    reel, kind = pages.reel, ending(path, ENDINGS, Said("a storyboard"))
    if isinstance(pixels, bool) or not isinstance(pixels, int) or not 64 <= pixels <= 4096:
        raise ValueError(say("pixels={pixels}: give 64 to 4096 for the longer side of a film", pixels=repr(pixels)))
    if subtitles not in SUBTITLES:
        values = {"name": "subtitles", "value": repr(subtitles), "known": ", ".join(map(repr, SUBTITLES))}
        raise ValueError(say("{name}={value} is not one of {known}", **values))
    if not isinstance(language, str):
        raise TypeError(say("{name}={value} is not text", name="language", value=repr(language)))
    if not reel.made:
        raise ValueError(say("no frames yet: board.run() generates them; board.pages().save(...) saves the texts"))
    if kind in (".pdf", ".png"):
        return pages.save(path, dpi=dpi)
    if kind == ".mp4":
        content, words = mp4(reel, pixels, subtitles, sound)
        return [put(path, content), *([put(path.with_suffix(".srt"), words.encode())] if words else [])]
    if kind in (".gif", ".webp"):
        return [put(path, film(reel, kind[1:].upper(), pixels, "none" if subtitles == "none" else "picture"))]
    if kind == ".html":
        return [put(path, webpage(pages, language))]
    return [put(path, slides(pages) if kind == ".pptx" else archive(reel))]


# A web page with its pictures inside, for the screen and for paper, dark and light

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


# A ZIP

COLUMNS = (
    "number",
    "seconds",
    "scene",
    "shot",
    "dialogue",
    "note",
    "prompt",
    "seed",
    "model",
    "run",
    "file",
)
#: Letters of a scene's text in a file's name, bytes of it, and what cannot stand in one on some system.
_LETTERS, _BYTES = 40, 120
_UNFIT = re.compile(r'[<>:"/\\|?*.\x00-\x1f\x7f-\x9f\ud800-\udfff]+')
#: Where pictures without the strokes over them are.
_WITHOUT = "without strokes"
_MOST = 64_000_000
#: What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def archive(reel: Reel) -> bytes:
    """Return a board as a ZIP file: the frames as they are, or with the strokes over them, and `shots.csv`."""
    buffer = io.BytesIO()
    rows = list[list[object]]()
    with zipfile.ZipFile(buffer, "w") as packed:
        for shot in reel.shots:
            name, content = _name(shot), b""
            with suppress(OSError):
                content = read_file(shot.path, most=_MOST, links=False) if shot.path else b""
            if content and shot.strokes:
                _add(packed, f"{_WITHOUT}/{name}", content)
                name = f"{Path(name).stem}.png"
                content = _drawn(shot)
            if content:
                _add(packed, name, content)
            words = (shot.text, say(shot.camera), shot.dialogue, shot.notes, shot.prompt)
            origin = ("" if shot.seed is None else shot.seed, shot.model, shot.run, name if content else "")
            rows.append([shot.number, f"{shot.seconds:g}", *map(_plain, words), *origin])
        _add(packed, "shots.csv", _table(rows))
    return buffer.getvalue()


def _table(rows: list[list[object]]) -> bytes:
    """Return rows as CSV with a mark at the beginning, without which Excel takes the letters for others."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig", errors="replace")


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _name(shot: Shot) -> str:
    words = " ".join(_UNFIT.sub(" ", shot.text).split())
    short = words if len(words) <= _LETTERS else words[: _LETTERS + 1].rpartition(" ")[0] or words[:_LETTERS]
    short = short.encode()[:_BYTES].decode(errors="ignore").strip().rstrip(" ,;，；、")
    digits = max(2, len(str(shot.of)))
    return f"{shot.number:0{digits}} {short}".strip() + (shot.path.suffix.lower() if shot.path else "")


def _drawn(shot: Shot) -> bytes:
    [image] = images([shot], max(shot.size))
    buffer = io.BytesIO()
    if image:
        image.save(buffer, "PNG")
    return buffer.getvalue()


def _add(packed: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    # Pictures are as small as they get.
    entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(".csv") else zipfile.ZIP_STORED
    packed.writestr(entry, content)
