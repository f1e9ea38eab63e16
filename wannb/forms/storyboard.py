"""StoryboardForm: scenes in, frames out, each of which can be kept, generated again, moved or replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from wannb.boards import Scenes
from wannb.client import Client
from wannb.display import html, name_problem
from wannb.errors import InvalidRequest, Problem
from wannb.request import ImageRequest, board_call, check_names, open_call
from wannb.storyboard import BoardFiles, Generator, Storyboard, as_scenes, new_record
from wannb.translation import Said, Words

from . import controls
from .boards import BoardsPanel, ScriptPanel
from .button import beside, button, button_text, html_line, name_button, show
from .characters import CharactersPanel
from .controls import Disclosure, RowsControl, Size
from .frames import Change, Frames, Work
from .panel import WorkPanel
from .references import References
from .scenes import BoardSceneRow, style_input
from .status import Status
from .worker import Report

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

    title = Said("Storyboard")
    sheets = ("boards.css", "frames.css")
    _first = Said("Write the scenes first.")

    def __init__(self, client: Client, board: Storyboard | str | None = None, **options: Any) -> None:
        check_names(options, OPTIONS)
        self.board = Storyboard.open(client, board) if isinstance(board, str) else board
        super().__init__(client)
        self._begun = bool(options)
        with self._filling:
            self._fill({"name": BoardFiles.free_name(client.store, NAME)})
            self._blank = super().draft()
            self._fill(options)
        self._turn()

    # Public

    @property
    def code(self) -> str:
        """The calls that make or open the board, ready to paste."""
        if self.board is not None:
            return open_call(self.board.name)
        return board_call({name: value for name, value in self._options().items() if (name, value) != ("name", NAME)})

    def run(self) -> Storyboard:
        """Generate what is missing as the button does, wait, and return the board.

        Raises:
            InvalidRequest: the form has problems; nothing was sent.
            WannbError: whatever `Storyboard.run` raises.
            RuntimeError: the form is at work; `form.worker.join()` waits for it.
        """
        if self._problems and not self.worker.under_way:
            raise InvalidRequest(self._problems)
        self._finish(self._start)
        assert self.board is not None
        return self.board

    def go_on_with(self, name: str) -> None:
        """Go on with a board that was saved.

        Raises:
            ValueError: no board has that name.
            StoreError: its file is damaged.
        """
        with self._lock:
            if self.worker.under_way or self.frames.rolls.under_way:
                raise ValueError(self.words("Frames are being generated; open another board when they are there."))
            self.board = Storyboard.open(self.client, name)
            self._turn()

    def _renamed(self, before: str, after: str) -> None:
        """Follow a board that was given another name, if it is the one that is shown."""
        if self.board is not None and self.board.name == before:
            self.go_on_with(after)
        else:
            self._refresh()

    def _take_script(self, scenes: Scenes, replace: bool) -> None:
        """Put the scenes of a script in the place of those that are there, or after them."""
        there = () if replace else self._scenes.value
        self._begun = True
        with self._filling:
            self._scenes.fill((*there, *scenes)[:_MOST_SCENES])
            name = self._options()["name"]
            if scenes.title and name.startswith(NAME) and not name_problem(scenes.title):
                self._controls["name"].fill(BoardFiles.free_name(self.client.store, scenes.title))
        self._refresh()

    def leave(self) -> None:
        """Show the empty controls of a new board; the one that was shown is saved."""
        with self._lock:
            if not self.worker.under_way and not self.frames.rolls.under_way:
                self.board, self._begun = None, False
                if self.kept:
                    self.kept.hide()  # it spoke of the board
                with self._filling:
                    self._put(self._blank)
                self._rename_new()
                self._turn()

    # The controls of a new board

    def _options(self) -> dict[str, Any]:
        """Return what `wannb.Storyboard` takes beside the client."""
        options = {name: control.value for name, control in self._controls.items()}
        name, style = str(options["name"]).strip(), str(options["style"]).strip()
        return {**options, "name": name, "style": style or None}

    def _fill(self, options: Mapping[str, Any]) -> None:
        for name, value in options.items():
            shown = "" if name == "style" and value is None else value
            if self._controls[name].refuses(shown):
                raise ValueError(f"{name}={value!r} cannot be shown by StoryboardForm")
            self._controls[name].fill(shown)
        if options.get("images"):
            self._pictures.open()

    def draft(self) -> dict[str, Any]:
        return {**super().draft(), "board": self.board.name if self.board else "", "script": self.script.draft}

    def restore(self, fields: Mapping[str, Any], *, begun: bool = True) -> None:
        with self._lock:
            if fields["board"]:
                self.go_on_with(str(fields["board"]))
            else:
                self.leave()
            self.script.restore(str(fields.get("script", "")))
            super().restore(fields, begun=begun)

    def _put(self, fields: Mapping[str, Any]) -> None:
        super()._put(fields)
        if self._controls["images"].value:
            self._pictures.open()

    def _new_generator(self) -> Generator:
        """Return what a run of the new board would ask for, without making it."""
        options = self._options()
        scenes, name, style = (options.pop(each) for each in ("scenes", "name", "style"))
        files = BoardFiles.named(self.client.store, name)
        files.record = new_record(scenes, style, ImageRequest(**options))
        return Generator(client=self.client, files=files)

    def _new_problems(self) -> tuple[Problem, ...]:
        """Return the problems of a new board, before anything is written or sent."""
        found = list(self._scenes.problems())
        name = self._options()["name"]
        if wrong := name_problem(name):
            found.append(Problem(field="name", value=name, rule=wrong))
        if self._taken(name):
            rule = Said("a board of this name exists: open it, or give this one another name")
            found.append(Problem(field="name", value="", rule=rule))
        if found:
            return tuple(found)
        problems = self._new_generator().problems()
        return tuple(replace(each, field="scenes") if each.field == "prompt" else each for each in problems)

    def _show_new(self) -> None:
        """Show the problems of a new board, and what its name leads to."""
        self._tell(self._problems if self._begun else ())
        options = self._options()
        self._size.applies(model=options["model"], plain=False, with_images=bool(options["images"]))
        show(self._exists, self._taken(options["name"]))
        name_button(self._other, self.words("Name it {name}", name=self._free_name()))

    def _taken(self, name: str) -> bool:
        return name in BoardFiles.names(self.client.store)

    def _free_name(self) -> str:
        return BoardFiles.free_name(self.client.store, self._options()["name"] or NAME)

    def _rename_new(self) -> None:
        """Give the new board a name that no other one has."""
        with self._filling:
            self._controls["name"].fill(self._free_name())
        self._refresh()

    # Work and changes

    def _start(self) -> bool:
        """Begin to generate the frames of the board, made from the controls if it does not exist."""
        with self._lock:
            if self.worker.under_way:
                return False
            if self.board is None:
                options = self._options()
                self.board = Storyboard(self.client, options.pop("scenes"), **options)
                self._turn()
            return self._start_work(lambda board, on_status: board.run(on_status=on_status))

    def _start_work(self, act: Work) -> bool:
        """Do something that takes its time on the worker."""
        with self._lock:
            board = self.board
            if board is None or self.worker.under_way:
                return False
            self.frames.files.show()

            def work(report: Report) -> None:
                act(board, lambda status, seconds: report(status=status, text=""))

            return self.worker.start(work, text=Said("at work"))

    def _came(self) -> None:
        """Follow up on frames that came, on a worker's thread."""
        self._refresh()
        self.offer_earlier()
        self.made()

    def _change(self, act: Change) -> None:
        """Change the board at once; an error is shown."""
        with self._lock:
            board = self.board
            if board is None or self.worker.under_way:
                return
            self.frames.files.show()
            self.status.tell()

            def change() -> None:
                told = act(board)
                if isinstance(told, str):
                    self.status.tell(self.words(told))

            self.status.safely(change)
            self._refresh()

    # Layout

    def _build(self) -> None:
        words = self.words
        self._scenes, self._size = BoardScenes(words), Size(words)
        pictures = References(words, self.client.store)
        self._pictures = Disclosure(words("Input images"), pictures.box)
        self._use(
            [
                controls.Plain("name", widgets.Text(value=NAME), words, label=words("Name")),
                self._scenes,
                controls.Plain("style", style_input(words), words, label=words("Style")),
                pictures,
                controls.model(words),
                self._size,
                controls.Seed(
                    words,
                    empty=Said("follows from the scenes"),
                    clear=Said("Use the seed that follows from the scenes"),
                    help_text=words(
                        "Without a seed, one follows from the scenes and options, so that the same board is the same "
                        "request and is free the second time."
                    ),
                ),
                controls.flag("watermark", words),
            ]
        )
        self._make_worker()
        self.status = Status(words, {name: self.worker.acts[name] for name in ("pick_up", "choose", "undo", "anew")})
        self.boards = BoardsPanel(self.client, words, self.go_on_with, self._renamed)
        self.script = ScriptPanel(
            words,
            self.client.store.root / ".uploads",
            most=_MOST_SCENES,
            written=lambda: len(self._scenes.value),
            taken=self._take_script,
            changed=self._refresh,
        )
        self._characters = CharactersPanel(self.client.store, words, self._refresh)
        self._other = button("", self._rename_new)
        open_it = button(words("Open it"), lambda: self.status.safely(lambda: self.go_on_with(self._options()["name"])))
        self._exists = beside(open_it, self._other)
        self.frames = Frames(
            self.client,
            words,
            self.status.download,
            change=self._change,
            start=self._start_work,
            leave=self.leave,
            characters=self._characters,
            lock=self._lock,
            turned=self._refresh,
            came=self._came,
        )
        self._show_heading()

    def _layout(self) -> list[widgets.Widget]:
        words, frames = self.words, self.frames
        empty = words("The frames will be shown here: each can be kept, generated again, moved and replaced.")
        later = widgets.HTML(html_line(empty, "empty"))
        files = Disclosure(words("Pages and files"), frames.files.box).box
        go = (self.button, self._hint, self.status.box)
        send = widgets.VBox(go, _dom_classes=("wannb-send", "wannb-board-go"))
        boxes = {name: control.box for name, control in self._controls.items()} | {"images": self._pictures.box}
        boxes["scenes"] = widgets.VBox([self.script.box, boxes["scenes"]])
        boxes["name"] = widgets.VBox([boxes["name"], self._exists])
        left = widgets.VBox([*boxes.values(), self._code_box()], _dom_classes=("wannb-controls",))
        below = [frames.bar, frames.box, files, self._code_box()]
        self._for_new, self._for_board = [left, later], [frames.about, *below]
        # Parts are hidden rather than removed, so that the keyboard focus does not go back to the top of the page.
        # Beside the button, so that the focus goes there when a board is made and nothing is left to generate.
        start = widgets.VBox([self._characters.box, send])
        right = widgets.VBox([frames.about, start, later, *below], _dom_classes=("wannb-results",))
        columns = widgets.HBox([left, right], _dom_classes=("wannb-columns",))
        return [*self._manners(), self._heading, self.boards.box, columns]

    def _turn(self) -> None:
        with self._lock:
            self.status.tell()
            for shown, parts in ((self.board is None, self._for_new), (self.board is not None, self._for_board)):
                for each in parts:
                    show(each, shown)
            self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            self._code.code = self.code
            if self.board is None:
                self._problems = self._new_problems()
                self._show_new()
            else:
                self._problems = self.board.problems()
                self.frames.show(self.board, busy=self.worker.under_way)
            if self._problems:
                self._offer(self.words("Nothing to generate"), free=False, enabled=False, hints=[self._why_off()])
            else:
                self._offer_generator(self._new_generator() if self.board is None else self.board.generator())

    def _why_off(self) -> str:
        if self.board is None:
            return self._why_not(empty=not self._begun)
        return " · ".join(self._plain(problem) for problem in self._problems)

    def _offer_generator(self, generator: Generator) -> None:
        """Say on the button what a press does and what it costs."""
        words, record = self.words, generator.files.record
        missing, to_pay = generator.to_generate(), generator.to_pay()
        if to_pay:
            images = missing or to_pay
            cost = self.client.estimate(ImageRequest(model=record.base.model, n=to_pay))
            text = button_text(words, images, cost, mock=self._mock, up_to=True)
        elif missing:
            text = words("Show {count} images · free, already generated", count=missing)
        elif generator.left():
            text = words("Pick up what is under way · free")
        else:
            text = words("All frames are generated")
        hints: list[str] = []
        for which, staged in generator.to_come():
            order = staged.order if staged.told else ""
            hints += [
                words("{scenes}: {images}", scenes=which, images=each) for each in (order, staged.lacking) if each
            ]
        self._offer(text, free=not to_pay, enabled=bool(missing or generator.left()), hints=hints)

    def __repr__(self) -> str:
        if self.board is not None:
            return f"StoryboardForm({self.board!r})"
        state = "at work" if self.worker.under_way else "not ready" if self._problems else "ready"
        return f"StoryboardForm(new board, {len(self._scenes.value)} scenes, {state})"

    def _page(self) -> str:
        if self.board is not None:
            body = self.board._repr_mimebundle_()["text/html"]
        else:
            scenes = [(number, each.text, each.notes) for number, each in enumerate(self._scenes.value, 1)]
            body = html.table(["", Said("what the frame shows"), Said("Notes")], scenes) if scenes else ""
        return html.block(self.words(self.title), lines=[f"[ {self.button.description} ]"], body=body)


class BoardScenes(RowsControl[BoardSceneRow]):
    """The scenes of a new board."""

    def __init__(self, words: Words) -> None:
        super().__init__(
            "scenes", words, add=words("Add a scene"), make=lambda: BoardSceneRow(words), most=_MOST_SCENES
        )

    @property
    def value(self) -> Any:
        return tuple(row.scene for row in self._rows.entries if row.text)

    def fill(self, value: Any) -> None:
        self._rows.show([BoardSceneRow(self.words, scene) for scene in as_scenes(value)])

    def problems(self) -> Iterator[Problem]:
        for number, row in enumerate(self._rows.entries, 1):
            if row.has_notes and not row.text:
                value, rule = Said("scene {number}", number=number), Said("describe what the frame shows")
                yield Problem(field="scenes", value=value, rule=rule)
        if not self.value:
            yield Problem(field="scenes", value="", rule=Said("write at least one scene"))
