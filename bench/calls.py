"""What a client adds to a call: create, query and fetch by wannb, by the SDK and by bare httpx, in turns.

python bench/calls.py [--smoke]

Connections are warm where the client keeps them; the SDK opens one for each call. The whole way is what a person
calls: for wannb with its journal and checks, for the others create, query and fetch in a row.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

import sides
from rows import Row, alone, milliseconds
from server import photograph, serve

STEPS = ("create", "query", "fetch")


def measure(smoke: bool) -> list[Row]:
    rounds, count = (1, 3) if smoke else (5, 40)
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, serve(photograph(256 if smoke else 1024)) as server:
        for turn in range(rounds):
            for side in ("floor", "wannb", "sdk"):
                found = sides.figures(side, "calls", server.base_url, Path(folder, f"{side}-{turn}"), count) or {}
                for step, times in found.items():
                    taken[side, step] += times
    middle = {key: statistics.median(times) for key, times in taken.items()}

    def of(side: str, step: str) -> str:
        if (side, step) not in middle:
            return "not there"
        return f"{middle[side, step] / middle['floor', step]:.2f}x ({milliseconds(middle[side, step])})"

    rows = [
        Row(
            what=f"{step}, of bare httpx ({milliseconds(middle['floor', step])})",
            aim="under 2x",
            measured=of("wannb", step),
            sdk=of("sdk", step),
            held=middle["wannb", step] < 2 * middle["floor", step],
        )
        for step in STEPS
    ]
    added = middle["wannb", "whole"] - middle["floor", "whole"]
    whole = Row(
        what=f"`client.generate`, one 1K image, of the same by bare httpx ({milliseconds(middle['floor', 'whole'])})",
        measured=f"{of('wannb', 'whole')}: journal and checks add {milliseconds(added)}",
        sdk=of("sdk", "whole"),
    )
    return [*rows, whole]


if __name__ == "__main__":
    alone(measure, __doc__)
