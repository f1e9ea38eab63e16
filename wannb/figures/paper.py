"""Paper: matplotlib figures written on in inches from the top left, and saved as PNG, SVG or PDF."""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import html, in_parallel, picture
from wannb.errors import level_outside
from wannb.files import write
from wannb.translation import say

from .fonts import families, leftwards, pdf_fonttype, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL import Image

INK, QUIET, LINE, EMPTY = "#1a1a1a", "#5c5c5c", "#999999", "#f3f3f3"
#: The line around a missing picture.
DASHED = (0, (3, 2))
#: The height of a line and the place of its baseline, in heights of the font and of the line.
_LEADING, _BASELINE = 1.3, 0.76
#: The resolution of a figure in a cell, whatever it is saved with.
_CELL_DPI = 120
#: The longest side that matplotlib's Agg backend draws.
_MOST_PIXELS = 65_000
#: No dates and no versions: equal figures are equal files.
_METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None, "Producer": None, "Creator": "wannb"},
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": "wannb"},
}


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Lines of text ready to be written: their font and whether they are read from right to left."""

    lines: tuple[str, ...]
    family: tuple[str, ...]
    size: float
    leftwards: bool

    @property
    def height(self) -> float:
        """Height in inches."""
        return len(self.lines) * line_height(self.size)


def line_height(size: float) -> float:
    """Return the height of a line in inches, of a font size in points."""
    return size * _LEADING / 72


def typeset(text: str, width: float, size: float, *, most: int | None = None, whole_end: bool = False) -> Lines:
    """Break a text into lines of at most `width` inches, in the current language.

    Args:
        text: its own line breaks are kept.
        width: in inches.
        size: of the font in points.
        most: lines at most, None for all; an ellipsis ends a text that is longer.
        whole_end: shorten the first paragraph rather than the last: in labels the later ones differ.
    """
    text = html.plain(text)
    family = families(text).families
    lines: list[str] = []
    for part in reversed(text.split("\n") if whole_end else [text]) if text.strip() else ():
        lines = wrap(part, width, size=size, family=family, most=most and max(1, most - len(lines))) + lines
    return Lines(lines=tuple(lines), family=tuple(family), size=size, leftwards=leftwards(text))


def check_size(width: float, dpi: float) -> None:
    """Raise `ValueError` unless a width and a resolution are above 0."""
    if not (width > 0 and dpi > 0):
        raise ValueError(say("width={width} (inches) and dpi={dpi} must both be above 0", width=width, dpi=dpi))


class Paper:
    """A white figure whose places are inches from its top left corner.

    Args:
        width, height: in inches.
        dpi: dots an inch, for the pictures.
        alt: a description for screen readers.

    Raises:
        ValueError: a size or resolution that is not above 0, or a figure too large to draw.
    """

    def __init__(self, width: float, height: float, *, dpi: float, alt: str, color: str = "white") -> None:
        check_size(width, dpi)
        if max(width, height) * dpi > _MOST_PIXELS:
            size = f"{width:g} x {height:.0f}"
            raise ValueError(
                say("{size} inches at dpi={dpi} are too large to draw; give a smaller dpi", size=size, dpi=dpi)
            )
        self.width, self.height, self.dpi = width, height, dpi
        self.figure = _shown_figure()(figsize=(width, height), dpi=dpi, facecolor=color, layout=None)
        self.figure.alt = html.plain(alt)  # type: ignore[attr-defined]
        self._axes = self.plot(0, 0, width, height)
        self._axes.set_axis_off()
        self._axes.set_autoscale_on(False)
        self._axes.set(xlim=(0, width), ylim=(height, 0))

    def plot(self, x: float, y: float, width: float, height: float) -> Axes:
        """Return matplotlib axes in a place."""
        place = (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(place)

    def write(
        self,
        lines: Lines,
        x: float,
        y: float,
        *,
        width: float = 0.0,
        align: str = "start",
        anchor: str = "top",
        color: str = INK,
        weight: str = "normal",
    ) -> float:
        """Write lines into a column and return the place below them.

        Args:
            y: the lines' top, center or bottom, as `anchor` says.
            align: "start" (the side where the script begins), "center" or "end" (right).
            color, weight: of the text; only digits may be "bold", since a bold face can lack characters.
        """
        if align == "start":
            align = "end" if lines.leftwards else "left"
        place, side = {"left": (x, "left"), "center": (x + width / 2, "center"), "end": (x + width, "right")}[align]
        top = y - {"top": 0.0, "center": 0.5, "bottom": 1.0}[anchor] * lines.height
        step = line_height(lines.size)
        # Each line at its own height: matplotlib spaces lines of several fonts unevenly.
        for number, line in enumerate(lines.lines):
            self._put(line, lines, place, top + (number + _BASELINE) * step, weight=weight, color=color, ha=side)
        return top + lines.height

    def write_upwards(self, lines: Lines, x: float, y: float, *, height: float) -> None:
        """Write lines from the bottom to the top, centered in the height of a place, and the first one leftmost."""
        for number, line in enumerate(lines.lines):
            left = x + (number + _BASELINE) * line_height(lines.size)
            self._put(line, lines, left, y + height / 2, color=INK, ha="center", rotation=90, rotation_mode="anchor")

    def _put(self, line: str, lines: Lines, x: float, y: float, **look: Any) -> None:
        font: dict[str, Any] = {"family": list(lines.family), "size": lines.size, "parse_math": False, "usetex": False}
        self._axes.text(x, y, line, va="baseline", **font, **look)

    def line(self, across: tuple[float, float], down: tuple[float, float]) -> None:
        """Draw a thin line from one place to another."""
        self._axes.plot(across, down, color=LINE, linewidth=0.6, solid_capstyle="butt")

    def pictures(self, places: Sequence[tuple[Path, float, float, float, float]]) -> list[bool]:
        """Draw image files, each as large as fits into the middle of its place (x, y, width, height).

        Returns:
            Whether each file could be read.
        """

        loaded = in_parallel(lambda place: picture(place[0], math.ceil(max(place[3:]) * self.dpi)), places)
        for image, (_, *place) in zip(loaded, places, strict=True):
            if image:
                self.picture(image, *place)
        return [image is not None for image in loaded]

    def picture(self, image: Image.Image, x: float, y: float, width: float, height: float) -> None:
        """Draw an image as large as fits into the middle of a place, each of its pixels one dot of the figure."""
        import numpy

        scale = min(width / image.width, height / image.height) * self.dpi
        dots = (max(1, round(scale * image.width)), max(1, round(scale * image.height)))
        if image.size != dots:
            image = image.resize(dots, reducing_gap=3.0)
        left = round((x + width / 2) * self.dpi - dots[0] / 2) / self.dpi
        below = round((self.height - y - height / 2) * self.dpi - dots[1] / 2) / self.dpi
        bottom = self.height - below
        extent = (left, left + dots[0] / self.dpi, bottom, bottom - dots[1] / self.dpi)
        self._axes.imshow(numpy.asarray(image), extent=extent, interpolation="none", aspect="auto", origin="upper")

    def frame(
        self, x: float, y: float, width: float, height: float, *, color: str = LINE, line: float = 0.5, **look: Any
    ) -> None:
        """Draw a rectangle, below pictures if it has a `facecolor`; `look` goes to matplotlib, such as `linestyle`."""
        from matplotlib.patches import Rectangle

        look = {"facecolor": "none", "zorder": -1 if "facecolor" in look else 1, **look}
        self._axes.add_patch(Rectangle((x, y), width, height, edgecolor=color, linewidth=line, **look))


@cache
def _shown_figure() -> type[Figure]:
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        """A matplotlib figure that shows itself in a cell; matplotlib's own needs pyplot for that."""

        alt = ""

        def _repr_html_(self) -> str:
            jpeg = rendered(self, "jpeg", dpi=_CELL_DPI, pil_kwargs={"quality": 85})
            size = (round(self.get_figwidth() * 96), round(self.get_figheight() * 96))
            return html.figure(jpeg, alt=self.alt, caption=(), size=size, width=max(size))

    return ShownFigure


