"""Wan 2.7 images in a notebook: one call, a gallery in the cell, and nothing paid for is ever lost.

    import wannb

    client = wannb.connect()                    # live with a key, the bundled mock server without
    result = client.generate("a flower shop", size="1K", n=2, seed=7)
    result                                      # a gallery in the cell

Names are loaded when they are first used, so the import itself is light.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from . import errors as errors
    from . import forms as forms
    from . import mock as mock
    from .boards import scenes as scenes
    from .boards import storyboards as storyboards
    from .client import Client as Client
    from .connection import connect as connect
    from .figures.comparison import compare as compare
    from .figures.fonts import add_font as add_font
    from .figures.gallery import gallery as gallery
    from .figures.grid import contact_sheet as contact_sheet
    from .forms.studio import studio as studio
    from .judging import judge as judge
    from .ledger.recall import recall as recall
    from .ledger.task import Task as Task
    from .plan import Plan as Plan
    from .plan import open_runs as open_runs
    from .plan import prompts as prompts
    from .plan import sweep as sweep
    from .request.image_request import ImageRequest as ImageRequest
    from .request.inputs import InputImage as InputImage
    from .request.inputs import fit as fit
    from .request.sizes import size_for as size_for
    from .runs.result import GeneratedImage as GeneratedImage
    from .runs.result import Result as Result
    from .scoring import scores as scores
    from .service.prices import Money as Money
    from .service.prices import set_price as set_price
    from .staging import Stroke as Stroke
    from .storyboard import Scene as Scene
    from .storyboard import Storyboard as Storyboard
    from .tools.citation import bibtex as bibtex
    from .tools.doctor import doctor as doctor
    from .tools.exercises import check as check
    from .tools.tidy import tidy as tidy

_HOMES = {
    "Client": ".client",
    "GeneratedImage": ".runs.result",
    "ImageRequest": ".request.image_request",
    "InputImage": ".request.inputs",
    "Money": ".service.prices",
    "Plan": ".plan",
    "Result": ".runs.result",
    "Scene": ".storyboard",
    "Storyboard": ".storyboard",
    "Stroke": ".staging",
    "Task": ".ledger.task",
    "add_font": ".figures.fonts",
    "bibtex": ".tools.citation",
    "check": ".tools.exercises",
    "compare": ".figures.comparison",
    "connect": ".connection",
    "contact_sheet": ".figures.grid",
    "doctor": ".tools.doctor",
    "fit": ".request.inputs",
    "gallery": ".figures.gallery",
    "judge": ".judging",
    "open_runs": ".plan",
    "prompts": ".plan",
    "recall": ".ledger.recall",
    "scenes": ".boards",
    "scores": ".scoring",
    "set_price": ".service.prices",
    "size_for": ".request.sizes",
    "storyboards": ".boards",
    "studio": ".forms.studio",
    "sweep": ".plan",
    "tidy": ".tools.tidy",
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
    return list(__all__)  # not what an import left here


if _shell := getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)():
    import_module(".errors", __name__).shorten_tracebacks(_shell.InteractiveTB)
