"""Compare two pictures: a slider, side by side and a difference map, as one piece of HTML that needs no kernel."""

from __future__ import annotations

import base64
import io
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import html
from wannb.ledger import GeneratedImage, Result
from wannb.request import FIELDS, ImageRequest, InputImage, as_input
from wannb.text import shorten

from .difference import Box, measure
from .figure import METADATA, compared, style
from .fonts import families
from .grid import put
from .layout import labels_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

_ENDINGS = (".png", ".pdf", ".html")
#: Of the three pictures as base64; the page stays under 400 kB.
_MOST_BYTES = 370_000
_PIXELS, _LEAST_PIXELS = 900, 200
_LEGEND = "Dark: the same in both. Bright: changed, the brighter the more."


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of the two pictures: the picture in RGB, what it is called, and what it shows in words."""

    picture: Image.Image = field(repr=False)
    label: str
    alt: str

    @property
    def size(self) -> str:
        """Width and height in pixels, as the API writes them."""
        return f"{self.picture.width}*{self.picture.height}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Two pictures and how they differ; shows itself in the cell, in exported pages too.

    Attributes:
        a, b: the two sides.
        changed: the share of pixels that differ by more than the tolerance in a channel, 0 to 1.
        inside, outside: the same inside and outside the boxes; None without boxes, or where there is no such pixel.
        difference: the map, of the size of `a`: dark where both are the same, bright where they differ.
        boxes: left, top, right, bottom in pixels of `a`.
        tolerance: of 255.
    """

    a: Side
    b: Side
    changed: float
    inside: float | None
    outside: float | None
    difference: Image.Image = field(repr=False)
    boxes: tuple[Box, ...]
    tolerance: int

    @property
    def summary(self) -> str:
        """How much changed, in words."""
        counted = f"{_percent(self.changed)} of the pixels changed (by more than {self.tolerance} of 255)"
        if not self.boxes:
            return counted
        box = "box" if len(self.boxes) == 1 else "boxes"
        where = []
        if self.inside is not None:
            where.append(f"inside the {box} {_percent(self.inside)} of the pixels changed")
        if self.outside is not None:
            where.append(f"outside {_percent(self.outside)}" if where else f"outside {_percent(self.outside)} changed")
        return f"{counted}; {', '.join(where)}"

    @property
    def notices(self) -> tuple[str, ...]:
        """What one should know about the numbers."""
        first, second = self.a.picture, self.b.picture
        if first.size == second.size:
            return ()
        shapes = (first.width * second.height, second.width * first.height)
        stretched = max(shapes) > 1.03 * min(shapes)
        how = "stretched" if stretched else "scaled"
        return (
            f"the right picture is {self.b.size}; for the slider and the difference it was {how} to the left one's "
            f"{self.a.size}, which by itself changes pixels, at edges most",
        )

    def __repr__(self) -> str:
        return f"Comparison({self.a.label!r}, {self.b.label!r}: {self.summary})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def figure(self, *, width: float = 7.0, dpi: float = 200) -> Figure:
        """Return both pictures and the map side by side as a matplotlib figure, labels as text.

        Args:
            width: in inches.
            dpi: dots an inch, for the pictures.
        """
        panels = [(self.a.picture, self.a.label), (self.b.picture, self.b.label), (self.difference, "Difference")]
        notice = families(f"{self.a.label}\n{self.b.label}").notice
        if notice:
            warnings.warn(notice, stacklevel=2)
        return compared(panels, self.boxes, self.summary, width=width, dpi=dpi)

    def save(self, path: str | os.PathLike[str], *, width: float = 7.0, dpi: float = 200) -> Path:
        """Save as a page with the slider (.html) or as a figure (.png, .pdf), and return the file.

        Raises:
            ValueError: another ending.
            OSError: the file cannot be written; what was there is there still.

        >>> wannb.compare(before, after).save("comparison.html")    # doctest: +SKIP
        """
        place = Path(path).expanduser()
        ending = place.suffix.lower()
        if ending not in _ENDINGS:
            raise ValueError(f"{str(path)!r}: a comparison is saved as {', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}")
        place.parent.mkdir(parents=True, exist_ok=True)
        if ending == ".html":
            put(place, _document(f"{self.a.label} and {self.b.label}", self._html()).encode())
            return place
        import matplotlib

        drawing = self.figure(width=width, dpi=dpi)
        with matplotlib.rc_context(style([self.a.label, self.b.label, self.summary])):
            buffer = io.BytesIO()
            drawing.savefig(buffer, format=ending[1:], dpi=dpi, metadata=METADATA[ending])
        put(place, buffer.getvalue())
        return place

    def _html(self) -> str:
        width, height = self.a.picture.size
        first, second, third = _sources([self.a.picture, self.b.picture, self.difference])
        shown = max(160, min(760, round(620 * width / height)))
        keys = 'data-lm-suppress-shortcuts="true"'
        choices = "".join(
            f'<label><input type="radio" name="view" value="{value}" {keys}{checked}>{words}</label>'
            for value, words, checked in (
                ("slider", "Slider", " checked"),
                ("side", "Side by side", ""),
                ("map", "Difference map", ""),
            )
        )
        outlines = "".join(
            f'<span style="left:{left / width:.3%};top:{top / height:.3%};width:{(right - left) / width:.3%};'
            f'height:{(bottom - top) / height:.3%}"></span>'
            for left, top, right, bottom in self.boxes
        )
        legend = _LEGEND + (" Outlined: the boxes." if self.boxes else "")
        body = (
            f'<form class="wannb-compare" method="dialog" onsubmit="return false" dir="ltr" {keys} '
            f'style="--shape:{width}/{height};--width:{shown}px">'
            f"<fieldset><legend>How to show the two pictures</legend>{choices}</fieldset>"
            f'<div class="wannb-stage">'
            f'<img src="{first}" alt="Left: {escape(self.a.alt)}">'
            f'<img src="{second}" alt="Right: {escape(self.b.alt)}">'
            f'<input type="range" min="0" max="100" step="0.5" value="50" {keys} '
            f'aria-label="Where the left picture ends and the right one begins, in percent" '
            f"""oninput="this.parentNode.style.setProperty('--split', this.value + '%')">"""
            f'<div class="wannb-handle" aria-hidden="true"></div>'
            f'<p class="wannb-left">Left: {html.text(self.a.label)}</p>'
            f'<p class="wannb-right">Right: {html.text(self.b.label)}</p></div>'
            f'<div class="wannb-map"><img src="{third}" alt="Difference map: {escape(self.summary)}">{outlines}</div>'
            f'<p class="wannb-legend">{html.text(legend)}</p></form>'
        )
        return f"<style>{_style()}</style>" + html.block("", lines=[self.summary], body=body, notes=self.notices)


