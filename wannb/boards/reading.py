"""A script as scenes, whatever it is written in, shown as a table before they are taken."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wannb.display import html
from wannb.files import read_file
from wannb.request import MAX_N_SET
from wannb.staging import camera_words
from wannb.storyboard import Scene
from wannb.translation import Said, count, current, joined, say, shorten, spoken

from .fountain import is_fountain, read_fountain
from .lines import Part, by_line, by_paragraph
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


# Scenes from a script

_MOST_BYTES = 4_000_000
_NAMED = dict(
    zip(KINDS, (Said("lines"), Said("paragraphs"), Said("a table"), Said("a Fountain screenplay")), strict=True)
)


class Scenes(list[Scene]):
    """Scenes of a script, which show themselves as a table.

    Attributes:
        kind: what the script was read as: "lines", "paragraphs", "table" or "Fountain".
        title: of its title page; nothing without one.
        notices: what was not clear, and what is left out.
    """

    def __init__(
        self, scenes: Iterable[Scene], *, kind: str = "lines", title: str = "", notices: Iterable[str] = ()
    ) -> None:
        super().__init__(scenes)
        self.kind, self.title, self.notices = kind, title, tuple(notices)
        self.language = current()

    @property
    def summary(self) -> Said:
        """How many scenes there are, what they were read from, and how long their film is."""
        seconds = Said("{seconds} s", seconds=f"{sum(scene.seconds for scene in self):g}")
        read = Said("read as {kind}", kind=_NAMED[self.kind])
        sets = Said("generated as {n} image sets", n=-(-len(self) // MAX_N_SET)) if len(self) > MAX_N_SET else ""
        return joined(" · ", filter(None, [count(len(self), "scene"), seconds, read, sets, self.title]))

    def table(self) -> str:
        """Return the scenes as an HTML table."""
        head = (Said("text"), Said("camera"), Said("dialogue"), Said("notes"), Said("seconds"))
        rows = [
            (
                shorten(each.text, 300),
                camera_words(each.shot, each.angle, each.movement),
                *(shorten(each.dialogue, 200), shorten(each.notes, 200), f"{each.seconds:g}"),
            )
            for each in self
        ]
        # A phone is narrow: a column that is empty takes no room of it.
        used = [column for column in range(len(head)) if any(row[column] for row in rows)]
        shown = [(number, *(row[column] for column in used)) for number, row in enumerate(rows, 1)]
        table = html.table(["", *(head[column] for column in used)], shown)
        return html.scrolled(table, self.summary) if rows else ""

    @spoken
    def __repr__(self) -> str:
        rows = [joined("", [f"  {number}  ", shorten(each.text, 90)]) for number, each in enumerate(self, 1)]
        head = Said("Scenes({summary})", summary=self.summary)
        return say(joined("\n", [head, *rows, *(joined("", ["  ", each]) for each in self.notices)]))

    @spoken
    def _repr_html_(self) -> str:
        return html.block(Said("Scenes"), lines=[self.summary], body=self.table(), notes=self.notices)


def scenes(source: str | os.PathLike[str], *, kind: str = "") -> Scenes:
    """Return the scenes of a script, for `wannb.Storyboard`, which show themselves as a table to look at first.

    Args:
        source: the text itself, or the path of a .txt, .csv, .tsv or .fountain file as a `Path`: a line or a paragraph
            for each scene; rows of a spreadsheet (tabs) or CSV, with or without a header (text, notes, dialogue,
            seconds, character, shot size, angle, movement, in English or Chinese), also a saved board's `shots.csv`;
            or a screenplay in Fountain, a scene for each heading.
        kind: "lines", "paragraphs", "table" or "Fountain"; found out unless given.

    Raises:
        ValueError: the text is over a million characters, or there is no such kind.
        OSError: the file cannot be read, or is over 4 MB.

    >>> [scene.text for scene in scenes("1. A cat wakes up (2 s)\\n2. It goes out")]
    ['A cat wakes up', 'It goes out']
    """
    ending = ""
    if isinstance(source, os.PathLike):
        path = Path(source).expanduser()
        source, ending = decoded(read_file(path, most=_MOST_BYTES)), path.suffix
    if not isinstance(source, str):
        raise TypeError(say("a script is a text or the Path of a file, not {value}", value=repr(source)))
    script = read_script(source.encode(errors="replace").decode(), kind=kind, ending=ending)
    usual = Scene(text="x").seconds
    made = [
        Scene(text=part.text, notes=part.notes, dialogue=part.dialogue, seconds=part.seconds or usual, **part.camera)
        for part in script.parts
    ]
    return Scenes(made, kind=script.kind, title=script.title, notices=script.notices)
