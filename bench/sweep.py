"""A sweep at the service's limits (5 submits a second, 5 running tasks): wannb beside the official SDK with 8 threads.

python bench/sweep.py            60 requests of 4 s each
python bench/sweep.py --smoke    3 requests of 0.2 s, to see that it runs

The limits' own time is that of 12 waves of 5 tasks. The SDK's script is run twice: as it is, and sending again what was
refused.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import sides
from rows import Row, alone

import wannb
from wannb.mock.server.tasks import RUNNING

THREADS, TRIES = 8, 99


def sweep(side: str, count: int, seconds: float, *more: int) -> tuple[float, str] | None:
    """Return the seconds that a sweep took and what became of it."""
    with tempfile.TemporaryDirectory() as folder, wannb.mock.serve(task_seconds=seconds, limits=True) as server:
        began = time.perf_counter()
        found = sides.figures(side, "sweep", server.base_url, Path(folder), count, *more)
        took = time.perf_counter() - began
        refused = sum(entry.status == 429 for entry in server.log)
        if found is None:
            return None
        return took, f"{found['arrived']} of {count} arrived, {server.billed} billed, {refused} refusals"


def measure(smoke: bool) -> list[Row]:
    count, seconds = (3, 0.2) if smoke else (60, 4.0)
    limit = -(-count // RUNNING) * seconds
    took, became = sweep("wannb", count, seconds) or (0.0, "")
    plain = None if smoke else sweep("sdk", count, seconds, THREADS)
    again = sweep("sdk", count, seconds, THREADS, TRIES)
    named = ((f"{THREADS} threads", plain), ("sending again what was refused", again))
    return [
        Row(
            what=f"{count}-request sweep, 5 a second and 5 running; the limits' own time is {limit:g} s",
            aim="within 10 %",
            measured=f"{took / limit:.2f}x ({took:.1f} s), {became}",
            sdk="; ".join(f"{name}: {run[0] / limit:.2f}x, {run[1]}" for name, run in named if run) or "not there",
            held=took < 1.1 * limit,
        )
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
