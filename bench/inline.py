"""Twelve 4K images shown in a notebook: what it grows by, and the time beside that of Pillow's decoding.

python bench/inline.py [--smoke]

The notebook is really run. The images come from finished runs, once with the previews of an earlier show,
and once without, as in a folder that somebody copied the images alone to. The floor opens the same files to
the last pixel, on two threads. The SDK shows nothing; a notebook that shows the files themselves grows by all of them.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import sides
from isolation import kernel_settings
from rows import Row, alone, milliseconds
from server import photograph, serve

import wannb
from wannb.display.previews import make_preview, preview_path

CELL = "import wannb; wannb.gallery([run.result() for run in wannb.connect('mock', base_url={!r}, store={!r}).runs()])"


def growth(base_url: str, store: Path) -> int:
    """Return by how many bytes a notebook grows when it is run."""
    import nbclient
    import nbformat

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(base_url, str(store)))])
    before = len(nbformat.writes(book).encode())
    nbclient.NotebookClient(book, timeout=600, config=kernel_settings()).execute()
    return len(nbformat.writes(book).encode()) - before


def measure(smoke: bool) -> list[Row]:
    runs, each, size, rounds = (1, 2, "1K", 1) if smoke else (3, 4, "4K", 3)
    taken: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, serve(photograph(256 if smoke else 4096)) as server:
        store = Path(folder)
        with wannb.connect("mock", base_url=server.base_url, store=store) as client:
            paths = [
                image.path
                for number in range(runs)
                for image in client.generate(f"A boat, number {number}", size=size, n=each, seed=number)
            ]
        originals = sum(path.stat().st_size for path in paths)
        grown = growth(server.base_url, store)
        for _ in range(rounds):
            for path in paths:
                make_preview(path)
            taken["floor"].append(sides.figures("floor", "decode", 2, *paths)["seconds"])
            taken["with"].append(sides.figures("wannb", "show", server.base_url, store)["seconds"])
            for path in paths:
                preview_path(path).unlink()
            taken["without"].append(sides.figures("wannb", "show", server.base_url, store)["seconds"])
    middle = {name: statistics.median(times) for name, times in taken.items()}
    floor = middle["floor"]
    what = f"{len(paths)} {size} images shown inline"

    def timed(name: str, how: str) -> Row:
        return Row(
            what=f"{what} {how}, of Pillow's decoding on two threads ({milliseconds(floor)})",
            aim="within 1.3x",
            measured=f"{middle[name] / floor:.2f}x ({milliseconds(middle[name])})",
            held=middle[name] < 1.3 * floor,
        )

    return [
        Row(
            what=f"{what}: the notebook grows by",
            aim="less than 1 MB",
            measured=f"{grown / 1e6:.2f} MB",
            sdk=f"shows nothing; the files themselves would be {originals * 4 / 3 / 1e6:.0f} MB",
            held=grown < 1e6,
        ),
        timed("with", "with the previews on disk"),
        timed("without", "without previews"),
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
