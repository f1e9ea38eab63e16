"""`wannb class wall`, `costs` and `judge`: the folders of runs that students hand in, side by side."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from html import escape
from pathlib import Path

from wannb.connection import open_store
from wannb.errors import WannbError
from wannb.figures import gallery, put
from wannb.judging import judge
from wannb.runs import ENDED, FILE, GeneratedImage, Run, Store
from wannb.service import Money, endpoint
from wannb.translation import count

#: Where `connect` keeps runs unless it is told otherwise.
_USUAL = "wannb-runs"
_WIDTH = 200
_STYLE = "body{font:15px/1.5 system-ui,sans-serif;margin:16px;max-width:1400px}h2{font-size:18px;margin:24px 0 8px}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three commands below `wannb class`; without one of them a class is served."""
    commands = parser.add_subparsers(metavar="wall|costs|judge", help="of folders that students hand in")
    for name, run, describes in (
        ("wall", _wall, "write one page with all pictures of folders of runs, and who made them"),
        ("costs", _costs, "print what each folder of runs made and cost, as its records say"),
        ("judge", _judge, "write a page on which people judge pictures of the folders blind"),
    ):
        command = commands.add_parser(name, help=describes, description=describes)
        command.set_defaults(run=run)
        command.add_argument("folders", nargs="+", type=Path, help="folders of runs, or folders that hold these")
        if name != "costs":
            out = f"{'judging' if name == 'judge' else name}.html"
            command.add_argument("--out", type=Path, default=Path(out), help=f"the page (default: {out})")
            command.add_argument("--search", default="", help="only of runs with these words in prompt or model")
        if name == "judge":
            command.add_argument("--each", type=int, default=1, help="the newest pictures of each folder (default: 1)")
            command.add_argument("--question", help="what is asked (default: Which one is better?)")


def _wall(options: argparse.Namespace) -> int:
    _check_page(options.out)
    parts, many = list[str](), 0
    for name, store in _stores(options.folders).items():
        made = list(_images(store, options.search))
        images, drawn = [image for _, image in made], sum(run.service == "mock" for run, _ in made)
        said = count(len(images), "image") + (f", {drawn} drawn by the mock server" if drawn else "")
        shown = gallery(images, width=_WIDTH)._repr_mimebundle_()["text/html"] if images else ""
        parts.append(f"<h2>{escape(name)} <small>{said}</small></h2>{shown}")
        many += len(images)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>wannb</title>'
    head += f'<meta name="color-scheme" content="light dark"><style>{_STYLE}</style>'
    page = f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'
    print(f"{put(options.out, page.encode())}: {count(many, 'image')} of {count(len(parts), 'folder')}")
    return 0


