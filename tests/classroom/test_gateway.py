"""A class on one key: what is counted, who waits for whom, who sees what, and what a lost answer or an end leaves."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import FAST, make_client
from mocking import CREATE, SYNC, body, data_uri
from pictures import noise

from wannb.classroom import Books, Caps, Gateway
from wannb.classroom.books import Person
from wannb.client import Client
from wannb.errors import StoreError
from wannb.mock import MockServer, Request, Response
from wannb.runs import seconds_of
from wannb.service.limits import Pace

API = "/api/v1"
pytestmark = pytest.mark.usefixtures("quick_pictures")


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close all books that a test opens."""
    opened: list[Books] = []
    begin = Books.__init__

    def beginning(self: Books, *arguments: Any, **more: Any) -> None:
        begin(self, *arguments, **more)
        opened.append(self)

    monkeypatch.setattr(Books, "__init__", beginning)
    yield
    for books in opened:
        books.close()


class Class:
    """A gateway, its people, and requests as they ask them."""

    def __init__(self, gateway: Gateway, people: list[Person]) -> None:
        self.gateway, self.books, self.people = gateway, gateway.books, people

    def ask(self, person: int, method: str, path: str, value: Any = None, **headers: str) -> Response:
        given = {"host": "127.0.0.1:8800", **{name.replace("_", "-"): text for name, text in headers.items()}}
        content = b"" if value is None else json.dumps(value).encode()
        request = Request.make(method, API + path, given, content)
        return self.gateway.handle(request, self.books.people()[person])

    def create(self, person: int, value: Any = None, **headers: str) -> Response:
        return self.ask(person, "POST", CREATE, value or body(), x_dashscope_async="enable", **headers)

    def made(self, person: int, value: Any = None, **headers: str) -> str:
        answer = self.create(person, value, **headers)
        assert answer.status == 200, answer.body
        return str(answer.json()["output"]["task_id"])

    def ended(self, person: int, task: str) -> dict[str, Any]:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            output: dict[str, Any] = self.ask(person, "GET", f"/tasks/{task}").json()["output"]
            if output["task_status"] not in ("PENDING", "RUNNING"):
                return output
            time.sleep(0.01)
        raise AssertionError(f"task {task} did not end")


def opened(
    tmp_path: Path, client: Client, caps: Caps | None = None, *, people: int = 3, most: int = 8, **more: Any
) -> Gateway:
    books = Books(tmp_path / "class.sqlite")
    for number in range(len(books.people()), people):
        books.add(f"person {number}", most=most)
    return Gateway(client, books, caps or Caps(), **more)


@pytest.fixture
def klass(tmp_path: Path, client: Client) -> Iterator[Class]:
    with opened(tmp_path, client) as gateway:
        yield Class(gateway, gateway.books.people())


def test_a_request_becomes_pictures_that_only_its_person_finds(klass: Class, server: MockServer) -> None:
    task = klass.made(0, body("a fox", n=2, seed=7))
    output = klass.ended(0, task)
    links = [choice["message"]["content"][0]["image"] for choice in output["choices"]]
    names = [link.rpartition("/")[2] for link in links]
    assert len(links) == 2
    assert all(link.startswith("http://127.0.0.1:8800/class/pictures/") for link in links)
    assert all(Path(klass.books.picture(name) or "").is_file() for name in names)
    assert klass.ask(1, "GET", f"/tasks/{task}").json()["output"] == {"task_id": task, "task_status": "UNKNOWN"}
    assert klass.ask(1, "POST", f"/tasks/{task}/cancel").status == 400
    assert [klass.ask(person, "GET", "/tasks").json()["total"] for person in (0, 1)] == [1, 0]
    assert server.billed == 2
    ask = klass.books.of(1)[0]
    run = klass.gateway.run(ask)
    assert run is not None
    assert ask.took == seconds_of(run, "scheduled_time")
    assert ask.took is not None
    assert (run.prompt, run.record.request or {})[1]["seed"] == 7


def test_one_image_too_many_is_said_as_one(tmp_path: Path, client: Client) -> None:
    klass = Class(opened(tmp_path, client, most=0), [])
    assert klass.create(0, body()).json()["message"].startswith("1 image would be more than yours: 0 of 0 are made")


