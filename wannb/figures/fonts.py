"""Fonts and line breaks for text of any script in matplotlib figures.

Draw the lines with `Text(..., family=face.families, parse_math=False, usetex=False)`: a prompt may hold dollar signs.
"""

from __future__ import annotations

import os
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from wannb.translation import Said, joined, say

#: Replaces a character that no font has; matplotlib's own DejaVu Sans has it.
MISSING = "□"
#: Words in the names of font families for Chinese, Japanese and Korean, and the letters that ask for each of them.
_EAST_ASIAN = {
    "zh": r"\b(SC|CN|GB|YaHei|WenQuanYi|SimHei|STHeiti|Droid Sans Fallback|SimSun)\b",
    "zh-Hant": r"\b(TC|JhengHei|PMingLiU)\b",
    "ja": r"\b(JP|Hiragino Sans|Kaku Gothic|Yu Gothic|Meiryo|IPA\w*Gothic|TakaoGothic|VL Gothic|MS Gothic)\b",
    "ko": r"\b(KR|Source Han Sans K|Apple SD Gothic Neo|AppleGothic|Malgun|NanumGothic|UnDotum|Baekmuk)\b",
}
_LETTERS = {
    "ja": r"[\u3040-\u30ff\uff66-\uff9f]",
    "ko": r"[\uac00-\ud7a3\u1100-\u11ff]",
    "zh-Hant": r"[\u3105-\u312f]",
}
#: Families of many scripts, tried first.
_WIDE = ("DejaVu Sans", "Noto Sans", "Segoe UI")
#: Families whose characters figures cannot draw: bitmaps, color layers, boxes for everything.
_UNFIT = ("Apple Color Emoji", "Noto Color Emoji", "Twemoji", "LastResort", "Last Resort", "Adobe Blank", ".")
#: Scripts whose letters join or change places.
_SHAPED = re.compile(r"[\u0590-\u109f\u1780-\u18af\u1a20-\u1aaf\ua840-\uabff\ufb1d-\ufdff\ufe70-\ufefc]")
_INSTALL = Said(
    "No font that figures can use has {letters}. Install one, on Debian and Ubuntu with apt install fonts-noto-cjk "
    "(Chinese, Japanese, Korean), fonts-symbola (emoji; color emoji fonts cannot be used) or fonts-noto (others), or "
    "add one with wannb.add_font(path)."
)
_OLD = Said("matplotlib {version} does not join or move the letters of this script correctly; 3.11 (Python 3.11) does.")
#: Letters on an em at most, as far as lines are tried: narrow ones and those without a width.
_NARROW = 8
#: Letters that a cut line gives up at most to end between words.
_SPARE = 10
_added: list[str] = []


@dataclass(frozen=True, kw_only=True)
class Typeface:
    """Font families for a text, for matplotlib's `family=`.

    Attributes:
        families: matplotlib's default first; each of the others has characters that those before it lack.
        missing: the characters that no font of this machine has.
        notice: which characters are missing and what to install; empty if nothing is wrong.
    """

    families: list[str]
    missing: str
    notice: str


