"""Run: one request with everything that came of it, as a folder on disk."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from . import html
from .errors import StoreError
from .prices import Money
from .request import ImageRequest, mode_of
from .result import GeneratedImage, Result, count, shorten

PREPARED, SENDING, RUNNING, ANSWERED = "prepared", "sending", "running", "answered"
DONE, FAILED, CANCELED, LOST = "done", "failed", "canceled", "lost"
#: How far a run has come; it never goes back. The last four are ends.
RANK = {PREPARED: 0, SENDING: 1, RUNNING: 2, ANSWERED: 3, DONE: 4, FAILED: 4, CANCELED: 4, LOST: 4}
_IMAGE = {"file", "width", "height", "sha256"}
ENDED = frozenset({DONE, FAILED, CANCELED, LOST})


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
            self._request = ImageRequest.from_dict(record, lambda sha256: find_input(self.folder, sha256))
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
        return made if isinstance(made, int) else len(self.record.get("images") or ())

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

    def reopen(self) -> None:
        """Take back that the run ended badly: the service knows its task after all, and that may be paid for."""
        if self.state in (FAILED, LOST) and self.task_id:
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
            for run in self
        ]
        return html.table(["started (UTC)", "state", "images", "cost", "prompt", "run"], rows)


def find_input(folder: Path, sha256: str) -> Path | None:
    """Return the input image that a run's folder keeps, by its hash."""
    return next((folder / "inputs").glob(f"{sha256}.*"), None)


def write(path: Path, content: bytes) -> None:
    """Write a file beside its place, make sure it is on disk, and rename it into place, or raise `StoreError`."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def _sync_folder(folder: Path) -> None:
    """Make sure that a rename outlives a power cut, where the system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write JSON that a person can read."""
    write(path, json.dumps(record, ensure_ascii=False, indent=1, default=str).encode())


def read(folder: Path) -> dict[str, Any]:
    """Read a run's record; raise `StoreError` if there is none."""
    try:
        record = json.loads((folder / "run.json").read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder / 'run.json'} cannot be read: {error}") from error
    if not isinstance(record, dict) or not _is_sound(record):
        raise StoreError(f"{folder / 'run.json'} is no run, or was changed by hand so that it is none any more")
    return record


def _is_sound(record: Mapping[str, Any]) -> bool:
    """Return whether a record has the shape that this package writes; what a hand has changed may have any."""
    request, images = record.get("request"), record.get("images") or []
    return (
        (request is None or (isinstance(request, Mapping) and isinstance(request.get("n", 1), int)))
        and isinstance(images, list)
        and all(isinstance(image, Mapping) and set(image) >= _IMAGE for image in images)
        and all(isinstance(image["width"], int) and isinstance(image["height"], int) for image in images)
        and all(isinstance(record.get(name) or {}, Mapping) for name in ("usage", "times", "price", "error"))
    )
