"""The floor beneath every client: bare httpx, bare Pillow, no journal, no check, nothing shown.

python bench/plain_floor.py calls BASE_URL FOLDER COUNT     create, query and fetch, one after another
python bench/plain_floor.py set BASE_URL FOLDER COUNT SIZE  the pictures of a set, as fast as threads fetch them
python bench/plain_floor.py decode THREADS PICTURES...      open pictures to the last pixel

Prints its figures as JSON in the last line.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

CREATE = "/services/aigc/image-generation/generation"


def api() -> httpx.Client:
    return httpx.Client(headers={"Authorization": "Bearer sk-mock"}, timeout=60, trust_env=False)


def body(prompt: str, **parameters: Any) -> dict[str, Any]:
    return {
        "model": "wan2.7-image-pro",
        "input": {"messages": [{"role": "user", "content": [{"text": prompt}]}]},
        "parameters": {"size": "1K", "n": 1, "watermark": False, **parameters},
    }


def create(http: httpx.Client, base_url: str, order: dict[str, Any]) -> str:
    answer = http.post(base_url + CREATE, json=order, headers={"X-DashScope-Async": "enable"})
    return str(answer.raise_for_status().json()["output"]["task_id"])


def links(http: httpx.Client, base_url: str, task_id: str) -> list[str]:
    output = http.get(f"{base_url}/tasks/{task_id}").raise_for_status().json()["output"]
    assert output["task_status"] == "SUCCEEDED"
    return [item["image"] for choice in output["choices"] for item in choice["message"]["content"]]


def fetch(http: httpx.Client, link: str, path: Path) -> None:
    with http.stream("GET", link) as answer, path.open("wb") as file:
        for part in answer.raise_for_status().iter_raw():
            file.write(part)


def calls(base_url: str, folder: Path, count: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {"create": [], "query": [], "fetch": [], "whole": []}
    with api() as http, api() as files:
        for number in range(count + 1):
            began = time.perf_counter()
            task_id = create(http, base_url, body(f"A boat, number {number}", seed=number))
            created = time.perf_counter()
            found = links(http, base_url, task_id)
            queried = time.perf_counter()
            fetch(files, found[0], folder / f"{number}.png")
            fetched = time.perf_counter()
            if number:  # the first opens the connections
                taken["create"].append(created - began)
                taken["query"].append(queried - created)
                taken["fetch"].append(fetched - queried)
                taken["whole"].append(fetched - began)
    return taken


def image_set(base_url: str, folder: Path, count: int, size: str) -> dict[str, float]:
    with api() as http, api() as files:
        order = body("The same cat through the year", size=size, n=count, enable_sequential=True)
        found = links(http, base_url, create(http, base_url, order))
        began = time.perf_counter()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda each: fetch(files, each[1], folder / f"{each[0]}.png"), enumerate(found)))
        return {"seconds": time.perf_counter() - began}


def decode(threads: int, paths: list[Path]) -> dict[str, float]:
    def load(path: Path) -> None:
        with Image.open(path) as image:
            image.load()

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(load, paths))
    return {"seconds": time.perf_counter() - began}


def main() -> None:
    job, *rest = sys.argv[1:]
    figures: Any
    if job == "decode":
        figures = decode(int(rest[0]), [Path(path) for path in rest[1:]])
    else:
        base_url, folder, count = rest[0], Path(rest[1]), int(rest[2])
        folder.mkdir(parents=True, exist_ok=True)
        figures = calls(base_url, folder, count) if job == "calls" else image_set(base_url, folder, count, rest[3])
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
