"""A plan as a matrix: what will be asked, what is in the store, what it costs, and what is not legal and why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wannb.display import html
from wannb.text import count

from .standing import Standing

if TYPE_CHECKING:
    from .plan import Cell, Plan

#: Beyond this the matrix says how many rows it leaves out; the grid and the table show all.
_ROWS = 40
_COLUMNS = 12
_SIGNS = {"done": "✓", "open": "○", "under way": "…", "failed": "!", "refused": "✕", "not legal": "✕", "lost": "!"}


def text(plan: Plan) -> str:
    """Return a plan in a line, with a line for each cell that is in trouble."""
    standings = plan.standings()
    lines = [f"Plan({_size(plan)}): {plan.forecast().summary()}"]
    lines += [f"  {where}: {what}" for where, what in _troubles(plan, standings)]
    return "\n".join(lines)


def page(plan: Plan) -> str:
    """Return a plan as HTML."""
    standings = plan.standings()
    forecast = plan.forecast()
    troubles = [f"{where}: {what}" for where, what in _troubles(plan, standings)]
    lines = [plan.constants(), forecast.summary()]
    body = _table(plan, standings)
    if troubles:
        body += html.block("", notes=troubles[:_ROWS])
    return html.block(f"Plan: {_size(plan)}", lines=lines, body=body)


def _size(plan: Plan) -> str:
    parts = [f"{len(values)} x {name}" for name, values in plan.varying.items()]
    return f"{', '.join(parts)} = {count(len(plan.cells), 'request')}" if parts else "1 request"


def _table(plan: Plan, standings: list[Standing]) -> str:
    names = list(plan.varying)
    if not names:
        return html.table(["", ""], [("", _said(plan.cells[0], standings[0]))])
    # The last option that fits across; the cells stand in the order of all options, the last fastest.
    across = names[-1] if len(plan.varying[names[-1]]) <= _COLUMNS else None
    down = [name for name in names if name != across]
    labels = {name: plan.labels(name) for name in names}
    width = len(plan.varying[across]) if across else 1
    # Prompts and models say themselves what they are; a bare number does not.
    named = "" if across in (None, "prompt", "model", "images") else f"{across} "
    head = [*down, *(f"{named}{label}" for label in (labels[across] if across else ("",)))]
    rows = []
    for start in range(0, len(plan.cells), width):
        cells = plan.cells[start : start + width]
        begin = [labels[name][cells[0].positions[name]] for name in down]
        rows.append([*begin, *map(_said, cells, standings[start : start + width])])
    left_out = len(rows) - _ROWS
    note = f"and {count(left_out, 'more row')}" if left_out > 0 else ""
    return html.scrolled(html.table(head, rows[:_ROWS])) + html.block("", lines=[note])


def _said(cell: Cell, standing: Standing) -> str:
    words = {"done": "in the store", "open": count(cell.request.n, "image")}.get(standing.state, standing.state)
    return f"{_SIGNS[standing.state]} {words}"


def _troubles(plan: Plan, standings: list[Standing]) -> list[tuple[str, str]]:
    """Return what is wrong, once for each reason, with how many cells it concerns."""
    reasons: dict[tuple[str, str], list[Cell]] = {}
    for cell, standing in zip(plan.cells, standings, strict=True):
        if standing.state in ("failed", "refused", "not legal", "lost"):
            reasons.setdefault((standing.state, standing.note), []).append(cell)
    return [(_where(plan, cells), f"{state}: {note}") for (state, note), cells in reasons.items()]


def _where(plan: Plan, cells: list[Cell]) -> str:
    """Return which cells these are: by the values that only they share, where there are such."""
    if len(cells) == len(plan.cells):
        return "every cell"
    fixed = []
    for name in plan.varying:
        numbers = {cell.positions[name] for cell in cells}
        if len(numbers) < len(plan.varying[name]):
            labels = plan.labels(name)
            fixed.append((name, [labels[number] for number in sorted(numbers)]))
    if math.prod(len(labels) for _, labels in fixed) * _rest(plan, fixed) == len(cells):
        return ", ".join(f"{name} {' | '.join(labels)}" for name, labels in fixed)
    first = ", ".join(f"{name} {plan.labels(name)[number]}" for name, number in cells[0].positions.items())
    return first if len(cells) == 1 else f"{first} and {count(len(cells) - 1, 'other cell')}"


def _rest(plan: Plan, fixed: list[tuple[str, list[str]]]) -> int:
    named = {name for name, _ in fixed}
    return math.prod(len(values) for name, values in plan.varying.items() if name not in named)
