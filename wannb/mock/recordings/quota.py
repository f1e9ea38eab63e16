"""No more billable images than were allowed: counted before a request is passed on, and corrected by its answer."""

from __future__ import annotations

import threading
from typing import Any

from wannb.mock.server import log
from wannb.mock.server.app import route
from wannb.mock.server.exchange import Request, Response, json_response

from . import format as recordings

# What a request may make that does not say how many: the documentation names 1 and 4 as the default, 12 for sets.
MOST, MOST_OF_A_SET = 4, 12
# Codes of a service that stopped waiting for itself: the work may go on and be billed.
GAVE_UP = ("RequestTimeOut", "GatewayTimeout", "InternalError.Timeout", "Recording.LostAnswer")


class Quota:
    """At most so many images that are billed. Threads may share it; what has no known outcome stays counted."""

    def __init__(self, most: int) -> None:
        if isinstance(most, bool) or not isinstance(most, int) or most < 0:
            raise ValueError(f"max_images={most!r} is no number of images; write one like 4.")
        self.most = most
        self._lock = threading.Lock()
        self._made = 0
        self._open: dict[int, int] = {}  # ticket -> images it may still make
        self._tasks: dict[str, int] = {}  # task id -> ticket
        self._next = 0

    @property
    def made(self) -> int:
        """The images that are known to have been made."""
        return self._made

    @property
    def under_way(self) -> int:
        """The images that were asked for and of which nothing is known yet, or ever."""
        with self._lock:
            return sum(self._open.values())

    @property
    def left(self) -> int:
        """The images that may still be asked for."""
        with self._lock:
            return self._left()

    def enter(self, request: Request) -> tuple[int, Response | None]:
        """Count what a request may make; return its ticket, and the refusal if that could pass the limit."""
        kind, _ = route(request)
        if kind in ("unknown", "old", "method") and request.method not in ("GET", "HEAD"):
            return 0, _refusal(f"what {request.method} {request.path[:80]} would make cannot be counted")
        if kind not in ("create", "sync"):
            return 0, None
        images = _most_of(request)
        if images is None:
            return 0, _refusal("what a body without JSON would make cannot be counted")
        with self._lock:
            if images > self._left():
                made = f"{self._made} are made, {sum(self._open.values())} are under way or of unknown outcome"
                return 0, _refusal(f"up to {images} more could pass it: {made}")
            self._next += 1
            self._open[self._next] = images
            return self._next, None

    def settle(self, ticket: int, request: Request, response: Response) -> None:
        """Correct the count by what the answer says."""
        answer = None if response.drop else log.body_json(response.body)
        if ticket:
            self._settle_submit(ticket, response, answer)
            return
        kind, subject = route(request)
        output = answer.get("output") if isinstance(answer, dict) else None
        if kind != "query" or not isinstance(answer, dict) or not isinstance(output, dict) or response.status != 200:
            return
        status = output.get("task_status")
        if status in ("SUCCEEDED", "FAILED", "CANCELED"):
            with self._lock:
                task = self._tasks.get(subject, 0)
                self._close(task, _images_of(answer) if status == "SUCCEEDED" else 0)

    def _settle_submit(self, ticket: int, response: Response, answer: Any) -> None:
        answer = answer if isinstance(answer, dict) else {}
        output = answer.get("output")
        with self._lock:
            if _is_refused(response, answer):
                self._close(ticket, 0)
            elif response.status == 200 and isinstance(output, dict):
                task_id = output.get("task_id")
                if isinstance(task_id, str) and task_id:
                    self._tasks[task_id] = ticket
                else:
                    self._close(ticket, _images_of(answer))

    def _left(self) -> int:
        return max(0, self.most - self._made - sum(self._open.values()))

    def _close(self, ticket: int, made: int | None) -> None:
        asked = self._open.pop(ticket, None)
        if asked is not None:
            self._made += asked if made is None else made


def _is_refused(response: Response, answer: dict[str, Any]) -> bool:
    """Say whether the service surely made nothing. A passing fault of its own with an error body is documented so."""
    if response.drop or response.status in (408, 504) or answer.get("code") in GAVE_UP:
        return False
    if 400 <= response.status < 500:
        return True
    return response.status >= 500 and isinstance(answer.get("code"), str)


def _most_of(request: Request) -> int | None:
    body = log.body_json(request.body)
    if not isinstance(body, dict):
        return None
    parameters = body.get("parameters")
    given = parameters if isinstance(parameters, dict) else {}
    n = given.get("n")
    if isinstance(n, int) and not isinstance(n, bool) and n > 0:
        return n
    return MOST_OF_A_SET if given.get("enable_sequential") not in (None, False) else MOST


def _images_of(answer: dict[str, Any]) -> int | None:
    """Return how many images an answer bills; None for an unknown shape, which counts as all that was asked for."""
    usage = answer.get("usage")
    said = usage.get("image_count") if isinstance(usage, dict) else None
    seen = sum("image" in item for item in recordings.items_of(answer))
    return max(said, seen) if isinstance(said, int) and not isinstance(said, bool) else seen or None


def _refusal(reason: str) -> Response:
    message = f"The limit of --max-images was kept: {reason}. Nothing was sent."
    return json_response(400, {"code": "Recording.LimitReached", "message": message})
