"""Record: the facts of one run, as one typed value that is parsed and checked once.

A run passes through these states; `MOVES` holds every step that is allowed, and `Run.advance` checks it:

    prepared ──► sending ──► running ──► answered ──► done
       │            │           │            │
       └────────────┴───────────┴────────────┴──► failed, canceled, lost

docs/architecture.md says what each state means and when it is billed. A synchronous call goes from sending to
answered, since it has no task. The last four states are ends. Two ways lead back: `Store.reopen`, for a run whose task
the service still knows, and `Store.release`, to *sending*, for a run whose task was found by time or chosen, and is not
its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from wannb.errors import StoreError
from wannb.service import Price
from wannb.translation import Said, as_data, from_data, joined, say

PREPARED, SENDING, RUNNING, ANSWERED = "prepared", "sending", "running", "answered"
DONE, FAILED, CANCELED, LOST = "done", "failed", "canceled", "lost"
ENDED = frozenset({DONE, FAILED, CANCELED, LOST})
#: From each state those that may follow; a state may always be written again with more facts.
MOVES: Mapping[str, frozenset[str]] = {
    PREPARED: frozenset({PREPARED, SENDING, RUNNING, ANSWERED, *ENDED}),
    SENDING: frozenset({SENDING, RUNNING, ANSWERED, *ENDED}),
    RUNNING: frozenset({RUNNING, ANSWERED, *ENDED}),
    ANSWERED: frozenset({ANSWERED, *ENDED}),
    **{state: frozenset({state}) for state in ENDED},
}
#: The format that this version writes.
FORMAT = 1


class Unreadable(StoreError):
    """One run cannot be read, or its images are gone; the folder and all other runs are as they were."""


class NewerFormat(Unreadable):
    """A run was written by a newer version; nothing is wrong with it."""


class Frozen(dict[str, Any]):
    """A dictionary that cannot be changed: all runs of a list, and their results, share their records."""

    def _refuse(self, *args: Any, **values: Any) -> Any:
        raise TypeError(say("the facts of a run cannot be changed; dict(...) makes a copy that can"))

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> Any:
        return Frozen, (dict(self),)


@dataclass(frozen=True, kw_only=True)
class SavedImage:
    """One image of a run on disk; `sha256` is of the bytes as the service sent them."""

    index: int = 0
    file: str
    sha256: str
    width: int
    height: int
    bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a run failed: the service's code and words, or a sentence of ours."""

    text: str = ""
    code: str | None = None
    message: str | None = None
    request_id: str | None = None
    status: int | None = None

    @property
    def said(self) -> str:
        """The code with the words, as far as they are known."""
        return joined(": ", [part for part in (self.code, self.message or self.text) if part])


