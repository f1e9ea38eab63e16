"""Draw sheets of a grid and comparisons as matplotlib figures for a paper: text as text, pictures as sharp as asked."""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from wannb.display import html, picture
from wannb.ledger import GeneratedImage

from .difference import Box
from .fonts import families, pdf_fonttype, width_of, wrap
from .layout import Placed, Sheet, Spot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL import Image

#: In inches: around everything, between cells, between the pictures of one cell, between a label and what it names.
_MARGIN, _GAP, _INNER, _PAD = 0.04, 0.07, 0.035, 0.045
_CAPTION_PAD = 0.03
#: A row label takes this share of the width at most.
_LABEL_SHARE = 0.22
_LEADING = 1.28
#: Stands where an image was and its file is not.
GONE = "the file is gone or damaged"
#: The states of a spot that should not be overlooked.
LOUD = frozenset({"failed", "refused", "lost"})
_INK, _QUIET, _LINE = "#111111", "#555555", "#999999"
#: Of a figure in a cell, whatever it is saved with later.
_CELL_DPI = 120
#: Agg draws no picture with a longer side.
_MOST_PIXELS = 65_000
#: No dates and no versions in a file, so that equal grids give equal files.
METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}


@cache
def _kind() -> type[Figure]:
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        """A matplotlib figure that shows itself in a cell, which its own does with pyplot alone."""

        alt = ""

        def _repr_html_(self) -> str:
            buffer = io.BytesIO()
            self.savefig(buffer, format="jpeg", dpi=_CELL_DPI, pil_kwargs={"quality": 85})
            size = (round(self.get_figwidth() * 96), round(self.get_figheight() * 96))
            return html.figure(buffer.getvalue(), alt=self.alt, caption=(), size=size, width=size[0])

    return ShownFigure


def shown_figure(alt: str, **options: Any) -> Figure:
    """Return an empty figure that shows itself in a cell, with these words for people who do not see it."""
    made = _kind()(facecolor="white", layout=None, **options)
    made.alt = alt  # type: ignore[attr-defined]
    return made


def style(texts: Iterable[str]) -> Any:
    """Return the settings that figures with such texts are saved with: the same bytes always, nobody's own style."""
    return {
        "pdf.fonttype": pdf_fonttype(texts),
        "svg.fonttype": "path",
        "svg.hashsalt": "wannb",
        "savefig.bbox": None,
        "savefig.facecolor": "white",
    }


