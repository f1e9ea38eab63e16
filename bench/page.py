"""Measure the judging page for people without Python: 100 pairs of pictures of 2K, by what is in them.

    python bench/page.py

"Photographs" are noise whose amplitude falls with the frequency as in photographs, with edges and a camera's grain.
The exponent of the fall, 1.3, is the one at which a picture takes as many bits a pixel as the portrait that matplotlib
has (WebP of quality 85, 75, 55: 1.6, 0.9, 0.7). "Hard photographs" take about twice as many.
Prints rows for RESULTS.md: the pages, the bytes of the largest, the longer side and the bytes of a picture.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from wannb.judging import judge
from wannb.runs import GeneratedImage

SIDE, PAIRS, DIFFERENT = 2048, 100, 8
#: The grain, as a standard deviation of 256 levels, and the exponent of the fall.
KINDS = {"photographs": (2, 1.3), "hard photographs": (4, 1.0)}


def photograph(chance: np.random.Generator, grain: float, fall: float) -> np.ndarray:
    """Return a picture of 2048*2048 pixels in three channels."""
    across = np.fft.fftfreq(SIDE)
    distance = np.hypot(across[:, None], across[None])
    distance[0, 0] = 1
    layers = []
    for _ in range(3):
        spectrum = np.fft.fft2(chance.normal(size=(SIDE, SIDE))) / distance**fall
        layer = np.real(np.fft.ifft2(spectrum))
        layers.append(layer / layer.std())
    luma, *colors = layers
    y, x = np.mgrid[:SIDE, :SIDE]
    for _ in range(24):  # things with edges
        cx, cy, r = *chance.integers(0, SIDE, 2).tolist(), int(chance.integers(40, 400))
        luma[(x - cx) ** 2 + (y - cy) ** 2 < r**2] += chance.normal()
    stacked = np.stack([luma, luma + 0.4 * colors[0], luma + 0.4 * colors[1]], axis=-1)
    return np.clip(128 + 45 * stacked + grain * chance.normal(size=(SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def written(folder: Path, grain: float, fall: float) -> dict[str, list[GeneratedImage]]:
    """Write the pictures of two contestants: a few, turned, shifted and mirrored."""
    chance = np.random.default_rng(1)
    sources = [photograph(chance, grain, fall) for _ in range(DIFFERENT)]
    made: dict[str, list[GeneratedImage]] = {"one": [], "other": []}
    for number in range(2 * PAIRS):
        pixels = np.roll(sources[number % DIFFERENT], number * 97, axis=(0, 1))
        pixels = np.rot90(pixels, number // DIFFERENT % 4)
        path = folder / f"run-{number}" / "image-1.png"
        path.parent.mkdir()
        Image.fromarray(np.ascontiguousarray(pixels)).save(path, compress_level=1)
        facts = {"path": path, "width": SIDE, "height": SIDE, "seed": None}
        sha = hashlib.sha256(str(number).encode()).hexdigest()
        made["one" if number % 2 else "other"].append(GeneratedImage(number=1, count=1, sha256=sha, **facts))
    return made


def main() -> None:
    print("| pictures | PNG | pages | largest page | longer side | of a picture | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name, (grain, fall) in KINDS.items():
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            made = written(folder, grain, fall)
            judging = judge(made, file=folder / "x.jsonl")
            began = time.perf_counter()
            pages = judging.save(folder / "judging.html")
            seconds = time.perf_counter() - began
            text = pages[0].read_text()
            found = re.search(r'id="data">(.*?)</script>', text, re.S)
            assert found
            pictures = [base64.b64decode(each.partition(",")[2]) for each in json.loads(found[1])["pictures"]]
            png = made["one"][0].path.stat().st_size / 1e6
            most = max(each.stat().st_size for each in pages) / 1e6
            mean = sum(map(len, pictures)) / len(pictures) / 1e3
            side = Image.open(io.BytesIO(pictures[0])).width
            print(
                f"| {name} | {png:.1f} MB | {len(pages)} | {most:.1f} MB | {side} | {mean:.0f} kB | {seconds:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
