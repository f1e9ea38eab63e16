"""A board saved by its file's ending."""

from __future__ import annotations

from pathlib import Path

from wannb.figures import ending, put
from wannb.translation import Said, say

from .archive import archive
from .film import SUBTITLES, film, mp4
from .pages import Pages
from .slides import slides
from .webpage import webpage

ENDINGS = (".pdf", ".png", ".gif", ".webp", ".mp4", ".html", ".pptx", ".zip")


def export(
    pages: Pages, path: Path, *, dpi: int, pixels: int, language: str, subtitles: str, sound: Path | None
) -> list[Path]:
    """Save the board of these pages in the current language and return the files; see `Storyboard.save`."""
    reel, kind = pages.reel, ending(path, ENDINGS, Said("a storyboard"))
    if isinstance(pixels, bool) or not isinstance(pixels, int) or not 64 <= pixels <= 4096:
        raise ValueError(say("pixels={pixels}: give 64 to 4096 for the longer side of a film", pixels=repr(pixels)))
    if subtitles not in SUBTITLES:
        values = {"name": "subtitles", "value": repr(subtitles), "known": ", ".join(map(repr, SUBTITLES))}
        raise ValueError(say("{name}={value} is not one of {known}", **values))
    if not isinstance(language, str):
        raise TypeError(say("{name}={value} is not text", name="language", value=repr(language)))
    if not reel.made:
        raise ValueError(say("no frames yet: board.run() generates them; board.pages().save(...) saves the texts"))
    if kind in (".pdf", ".png"):
        return pages.save(path, dpi=dpi)
    if kind == ".mp4":
        content, words = mp4(reel, pixels, subtitles, sound)
        return [put(path, content), *([put(path.with_suffix(".srt"), words.encode())] if words else [])]
    if kind in (".gif", ".webp"):
        return [put(path, film(reel, kind[1:].upper(), pixels, "none" if subtitles == "none" else "picture"))]
    if kind == ".html":
        return [put(path, webpage(pages, language))]
    return [put(path, slides(pages) if kind == ".pptx" else archive(reel))]
