"""Views of a board: the strip in a notebook, the takes of a scene, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from wannb.display import fitting, html, previews
from wannb.errors import StoreError
from wannb.exports import Reel, Shot
from wannb.figures import families
from wannb.request import MAX_IMAGES, MAX_N_SET
from wannb.staging import MISSING, over_jpeg
from wannb.translation import Said, count, joined, say, shorten

from .files import BoardFiles
from .generate import Generator
from .state import Frame, Panels, Pending, Record, named

if TYPE_CHECKING:
    pass

NOT_GENERATED, NONE_CAME = Said("not generated yet"), Said("no image came for it")
#: (frames shown at most, width of one on the page in pixels)
_WIDTHS = ((2, 400), (4, 320), (8, 240), (10**9, 190))
#: The least pixels of a thumbnail's longer side, and the most bytes of one and of all of them, as base64.
_LEAST_PIXELS = 160
#: Pixels of the small copy that shows whether a picture can be read.
_CHECKED = 480
_BYTES_EACH, _MOST_BYTES = 20_000, 730_000
#: The first letter beyond Latin, Greek and Cyrillic, for which every installation of matplotlib has a font.
_RARE = 0x0530


def reel_of(title: str, panels: Panels, files: BoardFiles) -> Reel:
    """Return the shots of a board; of a picture whose file is gone or damaged the shot says so."""
    sizes = [(panel.frame.width, panel.frame.height) for panel in panels if panel.frame]
    usual = max(sizes, key=sizes.count) if sizes else (16, 9)
    paths = [files.path_of(panel.frame) if panel.frame else None for panel in panels]
    shots = []
    for number, (panel, path, there) in enumerate(zip(panels, paths, previews(paths, _CHECKED), strict=True), 1):
        frame = panel.frame
        marks = [Said("locked")] if panel.locked else []
        unsure: str = ""
        if frame and not panel.sure:
            unsure = Said("unsure: image {number} of {of} that came back", number=frame.number, of=frame.count)
        if frame and frame.cut_from:
            unsure = "" if panel.sure else Said("unsure: cut by order")
            marks.append(cut_words(frame))
        elif frame and frame.run is None:
            marks.append(Said("put in by hand"))
        shots.append(
            Shot(
                number=number,
                of=len(panels),
                text=panel.scene.text,
                notes=panel.scene.notes,
                seconds=panel.scene.seconds,
                camera=panel.scene.camera,
                dialogue=panel.scene.dialogue,
                strokes=panel.strokes,
                path=path if there else None,
                size=(frame.width, frame.height) if frame else usual,
                instead="" if there else MISSING if frame else NONE_CAME if panel.asked else NOT_GENERATED,
                unsure=unsure,
                marks=tuple(marks),
                locked=panel.locked,
                older=Said("generated for an older text") if frame and frame.text != panel.scene.asked else "",
            )
        )
    return Reel(title=title, shots=tuple(shots))


def cut_words(frame: Frame) -> Said:
    """Return from where a piece was cut."""
    return Said("piece {number} of {of}, cut from one picture", number=frame.number, of=frame.count)


def with_origins(reel: Reel, panels: Panels, files: BoardFiles) -> Reel:
    """Return the shots of a board with the requests that their pictures are from."""
    shots = []
    for shot in reel.shots:
        frame = panels[shot.number - 1].frame
        if frame and frame.run:
            request = None
            with suppress(StoreError):  # its run was moved away; its picture is gone then too
                request = files.store.get(frame.run).request
            prompt, model = (request.prompt or "", request.model) if request else ("", "")
            shot = replace(shot, seed=frame.seed, run=frame.run, prompt=prompt, model=model)
        shots.append(shot)
    return replace(reel, shots=tuple(shots))


# The strip


def strip(reel: Reel, *, lines: Iterable[str], notes: Iterable[str]) -> str:
    """Return a board as HTML; the more frames there are, the smaller they are, so that a notebook stays light."""
    width = next(width for most, width in _WIDTHS if len(reel.shots) <= most)
    most = min(_MOST_BYTES, _BYTES_EACH * max(4, len(reel.shots)))
    paths = [shot.path for shot in reel.shots]
    jpegs, _ = fitting(paths, round(width * 1.6), most=most, least=_LEAST_PIXELS, draw=previews)
    body = html.row([_figure(shot, jpeg, width) for shot, jpeg in zip(reel.shots, jpegs, strict=True)])
    return html.block(reel.title, lines=[joined(" · ", lines)], body=body, notes=notes)


def text(reel: Reel, *, lines: Iterable[str], notes: Iterable[str]) -> Said:
    """Return a board as text."""
    head = Said("Storyboard({title}, {facts})", title=repr(reel.title), facts=joined(" · ", lines))
    rows = [joined("", ["  ", _facts(shot, shot.instead), " · ", shorten(shot.text, 70)]) for shot in reel.shots]
    return joined("\n", [head, *rows, *(joined("", ["  ", note]) for note in notes)])


def _facts(shot: Shot, *more: str) -> Said:
    parts = (str(shot.number), shot.time, shot.camera, *more, *shot.doubts, *shot.marks)
    return joined(" · ", [part for part in parts if part])


def _figure(shot: Shot, jpeg: bytes, width: int) -> str:
    more = [shorten(each, 120) for each in (shot.dialogue, shot.notes) if each.strip()]
    caption = [_facts(shot), shorten(shot.text, 160), *more]
    jpeg = over_jpeg(jpeg, shot.strokes, shot.path)
    return html.figure(jpeg, alt=say(shot.alt), caption=caption, size=shot.size, width=width, instead=shot.instead)


# What a board says of itself


def facts(generator: Generator, reel: Reel) -> Iterator[str]:
    """Yield the facts of a board, and what its next run would generate."""
    client, record = generator.client, generator.files.record
    mock = client.service.kind == "mock"
    yield reel.summary
    yield Said("seed {seed}", seed=record.base.seed)
    if record.journal.runs:
        cost = generator.cost()
        spent = str(cost) if cost else Said("price unknown")
        live = generator.made_by() - {"mock"}
        yield spent if live else Said("nothing billed by the mock server (live: {cost})", cost=spent)
        if live - {client.service.name}:
            yield Said("made by {service}", service=", ".join(sorted(live)))
    images, to_pay = generator.to_generate(), generator.to_pay()
    if images and not to_pay:
        yield Said("board.run() reuses {images}, free", images=count(images, "image"))
    elif images:
        price = client.estimate(record.base.replace(n=to_pay))
        most = Said("at most {cost}", cost=price) if price else Said("price unknown")
        cost_said = Said("live: {cost}", cost=most) if mock else most
        yield Said("board.run() generates {images}, {cost}", images=count(images, "image"), cost=cost_said)


def notices(generator: Generator, reel: Reel) -> Iterator[str]:
    """Yield what a person should know of a board."""
    record = generator.files.record
    yield from _unsure(record)
    yield from _under_way(record, generator.left())
    for shot in reel.shots:
        if shot.instead == MISSING:
            yield Said("scene {number}: {why}", number=shot.number, why=MISSING)
    for which, staged in generator.to_come():
        if staged.told:
            yield Said("{scenes}: {images}", scenes=which, images=staged.order)
        if staged.left_out:
            yield Said("{scenes}: {images}", scenes=which, images=staged.lacking)
    for problem in generator.problems():
        yield Said("board.run() would be refused: {problem}", problem=problem.said)
    if len(record.panels) > MAX_N_SET and len(record.base.images) == MAX_IMAGES:
        yield Said(
            "{most} input images leave no room for frames of the first set among those of the later ones, which may "
            "look different; give fewer images",
            most=MAX_IMAGES,
        )
    if any(ord(letter) >= _RARE for letter in reel.words) and (notice := families(reel.words).notice):
        yield Said("on pages: {notice}", notice=notice)


def _unsure(record: Record) -> Iterator[Said]:
    by_set: dict[str, list[int]] = {}
    for number, panel in enumerate(record.panels, 1):
        if panel.frame and not panel.sure and panel.asked and panel.asked in record.journal.sets:
            by_set.setdefault(panel.asked, []).append(number)
    for run, members in by_set.items():
        asked = record.journal.sets[run]
        if any(frame.cut_from for frame in asked.frames):
            yield Said(
                "{scenes} have pieces of one picture, in reading order: look whether each is in its place. "
                "board.assign({call}) corrects them",
                scenes=named(members),
                call="{scene: piece number, ...}",
            )
            continue
        came = Said("{n} of {all}", n=len(asked.frames), all=count(len(asked.texts), "image"))
        yield Said(
            "{came} came back, and the service does not say which; they were assigned to the scenes in order. Check "
            "{scenes}: board.assign({call}) corrects them, before the next board.run()",
            came=came,
            scenes=named(members),
            call="{scene: image number, ...}",
        )


def _under_way(record: Record, left: Iterable[Pending]) -> Iterator[Said]:
    numbers = {panel.key: number for number, panel in enumerate(record.panels, 1)}
    for pending in left:
        there = [numbers[key] for key in pending.texts if key in numbers]
        which = named(there) if there else Said("a scene that was removed")
        yield Said("a request for {scenes} is still under way: board.run() picks it up", scenes=which)
