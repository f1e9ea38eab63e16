"""Takes: the frames that a scene ever had, to look at and to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import html, preview
from wannb.files import opened_picture
from wannb.request import InputImage, from_bytes, missing
from wannb.text import shorten

from .panels import Frame
from .shelf import Shelf
from .shots import NOT_HERE

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, kw_only=True)
class Take:
    """One frame of a scene.

    Attributes:
        scene, number: of which scene, and which of its takes, from 1.
        path: the file.
        width, height: in pixels.
        seed: that was sent; None for a picture that was put in by hand.
        text: the scene's text that it was drawn for.
        run_id: the run that made it; None for a picture that was put in by hand.
        chosen: whether it is the scene's frame now.
    """

    scene: int
    number: int
    path: Path = field(repr=False)
    width: int
    height: int
    seed: int | None
    text: str
    run_id: str | None = field(repr=False)
    chosen: bool

    def open(self) -> Image.Image:
        """Return the image as a loaded PIL image."""
        with opened_picture(self.path) as image:
            image.load()
        return image

    def as_input(self) -> InputImage:
        """Return the image as an input of a next request."""
        if not self.path.is_file():
            return missing(self.path.name, sha256=None, width=self.width, height=self.height)
        return from_bytes(self.path.read_bytes(), name=self.path.name, origin=str(self.path))

    def figure(self, *, pixels: int, width: int) -> str:
        """Return the take as an HTML figure."""
        made = "put in by hand" if self.run_id is None else f"seed {self.seed}"
        facts = [f"scene {self.scene}, take {self.number}", "the frame now" if self.chosen else "", made]
        caption = [" · ".join(fact for fact in facts if fact), shorten(self.text, 120)]
        if not self.path.is_file():
            return html.text(f"{caption[0]}: its file is not in this store")
        alt = f"Scene {self.scene}, take {self.number}: {shorten(self.text, 160)}"
        try:
            jpeg = preview(self.path, pixels)
        except (OSError, SyntaxError, ValueError):  # Pillow raises each of them for a damaged file
            return html.text(f"{caption[0]}: {NOT_HERE}")
        return html.figure(jpeg, alt=alt, caption=caption, size=(self.width, self.height), width=width)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        page = html.block("", body=html.row([self.figure(pixels=480, width=310)]))
        return {"text/plain": repr(self), "text/html": page}


class Takes(list[Take]):
    """The takes of a scene, which show themselves side by side."""

    def __init__(self, takes: Iterable[Take]) -> None:
        super().__init__(takes)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        body = html.row([take.figure(pixels=360, width=220) for take in self])
        return {"text/plain": repr(self), "text/html": html.block("", body=body)}


def takes_of(scene: int, frames: Sequence[Frame], now: Frame | None, shelf: Shelf) -> Takes:
    """Return the takes of a scene; `now` is its frame."""
    return Takes(
        Take(
            scene=scene,
            number=number,
            path=shelf.path_of(frame),
            width=frame.width,
            height=frame.height,
            seed=frame.seed,
            text=frame.text,
            run_id=frame.run,
            chosen=now is not None and now.place == frame.place,
        )
        for number, frame in enumerate(frames, 1)
    )
