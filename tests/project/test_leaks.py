"""The key goes to the API host alone; it and the signatures of links stand in nothing that is shown, logged or kept."""

from __future__ import annotations

import io
import json
import logging
import pickle
import re
import socket
import traceback
import warnings
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
import ipywidgets
import nbformat
import pytest
from conftest import FAST
from hostile import Hostile, is_create, is_image, ok
from httpcore._backends.sync import SyncStream
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from request.test_inputs import encoded, noise
from talkative import without_proxies

import wannb
from wannb import ImageRequest, mock
from wannb.client import Client
from wannb.commands import jupyter as serve
from wannb.errors import DownloadFailed, WannbError
from wannb.ledger.store import Store
from wannb.masking import Secret
from wannb.mock import SCENARIOS, Request, Response
from wannb.service.api import _redirected
from wannb.service.endpoint import live
from wannb.service.endpoint import mock as mock_service

#: One as the vendor's keys look, one that no pattern knows.
KEYS = {"like a key": "sk-9f31c7d2leak4b6ea0", "like nothing": "Qzr7.vK2~leak-Xw9"}
SIGNED = "INPUT7sig9Leak"
LINK = f"https://bucket.example/cat.png?Expires=2000000000&Signature={SIGNED}"
TIMEOUT: dict[str, dict[str, Any]] = {"task": {"timeout": 0.3}, "sync": {}}
PACE = replace(FAST, retry_seconds=0.2, lookups=(0.0, 0.02))


def told(error: BaseException) -> str:
    """Return an error as tracebacks that print variables tell it, the test's own frames left out."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    error = error.with_traceback(trace)
    said = traceback.TracebackException.from_exception(error, capture_locals=True, lookup_lines=False)
    return "\n".join([*said.format(), repr(error), str(vars(error))])


class Watched:
    """A mock service whose secrets are known, and a client of it whose every word is kept."""

    def __init__(self, key: str, folder: Path) -> None:
        self.key, self.folder = key, folder
        self.secrets = {key, SIGNED}
        self.said: list[tuple[str, str]] = []
        self.server = Hostile(self._see)
        self.store = Store(folder / "runs")
        self.client = Client(mock_service(self.server.base_url), key, self.store, pace=PACE)

    def _see(self, request: Request, answer: Response) -> None:
        """Note every signature that is given out."""
        for found in re.findall(rb'(?:Signature=|"signature": ?"|"policy": ?")([^"&\\]{8,})', answer.body):
            self.secrets |= {found.decode(), unquote(found.decode()), quote(found.decode(), safe="")}

    def say(self, where: str, *texts: object) -> None:
        for text in texts:
            self.said.append((where, text if isinstance(text, str) else repr(text)))

    def show(self, where: str, *things: Any) -> None:
        """Keep all that a thing shows of itself, and its parts one level deep."""
        for thing in things:
            self.say(where, thing, str(thing))
            for method in ("_repr_html_", "_repr_mimebundle_"):
                if callable(getattr(type(thing), method, None)):
                    self.say(f"{where} {method}", getattr(thing, method)())
            for name, part in (vars(thing) if hasattr(thing, "__dict__") else {}).items():
                self.say(f"{where}.{name}", part)

    def failing(self, where: str, call: Any) -> None:
        """Keep what a call says that may fail."""
        try:
            self.show(where, call())
        except (WannbError, ValueError) as error:
            self.say(where, told(error))

    def leaks(self) -> list[tuple[str, str]]:
        """Return where a secret was said, and what stands around it."""
        found = []
        for where, text in self.said:
            for secret in self.secrets:
                place = text.find(secret)
                if place >= 0:
                    found.append((where, text[max(0, place - 200) : place + len(secret)]))
        return found


def small(seed: int, **more: Any) -> ImageRequest:
    return ImageRequest(**{"prompt": "a boat", "seed": seed, "size": "768*768", "model": "wan2.7-image", **more})


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Everything that can be done, done once."""
    folder = tmp_path_factory.mktemp("leaks")
    watched = Watched(KEYS["like nothing"], folder)
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with watched.server, watched.client, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            everything(watched)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    watched.say("logs", written.getvalue())
    watched.say("warnings", *(str(warning.message) for warning in warned))
    assert "httpcore" in written.getvalue() or "receive_response_headers" in written.getvalue()
    return watched


