"""NewBoard: the controls of a storyboard that is not made yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.client import Client
from wannb.errors import Problem
from wannb.request import FIELDS, ImageRequest, board_call, check_names
from wannb.storyboard import LONGEST, BoardFiles, Generator, Scene, Storyboard, as_scenes, new_record
from wannb.translation import Words

from . import controls
from .controls import Control, Disclosure
from .references import References
from .rows import Entry, Rows
from .size import Size
from .sources import Picker

NAME, SECONDS = "storyboard", Scene(text="x").seconds
OPTIONS = ("scenes", "name", "style", "images", "model", "size", "seed", "watermark")
_MOST_SCENES = 60


class SceneEntry(Entry):
    """One scene: its text, notes and seconds."""

    def __init__(self, words: Words, scene: Scene | None = None) -> None:
        self._text = widgets.Textarea(value=scene.text if scene else "", rows=2)
        self._notes = notes_input(words, scene.notes if scene else "")
        self._seconds = seconds_input(words, scene.seconds if scene else SECONDS)
        super().__init__([self._text, self._notes, self._seconds], words)

    def body(self) -> widgets.Widget:
        row = widgets.HBox([self._notes, self._seconds], _dom_classes=("wannb-row",))
        return widgets.VBox([self._text, row], _dom_classes=("wannb-words",))

    @property
    def text(self) -> str:
        return str(self._text.value.strip())

    @property
    def notes(self) -> str:
        return str(self._notes.value.strip())

    @property
    def scene(self) -> Scene:
        return Scene(text=self.text, notes=self.notes, seconds=self._seconds.value)

    def label(self, number: int, count: int) -> None:
        super().label(number, count)
        self._text.description = self.words("Scene {number}", number=number)


def notes_input(words: Words, value: str = "", **options: Any) -> widgets.Text:
    """Return the input of a scene's notes."""
    placeholder = words("sound, camera, dialogue; never sent")
    return widgets.Text(value=value, description=words("Notes"), placeholder=placeholder, **options)


def seconds_input(words: Words, value: float = SECONDS, **options: Any) -> widgets.BoundedFloatText:
    """Return the input of how long a scene stands."""
    return widgets.BoundedFloatText(
        value=value,
        min=0.1,
        max=LONGEST,
        step=0.5,
        description=words("Seconds"),
        _dom_classes=("wannb-seconds",),
        **options,
    )


class BoardSeed(controls.Seed):
    """The seed of a board: a number, or nothing for one that follows from the scenes."""

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        text, _, clear = self._inputs
        text.placeholder = words("follows from the scenes")
        clear.tooltip = words("Take the seed that follows from the scenes")

    def _draw(self) -> None:
        super()._draw()
        # Another help than that of a single request, where no seed means a new one each time.
        words = self.words
        single = controls.help_html(self.label, words.sentence(FIELDS["seed"].help), words)
        own = words(
            "Without a seed, one follows from all that is asked, so that the same board is the same request and costs "
            "nothing again."
        )
        self._note.value = self._note.value.replace(single, controls.help_html(self.label, own, words))


class NewBoard:
    """Scenes, style, pictures and options, and what a board of them would cost.

    Attributes:
        box: what is shown.
        changed: called when a person has changed something.
    """

    def __init__(self, client: Client, words: Words) -> None:
        self.client = client
        self.words = words
        self.changed: Callable[[], None] = lambda: None
        self._filling = False
        self._name = widgets.Text(value=NAME, description=words("Name"))
        self._style = widgets.Text(
            description=words("Style"), placeholder=words("cinematic, the same orange cat throughout")
        )
        self._scenes: Rows[SceneEntry] = Rows(lambda: SceneEntry(words), add=words("Add a scene"), most=_MOST_SCENES)
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
        pictures = Disclosure(words("Input images"), self._controls["images"].box)
        self._open_pictures = pictures.open
        scenes = widgets.VBox([self._scenes.box, self._notes["scenes"]], _dom_classes=("wannb-control",))
        name = widgets.VBox([self._name, self._said, self._notes["name"]], _dom_classes=("wannb-control",))
        style = widgets.VBox([self._style], _dom_classes=("wannb-control",))
        rest = [self._controls[each].box for each in ("model", "size", "seed", "watermark")]
        self.box = widgets.VBox([name, scenes, style, pictures.box, *rest])
        for each in (self._name, self._style):
            each.observe(lambda change: self._touched(), "value")
        self._scenes.changed = self._touched
        for control in self._controls.values():
            control.changed = self._touched
        self._scenes.show([SceneEntry(words), SceneEntry(words)])

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
        """The calls that make the board and draw it."""
        options = self.options
        return board_call({name: value for name, value in options.items() if (name, value) != ("name", NAME)})

    def fill(self, options: Mapping[str, Any]) -> None:
        """Show these options; `TypeError` and `ValueError` for what they must not be."""
        check_names(options, OPTIONS)
        self._filling = True
        try:
            if "scenes" in options:
                self._scenes.show([SceneEntry(self.words, scene) for scene in as_scenes(options["scenes"])])
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
            self._open_pictures()

    def make(self) -> Storyboard:
        """Make the board; nothing is sent."""
        options = self.options
        return Storyboard(self.client, options.pop("scenes"), **options)

    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong, before anything is written or sent."""
        found = []
        options = self.options
        try:
            BoardFiles.named(self.client.store, options["name"])
        except ValueError:
            rule = "letters, digits, spaces and hyphens, at most 120 bytes: it is the name of a folder"
            found.append(Problem(field="name", value=options["name"], rule=rule))
        for number, entry in enumerate(self._scenes.entries, 1):
            if entry.notes and not entry.text:
                value = self.words("scene {number}", number=number)
                found.append(Problem(field="scenes", value=value, rule="say what is to be seen"))
        if not options["scenes"]:
            found.append(Problem(field="scenes", value="", rule="write at least one scene"))
        if found:
            return tuple(found)
        return self.drawing(options).problems()

    def drawing(self, options: Mapping[str, Any] | None = None) -> Generator:
        """Return what a run of the board would ask for, without making it."""
        options = dict(options or self.options)
        scenes, name, style = (options.pop(each) for each in ("scenes", "name", "style"))
        record = new_record(scenes, style, ImageRequest(**options))
        files = BoardFiles.named(self.client.store, name)
        return Generator(client=self.client, files=files, record=lambda: record, keep=lambda changed: None)

    def tell(self, problems: Sequence[Problem]) -> None:
        """Show what is wrong beside its control, and what the name leads to."""
        by_field: dict[str, list[str]] = {name: [] for name in (*self._notes, *self._controls)}
        for problem in problems:
            text = self.words.sentence(problem.rule)
            name = "scenes" if problem.field == "prompt" else problem.field
            if name in by_field:
                by_field[name].append(f"{self.words.sentence(problem.value)}: {text}" if problem.value else text)
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
            "A board of this name is there. Made from the same scenes it begins again, from others it is put aside: "
            "nothing is lost, and nothing is paid for twice."
        )
        self._said.value = f'<div class="wannb-reason">{escape(said)}</div>' if there else ""

    def refresh(self) -> None:
        """Offer the images that are in the store now."""
        self._controls["images"].refresh()

    def _touched(self) -> None:
        if not self._filling:
            self.changed()


def board_names(client: Client) -> list[str]:
    """Return the names of the boards in a client's store."""
    return BoardFiles.names(client.store)
