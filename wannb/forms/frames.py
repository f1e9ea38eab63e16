"""Frames of a storyboard as cards, the details of one scene, and the files that the board is saved as."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from wannb.client import Client
from wannb.display import file_name, html, preview
from wannb.exports import Shot
from wannb.ledger import OnStatus
from wannb.request import ImageRequest
from wannb.staging import ANGLES, MOVEMENTS, SHOTS, Take, over_jpeg
from wannb.storyboard import Storyboard, can_be_cut
from wannb.translation import Said, Words

from .button import beside, button, cost_text, html_line, name_button, show, sign, spent_text
from .characters import CharactersPanel
from .controls import Disclosure, Filling, close_all, put
from .download import Download, Files
from .references import Picker
from .scenes import dialogue_input, notes_input, seconds_input
from .sketch import Cut, Sorter, StrokeEditor
from .status import Status
from .worker import Progress, Rolls

_PIXELS, _WIDTH = 480, 320
_TAKE_PIXELS, _TAKE_WIDTH = 320, 180
#: How many takes of a frame are generated to choose from.
CANDIDATES = 3
#: Changes a board at once; a text that it returns is shown.
Change = Callable[[Storyboard], object]
#: Does something with a board that takes its time, and reports its progress.
Work = Callable[[Storyboard, OnStatus], object]


class Frames:
    """The frames of a board with their buttons, the details of one scene, and the files.

    Args:
        change, start: how a change and longer work are carried out.
        characters: of the folder, to which a take can be given.
        turned: called when work on a single frame has begun or ended.

    Attributes:
        about, bar, box: the board in a line, its buttons, and everything else.
        cards: one for each scene; a scene's card stays when others change, and the keyboard focus with it.
    """

    def __init__(
        self,
        client: Client,
        words: Words,
        download: Download,
        *,
        change: Callable[[Change], None],
        start: Callable[[Work], object],
        leave: Callable[[], None],
        characters: CharactersPanel,
        lock: Any,
        turned: Callable[[], None],
        came: Callable[[], None],
    ) -> None:
        self.client = client
        self.words = words
        self.download = download
        self.change = change
        self.start = start
        self.characters = characters
        self.sorter = Sorter(self.put)
        self._board: Storyboard | None = None
        self._busy = False
        self.rolls = Rolls(client, lock, show=self._progressed, turned=turned, came=came)
        self.cards: list[Card] = []
        self.about = widgets.HTML()
        self._undo = button(words("Undo"), lambda: change(Storyboard.undo))
        self._redo = button(words("Redo"), lambda: change(Storyboard.redo))
        self._another = button(words("Another board"), leave)
        self._new = widgets.Text(description=words("New scene"), placeholder=words("what the frame shows"))
        self._add = button(words("Add a scene"), self._add_scene)
        self.details = Details(self)
        self.files = Files(words, start, download=self.download, store=client.store)
        self._strip = widgets.VBox([self.details.box], _dom_classes=("wannb-frames",))
        self.bar = beside(self._undo, self._redo, self._another, look="wannb-board-bar")
        adding = beside(self._new, self._add, look="wannb-save-row")
        self.box = widgets.VBox([self._strip, self.sorter, adding])

    def show(self, board: Storyboard, *, busy: bool) -> None:
        """Show a board as it is now; while work is under way nothing of it can be changed."""
        if self._board is not board:
            self.details.number = None
            self.files.name.value = board.name
            self.files.show()
        self._board, self._busy = board, busy
        self.rolls.show(board)
        record, shots = board.record, board.reel().shots
        self._make_cards(len(shots))
        number = self.details.number if (self.details.number or 0) <= len(shots) else None
        prices = {n: self._price(board, n) for n in (1, CANDIDATES)}
        for card, shot, panel in zip(self.cards, shots, record.panels, strict=True):
            card.show(shot, panel.key, prices, busy=busy, is_open=card.number == number)
            offered = [take for take in board.takes(card.number) if take.run_id == panel.offered]
            card.offer(offered if panel.offered else (), off=busy or panel.locked)
        self.details.show(board, number, busy=busy)
        (self._strip.remove_class if number is None else self._strip.add_class)("wannb-with-details")
        for each in (self._new, self._add, *self.files.buttons):
            each.disabled = busy
        self.sorter.disabled = busy
        self._another.disabled = busy or self.rolls.under_way
        self._undo.disabled, self._redo.disabled = busy or not record.past, busy or not record.future
        self.about.value = self._facts(board)

    def name(self, path: Path, scene: int, take: int = 0) -> str:
        """Return the name that a scene's picture, or one of its takes, is downloaded as."""
        facts = [f"scene-{scene}", f"take-{take}" if take else ""]
        return file_name(self._board.name if self._board else "", *facts, ending=path.suffix)

    def _price(self, board: Storyboard, n: int) -> str:
        """Return what so many images of a scene cost, as the buttons say it."""
        cost = self.client.estimate(ImageRequest(model=board.record.base.model, n=n))
        return cost_text(self.words, cost, mock=self.client.service.kind == "mock")

    def _progressed(self, key: str, progress: Progress) -> None:
        for card in self.cards:
            if card.key == key:
                card.progressed(progress)

    def put(self, scene: int, to: int) -> None:
        """Put a scene in the place of another one; those between them move up."""

        def put(board: Storyboard) -> None:
            order = list(range(1, len(board.scenes) + 1))
            order.insert(to - 1, order.pop(scene - 1))
            board.reorder(order)
            if self.details.number is not None:
                self.details.number = order.index(self.details.number) + 1
            self.sorter.told = self.words("Scene {number} is now scene {to}", number=scene, to=to)

        self.change(put)

    def move(self, scene: int, by: int) -> None:
        """Move a scene by one place, and the keyboard focus with it."""
        other = scene + by
        self.put(scene, other)
        card = self.cards[other - 1]
        onward, back = (card.left, card.right) if by < 0 else (card.right, card.left)
        (back if onward.disabled else onward).focus()

    def open(self, scene: int | None) -> None:
        """Open the details of a scene, or close them: None, or the scene that is open."""
        before = self.details.number
        self.details.number = None if scene == before else scene
        if self._board is not None:
            self.show(self._board, busy=self._busy)
        if self.details.number is not None:
            self.details.focus()
        elif before is not None and before <= len(self.cards):
            self.cards[before - 1].more.focus()

    def _make_cards(self, count: int) -> None:
        if count != len(self.cards):
            old = self.cards[count:]
            self.cards = [
                *self.cards[:count],
                *(Card(number, self) for number in range(len(self.cards) + 1, count + 1)),
            ]
            self._strip.children = [*(card.box for card in self.cards), self.details.box]
            close_all(card.box for card in old)

    def _add_scene(self) -> None:
        text = self._new.value.strip()
        if text:
            self._new.value = ""
            self.change(lambda board: board.add(text))

    def _facts(self, board: Storyboard) -> str:
        words, reel = self.words, board.reel()
        parts = [words("{done} of {total} generated", done=reel.made, total=len(reel.shots))]
        parts += [words("{seconds} s", seconds=f"{reel.seconds:g}"), words("seed {seed}", seed=board.seed)]
        cost = board.cost
        if cost is None or cost.amount:
            parts.append(spent_text(words, cost, mock=board.generator().made_by() == {"mock"}))
        notes: list[str] = []
        unsure = ", ".join(str(shot.number) for shot in reel.shots if shot.unsure)
        if unsure:
            few = Said(
                "Fewer images came than scenes; the service does not say which. Check scene {n}: More… fixes it.",
                n=unsure,
            )
            notes.append(few)
        if board.generator().left():
            cut_off = Said("A request was cut off before it was sent, and cost nothing: the button sends it.")
            under_way = Said("A request is still under way: the button picks it up.")
            notes.append(cut_off if board.generator().unsent() else under_way)
        # Of the board's own notices only those on fonts; the rest is seen at the frames.
        notes += [note for note in board.notices if note.startswith("on pages: ")]
        told = "".join(html_line(words(note), "note") for note in notes)
        line = f"<b>{html.text(board.name)}</b> · {escape(' · '.join(parts))}"
        return f'<div class="wannb-caption">{line}</div>{told}'


