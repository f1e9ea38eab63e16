"""Status of the cells of a plan, read from the runs on disk, and the forecast of the next run."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from wannb.errors import ContentRefused, StoreError, api_error
from wannb.figures import STATES as STATES_OF_A_SPOT
from wannb.request import ImageRequest
from wannb.runs import ANSWERED, CANCELED, DONE, ENDED, FAILED, LOST, Failure, Result, Run, usual_seconds
from wannb.service import Money
from wannb.translation import Said, count, joined

from .cell import Cell

if TYPE_CHECKING:
    from wannb.client import Client

State = Literal["done", "open", "under way", "failed", "canceled", "refused", "not legal", "lost", "excluded"]
#: Every state of a cell, as it is said.
STATES = {"done": Said("done"), **STATES_OF_A_SPOT, "open": Said("open")}
#: The states of cells that the next `run()` sends or, if they are under way, picks up.
TO_DO = frozenset({"open", "under way", "failed", "canceled"})


@dataclass(frozen=True, kw_only=True)
class Status:
    """State of a cell, the reason in words, the run that it was read from, and others that brought too few images."""

    state: State
    note: str = ""
    run: Run | None = None
    others: tuple[Run, ...] = ()

    def cost(self) -> Money | None:
        """Return what the cell cost with all its runs, None if there is none or a price is unknown."""
        costs = [run.cost() for run in (self.run, *self.others) if run]
        if not costs or None in costs or len({each.currency for each in costs if each}) != 1:
            return None
        return Money(amount=sum((each.amount for each in costs if each), Decimal(0)), currency=costs[0].currency)  # type: ignore[union-attr]

    @property
    def short(self) -> bool:
        """Whether the cell is done with fewer images than were asked for."""
        return self.state == "done" and self.run is not None and self.run.record.short

    def result(self) -> Result | None:
        """Return the cell's result; None if there is none yet."""
        with suppress(StoreError):  # its request is damaged, which stops no other cell
            return self.run.result(reused=True) if self.run and self.state == "done" else None
        return None


_NOT_RUN = Status(state="open", note=STATES_OF_A_SPOT["open"])


def statuses_of(client: Client, cells: Sequence[Cell], runs: Iterable[Run]) -> list[Status]:
    """Return the status of each cell, in their order; `runs` are all of the store, the newest first.

    Of several runs of one request the one counts that an equal call would return: a finished one, then one under way.
    One that lacks images counts less than a later try that was sent.
    """
    wanted = {cell.fingerprint for cell in cells if not cell.problems}
    begins = {fingerprint[:8] for fingerprint in wanted}
    best: dict[str, tuple[tuple[int, ...], Run]] = {}
    short: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.begins not in begins:
            continue  # by its folder's name alone, since reading 10,000 records takes seconds
        fingerprint = run.record.fingerprint
        if fingerprint not in wanted or (worth := _worth(run, client)) is None:
            continue
        if run.record.short:
            short[fingerprint].append(run)
        if fingerprint not in best or worth > best[fingerprint][0]:
            best[fingerprint] = worth, run
    known_statuses = {
        fingerprint: replace(
            _status(run, client),
            others=tuple(one for one in short[fingerprint] if one.id != run.id and one.service == run.service),
        )
        for fingerprint, (_, run) in best.items()
    }
    for name, why in client.store.unread().items():
        for fingerprint in wanted - set(best):
            if name[16:24] == fingerprint[:8]:
                known_statuses[fingerprint] = Status(state="failed", note=why.said)
    return [
        Status(state="not legal", note=joined("; ", cell.problems))
        if cell.problems
        else known_statuses.get(cell.fingerprint, _NOT_RUN)
        for cell in cells
    ]


def to_do(cells: Sequence[Cell], statuses: Sequence[Status], *, fill: bool = False) -> list[tuple[Cell, Status]]:
    """Return the cells that the next run sends or picks up; of equal requests the first.

    With `fill` those that have fewer images than were asked for are sent again.
    """
    found: dict[str, tuple[Cell, Status]] = {}
    for cell, status in zip(cells, statuses, strict=True):
        if status.state in TO_DO or (fill and status.short):
            found.setdefault(cell.fingerprint, (cell, status))
    return list(found.values())


