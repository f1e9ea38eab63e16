"""Galleries: results and other pictures side by side in the cell."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wannb.display import html, previews, small_jpeg
from wannb.request import as_input
from wannb.runs import GeneratedImage
from wannb.translation import Said, count, current, joined, override, say, spoken

from .layout import facts_of, flat, language_of, prompt_of


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of a gallery: its thumbnail, its size in pixels, its description and the lines under it."""

    jpeg: bytes
    size: tuple[int, int]
    alt: str
    caption: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Pictures side by side, each with its title; made by `gallery`.

    Attributes:
        pictures: with their thumbnails.
        width: of each picture on the page, in pixels.
        language: "en" or "zh".
    """

    pictures: tuple[Picture, ...]
    width: int
    language: str = field(default_factory=current)

    @spoken
    def __repr__(self) -> str:
        lines = "".join(f"\n  {say(joined(' · ', picture.caption))}" for picture in self.pictures)
        return f"Gallery({say(count(len(self.pictures), 'image'))}){lines}"

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        figures = [
            html.figure(each.jpeg, alt=each.alt, caption=each.caption, size=each.size, width=self.width)
            for each in self.pictures
        ]
        return {"text/plain": repr(self), "text/html": html.block("", body=html.row(figures))}


def gallery(pictures: Any, *, width: int = 240) -> Gallery:
    """Return results and other pictures as one gallery.

    Args:
        pictures: a result, a generated image, or anything that can be an input image: a path, bytes, a PIL image, or an
            array of height x width (x 3 or 4), uint8 or floats from 0 to 1; a list of these, or `{title: picture}`.
        width: of each picture on the page, in pixels.

    Returns:
        A gallery, which the cell shows.

    Raises:
        ValueError: a picture that cannot be shown.

    >>> wannb.gallery({"the photo": "me.jpg", "as a watercolor": result})    # doctest: +SKIP
    """
    pairs = pictures.items() if isinstance(pictures, Mapping) else [("", pictures)]
    pixels = round(width * 1.6)
    listed = [(title, each) for title, value in pairs for each in flat(value)]
    with override(language_of(pictures)):
        # All previews at once, which uses every core: an image without a preview is decoded here.
        jpegs = iter(previews([each.path for _, each in listed if isinstance(each, GeneratedImage)], pixels))
        shown = [
            _generated(title, each, next(jpegs)) if isinstance(each, GeneratedImage) else _given(title, each, pixels)
            for title, each in listed
        ]
        return Gallery(pictures=tuple(shown), width=width)


def _generated(title: str, image: GeneratedImage, jpeg: bytes) -> Picture:
    caption = (title or prompt_of(image, 60), joined(" · ", facts_of(image)))
    return Picture(jpeg=jpeg, size=(image.width, image.height), alt=image.alt, caption=caption)


def _given(title: str, value: Any, pixels: int) -> Picture:
    picture = as_input(value)
    if picture.content is None or not picture.width or not picture.height:
        reason = picture.problem or Said("links are not downloaded")
        raise ValueError(say("{name} cannot be shown: {why}", name=picture.name, why=reason))
    jpeg = small_jpeg(io.BytesIO(picture.content), pixels)
    size = (picture.width, picture.height)
    name = title or picture.name
    return Picture(jpeg=jpeg, size=size, alt=name, caption=(name, f"{size[0]}*{size[1]}"))
