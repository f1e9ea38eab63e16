"""Send requests and make sense of what goes wrong: the API's connection, retries, and the service's clock."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception

from wannb.errors import ApiError, ConnectionFailed, MalformedAnswer, RateLimited, ServiceError, UnknownOutcome
from wannb.files import parse_json
from wannb.masking import Hidden, Secret, mask

from . import wire
from .bounded import BoundedClient, without_frames
from .endpoint import Service, is_loopback
from .limits import Clock, Pace

T = TypeVar("T")

TIMEOUT = httpx.Timeout(60, connect=10, write=120, pool=None)
_MAX_RETRY_AFTER = 60.0
_MOST_TRIES, _MOST_FAULTS = 40, 8
_LEAST_KEY = 6
#: Between 2020 and 2100: what a service's clock may say.
_FIRST_TIME, _LAST_TIME = 1_577_836_800, 4_102_444_800
#: How long a service that cannot be reached is tried before the person is told.
_UNREACHED_SECONDS = 20.0
_NOT_SENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout),
    *(httpx.UnsupportedProtocol, httpx.ProxyError, httpx.InvalidURL),
)


def _mask_log(record: logging.LogRecord) -> bool:
    record.msg, record.args = mask(record.getMessage()), ()
    return True


# httpx writes every address at level INFO, and so the signed links of images; httpcore every header at level DEBUG, and
# so where a signed link leads on to. A filter holds for the very logger alone, not for those below it.
for _name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "proxy", "http11", "http2", "socks"))):
    logging.getLogger(_name).addFilter(_mask_log)


@cache
def _certificates(trust_env: bool) -> Any:
    """Return the certificates that connections trust, read once: that takes longer than a call."""
    return httpx.create_ssl_context(trust_env=trust_env)


class Sender:
    """Two connections: one carries the key and speaks to the API host, the other has no key and is for files."""

    def __init__(self, service: Service, key: Secret, *, pace: Pace, clock: Clock, random: Callable[[], float]) -> None:
        self.service = service
        self.clock = clock
        self._key = key
        self._pace = pace
        self._random = random
        direct = is_loopback(urlsplit(service.address).hostname)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        options: dict[str, Any] = {"timeout": TIMEOUT, "limits": limits, "trust_env": not direct}
        try:
            options["verify"] = _certificates(not direct)
            self._api, self.files = (BoundedClient(monotonic=clock.monotonic, **options) for _ in range(2))
        except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
            wrong = mask(str(error))
        else:
            wrong = ""
        if wrong:
            raise ValueError(
                f"a proxy or certificates of the environment cannot be used: {wrong}. Correct or remove HTTPS_PROXY, "
                "ALL_PROXY or SSL_CERT_FILE"
            )
        # Put in last and by no variable: a traceback that prints variables would print the key.
        self._api.headers["Authorization"] = f"Bearer {key}"
        if service.workspace:
            self._api.headers["X-DashScope-WorkSpace"] = service.workspace
        self._skew_lock = threading.Lock()
        #: Seconds that the service's clock is ahead of this machine's, and by how much that may be wrong.
        self.skew: tuple[float, float] | None = None
        #: What the clock that can be set was ahead of the one that cannot, when that was learned.
        self._lead: float | None = None

    def close(self) -> None:
        """Close all connections."""
        self._api.close()
        self.files.close()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Send a request to the API and return its JSON; raise `ApiError` for an error body."""
        answer = self.send(self._api, method, self.service.address + path, **options)
        data = self._data(answer)
        if answer.is_success and isinstance(data, dict) and not wire.has_error(data):
            return data
        retry_after = _seconds(answer.headers.get("retry-after"))
        raise wire.read_error(data, status=answer.status_code, retry_after=retry_after, secret=str(self._key))

    def _data(self, answer: httpx.Response) -> Any:
        """Return the JSON of an answer, None where it is none; what it repeats of the key goes no further."""
        try:
            return _without(str(self._key), parse_json(answer.content))
        except ValueError:
            return None

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
        except BaseException as error:  # Ctrl-C above all
            raise without_frames(error)  # noqa: B904
        if trouble:
            # Outside the handler: httpx's own error holds the request, and so the key.
            raise trouble
        if client is self._api:
            self._learn_skew(answer.headers, began, began_mono, self.clock.monotonic() - began_mono)
        return answer

    def translate(self, error: httpx.HTTPError | httpx.InvalidURL) -> ConnectionFailed | UnknownOutcome:
        """Return whether a request was surely not sent, or may have arrived."""
        reason = mask(str(error), str(self._key)).rstrip(".") or type(error).__name__
        if isinstance(error, _NOT_SENT):
            return ConnectionFailed(
                f"{self.service.called} was not reached: {reason}. Nothing was sent. Check the network and a proxy"
            )
        return UnknownOutcome(f"the connection to {self.service.called} was lost: {reason}")

    def strayed(self) -> float:
        """Return by how many seconds this machine's clock was set, or it slept, since the service's was learned."""
        lead = self._lead
        return 0.0 if lead is None else abs(self.clock.now() - self.clock.monotonic() - lead)

    def _learn_skew(self, headers: httpx.Headers, began: float, began_mono: float, took: float) -> None:
        arrived, exact = _arrival(headers)
        if arrived is None:
            return
        within = took / 2 + (0.01 if exact else 1.0)
        with self._skew_lock:
            # The shortest answer tells the time best: its arrival lies within a smaller span. One that contradicts it
            # says that a clock was set.
            new = arrived - (began + took / 2)
            doubt = self.skew[1] + self.strayed() if self.skew else 0.0
            if self.skew is None or within <= doubt * 1.5 or abs(new - self.skew[0]) > within + doubt:
                self.skew, self._lead = (new, within), began - began_mono

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


def _without(key: str, data: Any) -> Any:
    if isinstance(data, str):
        # A very short key would blank out ordinary words.
        return data.replace(key, "***") if len(key) >= _LEAST_KEY else data
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
