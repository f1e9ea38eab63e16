"""Orders for the drawing: everything of a request that shapes the picture, and a key that names it in every process."""

from __future__ import annotations

import hashlib
import io
import json
import random
from dataclasses import dataclass, fields
from functools import cached_property

from PIL import Image

CHUNK = "wannb-mock"  # the PNG text chunk that carries the key of the drawing
BADGE_CHUNK = "wannb-mock-badge"  # the place of the badge: "x1 y1 x2 y2"


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
        text = "\x1f".join(map(str, (self.prompt, self.seed, *topic)))
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return random.Random(int.from_bytes(digest[:8], "big"))


def _identity(data: bytes | None) -> str:
    if data is None:
        return "unreachable"
    try:
        with Image.open(io.BytesIO(data)) as picture:
            key = picture.info.get(CHUNK)
    except Exception:  # whatever a hostile file makes Pillow raise, its bytes still name it
        key = None
    if isinstance(key, str) and len(key) == 64:
        return f"drawn:{key}"
    return hashlib.sha256(data).hexdigest()
