"""A class of people on one key: codes in place of the key, caps in images, fair turns, books that survive a kill.

`Gateway` speaks the service's own protocol to the class and asks the service through one client, so that all that a
client promises of money and lost answers holds for the class. May import `wannb.client`, the wire protocol and rules of
`wannb.mock`, and what stands below them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .books import Books, Caps
from .gateway import Gateway

if TYPE_CHECKING:
    from .hub import Hub
    from .site import Site

__all__ = ["Books", "Caps", "Gateway", "Hub", "Site"]


def __getattr__(name: str) -> Any:
    if name in ("Site", "Hub"):  # they need the extras `class` and `hub`
        return getattr(import_module(f".{name.lower()}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
