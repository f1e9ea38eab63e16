"""Drafts: what is in the Studio's forms, beside the runs, for a reload, a second tab, a dead kernel and tomorrow.

wannb-runs/drafts/
  edit.json              what is in the form of that kind; the last writer's
  unseen/                for each run that a form has sent and nobody has seen ended, a file of that name

Input images are named by their hash. One of the runs folder stays where it is; one from elsewhere is kept once for all
runs and drafts, as runs keep theirs. Paths beyond the folder are not written, since a folder may come from a stranger,
whose draft must not open this machine's files.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wannb.errors import StoreError
from wannb.files import is_plain, mode_in, parse_json, read_file, write
from wannb.masking import mask_in_use
from wannb.request import MAX_IMAGES, ImageRequest, InputImage, as_input
from wannb.runs import RUN, Store

FOLDER = "drafts"
#: Seconds from a change until it is written, with all others that came meanwhile.
PAUSE = 0.7
#: Bytes of a draft; a larger one is not written, and none is read.
MOST = 1024 * 1024
#: Runs that are remembered as unseen.
_MOST_UNSEEN = 100
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a draft's file holds.

    Attributes:
        fields: what is in the form, by the names of its controls.
        sent: whether that was sent.
        written: when, in seconds since 1970.
        writer: who wrote it.
    """

    fields: Mapping[str, Any]
    sent: bool = False
    written: float = 0.0
    writer: str = ""


