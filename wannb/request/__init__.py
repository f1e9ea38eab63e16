"""Request: what is asked of the service, and its rules.

May import the modules at the root. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from . import inputs, set_prompt
from .code import board_call, open_call, sweep_call
from .fields import (
    FIELDS,
    MAX_BOXES,
    MAX_IMAGES,
    MAX_N,
    MAX_N_SET,
    MAX_SEED,
    MODELS,
    PALETTE,
    check_names,
    checks_options,
    word_of,
)
from .image_request import (
    EDITING,
    IMAGE_SET,
    INTERACTIVE,
    MODES,
    MULTI_REFERENCE,
    TEXT_SET,
    TEXT_TO_IMAGE,
    Boxes,
    ImageRequest,
    mode_of,
)
from .inputs import (
    FITS,
    MAX_FILE,
    Input,
    InputImage,
    Inputs,
    SupportsInput,
    as_input,
    as_inputs,
    fit,
    from_bytes,
    missing,
)
from .palette import Color, Palette, as_palette, palette_from, palette_rules, shares
from .pixels import to_srgb
from .sizes import PRESETS, PRO, STANDARD, parse, size_for, size_problem

__all__ = [
    "EDITING",
    "FIELDS",
    "FITS",
    "IMAGE_SET",
    "INTERACTIVE",
    "MAX_BOXES",
    "MAX_FILE",
    "MAX_IMAGES",
    "MAX_N",
    "MAX_N_SET",
    "MAX_SEED",
    "MODELS",
    "MODES",
    "MULTI_REFERENCE",
    "PALETTE",
    "PRESETS",
    "PRO",
    "STANDARD",
    "TEXT_SET",
    "TEXT_TO_IMAGE",
    "Boxes",
    "Color",
    "ImageRequest",
    "Input",
    "InputImage",
    "Inputs",
    "Palette",
    "SupportsInput",
    "as_input",
    "as_inputs",
    "as_palette",
    "board_call",
    "check_names",
    "checks_options",
    "fit",
    "from_bytes",
    "inputs",
    "missing",
    "mode_of",
    "open_call",
    "palette_from",
    "palette_rules",
    "parse",
    "set_prompt",
    "shares",
    "size_for",
    "size_problem",
    "sweep_call",
    "to_srgb",
    "word_of",
]