def words_of(sheet: Sheet) -> list[str]:
    """Return every text of a sheet."""
    words = [sheet.heading, *sheet.rows, *sheet.columns]
    return words + [word for placed in sheet.placed for word in (placed.label, placed.spot.text)]


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Lines of text ready to be drawn, with the families that set them and their height in inches."""

    lines: tuple[str, ...]
    family: tuple[str, ...]
    size: float
    turned: bool

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * _LEADING / 72


def draw(sheet: Sheet, *, width: float, dpi: float) -> tuple[Figure, str]:
    """Return a sheet as a figure so many inches wide, and a sentence about characters that no font has.

    Raises:
        ValueError: the width or the resolution is not above 0, or the figure would be too large to draw.
    """
    if not (width > 0 and dpi > 0):
        raise ValueError(f"width={width!r} and dpi={dpi!r} must both be above 0, in inches and dots an inch")

    plan = _measure(sheet, width)
    if max(width, plan.height) * dpi > _MOST_PIXELS:
        raise ValueError(
            f"a page of {width:g} x {plan.height:.0f} inches at {dpi:g} dpi is too large to draw; "
            "put an option on pages=, or give a smaller dpi or width"
        )
    figure = shown_figure(_alt(sheet), figsize=(width, plan.height), dpi=dpi)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_autoscale_on(False)
    _Pen(axes=axes, dpi=dpi, plan=plan).sheet(sheet)
    axes.set_xlim(0, width)
    axes.set_ylim(plan.height, 0)
    return figure, families("\n".join(words_of(sheet))).notice


def compared(
    panels: Sequence[tuple[Image.Image, str]], boxes: Sequence[Box], below: str, *, width: float, dpi: float
) -> Figure:
    """Return pictures in one row, each with its label above, the boxes outlined on the last, a line of text below."""
    if not (width > 0 and dpi > 0):
        raise ValueError(f"width={width!r} and dpi={dpi!r} must both be above 0, in inches and dots an inch")
    import numpy
    from matplotlib.patches import Rectangle

    side = (width - 2 * _MARGIN - _GAP * (len(panels) - 1)) / len(panels)
    tall = max(side * image.height / image.width for image, _ in panels)
    labels = [_block(label, side, 7.0, most=3) for _, label in panels]
    footer = _block(below, width - 2 * _MARGIN, 7.0, most=3)
    band = max(block.height for block in labels) + _PAD
    height = 2 * _MARGIN + band + tall + _PAD + footer.height
    figure = shown_figure(f"Compared: {below}", figsize=(width, height), dpi=dpi)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_autoscale_on(False)
    top = _MARGIN + band
    for number, ((image, _), label) in enumerate(zip(panels, labels, strict=True)):
        left = _MARGIN + number * (side + _GAP)
        dots = (max(1, round(side * dpi)), max(1, round(side * dpi * image.height / image.width)))
        small = image.resize(dots, reducing_gap=3.0) if dots[0] < image.width else image
        bottom = top + side * image.height / image.width
        axes.imshow(numpy.asarray(small), extent=(left, left + side, bottom, top), interpolation="none", aspect="auto")
        _write(axes, label, left + side / 2, _MARGIN + band - _PAD, "center", "bottom", _INK)
    scale = side / panels[-1][0].width
    for x, y, right, bottom in boxes:
        place, size = (left + x * scale, top + y * scale), ((right - x) * scale, (bottom - y) * scale)
        for colour, line in (("black", 1.8), ("white", 0.9)):
            axes.add_patch(Rectangle(place, *size, fill=False, edgecolor=colour, linewidth=line))
    _write(axes, footer, _MARGIN, top + tall + _PAD, "left", "top", _QUIET)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return figure


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Where everything goes, in inches from the top left."""

    height: float
    left: float
    cell: float
    box: tuple[float, float]
    size: float
    heading: _Block
    columns: tuple[_Block, ...]
    rows: tuple[_Block, ...]
    captions: tuple[tuple[tuple[_Block, ...], ...], ...]
    heights: tuple[float, ...]


def _measure(sheet: Sheet, width: float) -> _Plan:
    count = len(sheet.columns)
    rough = (width * (1 - _LABEL_SHARE) if any(sheet.rows) else width) / count / sheet.across
    size = 7.0 if rough >= 0.75 else 6.0 if rough >= 0.45 else 5.0
    label = _label_width(sheet.rows, width, size)
    left = _MARGIN + (label + _PAD if label else 0)
    cell = (width - left - _MARGIN - _GAP * (count - 1)) / count
    side = (cell - _INNER * (sheet.across - 1)) / sheet.across
    if side < 0.05:
        raise ValueError(
            f"{count * sheet.across} pictures do not fit side by side in {width:g} inches; "
            "give more width=, or put an option on rows= or pages="
        )
    box = (side, side * _shape(sheet))
    captions = tuple(
        tuple(tuple(_block(text, side, size - 1, most=3) for text, _, _ in items_of(inside)) for inside in row)
        for row in sheet.cells
    )
    heading = _block(sheet.heading, width - 2 * _MARGIN, size + 1, most=3)
    columns = tuple(_block(text, cell, size, most=5) for text in sheet.columns)
    heights = tuple(max((_cell_height(inside, sheet.across, box[1]) for inside in row), default=0) for row in captions)
    rows = tuple(
        _block(text, label or 1, size, most=max(1, int(height * 72 / size / _LEADING)))
        for text, height in zip(sheet.rows, heights, strict=True)
    )
    top = sum(_with_pad(block) for block in (heading, max(columns, key=lambda block: block.height)))
    height = _MARGIN * 2 + top + sum(heights) + _GAP * (len(heights) - 1)
    return _Plan(
        height=height,
        left=left,
        cell=cell,
        box=box,
        size=size,
        heading=heading,
        columns=columns,
        rows=rows,
        captions=captions,
        heights=heights,
    )


