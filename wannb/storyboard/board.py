"""Storyboard: scenes in, one consistent set of frames out, and every change kept in a file beside the runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.errors import Problem
from wannb.request import ImageRequest, Input, Inputs, as_input, takes
from wannb.service import Money

from . import drawn, panels, strip
from .alone import alone
from .beginning import begun, begun_again, id_of_new
from .drawing import Drawing, cost_of
from .panels import Frame, Panels, Scene
from .record import Record
from .shelf import Shelf
from .shots import Reel, reel
from .takes import Take, Takes, takes_of
from .telling import lines, notices

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from wannb.client import Client
    from wannb.ledger import OnStatus
    from wannb.request import SetOptions

    from .pages import Pages


class Storyboard:
    """Scenes and their frames: drawn as one set, then kept, drawn anew, put in order, and saved as pages or films.

    Scenes are counted from 1. Every change is saved at once beside the runs, in `storyboards/<name>/` of the store, and
    can be undone. Frames are never lost: what was drawn stays in the store and among a scene's `takes`.

    The same board made again, as when a notebook is run from the top, begins anew from its scenes and finds everything
    it asks for in the store, for nothing. What was there before is still among the takes, and one `undo` away.

    >>> board = wannb.Storyboard(client, ["a cat wakes up", "it goes out"], style="ink drawing")    # doctest: +SKIP
    >>> board.run()                     # one image set: both frames        # doctest: +SKIP
    >>> board.lock(1)                                                       # doctest: +SKIP
    >>> board.reroll(2)                 # one more frame, to go with 1      # doctest: +SKIP
    >>> board.save("story.pdf")                                             # doctest: +SKIP
    """

    @takes("images", "model", "size", "seed", "watermark")
    def __init__(
        self,
        client: Client,
        scenes: Sequence[str | Mapping[str, Any] | Scene],
        *,
        style: str | None = None,
        images: Inputs = (),
        name: str = "storyboard",
        **options: Unpack[SetOptions],
    ) -> None:
        """Plan a board; nothing is sent and nothing costs before `run`.

        Args:
            scenes: for each a text, a dict such as `{"text": ..., "notes": ..., "seconds": 2.5}`, or a `wannb.Scene`.
                More than 12 are asked for as several sets, the later ones shown frames of the first.
            style: one line before the scenes, such as "ink drawing, the same orange cat throughout".
            name: of the board and its folder; a board of other scenes under the same name is put aside, not lost.
        {options}

        Without a seed, one is derived from all that is asked, so that the same board is the same request.

        Raises:
            TypeError, ValueError: a scene, its options or the name are not what they must be.
            InvalidRequest: an input picture cannot be read, and a board of this name is there already.
            StoreError: the board's file cannot be read or written.
        """
        listed = panels.as_scenes(scenes)
        if style is not None and not isinstance(style, str):
            raise TypeError(f"style={style!r} is no text")
        base = ImageRequest(images=images, **options)
        shelf = Shelf.named(client.store, name)
        record, before = begun(listed, style, base), shelf.read()
        said: tuple[str, ...] = ()
        if before:
            record = begun_again(record, before)
            if before.beginning != record.beginning:
                aside = shelf.put_aside().name
                said = (f"a board {name!r} of other scenes was here; it is kept as {aside}, beside this one's file",)
        self._open(client, shelf, record, said)
        for image in base.images:
            shelf.keep(image)
        shelf.write(record)

    @classmethod
    def open(cls, client: Client, place: str | os.PathLike[str]) -> Self:
        """Open a board that was saved, on any day and on any machine that has the folder of runs.

        Args:
            place: its name, or the path of its folder or file.

        Raises:
            ValueError: there is none, or it belongs to another folder of runs.
            StoreError: the file is damaged.

        >>> board = wannb.Storyboard.open(client, "storyboard")    # doctest: +SKIP
        """
        shelf = Shelf.found(client.store, place)
        record = shelf.read()
        if record is None:
            raise ValueError(f"the storyboard {str(place)!r} went away while it was opened")
        board = cls.__new__(cls)
        board._open(client, shelf, record)
        return board

    def _open(self, client: Client, shelf: Shelf, record: Record, said: tuple[str, ...] = ()) -> None:
        self.client = client
        self._shelf = shelf
        self.record = record
        self._said = said
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """The board's name, which is its folder's."""
        return self._shelf.folder.name

    @property
    def path(self) -> Path:
        """The board's file."""
        return self._shelf.file

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
        """What came back so far, each run counted once; None if a price is unknown.

        On the mock server it is what the live service would have billed.
        """
        return cost_of(self.client, self.record)

    @property
    def notices(self) -> tuple[str, ...]:
        """What one should know: images that may stand at the wrong scene, what is under way, fonts that are missing."""
        return (*self._said, *notices(self.record, self.reel(), self.drawing()))

    def problems(self) -> tuple[Problem, ...]:
        """Return every rule that a request of `run` would break, before anything is sent."""
        return self.drawing().problems()

    def estimate(self) -> Money | None:
        """Return what `run` would cost at most now, nothing for what the store has; None if the price is unknown."""
        return self.client.estimate(ImageRequest(model=self.record.base.model, n=self.drawing().to_pay()))

    def run(self, *, on_status: OnStatus | None = None) -> Self:
        """Draw every scene that has no frame yet and return the board.

        Up to 12 scenes are one image set; more are split evenly. What an earlier run began is finished first. Which
        image is of which scene the service does not say: when fewer came than were asked for, the first scenes get
        them in their order and are marked as unsure, and `assign` puts it right.

        Args:
            on_status: as in `client.run`.

        Raises:
            InvalidRequest: a request breaks a rule; nothing was sent.
            WannbError: as `client.run`; what came before is kept, and a second `run` goes on from there.
        """
        drawing = self.drawing(on_status)
        drawing.finish()
        drawing.check()
        drawing.fill()
        return self

    def reroll(
        self, scene: int, *, text: str | None = None, seed: int | None = None, on_status: OnStatus | None = None
    ) -> Take:
        """Draw one scene anew, to go with its neighbours, and return the new take; only this image is paid for.

        The person's images, the frames beside it and locked ones go with the request, nine at most. Earlier takes stay.

        Args:
            scene: its number.
            text: a new text for the scene.
            seed: to be sent; unless given, every roll has its own, derived from the board's, so that a notebook that is
                run again asks for the same.

        Raises:
            ValueError: there is no such scene, or it is locked.
            InvalidRequest: the request breaks a rule; nothing was sent.
        """
        self.drawing(on_status).reroll(scene, text=text, seed=seed)
        return next(take for take in self.takes(scene) if take.chosen)

    def takes(self, scene: int) -> Takes:
        """Return the frames that a scene ever had; those of before the board was last begun anew come last."""
        at = panels.index(self._panels, scene)
        panel = self._panels[at]
        return takes_of(at + 1, self.record.takes(panel.id), panel.frame, self._shelf)

    @alone
    def choose(self, scene: int, take: int | Take) -> None:
        """Put a take of a scene, by its number, in place of its frame."""
        place = (take.run_id, take.path.name) if isinstance(take, Take) else take
        self._keep(drawn.chosen(self.record, scene, place))

    @alone
    def assign(self, which: Mapping[int, int | None]) -> None:
        """Say which image of its set each scene has, `{scene: image number}`; None for a scene that has none of them.

        Image numbers are those that the strip names, in the order of the service. A scene whose image is given to
        another one is left without.

        >>> board.assign({2: None, 3: 2})      # the second image that came is of scene 3    # doctest: +SKIP
        """
        self._keep(drawn.assigned(self.record, which))

    @alone
    def lock(self, *scenes: int) -> None:
        """Lock scenes: their frames are not drawn anew, replaced, assigned or removed, and lead those that are."""
        self._change("lock", panels.lock(self._panels, scenes, locked=True))

    @alone
    def unlock(self, *scenes: int) -> None:
        """Let locked scenes go."""
        self._change("unlock", panels.lock(self._panels, scenes, locked=False))

    @alone
    def reorder(self, order: Iterable[int]) -> None:
        """Put the scenes in another order, frames and all: `[3, 1, 2]` puts the third first."""
        self._change("order", panels.reorder(self._panels, order))

    @alone
    def replace(self, scene: int, image: Input) -> None:
        """Put another picture in place of a frame: a path, bytes, PIL image, array, take or image of a result."""
        at = panels.free(self._panels, scene, "replaced")
        picture = as_input(image)
        file = None if picture.problem else self._shelf.keep(picture)
        if file is None:
            raise ValueError(f"{picture.name}: {picture.problem or 'a link is not fetched; give the file'}")
        text = self._panels[at].scene.text
        frame = Frame(run=None, file=file, width=picture.width or 1, height=picture.height or 1, text=text)
        record = self.record.with_take(self._panels[at].id, frame)
        now = panels.put(self._panels, at, frame=frame, sure=True)
        self._keep(record.changed(f"picture of scene {scene}", now))

    @alone
    def edit_scene(
        self, scene: int, *, text: str | None = None, notes: str | None = None, seconds: float | None = None
    ) -> None:
        """Change a scene's text, notes or seconds; its frame stays and is marked when it was drawn for another text."""
        changes = {"text": text, "notes": notes, "seconds": seconds}
        self._change(f"words of scene {scene}", panels.edit(self._panels, scene, changes))

    @alone
    def add(self, scene: str | Mapping[str, Any] | Scene, *, at: int | None = None) -> None:
        """Add a scene, which gets the number `at` or stands at the end; the next `run` draws it."""
        record, new = self.record, panels.as_scene(scene)
        id = id_of_new(record, new.text)
        now = panels.add(record.panels, new, at, id)
        record = replace(record, ledger=replace(record.ledger, next_id=max(record.ledger.next_id, id + 1)))
        self._keep(record.changed("new scene", now))

    @alone
    def remove(self, scene: int) -> None:
        """Take a scene out of the board; its images stay in the store."""
        self._change(f"removal of scene {scene}", panels.remove(self._panels, scene))

    @alone
    def undo(self) -> str:
        """Take back the last change and return what it was; up to 50, also on another day."""
        if not self.record.past:
            raise ValueError("there is nothing to undo")
        self._keep(self.record.undone())
        return f"undone: {self.record.future[-1].label}"

    @alone
    def redo(self) -> str:
        """Do again what was undone last and return what it was."""
        if not self.record.future:
            raise ValueError("there is nothing to redo")
        self._keep(self.record.redone())
        return f"done again: {self.record.past[-1].label}"

    def pages(self, *, columns: int = 3, rows: int = 2, paper: str = "A4", title: str | None = None) -> Pages:
        """Return the board as printed pages, which show themselves: frames with number, text, notes and seconds.

        Args:
            columns, rows: of frames on a page.
            paper: "A4" or "Letter", both landscape.
            title: over each page; the board's name unless given.
        """
        from .pages import Pages

        return Pages(reel=self.reel(title), columns=columns, rows=rows, paper=paper)

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

    def __repr__(self) -> str:
        return strip.text(self.reel(), lines=self._lines(), notes=self.notices)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        page = strip.strip(self.reel(), lines=[" · ".join(self._lines())], notes=self.notices)
        return {"text/plain": repr(self), "text/html": page}

    @property
    def _panels(self) -> Panels:
        return self.record.panels

    def reel(self, title: str | None = None) -> Reel:
        """Return the scenes as they are shown and exported."""
        return reel(self.name if title is None else title, self._panels, self._shelf)

    def _lines(self) -> list[str]:
        return lines(self.client, self.record, self.reel(), self.drawing())

    def drawing(self, on_status: OnStatus | None = None) -> Drawing:
        """Return the work that is to be done, which knows what it would send."""
        now, lock = lambda: self.record, self._lock
        return Drawing(
            client=self.client, shelf=self._shelf, record=now, keep=self._keep, lock=lock, on_status=on_status
        )

    def _change(self, label: str, now: Panels) -> None:
        self._keep(self.record.changed(label, now))

    def _keep(self, record: Record) -> None:
        if record != self.record:
            self._shelf.write(record)
            self.record = record
