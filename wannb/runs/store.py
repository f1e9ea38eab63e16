"""Folder of runs: a journal before anything is sent, images after, locks, lists and search.

    wannb-runs/
      20261122-130157-3fa9c1d2b7e0/       UTC time, then a short id (first the request's fingerprint)
        run.jsonl                         the run's journal: each line its whole record, the last whole line counts
        image-1.png                       the service's bytes, plus one text chunk with the request
        .preview-image-1.jpg              a small copy, made when it is first shown
        inputs/                           copies of local input images, named by content hash
      drafts/                             what is in the Studio's forms
      plans.jsonl                         cells of plans that are left out or replaced, with the reasons
      .locks/                             so that two kernels may share the folder
      .index/                             a cache, so that one run among many is found at once

A journal is only appended to, and states only move forward. So a run that was cut off anywhere can be picked up from
its folder alone, in another process, on another day, on another machine.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from wannb import files
from wannb.display import html
from wannb.errors import KEY_MISPLACED, StoreError, WaitTimeout, level_outside
from wannb.masking import holds_key
from wannb.request import ImageRequest, InputImage
from wannb.service import SOON, Clock, late, left, waiting
from wannb.translation import Said, say

from .index import Index
from .record import DONE, ENDED, PREPARED, NewerFormat, Record, Unreadable
from .run import FILE, MOST, RUN, Run, Runs, has_journal, read, shown

#: Where notebooks are hosted: a variable that is set there, and how a folder outlives the runtime.
_HOSTED = {
    "COLAB_RELEASE_TAG": (
        Said("Colab"),
        Said(
            "to keep it, mount Google Drive with google.colab.drive.mount('/content/drive') and "
            "connect(store='/content/drive/MyDrive/wannb-runs')"
        ),
    ),
    "KAGGLE_KERNEL_RUN_TYPE": (
        Said("Kaggle"),
        Said("to keep it, save a version with its output, or download it; no Google Drive can be mounted there"),
    ),
}
#: Folders there that are part of the runtime's own disk although they may be mounted.
_OWN = ("/", "/content", "/kaggle/working")


@html.hides(
    "alike by_task create discard find holders keep lock locks_hold looked made_live make_folder newest "
    "open_runs refresh release reopen short_lived shows_only turn unpriced unread unreadable unsaid warn"
)
class Store:
    """A folder of runs; one that `shows_only` begins no new one."""

    def __init__(self, root: str | os.PathLike[str], *, shows_only: bool = False) -> None:
        self.shows_only = shows_only
        if holds_key(str(root)):
            root = ""
            raise StoreError(KEY_MISPLACED, place="store")
        try:
            # Absolute, so that a later change of the working folder does not split the store.
            self.root = Path(root).expanduser().absolute()
        except (OSError, RuntimeError) as error:  # the working folder is gone, or there is no home
            raise StoreError(
                "the runs folder {folder} cannot be found: {why}. Change to a working folder that is there, or give "
                "the whole path with connect(store=...)",
                folder=repr(str(root)),
                why=getattr(error, "strerror", None) or str(error).rstrip("."),
            ) from None
        self._index = Index(self.root, self._names)
        self.looked = False

    def __repr__(self) -> str:
        return f"Store({str(self.root)!r})"

    @contextmanager
    def lock(self, name: str, *, seconds: float | None = None) -> Iterator[None]:
        """Hold a lock that other threads and processes of this folder respect; a killed process lets it go.

        The time of the caller's call bounds the wait as well (see `limits.within`).

        Raises:
            WaitTimeout: another thread or process held it for all that time.
            StoreError: the folder cannot be used.
        """
        folder, most = self.root / ".locks", left()
        seconds = most if seconds is None else min(seconds, most)
        try:
            self.make_folder(folder)
            held = FileLock(folder / f"{name}.lock", poll_interval=0.02, mode=files.mode_in(folder))
            locked = _acquired(held, name, seconds)
        except Timeout as error:
            if seconds == most:
                raise late(_wait_for(name)) from error
            raise WaitTimeout(
                "Timed out after {seconds} s waiting for run {run}: another kernel or thread is using it. "
                "Nothing is lost; try again later",
                seconds=f"{seconds:g}",
                run=name,
            ) from error
        except OSError as error:
            raise self._unusable(error) from error
        with locked:
            yield

    def locks_hold(self) -> bool:
        """Return whether a lock keeps others out, as the locks of some network folders do not.

        Raises:
            StoreError: the folder cannot be used, or has no locks.
        """
        name = f"try-{secrets.token_hex(4)}"

        def is_free() -> bool:
            try:
                with self.lock(name, seconds=0):
                    return True
            except WaitTimeout:
                return False

        try:
            # Another thread, since one that holds a lock may be told without a look at the file.
            with self.lock(name, seconds=1), ThreadPoolExecutor(1) as other:
                return not other.submit(is_free).result()
        except RuntimeError:
            return True  # the interpreter is ending, and no other thread can try
        finally:
            with suppress(OSError):
                (self.root / ".locks" / f"{name}.lock").unlink()

    @property
    def short_lived(self) -> tuple[str, str] | None:
        """What empties the folder when its runtime ends, and what to do; None for a disk that stays."""
        host = next((host for variable, host in _HOSTED.items() if variable in os.environ), None)
        places = (str(place) for place in (self.root, *self.root.parents))
        if host is None or any(os.path.ismount(place) for place in places if place not in _OWN):
            return None
        return Said("on the temporary disk of {host}, which is deleted when the runtime ends", host=host[0]), host[1]

    def unsaid(self) -> list[str]:
        """Return what the folder does not do, in sentences, the first time it is asked; it is to be said then."""
        if self.looked:
            return []
        found, folder, short_lived = list[str](), repr(str(self.root)), self.short_lived
        if not self.locks_hold():
            found.append(
                say(
                    "file locks do not work in the runs folder {folder}, as on some network disks: two kernels that "
                    "use it at the same time pay twice. Use it from one kernel at a time, or give a folder on a "
                    "local disk with connect(store=...)",
                    folder=folder,
                )
            )
        if short_lived:
            where, do = short_lived
            found.append(say("the runs folder {folder} is {where}; {do}", folder=folder, where=where, do=do))
        self.looked = True
        return found

    def warn(self) -> None:
        """Say once, before anything is sent from it, what the folder does not do."""
        found = self.unsaid()
        self.looked = not found  # a warning may be made an error, and then the next call says it again
        for text in found:
            warnings.warn(text, stacklevel=level_outside())
        self.looked = True

    @contextmanager
    def turn(self, name: str) -> Iterator[Callable[[float, Clock], None]]:
        """Hold the lock of the requests of one account and model, and give the function that spaces them.

        That one waits until the last one by any process is a number of seconds ago.
        """
        name = re.sub(r"[^\w.-]", "-", f"submit-{name}")
        last = self.root / ".locks" / f"{name}.last"

        def spaced(interval: float, clock: Clock) -> None:
            with suppress(OSError):
                wait = last.stat().st_mtime + interval - clock.now()
                if 0 < wait <= interval:
                    clock.sleep(wait)
            with suppress(OSError):
                last.touch(files.mode_in(last.parent))

        with self.lock(name):
            yield spaced

    def create(
        self, request: ImageRequest | None, fingerprint: str, *, notices: Sequence[str] = (), **facts: Any
    ) -> Run:
        """Write the journal of a new run, with more `facts` of `Record`, and copies of its input images.

        The result will show the `notices`, after those of the input images.

        Without a request it is for a task that is adopted by its id alone. `StoreError` if the folder cannot be
        written to; nothing is left of it then.
        """
        if self.shows_only:
            raise StoreError(
                "this request is not in {folder}, which is only shown: nothing was sent. wannb.connect(...) with a key "
                'generates it, wannb.connect("mock", ...) draws a placeholder',
                folder=repr(str(self.root)),
            )
        self.warn()
        now = datetime.now(timezone.utc)
        record = Record(
            state=PREPARED,
            created=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            fingerprint=fingerprint,
            request=request.as_dict() if request else None,
            input_notices=(*(request.notices if request else ()), *notices),
            **facts,
        )
        run = Run(self._new_folder(f"{now:%Y%m%d-%H%M%S}-{fingerprint[:8]}"), record, request)
        self._write(run)
        return run

    def _write(self, run: Run) -> None:
        try:
            self.make_folder(run.folder)
            for image in run.request.images if run.request else ():
                if image.content is not None:
                    self.keep(image, run.folder / "inputs")
            # As a whole: a journal without a first line would say nothing, not even that nothing was sent.
            line = json.dumps(run.record.as_json(), ensure_ascii=False, separators=(",", ":"), default=str)
            files.write(run.folder / FILE, line.encode(errors="replace") + b"\n")
        except OSError as error:
            shutil.rmtree(run.folder, ignore_errors=True)  # nothing of it was sent, and the disk may be full
            raise self._unusable(error, sent_nothing=True) from error

    def keep(self, image: InputImage, folder: Path) -> Path:
        """Save a picture in a folder, named by its content; all folders of the store share one copy, where they can."""
        place = folder / f"{image.sha256}{image.suffix}"
        if place.is_file():
            return place
        shared = self.root / ".inputs" / place.name
        self.make_folder(folder)
        if not shared.is_file():
            self.make_folder(shared.parent)
            files.write(shared, image.content or b"")
        try:
            os.link(shared, place)
        except OSError:
            files.write(place, image.content or b"")
        return place

    def make_folder(self, folder: Path) -> None:
        """Make a folder of the store; `OSError` if that fails.

        The store itself is closed to other users, since prompts are private, unless it was there before: its mode
        stands then, and what is in it follows.
        """
        self.root.parent.mkdir(parents=True, exist_ok=True)
        self.root.mkdir(0o700, exist_ok=True)
        files.make_folder(folder)

    def refresh(self, run: Run) -> None:
        """Read a run again before it is sent; one that another caller discarded meanwhile is written anew."""
        if run.state == PREPARED and not run.folder.exists():
            self._write(run)
        else:
            run.reload()

    def discard(self, run: Run) -> None:
        """Remove a run of which nothing was sent."""
        if run.state == PREPARED:
            # What a scanner holds stays, as a run of which nothing was sent.
            shutil.rmtree(run.folder, ignore_errors=True)

    def get(self, run_id: str) -> Run:
        """Return a run by its id, as its journal has it now."""
        folder = self.root / run_id
        if Path(run_id).name != run_id or not has_journal(folder):
            raise StoreError(
                "no run {run} in {folder}; client.runs() lists them", run=repr(run_id), folder=repr(str(self.root))
            )
        return read(folder)

    def reopen(self, run: Run) -> None:
        """Take back that a run ended (see `Run.reopen`); the caller holds the run's lock."""
        self._go_back(run, run.reopen)

    def release(self, run: Run) -> None:
        """Take back that a run's task is its own (see `Run.release`); the caller holds the run's lock."""
        self._go_back(run, run.release)

    def _go_back(self, run: Run, back: Callable[[], None]) -> None:
        self._index.reopen(run.id)
        back()
        self._index.reopen(run.id)  # another kernel may have read the journal in between

    # Lists

    def runs(self, search: str = "") -> Runs:
        """Return all runs, the newest first; with `search`, those that hold each of its words, see `Client.runs`."""
        return Runs(self._index.runs(search.casefold()))

    def newest(self) -> Iterator[Run]:
        """Yield all runs, the newest first, each read when it is asked for."""
        return self._index.runs()

    @property
    def made_live(self) -> bool:
        """Whether the newest run was made by a live service."""
        newest = next(self.newest(), None)
        return newest is not None and newest.service not in ("", "mock")

    def open_runs(self) -> list[Run]:
        """Return the runs that have not ended, the newest first."""
        return [run for run in self._index.open_runs() if run.state not in ENDED]

    def holders(self, task_ids: Iterable[str]) -> list[Run]:
        """Return the runs that hold one of these tasks."""
        return self._index.holding(list(task_ids))

    def damaged(self) -> list[str]:
        """Return the ids of runs whose record is gone or cannot be read."""
        return [name for name, why in self.unreadable().items() if not isinstance(why, NewerFormat)]

    def unreadable(self) -> dict[str, StoreError]:
        """Return why each run that is not in the list cannot be read: it is damaged, or of a newer version."""
        for _ in self.newest():
            pass  # the index looks at all journals again
        return self.unread()

    def unread(self) -> dict[str, StoreError]:
        """Return the same right after the whole list was read."""
        # The index has no names that are no text.
        names = [*self._index.unread(), *(name for name in self._names() if not name.isprintable())]
        return {name: why for name in names if (why := self._why_unread(name))}

    # Look-ups and sums, which take as long in a large folder as in a small one

    def find(
        self,
        fingerprint: str,
        service: str,
        account: str,
        *,
        surely: bool = False,
        owns: Callable[[Run], bool] | None = None,
    ) -> Run | None:
        """Return the run that answers an equal request: a finished one, else one of the account that is under way.

        Finished ones are those of `Run.answers`, of equally good ones the newest. One that lacks images counts less
        than a later try that has its task already.

        Args:
            fingerprint, service, account: of the request and of the client that makes it.
            surely: whether a damaged run that may be the answer, which would be paid for once more, is an error.
            owns: whether a run under way is the account's, so that it is waited for; by default by its mark alone.

        Raises:
            StoreError: with `surely`, if a damaged run may be the answer.
        """
        owns = owns or (lambda run: run.service == service and run.record.account == account)
        best: Run | None = None
        under_way: Run | None = None
        doubt = gone = None
        for name in self._index.alike(fingerprint):
            try:
                run = read(self.root / name)  # what decides about paying rests on no cache
            except StoreError:
                if why := self._why_unread(name):
                    doubt = doubt or (name, why)
                continue
            if run.record.fingerprint != fingerprint:
                continue
            if (answers := run.answers(service)) > (best.answers(service) if best else ()):
                best = run
            elif answers or run.state in ENDED or (best and not best.record.short):
                same_kind = run.service == service or "mock" not in (service, run.service)
                if run.state == DONE and not run.whole and same_kind:
                    gone = gone or run
                continue
            elif (under_way is None or (run.task_id and not under_way.task_id)) and owns(run):
                under_way = run
        if best and not (best.record.short and under_way and under_way.task_id):
            return best  # before a try of which nothing is known to have arrived, which would be paid for anew
        if surely and doubt and not under_way:
            name, why = doubt
            if isinstance(why, NewerFormat):
                raise why  # it is as good as any: this version is what is old
            raise Unreadable(
                Said(
                    "run {run} asked for the same, and its record is damaged. Nothing was sent: client.rescue() "
                    "restores it from its images, or says how to fetch them. To ask and pay again give fresh=True, "
                    "or move its folder away",
                    run=shown(name),
                )
            ) from why
        return under_way or (gone if surely else None)

    def alike(self, fingerprint: str) -> set[str]:
        """Return the ids of all runs that were begun for an equal request, whatever became of them."""
        return set(self._index.alike(fingerprint))

    def by_task(self, task_id: str) -> Run | None:
        """Return the run that holds a task, one with a request before one that was adopted by the id alone."""
        holders = []
        for name in self._index.holders(task_id):
            with suppress(StoreError):
                run = read(self.root / name)
                if run.task_id == task_id:
                    holders.append(run)
        if not holders:
            for name in self._index.unread():
                why = self._why_unread(name)
                with suppress(OSError):
                    if isinstance(why, NewerFormat) and task_id in files.read_file(
                        self.root / name / FILE, most=MOST, links=False
                    ).decode(errors="replace"):
                        raise why
        return next((run for run in holders if run.prompt), holders[0] if holders else None)

    def spent(self, service: str, currency: str) -> Decimal:
        """Return what all runs cost in a currency, those under way at their most; the mock's apart from the live."""
        return self._index.spent(service == "mock", currency)

    def unpriced(self) -> str | None:
        """Return the id of a run whose cost is unknown since its record is damaged, None if there is none.

        Raises:
            NewerFormat: it is unknown since a newer version wrote the run.
        """
        for name in self._index.unread():
            if isinstance(why := self._why_unread(name), NewerFormat):
                raise NewerFormat(
                    Said(
                        "the cost of run {run} is unknown, so the budget cannot be kept; nothing was sent. {why}",
                        run=shown(name),
                        why=why.said,
                    )
                )
            if why:
                return shown(name)
        return None

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.root) as entries:
                return [entry.name for entry in entries if not entry.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(error) from error

    def _why_unread(self, name: str) -> StoreError | None:
        """Return why a run cannot be read, None for one that can be and for a folder of other things."""
        folder = self.root / name
        try:
            read(folder)
        except NewerFormat as error:
            return error
        except StoreError as error:
            if has_journal(folder) or (RUN.match(name) and any(folder.glob("image-*.png"))):
                return error
        return None

    def _new_folder(self, name: str) -> Path:
        def make() -> Path:
            while True:
                folder = self.root / f"{name}{secrets.token_hex(2)}"
                try:
                    folder.mkdir(mode)
                    return folder
                except FileExistsError:
                    continue  # another run of this very second

        try:
            self.make_folder(self.root)
            mode = 0o777 if files.mode_in(self.root) == 0o666 else 0o700
            return self._index.make(make)
        except OSError as error:
            raise self._unusable(error, sent_nothing=True) from error

    def _unusable(self, error: OSError, *, sent_nothing: bool = False) -> StoreError:
        said = Said(
            "the runs folder {folder} cannot be used: {why}. Give another folder with connect(store=...)",
            folder=repr(str(self.root)),
            why=error.strerror or str(error),
        )
        return StoreError(Said("{unusable}. Nothing was sent", unusable=said) if sent_nothing else said)


def _acquired(lock: FileLock, name: str, seconds: float) -> AbstractContextManager[object]:
    try:
        return lock.acquire(timeout=min(SOON, seconds))
    except Timeout:
        if seconds <= SOON:
            raise
    with waiting(_wait_for(name)):
        return lock.acquire(timeout=-1 if seconds == math.inf else seconds - SOON)


def _wait_for(name: str) -> Said:
    if name.startswith("submit-"):
        return Said("waiting for a turn: another kernel is sending a request, usually for under 2 s")
    return Said("waiting for {run}: another kernel or thread is using it", run=name)
