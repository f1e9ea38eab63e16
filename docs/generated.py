"""The pages that Sphinx reads: those of `docs/`, copies of the tutorials, and pages that follow from the code."""

from __future__ import annotations

import base64
import inspect
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from wannb import errors
from wannb.commands.cli import _parser
from wannb.mock.__main__ import _parser as mock_parser
from wannb.mock.server.scenarios import SCENARIOS
from wannb.request import FIELDS, MODES, PRO, STANDARD, ImageRequest
from wannb.request.fields import MAX_BOXES, MAX_IMAGES, MAX_N, MAX_N_SET, MAX_PROMPT, MAX_SEED, PALETTE
from wannb.request.sizes import PRESETS, SMALLEST, WIDEST
from wannb.runs.record import Failure, Record, SavedImage
from wannb.service.wire import _parameters

ROOT = Path(__file__).parent.parent
#: Files outside of `docs/` that are pages of the site: where they are in the project, and there.
MOVED = {
    "notebooks/README.md": "tutorials/index.md",
    "bench/RESULTS.md": "numbers.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
}
#: Files that a page of the site stands for.
DOORS = {"README.md": "index.md", "README.zh-CN.md": "zh/start.md"}


def write(pages: Path) -> None:
    """Write all pages into a new folder."""
    shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("__pycache__", "generated.py"))
    made = {
        "options": options(),
        "commands": commands(),
        "errors": exceptions(),
        "scenarios": scenarios(),
        "_record": record(),
    }
    for name, text in made.items():
        (pages / "reference" / f"{name}.md").write_text(text, encoding="utf-8")
    tutorials(pages / "tutorials")
    for name, page in MOVED.items():
        text = (ROOT / name).read_text("utf-8")
        if page == "tutorials/index.md":
            text += "\n```{toctree}\n:hidden:\n:glob:\n\n[0-9]*\n```\n"
        (pages / page).write_text(text, encoding="utf-8")
    origin = {page: name for name, page in MOVED.items()}
    for page in [*pages.rglob("*.md"), *pages.rglob("*.ipynb")]:
        name = page.relative_to(pages).as_posix()
        source = origin.get(name) or (f"notebooks/{page.name}" if name.startswith("tutorials/") else f"docs/{name}")
        page.write_text(moved(page.read_text("utf-8"), ROOT / source), encoding="utf-8")


def moved(text: str, source: Path) -> str:
    """Return a page whose links to files of the project lead to where those are in the site."""

    def to(found: re.Match[str]) -> str:
        name = os.path.relpath(source.parent / found[1], ROOT).replace(os.sep, "/")
        there = (MOVED | DOORS).get(name)
        for folder, page in (("notebooks/", "tutorials/"), ("docs/", "")):
            if not there and name.startswith(folder):
                there = page + name.removeprefix(folder)
        return f"](/{there}{found[2]})" if there else found[0]

    return re.sub(r"\]\(([\w./-]+)((?:#[^)\s]*)?)\)", to, text)


def options() -> str:
    """Return every option of a request with what fields, rules and sizes know, and the docstring of the request."""
    presets = ", ".join(f"`{each!r}`" for each in PRESETS)
    pixels = f"the product of the sides {SMALLEST:,} to {PRESETS['4K']:,} pixels, 1:{WIDEST} to {WIDEST}:1"
    known = {
        "prompt": ("text", f"1 to {MAX_PROMPT:,} characters"),
        "images": ("a picture or a list", f"at most {MAX_IMAGES}; 1 or more make it an edit"),
        "model": ("text", " or ".join(f"`{each!r}`" for each in FIELDS["model"].choices)),
        "size": ("text", f"{presets} or `'width*height'`: {pixels}"),
        "n": ("whole number", f"1 to {MAX_N}; in an image set 1 to {MAX_N_SET}"),
        "seed": ("whole number or None", f"0 to {MAX_SEED}"),
        "watermark": ("True or False", ""),
        "thinking_mode": ("True or False", ""),
        "color_palette": ("list or dict, or None", f"{PALETTE[0]} to {PALETTE[-1]} colors, together 100.00 %"),
        "bbox_list": ("list, or None", f"a list for each input image, at most {MAX_BOXES} boxes in each"),
        "enable_sequential": ("True or False", "set by `client.image_set`"),
    }
    assert known.keys() == FIELDS.keys()
    told = _arguments(ImageRequest, "Args")
    rows = ["| option | type | default | limits |", "|---|---|---|---|"]
    for name, field in FIELDS.items():
        kind, limits = known[name]
        rows.append(f"| [`{name}`](#option-{name}) | {kind} | `{field.default!r}` | {limits} |")
    return "\n".join(
        [
            "# Options of a request\n",
            "They have the API's own names, in `client.generate`, `client.edit`, `client.image_set`, `wannb.sweep`,",
            "the forms and `wannb.ImageRequest`. A request that breaks a rule is refused before anything is sent, with",
            "all its problems at once.\n",
            *rows,
            "\n## What goes where\n",
            "The mode follows from the request. This is what wannb's own rules answer for each mode: the most images,",
            f"the largest size of `{PRO}` and of `{STANDARD}`, and whether `color_palette`, `bbox_list` and",
            "`thinking_mode` are sent.\n",
            *_where(),
            *(f"\n(option-{name})=\n## {name}\n\n{_prose(told[name])}" for name in FIELDS),
            "",
        ]
    )


