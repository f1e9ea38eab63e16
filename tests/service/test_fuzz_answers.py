"""Whatever the service, a proxy or a stranger answers: an error of wannb's own, in bounded time and memory, and no
image that may be paid for is called unpaid or asked for twice."""

from __future__ import annotations

import contextlib
import copy
import gzip
import itertools
import json
import math
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import FAST, small
from hostile import Hostile as Server
from hostile import Script, is_create, is_image, is_query, ok
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pictures import encoded
from processes import memory_of

from wannb.client import Client
from wannb.errors import DownloadFailed, MalformedAnswer, UnknownOutcome, WannbError
from wannb.files import parse_json
from wannb.masking import Secret
from wannb.mock import Request, Response
from wannb.request.inputs import InputImage
from wannb.runs.store import Store
from wannb.service import api, wire
from wannb.service.endpoint import mock as mock_service
from wannb.service.http import MAX_ANSWER
from wannb.service.limits import Clock, Pace

#: A call in trouble is not tried for long, and the clock runs a thousand times as fast.
SHORT = replace(FAST, retry_seconds=0.05, lookups=(0.0, 0.02))
QUICK = Clock(monotonic=lambda: time.monotonic() * 1000, sleep=lambda seconds: time.sleep(seconds / 1000))

Hostile = partial(Server, picture=encoded("PNG", (768, 768)))

numbers = st.one_of(st.integers(), st.floats(), st.just(10**400), st.just(-1))
texts = st.one_of(
    st.text(max_size=8), st.sampled_from(["SUCCEEDED", "..", "\ud800", "x" * 9000, "a/b", "https://h/?S=1"])
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
NAMES = ["output", "task_id", "task_status", "choices", "message", "content", "image", "code", "usage", "data"]
names = st.one_of(st.sampled_from([*NAMES, "image_count", "request_id", "total_page", "gmt_create"]), texts)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=20
)

CREATED = {"request_id": "r-1", "output": {"task_id": "0385dc79-5ff8", "task_status": "PENDING"}}
CONTENT = [{"type": "image", "image": "http://127.0.0.1:1/a.png?Signature=s"}]
ENDED = {
    "request_id": "r-2",
    "output": {
        "task_id": "0385dc79-5ff8",
        "task_status": "SUCCEEDED",
        "submit_time": "2026-04-02 10:00:00.000",
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": CONTENT}}],
    },
    "usage": {"image_count": 1, "size": "768*768"},
}
FAILED = {"request_id": "r", "output": {"task_id": "t", "task_status": "FAILED", "code": "C", "message": "m"}}
LISTED = {"total_page": 1, "data": [{"task_id": "t", "status": "RUNNING", "model_name": "m", "gmt_create": 1.0}]}
ERROR = {"request_id": "r", "code": "Throttling.RateQuota", "message": "slow down"}
TRUE = [CREATED, ENDED, FAILED, LISTED, ERROR]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in a piece of JSON."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield from places(inner, (*path, name))


@st.composite
def mutated(draw: st.DrawFn, truths: list[Any]) -> Any:
    """A true answer in which some fields are dropped, doubled, wrapped, or are something else."""
    value = {"": copy.deepcopy(draw(st.sampled_from(truths)))}
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(list(places(value))[1:]))
        around: Any = value
        for name in above:
            around = around[name]
        deed = draw(st.sampled_from(["drop", "other", "wrap", "double"]))
        if deed == "drop" and above:
            del around[last]
        elif deed == "double" and isinstance(around, list):
            around.append(copy.deepcopy(around[last]))
        else:
            around[last] = [around[last]] if deed == "wrap" else draw(anything)
    return value[""]


READERS = [
    wire.read_created,
    wire.read_answer,
    wire.read_list,
    wire.has_error,
    lambda data: wire.read_error(data, status=500, secret="sk-secret"),
]


@settings(max_examples=80)
@given(data=st.one_of(anything, mutated(TRUE)))
@example(data={"data": [{"task_id": "t", "gmt_create": 10**400}]})
def test_a_reader_reads_an_answer_or_calls_it_malformed(data: Any) -> None:
    # As it comes from the wire: numbers that are none are gone.
    data = parse_json(json.dumps(data))
    for reader in READERS:
        try:
            read = reader(data)
        except MalformedAnswer as error:
            read = error
        if isinstance(read, wire.Answer):
            json.dumps([read.usage, read.times, read.refused, read.code, read.message], allow_nan=False)
            assert "Signature=s" not in repr(read)
            assert all(str(link) for link in read.links if str(link))
        if isinstance(read, tuple) and reader is wire.read_list:
            assert all(task.created is None or math.isfinite(task.created) for task in read[0])
        assert len(str(read)) < 400_000


