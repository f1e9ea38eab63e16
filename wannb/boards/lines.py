"""Lines and paragraphs as scenes, without their numbers; seconds, notes and labelled lines go to their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .part import Part, one_line, seconds_of

#: "1. ", "2) ", "Scene 3: ", "场景 3：", "镜头3 ", "- ".
_BULLET = re.compile(
    r"\s*(?:[-*•‣–—]\s+|#{1,6}\s+"
    r"|(?:(?:scene|shot|frame|panel)\s*\d{1,3}|(?:场景|镜头|分镜|画面|镜)\s*\d{1,3}|第\s*[\d一二三四五六七八九十百]{1,4}\s*[场镜幕格])"
    r"\s*[:：.、)\-–—]?\s*"
    r"|[(（]?\d{1,3}\s*(?:[.)）:：]\s+|[、）．]\s*))",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*)\]\]", re.DOTALL)
#: "(3 s)", "[2.5 sec]", "（3秒）" at the end of a line.
_SECONDS = re.compile(
    r"(?<!\s)\s*[(\[（【]\s*([\d.,:]{1,9}\s*(?:s|sec|secs|seconds?|秒钟?))\s*[)\]）】]\s*$", re.IGNORECASE
)
_LABELS = {
    "dialogue": "dialogue|dialog|voice-?over|vo|v\\.o\\.|subtitles?|对白|台词|旁白|字幕",
    "notes": "notes?|sound|camera|music|sfx|remarks?|备注|说明|声音|音效|音乐|镜头|机位",
    "seconds": "seconds?|duration|time|秒数?|时长",
    "text": "text|picture|action|image|画面|内容|描述",
}
_LABELLED = {name: re.compile(rf"\s*(?:{words})\s*[:：]\s*(.+)", re.IGNORECASE) for name, words in _LABELS.items()}


def by_line(lines: Iterable[str]) -> Iterator[Part]:
    """Yield a scene for each line; a labelled line, such as "Dialogue: …", belongs to the scene before it."""
    part: Part | None = None
    for line in lines:
        if not line.strip():
            continue
        more = _of(line)
        if part is not None and not more.text:
            part = part.more(notes=more.notes, dialogue=more.dialogue, seconds=more.seconds)
            continue
        if part is not None:
            yield part
        part = more
    if part is not None:
        yield part


def by_paragraph(text: str) -> Iterator[Part]:
    """Yield a scene for each paragraph."""
    # A note may run over lines, and hold an empty one.
    text = _NOTE.sub(lambda found: f"[[{one_line(found[1])}]]", text)
    for paragraph in re.split(r"\n[ \t]*\n", text):
        part = Part()
        for line in paragraph.splitlines():
            if line.strip():
                more = _of(line)
                part = part.more(text=more.text, notes=more.notes, dialogue=more.dialogue, seconds=more.seconds)
        if part != Part():
            yield part


def _of(line: str) -> Part:
    """Return what one line says."""
    for name, pattern in _LABELLED.items():
        if found := pattern.fullmatch(line):
            said = one_line(found[1])
            if name == "seconds":
                number = seconds_of(said)
                return Part(notes=line.strip()) if number is None else Part(seconds=number)
            if name == "text":
                return _of(said)
            return Part(notes=said) if name == "notes" else Part(dialogue=said)
    notes = "; ".join(one_line(found) for found in _NOTE.findall(line))
    line = _NOTE.sub(" ", line)
    number = None
    if found := _SECONDS.search(line):
        number = seconds_of(found[1])
        line = line[: found.start()] if number else line
    numbered = _BULLET.match(line)
    bare = line[numbered.end() :] if numbered else line
    return Part(text=one_line(bare), notes=notes, seconds=number)