def _where() -> list[str]:
    """Return a table of what each mode takes: the rules are asked."""
    picture = "https://example.org/cat.png"
    inputs = [0, 1, 2, 1, 0, 1]
    samples = [
        ImageRequest(prompt="x", images=[picture] * count, enable_sequential=place >= 4)
        for place, count in enumerate(inputs)
    ]
    samples[3] = samples[3].replace(bbox_list=[[[0, 0, 9, 9]]])
    assert [sample.mode for sample in samples] == [*MODES]
    palette = {"#000000": 40, "#777777": 30, "#FFFFFF": 30}
    head = ("mode", "`n`", "`size`, pro", "`size`, standard", "palette", "boxes", "thinking")
    rows = [head, ("---",) * len(head)]
    for mode, count, sample in zip(MODES, inputs, samples, strict=True):
        numbers = [n for n in (MAX_N, MAX_N_SET) if _legal(sample, n=n)]
        sizes = {
            model: [size for size in PRESETS if _legal(sample, size=size, model=model)] for model in (PRO, STANDARD)
        }
        holds = (
            _legal(sample, color_palette=palette),
            _legal(sample, bbox_list=[[]] * max(1, count)),
            "thinking_mode" in _parameters(sample),
        )
        most = (numbers[-1], sizes[PRO][-1], sizes[STANDARD][-1])
        rows.append((mode, *map(str, most), *("yes" if each else "–" for each in holds)))
    return [f"| {' | '.join(row)} |" for row in rows]


def _legal(sample: ImageRequest, **options: Any) -> bool:
    return not sample.replace(**options).problems()


def _arguments(described: Any, part: str) -> dict[str, str]:
    """Return what a part of a docstring says of each name."""
    text = inspect.getdoc(described) or ""
    found = re.search(rf"^{part}:\n(.*?)(?=^\S|\Z)", text, re.M | re.S)
    assert found is not None, described
    said = re.split(r"^ {4}(\w[\w, ]*): ", found[1], flags=re.M)[1:]
    return {name: " ".join(each.split()) for name, each in zip(said[::2], said[1::2], strict=True)}


def record() -> str:
    """Return the fields of a run's record."""
    rows = ["| field | what it is |", "|---|---|"]
    for names, said in _arguments(Record, "Attributes").items():
        rows.append(f"| {', '.join(f'`{name}`' for name in names.split(', '))} | {_cell(said)} |")
    for name, kind in (("images", SavedImage), ("error", Failure)):
        within = ", ".join(f"`{each}`" for each in kind.__dataclass_fields__)
        rows.append(f"| within `{name}` | {within} |")
    return "\n".join(rows) + "\n"


def commands() -> str:
    """Return the help of each command."""
    os.environ["COLUMNS"] = "100"
    [group] = [action for action in _parser()._actions if isinstance(action.choices, dict)]
    text = "# Command line\n"
    for name, command in group.choices.items():
        help_text = (mock_parser() if name == "mock" else command).format_help().strip()
        text += f"\n## wannb {name}\n\n```text\n{help_text}\n```\n"
    return text


def exceptions() -> str:
    """Return each error with its cause, and the next step where it has one; `Raises:` of the reference leads here."""
    tree = (inspect.getdoc(errors) or "").split("\n\n")[1]
    text = "# Errors\n\nAll are in `wannb.errors`. The message of each names the value and the next step; keys and the "
    text += "signatures of links are masked in it.\n\n```text\n" + inspect.cleandoc(tree) + "\n```\n"
    for kind in vars(errors).values():
        if not (inspect.isclass(kind) and issubclass(kind, errors.WannbError)) or kind.__name__.startswith("_"):
            continue
        base = next(each for each in kind.__mro__[1:] if not each.__name__.startswith("_"))
        cause, _, more = (inspect.getdoc(kind) or "").partition("Attributes:\n")
        text += f"\n## {kind.__name__}\n\n:::{{py:exception}} wannb.errors.{kind.__name__}\n:no-contents-entry:\n\n"
        text += f"{cause.strip()}\n"
        text += "".join(
            f"\n- `{name}`: {said}" for name, said in (_arguments(kind, "Attributes") if more else {}).items()
        )
        if "next_step" in vars(kind):
            text += f"\n*What to do:* {kind.next_step}\n"
        text += f"\nA kind of `{base.__name__}`.\n:::\n"
    return text


def scenarios() -> str:
    """Return the mock's scenarios."""
    rows = ["| scenario | what happens |", "|---|---|"]
    rows += [f"| `{name}` | {_cell(one.explanation)} |" for name, one in SCENARIOS.items()]
    text = '# Scenarios of the mock server\n\nWhat the mock server plays on order: `server.scenario("429 then ok")`, '
    text += "or `python -m wannb.mock --list-scenarios`. Tutorials [13](../tutorials/13-what-goes-wrong.ipynb) and "
    text += "[14](../tutorials/14-where-money-is-at-stake.ipynb) show what wannb does in each.\n\n"
    return text + "\n".join(rows) + "\n"


def tutorials(folder: Path) -> None:
    """Copy the tutorials with their stored outputs, and their pictures as files."""
    folder.mkdir()
    for picture in (ROOT / "notebooks").glob("*.jpg"):
        shutil.copy(picture, folder / picture.name)
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        book = json.loads(path.read_text("utf-8"))
        for cell in book["cells"]:
            for name, kinds in cell.pop("attachments", {}).items():
                [content] = kinds.values()
                (folder / name).write_bytes(base64.b64decode(content))
            cell["source"] = [line.replace("(attachment:", "(") for line in cell["source"]]
        translated = folder.parent / "zh" / path.name
        if translated.exists():
            title, rest = "".join(book["cells"][0]["source"]).split("\n", 1)
            book["cells"][0]["source"] = [f"{title}\n\nEnglish · [中文](../docs/zh/{path.name})\n{rest}"]
        (folder / path.name).write_text(json.dumps(book), encoding="utf-8")


def _prose(text: str) -> str:
    """Return a text of a docstring with its stars, which Markdown takes for emphasis."""
    return text.replace("*", "\\*")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
