"""Images on disk: fetched as soon as they exist, checked, written once, and found again though no record names them.

Every PNG that is saved carries one text chunk with the request, its number and its run. So a run whose process died
after the last image can be finished without the service, and one whose record is gone can be written again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from wannb import files, png
from wannb.errors import (
    ApiError,
    ContentRefused,
    DownloadFailed,
    LinkExpired,
    MalformedAnswer,
    StoreError,
    WannbError,
    api_error,
)
from wannb.masking import Secret, mask
from wannb.request import PRO, parse
from wannb.runs import (
    ANSWERED,
    DONE,
    ENDED,
    FAILED,
    FILE,
    RUN,
    RUNNING,
    Failure,
    NewerFormat,
    Record,
    Run,
    SavedImage,
    Unreadable,
    original,
    read,
    saved_image,
    shown,
)
from wannb.service import Transport, endpoint, price, waiting, wire
from wannb.threads import Threads
from wannb.translation import Said, count

from .metadata import CHUNK, as_sent, with_metadata

#: Bytes of an image.
MOST = 256 * 1024 * 1024
_AT_ONCE = 4
#: How often an image of an unexpected size is fetched again.
_ODD_SIZES = 2
#: Characters of a reason that an image may carry.
_MOST_REASON = 500
#: What a result says whose task was found by its time, or chosen.
NOT_CERTAIN = (
    "the answer to the request was lost; this task was {how}. Should the pictures be another request's, "
    "client.release({run}) takes that back"
)


def collect(run: Run, answer: wire.Answer, transport: Transport) -> None:
    """Save every image of an answer that ends a run; the caller holds the run's lock.

    Images that an earlier try saved are kept. Links that have died are asked for once more.

    Raises:
        DownloadFailed: an image did not arrive whole; those that did are kept, and `client.rescue()` fetches the rest.
        ApiError: no image came: the task failed, or each of its images was refused.
    """
    if not answer.links:
        if answer.status != wire.FAILED and answer.made != 0:
            raise MalformedAnswer("MalformedAnswer", "a finished task without images", status=200, task_id=run.task_id)
        failure = _failure(answer)
        run.advance(FAILED, error=failure)
        raise error_of(failure, run.task_id)
    reasons = list(answer.refused)
    if not reasons and answer.code and (answer.status == wire.FAILED or len(answer.links) < run.record.asked):
        reasons = [(answer.code, answer.message or "")]
    refused = tuple(dict.fromkeys(_said(*reason) for reason in reasons))
    facts: dict[str, Any] = {"usage": dict(answer.usage), "times": dict(answer.times)}
    try:
        noted = replace(run.record, **facts)
        facts["notices"] = _notices(run.id, noted, len(answer.links), refused)
        # What a task answered can be asked again, so that the disk need not be waited for.
        run.advance(ANSWERED, sync=run.task_id is None, **facts)
        try:
            images = _save_all(run, answer.links, refused, transport)
        except LinkExpired:
            links = _new_links(run, answer, transport)
            if not links:
                raise
            images = _save_all(run, links, refused, transport)
        run.advance(DONE, images=images, notices=(*run.record.notices, *_odd_sizes(run.record, images)))
    except StoreError as error:
        raise _incomplete(len(run.record.images), len(answer.links), run, error) from error


def error_of(failure: Failure, task_id: str | None) -> ApiError:
    """Return the exception for a run that failed at the service."""
    code, message, status = failure.code or "Failed", failure.message or "", failure.status or 200
    return api_error(code, message, status=status, request_id=failure.request_id, task_id=task_id)


def _failure(answer: wire.Answer) -> Failure:
    """Return why no image came: by the task's own code, else by a refusal that another try can change, if there is one.

    Some of a batch may have been refused for what is on them, and others have failed by chance.
    """
    codes = [code for code, _ in answer.refused if code] or ["ContentRefused" if answer.refused else "Failed"]
    code = answer.code or min(codes, key=lambda each: isinstance(api_error(each, "", status=200), ContentRefused))
    said = [words if each == code else _said(each, words) for each, words in answer.refused]
    words = "; ".join(filter(None, dict.fromkeys([answer.message, *said])))
    return Failure(code=code, message=words or Said("the service gave no reason"), request_id=answer.request_id)


def _said(code: str, message: str) -> str:
    return ": ".join(filter(None, (code, message)))


def _new_links(run: Run, answer: wire.Answer, transport: Transport) -> Sequence[Secret]:
    """Return new links for an answer whose links are dead, none if the service has none."""
    if not run.task_id:
        return ()
    try:
        again = transport.query(run.task_id)
    except ApiError as error:
        raise DownloadFailed(
            "the links of run {run} are dead, and the service gives no new ones now: {code}. Its images are paid "
            "for: client.rescue() asks again, within 24 hours of the run",
            run=run.id,
            code=error.code,
            task_id=run.task_id,
        ) from error
    return again.links if len(again.links) >= len(answer.links) else ()


def _save_all(
    run: Run, links: Sequence[Secret], refused: Sequence[str], transport: Transport
) -> tuple[SavedImage, ...]:
    """Return all images, those fetched now and those that are there already."""
    # What an image says of itself: the request, and which image of which run it is.
    facts = {
        "wannb": 1,
        "request": run.record.request,
        "of": len(links),
        "run": run.id,
        "task_id": run.task_id,
        "service": run.service,
        "created": run.created,
        **({"found_by": "choice" if run.record.chosen else "time"} if run.record.uncertain else {}),
        **({"refused": refused} if refused else {}),
        **({} if run.record.billed in (None, len(links)) else {"billed": run.record.billed}),
    }
    saved: dict[int, SavedImage] = {}
    for image in (*images_there(run.folder)[0].values(), *run.record.images):
        if image.index < len(links) and files.is_plain(run.folder / image.file, image.bytes):
            saved[image.index] = image
    missing = [index for index in range(len(links)) if index not in saved]

    def save(index: int) -> None:
        size = str(run.record.usage.get("size"))
        told, minimal = {**facts, "image": index + 1}, run.record.minimal
        saved[index] = _save(run.folder, index, told, links[index], transport, size, minimal=minimal)

    wait = Said("downloading {images}, usually a few seconds", images=count(len(missing), "image"))
    with Threads(_AT_ONCE) as pool, waiting(wait):
        try:
            # In copies of this context, so that who waits hears why a download pauses.
            futures = [pool.submit(copy_context().run, save, index) for index in missing]
            errors = [future.exception() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    images = tuple(saved[index] for index in sorted(saved))
    failed = [error for error in errors if error]
    if not failed:
        return images
    if saved:
        run.advance(ANSWERED, images=images)
    for error in failed:
        if not isinstance(error, (DownloadFailed, StoreError)) or isinstance(error, LinkExpired):
            raise error
    raise _incomplete(len(saved), len(links), run, failed[0]) from failed[0]


def _incomplete(have: int, of: int, run: Run, error: BaseException) -> DownloadFailed:
    """Return an error that says what is saved, why not more, and how to fetch the rest."""
    until = Said("in this session, since a synchronous call has no task id")
    if run.task_id:
        until = Said(
            "within 24 hours of the run, or client.task({task_id}).result() from another folder of runs",
            task_id=repr(run.task_id),
        )
    return DownloadFailed(
        "{have} of {images} are saved in {folder}. {error}. They are paid for: client.rescue() fetches the rest, "
        "{until}",
        have=have,
        images=count(of, "image"),
        folder=repr(str(run.folder)),
        error=getattr(error, "said", str(error)),
        until=until,
        task_id=run.task_id,
    )


def _save(
    folder: Path,
    index: int,
    facts: Mapping[str, Any],
    link: Secret,
    transport: Transport,
    size: str,
    *,
    minimal: bool,
) -> SavedImage:
    """Fetch one image, check it, and write it once, with its request in it.

    One that is not of the size that the service gives is fetched again: it may be another's.
    """
    found: list[tuple[str, tuple[int, int]]] = []

    def check(data: bytes) -> None:
        found.append(_checked(data))
        width, height = found[-1][1]
        if len(found) <= _ODD_SIZES and _is_odd((width, height), size):
            raise ValueError(Said("as {width}*{height}, not as {size}", width=width, height=height, size=size))

    data = transport.download(link, check=check)
    suffix, (width, height) = found[-1]
    sha256 = hashlib.sha256(data).hexdigest()
    path = folder / f"image-{index + 1}{suffix}"
    written = with_metadata(data, facts, found[-1][1], minimal=minimal) if suffix == ".png" else data
    try:
        files.write(path, written)
    except OSError as error:
        raise StoreError(error.strerror or str(error)) from error
    return SavedImage(index=index, file=path.name, sha256=sha256, width=width, height=height, bytes=len(written))


def _is_odd(sides: tuple[int, int], size: str) -> bool:
    """Return whether an image cannot be of a size; real ones may differ a little from what is said (documented)."""
    said = parse(size)
    return said is not None and any(abs(a - b) > 0.05 * a for a, b in zip(said, sides, strict=True))


def _odd_sizes(record: Record, images: Sequence[SavedImage]) -> list[str]:
    size = str(record.usage.get("size"))
    return [
        Said(
            "image {number} is {width}*{height}, and the service says {size}: it may not be the one that was asked for",
            number=image.index + 1,
            width=image.width,
            height=image.height,
            size=size,
        )
        for image in images
        if _is_odd((image.width, image.height), size)
    ]


def _checked(data: bytes) -> tuple[str, tuple[int, int]]:
    """Return the suffix and size of a whole image; `ValueError` if it is cut or damaged."""
    if png.is_png(data):
        return ".png", png.check(data)
    try:
        with files.opened_picture(data) as image:
            image.load()
            kind = image.format or ""
            return {"JPEG": ".jpg", "WEBP": ".webp"}.get(kind, f".{kind.lower()}"), image.size
    except OSError as error:
        raise ValueError(f"damaged: {error}") from error


def _notices(run_id: str, record: Record, came: int, refused: Sequence[str]) -> tuple[str, ...]:
    """Return what one should know of a result of so many images, and of the others that were refused."""
    notices = list(record.input_notices)
    asked, billed = record.asked, came if record.billed is None else record.billed
    if billed > came:
        notices.append(
            Said(
                "{came} of {asked} images came back; by the service's own count {billed} were made and are billed",
                came=came,
                asked=max(asked, billed),
                billed=billed,
            )
        )
    elif came < asked:
        notices.append(
            Said("{came} of {asked} images came back; only those that came are billed", came=came, asked=asked)
        )
    if record.uncertain:
        how = Said("found by its time in the account's task list")
        notices.append(
            Said(
                NOT_CERTAIN,
                how=Said("chosen by hand") if record.chosen else how,
                run=repr(run_id),
            )
        )
    if record.resent:
        notices.append(
            Said(
                "an answer was lost and, since the task list showed a later task and not this one, the request was "
                "sent again; should the first one have arrived late, client.task_list() shows it"
            )
        )
    return (*notices, *(Said("refused: {reason}", reason=reason) for reason in refused))


# Images that no record names


def images_there(folder: Path) -> tuple[dict[int, SavedImage], Mapping[str, Any]]:
    """Return the whole images in a run's folder by their index, and the facts of the run that they carry."""
    found: dict[int, SavedImage] = {}
    said: Mapping[str, Any] = {}
    for path in sorted(folder.glob("image-*.png")):
        with suppress(OSError, ValueError, TypeError, KeyError):
            data = files.read_file(path, most=MOST, links=False)
            facts = files.parse_json(png.read_text(data, CHUNK) or "null")
            # A folder that a person has named can be any run's.
            ours = facts["run"] == original(folder.name) or not RUN.match(folder.name)
            if not ours or path.stem != f"image-{facts['image']}":
                continue
            width, height = png.check(data)
            sha256 = hashlib.sha256(as_sent(data)).hexdigest()
            image = {"index": facts["image"] - 1, "file": path.name, "sha256": sha256}
            image |= {"width": width, "height": height, "bytes": len(data)}
            found[facts["image"] - 1], said = saved_image(image), facts
    return found, said


