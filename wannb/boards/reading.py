"""A script as scenes, whatever it is written in."""

from __future__ import annotations

from dataclasses import dataclass

from wannb.translation import Said, count, say

from .fountain import is_fountain, read_fountain
from .lines import by_line, by_paragraph
from .part import Part
from .table import parts_of, rows_of

#: What a script can be read as.
KINDS = ("lines", "paragraphs", "table", "Fountain")
#: By the endings of files.
_ENDINGS = {".csv": "table", ".tsv": "table", ".tab": "table", ".fountain": "Fountain", ".spmd": "Fountain"}
_MOST = 1_000_000
_ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True, kw_only=True)
class Script:
    """Scenes of a script.

    Attributes:
        kind: what it was read as, one of `KINDS`.
        parts: its scenes.
        title: of its title page.
        notices: what was not clear or is left out.
    """

    kind: str
    parts: tuple[Part, ...]
    title: str = ""
    notices: tuple[Said, ...] = ()


def read_script(text: str, *, kind: str = "", ending: str = "") -> Script:
    """Return the scenes of a script.

    Args:
        text: the script, at most a million characters.
        kind: one of `KINDS`; found out unless given.
        ending: of the file that it comes from, such as ".csv".

    Raises:
        ValueError: it is too long, or there is no such kind.

    >>> [part.text for part in read_script("1. A cat wakes up (2 s)\\n2. It goes out").parts]
    ['A cat wakes up', 'It goes out']
    """
    if kind and kind not in KINDS:
        raise ValueError(say("kind={kind}; a script is read as {kinds}", kind=repr(kind), kinds=", ".join(KINDS)))
    if len(text) > _MOST:
        raise ValueError(say("the script is over {most}; give a part of it", most=count(_MOST, "character")))
    text = (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\ufeff", "").replace("\x00", "")
    )
    kind = kind or _ENDINGS.get(ending.lower(), "")
    rows = rows_of(text, certain=kind == "table") if kind in ("", "table") else None
    said: list[Said] = []
    title, parts = "", list[Part]()
    if rows:
        kind, parts = "table", list(parts_of(rows, said))
    elif kind == "Fountain" or (not kind and is_fountain(text)):
        kind = "Fountain"
        title, parts = read_fountain(text)
    elif kind == "paragraphs" or (not kind and "\n\n" in text.strip().replace(" ", "").replace("\t", "")):
        kind, parts = "paragraphs", list(by_paragraph(text))
    else:
        kind, parts = kind or "lines", list(by_line(text.splitlines()))
    whole = [part for part in parts if part.text]
    if left_out := len(parts) - len(whole):
        said.append(Said("left out, since they do not say what is to be seen: {parts}", parts=count(left_out, "part")))
    return Script(kind=kind, parts=tuple(whole), title=title, notices=tuple(said))


def decoded(content: bytes) -> str:
    """Return the text of a file: UTF-8, UTF-16 as spreadsheets save it, Chinese (GB 18030), or Western European.

    >>> decoded("一只猫".encode("gb18030"))
    '一只猫'
    """
    for mark, encoding in _ENCODINGS.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
    # Letters with accents pass for Chinese too, but for characters that hardly anybody writes.
    foreign = [letter for letter in text if not letter.isascii()]
    common = sum(_is_common(letter) for letter in foreign)
    return text if common * 5 >= len(foreign) * 4 else content.decode("cp1252", errors="replace")


def _is_common(letter: str) -> bool:
    try:
        return bool(letter.encode("gb2312"))
    except UnicodeEncodeError:
        return False
