"""Comparisons: a slider, side by side and a difference map of two pictures, as HTML that needs no kernel."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import data_uri, fitting, html, remember, small_jpeg
from wannb.request import FIELDS, ImageRequest, InputImage, as_input
from wannb.runs import GeneratedImage, Result
from wannb.translation import Said, current, joined, override, say, shorten, spoken

from .layout import labels_of, language_of, named, prompt_of, which_of
from .paper import QUIET, Paper, check_size, ending, put, save, typeset, warn_of_missing

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

Box = tuple[int, int, int, int]

_ENDINGS = (".png", ".pdf", ".html")
#: Bytes of the three pictures as base64: the page stays under 400 kB.
_MOST_BYTES = 370_000
_PIXELS, _LEAST_PIXELS = 900, 200
#: Colors of the map, dark to bright in steps that look even; the power lifts small differences out of the dark.
_COLORS, _GAMMA = "inferno", 0.6
#: Of the figure: inches around everything, between pictures, between a label and its picture; points of the text.
_MARGIN, _GAP, _PAD, _SIZE = 0.04, 0.07, 0.045, 7.0
#: Characters of a label in a file, which a prompt cannot have, and in a cell.
_WHOLE, _SHORT = 6000, 160


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of the two pictures: the picture in RGB, its label, and its description for screen readers."""

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
        changed: the share of pixels that differ by more than the tolerance in a channel, 0 to 1.
        inside, outside: the same inside and outside the boxes; None without boxes or without such pixels.
        difference: the map, of the size of `a`: dark where both are the same, bright where they differ.
        boxes: left, top, right, bottom in pixels of `a`.
        tolerance: of 255.
        language: "en" or "zh".
    """

    a: Side
    b: Side
    changed: float
    inside: float | None
    outside: float | None
    difference: Image.Image = field(repr=False)
    boxes: tuple[Box, ...]
    tolerance: int
    language: str = field(default_factory=current)

    @property
    def summary(self) -> str:
        """How much changed, in words."""
        facts = {"share": _percent(self.changed), "least": self.tolerance}
        said = [Said("{share} of the pixels changed (by more than {least} of 255)", **facts)]
        if self.inside is not None:
            said.append(Said("in the boxes {share} changed", share=_percent(self.inside)))
        if self.outside is not None:
            said.append(Said("outside {share} changed", share=_percent(self.outside)))
        return joined("; ", said)

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader should know about the numbers."""
        first, second = self.a.picture, self.b.picture
        if first.size == second.size:
            return ()
        shapes = (first.width * second.height, second.width * first.height)
        how = Said("stretched") if max(shapes) > 1.03 * min(shapes) else Said("scaled")
        facts = {"right": self.b.size, "how": how, "left": self.a.size}
        return (Said("the right picture of {right} is {how} to {left}, which itself changes pixels at edges", **facts),)

    @spoken
    def __repr__(self) -> str:
        a, b = (_shortened(html.plain(side.label)) for side in (self.a, self.b))
        return f"Comparison({a!r}, {b!r}: {html.plain(self.summary)})"

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    @spoken
    def figure(self, *, width: float = 7.0, dpi: float = 200) -> Figure:
        """Return both pictures and the map side by side as a matplotlib figure, with labels as text.

        Args:
            width: in inches; the height follows.
            dpi: dots an inch, for the pictures.

        Raises:
            ValueError: a width or resolution that is not above 0, or a figure too large to draw.
        """
        check_size(width, dpi)
        warn_of_missing([self.a.label, self.b.label])
        panels = [(self.a.picture, self.a.label), (self.b.picture, self.b.label)]
        panels.append((self.difference, Said("Difference")))
        side = (width - 2 * _MARGIN - _GAP * (len(panels) - 1)) / len(panels)
        tall = max(side * image.height / image.width for image, _ in panels)
        labels = [typeset(label, side, _SIZE) for _, label in panels]
        # Not the whole width: at few dots an inch letters are drawn wider than they measure.
        footer = typeset(joined("; ", [self.summary, *self.notices]), 0.92 * (width - 2 * _MARGIN), _SIZE)
        top = _MARGIN + max(lines.height for lines in labels) + _PAD
        height = top + tall + _PAD + footer.height + _MARGIN
        paper = Paper(width, height, dpi=dpi, alt=Said("Compared: {summary}", summary=self.summary))
        for number, ((image, _), lines) in enumerate(zip(panels, labels, strict=True)):
            left = _MARGIN + number * (side + _GAP)
            paper.picture(image, left, top, side, side * image.height / image.width)
            paper.write(lines, left, top - _PAD, width=side, align="center", anchor="bottom")
        scale = side / self.difference.width
        for x, y, right, bottom in self.boxes:
            for color, line in (("black", 1.8), ("white", 0.9)):
                place = (left + x * scale, top + y * scale, (right - x) * scale, (bottom - y) * scale)
                paper.frame(*place, color=color, line=line)
        paper.write(footer, _MARGIN, top + tall + _PAD, width=width - 2 * _MARGIN, color=QUIET)
        return paper.figure

    @spoken
    def save(self, path: str | os.PathLike[str], *, width: float = 7.0, dpi: float = 200) -> Path:
        """Save as a page with the slider (.html) or as a figure (.png, .pdf), and return the file.

        Args:
            path: an existing file is replaced, a missing folder made.
            width: of a figure in inches.
            dpi: dots an inch, for the pictures of a figure.

        Raises:
            ValueError: another ending.
            OSError: the file cannot be written; the earlier one is unchanged.

        >>> wannb.compare(before, after).save("comparison.html")    # doctest: +SKIP
        """
        texts = [html.plain(text) for text in (self.a.label, self.b.label, self.summary, *self.notices)]
        if ending(path, _ENDINGS, Said("a comparison")) == ".html":
            title = Said("{a} and {b}", a=_shortened(self.a.label), b=_shortened(self.b.label))
            return put(path, _document(html.attribute(title), self._html()).encode())
        return save(path, [self.figure(width=width, dpi=dpi)], pages=1, texts=texts)[0]

    def _html(self) -> str:
        width, height = self.a.picture.size
        pictures = [self.a.picture, self.b.picture, self.difference]
        jpegs, _ = fitting(pictures, _PIXELS, most=_MOST_BYTES, least=_LEAST_PIXELS, draw=_jpegs)
        for jpeg, picture in zip(jpegs, pictures, strict=True):
            remember(jpeg, picture)
        first, second, third = map(data_uri, jpegs)
        shown = max(160, min(760, round(620 * width / height)))
        keys = 'data-lm-suppress-shortcuts="true"'
        choices = "".join(
            f'<label><input type="radio" name="view" value="{value}" {keys}{checked}>{html.attribute(label)}</label>'
            for value, label, checked in (
                ("slider", Said("Slider"), " checked"),
                ("side", Said("Side by side"), ""),
                ("map", Said("Difference map"), ""),
            )
        )
        outlines = "".join(
            f'<span style="left:{left / width:.3%};top:{top / height:.3%};width:{(right - left) / width:.3%};'
            f'height:{(bottom - top) / height:.3%}"></span>'
            for left, top, right, bottom in self.boxes
        )
        legend = [Said("Dark: the same in both. Bright: changed, the brighter the more.")]
        legend += [Said("Outlined: the boxes.")] if self.boxes else []
        split = Said("Where the left picture ends and the right one begins, in percent")
        left, right = (
            [Said("Left: {what}", what=_shortened(what)) for what in (self.a.label, self.a.alt)],
            [Said("Right: {what}", what=_shortened(what)) for what in (self.b.label, self.b.alt)],
        )
        alt = html.attribute(Said("Difference map: {summary}", summary=self.summary))
        body = (
            f'<form class="wannb-compare" method="dialog" onsubmit="return false" dir="ltr" {keys} '
            f'style="--shape:{width}/{height};--width:{shown}px">'
            f"<fieldset><legend>{html.attribute(Said('View'))}</legend>{choices}</fieldset>"
            f'<div class="wannb-stage"><img src="{first}" alt="{html.attribute(left[1])}">'
            f'<img src="{second}" alt="{html.attribute(right[1])}">'
            f'<input type="range" min="0" max="100" step="0.5" value="50" {keys} aria-label="{html.attribute(split)}" '
            f"""oninput="this.parentNode.style.setProperty('--split', this.value + '%')">"""
            f'<div class="wannb-handle" aria-hidden="true"></div>'
            f'<p class="wannb-left">{html.text(left[0])}</p><p class="wannb-right">{html.text(right[0])}</p></div>'
            f'<div class="wannb-map"><img src="{third}" alt="{alt}">{outlines}</div>'
            f'<p class="wannb-legend">{html.text(joined(" ", legend))}</p></form>'
        )
        return f"<style>{_style()}</style>" + html.block("", lines=[self.summary], body=body, notes=self.notices)


