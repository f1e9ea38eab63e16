"""Exports of a board: films, a web page and slides; pages have a module of their own.

A film is an animated GIF or WebP on one canvas. The web page is one HTML file with its pictures inside, for the screen
and for paper, dark and light. Slides are a PowerPoint file with the scenes' notes, and their seconds as the time.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from wannb.display import data_uri, html
from wannb.errors import WannbError
from wannb.figures import Paper, ending, leftwards, put, rendered, typeset
from wannb.staging import strokes_svg
from wannb.translation import Said, current, joined, say

from .pages import Pages
from .reel import Reel, Shot, images, jpegs

ENDINGS = (".pdf", ".png", ".gif", ".webp", ".html", ".pptx")


def export(pages: Pages, path: Path, *, dpi: int, pixels: int, language: str) -> list[Path]:
    """Save the board of these pages in the current language and return the files; see `Storyboard.save`."""
    reel, kind = pages.reel, ending(path, ENDINGS, Said("a storyboard"))
    if isinstance(pixels, bool) or not isinstance(pixels, int) or not 64 <= pixels <= 4096:
        raise ValueError(say("pixels={pixels}: give 64 to 4096 for the longer side of a film", pixels=repr(pixels)))
    for name, value in (("title", reel.title), ("language", language)):
        if not isinstance(value, str):
            raise TypeError(say("{name}={value} is not text", name=name, value=repr(value)))
    if not reel.made:
        raise ValueError(say("no frames yet: board.run() generates them; board.pages().save(...) saves the texts"))
    if kind in (".pdf", ".png"):
        return pages.save(path, dpi=dpi)
    if kind == ".html":
        return [put(path, webpage(reel, language))]
    return [put(path, slides(reel) if kind == ".pptx" else film(reel, kind[1:].upper(), pixels))]


# Films

#: Behind a picture of another shape than the film's, and behind the text that replaces a missing one; its letters.
_BARS, _SLATE, _CHALK = "#111111", "#222222", "#e8e8e8"
_DPI = 100


def film(reel: Reel, kind: str, pixels: int) -> bytes:
    """Return a film that runs in a loop, as a "GIF" or "WEBP"; `pixels` are those of its longer side."""
    width, height = reel.shape
    # The shape that most frames have, with even sides.
    scale = pixels / max(width, height)
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    loaded = images(reel.shots, max(size))
    frames = [
        ImageOps.pad(image, size, color=_BARS) if image else _slate(shot, size)
        for image, shot in zip(loaded, reel.shots, strict=True)
    ]
    # The times of a GIF are in steps of 10 ms, and viewers show anything shorter than 20 ms far longer.
    step = 10 if kind == "GIF" else 1
    times = [max(20, round(shot.seconds * 1000 / step) * step) for shot in reel.shots]
    options: dict[str, Any] = {"save_all": True, "duration": times if len(times) > 1 else times[0], "loop": 0}
    if kind == "GIF":
        frames = [frame.quantize(256) for frame in frames]
        options["optimize"] = False
    else:
        options |= {"quality": 85, "method": 3, "minimize_size": False}
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, append_images=frames[1:], **options)
    return buffer.getvalue()


def _slate(shot: Shot, size: tuple[int, int]) -> Image.Image:
    """Return a picture with a scene's text, and why it has no frame."""
    width, height = size[0] / _DPI, size[1] / _DPI
    paper = Paper(width, height, dpi=_DPI, alt=shot.alt, color=_SLATE)
    point = max(5.0, min(width, height) * 72 / 16)
    text = joined("\n", [joined(": ", [str(shot.number), shot.instead]), shot.text])
    lines = typeset(text, width * 0.8, point, most=max(2, int(height * 72 / (point * 1.6))))
    paper.write(lines, 0, height / 2, width=width, align="center", anchor="center", color=_CHALK)
    with Image.open(io.BytesIO(rendered(paper.figure, "png"))) as image:
        drawn: Image.Image = image.convert("RGB").resize(size)
    return drawn


# The web page

_WEB_PIXELS = 1600
_STYLE = Path(__file__).with_name("webpage.css").read_text(encoding="utf-8")