def rendered(figure: Figure, kind: str, **options: Any) -> bytes:
    """Return a figure as a file of a kind such as "png"."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context(_style(())):
        figure.savefig(buffer, format=kind, **{"dpi": figure.dpi, **options})
    return buffer.getvalue()


def warn_of_missing(texts: Iterable[str]) -> None:
    """Warn of characters that no font of this machine has."""
    notice = families("\n".join(map(html.plain, texts))).notice
    if notice:
        warnings.warn(html.plain(notice), stacklevel=level_outside())


def ending(path: str | os.PathLike[str], known: Sequence[str], what: str) -> str:
    """Return a file name's ending in lower case.

    Args:
        what: is saved, such as `Said("a grid")`.

    Raises:
        ValueError: another ending.
    """
    found = Path(path).suffix.lower()
    if found not in known:
        endings = ", ".join(known)
        raise ValueError(say("{path}: {what} is saved as {endings}", path=repr(str(path)), what=what, endings=endings))
    return found


def put(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file, its folder too, and return its place; until it is whole the earlier file stays.

    Raises:
        OSError: the file cannot be written.
    """
    place = Path(path).expanduser()
    place.parent.mkdir(parents=True, exist_ok=True)
    write(place, content, export=True)
    return place


def save(
    path: str | os.PathLike[str],
    figures: Iterable[Figure],
    *,
    pages: int,
    texts: Sequence[str],
    title: str = "",
    about: str = "",
) -> tuple[Path, ...]:
    """Save figures and return the files: one PDF, or a PNG or SVG for each page (name-1.png, name-2.png, ...).

    Args:
        path: its ending is the kind.
        texts: everything written on them.
        title, about: in the file's metadata.

    Raises:
        OSError: a file cannot be written.
    """
    import matplotlib

    place, kind = Path(path).expanduser(), Path(path).suffix.lower()
    told = {"Title": html.plain(title), "Subject" if kind == ".pdf" else "Description": about}
    metadata = {**_METADATA[kind], **{name: text for name, text in told.items() if text}}
    with matplotlib.rc_context(_style(texts)):
        if kind == ".pdf":
            from matplotlib.backends.backend_pdf import PdfPages

            buffer = io.BytesIO()
            with PdfPages(buffer, metadata=metadata) as pdf:
                for figure in figures:
                    figure.savefig(pdf, format="pdf", dpi=figure.dpi)
            return (put(place, buffer.getvalue()),)
        names = [f"{place.stem}-{number}{place.suffix}" for number in range(1, pages + 1)]
        return tuple(
            put(place.with_name(name), rendered(figure, kind[1:], metadata=metadata))
            for name, figure in zip(names if pages > 1 else [place.name], figures, strict=True)
        )


def _style(texts: Iterable[str]) -> Any:
    """Return matplotlib's settings for saving: a person's own settings must not change a page."""
    return {
        "pdf.fonttype": pdf_fonttype(map(html.plain, texts)),
        "pdf.compression": 9,
        "svg.fonttype": "path",
        "svg.hashsalt": "wannb",
        "savefig.bbox": None,
        "savefig.facecolor": "auto",
        # Hinted letters are up to 6 % wider than measured, and lines would run out of their columns.
        "text.hinting": "none",
        "text.usetex": False,
        "text.parse_math": False,
        "figure.constrained_layout.use": False,
        "image.composite_image": False,
    }
