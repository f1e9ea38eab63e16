"""Pages: a board as printed sheets, frames above their texts, which are real text of any script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import html
from wannb.figures import DASHED, EMPTY, INK, QUIET, Paper, ending, families, line_height, rendered, save, typeset
from wannb.translation import Said, count, current, joined, say, spoken

from .reel import Reel, Shot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Width and height of a sheet in inches, landscape.
PAPERS = {"A4": (11.69, 8.27), "Letter": (11.0, 8.5)}
#: Inches.
_MARGIN, _GAP, _HEAD = 0.5, 0.28, 0.42
#: Font sizes in points.
_TITLE, _NUMBER, _TEXT, _NOTES = 16.0, 9.0, 9.5, 8.0
#: The picture's share of a cell, at most and at least, and inches for a number, three lines of text and two of notes.
_PICTURE, _LEAST, _WORDS = 0.7, 0.45, 1.1
#: A page in the cell: dots an inch, and its width in pixels.
_SHOWN_DPI, _SHOWN_WIDTH = 100, 900


@dataclass(frozen=True, kw_only=True)
class Pages:
    """A board as printed pages; `board.pages()` returns them, and the cell shows them.

    Attributes:
        reel: the scenes on them.
        columns, rows: of frames on a page: 1 to 8, 1 to 6.
        paper: "A4" or "Letter", landscape.
        language: "en" or "zh".

    Raises:
        ValueError: a number out of range, or another paper.
    """

    reel: Reel
    columns: int = 3
    rows: int = 2
    paper: str = "A4"
    language: str = field(default_factory=current)

    def __post_init__(self) -> None:
        for name, value, most in (("columns", self.columns, 8), ("rows", self.rows, 6)):
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise ValueError(say("{name}={value}: give 1 to {most}", name=name, value=repr(value), most=most))
        if self.paper not in PAPERS:
            known = ", ".join(map(repr, PAPERS))
            raise ValueError(say("paper={paper} is not one of {known}", paper=repr(self.paper), known=known))

    @property
    def sheets(self) -> list[Sequence[Shot]]:
        """The scenes of each page."""
        each = self.columns * self.rows
        return [self.reel.shots[start : start + each] for start in range(0, len(self.reel.shots), each)]

    def __len__(self) -> int:
        return len(self.sheets)

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
        width, height = PAPERS[self.paper]
        paper = Paper(width, height, dpi=dpi, alt=self._alt(page))
        room = width - 2 * _MARGIN
        paper.write(typeset(self.reel.title, room - 1.2, _TITLE, most=1), _MARGIN, _MARGIN, width=room - 1.2)
        where = typeset(Said("page {number} of {n}", number=page, n=len(self)), 1.2, _NUMBER, most=1)
        paper.write(where, _MARGIN, _MARGIN + 0.07, width=room, align="end", color=QUIET)
        paper.pictures(list(self._cells(paper, page)))
        return paper.figure

    def _cells(self, paper: Paper, page: int) -> Iterator[tuple[Path, float, float, float, float]]:
        """Write all but the pictures, and yield those with their places."""
        width = (paper.width - 2 * _MARGIN - (self.columns - 1) * _GAP) / self.columns
        top = _MARGIN + _HEAD
        height = (paper.height - _MARGIN - top - (self.rows - 1) * _GAP) / self.rows
        wide, high = self.reel.shape
        tall = min(height * _PICTURE, max(height * _LEAST, height - _WORDS), width * high / wide)
        # A place of the shape that most frames have, so that only the others leave a part of it empty.
        across = min(width, tall * wide / high)
        for position, shot in enumerate(self.sheets[page - 1]):
            row, column = divmod(position, self.columns)
            x, y = _MARGIN + column * (width + _GAP), top + row * (height + _GAP)
            look: dict[str, Any] = {"color": EMPTY} if shot.path else {"color": QUIET, "line": 0.8, "linestyle": DASHED}
            paper.frame(x, y, across, tall, facecolor=EMPTY, **look)
            if shot.path:
                yield shot.path, x, y, across, tall
            else:
                lines = typeset(shot.instead, across, _NUMBER, most=2)
                paper.write(lines, x, y + tall / 2, width=across, align="center", anchor="center", color=QUIET)
            _write(paper, shot, x, y + tall + 0.09, width=width, across=across, end=y + height)

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
        return list(save(path, figures, pages=len(self), texts=[self.reel.words], title=self.reel.title))

    @spoken
    def __repr__(self) -> str:
        summary = html.plain(self.reel.summary)
        return f"Pages({self.reel.title!r}, {say(count(len(self), 'page'))}, {self.paper}, {summary})"

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        size = tuple(round(side * 100) for side in PAPERS[self.paper])
        figures = []
        for number in range(1, len(self) + 1):
            jpeg = rendered(self.figure(number, dpi=_SHOWN_DPI), "jpeg", pil_kwargs={"quality": 84})
            alt = self._alt(number)
            figures.append(html.figure(jpeg, alt=alt, caption=[], size=(size[0], size[1]), width=_SHOWN_WIDTH))
        notice = families(self.reel.words).notice
        page = html.block("", body=html.row(figures), notes=[notice] if notice else [])
        return {"text/plain": repr(self), "text/html": page}

    def _alt(self, page: int) -> str:
        where = Said("Page {number} of {n} of {title}.", number=page, n=len(self), title=self.reel.title)
        return joined(" ", [where, *(joined("", [shot.alt, "."]) for shot in self.sheets[page - 1])])


def _write(paper: Paper, shot: Shot, x: float, y: float, *, width: float, across: float, end: float) -> None:
    """Write a scene's number and seconds, and its text and notes as far as there is room."""
    paper.write(typeset(str(shot.number), across, _NUMBER + 1, most=1), x, y, weight="bold")
    facts = typeset(joined(" · ", [shot.time, *shot.doubts]), across - 0.3, _NUMBER, most=2)
    y = paper.write(facts, x, y, width=across, align="end", color=QUIET) + 0.03
    notes = shot.notes.strip()
    # A long text leaves two lines for the notes.
    kept = min(2, notes.count("\n") + 1 + (len(notes) > 40)) * line_height(_NOTES) + 0.04 if notes else 0.0
    for text, size, color, below in ((shot.text, _TEXT, INK, kept), (notes, _NOTES, QUIET, 0.0)):
        most = int((end - y - below + 0.02) / line_height(size))
        if text.strip() and most >= 1:
            y = paper.write(typeset(text.strip(), width, size, most=most), x, y, width=width, color=color) + 0.04