def everything(watched: Watched) -> None:
    client, app = watched.client, watched.server.app
    first = client.run(small(1, n=2))
    results = [first, client.run(small(2), via="sync"), client.run(small(3, images=encoded("PNG")))]
    results.append(client.run(small(4, images=[LINK, encoded("PNG")], bbox_list=[[], [[9, 9, 99, 99]]])))
    results.append(client.run(small(5, enable_sequential=True, n=2)))
    results.append(client.run(small(6, images=noise(1600, 1))))
    watched.show("result", *results, *results[0], *(result.request for result in results))
    watched.show("code", *(result.request.code() for result in results if result.request))
    watched.show("client", client, client.service, client._ledger, client._ledger.transport, client.store)
    transport = client._ledger.transport
    watched.show("connections", transport._sender, transport._sender._api, transport._sender.files)
    task = client.submit(small(7))
    watched.show(
        "task", task, task.wait(), task.result(), client.task(str(task.id)), client.tasks(), client.task_list()
    )
    answer = transport.query(str(task.id))
    watched.show("answer", answer, answer.links)
    watched.show("recall", wannb.recall(first[0].path), wannb.compare(first[0], first[1]), wannb.gallery(first))
    for number, name in enumerate(SCENARIOS):
        for via in ("task", "sync") if name in ("dropped after accept", "truncated image") else ("task",):
            with app.scenario(name):
                request = small(100 + 2 * number + (via == "sync"), images=[LINK])
                watched.failing(name, lambda request=request, via=via: client.run(request, via=via, **TIMEOUT[via]))
    watched.show(
        "rescue", client.rescue(timeout=1), client.runs(), *client.runs()[:2], client.spent(), client.known(small(1))
    )
    for call in (lambda: client.task("nothing-of-that-name"), lambda: client.run(small(8, size="9*9", images=[LINK]))):
        watched.failing("refused", call)
    with app.scenario("slow queue"):
        watched.failing("wait", lambda: client.run(small(9), timeout=0.05))
    damaged(watched)
    interrupted(watched)
    plan = wannb.sweep(client, prompt=["a", "b"], seed=[1], size="768*768", model="wan2.7-image", images=LINK)
    watched.show("plan", plan, plan.run(), plan.grid(), plan.results())
    with suppress(ImportError):
        watched.show("judging", wannb.judge(plan, judge="one"))
    board = wannb.Storyboard(client, ["a boat", "an island"], size="768*768", model="wan2.7-image", images=LINK)
    watched.show("storyboard", board, board.run())
    board.save(watched.folder / "story.html")
    board.save(watched.folder / "story.pptx")
    studio = wannb.studio(client)
    for tab in range(7):
        studio._tabs.selected_index = tab
    studio.text_to_image.request = small(11)
    studio.text_to_image.run()
    watched.show("studio", studio)
    state = ipywidgets.Widget.get_manager_state()
    watched.say("widgets", json.dumps(state, default=repr))
    studio.close()
    watched.failing("doctor", lambda: wannb.doctor(client))
    watched.say("the mock's log", app.log, *(json.dumps(vars(entry), default=repr) for entry in app.log))
    with suppress(TypeError, AttributeError):
        watched.say("pickles", pickle.dumps(results[:3]).decode("latin-1"))
    watched.say("pickled error", pickle.dumps(WannbError("x")).decode("latin-1"))


