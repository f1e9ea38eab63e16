"""Service: the API over httpx, its endpoints, wire format, limits and prices.

May import `request` and the modules at the root. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from . import endpoint, wire
from .api import Transport
from .endpoint import Service
from .keys import KEY_FILE, KEY_PLACES, environment, find_key, names_alike, other_keys
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
from .link import fetch
from .prices import Money, Price, as_budget, price

__all__ = [
    "KEY_FILE",
    "KEY_PLACES",
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
    "environment",
    "fetch",
    "find_key",
    "heard",
    "late",
    "left",
    "names_alike",
    "other_keys",
    "price",
    "waiting",
    "wire",
    "within",
]