def _worth(run: Run, client: Client) -> tuple[int, ...] | None:
    """Return how well a run tells how an equal request stands, None for one that is none of the client's business."""
    live = run.service != "mock"
    if answers := run.answers(client.service.name):
        return live, 3 if run.record.short else 5, *answers
    if run.state == DONE:
        return (live, 0) if run.service == client.service.name else None
    if not client.owns(run):
        return None
    if run.state in ENDED:
        return live, 1
    return live, 4 if run.task_id else 2


def _status(run: Run, client: Client) -> Status:
    state: State = "under way"
    note: str = STATES["under way"]
    if run.state == DONE and run.whole:
        state, note = "done", (run.why or run.tally) if run.record.short else ""
    elif run.state == DONE and run.task_id and run.service == client.service.name and not _is_old(run):
        note = Said("its images are missing from the runs folder; run() fetches them again, free, within 24 hours")
    elif run.state == DONE:
        note = Said("its images are missing from the runs folder; client.run(cell.request, fresh=True) pays again")
        state = "lost"
    elif run.state == LOST:
        note = Said("the service no longer knows the task; client.run(cell.request) sends it and pays again")
        state = "lost"
    elif run.state == CANCELED:
        state, note = "canceled", Said("canceled before it began; not billed")
    elif run.state == FAILED:
        error = run.record.error or Failure()
        note = error.message or error.text or error.code or Said("no reason given")
        refused = error.code and isinstance(api_error(error.code, note, status=error.status or 200), ContentRefused)
        state = "refused" if refused else "failed"
    elif run.state == ANSWERED:
        note = Said("paid, but not all of its images are saved; run() downloads them, within 24 hours")
    elif run.task_id is None and run.record.unresolved:
        note = Said("its answer was lost; run() looks it up before it sends anything")
    return Status(state=state, note=note, run=run)


