"""The mock service as a function from request to response: routes, keys, scenarios and the log."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import partial
from typing import Any, TypeVar

from wannb.mock.exchange import (
    CREATE_PATH,
    JSON_TYPE,
    Log,
    LogEntry,
    Refused,
    Request,
    Response,
    json_response,
    version,
    wrong,
)

from .generation import Call, Generator
from .images import Images
from .scenarios import Effect, Faults, Playing, Weather
from .settings import Settings
from .tasks import READS_A_SECOND, Tasks

# A key that is always refused, so that a lesson can show what a key of another region looks like.
WRONG_KEY = "sk-wrong-region"
STORE_KINDS = ("upload", "download")  # the object store: no key, and XML in its errors
HTML = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Please wait</h1></body></html>"

Played = TypeVar("Played", Playing, Weather)


@dataclass(kw_only=True, eq=False, repr=False)
class App(Settings):
    """The mock service, a function from request to response with the clock as an argument, which `advance` moves.

    Its arguments are those of `Settings`.
    """

    def __post_init__(self) -> None:
        if self.strict and self.replay is None:
            raise ValueError("strict needs recordings to answer from: give replay as well.")
        self.log = Log()
        self.faults = Faults()
        self.tasks = Tasks(self)
        self.images = Images(self)
        self.generator = Generator(self, self.tasks, self.images)

    @property
    def billed(self) -> int:
        """The images of all tasks that succeeded by now, downloaded or not."""
        return self.tasks.billed()

    def scenario(self, name: str) -> AbstractContextManager[Playing]:
        """Play a named scenario within a `with` block."""
        return self._on(Playing(name))

    def weather(self, **rates: Any) -> AbstractContextManager[Weather]:
        """Let random faults happen within a `with` block; the rates are those of `Weather`."""
        return self._on(Weather(**rates))

    @contextmanager
    def _on(self, played: Played) -> Iterator[Played]:
        self.faults.on.append(played)
        try:
            yield played
        finally:
            self.faults.on.remove(played)

    def handle(self, request: Request) -> Response:
        """Answer one request; the response says how the server misbehaves while it sends it."""
        kind, subject = request.route
        call = Call(request=request, kind=kind, subject=subject, arrived=self.now(), request_id=str(self.fresh()))
        try:
            response = self._answer(call)
        except Refused as refused:
            response = _refusal(call, refused)
        except Exception:
            # A defect of the mock must not pass for one of the service: it says so, with its last lines.
            last = "".join(traceback.format_exc().splitlines(keepends=True)[-3:])
            call.notes.append(f"defect of the mock: {last}")
            response = _refusal(call, Refused("Mock.Defect", f"The mock server failed: {last}"))
        response = _spoiled(call, replace(response, headers={**self._headers(call), **response.headers}))
        notes = tuple(call.notes)
        self.log.add(LogEntry.of(request, response, fault=call.effect.name, notes=notes, arrived=call.arrived))
        return response

    def _answer(self, call: Call) -> Response:
        request, kind = call.request, call.kind
        if kind == "health":
            pictures = "drawn" if self.replay is None else "replayed, strictly" if self.strict else "replayed or drawn"
            health = {"service": "wannb-mock", "version": version(), "pictures": pictures, "live": False}
            return json_response(200, health)
        if kind not in (*STORE_KINDS, "connect"):
            self._check_key(request)
        elif kind != "connect" and request.header("authorization"):
            call.effect = Effect(name="leaked key")
            raise Refused(
                "InvalidArgument",
                "An Authorization header was sent to the object store: the API key must go to the API host "
                "alone. The mock refuses this so that the leak is seen.",
            )
        if kind == "old":
            raise Refused("InvalidParameter", "url error, please check url!")
        if kind == "method":
            raise Refused("MethodNotAllowed", f"{request.method} is not supported on {request.path}.")
        if kind == "unknown":
            raise Refused("NotFound", f"The mock has no route {request.method} {request.path[:120]}.")
        self._meet_faults(call)
        if call.effect.strangers:
            self.generator.add_stranger(call)
        if call.effect.drop == "before":
            return Response(drop=True)
        if call.effect.page and not call.effect.spoil:
            return _page(call.effect.page)
        if kind == "connect":
            raise Refused("MethodNotAllowed", "The mock server is no proxy: give its address as the base URL.")
        if call.effect.refuse:
            raise Refused(*call.effect.refuse)
        if kind == "download":
            return self.images.download(request)
        if kind == "upload":
            return self.images.upload(request, call.notes)
        status, body = self._api(call)
        return json_response(status, {"request_id": call.request_id, **body})

    def _api(self, call: Call) -> tuple[int, dict[str, Any]]:
        """Return status and body of an answer of the API host."""
        if call.kind == "policy":
            return 200, self.images.policy(call.request)
        if call.kind in ("create", "sync"):
            _check_envelope(call.request)
            return self.generator.answer(call)
        self.tasks.count_request(
            {"query": "task queries", "list": "task lists", "cancel": "task cancels"}[call.kind],
            READS_A_SECOND,
            limits=call.effect.limits,
        )
        if call.kind == "query":
            return 200, self._query(call)
        if call.kind == "list":
            return 200, self.tasks.page(call.request.query, lag=call.effect.lag, empty=call.effect.empty)
        self.tasks.cancel(call.subject)
        return 200, {}

    def _query(self, call: Call) -> dict[str, Any]:
        task = self.tasks.find(call.subject)
        if task is None or call.effect.forgotten or self.now() < task.submitted + call.effect.unknown:
            return {"output": {"task_id": call.subject, "task_status": "UNKNOWN"}}
        ended = task.ended
        if call.effect.expired and not task.expired and task.status(self.now()) == "SUCCEEDED":
            task.expired = True
            ended -= 48 * 3600
        return self.tasks.answer(task, partial(self.images.link, base=call.request.base, ended=ended))

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.header("authorization").partition(" ")
        key = key.strip()
        if not scheme:
            raise Refused("InvalidApiKey", "No API-key provided.")
        known = self.keys is None or key in self.keys
        if scheme.lower() != "bearer" or not key or key == WRONG_KEY or not known:
            # The documented first cause: keys belong to a region, and this host is in another one.
            raise Refused("InvalidApiKey", "Invalid API-key provided. (Is it the key of this host's region?)")

    def _meet_faults(self, call: Call) -> None:
        request = call.request
        task = self.tasks.find(call.subject) if call.kind in ("query", "cancel") else None
        try:
            call.effect, call.own = self.faults.meet(
                call.kind,
                call.subject,
                header=request.header("x-wannb-scenario"),
                fingerprint=f"{request.method} {request.path} {hash(request.body)}",
                inherited=task.playing if task else self.images.playing(call.subject),
            )
        except ValueError as unknown:
            raise Refused("Mock.UnknownScenario", str(unknown)) from None

    def _headers(self, call: Call) -> dict[str, str]:
        """Return the headers seen live 2026-04, and the one that says this is the mock."""
        now = self.now()
        headers = {"server": f"wannb-mock/{version()}", "date": formatdate(now, usegmt=True)}
        if call.kind in STORE_KINDS:
            return {**headers, "x-oss-request-id": call.request_id.replace("-", "")[:24].upper()}
        headers["x-request-id"] = call.request_id
        headers["req-arrive-time"] = str(int(call.arrived * 1000))
        headers["resp-start-time"] = str(int(now * 1000))
        headers["req-cost-time"] = str(max(0, int((now - call.arrived) * 1000)))
        headers["x-dashscope-call-gateway"] = "true"
        if call.kind in ("create", "sync"):
            headers["x-dashscope-timeout"] = "298"
        return headers


def _check_envelope(request: Request) -> None:
    asked = request.header("x-dashscope-async")
    if request.path.rstrip("/") == CREATE_PATH and asked != "enable":
        raise Refused("AccessDenied", "current user api does not support synchronous calls.")  # documented
    if asked and asked != "enable":
        raise wrong("X-DashScope-Async", 'must be "enable" or absent')
    if request.header("x-dashscope-sse"):
        raise wrong("X-DashScope-SSE", "streaming is not documented for this model")
    if request.header("content-type").split(";")[0].strip().lower() != JSON_TYPE:
        raise wrong("Content-Type", f"must be {JSON_TYPE}")
    if request.json is None:
        raise Refused("InvalidParameter", "The request body is not valid JSON.")


def _refusal(call: Call, refused: Refused) -> Response:
    return refused.xml() if call.kind in STORE_KINDS else refused.response(request_id=call.request_id)


def _page(status: int) -> Response:
    """Return what a gateway or a proxy answers in place of the service."""
    wants = {"proxy-authenticate": 'Basic realm="proxy"'} if status == 407 else {}
    return Response(status=status, headers={"content-type": "text/html; charset=utf-8", **wants}, body=HTML)


def _spoiled(call: Call, response: Response) -> Response:
    """Do to a good answer what the scenarios say."""
    effect = call.effect
    if response.status >= 300 or response.drop:
        return response
    if effect.delay:
        response = replace(response, delay=effect.delay)
    if effect.spoil == "html":
        page = _page(effect.page or 200)
        response = replace(response, status=page.status, headers={**response.headers, **page.headers}, body=page.body)
    elif effect.spoil == "cut json":
        response = replace(response, body=response.body[: len(response.body) // 2])
    if effect.cut or (effect.drop == "after" and call.kind == "download"):
        return replace(response, cut=len(response.body) // 2)
    return replace(response, drop=True) if effect.drop == "after" else response
