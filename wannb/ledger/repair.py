"""What a run's folder still tells when its record does not: the images that lie there, and which task it was.

Every PNG that was saved says of which run it is, the how-manieth of how many, and of which task. Beside the record lies
a copy of it from when the service took the request on. So a record that was damaged can be written anew.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from wannb import png
from wannb.errors import StoreError

from .record import FORMAT, fault
from .run import ANSWERED, COPY, DONE, ENDED, RUNNING, NewerFormat, Run, read, write_json

#: The keyword of the text chunk that carries the request.
CHUNK = "wannb"
_TASK = re.compile(rb'"task_id"\s*:\s*"([^"\\\x00-\x1f]{4,200})"')


def passport(run: Run, index: int, of: int) -> str:
    """Return what an image says of itself: the request, and which image of which run it is."""
    facts = {
        "wannb": 1,
        "request": run.record.get("request"),
        "image": index + 1,
        "of": of,
        "run": run.id,
        "task_id": run.task_id,
        "service": run.service,
        "created": run.created,
    }
    return json.dumps(facts, ensure_ascii=False)


def images_there(folder: Path) -> tuple[dict[int, dict[str, Any]], Mapping[str, Any]]:
    """Return the whole images of a run that lie in its folder, by their index, and what they say of the run."""
    found: dict[int, dict[str, Any]] = {}
    said: Mapping[str, Any] = {}
    for path in sorted(folder.glob("image-*.png")):
        with suppress(OSError, ValueError, RecursionError):
            data = path.read_bytes()
            text = png.read_text(data, CHUNK) or "null"
            facts = json.loads(text)
            if not isinstance(facts, Mapping) or facts.get("run") != folder.name:
                continue
            (width, height), came = png.check(data), data.replace(png.with_text(b"", CHUNK, text), b"", 1)
            image = {"index": facts["image"] - 1, "file": path.name, "sha256": hashlib.sha256(came).hexdigest()}
            image |= {"width": width, "height": height, "bytes": len(data)}
            if path.stem == f"image-{facts['image']}" and fault({"images": [image]}) is None:
                found[image["index"]], said = image, facts
    return found, said


def finish_from_disk(run: Run) -> bool:
    """End a run whose images all lie in its folder, though nobody wrote that down; the caller holds the run's lock."""
    found, said = images_there(run.folder)
    if run.state in ENDED or not found or set(found) != set(range(_count(said))):
        return False
    run.advance(ANSWERED, images=[found[index] for index in sorted(found)])
    run.advance(DONE)
    return True


def salvage(folder: Path, account: str) -> Run | None:
    """Write a damaged record anew from what else lies in the folder; None when that is not enough.

    The damaged file is kept beside it. The caller holds the run's lock.

    Args:
        folder: of the run.
        account: whose client asks, in case that only the images tell of the run and so nothing says whose it is.
    """
    try:
        return Run(folder, read(folder))  # mended meanwhile
    except NewerFormat:
        return None
    except StoreError:
        record = copied(folder) or _told_by_images(folder, account)
    if record is None:
        return None
    with suppress(OSError):
        (folder / "run.json").rename(folder / f"run-damaged-{secrets.token_hex(2)}.json")
    write_json(folder / "run.json", record)
    run = Run(folder, record)
    finish_from_disk(run)
    return run


def task_named(folder: Path) -> str | None:
    """Return the task id that what is left of a record names, None if there is none to be read."""
    for name in ("run.json", COPY):
        with suppress(OSError):
            with (folder / name).open("rb") as file:
                found = _TASK.findall(file.read(1024 * 1024))
            if found:
                return str(found[-1].decode(errors="replace"))
    return None


def copied(folder: Path) -> dict[str, Any] | None:
    """Return the record as it was when the service took the run on; None if that was not written down."""
    try:
        record = read(folder, COPY)
    except StoreError:
        return None
    return record if record.get("state") == RUNNING and record.get("task_id") else None


def _told_by_images(folder: Path, account: str) -> dict[str, Any] | None:
    """Return a record from what the images say; without a price, which they do not know."""
    _, said = images_there(folder)
    record = {"wannb": FORMAT, "state": RUNNING, "account": account, "fingerprint": "0" * 64}
    record |= {name: said[name] for name in ("request", "task_id", "service", "created") if name in said}
    if not said or fault(record) is not None:
        return None
    with suppress(ValueError):
        created = datetime.strptime(str(said.get("created")), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        record["last_sent_at"] = created.timestamp()
    with suppress(TypeError, ValueError):
        request = Run(folder, record).request
        if request:
            record["fingerprint"] = request.fingerprint
    return record


def _count(said: Mapping[str, Any]) -> int:
    of = said.get("of")
    return of if isinstance(of, int) and 0 < of < 1000 else 0
