"""Settings of the mock service, with its clock and its chance: what all its parts share."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID

from wannb.mock.recordings.library import Recordings


@dataclass(kw_only=True, eq=False, repr=False)
class Settings:
    """Settings of one server life.

    Args as for `serve`, with recordings that are loaded already, and:
        steady: take ids and seeds from the request, so that recording twice gives equal files.
        rng: the source of ids, and of seeds that a request does not have.
    """

    task_seconds: float = 0.6
    keys: Collection[str] | None = None
    limits: bool = False
    replay: Recordings | None = None
    strict: bool = False
    steady: bool = False
    captions: bool = True
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    rng: random.Random = field(default_factory=random.Random)
    _offset: float = field(default=0.0, init=False)

    def now(self) -> float:
        """Return the service's clock in epoch seconds."""
        return self.clock() + self._offset

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the service's clock on: tasks finish, links expire, tasks are forgotten."""
        self._offset += hours * 3600 + minutes * 60 + seconds

    def fresh(self) -> UUID:
        """Return a new id."""
        return UUID(int=self.rng.getrandbits(128), version=4)
