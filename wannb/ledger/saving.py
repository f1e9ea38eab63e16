"""From the service's final answer to files on disk: fetch at once, check, put the request in, rename into place."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from wannb import png
from wannb.display import make_preview
from wannb.errors import ApiError, ContentRefused, DownloadFailed, LinkExpired, MalformedAnswer, StoreError
from wannb.files import write
from wannb.masking import Secret
from wannb.service import Transport, wire
from wannb.text import count

from .repair import CHUNK, images_there, passport
from .run import ANSWERED, DONE, FAILED, Run

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
    try:
        run.advance(ANSWERED, usage=dict(answer.usage), times=dict(answer.times), notices=_notices(run, answer))
        try:
            _save_all(run, answer.links, transport)
        except LinkExpired:
            links = _new_links(run, answer, transport)
            if links is None:
                raise
            _save_all(run, links, transport)
        run.advance(DONE)
    except StoreError as error:
        have = len(run.record.get("images") or ())
        raise _incomplete(have, len(answer.links), run, error) from error


def _new_links(run: Run, answer: wire.Answer, transport: Transport) -> Sequence[Secret] | None:
    """Return new links for an answer whose links are dead, None if the service has none."""
    try:
        again = transport.query(run.task_id) if run.task_id else answer
    except ApiError as error:
        raise DownloadFailed(
            f"the links of run {run.id} are dead, and the service gives no new ones now: {error.code}. Its images "
            "are paid for: client.rescue() asks again, within 24 hours of the run",
            task_id=run.task_id,
        ) from error
    if again is answer or again.status != wire.SUCCEEDED or len(again.links) < len(answer.links):
        return None
    return again.links


def _save_all(run: Run, links: Sequence[Secret], transport: Transport) -> None:
    saved: list[dict[str, Any] | None] = [None] * len(links)
    there, _ = images_there(run.folder)
    for image in [*there.values(), *(run.record.get("images") or ())]:
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
        if not missing:
            run.advance(ANSWERED, images=[each for each in saved if each])
        return
    for error in failed:
        if not isinstance(error, (DownloadFailed, StoreError)) or isinstance(error, LinkExpired):
            raise error
    raise _incomplete(len(links) - len(failed), len(links), run, failed[0]) from failed[0]


def _incomplete(have: int, of: int, run: Run, error: BaseException) -> DownloadFailed:
    """Return what is saved, why not more, and how the rest is had."""
    until = "in this session, since a synchronous call has no task id"
    if run.task_id:
        until = f"within 24 hours of the run, or client.task({run.task_id!r}).result() from another folder of runs"
    return DownloadFailed(
        f"{have} of {count(of, 'image')} are saved in {str(run.folder)!r}. {error}. They are paid for: "
        f"client.rescue() fetches the rest, {until}",
        task_id=run.task_id,
    )


def _save(run: Run, index: int, of: int, link: Secret, transport: Transport) -> dict[str, Any]:
    temporary = run.folder / f".image-{index + 1}.{secrets.token_hex(4)}.part"
    try:
        suffix, (width, height) = transport.files.download(link, temporary, check=_checked)
        data = temporary.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot write {str(temporary)!r}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    sha256 = hashlib.sha256(data).hexdigest()
    if suffix == ".png":
        data = png.with_text(data, CHUNK, passport(run, index, of))
    name = f"image-{index + 1}{suffix}"
    write(run.folder / name, data)
    size = len(data)
    del data  # the preview needs the room
    with suppress(Exception):  # made again when it is shown; no reason to lose a paid image
        make_preview(run.folder / name)
    return {"index": index, "file": name, "sha256": sha256, "width": width, "height": height, "bytes": size}


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
