"""Forms: every mode of a request as a widget, and the Studio that holds them all.

May import `plan`, `storyboard` and the rooms below them. Other rooms import only what `__all__` names.

client = wannb.connect()
form = wannb.forms.TextToImageForm(client, prompt="a flower shop")
form                      # controls, a button that says what it costs, the images
form.request              # its request, as a value; writing it fills the controls
form.code                 # the call that does the same
form.result               # the last result
"""

from __future__ import annotations

from typing import Any

from wannb.client import Client
from wannb.plan import Plan

from .compare import CompareForm, options_of
from .form import EditForm, Form, ImageSetForm, RegionForm, TextToImageForm, form_class, request_of
from .history import HistoryForm
from .storyboard import StoryboardForm
from .studio import Studio

__all__ = [
    "CompareForm",
    "EditForm",
    "Form",
    "HistoryForm",
    "ImageSetForm",
    "RegionForm",
    "StoryboardForm",
    "Studio",
    "TextToImageForm",
    "form_class",
    "open",
]


def __dir__() -> list[str]:
    return list(__all__)


def open(client: Client, source: Any) -> Form | CompareForm:
    """Return the filled form of a run, a result, an image, a request, a plan, or of the path of a saved image.

    Raises:
        RecallError: the source holds no request.
        ValueError: a plan with an option that `CompareForm` does not show.

    >>> wannb.forms.open(client, "wannb-runs/20261122-130157-3fa9c1d2b7e0/image-1.png")    # doctest: +SKIP
    """
    if isinstance(source, Plan):
        return CompareForm(client, **options_of(source))
    request = request_of(source)
    return form_class(request)(client, request)
