"""Options of a request: default, bounds, choices and label of each; its text is in the docstring of `ImageRequest`.

Forms and rules read them; a test holds signatures and docstrings to them. Values are as documented on the API's page
(parameter tables, mid-2026).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypeVar

from wannb.translation import Said, say

from .sizes import PRESETS, PRO, STANDARD

P = ParamSpec("P")
R = TypeVar("R")

MODELS = (PRO, STANDARD)
MAX_PROMPT = 5000
MAX_IMAGES = 9
MAX_BOXES = 2
MAX_SEED = 2147483647
MAX_N, MAX_N_SET = 4, 12
PALETTE = range(3, 11)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One option of a request."""

    name: str
    label: Said
    default: Any
    choices: tuple[str, ...] = ()
    advanced: bool = False


_ALL = (
    Field(name="prompt", label=Said("Prompt"), default=""),
    Field(name="images", label=Said("Input images"), default=()),
    Field(name="model", label=Said("Model"), default=PRO, choices=MODELS),
    Field(name="size", label=Said("Size"), default="2K", choices=tuple(PRESETS)),
    Field(name="n", label=Said("Images"), default=1),
    Field(name="seed", label=Said("Seed"), default=None),
    Field(name="watermark", label=Said("Watermark"), default=False, advanced=True),
    Field(name="thinking_mode", label=Said("Thinking"), default=True, advanced=True),
    Field(name="color_palette", label=Said("Palette"), default=None, advanced=True),
    Field(name="bbox_list", label=Said("Boxes"), default=None, advanced=True),
    Field(name="enable_sequential", label=Said("Image set"), default=False, advanced=True),
)

#: The names of options within a sentence or at the head of a column.
_WORDS = {
    "prompt": Said("prompt"),
    "images": Said("images"),
    "model": Said("model"),
    "size": Said("size"),
    "n": Said("n"),
    "seed": Said("seed"),
    "watermark": Said("watermark"),
    "thinking_mode": Said("thinking_mode"),
    "color_palette": Said("color_palette"),
    "bbox_list": Said("bbox_list"),
    "enable_sequential": Said("enable_sequential"),
}

#: Every option by its name, in the order in which people meet them.
FIELDS = {field.name: field for field in _ALL}


def word_of(name: str) -> str:
    """Return an option's name, which in other languages than English is their word for it.

    >>> word_of("seed")
    'seed'
    """
    return _WORDS.get(name, name)


def check_names(names: Iterable[str], allowed: Iterable[str]) -> None:
    """Raise `TypeError` for an option that does not exist, with the one that was probably meant.

    >>> check_names(["sized"], FIELDS)
    Traceback (most recent call last):
    TypeError: 'sized' is not an option; did you mean 'size'?
    """
    allowed = list(allowed)
    for name in names:
        if name not in allowed:
            near = get_close_matches(name, allowed, n=1)
            if near:
                raise TypeError(
                    say("{name} is not an option; did you mean {near}?", name=repr(name), near=repr(near[0]))
                )
            known = ", ".join(allowed)
            raise TypeError(say("{name} is not an option; the options are {known}", name=repr(name), known=known))


def checks_options(function: Callable[P, R]) -> Callable[P, R]:
    """Return a method that answers a misspelt option with advice."""
    parameters = list(signature(function).parameters.values())[1:]
    names = [parameter.name for parameter in parameters]
    positional = sum(parameter.kind is Parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)

    @wraps(function)
    def checked(*args: P.args, **options: P.kwargs) -> R:
        check_names(options, names)
        if len(args) - 1 > positional:
            call = type(args[0]).__name__ if function.__name__ == "__init__" else function.__name__
            example = f"{call}({names[positional]}={args[positional + 1]!r})"
            raise TypeError(say("options are given by name, as in {example}", example=example))
        return function(*args, **options)

    return checked
