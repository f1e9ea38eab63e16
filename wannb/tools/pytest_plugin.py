"""A pytest check that notebooks are tidy: `pytest --wannb-tidy notebooks/`; without the option it does nothing.

Each notebook is one test, beside those that nbval or others make of its cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


class TidyItem(pytest.Item):
    """The one test of a notebook."""

    def runtest(self) -> None:
        """Fail with all that `wannb tidy` would change or refuse."""
        from wannb.tools.tidy import tidy

        try:
            found = tidy(self.path, check=True, max_kb=self.config.getoption("wannb_tidy_max_kb"))
        except ValueError as error:
            pytest.fail(str(error), pytrace=False)
        if not found.clean:
            pytest.fail(f"{found}\nwannb tidy {self.path.name} changes what can be changed", pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return what stands at the head of a failure."""
        return self.path, None, f"{self.path.name} is tidy"


class TidyFile(pytest.File):
    """A notebook, looked at as a whole."""

    def collect(self) -> Iterator[TidyItem]:
        """Yield its one test."""
        yield TidyItem.from_parent(self, name="tidy")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("wannb", "wannb: tidy notebooks")
    group.addoption("--wannb-tidy", action="store_true", help="check that every notebook is tidy (wannb tidy --check)")
    group.addoption(
        "--wannb-tidy-max-kb", type=float, default=500, metavar="KB", help="largest notebook (default: 500)"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> TidyFile | None:
    """Collect notebooks, if that was asked for."""
    if file_path.suffix != ".ipynb" or not parent.config.getoption("wannb_tidy", default=False):
        return None
    if ".ipynb_checkpoints" in file_path.parts:
        return None
    return TidyFile.from_parent(parent, path=file_path)
