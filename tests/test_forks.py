"""Forked processes: each has connections and locks of its own, whatever its parent does, and gets its own pictures."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import make_client, small
from isolation import PATIENCE
from pictures import plain_picture
from PIL import Image
from processes import package_under_test
from rooms import PACKAGE

from wannb import ImageRequest
from wannb.mock import MockServer
from wannb.runs.store import Store

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")

BEGIN = """
import faulthandler, multiprocessing, os, sys, threading, warnings
import wannb
# A child that hangs ends, and says where; its parent has no such clock, which a child could not stop.
os.register_at_fork(after_in_child=lambda: faulthandler.dump_traceback_later(120, exit=True))
warnings.simplefilter("ignore", DeprecationWarning)  # newer versions of Python warn of every fork with threads
client = wannb.connect("mock", base_url=sys.argv[1], store=sys.argv[2])
forks = multiprocessing.get_context("fork")

def draw(seed):
    return client.generate(f"picture {seed}", size="768*768", seed=seed).run_id

def child(act):
    number = os.fork()
    if number == 0:
        act()
        os._exit(0)
    return number

def ended(number):
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
"""


def run(code: str, server: MockServer, folder: Path) -> str:
    """Run a script against a mock server, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code, server.base_url, str(folder)],
        env=package_under_test(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def color(request: ImageRequest) -> object:
    picture = plain_picture(repr((request.prompt, request.seed, 0)))
    return Image.open(io.BytesIO(picture)).getpixel((0, 0))


def check_pictures(store: Store, seeds: range) -> None:
    runs = {run.request.seed: run for run in store.runs() if run.request}
    assert sorted(runs) == list(seeds)
    for run in runs.values():
        assert run.request
        with Image.open(run.images[0]) as image:
            assert image.getpixel((0, 0)) == color(run.request), run.prompt


POOL = """
draw(0)
with forks.Pool(4) as pool:
    print(len(set(pool.map(draw, range(1, 17), chunksize=1))))
"""
#: The parent asks on, on connections that were open before the fork.
BOTH = """
draw(0)
with forks.Pool(3) as pool:
    theirs = pool.map_async(draw, range(1, 10), chunksize=1)
    for seed in range(10, 17):
        draw(seed)
    print(len(set(theirs.get())) + 7)
"""
#: Forks from threads that are in the middle of their own requests.
THREADS = """
from concurrent.futures import ThreadPoolExecutor
def both(seed):
    draw(seed)
    status = ended(child(lambda: draw(seed + 8)))
    draw(seed + 4)
    return status
draw(0)
draw(13); draw(14); draw(15); draw(16)
with ThreadPoolExecutor(4) as threads:
    assert list(threads.map(both, range(1, 5))) == [0] * 4
print(16)
"""


@pytest.mark.parametrize("code", [POOL, BOTH, THREADS], ids=["pool", "both", "threads"])
@pytest.mark.usefixtures("quick_pictures")
def test_each_process_gets_its_own_pictures(code: str, server: MockServer, store: Store) -> None:
    assert run(code, server, store.root) == "16\n"
    check_pictures(store, range(17))
    assert server.billed == 17


HELD = """
import signal
draw(0)
locks = [each for each in wannb.service.limits._own if hasattr(each, "acquire")]
assert client._ledger.account.queries._lock in locks
held, free = threading.Event(), threading.Event()
def hold():
    for lock in locks:
        lock.acquire()
    held.set()
    free.wait()
    for lock in locks:
        lock.release()
thread = threading.Thread(target=hold, daemon=True)
thread.start()
held.wait()
def asks():
    signal.alarm(60)
    draw(1)
assert ended(child(asks)) == 0
free.set()
thread.join()
draw(2)
"""


@pytest.mark.usefixtures("quick_pictures")
def test_locks_that_were_held_at_the_fork_are_free_in_the_child(server: MockServer, store: Store) -> None:
    run(HELD, server, store.root)
    check_pictures(store, range(3))


def test_every_lock_that_calls_share_begins_anew_in_forks() -> None:
    """A lock that is held when a process is forked is never let go there."""
    bare = re.compile(r"^.*(?<!own_in_forks\()\bthreading\.R?Lock\(\)", re.M)
    found = {
        f"{path.parent.name}/{path.name}: {line.strip()}"
        for room in ("service", "runs", "ledger")
        for path in (PACKAGE / room).glob("*.py")
        for line in bare.findall(path.read_text())
    }
    assert found == {
        "service/http.py: self._lock = threading.Lock()",  # made anew with all connections
        "runs/index.py: _one = threading.RLock()",  # held by who forks
    }


INDEX = """
import sqlite3
draw(0)
held, free = threading.Event(), threading.Event()
def hold(db):
    db.execute("BEGIN IMMEDIATE")
    held.set()
    free.wait()
thread = threading.Thread(target=client.store._index._on_file, args=(hold,), daemon=True)
thread.start()
held.wait()
threading.Timer(0.2, free.set).start()
def used():
    found = []
    client.store._index._failed = found.append
    assert len(client.runs()) == 1
    assert not found, found
assert ended(child(used)) == 0
"""


@pytest.mark.usefixtures("quick_pictures")
def test_a_fork_waits_for_a_query_of_the_index(server: MockServer, store: Store) -> None:
    run(INDEX, server, store.root)


SERVER = """
with wannb.mock.serve() as own:
    number = os.fork()
if number:
    assert ended(number) == 0
"""


def test_a_mock_server_can_be_closed_in_a_child(server: MockServer, store: Store) -> None:
    run(SERVER, server, store.root)


def test_a_child_leaves_the_connections_of_its_parent_alone(server: MockServer, store: Store) -> None:
    with make_client(server, store) as client:
        client.run(small())
        before = client._ledger.transport._api._transport._pools
        number = os.fork()
        if number == 0:
            os._exit(before == client._ledger.transport._api._transport._pools)
        assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 0
        assert client._ledger.transport._api._transport._pools is before
        assert len(client.run(small(2))) == 1