class Card:
    """One scene with its frame and buttons."""

    def __init__(self, number: int, frames: Frames) -> None:
        self.number = number
        self.key = ""
        self.words = words = frames.words
        self._frames = frames
        self._filling = Filling()
        self._shown: list[tuple[Take, bool]] = []
        self._picture = widgets.HTML()
        self._facts = widgets.HTML(_dom_classes=("wannb-facts",))
        # One change a visit, not one a key: each is written to the board's file and can be undone.
        self._text = widgets.Textarea(rows=3, continuous_update=False)
        self._dialogue = dialogue_input(words, continuous_update=False)
        self._notes = notes_input(words, continuous_update=False)
        self._seconds = seconds_input(words, continuous_update=False)
        self._inputs = {"text": self._text, "dialogue": self._dialogue, "notes": self._notes, "seconds": self._seconds}
        for name, each in self._inputs.items():
            each.observe(lambda change, name=name: self._edited(name, change["new"]), "value")
        self.lock = button("", lambda: frames.change(self._turn_lock))
        self.reroll = button("", lambda: self._roll(1))
        self.candidates = button("", lambda: self._roll(CANDIDATES))
        self.status = Status(words, frames.rolls.acts(lambda: self.key), download=frames.download)
        show(self.status.box, False)
        self._offered = widgets.HBox(_dom_classes=("wannb-offered",))
        self.left = sign("left", lambda: frames.move(number, -1))
        self.right = sign("right", lambda: frames.move(number, 1))
        self.more = button(words("More…"), lambda: frames.open(number))
        rows = [
            self._dialogue,
            beside(self._notes, self._seconds),
            beside(self.reroll, self.candidates, look="wannb-go-row"),
            beside(self.lock, self.left, self.right, self.more),
        ]
        classes = ("wannb-frame", "wannb-words")
        self._now = widgets.VBox([self._picture], _dom_classes=("wannb-candidate",))
        pictures = widgets.HBox([self._now, self._offered], _dom_classes=("wannb-pictures",))
        self.box = widgets.VBox([self._facts, pictures, self.status.box, self._text, *rows], _dom_classes=classes)
        self.box.layout.order = str(2 * number)

    def show(self, shot: Shot, key: str, prices: Mapping[int, str], *, busy: bool, is_open: bool) -> None:
        """Show a scene as it is now, with the price of so many images on the buttons; a busy card cannot be changed."""
        words, number = self.words, self.number
        self.key = key
        self.progressed(self._frames.rolls.progress(key))
        rolling = self._frames.rolls.is_busy(key)
        locked = "locked" in shot.marks
        marks = [words(mark) for mark in (*shot.doubts, *shot.marks)]
        told = f' <span class="wannb-warned">· {escape(" · ".join(marks))}</span>' if marks else ""
        scene = Said("scene {number}", number=number)
        camera = f" · {words(shot.camera)}" if shot.camera else ""
        grip = f'<span class="wannb-grip" aria-hidden="true" title="{escape(words("Drag to another place"))}"></span>'
        self._facts.value = f"{grip}{escape(words('Scene {number}', number=number) + camera)}{told}"
        self._picture.value = self._image(shot)
        with self._filling:
            for name, each in self._inputs.items():
                each.value = getattr(shot, name)
                each.disabled = busy
        self._text.description = words("Text of scene {number}", number=number)
        self.lock.description = words("Unlock") if locked else words("Lock")
        self.lock.disabled = busy or (shot.path is None and not locked)
        once = words("Generate again") if shot.path else words("Generate 1 image")
        self.reroll.description = f"{once} · {prices[1]}"
        self.candidates.description = f"{words('Three candidates')} · {prices[CANDIDATES]}"
        self.reroll.disabled = self.candidates.disabled = busy or locked or rolling
        if locked:
            self.lock.tooltip = words("Let scene {number} be changed again", number=number)
            self.reroll.tooltip = words("Scene {number} is locked: unlock it first", number=number)
            self.candidates.tooltip = self.reroll.tooltip
        else:
            self.lock.tooltip = words("Keep the frame of scene {number} as it is", number=number)
            self.reroll.tooltip = words(
                "Generate scene {number} to go with the frames around it; only this image is paid for", number=number
            )
            self.candidates.tooltip = words(
                "Generate three takes of scene {number} to choose from; the frame stays until you choose", number=number
            )
        self.left.disabled, self.right.disabled = busy or number == 1, busy or number == shot.of
        name_button(self.left, words("Move left: {what}", what=scene))
        name_button(self.right, words("Move right: {what}", what=scene))
        self.more.tooltip = words("Earlier takes of scene {number}, a picture of your own, removal", number=number)
        (self.box.add_class if locked else self.box.remove_class)("wannb-locked")
        (self.box.add_class if is_open else self.box.remove_class)("wannb-opened")

    def progressed(self, progress: Progress) -> None:
        """Show how far the work on the frame is, or why it failed; nothing once it is done."""
        shown = progress.under_way or progress.phase == "failed"
        if shown or self.status.box.layout.display != "none":
            self.status.show(progress if shown else Progress(phase="done"))
            show(self.status.box, shown)

    def offer(self, takes: Sequence[Take], *, off: bool) -> None:
        """Show takes to choose from beside the frame."""
        shown = [(take, off) for take in takes]
        if shown == self._shown:
            return
        self._shown = shown
        words, number = self.words, self.number
        old = (*self._offered.children, *self._now.children[1:])
        self._offered.children, self._now.children = (), [self._picture]
        close_all(old)
        (self.box.add_class if takes else self.box.remove_class)("wannb-choosing")
        if takes:
            keep = button(words("Keep this frame"), lambda: self._choose(None))
            keep.tooltip = words("Keep the frame of scene {number}; the candidates stay among its takes", number=number)
            keep.disabled = off
            self._now.children = [self._picture, keep]
            self._offered.children = [self._candidate(take, at, off=off) for at, take in enumerate(takes, 1)]

    def _candidate(self, take: Take, at: int, *, off: bool) -> widgets.Widget:
        words = self.words
        values = {"at": at, "number": self.number}
        alt = words("Candidate {at} for scene {number}", **values)
        size = (take.width, take.height)
        figure = html.figure(preview(take.path, _PIXELS), alt=alt, caption=(), size=size, width=_WIDTH)
        name = words("Use candidate {at} as the frame of scene {number}", **values)
        chosen = button(words("Use candidate {at}", at=at), lambda: self._choose(take), tooltip=name)
        chosen.disabled = off or take.chosen
        if take.chosen:
            chosen.description = words("Current frame")
        return widgets.VBox([widgets.HTML(figure), chosen], _dom_classes=("wannb-candidate",))

    def _choose(self, take: Take | None) -> None:
        def choose(board: Storyboard) -> None:
            board.choose(self.number, take or next(each for each in board.takes(self.number) if each.chosen))

        self._frames.change(choose)
        self.more.focus()

    def _image(self, shot: Shot) -> str:
        alt = self.words(shot.alt)
        if shot.path is None:
            instead = escape(self.words(shot.instead))
            return f'<div class="wannb-hole" role="img" aria-label="{escape(alt)}">{instead}</div>'
        jpeg = over_jpeg(preview(shot.path, _PIXELS), shot.strokes, shot.path)
        figure = html.figure(jpeg, alt=alt, caption=(), size=shot.size, width=_WIDTH)
        get = self._frames.download
        return figure + get.row(get.button(self._frames.name(shot.path, self.number), shot.path))

    def _edited(self, name: str, value: Any) -> None:
        if not self._filling:
            self._frames.change(lambda board: board.edit_scene(self.number, **{name: value}))

    def _turn_lock(self, board: Storyboard) -> None:
        (board.unlock if self.number in board.locked else board.lock)(self.number)

    def _roll(self, n: int) -> None:
        self.status.safely(lambda: self._frames.rolls.roll(self.number, n))


