"""The server on this machine: its socket, its threads, bodies, ports, and its command line."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from mocking import CREATE, KEY, Api, body, urls

from wannb import mock
from wannb.mock.__main__ import main as mock_main


def test_many_threads_at_once_make_exactly_their_tasks(connect: Callable[[mock.MockServer], Api]) -> None:
    api = connect(mock.serve(task_seconds=0))

    def work(number: int) -> str:
        task_id = api.made(body(f"cat {number}"))
        assert api.query(task_id)["output"]["task_status"] == "SUCCEEDED"
        return task_id

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(work, range(80)))
    assert len(set(made)) == 80
    assert api.server.billed == 80
    assert len(api.server.log) == 160


def test_chunked_bodies_are_read(api: Api) -> None:
    sent = json.dumps(body()).encode()
    answer = api.call(
        "POST",
        CREATE,
        content=iter([sent[:50], sent[50:]]),
        headers={"X-DashScope-Async": "enable", "Content-Type": "application/json"},
    )
    assert answer.status_code == 200


def test_a_client_that_goes_away_leaves_no_noise(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(("127.0.0.1", api.server.port)) as line:
        line.sendall(b"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf")
    url = httpx.URL(urls(api.sync().json())[0])
    with socket.create_connection(("127.0.0.1", api.server.port)) as line:
        line.sendall(b"GET " + url.raw_path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        line.recv(10)
    assert api.create().status_code == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("header", "value", "wanted"),
    [
        *(("Host", host, 200) for host in ("localhost", "LOCALHOST:8888", "127.0.0.1", "127.8.8.8:1", "[::1]:8765")),
        *(("Host", host, 200) for host in ("lab.localhost:8888", "localhost.")),
        *(
            ("Host", host, 403)
            for host in ("evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil")
        ),
        *(("Host", host, 403) for host in ("192.168.1.7", "0.0.0.0", "[2001:db8::1]", "1", "[", "", "evil.example@")),
        *(("Origin", f"http://{host}", 200) for host in ("localhost:8888", "127.0.0.1:8866", "[::1]:1")),
        *(("Origin", origin, 403) for origin in ("https://evil.example", "null", "file://", "http://localhost.evil")),
        ("Origin", "https://hub.example/user/x", 403),
    ],
)
def test_a_page_from_elsewhere_is_refused(api: Api, header: str, value: str, wanted: int) -> None:
    """A name that an attacker lets point to this machine, or a page of another site."""
    for answer in (api.create(**{header: value}), api.call("GET", "/tasks", headers={header: value})):
        assert answer.status_code == wanted
        if wanted == 403:
            assert (answer.json()["code"], header in answer.json()["message"]) == ("AccessDenied", True)
            assert f"http://127.0.0.1:{api.server.port}" in answer.json()["message"]
    url = urls(api.sync().json())[0]
    assert api.http.get(url, headers={header: value}).status_code == wanted
    assert len(api.server.app.tasks) == (wanted == 200)
    if wanted == 200 and header == "Host":
        assert api.call("GET", "/tasks", headers={"Host": value}).status_code == 200


def test_of_several_hosts_each_counts_and_a_preflight_is_refused(api: Api) -> None:
    with socket.create_connection(("127.0.0.1", api.server.port)) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: line.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 403")
    asked = {"Access-Control-Request-Method": "POST"}
    assert api.call("OPTIONS", CREATE, headers={"Origin": "https://evil.example", **asked}).status_code == 403
    allowed = api.call("OPTIONS", CREATE, headers={"Origin": "http://localhost:8888", **asked})
    assert (allowed.status_code, allowed.json()["code"]) == (405, "MethodNotAllowed")
    assert "access-control-allow-origin" not in allowed.headers


def test_it_is_no_proxy(api: Api) -> None:
    with httpx.Client(proxy=api.server.url, trust_env=False) as through:
        with pytest.raises(httpx.ProxyError, match="405"):
            through.get("https://dashscope-intl.aliyuncs.com/api/v1/tasks")
        answer = through.get("http://dashscope-intl.aliyuncs.com/api/v1/tasks")
    assert (answer.status_code, answer.json()["code"]) == (403, "AccessDenied")


def test_close_hangs_up_and_frees_the_port(connect: Callable[[mock.MockServer], Api]) -> None:
    api = connect(mock.serve())
    assert api.create().status_code == 200
    started = time.monotonic()
    api.server.close()
    api.server.close()
    assert time.monotonic() - started < 1
    with pytest.raises(httpx.TransportError):
        api.create()
    mock.serve(api.server.port).close()


def test_the_repr_is_the_same_every_time(server: mock.MockServer) -> None:
    assert repr(server) == "<wannb mock server on this machine: drawn pictures, nothing is billed>"


def test_the_command_line_prints_one_line_and_ends_cleanly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "wannb.mock", "--task-seconds", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/api/v1", url)
        port = url.split(":")[2].split("/")[0]
        taken = subprocess.run(
            [sys.executable, "-m", "wannb.mock", "--port", port], capture_output=True, text=True, timeout=20
        )
        assert (taken.returncode, taken.stdout) == (2, "")
        assert f"Port {port}" in taken.stderr
        answer = httpx.get(f"{url}/tasks", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False)
        assert answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_the_server_binds_to_this_machine_whatever_it_is_told(
    bound: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TypeError):
        mock.serve(host="0.0.0.0")  # type: ignore[call-arg]
    for option in ("--host", "--bind", "--ip"):
        with pytest.raises(SystemExit):
            mock_main([option, "0.0.0.0"])
    for name in ("HOST", "BIND", "WANNB_HOST", "WANNB_MOCK_HOST"):
        monkeypatch.setenv(name, "0.0.0.0")
    with mock.serve(), mock.record("made"):
        pass
    assert [address[0] for address in bound] == ["127.0.0.1"] * 2
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(mock.PortTaken, match=str(port)):
            mock.serve(port)
