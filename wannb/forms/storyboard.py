"""StoryboardForm: scenes in, frames out, each of which can be kept, generated again, moved or replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.client import Client
from wannb.display import html
from wannb.errors import InvalidRequest, Problem, WannbError
from wannb.request import ImageRequest, board_call, check_names, open_call
from wannb.storyboard import Drawing, Shelf, Storyboard, as_scenes, begun
from wannb.translation import Said, Words, override

from . import controls
from .controls import Control, Disclosure, Size, button
from .frames import Change, Frames, Work
from .panel import WorkPanel, button_text, plain
from .references import Picker, References
from .rows import Rows
from .scenes import BoardSceneRow, style_input
from .status import Status
from .worker import Progress, Report

NAME = "storyboard"
OPTIONS = ("scenes", "name", "style", "images", "model", "size", "seed", "watermark")
_MOST_SCENES = 60


class StoryboardForm(WorkPanel):
    """A storyboard as a form: first its scenes and what they cost, then its frames and what can be done with each.

    Args:
        client: what `wannb.connect()` returns.
        board: a board to go on with, or the name of one; without it the form begins with a new one.
        options: what a new board begins with, as `wannb.Storyboard` takes it: `scenes=[...]`, `style`, `name`,
            `images`, `model`, `size`, `seed`, `watermark`.

    Attributes:
        board: the board, None before it is made.
        button: generates its frames; its description names how many images and the price.
        worker: what a button started; `form.worker.join()` waits for it.
        made: called on a worker thread when there may be new images.

    Raises:
        TypeError: an option that does not exist.
        ValueError: a value that the form cannot show, or no board of that name.

    >>> form = wannb.forms.StoryboardForm(client, scenes=["a cat wakes up", "it goes out"])    # doctest: +SKIP
    >>> form.run()                                                                             # doctest: +SKIP
    """

    sheets = ("boards.css",)

    def __init__(self, client: Client, board: Storyboard | str | None = None, **options: Any) -> None:
        self.board = Storyboard.open(client, board) if isinstance(board, str) else board
        self.made: Callable[[], None] = lambda: None
        self._problems: tuple[Problem, ...] = ()
        self._first = options
        super().__init__(client)
        self._begun = bool(options)
        self._turn()

    # What people use

    @property
    def code(self) -> str:
        """The calls that make or open the board, ready to paste."""
        return self.new.code if self.board is None else open_call(self.board.name)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of what a press on the button would ask for."""
        return self._problems

    def run(self) -> Storyboard:
        """Generate what is missing as the button does, wait, and return the board.

        Raises:
            InvalidRequest: the form has problems; nothing was sent.
            WannbError: whatever `Storyboard.run` raises.
            RuntimeError: the form is at work; `form.worker.join()` waits for it.
        """
        if self._problems and not self.worker.under_way:
            raise InvalidRequest(self._problems)
        self._finish(self._start, self.words("this form is at work; form.worker.join() waits for it"))
        assert self.board is not None
        return self.board

    def go_on_with(self, name: str) -> None:
        """Go on with a board that was saved.

        Raises:
            ValueError: no board has that name.
            StoreError: its file is damaged.
        """
        with self._lock:
            self.board = Storyboard.open(self.client, name)
            self._turn()

    def leave(self) -> None:
        """Show the controls of a new board; the one that was shown is saved."""
        with self._lock:
            if not self.worker.under_way:
                self.board = None
                self._turn()

    def offer_earlier(self) -> None:
        """Offer the images in the runs folder wherever a picture can be picked."""
        self.new.refresh()

    # Work and changes

    def _touched(self) -> None:
        self._begun = True
        self._refresh()

    def _start(self) -> bool:
        """Begin to generate the frames of the board, made from the controls if it does not exist."""
        with self._lock:
            if self.worker.under_way:
                return False
            if self.board is None:
                self.board = self.new.make()
                self._turn()
            return self._start_work(lambda board, on_status: board.run(on_status=on_status))

    def _start_work(self, act: Work) -> bool:
        """Do something that takes its time on the worker."""
        with self._lock:
            board = self.board
            if board is None or self.worker.under_way:
                return False
            self.frames.outdated()

            def work(report: Report) -> None:
                act(board, lambda status, seconds: report(status=status, text=""))

            return self.worker.start(work, text=Said("at work"))

    def _ended(self, progress: Progress) -> None:
        self.offer_earlier()
        self.made()

    def _change(self, act: Change) -> None:
        """Change the board at once; an error is shown."""
        with self._lock:
            board = self.board
            if board is None or self.worker.under_way:
                return
            self.frames.outdated()
            self.status.tell()

            def change() -> None:
                told = act(board)
                if isinstance(told, str):
                    self.status.tell(self.words(told))

            self._safely(change)
            self._refresh()

    def _safely(self, act: Callable[[], object]) -> None:
        with override(self.words.language):
            try:
                act()
            except (ValueError, TypeError) as error:
                if isinstance(error, WannbError):
                    self.status.error(error)
                else:
                    self.status.refuse(str(error))
            except Exception as error:
                self.status.error(error)

    # How it looks

    def _build(self) -> None:
        words = self.words
        self.new = NewBoard(self.client, words)
        self.new.fill(self._first)
        self.new.changed = self._touched
        self._make_worker()
        self.status = Status(words)
        self._names = widgets.Dropdown(description=words("Open a board"))
        self._open = button(words("Open"), lambda: self._safely(lambda: self.go_on_with(self._names.value)))
        self._opening = widgets.HBox([self._names, self._open], _dom_classes=("wannb-row", "wannb-save-row"))
        self.frames = Frames(self.client, words, change=self._change, start=self._start_work, leave=self.leave)
        self._show_heading(Said("Storyboard"))

    def _layout(self) -> list[widgets.Widget]:
        words, frames = self.words, self.frames
        empty = words("The frames will be shown here: each can be kept, generated again, moved and replaced.")
        later = widgets.HTML(f'<div class="wannb-empty">{escape(empty)}</div>')
        files = Disclosure(words("Pages and files"), frames.files.box).box
        go = (self.button, self._hint, self.status.box)
        send = widgets.VBox(go, _dom_classes=("wannb-send", "wannb-board-go"))
        left = widgets.VBox([self.new.box, self._code_box()], _dom_classes=("wannb-controls",))
        below = [frames.bar, frames.box, files, self._code_box()]
        self._for_new, self._for_board = [left, self._opening, later], [frames.about, *below]
        # Parts are hidden rather than removed, so that the keyboard focus does not go back to the top of the page.
        right = widgets.VBox([frames.about, send, self._opening, later, *below], _dom_classes=("wannb-results",))
        columns = widgets.HBox([left, right], _dom_classes=("wannb-columns",))
        return [self._style(), self._heading, columns]

    def _turn(self) -> None:
        """Show the new board's controls, or the board."""
        with self._lock:
            self.status.tell()
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
                self.new.tell(self._problems if self._begun else ())
            else:
                self._problems = self.board.problems()
                self.frames.show(self.board, busy=self.worker.under_way)
            if self._problems:
                self._offer(self.words("Nothing to generate"), free=False, enabled=False, hints=[self._why_off()])
            else:
                self._offer_drawing(self.new.drawing() if self.board is None else self.board.drawing())

    def _why_off(self) -> str:
        if self.board is None:
            return self._why_not(empty=not self._begun)
        return " · ".join(self._plain(problem) for problem in self._problems)

    def _offer_drawing(self, drawing: Drawing) -> None:
        """Say on the button what a press does and what it costs."""
        words, record = self.words, drawing.record()
        missing, to_pay = drawing.to_make(), drawing.to_pay()
        if to_pay:
            images = missing or to_pay
            cost = self.client.estimate(ImageRequest(model=record.base.model, n=to_pay))
            text = button_text(words, images, cost, mock=self._mock, up_to=True)
        elif missing:
            text = words("Show {count} images · free, already generated", count=missing)
        elif record.ledger.pending:
            text = words("Pick up what is under way · free")
        else:
            text = words("All frames are generated")
        self._offer(text, free=not to_pay, enabled=bool(missing or record.ledger.pending))

    def __repr__(self) -> str:
        if self.board is not None:
            return f"StoryboardForm({self.board!r})"
        state = "at work" if self.worker.under_way else "not ready" if self._problems else "ready"
        return f"StoryboardForm(new board, {len(self.new.options['scenes'])} scenes, {state})"

    def _page(self) -> str:
        if self.board is not None:
            body = self.board._repr_mimebundle_()["text/html"]
        else:
            scenes = [(number, each.text, each.notes) for number, each in enumerate(self.new.options["scenes"], 1)]
            body = html.table(["", Said("what the frame shows"), Said("Notes")], scenes) if scenes else ""
        return html.block(Said("Storyboard"), lines=[f"[ {self.button.description} ]"], body=body)


