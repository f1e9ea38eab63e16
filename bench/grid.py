"""Many runs in one grid: how long the cell takes and what it adds to the notebook.

python bench/grid.py            100 runs
python bench/grid.py --smoke    12 runs, to see that it runs

The SDK shows no pictures, so it does not stand beside it. Beside it stands what a notebook does by hand: every file
opened by Pillow, made small and written as PNG.
"""

from __future__ import annotations

import base64
import io
import tempfile
import time
from pathlib import Path

from PIL import Image
from rows import Row, alone, milliseconds
from server import photograph, serve

import wannb
from wannb.client import Client
from wannb.runs.store import Store
from wannb.service.endpoint import mock
from wannb.service.limits import Pace

PACE = Pace(submits=1000, running=200, queries=5000, query_interval=0.02)


def by_hand(paths: list[Path]) -> int:
    """Return how many bytes small PNG copies add to a notebook."""
    size = 0
    for path in paths:
        with Image.open(path) as image:
            image.thumbnail((200, 200))
            buffer = io.BytesIO()
            image.convert("RGB").save(buffer, "PNG")
        size += len(base64.b64encode(buffer.getvalue()))
    return size


def measure(smoke: bool) -> list[Row]:
    prompts, seeds, side = (3, 4, 256) if smoke else (5, 20, 1024)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(photograph(side)) as server,
        Client(mock(server.base_url), "sk-mock", Store(folder), pace=PACE) as client,
    ):
        names = [f"A boat, number {number}" for number in range(prompts)]
        wannb.sweep(client, prompt=names, seed=range(seeds), size="1K").run()
        # A client of its own, so that nothing is in memory already: a notebook opened on another day.
        with Client(mock(server.base_url), "sk-mock", Store(folder)) as later:
            began = time.perf_counter()
            plan = wannb.sweep(later, prompt=names, seed=range(seeds), size="1K")
            page = plan.grid(rows="prompt", columns="seed")._repr_mimebundle_()["text/html"]
            took = time.perf_counter() - began
        paths = [image.path for result in plan.results() if result for image in result]
        began = time.perf_counter()
        written = by_hand(paths)
        by_hand_took = time.perf_counter() - began
    return [
        Row(
            what=f"a grid of {len(paths)} saved runs, of doing it by hand "
            f"({milliseconds(by_hand_took)}, {written / 1e6:.2f} MB)",
            measured=f"{took / by_hand_took:.2f}x ({milliseconds(took)}, {len(page) / 1e6:.2f} MB)",
            sdk="shows nothing",
        )
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
