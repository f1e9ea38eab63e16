"""Options of a request: default, bounds, choices, label and help of each.

An option's text is written here. Forms and rules read it; a test holds signatures and docstrings to it. Values as
documented on the API's page (parameter tables, mid-2026).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypeVar

from wannb.errors import InvalidRequest
from wannb.translation import Said, say

from .sizes import PRESETS, PRO, STANDARD

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

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
    type: str
    default: Any
    help: Said
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    advanced: bool = False


_ALL = (
    Field(
        name="prompt",
        label=Said("Prompt"),
        type="str",
        default="",
        maximum=MAX_PROMPT,
        help=Said(
            "Description of the image, in Chinese or English, at most {most} characters. Input images are named by "
            "their position: 'image 1', 'image 2'.",
            most=MAX_PROMPT,
        ),
    ),
    Field(
        name="images",
        label=Said("Input images"),
        type="Inputs",
        default=(),
        maximum=MAX_IMAGES,
        help=Said(
            "Up to {most} pictures, one or a list: a path, a URL, bytes, a PIL image, a NumPy array or an earlier "
            "result. Each side 240 to 8000 pixels, at most 8:1, at most 20 MB. The last one sets the output's aspect "
            "ratio when size is a preset.",
            most=MAX_IMAGES,
        ),
    ),
    Field(
        name="model",
        label=Said("Model"),
        type="str",
        default=PRO,
        choices=MODELS,
        help=Said(
            "'{pro}' (best, up to 4K) or '{standard}' (faster and cheaper, up to 2K).", pro=PRO, standard=STANDARD
        ),
    ),
    Field(
        name="size",
        label=Said("Size"),
        type="str",
        default="2K",
        choices=tuple(PRESETS),
        help=Said(
            "'1K', '2K', '4K' or 'width*height' in pixels, such as '1280*720'. A preset gives a square, or the ratio "
            "of the last input image; wannb.size_for('16:9') gives a legal free size. 4K is for text to image on "
            "{pro} only.",
            pro=PRO,
        ),
    ),
    Field(
        name="n",
        label=Said("Images"),
        type="int",
        default=1,
        minimum=1,
        maximum=MAX_N_SET,
        help=Said(
            "Number of images, 1 to {most}; in an image set 1 to {most_in_set} and a maximum: the model may return "
            "fewer. Each image that comes back is billed.",
            most=MAX_N,
            most_in_set=MAX_N_SET,
        ),
    ),
    Field(
        name="seed",
        label=Said("Seed"),
        type="int | None",
        default=None,
        minimum=0,
        maximum=MAX_SEED,
        help=Said(
            "0 to {most}. The same seed gives similar, not identical, images. An equal request with a seed is answered "
            "from the runs folder and not billed again; without one, a seed is drawn and every call is new.",
            most=MAX_SEED,
        ),
    ),
    Field(
        name="watermark",
        label=Said("Watermark"),
        type="bool",
        default=False,
        advanced=True,
        help=Said("Adds the service's fixed 'AI generated' mark in the bottom right corner."),
    ),
    Field(
        name="thinking_mode",
        label=Said("Thinking"),
        type="bool",
        default=True,
        advanced=True,
        help=Said("Thinks before drawing: better and slower. Only text to image has it; elsewhere it is not sent."),
    ),
    Field(
        name="color_palette",
        label=Said("Palette"),
        type="Palette | None",
        default=None,
        minimum=PALETTE.start,
        maximum=PALETTE.stop - 1,
        advanced=True,
        help=Said(
            '3 to 10 colors with shares that add up to 100.00 %: [{"hex": "#C2D1E6", "ratio": "23.51%"}, ...] or '
            '{"#C2D1E6": 23.51, ...}. Not in image sets.'
        ),
    ),
    Field(
        name="bbox_list",
        label=Said("Boxes"),
        type="Boxes | None",
        default=None,
        maximum=MAX_BOXES,
        advanced=True,
        help=Said(
            "Where to edit: a list for each input image, with up to two boxes [x1, y1, x2, y2] in pixels of that image "
            "(origin top left, EXIF rotation applied); an empty list for an image without a box. Not in image sets."
        ),
    ),
    Field(
        name="enable_sequential",
        label=Said("Image set"),
        type="bool",
        default=False,
        advanced=True,
        help=Said("Asks for a consistent set of up to {most} images instead of single ones.", most=MAX_N_SET),
    ),
)

#: Every option by its name, in the order in which people meet them.
FIELDS = {field.name: field for field in _ALL}

#: Options of every call that generates images, besides those of the request.
CALL_HELP = {
    "fresh": "Ask and pay again although the runs folder has the answer to an equal seeded request.",
    "via": '"task", or "sync" for the synchronous endpoint, whose answer is lost if the connection is.',
    "timeout": "Seconds to wait for a task, which goes on after that; None waits until it ends.",
}


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
    """Return a method that answers a misspelt option with advice, and an illegal request with a short traceback."""
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
        try:
            return function(*args, **options)
        except InvalidRequest as error:
            # The mistake is in what a person wrote; frames of this package would only bury the sentence.
            raise error.with_traceback(None) from None

    return checked