@pytest.mark.parametrize("task_id", ["", ".", "../x", "a/b", "a b", "\ud800", "x" * 300, "a\n", "é", "?x=1", "-rf"])
def test_what_cannot_be_a_task_id_is_none(task_id: str) -> None:
    with pytest.raises(MalformedAnswer):
        wire.read_created({"output": {"task_id": task_id}})
    with pytest.raises(MalformedAnswer):  # passed over, a lost answer would be taken for one that never came
        wire.read_list({"data": [{"task_id": task_id}]})


@settings(max_examples=30)
@given(content=st.binary(max_size=200) | st.builds(lambda d: json.dumps(d).encode("utf-16"), anything))
@example(content=b"[NaN, -Infinity, 1e999]")
def test_any_bytes_are_json_or_none(content: bytes) -> None:
    try:
        data = parse_json(content)
    except ValueError:
        return
    json.dumps(data, allow_nan=False)


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"[" * 70 + b"]" * 70])
def test_deep_json_is_no_recursion_error(deep: bytes) -> None:
    with pytest.raises(ValueError, match="deep"):
        parse_json(deep)


# Through a real connection


def client_of(server: Server, store: Store, *, pace: Pace = SHORT, clock: Clock | None = None) -> Client:
    return Client(mock_service(server.base_url), "sk-mock-0123456789", store, pace=pace, clock=clock)


@cache
def bomb(layers: int = 1, size: int = 32) -> bytes:
    if layers > 1:
        return gzip.compress(bomb(layers - 1, size))
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(size)) + packer.flush()


