"""Progress line: one line of text during a wait, replaced in place, with a short fixed text at the end.

Carriage returns on a plain stream work in every front end and in a terminal, need no widget, and leave only the last
state in the saved notebook. The line has a clock of its own, since whoever waits may sleep, or wait for an answer.
Worker threads begin no line, since its text would appear in whichever cell is running; nor is anything written to
files.
"""

from __future__ import annotations

import io
import sys
import threading
import time
import unicodedata
from collections.abc import Callable
from contextvars import copy_context
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from wannb.translation import Said

from .html import plain

if TYPE_CHECKING:
    from typing_extensions import Self

#: Seconds between two looks at what the line says; the first time it is written, since a quick answer needs none.
_TICK = 0.5
#: Seconds before a line is written that leaves no text: a saved notebook keeps an empty output of it.
_LATER = 3.0
#: What each state of a task means to whoever waits; "sent" is that of a synchronous call.
STATES = {
    "PENDING": Said("in the queue (the service runs 5 tasks of a model at a time)"),
    "RUNNING": Said("generating"),
    "SUCCEEDED": Said("downloading the images"),
    "sent": Said("sent; the images come with the answer"),
}
#: Held by the line that is shown: a call within another one has none of its own.
_one = threading.Lock()


class ProgressLine:
    """A line such as "generating, 12 s (usually about 20 s)" that turns into "2 images saved".

    Args:
        after: seconds before it is first written; by default those of a line that leaves no text.

    Attributes:
        on: whether the line is shown.
        usual: returns the seconds that a task usually takes, None if that is unknown; asked once, while one runs.

    >>> with ProgressLine() as line:
    ...     line.status("RUNNING")
    ...     line.done("2 images saved")
    """

    def __init__(self, after: float | None = None) -> None:
        self.on = False
        self._after = _LATER if after is None else after
        self.usual: Callable[[], float | None] | None = None
        self._state = self._wait = self._written = self._usual = ""
        self._width = 0
        self._began = time.monotonic()
        self._over = threading.Event()
        self._clock: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.on = _can_show() and _one.acquire(blocking=False)
        if self.on:
            # In a copy of this context, and so in the language of whoever waits.
            self._clock = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True)
            try:
                self._clock.start()
            except RuntimeError:  # the interpreter is ending
                self._clock = None
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._stop()
        finally:
            if self.on:
                self.on = False
                _one.release()

    def show(self, text: str) -> None:
        """Say how far it is, with the seconds since the line began."""
        self._state = text

    def status(self, status: str, _: float = 0.0) -> None:
        """Say in which state the task is."""
        self._state = STATES.get(status, status.lower())

    def hear(self, wait: str) -> None:
        """Say what is waited for, in place of how far it is; "" when that is over."""
        self._wait = wait

    def done(self, text: str) -> None:
        """End with a text that is the same however long it took."""
        if self.on:
            self._stop()
            self._write(plain(text), end="\n")

    def _stop(self) -> None:
        self._over.set()
        if self._clock is not None:
            self._clock.join()
        if self._width:
            self._write("")  # after an error the next text begins on a clean line

    def _run(self) -> None:
        while not self._over.wait(_TICK):
            seconds = time.monotonic() - self._began
            text = self._text(f"{seconds:.0f}") if seconds >= self._after else ""
            if text and text != self._written:
                self._write(text)
                self._written = text

    def _text(self, seconds: str) -> str:
        if wait := self._wait:
            return plain(Said("{text} · {seconds} s so far", text=wait, seconds=seconds))
        if not (state := self._state):
            return ""
        if state == STATES["RUNNING"] and self.usual:
            usual, self.usual = self.usual(), None
            self._usual = f"{max(1, usual):.0f}" if usual else ""
        if self._usual:
            said = {"text": state, "seconds": seconds, "usual": self._usual}
            return plain(Said("{text}, {seconds} s (usually about {usual} s)", **said))
        return plain(Said("{text}, {seconds} s", text=state, seconds=seconds))

    def _write(self, text: str, end: str = "") -> None:
        if sys.stdout.isatty() and not end:
            text = text[: get_terminal_size().columns - 1]  # what wraps cannot be taken back
        if self._width:
            print("\r" + " " * self._width + "\r", end="")
        print(text, end=end, flush=True)
        self._width = 0 if end else _columns(text)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _can_show() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    return sys.stdout.isatty() or type(sys.stdout).__module__.startswith("ipykernel")


def show_everything() -> None:
    """Let a terminal or file that cannot write Chinese show escapes, instead of losing a result to an error."""
    out = sys.stdout
    narrow = "utf" not in (getattr(out, "encoding", None) or "utf").lower()
    if isinstance(out, io.TextIOWrapper) and narrow and out.errors in ("strict", "surrogateescape"):
        out.reconfigure(errors="backslashreplace")
