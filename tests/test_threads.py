"""Threads that work while the interpreter ends, and without any."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, wait

import pytest

from wannb.threads import Threads


def test_at_most_so_many_run_at_a_time_and_all_are_done() -> None:
    lock, now, most = threading.Lock(), 0, 0
    together = threading.Barrier(3)

    def work(number: int) -> int:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        if number < 3:
            together.wait(60)
        with lock:
            now -= 1
        return number

    with Threads(3) as threads:
        assert list(threads.map(work, range(50))) == list(range(50))
    assert most == 3
    assert threads._threads == set()


@pytest.mark.parametrize("start", [True, False], ids=["threads", "none can be started"])
def test_an_error_is_the_futures(start: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    if not start:
        monkeypatch.setattr(threading.Thread, "start", refuses)
    with Threads(2) as threads:
        fails, works = threads.submit(divmod, 1, 0), threads.submit(divmod, 7, 2)
    assert isinstance(fails.exception(), ZeroDivisionError)
    assert works.result() == (3, 1)


def test_what_has_not_begun_can_be_dropped() -> None:
    begun, go = threading.Event(), threading.Event()
    threads = Threads(1)
    first = threads.submit(lambda: (begun.set(), go.wait(60)))
    second, third = threads.submit(int), threads.submit(int)
    begun.wait(60)
    assert second.cancel()
    threads.shutdown(wait=False, cancel_futures=True)
    go.set()
    threads.shutdown()
    assert first.result()[1]
    wait([first])
    for dropped in (second, third):
        with pytest.raises(CancelledError):
            dropped.result()


def test_a_daemon_threads_threads_are_none() -> None:
    """The interpreter waits for them."""
    found: list[bool] = []

    def work() -> None:
        with Threads(1) as threads:
            found.append(threads.submit(lambda: threading.current_thread().daemon).result())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(60)
    assert found == [False]
