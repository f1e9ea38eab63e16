"""A saved image back to the request that made it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from . import png
from .collect import CHUNK
from .errors import RecallError, StoreError
from .request import ImageRequest
from .run import Run, find_input, read

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
    path = Path(path).expanduser()
    if path.is_dir() or path.name == "run.json":
        folder = path if path.is_dir() else path.parent
        try:
            request = Run(folder, read(folder)).request
        except StoreError as error:
            raise RecallError(f"{str(folder)!r} is no run: {error}") from error
        if request is None:
            raise RecallError(f"run {folder.name} was adopted by its task id alone; nobody knows its request")
        return request
    folder = path.parent
    record = _record(path)
    if record is None and (folder / "run.json").is_file():
        # Formats other than PNG carry no chunk; their run's record lies beside them.
        record = read(folder).get("request")
    if not isinstance(record, Mapping):
        raise RecallError(f"{str(path)!r} holds no request; only images that wannb saved do, and re-saving drops it")
    return ImageRequest.from_dict(record, lambda sha256: find_input(folder, sha256))


def _record(path: Path) -> object:
    try:
        if path.stat().st_size > _MOST:
            raise RecallError(f"{str(path)!r} is over 256 MB, which no image of the service is")
        data = path.read_bytes()
    except OSError as error:
        raise RecallError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    try:
        text = png.read_text(data, CHUNK) if png.is_png(data) else None
        facts = json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        raise RecallError(f"the request in {str(path)!r} is damaged: {error}") from error
    return facts.get("request") if isinstance(facts, Mapping) else None
