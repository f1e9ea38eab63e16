"""Service: the API over httpx, its endpoints, wire format, limits and prices.

May import `request` and the modules at the root. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from . import endpoint, wire
from .api import Transport
from .endpoint import Service, as_it_says
from .http import fetch
from .keys import (
    KEY_FILE,
    environment,
    find_key,
    hub_token,
    is_class_code,
    names_alike,
    notices_of,
    other_keys,
    place_of_a_key,
)
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
    "KEY_FILE",
    "SOON",
    "Account",
    "Clock",
    "Money",
    "Pace",
    "Price",
    "Service",
    "Transport",
    "as_budget",
    "as_it_says",
    "bound",
    "callable_off",
    "called_off",
    "check_called_off",
    "endpoint",
    "environment",
    "fetch",
    "find_key",
    "heard",
    "hub_token",
    "is_class_code",
    "late",
    "left",
    "names_alike",
    "notices_of",
    "other_keys",
    "place_of_a_key",
    "price",
    "waiting",
    "wire",
    "within",
]
