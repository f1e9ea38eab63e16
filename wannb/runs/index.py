"""Index of a folder of runs: one SQLite file, so that a run among 100,000 is found, and sums are made, at once.

The index is a cache. It can be deleted at any time, and a folder in which it cannot be written works without it. What
it says is checked before it counts:

- It knows every folder: the time of the last change of the root is kept, and when it differs the root is listed again.
  A new run's folder is made within a transaction that moves that time on.
- A run that has not ended is read from its own journal each time; one that has does not change any more.
- A run that is found by its request or its task is read from its own journal by the caller.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from wannb import files
from wannb._version import __version__
from wannb.errors import StoreError

from .record import ENDED, Record
from .run import Run, mark_of, original, print_of, read

T = TypeVar("T")
#: What tells one version of a journal from another: its inode, time and size.
Mark = tuple[int, int, int]
#: Amounts are kept as whole numbers of this part of a currency's unit.
_PART = Decimal(10) ** -9
#: Seconds to wait for another kernel's transaction.
_BUSY = 2.0
#: Counts up when the tables below change within a version.
_LAYOUT = 4
#: Held during each query. A fork waits for it: SQLite in the child would take a query of its parent for its own.
_one = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_one.acquire, after_in_parent=_one.release, after_in_child=_one.release)
#: Rows that are read at once, so that a long list can begin early.
_PAGE = 500
_ROWS = "SELECT name, ended, inode, time, size, skipped, words, record FROM runs"
#: `print` is how the request's fingerprint begins: by the folder's name, such as 20261122-130157-3fa9c1d2b7e0, where
#: that is one of ours, else by its record. `job` is what is paid once: the task, else the name the folder was given.
#: So copies of one run, and a run beside one that was adopted by its task's id, count once in a sum, at their most.
_OTHERS = """(SELECT COALESCE(MAX(amount), 0) FROM runs WHERE job = {0}.job AND name <> {0}.name AND ended = 1
    AND mock = {0}.mock AND currency = {0}.currency)"""
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER);
CREATE TABLE IF NOT EXISTS runs (
    name TEXT PRIMARY KEY, print TEXT, ended INTEGER NOT NULL DEFAULT 0, task_id TEXT, job TEXT, mock INTEGER,
    currency TEXT, amount INTEGER,
    inode INTEGER, time INTEGER, size INTEGER, skipped INTEGER, words TEXT, record TEXT
);
CREATE INDEX IF NOT EXISTS by_print ON runs (print);
CREATE INDEX IF NOT EXISTS by_task ON runs (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_job ON runs (job);
CREATE INDEX IF NOT EXISTS open_runs ON runs (name) WHERE ended = 0;
CREATE TABLE IF NOT EXISTS sums (mock INTEGER, currency TEXT, amount INTEGER NOT NULL, PRIMARY KEY (mock, currency));
CREATE TRIGGER IF NOT EXISTS add_sum AFTER UPDATE OF ended ON runs
    WHEN NEW.ended = 1 AND OLD.ended = 0 AND NEW.amount > 0 BEGIN
    INSERT INTO sums VALUES (NEW.mock, NEW.currency, MAX(0, NEW.amount - {NEW}))
        ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
END;
CREATE TRIGGER IF NOT EXISTS take_sum AFTER UPDATE OF ended ON runs
    WHEN NEW.ended = 0 AND OLD.ended = 1 AND OLD.amount > 0 BEGIN
    UPDATE sums SET amount = amount - MAX(0, OLD.amount - {OLD}) WHERE mock = OLD.mock AND currency = OLD.currency;
END;
CREATE TRIGGER IF NOT EXISTS drop_sum AFTER DELETE ON runs WHEN OLD.ended = 1 AND OLD.amount > 0 BEGIN
    UPDATE sums SET amount = amount - MAX(0, OLD.amount - {OLD}) WHERE mock = OLD.mock AND currency = OLD.currency;
END;
COMMIT;
""".replace("{NEW}", _OTHERS.format("NEW")).replace("{OLD}", _OTHERS.format("OLD"))  # nosec B608


