"""Start one job after another in a forked process and kill it when told; the parent holds the imports warm.

Reads lines `job store base_url round seconds` from standard input, where `seconds` is a time to live or "-" for as long
as it takes, and answers each with "killed", "done" or "error ...".
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback

import wannb
from wannb import ImageRequest, Result
from wannb.client import Client
from wannb.pacing import Pace
from wannb.service import mock
from wannb.store import Store

PACE = Pace(submits=500, running=50, queries=2000, query_interval=0.01, lookups=(0.0, 0.05), backoff=(0.01, 0.1))


def requests(number: int) -> list[ImageRequest]:
    """Return what one round asks for: six images in three runs."""
    return [
        ImageRequest(prompt=f"round {number}, a boat", size="768*768", seed=number, n=2),
        ImageRequest(prompt=f"round {number}, a tree", size="768*768", seed=number, n=1),
        ImageRequest(prompt=f"round {number}, a cat", size="768*768", seed=number, n=3, enable_sequential=True),
    ]


def work(client: Client, number: int) -> None:
    for request in requests(number):
        result: Result = client.run(request)
        assert len(result) == request.n


def sweep(client: Client, number: int) -> None:
    """Make nine images with many requests under way at once."""
    plan = wannb.sweep(
        client, prompt=["a boat", "a tree", "a cat"], seed=[number * 10 + n for n in range(3)], size="768*768"
    )
    assert all(result is not None for result in plan.run().results())


def rescue(client: Client, number: int) -> None:
    found = client.rescue()
    assert not found.problems, found.problems


def live(job: str, store: str, base_url: str, number: str) -> None:
    with Client(mock(base_url), "sk-mock", Store(store), pace=PACE) as client:
        {"work": work, "sweep": sweep, "rescue": rescue}[job](client, int(number))


def main() -> None:
    for line in sys.stdin:
        *job, seconds = line.split()
        child = os.fork()
        if child == 0:
            try:
                live(*job)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        if seconds != "-":
            time.sleep(float(seconds))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        ended = "killed" if os.WIFSIGNALED(status) else "done" if status == 0 else "error"
        print(ended, flush=True)


if __name__ == "__main__":
    main()
