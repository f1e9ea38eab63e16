"""Storms: many calls from threads, processes and people in bad weather, and what came of each image that was billed.

After a storm comes a calm, in which people do what they would: rescue, look at the pictures of what is in doubt and
choose, and make again the calls that had failed. What is counted then is held against what the service knows.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from ledger.kill.killing import heard, kernel, killing, tell
from ledger.kill.lives import AFTERWARDS, Scaled, request_of
from ledger.kill.truth import REFUSED, Service, Weather, choose, page, serving, shows

from wannb.client import Client
from wannb.errors import WannbError
from wannb.mock import MockServer, Request, Response
from wannb.runs.record import ENDED, PREPARED
from wannb.runs.store import Store
from wannb.service.endpoint import mock
from wannb.service.limits import Pace

#: A third of all answers, tasks that the service does not know or list for some seconds, and pages that come empty.
BAD = {"faults": 1 / 3, "empty": 0.1, "lag": 3.0, "young": 6.0}
PRO, SMALL = "wan2.7-image-pro", "wan2.7-image"
#: Seconds by which a call may end after its timeout, and those that a busy machine takes.
GRACE, BUSY = 2.0, 0.5
_ROUNDS = 4


@dataclass(kw_only=True)
class Storm:
    """One service, the processes that call it, and their clock."""

    folder: Path
    server: MockServer
    service: Service
    clock: Scaled
    lives: subprocess.Popen[str]
    #: Of images: lost is billed, not on disk and nobody says so; chosen was tied to its run by a person who saw the
    #: picture; guessed was another's, said that it may be, and was given back by a person who saw it; open is still in
    #: doubt at the end. Of calls: said is an error, late is over the timeout.
    tally: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _orders: int = 0

    # Calls

    @contextmanager
    def calling(self, place: str, groups: Sequence[dict[str, Any]], timeout: float | None = None) -> Iterator[Calls]:
        """Let a process make calls of groups of prompts, each with its own threads and model; end it with the block."""
        self._orders += 1
        order = self.folder / f"order-{self._orders}.json"
        groups = [{"threads": 1, **group} for group in groups]
        order.write_text(json.dumps({"groups": groups, "timeout": timeout, "clock": self.clock.told}))
        with _TELLING:
            tell(self.lives, f"calls {self.folder / place} {self.server.base_url} {order} &")
            process = int(heard(self.lives)[0])
        calls = Calls(process, order.with_suffix(".out"), groups, timeout, self.clock)
        try:
            yield calls
        finally:
            calls.signal(signal.SIGKILL)

    @contextmanager
    def others(self, seconds: float) -> Iterator[None]:
        """Let somebody else on the key make a picture every so many seconds; nobody if that is 0."""
        over = threading.Event()

        def ask() -> None:
            while seconds and not over.wait(seconds / self.clock.scale):
                self.service.stranger("a stranger's")

        with ThreadPoolExecutor(1) as pool:
            pool.submit(ask)
            try:
                yield
            finally:
                over.set()

    def client(self, place: str, pace: Pace | None = None) -> Client:
        return Client(
            mock(self.server.base_url), "sk-mock", Store(self.folder / place), pace=pace, clock=self.clock.clock()
        )

    # The calm afterwards

    def settle(self, places: dict[str, Sequence[str]], calls: Sequence[Calls] = ()) -> Counter[str]:
        """Let the people of each folder see to what they wanted, and count."""
        self.service.weather = Weather()
        self.tally["late"] += sum(call.late for call in calls)
        errors = [one["error"] for call in calls for one in call.came if one["error"]]
        self.tally.update(said=len(errors))
        self.tally.update(errors)
        with ThreadPoolExecutor(len(places)) as pool:
            list(pool.map(self._see_to, places, places.values()))
        self.service.app.advance(minutes=1)  # what was sent ends meanwhile, and is billed
        billed = self.service.billed()
        for place, prompts in places.items():
            self._count(place, prompts, billed)
        return self.tally

    def _see_to(self, place: str, prompts: Sequence[str]) -> None:
        with self.client(place) as client:
            for turn in range(_ROUNDS):
                self._look_at_guesses(client)
                problems = client.rescue(timeout=600).problems
                for run_id, problem in problems:
                    self.tally["chosen"] += choose(client, run_id, problem)
                missing = [prompt for prompt in prompts if not self._there(client, prompt)]
                if not missing:
                    return
                for prompt in missing:
                    with suppress(WannbError):
                        client.run(request_of(prompt, self._model(prompt)))
                # A later task of the folder proves what did not arrive.
                client.run(request_of(f"{place}, {AFTERWARDS} {turn}"))
                self.clock.sleep(5)

    def _look_at_guesses(self, client: Client) -> None:
        """Give back what was taken over by its time or chosen, and shows something else."""
        for run in client.runs():
            if run.record.uncertain and run.images and not shows(run.images[0].read_bytes(), run.prompt):
                client.release(run.id)
                self.tally["guessed"] += 1

    def _model(self, prompt: str) -> str | None:
        return SMALL if prompt.startswith("small") else None

    def _there(self, client: Client, prompt: str) -> bool:
        run = client.known(request_of(prompt, self._model(prompt)))
        return run is not None and run.state in ENDED

    def _count(self, place: str, prompts: Sequence[str], billed: Counter[str]) -> None:
        have, wrong = self.service.on_disk(self.folder / place)
        runs = Store(self.folder / place).runs()
        opened = Counter(run.prompt for run in runs if run.state not in (PREPARED, *ENDED))
        self.wrong += wrong
        self.tally["swapped"] += len(wrong)
        for prompt in prompts:
            self.tally.update(
                wanted=1,
                billed=billed[prompt],
                on_disk=min(1, have[prompt]),
                doubled=max(0, billed[prompt] - 1),
                lost=max(0, min(1, billed[prompt]) - have[prompt] - opened[prompt]),
                open=min(1, opened[prompt]),
            )


@dataclass
class Calls:
    """Calls that a process of their own makes."""

    process: int
    out: Path
    groups: Sequence[dict[str, Any]]
    timeout: float | None
    clock: Scaled

    @property
    def count(self) -> int:
        return sum(len(group["prompts"]) for group in self.groups)

    @property
    def came(self) -> list[dict[str, Any]]:
        """What came of those that have ended."""
        return [json.loads(line) for line in self.out.read_text().splitlines()] if self.out.exists() else []

    def wait(self, seconds: float = 600.0, count: int | None = None) -> bool:
        """Wait, in seconds of this machine, until all or so many have ended; return whether they have."""
        count = self.count if count is None else count
        end = time.monotonic() + seconds
        while len(self.came) < count and time.monotonic() < end:
            time.sleep(0.02)
        return len(self.came) >= count

    @property
    def late(self) -> int:
        """How many ended, or did not end, after their timeout."""
        if self.timeout is None:
            return 0
        most = self.timeout + GRACE + BUSY * (self.clock.scale - 1)
        return self.count - sum(one["seconds"] <= most for one in self.came)

    def seconds(self, prompt: str) -> list[float]:
        return [one["seconds"] for one in self.came if one["prompt"].startswith(prompt)]

    def signal(self, number: int) -> None:
        os.killpg(self.process, number)


#: One order after the other, where storms share the process that lets others live.
_TELLING = threading.Lock()


@contextmanager
def storming(
    folder: Path, weather: Weather, *, scale: float = 10.0, lives: subprocess.Popen[str] | None = None, **more: Any
) -> Iterator[Storm]:
    """Start a service whose clock, and that of all who call it, is `scale` times as fast as this machine's."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = Scaled(scale)
    with (
        serving(weather, clock=clock, **more) as (server, service),
        nullcontext(lives) if lives else kernel() as lives,
    ):
        yield Storm(folder=folder, server=server, service=service, clock=clock, lives=lives)


