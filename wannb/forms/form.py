"""Form: a request as controls, the call that does the same, and its result; one for each mode."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

import ipywidgets as widgets
import traitlets

from wannb.client import Client
from wannb.display import html
from wannb.errors import InvalidRequest, Problem, RecallError, StoreError
from wannb.ledger import Task, recall
from wannb.request import (
    EDITING,
    FIELDS,
    IMAGE_SET,
    INTERACTIVE,
    MAX_N,
    MAX_N_SET,
    MAX_SEED,
    MULTI_REFERENCE,
    TEXT_SET,
    TEXT_TO_IMAGE,
    ImageRequest,
    check_names,
)
from wannb.runs import DONE, Result, Run
from wannb.translation import Said, count, joined, say, shorten

from . import controls
from .boxes import boxed
from .button import button_text, html_line, show
from .controls import Control, Disclosure, Size, in_form
from .palette import Palette
from .panel import WorkPanel
from .references import References
from .scenes import Scenes
from .status import Action, Status
from .worker import Progress

_PIXELS, _WIDTH = 360, 220
NO_PICTURE = Said("no picture")


class _Request(traitlets.Instance):  # type: ignore[type-arg]
    """The trait of a form's request, whose error is one sentence."""

    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        raise traitlets.TraitError(say("request is a wannb.ImageRequest, not {kind}", kind=type(value).__name__))


