"""Status area of a form: progress, an error in plain words, or the images with what can be done next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from types import MappingProxyType

import ipywidgets as widgets

from wannb.display import STATES, file_name, html
from wannb.errors import ApiError, TaskCanceled, UnknownOutcome, WannbError
from wannb.ledger import NOT_CERTAIN, Candidate
from wannb.masking import mask
from wannb.runs import GeneratedImage, Result
from wannb.translation import Said, Words, count, override, shorten

from .button import beside, button, html_line, show
from .controls import in_form, put
from .download import Download, image_name
from .worker import Progress

#: A button under each image: its text, its tooltip, and what it does.
Action = tuple[str, str, Callable[[GeneratedImage], None]]
_PIXELS, _WIDTH = 640, 400


class Status:
    """The status area.

    Args:
        acts: what the buttons do, of those in `Worker.acts`; a name left out is no button.
        cancel_tooltip: what "Cancel" leads to.
        empty: shown before anything was started.
        download: of the form, for one that has it already.

    Attributes:
        download: answers the download buttons of the whole form.
    """

    def __init__(
        self,
        words: Words,
        acts: Mapping[str, Callable[..., object]] = MappingProxyType({}),
        *,
        cancel_tooltip: str = Said("Cancel the task, which is possible while it is in the queue"),
        empty: str = "",
        download: Download | None = None,
    ) -> None:
        self.words = words
        self.actions: Sequence[Action] = ()
        self._acts = acts
        #: The run whose answer was lost, or whose images are shown and may be another request's.
        self._run_id = ""
        self._text, self._bar, self._notices = (widgets.HTML() for _ in range(3))
        texts = {
            "stop": (words("Stop waiting"), words("The task goes on and can be picked up later")),
            "cancel": (words("Cancel"), words(cancel_tooltip)),
            "pick_up": (words("Pick up"), ""),
            "undo": (words("Undo"), words("These images are another request's: put them aside, and look again")),
            "anew": (
                words("Generate anew · may pay twice"),
                words("Send the request once more; should the first one have arrived, both are paid for"),
            ),
        }
        acts = {**acts, **{name: partial(self._about, acts[name]) for name in ("undo", "anew") if name in acts}}
        self._buttons = {
            name: button(text, acts[name], tooltip=tooltip, classes=[f"wannb-{name}"])
            for name, (text, tooltip) in texts.items()
            if name in acts
        }
        self._gallery = widgets.VBox(_dom_classes=("wannb-gallery",))
        row = beside(*self._buttons.values())
        self.download = download or Download(words)
        shown = [self._notices, self._bar, self._text, row, self._gallery, *([] if download else [self.download])]
        self.box = widgets.VBox(shown, _dom_classes=("wannb-status",))
        self.offer()
        self._say(html_line(empty, "empty") if empty else "")

    def show(self, progress: Progress) -> None:
        """Show the state of a worker."""
        self._notices.value = "".join(html_line(text, "note wannb-say") for text in progress.notices)
        if progress.phase == "failed" and progress.anew and isinstance(progress.error, UnknownOutcome):
            self._doubt(progress, progress.error)
        elif progress.phase == "failed" and progress.error is not None:
            self.error(progress.error, pick_up=progress.open_run is not None)
        elif progress.phase == "done" and isinstance(progress.result, Result):
            self.result(progress.result)
        elif progress.phase == "done":
            self.tell()
        elif progress.phase == "left":
            number = self.words("Task {task_id}.", task_id=progress.task_id) if progress.task_id else ""
            said = self.words("It goes on, and its images are saved when they are ready; the history shows them too.")
            self.offer("pick_up")
            self._say(f'<div class="wannb-told wannb-say">{escape(said)} {escape(number)}</div>')
        else:
            self.offer("stop", *(["cancel"] if progress.can_cancel else []))
            self._wait(progress)

    def tell(self, *lines: str) -> None:
        """Show lines of text in place of the images; nothing without any."""
        self.offer()
        put(self._gallery)
        told = "".join(f"<div>{escape(line)}</div>" for line in lines)
        self._say(f'<div class="wannb-told wannb-say">{told}</div>' if told else "")

    def wait(self, text: str) -> None:
        """Show a bar without an end, with a line of text."""
        self.offer()
        self._say(f'<span class="wannb-say">{escape(text)}</span>', "<progress>")

    def offer(self, *names: str) -> None:
        """Show these buttons and hide the others: stop, cancel, pick_up, undo, anew."""
        for name, each in self._buttons.items():
            show(each, name in names)

    def safely(self, act: Callable[[], object]) -> None:
        """Act for a button; an error is shown, since an exception of a callback is not seen."""
        with override(self.words.language):
            try:
                act()
            except Exception as error:
                show(self.box, True)
                self.error(error, refused=isinstance(error, (ValueError, TypeError)))

    def error(self, error: BaseException, *, pick_up: bool = False, refused: bool = False) -> None:
        """Show an error in plain words; images that are there stay.

        Args:
            pick_up: whether a run is open that may still bring images.
            refused: whether it is a value that was refused, whose own message is enough.
        """
        if pick_up and "pick_up" in self._buttons:
            lost = isinstance(error, UnknownOutcome)
            self._buttons["pick_up"].description = self.words("Look again") if lost else self.words("Pick up")
        self.offer(*(["pick_up"] if pick_up else []))
        if isinstance(error, WannbError):
            self._say(self._error(error))
            return
        said = mask(str(error) if refused else f"{type(error).__name__}: {error}")
        told = said if refused else self.words("Unexpected error: {error}", error=said)
        self._say(f'<div class="wannb-error" role="alert">{escape(told)}</div>')

    def result(self, result: Result) -> None:
        """Show the images of a result."""
        words = self.words
        line = escape(words(result.summary()))
        unsure = [note for note in result.notices if isinstance(note, Said) and note.template == NOT_CERTAIN]
        notices = [note for note in result.notices if note not in unsure]
        notices += [
            Said("the answer was lost; this task was {how}. Undo takes that back", how=note.values["how"])
            for note in unsure
        ]
        notes = "".join(html_line(words(note), "note") for note in notices)
        prompt = html.text(shorten(result.request.prompt, 300)) if result.request else ""
        place = words("Saved in {folder}", folder=_from_here(result.path))
        self._run_id = result.run_id
        self.offer(*(["undo"] if unsure else []))
        self._say(
            f'<div class="wannb-done wannb-say">{line}</div>{notes}<div class="wannb-asked">{prompt}</div>'
            f'<div class="wannb-quietly">{escape(place)}</div>{self._out(result)}'
        )
        # New widgets each time: an old image's buttons must not act on a new one.
        figures = result.figures(pixels=_PIXELS, width=_WIDTH)
        put(self._gallery, [self._item(image, figure) for image, figure in zip(result, figures, strict=True)])

    def _doubt(self, progress: Progress, error: UnknownOutcome) -> None:
        """Show what may be the outcome of a request whose answer was lost, to choose from, and what else can be done.

        The error's own words are for people who write code.
        """
        self._run_id = str(progress.open_run)
        if progress.choices:
            said = Said(
                "The answer to this request was lost, and {tasks} of the account may be its outcome. Choose the "
                "pictures that show what you asked for; nothing is sent again until then.",
                tasks=count(len(progress.choices), "task"),
            )
        elif reason := error.said.values.get("reason") if isinstance(error.said, Said) else "":
            said = Said(
                "The answer to this request was lost, and the task list cannot be read: {reason}. It may be billed, so "
                "it is not sent again by itself. Look again when the service answers.",
                reason=reason,
            )
        else:
            said = Said(
                "The answer to this request was lost, and the task list shows nothing that could be its outcome. It "
                "may be billed, so it is not sent again by itself. Look again a little later: once a later request is "
                "listed, that shows whether this one arrived."
            )
        if "pick_up" in self._buttons:
            self._buttons["pick_up"].description = self.words("Look again")
        if "anew" in self._buttons:
            self._buttons["anew"].description = progress.anew
        self.offer("pick_up", "anew")
        lines = [f"<b>{escape(self.words(error.title))}</b>", escape(self.words(said))]
        self._say('<div class="wannb-error" role="alert">' + "".join(f"<div>{line}</div>" for line in lines) + "</div>")
        put(self._gallery)
        if choose := self._acts.get("choose"):
            self._gallery.children = [
                self._choice(number, each, partial(choose, self._run_id, each.task_id))
                for number, each in enumerate(progress.choices, 1)
            ]

    def _choice(self, number: int, task: Candidate, take: Callable[[], object]) -> widgets.Widget:
        with override(self.words.language):
            figures = html.row(task.figures())
        tooltip = self.words("Use the pictures of task {number}, {task_id}", number=number, task_id=task.task_id)
        taken = button(self.words("This one"), lambda: self.safely(take), tooltip=tooltip)
        return widgets.VBox([widgets.HTML(figures), taken], _dom_classes=("wannb-item",))

    def _about(self, act: Callable[[str], object]) -> None:
        self.safely(lambda: act(self._run_id))

    def _error(self, error: WannbError) -> str:
        """Return an error as HTML: what happened, the service's own words, the next step."""
        words = self.words
        title = words(error.title)
        told = words(in_form(error.said)) if isinstance(error.said, Said) else error.said
        if isinstance(error, TaskCanceled):
            return html_line(told, "told wannb-say")
        next_step = words(error.next_step) if isinstance(error, ApiError) else ""
        texts = [told.removesuffix(next_step).rstrip(), next_step]
        lines = [f"<b>{escape(title)}</b>", *(escape(text).replace("\n", "<br>") for text in texts if text)]
        return '<div class="wannb-error" role="alert">' + "".join(f"<div>{line}</div>" for line in lines) + "</div>"

    def _wait(self, progress: Progress) -> None:
        words = self.words
        state = STATES.get(progress.status) or (Said("sent") if progress.phase == "waiting" else Said("sending"))
        # The state is read out when it changes, the seconds are not.
        parts = [
            f'<span class="wannb-say">{escape(words(progress.wait or progress.text or state))}</span>',
            escape(words("{seconds} s", seconds=f"{progress.seconds:.0f}")),
        ]
        # Without an end to run to the element has no value, which the browser shows as a bar that wanders. It stays in
        # the page from second to second, or it would begin to wander anew with each.
        value = ""
        if progress.total:
            value = f' max="{progress.total}" value="{progress.done}"'
        elif progress.usual and not (progress.wait or progress.text):
            parts.append(escape(words("usually about {seconds} s", seconds=f"{max(1, progress.usual):.0f}")))
            most = progress.usual
            value = f' max="{most:.1f}" value="{min(progress.seconds, most * 0.97):.1f}"'
        self._say(" · ".join(parts), f"<progress{value}>")

    def _out(self, result: Result) -> str:
        """Return the buttons that bring all images out of here."""
        get = self.download
        seeds = [] if result.seed is None else [f"seed-{result.seed}"]
        name = file_name(str(result.request.prompt) if result.request else "", *seeds, ending=".zip")
        archive = get.all(name, lambda: [(image_name(image), image.path) for image in result], len(result))
        return get.row(archive, get.copy(result.path, self.words("Copy the folder's path")), get.folder(result.path))

    def _item(self, image: GeneratedImage, figure: str) -> widgets.Widget:
        buttons = [
            button(text, lambda act=act: self.safely(lambda: act(image)), tooltip=f"{tooltip} ({image.number})")  # type: ignore[misc]
            for text, tooltip, act in self.actions
        ]
        row = beside(*buttons)
        out = self.download.picture(image_name(image), image.path)
        return widgets.VBox([widgets.HTML(figure + out), row], _dom_classes=("wannb-item",))

    def _say(self, page: str, bar: str = "") -> None:
        label = f' aria-label="{escape(self.words("Progress"))}"></progress>'
        self._bar.value = bar and f'<div class="wannb-progress">{bar[:-1]}{label}</div>'
        self._text.value = page


def _from_here(path: Path) -> Path:
    """Return a path as a person would write it in this folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
