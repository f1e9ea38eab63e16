"""Views of a plan: as text, as a table of cells, as a table with one row an image, and as a paper's methods."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from wannb._version import versions
from wannb.cells import STATES, Cell, Prompts, State, Status, slots_of
from wannb.display import html
from wannb.figures import labels_of
from wannb.request import FIELDS, word_of
from wannb.runs import seconds_of
from wannb.translation import Said, count, joined, say, shorten

Varying = Mapping[str, tuple[Any, ...]]

#: The most rows and columns shown in a notebook; the grid and the table show all.
_ROWS, _COLUMNS = 40, 12
#: Characters of a value there; a prompt may have thousands.
_LABEL = 90
_SIGNS: dict[State, str] = {
    "done": "✓",
    "open": "○",
    "under way": "…",
    "failed": "!",
    "canceled": "○",
    "refused": "✕",
    "not legal": "✕",
    "lost": "!",
    "excluded": "–",
}
#: States that are listed with their reasons.
_TROUBLE = frozenset({"failed", "refused", "not legal", "lost", "excluded"})


def text(varying: Varying, cells: Sequence[Cell], statuses: Sequence[Status], summary: str) -> Said:
    """Return a line on the plan, and one for each reason why cells are in trouble."""
    head = Said("Plan({size}): {summary}", size=_size(varying, cells), summary=summary)
    return joined("\n", [head, *(joined("", ["  ", trouble]) for trouble in _troubles(varying, cells, statuses))])


def page(varying: Varying, cells: Sequence[Cell], statuses: Sequence[Status], lines: list[str]) -> str:
    """Return the plan as HTML, with some lines under its title."""
    troubles = _troubles(varying, cells, statuses)
    title = Said("Plan: {size}", size=_size(varying, cells))
    body = html.scrolled(_matrix(varying, cells, statuses), title)
    if troubles:
        body += html.block("", notes=troubles[:_ROWS])
    return html.block(title, lines=lines, body=body)


def rows(
    cells: Sequence[Cell], statuses: Sequence[Status], categories: Mapping[str, str] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """Return one row an image, with every option, cost, time and path; a run's cost is counted once.

    With the categories of a list of prompts each row begins with its own, None where it has none. The cost of a cell
    that was filled, with all its runs, is shared among its images.
    """
    rows: list[dict[str, Any]] = []
    billed: set[str] = set()
    for cell, status in zip(cells, statuses, strict=True):
        for row in _rows(cell, status):
            if row["run"] in billed:
                row |= {"cost": 0.0, "note": say("the same request as a cell above")}
            rows.append({"category": categories.get(cell.template), **row} if categories else row)
        billed |= {status.run.id} if status.run else set()
    return rows


def _size(varying: Varying, cells: Sequence[Cell]) -> str:
    requests = count(len(cells), "request")
    parts = [Said(f"{{n}} x {name}", n=len(values)) for name, values in varying.items()]
    return joined(" = ", [joined(", ", parts), requests]) if parts else requests


def _matrix(varying: Varying, cells: Sequence[Cell], statuses: Sequence[Status]) -> str:
    names = list(varying)
    if not names:
        return html.table(["", ""], [("", _said(cells[0], statuses[0]))])
    # The last option goes across if it fits: the cells are in the order of all options, the last one fastest.
    across = names[-1] if len(varying[names[-1]]) <= _COLUMNS else None
    down = [name for name in names if name != across]
    labels = {name: _short(labels_of(varying[name])) for name in names}
    width = len(varying[across]) if across else 1
    # Prompts and models say what they are; a bare number needs the name of its option.
    named = [] if across in (None, "prompt", "model", "images") else [word_of(str(across))]
    head = [*map(word_of, down), *(joined(" ", [*named, label]) for label in (labels[across] if across else ("",)))]
    rows = []
    for start in range(0, len(cells), width):
        begin = [labels[name][cells[start].positions[name]] for name in down]
        here = slice(start, start + width)
        rows.append([*begin, *map(_said, cells[here], statuses[here])])
    left_out = len(rows) - _ROWS
    note = Said("and {rows}", rows=count(left_out, "more row")) if left_out > 0 else ""
    return html.table(head, rows[:_ROWS]) + html.block("", lines=[note])


def _troubles(varying: Varying, cells: Sequence[Cell], statuses: Sequence[Status]) -> list[Said]:
    """Return what is wrong, once for each reason, with the cells it concerns."""
    reasons: dict[tuple[State, str], list[Cell]] = {}
    for cell, status in zip(cells, statuses, strict=True):
        if status.state in _TROUBLE or status.short or cell.replaced:
            reasons.setdefault((status.state, status.note), []).append(cell)
    unfilled = [
        Said("{slot} is sent as it stands; give {name}=[...] to fill it", slot=f"{{{name}}}", name=name)
        for name in sorted(slots_of([cell.request.prompt for cell in cells]))
    ]
    return unfilled + [
        joined(": ", [where(varying, cells, them), note])
        if state in ("done", "open", "under way")
        else Said("{where}: {state}: {why}", where=where(varying, cells, them), state=STATES[state], why=note)
        for (state, note), them in reasons.items()
    ]


def replacements(varying: Varying, cells: Sequence[Cell]) -> list[Said]:
    """Return what was put in the place of which cells, and why."""
    return [joined(": ", [where(varying, cells, [cell]), cell.replaced]) for cell in cells if cell.replaced]


def where(varying: Varying, every: Sequence[Cell], cells: Sequence[Cell]) -> str:
    """Return which cells these are: by the values that only they share, if there are any."""
    if len(cells) == len(every):
        return Said("every cell")
    shared, others = [], 1
    labels = {name: _short(labels_of(values, gap="")) for name, values in varying.items()}
    for name, values in varying.items():
        numbers = {cell.positions[name] for cell in cells}
        if len(numbers) < len(values):
            shared.append((name, [labels[name][number] for number in sorted(numbers)]))
        else:
            others *= len(values)
    if math.prod(len(texts) for _, texts in shared) * others == len(cells):
        return joined(", ", [joined(" ", [word_of(name), " | ".join(texts)]) for name, texts in shared])
    places = cells[0].positions.items()
    first = joined(", ", [joined(" ", [word_of(name), labels[name][at]]) for name, at in places])
    if len(cells) == 1:
        return first
    return Said("{cell} and {others}", cell=first, others=count(len(cells) - 1, "other cell"))


def _short(labels: Sequence[str]) -> tuple[str, ...]:
    """Return labels that a table has room for, no two the same."""
    if all(len(label) <= _LABEL for label in labels):
        return tuple(labels)
    return labels_of([shorten(label, _LABEL) for label in labels])


def _said(cell: Cell, status: Status) -> Said:
    if status.short and status.run:
        return joined(" ", ["◐", status.run.tally])
    words = count(cell.request.n, "image") if status.state == "open" else STATES[status.state]
    return joined(" ", [_SIGNS[status.state], words])


def _rows(cell: Cell, status: Status) -> Iterator[dict[str, Any]]:
    run = status.run
    options = {name: _plain(getattr(cell.request, name)) for name in FIELDS}
    options = {**{name: value for name, value in cell.options.items() if name not in FIELDS}, **options}
    note = say(status.note) if isinstance(status.note, Said) else status.note
    shared = {**options, "state": status.state, "note": note}
    cost = status.cost()
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


# Methods

#: The most values of an option that are named.
_FEW = 6


def sentences(
    varying: Mapping[str, tuple[Any, ...]],
    cells: Sequence[Cell],
    statuses: Sequence[Status],
    constants: str,
    prompts: Prompts | None,
) -> list[Said]:
    """Return what was asked of which model and when, what came, and what was left out and why."""
    shown = [(cell, status) for cell, status in zip(cells, statuses, strict=True) if status.state == "done"]
    runs = {status.run.id: status.run for _, status in shown if status.run}
    sizes = joined(" × ", [_values(name, values) for name, values in varying.items()])
    made = sum(run.images_made for run in runs.values())
    facts = {
        "images": count(made, "image"),
        "requests": count(len(cells), "request"),
        "sizes": Said(" ({sizes})", sizes=sizes) if sizes else "",
    }
    one = Said("{images} comes from {requests}{sizes}.", **facts)
    told = [one if made == 1 else Said("{images} come from {requests}{sizes}.", **facts)]
    days = sorted({run.created[:10] for run in runs.values() if run.created})
    models = sorted({cell.request.model for cell, _ in shown})
    services = sorted({run.service for run in runs.values()})
    if services == ["mock"]:
        told.append(Said("They are drawings of the mock server of wannb: no model has seen these requests."))
    elif runs:
        told.append(
            Said(
                "They were generated by {models} at {services} on {days}.",
                models=joined(", ", models),
                services=joined(", ", services),
                days=days[0] if len(days) == 1 else Said("{first} to {last}", first=days[0], last=days[-1]),
            )
        )
    told.append(Said("All requests share: {options}.", options=constants))
    if prompts is not None:
        kinds = sorted(set(prompts.categories.values()))
        told.append(
            Said(
                "The prompts are from the list “{name}”{address} (SHA-256 of its file {sha256}){categories}.",
                name=prompts.name,
                address=Said(" at {address}", address=prompts.address) if prompts.address else "",
                sha256=prompts.sha256,
                categories=Said(", of the categories {names}", names=", ".join(kinds)) if kinds else "",
            )
        )
    told += _changed(varying, cells, statuses)
    missing = Counter(status.state for status in statuses if status.state not in ("done", "excluded"))
    if missing:
        states = joined(", ", [Said("{n} {state}", n=n, state=STATES[state]) for state, n in missing.items()])
        told.append(Said("Without an image: {states}.", states=states))
    by = sorted({str(run.record.versions.get("wannb")) for run in runs.values() if run.record.versions.get("wannb")})
    if by:
        told.append(Said("Requests were sent and images kept by wannb {made}.", made=", ".join(by)))
    told.append(Said("This text was made by wannb {version}.", version=versions()["wannb"]))
    return told


def _values(name: str, values: tuple[Any, ...]) -> Said:
    """Return how many values an option has and, of a few short ones, which."""
    n = len(values)
    number = {
        "prompt": count(n, "prompt"),
        "model": count(n, "model"),
        "size": count(n, "size"),
        "seed": count(n, "seed"),
    }.get(name, Said("{n} values of {name}", n=n, name=word_of(name)))
    if n > _FEW or name in ("prompt", "images"):
        return joined("", [number])
    texts = labels_of(values, common=False)
    listed = joined(", ", texts if name in FIELDS else [f"“{text}”" for text in texts])
    return Said("{number} ({values})", number=number, values=listed)


def _changed(varying: Mapping[str, tuple[Any, ...]], cells: Sequence[Cell], statuses: Sequence[Status]) -> list[Said]:
    """Return which cells were replaced and which left out, and why."""
    told = [
        Said("Replaced: {cell}, {how}.", cell=where(varying, cells, [cell]), how=cell.replaced)
        for cell in cells
        if cell.replaced
    ]
    left_out: dict[str, list[Cell]] = {}
    for cell, status in zip(cells, statuses, strict=True):
        if status.state == "excluded":
            left_out.setdefault(status.note, []).append(cell)
    told += [
        Said("Excluded ({n}): {cells}, because: {reason}.", n=len(them), cells=where(varying, cells, them), reason=why)
        for why, them in left_out.items()
    ]
    return told
