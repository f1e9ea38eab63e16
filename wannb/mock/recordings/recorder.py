"""Record what passes through a server, scrubbed before anything touches the disk.

Against the drawn mock the recordings say *drawn* where a picture was; against the live service the pictures
are stored beside them by their hash, without anything but their pixels. `scrub` says what of an answer is written.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from wannb.mock.server import log
from wannb.mock.server.app import App, route
from wannb.mock.server.exchange import Request, Response
from wannb.mock.server.http import MockServer
from wannb.mock.server.tasks import CHINA

from . import format as recordings
from .format import DRAWN
from .forward import Forwarder
from .quota import Quota
from .scrub import TASK_ID, Scrubber
from .survey import Survey

# Left out rather than blanked out: a replay gives its own.
TIMES = ("submit_time", "scheduled_time", "end_time")
FINAL = ("SUCCEEDED", "FAILED")
NO_TASK = "00000000-0000-0000-0000-000000000000"
# A refusal for being too fast, or a passing fault, says nothing of the request.
KEPT_STATUS = (200, 400, 403, 404)


class Origin(Protocol):
    """Where the answers come from: the drawn mock, or a server that is asked in turn."""

    source: str
    private: tuple[str, ...]

    def handle(self, request: Request) -> Response: ...

    def normalise(self, request: Request, body: Any) -> dict[str, Any]: ...

    def token(self, url: str) -> str:
        """Return what a recording writes in place of a result's URL."""
        ...


class Drawn:
    """The drawn mock as the origin."""

    source = "drawn by the wannb mock server, not the live service"
    private: tuple[str, ...] = ()

    def __init__(self, app: App) -> None:
        self._app = app

    def handle(self, request: Request) -> Response:
        return self._app.handle(request)

    def normalise(self, request: Request, body: Any) -> dict[str, Any]:
        return self._app.service.normalise(request, body)

    def token(self, url: str) -> str:
        return DRAWN


