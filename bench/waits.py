"""How long after its end a task is known to be done: wannb's wait beside the SDK's, tasks of 5 to 60 s in real time.

python bench/waits.py [--smoke]      in full about 70 s

Ten tasks run at once, five of each model, which is the most that an account may have; both clients at the same time.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sides
from rows import Row, alone
from server import ended, photograph, queries, serve

#: Seconds of the tasks, one after the other, of each lane; the fractions keep them off every beat.
LANES = [
    [60.0],
    [55.3, 5.2],
    [47.9, 11.4],
    [41.6, 17.7],
    [36.2, 23.1],
    [31.5, 27.8],
    [20.6, 8.3, 30.1],
    [14.9, 44.4],
    [25.7, 33.8],
    [51.7, 6.6],
]
ALLOWED = 20


def busiest(moments: list[float]) -> int:
    """Return the most queries that arrived within any one second."""
    moments = sorted(moments)
    first, most = 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def measure(smoke: bool) -> list[Row]:
    lanes = [[0.3], [0.5]] if smoke else LANES
    with tempfile.TemporaryDirectory() as folder, serve(photograph(256)) as server, ThreadPoolExecutor(2) as pool:
        orders = {
            side: pool.submit(sides.figures, side, "waits", server.base_url, Path(folder, side), json.dumps(lanes))
            for side in ("wannb", "sdk")
        }
        found = {side: order.result() or [] for side, order in orders.items()}
        whose = {task_id: side for side, tasks in found.items() for task_id, *_ in tasks}
        lost = {side: [known - ended(server, task_id) for task_id, _, known in tasks] for side, tasks in found.items()}
        asked: dict[str, list[float]] = defaultdict(list)
        for arrived, task_id in queries(server):
            asked[whose.get(task_id, "")].append(arrived)
    mean = {side: statistics.fmean(each) for side, each in lost.items() if each}

    def told(side: str) -> str:
        if side not in mean:
            return "not there"
        return f"{mean[side]:.2f} s on average, {max(lost[side]):.2f} s at most"

    def queried(side: str) -> str:
        return f"{len(asked[side]) / len(lost[side]):.0f} a task, {busiest(asked[side])} in the busiest second"

    tasks = sum(map(len, lanes))
    share = f", {mean['wannb'] / mean['sdk']:.2f} of the SDK's" if "sdk" in mean else ""
    return [
        Row(
            what=f"lost after a task's end, {tasks} tasks of {min(map(min, lanes)):g} to {max(map(max, lanes)):g} s",
            aim="under 1/4 of the SDK's",
            measured=told("wannb") + share,
            sdk=told("sdk"),
            held=mean["wannb"] < mean["sdk"] / 4 if "sdk" in mean else None,
        ),
        Row(
            what=f"queries meanwhile, {len(lanes)} tasks at once",
            aim=f"at most {ALLOWED} a second",
            measured=queried("wannb"),
            sdk=queried("sdk") if "sdk" in mean else "",
            held=busiest(asked["wannb"]) <= ALLOWED,
        ),
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