def finish_from_disk(run: Run) -> bool:
    """End a run whose images are all in its folder, though its record does not say so; the caller holds its lock."""
    found, said = images_there(run.folder)
    of = said.get("of")
    if run.state in ENDED or not found or not isinstance(of, int) or set(found) != set(range(of)):
        return False
    record = run.record
    if not record.notices:
        # It was cut off before the answer was written down: the images know how many came, and why not more.
        refused, billed = said.get("refused"), said.get("billed")
        if not record.usage and isinstance(billed, int):
            record = replace(record, usage={"image_count": billed})
        reasons = filter(lambda each: isinstance(each, str), refused if isinstance(refused, list) else [])
        record = replace(record, notices=_notices(run.id, record, of, [mask(each)[:_MOST_REASON] for each in reasons]))
    images = tuple(found[index] for index in sorted(found))
    run.advance(DONE, images=images, usage=record.usage, notices=record.notices)
    return True


def make_whole(run: Run, revive: Callable[[Run], None], *, mine: bool) -> None:
    """See that a finished run has its images before it answers an equal request, which would pay for them anew.

    What is gone, cut or spoilt is fetched again, free, while the service has it: `revive` opens the run again then. A
    spoilt file is kept under another name. An image that somebody has changed and that can be opened stays as it is
    where the service does not have it any more.

    Args:
        run: one that is done.
        revive: asks the service for the run's task; the caller holds no lock.
        mine: whether the service that is asked made the run.

    Raises:
        Unreadable: an image is gone, and the service does not have it.
    """
    bad = [image for image in run.record.images if not _is_as_saved(run.folder / image.file, image)]
    run.spoilt = frozenset(image.file for image in bad)
    if not bad:
        return
    try:
        if mine:
            revive(run)
    except WannbError as error:
        if not isinstance(error, ApiError) and not all(_opens(run.folder / image.file) for image in bad):
            raise
    if run.state == DONE:
        lost = [image.file for image in bad if not _opens(run.folder / image.file)]
        if lost:
            _set_aside(run.folder, lost)  # so that a later run of the same request answers in its place
            raise Unreadable(
                Said(
                    "{files} of run {run} in {folder} cannot be read any more: deleted, moved away or damaged. "
                    "{service} made them on {date} and keeps images for 24 hours, so that they cannot be fetched "
                    "again. Nothing was sent: put them back, or ask and pay again with fresh=True",
                    files=", ".join(lost),
                    run=shown(run.id),
                    folder=repr(str(run.folder)),
                    service=run.called,
                    date=run.created[:10],
                )
            )
        return
    _set_aside(run.folder, run.spoilt)
    run.spoilt, run.fetched = frozenset(), True


