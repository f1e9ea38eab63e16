"""How the folder of runs stands: can it be written to, is there room, do locks work, what is in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from wannb.ledger import ENDED, Store
from wannb.text import count

from .lines import Line

#: An image of 4K has up to 30 MB.
_FULL, _SCARCE = 100e6, 2e9
_SHARED = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "fuse.")


def store(store: Store) -> Iterator[Line]:
    """Say where runs are kept and whether they can be."""
    root = store.root
    if root.exists() and not root.is_dir():
        yield Line(name="store", state="wrong", says=f"{root} is a file", do="give a folder: connect(store=...)")
        return
    place = root
    while not place.is_dir() and place != place.parent:
        place = place.parent
    problem = _not_writable(place)
    if problem:
        do = "give another folder: connect(store=...) or WANNB_STORE"
        yield Line(name="store", state="wrong", says=f"{root} cannot be written to: {problem}", do=do)
        return
    free = shutil.disk_usage(place).free
    says = f"{root}{'' if place == root else ' (made with the first run)'}, {free / 1e9:.1f} GB free"
    kind = _file_system(place)
    if free < _SCARCE:
        state = "wrong" if free < _FULL else "note"
        do = "make room before anything is paid for: an image has up to 30 MB"
        yield Line(name="store", state=state, says=says, do=do)  # type: ignore[arg-type]
    elif kind.startswith(_SHARED):
        do = "locks may not hold there between machines: let one machine at a time use the folder"
        yield Line(name="store", state="note", says=f"{says}, on a file system of kind {kind}", do=do)
    else:
        yield Line(name="store", state="ok", says=says)
    if place == root:
        yield _locks(root)
        yield from _runs(store)


def _not_writable(folder: Path) -> str:
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".wannb-doctor-"):
            return ""
    except OSError as error:
        return str(error.strerror or error)


def _file_system(folder: Path) -> str:
    """Return the kind of file system, as Linux names it; empty elsewhere."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text(errors="replace").splitlines()]
    except OSError:
        return ""
    place = folder.resolve()
    holders = [(len(mount[1]), mount[2]) for mount in mounts if len(mount) > 2 and place.is_relative_to(mount[1])]
    return max(holders, default=(0, ""))[1]


def _locks(root: Path) -> Line:
    """Say whether one lock keeps a second one out; that is what lets two kernels share a folder."""
    from filelock import FileLock, Timeout

    place = root / ".locks" / f".doctor-{os.getpid()}.lock"
    do = "let one kernel at a time use this folder, or give one on a disk of this machine: connect(store=...)"
    try:
        place.parent.mkdir(exist_ok=True)
        first, second = FileLock(place, timeout=1), FileLock(place, timeout=0)
        with first:
            try:
                second.acquire()
            except (Timeout, RuntimeError):  # newer versions say that this thread would wait for itself
                return Line(name="locks", state="ok", says="work: two kernels may share the folder")
            second.release()
        return Line(name="locks", state="note", says="could not be shown to keep a second kernel out", do=do)
    except (Timeout, OSError, NotImplementedError) as error:
        says = f"do not work in this folder: {getattr(error, 'strerror', None) or type(error).__name__}"
        return Line(name="locks", state="wrong", says=says, do=do)
    finally:
        with contextlib.suppress(OSError):
            place.unlink()


def _runs(store: Store) -> Iterator[Line]:
    runs, damaged = store.runs(), store.damaged()
    waiting = [run for run in runs if run.state not in ENDED]
    says = count(len(runs), "run")
    if waiting:
        says += f", {len(waiting)} of them not at an end"
        do = "wannb rescue, or client.rescue(), brings what was paid for to disk; links die 24 hours after the request"
        yield Line(name="runs", state="note", says=says, do=do)
    else:
        yield Line(name="runs", state="ok", says=says)
    if damaged:
        do = "wannb rescue writes the record anew where that can be done, and says of the others what to do"
        yield Line(name="damaged runs", state="wrong", says=", ".join(damaged[:5]), do=do)
    newest = max((run.created for run in runs), default="")
    ahead = datetime.now(timezone.utc) + timedelta(minutes=5)
    if newest > f"{ahead:%Y-%m-%dT%H:%M:%SZ}":
        do = "check this machine's clock, and that of the machine that made the run"
        yield Line(name="newest run", state="note", says=f"lies in the future: {newest}", do=do)
