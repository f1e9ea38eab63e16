"""Start one job after another in a forked process and kill it when told; the parent holds the imports warm.

Reads lines `job store base_url round death` from standard input and answers each with "killed", "done <steps>" or
"error". A death is "-" (it lives as long as it takes), a number of seconds, or "#" and a number of steps: it dies by
itself right before that one of its steps on disk (a file opened, renamed, linked, removed) or in the middle of that
write, so that a kill falls as likely into a window of microseconds as into one of seconds, and leaves cut lines.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import itertools
import os
import random
import signal
import ssl
import sys
import time
import traceback

import httpx
from PIL import Image

import wannb
from wannb import ImageRequest, Result
from wannb.client import Client
from wannb.errors import StoreError, UnknownOutcome
from wannb.ledger import submit
from wannb.ledger.store import Store
from wannb.request.inputs import InputImage, from_bytes
from wannb.service.endpoint import mock
from wannb.service.limits import Pace

PACE = Pace(submits=500, running=50, queries=2000, query_interval=0.01, lookups=(0.0, 0.05), backoff=(0.01, 0.1))

SIZE = "768*768"
PROOF = "a later task"
#: Images of one round of each job.
IMAGES = {"work": 5, "sync": 5, "sweep": 6, "board": 4, "boards": 4}
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
    if not all(plan.run().results()):
        raise UnknownOutcome("a cell is in doubt")


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
    images = {image.path for run in client.runs() for image in run.result()}
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
        assert isinstance(problem, UnknownOutcome), problem
        record = client.store.get(run_id).record
        assert record.via == "sync" or (record.in_doubt and not record.candidates), problem


JOBS = {"work": work, "sync": sync, "sweep": sweep, "board": board, "boards": boards, "rescue": rescue}


def live(job: str, store: str, base_url: str, number: str) -> None:
    with Client(mock(base_url), "sk-mock", Store(store), pace=PACE) as client:
        for _ in range(6):
            try:
                return JOBS[job](client, int(number))
            except UnknownOutcome as error:
                if error.candidates:
                    raise
            time.sleep(0.6)
            client.generate(PROOF, size=SIZE)  # whoever is in doubt whether a request arrived sends another one
        raise AssertionError("still in doubt")


def count_steps(store: str, last: int | None) -> itertools.count[int]:
    """Count what this process does to the files of a store, and die before the last step."""
    steps = itertools.count(1)
    write = os.write

    def step(event: str, args: tuple[object, ...]) -> None:
        if event in _EVENTS and str(args[0]).startswith(store) and next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def torn(number: int, content: bytes | memoryview) -> int:
        if next(steps) == last:
            write(number, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(number, content)

    sys.addaudithook(step)
    os.write = torn  # type: ignore[assignment]  # journals are the only files that are written so
    return steps


def born(job: list[str], death: str) -> None:
    try:
        steps = count_steps(job[1], int(death[1:]) if death.startswith("#") else None)
        live(*job)
        print(next(steps), end=" ", flush=True)
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
        if death[0] not in "-#":
            time.sleep(float(death))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else "done" if status == 0 else "error", flush=True)


if __name__ == "__main__":
    main()