def _set_aside(folder: Path, names: Iterable[str]) -> None:
    """Keep damaged files of a run under other names, where they are and the folder can be written to."""
    for name in names:
        with suppress(OSError):
            files.rename(folder / name, folder / f"damaged-{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{name}")


def _is_as_saved(path: Path, image: SavedImage) -> bool:
    """Return whether an image's file holds what the service sent; the metadata that was added does not count."""
    if not files.is_plain(path, image.bytes):
        return False
    with suppress(OSError, ValueError):
        data = files.read_file(path, most=MOST, links=False)
        return image.sha256 == hashlib.sha256(as_sent(data)).hexdigest()
    return False


def _opens(path: Path) -> bool:
    with suppress(OSError, ValueError):
        _checked(files.read_file(path, most=MOST, links=False))
        return True
    return False


def restore(folder: Path, account: str, region: str) -> Run:
    """Write the record of a damaged run again, from what its images say, and keep the damaged journal beside it.

    The caller holds the run's lock, and its `account` is written down: images do not know that. They do not know the
    price either: it is that of today, in the region of the service that made them or, where that is unknown, in the
    caller's.

    Raises:
        StoreError: it is damaged, and there is no image.
    """
    try:
        return read(folder)  # restored meanwhile
    except NewerFormat:
        raise
    except StoreError:
        _, said = images_there(folder)
        # A synchronous call has no task, and of a task that was adopted the request is unknown.
        facts = {
            name: said[name] for name in ("request", "task_id", "service", "created") if said.get(name) is not None
        }
        facts |= {"matched_by_time": said.get("found_by") == "time", "chosen": said.get("found_by") == "choice"}
        facts = {"service": "", **facts, "state": RUNNING, "account": account, "fingerprint": "0" * 64}
        record = None
        with suppress(ValueError, StoreError):
            record = Record.from_json(facts) if said else None
        if record is None:
            raise
    region = endpoint.region_of(record.service) or region
    model = str((record.request or {}).get("model"))
    record = replace(record, region=region, price=price(model, region) or price(PRO, region))
    with suppress(TypeError, ValueError, StoreError):
        if request := Run(folder, record).request:
            record = replace(record, fingerprint=request.fingerprint)
    _set_aside(folder, [FILE])
    run = Run(folder, record)
    run.advance(record.state)
    finish_from_disk(run)
    return run
