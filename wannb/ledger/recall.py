"""Recall: from a saved image back to the request that made it, and what is said of it when it is looked at large."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wannb import png
from wannb.display import Facts
from wannb.errors import RecallError, StoreError, WannbError
from wannb.files import opened_picture, parse_json, read_file
from wannb.request import FIELDS, ImageRequest
from wannb.runs import FILE, NewerFormat, Run, check_format, check_request, find_input, read
from wannb.translation import Said

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


# What is said beside a picture that is looked at large


def facts(path: Path) -> Facts:
    """Return what is known of a picture's file; only its name and size for one that wannb did not save."""
    lines: list[tuple[str, str]] = []
    code = ""
    try:
        request = recall(path)
    except WannbError:
        pass
    else:
        code = request.code()
        lines = [(FIELDS["prompt"].label, request.prompt), (FIELDS["model"].label, request.model)]
    with opened_picture(path) as image:
        lines.append((FIELDS["size"].label, f"{image.width}*{image.height}"))
    if code and request.seed is not None:
        lines.append((FIELDS["seed"].label, str(request.seed)))
    run = _run_of(path)
    if run is None:
        return Facts(lines=lines, code=code, name=path.name)
    lines += [(Said("Price"), _price(run)), (Said("Generated"), run.created.replace("T", " ")[:16] + " UTC")]
    return Facts(lines=lines, code=code, name=f"{run.id}-{path.name}")


def _run_of(path: Path) -> Run | None:
    try:
        return read(path.parent) if (path.parent / FILE).is_file() else None
    except (WannbError, OSError):
        return None


def _price(run: Run) -> str:
    """Return the price of one image of a run, in words."""
    price = run.record.price
    cost = price.times(1).short if price else Said("price unknown")
    return Said("nothing billed by the mock server (live: {cost})", cost=cost) if run.service == "mock" else cost
