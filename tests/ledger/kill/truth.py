"""A service with bad weather that knows what it drew for whom, for kills and storms.

Every picture it gives tells by its colors which prompt it was drawn for and which picture it is. So an image on disk
can be held against what the service knows, whatever the run that holds it says.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from ledger.kill.lives import Scaled
from mocking import body, urls
from pictures import chunk, encoded
from PIL import Image

from wannb import png
from wannb.client import Client
from wannb.errors import UnknownOutcome, WannbError
from wannb.mock import App, MockServer, Request, Response
from wannb.mock.exchange import CREATE_PATH, json_response
from wannb.mock.server.tasks import CHINA
from wannb.runs.store import Store

SIDE = 768
_PAGE = b"<!DOCTYPE html><html><body><h1>Bad weather</h1></body></html>"


def page(status: int) -> Response:
    """Return an answer of something on the way that is not the service."""
    return Response(status=status, headers={"content-type": "text/html"}, body=_PAGE)


#: What goes wrong: a name, whether the service hears of the request, and what becomes of its answer.
REFUSED = json_response(429, {"request_id": "r", "code": "Throttling.RateQuota", "message": "too fast"})
FAULTS: tuple[tuple[str, bool, Callable[[Response], Response]], ...] = (
    ("lost before", False, lambda answer: Response(drop=True)),
    ("lost after", True, lambda answer: Response(drop=True)),
    ("cut", True, lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2])),
    ("page 502 before", False, lambda answer: page(502)),
    ("page 502 after", True, lambda answer: page(502)),
    ("page 503", False, lambda answer: page(503)),
    ("page 429", False, lambda answer: page(429)),
    ("429", False, lambda answer: REFUSED),
)


@dataclass(frozen=True, kw_only=True)
class Weather:
    """How unkind the service is.

    Attributes:
        faults: the share of answers that do not come as they should (`FAULTS`).
        empty: the share of the list's pages that come empty though `total` is above 0.
        lag: seconds after which a task stands in the list; each after a time of its own up to that if it is `uneven`.
        young: the most seconds for which the service does not know a new task.
        instead: what answers a request in place of all that; None leaves it to the rest.
        seed: of chance.
    """

    faults: float = 0.0
    empty: float = 0.0
    lag: float = 0.0
    uneven: bool = False
    young: float = 0.0
    instead: Callable[[str, Request], Callable[[Response], Response] | Response | None] = lambda kind, request: None
    seed: int = 1


@dataclass(frozen=True)
class Drawn:
    """What a picture was drawn for; `task_id` is empty for a synchronous call."""

    prompt: str
    task_id: str


class Service:
    """The mock in bad weather, and the truth about it.

    Args:
        app: the mock.
        weather: what stands between; `app.sleep` and `app.now` are its clock.
        slow: seconds that a create and a picture take.
    """

    def __init__(self, app: App, weather: Weather | None = None, *, slow: tuple[float, float] = (0.0, 0.0)) -> None:
        self.app, self.weather, self._slow = app, weather or Weather(), slow
        self.drawn: dict[str, Drawn] = {}
        self.given: Counter[str] = Counter()
        self._by_colors: dict[bytes, Drawn] = {}
        self._chance, self._lock = random.Random(self.weather.seed), threading.Lock()

    # What the service does

    def handle(self, request: Request) -> Response:
        kind, subject = request.route
        instead = self.weather.instead(kind, request)
        if isinstance(instead, Response):
            return instead
        name, heard, spoil = self._fault()
        answer = self._true(kind, subject, request) if heard or instead else Response()
        self.given[name] += 1
        return instead(answer) if instead else spoil(answer)

    def _fault(self) -> tuple[str, bool, Callable[[Response], Response]]:
        with self._lock:
            if self._chance.random() < self.weather.faults:
                return self._chance.choice(FAULTS)
        return "", True, lambda answer: answer

    def _true(self, kind: str, subject: str, request: Request) -> Response:
        if kind == "download" and int(request.query["Expires"]) > self.app.now():
            time.sleep(self._slow[1])
            return Response(headers={"content-type": "image/png"}, body=picture(subject, self.drawn[subject].prompt))
        if kind == "query" and self._is_new(subject, self.weather.young):
            return json_response(200, {"request_id": "r", "output": {"task_id": subject, "task_status": "UNKNOWN"}})
        if kind == "list" and "end_time" in request.query:
            return self._listed(request)
        answer = self.app.handle(request)
        if kind in ("create", "sync") and answer.status == 200:
            self._note(request, answer, kind)
            time.sleep(self._slow[0])
        return answer

    def _note(self, request: Request, answer: Response, kind: str) -> None:
        """Write down what was drawn for whom."""
        prompt = next(part["text"] for part in request.json["input"]["messages"][0]["content"] if "text" in part)
        task_id, output = "", answer.json()
        if kind == "create":
            task_id = output["output"]["task_id"]
            task = self.app.tasks.find(task_id)
            assert task is not None
            output = {"output": task.output}
        for url in urls(output):
            path = urlsplit(url).path
            self.drawn[path] = self._by_colors[colors(path, prompt)] = Drawn(prompt, task_id)

    def _is_new(self, task_id: str, seconds: float) -> bool:
        """Return whether a task was made within a time of its own, that many seconds at most."""
        task = self.app.tasks.find(task_id)
        share = zlib.crc32(task_id.encode()) / 2**32
        return task is not None and self.app.now() - task.submitted < seconds * share

    def _listed(self, request: Request) -> Response:
        """Answer with a page of a list that does not know the latest tasks yet, or with none of its rows."""
        query = dict(request.query)
        latest = f"{datetime.fromtimestamp(self.app.now() - self.weather.lag, CHINA):%Y%m%d%H%M%S}"
        if self.weather.lag and not self.weather.uneven:
            query["end_time"] = min(query["end_time"], latest)
        if query["end_time"] < query.get("start_time", ""):
            return json_response(200, {"request_id": "r", "total": 0, "total_page": 0, "page_no": 1, "data": []})
        answer = self.app.handle(replace(request, query=query))
        if answer.status != 200:
            return answer
        listed = answer.json()
        if self.weather.uneven:
            rows = [row for row in listed["data"] if not self._is_new(row["task_id"], self.weather.lag)]
            listed |= {"data": rows, "total": listed["total"] - len(listed["data"]) + len(rows)}
        with self._lock:
            hidden = self._chance.random() < self.weather.empty
        return json_response(200, {**listed, "data": []} if hidden else listed)

    def stranger(self, prompt: str, model: str = "wan2.7-image-pro") -> str:
        """Let somebody else on the account make a picture; return the task's id."""
        headers = {"authorization": "Bearer sk-mock", "content-type": "application/json", "x-dashscope-async": "enable"}
        asked = json.dumps(body(prompt, model=model)).encode()
        answer = self._true("create", "", Request.make("POST", CREATE_PATH, {**headers, "host": "-"}, asked))
        task_id: str = answer.json()["output"]["task_id"]
        return task_id

    # The truth

    def billed(self) -> Counter[str]:
        """Return how many images were billed, by prompt."""
        found: Counter[str] = Counter()
        for each in self.drawn.copy().values():
            task = self.app.tasks.find(each.task_id) if each.task_id else None
            found[each.prompt] += task is None or task.status(self.app.now()) == "SUCCEEDED"
        return found

    def drew(self, data: bytes) -> Drawn | None:
        """Return what a picture of this service was drawn for."""
        return self._by_colors.get(next((content for kind, content in png.chunks(data) if kind == b"PLTE"), b""))

    def on_disk(self, folder: Path) -> tuple[Counter[str], list[str]]:
        """Return how many images a folder has by prompt, and what is wrong with each that has another's picture.

        A task that was looked at by its id alone has no prompt, and nothing is said of it.
        """
        right: Counter[str] = Counter()
        wrong: list[str] = []
        for run in Store(folder).newest():
            for image in run.images:
                data = image.read_bytes()
                drawn, told = self.drew(data), json.loads(png.read_text(data, "wannb") or "{}")
                asked = [(each or {}).get("prompt") for each in (run.record.request, told.get("request"))]
                ids = run.task_id or "", told.get("task_id") or ""
                if asked == [None, None]:
                    continue
                if drawn and asked == [drawn.prompt] * 2 and ids == (drawn.task_id,) * 2:
                    right[drawn.prompt] += 1
                else:
                    wrong.append(f"{run.id}: {asked} of {ids} has {drawn}, {'; '.join(run.record.notices)}")
        return right, wrong


