"""Slides hold their words: no text is larger than its box, and what does not fit has a slide of its own."""

from __future__ import annotations

import io
from typing import Any

import pytest
from exports.reels import reel

from wannb.exports import Pages, Reel
from wannb.exports.slides import slides
from wannb.figures import line_height, typeset

INCH = 914400


def needed(text: str, width: float, size: float) -> float:
    """Return the height of a text in inches, in a line that is as wide as its box."""
    return sum(len(typeset(part, width, size, most=10**6).lines) or 1 for part in text.split("\v")) * line_height(size)


@pytest.mark.parametrize("times", [1, 4, 40])
def test_every_text_fits_into_its_box_on_the_slide_and_is_whole_somewhere(times: int) -> None:
    pptx = pytest.importorskip("pptx")
    told: Reel = reel(times, title="The boat that went out and did not come back, or so they say. " * 3)
    deck: Any = pptx.Presentation(io.BytesIO(slides(Pages(reel=told, date="12 March"))))
    pages: list[str] = []
    for slide in deck.slides:
        texts = []
        for shape in slide.shapes:
            assert 0 <= shape.left < shape.left + shape.width <= deck.slide_width
            assert 0 <= shape.top < shape.top + shape.height <= deck.slide_height
            if not shape.has_text_frame or not shape.text_frame.text.strip() or shape.name.startswith("Scene"):
                continue
            text, frame = shape.text_frame.text, shape.text_frame
            [size] = {run.font.size.pt for paragraph in frame.paragraphs for run in paragraph.runs}
            width = (shape.width - frame.margin_left - frame.margin_right) / INCH
            assert needed(text, width, size) <= shape.height / INCH + 0.02, text[:40]
            texts.append(text)
        pages.append("\v".join(texts))
    assert "12 March" in pages[0]
    end = "".join("".join(pages[len(told.shots) + 1 :]).split())
    for number, shot in enumerate(told.shots, 1):
        here = pages[number]
        if "".join(shot.text.split()) not in "".join(here.split()):
            where = int(here.rpartition("in full: slide ")[2].split()[0])
            assert f"Scene {shot.number}" in pages[where - 1]
        assert f"{shot.number}\v3 s" in here
        assert "…" not in here
    if times == 40:
        assert len(pages) > len(told.shots) + 1
        assert "Apaperboatleavestheharbour" in end
    elif times == 1:
        assert len(pages) == len(told.shots) + 1