def endless(part: bytes, head: bytes = b"", most: int = 200_000) -> Iterator[bytes]:
    return itertools.chain([head], itertools.repeat(part, most))


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNK = b"10000\r\n" + b" " * 65536 + b"\r\n"
GARBAGE: dict[str, Any] = {
    "nothing at all": [],
    "no HTTP": [b"\x00\xff\xfe garbage\r\n\r\n"],
    "an empty body": ok(b""),
    "a page": ok(b"<html>Please wait</html>", "content-type: text/html"),
    "no content": [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "see other": [b"HTTP/1.1 303 See Other\r\nlocation: /elsewhere\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"],
    "a gateway's page": [b"HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbad"],
    "a list": ok(b"[]"),
    "a hundred only": [b"HTTP/1.1 100 Continue\r\n\r\n"],
    "a chunk that is cut": [HEAD + b'transfer-encoding: chunked\r\n\r\n20\r\n{"output": {"task_id"'],
    "packed and cut": ok(gzip.compress(json.dumps(CREATED).encode())[:-8], "content-encoding: gzip"),
    "another program's JSON": ok(b'{"status": "ok", "data": {"id": 7}}'),
    "another program's error": [
        b"HTTP/1.1 400 Bad\r\nconnection: close\r\ncontent-length: 36\r\n\r\n" + b'{"code": "BLOCKED", "message": "no"}'
    ],
    "a task id that is none": ok(b'{"output": {"task_id": "../../etc"}}'),
    "half a character": ok(b'{"output": {"task_id": "\\ud800"}}'),
    "deep": ok(b"[" * 100_000),
    "other letters": ok('{"output": {"task_id": 7}}'.encode("utf-32")),
    "bad letters": ok(b'{"output": {"task_id": "\xff\xfe\xfd"}}'),
    "cut": [HEAD + b"content-length: 500\r\n\r\n{"],
    "chunks that are none": [HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"],
    "a length of 5000 digits": [HEAD + b"content-length: " + b"9" * 5000 + b"\r\n\r\n{}"],
    "two lengths": [HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}"],
    "too much": ok(b" " * (MAX_ANSWER + 1) + b"{}"),
    "packed by a proxy, and damaged": ok(b"\x1f\x8b damaged", "content-encoding: gzip"),
    "a bomb": ok(bomb(), "content-encoding: gzip"),
    "a bomb in a bomb": ok(bomb(2), "content-encoding: gzip, gzip"),
    "an unknown packing": ok(b"{}", "content-encoding: br"),
    "headers without an end": endless(b"x-more: 1\r\n", HEAD),
    "a body without an end": endless(CHUNK, HEAD + b"transfer-encoding: chunked\r\n\r\n"),
    "a clock beyond all years": ok(
        b"{}", "req-arrive-time: 99999999999999999999999", "date: Mon, 01 Jan 9999 00:00:00 GMT"
    ),
}


def once(wanted: Any, answer: Any) -> Script:
    """Return a script that garbles the first answer of a kind."""
    said: list[int] = []

    def script(request: Request, true: Response) -> Any:
        if wanted(request) and not said:
            said.append(1)
            return answer
        return None

    return script


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_in_answer_to_a_create_is_looked_up_and_nothing_is_paid_twice(name: str, store: Store) -> None:
    with Hostile(once(is_create, GARBAGE[name])) as server, client_of(server, store) as client:
        result = client.run(small())
        assert any("found by its time" in notice for notice in result.notices)
        assert server.app.billed == 1


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_in_answer_to_everything_ends_in_an_error_of_ours(name: str, store: Store) -> None:
    said = GARBAGE[name] if isinstance(GARBAGE[name], list) else list(itertools.islice(GARBAGE[name], 2000))
    creates = []

    def script(request: Request, true: Response) -> Any:
        creates.append(is_create(request))
        return said

    with Hostile(script) as server, client_of(server, store) as client:
        for call in (lambda: client.run(small()), client.task_list, lambda: client.task("0385dc79-5ff8")):
            with pytest.raises(WannbError):
                call()
        assert sum(creates) <= 1, "nothing is sent to an address that does not speak as the service does"
    [run] = store.runs()
    assert run.state == ("sending" if sum(creates) else "failed"), "what may have been billed is still open"
    assert run.cost() is None or (run.cost().amount > 0) is (sum(creates) > 0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "status", [101, 205, 301, 302, 304, 307, 308, 400, 401, 403, 404, 409, 418, 429, 500, 503, 599]
)
@pytest.mark.parametrize("location", ["", "location: /round\r\n", "location: http://[bad\r\n"])
def test_any_status_is_an_error_of_ours(status: int, location: str, store: Store) -> None:
    answer = [f"HTTP/1.1 {status} Odd\r\n{location}content-length: 4\r\n\r\noops".encode()]
    with Hostile(lambda request, true: answer) as server, client_of(server, store) as client:
        for call in (lambda: client.run(small()), lambda: client.task("0385dc79-5ff8")):
            with pytest.raises(WannbError):
                call()


def test_an_answer_larger_than_any_is_not_read_to_its_end(store: Store) -> None:
    large = json.dumps({"total_page": 1, "data": [], "more": "x" * MAX_ANSWER}).encode()
    with (
        Hostile(lambda request, true: ok(large)) as server,
        client_of(server, store) as client,
        pytest.raises(UnknownOutcome, match="larger than 4 MB"),
    ):
        client._ledger.transport.cancel("t-1")


def test_what_http_libraries_let_through_is_an_error_of_ours(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        raise ValueError("Exceeds the limit (4300 digits) for integer string conversion")

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", broken)
    with Hostile(lambda request, true: None) as server, client_of(server, store) as client:
        with pytest.raises(UnknownOutcome, match="not HTTP"):
            client._ledger.transport.cancel("t-1")
        with pytest.raises(DownloadFailed):
            client._ledger.transport.download(Secret(f"{server.url}/a.png"))


def test_answers_that_a_proxy_packed_all_the_same_are_read(store: Store) -> None:
    def script(request: Request, true: Response) -> Any:
        return None if is_image(request) else ok(gzip.compress(true.body), "content-encoding: gzip")

    with Hostile(script) as server, client_of(server, store) as client:
        assert len(client.run(small())) == 1


@settings(max_examples=12)
@given(answer=mutated([ENDED]))
def test_a_garbled_query_loses_nothing(answer: Any, shared: tuple[Server, Client]) -> None:
    server, client = shared
    server.script = once(is_query, ok(json.dumps(answer).encode("utf-8", "backslashreplace")))
    billed = server.app.billed
    task = client.submit(small().replace(seed=None))
    with contextlib.suppress(WannbError):
        task.wait(timeout=5)
    assert server.app.billed == billed + 1
    # With a true answer the images are there, whatever was said before.
    assert len(client.task(str(task.id)).result(timeout=5)) == 1


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Client]]:
    with (
        Hostile(lambda request, true: None) as server,
        client_of(server, Store(tmp_path_factory.mktemp("answers")), pace=replace(SHORT, retry_seconds=0.3)) as client,
    ):
        yield server, client


# Downloads


@pytest.mark.parametrize(
    "name", sorted(set(GARBAGE) - {"headers without an end", "a body without an end", "see other", "an empty body"})
)
def test_a_garbled_image_is_fetched_again(name: str, store: Store) -> None:
    pace = replace(SHORT, retry_seconds=5)
    with Hostile(once(is_image, GARBAGE[name])) as server, client_of(server, store, pace=pace) as client:
        assert len(client.run(small())) == 1
        assert server.app.billed == 1


@pytest.mark.parametrize("name", ["a body without an end", "headers without an end", "round", "nowhere", "no PNG"])
def test_an_image_that_never_comes_right_is_a_failed_download_of_a_paid_run(
    name: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api._MAX_FILE == 256 * 2**20
    monkeypatch.setattr(api, "_MAX_FILE", 2**24)  # the same bound, sooner

    def script(request: Request, true: Response) -> Any:
        if not is_image(request):
            return None
        own = {
            "round": [f"HTTP/1.1 302 Found\r\nlocation: {request.path}\r\ncontent-length: 0\r\n\r\n".encode()],
            "nowhere": [b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n"],
            "no PNG": ok(b"GIF89a"),
            "a body without an end": endless(CHUNK, HEAD + b"transfer-encoding: chunked\r\n\r\n", 400),
            "headers without an end": endless(b"x-more: 1\r\n", HEAD, 20_000),
        }
        return own[name]

    with Hostile(script) as server, client_of(server, store) as client:
        with pytest.raises(DownloadFailed, match="paid for"):
            client.run(small())
        assert client.runs()[0].state == "answered"
        server.script = lambda request, true: None
        assert len(client.rescue().results) == 1
        assert server.app.billed == 1


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda transport, link: transport.download(link), DownloadFailed),
        (lambda transport, link: transport.cancel("t-1"), UnknownOutcome),
    ],
    ids=["an image", "an answer"],
)
def test_a_body_that_drips_is_given_up_in_time(call: Any, kind: type[WannbError], store: Store) -> None:
    sent = 0

    def slowly() -> Iterator[bytes]:
        nonlocal sent
        yield HEAD + b"content-length: 1000000\r\n\r\n"
        while True:
            time.sleep(0.002)
            sent += 1
            yield b"x"

    with (
        Hostile(lambda request, true: slowly()) as server,
        client_of(server, store, clock=QUICK) as client,
        pytest.raises(kind, match="did not end in time"),
    ):
        call(client._ledger.transport, Secret(f"{server.url}/a.png"))
    assert sent < 5000


