"""Forms: every mode of a request as a widget, and the Studio that holds them all.

client = wannb.connect()
form = wannb.forms.TextToImageForm(client, prompt="a flower shop")
form                      # controls, a button that says what it costs, the images
form.request              # what it asks for, as a value; writing it fills the controls
form.code                 # the call that does the same
form.result               # what came back last
"""

from __future__ import annotations

from typing import Any

from wannb.client import Client

from .compare import CompareForm
from .edit import EditForm, RegionForm
from .form import Form
from .history import HistoryForm
from .image_set import ImageSetForm
from .opening import form_class
from .recalling import request_of
from .storyboard import StoryboardForm
from .studio import Studio
from .text_to_image import TextToImageForm

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


def open(client: Client, source: Any) -> Form:
    """Return the filled form of a run, a result, an image, a request, or of the path of a saved image.

    Raises:
        RecallError: the source holds no request.

    >>> wannb.forms.open(client, "wannb-runs/20261122-130157-3fa9c1d2b7e0/image-1.png")    # doctest: +SKIP
    """
    request = request_of(source)
    return form_class(request)(client, request)
