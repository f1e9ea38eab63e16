"""A server on loopback that speaks to the mock service, and then answers with whatever bytes a test wants."""

from __future__ import annotations

import contextlib
import random
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from wannb.mock import App, Request, Response

#: Gets a request and the mock's true answer; gives the bytes to send, or None for that answer.
Script = Callable[[Request, Response], "Iterable[bytes] | None"]


class Hostile:
    """A server whose every answer goes through a script; a connection is closed after each."""

    def __init__(self, script: Script, *, picture: bytes | None = None) -> None:
        self.script = script
        #: What every image is, where drawing one would only take time.
        self.picture = picture
        self.app = App(task_seconds=0.0, rng=random.Random(1))
        #: What each request's head was, as it came.
        self.heads: list[bytes] = []
        hostile = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                head = b""
                while line := self.rfile.readline(65536):
                    head += line
                    if line == b"\r\n":
                        break
                else:
                    return
                hostile.heads.append(head)
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                method, target, _ = first.split(" ")
                request = Request.make(method, target, headers, body)
                if hostile.picture and is_image(request):
                    answer = Response(body=hostile.picture)
                else:
                    answer = hostile.app.handle(request)
                sent = hostile.script(request, answer)
                with contextlib.suppress(OSError):  # the client has had enough
                    for part in plain(answer) if sent is None else sent:
                        self.wfile.write(part)
                    self.request.shutdown(socket.SHUT_WR)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.base_url = f"{self.url}/api/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Hostile:
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


#: Without it a client may send its next request on the connection that is just closing, where nobody hears it.
CLOSES = "connection: close\r\n"


def plain(answer: Response) -> Iterator[bytes]:
    """Yield an answer as HTTP."""
    if answer.drop:
        return
    headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    yield f"HTTP/1.1 {answer.status} Said\r\n{headers}{CLOSES}content-length: {len(answer.body)}\r\n\r\n".encode(
        "latin-1"
    )
    yield answer.body[: answer.cut]


def ok(body: bytes, *headers: str) -> list[bytes]:
    """Return a 200 with a body."""
    lines = "".join(f"{line}\r\n" for line in headers)
    return [f"HTTP/1.1 200 OK\r\n{lines}{CLOSES}content-length: {len(body)}\r\n\r\n".encode("latin-1"), body]


def is_create(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/generation")


def is_query(request: Request) -> bool:
    return request.method == "GET" and "/tasks/" in request.path and not request.path.endswith("/tasks/")


def is_image(request: Request) -> bool:
    return request.path.endswith(".png")