def compare(a: Any, b: Any = None, *, boxes: Iterable[Sequence[int]] | None = None, tolerance: int = 8) -> Comparison:
    """Compare two pictures, or an edit with its input.

    Args:
        a: a result (its first image), a generated image, or anything that can be an input image: a path, bytes, a PIL
            image, or an array of height x width (x 3 or 4), uint8 or floats from 0 to 1. Without `b` it is the result
            of an edit, and is compared with its last input picture, whose shape the service's output follows, and with
            the request's boxes on that picture.
        b: the other picture; scaled to the size of `a` for the difference.
        boxes: left, top, right, bottom in pixels of `a`; changes inside and outside them are counted too.
        tolerance: 0 to 254: a pixel has changed if a channel differs by more than this (of 255).

    Returns:
        A comparison: shown in the cell, saved by its `save`.

    Raises:
        ValueError: a picture that cannot be read, a box outside the picture, or a single picture that is no edit.

    >>> wannb.compare(client.edit("make it night", "room.jpg"))    # doctest: +SKIP
    """
    with override(language_of(a, b)):
        if not isinstance(tolerance, int) or not 0 <= tolerance <= 254:
            raise ValueError(say("tolerance={tolerance}; give a whole number from 0 to 254", tolerance=repr(tolerance)))
        if b is None:
            b = _one(a)
            a, asked = _before(b)
            boxes = asked if boxes is None else boxes
        first, second = _one(a), _one(b)
        one, other = (_side(value, label) for value, label in zip((first, second), _labels(first, second), strict=True))
        places = tuple(_box(box, one.picture.size) for box in boxes or ())
        return _measured(one, other, places, tolerance)


