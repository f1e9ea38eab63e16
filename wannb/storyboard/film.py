"""Film: a board as an animated GIF or WebP on one canvas, each frame as long as its scene."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from wannb.display import in_parallel, picture
from wannb.figures import Paper, rendered, typeset
from wannb.translation import joined

from .view import Reel, Shot

if TYPE_CHECKING:
    from PIL import Image

#: Behind a picture of another shape than the film's, and behind the text that replaces a missing one; its letters.
_BARS, _SLATE, _CHALK = "#111111", "#222222", "#e8e8e8"
_GIF_STEP, _DPI = 10, 100


def film(reel: Reel, kind: str, pixels: int) -> bytes:
    """Return a film that runs in a loop.

    Args:
        reel: the scenes with their seconds.
        kind: "GIF", whose times are in steps of 10 ms, or "WEBP".
        pixels: of the longer side.
    """
    from PIL import ImageOps

    width, height = reel.shape
    # The shape that most frames have, with even sides.
    scale = pixels / max(width, height)
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    loaded = in_parallel(lambda path: picture(path, max(size)), [shot.path for shot in reel.shots])
    frames = [
        ImageOps.pad(image, size, color=_BARS) if image else _slate(shot, size)
        for image, shot in zip(loaded, reel.shots, strict=True)
    ]
    times = [_milliseconds(shot.scene.seconds, _GIF_STEP if kind == "GIF" else 1) for shot in reel.shots]
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
    from PIL import Image

    width, height = size[0] / _DPI, size[1] / _DPI
    paper = Paper(width, height, dpi=_DPI, alt=shot.alt, color=_SLATE)
    point = max(5.0, min(width, height) * 72 / 16)
    text = joined("\n", [joined(": ", [str(shot.number), shot.instead]), shot.scene.text])
    lines = typeset(text, width * 0.8, point, most=max(2, int(height * 72 / (point * 1.6))))
    paper.write(lines, 0, height / 2, width=width, align="center", anchor="center", color=_CHALK)
    with Image.open(io.BytesIO(rendered(paper.figure, "png"))) as image:
        drawn: Image.Image = image.convert("RGB").resize(size)
    return drawn


def _milliseconds(seconds: float, step: int) -> int:
    # Viewers show anything shorter than 20 ms far longer.
    return max(20, round(seconds * 1000 / step) * step)
