"""Fonts and lines for text of any script in matplotlib figures: which families have its characters, where lines break.

Draw the lines with `Text(..., family=face.families, parse_math=False, usetex=False)`: a prompt may hold dollar signs.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

#: Stands where no font has the character; matplotlib's own DejaVu Sans has it.
MISSING = "□"

_HAN = {
    "zh": (
        *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC"),
        *("Hiragino Sans GB", "Microsoft YaHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Heiti SC", "STHeiti"),
        *("SimHei", "Droid Sans Fallback", "SimSun"),
    ),
    "zh-Hant": ("Noto Sans CJK TC", "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", "Heiti TC", "PMingLiU"),
    "ja": (
        *("Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "Hiragino Sans", "Hiragino Kaku Gothic ProN"),
        *("Yu Gothic", "Meiryo", "IPAexGothic", "IPAGothic", "TakaoGothic", "VL Gothic", "MS Gothic"),
    ),
    "ko": (
        *("Noto Sans CJK KR", "Noto Sans KR", "Source Han Sans K", "Apple SD Gothic Neo", "AppleGothic"),
        *("Malgun Gothic", "NanumGothic", "UnDotum", "Baekmuk Dotum"),
    ),
}
#: Well-known families that are tried before the others of the machine; the first three draw many scripts.
_WIDE = ("DejaVu Sans", "Noto Sans", "Segoe UI")
_SCRIPTS = (
    *(
        "Noto Sans Arabic",
        "Geeza Pro",
        "Noto Sans Hebrew",
        "Arial Hebrew",
        "Noto Sans Devanagari",
        "Kohinoor Devanagari",
    ),
    *("Nirmala UI", "Lohit Devanagari", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Telugu", "Noto Sans Thai"),
    *("Thonburi", "Leelawadee UI", "Noto Sans Khmer", "Noto Sans Myanmar", "Noto Sans Lao", "Noto Sans Georgian"),
    *("Noto Sans Armenian", "Noto Sans Ethiopic", "Noto Sans Symbols", "Noto Sans Symbols 2", "Noto Sans Symbols2"),
    *("Apple Symbols", "Segoe UI Symbol", "Noto Emoji", "Symbola", "Segoe UI Emoji", "Arial Unicode MS", "FreeSans"),
)
#: Families that say they have a character and draw nothing of it: bitmaps, layers of colour, boxes for everything.
_UNFIT = ("Apple Color Emoji", "Noto Color Emoji", "Twemoji", "LastResort", "Last Resort", "Adobe Blank", ".")
_SHAPED = ((0x0590, 0x109F), (0x1780, 0x18AF), (0x1A20, 0x1AAF), (0xA840, 0xABFF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFC))
_INSTALL = (
    "on Debian and Ubuntu: apt install fonts-noto-cjk (Chinese, Japanese, Korean) or fonts-noto (other scripts); "
    "or wannb.add_font(path)"
)
#: A cut line gives up so many letters at most to end between words.
_SPARE = 10
_added: list[str] = []


@dataclass(frozen=True, kw_only=True)
class Typeface:
    """The families that set a text, for matplotlib's `family=`, and what they cannot set.

    Attributes:
        families: the first is matplotlib's own default; the others have what those before them do not have.
        missing: the characters that no font of this machine has.
        notice: a sentence for people about what is missing and what to install; empty where all is well.
    """

    families: list[str]
    missing: str
    notice: str


def add_font(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Add a font file for the figures of this session, and return the names of its families.

    It is used for characters that matplotlib's default font does not have, before any other font of the machine.

    Args:
        path: a .ttf, .otf or .ttc file.

    Raises:
        ValueError: there is no such file, or it is no font that matplotlib can draw (colour emoji are not).

    >>> wannb.add_font("fonts/NotoSansThai-Regular.ttf")    # doctest: +SKIP
    ('Noto Sans Thai',)
    """
    from matplotlib.font_manager import fontManager

    file = Path(path).expanduser()
    if not file.is_file():
        raise ValueError(f"font {str(file)!r}: there is no such file")
    if file.suffix.lower() not in (".ttf", ".otf", ".ttc", ".otc"):
        raise ValueError(f"font {str(file)!r}: give a .ttf, .otf or .ttc file")
    before = len(fontManager.ttflist)
    try:
        fontManager.addfont(str(file))
    except (RuntimeError, NotImplementedError, OSError, ValueError, KeyError) as error:
        raise ValueError(f"font {str(file)!r} cannot be used in figures: {error}") from error
    names = tuple(dict.fromkeys(entry.name for entry in fontManager.ttflist[before:]))
    _added[:] = [*names, *(name for name in _added if name not in names)]
    for cache in (_has, _face, _drawn):
        cache.cache_clear()
    _width.cache_clear()
    return names


