"""The key, and the signatures of links, stand in nothing that is shown, logged, kept, recorded or passed on."""

from __future__ import annotations

import io
import json
import logging
import pickle
import signal
import subprocess
import sys
import threading
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import ipywidgets
import isolation
import nbformat
import pytest
from conftest import small
from hostile import is_create, is_image
from httpcore._backends.sync import SyncStream
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from notebooking import code, printed, written
from pictures import encoded, noise, quick_picture
from talkative import KEYS, LINK, PACE, SIGNED, Talkative, told, unpacked

import wannb
from wannb import forms, mock
from wannb.client import Client
from wannb.commands import cli
from wannb.commands import jupyter as serve
from wannb.commands import record_live as recording
from wannb.errors import WannbError
from wannb.masking import Secret
from wannb.mock import SCENARIOS, Request, Response, drawing
from wannb.runs.store import Store
from wannb.service.endpoint import mock as mock_service

TIMEOUT: dict[str, dict[str, Any]] = {"task": {"timeout": 0.3}, "sync": {}}


class Watched:
    """A client of a mock service whose secrets are known, and all that it says."""

    def __init__(self, key: str, folder: Path) -> None:
        self.key, self.folder = key, folder
        self.said: list[tuple[str, str]] = []
        self.service = Talkative(key)
        self.client = self.service.client(key, folder / "runs")

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

    def leaks(self) -> list[tuple[str, list[str]]]:
        """Return where a secret was said, and what stands around it."""
        found = ((where, self.service.found_in(text)) for where, text in self.said)
        return [(where, around) for where, around in found if around]


