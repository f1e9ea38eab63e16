"""True recordings of the live service from a key: a small set of requests, priced before, scrubbed, and compared.

`wannb mock --record live --max-images 1` sends them in a fixed order, those that are free first, and then says where
the service's answers differ in shape from what wannb was built on. What is billed is an ordinary run of the folder of
runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wannb.client import Client, Via
from wannb.connection import connect
from wannb.errors import WannbError
from wannb.ledger import Task
from wannb.request import STANDARD, ImageRequest
from wannb.service import Pace, Service, price, wire
from wannb.text import count

if TYPE_CHECKING:
    from wannb.mock.server.exchange import Response

FOLDER = "wannb-live-recordings"
REPORT = "shapes.txt"
#: Seconds; a task of one small image takes less than a minute.
_PATIENCE = 600.0
_SMALL, _SEED = "768*768", 7
_NO_TASK = "00000000-0000-0000-0000-000000000000"
_API = "/api/v1"


@dataclass(frozen=True, kw_only=True)
class Paid:
    """One request that is billed: what it shows, and by which endpoint it goes."""

    title: str
    request: Callable[[], ImageRequest]
    images: int = 1
    via: Via = "task"


@dataclass(frozen=True, kw_only=True)
class Recorded(Service):
    """The live service as it is reached through the recorder; runs bear the name of the service itself."""

    through: Service

    @property
    def name(self) -> str:
        """The host behind the recorder."""
        return self.through.name


def asked(argv: Sequence[str]) -> bool:
    """Return whether the arguments of `wannb mock` are those of `--record live`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--record", nargs="?")
    return bool(parser.parse_known_args(list(argv))[0].record == "live")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `wannb mock --record live` to a parser."""
    parser.add_argument("--record", choices=["live"], required=True, help="for a folder of that name write ./live")
    parser.add_argument(
        "--max-images", type=int, default=1, metavar="N", help="the most images that may be billed (default: 1)"
    )
    parser.add_argument("--into", type=Path, default=Path(FOLDER), metavar="FOLDER", help=f"default: {FOLDER}")
    parser.add_argument("--yes", action="store_true", help="do not ask before money is spent")


def main(argv: Sequence[str]) -> int:
    """Run `wannb mock --record live` with its arguments and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="wannb mock",
        description="Make true recordings of the live service with your key, and compare them with the bundled ones.",
    )
    arguments(parser)
    return record_live(parser.parse_args(list(argv)))


def record_live(options: argparse.Namespace, *, pace: Pace | None = None) -> int:
    """Make the recordings and return the exit status: 0 done, 1 something went wrong or was declined, 2 not begun.

    Args:
        options: as `arguments` describes them.
        pace: how fast to go; the service's limits by default.
    """
    if options.max_images < 0:
        return _refuse(f"--max-images {options.max_images} is no number of images; 0 sends only what is free")
    try:
        with connect("live") as live:
            plan = [*_chosen(options.max_images)]
            _announce(live, plan, options)
            if not options.yes and plan:
                if not sys.stdin.isatty():
                    return _refuse("this costs money and there is no terminal to ask in; --yes says that it is meant")
                if input("Send them? [y/N] ").strip().lower() not in ("y", "yes"):
                    print("Nothing was sent.")
                    return 1
            return _Session(live, options, pace).run(plan)
    except (WannbError, ValueError, OSError) as error:
        return _refuse(str(error))
    except (KeyboardInterrupt, EOFError):
        print("\nStopped.", file=sys.stderr)
        return 1


def _refuse(reason: str) -> int:
    print(f"wannb: {reason}", file=sys.stderr)
    return 2


