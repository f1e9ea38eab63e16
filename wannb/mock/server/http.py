"""HTTP server on this machine: the standard library's threading server around the app."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any, Protocol
from urllib.parse import urlsplit

from wannb.mock.exchange import API, Refused, Request, Response, wrong
from wannb.mock.recordings.library import load_all

from .app import App
from .scenarios import Playing

HOST = "127.0.0.1"  # nothing but this machine, ever
_MMAP_THRESHOLD = -3  # of malloc.h
BODY_MAX = 320 * 1024 * 1024  # nine images of 20 MB as base64, and some more


def give_memory_back() -> None:
    """Let a command that serves for hours hand the memory of each picture back to the system, where that is glibc.

    Otherwise each thread that ever drew or read a picture keeps what was freed of it: hundreds of megabytes in a class.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # of another C library
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 1024**2)


class Handles(Protocol):
    """What the server needs of an app."""

    def handle(self, request: Request) -> Response: ...


class PortTaken(OSError):
    """Another process listens on the port that was asked for."""


class MockServer:
    """A mock server in a daemon thread. Use it as a context manager, or call `close()`.

    Attributes:
        base_url: the address for a client, ending in /api/v1; `url` is without it.
        log: the exchanges so far.
        scenario: plays a scenario within a `with` block: `with server.scenario("429 then ok"): ...`.
        weather: lets random faults happen within a `with` block, see `Weather`.
        advance: moves the service's clock on, by `hours`, `minutes` and `seconds`.
        handles: what answers: the app, or what stands before it.
    """

    def __init__(self, app: App, *, port: int = 0, handles: Handles | None = None, scenario: str | None = None) -> None:
        if scenario is not None:
            app.faults.on.append(Playing(scenario))
        self.app = app
        self.handles = handles or app
        try:
            self._server = _Server((HOST, port), self.handles, app.sleep)
        except OSError as trouble:
            if trouble.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            reason = os.strerror(trouble.errno)
            message = f"Port {port} on {HOST} is not available ({reason}). Choose another, or 0 for any free one."
            raise PortTaken(trouble.errno, message) from trouble
        self.port = int(self._server.server_address[1])
        self.url = f"http://{HOST}:{self.port}"
        self.base_url = self.url + API
        self.log = app.log
        self.scenario, self.weather, self.advance = app.scenario, app.weather, app.advance
        self._process = os.getpid()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="wannb mock server", daemon=True
        )
        self._thread.start()

    @property
    def billed(self) -> int:
        """The images that would have been paid for."""
        return self.app.billed

    def close(self) -> None:
        """Stop serving and hang up on everyone. Calling it again, or in a forked child, does nothing."""
        if os.getpid() != self._process:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join(timeout=5)

    def __enter__(self) -> MockServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        # Without the port: a notebook's stored output must be the same the next time.
        pictures = "drawn pictures" if self.app.replay is None else f"replay of {len(self.app.replay)} recordings"
        return f"<wannb mock server on this machine: {pictures}, nothing is billed>"


def serve(
    port: int = 0,
    *,
    scenario: str | None = None,
    replay: str | Path | Sequence[str | Path] | None = None,
    strict: bool = False,
    task_seconds: float = 0.6,
    keys: Collection[str] | None = None,
    limits: bool = False,
    captions: bool = True,
    seed: int | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> MockServer:
    """Start a mock server on this machine in a thread.

    Args:
        port: 0 for any free one.
        scenario: the name of a scenario that is played all the time.
        replay: folders of recordings or of runs, or "bundled" for the recordings of the package.
        strict: refuse a request that has no recording.
        task_seconds: how long a task takes.
        keys: the API keys that are accepted; None for any.
        limits: hold clients to the service's limits.
        captions: write the prompt into the MOCK label of drawn pictures; without it judging is blind.
        seed: makes the mock's own chance (ids, seeds that were not sent) repeatable.
        clock: returns epoch seconds.
        sleep: waits.

    Raises:
        PortTaken: the port is in use.
        ValueError: no such scenario, a damaged recording, or `strict` without recordings.
        FileNotFoundError: no such folder of recordings.

    >>> with wannb.mock.serve() as server:  # doctest: +SKIP
    ...     client = wannb.connect(base_url=server.base_url, api_key="sk-mock")
    """
    app = App(
        task_seconds=task_seconds,
        keys=keys,
        limits=limits,
        replay=None if replay is None else load_all(replay),
        strict=strict,
        captions=captions,
        clock=clock,
        sleep=sleep,
        rng=random.Random(seed),
    )
    return MockServer(app, port=port, scenario=scenario)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128
    # On Windows the option would let two servers share a port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, address: tuple[str, int], app: Handles, sleep: Callable[[float], None]) -> None:
        self.app = app
        self.sleep = sleep
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that are kept alive: their threads would go on answering."""
        for one in self._open.copy():
            with contextlib.suppress(OSError):  # it is gone already
                one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client may go away; anything else is a defect and keeps its traceback.
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def _is_here(address: str) -> bool:
    try:
        name = (urlsplit(address).hostname or "").rstrip(".")
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Headers and body in one write and no Nagle: otherwise 23 answers a second instead of 800.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except Refused as refused:
            self._send(refused.response(request_id=""))
            self.close_connection = True  # the start of the next request is unknown
            return
        if self.command != "CONNECT" and (stranger := self._stranger()):
            self._send(stranger.response(request_id=""))
            return
        request = Request.make(self.command, self.path, dict(self.headers.items()), body)
        self._send(self.server.app.handle(request))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_CONNECT = _serve

    def _stranger(self) -> Refused | None:
        """Return the refusal of a page of another site, or of a name that was made to lead here (DNS rebinding)."""
        for header in ("Host", "Origin"):
            for value in self.headers.get_all(header, ()):
                if not _is_here(value if header == "Origin" else f"http://{value}"):
                    port = self.server.server_address[1]
                    return Refused(
                        "AccessDenied",
                        f"{header}: {value[:80]!r} is not this machine. The mock server answers programs and pages of "
                        f"this machine alone; use http://{HOST}:{port}.",
                    )
        return None

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._read_chunks()
        try:
            length = int(self.headers.get("content-length") or 0)
        except ValueError:
            length = -1
        if length < 0:
            raise wrong("Content-Length", "must be a whole number")
        if length > BODY_MAX:
            raise Refused("BadRequest.TooLarge", "Payload Too Large.")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the client went away")
        return body

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while True:
            try:
                length = int(self.rfile.readline(1024).partition(b";")[0], 16)
            except ValueError:
                raise Refused("InvalidParameter", "The chunked body is not well-formed.") from None
            if not 0 <= length <= BODY_MAX - len(body):
                raise Refused("BadRequest.TooLarge", "Payload Too Large.")
            if length == 0:
                break
            body += self.rfile.read(length)
            self.rfile.readline(1024)
        while self.rfile.readline(65536).strip():
            pass  # trailers
        return bytes(body)

    def _send(self, response: Response) -> None:
        if response.delay:
            self.server.sleep(response.delay)
        if response.drop:
            self.close_connection = True
            return
        self.send_response_only(response.status)
        for name, value in {**response.headers, "content-length": str(len(response.body))}.items():
            self.send_header(name, value)
        if response.cut is not None:
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body if response.cut is None else response.body[: response.cut])
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        pass  # the app has its own log, without secrets
