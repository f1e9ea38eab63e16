"""Record what passes through a server, scrubbed before anything touches the disk.

Against the drawn mock the recordings say *drawn* where a picture was; against the live service the pictures
are stored beside them by their hash. Keys, signatures and request ids never reach a file.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from wannb.mock import log, recordings
from wannb.mock.app import CREATE_PATH, SYNC_PATH, TASK, App
from wannb.mock.exchange import Request, Response
from wannb.mock.forward import Forwarder
from wannb.mock.recordings import DRAWN
from wannb.mock.server import MockServer
from wannb.mock.tasks import CHINA

TIMES = ("submit_time", "scheduled_time", "end_time")
FINAL = ("SUCCEEDED", "FAILED")
# A refusal for being too fast, or a passing fault, says nothing of the request.
KEPT_STATUS = (200, 400, 403, 404)


class Origin(Protocol):
    """Where the answers come from: the drawn mock, or a server that is asked in turn."""

    source: str

    def handle(self, request: Request) -> Response: ...

    def normalise(self, request: Request, body: Any) -> dict[str, Any]: ...

    def token(self, url: str) -> str:
        """Return what a recording writes in place of a result's URL."""
        ...


class Drawn:
    """The drawn mock as the origin."""

    source = "drawn by the wannb mock server, not the live service"

    def __init__(self, app: App) -> None:
        self._app = app

    def handle(self, request: Request) -> Response:
        return self._app.handle(request)

    def normalise(self, request: Request, body: Any) -> dict[str, Any]:
        return self._app.service.normalise(request, body)

    def token(self, url: str) -> str:
        return DRAWN


class Recorder:
    """Passes requests on, and writes each generation call with its final answer into one file."""

    def __init__(self, folder: Path, origin: Origin) -> None:
        self._folder = folder
        self._origin = origin
        self._lock = threading.Lock()
        self._by_task: dict[str, dict[str, Any]] = {}
        self._seen: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def handle(self, request: Request) -> Response:
        response = self._origin.handle(request)
        path = request.path.rstrip("/")
        if response.drop or response.status not in KEPT_STATUS:
            return response
        if request.method == "POST" and path in (SYNC_PATH, CREATE_PATH):
            self._generation(request, response)
        elif request.method == "GET" and TASK.fullmatch(path):
            self._query(response, request)
        return response

    def _generation(self, request: Request, response: Response) -> None:
        answer = log.body_json(response.body)
        body = log.body_json(request.body)
        if not isinstance(answer, dict) or body is None:
            return
        sent = self._origin.normalise(request, body)
        recording = {
            "source": self._origin.source,
            "date": datetime.now(CHINA).strftime("%Y-%m-%d"),
            "request": sent,
            "response": {"status": response.status, "json": self._answer(answer)},
        }
        with self._lock:
            # The first of equal requests is recorded: the next has another task id.
            name = recordings.digest(sent)
            if name in self._seen:
                return
            self._seen.add(name)
            self._write(recording, request)
            task_id = (answer.get("output") or {}).get("task_id")
            if task_id:
                self._by_task[str(task_id)] = recording

    def _query(self, response: Response, request: Request) -> None:
        answer = log.body_json(response.body)
        output = answer.get("output") if isinstance(answer, dict) else None
        if not isinstance(output, dict) or output.get("task_status") not in FINAL:
            return
        with self._lock:
            recording = self._by_task.get(str(output.get("task_id")))
            if recording is not None and "task" not in recording:
                recording["task"] = self._answer(answer)
                self._write(recording, request)

    def _answer(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return an answer fit for a file: no request id, no times, no URL."""
        kept: dict[str, Any] = json.loads(json.dumps({k: v for k, v in answer.items() if k != "request_id"}))
        output = kept.get("output")
        if isinstance(output, dict):
            for name in TIMES:
                output.pop(name, None)
            for choice in output.get("choices") or []:
                for item in choice["message"]["content"]:
                    if "image" in item:
                        item["image"] = self._origin.token(item["image"])
        return kept

    def _write(self, recording: Mapping[str, Any], request: Request) -> None:
        text = json.dumps(recording, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        text = scrubbed(text, request)
        file = self._file(recording["request"])
        if file.exists() and _same_but_date(file.read_text(encoding="utf-8"), text, "task" in recording):
            return
        part = file.with_suffix(".part")
        part.write_text(text, encoding="utf-8", errors="backslashreplace")
        part.replace(file)

    def _file(self, sent: Mapping[str, Any]) -> Path:
        """Return `NN-<mode>-<short hash>.json`: the file this request had before, or the next number."""
        tail = f"{recordings.mode(sent)}-{recordings.digest(sent)[:8]}.json"
        known = sorted(self._folder.glob("[0-9]*.json"))
        for file in known:
            if file.name.partition("-")[2] == tail:
                return file
        numbers = [int(found[0]) for file in known if (found := re.match(r"\d+", file.name))]
        return self._folder / f"{max(numbers, default=0) + 1:02d}-{tail}"


def scrubbed(text: str, request: Request) -> str:
    """Blank out what must not reach a file, wherever in the text it stands."""
    text = log.SECRET_IN_TEXT.sub(rf"\g<1>{log.MASK}", text)
    _, _, key = request.header("authorization").partition(" ")
    key = key.strip()
    return text.replace(key, log.MASK) if len(key) >= 6 else text


def _same_but_date(before: str, after: str, has_task: bool) -> bool:
    """Say whether a file needs no change; an answer without the task's end does not undo one that has it."""
    try:
        old, new = json.loads(before), json.loads(after)
    except ValueError:
        return False
    old.pop("date", None)
    new.pop("date", None)
    if not has_task:
        old.pop("task", None)
    return bool(old == new)


def record(
    folder: str | Path,
    upstream: str | None = None,
    *,
    port: int = 0,
    task_seconds: float = 0.6,
    scenario: str | None = None,
) -> MockServer:
    """Start a server that records what passes into a folder.

    Without `upstream` the drawn mock answers. With it (a base URL that ends in /api/v1) every call is passed
    on, with the client's key in memory only: against the live service that costs money.
    """
    if upstream is not None and scenario is not None:
        raise ValueError("A scenario is played by the drawn mock: it cannot be had together with an upstream.")
    app = App(task_seconds=task_seconds, steady=True)
    root = Path(folder)
    origin: Origin = Drawn(app) if upstream is None else Forwarder(upstream, root / recordings.IMAGES, app.log)
    return MockServer(app, port=port, handles=Recorder(root, origin), scenario=scenario)