@dataclass(frozen=True, kw_only=True)
class Record:
    """The facts of one run, frozen all through; every state is a new one.

    Attributes:
        state: where it is, such as "done".
        fingerprint: of the request; equal requests have the same.
        service, region, account: where it was asked. `service` is "mock" or the host.
        created: UTC, such as "2026-11-22T13:01:57Z".
        via: "task" or "sync", the endpoint that was used.
        request: what was asked, as `ImageRequest.as_dict`; None for a task adopted by its id alone.
        seed_drawn: whether the seed was drawn here.
        minimal: whether its images carry no request.
        price: of one image; None if unknown.
        versions: of wannb and what it runs on.
        task_id, request_id: the service's ids.
        sent_at, last_sent_at: when the first try without an answer and the last try were sent, in seconds since 1970
            of the service's clock; `sent_within` is by how much that may be wrong.
        unresolved: whether a try was sent whose outcome is unknown.
        lost_at: when the last try's answer was known to be lost, in the service's clock.
        resent: whether the request was sent again after its answer was lost.
        matched_by_time: whether the task was found by its time in the account's task list.
        chosen: whether a person chose the task among several.
        candidates: ids of the tasks that looks into the task list saw as its possible outcome.
        others: whether a look saw tasks that no run of this folder can have made.
        not_ours: ids of tasks that were taken for its outcome and given back.
        usage, times: the service's own numbers and times.
        input_notices, notices: what one should know of the inputs, and of the result.
        images: those on disk.
        error: why it failed.
    """

    state: str
    fingerprint: str
    service: str
    region: str = ""
    account: str = ""
    created: str = ""
    via: str = "task"
    request: Mapping[str, Any] | None = None
    seed_drawn: bool = False
    minimal: bool = False
    price: Price | None = None
    versions: Mapping[str, Any] = field(default_factory=dict)
    task_id: str | None = None
    request_id: str | None = None
    sent_at: float | None = None
    last_sent_at: float | None = None
    sent_within: float = 0.0
    unresolved: bool = False
    lost_at: float | None = None
    resent: bool = False
    matched_by_time: bool = False
    chosen: bool = False
    candidates: tuple[str, ...] = ()
    others: bool = False
    not_ours: tuple[str, ...] = ()
    usage: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, Any] = field(default_factory=dict)
    input_notices: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    images: tuple[SavedImage, ...] = ()
    error: Failure | None = None

    def __post_init__(self) -> None:
        for name in ("request", "versions", "usage", "times"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))

    @classmethod
    def from_json(cls, data: object) -> Record:
        """Return the record that JSON data holds.

        Raises:
            NewerFormat: a newer version wrote it, and may mean other things by the same names.
            ValueError: it is no record, or a field has a value that no version writes.
        """
        if not isinstance(data, dict):
            raise ValueError("it is no JSON object")
        check_format(data)
        missing = [name for name in _MAIN if name not in data]
        if missing:
            raise ValueError(f"{missing[0]!r} is missing")
        return cls(**_parsed(data, _FIELDS))

    def as_json(self) -> dict[str, Any]:
        """Return the record as JSON data, without what is unknown or as it is by default."""
        data: dict[str, Any] = {"wannb": FORMAT}
        for each in fields(self):
            value = getattr(self, each.name)
            if value or each.name in _MAIN:
                data[each.name] = _as_json(value)
        return data

    @property
    def sent(self) -> tuple[float, float]:
        """When the first try without an answer and the last one were sent, in the service's clock.

        Of a run whose journal broke off before that was written down, the time when it began stands for both.
        """
        first = self.sent_at if self.sent_at is not None else _seconds_of(self.created)
        return first, self.last_sent_at if self.last_sent_at is not None else first

    @property
    def uncertain(self) -> bool:
        """Whether the task may be another request's: it was found by its time, or chosen."""
        return bool(self.task_id) and (self.matched_by_time or self.chosen)

    @property
    def in_doubt(self) -> bool:
        """Whether a task may have been made of it, and nothing says which."""
        return self.state == SENDING and self.via != "sync"

    @property
    def billed(self) -> int | None:
        """How many images the service says it made, which it bills; None where it does not say."""
        made: Any = self.usage.get("image_count")
        return made if _is_whole(made) and 0 <= made < _MOST_IMAGES else None

    @property
    def images_made(self) -> int:
        """How many images the service made and bills, by its own count or, without one, by those that are saved."""
        return len(self.images) if self.billed is None else self.billed

    @property
    def asked(self) -> int:
        """How many images were asked for at most; 0 where the request is unknown."""
        return self.request.get("n", 0) if self.request else 0

    @property
    def short(self) -> bool:
        """Whether the run is done with fewer images than were asked for."""
        return self.state == DONE and len(self.images) < self.asked

    @property
    def amount(self) -> Decimal | None:
        """What the run cost, or while it is under way what it may cost at most; None if the price is unknown."""
        if self.price is None:
            return None
        if self.state in (FAILED, CANCELED, PREPARED):
            images = 0
        elif self.billed is not None or self.state == DONE:
            images = self.images_made
        else:
            images = self.asked if self.request else _MOST_OF_A_TASK
        return self.price.amount * images


_MAIN = ("state", "fingerprint", "service")
#: Characters that command a terminal, or turn the direction of a text.
_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MOST_IMAGES = 1000
#: Images that a task can make whose request is unknown.
_MOST_OF_A_TASK = 12
Parse = Callable[[Any], Any]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15


def _of(*kinds: type) -> Parse:
    """Return a parser that gives back values of the kinds that JSON has, and refuses all others."""

    def parsed(value: Any) -> Any:
        if type(value) not in kinds:
            raise ValueError
        return value

    return parsed


def _only(holds: Callable[[Any], object]) -> Parse:
    """Return a parser that gives back the values for which something holds, and refuses all others."""

    def parsed(value: Any) -> Any:
        if not holds(value):
            raise ValueError
        return value

    return parsed


_text, _flag, _table, _list = _of(str), _of(bool), _of(dict), _of(list)
_word = _only(lambda value: isinstance(value, str) and (value.isprintable() or not value))
_task_id = _only(lambda value: isinstance(value, str) and value and value.isprintable())
_state = _only(lambda value: isinstance(value, str) and value in MOVES)
_whole = _only(_is_whole)
_positive = _only(lambda value: _is_whole(value) and value > 0)
_count = _only(lambda value: _is_whole(value) and 0 <= value < _MOST_IMAGES)
_seconds = _only(lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 10**11)
# It must not lead out of the run's folder.
_file = _only(
    lambda value: (
        isinstance(value, str) and value[:1] not in ("", ".") and value.isprintable() and not set(value) & set("/\\:")
    )
)


def _or(parse: Parse, otherwise: Any) -> Parse:
    return lambda value: otherwise if value is None else parse(value)


