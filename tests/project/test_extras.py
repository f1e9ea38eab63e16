"""What `pip install` brings: all that the package and the tutorials import."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from rooms import imports, modules

import wannb

PACKAGE = Path(wannb.__file__).parent
#: Comes with a package that is named: numpy with matplotlib, the others with JupyterLab and ipywidgets.
COMES_ALONG = {"numpy", "packaging", "traitlets"}
#: Imported only where a person has it.
OPTIONAL = {"pytest"}


def extras() -> dict[str, list[str]]:
    tomllib: Any = pytest.importorskip("tomllib")
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    return {"": project["dependencies"], **project["optional-dependencies"]}


def names(extra: str) -> set[str]:
    """Return the packages that an extra installs, those of the extras that it names included."""
    found: set[str] = set()
    for line in extras()[extra]:
        name, inner = re.match(r"([\w.-]+)(?:\[([\w,]+)\])?", line).groups()  # type: ignore[union-attr]
        found |= {each for more in inner.split(",") for each in names(more)} if inner else {name.lower()}
    return found


def imported() -> set[str]:
    """Return the distributions of every package that wannb imports, within functions too."""
    tops = {module.partition(".")[0] for name in modules() for module, _ in imports(name)}
    known = packages_distributions()
    foreign = tops - set(sys.stdlib_module_names) - {"wannb", "typing_extensions"}
    return {known.get(top, [top])[0].lower().replace("_", "-") for top in foreign}


def test_the_lab_installs_all_that_the_tutorials_use() -> None:
    installed = names("") | names("lab") | names("studio") | COMES_ALONG | OPTIONAL
    assert imported() - installed == set()
    assert {"pandas", "evalica", "python-pptx", "jupyterlab"} <= names("lab")


def test_each_dependency_says_why_it_is_needed() -> None:
    lines = (PACKAGE.parent / "pyproject.toml").read_text("utf-8").splitlines()
    for name in sorted(names("") | names("lab") | names("studio")):
        [line] = [each for each in lines if re.search(rf'"{name}[>=]', each)]
        assert re.search(r"#\s+\S+ \S+", line), line
