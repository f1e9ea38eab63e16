"""True recordings of the live service with a key: a table of requests, priced first, scrubbed, and compared.

`wannb mock --record live --max-images 1` sends them in order, the free ones first, and then says where the service's
answers differ in shape from the ones wannb was built on. What is billed is an ordinary run in the runs folder.
"""

from __future__ import annotations

import argparse
import io
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from wannb.client import Client, Via
from wannb.connection import connect
from wannb.errors import WannbError
from wannb.ledger import Task
from wannb.request import STANDARD, ImageRequest
from wannb.runs import ENDED
from wannb.service import Pace, find_key, price, wire
from wannb.translation import count

if TYPE_CHECKING:
    from wannb.runs import Result

FOLDER = "wannb-live-recordings"
REPORT = "shapes.txt"
#: Seconds; a task of one small image takes less than a minute.
_PATIENCE = 600.0
_HOUSE: Mapping[str, Any] = {"prompt": "A small red house by the sea", "model": STANDARD, "size": "768*768", "seed": 7}
_SET = {"prompt": "A small house by the sea. Image 1: at noon. Image 2: at night.", "n": 2, "enable_sequential": True}
_BOX = {"prompt": "Put a moon into the boxed place", "bbox_list": [[[330, 30, 480, 180]]]}


class Paid(NamedTuple):
    """One request that is billed, as changes of `_HOUSE`; an edit sends a drawn picture."""

    title: str
    changes: Mapping[str, Any]
    edit: bool = False
    via: Via = "task"

    @property
    def images(self) -> int:
        """The most images it can make."""
        return int(self.changes.get("n", 1))

    def request(self) -> ImageRequest:
        """Return the request."""
        return ImageRequest(**{**_HOUSE, **({"images": _picture()} if self.edit else {}), **self.changes})


#: The cheapest and most informative first.
_PAID = (
    Paid("text to image, as a task", {}),
    Paid("text to image, synchronous", {"seed": 8}, via="sync"),
    Paid("image editing, the picture sent inline", {"prompt": "Make it night"}, edit=True),
    Paid("an image set of two", _SET),
    Paid("interactive editing, with one box", _BOX, edit=True),
    Paid("two single images of one text", {"seed": 9, "n": 2}),
)


def asked(argv: Sequence[str]) -> bool:
    """Return whether the arguments of `wannb mock` are those of `--record live`."""
    return "--record=live" in argv or ("--record", "live") in pairwise(argv)