class Index:
    """The runs of one folder, in which `names` are; where the file cannot be used, one in memory serves each time."""

    def __init__(self, root: Path, names: Callable[[], list[str]]) -> None:
        self._root = root
        self._names = names
        self._file = root / ".index" / f"{__version__}-{_LAYOUT}.sqlite"
        #: Folders and records that this process has seen, with the versions of their journals.
        self._kept: dict[str, tuple[Mark, Path, Record | _Stored]] = {}

    # Finding

    def alike(self, fingerprint: str) -> list[str]:
        """Return the folders of runs that may be of a request, the newest first."""

        def query(db: sqlite3.Connection) -> list[str]:
            # Of a folder that was renamed only the record tells.
            for row in db.execute(f"{_ROWS} WHERE print IS NULL").fetchall():
                self._checked(db, row)
            rows = db.execute("SELECT name FROM runs WHERE print = ? ORDER BY name DESC", (fingerprint[:8],))
            return [name for (name,) in rows]

        return self._ask(query)

    def holders(self, task_id: str) -> list[str]:
        """Return the folders of runs that may hold a task, the newest first."""
        return self._found("task_id = ?", task_id)

    def holding(self, task_ids: list[str]) -> list[Run]:
        """Return the runs that hold one of these tasks, each as its own journal has it."""

        def query(db: sqlite3.Connection) -> list[Run]:
            self._refresh(db)
            rows: list[Any] = []
            for at in range(0, len(task_ids), _PAGE):
                part = [_storable(each) for each in task_ids[at : at + _PAGE]]
                marks = ",".join("?" * len(part))
                rows += db.execute(f"{_ROWS} WHERE task_id IN ({marks})", part).fetchall()
            return [run for row in rows if (run := self._checked(db, row))]

        return self._ask(query)

    def open_runs(self) -> list[Run]:
        """Return the runs that have not ended, the newest first."""
        return sorted(self._ask(self._refresh), key=lambda run: run.id, reverse=True)

    def unread(self) -> list[str]:
        """Return the folders without a journal that can be read: damaged runs, and folders of other things."""
        return self._found("ended = 0 AND record IS NULL")

    def _found(self, condition: str, *values: str) -> list[str]:
        def query(db: sqlite3.Connection) -> list[str]:
            self._refresh(db)
            # The condition is one of those above; every value is bound.
            rows = db.execute(f"SELECT name FROM runs WHERE {condition} ORDER BY name DESC", values)  # nosec B608
            return [name for (name,) in rows]

        return self._ask(query)

    def spent(self, mock: bool, currency: str) -> Decimal:
        """Return what all runs cost in a currency, those under way at their most."""

        def query(db: sqlite3.Connection) -> Decimal:
            under_way = {run.id: run for run in self._refresh(db) if (run.service == "mock") == mock}
            most: dict[str, Decimal] = {}
            for run in under_way.values():
                cost, first = run.cost(), under_way.get(original(run.id), run)
                if cost and cost.currency == currency:
                    job = run.task_id or _job_of(first)
                    most[job] = max(most.get(job, Decimal(0)), cost.amount)
            kind = (mock, _storable(currency))
            row = db.execute("SELECT amount FROM sums WHERE mock = ? AND currency = ?", kind).fetchone()
            spent = (row[0] if row else 0) * _PART
            for job, amount in most.items():
                # Of a copy that was made before its run had a task, the run itself tells.
                ended = "SELECT MAX(amount) FROM runs WHERE ended = 1 AND mock = ?1 AND currency = ?2"
                [known] = db.execute(f"{ended} AND (job = ?3 OR name = ?3)", (*kind, _storable(job))).fetchone()
                spent += max(Decimal(0), amount - (known or 0) * _PART)
            return spent

        return self._ask(query)

    def runs(self, wanted: str = "") -> Iterator[Run]:
        """Yield the runs among whose words (case-folded) is each word that is `wanted`, the newest first.

        Each is compared with its own journal, and read from it if that changed.
        """
        last, full = "\U0010ffff", True

        def query(db: sqlite3.Connection) -> tuple[list[str], list[Run]]:
            rows = db.execute(f"{_ROWS} WHERE name < ? ORDER BY name DESC LIMIT ?", (last, _PAGE)).fetchall()
            return [row[0] for row in rows], [run for row in rows if (run := self._checked(db, row, wanted))]

        while full:
            names, found = self._ask(query)
            yield from found
            last, full = names[-1] if names else "", len(names) == _PAGE

    # Keeping up

    def make(self, make: Callable[[], Path]) -> Path:
        """Make a run's folder, and note it in the same transaction, so that no kernel misses it."""
        folder: Path | None = None

        def noted(db: sqlite3.Connection) -> None:
            nonlocal folder
            db.execute("BEGIN IMMEDIATE")
            known = self._stamp(db) == self._changed()
            folder = make()
            db.execute("INSERT OR IGNORE INTO runs (name, print) VALUES (?, ?)", (folder.name, print_of(folder.name)))
            if known:
                db.execute("INSERT OR REPLACE INTO facts VALUES ('stamp', ?)", (self._changed(),))

        try:
            self._on_file(noted)
        except sqlite3.Error as error:
            self._failed(error)
            folder = folder or make()
            # By a clock finer than that of the file system: no index can know this time.
            with suppress(OSError):
                os.utime(self._root)
        assert folder is not None
        return folder

    def reopen(self, name: str) -> None:
        """Note that a run that had ended goes on."""
        with suppress(sqlite3.Error):
            self._on_file(lambda db: db.execute("UPDATE runs SET ended = 0, inode = NULL WHERE name = ?", (name,)))

    def _refresh(self, db: sqlite3.Connection) -> list[Run]:
        """Read runs that had not ended, where their journals have changed, and return those that still have not."""
        rows = db.execute(f"{_ROWS} WHERE ended = 0").fetchall()
        found = [run for row in rows if (run := self._checked(db, row))]
        return [run for run in found if not _is_final(run.record)]

    def _checked(self, db: sqlite3.Connection, row: tuple[Any, ...], wanted: str = "") -> Run | None:
        """Return a run as its journal has it now, None if it cannot be read or is not among those `wanted`."""
        name, ended, inode, time, size, skipped, words, record = row
        try:
            mark = mark_of(self._root / name)
            if mark == (inode, time, size) and record is not None:
                return Run(*self._known(name, mark, record), skipped=skipped) if _holds(words or "", wanted) else None
            run = read(self._root / name)
        except (OSError, StoreError):
            if record is not None:
                db.execute("UPDATE runs SET ended = 0, inode = NULL, record = NULL WHERE name = ?", (name,))
            return None
        self._kept[name] = (mark, run.folder, run.record)
        if ended:
            # Open again first: a trigger takes what it cost before out of the sums.
            db.execute("UPDATE runs SET ended = 0 WHERE name = ?", (name,))
        price, amount, final = run.record.price, run.record.amount, _is_final(run.record)
        words = _words_of(run)
        db.execute(
            "UPDATE runs SET print = COALESCE(print, ?), ended = ?, task_id = ?, job = ?, mock = ?, currency = ?, "
            "amount = ?, inode = ?, time = ?, size = ?, skipped = ?, words = ?, record = ? WHERE name = ?",
            (
                _storable(run.record.fingerprint[:8]),
                *(
                    final,
                    _storable(run.task_id),
                    _storable(_job_of(run)),
                    run.service == "mock",
                    _storable(price.currency if price else None),
                ),
                *(int(amount / _PART) if final and amount else 0, *mark, run.skipped, _storable(words)),
                *(json.dumps(run.record.as_json(), separators=(",", ":"), default=str), name),
            ),
        )
        return run if _holds(words, wanted) else None

    def _known(self, name: str, mark: Mark, record: str) -> tuple[Path, Record | _Stored]:
        """Return what was read from this version of a journal, by this process or by another one."""
        kept = self._kept.get(name)
        if not kept or kept[0] != mark:
            folder = self._root / name
            kept = self._kept[name] = (mark, folder, _Stored(folder, record))
        return kept[1:]

    def _ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a query finds in an index that knows every folder."""

        def synced(db: sqlite3.Connection) -> T:
            if self._stamp(db) != self._changed():
                self._list(db)
            return query(db)

        try:
            return self._on_file(synced)
        except sqlite3.Error as error:
            self._failed(error)
        return self._on(":memory:", synced)

    def _on_file(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            self._root.stat()  # a folder that is gone is not made anew for its index
            files.make_folder(self._file.parent)
            # A link could lead to a data base of something else.
            if self._file.parent.is_symlink() or (os.path.lexists(self._file) and not files.is_plain(self._file)):
                raise OSError("it is a link, or no file")
            if not self._file.exists():  # its journal gets the same mode
                os.close(os.open(self._file, os.O_WRONLY | os.O_CREAT, files.mode_in(self._file.parent)))
        except OSError as error:
            raise sqlite3.OperationalError(str(error)) from error
        return self._on(self._file, query)

    def _on(self, place: Path | str, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a query finds; no connection stays open, so that the folder can be moved and removed."""
        with _one, closing(sqlite3.connect(place, timeout=_BUSY)) as db:
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA journal_mode = TRUNCATE")
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'drop_sum'").fetchone():
                db.executescript(_SCHEMA)
            found = query(db)
            db.commit()
            return found

    def _list(self, db: sqlite3.Connection) -> None:
        """Note which folders came and which are gone."""
        db.execute("BEGIN IMMEDIATE")
        stamp = self._changed()
        # A name that is no text cannot be kept here, and was not given by wannb.
        names = {name for name in self._names() if name.isprintable()}
        known = {name for (name,) in db.execute("SELECT name FROM runs")}
        came = ((name, print_of(name)) for name in names - known)
        db.executemany("INSERT INTO runs (name, print) VALUES (?, ?)", came)
        db.executemany("DELETE FROM runs WHERE name = ?", ((name,) for name in known - names))
        db.execute("INSERT OR REPLACE INTO facts VALUES ('stamp', ?)", (stamp,))
        db.commit()

    def _changed(self) -> int:
        """Return the time of the root's last change, 0 for one that is gone."""
        try:
            return os.stat(self._root).st_mtime_ns
        except OSError:
            return 0

    def _stamp(self, db: sqlite3.Connection) -> int | None:
        row = db.execute("SELECT value FROM facts WHERE name = 'stamp'").fetchone()
        return row[0] if row else None

    def _failed(self, error: sqlite3.Error) -> None:
        """Delete the index if an error says that it is damaged; it is made again."""
        if isinstance(error, sqlite3.OperationalError):
            return  # another kernel uses it, or it cannot be written
        with _one, suppress(OSError):
            self._file.unlink(missing_ok=True)