def _measured(a: Side, b: Side, boxes: tuple[Box, ...], tolerance: int) -> Comparison:
    import matplotlib
    import numpy
    from PIL import Image

    other = b.picture
    if other.size != a.picture.size:
        other = other.resize(a.picture.size, Image.Resampling.LANCZOS)
    before, after = (numpy.asarray(image, dtype=numpy.int16) for image in (a.picture, other))
    apart = numpy.abs(before - after).max(axis=2)
    colors = matplotlib.colormaps[_COLORS]((numpy.arange(256) / 255) ** _GAMMA, bytes=True)[:, :3]
    changed = apart > tolerance
    inside = numpy.zeros(changed.shape, dtype=bool)
    for left, top, right, bottom in boxes:
        inside[top:bottom, left:right] = True

    def share(pixels: Any) -> float | None:
        return float(pixels.mean()) if boxes and pixels.size else None

    return Comparison(
        a=a,
        b=b,
        changed=float(changed.mean()),
        inside=share(changed[inside]),
        outside=share(changed[~inside]),
        difference=Image.fromarray(colors[apart]),
        boxes=boxes,
        tolerance=tolerance,
    )


def _one(value: Any) -> GeneratedImage | InputImage:
    if isinstance(value, Result):
        if not value.images:
            raise ValueError(say("this result has no image to compare"))
        return value.images[0]
    return value if isinstance(value, GeneratedImage) else as_input(value)


