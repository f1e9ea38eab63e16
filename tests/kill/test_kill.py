"""A process killed at any moment loses no paid image, and running the script again bills nothing twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wannb.mock import App, MockServer, Request, Response
from wannb.run import DONE
from wannb.store import Store

KILLS = int(os.environ.get("WANNB_KILLS", "100"))
IMAGES = 6


class SlowToAnswer:
    """Takes a request at once and answers it late, so that many a kill falls in between: accepted, but not known."""

    def __init__(self, app: App) -> None:
        self.app = app

    def handle(self, request: Request) -> Response:
        answer = self.app.handle(request)
        if request.path.endswith("/generation"):
            time.sleep(0.06)
        return answer


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by signal need a POSIX system")
def test_no_kill_loses_an_image_or_bills_one_twice(tmp_path: Path) -> None:
    chance = random.Random(2027)
    command = [sys.executable, str(Path(__file__).with_name("lives.py"))]
    kills = 0
    app = App(task_seconds=0.03)
    with (
        MockServer(app, handles=SlowToAnswer(app)) as server,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lives,
    ):

        def live(job: str, number: int, seconds: float | None = None) -> str:
            assert lives.stdin
            assert lives.stdout
            told = "-" if seconds is None else f"{seconds:.4f}"
            lives.stdin.write(f"{job} {tmp_path / str(number)} {server.base_url} {number} {told}\n")
            lives.stdin.flush()
            return lives.stdout.readline().strip()

        def on_disk(number: int) -> int:
            runs = Store(tmp_path / str(number)).runs()
            return sum(len(run.result()) for run in runs if run.state == DONE and run.whole)

        assert live("work", 0) == "done"
        began = time.monotonic()
        assert live("work", 1) == "done"
        usual = time.monotonic() - began
        assert server.billed == 2 * IMAGES

        number = 1
        while kills < KILLS:
            number += 1
            before = server.billed
            kills += live("work", number, chance.uniform(0, usual)) == "killed"
            if chance.random() < 0.3:
                # The rescuer itself may die as well.
                kills += live("rescue", number, chance.uniform(0, usual / 3)) == "killed"
            time.sleep(0.05)
            assert live("rescue", number) == "done"
            assert server.billed - before == on_disk(number), f"round {number}: an image is billed and not on disk"
            assert live("work", number) == "done"
            assert server.billed - before == IMAGES, f"round {number}: billed twice"
            assert on_disk(number) == IMAGES
        assert lives.stdin
        lives.stdin.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by signal need a POSIX system")
def test_a_killed_sweep_run_again_fills_the_holes_and_bills_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(2028)
    command = [sys.executable, str(Path(__file__).with_name("lives.py"))]
    app = App(task_seconds=0.03)
    with (
        MockServer(app, handles=SlowToAnswer(app)) as server,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lives,
    ):
        assert lives.stdin
        assert lives.stdout
        kills = 0
        for number in range(1, 6):
            before = server.billed
            for told in [f"{chance.uniform(0.1, 1.2):.4f}", f"{chance.uniform(0.1, 1.2):.4f}", "-"]:
                lives.stdin.write(f"sweep {tmp_path / str(number)} {server.base_url} {number} {told}\n")
                lives.stdin.flush()
                ended = lives.stdout.readline().strip()
                kills += ended == "killed"
            assert ended == "done"
            assert server.billed - before == 9, f"round {number}"
        lives.stdin.close()
    assert kills >= 5
