"""What a check says: one line with how things stand and what to do, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from wannb._version import __version__
from wannb.display import html

State = Literal["ok", "note", "wrong"]
_SIGNS = {"ok": "✓", "note": "–", "wrong": "✗"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """How one thing stands.

    Attributes:
        name: what was looked at.
        state: "ok", "note" for what one should know, "wrong" for what keeps wannb from working as it should.
        says: how it stands, in a sentence.
        do: what to do about it; empty where nothing is to be done.
    """

    name: str
    state: State
    says: str
    do: str = ""

    def __str__(self) -> str:
        head = "WRONG" if self.state == "wrong" else self.state
        return f"{head:5} {self.name}: {self.says}" + (f"\n      -> {self.do}" if self.do else "")


@dataclass(frozen=True, kw_only=True, repr=False)
class Checkup:
    """How wannb stands here: `wannb.doctor()`. It holds no key.

    Attributes:
        lines: what was looked at, in the order of a first start.
    """

    lines: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; notes may be there."""
        return not self.wrong

    @property
    def wrong(self) -> tuple[Line, ...]:
        """What is wrong."""
        return tuple(line for line in self.lines if line.state == "wrong")

    def __getitem__(self, name: str) -> Line:
        """Return the line of a name, such as `doctor()["store"]`."""
        for line in self.lines:
            if line.name == name:
                return line
        raise KeyError(name)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as data for JSON."""
        lines = [{"name": line.name, "state": line.state, "says": line.says, "do": line.do} for line in self.lines]
        return {"ok": self.ok, "wannb": __version__, "lines": lines}

    def summary(self) -> str:
        """Return the whole in one line."""
        notes = sum(line.state == "note" for line in self.lines)
        wrong = f"{len(self.wrong)} wrong" if self.wrong else "nothing wrong"
        return f"wannb {__version__}: {wrong}" + (f", {notes} to know" if notes else "")

    def __repr__(self) -> str:
        return "\n".join([self.summary(), *map(str, self.lines)])

    def _repr_html_(self) -> str:
        rows = [
            (_unbroken(f"{_SIGNS[line.state]} {line.state}"), _unbroken(line.name), line.says, line.do)
            for line in self.lines
        ]
        wrong = [
            ". ".join(_sentence(each) for each in (f"{line.name}: {line.says}", line.do) if each) for line in self.wrong
        ]
        table = html.scrolled(html.table(["", "", "how it stands", "what to do"], rows))
        return html.block(self.summary(), body=table, notes=wrong)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _unbroken(text: str) -> html.Markup:
    return html.Markup(f'<span style="white-space:nowrap">{html.text(text)}</span>')
