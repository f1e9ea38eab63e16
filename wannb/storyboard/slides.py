"""Slides: a board as a PowerPoint file, one slide a scene, its notes as speaker's notes, its seconds as the time."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from wannb.display import small_jpeg
from wannb.errors import WannbError
from wannb.figures import reads_leftwards

from .view import Reel, Shot

#: Inches, 16:9.
_WIDE, _HIGH, _EDGE, _CAPTION = 13.333, 7.5, 0.45, 1.15
_PIXELS, _TITLE_ONLY = 1920, 5
#: (letters at most, points): what fits into the caption's three lines.
_SIZES = ((200, 20), (340, 16), (620, 12), (10**9, 9))
#: Letters that a property of the file can have.
_LONGEST_TITLE = 255
#: What XML cannot hold.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_TRANSITION = (
    '<p:transition xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" advClick="1" advTm="{}"/>'
)


def slides(reel: Reel) -> bytes:
    """Return a board as a .pptx file.

    Raises:
        WannbError: python-pptx is not installed.
    """
    try:
        from pptx import Presentation
        from pptx.util import Inches
    except ImportError:
        raise WannbError('slides need python-pptx; pip install "wannb[slides]"') from None
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(_WIDE), Inches(_HIGH)
    deck.core_properties.title = _clean(reel.title)[:_LONGEST_TITLE]
    deck.core_properties.author = ""
    for shot in reel.shots:
        _slide(deck, shot)
    buffer = io.BytesIO()
    deck.save(buffer)
    return _undated(buffer.getvalue())


def _slide(deck: Any, shot: Shot) -> None:
    from pptx.oxml import parse_xml
    from pptx.util import Inches

    slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY])
    width, height = _WIDE - 2 * _EDGE, _HIGH - 2 * _EDGE - _CAPTION
    scale = min(width / shot.size[0], height / shot.size[1])
    wide, high = shot.size[0] * scale, shot.size[1] * scale
    place = (Inches((_WIDE - wide) / 2), Inches(_EDGE + (height - high) / 2), Inches(wide), Inches(high))
    if shot.path:
        with shot.path.open("rb") as file:
            picture = slide.shapes.add_picture(io.BytesIO(small_jpeg(file, _PIXELS)), *place)
    else:
        picture = _hole(slide, shot, place)
    picture.name = f"Scene {shot.number}"
    picture._element._nvXxPr.cNvPr.set("descr", _clean(shot.alt))
    _caption(slide, shot)
    facts = [f"Scene {shot.number} of {shot.of}, {shot.time}", shot.unsure, shot.instead]
    head = " · ".join(part for part in facts if part)
    slide.notes_slide.notes_text_frame.text = "\n".join(part for part in (_clean(shot.scene.notes), head) if part)
    slide.element.append(parse_xml(_TRANSITION.format(round(shot.scene.seconds * 1000))))


def _hole(slide: Any, shot: Shot, place: tuple[Any, ...]) -> Any:
    from pptx.enum.dml import MSO_LINE
    from pptx.enum.shapes import MSO_SHAPE

    box = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *place)
    box.fill.solid()
    box.fill.fore_color.rgb = _grey("F2")
    box.line.color.rgb = _grey("80")
    box.line.dash_style = MSO_LINE.DASH
    box.shadow.inherit = False
    box.text_frame.text = shot.instead
    box.text_frame.paragraphs[0].runs[0].font.color.rgb = _grey("50")
    return box


def _caption(slide: Any, shot: Shot) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches, Pt

    # The title of the layout, so that outlines and screen readers name the slide.
    box = slide.shapes.title
    box.left, box.top = Inches(_EDGE), Inches(_HIGH - _EDGE / 2 - _CAPTION)
    box.width, box.height = Inches(_WIDE - 2 * _EDGE), Inches(_CAPTION)
    frame = box.text_frame
    frame.word_wrap = True
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    text = " ".join(_clean(shot.scene.text).split())
    frame.text = text
    paragraph = frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.CENTER
    for run in paragraph.runs:  # a paragraph's own font is not read by every program
        run.font.size = Pt(next(size for most, size in _SIZES if len(text) <= most))
    if reads_leftwards(text):
        paragraph._p.get_or_add_pPr().set("rtl", "1")


def _grey(level: str) -> Any:
    from pptx.dml.color import RGBColor

    color: Any = RGBColor
    return color.from_string(level * 3)


def _clean(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return _UNFIT.sub("", text)


def _undated(content: bytes) -> bytes:
    """Return a ZIP file with the time of no file in it, so that the same board is the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return buffer.getvalue()