def damaged(watched: Watched) -> None:
    """Meet what the scenarios do not play: answers that repeat the key, and links that lead on."""
    client, server, key = watched.client, watched.server, watched.key
    echo = {"code": "InvalidParameter", "message": f"{key} with {LINK} is wrong", "request_id": key}
    failed = {"output": {"task_id": "t", "task_status": "FAILED", **echo}, "usage": {key: key, "url": LINK}}
    seen = server.script
    for number, (status, body) in enumerate([(400, echo), (500, echo), (401, {**echo, "code": key}), (200, failed)]):

        def script(request: Request, answer: Response, body: Any = body, status: int = status) -> Any:
            seen(request, answer)
            if "/tasks/" not in request.path and not (is_create(request) and status != 200):
                return None
            return [f"HTTP/1.1 {status} X\r\n\r\n".encode(), json.dumps(body).encode()]

        server.script = script
        watched.failing(f"echo {status}", lambda number=number: client.run(small(200 + number)))

    def leads_on(request: Request, answer: Response) -> Any:
        seen(request, answer)
        if is_image(request):
            return [b"HTTP/1.1 302 Found\r\nlocation: ftp://h/a.png?Signature=" + SIGNED.encode() + b"\r\n\r\n"]
        return None

    server.script = leads_on
    watched.failing("leads on", lambda: client.run(small(210)))
    server.script = seen


def interrupted(watched: Watched) -> None:
    """Press Ctrl-C while an answer is waited for."""

    def stop(stream: Any, most: int, timeout: float | None = None) -> bytes:
        raise KeyboardInterrupt

    calls = [
        *(lambda: watched.client.run(small(300, images=LINK)), lambda: watched.client.run(small(301), via="sync")),
        *(watched.client.task_list, lambda: watched.client.run(small(302, images=noise(1600, 2)))),
    ]
    for call in calls:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(SyncStream, "read", stop)
            try:
                call()
            except KeyboardInterrupt as error:
                watched.say("Ctrl-C", told(error))


def test_nothing_that_is_shown_or_written_to_a_log_holds_a_secret(watched: Watched) -> None:
    assert len(watched.secrets) > 30
    assert len(watched.said) > 300
    assert watched.leaks() == []


def test_nothing_on_disk_holds_a_secret(watched: Watched) -> None:
    read = 0
    for path in watched.folder.rglob("*"):
        if path.is_file():
            read += 1
            content = path.read_bytes().decode("latin-1")
            assert not [path for secret in watched.secrets if secret in content or secret in path.name], path
    assert read > 100


def test_the_key_goes_to_the_api_and_nowhere_else(watched: Watched) -> None:
    key = watched.key.encode()
    paths = {True: 0, False: 0}
    for head in watched.server.heads:
        api = head.split(b" ")[1].startswith(b"/api/v1/")
        paths[api] += 1
        assert (key in head) is api, head.split(b"\r\n")[0].split(b"?")[0]
    assert min(paths.values()) > 10


# Where the key goes


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_the_key_nowhere(status: int, tmp_path: Path) -> None:
    with Hostile(lambda request, answer: None) as other:

        def script(request: Request, answer: Response) -> Any:
            where = f"{other.url}{request.path}"
            return [f"HTTP/1.1 {status} There\r\nlocation: {where}\r\ncontent-length: 0\r\n\r\n".encode()]

        with (
            Hostile(script) as server,
            Client(mock_service(server.base_url), KEYS["like a key"], Store(tmp_path), pace=PACE) as client,
        ):
            for call in (lambda: client.run(small(1)), client.task_list, lambda: client.task("t-1").cancel()):
                with pytest.raises(WannbError):
                    call()
        assert other.heads == []


def test_an_image_or_an_upload_on_another_host_gets_no_key(tmp_path: Path) -> None:
    def elsewhere(request: Request, answer: Response) -> Any:
        body = answer.body.replace(server.url.encode(), other.url.encode())
        return None if body == answer.body else ok(body)

    def there(request: Request, answer: Response) -> Any:
        if is_image(request):
            found = server.app.handle(replace(request, headers={**request.headers, "host": server.url[7:]}))
            return ok(found.body) if found.status == 200 else None
        return ok(b"")

    with Hostile(there) as other, Hostile(elsewhere) as server:
        with Client(mock_service(server.base_url), KEYS["like a key"], Store(tmp_path), pace=PACE) as client:
            assert len(client.run(small(1))) == 1
            with suppress(WannbError):
                client.run(small(2, images=noise(1600, 1)))
        methods = {head.split(b" ")[0] for head in other.heads}
        assert methods == {b"GET", b"POST"}
        for head in other.heads:
            assert b"authorization" not in head.lower()
            assert KEYS["like a key"].encode() not in head


