"""Grids: the images of many requests as a labeled table in the cell, and as a figure for a paper."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import data_uri, fitting, html, previews
from wannb.runs import GeneratedImage
from wannb.translation import Said, count, current, joined, override, say, shorten, spoken

from .fonts import families, width_of
from .layout import STATES, Axis, Placed, Sheet, Spot, about_of, arrange, facts_of, flat, language_of, prompt_of
from .paper import DASHED, LINE, QUIET, Lines, Paper, check_size, ending, line_height, save, typeset, warn_of_missing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Bytes of the HTML: so a notebook stays under a megabyte; less for few images, so that it may hold several grids.
_MOST_BYTES, _SOME_BYTES, _BYTES_EACH = 950_000, 130_000, 6_000
#: Pixels: the width of the page and of row labels; the least and most of a picture; the least where there are few.
_PAGE, _LABELS, _LEAST, _MOST, _LEAST_OF_FEW = 1000, 170, 64, 330, 112
#: More images than this are shown small.
_MANY = 120
#: Pixels of a thumbnail for each pixel shown, for screens of high resolution; the smallest thumbnail.
_DENSITY, _SMALLEST = 1.6, 40
_SHEET_ROWS, _SHEET_COLUMNS = 6, 5
_ENDINGS = (".png", ".pdf", ".svg")
#: Inches: around everything, between cells, between pictures of a cell, between a label and its picture.
_MARGIN, _GAP, _INNER, _PAD, _CAPTION_PAD = 0.04, 0.07, 0.035, 0.045, 0.03
#: A row label takes this share of the width at most.
_LABEL_SHARE = 0.22
#: Replaces an image whose file cannot be read.
_GONE = Said("the file is gone or damaged")
#: States that should not be overlooked.
_LOUD = frozenset({"failed", "refused", "lost"})


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Images in rows, columns and pages, each with its label: shown in the cell, or saved as a figure.

    Attributes:
        title: above them, in the cell and on each page of a file.
        constants: the options that all images share, as text.
        prompts: whether the metadata of its files has the prompts.
        language: "en" or "zh".
    """

    sheets: tuple[Sheet, ...]
    title: str = ""
    constants: str = ""
    prompts: bool = True
    language: str = field(default_factory=current)

    @property
    def pages(self) -> int:
        """The number of pages."""
        return len(self.sheets)

    @spoken
    def __repr__(self) -> str:
        first = self.sheets[0]
        shape = [] if _is_flow(first) else [f"{len(first.rows)} x {len(first.columns)}"]
        pages = [count(self.pages, "page")] if self.pages > 1 else []
        return f"Grid({say(joined(', ', [*shape, self._summary(), *pages]))})"

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    @spoken
    def figure(self, *, page: int = 0, width: float = 7.0, dpi: float = 200) -> Figure:
        """Return one page as a matplotlib figure, with labels as text and pictures at its resolution.

        "□" replaces characters that no font of this machine has, and a warning names them.

        Args:
            page: from 0.
            width: in inches; the height follows. A column of a paper is about 3.3, a page 7.
            dpi: dots an inch, for the pictures; save with the same.

        Raises:
            ValueError: there is no such page, or it does not fit.

        >>> plan.grid().figure(width=3.3, dpi=300).savefig("grid.pdf")    # doctest: +SKIP
        """
        if not 0 <= page < self.pages:
            raise ValueError(say("page={page}: this grid has pages 0 to {last}", page=page, last=self.pages - 1))
        check_size(width, dpi)
        drawn = _Page(self.sheets[page], width, self.title).drawn(dpi)
        warn_of_missing([self.title, *_texts(self.sheets[page])])
        return drawn

    @spoken
    def save(self, path: str | os.PathLike[str], *, dpi: float = 200, width: float = 7.0) -> tuple[Path, ...]:
        """Save all pages, and return the files: one PDF, or a PNG or SVG for each page (name-1.png, name-2.png, ...).

        The title, and the models, seeds and prompts of the pictures, are in the metadata of each file.

        Args:
            path: ends with .png, .pdf or .svg; an existing file is replaced, a missing folder made.
            dpi: dots an inch, for the pictures.
            width: of a page in inches.

        Returns:
            The files.

        Raises:
            ValueError: another ending, or a page that does not fit.
            OSError: a file cannot be written; the earlier one is unchanged.

        >>> plan.grid(pages="model").save("figures/grid.pdf")    # doctest: +SKIP
        """
        ending(path, _ENDINGS, Said("a grid"))
        figures = (self.figure(page=page, width=width, dpi=dpi) for page in range(self.pages))
        texts = [self.title, *(text for sheet in self.sheets for text in _texts(sheet))]
        about = about_of((each.image for each in self._placed if each.image), prompts=self.prompts)
        return save(path, figures, pages=self.pages, texts=texts, title=self.title, about=about)

    @property
    def _placed(self) -> list[Placed]:
        return [each for sheet in self.sheets for each in sheet.placed]

    def _summary(self) -> str:
        kinds = Counter(each.spot.kind if each.image is None else "" for each in self._placed)
        images = count(kinds.pop("", 0), "image")
        others = [Said("{n} {state}", n=number, state=STATES.get(kind, kind)) for kind, number in kinds.items()]
        return joined(", ", [images, *others])

    def _html(self) -> str:
        across = max(len(sheet.columns) * sheet.across for sheet in self.sheets)
        beside = max(len(sheet.beside) + bool(any(sheet.rows)) for sheet in self.sheets)
        room = _PAGE - _LABELS * beside
        paths = [each.image.path for each in self._placed if each.image]
        least = _LEAST if len(paths) > _MANY else _LEAST_OF_FEW
        shown = max(least, min(_MOST, room // across - 12))
        most = min(_MOST_BYTES, _SOME_BYTES + _BYTES_EACH * len(paths))
        room_left = most - len(self._page(shown, iter([b"."] * len(paths))).encode())
        jpegs, pixels = fitting(paths, round(shown * _DENSITY), most=room_left, least=_SMALLEST, draw=previews)
        return self._page(max(_LEAST, min(shown, pixels)), iter(jpegs))

    def _page(self, shown: int, jpegs: Iterator[bytes]) -> str:
        short = len({id(each.spot) for each in self._placed}) > _MANY // 2
        name = Said("Grid: {what}", what=self.title or self._summary())
        body = "".join(
            _table(
                sheet, shown, jpegs, most=70 if short else 300, name=joined(" · ", filter(None, [name, sheet.heading]))
            )
            for sheet in self.sheets
        )
        return html.block(self.title, lines=[self.constants, self._summary()], body=body)


def grid(
    spots: Sequence[Spot],
    labels: Mapping[str, Sequence[str]],
    *,
    rows: Axis = None,
    columns: Axis = None,
    pages: Axis = None,
    title: str = "",
    constants: str = "",
    prompts: bool = True,
) -> Grid:
    """Return spots as a grid in the current language; see `layout.arrange` for the axes.

    Raises:
        ValueError: an axis names an option that does not vary, or an option is on two axes.
    """
    sheets = arrange(spots, labels, rows=rows, columns=columns, pages=pages)
    return Grid(sheets=sheets, title=title, constants=constants, prompts=prompts)


def contact_sheet(results: Any, *, columns: int | None = None) -> Grid:
    """Return all images of results on numbered sheets with short captions.

    Args:
        results: a result, a generated image, or any nesting of lists of them.
        columns: pictures side by side, 1 to 12; 5 by default, fewer if there are fewer pictures. A sheet has 6 rows.

    Returns:
        A grid: shown in the cell, saved by its `save`.

    Raises:
        TypeError: something that is neither; `wannb.gallery` shows other pictures.
        ValueError: no image at all, or a number of columns out of range.

    >>> wannb.contact_sheet([first, second]).save("sheets.pdf")    # doctest: +SKIP
    """
    language = language_of(results)
    with override(language):
        if columns is not None and not (isinstance(columns, int) and 1 <= columns <= 12):
            raise ValueError(say("columns={columns}: give 1 to 12 pictures side by side", columns=columns))
        images = list(flat(results))
        for each in images:
            if not isinstance(each, GeneratedImage):
                kind = type(each).__name__
                raise TypeError(
                    say("a contact sheet takes results, not {kind}; wannb.gallery shows any picture", kind=kind)
                )
        if not images:
            raise ValueError(say("a contact sheet needs at least one image"))
    across = min(columns or _SHEET_COLUMNS, len(images))
    size = across * _SHEET_ROWS
    placed = [
        Placed(
            label=joined("\n", [joined(" · ", [str(number), *facts_of(image)]), prompt_of(image, 48)]),
            spot=Spot(options={}, images=(image,), alt=joined(": ", [str(number), image.alt])),
            image=image,
        )
        for number, image in enumerate(images, 1)
    ]
    sheets = []
    for start in range(0, len(placed), size):
        inside = tuple(placed[start : start + size])
        heading: str = Said("{first} to {last} of {n}", first=start + 1, last=start + len(inside), n=len(placed))
        heading = heading if len(placed) > size else ""
        sheets.append(Sheet(heading=heading, rows=("",), columns=("",), cells=((inside,),), across=across))
    return Grid(sheets=tuple(sheets), language=language)


def _is_flow(sheet: Sheet) -> bool:
    return sheet.rows == ("",) and sheet.columns == ("",)


# In the cell


def _table(sheet: Sheet, shown: int, jpegs: Iterator[bytes], *, most: int, name: str) -> str:
    heading = (
        f'<div role="heading" aria-level="4" style="font-weight:600;margin:10px 0 2px;overflow-wrap:anywhere">'
        f"{_cut(sheet.heading)}</div>"
        if sheet.heading
        else ""
    )
    item = partial(_item, shown=shown, jpegs=jpegs, most=most)
    if _is_flow(sheet):
        inside = "".join(map(item, sheet.cells[0][0]))
        width = sheet.across * (shown + 8)
        return (
            f'{heading}<div style="display:flex;flex-wrap:wrap;gap:8px;margin:8px 0;max-width:{width}px">{inside}</div>'
        )
    plain = "background:none;text-align:left;vertical-align:top;white-space:normal;border:0"
    label = (
        f"{plain};font-weight:500;max-width:{_LABELS}px;min-width:90px;overflow-wrap:break-word;padding:3px 10px 3px 0"
    )
    top = "".join(
        f'<th scope="col" style="{plain};font-weight:500;padding:3px;max-width:{shown * sheet.across + 20}px;'
        f'vertical-align:bottom;overflow-wrap:anywhere">{_cut(text)}</th>'
        for text in sheet.columns
    )
    corner = f'<td colspan="{1 + len(sheet.beside)}" style="{plain}"></td>' if any(sheet.rows) else ""
    beside = [
        "".join(
            f'<th scope="rowgroup" rowspan="{size}" style="{label};border-right:1px solid {html.BORDER}">'
            f"{_cut(text)}</th>"
            for text, size in starting
        )
        for starting in _starting(sheet)
    ]
    over = [
        "".join(
            f'<th scope="colgroup" colspan="{size}" style="{plain};font-weight:500;padding:3px 9px 3px 3px;'
            f'overflow-wrap:anywhere"><div style="border-bottom:1px solid {html.BORDER}">{_cut(text)}</div></th>'
            for text, size in level
        )
        for level in sheet.spans
    ]
    lines = "".join(f'<tr style="background:none">{corner}{line}</tr>' for line in (*over, top))
    head = f'<thead style="border:0">{lines}</thead>' if any(sheet.columns) else ""
    width = sheet.across * (shown + 6)
    body = []
    for text, row, over_rows in zip(sheet.rows, sheet.cells, beside, strict=True):
        apart = ";padding-left:10px" if sheet.beside else ""
        side = f'<th scope="row" style="{label}{apart}">{_cut(text)}</th>' if any(sheet.rows) else ""
        cells = "".join(
            f'<td style="{plain};padding:3px"><div style="display:flex;flex-wrap:wrap;gap:4px;'
            f'width:{min(width, max(1, len(items)) * (shown + 6))}px">{"".join(map(item, items)) or "–"}</div></td>'
            for items in row
        )
        body.append(f'<tr style="background:none">{over_rows}{side}{cells}</tr>')
    style = f"border-collapse:collapse;{html.FONT};margin:0;border:0"
    table = f'<table style="{style}">{head}<tbody>{"".join(body)}</tbody></table>'
    return heading + html.scrolled(table, name)


def _starting(sheet: Sheet) -> list[list[tuple[str, int]]]:
    """Return for each row the headings beside the rows that begin with it, the widest first."""
    found: list[list[tuple[str, int]]] = [[] for _ in sheet.rows]
    for level in sheet.beside:
        for row, text, size in _places(level):
            found[row].append((text, size))
    return found


def _item(placed: Placed, *, shown: int, jpegs: Iterator[bytes], most: int) -> str:
    label, spot, image = placed.label, placed.spot, placed.image
    note = f'<div style="color:{html.QUIET};font-size:11px;overflow-wrap:anywhere">{_cut(label)}</div>' if label else ""
    jpeg = next(jpegs) if image is not None else b""
    if image is None or not jpeg:
        words = spot.text or (_GONE if image is not None else STATES.get(spot.kind, spot.kind))
        loud = image is not None or spot.kind in _LOUD
        line = "2px solid #c77700" if loud else f"1px dashed {html.BORDER}"
        box = f"box-sizing:border-box;width:{shown}px;min-height:{min(shown, 110)}px;padding:6px;border:{line}"
        return (
            f'<div style="width:{shown}px"><div style="{box};border-radius:3px;font-size:12px;overflow-wrap:anywhere">'
            f"{_cut(words)}</div>{note}</div>"
        )
    alt = spot.alt or image.alt
    if spot.alt and len(spot.images) > 1:
        alt = Said("{what}, image {number} of {n}", what=spot.alt, number=image.number, n=image.count)
    scale = shown / max(image.width, image.height)
    width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    picture = (
        f'<img src="{data_uri(jpeg)}" alt="{html.attribute(shorten(html.plain(alt), most))}" width="{width}" '
        f'height="{height}" style="display:block;max-width:none;margin:0;border-radius:3px">'
    )
    return f'<div style="width:{shown}px">{picture}{note}</div>'


def _cut(text: str) -> str:
    """Return a label as HTML; a very long one is cut, with the whole of it as its title."""
    text = html.plain(text)
    short = [shorten(line, 160) for line in text.splitlines()]
    shown = "<br>".join(map(html.text, short))
    return shown if short == text.splitlines() else f'<span title="{html.attribute(text)}">{shown}</span>'


# On paper


def _texts(sheet: Sheet) -> list[str]:
    """Return every text of a sheet."""
    levels = (*sheet.spans, *sheet.beside)
    texts = [sheet.heading, *sheet.rows, *sheet.columns, *(text for level in levels for text, _ in level)]
    return texts + [text for placed in sheet.placed for text in (placed.label, placed.spot.text)]


class _Page:
    """A sheet laid out in inches, ready to be drawn."""

    def __init__(self, sheet: Sheet, width: float, title: str = "") -> None:
        columns = len(sheet.columns)
        rough = (width * (1 - _LABEL_SHARE) if any(sheet.rows) else width) / columns / sheet.across
        self.sheet, self.width = sheet, width
        self.size = size = 7.0 if rough >= 0.75 else 6.0 if rough >= 0.45 else 5.0
        self.label = _label_width(sheet.rows, width, size)
        self.rows = [_label(text, self.label or 1, size) for text in sheet.rows]
        # Not the whole width: at few dots an inch letters are drawn wider than they measure.
        self.title = _label(title, 0.97 * (width - 2 * _MARGIN), size + 2)
        self.heading = _label(sheet.heading, 0.97 * (width - 2 * _MARGIN), size + 1)
        self.beside: list[list[tuple[Lines, int]]] = []
        self.added = [0.0] * len(sheet.rows)
        most = max(1, int((width * _LABEL_SHARE / max(1, len(sheet.beside)) - 2 * _PAD) / line_height(size)))
        room, needed = -1.0, 0.0
        while needed > room:  # headings beside the rows take room, so that pictures shrink, and rows with them
            room = needed
            self._lay_out(room)
            while not self._headed(most):
                self._lay_out(room)
            needed = sum(self._thickness(level) for level in self.beside)

    def _headed(self, most: int) -> bool:
        """Set the headings beside the rows; where one has more than `most` lines its rows become taller instead."""
        self.beside, whole = [], True
        for level in self.sheet.beside:
            self.beside.append([])
            for row, text, many in _places(level):
                lines = _label(text, self._down(row, many), self.size)
                self.beside[-1].append((lines, many))
                if len(lines.lines) > most:
                    whole, more = False, 0.25 * self._down(row, many) / many
                    self.added[row : row + many] = [added + more for added in self.added[row : row + many]]
        return whole

    def _lay_out(self, beside: float) -> None:
        """Find the place of everything, with some inches for the headings beside the rows."""
        sheet, columns, size = self.sheet, len(self.sheet.columns), self.size
        self.left = _MARGIN + beside + (self.label + _PAD if self.label else 0)
        self.cell = (self.width - self.left - _MARGIN - _GAP * (columns - 1)) / columns
        self.side = (self.cell - _INNER * (sheet.across - 1)) / sheet.across
        if self.side < 0.05:
            number = columns * sheet.across
            raise ValueError(say("{n} pictures do not fit side by side; give more width= or use pages=", n=number))
        self.tall = self.side * _shape(sheet)
        self.spans = [[(_label(text, self._across(many), size), many) for text, many in level] for level in sheet.spans]
        self.columns = [_label(text, self.cell, size) for text in sheet.columns]
        self.captions = [
            [[_label(each.label, self.side * 0.95, size - 1) for each in cell] for cell in row] for row in sheet.cells
        ]
        self.band = max(lines.height for lines in self.columns)
        self.heights = [
            max([label.height, *map(self._height, row)]) + more
            for label, row, more in zip(self.rows, self.captions, self.added, strict=True)
        ]
        over = [max(lines.height for lines, _ in level) + _PAD for level in self.spans]
        top = sum(height + _PAD for height in (self.title.height, self.heading.height, *over, self.band) if height)
        self.height = 2 * _MARGIN + top + self._down(0, len(self.heights))

    def _down(self, row: int, many: int) -> float:
        """Return the height of some rows below each other."""
        return sum(self.heights[row : row + many]) + (many - 1) * _GAP

    @staticmethod
    def _thickness(level: Sequence[tuple[Lines, int]]) -> float:
        return max(lines.height for lines, _ in level) + 2 * _PAD

    def _across(self, columns: int) -> float:
        """Return the width of some columns side by side."""
        return columns * self.cell + (columns - 1) * _GAP

    def _below(self, captions: Sequence[Lines]) -> list[float]:
        """Return the height of the captions under each line of pictures in a cell."""
        across = self.sheet.across
        starts = range(0, max(len(captions), 1), across)
        heights = (max((each.height for each in captions[start : start + across]), default=0.0) for start in starts)
        return [height + _CAPTION_PAD if height else 0.0 for height in heights]

    def _height(self, captions: Sequence[Lines]) -> float:
        below = self._below(captions)
        return sum(below) + len(below) * self.tall + _INNER * (len(below) - 1)

    def drawn(self, dpi: float) -> Figure:
        """Return the page as a figure."""
        sheet = self.sheet
        columns, rows = (
            joined(", ", [label or Said("images") for label in labels]) for labels in (sheet.columns, sheet.rows)
        )
        alt = Said("Images side by side; columns: {columns}; rows: {rows}", columns=columns, rows=rows)
        paper = Paper(self.width, self.height, dpi=dpi, alt=alt)
        top = _MARGIN
        for lines in (each for each in (self.title, self.heading) if each.lines):
            top = paper.write(lines, _MARGIN, top, width=self.width - 2 * _MARGIN) + _PAD
        for level in self.spans:
            top = self._draw_spans(paper, level, top)
        for number, lines in enumerate(self.columns):
            left = self.left + number * (self.cell + _GAP)
            paper.write(lines, left, top + self.band, width=self.cell, align="center", anchor="bottom")
        top += self.band + _PAD if self.band else 0
        self._draw_beside(paper, top)
        images: list[tuple[Path, float, float, float, float]] = []
        for label, row, captions, height in zip(self.rows, sheet.cells, self.captions, self.heights, strict=True):
            start = self.left - self.label - _PAD
            paper.write(label, start, top + height / 2, width=self.label, anchor="center")
            for number, (cell, lines_of) in enumerate(zip(row, captions, strict=True)):
                images += self._draw_cell(paper, cell, lines_of, self.left + number * (self.cell + _GAP), top)
            top += height + _GAP
        for (_, *place), there in zip(images, paper.pictures(images), strict=True):
            if not there:
                self._draw_words(paper, _GONE, *place[:2], loud=True)
        return paper.figure

    def _draw_spans(self, paper: Paper, level: Sequence[tuple[Lines, int]], top: float) -> float:
        """Draw headings that span columns, each with a line below it, and return the place below them."""
        bottom = top + max(lines.height for lines, _ in level) + _PAD
        left = self.left
        for lines, many in level:
            width = self._across(many)
            paper.write(lines, left, bottom - _PAD, width=width, align="center", anchor="bottom")
            paper.line((left + _INNER, left + width - _INNER), (bottom - _PAD / 2,) * 2)
            left += width + _GAP
        return bottom + _PAD

    def _draw_beside(self, paper: Paper, top: float) -> None:
        """Draw headings beside the rows, from the bottom to the top, each with a line between it and its rows."""
        left = _MARGIN
        for level in self.beside:
            thick, row = self._thickness(level), 0
            for lines, many in level:
                start, height = top + self._down(0, row + 1) - self.heights[row], self._down(row, many)
                paper.write_upwards(lines, left + thick - 2 * _PAD - lines.height, start, height=height)
                paper.line((left + thick - 1.5 * _PAD,) * 2, (start + _INNER, start + height - _INNER))
                row += many
            left += thick

    def _draw_cell(
        self, paper: Paper, cell: Sequence[Placed], captions: Sequence[Lines], left: float, top: float
    ) -> Iterator[tuple[Path, float, float, float, float]]:
        """Draw the words of a cell, and yield its pictures with their places."""
        below = self._below(captions)
        if not cell:
            dash = typeset("–", 1, self.size, most=1)
            paper.write(dash, left, top + self.tall / 2, width=self.side, align="center", anchor="center", color=QUIET)
        for number, (placed, caption) in enumerate(zip(cell, captions, strict=True)):
            line, column = divmod(number, self.sheet.across)
            x = left + column * (self.side + _INNER)
            y = top + sum(below[:line]) + line * (self.tall + _INNER)
            if placed.image is None:
                spot = placed.spot
                state = STATES.get(spot.kind, spot.kind)
                self._draw_words(paper, spot.text or state, x, y, state=state, loud=spot.kind in _LOUD)
            else:
                yield placed.image.path, x, y, self.side, self.tall
            paper.write(caption, x, y + self.tall + _CAPTION_PAD / 2, width=self.side, color=QUIET)

    def _draw_words(self, paper: Paper, text: str, x: float, y: float, *, state: str = "", loud: bool) -> None:
        """Write why there is no picture: the whole of it, or the state alone where that is too long."""
        paper.frame(x, y, self.side, self.tall, color=LINE, linestyle="solid" if loud else DASHED)
        width = max(self.side - 0.08, 0.03)
        sizes = [size for size in (self.size - 1, 5.0, 4.0) if size < self.size]
        tries = [typeset(said, width, size) for said in (text, state or text) for size in sizes]
        fits = (lines for lines in tries if lines.height <= self.tall - 0.04)
        lines = next(fits, typeset("–", width, sizes[-1]))
        middle = y + self.tall / 2
        paper.write(lines, x, middle, width=self.side, align="center", anchor="center", color=QUIET)


def _places(level: Sequence[tuple[str, int]]) -> Iterator[tuple[int, str, int]]:
    """Yield each heading of a level with the row where it begins."""
    row = 0
    for text, many in level:
        yield row, text, many
        row += many


def _label(text: str, width: float, size: float) -> Lines:
    return typeset(text, width, size, whole_end=True)


def _label_width(labels: Sequence[str], width: float, size: float) -> float:
    lines = [line for text in labels for line in html.plain(text).split("\n") if line]
    natural = max((width_of(line, size=size, family=families(line).families) for line in lines), default=0.0)
    return min(natural * 1.02, width * _LABEL_SHARE)


def _shape(sheet: Sheet) -> float:
    """Return the height of a picture's place for a width of 1: a square if some are wide and some are tall."""
    shapes = [each.image.height / each.image.width for each in sheet.placed if each.image]
    if not shapes or min(shapes) < 1 < max(shapes):
        return 1.0
    return min(max(shapes), 2.5)
