"""HTTP requests: bounded answers, retries (such as after a 429), and the service's clock.

Every failure becomes one of three: the service was not reached (`ConnectionFailed`, safe to send again), it was reached
and did not answer (`UnknownOutcome`), or it answered (`ApiError`).
"""

from __future__ import annotations

import atexit
import ipaddress
import math
import os
import random
import re
import ssl
import threading
import weakref
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from email.utils import parsedate_to_datetime
from functools import lru_cache
from glob import glob
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

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
from .limits import Clock, Pace, late, left, own_in_forks, waiting

T = TypeVar("T")

#: Seconds until an answer begins, and until it has ended after that.
TIMEOUT = httpx.Timeout(60, connect=10, write=120, pool=None)
#: Bytes; an answer of the service has a few kilobytes.
MAX_ANSWER = 4 * 1024 * 1024
_HEADERS = {"User-Agent": "wannb", "Accept-Encoding": "identity"}
_MAX_RETRY_AFTER = 60.0
_MOST_TRIES, _MOST_FAULTS = 40, 8
#: Seconds that a request has at least, however little is left of a caller's time: cut at once it would be a lost one.
_LEAST = 1.0
#: What a gateway (Envoy) says when its own connection to the service ended, and the reasons for which it did so before
#: the request had gone through. They stand within the first bytes.
_BROKE_OFF, _BEFORE = b"disconnect/reset before headers", (b"connection failure", b"overflow")
_HEAD = 2000
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
_senders: weakref.WeakSet[Sender] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Close all connections; called after what modules that import this one have registered."""
    for sender in list(_senders):
        sender.close()


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
        self._host = urlsplit(service.address).hostname or ""
        #: Sockets that nobody closes are closed with this object.
        self._api, self.files = (
            httpx.Client(transport=_Way(service.address), timeout=TIMEOUT, headers=_HEADERS, trust_env=False)
            for _ in range(2)
        )
        # When the interpreter ends not before other threads have fetched what is paid for: see `_close_all`.
        weakref.finalize(self, _close, self._api, self.files).atexit = False
        _senders.add(self)
        # Put in last and by no variable: a traceback that prints variables would print the key.
        self._api.headers["Authorization"] = f"Bearer {key}"
        if service.workspace:
            self._api.headers["X-DashScope-WorkSpace"] = service.workspace
        #: Whether anything ever answered, and whether it answered as the API does.
        self._reached = self._understood = False
        self._skew_lock = own_in_forks(threading.Lock())
        #: The skew as it was learned, and then the lead of the clock that can be set over the one that cannot.
        self._learned: tuple[float, float, float] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.service.name})"

    def close(self) -> None:
        """Close all connections."""
        _close(self._api, self.files)

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Send a request to the API and return its JSON; raise `ApiError` for an error body."""
        began, began_mono = self.clock.now(), self.clock.monotonic()
        answer = self.exchange(self._api, method, self.service.address + path, **options)
        took = self.clock.monotonic() - began_mono
        data = None
        with suppress(ValueError):
            data = _without(str(self._key), parse_json(answer.content))
        if isinstance(data, dict):  # a page is not the service's, and so neither is its clock
            self._learn_skew(answer.headers, began, began_mono, took)
            if answer.is_success and not wire.has_error(data):
                self._understood = True
                return data
        error = wire.read_error(
            data,
            status=answer.status_code,
            retry_after=_seconds(answer.headers.get("retry-after")),
            secret=str(self._key),
            broke_off=_broke_off(answer.content[:_HEAD].lower()),
        )
        if not isinstance(error, MalformedAnswer):
            self._understood = True
        elif method == "GET" and not self._understood and _is_of_another(answer.status_code):
            raise self._elsewhere(answer)
        raise error

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
            most: bytes of the body.
            too_large: raised for a larger one instead of `UnknownOutcome`.
            seconds: time for the body, from the request on; by default the read timeout.
        """
        if client.is_closed:
            raise ConnectionFailed(Said("this client is closed and nothing was sent; wannb.connect() gives a new one"))
        most_seconds = max(_LEAST, left())
        times = {name: _shorter(each, most_seconds) for name, each in options.get("timeout", TIMEOUT).as_dict().items()}
        options["timeout"] = httpx.Timeout(**times)
        deadline = self.clock.monotonic() + min(most_seconds, float(seconds or times["read"] or math.inf))
        try:
            answer = self._exchange(client, method, url, most, deadline, options)
            self._reached = True
            if answer:
                return answer
            what = Said("the answer is larger than {most} MB", most=most // 2**20)
            trouble: WannbError = too_large or self._lost(what)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            trouble = self._trouble(error, urlsplit(str(url)).hostname or "")
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

    def _trouble(self, error: Exception, host: str) -> ConnectionFailed | UnknownOutcome:
        """Return whether a request was surely not sent, or may have arrived."""
        # Of errors in making a connection alone: others may come from what the caller is handling just now.
        if isinstance(error, httpx.ConnectError) and (untrusted := _untrusted(error)):
            return _distrust(untrusted, host)
        reason: str = mask(str(error), str(self._key)).rstrip(".") or type(error).__name__
        if isinstance(error, _NOT_SENT):
            if re.search(r"wrong.version.number|record.layer.failure", reason, re.I):
                reason = Said("what answers there speaks no https ({why})", why=reason)
            what = self.service.called if host == self._host else host
            variable = _proxy(host)[0]
            if variable and isinstance(error, httpx.ProxyError):
                return _refused_by_proxy(reason, variable, host)
            if variable:
                what = Said("{what}, through the proxy of {variable},", what=what, variable=variable)
            return ConnectionFailed(
                Said(
                    "{what} was not reached: {why}. Nothing was sent. {advice}",
                    what=what,
                    why=reason,
                    advice=self.service.advice if host == self._host else Said("Check the network and the proxy"),
                )
            )
        if not isinstance(error, httpx.HTTPError):
            # Such as numbers of thousands of digits, which httpx accepts in the head of a hostile answer.
            reason = f"the answer is not HTTP: {reason}"
        return self._lost(reason)

    def _elsewhere(self, answer: httpx.Response) -> ConnectionFailed:
        """Return an error for an address at which something else than the API answers."""
        page = answer.content.lstrip()[:1] == b"<"
        return for_good(
            Said(
                "{what} answers with a web page (HTTP {status}) and not as the API does; nothing is billed. {advice}"
                if page
                else "{what} does not answer as the API does (HTTP {status}); nothing is billed. {advice}",
                what=self.service.called,
                status=answer.status_code,
                advice=self.service.advice,
            )
        )

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
            if isinstance(error, ConnectionFailed):
                return error.passing or unknown
            return isinstance(error, (RateLimited, ServiceError))

        patience = self._pace.retry_seconds if seconds is None else seconds

        def stop(state: RetryCallState) -> bool:
            # A request that was never sent can be sent again by hand; only one under way is worth a long wait.
            most, error = patience, _error(state)
            if isinstance(error, ConnectionFailed):
                if not (self._reached and error.passing):
                    most = min(patience, _NEVER_REACHED_SECONDS)
                elif not unknown:
                    most = min(patience, _UNREACHED_SECONDS)
            elif isinstance(error, MalformedAnswer) and 300 <= error.status < 500:
                most = min(patience, _UNREACHED_SECONDS)  # a filter or a log-in page does not go away by itself
            return state.attempt_number >= _MOST_TRIES or (state.seconds_since_start or 0) >= most or not left()

        def pause(seconds: float) -> None:
            why, rest = self._why(last, seconds), left()
            with waiting(why):
                self.clock.sleep(min(seconds, rest))
            if rest <= seconds:
                raise late(why)

        tries = Retrying(retry=retry_if_exception(worth), wait=self._pause, stop=stop, sleep=pause, reraise=True)
        try:
            return tries(attempt)
        except (ConnectionFailed, RateLimited, ServiceError, UnknownOutcome) as error:
            if left() or not (unknown or isinstance(error, (RateLimited, ServiceError))):
                raise
            raise late(f"{error.code}, HTTP {error.status}" if isinstance(error, ApiError) else error.said) from error

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


def _shorter(seconds: float | None, most: float) -> float | None:
    return seconds if most == math.inf else min(most, math.inf if seconds is None else seconds)


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
    packed = zlib.decompressobj(wbits=47)
    try:
        unpacked = packed.decompress(content, most + 1)
    except zlib.error as error:
        raise httpx.DecodingError(f"the packed answer is damaged: {error}") from None
    if len(unpacked) > most:
        return None
    if not packed.eof:
        raise httpx.DecodingError("the packed answer is cut")
    return unpacked


def _without(key: str, data: Any) -> Any:
    """Return the JSON of an answer without the key, which an answer may repeat."""
    if isinstance(data, str):
        return data.replace(key, "***") if len(key) >= SHORTEST else data
    if isinstance(data, list):
        return [_without(key, inner) for inner in data]
    if isinstance(data, dict):
        return Hidden({_without(key, name): _without(key, inner) for name, inner in data.items()})
    return data


def _is_of_another(status: int) -> bool:
    """Return whether an answer to a free call that is not the API's tells that something else is at the address."""
    return (status < 500 and status not in (408, 429)) or status == 511


