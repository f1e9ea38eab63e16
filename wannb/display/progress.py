"""Progress line: one line of text during a wait, replaced in place, with a short fixed text at the end.

Carriage returns on a plain stream work in every front end and in a terminal, need no widget, and leave only the last
state in the saved notebook. Worker threads write nothing, since their text would appear in whichever cell is running;
nor is anything written to files.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from wannb.translation import Said

from .html import plain

if TYPE_CHECKING:
    from typing_extensions import Self

#: Seconds before the first line: a quick answer needs none.
_QUIET = 0.5


class ProgressLine:
    """A line such as "running, 12 s" that turns into "2 images saved".

    >>> with ProgressLine() as line:
    ...     line.show("running", seconds=12)
    ...     line.done("2 images saved")
    """

    def __init__(self) -> None:
        self._width = 0
        self._on = _can_show()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            self._write("")  # after an error the next text begins on a clean line

    def show(self, text: str, *, seconds: float) -> None:
        """Replace the line, in the current language."""
        if self._on and seconds >= _QUIET:
            self._write(plain(Said("{text}, {seconds} s", text=text, seconds=f"{seconds:.0f}")))

    def done(self, text: str) -> None:
        """End with a text that is the same however long it took."""
        if self._on:
            self._write(plain(text), end="\n")

    def _write(self, text: str, end: str = "") -> None:
        if self._width:
            print("\r" + " " * self._width + "\r", end="")
        print(text, end=end, flush=True)
        self._width = 0 if end else len(text)


def _can_show() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    return sys.stdout.isatty() or type(sys.stdout).__module__.startswith("ipykernel")
