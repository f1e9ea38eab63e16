"""One HTTP exchange of the mock server: the request, the response, and the refusals between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

JSON_TYPE = "application/json"
XML_TYPE = "application/xml"


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
    """A request as the server hands it on. Header names are lower case; `path` is unquoted, without query."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

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
        return self.headers.get(name.lower(), default)

    @property
    def base(self) -> str:
        """The address the client used for this server, from its Host header: links are built on it."""
        return f"http://{self.header('host', '127.0.0.1')}"


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response, and how the server is to misbehave while it sends it.

    `drop` closes the connection with nothing sent, `cut` closes it after so many bytes of the body (the
    content-length still says all of them), `delay` is a wait in seconds before the first byte.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    drop: bool = False
    cut: int | None = None
    delay: float = 0.0

    def json(self) -> Any:
        return json.loads(self.body)

    def with_headers(self, extra: Mapping[str, str]) -> Response:
        return replace(self, headers={**extra, **self.headers})


class Refused(Exception):
    """The service's own error: an HTTP status, the stable code, and a message that says what to do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def json_response(status: int, value: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    # Half of a surrogate pair has no UTF-8; as the escape \udxxx it is still JSON.
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(status=status, headers={"content-type": JSON_TYPE, **(headers or {})}, body=body)


def xml_error(status: int, code: str, message: str, **more: str) -> Response:
    """Return an error as the object store words it: XML, not the service's JSON."""
    parts = "".join(f"  <{name}>{_escape(value)}</{name}>\n" for name, value in more.items())
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n'
        f"  <Code>{_escape(code)}</Code>\n  <Message>{_escape(message)}</Message>\n{parts}</Error>\n"
    )
    return Response(status=status, headers={"content-type": XML_TYPE}, body=text.encode())


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
