"""Generation of frames: the requests of a board, written down before they are sent, and taken in when they come back.

A kill at any moment costs nothing: what was written down is looked up, or sent again, by the next run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.errors import (
    ApiError,
    ConnectionFailed,
    InvalidRequest,
    MalformedAnswer,
    OverBudget,
    Problem,
    StoreError,
    TaskCanceled,
    TaskForgotten,
    UnknownOutcome,
)
from wannb.request import (
    MAX_IMAGES,
    MAX_N_SET,
    PRESETS,
    ImageRequest,
    InputImage,
    inputs,
    set_prompt,
    size_for,
    size_problem,
)
from wannb.runs import DONE, ENDED, SENDING, Result, asked
from wannb.service import Money
from wannb.staging import Characters, cast
from wannb.translation import Said, joined

from . import state
from .files import BoardFiles
from .state import Frame, Panel, Panels, Pending, Record, named, number_of, with_result

if TYPE_CHECKING:
    from wannb.client import Client
    from wannb.ledger import OnStatus

#: The most earlier frames that a later set is shown, and neighbors that a single frame is shown. More of them cost time
#: alone, but pull every new frame towards a copy.
FIRST_FRAMES, NEIGHBORS = 3, 4
#: Errors after which nothing is billed, so that the request need not be picked up.
_UNBILLED = (ApiError, ConnectionFailed, InvalidRequest, OverBudget, TaskCanceled)
#: Errors after which it cannot be picked up any more, or only by hand.
_LOST = (TaskForgotten, UnknownOutcome)


@dataclass(frozen=True, kw_only=True)
class Roll:
    """A request for one scene that is ready to be sent."""

    pending: Pending
    request: ImageRequest
    label: Said


@dataclass(frozen=True, kw_only=True)
class Staged:
    """The input images of a request, and what each is.

    Attributes:
        images, labels: in the order that they are sent in: the board's own, those of characters, frames.
        frames: the scenes whose frames are shown.
        users: how many are the board's own.
        told: what the prompt says of the characters.
        left_out: pictures that nine input images leave no room for, in words.
    """

    images: tuple[InputImage, ...]
    labels: tuple[str, ...]
    frames: tuple[Panel, ...]
    users: int
    told: str
    left_out: tuple[Said, ...]

    @property
    def before(self) -> int:
        """How many images come before the frames."""
        return len(self.images) - len(self.frames)

    @property
    def order(self) -> str:
        """The images by their numbers, in words; empty without any."""
        numbered = [Said("Image {number}: {what}", number=at, what=each) for at, each in enumerate(self.labels, 1)]
        return joined(", ", numbered)

    @property
    def lacking(self) -> str:
        """What did not fit, in words; empty if everything did."""
        if not self.left_out:
            return ""
        return Said(
            "not sent, since a request has {most} input images at most: {what}",
            most=MAX_IMAGES,
            what=joined(", ", self.left_out),
        )


@dataclass(frozen=True, kw_only=True)
class Generator:
    """The requests of one board; the lock of its files is never held while a request is under way."""

    client: Client
    files: BoardFiles
    on_status: OnStatus | None = None

    # What a board does

    def finish(self, *, only: str | None = None) -> None:
        """Pick up what was begun before; what never reached the service is sent only if a scene still wants it.

        With the key of a scene, `only` what was begun for it.
        """
        for pending in self.left():
            if only is not None and only not in pending.texts:
                continue
            request = self._request_of(pending)
            if self._arrived(request) or self._wanted(pending, request):
                self._send(pending, request, label=Said("what was begun before"), again=True)
            else:
                self._drop(pending)

    def fill(self) -> None:
        """Generate a frame for every scene that has none, as one change; `InvalidRequest` if there are problems."""
        if problems := self.problems():
            raise InvalidRequest(problems)
        for run_id in self.files.record.journal.runs:
            with suppress(StoreError):
                asked(self.client.store.get(run_id))
        kept: Record | None = None
        for group in self._groups():
            request = self._filling(group, self.files.record)
            kept, _ = self._send(_pending(group, request), request, label=Said("run"), goes_on=kept)

    def roll(self, scene: int, *, text: str | None = None, seed: int | None = None, n: int = 1) -> Roll:
        """Return the request that generates one scene again, to be sent; more than one image of it wait for a choice.

        Raises:
            ValueError: there is no such scene, or it is locked.
            InvalidRequest: the request breaks a rule.
        """
        record = self.files.record
        at = state.unlocked(record.panels, scene)
        panels = record.panels if text is None else state.edit(record.panels, scene, {"text": text})
        used = [each.roll for each in self.files.at_work if panels[at].key in each.texts]
        roll = 0 if seed is not None else max([record.journal.rolls.get(panels[at].key, 0), *used]) + 1
        request = self._single(record, panels[at], panels, roll=roll, seed=seed).replace(n=n)
        request.check()
        pending = replace(_pending([panels[at]], request), roll=roll, reword=text or "", offer=n > 1)
        label = Said("takes of scene {number}" if n > 1 else "new frame of scene {number}", number=scene)
        self.files.at_work.append(pending)  # from now on, so that nothing else asks for the same
        return Roll(pending=pending, request=request, label=label)

    def send(self, roll: Roll) -> str:
        """Generate a scene again and return the run; others may be under way beside it."""
        _, run = self._send(roll.pending, roll.request, label=roll.label)
        return run

    def left(self) -> tuple[Pending, ...]:
        """Return what was begun before and is not under way here."""
        return tuple(each for each in self.files.record.journal.pending if each not in self.files.at_work)

    def _send(self, pending: Pending, request: ImageRequest, **how: Any) -> tuple[Record, str]:
        if pending not in self.files.at_work:
            self.files.at_work.append(pending)
        try:
            return self._sent(pending, request, **how)
        finally:
            self.files.at_work.remove(pending)

    def _sent(
        self,
        pending: Pending,
        request: ImageRequest,
        *,
        label: Said,
        goes_on: Record | None = None,
        again: bool = False,
    ) -> tuple[Record, str]:
        """Write a request down, send it, take in what comes, and return the board then, and the run.

        Two requests are one change if the later one `goes_on` from the board after the earlier one.
        """
        for image in request.images:
            self.files.keep(image)
        with self.files.lock:
            self.files.write(self.files.record.sending(pending))
        try:
            result = self.client.run(request, on_status=self.on_status)
        except (*_UNBILLED, *_LOST) as error:
            # The answer of a MalformedAnswer may have been one that bills.
            over = again or not isinstance(error, (MalformedAnswer, *_LOST))
            if over and (isinstance(error, InvalidRequest) or not self._under_way(request)):
                self._drop(pending)
            raise
        with self.files.lock:
            there = self.files.record
            came = with_result(there, pending, result.run_id, _frames(result))
            if goes_on is None or not there.past or there.past != goes_on.past or there.past[-1].label != label:
                came = replace(came, panels=there.panels).changed(label, came.panels)
            self.files.write(came)
        return came, result.run_id

    def _drop(self, pending: Pending) -> None:
        with self.files.lock:
            self.files.write(self.files.record.without(pending))

    # What it would ask for

    def problems(self) -> tuple[Problem, ...]:
        """Return every rule that a request of `fill` would break."""
        record = self.files.record
        numbers = {panel.key: number for number, panel in enumerate(record.panels, 1)}
        found: dict[tuple[str, str], Problem] = {}
        for position, group in enumerate(self._groups()):
            request = self._filling(group, record)
            if position and not any(panel.frame for panel in record.panels):
                # The frames that it will be shown are not there yet; the words for them must fit already.
                staged = self._staged(record, group, ())
                frames = min(FIRST_FRAMES, MAX_IMAGES - staged.before)
                request = request.replace(prompt=_set_prompt(group, record.style, staged, frames=frames))
            which = named(numbers[panel.key] for panel in group)
            for problem in request.problems():
                value = problem.value
                if problem.field == "prompt":
                    value = Said("{value} ({scenes})", value=value, scenes=which)
                found.setdefault((problem.field, value), replace(problem, value=value))
        return tuple(found.values())

    def to_generate(self) -> int:
        """Return how many images `fill` would ask for."""
        return sum(map(len, self._groups()))

    def unsent(self) -> int:
        """Return how many images were asked for before, by requests that were cut off before they were sent."""
        requests = [(pending, self._request_of(pending)) for pending in self.left()]
        return sum(each.n for of, each in requests if self._wanted(of, each) and not self.client.known(each))

    def to_pay(self) -> int:
        """Return how many images would be paid for at most: those that are not in the runs folder already."""
        record, unpaid = self.files.record, self.unsent()
        left = self._groups()
        for position, group in enumerate(left):
            request = self._filling(group, record)
            known = self.client.known(request)
            if known is None or known.state != DONE:
                # What follows is shown these frames, so that it cannot be known yet.
                rest = left[position + 1 :] if known else left[position:]
                return unpaid + sum(map(len, rest))
            record = with_result(record, _pending(group, request), known.id, _frames(known.result()))
        return unpaid

    def cost(self) -> Money | None:
        """Return what all runs of the board cost; see `cost_of`."""
        return cost_of(self.client, self.files.record.journal.runs, model=self.files.record.base.model)

    def made_by(self) -> set[str]:
        """Return the services that made something of the board; the client's while no run of it is there."""
        return made_by(self.client, self.files.record.journal.runs) or {self.client.service.name}

    def _groups(self) -> list[list[Panel]]:
        """Return the scenes without a frame, as sets, without those whose frames are under way."""
        on_the_way = {key for pending in self.files.at_work for key in pending.texts}
        return groups(tuple(panel for panel in self.files.record.panels if panel.key not in on_the_way))

    def _filling(self, group: Sequence[Panel], record: Record) -> ImageRequest:
        """Return the request for scenes without a frame: a set, or for a single one among frames that one frame."""
        base, earlier = record.base, [panel for panel in record.panels if panel.frame]
        if len(group) == 1 and earlier:
            return self._single(record, group[0], record.panels, roll=0)
        staged = self._staged(record, group, sorted(earlier, key=lambda panel: not panel.locked)[:FIRST_FRAMES])
        return base.replace(
            prompt=_set_prompt(group, record.style, staged, frames=len(staged.frames)),
            images=staged.images,
            n=len(group),
            size=_size(base, earlier, staged),
            enable_sequential=True,
        )

    def _single(
        self, record: Record, panel: Panel, panels: Panels, *, roll: int, seed: int | None = None
    ) -> ImageRequest:
        """Return the request for one scene, shown the person's images and the frames around it."""
        base, text = record.base, panel.scene.asked
        staged = self._staged(record, [panel], _neighbors(panel, panels))
        near = staged.frames
        if near:
            keep = _keep(staged.before, len(near), "frames", "a frame")
            text = f"{keep} Draw one new frame of this story, a picture of its own and no copy of those. Scene: {text}"
        elif staged.told:
            text = f"Scene: {text}"
        return base.replace(
            prompt=set_prompt.lead(f"{staged.told} {text}" if staged.told else text, record.style),
            images=staged.images,
            n=1,
            size=_size(base, [each for each in (panel, *near, *panels) if each.frame], staged),
            seed=number_of(base.seed, panel.key, roll) if seed is None else seed,
            enable_sequential=False,
        )

    def staged(self, scene: int) -> tuple[ImageRequest, Staged]:
        """Return what a new frame of a scene would ask for, and what each of its input images is."""
        record = self.files.record
        panel = record.panels[state.index(record.panels, scene)]
        roll = record.journal.rolls.get(panel.key, 0) + 1
        staged = self._staged(record, [panel], _neighbors(panel, record.panels))
        return self._single(record, panel, record.panels, roll=roll), staged

    def to_come(self) -> list[tuple[Said, Staged]]:
        """Return for each request of `fill` its scenes and its input images; later ones may be shown frames as well."""
        record = self.files.record
        numbers = {panel.key: number for number, panel in enumerate(record.panels, 1)}
        earlier = sorted((panel for panel in record.panels if panel.frame), key=lambda panel: not panel.locked)
        return [
            (
                named(numbers[panel.key] for panel in group),
                self._staged(
                    record, group, _neighbors(group[0], record.panels) if len(group) == 1 else earlier[:FIRST_FRAMES]
                ),
            )
            for group in self._groups()
        ]

    def _staged(self, record: Record, group: Sequence[Panel], frames: Sequence[Panel]) -> Staged:
        """Return the input images for some scenes: the person's, those of characters that are named, then frames.

        One place is kept for a frame, if there is one, so that the picture goes with the others.
        """
        base, cast_of = record.base, Characters(self.files.store)
        room = MAX_IMAGES - len(base.images)
        chosen = cast(cast_of.named_in(panel.scene.text for panel in group), max(0, room - bool(frames)))
        files = [(character, file) for character, files in chosen.pictures for file in files]
        shown = list(frames)[: room - len(files)]
        numbers = {panel.key: number for number, panel in enumerate(record.panels, 1)}
        labels = [image.name for image in base.images] + [character.name for character, _ in files]
        of_characters = [_picture(cast_of.folder / file) for _, file in files]
        return Staged(
            images=(*base.images, *of_characters, *self._pictures(shown)),
            labels=(*labels, *(Said("frame of scene {number}", number=numbers[each.key]) for each in shown)),
            frames=tuple(shown),
            users=len(base.images),
            told=chosen.told(len(base.images)),
            left_out=chosen.left_out,
        )

    def _pictures(self, panels: Sequence[Panel]) -> list[InputImage]:
        found = []
        for frame in (panel.frame for panel in panels if panel.frame):
            found.append(_picture(self.files.path_of(frame), width=frame.width, height=frame.height))
        return found

    def _request_of(self, pending: Pending) -> ImageRequest:
        return ImageRequest.from_dict(pending.request, self.files.find)

    # What became of it

    def _arrived(self, request: ImageRequest) -> bool:
        """Return whether the service has a request, after looking up a lost answer; `UnknownOutcome` if that fails."""
        run = self.client._ledger.find(request)
        if run and run.state == SENDING and not run.task_id:
            try:
                self.client.pick_up(run.id)
            except StoreError:
                if self.client.store.get(run.id).state not in ENDED:
                    raise
                return False
            return True
        return run is not None and (run.state == DONE or bool(run.task_id))

    def _under_way(self, request: ImageRequest) -> bool:
        """Return whether a request was sent and has not ended, so that it may be billed yet."""
        run = self.client._ledger.find(request)
        return run is not None and run.state != DONE and (run.state == SENDING or bool(run.task_id))

    def _wanted(self, pending: Pending, request: ImageRequest) -> bool:
        """Return whether a request that did not arrive is sent again as it is."""
        # The scenes that still lack a frame ask for a set anew, and a board that was made again asks for what it wants.
        there = {panel.key for panel in self.files.record.panels}
        return not (request.enable_sequential or pending.earlier) and bool(there & set(pending.texts))