def test_a_synchronous_call_is_answered_when_it_has_ended(klass: Class) -> None:
    answer = klass.ask(0, "POST", SYNC, body("a fox", enable_sequential=True, n=3)).json()
    assert len(answer["output"]["choices"]) == 1
    assert answer["usage"]["image_count"] == len(answer["output"]["choices"][0]["message"]["content"]) == 3


@pytest.mark.parametrize(
    ("caps", "refused"),
    [
        (Caps(), "4 images would be more than yours: 6 of 8 are made or under way"),
        (Caps(total=9), "4 images would be more than the class has: 6 of 9 are made or under way"),
        (Caps(money=Decimal("0.70")), "4 images would cost more than the class may: 0.45 of 0.70 are spent"),
        (Caps(going=False), "the class is stopped at the moment"),
        (Caps(until=5.0), "nothing more is made"),
    ],
)
def test_what_would_pass_a_cap_is_refused_before_it_is_sent(
    tmp_path: Path, client: Client, server: MockServer, caps: Caps, refused: str
) -> None:
    with opened(tmp_path, client) as gateway:
        klass = Class(gateway, [])
        for n in (4, 2):
            klass.ended(0, klass.made(0, body(n=n)))
        gateway.caps = caps
        answer = klass.create(0 if "yours" in refused else 1, body("one more", n=4))
        assert (answer.status, answer.json()["code"]) == (403, "Class.Cap")
        assert refused in answer.json()["message"]
        client.language = "zh"
        said = klass.create(0 if "yours" in refused else 1, body("one more", n=4)).json()["message"]
        assert re.fullmatch(r"[^a-zA-Z]+[^.]。", said)
        assert server.billed == 6


def test_what_is_under_way_counts_at_its_most_and_what_failed_counts_nothing(
    tmp_path: Path, client: Client, server: MockServer
) -> None:
    gateway = opened(tmp_path, client)  # nothing is sent yet
    klass = Class(gateway, [])
    first = klass.made(0, body(n=4))
    assert gateway.books.counted(1) == 4
    assert klass.create(0, body("second", n=4)).status == 200
    assert klass.create(0, body("third", n=1)).status == 403
    assert klass.ask(0, "POST", f"/tasks/{first}/cancel").status == 200
    assert gateway.books.counted(1) == 4
    with server.scenario("failed task"), gateway:
        [task] = [ask.id for ask in gateway.books.of(1) if ask.state != "CANCELED"]
        output = klass.ended(0, task)
    assert output["task_status"] == "FAILED"
    assert output["code"]
    assert (gateway.books.counted(1), server.billed) == (0, 0)


def test_an_image_set_that_comes_short_is_counted_at_what_came(klass: Class, server: MockServer) -> None:
    with server.scenario("set returns fewer"):
        klass.ended(0, klass.made(0, body(enable_sequential=True, n=6)))
    assert klass.books.counted(1) == server.billed == 4


def test_turns_go_round_however_many_one_person_asks_for(tmp_path: Path, client: Client, server: MockServer) -> None:
    gateway = opened(tmp_path, client, most=100)
    klass = Class(gateway, [])
    for turn in range(5):
        klass.made(0, x_wannb_request=str(turn))
    for person in (1, 2):
        for turn in range(2):
            klass.made(person, x_wannb_request=str(turn))
    order = [ask.person for ask in gateway.books.queue("wan2.7-image-pro")]
    assert order == [1, 2, 3, 1, 2, 3, 1, 1, 1]
    last = gateway.books.of(3)[0]
    assert gateway.waits()[last.id] == (6, None)


def test_whoever_is_a_moment_ahead_of_the_others_does_not_stay_ahead(tmp_path: Path, client: Client) -> None:
    """The first person's two requests are at the service before the others ask."""
    now = [1000.0]
    books = Books(tmp_path / "class.sqlite", clock=lambda: now[0])
    for number in range(3):
        books.add(f"person {number}", most=100)
    klass = Class(Gateway(client, books, Caps()), [])
    for turn in range(2):
        sent = books.get(klass.made(0, x_wannb_request=str(turn)))
        assert sent is not None
        assert books.send(sent)
    for person, count in ((0, 2), (1, 3), (2, 3)):
        for turn in range(count):
            now[0] += 1
            klass.made(person, x_wannb_request=f"later {turn}")
    assert [ask.person for ask in books.queue("wan2.7-image-pro")] == [2, 3, 2, 3, 2, 3, 1, 1]
    now[0] += 600
    assert [ask.person for ask in books.queue("wan2.7-image-pro")] == [1, 2, 3, 1, 2, 3, 2, 3]


