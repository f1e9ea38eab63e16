"""Small previews of images, kept on disk beside them, so that hundreds of images can be shown at once.

Reading a 1024*1024 PNG takes about 25 ms, its preview 2 ms. A preview is made when it is first needed, and made again
when the image is newer; where the folder cannot be written to it is made in memory.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from wannb.files import opened_picture, read_file

if TYPE_CHECKING:
    from PIL import Image

#: The longer side of a preview on disk.
PIXELS = 512
_QUALITY = 85
_SMALL, _SMALL_QUALITY = 160, 72
_WORKERS = 4
_MOST_KEPT = 4 * 1024 * 1024


def preview_path(path: Path) -> Path:
    """Return where the preview of an image lies: a hidden JPEG file beside it."""
    return path.with_name(f".preview-{path.stem}.jpg")


def preview(path: Path, pixels: int) -> bytes:
    """Return an image as a JPEG whose longer side is at most so many pixels.

    Up to 512 pixels it is made from the preview on disk, beyond that from the image itself.

    Raises:
        OSError: there is no such image, or it cannot be read.
    """
    return _preview(str(path), path.stat().st_mtime_ns, pixels)


def previews(paths: Sequence[Path], pixels: int) -> list[bytes]:
    """Return `preview` of many images, in their order; empty bytes for one that cannot be read."""

    def attempt(path: Path) -> bytes:
        try:
            return preview(path, pixels)
        except OSError:
            return b""

    with ThreadPoolExecutor(_WORKERS) as pool:
        return list(pool.map(attempt, paths))


def make_preview(path: Path) -> bytes:
    """Make an image's preview, keep it beside the image where the folder can be written to, and return it."""
    content = small_jpeg(path, PIXELS)
    place = preview_path(path)
    temporary = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(place)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return content


def picture(path: Path, pixels: int) -> Image.Image:
    """Return an image in RGB whose longer side is at most so many pixels, as sharp as the file allows.

    Raises:
        OSError: there is no such image, or it cannot be read.
    """
    from PIL import Image

    # From a preview of at least twice the size nothing is lost that the eye could see.
    with opened_picture(_kept(path) if pixels * 2 <= PIXELS else path) as image:
        image.draft("RGB", (pixels, pixels))
        image.thumbnail((pixels, pixels), Image.Resampling.LANCZOS, reducing_gap=3.0)
        small: Image.Image = image.convert("RGB")
    return small


@lru_cache(maxsize=1024)
def _preview(path: str, stamp: int, pixels: int) -> bytes:
    if pixels > PIXELS:
        return small_jpeg(Path(path), pixels)
    kept = _kept(Path(path))
    try:
        return small_jpeg(io.BytesIO(kept), pixels)
    except OSError:  # a preview that was cut off or is no picture
        return small_jpeg(io.BytesIO(make_preview(Path(path))), pixels)


def _kept(path: Path) -> bytes:
    """Return the bytes of the preview on disk, made first where it is missing or older than the image."""
    place = preview_path(path)
    try:
        if os.stat(place).st_mtime_ns >= path.stat().st_mtime_ns:
            return read_file(place, most=_MOST_KEPT)
    except OSError:
        pass
    return make_preview(path)


def small_jpeg(source: Path | IO[bytes], pixels: int) -> bytes:
    """Return a JPEG of a picture in a file, its longer side at most so many pixels; `OSError` for what is none."""
    from PIL import Image

    with opened_picture(source) as image:
        image.draft("RGB", (pixels, pixels))
        image.thumbnail((pixels, pixels), Image.Resampling.LANCZOS, reducing_gap=2.0)
        small = image.convert("RGB")
    buffer = io.BytesIO()
    tiny = pixels <= _SMALL
    small.save(buffer, "JPEG", quality=_SMALL_QUALITY if tiny else _QUALITY, optimize=tiny)
    return buffer.getvalue()
