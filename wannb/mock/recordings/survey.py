"""Where the live service's answers differ in shape from the bundled recordings and from the mock's own answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from wannb.mock.server import log
from wannb.mock.server.app import CREATE_PATH, SYNC_PATH, App, route
from wannb.mock.server.exchange import Request, Response

from . import format as recordings
from .scrub import WORDS, Scrubber
from .shapes import Shape, differences

HEAD = (
    "Shapes of the answers of the service, beside the bundled recordings and the mock server's own answers.\n"
    "Names of fields, types and known words stand here, no values.\n"
)
NO_TASK = "00000000-0000-0000-0000-000000000000"


class Shapes:
    """The shapes of answers by kind, such as "create" or "query SUCCEEDED, one image". Threads may share it."""

    def __init__(self) -> None:
        self.by_kind: dict[str, Shape] = {}
        self._sequential: dict[str, bool] = {}  # task id -> whether it makes a set
        self._lock = threading.Lock()

    def saw(self, request: Request, response: Response) -> str:
        """Take an exchange into account and return the kind of its answer, "" for what is no answer of the API."""
        asked, subject = route(request)
        if asked in ("upload", "download", "health") or request.path.startswith("/recorded/"):
            return ""
        answer = log.body_json(response.body)
        sequential = _is_set(log.body_json(request.body)) if asked in ("create", "sync") else None
        with self._lock:
            kind = kind_of(asked, response.status, answer, bool(self._sequential.get(subject, sequential)))
            output = answer.get("output") if isinstance(answer, dict) else None
            task_id = output.get("task_id") if isinstance(output, dict) else None
            if asked == "create" and isinstance(task_id, str):
                self._sequential[task_id] = bool(sequential)
            self.by_kind.setdefault(kind, Shape()).learn(answer)
        return kind


class Survey(Shapes):
    """Shapes of a service that is compared with what is known, and what it answered otherwise than expected."""

    def __init__(self, scrubber: Scrubber) -> None:
        super().__init__()
        self._scrubber = scrubber
        self._unexpected: list[str] = []
        self._last = ""

    def saw(self, request: Request, response: Response) -> str:
        self._last = super().saw(request, response)
        return self._last

    def expect(self, title: str, kind: str) -> bool:
        """Say of the last answer of which kind it was expected to be; another one is a difference."""
        if self._last != kind:
            self._unexpected.append(f"{title}: answered with {self._last!r}, known is {kind!r}")
        return self._last == kind

    def lines(self) -> list[str]:
        """Return a line for each difference, each with its kind of answer; none if nothing differs."""
        found = list(self._unexpected)
        references = {"bundled": bundled(), "mock": drawn()}
        for kind, shape in self.by_kind.items():
            known = {name: shapes[kind] for name, shapes in references.items() if kind in shapes}
            if known:
                found += [f"{kind}: {line}" for line in differences(shape, known, self._scrubber.name)]
            else:
                found.append(f"{kind}: only live: neither the bundled recordings nor the mock have such an answer")
        # Fields whose names are not shown would stand there many times.
        return list(dict.fromkeys(found))

    def report(self) -> str:
        """Return the comparison as text."""
        found = self.lines()
        seen = ", ".join(f"{kind} ({shape.seen})" for kind, shape in self.by_kind.items()) or "none"
        count = "1 difference" if len(found) == 1 else f"{len(found)} differences"
        lines = [HEAD, f"Answers seen: {seen}.", "", *(found or ["Nothing differs."])]
        return "\n".join([*lines, *(["", f"{count}."] if found else [])]) + "\n"


def kind_of(asked: str, status: int, answer: Any, sequential: bool) -> str:
    """Name the kind of an answer: only answers of one kind have one shape."""
    if not isinstance(answer, dict):
        return f"{asked} without JSON"
    if status != 200:
        return "refusal"
    output = answer.get("output")
    if asked == "query":
        said = str(output.get("task_status")) if isinstance(output, dict) else ""
        asked = f"query {said}" if said in WORDS["task_status"] else "query of another status"
        if said != "SUCCEEDED":
            return asked
    elif asked != "sync":
        return asked
    images = sum("image" in item for item in recordings.items_of(answer))
    return f"{asked}, {'one image' if images < 2 else 'image set' if sequential else 'several images'}"


@lru_cache(maxsize=1)
def bundled() -> Mapping[str, Shape]:
    """Return the shapes of the bundled recordings."""
    shapes = Shapes()
    for one in recordings.load("bundled"):
        headers = dict(one.request["headers"])
        body = json.dumps(one.request["json"]).encode()
        request = Request.make(one.request["method"], one.request["path"], headers, body)
        shapes.saw(request, _response(one.response["status"], one.response.get("json")))
        if one.task is not None:
            task_id = ((one.response.get("json") or {}).get("output") or {}).get("task_id")
            shapes.saw(Request.make("GET", f"/api/v1/tasks/{task_id}"), _response(200, one.task))
    return shapes.by_kind


@lru_cache(maxsize=1)
def drawn() -> Mapping[str, Shape]:
    """Return the shapes of the mock's own answers. Nothing is drawn for it: pictures are made when they are fetched."""
    clock = [0.0]
    app = App(task_seconds=6.0, clock=lambda: 1e9 + clock[0], sleep=lambda seconds: None)
    shapes = Shapes()

    def call(method: str, target: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = b"" if body is None else json.dumps(body).encode()
        kind = {"content-type": "application/json"} if sent else {}
        request = Request.make(method, target, {"authorization": "Bearer mock", **kind, **named}, sent)
        response = app.handle(request)
        shapes.saw(request, response)
        return response.json()

    def create(**parameters: Any) -> str:
        answer = call("POST", CREATE_PATH, _body(**parameters), x_dashscope_async="enable")
        return str(answer["output"]["task_id"])

    for parameters in ({"n": 1}, {"n": 2}, {"n": 2, "enable_sequential": True}):
        task_id = create(**parameters)
        for seconds in (0.0, 1.0, 9.0):
            clock[0] += seconds
            call("GET", f"/api/v1/tasks/{task_id}")
        call("POST", SYNC_PATH, _body(**parameters))
    for name in ("failed task", "refused content"):
        with app.scenario(name):
            task_id = create(n=1)
        clock[0] += 9
        call("GET", f"/api/v1/tasks/{task_id}")
    call("POST", f"/api/v1/tasks/{task_id}/cancel")
    task_id = create(n=1)
    call("POST", f"/api/v1/tasks/{task_id}/cancel")
    call("GET", f"/api/v1/tasks/{task_id}")
    call("GET", f"/api/v1/tasks/{NO_TASK}")
    create(n=1)
    call("GET", "/api/v1/tasks/?page_size=50")
    call("GET", "/api/v1/uploads?action=getPolicy&model=wan2.7-image")
    return shapes.by_kind


def _body(**parameters: Any) -> dict[str, Any]:
    return {
        "model": "wan2.7-image",
        "input": {"messages": [{"role": "user", "content": [{"text": "a house"}]}]},
        "parameters": {"size": "768*768", **parameters},
    }


def _is_set(body: Any) -> bool:
    parameters = body.get("parameters") if isinstance(body, dict) else None
    return isinstance(parameters, dict) and parameters.get("enable_sequential") is True


def _response(status: int, answer: Any) -> Response:
    return Response(status=status, body=json.dumps(answer).encode())
