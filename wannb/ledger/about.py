"""What is said beside a picture that is looked at large: its request, out of its own file or its run, and its price."""

from __future__ import annotations

from pathlib import Path

from wannb.display import Facts
from wannb.errors import WannbError
from wannb.files import opened_picture
from wannb.request import FIELDS
from wannb.runs import FILE, Run, read
from wannb.translation import Said

from .recall import recall


def facts(path: Path) -> Facts:
    """Return what is known of a picture's file; only its name and size for one that wannb did not save."""
    lines: list[tuple[str, str]] = []
    code = ""
    try:
        request = recall(path)
    except WannbError:
        pass
    else:
        code = request.code()
        lines = [(FIELDS["prompt"].label, request.prompt), (FIELDS["model"].label, request.model)]
    with opened_picture(path) as image:
        lines.append((FIELDS["size"].label, f"{image.width}*{image.height}"))
    if code and request.seed is not None:
        lines.append((FIELDS["seed"].label, str(request.seed)))
    run = _run_of(path)
    if run is None:
        return Facts(lines=lines, code=code, name=path.name)
    lines += [(Said("Price"), _price(run)), (Said("Generated"), run.created.replace("T", " ")[:16] + " UTC")]
    return Facts(lines=lines, code=code, name=f"{run.id}-{path.name}")


def _run_of(path: Path) -> Run | None:
    try:
        return read(path.parent) if (path.parent / FILE).is_file() else None
    except (WannbError, OSError):
        return None


def _price(run: Run) -> str:
    """Return the price of one image of a run, in words."""
    price = run.record.price
    cost = price.times(1).short if price else Said("price unknown")
    return Said("nothing billed by the mock server (live: {cost})", cost=cost) if run.service == "mock" else cost
