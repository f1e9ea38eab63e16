"""The shape of the project: which room may import which, what an import costs, what no file may hold."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import wannb

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "wannb"
#: An import leads to a lower floor, or stays in its own room. `docs/architecture.md` draws this.
FLOORS = [
    {"_old_translation", "_version", "errors", "files", "masking", "png", "text", "translation"},
    {"request"},
    {"service", "display"},
    {"ledger"},
    {"client", "figures"},
    {"connection", "plan", "storyboard"},
    {"forms"},
    {"judging", "tools"},
    {"commands"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
#: All that the mock may know of the rest.
MOCK_MAY = {"wannb.files", "wannb.masking", "wannb.png"}
#: Circles that are still there; this list only shrinks.
CIRCLES: list[set[str]] = [
    {"wannb.plan.carrying", "wannb.plan.forecast", "wannb.plan.matrix", "wannb.plan.plan", "wannb.plan.records"},
    {"wannb.judging.display", "wannb.judging.form", "wannb.judging.scoring"},
    {"wannb.mock.recordings.format", "wannb.mock.recordings.run_folders"},
    {"wannb.forms.form", "wannb.forms.still"},
    {"wannb.storyboard.alone", "wannb.storyboard.board"},
]
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_ROOM = 2300
#: Each of these is many small things of one kind.
LARGE = {"forms", "mock/drawing"}
#: What is still too long or too large; these lists only shrink.
LONG = {"wannb.judging.scoring:scores", "wannb.mock.drawing.people:bust", "wannb.mock.drawing.people:_hair_before"}
OVERFULL = {"storyboard", "mock/server", "ledger"}


@cache
def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = [*path.relative_to(ROOT).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imported(name: str) -> tuple[tuple[str, str], ...]:
    """Return what a module imports from the package, each as module and name; those for type checking too."""
    package = name if modules()[name].name == "__init__.py" else name.rpartition(".")[0]
    found: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(modules()[name].read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found += [(module, alias.name) for alias in node.names]
    return tuple((module, what) for module, what in found if module.partition(".")[0] == "wannb")


def target(module: str, name: str) -> str:
    """Return the module that an import leads to."""
    return f"{module}.{name}" if f"{module}.{name}" in modules() else module


def room(module: str) -> str:
    return module.split(".")[1]


INSIDE = sorted(set(modules()) - {"wannb"})


@pytest.mark.parametrize("name", [name for name in INSIDE if room(name) != "mock"])
def test_an_import_leads_to_a_lower_floor_and_through_the_face_of_its_room(name: str) -> None:
    assert room(name) in FLOOR, f"{room(name)} has no floor yet"
    for module, what in imported(name):
        other = target(module, what)
        if module == "wannb" and other == "wannb":
            pytest.fail(f"{what} is taken from the door of the package: import it where it is made")
        if room(other) in (room(name), "mock"):
            continue
        assert FLOOR[room(other)] < (FLOOR[room(name)] or 1), f"{name} imports {other}"
        if (PACKAGE / room(other)).is_dir():
            face = module.count(".") == (2 if room(module) == "tools" else 1)
            assert face, f"{name} reaches into {module}"
            assert what in importlib.import_module(module).__all__, f"{what} is not in the face of {module}"


@pytest.mark.parametrize("name", [name for name in INSIDE if room(name) == "mock"])
def test_the_mock_knows_nothing_of_the_rest(name: str) -> None:
    """Rules, wire and encoding are written a second time there: what both sides shared would agree with itself."""
    others = {target(*each) for each in imported(name)}
    assert {other for other in others if room(other) != "mock"} <= MOCK_MAY


def circles() -> list[set[str]]:
    """Return the sets of modules that lead to each other (Tarjan)."""
    arrows = {name: {target(*each) for each in imported(name)} - {name} for name in modules()}
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    found: list[set[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        path.append(name)
        for other in arrows[name]:
            if other not in number:
                visit(other)
            if other in path:
                low[name] = min(low[name], low[other])
        if low[name] == number[name]:
            circle = set(path[path.index(name) :])
            del path[path.index(name) :]
            if len(circle) > 1:
                found.append(circle)

    for name in arrows:
        if name not in number:
            visit(name)
    return found


def test_no_modules_lead_to_each_other() -> None:
    assert [circle for circle in circles() if circle not in CIRCLES] == []
    assert [circle for circle in CIRCLES if circle not in circles()] == [], "take it off the list"


def test_only_service_and_recordings_use_httpx() -> None:
    users = {path for path in PACKAGE.rglob("*.py") if re.search(r"^\s*(import|from) httpx", path.read_text(), re.M)}
    assert {str(path.parent.relative_to(PACKAGE)) for path in users} <= {"service", "mock/recordings"}


def test_no_function_is_too_long() -> None:
    long = {
        f"{name}:{node.name}": node.end_lineno - node.lineno + 1
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MOST_LINES_OF_A_FUNCTION
    }
    assert set(long) == LONG, long


def test_no_room_is_too_large() -> None:
    lines: dict[str, int] = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).parts[:-1]
        name = "/".join(parts[:2] if parts[:1] == ("mock",) else parts[:1])
        lines[name] = lines.get(name, 0) + len(path.read_text().splitlines())
    assert {name: n for name, n in lines.items() if n > MOST_LINES_OF_A_ROOM and name not in LARGE}.keys() == OVERFULL


def loaded_by(code: str) -> set[str]:
    output = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys, json; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(json.loads(output.splitlines()[-1]))


def test_the_import_is_light() -> None:
    heavy = {"ipywidgets", "matplotlib", "httpx", "PIL", "numpy", "anywidget", "IPython", "pandas"}
    assert not loaded_by("import wannb") & heavy
    assert not loaded_by("import wannb.mock") & heavy
    rooms = "; ".join(f"import wannb.{name}" for name in FLOOR if name != "forms")
    assert not loaded_by(rooms) & {"ipywidgets", "matplotlib", "numpy", "IPython", "pandas"}


def test_every_public_name_is_there_and_described() -> None:
    for name in wannb.__all__:
        value = getattr(wannb, name)
        assert name == "__version__" or value.__doc__, name
    assert set(wannb.__all__) <= set(dir(wannb))
    with pytest.raises(AttributeError, match="no attribute 'genrate'"):
        _ = wannb.genrate


def test_the_error_tree_is_drawn_whole() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", wannb.errors.__doc__ or "")) | {"WannbError"}
    real = {
        name
        for name, value in vars(wannb.errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and not name.startswith("_")
    }
    assert drawn == real


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    if not any(listed):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_no_file_holds_a_key_a_signed_link_or_a_path_of_somebodys_machine() -> None:
    secret = re.compile(rb"sk-[A-Za-z0-9]{24,}|Signature=[A-Za-z0-9%]{12,}|OSSAccessKeyId=[A-Z]|/root/\w")
    for path in tracked():
        found = secret.search(path.read_bytes())
        assert found is None, f"{path}: {found[0][:40]!r}"


def test_no_module_of_the_door_is_called_like_a_public_function() -> None:
    """An import of the module would put itself in the function's place."""
    doors = {path.stem for path in [*PACKAGE.glob("*.py"), *PACKAGE.glob("*/__init__.py")]}
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert not (doors | rooms) & (set(wannb.__all__) - {"errors", "mock", "forms", "__version__"})
