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
from typing import Any, Protocol

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


class Origin(Protocol):
    """What answers: the drawn mock, or a server that is asked in turn."""

    source: str
    private: tuple[str, ...]

    def handle(self, request: Request) -> Response: ...

    def normalise(self, request: Request) -> dict[str, Any]: ...

    def token(self, url: str) -> str:
        """Return what a recording writes in place of a result's URL."""
        ...


class Drawn:
    """The drawn mock as the origin."""

    source = "drawn by the wannb mock server, not the live service"
    private: tuple[str, ...] = ()

    def __init__(self, app: App) -> None:
        self.handle = app.handle
        self.normalise = app.generator.normalise

    def token(self, url: str) -> str:
        """Return the word for an image that the mock draws again."""
        return recordings.DRAWN


class Quota:
    """A limit of billable images: counted before a request is passed on, corrected by its answer.

    Threads may share it. A request whose outcome stays unknown stays counted.

    Attributes:
        made: images that are known to have been made.
    """

    def __init__(self, most: int) -> None:
        if isinstance(most, bool) or not isinstance(most, int) or most < 0:
            raise ValueError(f"max_images={most!r} is not a number of images; write one like 4.")
        self.most = most
        self.made = 0
        self._lock = threading.Lock()
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
            return max(0, self.most - self.made - sum(self._open.values()))

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
            unknown = sum(self._open.values())
            if images > self.most - self.made - unknown:
                made = f"{self.made} are made, {unknown} are under way or of unknown outcome"
                raise _limit(f"up to {images} more could pass it: {made}")
            ticket = object()
            self._open[ticket] = images
            return ticket

    def settle(self, ticket: object | None, request: Request, response: Response) -> None:
        """Correct the count by what the answer says."""
        found = None if response.drop else parsed(response.body)
        answer: dict[str, Any] = found if isinstance(found, dict) else {}
        output = recordings.output_of(answer)
        kind, subject = request.route
        made: int | None = None  # as many as were requested
        with self._lock:
            if ticket is not None:
                task_id = output.get("task_id")
                if _is_refused(response, answer):
                    made = 0
                elif response.status != 200 or not isinstance(answer.get("output"), dict):
                    return
                elif isinstance(task_id, str) and task_id:
                    self._tasks[task_id] = ticket
                    return
                else:
                    made = _images_of(answer)
            elif kind == "query" and response.status == 200 and output.get("task_status") in (*FINAL, "CANCELED"):
                ticket = self._tasks.get(subject)
                made = _images_of(answer) if output["task_status"] == "SUCCEEDED" else 0
            requested = self._open.pop(ticket, 0) if ticket is not None else 0
            if requested:
                self.made += requested if made is None else made


def _limit(reason: str) -> Refused:
    return Refused("Recording.LimitReached", f"The limit of --max-images was kept: {reason}. Nothing was sent.")


def _is_refused(response: Response, answer: Mapping[str, Any]) -> bool:
    """Return whether the service surely made nothing; documented for its own passing faults that come as JSON."""
    if response.drop or response.status in (408, 504) or answer.get("code") in GAVE_UP:
        return False
    return 400 <= response.status < 500 or (response.status >= 500 and isinstance(answer.get("code"), str))


def _most_of(body: Mapping[str, Any]) -> int:
    """Return the most images that a request's body can make."""
    parameters = recordings.parameters_of({"json": body})
    n = parameters.get("n")
    if isinstance(n, int) and not isinstance(n, bool) and n > 0:
        return n
    return MOST_OF_A_SET if parameters.get("enable_sequential") not in (None, False) else MOST


def _images_of(answer: Mapping[str, Any]) -> int | None:
    """Return how many images an answer bills; None for an unknown shape, which counts as all that were requested."""
    usage = answer.get("usage")
    said = usage.get("image_count") if isinstance(usage, dict) else None
    seen = sum("image" in item for item in recordings.items_of(answer))
    return max(said, seen) if isinstance(said, int) and not isinstance(said, bool) else seen or None


