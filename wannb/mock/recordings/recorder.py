"""Recorder: passes requests on, and writes each generation call to a file, scrubbed before anything touches the disk.

Before the drawn mock the recordings say *drawn* where an image was; before the live service the images are stored
beside them by their hash, with nothing but their pixels. `scrub` decides what of an answer is written.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from wannb import files
from wannb.mock.exchange import Refused, Request, Response, parsed
from wannb.mock.server.app import App
from wannb.mock.server.http import MockServer
from wannb.mock.server.tasks import CHINA

from . import format as recordings
from .forward import Forwarder
from .scrub import TASK_ID, Scrubber

NO_TASK = "00000000-0000-0000-0000-000000000000"
# Left out rather than masked: a replay gives its own.
TIMES = ("submit_time", "scheduled_time", "end_time")
FINAL = ("SUCCEEDED", "FAILED")
# A refusal for being too fast, or a passing fault, says nothing about the request.
KEPT_STATUS = (200, 400, 403, 404)
# The images of a request that does not say how many: the documentation names 1 and 4 as the default, 12 for sets.
MOST, MOST_OF_A_SET = 4, 12
# Codes of a service that stopped waiting for itself: the work may go on and be billed.
GAVE_UP = ("RequestTimeOut", "GatewayTimeout", "InternalError.Timeout", "Recording.LostAnswer")


class Drawn:
    """The drawn mock as the origin."""

    source = "drawn by the wannb mock server, not the live service"
    private: tuple[str, ...] = ()

    def __init__(self, app: App) -> None:
        self.handle = app.handle
        self.normalise = app.generator.normalise

    def token(self, url: str) -> str:
        """Return what a recording writes in place of a result's URL."""
        return recordings.DRAWN


Origin = Drawn | Forwarder


class Quota:
    """A limit of billable images: counted before a request is passed on, corrected by its answer.

    Threads may share it. A request whose outcome stays unknown stays counted.
    """

    def __init__(self, most: int) -> None:
        if isinstance(most, bool) or not isinstance(most, int) or most < 0:
            raise ValueError(f"max_images={most!r} is not a number of images; write one like 4.")
        self.most = most
        self.made = 0  # images that are known to have been made
        self._lock = threading.RLock()
        self._open: dict[object, int] = {}  # ticket -> images it may still make
        self._tasks: dict[str, object] = {}  # task id -> ticket

    @property
    def under_way(self) -> int:
        """The images that were requested and whose outcome is not known."""
        with self._lock:
            return sum(self._open.values())

    @property
    def left(self) -> int:
        """The images that may still be requested."""
        with self._lock:
            return max(0, self.most - self.made - self.under_way)

    def enter(self, request: Request) -> object | None:
        """Count what a request may make and return its ticket, None for one that makes nothing.

        Raises:
            Refused: it could pass the limit.
        """
        kind, _ = request.route
        if kind in ("unknown", "old", "method") and request.method not in ("GET", "HEAD"):
            raise _limit(f"what {request.method} {request.path[:80]} would make cannot be counted")
        if kind not in ("create", "sync"):
            return None
        if not isinstance(request.json, dict):
            raise _limit("what a body without JSON would make cannot be counted")
        images = _most_of(request.json)
        with self._lock:
            if images > self.left:
                made = f"{self.made} are made, {self.under_way} are under way or of unknown outcome"
                raise _limit(f"up to {images} more could pass it: {made}")
            ticket = object()
            self._open[ticket] = images
            return ticket

    def settle(self, ticket: object | None, request: Request, response: Response) -> None:
        """Correct the count by what the answer says."""
        answer = None if response.drop else parsed(response.body)
        task_id, task_status = (recordings.at(answer, "output", name) for name in ("task_id", "task_status"))
        kind, subject = request.route
        made: int | None = None  # as many as were requested
        with self._lock:
            if ticket is not None:
                if _is_refused(response, answer):
                    made = 0
                elif response.status != 200 or not isinstance(recordings.at(answer, "output"), dict):
                    return
                elif isinstance(task_id, str) and task_id:
                    self._tasks[task_id] = ticket
                    return
                else:
                    made = _images_of(answer)
            elif kind == "query" and response.status == 200 and task_status in (*FINAL, "CANCELED"):
                ticket = self._tasks.get(subject)
                made = _images_of(answer) if task_status == "SUCCEEDED" else 0
            requested = self._open.pop(ticket, 0) if ticket is not None else 0
            if requested:
                self.made += requested if made is None else made


