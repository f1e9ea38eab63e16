"""Galleries: results and other pictures as one thing that shows itself in the cell."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wannb.display import html, previews, small_jpeg
from wannb.ledger import GeneratedImage
from wannb.request import as_input
from wannb.text import count, shorten


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of a gallery: its thumbnail, its size in pixels, its alt text and the lines under it."""

    jpeg: bytes
    size: tuple[int, int]
    alt: str
    caption: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Pictures side by side, each with its title; made by `gallery`."""

    pictures: tuple[Picture, ...]
    width: int

    def __repr__(self) -> str:
        lines = "".join(f"\n  {' · '.join(picture.caption)}" for picture in self.pictures)
        return f"Gallery({count(len(self.pictures), 'picture')}){lines}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        figures = [
            html.figure(each.jpeg, alt=each.alt, caption=each.caption, size=each.size, width=self.width)
            for each in self.pictures
        ]
        return {"text/plain": repr(self), "text/html": html.block("", body=html.row(figures))}


def gallery(pictures: Any, *, width: int = 240) -> Gallery:
    """Return results and other pictures as one gallery.

    Args:
        pictures: a result, a generated image, or anything that can be an input image (a path, bytes, a PIL image, an
            array); a list of these, or `{title: picture}`.
        width: of each picture on the page, in pixels.

    Raises:
        ValueError: something in it cannot be shown.

    >>> wannb.gallery({"the photo": "me.jpg", "as a watercolour": result})    # doctest: +SKIP
    """
    pairs = pictures.items() if isinstance(pictures, Mapping) else [("", pictures)]
    pixels = round(width * 1.6)
    listed = [(title, each) for title, value in pairs for each in _each(value)]
    # All together, which uses every core: where no preview lies beside an image, it is decoded here.
    jpegs = iter(previews([each.path for _, each in listed if isinstance(each, GeneratedImage)], pixels))
    shown = (
        _generated(title, each, next(jpegs)) if isinstance(each, GeneratedImage) else _given(title, each, pixels)
        for title, each in listed
    )
    return Gallery(pictures=tuple(shown), width=width)


def _each(value: Any) -> Iterator[Any]:
    single = (GeneratedImage, str, bytes, bytearray, memoryview, os.PathLike)
    if isinstance(value, Iterable) and not isinstance(value, single) and not hasattr(value, "__array_interface__"):
        for each in value:
            yield from _each(each)
    else:
        yield value


def _generated(title: str, image: GeneratedImage, jpeg: bytes) -> Picture:
    prompt = shorten(image.request.prompt, 60) if image.request else image.path.parent.name
    seed = "" if image.seed is None else f" · seed {image.seed}"
    size = (image.width, image.height)
    return Picture(jpeg=jpeg, size=size, alt=image.alt, caption=(title or prompt, f"{size[0]}*{size[1]}{seed}"))


def _given(title: str, value: Any, pixels: int) -> Picture:
    picture = as_input(value)
    if picture.content is None or not picture.width or not picture.height:
        raise ValueError(f"{picture.name} cannot be shown: {picture.problem or 'a link is not fetched'}")
    jpeg = small_jpeg(io.BytesIO(picture.content), pixels)
    size = (picture.width, picture.height)
    name = title or picture.name
    return Picture(jpeg=jpeg, size=size, alt=name, caption=(name, f"{size[0]}*{size[1]}"))
