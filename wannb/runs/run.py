"""Run: one request with everything that came of it, as a folder on disk; lists of runs, and how long they took."""

from __future__ import annotations

import atexit
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from wannb import files
from wannb.display import html
from wannb.errors import StoreError
from wannb.request import FIELDS, PRESETS, ImageRequest, mode_of, parse
from wannb.service import Money, endpoint
from wannb.translation import Said, count, current, joined, override, say, shorten, spoken

from .record import (
    ANSWERED,
    CANCELED,
    DONE,
    ENDED,
    FAILED,
    LOST,
    MOVES,
    PREPARED,
    RUNNING,
    SENDING,
    NewerFormat,
    Record,
    SavedImage,
    Unreadable,
)
from .result import GeneratedImage, Result, seed_words

#: A run's journal: each line the whole record, the last whole line counts.
FILE = "run.jsonl"
#: The name of a run's folder: time in UTC, the first letters of the request's fingerprint, and four of chance.
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{12}")
#: Bytes of a journal; a record holds a prompt and a few facts.
MOST = 8 * 1024 * 1024
#: A cell with more rows than this is slow, and its notebook heavy.
_SHOWN = 200
_TASK = re.compile(rb'"task_id"\s*:\s*"([^"\\\x00-\x1f]{4,200})"')
#: Characters of a list of runs.
_MOST_NAMES = 300
#: Runs whose times are counted; older ones say less of today's service.
_LATEST = 20


