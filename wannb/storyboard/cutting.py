"""One picture that holds several panels where a set was asked for: cut into frames, when the person says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wannb.files import opened_picture
from wannb.request import MAX_N_SET, as_input
from wannb.translation import Said, say

from . import state
from .files import BoardFiles
from .state import AskedSet, Frame, Record

#: Pixels of the shortest side that the service takes as an input image, which a frame is for its neighbors.
LEAST_SIDE = 240


def grid_for(scenes: int) -> tuple[int, int]:
    """Return the rows and columns that a picture of so many panels most likely has.

    >>> grid_for(4), grid_for(6), grid_for(5)
    ((2, 2), (2, 3), (2, 3))
    """
    rows = max(1, int(scenes**0.5))
    return rows, -(-scenes // rows)


def can_be_cut(record: Record, scene: int) -> int:
    """Return for how many scenes a set was asked for of which this scene has an image, if fewer came; 0 otherwise."""
    panel = record.panels[scene - 1]
    asked = record.journal.sets.get(panel.asked or "")
    of_it = asked and panel.frame and panel.frame.place in [frame.place for frame in asked.frames]
    return len(asked.texts) if asked and of_it and len(asked.frames) < len(asked.texts) else 0


def cut(record: Record, files: BoardFiles, scene: int, rows: Any, columns: Any) -> Record:
    """Return the record with a scene's frame cut into pieces; see `Storyboard.cut`."""
    at = state.unlocked(record.panels, scene)
    panel = record.panels[at]
    for name, value in (("rows", rows), ("columns", columns)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_N_SET:
            raise ValueError(say("{name}={value}: give 1 to {most}", name=name, value=repr(value), most=MAX_N_SET))
    if not 2 <= rows * columns <= MAX_N_SET:
        raise ValueError(say("a picture is cut into 2 to {most} frames, not {n}", most=MAX_N_SET, n=rows * columns))
    if panel.frame is None or not can_be_cut(record, scene):
        raise ValueError(say("scene {number} has no image of a set of which too few came", number=scene))
    pieces, whole, run = _pieces(panel.frame, files, rows, columns), panel.frame.place, str(panel.asked)
    # The scenes of the set that have nothing of their own, in their order, from the one on that is cut.
    wanted = [
        number
        for number, each in enumerate(record.panels)
        if each.asked == run and not each.locked and (each.frame is None or each.frame.place == whole)
    ]
    panels, texts = record.panels, {}
    for number, piece in zip(wanted, pieces, strict=False):
        text = panels[number].scene.asked
        frame = replace(piece, text=text)
        texts[panels[number].key] = text
        record = record.with_take(panels[number].key, frame)
        panels = state.put(panels, number, frame=frame, sure=False, asked=f"{run} cut")
    for piece in pieces[len(wanted) :]:
        record = record.with_take(panel.key, replace(piece, text=panel.scene.asked))
    made = AskedSet(texts=texts, frames=tuple(pieces))
    record = record.journaled(sets={**record.journal.sets, f"{run} cut": made})
    return record.changed(Said("cut of scene {number}", number=scene), panels)


def _pieces(frame: Frame, files: BoardFiles, rows: int, columns: int) -> list[Frame]:
    """Return the pieces in reading order, saved beside the board."""
    count = rows * columns
    with opened_picture(files.path_of(frame)) as image:
        whole = image.copy()
    width, height = whole.size
    if min(width // columns, height // rows) < LEAST_SIDE:
        values = {"width": width // columns, "height": height // rows, "least": LEAST_SIDE}
        raise ValueError(say("each frame would be {width}*{height} pixels; at least {least} each way", **values))

    def piece(number: int) -> Frame:
        row, column = divmod(number, columns)
        left, right = width * column // columns, width * (column + 1) // columns
        top, bottom = height * row // rows, height * (row + 1) // rows
        return Frame(
            run=None,
            file=str(files.keep(as_input(whole.crop((left, top, right, bottom))))),
            width=right - left,
            height=bottom - top,
            text="",
            seed=frame.seed,
            number=number + 1,
            count=count,
            cut_from=frame.run,
        )

    return [piece(number) for number in range(count)]
