"""Tidy a notebook for others: thumbnails for originals, no keys, no links that expire, no state of widgets.

Outputs and metadata are changed; source cells never are, unless that is asked for.
"""

from __future__ import annotations

import copy
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wannb.connection import open_store
from wannb.ledger import Store

from . import book
from .cells import Finding, Sweep
from .pictures import size
from .traces import Keys, Links

__all__ = ["Finding", "Tidied", "tidy"]

MAX_KB = 500
_BIGGEST = 3


@dataclass(frozen=True, kw_only=True, repr=False)
class Tidied:
    """What `tidy` found in a notebook and did to it.

    Attributes:
        path: the notebook.
        findings: what was found, each with its cell.
        before, after: bytes of the file; `after` as it is, or with `check` as it would be.
        written: whether the file was changed.
        check: whether it was only looked at.
    """

    path: Path
    findings: tuple[Finding, ...]
    before: int
    after: int
    written: bool
    check: bool

    @property
    def changes(self) -> tuple[Finding, ...]:
        """What was changed, or would be."""
        return tuple(finding for finding in self.findings if finding.kind == "change")

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What a person must see to."""
        return tuple(finding for finding in self.findings if finding.kind == "problem")

    @property
    def clean(self) -> bool:
        """Whether nothing is left to do."""
        return not self.problems and not (self.check and self.changes)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as data for JSON."""
        findings = [{"cell": each.cell, "kind": each.kind, "says": each.says} for each in self.findings]
        sizes = {"before": self.before, "after": self.after}
        facts = {"clean": self.clean, "written": self.written, "check": self.check}
        return {"path": str(self.path), **facts, **sizes, "findings": findings}

    def __repr__(self) -> str:
        if self.written:
            head = f"tidied, {size(self.before)} -> {size(self.after)}"
        elif self.clean:
            head = f"tidy, {size(self.after)}"
        else:
            head = f"not tidy, nothing was changed, {size(self.before)}"
        lines = [f"  {finding}" for finding in self.findings if finding.kind != "problem"]
        wrong = [f"  ! {finding}" for finding in self.problems]
        return "\n".join([f"{self.path.name}: {head}", *lines, *wrong])


def tidy(
    path: str | os.PathLike[str],
    *,
    check: bool = False,
    max_kb: float = MAX_KB,
    source: bool = False,
    store: str | os.PathLike[str] | None = None,
) -> Tidied:
    """Make a saved notebook light and fit to be shared, and return what was found.

    In outputs: pictures above 150 kB become JPEG thumbnails of 512 pixels; links that expire become the path of their
    picture in the folder of runs, where the output names its run or task, or a note; widgets' state is dropped, and
    what stands beside it stays; API keys are masked. A key in a source cell is refused: nothing is written. A second
    call changes nothing. Save the notebook first; a front end that has it open offers to load it again.

    Args:
        path: the notebook.
        check: only say what would be changed.
        max_kb: a notebook of more kilobytes is a problem, with its largest cells named.
        source: mask keys and replace links in source cells too.
        store: the folder of runs, for expiring links; by default `WANNB_STORE`, or "wannb-runs" beside the notebook or
            in the working folder.

    Raises:
        ValueError: it is no notebook, cannot be read or written, or was changed by another program meanwhile.

    >>> wannb.tidy("book.ipynb")    # doctest: +SKIP
    book.ipynb: tidied, 6.1 MB -> 203 kB
      cell 2: picture (2048*2048, 5.2 MB) -> thumbnail (512*512, 61 kB)
      cell 4: widget dropped; what stands beside it stays
    """
    if isinstance(max_kb, bool) or not isinstance(max_kb, (int, float)) or not max_kb > 0:
        raise ValueError(f"max_kb={max_kb!r} is no size; give kilobytes above 0, such as 500")
    opened = book.read(path)
    try:
        return _tidied(opened, check=check, most=max_kb, source=source, store=store)
    except RecursionError:
        raise ValueError(f"{str(path)!r} is no notebook: it is nested too deeply") from None


def _tidied(
    opened: book.Book, *, check: bool, most: float, source: bool, store: str | os.PathLike[str] | None
) -> Tidied:
    before = copy.deepcopy(opened.tree)
    folder = opened.path.parent
    sweep = Sweep(Keys(), Links(folder, _stores(store, folder)), source=source)
    sweep.run(opened.tree)
    content = opened.content if opened.tree == before else opened.encoded()
    findings = [*sweep.findings]
    if len(content) > most * 1000:
        findings.append(_too_large(opened.tree, len(content), most))
    changed = content != opened.content and not sweep.refused
    if changed and not check:
        opened.write(content)
    after = opened.content if sweep.refused else content
    return Tidied(
        path=opened.path,
        findings=tuple(findings),
        before=len(opened.content),
        after=len(after),
        written=changed and not check,
        check=check,
    )


def _stores(given: str | os.PathLike[str] | None, folder: Path) -> list[Store]:
    own = open_store(given)
    if given or os.environ.get("WANNB_STORE", "").strip():
        return [own]
    return [Store(root) for root in dict.fromkeys((folder / "wannb-runs", own.root))]


def _too_large(tree: dict[str, Any], total: int, most: float) -> Finding:
    sizes = [(len(json.dumps(cell, ensure_ascii=False)), number) for number, cell in enumerate(tree["cells"], 1)]
    largest = ", ".join(f"cell {number} ({size(each)})" for each, number in sorted(sizes, reverse=True)[:_BIGGEST])
    says = f"{size(total)} is more than {most:g} kB; the largest are {largest}: show fewer pictures, or clear outputs"
    return Finding(cell=None, kind="problem", says=says)
