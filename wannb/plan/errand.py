"""One request of a plan as a worker runs it, here or on another machine that sees the same folder of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from wannb.errors import StoreError
from wannb.service import callable_off

if TYPE_CHECKING:
    from wannb.client import Client
    from wannb.request import ImageRequest


def run(client: Client, request: ImageRequest, called_off: Callable[[], bool] = lambda: False) -> str:
    """Run a request and return the id of its run; with a seed it may be called any number of times.

    Raises:
        CalledOff: it was called off before it was sent.
    """
    with callable_off(called_off):
        return client.run(request, on_status=lambda status, seconds: None).run_id


def run_afar(client: Client, request: ImageRequest, sign: Path) -> str:
    """Do the same in another process, where the folder of runs must hold the sign that the plan has put there.

    Raises:
        StoreError: it is not the same folder, so nothing was sent.
    """
    if not sign.is_file():
        raise StoreError(
            f"a worker does not see {str(sign.parent.parent)!r}, so its images would not arrive; nothing was sent. "
            "Give the workers the folder of runs under the same path (a shared disk), or run without executor="
        )
    return run(client, request)
