"""Map of the package: its rooms, their floors, and the imports between them. `scripts/measure` and tests read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "wannb"
#: The rooms by floors: an import leads to a lower floor, or stays in its own room. `docs/architecture.md` draws this.
FLOORS = [
    {"_version", "errors", "files", "masking", "png", "threads", "translation"},
    {"request"},
    {"service", "display"},
    {"runs"},
    {"ledger"},
    {"client", "figures", "staging"},
    {"exports"},
    {"cells"},
    {"connection", "scoring", "storyboard"},
    {"boards", "plan"},
    {"judging"},
    {"forms"},
    {"classroom", "tools"},
    {"commands"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
#: Rooms that may only be entered through their doors, one level down.
_WITH_DOORS = ("tools", "mock")
#: Methods that change the state of a run.
_CHANGES = {"advance", "accept", "reopen"}


@cache
def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = [*path.relative_to(ROOT).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(name: str) -> tuple[tuple[str, str], ...]:
    """Return what a module imports, each as module and name; those within functions and for type checking too."""
    package = name if modules()[name].name == "__init__.py" else name.rpartition(".")[0]
    found: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(modules()[name].read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found += [(module, alias.name) for alias in node.names]
    return tuple(found)


def imported(name: str) -> list[tuple[str, str]]:
    """Return what a module imports from the package."""
    return [(module, what) for module, what in imports(name) if module.partition(".")[0] == "wannb"]


def target(module: str, name: str) -> str:
    """Return the module that an import leads to."""
    return f"{module}.{name}" if f"{module}.{name}" in modules() else module


def room(module: str) -> str:
    return module.split(".")[1]


def circle() -> list[str]:
    """Return modules of which each imports the next and the last is the first; nothing where there are none."""
    try:
        TopologicalSorter({name: {target(*each) for each in imported(name)} - {name} for name in modules()}).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def against_the_order() -> Iterator[str]:
    """Yield each import that leads to the same floor or a higher one, or past the face of a room."""
    for name in sorted(set(modules()) - {"wannb"}):
        for module, what in imported(name) if room(name) != "mock" else ():
            other = target(module, what)
            if other == "wannb":
                yield f"{name} imports {what} from the door of the package"
            elif room(other) not in (room(name), "mock"):
                if FLOOR[room(other)] >= (FLOOR[room(name)] or 1):
                    yield f"{name} imports {other}"
                if (PACKAGE / room(other)).is_dir() and module.count(".") != (2 if room(module) in _WITH_DOORS else 1):
                    yield f"{name} reaches into {module}"


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def lines_of_rooms() -> dict[str, int]:
    """Return the lines of each room; the mock has several, and the root is a room of its own."""
    found: dict[str, int] = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).parts[:-1]
        name = "/".join(parts[:2] if parts[:1] == ("mock",) else parts[:1])
        found[name] = found.get(name, 0) + lines(path)
    return found


def changing_runs() -> set[str]:
    """Return the rooms that change the state of a run, other than the one where runs are."""
    return {
        room(name)
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if name != "wannb" and room(name) not in ("mock", "runs")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES
    }