def webpage(reel: Reel, language: str) -> bytes:
    """Return a board as a page; `language` is that of the scenes' texts, empty if unknown."""
    pictures = jpegs(reel.shots, _WEB_PIXELS, strokes=False)
    # An empty lang says that the language is unknown; without one the texts would have the page's language.
    lang = f' lang="{html.attribute(language)}"'
    items = "".join(_item(shot, jpeg, lang) for shot, jpeg in zip(reel.shots, pictures, strict=True))
    facts = html.attribute(reel.summary if reel.made < len(reel.shots) else reel.length)
    title = html.attribute(reel.title)
    page = (
        f'<!doctype html>\n<html lang="{current()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1 dir="auto"{lang}>{title}</h1><p>{facts}</p></header>\n'
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
    facts = html.attribute(joined(" · ", [*shot.doubts, shot.time]))
    text, notes = html.attribute(shot.text), html.attribute(shot.notes)
    notes = f'<p class="notes" dir="auto"{lang}>{notes}</p>' if notes else ""
    return (
        f'<li><figure>{picture}<figcaption><div class="facts"><b>{shot.number}</b><span>{facts}</span></div>'
        f'<p class="text" dir="auto"{lang}>{text}</p>{notes}</figcaption></figure></li>\n'
    )


# Slides

#: Inches, 16:9.
_WIDE, _HIGH, _EDGE, _CAPTION = 13.333, 7.5, 0.45, 1.15
_SLIDE_PIXELS, _TITLE_ONLY = 1920, 5
#: (letters at most, points) that fit into the caption's three lines.
_SIZES = ((200, 20), (340, 16), (620, 12), (10**9, 9))
#: Letters of the file's title at most.
_LONGEST_TITLE = 255
#: Characters that XML cannot hold.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_TRANSITION = (
    '<p:transition xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" advClick="1" advTm="{}"/>'
)


def slides(reel: Reel) -> bytes:
    """Return a board as a .pptx file; `WannbError` if python-pptx is not installed."""
    try:
        from pptx import Presentation
        from pptx.util import Inches
    except ImportError:
        raise WannbError(Said('slides need python-pptx; pip install "wannb[slides]"')) from None
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(_WIDE), Inches(_HIGH)
    deck.core_properties.title = _clean(reel.title)[:_LONGEST_TITLE]
    deck.core_properties.author = ""
    for shot, jpeg in zip(reel.shots, jpegs(reel.shots, _SLIDE_PIXELS), strict=True):
        _slide(deck, shot, jpeg)
    buffer = io.BytesIO()
    deck.save(buffer)
    return _undated(buffer.getvalue())


def _slide(deck: Any, shot: Shot, jpeg: bytes) -> None:
    from pptx.oxml import parse_xml
    from pptx.util import Inches

    slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY])
    width, height = _WIDE - 2 * _EDGE, _HIGH - 2 * _EDGE - _CAPTION
    scale = min(width / shot.size[0], height / shot.size[1])
    wide, high = shot.size[0] * scale, shot.size[1] * scale
    place = (Inches((_WIDE - wide) / 2), Inches(_EDGE + (height - high) / 2), Inches(wide), Inches(high))
    picture = slide.shapes.add_picture(io.BytesIO(jpeg), *place) if jpeg else _hole(slide, shot, place)
    picture.name = html.plain(Said("Scene {number}", number=shot.number))
    picture._element._nvXxPr.cNvPr.set("descr", _clean(shot.alt))
    _caption(slide, shot)
    where = Said("Scene {number} of {n}, {time}", number=shot.number, n=shot.of, time=shot.time)
    facts = joined(" · ", [part for part in (where, *shot.doubts, shot.instead) if part])
    notes = joined("\n", [part for part in (_clean(shot.notes), facts) if part])
    slide.notes_slide.notes_text_frame.text = html.plain(notes)
    slide.element.append(parse_xml(_TRANSITION.format(round(shot.seconds * 1000))))


def _hole(slide: Any, shot: Shot, place: tuple[Any, ...]) -> Any:
    from pptx.dml.color import RGBColor
    from pptx.enum.dml import MSO_LINE
    from pptx.enum.shapes import MSO_SHAPE

    box = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *place)
    gray: Any = RGBColor
    box.fill.solid()
    box.fill.fore_color.rgb = gray(0xF2, 0xF2, 0xF2)
    box.line.color.rgb = gray(0x80, 0x80, 0x80)
    box.line.dash_style = MSO_LINE.DASH
    box.shadow.inherit = False
    box.text_frame.text = html.plain(shot.instead)
    box.text_frame.paragraphs[0].runs[0].font.color.rgb = gray(0x50, 0x50, 0x50)
    return box


def _caption(slide: Any, shot: Shot) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches, Pt

    # The layout's title, so that outlines and screen readers name the slide.
    box = slide.shapes.title
    box.left, box.top = Inches(_EDGE), Inches(_HIGH - _EDGE / 2 - _CAPTION)
    box.width, box.height = Inches(_WIDE - 2 * _EDGE), Inches(_CAPTION)
    frame = box.text_frame
    frame.word_wrap = True
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    text = " ".join(_clean(shot.text).split())
    frame.text = text
    paragraph = frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.CENTER
    for run in paragraph.runs:  # not every program reads the paragraph's own font
        run.font.size = Pt(next(size for most, size in _SIZES if len(text) <= most))
    if leftwards(text):
        paragraph._p.get_or_add_pPr().set("rtl", "1")


def _clean(text: str) -> str:
    """Return a text in the current language, without characters that XML cannot hold."""
    return _UNFIT.sub("", html.plain(text))


def _undated(content: bytes) -> bytes:
    """Return a ZIP file without the times of its files, so that equal boards are equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return buffer.getvalue()
