"""Exercise the official SDK (dashscope) against a mock server: one line a check, exit status 1 on a failure.

Run by the interpreter that has the SDK, with the base URL as its argument:

    python -m wannb.mock --port 8765 &
    python tests/mock/sdk/check_sdk.py http://127.0.0.1:8765/api/v1

The server must accept any key and take about half a second for a task.
"""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BASE_URL = sys.argv[1]
os.environ["DASHSCOPE_HTTP_BASE_URL"] = BASE_URL
os.environ["DASHSCOPE_API_KEY"] = "sk-mock"

import dashscope  # noqa: E402  # it reads the environment when it is imported
from dashscope.aigc.image_generation import AioImageGeneration, ImageGeneration  # noqa: E402
from dashscope.api_entities.dashscope_response import Message  # noqa: E402
from dashscope.client.base_api import BaseApi  # noqa: E402

MODEL = "wan2.7-image-pro"
CAR = "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20251229/pjeqdf/car.webp"
PAINT = "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20251229/xsunlm/paint.webp"
CAT = "A cinematic image set of the same orange cat. First image: spring. Second image: summer."


def message(text: str, *images: str) -> list[Message]:
    return [Message(role="user", content=[{"text": text}, *({"image": image} for image in images)])]


def png(width: int, height: int) -> bytes:
    """Return a plain PNG, made by hand: the SDK's environment has no Pillow."""
    rows = (b"\0" + bytes((200, 90, 40)) * width) * height

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pictures(response: object) -> list[str]:
    output = response.output  # type: ignore[attr-defined]
    return [item["image"] for choice in output.choices for item in choice["message"]["content"]]


def expect(wanted: object, got: object) -> None:
    if wanted != got:
        raise AssertionError(f"expected {wanted!r}, got {got!r}")


def check_sync_edit() -> None:
    answer = ImageGeneration.call(
        model=MODEL, messages=message("Spray the graffiti of image 2 on image 1", CAR, PAINT), watermark=False, n=1
    )
    expect(200, answer.status_code)
    expect(1, len(pictures(answer)))
    expect(1, answer.usage.image_count)
    expect(True, answer.output.finished)


def check_sync_set() -> None:
    answer = ImageGeneration.call(model=MODEL, messages=message(CAT), enable_sequential=True, n=2, size="1K")
    expect(200, answer.status_code)
    expect(1, len(answer.output.choices))
    expect(2, len(pictures(answer)))


def check_download() -> None:
    answer = ImageGeneration.call(model=MODEL, messages=message("a cat"), n=1, size="1K", seed=7)
    with urllib.request.urlopen(pictures(answer)[0], timeout=30) as file:
        data = file.read()
    expect(b"\x89PNG", data[:4])
    expect((1024, 1024), struct.unpack(">II", data[16:24]))


def check_task_through_wait() -> None:
    task = ImageGeneration.async_call(
        model=MODEL, messages=message("Spray the graffiti", CAR, PAINT), watermark=False, n=1, size="2K"
    )
    expect(200, task.status_code)
    expect("PENDING", task.output.task_status)
    done = ImageGeneration.wait(task)
    expect("SUCCEEDED", done.output.task_status)
    expect(1, len(pictures(done)))


def check_task_listed() -> None:
    task = ImageGeneration.async_call(model="wan2.7-image", messages=message("listed"), n=1)
    listed = ImageGeneration.list(model_name="wan2.7-image", page_size=5)
    expect(200, listed.status_code)
    expect(task.output.task_id, listed.output["data"][0]["task_id"])


def check_cancel_pending() -> None:
    task = ImageGeneration.async_call(
        model=MODEL, messages=message("slow"), n=1, headers={"X-Wannb-Scenario": "slow queue"}
    )
    expect("PENDING", ImageGeneration.fetch(task).output.task_status)
    expect(200, ImageGeneration.cancel(task).status_code)
    expect("CANCELED", ImageGeneration.fetch(task).output.task_status)


def check_cancel_too_late() -> None:
    task = ImageGeneration.async_call(model=MODEL, messages=message("done"), n=1)
    ImageGeneration.wait(task)
    refused = ImageGeneration.cancel(task)
    expect((400, "UnsupportedOperation"), (refused.status_code, refused.code))


def check_local_files() -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder, "one.png")
        two = Path(folder, "two.png")
        one.write_bytes(png(400, 300))
        two.write_bytes(png(300, 400))
        answer = ImageGeneration.call(
            model=MODEL,
            messages=message("both", f"file://{one}", str(two)),
            n=1,
            size="1K",
            bbox_list=[[[0, 0, 9, 9]], []],
        )
    expect(200, answer.status_code)
    # The ratio is that of the last image, 3:4.
    expect("880*1184", answer.usage.size)


def check_same_name_uploaded_twice() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a", "b"):
            Path(folder, name).mkdir()
            Path(folder, name, "same.png").write_bytes(png(300, 300))
        files = [f"file://{folder}/{name}/same.png" for name in ("a", "b")]
        try:
            ImageGeneration.call(model=MODEL, messages=message("clash", *files), n=1)
        except Exception as refused:
            expect(True, "FileAlreadyExists" in str(refused))
        else:
            raise AssertionError("the second file of the same name was taken")


def check_wrong_key() -> None:
    answer = ImageGeneration.call(model=MODEL, messages=message("x"), n=1, api_key="sk-wrong-region")
    expect((401, "InvalidApiKey"), (answer.status_code, answer.code))


def check_wrong_model() -> None:
    answer = ImageGeneration.call(model="wan9.9-image", messages=message("x"), n=1)
    expect((404, "ModelNotFound"), (answer.status_code, answer.code))


