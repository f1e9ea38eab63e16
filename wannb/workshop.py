"""The one line for a workshop: connect, and show every form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .connection import connect

if TYPE_CHECKING:
    from .client import Client
    from .forms import Studio


def studio(client: Client | None = None, **options: Any) -> Studio:
    """Return the Studio: every form in a tab, with the demo or live badge and what was spent.

    Args:
        client: the client to use; without it one is connected.
        options: those of `wannb.connect`, such as `mode="mock"`, `language="zh"` or `budget=2.50`.

    Raises:
        TypeError: a client and options for another one.

    >>> wannb.studio()    # doctest: +SKIP
    """
    if isinstance(client, str):
        raise TypeError(f"give the mode by name: studio(mode={client!r})")
    if client is not None and options:
        raise TypeError(f"the client is connected already; give {', '.join(options)} to wannb.connect")
    from .forms import Studio

    return Studio(client or connect(**options))
