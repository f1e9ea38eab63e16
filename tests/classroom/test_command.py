"""`wannb class` as a command: what it says, what it refuses, and that a kill loses and doubles nothing."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from mocking import CREATE, body
from PIL import Image
from processes import Command

import wannb
from wannb.commands import classroom
from wannb.commands.cli import main
from wannb.mock import serve

pytest.importorskip("uvicorn")
CLASS = ("-m", "wannb.commands.cli", "class")
ASYNC = {"X-DashScope-Async": "enable"}
default_context = ssl.create_default_context


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--money", "much"], "--money much: a number such as 20 or 7.50"),
        (["--until", "25:00"], "--until 25:00: a time such as 17:00"),
        (["--people", "-1"], "--people and --images cannot be negative"),
        (["--model", "wan2.7-imagine"], "--model wan2.7-imagine: wan2.7-image-pro or wan2.7-image"),
        (["--mode", "text"], "--mode text: text to image or image editing or multi-reference generation or"),
    ],
)
def test_an_option_that_cannot_be_used_is_said_before_anything_starts(
    options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["class", "--port", "0", *options]) == 1
    assert says in capsys.readouterr().err
    assert not Path("wannb-class").exists()


@pytest.mark.skipif(os.name == "nt", reason="ends the command by a POSIX signal")
def test_without_a_key_the_class_is_practice_and_its_codes_stay(tmp_path: Path) -> None:
    codes = []
    for _ in range(2):
        with Command(*CLASS, "--people", "2", "--port", "0", "--until", "23:59", folder=tmp_path) as running:
            running.wait_for(r"Nothing more is taken from 23:59 on \w+day, \d{4}-\d\d-\d\d on\.")
            url = running.wait_for(r"The teacher's page: (http://127\.0\.0\.1:\d+)/teacher\?token=\w{48}$")[1]
            running.wait_for("Ctrl-C ends the class")
            said = running.said()
            assert "Nothing is sent out and nothing is billed" in said
            codes.append([line.split()[-1] for line in said.splitlines() if line.startswith("   ")])
            headers = {"authorization": f"Bearer {codes[-1][0]}"}
            assert httpx.get(f"{url}/class/me", headers=headers, trust_env=False).json()["mock"] is True
            assert running.signal(signal.SIGTERM) in (0, -signal.SIGTERM)
    assert (tmp_path / "wannb-class").stat().st_mode & 0o777 == 0o700, "it holds codes and pictures"
    assert codes[0] == codes[1]
    assert len(codes[0]) == 2


@pytest.mark.skipif(os.name == "nt", reason="kills by a POSIX signal")
def test_killed_at_any_moment_no_image_is_paid_twice_and_no_cap_is_passed(tmp_path: Path) -> None:
    """Three students ask, each request under its name until it is answered, while the gateway is killed twice."""
    people, each, kills = 3, 3, 2
    with serve(task_seconds=0.3) as server:
        environment = {"DASHSCOPE_API_KEY": "sk-the-teachers-0123", "DASHSCOPE_HTTP_BASE_URL": server.base_url}
        options = ("--people", str(people), "--images", str(each), "--port")
        port, chance = "0", random.Random(7)
        students: list[threading.Thread] = []
        done: dict[str, str] = {}
        for life in range(kills + 1):
            with Command(*CLASS, *options, port, folder=tmp_path, environment=environment) as running:
                found = running.wait_for(r"The teacher's page: (http://127\.0\.0\.1:(\d+))/teacher")
                running.wait_for("Ctrl-C ends the class")
                port = found[2]
                if not students:
                    codes = [line.split()[-1] for line in running.said().splitlines() if line.startswith("   ")]
                    students = [threading.Thread(target=_student, args=(found[1], code, each, done)) for code in codes]
                    for student in students:
                        student.start()
                if life < kills:
                    time.sleep(chance.uniform(0.1, 1.2))
                    running.process.kill()
                    continue
                for student in students:
                    student.join(120)
        assert sorted(done.values()) == ["SUCCEEDED"] * (people * each), done
        assert server.billed == people * each


def _student(url: str, code: str, images: int, done: dict[str, str]) -> None:
    """Ask for images one by one, each again until it is answered, and wait for all."""
    with httpx.Client(base_url=f"{url}/api/v1", trust_env=False, timeout=10) as http:

        def call(method: str, path: str, **more: Any) -> Any:
            headers = {"authorization": f"Bearer {code}", **more.pop("headers", {})}
            until = time.monotonic() + 100
            while True:
                try:
                    answer = http.request(method, path, headers=headers, **more)
                    assert answer.status_code == 200, answer.text
                    return answer.json()["output"]
                except httpx.HTTPError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.05)

        tasks = []
        for number in range(images):
            headers = {**ASYNC, "x-wannb-request": f"{number}"}
            tasks.append(call("POST", CREATE, json=body(f"a boat, {number}"), headers=headers)["task_id"])
        for task in tasks:
            while (status := call("GET", f"/tasks/{task}")["task_status"]) in ("PENDING", "RUNNING"):
                time.sleep(0.1)
            done[task] = status


@pytest.mark.skipif(os.name == "nt", reason="ends the command by a POSIX signal")
def test_everyone_is_given_the_teachers_own_pictures_and_what_is_not_among_them_is_drawn(tmp_path: Path) -> None:
    with wannb.connect("mock", store="teacher") as client:
        fox = client.generate("a fox in the snow", model="wan2.7-image", size="1K", n=2)
        boats = [client.generate("a boat", model="wan2.7-image", size="1K", seed=seed) for seed in (6, 7)]
        boat = boats[1]
        night = client.edit("make it night", boat[0], model="wan2.7-image", size="1K")
    options = ("--replay", "teacher", "--people", "2", "--images", "20", "--port", "0")
    with Command(*CLASS, *options, folder=tmp_path) as running:
        url = running.wait_for(r"The teacher's page: (http://127\.0\.0\.1:\d+)/")[1]
        running.wait_for("Ctrl-C ends the class")
        said = running.said()
        assert "whoever asks for one of the 4 runs in teacher" in said
        codes = [line.split()[-1] for line in said.splitlines() if line.startswith("   ")]
        shown = httpx.get(f"{url}/class/me", headers={"authorization": f"Bearer {codes[0]}"}, trust_env=False).json()
        assert (shown["models"], shown["sizes"]) == (["wan2.7-image"], ["1K"])
        drawn = []
        for number, code in enumerate(codes):
            with wannb.connect(url, api_key=code, store=f"student-{number}") as client:
                size = {"model": "wan2.7-image", "size": "1K"}
                assert pixels(client.generate("a fox in the snow", n=2, **size)) == pixels(fox)
                own = client.generate("a boat", **size)
                assert pixels(own) == pixels(boat)
                assert pixels(client.edit("make it night", own[0], **size)) == pixels(night)
                assert pixels(client.generate("a boat", seed=6, **size)) == pixels(boats[0])
                drawn.append(client.generate("a house", seed=number, **size)[0].path.read_bytes())
                with pytest.raises(wannb.errors.BadRequest, match="this class has 1K, not 2K"):
                    client.generate("a boat", model="wan2.7-image", size="2K")
        assert drawn[0] != drawn[1]
        assert running.signal(signal.SIGINT) == 0
        assert "Traceback" not in running.said()


def pixels(result: Any) -> list[bytes]:
    return [hashlib.sha256(Image.open(image.path).tobytes()).digest() for image in result]


def test_a_folder_with_nothing_to_replay_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    for folder in ("empty", "missing"):
        assert main(["class", "--replay", folder, "--port", "0"]) == 1
        assert f"--replay {folder}: there are no finished runs" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="ends the command by a POSIX signal")
def test_with_a_certificate_clients_and_both_pages_speak_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path("ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path("class.pem")
    options = ("--people", "1", "--port", "0", "--certificate", "class.pem")
    with Command(*CLASS, *options, folder=tmp_path) as running:
        url = running.wait_for(r"The teacher's page: (https://127\.0\.0\.1:\d+)/teacher\?token=(\w+)$")
        running.wait_for("Ctrl-C ends the class")
        [code] = [line.split()[-1] for line in running.said().splitlines() if line.startswith("   ")]
        with pytest.raises(wannb.errors.ConnectionFailed), wannb.connect(url[1], api_key=code, store="own") as client:
            client.task_list()
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        monkeypatch.setattr(ssl, "create_default_context", default_context)  # another test's may be remembered
        with wannb.connect(url[1], api_key=code, store="own") as client:
            made = client.generate("a fox", size="1K")
            edited = client.edit("make it night", made[0], size="1K")
        assert len(made) == len(edited) == 1
        verify = ssl.create_default_context(cafile="ca.pem")
        with httpx.Client(base_url=url[1], verify=verify, trust_env=False) as page:
            assert page.get("/").status_code == page.get("/teacher").status_code == 200
            state = page.get("/class/state", headers={"authorization": f"Bearer {url[2]}"}).json()
            [first, _] = state["pictures"]
            assert page.get(f"/{first['at']}").headers["content-type"] == "image/png"
            # The page names a picture of its own by its whole address.
            asked = body("make it day", f"{url[1]}/{first['at']}")
            headers = {"authorization": f"Bearer {code}", **ASYNC}
            answer = page.post(f"/api/v1{CREATE}", json=asked, headers=headers)
            assert answer.status_code == 200, answer.text


#: The command, where the address that others use is known: a test asks for no route.
NAMED = """
import sys
from wannb.commands import classroom, cli
classroom._named = lambda host: {"0.0.0.0": "192.168.1.5"}.get(host, host)
sys.exit(cli.main(["class", *sys.argv[1:]]))
"""


@pytest.mark.skipif(os.name == "nt", reason="ends the command by a POSIX signal")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_class_for_the_whole_network_says_so(tmp_path: Path, scheme: str) -> None:
    options = ["--people", "1", "--port", "0", "--host", "0.0.0.0"]
    if scheme == "https":
        trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path("class.pem")
        options += ["--certificate", "class.pem"]
    with Command("-c", NAMED, *options, folder=tmp_path) as running:
        port = running.wait_for(r"The teacher's page: \w+://192.168.1.5:(\d+)/teacher")[1]
        running.wait_for("Ctrl-C ends the class")
        said = running.said()
        assert f"Everyone in this network can reach {scheme}://192.168.1.5:{port}; each request needs a code" in said
        assert ("can be read by others in the network" in said) is (scheme == "http")
        answer = httpx.get(f"{scheme}://127.0.0.1:{port}/class/me", verify=False, trust_env=False)
        assert answer.status_code == 401
    with Command("-c", NAMED, "--people", "1", "--port", "0", folder=tmp_path) as running:
        running.wait_for("Ctrl-C ends the class")
        assert "in this network" not in running.said()


def test_the_address_for_others_is_that_of_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Way(socket.socket):
        def connect(self, address: Any) -> None:
            pass

        def getsockname(self) -> Any:
            return "192.168.1.5", 40_000

    monkeypatch.setattr("wannb.commands.classroom.socket.socket", Way)
    assert classroom._named("0.0.0.0") == "192.168.1.5"
    assert classroom._named("class.local") == "class.local"
    monkeypatch.setattr(Way, "connect", lambda self, address: (_ for _ in ()).throw(OSError("no route")))
    assert classroom._named("::") == socket.gethostname()


def test_a_certificate_that_cannot_be_used_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("none.pem").write_text("nothing")
    for file in ("none.pem", "missing.pem"):
        assert main(["class", "--port", "0", "--certificate", file]) == 1
        assert f"--certificate {file}: " in capsys.readouterr().err
        assert not Path("wannb-class").exists()
