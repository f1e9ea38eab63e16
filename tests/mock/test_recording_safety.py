"""The recorder before the live service: no more images than allowed, the key to one host alone, bounded fetching."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from mocking import KEY, Api, body, data_uri, encoded
from stand_in import altered, of_json, quick_picture

import wannb
from wannb import mock
from wannb.errors import BadRequest, UnknownOutcome
from wannb.mock import drawing as pictures
from wannb.mock.__main__ import main as mock_main
from wannb.mock.exchange import Request, json_response
from wannb.mock.recordings import format as recordings
from wannb.mock.recordings import forward as fetch
from wannb.mock.recordings.recorder import Quota, record


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "draw", quick_picture)


# No more images than allowed


def test_a_forgotten_loop_is_refused(tmp_path: Path) -> None:
    with mock.serve(task_seconds=0, keys={KEY}) as upstream:
        with record(tmp_path / "made", upstream.base_url, max_images=3) as server:
            api = Api(server)
            for number in range(8):
                api.create(body(f"house {number}"))
            refused = api.create(body("one more"))
            assert (refused.status_code, refused.json()["code"]) == (400, "Recording.LimitReached")
            assert "3" in refused.json()["message"]
            # Not worth waiting for, so a client does not try again.
            client = wannb.connect("live", api_key=KEY, base_url=server.base_url)
            with client, pytest.raises(BadRequest, match="max-images"):
                client.generate("a house", size="768*768")
            for path in ("/services/aigc/text2image/image-synthesis", "/services/aigc/video"):
                assert api.call("POST", path, json=body()).json()["code"] == "Recording.LimitReached"
            assert api.call("POST", "/services/aigc/image-generation/generation", content=b"{").status_code == 400
            api.close()
        assert upstream.billed == 3
        assert len(upstream.log) == 3 + 1, "three requests, and a look at the clock"
    assert len(list((tmp_path / "made").glob("*.json"))) == 3


def test_at_once_no_more_are_passed_on_than_allowed(tmp_path: Path) -> None:
    with mock.serve(task_seconds=0, keys={KEY}) as upstream:
        with record(tmp_path, upstream.base_url, max_images=5) as server, ThreadPoolExecutor(12) as pool:
            api = Api(server)
            made = list(pool.map(lambda number: api.create(body(f"house {number}", n=2)).status_code, range(24)))
            api.close()
        assert made.count(200) == 2
        assert upstream.billed == 4


def test_the_count_is_corrected_by_what_came_and_what_is_unknown_stays(tmp_path: Path) -> None:
    with (
        mock.serve(task_seconds=0, keys={KEY}) as upstream,
        record(tmp_path, upstream.base_url, max_images=12) as server,
    ):
        api = Api(server)
        quota = server.handles.quota  # type: ignore[attr-defined]
        with upstream.scenario("set returns fewer"):
            task = api.made(body(n=6, enable_sequential=True))
        assert (quota.made, quota.under_way, quota.left) == (0, 6, 6)
        api.query(task)
        api.query(task)
        assert (quota.made, quota.under_way, quota.left) == (4, 0, 8)
        assert api.create(body(n=5)).status_code == 400, "refused by the service"
        assert quota.left == 8
        assert api.sync(body("two", n=2)).status_code == 200
        assert (quota.made, quota.left) == (6, 6)
        with upstream.scenario("failed task"):
            api.query(api.made(body("fails", n=4)))
        assert quota.left == 6
        with upstream.scenario("500 then ok"):
            assert api.create(body("broken")).status_code == 500
        assert quota.left == 6
        with upstream.scenario("dropped after accept"):
            assert api.create(body("lost", n=2)).status_code == 504
        assert (quota.made, quota.under_way, quota.left) == (6, 2, 4)
        unsaid = body("how many")
        del unsaid["parameters"]["n"]
        api.made(unsaid)
        assert quota.left == 0, "the documentation names 1 and 4"
        api.close()


@pytest.mark.parametrize("most", [-1, 1.5, True])
def test_a_limit_that_is_none_is_refused(tmp_path: Path, most: Any) -> None:
    with pytest.raises(ValueError, match="max_images"):
        record(tmp_path, max_images=most)


def test_an_answer_lost_behind_the_recorder_is_not_paid_twice(tmp_path: Path) -> None:
    """A recorder that said "failed" of an answer it lost would make a client send, and pay, once more."""
    with mock.serve(task_seconds=0, keys={KEY}) as upstream, record(tmp_path / "made", upstream.base_url) as server:
        with wannb.connect("live", api_key=KEY, base_url=server.base_url, store=tmp_path / "runs") as client:
            with upstream.scenario("dropped after accept"):
                result = client.generate("a house", size="768*768", seed=1)
            assert len(result) == 1
            with upstream.scenario("dropped after accept"), pytest.raises(UnknownOutcome):
                client.generate("a house", size="768*768", seed=2, via="sync")
        assert upstream.billed == 2


def test_a_full_disk_costs_the_recording_and_not_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if "made" in path.parts:
            raise OSError(28, "No space left on device")
        return plain(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with mock.serve(task_seconds=0, keys={KEY}) as upstream, record(tmp_path / "made", upstream.base_url) as server:
        with wannb.connect("live", api_key=KEY, base_url=server.base_url) as client:
            assert len(client.generate("a house", size="768*768")) == 1
        assert server.handles.troubles  # type: ignore[attr-defined]


# Where the key goes, and what is fetched


class Elsewhere:
    """A plain HTTP server that answers as it is told and keeps what it was asked."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        asked: list[tuple[str, dict[str, str]]] = []

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                answer(self)

            do_GET = do_POST = _serve

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.asked = asked
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Elsewhere:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def sends(status: int, content: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content-length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Callable[[str], Api]]:
    opened: list[Any] = []

    def start(upstream: str) -> Api:
        server = record(tmp_path / "made", upstream, thorough=True, max_images=1000)
        api = Api(server)
        opened.extend((api, server))
        return api

    yield start
    for one in opened:
        one.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_of_the_api_is_not_followed_with_the_key(recorder: Callable[[str], Api], status: int) -> None:
    with Elsewhere(sends(200, b"{}")) as thief, Elsewhere(sends(status, location=f"{thief.url}/api/v1/x")) as upstream:
        api = recorder(f"{upstream.url}/api/v1")
        answers = [api.create(), api.sync(), api.call("GET", "/tasks/x"), api.call("GET", "/uploads")]
        assert {(one.status_code, one.json()["code"]) for one in answers} == {(400, "Recording.Redirected")}
        assert thief.asked == []
        assert all(headers["authorization"] == f"Bearer {KEY}" for _, headers in upstream.asked)
        assert len(upstream.asked) == 4


