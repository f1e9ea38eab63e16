"""Which form shows a request."""

from __future__ import annotations

from wannb.request import ImageRequest

from .edit import EditForm, RegionForm
from .form import Form
from .image_set import ImageSetForm
from .text_to_image import TextToImageForm


def form_class(request: ImageRequest) -> type[Form]:
    """Return the form that shows requests of this mode."""
    kinds = (TextToImageForm, EditForm, RegionForm, ImageSetForm)
    return next(kind for kind in kinds if request.mode in kind.modes)
