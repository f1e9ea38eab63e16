"""The folder of runs: a journal before anything is sent, files after, list and search.

    wannb-runs/
      20261122-130157-3fa9c1d2b7e0/       UTC time, then a short id (first the request's fingerprint)
        run.json                          the request, state, task id, usage, price, hashes, versions
        image-1.png                       as they came, plus one text chunk with the request
        .preview-image-1.jpg              a small copy to show; made again when it is missing
        inputs/                           copies of local input images, named by content hash
      .locks/                             so that two kernels may share the folder

Every file is written beside its place and renamed into it. States only move forward, so a run that was cut off
anywhere can be picked up from its folder alone, in another process, on another day, on another machine.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from filelock import FileLock

from .errors import StoreError
from .inputs import InputImage
from .pacing import Clock
from .request import ImageRequest
from .run import DONE, ENDED, PREPARED, Run, Runs, read, write, write_json


class Store:
    """A folder of runs."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        # Absolute, so that a later change of the working folder does not split the store.
        self.root = Path(root).expanduser().absolute()
        self._seen: dict[str, tuple[int, int, dict[str, Any]]] = {}

    def __repr__(self) -> str:
        return f"Store({str(self.root)!r})"

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a lock that other threads and processes of this folder respect; a killed process lets it go."""
        folder = self.root / ".locks"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held = FileLock(folder / f"{name}.lock", poll_interval=0.02)
        except OSError as error:
            raise _unusable(self.root, error) from error
        try:
            try:
                held.acquire()
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
        folder = self.root / f"{now:%Y%m%d-%H%M%S}-{fingerprint[:8]}{secrets.token_hex(2)}"
        record = {
            "wannb": 1,
            "state": PREPARED,
            "created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "fingerprint": fingerprint,
            "request": request.as_dict() if request else None,
            "input_notices": list(request.notices) if request else [],
            **facts,
        }
        try:
            folder.mkdir(parents=True)
            for image in request.images if request else ():
                if image.content is not None:
                    self._keep_input(folder, image)
            write_json(folder / "run.json", record)
        except OSError as error:
            raise _unusable(self.root, error) from error
        except StoreError as error:
            raise StoreError(f"{error}. Nothing was sent") from error
        return Run(folder, record, request)

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
        return Runs(run for run in self.newest() if not wanted or wanted in _searchable(run))

    def newest(self) -> Iterator[Run]:
        """Yield all runs, the newest first, each read when it is asked for."""
        for name in sorted(self._names(), reverse=True):
            run = self._load(name)
            if run is not None:
                yield run

    def damaged(self) -> list[str]:
        """Return the ids of runs whose record cannot be read, or was changed so that it is none any more."""
        return [name for name in self._names() if (self.root / name / "run.json").exists() and not self._load(name)]

    def find(self, fingerprint: str, service: str, account: str) -> Run | None:
        """Return the run that answers an equal request: a finished one, else one of the account that is under way."""
        under_way = None
        for name in sorted(self._names(), reverse=True):
            if name[16:24] != fingerprint[:8]:
                continue
            run = self._load(name)
            if run is None or run.record.get("fingerprint") != fingerprint or run.service != service:
                continue
            if run.state == DONE and run.whole:
                return run
            if run.state not in ENDED and run.record.get("account") == account:
                under_way = under_way or run
        return under_way

    def by_task(self, task_id: str) -> Run | None:
        """Return the run that holds a task, one with a request before one that was adopted by the id alone."""
        holders = [run for run in self.runs() if run.task_id == task_id]
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

    def _load(self, name: str) -> Run | None:
        folder = self.root / name
        try:
            status = os.stat(folder / "run.json")
            seen = self._seen.get(name)
            if seen is None or seen[:2] != (status.st_mtime_ns, status.st_size):
                seen = self._seen[name] = (status.st_mtime_ns, status.st_size, read(folder))
        except (OSError, StoreError):
            return None
        return Run(folder, seen[2])

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


def _searchable(run: Run) -> str:
    model = (run.record.get("request") or {}).get("model", "")
    return f"{run.prompt} {run.state} {model} {run.id} {run.task_id or ''}".casefold()


def _unusable(root: Path, error: OSError) -> StoreError:
    return StoreError(
        f"the store {str(root)!r} cannot be used: {error.strerror or error}. Nothing was sent; give another "
        "folder with connect(store=...)"
    )
