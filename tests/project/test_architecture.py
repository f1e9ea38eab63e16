"""The shape of the project: which room may import which, what an import costs, what no file may hold."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys

import pytest
from rooms import FLOOR, PACKAGE, ROOT, against_the_order, circle, imported, lines_of_rooms, modules, room, target

import wannb

#: All that the mock may know of the rest.
MOCK_MAY = {"wannb.files", "wannb.masking", "wannb.png"}
#: Names in a face that are for people: forms, and what public calls return.
FOR_PEOPLE = {"wannb.scoring.Score"}
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_ROOM = 2300
#: Each of these is many small things of one kind; their limits only fall.
LARGE = {"forms": 7800, "mock/drawing": 2600}
#: What is still too large; this list only shrinks.
OVERFULL: set[str] = set()


INSIDE = sorted(set(modules()) - {"wannb"})


def test_an_import_leads_to_a_lower_floor_through_the_door_of_its_room() -> None:
    assert {room(name) for name in INSIDE} - {"mock"} == set(FLOOR), "each room has a floor"
    assert list(against_the_order()) == []


@pytest.mark.parametrize("name", [name for name in INSIDE if room(name) != "mock"])
def test_an_import_is_in_the_face_of_its_room(name: str) -> None:
    for module, what in imported(name):
        if room(target(module, what)) not in (room(name), "mock") and (PACKAGE / room(target(module, what))).is_dir():
            assert what in importlib.import_module(module).__all__, f"{what} is not in the face of {module}"


def home(name: str) -> str:
    return f"wannb.{room(name)}"


def test_a_face_names_only_what_others_import() -> None:
    """A name in `__all__` that no other room imports belongs to the inside of its room."""
    used = {
        (module, what)
        for name in INSIDE
        for module, what in imported(name)
        if not module.startswith(f"wannb.{room(name)}")
    }
    superfluous = {
        f"{name}.{what}"
        for name in (f"wannb.{each}" for each in set(FLOOR) - {"forms"} if (PACKAGE / each).is_dir())
        for what in getattr(importlib.import_module(name), "__all__", ())
        if (name, what) not in used and what not in wannb.__all__
    }
    assert superfluous == FOR_PEOPLE


@pytest.mark.parametrize("name", [name for name in INSIDE if room(name) == "mock"])
def test_the_mock_knows_nothing_of_the_rest(name: str) -> None:
    """Rules, wire and encoding are written a second time there: what both sides shared would agree with itself."""
    others = {target(*each) for each in imported(name)}
    assert {other for other in others if room(other) != "mock"} <= MOCK_MAY


def test_no_modules_lead_to_each_other() -> None:
    assert circle() == []


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
    assert not long


def test_no_room_is_too_large() -> None:
    sizes = lines_of_rooms()
    assert {name for name, n in sizes.items() if n > LARGE.get(name, MOST_LINES_OF_A_ROOM)} == OVERFULL, sizes


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


def test_no_file_holds_a_key_a_signed_link_or_a_path_of_somebodys_machine() -> None:
    secret = re.compile(rb"sk-[A-Za-z0-9]{24,}|Signature=[A-Za-z0-9%]{12,}|OSSAccessKeyId=[A-Z]|/root/\w")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not listed:
        pytest.skip("not a git checkout")
    for path in (ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()):
        found = secret.search(path.read_bytes())
        assert found is None, f"{path}: {found[0][:40]!r}"


def test_no_module_of_the_door_is_called_like_a_public_function() -> None:
    """An import of the module would put itself in the function's place."""
    doors = {path.stem for path in [*PACKAGE.glob("*.py"), *PACKAGE.glob("*/__init__.py")]}
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert not (doors | rooms) & (set(wannb.__all__) - {"errors", "mock", "forms", "__version__"})


def test_every_file_that_the_map_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = {name for name in re.findall(r"`([\w./]+\.(?:py|js|md|json))`", text) if "<" not in name}
    assert len(named) > 20
    assert [name for name in named if not (PACKAGE / name).exists() and not (ROOT / name).exists()] == []
