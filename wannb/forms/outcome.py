"""What comes of a request in a form: progress, an error in plain words, or the images with what can be done next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from inspect import getdoc
from pathlib import Path

import ipywidgets as widgets

from wannb.display import html
from wannb.errors import ApiError, UnknownOutcome, WannbError
from wannb.ledger import UNREACHED, GeneratedImage, Result
from wannb.masking import mask
from wannb.translation import Words

from . import looks
from .controls import button, close_all
from .job import Progress

#: A button under each image: its text, its tooltip, what it does.
Action = tuple[str, str, Callable[[GeneratedImage], None]]
_PIXELS, _WIDTH = 640, 400
_STATES = {
    "PENDING": "waiting in the queue",
    "RUNNING": "drawing",
    "SUCCEEDED": "fetching the images",
    UNREACHED: "the service cannot be reached; the run goes on there, trying again",
}


class Outcome:
    """The place in a form where things happen.

    Attributes:
        box: what is shown.
        actions: what can be done with each image.
    """

    def __init__(self, words: Words, *, stop: Callable[[], object], pick_up: Callable[[], object]) -> None:
        self.words = words
        self.actions: Sequence[Action] = ()
        self._status = widgets.HTML()
        self._stop = button(words("Stop waiting"), stop, tooltip=words("The run goes on and can be picked up later"))
        self._pick_up = button(words("Pick it up again"), pick_up)
        self._gallery = widgets.VBox(_dom_classes=("wannb-gallery",))
        self.box = widgets.VBox(
            [self._status, widgets.HBox([self._stop, self._pick_up], _dom_classes=("wannb-row",)), self._gallery],
            _dom_classes=("wannb-outcome",),
        )
        self._offer()
        self._say(f'<div class="wannb-empty">{escape(words("The images will be here."))}</div>')

    def show(self, progress: Progress) -> None:
        """Show where a job is."""
        if progress.phase == "failed" and progress.error is not None:
            self.error(progress.error, pick_up=progress.open_run is not None)
        elif progress.phase == "done" and progress.result is not None:
            self.result(progress.result)
        elif progress.phase == "left":
            number = self.words("Task {task_id}.", task_id=progress.task_id) if progress.task_id else ""
            said = self.words("It goes on, and its images are saved when they come; the history shows them too.")
            self._offer(pick_up=True)
            self._say(f'<div class="wannb-told">{escape(said)} {escape(number)}</div>')
        else:
            self._offer(stop=True)
            self._say(self._waiting(progress))

    def tell(self, *lines: str) -> None:
        """Show lines of text instead of images."""
        self._offer()
        self._clear()
        self._say('<div class="wannb-told">' + "".join(f"<div>{escape(line)}</div>" for line in lines) + "</div>")

    def safely(self, act: Callable[[], object]) -> None:
        """Do something for a button; what goes wrong is shown, where an exception would be seen by nobody."""
        try:
            act()
        except Exception as error:
            self.error(error)

    def error(self, error: BaseException, *, pick_up: bool = False) -> None:
        """Show an error in plain words; images that are there stay."""
        self._pick_up.description = self.words(
            "Look for it" if isinstance(error, UnknownOutcome) else "Pick it up again"
        )
        self._offer(pick_up=pick_up)
        self._say(self.error_html(error))

    def result(self, result: Result) -> None:
        """Show the images of a result."""
        words = self.words
        line = escape(words.sentence(result.summary()))
        notes = "".join(f'<div class="wannb-note">{escape(words.sentence(note))}</div>' for note in result.notices)
        prompt = html.text(result.request.prompt) if result.request else ""
        place = words("Saved in {folder}", folder=_from_here(result.path))
        self._offer()
        self._say(
            f'<div class="wannb-done">{line}</div>{notes}<div class="wannb-asked">{prompt}</div>'
            f'<div class="wannb-quietly">{escape(place)}</div>'
        )
        # Built anew: an old image's buttons must not act on a new one.
        self._clear()
        self._gallery.children = [self._item(image) for image in result]

    def error_html(self, error: BaseException) -> str:
        """Return an error in plain words: what happened, the words of whoever refused, the next step."""
        words = self.words
        if not isinstance(error, WannbError):
            said = words("Something unexpected: {error}", error=mask(f"{type(error).__name__}: {error}"))
            return f'<div class="wannb-error" role="alert">{escape(said)}</div>'
        title = words(str(getdoc(type(error))).splitlines()[0])
        told = [words.sentence(str(error))]
        if isinstance(error, ApiError):
            told = [words.sentence(str(error).removesuffix(error.next_step).rstrip()), words(error.next_step)]
        lines = [f"<b>{escape(title)}</b>", *(escape(text).replace("\n", "<br>") for text in told)]
        return '<div class="wannb-error" role="alert">' + "".join(f"<div>{line}</div>" for line in lines) + "</div>"

    def _waiting(self, progress: Progress) -> str:
        words = self.words
        state = words(_STATES.get(progress.status, "sent" if progress.phase == "waiting" else "sending"))
        seconds = words("{seconds} s", seconds=f"{progress.seconds:.0f}")
        usual = words("usually about {seconds} s", seconds=f"{max(1, progress.usual):.0f}") if progress.usual else ""
        # Without a usual time the bar has no end to run to, which an element without a value says.
        most = progress.usual or 0
        value = f' max="{most:.1f}" value="{min(progress.seconds, most * 0.97):.1f}"' if most else ""
        line = " · ".join(part for part in (state, seconds, usual) if part)
        return (
            f'<div class="wannb-progress"><progress aria-label="{escape(words("Progress"))}"{value}></progress>'
            f"<div>{escape(line)}</div></div>"
        )

    def _item(self, image: GeneratedImage) -> widgets.Widget:
        picture = widgets.HTML(image.figure(pixels=_PIXELS, width=_WIDTH, caption=[looks.caption(self.words, image)]))
        buttons = [
            button(text, lambda act=act: self.safely(lambda: act(image)), tooltip=f"{tooltip} ({image.number})")  # type: ignore[misc]
            for text, tooltip, act in self.actions
        ]
        row = widgets.HBox(buttons, _dom_classes=("wannb-row",))
        return widgets.VBox([picture, row], _dom_classes=("wannb-item",))

    def _clear(self) -> None:
        old, self._gallery.children = self._gallery.children, ()
        close_all(old)

    def _offer(self, *, stop: bool = False, pick_up: bool = False) -> None:
        self._stop.layout.display = "" if stop else "none"
        self._pick_up.layout.display = "" if pick_up else "none"

    def _say(self, page: str) -> None:
        self._status.value = f'<div aria-live="polite">{page}</div>'


def _from_here(path: Path) -> Path:
    """Return a path as a person would write it in this folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
