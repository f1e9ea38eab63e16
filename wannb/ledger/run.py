"""Run: one request with everything that came of it, as a folder on disk."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from wannb import files
from wannb.display import html
from wannb.errors import StoreError
from wannb.request import ImageRequest, mode_of
from wannb.service import Money
from wannb.text import count, shorten

from .record import FORMAT, fault, is_newer
from .result import GeneratedImage, Result

PREPARED, SENDING, RUNNING, ANSWERED = "prepared", "sending", "running", "answered"
DONE, FAILED, CANCELED, LOST = "done", "failed", "canceled", "lost"
#: How far a run has come; it never goes back. The last four are ends.
RANK = {PREPARED: 0, SENDING: 1, RUNNING: 2, ANSWERED: 3, DONE: 4, FAILED: 4, CANCELED: 4, LOST: 4}
#: What a run was when the service took it on, once more: a damaged `run.json` must not cost a paid image.
COPY = "task.json"
#: A record holds a prompt and a few facts; what is larger was not written here.
_MOST = 8 * 1024 * 1024
ENDED = frozenset({DONE, FAILED, CANCELED, LOST})
#: A cell with more rows than this is slow, and its notebook heavy.
_SHOWN = 200


class NewerFormat(StoreError):
    """A run was written by a newer version; nothing is wrong with it."""


class Run:
    """One request with everything that came of it, on disk.

    Attributes:
        folder: where it lives.
        record: what `run.json` holds.
    """

    def __init__(self, folder: Path, record: dict[str, Any], request: ImageRequest | None = None) -> None:
        self.folder = folder
        self.record = record
        self._request = request

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def place(self) -> str:
        """The folder's path, which tells it from a run of the same name in another store."""
        return str(self.folder)

    @property
    def state(self) -> str:
        """How far the run has come: prepared, sending, running, answered; done, failed, canceled or lost."""
        state = str(self.record.get("state"))
        return state if state in RANK else LOST

    @property
    def task_id(self) -> str | None:
        """The service's name for the job, once it is known."""
        return self.record.get("task_id")

    @property
    def service(self) -> str:
        """ "mock", or the host that was asked."""
        return str(self.record.get("service"))

    @property
    def created(self) -> str:
        """When the run began, UTC, such as "2026-11-22T13:01:57Z"."""
        return str(self.record.get("created"))

    @property
    def request(self) -> ImageRequest | None:
        """What was asked, its input images read from the run's own copies."""
        record = self.record.get("request")
        if self._request is None and isinstance(record, Mapping):
            try:
                self._request = ImageRequest.from_dict(record, lambda sha256: find_input(self.folder, sha256))
            except ValueError as error:
                raise StoreError(f"the request of run {self.id} is damaged: {error}") from error
        return self._request

    @property
    def prompt(self) -> str:
        """The prompt, empty for a task that was adopted by its id alone."""
        return str((self.record.get("request") or {}).get("prompt", ""))

    @property
    def mode(self) -> str | None:
        """The mode of what was asked, None for a task that was adopted by its id alone."""
        record = self.record.get("request")
        return mode_of(record) if record else None

    @property
    def price(self) -> tuple[Decimal, str] | None:
        """The price of one image and its currency on the day of the run."""
        price = self.record.get("price")
        return (Decimal(price["amount"]), price["currency"]) if price else None

    @property
    def images_made(self) -> int:
        """How many images the service made and bills."""
        made = (self.record.get("usage") or {}).get("image_count")
        known = isinstance(made, int) and 0 <= made < 1000
        return int(made or 0) if known else len(self.record.get("images") or ())

    def cost(self) -> Money | None:
        """Return what the run cost, or while it is under way what it may cost at most; None if unknown."""
        if self.price is None:
            return None
        amount, currency = self.price
        if self.state in (FAILED, CANCELED, PREPARED):
            images = 0
        elif self.record.get("usage") or self.state == DONE:
            images = self.images_made
        else:
            images = int((self.record.get("request") or {}).get("n", 0))
        return Money(amount=amount * images, currency=currency)

    def advance(self, state: str, **facts: Any) -> None:
        """Write a state and facts to disk; the caller holds the run's lock. A state never goes back."""
        if RANK[state] < RANK[self.state] or (self.state in ENDED and state != self.state):
            raise StoreError(f"run {self.id} is {self.state} and cannot become {state}")
        record = {**self.record, **facts, "state": state}
        write_json(self.folder / "run.json", record)
        self.record = record

    def accept(self, task_id: str, **facts: Any) -> None:
        """Write down which task the service made of the run, twice; the caller holds the run's lock.

        Raises:
            StoreError: it cannot be written; the sentence holds the task's id, which nobody else would know.
        """
        record = {**self.record, **facts, "task_id": task_id, "state": RUNNING}
        with suppress(StoreError):
            # First, so that there is no moment in which the record alone holds the id.
            write_json(self.folder / COPY, record)
        try:
            self.advance(RUNNING, task_id=task_id, **facts)
        except StoreError as error:
            raise stranded(error, task_id) from error

    def reopen(self) -> None:
        """Take back that the run ended: the service knows its task still, and its images are not there, or not all."""
        if self.task_id and (self.state in (FAILED, LOST) or (self.state == DONE and not self.whole)):
            record = {**self.record, "state": RUNNING, "error": None}
            write_json(self.folder / "run.json", record)
            self.record = record

    def reload(self) -> None:
        """Read `run.json` again."""
        self.record = read(self.folder)

    @property
    def whole(self) -> bool:
        """Whether every image that was saved is still there."""
        files = self.record.get("images") or ()
        return bool(files) and all((self.folder / image["file"]).is_file() for image in files)

    def result(self, *, reused: bool = False) -> Result:
        """Return a finished run as a `Result`."""
        request = self.request
        files = self.record.get("images") or []
        images = tuple(
            GeneratedImage(
                path=self.folder / image["file"],
                number=number,
                count=len(files),
                width=image["width"],
                height=image["height"],
                seed=request.seed if request else None,
                sha256=image["sha256"],
                request=request,
            )
            for number, image in enumerate(files, 1)
        )
        return Result(
            images=images,
            request=request,
            usage=self.record.get("usage") or {},
            cost=self.cost(),
            asked=request.n if request else len(images),
            task_id=self.task_id,
            run_id=self.id,
            service=self.service,
            reused=reused,
            notices=tuple(self.record.get("notices") or ()),
            path=self.folder,
        )

    def __repr__(self) -> str:
        return f"Run({self.id!r}, {self.state}, {shorten(self.prompt, 40)!r})"


