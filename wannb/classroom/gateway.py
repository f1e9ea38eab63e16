"""The gateway: it answers the class in the service's own protocol, and asks the service through one client.

A request is checked, counted and written down with its run before it is answered with a task of the gateway's own. From
there it waits for its turn, at most as many at the service as a plan has there. What a kill leaves open is taken up
from the books and the runs.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import sqlite3
import threading
import time
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from wannb.client import Client
from wannb.display import PREVIEW_PIXELS, preview
from wannb.errors import ApiError, InvalidRequest, TaskCanceled, WannbError
from wannb.ledger import Task
from wannb.masking import mask
from wannb.mock.exchange import MODELS, Refused, Request, Response, json_response, wrong
from wannb.mock.recordings.format import finished
from wannb.mock.server.images import Images
from wannb.mock.server.rules import CheckedRequest, checked
from wannb.mock.server.settings import Settings
from wannb.mock.server.tasks import local_time
from wannb.request import ImageRequest
from wannb.runs import FAILED as RUN_FAILED
from wannb.runs import PREPARED, Run, seconds_of
from wannb.service import price
from wannb.translation import Words, joined

from .books import CANCELED, ENDED, FAILED, SENT, SUCCEEDED, WAITING, Ask, Books, Capped, Caps, Person

#: The header in which a client names a request, so that it is the same one when it is sent again.
REQUEST_HEADER = "x-wannb-request"
#: Where pictures are, and files are sent to, behind names that nobody can guess.
PICTURES, UPLOADS = "/class/pictures/", "/class/uploads/"
#: Bytes of sent files, as many as a request may have, beyond which a person's next policy drops them.
_KEPT = 9 * 20 * 1024 * 1024
#: Seconds after which an unknown outcome is looked up once more.
LATER = 30.0
_PAGE = 100


class Gateway:
    """What stands between a class and the service; every method may be called from any thread.

    Args:
        client: asks the service; its runs are those of the class.
        books: what is counted.
        caps: what the class may make; a change holds from the next request on.
        mock: a client of a mock server, for those who go on with drawn pictures at their caps; None where nobody does.
        replayed: what the service answers from recordings. Whoever asks for the same with another seed is given this
            one's: a client that is given none draws one.

    >>> with Gateway(client, books, Caps(total=200)) as gateway:    # doctest: +SKIP
    ...     gateway.handle(request, person)
    """

    def __init__(
        self,
        client: Client,
        books: Books,
        caps: Caps,
        *,
        mock: Client | None = None,
        replayed: Iterable[ImageRequest] = (),
    ) -> None:
        self.client, self.books, self.caps, self.mock = client, books, caps, mock
        self._seeds: dict[str, list[int | None]] = {}  # of what is replayed, by all but the seed
        for each in replayed:
            self._seeds.setdefault(_without_seed(each), []).append(each.seed)
        # By person: the files that were sent for a request, their bytes, and the name behind which they are sent.
        self._images = defaultdict[int, Images](lambda: Images(Settings()))
        self._held = Counter[int]()
        self._senders = defaultdict[int, str](lambda: secrets.token_hex(16))
        self._tasks: dict[str, tuple[Task, str]] = {}  # of an ask that was sent: its task, and what was last heard
        self._under_way: Counter[tuple[str, bool]] = Counter()
        #: Why an outcome is not known yet, by request.
        self.troubles: dict[str, str] = {}
        self.later = LATER
        self._due: dict[str, float] = {}  # when such a request is looked at again
        self._news = threading.Condition()
        self._ends = threading.Event()
        self._waits: tuple[int, Mapping[str, tuple[int, int | None]]] = -1, {}
        self._most, self._running = client.pace.at_once, client.pace.running
        self._pool = ThreadPoolExecutor(4 * self._most, "wannb class")
        self._hand = threading.Thread(target=self._hand_in, name="wannb class turns", daemon=True)

    def __enter__(self) -> Gateway:
        for ask in self.books.sent():
            self._carry(ask)
        self._hand.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._wake()
        self._hand.join()  # it reads the books, which are closed next
        self._pool.shutdown(wait=False, cancel_futures=True)

    # Answers

    def handle(self, request: Request, person: Person) -> Response:
        """Answer a person's request of the service's protocol; a synchronous call is answered when it has ended."""
        kind, subject = request.route
        answer: Callable[[], Any] | None = {
            "sync": lambda: self._waited(request, person),
            "create": lambda: self._created(request, person),
            "query": lambda: self._queried(request, person, subject),
            "cancel": lambda: self._canceled(person, subject),
            "list": lambda: self._listed(request, person),
            "policy": lambda: self._policy(request, person),
        }.get(kind)
        request_id = secrets.token_hex(8)
        try:
            if answer is None:
                raise Refused("NotFound", "The class has no such route; it has those of the image service.")
            return json_response(200, {"request_id": request_id, **answer()})
        except Refused as refused:
            return refused.response(request_id=request_id)
        except WannbError as error:  # a full disk, for one: nothing of it was sent
            return Refused("ServiceUnavailable", mask(str(error))).response(request_id=request_id)
        except Capped as capped:
            message = Words(self.client.language)(joined(". ", [capped.said, ""])).rstrip()
            return json_response(403, {"request_id": request_id, "code": "Class.Cap", "message": message})

    def sender(self, name: str) -> int | None:
        """Return who sends files behind a name."""
        return next((person for person, own in list(self._senders.items()) if own == name), None)

    def upload(self, request: Request, person: int) -> Response:
        """Take a file under the policy that a person was given, as the object store does."""
        self._held[person] += len(request.body)
        try:
            if self._held[person] > 2 * _KEPT:
                raise Refused("EntityTooLarge", "You sent many files; ask for another policy, and send this again.")
            return self._images[person].upload(request, [])
        except Refused as refused:
            return refused.xml()

    def ask(self, request: Request, person: Person) -> Ask:
        """Check, count and write down a request, and wake who sends it.

        Raises:
            Refused: a rule of the service, in its words.
            Capped: a cap.
        """
        wanted = checked(request.json, partial(self._input, person, request))
        asked = self._asked(wanted)
        again = request.header(REQUEST_HEADER)[:200] or "=" + hashlib.sha256(request.body).hexdigest()
        count = partial(self.books.ask, person, again=again, model=wanted.model, most=wanted.n, caps=self.caps)
        try:
            ask, new = count(price=self._price(wanted.model), run=partial(self.client._prepare, asked))
        except Capped:
            if self.mock is None:
                raise
            ask, new = count(price=Decimal(0), run=partial(self.mock._prepare, asked))
        if new:
            self._wake()
        return ask

    def _price(self, model: str) -> Decimal:
        """Return what an image is counted at: also on the mock server a class practises with real numbers."""
        found = price(model, self.client.service.region)
        if found is None:
            raise wrong("model", f"the price of {model} is not known, so that nothing can be counted")
        return found.amount

    def _check_allowed(self, asked: ImageRequest) -> None:
        for name in ("model", "size", "mode"):
            value, allowed = str(getattr(asked, name)), getattr(self.caps, f"{name}s")
            if allowed and value not in allowed:
                raise wrong(name, f"this class has {' and '.join(allowed)}, not {value}")

    def _input(self, person: Person, request: Request, reference: str, where: str, model: str) -> Any:
        if reference.startswith(request.base + PICTURES):
            found = self.books.picture(reference.rpartition("/")[2])
            if found is not None:
                reference = f"data:image/png;base64,{b64encode(Path(found).read_bytes()).decode()}"
        resolve = request.header("x-dashscope-ossresourceresolve").lower() == "enable"
        return self._images[person.id].input(reference, where, model, resolve=resolve)

    def _asked(self, wanted: CheckedRequest) -> ImageRequest:
        """Return a checked request as the client's own, or refuse what the class does not make."""
        images = [image.read() or image.reference for image in wanted.images]
        palette = [{"hex": color, "ratio": f"{share / 100:.2f}%"} for color, share in wanted.palette]
        request = ImageRequest(
            prompt=wanted.prompt,
            images=images,
            model=wanted.model,
            size=wanted.size,
            n=wanted.n,
            seed=wanted.seed,
            watermark=wanted.watermark,
            thinking_mode=wanted.thinking or bool(images) or wanted.sequential,
            color_palette=palette or None,
            bbox_list=wanted.boxes or None,
            enable_sequential=wanted.sequential,
        )
        self._check_allowed(request)
        try:
            request.check()
        except InvalidRequest as error:
            raise Refused("InvalidParameter", str(error)) from error
        seeds = self._seeds.get(_without_seed(request), [request.seed])
        return request if request.seed in seeds else request.replace(seed=seeds[0])

    def _created(self, request: Request, person: Person) -> dict[str, Any]:
        ask = self.ask(request, person)
        return {"output": {"task_id": ask.id, "task_status": "PENDING"}}

    def _waited(self, request: Request, person: Person) -> dict[str, Any]:
        ask = self.ask(request, person)
        while ask.state not in ENDED:
            with self._news:
                self._news.wait(0.5)
            ask = self._own(person, ask.id)
            if self._ends.is_set():
                raise Refused("ServiceUnavailable", "The class is being restarted; send the request again.")
        if ask.state != SUCCEEDED:
            raise Refused(ask.code or "Canceled", ask.message or "The request was canceled.")
        return self._result(ask, request.base)

    def _own(self, person: Person, task_id: str) -> Ask:
        ask = self.books.get(task_id)
        if ask is None or ask.person != person.id:
            raise Refused("UnsupportedOperation", "You have no such task.")
        return ask

    def _queried(self, request: Request, person: Person, task_id: str) -> dict[str, Any]:
        ask = self.books.get(task_id)
        if ask is None or ask.person != person.id:
            return {"output": {"task_id": task_id, "task_status": "UNKNOWN"}}
        output: dict[str, Any] = {
            "task_id": ask.id,
            "task_status": self.status(ask),
            "submit_time": local_time(ask.came),
        }
        if ask.sent is not None:
            output["scheduled_time"] = local_time(ask.sent)
        if ask.ended is not None:
            output["end_time"] = local_time(ask.ended)
        if ask.state == FAILED:
            output |= {"code": ask.code, "message": ask.message}
        if ask.state != SUCCEEDED:
            return {"output": output}
        result = self._result(ask, request.base)
        return {"output": {**output, **result["output"]}, "usage": result["usage"]}

    def status(self, ask: Ask) -> str:
        """Return the state of a request in the service's words."""
        if ask.state != SENT:
            return "PENDING" if ask.state == WAITING else ask.state
        # One whose outcome is not known may have begun.
        begun = ask.id in self.troubles or self._tasks.get(ask.id, (None, ""))[1] not in ("", "PENDING")
        return "RUNNING" if begun else "PENDING"

    def waits(self) -> Mapping[str, tuple[int, int | None]]:
        """Return of each request that has not begun which one to be begun of its model it is, from 1, and about when.

        That is in how many seconds it will have ended, None where that is not known. Drawn requests wait for
        themselves.
        """
        if (version := self.books.version) != self._waits[0]:
            found: dict[str, tuple[int, int | None]] = {}
            at_service = self.books.sent()
            for model, drawn in product(MODELS, (False, True)):
                own = [ask for ask in at_service if (ask.model, ask.drawn) == (model, drawn)]
                first = [ask for ask in own if self.status(ask) == "PENDING"]
                usual = self.books.usual_seconds(model, drawn=drawn) if self.caps.going else None
                free = self._running - (len(own) - len(first))
                for place, ask in enumerate([*first, *self.books.queue(model, drawn=drawn)], 1):
                    rounds = 1 + max(0, place - free) / self._running
                    found[ask.id] = place, None if usual is None else round(usual * rounds)
            self._waits = version, found
        return self._waits[1]

    def run(self, ask: Ask) -> Run | None:
        """Return the run of a request, None where its folder is gone."""
        with suppress(WannbError):
            return self._client_of(ask).store.get(ask.run)
        return None

    @property
    def currency(self) -> str:
        """The currency of the region's prices."""
        found = price(MODELS[0], self.client.service.region)
        return found.currency if found else ""

    def set_caps(self, **changes: Any) -> None:
        """Change what the class may make, from the next request on."""
        self.caps = replace(self.caps, **changes)
        self.books.version += 1
        self._wake()

    def _result(self, ask: Ask, base: str) -> dict[str, Any]:
        pictures = self.books.pictures(ask.id)
        items = [{"type": "image", "image": f"{base}{PICTURES}{each['name']}"} for each in pictures]
        record = self._client_of(ask).store.get(ask.run).record
        sequential = bool((record.request or {}).get("enable_sequential"))
        return {"output": finished(items, sequential), "usage": dict(record.usage or {"image_count": len(items)})}

    def _canceled(self, person: Person, task_id: str) -> dict[str, Any]:
        ask = self._own(person, task_id)
        if not self.books.cancel(ask.id):
            try:
                self._tasks[ask.id][0].cancel()
            except (KeyError, WannbError):
                why = "Failed to cancel the task, please confirm if the task is in PENDING status."
                raise Refused("UnsupportedOperation", why) from None
        self._wake()
        return {}

    def _listed(self, request: Request, person: Person) -> dict[str, Any]:
        asks = self.books.of(person.id)
        wanted, model = request.query.get("status"), request.query.get("model_name")
        rows = [
            {
                "task_id": ask.id,
                "status": self.status(ask),
                "model_name": ask.model,
                "gmt_create": int(ask.came * 1000),
                **({"start_time": int(ask.sent * 1000)} if ask.sent else {}),
                **({"end_time": int(ask.ended * 1000)} if ask.ended else {}),
            }
            for ask in asks
            if model in (None, ask.model)
        ]
        rows = [row for row in rows if wanted in (None, row["status"])]
        number, size = (
            _positive(request.query.get(name), least) for name, least in (("page_no", 1), ("page_size", 10))
        )
        return {
            "total": len(rows),
            "total_page": -(-len(rows) // size),
            "page_no": number,
            "page_size": size,
            "data": rows[(number - 1) * size : number * size],
        }

    def _policy(self, request: Request, person: Person) -> dict[str, Any]:
        if self._held[person.id] > _KEPT:
            del self._held[person.id], self._images[person.id]
        policy = self._images[person.id].policy(request)
        policy["data"]["upload_host"] += UPLOADS + self._senders[person.id]
        return policy

    # Turns

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def _hand_in(self) -> None:
        """Send what waits, fairly, as many of each model as the service begins soon; look again at what is in doubt."""
        while not self._ends.is_set():
            with suppress(sqlite3.Error):  # a full disk, for one: again in a second
                self._turn()
            with self._news:
                self._news.wait(min(1.0, self.later))

    def _turn(self) -> None:
        for model, drawn in product(MODELS, (False, True)) if self.caps.going else ():
            for ask in self.books.queue(model, drawn=drawn):
                if self._under_way[model, drawn] < self._most and self.books.send(ask):
                    self._carry(ask)
        for ask in self.books.sent():
            if time.monotonic() >= self._due.get(ask.id, math.inf):
                del self._due[ask.id]
                self._carry(ask)

    def _carry(self, ask: Ask) -> None:
        self._count(ask, 1)
        self._pool.submit(self._carried, ask)

    def _count(self, ask: Ask, more: int) -> None:
        # Threads count at the same time; one that is lost would keep a place at the service for good.
        with self._news:
            self._under_way[ask.model, ask.drawn] += more

    def _carried(self, ask: Ask) -> None:
        try:
            ended = self._ended(ask)
        except Exception as error:  # whatever it is, the class goes on, and the request stays counted
            self.troubles[ask.id], ended = mask(repr(error)), False
        # What is in doubt keeps nobody from the service.
        self._count(ask, -1)
        self._tasks.pop(ask.id, None)
        if not ended:
            self._due[ask.id] = time.monotonic() + self.later
        self.books.version += 1
        self._wake()

    def _client_of(self, ask: Ask) -> Client:
        return self.mock if ask.drawn and self.mock is not None else self.client

    def _ended(self, ask: Ask) -> bool:
        """Send a request or pick it up, wait for it and write down how it ended; False where that is not known yet."""
        client = self._client_of(ask)
        try:
            run = client.store.get(ask.run)
            task = client._send(run.id) if run.state == PREPARED else client.pick_up(run.id)
            self._tasks[ask.id] = task, ""
            result = task.wait(on_status=lambda status, _: self._heard(ask, task, status)).result()
            self.troubles.pop(ask.id, None)  # before the books say that it ended
            files = {f"{secrets.token_hex(16)}.png": str(image.path) for image in result}
            for image in result:
                with suppress(OSError):
                    preview(image.path, PREVIEW_PIXELS)  # made here once, so that a wall of hundreds opens at once
            self.books.end(
                ask.id, SUCCEEDED, pictures=files, took=seconds_of(client.store.get(run.id), "scheduled_time")
            )
        except TaskCanceled:
            self.books.end(ask.id, CANCELED)
        except ApiError as error:
            self.books.end(ask.id, FAILED, code=error.code or "InternalError", message=mask(str(error)))
        except WannbError as error:
            # It stays counted at its most, and is taken up again.
            self.troubles[ask.id] = str(error)
            self._anew(ask)
            return False
        self.troubles.pop(ask.id, None)
        return True

    def _anew(self, ask: Ask) -> None:
        """Give a request a new run where nothing of its own one reached the service."""
        client = self._client_of(ask)
        with suppress(WannbError):
            run = client.store.get(ask.run)
            if run.state == RUN_FAILED and run.task_id is None and run.request is not None:
                self.books.set_run(ask.id, client._prepare(run.request))

    def _heard(self, ask: Ask, task: Task, status: str) -> None:
        if self._tasks.get(ask.id, (None, ""))[1] != status:
            self._tasks[ask.id] = task, status
            self.books.version += 1
            self._wake()


def _without_seed(request: ImageRequest) -> str:
    """Return what tells a request from others but for its seed and the content of its pictures."""
    return json.dumps({**request.as_dict(), "images": len(request.images), "seed": None}, sort_keys=True, default=str)


def _positive(text: str | None, otherwise: int) -> int:
    return max(1, min(_PAGE, int(text))) if text and text.isascii() and text.isdigit() else otherwise