def test_the_same_request_sent_again_is_the_same_task(klass: Class, server: MockServer) -> None:
    named = [klass.made(0, x_wannb_request="one") for _ in range(3)]
    others = [klass.made(0, x_wannb_request=name) for name in ("two", "three")]
    assert len({*named, *others}) == 3
    assert klass.made(1, x_wannb_request="one") not in named, "another person's name is another request"
    assert klass.made(2) == klass.made(2), "an equal one at once"
    for person, task in ((0, named[0]), *((0, each) for each in others)):
        klass.ended(person, task)
    assert klass.books.counted(1) == 3


def test_an_equal_request_later_is_a_new_one(tmp_path: Path, client: Client) -> None:
    now = [1000.0]
    books = Books(tmp_path / "class.sqlite", clock=lambda: now[0])
    books.add("one", most=8)
    klass = Class(Gateway(client, books, Caps()), [])
    first = klass.made(0)
    now[0] += 9
    assert klass.made(0) == first
    now[0] += 9
    assert klass.made(0) != first


def test_a_person_at_the_cap_goes_on_with_drawn_pictures_where_the_teacher_allows_it(
    tmp_path: Path, client: Client, server: MockServer
) -> None:
    with opened(tmp_path, client, most=1, mock=client) as gateway:
        klass = Class(gateway, [])
        for turn in range(2):
            klass.ended(0, klass.made(0, x_wannb_request=str(turn)))
        assert [(ask.drawn, ask.made) for ask in gateway.books.of(1)] == [(True, 1), (False, 1)]
        assert gateway.books.counted(1) == gateway.books.counted(1, drawn=True) == 1
        refused = klass.create(0, body("x"), x_wannb_request="as many again are drawn, and no more")
        assert (refused.status, refused.json()["code"]) == (403, "Class.Cap")
        assert refused.json()["message"].startswith("1 image would be more than yours: 1 of 1 drawn ones are made")
        gateway.books.set_person(1, most=2, stopped=True)
        assert "your code is stopped" in klass.create(0, body("x"), x_wannb_request="stopped").json()["message"]
        assert len(gateway.books.of(1)) == 2


@pytest.mark.parametrize(
    ("caps", "options", "says"),
    [
        (Caps(models=("wan2.7-image",)), {}, "this class has wan2.7-image, not wan2.7-image-pro"),
        (Caps(sizes=("1K",)), {"size": "2K"}, "this class has 1K, not 2K"),
        (Caps(modes=("image editing",)), {}, "this class has image editing, not text to image"),
        (Caps(modes=("text to image",)), {"enable_sequential": True}, "not text to image set"),
        (Caps(modes=("image editing",)), {"pictures": 2}, "not multi-reference generation"),
        (Caps(modes=("image editing",)), {"pictures": 1, "bbox_list": [[[0, 0, 99, 99]]]}, "not interactive editing"),
        (Caps(), {"n": 5}, "Range of n should be [1, 4], not 5"),
    ],
)
def test_what_the_class_or_the_service_does_not_make_is_refused(
    tmp_path: Path, client: Client, caps: Caps, options: dict[str, Any], says: str
) -> None:
    klass = Class(opened(tmp_path, client, caps), [])
    images = [data_uri(noise(256))] * options.pop("pictures", 0)
    answer = klass.create(0, body("a cat", *images, **options))
    assert answer.status == 400
    assert says in answer.json()["message"]
    assert not klass.books.of(1)


