"""The books of a class: its people and their codes, what each asked for, what it may make at most and what came.

A SQLite database in WAL mode beside the runs. A request is counted at the most it may make from before it is sent until
its outcome is known, so no cap is passed whenever the process is killed:

    WAITING ──► SENT ──► SUCCEEDED            counted: what came
       │         │ └───► FAILED, CANCELED     counted: nothing
       └─────────┴─────► CANCELED
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from wannb.translation import Said, count

WAITING, SENT, SUCCEEDED, FAILED, CANCELED = "WAITING", "SENT", "SUCCEEDED", "FAILED", "CANCELED"
ENDED = (SUCCEEDED, FAILED, CANCELED)
#: Seconds in which an equal request of a client that names none is the same one, sent again.
AGAIN = 10.0
#: Seconds for which a turn counts.
LATELY = 600.0
#: Letters and digits that nobody takes for another, and how many a code has: 32**10 codes.
_LETTERS, _LONG = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 10
_TABLES = """
CREATE TABLE IF NOT EXISTS people (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, code TEXT NOT NULL UNIQUE, most INTEGER NOT NULL,
    stopped INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS asks (
    id TEXT PRIMARY KEY, person INTEGER NOT NULL REFERENCES people, run TEXT NOT NULL, again TEXT NOT NULL,
    model TEXT NOT NULL, most INTEGER NOT NULL, made INTEGER NOT NULL DEFAULT 0, price TEXT NOT NULL, drawn INTEGER
    NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', came REAL NOT NULL,
    sent REAL, ended REAL, took REAL);
CREATE INDEX IF NOT EXISTS asks_by_person ON asks (person, state);
CREATE INDEX IF NOT EXISTS asks_by_state ON asks (state, model);
CREATE TABLE IF NOT EXISTS pictures (
    name TEXT PRIMARY KEY, ask TEXT NOT NULL REFERENCES asks, file TEXT NOT NULL, hidden INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS pictures_by_ask ON pictures (ask);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
DROP VIEW IF EXISTS counted;
CREATE VIEW counted AS SELECT person, price, drawn, CASE
    WHEN state = 'SUCCEEDED' THEN made WHEN state IN ('WAITING', 'SENT') THEN most ELSE 0 END AS images FROM asks;
"""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One of the class. `most` is how many images they may make, and as many again that are drawn at a cap.

    `code` is what stands in place of the key.
    """

    id: int
    name: str
    code: str
    most: int
    stopped: bool


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request of a person: its run, the most images it may make, and what came of it.

    `came`, `sent` and `ended` are epoch seconds, `took` those that the service ran it.
    """

    id: str
    person: int
    run: str
    again: str
    model: str
    most: int
    made: int
    price: Decimal
    drawn: bool
    state: str
    code: str
    message: str
    came: float
    sent: float | None
    ended: float | None
    took: float | None


@dataclass(frozen=True, kw_only=True)
class Caps:
    """What a class may make.

    Attributes:
        total: images of all people together, None for no cap.
        money: in the region's currency, None for no cap.
        until: epoch seconds, after which nothing more is taken.
        models, sizes, modes: those that may be asked for; empty for all. A size is compared as it is written, a mode
            has its name of `ImageRequest.mode`.
        going: whether the class is on; a teacher stops it and lets it go on.
    """

    total: int | None = None
    money: Decimal | None = None
    until: float | None = None
    models: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    going: bool = True


class Capped(Exception):
    """A request that a cap does not allow; `said` tells the person which, and what to do."""

    def __init__(self, said: Said) -> None:
        super().__init__(str(said))
        self.said = said


class Books:
    """The books of one class, safe for threads; the clock gives epoch seconds.

    >>> books = Books(":memory:")
    >>> books.add("Ada", most=8).most
    8
    """

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        if path != ":memory:":
            Path(path).touch(0o600)  # it holds the codes; what SQLite puts beside it gets the same mode
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # what is counted is on disk before anything is sent
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(_TABLES)
        #: Grows with every change, so that a page knows when to look again.
        self.version = 0

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            self.version += 1

    def _changed(self, query: str, *values: Any) -> bool:
        """Change a row, and return whether there was one to change."""
        with self._change() as db:
            return db.execute(query, values).rowcount == 1

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    # People

    def add(self, name: str, *, most: int) -> Person:
        """Take a person in, with a new code."""
        with self._change() as db:
            code = "".join(secrets.choice(_LETTERS) for _ in range(_LONG))
            code = f"{code[:5]}-{code[5:]}"
            row = db.execute("INSERT INTO people (name, code, most) VALUES (?, ?, ?)", (name, code, most))
            return Person(id=int(row.lastrowid or 0), name=name, code=code, most=most, stopped=False)

    def people(self) -> list[Person]:
        return [_person(row) for row in self._rows("SELECT * FROM people ORDER BY id")]

    def names(self) -> dict[int, str]:
        return {person.id: person.name for person in self.people()}

    def person(self, code: str) -> Person | None:
        """Return who has a code, however it is written."""
        bare = "".join(letter for letter in code.upper() if letter in _LETTERS)
        rows = self._rows("SELECT * FROM people WHERE code = ?", f"{bare[:5]}-{bare[5:]}")
        return _person(rows[0]) if rows else None

    def set_person(
        self, person: int, *, name: str | None = None, most: int | None = None, stopped: bool | None = None
    ) -> None:
        """Change what is given of a person."""
        query = "UPDATE people SET name = coalesce(?, name), most = coalesce(?, most), stopped = coalesce(?, stopped) "
        self._changed(query + "WHERE id = ?", name, most, stopped, person)

    # Settings

    def setting(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM settings WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else None

    def set(self, name: str, value: str) -> None:
        self._changed("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    # Asks

    def ask(
        self, person: Person, *, again: str, model: str, most: int, price: Decimal, caps: Caps, run: Callable[[], str]
    ) -> tuple[Ask, bool]:
        """Take a request down within the caps, and return it and whether it is new; `run` makes its run.

        Args:
            again: what tells that it is the same request, sent again.
            most: images it may make.
            price: of an image, 0 for a drawn one.

        Raises:
            Capped: with the cap, before anything is made.
        """
        now = self._clock()
        with self._change() as db:
            same = db.execute(
                "SELECT * FROM asks WHERE person = ? AND again = ? ORDER BY came DESC", (person.id, again)
            ).fetchone()
            if same and (not again.startswith("=") or now - same["came"] < AGAIN):
                return _ask(same), False
            self._check(person, most, price, caps, now)
            ask = str(uuid4())
            db.execute(
                "INSERT INTO asks (id, person, run, again, model, most, price, drawn, state, came) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (ask, person.id, run(), again, model, most, str(price), not price, WAITING, now),
            )
            return _ask(db.execute("SELECT * FROM asks WHERE id = ?", (ask,)).fetchone()), True

    def _check(self, person: Person, most: int, price: Decimal, caps: Caps, now: float) -> None:
        own, everyone, spent = self.counted(person.id, drawn=not price), *self.totals()
        if not caps.going:
            raise Capped(Said("the class is stopped at the moment; the teacher lets it go on"))
        if person.stopped:
            raise Capped(Said("your code is stopped; ask the teacher"))
        if caps.until is not None and now >= caps.until:
            ended = datetime.fromtimestamp(caps.until).strftime("%H:%M")
            raise Capped(Said("the class ended at {time}; nothing more is made", time=ended))
        asked = count(most, "image")
        if own + most > person.most:
            facts = {"images": asked, "made": own, "all": person.most}
            if not price:
                raise Capped(
                    Said("{images} would be more than yours: {made} of {all} drawn ones are made or under way", **facts)
                )
            raise Capped(
                Said(
                    "{images} would be more than yours: {made} of {all} are made or under way. Ask for fewer, or "
                    "the teacher for more",
                    **facts,
                )
            )
        if not price:  # the other caps are of what is billed
            return
        if caps.total is not None and everyone + most > caps.total:
            raise Capped(
                Said(
                    "{images} would be more than the class has: {made} of {all} are made or under way",
                    images=asked,
                    made=everyone,
                    all=caps.total,
                )
            )
        if caps.money is not None and spent + most * price > caps.money:
            raise Capped(
                Said(
                    "{images} would cost more than the class may: {spent} of {all} are spent or under way",
                    images=asked,
                    spent=f"{spent:.2f}",
                    all=f"{caps.money:.2f}",
                )
            )

    def counted(self, person: int, *, drawn: bool = False) -> int:
        """Return how many images a person has made, and may yet make by what is under way; or how many drawn ones."""
        query = "SELECT coalesce(sum(images), 0) AS n FROM counted WHERE person = ? AND drawn = ?"
        return int(self._rows(query, person, drawn)[0]["n"])

    def totals(self) -> tuple[int, Decimal]:
        """Return the same of the whole class, and what it costs at most."""
        rows = self._rows("SELECT price, sum(images) AS n FROM counted WHERE NOT drawn GROUP BY price")
        counts = [(int(row["n"]), Decimal(row["price"])) for row in rows]
        return sum(n for n, _ in counts), sum((n * price for n, price in counts), Decimal(0))

    def get(self, ask: str) -> Ask | None:
        rows = self._rows("SELECT * FROM asks WHERE id = ?", ask)
        return _ask(rows[0]) if rows else None

    def of(self, person: int) -> list[Ask]:
        """Return a person's requests, newest first."""
        return [_ask(row) for row in self._rows("SELECT * FROM asks WHERE person = ? ORDER BY came DESC", person)]

    def sent(self) -> list[Ask]:
        """Return what was sent and has not ended, oldest first."""
        return [_ask(row) for row in self._rows("SELECT * FROM asks WHERE state = 'SENT' ORDER BY sent")]

    def open(self) -> list[Ask]:
        """Return what has not ended."""
        return [_ask(row) for row in self._rows("SELECT * FROM asks WHERE state IN ('WAITING', 'SENT')")]

    def queue(self, model: str, *, drawn: bool = False) -> list[Ask]:
        """Return what waits for a model, in the order in which it is sent: round robin over the people.

        Whoever had the fewest turns lately comes first, so that nobody gains by being a moment ahead of the others;
        then who was served longest ago, and of each person's own requests the oldest.
        """
        waits = self._rows(
            "SELECT * FROM asks WHERE state = 'WAITING' AND model = ? AND drawn = ? "
            "AND person NOT IN (SELECT id FROM people WHERE stopped) ORDER BY came",
            model,
            drawn,
        )
        served = self._rows(
            "SELECT person, count(*) AS n, max(sent) AS last FROM asks WHERE model = ? AND drawn = ? AND sent > ? "
            "GROUP BY person",
            model,
            drawn,
            self._clock() - LATELY,
        )
        turns, last = ({row["person"]: row[name] for row in served} for name in ("n", "last"))
        order = []
        for ask in map(_ask, waits):
            turns[ask.person] = turns.get(ask.person, 0) + 1
            order.append((turns[ask.person], last.get(ask.person, 0.0), ask.came, ask))
        return [ask for *_, ask in sorted(order, key=lambda each: each[:3])]

    def usual_seconds(self, model: str, *, drawn: bool = False) -> float | None:
        """Return how long the service ran the last twenty requests for a model, on average."""
        [row] = self._rows(
            "SELECT avg(took) AS n FROM (SELECT coalesce(took, ended - sent) AS took FROM asks "
            "WHERE model = ? AND drawn = ? AND state = 'SUCCEEDED' ORDER BY ended DESC LIMIT 20)",
            model,
            drawn,
        )
        return None if row["n"] is None else float(row["n"])

    def send(self, ask: Ask) -> bool:
        """Write down that a waiting request is sent now; False where it was canceled meanwhile."""
        query = "UPDATE asks SET state = 'SENT', sent = ? WHERE id = ? AND state = 'WAITING'"
        return self._changed(query, self._clock(), ask.id)

    def end(
        self,
        ask: str,
        state: str,
        *,
        code: str = "",
        message: str = "",
        pictures: Mapping[str, str] = {},
        took: float | None = None,
    ) -> bool:
        """Write down how a request ended, once; `pictures` are its files by their names in addresses."""
        with self._change() as db:
            changed = db.execute(
                "UPDATE asks SET state = ?, made = ?, code = ?, message = ?, ended = ?, took = ? "
                "WHERE id = ? AND state IN ('WAITING', 'SENT')",
                (state, len(pictures), code, message, self._clock(), took, ask),
            )
            if changed.rowcount:
                db.executemany(
                    "INSERT INTO pictures (name, ask, file) VALUES (?, ?, ?)",
                    [(name, ask, file) for name, file in pictures.items()],
                )
            return changed.rowcount == 1

    def cancel(self, ask: str) -> bool:
        """Cancel a request that still waits here; False where it was sent already."""
        query = "UPDATE asks SET state = 'CANCELED', ended = ? WHERE id = ? AND state = 'WAITING'"
        return self._changed(query, self._clock(), ask)

    def set_run(self, ask: str, run: str) -> None:
        self._changed("UPDATE asks SET run = ? WHERE id = ?", run, ask)

    # Pictures

    def pictures(self, ask: str | None = None) -> list[sqlite3.Row]:
        """Return pictures with their person and run, oldest first: of a request, or all."""
        query = (
            "SELECT p.name, p.file, p.hidden, p.ask, a.person, a.run, a.drawn, a.ended FROM pictures p "
            "JOIN asks a ON a.id = p.ask"
        )
        if ask is None:
            return self._rows(f"{query} ORDER BY a.ended, p.rowid")
        return self._rows(f"{query} WHERE p.ask = ? ORDER BY p.rowid", ask)

    def picture(self, name: str) -> str | None:
        """Return the file behind a picture's name."""
        rows = self._rows("SELECT file FROM pictures WHERE name = ?", name)
        return str(rows[0]["file"]) if rows else None

    def hide(self, name: str, hidden: bool) -> None:
        self._changed("UPDATE pictures SET hidden = ? WHERE name = ?", hidden, name)


def _person(row: sqlite3.Row) -> Person:
    return Person(id=row["id"], name=row["name"], code=row["code"], most=row["most"], stopped=bool(row["stopped"]))


def _ask(row: sqlite3.Row) -> Ask:
    facts = dict(row)
    return Ask(**{**facts, "price": Decimal(facts["price"]), "drawn": bool(facts["drawn"])})
