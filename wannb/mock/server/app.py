"""The mock service as a function from request to response: routes, keys, faults and the log."""

from __future__ import annotations

import random
import re
import time
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any

from wannb.mock.recordings.library import Shelf

from . import log
from .exchange import JSON_TYPE, Refused, Request, Response, json_response, version, xml_error
from .faults import Fault, Faults, Scope, Weather, find
from .log import Log, LogEntry
from .service import Call, Service

API = "/api/v1"
# A key that is always refused, so that a lesson can show what a key of another region looks like.
WRONG_KEY = "sk-wrong-region"
SYNC_TEXT = "current user api does not support synchronous calls."  # documented

SYNC_PATH = f"{API}/services/aigc/multimodal-generation/generation"
CREATE_PATH = f"{API}/services/aigc/image-generation/generation"
OLD_PATH = f"{API}/services/aigc/text2image/image-synthesis"
TASK = re.compile(rf"{API}/tasks/([^/]+)")
CANCEL = re.compile(rf"{API}/tasks/([^/]+)/cancel")
PICTURE = re.compile(r"(/[0-9a-f]{2}/[0-9a-f]{2}/\d{8}/[0-9a-f]{8}/[0-9a-f-]{36}_\d+\.png)")
STORE_KINDS = ("upload", "download")  # the object store: no key, and XML in its errors
HTML = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Please wait</h1></body></html>"


@dataclass(kw_only=True)
class Visit:
    """One request on its way through: what is known of it so far."""

    request: Request
    kind: str
    subject: str
    arrived: float
    request_id: str
    body: Any = None
    notes: list[str] = field(default_factory=list)
    fault: Fault = field(default_factory=Fault)
    scopes: tuple[Scope, ...] = ()
    own: Scope | None = None


