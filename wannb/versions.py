"""The versions that a run was made with, for whoever must say later how a picture came about."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

from . import __version__


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that touch requests and pictures."""
    known = {"python": platform.python_version(), "wannb": __version__}
    return known | {name: version(name) for name in ("httpx", "pillow")}
