"""State of a board: scenes with their frames and all that its file holds, as frozen values and as JSON.

Scenes are counted from 1.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import chain, count, groupby
from pathlib import Path
from typing import Any

from wannb.errors import InvalidRequest, StoreError
from wannb.request import MAX_SEED, PRO, ImageRequest, check_names
from wannb.staging import Stroke, as_strokes, camera_words, check_camera, written_in
from wannb.translation import Said, as_data, from_data, joined, say

#: The most seconds of a scene: a frame of a GIF lasts at most 655 s.
LONGEST = 600.0
#: The most changes that can be undone.
HISTORY = 50


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture that a storyboard asks for.

    Args:
        text: what is to be seen.
        notes: what the picture does not show, such as sound or camera; never sent to the service.
        dialogue: what is said in it, such as "TOM: Good morning!"; never sent either.
        seconds: how long it lasts in a film, above 0 and at most 600.
        shot: its size, which goes into the prompt: "extreme wide", "wide", "full", "medium", "medium close-up",
            "close-up", "extreme close-up", or nothing.
        angle: likewise, "eye level", "low", "high", "bird's eye", "dutch".
        movement: likewise, "static", "pan", "tilt", "dolly in", "dolly out", "tracking", "handheld".

    >>> Scene(text="a cat wakes up", notes="yawning", seconds=2.5).seconds
    2.5
    """

    text: str
    notes: str = ""
    seconds: float = 3.0
    shot: str = ""
    angle: str = ""
    movement: str = ""
    dialogue: str = ""

    def __post_init__(self) -> None:
        for name in ("text", "notes", "dialogue"):
            value = getattr(self, name)
            if not isinstance(value, str):
                raise TypeError(say("a scene's {name} is text, not {value}", name=name, value=repr(value)))
            if any("\ud800" <= letter <= "\udfff" for letter in value):
                raise ValueError(say("a scene's {name} is broken text: it holds halves of characters", name=name))
        if not self.text.strip():
            raise ValueError(say("a scene's text is {value}; say what is to be seen", value=repr(self.text)))
        number = self.seconds
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TypeError(say("a scene's seconds are a number, not {value}", value=repr(number)))
        if not (math.isfinite(number) and 0 < number <= LONGEST):
            values = {"value": repr(number), "most": f"{LONGEST:g}"}
            raise ValueError(say("a scene's seconds are {value}; they must be above 0 and at most {most}", **values))
        object.__setattr__(self, "seconds", float(number))
        check_camera(shot=self.shot, angle=self.angle, movement=self.movement)

    @property
    def camera(self) -> str:
        """Shot size, angle and movement in words; empty where none is chosen."""
        return camera_words(self.shot, self.angle, self.movement)

    @property
    def asked(self) -> str:
        """The text that a request has for it: the camera, in the language of the text, and the text.

        >>> Scene(text="a cat wakes up", shot="wide", angle="low").asked
        'Wide shot, low angle: a cat wakes up'
        """
        if not self.camera:
            return self.text
        words = written_in(self.text)
        said = words(joined(": ", [self.camera, self.text]))
        return said[:1].upper() + said[1:]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One picture of a scene, by its file: image `number` of `count` of a run, or a file beside the board.

    `cut_from` is the run of the picture of which it is piece `number` of `count`.
    """

    run: str | None
    file: str
    width: int
    height: int
    text: str
    seed: int | None = None
    number: int = 1
    count: int = 1
    cut_from: str | None = None

    @property
    def place(self) -> tuple[str | None, str]:
        """The run and the file, which tell one picture from another."""
        return self.run, self.file


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One scene with its frame.

    `key` is the text that the scene was added with, numbered where another scene has it too. Seeds and takes hang on
    it: it stays when scenes are put in order or reworded, and comes back when a board is made again. `sure` says
    whether the frame is known to be of this scene, `asked` the run of the image set that it was last asked for in.
    `strokes` are drawn over its frame, whichever take that is; `offered` is the run whose images wait for a choice.
    """

    key: str
    scene: Scene
    frame: Frame | None = None
    sure: bool = True
    locked: bool = False
    asked: str | None = None
    strokes: tuple[Stroke, ...] = ()
    offered: str | None = None


Panels = tuple[Panel, ...]


