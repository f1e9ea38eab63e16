"""Recall: from a saved image back to the request that made it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wannb import png
from wannb.errors import RecallError, StoreError
from wannb.files import parse_json, read_file
from wannb.request import ImageRequest
from wannb.runs import FILE, NewerFormat, check_format, check_request, find_input, read

from .metadata import CHUNK
from .saving import MOST


def recall(path: str | os.PathLike[str]) -> ImageRequest:
    """Return the request that made an image, out of the file itself.

    Input images are found while the file is in its run's folder; otherwise they are listed among the request's
    `problems()` until they are given again.

    Args:
        path: a PNG that wannb saved, or a run's folder.

    Raises:
        RecallError: the file holds no request.

    >>> wannb.recall("wannb-runs/20261122-130157-3fa9c1d2b7e0/image-1.png").seed    # doctest: +SKIP
    7
    """
    if not isinstance(path, (str, os.PathLike)):
        raise RecallError("{value} is no path; an image has its own request as image.request", value=repr(path))
    named = repr(str(path))
    try:
        path = Path(os.fsdecode(path)).expanduser()
        folder = path if path.is_dir() else path.parent
        record = _of_run(folder) if path.is_dir() or path.name == FILE else _of_image(path)
        return ImageRequest.from_dict(record, lambda sha256: find_input(folder, sha256))
    except RecallError:
        raise
    except NewerFormat as error:
        raise RecallError("{path}: {why}", path=named, why=error.said) from error
    except OSError as error:
        raise RecallError("cannot read {path}: {why}", path=named, why=error.strerror or str(error)) from error
    except (ValueError, RuntimeError) as error:
        raise RecallError("the request in {path} is damaged: {why}", path=named, why=str(error)) from error


def _of_run(folder: Path) -> Mapping[str, Any]:
    try:
        record = read(folder).record.request
    except NewerFormat as error:
        raise RecallError("{path}: {why}", path=repr(str(folder)), why=error.said) from error
    except StoreError as error:
        raise RecallError("{path} is no run: {why}", path=repr(str(folder)), why=error.said) from error
    if record is None:
        raise RecallError("run {run} was adopted by its task id alone; its request is unknown", run=folder.name)
    return record


def _of_image(path: Path) -> Mapping[str, Any]:
    data = read_file(path, most=MOST)
    text = png.read_text(data, CHUNK) if png.is_png(data) else None
    facts = parse_json(text) if text else None
    if isinstance(facts, Mapping):
        check_format(facts)
    record = facts.get("request") if isinstance(facts, Mapping) else None
    if record is None and (path.parent / FILE).is_file():
        # Formats other than PNG carry no chunk; their run's journal is beside them.
        return _of_run(path.parent)
    if not isinstance(record, Mapping):
        raise RecallError(
            "{path} holds no request; only images that wannb saved do, not with metadata='minimal', and saving them "
            "again with another program drops it",
            path=repr(str(path)),
        )
    check_request(record)
    return record
