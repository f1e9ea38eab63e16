"""One HTTP exchange with the mock: its route, the request, the response, the refusal, and its entry in the log.

The common ground of `server` and `recordings`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from html import escape
from typing import Any
from urllib.parse import parse_qsl, unquote

from wannb.masking import MASK, SHORTEST, is_secret_name, mask_signatures

API = "/api/v1"
SYNC_PATH = f"{API}/services/aigc/multimodal-generation/generation"
CREATE_PATH = f"{API}/services/aigc/image-generation/generation"
OLD_PATH = f"{API}/services/aigc/text2image/image-synthesis"
MODELS = ("wan2.7-image-pro", "wan2.7-image")
JSON_TYPE = "application/json"
ENTRIES_MAX = 10_000
DATA_URI = re.compile(r"data:([a-z0-9.+/-]+);base64,", re.IGNORECASE)

# Path, method and kind; a group is the task or image that a request is about.
_ROUTES = (
    (SYNC_PATH, "POST", "sync"),
    (CREATE_PATH, "POST", "create"),
    (OLD_PATH, "POST", "old"),
    (f"{API}/tasks", "GET", "list"),
    (f"{API}/tasks/([^/]+)", "GET", "query"),
    (f"{API}/tasks/([^/]+)/cancel", "POST", "cancel"),
    (f"{API}/uploads", "GET", "policy"),
    ("", "POST", "upload"),
    (r"(/[0-9a-f]{2}/[0-9a-f]{2}/\d{8}/[0-9a-f]{8}/[0-9a-f-]{36}_\d+\.png)", "GET", "download"),
    ("(?:/healthz)?", "GET", "health"),
    ("[^/]+", "CONNECT", "connect"),
)
# The codes of each HTTP status; any other code is sent with 400.
_CODES = {
    401: ("InvalidApiKey",),
    403: ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
    404: ("ModelNotFound", "NoSuchKey", "NotFound"),
    405: ("MethodNotAllowed",),
    409: ("FileAlreadyExists",),
    412: ("MalformedPOSTRequest",),
    429: ("Throttling.AllocationQuota", "Throttling.Concurrency", "Throttling.RateQuota"),
    500: ("InternalError", "InternalError.Algo", "Mock.Defect"),
    502: ("Recording.Unreachable",),
    503: ("ServiceUnavailable",),
    504: ("Recording.LostAnswer",),  # the request may have been accepted
}
_KEY_HEADERS = ("authorization", "proxy-authorization", "cookie", "x-api-key")


@lru_cache(maxsize=1)
def version() -> str:
    """Return the installed version, or "0" where wannb runs from a bare folder."""
    # Imported here: importlib.metadata costs more than the rest of this module.
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("wannb")
    except PackageNotFoundError:
        return "0"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to the app. Header names are lower case; `path` is unquoted and has no query.

    `address` is where the client found this server, where that is more than the Host header says: TLS, a path before.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    address: str = ""

    @classmethod
    def make(cls, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
        """Build a request from the target of a request line, such as `/api/v1/tasks?page_no=1`."""
        path, _, query = target.partition("?")
        return cls(
            method=method.upper(),
            path=unquote(path),
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in (headers or {}).items()},
            body=body,
        )

    def header(self, name: str, default: str = "") -> str:
        """Return a header's value by its name in any case."""
        return self.headers.get(name.lower(), default)

    @cached_property
    def json(self) -> Any:
        """The decoded body, None where it is not JSON. It is shared: copy it before changing it."""
        return parsed(self.body)

    @property
    def base(self) -> str:
        """The address the client used for this server, from its Host header if need be: links are built on it."""
        return self.address or f"http://{self.header('host', '127.0.0.1')}"

    @property
    def route(self) -> tuple[str, str]:
        """The kind of request, and the task or image it is about. A slash at the end makes no difference."""
        path, kind = self.path.rstrip("/"), "unknown"
        for pattern, method, name in _ROUTES:
            if found := re.fullmatch(pattern, path):
                if method == self.method:
                    asynchronous = name == "sync" and self.header("x-dashscope-async")
                    return "create" if asynchronous else name, "".join(found.groups())
                kind = "method"
        return kind, ""


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response, and how the server misbehaves while it sends it.

    `drop` closes the connection with nothing sent, `cut` closes it after this many bytes of the body (the
    content-length still counts all of them), `delay` is a wait in seconds before the first byte.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    drop: bool = False
    cut: int | None = None
    delay: float = 0.0

    def json(self) -> Any:
        """Return the decoded body; raise `ValueError` where it is not JSON."""
        return json.loads(self.body)


