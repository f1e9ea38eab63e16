"""Boxes on an input image: an editor for mouse, touch and keyboard, and a JPEG that shows the same."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from wannb.display import ELEMENTS, data_uri, esm, small_jpeg
from wannb.request import MAX_BOXES, InputImage
from wannb.translation import Words

from .controls import STATIC, in_form

if TYPE_CHECKING:
    from PIL import ImageDraw

PREVIEW_PIXELS = 1024
_QUALITY = 88
_DARK, _LIGHT = "#1c1c1e", "white"


class BoxEditor(anywidget.AnyWidget):
    """Up to two boxes on a picture, drawn or typed.

    Only a small preview is sent to the browser, never the picture itself, and as text: not every front end passes the
    binary parts of messages. All coordinates are whole pixels of the
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

    preview = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int(0).tag(sync=True)
    height = traitlets.Int(0).tag(sync=True)
    boxes: traitlets.List[list[int]] = traitlets.List().tag(sync=True)
    number = traitlets.Int(1).tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, picture: InputImage, *, boxes: Sequence[Sequence[int]] = (), words: Words | None = None) -> None:
        words = words or Words()
        preview, note = "", words(in_form(picture.problem)) if picture.problem else ""
        if picture.content is not None and not picture.problem:
            preview = data_uri(small_jpeg(io.BytesIO(picture.content), PREVIEW_PIXELS))
        elif picture.url:
            note = words("This picture is a link, so it has no preview. Type the boxes as numbers.")
        super().__init__(
            preview=preview,
            width=picture.width or 0,
            height=picture.height or 0,
            name=picture.name,
            note=note,
            boxes=[list(box) for box in boxes],
            texts=_texts(words),
        )

    def __repr__(self) -> str:
        return f"BoxEditor(image {self.number}, boxes={self.boxes})"

    @traitlets.validate("boxes")
    def _legal(self, proposal: dict[str, Any]) -> list[list[int]]:
        boxes = proposal["value"]
        if len(boxes) > MAX_BOXES:
            raise traitlets.TraitError(f"{len(boxes)} boxes; at most {MAX_BOXES} an image")
        return [legal(box, self.width, self.height) for box in boxes]


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


def boxed(content: bytes, size: tuple[int, int], boxes: Sequence[Sequence[int]], *, pixels: int) -> bytes:
    """Return a picture with boxes and their numbers drawn on it, as a JPEG, its longer side at most `pixels`."""
    from PIL import Image, ImageDraw

    with Image.open(io.BytesIO(small_jpeg(io.BytesIO(content), pixels))) as small:
        image = small.convert("RGB")
    draw = ImageDraw.Draw(image)
    for number, box in enumerate(boxes, 1):
        across, down = (image.width - 1) / size[0], (image.height - 1) / size[1]
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
