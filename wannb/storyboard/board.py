"""Storyboard: scenes in, one consistent set of frames out, and every change kept in a file beside the runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from wannb.errors import Problem
from wannb.request import PRO, ImageRequest, Input, Inputs, as_input, checks_options
from wannb.service import Money
from wannb.translation import Said, override, say, spoken

from . import scenes as changes
from . import state, view
from .files import BoardFiles
from .generate import Generator
from .scenes import Frame, Panels, Scene
from .state import Record
from .view import Reel, Take, Takes

if TYPE_CHECKING:
    from typing_extensions import Self

    from wannb.client import Client
    from wannb.ledger import OnStatus

    from .pages import Pages

P = ParamSpec("P")
R = TypeVar("R")


def _change(method: Callable[Concatenate[Storyboard, P], R]) -> Callable[Concatenate[Storyboard, P], R]:
    """Return a method that holds the board's lock, so that threads do not undo each other's changes, and speaks."""

    @wraps(method)
    def alone(board: Storyboard, /, *values: P.args, **named: P.kwargs) -> R:
        with override(board.language), board._lock:
            return method(board, *values, **named)

    return alone


class Storyboard:
    """Scenes and their frames: generated as one set, then kept, generated again, put in order, and saved as files.

    Scenes are counted from 1. Every change is saved at once beside the runs, in `storyboards/<name>/`, and can be
    undone. Frames are never lost: every image stays in the runs folder and among a scene's `takes`.

    The same board made again, as when a notebook is run from the top, begins again from its scenes and finds everything
    it asks for in the runs folder, for nothing. What was there before is among the takes, and one `undo` away.

    >>> board = wannb.Storyboard(client, ["a cat wakes up", "it goes out"], style="ink drawing")    # doctest: +SKIP
    >>> board.run()                     # one image set: both frames        # doctest: +SKIP
    >>> board.lock(1)                                                       # doctest: +SKIP
    >>> board.reroll(2)                 # one more frame, to go with 1      # doctest: +SKIP
    >>> board.save("story.pdf")                                             # doctest: +SKIP
    """

    @checks_options
    def __init__(
        self,
        client: Client,
        scenes: Sequence[str | Mapping[str, Any] | Scene],
        *,
        style: str | None = None,
        images: Inputs = (),
        name: str = "storyboard",
        model: str = PRO,
        size: str = "2K",
        seed: int | None = None,
        watermark: bool = False,
    ) -> None:
        """Plan a board; nothing is sent and nothing is billed before `run`.

        Args:
            client: from `wannb.connect()`.
            scenes: for each a text, a dict such as `{"text": ..., "notes": ..., "seconds": 2.5}`, or a `wannb.Scene`.
                More than 12 are asked for as several sets, the later ones shown frames of the first.
            style: one line before the scenes, such as "ink drawing, the same orange cat throughout".
            images: up to 9 input images that every request gets, such as the picture of a character.
            name: of the board and its folder; a board of other scenes under the same name is kept aside.
            model: "wan2.7-image-pro", or "wan2.7-image" (faster and cheaper).
            size: "1K", "2K", or "width*height" in pixels.
            seed: 0 to 2147483647; without one it follows from all that is asked for, so that the same board is the same
                request.
            watermark: whether the service puts its mark in a corner.

        Raises:
            TypeError, ValueError: a scene, an option or the name is not what it must be.
            InvalidRequest: an input picture cannot be read, and a board of this name is there already.
            StoreError: the board's file cannot be read or written.
        """
        with override(client.language):
            listed = changes.as_scenes(scenes)
            if style is not None and not isinstance(style, str):
                raise TypeError(say("style={value} is not text", value=repr(style)))
            base = ImageRequest(images=images, model=model, size=size, seed=seed, watermark=watermark)
            files = BoardFiles.named(client.store, name)
            record, before = state.new_record(listed, style, base), files.read()
            said: list[str] = []
            if before:
                record = state.made_again(record, before)
                if before.beginning != record.beginning:
                    aside = files.set_aside().name
                    said.append(
                        Said(
                            "a board {name} of other scenes was here; it is kept as {file}, beside this one's file",
                            name=repr(name),
                            file=aside,
                        )
                    )
            self._open(client, files, record, said)
            for image in base.images:
                files.keep(image)
            files.write(record)

    @classmethod
    def open(cls, client: Client, place: str | os.PathLike[str]) -> Self:
        """Open a saved board, on any day and on any machine that has the runs folder.

        Args:
            place: its name, or the path of its folder or file.

        Raises:
            ValueError: there is none, or it belongs to another runs folder.
            StoreError: the file is damaged.

        >>> board = wannb.Storyboard.open(client, "storyboard")    # doctest: +SKIP
        """
        with override(client.language):
            files = BoardFiles.found(client.store, place)
            record = files.read()
            if record is None:
                raise ValueError(say("the storyboard {name} was removed while it was opened", name=repr(str(place))))
        board = cls.__new__(cls)
        board._open(client, files, record, [])
        return board

    def _open(self, client: Client, files: BoardFiles, record: Record, said: list[str]) -> None:
        self.client = client
        self.language = client.language
        self.record = record
        self._files = files
        self._said = said
        if files.damaged:
            name = files.file.name
            said.append(Said("damaged lines of {file}, passed over: {n}", file=name, n=files.damaged))
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """The board's name, which is its folder's."""
        return self._files.folder.name

    @property
    def path(self) -> Path:
        """The board's file."""
        return self._files.file

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """The scenes in their order."""
        return tuple(panel.scene for panel in self._panels)

    @property
    def style(self) -> str | None:
        """The line before the scenes."""
        return self.record.style

    @property
    def seed(self) -> int | None:
        """The seed of the image sets, and the root of those of single frames."""
        return self.record.base.seed

    @property
    def frames(self) -> tuple[Take | None, ...]:
        """The frame of each scene, None where there is none."""
        numbers = range(1, len(self._panels) + 1)
        return tuple(next((take for take in self.takes(number) if take.chosen), None) for number in numbers)

    @property
    def locked(self) -> tuple[int, ...]:
        """The numbers of the scenes that are locked."""
        return tuple(number for number, panel in enumerate(self._panels, 1) if panel.locked)

    @property
    def cost(self) -> Money | None:
        """The cost of everything that came back so far, each run counted once; None if a price is unknown.

        On the mock server it is what the live service would have billed.
        """
        return self.generator().cost()

    @property
    @spoken
    def notices(self) -> tuple[str, ...]:
        """What to know: images that may be of another scene, requests under way, missing fonts."""
        return tuple(map(say, self._notices()))

    def problems(self) -> tuple[Problem, ...]:
        """Return every rule that a request of `run` would break, before anything is sent."""
        return self.generator().problems()

    def estimate(self) -> Money | None:
        """Return what `run` would cost at most now, nothing for stored images; None if the price is unknown."""
        return self.client.estimate(ImageRequest(model=self.record.base.model, n=self.generator().to_pay()))

    @spoken
    def run(self, *, on_status: OnStatus | None = None) -> Self:
        """Generate a frame for every scene that has none yet and return the board.

        Up to 12 scenes are one image set; more are split evenly. What an earlier run began is finished first. The
        service does not say which image is of which scene: when fewer come than were asked for, the first scenes get
        them in order and are marked as unsure, and `assign` corrects that.

        Args:
            on_status: as in `client.run`.

        Raises:
            InvalidRequest: a request breaks a rule; nothing was sent.
            WannbError: as `client.run`; what came before is kept, and a second `run` goes on from there.
        """
        generator = self.generator(on_status)
        generator.finish()
        generator.check()
        generator.fill()
        return self

    @spoken
    def reroll(
        self, scene: int, *, text: str | None = None, seed: int | None = None, on_status: OnStatus | None = None
    ) -> Take:
        """Generate one scene again, to go with its neighbors, and return the new take; only this image is billed.

        The board's input images, the frames beside it and locked ones go with the request, nine at most. Earlier takes
        stay.

        Args:
            scene: its number.
            text: a new text for the scene.
            seed: to be sent; by default every roll has its own, which follows from the board's seed and the scene's
                text, so that a notebook that is run again asks for the same.
            on_status: as in `client.run`.

        Raises:
            ValueError: there is no such scene, or it is locked.
            InvalidRequest: the request breaks a rule; nothing was sent.
        """
        self.generator(on_status).reroll(scene, text=text, seed=seed)
        return next(take for take in self.takes(scene) if take.chosen)

    @spoken
    def takes(self, scene: int) -> Takes:
        """Return the frames that a scene ever had; those from before the board was made again come last."""
        at = changes.index(self._panels, scene)
        panel = self._panels[at]
        return view.takes_of(at + 1, self.record.takes(panel.key), panel.frame, self._files)

    @_change
    def choose(self, scene: int, take: int | Take) -> None:
        """Make a take of a scene, by its number, the scene's frame."""
        place = (take.run_id, take.path.name) if isinstance(take, Take) else take
        self._keep(state.chosen(self.record, scene, place))

    @_change
    def assign(self, which: Mapping[int, int | None]) -> None:
        """Say which image of its set each scene has, `{scene: image number}`, None for no image.

        Image numbers are those in the strip, in the service's order. A scene whose image is given to another one is
        left without a frame.

        >>> board.assign({2: None, 3: 2})      # the second image that came is of scene 3    # doctest: +SKIP
        """
        self._keep(state.assigned(self.record, which))

    @_change
    def lock(self, *scenes: int) -> None:
        """Lock scenes: their frames are not generated again, replaced, assigned or removed, and guide new ones."""
        self._changed(Said("lock"), changes.lock(self._panels, scenes, locked=True))

    @_change
    def unlock(self, *scenes: int) -> None:
        """Unlock scenes."""
        self._changed(Said("unlock"), changes.lock(self._panels, scenes, locked=False))

    @_change
    def reorder(self, order: Iterable[int]) -> None:
        """Put the scenes in another order, frames and all: `[3, 1, 2]` puts the third first."""
        self._changed(Said("order"), changes.reorder(self._panels, order))

    @_change
    def replace(self, scene: int, image: Input) -> None:
        """Replace a frame by another picture: a path, bytes, PIL image, array, take or image of a result."""
        at = changes.unlocked(self._panels, scene)
        picture = as_input(image)
        file = None if picture.problem else self._files.keep(picture)
        if file is None:
            why = picture.problem or Said("a link is not downloaded; give the file")
            raise ValueError(say("{picture}: {why}", picture=picture.name, why=why))
        text = self._panels[at].scene.text
        frame = Frame(run=None, file=file, width=picture.width or 1, height=picture.height or 1, text=text)
        record = self.record.with_take(self._panels[at].key, frame)
        now = changes.put(self._panels, at, frame=frame, sure=True)
        self._keep(record.changed(Said("picture of scene {number}", number=scene), now))

    @_change
    def edit_scene(
        self, scene: int, *, text: str | None = None, notes: str | None = None, seconds: float | None = None
    ) -> None:
        """Change a scene's text, notes or seconds; its frame stays, and is marked if it is of another text."""
        given = {"text": text, "notes": notes, "seconds": seconds}
        self._changed(Said("words of scene {number}", number=scene), changes.edit(self._panels, scene, given))

    @_change
    def add(self, scene: str | Mapping[str, Any] | Scene, *, at: int | None = None) -> None:
        """Add a scene as number `at`, by default at the end; the next `run` generates its frame."""
        self._changed(Said("new scene"), changes.add(self._panels, changes.as_scene(scene), at))

    @_change
    def remove(self, scene: int) -> None:
        """Remove a scene from the board; its images stay in the runs folder."""
        self._changed(Said("removal of scene {number}", number=scene), changes.remove(self._panels, scene))

    @_change
    def undo(self) -> str:
        """Undo the last change and return what it was; up to 50 changes, also on another day."""
        if not self.record.past:
            raise ValueError(say("there is nothing to undo"))
        self._keep(self.record.undone())
        return say("undone: {change}", change=self.record.future[-1].label)

    @_change
    def redo(self) -> str:
        """Redo what was undone last and return what it was."""
        if not self.record.future:
            raise ValueError(say("there is nothing to redo"))
        self._keep(self.record.redone())
        return say("redone: {change}", change=self.record.past[-1].label)

    @spoken
    def pages(self, *, columns: int = 3, rows: int = 2, paper: str = "A4", title: str | None = None) -> Pages:
        """Return the board as printed pages, which show themselves: frames with number, text, notes and seconds.

        Args:
            columns, rows: of frames on a page.
            paper: "A4" or "Letter", both landscape.
            title: over each page; the board's name unless given.
        """
        from .pages import Pages

        return Pages(reel=self.reel(title), columns=columns, rows=rows, paper=paper)

    @spoken
    def save(
        self,
        path: str | os.PathLike[str],
        *,
        title: str | None = None,
        columns: int = 3,
        rows: int = 2,
        paper: str = "A4",
        dpi: int = 200,
        pixels: int = 960,
        language: str = "",
    ) -> list[Path]:
        """Save the board by the file's ending and return the files that were written.

        .pdf and .png are pages (several .png are numbered), .gif and .webp a film with the scenes' seconds, .html one
        page that needs no network, .pptx slides with notes (`pip install "wannb[slides]"`).

        Args:
            path: the file; it is written over.
            title: the board's name unless given.
            columns, rows, paper: of pages.
            dpi: of the pictures on pages.
            pixels: of a film's longer side.
            language: of the scenes' texts in .html, such as "fr", for screen readers and hyphenation.

        Raises:
            ValueError: another ending, or no frame is made yet.
        """
        from .export import export

        return export(
            self.reel(title),
            Path(path).expanduser(),
            columns=columns,
            rows=rows,
            paper=paper,
            dpi=dpi,
            pixels=pixels,
            language=language,
        )

    @spoken
    def __repr__(self) -> str:
        reel = self.reel()
        return say(view.text(reel, lines=view.facts(self.generator(), reel), notes=self._notices(reel)))

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        reel = self.reel()
        lines, notes = view.facts(self.generator(), reel), self._notices(reel)
        return {
            "text/plain": say(view.text(reel, lines=lines, notes=notes)),
            "text/html": view.strip(reel, lines=lines, notes=notes),
        }

    def reel(self, title: str | None = None) -> Reel:
        """Return the scenes as they are shown and exported."""
        return view.reel_of(self.name if title is None else title, self._panels, self._files)

    def generator(self, on_status: OnStatus | None = None) -> Generator:
        """Return what generates the board's frames, and knows what it would send."""
        return Generator(
            client=self.client,
            files=self._files,
            record=lambda: self.record,
            keep=self._keep,
            lock=self._lock,
            on_status=on_status,
        )

    @property
    def _panels(self) -> Panels:
        return self.record.panels

    def _notices(self, reel: Reel | None = None) -> list[str]:
        return [*self._said, *view.notices(self.generator(), reel or self.reel())]

    def _changed(self, label: str, now: Panels) -> None:
        self._keep(self.record.changed(label, now))

    def _keep(self, record: Record) -> None:
        if record != self.record:
            self._files.write(record)
            self.record = record
