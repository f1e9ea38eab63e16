"""Orders for the drawing: everything of a request that shapes the picture, and a key that names it in every process."""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
from dataclasses import dataclass, fields
from functools import cached_property

from PIL import Image

CHUNK = "wannb-mock"  # the PNG text chunk that carries the key of the drawing
BADGE_CHUNK = "wannb-mock-badge"  # the place of the badge: "x1 y1 x2 y2"
FIGURES_CHUNK = "wannb-mock-figures"  # what shaped each figure: "12345 paper boat, 678 cat"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Everything of a request that shapes the drawn picture.

    Attributes:
        size: in pixels, width first.
        images: encoded input pictures, None where one was not reachable.
        boxes: in pixels of each input image.
        palette: ``#RRGGBB`` and its share in hundredths of a percent.
        captions: whether the MOCK badge quotes the prompt. Without, pictures can be judged blind.
    """

    prompt: str
    seed: int
    size: tuple[int, int]
    index: int = 0
    count: int = 1
    sequential: bool = False
    model: str = "wan2.7-image-pro"
    images: tuple[bytes | None, ...] = ()
    boxes: tuple[tuple[tuple[int, int, int, int], ...], ...] = ()
    palette: tuple[tuple[str, int], ...] = ()
    watermark: bool = False
    thinking: bool = True
    captions: bool = True

    @cached_property
    def key(self) -> str:
        """The name of the drawing: SHA-256 in hex over every field, input images by their content."""
        parts = {each.name: getattr(self, each.name) for each in fields(self)}
        parts["images"] = [_identity(data) for data in self.images]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def fine(self) -> bool:
        """Whether to shade smoothly, as the pro model does; the other draws flat, as if cut from paper."""
        return "pro" in self.model

    @property
    def detail(self) -> int:
        """How much is scattered over a picture, 1 to 3: the pro model and thinking each add one."""
        return 1 + self.fine + bool(self.thinking)

    def chance(self, *topic: object) -> random.Random:
        """Return a source of chance for one topic: the same prompt, seed and topic always give the same."""
        return random.Random(self._number(*topic))

    @cached_property
    def figures(self) -> dict[str, int]:
        """What shapes each figure, by its name: those of the references, and those that were drawn since."""
        texts = [_chunk(data or b"", FIGURES_CHUNK) for data in reversed(self.images)]
        return {name: int(number) for text in texts for number, name in re.findall(r"(\d{1,20}) ([a-z ]+)", text)}

    def figure(self, name: str, *topic: object) -> random.Random:
        """Return what chooses the colors of a figure: as in a reference that shows it, else chance for the topic."""
        return random.Random(self.figures.setdefault(name, self._number(*topic)))

    def _number(self, *topic: object) -> int:
        text = "\x1f".join(map(str, (self.prompt, self.seed, *topic)))
        return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _identity(data: bytes | None) -> str:
    if data is None:
        return "unreachable"
    key = _chunk(data, CHUNK)
    return f"drawn:{key}" if len(key) == 64 else hashlib.sha256(data).hexdigest()


def _chunk(data: bytes, name: str) -> str:
    """Return a text chunk of an encoded picture, an empty text where there is none."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return str(picture.info.get(name, ""))
    except Exception:  # whatever a hostile file makes Pillow raise
        return ""
