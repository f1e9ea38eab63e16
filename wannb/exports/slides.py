"""A board as slides: a PowerPoint file with the scenes' notes, and their seconds as the time."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from wannb.display import html
from wannb.errors import WannbError
from wannb.figures import leftwards, line_height
from wannb.translation import Said, joined

from .pages import Pages
from .reel import Block, Shot, Written, fitted, jpegs, set_whole, shrunk

#: Inches, 16:9.
_WIDE, _HIGH, _EDGE, _CAPTION = 13.333, 7.5, 0.45, 1.15
_SLIDE_PIXELS, _TITLE_ONLY = 1920, 5
#: Points of a caption, of a title and of texts at the end, the largest first.
_CAPTIONS, _TITLES, _FULL = (20.0, 18.0, 16.0, 14.0, 12.0, 11.0, 10.0), (40.0, 32.0, 24.0, 18.0, 14.0, 10.0, 7.0), 16.0
#: Inches for a scene's number and seconds beside its caption, and within a text box around its text.
_SIDE, _INSET = 1.3, 0.1
#: The share of a line that is filled: the fonts of another machine may be wider than those measured here.
_FILLED = 0.93
#: Letters of the file's title at most.
_LONGEST_TITLE = 255
#: Characters that XML cannot hold.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_TRANSITION = (
    '<p:transition xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" advClick="1" advTm="{}"/>'
)


def slides(pages: Pages) -> bytes:
    """Return a board as a .pptx file; `WannbError` if python-pptx is not installed."""
    reel = pages.reel
    try:
        from pptx import Presentation
        from pptx.util import Inches
    except ImportError:
        raise WannbError(Said('slides need python-pptx; pip install "wannb[slides]"')) from None
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(_WIDE), Inches(_HIGH)
    deck.core_properties.title = _clean(reel.title)[:_LONGEST_TITLE]
    deck.core_properties.author = ""
    _title(deck, pages)
    captions = [
        fitted(_words(shot), (_WIDE - 2 * (_EDGE + _SIDE) - 2 * _INSET) * _FILLED, _CAPTION - _INSET, _CAPTIONS)
        for shot in reel.shots
    ]
    long = [shot for shot, (_, whole) in zip(reel.shots, captions, strict=True) if not whole]
    texts = [(shot, part) for shot in long for part in _parts(shot)]
    first = {shot.number: 2 + len(reel.shots) + [each for each, _ in texts].index(shot) for shot in long}
    for shot, jpeg, (written, _) in zip(reel.shots, jpegs(reel.shots, _SLIDE_PIXELS), captions, strict=True):
        _slide(deck, shot, jpeg, written, first.get(shot.number))
    for shot, lines in texts:
        _text(deck, shot, lines)
    buffer = io.BytesIO()
    deck.save(buffer)
    return _undated(buffer.getvalue())


def _words(shot: Shot) -> list[Block]:
    """Return what stands under a picture: the scene's text, and what is said."""
    return [(" ".join(text.split()), 1.0, "") for text in map(_clean, (shot.text, shot.quoted)) if text.strip()]


def _parts(shot: Shot) -> list[list[str]]:
    """Return the lines of a scene's text for slides of their own."""
    written = set_whole(_words(shot), (_WIDE - 2 * _EDGE - 2 * _INSET) * _FILLED, _FULL)
    lines = [line for each, _ in written for line in each.lines]
    most = int((_HIGH - 2 * _EDGE - 0.9) / line_height(_FULL))
    return [lines[at : at + most] for at in range(0, len(lines), most)]