class App:
    """The mock service.

    `keys` are those accepted (None: any). `replay` are folders of recordings, or "bundled"; `strict` refuses
    what has none. `steady` takes ids and seeds from the request, so that recording twice gives equal files.
    Without `captions` the MOCK label of a drawn picture leaves the prompt out, for blind judging. `clock` gives epoch
    seconds; `advance` moves it.
    """

    def __init__(
        self,
        *,
        task_seconds: float = 0.6,
        keys: Collection[str] | None = None,
        limits: bool = False,
        replay: Shelf | None = None,
        strict: bool = False,
        steady: bool = False,
        captions: bool = True,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        if strict and replay is None:
            raise ValueError("strict needs recordings to hold to: give replay as well.")
        self._clock = clock
        self._offset = 0.0
        self._keys = None if keys is None else frozenset(keys)
        self.replay = replay
        self.strict = strict
        self.sleep = sleep
        self.log = Log()
        self.faults = Faults()
        self.service = Service(
            now=self.now,
            sleep=sleep,
            rng=rng or random.Random(),
            task_seconds=task_seconds,
            limits=limits,
            shelf=replay,
            strict=strict,
            steady=steady,
            captions=captions,
        )

    def now(self) -> float:
        """Return the service's clock in epoch seconds."""
        return self._clock() + self._offset

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the service's clock on: tasks finish, links expire, tasks are forgotten."""
        self._offset += hours * 3600 + minutes * 60 + seconds

    @property
    def billed(self) -> int:
        """The images of everything that succeeded by now, fetched or not."""
        return self.service.tasks.billed()

    @contextmanager
    def scenario(self, name: str) -> Iterator[Scope]:
        """Play a named scenario within a `with` block."""
        scope = Scope(name)
        with self._playing(scope):
            yield scope

    @contextmanager
    def weather(self, **rates: Any) -> Iterator[Weather]:
        """Let random faults happen within a `with` block; the rates are those of `faults.Weather`."""
        if "routes" in rates:
            rates["routes"] = frozenset(rates["routes"])
        weather = Weather(**rates)
        with self._playing(weather):
            yield weather

    @contextmanager
    def _playing(self, play: Scope | Weather) -> Iterator[None]:
        self.faults.begin(play)
        try:
            yield
        finally:
            self.faults.end(play)

    def handle(self, request: Request) -> Response:
        """Answer one request, and say how the server shall misbehave while it sends the answer."""
        kind, subject = route(request)
        visit = Visit(
            request=request,
            kind=kind,
            subject=subject,
            arrived=self.now(),
            request_id=str(self.service.fresh()),
        )
        try:
            response = self._answer(visit)
        except Refused as refused:
            response = self._refusal(visit, refused)
        except Exception:
            # A defect of the mock must not pass for one of the service: it says so, with its last lines.
            last = "".join(traceback.format_exc().splitlines(keepends=True)[-3:])
            visit.notes.append(f"defect of the mock: {last}")
            response = self._refusal(visit, Refused(500, "Mock.Defect", f"The mock server failed: {last}"))
        response = self._spoiled(visit, self._dressed(visit, response))
        self._note(visit, response)
        return response

    def _answer(self, visit: Visit) -> Response:
        request, kind = visit.request, visit.kind
        if kind == "health":
            return json_response(200, self._health())
        if kind in STORE_KINDS and request.header("authorization"):
            visit.notes.append("leaked key")
            return xml_error(
                400,
                "InvalidArgument",
                "An Authorization header was sent to the object store: the API key must go to the API host "
                "alone. The mock refuses this so that the leak is seen.",
            )
        if kind not in STORE_KINDS:
            self._authorise(request)
        if kind == "old":
            raise Refused(400, "InvalidParameter", "url error, please check url!")
        if kind == "method":
            raise Refused(405, "MethodNotAllowed", f"{request.method} is not supported on {request.path}.")
        if kind == "unknown":
            raise Refused(404, "NotFound", f"The mock has no route {request.method} {request.path[:120]}.")
        self._meet_faults(visit)
        if visit.fault.drop == "before":
            return Response(drop=True)
        if visit.fault.refuse:
            raise Refused(*visit.fault.refuse)
        return self._work(visit)

    def _work(self, visit: Visit) -> Response:
        request, service = visit.request, self.service
        if visit.kind == "download":
            return service.results.fetch(request)
        if visit.kind == "upload":
            return service.uploads.accept(request, visit.notes)
        if visit.kind == "policy":
            return self._json(visit, 200, service.uploads.policy(request))
        if visit.kind == "list":
            return self._json(visit, 200, service.list(request))
        if visit.kind == "query":
            answer = service.query(visit.subject, request.base, visit.fault, visit.scopes)
            return self._json(visit, 200, answer)
        if visit.kind == "cancel":
            return self._json(visit, 200, service.cancel(visit.subject))
        self._check_envelope(visit)
        call = Call(
            request=request,
            body=visit.body,
            fault=visit.fault,
            scopes=visit.scopes,
            own=visit.own,
            notes=visit.notes,
        )
        done = (service.create if visit.kind == "create" else service.sync)(call, visit.request_id)
        return self._json(visit, *done)

    def _check_envelope(self, visit: Visit) -> None:
        request = visit.request
        asked = request.header("x-dashscope-async")
        if request.path.rstrip("/") == CREATE_PATH and not asked:
            raise Refused(403, "AccessDenied", SYNC_TEXT)
        if asked and asked != "enable":
            raise Refused(400, "InvalidParameter", 'X-DashScope-Async: must be "enable" or absent.')
        if request.header("x-dashscope-sse"):
            raise Refused(400, "InvalidParameter", "X-DashScope-SSE: streaming is not documented for this model.")
        if request.header("content-type").split(";")[0].strip().lower() != JSON_TYPE:
            raise Refused(400, "InvalidParameter", f"Content-Type: must be {JSON_TYPE}.")
        visit.body = log.body_json(request.body)
        if visit.body is None:
            raise Refused(400, "InvalidParameter", "The request body is not valid JSON.")

    def _authorise(self, request: Request) -> None:
        scheme, _, key = request.header("authorization").partition(" ")
        key = key.strip()
        if not scheme:
            raise Refused(401, "InvalidApiKey", "No API-key provided.")
        known = self._keys is None or key in self._keys
        if scheme.lower() != "bearer" or not key or key == WRONG_KEY or not known:
            # Documented cause number one: keys belong to a region, and this is another one.
            raise Refused(401, "InvalidApiKey", "Invalid API-key provided. (Is it the key of this host's region?)")

    def _meet_faults(self, visit: Visit) -> None:
        request = visit.request
        own: list[Scope] = []
        asked = request.header("x-wannb-scenario")
        fingerprint = f"{request.method} {request.path} {hash(request.body)}"
        if asked:
            try:
                visit.own = self.faults.header_scope(find(asked).name, fingerprint)
            except ValueError as trouble:
                raise Refused(400, "Mock.UnknownScenario", str(trouble)) from None
            own.append(visit.own)
        brought = self.service.scope_of(visit.kind, visit.subject)
        if brought is not None:
            own.append(brought)
        visit.fault, visit.scopes = self.faults.decide(visit.kind, visit.subject, own)
        if asked and (not visit.fault or visit.fault.work):
            self.faults.header_done(asked, fingerprint)

    def _json(self, visit: Visit, status: int, body: dict[str, Any]) -> Response:
        return json_response(status, {"request_id": visit.request_id, **body})

    def _refusal(self, visit: Visit, refused: Refused) -> Response:
        if visit.kind in STORE_KINDS:
            return xml_error(refused.status, refused.code, refused.message)
        body = {"request_id": visit.request_id, "code": refused.code, "message": refused.message}
        return json_response(refused.status, body)

    def _health(self) -> dict[str, Any]:
        pictures = "drawn" if self.replay is None else "replayed, strictly" if self.strict else "replayed or drawn"
        return {"service": "wannb-mock", "version": version(), "pictures": pictures, "live": False}

    def _dressed(self, visit: Visit, response: Response) -> Response:
        """Add the headers seen live 2026-04, and the one that says this is the mock."""
        now = self.now()
        headers = {"server": f"wannb-mock/{version()}", "date": formatdate(now, usegmt=True)}
        if visit.kind in STORE_KINDS:
            headers["x-oss-request-id"] = visit.request_id.replace("-", "")[:24].upper()
        else:
            headers["x-request-id"] = visit.request_id
            headers["req-arrive-time"] = str(int(visit.arrived * 1000))
            headers["resp-start-time"] = str(int(now * 1000))
            headers["req-cost-time"] = str(max(0, int((now - visit.arrived) * 1000)))
            headers["x-dashscope-call-gateway"] = "true"
            if visit.kind in ("create", "sync"):
                headers["x-dashscope-timeout"] = "298"
        return response.with_headers(headers)

    def _spoiled(self, visit: Visit, response: Response) -> Response:
        """Do to a good answer what the fault says."""
        fault = visit.fault
        if response.status >= 300 or response.drop:
            return response
        if fault.delay:
            response = replace(response, delay=fault.delay)
        if fault.spoil == "html":
            headers = {**response.headers, "content-type": "text/html; charset=utf-8"}
            response = replace(response, headers=headers, body=HTML)
        elif fault.spoil == "cut json":
            response = replace(response, body=response.body[: len(response.body) // 2])
        if fault.cut or (fault.drop == "after" and visit.kind == "download"):
            return replace(response, cut=len(response.body) // 2)
        if fault.drop == "after":
            return replace(response, drop=True)
        return response

    def _note(self, visit: Visit, response: Response) -> None:
        request = visit.request
        answer = log.body_json(response.body) if response.status >= 400 else None
        body = visit.body
        if body is None and request.header("content-type").startswith(JSON_TYPE):
            body = log.body_json(request.body)
        self.log.add(
            LogEntry(
                method=request.method,
                path=request.path,
                query=log.masked_query(request),
                status=None if response.drop else response.status,
                code=str(answer.get("code", "")) if isinstance(answer, dict) else "",
                headers=log.masked_headers(request),
                json=log.masked(body, request),
                fault=visit.fault.name or ("leaked key" if "leaked key" in visit.notes else ""),
                notes=tuple(visit.notes),
                arrived=visit.arrived,
            )
        )


def route(request: Request) -> tuple[str, str]:
    """Return the kind of a request, and the task or picture it is about. A slash at the end is let pass."""
    path, method = request.path.rstrip("/"), request.method
    one = {
        SYNC_PATH: ("POST", "create" if request.header("x-dashscope-async") else "sync"),
        CREATE_PATH: ("POST", "create"),
        OLD_PATH: ("POST", "old"),
        f"{API}/tasks": ("GET", "list"),
        f"{API}/uploads": ("GET", "policy"),
        "/healthz": ("GET", "health"),
    }
    if path in one:
        wanted, kind = one[path]
        return (kind, "") if method == wanted else ("method", "")
    if path == "":
        return {"POST": "upload", "GET": "health"}.get(method, "method"), ""
    for pattern, wanted, kind in ((TASK, "GET", "query"), (CANCEL, "POST", "cancel"), (PICTURE, "GET", "download")):
        found = pattern.fullmatch(path)
        if found:
            return (kind, found[1]) if method == wanted else ("method", "")
    return "unknown", ""
