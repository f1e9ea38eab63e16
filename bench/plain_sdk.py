"""What a plain script with the official SDK does: threads, wait, save; pictures that are there already are left out.

python bench/plain_sdk.py BASE_URL FOLDER COUNT THREADS [TRIES]

TRIES is how often a request that was refused as too fast is sent, a second apart.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BASE_URL, FOLDER, COUNT, THREADS = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
TRIES = int(sys.argv[5]) if sys.argv[5:] else 1
os.environ["DASHSCOPE_HTTP_BASE_URL"] = BASE_URL
os.environ["DASHSCOPE_API_KEY"] = "sk-mock"

from dashscope.aigc.image_generation import ImageGeneration  # noqa: E402  # it reads the environment when imported
from dashscope.api_entities.dashscope_response import Message  # noqa: E402


def make(number: int) -> str:
    place = FOLDER / f"{number}.png"
    if place.exists():
        return "there already"
    message = Message(role="user", content=[{"text": f"A boat, number {number}"}])
    for again in range(TRIES):
        if again:
            time.sleep(1)
        task = ImageGeneration.async_call(
            model="wan2.7-image-pro", messages=[message], n=1, size="768*768", seed=number, watermark=False
        )
        if task.status_code != 429:
            break
    if task.status_code != 200:
        return f"{task.status_code} {task.code}"
    done = ImageGeneration.wait(task)
    if done.status_code != 200 or done.output.task_status != "SUCCEEDED":
        return f"{done.status_code} {done.code or done.output.task_status}"
    link = done.output.choices[0]["message"]["content"][0]["image"]
    with urllib.request.urlopen(link) as answer:
        place.write_bytes(answer.read())
    return "saved"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(THREADS) as pool:
        for number, said in enumerate(pool.map(make, range(COUNT))):
            print(number, said, flush=True)


if __name__ == "__main__":
    main()