def _said(value: Any) -> Any:
    """Return a text of a record, without what commands a terminal; a stranger's record can hold that."""

    def plain(data: Any) -> Any:
        if isinstance(data, str):
            return _COMMANDS.sub("\ufffd", data)
        if isinstance(data, list):
            return [plain(each) for each in data]
        return {name: plain(each) for name, each in data.items()} if isinstance(data, dict) else data

    return from_data(plain(value))


def _each(parse: Parse) -> Parse:
    return lambda value: tuple(map(parse, _list(value)))


def _parsed(data: Any, parsers: Mapping[str, Parse], prefix: str = "") -> dict[str, Any]:
    """Return the fields of JSON data that have a parser; `ValueError` names the one that no version writes so."""
    values: dict[str, Any] = {}
    _table(data)
    for name in filter(data.__contains__, parsers):
        try:
            values[name] = parsers[name](data[name])
        except (ValueError, TypeError, KeyError, ArithmeticError) as error:
            if isinstance(error, ValueError) and error.args:
                raise  # of a field within
            raise ValueError(f"'{prefix}{name}' cannot be {data[name]!r:.80}") from error
    return values


def check_format(data: Mapping[str, Any]) -> None:
    """Raise `NewerFormat` if a newer version wrote the facts of a run or of an image."""
    written = data.get("wannb", FORMAT)
    if _is_whole(written) and written > FORMAT:
        raise NewerFormat(
            Said(
                "the run was written by a newer wannb, as format {written}; this one knows {known}. Nothing is "
                "wrong with it: update wannb to use it",
                written=written,
                known=FORMAT,
            )
        )


def saved_image(value: Any) -> SavedImage:
    """Return the image that JSON data describes; `ValueError` or `TypeError` for anything else."""
    return SavedImage(**_parsed(value, _IMAGE))


def check_request(record: Any) -> Any:
    """Return a stored request; `ValueError` if a field is as no version can have written it."""
    _parsed(record, _REQUEST, "request.")
    return record


def _amount(value: Any) -> Decimal:
    amount = Decimal(_text(value))
    if not 0 <= amount < 10**6:
        raise ValueError
    return amount


def _color(value: Any) -> None:
    _text(_table(value)["hex"]), _text(value["ratio"])


_FIELDS: dict[str, Parse] = {
    "state": _state,
    **dict.fromkeys(("fingerprint", "service", "region", "account", "created", "via", "request_id"), _word),
    "request": check_request,
    **dict.fromkeys(("seed_drawn", "minimal", "unresolved", "resent", "matched_by_time", "chosen", "others"), _flag),
    "price": lambda value: Price(**{"as_of": "", **_parsed(value, _PRICE)}),
    "task_id": _task_id,
    **dict.fromkeys(("candidates", "not_ours"), _each(_task_id)),
    **dict.fromkeys(("sent_at", "last_sent_at", "lost_at", "sent_within"), _seconds),
    **dict.fromkeys(("usage", "times", "versions"), _table),
    **dict.fromkeys(("notices", "input_notices"), _each(_said)),
    "images": _each(saved_image),
    "error": lambda value: Failure(**_parsed(value, _FAILURE)),
}
_IMAGE: dict[str, Parse] = {
    "index": _count,
    "file": _file,
    "sha256": _text,
    **dict.fromkeys(("width", "height"), _positive),
    "bytes": _whole,
}
_PRICE: dict[str, Parse] = {"amount": _amount, **dict.fromkeys(("currency", "as_of"), _text)}
_FAILURE: dict[str, Parse] = {
    "text": lambda value: _said(value or ""),
    "message": lambda value: None if value is None else _said(value),
    **dict.fromkeys(("code", "request_id"), lambda value: None if value is None else _word(value)),
    "status": _or(_whole, None),
}
_REQUEST: dict[str, Parse] = {
    "prompt": _text,
    **dict.fromkeys(("model", "size"), _word),
    "n": _count,
    "seed": _or(_whole, None),
    **dict.fromkeys(("watermark", "thinking_mode", "enable_sequential"), _flag),
    "images": _each(_table),
    "color_palette": _or(_each(_color), None),
    "bbox_list": _or(_each(lambda value: value), None),
}


def _as_json(value: Any) -> Any:
    if isinstance(value, str):
        return as_data(value)
    if isinstance(value, tuple):
        return [_as_json(each) for each in value]
    if isinstance(value, dict):
        return {name: _as_json(each) for name, each in value.items()}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (SavedImage, Price, Failure)):
        return {each.name: _as_json(getattr(value, each.name)) for each in fields(value)}
    return value


def _frozen(value: Any) -> Any:
    """Return JSON data that cannot be changed."""
    if type(value) is dict:
        return Frozen({name: _frozen(each) for name, each in value.items()})
    return tuple(map(_frozen, value)) if type(value) is list else value


def _seconds_of(created: str) -> float:
    try:
        return datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return 0.0
