"""Pairs: the pictures that are compared, and the order in which a judge sees them."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.errors import StoreError
from wannb.figures import STATES, flat
from wannb.files import opened_picture
from wannb.masking import mask
from wannb.request import FIELDS
from wannb.runs import GeneratedImage, find_input, read
from wannb.scoring import IMAGE, PLACE, PRINT, Contestant, digest, place_of
from wannb.translation import Said, count, joined, say, shorten

if TYPE_CHECKING:
    from wannb.plan import Cell, Plan


#: The options that pictures share, and each contestant's pictures with them.
_Group = tuple[dict[str, Any], dict[str, list[GeneratedImage]]]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two pictures that differ in the contestant alone; in a rating or a check, one picture.

    Attributes:
        id: from the contestants, the pictures and their shared options.
        mark: from the pictures alone, for the order, which no name or prompt influences.
        contestants: the ids, in the order of the contest.
        shared: the options that both have, as JSON data.
        images: the pictures, in the order of `contestants`.
        attention: whether it is one picture beside a blurred copy of itself, whose answer is known.
    """

    id: str
    mark: str
    contestants: tuple[str, ...]
    shared: Mapping[str, Any]
    images: tuple[GeneratedImage, ...]
    attention: bool = False


@dataclass(frozen=True, kw_only=True)
class Contest:
    """All pairs of a plan.

    Attributes:
        name: the plan's short name.
        by: the options of a contestant; empty for groups without a plan.
        usual: whether `by` is the default.
        left_out: the number of pairs that lack a picture.
        missing: the number of cells without a picture, by their state.
        mock: whether the mock server drew the pictures; it writes the prompt into them.
        excluded: the places, as `place_of` says them, whose pictures a person left out of the plan.
        kinds: the category of the prompt of each place, from a list of prompts that has them.
    """

    name: str
    by: tuple[str, ...]
    usual: bool
    contestants: tuple[Contestant, ...]
    pairs: tuple[Pair, ...]
    left_out: int
    missing: Mapping[str, int]
    folder: Path
    mock: bool
    excluded: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)

    def category(self, pair: Pair) -> str:
        """Return the category that both prompts of a pair have in the plan's list; "" without one."""
        shared = {name: value for name, value in pair.shared.items() if name != IMAGE}
        kinds = {self.kinds.get(place_of(each, shared), "") for each in pair.contestants}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def pictures(self) -> dict[str, str]:
        """The picture of each place, by its checksum; "" of a place that is left out of the plan."""
        there = dict.fromkeys(self.excluded, "")
        for pair in self.pairs:
            for contestant, image in zip(pair.contestants, pair.images, strict=True):
                there[place_of(contestant, pair.shared)] = image.sha256[:PRINT]
        return there


def contest_of(
    pictures: Plan | Mapping[str, Iterable[Any]], *, by: str | Sequence[str] | None = None, sides: int = 2
) -> Contest:
    """Return the pairs of a plan or of groups of results, or their pictures one by one; `ValueError` without any."""
    if isinstance(pictures, Mapping):
        if by is not None:
            raise ValueError(say("by={by} is for plans; of groups, the groups themselves are judged", by=repr(by)))
        return _of_groups(pictures, sides)
    if not hasattr(pictures, "varying"):
        kind = type(pictures).__name__
        raise TypeError(say("{kind} cannot be judged; give a plan or groups of results", kind=kind))
    return _of_plan(pictures, by, sides)


