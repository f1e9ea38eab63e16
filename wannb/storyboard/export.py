"""Export: a board as files, by the ending of the name."""

from __future__ import annotations

from pathlib import Path

from wannb.files import write

from .film import film
from .pages import Pages
from .slides import slides
from .view import Reel
from .webpage import webpage

ENDINGS = (".pdf", ".png", ".gif", ".webp", ".html", ".pptx")


def export(
    reel: Reel, path: Path, *, columns: int, rows: int, paper: str, dpi: int, pixels: int, language: str
) -> list[Path]:
    """Save a board and return the files that were written; see `Storyboard.save`.

    Raises:
        ValueError: another ending, an option out of its bounds, or there is no frame yet.
    """
    kind = path.suffix.lower()
    if kind not in ENDINGS:
        raise ValueError(f"{str(path)!r} has none of the endings {', '.join(ENDINGS)}")
    if isinstance(pixels, bool) or not isinstance(pixels, int) or not 64 <= pixels <= 4096:
        raise ValueError(f"pixels={pixels!r}: give 64 to 4096 for the longer side of a film")
    if not isinstance(reel.title, str):
        raise TypeError(f"title={reel.title!r} is no text")
    if not isinstance(language, str):
        raise TypeError(f"language={language!r} is no text, such as 'fr'")
    if not reel.made:
        raise ValueError(
            "no frame of this board is made yet: board.run() makes them; board.pages().save(...) saves its words alone"
        )
    if kind in (".pdf", ".png"):
        return Pages(reel=reel, columns=columns, rows=rows, paper=paper).save(path, dpi=dpi)
    if kind == ".html":
        content = webpage(reel, language)
    elif kind == ".pptx":
        content = slides(reel)
    else:
        content = film(reel, kind[1:].upper(), pixels)
    write(path, content)
    return [path]
