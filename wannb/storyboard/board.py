"""Storyboard: scenes in, one consistent set of frames out, and every change kept in a file beside the runs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from wannb.display import html
from wannb.errors import Problem
from wannb.exports import Pages, Reel, export
from wannb.request import MAX_N, PRO, ImageRequest, Input, Inputs, as_input, check_names, checks_options
from wannb.service import Money
from wannb.staging import Characters, Stroke, Take, Takes, as_strokes
from wannb.translation import Said, override, say, spoken

from . import cutting, state, view
from .files import BoardFiles
from .generate import Generator
from .state import Frame, Panel, Panels, Record, Scene

if TYPE_CHECKING:
    from typing_extensions import Self

    from wannb.client import Client
    from wannb.ledger import OnStatus

P = ParamSpec("P")
R = TypeVar("R")


def _change(method: Callable[Concatenate[Storyboard, P], R]) -> Callable[Concatenate[Storyboard, P], R]:
    """Return a method that holds the board's lock, so that threads do not undo each other's changes, and speaks."""

    @wraps(method)
    def alone(board: Storyboard, /, *values: P.args, **named: P.kwargs) -> R:
        with override(board.language), board._files.lock:
            return method(board, *values, **named)

    return alone


def _put_aside(files: BoardFiles, *, replace: bool) -> Said:
    """Keep a board of other scenes, whose place a new one takes, and say so; `ValueError` if that is not wanted."""
    name = files.folder.name
    if not replace:
        other = BoardFiles.free_name(files.store, name)
        why = Said(
            "a board {name} of other scenes exists. wannb.Storyboard.open(client, {name}) opens it, name={other} makes "
            "another one, and replace=True puts this one in its place and keeps the old one, which "
            "wannb.storyboards(client) lists",
            name=repr(name),
            other=repr(other),
        )
        raise ValueError(say(why))
    files.set_aside()
    return Said("this took the place of a board of other scenes, which wannb.storyboards(client) lists")


@html.hides("generator record reel")
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
        replace: bool = False,
    ) -> None:
        """Plan a board; nothing is sent and nothing is billed before `run`.

        Args:
            client: from `wannb.connect()`.
            scenes: for each a text, a dict such as `{"text": ..., "dialogue": ..., "seconds": 2.5}`, or a
                `wannb.Scene`. More than 12 are asked for as several sets, the later ones shown frames of the first.
            style: one line before the scenes, such as "ink drawing, the same orange cat throughout".
            images: up to 9 input images that every request gets, such as the picture of a character.
            name: of the board and its folder.
            model: "wan2.7-image-pro", or "wan2.7-image" (faster and cheaper).
            size: "1K", "2K", or "width*height" in pixels.
            seed: 0 to 2147483647; without one it follows from all that is asked for, so that the same board is the same
                request.
            watermark: whether the service puts its mark in a corner.
            replace: whether it takes the place of a board of the same name and other scenes, which stays in
                `wannb.storyboards(client)`, and whose takes it has where a scene is the same.

        Raises:
            TypeError, ValueError: a scene, an option or the name is not what it must be, or a board of this name has
                other scenes.
            InvalidRequest: an input picture cannot be read, and a board of this name is there already.
            StoreError: the board's file cannot be read or written.
        """
        with override(client.language):
            listed = state.as_scenes(scenes)
            if style is not None and not isinstance(style, str):
                raise TypeError(say("style={value} is not text", value=repr(style)))
            base = ImageRequest(images=images, model=model, size=size, seed=seed, watermark=watermark)
            files = BoardFiles.named(client.store, name)
            record, before = state.new_record(listed, style, base), files.read()
            said: list[str] = []
            if before:
                record = state.made_again(record, before)
                if before.beginning != record.beginning:
                    said.append(_put_aside(files, replace=replace))
            for image in base.images:
                files.keep(image)
            files.write(record)
            self._open(client, files, said)

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
            if files.read() is None:
                raise ValueError(
                    say("the storyboard {name} was removed while it was being opened", name=repr(str(place)))
                )
        board = cls.__new__(cls)
        board._open(client, files, [])
        return board

    def _open(self, client: Client, files: BoardFiles, said: list[str]) -> None:
        self.client = client
        self.language = client.language
        self._files = files
        self._said = said
        if files.damaged:
            name = files.file.name
            said.append(Said("damaged lines of {file}, passed over: {n}", file=name, n=files.damaged))

    @property
    def record(self) -> Record:
        """The board as its file holds it."""
        return self._files.record

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
    def characters(self) -> Characters:
        """The figures and places that the scenes of all boards of this runs folder may name, to add to.

        A scene that names one gets its pictures and words with its next request, within the nine input images of the
        API: the board's own first, then those of characters, then frames. `notices` say the order and what did not fit.
        """
        return Characters(self.client.store)

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
        generator = self.generator(on_status)
        generator.send(generator.roll(scene, text=text, seed=seed))
        return next(take for take in self.takes(scene) if take.chosen)

    @spoken
    def candidates(
        self, scene: int, *, n: int = 3, seed: int | None = None, on_status: OnStatus | None = None
    ) -> Takes:
        """Generate several takes of one scene to choose from, and return them; each image that comes is billed.

        They are one request, so that the service has them in one place of its queue. The frame stays as it is until
        `choose` puts one of them in its place; the others stay among the takes.

        Args:
            scene: its number.
            n: how many, 2 to 4; fewer may come.
            seed, on_status: as in `reroll`.

        Raises:
            ValueError: there is no such scene, it is locked, or another number.
            InvalidRequest: the request breaks a rule; nothing was sent.

        >>> board.choose(2, board.candidates(2)[1])    # doctest: +SKIP
        """
        if isinstance(n, bool) or not isinstance(n, int) or not 2 <= n <= MAX_N:
            raise ValueError(say("n={n}: there are 2 to {most} takes to choose from", n=repr(n), most=MAX_N))
        generator = self.generator(on_status)
        run = generator.send(generator.roll(scene, seed=seed, n=n))
        return Takes(take for take in self.takes(scene) if take.run_id == run)

    @spoken
    def takes(self, scene: int) -> Takes:
        """Return the frames that a scene ever had; those from before the board was made again come last."""
        at = state.index(self._panels, scene)
        panel = self._panels[at]
        return Takes(
            Take(
                scene=at + 1,
                number=number,
                path=self._files.path_of(frame),
                width=frame.width,
                height=frame.height,
                seed=frame.seed,
                text=frame.text,
                run_id=frame.run,
                chosen=panel.frame is not None and panel.frame.place == frame.place,
                piece=view.cut_words(frame) if frame.cut_from else "",
            )
            for number, frame in enumerate(self.record.takes(panel.key), 1)
        )

    @_change
    def choose(self, scene: int, take: int | Take) -> None:
        """Make a take of a scene, by its number, the scene's frame."""
        at = state.unlocked(self._panels, scene)
        frames = self.record.takes(self._panels[at].key)
        if isinstance(take, Take):
            places = [frame.place for frame in frames]
            if (take.run_id, take.path.name) not in places:
                raise ValueError(say("this is a take of another scene, not one of scene {number}", number=scene))
            take = places.index((take.run_id, take.path.name)) + 1
        if isinstance(take, bool) or not isinstance(take, int) or not 1 <= take <= len(frames):
            values = {"take": repr(take), "number": scene, "most": len(frames)}
            raise ValueError(
                say("there is no take {take}; scene {number} has {most} of them, counted from 1", **values)
            )
        now = state.put(self._panels, at, frame=frames[take - 1], sure=True, offered=None)
        self._changed(Said("take of scene {number}", number=scene), now)

    @_change
    def assign(self, which: Mapping[int, int | None]) -> None:
        """Say which image of its set each scene has, `{scene: image number}`, None for no image.

        Image numbers are those in the strip, in the service's order. A scene whose image is given to another one is
        left without a frame.

        >>> board.assign({2: None, 3: 2})      # the second image that came is of scene 3    # doctest: +SKIP
        """
        if not isinstance(which, Mapping) or not which:
            raise TypeError(
                say("say which image each scene has: board.assign({scene: image number, ...}), None for no image")
            )
        record, panels = self.record, self._panels
        frames: dict[int, Frame | None] = {}
        for number, image in which.items():
            at = state.unlocked(panels, number)
            asked = record.journal.sets.get(panels[at].asked or "")
            if asked is None:
                raise ValueError(say("scene {number} was in no image set, so it has no image to assign", number=number))
            frames[at] = None
            if image is None:
                continue
            if isinstance(image, bool) or not isinstance(image, int) or not 1 <= image <= len(asked.frames):
                values = {"number": number, "value": repr(image), "most": len(asked.frames)}
                raise ValueError(say("scene {number}: image {value}; its image set has 1 to {most}", **values))
            frame = asked.frames[image - 1]
            if any(frame.place == other.place for other in frames.values() if other):
                raise ValueError(say("image {number} is given to two scenes; each image has one", number=image))
            frames[at] = replace(frame, text=asked.texts.get(panels[at].key, panels[at].scene.asked))
        given = {frame.place for frame in frames.values() if frame}
        for at, panel in enumerate(panels):
            if panel.frame and panel.frame.place in given and at not in frames:
                if panel.locked:
                    raise ValueError(
                        say(
                            "that image is the locked frame of scene {number}; board.unlock({number}) unlocks it",
                            number=at + 1,
                        )
                    )
                frames[at] = None
        for at, each in frames.items():
            panels = state.put(panels, at, frame=each, sure=True)
            if each:
                record = record.with_take(panels[at].key, each)
        self._files.write(record.changed(Said("assignment"), panels))

    @_change
    def cut(self, scene: int, *, rows: int, columns: int) -> None:
        """Cut a frame that shows several panels into frames of their own; nothing is sent, and nothing is billed.

        The service may answer a request for a set with one picture of many panels. Cut where you see that: the pieces
        go to the scenes of that set that have nothing else, in reading order, marked as unsure until `assign` or
        `choose`. The whole picture stays among the takes.

        Args:
            scene: that has the picture, of a set of which too few images came.
            rows, columns: of panels in it; 2 to 12 in all, each piece at least 240 pixels each way.

        Raises:
            ValueError: there is no such scene, it is locked, or it cannot be cut so.

        >>> board.cut(1, rows=2, columns=2)    # doctest: +SKIP
        """
        self._files.write(cutting.cut(self.record, self._files, scene, rows, columns))

    @_change
    def lock(self, *scenes: int) -> None:
        """Lock scenes: their frames are not generated again, replaced, assigned or removed, and guide new ones."""
        self._lock(Said("lock"), "board.lock(1, 3)", scenes, locked=True)

    @_change
    def unlock(self, *scenes: int) -> None:
        """Unlock scenes."""
        self._lock(Said("unlock"), "board.unlock(1, 3)", scenes, locked=False)

    def _lock(self, label: Said, call: str, scenes: tuple[int, ...], *, locked: bool) -> None:
        if not scenes:
            raise ValueError(say("name the scenes, such as {call}", call=call))
        panels = self._panels
        for number in scenes:
            at = state.index(panels, number)
            if locked and panels[at].frame is None:
                raise ValueError(
                    say("scene {number} has no frame to lock yet; board.run() generates it", number=number)
                )
            panels = state.put(panels, at, locked=locked)
        self._changed(label, panels)

    @_change
    def reorder(self, order: Iterable[int]) -> None:
        """Put the scenes in another order, frames and all: `[3, 1, 2]` puts the third first."""
        if isinstance(order, (str, bytes)) or not isinstance(order, Iterable):
            raise TypeError(
                say("an order is a list of all scene numbers, such as [3, 1, 2], not {value}", value=repr(order))
            )
        places = [state.index(self._panels, number) for number in order]
        double = [at + 1 for at, times in Counter(places).items() if times > 1]
        left_out = [at + 1 for at in range(len(self._panels)) if at not in places]
        if double or left_out:
            listed = {"double": state.numbers(double) or "–", "missing": state.numbers(left_out) or "–"}
            raise ValueError(say("an order names every scene once; twice: {double}; missing: {missing}", **listed))
        self._changed(Said("order"), tuple(self._panels[at] for at in places))

    @_change
    def replace(self, scene: int, image: Input) -> None:
        """Replace a frame by another picture: a path, bytes, PIL image, array, take or image of a result."""
        at = state.unlocked(self._panels, scene)
        picture = as_input(image)
        file = None if picture.problem else self._files.keep(picture)
        if file is None:
            why = picture.problem or Said("a link is not downloaded; give the file")
            raise ValueError(say("{picture}: {why}", picture=picture.name, why=why))
        text = self._panels[at].scene.asked
        frame = Frame(run=None, file=file, width=picture.width or 1, height=picture.height or 1, text=text)
        record = self.record.with_take(self._panels[at].key, frame)
        now = state.put(record.panels, at, frame=frame, sure=True)
        self._files.write(record.changed(Said("picture of scene {number}", number=scene), now))

    @_change
    def edit_scene(
        self,
        scene: int,
        *,
        text: str | None = None,
        notes: str | None = None,
        dialogue: str | None = None,
        seconds: float | None = None,
        shot: str | None = None,
        angle: str | None = None,
        movement: str | None = None,
    ) -> None:
        """Change a scene's words, seconds or camera; its frame stays, and is marked if it is of another text."""
        given = {"text": text, "notes": notes, "dialogue": dialogue, "seconds": seconds}
        given |= {"shot": shot, "angle": angle, "movement": movement}
        self._changed(Said("words of scene {number}", number=scene), state.edit(self._panels, scene, given))

    @_change
    def sketch(self, scene: int, strokes: Iterable[Stroke | Mapping[str, Any]]) -> None:
        """Draw arrows and pen lines over a scene's frame, in the place of those that are there; none removes them.

        They are kept apart from the picture, shown over it in the notebook and in every export, and never sent.

        Args:
            scene: its number.
            strokes: at most 60, each a `wannb.Stroke` or a dict such as
                `{"kind": "arrow", "points": [(0.2, 0.5), (0.8, 0.5)], "color": "#e5322d"}`; points are shares of the
                frame's width and height from the top left corner.

        Raises:
            TypeError, ValueError: there is no such scene, or a stroke is not what it must be.

        >>> board.sketch(2, [wannb.Stroke(kind="arrow", points=[(0.2, 0.5), (0.8, 0.5)])])    # doctest: +SKIP
        """
        at = state.index(self._panels, scene)
        now = state.put(self._panels, at, strokes=as_strokes(strokes))
        self._changed(Said("strokes of scene {number}", number=scene), now)

    @_change
    def add(self, scene: str | Mapping[str, Any] | Scene, *, at: int | None = None) -> None:
        """Add a scene as number `at`, by default at the end; the next `run` generates its frame."""
        new, panels = state.as_scene(scene), self._panels
        last = len(panels) + 1
        at = last if at is None else at
        if isinstance(at, bool) or not isinstance(at, int):
            raise TypeError(say("at={value} is not a scene number", value=repr(at)))
        if not 1 <= at <= last:
            raise ValueError(say("at={value}: the number of a new scene is 1 to {most}", value=at, most=last))
        [key] = state.keys_of([new.text], taken=(panel.key for panel in panels))
        self._changed(Said("new scene"), (*panels[: at - 1], Panel(key=key, scene=new), *panels[at - 1 :]))

    @_change
    def remove(self, scene: int) -> None:
        """Remove a scene from the board; its images stay in the runs folder."""
        at = state.unlocked(self._panels, scene)
        if len(self._panels) == 1:
            raise ValueError(say("a storyboard has at least one scene; add another one first"))
        now = self._panels[:at] + self._panels[at + 1 :]
        self._changed(Said("removal of scene {number}", number=scene), now)

    @_change
    def undo(self) -> str:
        """Undo the last change and return what it was; up to 50 changes, also on another day."""
        if not self.record.past:
            raise ValueError(say("there is nothing to undo"))
        self._files.write(self.record.undone())
        return say("undone: {change}", change=self.record.future[-1].label)

    @_change
    def redo(self) -> str:
        """Redo what was undone last and return what it was."""
        if not self.record.future:
            raise ValueError(say("there is nothing to redo"))
        self._files.write(self.record.redone())
        return say("redone: {change}", change=self.record.past[-1].label)

    @spoken
    def pages(
        self,
        *,
        frames: int = 6,
        columns: int | None = None,
        rows: int | None = None,
        paper: str = "A4",
        orientation: str = "landscape",
        title: str | None = None,
        logo: str | os.PathLike[str] | bytes | None = None,
        date: str = "",
        numbering: bool = True,
        scenes: Iterable[int] | None = None,
    ) -> Pages:
        """Return the board as printed pages, which show themselves: frames with number, words and seconds.

        Words that do not fit under a frame in small print are on a page of their own at the end, and the frame says so.

        Args:
            frames: on a page, 1 to 12, arranged so that the pictures are as large as can be.
            columns, rows: of frames on a page, where you want another arrangement.
            paper: "A4" or "Letter".
            orientation: "landscape" or "portrait".
            title: over each page; the board's name unless given.
            logo: a picture for the upper right corner, as a path or bytes.
            date: a line under the page's number, such as "12 March".
            numbering: whether pages are numbered.
            scenes: the numbers of those that are wanted, in your order; all of them unless given.
        """
        return Pages(
            reel=self.reel(title).only(scenes),
            frames=frames,
            columns=columns,
            rows=rows,
            paper=paper,
            orientation=orientation,
            logo=os.fspath(logo) if isinstance(logo, os.PathLike) else logo,
            date=date,
            numbering=numbering,
        )

    @spoken
    def save(
        self,
        /,
        path: str | os.PathLike[str],
        *,
        dpi: int = 200,
        pixels: int = 960,
        language: str = "",
        subtitles: str = "picture",
        sound: str | os.PathLike[str] | None = None,
        **layout: Any,
    ) -> list[Path]:
        """Save the board by the file's ending and return the files that were written.

        .pdf and .png are pages (several .png are numbered), .gif, .webp and .mp4 (`pip install "wannb[film]"`) a film
        with the scenes' seconds, .html one page that needs no network, .pptx slides with notes
        (`pip install "wannb[slides]"`), .zip the pictures with a list of shots for a spreadsheet.

        Args:
            path: the file; it is written over.
            dpi: of the pictures on pages.
            pixels: of a film's longer side.
            language: of the scenes' texts in .html, such as "fr", for screen readers and hyphenation.
            subtitles: where a film shows the dialogue: in the "picture", for all players; in .mp4 as a "track", which
                can be turned off and is also saved as .srt; "none".
            sound: a file for the .mp4, such as a .mp3 or .wav; it ends with the film.
            layout: what `pages` takes: `title`, `scenes`, `logo`, `date`, and of pages `frames`, `paper` and so on.

        Raises:
            TypeError: a title or language that is not text, or an option that does not exist.
            ValueError: another ending, an option out of range, or no frame is made yet.
            OSError: a file cannot be written; the earlier one is unchanged.
        """
        known = {each.name for each in fields(Pages)} - {"reel", "language"} | {"title", "scenes"}
        check_names(layout, sorted(known))
        pages, place = self.pages(**layout), Path(path).expanduser()
        if place.suffix.lower() == ".zip":
            pages = replace(pages, reel=view.with_origins(pages.reel, self._panels, self._files))
        heard = Path(sound).expanduser() if sound is not None else None
        more: dict[str, Any] = {"subtitles": subtitles, "sound": heard}
        return export(pages, place, dpi=dpi, pixels=pixels, language=language, **more)

    @spoken
    def __repr__(self) -> str:
        reel = self.reel()
        return say(view.text(reel, lines=view.facts(self.generator(), reel), notes=self._notices(reel)))

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        reel = self.reel()
        said = {"lines": [*view.facts(self.generator(), reel)], "notes": self._notices(reel)}
        return {"text/plain": say(view.text(reel, **said)), "text/html": view.strip(reel, **said)}

    def reel(self, title: str | None = None) -> Reel:
        """Return the scenes as they are shown and exported."""
        return view.reel_of(self.name if title is None else title, self._panels, self._files)

    def generator(self, on_status: OnStatus | None = None) -> Generator:
        """Return what generates the board's frames, and knows what it would send."""
        return Generator(client=self.client, files=self._files, on_status=on_status)

    @property
    def _panels(self) -> Panels:
        return self.record.panels

    def _notices(self, reel: Reel | None = None) -> list[str]:
        return [*self._said, *view.notices(self.generator(), reel or self.reel())]

    def _changed(self, label: str, now: Panels) -> None:
        self._files.write(self.record.changed(label, now))
