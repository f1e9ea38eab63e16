"""State of a board: all that its file holds, as frozen values and as JSON, and what results do to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from wannb.errors import InvalidRequest, StoreError
from wannb.request import MAX_SEED, ImageRequest
from wannb.translation import Said, as_data, from_data, say

from .scenes import Frame, Panel, Panels, Scene, keys_of, put, unlocked

#: The most changes that can be undone.
HISTORY = 50
Takes = Mapping[str, tuple[Frame, ...]]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change by its name, and the panels on its other side."""

    label: str
    panels: Panels


@dataclass(frozen=True, kw_only=True)
class AskedSet:
    """An image set that came back: the texts it was asked for, by the keys of their scenes, and its images in order."""

    texts: Mapping[str, str]
    frames: tuple[Frame, ...]


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A request that is written down before it is sent.

    Attributes:
        texts: what it asks for, by the keys of the scenes.
        request: as data.
        roll: which of the scene's seeds it has; 0 for a set, or a seed of the person's own.
        reword: whether the scene gets the text that the request asks for, once its frame is there.
        earlier: whether the board was made again since.
    """

    texts: Mapping[str, str]
    request: Mapping[str, Any]
    roll: int = 0
    reword: bool = False
    earlier: bool = False


@dataclass(frozen=True, kw_only=True)
class Journal:
    """What was asked for and what came, which undo does not take back; scenes by their keys.

    Attributes:
        runs: every run of the board, also those from before it was made again.
        takes: the frames of a scene in the order in which they came.
        earlier: those that came before the board was made again.
        rolls: how many seeds a scene has used.
        sets: the image sets by their run.
        pending: what has not come back.
    """

    runs: tuple[str, ...] = ()
    takes: Takes = field(default_factory=dict)
    earlier: Takes = field(default_factory=dict)
    rolls: Mapping[str, int] = field(default_factory=dict)
    sets: Mapping[str, AskedSet] = field(default_factory=dict)
    pending: tuple[Pending, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Record:
    """A board as its file holds it.

    Attributes:
        beginning: a hash of what the board was made from.
        style: the line before the scenes.
        base: what every request shares: images, model, size, seed, watermark.
        panels: the scenes with their frames.
        journal: what was asked for and what came.
        past, future: for undo and redo.
    """

    beginning: str
    style: str | None
    base: ImageRequest
    panels: Panels
    journal: Journal = field(default_factory=Journal)
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    def changed(self, label: str, panels: Panels) -> Record:
        """Return the record after a change that can be undone."""
        if panels == self.panels:
            return self
        past = (*self.past, Step(label=label, panels=self.panels))[-HISTORY:]
        return replace(self, panels=panels, past=past, future=())

    def undone(self) -> Record:
        """Return the record without its last change."""
        *past, step = self.past
        future = (*self.future, Step(label=step.label, panels=self.panels))
        return replace(self, panels=step.panels, past=tuple(past), future=future)

    def redone(self) -> Record:
        """Return the record with the change that was undone last."""
        *future, step = self.future
        past = (*self.past, Step(label=step.label, panels=self.panels))
        return replace(self, panels=step.panels, past=past, future=tuple(future))

    def takes(self, key: str) -> tuple[Frame, ...]:
        """Return the frames that a scene ever had, those from before the board was made again last."""
        return _merged(self.journal.takes.get(key, ()), self.journal.earlier.get(key, ()))

    def with_take(self, key: str, frame: Frame, *, earlier: bool = False) -> Record:
        """Return the record with one more frame among the takes of a scene, or among its earlier ones."""
        name = "earlier" if earlier else "takes"
        lists: Takes = getattr(self.journal, name)
        return self.journaled(**{name: {**lists, key: _merged(lists.get(key, ()), (frame,))}})

    def journaled(self, **changes: Any) -> Record:
        """Return the record with changes to its journal."""
        return replace(self, journal=replace(self.journal, **changes))

    def sending(self, pending: Pending) -> Record:
        """Return the record with a request that is about to be sent."""
        others = tuple(each for each in self.journal.pending if each.request != pending.request)
        return self.journaled(pending=(*others, pending))

    def without(self, pending: Pending) -> Record:
        """Return the record without a request that has ended."""
        return self.journaled(pending=tuple(each for each in self.journal.pending if each != pending))


def _merged(frames: Sequence[Frame], more: Sequence[Frame]) -> tuple[Frame, ...]:
    """Return frames and those of more that are not among them."""
    places = {frame.place for frame in frames}
    return (*frames, *(frame for frame in more if frame.place not in places))


# The beginning


def new_record(scenes: Sequence[Scene], style: str | None, base: ImageRequest) -> Record:
    """Return a new board; without a seed it gets one that follows from all that is asked for."""
    texts = [scene.text for scene in scenes]
    if base.seed is None:
        base = base.replace(seed=number_of(base.fingerprint, style, texts))
    written = json.dumps([base.fingerprint, style, [asdict(scene) for scene in scenes]], ensure_ascii=False)
    return Record(
        beginning=hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest(),
        style=style,
        base=base,
        panels=tuple(Panel(key=key, scene=scene) for key, scene in zip(keys_of(texts), scenes, strict=True)),
    )


def made_again(record: Record, before: Record) -> Record:
    """Return a new board with the takes, and the pending requests, that one of the same name had.

    Made from the same scenes, it has the history of the other one as well, which is one undo away.

    Raises:
        InvalidRequest: an input picture cannot be read, so that it is unknown whether the scenes are others.
    """
    journal = before.journal
    earlier = {key: before.takes(key) for key in {**journal.takes, **journal.earlier}}
    pending = tuple(replace(each, earlier=True) for each in journal.pending)
    if before.beginning == record.beginning:
        journal = Journal(runs=journal.runs, sets=journal.sets, earlier=earlier, pending=pending)
        again = replace(record, panels=before.panels, past=before.past, future=before.future, journal=journal)
        return again.changed(Said("start from the scenes"), record.panels)
    damaged = [problem for problem in record.base.problems() if problem.field == "images"]
    if damaged:
        # The scenes may well be the same: a picture that vanished makes them look like others.
        raise InvalidRequest(damaged)
    # The takes of a scene that was reworded are those of its new text too.
    for key, panel in zip(keys_of(panel.scene.text for panel in before.panels), before.panels, strict=True):
        earlier[key] = _merged(before.takes(panel.key), earlier.get(key, ()))
    runs = dict.fromkeys(take.run for panel in record.panels for take in earlier.get(panel.key, ()) if take.run)
    return record.journaled(runs=tuple(runs), earlier=earlier, pending=pending)


def number_of(*parts: object) -> int:
    """Return a seed that follows from some parts."""
    written = json.dumps(parts, ensure_ascii=False).encode()
    return int.from_bytes(hashlib.sha256(written).digest()[:8], "big") % (MAX_SEED + 1)


# Results


def with_result(record: Record, pending: Pending, run: str, frames: Sequence[Frame]) -> Record:
    """Return the record with the images of a run put to the scenes that it was asked for.

    When fewer images of a set came than were asked for, nobody knows which: they go to the scenes in order and are
    marked as unsure. What was asked for before the board was made again goes among the earlier takes alone.
    """
    journal, is_set = record.journal, bool(pending.request.get("enable_sequential"))
    rolls, sets = dict(journal.rolls), dict(journal.sets)
    for key in pending.texts if pending.roll and not pending.earlier else ():
        rolls[key] = max(rolls.get(key, 0), pending.roll)
    if is_set:
        sets[run] = AskedSet(texts=dict(pending.texts), frames=tuple(frames))
    runs = tuple(dict.fromkeys((*journal.runs, run)))
    record = record.without(pending).journaled(runs=runs, rolls=rolls, sets=sets)

    panels, all_came = record.panels, len(frames) >= len(pending.texts)
    places = {panel.key: at for at, panel in enumerate(panels)}
    for position, (key, text) in enumerate(pending.texts.items()):
        frame = replace(frames[position], text=text) if position < len(frames) else None
        if frame:
            record = record.with_take(key, frame, earlier=pending.earlier)
        at = places.get(key)
        if at is None or panels[at].locked or pending.earlier:
            continue
        if not is_set:
            scene = replace(panels[at].scene, text=text) if pending.reword else panels[at].scene
            panels = put(panels, at, scene=scene, frame=frame, sure=True)
        elif panels[at].frame is None:
            panels = put(panels, at, frame=frame, sure=all_came or frame is None, asked=run)
    return replace(record, panels=panels)


def assigned(record: Record, which: Mapping[Any, Any]) -> Record:
    """Return the record with images of a set put to scenes as the person says."""
    if not isinstance(which, Mapping) or not which:
        raise TypeError(
            say("say which image each scene has: board.assign({scene: image number, ...}), None for no image")
        )
    panels = record.panels
    chosen: dict[int, Frame | None] = {}
    for number, image in which.items():
        at = unlocked(panels, number)
        asked = record.journal.sets.get(panels[at].asked or "")
        if asked is None:
            raise ValueError(say("scene {number} was in no image set, so it has no image to assign", number=number))
        if image is None:
            chosen[at] = None
            continue
        if isinstance(image, bool) or not isinstance(image, int) or not 1 <= image <= len(asked.frames):
            most, value = len(asked.frames), repr(image)
            raise ValueError(
                say(
                    "scene {number}: image {value}; its image set has 1 to {most}",
                    number=number,
                    value=value,
                    most=most,
                )
            )
        frame = asked.frames[image - 1]
        if any(frame.place == other.place for other in chosen.values() if other):
            raise ValueError(say("image {number} is given to two scenes; each image has one", number=image))
        chosen[at] = replace(frame, text=asked.texts.get(panels[at].key, panels[at].scene.text))
    given = {frame.place for frame in chosen.values() if frame}
    for at, panel in enumerate(panels):
        if at in chosen or panel.frame is None or panel.frame.place not in given:
            continue
        if panel.locked:
            raise ValueError(
                say(
                    "that image is the locked frame of scene {number}; board.unlock({number}) unlocks it", number=at + 1
                )
            )
        panels = put(panels, at, frame=None, sure=True)
    for at, each in chosen.items():
        panels = put(panels, at, frame=each, sure=True)
        if each:
            record = record.with_take(panels[at].key, each)
    return record.changed(Said("assignment"), panels)


def chosen(record: Record, scene: Any, take: Any) -> Record:
    """Return the record with a take of a scene, by its number or by the place of its picture, as its frame."""
    at = unlocked(record.panels, scene)
    frames = record.takes(record.panels[at].key)
    places = [frame.place for frame in frames]
    if isinstance(take, tuple):
        if take not in places:
            raise ValueError(say("this is a take of another scene, not one of scene {number}", number=scene))
        take = places.index(take) + 1
    if isinstance(take, bool) or not isinstance(take, int) or not 1 <= take <= len(frames):
        values = {"take": repr(take), "number": scene, "most": len(frames)}
        raise ValueError(say("there is no take {take}; scene {number} has {most} of them, counted from 1", **values))
    return record.changed(
        Said("take of scene {number}", number=scene), put(record.panels, at, frame=frames[take - 1], sure=True)
    )


# JSON


def to_json(record: Record) -> dict[str, Any]:
    """Return a record as JSON data: each panel once, and the steps of the history by their numbers."""
    steps = (*record.past, *record.future)
    unique = dict.fromkeys([*record.panels, *(panel for step in steps for panel in step.panels)])
    place = {panel: number for number, panel in enumerate(unique)}

    def placed(panels: Panels) -> list[int]:
        return [place[panel] for panel in panels]

    def steps_json(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
        return [{"label": as_data(step.label), "panels": placed(step.panels)} for step in steps]

    return {
        "beginning": record.beginning,
        "style": record.style,
        "base": record.base.as_dict(),
        "panels": [asdict(panel) for panel in unique],
        "now": placed(record.panels),
        "past": steps_json(record.past),
        "future": steps_json(record.future),
        "journal": asdict(record.journal),
    }


def from_json(data: Mapping[str, Any], find: Callable[[str], Path | None]) -> Record:
    """Return the record that `to_json` wrote; `find` gives the file of an input image by its SHA-256.

    Raises:
        StoreError: it was changed so that it is not a board any more.
    """
    try:
        unique, journal = [_panel(each) for each in data["panels"]], data["journal"]

        def steps(them: Any) -> tuple[Step, ...]:
            return tuple(Step(label=from_data(each["label"]), panels=_placed(unique, each["panels"])) for each in them)

        return Record(
            beginning=str(data["beginning"]),
            style=data["style"],
            base=ImageRequest.from_dict(data["base"], find),
            panels=_placed(unique, data["now"]),
            journal=Journal(
                runs=tuple(map(str, journal["runs"])),
                takes={key: _frames(frames) for key, frames in journal["takes"].items()},
                earlier={key: _frames(frames) for key, frames in journal["earlier"].items()},
                rolls={key: int(times) for key, times in journal["rolls"].items()},
                sets={
                    run: AskedSet(texts=dict(each["texts"]), frames=_frames(each["frames"]))
                    for run, each in journal["sets"].items()
                },
                pending=tuple(
                    Pending(**{**each, "texts": dict(each["texts"]), "request": dict(each["request"])})
                    for each in journal["pending"]
                ),
            ),
            past=steps(data["past"]),
            future=steps(data["future"]),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(Said("this is not a storyboard, or was changed by hand: {why}", why=error)) from error


def _placed(unique: Sequence[Panel], numbers: Sequence[int]) -> Panels:
    panels = tuple(unique[number] for number in numbers)
    if not panels or len({panel.key for panel in panels}) != len(panels):
        raise ValueError("no scenes, or one of them twice")
    return panels


def _panel(each: Mapping[str, Any]) -> Panel:
    return Panel(**{**each, "scene": Scene(**each["scene"]), "frame": each["frame"] and _frame(each["frame"])})


def _frames(them: Any) -> tuple[Frame, ...]:
    return tuple(map(_frame, them))


def _frame(each: Mapping[str, Any]) -> Frame:
    frame = Frame(**each)
    # The file may come from elsewhere: it must not lead out of the board's own folders.
    for name in (frame.file, frame.run or "run"):
        if not name or name.startswith(".") or Path(name).name != name or "\\" in name:
            raise ValueError(f"{name!r} is not a file of a run")
    if not (isinstance(frame.width, int) and isinstance(frame.height, int) and min(frame.width, frame.height) > 0):
        raise ValueError(f"a frame of {frame.width!r}x{frame.height!r} pixels")
    return frame
