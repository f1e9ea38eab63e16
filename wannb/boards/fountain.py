"""Fountain, the plain-text format of screenplays (fountain.io, 1.1), read as scenes.

Read here rather than by a library: those for Python 3.10 do not know headings and characters in Chinese, which are not
in capitals. A scene is a heading with its action; without any heading, each paragraph of action is one.
"""

from __future__ import annotations

import re

from .lines import Part, one_line

_HEADING = re.compile(r"(?:(?:int|ext|est|int\.?/ext|i/e)[. ]|(?:内/外|内外|内|外)景?[.．、·:： 　]).+", re.IGNORECASE)
_CHINESE_HEADING = re.compile(
    r"(?:第\s*[\d一二三四五六七八九十百]{1,4}\s*[场幕]|场景\s*[\d一二三四五六七八九十百]{1,4})(?:$|[.．、·:：\s]).*"
)
_FORCED = re.compile(r"\.(?=[^.\s])")
_TITLE_LINE = re.compile(
    r"(title|credit|authors?|source|notes|draft date|date|contact|copyright|标题|作者)\s*[:：](.*)", re.I
)
_NUMBER = re.compile(r"(?<!\s)\s*#[\w.\- ]{1,12}#\s*$")
_NOTE = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*)\]\]", re.DOTALL)
_TRANSITION = re.compile(r"[A-Z ]{2,30} TO:|FADE (?:IN|OUT)[:.]?|切至[:：]?|淡[入出][:：。]?")
#: A line of a character and what is said, as Chinese scripts have it.
_SPOKEN = re.compile(r"([\u4e00-\u9fff·]{1,8}(?:[（(][^）)]{1,20}[）)])?)[:：]\s*(.+)")
_MARKS = re.compile(r"(?<!\\)(\*{1,3}|_)(?=\S)(.+?)(?<=\S)\1")


def is_fountain(text: str) -> bool:
    """Return whether a text has a heading or a title page of a screenplay.

    >>> is_fountain("INT. KITCHEN - DAY\\n\\nA cat wakes up.")
    True
    """
    lines = text.strip().splitlines()
    if lines and re.match(r"title\s*:", lines[0], re.IGNORECASE):
        return True
    return any(_HEADING.fullmatch(line.strip()) for line in lines)


def read_fountain(text: str) -> tuple[str, list[Part]]:
    """Return the title of a screenplay and its scenes."""
    text = re.sub(r"/\*(?:(?!/\*|\*/).)*\*/", "", text, flags=re.DOTALL)
    text = _NOTE.sub(lambda found: one_line(found[0]), text)
    title, text = _title_page(text)
    lines = [line.strip() for line in text.splitlines()]
    headings = any(map(_is_heading, lines))
    script = _Script(by_heading=headings)
    for place, line in enumerate(lines):
        before = lines[place - 1] if place else ""
        after = lines[place + 1] if place + 1 < len(lines) else ""
        script.take(line, before=before, after=after)
    return title, script.parts


class _Script:
    """Scenes as they are read, line by line."""

    def __init__(self, *, by_heading: bool) -> None:
        self.parts: list[Part] = []
        self._by_heading = by_heading
        self._speaker: str | None = None
        self._ended = True

    def take(self, line: str, *, before: str, after: str) -> None:
        """Read one line between two others."""
        notes = "; ".join(_NOTE.findall(line))
        bare = one_line(_NOTE.sub(" ", line))
        if bare:
            self._read(bare, after_empty=not before, before_empty=not after)
        elif not line:
            self._speaker, self._ended = None, True
        if notes:
            self._more(notes=notes)

    def _read(self, line: str, *, after_empty: bool, before_empty: bool) -> None:
        if _is_heading(line):
            heading = _NUMBER.sub("", _FORCED.sub("", line, count=1))
            self.parts.append(Part(text=_plain(heading)))
            self._speaker, self._ended = None, True
        elif self._speaker is not None:
            self._says(line)
        elif line.startswith("===") or (line.startswith("#") and self._by_heading):
            self._ended = True
        elif line.startswith("="):
            self._more(notes=_plain(line[1:]))
        elif (line.startswith(">") and not line.endswith("<")) or _TRANSITION.fullmatch(line):
            self._more(notes=_plain(line.lstrip("> ")))
        elif not before_empty and (line.startswith("@") or (after_empty and _is_cue(line))):
            self._speaker = _plain(line.lstrip("@").rstrip("^ "))
            self._more(dialogue=f"{self._speaker}:")
        elif spoken := _SPOKEN.fullmatch(line):
            self._more(dialogue=f"{spoken[1]}：{_plain(spoken[2])}")
        elif line.startswith("~"):
            self._more(dialogue=_plain(line[1:]))
        else:
            self._action(_plain(line.lstrip("!").strip("><").strip()))

    def _says(self, line: str) -> None:
        part = self.parts[-1]
        said = _plain(line.lstrip("~"))
        self.parts[-1] = Part(
            text=part.text, notes=part.notes, dialogue=f"{part.dialogue} {said}".strip(), seconds=part.seconds
        )

    def _action(self, text: str) -> None:
        if not self.parts or (self._ended and not self._by_heading and self.parts[-1].text):
            self.parts.append(Part())
        part = self.parts[-1]
        # A heading ends without a stop.
        joint = "" if not part.text or part.text[-1] in ".!?。！？…:：,，" else "。" if _chinese(part.text) else "."
        self.parts[-1] = Part(text=part.text + joint, notes=part.notes, dialogue=part.dialogue).more(text=text)
        self._ended = False

    def _more(self, *, notes: str = "", dialogue: str = "") -> None:
        if not self.parts:
            self.parts.append(Part())
        self.parts[-1] = self.parts[-1].more(notes=notes, dialogue=dialogue)


def _title_page(text: str) -> tuple[str, str]:
    """Return the title, and the text after the title page."""
    text = text.lstrip("\n")
    if not _TITLE_LINE.match(text):
        return "", text
    page, _, rest = text.partition("\n\n")
    found = re.search(r"^(?:title|标题)\s*[:：]((?:.*)(?:\n[ \t]+.*)*)", page, re.IGNORECASE | re.MULTILINE)
    return (_plain(one_line(found[1])) if found else ""), rest


def _is_heading(line: str) -> bool:
    return bool(_HEADING.fullmatch(line) or _CHINESE_HEADING.fullmatch(line) or _FORCED.match(line))


def _is_cue(line: str) -> bool:
    """Return whether a line is the name of a character: in capitals but for what is in brackets."""
    name = re.sub(r"\([^()]*\)", "", line).strip("^ ")
    return name == name.upper() and name != name.lower() and len(name) <= 40


def _plain(text: str) -> str:
    """Return a text without the marks of bold, italic and underlined words."""
    return one_line(_MARKS.sub(r"\2", _MARKS.sub(r"\2", text)).replace("\\*", "*").replace("\\_", "_"))


def _chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)