@html.hides(
    "accept advance answers begins called ended_early fetched gone record release reload reopen skipped spoilt tally"
)
@dataclass(eq=False, repr=False)
class Run:
    """One request with everything that came of it, on disk.

    Attributes:
        folder: where it lives.
        skipped: lines of its journal that were cut or damaged and passed over.
        spoilt: files of images that are not as the service sent them, as far as that was looked at.
        fetched: whether such images are being fetched again.
    """

    folder: Path
    _record: Record | Callable[[], Record]
    _request: ImageRequest | None = None
    skipped: int = field(default=0, kw_only=True)
    spoilt: frozenset[str] = field(default=frozenset(), kw_only=True)
    fetched: bool = field(default=False, kw_only=True)

    @property
    def record(self) -> Record:
        """The facts of the run, as its journal had them when the run was read."""
        if callable(self._record):
            self._record = self._record()
        return self._record

    @record.setter
    def record(self, record: Record) -> None:
        self._record = record

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def begins(self) -> str:
        """How the request's fingerprint begins; by the folder's name where it tells, since reading takes time."""
        return print_of(self.id) or self.record.fingerprint[:8]

    @property
    def state(self) -> str:
        """How far the run has come: prepared, sending, running, answered; done, failed, canceled or lost."""
        return self.record.state

    @property
    def task_id(self) -> str | None:
        """The service's id of the job, once it is known."""
        return self.record.task_id

    @property
    def service(self) -> str:
        """ "mock", or the host that was asked, by one name for all hosts of a region."""
        return endpoint.home(self.record.service)

    @property
    def called(self) -> str:
        """The service within a sentence."""
        return Said("the mock server") if self.service == "mock" else self.service

    @property
    def created(self) -> str:
        """When the run began, UTC, such as "2026-11-22T13:01:57Z"."""
        return self.record.created

    @property
    def request(self) -> ImageRequest | None:
        """What was asked, its input images read from the run's own copies."""
        if self._request is None and self.record.request is not None:
            try:
                self._request = ImageRequest.from_dict(self.record.request, lambda sha: find_input(self.folder, sha))
            except ValueError as error:
                raise Unreadable(
                    Said("The request of run {run} is damaged: {why}", run=self.id, why=str(error))
                ) from error
        return self._request

    @property
    def prompt(self) -> str:
        """The prompt, empty for a task that was adopted by its id alone."""
        return str((self.record.request or {}).get("prompt", ""))

    @property
    def mode(self) -> str | None:
        """The mode of what was asked, None for a task that was adopted by its id alone."""
        return mode_of(self.record.request) if self.record.request else None

    @property
    def images(self) -> tuple[Path, ...]:
        """The files of the images that were saved."""
        return tuple(self.folder / image.file for image in self.record.images)

    @property
    def images_made(self) -> int:
        """How many images the service made and bills."""
        return self.record.images_made

    @property
    def tally(self) -> str:
        """How many images came, and of how many if fewer than were asked for."""
        record = self.record
        if record.short:
            return Said("{came} of {asked} images", came=len(record.images), asked=record.asked)
        return count(record.images_made, "image")

    @property
    def settings(self) -> Said:
        """What tells the runs of one study apart: model, size, seed, and every other option that is not as usual."""
        asked = self.record.request or {}
        parts = [*(str(asked[name]) for name in ("model", "size") if name in asked), *seed_words(asked.get("seed"))]
        parts += [shorten(str(image.get("name")), 40) for image in asked.get("images", ())]
        for name in ("watermark", "thinking_mode", "color_palette", "bbox_list"):
            value, usual = asked.get(name), FIELDS[name].default
            if value not in (None, usual):
                label = FIELDS[name].label
                parts.append(label if value else Said("{option} off", option=label))
        return joined(" · ", parts)

    @property
    def why(self) -> str:
        """Why the run failed, or what one should know of its result; empty where all is well."""
        if self.state == FAILED and self.record.error:
            return self.record.error.said
        usual = self.record.input_notices
        return joined("; ", [notice for notice in self.record.notices if notice not in usual])

    @property
    def whole(self) -> bool:
        """Whether every image that was saved is still there, as long as it was; a link to one does not count."""
        return bool(self.record.images) and not self.gone

    @property
    def gone(self) -> tuple[SavedImage, ...]:
        """The images that were saved and are not there any more, or not as long as they were."""
        return tuple(
            image
            for image in self.record.images
            if image.file in self.spoilt or not files.is_plain(self.folder / image.file, image.bytes)
        )

    def answers(self, service: str) -> tuple[int, ...]:
        """Return how well a whole run answers an equal request at a service, to be compared; empty for not at all.

        What a live service made answers everywhere: with all its images before with some, with more before fewer, at
        that service before others. What the mock server drew answers there alone, after all that was made live: a
        drawn picture is never taken for a live one.
        """
        own, live = self.service == service, self.service not in ("", "mock")
        if not (own or live) or self.state != DONE or not self.whole:
            return ()
        short = self.record.short
        return live, not short, len(self.images) if short else 0, own

    def cost(self) -> Money | None:
        """Return what the run cost, or while it is under way what it may cost at most; None if unknown."""
        price, amount = self.record.price, self.record.amount
        return None if price is None or amount is None else Money(amount=amount, currency=price.currency)

    def advance(self, state: str, *, sync: bool = True, **facts: Any) -> None:
        """Write a state and changed facts of `Record`; the caller holds the run's lock. `sync` waits for the disk.

        Raises:
            StoreError: it cannot be written, or the state may not follow (see `record.MOVES`).
        """
        if state not in MOVES[self.state]:
            raise StoreError("Run {run} is {state} and cannot become {next}", run=self.id, state=self.state, next=state)
        self._write(replace(self.record, **facts, state=state), sync=sync)

    def accept(self, task_id: str, **facts: Any) -> None:
        """Write down which task the service made of the run; the caller holds the run's lock.

        Raises:
            StoreError: it cannot be written; the sentence holds the task's id, which nothing else on disk does.
        """
        try:
            self.advance(RUNNING, task_id=task_id, unresolved=False, **facts)
        except StoreError as error:
            raise stranded(error, task_id) from error

    @property
    def ended_early(self) -> bool:
        """Whether it ended without all its images, and the service may still know its task."""
        return bool(self.task_id) and (self.state in (FAILED, LOST) or (self.state == DONE and not self.whole))

    def reopen(self) -> None:
        """Take back that the run ended; the caller holds its lock, and the service still knows its task."""
        if self.ended_early:
            self._write(replace(self.record, state=RUNNING, error=None))

    def release(self) -> None:
        """Take back that its task is its own: its pictures are put aside, and its outcome is in doubt again.

        The caller holds its lock.
        """
        record = self.record
        if not record.uncertain:
            raise StoreError(
                "run {run} holds no task that was found by its time or chosen, so there is nothing to take back",
                run=self.id,
            )
        aside = self.folder / "not-ours"
        try:
            for path in [*self.folder.glob("image-*"), *self.folder.glob(".preview-image-*")]:
                aside.mkdir(exist_ok=True)
                files.rename(path, aside / f"{str(record.task_id).replace(':', '-')}-{path.name.lstrip('.')}")
        except OSError as error:
            raise StoreError(error.strerror or str(error)) from error
        came = ("task_id", "request_id", "matched_by_time", "chosen", "usage", "times", "notices", "images", "error")
        facts = {each.name: getattr(record, each.name) for each in fields(record) if each.name not in came}
        facts |= {"state": SENDING, "unresolved": True, "others": True}
        facts["candidates"] = tuple(each for each in record.candidates if each != record.task_id)
        facts["not_ours"] = tuple(dict.fromkeys([*record.not_ours, str(record.task_id)]))
        self._write(Record(**facts))

    def _write(self, record: Record, *, sync: bool = True) -> None:
        try:
            files.append_line(self.folder / FILE, record.as_json(), sync=sync)
        except OSError as error:
            raise StoreError(error.strerror or str(error)) from error
        self.record = record
        if record.state == PREPARED or record.state in ENDED:
            _open.pop(self.folder, None)
        else:
            _open[self.folder] = current()

    def reload(self) -> None:
        """Read the journal again."""
        now = read(self.folder)
        self.record, self.skipped = now.record, now.skipped

    def result(self, *, reused: bool = False) -> Result:
        """Return a finished run as a `Result`."""
        request, record = self.request, self.record
        images = tuple(
            GeneratedImage(
                path=self.folder / image.file,
                number=number,
                count=len(record.images),
                width=image.width,
                height=image.height,
                seed=request.seed if request else None,
                sha256=image.sha256,
                request=request,
            )
            for number, image in enumerate(record.images, 1)
        )
        notices = list(record.notices)
        if record.short:
            notices.append(_rest(record, reused=reused))
        if self.fetched:
            notices.append(Said("images that were gone or damaged were fetched again, free"))
        if self.spoilt:
            notices.append(Said("changed since they were saved: {files}", files=", ".join(sorted(self.spoilt))))
        if self.skipped:
            notices.append(Said("{lines} of the run's journal cannot be read", lines=count(self.skipped, "line")))
        return Result(
            images=images,
            request=request,
            usage=record.usage,
            cost=self.cost(),
            asked=request.n if request else len(images),
            task_id=self.task_id,
            run_id=self.id,
            service=self.service,
            created=self.created,
            reused=reused,
            notices=tuple(notices),
            path=self.folder,
        )

    def __repr__(self) -> str:
        why = f": {shorten(self.why, 120)}" if self.state == FAILED and self.why else ""
        return f"Run({self.id!r}, {self.state}, {shorten(self.prompt, 40)!r}{why})"