def _steps() -> tuple[Paid, ...]:
    """Return every request that is billed, the cheapest and most telling first."""

    def text(seed: int, **more: Any) -> ImageRequest:
        return ImageRequest(prompt="A small red house by the sea", model=STANDARD, size=_SMALL, seed=seed, **more)

    def edit(prompt: str, **more: Any) -> ImageRequest:
        return ImageRequest(prompt=prompt, images=_picture(), model=STANDARD, size=_SMALL, seed=_SEED, **more)

    two = "A small house by the sea. Image 1: at noon. Image 2: at night."
    return (
        Paid(title="text to image, as a task", request=lambda: text(_SEED)),
        Paid(title="text to image, synchronous", request=lambda: text(_SEED + 1), via="sync"),
        Paid(title="image editing, the picture sent inline", request=lambda: edit("Make it night")),
        Paid(
            title="an image set of two",
            request=lambda: text(_SEED).replace(prompt=two, n=2, enable_sequential=True),
            images=2,
        ),
        Paid(
            title="interactive editing, with one box",
            request=lambda: edit("Put a moon into the boxed place", bbox_list=[[[330, 30, 480, 180]]]),
        ),
        Paid(title="two single images of one text", request=lambda: text(_SEED + 2, n=2), images=2),
    )


def _chosen(most: int) -> Iterator[Paid]:
    """Yield those requests, in their order, that fit into so many images."""
    for step in _steps():
        if step.images <= most:
            most -= step.images
            yield step


def _announce(live: Client, plan: Sequence[Paid], options: argparse.Namespace) -> None:
    images = sum(step.images for step in plan)
    each = price(STANDARD, live.service.region)
    cost = f"{each.times(images)} (price of {each.as_of})" if each else "price unknown"
    print(f"To {live.service.name}, model {STANDARD}:")
    rule = ", a request that breaks a rule" if options.max_images else ""
    print(f"  free: the task list, an upload policy, a task that does not exist{rule}")
    for step in plan:
        print(f"  {count(step.images, 'image')}: {step.title}")
    print(f"At most {count(images, 'image')} and {cost if images else 'no cost'}.")
    if rule:
        print("A refused request is documented not to be billed; should it be taken, it counts as one of the images.")
    print(f"Recordings go to {str(options.into)!r}, without keys, links, ids or times; images to the folder of runs.")


