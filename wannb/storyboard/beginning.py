"""How a board begins: from its scenes alone, or again over one that is there, of which nothing is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from wannb.request import ImageRequest

from .ask import seed_of
from .panels import Frame, Panel, Scene
from .record import Ledger, Record


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
    """
    if before.beginning == record.beginning:
        takes = {id: before.takes(id) for id in before.ids()}
        ledger = replace(record.ledger, runs=before.ledger.runs, sets=before.ledger.sets, earlier=takes)
        again = replace(record, panels=before.panels, ledger=ledger, past=before.past, future=before.future)
        return again.changed("start from the scenes", record.panels)
    left = [panel for panel in before.panels if before.takes(panel.id)]
    earlier: dict[int, tuple[Frame, ...]] = {}
    for panel in record.panels:
        old = next((each for each in left if each.scene.text == panel.scene.text), None)
        if old:
            left.remove(old)
            earlier[panel.id] = before.takes(old.id)
    runs = dict.fromkeys(take.run for takes in earlier.values() for take in takes if take.run)
    return replace(record, ledger=replace(record.ledger, runs=tuple(runs), earlier=earlier))
