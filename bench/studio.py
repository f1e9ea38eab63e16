"""The Studio alone (`wannb studio`) in a browser: its first load, a first visit to each tab, a key press in each field.

python bench/studio.py [--smoke]     with 200 runs and a board of 24 scenes; 3 and 2 in the short form

It needs Debian's chromium and playwright. A key press is answered when the page has painted, and when Python's last
message about it has come.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sides
from many_runs import fill
from rows import Row, alone, milliseconds
from server import photograph, serve

import wannb

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from browser.session import ARGUMENTS, chromium, missing

#: Clicks a tab and waits for two frames; gives what that took.
VISIT = """async number => {
  const tab = document.querySelectorAll('.wannb-studio > .widget-tab > .lm-TabBar [role=tab]')[number];
  const shown = '.wannb-studio > .widget-tab .widget-tab-contents > :not(.lm-mod-hidden) > .wannb-form .wannb-heading';
  const open = tab.ariaSelected === 'true' ? null : document.querySelector(shown);
  const { x, y } = tab.getBoundingClientRect(), at = { bubbles: true, button: 0, clientX: x + 5, clientY: y + 5 };
  const began = performance.now(), frame = () => new Promise(requestAnimationFrame);
  for (const kind of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) {
    tab.dispatchEvent(new (kind[0] === 'p' ? PointerEvent : MouseEvent)(kind, at));
  }
  while ([null, open].includes(document.querySelector(shown))) await frame();
  await frame(); await frame();
  return (performance.now() - began) / 1000;
}"""
#: Waits until a key that is pressed meanwhile is painted; gives what that took.
PAINTED = """one => { window.painted = new Promise(done => one.addEventListener('keydown', () => {
  const began = performance.now();
  requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - began) / 1000)));
}, { once: true, capture: true })); }"""
FIELDS = ".wannb-studio > .widget-tab > .widget-tab-contents > :not(.lm-mod-hidden) > .wannb-form "
FIELDS = f"{FIELDS}input[type=text]:visible, {FIELDS}textarea:visible"
#: Milliseconds without a message after which an answer is whole.
QUIET = 300


class Wire:
    """What comes over the network: bytes of files, and the times of messages."""

    def __init__(self, page: Any) -> None:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        self.files, self.messages = 0, Counter[str]()
        self.sent = self.came = 0.0
        session.on("Network.loadingFinished", lambda event: self._file(event["encodedDataLength"]))
        session.on("Network.webSocketFrameSent", lambda event: self._message("sent", event["timestamp"]))
        session.on("Network.webSocketFrameReceived", lambda event: self._message("came", event["timestamp"]))

    def _file(self, size: float) -> None:
        self.files += int(size)

    def _message(self, which: str, at: float) -> None:
        self.messages[which] += 1
        if which == "came" or not self.sent:
            setattr(self, which, at)

    def answer(self, page: Any) -> float:
        """Return the seconds from the first message sent to the last that came; 0 when nothing was sent."""
        before = -1
        while before != self.messages.total():
            before = self.messages.total()
            page.wait_for_timeout(QUIET)
        return max(0.0, self.came - self.sent) if self.sent else 0.0


@contextmanager
def served(folder: Path, base_url: str) -> Iterator[str]:
    """Start `wannb studio` in a folder and give its address."""
    environment = sides.environment() | {"WANNB_MODE": "mock", "DASHSCOPE_HTTP_BASE_URL": base_url}
    command = [sys.executable, "-m", "wannb.commands.cli", "studio", "--no-browser", "--port", "0"]
    with (
        (folder / "said").open("w+") as said,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said) as process,
    ):
        try:
            while not (found := re.search(r"http://127\S+token=\w+", (folder / "said").read_text())):
                if process.poll() is not None:
                    raise RuntimeError((folder / "said").read_text())
                time.sleep(0.05)
            yield found[0]
        finally:
            process.terminate()


def prepared(folder: Path, runs: int, scenes: int, base_url: str) -> None:
    """Fill a runs folder with runs and one board."""
    store = folder / "wannb-runs"
    with wannb.connect("mock", base_url=base_url, store=folder / "one") as client:
        client.generate("a harbour at dawn", size="1K", seed=7)
        store.mkdir()
        fill(store, client.runs()[0], runs)
    with wannb.connect("mock", base_url=base_url, store=store) as client:
        wannb.Storyboard(client, [f"a boat, {number}" for number in range(scenes)], size="1K").run()


def pressed(page: Any, wire: Wire, most: int | None) -> dict[str, tuple[float, float]]:
    """Press a key in each field that is shown; return how long each took to paint, and to be answered."""
    found = {}
    fields = page.locator(FIELDS)
    for number in range(min(fields.count(), most or 1000)):
        field = fields.nth(number)
        name = field.evaluate("one => one.ariaLabel || one.labels?.[0]?.textContent || one.placeholder")
        field.focus()
        wire.answer(page)
        field.evaluate(PAINTED)
        wire.sent = 0.0
        page.keyboard.press("End")
        page.keyboard.press("7")
        paint = page.evaluate("window.painted")
        found[f"{name} {number}"] = paint, wire.answer(page)
    return found


def measure(smoke: bool) -> list[Row]:
    if lacking := missing():
        return [Row(what="the Studio in a browser", measured=f"not measured: {lacking}")]
    from playwright.sync_api import sync_playwright

    runs, scenes, fields = (3, 2, 2) if smoke else (200, 24, None)
    keys: dict[str, tuple[float, float]] = {}
    with (
        tempfile.TemporaryDirectory() as place,
        serve(photograph(256 if smoke else 1024)) as server,
        sync_playwright() as playwright,
    ):
        folder = Path(place)
        prepared(folder, runs, scenes, server.base_url)
        with served(folder, server.base_url) as url:
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            page = browser.new_context().new_page()
            wire = Wire(page)
            began = time.perf_counter()
            page.goto(url)
            page.locator(".wannb-texttoimageform .wannb-go").wait_for()
            usable = time.perf_counter() - began
            loaded = wire.files
            at_once = page.evaluate(VISIT, 1)
            tabs = page.locator(".wannb-studio > .widget-tab > .lm-TabBar [role=tab]").count()
            page.locator(".wannb-historyform").wait_for(state="attached")
            wire.answer(page)
            made = dict(wire.messages)
            visits = [page.evaluate(VISIT, number) for number in range(2, tabs)]
            for number in range(tabs) if not smoke else (0,):
                page.evaluate(VISIT, number)
                keys |= pressed(page, wire, fields)
            browser.close()
    slow = max(keys, key=lambda name: sum(keys[name])).rpartition(" ")[0]
    return [
        Row(
            what="the Studio's page at its first load",
            aim="under 3 MB",
            measured=f"{loaded / 1e6:.2f} MB of files, {made['came']} messages until all tabs are made",
            held=loaded < 3e6,
        ),
        Row(
            what="the Studio from its address to the button",
            aim="under 4 s",
            measured=milliseconds(usable),
            held=usable < 4,
        ),
        Row(what="a tab at once, before it was made ahead", measured=milliseconds(at_once)),
        Row(
            what=f"a first visit to a tab, {runs} runs and a board of {scenes} scenes",
            aim="under 300 ms",
            measured=f"{milliseconds(max(visits))} at most",
            held=max(visits) < 0.3,
        ),
        Row(
            what=f"a key press, of {len(keys)} fields",
            aim="under 100 ms",
            measured=f"painted after {milliseconds(max(paint for paint, _ in keys.values()))} at most, answered by "
            f"Python after {milliseconds(max(answer for _, answer in keys.values()))} at most (slowest: {slow})",
            held=max(max(each) for each in keys.values()) < 0.1,
        ),
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
