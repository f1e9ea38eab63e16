"""What `pip install` brings: all that the package and the tutorials import."""

from __future__ import annotations

import ast
import functools
import json
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from documents import PAGES, blocks
from rooms import imports, modules

import wannb

PACKAGE = Path(wannb.__file__).parent
#: Comes with a package that is named: numpy with matplotlib, the others with JupyterLab and ipywidgets.
COMES_ALONG = {"numpy", "packaging", "traitlets"}
#: What the page of `wannb studio` is served by: Voilà, and what that is made of.
STUDIO = {"jupyter-core", "jupyter-server", "tornado", "voila"}
#: What serves the pages of `wannb class`.
CLASS = {"anyio", "starlette", "uvicorn"}
#: What a class behind JupyterHub asks the hub with; it brings tornado.
HUB = {"jupyterhub"}
#: Imported only where a person, or the host of the notebook, has it.
OPTIONAL = {"pytest", "truststore", "google", "kaggle-secrets", "pyarrow"}


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
    return distributions({module.partition(".")[0] for name in modules() for module, _ in imports(name)})


def examples() -> dict[str, str]:
    """Return the Python code of every tutorial, of the README and of the site."""
    folder = PACKAGE.parent / "notebooks"
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        found[path.stem] = "\n".join("".join(each["source"]) for each in cells if each["cell_type"] == "code")
    for page in PAGES:
        if code := "".join(text for kind, text in blocks(page) if kind == "python"):
            found[page.relative_to(PACKAGE.parent).as_posix()] = code
    return found


#: Reads the list of files of every package that is installed: a second each time.
known_packages = functools.cache(packages_distributions)


def distributions(tops: set[str]) -> set[str]:
    known = known_packages()
    foreign = tops - set(sys.stdlib_module_names) - {"wannb", "typing_extensions"}
    return {known.get(top, [top])[0].lower().replace("_", "-") for top in foreign}


@pytest.mark.parametrize("name", sorted(examples()))
def test_what_an_example_imports_comes_with_the_lab(name: str) -> None:
    # A cell may await, outside of a function too.
    tree = compile(examples()[name], name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    tops = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            tops |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            tops.add(str(node.module).partition(".")[0])
    assert "wannb" in tops
    assert distributions(tops) - names("") - names("lab") - COMES_ALONG == set()


def test_what_the_package_imports_comes_with_the_lab() -> None:
    """Also what is imported only when it is used: by a table, by scores, by slides."""
    optional = imported() - names("") - STUDIO - CLASS - HUB - COMES_ALONG - OPTIONAL
    assert optional == {"evalica", "imageio-ffmpeg", "pandas", "python-pptx", "scipy"}
    assert optional | {"jupyterlab"} <= names("lab")


def test_the_start_page_says_of_each_optional_package_what_it_is_for() -> None:
    page = (PACKAGE.parent / "docs" / "start.md").read_text("utf-8")
    start = page[page.index("## What is installed") :]
    says = r"extra package: .*DataFrames \(pandas;.*scores.*`\[judge\]`.*slides.*`\[slides\]`.*parquet.*`\[parquet\]`"
    assert re.search(says, start, re.S)


def test_each_dependency_says_why_it_is_needed() -> None:
    lines = (PACKAGE.parent / "pyproject.toml").read_text("utf-8").splitlines()
    for name in sorted(names("") | names("lab") | names("studio") | names("class") | names("hub")):
        [line] = [each for each in lines if re.search(rf'"{name}[>=]', each)]
        assert re.search(r"#\s+\S+ \S+", line), line