def _title(deck: Any, pages: Pages) -> None:
    """Add a slide with the board's title, how long it is, the date and the logo."""
    slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY])
    width = _WIDE - 4 * _EDGE
    title = _clean(pages.reel.title)
    size = shrunk(title, (width - 2 * _INSET) * _FILLED, 2.4, _TITLES).size
    _fill(slide.shapes.title, (2 * _EDGE, 2.3, width, 2.5), title or " ", size)
    date = _clean(pages.date.strip())
    facts = html.plain(joined(" · ", [pages.reel.length, *([date] if date else [])]))
    _fill(_box(slide), (2 * _EDGE, 4.9, width, 0.6), facts, 18)
    if pages.picture:
        from pptx.util import Inches

        logo = io.BytesIO()
        pages.picture.save(logo, "PNG")
        picture = slide.shapes.add_picture(logo, Inches(2 * _EDGE), Inches(_EDGE), height=Inches(0.9))
        if picture.width > Inches(4):
            picture.height, picture.width = round(picture.height * Inches(4) / picture.width), Inches(4)
        picture.left = round((Inches(_WIDE) - picture.width) / 2)


def _text(deck: Any, shot: Shot, lines: list[str]) -> None:
    """Add a slide with the text of a scene, or a part of it."""
    slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY])
    name = html.plain(Said("Scene {number}", number=shot.number))
    _fill(slide.shapes.title, (_EDGE, _EDGE, _WIDE - 2 * _EDGE, 0.7), name, 20)
    place = (_EDGE, _EDGE + 0.8, _WIDE - 2 * _EDGE, _HIGH - 2 * _EDGE - 0.8)
    _fill(_box(slide), place, "\v".join(lines), _FULL, middle=False)


def _box(slide: Any) -> Any:
    from pptx.util import Inches

    return slide.shapes.add_textbox(Inches(0), Inches(0), Inches(1), Inches(1))


def _fill(box: Any, place: tuple[float, float, float, float], text: str, size: float, *, middle: bool = True) -> None:
    """Put a text into a box at a place in inches; a vertical tab is a new line."""
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches, Pt

    box.left, box.top, box.width, box.height = map(Inches, place)
    frame = box.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = Inches(_INSET)
    frame.margin_top = frame.margin_bottom = Inches(_INSET / 2)
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE if middle else MSO_ANCHOR.TOP
    frame.text = text
    for paragraph in frame.paragraphs:
        # Without an alignment of its own a text stands where its script begins.
        paragraph.alignment = PP_ALIGN.CENTER if middle else PP_ALIGN.LEFT
        for run in paragraph.runs:  # not every program reads the paragraph's own font
            run.font.size = Pt(size)
        if leftwards(text):
            paragraph._p.get_or_add_pPr().set("rtl", "1")


def _slide(deck: Any, shot: Shot, jpeg: bytes, written: list[Written], more: int | None) -> None:
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
    _caption(slide, shot, written, more)
    where = Said("Scene {number} of {n}, {time}", number=shot.number, n=shot.of, time=shot.time)
    facts = joined(" · ", [part for part in (where, *shot.facts, shot.instead) if part])
    # Whatever is on the slide, the notes have all of it.
    whole = [_clean(text) for text in (shot.text, shot.quoted)] if more else []
    notes = joined("\n", [part for part in (*whole, _clean(shot.notes), facts) if part])
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


def _caption(slide: Any, shot: Shot, written: list[Written], more: int | None) -> None:
    """Write a scene's words below its picture, with its number and seconds beside them."""
    # The layout's title, so that outlines and screen readers name the slide.
    top = _HIGH - _EDGE / 2 - _CAPTION
    place = (_EDGE + _SIDE, top, _WIDE - 2 * (_EDGE + _SIDE), _CAPTION)
    texts = [text for text, _, _ in _words(shot)]
    size = max((lines.size for lines, _ in written), default=_CAPTIONS[-1])
    if more:
        where = html.plain(Said("in full: slide {number}", number=more))
        texts = ["\v".join([line for lines, _ in written for line in lines.lines] + [where])]
    _fill(slide.shapes.title, place, "\v".join(texts), size)
    facts = joined("\v", [str(shot.number), shot.time])
    _fill(_box(slide), (_EDGE, top, _SIDE, _CAPTION), html.plain(facts), 14)


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
