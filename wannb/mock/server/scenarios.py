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
ROUTES = (*SUBMITS, "query", "list", "cancel", "policy", "upload", "download", "connect")
SLOW_IMAGE_SECONDS = 1.5
UNKNOWN_SECONDS = 2.0
LIST_LAG_SECONDS = 40
_HEADERS_MOST = 1000

Refusal = tuple[str, str]  # code and message
RATE = ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
QUOTA = ("Throttling.AllocationQuota", "Free allocated quota exceeded.")
BROKEN = ("InternalError", "An internal error has occured, please try again later or contact service support.")
FULL = ("Throttling.Concurrency", "Too many tasks: 500 of this model are waiting; the limit is 500.")
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
        page: a web page with this HTTP status in place of the answer; nothing is done, unless `spoil` is "html" too.
        fail: the error that the task ends with.
        slow: the task waits for long.
        fewer: an image set has two thirds of its images.
        partly: the error of every second image of a request; the others come.
        expired: the links of a finished task no longer work.
        forgotten: the task is unknown.
        unknown: the task is unknown until it is as old as that, in seconds.
        lag: the list shows a task from this age on, in seconds.
        empty: the list's page is empty although its total is not.
        strangers: somebody else on the account submits a task of the same model right after it.
        limits: the service's limits hold.
    """

    on: tuple[str, ...] = ROUTES
    once: Literal["", "in all", "each"] = ""
    name: str = ""
    refuse: Refusal | None = None
    drop: Literal["", "before", "after"] = ""
    cut: bool = False
    delay: float = 0.0
    spoil: Literal["", "html", "cut json"] = ""
    page: int = 0
    fail: Refusal | None = None
    slow: bool = False
    fewer: bool = False
    partly: Refusal | None = None
    expired: bool = False
    forgotten: bool = False
    unknown: float = 0.0
    lag: float = 0.0
    empty: bool = False
    strangers: bool = False
    limits: bool = False


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
        "A client looks into the task list: where the account has no other task, this is the one, and it goes on with "
        "it; where others are seen, a person chooses. Submitting again would pay twice.",
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
        "the first query is answered with a web page. A client takes neither for a success: it looks for the task in "
        "the list, and queries again.",
        (Effect(on=SUBMITS, once="in all", spoil="cut json"), Effect(on=("query",), once="in all", spoil="html")),
    ),
    *(
        Scenario(
            f"page with {status}",
            f"Something in between (a gateway, a proxy) answers the first submit, query and list with a web page and "
            f"HTTP {status}; nothing is done. {says}",
            tuple(Effect(on=on, once="in all", page=status) for on in (SUBMITS, ("query",), ("list",))),
        )
        for status, says in (
            (429, "It is too fast for the gateway: a client waits and asks again, as after the service's own 429."),
            (503, "The gateway is busy: a client waits and asks again, as after a 429."),
            (502, "Only JSON of the service accepts or refuses: whether the submit passed is unknown. A client looks."),
        )
    ),
    Scenario(
        "page after accept",
        "The first submit is accepted and billed, then something in between answers with a web page and HTTP 502. "
        "To a client this is a lost answer: it looks into the task list before anything is submitted again.",
        (Effect(on=SUBMITS, once="in all", spoil="html", page=502),),
    ),
    Scenario(
        "young and unknown",
        f"Queries say UNKNOWN until a task is {UNKNOWN_SECONDS:g} seconds old, then its state. A young task is not a "
        "forgotten one: a client waits and queries again, and advises nobody to pay anew.",
        (Effect(on=("query",), unknown=UNKNOWN_SECONDS),),
    ),
    Scenario(
        "list lags",
        f"The task list shows a task {LIST_LAG_SECONDS} seconds after it was made. That a list does not have a task is "
        "no proof that there is none; a later task of one's own in the list, without the earlier one, is.",
        (Effect(on=("list",), lag=LIST_LAG_SECONDS),),
    ),
    Scenario(
        "empty list",
        "Pages of the task list come empty although their total says that there are tasks. Such a page proves nothing: "
        "a client asks again, and then says that the list cannot be read.",
        (Effect(on=("list",), empty=True),),
    ),
    Scenario(
        "strangers",
        "Right after each submit somebody else on the account submits a task of the same model; the list shows both. "
        "The list has times and models but no prompts: after a lost answer a client takes neither, and a person "
        "chooses with the pictures. Their images are not counted as billed.",
        (Effect(on=SUBMITS, strangers=True),),
    ),
    Scenario(
        "service limits",
        "The documented limits hold: of each model 5 tasks run, 500 wait as PENDING and the next is refused with 429 "
        "Throttling.Concurrency; 5 submits of a model and 20 queries a second. A client keeps to them.",
        (Effect(on=("create", "sync", "query", "list", "cancel"), limits=True),),
    ),
    Scenario(
        "queue full",
        "The first task is refused with 429 Throttling.Concurrency, since 500 wait already; then all is well. A client "
        "waits and asks again. Synchronous calls do not wait in the queue.",
        (Effect(on=("create",), once="in all", refuse=FULL),),
    ),
    Scenario(
        "proxy refuses",
        "As a proxy (HTTPS_PROXY is the server's address) it refuses CONNECT with 403: no way to the service. Nothing "
        "was sent. A client says so at once, and neither waits nor looks.",
        (Effect(on=("connect",), page=403),),
    ),
    Scenario(
        "proxy wants a password",
        "As a proxy it refuses CONNECT with 407: it wants a user name and a password. Nothing was sent. A client says "
        "so at once; they belong into the proxy's address.",
        (Effect(on=("connect",), page=407),),
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
            if not (effect.refuse or effect.drop or effect.cut or effect.spoil or effect.page):
                self._by_header.pop((header, fingerprint), None)
        return effect, own
