"""What a plain script with the official SDK does. It runs where the SDK is installed and wannb is not.

python bench/plain_sdk.py calls BASE_URL FOLDER COUNT               create, query and fetch, one after another
python bench/plain_sdk.py waits BASE_URL FOLDER LANES               lanes of tasks side by side, the SDK's own wait
python bench/plain_sdk.py set BASE_URL FOLDER COUNT SIZE            the pictures of a set, saved one after another
python bench/plain_sdk.py sweep BASE_URL FOLDER COUNT THREADS [TRIES]   threads; what is there already is left out

LANES is JSON: the seconds of each task, lane by lane. TRIES is how often a request that was refused as too fast is
sent, a second apart. Prints its figures as JSON in the last line.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import memory

JOB, BASE_URL, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3])
REST = sys.argv[4:]
os.environ["DASHSCOPE_HTTP_BASE_URL"] = BASE_URL
os.environ["DASHSCOPE_API_KEY"] = "sk-mock"

from dashscope.aigc.image_generation import ImageGeneration  # noqa: E402  # it reads the environment when imported
from dashscope.api_entities.dashscope_response import Message  # noqa: E402

MODELS = ("wan2.7-image-pro", "wan2.7-image")


def create(prompt: str, model: str = MODELS[0], **options: Any) -> Any:
    message = Message(role="user", content=[{"text": prompt}])
    options = {"n": 1, "size": "1K", "watermark": False, **options}
    return ImageGeneration.async_call(model=model, messages=[message], **options)


def links(done: Any) -> list[str]:
    return [item["image"] for choice in done.output.choices for item in choice["message"]["content"]]


def fetch(link: str, place: Path) -> None:
    with urllib.request.urlopen(link) as answer:
        place.write_bytes(answer.read())


def calls(count: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {"create": [], "query": [], "fetch": [], "whole": []}
    for number in range(count + 1):
        began = time.perf_counter()
        task = create(f"A boat, number {number}", seed=number)
        created = time.perf_counter()
        done = ImageGeneration.fetch(task)
        queried = time.perf_counter()
        fetch(links(done)[0], FOLDER / f"{number}.png")
        fetched = time.perf_counter()
        if number:
            taken["create"].append(created - began)
            taken["query"].append(queried - created)
            taken["fetch"].append(fetched - queried)
            taken["whole"].append(fetched - began)
    return taken


def waits(lanes: list[list[float]]) -> list[tuple[str, float, float]]:
    def lane(number: int) -> list[tuple[str, float, float]]:
        found = []
        for seconds in lanes[number]:
            task = create(f"A boat for {seconds} s", MODELS[number % 2])
            done = ImageGeneration.wait(task)
            found.append((task.output.task_id, seconds, time.time()))
            fetch(links(done)[0], FOLDER / f"{task.output.task_id}.png")
        return found

    with ThreadPoolExecutor(len(lanes)) as pool:
        return [each for found in pool.map(lane, range(len(lanes))) for each in found]


def image_set(count: int, size: str) -> dict[str, float | None]:
    base = memory.megabytes("VmRSS")
    began = time.perf_counter()
    task = create("The same cat through the year", size=size, n=count, enable_sequential=True)
    for number, link in enumerate(links(ImageGeneration.wait(task))):
        fetch(link, FOLDER / f"{number}.png")
    return {"seconds": time.perf_counter() - began, "megabytes": memory.over(base)}


def sweep(count: int, threads: int, tries: int = 1) -> dict[str, int]:
    def make(number: int) -> str:
        place = FOLDER / f"{number}.png"
        if place.exists():
            return "there already"
        for again in range(tries):
            if again:
                time.sleep(1)
            task = create(f"A boat, number {number}", size="768*768", seed=number)
            if task.status_code != 429:
                break
        if task.status_code != 200:
            return f"{task.status_code} {task.code}"
        done = ImageGeneration.wait(task)
        if done.status_code != 200 or done.output.task_status != "SUCCEEDED":
            return f"{done.status_code} {done.code or done.output.task_status}"
        fetch(links(done)[0], place)
        return "saved"

    with ThreadPoolExecutor(threads) as pool:
        said = list(pool.map(make, range(count)))
    return {"arrived": len(said) - sum(word[0].isdigit() for word in said)}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    figures: Any
    if JOB == "calls":
        figures = calls(int(REST[0]))
    elif JOB == "waits":
        figures = waits(json.loads(REST[0]))
    elif JOB == "set":
        figures = image_set(int(REST[0]), REST[1])
    else:
        figures = sweep(*map(int, REST))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
