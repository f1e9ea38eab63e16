"""The shape of the project: who may import whom, what an import costs, what no file may hold."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wannb

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "wannb"
ORDER = [
    "__init__",
    "versions",
    "errors",
    "foreign",
    "words",
    "html",
    "service",
    "sizes",
    "fields",
    "inputs",
    "palette",
    "rules",
    "scenes",
    "request",
    "wire",
    "prices",
    "previews",
    "result",
    "pacing",
    "png",
    "transport",
    "soundness",
    "run",
    "index",
    "salvage",
    "store",
    "usual",
    "lookup",
    "submit",
    "collect",
    "task",
    "progress",
    "rescue",
    "client",
    "provenance",
    "typeset",
    "layout",
    "difference",
    "figure",
    "grid",
    "comparison",
    "show",
    "plan",
    "judging",
    "storyboard",
    "forms",
    "connection",
    "recording",
    "hygiene",
    "checkup",
    "pytest_plugin",
    "workshop",
    "serve",
    "tutorials",
    "cli",
]


def imports(path: Path) -> set[str]:
    """Return the modules of the package that a module imports, those for type checking alone left out."""
    found: set[str] = set()

    def walk(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level == 1 and path.parent == PACKAGE:
                found.update([module.partition(".")[0]] if module else [alias.name for alias in node.names])
            elif module == "wannb":
                found.update(alias.name for alias in node.names)
            elif module.startswith("wannb."):
                found.add(module.split(".")[1])
        for child in ast.iter_child_nodes(node):
            walk(child)

    walk(ast.parse(path.read_text()))
    return found & set(ORDER)


MODULES = [*PACKAGE.glob("*.py"), *(PACKAGE / "transport").glob("*.py")]


@pytest.mark.parametrize("path", sorted(MODULES), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_modules_above_it(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return
    name = path.stem if path.parent == PACKAGE else path.parent.name
    assert name in ORDER, f"{name} has no place in the order yet"
    assert imports(path) <= set(ORDER[: ORDER.index(name)]) | {name}


def test_the_mock_imports_nothing_of_the_rest() -> None:
    for path in (PACKAGE / "mock").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("wannb"):
                assert (node.module or "").startswith("wannb.mock"), f"{path.name}: {node.module}"
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.level <= len(path.relative_to(PACKAGE).parts) - 1, f"{path.name}: {ast.unparse(node)}"


def test_only_transport_uses_httpx() -> None:
    users = {path for path in PACKAGE.rglob("*.py") if re.search(r"^\s*(import|from) httpx", path.read_text(), re.M)}
    assert {path.parent.name for path in users} == {"transport"}


def test_no_file_of_the_package_passes_400_lines() -> None:
    long = {str(path): n for path in PACKAGE.rglob("*.py") if (n := len(path.read_text().splitlines())) > 400}
    assert not long


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
    modules = "; ".join(f"import wannb.{name}" for name in ORDER[1:] if name != "forms")
    assert not loaded_by(modules) & {"ipywidgets", "matplotlib", "numpy", "IPython", "pandas"}


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


def test_no_module_is_called_like_a_public_function() -> None:
    """An import of the module would put itself in the function's place."""
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    assert not modules & (set(wannb.__all__) - {"errors", "mock", "__version__"})
