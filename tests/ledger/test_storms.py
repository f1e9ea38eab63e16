"""Storms in short: of what is billed nothing is lost, paid twice or swapped, and no call ends over its timeout."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from ledger.kill import storming
from ledger.kill.killing import kernel

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="what storms start is forked")

Lives = subprocess.Popen[str]


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    with kernel() as started:
        yield started


#: With clocks that are faster than those of the measurement.
STORMS: dict[str, Callable[..., Counter[str]]] = {
    "one folder": partial(storming.one_folder, count=16, threads=8, scale=30),
    "one folder beside strangers": partial(storming.one_folder, count=8, threads=4, strangers=10, scale=30),
    "three processes": partial(storming.processes, count=5, shared=2, scale=30),
    "three people": partial(storming.people, count=3, heads=3, scale=30),
    "a request lost while another asks": partial(storming.one_lost_one_asks, after=5, known=True, scale=40),
    "a loss that shows late": partial(storming.one_lost_one_asks, after=8, known=False, hangs=25.0, scale=40),
    "a list that is late": partial(storming.late_list, count=2),
}


@pytest.mark.parametrize("storm", STORMS)
def test_what_is_billed_is_neither_lost_nor_doubled_nor_swapped(storm: str, tmp_path: Path, lives: Lives) -> None:
    tally = STORMS[storm](tmp_path, lives=lives)
    bad = {name: tally[name] for name in ("lost", "doubled", "swapped", "guessed") if tally[name]}
    assert not bad, tally
    assert tally["on_disk"] == tally["billed"] == tally["wanted"], tally


@pytest.mark.parametrize("apart", [False, True], ids=["one process", "two processes"])
def test_one_models_trouble_does_not_hold_up_another(tmp_path: Path, lives: Lives, apart: bool) -> None:
    slower = storming.two_models(tmp_path, "429", apart=apart, count=2, scale=30, lives=lives)
    assert slower < 10, "a busy machine makes it slower, but not by that much"


@pytest.mark.parametrize(
    "trouble", ["every create lost before it arrives", "another process is stopped while it sends"]
)
def test_no_call_ends_over_its_timeout(tmp_path: Path, lives: Lives, trouble: str) -> None:
    late, count = storming.timeouts(tmp_path, trouble, timeout=1.0, count=2, lives=lives)
    assert (late, count) == (0, 2)


def test_forked_processes_get_their_own_pictures(tmp_path: Path, lives: Lives) -> None:
    assert storming.pools(tmp_path, 3, lives=lives) == (0, 0)


def test_a_script_that_ends_while_it_works_saves_its_pictures_or_says_what_it_did_not(
    tmp_path: Path, lives: Lives
) -> None:
    tally = storming.endings(tmp_path, 4, lives=lives)
    assert tally["billed"] > 0
    assert (tally["silent"], tally["lost"]) == (0, 0), tally
