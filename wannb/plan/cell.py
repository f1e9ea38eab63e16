"""Cells: the requests of a sweep, one for each combination of the options that vary."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wannb.request import ImageRequest, SupportsInput, as_inputs, inputs
from wannb.runs import Result
from wannb.translation import Said, say

#: The most requests of one plan. More are probably a mistake: they would take hours at the service's limits.
MOST = 2000
_SINGLE = (str, bytes, bytearray, memoryview, os.PathLike, Mapping, Result, SupportsInput)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One request of a plan.

    Attributes:
        options: the options that vary, with this cell's values.
        positions: for each of them, which of its values that is, from 0.
        request: what is sent.
        problems: the rules it breaks, as sentences; a cell with problems is never sent.
        fingerprint: of the request; equal requests of a plan are one run.
    """

    options: Mapping[str, Any]
    positions: Mapping[str, int] = field(repr=False)
    request: ImageRequest = field(repr=False)
    problems: tuple[str, ...]
    fingerprint: str = field(repr=False)


def cells_of(constant: Mapping[str, Any], varying: Mapping[str, tuple[Any, ...]]) -> tuple[Cell, ...]:
    """Return a cell for every combination of the varying options, the last option changing fastest."""
    made = []
    for numbers in itertools.product(*(range(len(values)) for values in varying.values())):
        positions = dict(zip(varying, numbers, strict=True))
        options = {name: varying[name][number] for name, number in positions.items()}
        request = ImageRequest(**{**constant, **options})
        problems = tuple(problem.said for problem in request.problems())
        if request.seed is None:
            problems += (Said("seed=None: without a seed every run would send and pay for it again"),)
        cell = Cell(
            options=options, positions=positions, request=request, problems=problems, fingerprint=request.fingerprint
        )
        made.append(cell)
    return tuple(made)


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
    """Return the options with one value and those with several, both in the order in which they were given.

    A list holds alternatives. Palettes and boxes are lists themselves: alternatives of them are a list of such lists.
    Input images are read here, once for all cells.

    Raises:
        ValueError: an empty list, a None among seeds or images, or more than 2,000 combinations.

    >>> split_options({"prompt": ["a cat", "a dog"], "seed": range(3), "size": "1K"})
    ({'size': '1K'}, {'prompt': ('a cat', 'a dog'), 'seed': (0, 1, 2)})
    """
    constant: dict[str, Any] = {}
    varying: dict[str, tuple[Any, ...]] = {}
    for name, given in options.items():
        value = _reusable(name, given)
        if not _is_list(name, value):
            constant[name] = as_inputs(value) if name == "images" else value
            continue
        values = tuple(as_inputs(each) if name == "images" and each is not None else each for each in value)
        if not values:
            empty = {"name": name, "value": given}
            raise ValueError(
                say("{name}={value} has no values to try; give at least one, or leave {name} out", **empty)
            )
        if name in ("seed", "images") and None in values:
            place = {"name": name, "number": values.index(None) + 1, "of": len(values)}
            raise ValueError(say("{name}: value {number} of {of} is None; give every {name} to try", **place))
        if len(values) == 1:
            constant[name] = values[0]
        else:
            varying[name] = values
    count = math.prod(len(values) for values in varying.values())
    if count > MOST:
        sizes = " x ".join(f"{len(values)} {name}" for name, values in varying.items())
        asked = {"sizes": sizes, "n": count, "most": MOST}
        raise ValueError(say("{sizes} = {n} requests; a sweep has at most {most}. Split it in parts", **asked))
    return constant, varying


def _is_single(name: str, value: Any) -> bool:
    """Return whether a value that can be iterated is one value: a text, a file, a picture."""
    if isinstance(value, _SINGLE) or hasattr(value, "read") or hasattr(value, "getexif"):
        return True
    return name == "images" and inputs.parts(value) is None


def _reusable(name: str, value: Any) -> Any:
    """Return a value that can be read again and again: iterators as tuples, arrays of numbers as lists."""
    if _is_single(name, value):
        return value
    if name == "images":
        return tuple(_reusable(name, each) for each in inputs.parts(value) or ())
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple)) or hasattr(value, "__next__"):
        return tuple(_reusable(name, each) for each in value)
    return value


def _is_list(name: str, value: Any) -> bool:
    """Return whether a value is a list of alternatives."""
    if _is_single(name, value) or not isinstance(value, Iterable):
        return False
    return not (name == "bbox_list" and _depth(value) < 4) and not (name == "color_palette" and _is_palette(value))


def _depth(value: Any) -> int:
    """Return how deep lists are nested in a value: boxes of a request are three deep."""
    if isinstance(value, _SINGLE) or not isinstance(value, Iterable):
        return 0
    return 1 + max((_depth(item) for item in value), default=0)


def _is_palette(value: Any) -> bool:
    """Return whether a list is one palette: its items are colors, not lists or {color: share}."""
    return all(
        hasattr(item, "ratio") or isinstance(item, str) or (isinstance(item, Mapping) and "hex" in item)
        for item in value
    )
