"""Pictures of the mock server: deterministic, made from the request, marked MOCK."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace

from PIL import Image, PngImagePlugin

from . import marks
from .canvas import Canvas
from .composition import card, compose, scene_of, styles_of, text_of, title_of
from .edits import edit, opened, placeholder
from .order import BADGE_CHUNK, CHUNK, FIGURES_CHUNK, Drawing

__all__ = ["Drawing", "draw"]

# Measured on flat art and on photographs: run lengths are as quick as level 1 and smaller than level 3.
_COMPRESSION = zlib.Z_RLE


def draw(drawing: Drawing) -> bytes:
    """Draw a PNG of exactly ``drawing.size`` pixels whose text chunk ``wannb-mock`` is ``drawing.key``.

    The same drawing gives the same bytes in every process with the same Pillow (and, for a card in Chinese, the
    same fonts). Input pictures that cannot be opened are drawn as placeholders; nothing in a drawing makes this raise.
    """
    # A prompt for a new picture of a story shows the earlier ones, but is not about changing them.
    editing = bool(drawing.images) and not drawing.sequential and "new frame" not in drawing.prompt
    picture, old = edit(drawing) if editing else (_scene(drawing), None)
    frame = f"{drawing.index + 1}/{drawing.count}" if drawing.sequential else ""
    caption = (marks.drawable(text_of(drawing)) or scene_of(drawing).summary) if drawing.captions else ""
    place = marks.badge(picture, caption, frame, small=editing, over=old)
    if drawing.watermark:
        marks.watermark(picture)
    if drawing.palette:
        picture = marks.repaint(picture, drawing.palette)
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(CHUNK, drawing.key)
    chunks.add_text(BADGE_CHUNK, " ".join(map(str, place)))
    chunks.add_text(FIGURES_CHUNK, ", ".join(f"{number} {name}" for name, number in drawing.figures.items()))
    out = io.BytesIO()
    picture.save(out, "PNG", pnginfo=chunks, compress_level=2, compress_type=_COMPRESSION)
    return out.getvalue()


def _scene(drawing: Drawing) -> Image.Image:
    """Draw a scene of its own; the references of an image set appear in each frame."""
    scene = scene_of(drawing)
    references = [
        (number, opened(data)[0] or placeholder(number, (480, 480)))
        for number, data in enumerate(drawing.images, start=1)
    ]
    canvas = Canvas(drawing.size, fine=drawing.fine)
    if not scene.known and not references:
        return card(canvas, drawing, scene, text_of(drawing))
    if not scene.known:  # the reference is the subject
        scene = replace(scene, setting="parlour")
    elif references and scene.figure == "person":  # that of the reference, not somebody else
        scene = replace(scene, figure="", known=False)
    stage = compose(canvas, drawing, scene)
    picture = marks.in_style(canvas.finish(), styles_of(drawing))
    if "poster" in scene.manners:
        picture = marks.poster(picture, title_of(drawing))
    if references:
        size = 0.17 if len(references) > 1 else 0.2 if scene.known else 0.5
        marks.lay(picture, references, drawing.chance("cards"), right=stage.x < canvas.width / 2, size=size)
    return picture
