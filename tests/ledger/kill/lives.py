"""Start one job after another in a forked process and kill it when told; the parent holds the imports warm.

Reads lines `job store base_url round death` from standard input and answers each with "killed", "done <steps>" or
"error". A death is "-" (it lives as long as it takes), a number of seconds, or "#" and a number of steps: it dies by
itself right before that one of its steps on disk (a file opened, renamed, linked, removed) or in the middle of that
write, so that a kill falls as likely into a window of microseconds as into one of seconds, and leaves cut lines. What
a life started dies with it. "&" lets a life go on by itself and answers with its process id.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import io
import itertools
import json
import multiprocessing
import os
import random
import signal
import ssl
import sys
import threading
import time
import traceback
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

import wannb
from wannb import ImageRequest, Result
from wannb.client import Client
from wannb.errors import StoreError, UnknownOutcome
from wannb.ledger import submit
from wannb.request.inputs import InputImage, from_bytes
from wannb.runs.store import Store
from wannb.service.endpoint import mock
from wannb.service.limits import Clock, Pace

PACE = Pace(submits=500, running=50, queries=2000, query_interval=0.01, lookups=(0.0, 0.05), backoff=(0.01, 0.1))

SIZE = "768*768"
#: In the prompts of what is asked for its later task alone, which proves what did not arrive.
AFTERWARDS = "afterwards"
#: Images of one round of each job.
IMAGES = {"work": 5, "sync": 5, "sweep": 6, "board": 4, "boards": 4, "forks": 4, "exits": 4}
#: Jobs whose interpreter ends as Python ends it, while something is still at work.
ENDING = {"exits"}
_EVENTS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir"}


@functools.cache
def picture(seed: int, side: int) -> InputImage:
    """Return a picture of noise, which no encoder makes small: 320 pixels go inline, 480 are uploaded."""
    pixels = random.Random(seed).randbytes(side * side)
    buffer = io.BytesIO()
    Image.frombytes("L", (side, side), pixels).save(buffer, "PNG")
    return from_bytes(buffer.getvalue(), name=f"picture {seed}")


def requests(number: int) -> list[ImageRequest]:
    """Return what one round asks for: five images in three runs; all six modes in two rounds."""
    inline, uploaded = picture(1, 300), picture(2, 480)
    shared = {"size": SIZE, "seed": number}
    if number % 2:
        return [
            ImageRequest(prompt=f"round {number}, a boat", n=2, **shared),
            ImageRequest(prompt=f"round {number}, both", n=1, images=[inline, uploaded], **shared),
            ImageRequest(prompt=f"round {number}, a cat", n=2, enable_sequential=True, **shared),
        ]
    return [
        ImageRequest(prompt=f"round {number}, red", n=2, images=uploaded, **shared),
        ImageRequest(prompt=f"round {number}, a clock", n=1, images=inline, bbox_list=[[[9, 9, 99, 99]]], **shared),
        ImageRequest(prompt=f"round {number}, go on", n=2, images=uploaded, enable_sequential=True, **shared),
    ]


def work(client: Client, number: int) -> None:
    for request in requests(number):
        result: Result = client.run(request)
        assert len(result) == request.n


def sync(client: Client, number: int) -> None:
    """Ask by the synchronous endpoint, and take "it may have been billed" for an answer."""
    for request in requests(number):
        try:
            result: Result = client.run(request, via="sync")
        except UnknownOutcome:
            continue
        assert len(result) == request.n


def sweep(client: Client, number: int) -> None:
    """Make six images with many requests under way at once."""
    plan = wannb.sweep(client, prompt=["a boat", "a tree", "a cat"], seed=[number * 10, number * 10 + 1], size=SIZE)
    assert all(result is not None for result in plan.run().results())


def board(client: Client, number: int) -> None:
    """Draw a board as a notebook does, that is run again from the top: a set of three and one of them anew."""
    made = wannb.Storyboard(
        client, [f"{number}, dawn", "noon", "dusk"], name="board", size=SIZE, images=picture(1, 300)
    )
    made.run()
    made.reroll(2)
    assert all(made.frames)
    again = wannb.Storyboard.open(client, "board")
    takes = {take.path for scene in (1, 2, 3) for take in again.takes(scene)}
    images = {image.path for run in client.runs() if AFTERWARDS not in run.prompt for image in run.result()}
    assert takes == images, "a take is lost"


def boards(client: Client, number: int) -> None:
    """Draw a board that somebody else draws at the same time, as two people would: again when it was changed."""
    for _ in range(40):
        with contextlib.suppress(StoreError):
            board(client, number)
            return
    raise AssertionError("forty times somebody else was first")


def rescue(client: Client, number: int) -> None:
    found = client.rescue()
    for run_id, problem in found.problems:
        assert isinstance(problem, UnknownOutcome), (run_id, problem)


def four(number: int) -> list[ImageRequest]:
    return [ImageRequest(prompt=f"round {number}, picture {each}", seed=each, size=SIZE) for each in range(1, 5)]


def forks(client: Client, number: int) -> None:
    """Let a pool of forked processes use the client that their parent has used: to ask, or to fetch what it asked."""
    global _used
    _used = client  # by a global, since a client that is pickled is another one
    first, *others = four(number)
    assert _images_of(first) == 1
    tasks = [client.submit(request) for request in others] if number % 2 else []
    with multiprocessing.get_context("fork").Pool(3) as pool:
        assert pool.map(_images_of, [task.id for task in tasks] or others, chunksize=1) == [1, 1, 1]


def _images_of(what: ImageRequest | str) -> int:
    return len(_used.run(what) if isinstance(what, ImageRequest) else _used.task(what).result())


def exits(client: Client, number: int) -> None:
    """Leave work to something that the end of the script finds at it: a pool, threads, or what runs at exit."""
    for request in four(number):
        if number % 4 == 0:
            _pool.submit(client.run, request)
        elif number % 4 == 1:
            threading.Thread(target=client.run, args=(request,)).start()
        elif number % 4 == 2:
            threading.Thread(target=client.run, args=(request,), daemon=True).start()
        else:
            atexit.register(client.run, request)
    time.sleep(0.15 * (1 + number % 3))


_pool = ThreadPoolExecutor(4)
_used: Client

JOBS = {job.__name__: job for job in (work, sync, sweep, board, boards, forks, exits, rescue)}


class Scaled:
    """A clock that is a number of times as fast as this machine's, the same in every process that is told it."""

    def __init__(self, scale: float = 1.0, begun: float | None = None, zero: float | None = None) -> None:
        self.scale = scale
        self.begun = time.monotonic() if begun is None else begun
        self.zero = time.time() if zero is None else zero

    def monotonic(self) -> float:
        return (time.monotonic() - self.begun) * self.scale

    def now(self) -> float:
        return self.zero + self.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self.scale)

    def clock(self) -> Clock:
        return Clock(now=self.now, monotonic=self.monotonic, sleep=self.sleep)

    @property
    def told(self) -> tuple[float, float, float]:
        return self.scale, self.begun, self.zero