def main(argv: Sequence[str]) -> int:
    """Run `wannb mock --record live` with its arguments and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="wannb mock",
        description="Make true recordings of the live service with your key, and compare them with the bundled ones.",
    )
    parser.add_argument("--record", choices=["live"], required=True, help="for a folder of that name write ./live")
    parser.add_argument(
        "--max-images", type=int, default=1, metavar="N", help="the most images that may be billed (default: 1)"
    )
    parser.add_argument("--into", type=Path, default=Path(FOLDER), metavar="FOLDER", help=f"default: {FOLDER}")
    parser.add_argument("--yes", action="store_true", help="do not ask before money is spent")
    options = parser.parse_args(list(argv))
    return record_live(options.max_images, options.into, yes=options.yes)


def record_live(most: int, folder: Path, *, yes: bool = False, pace: Pace | None = None) -> int:
    """Make the recordings and return the exit status: 0 done, 1 it failed or was declined, 2 not begun.

    At most `most` images may be billed, 0 sends only what is free; `yes` does not ask before money is spent.
    """
    if most < 0:
        return _refuse(f"--max-images {most} is not a number of images; 0 sends only what is free")
    try:
        with connect("live") as live:
            plan = chosen(most)
            _announce(live, plan, most, folder)
            if not yes and plan:
                if not sys.stdin.isatty():
                    return _refuse("this costs money and there is no terminal to ask in; --yes agrees in advance")
                if input("Send them? [y/N] ").strip().lower() not in ("y", "yes"):
                    print("Nothing was sent.")
                    return 1
            return _record(live, plan, most, folder, pace)
    except (WannbError, ValueError, OSError) as error:
        return _refuse(str(error))
    except (KeyboardInterrupt, EOFError):
        print("\nStopped.", file=sys.stderr)
        return 1


def _leave(live: Client) -> None:
    """Say where the runs are that an interrupt leaves behind, and how their images are fetched."""
    store = str(live.store.root)
    print(f"\nWhat was sent is in {store!r}; its images are paid for within 24 hours of the run:", file=sys.stderr)
    print(f"  wannb rescue --store {shlex.quote(store)}", file=sys.stderr)
    print("A task that is in no run stands in client.task_list().", file=sys.stderr)
    if any(run.record.via == "sync" for run in live.store.newest() if run.state not in ENDED):
        print("A synchronous call that was cut off may be billed, and nothing can fetch its image.", file=sys.stderr)


def _refuse(reason: str) -> int:
    print(f"wannb: {reason}", file=sys.stderr)
    return 2


def chosen(most: int) -> list[Paid]:
    """Return the requests, in their order, that fit into a number of images."""
    plan = []
    for step in _PAID:
        if step.images <= most:
            most -= step.images
            plan.append(step)
    return plan


def _announce(live: Client, plan: Sequence[Paid], most: int, folder: Path) -> None:
    images = sum(step.images for step in plan)
    each = price(STANDARD, live.service.region)
    cost = f"{each.times(images)} (price of {each.as_of})" if each else "price unknown"
    print(f"To {live.service.host}, model {STANDARD}:")
    rule = ", a request that breaks a rule" if most else ""
    print(f"  free: the task list, an upload policy, a task that does not exist{rule}")
    for step in plan:
        print(f"  {count(step.images, 'image')}: {step.title}")
    print(f"At most {count(images, 'image')} and {cost if images else 'no cost'}.")
    if most:
        print("A refused request is documented as not billed; if it is accepted, it counts as one of the images.")
    print(f"Recordings go to {str(folder)!r}, without keys, links, ids or times; images to the runs folder.")


def _record(live: Client, plan: Sequence[Paid], most: int, folder: Path, pace: Pace | None) -> int:
    """Send everything, and report on whatever was seen, even if it was cut short."""
    from wannb import mock
    from wannb.mock.recordings.recorder import Recorder
    from wannb.mock.recordings.survey import Survey

    found = find_key()
    assert found, "connect() has found one"
    with mock.record(folder, live.service.base_url, max_images=most, thorough=True) as server:
        headers = {"authorization": f"Bearer {found[0]}", "host": urlsplit(server.url).netloc}
        if live.service.workspace:
            headers["x-dashscope-workspace"] = live.service.workspace
        assert isinstance(server.handles, Recorder)
        survey = Survey(server.handles, headers, WannbError)
        # Its runs belong to the live account, so that `wannb rescue` finishes what an interruption leaves behind.
        client = Client(replace(live.service, through=server.base_url), found[0], live.store, pace=pace)
        broken = wire.body(ImageRequest(**{**_HOUSE, "size": "100*100"}), [])
        steps = [(step.title, step.images, partial(_send, client, step)) for step in plan]
        try:
            with client:
                survey.run(STANDARD, broken, lambda task_id: _finished(client.task(task_id)), steps)
        except KeyboardInterrupt:
            _leave(live)
            raise
        finally:
            survey.report(folder / REPORT)
    return int(survey.failed)


def _send(client: Client, step: Paid) -> tuple[str, str | None]:
    request = step.request()
    if step.via == "sync":
        return _finished(client.run(request, fresh=True, via="sync"))
    return _finished(client.submit(request, fresh=True))


def _finished(made: Task | Result) -> tuple[str, str | None]:
    """Wait for a task, and return what came of it and its id."""
    result = made.result(timeout=_PATIENCE) if isinstance(made, Task) else made
    return f"{count(len(result), 'image')}, {result.cost or 'price unknown'}", result.task_id


def _picture() -> bytes:
    """Draw the picture that is edited: a house, so that no picture of the user's leaves the machine."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (512, 512), (190, 215, 235))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 380, 512, 512), fill=(90, 140, 90))
    draw.rectangle((140, 240, 340, 420), fill=(200, 60, 50))
    draw.polygon(((120, 240), (360, 240), (240, 140)), fill=(90, 50, 40))
    draw.rectangle((215, 330, 265, 420), fill=(70, 40, 30))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
