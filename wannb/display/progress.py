"""One line of text while a person waits, replaced in place and ended by a short fixed text.

A plain stream with carriage returns works in every front end and in a terminal, survives in the saved notebook as its
last state alone, and needs no widget. Nothing is written from worker threads, where text would land in whatever cell
is running, nor where the output goes to a file.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

#: Seconds before the first line: what is ready at once says nothing while it works.
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
            self._write("")  # an error ended it: what comes next begins on a clean line

    def show(self, text: str, *, seconds: float) -> None:
        """Replace the line."""
        if self._on and seconds >= _QUIET:
            self._write(f"{text}, {seconds:.0f} s")

    def done(self, text: str) -> None:
        """End with a text that does not depend on how long it took."""
        if self._on:
            self._write(text, end="\n")

    def _write(self, text: str, end: str = "") -> None:
        if self._width:
            print("\r" + " " * self._width + "\r", end="")
        print(text, end=end, flush=True)
        self._width = 0 if end else len(text)


def _can_show() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    return sys.stdout.isatty() or type(sys.stdout).__module__.startswith("ipykernel")
