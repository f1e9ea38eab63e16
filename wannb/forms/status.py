"""Status area of a form: progress, an error in plain words, or the images with what can be done next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from inspect import getdoc
from pathlib import Path

import ipywidgets as widgets

from wannb.display import html
from wannb.errors import ApiError, TaskCanceled, UnknownOutcome, WannbError
from wannb.ledger import UNREACHED, GeneratedImage, Result
from wannb.masking import mask
from wannb.translation import Said, Words, joined, override

from .controls import button, close_all
from .worker import Progress

#: A button under each image: its text, its tooltip, and what it does.
Action = tuple[str, str, Callable[[GeneratedImage], None]]
_PIXELS, _WIDTH = 640, 400
_STATES = {
    "PENDING": Said("in the queue"),
    "RUNNING": Said("generating"),
    "SUCCEEDED": Said("downloading the images"),
    UNREACHED: Said("the service cannot be reached; the task goes on there, trying again"),
}


class Status:
    """The status area.

    Args:
        words: of the form.
        stop: what "Stop waiting" does; no button without it. The same for `cancel` and `pick_up`.
        cancel_tooltip: what "Cancel" leads to.
        empty: shown before anything was started.

    Attributes:
        box: the widget.
        actions: the buttons under each image.
    """

    def __init__(
        self,
        words: Words,
        *,
        stop: Callable[[], object] | None = None,
        cancel: Callable[[], object] | None = None,
        pick_up: Callable[[], object] | None = None,
        cancel_tooltip: str = "",
        empty: str = "",
    ) -> None:
        self.words = words
        self.actions: Sequence[Action] = ()
        self._text = widgets.HTML()
        tooltip = words("The task goes on and can be picked up later")
        cancel_tooltip = cancel_tooltip or words("Cancel the task, which is possible while it is in the queue")
        self._buttons = {
            "stop": button(words("Stop waiting"), stop or bool, tooltip=tooltip, classes=["wannb-stop"]),
            "cancel": button(words("Cancel"), cancel or bool, tooltip=cancel_tooltip),
            "pick_up": button(words("Pick up"), pick_up or bool),
        }
        self._there = {name for name, act in (("stop", stop), ("cancel", cancel), ("pick_up", pick_up)) if act}
        self._gallery = widgets.VBox(_dom_classes=("wannb-gallery",))
        row = widgets.HBox(list(self._buttons.values()), _dom_classes=("wannb-row",))
        self.box = widgets.VBox([self._text, row, self._gallery], _dom_classes=("wannb-status",))
        self.offer()
        self._say(f'<div class="wannb-empty">{escape(empty)}</div>' if empty else "")

    def show(self, progress: Progress) -> None:
        """Show the state of a worker."""
        if progress.phase == "failed" and progress.error is not None:
            self.error(progress.error, pick_up=progress.open_run is not None)
        elif progress.phase == "done" and isinstance(progress.result, Result):
            self.result(progress.result)
        elif progress.phase == "done":
            self.tell()
        elif progress.phase == "left":
            number = self.words("Task {task_id}.", task_id=progress.task_id) if progress.task_id else ""
            said = self.words("It goes on, and its images are saved when they are ready; the history shows them too.")
            self.offer("pick_up")
            self._say(f'<div class="wannb-told">{escape(said)} {escape(number)}</div>')
        else:
            self.offer("stop", *(["cancel"] if progress.can_cancel else []))
            self._say(self._waiting(progress))

    def tell(self, *lines: str) -> None:
        """Show lines of text in place of the images; nothing without any."""
        self.offer()
        self._clear()
        told = "".join(f"<div>{escape(line)}</div>" for line in lines)
        self._say(f'<div class="wannb-told">{told}</div>' if told else "")

    def wait(self, text: str) -> None:
        """Show a bar without an end, with a line of text."""
        self.offer()
        self._say(self._bar(text))

    def offer(self, *names: str) -> None:
        """Show these buttons and hide the others: stop, cancel, pick_up."""
        for name, each in self._buttons.items():
            each.layout.display = "" if name in names and name in self._there else "none"

    def safely(self, act: Callable[[], object]) -> None:
        """Act for a button; an error is shown, since an exception of a callback is not seen."""
        try:
            act()
        except Exception as error:
            self.error(error)

    def error(self, error: BaseException, *, pick_up: bool = False) -> None:
        """Show an error in plain words; images that are there stay."""
        lost = isinstance(error, UnknownOutcome)
        self._buttons["pick_up"].description = self.words("Look up") if lost else self.words("Pick up")
        self.offer(*(["pick_up"] if pick_up else []))
        self._say(self.error_html(error))

    def refuse(self, text: str) -> None:
        """Show why a change was refused."""
        self.offer()
        self._say(f'<div class="wannb-error" role="alert">{escape(text)}</div>')

    def result(self, result: Result) -> None:
        """Show the images of a result."""
        words = self.words
        line = escape(words(result.summary()))
        notes = "".join(f'<div class="wannb-note">{escape(words(note))}</div>' for note in result.notices)
        prompt = html.text(result.request.prompt) if result.request else ""
        place = words("Saved in {folder}", folder=_from_here(result.path))
        self.offer()
        self._say(
            f'<div class="wannb-done">{line}</div>{notes}<div class="wannb-asked">{prompt}</div>'
            f'<div class="wannb-quietly">{escape(place)}</div>'
        )
        # New widgets each time: an old image's buttons must not act on a new one.
        self._clear()
        self._gallery.children = [self._item(image) for image in result]

    def error_html(self, error: BaseException) -> str:
        """Return an error in plain words: what happened, the service's own words, the next step."""
        words = self.words
        if not isinstance(error, WannbError):
            said = words("Unexpected error: {error}", error=mask(f"{type(error).__name__}: {error}"))
            return f'<div class="wannb-error" role="alert">{escape(said)}</div>'
        title = words(str(getdoc(type(error))).splitlines()[0])
        told = words(error.said) if isinstance(error.said, Said) else error.said
        if isinstance(error, TaskCanceled):
            return f'<div class="wannb-told" role="status">{escape(told)}</div>'
        next_step = words(error.next_step) if isinstance(error, ApiError) else ""
        texts = [told.removesuffix(next_step).rstrip(), next_step]
        lines = [f"<b>{escape(title)}</b>", *(escape(text).replace("\n", "<br>") for text in texts if text)]
        return '<div class="wannb-error" role="alert">' + "".join(f"<div>{line}</div>" for line in lines) + "</div>"

    def _waiting(self, progress: Progress) -> str:
        words = self.words
        state = _STATES.get(progress.status) or (Said("sent") if progress.phase == "waiting" else Said("sending"))
        parts = [words(progress.text or state), words("{seconds} s", seconds=f"{progress.seconds:.0f}")]
        # Without an end to run to the element has no value, which the browser shows as a bar that wanders.
        value = ""
        if progress.total:
            value = f' max="{progress.total}" value="{progress.done}"'
        elif progress.usual:
            parts.append(words("usually about {seconds} s", seconds=f"{max(1, progress.usual):.0f}"))
            most = progress.usual
            value = f' max="{most:.1f}" value="{min(progress.seconds, most * 0.97):.1f}"'
        return self._bar(" · ".join(parts), value)

    def _bar(self, text: str, value: str = "") -> str:
        label = escape(self.words("Progress"))
        bar = f'<progress aria-label="{label}"{value}></progress>'
        return f'<div class="wannb-progress">{bar}<div>{escape(text)}</div></div>'

    def _item(self, image: GeneratedImage) -> widgets.Widget:
        with override(self.words.language):
            picture = widgets.HTML(image.figure(pixels=_PIXELS, width=_WIDTH, caption=[image_caption(image)]))
        buttons = [
            button(text, lambda act=act: self._act(act, image), tooltip=f"{tooltip} ({image.number})")  # type: ignore[misc]
            for text, tooltip, act in self.actions
        ]
        row = widgets.HBox(buttons, _dom_classes=("wannb-row",))
        return widgets.VBox([picture, row], _dom_classes=("wannb-item",))

    def _act(self, act: Callable[[GeneratedImage], None], image: GeneratedImage) -> None:
        with override(self.words.language):
            self.safely(lambda: act(image))

    def _clear(self) -> None:
        old, self._gallery.children = self._gallery.children, ()
        close_all(old)

    def _say(self, page: str) -> None:
        self._text.value = f'<div aria-live="polite">{page}</div>'


def image_caption(image: GeneratedImage) -> Said:
    """Return an image's number, size and seed."""
    seed = [] if image.seed is None else [Said("seed {seed}", seed=image.seed)]
    return joined(" · ", [str(image.number), f"{image.width}*{image.height}", *seed])


def _from_here(path: Path) -> Path:
    """Return a path as a person would write it in this folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
