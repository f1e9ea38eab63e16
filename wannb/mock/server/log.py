"""What the mock server was asked and what it answered, with every key and signature masked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from .exchange import Request
from .inputs import DATA_URI

ENTRIES_MAX = 10_000
MASK = "***"
SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie", "x-api-key")
SECRET_QUERY = re.compile(r"(?i)signature|accesskeyid|token$|api[-_]?key$")
SECRET_IN_TEXT = re.compile(r"(?i)((?:signature|ossaccesskeyid|security-token)=)[^&\s\"'<>]+")


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One exchange. `status` is None where the connection was dropped; `arrived` is the server's epoch seconds."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    fault: str = ""
    notes: tuple[str, ...] = ()
    arrived: float = field(default=0.0, repr=False)

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        parts = [
            f"{self.method} {self.path}{'?' + query if query else ''}",
            f"-> {self.status or 'dropped'}{' ' + self.code if self.code else ''}",
        ]
        if self.fault:
            parts.append(f"[{self.fault}]")
        parts += [f"({note})" for note in self.notes]
        return " ".join(parts)


class Log(Sequence[LogEntry]):
    """The last 10,000 exchanges, oldest first. Its repr is the end of it, one line each."""

    def __init__(self) -> None:
        self._entries: deque[LogEntry] = deque(maxlen=ENTRIES_MAX)
        self._lock = threading.Lock()

    def add(self, entry: LogEntry) -> None:
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def of(self, method: str, path_part: str = "") -> list[LogEntry]:
        """Return the entries of a method whose path contains a text."""
        return [entry for entry in self if entry.method == method and path_part in entry.path]

    @overload
    def __getitem__(self, index: int) -> LogEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[LogEntry]: ...
    def __getitem__(self, index: int | slice) -> LogEntry | list[LogEntry]:
        with self._lock:
            entries = list(self._entries)
        return entries[index]

    def __iter__(self) -> Iterator[LogEntry]:
        return iter(self[:])

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        entries = self[:]
        head = f"{len(entries)} exchanges" + (", the last 20:" if len(entries) > 20 else "")
        return "\n".join([head, *(f"  {entry}" for entry in entries[-20:])])


def masked_query(request: Request) -> dict[str, str]:
    return {name: MASK if SECRET_QUERY.search(name) else value for name, value in request.query.items()}


def masked_headers(request: Request) -> dict[str, str]:
    return {
        name: _masked_header(name, value) if name in SECRET_HEADERS else value
        for name, value in request.headers.items()
    }


def masked(value: Any, request: Request) -> Any:
    """Return a JSON value without inline images (their SHA-256 stands for them), signatures and the key."""
    words = (request.header(name).split() for name in SECRET_HEADERS)
    return _masked(value, tuple(each[-1] for each in words if each))


def _masked_header(name: str, value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and scheme.lower() in ("bearer", "basic") else MASK


def _masked(value: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {_masked(name, keys): _masked(inner, keys) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, keys) for inner in value]
    if not isinstance(value, str):
        return value
    start = DATA_URI.match(value)
    if start is not None:
        return _short(value, start)
    text = SECRET_IN_TEXT.sub(rf"\g<1>{MASK}", value)
    for key in keys:
        if len(key) >= 6:  # a very short key would blank out ordinary words
            text = text.replace(key, MASK)
    return text


def _short(value: str, start: re.Match[str]) -> str:
    encoded = value[start.end() :]
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        data = encoded.encode("utf-8", "replace")
    return f"data:{start[1]};sha256:{hashlib.sha256(data).hexdigest()} ({len(data)} bytes)"


def body_json(body: bytes) -> Any:
    """Return a body as JSON, or None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
