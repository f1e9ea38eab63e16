"""Grids: the images of many requests as a labelled table in the cell, and as a figure for a paper."""

from __future__ import annotations

import base64
import io
import math
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import html, previews
from wannb.errors import StoreError
from wannb.files import write
from wannb.ledger import GeneratedImage
from wannb.text import count, shorten

from . import figure
from .layout import Axis, Placed, Sheet, Spot, arrange

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Of the HTML, pictures and all; a notebook stays under a megabyte with it.
_MOST_BYTES = 950_000
#: ... and for few images less, so that a notebook may hold several grids.
_SOME_BYTES, _BYTES_EACH = 130_000, 6_000
#: The page is taken to be so wide; a picture is shown between so many pixels wide.
_PAGE, _LABELS, _LEAST, _MOST = 1000, 170, 64, 330
_MANY, _LEAST_OF_FEW = 120, 112
#: Dots for each pixel shown, for screens that have more of them.
_DENSITY = 1.6
_SMALLEST = 40
_ENDINGS = (".png", ".pdf", ".svg")
_SHEET_ROWS, _SHEET_COLUMNS = 6, 5
_WORDS = {"open": "not run yet"}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Images in rows, columns and pages, each with its label; shows itself, draws itself, saves itself.

    Attributes:
        sheets: the pages.
        title: stands above them in the cell.
        constants: what is the same for all of them, in words.
    """

    sheets: tuple[Sheet, ...]
    title: str = ""
    constants: str = ""

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return len(self.sheets)

    def __repr__(self) -> str:
        first = self.sheets[0]
        shape = "" if _is_flow(first) else f"{len(first.rows)} x {len(first.columns)}, "
        pages = f", {self.pages} pages" if self.pages > 1 else ""
        return f"Grid({shape}{self._summary()}{pages})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def figure(self, *, page: int = 0, width: float = 7.0, dpi: float = 200) -> Figure:
        """Return one page as a matplotlib figure, labels as text and pictures at its resolution.

        Characters that no font of this machine has are drawn as "□", and a warning names them.

        Args:
            page: from 0.
            width: in inches; the height follows. A column of a paper is about 3.3, a page 7.
            dpi: dots an inch, for the pictures; save with the same.

        Raises:
            ValueError: there is no such page, or it does not fit.

        >>> plan.grid().figure(width=3.3, dpi=300).savefig("grid.pdf")    # doctest: +SKIP
        """
        if not 0 <= page < self.pages:
            raise ValueError(f"page={page!r}: this grid has {count(self.pages, 'page')}, from 0 to {self.pages - 1}")
        drawn, notice = figure.draw(self.sheets[page], width=width, dpi=dpi)
        if notice:
            warnings.warn(notice, stacklevel=2)
        return drawn

    def save(self, path: str | os.PathLike[str], *, dpi: float = 200, width: float = 7.0) -> tuple[Path, ...]:
        """Save all pages, and return the files: one PDF, or one PNG or SVG a page (name-1.png, name-2.png, ...).

        Args:
            path: ends with .png, .pdf or .svg, which says the kind; a file that is there is written over.
            dpi: dots an inch, for the pictures.
            width: of a page in inches.

        Raises:
            ValueError: another ending, or a page that does not fit.
            OSError: a file cannot be written; what was there is there still.

        >>> plan.grid(pages="model").save("figures/grid.pdf")    # doctest: +SKIP
        """
        place = Path(path).expanduser()
        ending = place.suffix.lower()
        if ending not in _ENDINGS:
            raise ValueError(f"{str(path)!r}: a grid is saved as {', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}")
        import matplotlib

        place.parent.mkdir(parents=True, exist_ok=True)
        drawings = (self.figure(page=page, width=width, dpi=dpi) for page in range(self.pages))
        words = [word for sheet in self.sheets for word in figure.words_of(sheet)]
        with matplotlib.rc_context(figure.style(words)):
            if ending == ".pdf":
                from matplotlib.backends.backend_pdf import PdfPages

                buffer = io.BytesIO()
                with PdfPages(buffer, metadata=figure.METADATA[ending]) as pdf:
                    for drawing in drawings:
                        drawing.savefig(pdf, format="pdf", dpi=dpi)
                put(place, buffer.getvalue())
                return (place,)
            places = [place]
            if self.pages > 1:
                places = [place.with_name(f"{place.stem}-{number}{ending}") for number in range(1, self.pages + 1)]
            for each, drawing in zip(places, drawings, strict=True):
                buffer = io.BytesIO()
                drawing.savefig(buffer, format=ending[1:], dpi=dpi, metadata=figure.METADATA[ending])
                put(each, buffer.getvalue())
        return tuple(places)

    def _summary(self) -> str:
        spots = [placed.spot for sheet in self.sheets for placed in sheet.placed]
        kinds: dict[str, int] = {}
        for spot in spots:
            if not spot.images:
                kinds[spot.kind] = kinds.get(spot.kind, 0) + 1
        images = count(sum(len(spot.images) for spot in spots), "image")
        return ", ".join([images, *(f"{number} {_WORDS.get(kind, kind)}" for kind, number in kinds.items())])

    def _html(self) -> str:
        across = max(len(sheet.columns) * sheet.across for sheet in self.sheets)
        room = _PAGE - (_LABELS if any(label for sheet in self.sheets for label in sheet.rows) else 0)
        paths = [image.path for sheet in self.sheets for placed in sheet.placed for image in placed.spot.images]
        least = _LEAST if len(paths) > _MANY else _LEAST_OF_FEW
        shown = max(least, min(_MOST, room // across - 12))
        most = min(_MOST_BYTES, _SOME_BYTES + _BYTES_EACH * len(paths))
        room_left = most - len(self._page(shown, iter([b"."] * len(paths))).encode())
        pictures, pixels = _fitting(paths, round(shown * _DENSITY), room_left)
        return self._page(max(_LEAST, min(shown, pixels)), iter(pictures))

    def _page(self, shown: int, pictures: Iterator[bytes]) -> str:
        short = sum(1 for sheet in self.sheets for _ in sheet.placed) > _MANY // 2
        body = "".join(_sheet(sheet, shown, pictures, most=70 if short else 300) for sheet in self.sheets)
        return html.block(self.title, lines=[self.constants, self._summary()], body=body)


def put(place: Path, content: bytes) -> None:
    """Write a file that is whole at any time: the one that was there, or the new one; raise `OSError` else."""
    try:
        write(place, content)
    except StoreError as error:
        raise OSError(str(error)) from error


def grid(
    spots: Sequence[Spot],
    labels: Mapping[str, Sequence[str]],
    *,
    rows: Axis = None,
    columns: Axis = None,
    pages: Axis = None,
    title: str = "",
    constants: str = "",
) -> Grid:
    """Return spots as a grid; see `layout.arrange` for the axes.

    Raises:
        ValueError: an axis names what does not vary, or an option stands on two axes.
    """
    sheets = arrange(spots, labels, rows=rows, columns=columns, pages=pages)
    return Grid(sheets=sheets, title=title, constants=constants)


def contact_sheet(results: Any, *, columns: int | None = None) -> Grid:
    """Return all images of results on numbered sheets with short captions.

    Args:
        results: a result, a generated image, or any nesting of lists of them.
        columns: pictures side by side, 1 to 12; 5 if not given, fewer where there are fewer pictures.

    Raises:
        TypeError: something that is neither; show other pictures with `wannb.gallery`.
        ValueError: no image at all, or a number of columns out of range.

    >>> wannb.contact_sheet([first, second]).save("sheets.pdf")    # doctest: +SKIP
    """
    if columns is not None and not (isinstance(columns, int) and 1 <= columns <= 12):
        raise ValueError(f"columns={columns!r}; a contact sheet has 1 to 12 pictures side by side")
    images = list(_images_of(results))
    if not images:
        raise ValueError("a contact sheet needs at least one image")
    across = min(columns or _SHEET_COLUMNS, len(images))
    size = across * _SHEET_ROWS
    placed = [
        Placed(label=_caption(number, image), spot=Spot(options={}, images=(image,), alt=f"{number}: {image.alt}"))
        for number, image in enumerate(images, 1)
    ]
    sheets = []
    for start in range(0, len(placed), size):
        inside = tuple(placed[start : start + size])
        heading = f"{start + 1} to {start + len(inside)} of {len(placed)}" if len(placed) > size else ""
        sheets.append(Sheet(heading=heading, rows=("",), columns=("",), cells=((inside,),), across=across))
    return Grid(sheets=tuple(sheets))


def _images_of(value: Any) -> Iterator[GeneratedImage]:
    if isinstance(value, GeneratedImage):
        yield value
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)):
        for each in value:
            yield from _images_of(each)
    else:
        raise TypeError(
            f"a contact sheet takes results and generated images, not a {type(value).__name__}; "
            "wannb.gallery shows any picture"
        )


def _caption(number: int, image: GeneratedImage) -> str:
    prompt = shorten(image.request.prompt, 48) if image.request else image.path.parent.name
    return f"{number}" + ("" if image.seed is None else f" · seed {image.seed}") + f"\n{prompt}"


def _fitting(paths: Sequence[Path], pixels: int, room: int) -> tuple[list[bytes], int]:
    """Return thumbnails of at most so many pixels that take no more than so many bytes as base64, and their pixels."""
    sample = paths[:: max(1, len(paths) // 12)]
    while sample:
        made = [each for each in previews(sample, pixels) if each]
        if not made:
            break
        needed = sum(map(len, made)) / len(made) * len(paths) * 4 / 3
        if needed <= room or pixels <= _SMALLEST:
            if len(sample) == len(paths):
                break
            sample = paths
            continue
        pixels = max(_SMALLEST, int(pixels * min(0.95, math.sqrt(max(room, 1) / needed))))
    return previews(paths, pixels), pixels


def _is_flow(sheet: Sheet) -> bool:
    return sheet.rows == ("",) and sheet.columns == ("",)


def _sheet(sheet: Sheet, shown: int, pictures: Iterator[bytes], *, most: int) -> str:
    heading = (
        f'<div role="heading" aria-level="4" style="font-weight:600;margin:10px 0 2px;overflow-wrap:anywhere">'
        f"{_cut(sheet.heading)}</div>"
        if sheet.heading
        else ""
    )
    item = partial(_item, shown=shown, pictures=pictures, most=most)
    if _is_flow(sheet):
        inside = "".join(map(item, figure.items_of(sheet.cells[0][0])))
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
    corner = f'<td style="{plain}"></td>' if any(sheet.rows) else ""
    head = (
        f'<thead style="border:0"><tr style="background:none">{corner}{top}</tr></thead>' if any(sheet.columns) else ""
    )
    width = sheet.across * (shown + 6)
    body = []
    for text, row in zip(sheet.rows, sheet.cells, strict=True):
        side = f'<th scope="row" style="{label}">{_cut(text)}</th>' if any(sheet.rows) else ""
        cells = "".join(
            f'<td style="{plain};padding:3px"><div style="display:flex;flex-wrap:wrap;gap:4px;'
            f'width:{min(width, max(1, len(items)) * (shown + 6))}px">{"".join(map(item, items)) or "–"}</div></td>'
            for items in map(figure.items_of, row)
        )
        body.append(f'<tr style="background:none">{side}{cells}</tr>')
    style = f"border-collapse:collapse;{html.FONT};margin:0;border:0"
    table = f'<table style="{style}">{head}<tbody>{"".join(body)}</tbody></table>'
    return f'{heading}<div style="overflow-x:auto;margin:6px 0">{table}</div>'


def _item(item: tuple[str, Placed, GeneratedImage | None], *, shown: int, pictures: Iterator[bytes], most: int) -> str:
    label, placed, image = item
    spot = placed.spot
    note = f'<div style="color:{html.QUIET};font-size:11px;overflow-wrap:anywhere">{_cut(label)}</div>' if label else ""
    jpeg = next(pictures) if image is not None else b""
    if image is None or not jpeg:
        words = spot.text or (figure.GONE if image is not None else spot.kind)
        kind = spot.kind if image is None else "lost"
        line = "2px solid #c77700" if kind in figure.LOUD else f"1px dashed {html.BORDER}"
        box = f"box-sizing:border-box;width:{shown}px;min-height:{min(shown, 110)}px;padding:6px;border:{line}"
        return (
            f'<div style="width:{shown}px"><div style="{box};border-radius:3px;font-size:12px;overflow-wrap:anywhere">'
            f"{_cut(words)}</div>{note}</div>"
        )
    alt = spot.alt or image.alt
    if spot.alt and len(spot.images) > 1:
        alt = f"{spot.alt}, image {image.number} of {image.count}"
    scale = shown / max(image.width, image.height)
    width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    source = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    picture = (
        f'<img src="{source}" alt="{escape(shorten(alt, most))}" width="{width}" height="{height}" '
        'style="display:block;max-width:none;margin:0;border-radius:3px">'
    )
    return f'<div style="width:{shown}px">{picture}{note}</div>'


def _cut(text: str) -> str:
    """Return a label as HTML, cut where it is very long, with all of it as its title then."""
    short = [shorten(line, 160) for line in text.splitlines()]
    shown = "<br>".join(map(html.text, short))
    return shown if short == text.splitlines() else f'<span title="{escape(text)}">{shown}</span>'