class Draft:
    """The file of one form, written shortly after each change by a thread of its own.

    Args:
        store: the runs folder that the file is beside.
        name: of the file, without its ending.
        read: returns what is in the form; called on any thread.
        told: called when `kept` changes.

    Attributes:
        blank: what is in the form before anything is written there; no file says the same.
        kept: whether what is in the form is in the file; not so in a folder that cannot be written to.
        overwritten: called with what another writer had put into the file, when it is written over.
        found: what the file held when it was looked at first, None without one.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        read: Callable[[], dict[str, Any]],
        told: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._folder = store.root / FOLDER
        self._file = self._folder / f"{name}.json"
        self._read, self._told = read, told
        self._writer = secrets.token_hex(8)
        # Two locks: a form's own lock may be held by who touches its draft, and is taken by whoever writes it.
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._timer: threading.Timer | None = None
        self.blank = self._state = read()
        self._sent: Mapping[str, Any] | None = None
        self._stamp = ""
        self.kept = True
        self.overwritten: Callable[[Content], object] = lambda content: None
        self.found = self._look()

    def touch(self) -> None:
        """Write soon what is in the form, if it has changed."""
        if self.kept and self._read() == self._state:
            return
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(PAUSE, self.write)
                self._timer.name, self._timer.daemon = "wannb-draft", True
                _waiting.add(self)
                self._timer.start()
        self._turn(kept=False)

    def mark_sent(self) -> None:
        """Remember that what is in the form was sent."""
        self._sent, self._state = self._read(), {}
        self.touch()

    def settle(self, *, sent: bool = False) -> None:
        """Take what is in the form for what the file holds, as after it was filled from it."""
        self._state = self._read()
        self._sent = self._state if sent else None

    def write(self) -> None:
        """Write now what is in the form, if it has changed."""
        with self._writing:
            with self._lock:
                timer, self._timer = self._timer, None
                _waiting.discard(self)
            if timer is not None:
                timer.cancel()
            state, others = self._read(), None
            if state != self._state or not self.kept:
                self._state, others = state, self._newer()
                self._turn(kept=self._save(state))
        if others:
            self.overwritten(others)

    def newer(self) -> Content | None:
        """Return what another writer has put into the file since it was last looked at, None if nobody has."""
        with self._writing:
            return self._newer()

    def _newer(self) -> Content | None:
        before = self._stamp
        if self._mark() == before:
            return None
        found = self._look()
        return found if found and found.writer != self._writer else None

    def close(self) -> None:
        """Write what waits, and forget the form."""
        self._told = lambda: None
        if self in _waiting:
            self.write()

    def _save(self, state: Mapping[str, Any]) -> bool:
        """Write what is in the form; False where that fails, as in a folder that is only read."""
        try:
            if self._folder.is_symlink():
                return False
            if state == self.blank:
                self._file.unlink(missing_ok=True)
            else:
                data = {"wannb_draft": 1, "written": time.time(), "writer": self._writer, "sent": state == self._sent}
                line = json.dumps(_masked({**data, "fields": state}), ensure_ascii=False, separators=(",", ":"))
                if len(content := line.encode(errors="replace")) > MOST:
                    return False
                self._store.make_folder(self._folder)
                write(self._file, content)
            self._stamp = self._mark()
        except (OSError, StoreError):
            return False
        return True

    def _turn(self, *, kept: bool) -> None:
        if kept is not self.kept:
            self.kept = kept
            with suppress(Exception):  # a front end that is gone stops no draft
                self._told()

    def _mark(self) -> str:
        try:
            found = os.lstat(self._file)
        except OSError:
            return ""
        return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"

    def _look(self) -> Content | None:
        self._stamp = self._mark()
        try:
            if not self._stamp or self._folder.is_symlink():
                return None
            data = parse_json(read_file(self._file, most=MOST, links=False))
            if data["wannb_draft"] != 1 or not isinstance(data["fields"], dict):
                return None
            written, writer = float(data["written"]), str(data["writer"])
            return Content(fields=data["fields"], sent=data.get("sent") is True, written=written, writer=writer)
        except (OSError, ValueError, LookupError, TypeError):
            return None  # damaged, or not ours: the form begins as without one


#: Drafts that are about to be written.
_waiting: set[Draft] = set()


def write_all() -> None:
    """Write every draft that waits, as when the kernel ends."""
    for draft in list(_waiting):
        with suppress(Exception):
            draft.write()


atexit.register(write_all)


def _masked(data: Any) -> Any:
    """Return JSON data without keys and signed links in its texts."""
    if isinstance(data, str):
        return mask_in_use(data)
    if isinstance(data, Mapping):
        return {str(name): _masked(value) for name, value in data.items()}
    return [_masked(each) for each in data] if isinstance(data, (list, tuple)) else data


# Pictures


def pictures_record(store: Store, images: Sequence[InputImage]) -> list[dict[str, Any]]:
    """Return input images as JSON data; the content of one from elsewhere is kept beside the runs."""
    records: list[dict[str, Any]] = ImageRequest(images=images).as_dict()["images"]
    for image, record in zip(images, records, strict=True):
        place = _place_in(store, image)
        if place:
            record["in"] = place
        elif image.content is not None and image.sha256:
            with suppress(OSError, StoreError):
                store.keep(image, store.root / ".inputs")
    return records


def pictures_from(store: Store, records: Any) -> tuple[InputImage, ...]:
    """Return the input images that `pictures_record` wrote; one that is gone has a problem that says so."""
    return tuple(_picture_from(store, record) for record in list(records)[:MAX_IMAGES])


def _picture_from(store: Store, record: Mapping[str, Any]) -> InputImage:
    place = str(record.get("in") or "")
    path = store.root / place if _is_place(place) else None
    if path and (path.parent.is_symlink() or not is_plain(path)):
        path = None
    if path and record.get("sha256") is None:  # one that is too large or too small, and can be made to fit
        return as_input(path)

    def find(sha256: str) -> Path | None:
        shared = store.root / ".inputs"
        if path or not _HASH.fullmatch(sha256) or shared.is_symlink():
            return path
        return next((each for each in shared.glob(f"{sha256}.*") if is_plain(each)), None)

    return ImageRequest.from_dict({"images": [record]}, find).images[0]


def _place_in(store: Store, image: InputImage) -> str:
    """Return where in the runs folder the file of an input image is, if it is sent as it is there; else nothing."""
    with suppress(OSError, ValueError):
        path = Path(image.origin or "").absolute()
        place = path.relative_to(store.root).as_posix()
        if _is_place(place) and is_plain(path, len(image.content or b"")):
            return place
    return ""


def _is_place(place: str) -> bool:
    folder, _, name = place.partition("/")
    return bool(name) and "/" not in name and "\\" not in name and (folder == ".uploads" or bool(RUN.fullmatch(folder)))


# Runs that nobody has seen ended


def not_seen(store: Store, run_id: str, name: str) -> None:
    """Remember that a form has sent a run; `name` is that of the form's draft."""
    folder = store.root / FOLDER / "unseen"
    with suppress(OSError, StoreError):
        if not folder.parent.is_symlink() and not folder.is_symlink():
            store.make_folder(folder)
            (folder / run_id).touch(mode_in(folder))
            (folder / run_id).write_text(name)


def seen(store: Store, run_id: str) -> None:
    """Forget a run that was shown."""
    with suppress(OSError):
        if RUN.fullmatch(run_id) and not (store.root / FOLDER).is_symlink():
            (store.root / FOLDER / "unseen" / run_id).unlink(missing_ok=True)


def unseen(store: Store) -> dict[str, str]:
    """Return the runs that were sent and not seen ended, the newest first, each with the name of its form's draft."""
    folder = store.root / FOLDER / "unseen"
    found = dict[str, str]()
    with suppress(OSError):
        names: Iterable[str] = () if folder.parent.is_symlink() or folder.is_symlink() else os.listdir(folder)
        for name in sorted(filter(RUN.fullmatch, names), reverse=True)[:_MOST_UNSEEN]:
            with suppress(OSError):
                found[name] = read_file(folder / name, most=100, links=False).decode(errors="replace")
    return found