POLICY = dict.fromkeys(("upload_dir", "oss_access_key_id", "policy", "signature", "x_oss_object_acl"), "x")
POLICY |= {"x_oss_forbid_overwrite": "true", "upload_host": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    "data",
    [None, [], {}, "x", {**POLICY, "upload_host": 7}, {**POLICY, "policy": {}}, {**POLICY, "upload_host": "a\0"}],
)
def test_an_odd_upload_policy_sends_the_picture_inline(data: Any, store: Store) -> None:
    def script(request: Request, true: Response) -> Any:
        return ok(json.dumps({"data": data}).encode()) if "/uploads" in request.path else None

    image = InputImage(name="a", content=b"", sha256="0" * 64, mime="image/png")
    with Hostile(script) as server, client_of(server, store) as client:
        link = client._ledger._uploaded(image, "wan2.7-image")
        assert link == image.data_uri


LOOKS = """
import wannb
client = wannb.connect("mock", base_url=sys.argv[1], store=sys.argv[2])
client.runs()
measure()
for _ in range(2):
    try:
        client._ledger.transport.cancel("t")
    except wannb.errors.WannbError as error:
        measure(type(error).__name__)
"""


def test_a_hostile_answer_stays_small_in_memory(tmp_path: Path) -> None:
    once, twice = ok(bomb(1, 200), "content-encoding: gzip"), ok(bomb(2, 200), "content-encoding: gzip, gzip")
    answers = iter([once, twice])
    with Hostile(lambda request, true: next(answers)) as server:
        for kind, grown in memory_of(LOOKS, server.base_url, tmp_path):
            assert kind == "UnknownOutcome"
            assert grown < 60, f"{grown} MB for an answer"
    assert not list(answers), "both were read"
