"""What came back: images put to their scenes as honestly as they can be, and put right by the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .panels import Frame, Panels, free, put
from .record import AskedSet, Pending, Record, Step

Images = Sequence[Frame]


def journaled(record: Record, pending: Pending) -> Record:
    """Return the record with a request that is about to be sent."""
    others = tuple(each for each in record.ledger.pending if each.request != pending.request)
    return replace(record, ledger=replace(record.ledger, pending=(*others, pending)))


def dropped(record: Record, pending: Pending) -> Record:
    """Return the record without a request that came to nothing."""
    others = tuple(each for each in record.ledger.pending if each != pending)
    return replace(record, ledger=replace(record.ledger, pending=others))


def taken_back(record: Record, before: Record, now: Record) -> Record:
    """Return the record without the one step from `before` to `now`; what others changed since then stays."""
    if now.panels == before.panels:
        return record
    if (record.panels, record.past) == (now.panels, now.past):
        return replace(record, panels=before.panels, past=before.past, future=before.future)
    old = {panel.id: panel.scene for panel in before.panels}
    set_here = {panel.id: panel.scene for panel in now.panels if panel.scene != old.get(panel.id)}

    def without(panels: Panels) -> Panels:
        return tuple(
            replace(panel, scene=replace(panel.scene, text=old[panel.id].text))
            if panel.id in set_here and panel.scene.text == set_here[panel.id].text
            else panel
            for panel in panels
        )

    def steps(them: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(replace(step, panels=without(step.panels)) for step in them if step != now.past[-1])

    return replace(record, panels=without(record.panels), past=steps(record.past), future=steps(record.future))


def taken_in(record: Record, pending: Pending, run: str, frames: Images) -> Record:
    """Return the record with what a run brought, put to the scenes that it was asked for.

    A set of which fewer came says nothing about which: its images go to the scenes in order and are marked unsure.
    What was asked for before a new start goes among the earlier takes alone.
    """
    is_set = bool(pending.request.get("enable_sequential"))
    record = dropped(record, pending)
    ledger = record.ledger
    runs = ledger.runs if run in ledger.runs else (*ledger.runs, run)
    rolls = dict(ledger.rolls)
    for id in pending.texts if pending.roll and not pending.earlier else ():
        rolls[id] = max(rolls.get(id, 0), pending.roll)
    sets = dict(ledger.sets)
    if is_set:
        sets[run] = AskedSet(texts=dict(pending.texts), frames=tuple(frames))
    record = replace(record, ledger=replace(ledger, runs=runs, rolls=rolls, sets=sets))

    panels, all_came = record.panels, len(frames) >= len(pending.texts)
    places = {panel.id: at for at, panel in enumerate(panels)}
    for position, (id, text) in enumerate(pending.texts.items()):
        frame = replace(frames[position], text=text) if position < len(frames) else None
        if frame:
            record = record.with_take(id, frame, earlier=pending.earlier)
        at = places.get(id)
        if at is None or panels[at].locked or pending.earlier:
            continue
        if not is_set:
            panels = put(panels, at, frame=frame, sure=True)
        elif panels[at].frame is None:
            panels = put(panels, at, frame=frame, sure=all_came or frame is None, asked=run)
    return replace(record, panels=panels)


def assigned(record: Record, which: Mapping[Any, Any]) -> Record:
    """Return the record with scenes and the images of their set put together as the person says."""
    if not isinstance(which, Mapping) or not which:
        raise TypeError("say which image each scene has: board.assign({scene: image number, ...}), None for no image")
    panels = record.panels
    chosen: dict[int, Frame | None] = {}
    for number, image in which.items():
        at = free(panels, number, "assigned")
        asked = record.ledger.sets.get(panels[at].asked or "")
        if asked is None:
            raise ValueError(f"scene {number} was asked in no image set, so there is no image to assign to it")
        if image is None:
            chosen[at] = None
            continue
        if isinstance(image, bool) or not isinstance(image, int) or not 1 <= image <= len(asked.frames):
            raise ValueError(
                f"scene {number}: image {image!r}; the set that it was asked in has 1 to {len(asked.frames)}"
            )
        frame = asked.frames[image - 1]
        if any(frame.place == other.place for other in chosen.values() if other):
            raise ValueError(f"image {image} is given to two scenes; each image has one")
        chosen[at] = replace(frame, text=asked.texts.get(panels[at].id, panels[at].scene.text))
    given = {frame.place for frame in chosen.values() if frame}
    panels = _without(panels, given, kept=set(chosen))
    for at, each in chosen.items():
        panels = put(panels, at, frame=each, sure=True)
        if each:
            record = record.with_take(panels[at].id, each)
    return record.changed("assignment", panels)


def chosen(record: Record, scene: Any, take: Any) -> Record:
    """Return the record with a take of a scene, by its number or by the place of its picture, as its frame."""
    at = free(record.panels, scene, "given another take")
    frames = record.takes(record.panels[at].id)
    places = [frame.place for frame in frames]
    if isinstance(take, tuple):
        if take not in places:
            raise ValueError(f"this is a take of another scene, and none that scene {scene} ever had")
        take = places.index(take) + 1
    if isinstance(take, bool) or not isinstance(take, int) or not 1 <= take <= len(frames):
        have = f"scene {scene} has takes 1 to {len(frames)}" if frames else f"scene {scene} has no takes yet"
        raise ValueError(f"there is no take {take!r}; {have}")
    return record.changed(f"take of scene {scene}", put(record.panels, at, frame=frames[take - 1], sure=True))


def _without(panels: Panels, places: set[tuple[str | None, str]], *, kept: set[int]) -> Panels:
    """Return the panels without the frames that other scenes are given now."""
    for at, panel in enumerate(panels):
        if at not in kept and panel.frame and panel.frame.place in places:
            if panel.locked:
                raise ValueError(f"that image is the locked frame of scene {at + 1}; board.unlock({at + 1}) lets it go")
            panels = put(panels, at, frame=None, sure=True)
    return panels
