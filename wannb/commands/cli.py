"""The command line: `wannb lab`, `studio`, `class`, `mock`, `runs`, `rescue`, `tidy`, `doctor`."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wannb._version import __version__
from wannb.connection import connect, open_store
from wannb.errors import WannbError
from wannb.masking import holds_key
from wannb.runs import Store
from wannb.translation import shorten

from . import classroom, handed_in, jupyter


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 done, 1 it failed, 2 it was called wrongly."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if any(map(holds_key, arguments)):
        print(
            "wannb: an API key is no argument: every user of this machine can read it there. Set DASHSCOPE_API_KEY, or "
            "write it to ~/.dashscope/api_key",
            file=sys.stderr,
        )
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot write Chinese shows a question mark
        sys.stdout.reconfigure(errors="replace")
    if arguments[:1] == ["mock"]:
        from wannb.mock.__main__ import main as serve_mock

        from . import record_live

        if record_live.asked(arguments[1:]):
            return record_live.main(arguments[1:])
        return serve_mock(arguments[1:]) or 0
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except (WannbError, ValueError) as error:
        print(f"wannb: {error}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wannb", description="Wan 2.7 images in a notebook.")
    parser.add_argument("--version", action="version", version=f"wannb {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    lab = _command(commands, "lab", _lab, "open JupyterLab on the tutorials; without a key on the mock server")
    lab.add_argument(
        "--folder",
        type=Path,
        help="where the tutorials are copied to (default: a checkout's own notebooks, else wannb-tutorials)",
    )
    lab.add_argument("--no-browser", action="store_true", help="do not open a browser")
    lab.add_argument("--port", type=int, default=8888, help="JupyterLab's port (default: 8888, or the next free one)")
    lab.add_argument("more", nargs="*", help="further options for JupyterLab, after --")

    studio = _command(commands, "studio", _studio, "open the Studio alone, for people who want no notebook")
    studio.add_argument("--no-browser", action="store_true", help="do not open a browser")
    studio.add_argument("--port", type=int, default=8866, help="its port (default: 8866, or the next free one)")
    studio.add_argument("--language", help="en or zh (default: WANNB_LANGUAGE, then en)")
    studio.add_argument("--theme", choices=("light", "dark"), default="light", help="light (the default) or dark")

    teaching = _command(commands, "class", _class, "give a class codes in place of the key, capped in images")
    classroom.arguments(teaching)
    handed_in.arguments(teaching)

    for one in (lab, studio):
        one.add_argument("--store", help="the folder of runs of all who work in it (default: WANNB_STORE)")
        one.add_argument("--budget", help="the most that all its runs may cost, such as 5 (default: WANNB_BUDGET)")

    commands.add_parser("mock", help="serve the mock server; see wannb mock --help", add_help=False)

    runs = _command(commands, "runs", _runs, "list the runs of a folder")
    runs.add_argument("search", nargs="?", default="", help="only those whose prompt, model or state contains this")
    rescue = _command(commands, "rescue", _rescue, "save every image that was paid for")
    for one in (runs, rescue):
        one.add_argument("--store", help="the folder of runs (default: WANNB_STORE, then wannb-runs)")

    tidy = _command(
        commands, "tidy", _tidy, "make notebooks light and safe to share: thumbnails, no keys, no expiring links"
    )
    tidy.add_argument("notebooks", nargs="+", type=Path, help="notebooks, or folders of them")
    tidy.add_argument("--check", action="store_true", help="change nothing; end with status 1 if something is not tidy")
    tidy.add_argument("--max-kb", type=float, default=500, help="largest notebook in kilobytes (default: 500)")
    tidy.add_argument("--source", action="store_true", help="mask keys and expiring links in source cells too")

    doctor = _command(commands, "doctor", _doctor, "check this machine for everything that wannb needs")
    doctor.add_argument("--online", action="store_true", help="check key and clock with the live service, free")
    doctor.add_argument("--json", action="store_true", help="print the results as JSON")
    return parser


def _command(commands: Any, name: str, run: Callable[..., int], describes: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=describes, description=describes)
    parser.set_defaults(run=run)
    return parser


def _set(options: argparse.Namespace) -> None:
    """Let every kernel of a server have the folder and the budget that the command was given."""
    if options.store:
        os.environ["WANNB_STORE"] = str(Path(options.store).resolve())
    if options.budget:
        os.environ["WANNB_BUDGET"] = options.budget


def _lab(options: argparse.Namespace) -> int:
    if find_spec("jupyterlab") is None:
        print('wannb: JupyterLab is not installed; pip install "wannb[lab]"', file=sys.stderr)
        return 1
    _set(options)
    folder, notes = jupyter.copy_tutorials(options.folder)
    for note in notes:
        print(note)
    return jupyter.lab(folder, port=options.port, browser=not options.no_browser, more=options.more)


def _studio(options: argparse.Namespace) -> int:
    if find_spec("voila") is None or find_spec("ipykernel") is None:
        print('wannb: Voilà is not installed; pip install "wannb[studio]"', file=sys.stderr)
        return 1
    _set(options)
    return jupyter.studio(
        port=options.port, language=options.language, theme=options.theme, browser=not options.no_browser
    )


def _class(options: argparse.Namespace) -> int:
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        print('wannb: what serves a class is not installed; pip install "wannb[class]"', file=sys.stderr)
        return 1
    return classroom.run(options)


def _runs(options: argparse.Namespace) -> int:
    store = _existing(options.store)
    for run in store.runs(options.search):
        cost = "mock, not billed" if run.service == "mock" else str(run.cost() or "price unknown")
        facts = [run.created, run.state, run.tally, cost, run.id, repr(run.prompt[:70]), run.settings]
        print(*facts, *([shorten(run.why, 200)] if run.why else []), sep="  ")
    for name, why in store.unread().items():
        print(f"{name if name.isprintable() else ascii(name)}: {why}", file=sys.stderr)
    return 0


def _rescue(options: argparse.Namespace) -> int:
    with connect(store=_existing(options.store).root) as client:
        found = client.rescue()
    print(found.summary())
    for run_id, error in found.problems:
        print(f"{run_id}: {error}", file=sys.stderr)
    return 1 if found.problems else 0


def _tidy(options: argparse.Namespace) -> int:
    from wannb.tools.tidy import tidy

    status = 0
    for path in _notebooks(options.notebooks):
        try:
            found = tidy(path, check=options.check, max_kb=options.max_kb, source=options.source)
        except ValueError as error:
            print(f"wannb: {error}", file=sys.stderr)
            status = 1
        else:
            print(found)
            status = status if found.clean else 1
    return status


def _notebooks(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            found = (each for each in sorted(path.rglob("*.ipynb")) if ".ipynb_checkpoints" not in each.parts)
            yield from (each for each in found if not each.is_symlink())  # one that is named is followed
        else:
            yield path


def _doctor(options: argparse.Namespace) -> int:
    from wannb.tools.doctor import doctor

    found = doctor(online=options.online)
    print(json.dumps(found.as_dict(), ensure_ascii=False, indent=1) if options.json else found)
    return 0 if found.ok else 1


def _existing(folder: str | None) -> Store:
    store = open_store(folder)
    if not store.root.is_dir():
        raise ValueError(f"there is no folder of runs at {str(store.root)!r}; --store names another")
    return store


if __name__ == "__main__":
    sys.exit(main())
