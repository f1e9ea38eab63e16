"""Ask another server: no redirects with a key, only https or this machine, bounded in size and time.

The standard library's own opener follows redirects with every header, the key among them, and opens files too.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Seconds: of silence, and in all. The service itself gives a call 298.
SILENCE, IN_ALL = 330, 600
ANSWER_MOST = 64 * 1024 * 1024
PICTURE_MOST = 256 * 1024 * 1024
REDIRECTS_MOST = 3
PIECE = 256 * 1024
# What a connection that was never made fails with; anything else may have reached the other side.
NEVER_MADE = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)


class Unreached(Exception):
    """The server was not reached: nothing was sent."""


class Lost(Exception):
    """The request may have arrived; its answer did not, or not whole."""


class Forbidden(Exception):
    """An address that is not to be asked."""


class Fetcher:
    """Ask one API host and the file hosts that it names. Addresses stand in no error: they can be signed."""

    def __init__(self, base_url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        parts = urlsplit(base_url)
        self.host = parts.hostname or ""
        self.local = self.host in LOOPBACK
        if parts.scheme not in ("https", "http") or not self.host or parts.username or parts.query:
            raise ValueError(f"{base_url!r} is no address of an API; write it like 'https://host/api/v1'.")
        if parts.scheme == "http" and not self.local:
            raise ValueError(f"{base_url!r} would send the key unencrypted; use https.")
        self._clock = clock
        # Put together by hand: no handler for redirects, files or FTP.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler({} if self.local else None),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
        ):
            self._opener.add_handler(handler)

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, most: int = ANSWER_MOST
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request and return status, headers (lower case) and body; a redirect is an answer like any other.

        Raises:
            Forbidden: the address is neither https nor, beside an API of this machine, on this machine.
            Unreached: nothing was sent.
            Lost: no whole answer came in time, or one that is larger than `most` bytes.
        """
        self._must_be_safe(url)
        until = self._clock() + IN_ALL
        # Outside the handlers: the errors of the standard library can hold the address.
        try:
            asked = urllib.request.Request(url, data=body or None, headers=dict(headers), method=method)
            with self._opener.open(asked, timeout=SILENCE) as answer:
                got = {name.lower(): value for name, value in answer.headers.items()}
                return answer.status, got, self._body(answer, got, most, until)
        except (Lost, Unreached) as known:
            trouble: Exception = known
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            said = getattr(reason, "strerror", None) or type(reason).__name__
            trouble = Unreached(said) if isinstance(reason, NEVER_MADE) else Lost(said)
        raise trouble

    def picture(self, url: str) -> bytes:
        """Return a file, over redirects too: this request carries no key."""
        for _ in range(REDIRECTS_MOST + 1):
            status, headers, body = self.ask("GET", url, {}, None, most=PICTURE_MOST)
            if status == 200:
                return body
            if status not in (301, 302, 303, 307, 308) or "location" not in headers:
                raise Lost(f"HTTP {status}")
            url = urljoin(url, headers["location"])
        raise Lost("the link leads round in circles")

    def _body(self, answer: Any, headers: Mapping[str, str], most: int, until: float) -> bytes:
        length = headers.get("content-length", "")
        pieces: list[bytes] = []
        total = 0
        while piece := answer.read1(PIECE):
            total += len(piece)
            pieces.append(piece)
            if total > most:
                raise Lost(f"the answer is over {most // 1024**2} MB")
            if self._clock() > until:
                raise Lost(f"the answer took over {IN_ALL} s")
        if length.isdigit() and total < int(length):
            raise Lost("the answer was cut")
        return b"".join(pieces)

    def _must_be_safe(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            raise Forbidden("a broken address") from None
        here = host in LOOPBACK
        if parts.username or not host or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
            raise Forbidden("an address that is not https")
        if here and not self.local:
            raise Forbidden("an address of this machine, named by another")
