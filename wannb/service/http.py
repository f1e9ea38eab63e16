"""HTTP requests: bounded answers, retries (such as after a 429), and the service's clock.

Every failure becomes one of three: the service was not reached (`ConnectionFailed`, safe to send again), it was reached
and did not answer (`UnknownOutcome`), or it answered (`ApiError`).
"""

from __future__ import annotations

import math
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception

from wannb.errors import (
    ApiError,
    ConnectionFailed,
    MalformedAnswer,
    RateLimited,
    ServiceError,
    UnknownOutcome,
    WannbError,
)
from wannb.files import parse_json
from wannb.masking import SHORTEST, Hidden, Secret, mask, mask_http_logs
from wannb.translation import Said, say

from . import wire
from .endpoint import Service, is_loopback
from .limits import Clock, Pace, waiting

T = TypeVar("T")

#: Seconds until an answer begins, and until it has ended after that.
TIMEOUT = httpx.Timeout(60, connect=10, write=120, pool=None)
#: Bytes; an answer of the service has a few kilobytes.
MAX_ANSWER = 4 * 1024 * 1024
_HEADERS = {"User-Agent": "wannb", "Accept-Encoding": "identity"}
_MAX_RETRY_AFTER = 60.0
_MOST_TRIES, _MOST_FAULTS = 40, 8
#: Between 2020 and 2100: times that a service's clock may show.
_FIRST_TIME, _LAST_TIME = 1_577_836_800, 4_102_444_800
#: Seconds for which a service that cannot be reached is tried before the person is told: one that never answered this
#: client, and one that did.
_NEVER_REACHED_SECONDS, _UNREACHED_SECONDS = 3.0, 20.0
_NOT_SENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout),
    *(httpx.UnsupportedProtocol, httpx.ProxyError, httpx.InvalidURL),
)


mask_http_logs()


@cache
def _certificates(trust_env: bool) -> Any:
    """Return the certificates that connections trust, read once: that takes longer than a call."""
    return httpx.create_ssl_context(trust_env=trust_env)


