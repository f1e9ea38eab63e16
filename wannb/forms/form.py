"""Form: a request as controls, the call that does the same, and what comes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any, ClassVar

import ipywidgets as widgets
import traitlets

from wannb.client import Client
from wannb.errors import InvalidRequest, Problem, StoreError
from wannb.ledger import GeneratedImage, Result, Run, Task
from wannb.request import FIELDS, MAX_SEED, ImageRequest, check_names
from wannb.translation import Words

from . import looks, still
from .code import CodeView
from .controls import Control, Disclosure, close_all
from .job import Job, Progress
from .outcome import Outcome
from .recalling import request_of


class Form(widgets.VBox):  # type: ignore[misc]
    """A request as a form. `TextToImageForm`, `EditForm`, `RegionForm` and `ImageSetForm` are the forms there are.

    Args:
        client: what `wannb.connect()` gives.
        request: what the form shows at first; the options given beside it are put in.
        options: any of the request's own: `prompt="a cat"`, `size="1K"`, ...

    Attributes:
        request: what the form asks for. Reading it reads the controls, writing it fills them; it is a trait, so
            `form.observe(function, "request")` hears of every change.
        button: what sends the request; its description names the count and the price.
        job: what the button sent; `form.job.join()` waits for it.
        result: what came back last, None before. A trait too, set from a worker thread when the button was pressed.

    Raises:
        TypeError: an option that does not exist.
        ValueError: a request of another mode, or a value that the form's controls cannot show.
    """

    request = traitlets.Instance(ImageRequest)
    result = traitlets.Instance(Result, allow_none=True)

    #: The modes that the form can show, as the API's page names them; the first is its title.
    modes: ClassVar[tuple[str, ...]] = ()
    #: What every request of the form has.
    fixed: ClassVar[dict[str, Any]] = {}

    def __init__(self, client: Client, request: ImageRequest | None = None, **options: Any) -> None:
        check_names(options, FIELDS)
        self.client = client
        self.words = Words(client.language)
        # Callbacks come on the main thread, on ipykernel's subshells and from workers.
        self._lock = threading.RLock()
        self._filling = True
        #: What a person filled in last; it keeps the options that no control shows.
        self._rest = ImageRequest(**self.fixed)
        #: What the controls say now; the trait follows when the lock is free, so that observers may do what they like.
        self._current = self._rest
        self._controls: dict[str, Control] = {control.name: control for control in self._make_controls()}
        for control in self._controls.values():
            control.changed = self._touched
        self._more = Disclosure(
            self.words("More options"), widgets.VBox([self._controls[name].box for name in self._advanced()])
        )
        #: Whether a person has begun to write: nobody is told off before.
        self._told = False
        self._free = False
        self._fresh = widgets.Checkbox(description=self.words("Ask and pay again"), indent=False)
        self._fresh.observe(lambda change: self._fresh_set(), "value")
        self.button = widgets.Button(button_style="primary", _dom_classes=("wannb-go",))
        self.button.on_click(lambda _: self._press())
        self._hint = widgets.HTML()
        self._heading = widgets.HTML()
        self._code = CodeView(words=self.words)
        self.job = Job(client, self._progressed, self._arrived, self._lock)
        self.outcome = Outcome(self.words, stop=self.job.stop, pick_up=self.job.pick_up)
        self.outcome.actions = self._actions()
        super().__init__(
            self._layout(), request=self._rest, _dom_classes=("wannb-form", f"wannb-{type(self).__name__.lower()}")
        )
        self._filling = False
        wanted = (request or self._rest).replace(**options)
        if wanted == self._rest:
            self._fill(wanted)
        else:
            self.request = wanted

    # What subclasses say

    def _shows(self, request: ImageRequest) -> bool:
        """Return whether a request is of the form's modes, one that is not whole yet among them."""
        return request.mode in self.modes

    def _normal(self, request: ImageRequest) -> ImageRequest:
        """Return a request as the form keeps it."""
        return request

    def _make_controls(self) -> Sequence[Control]:
        """Return a control for each option, in the order in which they are shown."""
        raise NotImplementedError

    def _read(self) -> dict[str, Any]:
        """Return the options as the controls have them."""
        return {name: control.value for name, control in self._controls.items() if not control.is_off}

    def _write(self, request: ImageRequest) -> None:
        """Show a request in the controls."""
        for name, control in self._controls.items():
            control.fill(getattr(request, name))

    def _switch(self, request: ImageRequest) -> None:
        """Turn controls off that do not apply to a request, and say why."""

    def _own_problems(self) -> Iterable[Problem]:
        """Return what the form itself finds wrong."""
        return ()

    # What people use

    @property
    def mode(self) -> str:
        """The mode of the request; the form's own while the request is not whole."""
        return self._current.mode if self._current.mode in self.modes else self.modes[0]

    @property
    def code(self) -> str:
        """The call that does the same as the form, ready to paste."""
        return self._current.code()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the request; the button is off while there is anything."""
        return (*self._current.problems(), *self._own_problems())

    def run(self, *, fresh: bool = False) -> Result:
        """Send the request as the button does, wait, and return the result.

        Args:
            fresh: ask and pay again although the store has the answer to an equal seeded request.

        Raises:
            InvalidRequest: the form has problems; nothing was sent.
            WannbError: whatever `client.run` raises.
            RuntimeError: what the button sent is under way; `form.job.join()` waits for it.
        """
        problems = self.problems
        if problems:
            raise InvalidRequest(problems)
        if not self.job.send(self._current, fresh=fresh):
            raise RuntimeError("a request of this form is under way; form.job.join() waits for it")
        try:
            ended = self.job.join()
        except KeyboardInterrupt:
            self.job.stop()
            raise
        if ended.result is None:
            raise ended.error or RuntimeError("the work has not ended")
        return ended.result

    def recall(self, source: Any, *, only: str | Iterable[str] = (), but: str | Iterable[str] = ()) -> None:
        """Fill the form from a run, a result, an image, a request or the path of a saved image.

        Args:
            source: where the request comes from.
            only: the options to take over; all of them when empty.
            but: the options to leave as they are, such as "seed".

        Raises:
            RecallError: the source holds no request.
            ValueError: the request is of a mode that the form does not show; `wannb.forms.open` finds the right form.

        >>> form.recall("image-1.png", but="seed")    # doctest: +SKIP
        """
        found = request_of(source)
        only, but = ([names] if isinstance(names, str) else list(names) for names in (only, but))
        check_names([*only, *but], FIELDS)
        names = [name for name in only or FIELDS if name not in but]
        self.request = self.request.replace(**{name: getattr(found, name) for name in names})

    def watch(self, task: Task) -> None:
        """Wait in the form for a task that was sent before, such as one of `client.tasks()`."""
        self.job.watch(lambda: task)

    def close(self) -> None:
        """Let the form go, with all its widgets; what it sent goes on and is saved."""
        if "job" in vars(self):  # a form that was refused while it was made has none
            self.job.detach()
            close_all([*self.children, self.layout])
        super().close()

    # How it works

    @traitlets.validate("request")
    def _request_checked(self, proposal: Any) -> ImageRequest:
        request: ImageRequest = proposal["value"]
        if self._filling or request is self._current:
            return request
        request = self._normal(request)
        if not self._shows(request):
            raise ValueError(
                f"{type(self).__name__} shows {' and '.join(self.modes)}, not {request.mode}; "
                "wannb.forms.open(client, request) finds the right form"
            )
        refused = [name for name, control in self._controls.items() if control.refuses(getattr(request, name))]
        if request.bbox_list is not None:
            refused += [problem.field for problem in request.problems() if problem.field == "bbox_list"]
        for name in refused:
            rules = [problem for problem in request.problems() if problem.field == name]
            value = getattr(request, name)
            raise ValueError(str(rules[0]) if rules else f"{name}={value!r} cannot be shown by {type(self).__name__}")
        return request

    @traitlets.observe("request")
    def _request_set(self, change: Any) -> None:
        if not self._filling and change["new"] is not self._current:
            self._fill(change["new"])

    def _fill(self, request: ImageRequest) -> None:
        """Show a request in the controls."""
        with self._lock:
            self._rest = self._current = request
            with self._quietly():
                self._switch(request)
                self._write(request)
            if any(getattr(request, name) != FIELDS[name].default for name in self._advanced()):
                self._more.open()
            self._refresh()

    def _fresh_set(self) -> None:
        if not self._filling:
            self._refresh()

    def _touched(self) -> None:
        """Take over what a person changed."""
        with self._lock:
            if self._filling:
                return
            self._told = True
            self._current = request = self._rest.replace(**self._read())
            self._refresh()
        self.request = request

    def _advanced(self) -> list[str]:
        """Return the options that stand under "More options"."""
        return [name for name in self._controls if FIELDS[name].advanced]

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        before, self._filling = self._filling, True
        try:
            yield
        finally:
            self._filling = before

    def _refresh(self) -> None:
        """Bring everything that follows from the request up to date."""
        with self._lock:
            request, words = self._current, self.words
            with self._quietly():
                self._switch(request)
            problems = self.problems
            for name, control in self._controls.items():
                own = [problem for problem in problems if problem.field == name and self._says(problem)]
                control.tell([self._plain(problem) for problem in own])
            if any(problem.field in self._advanced() for problem in problems):
                self._more.open()
            self._heading.value = looks.heading(words, self.mode, self.client)
            self._code.code = request.code()
            self._offer(request, problems)

    def _offer(self, request: ImageRequest, problems: Sequence[Problem]) -> None:
        """Say on the button what a press does, and whether it may be pressed."""
        known = None if problems else self._known(request)
        self._fresh.layout.display = "" if known else "none"
        if not known:
            with self._quietly():
                self._fresh.value = False
        self._free = bool(known) and not self._fresh.value
        state = known.state if known and self._free else None
        self.button.description = looks.button_text(self.words, request, self.client, known=state)
        self.button.disabled = bool(problems) or self.job.under_way
        hint = [self._plain(problem) for problem in problems if problem.field not in self._controls]
        if problems and not hint:
            empty = not str(request.prompt).strip()
            hint = [self.words("Say what to make first.") if empty else self.words("See the notes at the options.")]
        self._hint.value = "".join(f'<div class="wannb-quietly">{escape(text)}</div>' for text in hint)

    def _known(self, request: ImageRequest) -> Run | None:
        try:
            return self.client.known(request)
        except StoreError:
            return None  # whoever presses the button is told

    def _says(self, problem: Problem) -> bool:
        """Return whether a problem is shown: nobody is told off for what they have not begun to write."""
        return self._told or problem.value not in ("''", self.words("no picture")) or bool(self._current.prompt)

    def _plain(self, problem: Problem) -> str:
        """Return a problem as text: its value too, unless that is just what the control shows."""
        rule = self.words.sentence(problem.rule)
        if problem.field == "seed":
            # The rule itself speaks of None, to people who write code.
            rule = self.words("a whole number from 0 to {most}, or nothing for a new one each time", most=MAX_SEED)
        in_sight = problem.value in ("", repr(getattr(self._current, problem.field)))
        return rule if in_sight else f"{self.words.sentence(problem.value)}: {rule}"

    def _press(self) -> None:
        """Do what the button says; whatever goes wrong is shown in the form."""
        with self._lock:
            fresh, promised_free = bool(self._fresh.value), self._free
            self._refresh()
            # A press can be on its way while the button changes: what it said is what is done, or nothing.
            if self.problems or (promised_free and not self._free):
                return
            self.job.send(self._current, fresh=fresh)
            with self._quietly():
                self._fresh.value = False
            self._refresh()

    def _progressed(self, progress: Progress) -> None:
        self.outcome.show(progress)
        if not progress.under_way or progress.seconds < 1:
            self._refresh()

    def _arrived(self, result: Result) -> None:
        self.offer_earlier()
        self.result = result

    # What can be done with an image

    def _actions(self) -> list[Any]:
        words = self.words
        return [
            (words("Recall"), words("Fill the form with this image's request, its seed too"), self._recall_image),
            (words("Variations"), words("The same request with new seeds: fills the form, sends nothing"), self._vary),
        ]

    def offer_to(self, takers: Iterable[tuple[str, Callable[[GeneratedImage], None]]]) -> None:
        """Put a button under each image for each of these: its text, and what takes the image as an input."""
        tooltip = self.words("Use this image as an input there")
        self.outcome.actions = [*self.outcome.actions, *((text, tooltip, take) for text, take in takers)]

    def offer_earlier(self) -> None:
        """Offer the images that are in the store now wherever a picture can be picked."""
        for control in self._controls.values():
            control.refresh()

    def _recall_image(self, image: GeneratedImage) -> None:
        if image.request:
            self.recall(image)
            self._filled()

    def _vary(self, image: GeneratedImage) -> None:
        if image.request:
            self.recall(image.request.replace(seed=None))
            self._filled()

    def _filled(self) -> None:
        said = self.words("The form is filled; nothing is sent before you press the button.")
        self._hint.value = f'<div class="wannb-told" role="status">{escape(said)}</div>'

    # How it looks

    def _layout(self) -> list[widgets.Widget]:
        words = self.words
        basic = [control.box for control in self._controls.values() if not FIELDS[control.name].advanced]
        code = Disclosure(words("The same as code"), self._code)
        left = widgets.VBox([*basic, self._more.box, code.box], _dom_classes=("wannb-controls",))
        go = widgets.VBox([self._fresh, self.button, self._hint], _dom_classes=("wannb-send",))
        right = widgets.VBox([go, self.outcome.box], _dom_classes=("wannb-results",))
        columns = widgets.HBox([left, right], _dom_classes=("wannb-columns",))
        return [looks.style(), self._heading, columns]

    def __repr__(self) -> str:
        return still.text(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs) or {}
        return {**bundle, "text/plain": repr(self), "text/html": still.page(self)}