def compare(a: Any, b: Any = None, *, boxes: Iterable[Sequence[int]] | None = None, tolerance: int = 8) -> Comparison:
    """Compare two pictures, or an edit with what it was made from.

    Args:
        a: a result (its first image), a generated image, or anything that can be an input image. Alone, it is the
            result of an edit: it is compared with its last input picture, whose shape the service's output follows,
            and with the request's boxes on that picture.
        b: the other picture; brought to the size of `a` for the difference.
        boxes: left, top, right, bottom in pixels of `a`: how much changed inside and outside them is counted too.
        tolerance: a pixel has changed where a channel differs by more than this of 255.

    Raises:
        ValueError: a picture that cannot be read, a box that lies outside, or one picture that is no edit.

    >>> wannb.compare(client.edit("make it night", "room.jpg"))    # doctest: +SKIP
    """
    if not isinstance(tolerance, int) or not 0 <= tolerance <= 254:
        raise ValueError(f"tolerance={tolerance!r}; give a whole number from 0 to 254")
    if b is None:
        b = _one(a)
        a, asked = _before(b)
        boxes = asked if boxes is None else boxes
    first, second = _one(a), _one(b)
    labels = _labels(first, second)
    sides = [_side(value, label) for value, label in zip((first, second), labels, strict=True)]
    places = tuple(_box(box, sides[0].picture.size) for box in boxes or ())
    found = measure(sides[0].picture, sides[1].picture, boxes=places, tolerance=tolerance)
    return Comparison(
        a=sides[0],
        b=sides[1],
        changed=found.changed,
        inside=found.inside,
        outside=found.outside,
        difference=found.map,
        boxes=places,
        tolerance=tolerance,
    )


