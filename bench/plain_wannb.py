"""What a plain script with wannb does: the same jobs as plain_sdk.py, and those that only wannb has.

python bench/plain_wannb.py calls BASE_URL FOLDER COUNT     create, query and fetch, one after another
python bench/plain_wannb.py budget BASE_URL FOLDER COUNT    the first call of a process under a budget, and more
python bench/plain_wannb.py waits BASE_URL FOLDER LANES     lanes of tasks side by side
python bench/plain_wannb.py set BASE_URL FOLDER COUNT SIZE  a set, from the call to the gallery
python bench/plain_wannb.py sweep BASE_URL FOLDER COUNT     a sweep
python bench/plain_wannb.py show BASE_URL FOLDER            every image of the store as one gallery
python bench/plain_wannb.py runs BASE_URL FOLDER            the store listed, searched, and as a form
python bench/plain_wannb.py person URL FOLDER KEY COUNT SECONDS    a sweep of one in a class, begun by a line

LANES is JSON: the seconds of each task, lane by lane. Prints its figures as JSON in the last line.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import memory

import wannb
from wannb.client import Client
from wannb.runs.store import Store
from wannb.service import wire
from wannb.service.api import Transport
from wannb.service.endpoint import mock
from wannb.service.limits import Clock, Pace

BASE_URL, FOLDER = sys.argv[2], Path(sys.argv[3])
#: The service's limits are no overhead.
UNLIMITED = Pace(submits=1e6, running=1000, queries=1e6)


def calls(count: int) -> dict[str, list[float]]:
    """Time create, query and fetch by the transport, and the whole door from a call to a saved image."""
    taken: dict[str, list[float]] = {"create": [], "query": [], "fetch": [], "whole": []}
    service, clock = mock(BASE_URL), Clock()
    transport = Transport(service, "sk-mock", pace=UNLIMITED, clock=clock, random=lambda: 0.5)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Client(service, "sk-mock", Store(FOLDER / "runs"), pace=UNLIMITED) as client:
        for number in range(count + 1):
            began = time.perf_counter()
            request = wannb.ImageRequest(prompt=f"A boat, number {number}", size="1K", seed=number)
            task_id, _ = transport.create(wire.body(request, ()), oss=False)
            created = time.perf_counter()
            answer = transport.query(task_id)
            queried = time.perf_counter()
            (FOLDER / f"{number}.png").write_bytes(transport.download(answer.links[0]))
            fetched = time.perf_counter()
            client.generate(f"A boat, number {number}", size="1K", seed=number)
            done = time.perf_counter()
            if number:
                taken["create"].append(created - began)
                taken["query"].append(queried - created)
                taken["fetch"].append(fetched - queried)
                taken["whole"].append(done - fetched)
    transport.close()
    return taken


def budget(count: int) -> dict[str, float]:
    """Time the first call of a process, from the client on, and the median of more, all under a budget."""
    money = wannb.Money(amount=Decimal(10**6), currency="USD")
    taken = []
    for number in range(count + 1):
        if not number:
            began = time.perf_counter()
            client = Client(mock(BASE_URL), "sk-mock", Store(FOLDER), pace=UNLIMITED, budget=money)
        else:
            began = time.perf_counter()
        client.generate("a boat", size="768*768")
        taken.append(time.perf_counter() - began)
    return {"first": taken[0], "call": statistics.median(taken[1:])}


def waits(lanes: list[list[float]]) -> list[tuple[str | None, float, float]]:
    models = ("wan2.7-image-pro", "wan2.7-image")
    with wannb.connect("mock", base_url=BASE_URL, store=FOLDER) as client:

        def lane(number: int) -> list[tuple[str | None, float, float]]:
            found = []
            for seconds in lanes[number]:
                known: dict[str, float] = {}
                request = wannb.ImageRequest(prompt=f"A boat for {seconds} s", model=models[number % 2], size="1K")
                task = client.submit(request)
                # When it is known to be done; the images are fetched after that, as the SDK's script does it.
                task.wait(on_status=lambda status, _, known=known: known.setdefault(status, time.time()))
                found.append((task.id, seconds, known["SUCCEEDED"]))
            return found

        with ThreadPoolExecutor(len(lanes)) as pool:
            return [each for found in pool.map(lane, range(len(lanes))) for each in found]


def image_set(count: int, size: str) -> dict[str, float | None]:
    with wannb.connect("mock", base_url=BASE_URL, store=FOLDER) as client:
        base = memory.megabytes("VmRSS")
        began = time.perf_counter()
        result = client.image_set("The same cat through the year", n=count, size=size)
        shown = result._repr_mimebundle_()
        took = time.perf_counter() - began
        assert shown["text/html"].count("<img") == count
        return {"seconds": took, "megabytes": memory.over(base)}


def sweep(count: int) -> dict[str, int]:
    with wannb.connect("mock", base_url=BASE_URL, store=FOLDER) as client:
        prompts = [f"A boat, number {number}" for number in range(count)]
        plan = wannb.sweep(client, prompt=prompts, size="768*768").run()
        return {"arrived": sum(result is not None for result in plan.results())}


def person(key: str, count: int, seconds: str) -> dict[str, float]:
    """Ask for pictures in one sweep when a line comes, and return how many came after how many seconds."""
    with wannb.connect("live", api_key=key, base_url=BASE_URL, store=FOLDER) as client:
        prompts = [f"A boat for {seconds} s, number {number}" for number in range(count)]
        plan = wannb.sweep(client, prompt=prompts, size="768*768")
        client.task_list()  # what is imported and connected at the first call is
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.monotonic()
        plan.run()
        return {
            "seconds": time.monotonic() - began,
            "arrived": sum(result is not None for result in plan.results()),
        }


def show() -> dict[str, float]:
    results = [run.result() for run in Store(FOLDER).runs()]
    began = time.perf_counter()
    page = wannb.gallery(results)._repr_mimebundle_()["text/html"]
    return {"seconds": time.perf_counter() - began, "bytes": len(page)}


def runs() -> dict[str, float]:
    taken: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        found = work()
        taken[name] = time.perf_counter() - began
        return found

    with wannb.connect("mock", base_url=BASE_URL, store=FOLDER) as client:
        found = timed("list", client.runs)
        page = timed("page", found._repr_html_)
        timed("list again", client.runs)
        taken["found"] = len(timed("search", lambda: client.runs("number 77")))
        from wannb.forms import HistoryForm  # so that what it brings counts as an import

        form = timed("form", lambda: HistoryForm(client))
        search = next(each for each in _inside(form) if type(each).__name__ == "Text")
        timed("key press", lambda: setattr(search, "value", "number 77"))
        return {**taken, "runs": len(found), "page MB": len(page) / 1e6}


def _inside(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _inside(child)


def main() -> None:
    job, rest = sys.argv[1], sys.argv[4:]
    figures: Any
    if job == "calls":
        figures = calls(int(rest[0]))
    elif job == "budget":
        figures = budget(int(rest[0]))
    elif job == "waits":
        figures = waits(json.loads(rest[0]))
    elif job == "set":
        figures = image_set(int(rest[0]), rest[1])
    elif job == "sweep":
        figures = sweep(int(rest[0]))
    elif job == "person":
        figures = person(rest[0], int(rest[1]), rest[2])
    else:
        figures = show() if job == "show" else runs()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