class Runs(list[Run]):
    """A list of runs, the newest first, that shows itself as a table."""

    def _repr_html_(self) -> str:
        rows = [
            (
                run.created.replace("T", " ").rstrip("Z"),
                run.state,
                count(run.images_made, "image"),
                run.cost() or "",
                shorten(run.prompt, 80),
                run.id,
            )
            for run in self[:_SHOWN]
        ]
        if len(self) > _SHOWN:
            rows.append(("…", "", "", "", f"{len(self) - _SHOWN} more; client.runs(search) finds them", ""))
        return html.table(["started (UTC)", "state", "images", "cost", "prompt", "run"], rows)


def find_input(folder: Path, sha256: str) -> Path | None:
    """Return the input image that a run's folder keeps, by its hash."""
    return next((folder / "inputs").glob(f"{sha256}.*"), None)


def stranded(error: StoreError, task_id: str) -> StoreError:
    """Return a fault of the disk as one that says how the images of a task, which goes on, are had all the same."""
    return StoreError(
        f"{error}. Task {task_id} goes on and its images are paid for. When that is put right client.rescue() fetches "
        f"them; so does client.task({task_id!r}).result(), from another folder of runs too, within 24 hours"
    )


def write(path: Path, content: bytes) -> None:
    """Write a file of the store whole or not at all, or raise `StoreError`."""
    try:
        files.write(path, content)
    except OSError as error:
        raise StoreError(error.strerror or str(error)) from error


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write JSON that a person can read."""
    # Half a character pair, as a service's message may hold, is no text that a file can keep.
    write(path, json.dumps(record, ensure_ascii=False, indent=1, default=str).encode(errors="replace"))


def read(folder: Path, name: str = "run.json") -> dict[str, Any]:
    """Read a run's record; raise `StoreError` if there is none, or none that this version can trust."""
    path = folder / name
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST:
            raise StoreError(f"{path} cannot be read: it is no file of a few kilobytes")
        record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    if is_newer(record):
        raise NewerFormat(
            f"{path} was written by a newer wannb, as format {record['wannb']}; this one knows {FORMAT}. Nothing is "
            "wrong with it: update wannb to use it"
        )
    wrong: str | None = "all of it"
    if isinstance(record, dict):
        # What tells whether an equal call is answered: a record without it must not be passed over.
        lacks = next((name for name in ("state", "fingerprint", "service") if name not in record), None)
        wrong = lacks or fault(record)
    if wrong:
        raise StoreError(f"{path} is no run, or was changed by hand so that it is none any more; see {wrong!r} in it")
    assert isinstance(record, dict)
    return record
