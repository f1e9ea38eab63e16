"""The viewer of this process: made when the first picture is shown to a person, or the first form."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from wannb.translation import current

from .shown import at_first

_lock = threading.Lock()
_viewer: Any = None


def wake(language: str = "") -> Any:
    """Return the viewer of this process, made when it is first needed; it speaks this language from now on.

    Its model alone brings the page's side to life in JupyterLab, Notebook 7 and Voilà: nothing is displayed, so no
    output and no notebook holds anything of it.
    """
    global _viewer
    with _lock:
        if _viewer is None:
            from .viewer import Viewer

            _viewer = Viewer(language=language or current())
        elif language and _viewer.language != language:
            _viewer.language = language
    return _viewer


def _rouse() -> None:
    """Wake the viewer after the cell that shows the first picture, if somebody sits before the notebook.

    A Jupyter server names the notebook in its kernels' environment. What runs a notebook without a person, such as
    nbclient or nbval, does not, and would put the widget's state into the file.
    """
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if "JPY_SESSION_NAME" in os.environ and hasattr(shell, "kernel"):

        def once(*_: object) -> None:
            shell.events.unregister("post_run_cell", once)
            wake()

        shell.events.register("post_run_cell", once)


at_first(_rouse)