def _broke_off(said: bytes) -> bool:
    """Return whether a gateway's connection to the service ended after the request may have gone through."""
    return _BROKE_OFF in said and not any(reason in said for reason in _BEFORE)


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


def _close(*clients: httpx.Client) -> None:
    for client in clients:
        client.close()


# Certificates and proxies of the environment

#: Variables that lead to certificates: those of OpenSSL, which httpx knows, then those of requests and curl.
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: OpenSSL's numbers: not yet valid, expired; of another name, of another IP address.
_OUT_OF_TIME, _MISMATCH = (9, 10), (62, 64)


class _Way(httpx.BaseTransport):
    """Connections to each host: straight, or through the environment's proxy where `NO_PROXY` does not name the host.

    After a failure the environment is read again, so that a variable that is set in a cell works without a new kernel.
    """

    def __init__(self, address: str) -> None:
        self._here = is_loopback(urlsplit(address).hostname)
        self._secure = urlsplit(address).scheme == "https"
        self._at_fork_reinit()
        self._open()
        own_in_forks(self)

    def _at_fork_reinit(self) -> None:
        """Begin without connections: those of the parent of a forked child would bring it the child's answers."""
        self._lock = threading.Lock()
        self._failed = True
        self._found: tuple[object, ...] = ()
        #: Pools to go straight and by proxy; the last pair counts, others end with what they still carry.
        self._pools: list[tuple[httpx.HTTPTransport, httpx.HTTPTransport | None]] = []

    def _open(self) -> None:
        """Open connections of what the environment says; `ValueError` names the variable that cannot be used."""
        certificates = _trusted() if self._secure else ("", "", None)
        variable, address = ("", Secret("")) if self._here else _proxy()
        with self._lock:
            if (certificates, address) == self._found:
                self._failed = False
                return
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
            context = _certificates(*certificates)
            straight, proxied, wrong = httpx.HTTPTransport(verify=context, limits=limits), None, ""
            try:
                if variable:
                    proxied = httpx.HTTPTransport(verify=context, limits=limits, proxy=_checked_proxy(str(address)))
            except (ValueError, ImportError, httpx.InvalidURL) as error:
                wrong = mask(str(error)).rstrip(".")
            if wrong:  # outside the handler: httpx's own error holds the password
                raise ValueError(
                    say(
                        "the proxy in {variable} cannot be used: {why}. Correct or remove it",
                        variable=variable,
                        why=wrong,
                    )
                )
            self._pools.append((straight, proxied))
            self._found = (certificates, address)
            self._failed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._failed:
            try:
                self._open()
            except ValueError as error:
                raise httpx.ConnectError(str(error)) from None
        straight, proxied = self._pools[-1]
        pool = straight if proxied is None or _unproxied(request.url) else proxied
        try:
            return pool.handle_request(request)
        except httpx.TransportError:
            self._failed = True
            raise

    def close(self) -> None:
        for pair in self._pools:
            for pool in pair:
                if pool:
                    pool.close()


