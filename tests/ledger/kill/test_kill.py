"""A process killed at any moment loses no paid image, and running the script again bills nothing twice."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ledger.kill.killing import Killing, heard, kernel, killing, slow_server, tell
from ledger.kill.lives import IMAGES

from wannb.runs.record import DONE
from wannb.runs.store import Store

KILLS = int(os.environ.get("WANNB_KILLS", "60"))

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by signal need a POSIX system")


def test_no_kill_loses_an_image_or_bills_one_twice(tmp_path: Path) -> None:
    def kill(half: int) -> Killing:
        with killing(tmp_path / str(half), seed=2027 + half) as killed:
            while killed.kills < KILLS / 2:
                for job in ("work", "sweep", "sync", "board"):
                    killed.round(job)
        return killed

    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(kill, range(2)))
    for killed in halves:
        assert not killed.faults, killed.table()
        assert killed.kills >= KILLS / 2


@pytest.mark.parametrize(
    "jobs", [("work", "work"), ("sweep", "sweep"), ("boards", "boards"), ("work", "rescue")], ids="-".join
)
def test_two_kernels_on_one_folder_bill_nothing_twice(tmp_path: Path, jobs: tuple[str, str]) -> None:
    rounds = 2
    with slow_server(1) as (server, _), kernel() as one, kernel() as two:
        for number in range(1, rounds + 1):
            lines = [f"{job} {tmp_path / str(number)} {server.base_url} {number} -" for job in jobs]
            tell(one, lines[0])
            tell(two, lines[1])
            assert heard(one)[-1] == "done"
            assert heard(two)[-1] == "done"
            assert server.billed == number * IMAGES[jobs[0]], "billed twice"
            runs = Store(tmp_path / str(number)).runs()
            assert sum(len(run.result()) for run in runs if run.state == DONE) == IMAGES[jobs[0]]