def test_pictures_and_uploads_never_see_the_key_and_pictures_may_be_redirected(
    recorder: Callable[[str], Api], tmp_path: Path
) -> None:
    with Elsewhere(sends(200, encoded())) as files, Elsewhere(sends(302, location=f"{files.url}/b")) as first:

        def change(request: Request, answer: Any) -> None:
            for item in recordings.items_of(answer):
                item["image"] = f"{first.url}/a?Signature=x"
            if isinstance(answer.get("data"), dict):
                answer["data"]["upload_host"] = files.url

        with altered(of_json(change)) as upstream:
            api = recorder(upstream.base_url)
            link = api.query(api.made())["output"]["choices"][0]["message"]["content"][0]["image"]
            assert api.http.get(link).content == encoded()
            assert api.upload(encoded())[0].status_code == 200
        assert [path for path, _ in files.asked] == ["/b", "/"]
        assert not [headers for _, headers in (*files.asked, *first.asked) if "authorization" in headers]
        assert KEY not in repr(files.asked + first.asked)


@pytest.mark.parametrize(
    "link",
    ["file:///etc/hostname", "http://192.0.2.1/x.png", "ftp://127.0.0.1/x", "http://u:p@127.0.0.1/x", "//x", "data:,x"],
)
def test_a_picture_is_fetched_from_https_or_this_machine_alone(
    recorder: Callable[[str], Api], tmp_path: Path, link: str
) -> None:
    def change(request: Request, answer: Any) -> None:
        for item in recordings.items_of(answer):
            item["image"] = link

    with altered(of_json(change)) as upstream:
        api = recorder(upstream.base_url)
        ours = api.query(api.made())["output"]["choices"][0]["message"]["content"][0]["image"]
        assert api.http.get(ours).status_code == 400
    assert not (tmp_path / "made" / recordings.IMAGES).exists()
    assert "image" not in json.loads(next((tmp_path / "made").glob("*.json")).read_text()).get("task", {})


def test_a_service_elsewhere_may_not_name_addresses_of_this_machine() -> None:
    away = fetch.Fetcher("https://dashscope-intl.aliyuncs.com/api/v1")
    for link in ("http://127.0.0.1:1/x", "https://localhost/x", "http://example.com/x"):
        with pytest.raises(fetch.Forbidden):
            away.image(link)


@pytest.mark.parametrize(
    "url", ["http://example.com/api/v1", "ftp://example.com", "example.com", "https://u:p@example.com"]
)
def test_an_upstream_that_must_not_have_a_key_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match=r"unencrypted|address of an API"):
        record(tmp_path, url)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://h/x.png?w=1&page=2", "https://h/x.png?w=1&page=2"),
        ("https://h/x.png?w=1&Signature=abc", "https://h/x.png"),
        ("https://h/x.png?sv=1&sig=abc", "https://h/x.png"),
        ("https://h/x.png?auth_key=1-0-0-abc", "https://h/x.png"),
        ("https://h/x.png?X-Amz-Credential=abc", "https://h/x.png"),
        ("https://user:word@h/x.png", "https://h/x.png"),
    ],
)
def test_the_address_of_an_input_image_is_kept_without_what_opens_it(tmp_path: Path, url: str, kept: str) -> None:
    with record(tmp_path) as server:
        api = Api(server)
        api.create(body("x", url))
        api.close()
    sent = json.loads(next(tmp_path.glob("*.json")).read_text())["request"]["json"]
    assert recordings.content_of(sent)[0] == {"image": kept}


