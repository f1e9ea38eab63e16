"""A second mock server in place of the live service, whose answers can be changed on their way."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mocking import KEY
from PIL import Image

from wannb import mock
from wannb.mock.drawing import Drawing
from wannb.mock.exchange import Request, Response
from wannb.mock.server.http import MockServer


class Altered:
    """A mock server's app whose answers are changed on their way."""

    def __init__(self, app: mock.App, change: Callable[[Request, Response], Response]) -> None:
        self.app = app
        self.change = change

    def handle(self, request: Request) -> Response:
        return self.change(request, self.app.handle(request))


def altered(change: Callable[[Request, Response], Response], **options: Any) -> MockServer:
    """Serve a stand-in for the live service whose answers are changed."""
    app = mock.App(task_seconds=0, keys={KEY}, **options)
    return MockServer(app, handles=Altered(app, change))


def of_json(change: Callable[[Request, Any], None]) -> Callable[[Request, Response], Response]:
    """Change the JSON of each answer in place."""

    def changed(request: Request, response: Response) -> Response:
        if "json" not in response.headers.get("content-type", ""):
            return response
        answer = response.json()
        change(request, answer)
        return replace(response, body=json.dumps(answer).encode())

    return changed


def quick_picture(drawing: Drawing) -> bytes:
    """Draw one colour in place of a scene, made from what is asked: these tests are not about pictures."""
    colour = hashlib.sha256(repr((drawing.prompt, drawing.seed, drawing.index)).encode()).digest()
    out = io.BytesIO()
    Image.new("RGB", drawing.size, (colour[0], colour[1], colour[2])).save(out, "PNG", compress_level=1)
    return out.getvalue()