class Recorder:
    """Passes requests on, and writes each generation call with its final answer to one file.

    Args:
        folder: where the recordings are written.
        origin: what answers.
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
            return refused.response()
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
                final = recordings.output_of(answer).get("task_status") in FINAL
                if final and "task" not in recording and (scrubbed := self._scrubbed(answer)) is not None:
                    recording["task"] = scrubbed
                    self._write(recording, recordings.mode(recording["request"]))
            elif self._thorough and kind in ("list", "policy", "query", "cancel"):
                self._other(kind, request, status, answer)

    def _generation(self, request: Request, status: int, answer: dict[str, Any]) -> None:
        if request.json is None:
            return
        sent = self._origin.normalise(request)
        # The first of equal requests is recorded: the next has another task id.
        name = recordings.digest(sent)
        recording = self._recording(sent, status, answer) if name not in self._seen else None
        if recording is None:
            return
        self._seen.add(name)
        self._write(recording, recordings.mode(sent))
        task_id = recordings.output_of(answer).get("task_id")
        if isinstance(task_id, str):
            self._by_task[task_id] = recording

    def _other(self, kind: str, request: Request, status: int, answer: dict[str, Any]) -> None:
        """Write one exchange of a kind that makes no images, to be read and compared; a replay answers it itself."""
        path = re.sub(r"(?<=/tasks/)[^/]+", NO_TASK, request.path.rstrip("/"))
        said = self.scrubber.answer(recordings.output_of(answer)).get("task_status")
        name = "-".join(filter(None, (kind, str(said or "").strip("*").lower(), "" if status == 200 else str(status))))
        sent: dict[str, Any] = {"method": request.method, "path": path, "headers": {}, "json": None}
        if name not in self._seen and (recording := self._recording(sent, status, answer)):
            # A task list without a row says less than a later one with some.
            if kind != "list" or answer.get("data"):
                self._seen.add(name)
            self._write(recording, name)

    def _recording(self, sent: Mapping[str, Any], status: int, answer: dict[str, Any]) -> dict[str, Any] | None:
        scrubbed = self._scrubbed(answer)
        if scrubbed is None:
            return None
        return {
            "source": self._origin.source,
            "date": datetime.now(CHINA).strftime("%Y-%m-%d"),
            "request": sent,
            "response": {"status": status, "json": scrubbed},
        }

    def _scrubbed(self, answer: dict[str, Any]) -> dict[str, Any] | None:
        """Return an answer fit for a file, None where one of its images could not be kept."""
        if not all(self._origin.token(item["image"]) for item in recordings.images_of(answer)):
            self.troubles.append("an answer was not recorded: one of its pictures could not be kept")
            return None
        kept: dict[str, Any] = self.scrubber.answer(answer, self._origin.token)
        kept.pop("request_id", None)
        output = recordings.output_of(kept)
        for name in (*TIMES, "task_id"):
            output.pop(name, None)
        task_id = recordings.output_of(answer).get("task_id")
        if isinstance(task_id, str) and TASK_ID.fullmatch(task_id) and not self._thorough:
            output["task_id"] = task_id
        return kept

    def _write(self, recording: Mapping[str, Any], name: str) -> None:
        text = json.dumps(recording, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        text = self.scrubber.sent(text)
        file = self._file(f"{name}-{recordings.digest(recording['request'])[:8]}.json")
        if file.exists() and _same_but_date(file.read_text(encoding="utf-8"), text):
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


def _same_but_date(before: str, after: str) -> bool:
    """Return whether a file needs no change; an answer without the task's end does not undo one that has it."""
    old, new = parsed(before.encode()), json.loads(after)
    if not isinstance(old, dict):
        return False
    return {**new, "date": None, "task": new.get("task", old.get("task"))} == {"task": None, **old, "date": None}


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
