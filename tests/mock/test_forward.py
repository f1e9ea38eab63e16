"""Recording another server: where the key goes, what is fetched, what is kept, and answers that are lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mocking import KEY, SYNC, Api, Around, altered, body, data_uri, of_json, urls
from pictures import encoded

import wannb
from wannb import files, mock
from wannb.errors import UnknownOutcome
from wannb.mock import App, Request, Response, record
from wannb.mock.exchange import Refused, json_response
from wannb.mock.recordings import format as recordings
from wannb.mock.recordings import forward

from .test_recorder import session, texts

pytestmark = pytest.mark.usefixtures("quick_pictures")
Connect = Callable[[mock.MockServer], Api]
PNG = b"\x89PNG"


class Elsewhere(mock.MockServer):
    """A server that gives one answer to everything, and keeps what it was asked."""

    def __init__(self, status: int = 200, body: bytes = b"", *, cut: int | None = None, **headers: str) -> None:
        self.asked: list[Request] = []
        self.answer = Response(status=status, body=body, cut=cut, headers=headers)
        super().__init__(app := App(), handles=Around(app, self._answered))

    def _answered(self, app: App, request: Request) -> Response:
        self.asked.append(request)
        return self.answer


@pytest.fixture
def recorder(tmp_path: Path, connect: Connect) -> Callable[[str], Api]:
    return lambda upstream: connect(record(tmp_path / "made", upstream, thorough=True, max_images=1000))


def test_recording_another_server_keeps_its_pictures_and_no_secret(
    tmp_path: Path, connect: Connect, upstream: mock.MockServer
) -> None:
    def pictures(client: Api, ids: list[str]) -> list[bytes]:
        return [client.http.get(url).content for task_id in ids for url in urls(client.query(task_id))]

    folder = tmp_path / "live"
    client = connect(record(folder, upstream.base_url))
    ids = session(client)
    first = pictures(client, ids)
    assert client.create(Authorization="Bearer sk-someone-else").status_code == 401
    assert upstream.billed == 8
    assert not [entry for entry in upstream.log if entry.fault]
    # The edit of a result reached the upstream with the link the upstream had given.
    assert "/recorded/" not in repr([entry.json for entry in upstream.log])
    assert KEY not in repr([(entry.headers, entry.json) for entry in client.server.log])
    everything = "".join(texts(folder).values())
    for word in (KEY, "Signature", "OSSAccessKeyId", "request_id", "base64", "127.0.0.1", "oss://"):
        assert word not in everything
    assert len(list((folder / recordings.IMAGES).iterdir())) == 7
    client = connect(mock.serve(replay=folder, strict=True, task_seconds=0))
    assert session(client) == ids
    assert pictures(client, ids) == first


class Batches(mock.MockServer):
    """A server that puts what came, and what was refused, into `results`, as image batches have it."""

    def __init__(self) -> None:
        super().__init__(app := App(task_seconds=0), handles=Around(app, self._answered))

    def _answered(self, app: App, request: Request) -> Response:
        response = app.handle(request)
        answer = json.loads(response.body) if response.body.startswith(b"{") else {}
        output = answer.get("output", {})
        if "choices" not in output:
            return response
        came = [{"url": item["image"]} for choice in output.pop("choices") for item in choice["message"]["content"]]
        output["results"] = [came[0], {"code": "DataInspectionFailed", "message": "refused"}, *came[1:]]
        return json_response(200, answer)


def test_links_in_results_are_kept_and_masked_like_those_in_choices(tmp_path: Path, connect: Connect) -> None:
    def results(client: Api) -> list[bytes | str]:
        output = client.query(client.made(body("a boat", n=2, seed=7)))["output"]
        return [client.http.get(item["url"]).content if "url" in item else item["code"] for item in output["results"]]

    folder = tmp_path / "live"
    client = connect(record(folder, connect(Batches()).server.base_url))
    made = results(client)
    assert [each[:4] for each in made] == [PNG, "Data", PNG]
    [text] = texts(folder).values()
    assert "127.0.0.1" not in text
    assert "Signature" not in text
    assert text.count("image:sha256:") == 2
    assert results(connect(mock.serve(replay=folder, strict=True, task_seconds=0))) == made


def test_an_upstream_that_is_not_there_is_said(tmp_path: Path, connect: Connect) -> None:
    with pytest.raises(ValueError, match="scenario"):
        record(tmp_path, "http://127.0.0.1:1/api/v1", scenario="slow queue")
    with mock.serve() as gone:
        address = gone.base_url
    answer = connect(record(tmp_path, address)).create()
    assert (answer.status_code, answer.json()["code"]) == (502, "Recording.Unreachable")
    assert texts(tmp_path) == {}


def test_an_answer_lost_behind_the_recorder_is_not_paid_twice(tmp_path: Path, upstream: mock.MockServer) -> None:
    """A recorder that said "failed" of an answer it lost would make a client send, and pay, once more."""
    with (
        record(tmp_path / "made", upstream.base_url) as server,
        wannb.connect("live", api_key=KEY, base_url=server.base_url, store=tmp_path / "runs") as client,
    ):
        with upstream.scenario("dropped after accept"):
            result = client.generate("a house", size="768*768", seed=1)
        assert len(result) == 1
        with upstream.scenario("dropped after accept"), pytest.raises(UnknownOutcome):
            client.generate("a house", size="768*768", seed=2, via="sync")
    assert upstream.billed == 2


def test_a_full_disk_costs_the_recording_and_not_the_picture(
    tmp_path: Path, upstream: mock.MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = files.write

    def full(path: Path, content: bytes) -> None:
        if "made" in path.parts:
            raise OSError(28, "No space left on device")
        plain(path, content)

    monkeypatch.setattr(files, "write", full)
    with record(tmp_path / "made", upstream.base_url) as server:
        with wannb.connect("live", api_key=KEY, base_url=server.base_url) as client:
            assert len(client.generate("a house", size="768*768")) == 1
        assert server.handles.troubles  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_of_the_api_is_not_followed_with_the_key(recorder: Callable[[str], Api], status: int) -> None:
    with Elsewhere(body=b"{}") as thief, Elsewhere(status, location=f"{thief.url}/api/v1/x") as upstream:
        api = recorder(f"{upstream.url}/api/v1")
        answers = [api.create(), api.sync(), api.call("GET", "/tasks/x"), api.call("GET", "/uploads")]
        assert {(one.status_code, one.json()["code"]) for one in answers} == {(400, "Recording.Redirected")}
        assert thief.asked == []
        assert all(one.header("authorization") == f"Bearer {KEY}" for one in upstream.asked)
        assert len(upstream.asked) == 4


def test_pictures_and_uploads_never_see_the_key_and_pictures_may_be_redirected(
    recorder: Callable[[str], Api], tmp_path: Path
) -> None:
    with Elsewhere(body=encoded()) as files, Elsewhere(302, location=f"{files.url}/b") as first:

        def change(request: Request, answer: Any) -> None:
            for item, _ in recordings.images_of(answer):
                item["image"] = f"{first.url}/a?Signature=x"
            if isinstance(answer.get("data"), dict):
                answer["data"]["upload_host"] = files.url

        with altered(of_json(change)) as upstream:
            api = recorder(upstream.base_url)
            link = api.query(api.made())["output"]["choices"][0]["message"]["content"][0]["image"]
            api.http.headers["authorization"] = f"Bearer {KEY}"  # a client that sends it everywhere
            assert api.http.get(link).content == encoded()
            assert api.upload(encoded())[0].status_code == 200
        assert [one.path for one in files.asked] == ["/b", "/"]
        asked = files.asked + first.asked
        assert not [one for one in asked if one.header("authorization")]
        assert KEY not in repr([(one, one.body) for one in asked])


@pytest.mark.parametrize(
    "link",
    ["file:///etc/hostname", "http://192.0.2.1/x.png", "ftp://127.0.0.1/x", "http://u:p@127.0.0.1/x", "//x", "data:,x"],
)
def test_a_picture_is_fetched_from_https_or_this_machine_alone(
    recorder: Callable[[str], Api], tmp_path: Path, link: str
) -> None:
    def change(request: Request, answer: Any) -> None:
        for item, _ in recordings.images_of(answer):
            item["image"] = link

    with altered(of_json(change)) as upstream:
        api = recorder(upstream.base_url)
        ours = api.query(api.made())["output"]["choices"][0]["message"]["content"][0]["image"]
        assert api.http.get(ours).status_code == 400
    assert not (tmp_path / "made" / recordings.IMAGES).exists()
    assert "image" not in json.loads(next((tmp_path / "made").glob("*.json")).read_text()).get("task", {})


@pytest.mark.parametrize(
    "url", ["http://example.com/api/v1", "ftp://example.com", "example.com", "https://u:p@example.com"]
)
def test_an_upstream_that_must_not_have_a_key_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match=r"unencrypted|address of an API"):
        record(tmp_path, url)
    away = forward.Fetcher("https://dashscope-intl.aliyuncs.com/api/v1")
    for link in ("http://127.0.0.1:1/x", "https://localhost/x", "http://example.com/x"):
        with pytest.raises(Refused, match="Forbidden"):
            away.image(link)


def test_a_path_cannot_become_another_host(recorder: Callable[[str], Api]) -> None:
    with Elsewhere(body=b"{}") as upstream:
        api = recorder(upstream.url)
        assert api.http.get(f"{api.server.url}/api/v1@127.0.0.1:9/x").status_code == 404
        assert api.http.get(f"{api.server.url}/api/v1/tasks/a%20b%0d%0ac").status_code == 200
        assert [one.path for one in upstream.asked] == ["/tasks/a b\r\nc"]


def test_answers_and_pictures_are_bounded_in_size_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with Elsewhere(body=bytes(3 * 1024 * 1024)) as upstream:
        ask = forward.Fetcher(upstream.url).ask
        with pytest.raises(Refused, match="over 1 MB"):
            ask("GET", upstream.url, {}, None, most=1024 * 1024)
        assert len(ask("GET", upstream.url, {}, None).body) == 3 * 1024 * 1024
        ticks = iter(range(0, 100_000, 400))
        slow = forward.Fetcher(upstream.url, clock=lambda: next(ticks))
        with pytest.raises(Refused, match="took over 600 s"):
            slow.ask("GET", upstream.url, {}, None)
    with Elsewhere(body=b"abc", cut=1) as cut, pytest.raises(Refused, match="Lost"):
        forward.Fetcher(cut.url).ask("GET", cut.url, {}, None)
    with Elsewhere(302, location="/again") as circle, pytest.raises(Refused, match="redirects"):
        forward.Fetcher(circle.url).image(circle.url)
    assert len(circle.asked) == 4
    with pytest.raises(Refused, match="Unreachable"):
        forward.Fetcher(cut.url).ask("GET", cut.url, {}, None)


def test_a_strange_answer_or_request_is_passed_on_and_no_traceback_is_printed(
    recorder: Callable[[str], Api], capfd: pytest.CaptureFixture[str]
) -> None:
    strange = [{"output": {"choices": [1, {"message": 2}, {"message": {"content": "x"}}]}}, {"data": 5}, [1], "x", None]
    strange += [{"output": {"task_id": 5, "task_status": "SUCCEEDED", "choices": {"a": 1}}, "usage": [1]}]
    strange += [{"output": {"task_id": ["x"], "task_status": {"x": 1}}}, {"output": 1, "usage": {"image_count": "x"}}]
    strange += [{"data": [1, "x", {"status": [1]}], "request_id": {}, "code": 7}, {"a": [[[{}]]] * 3}]
    for answer in strange:
        with Elsewhere(body=json.dumps(answer).encode()) as upstream:
            api = recorder(f"{upstream.url}/api/v1")
            for reply in (api.create(), api.sync(), api.call("GET", "/tasks/x"), api.call("GET", "/uploads")):
                assert reply.json() == answer
    with mock.serve(task_seconds=0) as server:
        api = recorder(server.base_url)
        broken = body("x", data_uri(b"no picture"), data_uri(encoded(), "image/gif"))
        assert api.create(broken).status_code == 400
    assert capfd.readouterr().err == ""


def test_no_log_of_httpx_holds_a_key_or_a_signed_link(tmp_path: Path) -> None:
    """In a process of its own, since `wannb.service` masks those logs too."""
    sent = {"data": json.dumps(body()).encode(), "headers": {"Authorization": f"Bearer {KEY}"}}
    code = (
        "import logging, urllib.request; logging.basicConfig(level='DEBUG'); from wannb import mock\n"
        "with mock.serve(task_seconds=0) as upstream, mock.record('made', upstream.base_url) as server:\n"
        f"    request = urllib.request.Request(server.base_url + {SYNC!r}, **{sent})\n"
        "    request.add_header('Content-Type', 'application/json')\n"
        "    print(urllib.request.urlopen(request).status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout == "200\n"
    assert "HTTP Request: GET http://127.0.0.1" in done.stderr
    assert KEY not in done.stderr
    assert "Signature=" not in done.stderr
