"""What each option of a request is: its default, bounds, choices, label and help.

The one place where an option's text is written: docstrings, signatures, messages and forms read it here.
Values as documented on the API's page (parameter tables, mid-2026).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, Signature, cleandoc, signature
from typing import Any, TypeVar, cast

from wannb.errors import InvalidRequest

from .sizes import PRESETS, PRO, STANDARD

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
    label: str
    type: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    advanced: bool = False


_ALL = (
    Field(
        name="prompt",
        label="Prompt",
        type="str",
        default="",
        maximum=MAX_PROMPT,
        help=f"What to make, in Chinese or English, at most {MAX_PROMPT} characters. Input images are named by their "
        "position: 'image 1', 'image 2'.",
    ),
    Field(
        name="images",
        label="Input images",
        type="Inputs",
        default=(),
        maximum=MAX_IMAGES,
        help=f"Up to {MAX_IMAGES} pictures: a path, a URL, bytes, a PIL image, a NumPy array or an earlier result, one "
        "or a list of them. Each side 240 to 8000 pixels, at most 8:1, at most 20 MB. The last one sets the output's "
        "aspect ratio when size is a preset.",
    ),
    Field(
        name="model",
        label="Model",
        type="str",
        default=PRO,
        choices=MODELS,
        help=f"'{PRO}' (best, up to 4K) or '{STANDARD}' (faster and cheaper, up to 2K).",
    ),
    Field(
        name="size",
        label="Size",
        type="str",
        default="2K",
        choices=tuple(PRESETS),
        help="'1K', '2K', '4K' or 'width*height' in pixels, such as '1280*720'. A preset gives a square, or the "
        "ratio of the last input image; wannb.size_for('16:9') gives a legal free size. 4K is for text to image on "
        f"{PRO} only.",
    ),
    Field(
        name="n",
        label="Images",
        type="int",
        default=1,
        minimum=1,
        maximum=MAX_N_SET,
        help=f"How many images, 1 to {MAX_N}; in an image set 1 to {MAX_N_SET} and a maximum: the model may make "
        "fewer. Each image made is billed.",
    ),
    Field(
        name="seed",
        label="Seed",
        type="int | None",
        default=None,
        minimum=0,
        maximum=MAX_SEED,
        help=f"0 to {MAX_SEED}. The same seed gives similar, not identical, images. With a seed, an equal request that "
        "is already in the store is returned from there and not billed; without one, a seed is drawn and every call "
        "is new.",
    ),
    Field(
        name="watermark",
        label="Watermark",
        type="bool",
        default=False,
        advanced=True,
        help="Put the service's fixed 'AI generated' mark in the bottom right corner.",
    ),
    Field(
        name="thinking_mode",
        label="Thinking",
        type="bool",
        default=True,
        advanced=True,
        help="Think before drawing: better and slower. Only text to image has it; elsewhere it is not sent.",
    ),
    Field(
        name="color_palette",
        label="Palette",
        type="Palette | None",
        default=None,
        minimum=PALETTE.start,
        maximum=PALETTE.stop - 1,
        advanced=True,
        help='3 to 10 colours with shares that add up to 100.00 %: [{"hex": "#C2D1E6", "ratio": "23.51%"}, ...] or '
        '{"#C2D1E6": 23.51, ...}. Not in image sets.',
    ),
    Field(
        name="bbox_list",
        label="Boxes",
        type="Boxes | None",
        default=None,
        maximum=MAX_BOXES,
        advanced=True,
        help="Where to edit: one list for each input image, in it up to two boxes [x1, y1, x2, y2] in pixels of that "
        "image (origin top left, EXIF rotation applied); an empty list for an image without a box. Not in image sets.",
    ),
    Field(
        name="enable_sequential",
        label="Image set",
        type="bool",
        default=False,
        advanced=True,
        help="Make a consistent set of up to 12 images instead of single ones.",
    ),
)

#: Every option by its name, in the order in which people meet them.
FIELDS = {field.name: field for field in _ALL}


#: What every call that makes images takes besides the request's own options.
CALL_HELP = {
    "fresh": "ask and pay again although the store has the answer to an equal seeded request.",
    "via": '"task", or "sync" for the synchronous endpoint, whose answer is lost if the connection is.',
    "timeout": "seconds to wait for a task; it goes on after that.",
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
            advice = f"did you mean {near[0]!r}?" if near else f"the options are {', '.join(allowed)}"
            raise TypeError(f"{name!r} is not an option; {advice}")


def describe(names: Iterable[str]) -> str:
    """Return the `Args:` lines of a docstring for these options."""
    return "\n".join(f"    {name}: {FIELDS[name].help if name in FIELDS else CALL_HELP[name]}" for name in names)


def signature_of(names: Iterable[str]) -> Signature:
    """Return the signature of something that takes these options by keyword."""
    return Signature([_parameter(name) for name in names])


def _parameter(name: str) -> Parameter:
    field = FIELDS[name]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)


def takes(*names: str) -> Callable[[F], F]:
    """Show these options in a function's signature and docstring, where it takes them as `**options`.

    A docstring's line `{options}` is replaced by their help. The function's own keywords stand after them, and a
    misspelt option is a `TypeError` with advice.
    """

    def decorate(plain: F) -> F:
        @wraps(plain)
        def function(*args: Any, **options: Any) -> Any:
            check_names(options, allowed)
            try:
                return plain(*args, **options)
            except InvalidRequest as error:
                # What a person wrote is at fault: the way through this package would only bury the sentence.
                raise error.with_traceback(None) from None

        own = signature(plain)
        shown = [p for p in own.parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
        options = [_parameter(name) for name in names if name not in own.parameters]
        allowed = [p.name for p in shown if p.name != "self"] + [p.name for p in options]
        first_keyword = next((i for i, p in enumerate(shown) if p.kind is Parameter.KEYWORD_ONLY), len(shown))
        function.__signature__ = Signature(  # type: ignore[attr-defined]
            shown[:first_keyword] + options + shown[first_keyword:], return_annotation=own.return_annotation
        )
        if function.__doc__:
            function.__doc__ = cleandoc(function.__doc__).replace(
                "{options}", describe([*names, *(name for name in CALL_HELP if name in own.parameters)])
            )
        return cast(F, function)

    return decorate
