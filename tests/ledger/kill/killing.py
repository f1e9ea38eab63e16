"""Kill jobs at random and check after each that every billed image is on disk and none was billed twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from ledger.kill.lives import AFTERWARDS, ENDING, IMAGES, PACE, request_of
from ledger.kill.truth import Service, choose, serving

from wannb.client import Client
from wannb.mock import MockServer
from wannb.runs.record import ENDED, PREPARED, SENDING
from wannb.runs.store import Store
from wannb.service.endpoint import mock

LIVES = Path(__file__).with_name("lives.py")
#: Kills of one job in a row, the share of them by time (the rest at a step), the share after which a rescue is killed.
IN_A_ROW, TIMED, RESCUED = 3, 0.5, 0.3
#: How often a script that ends while it works is run, until all of it is there.
TIMES = 10
#: What is counted of each kind of job: rounds, kills, images. Lost is billed, not on disk, and nobody said so; said are
#: those of synchronous calls whose answer died with the process; doubled is billed beyond what was wanted; swapped was
#: drawn for another request; silent was not on disk at the end of a script that ended well and said nothing.
COUNTED = ("rounds", "kills", "wanted", "billed", "on_disk", "lost", "said", "doubled", "swapped", "silent")


@dataclass(kw_only=True)
class Killing:
    """A process that forks jobs, a mock server for each round of them, and what came of them."""

    folder: Path
    server: MockServer
    service: Service
    lives: subprocess.Popen[str]
    chance: random.Random
    tallies: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    faults: list[str] = field(default_factory=list)
    _usual: dict[str, tuple[float, int]] = field(default_factory=dict)
    _number: int = 0
    _more: int = 0

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
        with self._alone() as number:
            self._round(job, number)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Give the next round a service that nobody has used yet."""
        self._number, self._more = self._number + 1, 0
        with slow_server(self._number) as (self.server, self.service):
            yield self._number

    def _round(self, job: str, number: int) -> None:
        kills = 0
        for _ in range(IN_A_ROW):
            kills += self._kill(job, number)
            if self.chance.random() < RESCUED:
                kills += self._kill("rescue", number, of=job)  # the rescuer itself may die as well
        self._rescued(job, number)
        have, said = self._found(number)
        billed = self.server.billed
        lost = max(0, billed - have - said)
        self._must(not lost, f"{job} {number}: {billed} billed, {have} on disk, {said} said to be in doubt")
        silent = self._ended(job, number)
        have, said = self._found(number)
        billed, wanted = self.server.billed, IMAGES[job] + self._more
        doubled = max(0, billed - wanted)
        self._must(not doubled and wanted <= have + said, f"{job} {number}: {billed} billed, {have} there of {wanted}")
        _, swapped = self.service.on_disk(self.folder / str(number))
        self.faults += [f"{job} {number}: {wrong}" for wrong in swapped]
        counted = (1, kills, wanted, billed, have, lost, said, doubled, len(swapped), silent)
        self.tallies[job].update(dict(zip(COUNTED, counted, strict=True)))

    def _rescued(self, job: str, number: int) -> None:
        time.sleep(0.03)  # what was sent ends meanwhile, and is billed
        self._must(self.live("rescue", number) == "done", f"{job} {number}: the rescue failed")

    def _decided(self, number: int) -> None:
        """Choose by the pictures what became of runs in doubt; a later task proves that the rest did not arrive."""
        with Client(mock(self.server.base_url), "sk-mock", Store(self.folder / str(number)), pace=PACE) as client:
            for _ in range(2):
                problems = client.rescue().problems
                for run_id, problem in problems:
                    choose(client, run_id, problem)
                open_runs = [run for run in client.runs() if run.state == SENDING and run.record.via == "task"]
                if not open_runs:
                    return
                time.sleep(0.6)  # tasks may be entered into the list half a second late
                self._more += 1
                client.run(request_of(f"round {number}, {AFTERWARDS} {self._more}"))

    def _ended(self, job: str, number: int) -> int:
        """Run a job to its end; return how many images were not on disk then without a word.

        A script that ends while it still works may leave some of it to the next rescue, and what it had not begun yet
        to the next time. What is in doubt is decided by a person.
        """
        silent, folder = 0, self.folder / str(number)
        for _ in range(TIMES):
            ended = self.live(job, number)
            if job in ENDING and ended == "done":
                time.sleep(0.03)
                have = sum(self._found(number))
                if not folder.with_suffix(".said").read_text():
                    silent += max(0, self.server.billed - have)
                ended = ended if have >= IMAGES[job] else "more"
            if ended == "done":
                break
            self._rescued(job, number)
            self._decided(number)
        self._must(ended == "done", f"{job} {number}: the last run failed")
        self._must(not silent, f"{job} {number}: {silent} billed, not on disk at the end, and not a word")
        return silent

    def table(self) -> str:
        """Return what came of it, a line for each kind of job."""
        tallies = {**self.tallies, "all": sum(self.tallies.values(), Counter())}
        rows = [("", COUNTED), *((job, [tally[name] for name in COUNTED]) for job, tally in tallies.items())]
        return "\n".join(f"{job:<8}" + "".join(f"{cell:>10}" for cell in cells) for job, cells in rows)

    def _learn(self, job: str) -> None:
        """Run a job to its end, to know how long it takes and how many steps."""
        for _ in range(2):  # the first takes longer than all that follow
            with self._alone() as number:
                began = time.monotonic()
                self._must(self.live(job, number) == "done", f"{job}: the first run failed")
                took = time.monotonic() - began
        self._usual[job] = (took, self._steps)

    def _kill(self, job: str, number: int, of: str = "") -> bool:
        seconds, steps = self._usual[of or job]
        share = 0.3 if of else 1.0
        timed = f"{self.chance.uniform(0, seconds * share):.4f}"
        stepped = f"#{self.chance.randint(1, max(1, int(steps * share)))}"
        return self.live(job, number, timed if self.chance.random() < TIMED else stepped) == "killed"

    def _found(self, number: int) -> tuple[int, int]:
        """Return how many images are on disk, and how many may be billed and are said to be in doubt."""
        runs = Store(self.folder / str(number)).runs()
        have = {run.id: len(run.result()) for run in runs if run.whole}
        there = {run.record.fingerprint for run in runs if run.whole}
        opened = [run for run in runs if run.state not in (PREPARED, *ENDED) and run.task_id is None]
        in_doubt = [run for run in opened if run.record.fingerprint not in there]
        said = sum((run.record.request or {})["n"] - have.get(run.id, 0) for run in in_doubt)
        return sum(have.values()), said

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
def slow_server(seed: int) -> Iterator[tuple[MockServer, Service]]:
    """Start a server that answers late and gives images slowly, so that many a kill falls in between."""
    with serving(slow=(0.03, 0.015), task_seconds=0.02, seed=seed) as served:
        yield served


@contextmanager
def killing(folder: Path, *, seed: int, lives: subprocess.Popen[str] | None = None) -> Iterator[Killing]:
    """Start a server and, if there is none, a process for jobs."""
    folder.mkdir(parents=True, exist_ok=True)
    with slow_server(seed) as (server, service), nullcontext(lives) if lives else kernel() as lives:
        yield Killing(folder=folder, server=server, service=service, lives=lives, chance=random.Random(seed))
