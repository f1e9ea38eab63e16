"""Cells that a person has left out of plans, or put another request in the place of, each with its reason.

`plans.jsonl` in the runs folder has a line for each change. A change is of a request, so it holds in every plan of the
folder that has it: in a part of the plan and in one that has grown as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from wannb.errors import StoreError
from wannb.files import append_line, read_lines
from wannb.request import ImageRequest
from wannb.runs import Store
from wannb.translation import Said, say

from .cell import Cell
from .status import Status

CHANGES = "plans.jsonl"
#: Bytes of the file, and characters of a reason.
_MOST, REASON = 8 * 1024 * 1024, 500


@dataclass(frozen=True, kw_only=True)
class Change:
    """What was done with a cell.

    Attributes:
        reason: the person's.
        time: in UTC.
        seed: of the request in the place of the cell's; None where the cell is left out.
        run: whose request it is, of a result that was put in its place; "" for none.
    """

    reason: str
    time: str
    seed: int | None = None
    run: str = ""

    @property
    def excludes(self) -> bool:
        """Whether the cell is left out."""
        return self.seed is None and not self.run


def write_change(store: Store, cells: Sequence[Cell], **facts: Any) -> None:
    """Record what is done with cells; without facts an earlier change is taken back."""
    time = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        store.make_folder(store.root)
        for fingerprint in dict.fromkeys(cell.origin for cell in cells):
            append_line(store.root / CHANGES, {"cell": fingerprint, "time": time, **facts})
    except OSError as error:
        raise StoreError(str(error)) from error


def changes_in(store: Store) -> dict[str, Change]:
    """Return the changes that stand, by the fingerprint of the request that a cell had at first.

    Raises:
        StoreError: they cannot be read, so that a cell that was left out could come back unseen.
    """
    try:
        lines, _ = read_lines(store.root / CHANGES, most=_MOST)
    except FileNotFoundError:
        return {}
    except OSError as error:
        told = {"file": store.root / CHANGES, "why": error}
        raise StoreError(say("{file}, where cells were left out or replaced, cannot be read: {why}", **told)) from error
    found: dict[str, Change] = {}
    for line in lines:
        if not isinstance(line, Mapping) or not isinstance(line.get("cell"), str):
            continue
        reason, seed, run = line.get("reason"), line.get("seed"), line.get("run")
        found.pop(line["cell"], None)
        if isinstance(reason, str):
            seed = seed if type(seed) is int else None
            run = run if isinstance(run, str) else ""
            found[line["cell"]] = Change(reason=reason, time=str(line.get("time", "")), seed=seed, run=run)
    return found


def replaced(store: Store, cells: Sequence[Cell], changes: Mapping[str, Change]) -> tuple[Cell, ...]:
    """Return the cells with the requests that were put in the place of theirs."""
    return tuple(_replaced(store, cell, changes.get(cell.origin)) for cell in cells)


def _replaced(store: Store, cell: Cell, change: Change | None) -> Cell:
    if change is None or change.excludes:
        return cell
    request: ImageRequest | None = None
    if change.run:
        with suppress(StoreError):
            request = store.get(change.run).request
        said = Said("replaced by run {run}: {reason}", run=change.run, reason=change.reason)
    else:
        request = cell.request.replace(seed=change.seed)
        said = Said("replaced by seed {seed}: {reason}", seed=change.seed, reason=change.reason)
    if request is None:
        gone = Said("replaced by run {run}, which is not in the runs folder any more", run=change.run)
        return replace(cell, problems=(gone,))
    problems = tuple(problem.said for problem in request.problems())
    return replace(cell, request=request, fingerprint=request.fingerprint, problems=problems, replaced=said)


def noted(cells: Sequence[Cell], statuses: Sequence[Status], changes: Mapping[str, Change]) -> list[Status]:
    """Return the statuses with what was changed: cells that are left out, and a note on each replaced one."""
    made = []
    for cell, status in zip(cells, statuses, strict=True):
        change = changes.get(cell.origin)
        if change and change.excludes:
            status = replace(status, state="excluded", note=change.reason)
        elif cell.replaced and not status.note:
            status = replace(status, note=cell.replaced)
        made.append(status)
    return made