def families(text: str, *, weight: str = "normal") -> Typeface:
    """Return the font families that set a text, the fewest that are needed, and what none of them has.

    Args:
        text: of any script or several; Japanese forms are preferred where kana stand, Korean where hangul stand.
        weight: "normal" or "bold".

    >>> families("a flower shop").missing
    ''
    """
    wanted = [each for each in dict.fromkeys(text) if not _is_unseen(each)]
    chosen = [_default()]
    left = [each for each in wanted if not _has(chosen[0], weight, each)]
    for name in _candidates(text) if left else ():
        found = [each for each in left if _has(name, weight, each)]
        if found:
            chosen.append(name)
            left = [each for each in left if each not in found]
            if not left:
                break
    return Typeface(families=chosen, missing="".join(left), notice=_notice(text, left))


def wrap(
    text: str,
    width_inches: float,
    *,
    size: float,
    family: Sequence[str],
    weight: str = "normal",
    most: int | None = None,
) -> list[str]:
    """Return a text as lines that are no wider than so many inches, broken as its script asks.

    A word that is too wide for a line is cut between letters. A character that no family has stands as "□", so that
    the lines can be drawn as they are.

    Args:
        text: its own line breaks are kept.
        width_inches: the room.
        size: of the font in points.
        family: names of families, as `families(text).families`.
        weight: "normal" or "bold".
        most: lines at most; the last then ends with an ellipsis.

    Raises:
        ValueError: the width or the size is not above 0.

    >>> wrap("a flower shop", 0.5, size=10, family=["DejaVu Sans"])
    ['a', 'flower', 'shop']
    """
    if width_inches <= 0 or size <= 0:
        raise ValueError(f"width_inches={width_inches!r} and size={size!r} must both be above 0")
    names = tuple(family)
    room = width_inches * 72 / size
    lines: list[str] = []
    for paragraph in _drawable(text, names, weight).split("\n"):
        lines += _lines(paragraph, room, names, weight)
    if most is not None and len(lines) > most:
        kept = lines[:most]
        kept[-1] = _ended(kept[-1], room, names, weight)
        return kept
    return lines


def width_of(text: str, *, size: float, family: Sequence[str], weight: str = "normal") -> float:
    """Return how wide one line of text is in inches."""
    names = tuple(family)
    return _width(_drawable(text, names, weight), names, weight) * size / 72


def pdf_fonttype(texts: Iterable[str]) -> int:
    """Return what to set matplotlib's `pdf.fonttype` to, so that texts show everywhere and can be selected.

    42 (TrueType) is what journals ask for. Fonts with PostScript outlines, as most for Chinese, Japanese and Korean
    are, get 3: matplotlib 3.11 embeds them as TrueType too, and readers such as MuPDF then show nothing.
    """
    used = {name for text in texts for name in families(text).families}
    return 3 if any(_is_postscript(_face(name, "normal")) for name in used) else 42


def _is_postscript(face: Any) -> bool:
    """Whether a face's outlines are PostScript (CFF), as the first bytes of its table directory say."""
    try:
        with open(str(face), "rb") as file:
            head = file.read(12)
            if head[:4] == b"ttcf":
                file.seek(12 + 4 * (getattr(face, "face_index", None) or 0))
                file.seek(int.from_bytes(file.read(4), "big"))
                head = file.read(4)
    except OSError:
        return False
    return head[:4] == b"OTTO"


def _lines(paragraph: str, room: float, names: tuple[str, ...], weight: str) -> list[str]:
    lines: list[str] = []
    line, filled = "", 0.0
    for unit in _units(paragraph, room, names, weight):
        if line and filled + _width(unit.rstrip(), names, weight) > room:
            lines.append(line.rstrip())
            line, filled = "", 0.0
        line += unit
        filled += _width(unit, names, weight)
    return [*lines, line.rstrip()]


def _units(paragraph: str, room: float, names: tuple[str, ...], weight: str) -> Iterator[str]:
    """Yield the pieces between which a line may break, none wider than the room but for single letters."""
    from uniseg.linebreak import line_break_units

    for unit in line_break_units(paragraph.strip()):
        if _width(unit.rstrip(), names, weight) <= room:
            yield unit
            continue
        piece = ""
        for cluster in _clusters(unit):
            if piece and _width((piece + cluster).rstrip(), names, weight) > room:
                yield piece
                piece = ""
            piece += cluster
        yield piece


def _ended(line: str, room: float, names: tuple[str, ...], weight: str) -> str:
    clusters = list(_clusters(line))
    while clusters and _width("".join(clusters).rstrip() + "…", names, weight) > room:
        clusters.pop()
    kept = "".join(clusters)
    if kept != line and " " in kept[-_SPARE:]:  # rather a word less than a part of one
        kept = kept[: kept.rindex(" ")]
    return kept.rstrip() + "…"


def _clusters(text: str) -> Iterable[str]:
    from uniseg.graphemecluster import grapheme_clusters

    clusters: Iterable[str] = grapheme_clusters(text)
    return clusters


