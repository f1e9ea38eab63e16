"""Scenarios: faults with a name that the mock plays on request, and random weather for stress.

`SCENARIOS` is the table of them. To add one, add a row: which requests it meets, and what it does to them.
"""

from __future__ import annotations

import random
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Literal

SUBMITS = ("create", "sync")
ROUTES = (*SUBMITS, "query", "list", "cancel", "policy", "upload", "download")
SLOW_IMAGE_SECONDS = 1.5
_HEADERS_MOST = 1000

Refusal = tuple[str, str]  # code and message
RATE = ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
QUOTA = ("Throttling.AllocationQuota", "Free allocated quota exceeded.")
BROKEN = ("InternalError", "An internal error has occured, please try again later or contact service support.")
FAILED = ("InternalError.Algo", "inference internal error")
# Documented for prompts and pictures that are not allowed.
UNSAFE = (
    "DataInspectionFailed",
    "Output data may contain inappropriate content. (The mock plays this; your text is not judged.)",
)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What happens to one request.

    Attributes:
        on: the kinds of requests it happens to, of `ROUTES`, counted together.
        once: only the first time in a scenario, or the first time for each task or image.
        name: the scenario's name, for the log.
        refuse: the error that answers it; nothing is done.
        drop: the connection is lost before the service has done anything, or after.
        cut: the body ends in the middle.
        delay: seconds before the answer.
        spoil: a web page, or half of the JSON, in place of the answer.
        fail: the error that the task ends with.
        slow: the task waits for long.
        fewer: an image set has two thirds of its images.
        partly: the error of every second image of a request; the others come.
        expired: the links of a finished task no longer work.
        forgotten: the task is unknown.
    """

    on: tuple[str, ...] = ROUTES
    once: Literal["", "in all", "each"] = ""
    name: str = ""
    refuse: Refusal | None = None
    drop: Literal["", "before", "after"] = ""
    cut: bool = False
    delay: float = 0.0
    spoil: Literal["", "html", "cut json"] = ""
    fail: Refusal | None = None
    slow: bool = False
    fewer: bool = False
    partly: Refusal | None = None
    expired: bool = False
    forgotten: bool = False


def merged(effects: Sequence[Effect]) -> Effect:
    """Return one effect that does what all of them do; where two differ, the first counts."""
    done: dict[str, Any] = {}
    for effect in effects:
        for what in fields(Effect):
            value = getattr(effect, what.name)
            if value and not done.get(what.name):
                done[what.name] = value
    return Effect(**{**done, "name": " + ".join(effect.name for effect in effects)})


@dataclass(frozen=True)
class Scenario:
    """A named fault: a text that says what happens and what a client should do, and its effects."""

    name: str
    explanation: str
    effects: tuple[Effect, ...] = field(repr=False)


_TABLE = (
    Scenario(
        "429 then ok",
        "The first submit and the first query are refused with 429 (too fast); then all is well. "
        "A client waits and asks again, and one task is made.",
        (Effect(on=SUBMITS, once="in all", refuse=RATE), Effect(on=("query",), once="in all", refuse=RATE)),
    ),
    Scenario(
        "quota gone",
        "Every submit is refused with 429 Throttling.AllocationQuota: the allowance is used up. "
        "Waiting does not help; a client says so at once and does not ask again.",
        (Effect(on=SUBMITS, refuse=QUOTA),),
    ),
    Scenario(
        "slow queue",
        "Tasks stay PENDING for long (five times the usual task, two seconds at least), long enough to cancel one.",
        (Effect(on=("create",), slow=True),),
    ),
    Scenario(
        "500 then ok",
        "The first submit and the first query are answered with 500 InternalError and nothing is "
        "done; then all is well. A client asks again, and one task is made.",
        (Effect(on=SUBMITS, once="in all", refuse=BROKEN), Effect(on=("query",), once="in all", refuse=BROKEN)),
    ),
    Scenario(
        "dropped before answer",
        "The first submit loses its connection before the service did anything: no task, no bill. "
        "A client cannot know: a task list may lag. A single call says so; one with later tasks in the list, as in a "
        "sweep, has proof that this one did not arrive, and submits it again.",
        (Effect(on=SUBMITS, once="in all", drop="before"),),
    ),
    Scenario(
        "dropped after accept",
        "The first submit is accepted and billed, then the connection is lost with its answer. "
        "A client finds the task in the task list and goes on with it; submitting again would pay twice.",
        (Effect(on=SUBMITS, once="in all", drop="after"),),
    ),
    Scenario(
        "failed task",
        "Tasks are accepted and then end as FAILED with InternalError.Algo, in an answer with HTTP "
        "200 (a synchronous call: HTTP 500). Nothing is billed.",
        (Effect(on=SUBMITS, fail=FAILED),),
    ),
    Scenario(
        "refused content",
        "Tasks are accepted and then end as FAILED with DataInspectionFailed (a synchronous call: "
        "HTTP 400). Nothing is billed, and sending the same request again does not help.",
        (Effect(on=SUBMITS, fail=UNSAFE),),
    ),
    Scenario(
        "set returns fewer",
        "An image set brings two thirds of the n that was requested; n is a maximum. usage.image_count "
        "says how many came and were billed.",
        (Effect(on=SUBMITS, fewer=True),),
    ),
    Scenario(
        "partly refused",
        "Every second image of a request is refused with DataInspectionFailed: the others come, in choices, and the "
        "refused ones stand in results. Only what came is billed. A client saves that and says why there is no more.",
        (Effect(on=SUBMITS, partly=UNSAFE),),
    ),
    Scenario(
        "truncated image",
        "The first download of each image ends in the middle; the next one is whole. A client "
        "sees that bytes are missing and downloads again.",
        (Effect(on=("download",), once="each", cut=True),),
    ),
    Scenario(
        "slow image",
        f"Each image takes {SLOW_IMAGE_SECONDS} seconds to begin to arrive. Nothing is wrong; a form "
        "shows that it is still working.",
        (Effect(on=("download",), delay=SLOW_IMAGE_SECONDS),),
    ),
    Scenario(
        "expired URL",
        "The links in the first finished answer of each task have expired: 403 Request has expired. "
        "A client queries the task again and gets new ones.",
        (Effect(on=("query",), expired=True),),
    ),
    Scenario(
        "task forgotten",
        "Every query says UNKNOWN, as the service does 24 hours after a task. The images are no longer "
        "available; a client says so and keeps what it has.",
        (Effect(on=("query",), forgotten=True),),
    ),
    Scenario(
        "malformed answer",
        "The answer of the first submit ends in the middle of its JSON (the task was made), and "
        "the first query is answered with a web page. A client takes neither for a success.",
        (Effect(on=SUBMITS, once="in all", spoil="cut json"), Effect(on=("query",), once="in all", spoil="html")),
    ),
)
SCENARIOS: Mapping[str, Scenario] = MappingProxyType({scenario.name: scenario for scenario in _TABLE})


class Playing:
    """A scenario while it is played: it remembers what has happened already.

    Raises:
        ValueError: there is no scenario of this name; the message has all names.
    """

    def __init__(self, name: str) -> None:
        if name not in SCENARIOS:
            raise ValueError(f"There is no scenario {name!r}. There are: {', '.join(SCENARIOS)}.")
        self.name = name
        self._seen: set[tuple[Effect, str]] = set()

    def effects(self, kind: str, subject: str) -> Iterator[Effect]:
        """Yield what happens to a request of a kind about a task or an image."""
        for effect in SCENARIOS[self.name].effects:
            happens = (effect, subject if effect.once == "each" else "")
            if kind not in effect.on or happens in self._seen:
                continue
            if effect.once:
                self._seen.add(happens)
            yield replace(effect, name=self.name)


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Random faults from a seeded random number generator.

    Args:
        rate_429: the share of requests that are refused with 429.
        rate_500: the share that is answered with 500.
        dropped_before: the share whose connection is lost before anything is done.
        dropped_after: the share whose connection is lost with the answer. Rates add up to 1 at most.
        seed: the same seed gives the same faults in the same order.
        routes: the kinds of requests it meets, of `ROUTES`.
    """

    rate_429: float = 0.0
    rate_500: float = 0.0
    dropped_before: float = 0.0
    dropped_after: float = 0.0
    seed: int = 0
    routes: frozenset[str] = frozenset({"create", "sync", "query", "list", "download"})
    rng: random.Random = field(default_factory=random.Random, init=False, repr=False)

    def __post_init__(self) -> None:
        wrong = set(self.routes) - set(ROUTES)
        if wrong:
            raise ValueError(f"There is no route {sorted(wrong)[0]!r}. There are: {', '.join(ROUTES)}.")
        rates = (self.rate_429, self.rate_500, self.dropped_before, self.dropped_after)
        if min(rates) < 0 or sum(rates) > 1:
            raise ValueError("Each rate must be 0 or more, and together 1 at most.")
        self.rng.seed(self.seed)

    def effects(self, kind: str, subject: str) -> Iterator[Effect]:
        """Yield what happens to a request of a kind; one draw for each request on the routes."""
        if kind not in self.routes:
            return
        chance = self.rng.random()
        for rate, effect in (
            (self.rate_429, Effect(name="weather: 429", refuse=RATE)),
            (self.rate_500, Effect(name="weather: 500", refuse=BROKEN)),
            (self.dropped_before, Effect(name="weather: dropped before", drop="before")),
            (self.dropped_after, Effect(name="weather: dropped after", drop="after")),
        ):
            if chance < rate:
                yield effect
                return
            chance -= rate


class Faults:
    """All scenarios and weathers that are on; decides under one lock, so that a seed gives one order of faults."""

    def __init__(self) -> None:
        self.on: list[Playing | Weather] = []
        self._lock = threading.Lock()
        # A header plays a scenario for one request, whose repetitions have the same content.
        self._by_header: OrderedDict[tuple[str, str], Playing] = OrderedDict()

    def meet(
        self, kind: str, subject: str, *, header: str = "", fingerprint: str = "", inherited: Playing | None = None
    ) -> tuple[Effect, Playing | None]:
        """Return what happens to a request, and the scenario that it names in its own header.

        Repetitions of such a request have one fingerprint, and count together until one gets through. `inherited` is
        the scenario that the submit behind a task or image named.
        """
        with self._lock:
            own = self._by_header.setdefault((header, fingerprint), Playing(header)) if header else None
            while len(self._by_header) > _HEADERS_MOST:
                self._by_header.popitem(last=False)
            played = [each for each in (own, inherited, *self.on) if each]
            effect = merged([found for each in played for found in each.effects(kind, subject)])
            if not (effect.refuse or effect.drop or effect.cut or effect.spoil):
                self._by_header.pop((header, fingerprint), None)
        return effect, own
