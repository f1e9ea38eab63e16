"""The key goes to the API host alone; files go over https or this machine, bounded; servers bind to this machine."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import small
from hostile import Hostile, is_image, ok
from isolation import PATIENCE
from pictures import noise
from talkative import KEYS, PACE, SIGNED, told, without_proxies

import wannb
from wannb import InputImage, mock
from wannb.client import Client
from wannb.commands import jupyter as serve
from wannb.errors import BadRequest, DownloadFailed, WannbError
from wannb.masking import Secret
from wannb.mock import Request, Response
from wannb.runs.store import Store
from wannb.service import api
from wannb.service.api import _redirected
from wannb.service.endpoint import live
from wannb.service.endpoint import mock as mock_service


def caller(server: Any, folder: Path, key: str = "k") -> Client:
    """Return a client of a server."""
    return Client(mock_service(server.base_url), key, Store(folder), pace=PACE)


def test_an_upload_follows_no_redirect_and_goes_over_no_open_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_proxies(monkeypatch)
    image = InputImage(name="a", content=b"x", sha256="0" * 64, mime="image/png")
    given: set[str] = set()
    with Hostile(lambda request, answer: ok(b"")) as other:

        def redirect(request: Request, answer: Response) -> Any:
            if "/uploads" in request.path:
                given.update(json.loads(answer.body)["data"][name] for name in ("signature", "policy"))
            if request.method == "POST":
                return [f"HTTP/1.1 307 There\r\nlocation: {other.url}/\r\ncontent-length: 0\r\n\r\n".encode()]
            return None

        def open_line(request: Request, answer: Response) -> Any:
            data = json.loads(answer.body)
            data["data"]["upload_host"] = "http://198.51.100.1/"
            return ok(json.dumps(data).encode())

        for script, kind in ((redirect, BadRequest), (open_line, DownloadFailed)):
            with Hostile(script) as server, caller(server, tmp_path) as client, pytest.raises(kind) as caught:
                client._ledger.transport.upload(image, model="wan2.7-image")
            assert len(server.heads) == (2 if script is redirect else 1)
            said = told(caught.value)
            assert given
            assert not [one for one in given if one in said]
        assert other.heads == []


@pytest.mark.parametrize("location", ["http://198.51.100.1/a.png", "file:///etc/passwd", "ftp://127.0.0.1/a", "/again"])
def test_a_redirect_of_a_download_is_held_to_the_same_rule(location: str, tmp_path: Path) -> None:
    def lead(request: Request, answer: Response) -> Any:
        head = f"HTTP/1.1 302 Found\r\nlocation: {location}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        return [head.encode()]

    with Hostile(lead) as server, caller(server, tmp_path) as client, pytest.raises(DownloadFailed) as caught:
        client._ledger.transport.download(Secret(f"{server.url}/a.png?Signature={SIGNED}"))
    assert SIGNED not in told(caught.value)
    assert len(server.heads) == (4 if location == "/again" else 1)


@pytest.mark.parametrize("says", [True, False])
def test_a_download_is_bounded_in_size_whether_or_not_it_says_it(
    says: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(api, "_MAX_FILE", 300_000)
    sent = 0

    def endless(request: Request, answer: Response) -> Any:
        nonlocal sent
        yield b"HTTP/1.1 200 OK\r\n" + (b"content-length: 900000000\r\n" if says else b"") + b"\r\n"
        while sent < 2000:
            sent += 1
            yield bytes(65536)

    with Hostile(endless) as server, caller(server, tmp_path) as client, pytest.raises(DownloadFailed, match="larger"):
        client._ledger.transport.download(Secret(f"{server.url}/a.png"))
    assert sent < 1000


def test_every_server_of_wannb_is_on_this_machine_alone(
    bound: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(serve, "_run", lambda command, variables, **_: commands.append(command) or 0)
    with mock.serve(), mock.serve(replay="bundled"), mock.record(tmp_path):
        pass
    serve.studio(port=0, language="en", theme="light", browser=False)
    with wannb.connect("mock", store=tmp_path / "runs"):
        pass
    assert len(bound) >= 4
    assert {address[0] for address in bound} == {"127.0.0.1"}
    assert "--Voila.ip=127.0.0.1" in commands[0]


# Where the key goes


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_the_key_nowhere(status: int, tmp_path: Path) -> None:
    with Hostile(lambda request, answer: None) as other:

        def script(request: Request, answer: Response) -> Any:
            where = f"{other.url}{request.path}"
            return [f"HTTP/1.1 {status} There\r\nlocation: {where}\r\ncontent-length: 0\r\n\r\n".encode()]

        with Hostile(script) as server, caller(server, tmp_path, KEYS[0]) as client:
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
        with caller(server, tmp_path, KEYS[0]) as client:
            assert len(client.run(small(1))) == 1
            with suppress(WannbError):
                client.run(small(2, images=noise(1600, 1)))
        assert {head.split(b" ")[0] for head in other.heads} == {b"GET", b"POST"}
        for head in other.heads:
            assert b"authorization" not in head.lower()
            assert KEYS[0].encode() not in head


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
        without_proxies(monkeypatch)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        with caller(server, tmp_path, "sk-0123456789") as client:
            assert len(client.run(small(1))) == 1
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()
        proxy.settimeout(PATIENCE)
        far = live(region="singapore", base_url="https://service.example/api/v1")
        with Client(far, "sk-0123456789", Store(tmp_path), pace=PACE) as client:

            def answer() -> None:
                connection, _ = proxy.accept()
                with connection:
                    said.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n")

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            with pytest.raises(WannbError):
                client._ledger.transport.cancel("t-1")
            thread.join(PATIENCE)
    assert said[0].startswith(b"CONNECT service.example:443")
    assert b"0123456789" not in said[0]


def test_a_proxy_that_cannot_be_used_is_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_proxies(monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", "gopher://bob:hunter2@proxy.example:1")
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEYS[1])
    with pytest.raises(ValueError, match="HTTPS_PROXY") as caught:
        wannb.connect("live", store=tmp_path)
    text = told(caught.value)
    assert "hunter2" not in text
    assert KEYS[1] not in text
