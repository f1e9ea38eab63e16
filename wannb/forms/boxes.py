"""Boxes on an input image: an editor for mouse, touch and keyboard, and a JPEG that shows the same."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from wannb.display import ELEMENTS, esm, small_jpeg
from wannb.request import MAX_BOXES, InputImage
from wannb.translation import Words

STATIC = Path(__file__).parent / "static"

if TYPE_CHECKING:
    from PIL import ImageDraw

PREVIEW_PIXELS = 1024
_QUALITY = 88
_DARK, _LIGHT = "#1c1c1e", "white"


class BoxEditor(anywidget.AnyWidget):
    """Up to two boxes on a picture, drawn or typed.

    Only a small preview is sent to the browser, never the picture itself. All coordinates are whole pixels of the
    picture as the service sees it.

    Attributes:
        boxes: a list of `[x1, y1, x2, y2]`; assign a new list to change it. Boxes that are outside, crossed or
            empty are corrected. More than two, or anything else than four numbers, is a `TraitError`.
        width, height: of the picture in pixels; 0 when unknown (a link).
        number: of the picture, as the prompt names it: "image 2".
        disabled: whether the boxes can only be looked at.
    """

    _esm = esm(ELEMENTS, STATIC / "geometry.js", STATIC / "boxes.js")
    _css = STATIC / "boxes.css"

    preview = traitlets.Bytes().tag(sync=True)
    width = traitlets.Int(0).tag(sync=True)
    height = traitlets.Int(0).tag(sync=True)
    boxes: traitlets.List[list[int]] = traitlets.List().tag(sync=True)
    number = traitlets.Int(1).tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        picture: InputImage,
        *,
        boxes: Sequence[Sequence[int]] = (),
        number: int = 1,
        words: Words | None = None,
    ) -> None:
        """Make the editor of one picture; `number` is its place among the request's images, from 1."""
        self._words = words or Words()
        facts = self._facts(picture)
        super().__init__(boxes=[list(box) for box in boxes], number=number, texts=_texts(self._words), **facts)

    def show(self, picture: InputImage, *, boxes: Sequence[Sequence[int]] = ()) -> None:
        """Show another picture and its boxes, in one step for observers and for the page."""
        with self.hold_sync(), self.hold_trait_notifications():
            # Cross-validation waits for the end, so the order does not matter.
            for trait, value in self._facts(picture).items():
                setattr(self, trait, value)
            self.boxes = [list(box) for box in boxes]

    def still(self, *, pixels: int = 720) -> bytes:
        """Return the picture with its boxes as a JPEG, its longer side at most `pixels`."""
        return boxed(self._picture, self.boxes, pixels=pixels)

    def __repr__(self) -> str:
        return f"BoxEditor(image {self.number}, boxes={self.boxes})"

    def _facts(self, picture: InputImage) -> dict[str, Any]:
        self._picture = picture
        preview = b""
        note = self._words(picture.problem) if picture.problem else ""
        if picture.content is not None and not picture.problem:
            preview = small_jpeg(io.BytesIO(picture.content), PREVIEW_PIXELS)
        elif picture.url:
            note = self._words("This picture is a link, so it has no preview. Type the boxes as numbers.")
        return {
            "preview": preview,
            "width": picture.width or 0,
            "height": picture.height or 0,
            "name": picture.name,
            "note": note,
        }

    @traitlets.validate("boxes")
    def _legal(self, proposal: dict[str, Any]) -> list[list[int]]:
        boxes = proposal["value"]
        if len(boxes) > MAX_BOXES:
            raise traitlets.TraitError(f"{len(boxes)} boxes; at most {MAX_BOXES} an image")
        return [legal(box, self.width, self.height) for box in boxes]

    @traitlets.observe("width", "height")
    def _fit(self, change: object) -> None:
        self.boxes = [legal(box, self.width, self.height) for box in self.boxes]


def legal(box: Sequence[int], width: int, height: int) -> list[int]:
    """Return a box whole, uncrossed, inside a picture, at least one pixel each way; a side of 0 has no bound.

    >>> legal([500, -3, 100, 40], 400, 300)
    [100, 0, 400, 40]
    """
    try:
        x1, y1, x2, y2 = (round(side) for side in box)
    except (TypeError, ValueError, OverflowError):
        raise traitlets.TraitError(f"a box is four whole numbers [x1, y1, x2, y2], not {box!r}") from None
    (x1, x2), (y1, y2) = _span(x1, x2, width), _span(y1, y2, height)
    return [x1, y1, x2, y2]