def check_n_out_of_range() -> None:
    answer = ImageGeneration.call(model=MODEL, messages=message("x"), n=5)
    expect((400, "InvalidParameter"), (answer.status_code, answer.code))
    expect(True, "Range of n should be [1, 4]" in answer.message)


def check_unknown_task() -> None:
    answer = ImageGeneration.wait("00000000-0000-4000-8000-000000000000")
    expect((200, "UNKNOWN"), (answer.status_code, answer.output.task_status))


def check_failed_task() -> None:
    task = ImageGeneration.async_call(
        model=MODEL, messages=message("fails"), n=1, headers={"X-Wannb-Scenario": "failed task"}
    )
    done = ImageGeneration.wait(task)
    expect((200, "FAILED"), (done.status_code, done.output.task_status))
    expect("InternalError.Algo", done.output["code"])


def check_asynchronous_route_without_its_header() -> None:
    sent = {"messages": [{"role": "user", "content": [{"text": "x"}]}]}
    for headers in ({"X-DashScope-Async": "disable"}, {}):
        answer = BaseApi.call(
            model=MODEL, input=sent, task_group="aigc", task="image-generation", function="generation", headers=headers
        )
        expect((403, "AccessDenied"), (answer.status_code, answer.code))
        expect("current user api does not support synchronous calls.", answer.message)


def under(scenario: str, n: int = 1) -> object:
    return ImageGeneration.async_call(
        model=MODEL, messages=message(scenario), n=n, size="1K", headers={"X-Wannb-Scenario": scenario}
    )


def check_partly_refused() -> None:
    done = ImageGeneration.wait(under("partly refused", n=3))
    expect(("SUCCEEDED", 2), (done.output.task_status, len(pictures(done))))
    expect({"TOTAL": 3, "SUCCEEDED": 2, "FAILED": 1}, done.output["task_metrics"])


def check_queue_full_once() -> None:
    expect((429, "Throttling.Concurrency"), ((refused := under("queue full")).status_code, refused.code))
    expect(200, under("queue full").status_code)


def check_young_and_unknown() -> None:
    # The SDK takes a young task for one that has ended: it does not wait for what is UNKNOWN.
    task = under("young and unknown")
    expect("UNKNOWN", ImageGeneration.wait(task).output.task_status)
    time.sleep(2)
    expect("SUCCEEDED", ImageGeneration.wait(task).output.task_status)


def check_pages_in_between() -> None:
    for status in (429, 502, 503):
        expect(status, under(f"page with {status}").status_code)
    expect(502, under("page after accept").status_code)


def check_strangers_are_listed() -> None:
    mine = under("strangers").output.task_id
    rows = ImageGeneration.list(page_size=50).output["data"]
    [made] = [row["gmt_create"] for row in rows if row["task_id"] == mine]
    expect(True, len([row for row in rows if abs(row["gmt_create"] - made) < 1000]) >= 2)


def check_asynchronous() -> None:
    async def everything() -> None:
        answer = await AioImageGeneration.call(model=MODEL, messages=message("aio"), n=1, size="1K")
        expect(200, answer.status_code)
        expect(1, len(pictures(answer)))
        task = await AioImageGeneration.async_call(model=MODEL, messages=message("aio task"), n=2)
        expect(200, task.status_code)
        expect(200, (await AioImageGeneration.fetch(task)).status_code)
        done = await AioImageGeneration.wait(task)
        expect("SUCCEEDED", done.output.task_status)
        expect(2, len(pictures(done)))
        listed = await AioImageGeneration.list(page_size=1)
        expect(200, listed.status_code)
        refused = await AioImageGeneration.cancel(task)
        expect((400, "UnsupportedOperation"), (refused.status_code, refused.code))

    asyncio.run(everything())


def command(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dashscope.cli", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(arguments[:2])} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def check_command_line_create_and_upload() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "cli.png")
        file.write_bytes(png(320, 320))
        made = command(
            "image-generation", "create", "-m", MODEL, "-t", "a cat", "--image", str(file), "-n", "1", "--size", "1K"
        )
        expect(True, "image_count" in made)
        uploaded = command("oss", "upload", "-f", str(file), "-m", MODEL)
    expect(True, "oss://dashscope-instant/" in uploaded)


def check_command_line_tasks() -> None:
    task = ImageGeneration.async_call(model=MODEL, messages=message("cli"), n=1)
    expect(True, "SUCCEEDED" in command("image-generation", "wait", task.output.task_id))
    expect(True, task.output.task_id in command("image-generation", "list", "--size", "50"))


# The last ones first, since they take longest.
CHECKS = [check for name, check in reversed(list(globals().items())) if name.startswith("check_")]


def main() -> int:
    print(f"dashscope {dashscope.version.__version__} against {BASE_URL}")
    # Side by side: most of a check is the SDK's own waiting between two queries.
    with ThreadPoolExecutor(max_workers=6) as pool:
        lines = list(pool.map(outcome, CHECKS))
    print("\n".join(lines))
    return 1 if any(line.startswith("FAILED") for line in lines) else 0


def outcome(check: Callable[[], None]) -> str:
    name = check.__name__.removeprefix("check_").replace("_", " ")
    try:
        check()
    except Exception as trouble:
        last = traceback.extract_tb(trouble.__traceback__)[-1]
        return f"FAILED {name}: {type(trouble).__name__}: {trouble} (line {last.lineno})"
    return f"ok {name}"


if __name__ == "__main__":
    sys.exit(main())