def colors(path: str, prompt: str) -> bytes:
    """Return the palette of a picture: 16 colors that stand for its prompt and for itself."""
    return hashlib.sha256(prompt.encode()).digest()[:24] + hashlib.sha256(path.encode()).digest()[:24]


def picture(path: str, prompt: str) -> bytes:
    """Return a picture of two colors, the left one made from the prompt and the right one from its path."""
    before, after = _blank()
    return before + chunk(b"PLTE", colors(path, prompt)) + after


def shows(picture: bytes, prompt: str) -> bool:
    """Return whether a picture, which may be a small copy, is one that was drawn for a prompt, as a person sees it."""
    with Image.open(io.BytesIO(picture)) as image:
        seen = image.convert("RGB").getpixel((image.width // 4, image.height // 2))
    return all(abs(a - b) < 10 for a, b in zip(seen, colors("", prompt)[:3], strict=True))


@cache
def _blank() -> tuple[bytes, bytes]:
    """Return what is before and after the palette of every picture."""
    row = b"\0" + bytes(SIDE // 4) + b"\x88" * (SIDE // 4)  # two pixels of four bits a byte: color 0, then color 8
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 4, 3, 0, 0, 0))
    return encoded()[:8] + head, chunk(b"IDAT", zlib.compress(row * SIDE)) + chunk(b"IEND", b"")


def choose(client: Client, run_id: str, problem: WannbError) -> bool:
    """Do what a person does with a run in doubt: look at the pictures that it may have become, and take the right one.

    Where none is, ask anew, once. Return whether one was taken.
    """
    if not isinstance(problem, UnknownOutcome) or not problem.candidates:
        return False
    request = client.store.get(run_id).request
    assert request is not None
    with suppress(WannbError):
        for each in client.candidates(run_id):
            if any(shows(picture, request.prompt) for picture in each.pictures):
                client.task(each.task_id, run=run_id).result(600)
                return True
        if client.known(request) is None:
            client.run(request, fresh=True)
    return False


@contextmanager
def serving(
    weather: Weather | None = None,
    *,
    clock: Scaled | None = None,
    task_seconds: float = 1.0,
    limits: bool = False,
    slow: tuple[float, float] = (0.0, 0.0),
    seed: int = 1,
) -> Iterator[tuple[MockServer, Service]]:
    clock = clock or Scaled()
    app = App(task_seconds=task_seconds, limits=limits, rng=random.Random(seed), clock=clock.now, sleep=clock.sleep)
    service = Service(app, weather, slow=slow)
    with MockServer(app, handles=service) as server:
        yield server, service
