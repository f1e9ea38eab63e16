"""Kill jobs at random and check after each that every billed image is on disk and none was billed twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ledger.kill.lives import IMAGES, PROOF
from pictures import handled

from wannb.ledger.record import ENDED, PREPARED
from wannb.ledger.store import Store
from wannb.mock import App, MockServer, Request, Response

LIVES = Path(__file__).with_name("lives.py")
#: Kills of one job in a row, the share of them by time (the rest at a step), the share after which a rescue is killed.
IN_A_ROW, TIMED, RESCUED = 3, 0.5, 0.3
#: What is counted of each kind of job: rounds, kills, images. Lost is billed, not on disk, and nobody said so; said are
#: those of synchronous calls whose answer died with the process; doubled is billed beyond what was wanted.
COUNTED = ("rounds", "kills", "wanted", "billed", "on_disk", "lost", "said", "doubled")


class Slow:
    """Takes a request at once and answers late, and images come slowly, so that many a kill falls in between."""

    def __init__(self, app: App) -> None:
        self.app = app

    def handle(self, request: Request) -> Response:
        answer = handled(self.app, request)
        if request.path.endswith("/generation"):
            time.sleep(0.03)
        elif request.path.endswith(".png"):
            time.sleep(0.015)
        return answer


@dataclass(kw_only=True)
class Killing:
    """A process that forks jobs, a mock server of its own for each round, and what came of them."""

    folder: Path
    server: MockServer = field(init=False)
    lives: subprocess.Popen[str]
    chance: random.Random
    tallies: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    faults: list[str] = field(default_factory=list)
    _usual: dict[str, tuple[float, int]] = field(default_factory=dict)
    _number: int = 0

    @property
    def kills(self) -> int:
        return sum(tally["kills"] for tally in self.tallies.values())

    def live(self, job: str, number: int, death: str = "-") -> str:
        """Let a job live, and return "killed", "done" or "error"."""
        tell(self.lives, f"{job} {self.folder / str(number)} {self.server.base_url} {number} {death}")
        *steps, ended = heard(self.lives)
        if steps:
            self._steps = int(steps[0])
        return ended

    def round(self, job: str) -> None:
        """Kill a job several times, let it be rescued, and run it to its end."""
        if job not in self._usual:
            self._learn(job)
        self._number += 1
        with slow_server(self._number) as self.server:
            self._round(job, self._number)

    def _round(self, job: str, number: int) -> None:
        kills = 0
        for _ in range(IN_A_ROW):
            kills += self._kill(job, number)
            if self.chance.random() < RESCUED:
                kills += self._kill("rescue", number, of=job)  # the rescuer itself may die as well
        time.sleep(0.03)  # what was sent ends meanwhile, and is billed
        self._must(self.live("rescue", number) == "done", f"{job} {number}: the rescue failed")
        have, said, proofs = self._found(number)
        billed = self.server.billed - proofs
        lost = max(0, billed - have - said)
        self._must(not lost, f"{job} {number}: {billed} billed, {have} on disk, {said} said to be in doubt")
        self._must(self.live(job, number) == "done", f"{job} {number}: the last run failed")
        have, said, proofs = self._found(number)
        billed, wanted = self.server.billed - proofs, IMAGES[job]
        doubled = max(0, billed - wanted)
        self._must(not doubled and wanted <= have + said, f"{job} {number}: {billed} billed, {have} there of {wanted}")
        counted = (1, kills, wanted, billed, have, lost, said, doubled)
        self.tallies[job].update(dict(zip(COUNTED, counted, strict=True)))

    def table(self) -> str:
        """Return what came of it, a line for each kind of job."""
        tallies = {**self.tallies, "all": sum(self.tallies.values(), Counter())}
        rows = [("", COUNTED), *((job, [tally[name] for name in COUNTED]) for job, tally in tallies.items())]
        return "\n".join(f"{job:<8}" + "".join(f"{cell:>10}" for cell in cells) for job, cells in rows)

    def _learn(self, job: str) -> None:
        """Run a job to its end, to know how long it takes and how many steps."""
        for _ in range(2):  # the first takes longer than all that follow
            self._number += 1
            began = time.monotonic()
            with slow_server(self._number) as self.server:
                self._must(self.live(job, self._number) == "done", f"{job}: the first run failed")
        self._usual[job] = (time.monotonic() - began, self._steps)

    def _kill(self, job: str, number: int, of: str = "") -> bool:
        seconds, steps = self._usual[of or job]
        share = 0.3 if of else 1.0
        timed = f"{self.chance.uniform(0, seconds * share):.4f}"
        stepped = f"#{self.chance.randint(1, max(1, int(steps * share)))}"
        return self.live(job, number, timed if self.chance.random() < TIMED else stepped) == "killed"

    def _found(self, number: int) -> tuple[int, int, int]:
        """Return how many images are on disk, how many may be billed and are said to be, and those made as proof."""
        every = Store(self.folder / str(number)).runs()
        runs, proofs = ([run for run in every if (run.prompt == PROOF) == is_proof] for is_proof in (False, True))
        have = {run.id: len(run.result()) for run in runs if run.whole}
        sync = [run for run in runs if run.record.via == "sync" and run.state not in (PREPARED, *ENDED)]
        in_doubt = [*sync, *(run for run in runs if run.record.in_doubt)]
        said = sum((run.record.request or {})["n"] - have.get(run.id, 0) for run in in_doubt)
        return sum(have.values()), said, sum(bool(run.task_id) for run in proofs)

    def _must(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault)


def tell(lives: subprocess.Popen[str], line: str) -> None:
    assert lives.stdin
    lives.stdin.write(f"{line}\n")
    lives.stdin.flush()


def heard(lives: subprocess.Popen[str]) -> list[str]:
    assert lives.stdout
    return lives.stdout.readline().split() or ["error"]


@contextmanager
def kernel() -> Iterator[subprocess.Popen[str]]:
    """Start a process that lets jobs live."""
    with subprocess.Popen(
        [sys.executable, str(LIVES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as lives:
        yield lives
        assert lives.stdin
        lives.stdin.close()


@contextmanager
def slow_server(seed: int) -> Iterator[MockServer]:
    app = App(task_seconds=0.02, rng=random.Random(seed))
    with MockServer(app, handles=Slow(app)) as server:
        yield server


@contextmanager
def killing(folder: Path, *, seed: int) -> Iterator[Killing]:
    """Start a process for jobs."""
    with kernel() as lives:
        yield Killing(folder=folder, lives=lives, chance=random.Random(seed))
