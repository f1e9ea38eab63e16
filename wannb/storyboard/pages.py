"""Pages: a board as printed sheets, frames over their words, set as real text of any script."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import html
from wannb.figures import INK, LEADING, QUIET, STYLE, Sheet, reads_leftwards, rendered
from wannb.figures import fonts as typeset
from wannb.files import write
from wannb.text import count

from .view import Reel, Shot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Width and height of a sheet in inches, landscape.
PAPERS = {"A4": (11.69, 8.27), "Letter": (11.0, 8.5)}
#: Inches.
_MARGIN, _GAP, _HEAD = 0.5, 0.28, 0.42
#: Font sizes in points, and the part of a cell that its picture may have.
_TITLE, _NUMBER, _TEXT, _NOTES, _PICTURE = 15.0, 9.0, 9.5, 8.0, 0.7
#: In inches: room for a number, three lines of text and two of notes; and the least share of a picture.
_WORDS, _LEAST = 1.1, 0.45
#: Of a page in the cell: dots an inch, and how wide it stands there.
_SHOWN_DPI, _SHOWN_WIDTH = 100, 900


@dataclass(frozen=True, kw_only=True)
class Pages:
    """A board as printed pages; `board.pages()` makes them, and they show themselves in the cell.

    Attributes:
        reel: what is on them.
        columns, rows: of frames on a page.
        paper: "A4" or "Letter", landscape.
    """

    reel: Reel
    columns: int = 3
    rows: int = 2
    paper: str = "A4"

    def __post_init__(self) -> None:
        for name, most in (("columns", 8), ("rows", 6)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise ValueError(f"{name}={value!r}: a page has 1 to {most} {name}")
        if self.paper not in PAPERS:
            raise ValueError(f"paper={self.paper!r} is not one of {', '.join(map(repr, PAPERS))}")

    @property
    def sheets(self) -> list[Sequence[Shot]]:
        """The scenes of each page."""
        each = self.columns * self.rows
        return [self.reel.shots[start : start + each] for start in range(0, len(self.reel.shots), each)]

    def __len__(self) -> int:
        return len(self.sheets)

    def figure(self, page: int = 1, *, dpi: int = 200) -> Figure:
        """Return a page as a matplotlib figure; its words are text, its pictures sharp at `dpi` dots an inch."""
        if isinstance(page, bool) or not isinstance(page, int) or not 1 <= page <= len(self):
            raise ValueError(f"page={page!r}: there are pages 1 to {len(self)}")
        _checked(dpi)
        from matplotlib.figure import Figure

        width, height = PAPERS[self.paper]
        sheet = Sheet(Figure(figsize=(width, height), dpi=dpi, facecolor="white"))
        top = self._head(sheet, page)
        cell = (width - 2 * _MARGIN - (self.columns - 1) * _GAP) / self.columns
        room = (height - _MARGIN - top - (self.rows - 1) * _GAP) / self.rows
        high = min(room * _PICTURE, max(room * _LEAST, room - _WORDS), cell * self.reel.shape[1] / self.reel.shape[0])
        for position, shot in enumerate(self.sheets[page - 1]):
            row, column = divmod(position, self.columns)
            x, y = _MARGIN + column * (cell + _GAP), top + row * (room + _GAP)
            # The place of a picture has the shape of most pictures, so that only others leave a part of it empty.
            wide = min(cell, high * self.reel.shape[0] / self.reel.shape[1])
            _cell(sheet, shot, x, y, width=cell, height=room, high=high, wide=wide)
        return sheet.figure

    def save(self, path: str | Path, *, dpi: int = 200) -> list[Path]:
        """Save the pages as a .pdf, or as a .png each (`name-1.png`, ...), and return the files."""
        place = Path(path).expanduser()
        _checked(dpi)
        if place.suffix.lower() == ".pdf":
            write(place, self._pdf(dpi))
            return [place]
        if place.suffix.lower() != ".png":
            raise ValueError(f"{str(place)!r}: pages are saved as .pdf or .png")
        files = []
        for number in range(1, len(self) + 1):
            file = place if len(self) == 1 else place.with_name(f"{place.stem}-{number}{place.suffix}")
            write(file, self._picture(number, dpi, "png"))
            files.append(file)
        return files

    def __repr__(self) -> str:
        return f"Pages({self.reel.title!r}, {count(len(self), 'page')}, {self.paper}, {self.reel.summary})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        width, height = PAPERS[self.paper]
        figures = []
        for number, shots in enumerate(self.sheets, 1):
            alt = f"Page {number} of {len(self)} of {self.reel.title}. " + " ".join(shot.alt + "." for shot in shots)
            jpeg = self._picture(number, _SHOWN_DPI, "jpeg")
            size = (round(width * 100), round(height * 100))
            figures.append(html.figure(jpeg, alt=alt, caption=[], size=size, width=_SHOWN_WIDTH))
        notice = typeset.families(self.reel.words).notice
        page = html.block("", body=html.row(figures), notes=[notice] if notice else [])
        return {"text/plain": repr(self), "text/html": page}

    def _head(self, sheet: Sheet, page: int) -> float:
        """Set the title and the number of the page, and return where the frames begin."""
        face = typeset.families(self.reel.title, weight="bold")
        room = sheet.width - 2 * _MARGIN - 1.2
        title = typeset.wrap(self.reel.title, room, size=_TITLE, family=face.families, weight="bold", most=1)
        sheet.text(title, _MARGIN, _MARGIN, size=_TITLE, family=face.families, weight="bold")
        where = [f"page {page} of {len(self)}"]
        sheet.text(where, sheet.width - _MARGIN, _MARGIN + 0.07, size=_NUMBER, color=QUIET, align="right")
        return _MARGIN + _HEAD

    def _picture(self, page: int, dpi: int, kind: str) -> bytes:
        figure = self.figure(page, dpi=dpi)
        if kind == "png":
            # Without the name and version of the program the same pages are the same bytes.
            return rendered(figure, "png", metadata={"Software": None})
        return rendered(figure, "jpeg", pil_kwargs={"quality": 84})

    def _pdf(self, dpi: int) -> bytes:
        import matplotlib
        from matplotlib.backends.backend_pdf import PdfPages

        buffer = io.BytesIO()
        about = {"Title": self.reel.title, "Creator": "wannb", "Producer": None, "CreationDate": None}
        style = {**STYLE, "pdf.fonttype": typeset.pdf_fonttype([self.reel.words])}
        with matplotlib.rc_context(rc=style), PdfPages(buffer, metadata=about) as pdf:
            for number in range(1, len(self) + 1):
                pdf.savefig(self.figure(number, dpi=dpi), dpi=dpi)
        return buffer.getvalue()


def _cell(
    sheet: Sheet, shot: Shot, x: float, y: float, *, width: float, height: float, high: float, wide: float
) -> None:
    """Set one scene: its picture, a line with number and seconds, its text and notes as far as there is room."""
    sheet.slot(x, y, wide, high, empty=shot.path is None)
    if shot.path:
        scale = min(wide / shot.size[0], high / shot.size[1])
        across, tall = shot.size[0] * scale, shot.size[1] * scale
        sheet.picture(shot.path, x + (wide - across) / 2, y + (high - tall) / 2, across, tall)
    else:
        sheet.text([shot.instead], x + wide / 2, y + high / 2 - 0.08, size=_NUMBER, color=QUIET, align="center")
    end = y + height
    y += high + 0.09
    sheet.text([str(shot.number)], x, y, size=_NUMBER + 1, weight="bold")
    facts = " · ".join(part for part in (shot.time, shot.unsure) if part)
    y = sheet.text([facts], x + wide, y, size=_NUMBER, color=QUIET, align="right") + 0.03
    notes = shot.scene.notes.strip()
    # A long text leaves two lines for the notes.
    kept = min(2, notes.count("\n") + 1 + (len(notes) > 40)) * _NOTES * LEADING / 72 + 0.04 if notes else 0.0
    for text, size, color, below in ((shot.scene.text, _TEXT, INK, kept), (notes, _NOTES, QUIET, 0.0)):
        most = int((end - y - below + 0.02) / (size * LEADING / 72))
        if not text.strip() or most < 1:
            continue
        family = typeset.families(text).families
        lines = typeset.wrap(text.strip(), width, size=size, family=family, most=most)
        y = _set(sheet, lines, text, x, y, width, size=size, family=family, color=color) + 0.04


def _set(sheet: Sheet, lines: list[str], text: str, x: float, y: float, width: float, **style: Any) -> float:
    """Set lines at the side where their script begins."""
    if reads_leftwards(text):
        return sheet.text(lines, x + width, y, align="right", **style)
    return sheet.text(lines, x, y, **style)


def _checked(dpi: Any) -> None:
    if isinstance(dpi, bool) or not isinstance(dpi, int) or not 30 <= dpi <= 600:
        raise ValueError(f"dpi={dpi!r}: give 30 to 600 dots an inch")