class Form(WorkPanel):
    """A request as a form: the base of `TextToImageForm`, `EditForm`, `RegionForm` and `ImageSetForm`.

    Args:
        client: what `wannb.connect()` returns.
        request: shown at first; the options given beside it replace its own.
        options: any of the request's own: `prompt="a cat"`, `size="1K"`, ...

    Attributes:
        request: the form's request. Reading it reads the controls, writing it fills them; it is a trait, so
            `form.observe(function, "request")` hears of every change.
        button: sends the request; its description names the count and the price.
        worker: what the button started; `form.worker.join()` waits for it.
        result: the last result, None before. A trait too, set from a worker thread when the button was pressed.

    Raises:
        TypeError: an option that does not exist.
        ValueError: a request of another mode, or a value that the form's controls cannot show.
    """

    request = _Request(ImageRequest)
    result = traitlets.Instance(Result, allow_none=True)

    #: The modes that the form can show, as the API's page names them; the first is its own.
    modes: ClassVar[tuple[str, ...]] = ()
    #: Options that every request of the form has.
    fixed: ClassVar[dict[str, Any]] = {}
    #: The most images of a request.
    most: ClassVar[int] = MAX_N

    def __init__(self, client: Client, request: ImageRequest | None = None, **options: Any) -> None:
        check_names(options, FIELDS)
        #: The last request that was filled in; it keeps the options that no control shows.
        self._rest = ImageRequest(**self.fixed)
        #: The request in the controls; the trait follows when the lock is free, so that observers may do anything.
        self._current = self._rest
        super().__init__(client, request=self._rest)
        wanted = (request or self._rest).replace(**options)
        if wanted == self._rest:
            self._fill(wanted)
        else:
            self.request = wanted

    # For subclasses

    def _shows(self, request: ImageRequest) -> bool:
        """Return whether a request, also an incomplete one, is of the form's modes."""
        return request.mode in self.modes

    def _normal(self, request: ImageRequest) -> ImageRequest:
        """Return a request as the form keeps it."""
        return request

    def _subject(self) -> Sequence[Control]:
        """Return the controls of what the images show, which come before those that all forms have."""
        return [controls.prompt(self.words)]

    def _read(self) -> dict[str, Any]:
        return {name: control.value for name, control in self._controls.items() if not control.is_off}

    def _write(self, request: ImageRequest) -> None:
        for name, control in self._controls.items():
            control.fill(getattr(request, name))

    def _own_problems(self) -> Iterable[Problem]:
        """Return the problems that the form itself finds."""
        return ()

    # Public

    @property
    def mode(self) -> str:
        """The mode of the request; the form's own while the request is incomplete."""
        return self._current.mode if self._current.mode in self.modes else self.modes[0]

    @property
    def code(self) -> str:
        """The call that does the same as the form, ready to paste."""
        return self._current.code()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of the request; the button is off while there is one."""
        return (*self._current.problems(), *self._own_problems())

    def run(self, *, fresh: bool = False) -> Result:
        """Send the request as the button does, wait, and return the result.

        Args:
            fresh: generate and pay again although the runs folder has the answer to an equal seeded request.

        Raises:
            InvalidRequest: the form has problems; nothing was sent.
            WannbError: whatever `client.run` raises.
            RuntimeError: the form is at work; `form.worker.join()` waits for it.
        """
        problems = self.problems
        if problems:
            raise InvalidRequest(problems)
        result: Result = self._finish(lambda: self.worker.send(self._current, fresh=fresh))
        return result

    def recall(self, source: Any, *, only: str | Iterable[str] = (), but: str | Iterable[str] = ()) -> None:
        """Fill the form from a run, a result, an image, a request or the path of a saved image.

        Args:
            source: where the request comes from.
            only: the options to copy; all of them when empty.
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
        self.worker.watch(lambda: task)

    # The request and the controls

    @traitlets.validate("request")
    def _request_checked(self, proposal: Any) -> ImageRequest:
        request: ImageRequest = proposal["value"]
        if self._filling or request is self._current:
            return request
        request = self._normal(request)
        if not self._shows(request):
            modes = f"{type(self).__name__} shows {' and '.join(self.modes)}, not {request.mode}"
            raise ValueError(f"{modes}; wannb.forms.open(client, request) finds the right form")
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
        with self._lock:
            self._rest = self._current = request
            with self._filling:
                self._switch()
                self._write(request)
            if any(getattr(request, name) != FIELDS[name].default for name in self._advanced()):
                self._more.open()
            self._refresh()

    def _touched(self) -> None:
        with self._lock:
            if self._filling:
                return
            self._begun = True
            self._current = request = self._rest.replace(**self._read())
            self._refresh()
        self.request = request

    def _put(self, fields: Mapping[str, Any]) -> None:
        super()._put(fields)
        if any(fields.get(name, FIELDS[name].default) != FIELDS[name].default for name in self._advanced()):
            self._more.open()

    def _switch(self) -> None:
        """Turn controls off that do not apply to the mode, and say why."""
        words, mode = self.words, self.mode
        plain, is_set = mode == TEXT_TO_IMAGE, mode in (TEXT_SET, IMAGE_SET)
        self._size.applies(model=self._current.model, plain=plain, with_images=not plain and mode != TEXT_SET)
        self._controls["thinking_mode"].turn_off("" if plain else words("Thinking: text to image only"))
        self._controls["color_palette"].turn_off(words("Palette: not in image sets") if is_set else "")

    def _advanced(self) -> list[str]:
        """Return the options under "More options"."""
        return [name for name in self._controls if FIELDS[name].advanced]

    # The button

    def _refresh(self) -> None:
        with self._lock:
            request = self._current
            with self._filling:
                self._switch()
            problems = self.problems
            self._tell([problem for problem in problems if self._says(problem)])
            if any(problem.field in self._advanced() for problem in problems):
                self._more.open()
            self._show_heading(self.mode)
            self._code.code = request.code()
            self._offer_request(request, problems)

    def _offer_request(self, request: ImageRequest, problems: Sequence[Problem]) -> None:
        """Say on the button what a press does, and whether it can be pressed."""
        words, known = self.words, None if problems else self._known(request)
        show(self._fresh, known)
        if not known:
            with self._filling:
                self._fresh.value = False
        free = known is not None and not self._fresh.value
        if known is not None and free:
            ready = known.state == DONE
            text = words("Show · free, already generated") if ready else words("Show when ready · free, under way")
        else:
            cost, up_to = self.client.estimate(request), request.enable_sequential
            text = button_text(words, request.n, cost, mock=self._mock, up_to=up_to)
        hints = [self._plain(problem) for problem in problems if problem.field not in self._controls]
        if problems and not hints:
            hints = [self._why_not(empty=not str(request.prompt).strip())]
        self._offer(text, free=free, enabled=not problems, hints=hints)

    def _known(self, request: ImageRequest) -> Run | None:
        try:
            return self.client.known(request)
        except StoreError:
            return None  # a press on the button says so

    def _says(self, problem: Problem) -> bool:
        """Return whether a problem is shown: not for what a person has not begun to write."""
        return self._begun or problem.value not in ("''", NO_PICTURE) or bool(self._current.prompt)

    def _plain(self, problem: Problem) -> str:
        """Return a problem as text: its value too, unless that is just what the control shows."""
        rule = in_form(problem.rule)
        if problem.field == "seed":
            # The rule itself speaks of None, to people who write code.
            rule = Said("a whole number from 0 to {most}, or nothing for a new one each time", most=MAX_SEED)
        in_sight = problem.value in ("", repr(getattr(self._current, problem.field)))
        return self.words(rule if in_sight else joined(": ", [problem.value, rule]))

    def _start(self) -> bool:
        started = self.worker.send(self._current, fresh=bool(self._fresh.value))
        with self._filling:
            self._fresh.value = False
        self._refresh()
        return started

    def _ended(self, progress: Progress) -> None:
        if progress.result is not None:
            self.result = progress.result
            super()._ended(progress)
        elif self.result is not None and self.result.run_id == progress.open_run:
            self.result = None  # it was taken back

    # Buttons under an image

    def _actions(self) -> list[Action]:
        words = self.words
        copy = words("Fill the form with this image's request, its seed too")
        vary = words("The same request with new seeds: fills the form, sends nothing")
        return [
            (words("Copy settings"), copy, lambda image: self._copy(image.request)),
            (words("Variations"), vary, lambda image: self._copy(image.request and image.request.replace(seed=None))),
        ]

    def _copy(self, request: ImageRequest | None) -> None:
        if request:
            self.recall(request)
            said = self.words("The form is filled; nothing is sent before you press the button.")
            self._hint.value = html_line(said, "told wannb-say")

    # Layout

    def _build(self) -> None:
        words = self.words
        self._size = Size(words)
        self._use(
            [
                *self._subject(),
                controls.model(words),
                self._size,
                controls.number(words, most=self.most),
                controls.Seed(words),
                Palette(words, self.client.store),
                controls.flag("thinking_mode", words),
                controls.flag("watermark", words),
            ]
        )
        more = widgets.VBox([self._controls[name].box for name in self._advanced()])
        self._more = Disclosure(words("More options"), more)
        self._fresh = widgets.Checkbox(description=words("Generate and pay again"), indent=False)
        self._fresh.observe(lambda change: None if self._filling else self._refresh(), "value")
        self._make_worker()
        self.status = Status(words, self.worker.acts, empty=words("The images will be shown here."))
        self.status.actions = self._actions()

    def _left(self) -> list[widgets.Widget]:
        basic = [control.box for control in self._controls.values() if not FIELDS[control.name].advanced]
        return [*basic, self._more.box, self._code_box()]

    def _right(self) -> list[widgets.Widget]:
        return [self._send_box(self._fresh), self.status.box]

    def __repr__(self) -> str:
        problems = self.problems
        state = "at work" if self.worker.under_way else count(len(problems), "problem") if problems else "ready"
        return f"{type(self).__name__}({self.mode}, {shorten(self.request.prompt, 60)!r}, {state})"

    def _page(self) -> str:
        request, name, mode = self.request, self.words(self.title), self.words(self.mode)
        parts = [html.table([Said("option"), Said("value")], [*_options(request)])]
        if request.images:
            parts.append(html.row(_inputs(request)))
        if self.result is not None:
            images = html.row(self.result.figures(pixels=_PIXELS, width=_WIDTH))
            parts.append(html.block("", lines=[self.result.summary()], body=images, notes=self.result.notices))
        return html.block(
            name,
            lines=["" if mode.casefold() == name.casefold() else mode, f"[ {self.button.description} ]"],
            body="".join(parts),
            notes=[in_form(problem.rule) for problem in self.problems] if request.prompt else [],
        )


