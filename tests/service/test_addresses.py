"""A dead or wrong address: one sentence names what gave it, before anything is sent or billed."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import FAST, small
from ledger.around import creates, saying, served

import wannb
from wannb.client import Client
from wannb.connection import connect
from wannb.errors import ConnectionFailed, NotFound, WannbError
from wannb.mock import App, MockServer, Request, Response
from wannb.runs.store import Store
from wannb.service import endpoint

PAGE = b"<!doctype html><html><body>Welcome</body></html>"
PACE = replace(FAST, retry_seconds=0.05)
KEY = "sk-0123456789abcdef"


def asked(place: endpoint.Service, store: Store, **options: Any) -> WannbError:
    """Return the error of a call, after which no run is left that may be billed."""
    with Client(place, KEY, store, pace=PACE) as client:
        with pytest.raises(WannbError) as caught:
            client.run(small(), **options)
        assert [run.state for run in client.runs()] == ["failed"]
        assert KEY not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((200, PAGE), (200, b"\n <html>"), (302, b""), (307, PAGE), (401, PAGE), (403, PAGE), (404, PAGE)),
        *((405, b"no"), (200, b""), (200, b"OK"), (200, b"[]"), (404, b'{"detail": "Not Found"}')),
    ],
)
def test_what_answers_in_place_of_the_service_is_told_before_anything_is_sent(
    status: int, body: bytes, store: Store
) -> None:
    with served(lambda app, request: Response(status=status, body=body)) as server:
        error = asked(endpoint.live(region="singapore", base_url=server.base_url), store)
        assert creates(server) == 0
    assert isinstance(error, ConnectionFailed)
    assert f"(HTTP {status})" in str(error)
    assert ("web page" in str(error)) is body.lstrip().startswith(b"<")
    assert f"nothing is billed. Check base_url='{server.base_url}': a server must run there" in str(error)


@pytest.mark.parametrize("status", [302, 401, 404, 405])
def test_the_synchronous_endpoint_says_the_same_of_a_refusal(status: int, store: Store) -> None:
    with served(lambda app, request: Response(status=status, body=PAGE)) as server:
        error = asked(endpoint.live(region="singapore", base_url=server.base_url), store, via="sync")
    assert isinstance(error, ConnectionFailed)
    assert f"Check base_url='{server.base_url}'" in str(error)


def test_a_service_that_answered_before_is_not_taken_for_another(store: Store) -> None:
    """A page in place of one answer is of a proxy that fails; the address is right."""
    pages = [Response(status=200, body=PAGE)]

    def between(app: App, request: Request) -> Response:
        later = request.method == "GET" and "/tasks/" in request.path and not request.path.endswith("/tasks/")
        return pages.pop() if later and pages else app.handle(request)

    with served(between) as server, Client(endpoint.mock(server.base_url), KEY, store, pace=FAST) as client:
        assert len(client.run(small())) == 1
    assert pages == []


@pytest.mark.parametrize("path", ["", "/v1", "/api", "/api/v1/tasks", "/api/v1/api/v1", "/compatible-mode/v1"])
def test_a_path_too_much_or_too_little_names_base_url(path: str, server: MockServer, store: Store) -> None:
    error = asked(endpoint.mock(server.base_url.removesuffix("/api/v1") + path), store)
    assert isinstance(error, NotFound)
    assert "Nothing was billed. Check base_url (it ends with /api/v1)" in str(error)


def test_https_where_there_is_none_is_said(server: MockServer, store: Store) -> None:
    address = server.base_url.replace("http:", "https:")
    error = asked(endpoint.mock(address), store)
    assert "speaks no https" in str(error)
    assert f"Check base_url='{address}'" in str(error)


@pytest.mark.parametrize(
    ("variables", "options", "told"),
    [
        ({}, {"base_url": "https://nowhere.test/api/v1"}, "Check base_url='https://nowhere.test/api/v1', which ends"),
        ({"DASHSCOPE_HTTP_BASE_URL": "https://no.test/api/v1"}, {}, "Check DASHSCOPE_HTTP_BASE_URL='https://no.test/"),
        ({}, {"workspace": "ws-1"}, "Check the workspace, which gives 'https://ws-1.ap-southeast-1.maas."),
        ({"DASHSCOPE_WORKSPACE_ID": "ws-1"}, {}, "Check the workspace, which gives 'https://ws-1.ap-southeast-1.maas."),
        ({}, {}, "Nothing was sent. Check the network and the proxy"),
    ],
)
def test_a_host_that_does_not_resolve_names_what_gave_it(
    variables: dict[str, str], options: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with connect(api_key=KEY, store=tmp_path / "runs", **options) as client:
        place = client.service
    error = asked(place, Store(tmp_path / "runs"))
    assert "Name or service not known" in str(error)
    assert told in str(error)


@pytest.mark.parametrize("source", ["base_url", "DASHSCOPE_HTTP_BASE_URL", "WANNB_MOCK_URL"])
def test_a_closed_port_names_what_gave_it(
    source: str, server: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = "http://127.0.0.1:9/api/v1"
    options = {"base_url": address} if source == "base_url" else {}
    if not options:
        monkeypatch.setenv(source, address)
    with connect(**options, store=tmp_path / "runs") as client:
        place = client.service
    error = asked(place, Store(tmp_path / "runs"))
    assert f"Check {source}='{address}': a server must run there" in str(error)
    error.language = "zh"
    assert f"请检查 {source}='{address}'：那里必须有服务器在运行" in str(error)


def test_a_code_of_the_service_is_still_its_own_error(store: Store) -> None:
    with served(lambda app, request: saying(404, "ModelNotFound", "no")) as server:
        assert isinstance(asked(endpoint.mock(server.base_url), store), wannb.errors.ModelNotFound)