@pytest.mark.parametrize(
    "link",
    [
        *("file:///etc/passwd", "ftp://127.0.0.1/a", "http://example.com/a.png", "http://127.0.0.1@example.com/a.png"),
        *(
            "http://127.0.0.1.example.com/",
            "//127.0.0.1/a",
            "data:image/png;base64,AAAA",
            "https://",
            "",
            "http://[::1",
        ),
        *("http://169.254.169.254/latest", "http://0.0.0.0/", "http://2130706433/", "http://example.com\\@127.0.0.1/"),
    ],
)
def test_images_are_fetched_over_https_or_from_this_machine(link: str, tmp_path: Path) -> None:
    service = mock_service("http://127.0.0.1:1/api/v1")
    with Client(service, "k", Store(tmp_path), pace=PACE) as client, pytest.raises(DownloadFailed):
        client._ledger.transport.download(Secret(link))


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1/a", "http://example.com/a", "file:///a", "ftp://h/", "http://[bad"]
)
def test_https_leads_to_https_alone(location: str) -> None:
    with pytest.raises(DownloadFailed):
        _redirected(Secret("https://example.com/a.png?Signature=s"), Secret(location))
    assert str(_redirected(Secret("https://example.com/a"), Secret("//other.example/b"))) == "https://other.example/b"


def test_a_proxy_is_left_out_on_this_machine_and_sees_no_key_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy, Hostile(lambda request, answer: None) as server:
        proxy.settimeout(5)
        without_proxies(monkeypatch)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        with Client(mock_service(server.base_url), "sk-0123456789", Store(tmp_path), pace=PACE) as client:
            assert len(client.run(small(1))) == 1
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()
        proxy.settimeout(5)
        far = live(region="singapore", base_url="https://service.example/api/v1")
        with Client(far, "sk-0123456789", Store(tmp_path), pace=PACE) as client:
            import threading

            def answer() -> None:
                connection, _ = proxy.accept()
                with connection:
                    said.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n")

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            with pytest.raises(WannbError):
                client._ledger.transport.cancel("t-1")
            thread.join(5)
    assert said[0].startswith(b"CONNECT service.example:443")
    assert b"0123456789" not in said[0]


def test_a_proxy_that_cannot_be_used_is_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_proxies(monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", "gopher://bob:hunter2@proxy.example:1")
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEYS["like nothing"])
    with pytest.raises(ValueError, match="HTTPS_PROXY") as caught:
        wannb.connect("live", store=tmp_path)
    text = told(caught.value)
    assert "hunter2" not in text
    assert KEYS["like nothing"] not in text


