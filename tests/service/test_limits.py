"""The pace of requests: submits and queries within the service's limits, whatever the callers do."""

from __future__ import annotations

import threading
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from conftest import make_client
from hypothesis import given
from hypothesis import strategies as st

from wannb import ImageRequest, mock
from wannb.runs.store import Store
from wannb.service import limits
from wannb.service.limits import QUERY_SLACK, Clock, Gate, Pace


class FakeClock:
    """A clock that goes on by what is slept, and by what each caller does; sleepers may wake up late."""

    def __init__(self, late: list[float]) -> None:
        self.at, self.late, self.slept = 100.0, late, 0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept += 1
        self.at += seconds + (self.late.pop() if self.late else 0.0)

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.at, sleep=self.sleep)


def most_in_a_second(times: list[float]) -> int:
    """Return how many times lie in the fullest window of one second, both ends included."""
    return max(bisect_left(times, start + 1.0 + 1e-9) - number for number, start in enumerate(times))


delays = st.floats(0, 3) | st.sampled_from([0.0, 0.0, 0.0, 0.05, 1.0])


@given(gaps=st.lists(delays, min_size=30, max_size=120), late=st.lists(st.floats(0, 0.3), max_size=60))
def test_never_more_than_the_limit_in_any_second(gaps: list[float], late: list[float]) -> None:
    fake = FakeClock(late)
    gates = {20: Gate(20, fake.clock(), slack=QUERY_SLACK), 5: Gate(5, fake.clock())}
    for limit, gate in gates.items():
        times = []
        for gap in gaps:
            fake.at += gap
            gate.wait()
            times.append(fake.at)
        assert most_in_a_second(times) <= limit
        assert all(later - earlier > 1 / limit for earlier, later in pairwise(times))


def test_a_rest_saves_nothing_up_for_a_burst_and_costs_nothing() -> None:
    fake = FakeClock([])
    gate = Gate(5, fake.clock())
    gate.wait()
    fake.at += 60
    before = fake.at
    gate.wait()
    assert (fake.at, fake.slept) == (before, 0)
    gate.wait()
    assert fake.at - before > 0.2


def test_callers_of_many_threads_go_one_at_a_time() -> None:
    gate, times, noting = Gate(200, Clock()), list[float](), threading.Lock()

    def go(_: int) -> None:
        gate.wait()
        with noting:
            times.append(Clock().monotonic())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(go, range(60)))
    # One that was held up on its way out of the gate may come close to the next; the gate itself never opens so soon.
    assert max(times) - min(times) > 59 / 200


def test_a_plan_has_more_at_the_service_than_it_runs() -> None:
    assert (Pace().running, Pace().ahead, Pace().at_once) == (5, 5, 10)


def test_the_services_own_limits_are_never_met(store: Store) -> None:
    requests = [ImageRequest(prompt=f"{i}", seed=i, size="768*768") for i in range(8)]
    with mock.serve(task_seconds=0.3, limits=True) as server, make_client(server, store, pace=Pace()) as client:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(client.run, requests))
        assert [entry.path for entry in server.log if entry.status == 429] == []


def test_threads_that_are_first_for_a_model_share_one_gate() -> None:
    """One that waits for a second gate would not be seen by the first."""
    together = threading.Barrier(4)

    def made() -> object:
        together.wait(10)  # each of them makes one, and one of these counts
        return object()

    each = limits._Each(made)
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(each.__getitem__, ["wan2.7-image"] * 4))
    assert len(set(map(id, got))) == 1