def calls(store: str, base_url: str, order: str) -> None:
    """Make the calls that a file orders, each group of them with threads of its own; write what came of each."""
    told = json.loads(Path(order).read_text())
    clock = Scaled(*told["clock"])
    with (
        Client(mock(base_url), "sk-mock", Store(store), pace=Pace(), clock=clock.clock()) as client,
        Path(order).with_suffix(".out").open("a") as out,
        ThreadPoolExecutor(sum(group["threads"] for group in told["groups"])) as pool,
    ):
        for group in told["groups"]:
            prompts = iter(group["prompts"])
            for _ in range(group["threads"]):
                pool.submit(answer, client, clock, told, group, prompts, out)


def answer(client: Client, clock: Scaled, told: Any, group: Any, prompts: Iterator[str], out: Any) -> None:
    """Make one call after the other, and write down how long each took and what it said."""
    for prompt in prompts:  # shared by threads: a list's iterator is safe
        began, error = clock.monotonic(), None
        try:
            client.run(request_of(prompt, group.get("model")), timeout=told["timeout"])
        except Exception as trouble:
            error = trouble
        came = {"prompt": prompt, "seconds": clock.monotonic() - began, "error": error and type(error).__name__}
        out.write(json.dumps({**came, "said": str(error or "")}) + "\n")
        out.flush()


def request_of(prompt: str, model: str | None = None) -> ImageRequest:
    """Return the request of a storm for a prompt; equal prompts make equal requests."""
    more = {"model": model} if model else {}
    return ImageRequest(prompt=prompt, seed=zlib.crc32(prompt.encode()) % 2**31, size=SIZE, **more)


def live(job: str, store: str, base_url: str, number: str) -> None:
    if job == "calls":
        calls(store, base_url, number)
        return
    client = Client(mock(base_url), "sk-mock", Store(store), pace=PACE)
    JOBS[job](client, int(number))
    if job not in ENDING:
        client.close()


def count_steps(store: str, last: int | None) -> itertools.count[int]:
    """Count what this process does to the files of a store, and die before the last step."""
    steps = itertools.count(1)
    write = os.write

    def step(event: str, args: tuple[object, ...]) -> None:
        if event in _EVENTS and str(args[0]).startswith(store) and next(steps) == last:
            os.killpg(0, signal.SIGKILL)

    def torn(number: int, content: bytes | memoryview) -> int:
        if next(steps) == last:
            write(number, content[: len(content) // 2])
            os.killpg(0, signal.SIGKILL)
        return write(number, content)

    sys.addaudithook(step)
    os.write = torn  # type: ignore[assignment]  # journals are the only files that are written so
    return steps


def born(job: list[str], death: str) -> None:
    os.setsid()  # what it starts dies with it
    steps = count_steps(job[1], int(death[1:]) if death.startswith("#") else None)

    def tell() -> None:
        if death != "&":
            print(next(steps), end=" ", flush=True)

    if job[0] in ENDING:
        atexit.register(tell)  # the last of all
        said = os.open(f"{job[1]}.said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 2)
    try:
        live(*job)
        if job[0] in ENDING:
            return
        tell()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def warm_up() -> None:
    """Import and make what every life needs, but nothing that a fork does not survive."""
    # Larger pictures are uploaded; the true bound would make every round as long as a hundred.
    submit.INLINE_EACH = 100_000
    # Certificates are read once and not in every life.
    ssl.create_default_context = functools.cache(ssl.create_default_context)
    for name in ("httpcore", "wannb.plan", "wannb.figures", "wannb.storyboard", "encodings.idna", "importlib.metadata"):
        importlib.import_module(name)
    Image.init()
    picture(1, 300), picture(2, 480)
    httpx.Client().close()


def main() -> None:
    warm_up()
    for line in sys.stdin:
        *job, death = line.split()
        child = os.fork()
        if child == 0:
            born(job, death)
            return
        if death == "&":
            print(child, flush=True)
            continue
        if death[0] not in "-#":
            time.sleep(float(death))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what it has started
        print("killed" if os.WIFSIGNALED(status) else "done" if status == 0 else "error", flush=True)


if __name__ == "__main__":
    main()
