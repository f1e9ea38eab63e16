"""Takes of a scene: the pictures that it ever had, which show themselves side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import html, previews
from wannb.files import opened_picture
from wannb.request import InputImage, from_bytes, missing
from wannb.translation import Said, current, joined, shorten, spoken

if TYPE_CHECKING:
    from PIL import Image

#: What is said in the place of a picture that cannot be shown.
MISSING = Said("its picture is missing or damaged")

#: Characters of a scene's text under a take: its takes stand side by side, and all say the same.
_SAID = 40


@dataclass(frozen=True, kw_only=True)
class Take:
    """One frame of a scene.

    Attributes:
        scene, number: of which scene, and which of its takes, from 1.
        width, height: in pixels.
        seed: that was sent; None for a picture that was put in by hand.
        text: the scene's text that it was generated for.
        run_id: its run; None for a picture that was put in by hand or cut.
        piece: from where it was cut, in words; empty for any other.
        chosen: whether it is the scene's frame now.
        language: of what it says of itself.
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
    piece: str = field(default="", repr=False)
    language: str = field(default_factory=current, repr=False, compare=False)

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

    @spoken
    def figure(self, *, pixels: int, width: int) -> str:
        """Return the take as an HTML figure."""
        which = Said("scene {scene}, take {number}", scene=self.scene, number=self.number)
        by_hand = self.piece or Said("put in by hand")
        origin = by_hand if self.run_id is None else Said("seed {seed}", seed=self.seed)
        facts = joined(" · ", [which, *([Said("the frame now")] if self.chosen else []), origin])
        values = {"scene": self.scene, "number": self.number, "text": shorten(self.text, 160)}
        alt = Said("Scene {scene}, take {number}: {text}", **values)
        (jpeg,) = previews([self.path], pixels)
        caption, size = [facts, shorten(self.text, _SAID)], (self.width, self.height)
        return html.figure(jpeg, alt=alt, caption=caption, size=size, width=width, instead=MISSING)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        page = html.block("", body=html.row([self.figure(pixels=480, width=310)]))
        return {"text/plain": repr(self), "text/html": page}


class Takes(list[Take]):
    """The takes of a scene, which show themselves side by side."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        body = html.row([take.figure(pixels=360, width=220) for take in self])
        return {"text/plain": repr(self), "text/html": html.block("", body=body)}
