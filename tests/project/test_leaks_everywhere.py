"""Keys and signatures stand in no form, command, recording, document or child process; no stopped call shows them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import ipywidgets
import nbformat
import pytest
from httpcore._backends.sync import SyncStream
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from notebooking import code, printed, written
from request.test_inputs import encoded, noise
from talkative import KEYS, LINK, PACE, SIGNED, Talkative, small, told, unpacked

import wannb
from wannb import forms, mock
from wannb.client import Client
from wannb.commands import cli
from wannb.commands import jupyter as serve
from wannb.commands import record_live as recording
from wannb.errors import WannbError
from wannb.ledger.store import Store
from wannb.service.endpoint import mock as mock_service


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
            *(lambda: client.run(small(1)), lambda: client.run(small(2, images=LINK), via="sync")),
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
    for key, options in [
        *(("Jw8 pQ5\u00e9everywhere", {}), (KEYS[1], {"mode": "x"}), (KEYS[1], {"region": "mars"})),
        *((KEYS[1], {"budget": "much"}), (KEYS[1], {"base_url": "http://far.example"})),
    ]:
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


@pytest.mark.parametrize("key", KEYS[1:], indirect=True)
def test_every_document_is_without_secrets_also_unpacked(service: Talkative, key: str, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    with service.client(key, folder) as client:
        client.run(small(1, images=[LINK, encoded("PNG")]))
        client.run(small(2, images=noise(1600, 1)))
        board = wannb.Storyboard(client, ["a boat", "an island"], size="768*768", model="wan2.7-image", images=LINK)
        board.run()
        plan = wannb.sweep(client, prompt=["a", "b"], seed=[1], size="768*768", model="wan2.7-image", images=LINK)
        plan.run()
        for ending in ("html", "pptx", "pdf", "webp"):
            board.save(tmp_path / f"board.{ending}", dpi=30, pixels=96)
        service.refusing = True
        with pytest.raises(WannbError):
            client.run(small(3))
    read = 0
    for path in [*folder.rglob("*"), *tmp_path.glob("board.*")]:
        assert not service.found_in(path.name)
        if not path.is_file():
            continue
        read += 1
        if path.suffix == ".pptx":
            with zipfile.ZipFile(path) as packed:
                assert not service.found_in(*(packed.read(name).decode("latin-1") for name in packed.namelist()))
        assert not service.found_in(*unpacked(path.read_bytes())), path
    assert read > 20


NOTEBOOK = """%xmode Verbose
import logging, wannb; logging.basicConfig(level="DEBUG")
client = wannb.connect(base_url="{url}", store="{store}")
studio = wannb.studio(client)
studio
---
form = studio.text_to_image
form.request = form.request.replace(prompt="a boat", size="768*768", model="wan2.7-image")
form.run()
vars(client), client._ledger
---
client.edit("x", ["{link}"], size="768*768", model="wan2.7-image", seed=1, via="sync")
---
client.generate("x", size="9*9")
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
    key = KEYS[1]
    monkeypatch.setenv("DASHSCOPE_API_KEY", key)
    monkeypatch.setenv("PYTHONPATH", str(Path(wannb.__file__).parent.parent))
    service = Talkative(key)
    with service.server:
        text = NOTEBOOK.format(url=service.server.base_url, store=tmp_path / "runs", link=LINK)
        cells = [nbformat.v4.new_code_cell(each) for each in text.split("---\n")]
        book = nbformat.v4.new_notebook(cells=cells)
        NotebookClient(book, timeout=60, allow_errors=True, store_widget_state=True).execute()
    page, _ = HTMLExporter().from_notebook_node(book)
    outputs = json.dumps([[cell["outputs"] for cell in book["cells"]], book["metadata"]])
    assert book["metadata"]["widgets"]
    for name in ("InvalidRequest", "KeyboardInterrupt", "HTTP Request"):
        assert name in outputs
    for cell in book["cells"]:
        cell["source"] = ""
    source_free, _ = HTMLExporter().from_notebook_node(book)
    assert not [secret for secret in service.secrets if secret != SIGNED and secret in page]
    # A cell that fails shows its own source again in a verbose error; that is the person's own.
    lines = [line for line in (outputs + source_free).split("\\n") if SIGNED in line and "client.edit(" not in line]
    assert not lines, [line[:300] for line in lines]


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
        options = recording.argparse.Namespace(record="live", max_images=2, into=folder, yes=True)
        recording.record_live(options, pace=PACE)
        with (
            mock.record(folder / "more", service.server.base_url) as server,
            Client(mock_service(server.base_url), key, Store(tmp_path / "r"), pace=PACE) as client,
            suppress(WannbError),
        ):
            client.run(small(9 + refusing, prompt=f"a boat, {key}", images=LINK))
    said = capfd.readouterr()
    written = [path for path in tmp_path.glob("recorded*/**/*") if path.is_file()]
    assert len(written) > 5
    assert not service.found_in(said.out, said.err)
    for path in written:
        assert not service.found_in(path.name, *unpacked(path.read_bytes())), path.name


def test_no_process_that_is_started_has_a_secret_among_its_arguments(
    key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(serve, "_announce", lambda *_: None)
    plain = subprocess.Popen

    def popen(command: list[str], **options: Any) -> Any:
        # The arguments are read as others of the machine see them.
        process = plain([sys.executable, "-c", "import sys; sys.stdin.read()", *command], stdin=-1, **options)
        seen = Path(f"/proc/{process.pid}/cmdline")
        started.append(seen.read_text("latin-1").split("\0") if seen.exists() else command)
        assert options["env"]["DASHSCOPE_API_KEY"] == key
        assert process.stdin
        process.stdin.close()
        return process

    monkeypatch.setattr(subprocess, "Popen", popen)
    assert cli.main(["lab", "--no-browser", "--folder", str(tmp_path / "t"), "--port", "0"]) == 0
    serve.studio(port=0, language="en", theme="light", browser=False)
    assert len(started) == 2
    assert not [command for command in started if key in " ".join(command)]


def test_the_search_is_not_blind(key: str, service: Talkative) -> None:
    spoken: dict[str, Any] = {}
    exec(compile("def outer(key):\n    mine = key\n    raise ValueError(len(mine))", "elsewhere", "exec"), spoken)
    with pytest.raises(ValueError, match=r"\d") as caught:
        spoken["outer"](key)
    assert service.found_in(told(caught.value))
    assert service.found_in(*unpacked(b"head" + zlib.compress(LINK.encode())))
