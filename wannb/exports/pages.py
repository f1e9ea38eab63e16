"""Pages: a board as printed sheets, frames with their words, which are real text of any script.

Words never leave their place: they shrink to `_SIZES[-1]` points, and where that is not enough they stop at the end of
a line that names the page, at the end, where the whole text is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import html
from wannb.figures import (
    DASHED,
    EMPTY,
    INK,
    QUIET,
    Lines,
    Paper,
    ending,
    families,
    line_height,
    rendered,
    save,
    typeset,
)
from wannb.translation import Said, count, current, joined, override, say, spoken

from .reel import APART, Block, Reel, Shot, Written, fitted, images, logo_of, set_whole, shrunk

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

#: Width and height of a sheet in inches, portrait.
PAPERS = {"A4": (8.27, 11.69), "Letter": (8.5, 11.0)}
ORIENTATIONS = ("landscape", "portrait")
#: Frames on a page, columns and rows at most.
MOST_FRAMES, _MOST_COLUMNS, _MOST_ROWS = 12, 8, 6
#: Inches: what no printer cuts off, between cells, of the head at least, and of a logo.
_MARGIN, _GAP, _HEAD, _LOGO = 0.5, 0.28, 0.42, 0.5
#: Points: of a title, of small things, and of words, the largest first; those of pages with few frames begin earlier.
_TITLES, _SMALL = (16.0, 14.0, 12.0, 10.0), 9.0
_TINY = (_SMALL, 8.0, 7.0, 6.0, 5.0, 4.0)
_SIZES = (12.0, 11.0, 10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0)
_LISTED = 9.5
_BEGIN = ((2, 12.0), (4, 11.0), (99, 9.5))
#: The picture's share of a cell, at most and at least.
_PICTURE, _LEAST = 0.78, 0.45
#: Inches for words below a picture, tried one after the other, and beside it.
_BELOW, _BESIDE = (0.95, 1.25, 1.6), 1.9
#: One of so many texts may be set smaller than the others.
_LONGEST = 6
#: Inches between a picture and its words.
_AWAY = 0.09
#: The head's share of a page at most, and the columns of the texts at the end.
_MOST_HEAD, _LIST_COLUMNS = 0.3, 2
#: A page in the cell: dots an inch, and its width in pixels.
_SHOWN_DPI, _SHOWN_WIDTH = 100, 900


@dataclass(frozen=True, kw_only=True)
class _Cells:
    """How the cells of a page are arranged, in inches; words are below the pictures or beside them."""

    columns: int
    rows: int
    beside: bool
    width: float
    height: float
    across: float
    tall: float

    @property
    def words(self) -> tuple[float, float]:
        """Width and height of the place for words."""
        if self.beside:
            return self.width - self.across - 2 * _AWAY, self.height
        return self.width, self.height - self.tall - _AWAY


@dataclass(frozen=True, kw_only=True)
class Pages:
    """A board as printed pages; `board.pages()` returns them, and the cell shows them.

    Attributes:
        frames: on a page, 1 to 12; they are arranged so that the pictures are as large as can be.
        columns, rows: of frames on a page, 1 to 8 and 1 to 6; with both of them `frames` does not count.
        paper: "A4" or "Letter".
        orientation: "landscape" or "portrait".
        logo: a picture for the upper right corner.
        date: a line under the page's number.
        numbering: whether pages are numbered.
        language: "en" or "zh".

    Raises:
        ValueError: a number out of range, another paper, or a logo that cannot be read.
    """

    reel: Reel
    frames: int = 6
    columns: int | None = None
    rows: int | None = None
    paper: str = "A4"
    orientation: str = "landscape"
    logo: str | Path | bytes | None = None
    date: str = ""
    numbering: bool = True
    language: str = field(default_factory=current)

    def __post_init__(self) -> None:
        numbers = (("frames", MOST_FRAMES), ("columns", _MOST_COLUMNS), ("rows", _MOST_ROWS))
        for name, most in numbers:
            value = getattr(self, name)
            given = value is not None or name == "frames"
            if given and (isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most):
                raise ValueError(say("{name}={value}: give 1 to {most}", name=name, value=repr(value), most=most))
        for name, known in (("paper", tuple(PAPERS)), ("orientation", ORIENTATIONS)):
            if getattr(self, name) not in known:
                values = {"name": name, "value": repr(getattr(self, name)), "known": ", ".join(map(repr, known))}
                raise ValueError(say("{name}={value} is not one of {known}", **values))
        for name, text in (("title", self.reel.title), ("date", self.date)):
            if not isinstance(text, str):
                raise TypeError(say("{name}={value} is not text", name=name, value=repr(text)))
        _ = self.picture

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a page in inches."""
        width, height = PAPERS[self.paper]
        return (height, width) if self.orientation == "landscape" else (width, height)

    @property
    def sheets(self) -> list[Sequence[Shot]]:
        """The scenes of each page; pages with the whole of long texts follow."""
        each = self._cells.columns * self._cells.rows if self.columns and self.rows else self.frames
        return [self.reel.shots[start : start + each] for start in range(0, len(self.reel.shots), each)]

    def __len__(self) -> int:
        return len(self.sheets) + len(self._texts)

    @spoken
    def figure(self, page: int = 1, *, dpi: int = 200) -> Figure:
        """Return a page as a matplotlib figure; its words are text, its pictures sharp at `dpi` dots an inch.

        Raises:
            ValueError: there is no such page, or a resolution that is not 30 to 600.
        """
        if isinstance(page, bool) or not isinstance(page, int) or not 1 <= page <= len(self):
            raise ValueError(say("page={page}: there are pages 1 to {last}", page=repr(page), last=len(self)))
        if isinstance(dpi, bool) or not isinstance(dpi, int) or not 30 <= dpi <= 600:
            raise ValueError(say("dpi={dpi}: give 30 to 600 dots an inch", dpi=repr(dpi)))
        paper = Paper(*self.size, dpi=dpi, alt=self._alt(page))
        self._write_head(paper, page)
        if page > len(self.sheets):
            for lines, color, x, y in self._texts[page - len(self.sheets) - 1]:
                paper.write(lines, x, y, width=self._column, color=color)
        else:
            places = list(self._places(paper, page))
            shots, pixels = [shot for shot, _ in places], math.ceil(max(self._cells.across, self._cells.tall) * dpi)
            for image, (_, place) in zip(images(shots, pixels), places, strict=True):
                if image:
                    paper.picture(image, *place)
        return paper.figure

    @spoken
    def save(self, path: str | Path, *, dpi: int = 200) -> list[Path]:
        """Save the pages as a .pdf, or as a .png each (`name-1.png`, ...), and return the files.

        Args:
            path: an existing file is replaced, a missing folder made.
            dpi: dots an inch, for the pictures: 30 to 600.

        Raises:
            ValueError: another ending or resolution.
            OSError: a file cannot be written; the earlier one is unchanged.
        """
        ending(path, (".pdf", ".png"), Said("a storyboard's pages"))
        figures = (self.figure(number, dpi=dpi) for number in range(1, len(self) + 1))
        return list(save(path, figures, pages=len(self), texts=[self.reel.words, self.date], title=self.reel.title))

    @spoken
    def shown(self, page: int = 1) -> str:
        """Return a page as an HTML figure."""
        jpeg = rendered(self.figure(page, dpi=_SHOWN_DPI), "jpeg", pil_kwargs={"quality": 84})
        width, height = (round(side * 100) for side in self.size)
        wide = round(_SHOWN_WIDTH * min(1.0, width / height))
        return html.figure(jpeg, alt=self._alt(page), caption=[], size=(width, height), width=wide)

    @spoken
    def __repr__(self) -> str:
        summary = html.plain(self.reel.summary)
        return f"Pages({self.reel.title!r}, {say(count(len(self), 'page'))}, {self.paper}, {summary})"

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        figures = [self.shown(number) for number in range(1, len(self) + 1)]
        notice = families(self.reel.words).notice
        page = html.block("", body=html.row(figures), notes=[notice] if notice else [])
        return {"text/plain": repr(self), "text/html": page}

    def _alt(self, page: int) -> str:
        where = Said("Page {number} of {n} of {title}.", number=page, n=len(self), title=self.reel.title)
        if page > len(self.sheets):
            return joined(" ", [where, Said("Texts in full")])
        return joined(" ", [where, *(joined("", [shot.alt, "."]) for shot in self.sheets[page - 1])])

    # The head

    @cached_property
    def picture(self) -> Image.Image | None:
        """The logo on white."""
        return logo_of(self.logo)

    @cached_property
    def _meta(self) -> tuple[float, float]:
        """The width of what stands at the right of the head, and that of the logo in it."""
        logo = self.picture
        wide = min(2.0, _LOGO * logo.width / logo.height) + 0.15 if logo else 0.0
        return wide + (1.7 if self.numbering or self.date.strip() else 0.0), wide

    @cached_property
    def _title(self) -> Lines:
        room = self.size[0] - 2 * _MARGIN - self._meta[0]
        lines = shrunk(self.reel.title, room, line_height(_TITLES[0]), _TITLES)
        if lines.height > self.size[1] * _MOST_HEAD:
            n = len(self.reel.title)
            raise ValueError(say("a title of {n} letters does not fit on a page; give a shorter one", n=n))
        return lines

    @cached_property
    def _top(self) -> float:
        """Where the cells begin."""
        meta = line_height(_SMALL) * (self.numbering + bool(self.date.strip())) + 0.2
        logo = _LOGO + 0.14 if self.picture else 0.0
        return _MARGIN + max(_HEAD, self._title.height + 0.1, meta, logo)

    def _write_head(self, paper: Paper, page: int) -> None:
        paper.write(self._title, _MARGIN, _MARGIN, width=paper.width - 2 * _MARGIN - self._meta[0])
        right, logo = paper.width - _MARGIN, self._meta[1]
        if self.picture:
            paper.picture(self.picture, right - logo + 0.15, _MARGIN, logo - 0.15, _LOGO)
        where = Said("page {number} of {n}", number=page, n=len(self)) if self.numbering else ""
        y = _MARGIN + 0.07
        for text in (where, self.date.strip()):
            if text:
                lines = shrunk(text, 1.6, line_height(_SMALL), _TINY)
                y = paper.write(lines, right - logo - 1.6, y, width=1.6, align="end", color=QUIET)

    # The cells

    @property
    def _cells(self) -> _Cells:
        return self._set[0]

    @property
    def _captions(self) -> dict[int, tuple[list[Written], bool]]:
        """The words of each scene by its number, and whether they are all."""
        return self._set[1]

    @cached_property
    def _set(self) -> tuple[_Cells, dict[int, tuple[list[Written], bool]]]:
        """The cells and the words in them; pictures give up some room where all words fit then."""
        first = None
        for below in _BELOW:
            cells = self._largest(below)
            found = cells, self._set_words(cells)
            if all(whole for _, whole in found[1].values()):
                return found
            first = first or found
        assert first
        return first

    def _largest(self, below: float) -> _Cells:
        """Return the arrangement with the largest pictures."""
        if self.columns and self.rows:
            ways = [(self.columns, self.rows)]
        elif self.rows:
            ways = [(math.ceil(self.frames / self.rows), self.rows)]
        else:
            across = [self.columns] if self.columns else range(1, self.frames + 1)
            ways = [(columns, math.ceil(self.frames / columns)) for columns in across]
        cells = [self._arranged(*way, below=below, beside=beside) for way in ways for beside in (False, True)]
        # The first of those with the largest pictures; an empty place counts against a way.
        return max(cells, key=lambda one: one.across * one.tall / max(self.frames, one.columns * one.rows))

    def _set_words(self, cells: _Cells) -> dict[int, tuple[list[Written], bool]]:
        width, height = cells.words
        begin = next(size for most, size in _BEGIN if cells.columns * cells.rows <= most)
        room = height - line_height(_SMALL + 1) - 0.03
        with override(self.language):
            words = {shot.number: _words(shot) for shot in self.reel.shots}

            def setting(most: float) -> dict[int, tuple[list[Written], bool]]:
                sizes = [size for size in _SIZES if size <= most]
                return {number: fitted(blocks, width, room, sizes) for number, blocks in words.items()}

            # One size for all but the longest texts, which are smaller.
            needed = sorted(
                max(lines.size for lines, _ in written) for written, _ in setting(begin).values() if written
            )
            return setting(needed[len(needed) // _LONGEST] if needed else begin)

    def _arranged(self, columns: int, rows: int, *, below: float, beside: bool) -> _Cells:
        width = (self.size[0] - 2 * _MARGIN - (columns - 1) * _GAP) / columns
        height = (self.size[1] - _MARGIN - self._top - (rows - 1) * _GAP) / rows
        # A place of the shape that most frames have, so that only the others leave a part of it empty.
        wide, high = self.reel.shape
        if beside:
            across = max(0.0, min(width - 2 * _AWAY - _BESIDE, height * wide / high))
            tall = across * high / wide
        else:
            tall = min(height * _PICTURE, max(height * _LEAST, height - below), width * high / wide)
            across = min(width, tall * wide / high)
        shape = {"width": width, "height": height, "across": across, "tall": tall}
        return _Cells(columns=columns, rows=rows, beside=beside, **shape)

    def _places(self, paper: Paper, page: int) -> Iterator[tuple[Shot, tuple[float, float, float, float]]]:
        """Write all but the pictures, and yield their shots and places."""
        cells = self._cells
        for position, shot in enumerate(self.sheets[page - 1]):
            row, column = divmod(position, cells.columns)
            x, y = _MARGIN + column * (cells.width + _GAP), self._top + row * (cells.height + _GAP)
            look: dict[str, Any] = {"color": EMPTY} if shot.path else {"color": QUIET, "line": 0.8, "linestyle": DASHED}
            paper.frame(x, y, cells.across, cells.tall, facecolor=EMPTY, **look)
            if shot.path:
                yield shot, (x, y, cells.across, cells.tall)
            else:
                lines, middle = shrunk(shot.instead, cells.across - 0.1, cells.tall, _TINY), y + cells.tall / 2
                paper.write(lines, x, middle, width=cells.across, align="center", anchor="center", color=QUIET)
            if cells.beside:
                self._write(paper, shot, x + cells.across + 2 * _AWAY, y)
            else:
                self._write(paper, shot, x, y + cells.tall + _AWAY)

    def _write(self, paper: Paper, shot: Shot, x: float, y: float) -> None:
        """Write a scene's number, its seconds and its words."""
        width = self._cells.words[0]
        across = width if self._cells.beside else self._cells.across
        below = paper.write(typeset(str(shot.number), across, _SMALL + 1, most=1), x, y, weight="bold")
        paper.write(typeset(shot.time, across, _SMALL, most=1), x, y, width=across, align="end", color=QUIET)
        y = below + 0.03
        written, whole = self._captions[shot.number]
        for lines, color in written:
            y = paper.write(lines, x, y, width=width, color=color) + APART
        if not whole:
            where = Said("in full: page {page}", page=len(self.sheets) + self._page_of[shot.number])
            paper.write(shrunk(where, width, line_height(_SIZES[-1]), _TINY[2:]), x, y, width=width, color=QUIET)

    # Texts at the end

    @property
    def _column(self) -> float:
        return (self.size[0] - 2 * _MARGIN - (_LIST_COLUMNS - 1) * 2 * _GAP) / _LIST_COLUMNS

    @cached_property
    def _laid(self) -> tuple[list[list[tuple[Lines, str, float, float]]], dict[int, int]]:
        """The lines of each page of texts with their places, and the page on which each scene's text begins."""
        pages: list[list[tuple[Lines, str, float, float]]] = [[]]
        page_of: dict[int, int] = {}
        end, column, y = self.size[1] - _MARGIN, 0, self._top
        with override(self.language):
            for shot in self.reel.shots:
                if self._captions[shot.number][1]:
                    continue
                name = typeset(Said("Scene {number}", number=shot.number), self._column, _SMALL, most=1)
                for number, (lines, color) in enumerate(
                    [(name, QUIET), *set_whole(_words(shot), self._column, _LISTED)]
                ):
                    for line in lines.lines:
                        step = line_height(lines.size)
                        if y + step * (1 if number else 3) > end:  # a name never stands alone at the end
                            column, y = column + 1, self._top
                        if column == _LIST_COLUMNS:
                            pages.append([])
                            column = 0
                        x = _MARGIN + column * (self._column + 2 * _GAP)
                        pages[-1].append((replace(lines, lines=(line,)), color, x, y))
                        if number == 0:
                            page_of[shot.number] = len(pages)
                        y += step
                    y += APART
                y += 0.12
        return pages if page_of else [], page_of

    @property
    def _texts(self) -> list[list[tuple[Lines, str, float, float]]]:
        return self._laid[0]

    @property
    def _page_of(self) -> dict[int, int]:
        return self._laid[1]


def _words(shot: Shot) -> list[Block]:
    """Return the words of a scene, each with its share of the size and its color."""
    facts = joined(" · ", shot.facts) if shot.facts else ""
    blocks = ((facts, 0.9, QUIET), (shot.text, 1.0, INK), (shot.quoted, 1.0, INK), (shot.notes, 0.9, QUIET))
    return [block for block in blocks if block[0].strip()]
