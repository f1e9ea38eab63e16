"""The mock server as the measurements need it: tasks last as long as their prompt says, and pictures are ready.

The mock draws a picture when it is first fetched, and what it draws is a twentieth of a photograph's size. Here every
link gives the same noisy picture, as large as the service's own, so that what is measured is the client.
"""

from __future__ import annotations

import io
import json
import re
import threading
import time
from functools import lru_cache

from PIL import Image

from wannb.mock.exchange import API, CREATE_PATH, Request, Response
from wannb.mock.server.app import App
from wannb.mock.server.http import MockServer

_SECONDS = re.compile(r"for (\d+(?:\.\d+)?) s")
_QUERY = re.compile(rf"{API}/tasks/[^/]+")


class Prepared:
    """An app around the mock's own.

    Args:
        app: the mock.
        picture: what every link gives.
        line: bytes a second that reach all clients together; None for as fast as this machine can.
    """

    def __init__(self, app: App, picture: bytes, line: float | None = None) -> None:
        self.app = app
        self._picture = picture
        self._line = line
        self._free_at = 0.0
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        if request.method == "GET" and request.path.endswith(".png"):
            self._transfer()
            return Response(headers={"content-type": "image/png"}, body=self._picture)
        answer = self.app.handle(request)
        if request.path == CREATE_PATH and answer.status == 200:
            self._set_seconds(request, answer)
        return answer

    def _transfer(self) -> None:
        if self._line is None:
            return
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic()) + len(self._picture) / self._line
            wait = self._free_at - time.monotonic()
        time.sleep(wait)

    def _set_seconds(self, request: Request, answer: Response) -> None:
        wanted = _SECONDS.search(request.body.decode())
        task = self.app.tasks.find(json.loads(answer.body)["output"]["task_id"])
        if wanted and task:
            task.running = float(wanted[1])


def serve(picture: bytes, *, line: float | None = None, limits: bool = False) -> MockServer:
    """Start a mock server whose tasks take no time unless their prompt says so, such as "a boat for 12.5 s"."""
    app = App(task_seconds=0, limits=limits)
    return MockServer(app, handles=Prepared(app, picture, line))


def ended(server: MockServer, task_id: str) -> float:
    """Return when a task ended, in seconds since 1970."""
    task = server.app.tasks.find(task_id)
    assert task is not None
    return task.ended


def queries(server: MockServer) -> list[tuple[float, str]]:
    """Return when each query of a task arrived, and of which task."""
    return [
        (entry.arrived, entry.path.rpartition("/")[2])
        for entry in server.log
        if entry.method == "GET" and _QUERY.fullmatch(entry.path)
    ]


@lru_cache
def photograph(side: int) -> bytes:
    """Return a noisy square picture as PNG: 9 MB at 2048 pixels, as the service's pictures are."""
    # Repeated from top to bottom, further apart than the 32 KB that a PNG looks back: no smaller, and sooner made.
    strip = min(side, 512)
    light = Image.linear_gradient("L").resize((side, strip))
    noise = [Image.blend(Image.effect_noise((side, strip), 14), light, 0.5) for _ in range(3)]
    tile = Image.merge("RGB", noise)
    whole = Image.new("RGB", (side, side))
    for top in range(0, side, strip):
        whole.paste(tile, (0, top))
    file = io.BytesIO()
    whole.save(file, "PNG", compress_level=1)
    return file.getvalue()