class Runs(list[Run]):
    """A list of runs, the newest first, that shows itself as a table."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        super().__init__(runs)
        self.language = current()

    @spoken
    def _repr_html_(self) -> str:
        rows: list[tuple[object, ...]] = [
            (
                run.created.replace("T", " ").rstrip("Z"),
                Said(run.state),
                run.tally,
                run.cost() or "",
                shorten(run.prompt, 80),
                run.settings,
                shorten(say(run.why), 200),
                run.id,
            )
            for run in self[:_SHOWN]
        ]
        if len(self) > _SHOWN:
            more = Said("{n} more; client.runs(search) finds them", n=len(self) - _SHOWN)
            rows.append(("…", "", "", "", more, "", "", ""))
        known = (Said("started (UTC)"), Said("state"), Said("images"), Said("cost"))
        return html.table((*known, Said("prompt"), Said("settings"), Said("note"), Said("run")), rows)


def original(name: str) -> str:
    """Return the name that a run's folder was given, without what a copy or a synchronizer has added to it."""
    found = RUN.match(name)
    return found[0] if found else name


def print_of(name: str) -> str | None:
    """Return how a request's fingerprint begins, by the name of its run's folder; None for one that was renamed."""
    return name[16:24] if RUN.match(name) else None


def mark_of(folder: Path) -> tuple[int, int, int]:
    """Return what tells one version of a run's journal, with its copies, from another; `OSError` without a folder."""
    found = os.stat(folder)
    try:
        journal = os.lstat(folder / FILE)
    except FileNotFoundError:
        return 0, found.st_mtime_ns, 0
    return journal.st_ino, journal.st_mtime_ns + found.st_mtime_ns, journal.st_size