def _span(one: int, other: int, size: int) -> tuple[int, int]:
    low, high = sorted(max(0, min(side, size) if size else side) for side in (one, other))
    if low == high:
        low, high = (low - 1, high) if size and high >= size else (low, high + 1)
    return low, high


def boxed(picture: InputImage, boxes: Sequence[Sequence[int]], *, pixels: int = 720) -> bytes:
    """Return a picture with boxes and their numbers drawn on it, as a JPEG, its longer side at most `pixels`.

    A picture without content (a link, a problem) is a gray area of its shape.
    """
    from PIL import Image, ImageDraw

    if picture.content is not None and not picture.problem:
        with Image.open(io.BytesIO(small_jpeg(io.BytesIO(picture.content), pixels))) as small:
            image = small.convert("RGB")
    else:
        width, height = picture.width or 4, picture.height or 3
        scale = pixels / max(width, height)
        image = Image.new("RGB", (max(1, round(width * scale)), max(1, round(height * scale))), "#8a8a8a")
    # Where the size is unknown, the boxes give it.
    width = picture.width or max((box[2] for box in boxes), default=1)
    height = picture.height or max((box[3] for box in boxes), default=1)
    draw = ImageDraw.Draw(image)
    for number, box in enumerate(boxes, 1):
        across, down = (image.width - 1) / width, (image.height - 1) / height
        corners = [round(side * scale) for side, scale in zip(box, (across, down, across, down), strict=True)]
        _outline(draw, corners, number)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()


def _outline(draw: ImageDraw.ImageDraw, corners: Sequence[int], number: int) -> None:
    x1, y1, x2, y2 = corners
    # A light line between two dark ones is visible on every picture.
    for inset, color in ((-1, _DARK), (0, _LIGHT), (1, _LIGHT), (2, _DARK)):
        if x2 - inset > x1 + inset and y2 - inset > y1 + inset:
            draw.rectangle((x1 + inset, y1 + inset, x2 - inset, y2 - inset), outline=color)
    label = (x1 + 3, y1 + 3, x1 + 21, y1 + 21)
    draw.rounded_rectangle(label, radius=9, fill=_DARK, outline=_LIGHT)
    draw.text((x1 + 12, y1 + 12), str(number), fill=_LIGHT, font_size=13, anchor="mm")


def _texts(words: Words) -> dict[str, str]:
    """Return the texts of the page; names in braces are filled in there."""
    return {
        "surface": words("Image {number}: draw boxes on the picture"),
        "editor": words("box editor"),
        "roleBox": words("box"),
        "picture": words("Image {number}: {name}"),
        "hint": words(
            "Drag on the picture to draw a box, at most {count}. Drag inside a box to move it, its edge to resize it.",
            count=MAX_BOXES,
        ),
        "hintNumbers": words("At most {count} boxes, in pixels from the top left corner.", count=MAX_BOXES),
        "keysTitle": words("With the keyboard"),
        "keys": words(
            "On the picture: Enter or N makes a box, Tab goes to it. On a box: the arrow keys move it by a pixel, with "
            "Shift by 10; with Ctrl or Alt they move its right and bottom edge; Delete removes it, Escape leaves it. "
            "Shift while dragging draws a box inside another."
        ),
        "add": words("Add a box"),
        "full": words("At most {count} boxes an image. Remove one to draw another.", count=MAX_BOXES),
        "removed": words("Box {box} removed"),
        "placed": words("Box {box}: {width} × {height} pixels, {left} from the left, {top} from the top"),
        "box": words("Box {box}"),
        "left": words("Left"),
        "top": words("Top"),
        "right": words("Right"),
        "bottom": words("Bottom"),
        "leftOf": words("Box {box} left"),
        "topOf": words("Box {box} top"),
        "rightOf": words("Box {box} right"),
        "bottomOf": words("Box {box} bottom"),
        "size": words("{width} × {height}"),
        "sizeOf": words("Box {box} size"),
        "remove": words("Remove"),
        "removeOf": words("Remove box {box}"),
    }
