"""StoryboardForm: scenes in, a strip of frames out, each of which can be kept, drawn anew, moved or replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.client import Client
from wannb.display import html
from wannb.errors import InvalidRequest, Problem, WannbError
from wannb.request import ImageRequest, open_call
from wannb.service import Money
from wannb.storyboard import Storyboard
from wannb.translation import Words

from . import looks
from .code import CodeView
from .controls import Disclosure, button, close_all
from .new_board import NewBoard, board_names
from .plans import price
from .stage import Change, Doing, Stage
from .translated import said, translated
from .work import Doings, Work


class StoryboardForm(widgets.VBox):  # type: ignore[misc]
    """A storyboard as a form: first its scenes and what they cost, then its frames and what can be done with each.

    Args:
        client: what `wannb.connect()` gives.
        board: a board to go on with, or the name of one; without it the form begins with a new one.
        options: what a new board begins with, as `wannb.Storyboard` takes it: `scenes=[...]`, `style`, `name`,
            `images`, `model`, `size`, `seed`, `watermark`.

    Attributes:
        board: the board, None before it is made.
        button: what draws it; its description names how many images and the price.
        job: what a button set off; `form.job.join()` waits for it.
        made: called on a worker thread when images may have come.

    Raises:
        TypeError: an option that does not exist.
        ValueError: a value that the form cannot show, or no board of that name.

    >>> form = wannb.forms.StoryboardForm(client, scenes=["a cat wakes up", "it goes out"])    # doctest: +SKIP
    >>> form.run()                                                                             # doctest: +SKIP
    """

    def __init__(self, client: Client, board: Storyboard | str | None = None, **options: Any) -> None:
        self.client = client
        self.board = Storyboard.open(client, board) if isinstance(board, str) else board
        self.made: Callable[[], None] = lambda: None
        self.words = words = Words(client.language)
        # Callbacks come on the main thread, on ipykernel's subshells and from the worker.
        self._lock = threading.RLock()
        self._told = bool(options)
        self._problems: tuple[Problem, ...] = ()
        self._free = False
        self.job = Work(self._lock)
        self.new = NewBoard(client, words)
        self.new.fill(options)
        self.new.changed = self._touched
        self.button = widgets.Button(button_style="primary", _dom_classes=("wannb-go",))
        self.button.on_click(lambda _: self._press())
        self._hint = widgets.HTML()
        self.doings = Doings(words)
        self._code = CodeView(words=words)
        go = (self.button, self._hint, self.doings.box)
        self._go = widgets.VBox(go, _dom_classes=("wannb-send", "wannb-board-go"))
        self._names = widgets.Dropdown(description=words("Open a board"))
        self._open_button = button(words("Open"), lambda: self._guarded(lambda: self.go_on_with(self._names.value)))
        self._opening = widgets.HBox([self._names, self._open_button], _dom_classes=("wannb-row", "wannb-save-row"))
        self.stage = Stage(client, words, change=self._change, start=self._start, another=self.leave)
        super().__init__(self._layout(), _dom_classes=("wannb-form", "wannb-storyboardform"))
        self._turn()

    # What people use

    @property
    def code(self) -> str:
        """The calls that make or open the board, ready to paste."""
        return self.new.code if self.board is None else open_call(self.board.name)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with what a press on the button would ask for."""
        return self._problems

    def run(self) -> Storyboard:
        """Draw what is missing as the button does, wait, and return the board.

        Raises:
            InvalidRequest: something is wrong; nothing was sent.
            WannbError: whatever `Storyboard.run` raises.
            RuntimeError: the form is at work; `form.job.join()` waits for it.
        """
        if self.job.under_way:
            raise RuntimeError("this form is at work; form.job.join() waits for it")
        if self._problems:
            raise InvalidRequest(self._problems)
        board = self._drawn()
        self.job.join()
        self.job.check()
        return board

    def go_on_with(self, name: str) -> None:
        """Go on with a board that was saved.

        Raises:
            ValueError: there is none of that name.
            StoreError: its file is damaged.
        """
        with self._lock:
            self.board = Storyboard.open(self.client, name)
            self._turn()

    def leave(self) -> None:
        """Show the controls of a new board; the one that was shown is saved."""
        with self._lock:
            if not self.job.under_way:
                self.board = None
                self._turn()

    def offer_earlier(self) -> None:
        """Offer the images that are in the store now wherever a picture can be picked."""
        self.new.refresh()

    def close(self) -> None:
        """Let the form go, with all its widgets; what is under way is saved."""
        if "_for_board" in vars(self):  # a form that was refused while it was made has none
            close_all([*self.children, self.layout])
        super().close()

    # Buttons

    def _touched(self) -> None:
        self._told = True
        self._refresh()

    def _press(self) -> None:
        """Do what the button says; whatever goes wrong is shown in the form."""
        with self._lock:
            promised_free = self._free
            self._refresh()
            # A press can be on its way while the button changes: what it said is what is done, or nothing.
            if not self.button.disabled and not (promised_free and not self._free):
                self._guarded(self._drawn)

    def _drawn(self) -> Storyboard:
        """Begin to draw the board, made from the controls if it is not there, and return it."""
        with self._lock:
            if self.board is None:
                self.board = self.new.make()
                self._turn()
            self._start(lambda board, on_status: board.run(on_status=on_status))
            return self.board

    def _start(self, act: Doing) -> None:
        """Do something that takes its time on the worker."""
        with self._lock:
            board = self.board
            if board is None or self.job.under_way:
                return
            self.doings.going(self.words("at work"))
            self.stage.outdated()
            self.job.begin(lambda: act(board, self.doings.waiting), self._ended)
            self._refresh()

    def _ended(self, error: BaseException | None) -> None:
        with self._lock:
            if error is None:
                self.doings.tell()
            else:
                self._failed(error)
            self._refresh()
        self.offer_earlier()
        self.made()

    def _change(self, act: Change) -> None:
        """Change the board at once; what goes wrong is said."""
        with self._lock:
            board = self.board
            if board is None or self.job.under_way:
                return
            self.stage.outdated()
            self.doings.tell()

            def change() -> None:
                told = act(board)
                if isinstance(told, str):
                    self.doings.tell(said(told, self.words))

            self._guarded(change)
            self._refresh()

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:
            # Nobody sees an exception of a callback.
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, (ValueError, TypeError)) and not isinstance(error, WannbError):
            self.doings.wrong(said(str(error), self.words))
        else:
            self.doings.error(error)

    # How it looks

    def _turn(self) -> None:
        """Show the new board's controls, or the board."""
        with self._lock:
            self.doings.tell()
            self._names.options = board_names(self.client)
            for shown, parts in ((self.board is None, self._for_new), (self.board is not None, self._for_board)):
                for each in parts:
                    each.layout.display = "" if shown else "none"
            if not self._names.options:
                self._opening.layout.display = "none"
            self._refresh()

    def _refresh(self) -> None:
        """Bring everything up to date."""
        with self._lock:
            self._code.code = self.code
            if self.board is None:
                self._problems = self.new.problems()
                self.new.tell(self._problems if self._told else ())
            else:
                self._problems = self.board.problems()
                self.stage.show(self.board, busy=self.job.under_way)
            self._offer()

    def _offer(self) -> None:
        """Say on the button what a press does and what it costs."""
        words, board, said_ = self.words, self.board, ""
        drawing = None if self._problems else self.new.drawing() if board is None else board.generator()
        to_pay = drawing.to_pay() if drawing else 0
        self._free = not to_pay
        if drawing is None:
            self.button.description = words("Nothing to make")
            said_ = (
                words("Say what to make first.")
                if board is None and not self._told
                else words("See the notes at the options.")
            )
            if board is not None:
                said_ = " · ".join(words.sentence(f"{each.value}: {each.rule}") for each in self._problems)
        elif to_pay:
            images = drawing.to_generate() or to_pay
            what = words("Make 1 image") if images == 1 else words("Make up to {count} images", count=images)
            cost = self._cost(drawing.record().base.model, to_pay)
            self.button.description = f"{what} · {price(words, cost, mock=self._mock, most=images > 1)}"
        elif drawing.to_generate():
            self.button.description = words("Take {count} images from the store · free", count=drawing.to_generate())
        elif drawing.record().journal.pending:
            self.button.description = words("Fetch what is under way · free")
        else:
            self.button.description = words("All frames are made")
        idle = drawing is None or not (drawing.to_generate() or drawing.record().journal.pending)
        self.button.disabled = idle or self.job.under_way
        self._hint.value = f'<div class="wannb-quietly">{escape(said_)}</div>'

    @property
    def _mock(self) -> bool:
        return self.client.service.kind == "mock"

    def _cost(self, model: str, images: int) -> Money | None:
        return self.client.estimate(ImageRequest(model=model, n=images))

    def _layout(self) -> list[widgets.Widget]:
        words = self.words
        heading = widgets.HTML(looks.heading(words, words("Storyboard"), self.client))
        left = widgets.VBox([self.new.box, self._code_box()], _dom_classes=("wannb-controls",))
        empty = words("The frames will be here: each can be kept, drawn anew, moved and replaced.")
        later = widgets.HTML(f'<div class="wannb-empty">{escape(empty)}</div>')
        files, stage, code = (
            Disclosure(words("Pages and files"), self.stage.files.box).box,
            self.stage,
            self._code_box(),
        )
        below = [stage.bar, stage.box, files, code]
        self._for_new, self._for_board = [left, self._opening, later], [stage.about, *below]
        # Parts are hidden rather than taken out, so that the keyboard is not thrown back to the page's beginning.
        right = widgets.VBox([stage.about, self._go, self._opening, later, *below], _dom_classes=("wannb-results",))
        columns = widgets.HBox([left, right], _dom_classes=("wannb-columns",))
        return [looks.style("boards.css"), heading, columns]

    def _code_box(self) -> widgets.Widget:
        return Disclosure(self.words("The same as code"), self._code).box

    def __repr__(self) -> str:
        if self.board is not None:
            return f"StoryboardForm({self.board!r})"
        state = "at work" if self.job.under_way else "not ready" if self._problems else "ready"
        return f"StoryboardForm(new board, {len(self.new.options['scenes'])} scenes, {state})"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs) or {}
        words, line = self.words, f"[ {self.button.description} ]"
        if self.board is not None:
            theirs = [text for scene in self.board.scenes for text in (scene.text, scene.notes)]
            body = translated(self.board._repr_mimebundle_()["text/html"], words, theirs=[self.board.name, *theirs])
        else:
            scenes = [(number, each.text, each.notes) for number, each in enumerate(self.new.options["scenes"], 1)]
            body = html.table(["", words("what is to be seen"), words("Notes")], scenes) if scenes else ""
        page = html.block(words("Storyboard"), lines=[line], body=body)
        return {**bundle, "text/plain": repr(self), "text/html": page}
