"""Take the options of a sweep apart: those that stay the same, and those that are lists of alternatives."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wannb.ledger import Result
from wannb.request import SupportsInput, as_inputs

#: More requests than this are a slip of the pen: they would take hours at the service's limits.
MOST = 2000
_SINGLE = (str, bytes, bytearray, memoryview, os.PathLike, Mapping, Result, SupportsInput)


def apart(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
    """Return the options with one value, and those with several, in the order in which they were given.

    A list holds alternatives. Palettes and boxes are lists themselves: alternatives of them stand in one more list.
    Pictures are read here, once for all cells.

    Raises:
        ValueError: a list without values, a None among seeds or images, or more than 2,000 combinations.

    >>> apart({"prompt": ["a cat", "a dog"], "seed": range(3), "size": "1K"})
    ({'size': '1K'}, {'prompt': ('a cat', 'a dog'), 'seed': (0, 1, 2)})
    """
    constant: dict[str, Any] = {}
    varying: dict[str, tuple[Any, ...]] = {}
    for name, given in options.items():
        value = _settled(name, given)
        if not _is_list(name, value):
            constant[name] = as_inputs(value) if name == "images" else value
            continue
        values = tuple(as_inputs(each) if name == "images" and each is not None else each for each in value)
        if not values:
            raise ValueError(f"{name}={given!r} holds nothing to try; give one value, or leave {name} out")
        if name in ("seed", "images") and None in values:
            number = values.index(None) + 1
            raise ValueError(f"{name}: value {number} of {len(values)} is None; a sweep needs each {name} it shall try")
        if len(values) == 1:
            constant[name] = values[0]
        else:
            varying[name] = values
    count = math.prod(len(values) for values in varying.values())
    if count > MOST:
        sizes = " x ".join(f"{len(values)} of {name}" for name, values in varying.items())
        raise ValueError(f"{sizes} are {count} requests; a sweep takes up to {MOST}. Split it, or leave some out")
    return constant, varying


def positions(varying: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, int]]:
    """Yield every combination as {option: which of its values}, the last option changing fastest."""
    for numbers in itertools.product(*(range(len(values)) for values in varying.values())):
        yield dict(zip(varying, numbers, strict=True))


def _settled(name: str, value: Any) -> Any:
    """Return a value that can be read again and again: iterators as tuples, arrays of numbers as lists."""
    if isinstance(value, _SINGLE) or hasattr(value, "read") or hasattr(value, "getexif"):
        return value
    if hasattr(value, "tolist") and (name != "images" or not hasattr(value, "__array_interface__")):
        return value.tolist()
    if isinstance(value, (list, tuple)) or hasattr(value, "__next__"):
        return tuple(_settled(name, each) for each in value)
    return value


def _is_list(name: str, value: Any) -> bool:
    if isinstance(value, _SINGLE) or not isinstance(value, Iterable):
        return False
    if hasattr(value, "read") or hasattr(value, "getexif"):
        return False
    if name == "images":
        return not hasattr(value, "__array_interface__")
    return not (name == "bbox_list" and _depth(value) < 4) and not (name == "color_palette" and _is_palette(value))


def _depth(value: Any) -> int:
    """Return how deep lists are nested in a value: boxes of a request are three deep."""
    if isinstance(value, _SINGLE) or not isinstance(value, Iterable):
        return 0
    return 1 + max((_depth(item) for item in value), default=0)


def _is_palette(value: Any) -> bool:
    """Return whether a list is one palette: its items are colours, not lists or {colour: share}."""
    return all(
        hasattr(item, "ratio") or isinstance(item, str) or (isinstance(item, Mapping) and "hex" in item)
        for item in value
    )
