"""The class on the network: the protocol's routes, the page of a student, the page of the teacher, and who may ask."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, ClassVar

from anyio import to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request as Asked
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from wannb.display import PREVIEW_PIXELS, preview
from wannb.errors import WannbError
from wannb.exports import write_rows
from wannb.mock.exchange import Refused, Request
from wannb.mock.exchange import Response as Answer
from wannb.service import Money

from .books import Ask, Person
from .gateway import PICTURES, UPLOADS, Gateway
from .vote import MOST_PICTURES, Vote

_PAGES = Path(__file__).parent / "pages"
#: Bytes of one request: three pictures of 20 MB as base64.
BODY_MOST = 80 * 1024 * 1024
#: Bytes of all requests that are being read.
READING_MOST = 8 * BODY_MOST
#: After how many guesses from one address each further one waits, twice as long each time, and seconds at most.
_FREE, _SLOWEST = 5, 8.0
_POLICY = "default-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'"
_UNSEEN = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
#: Seconds between two looks for news.
_TICK = 0.4
#: Requests that are answered at the same time; synchronous ones wait for their pictures.
_THREADS = 400
#: In the scope of a request: who asks, where a hub has said so.
ASKER = "wannb.asker"


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asks, as a hub says.

    Attributes:
        person: one of the class, None for whom the hub does not let in.
        teacher: whether the teacher's page is theirs.
        pass_: what a page that is served sends back with each of its requests.
        prefix: the path below which the class is served.
    """

    person: Person | None = None
    teacher: bool = False
    pass_: str = ""
    prefix: str = ""


def _place(host: str) -> str:
    """Return what tells addresses apart that guess: of IPv6, where one machine has many, the network."""
    return str(ip_network(f"{host}/64", strict=False)) if ":" in host else host


