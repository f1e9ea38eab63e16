"""Thirty people on one key: through `wannb class`, beside thirty who share the bare key; and a wall of 500 pictures.

python bench/classroom.py [--smoke]      in full about ten minutes; three people and a wall of 12 in the short form

Each person is a process of its own that asks for four pictures in one sweep, all at the same moment, from a mock server
that holds the service's limits. Its tasks last so long that the limits are what everybody waits for, and not this
machine. The wall needs Debian's chromium and playwright.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import memory
import psutil
import sides
from rows import Row, alone
from server import photograph, serve

import wannb
from wannb.classroom import Books, Caps
from wannb.display.previews import make_preview, preview_path
from wannb.mock.server.tasks import RUNNING

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from browser.session import ARGUMENTS, chromium, missing

KEY, PICTURES = "sk-the-teachers-0123456789", 4
#: Waits until the wall has every picture, and those that can be seen are drawn; gives the seconds since the page began.
DRAWN = """async count => {
  const frame = () => new Promise(requestAnimationFrame);
  for (;;) {
    const all = [...document.querySelectorAll('#pictures img')];
    const seen = all.filter(one => one.getBoundingClientRect().top < innerHeight);
    if (all.length === count && seen.length && seen.every(one => one.complete && one.naturalWidth)) break;
    await frame();
  }
  await frame(); await frame();
  return performance.now() / 1000;
}"""


@contextmanager
def opened(folder: Path, base_url: str, *options: object) -> Iterator[tuple[psutil.Process, str, list[str]]]:
    """Start `wannb class` in a folder; give its process, the address of the teacher's page, and the codes."""
    environment = sides.environment() | {"DASHSCOPE_API_KEY": KEY, "DASHSCOPE_HTTP_BASE_URL": base_url}
    command = [sys.executable, "-m", "wannb.commands.cli", "class", "--port", "0", *map(str, options)]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = ""
            assert process.stdout
            while "Ctrl-C" not in said:
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(f"the class did not begin: {said}")
                said += line
            [page] = re.findall(r"The teacher's page: (\S+)", said)
            yield psutil.Process(process.pid), page, re.findall(r"  ([A-Z0-9]{5}-[A-Z0-9]{5})$", said, re.M)
        finally:
            process.terminate()


def people(url: str, codes: list[str], folder: Path, seconds: float) -> list[dict[str, float]]:
    """Let one process for each code ask for its pictures at the same moment; return what became of each."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    sides.command("wannb", "person", url, folder / str(number), code, PICTURES, seconds),
                    env=sides.environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number, code in enumerate(codes)
        ]
        for process in processes:
            assert process.stdout
            process.stdout.readline()  # it is ready
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        return [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]


def told(found: list[dict[str, float]], server: Any, limit: float) -> tuple[str, bool]:
    """Return what became of a class, and whether all came, as fairly and as soon as it should."""
    took = [each["seconds"] for each in found]
    arrived, wanted = sum(int(each["arrived"]) for each in found), len(found) * PICTURES
    refused = sum(entry.status == 429 for entry in server.log)
    fair = max(took) / min(took)
    text = (
        f"{max(took) / limit:.3f}x, {arrived:.0f} of {wanted} arrived, {server.billed} billed, {refused} refusals, "
        f"fastest person {min(took):.1f} s, slowest {max(took):.1f} s ({fair:.2f})"
    )
    return text, arrived == wanted == server.billed and fair <= 1.3 and max(took) <= 1.05 * limit


def beside(count: int, seconds: float) -> list[Row]:
    limit = -(-count * PICTURES // RUNNING) * seconds
    picture = photograph(256)
    with tempfile.TemporaryDirectory() as folder:
        with serve(picture, limits=True) as server:
            bare, _ = told(people(server.base_url, [KEY] * count, Path(folder), seconds), server, limit)
        place = Path(folder, "class")
        place.mkdir()
        options = ("--people", count, "--images", PICTURES)
        with serve(picture, limits=True) as server, opened(place, server.base_url, *options) as (process, page, codes):
            before, began = process.cpu_times(), time.monotonic()
            address = page.replace("/teacher", "/api/v1").partition("?")[0]
            through, held = told(people(address, codes, place, seconds), server, limit)
            after = process.cpu_times()
            busy = (after.user + after.system - before.user - before.system) / (time.monotonic() - began)
            most = memory.megabytes("VmHWM", process.pid)
    return [
        Row(
            what=f"{count} processes of {PICTURES} pictures each; the limits' own time is {limit:g} s",
            aim="all arrive, slowest over fastest at most 1.3, within 5 %",
            measured=through,
            sdk=f"the bare key, by wannb: {bare}",
            held=held,
        ),
        Row(
            what="the gateway meanwhile: memory at most, share of a core",
            measured=f"{most or 0:.0f} MB, {busy:.0%}",
        ),
    ]


def wall(count: int, side: int) -> Row:
    """Open the teacher's page of a class that has so many pictures, and was just started again."""
    if reason := missing():
        return Row(what=f"the teacher's wall with {count} pictures", measured=reason)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, serve(photograph(side)) as server:
        folder = Path(name)
        with wannb.connect("mock", base_url=server.base_url, store=folder / "wannb-class" / "runs") as client:
            run = client.store.get(client.generate("a harbour at dawn", size="1K").run_id)
        books = Books(folder / "wannb-class" / "class.sqlite")
        fill(books, run, count)
        books.close()
        with opened(folder, server.base_url) as (_, page, _codes), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            seen = browser.new_page(viewport={"width": 1366, "height": 768})
            seen.goto(page)
            took = seen.evaluate(DRAWN, count)
            browser.close()
    return Row(
        what=f"the teacher's wall with {count} pictures of {side} pixels, from the address to all that can be seen",
        aim="under 2 s",
        measured=f"{took:.2f} s",
        held=took < 2,
    )


def fill(books: Books, run: Any, count: int) -> None:
    """Write `count` pictures into the books, as many requests of thirty people have made them."""
    everybody = [books.add(f"person {number}", most=count) for number in range(30)]
    [image] = run.images
    make_preview(image)  # as the gateway does when a picture comes
    for number in range(count):
        person = everybody[number % len(everybody)]
        ask, _ = books.ask(
            person,
            again=str(number),
            model="wan2.7-image",
            most=1,
            price=Decimal("0.03"),
            caps=Caps(),
            run=lambda: str(run.id),
        )
        file = image.with_name(f"{number}.png")
        file.hardlink_to(image)
        preview_path(file).hardlink_to(preview_path(image))
        books.end(ask.id, "SUCCEEDED", pictures={f"{number:032x}.png": str(file)})


def measure(smoke: bool) -> list[Row]:
    count, seconds, pictures, side = (3, 0.2, 12, 256) if smoke else (30, 10.0, 500, 2048)
    return [*beside(count, seconds), wall(pictures, side)]


if __name__ == "__main__":
    alone(measure, __doc__)
