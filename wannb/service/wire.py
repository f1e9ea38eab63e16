"""Wire format: ImageRequest to JSON, JSON to answers, error bodies to ApiError.

The shapes are the documented ones. Images are read from every choice and every content item: a set puts all its images
in one choice, several single images may come as several choices, and a reader of only the first would lose paid images.
Of a batch that came in part, links and refusals stand in `choices`, in `results` or in both (FAQ on image batches,
October 2026).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from wannb.errors import ApiError, MalformedAnswer, RateLimited, api_error
from wannb.masking import Hidden, Secret, expires, mask, without_signature
from wannb.request import TEXT_TO_IMAGE, ImageRequest
from wannb.translation import Said, shorten

PENDING, RUNNING, SUCCEEDED = "PENDING", "RUNNING", "SUCCEEDED"
FAILED, CANCELED, UNKNOWN = "FAILED", "CANCELED", "UNKNOWN"
#: The states in which a task stays.
FINAL = frozenset({SUCCEEDED, FAILED, CANCELED, UNKNOWN})
#: Seen live: a UUID. It becomes part of an address and of file names.
_TASK_ID = re.compile(r"[A-Za-z0-9][\w.:-]{0,199}", re.ASCII)
#: Characters that are kept of a text of the service.
_MOST_WORDS = 4000
#: Characters that are kept of a refusal's code and message: a batch may hold twelve of them.
_MOST_CODE, _MOST_REASON = 100, 300
#: A count beyond this is none.
_MOST_IMAGES = 1000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Answer of the service about a task, or of a synchronous call.

    `links` are signed and expire after 24 hours: they are used at once, never shown, never kept. `str(link)` reveals
    one. `refused` has the code and the message of each image that was refused, one of which may be empty. `made` is how
    many images the service says it made, None where it does not say.
    """

    status: str
    task_id: str | None = None
    request_id: str | None = None
    links: tuple[Secret, ...] = field(default=(), repr=False)
    refused: tuple[tuple[str, str], ...] = ()
    made: int | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    message: str | None = None
    times: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ListedTask:
    """One line of the service's task list; times are seconds since 1970 in the service's clock."""

    task_id: str
    status: str
    model: str
    created: float | None


def body(request: ImageRequest, images: Sequence[object]) -> Hidden:
    """Return the JSON body of a request.

    Args:
        request: a request without problems.
        images: for each input image its URL, data URI or `oss://` link, in the request's order.
    """
    content: list[dict[str, str]] = [{"text": request.prompt}, *({"image": str(image)} for image in images)]
    return Hidden(
        model=request.model,
        input={"messages": [{"role": "user", "content": content}]},
        parameters=_parameters(request),
    )


def _parameters(request: ImageRequest) -> dict[str, Any]:
    parameters: dict[str, Any] = {"size": request.size, "n": request.n, "watermark": request.watermark}
    if request.mode == TEXT_TO_IMAGE:
        parameters["thinking_mode"] = request.thinking_mode
    if request.enable_sequential:
        parameters["enable_sequential"] = True
    if request.seed is not None:
        parameters["seed"] = request.seed
    record = request.as_dict()
    for name in ("color_palette", "bbox_list"):
        if record[name] is not None:
            parameters[name] = record[name]
    return parameters


def read_created(data: object) -> tuple[str, str | None]:
    """Return task id and request id of a create's answer."""
    output = _mapping(data, "output")
    task_id = output.get("task_id")
    if not isinstance(task_id, str) or not _TASK_ID.fullmatch(task_id):
        _malformed(_lacks("task_id"), data)
    return task_id, _request_id(data)


def read_answer(data: object) -> Answer:
    """Return the answer to a task query or a synchronous call; a failed task is an answer too, not an exception."""
    output = _mapping(data, "output")
    top = data if isinstance(data, Mapping) else {}
    status = output.get("task_status", SUCCEEDED if "choices" in output or "results" in output else None)
    if not isinstance(status, str):
        _malformed(Said("neither task_status nor choices in the answer"), data)
    usage, metrics = (
        each if isinstance(each, Mapping) else {} for each in (top.get("usage"), output.get("task_metrics"))
    )
    links: dict[str, Secret] = {}
    refused: list[tuple[str, str]] = []
    ended, blank = status in (SUCCEEDED, FAILED), False
    for item in _items(output) if ended else ():
        found = [link for name in ("image", "url") if isinstance(link := item.get(name), str) and link.strip()]
        if found:
            # One image may be named in both places, and be signed anew in each.
            links.setdefault(without_signature(found[0]) if expires(found[0]) else found[0], Secret(found[0]))
        elif item.get("code") or item.get("message"):
            refused.append((_reason(item.get("code"), _MOST_CODE), _reason(item.get("message"), _MOST_REASON)))
        else:
            blank = blank or "image" in item or "url" in item
    made = next(filter(_is_count, (usage.get("image_count"), metrics.get("SUCCEEDED"))), None) if ended else None
    return Answer(
        status=status,
        task_id=_text(output.get("task_id")),
        request_id=_request_id(data),
        links=tuple(links.values()),
        refused=tuple(refused),
        made=0 if made is None and refused and not links and not blank else made,
        usage=_plain(usage),
        code=_text(output.get("code")) or _text(top.get("code")),
        message=_text(output.get("message")) or _text(top.get("message")),
        times={
            name: _masked(output[name]) for name in ("submit_time", "scheduled_time", "end_time") if output.get(name)
        },
    )


