"""Views of a plan: as text, as a table of cells in the notebook, and as a table with one row an image."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from wannb.display import html
from wannb.figures import labels_of
from wannb.ledger import seconds_of
from wannb.request import FIELDS
from wannb.text import count
from wannb.translation import Said, joined, say

from .cell import Cell
from .status import STATES, Forecast, State, Status

if TYPE_CHECKING:
    from .plan import Plan

#: The most rows and columns shown in a notebook; the grid and the table show all.
_ROWS, _COLUMNS = 40, 12
_SIGNS: dict[State, str] = {
    "done": "✓",
    "open": "○",
    "under way": "…",
    "failed": "!",
    "canceled": "○",
    "refused": "✕",
    "not legal": "✕",
    "lost": "!",
}
_TROUBLE = frozenset({"failed", "refused", "not legal", "lost"})


def text(plan: Plan, statuses: Sequence[Status], ahead: Forecast) -> Said:
    """Return a line on the plan, and one for each reason why cells are in trouble."""
    head = Said("Plan({size}): {summary}", size=_size(plan), summary=ahead.summary())
    return joined("\n", [head, *(joined("", ["  ", trouble]) for trouble in _troubles(plan, statuses))])


def page(plan: Plan, statuses: Sequence[Status], ahead: Forecast) -> str:
    """Return the plan as HTML."""
    troubles = _troubles(plan, statuses)
    body = _matrix(plan, statuses)
    if troubles:
        body += html.block("", notes=troubles[:_ROWS])
    lines = [plan.constants(), ahead.summary()]
    return html.block(Said("Plan: {size}", size=_size(plan)), lines=lines, body=body)


def rows(cells: Sequence[Cell], statuses: Sequence[Status]) -> list[dict[str, Any]]:
    """Return one row an image, with every option, cost, time and path; a run's cost is counted once."""
    rows: list[dict[str, Any]] = []
    billed: set[str] = set()
    for cell, status in zip(cells, statuses, strict=True):
        for row in _rows(cell, status):
            if row["run"] in billed:
                row |= {"cost": 0.0, "note": say("the same request as a cell above")}
            rows.append(row)
        billed |= {status.run.id} if status.run else set()
    return rows


def _size(plan: Plan) -> str:
    requests = count(len(plan.cells), "request")
    parts = [f"{len(values)} x {name}" for name, values in plan.varying.items()]
    return joined("", [", ".join(parts), " = ", requests]) if parts else requests


def _matrix(plan: Plan, statuses: Sequence[Status]) -> str:
    names = list(plan.varying)
    if not names:
        return html.table(["", ""], [("", _said(plan.cells[0], statuses[0]))])
    # The last option goes across if it fits: the cells are in the order of all options, the last one fastest.
    across = names[-1] if len(plan.varying[names[-1]]) <= _COLUMNS else None
    down = [name for name in names if name != across]
    labels = {name: plan.labels(name) for name in names}
    width = len(plan.varying[across]) if across else 1
    # Prompts and models say what they are; a bare number needs the name of its option.
    named = "" if across in (None, "prompt", "model", "images") else f"{across} "
    head = [*down, *(f"{named}{label}" for label in (labels[across] if across else ("",)))]
    rows = []
    for start in range(0, len(plan.cells), width):
        cells = plan.cells[start : start + width]
        begin = [labels[name][cells[0].positions[name]] for name in down]
        rows.append([*begin, *map(_said, cells, statuses[start : start + width])])
    left_out = len(rows) - _ROWS
    note = Said("and {rows}", rows=count(left_out, "more row")) if left_out > 0 else ""
    return html.scrolled(html.table(head, rows[:_ROWS])) + html.block("", lines=[note])


def _troubles(plan: Plan, statuses: Sequence[Status]) -> list[Said]:
    """Return what is wrong, once for each reason, with the cells it concerns."""
    reasons: dict[tuple[State, str], list[Cell]] = {}
    for cell, status in zip(plan.cells, statuses, strict=True):
        if status.state in _TROUBLE:
            reasons.setdefault((status.state, status.note), []).append(cell)
    return [
        Said("{where}: {state}: {why}", where=_where(plan, cells), state=STATES[state], why=note)
        for (state, note), cells in reasons.items()
    ]


def _where(plan: Plan, cells: list[Cell]) -> str:
    """Return which cells these are: by the values that only they share, if there are any."""
    if len(cells) == len(plan.cells):
        return Said("every cell")
    shared, others = [], 1
    for name, values in plan.varying.items():
        numbers = {cell.positions[name] for cell in cells}
        if len(numbers) < len(values):
            labels = plan.labels(name)
            shared.append((name, [labels[number] for number in sorted(numbers)]))
        else:
            others *= len(values)
    if math.prod(len(labels) for _, labels in shared) * others == len(cells):
        return ", ".join(f"{name} {' | '.join(labels)}" for name, labels in shared)
    first = ", ".join(f"{name} {plan.labels(name)[at]}" for name, at in cells[0].positions.items())
    if len(cells) == 1:
        return first
    return Said("{cell} and {others}", cell=first, others=count(len(cells) - 1, "other cell"))


def _said(cell: Cell, status: Status) -> Said:
    words = count(cell.request.n, "image") if status.state == "open" else STATES[status.state]
    return joined(" ", [_SIGNS[status.state], words])


def _rows(cell: Cell, status: Status) -> Iterator[dict[str, Any]]:
    run = status.run
    options = {name: _plain(getattr(cell.request, name)) for name in FIELDS}
    note = say(status.note) if isinstance(status.note, Said) else status.note
    shared = {**options, "state": status.state, "note": note}
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
    images = status.result() or ()
    for image in images:
        size = {"width": image.width, "height": image.height}
        yield {**shared, "image": image.number, **size, **facts, "path": os.fspath(image.path)}
    if not images:
        yield {**shared, "image": None, "width": None, "height": None, **facts, "path": None}


def _plain(value: Any) -> Any:
    """Return an option as a value that a table holds and a file of it keeps."""
    if value is None or value == ():
        return None
    return value if isinstance(value, (str, int, bool)) else labels_of([value])[0]