def _limit(reason: str) -> Refused:
    return Refused("Recording.LimitReached", f"The limit of --max-images was kept: {reason}. Nothing was sent.")


def _is_refused(response: Response, answer: Any) -> bool:
    """Return whether the service surely made nothing; documented for its own passing faults that come as JSON."""
    code = recordings.at(answer, "code")
    if response.drop or response.status in (408, 504) or code in GAVE_UP:
        return False
    return 400 <= response.status < 500 or (response.status >= 500 and isinstance(code, str))


def _most_of(body: Any) -> int:
    """Return the most images that a request's body can make."""
    n = recordings.at(body, "parameters", "n")
    if isinstance(n, int) and not isinstance(n, bool) and n > 0:
        return n
    return MOST_OF_A_SET if recordings.at(body, "parameters", "enable_sequential") not in (None, False) else MOST


def _images_of(answer: Any) -> int | None:
    """Return how many images an answer bills; None for an unknown shape, which counts as all that were requested."""
    said = recordings.at(answer, "usage", "image_count")
    seen = len({item[name] for item, name in recordings.images_of(answer)})
    return max(said, seen) if isinstance(said, int) and not isinstance(said, bool) else seen or None


class Recorder:
    """Passes requests on, and writes each generation call with its final answer to one file.

    Args:
        quota: refuses what could pass a number of images.
        thorough: also write one call of each kind that makes no images, and leave task ids out.

    Attributes:
        watch: called with every exchange, as request, status and JSON.
        troubles: what could not be recorded, as sentences.
    """

    def __init__(self, folder: Path, origin: Origin, *, quota: Quota | None = None, thorough: bool = False) -> None:
        self._folder = folder
        self._origin = origin
        self._thorough = thorough
        self._lock = threading.Lock()
        self._by_task: dict[str, dict[str, Any]] = {}
        self._seen: set[str] = set()
        self.quota = quota
        self.scrubber = Scrubber(origin.private)
        self.watch: Callable[[Request, int, Any], None] | None = None
        self.troubles: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def handle(self, request: Request) -> Response:
        """Answer a request as the origin does, and record the exchange."""
        try:
            ticket = self.quota.enter(request) if self.quota else None
        except Refused as refused:
            return refused.response(request_id="")
        response = self._origin.handle(request)
        if self.quota:
            self.quota.settle(ticket, request, response)
        answer = None if response.drop else parsed(response.body)
        if self.watch and not response.drop:
            self.watch(request, response.status, answer)
        try:
            if response.status in KEPT_STATUS and isinstance(answer, dict):
                self._record(request, response.status, answer)
        except OSError as trouble:
            # A paid answer reaches the client, whether or not it can be recorded.
            self.troubles.append(f"a recording could not be written: {trouble.strerror or type(trouble).__name__}")
        return response

    def _record(self, request: Request, status: int, answer: dict[str, Any]) -> None:
        kind, subject = request.route
        with self._lock:
            for header in ("authorization", "x-dashscope-workspace"):
                self.scrubber.learn(request.header(header).rpartition(" ")[2])
            if kind in ("create", "sync"):
                self._generation(request, status, answer)
            elif kind == "query" and subject in self._by_task:
                recording = self._by_task[subject]
                final = recordings.at(answer, "output", "task_status") in FINAL
                if final and "task" not in recording and (scrubbed := self._scrubbed(answer)) is not None:
                    recording["task"] = scrubbed
                    self._write(recording, recordings.mode(recording["request"]))
            elif self._thorough and kind in ("list", "policy", "query", "cancel"):
                self._other(kind, request, status, answer)

    def _generation(self, request: Request, status: int, answer: dict[str, Any]) -> None:
        if request.json is None:
            return
        sent = self._origin.normalise(request)
        recording = self._first(recordings.digest(sent), recordings.mode(sent), sent, status, answer)
        task_id = recordings.at(answer, "output", "task_id")
        if recording is not None and isinstance(task_id, str):
            self._by_task[task_id] = recording

    def _other(self, kind: str, request: Request, status: int, answer: dict[str, Any]) -> None:
        """Write one exchange of a kind that makes no images, to be read and compared; a replay answers it itself."""
        path = re.sub(r"(?<=/tasks/)[^/]+", NO_TASK, request.path.rstrip("/"))
        said = recordings.at(self.scrubber.answer(answer), "output", "task_status")
        name = "-".join(filter(None, (kind, str(said or "").strip("*").lower(), "" if status == 200 else str(status))))
        sent: dict[str, Any] = {"method": request.method, "path": path, "headers": {}, "json": None}
        # A task list without a row says less than a later one with some.
        if self._first(name, name, sent, status, answer) and kind == "list" and not answer.get("data"):
            self._seen.remove(name)

    def _first(
        self, key: str, name: str, sent: Mapping[str, Any], status: int, answer: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Write the first exchange with a key and return it: the next equal one has another task id."""
        if key in self._seen or (scrubbed := self._scrubbed(answer)) is None:
            return None
        recording = {
            "source": self._origin.source,
            "date": datetime.now(CHINA).strftime("%Y-%m-%d"),
            "request": sent,
            "response": {"status": status, "json": scrubbed},
        }
        self._seen.add(key)
        self._write(recording, name)
        return recording

    def _scrubbed(self, answer: dict[str, Any]) -> dict[str, Any] | None:
        """Return an answer fit for a file, None where one of its images could not be kept."""
        if not all(self._origin.token(item[name]) for item, name in recordings.images_of(answer)):
            self.troubles.append("an answer was not recorded: one of its pictures could not be kept")
            return None
        kept: dict[str, Any] = self.scrubber.answer(answer, self._origin.token)
        kept.pop("request_id", None)
        output = recordings.object_at(kept, "output")
        for name in (*TIMES, "task_id"):
            output.pop(name, None)
        task_id = str(recordings.at(answer, "output", "task_id"))
        if TASK_ID.fullmatch(task_id) and not self._thorough:
            output["task_id"] = task_id
        return kept

    def _write(self, recording: Mapping[str, Any], name: str) -> None:
        text = json.dumps(recording, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        text = self.scrubber.sent(text)
        file = self._file(f"{name}-{recordings.digest(recording['request'])[:8]}.json")
        if file.exists() and _same_but_date(file.read_bytes(), text):
            return
        files.write(file, text.encode(errors="backslashreplace"))

    def _file(self, tail: str) -> Path:
        """Return `NN-<name>-<short hash>.json`: the file this request had before, or the next number."""
        known = sorted(self._folder.glob("[0-9]*.json"))
        for file in known:
            if file.name.partition("-")[2] == tail:
                return file
        numbers = [int(found[0]) for file in known if (found := re.match(r"\d+", file.name))]
        return self._folder / f"{max(numbers, default=0) + 1:02d}-{tail}"


def _same_but_date(before: bytes, after: str) -> bool:
    """Return whether a file needs no change; an answer without the task's end does not undo one that has it."""
    old, new = parsed(before), json.loads(after)
    return isinstance(old, dict) and {**old, **new, "date": None} == {**old, "date": None}


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

    Args:
        folder: where recordings are written; it is made if it is missing.
        upstream: base URL of the server that answers, ending in /api/v1. The client's key is passed on in memory only;
            against the live service this costs money. None for the drawn mock.
        port: port on this machine, 0 for any free one.
        task_seconds: how long a task of the drawn mock takes.
        scenario: the scenario that the drawn mock plays.
        max_images: refuse what could make more images than this, so that a forgotten loop runs up no bill; a request
            whose outcome is unknown stays counted.
        thorough: for `wannb mock --record live`, see `Recorder`.

    Raises:
        ValueError: an upstream that must not have a key, or together with a scenario.

    >>> with record("recordings", task_seconds=0) as server:  # doctest: +SKIP
    ...     wannb.connect(base_url=server.base_url, api_key="sk-mock").generate("a fox")
    """
    if upstream is not None and scenario is not None:
        raise ValueError("A scenario is played by the drawn mock: leave out scenario or upstream.")
    quota = None if max_images is None else Quota(max_images)
    app = App(task_seconds=task_seconds, steady=True)
    root = Path(folder)
    origin: Origin = Drawn(app) if upstream is None else Forwarder(upstream, root / recordings.IMAGES, app.log)
    return MockServer(app, port=port, handles=Recorder(root, origin, quota=quota, thorough=thorough), scenario=scenario)
