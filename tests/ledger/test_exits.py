"""Scripts that end while images are under way: they are saved all the same, or it is said how they can be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import make_client
from isolation import PATIENCE
from pictures import quick_picture
from processes import package_under_test

from wannb import mock
from wannb.mock import MockServer, drawing
from wannb.runs.store import Store

BEGIN = """
import atexit, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
import wannb
from wannb.client import Client
client = wannb.connect("mock", base_url=sys.argv[1], store=sys.argv[2])
sent = threading.Semaphore(0)
def draw(seed, n=2):
    task = client.submit(wannb.ImageRequest(prompt=f"picture {seed}", size="768*768", seed=seed, n=n))
    sent.release()
    return task.result()
def after_sending(number):
    for _ in range(number):
        sent.acquire()
"""
#: The shapes of scripts, and how many runs of two images each leaves.
SHAPES = {
    "a pool that nobody waits for": ("""
pool = ThreadPoolExecutor(2)
for seed in range(4):
    pool.submit(draw, seed)
after_sending(2)
""", 4),
    "a plain thread": ("""
threading.Thread(target=draw, args=(1,)).start()
after_sending(1)
""", 1),
    "a daemon thread": ("""
for seed in range(2):
    threading.Thread(target=draw, args=(seed,), daemon=True).start()
after_sending(2)
""", 2),
    "at exit": ("""
atexit.register(draw, 1)
""", 1),
    "a sweep in a thread": ("""
plan = wannb.sweep(client, prompt=["x", "y"], seed=[1, 2], size="768*768")
def run():
    plan.run()
threading.Thread(target=run).start()
""", 4),
    "a sweep at exit": ("""
plan = wannb.sweep(client, prompt=["x"], seed=[1, 2], size="768*768")
atexit.register(plan.run)
""", 2),
    "a form": ("""
from wannb.forms.worker import Worker
worker = Worker(client, lambda progress: progress.task_id and sent.release())
worker.send(wannb.ImageRequest(prompt="x", size="768*768", seed=1, n=2))
after_sending(1)
""", 1),
    "an error in the main thread": ("""
pool = ThreadPoolExecutor(1)
pool.submit(draw, 1)
after_sending(1)
raise SystemExit(0)
""", 1),
}  # fmt: skip


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockServer]:
    monkeypatch.setattr(drawing, "draw", quick_picture)
    with mock.serve(task_seconds=0.4) as running:
        yield running


def ended(code: str, server: MockServer, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEGIN + code, server.base_url, str(folder)],
        env=package_under_test(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def images(store: Store) -> int:
    return sum(len(run.images) for run in store.runs() if run.whole and run.state == "done")


@pytest.mark.parametrize("shape", SHAPES)
def test_images_are_saved_however_a_script_ends(shape: str, server: MockServer, store: Store) -> None:
    code, runs = SHAPES[shape]
    done = ended(code, server, store.root)
    assert (images(store), server.billed) == ((runs, runs) if "sweep" in shape else (2 * runs, 2 * runs)), done.stderr
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


UNSAVED = {
    "a task that nobody waits for": "client.submit(wannb.ImageRequest(prompt='x', size='768*768', seed=1))",
    "a daemon thread that takes too long": """
wannb.runs.run.LONGEST_GOODBYE = 0.2
threading.Thread(target=draw, args=(1, 1), daemon=True).start()
after_sending(1)
""",
    "an error that nobody sees": """
write = wannb.files.write
def fails(path, content):
    if path.suffix == ".png":
        raise OSError("no")
    write(path, content)
wannb.files.write = fails
pool = ThreadPoolExecutor(1)
pool.submit(draw, 1, 1)
after_sending(1)
""",
}


@pytest.mark.parametrize("shape", UNSAVED)
def test_what_could_not_be_saved_is_said_and_fetched_next_time(shape: str, server: MockServer, store: Store) -> None:
    done = ended(UNSAVED[shape], server, store.root)
    assert done.returncode == 0
    [run] = store.runs()
    said = rf"wannb: 1 run not saved when the program ended: {run.id}, in .*client\.rescue\(\) fetches"
    assert re.search(said, done.stderr), done.stderr
    assert str(store.root) in done.stderr
    with make_client(server, store) as client:
        assert len(client.rescue().results) == 1
    assert server.billed == 1


def test_a_script_that_saved_everything_says_nothing(server: MockServer, store: Store) -> None:
    done = ended("draw(1)", server, store.root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_a_child_does_not_speak_for_its_parent(server: MockServer, store: Store) -> None:
    code = """
import os
task = client.submit(wannb.ImageRequest(prompt='x', size='768*768', seed=1))
number = os.fork()
if number:
    os.waitpid(number, 0)
    task.result()
"""
    assert ended(code, server, store.root).stderr == ""
