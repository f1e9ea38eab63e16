"""Forwarding to another server, for recording: results are downloaded at once and served from here."""

from __future__ import annotations

import hashlib
import http.cookiejar
import threading
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from wannb import files
from wannb.masking import mask_http_logs
from wannb.mock.exchange import API, Log, LogEntry, Refused, Request, Response, json_response, parsed
from wannb.mock.server.images import named, parse_form

from . import format as recordings
from .scrub import bare

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Hosts that everybody uses; any other can name a workspace.
PUBLIC_HOSTS = ("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com")
# Seconds: of silence, and in all. The service itself gives a call 298.
SILENCE, IN_ALL = 330, 600
ANSWER_MOST = 64 * 1024 * 1024
PICTURE_MOST = 256 * 1024 * 1024
REDIRECTS_MOST = 3
TRIES = 3
UNREACHABLE, LOST = "Recording.Unreachable", "Recording.LostAnswer"
STORE = "/recorded/"
LATER = f"{STORE}later-"
# Hop-by-hop, or true only of the connection they came on.
NOT_PASSED = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "keep-alive"}
NOT_PASSED |= {"x-wannb-scenario"}
NOT_RETURNED = {*NOT_PASSED, "content-encoding", "date", "location", "set-cookie"}


class Fetcher:
    """Asks one API host and the file hosts that it names: no redirects with a key, bounded in size and time.

    No error and no log has an address that is signed. `ValueError` for an address that is not one of an API, or that
    would send the key unencrypted.
    """

    def __init__(self, base_url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        import httpx

        parts = urlsplit(base_url)
        self.host = parts.hostname or ""
        self.local = self.host in LOOPBACK
        if parts.scheme not in ("https", "http") or not self.host or parts.username or parts.query:
            raise ValueError(f"{base_url!r} is not the address of an API; write it like 'https://host/api/v1'.")
        if parts.scheme == "http" and not self.local:
            raise ValueError(f"{base_url!r} would send the key unencrypted; use https.")
        self._clock = clock
        mask_http_logs()
        self._client = httpx.Client(
            timeout=SILENCE, trust_env=not self.local, limits=httpx.Limits(max_keepalive_connections=0)
        )
        # A cookie of one host or call is sent to no other.
        self._client.cookies.jar.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, most: int = ANSWER_MOST
    ) -> Response:
        """Send one request and return its answer with headers in lower case; a redirect is an answer like any other.

        Raises:
            Refused: `Recording.Forbidden`, `Recording.Unreachable` (nothing was sent) or `Recording.LostAnswer`.
        """
        import httpx

        self._check_address(url)
        until = self._clock() + IN_ALL
        # Raised outside the handlers: httpx's own errors hold the address.
        try:
            with self._client.stream(
                method, url, headers={**headers, "accept-encoding": "identity"}, content=body or None
            ) as answer:
                content = bytearray()
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > most:
                        raise _lost(f"it is over {most // 1024**2} MB")
                    if self._clock() > until:
                        raise _lost(f"it took over {IN_ALL} s")
                return Response(status=answer.status_code, headers=dict(answer.headers), body=bytes(content))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            reason = type(error).__name__
            trouble = Refused(UNREACHABLE, f"The upstream could not be reached: {reason}. Nothing was sent.")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            trouble = _lost(type(error).__name__)
        raise trouble

    def image(self, url: str) -> bytes:
        """Return a file, also over redirects: this request carries no key."""
        for _ in range(REDIRECTS_MOST + 1):
            answer = self.ask("GET", url, {}, None, most=PICTURE_MOST)
            if answer.status == 200:
                return answer.body
            if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
                raise _lost(f"HTTP {answer.status}")
            url = urljoin(url, answer.headers["location"])
        raise _lost(f"more than {REDIRECTS_MOST} redirects")

    def _check_address(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            raise _forbidden("a broken address") from None
        here = host in LOOPBACK
        if parts.username or not host or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
            raise _forbidden("an address that is not https")
        if here and not self.local:
            raise _forbidden("an address of this machine, though it is another machine")


def _lost(reason: str) -> Refused:
    return Refused(LOST, f"The upstream's answer was lost: {reason}. It may have accepted the request.")


def _forbidden(what: str) -> Refused:
    return Refused("Recording.Forbidden", f"The upstream names {what}.")


class Forwarder:
    """Passes requests on to an API host. The key goes to that host alone and is kept nowhere."""

    def __init__(self, upstream: str, images: Path, entries: Log) -> None:
        self._upstream = upstream.rstrip("/")
        self._images = images
        self._log = entries
        self._lock = threading.Lock()
        self._fetcher = Fetcher(upstream)
        self._hosts: dict[str, str] = {}  # upload folder -> the upload host behind it
        self._uploads: dict[str, str] = {}  # oss:// URL -> identity
        self._links: dict[str, str] = {}  # our path of a result -> its signed URL, in memory only
        host, local = self._fetcher.host, self._fetcher.local
        self.source = f"live service at {host if host in PUBLIC_HOSTS else 'a host of its own'}"
        if local:
            self.source = "recorded through another server on this machine"
        # A workspace's host begins with the workspace.
        self.private: tuple[str, ...] = () if local or host in PUBLIC_HOSTS else (host, host.partition(".")[0])

    def handle(self, request: Request) -> Response:
        """Answer a request with the upstream's answer, in which results have addresses of this server."""
        try:
            response = self._passed(request)
        except Refused as refused:
            is_file = request.route[0] == "upload" or request.path.startswith(STORE)
            response = refused.xml() if is_file else refused.response(request_id="")
        self._log.add(LogEntry.of(request, response))
        return response

    def normalise(self, request: Request) -> dict[str, Any]:
        """Return a request as recordings hold it."""
        return recordings.normalise(request.method, request.path, request.headers, request.json, self._identify)

    def token(self, url: str) -> str:
        """Return what a recording writes for the address of a result, "" where the image could not be kept."""
        path = urlsplit(url).path
        name = path.removeprefix(STORE).removesuffix(".png")
        return f"image:sha256:{name}" if path in self._links and _is_kept(path) else ""

    def _passed(self, request: Request) -> Response:
        if request.method == "GET" and request.path.startswith(STORE):
            return self._stored(request.path)
        kind, _ = request.route
        if kind == "upload":
            return self._upload(request)
        rest = request.path.removeprefix(API)
        if not request.path.startswith(API) or not rest.startswith("/"):
            raise Refused("NotFound", "The recording server has no such route.")
        target = self._upstream + quote(rest, safe="/-_.~")
        if request.query:
            target += "?" + urlencode(request.query)
        headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED}
        response = self._ask(request.method, target, headers, self._with_live_links(request))
        answer = parsed(response.body)
        if response.status == 200 and kind == "policy":
            return self._policy(request, response, answer)
        if response.status == 200 and kind in ("sync", "query") and (images := recordings.images_of(answer)):
            for item, name in images:
                item[name] = request.base + self._kept(item[name])
            return json_response(200, answer)
        return response

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Response:
        answer = self._fetcher.ask(method, url, headers, body)
        if 300 <= answer.status < 400:
            message = "The upstream redirects this request. A key goes to one API host alone; nothing was followed."
            raise Refused("Recording.Redirected", message)
        return replace(answer, headers={name: answer.headers[name] for name in answer.headers.keys() - NOT_RETURNED})

    def _policy(self, request: Request, response: Response, answer: Any) -> Response:
        """Remember the upload host and put ours in its place."""
        folder, host = (recordings.at(answer, "data", name) for name in ("upload_dir", "upload_host"))
        if not isinstance(folder, str) or not isinstance(host, str):
            return response
        with self._lock:
            self._hosts[folder] = host
        answer["data"]["upload_host"] = request.base
        return json_response(200, answer)

    def _upload(self, request: Request) -> Response:
        fields, _, file = parse_form(request) or ({}, "", None)
        key = fields.get("key", "")
        with self._lock:
            host = next((host for folder, host in self._hosts.items() if key.startswith(folder)), None)
        if host is None or file is None:
            raise Refused("AccessDenied", "No policy for this key passed through the recording server.")
        # Never a key to the object store, whatever the client sent.
        response = self._ask("POST", host, {"content-type": request.header("content-type")}, request.body)
        if response.status < 300:
            with self._lock:
                self._uploads[f"oss://{key}"] = f"image:{recordings.identity(file)}"
        return response

    def _kept(self, url: str) -> str:
        """Download a result, store it, and return our path of it; one that cannot be kept is passed through later."""
        with self._lock:
            known = next((path for path, link in self._links.items() if link == url and _is_kept(path)), None)
        if known is not None:
            return known
        path = f"{LATER}{hashlib.sha256(url.encode()).hexdigest()[:32]}.png"
        for _ in range(TRIES):
            try:
                image = bare(self._fetcher.image(url))
                name = hashlib.sha256(image).hexdigest()
                self._images.mkdir(parents=True, exist_ok=True)
                files.write(self._images / f"{name}.png", image)
                path = f"{STORE}{name}.png"
            except Refused as refused:
                if refused.code in (UNREACHABLE, LOST):
                    continue
            except (ValueError, OSError):
                pass
            break
        with self._lock:
            self._links[path] = url
        return path

    def _stored(self, path: str) -> Response:
        url = self._links.get(path)
        if url is None:
            raise Refused("NoSuchKey", "The specified key does not exist.")
        try:
            kept = self._images / path.removeprefix(STORE)
            body = kept.read_bytes() if _is_kept(path) else bare(self._fetcher.image(url))
        except (Refused, OSError) as trouble:
            if isinstance(trouble, Refused) and trouble.code not in (UNREACHABLE, LOST):
                raise
            raise Refused("ServiceUnavailable", "The image could not be downloaded; try again.") from None
        except ValueError:
            raise Refused("InvalidArgument", "The service's link does not lead to an image.") from None
        return Response(headers={"content-type": "image/png"}, body=body)

    def _with_live_links(self, request: Request) -> bytes:
        """Return the body with our addresses of results turned back into those the upstream knows."""
        body = deepcopy(request.json)
        changed = False
        for item in recordings.content_of(body):
            path = _path(str(item.get("image", "")))
            if path in self._links:
                item["image"] = self._links[path]
                changed = True
        return json_response(200, body).body if changed else request.body

    def _identify(self, reference: str) -> str:
        if reference in self._uploads:
            return self._uploads[reference]
        path = _path(reference)
        if path in self._links and _is_kept(path):
            return f"image:{recordings.identity((self._images / path.removeprefix(STORE)).read_bytes())}"
        return named(reference)


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _is_kept(path: str) -> bool:
    return not path.startswith(LATER)
