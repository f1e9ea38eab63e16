"""Work: something that takes its time, on a worker thread, one at a time, with a place that says how it goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import Any

from wannb.translation import Words

from .job import Progress
from .outcome import Outcome

Ended = Callable[["BaseException | None"], None]


class Work:
    """What a button set off last.

    Args:
        lock: held while it is decided whether something is under way; a form brings its own.
    """

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self._thread: threading.Thread | None = None
        self._busy = False
        self._error: BaseException | None = None

    @property
    def under_way(self) -> bool:
        """Whether something is at work."""
        return self._busy

    def begin(self, act: Callable[[], object], ended: Ended) -> bool:
        """Do something on a thread of its own and return at once; False while another thing is at work.

        Args:
            act: what is to be done.
            ended: called on that thread afterwards, with what `act` raised or None.
        """
        with self._lock:
            if self._busy:
                return False
            self._busy, self._error = True, None

            def work() -> None:
                try:
                    act()
                except BaseException as error:
                    self._error = error
                self._busy = False
                ended(self._error)

            # A daemon: a kernel that is shut down does not wait for it, and what it waits for is on disk.
            self._thread = threading.Thread(target=work, name="wannb-work", daemon=True)
            self._thread.start()
        return True

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended and is shown."""
        if self._thread:
            self._thread.join(timeout)

    def check(self) -> None:
        """Raise what it ended with, if that was an error."""
        if self._error is not None:
            raise self._error


class Doings(Outcome):
    """The place in a form that says how its work goes.

    Args:
        stop: what its button does, and the button's tooltip; no button without it.
    """

    def __init__(self, words: Words, *, stop: tuple[Callable[[], object], str] | None = None) -> None:
        super().__init__(words, stop=stop[0] if stop else lambda: None, pick_up=lambda: None)
        self._stop.description = words("Stop")
        self._stop.tooltip = stop[1] if stop else ""
        self._stop.add_class("wannb-stop")
        self._say("")

    def tell(self, *lines: str) -> None:
        """Show lines of text; nothing without any."""
        super().tell(*lines)
        if not lines:
            self._say("")

    def going(self, line: str, *, done: int = 0, total: int = 0, stop: bool = False) -> None:
        """Show a bar with a line of text, and the button if it can be stopped; without a total the bar has no end."""
        value = f' max="{total}" value="{done}"' if total else ""
        self._offer(stop=stop)
        self._say(
            f'<div class="wannb-progress"><progress aria-label="{escape(self.words("Progress"))}"{value}></progress>'
            f"<div>{escape(line)}</div></div>"
        )

    def waiting(self, status: str, seconds: float) -> None:
        """Show where a single request is: the service's state and how long it took so far."""
        self._offer()
        self._say(self._waiting(Progress(phase="waiting", status=status, seconds=seconds)))

    def wrong(self, text: str) -> None:
        """Show a sentence that says what is wrong and what to do."""
        self._offer()
        self._say(f'<div class="wannb-error" role="alert">{escape(text)}</div>')
