"""Carry a plan out: so many requests at a time for each model, within its own limits, through any executor."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from wannb.errors import (
    AuthenticationError,
    CalledOff,
    OverBudget,
    PermissionDenied,
    QuotaExhausted,
    StoreError,
    WannbError,
)
from wannb.files import write
from wannb.ledger import DONE, SENDING
from wannb.service import Money
from wannb.text import count

from . import errand
from .standing import standings

if TYPE_CHECKING:
    from wannb.client import Client

    from .plan import Cell, Plan

#: Errors after which the next request can only fail in the same way.
_POINTLESS = (AuthenticationError, PermissionDenied, QuotaExhausted, OverBudget, StoreError)
#: Threads beyond the service's limit, so that the next request is submitted while images are being saved.
_SPARE = 3


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a plan is.

    Attributes:
        total: requests to make in this run.
        done, failed, under_way: how many of them have come, failed, been handed out.
        held: how many the budget or `max_images` holds back.
        seconds: since the start.
    """

    total: int
    done: int = 0
    failed: int = 0
    under_way: int = 0
    held: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        parts = [f"{self.done} of {self.total} made", f"{self.under_way} under way" if self.under_way else ""]
        parts += [f"{self.failed} failed" if self.failed else "", f"{self.held} held back" if self.held else ""]
        return " · ".join(part for part in parts if part)


def carry_out(
    plan: Plan,
    *,
    budget: Money | None,
    max_images: int | None,
    executor: Executor | None,
    show: Callable[[Progress], None],
    stop: threading.Event | None,
) -> str:
    """Make what a plan has to do, see `Plan.run`, and return which limit held something back, if one did."""
    _settle(plan)
    cells = plan.to_do()
    if not cells:
        return ""
    purse = _Purse(plan.client, cells, budget, max_images)
    waiting: dict[str, deque[Cell]] = {}
    for cell in cells:
        waiting.setdefault(cell.request.model, deque()).append(cell)
    flying: dict[Future[str], Cell] = {}
    now, began = Progress(total=len(cells)), time.monotonic()
    pointless: BaseException | None = None
    off = threading.Event()

    def called_off() -> bool:
        return off.is_set() or bool(stop and stop.is_set())

    show(now)
    with _workers(plan, executor, len(waiting), off, called_off) as (send, at_once):
        while flying or any(waiting.values()):
            if called_off():
                waiting.clear()
                for future in flying:
                    future.cancel()
            for model, queue in waiting.items():
                while queue and sum(cell.request.model == model for cell in flying.values()) < at_once:
                    cell = queue.popleft()
                    if purse.takes(cell):
                        flying[send(cell)] = cell
                    else:
                        now = replace(now, held=now.held + 1)
            ended, _ = wait(flying, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in ended:
                cell, error = flying.pop(future), CalledOff() if future.cancelled() else future.exception()
                purse.settle(cell)
                if isinstance(error, CalledOff):
                    continue
                now = replace(now, done=now.done + (not error), failed=now.failed + bool(error))
                if isinstance(error, _POINTLESS) or isinstance(error and error.__cause__, StoreError):
                    pointless = error
                    off.set()
            now = replace(now, under_way=len(flying), seconds=time.monotonic() - began)
            show(now)
    if pointless:
        raise pointless
    if now.held and not now.done and not now.failed:
        raise OverBudget(f"{purse.limit} holds back {count(now.held, 'request')}; nothing was sent")
    return f"{purse.limit} held back {count(now.held, 'request')} · " if now.held else ""


def _settle(plan: Plan) -> None:
    """Find out what became of requests whose answers a kill has cost, before another one can be taken for theirs."""
    for standing in plan.standings():
        run = standing.run
        if run and run.state == SENDING and run.task_id is None:
            with suppress(WannbError):  # its own cell meets the same and says so
                plan.client.pick_up(run.id)


@contextmanager
def _workers(
    plan: Plan, executor: Executor | None, models: int, off: threading.Event, called_off: Callable[[], bool]
) -> Iterator[tuple[Callable[[Cell], Future[str]], int]]:
    """Give the way to hand a cell out, and how many of a model may be out at a time."""
    pace = plan.client.pace
    if executor is None:
        at_once = pace.running + _SPARE
        pool = ThreadPoolExecutor(at_once * models, thread_name_prefix="wannb-sweep")
        try:
            yield lambda cell: pool.submit(errand.run, plan.client, cell.request, called_off), at_once
        finally:
            # After an interrupt nobody waits: what was sent saves itself from its own thread, and no more is sent.
            off.set()
            pool.shutdown(wait=False, cancel_futures=True)
        return
    # Workers elsewhere keep the pace of submits through the folder of runs; how many run at once is kept here.
    sign = _sign(plan)
    yield lambda cell: executor.submit(errand.run_afar, plan.client, cell.request, sign), pace.running


def _sign(plan: Plan) -> Path:
    """Write down what the plan is, in the folder of runs, where every worker must find it."""
    place = plan.client.store.root / "plans" / f"{plan.name}.json"
    content = {"plan": plan.name, "varying": list(plan.varying), "cells": len(plan.cells)}
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write(place, json.dumps(content, ensure_ascii=False, indent=1).encode(errors="replace"))
    except OSError as error:
        raise StoreError(f"cannot write {str(place)!r}: {error.strerror or error}. Nothing was sent") from error
    return place


class _Purse:
    """What one run of a plan may still make and bill."""

    def __init__(self, client: Client, cells: Iterable[Cell], budget: Money | None, max_images: int | None) -> None:
        self._client = client
        self._budget = budget
        self._max_images = max_images
        self._mosts = {cell.fingerprint: self._most(cell) for cell in cells} if budget else {}
        self._images = 0
        self._amount = Decimal(0)
        self._aside: dict[str, tuple[int, Decimal]] = {}

    @property
    def limit(self) -> str:
        """The limits in words."""
        limits = [f"budget={self._budget}" if self._budget else ""]
        limits += [f"max_images={self._max_images}" if self._max_images is not None else ""]
        return " and ".join(limit for limit in limits if limit)

    def takes(self, cell: Cell) -> bool:
        """Set aside what a cell may cost at most; False when that could pass a limit."""
        if not self.limit or self._client.known(cell.request):
            return True
        images, amount = cell.request.n, self._mosts.get(cell.fingerprint, Decimal(0))
        if self._max_images is not None and self._images + images > self._max_images:
            return False
        if self._budget is not None and self._amount + amount > self._budget.amount:
            return False
        self._aside[cell.fingerprint] = (images, amount)
        self._images, self._amount = self._images + images, self._amount + amount
        return True

    def settle(self, cell: Cell) -> None:
        """Give back what a cell did not use: all of it if it failed for nothing, the rest of a set that fell short."""
        aside = self._aside.pop(cell.fingerprint, None)
        if aside is None:
            return
        standing = standings(self._client, {cell.fingerprint}).get(cell.fingerprint)
        run = standing.run if standing and standing.state in ("done", "under way") else None
        images = 0 if run is None else run.images_made if run.state == DONE else cell.request.n
        cost = run.cost() if run else None
        self._images += images - aside[0]
        self._amount += (cost.amount if cost else Decimal(0)) - aside[1]

    def _most(self, cell: Cell) -> Decimal:
        most = self._client.estimate(cell.request)
        if self._budget is None or most is None or most.currency != self._budget.currency:
            raise OverBudget(
                f"the price of {cell.request.model} is unknown, so budget={self._budget} cannot be kept; nothing was "
                "sent. Set a price with wannb.set_price(...) or use max_images="
            )
        return most.amount
