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
        line.sendall(b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
    url = httpx.URL(urls(api.sync().json())[0])
    with socket.create_connection(("127.0.0.1", api.server.port)) as line:
        line.sendall(b"GET " + url.raw_path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        line.recv(10)
    assert api.create().status_code == 200
    assert capfd.readouterr().err == ""


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