def items_of(cell: Sequence[Placed]) -> list[tuple[str, Placed, GeneratedImage | None]]:
    """Return what stands in a cell, one entry for each picture, the label with the first of a spot's pictures."""
    items: list[tuple[str, Placed, GeneratedImage | None]] = []
    for placed in cell:
        images: Sequence[GeneratedImage | None] = placed.spot.images or (None,)
        items += [(placed.label if number == 0 else "", placed, image) for number, image in enumerate(images)]
    return items


def _label_width(labels: Sequence[str], width: float, size: float) -> float:
    lines = [line for text in labels for line in text.split("\n") if line]
    natural = max((width_of(line, size=size, family=families(line).families) for line in lines), default=0.0)
    return min(natural * 1.02, width * _LABEL_SHARE)


def _shape(sheet: Sheet) -> float:
    """Return the height of a picture's place for a width of 1: a square where some are wide and some are high."""
    shapes = [image.height / image.width for placed in sheet.placed for image in placed.spot.images]
    if not shapes or min(shapes) < 1 < max(shapes):
        return 1.0
    return min(max(shapes), 2.5)


def _block(text: str, width: float, size: float, *, most: int) -> _Block:
    face = families(text).families
    lines: list[str] = []
    # The later parts of a label are the short ones that tell it from the next: the first gives way to them.
    for part in reversed(text.split("\n") if text else []):
        room = max(1, most - len(lines))
        lines = wrap(part, width, size=size, family=face, most=room) + lines
    turned = next((unicodedata.bidirectional(each) in ("R", "AL") for each in text if each.isalpha()), False)
    return _Block(lines=tuple(lines), family=tuple(face), size=size, turned=turned)


def _with_pad(block: _Block) -> float:
    return block.height + _PAD if block.lines else 0.0


def _lines_of(captions: Sequence[_Block], across: int) -> list[float]:
    """Return the height of the captions in each line of pictures of a cell."""
    starts = range(0, len(captions), across)
    heights = (max(block.height for block in captions[start : start + across]) for start in starts)
    return [height + _CAPTION_PAD if height else 0.0 for height in heights]


def _cell_height(captions: Sequence[_Block], across: int, box: float) -> float:
    lines = _lines_of(captions, across) or [0.0]
    return sum(lines) + len(lines) * box + _INNER * (len(lines) - 1)