def _drawable(text: str, names: tuple[str, ...], weight: str) -> str:
    """Return a text of which every character can be drawn; line breaks stay."""
    text = "\n".join(text.splitlines()).replace("\t", " ")
    return "".join(_drawn(each, names, weight) for each in text)


@lru_cache(maxsize=65536)
def _drawn(character: str, names: tuple[str, ...], weight: str) -> str:
    if character in " \n" or any(_has(name, weight, character) for name in names):
        return character
    if character.isspace():
        return " "
    return "" if _is_unseen(character) else MISSING


def _is_unseen(character: str) -> bool:
    """Whether a character has no shape of its own: spaces, joiners, marks of direction, variation selectors."""
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE01EF:
        return True
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


@lru_cache(maxsize=65536)
def _has(family: str, weight: str, character: str) -> bool:
    """Whether a family's upright face has a character."""
    from matplotlib.font_manager import get_font

    face = _face(family, weight)
    if face is None or unicodedata.category(character) == "Cs":
        return False
    try:
        return get_font(face).get_char_index(ord(character)) != 0
    except (RuntimeError, OSError, NotImplementedError):  # a file that is no font any more
        return False


@lru_cache(maxsize=4096)
def _face(family: str, weight: str) -> Any:
    """Return the file of a family's face, as `get_font` takes it; `findfont` would log weights not found."""
    from matplotlib import font_manager

    heavy = font_manager.weight_dict
    entries = [entry for entry in font_manager.fontManager.ttflist if entry.name == family]
    if not entries:
        return None
    best = min(
        entries,
        key=lambda entry: (
            entry.style != "normal",
            entry.stretch not in ("normal", 400),
            abs((heavy.get(entry.weight, 400) if isinstance(entry.weight, str) else entry.weight) - heavy[weight]),
        ),
    )
    index = getattr(best, "index", None)  # matplotlib 3.11 and newer open every face of a collection
    return best.fname if index is None else font_manager.FontPath(best.fname, index)


@lru_cache(maxsize=65536)
def _width(text: str, names: tuple[str, ...], weight: str) -> float:
    """Return the width of one line in ems of its font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    if not text:
        return 0.0
    width, _, _ = text_to_path.get_text_width_height_descent(
        text, FontProperties(family=list(names), weight=weight, size=1.0), False
    )
    return float(width)


def _default() -> str:
    """Return the family that matplotlib's settings name first, of those that this machine has."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font

    return str(get_font(fontManager.findfont(FontProperties())).family_name)


def _candidates(text: str) -> list[str]:
    """Return the families of this machine that are worth a look for a text, the likeliest first."""
    from matplotlib.font_manager import fontManager

    installed = {entry.name for entry in fontManager.ttflist}
    first = "zh"
    if any(0x3040 <= ord(each) <= 0x30FF or 0xFF66 <= ord(each) <= 0xFF9F for each in text):
        first = "ja"
    elif any(0xAC00 <= ord(each) <= 0xD7A3 or 0x1100 <= ord(each) <= 0x11FF for each in text):
        first = "ko"
    elif any(0x3105 <= ord(each) <= 0x312F for each in text):
        first = "zh-Hant"
    han = [name for language in (first, *_HAN) for name in _HAN[language]]
    known = [name for name in (*_added, *_WIDE, *han, *_SCRIPTS) if name in installed]
    others = sorted(
        (name for name in installed - set(known) if not name.startswith(_UNFIT)),
        key=lambda name: ("Sans" not in name, "Mono" in name, name),
    )
    return list(dict.fromkeys([*known, *others]))


def _notice(text: str, left: Sequence[str]) -> str:
    import matplotlib

    parts = []
    emoji = [each for each in left if 0x1F000 <= ord(each) <= 0x1FBFF]
    others = [each for each in left if each not in emoji]
    if others:
        parts.append(f"no font of this machine has {_named(others)}: {_INSTALL}")
    if emoji:
        parts.append(
            f"no font of this machine that figures can use has {_named(emoji)}: colour emoji fonts cannot be used; "
            "on Debian and Ubuntu: apt install fonts-symbola; or wannb.add_font(path) of one such as Noto Emoji"
        )
    version = tuple(int(part) for part in matplotlib.__version__.split(".")[:2])
    if version < (3, 11) and any(low <= ord(each) <= high for each in text for low, high in _SHAPED):
        parts.append(
            "this text is in a script whose letters join or turn, which is set right by matplotlib 3.11 (Python 3.11) "
            f"and newer only; this is {matplotlib.__version__}"
        )
    return ". ".join(part[0].upper() + part[1:] for part in parts)


def _named(characters: Sequence[str]) -> str:
    shown = " ".join(each if each.isprintable() else f"U+{ord(each):04X}" for each in characters[:8])
    more = len(characters) - 8
    return f"“{shown}”" + (f" and {more} more" if more > 0 else "")
