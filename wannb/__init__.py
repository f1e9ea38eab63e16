"""Wan 2.7 images in a notebook: one call, a gallery in the cell, and nothing paid for is ever lost.

    import wannb

    client = wannb.connect()                    # live with a key, the bundled mock server without
    result = client.generate("a flower shop", size="1K", n=2, seed=7)
    result                                      # a gallery in the cell

Names are loaded when they are first used, so the import itself is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import errors as errors
    from . import forms as forms
    from . import mock as mock
    from .checkup import doctor as doctor
    from .client import Client as Client
    from .comparison import compare as compare
    from .connection import connect as connect
    from .grid import contact_sheet as contact_sheet
    from .hygiene import tidy as tidy
    from .inputs import InputImage as InputImage
    from .judging import judge as judge
    from .judging import scores as scores
    from .plan import Plan as Plan
    from .plan import sweep as sweep
    from .prices import Money as Money
    from .prices import set_price as set_price
    from .provenance import recall as recall
    from .request import ImageRequest as ImageRequest
    from .result import GeneratedImage as GeneratedImage
    from .result import Result as Result
    from .show import gallery as gallery
    from .sizes import size_for as size_for
    from .storyboard import Scene as Scene
    from .storyboard import Storyboard as Storyboard
    from .task import Task as Task
    from .typeset import add_font as add_font
    from .workshop import studio as studio

__version__ = "0.1.0"

_HOMES = {
    "Client": ".client",
    "GeneratedImage": ".result",
    "ImageRequest": ".request",
    "InputImage": ".inputs",
    "Money": ".prices",
    "Plan": ".plan",
    "Result": ".result",
    "Scene": ".storyboard",
    "Storyboard": ".storyboard",
    "Task": ".task",
    "add_font": ".typeset",
    "compare": ".comparison",
    "connect": ".connection",
    "contact_sheet": ".grid",
    "doctor": ".checkup",
    "gallery": ".show",
    "judge": ".judging",
    "recall": ".provenance",
    "scores": ".judging",
    "set_price": ".prices",
    "size_for": ".sizes",
    "studio": ".workshop",
    "sweep": ".plan",
    "tidy": ".hygiene",
}
_MODULES = ("errors", "forms", "mock")

__all__ = ["__version__", *sorted(_HOMES), *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name], __name__), name)
    elif name in _MODULES:
        value = import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module 'wannb' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
