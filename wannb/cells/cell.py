"""Cells: the requests of a sweep, one for each combination of the options that vary."""

from __future__ import annotations

import itertools
import math
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from wannb.figures import OwnLabel, labels_of
from wannb.request import FIELDS, ImageRequest, SupportsInput, as_inputs, inputs
from wannb.runs import Result
from wannb.translation import Said, say, shorten

#: The most requests of one plan. More are probably a mistake: they would take hours at the service's limits.
MOST = 2000
_SLOT = re.compile(r"\{([^\W\d]\w{0,39})\}")
_SINGLE = (str, bytes, bytearray, memoryview, os.PathLike, Mapping, Result, SupportsInput)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One request of a plan.

    Attributes:
        options: the options that vary, with this cell's values.
        positions: for each of them, which of its values that is, from 0.
        template: the prompt as it was given, which may have slots.
        problems: the rules it breaks, as sentences; a cell with problems is never sent.
        fingerprint: of the request; equal requests of a plan are one run.
        origin: the fingerprint of the request that the options make, which is another one where it was replaced.
        replaced: by what and why, "" where nothing was.
    """

    options: Mapping[str, Any]
    positions: Mapping[str, int] = field(repr=False)
    request: ImageRequest = field(repr=False)
    template: str = field(repr=False)
    problems: tuple[str, ...]
    fingerprint: str = field(repr=False)
    origin: str = field(repr=False)
    replaced: str = ""


def cells_of(constant: Mapping[str, Any], varying: Mapping[str, tuple[Any, ...]]) -> tuple[Cell, ...]:
    """Return a cell for every combination of the varying options, the last option changing fastest.

    Names that are no options of a request are slots of its prompt.
    """
    made = []
    for numbers in itertools.product(*(range(len(values)) for values in varying.values())):
        positions = dict(zip(varying, numbers, strict=True))
        options = {name: varying[name][number] for name, number in positions.items()}
        asked = {**constant, **options}
        slots = {name: asked.pop(name) for name in list(asked) if name not in FIELDS}
        template = str(asked.get("prompt", ""))
        if slots:
            asked["prompt"] = filled(asked["prompt"], slots)
        request = ImageRequest(**asked)
        problems = tuple(problem.said for problem in request.problems())
        if request.seed is None:
            problems += (Said("seed=None: without a seed every run would send and pay for it again"),)
        print_ = request.fingerprint
        places: dict[str, Any] = {"options": options, "positions": positions, "template": template}
        cell = Cell(**places, request=request, problems=problems, fingerprint=print_, origin=print_)
        made.append(cell)
    return tuple(made)


def slots_of(prompts: Any) -> set[str]:
    """Return the names in braces of a prompt, or of all prompts of a list."""
    texts = [prompts] if isinstance(prompts, str) else prompts if isinstance(prompts, (list, tuple)) else []
    return {name for text in texts if isinstance(text, str) for name in _SLOT.findall(text)} - set(FIELDS)


def filled(template: str, slots: Mapping[str, Any]) -> str:
    """Return a prompt with the values of its slots; other braces stay as they are.

    >>> filled("a {animal} in {place}", {"animal": "cat"})
    'a cat in {place}'
    """
    return _SLOT.sub(lambda found: str(slots.get(found[1], found[0])), template)


def select(varying: Mapping[str, tuple[Any, ...]], which: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return the values of each varying option that are meant: values, positions, slices, or lists of them.

    Raises:
        ValueError: an option that does not vary, or a value that is not among its values.

    >>> select({"prompt": ("a cat", "a dog"), "seed": (1, 2, 3)}, {"prompt": 0, "seed": [1, 3]})
    {'prompt': ('a cat',), 'seed': (1, 3)}
    """
    for name in which:
        if name not in varying:
            known = ", ".join(map(repr, varying)) or Said("nothing")
            raise ValueError(say("{name} does not vary in this plan; these do: {known}", name=repr(name), known=known))
    return {
        name: tuple(values[at] for at in _positions(name, values, which[name])) if name in which else values
        for name, values in varying.items()
    }


def labels_for(
    varying: Mapping[str, tuple[Any, ...]], given: Mapping[str, Any], *, short: bool
) -> dict[str, tuple[str, ...]]:
    """Return a label for each value of each option: the given ones, else what tells it from the others.

    Raises:
        ValueError: an option or a value that does not vary, or another number of labels than of values.

    >>> labels_for({"seed": (1, 2)}, {"seed": {2: "second"}}, short=True)
    {'seed': ('1', 'second')}
    """
    select(varying, dict.fromkeys(given, slice(None)))
    made = {}
    for name, values in varying.items():
        own = list(labels_of(values, gap="", common=short))
        texts = given.get(name, {})
        if isinstance(texts, Mapping):
            for value, text in texts.items():
                own[_positions(name, values, value)[0]] = OwnLabel(text)
        elif isinstance(texts, str) or len(texts) != len(values):
            told = {"name": name, "given": repr(texts), "n": len(values)}
            raise ValueError(say("labels: {name} has {n} values, give a text for each, not {given}", **told))
        else:
            own = [*map(OwnLabel, texts)]
        made[name] = tuple(own)
    return made


def _positions(name: str, values: tuple[Any, ...], wanted: Any) -> list[int]:
    if isinstance(wanted, slice):
        return list(range(len(values))[wanted]) or _unknown(name, values, wanted)
    if name == "images":
        with suppress(TypeError, ValueError, OSError):
            pictures = as_inputs(wanted)
            wanted = pictures if pictures in values else wanted
    if wanted in values:
        return [values.index(wanted)]
    numbers = all(isinstance(value, int) for value in values)
    if type(wanted) is int and not numbers and -len(values) <= wanted < len(values):
        return [wanted % len(values)]
    if isinstance(wanted, (list, tuple, range)) and wanted:
        found = [at for each in wanted for at in _positions(name, values, each)]
        return list(dict.fromkeys(found))
    return _unknown(name, values, wanted)


def _unknown(name: str, values: tuple[Any, ...], wanted: Any) -> list[int]:
    told = {"name": name, "value": repr(wanted), "known": shorten(", ".join(map(repr, values)), 300)}
    raise ValueError(say("{name}={value} is not in this plan; its values: {known}", **told))


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
