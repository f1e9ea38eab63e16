"""The mock service on loopback: a threading HTTP server from the standard library around the app."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import Any, Protocol

from wannb.mock.recordings.library import shelf

from .app import API, App
from .exchange import Request, Response, json_response
from .faults import Scope, Weather, find
from .log import Log

HOST = "127.0.0.1"  # nothing but this machine, ever
BODY_MAX = 320 * 1024 * 1024  # nine images of 20 MB as base64, and some air


class Handles(Protocol):
    """What the server needs of an app."""

    def handle(self, request: Request) -> Response: ...


class PortTaken(OSError):
    """Another process listens on the port that was asked for."""


class MockServer:
    """A mock server in a daemon thread. Use it as a context manager, or call `close()`.

    `base_url` is what a client is given (it ends in /api/v1), `log` what was asked, `billed` how many images
    would have been paid for. `scenario`, `weather` and `advance` make things happen. `handles` is what answers: the
    app, or what stands before it.
    """

    def __init__(self, app: App, *, port: int = 0, handles: Handles | None = None, scenario: str | None = None) -> None:
        if scenario is not None:
            app.faults.begin(Scope(find(scenario).name))
        self.app = app
        self.handles = handles or app
        try:
            self._server = _Server((HOST, port), self.handles, app.sleep)
        except OSError as trouble:
            if trouble.errno in (errno.EADDRINUSE, errno.EACCES):
                raise PortTaken(
                    trouble.errno,
                    f"Port {port} on {HOST} cannot be had ({os.strerror(trouble.errno)}). Choose another, or 0 "
                    "for any that is free.",
                ) from trouble
            raise
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="wannb mock server", daemon=True
        )
        self._thread.start()
        self._closed = False

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def base_url(self) -> str:
        return self.url + API

    @property
    def log(self) -> Log:
        return self.app.log

    @property
    def billed(self) -> int:
        return self.app.billed

    def scenario(self, name: str) -> AbstractContextManager[Scope]:
        """Play a named scenario within a `with` block: `with server.scenario("429 then ok"): ...`."""
        return self.app.scenario(name)

    def weather(self, **rates: Any) -> AbstractContextManager[Weather]:
        """Let random faults happen within a `with` block, see `wannb.mock.faults.Weather`."""
        return self.app.weather(**rates)

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the service's clock on."""
        self.app.advance(hours=hours, minutes=minutes, seconds=seconds)

    def close(self) -> None:
        """Stop serving and hang up on everyone. Calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join(timeout=5)

    def __enter__(self) -> MockServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
    """Start a mock server on loopback in a thread.

    `port` 0 takes any free one. `replay` names folders of recordings or of runs, or "bundled" for those of the package;
    with `strict` a request that has no recording is refused. `task_seconds` is how long a task takes, `keys`
    which keys are accepted (any, if None), `limits` holds clients to the service's limits. With
    `captions=False` the MOCK label of a drawn picture leaves the prompt out, so that judging is blind. `seed` makes the
    mock's own chance (ids, seeds that were not sent) repeatable.

        with wannb.mock.serve() as server:
            client = wannb.connect(base_url=server.base_url, api_key="sk-mock")
    """
    app = App(
        task_seconds=task_seconds,
        keys=keys,
        limits=limits,
        replay=None if replay is None else shelf(replay),
        strict=strict,
        captions=captions,
        clock=clock,
        sleep=sleep,
        rng=random.Random(seed),
    )
    return MockServer(app, port=port, scenario=scenario)


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    request_queue_size = 128
    # On Windows the option would let two servers share a port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, address: tuple[str, int], app: Handles, sleep: Callable[[float], None]) -> None:
        self.app = app
        self.sleep = sleep
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own looks up the machine's full name, which can ask a name server.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(self.allow_reuse_address))
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that are kept alive: their threads would go on answering."""
        with self._open_lock:
            left = list(self._open)
        for one in left:
            with contextlib.suppress(OSError):  # it is gone already
                one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away is no news; anything else is a defect and keeps its traceback.
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Headers and body in one write and no Nagle: otherwise 23 answers a second instead of 800.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self._read_body()
        if body is None:
            return
        request = Request.make(self.command, self.path, dict(self.headers.items()), body)
        self._send(self.server.app.handle(request))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def _read_body(self) -> bytes | None:
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._read_chunks()
        try:
            length = int(self.headers.get("content-length") or 0)
        except ValueError:
            length = -1
        if length < 0:
            return self._bad(400, "InvalidParameter", "Content-Length: must be a whole number.")
        if length > BODY_MAX:
            return self._bad(400, "BadRequest.TooLarge", "Payload Too Large.")
        body = self.rfile.read(length)
        return body if len(body) == length else self._gone()

    def _read_chunks(self) -> bytes | None:
        pieces: list[bytes] = []
        total = 0
        while True:
            head = self.rfile.readline(1024).split(b";")[0].strip()
            try:
                length = int(head, 16)
            except ValueError:
                return self._bad(400, "InvalidParameter", "The chunked body is not well-formed.")
            total += length
            if length < 0 or total > BODY_MAX:
                return self._bad(400, "BadRequest.TooLarge", "Payload Too Large.")
            if length == 0:
                break
            pieces.append(self.rfile.read(length))
            self.rfile.readline(1024)
        while self.rfile.readline(65536).strip():
            pass  # trailers
        return b"".join(pieces)

    def _gone(self) -> bytes | None:
        self.close_connection = True
        return None

    def _bad(self, status: int, code: str, message: str) -> bytes | None:
        """Answer a body that cannot be read, and hang up: where the next request begins is not known."""
        self._send(json_response(status, {"request_id": "", "code": code, "message": message}))
        return self._gone()

    def _send(self, response: Response) -> None:
        if response.delay:
            self.server.sleep(response.delay)
        if response.drop:
            self.close_connection = True
            return
        self.send_response_only(response.status)
        headers: Mapping[str, str] = response.headers
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(response.body)))
        if response.cut is not None:
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body if response.cut is None else response.body[: response.cut])
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        pass  # the app has its own log, without secrets
