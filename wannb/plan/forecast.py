"""What a next run of a plan makes, costs and takes, from prices, the service's limits and the runs so far."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wannb.ledger import usual_seconds
from wannb.service import Money
from wannb.text import count

from .standing import STATES, TO_DO, Standing

if TYPE_CHECKING:
    from wannb.client import Client

    from .plan import Cell


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is ahead.

    Attributes:
        cells: how many cells are in each state.
        requests: how many would be sent; cells that ask for the same are one.
        images: how many images these make at least and at most (a set may bring fewer than asked).
        cost: at least and at most; None where a price is unknown.
        seconds: what the service's limits and the usual time of such requests imply; None before one was made.
        mock: whether the mock server answers, which bills nothing.
    """

    cells: dict[str, int]
    requests: int
    images: tuple[int, int]
    cost: tuple[Money, Money] | None
    seconds: float | None
    mock: bool

    def summary(self) -> str:
        """Return it in one line."""
        parts = [count(sum(self.cells.values()), "cell")]
        if self.cells.get("done"):
            parts.append(f"{self.cells['done']} in the store, free")
        parts += [f"{self.cells[state]} {state}" for state in STATES[2:] if self.cells.get(state)]
        if self.requests:
            parts += [f"to make: {count(self.requests, 'request')}, {_range(*self.images)}", self.price(), self.time()]
        else:
            parts.append("nothing left to ask for")
        return " · ".join(parts)

    def price(self) -> str:
        """Return the cost in words."""
        if self.cost is None:
            return "price unknown"
        least, most = self.cost
        price = str(most) if least == most else f"{least.amount.normalize():f} to {most}"
        return f"nothing billed by the mock server (live: {price})" if self.mock else price

    def time(self) -> str:
        """Return the time in words."""
        if self.seconds is None:
            return "time unknown until one such picture was made"
        if self.seconds < 90:
            return f"about {max(1, round(self.seconds))} s"
        return f"about {round(self.seconds / 60)} min"


def forecast(client: Client, cells: Sequence[Cell], standings: Sequence[Standing]) -> Forecast:
    """Return what is ahead of cells that stand like this."""
    ahead: dict[str, tuple[Cell, Standing]] = {}
    for cell, standing in zip(cells, standings, strict=True):
        if standing.state in TO_DO:
            ahead.setdefault(cell.fingerprint, (cell, standing))
    new = [cell for cell, standing in ahead.values() if standing.state != "under way"]
    least = sum(1 if cell.request.enable_sequential else cell.request.n for cell in new)
    return Forecast(
        cells=dict(Counter(standing.state for standing in standings)),
        requests=len(new),
        images=(least, sum(cell.request.n for cell in new)),
        cost=_cost(client, new),
        seconds=_seconds(client, [cell for cell, _ in ahead.values()]),
        mock=client.service.kind == "mock",
    )


def _cost(client: Client, cells: Sequence[Cell]) -> tuple[Money, Money] | None:
    mosts = [client.estimate(cell.request) for cell in cells]
    known = [money for money in mosts if money is not None]
    if not known or len(known) < len(mosts) or len({money.currency for money in known}) > 1:
        return None
    leasts = [
        money.amount / cell.request.n if cell.request.enable_sequential else money.amount
        for money, cell in zip(known, cells, strict=True)
    ]
    currency = known[0].currency
    most = sum(money.amount for money in known)
    return Money(amount=sum(leasts), currency=currency), Money(amount=most, currency=currency)  # type: ignore[arg-type]


def _seconds(client: Client, cells: Sequence[Cell]) -> float | None:
    """Return the time that the limits imply: so many submits a second in all, so many running for each model."""
    if not cells:
        return 0.0
    usual: dict[tuple[object, ...], float | None] = {}
    waves: dict[str, float] = {}
    for cell in cells:
        request = cell.request
        kind = (request.mode, request.model, request.n, request.size)
        if kind not in usual:
            usual[kind] = usual_seconds(request, client.store.newest(), client.service.name)
        took = usual[kind]
        if took is None:
            return None
        waves[request.model] = waves.get(request.model, 0.0) + took
    pace = client.pace
    counted = Counter(cell.request.model for cell in cells)
    slowest = max(math.ceil(counted[model] / pace.running) * total / counted[model] for model, total in waves.items())
    return max(slowest, len(cells) / pace.submits)


def _range(least: int, most: int) -> str:
    return count(most, "image") if least == most else f"{least} to {count(most, 'image')}"