class _Session:
    """One sitting: a recorder before the service, and a client that goes through it."""

    def __init__(self, live: Client, options: argparse.Namespace, pace: Pace | None) -> None:
        self._live = live
        self._folder: Path = options.into
        self._most: int = options.max_images
        self._pace = pace
        self._failed = False
        self._last_task: str | None = None

    def run(self, plan: Sequence[Paid]) -> int:
        """Send everything, and report whatever was seen, even if it was cut short."""
        from wannb import mock
        from wannb.mock.recordings.recorder import Recorder

        upstream = self._live.service.base_url
        with mock.record(self._folder, upstream, max_images=self._most, thorough=True) as server:
            recorder = server.handles
            assert isinstance(recorder, Recorder)
            assert recorder.quota
            assert recorder.survey
            self._server, self._recorder = server, recorder
            self._quota, self._survey = recorder.quota, recorder.survey
            try:
                with self._client() as client:
                    if self._free(client):
                        for step in plan:
                            self._pay(client, step)
                        self._after()
            finally:
                self._report()
        return 1 if self._failed else 0

    def _client(self) -> Client:
        service = self._live.service
        through = Recorded(
            kind="live",
            base_url=self._server.base_url,
            region=service.region,
            workspace=service.workspace,
            through=service,
        )
        client = Client(through, str(self._live._key), self._live.store, pace=self._pace)
        # The runs belong to the account that pays, so that `wannb rescue` brings home what a kill leaves behind.
        client._ledger.account.mark = self._live._ledger.account.mark
        return client

    # What costs nothing

    def _free(self, client: Client) -> bool:
        """Send what is free; return whether the key was accepted."""
        listed = self._ask("the task list", "list", "GET", "/tasks/?page_no=1&page_size=10")
        if listed.status in (401, 403):
            self._failed = True
            print("The key was not accepted; keys belong to one region. Nothing else was sent.", file=sys.stderr)
            return False
        self._ask("an upload policy", "policy", "GET", f"/uploads?action=getPolicy&model={STANDARD}")
        self._ask("a task that does not exist", "query UNKNOWN", "GET", f"/tasks/{_NO_TASK}")
        if self._quota.left > 0:
            # One image of a size below the least: should the service take it, no more than this one is billed.
            small = ImageRequest(prompt="A small red house by the sea", model=STANDARD, size="100*100", seed=_SEED)
            title = "a request that breaks a rule"
            answer = self._ask(title, "refusal", "POST", "/services/aigc/image-generation/generation", small)
            output = _json(answer).get("output")
            task_id = output.get("task_id") if isinstance(output, dict) else None
            if answer.status == 200 and isinstance(task_id, str):
                print("  The service took it: it is billed, and counts as one image.")
                self._finish(title, lambda: client.task(task_id))
        return True

    def _after(self) -> None:
        """Ask again what says more once there are tasks of our own."""
        if self._last_task:
            self._ask("a cancel that comes too late", "refusal", "POST", f"/tasks/{self._last_task}/cancel")
            self._ask("the task list once more", "list", "GET", "/tasks/?page_no=1&page_size=10")

    def _ask(self, title: str, kind: str, method: str, path: str, body: ImageRequest | None = None) -> Response:
        """Send one bare request, which the client itself would not send, and note whether the answer is of its kind."""
        from wannb.mock import Request

        headers = {"authorization": f"Bearer {self._live._key}", "host": urlsplit(self._server.url).netloc}
        if self._live.service.workspace:
            headers["x-dashscope-workspace"] = self._live.service.workspace
        content = b""
        if body is not None:
            headers |= {"content-type": "application/json", "x-dashscope-async": "enable"}
            content = json.dumps(wire.body(body, []), ensure_ascii=False).encode()
        response = self._recorder.handle(Request.make(method, _API + path, headers, content))
        if not self._survey.expect(title, kind):
            self._failed = self._failed or response.status >= 500
        code = _json(response).get("code")
        shown = self._recorder.scrubber.text(f"{code}") if code else ""
        print(f"  {title}: HTTP {response.status} {shown}".rstrip())
        return response

    # What is billed

    def _pay(self, client: Client, step: Paid) -> None:
        if self._quota.left < step.images:
            print(f"  {step.title}: left out, since the images that are left do not suffice")
            return
        request = step.request()
        if step.via == "sync":
            self._finish(step.title, lambda: client.run(request, fresh=True, via="sync"))
        else:
            self._finish(step.title, lambda: client.submit(request, fresh=True))

    def _finish(self, title: str, begin: Callable[[], Any]) -> None:
        try:
            made = begin()
            result = made.result(timeout=_PATIENCE) if isinstance(made, Task) else made
        except WannbError as error:
            self._failed = True
            print(f"  {title}: {error}")
            return
        self._last_task = result.task_id or self._last_task
        print(f"  {title}: {count(len(result), 'image')}, {result.cost or 'price unknown'}")

    def _report(self) -> None:
        text = self._survey.report()
        print(f"\n{text}")
        try:
            (self._folder / REPORT).write_text(text, encoding="utf-8")
        except OSError as error:
            self._recorder.troubles.append(f"{REPORT} could not be written: {error.strerror or error}")
        unknown = self._quota.under_way
        print(f"{count(self._quota.made, 'image')} made" + (f", {unknown} of unknown outcome" if unknown else "") + ".")
        for trouble in dict.fromkeys(self._recorder.troubles):
            self._failed = True
            print(trouble, file=sys.stderr)
        print(
            f"The recordings and this report ({REPORT}) are in {str(self._folder)!r}; read them before you share them."
        )


def _json(response: Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _picture() -> bytes:
    """Draw the picture that is edited: a house, so that nobody's own picture leaves the machine."""
    from io import BytesIO

    from PIL import Image, ImageDraw

    image = Image.new("RGB", (512, 512), (190, 215, 235))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 380, 512, 512), fill=(90, 140, 90))
    draw.rectangle((140, 240, 340, 420), fill=(200, 60, 50))
    draw.polygon(((120, 240), (360, 240), (240, 140)), fill=(90, 50, 40))
    draw.rectangle((215, 330, 265, 420), fill=(70, 40, 30))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
