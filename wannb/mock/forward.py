"""Pass requests on to another server, for recording: results are fetched at once and served from here."""

from __future__ import annotations

import hashlib
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wannb.mock import log, recordings
from wannb.mock.app import API, route
from wannb.mock.exchange import Request, Response, json_response, xml_error
from wannb.mock.identity import identity
from wannb.mock.log import Log, LogEntry
from wannb.mock.sources import DATA_URI, inline, public_address
from wannb.mock.uploads import parse_form

TIMEOUT = 300
STORE = "/recorded/"
# Hop-by-hop, or true only of the connection they came on.
NOT_PASSED = (
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
    "keep-alive",
    "x-wannb-scenario",
)
NOT_RETURNED = (*NOT_PASSED, "content-encoding", "date")


class Forwarder:
    """Stands before an API host. The key is passed on to that host alone, and kept nowhere."""

    def __init__(self, upstream: str, images: Path, entries: Log) -> None:
        self._upstream = upstream.rstrip("/")
        self._images = images
        self._log = entries
        self._lock = threading.Lock()
        self._hosts: dict[str, str] = {}  # upload folder -> the upload host behind it
        self._uploads: dict[str, str] = {}  # oss:// URL -> identity
        self._live: dict[str, str] = {}  # our path of a result -> its signed URL, in memory only
        host = urlsplit(upstream).hostname or ""
        on_loopback = host in ("127.0.0.1", "localhost", "::1")
        self.source = "recorded through another server on this machine" if on_loopback else f"live service at {host}"
        proxies: dict[str, str] | None = {} if on_loopback else None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))

    def handle(self, request: Request) -> Response:
        response = self._pass(request)
        self._log.add(
            LogEntry(
                method=request.method,
                path=request.path,
                query=log.masked_query(request),
                status=response.status,
                headers=log.masked_headers(request),
                json=log.masked(log.body_json(request.body), request),
            )
        )
        return response

    def normalise(self, request: Request, body: Any) -> dict[str, Any]:
        return recordings.normalise(request.method, request.path, request.headers, body, self._identify)

    def token(self, url: str) -> str:
        name = urlsplit(url).path.removeprefix(STORE).removesuffix(".png")
        return f"image:sha256:{name}"

    def _pass(self, request: Request) -> Response:
        if request.method == "GET" and request.path.startswith(STORE):
            return self._stored(request.path)
        kind, _ = route(request)
        if kind == "upload":
            return self._upload(request)
        if not request.path.startswith(API):
            return json_response(404, {"code": "NotFound", "message": "The recording server has no such route."})
        body = self._live_links(request)
        target = self._upstream + request.path.removeprefix(API)
        if request.query:
            target += "?" + urllib.parse.urlencode(request.query)
        headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED}
        response = self._ask(request.method, target, headers, body)
        if kind == "policy":
            return self._policy(request, response)
        if kind in ("sync", "query"):
            return self._keep_pictures(request, response)
        return response

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        asked = urllib.request.Request(url, data=body or None, headers=headers, method=method)
        try:
            with self._opener.open(asked, timeout=TIMEOUT) as answer:
                status, got, data = answer.status, dict(answer.headers.items()), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, got, data = error.code, dict(error.headers.items()), error.read()
        except OSError as trouble:
            reason = getattr(trouble, "reason", trouble)
            return json_response(
                502, {"code": "Recording.Unreachable", "message": f"The upstream could not be reached: {reason}"}
            )
        kept = {name.lower(): value for name, value in got.items() if name.lower() not in NOT_RETURNED}
        return Response(status=status, headers=kept, body=data)

    def _policy(self, request: Request, response: Response) -> Response:
        answer = log.body_json(response.body)
        if response.status != 200 or not isinstance(answer, dict):
            return response
        with self._lock:
            self._hosts[answer["data"]["upload_dir"]] = answer["data"]["upload_host"]
        answer["data"]["upload_host"] = request.base
        return json_response(200, answer)

    def _upload(self, request: Request) -> Response:
        parts = parse_form(request) or []
        fields = {part.name: part for part in parts}
        key = fields["key"].data.decode() if "key" in fields else ""
        with self._lock:
            host = next((host for folder, host in self._hosts.items() if key.startswith(folder)), None)
        if host is None or "file" not in fields:
            return xml_error(403, "AccessDenied", "No policy for this key passed through the recording server.")
        # Never a key to the object store, whatever the client sent.
        headers = {"content-type": request.header("content-type")}
        response = self._ask("POST", host, headers, request.body)
        if response.status < 300:
            with self._lock:
                self._uploads[f"oss://{key}"] = f"image:{identity(fields['file'].data)}"
        return response

    def _keep_pictures(self, request: Request, response: Response) -> Response:
        """Fetch every picture of an answer and put our own address in place of its signed URL."""
        answer = log.body_json(response.body)
        output = answer.get("output") if isinstance(answer, dict) else None
        if response.status != 200 or not isinstance(output, dict) or not output.get("choices"):
            return response
        for choice in output["choices"]:
            for item in choice["message"]["content"]:
                if "image" in item:
                    item["image"] = request.base + self._keep(item["image"])
        return json_response(200, answer)

    def _keep(self, url: str) -> str:
        with self._lock:
            known = next((path for path, live in self._live.items() if live == url), None)
        if known is not None:
            return known
        picture = self._ask("GET", url, {}, None)
        if picture.status != 200:
            raise ConnectionError(f"A result could not be fetched: HTTP {picture.status}.")
        name = hashlib.sha256(picture.body).hexdigest()
        self._images.mkdir(parents=True, exist_ok=True)
        (self._images / f"{name}.png").write_bytes(picture.body)
        path = f"{STORE}{name}.png"
        with self._lock:
            self._live[path] = url
        return path

    def _stored(self, path: str) -> Response:
        if path not in self._live:
            return xml_error(404, "NoSuchKey", "The specified key does not exist.")
        body = (self._images / path.removeprefix(STORE)).read_bytes()
        return Response(headers={"content-type": "image/png"}, body=body)

    def _live_links(self, request: Request) -> bytes:
        """Return the body with our addresses of results turned back into those the upstream knows."""
        body = log.body_json(request.body)
        changed = False
        for item in recordings.content_of(body):
            path = urlsplit(str(item.get("image", ""))).path
            if path in self._live:
                item["image"] = self._live[path]
                changed = True
        return json_response(200, body).body if changed else request.body

    def _identify(self, reference: str) -> str:
        if reference in self._uploads:
            return self._uploads[reference]
        path = urlsplit(reference).path
        if path in self._live:
            return f"image:{identity((self._images / path.removeprefix(STORE)).read_bytes())}"
        return inline(reference, "image").identity if DATA_URI.match(reference) else public_address(reference)