def read(folder: Path) -> Run:
    """Return the run in a folder, by the last line of its journal that is whole.

    A journal that breaks off right after "prepared" may have lost the line that says that the request was sent. Such a
    run counts as one whose answer was lost: the task list tells. Where a synchronizer has left a second journal beside
    the first, since two machines wrote at once, the one that has come further counts. Links are not followed.

    Raises:
        NewerFormat: a newer version wrote it.
        StoreError: there is no journal, or no line of it can be read. The sentence names the task's id where that can
            be read.
    """
    others = _copies(folder)
    if not others:
        return _read(folder, FILE)
    found: list[Run] = []
    why: StoreError | None = None
    contents = {}
    for name in (FILE, *others):
        with suppress(OSError):
            contents[name] = files.read_file(folder / name, most=MOST, links=False)
    for name in (FILE, *others):
        mine = contents.get(name)
        if mine is not None and any(name != other and each.startswith(mine) for other, each in contents.items()):
            del contents[name]  # another one goes on where this one ends
            continue
        try:
            found.append(_read(folder, name))
        except StoreError as error:
            why = why or error
    if isinstance(why, NewerFormat) or not found:
        raise why or AssertionError
    return max(found, key=lambda run: _progress(run.record))


def _copies(folder: Path) -> list[str]:
    """Return the names of a journal's copies, such as "run (conflicted copy 2026-11-26).jsonl"."""
    stem, suffix = FILE.split(".")
    with suppress(OSError):
        names = (name for name in os.listdir(folder) if name.startswith(stem) and name.endswith(f".{suffix}"))
        return sorted(name for name in names if name != FILE)
    return []


def has_journal(folder: Path) -> bool:
    """Return whether a folder has a journal, which need not be sound."""
    return os.path.lexists(folder / FILE) or bool(_copies(folder))


def _progress(record: Record) -> tuple[int, int]:
    """Return how far a run has come, to be compared: what may be billed before what is not, an end before its way."""
    order = (PREPARED, FAILED, CANCELED, LOST, SENDING, RUNNING, FAILED, CANCELED, LOST, ANSWERED, DONE)
    known = order.index(record.state, 4) if record.task_id or record.state in (SENDING, ANSWERED, DONE) else None
    return order.index(record.state) if known is None else known, len(record.images)


def _read(folder: Path, name: str) -> Run:
    content = b""
    try:
        if folder.is_symlink():
            raise OSError(say("{name} is a link, which is not followed", name=repr(str(folder))))
        content = files.read_file(folder / name, most=MOST, links=False)
        why: object = Said("no line of {file} is whole", file=name)
    except OSError as error:
        why = error.strerror or error
    lines = [line for line in content.split(b"\n") if line.strip()]
    skipped = sum(not (line.startswith(b"{") and line.endswith(b"}")) for line in lines[:-1])
    for after, line in enumerate(reversed(lines)):
        try:
            record = Record.from_json(files.parse_json(line))
        except ValueError as error:
            why = error if after == 0 else why
            continue
        skipped = max(skipped, after)
        if after and record.state == PREPARED:
            record = replace(record, state=SENDING, unresolved=True)
        return Run(folder, record, skipped=skipped)
    raise _damaged(folder, why, content)


def _damaged(folder: Path, why: object, content: bytes) -> StoreError:
    found = _TASK.findall(content[: 1024 * 1024])
    if found:
        task_id = found[-1].decode(errors="replace")
        way_out = Said("client.task({task_id}).result() fetches its images, within 24 hours", task_id=repr(task_id))
    else:
        way_out = Said("client.task_list() shows its task, if it was sent within 24 hours")
    return Unreadable(
        Said(
            "The record of run {run} in {folder} is damaged: {why}. {way_out}",
            run=shown(folder.name),
            folder=repr(str(folder.parent)),
            why=why if isinstance(why, Said) else str(why),
            way_out=way_out,
        )
    )


def shown(name: str) -> str:
    """Return a folder's name as it may be printed: a stranger's may hold commands for a terminal."""
    return name if name.isprintable() else ascii(name)


def find_input(folder: Path, sha256: str) -> Path | None:
    """Return the input image that a run's folder keeps, by its hash."""
    return next((folder / "inputs").glob(f"{sha256}.*"), None)


def stranded(error: StoreError, task_id: str) -> StoreError:
    """Return a fault of the disk as one that says how the images of a task, which goes on, can still be fetched."""
    return StoreError(
        "{error}. Task {task_id} goes on and its images are paid for. Once that is fixed, client.rescue() "
        "fetches them; so does client.task({quoted}).result(), from another folder of runs too, within 24 hours",
        error=error.said,
        task_id=task_id,
        quoted=repr(task_id),
    )