def _costs(options: argparse.Namespace) -> int:
    """Print a table: live money, money by way of a class, which may have been practice, and the mock, which is free."""
    rows, seen, twice = list[Sequence[str]](), dict[tuple[str, str], Run](), 0
    unread = 0
    for name, store in _stores(options.folders).items():
        runs, damaged = list(store.runs()), len(store.unread())
        rows.append((name, *_sums(runs, damaged)))
        unread += damaged
        for run in runs:
            # A copy of a folder, or of a run that was passed on, was paid once.
            job = run.service, run.task_id or run.id
            twice += job in seen
            seen.setdefault(job, run)
    rows.append(("all", *_sums(seen.values(), unread)))
    rows.insert(0, ("folder", "live images", "live cost", "at a class", "mock images, not billed"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    if twice:
        print(f"In several folders: {count(twice, 'run')}; the last line counts each once.")
    if any(row[3] != "none" for row in rows[1:]):
        print("At a class: it is billed to the teacher's key, or to nobody if the class was practice.")
    return 0


def _sums(runs: Iterable[Run], damaged: int) -> tuple[str, str, str, str]:
    live, at_class, mock = list[Run](), list[Run](), list[Run]()
    for run in runs:
        known = endpoint.region_of(run.service) is not None
        (mock if run.service == "mock" else live if known else at_class).append(run)
    made = [sum(run.images_made for run in each) for each in (live, mock)]
    return str(made[0]), _cost(live, damaged), _cost(at_class), str(made[1])


def _cost(runs: Sequence[Run], damaged: int = 0) -> str:
    """Return what runs cost by their records; what has not ended counts at its most, an unknown price is never 0."""
    sums: dict[str, Decimal] = {}
    for cost in filter(None, (run.cost() for run in runs)):
        sums[cost.currency] = sums.get(cost.currency, Decimal(0)) + cost.amount
    said = " + ".join(str(Money(amount=amount, currency=currency)) for currency, amount in sums.items())
    if said and any(run.state not in ENDED for run in runs):
        said = f"at most {said}"
    unknown = sum(run.cost() is None for run in runs) + damaged
    return ", ".join(filter(None, (said, f"unknown of {count(unknown, 'run')}" if unknown else ""))) or "none"


def _judge(options: argparse.Namespace) -> int:
    _check_page(options.out)
    stores = _stores(options.folders)
    if len(stores) < 2:
        raise ValueError(f"judging compares folders, and there is one: {next(iter(stores))}; give two or more")
    if options.each < 1:
        raise ValueError(f"--each {options.each}: give 1 or more pictures of each folder")
    chosen = {}
    for name, store in stores.items():
        images = [image for _, image in _images(store, options.search) if image.path.is_file()][-options.each :]
        if len(images) < options.each:
            of = f" of {options.search!r}" if options.search else ""
            raise ValueError(
                f"{name} has {count(len(images), 'image')}{of}, and "
                f"--each {options.each} needs as many of each folder; leave it out, or ask for fewer"
            )
        chosen[name] = images
    place = options.out.expanduser().resolve()
    judging = judge(chosen, file=place.with_suffix(".jsonl"), question=options.question, repeats=0)
    try:
        pages = judging.save(place)
    finally:
        judging.close()
    print(f"{', '.join(map(str, pages))}: {count(judging.total, 'pair')}; nothing on it says whose a picture is.")
    print(
        f"Send it to the judges and keep {place.stem}.key.json, which names them. Put what they send back beside that: "
        "wannb.scores(*Path().glob('verdicts-*.jsonl'))."
    )
    return 0


def _check_page(out: Path) -> None:
    if out.suffix.lower() != ".html":
        raise ValueError(f"--out {out}: give an .html file")


def _images(store: Store, search: str) -> Iterator[tuple[Run, GeneratedImage]]:
    """Yield the pictures of a folder with their runs, the oldest first; a run that cannot be shown is said."""
    for run in reversed(store.runs(search)):
        if run.images:
            try:
                yield from ((run, image) for image in run.result())
            except WannbError as error:
                print(f"{run.id}: {error}", file=sys.stderr)


def _stores(given: Iterable[Path]) -> dict[str, Store]:
    """Return the folders of runs among those given and directly in them, by the names of who hands them in."""
    found: dict[str, Store] = {}
    for path in given:
        if not path.is_dir():
            raise ValueError(f"there is no folder {path}")
        within = [path] if _runs_of(path) else sorted(each for each in path.iterdir() if each.is_dir())
        places = {each: runs for each in within if (runs := _runs_of(each))}
        if not places:
            raise ValueError(f"{path} holds no runs, nor does a folder in it; give the folders that students hand in")
        for place, runs in places.items():
            whole = place.resolve()
            name = whole.parent.name if whole.name == _USUAL else whole.name
            found[name if name not in found else str(place)] = open_store(runs)
    return found


def _runs_of(folder: Path) -> Path | None:
    """Return where the runs of a folder are: in it, or in its `wannb-runs`; no link is followed."""
    for place in (folder, folder / _USUAL):
        with suppress(OSError):
            if not place.is_symlink() and any((each / FILE).is_file() for each in place.iterdir()):
                return place
    return None
