"""A set of twelve 2K images from the call to the gallery, beside the plain download of the same files.

python bench/image_set.py [--smoke]

The pictures are as large as the service's own (9 MB each). Measured on this machine alone, where a download costs next
to nothing, and over a line of 200 Mbit/s, as people have them. The floor is bare httpx with four threads, the downloads
alone; the SDK's script saves one file after another and shows nothing. Each in a fresh process, by turns.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

import sides
from rows import Row, alone, milliseconds
from server import photograph, serve

LINE = 25e6  # bytes a second
MOST = 150


def compare(
    picture: bytes, line: float | None, rounds: int, count: int, size: str
) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    with serve(picture, line=line) as server:
        for _ in range(rounds):
            for side in ("floor", "wannb", "sdk"):
                with tempfile.TemporaryDirectory() as folder:
                    figures = sides.figures(side, "set", server.base_url, Path(folder), count, size)
                    if side == "wannb":
                        saved = sorted(Path(folder).glob("*/image-*.png"))
                        found["decoding"].append(sides.figures("floor", "decode", 2, *saved))
                if figures:
                    found[side].append(figures)
    return found


def measure(smoke: bool) -> list[Row]:
    count, size = (3, "1K") if smoke else (12, "2K")
    picture = photograph(256 if smoke else 2048)
    rows, peaks = [], []
    ways = (("on this machine alone", None, 5), ("over 200 Mbit/s", LINE, 3))
    for where, line, rounds in ways[:1] if smoke else ways:
        found = compare(picture, line, 1 if smoke else rounds, count, size)
        middle = {side: statistics.median(each["seconds"] for each in runs) for side, runs in found.items()}
        floor = middle["floor"]
        peaks.append({side: [each.get("megabytes") for each in runs] for side, runs in found.items()})
        rows.append(
            Row(
                what=f"a {count}-image {size} set, submit to shown, {where}, of the download ({milliseconds(floor)})",
                aim="under 1.5x",
                measured=f"{middle['wannb'] / floor:.2f}x ({milliseconds(middle['wannb'])}); Pillow's decoding of the "
                f"files on two threads alone takes {middle['decoding'] / floor:.2f}x",
                sdk=f"{middle['sdk'] / floor:.2f}x, saved only" if "sdk" in middle else "not there",
                held=middle["wannb"] < 1.5 * floor,
            )
        )
    most = {
        side: max((peak for each in peaks for peak in each[side] if peak is not None), default=None)
        for side in peaks[0]
    }
    ours, theirs = most["wannb"], most.get("sdk")
    rows.append(
        Row(
            what="its peak memory over the base",
            aim=f"under {MOST} MB",
            measured="this system does not say" if ours is None else f"{ours:.0f} MB",
            sdk="" if theirs is None else f"{theirs:.0f} MB, saved only",
            held=None if ours is None else ours < MOST,
        )
    )
    return rows


if __name__ == "__main__":
    alone(measure, __doc__)