class Site:
    """The ASGI application of a class.

    Args:
        gateway: answers.
        token: what the teacher's page is opened with.
        folder: where *Save everything* writes.
        hub: whether a hub says who asks (see `hub`): neither codes nor the token open anything.
    """

    #: How uvicorn serves it: the names of pictures are not for a log, and no header says who asks.
    SERVED: ClassVar[Mapping[str, Any]] = {
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": 2,
    }

    def __init__(self, gateway: Gateway, *, token: str, folder: Path, hub: bool = False) -> None:
        self.gateway, self.books = gateway, gateway.books
        self._token, self._folder, self._language = token, folder, gateway.client.language
        self._hub = hub
        self._guesses, self._good = Counter[str](), dict[str, int]()  # by address; codes and whose they are
        self._reading = 0  # bytes
        self._prompts: dict[str, str] = {}
        self._vote: Vote | None = None
        self.app = Starlette(
            routes=[
                Route("/", partial(self._page, "student.html")),
                Route("/teacher", partial(self._page, "teacher.html")),
                Route("/api/v1/{rest:path}", self._api, methods=["GET", "POST"]),
                Route(PICTURES + "{name}", self._picture),
                Route(UPLOADS + "{name}", self._upload, methods=["POST"]),
                Mount("/class/static", StaticFiles(directory=_PAGES)),
                Route("/class/about", self._about),
                Route("/class/me", self._me),
                Route("/class/state", self._state),
                Route("/class/events", self._events),
                Route("/class/people", self._add, methods=["POST"]),
                Route("/class/people/{person:int}", self._change, methods=["POST"]),
                Route("/class/caps", self._caps, methods=["POST"]),
                Route("/class/hide/{name}", self._hide, methods=["POST"]),
                Route("/class/save", self._save, methods=["POST"]),
                Route("/class/vote", self._begin_vote, methods=["POST"]),
                Route("/class/votes", self._votes),
                Route("/class/vote/{name}", self._vote_page),
                Route("/class/vote/{name}", self._take, methods=["POST"]),
            ],
            exception_handlers={Refused: _refused},
            middleware=[Middleware(_OwnPages)],
            lifespan=_many_threads,
        )

    # Who asks

    async def _person(self, asked: Asked) -> Person:
        """Return who asks by their code, or refuse.

        A code that was good before is answered at once. Any other counts as a guess until it is known, and where an
        address has guessed it waits before it is looked up: many connections learn no more, nor does who does not wait
        for an answer, and a newcomer behind the same address comes in after a few seconds.
        """
        if self._hub:
            if (person := self._asker(asked).person) is None:
                raise _stranger("The hub does not let you in here. Load the page again, or sign in.")
            return person
        scheme, _, code = asked.headers.get("authorization", "").partition(" ")
        code = code[:64] if scheme.lower() == "bearer" else ""
        place = _place(asked.client.host if asked.client else "")
        if code not in self._good:
            self._guesses[place] += 1
            if (tries := self._guesses[place] - _FREE) > 0:
                await asyncio.sleep(min(_SLOWEST, 0.25 * 2 ** min(tries, 10)))
        person = self.books.person(code)
        if person is None:
            raise _stranger("No one of the class has this code. Ask the teacher for yours.")
        if person.id not in self._good.values():
            self._guesses.pop(place, None)
        self._good[code] = person.id
        return person

    def _asker(self, asked: Asked) -> Asker:
        asker = asked.scope.get(ASKER)
        return asker if isinstance(asker, Asker) else Asker()

    def _is_teacher(self, asked: Asked) -> bool:
        if self._hub:
            return self._asker(asked).teacher
        given = asked.headers.get("authorization", "").partition(" ")[2]
        return secrets.compare_digest(given.encode(), self._token.encode())

    async def _body(self, asked: Asked, most: int | None = None) -> bytes:
        body, most = bytearray(), most or BODY_MOST
        try:
            async for piece in asked.stream():
                body += piece
                self._reading += len(piece)
                if len(body) > most:
                    raise Refused("BadRequest.TooLarge", f"The request is over {most // 1024**2} MB.")
                if self._reading > READING_MOST:
                    raise Refused("ServiceUnavailable", "The class is reading many uploads; try again in a moment.")
        finally:
            self._reading -= len(body)
        return bytes(body)

    # The protocol

    async def _request(self, asked: Asked) -> Request:
        return Request(
            method=asked.method,
            path=asked.url.path,
            query=dict(asked.query_params),
            headers={**dict(asked.headers), "host": asked.headers.get("host", "")},
            body=await self._body(asked),
            address=f"{asked.url.scheme}://{asked.headers.get('host', '')}{self._asker(asked).prefix}",
        )

    async def _api(self, asked: Asked) -> Response:
        person = await self._person(asked)
        return _sent(await run_in_threadpool(self.gateway.handle, await self._request(asked), person))

    async def _upload(self, asked: Asked) -> Response:
        person = self.gateway.sender(asked.path_params["name"])
        if person is None:
            return Response("Nobody sends files here.", status_code=404)
        try:
            answer = await run_in_threadpool(self.gateway.upload, await self._request(asked), person)
        except Refused as refused:
            answer = refused.xml()
        return _sent(answer)

    async def _picture(self, asked: Asked) -> Response:
        file = self.books.picture(asked.path_params["name"])
        if file is None or not Path(file).is_file():
            return Response("There is no such picture.", status_code=404)
        headers = {"cache-control": "private, max-age=86400"}
        if "small" in asked.query_params:
            small = await run_in_threadpool(preview, Path(file), PREVIEW_PIXELS)
            return Response(small, media_type="image/jpeg", headers=headers)
        return FileResponse(file, media_type="image/png", headers=headers)

    # The student's page

    async def _page(self, name: str, asked: Asked) -> Response:
        text = (_PAGES / name).read_text("utf-8").replace("{language}", self._language)
        text = text.replace("{pass}", self._asker(asked).pass_)
        return HTMLResponse(text, headers={**_UNSEEN, "content-security-policy": _POLICY})

    async def _about(self, asked: Asked) -> Response:
        """Say whether the class practises, so that its pictures are not taken for live ones."""
        return JSONResponse({"mock": self.gateway.client.service.kind == "mock"})

    async def _me(self, asked: Asked) -> Response:
        return JSONResponse(await run_in_threadpool(self._of, await self._person(asked)))

    def _of(self, person: Person) -> dict[str, Any]:
        asks, waits = [], self.gateway.waits()
        for ask in self.books.of(person.id):
            place, seconds = waits.get(ask.id, (None, None))
            asks.append(
                {
                    "id": ask.id,
                    "state": self.gateway.status(ask),
                    "place": place,
                    "seconds": seconds,
                    "prompt": self._prompt(ask),
                    "message": ask.message,
                    "pictures": [PICTURES[1:] + each["name"] for each in self.books.pictures(ask.id)],
                }
            )
        caps = self.gateway.caps
        return {
            "name": person.name,
            "most": person.most,
            "used": self.books.counted(person.id),
            "going": caps.going and not person.stopped,
            "models": caps.models,
            "sizes": caps.sizes,
            "modes": caps.modes,
            "drawn": self.books.counted(person.id, drawn=True) if self.gateway.mock else None,
            "mock": self.gateway.client.service.kind == "mock",
            "vote": f"class/vote/{self._vote.address(person.id)}" if self._vote else "",
            "asks": asks,
        }

    def _prompt(self, ask: Ask) -> str:
        """Return a request's prompt; its run is read once."""
        if ask.id not in self._prompts and (run := self.gateway.run(ask)) is not None:
            self._prompts[ask.id] = run.prompt
        return self._prompts.get(ask.id, "")

    # The teacher's page

    def _all(self) -> dict[str, Any]:
        books, caps = self.books, self.gateway.caps
        made, spent = books.totals()
        under_way = Counter(each.person for each in books.open())
        names = books.names()
        return {
            "people": [
                {
                    **asdict(person),
                    "code": "" if self._hub else person.code,
                    "used": books.counted(person.id),
                    "drawn": books.counted(person.id, drawn=True),
                    "waits": under_way[person.id],
                }
                for person in books.people()
            ],
            "made": made,
            "total": caps.total,
            "spent": str(Money(amount=spent, currency=self.gateway.currency)),
            "money": None if caps.money is None else f"{caps.money:.2f}",
            "until": caps.until,
            "going": caps.going,
            "codes": not self._hub,
            "mock": self.gateway.client.service.kind == "mock",
            "doubts": len(self.gateway.troubles),
            "pictures": [
                {
                    "name": each["name"],
                    "at": PICTURES[1:] + each["name"],
                    "person": names[each["person"]],
                    "hidden": bool(each["hidden"]),
                }
                for each in books.pictures()
            ],
        }

    async def _for_teacher(self, asked: Asked) -> Mapping[str, Any]:
        """Return what a request of the teacher's page says, or refuse one that is not the teacher's."""
        if not self._is_teacher(asked):  # 192 bits need no slowing down
            raise _stranger("This address needs the token that `wannb class` printed.")
        said = json.loads(await self._body(asked) or b"{}")
        return said if isinstance(said, dict) else {}

    async def _state(self, asked: Asked) -> Response:
        await self._for_teacher(asked)
        return JSONResponse(await run_in_threadpool(self._all))

    async def _events(self, asked: Asked) -> Response:
        """Send the state at once and at each change, as server-sent events: to the teacher that of all."""
        if self._is_teacher(asked):
            look = self._all
        else:
            person = await self._person(asked)

            def look() -> dict[str, Any]:
                return self._of(next(each for each in self.books.people() if each.id == person.id))

        async def events() -> AsyncIterator[str]:
            seen, said = -1, ""
            while not await asked.is_disconnected():
                if seen != self.books.version:
                    seen = self.books.version
                    text = json.dumps(await run_in_threadpool(look))
                    if text != said:
                        said = text
                        yield f"data: {text}\n\n"
                await asyncio.sleep(_TICK)

        return StreamingResponse(events(), media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def _add(self, asked: Asked) -> Response:
        said = await self._for_teacher(asked)
        person = self.books.add(str(said.get("name", ""))[:80] or "?", most=_whole(said.get("most")) or 0)
        return JSONResponse({"id": person.id, "code": person.code})

    async def _change(self, asked: Asked) -> Response:
        said = await self._for_teacher(asked)
        name, most, stopped = str(said.get("name") or "").strip()[:80], _whole(said.get("most")), said.get("stopped")
        stopped = stopped if isinstance(stopped, bool) else None
        self.books.set_person(asked.path_params["person"], name=name or None, most=most, stopped=stopped)
        return JSONResponse({})

    async def _caps(self, asked: Asked) -> Response:
        self.gateway.set_caps(going=bool((await self._for_teacher(asked)).get("going")))
        return JSONResponse({})

    async def _hide(self, asked: Asked) -> Response:
        said = await self._for_teacher(asked)
        self.books.hide(asked.path_params["name"], bool(said.get("hidden")))
        return JSONResponse({})

    async def _save(self, asked: Asked) -> Response:
        await self._for_teacher(asked)
        return JSONResponse({"folder": str(await run_in_threadpool(self.save))})

    async def _begin_vote(self, asked: Asked) -> Response:
        """Let the class judge the chosen pictures.

        If none is chosen: those that are not hidden, the newest of each person where those are too many.
        """
        said = await self._for_teacher(asked)
        question, names = str(said.get("question") or "")[:200], said.get("pictures")
        try:
            self._vote = await run_in_threadpool(self._new_vote, question, names if isinstance(names, list) else [])
        except (ValueError, ImportError, WannbError) as error:
            return JSONResponse({"message": f"{error}."}, status_code=400)
        self.books.version += 1
        return JSONResponse({"pairs": self._vote.pairs, "pictures": self._vote.pictures})

    def _new_vote(self, question: str, wanted: list[Any]) -> Vote:
        names = self.books.names()
        chosen, count = {}, Counter[int]()
        shown = [each for each in self.books.pictures() if (each["name"] in wanted if wanted else not each["hidden"])]
        if len(shown) > MOST_PICTURES and not wanted:
            shown = list({each["person"]: each for each in shown}.values())
        for each in shown:
            ask = self.books.get(each["ask"])
            run = self.gateway.run(ask) if ask else None
            if run is None:
                continue
            count[each["person"]] += 1
            image = next(image for image in run.result() if str(image.path) == each["file"])
            chosen[f"{names[each['person']]} ({each['person']}), {count[each['person']]}"] = image
        folder = self._folder / "judgings" / f"{datetime.now():%Y-%m-%d-%H%M%S}-{secrets.token_hex(2)}"
        return Vote(folder, chosen, question=question, language=self._language)

    async def _votes(self, asked: Asked) -> Response:
        await self._for_teacher(asked)
        return JSONResponse(await run_in_threadpool(self._vote.told) if self._vote else {})

    async def _vote_page(self, asked: Asked) -> Response:
        page = self._vote.page(asked.path_params["name"]) if self._vote else None
        if page is None:
            return Response("This judging is over. Go back to your pictures.", status_code=404)
        return HTMLResponse(page, headers=_UNSEEN)

    async def _take(self, asked: Asked) -> Response:
        vote, name, taken = self._vote, asked.path_params["name"], False
        if vote is not None and vote.page(name) is not None:
            with suppress(Refused):
                taken = vote.take(name, await self._body(asked, 1024**2), self.books.names())
        return Response(status_code=204 if taken else 400)

    def save(self) -> Path:
        """Write every picture under its person's name, with prompts and counts as a table, and return the folder."""
        folder = self._folder / f"class-{datetime.now():%Y-%m-%d-%H%M%S}"
        folder.mkdir(parents=True)
        rows = []
        for person, name in self.books.names().items():
            for ask in reversed(self.books.of(person)):
                files = []
                for number, each in enumerate(self.books.pictures(ask.id), 1):
                    safe = "".join(letter if letter.isalnum() else "-" for letter in name)[:40] or "person"
                    file = folder / f"{person:02d}-{safe}" / f"{ask.run}-{number}.png"
                    file.parent.mkdir(exist_ok=True)
                    shutil.copyfile(each["file"], file)
                    files.append(file.relative_to(folder).as_posix())
                rows.append(
                    {
                        "person": name,
                        "state": ask.state,
                        "prompt": self._prompt(ask),
                        "model": ask.model,
                        "images": ask.made,
                        "price": "" if ask.drawn else ask.price,
                        "drawn": ask.drawn,
                        "message": ask.message,
                        "files": " ".join(files),
                    }
                )
        if rows:
            write_rows(folder / "table.csv", rows)
        return folder


def _stranger(message: str) -> Refused:
    """Return the refusal of who is not of the class; a client speaks of no keys and regions then."""
    refused = Refused("Class.Code", message)
    refused.status = 401
    return refused


def _sent(answer: Answer) -> Response:
    """Return an answer of the protocol, which says that a class gave it."""
    return Response(answer.body, status_code=answer.status, headers={"x-wannb-class": "1", **answer.headers})


async def _refused(asked: Asked, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    return _sent(refused.response(request_id=""))


@asynccontextmanager
async def _many_threads(app: Starlette) -> AsyncIterator[None]:
    """Let a class full of synchronous calls wait, and everybody else be answered."""
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    yield


class _OwnPages:
    """Refuses what a page of another site asks: a browser says where a page is from.

    A name that was made to lead here passes, and gains nothing: codes and token are in headers, which only a page sets
    that knows them, and no browser sends them by itself as it does cookies.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            if b"origin" in headers and headers[b"origin"].partition(b"//")[2] != headers.get(b"host"):
                await JSONResponse({"message": "This page is of another site."}, status_code=403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _whole(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= 1_000_000 else None