@pytest.fixture(scope="module", autouse=True)
def quick_pictures_everywhere() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drawing, "draw", quick_picture)
        yield


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Everything that can be done, done once."""
    folder = tmp_path_factory.mktemp("leaks")
    watched = Watched(KEYS[1], folder)
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with watched.service.server, watched.client, warnings.catch_warnings(record=True) as warned:
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
    client, app = watched.client, watched.service.server.app
    first = client.run(small(1, n=2))
    results = [first, client.run(small(2), via="sync"), client.run(small(3, images=encoded("PNG")))]
    results.append(client.run(small(4, images=[LINK, encoded("PNG")], bbox_list=[[], [[9, 9, 99, 99]]])))
    results.append(client.run(small(5, enable_sequential=True, n=2)))
    results.append(client.run(small(6, images=noise(1600, 1))))
    watched.show("result", *results, *results[0], *(result.request for result in results))
    watched.show("code", *(result.request.code() for result in results if result.request))
    watched.show("client", client, client.service, client._ledger, client._ledger.transport, client.store)
    transport = client._ledger.transport
    watched.show("connections", transport, transport._api, transport.files)
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
    with Client(mock_service("http://127.0.0.1:1/api/v1"), watched.key, client.store, pace=PACE) as alone:
        watched.failing("nothing there", lambda: alone.run(small(12)))
    plan = wannb.sweep(client, prompt=["a", "b"], seed=[1], size="768*768", model="wan2.7-image", images=LINK)
    watched.show("plan", plan, plan.run(), plan.grid(), plan.results())
    with suppress(ImportError):
        watched.show("judging", wannb.judge(plan, judge="one"))
    board = wannb.Storyboard(client, ["a boat", "an island"], size="768*768", model="wan2.7-image", images=LINK)
    watched.show("storyboard", board, board.run())
    for ending in ("html", "pptx", "pdf", "webp"):
        board.save(watched.folder / f"board.{ending}", dpi=30, pixels=96)
    watched.failing("doctor", lambda: wannb.doctor(client))
    watched.say("the mock's log", app.log, *(json.dumps(vars(entry), default=repr) for entry in app.log))
    again = pickle.loads(pickle.dumps(client))  # the key travels with it, for the workers of a cluster
    watched.show("pickled client", client.__reduce__(), again)
    again.close()
    with suppress(TypeError, AttributeError):
        watched.say("pickles", pickle.dumps(results[:3]).decode("latin-1"))
    watched.say("pickled error", pickle.dumps(WannbError("x")).decode("latin-1"))


def damaged(watched: Watched) -> None:
    """Meet what the scenarios do not play: answers that repeat the key, and links that lead on."""
    client, server, key = watched.client, watched.service.server, watched.key
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


def test_nothing_that_is_shown_or_written_to_a_log_holds_a_secret(watched: Watched) -> None:
    assert len(watched.service.secrets) > 30
    assert len(watched.said) > 300
    assert watched.leaks() == []


def test_nothing_on_disk_holds_a_secret_also_unpacked(watched: Watched) -> None:
    found_in, read = watched.service.found_in, 0
    for path in watched.folder.rglob("*"):
        assert not found_in(path.name)
        if not path.is_file():
            continue
        read += 1
        if path.suffix == ".pptx":
            with zipfile.ZipFile(path) as packed:
                assert not found_in(*(packed.read(name).decode("latin-1") for name in packed.namelist()))
        assert not found_in(*unpacked(path.read_bytes())), path
    assert read > 100


def test_the_key_goes_to_the_api_and_nowhere_else(watched: Watched) -> None:
    key = watched.key.encode()
    paths = {True: 0, False: 0}
    for head in watched.service.server.heads:
        api = head.split(b" ")[1].startswith(b"/api/v1/")
        paths[api] += 1
        assert (key in head) is api, head.split(b"\r\n")[0].split(b"?")[0]
    assert min(paths.values()) > 10


# The search itself


@pytest.mark.parametrize("key", KEYS)
def test_the_search_finds_what_is_there(key: str, tmp_path: Path) -> None:
    """The tests of this file would say nothing if the search were blind."""
    watched = Watched(key, tmp_path)
    with watched.service.server, watched.client, pytest.MonkeyPatch.context() as patched:
        patched.setattr(Secret, "__repr__", lambda secret: str(secret))
        watched.failing("refused", lambda: watched.client._ledger.transport.download(Secret(f"ftp://far/{key}")))
        watched.show("shown", watched.client)
    assert {where for where, _ in watched.leaks()} == {"refused", "shown._key"}
    spoken: dict[str, Any] = {}
    exec(compile("def outer(key):\n    mine = key\n    raise ValueError(len(mine))", "elsewhere", "exec"), spoken)
    with pytest.raises(ValueError, match=r"\d") as caught:
        spoken["outer"](key)
    assert watched.service.found_in(told(caught.value))
    assert watched.service.found_in(*unpacked(b"head" + zlib.compress(LINK.encode())))


@pytest.fixture(params=KEYS, ids=["like a key", "like nothing"])
def key(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a key that the environment holds too."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", request.param)
    return str(request.param)


@pytest.fixture
def service(key: str) -> Iterator[Talkative]:
    talkative = Talkative(key)
    with talkative.server:
        yield talkative


# A call that is stopped


@pytest.mark.parametrize("key", KEYS[1:], indirect=True)
@pytest.mark.parametrize(
    ("kind", "at"), [(KeyboardInterrupt, "write"), (MemoryError, "write"), (KeyboardInterrupt, "read")]
)
def test_a_call_that_is_stopped_at_any_byte_shows_no_key(
    kind: type[BaseException], at: str, service: Talkative, key: str, tmp_path: Path
) -> None:
    def stop(stream: Any, *given: Any, **more: Any) -> Any:
        raise kind

    with service.client(key, tmp_path / "runs") as client:
        client._ledger.transport.learn_time()
        calls: list[Callable[[], Any]] = [
            *(lambda: client.run(small(1, images=LINK)), lambda: client.run(small(2, images=LINK), via="sync")),
            *(client.task_list, lambda: client.task("t-1"), lambda: client.run(small(3, images=noise(1600, 1)))),
        ]
        for call in calls:
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(SyncStream, at, stop)
                with pytest.raises((kind, WannbError)) as caught:
                    call()
            assert not service.found_in(told(caught.value))


@pytest.mark.parametrize("key", KEYS[1:], indirect=True)
def test_a_download_that_is_stopped_shows_no_signature(service: Talkative, key: str, tmp_path: Path) -> None:
    plain, calls = SyncStream.write, 0

    def stop(stream: Any, buffer: bytes, timeout: float | None = None) -> None:
        nonlocal calls
        if buffer.startswith(b"GET") and b"Signature=" in buffer:
            calls += 1
            raise KeyboardInterrupt
        plain(stream, buffer, timeout)

    with service.client(key, tmp_path / "runs") as client, pytest.MonkeyPatch.context() as patched:
        patched.setattr(SyncStream, "write", stop)
        with pytest.raises(KeyboardInterrupt) as caught:
            client.run(small(1))
    assert calls == 1
    assert len(service.secrets) > 2
    assert not service.found_in(told(caught.value))


@pytest.mark.parametrize("place", ["argument", "environment", "file"])
def test_a_key_that_cannot_be_used_or_a_wrong_option_is_told_without_it(
    place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    far = {"mode": "x", "region": "mars", "budget": "much", "base_url": "http://far.example", "language": "xx"}
    for key, options in [("Jw8 pQ5\u00e9everywhere", {}), *((KEYS[1], {name: value}) for name, value in far.items())]:
        if place == "argument":
            options = {"api_key": key, **options}
        elif place == "environment":
            monkeypatch.setenv("DASHSCOPE_API_KEY", key)
        else:
            (tmp_path / ".dashscope").mkdir(exist_ok=True)
            (tmp_path / ".dashscope" / "api_key").write_text(key, "utf-8")
        with pytest.raises(ValueError, match=r".") as caught:
            wannb.connect(store=tmp_path, **options)  # type: ignore[arg-type]
        said = told(caught.value)
        assert key not in said
        assert repr(key)[1:-1] not in said


# Forms, and what documents hold


def test_no_form_shows_a_secret_whether_it_succeeds_or_fails(service: Talkative, key: str, tmp_path: Path) -> None:
    picture = tmp_path / "in.png"
    picture.write_bytes(encoded("PNG"))
    uncaught: list[Any] = []
    with service.client(key, tmp_path / "runs") as client, pytest.MonkeyPatch.context() as patched:
        patched.setattr(threading, "excepthook", uncaught.append)
        studio = wannb.studio(client)
        for refusing in (False, True):
            service.refusing = refusing
            for number, form in enumerate([studio.text_to_image, studio.edit, studio.image_set]):
                more = {"images": [str(picture), LINK]} if number == 1 else {"enable_sequential": number == 2}
                form.request = small(10 + number + 5 * refusing, **more)
                with suppress(WannbError):
                    form.run()
        for tab in range(7):
            studio._tabs.selected_index = tab
        shown = json.dumps(ipywidgets.Widget.get_manager_state(), default=repr)
        traits = [repr(widget._trait_values) for widget in list(ipywidgets.widget._instances.values())]
        state = [repr(vars(form)) for form in (studio.text_to_image, studio.edit, studio.image_set, client)]
        forms.HistoryForm(client).close()
        studio.close()
    assert "InvalidParameter" in shown, "the refusals were shown"
    assert not service.found_in(shown, *traits, *state)
    assert not uncaught


NOTEBOOK = """%xmode Verbose
import logging, os, wannb; logging.basicConfig(level="DEBUG")
client = wannb.connect(base_url="{url}", store="{store}")
studio = wannb.studio(client)
studio
---
form = studio.text_to_image
form.request = form.request.replace(prompt="a boat", size="768*768", model="wan2.7-image")
form.run()
vars(client), client._ledger
---
client.generate("a boat", size="768*768", seed=1, model="wan2.7-image")
---
client.edit("x", [os.environ["LINK"]], size="768*768", model="wan2.7-image", seed=1, via="sync")
---
client.task("nothing-of-that-name")
---
client.run(wannb.ImageRequest(prompt="x", images=os.environ["LINK"], size="9*9"))
---
wannb.doctor()
---
from httpcore._backends.sync import SyncStream
def stop(*given, **more): raise KeyboardInterrupt
SyncStream.write = stop
client.task_list()
"""


def test_a_notebook_with_a_studio_and_verbose_errors_holds_no_secret_nor_does_its_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEYS[1])
    monkeypatch.setenv("LINK", LINK)
    monkeypatch.setenv("PYTHONPATH", str(Path(wannb.__file__).parent.parent))
    service = Talkative(KEYS[1])
    with service.server:
        text = NOTEBOOK.format(url=service.server.base_url, store=tmp_path / "runs")
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in text.split("---\n")])
        settings = isolation.kernel_settings()
        NotebookClient(book, config=settings, timeout=600, allow_errors=True, store_widget_state=True).execute()
    page, _ = HTMLExporter().from_notebook_node(book)
    assert book["metadata"]["widgets"]
    for said in ("TaskForgotten", "InvalidRequest", "KeyboardInterrupt", "HTTP Request", "data:image/jpeg"):
        assert said in page
    assert len(service.secrets) > 2
    assert not service.found_in(page, nbformat.writes(book))


def test_the_mocks_log_holds_no_key_however_it_is_sent() -> None:
    key = KEYS[1]
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


# Commands, recordings, processes


def test_no_command_prints_a_secret(
    service: Talkative, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "runs"
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", service.server.base_url)
    monkeypatch.setenv("WANNB_STORE", str(store))
    with wannb.connect() as client:
        assert client.service.kind == "live"
        signed = client._ledger.transport.query(client.run(small(1)).task_id or "").links
        client.submit(small(2))
        service.refusing = True
        with pytest.raises(WannbError):
            client.run(small(3))
    book = written(tmp_path / "book.ipynb", code("pass", printed(f"{key} {LINK} {' '.join(map(str, signed))}\n")))
    for arguments in (["tidy", "--check", str(book)], ["runs"], ["rescue"], ["doctor"], ["doctor", "--json"]):
        cli.main(arguments)
    cli.main(["doctor", "--online"])
    cli.main(["tidy", str(book)])
    for name in ("DASHSCOPE_HTTP_BASE_URL", "WANNB_REGION", "WANNB_MODE"):
        with monkeypatch.context() as wrong:
            wrong.setenv(name, f"http://u:{key}@far.example/?Signature={SIGNED}" if "URL" in name else "mars")
            cli.main(["doctor"])
            cli.main(["rescue"])
    said = capfd.readouterr()
    assert "service" in said.out
    assert not service.found_in(said.out, said.err)
    assert not service.found_in(book.read_text())


def test_recording_the_service_writes_and_prints_no_secret(
    service: Talkative, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", service.server.base_url)
    for refusing in (False, True):
        service.refusing = refusing
        folder = tmp_path / f"recorded {refusing}"
        recording.record_live(2, folder, yes=True, pace=PACE)
        with (
            mock.record(folder / "more", service.server.base_url) as server,
            Client(mock_service(server.base_url), key, Store(tmp_path / "r"), pace=PACE) as client,
            suppress(WannbError),
        ):
            client.run(small(9 + refusing, prompt=f"a boat, {key}", images=LINK))
            client.run(small(11, images=encoded("PNG")), via="sync")
    said = capfd.readouterr()
    written = [path for path in tmp_path.glob("recorded*/**/*") if path.is_file()]
    assert len(written) > 5
    assert not service.found_in(said.out, said.err)
    for path in written:
        assert not service.found_in(path.name, *unpacked(path.read_bytes())), path.name


def test_no_process_that_is_started_has_a_secret_among_its_arguments(
    key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[str] = []
    secrets = {key}
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    plain = subprocess.Popen

    def popen(command: list[str], **options: Any) -> Any:
        # The arguments are read as others of the machine see them.
        process = plain([sys.executable, "-c", "import sys; sys.stdin.read()", *command], stdin=-1, **options)
        seen = Path(f"/proc/{process.pid}/cmdline")
        started.append(seen.read_text("latin-1") if seen.exists() else " ".join(command))
        assert options["env"]["DASHSCOPE_API_KEY"] == key
        secrets.add(options["env"].get("JUPYTER_TOKEN", key))
        assert process.stdin
        process.stdin.close()
        return process

    monkeypatch.setattr(subprocess, "Popen", popen)
    assert cli.main(["lab", "--no-browser", "--folder", str(tmp_path / "t"), "--port", "0"]) == 0
    serve.studio(port=0, language="en", theme="light", browser=False)
    assert len(started) == 2
    assert len(secrets) > 1
    assert not [command for command in started for secret in secrets if secret in command]
