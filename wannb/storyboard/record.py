"""Record: all that a board's file holds, as frozen values and as JSON, with the history that undo walks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from wannb.errors import StoreError
from wannb.request import ImageRequest

from .panels import Frame, Panel, Panels, Scene

#: Changes that can be undone.
HISTORY = 50


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change by its name, and the panels on its other side."""

    label: str
    panels: Panels


@dataclass(frozen=True, kw_only=True)
class AskedSet:
    """An image set that came back: for which scenes it was asked, with which texts, and its images in their order."""

    texts: Mapping[int, str]
    frames: tuple[Frame, ...]


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A request that is written down before it is sent: for which scenes, and which roll of the dice it is.

    `earlier` says that the board was begun anew since then.
    """

    texts: Mapping[int, str]
    request: Mapping[str, Any]
    roll: int = 0
    earlier: bool = False


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What was asked and what came, which undo does not take back.

    Attributes:
        next_id: of the next new scene.
        runs: every run of the board, those before a new start as well.
        takes: the frames of a scene in the order in which they came.
        earlier: those that came before a new start.
        rolls: how often the dice were rolled for a scene.
        sets: the image sets by their run.
        pending: what is under way.
    """

    next_id: int
    runs: tuple[str, ...] = ()
    takes: Mapping[int, tuple[Frame, ...]] = field(default_factory=dict)
    earlier: Mapping[int, tuple[Frame, ...]] = field(default_factory=dict)
    rolls: Mapping[int, int] = field(default_factory=dict)
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
        ledger: what was asked and what came.
        past, future: for undo and redo.
    """

    beginning: str
    style: str | None
    base: ImageRequest
    panels: Panels
    ledger: Ledger
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

    def with_take(self, id: int, frame: Frame, *, earlier: bool = False) -> Record:
        """Return the record with a frame among the takes of a scene, or among those of before a new start."""
        name = "earlier" if earlier else "takes"
        lists: Mapping[int, tuple[Frame, ...]] = getattr(self.ledger, name)
        takes = lists.get(id, ())
        if any(take.place == frame.place for take in takes):
            return self
        changed: dict[str, Any] = {name: {**lists, id: (*takes, frame)}}
        return replace(self, ledger=replace(self.ledger, **changed))

    def takes(self, id: int) -> tuple[Frame, ...]:
        """Return the frames that a scene ever had, those of before a new start last."""
        own = self.ledger.takes.get(id, ())
        places = {frame.place for frame in own}
        return own + tuple(frame for frame in self.ledger.earlier.get(id, ()) if frame.place not in places)

    def ids(self) -> Iterator[int]:
        """Yield the ids of all scenes that there are or were."""
        yield from (panel.id for panel in self.panels)
        yield from (panel.id for step in (*self.past, *self.future) for panel in step.panels)


def to_json(record: Record) -> dict[str, Any]:
    """Return a record as JSON data."""
    ledger = record.ledger
    return {
        "beginning": record.beginning,
        "style": record.style,
        "base": record.base.as_dict(),
        "panels": _panels_json(record.panels),
        "ledger": {
            "next_id": ledger.next_id,
            "runs": list(ledger.runs),
            "takes": _frames(ledger.takes),
            "earlier": _frames(ledger.earlier),
            "rolls": {str(id): times for id, times in ledger.rolls.items()},
            "sets": {
                run: {"texts": _by_id(each.texts), "frames": [asdict(frame) for frame in each.frames]}
                for run, each in ledger.sets.items()
            },
            "pending": [
                {
                    "texts": _by_id(each.texts),
                    "request": dict(each.request),
                    "roll": each.roll,
                    "earlier": each.earlier,
                }
                for each in ledger.pending
            ],
        },
        "past": [_step_json(step) for step in record.past],
        "future": [_step_json(step) for step in record.future],
    }


def from_json(data: Mapping[str, Any], find: Callable[[str], Path | None]) -> Record:
    """Return the record that `to_json` wrote; `find` gives the file of an input image by its SHA-256.

    Raises:
        StoreError: it was changed so that it is no board any more.
    """
    try:
        ledger = data["ledger"]
        return Record(
            beginning=str(data["beginning"]),
            style=data["style"],
            base=ImageRequest.from_dict(data["base"], find),
            panels=_panels(data["panels"]),
            ledger=Ledger(
                next_id=int(ledger["next_id"]),
                runs=tuple(map(str, ledger["runs"])),
                takes=_frames_of(ledger["takes"]),
                earlier=_frames_of(ledger["earlier"]),
                rolls={int(id): int(times) for id, times in ledger["rolls"].items()},
                sets={
                    str(run): AskedSet(texts=_texts(each["texts"]), frames=tuple(map(_frame, each["frames"])))
                    for run, each in ledger["sets"].items()
                },
                pending=tuple(
                    Pending(
                        texts=_texts(each["texts"]),
                        request=dict(each["request"]),
                        roll=int(each["roll"]),
                        earlier=bool(each.get("earlier", False)),
                    )
                    for each in ledger["pending"]
                ),
            ),
            past=tuple(Step(label=str(step["label"]), panels=_panels(step["panels"])) for step in data["past"]),
            future=tuple(Step(label=str(step["label"]), panels=_panels(step["panels"])) for step in data["future"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(
            f"this is no storyboard, or was changed by hand so that it is none any more: {error}"
        ) from error


def _step_json(step: Step) -> dict[str, Any]:
    return {"label": step.label, "panels": _panels_json(step.panels)}


def _panels_json(panels: Panels) -> list[dict[str, Any]]:
    return [_panel_json(panel) for panel in panels]


@lru_cache(maxsize=8192)
def _panel_json(panel: Panel) -> dict[str, Any]:
    # The same panels stand in every step of the history, and each change writes it all.
    return asdict(panel)


def _by_id(texts: Mapping[int, str]) -> dict[str, str]:
    return {str(id): text for id, text in texts.items()}


def _texts(texts: Mapping[str, Any]) -> dict[int, str]:
    return {int(id): str(text) for id, text in texts.items()}


def _frames(takes: Mapping[int, tuple[Frame, ...]]) -> dict[str, list[dict[str, Any]]]:
    return {str(id): [asdict(frame) for frame in frames] for id, frames in takes.items()}


def _frames_of(takes: Mapping[str, Any]) -> dict[int, tuple[Frame, ...]]:
    return {int(id): tuple(map(_frame, frames)) for id, frames in takes.items()}


def _panels(panels: Any) -> Panels:
    made = tuple(
        Panel(**{**each, "scene": Scene(**each["scene"]), "frame": each["frame"] and _frame(each["frame"])})
        for each in panels
    )
    if not made or len({panel.id for panel in made}) != len(made):
        raise ValueError("its scenes are not one each")
    return made


def _frame(each: Mapping[str, Any]) -> Frame:
    frame = Frame(**each)
    # A board's file may come from elsewhere: it must not lead out of its own folders.
    for name in (frame.file, frame.run or "run"):
        if not name or name.startswith(".") or Path(name).name != name or "\\" in name:
            raise ValueError(f"{name!r} is no file of a run")
    if not (isinstance(frame.width, int) and isinstance(frame.height, int) and min(frame.width, frame.height) > 0):
        raise ValueError(f"a frame of {frame.width!r}x{frame.height!r} pixels")
    return frame
