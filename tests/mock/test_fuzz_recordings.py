"""Recordings that may be anything: played, named or passed over."""

from __future__ import annotations

import copy
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from service.test_fuzz_answers import mutated

from wannb.mock import App, Request
from wannb.mock.recordings import library


class Hangs(BaseException):
    """A test waits for a pipe, or reads a device without an end."""


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    def late(number: int, frame: Any) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 60, 1)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    "content",
    [b"{", b"\xff\xfe", b"[" * 100_000, b'{"request": {}, "response": {"status": ' + b"9" * 5000 + b"}}"],
    ids=["cut", "bad letters", "deep", "a huge number"],
)
def test_a_recording_that_cannot_be_read_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "01-hostile.json").write_bytes(content)
    with pytest.raises(ValueError, match="01-hostile"):
        library.load(tmp_path)


RECORDING = json.loads(next(iter(sorted(library.BUNDLED.glob("*.json")))).read_bytes())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(value=mutated([RECORDING]))
def test_a_recording_is_replayed_or_named_or_passed_over(value: Any, tmp_path: Path) -> None:
    (tmp_path / "01-hostile.json").write_text(json.dumps(value))
    try:
        replay = library.load_all(tmp_path)
    except ValueError as error:
        named = "01-hostile" in str(error)
        assert named
        return
    app = App(task_seconds=0, replay=replay)
    sent = copy.deepcopy(RECORDING["request"])
    body = json.dumps(sent["json"]).encode()
    headers = {"authorization": "Bearer sk-1234567", "content-type": "application/json", **sent.get("headers", {})}
    answer = app.handle(Request.make(sent["method"], sent["path"], headers, body))
    assert answer.drop or 200 <= answer.status < 600


def test_recordings_in_odd_places_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises((ValueError, OSError)):
        library.load(tmp_path)
