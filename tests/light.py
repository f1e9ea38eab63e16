"""Small pictures of one colour instead of the mock's own, which take longer to draw than all that is tested here."""

from __future__ import annotations

import functools
import hashlib
import io
import random
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PIL import Image

from wannb.mock import App, MockServer, Request, Response

#: Hundreds of clients are made where this is used, and none of them speaks to anything that has a certificate.
certificates_read_once = functools.cache(ssl.create_default_context)


def plain_picture(name: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 240), tuple(hashlib.sha256(name.encode()).digest()[:3])).save(buffer, "PNG")
    return buffer.getvalue()


def handled(app: App, request: Request) -> Response:
    """Answer as the app does, links that have expired as well, but with a light picture."""
    if request.method == "GET" and request.path.endswith(".png") and int(request.query["Expires"]) > app.now():
        return Response(headers={"content-type": "image/png"}, body=plain_picture(request.path))
    return app.handle(request)


class Between:
    """An app with something that happens at a step of the protocol."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.after: dict[str, Callable[[], object]] = {}

    def handle(self, request: Request) -> Response:
        step = "download" if request.path.endswith(".png") else "query"
        step = "create" if request.path.endswith("/generation") else step
        step = "list" if request.path.endswith("/tasks/") else step
        answer = handled(self.app, request)
        self.after.pop(step, lambda: None)()
        return answer


@contextmanager
def light_server() -> Iterator[tuple[MockServer, Between]]:
    app = App(task_seconds=0.0, rng=random.Random(1))
    steps = Between(app)
    with MockServer(app, handles=steps) as server:
        yield server, steps
