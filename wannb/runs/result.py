"""Results: the images that came back, shown in the cell as thumbnails with the facts beside them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from wannb.display import html, previews
from wannb.files import check_plain, opened_picture, read_file
from wannb.request import MAX_FILE, ImageRequest, InputImage, from_bytes
from wannb.service import Money
from wannb.threads import Threads
from wannb.translation import Said, count, current, joined, say, shorten, spoken

if TYPE_CHECKING:
    from PIL import Image

#: (images shown at most, pixels of a thumbnail's longer side, its width on the page)
_SHOWN = ((1, 720, 480), (3, 480, 310), (4, 400, 235), (10**9, 320, 200))


@html.hides("figure")
@dataclass(frozen=True, kw_only=True)
class GeneratedImage:
    """One image that came back, as a file.

    Attributes:
        path: the file; the service's own bytes, with the request as a text chunk in it.
        number, count: the image's number, from 1, and how many there are.
        width, height: in pixels.
        seed: the seed that was sent.
        sha256: of the bytes as the service sent them.
        request: what was asked; None for a task that was adopted by its id alone.
    """

    path: Path = field(repr=False)
    number: int
    count: int
    width: int
    height: int
    seed: int | None
    sha256: str = field(repr=False)
    request: ImageRequest | None = field(default=None, repr=False)
    language: str = field(default_factory=current, repr=False, compare=False)

    def open(self) -> Image.Image:
        """Return the image as a loaded PIL image; `OSError` if the file is gone or damaged."""
        with opened_picture(self.path, links=False) as image:
            image.load()
        return image

    def bytes(self) -> bytes:
        """Return the file's bytes."""
        return read_file(self.path, most=MAX_FILE, links=False)

    def save(self, path: str | Path) -> Path:
        """Copy the file, request and all, and return where it went.

        A `path` is a file, which is written over as Pillow does it, or a folder (a name without an ending), in which
        every image gets a name of its own.
        """
        place = Path(path).expanduser()
        if place.is_dir() or not place.suffix:
            place.mkdir(parents=True, exist_ok=True)
            place /= f"{self.path.parent.name}-{self.path.name}"
        check_plain(self.path, links=False)
        return Path(shutil.copyfile(self.path, place))

    def as_input(self) -> InputImage:
        """Return the image as an input of a next request."""
        return from_bytes(self.bytes(), name=self.path.name, origin=str(self.path))

    @property
    def alt(self) -> str:
        """A text for people who do not see the image."""
        prompt = shorten(self.request.prompt, 160) if self.request else Said("prompt unknown")
        return Said("Image {number} of {count}: {prompt}", number=self.number, count=self.count, prompt=prompt)

    @spoken
    def figure(self, *, pixels: int, width: int, caption: Sequence[str] = ()) -> str:
        """Return the image as an HTML figure: a thumbnail of `pixels`, shown `width` pixels wide.

        In place of an image that is gone or damaged its text is shown.
        """
        [jpeg] = previews([self.path], pixels)
        return html.figure(jpeg, alt=self.alt, caption=caption, size=(self.width, self.height), width=width)

    def _caption(self, number: str) -> Said:
        return joined(" · ", [number, f"{self.width}*{self.height}", *seed_words(self.seed)])

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        caption = self._caption(Said("{number} of {count}", number=self.number, count=self.count))
        _, pixels, width = _SHOWN[0]
        body = html.row([self.figure(pixels=pixels, width=width, caption=[caption])])
        return {"text/plain": repr(self), "text/html": html.block("", body=body)}


@html.hides("figures price_line")
@dataclass(frozen=True, kw_only=True)
class Result(Sequence[GeneratedImage]):
    """A finished run: a sequence of its images, with what was asked, what was used and what it cost.

    Attributes:
        images: the images, in the service's order.
        request: what was asked, with the seed that was sent; None for a task adopted by its id alone.
        usage: the service's own numbers, such as `image_count` and `size`; it cannot be changed.
        cost: what the images cost at the price of the day; None if that price is unknown. On the mock
            server it is what the live service would have billed.
        asked: how many images were asked for, at most.
        task_id, run_id: the service's name for the job and the folder's name in the store.
        service: "mock", or the host that made it.
        created: when the run began, UTC, such as "2026-11-22T13:01:57Z".
        reused: whether it came from the store, without asking and without cost.
        notices: what one should know, such as fewer images than asked.
        path: the folder of the run.
    """

    images: tuple[GeneratedImage, ...]
    request: ImageRequest | None
    usage: Mapping[str, Any]
    cost: Money | None
    asked: int
    task_id: str | None
    run_id: str
    service: str
    created: str
    reused: bool
    notices: tuple[str, ...]
    path: Path
    language: str = field(default_factory=current, repr=False, compare=False)

    @overload
    def __getitem__(self, index: int) -> GeneratedImage: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[GeneratedImage, ...]: ...
    def __getitem__(self, index: int | slice) -> GeneratedImage | tuple[GeneratedImage, ...]:
        return self.images[index]

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[GeneratedImage]:
        return iter(self.images)

    @property
    def seed(self) -> int | None:
        """The seed that was sent."""
        return self.request.seed if self.request else None

    @property
    def price_line(self) -> str:
        """The cost in words."""
        cost = str(self.cost) if self.cost else Said("price unknown")
        if self.reused and self.service != "mock":
            made = {"service": self.service, "date": self.created[:10]}
            return Said("reused: made by {service} on {date}, nothing billed", **made)
        if self.reused:
            return Said("reused, nothing billed")
        if self.service == "mock":
            return Said("nothing billed by the mock server (live: {cost})", cost=cost)
        return cost

    @spoken
    def summary(self) -> str:
        """Return the result in one line of text."""
        return say(self._summary())

    def _summary(self) -> Said:
        sizes = dict.fromkeys(f"{image.width}*{image.height}" for image in self.images)
        parts = [count(len(self.images), "image"), ", ".join(sizes), *seed_words(self.seed), self.price_line]
        return joined(" · ", [part for part in parts if part])

    @spoken
    def __repr__(self) -> str:
        prompt = f"{shorten(self.request.prompt, 60)!r}, " if self.request else ""
        notes = "".join(f"\n  {say(notice)}" for notice in self.notices)
        return f"Result({prompt}{say(self._summary())}){notes}"

    def figures(self, *, pixels: int, width: int) -> list[str]:
        """Return every image as an HTML figure with its number, size and seed."""

        def figure(image: GeneratedImage) -> str:
            return image.figure(pixels=pixels, width=width, caption=[image._caption(str(image.number))])

        with Threads(2) as pool:
            return list(pool.map(figure, self.images))

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        _, pixels, width = next(rule for rule in _SHOWN if len(self.images) <= rule[0])
        if self.request:
            title: str = shorten(self.request.prompt, 200)
            kind = [Said(self.request.mode), self.request.model]
        else:
            title, kind = Said("task {task_id}", task_id=self.task_id), []
        page = html.block(
            title,
            lines=[joined(" · ", [*kind, self._summary()])],
            body=html.row(self.figures(pixels=pixels, width=width)),
            notes=self.notices,
        )
        return {"text/plain": repr(self), "text/html": page}


def seed_words(seed: int | None) -> list[str]:
    """Return a seed in words; nothing without one."""
    return [] if seed is None else [Said("seed {seed}", seed=seed)]