class BoardSeed(controls.Seed):
    """The seed of a board: a number, or nothing for one that follows from the scenes."""

    @property
    def none(self) -> str:
        return self.words("follows from the scenes")

    @property
    def none_tooltip(self) -> str:
        return self.words("Use the seed that follows from the scenes")

    @property
    def help_text(self) -> str:
        return self.words(
            "Without a seed, one follows from the scenes and options, so that the same board is the same request and "
            "is free the second time."
        )


class NewBoard:
    """The controls of a board that is not made yet: scenes, style, pictures, options.

    Attributes:
        box: the widget.
        changed: called when a person has changed something.
    """

    def __init__(self, client: Client, words: Words) -> None:
        self.client = client
        self.words = words
        self.changed: Callable[[], None] = lambda: None
        self._filling = False
        self._name = widgets.Text(value=NAME, description=words("Name"))
        self._style = style_input(words)
        self._scenes: Rows[BoardSceneRow] = Rows(
            add=words("Add a scene"), make=lambda: BoardSceneRow(words), most=_MOST_SCENES
        )
        self._size = Size(words)
        self._controls: dict[str, Control] = {
            "images": References(words, Picker(client.store, words)),
            "model": controls.model(words),
            "size": self._size,
            "seed": BoardSeed(words),
            "watermark": controls.flag("watermark", words),
        }
        self._notes = {name: widgets.HTML() for name in ("name", "scenes")}
        self._said = widgets.HTML()
        self._pictures = Disclosure(words("Input images"), self._controls["images"].box)
        first = (
            [self._name, self._said, self._notes["name"]],
            [self._scenes.box, self._notes["scenes"]],
            [self._style],
        )
        name, scenes, style = (widgets.VBox(each, _dom_classes=("wannb-control",)) for each in first)
        rest = [self._controls[each].box for each in ("model", "size", "seed", "watermark")]
        self.box = widgets.VBox([name, scenes, style, self._pictures.box, *rest])
        for text in (self._name, self._style):
            text.observe(lambda change: self._touched(), "value")
        self._scenes.changed = self._touched
        for control in self._controls.values():
            control.changed = self._touched
        self._scenes.show([BoardSceneRow(words), BoardSceneRow(words)])

    @property
    def options(self) -> dict[str, Any]:
        """What `wannb.Storyboard` takes beside the client."""
        return {
            "scenes": tuple(entry.scene for entry in self._scenes.entries if entry.text),
            "name": str(self._name.value.strip()),
            "style": str(self._style.value.strip()) or None,
            **{name: control.value for name, control in self._controls.items()},
        }

    @property
    def code(self) -> str:
        """The calls that make the board and generate its frames."""
        return board_call({name: value for name, value in self.options.items() if (name, value) != ("name", NAME)})

    def fill(self, options: Mapping[str, Any]) -> None:
        """Show these options; `TypeError` or `ValueError` for what they must not be."""
        check_names(options, OPTIONS)
        self._filling = True
        try:
            if "scenes" in options:
                self._scenes.show([BoardSceneRow(self.words, scene) for scene in as_scenes(options["scenes"])])
            self._name.value = options.get("name", self._name.value)
            self._style.value = options.get("style", self._style.value) or ""
            for name, control in self._controls.items():
                if name in options:
                    value = options[name]
                    if control.refuses(value):
                        raise ValueError(f"{name}={value!r} cannot be shown by StoryboardForm")
                    control.fill(value)
        finally:
            self._filling = False
        if options.get("images"):
            self._pictures.open()

    def make(self) -> Storyboard:
        """Make the board; nothing is sent."""
        options = self.options
        return Storyboard(self.client, options.pop("scenes"), **options)

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems, before anything is written or sent."""
        found = []
        options = self.options
        try:
            Shelf.named(self.client.store, options["name"])
        except ValueError:
            rule = Said("letters, digits, spaces and hyphens, at most 120 bytes: it is the name of a folder")
            found.append(Problem(field="name", value=options["name"], rule=rule))
        for number, entry in enumerate(self._scenes.entries, 1):
            if not entry.text and entry.has_notes:
                value, rule = Said("scene {number}", number=number), Said("describe what the frame shows")
                found.append(Problem(field="scenes", value=value, rule=rule))
        if not options["scenes"]:
            found.append(Problem(field="scenes", value="", rule=Said("write at least one scene")))
        return tuple(found) or self.drawing().problems()

    def drawing(self) -> Drawing:
        """Return what a run of the board would ask for, without making it."""
        options = self.options
        scenes, name, style = (options.pop(each) for each in ("scenes", "name", "style"))
        record = begun(scenes, style, ImageRequest(**options))
        shelf = Shelf.named(self.client.store, name)
        return Drawing(client=self.client, shelf=shelf, record=lambda: record, keep=lambda changed: None)

    def tell(self, problems: Sequence[Problem]) -> None:
        """Show the problems beside their controls, and what the name leads to."""
        by_field: dict[str, list[str]] = {name: [] for name in (*self._notes, *self._controls)}
        for problem in problems:
            name = "scenes" if problem.field == "prompt" else problem.field
            if name in by_field:
                by_field[name].append(plain(self.words, problem))
        for name, texts in by_field.items():
            if name in self._controls:
                self._controls[name].tell(texts)
            else:
                lines = "".join(f"<div>{escape(text)}</div>" for text in texts)
                self._notes[name].value = f'<div class="wannb-problems" role="status">{lines}</div>'
        options = self.options
        self._size.applies(model=options["model"], plain=False, with_images=bool(options["images"]))
        there = options["name"] in board_names(self.client)
        said = self.words(
            "A board of this name exists. With the same scenes it begins again, with others the old one is kept under "
            "another name: nothing is lost, and nothing is paid for twice."
        )
        self._said.value = f'<div class="wannb-reason">{escape(said)}</div>' if there else ""

    def refresh(self) -> None:
        """Offer the images in the runs folder."""
        self._controls["images"].refresh()

    def _touched(self) -> None:
        if not self._filling:
            self.changed()


def board_names(client: Client) -> list[str]:
    """Return the names of the boards in a client's runs folder."""
    return sorted(file.parent.name for file in (client.store.root / "storyboards").glob("*/board.json"))
