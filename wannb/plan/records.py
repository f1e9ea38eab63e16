"""A plan as a table: one row an image, with everything one needs to say how it came about."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wannb.figures import labels_of
from wannb.ledger import seconds_of
from wannb.request import FIELDS

from .standing import Standing

if TYPE_CHECKING:
    from .plan import Cell, Plan


def table(plan: Plan) -> Any:
    """Return a DataFrame where pandas is there, else a list of dicts."""
    rows: list[dict[str, Any]] = []
    billed: set[str] = set()
    for cell, standing in zip(plan.cells, plan.standings(), strict=True):
        for row in _rows(cell, standing):
            if row["run"] in billed:
                row |= {"cost": 0.0, "note": "the same request as a cell above"}
            rows.append(row)
        billed |= {standing.run.id} if standing.run else set()
    try:
        import pandas
    except ImportError:
        return rows
    return pandas.DataFrame(rows)


def _rows(cell: Cell, standing: Standing) -> Iterator[dict[str, Any]]:
    run = standing.run
    options = {name: _plain(name, getattr(cell.request, name)) for name in FIELDS}
    shared = {**options, "state": standing.state, "note": standing.note}
    cost = run.cost() if run else None
    made = run.images_made if run else 0
    facts = {
        "cost": float(cost.amount / made) if cost and made else 0.0 if run is None else None,
        "currency": cost.currency if cost else None,
        "seconds": seconds_of(run) if run else None,
        "created": run.created if run else None,
        "run": run.id if run else None,
        "task_id": run.task_id if run else None,
        "service": run.service if run else None,
    }
    images = run.result().images if run and standing.state == "done" else ()
    for image in images:
        size = {"width": image.width, "height": image.height}
        yield {**shared, "image": image.number, **size, **facts, "path": os.fspath(image.path)}
    if not images:
        yield {**shared, "image": None, "width": None, "height": None, **facts, "path": None}


def _plain(name: str, value: Any) -> Any:
    """Return an option as something that a table holds and a file of it keeps."""
    if value is None or value == ():
        return None
    return value if isinstance(value, (str, int, bool)) else labels_of([value])[0]