def add_font(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Add a font file to the figures of this session, and return the names of its families.

    It supplies the characters that matplotlib's default font lacks, before any other font of the machine.

    Args:
        path: a .ttf, .otf or .ttc file.

    Returns:
        The names of the font families in the file.

    Raises:
        ValueError: the file is missing, or matplotlib cannot draw its font (color emoji, for example).

    >>> wannb.add_font("fonts/NotoSansThai-Regular.ttf")    # doctest: +SKIP
    ('Noto Sans Thai',)
    """
    from matplotlib.font_manager import fontManager

    file = Path(path).expanduser()
    name = repr(str(file))
    if not file.is_file():
        raise ValueError(say("font {file}: there is no such file", file=name))
    if file.suffix.lower() not in (".ttf", ".otf", ".ttc", ".otc"):
        raise ValueError(say("font {file}: give a .ttf, .otf or .ttc file", file=name))
    before = len(fontManager.ttflist)
    try:
        fontManager.addfont(str(file))
    except (RuntimeError, NotImplementedError, OSError, ValueError, KeyError) as error:
        raise ValueError(say("font {file} cannot be used in figures: {why}", file=name, why=error)) from error
    names = tuple(dict.fromkeys(entry.name for entry in fontManager.ttflist[before:]))
    _added[:] = [*names, *(each for each in _added if each not in names)]
    forget_fonts()
    return names


def forget_fonts() -> None:
    """Forget what is known about the machine's fonts; needed after they change."""
    for known in (_has, _face, _drawn, _width):
        known.cache_clear()


def families(text: str) -> Typeface:
    """Return the fewest font families that set a text, and the characters that none of them has.

    Args:
        text: of one script or several; kana ask for Japanese forms, hangul for Korean ones.

    >>> families("a flower shop").missing
    ''
    """
    chosen = [_default()]
    left = [each for each in dict.fromkeys(text) if not _is_unseen(each) and not _has(chosen[0], each)]
    for name in _candidates(text) if left else ():
        found = [each for each in left if _has(name, each)]
        if found:
            chosen.append(name)
            left = [each for each in left if each not in found]
            if not left:
                break
    return Typeface(families=chosen, missing="".join(left), notice=_notice(text, "".join(left)))


def leftwards(text: str) -> bool:
    """Return whether a text begins in a script that is read from right to left.

    >>> leftwards("قطة برتقالية"), leftwards("a cat")
    (True, False)
    """
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((each in ("R", "AL") for each in directions if each in ("L", "R", "AL")), False)


def wrap(text: str, width_inches: float, *, size: float, family: Sequence[str], most: int | None = None) -> list[str]:
    """Return a text as lines of at most `width_inches`, broken by the rules of its script.

    A word that is too wide for a line is cut between letters. "□" replaces a character that no family has, so the lines
    can be drawn without a warning.

    Args:
        text: its own line breaks are kept.
        width_inches: of a line.
        size: of the font in points.
        family: names of families, as in `families(text).families`.
        most: lines at most; the last one then ends with an ellipsis.

    Raises:
        ValueError: the width or the size is not above 0.

    >>> wrap("a flower shop", 0.5, size=10, family=["DejaVu Sans"])
    ['a', 'flower', 'shop']
    """
    if width_inches <= 0 or size <= 0:
        raise ValueError(say("width={width} and size={size} must both be above 0", width=width_inches, size=size))
    names = tuple(family)
    room = width_inches * 72 / size
    lines: list[str] = []
    for paragraph in _drawable(text, names).split("\n"):
        lines += _lines(paragraph, room, names)
    if most is not None and len(lines) > most:
        kept = lines[:most]
        kept[-1] = _ended(kept[-1], room, names)
        return kept
    return lines


def width_of(text: str, *, size: float, family: Sequence[str]) -> float:
    """Return the width of one line of text in inches."""
    names = tuple(family)
    return _width(_drawable(text, names), names) * size / 72


def pdf_fonttype(texts: Iterable[str]) -> int:
    """Return the `pdf.fonttype` of matplotlib with which texts show everywhere and can be selected.

    Journals ask for 42 (TrueType). Fonts with PostScript outlines, as most Chinese and Japanese ones are, need 3:
    matplotlib 3.11 embeds them as TrueType too, and readers such as MuPDF then show nothing.
    """
    from matplotlib.font_manager import get_font

    used = {name for text in texts for name in families(text).families}
    # The table of a font's limits has version 0.5 in fonts with PostScript outlines, 1.0 in others.
    tables = [get_font(face).get_sfnt_table("maxp") for face in map(_face, used) if face]
    return 3 if any(table and table["version"][0] == 0 for table in tables) else 42


def _lines(paragraph: str, room: float, names: tuple[str, ...]) -> list[str]:
    lines: list[str] = []
    line, filled = "", 0.0
    for unit in _units(paragraph, room, names):
        if line and filled + _width(unit.rstrip(), names) > room:
            lines.append(line.rstrip())
            line, filled = "", 0.0
        line += unit
        filled += _width(unit, names)
    return [*lines, line.rstrip()]


def _units(paragraph: str, room: float, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the pieces between which a line may break, none wider than the room except single letters."""
    for unit in _breaks(paragraph.strip()):
        if _width(unit.rstrip(), names) <= room:
            yield unit
            continue
        clusters = list(_clusters(unit))
        while clusters:
            most = range(1, min(len(clusters), int(room * _NARROW) + 1) + 1)
            fits = bisect_right(most, room, key=lambda n: _width("".join(clusters[:n]).rstrip(), names))
            yield "".join(clusters[: max(1, fits)])
            del clusters[: max(1, fits)]


@lru_cache(maxsize=4096)
def _breaks(paragraph: str) -> tuple[str, ...]:
    """Return the pieces between which a line may break, whatever its width: a text is tried in several sizes."""
    from uniseg.linebreak import line_break_units

    return tuple(line_break_units(paragraph))


def _ended(line: str, room: float, names: tuple[str, ...]) -> str:
    clusters = list(_clusters(line))
    while clusters and _width("".join(clusters).rstrip() + "…", names) > room:
        clusters.pop()
    kept = "".join(clusters)
    if kept != line and " " in kept[-_SPARE:]:  # drop the word that was cut
        kept = kept[: kept.rindex(" ")]
    return kept.rstrip() + "…"


@lru_cache(maxsize=4096)
def _clusters(text: str) -> tuple[str, ...]:
    """Return the letters of a text, each with what belongs to it: a word without spaces is tried in several sizes."""
    from uniseg.graphemecluster import grapheme_clusters

    return tuple(grapheme_clusters(text))


def _drawable(text: str, names: tuple[str, ...]) -> str:
    """Return a text with only characters that can be drawn; line breaks stay."""
    text = "\n".join(text.splitlines()).replace("\t", " ")
    return "".join(_drawn(each, names) for each in text)


@lru_cache(maxsize=65536)
def _drawn(character: str, names: tuple[str, ...]) -> str:
    if character in " \n" or any(_has(name, character) for name in names):
        return character
    if character.isspace():
        return " "
    return "" if _is_unseen(character) else MISSING


def _is_unseen(character: str) -> bool:
    """Return whether a character is invisible: spaces, joiners, direction marks, variation selectors."""
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE01EF:
        return True
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


@lru_cache(maxsize=65536)
def _has(family: str, character: str) -> bool:
    """Return whether a family's upright face has a character."""
    from matplotlib.font_manager import get_font

    face = _face(family)
    if face is None or unicodedata.category(character) == "Cs":
        return False
    try:
        return get_font(face).get_char_index(ord(character)) != 0
    except (RuntimeError, OSError, NotImplementedError):  # the file has been removed or damaged
        return False


@lru_cache(maxsize=4096)
def _face(family: str) -> Any:
    """Return the file of a family's regular face, as `get_font` takes it; `findfont` would log missing weights."""
    from matplotlib import font_manager

    known = font_manager.fontManager

    def unlike(entry: Any) -> tuple[float, float, float]:
        style, stretch = known.score_style(entry.style, "normal"), known.score_stretch(entry.stretch, "normal")
        return style, stretch, known.score_weight(entry.weight, "normal")

    best: Any = min((entry for entry in known.ttflist if entry.name == family), key=unlike, default=None)
    index = getattr(best, "index", None)  # matplotlib 3.11 and newer open every face of a collection
    return best and (best.fname if index is None else font_manager.FontPath(best.fname, index))


@lru_cache(maxsize=65536)
def _width(text: str, names: tuple[str, ...]) -> float:
    """Return the width of one line in ems of its font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    if not text:
        return 0.0
    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(family=list(names), size=1.0), False)
    return float(width)


def _default() -> str:
    """Return the family that matplotlib's settings name first, of those on this machine."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font

    return str(get_font(fontManager.findfont(FontProperties())).family_name)


def _candidates(text: str) -> list[str]:
    """Return the families of this machine for a text, the most suitable first."""
    from matplotlib.font_manager import fontManager

    first = next((language for language, letters in _LETTERS.items() if re.search(letters, text)), "zh")
    languages = [first, *(each for each in _EAST_ASIAN if each != first)]

    def rank(name: str) -> tuple[Any, ...]:
        wide = _WIDE.index(name) if name in _WIDE else len(_WIDE)
        asian = next((n for n, each in enumerate(languages) if re.search(_EAST_ASIAN[each], name)), len(languages))
        # Of equal suitability, plain sans-serif faces of the large collections draw best.
        return ("Serif" in name or "Mono" in name, wide, asian, "Noto" not in name, "Sans" not in name, name)

    installed = {entry.name for entry in fontManager.ttflist if not entry.name.startswith(_UNFIT)}
    return [*(name for name in _added if name in installed), *sorted(installed - set(_added), key=rank)]


def _notice(text: str, missing: str) -> str:
    import matplotlib

    shown = " ".join(each if each.isprintable() else f"U+{ord(each):04X}" for each in missing[:8])
    letters = f"“{shown}”" + ("…" if len(missing) > 8 else "")
    parts = [Said(_INSTALL, letters=letters)] if missing else []
    version = matplotlib.__version__
    if tuple(map(int, version.split(".")[:2])) < (3, 11) and _SHAPED.search(text):
        parts.append(Said(_OLD, version=version))
    return joined(" ", parts) if parts else ""