def _before(value: GeneratedImage | InputImage) -> tuple[InputImage, Sequence[Sequence[int]]]:
    """Return the input picture of an edit, and the boxes on it."""
    request = value.request if isinstance(value, GeneratedImage) else None
    if request is None or not request.images:
        raise ValueError(say("a single picture can be compared only if it is an edit; give two: compare(a, b)"))
    last = len(request.images) - 1
    boxes = request.bbox_list or ()
    return request.images[last], boxes[last] if last < len(boxes) else ()


def _side(value: GeneratedImage | InputImage, label: str) -> Side:
    from PIL import Image

    if isinstance(value, GeneratedImage):
        try:
            picture = value.open().convert("RGB")
        except OSError as error:
            raise ValueError(say("{path} cannot be read: {why}", path=repr(str(value.path)), why=error)) from error
        return Side(picture=picture, label=label, alt=joined(". ", [label, value.alt]))
    if value.content is None:
        reason = value.problem or Said("links are not downloaded; save the picture and give the file")
        raise ValueError(say("{name} cannot be compared: {why}", name=value.name, why=reason))
    with Image.open(io.BytesIO(value.content)) as image:
        return Side(picture=image.convert("RGB"), label=label, alt=label)


def _labels(first: GeneratedImage | InputImage, second: GeneratedImage | InputImage) -> Sequence[str]:
    """Return labels for the two: the options in which their requests differ, or their names."""
    images = [value for value in (first, second) if isinstance(value, GeneratedImage)]
    requests = [image.request for image in images if image.request]
    if len(requests) == 2:
        names = [name for name in FIELDS if getattr(requests[0], name) != getattr(requests[1], name)]
        facts = {name: labels_of([_value(request, name) for request in requests]) for name in names}
        labels = [named(((name, fact[side]) for name, fact in facts.items()), " · ") for side in (0, 1)]
        if all(labels):
            return [joined(" · ", [label, *which_of(image)]) for label, image in zip(labels, images, strict=True)]
    return [_name(value) for value in (first, second)]


def _value(request: ImageRequest, name: str) -> Any:
    value = getattr(request, name)
    return shorten(value, _WHOLE) if isinstance(value, str) else value


def _name(value: GeneratedImage | InputImage) -> str:
    if isinstance(value, InputImage):
        return Path(value.name).name or value.name
    return joined(" · ", [prompt_of(value, _WHOLE), *which_of(value)])


def _box(box: Sequence[int], size: tuple[int, int]) -> Box:
    try:
        left, top, right, bottom = (int(side) for side in box)
    except (TypeError, ValueError):
        left = top = right = bottom = -1
    if not (0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]):
        inside = f"{size[0]}*{size[1]}"
        raise ValueError(say("box {box}: give left, top, right, bottom in pixels within {size}", box=box, size=inside))
    return left, top, right, bottom


def _jpegs(pictures: Sequence[Image.Image], pixels: int) -> list[bytes]:
    return [small_jpeg(picture, pixels) for picture in pictures]


@cache
def _style() -> str:
    return Path(__file__).with_name("comparison.css").read_text(encoding="utf-8")


def _shortened(text: str) -> str:
    """Return a text as it is, or the beginning of a long one."""
    return text if len(text) <= _SHORT else shorten(html.plain(text), _SHORT)


def _percent(share: float) -> str:
    if 0 < share < 0.0005:
        return Said("under {share}", share="0.1 %")
    if 0.9995 <= share < 1:
        return Said("over {share}", share="99.9 %")
    return f"{share * 100:.1f} %"


def _document(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    head += '<meta name="color-scheme" content="light dark">'
    return f'<!DOCTYPE html><html lang="{current()}"><head>{head}</head><body>{body}</body></html>'
