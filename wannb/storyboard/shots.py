"""Shots: a board as those who show it need it, each scene with its picture's file or the words that stand for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wannb.display import preview
from wannb.text import count, shorten

from .panels import Panels, Scene
from .shelf import Shelf

NOT_MADE, NONE_CAME, NOT_HERE = "not made yet", "no image came for it", "its picture is missing or damaged"


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One scene to be shown.

    Attributes:
        number, of: which scene of how many.
        scene: its text, notes and seconds.
        path: the picture's file; None where there is none, and `instead` says why.
        size: of the picture in pixels; for a missing one that of its neighbours.
        unsure: what is not known of it, for every reader; empty where all is.
        marks: what the person at work should know besides.
    """

    number: int
    of: int
    scene: Scene
    path: Path | None
    size: tuple[int, int]
    instead: str
    unsure: str
    marks: tuple[str, ...]

    @property
    def alt(self) -> str:
        """A text for people who do not see the picture."""
        shown = shorten(self.scene.text, 200)
        return f"Scene {self.number} of {self.of}: {shown}" + (f" ({self.instead})" if self.instead else "")

    @property
    def time(self) -> str:
        """How long it stands."""
        return f"{self.scene.seconds:g} s"

    @property
    def words(self) -> str:
        """Its text and notes."""
        return f"{self.scene.text}\n{self.scene.notes}"


@dataclass(frozen=True, kw_only=True)
class Reel:
    """A board's shots in their order under a title."""

    title: str
    shots: tuple[Shot, ...]

    @property
    def made(self) -> int:
        """How many scenes have a picture."""
        return sum(shot.path is not None for shot in self.shots)

    @property
    def seconds(self) -> float:
        """How long the film is."""
        return sum(shot.scene.seconds for shot in self.shots)

    @property
    def shape(self) -> tuple[int, int]:
        """The size that most frames have."""
        sizes = [shot.size for shot in self.shots if shot.path] or [shot.size for shot in self.shots]
        return max(sizes, key=sizes.count)

    @property
    def words(self) -> str:
        """Every text that is set on pages."""
        return "\n".join([self.title, *(shot.words for shot in self.shots)])

    @property
    def summary(self) -> str:
        """The board in one line."""
        frames = f"{self.made} of {count(len(self.shots), 'frame')}"
        return f"{count(len(self.shots), 'scene')} · {self.seconds:g} s · {frames}"


def reel(title: str, panels: Panels, shelf: Shelf) -> Reel:
    """Return the shots of some panels; a picture whose file is gone is said to be."""
    sizes = [(panel.frame.width, panel.frame.height) for panel in panels if panel.frame]
    usual = max(sizes, key=sizes.count) if sizes else (16, 9)
    shots = []
    for number, panel in enumerate(panels, 1):
        frame = panel.frame
        path = shelf.path_of(frame) if frame else None
        here = path is not None and _opens(path)
        marks = ["locked"] if panel.locked else []
        unsure = ""
        if frame and not panel.sure:
            unsure = f"unsure: image {frame.number} of {frame.count} that came back"
        if frame and frame.text != panel.scene.text:
            marks.append("drawn for an older text")
        if frame and frame.run is None:
            marks.append("put in by hand")
        shots.append(
            Shot(
                number=number,
                of=len(panels),
                scene=panel.scene,
                path=path if here else None,
                size=(frame.width, frame.height) if frame else usual,
                instead="" if here else NOT_HERE if frame else NONE_CAME if panel.asked else NOT_MADE,
                unsure=unsure,
                marks=tuple(marks),
            )
        )
    return Reel(title=title, shots=tuple(shots))


def _opens(path: Path) -> bool:
    """Return whether a file is there and is a whole picture; the preview that this makes is what the strip shows."""
    try:
        return bool(preview(path, 480))
    except (OSError, SyntaxError, ValueError):  # Pillow raises each of them for a damaged file
        return False
