"""Film: a board as an animated GIF or WebP, each frame as long as its scene, all on one canvas."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.figures import fonts as typeset
from wannb.figures import rendered
from wannb.files import opened_picture

from .view import Reel, Shot

if TYPE_CHECKING:
    from PIL import Image

#: Beside a picture whose shape is not the film's, and behind the words that stand for one that is missing.
_BARS, _SLATE, _CHALK = (17, 17, 17), "#222222", "#e8e8e8"
_GIF_STEP, _DPI = 10, 100


def film(reel: Reel, kind: str, pixels: int) -> bytes:
    """Return a film that runs in a loop.

    Args:
        reel: the scenes with their seconds.
        kind: "GIF", whose times are in steps of 10 ms, or "WEBP".
        pixels: of the longer side.
    """
    size = _canvas(reel, pixels)
    with ThreadPoolExecutor(2) as pool:
        pictures = list(pool.map(lambda shot: _picture(shot.path, size) if shot.path else None, reel.shots))
    # Words are set one after the other: matplotlib is not for threads.
    frames = [picture or _words(shot, size) for picture, shot in zip(pictures, reel.shots, strict=True)]
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


def _canvas(reel: Reel, pixels: int) -> tuple[int, int]:
    """Return the size of the film: the shape that most frames have, with even sides."""
    width, height = reel.shape
    scale = pixels / max(width, height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _picture(path: Path, size: tuple[int, int]) -> Image.Image:
    from PIL import Image as pil
    from PIL import ImageOps

    with opened_picture(path) as image:
        image.draft("RGB", size)
        return ImageOps.pad(image.convert("RGB"), size, pil.Resampling.LANCZOS, color=_BARS)


def _words(shot: Shot, size: tuple[int, int]) -> Image.Image:
    """Return a picture that says what is not there, and its text, in any script."""
    from matplotlib.figure import Figure
    from PIL import Image as pil

    width, height = size[0] / _DPI, size[1] / _DPI
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor=_SLATE)
    point = max(5.0, min(width, height) * 72 / 16)
    words = f"{shot.number}: {shot.instead}\n{shot.scene.text}"
    family = typeset.families(words).families
    most = max(2, int(height * 72 / (point * 1.6)))
    lines = typeset.wrap(words, width * 0.8, size=point, family=family, most=most)
    figure.text(
        *(0.5, 0.5, "\n".join(lines)),
        size=point,
        family=family,
        color=_CHALK,
        ha="center",
        va="center",
        linespacing=1.4,
        parse_math=False,
    )
    with pil.open(io.BytesIO(rendered(figure, "png", facecolor=_SLATE))) as image:
        drawn: Image.Image = image.convert("RGB").resize(size)
    return drawn


def _milliseconds(seconds: float, step: int) -> int:
    # Viewers show what is shorter than 20 ms far longer.
    return max(20, round(seconds * 1000 / step) * step)
