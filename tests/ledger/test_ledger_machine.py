"""The ledger as a state machine: whatever happens in whatever order, what is paid for is had, said or still open.

WANNB_EXAMPLES=500 runs as many, other ones each time; without it the same few are run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from conftest import FAST
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ledger.around import Listing

from wannb import ImageRequest
from wannb.client import Client
from wannb.errors import StoreError, WannbError
from wannb.ledger.record import ANSWERED, DONE, ENDED, LOST, MOVES, PREPARED, RUNNING
from wannb.ledger.run import Run
from wannb.ledger.store import Store
from wannb.mock import App, MockServer, Request, Response
from wannb.service.endpoint import mock
from wannb.service.limits import Clock

EXAMPLES = int(os.environ.get("WANNB_EXAMPLES", "0"))
PACE = replace(FAST, lookups=(0.0, 0.01), backoff=(0.001, 0.01), query_interval=0.005)
SCENARIOS = [
    "429 then ok",
    "500 then ok",
    "dropped before answer",
    "dropped after accept",
    "malformed answer",
    "failed task",
    "task forgotten",
    "quota gone",
]
PRICE = Decimal("0.075")


class Killed(BaseException):
    """Stands for a process that ends at a step on disk: nothing that comes later is written either."""


class Life:
    """Counts the steps on disk of what is under way, and from one of them on lets none happen.

    With `answered` it ends when the service has taken a request, and before that is written down.
    """

    steps: int | None = None
    answered = False
    root = ""

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.steps is None or event not in ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir"):
            return
        if str(args[0]).startswith(self.root):
            self.steps -= 1
            if self.steps < 0:
                raise Killed


LIFE = Life()
sys.addaudithook(LIFE)


class Counting(Listing):
    """Notes what is billed, and for which prompt, and which task is of which prompt."""

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.billed: Counter[str] = Counter()
        self.truth: dict[str, str] = {}

    def handle(self, request: Request) -> Response:
        if not request.path.endswith("/generation"):
            return super().handle(request)
        before, known = self.app.billed, set(self.app.tasks._tasks)
        answer = self.app.handle(request)
        content = json.loads(request.body)["input"]["messages"][0]["content"]
        self.billed[content[0]["text"]] += self.app.billed - before
        self.truth |= dict.fromkeys(set(self.app.tasks._tasks) - known, content[0]["text"])
        if LIFE.answered:
            LIFE.steps = 0
        return answer


deaths = st.none() | st.just(-1) | st.integers(0, 60)
values = st.integers(1, 3)
doors = st.sampled_from(["task", "task", "sync"])


class Ledger(RuleBasedStateMachine):
    """One store, one service, one client after the other."""

    @initialize(others=st.booleans())
    def begin(self, others: bool) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder / "runs")
        self.app = App(task_seconds=0.0, rng=random.Random(1))
        self.counting = Counting(self.app)
        self.server = MockServer(self.app, handles=self.counting)
        self.stack = ExitStack()
        self.playing = ""
        self.offset = 0.0
        self.fresh: Counter[str] = Counter()
        self.seen: dict[str, str] = {}
        #: Runs for which a person chose the wrong task, and prompts for which one ever did.
        self.wrong: set[str] = set()
        self.misled: set[str] = set()
        #: Whether others use the account. Where they do, they did before: whoever is alone cannot know of a first one.
        self.others = others
        self.client = self.born()
        self.stranger() if others else None

    def born(self) -> Client:
        clock = Clock(now=lambda: time.time() + self.offset, sleep=lambda seconds: time.sleep(min(seconds, 0.02)))
        return Client(mock(self.server.base_url), "sk-mock", self.store, pace=PACE, clock=clock)

    def lives(self, act: Any, death: int | None) -> None:
        """Do something that may end badly, or be killed at a step, or (-1) by the first answer."""
        LIFE.root, LIFE.steps, LIFE.answered = str(self.folder), None if death == -1 else death, death == -1
        try:
            act()
        except WannbError:
            pass
        except Killed:
            LIFE.steps, LIFE.answered = None, False
            self.later(minutes=10)
            self.another_client()
        finally:
            LIFE.steps, LIFE.answered = None, False

    def later(self, *, minutes: float) -> None:
        self.offset += minutes * 60
        self.server.advance(minutes=minutes)

    @rule(value=values, via=doors, fresh=st.booleans(), again=st.booleans(), death=deaths)
    def ask(self, value: int, via: Any, fresh: bool, again: bool, death: int | None) -> None:
        request = request_of(value)
        fresh = fresh and again  # a quarter of them
        self.fresh[request.prompt] += fresh
        self.lives(lambda: self.client.run(request, via=via, fresh=fresh), death)

    @rule(value=values, death=deaths)
    def submit(self, value: int, death: int | None) -> None:
        self.lives(lambda: self.client.submit(request_of(value)), death)

    @rule(death=deaths)
    def wait(self, death: int | None) -> None:
        self.lives(lambda: [task.result() for task in self.client.tasks()], death)

    @rule()
    def cancel(self) -> None:
        self.lives(lambda: [task.cancel() for task in self.client.tasks()], None)

    @rule(death=deaths)
    def rescue(self, death: int | None) -> None:
        self.lives(self.client.rescue, death)

    @rule()
    def another_client(self) -> None:
        self.client.close()
        self.client = self.born()

    @rule(name=st.sampled_from(SCENARIOS))
    def trouble(self, name: str) -> None:
        self.calm()
        playing: AbstractContextManager[object] = self.server.scenario(name)
        self.stack.enter_context(playing)

    @rule()
    def calm(self) -> None:
        self.stack.close()

    @precondition(lambda self: self.others)
    @rule()
    def stranger(self) -> None:
        """Somebody else asks for something, with the same key and another program."""
        self.calm()
        body = {"model": "wan2.7-image-pro", "input": {"messages": [{"role": "user", "content": [{"text": "theirs"}]}]}}
        with self.born() as other:
            other._ledger.transport.create({**body, "parameters": {"n": 1, "size": "768*768"}}, oss=False)

    @rule(seconds=st.sampled_from([0.0, 0.0, 5.0, 60.0, 3600.0]))
    def the_list_lags(self, seconds: float) -> None:
        self.counting.lag = seconds

    @rule(pages=st.sampled_from([1, 3, 20]))
    def pages_come_empty(self, pages: int) -> None:
        self.counting.empty = pages

    @rule()
    def a_moment_passes(self) -> None:
        self.later(minutes=0.1)

    @precondition(lambda self: any(run.record.in_doubt for run in self.store.runs()))
    @rule(data=st.data(), right=st.booleans())
    def choose(self, data: st.DataObject, right: bool) -> None:
        run = data.draw(st.sampled_from([run for run in self.store.runs() if run.record.in_doubt]))

        def act() -> None:
            for each in self.client.candidates(run.id):
                if (self.counting.truth[each.task_id] == run.prompt) == right:
                    self.client.task(each.task_id, run=run.id)
                    self.wrong |= set() if right else {run.id}
                    self.misled |= set() if right else {run.prompt}
                    return

        self.lives(act, None)

    @precondition(lambda self: any(run.record.uncertain for run in self.store.runs()))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from([run for run in self.store.runs() if run.record.uncertain]))
        if run.id not in self.wrong:
            self.fresh[run.prompt] += 1  # the person says that it is not theirs
        self.client.release(run.id)
        self.wrong.discard(run.id)
        self.seen.pop(run.id, None)

    @rule()
    def a_day_passes(self) -> None:
        self.later(minutes=25 * 60)
        self.stranger() if self.others else None

    @rule(seconds=st.sampled_from([-86400.0, -5.0, 5.0, 86400.0]))
    def the_clock_is_set(self, seconds: float) -> None:
        self.offset += seconds

    @precondition(lambda self: any(run.state in (RUNNING, ANSWERED, DONE) for run in self.store.runs()))
    @rule(data=st.data(), share=st.floats(0, 1))
    def damage(self, data: st.DataObject, share: float) -> None:
        taken = [run for run in self.store.runs() if run.state in (RUNNING, ANSWERED, DONE) and run.task_id]
        if taken:
            run = data.draw(st.sampled_from(taken))
            journal = run.folder / "run.jsonl"
            content = journal.read_bytes()
            journal.write_bytes(content[: max(int(len(content) * share), content.index(b"\n") + 30)])
            self.seen.pop(run.id, None)

    def paid(self) -> list[tuple[str, int]]:
        return [(prompt, billed) for prompt, billed in self.counting.billed.items() if prompt != "theirs"]

    def runs_of(self, prompt: str) -> list[Run]:
        return [run for run in self.store.runs() if run.prompt == prompt]

    @invariant()
    def states_only_move_forward(self) -> None:
        for run in self.store.runs():
            before = self.seen.get(run.id, PREPARED)
            assert run.state in MOVES[before], f"{run.id} was {before} and is {run.state}"
            self.seen[run.id] = run.state

    @invariant()
    def what_is_paid_for_is_had_said_or_open(self) -> None:
        damaged = len(self.store.damaged())
        for prompt, billed in self.paid():
            if prompt in self.misled:
                continue
            runs, n = self.runs_of(prompt), request_of(int(prompt[-1])).n
            had = sum(len(run.result()) for run in runs if run.state == DONE and run.whole)
            open_runs = sum(run.state not in (PREPARED, DONE, "failed", "canceled") for run in runs) + damaged
            assert billed <= had + n * open_runs, f"{prompt}: {billed} billed, {had} there: {self.store.runs()}"

    @invariant()
    def nothing_is_paid_for_twice(self) -> None:
        for prompt, billed in self.paid():
            forgotten = sum(run.state == LOST for run in self.runs_of(prompt))
            most = 1 + self.fresh[prompt] + forgotten
            assert billed <= most * request_of(int(prompt[-1])).n, f"{prompt}: {billed} billed, {self.store.runs()}"

    @invariant()
    def pictures_are_of_their_own_prompt(self) -> None:
        for run in self.store.runs():
            if run.task_id and run.prompt and run.id not in self.wrong:
                assert self.counting.truth[run.task_id] == run.prompt, f"{run.record} holds somebody else's task"

    def teardown(self) -> None:
        if not hasattr(self, "client"):
            return
        try:
            self.calm()
            self.counting.lag = self.counting.empty = 0
            self.another_client()
            self.client.rescue()
            self.at_rest(self.client.rescue().problems)
        finally:
            self.client.close()
            self.server.close()
            shutil.rmtree(self.folder)

    def at_rest(self, problems: tuple[tuple[str, WannbError], ...]) -> None:
        """Check what holds after a rescue: what is open is said, and the sum is right."""
        self.what_is_paid_for_is_had_said_or_open()
        self.nothing_is_paid_for_twice()
        said = dict(problems)
        for run in self.store.runs():
            assert run.state in (PREPARED, *ENDED) or run.id in said, f"{run.id} is {run.state}, and nobody says so"
            assert not isinstance(said.get(run.id), StoreError), said[run.id]
        spent = self.client.spent()
        assert spent is not None
        if self.misled:
            return
        billed = sum(billed for _, billed in self.paid()) * PRICE
        assert spent.amount >= billed
        if all(run.state in (PREPARED, DONE, "failed", "canceled") for run in self.store.runs()):
            assert spent.amount == billed


def request_of(value: int) -> ImageRequest:
    return ImageRequest(prompt=f"value {value}", seed=value, n=1 + value % 2, size="768*768")


def test_the_ledger_as_a_state_machine() -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=EXAMPLES or 15,
            stateful_step_count=20,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
