"""Files come from and go to https or this machine alone, after redirects too, and are bounded; servers bind to it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from hostile import Hostile, ok
from talkative import PACE, SIGNED, told, without_proxies

import wannb
from wannb import InputImage, mock
from wannb.client import Client
from wannb.commands import jupyter as serve
from wannb.errors import BadRequest, DownloadFailed
from wannb.ledger.store import Store
from wannb.masking import Secret
from wannb.mock import Request, Response
from wannb.service import api
from wannb.service.endpoint import mock as mock_service


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
            with Hostile(script) as server:
                client = Client(mock_service(server.base_url), "k", Store(tmp_path), pace=PACE)
                with client, pytest.raises(kind) as caught:
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

    with (
        Hostile(lead) as server,
        Client(mock_service(server.base_url), "k", Store(tmp_path), pace=PACE) as client,
        pytest.raises(DownloadFailed) as caught,
    ):
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

    with (
        Hostile(endless) as server,
        Client(mock_service(server.base_url), "k", Store(tmp_path), pace=PACE) as client,
        pytest.raises(DownloadFailed, match="larger than"),
    ):
        client._ledger.transport.download(Secret(f"{server.url}/a.png"))
    assert sent < 1000


def test_every_server_of_wannb_is_on_this_machine_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bound: list[Any] = []
    plain = socket.socket.bind

    def bind(self: socket.socket, address: Any) -> None:
        bound.append(address)
        plain(self, address)

    monkeypatch.setattr(socket.socket, "bind", bind)
    commands: list[list[str]] = []
    monkeypatch.setattr(serve, "until_ended", lambda command, variables, *, asks: commands.append(command) or 0)
    monkeypatch.setattr(serve, "_announce", lambda *_: None)
    with mock.serve(), mock.serve(replay="bundled"), mock.record(tmp_path):
        pass
    serve.studio(port=0, language="en", theme="light", browser=False)
    with wannb.connect("mock", store=tmp_path / "runs"):
        pass
    assert len(bound) >= 4
    assert {address[0] for address in bound} == {"127.0.0.1"}
    assert "--Voila.ip=127.0.0.1" in commands[0]
