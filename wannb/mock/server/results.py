"""The result images: drawn when first needed, kept for a while, and served under signed links."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

from .exchange import Request, Response, xml_error
from .inputs import Source
from .tasks import CHINA, RETENTION

if TYPE_CHECKING:
    from wannb.mock.drawing import Drawing

ACCESS_KEY_ID = "WANNBMOCKRESULTS"
CACHE_BYTES = 64 * 1024 * 1024
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(kw_only=True)
class ResultImage:
    """One picture on the result host: how to read its body, or how to come by the drawing of it."""

    path: str
    size: tuple[int, int]
    make: Callable[[], Drawing] | None = field(default=None, repr=False)
    read: Callable[[], bytes] | None = field(default=None, repr=False)
    scope: Any = None  # the scenario the request's own header asked for
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


class Results:
    """The result host. Nothing is drawn when a task is made: creates and queries stay fast."""

    def __init__(self, *, now: Callable[[], float], secret: bytes, captions: bool = True) -> None:
        self._now = now
        self._captions = captions
        self._secret = secret
        self._images: dict[str, ResultImage] = {}
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def add(
        self,
        name: UUID,
        index: int,
        *,
        size: tuple[int, int],
        make: Callable[[], Drawing] | None = None,
        read: Callable[[], bytes] | None = None,
        scope: Any = None,
    ) -> str:
        """Register a picture and return its path, shaped like those seen live 2026-04."""
        day = datetime.fromtimestamp(self._now(), CHINA).strftime("%Y%m%d")
        first, second, group = name.hex[:2], name.hex[2:4], name.hex[4:12]
        path = f"/{first}/{second}/{day}/{group}/{name}_{index}.png"
        with self._lock:
            self._images[path] = ResultImage(path=path, size=size, make=make, read=read, scope=scope)
        return path

    def link(self, path: str, *, base: str, expires: float) -> str:
        """Return the signed URL of a path on the server at `base`."""
        until = str(int(expires))
        signature = quote(self._sign(path, until), safe="")
        return f"{base}{path}?Expires={until}&OSSAccessKeyId={ACCESS_KEY_ID}&Signature={signature}"

    def scope(self, path: str) -> Any:
        image = self._images.get(path)
        return image.scope if image else None

    def fetch(self, request: Request) -> Response:
        """Serve a picture, whole or from a byte on, or refuse as the object store does."""
        refusal = self._refusal(request.path, request.query)
        if refusal is not None:
            return refusal
        image = self._images.get(request.path)
        if image is None:
            return xml_error(404, "NoSuchKey", "The specified key does not exist.", Key=request.path[1:])
        body = self.body(image)
        headers = {
            "content-type": "image/png",
            "accept-ranges": "bytes",
            "etag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest().upper()}"',
        }
        wanted = RANGE.fullmatch(request.header("range"))
        if wanted is None or int(wanted[1]) >= len(body):
            return Response(headers=headers, body=body)
        start = int(wanted[1])
        end = min(int(wanted[2] or len(body) - 1), len(body) - 1)
        headers["content-range"] = f"bytes {start}-{end}/{len(body)}"
        return Response(status=206, headers=headers, body=body[start : end + 1])

    def body(self, image: ResultImage) -> bytes:
        """Return the encoded picture, drawing it if it is not at hand."""
        if image.read is not None:
            return image.read()
        with self._lock:
            if image.path in self._cache:
                self._cache.move_to_end(image.path)
                return self._cache[image.path]
        # One lock a picture: two downloads of one picture draw it once, two pictures are drawn side by side.
        with image.lock:
            with self._lock:
                if image.path in self._cache:
                    return self._cache[image.path]
            assert image.make is not None
            from wannb.mock.drawing import draw

            body = draw(replace(image.make(), captions=self._captions))
            with self._lock:
                self._cache[image.path] = body
                while len(self._cache) > 1 and sum(map(len, self._cache.values())) > CACHE_BYTES:
                    self._cache.popitem(last=False)
            return body

    def own(self, url: str) -> Source | None:
        """Return one of our own results as an input image, or None if the URL is not (or no longer) good."""
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        image = self._images.get(parts.path)
        if image is None or self._refusal(parts.path, query) is not None:
            return None
        found = image
        return Source(reference=url, size=found.size, read=lambda: self.body(found))

    def stale(self, url: str) -> bool:
        """Say whether a URL is that of one of our results, whatever its signature."""
        return urlsplit(url).path in self._images

    def _refusal(self, path: str, query: Mapping[str, str]) -> Response | None:
        until, signature = query.get("Expires", ""), query.get("Signature", "")
        if not signature or query.get("OSSAccessKeyId") != ACCESS_KEY_ID:
            return xml_error(403, "AccessDenied", "You have no right to access this object because of bucket acl.")
        if not hmac.compare_digest(signature.encode(), self._sign(path, until).encode()):
            return xml_error(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key "
                "and signing method.",
            )
        if self._now() > int(until):
            return xml_error(403, "AccessDenied", "Request has expired.", Expires=until)
        return None

    def _sign(self, path: str, until: str) -> str:
        text = f"GET\n\n\n{until}\n{path}"
        return base64.b64encode(hmac.new(self._secret, text.encode(), hashlib.sha1).digest()).decode()


def expiry(ended: float) -> float:
    """When a result link ends: seen live 2026-04, 24 hours after the image was saved."""
    return ended + RETENTION
