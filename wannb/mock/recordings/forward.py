"""Pass requests on to another server, for recording: results are fetched at once and served from here."""

from __future__ import annotations

import hashlib
import threading
import urllib.parse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wannb.mock.server import log
from wannb.mock.server.app import API, route
from wannb.mock.server.exchange import Refused, Request, Response, json_response, xml_error
from wannb.mock.server.identity import identity
from wannb.mock.server.inputs import DATA_URI, inline, public_address
from wannb.mock.server.log import Log, LogEntry
from wannb.mock.server.uploads import parse_form

from . import format as recordings
from .chunks import bare
from .fetch import Fetcher, Forbidden, Lost, Unreached

STORE = "/recorded/"
LATER = f"{STORE}later-"
# Hosts that everybody uses; any other can name a workspace.
PUBLIC_HOSTS = ("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com")
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
NOT_RETURNED = (*NOT_PASSED, "content-encoding", "date", "location", "set-cookie")
TRIES = 3


class Forwarder:
    """Stands before an API host. The key is passed on to that host alone, and kept nowhere."""

    def __init__(self, upstream: str, images: Path, entries: Log) -> None:
        self._upstream = upstream.rstrip("/")
        self._images = images
        self._log = entries
        self._lock = threading.Lock()
        self._fetcher = Fetcher(upstream)
        self._hosts: dict[str, str] = {}  # upload folder -> the upload host behind it
        self._uploads: dict[str, str] = {}  # oss:// URL -> identity
        self._live: dict[str, str] = {}  # our path of a result -> its signed URL, in memory only
        host = self._fetcher.host
        if self._fetcher.local:
            self.source = "recorded through another server on this machine"
        else:
            self.source = f"live service at {host}" if host in PUBLIC_HOSTS else "live service at a host of its own"
        # A workspace's host begins with the workspace.
        self.private: tuple[str, ...] = (
            () if self._fetcher.local or host in PUBLIC_HOSTS else (host, host.partition(".")[0])
        )

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
        """Return what a recording writes for one of our addresses, "" where the picture could not be kept."""
        path = urlsplit(url).path
        name = path.removeprefix(STORE).removesuffix(".png")
        return f"image:sha256:{name}" if path in self._live and _is_kept(path) else ""

    def _pass(self, request: Request) -> Response:
        if request.method == "GET" and request.path.startswith(STORE):
            return self._stored(request.path)
        kind, _ = route(request)
        if kind == "upload":
            return self._upload(request)
        rest = request.path.removeprefix(API)
        if not request.path.startswith(API) or not rest.startswith("/"):
            return json_response(404, {"code": "NotFound", "message": "The recording server has no such route."})
        target = self._upstream + urllib.parse.quote(rest, safe="/-_.~")
        if request.query:
            target += "?" + urllib.parse.urlencode(request.query)
        headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED}
        response = self._ask(request.method, target, headers, self._live_links(request))
        if kind == "policy":
            return self._policy(request, response)
        if kind in ("sync", "query"):
            return self._keep_pictures(request, response)
        return response

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Response:
        try:
            status, got, data = self._fetcher.ask(method, url, headers, body)
        except Unreached as trouble:
            message = f"The upstream could not be reached: {trouble}. Nothing was sent."
            return json_response(502, {"code": "Recording.Unreachable", "message": message})
        except Lost as trouble:
            # 504, which a careful client takes for what it is: the request may have been accepted.
            message = f"The upstream's answer was lost: {trouble}. It may have accepted the request."
            return json_response(504, {"code": "Recording.LostAnswer", "message": message})
        except Forbidden as trouble:
            return json_response(400, {"code": "Recording.Forbidden", "message": f"The upstream names {trouble}."})
        if 300 <= status < 400:
            message = "The upstream redirects this request. A key goes to one API host alone; nothing was followed."
            return json_response(400, {"code": "Recording.Redirected", "message": message})
        kept = {name: value for name, value in got.items() if name not in NOT_RETURNED}
        return Response(status=status, headers=kept, body=data)

    def _policy(self, request: Request, response: Response) -> Response:
        answer = log.body_json(response.body)
        data = answer.get("data") if isinstance(answer, dict) else None
        folder, host = (data.get("upload_dir"), data.get("upload_host")) if isinstance(data, dict) else (None, None)
        if response.status != 200 or not isinstance(folder, str) or not isinstance(host, str):
            return response
        with self._lock:
            self._hosts[folder] = host
        answer["data"]["upload_host"] = request.base
        return json_response(200, answer)

    def _upload(self, request: Request) -> Response:
        fields = {part.name: part for part in parse_form(request) or []}
        key = fields["key"].data.decode("utf-8", "replace") if "key" in fields else ""
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
        if response.status != 200:
            return response
        found = False
        for item in recordings.items_of(answer):
            if isinstance(item.get("image"), str):
                item["image"] = request.base + self._keep(item["image"])
                found = True
        return json_response(200, answer) if found else response

    def _keep(self, url: str) -> str:
        with self._lock:
            known = next((path for path, live in self._live.items() if live == url and _is_kept(path)), None)
        if known is not None:
            return known
        picture = self._fetched(url)
        if picture is None:
            return self._later(url)
        name = hashlib.sha256(picture).hexdigest()
        try:
            self._images.mkdir(parents=True, exist_ok=True)
            part = self._images / f".{name}.{threading.get_ident()}.part"
            part.write_bytes(picture)
            part.replace(self._images / f"{name}.png")
        except OSError:
            return self._later(url)
        path = f"{STORE}{name}.png"
        with self._lock:
            self._live[path] = url
        return path

    def _fetched(self, url: str) -> bytes | None:
        for _ in range(TRIES):
            try:
                return bare(self._fetcher.picture(url))
            except (Lost, Unreached):
                continue
            except (Forbidden, ValueError):
                break
        return None

    def _later(self, url: str) -> str:
        """Return an address for a picture that is not kept: it is passed through when it is asked for."""
        path = f"{LATER}{hashlib.sha256(url.encode()).hexdigest()[:32]}.png"
        with self._lock:
            self._live[path] = url
        return path

    def _stored(self, path: str) -> Response:
        url = self._live.get(path)
        if url is None:
            return xml_error(404, "NoSuchKey", "The specified key does not exist.")
        try:
            kept = self._images / path.removeprefix(STORE)
            body = kept.read_bytes() if _is_kept(path) else bare(self._fetcher.picture(url))
        except (Lost, Unreached, OSError):
            return xml_error(503, "ServiceUnavailable", "The picture could not be fetched; ask again.")
        except (Forbidden, ValueError):
            return xml_error(400, "InvalidArgument", "What the service names is no picture.")
        return Response(headers={"content-type": "image/png"}, body=body)

    def _live_links(self, request: Request) -> bytes:
        """Return the body with our addresses of results turned back into those the upstream knows."""
        body = log.body_json(request.body)
        changed = False
        for item in recordings.content_of(body):
            path = _path(str(item.get("image", "")))
            if path in self._live:
                item["image"] = self._live[path]
                changed = True
        return json_response(200, body).body if changed else request.body

    def _identify(self, reference: str) -> str:
        if reference in self._uploads:
            return self._uploads[reference]
        path = _path(reference)
        if path in self._live and _is_kept(path):
            return f"image:{identity((self._images / path.removeprefix(STORE)).read_bytes())}"
        try:
            return inline(reference, "image").identity if DATA_URI.match(reference) else public_address(reference)
        except Refused:
            return f"image:refused:{hashlib.sha256(reference.encode('utf-8', 'replace')).hexdigest()}"


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _is_kept(path: str) -> bool:
    return not path.startswith(LATER)
