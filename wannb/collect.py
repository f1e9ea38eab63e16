"""From the service's final answer to files on disk: fetch at once, check, put the request in, rename into place."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import png, wire
from .errors import ApiError, ContentRefused, DownloadFailed, LinkExpired, MalformedAnswer, StoreError
from .previews import make_preview
from .result import count
from .run import ANSWERED, DONE, FAILED, Run, write
from .transport import Transport

#: The keyword of the text chunk that carries the request.
CHUNK = "wannb"
_AT_ONCE = 4


def collect(run: Run, answer: wire.Answer, transport: Transport) -> None:
    """Save every image of a succeeded answer; the caller holds the run's lock.

    Images that an earlier try saved are kept. Links that have died are asked for once more.

    Raises:
        DownloadFailed: an image did not arrive whole; those that did are kept, and `client.rescue()` fetches the rest.
        ContentRefused: every image was refused.
    """
    if not answer.links:
        if answer.refused and not answer.usage.get("image_count"):
            run.advance(FAILED, error={"code": "ContentRefused", "message": "; ".join(answer.refused)})
            raise ContentRefused("ContentRefused", "; ".join(answer.refused), status=200, task_id=run.task_id)
        raise MalformedAnswer("MalformedAnswer", "a finished task without images", status=200, task_id=run.task_id)
    run.advance(ANSWERED, usage=dict(answer.usage), times=dict(answer.times), notices=_notices(run, answer))
    try:
        _save_all(run, answer.links, transport)
    except LinkExpired:
        try:
            again = transport.query(run.task_id) if run.task_id else answer
        except ApiError as error:
            raise DownloadFailed(
                f"the links of run {run.id} are dead, and the service gives no new ones now: {error.code}. Its images "
                "are paid for: client.rescue() asks again, within 24 hours of the run",
                task_id=run.task_id,
            ) from error
        if again is answer or again.status != wire.SUCCEEDED or len(again.links) < len(answer.links):
            raise
        _save_all(run, again.links, transport)
    run.advance(DONE)


def _save_all(run: Run, links: Sequence[str], transport: Transport) -> None:
    saved: list[dict[str, Any] | None] = [None] * len(links)
    for image in run.record.get("images") or ():
        if image["index"] < len(saved) and (run.folder / image["file"]).is_file():
            saved[image["index"]] = image
    writing = threading.Lock()

    def save(index: int) -> None:
        image = _save(run, index, len(links), links[index], transport)
        with writing:
            saved[index] = image
            run.advance(ANSWERED, images=[each for each in saved if each])

    missing = [index for index, image in enumerate(saved) if image is None]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            errors = [future.exception() for future in [pool.submit(save, index) for index in missing]]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    failed = [error for error in errors if error]
    if not failed:
        return
    for error in failed:
        if not isinstance(error, (DownloadFailed, StoreError)) or isinstance(error, LinkExpired):
            raise error
    have = len(links) - len(failed)
    until = "within 24 hours of the run" if run.task_id else "in this session, since a synchronous call has no task id"
    raise DownloadFailed(
        f"{have} of {count(len(links), 'image')} are saved in {str(run.folder)!r}. {failed[0]}. They are paid for: "
        f"client.rescue() fetches the rest, {until}",
        task_id=run.task_id,
    ) from failed[0]


def _save(run: Run, index: int, of: int, link: str, transport: Transport) -> dict[str, Any]:
    temporary = run.folder / f".image-{index + 1}.{secrets.token_hex(4)}.part"
    try:
        suffix, (width, height) = transport.files.download(link, temporary, check=_checked)
        data = temporary.read_bytes()
    finally:
        temporary.unlink(missing_ok=True)
    sha256 = hashlib.sha256(data).hexdigest()
    if suffix == ".png":
        data = png.with_text(data, CHUNK, _passport(run, index, of))
    name = f"image-{index + 1}{suffix}"
    write(run.folder / name, data)
    with suppress(Exception):  # made again when it is shown; no reason to lose a paid image
        make_preview(run.folder / name)
    return {"index": index, "file": name, "sha256": sha256, "width": width, "height": height, "bytes": len(data)}


def _checked(path: Path) -> tuple[str, tuple[int, int]]:
    """Return the suffix and size of a whole image file; `ValueError` if it is cut or damaged."""
    data = path.read_bytes()
    if png.is_png(data):
        return ".png", png.check(data)
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            image.load()
            kind = image.format or ""
            return {"JPEG": ".jpg", "WEBP": ".webp"}.get(kind, f".{kind.lower()}"), image.size
    except UnidentifiedImageError:
        raise ValueError("as something that is no picture") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"damaged: {error}") from error


def _passport(run: Run, index: int, of: int) -> str:
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


def _notices(run: Run, answer: wire.Answer) -> list[str]:
    request = run.request
    notices = list(run.record.get("input_notices") or ())
    if request and len(answer.links) < request.n:
        notices.append(f"{len(answer.links)} of {request.n} images came back; only those that came are billed")
    if run.record.get("matched_by_time"):
        notices.append("the answer to the request was lost; this task was found by its time in the account's task list")
    if run.record.get("resent"):
        notices.append(
            "an answer was lost and, since no task list showed it, the request was sent again; should the first one "
            "have arrived late, client.task_list() shows it"
        )
    return notices + [f"refused: {reason}" for reason in answer.refused]
