"""`wannb.service.http`: what is tried again, how often, and after which pause."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from wannb.errors import (
    BadRequest,
    ConnectionFailed,
    MalformedAnswer,
    RateLimited,
    ServiceError,
    UnknownOutcome,
    WannbError,
)
from wannb.masking import Secret
from wannb.service.endpoint import mock
from wannb.service.http import Sender
from wannb.service.limits import Clock, Pace, heard


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def sender(slept: list[float]) -> Iterator[Sender]:
    clock = Clock(sleep=slept.append)
    made = Sender(mock("http://127.0.0.1:1/api/v1"), Secret("k"), pace=Pace(), clock=clock, random=lambda: 1.0)
    yield made
    made.close()


def failing(*errors: WannbError) -> Callable[[], str]:
    left = iter(errors)

    def attempt() -> str:
        error = next(left, None)
        if error:
            raise error
        return "done"

    return attempt


def too_fast(retry_after: float | None) -> RateLimited:
    return RateLimited("Throttling.RateQuota", "slow down", status=429, retry_after=retry_after)


def test_a_429_is_tried_again_after_the_time_that_the_service_asks(sender: Sender, slept: list[float]) -> None:
    assert sender.retry(failing(too_fast(7), too_fast(7), too_fast(None))) == "done"
    assert slept == [7, 7, pytest.approx(1.6)]


def test_pauses_double_up_to_a_limit(sender: Sender, slept: list[float]) -> None:
    assert sender.retry(failing(*(too_fast(None) for _ in range(8)))) == "done"
    assert slept == pytest.approx([0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15, 15])


@pytest.mark.parametrize(
    ("error", "unknown", "again"),
    [
        (too_fast(61), True, False),
        (BadRequest("InvalidParameter", "no", status=400), True, False),
        (ServiceError("InternalError", "oops", status=500), False, True),
        (ConnectionFailed("not reached"), False, True),
        (UnknownOutcome("lost"), False, False),
        (UnknownOutcome("lost"), True, True),
        (MalformedAnswer("MalformedAnswer", "odd", status=200), False, False),
        (MalformedAnswer("MalformedAnswer", "odd", status=200), True, True),
    ],
)
def test_only_what_cannot_cost_anything_is_tried_again(
    error: WannbError, unknown: bool, again: bool, sender: Sender
) -> None:
    if again:
        assert sender.retry(failing(error), unknown=unknown) == "done"
        return
    with pytest.raises(type(error)):
        sender.retry(failing(error), unknown=unknown)


def test_a_service_that_keeps_failing_is_given_up(sender: Sender, slept: list[float]) -> None:
    with pytest.raises(ServiceError):
        sender.retry(failing(*(ServiceError("InternalError", "oops", status=500) for _ in range(99))))
    assert len(slept) == 8


def test_a_caller_hears_why_and_how_long_each_pause_is(sender: Sender) -> None:
    said: list[str] = []
    failed = ServiceError("InternalError", "oops", status=500)
    errors = (UnknownOutcome("lost"), too_fast(7), failed, ConnectionFailed("not reached"))
    with heard(said.append):
        sender.retry(failing(*errors), unknown=True)
    assert said == [
        "the connection to the mock server was lost, what was sent goes on there; trying again in 1 s",
        "",
        "the mock server asks to wait (429); trying again in 7 s, usually under 10 s in all",
        "",
        "the mock server failed (InternalError); trying again in 2 s, usually under 10 s in all",
        "",
        "the mock server cannot be reached; trying again in 3 s",
        "",
    ]


def test_a_service_that_was_never_reached_is_given_up_after_seconds(
    sender: Sender, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that answered before is tried for longer; its time is that of tenacity, which the pauses move on here."""
    monkeypatch.setattr("tenacity.time.monotonic", lambda: sum(slept))
    for reached, least, most in ((False, 3, 6.5), (True, 20, 35)):
        slept.clear()
        sender._reached = reached
        with pytest.raises(ConnectionFailed):
            sender.retry(failing(*(ConnectionFailed("not reached") for _ in range(99))))
        assert least <= sum(slept) <= most
