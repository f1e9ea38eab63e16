"""What is exported: the shots of a board in their order, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wannb.staging import Stroke
from wannb.translation import Said, count, joined, shorten


@dataclass(frozen=True, kw_only=True)
class Shot:
    """Scene `number` of `of`, to be shown.

    Where there is no picture, `path` is None, `instead` says why, and `size` is that of its neighbors. `unsure` says
    what is not known of it and `older` that its text was changed later, for every reader; `marks` are for the person at
    work. `camera` is in words; `strokes` are drawn over the picture, by `over_picture`, `over_jpeg` or `strokes_svg`.
    """

    number: int
    of: int
    text: str
    notes: str
    seconds: float
    path: Path | None
    size: tuple[int, int]
    instead: str
    unsure: str
    marks: tuple[str, ...]
    locked: bool = False
    older: str = ""
    camera: str = ""
    dialogue: str = ""
    strokes: tuple[Stroke, ...] = ()

    @property
    def doubts(self) -> list[str]:
        """What every reader should know of the picture."""
        return [part for part in (self.unsure, self.older) if part]

    @property
    def alt(self) -> str:
        """A text for people who do not see the picture."""
        values = {"number": self.number, "of": self.of, "text": shorten(self.text, 200)}
        text = Said("Scene {number} of {of}: {text}", **values)
        if self.strokes and not self.instead:
            return Said("{text}; {strokes} drawn over it", text=text, strokes=count(len(self.strokes), "stroke"))
        return Said("{text} ({why})", text=text, why=self.instead) if self.instead else text

    @property
    def time(self) -> str:
        """How long it lasts."""
        return Said("{seconds} s", seconds=f"{self.seconds:g}")


@dataclass(frozen=True, kw_only=True)
class Reel:
    """The shots of a board in their order, under a title."""

    title: str
    shots: tuple[Shot, ...]

    @property
    def made(self) -> int:
        """How many scenes have a picture."""
        return sum(shot.path is not None for shot in self.shots)

    @property
    def shape(self) -> tuple[int, int]:
        """The size that most frames have."""
        sizes = [shot.size for shot in self.shots if shot.path] or [shot.size for shot in self.shots]
        return max(sizes, key=sizes.count)

    @property
    def words(self) -> str:
        """Every text that is set on pages."""
        texts = (text for shot in self.shots for text in (shot.text, shot.dialogue, shot.notes))
        return "\n".join([self.title, *texts])

    @property
    def seconds(self) -> float:
        """How long the film is."""
        return sum(shot.seconds for shot in self.shots)

    @property
    def length(self) -> str:
        """How many scenes there are and how long the film is, in words."""
        return joined(" · ", [count(len(self.shots), "scene"), Said("{seconds} s", seconds=f"{self.seconds:g}")])

    @property
    def summary(self) -> str:
        """The board in one line."""
        frames = Said("{n} of {all}", n=self.made, all=count(len(self.shots), "frame"))
        return joined(" · ", [self.length, frames])
