"""How a board begins: from its scenes alone, or again over one that is there, of which nothing is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from wannb.errors import InvalidRequest
from wannb.request import ImageRequest

from .ask import seed_of
from .panels import Frame, Panel, Scene
from .record import Ledger, Pending, Record

_START = "start from the scenes"


def begun(scenes: Sequence[Scene], style: str | None, base: ImageRequest) -> Record:
    """Return a new board; without a seed it gets one that follows from all that is asked."""
    if base.seed is None:
        base = base.replace(seed=seed_of(base, style, [scene.text for scene in scenes]))
    written = json.dumps([base.fingerprint, style, [asdict(scene) for scene in scenes]], ensure_ascii=False)
    return Record(
        beginning=hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest(),
        style=style,
        base=base,
        panels=tuple(Panel(id=id, scene=scene) for id, scene in enumerate(scenes, 1)),
        ledger=Ledger(next_id=len(scenes) + 1),
    )


def begun_again(record: Record, before: Record) -> Record:
    """Return a new board with what one of the same name had.

    Made from the same scenes, it has all takes of the other one, which is one undo away. Made from others, it has the
    takes of scenes whose text is the same.

    Raises:
        InvalidRequest: an input picture cannot be read, so that nobody can say whether the scenes are others.
    """
    if before.beginning == record.beginning:
        takes = {id: before.takes(id) for id in before.ids()}
        ledger = replace(
            record.ledger,
            runs=before.ledger.runs,
            sets=before.ledger.sets,
            earlier=takes,
            pending=_pending(before, {id: id for id in before.ids()}),
        )
        again = replace(record, panels=before.panels, ledger=ledger, past=before.past, future=before.future)
        return again.changed(_START, record.panels)
    awaited = {id for pending in before.ledger.pending for id in pending.texts}
    damaged = [problem for problem in record.base.problems() if problem.field == "images"]
    if damaged:
        # The scenes may well be the same: a picture that vanished makes them look like others.
        raise InvalidRequest(damaged)
    left = [panel for panel in before.panels if panel.id in awaited or before.takes(panel.id)]
    earlier: dict[int, tuple[Frame, ...]] = {}
    places: dict[int, int] = {}
    for panel in record.panels:
        old = next((each for each in left if each.scene.text == panel.scene.text), None)
        if old:
            left.remove(old)
            earlier[panel.id] = before.takes(old.id)
            places[old.id] = panel.id
    runs = dict.fromkeys(take.run for takes in earlier.values() for take in takes if take.run)
    pending = _pending(before, places)
    return replace(record, ledger=replace(record.ledger, runs=tuple(runs), earlier=earlier, pending=pending))


def id_of_new(record: Record, text: str) -> int:
    """Return the id of a scene that is added.

    A scene of the same text that was added before a new start gives its own: the seeds of single frames hang on it, so
    that what was paid for is found in the store. Any other scene has an id that none ever had.
    """
    started = max((at + 1 for at, step in enumerate(record.past) if step.label == _START), default=0)
    since = (record.panels, *(step.panels for step in (*record.past[started:], *record.future)))
    taken = {panel.id for panels in since for panel in panels}
    texts = [(id, take.text) for id, takes in record.ledger.earlier.items() for take in takes]
    texts += [each for pending in record.ledger.pending if pending.earlier for each in pending.texts.items()]
    same = [id for id, each in texts if each == text and id > 0 and id not in taken]
    ids = (*record.ids(), *record.ledger.earlier, *record.ledger.takes, *(id for id, _ in texts))
    return min(same, default=max(record.ledger.next_id, *(id + 1 for id in ids)))


def _pending(before: Record, places: Mapping[int, int]) -> tuple[Pending, ...]:
    """Return what is under way, and may be paid for; a scene that is no more keeps its turn by an id of none."""
    return tuple(
        replace(each, texts={places.get(id, -abs(id)): text for id, text in each.texts.items()}, earlier=True)
        for each in before.ledger.pending
    )
