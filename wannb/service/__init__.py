"""Service: the API over httpx, its endpoints, wire format, limits and prices.

May import `request` and the modules at the root. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from . import endpoint, wire
from .api import Transport
from .endpoint import Service
from .limits import (
    SOON,
    Account,
    Clock,
    Pace,
    bound,
    callable_off,
    called_off,
    check_called_off,
    heard,
    late,
    left,
    waiting,
    within,
)
from .prices import Money, Price, as_budget, price

__all__ = [
    "SOON",
    "Account",
    "Clock",
    "Money",
    "Pace",
    "Price",
    "Service",
    "Transport",
    "as_budget",
    "bound",
    "callable_off",
    "called_off",
    "check_called_off",
    "endpoint",
    "heard",
    "late",
    "left",
    "price",
    "waiting",
    "wire",
    "within",
]
