"""How long a request of a kind usually takes, from the runs of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import median
from typing import Any

from wannb.request import PRESETS, ImageRequest, mode_of, parse

from .run import DONE, Run

#: Older runs say less of today's service.
_LATEST = 20


def usual_seconds(request: ImageRequest, runs: Iterable[Run], service: str) -> float | None:
    """Return the median time of the latest runs of the same kind; None when there is none.

    The same kind: mode, model, number of images and pixel class (1K, 2K, 4K), at the same service. The times are the
    service's own, from the submit to the end.

    Args:
        request: what is about to be asked.
        runs: the newest first, as `client.runs()` gives them.
        service: "mock", or the host.
    """
    kind = _kind(request.as_dict())
    took: list[float] = []
    for run in runs:
        asked = run.record.get("request")
        if run.state == DONE and run.service == service and asked and _kind(asked) == kind:
            seconds = seconds_of(run)
            if seconds is not None:
                took.append(seconds)
            if len(took) == _LATEST:
                break
    return median(took) if took else None


def _kind(record: Mapping[str, Any]) -> tuple[object, ...]:
    size = str(record.get("size"))
    sides = parse(size)
    pixels = sides[0] * sides[1] if sides else PRESETS.get(size, 0)
    pixel_class = next((name for name, most in PRESETS.items() if pixels <= most), "4K")
    return mode_of(record), record.get("model"), record.get("n"), pixel_class


def seconds_of(run: Run) -> float | None:
    """Return how long the service took, by its own times from the submit to the end; None where it gave none."""
    times = run.record.get("times") or {}
    try:
        ended, begun = (datetime.fromisoformat(times[name]) for name in ("end_time", "submit_time"))
    except (KeyError, TypeError, ValueError):
        return None
    return max(0.0, (ended - begun).total_seconds())
