"""What a board says of itself: its state in a line, what would be done next, and what one should know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wannb.request import MAX_IMAGES, MAX_N_SET
from wannb.text import count

from .drawing import Drawing, cost_of
from .panels import Panel, named
from .record import Record
from .shots import NOT_HERE, Reel

if TYPE_CHECKING:
    from wannb.client import Client

#: The letters that every installation of matplotlib has the font for: Latin, Greek and Cyrillic.
_PLAIN = 0x0530


def lines(client: Client, record: Record, reel: Reel, drawing: Drawing) -> list[str]:
    """Return the facts of a board, and what its next run would make."""
    mock = client.service.kind == "mock"
    facts = [reel.summary, f"seed {record.base.seed}"]
    if record.ledger.runs:
        cost = cost_of(client, record)
        spent = str(cost) if cost else "price unknown"
        facts.append(f"nothing billed by the mock server (live: {spent})" if mock else spent)
    images, to_pay = drawing.to_make(), drawing.to_pay()
    if images and not to_pay:
        facts.append(f"board.run() takes {count(images, 'image')} from the store, for nothing")
    elif images:
        price = client.estimate(record.base.replace(n=to_pay))
        most = f"at most {price}" if price else "price unknown"
        facts.append(f"board.run() makes {count(images, 'image')}, {'live: ' if mock else ''}{most}")
    return facts


def notices(record: Record, reel: Reel, drawing: Drawing) -> tuple[str, ...]:
    """Return what one should know of a board."""
    said = [*_unsure(record), *_under_way(record)]
    said += [f"scene {shot.number}: {shot.instead}" for shot in reel.shots if shot.instead == NOT_HERE]
    said += [f"board.run() would be refused: {problem}" for problem in drawing.problems()]
    if len(record.panels) > MAX_N_SET and len(record.base.images) == MAX_IMAGES:
        said.append(
            f"{MAX_IMAGES} input images leave no room for frames of the first set among those of the later ones, which "
            "may look different; give fewer images"
        )
    if any(ord(letter) >= _PLAIN for letter in reel.words):
        from wannb.figures import families

        missing = families(reel.words).notice
        said += [f"on pages: {missing}"] if missing else []
    return tuple(said)


def _unsure(record: Record) -> list[str]:
    said = []
    by_set: dict[str, list[tuple[int, Panel]]] = {}
    for number, panel in enumerate(record.panels, 1):
        if panel.frame and not panel.sure and panel.asked:
            by_set.setdefault(panel.asked, []).append((number, panel))
    for run, members in by_set.items():
        asked = record.ledger.sets.get(run)
        came = f"{len(asked.frames)} of {count(len(asked.texts), 'image')}" if asked else "fewer images"
        which = named(number for number, _ in members)
        said.append(
            f"{came} came back, and the service does not say which; they were put to the scenes in their order. Look "
            f"at {which}: board.assign({{scene: image number, ...}}) puts it right, before the next board.run()"
        )
    return said


def _under_way(record: Record) -> list[str]:
    places = {panel.id: number for number, panel in enumerate(record.panels, 1)}
    said = []
    for pending in record.ledger.pending:
        there = [places[id] for id in pending.texts if id in places]
        which = f"for {named(there)}" if there else "for a scene that was removed"
        said.append(f"a request {which} was begun and has not come back: board.run() picks it up")
    return said
