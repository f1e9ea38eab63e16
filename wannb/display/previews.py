"""Thumbnails of images: a preview kept beside each file, and JPEGs that fit into a page.

Decoding a 1024*1024 PNG takes about 25 ms, its preview 2 ms. The first use of an image writes its preview; a changed
image gets a new one. In a read-only folder previews stay in memory.
"""

from __future__ import annotations

import base64
import contextlib
import contextvars
import io
import math
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from wannb.files import check_plain, mode_in, opened_picture, read_file, rename
from wannb.request import to_srgb
from wannb.threads import Threads

from .shown import remember

if TYPE_CHECKING:
    from PIL import Image

T = TypeVar("T")
R = TypeVar("R")

#: The preview's size: its longer side in pixels.
PREVIEW_PIXELS = 512
_QUALITY = 85
_SMALL, _SMALL_QUALITY = 160, 72
_WORKERS = 4
_PREVIEW_BYTES = 4 * 1024 * 1024
#: Thumbnails from which `fitting` guesses the size of them all.
_SAMPLE = 12


def preview_path(path: Path) -> Path:
    """Return the place of an image's preview: a hidden JPEG file beside it."""
    return path.with_name(f".preview-{path.stem}.jpg")


def preview(path: Path, pixels: int) -> bytes:
    """Return an image as a JPEG whose longer side is at most `pixels`.

    Up to 512 pixels it is made from the preview on disk, above that from the image itself.

    Raises:
        OSError: the file is missing or damaged.
    """
    check_plain(path, links=False)  # in a stranger's folder a link can lead to any file
    large = pixels > PREVIEW_PIXELS
    jpeg = small_jpeg(path, pixels) if large else _preview(str(path), path.stat().st_mtime_ns, pixels)
    remember(jpeg, path)
    return jpeg


def previews(paths: Sequence[Path | None], pixels: int) -> list[bytes]:
    """Return `preview` of many images, in their order; empty bytes for None and for a file that cannot be read."""
    return [jpeg or b"" for jpeg in in_parallel(lambda path: preview(path, pixels), paths)]


def in_parallel(load: Callable[[T], R], sources: Iterable[T | None]) -> list[R | None]:
    """Load images on several threads, in their order; None for None and where `load` raises `OSError`."""

    def attempt(source: T | None) -> R | None:
        with contextlib.suppress(OSError):
            return None if source is None else load(source)
        return None

    with Threads(_WORKERS) as pool:
        # In copies of this context, so that a caller's timeout bounds each of them.
        futures = [pool.submit(contextvars.copy_context().run, attempt, source) for source in sources]
        return [future.result() for future in futures]


def fitting(
    sources: Sequence[T], pixels: int, *, most: int, least: int, draw: Callable[[Sequence[T], int], list[bytes]]
) -> tuple[list[bytes], int]:
    """Return thumbnails that take at most `most` bytes on a page together, and their size.

    The size is guessed from a sample, so that hundreds of images are encoded once.

    Args:
        pixels: the wanted longer side of a thumbnail.
        most: bytes of all thumbnails as base64.
        least: the smallest longer side; below it `most` does not count.
        draw: returns the JPEGs of some sources at a size, empty bytes for those that cannot be read.
    """
    sample = sources[:: max(1, len(sources) // _SAMPLE)]
    while True:
        jpegs = draw(sample, pixels)
        needed = sum(map(len, jpegs)) * 4 / 3 * len(sources) / max(1, len(sample))
        if needed > most and pixels > least:
            pixels = max(least, int(pixels * min(0.95, math.sqrt(max(most, 1) / needed))))
        elif len(sample) < len(sources):
            sample = sources
        else:
            return jpegs, pixels


def data_uri(jpeg: bytes) -> str:
    """Return a JPEG as an address that holds the picture itself; nothing for nothing."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else ""


def make_preview(path: Path) -> bytes:
    """Write the preview of an image beside it if the folder allows, and return it."""
    content = small_jpeg(path, PREVIEW_PIXELS)
    place = preview_path(path)
    temporary = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.touch(mode_in(temporary.parent))
        temporary.write_bytes(content)
        rename(temporary, place)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return content


def picture(path: Path, pixels: int) -> Image.Image:
    """Return an image in sRGB whose longer side is at most `pixels`, as sharp as the file allows.

    Raises:
        OSError: the file is missing or damaged.
    """
    from PIL import Image

    check_plain(path, links=False)
    # Half the size of a preview loses nothing visible.
    with opened_picture(_kept(path) if pixels * 2 <= PREVIEW_PIXELS else path) as image:
        image.draft("RGB", (pixels, pixels))
        image.thumbnail((pixels, pixels), Image.Resampling.LANCZOS, reducing_gap=3.0)
        small: Image.Image = to_srgb(image, image.info.get("icc_profile"), []).convert("RGB")
    return small


def small_jpeg(source: Path | IO[bytes] | Image.Image, pixels: int) -> bytes:
    """Return a picture as a JPEG whose longer side is at most `pixels`; `OSError` if it cannot be read."""
    from PIL import Image

    opened = contextlib.nullcontext(source.copy()) if isinstance(source, Image.Image) else opened_picture(source)
    with opened as image:
        image.draft("RGB", (pixels, pixels))
        image.thumbnail((pixels, pixels), Image.Resampling.LANCZOS, reducing_gap=2.0)
        small = to_srgb(image, image.info.get("icc_profile"), []).convert("RGB")
    buffer = io.BytesIO()
    tiny = pixels <= _SMALL
    small.save(buffer, "JPEG", quality=_SMALL_QUALITY if tiny else _QUALITY, optimize=tiny)
    return buffer.getvalue()


@lru_cache(maxsize=1024)
def _preview(path: str, stamp: int, pixels: int) -> bytes:
    kept = _kept(Path(path))
    try:
        return small_jpeg(io.BytesIO(kept), pixels)
    except OSError:  # the preview is cut off or is no picture
        return small_jpeg(io.BytesIO(make_preview(Path(path))), pixels)


def _kept(path: Path) -> bytes:
    """Return the preview on disk; a missing or outdated one is made first."""
    place = preview_path(path)
    try:
        if os.stat(place).st_mtime_ns >= path.stat().st_mtime_ns:
            return read_file(place, most=_PREVIEW_BYTES)
    except OSError:
        pass
    return make_preview(path)
