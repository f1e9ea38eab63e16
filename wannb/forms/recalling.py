"""From anything that remembers a request to that request."""

from __future__ import annotations

import os
from typing import Any

from wannb.errors import RecallError
from wannb.ledger import recall
from wannb.request import ImageRequest


def request_of(source: Any) -> ImageRequest:
    """Return the request of a run, a result, an image of one, a saved image's path, or the request itself.

    Raises:
        RecallError: it holds none.
    """
    if isinstance(source, ImageRequest):
        return source
    if isinstance(source, (str, os.PathLike)):
        return recall(source)
    request = getattr(source, "request", None)
    if not isinstance(request, ImageRequest):
        raise RecallError(
            f"a {type(source).__name__} holds no request; give a run, a result, one of its images or a file's path"
        )
    return request
