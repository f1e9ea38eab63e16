"""`wannb class` as a command: what it says, what it refuses, and that a kill loses and doubles nothing."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from mocking import CREATE, body
from processes import Command

from wannb.commands.cli import main
from wannb.mock import serve

pytest.importorskip("uvicorn")
CLASS = ("-m", "wannb.commands.cli", "class")
ASYNC = {"X-DashScope-Async": "enable"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--money", "much"], "--money much: a number such as 20 or 7.50"),
        (["--until", "25:00"], "--until 25:00: a time such as 17:00"),
        (["--people", "-1"], "--people and --images cannot be negative"),
        (["--model", "wan2.7-imagine"], "--model wan2.7-imagine: wan2.7-image-pro or wan2.7-image"),
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
        with Command(*CLASS, "--people", "2", "--port", "0", folder=tmp_path) as running:
            url = running.wait_for(r"The teacher's page: (http://127\.0\.0\.1:\d+)/teacher\?token=\w{48}$")[1]
            running.wait_for("Ctrl-C ends the class")
            said = running.said()
            assert "Nothing is sent out and nothing is billed" in said
            codes.append([line.split()[-1] for line in said.splitlines() if line.startswith("   ")])
            headers = {"authorization": f"Bearer {codes[-1][0]}"}
            assert httpx.get(f"{url}/class/me", headers=headers, trust_env=False).json()["mock"] is True
            assert running.signal(signal.SIGTERM) in (0, -signal.SIGTERM)
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
