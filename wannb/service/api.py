"""The only user of httpx: create, query, cancel, list, upload and download.

Two connections: one speaks to the API host and carries the key, the other fetches and uploads files and has none. The
first follows no redirect. Every failure becomes one of three: the service was not reached (`ConnectionFailed`, safe to
send again), it was reached and did not answer (`UnknownOutcome`), or it answered (`ApiError`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import httpx

from wannb.errors import (
    ApiError,
    AuthenticationError,
    MalformedAnswer,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    ServiceError,
    UnknownOutcome,
    WannbError,
)
from wannb.masking import Secret
from wannb.request import InputImage

from . import wire
from .endpoint import Service
from .files import Files
from .http import TIMEOUT, Sender
from .limits import Account, Clock, Pace

_SYNC = "/services/aigc/multimodal-generation/generation"
_CREATE = "/services/aigc/image-generation/generation"
#: Seconds; a synchronous answer may take as long as the server's own limit, which it gives as 298.
_SYNC_TIMEOUT = httpx.Timeout(330, connect=10, write=120, pool=None)
#: Of the task list; 2,000 tasks in a few minutes are beyond the service's limits.
_MOST_PAGES = 40
#: What a query can meet that says nothing of the task itself.
_NOT_THE_TASKS = (MalformedAnswer, RateLimited, AuthenticationError, PermissionDenied, QuotaExhausted)
#: Error codes of a gateway that stopped waiting: the work behind it may go on and be billed.
_GAVE_UP = {"RequestTimeOut", "GatewayTimeout", "InternalError.Timeout"}
#: Seconds by which this machine's two clocks may part before the service's is asked for again.
_STRAYED = 0.5
_SERVICE_ZONE = timezone(timedelta(hours=8))


class Transport:
    """Speak to one service with one key. Threads may share it."""

    def __init__(
        self,
        service: Service,
        key: Secret,
        *,
        account: Account,
        pace: Pace,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._name = service.name
        self._account = account
        self._sender = Sender(service, key, pace=pace, clock=clock, random=random)
        self._files = Files(self._sender)

    def __repr__(self) -> str:
        return f"Transport({self._name})"

    def close(self) -> None:
        """Close all connections."""
        self._sender.close()

    # Files

    def upload(self, image: InputImage, *, model: str) -> str:
        """Upload a picture to the vendor's temporary store and return its `oss://` link, good for 48 hours."""
        return self._files.upload(image, model=model)

    def download(self, link: Secret, *, check: Callable[[bytes], object] = lambda data: None) -> bytes:
        """Return the content of a signed link; see `Files.download`."""
        return self._files.download(link, check=check)

    # Creating

    def create(self, body: Mapping[str, Any], *, oss: bool, before: Callable[[], None]) -> tuple[str, str | None]:
        """Create a task and return its id and the request id.

        Tries again after a refusal (429, or a 5xx error body) and when the service was not reached. Raises
        `UnknownOutcome` as soon as one try may have been accepted: the caller must look before anything is sent again.

        Args:
            body: what `wire.body` made.
            oss: whether it names an uploaded `oss://` file.
            before: called right before each try.
        """

        def attempt() -> tuple[str, str | None]:
            data = self._paid(_CREATE, body, {"X-DashScope-Async": "enable"}, oss, before, TIMEOUT)
            try:
                return wire.read_created(data)
            except MalformedAnswer as error:
                raise UnknownOutcome("the service accepted the request but its answer holds no task id") from error

        return self._sender.retry(attempt)

    def generate(self, body: Mapping[str, Any], *, oss: bool) -> wire.Answer:
        """Call the synchronous endpoint and return its answer; tries again like `create`."""

        def attempt() -> wire.Answer:
            data = self._paid(_SYNC, body, {}, oss, lambda: None, _SYNC_TIMEOUT)
            try:
                return wire.read_answer(data)
            except MalformedAnswer as error:
                raise UnknownOutcome("the service accepted the request but its answer cannot be read") from error

        return self._sender.retry(attempt)

    def _paid(
        self,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        oss: bool,
        before: Callable[[], None],
        timeout: httpx.Timeout,
    ) -> Any:
        self._account.submits.wait()
        before()
        more = {**headers, "X-DashScope-OssResourceResolve": "enable"} if oss else headers
        try:
            return self._sender.call("POST", path, json=body, headers=more, timeout=timeout)
        except MalformedAnswer as error:
            if error.status in (303, 408, *range(200, 300), *range(500, 600)):
                raise UnknownOutcome(f"the answer to a sent request cannot be read (HTTP {error.status})") from error
            raise
        except ApiError as error:
            if error.status in (408, 504) or error.code in _GAVE_UP:
                raise UnknownOutcome(f"the service gave up waiting for its own answer ({error.code})") from error
            raise

    # Looking

    def query(
        self, task_id: str, *, seconds: float | None = None, unreached: Callable[[], None] = lambda: None
    ) -> wire.Answer:
        """Return what the service knows of a task.

        Args:
            task_id: the service's id.
            seconds: how long a query in trouble is tried again.
            unreached: called before each new try after one that got no answer.
        """

        flat = 0

        def attempt() -> wire.Answer:
            nonlocal flat
            self._account.queries.wait()
            try:
                return wire.read_answer(self._sender.call("GET", f"/tasks/{quote(task_id, safe='')}"))
            except ApiError as error:
                passing = isinstance(error, ServiceError) and not error.code.startswith("InternalError.")
                if error.status != 200 or passing or isinstance(error, _NOT_THE_TASKS):
                    raise
                # One page of the documentation prints a failed task without `output` around it. It is believed only
                # when it is said twice: a task that is called failed too early would be a paid one lost.
                flat += 1
                if flat < 2:
                    raise UnknownOutcome(f"the service said {error.code} of task {task_id}") from error
                return wire.Answer(status=wire.FAILED, task_id=task_id, code=error.code, message=error.message)

        return self._sender.retry(attempt, unknown=True, seconds=seconds, unreached=unreached)

    def tasks(self, *, since: float, until: float, model: str | None = None) -> list[wire.ListedTask]:
        """Return the account's tasks created between two times of the service's clock (seconds since 1970)."""
        found: list[wire.ListedTask] = []
        page, pages = 1, 1
        while page <= min(pages, _MOST_PAGES):
            found_here, pages = self._list_page(since, until, model, page)
            found += found_here
            page += 1
        return found

    def _list_page(self, since: float, until: float, model: str | None, page: int) -> tuple[list[wire.ListedTask], int]:
        params: dict[str, Any] = {
            # The end is rounded up to a whole second, and the span may be 24 hours at most (documented).
            "start_time": _service_time(max(since, until + 2 - 24 * 3600)),
            "end_time": _service_time(until + 1),
            "page_no": page,
            "page_size": 50,
        }
        if model:
            params["model_name"] = model

        def attempt() -> tuple[list[wire.ListedTask], int]:
            self._account.queries.wait()
            return wire.read_list(self._sender.call("GET", "/tasks/", params=params))

        return self._sender.retry(attempt, unknown=True)

    def cancel(self, task_id: str) -> None:
        """Cancel a task that has not begun; the service refuses for every other."""
        self._account.queries.wait()
        self._sender.call("POST", f"/tasks/{quote(task_id, safe='')}/cancel")

    def now(self) -> tuple[float, float]:
        """Return the service's time, and by how many seconds that may be wrong."""
        # In this order: a clock that is set in between makes the second doubtful, and so both.
        now = self._sender.clock.now()
        ahead, within = self.skew
        return now + ahead, within

    @property
    def skew(self) -> tuple[float, float]:
        """Seconds that the service's clock is ahead of this machine's, and by how much that may be wrong."""
        known = self._sender.skew
        return (known[0], known[1] + self._sender.strayed()) if known else (0.0, 3600.0)

    def learn_time(self) -> None:
        """Ask something that costs nothing, so that the service's clock is known before money is spent.

        Once, and again when this machine's clock was set, or stood still while the machine slept.
        """
        if self._sender.skew is None or self._sender.strayed() > _STRAYED:
            self._account.queries.wait()
            try:
                self._sender.call("GET", "/tasks/", params={"page_no": 1, "page_size": 1})
            except AuthenticationError:
                raise
            except WannbError:
                pass  # the clock stays unknown, which only makes a later look-up ask the person


def _service_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, _SERVICE_ZONE).strftime("%Y%m%d%H%M%S")
