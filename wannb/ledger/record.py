"""Whether a run's record has the shape that this package writes; what a hand or a disk has changed may have any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Check = Callable[[Any], bool]

#: The format that this version writes; one with a higher number is a newer version's and left alone.
FORMAT = 1
STATES = ("prepared", "sending", "running", "answered", "done", "failed", "canceled", "lost")


def fault(record: Mapping[str, Any]) -> str | None:
    """Return the name of the first field that no version could have written so, None if all is well."""
    for name, check in _RUN.items():
        if name in record and not check(record[name]):
            return name
    for name, check in _REQUEST.items():
        if record.get("request") and name in record["request"] and not check(record["request"][name]):
            return f"request.{name}"
    return None


def is_newer(record: object) -> bool:
    """Return whether a record was written by a newer version, which may mean other things by the same names."""
    made = record.get("wannb") if isinstance(record, Mapping) else None
    return isinstance(made, int) and made > FORMAT


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15


def _seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 10**11


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _each(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _file(value: Any) -> bool:
    # It must not lead out of the run's folder.
    return isinstance(value, str) and bool(value) and not value.startswith(".") and not set(value) & set("/\\:\0")


def _image(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and _file(value.get("file"))
        and isinstance(value.get("sha256"), str)
        and all(_whole(value.get(name)) and value[name] > 0 for name in ("width", "height"))
        and _whole(value.get("index", 0))
        and value.get("index", 0) >= 0
    )


def _color(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("hex"), str) and isinstance(value.get("ratio"), str)


def _price(value: Any) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("currency"), str):
        return False
    try:
        return isinstance(value.get("amount"), str) and 0 <= Decimal(value["amount"]) < 10**6
    except InvalidOperation:  # also what comparing with a NaN raises
        return False


def _error(value: Any) -> bool:
    texts = all(_or_none(_text)(value.get(name)) for name in ("text", "code", "message")) if _table(value) else False
    return texts and _or_none(_whole)(value.get("status"))


_RUN: dict[str, Check] = {
    "wannb": _whole,
    "state": lambda value: isinstance(value, str) and value in STATES,
    **dict.fromkeys(("created", "fingerprint", "service", "region", "account", "via"), _text),
    "task_id": _or_none(lambda value: isinstance(value, str) and bool(value)),
    "request": _or_none(_table),
    "price": _or_none(_price),
    **dict.fromkeys(("sent_at", "last_sent_at", "sent_within"), _or_none(_seconds)),
    **dict.fromkeys(("usage", "times", "versions"), _or_none(_table)),
    **dict.fromkeys(("notices", "input_notices"), _or_none(_each(_text))),
    "images": _or_none(_each(_image)),
    "error": _or_none(_error),
}
_REQUEST: dict[str, Check] = {
    **dict.fromkeys(("prompt", "model", "size"), _text),
    "n": lambda value: _whole(value) and 0 <= value < 1000,
    "seed": _or_none(_whole),
    **dict.fromkeys(("watermark", "thinking_mode", "enable_sequential"), _flag),
    "images": _each(_table),
    "color_palette": _or_none(_each(_color)),
    "bbox_list": _or_none(lambda value: isinstance(value, list)),
}
