"""Export: a board as files; the file name's ending says the kind."""

from __future__ import annotations

from pathlib import Path

from wannb.figures import ending, put
from wannb.translation import Said, say

from .film import film
from .pages import Pages
from .slides import slides
from .view import Reel
from .webpage import webpage

ENDINGS = (".pdf", ".png", ".gif", ".webp", ".html", ".pptx")


def export(
    reel: Reel, path: Path, *, columns: int, rows: int, paper: str, dpi: int, pixels: int, language: str
) -> list[Path]:
    """Save a board in the current language and return the files; see `Storyboard.save`.

    Raises:
        TypeError: a title or language that is not text.
        ValueError: another ending, an option out of range, or a board without frames.
        OSError: a file cannot be written; the earlier one is unchanged.
    """
    kind = ending(path, ENDINGS, Said("a storyboard"))
    if isinstance(pixels, bool) or not isinstance(pixels, int) or not 64 <= pixels <= 4096:
        raise ValueError(say("pixels={pixels}: give 64 to 4096 for the longer side of a film", pixels=repr(pixels)))
    for name, value in (("title", reel.title), ("language", language)):
        if not isinstance(value, str):
            raise TypeError(say("{name}={value} is not text", name=name, value=repr(value)))
    if not reel.made:
        raise ValueError(say("no frames yet: board.run() generates them; board.pages().save(...) saves the texts"))
    if kind in (".pdf", ".png"):
        return Pages(reel=reel, columns=columns, rows=rows, paper=paper).save(path, dpi=dpi)
    if kind == ".html":
        return [put(path, webpage(reel, language))]
    return [put(path, slides(reel) if kind == ".pptx" else film(reel, kind[1:].upper(), pixels))]
