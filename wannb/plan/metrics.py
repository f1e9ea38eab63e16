"""Numbers that a function gives to images, how they agree with judges, and tables of experiment trackers."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from wannb.errors import StoreError
from wannb.files import append_line, read_lines
from wannb.runs import GeneratedImage, Store
from wannb.translation import say

FILE = "metrics.jsonl"
#: Bytes of the file.
_MOST = 64 * 1024 * 1024
Metric = Callable[[GeneratedImage], Any]


def known(store: Store, name: str) -> dict[str, float | None]:
    """Return what a metric says of images, by the hash of their content."""
    lines: list[Any] = []
    with suppress(FileNotFoundError):
        lines, _ = read_lines(store.root / FILE, most=_MOST)
    return {
        str(line["sha256"]): line["value"]
        for line in lines
        if isinstance(line, Mapping) and line.get("metric") == name and {"sha256", "value"} <= line.keys()
    }


def measure(store: Store, name: str, metric: Metric, images: Iterable[GeneratedImage]) -> None:
    """Ask a function for a number for each of some images, and write that down.

    Raises:
        ValueError: the answer is no number.
        StoreError: the runs folder cannot be written to.
    """
    for image in {image.sha256: image for image in images}.values():
        answer = metric(image)
        try:
            value = float(answer)
        except (TypeError, ValueError) as error:
            told = {"name": name, "value": repr(answer), "image": image.path.parent.name}
            raise ValueError(say("{name}: {value} is no number; the image is of run {image}", **told)) from error
        try:
            store.make_folder(store.root)
            line = {"metric": name, "sha256": image.sha256, "value": value if math.isfinite(value) else None}
            append_line(store.root / FILE, line, sync=False)
        except OSError as error:
            raise StoreError(str(error)) from error


def agreement(name: str, values: Mapping[str, float | None], votes: Iterable[Any]) -> dict[str, Any] | None:
    """Return how well a measure agrees with votes of judges, None if no vote is on two pictures that it has measured.

    Args:
        votes: as `Scores` has them.
    """
    right: list[float] = []
    rates: dict[str, list[float]] = {}
    for vote in votes:
        sides = [str(vote.line.get(side, {}).get("sha256")) for side in ("left", "right")]
        left, other = (values.get(each) for each in sides)
        if left is None or other is None:
            continue
        won = 0.5 if vote.left_won is None else float(vote.left_won)
        for side, rate in zip(sides, (won, 1 - won), strict=True):
            rates.setdefault(side, []).append(rate)
        if won != 0.5:
            right.append(0.5 if left == other else float((left > other) == (won == 1)))
    if not rates:
        return None
    shares = [sum(each) / len(each) for each in rates.values()]
    measured = [values[each] for each in rates]
    spearman = kendall = None
    if len(set(shares)) > 1 and len(set(measured)) > 1:
        from scipy import stats

        spearman, kendall = (float(of(shares, measured).statistic) for of in (stats.spearmanr, stats.kendalltau))
    accuracy = sum(right) / len(right) if right else None
    counts = {"verdicts": len(right), "pictures": len(rates)}
    return {"measure": name, "accuracy": accuracy, "spearman": spearman, "kendall": kendall, **counts}


def log_to(run: Any, rows: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Log rows as a table with their images to what `wandb.init()` or `trackio.init()` returns; see `Plan.log`."""
    library = sys.modules.get(type(run).__module__.partition(".")[0])
    if not callable(getattr(run, "log", None)) or not {"Table", "Image"} <= set(dir(library)):
        raise TypeError(
            say("{run} is no run of an experiment tracker: give what wandb.init() or trackio.init() returns", run=run)
        )
    picture, table = getattr(library, "Image"), getattr(library, "Table")  # noqa: B009
    columns = ["picture", *(name for name in rows[0] if name != "path")]
    data = []
    for row in rows:
        shown = picture(row["path"], caption=row["prompt"]) if row["path"] else None
        data.append([shown, *(row[name] for name in columns[1:])])
    run.log({key: table(columns=columns, data=data)})