def _one(value: Any) -> GeneratedImage | InputImage:
    if isinstance(value, Result):
        if not value.images:
            raise ValueError("this result has no image to compare")
        return value.images[0]
    return value if isinstance(value, GeneratedImage) else as_input(value)


def _before(value: GeneratedImage | InputImage) -> tuple[InputImage, Sequence[Sequence[int]]]:
    """Return the picture that an edit was made from, and the boxes on it."""
    request = value.request if isinstance(value, GeneratedImage) else None
    if request is None or not request.images:
        raise ValueError("one picture can be compared only if it is an edit of another; give two: compare(a, b)")
    last = len(request.images) - 1
    boxes = request.bbox_list or ()
    return request.images[last], boxes[last] if last < len(boxes) else ()


def _side(value: GeneratedImage | InputImage, label: str) -> Side:
    from PIL import Image

    if isinstance(value, GeneratedImage):
        try:
            return Side(picture=value.open().convert("RGB"), label=label, alt=f"{label}. {value.alt}")
        except OSError as error:
            raise ValueError(f"{str(value.path)!r} cannot be read: {error}") from error
    if value.content is None:
        reason = value.problem or "a link is not fetched; download the picture and give the file"
        raise ValueError(f"{value.name} cannot be compared: {reason}")
    with Image.open(io.BytesIO(value.content)) as image:
        return Side(picture=image.convert("RGB"), label=label, alt=label)


def _labels(first: GeneratedImage | InputImage, second: GeneratedImage | InputImage) -> list[str]:
    """Return what the two are called: by what differs in their requests, or by their names."""
    requests = [value.request for value in (first, second) if isinstance(value, GeneratedImage) and value.request]
    if len(requests) == 2:
        names = [name for name in FIELDS if getattr(requests[0], name) != getattr(requests[1], name)]
        facts = [labels_of([_value(request, name) for request in requests]) for name in names]
        plain = ("prompt", "model", "images")
        labels = [
            " · ".join(
                fact[side] if name in plain else f"{name} {fact[side]}" for name, fact in zip(names, facts, strict=True)
            )
            for side in (0, 1)
        ]
        if all(labels):
            return labels
    return [_name(value) for value in (first, second)]


def _value(request: ImageRequest, name: str) -> Any:
    value = getattr(request, name)
    return shorten(value, 300) if isinstance(value, str) else value


def _name(value: GeneratedImage | InputImage) -> str:
    if isinstance(value, InputImage):
        return Path(value.name).name or value.name
    prompt = shorten(value.request.prompt, 100) if value.request else value.path.parent.name
    return f"{prompt} · image {value.number} of {value.count}" if value.count > 1 else prompt


def _box(box: Sequence[int], size: tuple[int, int]) -> Box:
    try:
        left, top, right, bottom = (int(side) for side in box)
    except (TypeError, ValueError) as error:
        raise ValueError(f"box {box!r}: give left, top, right, bottom in pixels of the left picture") from error
    if not (0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]):
        raise ValueError(
            f"box {list(box)!r} does not lie in the left picture of {size[0]}*{size[1]}; "
            "give left, top, right, bottom in its pixels"
        )
    return left, top, right, bottom


def _sources(pictures: Sequence[Image.Image]) -> list[str]:
    """Return pictures as data URIs, small enough for the page together."""
    pixels = _PIXELS
    while True:
        encoded = [_jpeg(picture, pixels) for picture in pictures]
        needed = sum(map(len, encoded)) * 4 / 3
        if needed <= _MOST_BYTES or pixels <= _LEAST_PIXELS:
            return [f"data:image/jpeg;base64,{base64.b64encode(each).decode()}" for each in encoded]
        pixels = max(_LEAST_PIXELS, int(pixels * min(0.9, (_MOST_BYTES / needed) ** 0.5)))


def _jpeg(picture: Image.Image, pixels: int) -> bytes:
    from PIL import Image

    small = picture.copy()
    small.thumbnail((pixels, pixels), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


@cache
def _style() -> str:
    return Path(__file__).with_name("comparison.css").read_text(encoding="utf-8")


def _percent(share: float) -> str:
    if 0 < share < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= share < 1:
        return "over 99.9 %"
    return f"{share * 100:.1f} %"


def _document(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    head += '<meta name="color-scheme" content="light dark">'
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"
