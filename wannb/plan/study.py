"""Plans in a folder of their own: written, read again, and runs that are only looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb import files
from wannb._version import __version__
from wannb.cells import Cell, Prompts, Status
from wannb.display import different, file_name
from wannb.errors import StoreError
from wannb.exports import IMAGES, PLAN, not_as_saved
from wannb.request import FIELDS, ImageRequest
from wannb.runs import Run, Store, find_input
from wannb.scoring import KEY, key_file
from wannb.service import endpoint
from wannb.translation import current, say

if TYPE_CHECKING:
    from wannb.client import Client

#: Bytes of a plan.
_MOST = 64 * 1024 * 1024


def named_runs(
    labels: Mapping[str, Sequence[str]], cells: Sequence[Cell], statuses: Sequence[Status]
) -> dict[str, Run]:
    """Return the run of each cell by a name for its folder, which says what differs."""
    runs: dict[str, Run] = {}
    names = []
    for number, (cell, status) in enumerate(zip(cells, statuses, strict=True), 1):
        if status.run and status.run.id not in runs:
            runs[status.run.id] = status.run
            words = " ".join(labels[name][at] for name, at in cell.positions.items() if name != "seed")
            seed = [] if cell.request.seed is None else [f"seed-{cell.request.seed}"]
            names.append(f"{number:03}-" + file_name(words or cell.request.prompt, *seed, ending=""))
    return dict(zip(different(names), runs.values(), strict=True))


def verdict_files(given: Iterable[str | os.PathLike[str]], kept: Path) -> dict[str, Path]:
    """Return judges' files by the names that a study gives them, and the keys of the pages that saved some of them.

    Raises:
        ValueError: the key of a page is neither near its file nor in the folder `kept`.
        OSError: a file cannot be read.
    """
    there = list(dict.fromkeys(Path(each).expanduser().resolve() for each in given))
    keys = dict.fromkeys(filter(None, (key_file(each, [kept]) for each in there)))
    pages = {str(files.parse_json(files.read_file(key, most=_MOST))["page"]): key for key in keys}
    named = dict(zip(different(each.name for each in there), there, strict=True))
    return named | {file_name(page, ending=KEY): key for page, key in pages.items()}


def read_study(folder: str | os.PathLike[str], *, verify: bool) -> tuple[Client, dict[str, Any]]:
    """Return a client that reads the runs of a study, and its plan as data.

    Raises:
        ValueError: it is no study, or with `verify` files are missing or not as they were saved.
    """
    place = Path(folder).expanduser()
    try:
        data = files.parse_json(files.read_file(place / PLAN, most=_MOST))
        if not isinstance(data, Mapping) or data.get("wannb_plan") != 1:
            raise ValueError(say("its plan is of another version of wannb"))
    except (OSError, ValueError) as error:
        raise ValueError(
            say("{folder} is no study that plan.save wrote: {why}", folder=repr(str(folder)), why=error)
        ) from error
    if verify and (wrong := not_as_saved(place)):
        told = {"folder": repr(str(folder)), "n": len(wrong), "files": ", ".join(wrong[:5])}
        raise ValueError(say("{folder}: {n} files are not as they were saved: {files}", **told))
    return open_runs(place / IMAGES), dict(data)


def open_runs(folder: str | os.PathLike[str]) -> Client:
    """Return a client that only shows what is in a runs folder: no key is needed, and nothing is sent or drawn.

    Runs of any service and account answer equal requests; what is missing raises `StoreError`.

    Args:
        folder: of runs, such as "wannb-runs", or a study that `Plan.save` wrote.

    Raises:
        StoreError: there is no such folder.

    >>> client = wannb.open_runs("wannb-runs")    # doctest: +SKIP
    >>> wannb.sweep(client, prompt=["a cat", "a dog"], seed=[1, 2]).grid()    # doctest: +SKIP
    """
    from wannb.client import Client

    place = Path(folder).expanduser()
    if not place.is_dir():
        raise StoreError("there is no folder {folder}", folder=repr(str(folder)))
    place = place / IMAGES if (place / PLAN).is_file() else place
    # Nothing is asked at this address.
    service = endpoint.mock("http://127.0.0.1:9/api/v1", region="singapore", source="")
    return Client(service, "sk-mock", Store(place, shows_only=True), language=current())


def options_of(data: Mapping[str, Any], images: Path) -> tuple[dict[str, Any], dict[str, Any], Prompts | None]:
    """Return the constant and the varying options of a plan, and its list of prompts, from `plan.json`."""
    found = [each for each in images.iterdir() if each.is_dir()]

    def value(name: str, given: Any) -> Any:
        if name not in FIELDS or isinstance(given, (str, int, type(None))):
            return given
        record = {**ImageRequest(prompt="").as_dict(), name: given}
        request = ImageRequest.from_dict(
            record, lambda sha256: next(filter(None, (find_input(each, sha256) for each in found)), None)
        )
        return getattr(request, name)

    constant = {name: value(name, given) for name, given in data["constant"].items()}
    varying = {name: tuple(value(name, each) for each in values) for name, values in data["varying"].items()}
    source = dict(data.get("prompts") or {})
    facts = {name: source[name] for name in ("name", "sha256", "categories", "address") if name in source}
    prompts = Prompts(source["all"], **facts) if source else None
    return constant, varying, prompts


def as_json(
    constant: Mapping[str, Any],
    varying: Mapping[str, Sequence[Any]],
    prompts: Prompts | None,
    *,
    grid: Mapping[str, Any],
    width: float,
    metrics: Mapping[str, Mapping[str, float | None]],
) -> dict[str, Any]:
    """Return a plan as `options_of` reads it, how its figure was drawn, and what was measured of its images."""

    def plain(name: str, value: Any) -> Any:
        if name not in FIELDS or isinstance(value, (str, int, type(None))):
            return value
        return ImageRequest(prompt="", **{name: value}).as_dict()[name]

    labels = grid.get("labels")
    source = prompts and {"all": list(prompts), **vars(prompts)}
    return {
        "wannb_plan": 1,
        "wannb": __version__,
        "constant": {name: plain(name, value) for name, value in constant.items()},
        "varying": {name: [plain(name, value) for value in values] for name, values in varying.items()},
        "prompts": source,
        "grid": {**grid, **({"labels": _pairs(labels)} if labels else {})},
        "width": width,
        "metrics": metrics,
    }


def _pairs(labels: Any) -> Any:
    """Return labels as JSON holds them: {value: text} as a list of pairs, since a value need not be a text."""
    return {
        name: list(map(list, texts.items())) if isinstance(texts, Mapping) else list(texts)
        for name, texts in labels.items()
    }


def grid_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the grid that a study was saved with."""
    grid = dict(data["grid"])
    if grid.get("labels"):
        grid["labels"] = {
            name: {each[0]: each[1] for each in texts} if texts and isinstance(texts[0], list) else texts
            for name, texts in grid["labels"].items()
        }
    axes = {axis: tuple(grid[axis]) for axis in ("rows", "columns", "pages") if isinstance(grid.get(axis), list)}
    return {**grid, **axes}
