"""A study as a folder that a reader can check, read in any program, and draw from again.

study/
    README.md        what is in it, how it was made, and how to see it again
    index.html       the figure, for any browser and without a network
    methods.md       how the pictures were made
    table.csv        a row for each image
    reproduce.py     draws the figure again
    plan.json        the plan
    figures/         the grid as PDF and PNG
    images/          a folder for each run, under a name that speaks, and metadata.jsonl, with which it is an
                     ImageFolder of Hugging Face's datasets
    verdicts/        of judges, and the keys of pages that they judged on
    SHA256SUMS       for `sha256sum -c` and `Plan.open`
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wannb import files
from wannb.display import html
from wannb.figures import Grid
from wannb.runs import FILE, GeneratedImage, Run
from wannb.translation import current, say

from .rows import csv_of, write_rows

IMAGES, PLAN = "images", "plan.json"
_SUMS = "SHA256SUMS"
#: Bytes of a file.
_MOST = 1024 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Study:
    """What a study holds.

    Attributes:
        title, methods: texts.
        figure, width: the grid, and its width in inches.
        runs: each with the name that its folder gets.
        rows: of the table, one an image, with `run` and `path` as in `Plan.table`.
        plan: the plan as JSON.
        verdicts: files of judges, and keys of their pages, by their names.
        more: files that stand beside the runs.
    """

    title: str
    methods: str
    figure: Grid
    width: float
    runs: Mapping[str, Run]
    rows: Sequence[Mapping[str, Any]]
    plan: Mapping[str, Any]
    verdicts: Mapping[str, Path] = field(default_factory=dict)
    more: Sequence[Path] = ()

    def write(self, folder: Path) -> None:
        """Write it into a new folder; `FileExistsError` if something is in it."""
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            told = {"folder": repr(str(folder))}
            raise FileExistsError(say("{folder} is there already; give the name of a new folder", **told))
        files.make_folder(folder / "figures")
        for ending in (".pdf", ".png"):
            self.figure.save(folder / "figures" / f"grid{ending}", width=self.width)
        for name, run in self.runs.items():
            _copy(run, folder / IMAGES / name)
        for name, file in self.verdicts.items():
            _put(folder / "verdicts" / name, files.read_file(file, most=_MOST))
        for file in self.more:
            _put(folder / IMAGES / file.name, files.read_file(file, most=_MOST))
        names = {run.id: name for name, run in self.runs.items()}
        rows = [_moved(row, names) for row in self.rows]
        shown = str(replace(self.figure, title="")._repr_mimebundle_()["text/html"])  # the page has the title
        _put(folder / PLAN, json.dumps(self.plan, ensure_ascii=False, indent=1).encode())
        _put(folder / "table.csv", csv_of(rows))
        _put(folder / IMAGES / "metadata.jsonl", _metadata(rows))
        _put(folder / "methods.md", f"# {self.title}\n\n{self.methods}\n".encode(errors="replace"))
        _put(folder / "index.html", _page(self.title, shown, self.methods))
        _put(folder / "README.md", self._readme().encode(errors="replace"))
        _put(folder / "reproduce.py", _REPRODUCE.format(width=self.width).encode())
        sums = [f"{_hash(file)}  {file.relative_to(folder).as_posix()}\n" for file in _all(folder)]
        _put(folder / _SUMS, "".join(sums).encode())

    def _readme(self) -> str:
        out = len({row["run"] for row in self.rows if row["run"] and not row["path"] and row["state"] == "excluded"})
        told = {"title": self.title, "methods": self.methods}
        return _README.format(
            **told, excluded=_EXCLUDED.format(n=out) if out else "", verdicts=_VERDICTS if self.verdicts else ""
        )


def _copy(run: Run, target: Path) -> None:
    """Copy a run without the mark of its account."""
    files.make_folder(target)
    for file in (*run.folder.glob("image-*"), *run.folder.glob("inputs/*")):
        place = target / file.relative_to(run.folder)
        files.make_folder(place.parent)
        shutil.copyfile(file, place)
    files.append_line(target / FILE, replace(run.record, account="").as_json())


def _moved(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a row of the table with the place of its picture in the study."""
    name = names.get(str(row["run"]))
    path = f"{IMAGES}/{name}/{Path(row['path']).name}" if name and row["path"] else None
    return {**row, "run": name, "path": path}


