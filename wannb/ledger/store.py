"""The folder of runs: a journal before anything is sent, files after, list and search.

    wannb-runs/
      20261122-130157-3fa9c1d2b7e0/       UTC time, then a short id (first the request's fingerprint)
        run.json                          the request, state, task id, usage, price, hashes, versions
        task.json                         the same as when the service took it on, should run.json be damaged
        image-1.png                       as they came, plus one text chunk with the request
        .preview-image-1.jpg              a small copy to show; made again when it is missing
        inputs/                           copies of local input images, named by content hash
      .locks/                             so that two kernels may share the folder
      .index.jsonl                        what the records hold, to open thousands in a moment; made again when missing

Every file is written beside its place and renamed into it. States only move forward, so a run that was cut off
anywhere can be picked up from its folder alone, in another process, on another day, on another machine.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from wannb.errors import StoreError, WaitTimeout
from wannb.files import write
from wannb.request import ImageRequest, InputImage
from wannb.service import Clock

from .index import Index
from .run import COPY, DONE, ENDED, PREPARED, NewerFormat, Run, Runs, read, write_json

_RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{12}")


class Store:
    """A folder of runs."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        # Absolute, so that a later change of the working folder does not split the store.
        self.root = Path(root).expanduser().absolute()
        self._index = Index(self.root)

    def __repr__(self) -> str:
        return f"Store({str(self.root)!r})"

    @contextmanager
    def lock(self, name: str, *, seconds: float | None = None) -> Iterator[None]:
        """Hold a lock that other threads and processes of this folder respect; a killed process lets it go.

        Raises:
            WaitTimeout: another one holds it, and went on to for so many seconds.
            StoreError: the folder cannot be used.
        """
        folder = self.root / ".locks"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held = FileLock(folder / f"{name}.lock", poll_interval=0.02)
        except OSError as error:
            raise _unusable(self.root, error) from error
        try:
            try:
                held.acquire(timeout=-1 if seconds is None else seconds)
            except Timeout as error:
                raise WaitTimeout(
                    f"run {name} was not to be had within {seconds:g} s: another kernel or thread is at work on it. "
                    "Nothing is lost; look again later"
                ) from error
            except OSError as error:
                raise _unusable(self.root, error) from error
            yield
        finally:
            held.release()

    def take_turn(self, interval: float, clock: Clock) -> None:
        """Wait until the last submit of all processes of this folder is so long ago; the caller holds "submit"."""
        last = self.root / ".locks" / "submitted"
        with suppress(OSError):
            wait = last.stat().st_mtime + interval - clock.now()
            if 0 < wait <= interval:
                clock.sleep(wait)
        with suppress(OSError):
            last.touch()

    def create(self, request: ImageRequest | None, fingerprint: str, **facts: Any) -> Run:
        """Write the journal entry of a new run, with copies of its input images, before anything is sent."""
        now = datetime.now(timezone.utc)
        record = {
            "wannb": 1,
            "state": PREPARED,
            "created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "fingerprint": fingerprint,
            "request": request.as_dict() if request else None,
            "input_notices": list(request.notices) if request else [],
            **facts,
        }
        run = Run(self._new_folder(f"{now:%Y%m%d-%H%M%S}-{fingerprint[:8]}"), record, request)
        self._write(run)
        return run

    def _write(self, run: Run) -> None:
        try:
            run.folder.mkdir(exist_ok=True)
            for image in run.request.images if run.request else ():
                if image.content is not None:
                    self._keep_input(run.folder, image)
            write_json(run.folder / "run.json", run.record)
        except (OSError, StoreError) as error:
            shutil.rmtree(run.folder, ignore_errors=True)  # nothing of it was sent, and the disk may be full
            raise StoreError(f"{_unusable(self.root, error)}. Nothing was sent") from error

    def refresh(self, run: Run) -> None:
        """Read a run again before it is sent; one that another caller discarded meanwhile is written anew."""
        if run.state == PREPARED and not run.folder.exists():
            self._write(run)
        else:
            run.reload()

    def discard(self, run: Run) -> None:
        """Remove a run of which nothing was sent."""
        if run.state == PREPARED:
            for path in sorted(run.folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            run.folder.rmdir()

    def get(self, run_id: str) -> Run:
        """Return a run by its id."""
        folder = self.root / run_id
        if Path(run_id).name != run_id or not (folder / "run.json").is_file():
            raise StoreError(f"no run {run_id!r} in {str(self.root)!r}; client.runs() lists them")
        return Run(folder, read(folder))

    def runs(self, search: str = "") -> Runs:
        """Return all runs, the newest first; with `search`, those whose prompt, state, model or id holds it."""
        wanted = search.casefold()
        found = ((name, record) for name, record in self._records() if not wanted or wanted in _words_of(name, record))
        return Runs(Run(self.root / name, record) for name, record in found)

    def newest(self) -> Iterator[Run]:
        """Yield all runs, the newest first, each read when it is asked for."""
        return (Run(self.root / name, record) for name, record in self._records())

    def damaged(self) -> list[str]:
        """Return the ids of runs whose record is gone, cannot be read, or was changed so that it is none any more."""
        return [name for name in self._names() if self._is_damaged(name)]

    def find(self, fingerprint: str, service: str, account: str) -> Run | None:
        """Return the run that answers an equal request: a finished one, else one of the account that is under way."""
        under_way = None
        for name in sorted(self._names(), reverse=True):
            if name[16:24] != fingerprint[:8]:
                continue
            try:
                run = Run(self.root / name, read(self.root / name))  # what decides about paying rests on no cache
            except StoreError:
                continue
            if run.record.get("fingerprint") != fingerprint or run.service != service:
                continue
            if run.state == DONE and run.whole:
                return run
            if run.state not in ENDED and run.record.get("account") == account:
                under_way = under_way or run
        return under_way

    def check_damaged(self, fingerprint: str) -> None:
        """Raise `StoreError` if a damaged run may be the answer to a request, which would be paid for once more."""
        for name in self._names():
            if name[16:24] == fingerprint[:8] and self._is_damaged(name):
                try:
                    read(self.root / name)
                except NewerFormat:
                    raise  # it is as good as any: this version is what is old
                except StoreError:
                    pass
                raise StoreError(
                    f"run {name} asked for the same, and its record is damaged. Nothing was sent: client.rescue() puts "
                    "it right if that can be done, or says why not. To ask and pay again give fresh=True, or move its "
                    "folder away"
                )

    def by_task(self, task_id: str) -> Run | None:
        """Return the run that holds a task, one with a request before one that was adopted by the id alone."""
        held = [(name, record) for name, record in self._records() if record.get("task_id") == task_id]
        holders = [Run(self.root / name, record) for name, record in held]
        return next((run for run in holders if run.prompt), holders[0] if holders else None)

    def spent(self, service: str, currency: str) -> Decimal:
        """Return what all runs cost in a currency, those under way at their most; the mock's apart from the live."""
        costs = (run.cost() for run in self.runs() if (run.service == "mock") == (service == "mock"))
        return sum((cost.amount for cost in costs if cost and cost.currency == currency), Decimal(0))

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.root) as entries:
                return [entry.name for entry in entries if not entry.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self.root, error) from error

    def _records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        names = sorted(self._names(), reverse=True)
        for name in names:
            record = self._index.record(name)
            if record is not None:
                yield name, record
        self._index.save(names)

    def _load(self, name: str) -> Run | None:
        record = self._index.record(name)
        return None if record is None else Run(self.root / name, record)

    def _is_damaged(self, name: str) -> bool:
        folder = self.root / name
        if self._index.record(name) is not None:
            return False
        if os.path.lexists(folder / "run.json"):
            return True
        return bool(_RUN.fullmatch(name)) and (os.path.lexists(folder / COPY) or any(folder.glob("image-*.png")))

    def _new_folder(self, name: str) -> Path:
        while True:
            folder = self.root / f"{name}{secrets.token_hex(2)}"
            try:
                folder.mkdir(parents=True)
                return folder
            except OSError as error:
                if folder.is_dir():
                    continue  # another run of this very second
                raise StoreError(f"{_unusable(self.root, error)}. Nothing was sent") from error

    def _keep_input(self, folder: Path, image: InputImage) -> None:
        name = f"{image.sha256}{image.suffix}"
        (folder / "inputs").mkdir(exist_ok=True)
        shared = self.root / ".inputs" / name
        if not shared.is_file():
            shared.parent.mkdir(exist_ok=True)
            write(shared, image.content or b"")
        try:
            os.link(shared, folder / "inputs" / name)
        except OSError:
            write(folder / "inputs" / name, image.content or b"")


def _words_of(name: str, record: Mapping[str, Any]) -> str:
    request = record.get("request") or {}
    words = (request.get("prompt"), record.get("state"), request.get("model"), name, record.get("task_id"))
    return " ".join(str(word) for word in words if word).casefold()


def _unusable(root: Path, error: OSError | StoreError) -> StoreError:
    why = getattr(error, "strerror", None) or error
    return StoreError(f"the store {str(root)!r} cannot be used: {why}. Give another folder with connect(store=...)")
