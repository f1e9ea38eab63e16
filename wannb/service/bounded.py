"""An HTTP connection whose answers end: bounded in size, and in time up to the last byte.

httpx bounds the time between two bytes. A server that sends a byte now and then, or one "wait a moment" (1xx) after the
other, would hold a caller for ever, and one that sends without an end would fill the memory.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

import httpcore
import httpx

#: What the service answers has a few kilobytes.
MAX_ANSWER = 4 * 1024 * 1024
#: For a file; an answer has the time that its request gives it to begin.
FILE_SECONDS = 600.0


class BoundedClient(httpx.Client):
    """An httpx client whose answers hold at most 4 MB, and which waits for the end of an answer so long and no longer.

    What is streamed is bounded in time alone. The time begins when the request has gone out.
    """

    def __init__(self, *, monotonic: Callable[[], float], **options: Any) -> None:
        super().__init__(**options, headers={"User-Agent": "wannb", "Accept-Encoding": "identity"})
        self._limit = _Limit(monotonic)
        # httpx has no seam for this, and leaves the head of an answer without one bound on its time. Where a later
        # version keeps its parts elsewhere, the bound on the body still holds.
        for transport in (self._transport, *self._mounts.values()):
            pool: Any = getattr(transport, "_pool", None)
            if hasattr(pool, "_network_backend"):
                pool._network_backend = _Backend(pool._network_backend, self._limit)

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """Send a request and return its answer, read to the end unless it is streamed."""
        self._limit.begin(FILE_SECONDS if stream else request.extensions["timeout"]["read"])
        try:
            answer = super().send(request, stream=True, **options)
            if stream:
                return answer
            with closing(answer):
                content = _unpacked(self._read(answer), answer.headers.get("content-encoding", ""))
        except ValueError as error:
            # Numbers of thousands of digits, letters that are none: what httpx lets through of a hostile head.
            raise httpx.RemoteProtocolError(f"the answer is no HTTP: {error}") from None
        headers = [(name, value) for name, value in answer.headers.multi_items() if name != "content-encoding"]
        return httpx.Response(answer.status_code, headers=headers, content=content, request=request)

    def _read(self, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in answer.iter_raw():
            parts.append(part)
            size += len(part)
            if size > MAX_ANSWER:
                raise httpx.DecodingError(_TOO_LARGE)
            if self._limit.left() <= 0:
                raise httpx.ReadTimeout(_TOO_LONG)
        return b"".join(parts)


def without_frames(error: BaseException) -> BaseException:
    """Return what stopped a call without the frames of httpx.

    They hold what was sent and what came, the key and signed links included, and a traceback that prints variables
    would print them.
    """
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error


_TOO_LARGE = f"the answer is larger than {MAX_ANSWER // 2**20} MB"
_TOO_LONG = "the answer did not come to its end in time"


def _unpacked(content: bytes, coding: str) -> bytes:
    """Return a body without its content coding, which was not asked for; a proxy may have put it on all the same."""
    if coding.strip().lower() in ("", "identity"):
        return content
    if coding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise httpx.DecodingError(f"the answer is packed in a way that was not asked for ({coding[:40]})")
    try:
        unpacked = zlib.decompressobj(wbits=47).decompress(content, MAX_ANSWER + 1)
    except zlib.error as error:
        raise httpx.DecodingError(f"the packed answer is damaged: {error}") from None
    if len(unpacked) > MAX_ANSWER:
        raise httpx.DecodingError(_TOO_LARGE)
    return unpacked


class _Limit:
    """When the answer that a thread waits for must have ended."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._of_thread = threading.local()

    def begin(self, seconds: float | None) -> None:
        self._of_thread.seconds, self._of_thread.until = seconds, None

    def rewind(self) -> None:
        self._of_thread.until = None

    def left(self) -> float:
        """Return how many seconds are left; the first question starts the time."""
        now, mine = self._monotonic(), self._of_thread
        if getattr(mine, "seconds", None) is None:
            return float("inf")
        if mine.until is None:
            mine.until = now + mine.seconds
        return float(mine.until - now)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend, limit: _Limit) -> None:
        self._inner, self._limit = inner, limit

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(host, port, timeout, local_address, socket_options), self._limit)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(path, timeout, socket_options), self._limit)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, limit: _Limit) -> None:
        self._inner, self._limit = inner, limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._limit.left()
        if left <= 0:
            raise httpcore.ReadTimeout(_TOO_LONG)
        return self._inner.read(max_bytes, left if timeout is None else min(timeout, left))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._limit.rewind()  # a proxy's own answer has come before
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._limit)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