class Sender:
    """Two connections: one carries the key and speaks to the API host, the other has no key and is for files.

    Neither follows a redirect.
    """

    def __init__(self, service: Service, key: Secret, *, pace: Pace, clock: Clock, random: Callable[[], float]) -> None:
        self.service = service
        self.clock = clock
        self._key = key
        self._pace = pace
        self._random = random
        direct = is_loopback(urlsplit(service.address).hostname)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        options: dict[str, Any] = {"timeout": TIMEOUT, "limits": limits, "trust_env": not direct, "headers": _HEADERS}
        try:
            options["verify"] = _certificates(not direct)
            self._api, self.files = httpx.Client(**options), httpx.Client(**options)
        except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
            wrong = mask(str(error))
        else:
            wrong = ""
        if wrong:
            raise ValueError(
                say(
                    "a proxy or certificates of the environment cannot be used: {why}. Correct or remove HTTPS_PROXY, "
                    "ALL_PROXY or SSL_CERT_FILE",
                    why=wrong,
                )
            )
        # Put in last and by no variable: a traceback that prints variables would print the key.
        self._api.headers["Authorization"] = f"Bearer {key}"
        if service.workspace:
            self._api.headers["X-DashScope-WorkSpace"] = service.workspace
        self._reached = False
        self._skew_lock = threading.Lock()
        #: The skew as it was learned, and then the lead of the clock that can be set over the one that cannot.
        self._learned: tuple[float, float, float] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.service.name})"

    def close(self) -> None:
        """Close all connections."""
        self._api.close()
        self.files.close()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Send a request to the API and return its JSON; raise `ApiError` for an error body."""
        began, began_mono = self.clock.now(), self.clock.monotonic()
        answer = self.exchange(self._api, method, self.service.address + path, **options)
        self._learn_skew(answer.headers, began, began_mono, self.clock.monotonic() - began_mono)
        data = None
        with suppress(ValueError):
            data = _without(str(self._key), parse_json(answer.content))
        if answer.is_success and isinstance(data, dict) and not wire.has_error(data):
            return data
        retry_after = _seconds(answer.headers.get("retry-after"))
        raise wire.read_error(data, status=answer.status_code, retry_after=retry_after, secret=str(self._key))

    def exchange(
        self,
        client: httpx.Client,
        method: str,
        url: str | Secret,
        *,
        most: int = MAX_ANSWER,
        too_large: WannbError | None = None,
        seconds: float | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send a request over one of the connections and return its whole answer.

        Args:
            client: `files`, or the one with the key.
            method, url, options: as httpx takes them.
            most: bytes of the body.
            too_large: raised for a larger one instead of `UnknownOutcome`.
            seconds: time for the body, from the request on; by default the read timeout.
        """
        if client.is_closed:
            raise ConnectionFailed(Said("this client is closed and nothing was sent; wannb.connect() gives a new one"))
        seconds = seconds or options.get("timeout", TIMEOUT).read
        deadline = self.clock.monotonic() + float(seconds or math.inf)
        try:
            answer = self._exchange(client, method, url, most, deadline, options)
            self._reached = True
            if answer:
                return answer
            what = Said("the answer is larger than {most} MB", most=most // 2**20)
            trouble: WannbError = too_large or self._lost(what)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            trouble = self._trouble(error)
            self._reached |= not isinstance(trouble, ConnectionFailed)
        except BaseException as error:  # Ctrl-C above all
            raise _without_frames(error)  # noqa: B904
        # Outside the handler: httpx's own error holds the request, and so the key or a signed link.
        raise trouble

    def _exchange(
        self,
        client: httpx.Client,
        method: str,
        url: str | Secret,
        most: int,
        deadline: float,
        options: dict[str, Any],
    ) -> httpx.Response | None:
        """Return an answer, None if it is too large.

        httpx bounds the time between two bytes, but neither the whole time nor the size.
        """
        parts, size = [], 0
        with client.stream(method, str(url), **options) as answer:
            if int(answer.headers.get("content-length") or 0) > most:
                return None
            for part in answer.iter_raw():
                parts.append(part)
                size += len(part)
                if size > most:
                    return None
                if self.clock.monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer did not end in time")
        content = _unpacked(b"".join(parts), answer.headers.get("content-encoding", ""), most)
        headers = [(name, value) for name, value in answer.headers.multi_items() if name != "content-encoding"]
        return None if content is None else httpx.Response(answer.status_code, headers=headers, content=content)

    def _trouble(self, error: Exception) -> ConnectionFailed | UnknownOutcome:
        """Return whether a request was surely not sent, or may have arrived."""
        reason = mask(str(error), str(self._key)).rstrip(".") or type(error).__name__
        if isinstance(error, _NOT_SENT):
            return ConnectionFailed(
                Said(
                    "{what} was not reached: {why}. Nothing was sent. Check the network and a proxy",
                    what=self.service.called,
                    why=reason,
                )
            )
        if not isinstance(error, httpx.HTTPError):
            # Such as numbers of thousands of digits, which httpx accepts in the head of a hostile answer.
            reason = f"the answer is not HTTP: {reason}"
        return self._lost(reason)

    def _lost(self, reason: str) -> UnknownOutcome:
        what = self.service.called
        return UnknownOutcome(Said("the connection to {what} was lost: {why}", what=what, why=reason))

    @property
    def skew(self) -> tuple[float, float]:
        """Seconds that the service's clock is ahead of this machine's, and by how much that may be wrong."""
        learned = self._learned
        return (learned[0], learned[1] + self._strayed()) if learned else (0.0, 3600.0)

    def now(self) -> tuple[float, float]:
        """Return the service's time, and by how many seconds that may be wrong."""
        # In this order: a clock that is set in between makes the second doubtful, and so both.
        now = self.clock.now()
        ahead, within = self.skew
        return now + ahead, within

    def _strayed(self) -> float:
        """Return by how many seconds this machine's clock was set, or it slept, since the service's was learned."""
        return abs(self.clock.now() - self.clock.monotonic() - self._learned[2]) if self._learned else 0.0

    def _learn_skew(self, headers: httpx.Headers, began: float, began_mono: float, took: float) -> None:
        arrived, exact = _arrival(headers)
        if arrived is None:
            return
        within = took / 2 + (0.01 if exact else 1.0)
        with self._skew_lock:
            # The shortest answer tells the time best: its arrival lies within a smaller span. One that contradicts it
            # says that a clock was set.
            new = arrived - (began + took / 2)
            ahead, doubt = self.skew
            if self._learned is None or within <= doubt * 1.5 or abs(new - ahead) > within + doubt:
                self._learned = (new, within, began - began_mono)

    def retry(
        self,
        attempt: Callable[[], T],
        *,
        unknown: bool = False,
        seconds: float | None = None,
    ) -> T:
        """Return the result of an attempt, trying again while that is worth it, and saying so.

        A 429 waits as long as the service asks, at most a minute.

        Args:
            attempt: called for each try.
            unknown: try again although the last try may have arrived: safe for calls that cost nothing.
            seconds: how long to go on; the pace's own by default.
        """
        faults = 0
        last: BaseException | None = None

        def worth(error: BaseException) -> bool:
            nonlocal faults, last
            faults, last = faults + isinstance(error, ServiceError), error
            if faults > _MOST_FAULTS or self._api.is_closed:
                return False
            if isinstance(error, (UnknownOutcome, MalformedAnswer)):
                return unknown
            if isinstance(error, RateLimited) and (error.retry_after or 0) > _MAX_RETRY_AFTER:
                return False
            return isinstance(error, (ConnectionFailed, RateLimited, ServiceError))

        patience = self._pace.retry_seconds if seconds is None else seconds

        def stop(state: RetryCallState) -> bool:
            # A request that was never sent can be sent again by hand; only one under way is worth a long wait.
            most = patience
            if isinstance(_error(state), ConnectionFailed):
                if not self._reached:
                    most = min(patience, _NEVER_REACHED_SECONDS)
                elif not unknown:
                    most = min(patience, _UNREACHED_SECONDS)
            return state.attempt_number >= _MOST_TRIES or (state.seconds_since_start or 0) >= most

        def pause(seconds: float) -> None:
            with waiting(self._why(last, seconds)):
                self.clock.sleep(seconds)

        return Retrying(retry=retry_if_exception(worth), wait=self._pause, stop=stop, sleep=pause, reraise=True)(
            attempt
        )

    def _why(self, error: BaseException | None, seconds: float) -> Said:
        """Return why a call pauses, and for how long."""
        values = {"what": self.service.called, "seconds": f"{max(1, seconds):.0f}"}
        if isinstance(error, RateLimited):
            return Said("{what} asks to wait (429); trying again in {seconds} s, usually under 10 s in all", **values)
        if isinstance(error, ServiceError):
            values["code"] = error.code
            return Said("{what} failed ({code}); trying again in {seconds} s, usually under 10 s in all", **values)
        if isinstance(error, ConnectionFailed):
            return Said("{what} cannot be reached; trying again in {seconds} s", **values)
        return Said(
            "the connection to {what} was lost, what was sent goes on there; trying again in {seconds} s", **values
        )

    def _pause(self, state: RetryCallState) -> float:
        first, longest = self._pace.backoff
        pause: float = min(first * 2 ** (state.attempt_number - 1), longest) * (0.5 + self._random() / 2)
        error = _error(state)
        asked = error.retry_after if isinstance(error, ApiError) else None
        return max(pause, min(asked or 0.0, _MAX_RETRY_AFTER))


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _without_frames(error: BaseException) -> BaseException:
    """Return an exception without the frames of httpx.

    They hold the key, signed links, and the bodies of requests and answers; a traceback that prints variables would
    print them.
    """
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error


def _unpacked(content: bytes, coding: str, most: int) -> bytes | None:
    """Return a body without its content coding, None if it is too large. A proxy may pack what was to be plain."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return content
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise httpx.DecodingError(f"the answer is packed in an unknown way ({coding[:40]})")
    try:
        unpacked = zlib.decompressobj(wbits=47).decompress(content, most + 1)
    except zlib.error as error:
        raise httpx.DecodingError(f"the packed answer is damaged: {error}") from None
    return unpacked if len(unpacked) <= most else None


def _without(key: str, data: Any) -> Any:
    """Return the JSON of an answer without the key, which an answer may repeat."""
    if isinstance(data, str):
        return data.replace(key, "***") if len(key) >= SHORTEST else data
    if isinstance(data, list):
        return [_without(key, inner) for inner in data]
    if isinstance(data, dict):
        return Hidden({_without(key, name): _without(key, inner) for name, inner in data.items()})
    return data


def _seconds(retry_after: str | None) -> float | None:
    try:
        seconds = float(retry_after) if retry_after else None
    except ValueError:
        return None
    return seconds if seconds is not None and math.isfinite(seconds) else None


def _arrival(headers: httpx.Headers) -> tuple[float | None, bool]:
    """Return when a request arrived in the service's clock, and whether that is known to the millisecond."""
    try:
        exact = "req-arrive-time" in headers
        if exact:
            arrived = int(headers["req-arrive-time"]) / 1000
        else:
            arrived = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return None, False
    return (arrived, exact) if _FIRST_TIME < arrived < _LAST_TIME else (None, False)
