"""A scene of a script as plain text, and the seconds that people write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