@dataclass(frozen=True, kw_only=True)
class _Pen:
    """Draws on one axes whose units are inches from the top left."""

    axes: Axes
    dpi: float
    plan: _Plan

    def sheet(self, sheet: Sheet) -> None:
        plan = self.plan
        images = [image for row in sheet.cells for cell in row for _, _, image in items_of(cell)]
        with ThreadPoolExecutor(3) as pool:
            loaded = iter(list(pool.map(self._load, images)))
        top = _MARGIN
        if plan.heading.lines:
            _write(self.axes, plan.heading, _MARGIN, top, "left", "top", _INK)
            top += _with_pad(plan.heading)
        band = max(block.height for block in plan.columns)
        for number, block in enumerate(plan.columns):
            middle = plan.left + number * (plan.cell + _GAP) + plan.cell / 2
            _write(self.axes, block, middle, top + band, "center", "bottom", _INK)
        top += band + _PAD if band else 0
        for row, label, captions, height in zip(sheet.cells, plan.rows, plan.captions, plan.heights, strict=True):
            place = (plan.left - _PAD, "right") if label.turned else (_MARGIN, "left")
            _write(self.axes, label, place[0], top + height / 2, place[1], "center", _INK)
            for number, (cell, words) in enumerate(zip(row, captions, strict=True)):
                left = plan.left + number * (plan.cell + _GAP)
                self._cell(cell, words, sheet.across, left, top, loaded)
            top += height + _GAP

    def _cell(
        self, cell: Sequence[Placed], captions: Sequence[_Block], across: int, left: float, top: float, loaded: Any
    ) -> None:
        width, height = self.plan.box
        lines = _lines_of(captions, across)
        if not cell:
            _write(
                self.axes,
                _block("–", 1, self.plan.size, most=1),
                left + width / 2,
                top + height / 2,
                "center",
                "center",
                _QUIET,
            )
        for number, ((_, placed, _), caption) in enumerate(zip(items_of(cell), captions, strict=True)):
            line, column = divmod(number, across)
            x = left + column * (width + _INNER)
            y = top + sum(lines[:line]) + line * (height + _INNER)
            image = next(loaded)
            if image is None:
                self._words(placed.spot, x, y)
            else:
                self._picture(image, x, y)
            _write(self.axes, caption, x, y + height + _CAPTION_PAD / 2, "left", "top", _QUIET)

    def _words(self, spot: Spot, x: float, y: float) -> None:
        from matplotlib.patches import Rectangle

        width, height = self.plan.box
        size = self.plan.size - 1
        text = spot.text or GONE
        line: Any = "solid" if spot.kind in LOUD or not spot.text else (0, (3, 2))
        self.axes.add_patch(
            Rectangle((x, y), width, height, fill=False, edgecolor=_LINE, linewidth=0.5, linestyle=line)
        )
        room = max(1, int((height - 0.04) * 72 / size / _LEADING))
        block = _block(text, max(width - 0.08, 0.03), size, most=room)
        _write(self.axes, block, x + width / 2, y + height / 2, "center", "center", _QUIET)

    def _picture(self, image: Image.Image, x: float, y: float) -> None:
        import numpy

        # On whole dots, so that each pixel of the picture is one dot of the figure.
        width, height = (side / self.dpi for side in image.size)
        left = round((x + (self.plan.box[0] - width) / 2) * self.dpi) / self.dpi
        below = self.plan.height - y - (self.plan.box[1] + height) / 2
        bottom = self.plan.height - round(below * self.dpi) / self.dpi
        extent = (left, left + width, bottom, bottom - height)
        self.axes.imshow(numpy.asarray(image), extent=extent, interpolation="none", aspect="auto", origin="upper")

    def _load(self, image: GeneratedImage | None) -> Image.Image | None:
        if image is None:
            return None
        width, height = self.plan.box
        scale = min(width / image.width, height / image.height) * self.dpi
        try:
            small = picture(image.path, max(1, math.ceil(scale * max(image.width, image.height))))
        except OSError:
            return None
        exact = (max(1, round(scale * image.width)), max(1, round(scale * image.height)))
        return small if small.size == exact else small.resize(exact)


def _write(axes: Axes, block: _Block, x: float, y: float, across: str, down: str, colour: str) -> None:
    """Draw lines, each at its own height: where fonts differ in a text, matplotlib would space them unevenly."""
    step = block.size * _LEADING / 72
    first = y - {"top": 0.0, "center": 0.5, "bottom": 1.0}[down] * block.height
    for number, line in enumerate(block.lines):
        axes.text(
            x,
            first + (number + 0.78) * step,
            line,
            family=list(block.family),
            size=block.size,
            color=colour,
            ha=across,
            va="baseline",
            parse_math=False,
            usetex=False,
        )


def _alt(sheet: Sheet) -> str:
    columns, rows = (", ".join(label or "images" for label in labels) for labels in (sheet.columns, sheet.rows))
    return f"Images side by side; columns: {columns}; rows: {rows}"
