"""A scene of a script, and lines and paragraphs as scenes; seconds, notes and labelled lines go to their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

# A scene, and the seconds that people write

LONGEST = 600.0
#: "3", "2.5 s", "2,5 sec", "3秒", "0:03", "00:01:30".
_PLAIN = re.compile(r"(\d{1,4}(?:[.,]\d{1,3})?)\s*(?:s|sec|secs|second|seconds|秒|秒钟|″|\")?", re.IGNORECASE)
_WIDE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2}(?:[.,]\d{1,3})?)")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One scene of a script: its texts, and its seconds where the script gives them."""

    text: str = ""
    notes: str = ""
    dialogue: str = ""
    seconds: float | None = None
    #: Shot size, angle and movement, as a scene takes them.
    camera: Mapping[str, str] = field(default_factory=dict)

    def more(self, *, text: str = "", notes: str = "", dialogue: str = "", seconds: float | None = None) -> Part:
        """Return the part with more of each; dialogue gets a line of its own."""
        return replace(
            self,
            text=_joined(self.text, text),
            notes="; ".join(filter(None, (self.notes, notes))),
            dialogue="\n".join(filter(None, (self.dialogue, dialogue))),
            seconds=self.seconds if seconds is None else seconds,
        )


def seconds_of(written: str) -> float | None:
    """Return how many seconds a text means, above 0 and at most 600; None for one that means none.

    >>> seconds_of("2,5 s"), seconds_of("0:04"), seconds_of("soon")
    (2.5, 4.0, None)
    """
    written = written.strip()
    if found := _CLOCK.fullmatch(written):
        hours, minutes, rest = (float((part or "0").replace(",", ".")) for part in found.groups())
        number = hours * 3600 + minutes * 60 + rest
    elif found := _PLAIN.fullmatch(written):
        number = float(found[1].replace(",", "."))
    else:
        return None
    return number if 0 < number <= LONGEST else None


def _joined(text: str, more: str) -> str:
    """Return two texts as one; Chinese has no spaces between sentences."""
    between = "" if _WIDE.search(text[-1:]) and _WIDE.search(more[:1]) else " "
    return f"{text}{between}{more}".strip()


def one_line(text: str) -> str:
    """Return a text with every run of white space as one space."""
    return " ".join(text.split())


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
_NAME = r"[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*){0,2}|[\u4e00-\u9fff·]{1,8}"
#: What somebody says at the end of a line: 'MIA: "Will it swim?"', 'Mia (softly): “Go on!”', '小猫：“早安！”'.
_SPOKEN = re.compile(
    rf"(?:^|(?<=[.!?…。！？)）\]】\"”」』])|(?<=[.!?…)\]\"”] ))"
    rf"((?:{_NAME})\s?(?:[(（][^()（）]{{1,30}}[)）])?)\s*([:：])\s*[\"“「『]([^\"“”「」『』]+)[\"”」』]\s*$"
)
#: What is written in the picture is not said: 'Sign: "OPEN"'.
_SEEN = re.compile(
    r"(?:.* )?(?:sign|title|subtitle|caption|text|label|poster|logo|headline|letter|note|screen|message)s?"
    r"|.*[写字标牌题示印]着?",
    re.IGNORECASE,
)
_SAYS = re.compile(rf"(?<=[.!?…。！？])\s*(?:{_LABELS['dialogue']})\s*[:：]\s*(.+)", re.IGNORECASE)
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
    line, number = _timed(line)
    numbered = _BULLET.match(line)
    line, said = _spoken(line[numbered.end() :] if numbered else line)
    if number is None:
        line, number = _timed(line)
    return Part(text=one_line(line), notes=notes, dialogue=said, seconds=number)


def _timed(line: str) -> tuple[str, float | None]:
    """Return a line without the seconds at its end, and those."""
    found = _SECONDS.search(line)
    number = seconds_of(found[1]) if found else None
    return (line[: found.start()] if found and number else line), number


def _spoken(line: str) -> tuple[str, str]:
    """Return a line without what is said at its end, and that, a line for each who speaks."""
    if found := _SAYS.search(line):
        return line[: found.start()], one_line(found[1])
    said: list[str] = []
    line = line.strip()
    while (found := _SPOKEN.search(line)) and not _SEEN.fullmatch(found[1]):
        after = found[2] if found[2] == "：" else ": "
        said.insert(0, f"{found[1].strip()}{after}{one_line(found[3])}")
        line = line[: found.start()].rstrip()
    return line, "\n".join(said)