def _is_old(run: Run) -> bool:
    """Return whether the service surely keeps nothing of a run any more, by this machine's clock."""
    try:
        began = datetime.strptime(run.created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return True
    return datetime.now(timezone.utc) - began > timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What the next run of a plan generates, costs and takes.

    Attributes:
        cells: how many cells are in each state.
        short: how many of those that are done have fewer images than were asked for; `run(fill=True)` sends them again.
        requests: how many would be sent; equal cells are one request.
        images: how many images these make, at least and at most (an image set may bring fewer than asked).
        cost: at least and at most; None if a price is unknown.
        seconds: from the service's limits and the usual time of such requests; None before one was made.
        mock: whether the mock server answers, which bills nothing.
        elsewhere: how many of the cells that are done another service than the client's made, by its name.
        paid: what the client's service billed for the cells that are done, and would have billed were it live; None if
            it made none of them, or a price is unknown.
    """

    cells: dict[str, int]
    short: int
    requests: int
    images: tuple[int, int]
    cost: tuple[Money, Money] | None
    seconds: float | None
    mock: bool
    elsewhere: dict[str, int] = field(default_factory=dict)
    paid: Money | None = None

    def summary(self, *, fills: str = Said("run(fill=True) asks and pays again")) -> str:
        """Return the forecast in one line; `fills` says what asks again for cells that have too few images."""
        parts: list[str] = [count(sum(self.cells.values()), "cell")]
        if self.cells.get("done"):
            n = self.cells["done"] - sum(self.elsewhere.values())
            if not n:
                parts.append(Said("{n} done, free", n=self.cells["done"]))
            elif self.paid is None:
                parts.append(Said("{n} {state}", n=n, state=STATES["done"]))
            elif self.mock:
                parts.append(Said("{n} done on the mock server ({cost} live)", n=n, cost=self.paid))
            else:
                parts.append(Said("{n} done for {cost}", n=n, cost=self.paid))
        parts += [Said("{n} were made by {service}", n=n, service=name) for name, n in self.elsewhere.items()]
        parts += [
            Said("{n} {state}", n=self.cells[state], state=said)
            for state, said in STATES.items()
            if state not in ("done", "open") and self.cells.get(state)
        ]
        if self.short:
            short = count(self.short, "cell")
            parts.append(Said("{cells} with fewer images than asked: {fills}", cells=short, fills=fills))
        if self.requests:
            images = _range(*self.images)
            parts.append(
                Said("to generate: {requests}, {images}", requests=count(self.requests, "request"), images=images)
            )
            parts += [self.price(), self.time()]
        else:
            parts.append(Said("nothing left to send"))
        return joined(" · ", parts)

    def price(self) -> str:
        """Return the cost in words."""
        if self.cost is None:
            return Said("price unknown")
        least, most = self.cost
        price = (
            str(most) if least == most else Said("{least} to {most}", least=f"{least.amount.normalize():f}", most=most)
        )
        return Said("nothing billed by the mock server (live: {cost})", cost=price) if self.mock else price

    def time(self) -> str:
        """Return the time in words."""
        if self.seconds is None:
            return Said("time unknown before the first such run")
        if self.seconds < 90:
            return Said("about {seconds} s", seconds=max(1, round(self.seconds)))
        return Said("about {n} min", n=round(self.seconds / 60))


def forecast(
    client: Client, cells: Sequence[Cell], statuses: Sequence[Status], runs: Sequence[Run], *, fill: bool = False
) -> Forecast:
    """Return what lies ahead of cells with these statuses; `runs` tell how long such requests usually take."""
    ahead = to_do(cells, statuses, fill=fill)
    new = [cell for cell, status in ahead if status.state != "under way"]
    made_by = [status.run.service for status in statuses if status.run and status.state == "done"]
    least = sum(1 if cell.request.enable_sequential else cell.request.n for cell in new)
    return Forecast(
        cells=dict(Counter(status.state for status in statuses)),
        short=0 if fill else sum(status.short for status in statuses),
        requests=len(new),
        images=(least, sum(cell.request.n for cell in new)),
        cost=_cost(client, new),
        seconds=_seconds(client, [cell for cell, _ in ahead], runs),
        mock=client.service.kind == "mock",
        elsewhere=dict(Counter(name for name in made_by if name != client.service.name)),
        paid=_paid(client, statuses),
    )


def _paid(client: Client, statuses: Sequence[Status]) -> Money | None:
    """Return what the cells that the client's service made cost, each run once."""
    made = {
        one.run.id: one.cost()
        for one in statuses
        if one.run and one.state == "done" and one.run.service == client.service.name
    }
    costs = [cost for cost in made.values() if cost]
    if not costs or len(costs) < len(made) or len({cost.currency for cost in costs}) != 1:
        return None
    return Money(amount=sum((cost.amount for cost in costs), Decimal(0)), currency=costs[0].currency)


def _cost(client: Client, cells: Sequence[Cell]) -> tuple[Money, Money] | None:
    least = most = Decimal(0)
    currencies = set()
    for cell in cells:
        price = client.estimate(cell.request)
        if price is None:
            return None
        currencies.add(price.currency)
        least += price.amount / cell.request.n if cell.request.enable_sequential else price.amount
        most += price.amount
    if len(currencies) != 1:
        return None
    [currency] = currencies
    return Money(amount=least, currency=currency), Money(amount=most, currency=currency)


def _seconds(client: Client, cells: Sequence[Cell], runs: Sequence[Run]) -> float | None:
    """Return the time that the limits imply: submits a second over all models, running tasks for each model."""
    if not cells:
        return 0.0
    kinds: dict[tuple[object, ...], list[ImageRequest]] = {}
    for request in (cell.request for cell in cells):
        kinds.setdefault((request.mode, request.model, request.n, request.size), []).append(request)
    totals: dict[str, float] = defaultdict(float)
    for alike in kinds.values():
        took = usual_seconds(alike[0], runs, client.service.name)
        if took is None:
            return None
        totals[alike[0].model] += took * len(alike)
    pace, counted = client.pace, Counter(cell.request.model for cell in cells)
    slowest = max(math.ceil(counted[model] / pace.running) * total / counted[model] for model, total in totals.items())
    return max(slowest, len(cells) / pace.submits)


def _range(least: int, most: int) -> str:
    images = count(most, "image")
    return images if least == most else Said("{least} to {most}", least=least, most=images)