def usual_seconds(
    request: ImageRequest, runs: Iterable[Run], service: str, *, since: str = "submit_time"
) -> float | None:
    """Return the median of the service's own times for the latest of `runs`, the newest first; None when there is none.

    Those of the same kind count: mode, model, number of images and pixel class (1K, 2K, 4K), at the same service. Since
    "scheduled_time" it is how long they ran, without their time in the queue.
    """
    kind = _kind(request.as_dict())
    alike = (run for run in runs if run.state == DONE and run.service == service)
    took = (seconds_of(run, since) for run in alike if run.record.request and _kind(run.record.request) == kind)
    latest = list(islice((seconds for seconds in took if seconds is not None), _LATEST))
    return median(latest) if latest else None


def _kind(record: Mapping[str, Any]) -> tuple[object, ...]:
    size = str(record.get("size"))
    sides = parse(size)
    pixels = sides[0] * sides[1] if sides else PRESETS.get(size, 0)
    pixel_class = next((name for name, most in PRESETS.items() if pixels <= most), "4K")
    return mode_of(record), record.get("model"), record.get("n"), pixel_class


def seconds_of(run: Run, since: str = "submit_time") -> float | None:
    """Return how long the service took, by its own times from the submit to the end; None where it gave none."""
    times = run.record.times
    try:
        ended, begun = (datetime.fromisoformat(times[name]) for name in ("end_time", since))
    except (KeyError, TypeError, ValueError):
        return None
    return max(0.0, (ended - begun).total_seconds())


def _rest(record: Record, *, reused: bool) -> Said:
    """Return how the images that did not come are asked for."""
    if reused:
        return Said("reused as it came; fresh=True asks for all of its images again, and pays for them")
    if record.seed_drawn:
        return Said("for the rest: the same call asks for all {n} again and pays for them", n=record.asked)
    return Said(
        "for the rest: fresh=True, or run(fill=True) of a plan, asks for all {n} again and pays for them",
        n=record.asked,
    )


# What was asked for

#: Folders of the runs that this process asked for, in this order.
_asked: dict[Path, None] = {}


def asked(run: Run) -> Run:
    """Note that a run was asked for here, sent or answered from disk, and return it."""
    _asked.pop(run.folder, None)
    _asked[run.folder] = None
    return run


def asked_here(root: Path) -> list[Run]:
    """Return the runs of a folder of runs that this process asked for, the last first, as they are on disk now."""
    found = []
    for folder in reversed([*_asked]):
        with suppress(StoreError):
            found += [read(folder)] if folder.parent == root else []
    return found


# When the interpreter ends

#: Seconds for which it waits for threads that would end with it, while they fetch what is paid for; in a kernel, which
#: is killed soon, a moment.
LONGEST_GOODBYE, _IN_A_KERNEL, _MOMENT = 30.0, 1.0, 0.1
#: Runs that this process sent or went on with and that have not ended, with the language of whoever did so.
_open: dict[Path, str] = {}
#: Threads that send or wait.
_at_work: set[threading.Thread] = set()


@contextmanager
def at_work() -> Iterator[None]:
    """Let the interpreter wait for this thread if it ends within a `with` block; also as a decorator."""
    thread = threading.current_thread()
    outermost = thread not in _at_work
    _at_work.add(thread)
    try:
        yield
    finally:
        if outermost:
            _at_work.discard(thread)


def say_goodbye() -> None:
    """Wait a while for daemon threads, which the interpreter does not wait for, and say which runs are not saved."""
    until = time.monotonic() + (_IN_A_KERNEL if "ipykernel" in sys.modules else LONGEST_GOODBYE)
    idle = False
    with suppress(KeyboardInterrupt):
        while _open and not idle and time.monotonic() < until:
            idle = not _at_work - {threading.current_thread()}
            time.sleep(_MOMENT)
            # A thread may be between its submit and its wait.
            idle = idle and not _at_work - {threading.current_thread()}
    unsaved: dict[Path, list[str]] = {}
    for folder in sorted(_open.copy()):
        with suppress(StoreError):
            if folder.is_dir() and read(folder).state not in ENDED:
                unsaved.setdefault(folder.parent, []).append(folder.name)
    for store, runs in unsaved.items():
        with override(_open[store / runs[0]]), suppress(OSError, ValueError):
            said = Said(
                "wannb: {runs} not saved when the program ended: {names}, in {folder}. client.rescue() fetches what is "
                "paid for, within 24 hours",
                runs=count(len(runs), "run"),
                names=shorten(", ".join(runs), _MOST_NAMES),
                folder=repr(str(store)),
            )
            print(say(said), file=sys.stderr)


def _forget() -> None:
    """Leave to the parent of a forked child what it has under way."""
    _open.clear()
    _at_work.clear()


atexit.register(say_goodbye)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
