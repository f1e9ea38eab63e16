"""What goes wrong on order: named scenarios for tests and lessons, and random weather for stress."""

from __future__ import annotations

import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Drop = Literal["", "before", "after"]
Spoil = Literal["", "html", "cut json"]
Refusal = tuple[int, str, str]

RATE = (429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
QUOTA = (429, "Throttling.AllocationQuota", "Free allocated quota exceeded.")
BROKEN = (500, "InternalError", "An internal error has occured, please try again later or contact service support.")
# What a failed task says; the second is documented for prompts and pictures that are not allowed.
FAILURES: Mapping[str, Refusal] = MappingProxyType(
    {
        "failed task": (500, "InternalError.Algo", "inference internal error"),
        "refused content": (
            400,
            "DataInspectionFailed",
            "Output data may contain inappropriate content. (The mock plays this; your text is not judged.)",
        ),
    }
)
SLOW_IMAGE_SECONDS = 1.5
SUBMITS = ("create", "sync")
ROUTES = ("create", "sync", "query", "list", "cancel", "policy", "upload", "download")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is done to one request. `work` names what the work itself shall do differently."""

    name: str = ""
    refuse: Refusal | None = None
    drop: Drop = ""
    cut: bool = False
    delay: float = 0.0
    spoil: Spoil = ""
    work: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.name)


class Scope:
    """One time that a scenario is played; it counts what it has done already."""

    def __init__(self, name: str) -> None:
        self.name = find(name).name
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {}

    def first(self, kind: str, subject: str = "") -> bool:
        """Say whether this is the first time for this subject, and remember it."""
        with self._lock:
            count = self._counts.get((kind, subject), 0)
            self._counts[kind, subject] = count + 1
        return count == 0


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A named play: one line on what it plays and what one should see, and its rule."""

    name: str
    explanation: str
    play: Callable[[Scope, str, str], Fault | None] = field(repr=False)


def find(name: str) -> Scenario:
    """Return a scenario by its name; a wrong name is told the right ones."""
    if name not in SCENARIOS:
        raise ValueError(f"There is no scenario {name!r}. There are: {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]


def _once(*kinds: str, **fault: object) -> Callable[[Scope, str, str], Fault | None]:
    """Play a fault on the first submit of the scope, and once more on the first query if that is among `kinds`."""

    def play(scope: Scope, kind: str, subject: str) -> Fault | None:
        group = "submit" if kind in SUBMITS else kind
        if group in kinds and scope.first(group):
            return Fault(name=scope.name, **fault)  # type: ignore[arg-type]  # fields of Fault, given above
        return None

    return play


def _always(kinds: Iterable[str], **fault: object) -> Callable[[Scope, str, str], Fault | None]:
    chosen = tuple(kinds)

    def play(scope: Scope, kind: str, subject: str) -> Fault | None:
        return Fault(name=scope.name, **fault) if kind in chosen else None  # type: ignore[arg-type]

    return play


def _work(*kinds: str) -> Callable[[Scope, str, str], Fault | None]:
    def play(scope: Scope, kind: str, subject: str) -> Fault | None:
        return Fault(name=scope.name, work=frozenset({scope.name})) if kind in kinds else None

    return play


def _truncated(scope: Scope, kind: str, subject: str) -> Fault | None:
    if kind == "download" and scope.first(kind, subject):
        return Fault(name=scope.name, cut=True)
    return None


def _malformed(scope: Scope, kind: str, subject: str) -> Fault | None:
    if kind in SUBMITS and scope.first("submit"):
        return Fault(name=scope.name, spoil="cut json")
    if kind == "query" and scope.first(kind):
        return Fault(name=scope.name, spoil="html")
    return None


_ALL = (
    Scenario(
        name="429 then ok",
        explanation="The first submit and the first query are refused with 429 (too fast); then all is well. "
        "A client waits, asks again, and one task is made.",
        play=_once("submit", "query", refuse=RATE),
    ),
    Scenario(
        name="quota gone",
        explanation="Every submit is refused with 429 Throttling.AllocationQuota: the allowance is used up. "
        "Waiting does not help; a client says so at once and does not ask again.",
        play=_always(SUBMITS, refuse=QUOTA),
    ),
    Scenario(
        name="slow queue",
        explanation="Tasks wait in PENDING for long (five times the usual task, two seconds at least), so that "
        "a cancel can be seen to work.",
        play=_work("create"),
    ),
    Scenario(
        name="500 then ok",
        explanation="The first submit and the first query are answered with 500 InternalError and nothing is "
        "done; then all is well. A client asks again, and one task is made.",
        play=_once("submit", "query", refuse=BROKEN),
    ),
    Scenario(
        name="dropped before answer",
        explanation="The first submit loses its connection before the service did anything: no task, no bill. "
        "A client cannot know; it looks into the task list, finds nothing, and submits again.",
        play=_once("submit", drop="before"),
    ),
    Scenario(
        name="dropped after accept",
        explanation="The first submit is accepted and billed, then the connection is lost with its answer. "
        "A client looks into the task list and takes up that task; submitting again would pay twice.",
        play=_once("submit", drop="after"),
    ),
    Scenario(
        name="failed task",
        explanation="Tasks are accepted and then end as FAILED with InternalError.Algo, in an answer with HTTP "
        "200 (a synchronous call: HTTP 500). Nothing is billed.",
        play=_work(*SUBMITS),
    ),
    Scenario(
        name="refused content",
        explanation="Tasks are accepted and then end as FAILED with DataInspectionFailed (a synchronous call: "
        "HTTP 400). Nothing is billed, and asking again as it stands does not help.",
        play=_work(*SUBMITS),
    ),
    Scenario(
        name="set returns fewer",
        explanation="An image set brings two thirds of the n it was asked for; n is a maximum. usage.image_count "
        "says how many came and were billed.",
        play=_work(*SUBMITS),
    ),
    Scenario(
        name="truncated image",
        explanation="The first download of each image breaks off in the middle; the next one is whole. A client "
        "sees that bytes are missing and fetches again.",
        play=_truncated,
    ),
    Scenario(
        name="slow image",
        explanation=f"Each image takes {SLOW_IMAGE_SECONDS} seconds to begin to arrive. Nothing is wrong; a form "
        "shows that it is still at work.",
        play=_always(("download",), delay=SLOW_IMAGE_SECONDS),
    ),
    Scenario(
        name="expired URL",
        explanation="The links in the first finished answer of each task have expired: 403 Request has expired. "
        "A client asks for the task again and gets good ones.",
        play=_work("query"),
    ),
    Scenario(
        name="task forgotten",
        explanation="Every query says UNKNOWN, as the service does 24 hours after a task. The images cannot be "
        "had any more; a client says so and keeps what it has.",
        play=_work("query"),
    ),
    Scenario(
        name="malformed answer",
        explanation="The answer of the first submit breaks off in the middle of its JSON (the task was made), and "
        "the first query is answered with a web page. A client calls neither a success.",
        play=_malformed,
    ),
)
SCENARIOS: Mapping[str, Scenario] = MappingProxyType({scenario.name: scenario for scenario in _ALL})


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Random faults at given rates, drawn from a seeded rng. Rates add up to 1 at most."""

    rate_429: float = 0.0
    rate_500: float = 0.0
    dropped_before: float = 0.0
    dropped_after: float = 0.0
    seed: int = 0
    routes: frozenset[str] = frozenset({"create", "sync", "query", "list", "download"})
    rng: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        wrong = self.routes - set(ROUTES)
        if wrong:
            raise ValueError(f"There is no route {sorted(wrong)[0]!r}. There are: {', '.join(ROUTES)}.")
        rates = (self.rate_429, self.rate_500, self.dropped_before, self.dropped_after)
        if min(rates) < 0 or sum(rates) > 1:
            raise ValueError("Each rate must be 0 or more, and together 1 at most.")
        self.rng.seed(self.seed)

    def draw(self, kind: str) -> Fault | None:
        if kind not in self.routes:
            return None
        chance = self.rng.random()
        faults = (
            (self.rate_429, Fault(name="weather: 429", refuse=RATE)),
            (self.rate_500, Fault(name="weather: 500", refuse=BROKEN)),
            (self.dropped_before, Fault(name="weather: dropped before", drop="before")),
            (self.dropped_after, Fault(name="weather: dropped after", drop="after")),
        )
        for rate, fault in faults:
            if chance < rate:
                return fault
            chance -= rate
        return None


class Faults:
    """All that is on order at the moment; decides under one lock, so that a seed gives one order of faults."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes: list[Scope] = []
        self._weathers: list[Weather] = []
        # A header plays a scenario for one request: its repeats are told by their content.
        self._by_header: OrderedDict[tuple[str, str], Scope] = OrderedDict()

    def begin(self, play: Scope | Weather) -> None:
        with self._lock:
            if isinstance(play, Scope):
                self._scopes.append(play)
            else:
                self._weathers.append(play)

    def end(self, play: Scope | Weather) -> None:
        with self._lock:
            if isinstance(play, Scope):
                self._scopes.remove(play)
            else:
                self._weathers.remove(play)

    def header_scope(self, name: str, fingerprint: str) -> Scope:
        """Return the scope a request's own header asks for; equal requests share one until one got through."""
        with self._lock:
            scope = self._by_header.setdefault((name, fingerprint), Scope(name))
            while len(self._by_header) > 1000:
                self._by_header.popitem(last=False)
            return scope

    def header_done(self, name: str, fingerprint: str) -> None:
        with self._lock:
            self._by_header.pop((name, fingerprint), None)

    def decide(self, kind: str, subject: str, own: Iterable[Scope] = ()) -> tuple[Fault, tuple[Scope, ...]]:
        """Return what befalls a request, and the scopes that are played on it."""
        with self._lock:
            scopes = (*own, *self._scopes)
            faults = [find(scope.name).play(scope, kind, subject) for scope in scopes]
            faults += [weather.draw(kind) for weather in self._weathers]
        return _together([fault for fault in faults if fault]), scopes


def _together(faults: list[Fault]) -> Fault:
    if len(faults) < 2:
        return faults[0] if faults else Fault()
    return Fault(
        name=" + ".join(fault.name for fault in faults),
        refuse=next((fault.refuse for fault in faults if fault.refuse), None),
        drop=next((fault.drop for fault in faults if fault.drop), ""),
        cut=any(fault.cut for fault in faults),
        delay=max(fault.delay for fault in faults),
        spoil=next((fault.spoil for fault in faults if fault.spoil), ""),
        work=frozenset().union(*(fault.work for fault in faults)),
    )
