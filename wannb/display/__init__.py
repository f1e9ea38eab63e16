"""Content of a cell: HTML, thumbnails, a progress line, widget assets.

May import `request` and the modules at the root. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from . import html
from .assets import CLIPBOARD, ELEMENTS, PIECES, esm
from .names import different, file_name, name_problem
from .pieces import Pieces, Source
from .previews import (
    PREVIEW_PIXELS,
    data_uri,
    fitting,
    in_parallel,
    picture,
    preview,
    previews,
    small_jpeg,
)
from .progress import STATES, ProgressLine, show_everything
from .shown import Facts, describes, remember, shown_by
from .waking import wake

__all__ = [
    "CLIPBOARD",
    "ELEMENTS",
    "PIECES",
    "PREVIEW_PIXELS",
    "STATES",
    "Facts",
    "Pieces",
    "ProgressLine",
    "Source",
    "data_uri",
    "describes",
    "different",
    "esm",
    "file_name",
    "fitting",
    "html",
    "in_parallel",
    "name_problem",
    "picture",
    "preview",
    "previews",
    "remember",
    "show_everything",
    "shown_by",
    "small_jpeg",
    "wake",
]