def request_of(source: Any) -> ImageRequest:
    """Return the request of a run, a result, one of its images, a saved image's path, or the request itself.

    Raises:
        RecallError: the source holds no request.
    """
    if isinstance(source, ImageRequest):
        return source
    if isinstance(source, (str, os.PathLike)):
        return recall(source)
    request = getattr(source, "request", None)
    if not isinstance(request, ImageRequest):
        kind = type(source).__name__
        raise RecallError(
            "a {kind} holds no request; give a run, a result, one of its images or a file's path", kind=kind
        )
    return request


# The form as HTML


def _options(request: ImageRequest) -> Iterator[tuple[str, str]]:
    """Yield each option that is shown, by its label."""
    for name, field in FIELDS.items():
        value = getattr(request, name)
        if name in ("images", "bbox_list", "enable_sequential") or (field.advanced and value == field.default):
            continue
        if name == "color_palette":
            shown = ", ".join(f"{color.hex} {color.ratio}" for color in value)
        elif isinstance(value, bool):
            shown = Said("yes") if value else Said("no")
        else:
            shown = Said("a new one each time") if value is None else str(value)
        yield say(field.label), shown


def _inputs(request: ImageRequest) -> Iterator[str]:
    """Yield the input images with their boxes and numbers, as HTML figures."""
    for number, image in enumerate(request.images, 1):
        label = f"{say('image {number}', number=number)} · {image.name}"
        boxes = request.bbox_list[number - 1] if request.bbox_list and number <= len(request.bbox_list) else ()
        listed = [say("box {box}", box=list(box)) for box in boxes]
        if image.content is None or not image.width or not image.height:
            said = in_form(image.problem or "") or Said("a link; it is not downloaded")
            yield f'<div style="max-width:{_WIDTH}px">{html.text(label)}<br>{html.text(said)}</div>'
            continue
        lines, size = [label, *listed], (image.width, image.height)
        jpeg = boxed(image.content, size, boxes, pixels=_PIXELS)
        yield html.figure(jpeg, alt=" ".join(lines), caption=lines, size=size, width=_WIDTH)


