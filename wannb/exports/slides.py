"""A board as slides: a PowerPoint file with the scenes' notes, and their seconds as the time."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from wannb.display import html
from wannb.errors import WannbError
from wannb.figures import leftwards
from wannb.translation import Said, joined

from .pages import Pages
from .reel import Shot, jpegs

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