def _of_plan(plan: Plan, by: str | Sequence[str] | None, sides: int) -> Contest:
    usual = tuple(name for name in plan.varying if name != "seed")
    wanted = set(usual if by is None else [by] if isinstance(by, str) else by)
    known = ", ".join(map(repr, plan.varying)) or Said("nothing")
    for name in wanted - set(plan.varying):
        raise ValueError(say("by={by} does not vary in this plan; these do: {known}", by=repr(name), known=known))
    names = tuple(name for name in plan.varying if name in wanted)
    if not names:
        raise ValueError(
            say("nothing to compare, {known} varies in this plan; by='seed' judges the seeds", known=known)
        )
    others = tuple(name for name in plan.varying if name not in names)
    contestants: dict[str, Contestant] = {}
    groups: dict[str, _Group] = {}
    missing: Counter[str] = Counter()
    excluded: list[str] = []
    listed = plan.prompts.categories if plan.prompts else {}
    kinds: dict[str, str] = {}
    for cell, status in zip(plan.cells, plan.statuses(), strict=True):
        options, shared = _data(cell, names), _data(cell, others)
        key = digest(options)
        if key not in contestants:
            label = " · ".join(plan.labels(name)[cell.positions[name]] for name in names)
            contestants[key] = Contestant(id=key, label=mask(label), options=options)
        result = status.run.result(reused=True) if status.state == "done" and status.run else ()
        images = [image for image in result if _is_there(image)]
        if not images:
            missing["lost" if status.state == "done" else status.state] += 1
        if kind := listed.get(cell.template):
            kinds[place_of(key, shared)] = kind
        if status.state == "excluded":
            excluded.append(place_of(key, shared))
        groups.setdefault(digest(shared), (shared, {}))[1][key] = images
    contest = _contest(
        contestants.values(),
        groups.values(),
        missing,
        sides,
        name=plan.name,
        by=names,
        usual=names == usual,
        folder=Path(plan.client.store.root),
    )
    return replace(contest, excluded=tuple(excluded), kinds=kinds)


def _of_groups(pictures: Mapping[str, Iterable[Any]], sides: int) -> Contest:
    groups = {_shown(str(name)): _listed(name, values) for name, values in pictures.items()}
    lengths = {name: len(images) for name, images in groups.items()}
    if len(groups) < sides:
        raise ValueError(say("{groups} of pictures; give at least two", groups=count(len(groups), "group")))
    if sides > 1 < len(set(lengths.values())):
        said = ", ".join(f"{shorten(name, 40)!r}: {length}" for name, length in [*lengths.items()][:4])
        raise ValueError(say("different numbers of pictures ({numbers}); give equally many", numbers=said))
    contestants = [Contestant(id=digest({"group": key}), label=key, options={"group": key}) for key in groups]
    places: list[_Group] = []
    for place, images in enumerate(zip_longest(*groups.values()), 1):
        there = [[image] if image and _is_there(image) else [] for image in images]
        places.append(({PLACE: place}, {each.id: one for each, one in zip(contestants, there, strict=True)}))
    missing = Counter(lost=sum(lengths.values()) - sum(len(images) for _, all_ in places for images in all_.values()))
    if not places:
        raise ValueError(say("the groups have no pictures; give results, such as client.generate(...) returns"))
    first = next(iter(groups.values()))[0]
    name = "groups-" + digest(sorted([image.sha256 for image in images] for images in groups.values()))
    return _contest(contestants, places, missing, sides, name=name, by=(), usual=True, folder=first.path.parent.parent)


def _listed(name: object, values: Iterable[Any]) -> list[GeneratedImage]:
    images = list(flat(values))
    for image in images:
        if not isinstance(image, GeneratedImage):
            kind = type(image).__name__
            raise TypeError(say("{name} holds {kind}; give a list of results", name=repr(name), kind=kind))
    return images


def _contest(
    contestants: Iterable[Contestant],
    groups: Iterable[_Group],
    missing: Counter[str],
    sides: int,
    *,
    name: str,
    by: tuple[str, ...],
    usual: bool,
    folder: Path,
) -> Contest:
    pairs: list[Pair] = []
    left_out = 0
    for shared, images in groups:
        for keys in combinations(images, sides):
            most = max(*(len(images[key]) for key in keys), 1)
            met = list(zip(*(images[key] for key in keys), strict=False))
            left_out += most - len(met)
            for number, shown in enumerate(met, 1):
                both = {**shared, IMAGE: number} if most > 1 else dict(shared)
                pairs.append(_pair(keys, shown, both))
    without = {state: number for state, number in sorted(missing.items()) if number}
    if not pairs:
        why = in_words(without) if without else Said("at least two values must vary")
        raise ValueError(say("no two pictures can be compared ({why}); plan.run() generates those of a plan", why=why))
    return Contest(
        name=name,
        by=by,
        usual=usual,
        contestants=tuple(contestants),
        pairs=tuple(pairs),
        left_out=left_out,
        missing=without,
        folder=folder,
        mock=_is_mock(pairs[0].images[0]),
    )


def in_words(missing: Mapping[str, int]) -> str:
    """Return the number of cells without a picture, by their state, in words."""
    return joined(
        ", ", [Said("{state}: {n}", state=STATES.get(state, state), n=number) for state, number in missing.items()]
    )