def keys_of(texts: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return the keys of scenes: their texts, with a number where another scene has it.

    >>> keys_of(["a cat", "a cat"], taken=["a dog"])
    ['a cat', 'a cat (2)']
    """
    others, keys = set(taken), list[str]()
    for text in texts:
        numbered = (f"{text} ({number})" for number in count(2))
        keys.append(next(key for key in chain([text], numbered) if key not in others))
        others.add(keys[-1])
    return keys


def as_scene(value: Any) -> Scene:
    """Return a scene from a text, a mapping or a scene."""
    if isinstance(value, Scene):
        return value
    if isinstance(value, Mapping):
        check_names(map(str, value), [each.name for each in fields(Scene)])
        if "text" not in value:
            raise TypeError(say("the scene {value} has no 'text'", value=dict(value)))
        return Scene(**value)
    if isinstance(value, str):
        return Scene(text=value)
    raise TypeError(say("a scene is a text, a dict or a wannb.Scene, not {value}", value=repr(value)))


def as_scenes(values: Any) -> tuple[Scene, ...]:
    """Return scenes from a list of texts, mappings or scenes; an error names the scene's number."""
    if not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
        raise TypeError(
            say("scenes are a list, such as ['a cat wakes up', 'it goes out'], not {value}", value=repr(values))
        )
    if not values:
        raise ValueError(say("scenes is empty; a storyboard has at least one scene"))
    made = []
    for number, value in enumerate(values, 1):
        try:
            made.append(as_scene(value))
        except (TypeError, ValueError) as error:
            raise type(error)(say("scene {number}: {why}", number=number, why=error)) from None
    return tuple(made)


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
    """A request that is written down before it is sent, with the texts it asks for by the keys of their scenes.

    `roll` is which of the scene's seeds it has, 0 for a set or a seed of the person's own; `reword` the text that the
    scene gets once its frame is there; `earlier` whether the board was made again since; `offer` whether its
    images wait for a choice.
    """

    texts: Mapping[str, str]
    request: Mapping[str, Any]
    roll: int = 0
    reword: str = ""
    earlier: bool = False
    offer: bool = False


@dataclass(frozen=True, kw_only=True)
class Journal:
    """What was asked for and what came, which undo does not take back; scenes by their keys, sets by their runs.

    `runs` are all of the board, also from before it was made again; `earlier` are the takes from before. `rolls` is how
    many seeds a scene has used.
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

    `beginning` is a hash of what the board was made from, `base` what every request shares: images, model, size, seed,
    watermark.
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
        future = (*self.future, replace(self.past[-1], panels=self.panels))
        return replace(self, panels=self.past[-1].panels, past=self.past[:-1], future=future)

    def redone(self) -> Record:
        """Return the record with the change that was undone last."""
        past = (*self.past, replace(self.future[-1], panels=self.panels))
        return replace(self, panels=self.future[-1].panels, past=past, future=self.future[:-1])

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
    written = json.dumps([base.fingerprint, style, [_written(scene) for scene in scenes]], ensure_ascii=False)
    return Record(
        beginning=hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest(),
        style=style,
        base=base,
        panels=tuple(Panel(key=key, scene=scene) for key, scene in zip(keys_of(texts), scenes, strict=True)),
    )


def made_again(record: Record, before: Record) -> Record:
    """Return a new board with the takes, and the pending requests, that one of the same name had.

    Made from the same scenes, it has the history of the other one as well, which is one undo away.
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
        # The scenes may be the same: a picture that vanished makes them look like others.
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

    if pending.offer:
        return _offered(record, pending, run, frames)
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
            scene = replace(panels[at].scene, text=pending.reword or panels[at].scene.text)
            panels = put(panels, at, scene=scene, frame=frame, sure=True)
        elif panels[at].frame is None:
            panels = put(panels, at, frame=frame, sure=all_came or frame is None, asked=run)
    return replace(record, panels=panels)


def _offered(record: Record, pending: Pending, run: str, frames: Sequence[Frame]) -> Record:
    """Return the record with the images of a run among the takes of a scene, to be chosen from; its frame stays."""
    [(key, text)] = pending.texts.items()
    takes = [replace(frame, text=text) for frame in frames]
    for take in takes:
        record = record.with_take(key, take, earlier=pending.earlier)
    at = next((at for at, panel in enumerate(record.panels) if panel.key == key), None)
    if at is None or record.panels[at].locked or pending.earlier or not takes:
        return record
    first = {} if record.panels[at].frame else {"frame": takes[0], "sure": True}
    return replace(record, panels=put(record.panels, at, offered=run, **first))


# Changes


def index(panels: Panels, number: Any) -> int:
    """Return the position of a scene, from 0; raise for a number that no scene has."""
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise TypeError(say("a scene is given by its number, from 1, not by {value}", value=repr(number)))
    if not 1 <= number <= len(panels):
        values = {"number": number, "most": len(panels)}
        raise ValueError(say("there is no scene {number}; this board has scenes 1 to {most}", **values))
    return int(number) - 1


def unlocked(panels: Panels, number: Any) -> int:
    """Return the position of a scene that may be changed; raise for a locked one."""
    at = index(panels, number)
    if panels[at].locked:
        raise ValueError(say("scene {number} is locked; board.unlock({number}) unlocks it", number=number))
    return at


def put(panels: Panels, at: int, **changes: Any) -> Panels:
    """Return the panels with one of them changed."""
    return (*panels[:at], replace(panels[at], **changes), *panels[at + 1 :])


def edit(panels: Panels, number: Any, changes: Mapping[str, Any]) -> Panels:
    """Return the panels with a scene's text, notes, dialogue or seconds changed; its frame stays."""
    given = {name: value for name, value in changes.items() if value is not None}
    at = index(panels, number)
    if not given:
        change = "text=..., notes=..., dialogue=... or seconds=..."
        raise ValueError(say("say what changes: board.edit_scene({number}, {change})", number=number, change=change))
    return put(panels, at, scene=replace(panels[at].scene, **given))


def named(values: Iterable[int]) -> Said:
    """Return scenes by their numbers.

    >>> named([1, 2, 3, 7])
    'scenes 1–3, 7'
    """
    values = list(values)
    return Said("scene {n}" if len(values) == 1 else "scenes {n}", n=numbers(values))


def numbers(values: Iterable[int]) -> str:
    """Return numbers in order, those that follow each other as a range."""
    parts = []
    for _, group in groupby(enumerate(sorted(values)), lambda item: item[1] - item[0]):
        run = [value for _, value in group]
        parts.append(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}")
    return ", ".join(parts)


# JSON

#: What records of the first format do not have; what is not used is not written, so that they stay as they were.
_LATER = {"dialogue", "shot", "angle", "movement", "strokes", "offered", "offer", "cut_from"}


def _written(value: Any) -> Any:
    """Return a value as JSON data, without the fields of later formats that hold nothing."""
    if is_dataclass(value):
        held = {each.name: getattr(value, each.name) for each in fields(value)}
        return {name: _written(each) for name, each in held.items() if each or name not in _LATER}
    if isinstance(value, Mapping):
        return {key: _written(each) for key, each in value.items()}
    return [_written(each) for each in value] if isinstance(value, (list, tuple)) else value


def to_json(record: Record) -> dict[str, Any]:
    """Return a record as JSON data: each panel once, and the steps of the history by their numbers."""
    place: dict[Panel, int] = {}

    def placed(panels: Panels) -> list[int]:
        return [place.setdefault(panel, len(place)) for panel in panels]

    def steps(them: tuple[Step, ...]) -> list[dict[str, Any]]:
        return [{"label": as_data(step.label), "panels": placed(step.panels)} for step in them]

    return {
        "beginning": record.beginning,
        "style": record.style,
        "base": record.base.as_dict(),
        "now": placed(record.panels),
        "past": steps(record.past),
        "future": steps(record.future),
        "panels": [_written(panel) for panel in place],
        "journal": _written(record.journal),
    }


def from_json(data: Mapping[str, Any], find: Callable[[str], Path | None]) -> Record:
    """Return the record that `to_json` wrote; `find` gives the file of an input image by its SHA-256."""
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
                pending=tuple(map(_pending, journal["pending"])),
            ),
            past=steps(data["past"]),
            future=steps(data["future"]),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(Said("this is not a storyboard, or was changed by hand: {why}", why=error)) from error


