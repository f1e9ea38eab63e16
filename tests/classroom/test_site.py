"""The class over HTTP: clients of every kind, both pages' requests, who may ask, and what holds no secret."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from conftest import FAST
from mock.test_sdk import interpreter
from mocking import CREATE, Api, body
from pictures import noise

import wannb
from wannb.classroom import Books, Caps, Gateway
from wannb.client import Client
from wannb.masking import Secret
from wannb.mock import MockServer
from wannb.service.endpoint import live

uvicorn = pytest.importorskip("uvicorn")
KEY, TOKEN = "sk-the-teachers-0123456789", "t0ken"
pytestmark = pytest.mark.usefixtures("quick_pictures")


class Served:
    """A class on a port, asked with a code or with the teacher's token."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        from wannb.classroom.site import Site

        self.gateway, self.books, self.folder = gateway, gateway.books, folder
        self.site = Site(gateway, token=TOKEN, folder=folder)
        config = uvicorn.Config(self.site.app, port=0, **self.site.SERVED)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Served:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=60)
        return self

    def __exit__(self, *_: Any) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join(30)

    def code(self, person: int = 0) -> str:
        return self.books.people()[person].code

    def ask(self, method: str, path: str, code: str = TOKEN, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {code}", **more.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **more)


@pytest.fixture
def served(tmp_path: Path, server: MockServer, store: Any) -> Iterator[Served]:
    """A class whose client has a key, as a live one has."""
    service = live(region="singapore", base_url=server.base_url)
    books = Books(tmp_path / "class.sqlite")
    for number in range(2):
        books.add(f"person {number}", most=8)
    with (
        closing(books),
        Client(service, Secret(KEY), store, pace=FAST) as client,
        Gateway(client, books, Caps()) as gateway,
        Served(gateway, tmp_path) as running,
    ):
        yield running


def test_a_student_works_in_a_notebook_with_the_code_in_place_of_the_key(served: Served, server: MockServer) -> None:
    with wannb.connect(served.url, api_key=served.code(), store="own") as client:
        assert not client.notices
        assert (client.service.kind, client.service.name) == ("live", "127.0.0.1")
        result = client.generate("a fox", size="1K", n=2, seed=3)
        edited = client.edit("make it night", result[0], size="1K")
        again = client.generate("a fox", size="1K", n=2, seed=3)
        assert (len(result), len(edited), again.reused) == (2, 1, True)
        assert len(client.task_list()) == 2
        with pytest.raises(wannb.errors.PermissionDenied, match="6 images would be more than yours: 3 of 8") as capped:
            client.image_set("a set", n=6)
        assert str(capped.value).endswith("\nNothing was billed."), "and nothing of the vendor's console"
    assert server.billed == served.books.counted(1) == 3
    names = [entry.headers.get("authorization") for entry in server.log.of("POST", "generation")]
    assert set(names) == {"Bearer ***"}


def test_what_a_class_draws_for_practice_is_never_taken_for_live_pictures(tmp_path: Path, server: MockServer) -> None:
    with (
        closing(Books(tmp_path / "class.sqlite")) as books,
        wannb.connect("mock", base_url=server.base_url, store="class") as drawing,
        Gateway(drawing, books, Caps()) as gateway,
        Served(gateway, tmp_path) as running,
    ):
        books.add("Ada", most=8)
        with wannb.connect(running.url, api_key=running.code(), store="own") as client:
            assert "nothing is billed" in repr(client)
            client.generate("a fox", size="1K", seed=3)
            [run] = client.runs()
            assert run.record.service == "mock"
            assert str(client._key) == running.code()
    with wannb.connect("live", api_key=KEY, base_url=server.base_url, store="own") as client:
        assert client.estimate(wannb.ImageRequest(prompt="a fox", size="1K", seed=3)).amount > 0


def test_a_wrong_code_is_answered_with_whom_to_ask(served: Served) -> None:
    with (
        wannb.connect(served.url, api_key="AAAAA-AAAAA", store="own") as client,
        pytest.raises(wannb.errors.AuthenticationError) as refused,
    ):
        client.generate("a fox", size="1K", seed=3)
    told = "No one of the class has this code. Ask the teacher for yours."
    assert str(refused.value).endswith(f"{told}\nNothing was billed.")


def test_a_class_is_asked_with_a_code_and_never_with_the_key_that_is_set(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-my-own-0123456789abcdef")
    monkeypatch.setattr("builtins.input", lambda prompt: served.code())
    with wannb.connect(served.url, store="own") as client:
        assert str(client._key) == served.code()
        assert client.task_list() == []


SDK = """
import sys
import dashscope
from dashscope.aigc.image_generation import ImageGeneration
from dashscope.api_entities.dashscope_response import Message
dashscope.base_http_api_url, dashscope.api_key = sys.argv[1:]
message = Message(role="user", content=[{"text": "a fox"}])
made = ImageGeneration.async_call(model="wan2.7-image-pro", messages=[message], n=1, size="1K")
ended = ImageGeneration.wait(made)
print(ended.output.task_status, len(ended.output.choices))
called = ImageGeneration.call(model="wan2.7-image", messages=[message], n=2, size="1K")
print(called.status_code, len(called.output.choices))
"""


def test_the_official_sdk_works_with_a_code(served: Served, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DASHSCOPE_"))}
    done = subprocess.run(
        [interpreter(), "-c", SDK, f"{served.url}/api/v1", served.code()],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**environment, "HOME": str(tmp_path)},
    )
    assert done.stdout.split() == ["SUCCEEDED", "1", "200", "2"], done.stderr
    assert served.books.counted(1) == 3


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the site waited for before it looked a code up; nobody waits."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("wannb.classroom.site.asyncio", type("Asyncio", (), {"sleep": staticmethod(sleep)}))
    return waits


def test_wrong_codes_are_refused_and_each_further_one_waits_longer(served: Served, waits: list[float]) -> None:
    for number in range(12):
        forwarded = {"x-forwarded-for": f"10.0.0.{number}", "forwarded": f"for=10.0.0.{number}"}
        answer = served.ask("GET", "/api/v1/tasks", "AAAAA-AAAAA", headers=forwarded)
        assert (answer.status_code, answer.json()["code"]) == (401, "Class.Code")
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    served.site._guesses["127.0.0.1"] = 5000
    assert served.ask("GET", "/class/me", "AAAAA-AAAAA").status_code == 401
    assert waits[-1] == 8.0


def test_a_code_waits_before_it_is_looked_up_and_one_that_was_good_never(
    served: Served, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty people behind one address, of whom one guesses."""
    looked: list[tuple[str, int]] = []
    look = served.books.person
    monkeypatch.setattr(served.books, "person", lambda code: looked.append((code, len(waits))) or look(code))
    assert served.ask("GET", "/class/me", served.code(0)).json()["name"] == "person 0"
    for _ in range(8):
        served.ask("GET", "/class/me", "AAAAA-AAAAA")
        assert served.ask("GET", "/class/me", served.code(0)).status_code == 200
    assert len(waits) == 3, "who knows one code guesses no faster by it, and waits for nobody"
    newcomer = served.code(1).lower().replace("-", " ")
    assert served.ask("GET", "/class/me", newcomer).json()["name"] == "person 1"
    assert looked[-1] == (newcomer, 4), "it waited first, so that no answer tells sooner that a guess was right"
    served.ask("GET", "/class/me", "AAAAA-AAAAA")
    assert len(waits) == 4, "somebody new came in: the wrong codes were typing errors"


def test_guesses_on_many_connections_wait_as_long_as_one_after_the_other(served: Served, waits: list[float]) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: served.ask("GET", "/class/me", "AAAAA-AAAAA"), range(20)))
    assert {answer.status_code for answer in answers} == {401}
    assert sorted(waits) == [0.5, 1.0, 2.0, 4.0, *[8.0] * 11]


def test_addresses_of_one_network_of_ipv6_guess_together() -> None:
    from wannb.classroom.site import _place

    assert _place("2001:db8:1:2:3::1") == _place("2001:db8:1:2:ffff::9") != _place("2001:db8:1:3::1")
    assert _place("192.0.2.7") == "192.0.2.7" != _place("192.0.2.8")


def test_only_the_token_opens_what_is_the_teachers(served: Served) -> None:
    paths = [("GET", "/class/state"), *(("POST", path) for path in ("/class/people", "/class/people/1", "/class/caps"))]
    paths += [("POST", "/class/save"), ("POST", "/class/hide/x")]
    for method, path in paths[:4]:
        assert served.ask(method, path, served.code(), json={}).status_code == 401
    assert served.ask("GET", "/class/state").status_code == 200
    assert served.books.people()[0].most == 8


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_is_refused(served: Served, origin: str) -> None:
    for path in ("/class/caps", f"/api/v1{CREATE}"):
        answer = served.ask("POST", path, json={"going": False}, headers={"origin": origin})
        assert answer.status_code == 403
    assert served.gateway.caps.going
    assert served.ask("POST", "/class/caps", json={"going": False}, headers={"origin": served.url}).status_code == 200
    assert not served.gateway.caps.going


def test_a_browser_sends_nothing_by_itself_that_opens_the_class(served: Served) -> None:
    """Under a name that was made to lead here, a page gets the empty pages alone: no cookie, and no code in any."""
    rebound = {"host": "rebound.example.org", "origin": "http://rebound.example.org"}
    for path in ("/", "/teacher", "/class/me", "/class/state", "/class/events", "/api/v1/tasks"):
        answer = served.http.get(path, headers=rebound)
        assert answer.status_code == (200 if path in ("/", "/teacher") else 401)
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        assert not any(secret in answer.text for secret in (TOKEN, served.code(0), served.code(1)))
    assert served.http.options("/class/caps", headers=rebound).status_code == 405


def test_a_request_that_is_too_large_is_not_read_to_its_end(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wannb.classroom.site.BODY_MOST", 1000)
    answer = served.ask("POST", f"/api/v1{CREATE}", served.code(), content=b"x" * 5000)
    assert answer.json()["code"] == "BadRequest.TooLarge"


def test_all_that_is_read_at_a_time_is_bounded(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wannb.classroom.site.READING_MOST", 1000)
    answer = served.ask("POST", f"/api/v1{CREATE}", served.code(), content=b"x" * 5000)
    assert answer.json()["code"] == "ServiceUnavailable"
    assert served.site._reading == 0


def test_an_upload_is_of_its_person_and_of_nobody_else(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    place: Any = SimpleNamespace(base_url=f"{served.url}/api/v1")
    one, other = (Api(place, served.code(person)) for person in (0, 1))
    answer, link = one.upload(noise(256))
    assert answer.status_code == 200
    asked = [api.create(body("x", link), x_dashscope_ossresourceresolve="enable") for api in (one, other)]
    assert [answer.status_code for answer in asked] == [200, 400]
    assert "nothing was uploaded under this oss:// URL" in asked[1].json()["message"]
    refused, _ = one.upload(noise(256), given={**one.policy(), "upload_host": f"{served.url}/class/uploads/somebody"})
    assert refused.status_code == 404

    monkeypatch.setattr("wannb.classroom.gateway._KEPT", 3 * len(noise(256)))
    policy = one.policy()
    answers = [one.upload(noise(256), f"{number}.png", given=policy) for number in range(6)]
    assert [answer.status_code for answer, _ in answers] == [200, 200, 200, 200, 400, 400], "one is kept already"
    links = [answers[0][1], one.upload(noise(256))[1]]
    found = [one.create(body("y", each), x_dashscope_ossresourceresolve="enable").status_code for each in links]
    assert found == [400, 200], "the next policy drops what was kept"
    one.close()
    other.close()


def test_the_teacher_changes_hides_and_saves(served: Served) -> None:
    served.ask("POST", f"/api/v1{CREATE}", served.code(), json=body("a fox, at night", n=2), headers=ASYNC)
    seen = first(served, lambda state: len(state["pictures"]) == 2)
    assert (seen["made"], seen["spent"], seen["mock"]) == (2, "0.15 USD", False)
    name = seen["pictures"][0]["name"]
    served.ask("POST", "/class/people/1", json={"name": "Ada/../x", "most": 20, "stopped": True})
    served.ask("POST", f"/class/hide/{name}", json={"hidden": True})
    after = served.ask("GET", "/class/state").json()
    ada = after["people"][0]
    assert (ada["name"], ada["most"], ada["stopped"]) == ("Ada/../x", 20, True)
    assert [picture["hidden"] for picture in after["pictures"]] == [True, False]
    assert served.ask("POST", f"/api/v1{CREATE}", served.code(), json=body("x"), headers=ASYNC).status_code == 403
    folder = Path(served.ask("POST", "/class/save", json={}).json()["folder"])
    [row] = csv.DictReader(io.StringIO((folder / "table.csv").read_text("utf-8")))
    assert (row["person"], row["prompt"], row["images"]) == ("Ada/../x", "a fox, at night", "2")
    assert all((folder / file).is_file() for file in row["files"].split())
    small = served.http.get(f"{seen['pictures'][0]['at']}?small")
    assert small.headers["content-type"] == "image/jpeg"


def test_the_class_judges_blind_and_only_its_pages_hand_in(served: Served) -> None:
    refused = served.ask("POST", "/class/vote", json={})
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        "0 pictures: a class judges 2 to 40; tick or hide some.",
    )
    for person in (0, 1):
        served.ask("POST", f"/api/v1{CREATE}", served.code(person), json=body(f"a fox {person}"), headers=ASYNC)
    first(served, lambda state: len(state["pictures"]) == 2)
    assert served.ask("POST", "/class/vote", served.code(), json={}).status_code == 401
    assert served.ask("POST", "/class/vote", json={"question": "Which is warmer?"}).json() == {
        "pairs": 1,
        "pictures": 2,
    }
    places = [served.ask("GET", "/class/me", served.code(person)).json()["vote"] for person in (0, 1)]
    assert places[0] != places[1]
    page = served.http.get(places[0]).text
    assert "Which is warmer?" in page
    names = [picture["name"] for picture in served.ask("GET", "/class/state").json()["pictures"]]
    assert not [name for name in names if name.removesuffix(".png") in page], "a page of judging opens no picture"
    assert "person" not in page.replace("this person's own", "").partition('id="data"')[2].partition("</script>")[0]
    [id_] = set(re.findall(r'"page": "(\w+-1)"', page))
    for place, verdict in zip(places, ("left", "right"), strict=True):
        lines = [{"wannb_judging_page": 1, "page": id_, "judge": "x"}]
        lines += [{"q": 0, "n": 0, "left": 0, "verdict": verdict, "seconds": 1, "time": "2026-11-27T10:00:00Z"}]
        content = "\n".join(map(json.dumps, lines))
        assert served.http.post(place, content=content).status_code == 204
        assert served.http.post(place, content=content).status_code == 204, "handed in again, counted once"
    assert served.http.post("/class/vote/unknown", content=content).status_code == 400
    assert served.http.post(places[0], content="no verdicts").status_code == 400
    assert served.http.post(places[0], content=b"x" * (1024**2 + 1)).status_code == 400
    told = served.ask("GET", "/class/votes").json()
    assert (told["people"], told["verdicts"]) == (2, 2)
    assert sorted(each["strength"] for each in told["scores"]) == [0.5, 0.5]


def test_of_too_many_pictures_the_class_judges_the_newest_of_each_person(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("site", "vote"):
        monkeypatch.setattr(f"wannb.classroom.{module}.MOST_PICTURES", 3)
    for person in (0, 1):
        served.ask("POST", f"/api/v1{CREATE}", served.code(person), json=body(f"a fox {person}", n=2), headers=ASYNC)
    pictures = first(served, lambda state: len(state["pictures"]) == 4)["pictures"]
    assert served.ask("POST", "/class/vote", json={}).json() == {"pairs": 1, "pictures": 2}
    ticked = [picture["name"] for picture in pictures]
    for some, answer in ((ticked[:3], {"pairs": 3, "pictures": 3}), (ticked, None)):  # what is ticked is never left out
        begun = served.ask("POST", "/class/vote", json={"pictures": some}).json()
        assert begun == (answer or {"message": "4 pictures: a class judges 2 to 3; tick or hide some."})
    newest = {picture["person"]: picture["name"] for picture in pictures}
    for name in newest.values():
        served.ask("POST", f"/class/hide/{name}", json={"hidden": True})
    assert served.ask("POST", "/class/vote", json={}).json() == {"pairs": 1, "pictures": 2}
    served.ask("POST", f"/class/hide/{pictures[0]['name']}", json={"hidden": True})
    assert "1 pictures: a class judges 2 to 3" in served.ask("POST", "/class/vote", json={}).json()["message"]


ASYNC = {"X-DashScope-Async": "enable"}


def first(served: Served, wanted: Any) -> Any:
    """Return the first state that is as wanted, as it comes in server-sent events."""
    with served.http.stream("GET", "/class/events", headers={"authorization": f"Bearer {TOKEN}"}) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        for line in events.iter_lines():
            if line.startswith("data: ") and wanted(state := json.loads(line[6:])):
                return state
    raise AssertionError("the events ended")


def test_the_key_is_in_no_answer_and_in_nothing_that_is_written(served: Served, tmp_path: Path) -> None:
    answers = [served.ask("POST", f"/api/v1{CREATE}", served.code(), json=body("a fox"), headers=ASYNC).text]
    first(served, lambda state: len(state["pictures"]) == 1)
    paths = ["/", "/teacher", "/class/state", "/class/me", "/api/v1/tasks"]
    answers += [served.ask("GET", path).text for path in paths]
    answers += [served.ask("GET", path, served.code()).text for path in paths]
    assert not [answer for answer in answers if KEY in answer or "Signature=" in answer]
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert written
    books = [file for file in written if file.name.startswith("class.sqlite")]
    assert len(books) == 3
    assert os.name == "nt" or {file.stat().st_mode & 0o777 for file in books} == {0o600}, "it holds the codes"
    assert not [file for file in written if KEY.encode() in file.read_bytes() or b"Signature=" in file.read_bytes()]