@pytest.mark.parametrize(
    "wrong",
    [{"language": "xx"}, {"budget": "much"}, {"region": "nowhere"}, {"base_url": "http://example.com"}, {"mode": "x"}],
)
@pytest.mark.parametrize("given", [True, False])
def test_a_wrong_option_of_connect_shows_no_key(
    wrong: dict[str, Any], given: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = KEYS["like nothing"]
    if not given:
        monkeypatch.setenv("DASHSCOPE_API_KEY", key)
    with pytest.raises(ValueError, match=r".") as caught:
        wannb.connect(**{"store": tmp_path, **({"api_key": key} if given else {}), **wrong})
    text = told(caught.value)
    assert key not in text or (given and wrong in ({"mode": "x"},))


def test_a_pickled_client_shows_its_key_nowhere(tmp_path: Path) -> None:
    key = KEYS["like nothing"]
    with Client(live(region="singapore"), key, Store(tmp_path)) as client:
        again = pickle.loads(pickle.dumps(client))  # the key travels with it, for the workers of a cluster
        assert key not in repr(client.__reduce__())
        assert key not in repr(vars(again))
        again.close()


# The mock's log and recordings


def test_the_mocks_log_holds_no_key_however_it_is_sent() -> None:
    key = KEYS["like nothing"]
    with mock.serve() as server, httpx.Client(trust_env=False, verify=False) as client:
        for headers in (
            *({"Authorization": f"Bearer {key}"}, {"Authorization": key}, {"Authorization": f"bearer  {key}"}),
            *({"X-Api-Key": key}, {"Cookie": key}, {"Proxy-Authorization": f"Basic {key}"}),
        ):
            body = {"model": key, "input": {"messages": [{"role": "user", "content": [{"text": key}]}]}, key: key}
            client.post(f"{server.base_url}/services/aigc/image-generation/generation", headers=headers, json=body)
        client.get(f"{server.base_url}/tasks/", params={"api_key": key, "token": key}, headers={"Authorization": "x"})
        said = repr(server.log) + json.dumps([vars(entry) for entry in server.log], default=repr)
    assert len(server.log) == 7
    assert key not in said


def test_recordings_hold_no_secret(tmp_path: Path) -> None:
    key = KEYS["like nothing"]
    store = Store(tmp_path / "runs")
    with (
        mock.record(tmp_path / "recorded", task_seconds=0) as server,
        Client(mock_service(server.base_url), key, store, pace=PACE) as client,
    ):
        client.run(small(1, prompt=f"a boat, {key}"))
        client.run(small(2, images=LINK))
        client.run(small(3, images=encoded("PNG")), via="sync")
    files = [path for path in (tmp_path / "recorded").rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        content = path.read_text()
        assert key not in content
        assert SIGNED not in content
        assert not re.search(r"Signature=(?!\*)", content)


# Other processes


def test_the_processes_that_are_started_have_no_key_among_their_arguments(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []

    def until_ended(command: list[str], variables: dict[str, str], *, asks: bool) -> int:
        started.append((command, variables))
        return 0

    monkeypatch.setenv("DASHSCOPE_API_KEY", KEYS["like nothing"])
    monkeypatch.setattr(serve, "until_ended", until_ended)
    monkeypatch.setattr(serve, "_announce", lambda *_: None)
    serve.studio(port=0, language="en", theme="light", browser=False)
    [(command, variables)] = started
    assert KEYS["like nothing"] not in " ".join(command)
    assert variables["JUPYTER_TOKEN"] not in " ".join(command)


NOTEBOOK = """%xmode Verbose
import logging; logging.basicConfig(level="DEBUG")
import os, wannb
request = wannb.ImageRequest(prompt="x", images=os.environ["LINK"], size="9*9")
client = wannb.connect(base_url="{url}", store="{store}")
result = client.generate("a boat", size="768*768", seed=1, model="wan2.7-image")
result
---
client.task("nothing-of-that-name")
---
client.run(request)
---
client
"""


def test_a_notebook_with_errors_in_it_and_its_page_hold_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = KEYS["like nothing"]
    monkeypatch.setenv("DASHSCOPE_API_KEY", key)
    monkeypatch.setenv("LINK", LINK)
    monkeypatch.setenv("PYTHONPATH", str(Path(wannb.__file__).parent.parent))
    signatures: set[str] = set()

    def see(request: Request, answer: Response) -> None:
        signatures.update(found.decode() for found in re.findall(rb"Signature=([^\"&\\]{8,})", answer.body))

    with Hostile(see) as server:
        text = NOTEBOOK.format(url=server.base_url, store=tmp_path / "runs")
        cells = [nbformat.v4.new_code_cell(each) for each in text.split("---\n")]
        book = nbformat.v4.new_notebook(cells=cells)
        NotebookClient(book, timeout=120, kernel_name="python3", allow_errors=True).execute()
    page, _ = HTMLExporter().from_notebook_node(book)
    assert signatures
    for said in ("TaskForgotten", "InvalidRequest", "HTTP Request", "data:image/jpeg"):
        assert said in page
    for secret in {key, SIGNED, *signatures}:
        assert secret not in page + nbformat.writes(book)


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """The tests above would say nothing if the search were blind."""
    watched = Watched("sk-0123456789", tmp_path)

    def gone(request: Request, answer: Response) -> Any:
        watched._see(request, answer)
        return [b"HTTP/1.1 404 Gone\r\ncontent-length: 0\r\n\r\n"] if is_image(request) else None

    watched.server.script = gone
    with watched.server, watched.client, pytest.MonkeyPatch.context() as patched:
        patched.setattr(Secret, "__repr__", lambda secret: str(secret))
        watched.failing("cut", lambda: watched.client.run(small(1)))
        watched.show("shown", watched.client)
    assert {where for where, _ in watched.leaks()} == {"cut", "shown._key"}