def test_a_disk_that_is_full_is_said_and_nothing_is_counted(
    klass: Class, client: Client, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(request: object) -> str:
        raise StoreError("no room is left on the disk")

    monkeypatch.setattr(client, "_prepare", full)
    answer = klass.create(0)
    assert (answer.status, answer.json()["message"]) == (503, "no room is left on the disk")
    assert (klass.books.counted(1), len(server.log.of("POST", "generation"))) == (0, 0)


def test_after_a_disk_was_full_the_turns_go_on(tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = opened(tmp_path, client)
    gateway.later = 0.01  # how long the turns wait
    tried = threading.Event()

    def full(ask: object) -> bool:
        tried.set()
        raise sqlite3.OperationalError("database or disk is full")

    with gateway:
        klass = Class(gateway, [])
        with monkeypatch.context() as patched:
            patched.setattr(gateway.books, "send", full)
            task = klass.made(0)
            assert tried.wait(30)
        assert klass.ended(0, task)["task_status"] == "SUCCEEDED"


def test_a_picture_of_the_class_is_an_input_image(klass: Class) -> None:
    output = klass.ended(0, klass.made(0, body("a fox")))
    link = output["choices"][0]["message"]["content"][0]["image"]
    task = klass.made(1, body("make it night", link))
    assert klass.ended(1, task)["task_status"] == "SUCCEEDED"
    run = klass.gateway.run(klass.books.of(2)[0])
    assert run is not None
    assert run.request is not None
    assert len(run.request.images) == 1


@pytest.mark.parametrize("reference", ["{file}", "file://{file}", "file:{file}", "../a.png", "~/a.png"])
def test_a_file_of_the_teachers_machine_is_no_input_image(klass: Class, tmp_path: Path, reference: str) -> None:
    (tmp_path / "a.png").write_bytes(noise(256))
    answer = klass.create(0, body("x", reference.format(file=tmp_path / "a.png")))
    assert (answer.status, answer.json()["code"]) == (400, "InvalidURL")


def test_two_threads_that_count_lose_nothing(tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reads the count and stays there until the other has read it too, or cannot come so far."""
    both = threading.Barrier(2)

    class Slow(Counter[Any]):
        def __getitem__(self, key: Any) -> int:
            found = super().__getitem__(key)
            with suppress(threading.BrokenBarrierError):
                both.wait(1)
            return found

    klass = Class(opened(tmp_path, client), [])
    ask = klass.books.get(klass.made(0))
    assert ask is not None
    monkeypatch.setattr(klass.gateway, "_under_way", Slow())
    threads = [threading.Thread(target=klass.gateway._count, args=(ask, 1)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(klass.gateway._under_way.values()) == [2]


def test_whoever_waits_is_told_the_place_and_the_seconds(tmp_path: Path, server: MockServer, store: Any) -> None:
    """Two of a model run and one waits at the service; the model's last ran 10 s each, those of the other one 40 s."""
    now = [1000.0]
    books = Books(tmp_path / "class.sqlite", clock=lambda: now[0])
    people = [books.add(f"person {number}", most=100) for number in range(3)]
    with make_client(server, store, pace=Pace(running=2, ahead=1)) as client:
        gateway = Gateway(client, books, Caps(), mock=client)
        klass = Class(gateway, people)

        def waits(person: int, model: str, again: str) -> str:
            now[0] += 1
            return klass.made(person, body("x", model=model), x_wannb_request=again)

        for model, took in (("wan2.7-image-pro", 10.0), ("wan2.7-image", 40.0)):
            ended = books.get(waits(0, model, f"{model} before"))
            assert ended is not None
            assert books.send(ended)
            now[0] += 500  # most of it in the service's queue
            assert books.end(ended.id, "SUCCEEDED", pictures={f"{model}.png": "x"}, took=took)
        fast = [waits(0, "wan2.7-image-pro", str(number)) for number in range(4)]
        fast += [waits(person, "wan2.7-image-pro", "one") for person in (1, 2)]
        slow = [waits(1, "wan2.7-image", "other")]
        gateway.set_caps(total=0)  # from here on they are drawn
        drawn = [waits(2, "wan2.7-image-pro", "drawn")]
        for task, heard in zip(fast[:3], ("RUNNING", "RUNNING", "PENDING"), strict=True):
            sent = books.get(task)
            assert sent is not None
            now[0] += 1
            assert books.send(sent)
            gateway._heard(sent, None, heard)
        told = gateway.waits()
        # Of the first person, who has three at the service, the fourth comes after the others' first.
        assert {task: told.get(task) for task in fast} == {
            fast[0]: None,
            fast[1]: None,
            fast[2]: (1, 15),
            fast[4]: (2, 20),
            fast[5]: (3, 25),
            fast[3]: (4, 30),
        }
        assert told[slow[0]] == (1, 40), "of another model, whose places are free"
        assert told[drawn[0]] == (1, None), "nothing was drawn yet that would tell how long it takes"
        assert books.cancel(fast[4])
        assert gateway.waits()[fast[5]] == (2, 20)
        gateway.set_caps(going=False)
        assert gateway.waits()[fast[5]] == (2, None)


def test_while_the_class_or_a_person_is_stopped_nothing_of_theirs_is_sent(
    tmp_path: Path, client: Client, server: MockServer
) -> None:
    gateway = opened(tmp_path, client)
    klass = Class(gateway, [])
    tasks = [klass.made(person) for person in (0, 1)]
    gateway.set_caps(going=False)
    gateway.books.set_person(1, stopped=True)
    with gateway:
        time.sleep(0.2)
        assert not server.log.of("POST", "generation")
        gateway.set_caps(going=True)
        assert klass.ended(1, tasks[1])["task_status"] == "SUCCEEDED"
        assert klass.ask(0, "GET", f"/tasks/{tasks[0]}").json()["output"]["task_status"] == "PENDING"
        gateway.books.set_person(1, stopped=False)
        assert klass.ended(0, tasks[0])["task_status"] == "SUCCEEDED"


def test_what_a_gateway_left_open_the_next_one_goes_on_with(tmp_path: Path, client: Client, server: MockServer) -> None:
    """Of three requests one waits, one is about to be sent, and one was sent when the gateway is gone."""
    before = Class(opened(tmp_path, client), [])
    tasks = [before.made(person) for person in range(3)]
    about, sent = before.books.get(tasks[1]), before.books.get(tasks[2])
    assert about is not None
    assert sent is not None
    assert before.books.send(about)
    assert before.books.send(sent)
    client._send(sent.run)
    before.books.close()
    with opened(tmp_path, client) as gateway:
        after = Class(gateway, [])
        states = [after.ended(person, task)["task_status"] for person, task in enumerate(tasks)]
    assert states == ["SUCCEEDED"] * 3
    assert server.billed == 3
    assert len(server.log.of("POST", "generation")) == 3


def test_a_lost_answer_stays_counted_until_it_is_known_and_keeps_nobody_waiting(
    tmp_path: Path, client: Client, server: MockServer
) -> None:
    gateway = opened(tmp_path, client)
    gateway.later = 0.05
    klass = Class(gateway, [])
    with gateway:
        with server.scenario("dropped before answer"):
            task = klass.made(0, body(n=2))
            until = time.monotonic() + 30
            while not gateway.troubles and time.monotonic() < until:
                time.sleep(0.01)
            assert klass.ask(0, "GET", f"/tasks/{task}").json()["output"]["task_status"] == "RUNNING"
            assert gateway.books.counted(1) == 2
        # A later task in the service's list proves that the first never arrived; it is sent again.
        server.advance(seconds=3)
        klass.ended(1, klass.made(1))
        assert klass.ended(0, task)["task_status"] == "SUCCEEDED"
        assert not gateway.troubles
    assert (gateway.books.counted(1), server.billed) == (2, 3)


def test_at_most_as_many_are_at_the_service_as_it_begins_soon(tmp_path: Path, server: MockServer, store: Any) -> None:
    pace = Pace(submits=500, running=2, ahead=1, queries=2000, query_interval=0.01)
    server.app.task_seconds = 0.1
    with make_client(server, store, pace=pace) as client, opened(tmp_path, client, people=8) as gateway:
        klass = Class(gateway, [])
        tasks = [klass.made(person) for person in range(8)]
        assert len(gateway.books.sent()) <= 3
        for person, task in enumerate(tasks):
            assert klass.ended(person, task)["task_status"] == "SUCCEEDED"
            assert len(gateway.books.sent()) <= 3
    assert FAST.at_once > 3
