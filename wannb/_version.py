"""Versions of wannb, Python and the packages that touch requests and images."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

__version__ = "0.1.0"


@cache
def versions() -> dict[str, str]:
    """Return the versions that a run's record notes."""
    known = {"python": platform.python_version(), "wannb": __version__}
    return known | {name: version(name) for name in ("httpx", "pillow")}