def _pair(contestants: tuple[str, ...], images: tuple[GeneratedImage, ...], shared: dict[str, Any]) -> Pair:
    sides = sorted(zip(contestants, (image.sha256 for image in images), strict=True))
    mark = digest([sorted(image.sha256 for image in images), shared.get(IMAGE, 1)])
    return Pair(id=digest([sides, shared]), mark=mark, contestants=contestants, shared=shared, images=images)


def attentive(pairs: Iterable[Pair], *, chance: str) -> list[Pair]:
    """Return for each picture of some pairs one of it and its blurred copy, in random order."""
    found: dict[str, Pair] = {}
    for pair in pairs:
        for key, image in zip(pair.contestants, pair.images, strict=True):
            mark = digest(["attention", image.sha256])
            twice = {"contestants": (key, key), "images": (image, image)}
            found.setdefault(mark, Pair(id=f"attention-{mark}", mark=mark, shared=pair.shared, attention=True, **twice))  # type: ignore[arg-type]
    return sorted(found.values(), key=lambda pair: rank(chance, pair.mark))


def references(pair: Pair) -> list[Path]:
    """Return the input images that all pictures of a pair were made from; one that differs would tell them apart."""
    made = [[each.sha256 for each in image.request.images] if image.request else [] for image in pair.images]
    shared = [sha for sha in dict.fromkeys(made[0]) if sha and all(sha in each for each in made)]
    found = [find_input(pair.images[0].path.parent, sha) for sha in shared]
    return [path for path in found if path]


def _is_there(image: GeneratedImage) -> bool:
    """Return whether a picture's file exists and is whole, by its checksums."""
    try:
        with opened_picture(image.path) as opened:
            opened.verify()
    except OSError:
        return False
    return True


def _shown(name: str) -> str:
    """Return a group's name without secrets; two names stay two."""
    masked = mask(name)
    return name if masked == name else f"{masked} ({digest(name)[:4]})"


def _is_mock(image: GeneratedImage) -> bool:
    try:
        return read(image.path.parent).service == "mock"
    except StoreError:
        return False


def _data(cell: Cell, names: Iterable[str]) -> dict[str, Any]:
    """Return options of a cell as JSON data that is the same on every machine.

    They are those of the plan: a cell whose picture was replaced keeps its place.
    """
    asked = {name: value for name, value in cell.options.items() if name in FIELDS}
    told = cell.replaced or len(asked) < len(cell.options)  # a prompt with slots is the same in every cell
    record = (cell.request.replace(**asked) if told else cell.request).as_dict()
    data = {name: record[name] if name in record else cell.options[name] for name in names}
    if "images" in data:
        # A copy of a picture may have another name.
        data["images"] = [image.get("sha256") or image.get("url") for image in data["images"]]
    shown: dict[str, Any] = json.loads(json.dumps(data, ensure_ascii=False, default=str))
    return shown


def chosen(pairs: Sequence[Pair], most: int | None, *, chance: str) -> list[Pair]:
    """Return at most `most` pairs in random and balanced order: each two contestants meet equally often, within one.

    Each contestant alone is shown equally often too, which matters if many pairs are left out: within a round, those
    shown least come first.
    """
    meetings: dict[tuple[str, ...], list[Pair]] = defaultdict(list)
    for pair in pairs:
        meetings[tuple(sorted(pair.contestants))].append(pair)
    for met in meetings.values():
        met.sort(key=lambda pair: rank(chance, pair.mark))
    seen: Counter[str] = Counter()
    order: list[Pair] = []
    for number, met_now in enumerate(zip_longest(*meetings.values()), 1):
        here = [pair for pair in met_now if pair]
        waiting = sorted((0, rank(chance, f"{number} {pair.mark}"), place) for place, pair in enumerate(here))
        while waiting:
            known, at_random, place = heapq.heappop(waiting)
            now = sum(seen[each] for each in here[place].contestants)
            if now > known:
                heapq.heappush(waiting, (now, at_random, place))
                continue
            seen.update(here[place].contestants)
            order.append(here[place])
    return order[:most]


def rank(chance: str, what: str) -> str:
    """Return a random place in an order, always the same for the same two texts."""
    return hashlib.sha256(f"{chance}\n{what}".encode("utf-8", "surrogatepass")).hexdigest()