# Forms of the modes


class TextToImageForm(Form):
    """Text to image as a form: `Form` says what every form can do.

    >>> form = wannb.forms.TextToImageForm(client, prompt="a flower shop", size="1K")    # doctest: +SKIP
    >>> form                                                                             # doctest: +SKIP
    TextToImageForm(text to image, 'a flower shop', ready)
    """

    title = Said("Text to image")
    modes = (TEXT_TO_IMAGE,)


class EditForm(Form):
    """Image editing and multi-reference generation as a form: `Form` says what every form can do.

    >>> form = wannb.forms.EditForm(client, images="photo.jpg", prompt="as a watercolor")    # doctest: +SKIP
    """

    title: ClassVar[str] = Said("Edit")
    modes: ClassVar[tuple[str, ...]] = (EDITING, MULTI_REFERENCE)
    _with_boxes = False

    def _subject(self) -> Sequence[Control]:
        self._references = References(self.words, self.client.store, with_boxes=self._with_boxes)
        return [self._references, *super()._subject()]

    def _write(self, request: ImageRequest) -> None:
        super()._write(request)
        self._references.fill_with_boxes(request.images, request.bbox_list or ())

    def _shows(self, request: ImageRequest) -> bool:
        return not request.enable_sequential and (self._with_boxes or request.bbox_list is None)

    def _own_problems(self) -> Sequence[Problem]:
        if self._current.images:
            return ()
        return [Problem(field="images", value=NO_PICTURE, rule=Said("add at least one picture"))]

    def _actions(self) -> list[Action]:
        words = self.words
        use = (words("Use as input"), words("Add this image to the input images"), self.use)
        return [use, *super()._actions()]

    def use(self, image: Any) -> None:
        """Add an image to the input images: a generated one, or anything that can be an input."""
        added = self.request.replace(images=[image]).images
        boxes = self.request.bbox_list
        changes: dict[str, Any] = {"images": (*self.request.images, *added)}
        if boxes is not None:
            changes["bbox_list"] = (*boxes, *[()] * len(added))
        self.request = self.request.replace(**changes)