class Recorder:
    """Passes requests on, and writes each generation call with its final answer into one file.

    `quota` refuses what could pass a number of images. With `thorough` the calls that make no pictures are written too,
    one of each kind, task ids are left out, and `survey` compares the shape of every answer with what is known.
    """

    def __init__(
        self,
        folder: Path,
        origin: Origin,
        *,
        quota: Quota | None = None,
        thorough: bool = False,
    ) -> None:
        self._folder = folder
        self._origin = origin
        self.quota = quota
        self._thorough = thorough
        self._lock = threading.Lock()
        self.scrubber = Scrubber(origin.private)
        self.survey = Survey(self.scrubber) if thorough else None
        self._by_task: dict[str, dict[str, Any]] = {}
        self._seen: set[str] = set()
        self.troubles: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def handle(self, request: Request) -> Response:
        ticket, refusal = self.quota.enter(request) if self.quota else (0, None)
        if refusal is not None:
            return refusal
        response = self._origin.handle(request)
        if self.quota:
            self.quota.settle(ticket, request, response)
        if self.survey and not response.drop:
            self.survey.saw(request, response)
        try:
            self._record(request, response)
        except OSError as trouble:
            # What was paid for reaches the client, whether or not it can be recorded.
            self.troubles.append(f"a recording could not be written: {trouble.strerror or type(trouble).__name__}")
        return response

    def _record(self, request: Request, response: Response) -> None:
        answer = None if response.drop else log.body_json(response.body)
        if response.status not in KEPT_STATUS or not isinstance(answer, dict):
            return
        kind, subject = route(request)
        with self._lock:
            for header in ("authorization", "x-dashscope-workspace"):
                self.scrubber.learn(request.header(header).rpartition(" ")[2])
            if kind in ("create", "sync"):
                self._generation(request, response.status, answer)
            elif kind == "query" and subject in self._by_task:
                self._query(subject, answer)
            elif self._thorough and kind in ("list", "policy", "query", "cancel"):
                self._other(kind, request, response.status, answer)

    def _generation(self, request: Request, status: int, answer: dict[str, Any]) -> None:
        body = log.body_json(request.body)
        if body is None:
            return
        sent = self._origin.normalise(request, body)
        # The first of equal requests is recorded: the next has another task id.
        name = recordings.digest(sent)
        if name in self._seen:
            return
        recording = self._recording(sent, status, answer)
        if recording is None:
            return
        self._seen.add(name)
        self._write(recording, recordings.mode(sent))
        output = answer.get("output")
        task_id = output.get("task_id") if isinstance(output, dict) else None
        if isinstance(task_id, str):
            self._by_task[task_id] = recording

    def _query(self, task_id: str, answer: dict[str, Any]) -> None:
        recording = self._by_task[task_id]
        output = answer.get("output")
        if "task" in recording or not isinstance(output, dict) or output.get("task_status") not in FINAL:
            return
        scrubbed = self._answer(answer)
        if scrubbed is not None:
            recording["task"] = scrubbed
            self._write(recording, recordings.mode(recording["request"]))

    def _other(self, kind: str, request: Request, status: int, answer: dict[str, Any]) -> None:
        """Write one exchange of a kind that makes no pictures, to be read and compared; a replay answers it itself."""
        path = re.sub(r"(?<=/tasks/)[^/]+", NO_TASK, request.path.rstrip("/"))
        output = answer.get("output")
        said = self.scrubber.answer(output).get("task_status") if isinstance(output, dict) else None
        name = "-".join(filter(None, (kind, str(said or "").strip("*").lower(), "" if status == 200 else str(status))))
        sent: dict[str, Any] = {"method": request.method, "path": path, "headers": {}, "json": None}
        if name not in self._seen and (recording := self._recording(sent, status, answer)):
            # A task list without a row says less than a later one with some.
            if kind != "list" or answer.get("data"):
                self._seen.add(name)
            self._write(recording, name)

    def _recording(self, sent: Mapping[str, Any], status: int, answer: dict[str, Any]) -> dict[str, Any] | None:
        scrubbed = self._answer(answer)
        if scrubbed is None:
            return None
        return {
            "source": self._origin.source,
            "date": datetime.now(CHINA).strftime("%Y-%m-%d"),
            "request": sent,
            "response": {"status": status, "json": scrubbed},
        }

    def _answer(self, answer: dict[str, Any]) -> dict[str, Any] | None:
        """Return an answer fit for a file, None where one of its pictures could not be kept."""
        tokens = [self._origin.token(item["image"]) for item in recordings.items_of(answer) if _has_picture(item)]
        if not all(tokens):
            self.troubles.append("an answer was not recorded: one of its pictures could not be kept")
            return None
        kept: dict[str, Any] = self.scrubber.answer(answer, self._origin.token)
        kept.pop("request_id", None)
        output, before = kept.get("output"), answer.get("output")
        if isinstance(output, dict) and isinstance(before, dict):
            for name in TIMES:
                output.pop(name, None)
            output.pop("task_id", None)
            task_id = before.get("task_id")
            if isinstance(task_id, str) and TASK_ID.fullmatch(task_id) and not self._thorough:
                output["task_id"] = task_id
        return kept

    def _write(self, recording: Mapping[str, Any], name: str) -> None:
        text = json.dumps(recording, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        text = self.scrubber.sent(text)
        file = self._file(f"{name}-{recordings.digest(recording['request'])[:8]}.json")
        if file.exists() and _same_but_date(file.read_text(encoding="utf-8"), text, "task" in recording):
            return
        part = file.with_suffix(".part")
        part.write_text(text, encoding="utf-8", errors="backslashreplace")
        part.replace(file)

    def _file(self, tail: str) -> Path:
        """Return `NN-<name>-<short hash>.json`: the file this request had before, or the next number."""
        known = sorted(self._folder.glob("[0-9]*.json"))
        for file in known:
            if file.name.partition("-")[2] == tail:
                return file
        numbers = [int(found[0]) for file in known if (found := re.match(r"\d+", file.name))]
        return self._folder / f"{max(numbers, default=0) + 1:02d}-{tail}"


def _has_picture(item: Mapping[str, Any]) -> bool:
    return isinstance(item.get("image"), str)


def _same_but_date(before: str, after: str, has_task: bool) -> bool:
    """Say whether a file needs no change; an answer without the task's end does not undo one that has it."""
    try:
        old, new = json.loads(before), json.loads(after)
    except ValueError:
        return False
    if not isinstance(old, dict):
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
    max_images: int | None = None,
    thorough: bool = False,
) -> MockServer:
    """Start a server that records what passes into a folder.

    Without `upstream` the drawn mock answers. With it (a base URL that ends in /api/v1) every call is passed
    on, with the client's key in memory only: against the live service that costs money. `max_images` refuses what
    could make more images than that, so that a forgotten loop runs up no bill; a request whose outcome nobody knows
    stays counted. `thorough` is for `wannb mock --record live`, see `Recorder`.
    """
    if upstream is not None and scenario is not None:
        raise ValueError("A scenario is played by the drawn mock: it cannot be had together with an upstream.")
    quota = None if max_images is None else Quota(max_images)
    app = App(task_seconds=task_seconds, steady=True)
    root = Path(folder)
    origin: Origin = Drawn(app) if upstream is None else Forwarder(upstream, root / recordings.IMAGES, app.log)
    return MockServer(app, port=port, handles=Recorder(root, origin, quota=quota, thorough=thorough), scenario=scenario)