def named(what: str, count: int) -> list[str]:
    return [f"{what}, picture {number}" for number in range(1, count + 1)]


# The storms

#: Seconds that a call in a storm of many may take, and for which one beside another model's is waited for.
PATIENT, MOST = 120.0, 250.0


def one_folder(folder: Path, count: int = 200, threads: int = 16, strangers: float = 0.0, **more: Any) -> Counter[str]:
    """Make many calls at once in one folder.

    Args:
        folder: of the storm.
        count, threads: of the calls.
        strangers: seconds between two tasks of somebody else on the key; 0 for nobody else.
    """
    prompts = named("one", count)
    with storming(folder, Weather(**BAD), **more) as storm, storm.others(strangers) as _:
        with storm.calling("runs", [{"prompts": prompts, "threads": threads}], PATIENT) as calls:
            calls.wait()
        return storm.settle({"runs": prompts}, [calls])


def processes(folder: Path, count: int = 40, shared: int = 10, kills: int = 2, **more: Any) -> Counter[str]:
    """Let three processes make calls in one folder; some they all want, which are to be billed once.

    One of them is killed in the midst of its work and started again, several times.
    """
    both = named("all", shared)
    lists = [[*named(f"process {each}", count), *both] for each in range(3)]
    with storming(folder, Weather(**BAD), **more) as storm, ExitStack() as stack:
        groups = [[{"prompts": prompts, "threads": 5}] for prompts in lists]
        for _ in range(kills):
            with storm.calling("runs", groups[0], PATIENT) as killed:
                killed.wait(60, count // 4)
        calls = [stack.enter_context(storm.calling("runs", group, PATIENT)) for group in groups]
        for one in calls:
            one.wait()
        return storm.settle({"runs": list(dict.fromkeys(chain(*lists)))}, calls)


def people(folder: Path, count: int = 20, heads: int = 6, *, known: bool = True, **more: Any) -> Counter[str]:
    """Let people with folders of their own use one key; `known` is whether each has asked for something before."""
    places = {f"person-{each}": named(f"person {each}", count) for each in range(heads)}
    with storming(folder, Weather(), limits=True, **more) as storm, ExitStack() as stack:
        for place in places if known else ():
            with storm.client(place) as client:
                client.run(request_of(f"{place}, before"))
        storm.service.weather = Weather(**BAD)
        groups = {place: [{"prompts": prompts, "threads": 3}] for place, prompts in places.items()}
        calls = [stack.enter_context(storm.calling(place, group, PATIENT)) for place, group in groups.items()]
        for one in calls:
            one.wait()
        return storm.settle(places, calls)


def one_lost_one_asks(folder: Path, after: float, *, known: bool, hangs: float = 0.0, **more: Any) -> Counter[str]:
    """Lose A's request before it arrives while B, in another folder on the same key, asks some seconds later.

    Args:
        folder: of the storm.
        after: the seconds.
        known: whether B has asked for something before, within the day.
        hangs: seconds until A knows that there is no answer.
    """
    lost = threading.Event()

    def instead(kind: str, request: Request) -> Response | None:
        if kind == "create" and b"of A" in request.body and not lost.is_set():
            lost.set()
            return Response(drop=True, delay=hangs)
        return None

    with storming(folder, Weather(instead=instead), **{"scale": 20, **more}) as storm, storm.client("B") as b:
        if known:
            b.run(request_of("an earlier one"))
            storm.clock.sleep(30)
        with storm.calling("A", [{"prompts": ["of A"]}]) as of_a:
            assert lost.wait(60)
            storm.clock.sleep(after)
            b.run(request_of("of B"))
            of_a.wait()
        return storm.settle({"A": ["of A"], "B": ["of B"]}, [of_a])


def late_list(
    folder: Path, count: int = 21, lag: float = 40.0, *, threads: int = 1, uneven: bool = False, **more: Any
) -> Counter[str]:
    """Lose the answers to creates, one call after the other or several at once, while the list lags.

    With several threads that is every second answer, so that the list shows later tasks of the folder.
    """
    lost: set[bytes] = set()

    def instead(kind: str, request: Request) -> Callable[[Response], Response] | None:
        spared = threads > 1 and zlib.crc32(request.body) % 2
        if kind != "create" or request.body in lost or spared:
            return None
        lost.add(request.body)
        return lambda answer: Response(drop=True)

    prompts = named("lost", count)
    with storming(folder, Weather(lag=lag, uneven=uneven, instead=instead), scale=40, **more) as storm:
        with storm.calling("runs", [{"prompts": prompts, "threads": threads}]) as calls:
            calls.wait()
        return storm.settle({"runs": prompts}, [calls])


def two_models(folder: Path, trouble: str, *, apart: bool, count: int = 5, **more: Any) -> float:
    """Return how long a call of one model takes while another's are in trouble, of its time in a calm.

    Args:
        folder: of the storm.
        trouble: of the other model's creates: "429" or "lost".
        apart: whether another process makes those.
        count: calls that are timed.
    """
    answer = REFUSED if trouble == "429" else Response(drop=True)

    def instead(kind: str, request: Request) -> Response | None:
        return answer if kind == "create" and f'"{PRO}"'.encode() in request.body else None

    with storming(folder, Weather(instead=instead), **more) as storm, ExitStack() as stack:
        calm = {"prompts": named("small calm", count), "model": SMALL}
        with storm.calling("runs", [calm]) as before:
            before.wait()
        hard = {"prompts": named("large", 4), "threads": 4, "model": PRO}
        easy = {"prompts": named("small", count), "model": SMALL}
        if apart:
            stack.enter_context(storm.calling("runs", [hard]))
        else:
            easy, hard = hard, easy
        time.sleep(0.5)
        groups = [easy] if apart else [easy, hard]
        calls = stack.enter_context(storm.calling("runs", groups))
        end = time.monotonic() + MOST / storm.clock.scale
        while len(calls.seconds("small")) < count and time.monotonic() < end:
            time.sleep(0.02)
        found = calls.seconds("small") or [MOST]
        return statistics.mean(found) / statistics.mean(before.seconds("small calm"))


#: What goes wrong for as long as a call with a timeout lives.
_SLOW = Response(delay=60.0, drop=True)
TROUBLES: dict[str, dict[str, Any]] = {
    "429 to every create": {"create": REFUSED},
    "a page with 503 to every create": {"create": page(503)},
    "every create lost before it arrives": {"create": Response(drop=True)},
    "no answer to a create": {"create": _SLOW},
    "a page with 502 to every query": {"query": page(502)},
    "no answer to a query": {"query": _SLOW},
    "no answer to a list": {"list": _SLOW},
    "a page with 503 to every download": {"download": page(503)},
    "no answer to a download": {"download": _SLOW},
    "another process is stopped while it sends": {},
    "forty calls at once": {},
    "a service that is gone": {},
}


def timeouts(folder: Path, trouble: str, timeout: float = 3.0, count: int = 4, **more: Any) -> tuple[int, int]:
    """Return how many calls ended over their timeout in a trouble, and of how many."""
    answers = TROUBLES[trouble]
    sending = threading.Event()

    def instead(kind: str, request: Request) -> Response | None:
        if kind == "create" and b"stopped" in request.body and not sending.is_set():
            sending.set()
            return Response(delay=0.5, drop=True)
        return answers.get(kind)

    with storming(folder, Weather(instead=instead), scale=1, **more) as storm, ExitStack() as stack:
        group = {"prompts": named("call", 40 if "forty" in trouble else count)}
        group["threads"] = len(group["prompts"])
        if "stopped" in trouble:
            stopped = stack.enter_context(storm.calling("runs", [{"prompts": ["stopped"]}]))
            assert sending.wait(60)
            stopped.signal(signal.SIGSTOP)
        if "gone" in trouble:
            storm.server.close()
        with storm.calling("runs", [group], timeout) as calls:
            calls.wait(timeout + GRACE + 3)  # what has not ended by then is late
            return calls.late, calls.count


def pools(folder: Path, count: int = 10, **more: Any) -> tuple[int, int]:
    """Return in how many forked pools of a used client pictures were swapped, and how many pictures."""
    with killing(folder, seed=1, **more) as found:
        wrong = []
        for number in range(1, 2 * count, 2):
            found.live("forks", number)
            wrong.append(len(found.service.on_disk(folder / str(number))[1]))
        return sum(map(bool, wrong)), sum(wrong)


def endings(folder: Path, count: int = 12, **more: Any) -> Counter[str]:
    """Count the images of scripts that end while they work: billed, on disk at the end, and missing without a word."""
    tally: Counter[str] = Counter()
    with killing(folder, seed=1, **more) as found:
        for number in range(count):
            before = found.server.billed
            found.live("exits", number)
            time.sleep(0.05)
            have, billed = found._found(number)[0], found.server.billed - before
            said = (folder / f"{number}.said").read_text()
            tally.update(billed=billed, on_disk=have, silent=0 if said else billed - have)
            found.live("rescue", number)
            tally["lost"] += billed - found._found(number)[0]
    return tally
