"""What is exported: the shots of a board in their order, as plain values, and their words set into a place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wannb.display import in_parallel, picture, previews
from wannb.figures import Lines, line_height, typeset
from wannb.files import opened_picture
from wannb.staging import Stroke, over_jpeg, over_picture
from wannb.translation import Said, count, joined, say, shorten

if TYPE_CHECKING:
    from PIL import Image

#: Pixels of a logo at most.
_LOGO = (1200, 400)
_QUOTES = "\"'“‘«‹「『„"


@dataclass(frozen=True, kw_only=True)
class Shot:
    """Scene `number` of `of`, to be shown.

    `dialogue` is what is said in it, `camera` its shot size, angle and movement in words. `prompt`, `seed`, `model` and
    `run` say where its picture is from.

    Where there is no picture, `path` is None, `instead` says why, and `size` is that of its neighbors. `unsure` says
    what is not known of it and `older` that its text was changed later, for every reader; `marks` are for the person at
    work. `strokes` are drawn over the picture.
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
    prompt: str = ""
    seed: int | None = None
    model: str = ""
    run: str = ""

    @property
    def facts(self) -> list[str]:
        """What stands before its text: the camera, and what every reader should know of the picture."""
        return [part for part in (self.camera, *self.doubts) if part]

    @property
    def quoted(self) -> str:
        """What is said in it, in quotation marks."""
        said = self.dialogue.strip()
        return f"“{said}”" if said and said[0] not in _QUOTES else said

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

    def only(self, numbers: Iterable[int] | None) -> Reel:
        """Return the reel with some scenes alone, in the order of their numbers; all of them for None."""
        if numbers is None:
            return self
        if isinstance(numbers, (str, bytes)) or not isinstance(numbers, Iterable):
            raise TypeError(say("scenes={value} is not a list of numbers, such as [1, 3]", value=repr(numbers)))
        shots, wanted = {shot.number: shot for shot in self.shots}, list(numbers)
        for number in wanted or [0]:
            if isinstance(number, bool) or number not in shots:
                values = {"value": repr(wanted), "most": len(self.shots)}
                raise ValueError(say("scenes={value}: give numbers from 1 to {most}, such as [1, 3]", **values))
        return replace(self, shots=tuple(shots[number] for number in wanted))

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
        texts = (text for shot in self.shots for text in (*shot.facts, shot.text, shot.quoted, shot.notes))
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


def images(shots: Sequence[Shot], pixels: int) -> list[Image.Image | None]:
    """Return the pictures of shots with their strokes, the longer sides at most `pixels`; None where there is none."""
    loaded = in_parallel(lambda shot: picture(shot.path, pixels) if shot.path else None, shots)
    return [image and over_picture(image, shot.strokes) for image, shot in zip(loaded, shots, strict=True)]


def jpegs(shots: Sequence[Shot], pixels: int, *, strokes: bool = True) -> list[bytes]:
    """Return the pictures of shots as JPEGs, the longer sides at most `pixels`; empty where there is none."""
    plain = previews([shot.path for shot in shots], pixels)
    return [over_jpeg(jpeg, shot.strokes if strokes else ()) for jpeg, shot in zip(plain, shots, strict=True)]


def logo_of(source: str | Path | bytes | None) -> Image.Image | None:
    """Return a logo on white; `ValueError` if it cannot be read."""
    from PIL import Image

    if source is None:
        return None
    try:
        with opened_picture(Path(source).expanduser() if isinstance(source, str) else source) as image:
            image.thumbnail(_LOGO)
            logo = image.convert("RGBA")
    except OSError as error:
        name = "" if isinstance(source, bytes) else repr(str(source))
        raise ValueError(say("the logo {logo} cannot be read: {why}", logo=name, why=error.strerror or error)) from None
    white = Image.new("RGBA", logo.size, "white")
    white.alpha_composite(logo)
    return white.convert("RGB")


# Words in a place

#: A text, its share of the size of the words around it, and its color.
Block = tuple[str, float, str]
#: Lines to be written in a color.
Written = tuple[Lines, str]
#: Inches between two texts.
APART = 0.05
#: All lines of a text.
_ALL = 10**6
_ROUNDING = 1e-6


def set_whole(blocks: Sequence[Block], width: float, size: float) -> list[Written]:
    """Return texts as lines of at most `width` inches, all of them."""
    return [(typeset(text, width, size * share, most=_ALL), color) for text, share, color in blocks]


def shrunk(text: str, width: float, height: float, sizes: Iterable[float]) -> Lines:
    """Return the whole of a text in the largest size in which it fits into a place, else in the last."""
    lines = typeset("", width, 1, most=1)
    for size in sizes:
        lines = typeset(text, width, size, most=_ALL)
        if lines.height <= height + _ROUNDING:
            break
    return lines


def fitted(blocks: Sequence[Block], width: float, height: float, sizes: Iterable[float]) -> tuple[list[Written], bool]:
    """Return texts in the largest size in which they fit into a place, and whether they do.

    In the last size what does not fit is left out, and there is room for one more line that says so.
    """
    written: list[Written] = []
    size = 1.0
    for size in sizes:
        written = set_whole(blocks, width, size)
        if sum(lines.height for lines, _ in written) + APART * (len(written) - 1) <= height + _ROUNDING:
            return written, True
    room, kept = height - line_height(size), list[Written]()
    for lines, color in written:
        most = int((room - APART + _ROUNDING) / line_height(lines.size))
        if most >= 1:
            part = replace(lines, lines=lines.lines[:most])
            kept.append((part, color))
            room -= part.height + APART
        if most < len(lines.lines):
            break
    return kept, False
