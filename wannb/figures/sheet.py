"""Sheet: a matplotlib figure that is written on in inches from its top left corner."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.files import opened_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

INK, QUIET, _SLOT = "#1a1a1a", "#5c5c5c", "#f3f3f3"
#: The height of a line over that of its font.
LEADING = 1.32
#: A person's own settings must not change a page.
STYLE: Any = {"pdf.compression": 9, "savefig.bbox": None, "savefig.facecolor": "auto"}
STYLE |= {"text.usetex": False, "text.parse_math": False, "figure.constrained_layout.use": False}


class Sheet:
    """A figure, its size in inches, and what can be put on it."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.width, self.height = figure.get_size_inches()

    def text(
        self,
        lines: Sequence[str],
        x: float,
        y: float,
        *,
        size: float,
        family: Sequence[str] | None = None,
        weight: str = "normal",
        color: str = INK,
        align: str = "left",
    ) -> float:
        """Set lines, the first one's top at `y`, and return where they end."""
        step = size * LEADING / 72
        for line in lines:
            baseline = y + size * 0.95 / 72
            self.figure.text(
                x / self.width,
                1 - baseline / self.height,
                line,
                size=size,
                family=list(family) if family else None,
                weight=weight,
                color=color,
                ha=align,
                va="baseline",
                parse_math=False,
            )
            y += step
        return y

    def picture(self, path: Path, x: float, y: float, width: float, height: float) -> None:
        """Put a picture into a place of its own shape."""
        import numpy as np

        axes = self._axes(x, y, width, height)
        dots = self.figure.dpi
        axes.imshow(
            np.asarray(_fitted(path, round(width * dots), round(height * dots))),
            aspect="auto",
            interpolation="none",
        )

    def slot(self, x: float, y: float, width: float, height: float, *, empty: bool) -> None:
        """Draw the place of a picture; a dashed line says that there is none."""
        axes = self._axes(x, y, width, height)
        axes.axis("on")
        axes.set(xticks=[], yticks=[], facecolor=_SLOT)
        for spine in axes.spines.values():
            spine.set(visible=empty, color=QUIET, linestyle=(0, (4, 3)), linewidth=0.8)

    def _axes(self, x: float, y: float, width: float, height: float) -> Any:
        place = (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(place)
        axes.axis("off")
        return axes


def rendered(figure: Figure, kind: str, **options: Any) -> bytes:
    """Return a figure as the bytes of a picture."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context(rc=STYLE):
        figure.savefig(buffer, format=kind, dpi=figure.dpi, **options)
    return buffer.getvalue()


def reads_leftwards(text: str) -> bool:
    """Return whether a text begins in a script that is read from right to left.

    >>> reads_leftwards("قطة برتقالية"), reads_leftwards("a cat")
    (True, False)
    """
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind in ("R", "AL") for kind in strong if kind in ("L", "R", "AL")), False)


def _fitted(path: Path, width: int, height: int) -> Image.Image:
    """Return a picture with at most so many pixels, none made up."""
    from PIL import Image as pil

    with opened_picture(path) as image:
        image.draft("RGB", (width, height))
        whole: Image.Image = image.convert("RGB")
    if whole.width <= width and whole.height <= height:
        return whole
    return whole.resize((max(1, width), max(1, height)), pil.Resampling.LANCZOS, reducing_gap=2.0)