def _pending(each: Mapping[str, Any]) -> Pending:
    texts, reword = dict(each["texts"]), each.get("reword", "")
    # In the first format it only said whether.
    reword = reword if isinstance(reword, str) else next(iter(texts.values()), "") if reword else ""
    return Pending(**{**each, "texts": texts, "request": dict(each["request"]), "reword": reword})


def outline(data: Mapping[str, Any]) -> tuple[Panels, tuple[str, ...], str]:
    """Return the scenes, the runs and the model of a record as JSON data, without reading its input images."""
    try:
        panels = _placed([_panel(each) for each in data["panels"]], data["now"])
        return panels, tuple(map(str, data["journal"]["runs"])), str(data["base"].get("model", PRO))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(Said("this is not a storyboard, or was changed by hand: {why}", why=error)) from error


def _placed(unique: Sequence[Panel], numbers: Sequence[int]) -> Panels:
    panels = tuple(unique[number] for number in numbers)
    if not panels or len({panel.key for panel in panels}) != len(panels):
        raise ValueError("no scenes, or one of them twice")
    return panels


def _panel(each: Mapping[str, Any]) -> Panel:
    parts = {"scene": Scene(**each["scene"]), "frame": each["frame"] and _frame(each["frame"])}
    return Panel(**{**each, **parts, "strokes": as_strokes(each.get("strokes", ()))})


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
