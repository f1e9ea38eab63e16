"""Send requests and make sense of what goes wrong: the API's connection, retries, and the service's clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception

from wannb import wire
from wannb.errors import ApiError, ConnectionFailed, MalformedAnswer, RateLimited, ServiceError, UnknownOutcome, mask
from wannb.pacing import Clock, Pace
from wannb.service import Secret, Service, is_loopback

T = TypeVar("T")

TIMEOUT = httpx.Timeout(60, connect=10, write=120, pool=None)
_MAX_RETRY_AFTER = 60.0
_MOST_TRIES, _MOST_FAULTS = 40, 8
#: How long a service that cannot be reached is tried before the person is told.
_UNREACHED_SECONDS = 20.0
_NOT_SENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout),
    *(httpx.UnsupportedProtocol, httpx.ProxyError, httpx.InvalidURL),
)


def _mask_log(record: logging.LogRecord) -> bool:
    record.msg, record.args = mask(record.getMessage()), ()
    return True


# httpx writes every address at level INFO, and so the signed links of images.
logging.getLogger("httpx").addFilter(_mask_log)


class Sender:
    """Two connections: one carries the key and speaks to the API host, the other has no key and is for files."""

    def __init__(self, service: Service, key: str, *, pace: Pace, clock: Clock, random: Callable[[], float]) -> None:
        self.service = service
        self.clock = clock
        self._key = Secret(key)
        self._pace = pace
        self._random = random
        direct = is_loopback(urlsplit(service.base_url).hostname)
        headers = {"Authorization": f"Bearer {key}", "User-Agent": "wannb"}
        if service.workspace:
            headers["X-DashScope-WorkSpace"] = service.workspace
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._api = httpx.Client(headers=headers, timeout=TIMEOUT, limits=limits, trust_env=not direct)
        self.files = httpx.Client(
            headers={"User-Agent": "wannb", "Accept-Encoding": "identity"},
            timeout=TIMEOUT,
            limits=limits,
            trust_env=not direct,
        )
        self._skew_lock = threading.Lock()
        #: Seconds that the service's clock is ahead of this machine's, and by how much that may be wrong.
        self.skew: tuple[float, float] | None = None

    def close(self) -> None:
        """Close all connections."""
        self._api.close()
        self.files.close()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Send a request to the API and return its JSON; raise `ApiError` for an error body."""
        answer = self.send(self._api, method, self.service.base_url + path, **options)
        try:
            data = answer.json()
        except ValueError:
            data = None
        if answer.is_success and isinstance(data, dict) and not wire.has_error(data):
            return data
        retry_after = _seconds(answer.headers.get("retry-after"))
        raise wire.read_error(data, status=answer.status_code, retry_after=retry_after, secret=str(self._key))

    def send(self, client: httpx.Client, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request over one of the connections."""
        began, began_mono = self.clock.now(), self.clock.monotonic()
        if client.is_closed:
            raise ConnectionFailed("this client is closed and nothing was sent; wannb.connect() gives a new one")
        trouble = None
        try:
            answer = client.request(method, url, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            trouble = self.translate(error)
        if trouble:
            # Outside the handler: httpx's own error holds the request, and so the key.
            raise trouble
        if client is self._api:
            self._learn_skew(answer.headers, began, self.clock.monotonic() - began_mono)
        return answer

    def translate(self, error: httpx.HTTPError | httpx.InvalidURL) -> ConnectionFailed | UnknownOutcome:
        """Return whether a request was surely not sent, or may have arrived."""
        reason = mask(str(error), str(self._key)) or type(error).__name__
        if isinstance(error, _NOT_SENT):
            return ConnectionFailed(
                f"{self.service.name} was not reached: {reason}. Nothing was sent. Check the network and a proxy"
            )
        return UnknownOutcome(f"the connection to {self.service.name} was lost: {reason}")

    def _learn_skew(self, headers: httpx.Headers, began: float, took: float) -> None:
        arrived, exact = _arrival(headers)
        if arrived is None:
            return
        within = took / 2 + (0.01 if exact else 1.0)
        with self._skew_lock:
            # The shortest answer tells the time best: its arrival lies within a smaller span. One that contradicts it
            # says that a clock was set.
            new = arrived - (began + took / 2)
            if self.skew is None or within <= self.skew[1] * 1.5 or abs(new - self.skew[0]) > within + self.skew[1]:
                self.skew = (new, within)

    def retry(
        self,
        attempt: Callable[[], T],
        *,
        unknown: bool = False,
        seconds: float | None = None,
        unreached: Callable[[], None] = lambda: None,
    ) -> T:
        """Return what an attempt gives, trying again while that is worth it.

        Args:
            attempt: what is tried.
            unknown: whether to try again although the last try may have arrived: safe for what costs nothing.
            seconds: how long to go on; the pace's own by default.
            unreached: called before each new try after one that got no answer.
        """
        faults = 0

        def worth(error: BaseException) -> bool:
            nonlocal faults
            faults += isinstance(error, ServiceError)
            if faults > _MOST_FAULTS:
                return False
            if isinstance(error, (UnknownOutcome, MalformedAnswer)):
                return unknown
            if isinstance(error, RateLimited) and (error.retry_after or 0) > _MAX_RETRY_AFTER:
                return False
            return isinstance(error, (ConnectionFailed, RateLimited, ServiceError))

        patience = self._pace.retry_seconds if seconds is None else seconds

        def stop(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            # What was never sent can be sent again by hand; only what is under way is worth a long wait.
            most = (
                min(patience, _UNREACHED_SECONDS) if isinstance(error, ConnectionFailed) and not unknown else patience
            )
            return state.attempt_number >= _MOST_TRIES or (state.seconds_since_start or 0) >= most

        def tell(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, (ConnectionFailed, UnknownOutcome)):
                unreached()

        return Retrying(
            before_sleep=tell,
            retry=retry_if_exception(worth),
            wait=self._pause,
            stop=stop,
            sleep=self.clock.sleep,
            reraise=True,
        )(attempt)

    def _pause(self, state: RetryCallState) -> float:
        first, longest = self._pace.backoff
        pause: float = min(first * 2 ** (state.attempt_number - 1), longest) * (0.5 + self._random() / 2)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, ApiError) else None
        return max(pause, min(asked or 0.0, _MAX_RETRY_AFTER))


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