def _metadata(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a line for each picture, as Hugging Face's ImageFolder reads it beside the pictures."""
    lines = [
        json.dumps({"file_name": row["path"].removeprefix(f"{IMAGES}/"), **_facts(row)}, ensure_ascii=False)
        for row in rows
        if row["path"]
    ]
    return ("\n".join(lines) + "\n").encode(errors="replace")


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without its place, and with another name for what `datasets` calls the picture itself."""
    return {"number" if name == "image" else name: value for name, value in row.items() if name != "path"}


def save_images(path: Path, rows: Sequence[Mapping[str, Any]], images: Sequence[GeneratedImage]) -> Path:
    """Write a parquet file with the images themselves and their rows of `Plan.table`, and return its place."""
    known = {str(image.path): image for image in images}
    there = [row for row in rows if row["path"]]
    if not there:
        raise ValueError(say("no images yet: plan.run() generates them"))
    inside = {"image": [known[str(row["path"])] for row in there]}
    return write_rows(path, [_facts(row) for row in there], images=inside, shown=True)


def _page(title: str, shown: str, methods: str) -> bytes:
    paragraphs = "".join(f"<p>{html.text(part)}</p>" for part in methods.split("\n\n"))
    links = " · ".join(
        f'<a href="{file}">{file}</a>' for file in ("methods.md", "table.csv", "figures/grid.pdf", "README.md")
    )
    page = (
        f'<!doctype html>\n<html lang="{current()}"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark">\n<title>{html.text(title)}</title></head>\n<body style="{html.FONT};max-width:1100px;'
        f'margin:24px auto;padding:0 16px"><h1 style="font-size:22px">{html.text(title)}</h1>\n<main>{shown}</main>\n'
        f"{paragraphs}\n<p>{links}</p></body></html>\n"
    )
    return page.encode(errors="replace")


def _put(place: Path, content: bytes) -> None:
    files.make_folder(place.parent)
    files.write(place, content, export=True)


def _all(folder: Path) -> list[Path]:
    """Return the files of a study in their order, without those that an index or a lock of its runs has made."""
    found = (each for each in folder.rglob("*") if each.is_file() and each.name != _SUMS)
    return sorted(each for each in found if not any(part.startswith(".") for part in each.relative_to(folder).parts))


def _hash(file: Path) -> str:
    return hashlib.sha256(files.read_file(file, most=_MOST)).hexdigest()


def not_as_saved(folder: Path) -> list[str]:
    """Return the files that are missing or changed."""
    wrong = []
    for line in files.read_file(folder / _SUMS, most=_MOST).decode().splitlines():
        wanted, _, name = line.partition("  ")
        try:
            same = _hash(folder / name) == wanted
        except OSError:
            same = False
        wrong += [] if same else [name]
    return wrong


_README = """# {title}

{methods}

- `index.html` shows the figure in any browser; `figures/` has it as PDF and PNG.
- `table.csv` has a row for each image, `images/` the images, each with its request inside.
- `plan.json` is the plan, and `SHA256SUMS` has the hash of every file: `sha256sum -c SHA256SUMS`.
- `images/` is also an ImageFolder: `datasets.load_dataset("imagefolder", data_dir="images")`.
{excluded}
To draw the figure again, without a key and without a network: `pip install wannb`, then `python reproduce.py`. Or in a
notebook:

```python
import wannb

plan = wannb.Plan.open(".")  # checks every file
plan.grid(**plan.figure)
```
{verdicts}"""
_EXCLUDED = """- Excluded ({n}, the reason is in `methods.md`): images are in `images/`, not in its `metadata.jsonl`.
"""
_VERDICTS = """
`verdicts/` has the files of the judges. To score them, after `pip install "wannb[judge]"`:

```python
from glob import glob

import wannb

scores = wannb.scores(*sorted(glob("verdicts/*.jsonl")))
```
"""
_REPRODUCE = '''"""Draw the figure of this study again, from the images beside this file."""

from pathlib import Path

import wannb

here = Path(__file__).parent
plan = wannb.Plan.open(here)  # checks every file against SHA256SUMS
print(plan.methods())
print(*plan.grid(**plan.figure).save(here.parent / "grid-again.pdf", width={width:g}))
'''
