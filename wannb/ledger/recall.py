"""A saved image back to the request that made it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wannb import png
from wannb.errors import RecallError, StoreError
from wannb.files import parse_json, read_file
from wannb.request import ImageRequest

from .record import fault
from .repair import CHUNK
from .run import find_input, read

_MOST = 256 * 1024 * 1024


def recall(path: str | os.PathLike[str]) -> ImageRequest:
    """Return the request that made an image, out of the file itself.

    Input pictures are found when the file still lies in its run's folder; otherwise they are listed among the
    request's `problems()` until they are given again.

    Args:
        path: a PNG that wannb saved, or a run's folder.

    Raises:
        RecallError: the file holds no request.

    >>> wannb.recall("wannb-runs/20261122-130157-3fa9c1d2b7e0/image-1.png").seed    # doctest: +SKIP
    7
    """
    if not isinstance(path, (str, os.PathLike)):
        raise RecallError(f"{path!r} is no path; an image remembers its own request as image.request")
    try:
        path = Path(os.fsdecode(path)).expanduser()
        is_run = path.is_dir() or path.name == "run.json"
        record = _of_run(path if path.is_dir() else path.parent) if is_run else _of_image(path)
        wrong = fault({"request": record})
        if wrong:
            raise RecallError(f"the request in {str(path)!r} is damaged: {wrong!r}")
        folder = path if path.is_dir() else path.parent
        return ImageRequest.from_dict(record, lambda sha256: find_input(folder, sha256))
    except RecallError:
        raise
    except OSError as error:
        raise RecallError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    except (ValueError, RuntimeError) as error:
        raise RecallError(f"the request in {str(path)!r} is damaged: {error}") from error


def _of_run(folder: Path) -> Mapping[str, Any]:
    try:
        record = read(folder).get("request")
    except StoreError as error:
        raise RecallError(f"{str(folder)!r} is no run: {error}") from error
    if not isinstance(record, Mapping):
        raise RecallError(f"run {folder.name} was adopted by its task id alone; nobody knows its request")
    return record


def _of_image(path: Path) -> Mapping[str, Any]:
    data = read_file(path, most=_MOST)
    text = png.read_text(data, CHUNK) if png.is_png(data) else None
    facts = parse_json(text) if text else None
    record = facts.get("request") if isinstance(facts, Mapping) else None
    if record is None and (path.parent / "run.json").is_file():
        # Formats other than PNG carry no chunk; their run's record lies beside them.
        record = _of_run(path.parent)
    if not isinstance(record, Mapping):
        raise RecallError(f"{str(path)!r} holds no request; only images that wannb saved do, and re-saving drops it")
    return record
