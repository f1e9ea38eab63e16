"""The only user of httpx: create, query, cancel, list, upload and download.

Two clients: one speaks to the API host and carries the key, the other fetches and uploads files and has none. The
first follows no redirect. Every failure of httpx becomes one of three: the service was not reached
(`ConnectionFailed`, safe to send again), it was reached and did not answer (`UnknownOutcome`), or it answered
(`ApiError`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_after_delay

from . import wire
from .errors import (
    ApiError,
    ConnectionFailed,
    DownloadFailed,
    LinkExpired,
    MalformedAnswer,
    RateLimited,
    ServiceError,
    UnknownOutcome,
    mask,
)
from .inputs import InputImage
from .pacing import Account, Clock, Pace
from .service import Service, is_loopback

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")

_SYNC = "/services/aigc/multimodal-generation/generation"
_CREATE = "/services/aigc/image-generation/generation"
#: Seconds; a synchronous answer may take as long as the server's own limit, which it gives as 298.
_TIMEOUT = httpx.Timeout(60, connect=10, write=120, pool=None)
_SYNC_TIMEOUT = httpx.Timeout(330, connect=10, write=120, pool=None)
_MAX_DOWNLOAD = 256 * 1024 * 1024
_MAX_RETRY_AFTER = 60.0
_SERVICE_ZONE = timezone(timedelta(hours=8))
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


class Transport:
    """Speak to one service with one key. Threads may share it."""

    def __init__(
        self,
        service: Service,
        key: str,
        *,
        account: Account,
        pace: Pace,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._service = service
        self._key = key
        self._account = account
        self._pace = pace
        self._clock = clock
        self._random = random
        direct = is_loopback(urlsplit(service.base_url).hostname)
        headers = {"Authorization": f"Bearer {key}", "User-Agent": "wannb"}
        if service.workspace:
            headers["X-DashScope-WorkSpace"] = service.workspace
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._api = httpx.Client(headers=headers, timeout=_TIMEOUT, limits=limits, trust_env=not direct)
        self._files = httpx.Client(
            headers={"User-Agent": "wannb", "Accept-Encoding": "identity"},
            timeout=_TIMEOUT,
            limits=limits,
            trust_env=not direct,
        )
        self._skew_lock = threading.Lock()
        self._skew: tuple[float, float] | None = None

    def __repr__(self) -> str:
        return f"Transport({self._service.name})"

    def close(self) -> None:
        """Close all connections."""
        self._api.close()
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
            data = self._paid("POST", _CREATE, body, {"X-DashScope-Async": "enable"}, oss, before, _TIMEOUT)
            try:
                return wire.read_created(data)
            except MalformedAnswer as error:
                raise UnknownOutcome("the service accepted the request but its answer holds no task id") from error

        return self._retry(attempt)

    def generate(self, body: Mapping[str, Any], *, oss: bool, before: Callable[[], None]) -> wire.Answer:
        """Call the synchronous endpoint and return its answer; tries again like `create`."""

        def attempt() -> wire.Answer:
            data = self._paid("POST", _SYNC, body, {}, oss, before, _SYNC_TIMEOUT)
            try:
                return wire.read_answer(data)
            except MalformedAnswer as error:
                raise UnknownOutcome("the service accepted the request but its answer cannot be read") from error

        return self._retry(attempt)

    def _paid(
        self,
        method: str,
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
            return self._call(method, path, json=body, headers=more, timeout=timeout)
        except MalformedAnswer as error:
            if error.status in (408, *range(200, 300), *range(500, 600)):
                raise UnknownOutcome(f"the answer to a sent request cannot be read (HTTP {error.status})") from error
            raise
        except ServiceError as error:
            if error.status == 408:
                raise UnknownOutcome("the service gave up waiting for its own answer") from error
            raise

    # Looking

    def query(self, task_id: str) -> wire.Answer:
        """Return what the service knows of a task."""

        def attempt() -> wire.Answer:
            self._account.queries.wait()
            try:
                return wire.read_answer(self._call("GET", f"/tasks/{quote(task_id, safe='')}"))
            except ApiError as error:
                if error.status != 200 or isinstance(error, MalformedAnswer):
                    raise
                # One page of the documentation prints a failed task without `output` around it.
                return wire.Answer(status=wire.FAILED, task_id=task_id, code=error.code, message=error.message)

        return self._retry(attempt, unknown=True)

    def tasks(self, *, since: float, until: float, model: str | None = None) -> list[wire.ListedTask]:
        """Return the account's tasks created between two times of the service's clock (seconds since 1970)."""
        found: list[wire.ListedTask] = []
        page, pages = 1, 1
        while page <= pages:
            found_here, pages = self._list_page(since, until, model, page)
            found += found_here
            page += 1
        return found

    def _list_page(self, since: float, until: float, model: str | None, page: int) -> tuple[list[wire.ListedTask], int]:
        params: dict[str, Any] = {
            "start_time": _service_time(since),
            "end_time": _service_time(until + 1),
            "page_no": page,
            "page_size": 50,
        }
        if model:
            params["model_name"] = model

        def attempt() -> tuple[list[wire.ListedTask], int]:
            self._account.queries.wait()
            return wire.read_list(self._call("GET", "/tasks/", params=params))

        return self._retry(attempt, unknown=True)

    def cancel(self, task_id: str) -> None:
        """Cancel a task that has not begun; the service refuses for every other."""
        self._account.queries.wait()
        self._call("POST", f"/tasks/{quote(task_id, safe='')}/cancel")

    @property
    def skew(self) -> tuple[float, float]:
        """Seconds that the service's clock is ahead of this machine's, and by how much that may be wrong."""
        return self._skew or (0.0, 1.0)

    # Files

    def upload(self, image: InputImage, *, model: str) -> str:
        """Upload a picture to the vendor's temporary store and return its `oss://` link, good for 48 hours."""

        def attempt() -> str:
            policy = self._call("GET", "/uploads", params={"action": "getPolicy", "model": model}).get("data") or {}
            # The name must be unlike any other: two different files of one name must not meet.
            name = f"{policy['upload_dir']}/{image.sha256}{image.suffix}"
            form = {
                "OSSAccessKeyId": policy["oss_access_key_id"],
                "policy": policy["policy"],
                "Signature": policy["signature"],
                "key": name,
                "x-oss-object-acl": policy["x_oss_object_acl"],
                "x-oss-forbid-overwrite": policy["x_oss_forbid_overwrite"],
                "success_action_status": "200",
            }
            host = str(policy["upload_host"])
            self._must_be_safe(host)
            answer = self._send(
                self._files,
                "POST",
                host,
                data=form,
                files={"file": (name.rpartition("/")[2], image.content, image.mime)},
            )
            if answer.status_code != 200:
                raise ServiceError("UploadFailed", f"the file host answered {answer.status_code}", status=500)
            return f"oss://{name}"

        return self._retry(attempt, unknown=True)

    def download(self, link: str, path: Path, *, check: Callable[[Path], T]) -> T:
        """Fetch a link into a file and return what `check` says of it.

        Args:
            link: a signed https link, or one of this machine.
            path: a temporary file; it is written over.
            check: raises `ValueError` for a file that is cut or damaged, which is then fetched again.

        Raises:
            LinkExpired: the link is dead.
            DownloadFailed: the file did not arrive whole in several tries.
        """

        def attempt() -> T:
            self._fetch(link, path)
            try:
                return check(path)
            except ValueError as error:
                raise UnknownOutcome(f"the image arrived {error}") from error

        try:
            return self._retry(attempt, unknown=True)
        except (ConnectionFailed, UnknownOutcome, ServiceError, RateLimited) as error:
            raise DownloadFailed(f"an image could not be fetched: {error}") from error

    def _fetch(self, link: str, path: Path) -> None:
        for _ in range(4):
            self._must_be_safe(link)
            try:
                with self._files.stream("GET", link) as answer:
                    if answer.is_redirect:
                        link = urljoin(link, answer.headers["location"])
                        continue
                    if answer.status_code in (403, 404, 410):
                        raise LinkExpired("the link of an image is dead; links live for 24 hours")
                    if answer.status_code != 200:
                        raise ServiceError("DownloadFailed", "the file host failed", status=answer.status_code)
                    if int(answer.headers.get("content-length") or 0) > _MAX_DOWNLOAD:
                        raise DownloadFailed("an image is larger than 256 MB, which no documented size can be")
                    with path.open("wb") as file:
                        size = 0
                        for part in answer.iter_raw():
                            size += len(part)
                            if size > _MAX_DOWNLOAD:
                                raise DownloadFailed("an image is larger than 256 MB, which no documented size can be")
                            file.write(part)
                    return
            except httpx.HTTPError as error:
                raise self._translate(error) from None
        raise DownloadFailed("the link of an image leads round in circles")

    def _must_be_safe(self, link: str) -> None:
        parts = urlsplit(link)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise DownloadFailed(f"files are fetched over https only, not {mask(link)!r}")

    # Sending

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._send(self._api, method, self._service.base_url + path, **options)
        try:
            data = answer.json()
        except ValueError:
            data = None
        if answer.is_success and isinstance(data, dict) and not wire.has_error(data):
            return data
        retry_after = _seconds(answer.headers.get("retry-after"))
        raise wire.read_error(data, status=answer.status_code, retry_after=retry_after, secret=self._key)

    def _send(self, client: httpx.Client, method: str, url: str, **options: Any) -> httpx.Response:
        began, began_mono = self._clock.now(), self._clock.monotonic()
        try:
            answer = client.request(method, url, **options)
        except httpx.HTTPError as error:
            raise self._translate(error) from None
        if client is self._api:
            self._learn_skew(answer.headers, began, self._clock.monotonic() - began_mono)
        return answer

    def _translate(self, error: httpx.HTTPError) -> ConnectionFailed | UnknownOutcome:
        reason = mask(str(error), self._key) or type(error).__name__
        if isinstance(error, _NOT_SENT):
            return ConnectionFailed(
                f"{self._service.name} was not reached: {reason}. Nothing was sent. Check the network and a proxy"
            )
        return UnknownOutcome(f"the connection to {self._service.name} was lost: {reason}")

    def _learn_skew(self, headers: httpx.Headers, began: float, took: float) -> None:
        arrived, exact = _arrival(headers)
        if arrived is None:
            return
        within = took / 2 + (0.01 if exact else 1.0)
        with self._skew_lock:
            # The shortest answer tells the time best: its arrival lies within a smaller span.
            if self._skew is None or within <= self._skew[1] * 1.5:
                self._skew = (arrived - (began + took / 2), within)

    def _retry(self, attempt: Callable[[], T], *, unknown: bool = False) -> T:
        def worth(error: BaseException) -> bool:
            if isinstance(error, UnknownOutcome) or (isinstance(error, MalformedAnswer) and unknown):
                return unknown
            return isinstance(error, (ConnectionFailed, RateLimited, ServiceError))

        return Retrying(
            retry=retry_if_exception(worth),
            wait=self._pause,
            stop=stop_after_attempt(40) | stop_after_delay(self._pace.retry_seconds),
            sleep=self._clock.sleep,
            reraise=True,
        )(attempt)

    def _pause(self, state: RetryCallState) -> float:
        first, longest = self._pace.backoff
        pause: float = min(first * 2 ** (state.attempt_number - 1), longest) * (0.5 + self._random() / 2)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, ApiError) else None
        return max(pause, min(asked or 0.0, _MAX_RETRY_AFTER))


def _service_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, _SERVICE_ZONE).strftime("%Y%m%d%H%M%S")


def _seconds(retry_after: str | None) -> float | None:
    try:
        return float(retry_after) if retry_after else None
    except ValueError:
        return None


def _arrival(headers: httpx.Headers) -> tuple[float | None, bool]:
    """Return when a request arrived in the service's clock, and whether that is known to the millisecond."""
    try:
        if "req-arrive-time" in headers:
            return int(headers["req-arrive-time"]) / 1000, True
        return parsedate_to_datetime(headers["date"]).timestamp(), False
    except (KeyError, ValueError, TypeError):
        return None, False