class RegionForm(EditForm):
    """Interactive editing as a form: boxes drawn on the input images say where to change them.

    Boxes are in pixels of the input image, up to two an image, drawn, moved and resized by mouse, touch or keyboard, or
    written as numbers.

    >>> form = wannb.forms.RegionForm(client, images="room.jpg", bbox_list=[[[989, 515, 1138, 681]]])  # doctest: +SKIP
    """

    title = Said("Edit in boxes")
    modes = (INTERACTIVE,)
    _with_boxes = True

    def _normal(self, request: ImageRequest) -> ImageRequest:
        if request.images and request.bbox_list is None:
            return request.replace(bbox_list=[[]] * len(request.images))
        return request if request.images else request.replace(bbox_list=None)

    def _read(self) -> dict[str, Any]:
        return {**super()._read(), "bbox_list": self._references.boxes or None}

    def _own_problems(self) -> Sequence[Problem]:
        problems = super()._own_problems()
        if problems or any(self._references.boxes):
            return problems
        return [Problem(field="images", value="", rule=Said("draw a box on a picture; it says where to edit"))]


class ImageSetForm(EditForm):
    """An image set as a form, from text alone or with input images: `Form` says what every form can do.

    >>> form = wannb.forms.ImageSetForm(client, images="cat.png", n=4)    # doctest: +SKIP
    """

    title = Said("Image set")
    modes = (TEXT_SET, IMAGE_SET)
    fixed: ClassVar[dict[str, Any]] = {"enable_sequential": True, "n": 2}
    most = MAX_N_SET

    def _subject(self) -> Sequence[Control]:
        self._scenes = Scenes(self.words)
        self._counted = 0
        self._references = References(self.words, self.client.store)
        return [self._scenes, self._references]

    def _shows(self, request: ImageRequest) -> bool:
        return request.enable_sequential and request.bbox_list is None

    def _normal(self, request: ImageRequest) -> ImageRequest:
        return request.replace(color_palette=None)

    def _touched(self) -> None:
        count = len(self._scenes.scenes)
        if not self._filling and self._scenes.by_scene and count != self._counted:
            # One image a scene, until a person asks for more.
            self._counted = count
            with self._filling:
                self._controls["n"].fill(max(1, count))
        super()._touched()

    def _write(self, request: ImageRequest) -> None:
        super()._write(request)
        self._counted = len(self._scenes.scenes)

    def _put(self, fields: Mapping[str, Any]) -> None:
        super()._put(fields)
        self._counted = len(self._scenes.scenes)

    def _own_problems(self) -> Sequence[Problem]:
        scenes = len(self._scenes.scenes) if self._scenes.by_scene else 0
        if self._current.n >= scenes:
            return ()
        rule = Said("{scenes} scenes need n={scenes}, or leave n out", scenes=scenes)
        return [Problem(field="n", value=str(self._current.n), rule=rule)]


def form_class(request: ImageRequest) -> type[Form]:
    """Return the form that shows requests of this mode."""
    kinds = (TextToImageForm, EditForm, RegionForm, ImageSetForm)
    return next(kind for kind in kinds if request.mode in kind.modes)