def read_list(data: object) -> tuple[list[ListedTask], int, int]:
    """Return one page of the task list, the number of pages, and that of all tasks, 0 where it is not said.

    The list is flat: no `output` around it.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("data"), list):
        _malformed(_lacks("data"), data)
    tasks = []
    for entry in data["data"]:
        task_id = entry.get("task_id") if isinstance(entry, Mapping) else None
        if not isinstance(task_id, str) or not _TASK_ID.fullmatch(task_id):
            # Ignoring it could mean to say of a lost answer that it never became a task.
            _malformed(Said("a task without an id in the answer"), data)
        tasks.append(
            ListedTask(
                task_id=task_id,
                status=_masked(entry.get("status", "")),
                model=_masked(entry.get("model_name", "")),
                created=_time(entry.get("gmt_create")),
            )
        )
    pages, total = data.get("total_page", 1), data.get("total", 0)
    for name, value in (("total_page", pages), ("total", total)):
        if not isinstance(value, int):
            _malformed(_lacks(name), data)
    return tasks, pages, total


def read_error(
    data: Any,
    *,
    status: int,
    retry_after: float | None = None,
    secret: str | None = None,
    broke_off: bool = False,
) -> ApiError:
    """Return the exception for an error body `{"code", "message", "request_id"}`; the service's own have all three.

    Any other body is that of a gateway, a proxy or a log-in page, and refuses nothing: the service may have the request
    all the same. Only a 429 or a 503 says that it was not passed on, unless the connection behind broke off.
    """
    own = isinstance(data, Mapping) and isinstance(data.get("code"), str) and isinstance(data.get("request_id"), str)
    if not own or not data["code"]:
        busy = status in (429, 503) and not broke_off
        kind, code = (RateLimited, "TooBusy") if busy else (MalformedAnswer, "MalformedAnswer")
        return kind(code, Said("the answer is not the service's own"), status=status, retry_after=retry_after)
    return api_error(
        data["code"],
        _masked(data.get("message") or ""),
        status=status,
        request_id=_request_id(data),
        retry_after=retry_after,
        secret=secret,
    )


def has_error(data: object) -> bool:
    """Return whether a 2xx body carries an error code all the same, as has been seen."""
    return isinstance(data, Mapping) and bool(data.get("code")) and not isinstance(data.get("output"), Mapping)


def _items(output: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what may be an image or a refusal, those of `choices` first; a text that is a link stands for its image."""
    items: list[object] = []
    for choice in _list(output.get("choices")):
        message = choice.get("message") if isinstance(choice, Mapping) else None
        items += _list(message.get("content")) if isinstance(message, Mapping) else [choice]
    for item in (*items, *_list(output.get("results"))):
        if isinstance(item, Mapping):
            yield item
        elif isinstance(item, str) and re.match(r"https?://\S+$", item):
            yield {"url": item}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _reason(value: object, most: int) -> str:
    return shorten(_masked(value or ""), most)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_IMAGES


def _mapping(data: object, key: str) -> Mapping[str, Any]:
    value = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(value, Mapping):
        _malformed(_lacks(key), data)
    return value


def _lacks(key: str) -> Said:
    return Said("no {name} in the answer", name=key)


def _malformed(what: str, data: object) -> NoReturn:
    raise MalformedAnswer("MalformedAnswer", what, status=200, request_id=_request_id(data))


def _request_id(data: object) -> str | None:
    return _text(data.get("request_id")) if isinstance(data, Mapping) else None


def _text(value: object) -> str | None:
    return _masked(value) if isinstance(value, str) and value else None


def _masked(value: object) -> str:
    """Return a text of the service as it may be shown and kept."""
    text = mask(str(value))
    return text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS]}…"


def _plain(value: Any) -> Any:
    """Return JSON data that may be kept."""
    if isinstance(value, Mapping):
        return {_masked(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return _masked(value) if isinstance(value, str) else value


def _time(milliseconds: object) -> float | None:
    try:
        seconds = float(milliseconds) / 1000 if isinstance(milliseconds, (int, float)) else math.nan
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None