class _Stored:
    """A record in the index, parsed when it is first looked at: a list of 10,000 runs shows a few of them."""

    __slots__ = ("_folder", "_found", "_text")

    def __init__(self, folder: Path, text: str) -> None:
        self._folder, self._text = folder, text
        self._found: Record | None = None

    def __call__(self) -> Record:
        if self._found is None:
            try:
                self._found = Record.from_json(json.loads(self._text))
            except (ValueError, TypeError, StoreError):
                self._found = read(self._folder).record  # the index is damaged, not the run
        return self._found


def _is_final(record: Record) -> bool:
    """Return whether a run has ended, and its cost is a number that the index can keep."""
    amount = record.amount
    return record.state in ENDED and (amount is None or (amount % _PART == 0 and amount < 10**9))


def _storable(text: str | None) -> str | None:
    # Half a surrogate pair, as a hostile journal may hold, is no text for SQLite.
    return None if text is None else text.encode(errors="replace").decode()


def _job_of(run: Run) -> str:
    return run.task_id or original(run.id)


def _words_of(run: Run) -> str:
    """Return what a run is found by: its words, and a line for each option that can be asked for by its name."""
    asked = run.record.request or {}
    words = (run.prompt, run.state, asked.get("model"), run.id, run.task_id, run.created[:10])
    named = [f"\n{name}:{asked.get(name)}\n" for name in ("seed", "model", "size")]
    return " ".join([*(str(word) for word in words if word), *named]).casefold()


def _holds(words: str, wanted: str) -> bool:
    """Return whether each word is there, in any order; `seed:3` is that seed, `model:pro` a part of the model."""
    for word in wanted.split():
        name, colon, value = word.partition(":")
        if not colon or name not in ("seed", "model", "size"):
            found = word in words
        else:
            lines = (line for line in words.split("\n") if line.startswith(f"{name}:"))
            said = next(lines, "").removeprefix(f"{name}:")
            found = value in said if name == "model" else value == said
        if not found:
            return False
    return True