def _trusted() -> tuple[str, str, object]:
    """Return the variable that leads to certificates and its value, empty if there is none, and their version."""
    for variable in _CERTIFICATES:
        if place := os.environ.get(variable, "").strip():
            try:
                return variable, place, os.stat(os.path.expanduser(place)).st_mtime_ns
            except OSError:
                return variable, place, None
    try:
        import truststore
    except ImportError:
        return "", "", None
    return "", "", truststore


@lru_cache(maxsize=4)
def _certificates(variable: str, place: str, version: Any) -> ssl.SSLContext:
    """Return the certificates that connections trust, read once: that takes longer than a call."""
    if not variable:
        return version.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if version else httpx.create_ssl_context(trust_env=False)
    path = os.path.expanduser(place)
    try:
        if os.path.isfile(path):
            return ssl.create_default_context(cafile=path)
        folders = [folder for folder in path.split(os.pathsep) if os.path.isdir(folder)]
        if not folders:
            os.stat(path)
        if any(glob("????????.[0-9]*", root_dir=folder) for folder in folders):
            return ssl.create_default_context(capath=path)
        why: str = Said("the folder has no certificates named as `openssl rehash` names them")
    except OSError as error:
        why = str(getattr(error, "reason", None) or error.strerror or error).replace("_", " ").capitalize()
    raise ValueError(
        say(
            "{variable}={place} cannot be used for certificates: {why}. Correct it (a file in PEM format) or remove it",
            variable=variable,
            place=repr(place),
            why=why,
        )
    )