def groups(panels: Panels) -> list[list[Panel]]:
    """Return the scenes without a frame, split evenly into sets of up to 12, which the service makes at once."""
    holes = [panel for panel in panels if panel.frame is None]
    sets = -(-len(holes) // MAX_N_SET)
    bounds = [len(holes) * number // sets for number in range(sets + 1)] if sets else []
    return [holes[start:end] for start, end in pairwise(bounds)]


def _pending(group: Sequence[Panel], request: ImageRequest) -> Pending:
    return Pending(texts={panel.key: panel.scene.asked for panel in group}, request=request.as_dict())


def _set_prompt(group: Sequence[Panel], style: str | None, staged: Staged, *, frames: int) -> str:
    """Return the text for an image set, which says what is shown on the input images and what for."""
    if staged.told:
        style = set_prompt.lead(staged.told, style)
    if frames:
        style = set_prompt.lead(_keep(staged.before, frames, "earlier frames", "an earlier frame"), style)
    return set_prompt.prompt([panel.scene.asked for panel in group], style=style)


def _keep(users: int, frames: int, several: str, one: str) -> str:
    first, last = users + 1, users + frames
    if frames == 1:
        return f"Image {first} is {one} of the same story: keep its characters, style and light."
    return f"Images {first} to {last} are {several} of the same story: keep their characters, style and light."


def _neighbors(panel: Panel, panels: Panels) -> list[Panel]:
    """Return the scenes whose frames a new one should go with: those beside it and locked ones, the locked first."""
    here = next(at for at, each in enumerate(panels) if each.key == panel.key)
    framed = [(abs(at - here), each) for at, each in enumerate(panels) if each.frame and at != here]
    framed.sort(key=lambda item: item[0])
    near = [each for distance, each in framed if each.locked or distance == 1] or [each for _, each in framed[:1]]
    return sorted(near, key=lambda each: not each.locked)[:NEIGHBORS]


def _size(base: ImageRequest, framed: Sequence[Panel], staged: Staged) -> str:
    """Return the size of the frames that are there; a preset alone would follow the last input image."""
    if base.size not in PRESETS:
        return base.size
    if not framed and staged.before > staged.users:
        # The picture of a character says nothing of the shape of the board.
        last = base.images[-1] if base.images else None
        with suppress(ValueError):
            return size_for(f"{last.width}:{last.height}" if last and last.width else "1:1", base.size)
    made = next((panel.frame for panel in framed if panel.frame and panel.frame.run), None)
    size = f"{made.width}*{made.height}" if made else base.size
    return base.size if size_problem(size, model=base.model, plain=False) else size


def _frames(result: Result) -> list[Frame]:
    return [
        Frame(
            run=result.run_id,
            file=image.path.name,
            width=image.width,
            height=image.height,
            text="",
            seed=image.seed,
            number=image.number,
            count=image.count,
        )
        for image in result
    ]


def _picture(path: Path, **size: int) -> InputImage:
    if path.is_file():
        return _read(str(path), path.stat().st_mtime_ns)
    return inputs.missing(path.name, sha256=None, **size)


@lru_cache(maxsize=2 * MAX_IMAGES)
def _read(path: str, stamp: int) -> InputImage:
    return inputs.as_input(path)


def cost_of(client: Client, runs: Iterable[str], *, model: str) -> Money | None:
    """Return what runs of a board cost, each counted once; None if a price or a run is unknown.

    What the mock server drew counts only while nothing of the board was made live.
    """
    try:
        found = [client.store.get(run_id) for run_id in runs]
    except StoreError:
        return None
    costs = [run.cost() for run in found if run.service != "mock"] or [run.cost() for run in found]
    known = [cost for cost in costs if cost]
    if len(known) < len(costs) or len({cost.currency for cost in known}) > 1:
        return None
    first = known[0] if known else client.estimate(ImageRequest(model=model, n=0))
    return replace(first, amount=sum((cost.amount for cost in known), Decimal(0))) if first else None


def made_by(client: Client, runs: Iterable[str]) -> set[str]:
    """Return the services that runs of a board were made by."""
    services = set()
    for run_id in runs:
        with suppress(StoreError):
            services.add(client.store.get(run_id).service)
    return services