class Refused(Exception):
    """The service's own error: the stable code, a message that says what to do, and the code's HTTP status.

    `fields` are further elements of the object store's XML.
    """

    def __init__(self, code: str, message: str, **fields: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = next((status for status, codes in _CODES.items() if code in codes), 400)
        self.code = code
        self.message = message
        self.fields = fields

    def response(self, **more: Any) -> Response:
        """Return the refusal as the API words it: JSON, with further fields such as the request id."""
        return json_response(self.status, {**more, "code": self.code, "message": self.message})

    def xml(self) -> Response:
        """Return the refusal as the object store words it."""
        values = {"Code": self.code, "Message": self.message, **self.fields}
        lines = "".join(f"  <{name}>{escape(value, quote=False)}</{name}>\n" for name, value in values.items())
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n{lines}</Error>\n'
        return Response(status=self.status, headers={"content-type": "application/xml"}, body=text.encode())


def wrong(where: str, what: str) -> Refused:
    """Return the service's refusal of a parameter, field or image."""
    return Refused("InvalidParameter", f"{where}: {what}.")


def json_response(status: int, value: Any) -> Response:
    """Return a response with a JSON body."""
    # Half of a surrogate pair has no UTF-8; as the escape \udxxx it is still JSON.
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(status=status, headers={"content-type": JSON_TYPE}, body=body)


def parsed(body: bytes) -> Any:
    """Return a body as JSON, None where it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One exchange, without secrets.

    Attributes:
        status: None where the connection was dropped.
        fault: what a scenario or the weather did to it, by name.
        arrived: epoch seconds of the server's clock.
    """

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

    @classmethod
    def of(cls, request: Request, response: Response, **more: Any) -> LogEntry:
        """Return the entry of an exchange: every key, signature and inline image is masked."""
        answer = parsed(response.body) if response.status >= 400 else None
        named = request.header("content-type").startswith(JSON_TYPE)
        keys = [words[-1] for name in _KEY_HEADERS if (words := request.header(name).split())]
        return cls(
            method=request.method,
            path=request.path,
            query={name: MASK if is_secret_name(name) else value for name, value in request.query.items()},
            status=None if response.drop else response.status,
            code=str(answer.get("code", "")) if isinstance(answer, dict) else "",
            headers={name: _masked_header(name, value) for name, value in request.headers.items()},
            json=_masked(request.json, [key for key in keys if len(key) >= SHORTEST]) if named else None,
            **more,
        )

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        asked = f"{self.method} {self.path}{'?' if query else ''}{query} -> {self.status or 'dropped'}"
        notes = (f"({note})" for note in self.notes)
        return " ".join([asked, *filter(None, (self.code, self.fault and f"[{self.fault}]")), *notes])


class Log(list[LogEntry]):
    """The last 10,000 exchanges, oldest first. Its repr shows the last 20, one a line."""

    def add(self, entry: LogEntry) -> None:
        """Append an exchange and drop what is too old; threads may share the log."""
        self.append(entry)
        del self[:-ENTRIES_MAX]

    def of(self, method: str, path_part: str = "") -> list[LogEntry]:
        """Return the entries of a method whose path contains a text."""
        return [entry for entry in self if entry.method == method and path_part in entry.path]

    def __repr__(self) -> str:
        head = f"{len(self)} exchanges" + (", the last 20:" if len(self) > 20 else "")
        return "\n".join([head, *(f"  {entry}" for entry in self[-20:])])


def _masked_header(name: str, value: str) -> str:
    if name not in _KEY_HEADERS:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and scheme.lower() in ("bearer", "basic") else MASK


def _masked(value: Any, keys: Sequence[str]) -> Any:
    """Return a JSON value without keys and signatures; the SHA-256 of an inline image stands for it."""
    if isinstance(value, dict):
        return {_masked(name, keys): _masked(inner, keys) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, keys) for inner in value]
    if not isinstance(value, str):
        return value
    if start := DATA_URI.match(value):
        encoded = value[start.end() :]
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            data = encoded.encode("utf-8", "replace")
        return f"data:{start[1]};sha256:{hashlib.sha256(data).hexdigest()} ({len(data)} bytes)"
    text = mask_signatures(value)
    for key in keys:
        text = text.replace(key, MASK)
    return text