def _untrusted(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Return the error about a certificate that is behind another one, if there is one."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _distrust(error: ssl.SSLCertVerificationError, host: str) -> ConnectionFailed:
    variable, place, _ = _trusted()
    if getattr(error, "verify_code", 0) in _OUT_OF_TIME:
        advice = Said("Check this machine's clock")
    elif getattr(error, "verify_code", 0) in _MISMATCH:
        advice = Said("Check base_url; a network with a log-in page answers in place of every host")
    elif variable:
        advice = Said(
            "Only the certificates in {variable}={place} are trusted: add the one of this network, or remove the "
            "variable",
            variable=variable,
            place=repr(place),
        )
    else:
        advice = Said(
            "If this network or a virus scanner reads encrypted traffic, set SSL_CERT_FILE to the file with its "
            "certificate (PEM), or let this system trust it, and call again"
            if _trusted()[2]
            else "If this network or a virus scanner reads encrypted traffic, set SSL_CERT_FILE to the file with its "
            "certificate (PEM), or install truststore to trust what this system trusts, and call again"
        )
    why = (error.verify_message or error.reason or type(error).__name__).rstrip(".")
    return for_good(
        Said(
            "the certificate of {host} is not trusted: {why}. Nothing was sent. {advice}",
            host=host,
            why=why,
            advice=advice,
        )
    )


def _refused_by_proxy(reason: str, variable: str, host: str) -> ConnectionFailed:
    """Return an error for a proxy that was reached and did not connect; `reason` is its status and words."""
    values = {"variable": variable, "host": host, "why": reason}
    if reason.startswith("407"):
        return for_good(
            Said(
                "the proxy of {variable} asks for a name and a password ({why}). Nothing was sent. Write them into "
                "{variable}, as in http://name:password@proxy:port",
                **values,
            )
        )
    return for_good(
        Said(
            "the proxy of {variable} did not connect to {host}: {why}. Nothing was sent. Its administrator can allow "
            "{host}; if {host} is reached without a proxy, add it to NO_PROXY",
            **values,
        )
    )


def for_good(said: Said) -> ConnectionFailed:
    """Return an error for what waiting does not change."""
    failed = ConnectionFailed(said)
    failed.passing = False
    return failed


def _proxy(host: str = "") -> tuple[str, Secret]:
    """Return the variable that names a proxy, and the proxy; empty without one, or for a host that has none."""
    known = getproxies()
    for scheme in ("https", "all"):
        if known.get(scheme) and not (host and (is_loopback(host) or _unproxied(httpx.URL(scheme="https", host=host)))):
            return f"{scheme.upper()}_PROXY", Secret(known[scheme])
    return "", Secret("")


def _checked_proxy(address: str) -> httpx.Proxy:
    proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    if not proxy.url.host or " " in address:
        raise ValueError(say("it is not an address like http://host:port"))
    return proxy


def _unproxied(url: httpx.URL) -> bool:
    """Return whether an address is reached without a proxy: it is on this machine, or `NO_PROXY` names its host.

    `NO_PROXY` holds names, which stand for all below them as well, IP addresses and networks, each with a port if
    wanted. Where the proxy comes from the settings of the system, its exceptions do as well.
    """
    if url.scheme == "http" or is_loopback(url.host):
        return True
    listed = getproxies().get("no")
    if listed is None:
        return bool(proxy_bypass(url.host))
    return any(_names(entry, url) for entry in re.split(r"[\s,]+", listed.lower()) if entry)


def _names(entry: str, url: httpx.URL) -> bool:
    name, port = entry.rpartition("://")[2], ""
    if name.startswith("[") or name.count(":") == 1:
        name, _, port = name.rpartition(":") if re.search(r":\d*$", name) and not name.endswith("]") else (name, "", "")
    if port and int(port) != (url.port or 443):
        return False
    with suppress(ValueError):
        return ipaddress.ip_address(url.host) in ipaddress.ip_network(name.translate({91: "", 93: ""}), strict=False)
    suffix = name.lstrip("*").strip(".")
    hosts = (url.host.rstrip("."), url.raw_host.decode("ascii").rstrip("."))
    return name == "*" or any(f".{host}".endswith(f".{suffix}") for host in hosts if suffix)


# What a link leads to, without a key

#: Links that lead on to another one, at most; seconds for each.
_MOST_LINKS, _SECONDS = 5, 60.0


def fetch(link: str, *, most: int) -> bytes:
    """Return the content of a link, of at most `most` bytes; https leads on to https alone.

    Raises:
        ValueError: another kind of link, or nothing that can be read; the message has no query of a link.
        ConnectionFailed, UnknownOutcome: its host was not reached, or did not answer.
    """
    address = httpx.URL(link)
    service = Service(kind="live", base_url=f"{address.scheme}://{address.netloc.decode()}", region="singapore")
    too_large = ConnectionFailed(Said("it is larger than {most} MB", most=most // 2**20))
    # The connection for files carries no key.
    sender = Sender(service, Secret("no key is sent"), pace=Pace(), clock=Clock(), random=random.random)
    with closing(sender):
        for _ in range(_MOST_LINKS):
            if address.scheme != "https" and not (address.scheme == "http" and is_loopback(address.host)):
                shown = mask(f"{address.scheme}://{address.host}"[:200])
                raise ValueError(say("links are read over https only, not {link}", link=shown))
            secret = Secret(str(address))
            answer = sender.exchange(sender.files, "GET", secret, most=most, too_large=too_large, seconds=_SECONDS)
            if not answer.has_redirect_location:
                break
            target = address.join(answer.headers["location"])
            if address.scheme == "https" and target.scheme != "https":
                raise ValueError(say("it leads from https to another kind of address, which is not followed"))
            address = target
        else:
            raise ValueError(say("it leads round in circles"))
    if answer.status_code != 200:
        raise ValueError(say("it was answered with HTTP {status}", status=answer.status_code))
    return answer.content