def test_a_path_cannot_become_another_host(recorder: Callable[[str], Api]) -> None:
    with Elsewhere(sends(200, b"{}")) as upstream:
        api = recorder(upstream.url)
        assert api.http.get(f"{api.server.url}/api/v1@127.0.0.1:9/x").status_code == 404
        assert api.http.get(f"{api.server.url}/api/v1/tasks/a%20b%0d%0ac").status_code == 200
        assert [path for path, _ in upstream.asked] == ["/tasks/a%20b%0D%0Ac"]


def test_answers_and_pictures_are_bounded_in_size_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with Elsewhere(sends(200, bytes(3 * 1024 * 1024))) as upstream:
        ask = fetch.Fetcher(upstream.url).ask
        with pytest.raises(fetch.Lost, match="over 1 MB"):
            ask("GET", upstream.url, {}, None, most=1024 * 1024)
        assert len(ask("GET", upstream.url, {}, None)[2]) == 3 * 1024 * 1024
        ticks = iter(range(0, 100_000, 400))
        slow = fetch.Fetcher(upstream.url, clock=lambda: next(ticks))
        with pytest.raises(fetch.Lost, match="took over 600 s"):
            slow.ask("GET", upstream.url, {}, None)
    with Elsewhere(lambda handler: sends(200, b"abc", content_length="9")(handler)) as cut, pytest.raises(fetch.Lost):
        fetch.Fetcher(cut.url).ask("GET", cut.url, {}, None)
    circle = Elsewhere(sends(302, location="/again"))
    with circle, pytest.raises(fetch.Lost, match="redirects"):
        fetch.Fetcher(circle.url).image(circle.url)
    assert len(circle.asked) == 4
    with pytest.raises(fetch.Unreached):
        fetch.Fetcher(cut.url).ask("GET", cut.url, {}, None)


def test_a_strange_answer_or_request_is_passed_on_and_no_traceback_is_printed(
    recorder: Callable[[str], Api], capfd: pytest.CaptureFixture[str]
) -> None:
    strange = [{"output": {"choices": [1, {"message": 2}, {"message": {"content": "x"}}]}}, {"data": 5}, [1], "x", None]
    strange += [{"output": {"task_id": 5, "task_status": "SUCCEEDED", "choices": {"a": 1}}, "usage": [1]}]
    strange += [{"output": {"task_id": ["x"], "task_status": {"x": 1}}}, {"output": 1, "usage": {"image_count": "x"}}]
    strange += [{"data": [1, "x", {"status": [1]}], "request_id": {}, "code": 7}, {"a": [[[{}]]] * 3}]
    for answer in strange:
        with Elsewhere(sends(200, json.dumps(answer).encode(), content_type="application/json")) as upstream:
            api = recorder(f"{upstream.url}/api/v1")
            for reply in (api.create(), api.sync(), api.call("GET", "/tasks/x"), api.call("GET", "/uploads")):
                assert reply.json() == answer
    with mock.serve(task_seconds=0) as server:
        api = recorder(server.base_url)
        broken = body("x", data_uri(b"no picture"), data_uri(encoded(), "image/gif"))
        assert api.create(broken).status_code == 400
    assert capfd.readouterr().err == ""


# Nothing but this machine


def test_the_server_binds_to_this_machine_whatever_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TypeError):
        mock.serve(host="0.0.0.0")  # type: ignore[call-arg]
    for option in ("--host", "--bind", "--ip"):
        with pytest.raises(SystemExit):
            mock_main([option, "0.0.0.0"])
    for name in ("HOST", "BIND", "WANNB_HOST", "WANNB_MOCK_HOST"):
        monkeypatch.setenv(name, "0.0.0.0")
    bound: list[Any] = []
    monkeypatch.setattr(socket.socket, "bind", _bind_seen_by(bound))
    with mock.serve(), record("made"):
        pass
    assert [address[0] for address in bound] == ["127.0.0.1"] * 2


def _bind_seen_by(seen: list[Any]) -> Callable[[socket.socket, Any], None]:
    plain = socket.socket.bind

    def bind(self: socket.socket, address: Any) -> None:
        seen.append(address)
        plain(self, address)

    return bind


def test_an_answer_of_unknown_shape_counts_as_all_that_was_asked_for() -> None:
    quota = Quota(1)
    sent = json.dumps({"parameters": {"n": 1}}).encode()
    request = Request.make("POST", "/api/v1/services/aigc/multimodal-generation/generation", {}, sent)
    ticket = quota.enter(request)
    quota.settle(ticket, request, json_response(200, {"output": {"results": [{"url": "x"}]}, "usage": {"count": 1}}))
    assert quota.left == 0
    assert quota.under_way == 0