class Details:
    """The area under a frame's row: takes of a scene, its image in a set, a picture from elsewhere, removal.

    Attributes:
        box: the widget; hidden until a scene is opened.
        number: the scene that is open, None for none.
    """

    def __init__(self, frames: Frames) -> None:
        self.words = words = frames.words
        self.number: int | None = None
        self._frames = frames
        self._change = frames.change
        self._characters = frames.characters
        self._title = widgets.HTML()
        self._takes = widgets.HBox(_dom_classes=("wannb-takes",))
        self._which = widgets.Dropdown(description=words("Which image of the set is this scene?"))
        self._assign = button(words("Use as frame"), self._assigned)
        self._set = beside(self._which, self._assign, look="wannb-save-row")
        self._cut = Cut(words, lambda rows, columns: self._do(partial(Storyboard.cut, rows=rows, columns=columns)))
        self._filling = Filling()
        self._camera = {
            name: self._choices(name, label, choices)
            for name, label, choices in (
                ("shot", words("Shot"), SHOTS),
                ("angle", words("Angle"), ANGLES),
                ("movement", words("Movement"), MOVEMENTS),
            )
        }
        camera = beside(*self._camera.values(), look="wannb-axes")
        self._sent = widgets.HTML()
        self._editor = StrokeEditor(words, self._drawn)
        self._drawing = Disclosure(words("Draw on the frame"), self._editor)
        self._drawing.opened = self._show_strokes
        self._shown: tuple[Any, ...] | None = None
        self._picker = Picker(
            frames.client.store, words, lambda source: self._do(lambda board, scene: board.replace(scene, source))
        )
        own = widgets.HTML(html_line(words("Use a picture of your own instead"), "label"))
        self._remove = button(words("Remove this scene"), self._removed)
        self._close = button(words("Close"), lambda: frames.open(None))
        self._own = widgets.VBox([own, self._picker.box])
        # The focus comes to *Close*: at the top, so that what was opened is seen from its beginning.
        top = beside(self._title, self._close, look="wannb-details-top")
        last = beside(self._remove)
        parts = [
            top,
            camera,
            self._sent,
            self._drawing.box,
            self._cut.box,
            self._takes,
            self._set,
            self._own,
            last,
        ]
        self.box = widgets.VBox(parts, _dom_classes=("wannb-details",))
        show(self.box, False)

    def show(self, board: Storyboard, number: int | None, *, busy: bool) -> None:
        """Show a scene's takes and what can be done with it; None closes it."""
        self.number = number
        show(self.box, number is not None)
        self.box.layout.order = None if number is None else str(2 * number + 1)  # after its card
        put(self._takes)
        if number is None:
            return
        record = board.record
        panel = record.panels[number - 1]
        locked = panel.locked
        # The images of the set that the scene was asked in, where it is not sure which one is its own.
        sets = None if panel.frame and panel.sure else record.journal.sets.get(panel.asked or "")
        images = len(sets.frames) if sets else 0
        words, off = self.words, busy or locked
        why = words("It is locked: unlock it to change it.") if locked else ""
        title = words("Scene {number}", number=number)
        self._title.value = (
            f'<h4 class="wannb-title">{escape(title)}</h4><div class="wannb-reason wannb-say">{escape(why)}</div>'
        )
        with self._filling:
            for name, each in self._camera.items():
                each.value = getattr(panel.scene, name)
                each.disabled = busy
        self._sent.value = self._request(board, number)
        frame = board.frames[number - 1]
        self._shown = (frame.path, (frame.width, frame.height), panel.strokes, number, off) if frame else None
        show(self._drawing.box, frame)
        self._cut.show(frame, 0 if off else can_be_cut(record, number))
        if self._drawing.is_open:
            self._show_strokes()
        self._takes.children = [self._take(take, number, off=off) for take in board.takes(number)]
        show(self._set, images and not off)
        options = [(words("image {number}", number=each), each) for each in range(1, images + 1)]
        self._which.options = [*options, (words("none of them"), None)]
        show(self._own, not off)
        self._remove.disabled = off or len(record.panels) == 1
        self._picker.refresh()

    def _show_strokes(self) -> None:
        if self._shown:
            path, size, strokes, scene, off = self._shown
            with suppress(OSError):  # its card says that the file is gone
                self._editor.show(path, size, strokes, scene=scene, off=off)

    def _drawn(self, strokes: list[dict[str, Any]]) -> None:
        self._do(lambda board, scene: board.sketch(scene, strokes))

    def _choices(self, name: str, label: str, choices: Mapping[str, str]) -> widgets.Dropdown:
        """Return a list of what the camera may do, which goes into the prompt."""
        options = [(self.words("not said"), ""), *((self.words(said), value) for value, said in choices.items())]
        made = widgets.Dropdown(description=label, options=options, value="")

        def chosen(change: Any) -> None:
            if not self._filling:
                self._do(lambda board, scene: board.edit_scene(scene, **{name: change["new"]}))

        made.observe(chosen, "value")
        return made

    def _request(self, board: Storyboard, number: int) -> str:
        """Return what a new frame of a scene would ask for, as HTML."""
        words = self.words
        request, staged = board.generator().staged(number)
        lines = [words(staged.order), words(staged.lacking), html.plain(request.prompt)]
        told = "".join(f"<div>{escape(line)}</div>" for line in lines if line)
        title = escape(words("What is sent for a new frame"))
        return f'<details class="wannb-made"><summary>{title}</summary><div>{told}</div></details>'

    def focus(self) -> None:
        """Bring the keyboard focus here."""
        self._close.focus()

    def _take(self, take: Take, scene: int, *, off: bool) -> widgets.Widget:
        words = self.words
        pick = button(
            words("Current frame") if take.chosen else words("Use as frame"),
            lambda: self._chosen(take),
            tooltip=words("Take {number} of scene {scene}", number=take.number, scene=scene),
        )
        pick.disabled = off or take.chosen
        which = {"number": take.number, "scene": scene}
        cast = button(
            words("As a character"),
            lambda: self._characters.open(take.as_input()),
            tooltip=words("Use take {number} of scene {scene} as a picture of a character", **which),
        )
        out = self._frames.download.picture(self._frames.name(take.path, scene, take.number), take.path)
        picture = widgets.HTML(take.figure(pixels=_TAKE_PIXELS, width=_TAKE_WIDTH) + out)
        return widgets.VBox([picture, beside(pick, cast)])

    def _chosen(self, take: Take) -> None:
        self._do(lambda board, scene: board.choose(scene, take.number))
        self.focus()  # the button was made anew, and is off

    def _assigned(self) -> None:
        image = self._which.value
        self._do(lambda board, scene: board.assign({scene: image}))

    def _removed(self) -> None:
        scene, self.number = self.number, None
        if scene is not None:
            self._change(lambda board: board.remove(scene))

    def _do(self, act: Callable[[Storyboard, int], object]) -> None:
        scene = self.number
        if scene is not None:
            self._change(lambda board: act(board, scene))
